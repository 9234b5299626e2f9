#include "core/doc/doc.h"
#include "core/renew/compact.h"

#include "support/rich.h"
#include "support/stage.h"

#include <string.h>

#define NOON UINT64_C(1800000000000)

/* "one three": "two " was typed and deleted between. */
static sennit_doc *writer(stage *s)
{
    sennit_doc *doc = stage_doc(s, 7, "one three");

    sennit_doc_set_time(doc, NOON);
    assert_ok(sennit_doc_insert(doc, 4, "two\xc3\xa9 ", 6));
    assert_ok(sennit_doc_delete(doc, 4, 6));
    return doc;
}

static void compact(sennit_doc *doc)
{
    sennit_buf version;

    sennit_buf_init(&version, NULL);
    doc_version(doc, &version);
    assert_ok(sennit_doc_compact(doc, version.data, version.len, NULL));
    sennit_buf_clear(&version);
    doc_check(doc);
}

static sennit_doc *opened(stage *s, const sennit_buf *bytes)
{
    sennit_doc *doc;

    assert_ok(sennit_doc_load(&s->options, bytes->data, bytes->len, &doc, &s->err));
    return stage_keep(s, doc);
}

/* A document that others know as 9, with what `from` knew at that time. */
static sennit_doc *peer_of(stage *s, sennit_doc *from)
{
    s->options.replica = 9;
    sennit_doc *doc = stage_keep(s, doc_new(&s->options));

    sennit_doc_set_time(doc, NOON);
    doc_catch_up(doc, from);
    return doc;
}

static bool holds(const sennit_buf *buf, const char *text)
{
    for (size_t i = 0; i + strlen(text) <= buf->len; i++)
        if (memcmp(buf->data + i, text, strlen(text)) == 0)
            return true;
    return false;
}

static void deleted_bytes_are_in_no_snapshot_any_more(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s);

    doc_snapshot(doc, &s->buf);
    assert_true(holds(&s->buf, "two"));
    compact(doc);
    doc_snapshot(doc, &s->buf);
    assert_false(holds(&s->buf, "two"));
    assert_text(doc, "one three");
    assert_text(opened(s, &s->buf), "one three");
}

/* Characters that are longer than the NULs in their place, up to a mark of the text and
 * beyond it. */
static void what_stays_counts_as_before_beside_what_was_dropped(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s);
    char text[4000];

    for (size_t i = 0; i < sizeof text; i += 4)
        memcpy(text + i, "\xf0\x9f\x8c\x8d", 4);
    assert_ok(sennit_doc_insert(doc, 0, text, sizeof text));
    assert_ok(sennit_doc_delete(doc, 100, 100));
    compact(doc);
    assert_ok(sennit_doc_delete(doc, 840, 2000));
    doc_check(doc);
    compact(doc);
    assert_ok(sennit_doc_insert(doc, 880, "x", 1));
    doc_check(doc);
}

static void what_is_deleted_later_stays(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s);

    compact(doc);
    assert_ok(sennit_doc_delete(doc, 0, 4));
    doc_snapshot(doc, &s->buf);
    assert_true(holds(&s->buf, "one "));
    sennit_doc *again = opened(s, &s->buf);
    assert_text(again, "three");
    doc_snapshot(again, &s->buf);
    assert_true(holds(&s->buf, "one "));
}

static void a_deletion_above_the_cut_can_be_undone_below_it_not(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one three");
    sennit_undo *undo;

    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_doc_delete(doc, 0, 1));
    assert_ok(sennit_undo_break(undo));
    compact(doc);
    assert_ok(sennit_doc_delete(doc, 0, 1));
    assert_text(doc, "e three");
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "ne three");
    assert_int_equal(sennit_undo_undo(undo), SENNIT_EGONE);
    assert_text(doc, "ne three");
    sennit_undo_free(undo);
}

static void a_delete_that_was_switched_off_keeps_its_bytes(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one three");
    sennit_undo *undo;

    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_doc_delete(doc, 0, 4));
    assert_ok(sennit_undo_undo(undo));
    compact(doc);
    assert_text(doc, "one three");
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "three");
    doc_snapshot(doc, &s->buf);
    assert_true(holds(&s->buf, "one "));
    sennit_undo_free(undo);
}

