#include "sync/support/transport_contract.h"

#include "support/cm.h"
#include "support/failmem.h"
#include "support/seeds.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ Contract -- */

typedef struct pair_world {
    failmem fm;
    sennit_loopback *pair;
    sennit_transport *far;
    uint64_t now;
    unsigned steps;
} pair_world;

static void pair_step(void *self)
{
    pair_world *p = self;

    assert_true(p->steps++ < 100000);
    sennit_loopback_set_time(p->pair, ++p->now);
}

static void pair_step_near(void *self)
{
    (void)self;
}

static void pair_accept(void *self)
{
    pair_world *p = self;

    if (p->far->state(p->far->self) == SENNIT_TRANSPORT_CLOSED)
        assert_ok(p->far->open(p->far->self));
}

static bool pair_far_open(void *self)
{
    pair_world *p = self;

    return p->far->state(p->far->self) == SENNIT_TRANSPORT_OPEN;
}

static sennit_status pair_far_send(void *self, const void *data, size_t len)
{
    pair_world *p = self;

    return p->far->send(p->far->self, data, len);
}

static bool pair_far_receive(void *self, const void **data, size_t *len)
{
    pair_world *p = self;

    return p->far->receive(p->far->self, data, len) == 1;
}

static void pair_far_close(void *self, int code, const char *reason)
{
    pair_world *p = self;

    p->far->close(p->far->self, code, reason);
}

static void pair_far_vanish(void *self)
{
    pair_world *p = self;

    sennit_transport_free(p->far);
}

static int pair_far_closed(void *self, const char **reason)
{
    pair_world *p = self;

    return p->far->closed(p->far->self, reason);
}

static void pair_free(void *self)
{
    pair_world *p = self;

    sennit_loopback_free(p->pair);
    assert_int_equal(p->fm.live, 0);
    free(p);
}

static void pair_make_with(transport_world *world, uint32_t delay_ms, int near)
{
    pair_world *p = calloc(1, sizeof *p);
    sennit_faults faults = {.delay_ms = delay_ms};

    assert_non_null(p);
    sennit_alloc alloc = failmem_at(&p->fm, 0);
    assert_ok(sennit_loopback_new(&alloc, 7, &faults, 64, &p->pair));
    p->far = sennit_loopback_end(p->pair, 1 - near);
    *world = (transport_world){
        p, sennit_loopback_end(p->pair, near), pair_step, pair_step_near, pair_accept,
        pair_far_open, pair_far_send, pair_far_receive, pair_far_close, pair_far_vanish,
        pair_far_closed, pair_free};
}

static void pair_make(transport_world *world)
{
    pair_make_with(world, 0, 0);
}

static void pair_make_slow(transport_world *world)
{
    pair_make_with(world, 20, 1);
}

/* -------------------------------------------------------------- Faults -- */

typedef struct run {
    sennit_loopback *pair;
    sennit_transport *end[2];
    uint64_t now;
} run;

static void run_start(run *r, uint64_t seed, const sennit_faults *faults, uint32_t max_queue)
{
    memset(r, 0, sizeof *r);
    assert_ok(sennit_loopback_new(NULL, seed, NULL, max_queue, &r->pair));
    for (int i = 0; i < 2; i++) {
        r->end[i] = sennit_loopback_end(r->pair, i);
        assert_ok(r->end[i]->open(r->end[i]->self));
    }
    assert_int_equal(r->end[0]->state(r->end[0]->self), SENNIT_TRANSPORT_OPEN);
    assert_int_equal(r->end[1]->state(r->end[1]->self), SENNIT_TRANSPORT_OPEN);
    sennit_loopback_set_faults(r->pair, faults);
}

static sennit_status run_send(run *r, int from, uint32_t number)
{
    return r->end[from]->send(r->end[from]->self, &number, sizeof number);
}

/* The number of the next frame at an end; -1: there is none. */
static int64_t run_take(run *r, int at)
{
    const void *data;
    size_t len;
    uint32_t number;

    if (r->end[at]->receive(r->end[at]->self, &data, &len) == 0)
        return -1;
    assert_int_equal(len, sizeof number);
    memcpy(&number, data, sizeof number);
    return number;
}

