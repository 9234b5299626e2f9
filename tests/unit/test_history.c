#include "core/history/past.h"

#include "support/stage.h"

#include <string.h>

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

/* The version of now, in place of what the buffer held. */
static void mark(const sennit_doc *doc, sennit_buf *version)
{
    sennit_buf_init(version, NULL);
    assert_ok(sennit_doc_version(doc, version));
}

#define assert_was(doc, version, literal)                                               \
    do {                                                                                \
        sennit_buf was_;                                                                \
                                                                                        \
        sennit_buf_init(&was_, NULL);                                                   \
        assert_ok(sennit_history_text(doc, (version).data, (version).len, &was_));      \
        assert_true(buf_is(&was_, literal, sizeof(literal) - 1));                       \
        sennit_buf_clear(&was_);                                                        \
    } while (0)

/* ---- text ---- */

static void the_text_of_each_version_is_what_it_was(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    sennit_buf v[4];

    mark(doc, &v[0]);
    type(doc, 4, "ling");
    mark(doc, &v[1]);
    assert_ok(sennit_doc_delete(doc, 0, 6));
    mark(doc, &v[2]);
    type(doc, 1, "o");
    mark(doc, &v[3]);
    assert_was(doc, v[0], "seed");
    assert_was(doc, v[1], "seedling");
    assert_was(doc, v[2], "ng");
    assert_was(doc, v[3], "nog");
    assert_was(doc, ((sennit_buf){0}), "");
    for (size_t i = 0; i < 4; i++)
        sennit_buf_clear(&v[i]);
}

static void what_was_undone_and_redone_since_does_not_matter(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    sennit_undo *undo;
    sennit_buf v[4];

    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_doc_delete(doc, 0, 2));
    mark(doc, &v[0]);
    assert_ok(sennit_undo_undo(undo));
    mark(doc, &v[1]);
    assert_ok(sennit_undo_redo(undo));
    mark(doc, &v[2]);
    assert_ok(sennit_undo_undo(undo));
    mark(doc, &v[3]);
    for (size_t i = 0; i < 4; i++) {
        if (i % 2)
            assert_was(doc, v[i], "seed");
        else
            assert_was(doc, v[i], "ed");
        sennit_buf_clear(&v[i]);
    }
    sennit_undo_free(undo);
}

static void half_a_character_does_not_show(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    static const char *const want[] = {"", "a", "a", "a", "a\u20ac", "a\u20acb"};

    type(doc, 0, "a\xe2\x82\xac" "b");
    for (uint8_t n = 1; n <= 5; n++) {
        const uint8_t version[] = {1, 0, 0, 0, 0, 0, 0, 0, n};

        s->buf.len = 0;
        assert_ok(sennit_history_text(doc, version, sizeof version, &s->buf));
        assert_true(buf_is(&s->buf, want[n], strlen(want[n])));
    }
}

/* ---- what versions may be ---- */

static void versions_from_elsewhere_are_looked_at(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_buf version;
    sennit_diff *diff;
    size_t landed = 77;

    type(other, 0, "new");
    mark(other, &version);
    sennit_buf_init(&s->buf, NULL);
    buf_add(&s->buf, "kept", 4);
    assert_int_equal(sennit_history_text(doc, version.data, version.len, &s->buf), SENNIT_EGONE);
    assert_int_equal(sennit_history_text(doc, version.data, 3, &s->buf), SENNIT_ECORRUPT);
    assert_int_equal(sennit_history_diff(doc, version.data, version.len, NULL, 0, &diff),
                     SENNIT_EGONE);
    assert_null(diff);
    assert_int_equal(sennit_history_diff(doc, NULL, 0, "x", 1, &diff), SENNIT_ECORRUPT);
    assert_int_equal(sennit_history_diff(doc, NULL, 0, NULL, 0, NULL), SENNIT_EINVAL);
    assert_refused(doc, SENNIT_EGONE, sennit_history_splice(doc, version.data, version.len, 0, 0,
                                                            "x", 1, &landed));
    assert_refused(doc, SENNIT_ECORRUPT, sennit_history_splice(doc, "x", 1, 0, 0, "x", 1, &landed));
    assert_int_equal(landed, 77);
    assert_true(buf_is(&s->buf, "kept", 4));
    doc_catch_up(doc, other);
    assert_was(doc, version, "newseed");
    sennit_buf_clear(&version);
}

