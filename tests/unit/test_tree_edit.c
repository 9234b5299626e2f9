/* What edits make of the spans of a tree. Shapes: (gone), <left child, + has a
 * right child behind its last byte. */
#include "core/doc/doc.h"

#include "core/tree/tree_node.h"
#include "support/crowd.h"

#include <string.h>

static void print_shape(const sn_tree *tree, sennit_buf *out)
{
    const sn_span *last = NULL;

    out->len = 0;
    for (sn_place p = sn_tree_from(tree->first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);
        const char *open = sn_span_left(s) ? (sn_span_dead(s) ? "<(" : "<") : sn_span_dead(s) ? "(" : "";

        if (last != NULL && sn_span_joins(last, s)) { /* cut by the end of a leaf */
            out->len -= sn_span_dead(s) ? 2 : 1;
        } else {
            buf_add(out, " ", last != NULL);
            buf_add(out, open, strlen(open));
        }
        buf_add(out, sn_author(tree->who, s->change)->text.bytes + s->at, sn_span_len(s));
        buf_add(out, ")", sn_span_dead(s) != 0);
        buf_add(out, "+", s->head & SN_HAS_RIGHT);
        last = s;
    }
}

static void assert_shape(sn_tree *tree, const char *shape)
{
    sennit_buf have;
    size_t pos;

    sennit_buf_init(&have, NULL);
    print_shape(tree, &have);
    buf_add(&have, "", 1);
    assert_string_equal((const char *)have.data, shape);
    sennit_buf_clear(&have);
    assert_null(sn_tree_check(tree, &pos));
}

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

/* A document that holds "hello", typed by replica 1, with room in its tree. */
static sennit_doc *hello(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");

    type(doc, 0, "hello");
    assert_ok(sn_tree_reserve(&doc->tree, 50, 20));
    return doc;
}

static sennit_doc *copy_of(void **state, sennit_doc *doc)
{
    sennit_doc *copy = stage_doc(*state, 2, "");

    doc_catch_up(copy, doc);
    return copy;
}

/* Delete, or bring back, bytes of replica 1 by their numbers. */
static void flip(sennit_doc *doc, uint32_t number, uint32_t n, bool dead)
{
    sn_place p = sn_tree_find(&doc->tree, 0, number);

    if (dead)
        sn_tree_kill(&doc->tree, &p, n);
    else
        sn_tree_revive(&doc->tree, &p, n);
}

/* ---- inserting ---- */

static void a_span_put_inside_another_cuts_it(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 2, "X");
    assert_shape(&doc->tree, "he+ <X llo");
    assert_text(doc, "heXllo");
}

static void a_span_put_at_an_end_cuts_nothing(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 0, "X");
    assert_shape(&doc->tree, "<X hello");
}

static void a_second_right_child_stands_before_the_first(void **state)
{
    sennit_doc *doc = hello(state), *other = copy_of(state, doc);

    type(other, 5, "!");
    type(doc, 5, "?");
    doc_catch_up(other, doc);
    assert_shape(&other->tree, "hello+ ! ?"); /* newer change of the greater id first */
}

static void typing_on_makes_the_span_longer(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 5, " you");
    assert_shape(&doc->tree, "hello you");
    assert_int_equal(doc->who.replicas[0].number, 9);
}

/* ---- deleting ---- */

static void a_whole_span_is_deleted(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 0, 5, true);
    assert_shape(&doc->tree, "(hello)");
    assert_int_equal(doc->tree.total.bytes, 0);
}

static void the_head_of_a_span_is_deleted(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 0, 2, true);
    assert_shape(&doc->tree, "(he)+ llo");
}

static void the_tail_of_a_span_is_deleted(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 3, 2, true);
    assert_shape(&doc->tree, "hel+ (lo)");
}

static void the_middle_of_a_span_is_deleted(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 1, 3, true);
    assert_shape(&doc->tree, "h+ (ell)+ o");
    assert_int_equal(doc->tree.total.bytes, 2);
}

static void what_goes_beside_deleted_bytes_joins_them(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 2, 1, true);
    assert_shape(&doc->tree, "he+ (l)+ lo");
    flip(doc, 1, 1, true);
    assert_shape(&doc->tree, "h+ (el)+ lo");
    flip(doc, 3, 1, true);
    assert_shape(&doc->tree, "h+ (ell)+ o");
    flip(doc, 0, 1, true);
    assert_shape(&doc->tree, "(hell)+ o");
    flip(doc, 4, 1, true);
    assert_shape(&doc->tree, "(hello)");
}

static void what_goes_between_deleted_bytes_joins_both(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 0, 2, true);
    flip(doc, 3, 2, true);
    assert_shape(&doc->tree, "(he)+ l+ (lo)");
    flip(doc, 2, 1, true);
    assert_shape(&doc->tree, "(hello)");
}

