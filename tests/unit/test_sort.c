#include "base/sort.h"

#include "support/cm.h"
#include "support/rng.h"

#define MOST 5000

/* Keys that differ in few or many of their bits. */
static uint32_t random_key(rng *r, unsigned bits)
{
    return (uint32_t)(rng_next(r) & ((UINT64_C(1) << bits) - 1));
}

static void pairs_are_sorted_and_equal_keys_keep_their_order(void **state)
{
    (void)state;
    static sn_pair pairs[MOST], spare[MOST];
    rng r = rng_seed(1);

    for (unsigned bits = 0; bits <= 32; bits += 2) {
        size_t n = rng_below(&r, MOST);

        for (size_t i = 0; i < n; i++)
            pairs[i] = (sn_pair){random_key(&r, bits), (uint32_t)i};
        const sn_pair *sorted = sn_sort_pairs(pairs, spare, n);
        assert_true(sorted == pairs || sorted == spare);
        for (size_t i = 1; i < n; i++)
            assert_true(sorted[i - 1].key < sorted[i].key ||
                        (sorted[i - 1].key == sorted[i].key &&
                         sorted[i - 1].value < sorted[i].value));
    }
}

static void nothing_is_sorted_without_being_touched(void **state)
{
    (void)state;
    assert_null(sn_sort_pairs(NULL, NULL, 0));
}

/* ---- indices ---- */

typedef struct keyed {
    const uint32_t *keys;
    size_t looks;
} keyed;

static bool less(const void *ctx, uint32_t a, uint32_t b)
{
    keyed *k = (keyed *)(uintptr_t)ctx;

    k->looks++;
    return k->keys[a] < k->keys[b];
}

static void check_indices(const uint32_t *keys, size_t n, size_t most_looks)
{
    static uint32_t indices[MOST];
    static bool seen[MOST];
    keyed k = {keys, 0};

    for (size_t i = 0; i < n; i++) {
        indices[i] = (uint32_t)i;
        seen[i] = false;
    }
    sn_sort_indices(indices, n, less, &k);
    assert_in_range(k.looks, 0, most_looks);
    for (size_t i = 0; i < n; i++) {
        assert_true(indices[i] < n && !seen[indices[i]]);
        seen[indices[i]] = true;
        assert_true(i == 0 || keys[indices[i - 1]] <= keys[indices[i]]);
    }
}

static void indices_are_sorted_whatever_the_keys(void **state)
{
    (void)state;
    static uint32_t keys[MOST];
    rng r = rng_seed(2);

    for (unsigned k = 0; k < 60; k++) {
        size_t n = rng_below(&r, 600);

        for (size_t i = 0; i < n; i++)
            keys[i] = random_key(&r, k % 12 * 2);
        check_indices(keys, n, 40 * n + 40);
    }
}

static void there_is_no_bad_order_to_start_from(void **state)
{
    (void)state;
    static uint32_t keys[MOST];

    for (unsigned shape = 0; shape < 4; shape++) {
        for (uint32_t i = 0; i < MOST; i++)
            keys[i] = shape == 0 ? MOST - i : shape == 1 ? i % 2 : shape == 2 ? i ^ 1u
                      : i < MOST / 2 ? i : MOST - i;
        check_indices(keys, MOST, 40 * MOST); /* about 3 n log n */
    }
}

static void what_is_sorted_already_costs_a_look_each(void **state)
{
    (void)state;
    static uint32_t keys[MOST];

    for (uint32_t i = 0; i < MOST; i++)
        keys[i] = i / 3;
    check_indices(keys, MOST, MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_sorted_and_equal_keys_keep_their_order),
        cmocka_unit_test(nothing_is_sorted_without_being_touched),
        cmocka_unit_test(indices_are_sorted_whatever_the_keys),
        cmocka_unit_test(there_is_no_bad_order_to_start_from),
        cmocka_unit_test(what_is_sorted_already_costs_a_look_each),
    };

    return RUN_TESTS(tests);
}