static void deltas_are_served_from_the_cut_on(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s), *peer = peer_of(s, doc);
    sennit_buf version;

    sennit_buf_init(&version, NULL);
    doc_version(doc, &version);
    compact(doc);
    assert_ok(sennit_doc_insert(doc, 0, "zero ", 5));
    assert_ok(sennit_doc_delete(doc, 5, 1));
    assert_ok(sennit_doc_delta(doc, version.data, version.len, NULL, &s->buf, NULL));
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_text(peer, "zero ne three");
    s->buf.len = 0;
    assert_refused(doc, SENNIT_EGONE, sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, &s->err));
    assert_ok(sennit_doc_cut(doc, &s->buf));
    assert_true(buf_equal(&s->buf, &version));
    sennit_buf_clear(&version);
}

static void anchors_in_dropped_text_stay_where_it_was(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one two three");
    sennit_anchor anchor;
    size_t pos;

    assert_ok(sennit_doc_anchor(doc, 6, SENNIT_ANCHOR_BEFORE, &anchor));
    assert_ok(sennit_doc_delete(doc, 4, 4));
    compact(doc);
    assert_ok(sennit_doc_insert(doc, 0, "__", 2));
    assert_ok(sennit_doc_resolve(doc, &anchor, &pos));
    assert_int_equal(pos, 6);
}

static void text_typed_beside_dropped_text_by_others_finds_its_place(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one two three"), *peer = peer_of(s, doc);

    assert_ok(sennit_doc_insert(peer, 6, "X", 1)); /* "one twXo three" */
    assert_ok(sennit_doc_delete(doc, 4, 4));
    compact(doc);
    doc_catch_up(doc, peer);
    assert_text(doc, "one Xthree");
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_text(peer, "one Xthree");
}

static void cuts_rise_in_steps(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s);
    sennit_buf low;

    sennit_buf_init(&low, NULL);
    doc_version(doc, &low);
    assert_ok(sennit_doc_delete(doc, 0, 4));
    compact(doc);
    assert_ok(sennit_doc_compact(doc, low.data, low.len, NULL)); /* known to be lower */
    doc_snapshot(doc, &s->buf);
    assert_false(holds(&s->buf, "one "));
    assert_text(opened(s, &s->buf), "three");
    sennit_buf_clear(&low);
}

static void a_cut_inside_a_character_is_taken_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "");
    uint8_t cut[] = {7, 0, 0, 0, 0, 0, 0, 0, 2};

    assert_ok(sennit_doc_insert(doc, 0, "a\xe2\x82\xac", 4));
    assert_ok(sennit_doc_delete(doc, 0, 4));
    assert_ok(sennit_doc_compact(doc, cut, sizeof cut, NULL));
    doc_check(doc);
    assert_ok(sennit_doc_cut(doc, &s->buf));
    cut[8] = 1;
    assert_true(buf_is(&s->buf, cut, sizeof cut));
}

static void digests_go_on_from_the_cut(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s), *peer = peer_of(s, doc);
    const uint64_t counts[] = {0, 7, 8, 9};
    uint64_t whole[4], cut[4], low = 6;

    compact(doc);
    assert_ok(sennit_doc_delete(doc, 0, 1)); /* follows the one below the cut in no way */
    assert_ok(sennit_doc_insert(doc, 0, "n", 1));
    doc_catch_up(peer, doc);
    assert_ok(sennit_doc_digest(peer, 7, counts, 4, whole));
    assert_ok(sennit_doc_digest(doc, 7, counts, 4, cut));
    assert_memory_equal(whole, cut, sizeof whole);
    assert_int_equal(sennit_doc_digest(doc, 7, &low, 1, cut), SENNIT_EGONE);
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_digest(opened(s, &s->buf), 7, counts, 4, cut));
    assert_memory_equal(whole, cut, sizeof whole);
}

/* Six characters are deleted one by one in one direction, three of them below the
 * cut. */