static void run_pass(run *r, uint64_t ms)
{
    r->now += ms;
    sennit_loopback_set_time(r->pair, r->now);
}

static int run_closed(run *r, int at)
{
    return r->end[at]->closed(r->end[at]->self, NULL);
}

static void a_delay_holds_frames_back_and_keeps_their_order(rng *rand)
{
    sennit_faults faults = {.delay_ms = 50};
    uint32_t got = 0;
    uint64_t waited = 0;
    run r;

    run_start(&r, rng_next(rand), &faults, 0);
    for (uint32_t i = 0; i < 20; i++)
        assert_ok(run_send(&r, 0, i));
    while (got < 20) {
        int timeout = r.end[1]->timeout(r.end[1]->self);

        assert_in_range(timeout, 0, 50);
        run_pass(&r, (uint64_t)timeout);
        waited += (uint64_t)timeout;
        for (int64_t number; (number = run_take(&r, 1)) >= 0;)
            assert_int_equal(number, got++);
    }
    assert_in_range(waited, 1, 50);
    assert_int_equal(r.end[1]->timeout(r.end[1]->self), -1);
    sennit_loopback_free(r.pair);
}

static void a_duplicate_arrives_twice(rng *rand)
{
    sennit_faults faults = {.duplicate = 65536, .delay_ms = 5};
    run r;

    run_start(&r, rng_next(rand), &faults, 0);
    for (uint32_t i = 0; i < 10; i++) {
        assert_ok(run_send(&r, 1, i));
        run_pass(&r, 20);
        assert_int_equal(run_take(&r, 0), i);
        assert_int_equal(run_take(&r, 0), i);
        assert_int_equal(run_take(&r, 0), -1);
    }
    sennit_loopback_free(r.pair);
}

static void a_frame_overtakes_the_one_before(rng *rand)
{
    sennit_faults always = {.reorder = 65536, .delay_ms = 5};
    run r;

    run_start(&r, rng_next(rand), &always, 0);
    for (uint32_t i = 0; i < 3; i++)
        assert_ok(run_send(&r, 0, i));
    run_pass(&r, 10);
    /* 0; then 1 before it; then 2 before the last, which is 0 */
    assert_int_equal(run_take(&r, 1), 1);
    assert_int_equal(run_take(&r, 1), 2);
    assert_int_equal(run_take(&r, 1), 0);
    assert_int_equal(run_take(&r, 1), -1);
    sennit_loopback_free(r.pair);
}

static void a_lost_connection_takes_what_is_in_flight(rng *rand)
{
    sennit_faults none = {.delay_ms = 10}, lose = {.lose = 65536, .delay_ms = 10};
    run r;

    run_start(&r, rng_next(rand), &none, 0);
    assert_ok(run_send(&r, 0, 1));
    sennit_loopback_set_faults(r.pair, &lose);
    assert_ok(run_send(&r, 0, 2));
    assert_ok(run_send(&r, 0, 3));
    run_pass(&r, 20);
    assert_int_equal(run_closed(&r, 0), 1006);
    assert_int_equal(run_closed(&r, 1), 1006);
    assert_int_equal(run_take(&r, 1), 1);
    assert_int_equal(run_take(&r, 1), -1);
    assert_int_equal(run_send(&r, 0, 4), SENNIT_ECLOSED);

    sennit_loopback_set_faults(r.pair, NULL);
    for (int i = 0; i < 2; i++)
        assert_ok(r.end[i]->open(r.end[i]->self));
    assert_ok(run_send(&r, 0, 5));
    assert_int_equal(run_take(&r, 1), 5);
    sennit_loopback_free(r.pair);
}

