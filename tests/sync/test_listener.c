#define _POSIX_C_SOURCE 200809L
#include "sync/support/hall.h"

#include "support/cm.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
    hall_assert_next(&h, "abcd", 4);
    hall_assert_next(&h, "", 0);
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
    hall_assert_next(&h, "ab", 2);
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
    hall_assert_farewell(&h, 1003);
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
        hall_assert_farewell(&h, 1009);
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
    hall_assert_farewell(&h, 4007);
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
    };

    return RUN_TESTS(tests);
}
