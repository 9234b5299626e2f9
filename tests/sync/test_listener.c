#define _POSIX_C_SOURCE 200809L
#include "sync/support/net_host.h"

#include "support/cm.h"
#include "support/failmem.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 16384

typedef struct hall {
    net_host host;
    failmem fm;
    sennit_alloc alloc;
    int fd; /* a raw client */
    char got[ROOM];
} hall;

static void hall_start(hall *h, sennit_listener_options *options)
{
    memset(h, 0, sizeof *h);
    h->alloc = failmem_at(&h->fm, 0);
    options->size = sizeof *options;
    options->alloc = &h->alloc;
    net_host_start(&h->host, options);
    h->fd = raw_connect(&h->host);
}

static void hall_open(hall *h, sennit_listener_options *options)
{
    hall_start(h, options);
    assert_true(raw_upgrade(&h->host, h->fd));
    assert_int_equal(h->host.opened, 1);
}

static void hall_again(hall *h)
{
    close(h->fd);
    h->fd = raw_connect(&h->host);
}

static void hall_end(hall *h)
{
    close(h->fd);
    net_host_stop(&h->host);
    assert_int_equal(h->fm.live, 0);
}

static void hall_until_frames(hall *h, size_t n)
{
    uint64_t since = net_now_ms();

    while (h->host.newest->frames < n) {
        net_be_patient(since);
        net_host_step(&h->host, 1);
    }
}

static void hall_until_closed(hall *h)
{
    uint64_t since = net_now_ms();

    while (h->host.newest->closed == 0) {
        net_be_patient(since);
        net_host_step(&h->host, 1);
    }
}

/* Bytes that arrive at the raw client until there are n, or the end. */
static size_t hall_take(hall *h, size_t n)
{
    uint64_t since = net_now_ms();
    size_t have = 0;

    while (have < n) {
        net_be_patient(since);
        net_host_step(&h->host, 1);
        ssize_t more = recv(h->fd, h->got + have, n - have, 0);
        if (more == 0)
            break;
        have += more > 0 ? (size_t)more : 0;
    }
    return have;
}

static void assert_farewell(hall *h, int code)
{
    assert_int_equal(hall_take(h, 4), 4);
    assert_int_equal((uint8_t)h->got[0], 0x88);
    assert_int_equal((uint8_t)h->got[2] << 8 | (uint8_t)h->got[3], code);
}

static void assert_next(hall *h, const void *expected, size_t len)
{
    const void *data;
    size_t n;

    assert_true(net_peer_take(h->host.newest, &data, &n));
    assert_int_equal(n, len);
    assert_memory_equal(data, expected, len);
}

/* --------------------------------------------------------------- Opening -- */

#define UPGRADE "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"

static const char *hall_ask(hall *h, const char *text)
{
    raw_say(h->fd, text);
    raw_read(&h->host, h->fd, h->got, sizeof h->got, "\r\n\r\n");
    return h->got;
}

static void assert_starts(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0)
        fail_msg("\"%.200s\" does not start with \"%s\"", text, with);
}