static void a_run_of_deletes_may_be_divided_by_the_cut(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one three four"), *peer;
    const uint64_t all = 6;
    uint64_t whole, cut;

    for (int i = 0; i < 3; i++)
        assert_ok(sennit_doc_delete(doc, 4, 1));
    peer = peer_of(s, doc);
    doc_version(peer, &s->buf);
    for (int i = 0; i < 3; i++)
        assert_ok(sennit_doc_delete(doc, 4, 1));
    doc_catch_up(peer, doc);
    assert_ok(sennit_doc_compact(peer, s->buf.data, s->buf.len, NULL));
    doc_snapshot(peer, &s->buf);
    assert_false(holds(&s->buf, "thr"));
    assert_true(holds(&s->buf, "ee "));
    assert_ok(sennit_doc_digest(doc, 7, &all, 1, &whole));
    assert_ok(sennit_doc_digest(peer, 7, &all, 1, &cut));
    assert_int_equal(whole, cut);
}

static void a_snapshot_serves_those_who_know_its_cut_as_a_delta(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s), *peer = peer_of(s, doc);
    sennit_applied applied;

    compact(doc);
    assert_ok(sennit_doc_insert(doc, 0, "zero ", 5));
    assert_ok(sennit_doc_insert(peer, 9, " four", 5));
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_int_equal(applied.applied, 5);
    assert_text(peer, "zero one three four");
    s->buf.len = 0;
    assert_ok(sennit_doc_cut(peer, &s->buf));
    assert_int_equal(s->buf.len, 0); /* it keeps what it has */
}

static void a_snapshot_takes_the_place_of_what_does_not_reach_its_cut(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one three"), *peer = peer_of(s, doc);
    sennit_applied applied;
    sennit_patch patch;
    size_t came = 0;

    sennit_doc_set_time(doc, NOON);
    assert_ok(sennit_doc_insert(peer, 9, " four", 5));
    assert_ok(sennit_doc_insert(doc, 4, "two ", 4));
    assert_ok(sennit_doc_insert(doc, 0, "zero ", 5));
    assert_ok(sennit_doc_delete(doc, 0, 5));
    compact(doc);
    doc_snapshot(doc, &s->buf);
    sennit_doc_watch(peer, SENNIT_WATCH_REMOTE);
    const uint64_t heard = peer->heard;
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, &applied, &s->err));
    assert_int_equal(applied.applied, 10);
    assert_true(peer->heard > heard + 10); /* whoever passes operations on looks anew */
    assert_text(peer, "one two three four");
    for (size_t at = 5; sennit_doc_next_patch(peer, &patch) == 1; at += patch.inserted) {
        assert_int_equal(patch.pos, at); /* behind the "t" of both */
        assert_int_equal(patch.removed, 0);
        came += patch.inserted;
    }
    assert_int_equal(came, 4);
    assert_ok(sennit_doc_insert(peer, 0, "<", 1)); /* it goes on under its own id */
    assert_int_equal(sennit_doc_replica(peer), 9);
    assert_int_equal(sennit_doc_own_count(peer), 6);
    doc_catch_up(doc, peer);
    assert_text(doc, "<one two three four");
}

static void steps_to_be_undone_survive_that(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one three"), *peer = peer_of(s, doc);
    sennit_undo *undo;

    assert_ok(sennit_undo_new(peer, NULL, &undo));
    assert_ok(sennit_doc_delete(peer, 0, 4));
    assert_ok(sennit_doc_insert(doc, 9, "!", 1));
    assert_ok(sennit_doc_delete(doc, 9, 1));
    compact(doc);
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_text(peer, "three");
    assert_ok(sennit_undo_undo(undo));
    assert_text(peer, "one three");
    sennit_undo_free(undo);
}

/* ---- names and values ---- */

#define REWRITES 1000u

static size_t set_often(sennit_doc *doc, sennit_buf *out)
{
    char value[100];

    for (unsigned i = 0; i < REWRITES; i++) {
        memset(value, 'a' + (int)(i % 26), sizeof value);
        sennit_doc_set_time(doc, NOON + i);
        assert_ok(sennit_meta_set(doc, "title", 5, &(sennit_value){.type = SENNIT_STRING, .data = value,
                                                                    .len = sizeof value}));
    }
    doc_snapshot(doc, out);
    return out->len;
}

