#define _POSIX_C_SOURCE 200809L
#include "sync/support/net_host.h"

#include "support/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t net_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void net_be_patient(uint64_t since_ms)
{
    if (net_now_ms() > since_ms + NET_PATIENCE_MS)
        fail_msg("waited for %d ms", NET_PATIENCE_MS);
}

/* --------------------------------------------------------------- Owner -- */

static int host_admit(void *self, const char *path, const char *origin, const char *address)
{
    net_host *host = self;
    const char *told[3] = {path, origin, address};

    for (int i = 0; i < 3; i++)
        snprintf(host->admitted[i], sizeof host->admitted[i], "%s", told[i]);
    return host->refuse_with;
}

static void *host_opened(void *self, uint64_t id)
{
    net_host *host = self;

    if (host->refuse_peers)
        return NULL;
    net_peer *peer = calloc(1, sizeof *peer);
    assert_non_null(peer);
    peer->host = host;
    peer->id = id;
    peer->next = host->newest;
    host->newest = peer;
    host->opened++;
    return peer;
}

static void host_received(void *self, void *of, const void *data, size_t len)
{
    net_host *host = self;
    net_peer *peer = of;
    net_frame *frame = malloc(sizeof *frame + len);

    assert_non_null(frame);
    assert_int_equal(peer->closed, 0);
    frame->next = NULL;
    frame->len = len;
    memcpy(frame->data, data, len);
    if (peer->last != NULL)
        peer->last->next = frame;
    else
        peer->first = frame;
    peer->last = frame;
    peer->frames++;
    peer->bytes += len;
    if (host->echo)
        assert_ok(sennit_listener_send(host->listener, peer->id, data, len));
}

static void host_writable(void *self, void *peer)
{
    (void)self;
    ((net_peer *)peer)->told_writable++;
}

static void host_closed(void *self, void *of, int code, const char *reason)
{
    net_host *host = self;
    net_peer *peer = of;

    assert_int_equal(peer->closed, 0);
    assert_int_not_equal(code, 0);
    peer->closed = code;
    snprintf(peer->reason, sizeof peer->reason, "%s", reason);
    host->closed++;
}

static int host_request(void *self, uint64_t id, const sennit_http_request *request,
                        sennit_http_response *response)
{
    net_host *host = self;

    host->requests++;
    if (host->request == NULL)
        return 0; /* the 404 that it is to begin with */
    int later = host->request(host, id, request, response);
    if (later != 0)
        host->waiting = id;
    return later;
}

static void host_gone(void *self, uint64_t id)
{
    net_host *host = self;

    host->gone = id;
    host->gones++;
}

/* ---------------------------------------------------------------- Host -- */

void net_host_start(net_host *host, const sennit_listener_options *options)
{
    sennit_listener_options usual = {.size = sizeof usual};
    sennit_listener_owner owner = {host,          host_admit,  host_opened,  host_received,
                                   host_writable, host_closed, host_request, host_gone};
    sennit_error err = {.what = ""};

    sennit_status st = sennit_listener_new(options != NULL ? options : &usual, &owner,
                                           &host->listener, &err);
    if (st != SENNIT_OK)
        fail_msg("cannot listen: %s, %s", sennit_status_text(st), err.what);
}

void net_host_step(net_host *host, int timeout_ms)
{
    if (host->listener != NULL)
        assert_ok(sennit_listener_service(host->listener, timeout_ms, NULL, 0));
}

static void host_free_peer(net_peer *peer)
{
    const void *data;
    size_t len;

    while (net_peer_take(peer, &data, &len))
        ;
    free(peer);
}

void net_host_stop(net_host *host)
{
    sennit_listener_free(host->listener);
    assert_int_equal(host->opened, host->closed);
    while (host->newest != NULL) {
        net_peer *peer = host->newest;

        host->newest = peer->next;
        host_free_peer(peer);
    }
}

void net_host_url(const net_host *host, const char *scheme, const char *name, char out[128])
{
    snprintf(out, 128, "%s://%s:%u/sync", scheme, name,
             (unsigned)sennit_listener_port(host->listener));
}

bool net_peer_take(net_peer *peer, const void **data, size_t *len)
{
    free(peer->held);
    peer->held = peer->first;
    if (peer->held == NULL)
        return false;
    peer->first = peer->held->next;
    if (peer->first == NULL)
        peer->last = NULL;
    *data = peer->held->data;
    *len = peer->held->len;
    return true;
}

