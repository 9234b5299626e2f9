/* Taking operations back and issuing one's own anew. */
#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

#define DAY UINT64_C(86400000)
#define NOON UINT64_C(1700000000000)

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

static sennit_rebased rebase(sennit_doc *doc, uint64_t from)
{
    sennit_rebased did;

    assert_ok(sennit_doc_rebase(doc, from, &did));
    assert_int_not_equal(did.renewed, did.old);
    assert_int_not_equal(did.renewed, 0);
    doc_check(doc);
    return did;
}

static void assert_did(sennit_rebased did, uint64_t old, uint64_t from, uint64_t from_byte,
                       uint64_t operations, uint64_t bytes)
{
    assert_int_equal(did.old, old);
    assert_int_equal(did.from, from);
    assert_int_equal(did.from_byte, from_byte);
    assert_int_equal(did.operations, operations);
    assert_int_equal(did.bytes, bytes);
}

/* ---- rebase ---- */

static void operations_go_on_under_another_id(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed");

    type(doc, 4, "abc");
    doc_catch_up(peer, doc);
    type(doc, 7, "def");
    assert_ok(sennit_doc_delete(doc, 5, 3)); /* "bcd": across the place */
    sennit_rebased did = rebase(doc, 3);
    assert_did(did, 7, 3, 3, 4, 3);
    assert_text(doc, "seedaef");
    assert_int_equal(sennit_doc_replica(doc), did.renewed);
    assert_int_equal(sennit_doc_own_count(doc), 4);
    assert_int_equal(sennit_doc_known(doc, 7), 3);
    type(doc, 0, "x");
    doc_catch_up(peer, doc);
    assert_true(doc_agree(peer, doc));
    assert_text(peer, "xseedaef");
}

static void nothing_to_take_back_changes_the_id_only(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    sennit_stat stat;

    type(doc, 4, "a");
    type(doc, 5, "b"); /* a keystroke; the next one would be quick */
    sennit_rebased did;
    assert_ok(sennit_doc_rebase(doc, 2, &did));
    assert_did(did, 7, 2, 2, 0, 0);
    assert_int_equal(sennit_doc_own_count(doc), 0);
    type(doc, 6, "c");
    assert_text(doc, "seedabc");
    assert_int_equal(sennit_doc_known(doc, 7), 2);
    assert_int_equal(sennit_doc_own_count(doc), 1);
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.replicas, 3);

    sennit_doc *fresh = stage_doc(s, 8, "seed"); /* has written nothing at all */
    did = rebase(fresh, 0);
    assert_did(did, 8, 0, 0, 0, 0);
    type(fresh, 0, "x");
    assert_int_equal(sennit_doc_replica(fresh), did.renewed);
}

static void a_character_is_taken_back_whole(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "");

    type(doc, 0, "a\xe2\x82\xac" "b");
    for (uint64_t from = 4; from > 1; from--) {
        sennit_rebased did;

        assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &s->buf));
        sennit_doc *copy;
        s->options.replica = 0;
        assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &copy, NULL));
        did = rebase(copy, from);
        assert_int_equal(did.from, from == 4 ? 4 : 1);
        assert_int_equal(did.from_byte, did.from);
        assert_text(copy, "a\xe2\x82\xac" "b");
        sennit_doc_free(copy);
        s->buf.len = 0;
    }
}