static void in_a_transaction_the_past_is_closed(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    sennit_diff *diff;
    size_t pos = 0;
    sennit_blame blame;

    assert_ok(sennit_doc_begin(doc));
    assert_int_equal(sennit_history_text(doc, NULL, 0, &s->buf), SENNIT_EBUSY);
    assert_int_equal(sennit_history_at(doc, 0, &s->buf), SENNIT_EBUSY);
    assert_int_equal(sennit_history_change(doc, 1, &s->buf, &s->buf), SENNIT_EBUSY);
    assert_int_equal(sennit_history_diff(doc, NULL, 0, NULL, 0, &diff), SENNIT_EBUSY);
    assert_int_equal(sennit_history_splice(doc, NULL, 0, 0, 0, "x", 1, NULL), SENNIT_EBUSY);
    assert_int_equal(sennit_history_blame(doc, &pos, 4, &blame), 1); /* that is of now */
    assert_ok(sennit_doc_abort(doc));
}

static void without_deleted_text_the_past_begins_later(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "some text"), *small;
    sennit_buf before, since;

    mark(doc, &before);
    assert_ok(sennit_doc_delete(doc, 0, 5));
    mark(doc, &since);
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_LIVE_ONLY | SENNIT_SAVE_IDENTITY, &s->buf));
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &small, NULL));
    stage_keep(s, small);
    s->buf.len = 0;
    assert_int_equal(sennit_history_text(small, before.data, before.len, &s->buf), SENNIT_EGONE);
    assert_was(small, since, "text");
    assert_ok(sennit_doc_delete(small, 0, 4));
    assert_was(small, since, "text");
    sennit_buf_clear(&before);
    sennit_buf_clear(&since);
}

/* ---- times and changes ---- */

static void a_time_counts_whole_changes(void **state)
{
    stage *s = *state;
    s->options.coalesce_ms = 100;
    sennit_doc *doc = stage_doc(s, 1, "seed");

    sennit_doc_set_time(doc, 1000);
    type(doc, 4, "a");
    sennit_doc_set_time(doc, 1090); /* of the same change, so of its time */
    type(doc, 5, "b");
    sennit_doc_set_time(doc, 2000);
    type(doc, 6, "c");
    static const struct {
        uint64_t ms;
        const char *text;
    } want[] = {{0, "seed"}, {999, "seed"}, {1000, "seedab"}, {1999, "seedab"}, {2000, "seedabc"},
                {UINT64_MAX, "seedabc"}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        sennit_buf version;

        sennit_buf_init(&version, NULL);
        assert_ok(sennit_history_at(doc, want[i].ms, &version));
        s->buf.len = 0;
        assert_ok(sennit_history_text(doc, version.data, version.len, &s->buf));
        assert_true(buf_is(&s->buf, want[i].text, strlen(want[i].text)));
        sennit_buf_clear(&version);
    }
}

static void a_change_lies_between_two_versions(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    sennit_buf before, after;
    sennit_change change;
    size_t at = 0;

    sennit_doc_set_time(doc, 1000);
    type(doc, 0, "a");
    sennit_doc_set_time(doc, 900000);
    assert_ok(sennit_doc_delete(doc, 1, 2));
    sennit_buf_init(&before, NULL);
    sennit_buf_init(&after, NULL);
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 1); /* the seed */
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 1);
    assert_ok(sennit_history_change(doc, at, &before, &after));
    assert_was(doc, before, "seed");
    assert_was(doc, after, "aseed");
    before.len = after.len = 0;
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 1);
    assert_ok(sennit_history_change(doc, at, &before, &after));
    assert_was(doc, before, "aseed");
    assert_was(doc, after, "aed");
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 0);
    assert_int_equal(sennit_history_change(doc, at + 1, &before, &after), SENNIT_ERANGE);
    at = 2; /* a page may begin anywhere */
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 1);
    assert_int_equal(change.unix_ms, 900000);
    sennit_buf_clear(&before);
    sennit_buf_clear(&after);
}

/* ---- differences ---- */

