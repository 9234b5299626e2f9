/* What an abort has to put back, case by case. Each is played twice: with a
 * transaction that is taken back in the middle, and without it; whatever happens
 * then must make the same document, down to the next change's time. */
#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

/* An edit: text at pos in place of n bytes; or the time. */
typedef struct step {
    size_t pos, n;
    const char *text;
    uint64_t ms;
} step;

#define TYPE(at, what) {.pos = (at), .text = (what)}
#define ERASE(at, count) {.pos = (at), .n = (count), .text = ""}
#define TIME(when) {.ms = (when)}
#define MOST 8

typedef struct play {
    step before[MOST], taken_back[MOST], after[MOST];
} play;

static void act(sennit_doc *doc, const step *steps)
{
    for (const step *s = steps; s < steps + MOST && (s->text != NULL || s->ms > 0); s++)
        if (s->ms > 0)
            sennit_doc_set_time(doc, s->ms);
        else if (s->n == 0)
            assert_ok(sennit_doc_insert(doc, s->pos, s->text, strlen(s->text)));
        else
            assert_ok(sennit_doc_delete(doc, s->pos, s->n));
}

/* Steps that a host takes without the transaction: its time goes on. */
static void act_time(sennit_doc *doc, const step *steps)
{
    for (const step *s = steps; s < steps + MOST; s++)
        if (s->ms > 0)
            sennit_doc_set_time(doc, s->ms);
}

static void assert_taken_back(void **state, const play *p)
{
    stage *s = *state;
    sennit_buf identity;
    doc_state before;

    s->options.coalesce_ms = 50;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *plain = stage_doc(s, 1, "seed");
    act(doc, p->before);
    act(plain, p->before);
    doc_state_take(&before, doc);
    assert_ok(sennit_doc_begin(doc));
    act(doc, p->taken_back);
    doc_check(doc);
    assert_ok(sennit_doc_abort(doc));
    assert_true(doc_state_same(&before, doc));
    doc_state_free(&before);
    act_time(plain, p->taken_back);
    act(doc, p->after);
    act(plain, p->after);
    assert_true(doc_agree(doc, plain));
    sennit_buf_init(&identity, NULL);
    s->buf.len = 0;
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &s->buf));
    assert_ok(sennit_doc_save(plain, SENNIT_SAVE_IDENTITY, &identity));
    assert_true(buf_equal(&s->buf, &identity));
    sennit_buf_clear(&identity);
}

static void the_first_text_of_a_replica(void **state)
{
    assert_taken_back(state, &(play){.taken_back = {TYPE(2, "abc")}, .after = {TYPE(2, "xy")}});
}

static void what_a_run_was_continued_with(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abc")},
                                     .taken_back = {TYPE(7, "def")},
                                     .after = {TYPE(7, "D"), TYPE(0, "!")}});
}

static void what_a_run_was_continued_with_and_more_elsewhere(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abc")},
                                     .taken_back = {TYPE(7, "def"), TYPE(0, "x"), TYPE(5, "yyyyy"),
                                                    TYPE(2, "zz")},
                                     .after = {TYPE(7, "D"), TYPE(0, "!"), TYPE(4, "?")}});
}

static void what_a_run_was_continued_with_and_deleted(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abc")},
                                     .taken_back = {TYPE(7, "def"), ERASE(5, 4), TYPE(5, "g")},
                                     .after = {ERASE(5, 1), TYPE(5, "h")}});
}

static void what_a_run_was_continued_with_and_its_child(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abc")},
                                     .taken_back = {TYPE(7, "def"), TYPE(0, "x"), TYPE(11, "y")},
                                     .after = {TYPE(7, "z"), TYPE(0, "!"), TYPE(9, "?")}});
}

static void text_that_hangs_on_text_taken_back(void **state)
{
    assert_taken_back(state, &(play){.taken_back = {TYPE(4, "a"), TYPE(0, "b"), TYPE(6, "c"),
                                                    TYPE(0, "d"), TYPE(7, "e")},
                                     .after = {TYPE(4, "f"), TYPE(0, "g"), TYPE(6, "h")}});
}

static void a_first_right_child(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(2, "ab"), TYPE(3, "X")},
                                     .taken_back = {TYPE(4, "Y"), TYPE(3, "Z")},
                                     .after = {TYPE(4, "y"), TYPE(3, "z")}});
}

static void a_right_child_of_one_of_many(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abc"), TYPE(0, "q")},
                                     .taken_back = {TYPE(8, "Y")}, /* c has none before */
                                     .after = {TYPE(8, "y"), TYPE(9, "z")}});
}

static void deletes_of_text_that_was_there(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abc"), TYPE(2, "xyz"), ERASE(3, 1)},
                                     .taken_back = {ERASE(1, 3), ERASE(0, 2), ERASE(2, 1)},
                                     .after = {ERASE(2, 3)}});
}

