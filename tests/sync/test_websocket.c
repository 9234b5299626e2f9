#include "sync/support/net_host.h"
#include "sync/support/ws_world.h"

#include "support/cm.h"
#include "support/failmem.h"

#include <stdlib.h>
#include <string.h>

static void make_plain(transport_world *world)
{
    ws_world_make(world, NULL);
}

/* ----------------------------------------------- A client, and a wire -- */

typedef struct line {
    net_host host;
    net_wire wire;
    failmem fm;
    sennit_alloc alloc;
    sennit_transport *near;
    uint64_t since;
} line;

static void line_start(line *l, sennit_websocket_options *options)
{
    char url[128];

    memset(l, 0, sizeof *l);
    l->alloc = failmem_at(&l->fm, 0);
    options->size = sizeof *options;
    options->alloc = &l->alloc;
    net_host_start(&l->host, NULL);
    net_wire_start(&l->wire, &l->host);
    net_wire_url(&l->wire, url);
    assert_ok(sennit_websocket_client(url, options, &l->near));
    assert_ok(l->near->open(l->near->self));
    l->since = net_now_ms();
}

static void line_step(line *l)
{
    net_be_patient(l->since);
    net_wire_step(&l->wire);
    net_host_step(&l->host, 1);
    assert_ok(l->near->service(l->near->self, NULL, 0));
}

static void line_open(line *l)
{
    while (l->near->state(l->near->self) != SENNIT_TRANSPORT_OPEN || l->host.newest == NULL)
        line_step(l);
}

/* Step until the near end is closed; its code. */
static int line_close_code(line *l)
{
    while (l->near->state(l->near->self) != SENNIT_TRANSPORT_CLOSED)
        line_step(l);
    return l->near->closed(l->near->self, NULL);
}

static int line_far_code(line *l)
{
    while (l->host.newest->closed == 0)
        line_step(l);
    return l->host.newest->closed;
}

static void line_stop(line *l)
{
    sennit_transport_free(l->near);
    assert_int_equal(l->fm.live, 0);
    net_wire_stop(&l->wire);
    net_host_stop(&l->host);
}

static void a_text_frame_is_refused(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = 0};
    line l;

    line_start(&l, &options);
    line_open(&l);
    net_wire_inject(&l.wire, "\x81\x01x", 3);
    assert_int_equal(line_close_code(&l), 1003);
    assert_int_equal(line_far_code(&l), 1003);
    line_stop(&l);
}

static void a_frame_too_long_is_refused(void **state)
{
    (void)state;
    sennit_websocket_options options = {.max_frame = 1000};
    uint8_t frame[1001] = {0};
    const void *data;
    size_t len;
    line l;

    line_start(&l, &options);
    line_open(&l);
    assert_ok(sennit_listener_send(l.host.listener, l.host.newest->id, frame, 1000));
    assert_ok(sennit_listener_send(l.host.listener, l.host.newest->id, frame, 1001));
    assert_int_equal(line_close_code(&l), 1009);
    assert_int_equal(line_far_code(&l), 1009);
    assert_int_equal(l.near->receive(l.near->self, &data, &len), 1);
    assert_int_equal(len, 1000);
    assert_int_equal(l.near->receive(l.near->self, &data, &len), 0);
    line_stop(&l);
}

/* What a head announces costs nothing; and the pieces of one frame are added up. */
static void a_frame_that_will_be_too_long_is_refused_early(void **state)
{
    (void)state;
    static const char *const heads[] = {"\x82\x7f\x00\x00\x00\x7f\xff\xff\xff\xff", "\x02\x7e\x02\x00"};
    static const size_t lens[] = {10, 4};
    sennit_websocket_options options = {.max_frame = 1000};
    uint8_t rest[5000] = {0};

    for (size_t i = 0; i < 2; i++) {
        line l;

        line_start(&l, &options);
        line_open(&l);
        size_t before = l.fm.most;
        net_wire_inject(&l.wire, heads[i], lens[i]);
        net_wire_inject(&l.wire, rest, i == 0 ? 5000 : 512);
        if (i == 1) {
            net_wire_inject(&l.wire, "\x80\x7e\x02\x00", 4);
            net_wire_inject(&l.wire, rest, 512);
        }
        assert_int_equal(line_close_code(&l), 1009);
        assert_true(l.fm.most < before + 3000);
        line_stop(&l);
    }
}

static void what_is_no_websocket_closes(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x83\x00", "\xc2\x01x", "\x09\x00", "\x80\x01x"};
    sennit_websocket_options options = {.size = 0};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        line l;

        line_start(&l, &options);
        line_open(&l);
        net_wire_inject(&l.wire, bad[i], i == 1 || i == 3 ? 3 : 2);
        assert_int_not_equal(line_close_code(&l), 0);
        line_stop(&l);
    }
}

static void a_farewell_without_a_code_is_1005(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = 0};
    line l;

    line_start(&l, &options);
    line_open(&l);
    net_wire_inject(&l.wire, "\x88\x00", 2);
    assert_int_equal(line_close_code(&l), 1005);
    line_stop(&l);
}

