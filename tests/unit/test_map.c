#include "base/map.h"

#include "support/cm.h"
#include "support/failmem.h"
#include "support/rng.h"

#include <string.h>

#define KEYS 400

/* A map beside a plain table of what it should hold. */
typedef struct pair {
    failmem fm;
    sn_mem mem;
    sn_map map;
    bool has[KEYS];
    uint32_t value[KEYS];
} pair;

static void pair_init(pair *p)
{
    memset(p, 0, sizeof *p);
    sennit_alloc alloc = failmem_at(&p->fm, 0);
    sn_mem_init(&p->mem, &alloc);
}

static void pair_free(pair *p)
{
    sn_map_free(&p->map, &p->mem);
    assert_int_equal(p->mem.live, 0);
    assert_int_equal(p->fm.live, 0);
}

static void pair_set(pair *p, uint32_t key, uint32_t value)
{
    assert_ok(sn_map_reserve(&p->map, &p->mem, 1));
    sn_map_set(&p->map, key, value);
    p->has[key] = true;
    p->value[key] = value;
}

static void pair_append(pair *p, uint32_t key, uint32_t value)
{
    assert_ok(sn_map_reserve(&p->map, &p->mem, 1));
    sn_map_append(&p->map, key, value);
    p->has[key] = true;
    p->value[key] = value;
}

static void pair_add(pair *p, uint32_t key, uint32_t value)
{
    assert_ok(sn_map_reserve(&p->map, &p->mem, 1));
    sn_map_add(&p->map, key, value);
    p->value[key] = p->has[key] ? p->value[key] : value;
    p->has[key] = true;
}

static void pair_remove(pair *p, uint32_t low, uint32_t high)
{
    sn_map_remove(&p->map, low, high);
    for (uint32_t k = low; k < high; k++)
        p->has[k] = false;
}

static void same_place(pair *p, sn_map_at at, int64_t key)
{
    if (key < 0 || key >= KEYS) {
        assert_null(at.leaf);
        return;
    }
    assert_non_null(at.leaf);
    assert_int_equal(at.leaf->key[at.i], key);
    assert_int_equal(at.leaf->value[at.i], p->value[key]);
}

static int64_t floor_of(const pair *p, int64_t key)
{
    while (key >= 0 && !p->has[key])
        key--;
    return key;
}

static int64_t ceil_of(const pair *p, int64_t key)
{
    while (key < KEYS && !p->has[key])
        key++;
    return key;
}

static void pair_compare(pair *p)
{
    size_t n = 0;
    int64_t next = ceil_of(p, 0);

    assert_null(sn_map_check(&p->map));
    for (int64_t k = 0; k < KEYS; k++) {
        same_place(p, sn_map_floor(&p->map, (uint64_t)k), floor_of(p, k));
        same_place(p, sn_map_ceil(&p->map, (uint64_t)k), ceil_of(p, k));
        n += p->has[k];
    }
    assert_int_equal(sn_map_entries(&p->map), n);
    for (sn_map_at at = sn_map_ceil(&p->map, 0); at.leaf != NULL; at = sn_map_next(at)) {
        same_place(p, at, next);
        next = ceil_of(p, next + 1);
    }
    assert_int_equal(next, KEYS);
    same_place(p, sn_map_ceil(&p->map, UINT64_MAX), KEYS);
    same_place(p, sn_map_floor(&p->map, UINT64_MAX), floor_of(p, KEYS - 1));
}

static void an_empty_map_holds_nothing(void **state)
{
    (void)state;
    pair p;

    pair_init(&p);
    pair_compare(&p);
    pair_remove(&p, 0, KEYS);
    pair_compare(&p);
    pair_free(&p);
}

static void entries_in_any_order_are_found(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 5; order++) {
        rng r = rng_seed(order);
        pair p;

        pair_init(&p);
        for (uint32_t i = 0; i < KEYS; i++) {
            uint32_t key = order == 0 || order == 3 ? i : order == 1 ? KEYS - 1 - i
                                          : (uint32_t)rng_below(&r, KEYS);

            if (order == 3)
                pair_append(&p, key, i);
            else if (order == 4)
                pair_add(&p, key, i);
            else
                pair_set(&p, key, i);
            if (i % 40 == 0)
                pair_compare(&p);
        }
        pair_compare(&p);
        pair_free(&p);
    }
}

