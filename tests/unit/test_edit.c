#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

static void insert_inside_a_run_splits_it(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");

    assert_ok(sennit_doc_insert(doc, 0, "hello", 5));
    assert_ok(sennit_doc_insert(doc, 2, "--", 2));
    assert_text(doc, "he--llo");
}

static void insert_at_both_ends(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "mid");

    assert_ok(sennit_doc_insert(doc, 0, "<", 1));
    assert_ok(sennit_doc_insert(doc, 4, ">", 1));
    assert_text(doc, "<mid>");
}

static void insert_past_the_end_changes_nothing(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "ab");

    assert_refused(doc, SENNIT_ERANGE, sennit_doc_insert(doc, 3, "c", 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_insert(doc, SIZE_MAX, "c", 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_insert(doc, 3, "", 0));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_splice(doc, 3, 0, "c", 1));
    assert_int_equal(sennit_doc_own_count(doc), 0);
}

static void delete_past_the_end_changes_nothing(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "ab");

    assert_refused(doc, SENNIT_ERANGE, sennit_doc_delete(doc, 2, 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_delete(doc, 0, 3));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_delete(doc, 1, SIZE_MAX));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_delete(doc, SIZE_MAX, 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_delete(doc, SIZE_MAX, SIZE_MAX));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_splice(doc, 1, SIZE_MAX, "c", 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_splice(doc, 1, 2, "c", 1));
}

static void edits_of_nothing_are_no_operations(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "ab");

    assert_refused(doc, SENNIT_OK, sennit_doc_insert(doc, 2, "", 0));
    assert_refused(doc, SENNIT_OK, sennit_doc_insert(doc, 1, NULL, 0));
    assert_refused(doc, SENNIT_OK, sennit_doc_delete(doc, 2, 0));
    assert_refused(doc, SENNIT_OK, sennit_doc_splice(doc, 1, 0, NULL, 0));
    sennit_doc *empty = stage_doc(*state, 1, "");
    assert_refused(empty, SENNIT_OK, sennit_doc_delete(empty, 0, 0));
    assert_refused(empty, SENNIT_ERANGE, sennit_doc_delete(empty, 0, 1));
}

static void text_that_is_none_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "\x80",             /* a continuation alone */
        "\xc0\x80",         /* overlong forms */
        "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xc1\xbf",
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* past U+10FFFF */
        "\xf0\x9f\x98", "a\xc3", "\xff",
    };
    sennit_doc *doc = stage_doc(*state, 1, "ab");

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = strlen(bad[i]);

        assert_refused(doc, SENNIT_EUTF8, sennit_doc_insert(doc, 1, bad[i], len));
        assert_refused(doc, SENNIT_EUTF8, sennit_doc_splice(doc, 0, 1, bad[i], len));
        assert_refused(doc, SENNIT_EUTF8, sennit_doc_replace(doc, 0, 2, bad[i], len));
    }
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_insert(doc, 0, NULL, 1));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_insert(doc, 0, NULL, 2));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_splice(doc, 0, 1, NULL, 1));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_replace(doc, 0, 1, NULL, 1));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "a", SIZE_MAX));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_splice(doc, 0, 1, "a", SIZE_MAX));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_replace(doc, 0, 1, "a", SIZE_MAX));
}

/* "a", two bytes, three bytes, four bytes, "\n" */
#define MIXED "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n"

static void positions_inside_characters_change_nothing(void **state)
{
    stage *s = *state;
    static const uint8_t inside_bytes[] = {2, 4, 5, 7, 8, 9};
    sennit_doc *doc = stage_doc(s, 1, MIXED);

    for (size_t i = 0; i < sizeof inside_bytes; i++) {
        size_t at = inside_bytes[i];

        assert_refused(doc, SENNIT_EUTF8, sennit_doc_insert(doc, at, "x", 1));
        assert_refused(doc, SENNIT_EUTF8, sennit_doc_delete(doc, at, 11 - at));
        assert_refused(doc, SENNIT_EUTF8, sennit_doc_delete(doc, 0, at));
        assert_refused(doc, SENNIT_EUTF8, sennit_doc_splice(doc, at, 1, "x", 1));
        assert_refused(doc, SENNIT_EUTF8, sennit_doc_replace(doc, 0, at, "x", 1));
        assert_refused(doc, SENNIT_EUTF8, sennit_doc_replace(doc, at, 0, "x", 1));
    }
    s->options.unit = SENNIT_UTF16; /* between the halves of a surrogate pair */
    doc = stage_doc(s, 1, MIXED);
    assert_refused(doc, SENNIT_EUTF8, sennit_doc_insert(doc, 4, "x", 1));
    assert_refused(doc, SENNIT_EUTF8, sennit_doc_delete(doc, 4, 1));
    assert_refused(doc, SENNIT_EUTF8, sennit_doc_delete(doc, 3, 1));
    assert_refused(doc, SENNIT_EUTF8, sennit_doc_splice(doc, 0, 4, "x", 1));
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_insert(doc, 7, "x", 1));
}