static void what_cannot_be_taken_back_changes_nothing(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *thin;
    sennit_rebased did;

    type(doc, 0, "ab");
    assert_refused(doc, SENNIT_ERANGE, sennit_doc_rebase(doc, 3, &did));
    doc->random = NULL;
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_rebase(doc, 1, &did));
    doc->random = rng_random;
    doc->limits.replicas = 2;
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_rebase(doc, 1, &did));
    doc->limits.replicas = 3;
    assert_ok(sennit_doc_begin(doc));
    assert_int_equal(sennit_doc_rebase(doc, 0, &did), SENNIT_EBUSY);
    assert_int_equal(sennit_doc_void(doc, 9, 0, 0, 0, &did), SENNIT_EBUSY);
    assert_int_equal(sennit_doc_restamp(doc, NOON), SENNIT_EBUSY);
    assert_ok(sennit_doc_abort(doc));

    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY | SENNIT_SAVE_LIVE_ONLY, &s->buf));
    s->options.replica = 0;
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &thin, NULL));
    stage_keep(s, thin);
    type(thin, 0, "c");
    assert_refused(thin, SENNIT_EGONE, sennit_doc_rebase(thin, 1, &did));
    rebase(thin, 2); /* what came after that is all there */
    assert_text(thin, "cabseed");
    s->buf.len = 0; /* and it stays as thin as it was */
    assert_int_equal(sennit_doc_delta(thin, NULL, 0, NULL, &s->buf, NULL), SENNIT_EGONE);
}

static void what_others_made_of_it_waits(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed");
    sennit_doc *other = stage_doc(s, 2, "seed");
    uint64_t replica, after;
    size_t at = 0;

    type(doc, 4, "ab");
    doc_catch_up(peer, doc);
    type(peer, 5, "XY"); /* between them */
    doc_catch_up(doc, peer);
    doc_catch_up(other, peer);
    type(doc, 6, "c"); /* between those */
    type(doc, 7, "d");
    assert_ok(sennit_doc_delete(doc, 8, 1)); /* "Y" */
    assert_text(doc, "seedaXcdb");
    sennit_rebased did = rebase(doc, 0);
    assert_did(did, 7, 0, 0, 4, 4); /* but for the delete */
    assert_text(doc, "seedacdb");
    assert_int_equal(sennit_doc_next_missing(doc, &at, &replica, &after), 1);
    assert_int_equal(replica, 7);
    assert_int_equal(after, 0);
    doc_catch_up(doc, other); /* who knows the operations under the old id */
    assert_text(doc, "seedacdbaXYb");
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
}

/* What does not fit has to be asked for again. */
static void more_than_may_wait_does_not_prevent_it(void **state)
{
    stage *s = *state;
    sennit_doc *peer = stage_doc(s, 1, "seed");
    sennit_stat stat;

    s->options.limits.parked_bytes = 1;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    type(doc, 4, "ab");
    doc_catch_up(peer, doc);
    type(peer, 5, "XY");
    doc_catch_up(doc, peer);
    rebase(doc, 0);
    assert_text(doc, "seedab");
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked, 0);
    doc_catch_up(doc, peer);
    assert_text(doc, "seedabaXYb");
}

static void anchors_go_along(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    sennit_anchor anchor[8];
    size_t pos;

    type(doc, 4, "abcd");
    for (size_t i = 0; i < 8; i++)
        assert_ok(sennit_doc_anchor(doc, i, SENNIT_ANCHOR_BEFORE, &anchor[i]));
    sennit_rebased did = rebase(doc, 2);
    for (size_t i = 0; i < 8; i++) {
        sennit_anchor_rebase(&did, &anchor[i]);
        assert_ok(sennit_doc_resolve(doc, &anchor[i], &pos));
        assert_int_equal(pos, i);
    }
}

/* ---- what the host is told ---- */

static void assert_patch(sennit_doc *doc, size_t pos, size_t removed, const char *text)
{
    sennit_patch p;

    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_int_equal(p.pos, pos);
    assert_int_equal(p.removed, removed);
    assert_int_equal(p.len, strlen(text));
    assert_memory_equal(p.text != NULL ? p.text : "", text, p.len);
    assert_int_equal(p.local, 0);
    assert_int_equal(p.reset, 0);
}

static void no_text_changed_is_no_patch(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    sennit_patch p;

    type(doc, 4, "abc");
    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE | SENNIT_WATCH_LOCAL);
    rebase(doc, 0);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
    type(doc, 0, "x"); /* it is watched on */
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_int_equal(p.local, 1);
}

