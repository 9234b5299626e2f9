#include "base/hash.h"
#include "wire/wire.h"

#include "support/checksum.h"
#include "support/stage.h"

#include <stdlib.h>
#include <string.h>

/* Some text of two writers, deleted and not. */
static sennit_doc *written(stage *s)
{
    sennit_doc *doc = stage_doc(s, 1, "seed\xe2\x82\xac"), *other = stage_doc(s, 2, "seed\xe2\x82\xac");

    assert_ok(sennit_doc_insert(doc, 4, "abc", 3));
    assert_ok(sennit_doc_delete(doc, 2, 3));
    sennit_doc_set_time(other, 1000);
    assert_ok(sennit_doc_insert(other, 2, "xyz", 3));
    assert_ok(sennit_doc_delete(other, 4, 1));
    doc_catch_up(doc, other);
    assert_text(doc, "sexybc\xe2\x82\xac");
    return doc;
}

static sennit_doc *opened(stage *s, const sennit_buf *bytes)
{
    sennit_doc *doc;

    s->options.replica = 0;
    assert_ok(sennit_doc_load(&s->options, bytes->data, bytes->len, &doc, &s->err));
    return stage_keep(s, doc);
}

static void a_snapshot_is_the_document(void **state)
{
    stage *s = *state;
    sennit_doc *doc = written(s);

    doc_snapshot(doc, &s->buf);
    sennit_doc *copy = opened(s, &s->buf);
    assert_true(doc_agree(doc, copy));
    assert_int_equal(sennit_doc_replica(copy), 0);
    assert_ok(sennit_doc_insert(copy, 0, "on ", 3));
    doc_catch_up(doc, copy);
    assert_true(doc_agree(doc, copy));
    doc = stage_keep(s, doc_new(&s->options)); /* and so is one of nothing at all */
    doc_snapshot(doc, &s->buf);
    assert_true(doc_agree(doc, opened(s, &s->buf)));
}

static void editing_goes_on_under_a_saved_identity(void **state)
{
    stage *s = *state;
    sennit_doc *doc = written(s);

    sennit_doc_set_time(doc, 5000);
    assert_ok(sennit_doc_insert(doc, 0, "1", 1));
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &s->buf));
    sennit_doc *again = opened(s, &s->buf);
    assert_int_equal(sennit_doc_replica(again), 1);
    assert_int_equal(sennit_doc_own_count(again), sennit_doc_own_count(doc));
    assert_int_equal(again->clock.last, doc->clock.last);
    uint64_t own = sennit_doc_own_count(again);
    assert_ok(sennit_doc_insert(again, 0, "2", 1));
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(again, own, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_true(doc_agree(doc, again));
    s->buf.len = 0;
    s->options.replica = 77; /* what the host says comes first */
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &s->buf));
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &again, NULL));
    stage_keep(s, again);
    assert_ok(sennit_doc_insert(again, 0, "3", 1));
    assert_int_equal(sennit_doc_replica(again), 77);
}

static void without_deleted_text_it_edits_but_does_not_serve(void **state)
{
    stage *s = *state;
    sennit_doc *doc = written(s);
    sennit_buf full;

    sennit_buf_init(&full, NULL);
    doc_snapshot(doc, &full);
    doc_version(doc, &s->buf);
    sennit_buf version = s->buf;
    sennit_buf_init(&s->buf, NULL);
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_LIVE_ONLY, &s->buf));
    sennit_doc *thin = opened(s, &s->buf);
    assert_text(thin, "sexybc\xe2\x82\xac");
    assert_ok(sennit_doc_insert(thin, 2, "new", 3));
    s->buf.len = 0;
    assert_refused(thin, SENNIT_EGONE, sennit_doc_delta(thin, NULL, 0, NULL, &s->buf, &s->err));
    assert_int_equal(s->err.code, SENNIT_EGONE);
    assert_ok(sennit_doc_delta(thin, version.data, version.len, NULL, &s->buf, NULL));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    sennit_buf a, b;
    sennit_buf_init(&a, NULL);
    sennit_buf_init(&b, NULL);
    doc_dump(doc, &a);
    doc_dump(thin, &b);
    assert_true(buf_equal(&a, &b));
    doc_snapshot(thin, &b); /* saved again it stays so */
    s->buf.len = 0;
    assert_int_equal(sennit_doc_delta(opened(s, &b), NULL, 0, NULL, &s->buf, NULL), SENNIT_EGONE);
    assert_refused(doc, SENNIT_OK, sennit_doc_apply(doc, b.data, b.len, NULL, NULL, NULL)); /* all known */
    assert_refused(thin, SENNIT_EGONE, stage_apply(s, thin, &(stage_ops){
        .ids = {9, 1}, .ids_len = 2, .hlc = UINT64_C(1) << 40, .n = 1,
        .ops = {{.kind = SN_TOGGLE, .n = 1, .ref_replica = 1, .ref = 3}}}));
    assert_ok(sennit_doc_apply(thin, full.data, full.len, NULL, NULL, NULL)); /* all known */
    sennit_buf_clear(&a);
    sennit_buf_clear(&b);
    sennit_buf_clear(&full);
    sennit_buf_clear(&version);
}