static void an_upgrade_is_answered_as_the_rfc_says(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_start(&h, &options);
    hall_ask(&h, "GET /sync?x=1 HTTP/1.1\r\n" UPGRADE KEY V13 "Origin: https://a.example\r\n"
                 "Sec-WebSocket-Protocol: chat, sennit\r\n"
                 "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    assert_starts(h.got, "HTTP/1.1 101 ");
    assert_non_null(strstr(h.got, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_non_null(strstr(h.got, "\r\nSec-WebSocket-Protocol: sennit\r\n"));
    assert_null(strstr(h.got, "Extensions"));
    assert_string_equal(h.host.admitted[0], "/sync");
    assert_string_equal(h.host.admitted[1], "https://a.example");
    assert_string_equal(h.host.admitted[2], "127.0.0.1");
    assert_int_equal(h.host.opened, 1);
    hall_end(&h);
}

static void what_is_no_proper_upgrade_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"GET /other HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n", "HTTP/1.1 404 "},
        {"GET /sync/ HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n", "HTTP/1.1 404 "},
        {"POST /sync HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n", "HTTP/1.1 405 "},
        {"GET /sync HTTP/1.1\r\n" UPGRADE KEY "\r\n", "HTTP/1.1 426 "},
        {"GET /sync HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n", "HTTP/1.1 426 "},
        {"GET /sync HTTP/1.1\r\n" UPGRADE V13 "\r\n", "HTTP/1.1 400 "},
        {"GET /sync HTTP/1.1\r\n" UPGRADE KEY V13 "Sec-WebSocket-Protocol: chat\r\n\r\n", ""},
    };
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_start(&h, &options);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        raw_say(h.fd, cases[i][0]);
        raw_read(&h.host, h.fd, h.got, sizeof h.got, NULL);
        assert_starts(h.got, cases[i][1]);
        hall_again(&h);
    }
    assert_int_equal(h.host.opened, 0);
    hall_ask(&h, "GET /sync HTTP/1.1\r\n" UPGRADE KEY "\r\n");
    assert_non_null(strstr(h.got, "\r\nSec-WebSocket-Version: 13\r\n"));
    hall_end(&h);
}

static void the_owner_may_refuse(void **state)
{
    (void)state;
    sennit_listener_options options = {.path = "/here"};
    hall h;

    hall_start(&h, &options);
    h.host.refuse_with = 403;
    assert_starts(hall_ask(&h, "GET /here HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n"), "HTTP/1.1 403 ");
    assert_int_equal(h.host.opened, 0);
    h.host.refuse_with = 0;
    h.host.refuse_peers = true;
    hall_again(&h);
    assert_starts(hall_ask(&h, "GET /here HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n"), "HTTP/1.1 101 ");
    raw_frame(h.fd, 0x82, "x", 1, 1); /* nobody is given that */
    hall_end(&h);

    hall_start(&h, &options);
    h.host.refuse_peers = true;
    raw_say(h.fd, "GET /here HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n");
    size_t n = raw_read(&h.host, h.fd, h.got, sizeof h.got, "cannot be taken now");
    assert_int_equal((uint8_t)h.got[n - 21] << 8 | (uint8_t)h.got[n - 20], 1011);
    hall_end(&h);
}

/* ------------------------------------------------------------- Receiving -- */

static void frames_may_come_in_any_pieces(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    static const uint8_t bytes[] = {0x02, 0x83, 1, 2, 3, 4, 'a' ^ 1, 'b' ^ 2, 'c' ^ 3,
                                    0x89, 0x82, 0, 0, 0, 0, 'h', 'i',
                                    0x00, 0x80, 0, 0, 0, 0,
                                    0x8a, 0x81, 0, 0, 0, 0, 'p',
                                    0x80, 0x81, 9, 9, 9, 9, 'd' ^ 9,
                                    0x82, 0x80, 0, 0, 0, 0};
    hall h;

    hall_open(&h, &options);
    for (size_t i = 0; i < sizeof bytes; i++) {
        raw_send(h.fd, bytes + i, 1);
        net_host_step(&h.host, 0);
        net_host_step(&h.host, 0);
    }
    hall_until_frames(&h, 2);
    assert_next(&h, "abcd", 4);
    assert_next(&h, "", 0);
    assert_int_equal(hall_take(&h, 4), 4);
    assert_memory_equal(h.got, "\x8a\x02hi", 4);
    hall_end(&h);
}

static void a_frame_may_follow_the_upgrade_at_once(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_start(&h, &options);
    raw_send(h.fd, "GET /sync HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n\x82\x82\0\0\0\0ab",
             strlen("GET /sync HTTP/1.1\r\n" UPGRADE KEY V13 "\r\n") + 8);
    raw_read(&h.host, h.fd, h.got, sizeof h.got, "\r\n\r\n");
    hall_until_frames(&h, 1);
    assert_next(&h, "ab", 2);
    hall_end(&h);
}

