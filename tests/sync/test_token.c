/* Tokens and keys. What tokens look like is in tests/vectors/token, written by a
 * program that knows include/sennit/trust.h only; run from the top folder. */
#define _POSIX_C_SOURCE 200809L
#include "support/cm.h"
#include "support/failmem.h"

#include <sennit/trust.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 8032, section 7.1, test 1. */
static const uint8_t secret[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                   0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                   0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                   0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
static const uint8_t public_key[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                       0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                       0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                       0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
static const char public_text[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static sennit_grant grant_of(const char *document, const char *user)
{
    sennit_grant grant = {.permission = SENNIT_EDIT, .expires_ms = 1000, .id = 7};

    strncpy(grant.document, document, sizeof grant.document);
    strncpy(grant.user, user, sizeof grant.user);
    return grant;
}

static sennit_status check(const char *token, size_t len, uint64_t now_ms)
{
    static const sennit_grant nothing;
    sennit_grant out;
    sennit_status st;

    memset(&out, 0xa5, sizeof out);
    st = sennit_token_check(public_key, token, len, now_ms, &out);
    if (st != SENNIT_OK)
        assert_memory_equal(&out, &nothing, sizeof out);
    return st;
}

static void assert_grants(const sennit_grant *have, const sennit_grant *want)
{
    assert_string_equal(have->document, want->document);
    assert_string_equal(have->user, want->user);
    assert_int_equal(have->permission, want->permission);
    assert_true(have->expires_ms == want->expires_ms);
    assert_true(have->id == want->id);
}

/* ---- vectors ---- */

static sennit_grant vector_grant(const char *args)
{
    sennit_grant grant = {.id = 0};
    unsigned permission;
    unsigned long long expires, id;

    assert_int_equal(sscanf(args, "%u %llu %llu %128s %128[^\n]", &permission, &expires, &id,
                            grant.document, grant.user), 5);
    grant.permission = (sennit_permission)permission;
    grant.expires_ms = expires;
    grant.id = id;
    return grant;
}

static void vector_token(const sennit_grant *want, const char *token)
{
    sennit_grant have;
    sennit_buf made;

    sennit_buf_init(&made, NULL);
    assert_ok(sennit_token_check(public_key, token, strlen(token), 0, &have));
    assert_grants(&have, want);
    assert_ok(sennit_token_make(secret, want, &made));
    assert_string_equal(made.data, token);
    sennit_buf_clear(&made);
}

static void vector_line(const char *word, const char *args)
{
    static sennit_grant grant;
    char *rest;

    if (strcmp(word, "grant") == 0) {
        grant = vector_grant(args);
    } else if (strcmp(word, "token") == 0) {
        vector_token(&grant, args);
    } else if (strcmp(word, "refuse") == 0) {
        assert_int_equal(check(args, strlen(args), 0), SENNIT_EAUTH);
    } else if (strcmp(word, "gone") == 0) {
        uint64_t now = strtoull(args, &rest, 10);

        assert_int_equal(check(rest + 1, strlen(rest + 1), now), SENNIT_EGONE);
        assert_ok(check(rest + 1, strlen(rest + 1), 1799999999999));
    } else {
        assert_string_equal(word, "public");
    }
}

static void vector_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;

    assert_non_null(file);
    while (getline(&line, &cap, file) > 0) {
        char *args = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        print_message("%s\n", line);
        assert_non_null(args);
        *args = '\0';
        if (*line != '#')
            vector_line(line, args + 1);
    }
    free(line);
    fclose(file);
}

static void tokens_written_elsewhere_are_understood_and_written_alike(void **state)
{
    (void)state;
    vector_file("tests/vectors/token/good.vec");
}

static void tokens_with_any_fault_are_refused(void **state)
{
    (void)state;
    vector_file("tests/vectors/token/bad.vec");
}

/* ---- tokens ---- */

static void a_token_is_read_back_as_it_was_made(void **state)
{
    sennit_grant grant = grant_of("notes", "ada"), have;
    sennit_buf token;

    (void)state;
    sennit_buf_init(&token, NULL);
    for (int p = SENNIT_VIEW; p <= SENNIT_ADMIN; p++) {
        token.len = 0;
        grant.permission = (sennit_permission)p;
        assert_ok(sennit_token_make(secret, &grant, &token));
        assert_int_equal(strlen((char *)token.data), token.len);
        assert_ok(sennit_token_check(public_key, (char *)token.data, token.len, 999, &have));
        assert_grants(&have, &grant);
    }
    sennit_buf_clear(&token);
}

static void a_token_is_appended(void **state)
{
    sennit_grant grant = grant_of("notes", "ada");
    sennit_buf two;
    size_t first;

    (void)state;
    sennit_buf_init(&two, NULL);
    assert_ok(sennit_token_make(secret, &grant, &two));
    first = two.len;
    assert_ok(sennit_token_make(secret, &grant, &two));
    assert_int_equal(two.len, 2 * first);
    assert_memory_equal(two.data, two.data + first, first);
    sennit_buf_clear(&two);
}

static void a_token_that_was_cut_short_is_refused(void **state)
{
    sennit_grant grant = grant_of("notes", "ada");
    sennit_buf token;

    (void)state;
    sennit_buf_init(&token, NULL);
    assert_ok(sennit_token_make(secret, &grant, &token));
    for (size_t len = 0; len < token.len; len++)
        assert_int_equal(check((char *)token.data, len, 0), SENNIT_EAUTH);
    assert_ok(check((char *)token.data, token.len, 0));
    sennit_buf_clear(&token);
}

static void a_token_with_any_character_changed_is_refused(void **state)
{
    sennit_grant grant = grant_of("notes", "ada");
    sennit_buf token;

    (void)state;
    sennit_buf_init(&token, NULL);
    assert_ok(sennit_token_make(secret, &grant, &token));
    for (size_t i = 0; i < token.len; i++) {
        uint8_t was = token.data[i];

        for (const char *digit = digits; *digit != '\0'; digit++) {
            token.data[i] = (uint8_t)*digit;
            if (token.data[i] != was)
                assert_int_equal(check((char *)token.data, token.len, 0), SENNIT_EAUTH);
        }
        token.data[i] = '=';
        assert_int_equal(check((char *)token.data, token.len, 0), SENNIT_EAUTH);
        token.data[i] = was;
    }
    sennit_buf_clear(&token);
}

static void a_token_too_long_to_be_one_is_refused(void **state)
{
    char text[2 * SENNIT_TOKEN_MAX];

    (void)state;
    memset(text, 'A', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++)
        assert_int_equal(check(text, len, 0), SENNIT_EAUTH);
}

static void a_token_of_another_server_is_refused(void **state)
{
    sennit_grant grant = grant_of("notes", "ada"), have;
    uint8_t other_secret[32], other[32];
    sennit_buf token;

    (void)state;
    sennit_buf_init(&token, NULL);
    assert_ok(sennit_key_make(other_secret, other));
    assert_ok(sennit_token_make(other_secret, &grant, &token));
    assert_int_equal(check((char *)token.data, token.len, 0), SENNIT_EAUTH);
    assert_ok(sennit_token_check(other, (char *)token.data, token.len, 0, &have));
    sennit_buf_clear(&token);
}

static void a_token_ends_when_it_says(void **state)
{
    sennit_grant grant = grant_of("notes", "ada");
    sennit_buf token;

    (void)state;
    sennit_buf_init(&token, NULL);
    assert_ok(sennit_token_make(secret, &grant, &token));
    assert_ok(check((char *)token.data, token.len, 999));
    assert_int_equal(check((char *)token.data, token.len, 1000), SENNIT_EGONE);
    assert_int_equal(check((char *)token.data, token.len, UINT64_MAX), SENNIT_EGONE);
    token.len = 0;
    grant.expires_ms = 0;
    assert_ok(sennit_token_make(secret, &grant, &token));
    assert_ok(check((char *)token.data, token.len, UINT64_MAX));
    sennit_buf_clear(&token);
}

static void an_id_is_drawn_where_none_is_given(void **state)
{
    sennit_grant grant = grant_of("notes", "ada"), a, b;
    sennit_buf token;

    (void)state;
    sennit_buf_init(&token, NULL);
    grant.id = 0;
    assert_ok(sennit_token_make(secret, &grant, &token));
    assert_ok(sennit_token_check(public_key, (char *)token.data, token.len, 0, &a));
    token.len = 0;
    assert_ok(sennit_token_make(secret, &grant, &token));
    assert_ok(sennit_token_check(public_key, (char *)token.data, token.len, 0, &b));
    assert_true(a.id != 0 && b.id != 0 && a.id != b.id);
    sennit_buf_clear(&token);
}

static void the_longest_token_is_within_its_limit(void **state)
{
    sennit_grant grant = {.permission = SENNIT_ADMIN, .expires_ms = UINT64_MAX, .id = UINT64_MAX};
    sennit_buf token;

    (void)state;
    memset(grant.document, 'd', sizeof grant.document - 1);
    memset(grant.user, 'u', sizeof grant.user - 1);
    sennit_buf_init(&token, NULL);
    assert_ok(sennit_token_make(secret, &grant, &token));
    assert_true(token.len <= SENNIT_TOKEN_MAX);
    assert_ok(check((char *)token.data, token.len, 0));
    sennit_buf_clear(&token);
}

static void a_grant_of_nothing_or_to_nobody_becomes_no_token(void **state)
{
    static const char *const documents[] = {"", ".", "..", "a/b", "a b", "**", "é", "a\n"};
    static const char *const users[] = {"", "a\nb", "\x7f", "\xc2\x80", "\xc2\x9f", "\xff", "a\xc3"};
    sennit_grant cases[32];
    size_t n = 0;
    sennit_buf token;

    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        cases[n++] = grant_of(documents[i], "ada");
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        cases[n++] = grant_of("notes", users[i]);
    cases[n] = grant_of("notes", "ada");
    cases[n++].permission = SENNIT_NOTHING;
    cases[n] = grant_of("notes", "ada");
    cases[n++].permission = (sennit_permission)(SENNIT_ADMIN + 1);
    cases[n] = grant_of("notes", "ada");
    memset(cases[n].document, 'd', sizeof cases[n].document); /* no terminator */
    n++;
    cases[n] = grant_of("notes", "ada");
    memset(cases[n].user, 'u', sizeof cases[n].user);
    n++;
    sennit_buf_init(&token, NULL);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(sennit_token_make(secret, &cases[i], &token), SENNIT_EINVAL);
    assert_int_equal(token.len, 0);
    sennit_buf_clear(&token);
}

static void a_grant_covers_its_document_or_all(void **state)
{
    sennit_grant one = grant_of("notes", "ada"), all = grant_of("*", "ada");

    (void)state;
    assert_true(sennit_grant_covers(&one, "notes"));
    assert_false(sennit_grant_covers(&one, "note"));
    assert_false(sennit_grant_covers(&one, "notes2"));
    assert_false(sennit_grant_covers(&one, "*"));
    assert_false(sennit_grant_covers(&one, ""));
    assert_true(sennit_grant_covers(&all, "notes"));
    one.permission = SENNIT_NOTHING;
    assert_false(sennit_grant_covers(&one, "notes"));
}

static void a_token_made_without_memory_changes_nothing(void **state)
{
    sennit_grant grant = grant_of("notes", "ada");

    (void)state;
    for (size_t nth = 1;; nth++) {
        failmem mem;
        sennit_alloc alloc = failmem_at(&mem, nth);
        sennit_buf token;
        sennit_status st;

        sennit_buf_init(&token, &alloc);
        st = sennit_token_make(secret, &grant, &token);
        assert_int_equal(st, mem.fired ? SENNIT_ENOMEM : SENNIT_OK);
        assert_true(mem.fired == (token.len == 0));
        sennit_buf_clear(&token);
        assert_int_equal(mem.live, 0);
        if (!mem.fired)
            break;
    }
}

/* ---- keys ---- */

static void keys_are_those_of_rfc_8032(void **state)
{
    uint8_t found[32];

    (void)state;
    assert_ok(sennit_key_public(secret, found));
    assert_memory_equal(found, public_key, sizeof found);
}

static void keys_that_are_drawn_fit_each_other_and_differ(void **state)
{
    uint8_t a[32], a_public[32], b[32], b_public[32], found[32];

    (void)state;
    assert_ok(sennit_key_make(a, a_public));
    assert_ok(sennit_key_make(b, b_public));
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a_public, b_public, sizeof a);
    assert_ok(sennit_key_public(a, found));
    assert_memory_equal(found, a_public, sizeof found);
}

static void keys_travel_as_text(void **state)
{
    char text[SENNIT_KEY_TEXT];
    uint8_t back[32];

    (void)state;
    sennit_key_write(public_key, text);
    assert_string_equal(text, public_text);
    assert_ok(sennit_key_read(text, strlen(text), back));
    assert_memory_equal(back, public_key, sizeof back);
}

static void text_that_is_no_key_is_refused_and_changes_nothing(void **state)
{
    char text[SENNIT_KEY_TEXT + 4] = {0};
    uint8_t key[32], before[32];

    (void)state;
    memset(key, 0xa5, sizeof key);
    memcpy(before, key, sizeof before);
    memcpy(text, public_text, sizeof public_text);
    for (size_t len = 0; len < sizeof text; len++)
        if (len != SENNIT_KEY_TEXT - 1)
            assert_int_equal(sennit_key_read(text, len, key), SENNIT_ECORRUPT);
    for (size_t i = 0; i < SENNIT_KEY_TEXT - 1; i++) {
        char was = text[i];

        text[i] = '+';
        assert_int_equal(sennit_key_read(text, SENNIT_KEY_TEXT - 1, key), SENNIT_ECORRUPT);
        text[i] = was;
    }
    text[SENNIT_KEY_TEXT - 2] = 'p'; /* bits beyond the last byte */
    assert_int_equal(sennit_key_read(text, SENNIT_KEY_TEXT - 1, key), SENNIT_ECORRUPT);
    assert_memory_equal(key, before, sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_written_elsewhere_are_understood_and_written_alike),
        cmocka_unit_test(tokens_with_any_fault_are_refused),
        cmocka_unit_test(a_token_is_read_back_as_it_was_made),
        cmocka_unit_test(a_token_is_appended),
        cmocka_unit_test(a_token_that_was_cut_short_is_refused),
        cmocka_unit_test(a_token_with_any_character_changed_is_refused),
        cmocka_unit_test(a_token_too_long_to_be_one_is_refused),
        cmocka_unit_test(a_token_of_another_server_is_refused),
        cmocka_unit_test(a_token_ends_when_it_says),
        cmocka_unit_test(an_id_is_drawn_where_none_is_given),
        cmocka_unit_test(the_longest_token_is_within_its_limit),
        cmocka_unit_test(a_grant_of_nothing_or_to_nobody_becomes_no_token),
        cmocka_unit_test(a_grant_covers_its_document_or_all),
        cmocka_unit_test(a_token_made_without_memory_changes_nothing),
        cmocka_unit_test(keys_are_those_of_rfc_8032),
        cmocka_unit_test(keys_that_are_drawn_fit_each_other_and_differ),
        cmocka_unit_test(keys_travel_as_text),
        cmocka_unit_test(text_that_is_no_key_is_refused_and_changes_nothing),
    };

    return RUN_TESTS(tests);
}
