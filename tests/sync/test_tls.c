#include "sync/support/net_host.h"
#include "sync/support/ws_world.h"

#include "support/cm.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static certs all;

/* Open a client to a host and step until it is open or closed; its code, 0 if it is
 * open. */
static int meet(net_host *host, sennit_transport *near)
{
    uint64_t since = net_now_ms();

    assert_ok(near->open(near->self));
    while (near->state(near->self) == SENNIT_TRANSPORT_OPENING) {
        net_be_patient(since);
        net_host_step(host, 1);
        assert_ok(near->service(near->self, NULL, 0));
    }
    return near->closed(near->self, NULL);
}

/* The code with which a client ends that trusts ca and asks for a name. */
static int meet_as(net_host *host, const char *scheme, const char *name, const char *ca)
{
    sennit_websocket_options options = {.size = sizeof options, .ca_file = ca};
    sennit_transport *near;
    char url[128];

    net_host_url(host, scheme, name, url);
    assert_ok(sennit_websocket_client(url, &options, &near));
    int code = meet(host, near);
    if (code != 0) {
        const char *why;

        near->closed(near->self, &why);
        assert_true(strlen(why) > 0);
    }
    sennit_transport_free(near);
    return code;
}

static void serve(net_host *host, const char *cert, const char *key)
{
    sennit_listener_options options = {.size = sizeof options, .tls_cert = cert, .tls_key = key};

    memset(host, 0, sizeof *host);
    net_host_start(host, &options);
}

static void a_certificate_for_that_host_is_taken(void **state)
{
    (void)state;
    net_host host;

    serve(&host, all.cert, all.key);
    assert_int_equal(meet_as(&host, "wss", "localhost", all.ca), 0);
    assert_int_equal(host.opened, 1);
    net_host_stop(&host);
}

static void several_clients_shake_hands_at_a_time(void **state)
{
    (void)state;
    sennit_websocket_options options = {.size = sizeof options, .ca_file = all.ca};
    sennit_transport *near[5];
    uint64_t since = net_now_ms();
    unsigned open = 0;
    net_host host;
    char url[128];

    serve(&host, all.cert, all.key);
    net_host_url(&host, "wss", "localhost", url);
    for (int i = 0; i < 5; i++) {
        assert_ok(sennit_websocket_client(url, &options, &near[i]));
        assert_ok(near[i]->open(near[i]->self));
        net_host_step(&host, 1);
        for (int j = 0; j <= i; j++)
            assert_ok(near[j]->service(near[j]->self, NULL, 0));
    }
    for (; open < 5; net_be_patient(since)) {
        net_host_step(&host, 1);
        open = 0;
        for (int i = 0; i < 5; i++) {
            assert_ok(near[i]->service(near[i]->self, NULL, 0));
            assert_int_equal(near[i]->closed(near[i]->self, NULL), 0);
            open += near[i]->state(near[i]->self) == SENNIT_TRANSPORT_OPEN;
        }
    }
    for (int i = 0; i < 5; i++)
        sennit_transport_free(near[i]);
    net_host_stop(&host);
}

static void any_other_certificate_is_refused(void **state)
{
    (void)state;
    net_host host;

    serve(&host, all.cert, all.key);
    assert_int_equal(meet_as(&host, "wss", "localhost", all.other_ca), 1006);
    assert_int_equal(meet_as(&host, "wss", "localhost", NULL), 1006); /* the system's */
    assert_int_equal(meet_as(&host, "wss", "127.0.0.1", all.ca), 1006);
    assert_int_equal(meet_as(&host, "wss", "localhost", "/nonexistent"), 1006);
    assert_int_equal(meet_as(&host, "wss", "localhost", all.garbage), 1006);
    assert_int_equal(host.opened, 0);
    net_host_stop(&host);

    serve(&host, all.stranger_cert, all.stranger_key);
    assert_int_equal(meet_as(&host, "wss", "localhost", all.ca), 1006);
    net_host_stop(&host);

    serve(&host, all.expired_cert, all.expired_key);
    assert_int_equal(meet_as(&host, "wss", "localhost", all.ca), 1006);
    assert_int_equal(host.opened, 0);
    net_host_stop(&host);
}

static void one_end_with_tls_and_one_without_do_not_meet(void **state)
{
    (void)state;
    net_host host;

    serve(&host, all.cert, all.key);
    assert_int_equal(meet_as(&host, "ws", "localhost", NULL), 1006);
    assert_int_equal(host.opened, 0);
    net_host_stop(&host);

    memset(&host, 0, sizeof host);
    net_host_start(&host, NULL);
    assert_int_equal(meet_as(&host, "wss", "localhost", all.ca), 1006);
    assert_int_equal(host.opened, 0);
    net_host_stop(&host);
}

static void a_listener_wants_a_certificate_with_its_key(void **state)
{
    (void)state;
    const struct {
        const char *cert, *key, *why;
    } cases[] = {
        {"/nonexistent", all.key, "the certificate cannot be read"},
        {all.cert, "/nonexistent", "the key cannot be read"},
        {all.garbage, all.key, "the certificate or its key is no good"},
        {all.cert, all.garbage, "the certificate or its key is no good"},
        {all.cert, all.stranger_key, "the certificate or its key is no good"},
    };
    sennit_listener_owner owner = {.opened = (void *(*)(void *, uint64_t))1,
                                   .received = (void (*)(void *, void *, const void *, size_t))1};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sennit_listener_options options = {
            .size = sizeof options, .tls_cert = cases[i].cert, .tls_key = cases[i].key};
        sennit_listener *listener;
        sennit_error err = {.what = ""};

        assert_int_equal(sennit_listener_new(&options, &owner, &listener, &err), SENNIT_EIO);
        assert_string_equal(err.what, cases[i].why);
        assert_null(listener);
    }
}

