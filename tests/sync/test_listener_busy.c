#define _POSIX_C_SOURCE 200809L
#include "sync/support/hall.h"

#include "support/cm.h"
#include "support/rng.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* --------------------------------------------------------------- Sending -- */

static void a_stalled_reader_fills_up_and_hinders_nobody(void **state)
{
    (void)state;
    sennit_listener_options options = {.max_queue = 200000};
    uint8_t frame[10000] = {0};
    size_t sent = 0, got = 0;
    hall h;

    hall_open(&h, &options);
    net_peer *stalled = h.host.newest;
    for (int refused = 0; refused < 50;) {
        sennit_status st = sennit_listener_send(h.host.listener, stalled->id, frame, sizeof frame);

        refused += st == SENNIT_EBUSY;
        sent += st == SENNIT_OK;
        assert_true(st == SENNIT_OK || st == SENNIT_EBUSY);
        net_host_step(&h.host, 0);
    }
    assert_true(h.fm.most < 300000); /* the queue, one frame, and what a listener has */
    assert_int_equal(stalled->told_writable, 0);

    int other = raw_connect(&h.host);
    assert_true(raw_upgrade(&h.host, other));
    assert_ok(sennit_listener_send(h.host.listener, h.host.newest->id, "news", 4));
    raw_read(&h.host, other, h.got, sizeof h.got, "news");
    close(other);

    while (got < sent * (sizeof frame + 4))
        got += hall_take(&h, got + sizeof h.got < sent * (sizeof frame + 4)
                                 ? sizeof h.got : sent * (sizeof frame + 4) - got);
    assert_int_equal(stalled->told_writable, 1);
    assert_ok(sennit_listener_send(h.host.listener, stalled->id, "x", 1));
    hall_end(&h);
}

/* A short frame needs no memory and no turn if nothing waits before it. */
static void a_short_frame_leaves_at_once_but_behind_a_long_one(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    uint8_t frame[5000] = {0};
    hall h;

    hall_open(&h, &options);
    h.fm.fail_at = h.fm.calls + 1;
    assert_ok(sennit_listener_send(h.host.listener, h.host.newest->id, "now", 3));
    h.fm.fail_at = 0;
    assert_int_equal(recv(h.fd, h.got, sizeof h.got, 0), 5);
    assert_memory_equal(h.got, "\x82\3now", 5);
    assert_ok(sennit_listener_send(h.host.listener, h.host.newest->id, frame, sizeof frame));
    assert_ok(sennit_listener_send(h.host.listener, h.host.newest->id, "then", 4));
    assert_int_equal(hall_take(&h, 4 + sizeof frame + 6), 4 + sizeof frame + 6);
    assert_memory_equal(h.got, "\x82\x7e\x13\x88", 4);
    assert_memory_equal(h.got + 4 + sizeof frame, "\x82\4then", 6);
    hall_end(&h);
}

/* The nth frame: short, but for some. */
static size_t make_frame(uint8_t *frame, uint32_t n)
{
    size_t len = n % 50 == 49 ? 9000 : 200 + (size_t)n * 37 % 3800;

    memset(frame, (int)n & 0xff, len);
    memcpy(frame, &n, sizeof n);
    return len;
}

static bool send_next(hall *h, uint32_t *sent)
{
    uint8_t frame[9000];
    size_t len = make_frame(frame, *sent);
    sennit_status st = sennit_listener_send(h->host.listener, h->host.newest->id, frame, len);

    assert_true(st == SENNIT_OK || st == SENNIT_EBUSY);
    *sent += st == SENNIT_OK;
    return st == SENNIT_OK;
}

/* Read as far as the nth frame; pongs may come in between. */
static void take_next(hall *h, uint32_t n, uint32_t *pongs)
{
    uint8_t frame[9000];
    size_t len = make_frame(frame, n);

    assert_int_equal(hall_take(h, 2), 2);
    while ((uint8_t)h->got[0] == 0x8a) {
        assert_int_equal(h->got[1], 4);
        assert_int_equal(hall_take(h, 4), 4);
        ++*pongs;
        assert_int_equal(hall_take(h, 2), 2);
    }
    assert_memory_equal(h->got, "\x82\x7e", 2);
    assert_int_equal(hall_take(h, 2), 2);
    assert_int_equal((uint8_t)h->got[0] << 8 | (uint8_t)h->got[1], len);
    assert_int_equal(hall_take(h, len), len);
    assert_memory_equal(h->got, frame, len);
}