/* Two characters that end in the same byte change places. */
static void whole_characters_are_told(void **state)
{
    stage *s = *state;

    s->options.unit = SENNIT_UTF16;
    sennit_doc *doc = stage_doc(s, 7, "ab"), *peer = stage_doc(s, 1, "ab");
    sennit_doc_set_time(peer, NOON);
    type(doc, 1, "\xc3\xa9");
    type(peer, 1, "\xc4\xa9");
    doc_catch_up(doc, peer);
    assert_text(doc, "a\xc3\xa9\xc4\xa9" "b");
    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    rebase(doc, 0);
    assert_text(doc, "a\xc4\xa9\xc3\xa9" "b");
    assert_patch(doc, 1, 2, "");
    assert_patch(doc, 1, 0, "\xc4\xa9");
    assert_patch(doc, 2, 0, "\xc3\xa9");
}

static void all_text_may_go(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, ""), *peer = stage_doc(s, 1, "");
    sennit_patch p;

    type(peer, 0, "abc");
    doc_catch_up(doc, peer);
    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    assert_ok(sennit_doc_void(doc, 1, 0, 0, 0, NULL));
    assert_text(doc, "");
    assert_patch(doc, 0, 3, "");
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
}

static void patches_not_taken_become_a_reset(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    sennit_patch p;

    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    type(doc, 4, "abc");
    rebase(doc, 1);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_int_equal(p.reset, 1);
    assert_int_equal(p.removed, 4);
    assert_int_equal(p.inserted, 7);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
}

/* ---- what is carried over ---- */

static void the_rest_of_the_document_is_carried_over(void **state)
{
    stage *s = *state;
    sennit_doc *early = stage_doc(s, 1, "seed");
    sennit_applied applied;
    uint8_t before[16], after[16];
    sennit_stat stat;

    s->options.coalesce_ms = 123;
    s->options.limits.parked_bytes = 4321;
    s->options.unit = SENNIT_CODEPOINTS;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    sennit_doc_set_time(doc, NOON);
    sennit_doc_set_clock_offset(doc, 77);
    type(doc, 4, "ab");
    type(early, 0, "x");
    type(early, 0, "y");
    assert_ok(sennit_doc_own_delta(early, 1, NULL, &s->buf));
    for (int i = 0; i < 2; i++) { /* seeding was the first call */
        assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
        assert_int_equal(applied.parked, 1);
    }
    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    type(doc, 6, "c");
    sennit_doc_lineage(doc, before);
    rebase(doc, 0);
    sennit_doc_lineage(doc, after);
    assert_memory_equal(before, after, 16);
    assert_int_equal(doc->coalesce_ms, 123);
    assert_int_equal(doc->limits.parked_bytes, 4321);
    assert_int_equal(doc->unit, SENNIT_CODEPOINTS);
    assert_int_equal(doc->clock.now_ms, NOON);
    assert_int_equal(doc->clock.offset_ms, 77);
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked, 1);

    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(early, 0, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_int_equal(applied.applied, 2);
    assert_int_equal(applied.parked, 0);
    assert_text(doc, "yxseedabc");
}

static void memory_is_counted_on(void **state)
{
    stage *s = *state;
    sennit_doc *early = stage_doc(s, 1, "seed");
    sennit_stat stat;

    type(early, 0, "x");
    type(early, 0, "y");
    assert_ok(sennit_doc_own_delta(early, 1, NULL, &s->buf));
    s->docs_len--;
    sennit_doc_free(early);
    sennit_doc *doc = stage_doc(s, 7, "seed");
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    type(doc, 4, "abc");
    rebase(doc, 1);
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked, 1);
    assert_int_equal(stat.heap_bytes, s->fm.live);
}

/* ---- time ---- */