/* ------------------------------------------------- A client made by hand -- */

typedef struct tls_talk {
    net_host host;
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
} tls_talk;

static void tls_start(tls_talk *t, uint32_t handshake_ms)
{
    sennit_listener_options options = {.size = sizeof options, .tls_cert = all.cert,
                                       .tls_key = all.key, .handshake_ms = handshake_ms};

    memset(t, 0, sizeof *t);
    net_host_start(&t->host, &options);
    t->ctx = SSL_CTX_new(TLS_client_method());
    t->ssl = SSL_new(t->ctx);
    t->fd = raw_connect(&t->host);
    SSL_set_fd(t->ssl, t->fd);
}

static void tls_stop(tls_talk *t)
{
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    close(t->fd);
    net_host_stop(&t->host);
}

static void tls_say(tls_talk *t, const char *text, size_t len)
{
    uint64_t since = net_now_ms();

    while (SSL_connect(t->ssl) != 1) {
        net_be_patient(since);
        net_host_step(&t->host, 1);
    }
    while (SSL_write(t->ssl, text, (int)len) != (int)len) {
        net_be_patient(since);
        net_host_step(&t->host, 1);
    }
}

/* Read until n bytes are there. */
static void tls_take(tls_talk *t, char *out, size_t n)
{
    uint64_t since = net_now_ms();

    for (size_t have = 0; have < n;) {
        net_be_patient(since);
        net_host_step(&t->host, 1);
        int got = SSL_read(t->ssl, out + have, (int)(n - have));
        have += got > 0 ? (size_t)got : 0;
    }
}

#define PAGE 300000

static uint8_t page[PAGE];

static int answer_page(net_host *host, uint64_t id, const sennit_http_request *request,
                       sennit_http_response *response)
{
    (void)host;
    (void)id;
    if (request->body_len > 0)
        assert_memory_equal(request->body, page, request->body_len);
    response->status = 200;
    response->fixed = page;
    response->fixed_len = request->body_len > 0 ? request->body_len : PAGE;
    return 0;
}

static void http_works_over_tls_in_long_pieces_too(void **state)
{
    (void)state;
    static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    static const char post[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n";
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n";
    char expected[100], *got = malloc(PAGE + 100), *body = malloc(100000 + sizeof post);
    tls_talk t;

    for (size_t i = 0; i < PAGE; i++)
        page[i] = (uint8_t)(i * 11 + i / 256);
    tls_start(&t, 0);
    t.host.request = answer_page;
    for (int i = 0; i < 2; i++) {
        tls_say(&t, get, sizeof get - 1);
        int n = snprintf(expected, sizeof expected, head, PAGE);
        tls_take(&t, got, (size_t)n + PAGE);
        assert_memory_equal(got, expected, (size_t)n);
        assert_memory_equal(got + n, page, PAGE);

        memcpy(body, post, sizeof post - 1);
        memcpy(body + sizeof post - 1, page, 100000);
        tls_say(&t, body, sizeof post - 1 + 100000);
        n = snprintf(expected, sizeof expected, head, 100000);
        tls_take(&t, got, (size_t)n + 100000);
        assert_memory_equal(got, expected, (size_t)n);
        assert_memory_equal(got + n, page, 100000);
    }
    free(got);
    free(body);
    tls_stop(&t);
}

/* HTTP/2 is offered, and not taken. */
static void only_http_1_is_spoken(void **state)
{
    (void)state;
    const unsigned char *chosen = NULL;
    unsigned len = 0;
    uint64_t since = net_now_ms();
    tls_talk t;

    tls_start(&t, 0);
    SSL_set_alpn_protos(t.ssl, (const unsigned char *)"\x02h2\x08http/1.1", 12);
    while (SSL_connect(t.ssl) != 1) {
        net_be_patient(since);
        net_host_step(&t.host, 1);
    }
    SSL_get0_alpn_selected(t.ssl, &chosen, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    tls_stop(&t);
}

static void a_handshake_that_stands_still_is_cut_off(void **state)
{
    (void)state;
    uint64_t since = net_now_ms();
    char byte;
    tls_talk t;

    tls_start(&t, 300);
    raw_send(t.fd, "\x16\x03\x01\x02\x00\x01", 6);
    ssize_t n;
    while ((n = recv(t.fd, &byte, 1, 0)) != 0 && !(n < 0 && errno != EAGAIN)) {
        net_be_patient(since);
        net_host_step(&t.host, 10);
    }
    assert_true(net_now_ms() - since >= 250);
    tls_stop(&t);
}

static void make_secure(transport_world *world)
{
    ws_world_make(world, &all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_for_that_host_is_taken),
        cmocka_unit_test(several_clients_shake_hands_at_a_time),
        cmocka_unit_test(any_other_certificate_is_refused),
        cmocka_unit_test(one_end_with_tls_and_one_without_do_not_meet),
        cmocka_unit_test(a_listener_wants_a_certificate_with_its_key),
        cmocka_unit_test(http_works_over_tls_in_long_pieces_too),
        cmocka_unit_test(only_http_1_is_spoken),
        cmocka_unit_test(a_handshake_that_stands_still_is_cut_off),
    };

    certs_make(&all);
    int failed = transport_contract("wss keeps the contract", make_secure) + RUN_TESTS(tests);
    certs_remove(&all);
    return failed;
}