static void a_difference_tells_each_stretch(void **state)
{
    stage *s = *state;
    s->options.unit = SENNIT_UTF16;
    sennit_doc *doc = stage_doc(s, 1, "one two three");
    sennit_buf before, after;
    sennit_diff *diff;
    sennit_patch p;

    mark(doc, &before);
    type(doc, 0, "\xf0\x9f\x99\x82");
    assert_ok(sennit_doc_delete(doc, 6, 4)); /* "two " */
    type(doc, 11, "!");
    mark(doc, &after);
    assert_ok(sennit_history_diff(doc, before.data, before.len, after.data, after.len, &diff));
    sennit_doc_free(s->docs[--s->docs_len]); /* it needs no document */
    assert_int_equal(sennit_diff_next(diff, &p), 1);
    assert_true(p.pos == 0 && p.removed == 0 && p.inserted == 2 && p.len == 4 && p.replica == 1);
    assert_memory_equal(p.text, "\xf0\x9f\x99\x82", 4);
    assert_int_equal(sennit_diff_next(diff, &p), 1);
    assert_true(p.pos == 6 && p.removed == 4 && p.inserted == 0 && p.text == NULL &&
                p.replica == 0);
    assert_int_equal(sennit_diff_next(diff, &p), 1);
    assert_true(p.pos == 11 && p.inserted == 1 && p.text[0] == '!' && !p.reset && !p.local);
    assert_int_equal(sennit_diff_next(diff, &p), 0);
    assert_int_equal(sennit_diff_next(diff, &p), 0);
    sennit_diff_free(diff);
    sennit_diff_free(NULL);
    sennit_buf_clear(&before);
    sennit_buf_clear(&after);
}

static void nothing_differs_from_itself(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");
    sennit_buf now;
    sennit_diff *diff;
    sennit_patch p;

    mark(doc, &now);
    assert_ok(sennit_history_diff(doc, now.data, now.len, now.data, now.len, &diff));
    assert_int_equal(sennit_diff_next(diff, &p), 0);
    sennit_diff_free(diff);
    assert_ok(sennit_history_diff(doc, NULL, 0, NULL, 0, &diff));
    assert_int_equal(sennit_diff_next(diff, &p), 0);
    sennit_diff_free(diff);
    sennit_buf_clear(&now);
}

/* ---- blame ---- */

static void blame_names_authors_and_times(void **state)
{
    stage *s = *state;
    s->options.unit = SENNIT_CODEPOINTS;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_blame b;
    size_t pos = 0;

    sennit_doc_set_time(other, 7000);
    type(other, 2, "\xe2\x82\xac\xe2\x82\xac");
    doc_catch_up(doc, other);
    sennit_doc_set_time(doc, 9000);
    type(doc, 3, "x"); /* between the euros */
    assert_text(doc, "se\xe2\x82\xacx\xe2\x82\xac" "ed");
    static const sennit_blame want[] = {{0, 2, 0, 0}, {2, 1, 2, 7000}, {3, 1, 1, 9000},
                                        {4, 1, 2, 7000}, {5, 2, 0, 0}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(sennit_history_blame(doc, &pos, 7, &b), 1);
        assert_memory_equal(&b, &want[i], sizeof b);
    }
    assert_int_equal(sennit_history_blame(doc, &pos, 7, &b), 0);
    pos = 1;
    assert_int_equal(sennit_history_blame(doc, &pos, 4, &b), 1);
    assert_true(b.pos == 1 && b.len == 1 && pos == 2);
    pos = 3;
    assert_int_equal(sennit_history_blame(doc, &pos, 4, &b), 1);
    assert_int_equal(sennit_history_blame(doc, &pos, 4, &b), 0);
    assert_int_equal(sennit_history_blame(doc, &pos, 8, &b), SENNIT_ERANGE);
}

static void blame_keeps_out_of_characters(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "\xe2\x82\xac");
    sennit_blame b;
    size_t pos = 0;

    assert_int_equal(sennit_history_blame(doc, &pos, 2, &b), SENNIT_EUTF8);
    pos = 1;
    assert_int_equal(sennit_history_blame(doc, &pos, 3, &b), SENNIT_EUTF8);
    pos = 0;
    assert_int_equal(sennit_history_blame(doc, &pos, 3, &b), 1);
    pos = 5;
    assert_int_equal(sennit_history_blame(doc, &pos, 3, &b), 0);
}

