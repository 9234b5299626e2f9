/* Places of a tree found in every way there is, against its spans read one after
 * the other. */
#include "core/doc/doc.h"

#include "core/tree/tree_node.h"
#include "support/crowd.h"
#include "support/text.h"

#include <string.h>

typedef struct fixture {
    void *stage;
    sennit_doc *doc;
    sn_tree *tree;
    sennit_buf text; /* visible */
} fixture;

static int start(void **state)
{
    static fixture f;

    stage_open(&f.stage);
    f.doc = crowd_doc(f.stage, 7, 300);
    f.tree = &f.doc->tree;
    sennit_buf_init(&f.text, NULL);
    doc_text(f.doc, &f.text);
    assert_in_range(f.text.len, 200, 4000);
    assert_in_range(f.tree->depth, 1, 9);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    fixture *f = *state;

    sennit_buf_clear(&f->text);
    return stage_close(&f->stage);
}

static const char *text_of(const fixture *f)
{
    return (const char *)f->text.data;
}

/* Visible bytes before a place, counted span by span. */
static uint32_t bytes_before(const fixture *f, sn_place p)
{
    uint32_t bytes = 0;

    for (sn_place q = sn_tree_from(f->tree->first, 0); q.leaf != p.leaf || q.i != p.i;
         q = sn_tree_next(q))
        bytes += sn_span_visible(sn_place_span(&q));
    return bytes + (sn_span_dead(sn_place_span(&p)) ? 0 : p.off);
}

static void assert_at(const fixture *f, sn_place p, size_t byte)
{
    const sn_span *s = sn_place_span(&p);

    assert_false(sn_span_dead(s));
    assert_true(p.off < s->len);
    assert_int_equal(bytes_before(f, p), byte);
}

static void same_place(sn_place a, sn_place b)
{
    assert_ptr_equal(a.leaf, b.leaf);
    assert_int_equal(a.i, b.i);
    assert_int_equal(a.off, b.off);
}

/* ---- neighbours ---- */

static void every_span_is_met_once(void **state)
{
    fixture *f = *state;
    size_t n = 0, bytes = 0;

    for (sn_place p = sn_tree_from(f->tree->first, 0); p.leaf != NULL; p = sn_tree_next(p), n++)
        bytes += sn_span_len(sn_place_span(&p));
    sennit_stat stat;
    sennit_doc_stat(f->doc, &stat);
    assert_int_equal(stat.spans, n);
    assert_int_equal(stat.inserted_bytes, bytes);
}

static void beyond_the_end_of_a_leaf_stands_the_next_one(void **state)
{
    fixture *f = *state;
    sn_leaf *leaf = f->tree->first;

    same_place(sn_tree_from(leaf, leaf->node.n), (sn_place){leaf->next, 0, 0});
    while (leaf->next != NULL)
        leaf = leaf->next;
    assert_null(sn_tree_from(leaf, leaf->node.n).leaf);
}

/* ---- by position ---- */

static void every_unit_is_found(void **state)
{
    fixture *f = *state;

    for (int unit = SENNIT_BYTES; unit <= SENNIT_UTF16; unit++) {
        size_t n = text_units(text_of(f), f->text.len, (sennit_unit)unit);

        for (size_t i = 0; i < n; i++) {
            size_t at = unit == SENNIT_BYTES
                            ? i : text_at(text_of(f), f->text.len, (sennit_unit)unit, i);

            assert_at(f, sn_tree_at(f->tree, (sennit_unit)unit, (uint32_t)i), at);
        }
    }
}

static void half_of_a_wide_character_is_its_start(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "a\xf0\x9f\x99\x82z");
    sn_place p = sn_tree_at(&doc->tree, SENNIT_UTF16, 1), q = sn_tree_at(&doc->tree, SENNIT_UTF16, 2);
    assert_int_equal(p.off, 1);
    assert_int_equal(q.off, 1);
    assert_int_equal(sn_tree_at(&doc->tree, SENNIT_UTF16, 3).off, 5);
}

static void every_line_is_found(void **state)
{
    fixture *f = *state;
    uint32_t line = 0;

    for (size_t i = 0; i < f->text.len; i++) {
        if (text_of(f)[i] != '\n')
            continue;
        sn_place p = sn_tree_line(f->tree, ++line);
        assert_int_equal(bytes_before(f, p), i + 1);
        assert_true(p.off > 0);
        assert_false(sn_span_dead(sn_place_span(&p)));
    }
    assert_in_range(line, 10, 1000);
    assert_int_equal(line, f->tree->total.lines);
}

static void the_cursor_finds_what_a_descent_finds(void **state)
{
    fixture *f = *state;
    rng r = rng_seed(1);
    uint32_t at = 0;

    for (unsigned i = 0; i < 3000; i++) {
        if (rng_percent(&r, 10))
            at = (uint32_t)rng_below(&r, f->text.len); /* jump, else walk */
        else
            at = (uint32_t)((at + f->text.len + rng_below(&r, 41) - 20) % f->text.len);
        same_place(sn_tree_seek(f->tree, at), sn_tree_at(f->tree, SENNIT_BYTES, at));
    }
}

static void the_cursor_follows_what_changes_before_and_behind_it(void **state)
{
    fixture *f = *state;
    rng r = rng_seed(2);

    for (unsigned i = 0; i < 400; i++) {
        size_t n = sennit_doc_len(f->doc);

        if (rng_percent(&r, 50) && n > 0)
            assert_ok(sennit_doc_delete(f->doc, rng_below(&r, n), 1));
        else
            assert_ok(sennit_doc_insert(f->doc, rng_below(&r, n + 1), "x", 1));
        if (f->tree->total.bytes == 0)
            continue;
        uint32_t at = (uint32_t)rng_below(&r, f->tree->total.bytes);
        sn_place p = sn_tree_seek(f->tree, at);
        f->tree->cursor.leaf = NULL;
        same_place(p, sn_tree_seek(f->tree, at));
    }
}

