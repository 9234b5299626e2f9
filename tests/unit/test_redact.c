#include "core/doc/doc.h"
#include "core/renew/redact.h"

#include "support/stage.h"

#include <string.h>

#define NOON UINT64_C(1800000000000)
#define SECRET "pa\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x95ss" /* 13 bytes, 7 characters */
#define STAND_INS "\x1a\x1a\xc2\x80\xef\xbf\xbe\xf0\x9f\xbf\xbe\x1a\x1a"

/* "one three": a secret was typed at 4 and deleted; then is a version that has it. */
static sennit_doc *writer(stage *s, sennit_buf *then)
{
    sennit_doc *doc = stage_doc(s, 7, "one three");

    sennit_doc_set_time(doc, NOON);
    assert_ok(sennit_doc_insert(doc, 4, SECRET, sizeof SECRET - 1));
    sennit_buf_init(then, NULL);
    doc_version(doc, then);
    assert_ok(sennit_doc_delete(doc, 4, sizeof SECRET - 1));
    return doc;
}

static sennit_status redact(sennit_doc *doc, const sennit_buf *then, size_t pos, size_t n)
{
    return sennit_doc_redact(doc, then->data, then->len, pos, n, NULL);
}

/* "one three" with the secret redacted. */
static sennit_doc *redacted(stage *s, sennit_buf *then)
{
    sennit_doc *doc = writer(s, then);

    assert_ok(redact(doc, then, 4, sizeof SECRET - 1));
    assert_text(doc, "one three");
    return doc;
}

/* Another replica, with what `from` has. */
static sennit_doc *peer_of(stage *s, uint64_t replica, sennit_doc *from)
{
    s->options.replica = replica;
    sennit_doc *doc = stage_keep(s, doc_new(&s->options));

    sennit_doc_set_time(doc, NOON);
    if (from != NULL)
        doc_catch_up(doc, from);
    return doc;
}

static sennit_doc *opened(stage *s, const sennit_buf *bytes)
{
    sennit_doc *doc;

    assert_ok(sennit_doc_load(&s->options, bytes->data, bytes->len, &doc, &s->err));
    return stage_keep(s, doc);
}

static bool holds(const sennit_buf *buf, const char *text, size_t len)
{
    for (size_t i = 0; i + len <= buf->len; i++)
        if (memcmp(buf->data + i, text, len) == 0)
            return true;
    return false;
}

/* Nothing that a document gives away holds a byte that tells of the secret. */
static void assert_gone(stage *s, sennit_doc *doc)
{
    static const char *const parts[] = {"pa", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x95", "ss"};
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    doc_check(doc);
    for (size_t i = 0; i < 5; i++) {
        doc_snapshot(doc, &out);
        assert_false(holds(&out, parts[i], strlen(parts[i])));
        out.len = 0;
        assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, &out, &s->err));
        assert_false(holds(&out, parts[i], strlen(parts[i])));
        for (uint32_t k = 0; k < doc->who.replicas_len; k++) {
            const sn_text *text = &doc->who.replicas[k].text;
            const sennit_buf memory = {.data = text->bytes, .len = text->len};

            assert_false(holds(&memory, parts[i], strlen(parts[i])));
        }
    }
    sennit_buf_clear(&out);
}

static void the_text_is_in_nothing_that_is_saved_or_sent(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then), *peer = peer_of(s, 9, doc);

    doc_snapshot(doc, &s->buf);
    assert_true(holds(&s->buf, "pa", 2));
    assert_ok(redact(doc, &then, 4, sizeof SECRET - 1));
    assert_gone(s, doc);
    doc_catch_up(peer, doc); /* who had it */
    assert_gone(s, peer);
    assert_true(doc_agree(doc, peer));
    assert_gone(s, peer_of(s, 10, doc)); /* who never did */
    doc_snapshot(doc, &s->buf);
    sennit_doc *again = opened(s, &s->buf);
    assert_gone(s, again);
    assert_true(doc_agree(doc, again));
    sennit_buf_clear(&then);
}