static void each_character_is_deleted_in_each_unit(void **state)
{
    stage *s = *state;
    static const uint8_t width[3][5] = {{1, 2, 3, 4, 1}, {1, 1, 1, 1, 1}, {1, 1, 1, 2, 1}};

    for (unsigned unit = 0; unit < 3; unit++) {
        s->options.unit = (sennit_unit)unit;
        sennit_doc *doc = stage_doc(s, 1, MIXED);
        size_t at = 0;
        for (unsigned i = 0; i < 5; i++) {
            assert_ok(sennit_doc_splice(doc, at, width[unit][i], "..", 2));
            at += 2;
            assert_int_equal(doc->tree.total.lines, i < 4);
        }
        assert_text(doc, "..........");
        assert_ok(sennit_doc_delete(doc, 0, 10));
        assert_text(doc, "");
        assert_ok(sennit_doc_insert(doc, 0, MIXED, 11));
        assert_text(doc, MIXED);
    }
}

static void splice_deletes_and_inserts_in_one_place(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abcdef");

    assert_ok(sennit_doc_splice(doc, 2, 2, "XYZ", 3));
    assert_text(doc, "abXYZef");
    assert_ok(sennit_doc_splice(doc, 7, 0, "!", 1));
    assert_ok(sennit_doc_splice(doc, 0, 2, NULL, 0));
    assert_text(doc, "XYZef!");
    assert_ok(sennit_doc_splice(doc, 0, 6, "new", 3));
    assert_text(doc, "new");
}

/* What is deleted together but was typed apart is one operation of many ranges. */
static void deleting_across_writers_is_one_operation(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "aaaa"), *other = stage_doc(s, 2, "aaaa");

    assert_ok(sennit_doc_insert(other, 2, "bb", 2));
    doc_catch_up(doc, other);
    assert_ok(sennit_doc_insert(doc, 3, "cc", 2));
    uint64_t own = sennit_doc_own_count(doc);
    assert_ok(sennit_doc_delete(doc, 1, 6));
    assert_int_equal(sennit_doc_own_count(doc), own + 1);
    assert_text(doc, "aa");
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
}

static void an_edit_is_newer_than_what_it_names(void **state)
{
    stage *s = *state;
    sennit_doc *late = stage_doc(s, 9, "x"), *early = stage_doc(s, 1, "x");

    sennit_doc_set_time(early, 1000);
    assert_ok(sennit_doc_insert(early, 1, "e", 1));
    sennit_doc_set_time(late, 5000);
    assert_ok(sennit_doc_insert(late, 1, "late", 4));
    doc_catch_up(early, late);
    assert_ok(sennit_doc_insert(early, 5, "!", 1)); /* its open change is too old to name "late" */
    assert_ok(sennit_doc_delete(early, 1, 2));
    doc_catch_up(late, early);
    assert_true(doc_agree(late, early));
}

static void as_many_operations_as_there_are_numbers_for(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abc");

    assert_ok(sennit_doc_insert(doc, 0, "x", 1));
    sn_replica *me = &doc->who.replicas[doc->me];
    uint32_t seq = me->seq;
    me->seq = (uint32_t)SN_MAX_SEQ - 1;
    assert_int_equal(sennit_doc_insert(doc, 0, "xy", 2), SENNIT_ELIMIT);
    assert_int_equal(sennit_doc_splice(doc, 1, 1, "y", 1), SENNIT_ELIMIT);
    me->seq = (uint32_t)SN_MAX_SEQ;
    assert_int_equal(sennit_doc_delete(doc, 1, 1), SENNIT_ELIMIT);
    me->seq = seq;
    assert_text(doc, "xabc");
}

static void edits_without_memory_change_nothing(void **state)
{
    stage *s = *state;

    for (size_t nth = 1, kind = 0; kind < 4; nth++) {
        sennit_doc *doc;

        s->options.replica = 1;
        assert_ok(sennit_doc_seed(&s->options, "", 0, "one two three", 13, &doc));
        doc_state before;
        doc_state_take(&before, doc);
        s->fm.calls = 0;
        s->fm.fail_at = nth;
        sennit_status st = kind == 0   ? sennit_doc_insert(doc, 3, "and a half", 10)
                           : kind == 1 ? sennit_doc_delete(doc, 2, 5)
                           : kind == 2 ? sennit_doc_splice(doc, 2, 5, "new", 3)
                                       : sennit_doc_replace(doc, 0, 13, "one or three", 12);
        s->fm.fail_at = 0;
        if (st == SENNIT_OK) { /* what failed, if anything, was the look at the result */
            kind++;
            nth = 0;
        } else {
            assert_int_equal(st, SENNIT_ENOMEM);
            assert_true(doc_state_same(&before, doc));
        }
        doc_state_free(&before);
        sennit_doc_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(insert_inside_a_run_splits_it),
        STAGE_TEST(insert_at_both_ends),
        STAGE_TEST(insert_past_the_end_changes_nothing),
        STAGE_TEST(delete_past_the_end_changes_nothing),
        STAGE_TEST(edits_of_nothing_are_no_operations),
        STAGE_TEST(text_that_is_none_changes_nothing),
        STAGE_TEST(positions_inside_characters_change_nothing),
        STAGE_TEST(each_character_is_deleted_in_each_unit),
        STAGE_TEST(splice_deletes_and_inserts_in_one_place),
        STAGE_TEST(deleting_across_writers_is_one_operation),
        STAGE_TEST(an_edit_is_newer_than_what_it_names),
        STAGE_TEST(as_many_operations_as_there_are_numbers_for),
        STAGE_TEST(edits_without_memory_change_nothing),
    };

    return RUN_TESTS(tests);
}