static void text_is_refused(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_open(&h, &options);
    raw_frame(h.fd, 0x82, "fine", 4, 4);
    raw_frame(h.fd, 0x81, "text", 4, 4);
    raw_frame(h.fd, 0x82, "late", 4, 4);
    assert_farewell(&h, 1003);
    close(h.fd);
    h.fd = raw_connect(&h.host);
    hall_until_closed(&h);
    assert_int_equal(h.host.newest->closed, 1003);
    assert_int_equal(h.host.newest->frames, 1);
    hall_end(&h);
}

static void a_frame_too_long_is_refused_when_it_begins(void **state)
{
    (void)state;
    sennit_listener_options options = {.max_frame = 1000};
    uint8_t data[600] = {0};

    for (int i = 0; i < 4; i++) {
        hall h;

        hall_open(&h, &options);
        size_t before = h.fm.most;
        if (i == 0) /* it is announced */
            raw_frame(h.fd, 0x82, "x", 1, (uint64_t)1 << 40);
        if (i == 1)
            raw_frame(h.fd, 0x82, "x", 1, 1001);
        if (i >= 2) { /* it adds up */
            raw_frame(h.fd, 0x02, data, 600, 600);
            raw_frame(h.fd, i == 2 ? 0x80 : 0x00, data, 401, 401);
        }
        assert_farewell(&h, 1009);
        assert_true(h.fm.most < before + 2000);
        hall_end(&h);
    }
}

static void the_longest_frame_is_taken(void **state)
{
    (void)state;
    sennit_listener_options options = {.max_frame = 100000};
    uint8_t *data = calloc(1, 100000);
    hall h;

    hall_open(&h, &options);
    for (int i = 0; i < 3; i++) {
        raw_frame(h.fd, 0x82, data, 100000, 100000);
        hall_until_frames(&h, (size_t)i + 1);
    }
    assert_int_equal(h.host.newest->bytes, 300000);
    free(data);
    hall_end(&h);
}

static void what_is_no_websocket_closes(void **state)
{
    (void)state;
    static const struct {
        uint8_t head;
        size_t len;
    } bad[] = {{0x83, 0}, {0x8b, 0}, {0xc2, 1}, {0x80, 1}, {0x09, 0}, {0x88, 126}};
    sennit_listener_options options = {.size = 0};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t data[200] = {0};
        hall h;

        hall_open(&h, &options);
        raw_frame(h.fd, bad[i].head, data, bad[i].len, bad[i].len);
        raw_frame(h.fd, 0x82, "after", 5, 5);
        hall_take(&h, 4); /* a farewell, or the end */
        hall_again(&h);
        hall_until_closed(&h);
        assert_int_equal(h.host.newest->frames, 0);
        hall_end(&h);
    }
}

/* --------------------------------------------------------------- Closing -- */

static void a_farewell_is_told_and_returned(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_open(&h, &options);
    raw_frame(h.fd, 0x88, "\x0f\xa7" "enough", 8, 8);
    assert_farewell(&h, 4007);
    hall_until_closed(&h);
    assert_int_equal(h.host.newest->closed, 4007);
    assert_string_equal(h.host.newest->reason, "enough");
    assert_int_equal(sennit_listener_send(h.host.listener, h.host.newest->id, "x", 1),
                     SENNIT_ECLOSED);
    hall_end(&h);

    hall_open(&h, &options);
    raw_frame(h.fd, 0x88, "", 0, 0);
    hall_until_closed(&h);
    assert_int_equal(h.host.newest->closed, 1005);
    hall_end(&h);

    hall_open(&h, &options);
    raw_frame(h.fd, 0x88, "\x0f\xa7\xff\xff", 4, 4); /* not UTF-8 */
    hall_until_closed(&h);
    assert_string_equal(h.host.newest->reason, "");
    hall_end(&h);
}

