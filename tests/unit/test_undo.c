#include "core/history/undo.h"

#include "support/stage.h"

#include <string.h>

/* A document in which replica 1 may undo, with the given pause. */
static sennit_undo *undo_of(sennit_doc *doc, uint64_t pause_ms, size_t depth)
{
    const sennit_undo_options options = {.size = sizeof options, .pause_ms = pause_ms,
                                         .depth = depth};
    sennit_undo *undo;

    assert_ok(sennit_undo_new(doc, &options, &undo));
    return undo;
}

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

/* A step of its own. */
static void type_step(sennit_undo *undo, size_t pos, const char *text)
{
    assert_ok(sennit_undo_break(undo));
    type(undo->doc, pos, text);
}

static void erase_step(sennit_undo *undo, size_t pos, size_t n)
{
    assert_ok(sennit_undo_break(undo));
    assert_ok(sennit_doc_delete(undo->doc, pos, n));
}

#define assert_steps(undo, can_undo, can_redo)                          \
    do {                                                                \
        assert_int_equal(sennit_undo_can_undo(undo), can_undo);         \
        assert_int_equal(sennit_undo_can_redo(undo), can_redo);         \
    } while (0)

/* ---- what comes back ---- */

static void typing_is_taken_back_and_done_again(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    sennit_undo *undo = undo_of(doc, 0, 0);

    assert_steps(undo, 0, 0);
    assert_int_equal(sennit_undo_undo(undo), SENNIT_ERANGE);
    assert_int_equal(sennit_undo_redo(undo), SENNIT_ERANGE);
    type(doc, 4, "ling");
    assert_steps(undo, 1, 0);
    erase_step(undo, 0, 1);
    assert_text(doc, "eedling");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "seedling");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "seed");
    assert_steps(undo, 0, 2);
    for (unsigned i = 0; i < 3; i++) {
        assert_ok(sennit_undo_redo(undo));
        assert_ok(sennit_undo_redo(undo));
        assert_text(doc, "eedling");
        assert_int_equal(sennit_undo_redo(undo), SENNIT_ERANGE);
        assert_ok(sennit_undo_undo(undo));
        assert_ok(sennit_undo_undo(undo));
        assert_text(doc, "seed");
    }
    sennit_undo_free(undo);
}

/* Who wrote the byte at a position, and its number, by an anchor to it. */
static sennit_anchor id_at(const sennit_doc *doc, size_t pos)
{
    sennit_anchor anchor;

    assert_ok(sennit_doc_anchor(doc, pos, SENNIT_ANCHOR_BEFORE, &anchor));
    return anchor;
}

static void anchors_and_authors_survive_what_is_brought_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_undo *undo = undo_of(doc, 0, 0);
    sennit_anchor anchor, end;
    sennit_chunk chunk;
    size_t pos;

    sennit_doc_set_time(other, 5000);
    type(other, 2, "word");
    doc_catch_up(doc, other);
    assert_text(doc, "seworded");
    assert_ok(sennit_doc_anchor(doc, 4, SENNIT_ANCHOR_BEFORE, &anchor));
    assert_ok(sennit_doc_anchor(doc, 4, SENNIT_ANCHOR_AFTER, &end));
    erase_step(undo, 1, 6);
    assert_text(doc, "sd");
    assert_ok(sennit_doc_resolve(doc, &anchor, &pos));
    assert_int_equal(pos, 1);
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "seworded");
    assert_ok(sennit_doc_resolve(doc, &anchor, &pos));
    assert_int_equal(pos, 4);
    assert_ok(sennit_doc_resolve(doc, &end, &pos));
    assert_int_equal(pos, 4);
    sennit_anchor now = id_at(doc, 4);
    assert_true(now.replica == anchor.replica && now.number == anchor.number);
    assert_ok(sennit_doc_chunk(doc, 3, &chunk));
    assert_int_equal(chunk.replica, 2);
    assert_int_equal(chunk.unix_ms, 5000);
    assert_memory_equal(chunk.text, "ord", 3);
    sennit_undo_free(undo);
}

