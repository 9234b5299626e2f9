#include "sync/support/net_host.h"

#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 16384

/* Start a host, send text over a new connection, and read what comes until a
 * text, or the end. */
typedef struct talk {
    net_host host;
    int fd;
    char got[ROOM];
} talk;

static void talk_start(talk *t, const sennit_listener_options *options)
{
    memset(t, 0, sizeof *t);
    net_host_start(&t->host, options);
    t->fd = raw_connect(&t->host);
}

static void talk_again(talk *t)
{
    close(t->fd);
    t->fd = raw_connect(&t->host);
}

static void talk_end(talk *t)
{
    close(t->fd);
    net_host_stop(&t->host);
}

static const char *talk_ask(talk *t, const char *text, const char *until)
{
    raw_say(t->fd, text);
    raw_read(&t->host, t->fd, t->got, sizeof t->got, until);
    return t->got;
}

static void assert_starts(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0)
        fail_msg("\"%.60s\" does not start with \"%s\"", text, with);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%.400s\"", part, text);
}

/* Whether the server has closed, which may take as long as a deadline. */
static void assert_hangs_up(talk *t)
{
    raw_read(&t->host, t->fd, t->got, sizeof t->got, NULL);
    assert_true(strlen(t->got) < sizeof t->got - 1);
}

static void response_text(sennit_http_response *response, const char *text)
{
    size_t len = strlen(text);

    response->body.data = response->body.alloc.resize(response->body.alloc.self, NULL, 0, len + 1);
    assert_non_null(response->body.data);
    memcpy(response->body.data, text, len);
    response->body.len = len;
    response->body.cap = len + 1;
}

/* What came, as text. */
static int tell(net_host *host, uint64_t id, const sennit_http_request *request,
                sennit_http_response *response)
{
    char text[4096];

    (void)host;
    (void)id;
    snprintf(text, sizeof text, "[%s][%s][%s] host=%s origin=%s auth=%s inm=%s accept=%s coded=%s "
             "type=%s from=%s body=%zu:%.*s;", request->method, request->path, request->query,
             request->host, request->origin, request->authorization, request->if_none_match,
             request->accept, request->accept_encoding, request->content_type, request->address,
             request->body_len,
             (int)(request->body_len < 100 ? request->body_len : 100),
             request->body != NULL ? (const char *)request->body : "");
    response->status = 200;
    response->type = "text/plain";
    response_text(response, text);
    return 0;
}

/* ------------------------------------------------------------ Requests -- */

static void a_request_is_handed_over_and_answered(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    const char *got = talk_ask(&t, "GET /docs/a%20b?min=a%26b&x=%3D1 HTTP/1.1\r\n"
                               "Host: example.org\r\nOrigin: http://o\r\n"
                               "Authorization: Bearer t0ken\r\nIf-None-Match: \"v1\"\r\n"
                               "Accept: text/html\r\nAccept-Encoding: gzip, br;q=0.5\r\n\r\n", ";");
    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\nContent-Type: text/plain\r\n");
    assert_has(got, "\r\nContent-Length: ");
    assert_has(got, "[GET][/docs/a b][min=a%26b&x==1] host=example.org origin=http://o "
                    "auth=Bearer t0ken inm=\"v1\" accept=text/html coded=gzip, br;q=0.5 type= "
                    "from=127.0.0.1 body=0:;");
    talk_end(&t);
}