/* When a document's newest operation was made, as it says. */
static uint64_t newest(const sennit_doc *doc)
{
    sennit_change change;
    uint64_t ms = 0;
    size_t at = 0;

    while (sennit_doc_next_change(doc, &at, &change))
        ms = change.unix_ms > ms ? change.unix_ms : ms;
    return ms;
}

static void what_nobody_has_seen_gets_the_right_time(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed");

    sennit_doc_set_time(doc, NOON + DAY); /* the clock is wrong */
    type(doc, 4, "ab");
    assert_ok(sennit_doc_delete(doc, 0, 1));
    assert_int_equal(newest(doc), NOON + DAY);
    assert_ok(sennit_doc_restamp(doc, NOON));
    assert_int_equal(newest(doc), NOON);
    assert_text(doc, "eedab");
    assert_int_equal(sennit_doc_replica(doc), 7);
    assert_int_equal(sennit_doc_own_count(doc), 3);
    type(doc, 5, "c");
    assert_int_equal(newest(doc), NOON);
    doc_catch_up(peer, doc);
    assert_true(doc_agree(peer, doc));
}

static void what_was_given_out_keeps_its_time(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed");

    sennit_doc_set_time(doc, NOON);
    type(doc, 4, "ab");
    doc_catch_up(peer, doc);
    sennit_doc_set_time(doc, NOON + DAY);
    type(doc, 6, "c");
    assert_int_equal(doc->exported, 2);
    assert_ok(sennit_doc_restamp(doc, NOON + 1000));
    assert_int_equal(newest(doc), NOON + 1000);
    assert_ok(sennit_doc_restamp(doc, NOON + 2000)); /* again, for it is still unseen */
    assert_int_equal(newest(doc), NOON + 2000);
    doc_catch_up(peer, doc);
    assert_true(doc_agree(peer, doc));
    assert_ok(sennit_doc_restamp(doc, NOON)); /* there is nothing left to stamp */
    assert_int_equal(doc->clock.now_ms, NOON);
    assert_int_equal(newest(doc), NOON + 2000);
    type(doc, 0, "d");
    assert_refused(doc, SENNIT_OK, sennit_doc_restamp(doc, NOON)); /* seen by now: saved */
}

static void what_was_given_out_in_parts_keeps_its_time(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed");
    sennit_buf then;

    sennit_buf_init(&then, NULL);
    sennit_doc_set_time(doc, NOON + DAY);
    type(doc, 4, "ab");
    type(doc, 0, "c");
    assert_ok(sennit_doc_delta_part(doc, NULL, 0, SENNIT_OTHERS, 1000, &s->buf, &then));
    assert_int_equal(doc->exported, 0);
    then.len = 0;
    assert_ok(sennit_doc_delta_part(doc, NULL, 0, SENNIT_OWN, 1000, &s->buf, &then));
    assert_int_equal(doc->exported, 3);
    type(doc, 0, "d");
    assert_int_equal(sennit_doc_restamp(doc, NOON), SENNIT_ECLOCK);
    sennit_buf_clear(&then);
}

static void a_time_that_was_given_out_holds_up_those_after_it(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed");

    sennit_doc_set_time(doc, NOON + DAY);
    type(doc, 4, "ab");
    doc_catch_up(peer, doc);
    type(doc, 6, "c");
    assert_int_equal(sennit_doc_restamp(doc, NOON), SENNIT_ECLOCK);
    assert_int_equal(newest(doc), NOON + DAY);
    assert_ok(sennit_doc_restamp(doc, NOON + DAY));
    sennit_doc_set_time(doc, NOON);
    rebase(doc, 0); /* the way out */
    assert_int_equal(newest(doc), NOON);
    assert_int_equal(doc->exported, 0);
    type(doc, 0, "d");
    assert_int_equal(newest(doc), NOON);
    assert_text(doc, "dseedabc");
}

