#include "base/treap.h"

#include "support/cm.h"
#include "support/rng.h"

#define MOST 3000

typedef struct item {
    uint32_t key;
    bool in;
    sn_twig twig;
} item;

static size_t looks; /* comparisons */

static const item *item_of(const sn_twig *twig)
{
    return (const item *)((uintptr_t)twig - offsetof(item, twig));
}

static int by_key(const sn_twig *a, const sn_twig *b)
{
    uint32_t x = item_of(a)->key, y = item_of(b)->key;

    looks++;
    return (x > y) - (x < y);
}

/* Put in item i unless it is there. */
static void put(sn_twig **root, item *items, size_t i)
{
    if (items[i].in)
        return;
    items[i].in = true;
    items[i].key = (uint32_t)i;
    sn_treap_add(root, &items[i].twig, sn_treap_rank(77, i), by_key);
}

/* What the items themselves say about the first from a key on. */
static const sn_twig *slow_from(const item *items, size_t n, size_t key)
{
    while (key < n && !items[key].in)
        key++;
    return key < n ? &items[key].twig : NULL;
}

static size_t depth_of(const sn_twig *root)
{
    if (root == NULL)
        return 0;
    size_t left = depth_of(root->left), right = depth_of(root->right);
    return 1 + (left > right ? left : right);
}

static void what_is_put_in_and_taken_out_is_found_in_order(void **state)
{
    (void)state;
    static item items[MOST];

    for (uint64_t seed = 1; seed <= 30; seed++) {
        rng r = rng_seed(seed);
        size_t n = rng_in(&r, 1, seed < 20 ? 30 : 300);
        sn_twig *root = NULL;

        memset(items, 0, sizeof items);
        for (size_t step = 0; step < 6 * n; step++) {
            size_t i = rng_below(&r, n);

            if (items[i].in && rng_percent(&r, 60)) {
                sn_treap_remove(&root, &items[i].twig, by_key);
                items[i].in = false;
            } else {
                put(&root, items, i);
            }
            item key = {.key = (uint32_t)rng_below(&r, n + 1)};
            assert_ptr_equal(sn_treap_from(root, &key.twig, by_key),
                             slow_from(items, n, key.key));
            assert_ptr_equal(sn_treap_first(root), slow_from(items, n, 0));
        }
        while (root != NULL) /* the root can always be taken */
            sn_treap_remove(&root, root, by_key);
    }
}

static void nothing_is_found_in_nothing(void **state)
{
    (void)state;
    item key = {.key = 0};

    assert_null(sn_treap_first(NULL));
    assert_null(sn_treap_from(NULL, &key.twig, by_key));
}

/* Ranks as unlucky as these have a chance of far less than one in a million. */
static void order_of_arrival_does_not_make_it_deep(void **state)
{
    (void)state;
    static item items[MOST];

    for (unsigned how = 0; how < 3; how++) {
        sn_twig *root = NULL;

        memset(items, 0, sizeof items);
        looks = 0;
        for (size_t i = 0; i < MOST; i++)
            put(&root, items, how == 0 ? i : how == 1 ? MOST - 1 - i : i * 7 % MOST);
        assert_true(looks < (size_t)MOST * 60);
        assert_true(depth_of(root) < 60);
        looks = 0;
        for (size_t i = 0; i < MOST; i++)
            sn_treap_remove(&root, &items[i].twig, by_key);
        assert_true(looks < (size_t)MOST * 60);
        assert_null(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_and_taken_out_is_found_in_order),
        cmocka_unit_test(nothing_is_found_in_nothing),
        cmocka_unit_test(order_of_arrival_does_not_make_it_deep),
    };

    return RUN_TESTS(tests);
}
