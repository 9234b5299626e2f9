/* Text that was brought back, typed anew for somebody who has dropped it. */
#include "core/doc/doc.h"

#include "support/rich.h"
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

/* It undid a mark and a value that the peer has kept for good. */
static void marks_and_metadata_that_were_taken_back_are_taken_off_anew(void **state)
{
    const sennit_value old = {.type = SENNIT_INT, .integer = 1};
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "one two three"), *peer = stage_doc(s, 1, "one two three");
    sennit_undo *undo;

    assert_ok(sennit_meta_set(doc, "title", 5, &old));
    assert_ok(sennit_undo_new(doc, NULL, &undo));
    rich_mark(doc, 0, 7, "strong", 1);
    rich_mark(doc, 4, 13, "comment:a", 2);
    assert_ok(sennit_meta_set(doc, "title", 5, &(sennit_value){.type = SENNIT_INT, .integer = 2}));
    assert_ok(sennit_meta_set(doc, "kind", 4, &old));
    doc_catch_up(peer, doc);
    doc_version(peer, &s->buf);
    assert_ok(sennit_doc_compact(peer, s->buf.data, s->buf.len, NULL));
    const uint64_t from = sennit_doc_own_count(doc);
    assert_ok(sennit_undo_undo(undo));
    sennit_undo_free(undo);
    assert_int_equal(give(s, peer, doc), SENNIT_EGONE);
    rich_mark(doc, 8, 9, "strong", 1);
    assert_ok(sennit_doc_retype(doc, from, NULL));
    assert_ok(give(s, peer, doc));
    for (unsigned i = 0; i < 2; i++) {
        const sennit_doc *one = i == 0 ? doc : peer;
        sennit_value value;

        assert_true(rich_is(one, "one two [strong=1|t]hree"));
        assert_int_equal(sennit_meta_get(one, "title", 5, &value), 1);
        assert_int_equal(value.integer, 1);
        assert_int_equal(sennit_meta_get(one, "kind", 4, &value), 0);
    }
}

/* Nor does it take on the marks of what it stands beside. */
static void what_is_typed_anew_has_the_marks_it_had(void **state)
{
    stage *s = *state;
    sennit_doc *peer;
    uint64_t from;

    sennit_doc *doc = stage_brought_back(s, &from, &peer);
    from = sennit_doc_own_count(doc);
    rich_mark(doc, 0, 4, "strong", 1);
    rich_mark(doc, 6, 8, "comment:a", 1);
    assert_ok(sennit_doc_retype(doc, from - 1, NULL));
    assert_ok(give(s, peer, doc));
    assert_true(rich_is(doc, "[strong=1|one ]se[comment:a=1|cr]et two"));
    assert_true(rich_is(peer, "[strong=1|one ]se[comment:a=1|cr]et two"));
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
        STAGE_TEST(marks_and_metadata_that_were_taken_back_are_taken_off_anew),
        STAGE_TEST(what_is_typed_anew_has_the_marks_it_had),
        STAGE_TEST(what_was_typed_since_comes_along),
        STAGE_TEST(a_rebase_would_bring_it_back_once_more),
        STAGE_TEST(what_cannot_be_taken_back_changes_nothing),
    };

    return RUN_TESTS(tests);
}