static void what_is_redone_is_the_same_text(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(doc, 0, 0);
    size_t pos;

    type(doc, 0, "again");
    sennit_anchor anchor = id_at(doc, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_ok(sennit_undo_undo(undo));
        assert_text(doc, "");
        assert_ok(sennit_undo_redo(undo));
        assert_text(doc, "again");
        assert_ok(sennit_doc_resolve(doc, &anchor, &pos));
        assert_int_equal(pos, 3);
    }
    sennit_stat stat;
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.inserted_bytes, 5);
    assert_int_equal(stat.operations, 5 + 1 + 5); /* one delete, then toggles */
    sennit_undo_free(undo);
}

/* ---- others ---- */

static void what_others_typed_inside_stays(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "()"), *other = stage_doc(s, 2, "()");
    sennit_undo *undo = undo_of(doc, 0, 0);

    type(doc, 1, "mine");
    doc_catch_up(other, doc);
    type(other, 3, "THEIRS");
    doc_catch_up(doc, other);
    assert_text(doc, "(miTHEIRSne)");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "(THEIRS)");
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "(miTHEIRSne)");
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
    sennit_undo_free(undo);
}

static void what_others_deleted_stays_deleted(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, ""), *other = stage_doc(s, 2, "");
    sennit_undo *undo = undo_of(doc, 0, 0);

    type(doc, 0, "abcdef");
    doc_catch_up(other, doc);
    assert_ok(sennit_doc_delete(other, 1, 2));
    doc_catch_up(doc, other);
    assert_text(doc, "adef");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "");
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "adef");
    sennit_undo_free(undo);
}

static void undoing_my_delete_leaves_anothers_in_force(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abcdef"), *other = stage_doc(s, 2, "abcdef");
    sennit_undo *undo = undo_of(doc, 0, 0);

    assert_ok(sennit_doc_delete(other, 2, 3)); /* cde */
    assert_ok(sennit_doc_delete(doc, 1, 2));   /* bc, at the same time */
    doc_catch_up(doc, other);
    assert_text(doc, "af");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "abf");
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "af");
    sennit_undo_free(undo);
}

/* Two undo each other's delete, and only the last word counts. */
static void who_decided_since_prevails(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abc"), *other = stage_doc(s, 2, "abc");
    sennit_undo *undo = undo_of(doc, 0, 0), *theirs = undo_of(other, 0, 0);
    const uint64_t one = 1;

    assert_ok(sennit_doc_delete(doc, 1, 1));
    assert_ok(sennit_undo_undo(undo));
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "ac");
    doc_catch_up(other, doc);
    assert_ok(sennit_undo_range(theirs, &one, 1, NULL, 0, NULL, 0));
    assert_text(other, "abc");
    doc_catch_up(doc, other);
    assert_text(doc, "abc");
    assert_steps(undo, 1, 0);
    uint64_t own = sennit_doc_own_count(doc);
    assert_ok(sennit_undo_undo(undo)); /* nothing of it is this one's to decide */
    assert_text(doc, "abc");
    assert_int_equal(sennit_doc_own_count(doc), own);
    assert_steps(undo, 0, 1);
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "abc");
    sennit_undo_free(undo);
    sennit_undo_free(theirs);
}

static void undo_is_in_deltas_snapshots_and_patches(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_undo *undo = undo_of(doc, 0, 0);
    sennit_patch p;

    erase_step(undo, 0, 2);
    type_step(undo, 0, "w");
    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    uint64_t own = sennit_doc_own_count(doc);
    assert_ok(sennit_undo_undo(undo));
    assert_ok(sennit_undo_undo(undo));
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_true(p.local && p.pos == 0 && p.removed == 1 && p.inserted == 0);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_true(p.local && p.pos == 0 && p.removed == 0 && p.inserted == 2 && p.replica == 1);
    assert_memory_equal(p.text, "se", 2);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
    assert_ok(sennit_doc_own_delta(doc, 0, NULL, &s->buf));
    assert_ok(sennit_doc_apply(other, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_text(other, "seed");
    assert_true(doc_agree(doc, other));
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(doc, own, NULL, &s->buf));
    assert_true(s->buf.len > 0);
    sennit_undo_free(undo);
}

/* ---- steps ---- */

static void a_pause_ends_a_step(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(doc, 100, 0);

    sennit_doc_set_time(doc, 1000);
    for (unsigned i = 0; i < 4; i++)
        type(doc, i, "a");
    sennit_doc_set_time(doc, 1100); /* so long and no longer */
    type(doc, 4, "b");
    sennit_doc_set_time(doc, 1201);
    type(doc, 5, "c");
    type(doc, 6, "c");
    sennit_doc_set_time(doc, 1150); /* a clock that goes back ends nothing */
    type(doc, 7, "c");
    sennit_doc_set_time(doc, 9000); /* nor does time alone */
    sennit_doc_set_time(doc, 1160);
    type(doc, 8, "c");
    assert_steps(undo, 2, 0);
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "aaaab");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "");
    sennit_undo_free(undo);
}