static void a_head_has_the_length_and_no_body(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    talk_ask(&t, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", "[/2]");
    const char *end = strstr(t.got, "\r\n\r\n");
    assert_non_null(end);
    assert_starts(end + 4, "HTTP/1.1 200 OK\r\n");
    assert_has(t.got, "Content-Length: ");
    talk_end(&t);
}

static void a_post_comes_with_its_body(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    assert_has(talk_ask(&t, "POST /e HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                            "Content-Length: 5\r\n\r\nhello", ";"),
               "[POST][/e][] host=h origin= auth= inm= accept= coded= type=application/json "
               "from=127.0.0.1 body=5:hello;");
    assert_has(talk_ask(&t, "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", ";"),
               "body=0:;");
    assert_int_equal(t.host.requests, 2);
    talk_end(&t);
}

static void a_body_may_come_in_pieces_and_be_long(void **state)
{
    (void)state;
    talk t;
    char piece[1000];

    talk_start(&t, NULL);
    t.host.request = tell;
    memset(piece, 'x', sizeof piece);
    raw_say(t.fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
    for (int i = 0; i < 300; i++) {
        raw_send(t.fd, piece, sizeof piece);
        net_host_step(&t.host, 0);
    }
    raw_read(&t.host, t.fd, t.got, sizeof t.got, ";");
    assert_has(t.got, "body=300000:xxx");
    talk_end(&t);
}

static void who_waits_for_100_continue_gets_it(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    assert_starts(talk_ask(&t, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                               "Content-Length: 2\r\n\r\n", "\r\n\r\n"),
                  "HTTP/1.1 100 Continue\r\n\r\n");
    assert_starts(talk_ask(&t, "ok", ";"), "HTTP/1.1 200 OK\r\n");
    talk_end(&t);
}

static void paths_are_resolved_and_decoded_once(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/a/../b", "[/b]"},       {"/../../etc/passwd", "[/etc/passwd]"},
        {"//a///b", "[/a/b]"},     {"/a/./b", "[/a/b]"},
        {"/%2e%2e/x", "[/x]"},     {"/a%2fb", "[/a/b]"},
        {"/%2561", "[/%61]"},      {"/..a/.b", "[/..a/.b]"},
        {"/\xc3\xa4", "[/\xc3\xa4]"},
    };
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];

        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", cases[i][0]);
        assert_has(talk_ask(&t, text, ";"), cases[i][1]);
    }
    talk_end(&t);
}

static void requests_follow_each_other_on_one_connection(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    for (int i = 0; i < 20; i++)
        assert_has(talk_ask(&t, "GET /one HTTP/1.1\r\nHost: h\r\n\r\n", ";"), "[/one]");
    for (int i = 0; i < 20; i++)
        assert_has(talk_ask(&t, "POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok",
                            ";"), "body=2:ok");
    talk_ask(&t, "POST /p1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"
                 "GET /p2 HTTP/1.1\r\nHost: h\r\n\r\nGET /p3 HTTP/1.1\r\nHost: h\r\n\r\n"
                 "GET /p4 HTTP/1.1\r\nHost: h\r\n\r\n", "[/p4]");
    const char *p1 = strstr(t.got, "[/p1]"), *p2 = strstr(t.got, "[/p2]");
    const char *p3 = strstr(t.got, "[/p3]");
    assert_true(p1 != NULL && p2 > p1 && p3 > p2);
    assert_int_equal(t.host.requests, 44);
    assert_int_equal(sennit_listener_connections(t.host.listener), 1);
    talk_end(&t);
}

static void a_post_that_does_not_wait_for_its_turn_ends_the_connection(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    talk_ask(&t, "GET /p1 HTTP/1.1\r\nHost: h\r\n\r\n"
                 "POST /p2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", NULL);
    assert_has(t.got, "[/p1]");
    assert_int_equal(t.host.requests, 1);
    talk_again(&t);
    assert_has(talk_ask(&t, "GET /p3 HTTP/1.1\r\nHost: h\r\n\r\n", ";"), "[/p3]");
    talk_end(&t);
}

