/* Marks: the examples of the Peritext paper, each by its name, and what else a host
 * can see of them. */
#include "support/rich.h"
#include "support/stage.h"
#include "support/text.h"

#include <string.h>

#define EDITOR "The Peritext editor"

/* Two who have the same text. */
typedef struct both {
    stage *s;
    sennit_doc *a, *b;
} both;

static both two(void **state, const char *text)
{
    stage *s = *state;
    both t = {s, stage_doc(s, 1, text), stage_doc(s, 2, text)};

    return t;
}

static void meet(const both *t)
{
    doc_catch_up(t->a, t->b);
    doc_catch_up(t->b, t->a);
    doc_check(t->a);
    doc_check(t->b);
    assert_true(doc_agree(t->a, t->b));
}

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

static void erase(sennit_doc *doc, size_t pos, size_t n)
{
    assert_ok(sennit_doc_delete(doc, pos, n));
}

#define assert_both(t, want)                \
    do {                                    \
        assert_true(rich_is((t)->a, want)); \
        assert_true(rich_is((t)->b, want)); \
    } while (0)

/* ---- Peritext ---- */

static void overlapping_bold_and_italic_both_hold(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 0, 12, "strong", 1);
    rich_mark(t.b, 4, 19, "em", 1);
    meet(&t);
    assert_both(&t, "[strong=1|The ][em=1 strong=1|Peritext][em=1| editor]");
}

static void text_typed_at_the_end_of_bold_and_italic_has_both_kinds(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 0, 12, "strong", 1);
    type(t.a, 19, " is great!");
    rich_mark(t.b, 4, 19, "em", 1);
    meet(&t);
    assert_both(&t, "[strong=1|The ][em=1 strong=1|Peritext][em=1| editor is great!]");
}

static void bold_and_then_unbold_of_a_part_by_another(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 0, 12, "strong", 1);
    rich_mark(t.b, 4, 19, "strong", 0);
    meet(&t);
    assert_both(&t, "[strong=1|The ]Peritext editor");
}

static void unbold_inside_bold(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 0, 19, "strong", 1);
    rich_mark(t.b, 4, 12, "strong", 0);
    meet(&t);
    assert_both(&t, "[strong=1|The ]Peritext[strong=1| editor]");
}

static void bold_grows_at_its_end_only(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 4, 12, "strong", 1);
    type(t.b, 4, "*");
    type(t.b, 13, "*");
    meet(&t);
    assert_both(&t, "The *[strong=1|Peritext*] editor");
}

static void text_between_bold_and_italic_takes_the_left_one(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 4, 12, "strong", 1);
    rich_mark(t.a, 12, 19, "em", 1);
    type(t.b, 12, "[1]");
    meet(&t);
    assert_both(&t, "The [strong=1|Peritext[1]][em=1| editor]");
}

static void text_between_bold_and_what_was_unbolded_behind_it_is_bold(void **state)
{
    both t = two(state, "AC");

    rich_mark(t.a, 0, 2, "strong", 1);
    rich_mark(t.a, 1, 2, "strong", 0);
    type(t.b, 1, "B");
    meet(&t);
    assert_both(&t, "[strong=1|AB]C");
}

static void text_behind_what_was_unbolded_is_not_bold(void **state)
{
    both t = two(state, "AC");

    rich_mark(t.a, 0, 2, "strong", 1);
    rich_mark(t.a, 0, 1, "strong", 0);
    type(t.b, 1, "B");
    meet(&t);
    assert_both(&t, "AB[strong=1|C]");
}

static void bold_of_neighbours_by_two_is_one_run(void **state)
{
    both t = two(state, "ABCDE");

    rich_mark(t.a, 1, 2, "strong", 1);
    rich_mark(t.b, 2, 3, "strong", 1);
    meet(&t);
    assert_both(&t, "A[strong=1|BC]DE");
}

static void a_link_does_not_grow_but_bold_over_it_does(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.b, 4, 12, "link", 1);
    rich_mark(t.b, 4, 12, "strong", 1);
    type(t.b, 12, "!");
    meet(&t);
    assert_both(&t, "The [link=1 strong=1|Peritext][strong=1|!] editor");
}

static void text_at_both_edges_of_an_unbolded_range(void **state)
{
    both t = two(state, "ABCDE");

    rich_mark(t.a, 0, 5, "strong", 1);
    rich_mark(t.a, 1, 4, "strong", 0);
    type(t.a, 1, "F");
    type(t.a, 5, "G");
    meet(&t);
    assert_both(&t, "[strong=1|AF]BCDG[strong=1|E]");
}

