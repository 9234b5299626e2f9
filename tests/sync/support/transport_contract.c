#include "sync/support/transport_contract.h"

#include "support/cm.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- Helpers -- */

static sennit_transport_state contract_state(transport_world *w)
{
    return w->near->state(w->near->self);
}

static sennit_status contract_send(transport_world *w, const void *data, size_t len)
{
    return w->near->send(w->near->self, data, len);
}

static bool contract_receive(transport_world *w, const void **data, size_t *len)
{
    return w->near->receive(w->near->self, data, len) == 1;
}

static int contract_closed(transport_world *w, const char **reason)
{
    return w->near->closed(w->near->self, reason);
}

static bool contract_writable(transport_world *w)
{
    return w->near->writable(w->near->self) != 0;
}

static void contract_open(transport_world *w)
{
    w->accept(w->self);
    assert_ok(w->near->open(w->near->self));
    while (contract_state(w) != SENNIT_TRANSPORT_OPEN || !w->far_open(w->self))
        w->step(w->self);
}

static void contract_until_closed(transport_world *w)
{
    while (contract_state(w) != SENNIT_TRANSPORT_CLOSED)
        w->step(w->self);
}

static void contract_until_far_closed(transport_world *w)
{
    while (w->far_closed(w->self, NULL) == 0)
        w->step(w->self);
}

/* A frame of that length whose bytes tell which it is. */
static uint8_t *contract_frame(size_t len, unsigned number)
{
    uint8_t *frame = malloc(len + 1);

    assert_non_null(frame);
    for (size_t i = 0; i < len; i++)
        frame[i] = (uint8_t)(number * 31 + i * 7 + (i >> 8));
    return frame;
}

static void contract_expect(const void *data, size_t len, size_t expected, unsigned number)
{
    uint8_t *frame = contract_frame(expected, number);

    assert_int_equal(len, expected);
    assert_non_null(data);
    assert_memory_equal(data, frame, len);
    free(frame);
}

static void contract_next_at_far(transport_world *w, const void **data, size_t *len)
{
    while (!w->far_receive(w->self, data, len))
        w->step(w->self);
}

static void contract_next(transport_world *w, const void **data, size_t *len)
{
    while (!contract_receive(w, data, len))
        w->step(w->self);
}

/* --------------------------------------------------------------- Rules -- */

static void nothing_can_be_done_before_it_is_opened(void **state)
{
    transport_world *w = *state;
    const void *data;
    const char *reason = NULL;
    size_t len;

    assert_int_equal(contract_state(w), SENNIT_TRANSPORT_CLOSED);
    assert_int_equal(contract_closed(w, &reason), 0);
    assert_string_equal(reason, "");
    assert_int_equal(contract_send(w, "a", 1), SENNIT_ECLOSED);
    assert_false(contract_writable(w));
    assert_false(contract_receive(w, &data, &len));
    w->near->close(w->near->self, 1000, "never opened");
    assert_int_equal(contract_closed(w, NULL), 0);
    assert_ok(w->near->service(w->near->self, NULL, 0));
}

static void it_opens_once(void **state)
{
    transport_world *w = *state;
    sennit_poll polls[8];

    w->accept(w->self);
    assert_ok(w->near->open(w->near->self));
    assert_int_not_equal(contract_state(w), SENNIT_TRANSPORT_CLOSED);
    assert_int_equal(w->near->open(w->near->self), SENNIT_EINVAL);
    while (contract_state(w) != SENNIT_TRANSPORT_OPEN)
        w->step(w->self);
    assert_int_equal(w->near->open(w->near->self), SENNIT_EINVAL);
    assert_true(contract_writable(w));
    assert_int_equal(contract_closed(w, NULL), 0);
    assert_true(w->near->polls(w->near->self, polls, 8) <= 8);
    assert_true(w->near->timeout(w->near->self) >= -1);
}

static const size_t contract_sizes[] = {0, 1, 125, 126, 127, 4096, 65535, 65536, 200000, 0, 3};
#define CONTRACT_SIZES (sizeof contract_sizes / sizeof contract_sizes[0])

static void frames_arrive_whole_and_in_order(void **state)
{
    transport_world *w = *state;
    const void *data;
    size_t len;

    contract_open(w);
    for (unsigned i = 0; i < CONTRACT_SIZES; i++) {
        uint8_t *frame = contract_frame(contract_sizes[i], i);

        while (!contract_writable(w))
            w->step(w->self);
        assert_ok(contract_send(w, frame, contract_sizes[i]));
        memset(frame, 0, contract_sizes[i]); /* it was copied */
        free(frame);
    }
    for (unsigned i = 0; i < CONTRACT_SIZES; i++) {
        contract_next_at_far(w, &data, &len);
        contract_expect(data, len, contract_sizes[i], i);
    }
    for (unsigned i = 0; i < CONTRACT_SIZES; i++) {
        uint8_t *frame = contract_frame(contract_sizes[i], 100 + i);

        while (w->far_send(w->self, frame, contract_sizes[i]) == SENNIT_EBUSY)
            w->step(w->self);
        free(frame);
    }
    for (unsigned i = 0; i < CONTRACT_SIZES; i++) {
        contract_next(w, &data, &len);
        contract_expect(data, len, contract_sizes[i], 100 + i);
    }
}

