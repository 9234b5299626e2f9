/* Bytes that no client of good will sends: the listener goes on serving others. */
#include "sync/support/net_host.h"

#include "support/cm.h"
#include "support/seeds.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const parts[] = {
    "GET / HTTP/1.1\r\n", "GET /sync HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "HEAD /?a=b&c HTTP/1.0\r\n",
    "PUT / HTTP/1.1\r\n", "CONNECT a:1 HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "GET http://h/ HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /..%2f../%00?%zz& HTTP/1.1\r\n", "Host: h\r\n", "Host: \r\n",
    "Content-Length: 3\r\n", "Content-Length: 0\r\n", "Content-Length: 70000\r\n", "Content-Length: -1\r\n",
    "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Connection: Upgrade\r\n",
    "Connection: keep-alive\r\n", "Upgrade: websocket\r\n", "Upgrade: h2c\r\n", "Upgrade: x\r\n",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", "Sec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Sec-WebSocket-Protocol: sennit\r\n", "Sec-WebSocket-Protocol: other, sennit\r\n",
    "Sec-WebSocket-Protocol: \x01\r\n", "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    "Origin: null\r\n", "Expect: 100-continue\r\n", "Authorization: Bearer x\r\n", "X: y\r\n", ": \r\n",
    "\r\n", "\r\n", "\r\n", "\r\n\r\n", "\n", "abc", "0\r\n\r\n", "\x82\x83\x01\x02\x03\x04zzz",
    "\x81\x01x", "\x88\x82\x00\x00\x00\x00\x03\xe8", "\x89\x80\x00\x00\x00\x00",
    "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", "\x02\xfe\x00\x01", "\x16\x03\x01\x02\x00",
};
#define PARTS (sizeof parts / sizeof parts[0])

static int answer(net_host *host, uint64_t id, const sennit_http_request *request,
                  sennit_http_response *response)
{
    (void)id;
    response->status = 200;
    response->fixed = "fine;";
    response->fixed_len = 5;
    return host->refuse_with == 1 && request->path[0] == '/';
}

static void step_a_little(net_host *host)
{
    for (int i = 0; i < 3; i++)
        net_host_step(host, 0);
}

/* A request made of such parts, some of them damaged, sent in pieces. */
static void send_nonsense(net_host *host, rng *r, int fd)
{
    size_t n = rng_in(r, 1, 14);

    for (size_t i = 0; i < n; i++) {
        char part[128];
        size_t which = rng_below(r, PARTS), len = strlen(parts[which]);

        memcpy(part, parts[which], len);
        if (rng_percent(r, 5))
            part[rng_below(r, len)] = (char)rng_next(r);
        if (send(fd, part, len, MSG_NOSIGNAL) < 0)
            return;
        if (rng_percent(r, 30))
            step_a_little(host);
    }
}

static void whatever_comes_others_are_served(rng *r)
{
    sennit_listener_options options = {.size = sizeof options, .max_frame = 1000};
    net_host host = {.request = answer, .echo = true};
    char got[4096];
    int fds[20];

    alarm(120); /* for what does not come back from a call */
    net_host_start(&host, &options);
    for (int i = 0; i < 20; i++)
        fds[i] = raw_connect(&host);
    for (int i = 0; i < 100; i++) {
        int at = (int)rng_below(r, 20);

        host.refuse_with = rng_percent(r, 20) ? 1 : 0; /* also: answer later, that is, never */
        send_nonsense(&host, r, fds[at]);
        step_a_little(&host);
        if (rng_percent(r, 30)) {
            close(fds[at]);
            fds[at] = raw_connect(&host);
        }
    }
    host.refuse_with = 0;
    int fd = raw_connect(&host);
    raw_say(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_read(&host, fd, got, sizeof got, "fine;");
    assert_non_null(strstr(got, "HTTP/1.1 200 OK\r\n"));
    close(fd);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    net_host_stop(&host);
    alarm(0);
}

static void whatever_comes_others_are_served_(void **state)
{
    (void)state;
    seeds_run(60, whatever_comes_others_are_served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_comes_others_are_served_)};

    return RUN_TESTS(tests);
}