static void typing_beside_the_deleted_end_of_a_link_is_outside(void **state)
{
    both t = two(state, "ABCDE");

    rich_mark(t.a, 1, 4, "link", 1);
    erase(t.a, 1, 1);
    erase(t.a, 2, 1);
    type(t.a, 2, "F");
    meet(&t);
    assert_both(&t, "A[link=1|C]FE");
}

static void typing_where_all_bold_text_was_deleted_is_plain(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 4, 12, "strong", 1);
    erase(t.a, 4, 8);
    type(t.a, 4, "x");
    meet(&t);
    assert_both(&t, "The x editor");
}

static void replacing_bold_text_in_one_call_is_as_deleting_and_typing(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 4, 12, "strong", 1);
    assert_ok(sennit_doc_splice(t.a, 4, 8, "x", 1));
    meet(&t);
    assert_both(&t, "The x editor");
}

static void of_two_links_the_later_has_what_both_cover(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 4, 12, "link", 1);
    rich_mark(t.b, 8, 19, "link", 2);
    meet(&t);
    assert_both(&t, "The [link=1|Peri][link=2|text editor]");
}

static void comments_overlap_since_each_has_a_name_of_its_own(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 0, 12, "comment:1", 1);
    rich_mark(t.b, 4, 19, "comment:2", 2);
    meet(&t);
    assert_both(&t, "[comment:1=1|The ][comment:1=1 comment:2=2|Peritext][comment:2=2| editor]");
}

/* ---- blocks and embeds ---- */

static const sennit_value h1 = {.type = SENNIT_STRING, .data = "h1", .len = 2};

static void a_line_that_is_split_is_two_of_its_block(void **state)
{
    both t = two(state, "One\nTwo\n");

    assert_ok(sennit_mark_block(t.a, 1, &h1));
    assert_ok(sennit_mark_split(t.a, 1));
    type(t.b, 3, "!");
    meet(&t);
    assert_both(&t, "O[block=h1|\n]ne![block=h1|\n]Two\n");
    assert_ok(sennit_mark_block(t.a, 0, NULL));
    meet(&t);
    assert_both(&t, "O\nne![block=h1|\n]Two\n");
}

static void the_last_line_keeps_its_block_in_the_metadata(void **state)
{
    both t = two(state, "One\nTwo");
    sennit_value v;

    assert_ok(sennit_mark_block(t.a, 7, &h1));
    meet(&t);
    assert_int_equal(sennit_meta_get(t.b, SENNIT_META_LAST_BLOCK, strlen(SENNIT_META_LAST_BLOCK), &v), 1);
    assert_true(v.type == SENNIT_STRING && v.len == 2);
    assert_ok(sennit_mark_split(t.b, 7));
    meet(&t);
    assert_both(&t, "One\nTwo[block=h1|\n]");
    assert_ok(sennit_mark_block(t.b, 8, NULL));
    assert_int_equal(sennit_meta_get(t.b, SENNIT_META_LAST_BLOCK, strlen(SENNIT_META_LAST_BLOCK), &v), 0);
    assert_ok(sennit_mark_split(t.b, 1));
    meet(&t);
    assert_both(&t, "O\nne\nTwo[block=h1|\n]");
}

static void an_embed_that_two_change_and_one_deletes_comes_back_changed(void **state)
{
    both t = two(state, "xy");
    const sennit_value image = {.type = SENNIT_STRING, .data = "img1", .len = 4};
    const sennit_value other = {.type = SENNIT_STRING, .data = "img2", .len = 4};
    sennit_undo *undo;

    assert_ok(sennit_mark_embed(t.a, 1, &image));
    meet(&t);
    assert_both(&t, "x[embed=img1|\xef\xbf\xbc]y");
    assert_ok(sennit_undo_new(t.a, NULL, &undo));
    erase(t.a, 1, 3);
    assert_ok(sennit_mark_add(t.b, 1, 3, "embed", 5, &other, 0));
    meet(&t);
    assert_both(&t, "xy");
    assert_ok(sennit_undo_undo(undo));
    meet(&t);
    assert_both(&t, "x[embed=img2|\xef\xbf\xbc]y");
    type(t.a, 4, "!");
    meet(&t);
    assert_both(&t, "x[embed=img2|\xef\xbf\xbc]!y");
    sennit_undo_free(undo);
}