static void a_first_letter_that_goes_alone_joins_what_follows_it(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 1, 4, true);
    assert_shape(&doc->tree, "h+ (ello)");
    flip(doc, 0, 1, true);
    assert_shape(&doc->tree, "(hello)");
}

static void deleted_bytes_do_not_join_across_what_stands_between(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 2, "X");
    flip(doc, 0, 2, true);
    flip(doc, 2, 3, true);
    assert_shape(&doc->tree, "(he)+ <X (llo)");
}

static void a_left_child_joins_nothing_before_it(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 0, "X"); /* number 5, before h */
    flip(doc, 0, 5, true);
    flip(doc, 5, 1, true);
    assert_shape(&doc->tree, "<(X) (hello)");
}

static void a_cut_gives_the_right_child_to_the_last_piece(void **state)
{
    sennit_doc *doc = hello(state), *other = copy_of(state, doc);

    type(other, 5, "!");
    doc_catch_up(doc, other);
    assert_shape(&doc->tree, "hello+ !");
    flip(doc, 1, 1, true);
    assert_shape(&doc->tree, "h+ (e)+ llo+ !");
    flip(doc, 1, 1, false);
    assert_shape(&doc->tree, "hello+ !");
    flip(doc, 3, 2, true);
    assert_shape(&doc->tree, "hel+ (lo)+ !");
}

/* ---- bringing back ---- */

static void what_comes_back_joins_what_was_never_gone(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 1, 3, true);
    flip(doc, 2, 1, false);
    assert_shape(&doc->tree, "h+ (e)+ l+ (l)+ o");
    flip(doc, 1, 1, false);
    assert_shape(&doc->tree, "hel+ (l)+ o");
    flip(doc, 3, 1, false);
    assert_shape(&doc->tree, "hello");
    assert_int_equal(doc->tree.total.bytes, 5);
}

static void the_end_comes_back_to_what_follows(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 0, 4, true);
    flip(doc, 3, 1, false);
    assert_shape(&doc->tree, "(hel)+ lo");
    flip(doc, 0, 3, false);
    assert_shape(&doc->tree, "hello");
}

/* ---- where the place is then ---- */

/* Delete everything from a byte on as an edit does, one span after the other. */
static void kill_all_from(sennit_doc *doc, uint32_t at)
{
    uint32_t left = doc->tree.total.bytes - at;

    for (sn_place p = sn_tree_seek(&doc->tree, at); left > 0; p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);

        if (sn_span_dead(s))
            continue;
        uint32_t n = s->len - p.off;
        sn_tree_kill(&doc->tree, &p, n);
        left -= n;
    }
}

static void the_place_leads_to_what_follows(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 3, "Y");
    type(doc, 1, "X");
    flip(doc, 1, 1, true);
    assert_shape(&doc->tree, "h+ <X (e)+ l+ <Y lo");
    assert_ok(sn_tree_reserve(&doc->tree, 50, 20));
    kill_all_from(doc, 1);
    assert_shape(&doc->tree, "h+ <(X) (el)+ <(Y) (lo)");
}

/* ---- taking out ---- */

static void spans_are_taken_out_and_shortened(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 0, "XYZ");
    assert_shape(&doc->tree, "<XYZ hello");
    sn_place p = sn_tree_find(&doc->tree, 0, 6);
    sn_tree_remove(&doc->tree, p.leaf, p.i, 1);
    assert_shape(&doc->tree, "<X hello");
    assert_int_equal(doc->who.replicas[0].number, 6);
    p = sn_tree_find(&doc->tree, 0, 5);
    sn_tree_remove(&doc->tree, p.leaf, p.i, 0);
    assert_shape(&doc->tree, "hello");
    assert_int_equal(doc->who.replicas[0].number, 5);
    assert_int_equal(doc->tree.total.bytes, 5);
}

static void what_was_deleted_is_taken_out_of_no_sum(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 3, 2, true);
    sn_place p = sn_tree_find(&doc->tree, 0, 3);
    sn_tree_remove(&doc->tree, p.leaf, p.i, 1);
    assert_shape(&doc->tree, "hel+ (l)");
    assert_int_equal(doc->tree.total.bytes, 3);
}

static void pieces_are_healed_when_what_stood_between_is_gone(void **state)
{
    sennit_doc *doc = hello(state);

    type(doc, 2, "X");
    sn_place p = sn_tree_find(&doc->tree, 0, 5);
    sn_leaf *leaf = p.leaf;
    sn_tree_remove(&doc->tree, leaf, p.i, 0);
    sn_tree_heal(&doc->tree, leaf, p.i - 1);
    assert_shape(&doc->tree, "hello");
}

static void pieces_of_different_fate_are_not_healed(void **state)
{
    sennit_doc *doc = hello(state);

    flip(doc, 2, 3, true);
    sn_tree_heal(&doc->tree, doc->tree.first, 0);
    sn_tree_heal(&doc->tree, doc->tree.first, 1);
    assert_shape(&doc->tree, "he+ (llo)");
}

/* ---- by chance ---- */

