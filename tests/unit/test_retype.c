/* Text that was brought back, typed anew for somebody who has dropped it. */
#include "core/doc/doc.h"

#include "support/stage.h"

static sennit_doc *stage_brought_back(stage *s, uint64_t *from, sennit_doc **peer)
{
    sennit_doc *doc = stage_doc(s, 7, "one secret two");
    sennit_undo *undo;

    *peer = stage_doc(s, 1, "one secret two");
    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_doc_delete(doc, 4, 7));
    doc_catch_up(*peer, doc);
    doc_version(*peer, &s->buf);
    assert_ok(sennit_doc_compact(*peer, s->buf.data, s->buf.len, NULL));
    *from = sennit_doc_own_count(doc);
    assert_ok(sennit_undo_undo(undo));
    sennit_undo_free(undo);
    assert_text(doc, "one secret two");
    return doc;
}

static sennit_status give(stage *s, sennit_doc *to, sennit_doc *from)
{
    sennit_buf since;

    sennit_buf_init(&since, NULL);
    doc_version(to, &since);
    s->buf.len = 0;
    assert_ok(sennit_doc_delta(from, since.data, since.len, NULL, &s->buf, NULL));
    sennit_buf_clear(&since);
    return sennit_doc_apply(to, s->buf.data, s->buf.len, NULL, NULL, NULL);
}

static void who_dropped_it_takes_what_was_typed_anew(void **state)
{
    stage *s = *state;
    sennit_doc *peer;
    sennit_rebased did;
    uint64_t from;

    sennit_doc *doc = stage_brought_back(s, &from, &peer);
    assert_int_equal(give(s, peer, doc), SENNIT_EGONE);
    assert_ok(sennit_doc_retype(doc, from, &did));
    assert_int_equal(did.old, 7);
    assert_int_equal(did.from, from);
    assert_int_equal(did.operations, 0); /* but for the toggle, nothing was taken back */
    assert_int_equal(did.renewed, sennit_doc_replica(doc));
    assert_text(doc, "one secret two");
    assert_ok(give(s, peer, doc));
    assert_text(peer, "one secret two");
}

static void what_was_typed_since_comes_along(void **state)
{
    stage *s = *state;
    sennit_doc *peer;
    uint64_t from;

    sennit_doc *doc = stage_brought_back(s, &from, &peer);
    assert_ok(sennit_doc_insert(doc, 7, "--", 2)); /* inside it */
    assert_ok(sennit_doc_insert(doc, 0, "<", 1));
    assert_ok(sennit_doc_retype(doc, from, NULL));
    assert_text(doc, "<one sec--ret two");
    assert_ok(give(s, peer, doc));
    assert_text(peer, "<one sec--ret two");
}

static void a_rebase_would_bring_it_back_once_more(void **state)
{
    stage *s = *state;
    sennit_doc *peer;
    uint64_t from;

    sennit_doc *doc = stage_brought_back(s, &from, &peer);
    assert_ok(sennit_doc_rebase(doc, from, NULL));
    assert_int_equal(give(s, peer, doc), SENNIT_EGONE);
}

static void what_cannot_be_taken_back_changes_nothing(void **state)
{
    stage *s = *state;
    sennit_doc *peer;
    uint64_t from;

    sennit_doc *doc = stage_brought_back(s, &from, &peer);
    assert_refused(doc, SENNIT_ERANGE,
                   sennit_doc_retype(doc, sennit_doc_own_count(doc) + 1, NULL));
    assert_ok(sennit_doc_begin(doc));
    assert_int_equal(sennit_doc_retype(doc, from, NULL), SENNIT_EBUSY);
    assert_ok(sennit_doc_abort(doc));
    assert_text(doc, "one secret two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(who_dropped_it_takes_what_was_typed_anew),
        STAGE_TEST(what_was_typed_since_comes_along),
        STAGE_TEST(a_rebase_would_bring_it_back_once_more),
        STAGE_TEST(what_cannot_be_taken_back_changes_nothing),
    };

    return RUN_TESTS(tests);
}