static void a_pause_is_noticed_in_the_midst_of_typing(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *short_one = undo_of(doc, 10, 0), *long_one = undo_of(doc, 50, 0);

    for (unsigned i = 0; i < 40; i++) {
        sennit_doc_set_time(doc, 1000 + 20 * i);
        type(doc, i, "x");
    }
    assert_steps(short_one, 40, 0);
    assert_steps(long_one, 1, 0);
    sennit_undo_free(short_one);
    for (unsigned i = 40; i < 50; i++) {
        sennit_doc_set_time(doc, 1000 + 20 * i);
        type(doc, i, "x");
    }
    assert_steps(long_one, 1, 0);
    assert_ok(sennit_undo_undo(long_one));
    assert_text(doc, "");
    sennit_undo_free(long_one);
    assert_int_equal(doc->quick_ms, doc->coalesce_ms);
}

static void a_new_edit_ends_redo(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(doc, 0, 0);

    type_step(undo, 0, "a");
    type_step(undo, 1, "b");
    assert_ok(sennit_undo_undo(undo));
    assert_ok(sennit_undo_undo(undo));
    assert_steps(undo, 0, 2);
    type(doc, 0, "c");
    assert_steps(undo, 1, 0);
    assert_int_equal(sennit_undo_redo(undo), SENNIT_ERANGE);
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "");
    sennit_undo_free(undo);
}

static void edits_of_others_do_not_end_redo(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, ""), *other = stage_doc(s, 2, "");
    sennit_undo *undo = undo_of(doc, 0, 0);

    type(doc, 0, "a");
    assert_ok(sennit_undo_undo(undo));
    type(other, 0, "b");
    doc_catch_up(doc, other);
    assert_steps(undo, 0, 1);
    assert_ok(sennit_undo_redo(undo));
    assert_int_equal(sennit_doc_len(doc), 2);
    sennit_undo_free(undo);
}

static void a_transaction_is_one_step(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(doc, 100, 0);

    sennit_doc_set_time(doc, 1000);
    type(doc, 0, "before ");
    sennit_doc_set_time(doc, 2000);
    assert_ok(sennit_doc_begin(doc));
    type(doc, 7, "one ");
    sennit_doc_set_time(doc, 3000);
    type(doc, 11, "two");
    assert_int_equal(sennit_undo_undo(undo), SENNIT_EBUSY);
    assert_int_equal(sennit_undo_redo(undo), SENNIT_EBUSY);
    assert_int_equal(sennit_undo_range(undo, NULL, 0, NULL, 0, NULL, 0), SENNIT_EBUSY);
    assert_int_equal(sennit_undo_save(undo, &s->buf), SENNIT_EBUSY);
    assert_steps(undo, 1, 0);
    assert_ok(sennit_doc_commit(doc));
    assert_steps(undo, 2, 0);
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "before ");
    sennit_undo_free(undo);
}

static void an_aborted_transaction_leaves_steps_alone(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(doc, 100, 0);

    type_step(undo, 0, "a");
    type_step(undo, 1, "b");
    assert_ok(sennit_undo_undo(undo));
    assert_steps(undo, 1, 1);
    assert_ok(sennit_doc_begin(doc));
    sennit_doc_set_time(doc, 500000);
    type(doc, 0, "c");
    assert_ok(sennit_undo_break(undo));
    assert_ok(sennit_undo_select(undo, NULL, 0));
    type(doc, 0, "d");
    assert_ok(sennit_doc_abort(doc));
    assert_steps(undo, 1, 1);
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "ab");
    assert_ok(sennit_undo_undo(undo));
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "");
    sennit_undo_free(undo);
}