/* ---- reading ---- */

static void runs_are_counted_in_the_units_of_the_document(void **state)
{
    static const sennit_unit units[] = {SENNIT_BYTES, SENNIT_CODEPOINTS, SENNIT_UTF16};
    static const size_t at[][2] = {{2, 8}, {1, 3}, {1, 4}}; /* the two in the middle */
    stage *s = *state;

    for (size_t i = 0; i < 3; i++) {
        sennit_runs *runs;
        sennit_run run;

        s->options.unit = units[i];
        sennit_doc *doc = stage_doc(s, i + 1, "\xc3\xa9\xf0\x9f\x98\x80\xc3\xa8x");
        rich_mark(doc, at[i][0], at[i][1], "em", 1);
        assert_ok(sennit_mark_runs(doc, 0, sennit_doc_len(doc), &runs));
        assert_int_equal(sennit_runs_next(runs, &run), 1);
        assert_true(run.pos == 0 && run.len == at[i][0] && run.marks_len == 0);
        assert_int_equal(sennit_runs_next(runs, &run), 1);
        assert_true(run.pos == at[i][0] && run.len == at[i][1] - at[i][0] && run.marks_len == 1);
        assert_int_equal(sennit_runs_next(runs, &run), 1);
        assert_true(run.pos == at[i][1] && run.marks_len == 0);
        assert_int_equal(sennit_runs_next(runs, &run), 0);
        sennit_runs_free(runs);
    }
}

/* The marks of one character, read by itself. */
static size_t marks_at(const sennit_doc *doc, size_t pos)
{
    sennit_runs *runs;
    sennit_run run;

    assert_ok(sennit_mark_runs(doc, pos, 1, &runs));
    assert_int_equal(sennit_runs_next(runs, &run), 1);
    assert_int_equal(run.len, 1);
    sennit_runs_free(runs);
    return run.marks_len;
}

static void a_part_of_the_text_reads_as_that_part_of_all(void **state)
{
    both t = two(state, EDITOR);
    sennit_runs *runs;
    sennit_run run;

    rich_mark(t.a, 0, 12, "strong", 1);
    rich_mark(t.a, 4, 19, "em", 1);
    rich_mark(t.a, 6, 8, "link", 1);
    erase(t.a, 7, 3);
    for (size_t from = 0; from <= 16; from++)
        for (size_t to = from; to <= 16; to++) {
            size_t pos = from;

            assert_ok(sennit_mark_runs(t.a, from, to - from, &runs));
            while (sennit_runs_next(runs, &run) == 1)
                for (size_t end = pos + run.len; pos < end; pos++)
                    assert_int_equal(run.marks_len, marks_at(t.a, pos));
            assert_int_equal(pos, to);
            sennit_runs_free(runs);
        }
}

static void what_is_wrong_is_refused(void **state)
{
    both t = two(state, "a\xc3\xa9z");
    const sennit_value one = {.type = SENNIT_INT, .integer = 1};
    sennit_runs *runs;

    assert_refused(t.a, SENNIT_EINVAL, sennit_mark_add(t.a, 0, 0, "em", 2, &one, 0));
    assert_refused(t.a, SENNIT_EINVAL, sennit_mark_add(t.a, 0, 1, "em", 2, &one, 2));
    assert_refused(t.a, SENNIT_EINVAL, sennit_mark_add(t.a, 0, 1, "", 0, &one, 0));
    assert_refused(t.a, SENNIT_ERANGE, sennit_mark_add(t.a, 0, 5, "em", 2, &one, 0));
    assert_refused(t.a, SENNIT_ERANGE, sennit_mark_add(t.a, 4, SIZE_MAX, "em", 2, &one, 0));
    assert_refused(t.a, SENNIT_EUTF8, sennit_mark_add(t.a, 0, 2, "em", 2, &one, 0));
    assert_refused(t.a, SENNIT_EUTF8, sennit_mark_add(t.a, 2, 2, "em", 2, &one, 0));
    assert_refused(t.a, SENNIT_EUTF8, sennit_mark_embed(t.a, 2, &one));
    assert_refused(t.a, SENNIT_EINVAL, sennit_mark_embed(t.a, 0, NULL));
    assert_refused(t.a, SENNIT_ERANGE, sennit_mark_block(t.a, 5, &one));
    assert_refused(t.a, SENNIT_ERANGE, sennit_mark_split(t.a, 5));
    assert_int_equal(sennit_mark_runs(t.a, 0, 2, &runs), SENNIT_EUTF8);
    assert_int_equal(sennit_mark_runs(t.a, 3, 2, &runs), SENNIT_ERANGE);
    assert_null(runs);
}