static void who_asks_to_close_is_closed(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    assert_has(talk_ask(&t, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", NULL),
               "200 OK");
    talk_again(&t);
    assert_has(talk_ask(&t, "GET / HTTP/1.0\r\n\r\n", NULL), "200 OK");
    talk_end(&t);
}

/* -------------------------------------------------------------- Refused -- */

static void what_is_no_proper_request_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 405 "},
        {"DELETE /docs/a HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 405 "},
        {"OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 405 "},
        {"POST / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 411 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 501 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 400 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5x\r\n\r\n", "HTTP/1.1 400 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
         "HTTP/1.1 400 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
         "HTTP/1.1 400 "},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 400 "},
        {"GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", ""},
        {"GET /%00x HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 "},
        {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", ""},
        {"BREW / HTTP/1.1\r\nHost: h\r\n\r\n", ""},
        {"CONNECT example.org:443 HTTP/1.1\r\nHost: h\r\n\r\n", ""},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ""},
        {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: tea\r\nConnection: Upgrade\r\n\r\n", ""},
    };
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_starts(talk_ask(&t, cases[i][0], NULL), cases[i][1]);
        assert_null(strstr(t.got, "200 OK"));
        talk_again(&t);
    }
    assert_int_equal(t.host.requests, 0);
    assert_has(talk_ask(&t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", ";"), "200 OK");
    talk_end(&t);
}

static void a_method_that_is_not_allowed_is_told_which_are(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    talk_ask(&t, "PATCH / HTTP/1.1\r\nHost: h\r\n\r\n", NULL);
    assert_has(t.got, "\r\nAllow: GET, HEAD, POST\r\n");
    assert_has(t.got, "\r\nConnection: close\r\n");
    talk_end(&t);
}

static void a_body_too_long_is_refused_and_the_answer_can_be_read(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = sizeof options, .max_body = 1000};
    talk t;
    char piece[1000];

    talk_start(&t, &options);
    t.host.request = tell;
    memset(piece, 'x', sizeof piece);
    raw_say(t.fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        net_host_step(&t.host, 0);
        raw_send(t.fd, piece, sizeof piece);
    }
    raw_read(&t.host, t.fd, t.got, sizeof t.got, NULL);
    assert_starts(t.got, "HTTP/1.1 413 ");
    talk_again(&t);
    assert_starts(talk_ask(&t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", ""),
                  "HTTP/1.1 413 ");
    assert_int_equal(t.host.requests, 0);
    talk_again(&t);
    raw_say(t.fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    raw_send(t.fd, piece, sizeof piece);
    raw_read(&t.host, t.fd, t.got, sizeof t.got, ";");
    assert_has(t.got, "body=1000:");
    talk_end(&t);
}

static void headers_too_long_are_the_end(void **state)
{
    (void)state;
    talk t;
    char line[1100];

    talk_start(&t, NULL);
    t.host.request = tell;
    memset(line, 'x', sizeof line);
    raw_say(t.fd, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 20; i++) {
        memcpy(line, "Cookie: ", 8);
        memcpy(line + sizeof line - 3, "\r\n", 3);
        raw_say(t.fd, line);
    }
    raw_say(t.fd, "\r\n");
    assert_hangs_up(&t);
    assert_int_equal(t.host.requests, 0);
    talk_again(&t);
    assert_has(talk_ask(&t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", ";"), "200 OK");
    talk_end(&t);
}

static void an_upgrade_to_http_2_is_ignored(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    assert_starts(talk_ask(&t, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                               "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
                           ";"),
                  "HTTP/1.1 200 OK\r\n");
    talk_end(&t);
}

/* -------------------------------------------------------------- Answers -- */

static const char fixed_page[] = "\x1f\x8b page";

static int answer_fixed(net_host *host, uint64_t id, const sennit_http_request *request,
                        sennit_http_response *response)
{
    (void)host;
    (void)id;
    (void)request;
    *response = (sennit_http_response){
        .status = 200, .type = "text/html", .etag = "\"1-2\"", .body = response->body,
        .headers = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
        .fixed = fixed_page, .fixed_len = sizeof fixed_page - 1, .encoding = "gzip"};
    return 0;
}

static void fixed_bytes_go_out_with_their_encoding(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = answer_fixed;
    talk_ask(&t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", " page");
    assert_string_equal(t.got,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
                        "ETag: \"1-2\"\r\nCache-Control: no-store\r\n"
                        "X-Content-Type-Options: nosniff\r\nContent-Length: 7\r\n\r\n"
                        "\x1f\x8b page");
    talk_end(&t);
}

static int answer_not_modified(net_host *host, uint64_t id, const sennit_http_request *request,
                               sennit_http_response *response)
{
    answer_fixed(host, id, request, response);
    response->status = 304;
    return 0;
}

static void not_modified_has_no_body_and_no_length(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = answer_not_modified;
    talk_ask(&t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n");
    assert_starts(t.got, "HTTP/1.1 304 Not Modified\r\n");
    assert_null(strstr(t.got, "Content-Length"));
    assert_null(strstr(t.got, " page"));
    talk_end(&t);
}

#define LONG_ANSWER ((size_t)8 << 20)

static uint8_t *long_answer;

static int answer_long(net_host *host, uint64_t id, const sennit_http_request *request,
                       sennit_http_response *response)
{
    (void)host;
    (void)id;
    response->status = 200;
    if (strcmp(request->path, "/fixed") == 0) {
        response->fixed = long_answer;
        response->fixed_len = LONG_ANSWER;
        return 0;
    }
    response->body.data = response->body.alloc.resize(response->body.alloc.self, NULL, 0,
                                                      LONG_ANSWER);
    memcpy(response->body.data, long_answer, LONG_ANSWER);
    response->body.len = response->body.cap = LONG_ANSWER;
    return 0;
}

static void expect_long_answer(talk *t)
{
    uint8_t *got = malloc(LONG_ANSWER + ROOM + 70000);
    uint64_t since = net_now_ms();
    size_t n = 0;
    char *body = NULL;

    assert_non_null(got);
    while (body == NULL || n < (size_t)(body - (char *)got) + LONG_ANSWER) {
        net_be_patient(since);
        net_host_step(&t->host, 1);
        ssize_t more = recv(t->fd, got + n, 70000, 0);
        n += more > 0 ? (size_t)more : 0;
        got[n] = 0;
        if (body == NULL && (body = strstr((char *)got, "\r\n\r\n")) != NULL)
            body += 4;
    }
    assert_memory_equal(body, long_answer, LONG_ANSWER);
    free(got);
}

static void a_long_answer_arrives_whole(void **state)
{
    (void)state;
    talk t;

    long_answer = malloc(LONG_ANSWER);
    assert_non_null(long_answer);
    for (size_t i = 0; i < LONG_ANSWER; i++)
        long_answer[i] = (uint8_t)(1 + i % 251);
    talk_start(&t, NULL);
    t.host.request = answer_long;
    raw_say(t.fd, "GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n");
    expect_long_answer(&t);
    raw_say(t.fd, "GET /body HTTP/1.1\r\nHost: h\r\n\r\n");
    expect_long_answer(&t);
    talk_end(&t);
    free(long_answer);
}

static int answer_wrongly(net_host *host, uint64_t id, const sennit_http_request *request,
                          sennit_http_response *response)
{
    (void)host;
    (void)id;
    response->status = strcmp(request->path, "/status") == 0 ? 99 : 200;
    response_text(response, "secret");
    if (strcmp(request->path, "/type") == 0)
        response->type = "text/plain\r\nSet-Cookie: x=1";
    if (strcmp(request->path, "/etag") == 0)
        response->etag = "\"\n\"";
    if (strcmp(request->path, "/headers") == 0)
        response->headers = "A: b\r\n\r\nbody";
    if (strcmp(request->path, "/line") == 0)
        response->headers = "A: b";
    return 0;
}

static void an_answer_that_cannot_be_sent_becomes_500(void **state)
{
    (void)state;
    static const char *const paths[] = {"/status", "/type", "/etag", "/headers", "/line"};
    talk t;

    talk_start(&t, NULL);
    t.host.request = answer_wrongly;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char text[100];

        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", paths[i]);
        assert_starts(talk_ask(&t, text, "Error\0"), "HTTP/1.1 500 Internal Server Error\r\n");
        assert_null(strstr(t.got, "secret"));
    }
    assert_has(talk_ask(&t, "GET /fine HTTP/1.1\r\nHost: h\r\n\r\n", "secret"), "200 OK");
    talk_end(&t);
}

/* ---------------------------------------------------------------- Later -- */

static int answer_later(net_host *host, uint64_t id, const sennit_http_request *request,
                        sennit_http_response *response)
{
    (void)host;
    (void)id;
    (void)response;
    return strcmp(request->path, "/later") == 0 ? 1 : tell(host, id, request, response);
}

static void until_waiting(talk *t, uint64_t other_than)
{
    uint64_t since = net_now_ms();

    while (t->host.waiting == other_than) {
        net_be_patient(since);
        net_host_step(&t->host, 1);
    }
}

static void an_answer_may_come_later(void **state)
{
    (void)state;
    sennit_http_response response = {.status = 200};
    talk t;

    talk_start(&t, NULL);
    t.host.request = answer_later;
    sennit_buf_init(&response.body, NULL);
    assert_int_equal(sennit_listener_answer(t.host.listener, 77, &response), SENNIT_ECLOSED);
    raw_say(t.fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    until_waiting(&t, 0);
    for (int i = 0; i < 50; i++)
        net_host_step(&t.host, 1);
    assert_int_equal(t.host.requests, 1);

    response.status = 99;
    response_text(&response, "at last");
    assert_int_equal(sennit_listener_answer(t.host.listener, t.host.waiting, &response),
                     SENNIT_EINVAL);
    assert_int_equal(response.body.len, 7);
    response.status = 200;
    assert_ok(sennit_listener_answer(t.host.listener, t.host.waiting, &response));
    assert_int_equal(response.body.len, 0);
    assert_int_equal(sennit_listener_answer(t.host.listener, t.host.waiting, &response),
                     SENNIT_ECLOSED);
    raw_read(&t.host, t.fd, t.got, sizeof t.got, "[/next]");
    assert_has(t.got, "\r\n\r\nat lastHTTP/1.1 200 OK\r\n");
    assert_int_equal(t.host.gones, 0);
    talk_end(&t);
}

static void until_gone(talk *t, unsigned gones)
{
    uint64_t since = net_now_ms();

    while (t->host.gones < gones) {
        net_be_patient(since);
        net_host_step(&t->host, 1);
    }
}

static void a_request_whose_client_leaves_is_gone(void **state)
{
    (void)state;
    struct linger abrupt = {1, 0};
    sennit_http_response response = {.status = 200};
    talk t;

    talk_start(&t, NULL);
    t.host.request = answer_later;
    sennit_buf_init(&response.body, NULL);
    for (unsigned i = 1; i <= 2; i++) {
        uint64_t before = t.host.waiting;

        raw_say(t.fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
        until_waiting(&t, before);
        if (i == 2)
            setsockopt(t.fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
        talk_again(&t);
        until_gone(&t, i);
        assert_int_equal(t.host.gone, t.host.waiting);
        assert_int_equal(sennit_listener_answer(t.host.listener, t.host.gone, &response),
                         SENNIT_ECLOSED);
    }
    talk_end(&t);
}

static void a_request_still_waiting_is_gone_with_the_listener(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = answer_later;
    raw_say(t.fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    until_waiting(&t, 0);
    talk_end(&t);
    assert_int_equal(t.host.gones, 1);
}

/* The loop sleeps while a request waits, whatever its client sends meanwhile. */
static void waiting_costs_nothing(void **state)
{
    (void)state;
    talk t;

    talk_start(&t, NULL);
    t.host.request = answer_later;
    raw_say(t.fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    until_waiting(&t, 0);
    raw_say(t.fd, "GET /more HTTP/1.1\r\n");
    uint64_t since = net_now_ms();
    unsigned turns = 0;
    for (; net_now_ms() < since + 1000; turns++)
        net_host_step(&t.host, 1000);
    assert_in_range(turns, 1, 40);
    talk_end(&t);
}

/* ------------------------------------------------------------- Deadlines -- */

static void a_client_that_trickles_is_cut_off(void **state)
{
    (void)state;
    sennit_listener_options options = {
        .size = sizeof options, .handshake_ms = 300, .request_ms = 600};
    talk t;

    talk_start(&t, &options);
    t.host.request = tell;
    uint64_t since = net_now_ms();
    assert_hangs_up(&t); /* says nothing at all */
    assert_in_range(net_now_ms() - since, 250, 20000);

    talk_again(&t);
    raw_say(t.fd, "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ");
    assert_hangs_up(&t);

    talk_again(&t);
    raw_say(t.fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nslowly");
    assert_hangs_up(&t);
    assert_int_equal(t.host.requests, 0);
    talk_end(&t);
}

/* A deadline for the whole of the headers: a byte now and then does not help. */
static void a_byte_now_and_then_does_not_help(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = sizeof options, .handshake_ms = 300};
    static const char headers[] = "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: xxxxxxxxxxxxxxxxxxxxxxxx";
    uint64_t since;
    size_t sent = 0;
    char byte;
    talk t;

    talk_start(&t, &options);
    since = net_now_ms();
    while (recv(t.fd, &byte, 1, 0) != 0) {
        net_be_patient(since);
        net_host_step(&t.host, 20);
        if (sent < sizeof headers - 1)
            (void)send(t.fd, headers + sent++, 1, MSG_NOSIGNAL);
    }
    talk_end(&t);
}

static void a_client_that_does_not_read_its_answer_is_cut_off(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = sizeof options, .request_ms = 500};
    uint64_t since;
    talk t;

    long_answer = calloc(1, LONG_ANSWER);
    assert_non_null(long_answer);
    talk_start(&t, &options);
    t.host.request = answer_long;
    raw_say(t.fd, "GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n");
    since = net_now_ms();
    do {
        net_be_patient(since);
        net_host_step(&t.host, 10);
    } while (t.host.requests == 0 || sennit_listener_connections(t.host.listener) > 0);
    talk_end(&t);
    free(long_answer);
}

#define TRICKLERS 1000

static void a_thousand_that_trickle_keep_nobody_out(void **state)
{
    (void)state;
    static int fds[TRICKLERS];
    talk t;

    talk_start(&t, NULL);
    t.host.request = tell;
    for (int i = 0; i < TRICKLERS; i++) {
        fds[i] = raw_connect(&t.host);
        raw_say(fds[i], "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ");
        net_host_step(&t.host, 0);
    }
    uint64_t since = net_now_ms();
    while (sennit_listener_connections(t.host.listener) < TRICKLERS + 1) {
        net_be_patient(since);
        net_host_step(&t.host, 1);
    }
    talk_again(&t);
    since = net_now_ms();
    assert_has(talk_ask(&t, "GET /in HTTP/1.1\r\nHost: h\r\n\r\n", ";"), "[/in]");
    assert_true(net_now_ms() - since < 4000); /* they all hang on still */
    for (int i = 0; i < TRICKLERS; i++)
        close(fds[i]);
    talk_end(&t);
}

static void one_connection_too_many_is_closed_at_once(void **state)
{
    (void)state;
    sennit_listener_options options = {.size = sizeof options, .max_connections = 3};
    int fds[3];
    talk t;

    talk_start(&t, &options);
    t.host.request = tell;
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            talk_again(&t);
        assert_has(talk_ask(&t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", ";"), "200 OK");
        fds[i] = dup(t.fd);
    }
    talk_again(&t);
    assert_hangs_up(&t);
    assert_string_equal(t.got, "");
    close(fds[1]);
    uint64_t since = net_now_ms();
    while (sennit_listener_connections(t.host.listener) == 3) {
        net_be_patient(since);
        net_host_step(&t.host, 1);
    }
    talk_again(&t);
    assert_has(talk_ask(&t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", ";"), "200 OK");
    close(fds[0]);
    close(fds[2]);
    talk_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_handed_over_and_answered),
        cmocka_unit_test(a_head_has_the_length_and_no_body),
        cmocka_unit_test(a_post_comes_with_its_body),
        cmocka_unit_test(a_body_may_come_in_pieces_and_be_long),
        cmocka_unit_test(who_waits_for_100_continue_gets_it),
        cmocka_unit_test(paths_are_resolved_and_decoded_once),
        cmocka_unit_test(requests_follow_each_other_on_one_connection),
        cmocka_unit_test(a_post_that_does_not_wait_for_its_turn_ends_the_connection),
        cmocka_unit_test(who_asks_to_close_is_closed),
        cmocka_unit_test(what_is_no_proper_request_is_refused),
        cmocka_unit_test(a_method_that_is_not_allowed_is_told_which_are),
        cmocka_unit_test(a_body_too_long_is_refused_and_the_answer_can_be_read),
        cmocka_unit_test(headers_too_long_are_the_end),
        cmocka_unit_test(an_upgrade_to_http_2_is_ignored),
        cmocka_unit_test(fixed_bytes_go_out_with_their_encoding),
        cmocka_unit_test(not_modified_has_no_body_and_no_length),
        cmocka_unit_test(a_long_answer_arrives_whole),
        cmocka_unit_test(an_answer_that_cannot_be_sent_becomes_500),
        cmocka_unit_test(an_answer_may_come_later),
        cmocka_unit_test(a_request_whose_client_leaves_is_gone),
        cmocka_unit_test(a_request_still_waiting_is_gone_with_the_listener),
        cmocka_unit_test(waiting_costs_nothing),
        cmocka_unit_test(a_client_that_trickles_is_cut_off),
        cmocka_unit_test(a_byte_now_and_then_does_not_help),
        cmocka_unit_test(a_client_that_does_not_read_its_answer_is_cut_off),
        cmocka_unit_test(a_thousand_that_trickle_keep_nobody_out),
        cmocka_unit_test(one_connection_too_many_is_closed_at_once),
    };

    return RUN_TESTS(tests);
}