static void a_server_that_is_cut_off_is_noticed(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = 0};
    line l;

    line_start(&l, &options);
    line_open(&l);
    net_wire_cut(&l.wire);
    assert_int_equal(line_close_code(&l), 1006);
    assert_ok(l.near->open(l.near->self));
    line_open(&l);
    line_stop(&l);
}

static void a_server_that_says_nothing_is_given_up(void **state)
{
    (void)state;
    sennit_websocket_options options = {.connect_ms = 300};
    const char *reason;
    line l;

    line_start(&l, &options);
    l.wire.held = true;
    assert_in_range(l.near->timeout(l.near->self), 0, 300);
    assert_int_equal(line_close_code(&l), 1006);
    l.near->closed(l.near->self, &reason);
    assert_string_equal(reason, "timed out");
    assert_in_range(net_now_ms() - l.since, 290, 20000);
    line_stop(&l);
}

static void a_server_that_never_answers_a_farewell_is_left(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = 0};
    line l;

    line_start(&l, &options);
    line_open(&l);
    l.wire.held = true;
    l.near->close(l.near->self, 4000, "over");
    assert_int_equal(l.near->state(l.near->self), SENNIT_TRANSPORT_CLOSING);
    assert_int_equal(line_close_code(&l), 4000);
    line_stop(&l);
}

static void a_server_that_refuses_is_no_connection(void **state)
{
    (void)state;
    sennit_websocket_options options = {.origin = "http://editor.example"};
    const char *reason;
    line l;

    line_start(&l, &options);
    l.host.refuse_with = 403;
    assert_int_equal(line_close_code(&l), 1006);
    l.near->closed(l.near->self, &reason);
    assert_true(strlen(reason) > 0);
    assert_string_equal(l.host.admitted[0], "/sync");
    assert_string_equal(l.host.admitted[1], "http://editor.example");
    assert_string_equal(l.host.admitted[2], "127.0.0.1");
    assert_int_equal(l.host.opened, 0);
    line_stop(&l);
}

static void a_port_where_nobody_listens_is_no_connection(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = sizeof options};
    sennit_transport *near;
    char url[128];
    net_host host = {.listener = NULL};

    net_host_start(&host, NULL);
    net_host_url(&host, "ws", "127.0.0.1", url);
    net_host_stop(&host);
    assert_ok(sennit_websocket_client(url, &options, &near));
    for (int i = 0; i < 3; i++) {
        uint64_t since = net_now_ms();

        assert_ok(near->open(near->self));
        while (near->state(near->self) != SENNIT_TRANSPORT_CLOSED) {
            net_be_patient(since);
            assert_ok(sennit_transport_wait(near, 100));
        }
        assert_int_equal(near->closed(near->self, NULL), 1006);
        assert_true(net_now_ms() - since < 5000);
    }
    sennit_transport_free(near);
}

static void a_name_nobody_has_is_no_connection(void **state)
{
    (void)state;
    sennit_transport *near;
    uint64_t since = net_now_ms();

    assert_ok(sennit_websocket_client("ws://no-such-host.invalid/", NULL, &near));
    assert_ok(near->open(near->self));
    while (near->state(near->self) != SENNIT_TRANSPORT_CLOSED) {
        net_be_patient(since);
        assert_ok(sennit_transport_wait(near, 100));
    }
    assert_int_equal(near->closed(near->self, NULL), 1006);
    sennit_transport_free(near);
}

#define FLOOD 2000

static void what_is_not_taken_is_not_read(void **state)
{
    (void)state;
    sennit_websocket_options options = {.max_queue = 100000};
    uint8_t frame[5000] = {0};
    unsigned sent = 0, got = 0;
    const void *data;
    size_t len;
    line l;

    line_start(&l, &options);
    line_open(&l);
    size_t before = l.fm.live;
    for (int quiet = 0; quiet < 200; quiet++) {
        if (sent < FLOOD && sennit_listener_send(l.host.listener, l.host.newest->id, frame,
                                                 sizeof frame) == SENNIT_OK) {
            sent++;
            quiet = 0;
        }
        assert_ok(l.near->service(l.near->self, NULL, 0));
        net_host_step(&l.host, 0);
        if (l.wire.client >= 0 && sent % 7 == 0)
            net_wire_step(&l.wire);
    }
    assert_true(l.fm.most - before < 100000 + 3 * 5200 + 2 * 4096);
    while (got < sent) {
        while (l.near->receive(l.near->self, &data, &len) == 1) {
            assert_int_equal(len, sizeof frame);
            got++;
        }
        line_step(&l);
    }
    line_stop(&l);
}