static void only_so_many_steps_are_kept(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(doc, 0, 3);

    for (unsigned i = 0; i < 200; i++)
        type_step(undo, i, "x");
    assert_steps(undo, 3, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_ok(sennit_undo_undo(undo));
    assert_int_equal(sennit_undo_undo(undo), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_len(doc), 197);
    assert_steps(undo, 0, 3);
    sennit_undo_free(undo);
}

static void what_is_edited_while_it_looks_away_is_not_its_business(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *ann = undo_of(doc, 0, 0), *bob = undo_of(doc, 0, 0);

    assert_ok(sennit_undo_track(bob, 0));
    type(doc, 0, "ann");
    assert_ok(sennit_undo_track(ann, 0));
    assert_ok(sennit_undo_track(bob, 1));
    type(doc, 1, "BOB");
    assert_ok(sennit_undo_track(bob, 0));
    assert_ok(sennit_undo_track(ann, 1));
    type(doc, 6, "!");
    assert_text(doc, "aBOBnn!");
    assert_steps(ann, 2, 0);
    assert_steps(bob, 1, 0);
    assert_ok(sennit_undo_undo(ann));
    assert_ok(sennit_undo_undo(ann));
    assert_text(doc, "BOB");
    assert_ok(sennit_undo_undo(bob));
    assert_text(doc, "");
    assert_ok(sennit_undo_redo(ann));
    assert_text(doc, "ann");
    assert_steps(bob, 0, 1);
    sennit_undo_free(bob);
    sennit_undo_free(ann);
}

static void selections_come_back_with_steps(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");
    sennit_undo *undo = undo_of(doc, 0, 0);
    sennit_anchor at[2];
    size_t n;

    assert_null(sennit_undo_selection(undo, &n));
    assert_int_equal(n, 0);
    at[0] = id_at(doc, 0);
    at[1] = id_at(doc, 2);
    assert_ok(sennit_undo_select(undo, at, 2));
    erase_step(undo, 0, 2);
    at[0] = id_at(doc, 1);
    assert_ok(sennit_undo_select(undo, at, 1));
    assert_ok(sennit_undo_undo(undo));
    const sennit_anchor *back = sennit_undo_selection(undo, &n);
    assert_int_equal(n, 2);
    assert_int_equal(back[0].number, 0);
    assert_int_equal(back[1].number, 2);
    assert_ok(sennit_undo_redo(undo));
    back = sennit_undo_selection(undo, &n);
    assert_int_equal(n, 1);
    assert_int_equal(back[0].number, 3);
    assert_int_equal(sennit_undo_select(undo, NULL, 1), SENNIT_EINVAL);
    sennit_undo_free(undo);
}

/* ---- anybody's operations ---- */

static void all_that_somebody_did_since_can_be_taken_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "one two"), *bob = stage_doc(s, 2, "one two");
    sennit_undo *undo = undo_of(doc, 0, 0);
    const uint64_t bobs[] = {2, 77};
    sennit_buf since;

    sennit_buf_init(&since, NULL);
    type(bob, 7, " three");
    doc_catch_up(doc, bob);
    doc_version(doc, &since);
    assert_ok(sennit_doc_delete(bob, 0, 4)); /* one */
    type(bob, 0, "BOB ");
    doc_catch_up(doc, bob);
    type(doc, 2, "ann");
    assert_text(doc, "BOannB two three");
    assert_ok(sennit_undo_range(undo, bobs, 2, since.data, since.len, NULL, 0));
    assert_int_equal(sennit_undo_can_undo(undo), 2);
    assert_text(doc, "annone two three");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "BOannB two three");
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "annone two three");
    sennit_buf_clear(&since);
    sennit_undo_free(undo);
}

/* Bob deleted and took that back: with both undone, Ann's text has to stay. */
static void a_delete_and_its_undo_cancel_out(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text"), *bob = stage_doc(s, 2, "text");
    sennit_undo *undo = undo_of(doc, 0, 0), *bobs = undo_of(bob, 0, 0);
    const uint64_t two = 2;

    assert_ok(sennit_doc_delete(bob, 0, 4));
    assert_ok(sennit_undo_undo(bobs));
    doc_catch_up(doc, bob);
    assert_text(doc, "text");
    assert_ok(sennit_undo_range(undo, &two, 1, NULL, 0, NULL, 0));
    assert_text(doc, "text");
    assert_steps(undo, 0, 0); /* there was nothing to take back */
    assert_ok(sennit_undo_redo(bobs));
    doc_catch_up(doc, bob);
    assert_text(doc, "");
    assert_ok(sennit_undo_range(undo, &two, 1, NULL, 0, NULL, 0));
    assert_text(doc, "text");
    assert_steps(undo, 1, 0);
    sennit_undo_free(undo);
    sennit_undo_free(bobs);
}