/* ---- time ---- */

static void undoing_a_mark_shows_the_one_below(void **state)
{
    both t = two(state, "abc");
    sennit_undo *undo;

    assert_ok(sennit_undo_new(t.b, NULL, &undo));
    rich_mark(t.a, 0, 3, "strong", 1);
    rich_mark(t.b, 0, 2, "strong", 2);
    meet(&t);
    assert_both(&t, "[strong=2|ab][strong=1|c]");
    assert_ok(sennit_undo_undo(undo));
    meet(&t);
    assert_both(&t, "[strong=1|abc]");
    assert_ok(sennit_undo_redo(undo));
    meet(&t);
    assert_both(&t, "[strong=2|ab][strong=1|c]");
    sennit_undo_free(undo);
}

static void undoing_a_deletion_brings_marks_back_with_the_text(void **state)
{
    both t = two(state, EDITOR);
    sennit_undo *undo;

    assert_ok(sennit_undo_new(t.a, NULL, &undo));
    rich_mark(t.b, 4, 12, "link", 1);
    meet(&t);
    erase(t.a, 2, 15);
    meet(&t);
    assert_both(&t, "Thor");
    assert_ok(sennit_undo_undo(undo));
    meet(&t);
    assert_both(&t, "The [link=1|Peritext] editor");
    sennit_undo_free(undo);
}

static void an_abort_takes_marks_back_too(void **state)
{
    both t = two(state, EDITOR);
    doc_state before;

    rich_mark(t.a, 4, 12, "link", 1);
    doc_state_take(&before, t.a);
    assert_ok(sennit_doc_begin(t.a));
    rich_mark(t.a, 0, 12, "strong", 1);
    erase(t.a, 3, 4);
    type(t.a, 3, "typed");
    rich_mark(t.a, 3, 6, "em", 1);
    rich_mark(t.a, 4, 10, "link", 0);
    assert_ok(sennit_doc_abort(t.a));
    doc_check(t.a);
    assert_true(rich_is(t.a, "The [link=1|Peritext] editor"));
    doc_state_free(&before);
    meet(&t);
}

static void marks_survive_a_rebase(void **state)
{
    both t = two(state, EDITOR);

    rich_mark(t.a, 4, 12, "link", 1);
    type(t.a, 19, "!");
    rich_mark(t.a, 13, 20, "strong", 1);
    assert_ok(sennit_doc_rebase(t.a, 0, NULL));
    doc_check(t.a);
    assert_true(rich_is(t.a, "The [link=1|Peritext] [strong=1|editor!]"));
    meet(&t);
    assert_both(&t, "The [link=1|Peritext] [strong=1|editor!]");
}

static void marks_survive_compaction_and_reach_who_knows_less(void **state)
{
    both t = two(state, EDITOR);
    sennit_buf version;

    sennit_buf_init(&version, NULL);
    rich_mark(t.a, 4, 12, "link", 1);
    erase(t.a, 6, 4);
    assert_ok(sennit_mark_block(t.a, 0, &h1));
    doc_version(t.a, &version);
    assert_ok(sennit_doc_compact(t.a, version.data, version.len, NULL));
    doc_check(t.a);
    assert_true(rich_is(t.a, "The [link=1|Pext] editor"));
    t.s->buf.len = 0;
    doc_snapshot(t.a, &t.s->buf);
    assert_ok(sennit_doc_apply(t.b, t.s->buf.data, t.s->buf.len, NULL, NULL, &t.s->err));
    doc_check(t.b);
    assert_both(&t, "The [link=1|Pext] editor");
    rich_mark(t.b, 0, 3, "em", 1);
    doc_catch_up(t.a, t.b);
    assert_both(&t, "[em=1|The] [link=1|Pext] editor");
    sennit_buf_clear(&version);
}

