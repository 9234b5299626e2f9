/* The map of ids: when it comes, and what holds without it. */
#include "core/doc/doc.h"

#include "support/crowd.h"

#define PIECES 300 /* more than a leaf holds */

/* A text of many pieces, typed by position alone. */
static sennit_doc *pieces(stage *s)
{
    sennit_doc *doc = stage_doc(s, 1, "");

    assert_ok(sennit_doc_insert(doc, 0, "from one end to the other", 25));
    for (unsigned i = 0; i < PIECES; i++) {
        assert_ok(sennit_doc_insert(doc, rng_below(&s->r, sennit_doc_len(doc)), "xyz", 3));
        assert_ok(sennit_doc_delete(doc, rng_below(&s->r, sennit_doc_len(doc)), 1));
    }
    assert_true(doc->tree.depth > 0);
    return doc;
}

/* Look up the last byte of a span by its id, as the nth call for memory fails. */
static void assert_found_failing(stage *s, sennit_doc *doc, sn_place p, size_t nth)
{
    sn_tree *tree = &doc->tree;
    const sn_span *span = sn_place_span(&p);

    tree->hit = tree->sought = tree->left = NULL;
    s->fm.calls = 0;
    s->fm.fired = false;
    s->fm.fail_at = nth;
    sn_place found = sn_tree_find(tree, doc->who.changes[span->change].replica,
                                  span->at + sn_span_len(span) - 1);
    s->fm.fail_at = 0;
    assert_ptr_equal(found.leaf, p.leaf);
    assert_int_equal(found.i, p.i);
    assert_int_equal(found.off, sn_span_len(span) - 1);
}

static void assert_found(stage *s, sennit_doc *doc)
{
    for (sn_place p = sn_tree_from(doc->tree.first, 0); p.leaf != NULL; p = sn_tree_next(p))
        assert_found_failing(s, doc, p, 0);
}

static void who_types_alone_keeps_no_map(void **state)
{
    sennit_doc *doc = pieces(*state);

    assert_false(doc->tree.indexed);
    assert_null(doc->tree.ids.root);
    doc_check(doc);
}

static void the_first_byte_sought_brings_the_map_and_it_stays(void **state)
{
    sennit_doc *doc = pieces(*state);

    assert_found(*state, doc);
    assert_true(doc->tree.indexed);
    for (unsigned i = 0; i < PIECES; i++) {
        assert_ok(sennit_doc_insert(doc, i * 2, "more", 4));
        assert_ok(sennit_doc_delete(doc, i, 2));
    }
    doc_check(doc);
    assert_found(*state, doc);
}

static void without_memory_for_the_map_all_is_found_nevertheless(void **state)
{
    stage *s = *state;
    sennit_doc *doc = pieces(s);
    sn_place p = sn_tree_from(doc->tree.first, 0);
    size_t nth = 0;

    do {
        size_t live = s->fm.live;

        assert_found_failing(s, doc, p, ++nth);
        assert_true(s->fm.fired != doc->tree.indexed);
        assert_true(s->fm.live == live || doc->tree.indexed);
        p = sn_tree_next(p);
        if (p.leaf == NULL)
            p = sn_tree_from(doc->tree.first, 0);
    } while (!doc->tree.indexed);
    assert_true(nth > 2);
    doc_check(doc);
    assert_found(s, doc);
}

/* Room for what a delta brings was reserved before its first record looked for a byte. */
static void a_delta_finds_room_in_the_map_that_it_brings(void **state)
{
    stage *s = *state;
    sennit_doc *doc = pieces(s), *other = stage_doc(s, 2, "");

    doc_catch_up(other, doc);
    for (unsigned i = 0; i < PIECES; i++)
        assert_ok(sennit_doc_insert(other, rng_below(&s->r, sennit_doc_len(other)), "-", 1));
    assert_false(doc->tree.indexed);
    doc_catch_up(doc, other);
    assert_true(doc->tree.indexed);
    assert_true(doc_agree(doc, other));
    assert_found(s, doc);
}

/* What an abort brings back is found through the map. */
static void an_abort_goes_through_the_map_and_keeps_it(void **state)
{
    stage *s = *state;
    sennit_doc *doc = pieces(s);

    doc_text(doc, &s->buf);
    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_delete(doc, 1, s->buf.len - 2));
    assert_ok(sennit_doc_insert(doc, 1, "instead", 7));
    assert_false(doc->tree.indexed);
    assert_ok(sennit_doc_abort(doc));
    assert_true(doc->tree.indexed);
    doc_check(doc);
    assert_true(doc_text_is(doc, (const char *)s->buf.data, s->buf.len));
    assert_found(s, doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(who_types_alone_keeps_no_map),
        STAGE_TEST(the_first_byte_sought_brings_the_map_and_it_stays),
        STAGE_TEST(without_memory_for_the_map_all_is_found_nevertheless),
        STAGE_TEST(a_delta_finds_room_in_the_map_that_it_brings),
        STAGE_TEST(an_abort_goes_through_the_map_and_keeps_it),
    };

    return RUN_TESTS(tests);
}