static void what_was_opened_counts_as_seen(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed"), *opened;
    sennit_buf saved;

    sennit_doc_set_time(doc, NOON + DAY);
    type(doc, 4, "ab");
    sennit_buf_init(&saved, &s->alloc);
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &saved));
    doc_catch_up(peer, doc); /* which the saved bytes do not tell */
    s->options.replica = 0;
    assert_ok(sennit_doc_load(&s->options, saved.data, saved.len, &opened, NULL));
    sennit_buf_clear(&saved);
    stage_keep(s, opened);
    assert_int_equal(opened->exported, 2);
    assert_ok(sennit_doc_restamp(opened, NOON));
    assert_true(doc_agree(opened, peer));
}

/* ---- void ---- */

/* doc typed, peer got it and typed inside; then doc issues all anew. */
typedef struct voided {
    sennit_doc *doc, *peer;
    sennit_rebased did;
} voided;

static voided voided_of(stage *s)
{
    voided v = {stage_doc(s, 7, "seed"), stage_doc(s, 1, "seed"), {0}};

    type(v.peer, 0, "p"); /* accepted by everybody */
    doc_catch_up(v.doc, v.peer);
    type(v.doc, 5, "ab");
    doc_catch_up(v.peer, v.doc);
    type(v.peer, 6, "X");
    v.did = rebase(v.doc, 0);
    return v;
}

static void what_was_made_of_it_goes_on_inside_what_was_issued_anew(void **state)
{
    stage *s = *state;
    voided v = voided_of(s);
    sennit_rebased did;

    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(v.doc, 0, NULL, &s->buf));
    assert_ok(sennit_doc_apply(v.peer, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_text(v.peer, "pseedabaXb"); /* doubled for a moment */
    assert_ok(sennit_doc_void(v.peer, 7, 0, v.did.renewed, 1, &did));
    assert_did(did, 1, 1, 1, 1, 1);
    assert_int_equal(sennit_doc_replica(v.peer), did.renewed);
    assert_text(v.peer, "pseedaXb");
    doc_catch_up(v.doc, v.peer);
    assert_true(doc_agree(v.doc, v.peer));
}

static void or_behind_its_neighbours_if_that_is_not_known(void **state)
{
    stage *s = *state;
    voided v = voided_of(s);
    sennit_rebased did;

    sennit_doc_set_time(v.peer, NOON);
    assert_ok(sennit_doc_void(v.peer, 7, 0, v.did.renewed, 1, &did));
    assert_text(v.peer, "pseedX");
    doc_catch_up(v.peer, v.doc);
    doc_catch_up(v.doc, v.peer);
    assert_true(doc_agree(v.doc, v.peer));
    assert_text(v.doc, "pseedXab");
}

/* Of own operations, none is left with the old id that was not accepted. */
static void own_operations_are_issued_anew_from_the_accepted_on(void **state)
{
    stage *s = *state;

    for (uint64_t accepted = 0; accepted < 4; accepted++) {
        voided v = voided_of(s);
        sennit_rebased did;
        const uint64_t from = accepted < 1 ? accepted : 1; /* "X" is operation 1 */

        assert_ok(sennit_doc_void(v.peer, 7, 0, 0, accepted, &did));
        assert_did(did, 1, from, from, 2 - from, 2 - from);
        assert_text(v.peer, "pseedX");
    }
}

/* Those that are would need text which was left out. */
static void text_that_was_left_out_cannot_be_issued_anew(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed"), *thin;

    type(peer, 0, "ab");
    s->options.replica = 0;
    assert_ok(sennit_doc_save(peer, SENNIT_SAVE_IDENTITY | SENNIT_SAVE_LIVE_ONLY, &s->buf));
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &thin, NULL));
    stage_keep(s, thin);
    type(doc, 4, "cd");
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(doc, 0, NULL, &s->buf));
    assert_ok(sennit_doc_apply(thin, s->buf.data, s->buf.len, NULL, NULL, NULL));
    type(thin, 7, "X");
    assert_refused(thin, SENNIT_EGONE, sennit_doc_void(thin, 7, 0, 0, 1, NULL));
    assert_ok(sennit_doc_void(thin, 7, 0, 0, 2, NULL));
    assert_text(thin, "abseedX");
}