static void marks_wait_for_the_text_they_are_on(void **state)
{
    both t = two(state, "ab");
    sennit_applied applied;

    type(t.a, 1, "xyz");
    doc_catch_up(t.b, t.a);
    rich_mark(t.b, 1, 4, "link", 1);
    rich_mark(t.b, 0, 2, "em", 1);
    sennit_doc *late = stage_doc(t.s, 3, "ab");
    assert_ok(sennit_doc_own_delta(t.b, 0, NULL, &t.s->buf));
    for (int i = 0; i < 2; i++) {
        assert_ok(sennit_doc_apply(late, t.s->buf.data, t.s->buf.len, NULL, &applied, NULL));
        assert_int_equal(applied.parked, 2);
    }
    assert_true(rich_is(late, "ab"));
    doc_catch_up(late, t.a);
    assert_true(rich_is(late, "[em=1|a][em=1 link=1|x][link=1|yz]b"));
    assert_true(doc_agree(late, t.b));
}

static void marks_are_told_to_who_wants_them(void **state)
{
    both t = two(state, EDITOR);
    sennit_patch patch;

    sennit_doc_watch(t.a, SENNIT_WATCH_REMOTE | SENNIT_WATCH_LOCAL | SENNIT_WATCH_MARKS);
    sennit_doc_watch(t.b, SENNIT_WATCH_REMOTE | SENNIT_WATCH_MARKS);
    rich_mark(t.a, 4, 12, "link", 1);
    assert_int_equal(sennit_doc_next_patch(t.a, &patch), 1);
    assert_true(patch.what == SENNIT_PATCH_MARK && patch.pos == 4 && patch.removed == 8 &&
                patch.inserted == 8 && patch.text == NULL && patch.local);
    assert_int_equal(patch.name_len, 4);
    assert_memory_equal(patch.name, "link", 4);
    assert_int_equal(sennit_doc_next_patch(t.a, &patch), 0);
    rich_mark(t.b, 0, 3, "em", 1);
    assert_int_equal(sennit_doc_next_patch(t.b, &patch), 0);
    meet(&t);
    assert_int_equal(sennit_doc_next_patch(t.b, &patch), 1);
    assert_true(patch.what == SENNIT_PATCH_MARK && patch.pos == 4 && !patch.local &&
                patch.replica == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(overlapping_bold_and_italic_both_hold),
        STAGE_TEST(text_typed_at_the_end_of_bold_and_italic_has_both_kinds),
        STAGE_TEST(bold_and_then_unbold_of_a_part_by_another),
        STAGE_TEST(unbold_inside_bold),
        STAGE_TEST(bold_grows_at_its_end_only),
        STAGE_TEST(text_between_bold_and_italic_takes_the_left_one),
        STAGE_TEST(text_between_bold_and_what_was_unbolded_behind_it_is_bold),
        STAGE_TEST(text_behind_what_was_unbolded_is_not_bold),
        STAGE_TEST(bold_of_neighbours_by_two_is_one_run),
        STAGE_TEST(a_link_does_not_grow_but_bold_over_it_does),
        STAGE_TEST(text_at_both_edges_of_an_unbolded_range),
        STAGE_TEST(typing_beside_the_deleted_end_of_a_link_is_outside),
        STAGE_TEST(typing_where_all_bold_text_was_deleted_is_plain),
        STAGE_TEST(replacing_bold_text_in_one_call_is_as_deleting_and_typing),
        STAGE_TEST(of_two_links_the_later_has_what_both_cover),
        STAGE_TEST(comments_overlap_since_each_has_a_name_of_its_own),
        STAGE_TEST(a_line_that_is_split_is_two_of_its_block),
        STAGE_TEST(the_last_line_keeps_its_block_in_the_metadata),
        STAGE_TEST(an_embed_that_two_change_and_one_deletes_comes_back_changed),
        STAGE_TEST(runs_are_counted_in_the_units_of_the_document),
        STAGE_TEST(a_part_of_the_text_reads_as_that_part_of_all),
        STAGE_TEST(what_is_wrong_is_refused),
        STAGE_TEST(undoing_a_mark_shows_the_one_below),
        STAGE_TEST(undoing_a_deletion_brings_marks_back_with_the_text),
        STAGE_TEST(an_abort_takes_marks_back_too),
        STAGE_TEST(marks_survive_a_rebase),
        STAGE_TEST(marks_survive_compaction_and_reach_who_knows_less),
        STAGE_TEST(marks_wait_for_the_text_they_are_on),
        STAGE_TEST(marks_are_told_to_who_wants_them),
    };

    return RUN_TESTS(tests);
}