/* Every byte of a crowded document goes and comes, with the cursor standing
 * anywhere; sums, joins and cursor are right all the while. */
/* A place in a span that begins and ends n bytes on between characters; most of
 * the time near the cursor. */
static sn_place any_place(rng *r, sennit_doc *doc, uint32_t *n)
{
    sn_tree *tree = &doc->tree;
    uint32_t author = (uint32_t)rng_below(r, doc->who.replicas_len);
    uint32_t number = (uint32_t)rng_below(r, doc->who.replicas[author].text.len);
    sn_place p = sn_tree_find(tree, author, number);

    if (tree->cursor.leaf != NULL && rng_percent(r, 80)) {
        p.leaf = tree->cursor.leaf;
        p.i = (uint32_t)rng_below(r, p.leaf->node.n);
        p.off = (uint32_t)rng_below(r, sn_span_len(sn_place_span(&p)));
    }
    const sn_span *s = sn_place_span(&p);
    const sn_text *text = &sn_author(&doc->who, s->change)->text;
    uint32_t len = sn_span_len(s), whole = (uint32_t)rng_below(r, 2);
    uint32_t end = whole ? len : p.off + 1 + (uint32_t)rng_below(r, len - p.off);
    p.off = whole ? 0 : p.off;
    while (!sn_text_boundary(text, (uint64_t)s->at + p.off))
        p.off--;
    while (!sn_text_boundary(text, (uint64_t)s->at + end))
        end++;
    *n = end - p.off;
    return p;
}

/* A visible byte; most of the time one of the cursor's leaf. */
static uint32_t byte_near(rng *r, sn_tree *tree)
{
    const sn_leaf *leaf = tree->cursor.leaf;
    uint32_t visible = 0;

    for (uint32_t i = 0; leaf != NULL && i < leaf->node.n; i++)
        visible += sn_span_visible(&leaf->span[i]);
    if (visible == 0 || rng_percent(r, 20))
        return (uint32_t)rng_below(r, tree->total.bytes);
    return sn_tree_before(tree, (sn_place){tree->cursor.leaf, 0, 0}).bytes +
           (uint32_t)rng_below(r, visible);
}

static void flips_by_chance_keep_every_invariant(void **state)
{
    sennit_doc *doc = crowd_doc(*state, 5, 120);
    sn_tree *tree = &doc->tree;
    rng r = rng_seed(9);
    size_t pos;

    for (unsigned i = 0; i < 2500; i++) {
        uint32_t n, bytes = tree->total.bytes;
        sn_place p = any_place(&r, doc, &n);
        bool dead = sn_span_dead(sn_place_span(&p));

        assert_ok(sn_tree_reserve(tree, 2, 1));
        if (dead)
            sn_tree_revive(tree, &p, n);
        else
            sn_tree_kill(tree, &p, n);
        assert_int_equal(tree->total.bytes, dead ? bytes + n : bytes - n);
        assert_null(sn_tree_check(tree, &pos));
        if (tree->total.bytes == 0)
            continue;
        uint32_t at = byte_near(&r, tree);
        sn_place q = sn_tree_seek(tree, at), want = sn_tree_at(tree, SENNIT_BYTES, at);
        assert_true(q.leaf == want.leaf && q.i == want.i && q.off == want.off);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_span_put_inside_another_cuts_it),
        STAGE_TEST(a_span_put_at_an_end_cuts_nothing),
        STAGE_TEST(a_second_right_child_stands_before_the_first),
        STAGE_TEST(typing_on_makes_the_span_longer),
        STAGE_TEST(a_whole_span_is_deleted),
        STAGE_TEST(the_head_of_a_span_is_deleted),
        STAGE_TEST(the_tail_of_a_span_is_deleted),
        STAGE_TEST(the_middle_of_a_span_is_deleted),
        STAGE_TEST(what_goes_beside_deleted_bytes_joins_them),
        STAGE_TEST(what_goes_between_deleted_bytes_joins_both),
        STAGE_TEST(a_first_letter_that_goes_alone_joins_what_follows_it),
        STAGE_TEST(deleted_bytes_do_not_join_across_what_stands_between),
        STAGE_TEST(a_left_child_joins_nothing_before_it),
        STAGE_TEST(a_cut_gives_the_right_child_to_the_last_piece),
        STAGE_TEST(what_comes_back_joins_what_was_never_gone),
        STAGE_TEST(the_end_comes_back_to_what_follows),
        STAGE_TEST(the_place_leads_to_what_follows),
        STAGE_TEST(spans_are_taken_out_and_shortened),
        STAGE_TEST(what_was_deleted_is_taken_out_of_no_sum),
        STAGE_TEST(pieces_are_healed_when_what_stood_between_is_gone),
        STAGE_TEST(pieces_of_different_fate_are_not_healed),
        STAGE_TEST(flips_by_chance_keep_every_invariant),
    };

    return RUN_TESTS(tests);
}