static void ranges_are_removed_and_refilled(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        rng r = rng_seed(seed);
        pair p;

        pair_init(&p);
        for (unsigned step = 0; step < 300; step++) {
            uint32_t key = (uint32_t)rng_below(&r, KEYS);
            uint32_t high = key + (uint32_t)rng_below(&r, rng_percent(&r, 20) ? KEYS : 20);

            if (rng_percent(&r, 75))
                pair_set(&p, key, step);
            else
                pair_remove(&p, key, high < KEYS ? high : KEYS);
            if (step % 50 == 0)
                pair_compare(&p);
            if (rng_percent(&r, 5))
                sn_map_trim(&p.map, &p.mem);
        }
        pair_compare(&p);
        pair_free(&p);
    }
}

/* Inserting asserts that spare nodes are there. */
static void what_was_reserved_is_enough_wherever_it_goes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        rng r = rng_seed(seed);
        uint32_t first = (uint32_t)rng_below(&r, KEYS), n = (uint32_t)rng_below(&r, KEYS);
        pair p;

        pair_init(&p);
        for (uint32_t i = 0; i < first; i++)
            pair_set(&p, (uint32_t)rng_below(&r, KEYS), i);
        assert_ok(sn_map_reserve(&p.map, &p.mem, n));
        size_t before = p.fm.calls;
        uint32_t at = (uint32_t)rng_below(&r, KEYS);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t key = seed % 3 == 0 ? (at + i) % KEYS
                           : seed % 3 == 1 ? (at + KEYS - i) % KEYS : (uint32_t)rng_below(&r, KEYS);

            sn_map_set(&p.map, key, i);
            p.has[key] = true;
            p.value[key] = i;
        }
        assert_int_equal(p.fm.calls, before);
        pair_compare(&p);
        pair_free(&p);
    }
}

static void a_map_without_memory_stays_as_it_was(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        pair p;

        pair_init(&p);
        for (uint32_t i = 0; i < 50; i++)
            pair_set(&p, i * 3, i);
        sn_map_trim(&p.map, &p.mem);
        p.fm.calls = 0;
        p.fm.fail_at = nth;
        sennit_status st = sn_map_reserve(&p.map, &p.mem, 300);
        assert_int_equal(st, p.fm.fired ? SENNIT_ENOMEM : SENNIT_OK);
        pair_compare(&p);
        bool done = !p.fm.fired;
        pair_free(&p);
        if (done)
            break;
    }
}

static void keys_may_be_as_large_as_they_get(void **state)
{
    (void)state;
    pair p;

    pair_init(&p);
    for (unsigned i = 0; i < 64; i++) {
        assert_ok(sn_map_reserve(&p.map, &p.mem, 2));
        sn_map_set(&p.map, UINT64_MAX >> i, i);
        sn_map_set(&p.map, UINT64_MAX >> i, i + 100);
    }
    assert_null(sn_map_check(&p.map));
    assert_int_equal(sn_map_entries(&p.map), 64);
    sn_map_at at = sn_map_floor(&p.map, UINT64_MAX);
    assert_int_equal(at.leaf->value[at.i], 100);
    at = sn_map_floor(&p.map, UINT64_MAX - 1);
    assert_int_equal(at.leaf->value[at.i], 101);
    pair_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_holds_nothing),
        cmocka_unit_test(entries_in_any_order_are_found),
        cmocka_unit_test(ranges_are_removed_and_refilled),
        cmocka_unit_test(what_was_reserved_is_enough_wherever_it_goes),
        cmocka_unit_test(a_map_without_memory_stays_as_it_was),
        cmocka_unit_test(keys_may_be_as_large_as_they_get),
    };

    return RUN_TESTS(tests);
}
