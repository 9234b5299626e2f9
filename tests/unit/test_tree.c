#include "base/sort.h"
#include "core/doc/doc.h"

#include "support/stage.h"
#include "support/text.h"

#include <string.h>

#define EDITS 150

/* A document with text in many pieces, and its text. */
static sennit_doc *patchwork(stage *s, uint64_t seed)
{
    sennit_doc *doc = stage_doc(s, 1, "\xe2\x82\xac text to begin with\n");

    s->r = rng_seed(seed);
    for (unsigned i = 0; i < EDITS; i++) {
        char text[40];

        doc_text(doc, &s->buf);
        const char *now = (const char *)s->buf.data;
        size_t at = text_place(&s->r, now, s->buf.len), end = text_place(&s->r, now, s->buf.len);
        if (rng_percent(&s->r, 70))
            assert_ok(sennit_doc_insert(doc, at, text, rng_text(&s->r, 8, text)));
        else if (at < end && end - at < 30)
            assert_ok(sennit_doc_delete(doc, at, end - at));
    }
    doc_text(doc, &s->buf);
    return doc;
}

/* The byte of the text that a place is at. */
static char byte_at(const sennit_doc *doc, sn_place p)
{
    const sn_span *span = sn_place_span(&p);

    assert_false(sn_span_dead(span));
    assert_in_range(p.off, 0, span->len - 1);
    return (char)sn_author(&doc->who, span->change)->text.bytes[span->at + p.off];
}

static void every_position_is_found_from_anywhere(void **state)
{
    stage *s = *state;

    for (uint64_t seed = 1; seed <= 3; seed++) {
        sennit_doc *doc = patchwork(s, seed);
        const char *text = (const char *)s->buf.data;

        for (unsigned i = 0; i < 2000; i++) {
            size_t near = i == 0 ? 0 : rng_below(&s->r, s->buf.len);
            if (i % 3 > 0) /* near the cursor, too */
                near = (near + i / 50) % s->buf.len;
            sn_place p = sn_tree_seek(&doc->tree, (uint32_t)near);

            assert_int_equal(byte_at(doc, p), text[near]);
            sn_count before = sn_tree_before(&doc->tree, p);
            assert_int_equal(before.bytes, near);
            assert_int_equal(before.lines, text_units(text, near, SENNIT_LINES));
        }
        for (size_t at = 0; at < s->buf.len; at++) /* and one after the other, back again too */
            assert_int_equal(byte_at(doc, sn_tree_seek(&doc->tree, (uint32_t)at)), text[at]);
        for (size_t at = s->buf.len; at-- > 0;)
            assert_int_equal(byte_at(doc, sn_tree_seek(&doc->tree, (uint32_t)at)), text[at]);
    }
}

static void a_place_is_found_in_every_unit(void **state)
{
    stage *s = *state;
    sennit_doc *doc = patchwork(s, 4);
    const char *text = (const char *)s->buf.data;

    for (unsigned unit = 0; unit < 3; unit++)
        for (size_t n = 0; n < text_units(text, s->buf.len, (sennit_unit)unit); n++) {
            size_t at = text_at(text, s->buf.len, (sennit_unit)unit, n);
            sn_place p = sn_tree_at(&doc->tree, (sennit_unit)unit, (uint32_t)n);

            if (unit == SENNIT_BYTES)
                at = n;
            assert_int_equal(sn_tree_before(&doc->tree, p).bytes, at);
        }
}

static void a_line_begins_behind_its_newline(void **state)
{
    stage *s = *state;
    sennit_doc *doc = patchwork(s, 5);
    uint32_t line = 0;

    for (size_t at = 0; at < s->buf.len; at++)
        if (s->buf.data[at] == '\n') {
            sn_place p = sn_tree_line(&doc->tree, ++line);
            assert_int_equal(sn_tree_before(&doc->tree, p).bytes, at + 1);
        }
    assert_int_equal(line, doc->tree.total.lines);
    assert_true(line > 0);
}

static void every_byte_is_found_by_its_id(void **state)
{
    stage *s = *state;
    sennit_doc *doc = patchwork(s, 6);

    for (uint32_t r = 0; r < doc->who.replicas_len; r++)
        for (uint32_t k = 0; k < 2 * doc->who.replicas[r].number; k++) {
            uint32_t n = k < doc->who.replicas[r].number ? k
                       : (uint32_t)rng_below(&s->r, doc->who.replicas[r].number);
            sn_place p = sn_tree_find(&doc->tree, r, n);
            const sn_span *span = sn_place_span(&p);

            assert_int_equal(doc->who.changes[span->change].replica, r);
            assert_int_equal(span->at + p.off, n);
            assert_true(p.off < sn_span_len(span));
        }
}