static void values_that_were_overwritten_are_in_no_snapshot_any_more(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s);
    sennit_value value;

    assert_true(set_often(doc, &s->buf) > 100 * REWRITES);
    compact(doc);
    doc_snapshot(doc, &s->buf);
    assert_true(s->buf.len < 500 + 4 * REWRITES); /* their operations stay */
    sennit_doc *again = opened(s, &s->buf);
    doc_check(again);
    assert_int_equal(sennit_meta_get(again, "title", 5, &value), 1);
    assert_int_equal(value.len, 100);
    assert_int_equal(((const char *)value.data)[99], 'a' + (REWRITES - 1) % 26);
}

static void marks_that_newer_ones_cover_are_in_no_snapshot_any_more(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "plain text");

    rich_mark(doc, 0, 5, "link-a", 1);
    rich_mark(doc, 2, 5, "link-b", 1);
    rich_mark(doc, 0, 5, "link-a", 2); /* all of it */
    rich_mark(doc, 1, 5, "link-b", 2); /* more of it */
    rich_mark(doc, 0, 5, "link-c", 1);
    rich_mark(doc, 0, 4, "link-c", 2); /* less of it */
    compact(doc);
    doc_snapshot(doc, &s->buf);
    sennit_doc *again = opened(s, &s->buf);
    assert_true(rich_is(again, "[link-a=2 link-c=2|p][link-a=2 link-b=2 link-c=2|lai]"
                               "[link-a=2 link-b=2 link-c=1|n] text"));
    for (int i = 0; i < 2; i++, doc = again) {
        s->buf.len = 0;
        assert_ok(sennit_doc_dump(doc, &s->buf));
        assert_false(holds(&s->buf, "link-a\\x03\\x01"));
    }
}

/* A toggle would bring back what was dropped. */
static void what_is_below_the_cut_is_switched_off_no_more(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "text"), *peer;
    sennit_undo *undo, *late;
    const uint64_t replica = 7;

    assert_ok(sennit_undo_new(doc, NULL, &undo));
    rich_mark(doc, 0, 4, "link", 1);
    assert_ok(sennit_undo_break(undo));
    rich_mark(doc, 0, 4, "link", 2);
    peer = peer_of(s, doc);
    assert_ok(sennit_undo_new(peer, NULL, &late));
    compact(doc);
    assert_int_equal(sennit_undo_undo(undo), SENNIT_EGONE);
    assert_true(rich_is(doc, "[link=2|text]"));
    assert_ok(sennit_undo_range(late, &replica, 1, NULL, 0, NULL, 0));
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(peer, 0, NULL, &s->buf));
    assert_refused(doc, SENNIT_EGONE, sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    sennit_undo_free(undo);
    sennit_undo_free(late);
}

/* What is switched off may come on again, so nothing is dropped for its sake. */
static void what_a_toggle_names_drops_nothing(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "text");
    sennit_undo *undo;

    assert_ok(sennit_undo_new(doc, NULL, &undo));
    rich_mark(doc, 0, 4, "link", 1);
    assert_ok(sennit_undo_break(undo));
    rich_mark(doc, 0, 4, "link", 2);
    assert_ok(sennit_undo_undo(undo));
    compact(doc);
    assert_true(rich_is(doc, "[link=1|text]"));
    assert_ok(sennit_undo_redo(undo));
    assert_true(rich_is(doc, "[link=2|text]"));
    doc_check(doc);
    sennit_undo_free(undo);
}