static void the_old_text_shows_stand_ins_where_it_was(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = redacted(s, &then);
    const char expected[] = "one " STAND_INS "three";

    s->buf.len = 0;
    assert_ok(sennit_history_text(doc, then.data, then.len, &s->buf));
    assert_true(buf_is(&s->buf, expected, sizeof expected - 1));
    assert_ok(sennit_history_splice(doc, then.data, then.len, 4 + sizeof SECRET - 1, 1, "T", 1, NULL));
    assert_text(doc, "one Three");
    sennit_buf_clear(&then);
}

static void what_is_in_the_text_is_not_redacted(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then);
    const uint8_t unknown[] = {8, 0, 0, 0, 0, 0, 0, 0, 1};

    assert_refused(doc, SENNIT_EINVAL, redact(doc, &then, 3, 3));
    assert_refused(doc, SENNIT_ERANGE, redact(doc, &then, 20, 4));
    assert_refused(doc, SENNIT_ERANGE, redact(doc, &then, 4, SIZE_MAX));
    assert_refused(doc, SENNIT_EUTF8, redact(doc, &then, 4, 3));
    assert_refused(doc, SENNIT_EGONE, sennit_doc_redact(doc, unknown, 9, 0, 0, NULL));
    assert_refused(doc, SENNIT_ECORRUPT, sennit_doc_redact(doc, "x", 1, 0, 0, NULL));
    assert_ok(sennit_doc_begin(doc));
    assert_int_equal(redact(doc, &then, 4, 2), SENNIT_EBUSY);
    assert_int_equal(sennit_doc_redact_all(doc, 7, NULL), SENNIT_EBUSY);
    assert_ok(sennit_doc_abort(doc));
    sennit_buf_clear(&then);
}

static void whoever_cannot_write_is_told_so(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then), *reader;
    const uint64_t who = sennit_doc_replica(doc);

    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_SHARED, &s->buf));
    s->options.replica = 0;
    s->options.random = NULL;
    reader = opened(s, &s->buf);
    s->err = (sennit_error){0};
    assert_refused(reader, SENNIT_EINVAL,
                   sennit_doc_redact(reader, then.data, then.len, 4, 2, &s->err));
    assert_string_equal(s->err.what, sennit_status_text(SENNIT_EINVAL));
    s->err = (sennit_error){0};
    assert_refused(reader, SENNIT_EINVAL, sennit_doc_redact_all(reader, who, &s->err));
    assert_string_equal(s->err.what, sennit_status_text(SENNIT_EINVAL));
    assert_refused(reader, SENNIT_EINVAL,
                   sennit_doc_redact(reader, then.data, then.len, 0, 5, &s->err));
    assert_string_equal(s->err.what, "some of it is still in the text");
    sennit_buf_clear(&then);
}

static void a_part_can_be_redacted_and_then_the_rest(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then);

    assert_ok(redact(doc, &then, 6, 5));
    doc_snapshot(doc, &s->buf);
    assert_true(holds(&s->buf, "pa\xc2\x80\xef\xbf\xbe\xf0\x9f\x90\x95ss", 13));
    const uint64_t before = sennit_doc_own_count(doc);
    assert_ok(redact(doc, &then, 4, sizeof SECRET - 1));
    assert_int_equal(sennit_doc_own_count(doc), before + 2); /* what stands beside it */
    assert_ok(redact(doc, &then, 4, sizeof SECRET - 1));
    assert_ok(redact(doc, &then, 4, 0));
    assert_int_equal(sennit_doc_own_count(doc), before + 2); /* nothing is left to do */
    assert_gone(s, doc);
    sennit_buf_clear(&then);
}

static void all_that_a_replica_deleted_can_be_redacted(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then), *peer = peer_of(s, 9, doc);

    assert_ok(sennit_doc_insert(doc, 9, " four", 5));
    doc_catch_up(peer, doc);
    assert_ok(sennit_doc_redact_all(peer, 7, NULL));
    assert_ok(sennit_doc_redact_all(peer, 8, NULL)); /* who is not known */
    assert_int_equal(sennit_doc_own_count(peer), 1);
    doc_catch_up(doc, peer);
    assert_text(doc, "one three four");
    assert_gone(s, doc);
    sennit_buf_clear(&then);
}