static void of_a_half_open_connection_nobody_is_told(rng *rand)
{
    sennit_faults faults = {.half_open = 65536};
    uint32_t sent = 0;
    run r;

    run_start(&r, rng_next(rand), &faults, 16);
    while (run_send(&r, 0, sent) == SENNIT_OK)
        sent++;
    assert_int_equal(sent, 16);
    assert_ok(run_send(&r, 1, 99));
    run_pass(&r, 1000000);
    assert_int_equal(run_take(&r, 1), -1);
    assert_int_equal(run_take(&r, 0), -1);
    assert_int_equal(r.end[1]->state(r.end[1]->self), SENNIT_TRANSPORT_OPEN);

    sennit_loopback_set_faults(r.pair, NULL);
    r.end[0]->close(r.end[0]->self, 4408, "silent");
    assert_ok(r.end[0]->open(r.end[0]->self));
    run_pass(&r, 1000000);
    assert_int_equal(r.end[0]->state(r.end[0]->self), SENNIT_TRANSPORT_OPENING);
    assert_int_equal(r.end[1]->state(r.end[1]->self), SENNIT_TRANSPORT_OPEN);
    r.end[1]->close(r.end[1]->self, 4408, "silent");
    assert_ok(r.end[1]->open(r.end[1]->self));
    assert_int_equal(r.end[0]->state(r.end[0]->self), SENNIT_TRANSPORT_OPEN);
    assert_int_equal(run_take(&r, 1), -1);
    assert_ok(run_send(&r, 0, 7));
    assert_int_equal(run_take(&r, 1), 7);
    sennit_loopback_free(r.pair);
}

static void one_that_dies_in_a_half_open_connection_is_not_missed(rng *rand)
{
    sennit_faults faults = {.half_open = 65536};
    run r;

    run_start(&r, rng_next(rand), &faults, 16);
    assert_ok(run_send(&r, 0, 1));
    sennit_transport_free(r.end[0]);
    run_pass(&r, 1000000);
    assert_int_equal(run_closed(&r, 0), 1006);
    assert_int_equal(r.end[1]->state(r.end[1]->self), SENNIT_TRANSPORT_OPEN);
    sennit_loopback_free(r.pair);
}