/* ---- splicing ---- */

static void an_edit_of_an_old_text_lands_in_the_new_one(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "one two three"), *other = stage_doc(s, 2, "one two three");
    sennit_buf old;
    size_t landed;

    mark(doc, &old);
    type(other, 6, "WWW"); /* in "two" */
    assert_ok(sennit_doc_delete(other, 0, 1));
    doc_catch_up(doc, other);
    assert_text(doc, "ne twWWWo three");
    assert_ok(sennit_history_splice(doc, old.data, old.len, 4, 3, "2", 1, &landed));
    assert_text(doc, "ne 2WWW three");
    assert_int_equal(landed, 3);
    assert_ok(sennit_history_splice(doc, old.data, old.len, 0, 4, NULL, 0, &landed));
    assert_text(doc, "2WWW three");
    assert_int_equal(landed, 0);
    assert_ok(sennit_history_splice(doc, old.data, old.len, 13, 0, "!", 1, &landed));
    assert_text(doc, "2WWW three!");
    assert_int_equal(landed, 10);
    assert_ok(sennit_history_splice(doc, old.data, old.len, 1, 0, "?", 1, &landed)); /* 'o' is gone */
    assert_text(doc, "?2WWW three!");
    assert_refused(doc, SENNIT_OK, sennit_history_splice(doc, old.data, old.len, 5, 0, "", 0, NULL));
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
    sennit_buf_clear(&old);
}

/* With the version of now it is what sennit_doc_splice is. */
static void an_edit_of_the_text_of_now_is_a_splice(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "one two three"), *same = stage_doc(s, 1, "one two three");
    sennit_buf now;
    size_t landed;

    for (size_t pos = 0; pos < 9; pos += 2) {
        mark(doc, &now);
        assert_ok(sennit_history_splice(doc, now.data, now.len, pos, pos / 2, "xy", 2, &landed));
        assert_ok(sennit_doc_splice(same, pos, pos / 2, "xy", 2));
        assert_int_equal(landed, pos);
        assert_true(doc_agree(doc, same));
        sennit_buf_clear(&now);
    }
}

static void bad_places_and_texts_are_refused(void **state)
{
    stage *s = *state;
    s->options.unit = SENNIT_UTF16;
    sennit_doc *doc = stage_doc(s, 1, "a\xf0\x9f\x99\x82" "b");
    sennit_buf v;

    mark(doc, &v);
    type(doc, 0, "later");
    assert_refused(doc, SENNIT_ERANGE, sennit_history_splice(doc, v.data, v.len, 5, 0, "x", 1, NULL));
    assert_refused(doc, SENNIT_ERANGE, sennit_history_splice(doc, v.data, v.len, 3, 2, "x", 1, NULL));
    assert_refused(doc, SENNIT_ERANGE,
                   sennit_history_splice(doc, v.data, v.len, 3, SIZE_MAX, "x", 1, NULL));
    assert_refused(doc, SENNIT_EUTF8, sennit_history_splice(doc, v.data, v.len, 2, 0, "x", 1, NULL));
    assert_refused(doc, SENNIT_EUTF8, sennit_history_splice(doc, v.data, v.len, 0, 2, "x", 1, NULL));
    assert_refused(doc, SENNIT_EUTF8,
                   sennit_history_splice(doc, v.data, v.len, 0, 0, "\xff", 1, NULL));
    assert_refused(doc, SENNIT_EINVAL, sennit_history_splice(doc, v.data, v.len, 0, 0, NULL, 1, NULL));
    assert_ok(sennit_history_splice(doc, v.data, v.len, 1, 2, "x", 1, NULL));
    assert_text(doc, "lateraxb");
    sennit_buf_clear(&v);
}

static void a_splice_is_all_or_nothing_and_one_step_of_undo(void **state)
{
    stage *s = *state;
    s->options.limits.text_bytes = 20;
    sennit_doc *doc = stage_doc(s, 1, "one two three");
    sennit_undo *undo;
    sennit_buf v;

    mark(doc, &v);
    assert_refused(doc, SENNIT_ELIMIT,
                   sennit_history_splice(doc, v.data, v.len, 0, 3, "much too long", 13, NULL));
    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_history_splice(doc, v.data, v.len, 0, 3, "1", 1, NULL));
    assert_text(doc, "1 two three");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "one two three");
    sennit_undo_free(undo);
    sennit_buf_clear(&v);
}