/* An edit leaves the cursor where it was. */
static void the_cursor_is_right_after_each_edit(void **state)
{
    fixture *f = *state;
    rng r = rng_seed(4);

    for (unsigned i = 0; i < 600; i++) {
        size_t n = sennit_doc_len(f->doc), at = rng_below(&r, n);

        if (i % 3 == 0)
            assert_ok(sennit_doc_delete(f->doc, at, 1));
        else
            assert_ok(sennit_doc_insert(f->doc, at, "xyz", i % 3));
        const sn_cursor *c = &f->tree->cursor;
        if (c->leaf == NULL)
            continue;
        const sn_place first = {c->leaf, 0, 0}, here = {c->leaf, c->i, 0};
        const uint32_t before = bytes_before(f, first);
        assert_int_equal(c->before, bytes_before(f, here) - before);
        if (c->base_known)
            assert_int_equal(c->base, before);
    }
}

static void what_is_before_a_place_is_counted_in_all_units(void **state)
{
    fixture *f = *state;

    for (sn_place p = sn_tree_from(f->tree->first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        for (uint32_t off = 0; off <= sn_span_len(sn_place_span(&p)); off++) {
            sn_place q = {p.leaf, p.i, off};
            uint32_t bytes = bytes_before(f, q);

            if (bytes < f->text.len && text_is_inside(text_of(f)[bytes]))
                continue;
            sn_count c = sn_tree_before(f->tree, q);
            for (int unit = SENNIT_BYTES; unit <= SENNIT_LINES; unit++)
                assert_int_equal(sn_count_in(&c, (sennit_unit)unit),
                                 text_units(text_of(f), bytes, (sennit_unit)unit));
        }
    }
}

/* ---- by id ---- */

static void every_byte_is_found_by_its_id(void **state)
{
    fixture *f = *state;

    for (sn_place p = sn_tree_from(f->tree->first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);
        uint32_t author = f->doc->who.changes[s->change].replica;

        for (uint32_t off = 0; off < sn_span_len(s); off++) {
            f->tree->hit = NULL;
            same_place(sn_tree_find(f->tree, author, s->at + off), (sn_place){p.leaf, p.i, off});
        }
    }
}

static void what_was_found_last_helps_to_find_and_never_misleads(void **state)
{
    fixture *f = *state;
    const sn_roster *who = &f->doc->who;
    rng r = rng_seed(3);

    for (unsigned i = 0; i < 4000; i++) {
        uint32_t author = (uint32_t)rng_below(&r, who->replicas_len);
        uint32_t number = (uint32_t)rng_below(&r, who->replicas[author].number);
        sn_place p = sn_tree_find(f->tree, author, number);
        const sn_span *s = sn_place_span(&p);

        assert_int_equal(who->changes[s->change].replica, author);
        assert_int_equal(s->at + p.off, number);
        assert_true(p.off < sn_span_len(s));
        sn_place q = sn_tree_next(p); /* a neighbour next, now and then */
        if (q.leaf != NULL && rng_percent(&r, 50)) {
            const sn_span *t = sn_place_span(&q);

            same_place(sn_tree_find(f->tree, who->changes[t->change].replica, t->at), q);
        }
    }
}

/* ---- least keys ---- */

static bool has_low(const fixture *f, const sn_leaf *leaf, bool left, uint32_t change)
{
    for (uint32_t i = 0; i < leaf->node.n; i++) {
        const sn_span *s = &leaf->span[i];

        if (sn_change_le(&f->doc->who, left ? sn_span_lkey(s) : sn_span_rkey(s), change))
            return true;
    }
    return false;
}

static void the_next_leaf_with_an_older_right_key_is_found(void **state)
{
    fixture *f = *state;

    for (uint32_t change = 0; change < f->doc->who.changes_len; change += 7)
        for (sn_leaf *leaf = f->tree->first; leaf != NULL; leaf = leaf->next) {
            sn_leaf *want = leaf->next;

            while (want != NULL && !has_low(f, want, false, change))
                want = want->next;
            assert_ptr_equal(sn_tree_low_after(f->tree, leaf, change), want);
        }
}

static void the_leaf_before_with_an_older_left_key_is_found(void **state)
{
    fixture *f = *state;

    for (uint32_t change = 0; change < f->doc->who.changes_len; change += 7)
        for (sn_leaf *leaf = f->tree->first; leaf != NULL; leaf = leaf->next) {
            sn_leaf *want = leaf->prev;

            while (want != NULL && !has_low(f, want, true, change))
                want = want->prev;
            assert_ptr_equal(sn_tree_low_before(f->tree, leaf, change), want);
        }
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(every_span_is_met_once),
        TREE_TEST(beyond_the_end_of_a_leaf_stands_the_next_one),
        TREE_TEST(every_unit_is_found),
        STAGE_TEST(half_of_a_wide_character_is_its_start),
        TREE_TEST(every_line_is_found),
        TREE_TEST(the_cursor_finds_what_a_descent_finds),
        TREE_TEST(the_cursor_follows_what_changes_before_and_behind_it),
        TREE_TEST(the_cursor_is_right_after_each_edit),
        TREE_TEST(what_is_before_a_place_is_counted_in_all_units),
        TREE_TEST(every_byte_is_found_by_its_id),
        TREE_TEST(what_was_found_last_helps_to_find_and_never_misleads),
        TREE_TEST(the_next_leaf_with_an_older_right_key_is_found),
        TREE_TEST(the_leaf_before_with_an_older_left_key_is_found),
    };

    return RUN_TESTS(tests);
}