static void forks_edit_under_ids_of_their_own(void **state)
{
    stage *s = *state;
    sennit_doc *doc = written(s), *fork;
    sennit_options options = s->options;

    assert_ok(sennit_doc_fork(doc, NULL, &fork));
    stage_keep(s, fork);
    assert_true(doc_agree(doc, fork));
    assert_int_equal(sennit_doc_replica(fork), 0);
    assert_ok(sennit_doc_insert(fork, 0, "fork", 4));
    assert_ok(sennit_doc_insert(doc, 0, "doc", 3));
    assert_true(sennit_doc_replica(fork) != sennit_doc_replica(doc));
    doc_catch_up(doc, fork);
    doc_catch_up(fork, doc);
    assert_true(doc_agree(doc, fork));
    options.replica = 1;
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_fork(doc, &options, &fork));
    assert_null(fork);
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_fork(doc, NULL, NULL));
    options.replica = 3;
    options.unit = SENNIT_UTF16;
    assert_ok(sennit_doc_fork(doc, &options, &fork));
    stage_keep(s, fork);
    assert_int_equal(sennit_doc_len(fork), sennit_doc_count(doc, SENNIT_UTF16));
}

static void a_snapshot_can_be_applied(void **state)
{
    stage *s = *state;
    sennit_doc *doc = written(s), *other = stage_doc(s, 3, "seed\xe2\x82\xac");
    sennit_applied applied;

    assert_ok(sennit_doc_insert(other, 0, "third", 5));
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_apply(other, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_int_equal(applied.applied, 8);
    assert_int_equal(applied.known, 7);
    doc_catch_up(doc, other);
    assert_true(doc_agree(doc, other));
}

static void the_text_is_found_in_the_bytes(void **state)
{
    stage *s = *state;
    const char *text;
    size_t len;

    doc_snapshot(written(s), &s->buf);
    assert_ok(sennit_snapshot_text(s->buf.data, s->buf.len, &text, &len, NULL));
    assert_int_equal(len, 9);
    assert_memory_equal(text, "sexybc\xe2\x82\xac", 9);
    assert_true((const uint8_t *)text > s->buf.data);
    s->buf.data[s->buf.len - 1] ^= 1; /* the operations, which come last */
    assert_ok(sennit_snapshot_text(s->buf.data, s->buf.len, &text, &len, NULL));
    sennit_doc *none;
    assert_int_equal(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &none, &s->err),
                     SENNIT_ECORRUPT);
    assert_null(none);
    size_t at = (size_t)((const uint8_t *)text - s->buf.data);
    s->buf.data[at] ^= 1;
    assert_int_equal(sennit_snapshot_text(s->buf.data, s->buf.len, &text, &len, &s->err),
                     SENNIT_ECORRUPT);
    assert_int_equal(s->err.pos, at);
    assert_null(text);
}

static void the_text_is_found_as_long_as_it_is_there(void **state)
{
    stage *s = *state;
    const char *text;
    size_t len;

    doc_snapshot(written(s), &s->buf);
    assert_ok(sennit_snapshot_text(s->buf.data, s->buf.len, &text, &len, NULL));
    size_t end = (size_t)((const uint8_t *)text - s->buf.data) + len;
    assert_true(end < s->buf.len);
    for (size_t left = 0; left <= s->buf.len; left++) {
        uint8_t *cut = malloc(left + 1); /* so that reading on would be noticed */
        sennit_doc *none;

        assert_non_null(cut);
        memcpy(cut, s->buf.data, left);
        sennit_status st = sennit_snapshot_text(cut, left, &text, &len, &s->err);
        assert_int_equal(st, left < end ? SENNIT_ECORRUPT : SENNIT_OK);
        if (left >= end) {
            assert_int_equal(len, 9);
            assert_memory_equal(text, "sexybc\xe2\x82\xac", 9);
        } else {
            assert_null(text);
            assert_in_range(s->err.pos, 0, left);
        }
        if (left < s->buf.len)
            assert_int_equal(sennit_doc_load(&s->options, cut, left, &none, NULL),
                             SENNIT_ECORRUPT);
        free(cut);
    }
    buf_add(&s->buf, "more", 4);
    assert_ok(sennit_snapshot_text(s->buf.data, s->buf.len, &text, &len, NULL));
}