static void both_ends_send_at_the_same_time(void **state)
{
    transport_world *w = *state;
    unsigned sent = 0, near_sent = 0, got = 0, near_got = 0;
    const void *data;
    size_t len;

    contract_open(w);
    while (got < 300 || near_got < 300) {
        uint8_t *frame = contract_frame(1000, sent);

        if (sent < 300 && w->far_send(w->self, frame, 1000) == SENNIT_OK)
            sent++;
        free(frame);
        frame = contract_frame(1000, near_sent);
        if (near_sent < 300 && contract_send(w, frame, 1000) == SENNIT_OK)
            near_sent++;
        free(frame);
        while (contract_receive(w, &data, &len))
            contract_expect(data, len, 1000, near_got++);
        while (w->far_receive(w->self, &data, &len))
            contract_expect(data, len, 1000, got++);
        w->step(w->self);
    }
}

static void one_that_is_full_takes_no_more_and_loses_nothing(void **state)
{
    transport_world *w = *state;
    unsigned sent = 0, got = 0;
    uint8_t *frame = contract_frame(5000, 0);
    const void *data;
    size_t len;
    sennit_status st;

    contract_open(w);
    while ((st = contract_send(w, frame, 5000)) == SENNIT_OK) {
        free(frame);
        frame = contract_frame(5000, ++sent);
        w->step_near(w->self);
    }
    free(frame);
    assert_int_equal(st, SENNIT_EBUSY);
    assert_true(sent > 1);
    assert_false(contract_writable(w));
    while (got < sent) {
        contract_next_at_far(w, &data, &len);
        contract_expect(data, len, 5000, got++);
    }
    while (!contract_writable(w))
        w->step(w->self);
    assert_false(w->far_receive(w->self, &data, &len));
    assert_ok(contract_send(w, "x", 1));
    contract_next_at_far(w, &data, &len);
    assert_int_equal(len, 1);
}

static void a_frame_that_nothing_could_carry_is_refused(void **state)
{
    transport_world *w = *state;

    contract_open(w);
    assert_int_equal(contract_send(w, "a", ((size_t)1 << 30) + 1), SENNIT_ELIMIT);
    assert_true(contract_writable(w));
}

static void closing_tells_the_other_end_why(void **state)
{
    transport_world *w = *state;
    const char *reason = NULL;

    contract_open(w);
    w->near->close(w->near->self, 4001, "token expired");
    assert_int_equal(contract_send(w, "a", 1), SENNIT_ECLOSED);
    assert_false(contract_writable(w));
    assert_int_not_equal(contract_state(w), SENNIT_TRANSPORT_OPEN);
    w->near->close(w->near->self, 4002, "again");
    contract_until_closed(w);
    contract_until_far_closed(w);
    assert_int_equal(contract_closed(w, &reason), 4001);
    assert_string_equal(reason, "token expired");
    assert_int_equal(w->far_closed(w->self, &reason), 4001);
    assert_string_equal(reason, "token expired");
}

static void what_was_sent_goes_before_the_farewell(void **state)
{
    transport_world *w = *state;
    unsigned sent = 0, got = 0;
    const void *data;
    size_t len;

    contract_open(w);
    while (sent < 40) {
        uint8_t *frame = contract_frame(5000, sent);

        if (contract_send(w, frame, 5000) != SENNIT_OK) {
            free(frame);
            break;
        }
        free(frame);
        sent++;
    }
    w->near->close(w->near->self, 1000, NULL);
    while (got < sent) {
        contract_next_at_far(w, &data, &len);
        contract_expect(data, len, 5000, got++);
    }
    contract_until_far_closed(w);
    assert_int_equal(w->far_closed(w->self, NULL), 1000);
    contract_until_closed(w);
}

static void it_is_told_why_the_other_end_closed(void **state)
{
    transport_world *w = *state;
    const char *reason = NULL;
    const void *data;
    size_t len;

    contract_open(w);
    assert_ok(w->far_send(w->self, "last words", 10));
    w->far_close(w->self, 4503, "the server stops");
    contract_until_closed(w);
    assert_int_equal(contract_closed(w, &reason), 4503);
    assert_string_equal(reason, "the server stops");
    assert_int_equal(contract_send(w, "a", 1), SENNIT_ECLOSED);
    assert_true(contract_receive(w, &data, &len));
    assert_int_equal(len, 10);
    assert_memory_equal(data, "last words", 10);
    assert_false(contract_receive(w, &data, &len));
}

static void a_code_that_may_not_be_sent_becomes_1000(void **state)
{
    transport_world *w = *state;

    contract_open(w);
    w->near->close(w->near->self, 1006, "");
    contract_until_far_closed(w);
    contract_until_closed(w);
    assert_int_equal(w->far_closed(w->self, NULL), 1000);
    assert_int_equal(contract_closed(w, NULL), 1000);
}