static void what_arrived_and_was_not_taken_fills_it_too(rng *rand)
{
    run r;

    run_start(&r, rng_next(rand), NULL, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_ok(run_send(&r, 0, i));
    run_pass(&r, 1);
    assert_int_equal(run_send(&r, 0, 4), SENNIT_EBUSY);
    assert_int_equal(run_take(&r, 1), 0);
    assert_ok(run_send(&r, 0, 4));
    assert_int_equal(run_send(&r, 0, 5), SENNIT_EBUSY);
    sennit_loopback_free(r.pair);
}

/* One end closes and opens again while its farewell is still under way. */
static void an_old_farewell_does_not_end_a_new_connection(rng *rand)
{
    sennit_faults faults = {.delay_ms = 40};
    run r;

    run_start(&r, rng_next(rand), &faults, 0);
    assert_ok(run_send(&r, 1, 8));
    r.end[0]->close(r.end[0]->self, 4000, "first");
    assert_ok(r.end[0]->open(r.end[0]->self));
    assert_int_equal(run_send(&r, 1, 9), run_closed(&r, 1) == 0 ? SENNIT_OK : SENNIT_ECLOSED);
    while (run_closed(&r, 1) == 0)
        run_pass(&r, 1);
    assert_int_equal(run_closed(&r, 1), 4000);
    assert_ok(r.end[1]->open(r.end[1]->self));
    run_pass(&r, 100);
    for (int i = 0; i < 2; i++)
        assert_int_equal(r.end[i]->state(r.end[i]->self), SENNIT_TRANSPORT_OPEN);
    assert_int_equal(run_take(&r, 0), -1);
    sennit_loopback_free(r.pair);
}

/* What happens to two ends that send, take, close and open at random, as a
 * number: the sum of all that was seen. */
static uint64_t run_history(uint64_t seed, uint64_t actions)
{
    rng rand = rng_seed(actions);
    sennit_faults faults = {600, 6000, 6000, 300, 30};
    uint64_t seen = 0;
    run r;

    run_start(&r, seed, &faults, 8);
    for (uint32_t i = 0; i < 2000; i++) {
        int at = (int)rng_below(&rand, 2);
        size_t what = rng_below(&rand, 100);

        if (what < 50)
            seen = seen * 31 + (uint64_t)run_send(&r, at, i);
        else if (what < 80)
            seen = seen * 31 + (uint64_t)run_take(&r, at);
        else if (what < 95)
            run_pass(&r, rng_below(&rand, 20));
        else if (run_closed(&r, at) != 0 || rng_percent(&rand, 30)) {
            r.end[at]->close(r.end[at]->self, 4000 + (int)i % 900, "bye");
            seen = seen * 31 + (uint64_t)r.end[at]->open(r.end[at]->self);
        }
        seen = seen * 31 + (uint64_t)run_closed(&r, 0) * 7 + (uint64_t)run_closed(&r, 1);
    }
    sennit_loopback_free(r.pair);
    return seen;
}

static void the_same_seed_has_the_same_history(rng *rand)
{
    uint64_t seed = rng_next(rand), actions = rng_next(rand);

    uint64_t history = run_history(seed, actions);
    assert_int_equal(history, run_history(seed, actions));
    assert_int_not_equal(history, run_history(seed + 1, actions));
}

static void memory_that_runs_out_loses_nothing(void **state)
{
    (void)state;
    sennit_faults faults = {.duplicate = 65536};
    sennit_loopback *pair;
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 1);
    const void *data;
    size_t len;

    assert_int_equal(sennit_loopback_new(&alloc, 1, &faults, 0, &pair), SENNIT_ENOMEM);
    assert_null(pair);
    for (size_t nth = 1; nth <= 2; nth++) {
        alloc = failmem_at(&fm, 0);
        assert_ok(sennit_loopback_new(&alloc, 1, &faults, 0, &pair));
        sennit_transport *a = sennit_loopback_end(pair, 0), *b = sennit_loopback_end(pair, 1);
        assert_ok(a->open(a->self));
        assert_ok(b->open(b->self));
        fm.fail_at = fm.calls + nth;
        assert_int_equal(a->send(a->self, "abc", 3), SENNIT_ENOMEM);
        assert_true(fm.fired);
        assert_int_equal(b->receive(b->self, &data, &len), 0);
        assert_ok(a->send(a->self, "abc", 3));
        assert_int_equal(b->receive(b->self, &data, &len), 1);
        sennit_loopback_free(pair);
        assert_int_equal(fm.live, 0);
    }
}

#define SEEDED(property)                   \
    static void property##_(void **state)  \
    {                                      \
        (void)state;                       \
        seeds_run(30, property);           \
    }

SEEDED(a_delay_holds_frames_back_and_keeps_their_order)
SEEDED(a_duplicate_arrives_twice)
SEEDED(a_frame_overtakes_the_one_before)
SEEDED(a_lost_connection_takes_what_is_in_flight)
SEEDED(of_a_half_open_connection_nobody_is_told)
SEEDED(one_that_dies_in_a_half_open_connection_is_not_missed)
SEEDED(what_arrived_and_was_not_taken_fills_it_too)
SEEDED(an_old_farewell_does_not_end_a_new_connection)
SEEDED(the_same_seed_has_the_same_history)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delay_holds_frames_back_and_keeps_their_order_),
        cmocka_unit_test(a_duplicate_arrives_twice_),
        cmocka_unit_test(a_frame_overtakes_the_one_before_),
        cmocka_unit_test(a_lost_connection_takes_what_is_in_flight_),
        cmocka_unit_test(of_a_half_open_connection_nobody_is_told_),
        cmocka_unit_test(one_that_dies_in_a_half_open_connection_is_not_missed_),
        cmocka_unit_test(what_arrived_and_was_not_taken_fills_it_too_),
        cmocka_unit_test(an_old_farewell_does_not_end_a_new_connection_),
        cmocka_unit_test(the_same_seed_has_the_same_history_),
        cmocka_unit_test(memory_that_runs_out_loses_nothing),
    };

    return transport_contract("loopback keeps the contract", pair_make) +
           transport_contract("loopback with delays keeps the contract", pair_make_slow) +
           RUN_TESTS(tests);
}