static void frames_to_one_that_stalls_now_and_then_arrive_whole_and_in_order(void **state)
{
    (void)state;
    sennit_listener_options options = {.max_queue = 20000};
    uint32_t sent = 0, got = 0, pings = 0, pongs = 0;
    rng r = rng_seed(1);
    hall h;

    hall_open(&h, &options);
    for (int stalls = 0; stalls < 8; stalls++) {
        while (send_next(&h, &sent))
            if (rng_below(&r, 8) == 0)
                net_host_step(&h.host, 0);
        raw_frame(h.fd, 0x89, "ping", 4, 4);
        pings++;
        for (uint64_t n = rng_below(&r, stalls % 2 == 1 ? 2000 : 40); n > 0 && got < sent; n--) {
            take_next(&h, got++, &pongs);
            if (rng_below(&r, 2) == 0)
                send_next(&h, &sent);
        }
    }
    while (got < sent)
        take_next(&h, got++, &pongs);
    assert_true(pongs > 0 && pongs <= pings);
    hall_end(&h);
}

static void a_long_frame_leaves_in_pieces_that_add_up(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    uint8_t *frame = malloc(100000);
    size_t at = 0, payload = 0;
    hall h;

    for (size_t i = 0; i < 100000; i++)
        frame[i] = (uint8_t)(i * 7 + i / 256);
    hall_open(&h, &options);
    assert_ok(sennit_listener_send(h.host.listener, h.host.newest->id, frame, 100000));
    bool last = false;
    while (!last) {
        assert_int_equal(hall_take(&h, 4), 4);
        uint8_t head = (uint8_t)h.got[0];
        size_t len = (size_t)((uint8_t)h.got[2] << 8 | (uint8_t)h.got[3]);

        assert_int_equal((uint8_t)h.got[1], 126);
        assert_int_equal(head & 0x7f, at == 0 ? 2 : 0);
        last = head >= 0x80;
        at += 4;
        for (size_t taken = 0; taken < len;) {
            size_t n = hall_take(&h, len - taken < HALL_ROOM ? len - taken : HALL_ROOM);

            assert_memory_equal(h.got, frame + payload, n);
            taken += n;
            payload += n;
        }
    }
    assert_int_equal(payload, 100000);
    free(frame);
    hall_end(&h);
}

static void nobody_is_sent_what_is_for_another(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_open(&h, &options);
    uint64_t old = h.host.newest->id;
    hall_again(&h);
    hall_until_closed(&h);
    assert_true(raw_upgrade(&h.host, h.fd));
    assert_int_not_equal(h.host.newest->id, old);
    assert_int_equal(sennit_listener_send(h.host.listener, old, "x", 1), SENNIT_ECLOSED);
    assert_int_equal(sennit_listener_send(h.host.listener, UINT64_MAX, "x", 1), SENNIT_ECLOSED);
    assert_int_equal(sennit_listener_send(h.host.listener, 0, "x", 1), SENNIT_ECLOSED);
    sennit_listener_close(h.host.listener, old, 4000, "");
    net_host_step(&h.host, 10);
    assert_int_equal(h.host.newest->closed, 0);
    hall_end(&h);
}

/* --------------------------------------------------------------- Waiting -- */

static void *wake_soon(void *listener)
{
    struct timespec soon = {0, 50000000};

    nanosleep(&soon, NULL);
    sennit_listener_wake(listener);
    return NULL;
}

static sennit_listener *wake_from_signal;

static void on_alarm(int number)
{
    (void)number;
    sennit_listener_wake(wake_from_signal);
}

static void a_wait_can_be_ended_from_elsewhere(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    pthread_t thread;
    hall h;

    hall_start(&h, &options);
    net_host_step(&h.host, 1000); /* takes in the one that connected */
    close(h.fd);
    uint64_t since = net_now_ms();
    while (sennit_listener_connections(h.host.listener) > 0) {
        net_be_patient(since);
        net_host_step(&h.host, 1);
    }
    assert_int_equal(pthread_create(&thread, NULL, wake_soon, h.host.listener), 0);
    net_host_step(&h.host, -1);
    pthread_join(thread, NULL);

    sennit_listener_wake(h.host.listener); /* before the wait: it does not begin */
    sennit_listener_wake(h.host.listener);
    net_host_step(&h.host, -1);

    wake_from_signal = h.host.listener;
    assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
    alarm(1);
    net_host_step(&h.host, -1);
    net_host_step(&h.host, 0); /* the signal may have ended the wait before its message */
    since = net_now_ms();
    net_host_step(&h.host, 60);
    assert_in_range(net_now_ms() - since, 55, 20000);
    h.fd = raw_connect(&h.host);
    hall_end(&h);
}