static void no_undo_brings_it_back(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = stage_doc(s, 7, "one three");
    sennit_undo *undo;

    assert_ok(sennit_undo_new(doc, NULL, &undo));
    sennit_buf_init(&then, NULL);
    doc_version(doc, &then);
    assert_ok(sennit_doc_delete(doc, 0, 4));
    assert_ok(sennit_undo_break(undo));
    assert_ok(redact(doc, &then, 0, 4));
    assert_ok(sennit_undo_undo(undo)); /* the redaction: it stays */
    assert_text(doc, "three");
    assert_ok(sennit_undo_undo(undo)); /* the deletion: what it took stays redacted */
    assert_text(doc, "three");
    assert_ok(sennit_undo_redo(undo));
    assert_text(doc, "three");
    sennit_undo_free(undo);
    sennit_buf_clear(&then);
}

/* One takes back the deletion while another redacts the text. */
static void it_stays_deleted_whatever_others_did_at_the_same_time(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one three"), *peer = peer_of(s, 9, doc);
    sennit_undo *undo;
    sennit_buf then;

    sennit_doc_set_time(doc, NOON);
    sennit_buf_init(&then, NULL);
    doc_version(doc, &then);
    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_doc_delete(doc, 0, 4));
    doc_catch_up(peer, doc);
    assert_ok(sennit_undo_undo(undo));
    assert_text(doc, "one three");
    assert_ok(redact(peer, &then, 0, 4));
    doc_catch_up(peer, doc);
    doc_catch_up(doc, peer);
    assert_text(doc, "three");
    assert_true(doc_agree(doc, peer));
    assert_int_equal(redact(doc, &then, 0, 4), SENNIT_OK);
    doc_snapshot(doc, &s->buf);
    assert_false(holds(&s->buf, "one", 3));
    sennit_undo_free(undo);
    sennit_buf_clear(&then);
}

static void text_that_comes_again_from_who_has_not_heard_of_it_stays_erased(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then), *peer = peer_of(s, 9, doc);
    sennit_applied applied;

    assert_ok(sennit_doc_insert(peer, 0, "zero ", 5));
    assert_ok(redact(doc, &then, 4, sizeof SECRET - 1));
    s->buf.len = 0;
    assert_ok(sennit_doc_delta(peer, NULL, 0, NULL, &s->buf, NULL));
    assert_true(holds(&s->buf, "pa", 2));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_int_equal(applied.applied, 5);
    assert_gone(s, doc);
    s->buf.len = 0;
    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, NULL));
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, NULL, NULL)); /* stand-ins for what it has */
    assert_gone(s, peer);
    assert_true(doc_agree(doc, peer));
    sennit_buf_clear(&then);
}

/* Deltas by halves: the text comes as stand-ins, before anything says why. */
static void stand_ins_may_come_before_the_redaction_and_the_text_after_them(void **state)
{
    stage *s = *state;
    sennit_buf then, half, rest;
    sennit_doc *doc = writer(s, &then), *peer = peer_of(s, 9, doc), *late = peer_of(s, 10, NULL);

    assert_ok(redact(doc, &then, 4, sizeof SECRET - 1));
    sennit_buf_init(&half, NULL);
    sennit_buf_init(&rest, NULL);
    assert_ok(sennit_doc_delta_part(doc, NULL, 0, SENNIT_OWN | SENNIT_OTHERS, 30, &half, &rest));
    assert_ok(sennit_doc_apply(late, half.data, half.len, NULL, NULL, NULL));
    s->buf.len = 0;
    assert_ok(sennit_doc_delta(peer, NULL, 0, NULL, &s->buf, NULL));
    assert_ok(sennit_doc_apply(late, s->buf.data, s->buf.len, NULL, NULL, NULL));
    doc_catch_up(late, doc);
    assert_true(doc_agree(doc, late));
    sennit_buf_clear(&half);
    sennit_buf_clear(&rest);
    sennit_buf_clear(&then);
}