static void several_edits_count_in_one_text(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "one \xf0\x9f\x99\x82 three");
    const sennit_edit edits[] = {
        {0, 3, "1", 1}, {4, 1, "2", 1}, {6, 0, "(", 1}, {6, 0, ")", 1}, {6, 5, "3", 1}};
    sennit_undo *undo;
    sennit_buf v;

    mark(doc, &v);
    type(doc, 14, "!");
    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_history_edit(doc, v.data, v.len, SENNIT_CODEPOINTS, edits, 5));
    assert_text(doc, "1 2 ()3!");
    assert_int_equal(sennit_undo_can_undo(undo), 1);
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "one \xf0\x9f\x99\x82 three!");
    sennit_undo_free(undo);
    sennit_buf_clear(&v);
}

static void one_bad_edit_undoes_all(void **state)
{
    stage *s = *state;
    s->options.limits.text_bytes = 20;
    sennit_doc *doc = stage_doc(s, 1, "a\xf0\x9f\x99\x82" "b");
    sennit_edit edits[] = {{9, 0, "x", 1}, {0, 1, "y", 1}, {5, 1, NULL, 0}};
    sennit_buf v;

    mark(doc, &v);
    assert_refused(doc, SENNIT_ERANGE,
                   sennit_history_edit(doc, v.data, v.len, SENNIT_BYTES, edits, 3));
    edits[0].pos = 2;
    assert_refused(doc, SENNIT_EUTF8,
                   sennit_history_edit(doc, v.data, v.len, SENNIT_BYTES, edits, 3));
    edits[0] = (sennit_edit){0, 0, "much too long a text", 20};
    assert_refused(doc, SENNIT_ELIMIT,
                   sennit_history_edit(doc, v.data, v.len, SENNIT_BYTES, edits, 3));
    edits[0] = (sennit_edit){1, SIZE_MAX, NULL, 0};
    assert_refused(doc, SENNIT_ERANGE,
                   sennit_history_edit(doc, v.data, v.len, SENNIT_BYTES, edits, 3));
    assert_refused(doc, SENNIT_EINVAL,
                   sennit_history_edit(doc, v.data, v.len, SENNIT_LINES, edits, 0));
    assert_refused(doc, SENNIT_EINVAL,
                   sennit_history_edit(doc, v.data, v.len, SENNIT_BYTES, NULL, 1));
    assert_ok(sennit_history_edit(doc, v.data, v.len, SENNIT_BYTES, NULL, 0));
    assert_ok(sennit_history_edit(doc, v.data, v.len, SENNIT_BYTES, edits + 1, 2));
    assert_text(doc, "y\xf0\x9f\x99\x82");
    sennit_buf_clear(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(the_text_of_each_version_is_what_it_was),
        STAGE_TEST(what_was_undone_and_redone_since_does_not_matter),
        STAGE_TEST(half_a_character_does_not_show),
        STAGE_TEST(versions_from_elsewhere_are_looked_at),
        STAGE_TEST(in_a_transaction_the_past_is_closed),
        STAGE_TEST(without_deleted_text_the_past_begins_later),
        STAGE_TEST(a_time_counts_whole_changes),
        STAGE_TEST(a_change_lies_between_two_versions),
        STAGE_TEST(a_difference_tells_each_stretch),
        STAGE_TEST(nothing_differs_from_itself),
        STAGE_TEST(blame_names_authors_and_times),
        STAGE_TEST(blame_keeps_out_of_characters),
        STAGE_TEST(an_edit_of_an_old_text_lands_in_the_new_one),
        STAGE_TEST(an_edit_of_the_text_of_now_is_a_splice),
        STAGE_TEST(bad_places_and_texts_are_refused),
        STAGE_TEST(a_splice_is_all_or_nothing_and_one_step_of_undo),
        STAGE_TEST(several_edits_count_in_one_text),
        STAGE_TEST(one_bad_edit_undoes_all),
    };

    return RUN_TESTS(tests);
}