/* The nearest leaf that has a key so small, against looking at them all. */
static void the_nearest_smaller_key_is_found(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");

    for (unsigned i = 0; i < 200; i++) {
        sennit_doc_set_time(doc, (uint64_t)i * 20000);
        assert_ok(sennit_doc_insert(doc, rng_below(&s->r, 4 + i), "x", 1));
    }
    for (sn_leaf *leaf = doc->tree.first; leaf != NULL; leaf = leaf->next)
        for (uint32_t change = 0; change < doc->who.changes_len; change += 7) {
            sn_leaf *after = leaf->next, *before = leaf->prev;
            bool found = false;

            for (; after != NULL && !found; after = found ? after : after->next)
                for (uint32_t i = 0; i < after->node.n; i++)
                    found = found || sn_change_le(&doc->who, sn_span_rkey(&after->span[i]), change);
            assert_ptr_equal(sn_tree_low_after(&doc->tree, leaf, change), after);
            for (found = false; before != NULL && !found; before = found ? before : before->prev)
                for (uint32_t i = 0; i < before->node.n; i++)
                    found = found || sn_change_le(&doc->who, sn_span_lkey(&before->span[i]), change);
            assert_ptr_equal(sn_tree_low_before(&doc->tree, leaf, change), before);
        }
}

static void a_tree_is_built_and_emptied(void **state)
{
    stage *s = *state;
    sennit_doc *doc = patchwork(s, 7), *copy = patchwork(s, 7);
    uint32_t base[2] = {0, 1 << 20};
    static sn_span spans[4 * EDITS];
    static sn_pair pairs[4 * EDITS], spare[4 * EDITS];
    static sn_tree_id ids[4 * EDITS];
    uint32_t number[2] = {doc->who.replicas[0].number, doc->who.replicas[1].number};
    size_t n = 0;

    for (sn_place p = sn_tree_from(doc->tree.first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        assert_true(n < 4 * EDITS);
        if (n > 0 && sn_span_joins(&spans[n - 1], sn_place_span(&p)))
            spans[n - 1].len += sn_span_len(sn_place_span(&p)); /* apart only for a leaf's end */
        else
            spans[n++] = *sn_place_span(&p);
    }
    for (uint32_t i = 0; i < n; i++)
        pairs[i] = (sn_pair){base[doc->who.changes[spans[i].change].replica] + spans[i].at, i};
    const sn_pair *sorted = sn_sort_pairs(pairs, spare, n);
    for (unsigned i = 0; i < 3; i++) {
        for (size_t k = 0; k < n; k++)
            ids[k] = (sn_tree_id){doc->who.changes[spans[sorted[k].value].change].replica,
                                  spans[sorted[k].value].at, sorted[k].value / SN_BUILT};
        sn_tree_clear(&doc->tree);
        assert_int_equal(doc->tree.total.bytes, 0);
        assert_int_equal(doc->tree.leaves_used, 1);
        assert_int_equal(doc->tree.depth, 0);
        if (i == 0) { /* without memory it stays empty */
            s->fm.calls = 0;
            s->fm.fail_at = 1;
            assert_int_equal(sn_tree_build(&doc->tree, spans, n, ids, n, NULL), SENNIT_ENOMEM);
            s->fm.fail_at = 0;
            assert_int_equal(doc->tree.first->node.n, 0);
        }
        assert_ok(sn_tree_build(&doc->tree, spans, n, ids, n, NULL));
        doc->who.replicas[0].number = number[0];
        doc->who.replicas[1].number = number[1];
        assert_true(doc_agree(doc, copy));
    }
    assert_ok(sennit_doc_insert(doc, 0, "and on", 6));
    doc_check(doc);
}

static void what_was_reserved_in_vain_is_given_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");
    size_t live = s->fm.live;

    assert_ok(sn_tree_reserve(&doc->tree, 10000, 5000));
    assert_true(s->fm.live > live + 10000 * sizeof(sn_span));
    sn_tree_trim(&doc->tree);
    assert_true(doc->tree.spare_leaves < 16 && doc->tree.spare_inners < 16);
    assert_ok(sennit_doc_insert(doc, 2, "more", 4));
    assert_text(doc, "temorext");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(every_position_is_found_from_anywhere),
        STAGE_TEST(a_place_is_found_in_every_unit),
        STAGE_TEST(a_line_begins_behind_its_newline),
        STAGE_TEST(every_byte_is_found_by_its_id),
        STAGE_TEST(the_nearest_smaller_key_is_found),
        STAGE_TEST(a_tree_is_built_and_emptied),
        STAGE_TEST(what_was_reserved_in_vain_is_given_back),
    };

    return RUN_TESTS(tests);
}