static void further_descriptors_end_a_wait(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    int ends[2], others[2];
    hall h;

    hall_start(&h, &options);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(others), 0);
    sennit_poll more[2] = {{ends[0], 1 /* POLLIN */, 0}, {others[0], 1, 7}};
    assert_ok(sennit_listener_service(h.host.listener, 0, more, 2));
    assert_int_equal(more[0].revents | more[1].revents, 0);
    assert_int_equal(write(others[1], "x", 1), 1);
    assert_ok(sennit_listener_service(h.host.listener, -1, more, 2));
    if (more[1].revents == 0) /* the connection came first */
        assert_ok(sennit_listener_service(h.host.listener, -1, more, 2));
    assert_int_equal(more[0].revents, 0);
    assert_int_equal(more[1].revents, 1);

    uint64_t since = net_now_ms(); /* one that is left out ends no wait */
    assert_ok(sennit_listener_service(h.host.listener, 60, more, 1));
    assert_true(net_now_ms() - since >= 55);

    assert_int_equal(dup2(others[0], ends[0]), ends[0]); /* another one, with its number */
    assert_ok(sennit_listener_service(h.host.listener, -1, more, 1));
    assert_int_equal(more[0].revents, 1);

    sennit_poll bad = {999, 1, 0}, many[17] = {{0, 0, 0}};
    assert_int_equal(sennit_listener_service(h.host.listener, 0, &bad, 1), SENNIT_EINVAL);
    assert_int_equal(sennit_listener_service(h.host.listener, 0, many, 17), SENNIT_EINVAL);
    assert_ok(sennit_listener_service(h.host.listener, 0, NULL, 0));
    close(ends[0]);
    close(ends[1]);
    close(others[0]);
    close(others[1]);
    hall_end(&h);
}

static void those_who_are_idle_cost_nothing(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    int fds[50];
    unsigned turns = 0;
    hall h;

    hall_open(&h, &options);
    for (int i = 0; i < 50; i++) {
        fds[i] = raw_connect(&h.host);
        assert_true(raw_upgrade(&h.host, fds[i]));
    }
    uint64_t since = net_now_ms();
    for (; net_now_ms() < since + 1000; turns++)
        net_host_step(&h.host, 1000);
    assert_in_range(turns, 1, 12);
    for (int i = 0; i < 50; i++)
        close(fds[i]);
    hall_end(&h);
}

static void at_a_pace_what_comes_meanwhile_is_served_together(void **state)
{
    (void)state;
    sennit_listener_options options = {.pace_ms = 40};
    hall h;

    hall_open(&h, &options);
    uint64_t since = net_now_ms();
    raw_frame(h.fd, 0x82, "a", 1, 1);
    hall_until_frames(&h, 1);
    raw_frame(h.fd, 0x82, "b", 1, 1);
    raw_frame(h.fd, 0x82, "c", 1, 1);
    hall_until_frames(&h, 2);
    assert_in_range(net_now_ms() - since, 39, NET_PATIENCE_MS);
    net_host_step(&h.host, 0);
    assert_int_equal(h.host.newest->frames, 3);
    hall_end(&h);
}

static void after_a_stop_nobody_new_is_taken_in(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_open(&h, &options);
    h.host.echo = true;
    uint16_t port = sennit_listener_port(h.host.listener);
    sennit_listener_stop(h.host.listener);
    sennit_listener_stop(h.host.listener);
    assert_int_equal(sennit_listener_port(h.host.listener), port);
    raw_frame(h.fd, 0x82, "on", 2, 2);
    assert_int_equal(hall_take(&h, 4), 4);

    net_host next = {.listener = NULL}; /* the address is free again */
    sennit_listener_options there = {.size = sizeof there, .port = port};
    net_host_start(&next, &there);
    int fd = raw_connect(&next);
    assert_true(raw_upgrade(&next, fd));
    assert_int_equal(h.host.opened, 1);
    close(fd);
    net_host_stop(&next);
    hall_end(&h);
}

/* ---------------------------------------------------------- What is short -- */

