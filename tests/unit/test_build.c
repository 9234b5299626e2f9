/* An empty document that receives much is built at once; one whose patches are
 * watched takes the same operations one by one. Both have to be the same. */
#include "core/doc/doc.h"

#include "support/crowd.h"

#include <string.h>

static sennit_doc *blank(stage *s)
{
    s->options.replica = 0;
    return stage_keep(s, doc_new(&s->options));
}

static sennit_doc *watching(stage *s)
{
    sennit_doc *doc = blank(s);

    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    return doc;
}

static void receive(sennit_doc *doc, const sennit_buf *delta)
{
    assert_ok(sennit_doc_apply(doc, delta->data, delta->len, NULL, NULL, NULL));
    doc_check(doc);
}

static void everything_of(sennit_doc *doc, sennit_buf *out)
{
    out->len = 0;
    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, out, NULL));
}

/* Letters in front of each other: a record each. */
static sennit_doc *letters(stage *s, uint64_t replica, size_t n)
{
    sennit_doc *doc = stage_doc(s, replica, "");

    for (size_t i = 0; i < n; i++)
        assert_ok(sennit_doc_insert(doc, 0, &"abcdefghijklmnopqrstuvwxyz"[i % 26], 1));
    return doc;
}

static void few_operations_or_many_make_the_same_document(void **state)
{
    stage *s = *state;

    for (size_t n = 1; n <= 40; n += n < 14 || n > 17 ? 5 : 1) {
        sennit_doc *doc = letters(s, 1, n), *built = blank(s), *grown = watching(s);

        everything_of(doc, &s->buf);
        receive(built, &s->buf);
        receive(grown, &s->buf);
        assert_true(doc_agree(built, doc));
        assert_true(doc_agree(built, grown));
        while (s->docs_len > 0)
            sennit_doc_free(s->docs[--s->docs_len]);
    }
}

static void a_crowd_is_built_as_it_grew(void **state)
{
    stage *s = *state;

    for (uint64_t seed = 1; seed <= 5; seed++) {
        sennit_doc *doc = crowd_doc(s, seed, 80), *built = blank(s), *grown = watching(s);

        everything_of(doc, &s->buf);
        receive(built, &s->buf);
        receive(grown, &s->buf);
        assert_true(doc_agree(built, doc));
        assert_true(doc_agree(built, grown));
        assert_ok(sennit_doc_insert(built, 0, "!", 1)); /* and edits */
        doc_check(built);
        while (s->docs_len > 0)
            sennit_doc_free(s->docs[--s->docs_len]);
    }
}

static void a_document_that_has_text_is_not_built_anew(void **state)
{
    stage *s = *state;
    sennit_doc *one = letters(s, 1, 20), *other = letters(s, 2, 20), *doc = blank(s);

    everything_of(one, &s->buf);
    receive(doc, &s->buf);
    everything_of(other, &s->buf);
    receive(doc, &s->buf);
    doc_catch_up(one, other);
    assert_true(doc_agree(doc, one));
}

static void what_waits_is_left_out_and_comes_later(void **state)
{
    stage *s = *state;
    sennit_doc *one = letters(s, 1, 20), *other = stage_doc(s, 2, ""), *doc = blank(s);
    sennit_applied applied;

    for (size_t i = 0; i < 20; i++)
        assert_ok(sennit_doc_insert(other, 0, "x", 1));
    doc_catch_up(other, one);
    for (size_t i = 0; i < 40; i++) /* some of it beside letters of one */
        assert_ok(sennit_doc_insert(other, 2 * i, "y", 1));
    const size_t own = (size_t)sennit_doc_own_count(other);
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(other, 0, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_in_range(applied.applied, 20, own - 1);
    assert_int_equal(applied.parked, own - applied.applied);
    doc_check(doc);
    everything_of(one, &s->buf);
    receive(doc, &s->buf);
    assert_true(doc_agree(doc, other));
}

/* ---- bytes that several delete ---- */

/* Switch the only delete of a replica off, as undoing it would. */
static void switch_off(stage *s, sennit_doc *doc, uint64_t by, uint64_t replica)
{
    assert_ok(stage_apply(s, doc, &(stage_ops){
        .ids = {by, replica}, .ids_len = 2, .hlc = UINT64_C(1) << 40, .n = 1,
        .ops = {{.kind = SN_TOGGLE, .n = 1, .ref_replica = 1}}}));
}

static void assert_switched(stage *s, sennit_doc *doc)
{
    assert_text(doc, "0nopqrstuvwxyz");
    switch_off(s, doc, 81, 11); /* a to e, of which the others delete c to e too */
    assert_text(doc, "0abnopqrstuvwxyz");
    switch_off(s, doc, 82, 12); /* c to h; the third deletes e to m */
    assert_text(doc, "0abcdnopqrstuvwxyz");
    switch_off(s, doc, 83, 13);
    assert_text(doc, "0abcdefghijklmnopqrstuvwxyz");
}

static void how_often_bytes_were_deleted_is_known(void **state)
{
    static const char alphabet[] = "0abcdefghijklmnopqrstuvwxyz";
    stage *s = *state;
    sennit_doc *all = stage_doc(s, 1, alphabet);
    static const size_t from[] = {1, 3, 5}, to[] = {6, 9, 14};

    for (uint64_t i = 0; i < 3; i++) {
        sennit_doc *one = stage_doc(s, 11 + i, alphabet);

        assert_ok(sennit_doc_delete(one, from[i], to[i] - from[i]));
        doc_catch_up(all, one);
    }
    for (int i = 0; i < 16; i++) { /* enough records */
        assert_ok(sennit_doc_insert(all, 0, "-", 1));
        assert_ok(sennit_doc_delete(all, 0, 1));
    }
    everything_of(all, &s->buf);
    sennit_doc *built = blank(s), *grown = watching(s);
    receive(built, &s->buf);
    receive(grown, &s->buf);
    assert_switched(s, all);
    assert_switched(s, built);
    assert_switched(s, grown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(few_operations_or_many_make_the_same_document),
        STAGE_TEST(a_crowd_is_built_as_it_grew),
        STAGE_TEST(a_document_that_has_text_is_not_built_anew),
        STAGE_TEST(what_waits_is_left_out_and_comes_later),
        STAGE_TEST(how_often_bytes_were_deleted_is_known),
    };

    return RUN_TESTS(tests);
}