static void everything_can_be_taken_back_down_to_what_was_seeded(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *bob = stage_doc(s, 2, "seed");
    sennit_undo *undo = undo_of(doc, 0, 0);
    sennit_buf since;

    sennit_buf_init(&since, NULL);
    doc_version(doc, &since);
    type(bob, 0, "bob");
    assert_ok(sennit_doc_delete(bob, 4, 2));
    doc_catch_up(doc, bob);
    type(doc, 2, "ann");
    assert_ok(sennit_undo_range(undo, NULL, 0, since.data, since.len, NULL, 0));
    assert_text(doc, "seed");
    assert_ok(sennit_undo_range(undo, NULL, 0, NULL, 0, NULL, 0)); /* and that as well */
    assert_text(doc, "");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "seed");
    sennit_buf_clear(&since);
    sennit_undo_free(undo);
}

static void versions_may_count_what_is_not_known_and_half_a_character(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(doc, 0, 0);
    /* two of replica 1's and five of one that nobody knows; the euro has three bytes */
    static const uint8_t cut[] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 9, 0, 0, 0, 0, 0, 0, 0, 5};
    static const uint8_t all[] = {1, 0, 0, 0, 0, 0, 0, 0, 200};

    type(doc, 0, "\xe2\x82\xac and \xe2\x82\xac");
    assert_ok(sennit_undo_range(undo, NULL, 0, NULL, 0, cut, sizeof cut));
    assert_steps(undo, 1, 0); /* no whole character */
    assert_ok(sennit_undo_range(undo, NULL, 0, cut, sizeof cut, NULL, 0));
    assert_text(doc, "");
    assert_ok(sennit_undo_undo(undo));
    assert_ok(sennit_undo_range(undo, NULL, 0, cut, sizeof cut, cut, sizeof cut));
    assert_int_equal(sennit_undo_range(undo, NULL, 0, all, sizeof all - 1, NULL, 0),
                     SENNIT_ECORRUPT);
    assert_int_equal(sennit_undo_range(undo, NULL, 0, NULL, 0, "x", 1), SENNIT_ECORRUPT);
    assert_text(doc, "\xe2\x82\xac and \xe2\x82\xac");
    assert_steps(undo, 1, 1);
    sennit_undo_free(undo);
}

/* ---- what is not here any more ---- */

static void a_step_whose_text_is_gone_is_dropped(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "some text"), *small;
    sennit_undo *undo = undo_of(doc, 0, 0);
    const uint64_t one = 1;
    sennit_buf steps;

    sennit_buf_init(&steps, NULL);
    type_step(undo, 0, "now ");
    erase_step(undo, 2, 6); /* w some */
    assert_ok(sennit_undo_save(undo, &steps));
    sennit_undo_free(undo);
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_LIVE_ONLY | SENNIT_SAVE_IDENTITY, &s->buf));
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &small, NULL));
    assert_ok(sennit_undo_load(stage_keep(s, small), NULL, steps.data, steps.len, &undo, NULL));
    assert_steps(undo, 2, 0);
    assert_refused(small, SENNIT_EGONE, sennit_undo_undo(undo));
    assert_steps(undo, 1, 0);
    assert_refused(small, SENNIT_EGONE, sennit_undo_range(undo, &one, 1, NULL, 0, NULL, 0));
    assert_ok(sennit_undo_undo(undo));
    assert_text(small, " text");
    assert_ok(sennit_undo_redo(undo));
    assert_text(small, "no text");
    sennit_buf_clear(&steps);
    sennit_undo_free(undo);
}