static void a_reason_too_long_is_cut_between_characters(void **state)
{
    transport_world *w = *state;
    char text[201];
    const char *reason = NULL;

    for (size_t i = 0; i < 200; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[200] = 0;
    contract_open(w);
    w->near->close(w->near->self, 4000, text);
    contract_until_far_closed(w);
    assert_int_equal(w->far_closed(w->self, &reason), 4000);
    assert_int_equal(strlen(reason), 122);
    assert_memory_equal(reason, text, 122);
    contract_until_closed(w);
}

static void one_that_breaks_has_code_1006(void **state)
{
    transport_world *w = *state;
    const char *reason = NULL;

    contract_open(w);
    w->far_vanish(w->self);
    contract_until_closed(w);
    assert_int_equal(contract_closed(w, &reason), 1006);
    assert_non_null(reason);
    assert_int_equal(contract_send(w, "a", 1), SENNIT_ECLOSED);
}

static void one_that_opens_still_is_closed_at_once(void **state)
{
    transport_world *w = *state;

    assert_ok(w->near->open(w->near->self));
    w->near->close(w->near->self, 1001, "changed my mind");
    assert_int_equal(contract_state(w), SENNIT_TRANSPORT_CLOSED);
    assert_int_equal(contract_closed(w, NULL), 1001);
    assert_int_equal(contract_send(w, "a", 1), SENNIT_ECLOSED);
    contract_open(w);
}

static void it_opens_again_and_forgets_what_was_not_taken(void **state)
{
    transport_world *w = *state;
    const void *data;
    size_t len;

    for (unsigned round = 0; round < 3; round++) {
        contract_open(w);
        assert_int_equal(contract_closed(w, NULL), 0);
        assert_false(contract_receive(w, &data, &len));
        assert_false(w->far_receive(w->self, &data, &len));
        assert_ok(contract_send(w, "up", 2));
        contract_next_at_far(w, &data, &len);
        assert_int_equal(len, 2);
        assert_ok(w->far_send(w->self, "down", 4));
        w->far_close(w->self, 1001, NULL);
        contract_until_closed(w);
        contract_until_far_closed(w);
    }
}

static void freeing_it_breaks_the_connection(void **state)
{
    transport_world *w = *state;

    contract_open(w);
    sennit_transport_free(w->near);
    w->near = NULL;
    while (w->far_closed(w->self, NULL) == 0)
        w->step(w->self);
    assert_int_equal(w->far_closed(w->self, NULL), 1006);
}

static void waiting_does_what_can_be_done(void **state)
{
    transport_world *w = *state;
    const void *data;
    size_t len;

    contract_open(w);
    assert_ok(contract_send(w, "ping", 4));
    while (!w->far_receive(w->self, &data, &len)) {
        assert_ok(sennit_transport_wait(w->near, 1));
        w->step(w->self);
    }
    assert_int_equal(len, 4);
    assert_ok(sennit_transport_wait(w->near, 0));
}

/* -------------------------------------------------------------- Running -- */

typedef struct contract_maker {
    void (*make)(transport_world *world);
    transport_world world;
} contract_maker;

static int contract_setup(void **state)
{
    contract_maker *maker = *state;

    memset(&maker->world, 0, sizeof maker->world);
    maker->make(&maker->world);
    *state = &maker->world;
    return 0;
}

static int contract_teardown(void **state)
{
    transport_world *w = *state;

    sennit_transport_free(w->near);
    w->free(w->self);
    return 0;
}

#define CONTRACT_RULE(f) {#f, f, contract_setup, contract_teardown, &maker}

int transport_contract(const char *name, void (*make)(transport_world *world))
{
    contract_maker maker = {.make = make};
    const struct CMUnitTest tests[] = {
        CONTRACT_RULE(nothing_can_be_done_before_it_is_opened),
        CONTRACT_RULE(it_opens_once),
        CONTRACT_RULE(frames_arrive_whole_and_in_order),
        CONTRACT_RULE(both_ends_send_at_the_same_time),
        CONTRACT_RULE(one_that_is_full_takes_no_more_and_loses_nothing),
        CONTRACT_RULE(a_frame_that_nothing_could_carry_is_refused),
        CONTRACT_RULE(closing_tells_the_other_end_why),
        CONTRACT_RULE(what_was_sent_goes_before_the_farewell),
        CONTRACT_RULE(it_is_told_why_the_other_end_closed),
        CONTRACT_RULE(a_code_that_may_not_be_sent_becomes_1000),
        CONTRACT_RULE(a_reason_too_long_is_cut_between_characters),
        CONTRACT_RULE(one_that_breaks_has_code_1006),
        CONTRACT_RULE(one_that_opens_still_is_closed_at_once),
        CONTRACT_RULE(it_opens_again_and_forgets_what_was_not_taken),
        CONTRACT_RULE(freeing_it_breaks_the_connection),
        CONTRACT_RULE(waiting_does_what_can_be_done),
    };

    return _cmocka_run_group_tests(name, tests, sizeof tests / sizeof tests[0], NULL, NULL);
}