static void after_closing_nothing_is_taken(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    hall h;

    hall_open(&h, &options);
    assert_ok(sennit_listener_send(h.host.listener, h.host.newest->id, "one", 3));
    sennit_listener_close(h.host.listener, h.host.newest->id, 4403, "go");
    assert_int_equal(sennit_listener_send(h.host.listener, h.host.newest->id, "two", 3),
                     SENNIT_ECLOSED);
    raw_frame(h.fd, 0x82, "late", 4, 4);
    assert_int_equal(hall_take(&h, 5 + 6), 11);
    assert_memory_equal(h.got, "\x82\x03one\x88\x04\x11\x33go", 11);
    raw_frame(h.fd, 0x82, "later", 5, 5);
    raw_frame(h.fd, 0x88, "\x11\x33", 2, 2);
    hall_until_closed(&h);
    assert_int_equal(h.host.newest->frames, 0);
    assert_int_equal(h.host.newest->closed, 4403);
    hall_end(&h);
}

static void one_that_does_not_answer_a_farewell_is_cut_off(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    uint64_t since = net_now_ms();
    hall h;

    hall_open(&h, &options);
    sennit_listener_close(h.host.listener, h.host.newest->id, 4408, "silent");
    hall_until_closed(&h);
    assert_in_range(net_now_ms() - since, 4000, 20000);
    assert_int_equal(h.host.newest->closed, 4408);
    hall_end(&h);
}

static void one_that_vanishes_is_1006(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = 0};
    struct linger abrupt = {1, 0};

    for (int i = 0; i < 2; i++) {
        hall h;

        hall_open(&h, &options);
        if (i == 1)
            setsockopt(h.fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
        hall_again(&h);
        hall_until_closed(&h);
        assert_int_equal(h.host.newest->closed, 1006);
        hall_end(&h);
    }
}

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
            size_t n = hall_take(&h, len - taken < ROOM ? len - taken : ROOM);

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
    uint8_t data[3000] = {0};
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
    assert_farewell(&h, 1011);
    assert_true(h.fm.fired);
    hall_again(&h);
    hall_until_closed(&h);

    assert_true(raw_upgrade(&h.host, h.fd));
    h.fm.fail_at = h.fm.calls + 1;
    assert_int_equal(sennit_listener_send(h.host.listener, h.host.newest->id, "x", 1),
                     SENNIT_ENOMEM);
    h.fm.fail_at = h.fm.calls + 1; /* to keep a reason */
    sennit_listener_close(h.host.listener, h.host.newest->id, 4000, "reason");
    assert_farewell(&h, 4000);
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
        cmocka_unit_test(an_upgrade_is_answered_as_the_rfc_says),
        cmocka_unit_test(what_is_no_proper_upgrade_is_refused),
        cmocka_unit_test(the_owner_may_refuse),
        cmocka_unit_test(frames_may_come_in_any_pieces),
        cmocka_unit_test(a_frame_may_follow_the_upgrade_at_once),
        cmocka_unit_test(text_is_refused),
        cmocka_unit_test(a_frame_too_long_is_refused_when_it_begins),
        cmocka_unit_test(the_longest_frame_is_taken),
        cmocka_unit_test(what_is_no_websocket_closes),
        cmocka_unit_test(a_farewell_is_told_and_returned),
        cmocka_unit_test(after_closing_nothing_is_taken),
        cmocka_unit_test(one_that_does_not_answer_a_farewell_is_cut_off),
        cmocka_unit_test(one_that_vanishes_is_1006),
        cmocka_unit_test(a_stalled_reader_fills_up_and_hinders_nobody),
        cmocka_unit_test(a_long_frame_leaves_in_pieces_that_add_up),
        cmocka_unit_test(nobody_is_sent_what_is_for_another),
        cmocka_unit_test(a_wait_can_be_ended_from_elsewhere),
        cmocka_unit_test(further_descriptors_end_a_wait),
        cmocka_unit_test(those_who_are_idle_cost_nothing),
        cmocka_unit_test(after_a_stop_nobody_new_is_taken_in),
        cmocka_unit_test(without_files_it_rests_and_goes_on_later),
        cmocka_unit_test(memory_that_runs_out_makes_no_listener),
        cmocka_unit_test(memory_that_runs_out_costs_one_connection),
        cmocka_unit_test(what_cannot_be_listened_at_is_told),
    };

    return RUN_TESTS(tests);
}