static void without_its_document_it_does_nothing(void **state)
{
    stage *s = *state;
    sennit_options options = s->options;
    sennit_doc *doc;
    size_t n;

    assert_ok(sennit_doc_new(&options, &doc));
    sennit_undo *undo = undo_of(doc, 0, 0), *other = undo_of(doc, 0, 0);
    type(doc, 0, "a");
    assert_ok(sennit_undo_select(undo, &(sennit_anchor){0, 0, SENNIT_ANCHOR_START}, 1));
    sennit_undo_free(other);
    sennit_doc_free(doc);
    assert_int_equal(sennit_undo_undo(undo), SENNIT_EINVAL);
    assert_int_equal(sennit_undo_redo(undo), SENNIT_EINVAL);
    assert_int_equal(sennit_undo_break(undo), SENNIT_EINVAL);
    assert_int_equal(sennit_undo_track(undo, 1), SENNIT_EINVAL);
    assert_int_equal(sennit_undo_select(undo, NULL, 0), SENNIT_EINVAL);
    assert_int_equal(sennit_undo_save(undo, &s->buf), SENNIT_EINVAL);
    assert_int_equal(sennit_undo_range(undo, NULL, 0, NULL, 0, NULL, 0), SENNIT_EINVAL);
    assert_steps(undo, 1, 0);
    assert_non_null(sennit_undo_selection(undo, &n));
    sennit_undo_free(undo);
    sennit_undo_free(NULL);
}

static void options_are_looked_at(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_undo *undo = (sennit_undo *)s;
    struct {
        sennit_undo_options options;
        char more[16];
    } later = {.options = {.size = sizeof later, .depth = 2}};

    assert_int_equal(sennit_undo_new(NULL, NULL, &undo), SENNIT_EINVAL);
    assert_null(undo);
    assert_int_equal(sennit_undo_new(doc, NULL, NULL), SENNIT_EINVAL);
    assert_int_equal(sennit_undo_new(doc, &(sennit_undo_options){0}, &undo), SENNIT_EINVAL);
    assert_ok(sennit_undo_new(doc, &(sennit_undo_options){.size = sizeof(size_t)}, &undo));
    assert_int_equal(undo->pause_ms, 1000);
    assert_int_equal(undo->depth, 1000);
    sennit_undo_free(undo);
    assert_ok(sennit_undo_new(doc, &later.options, &undo));
    assert_int_equal(undo->depth, 2);
    sennit_undo_free(undo);
}

/* ---- rebase ---- */

/* Back through all steps and forth again: the texts are as they were. */
static void assert_life(sennit_undo *undo, const char *const *texts, size_t n)
{
    for (size_t i = n - 1; i-- > 0;) {
        assert_ok(sennit_undo_undo(undo));
        doc_check(undo->doc);
        assert_true(doc_text_is(undo->doc, texts[i], strlen(texts[i])));
    }
    assert_steps(undo, 0, n - 1);
    for (size_t i = 1; i < n; i++) {
        assert_ok(sennit_undo_redo(undo));
        assert_true(doc_text_is(undo->doc, texts[i], strlen(texts[i])));
    }
}

static const char *const life[] = {"", "abc", "bc", "defgbc", "deKLfgbc", "KLbc"};

/* The steps that lead through these texts, some of them done twice. */
static sennit_undo *lived(stage *s, sennit_doc **doc)
{
    *doc = stage_doc(s, 1, "");
    sennit_undo *undo = undo_of(*doc, 0, 0);
    type_step(undo, 0, "abc");      /* operations 0 .. 2 */
    assert_ok(sennit_undo_undo(undo));
    assert_ok(sennit_undo_redo(undo)); /* 3 and 4 */
    assert_ok(sennit_undo_select(undo, &(sennit_anchor){1, 2, SENNIT_ANCHOR_BEFORE}, 1));
    erase_step(undo, 0, 1);         /* 5 */
    type_step(undo, 0, "defg");     /* 6 .. 9 */
    type_step(undo, 2, "KL");       /* 10, 11 */
    erase_step(undo, 0, 2);         /* 12, 13 */
    assert_ok(sennit_doc_delete(*doc, 2, 2));
    return undo;
}