static void own_operations_stay_if_they_are_not_concerned(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed");
    sennit_rebased did;

    type(doc, 4, "abc");
    doc_catch_up(peer, doc);
    type(peer, 0, "X");
    type(peer, 5, "Y"); /* before "a" */
    assert_ok(sennit_doc_void(peer, 7, 1, 0, 0, &did));
    assert_did(did, 1, 2, 2, 0, 0);
    assert_int_equal(did.renewed, 1);
    assert_int_equal(sennit_doc_replica(peer), 1);
    assert_text(peer, "XseedYa");
    assert_ok(sennit_doc_void(peer, 7, 1, 0, 0, &did)); /* again */
    assert_did(did, 1, 2, 2, 0, 0);
    assert_ok(sennit_doc_void(peer, 12345, 0, 0, 0, &did)); /* of whom nothing is known */
    assert_refused(peer, SENNIT_EINVAL, sennit_doc_void(peer, 1, 0, 0, 0, &did));
    assert_refused(peer, SENNIT_EINVAL, sennit_doc_void(peer, 0, 0, 0, 0, &did));
    doc_check(peer);
}

static void what_waits_is_dropped_as_well(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *peer = stage_doc(s, 1, "seed");
    sennit_stat stat;

    type(doc, 4, "abc\xe2\x82\xac" "d");
    assert_ok(sennit_doc_delete(doc, 5, 2));
    assert_ok(sennit_doc_own_delta(doc, 1, NULL, &s->buf));
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, NULL, NULL));
    static const uint64_t left[][2] = {{20, 7}, {8, 7}, {7, 6}, {5, 2}, {4, 2}, {2, 1}, {1, 0}, {0, 0}};
    for (size_t i = 0; i < 8; i++) {
        assert_ok(sennit_doc_void(peer, 7, left[i][0], 0, 0, NULL));
        sennit_doc_stat(peer, &stat);
        assert_int_equal(stat.parked, left[i][1]);
        assert_int_equal(stat.parked_bytes > 0, left[i][1] > 0);
        doc_check(peer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(operations_go_on_under_another_id),
        STAGE_TEST(nothing_to_take_back_changes_the_id_only),
        STAGE_TEST(a_character_is_taken_back_whole),
        STAGE_TEST(what_cannot_be_taken_back_changes_nothing),
        STAGE_TEST(what_others_made_of_it_waits),
        STAGE_TEST(more_than_may_wait_does_not_prevent_it),
        STAGE_TEST(anchors_go_along),
        STAGE_TEST(no_text_changed_is_no_patch),
        STAGE_TEST(whole_characters_are_told),
        STAGE_TEST(all_text_may_go),
        STAGE_TEST(patches_not_taken_become_a_reset),
        STAGE_TEST(the_rest_of_the_document_is_carried_over),
        STAGE_TEST(memory_is_counted_on),
        STAGE_TEST(what_nobody_has_seen_gets_the_right_time),
        STAGE_TEST(what_was_given_out_keeps_its_time),
        STAGE_TEST(what_was_given_out_in_parts_keeps_its_time),
        STAGE_TEST(a_time_that_was_given_out_holds_up_those_after_it),
        STAGE_TEST(what_was_opened_counts_as_seen),
        STAGE_TEST(what_was_made_of_it_goes_on_inside_what_was_issued_anew),
        STAGE_TEST(or_behind_its_neighbours_if_that_is_not_known),
        STAGE_TEST(own_operations_are_issued_anew_from_the_accepted_on),
        STAGE_TEST(text_that_was_left_out_cannot_be_issued_anew),
        STAGE_TEST(own_operations_stay_if_they_are_not_concerned),
        STAGE_TEST(what_waits_is_dropped_as_well),
    };

    return RUN_TESTS(tests);
}