static void a_snapshot_without_text_has_none_to_find(void **state)
{
    stage *s = *state;
    const char *text;
    size_t len;

    buf_add(&s->buf, "\xd5SENNIT\1\0\0\0\0\0\0\0\0\0", 17); /* of no sections at all */
    sn_put_u64(s->buf.data + 9, sn_hash64(s->buf.data, 9, 0));
    assert_int_equal(sennit_snapshot_text(s->buf.data, s->buf.len, &text, &len, &s->err),
                     SENNIT_ECORRUPT);
    assert_null(text);
}

/* ---- bytes that are wrong ---- */

#define HEAD 9                /* magic, format, number of sections */
#define ENTRY 17              /* id, length, checksum */

static void refused(stage *s, const sennit_buf *bytes, sennit_status status)
{
    sennit_doc *doc, *into = s->docs[0];
    const char *text;
    size_t len;

    s->err = (sennit_error){SENNIT_OK, 0, ""};
    assert_int_equal(sennit_doc_load(&s->options, bytes->data, bytes->len, &doc, &s->err), status);
    assert_null(doc);
    assert_int_equal(s->err.code, status);
    assert_in_range(s->err.pos, 0, bytes->len);
    assert_refused(into, status, sennit_doc_apply(into, bytes->data, bytes->len, NULL, NULL, NULL));
    (void)!sennit_snapshot_text(bytes->data, bytes->len, &text, &len, NULL);
}

/* With one byte changed, and the checksums put right or only that of the list. */
static void rewritten(stage *s, size_t at, uint8_t byte, bool fix, sennit_status status)
{
    sennit_buf bad;

    sennit_buf_init(&bad, NULL);
    buf_add(&bad, s->buf.data, s->buf.len);
    bad.data[at] = byte;
    if (fix)
        checksum_fix(bad.data, bad.len);
    refused(s, &bad, status);
    sennit_buf_clear(&bad);
}

static void fix_list(sennit_buf *bad)
{
    size_t end = HEAD + (size_t)bad->data[HEAD - 1] * ENTRY;

    sn_put_u64(bad->data + end, sn_hash64(bad->data, end, 0));
}

static void wrong_lists_of_sections_are_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = written(s);

    doc_snapshot(doc, &s->buf);
    rewritten(s, 1, 's', false, SENNIT_ECORRUPT);
    rewritten(s, 7, SN_FORMAT + 1, true, SENNIT_EVERSION);
    rewritten(s, 8, 33, false, SENNIT_ECORRUPT);          /* too many sections */
    rewritten(s, HEAD + 1, 99, false, SENNIT_ECORRUPT);   /* the list's checksum */
    static const struct {
        size_t at;
        uint8_t byte;
        sennit_status status;
    } lists[] = {
        {HEAD + ENTRY, 1, SENNIT_ECORRUPT},       /* one twice */
        {HEAD + 2 * ENTRY, 5, SENNIT_EVERSION},   /* a section that must be known */
        {HEAD + 2 * ENTRY, 2, SENNIT_ECORRUPT},   /* another twice */
        {HEAD + 2 * ENTRY, 129, SENNIT_ECORRUPT}, /* one may be skipped, but then one is missing */
        {HEAD + 4, 1, SENNIT_ECORRUPT},           /* longer than all there is */
        {HEAD + 2 * ENTRY + 1, 1, SENNIT_ECORRUPT},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        sennit_buf bad;

        sennit_buf_init(&bad, NULL);
        buf_add(&bad, s->buf.data, s->buf.len);
        bad.data[lists[i].at] = lists[i].byte;
        fix_list(&bad);
        refused(s, &bad, lists[i].status);
        sennit_buf_clear(&bad);
    }
    for (size_t len = 1; len < s->buf.len; len++) {
        sennit_buf cut = s->buf;

        cut.len = len;
        refused(s, &cut, SENNIT_ECORRUPT);
    }
    buf_add(&s->buf, "x", 1);
    refused(s, &s->buf, SENNIT_ECORRUPT);
}

