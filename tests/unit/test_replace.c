#include "core/doc/doc.h"

#include "support/stage.h"

#include <stdlib.h>
#include <string.h>

/* Replace all of a text; returns how many bytes and deletes that took. */
static uint64_t becomes(stage *s, const char *from, const char *to)
{
    sennit_doc *doc = stage_keep(s, NULL);

    s->options.replica = 1;
    assert_ok(sennit_doc_seed(&s->options, "", 0, from, strlen(from), &doc));
    s->docs[s->docs_len - 1] = doc;
    assert_ok(sennit_doc_replace(doc, 0, strlen(from), to, strlen(to)));
    doc_check(doc);
    assert_true(doc_text_is(doc, to, strlen(to)));
    uint64_t own = sennit_doc_own_count(doc);
    sennit_doc_free(doc);
    s->docs_len--;
    return own;
}

static void only_what_differs_is_edited(void **state)
{
    stage *s = *state;
    static const struct {
        const char *from, *to;
        uint64_t operations;
    } cases[] = {
        {"", "", 0}, {"same", "same", 0}, {"", "new", 3}, {"old", "", 1},
        {"b", "ab", 1}, {"b", "ba", 1}, {"ab", "b", 1}, {"aa", "aaa", 1}, {"aaa", "aa", 1},
        {"one\ntwo\nthree\n", "one\n2\nthree\n", 2},
        {"one\ntwo\nthree\n", "one\nthree\n", 1},
        {"one\nthree\n", "one\ntwo\nthree\n", 4},
        {"a\nb\nc\nd\n", "a\nX\nc\nY\n", 4},
        {"the quick fox", "the quick brown fox", 6},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(becomes(s, cases[i].from, cases[i].to), cases[i].operations);
}

static void characters_stay_whole(void **state)
{
    stage *s = *state;

    becomes(s, "\xc3\xa9", "\xc3\xa8");                 /* the first byte is the same */
    becomes(s, "\xc3\xa9", "\xc4\xa9");                 /* the last is */
    becomes(s, "\xc3\xa9", "\xc3\xa9\xc3\xa8");
    becomes(s, "x\xe2\x82\xacy", "x\xe2\x82\xady");
    becomes(s, "x\xe2\x82\xac", "x\xe2\x83\xac" "x\xe2\x82\xac");
    becomes(s, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81\xf0\x9f\x98\x80");
    becomes(s, "a\xc3\xa9", "a\xc3\xa8\xc3\xa9");
    becomes(s, "\xc3\xa9\xc3\xa9", "\xc3\xa9");
}

static void letters_in_common_by_chance_are_rewritten(void **state)
{
    /* "bad" -> "cow dung", say, keeps no d */
    assert_int_equal(becomes(*state, "xxaxx", "yyayy"), 1 + 5);
    assert_int_equal(becomes(*state, "xxabcdxx", "yyabcdyy"), 2 + 4); /* four are none */
}

static void a_part_is_replaced_in_the_documents_unit(void **state)
{
    stage *s = *state;
    static const size_t pos[] = {4, 1, 2}, n[] = {5, 2, 2};

    for (unsigned unit = 0; unit < 3; unit++) {
        s->options.unit = (sennit_unit)unit;
        sennit_doc *doc = stage_doc(s, 1, "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9z");
        assert_ok(sennit_doc_replace(doc, pos[unit], n[unit], "\xe2\x82\xac+", 4));
        assert_text(doc, "\xf0\x9f\x98\x80\xe2\x82\xac+z");
        assert_int_equal(sennit_doc_own_count(doc), 2);
    }
}

static void ranges_that_are_none_change_nothing(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "text");

    assert_refused(doc, SENNIT_ERANGE, sennit_doc_replace(doc, 5, 0, "x", 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_replace(doc, 0, 5, "x", 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_replace(doc, 2, SIZE_MAX, "x", 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_replace(doc, SIZE_MAX, 0, "x", 1));
    assert_refused(doc, SENNIT_OK, sennit_doc_replace(doc, 4, 0, NULL, 0));
    assert_refused(doc, SENNIT_OK, sennit_doc_replace(doc, 0, 4, "text", 4));
    assert_refused(doc, SENNIT_OK, sennit_doc_replace(doc, 1, 2, "ex", 2));
}

/* All the edits or none: the limit is met in the midst of them. */
static void edits_that_were_made_are_taken_back(void **state)
{
    stage *s = *state;

    s->options.limits.text_bytes = 20;
    sennit_doc *doc = stage_doc(s, 1, "one\ntwo\nthree\n");
    assert_refused(doc, SENNIT_ELIMIT,
                   sennit_doc_replace(doc, 0, 14, "ONE\ntwo\nTHREE and more\n", 23));
    assert_ok(sennit_doc_begin(doc)); /* in a transaction only these */
    assert_ok(sennit_doc_insert(doc, 0, "+", 1));
    assert_int_equal(sennit_doc_replace(doc, 1, 14, "ONE\ntwo\nTHREE\n", 14), SENNIT_ELIMIT);
    assert_text(doc, "+one\ntwo\nthree\n");
    assert_ok(sennit_doc_replace(doc, 1, 14, "one\nTWO\nthree\n", 14));
    assert_ok(sennit_doc_commit(doc));
    assert_text(doc, "+one\nTWO\nthree\n");
}

static void long_passages_are_matched_by_lines_only(void **state)
{
    stage *s = *state;
    size_t len = 70000;
    char *from = malloc(len + 1), *to = malloc(len + 1);

    assert_true(from != NULL && to != NULL);
    memset(from, 'a', len);
    memset(to, 'a', len);
    from[len] = to[len] = '\0';
    from[100] = 'b'; /* neither end in common, the middle is */
    to[len / 2] = 'c';
    from[0] = 'x';
    to[0] = 'y';
    from[len - 1] = 'x';
    to[len - 1] = 'y';
    assert_int_equal(becomes(s, from, to), 1 + len);
    free(from);
    free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(only_what_differs_is_edited),
        STAGE_TEST(characters_stay_whole),
        STAGE_TEST(letters_in_common_by_chance_are_rewritten),
        STAGE_TEST(a_part_is_replaced_in_the_documents_unit),
        STAGE_TEST(ranges_that_are_none_change_nothing),
        STAGE_TEST(edits_that_were_made_are_taken_back),
        STAGE_TEST(long_passages_are_matched_by_lines_only),
    };

    return RUN_TESTS(tests);
}