/* A host that looks only when the descriptors or the timeout say so. */
static void descriptors_and_timeout_are_all_a_host_needs(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = sizeof options};
    uint8_t frame[70000] = {0};
    unsigned waits = 0, got = 0, sent = 0;
    sennit_transport *near;
    const void *data;
    size_t len;
    net_host host = {.echo = true};
    char url[128];

    net_host_start(&host, NULL);
    net_host_url(&host, "ws", "127.0.0.1", url);
    assert_ok(sennit_websocket_client(url, &options, &near));
    assert_ok(near->open(near->self));
    uint64_t since = net_now_ms();
    while (got < 20) {
        net_be_patient(since);
        net_host_step(&host, 0);
        if (sent == got && sent < 20 && near->send(near->self, frame, sizeof frame) == SENNIT_OK)
            sent++;
        assert_ok(sennit_transport_wait(near, 2));
        waits++;
        while (near->receive(near->self, &data, &len) == 1) {
            assert_int_equal(len, sizeof frame);
            got++;
        }
    }
    assert_int_equal(near->timeout(near->self), -1);
    since = net_now_ms();
    assert_ok(sennit_transport_wait(near, 100)); /* nothing to do: it sleeps */
    assert_true(net_now_ms() - since >= 99);
    assert_true(waits < 20000);
    sennit_transport_free(near);
    net_host_stop(&host);
}

static void memory_that_runs_out_closes_the_client(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = 0};
    uint64_t since;
    line l;

    line_start(&l, &options);
    line_open(&l);
    l.fm.fail_at = l.fm.calls + 1;
    assert_int_equal(l.near->send(l.near->self, "x", 1), SENNIT_ENOMEM);
    assert_int_equal(l.near->state(l.near->self), SENNIT_TRANSPORT_OPEN);
    assert_ok(sennit_listener_send(l.host.listener, l.host.newest->id, "hello", 5));
    l.fm.fail_at = l.fm.calls + 1;
    l.fm.fired = false;
    since = net_now_ms();
    sennit_status st = SENNIT_OK;
    while (st == SENNIT_OK) {
        net_be_patient(since);
        net_wire_step(&l.wire);
        net_host_step(&l.host, 1);
        st = l.near->service(l.near->self, NULL, 0);
    }
    assert_int_equal(st, SENNIT_ENOMEM);
    assert_int_equal(l.near->state(l.near->self), SENNIT_TRANSPORT_CLOSED);
    assert_int_equal(l.near->closed(l.near->self, NULL), 1011);
    assert_int_equal(line_far_code(&l), 1011);
    line_stop(&l);
}

static void memory_that_runs_out_makes_no_client(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = sizeof options, .origin = "o", .ca_file = "c"};
    sennit_transport *near;
    failmem fm;

    for (size_t nth = 1; nth <= 3; nth++) {
        sennit_alloc alloc = failmem_at(&fm, nth);

        options.alloc = &alloc;
        assert_int_equal(sennit_websocket_client("ws://h/", &options, &near), SENNIT_ENOMEM);
        assert_null(near);
        assert_int_equal(fm.live, 0);
    }
}

static void what_is_no_address_makes_no_client(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "http://h/", "ws:/h", "ws://", "ws:///x", "ws://h:0/", "ws://h:65536/", "ws://h:1x/",
        "ws://h:/", "ws://u@h/", "ws://h/#f", "ws://h/a b", "ws://h/\xc3\xa4", "ws://[::1/",
        "ws://[]/", "ws://h\n/", "wss//h",
    };
    static const char *const good[] = {
        "ws://h", "ws://h/", "wss://h:8443/sync?x=1", "ws://[::1]:80/a", "ws://a-b.c_d?q",
    };
    char longest[1200];
    sennit_transport *near;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sennit_websocket_client(bad[i], NULL, &near), SENNIT_EINVAL);
        assert_null(near);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_ok(sennit_websocket_client(good[i], NULL, &near));
        sennit_transport_free(near);
    }
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "ws://h/", 7);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(sennit_websocket_client(longest, NULL, &near), SENNIT_EINVAL);
    longest[7 + 1022] = 0;
    assert_ok(sennit_websocket_client(longest, NULL, &near));
    sennit_transport_free(near);
    longest[6] = 'h';
    assert_int_equal(sennit_websocket_client(longest, NULL, &near), SENNIT_EINVAL);
    assert_int_equal(sennit_websocket_client(NULL, NULL, &near), SENNIT_EINVAL);
    assert_int_equal(sennit_websocket_client("ws://h", NULL, NULL), SENNIT_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_frame_is_refused),
        cmocka_unit_test(a_frame_too_long_is_refused),
        cmocka_unit_test(a_frame_that_will_be_too_long_is_refused_early),
        cmocka_unit_test(what_is_no_websocket_closes),
        cmocka_unit_test(a_farewell_without_a_code_is_1005),
        cmocka_unit_test(a_server_that_is_cut_off_is_noticed),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up),
        cmocka_unit_test(a_server_that_never_answers_a_farewell_is_left),
        cmocka_unit_test(a_server_that_refuses_is_no_connection),
        cmocka_unit_test(a_port_where_nobody_listens_is_no_connection),
        cmocka_unit_test(a_name_nobody_has_is_no_connection),
        cmocka_unit_test(what_is_not_taken_is_not_read),
        cmocka_unit_test(descriptors_and_timeout_are_all_a_host_needs),
        cmocka_unit_test(memory_that_runs_out_closes_the_client),
        cmocka_unit_test(memory_that_runs_out_makes_no_client),
        cmocka_unit_test(what_is_no_address_makes_no_client),
    };

    return transport_contract("websocket keeps the contract", make_plain) + RUN_TESTS(tests);
}