static void every_damaged_byte_is_noticed(void **state)
{
    stage *s = *state;
    sennit_doc *doc;

    assert_ok(sennit_doc_save(written(s), SENNIT_SAVE_IDENTITY, &s->buf));
    for (size_t at = 0; at < s->buf.len; at++) {
        s->buf.data[at] ^= 0x40;
        assert_int_not_equal(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &doc, NULL),
                             SENNIT_OK);
        s->buf.data[at] ^= 0x40;
    }
}

/* One section replaced by other bytes. */
static void with_section(stage *s, unsigned i, const void *bytes, size_t len, sennit_status status)
{
    unsigned n = s->buf.data[HEAD - 1];
    size_t at = HEAD + n * ENTRY + 8;
    sennit_buf bad;

    sennit_buf_init(&bad, NULL);
    buf_add(&bad, s->buf.data, at);
    for (unsigned k = 0; k < n; k++) {
        size_t size = s->buf.data[HEAD + k * ENTRY + 1];

        if (k == i)
            buf_add(&bad, bytes, len);
        else
            buf_add(&bad, s->buf.data + at, size);
        at += size;
    }
    bad.data[HEAD + i * ENTRY + 1] = (uint8_t)len;
    checksum_fix(bad.data, bad.len);
    refused(s, &bad, status);
    sennit_buf_clear(&bad);
}

static void sections_that_do_not_fit_each_other_are_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = written(s);

    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &s->buf));
    assert_int_equal(s->buf.data[HEAD - 1], 4);
    with_section(s, 1, "sexybc", 6, SENNIT_ECORRUPT);              /* less text */
    with_section(s, 1, "sexybc\xe2\x82\xac+", 10, SENNIT_ECORRUPT); /* more */
    with_section(s, 1, "sexybc\xe2\x82+", 9, SENNIT_ECORRUPT);     /* not well-formed */
    with_section(s, 1, "sexyb\xe2\x82\xac" "c", 9, SENNIT_ECORRUPT); /* cut by operations */
    with_section(s, 0, "", 0, SENNIT_ECORRUPT);                    /* deleted text is missing */
    with_section(s, 2, "", 0, SENNIT_ECORRUPT);                    /* so are all operations */
    with_section(s, 2, "\x80", 1, SENNIT_EVERSION);
    with_section(s, 2, "\2", 1, SENNIT_ECORRUPT); /* says that there is no deleted text */
    with_section(s, 3, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0?", 17, SENNIT_ECORRUPT);
    with_section(s, 3, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", 16, SENNIT_ECORRUPT);
    with_section(s, 3, "\1\0\0", 3, SENNIT_ECORRUPT);
}

static void wrong_calls_say_so(void **state)
{
    stage *s = *state;
    sennit_options options = s->options;
    sennit_doc *doc = written(s), *none;

    doc_snapshot(doc, &s->buf);
    assert_int_equal(sennit_doc_load(&options, s->buf.data, s->buf.len, NULL, &s->err), SENNIT_EINVAL);
    assert_int_equal(s->err.code, SENNIT_EINVAL);
    options.size = 3;
    assert_int_equal(sennit_doc_load(&options, s->buf.data, s->buf.len, &none, &s->err), SENNIT_EINVAL);
    options = s->options;
    options.limits.text_bytes = 5;
    assert_int_equal(sennit_doc_load(&options, s->buf.data, s->buf.len, &none, &s->err), SENNIT_ELIMIT);
    assert_int_equal(s->err.code, SENNIT_ELIMIT);
    options.limits.text_bytes = 0;
    options.limits.replicas = 2;
    assert_int_equal(sennit_doc_load(&options, s->buf.data, s->buf.len, &none, &s->err), SENNIT_ELIMIT);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_snapshot_is_the_document),
        STAGE_TEST(editing_goes_on_under_a_saved_identity),
        STAGE_TEST(without_deleted_text_it_edits_but_does_not_serve),
        STAGE_TEST(forks_edit_under_ids_of_their_own),
        STAGE_TEST(a_snapshot_can_be_applied),
        STAGE_TEST(the_text_is_found_in_the_bytes),
        STAGE_TEST(the_text_is_found_as_long_as_it_is_there),
        STAGE_TEST(a_snapshot_without_text_has_none_to_find),
        STAGE_TEST(wrong_lists_of_sections_are_refused),
        STAGE_TEST(every_damaged_byte_is_noticed),
        STAGE_TEST(sections_that_do_not_fit_each_other_are_refused),
        STAGE_TEST(wrong_calls_say_so),
    };

    return RUN_TESTS(tests);
}