static void another_text_of_that_length_is_no_fork_and_one_of_another_is(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = redacted(s, &then);
    const stage_ops same = {.ids = {7, 0}, .ids_len = 2, .hlc = NOON << 16, .n = 1, .text = "xx\xc3\xa8",
                            .ops = {{.kind = SN_INSERT, .n = 4, .flag = 1, .ref_replica = 1, .ref = 4}}};
    stage_ops other = same;

    assert_ok(stage_apply(s, doc, &same));
    other.text = "xx\x1ax";
    assert_refused(doc, SENNIT_EFORK, stage_apply(s, doc, &other));
    assert_gone(s, doc);
    sennit_buf_clear(&then);
}

static void no_toggle_may_name_a_redaction(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = redacted(s, &then);
    const uint32_t last = (uint32_t)sennit_doc_own_count(doc) - 1;
    const stage_ops toggle = {.ids = {9, 7}, .ids_len = 2, .hlc = (NOON + 1) << 16, .n = 1, .text = "",
                              .ops = {{.kind = SN_TOGGLE, .n = 1, .ref_replica = 1, .ref = last}}};

    assert_refused(doc, SENNIT_ECORRUPT, stage_apply(s, doc, &toggle));
    sennit_buf_clear(&then);
}

static void a_redaction_may_wait_for_what_it_names(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then), *peer = peer_of(s, 9, doc), *late = peer_of(s, 10, NULL);
    sennit_applied applied;

    assert_ok(redact(peer, &then, 4, sizeof SECRET - 1));
    doc_version(doc, &s->buf);
    sennit_buf only;
    sennit_buf_init(&only, NULL);
    assert_ok(sennit_doc_delta(peer, s->buf.data, s->buf.len, NULL, &only, NULL));
    assert_ok(sennit_doc_apply(late, only.data, only.len, NULL, &applied, NULL));
    assert_int_equal(applied.parked, 1);
    doc_catch_up(late, doc);
    assert_gone(s, late);
    assert_true(doc_agree(late, peer));
    sennit_buf_clear(&only);
    sennit_buf_clear(&then);
}

static void digests_end_where_text_was_redacted(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then), *peer = peer_of(s, 9, doc);
    const uint64_t counts[] = {0, 2, 14};
    uint64_t before[3], after[3];

    assert_ok(sennit_doc_digest(doc, 7, counts, 3, before));
    assert_ok(redact(doc, &then, 6, sizeof SECRET - 3));
    assert_ok(sennit_doc_digest(doc, 7, counts, 2, after));
    assert_memory_equal(before, after, 2 * sizeof *after);
    assert_int_equal(sennit_doc_digest(doc, 7, counts, 3, after), SENNIT_EGONE);
    assert_ok(sennit_doc_insert(peer, 0, "x", 1));
    doc_catch_up(doc, peer);
    assert_ok(sennit_doc_digest(doc, 9, counts + 1, 0, after));
    const uint64_t one = 1;
    assert_ok(sennit_doc_digest(doc, 9, &one, 1, after)); /* of others they go on */
    sennit_buf_clear(&then);
}