/* ---------------------------------------------------------------- Wire -- */

static struct sockaddr_in loopback_at(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};

    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

void net_wire_start(net_wire *wire, net_host *host)
{
    struct sockaddr_in at = loopback_at(0);

    memset(wire, 0, sizeof *wire);
    wire->host = host;
    wire->listening = socket(AF_INET, SOCK_STREAM, 0);
    wire->client = wire->server = -1;
    assert_true(wire->listening >= 0);
    assert_int_equal(bind(wire->listening, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(wire->listening, 8), 0);
    assert_int_equal(fcntl(wire->listening, F_SETFL, O_NONBLOCK), 0);
}

void net_wire_url(const net_wire *wire, char out[128])
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;

    assert_int_equal(getsockname(wire->listening, (struct sockaddr *)&at, &len), 0);
    snprintf(out, 128, "ws://127.0.0.1:%u/sync", (unsigned)ntohs(at.sin_port));
}

static void wire_carry(net_way *way, int from, int to)
{
    if (way->len == 0) {
        ssize_t n = recv(from, way->data, sizeof way->data, 0);

        if (n == 0)
            shutdown(to, SHUT_WR);
        way->len = n > 0 ? (size_t)n : 0;
    }
    ssize_t sent = send(to, way->data, way->len, MSG_NOSIGNAL);
    if (sent <= 0)
        return;
    way->len -= (size_t)sent;
    memmove(way->data, way->data + sent, way->len);
}

void net_wire_step(net_wire *wire)
{
    if (wire->client < 0) {
        wire->client = accept(wire->listening, NULL, NULL);
        if (wire->client < 0)
            return;
        assert_int_equal(fcntl(wire->client, F_SETFL, O_NONBLOCK), 0);
        wire->server = raw_connect(wire->host);
    }
    if (wire->held)
        return;
    wire_carry(&wire->up, wire->client, wire->server);
    wire_carry(&wire->down, wire->server, wire->client);
}

void net_wire_inject(net_wire *wire, const void *data, size_t len)
{
    raw_send(wire->client, data, len);
}

void net_wire_cut(net_wire *wire)
{
    struct linger abrupt = {1, 0};

    if (wire->client >= 0) {
        setsockopt(wire->client, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
        setsockopt(wire->server, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
        close(wire->client);
        close(wire->server);
    }
    wire->client = wire->server = -1;
    wire->up.len = wire->down.len = 0;
}

void net_wire_stop(net_wire *wire)
{
    net_wire_cut(wire);
    close(wire->listening);
}

/* ----------------------------------------------------------------- Raw -- */

int raw_connect(const net_host *host)
{
    struct sockaddr_in to = loopback_at(sennit_listener_port(host->listener));
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* What a test says in one go fits into the buffers of the kernel. */
void raw_send(int fd, const void *data, size_t len)
{
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

void raw_say(int fd, const char *text)
{
    raw_send(fd, text, strlen(text));
}

size_t raw_read(net_host *host, int fd, char *out, size_t max, const char *until)
{
    uint64_t since = net_now_ms();
    size_t n = 0;

    out[0] = 0;
    for (;;) {
        net_be_patient(since);
        net_host_step(host, 1);
        ssize_t got = recv(fd, out + n, max - 1 - n, 0);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (got <= 0 || n + (size_t)got == max - 1)
            return n + (size_t)(got > 0 ? got : 0);
        n += (size_t)got;
        out[n] = 0;
        if (until != NULL && strstr(out, until) != NULL)
            return n;
    }
}

bool raw_upgrade(net_host *host, int fd)
{
    char answer[1024];

    raw_say(fd, "GET /sync HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    raw_read(host, fd, answer, sizeof answer, "\r\n\r\n");
    return strncmp(answer, "HTTP/1.1 101 ", 13) == 0;
}

void raw_frame(int fd, uint8_t head, const void *data, size_t len, uint64_t announced)
{
    uint8_t frame[14] = {head, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    size_t n = 10;

    for (int i = 0; i < 8; i++)
        frame[2 + i] = (uint8_t)(announced >> (56 - 8 * i));
    if (announced < 126) {
        frame[1] = (uint8_t)(0x80 | announced);
        n = 2;
    }
    memset(frame + n, 0, 4); /* a mask of zeros leaves the data as it is */
    raw_send(fd, frame, n + 4);
    if (len > 0)
        raw_send(fd, data, len);
}
