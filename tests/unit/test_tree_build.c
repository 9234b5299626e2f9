/* Trees built from a list of spans, emptied again, and found to be broken. */
#include "core/tree/tree_node.h"

#include "support/cm.h"
#include "support/failmem.h"
#include "support/rng.h"

#include <stdlib.h>

#define MOST 600

typedef struct fixture {
    failmem fm;
    sn_mem mem;
    sn_roster who;
    sn_tree tree;
    sn_span spans[MOST];
    sn_tree_id ids[MOST];
    uint8_t visible[4 * MOST];
} fixture;

static int start(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    sennit_alloc alloc = failmem_at(&f->fm, 0);
    sn_mem_init(&f->mem, &alloc);
    assert_ok(sn_roster_init(&f->who, &f->mem, 1));
    assert_ok(sn_tree_init(&f->tree, &f->who, &f->mem));
    for (uint32_t i = 0; i < 2; i++) { /* a change each, with text of its own kind */
        static const char unit[2][5] = {"a\xc3\xa4\n", "\xf0\x9f\x99\x82"};
        uint32_t index;

        assert_ok(sn_roster_add(&f->who, &f->mem, 70 + i, &index));
        assert_ok(sn_roster_reserve(&f->who, &f->mem, i, 1));
        sn_roster_change(&f->who, i, 5 + i, 0, 0);
        assert_ok(sn_text_reserve(&f->who.replicas[i].text, &f->mem, 4 * MOST));
        for (uint32_t k = 0; k < MOST; k++)
            sn_text_append(&f->who.replicas[i].text, unit[i], 4);
        f->who.replicas[i].seq = 4 * MOST;
    }
    *state = f;
    return 0;
}

static int stop(void **state)
{
    fixture *f = *state;

    sn_tree_free(&f->tree);
    sn_roster_free(&f->who, &f->mem);
    assert_int_equal(f->fm.live, 0);
    free(f);
    return 0;
}

/* n spans of four bytes: authors by turns, every third dead, numbers ascending
 * or descending. Returns the visible bytes. */
static uint32_t make_spans(fixture *f, uint32_t n, bool down)
{
    uint32_t visible = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = i / 2, of = i % 2, own = n / 2 + (of == 0 ? n % 2 : 0);

        f->spans[i] = (sn_span){4 * (down ? own - 1 - k : k), 4 | (i % 3 == 0 ? SN_DEAD : 0), 1 + of, 0};
        visible += i % 3 == 0 ? 0 : 4;
    }
    return visible;
}

/* Built from made spans; where that is asked for with their text in one piece. */
static sennit_status build(fixture *f, uint32_t n, bool one_piece)
{
    uint32_t at = 0, len = 0;

    for (uint32_t number = 0; number < 8 * MOST; number += 4)
        for (uint32_t i = 0; i < n; i++)
            if (f->spans[i].at + (i % 2) * 4 * MOST == number)
                f->ids[at++] = (sn_tree_id){i % 2, f->spans[i].at, i / SN_BUILT};
    assert_int_equal(at, n);
    f->who.replicas[0].number = 4 * (n - n / 2);
    f->who.replicas[1].number = 4 * (n / 2);
    for (uint32_t i = 0; i < n; i++) {
        if (sn_span_dead(&f->spans[i]))
            continue;
        memcpy(f->visible + len, f->who.replicas[i % 2].text.bytes, 4);
        len += 4;
    }
    return sn_tree_build(&f->tree, f->spans, n, f->ids, n, one_piece ? f->visible : NULL);
}

static void assert_spans(const fixture *f, uint32_t n)
{
    uint32_t i = 0;
    size_t pos;

    for (sn_place p = sn_tree_from(f->tree.first, 0); p.leaf != NULL; p = sn_tree_next(p), i++)
        assert_memory_equal(sn_place_span(&p), &f->spans[i], sizeof(sn_span));
    assert_int_equal(i, n);
    assert_null(sn_tree_check((sn_tree *)(uintptr_t)&f->tree, &pos));
    assert_int_equal(pos, n);
}

static void a_built_tree_holds_the_spans_in_order(void **state)
{
    fixture *f = *state;

    for (uint32_t n = 0; n < MOST; n += n < 30 ? 1 : 89)
        for (int way = 0; way < 4; way++) {
            uint32_t visible = make_spans(f, n, way % 2);

            assert_ok(build(f, n, way / 2));
            assert_spans(f, n);
            assert_int_equal(f->tree.total.bytes, visible);
            for (uint32_t i = 0; i < n; i++) {
                sn_place p = sn_tree_find(&f->tree, i % 2, f->spans[i].at + 3);
                assert_memory_equal(sn_place_span(&p), &f->spans[i], sizeof(sn_span));
            }
            sn_tree_clear(&f->tree);
        }
}

static void a_built_tree_has_room_for_the_first_edits(void **state)
{
    fixture *f = *state;

    make_spans(f, MOST, false);
    assert_ok(build(f, MOST, false));
    for (const sn_leaf *leaf = f->tree.first; leaf != NULL; leaf = leaf->next)
        assert_in_range(leaf->node.n, 1, SN_BUILT);
    for (uint32_t i = 0; i < 100; i++) { /* and can be edited */
        sn_place p = sn_tree_seek(&f->tree, 8 * i);

        assert_ok(sn_tree_reserve(&f->tree, 2, 1));
        sn_tree_kill(&f->tree, &p, 4);
    }
    size_t pos;
    assert_null(sn_tree_check(&f->tree, &pos));
}

static void a_cleared_tree_is_empty(void **state)
{
    fixture *f = *state;

    make_spans(f, 200, false);
    assert_ok(build(f, 200, true));
    sn_tree_clear(&f->tree);
    assert_spans(f, 0);
    assert_int_equal(f->tree.total.bytes + f->tree.total.lines + f->tree.depth, 0);
    assert_int_equal(f->tree.leaves_used, 1);
    assert_int_equal(f->who.replicas[0].number + f->who.replicas[1].number, 0);
    assert_int_equal(f->who.replicas[0].last_leaf, SN_NO_LEAF);
}

static void without_memory_the_tree_stays_empty(void **state)
{
    (void)state;
    for (size_t nth = 1, fired = 1; fired; nth++) {
        void *own;

        start(&own);
        fixture *f = own;
        make_spans(f, 60, false);
        f->fm.fail_at = f->fm.calls + nth;
        sennit_status st = build(f, 60, false);
        fired = f->fm.fired;
        assert_int_equal(st, fired ? SENNIT_ENOMEM : SENNIT_OK);
        assert_spans(f, fired ? 0 : 60);
        stop(&own);
    }
}

static void a_tree_without_memory_is_not_begun(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        failmem fm;
        sn_mem mem;
        sn_roster who = {.hash_key = 1};
        sn_tree tree;
        sennit_alloc alloc = failmem_at(&fm, nth);

        sn_mem_init(&mem, &alloc);
        assert_int_equal(sn_tree_init(&tree, &who, &mem), SENNIT_ENOMEM);
        sn_tree_free(&tree);
        sn_tree_free(&tree); /* twice is once */
        assert_int_equal(fm.live, 0);
    }
}

#define BUILD_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUILD_TEST(a_built_tree_holds_the_spans_in_order),
        BUILD_TEST(a_built_tree_has_room_for_the_first_edits),
        BUILD_TEST(a_cleared_tree_is_empty),
        cmocka_unit_test(without_memory_the_tree_stays_empty),
        cmocka_unit_test(a_tree_without_memory_is_not_begun),
    };

    return RUN_TESTS(tests);
}
