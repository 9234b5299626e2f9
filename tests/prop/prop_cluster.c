/* However operations are delayed, repeated, cut up and reordered, replicas that
 * know the same ones hold the same text, which is that of the naive document. */
#include "support/cluster.h"
#include "support/cm.h"
#include "support/seeds.h"

static void cluster_live(rng *r, unsigned toggles, size_t steps)
{
    cluster c;

    cluster_init(&c, r, toggles);
    for (size_t i = 0; i < steps; i++) {
        site *s = &c.sites[rng_below(r, c.n)];

        if (rng_percent(r, 60))
            cluster_edit(&c, s);
        else
            cluster_deliver(&c, s);
    }
    cluster_settle(&c);
    cluster_free(&c);
}

static void live_and_converge(rng *r)
{
    cluster_live(r, 0, rng_in(r, 5, 60));
}

static void toggle_and_converge(rng *r)
{
    cluster_live(r, 45, rng_in(r, 5, 60));
}

static void grow_old(rng *r)
{
    cluster_live(r, 10, 600);
}

static void replicas_that_edit_and_exchange_deltas_converge(void **state)
{
    (void)state;
    seeds_run(1500, live_and_converge);
}

static void deletes_switched_off_and_on_converge(void **state)
{
    (void)state;
    seeds_run(1000, toggle_and_converge);
}

static void replicas_with_a_long_history_converge(void **state)
{
    (void)state;
    seeds_run(8, grow_old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replicas_that_edit_and_exchange_deltas_converge),
        cmocka_unit_test(deletes_switched_off_and_on_converge),
        cmocka_unit_test(replicas_with_a_long_history_converge),
    };

    return RUN_TESTS(tests);
}
