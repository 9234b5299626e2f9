#include "core/edit/diff.h"

#include "support/cm.h"
#include "support/rng.h"

#include <stdlib.h>

#define MOST 3000

typedef struct pair {
    uint64_t a[MOST], b[MOST];
    uint8_t gone[MOST + 1], come[MOST + 1];
    size_t n, m;
    sn_diff diff;
} pair;

static int pair_open(void **state)
{
    *state = calloc(1, sizeof(pair));
    return *state == NULL;
}

static int pair_close(void **state)
{
    free(*state);
    return 0;
}

/* Compare, see that what is kept is the same on both sides, and count edits. */
static size_t edits(pair *p)
{
    size_t i = 0, k = 0, n = 0;

    memset(p->gone, 0, sizeof p->gone);
    memset(p->come, 0, sizeof p->come);
    p->diff.a = p->a;
    p->diff.b = p->b;
    p->diff.gone = p->gone;
    p->diff.come = p->come;
    sn_diff_run(&p->diff, p->n, p->m);
    for (;;) {
        for (; i < p->n && p->gone[i]; i++)
            n++;
        for (; k < p->m && p->come[k]; k++)
            n++;
        if (i == p->n || k == p->m)
            break;
        assert_int_equal(p->a[i++], p->b[k++]);
    }
    assert_int_equal(i, p->n);
    assert_int_equal(k, p->m);
    assert_int_equal(p->gone[p->n] + p->come[p->m], 0); /* nothing past the end */
    return n;
}

/* The least number of edits, by a table of all prefixes. */
static size_t least(const pair *p)
{
    static uint16_t row[MOST + 1];

    for (size_t k = 0; k <= p->m; k++)
        row[k] = (uint16_t)k;
    for (size_t i = 1; i <= p->n; i++) {
        uint16_t corner = row[0];

        row[0] = (uint16_t)i;
        for (size_t k = 1; k <= p->m; k++) {
            uint16_t up = row[k], best = (uint16_t)((up < row[k - 1] ? up : row[k - 1]) + 1);

            row[k] = p->a[i - 1] == p->b[k - 1] ? corner : best;
            corner = up;
        }
    }
    return row[p->m];
}

static void small_scripts_are_shortest(void **state)
{
    pair *p = *state;

    for (uint64_t seed = 1; seed <= 3000; seed++) {
        rng r = rng_seed(seed);
        size_t letters = rng_in(&r, 1, 6);

        p->n = rng_below(&r, 12);
        p->m = rng_below(&r, 12);
        for (size_t i = 0; i < 12; i++) {
            p->a[i] = rng_below(&r, letters);
            p->b[i] = rng_below(&r, letters);
        }
        assert_int_equal(edits(p), least(p));
    }
}

static void a_few_changes_in_much_are_found(void **state)
{
    pair *p = *state;
    rng r = rng_seed(1);

    for (unsigned times = 0; times < 4; times++) {
        p->n = MOST - 100;
        p->m = 0;
        for (size_t i = 0; i < p->n; i++) {
            p->a[i] = rng_next(&r);
            if (!rng_percent(&r, 1))
                p->b[p->m++] = p->a[i];
            if (rng_percent(&r, 1) && p->m < MOST - 1)
                p->b[p->m++] = rng_next(&r);
        }
        assert_int_equal(edits(p), least(p));
    }
}

static void one_side_may_be_empty(void **state)
{
    pair *p = *state;

    p->n = 0;
    p->m = 0;
    assert_int_equal(edits(p), 0);
    p->m = 5;
    assert_int_equal(edits(p), 5);
    p->n = 5;
    p->m = 0;
    assert_int_equal(edits(p), 5);
}

static void what_has_nothing_in_common_is_given_up_and_replaced(void **state)
{
    pair *p = *state;

    p->n = MOST;
    p->m = MOST - 7;
    for (size_t i = 0; i < MOST; i++) {
        p->a[i] = 2 * i;
        p->b[i] = 2 * i + 1;
    }
    assert_int_equal(edits(p), p->n + p->m);
}

/* More differences than are looked for, and a little in common everywhere. */
static void past_the_cost_the_script_is_longer_but_right(void **state)
{
    pair *p = *state;

    for (uint64_t seed = 1; seed <= 3; seed++) {
        rng r = rng_seed(seed);

        p->n = rng_in(&r, 1000, MOST);
        p->m = rng_in(&r, 1000, MOST);
        for (size_t i = 0; i < MOST; i++) {
            p->a[i] = rng_below(&r, 4 * seed * seed);
            p->b[i] = rng_below(&r, 4 * seed * seed);
        }
        size_t n = edits(p), best = least(p);
        assert_true(best > 2 * SN_DIFF_COST);
        assert_true(n >= best && n < p->n + p->m);
    }
}

static void what_both_ends_have_in_common_is_kept_whatever_is_between(void **state)
{
    pair *p = *state;
    rng r = rng_seed(1);

    p->n = p->m = MOST;
    for (size_t i = 0; i < MOST; i++) {
        p->a[i] = rng_below(&r, 9);
        p->b[i] = i < 500 || i >= MOST - 500 ? p->a[i] : 100 + rng_below(&r, 9);
    }
    assert_int_equal(edits(p), 2 * (MOST - 1000));
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(p->gone[i] + p->come[i] + p->gone[MOST - 1 - i] + p->come[MOST - 1 - i], 0);
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, pair_open, pair_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(small_scripts_are_shortest),
        PAIR_TEST(a_few_changes_in_much_are_found),
        PAIR_TEST(one_side_may_be_empty),
        PAIR_TEST(what_has_nothing_in_common_is_given_up_and_replaced),
        PAIR_TEST(past_the_cost_the_script_is_longer_but_right),
        PAIR_TEST(what_both_ends_have_in_common_is_kept_whatever_is_between),
    };

    return RUN_TESTS(tests);
}