static void a_delete_of_old_and_of_new_text(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abc")},
                                     .taken_back = {TYPE(7, "def"), TYPE(3, "xyz"), ERASE(1, 11)},
                                     .after = {ERASE(1, 2), TYPE(1, "new")}});
}

static void runs_of_deletes_in_both_directions(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abcdef"), ERASE(9, 1)},
                                     .taken_back = {ERASE(8, 1), ERASE(7, 1), TYPE(7, "!"),
                                                    ERASE(0, 1), ERASE(0, 1)},
                                     .after = {ERASE(8, 1), ERASE(7, 1)}});
}

static void part_of_a_run_of_deletes(void **state)
{
    assert_taken_back(state, &(play){.before = {TYPE(4, "abcdef"), ERASE(6, 1), ERASE(6, 1)},
                                     .taken_back = {ERASE(6, 1), ERASE(6, 1)},
                                     .after = {ERASE(6, 1), TYPE(6, "new")}});
}

static void changes_begun_by_pauses(void **state)
{
    assert_taken_back(state, &(play){.before = {TIME(100), TYPE(4, "a")},
                                     .taken_back = {TIME(1000), TYPE(5, "b"), TIME(2000), ERASE(0, 1)},
                                     .after = {TYPE(5, "c")}});
}

/* The pause counts from the edit before the transaction. */
static void the_time_of_the_last_edit(void **state)
{
    assert_taken_back(state, &(play){.before = {TIME(100), TYPE(4, "a")},
                                     .taken_back = {TIME(140), TYPE(5, "b")},
                                     .after = {TIME(160), TYPE(5, "c")}});
    assert_taken_back(state, &(play){.before = {TIME(100), TYPE(4, "a")},
                                     .taken_back = {TIME(160), TYPE(5, "b")},
                                     .after = {TIME(120), TYPE(5, "c")}});
}

static void one_transaction_after_the_other(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    doc_state before;

    assert_ok(sennit_doc_insert(doc, 4, "abc", 3));
    doc_state_take(&before, doc);
    for (int i = 0; i < 4; i++) {
        assert_ok(sennit_doc_begin(doc));
        assert_ok(sennit_doc_splice(doc, 1, 4, "xyz", 3));
        assert_ok(sennit_doc_abort(doc));
        assert_true(doc_state_same(&before, doc));
    }
    doc_state_free(&before);
    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_splice(doc, 1, 4, "xyz", 3));
    assert_ok(sennit_doc_commit(doc));
    assert_text(doc, "sxyzbc");
}

static void text_of_others_that_was_deleted_before_stays_so(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    doc_state before;

    assert_ok(sennit_doc_insert(other, 2, "other", 5));
    assert_ok(sennit_doc_delete(other, 4, 2));
    doc_catch_up(doc, other); /* seot[he]red */
    doc_state_take(&before, doc);
    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_delete(doc, 1, 5));
    assert_ok(sennit_doc_insert(doc, 1, "new", 3));
    assert_ok(sennit_doc_abort(doc));
    assert_true(doc_state_same(&before, doc));
    doc_state_free(&before);
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
}

/* What was told and not taken yet names text that the abort takes away, and later
 * edits overwrite. */
static void patches_of_an_aborted_edit_never_show_later_text(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    sennit_patch patch;
    size_t shown = 4;

    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_insert(doc, 0, "aborted", 7));
    assert_ok(sennit_doc_abort(doc));
    assert_ok(sennit_doc_insert(doc, 0, "\xc3\xa9", 2));
    for (bool first = true; sennit_doc_next_patch(doc, &patch) == 1; first = false) {
        if (patch.len == 7)
            assert_memory_equal(patch.text, "aborted", 7);
        assert_true(!patch.reset || first);
        shown += patch.inserted - patch.removed;
    }
    assert_int_equal(shown, sennit_doc_len(doc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(patches_of_an_aborted_edit_never_show_later_text),
        STAGE_TEST(the_first_text_of_a_replica),
        STAGE_TEST(what_a_run_was_continued_with),
        STAGE_TEST(what_a_run_was_continued_with_and_more_elsewhere),
        STAGE_TEST(what_a_run_was_continued_with_and_deleted),
        STAGE_TEST(what_a_run_was_continued_with_and_its_child),
        STAGE_TEST(text_that_hangs_on_text_taken_back),
        STAGE_TEST(a_first_right_child),
        STAGE_TEST(a_right_child_of_one_of_many),
        STAGE_TEST(deletes_of_text_that_was_there),
        STAGE_TEST(a_delete_of_old_and_of_new_text),
        STAGE_TEST(runs_of_deletes_in_both_directions),
        STAGE_TEST(part_of_a_run_of_deletes),
        STAGE_TEST(changes_begun_by_pauses),
        STAGE_TEST(the_time_of_the_last_edit),
        STAGE_TEST(one_transaction_after_the_other),
        STAGE_TEST(text_of_others_that_was_deleted_before_stays_so),
    };

    return RUN_TESTS(tests);
}