static void steps_move_along_with_a_rebase(void **state)
{
    stage *s = *state;
    sennit_rebased did;
    size_t n;

    for (uint64_t from = 0; from <= 14; from++) {
        sennit_doc *doc;
        sennit_undo *undo = lived(s, &doc);
        bool cut = (from > 6 && from < 10) || from == 11 || from == 13;

        assert_ok(sennit_doc_rebase(doc, from, &did));
        assert_text(doc, "KLbc");
        assert_int_equal(sennit_undo_can_undo(undo), cut ? 6 : 5);
        if (cut) {
            while (sennit_undo_can_undo(undo) > 0)
                assert_ok(sennit_undo_undo(undo));
            assert_text(doc, "");
            while (sennit_undo_can_redo(undo) > 0)
                assert_ok(sennit_undo_redo(undo));
            assert_text(doc, "KLbc");
        } else {
            assert_life(undo, life, 6);
        }
        type_step(undo, 0, "on");
        assert_ok(sennit_undo_undo(undo));
        assert_text(doc, "KLbc");
        assert_ok(sennit_undo_undo(undo));
        const sennit_anchor *at = sennit_undo_selection(undo, &n);
        assert_int_equal(n, 1);
        assert_int_equal(at->replica, from <= 2 ? did.renewed : 1);
        assert_int_equal(at->number, from <= 2 ? 2 - from : 2);
        sennit_undo_free(undo);
        sennit_doc_free(s->docs[--s->docs_len]);
    }
}

static void steps_move_along_with_a_new_time(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = lived(s, &doc);

    assert_ok(sennit_doc_restamp(doc, 4000));
    assert_life(undo, life, 6);
    sennit_undo_free(undo);
}

/* Own edits in text that goes: what comes to nothing moves what follows it up. */
static void steps_move_along_when_anothers_text_is_void(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "()"), *other = stage_doc(s, 2, "()");
    sennit_undo *undo = undo_of(doc, 0, 0);

    type(other, 1, "void");
    doc_catch_up(doc, other);
    type_step(undo, 2, "mine");  /* (vmineoid) */
    erase_step(undo, 6, 1);      /* o: comes to nothing */
    type_step(undo, 9, "after"); /* behind the bracket */
    erase_step(undo, 0, 1);
    assert_text(doc, "vmineid)after");
    assert_ok(sennit_doc_void(doc, 2, 0, 0, 0, NULL));
    assert_text(doc, "mine)after");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "(mine)after");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "(mine)");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "(mine)");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "()");
    for (unsigned i = 0; i < 4; i++)
        assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "mine)after");
    sennit_undo_free(undo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(typing_is_taken_back_and_done_again),
        STAGE_TEST(anchors_and_authors_survive_what_is_brought_back),
        STAGE_TEST(what_is_redone_is_the_same_text),
        STAGE_TEST(what_others_typed_inside_stays),
        STAGE_TEST(what_others_deleted_stays_deleted),
        STAGE_TEST(undoing_my_delete_leaves_anothers_in_force),
        STAGE_TEST(who_decided_since_prevails),
        STAGE_TEST(undo_is_in_deltas_snapshots_and_patches),
        STAGE_TEST(a_pause_ends_a_step),
        STAGE_TEST(a_pause_is_noticed_in_the_midst_of_typing),
        STAGE_TEST(a_new_edit_ends_redo),
        STAGE_TEST(edits_of_others_do_not_end_redo),
        STAGE_TEST(a_transaction_is_one_step),
        STAGE_TEST(an_aborted_transaction_leaves_steps_alone),
        STAGE_TEST(only_so_many_steps_are_kept),
        STAGE_TEST(what_is_edited_while_it_looks_away_is_not_its_business),
        STAGE_TEST(selections_come_back_with_steps),
        STAGE_TEST(all_that_somebody_did_since_can_be_taken_back),
        STAGE_TEST(a_delete_and_its_undo_cancel_out),
        STAGE_TEST(everything_can_be_taken_back_down_to_what_was_seeded),
        STAGE_TEST(versions_may_count_what_is_not_known_and_half_a_character),
        STAGE_TEST(a_step_whose_text_is_gone_is_dropped),
        STAGE_TEST(without_its_document_it_does_nothing),
        STAGE_TEST(options_are_looked_at),
        STAGE_TEST(steps_move_along_with_a_rebase),
        STAGE_TEST(steps_move_along_with_a_new_time),
        STAGE_TEST(steps_move_along_when_anothers_text_is_void),
    };

    return RUN_TESTS(tests);
}