static void what_is_redacted_may_be_compacted_as_well(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then), *peer = peer_of(s, 9, doc);
    sennit_doc *behind = peer_of(s, 10, NULL);
    uint64_t digest, all;

    assert_ok(sennit_doc_insert(doc, 9, "!", 1));
    assert_ok(redact(doc, &then, 4, sizeof SECRET - 1));
    doc_version(doc, &s->buf);
    assert_ok(sennit_doc_compact(doc, s->buf.data, s->buf.len, NULL));
    all = sennit_doc_own_count(doc);
    assert_int_equal(sennit_doc_digest(doc, 7, &all, 1, &digest), SENNIT_EGONE);
    doc_snapshot(doc, &s->buf);
    assert_text(opened(s, &s->buf), "one three!");
    assert_ok(sennit_doc_insert(peer, 0, "<", 1));
    assert_ok(sennit_doc_apply(peer, s->buf.data, s->buf.len, NULL, NULL, &s->err)); /* in its place */
    assert_text(peer, "<one three!");
    assert_ok(sennit_doc_apply(behind, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    doc_catch_up(doc, peer);
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_apply(behind, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    assert_text(behind, "<one three!");
    sennit_buf_clear(&then);
}

/* Of the redacted text one half stays with the old id, the other has to be issued
 * anew, and the redaction with it. */
static void a_redaction_is_issued_anew_like_any_operation(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one three"), *peer;
    sennit_buf then;
    sennit_rebased rebased;

    sennit_doc_set_time(doc, NOON);
    assert_ok(sennit_doc_insert(doc, 4, "pass", 4));
    peer = peer_of(s, 9, doc);
    assert_ok(sennit_doc_insert(doc, 8, "word ", 5));
    sennit_buf_init(&then, NULL);
    doc_version(doc, &then);
    assert_ok(sennit_doc_delete(doc, 4, 9));
    assert_ok(redact(doc, &then, 4, 9));
    assert_ok(sennit_doc_insert(doc, 0, "<", 1));
    assert_ok(sennit_doc_rebase(doc, 4, &rebased));
    assert_text(doc, "<one three");
    doc_snapshot(doc, &s->buf);
    assert_false(holds(&s->buf, "pass", 4) || holds(&s->buf, "word", 4));
    doc_catch_up(peer, doc);
    assert_text(peer, "<one three");
    doc_snapshot(peer, &s->buf);
    assert_false(holds(&s->buf, "pass", 4) || holds(&s->buf, "word", 4));
    sennit_buf_clear(&then);
}

static void without_memory_nothing_is_redacted(void **state)
{
    stage *s = *state;
    sennit_buf then;
    sennit_doc *doc = writer(s, &then);
    sennit_status st = SENNIT_ENOMEM;

    for (size_t nth = 1; st != SENNIT_OK; nth++) {
        doc_state before;

        doc_state_take(&before, doc);
        s->fm.fail_at = s->fm.calls + nth;
        st = redact(doc, &then, 4, sizeof SECRET - 1);
        s->fm.fail_at = 0;
        assert_true(st == SENNIT_OK || st == SENNIT_ENOMEM);
        assert_true(st == SENNIT_OK || doc_state_same(&before, doc));
        assert_true(nth > 3 || st == SENNIT_ENOMEM);
        doc_state_free(&before);
    }
    assert_gone(s, doc);
    sennit_buf_clear(&then);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(the_text_is_in_nothing_that_is_saved_or_sent),
        STAGE_TEST(the_old_text_shows_stand_ins_where_it_was),
        STAGE_TEST(what_is_in_the_text_is_not_redacted),
        STAGE_TEST(whoever_cannot_write_is_told_so),
        STAGE_TEST(a_part_can_be_redacted_and_then_the_rest),
        STAGE_TEST(all_that_a_replica_deleted_can_be_redacted),
        STAGE_TEST(no_undo_brings_it_back),
        STAGE_TEST(it_stays_deleted_whatever_others_did_at_the_same_time),
        STAGE_TEST(text_that_comes_again_from_who_has_not_heard_of_it_stays_erased),
        STAGE_TEST(stand_ins_may_come_before_the_redaction_and_the_text_after_them),
        STAGE_TEST(another_text_of_that_length_is_no_fork_and_one_of_another_is),
        STAGE_TEST(no_toggle_may_name_a_redaction),
        STAGE_TEST(a_redaction_may_wait_for_what_it_names),
        STAGE_TEST(digests_end_where_text_was_redacted),
        STAGE_TEST(what_is_redacted_may_be_compacted_as_well),
        STAGE_TEST(a_redaction_is_issued_anew_like_any_operation),
        STAGE_TEST(without_memory_nothing_is_redacted),
    };

    return RUN_TESTS(tests);
}