static void without_files_it_rests_and_goes_on_later(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    struct rlimit files, few;
    unsigned turns = 0;
    hall h;

    hall_start(&h, &options);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    int next = dup(0);
    close(next);
    few = files;
    few.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    uint64_t since = net_now_ms();
    for (; net_now_ms() < since + 600; turns++)
        net_host_step(&h.host, 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_in_range(turns, 1, 20);
    assert_int_equal(sennit_listener_connections(h.host.listener), 0);
    assert_true(raw_upgrade(&h.host, h.fd));
    hall_end(&h);
}

static void memory_that_runs_out_makes_no_listener(void **state)
{
    (void)state;
    sennit_listener_owner owner = {.opened = (void *(*)(void *, uint64_t))1,
                                   .received = (void (*)(void *, void *, const void *, size_t))1};
    sennit_listener *listener;
    sennit_error err;
    failmem fm;

    for (size_t nth = 1; nth <= 2; nth++) {
        sennit_alloc alloc = failmem_at(&fm, nth);
        sennit_listener_options options = {.size = sizeof options, .alloc = &alloc};

        assert_int_equal(sennit_listener_new(&options, &owner, &listener, &err), SENNIT_ENOMEM);
        assert_null(listener);
        assert_int_equal(fm.live, 0);
    }
}

static void memory_that_runs_out_costs_one_connection(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    uint8_t data[5000] = {0};
    hall h;

    hall_start(&h, &options);
    for (int i = 0; i < 2; i++) { /* for a place in the table, and for a connection */
        h.fm.fired = false;
        h.fm.fail_at = h.fm.calls + 1;
        raw_read(&h.host, h.fd, h.got, sizeof h.got, NULL);
        assert_true(h.fm.fired);
        hall_again(&h);
    }
    assert_true(raw_upgrade(&h.host, h.fd));
    h.fm.fired = false;
    h.fm.fail_at = h.fm.calls + 1;
    raw_frame(h.fd, 0x02, data, 3000, 3000); /* to put a frame together */
    hall_assert_farewell(&h, 1011);
    assert_true(h.fm.fired);
    hall_again(&h);
    hall_until_closed(&h);

    assert_true(raw_upgrade(&h.host, h.fd));
    h.fm.fail_at = h.fm.calls + 1;
    assert_int_equal(sennit_listener_send(h.host.listener, h.host.newest->id, data, sizeof data),
                     SENNIT_ENOMEM);
    h.fm.fail_at = h.fm.calls + 1; /* to keep a reason */
    sennit_listener_close(h.host.listener, h.host.newest->id, 4000, "reason");
    hall_assert_farewell(&h, 4000);
    hall_end(&h);
}

static void what_cannot_be_listened_at_is_told(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    sennit_listener_owner owner = {.self = NULL};
    sennit_listener *listener;
    sennit_error err = {.what = ""};
    hall h;

    hall_start(&h, &options);
    assert_int_equal(sennit_listener_new(&options, &owner, &listener, &err), SENNIT_EINVAL);
    assert_int_equal(sennit_listener_new(NULL, NULL, NULL, NULL), SENNIT_EINVAL);
    owner.opened = (void *(*)(void *, uint64_t))1;
    owner.received = (void (*)(void *, void *, const void *, size_t))1;
    options.port = sennit_listener_port(h.host.listener);
    assert_int_equal(sennit_listener_new(&options, &owner, &listener, &err), SENNIT_EIO);
    assert_string_equal(err.what, "the address is in use");
    options.address = "203.0.113.1";
    assert_int_equal(sennit_listener_new(&options, &owner, &listener, &err), SENNIT_EIO);
    assert_string_equal(err.what, "the address is not of this machine");
    options.address = "localhost";
    assert_int_equal(sennit_listener_new(&options, &owner, &listener, &err), SENNIT_EIO);
    assert_string_equal(err.what, "no numeric address");
    options = (sennit_listener_options){.size = sizeof options, .tls_cert = "x"};
    assert_int_equal(sennit_listener_new(&options, &owner, &listener, &err), SENNIT_EINVAL);
    assert_null(listener);
    sennit_listener_free(NULL);
    hall_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stalled_reader_fills_up_and_hinders_nobody),
        cmocka_unit_test(a_short_frame_leaves_at_once_but_behind_a_long_one),
        cmocka_unit_test(frames_to_one_that_stalls_now_and_then_arrive_whole_and_in_order),
        cmocka_unit_test(a_long_frame_leaves_in_pieces_that_add_up),
        cmocka_unit_test(nobody_is_sent_what_is_for_another),
        cmocka_unit_test(a_wait_can_be_ended_from_elsewhere),
        cmocka_unit_test(further_descriptors_end_a_wait),
        cmocka_unit_test(those_who_are_idle_cost_nothing),
        cmocka_unit_test(at_a_pace_what_comes_meanwhile_is_served_together),
        cmocka_unit_test(after_a_stop_nobody_new_is_taken_in),
        cmocka_unit_test(without_files_it_rests_and_goes_on_later),
        cmocka_unit_test(memory_that_runs_out_makes_no_listener),
        cmocka_unit_test(memory_that_runs_out_costs_one_connection),
        cmocka_unit_test(what_cannot_be_listened_at_is_told),
    };

    return RUN_TESTS(tests);
}