static void a_snapshot_of_another_document_or_another_self_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s), *other = stage_doc(s, 7, "one two"), *self = stage_doc(s, 7, "one three");
    sennit_doc *member = peer_of(s, doc);

    compact(doc);
    doc_snapshot(doc, &s->buf);
    assert_refused(other, SENNIT_ELINEAGE,
                   sennit_doc_apply(other, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    assert_ok(sennit_doc_insert(self, 0, "x", 1)); /* 7 went another way */
    assert_refused(self, SENNIT_EFORK,
                   sennit_doc_apply(self, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    assert_ok(sennit_doc_begin(member));
    assert_int_equal(sennit_doc_compact(member, NULL, 0, NULL), SENNIT_EBUSY);
    assert_ok(sennit_doc_abort(member));
    assert_refused(member, SENNIT_ECORRUPT, sennit_doc_compact(member, "x", 1, &s->err));
}

static void without_memory_nothing_is_dropped(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s);
    sennit_status st = SENNIT_ENOMEM;
    sennit_buf version;

    rich_mark(doc, 0, 3, "link", 1);
    rich_mark(doc, 0, 3, "link", 2);
    sennit_buf_init(&version, NULL);
    doc_version(doc, &version);
    for (size_t nth = 1; st != SENNIT_OK; nth++) {
        doc_state before;

        doc_state_take(&before, doc);
        s->fm.fail_at = s->fm.calls + nth;
        st = sennit_doc_compact(doc, version.data, version.len, NULL);
        s->fm.fail_at = 0;
        assert_true(st == SENNIT_OK || st == SENNIT_ENOMEM);
        assert_true(st == SENNIT_OK || doc_state_same(&before, doc));
        assert_true(nth > 4 || st == SENNIT_ENOMEM);
        doc_state_free(&before);
    }
    doc_check(doc);
    assert_true(rich_is(doc, "[link=2|one] three"));
    sennit_buf_clear(&version);
}

/* Neither what is left out of a snapshot nor what is read of it stays behind. */
static void a_snapshot_with_gaps_needs_its_memory(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s), *again = NULL;
    sennit_status st = SENNIT_ENOMEM;
    sennit_buf bytes;

    rich_mark(doc, 0, 3, "link", 1);
    rich_mark(doc, 0, 3, "link", 2);
    sennit_buf_init(&bytes, NULL);
    for (size_t nth = 1; st != SENNIT_OK; nth++) {
        bytes.len = 0;
        s->fm.fail_at = s->fm.calls + nth;
        st = sennit_doc_save(doc, SENNIT_SAVE_LIVE_ONLY, &bytes);
        s->fm.fail_at = 0;
        assert_true(st == SENNIT_OK || st == SENNIT_ENOMEM);
        doc_check(doc); /* it is not compacted itself */
    }
    assert_true(rich_is(doc, "[link=2|one] three"));
    st = SENNIT_ENOMEM;
    for (size_t nth = 1; st != SENNIT_OK; nth++) {
        s->fm.fail_at = s->fm.calls + nth;
        st = sennit_doc_load(&s->options, bytes.data, bytes.len, &again, NULL);
        s->fm.fail_at = 0;
        assert_true(st == SENNIT_OK || st == SENNIT_ENOMEM);
    }
    assert_true(rich_is(stage_keep(s, again), "[link=2|one] three"));
    sennit_buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(deleted_bytes_are_in_no_snapshot_any_more),
        STAGE_TEST(what_stays_counts_as_before_beside_what_was_dropped),
        STAGE_TEST(what_is_deleted_later_stays),
        STAGE_TEST(a_deletion_above_the_cut_can_be_undone_below_it_not),
        STAGE_TEST(a_delete_that_was_switched_off_keeps_its_bytes),
        STAGE_TEST(deltas_are_served_from_the_cut_on),
        STAGE_TEST(anchors_in_dropped_text_stay_where_it_was),
        STAGE_TEST(text_typed_beside_dropped_text_by_others_finds_its_place),
        STAGE_TEST(cuts_rise_in_steps),
        STAGE_TEST(a_cut_inside_a_character_is_taken_back),
        STAGE_TEST(digests_go_on_from_the_cut),
        STAGE_TEST(a_run_of_deletes_may_be_divided_by_the_cut),
        STAGE_TEST(a_snapshot_serves_those_who_know_its_cut_as_a_delta),
        STAGE_TEST(a_snapshot_takes_the_place_of_what_does_not_reach_its_cut),
        STAGE_TEST(steps_to_be_undone_survive_that),
        STAGE_TEST(values_that_were_overwritten_are_in_no_snapshot_any_more),
        STAGE_TEST(marks_that_newer_ones_cover_are_in_no_snapshot_any_more),
        STAGE_TEST(what_is_below_the_cut_is_switched_off_no_more),
        STAGE_TEST(what_a_toggle_names_drops_nothing),
        STAGE_TEST(a_snapshot_of_another_document_or_another_self_is_refused),
        STAGE_TEST(without_memory_nothing_is_dropped),
        STAGE_TEST(a_snapshot_with_gaps_needs_its_memory),
    };

    return RUN_TESTS(tests);
}
