/* A connection with a request.
 *
 *   headers -> judged -> body, if one was announced -> owner -> answer
 *                 |                                       |
 *                 +-- refused: answered at once           +-- waits for
 *                     (a body is read and dropped)            sennit_listener_answer
 *
 * The request is over once the answer is out and the body, if any, was read.
 */
#include "net/listener.h"

#define HTTP_CONTENT_LENGTH_DIGITS 18

/* ------------------------------------------------------------- Answers -- */

/* Begin to send an answer; what the owner gave cannot be sent: 500. */
static sennit_status http_answer(sn_conn *conn, sennit_http_response *response)
{
    sn_exchange *x = conn->http;
    sennit_status st = sn_answer_set(&x->answer, &conn->listener->mem.alloc, response, x->head,
                                     x->last);

    if (st != SENNIT_OK) {
        sn_answer_clear(&x->answer);
        return st;
    }
    x->answered = true;
    sn_conn_set_deadline(conn, conn->listener->options.request_ms);
    sn_conn_make_ready(conn);
    return SENNIT_OK;
}

/* Answer with a status and its name. Returns 0, or -1 if there is no memory. */
static int http_answer_status(sn_conn *conn, int status)
{
    const char *reason = sn_answer_reason(status);
    sennit_http_response response = {.status = status, .type = "text/plain; charset=utf-8"};

    sennit_buf_init(&response.body, &conn->listener->mem.alloc);
    response.fixed = reason;
    response.fixed_len = strlen(reason);
    response.headers = status == 405 ? "Allow: GET, HEAD, POST\r\n" : NULL;
    return http_answer(conn, &response) == SENNIT_OK ? 0 : -1;
}

int sn_http_refuse(sn_conn *conn, int status)
{
    char line[160];

    lws_snprintf(line, sizeof line,
                 "HTTP/1.1 %d %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", status,
                 sn_answer_reason(status),
                 status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "");
    (void)lws_write(conn->wsi, (unsigned char *)line, strlen(line), LWS_WRITE_HTTP);
    return -1;
}

/* ------------------------------------------------------------- Judging -- */

/* The length that a request announces: 0 without; false if it says nonsense. */
static bool http_content_length(sn_conn *conn, uint64_t *out)
{
    size_t at = 0;
    const char *text = sn_conn_header(conn, WSI_TOKEN_HTTP_CONTENT_LENGTH, &at);

    *out = 0;
    if (text == NULL || strlen(text) > HTTP_CONTENT_LENGTH_DIGITS)
        return false;
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9')
            return false;
        *out = *out * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

/* The status to refuse a request with, or 0. Sets how it goes on. */
static int http_judge(sn_conn *conn)
{
    sn_exchange *x = conn->http;
    char *path = NULL;
    int len = 0, method = lws_http_get_uri_and_method(conn->wsi, &path, &len);
    uint64_t body;

    x->head = method == LWSHUMETH_HEAD;
    x->last = true;
    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return 501; /* where a body ends must not be guessed */
    if (!http_content_length(conn, &body) || path == NULL || memchr(path, 0, (size_t)len) != NULL)
        return 400;
    if (method == LWSHUMETH_POST && lws_hdr_total_length(conn->wsi,
                                                         WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0)
        return 411;
    if (method != LWSHUMETH_GET && method != LWSHUMETH_HEAD && method != LWSHUMETH_POST)
        return 405;
    if (method != LWSHUMETH_POST && body > 0)
        return 400;
    x->expects = method == LWSHUMETH_POST;
    if (body > conn->listener->options.max_body)
        return 413;
    x->last = false;
    return 0;
}

/* ------------------------------------------------------ To the owner -- */

/* Encode a byte of the query again, so that parts stay apart. */
static size_t http_put_escaped(char *to, uint8_t c)
{
    static const char hex[] = "0123456789ABCDEF";

    if (c > ' ' && c < 0x7f && c != '%' && c != '&' && c != ';' && c != '+' && c != '#') {
        to[0] = (char)c;
        return 1;
    }
    to[0] = '%';
    to[1] = hex[c >> 4];
    to[2] = hex[c & 15];
    return 3;
}

/* libwebsockets has decoded the query, and cut it at each "&". */
static const char *http_query(sn_conn *conn, size_t *at)
{
    char *start = conn->listener->scratch + *at;
    size_t room = SN_LISTENER_SCRATCH - *at, used = 0;
    char part[SN_LISTENER_HEADERS];
    int n;

    for (int i = 0; (n = lws_hdr_copy_fragment(conn->wsi, part, sizeof part,
                                               WSI_TOKEN_HTTP_URI_ARGS, i)) >= 0; i++) {
        if (used + 3 * (size_t)n + 2 > room)
            return NULL;
        if (i > 0)
            start[used++] = '&';
        for (int j = 0; j < n; j++)
            used += http_put_escaped(start + used, (uint8_t)part[j]);
    }
    start[used++] = 0;
    *at += used;
    return start;
}

static bool http_fill(sn_conn *conn, sennit_http_request *request)
{
    static const struct {
        enum lws_token_indexes uri;
        const char *name;
    } methods[] = {
        {WSI_TOKEN_GET_URI, "GET"}, {WSI_TOKEN_POST_URI, "POST"}, {WSI_TOKEN_HEAD_URI, "HEAD"}};
    size_t at = 0;

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (lws_hdr_total_length(conn->wsi, methods[i].uri) > 0) {
            request->method = methods[i].name;
            request->path = sn_conn_header(conn, methods[i].uri, &at);
        }
    request->query = http_query(conn, &at);
    request->host = sn_conn_header(conn, WSI_TOKEN_HOST, &at);
    request->origin = sn_conn_header(conn, WSI_TOKEN_ORIGIN, &at);
    request->authorization = sn_conn_header(conn, WSI_TOKEN_HTTP_AUTHORIZATION, &at);
    request->if_none_match = sn_conn_header(conn, WSI_TOKEN_HTTP_IF_NONE_MATCH, &at);
    request->accept = sn_conn_header(conn, WSI_TOKEN_HTTP_ACCEPT, &at);
    request->accept_encoding = sn_conn_header(conn, WSI_TOKEN_HTTP_ACCEPT_ENCODING, &at);
    request->content_type = sn_conn_header(conn, WSI_TOKEN_HTTP_CONTENT_TYPE, &at);
    request->address = sn_conn_address(conn, &at);
    request->body = conn->http->body.data;
    request->body_len = conn->http->body.len;
    return request->path != NULL && request->query != NULL && request->host != NULL &&
           request->origin != NULL && request->authorization != NULL &&
           request->if_none_match != NULL && request->accept != NULL &&
           request->accept_encoding != NULL && request->content_type != NULL &&
           request->address != NULL;
}

static void http_wait(sn_conn *conn)
{
    conn->http->waiting = true;
    sn_conn_set_deadline(conn, 0);
    lws_rx_flow_control(conn->wsi, 0); /* the next request comes after this answer */
}

/* Hand a request over. Returns 0, or -1 to close. */
static int http_ask(sn_conn *conn)
{
    sennit_listener *l = conn->listener;
    sennit_http_request request = {.method = NULL};
    sennit_http_response response = {.status = 404};

    if (l->owner.request == NULL)
        return http_answer_status(conn, 404);
    if (!http_fill(conn, &request))
        return http_answer_status(conn, 400);
    sennit_buf_init(&response.body, &l->mem.alloc);
    if (l->owner.request(l->owner.self, conn->id, &request, &response) != 0) {
        http_wait(conn);
        return 0;
    }
    sennit_status st = http_answer(conn, &response);
    if (st != SENNIT_OK)
        sennit_buf_clear(&response.body);
    return st == SENNIT_OK ? 0 : st == SENNIT_EINVAL ? http_answer_status(conn, 500) : -1;
}

sennit_status sennit_listener_answer(sennit_listener *listener, uint64_t id,
                                     sennit_http_response *response)
{
    sn_conn *conn = sn_conn_find(listener, id);

    if (conn == NULL || conn->http == NULL || !conn->http->waiting)
        return SENNIT_ECLOSED;
    SN_TRY(http_answer(conn, response));
    conn->http->waiting = false;
    lws_rx_flow_control(conn->wsi, 1);
    return SENNIT_OK;
}

/* ----------------------------------------------------------- Callbacks -- */

/* curl and others wait for this before they send a long body. */
static void http_encourage(sn_conn *conn)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_HTTP_EXPECT) > 0)
        (void)lws_write(conn->wsi, (unsigned char *)(uintptr_t)go_on, sizeof go_on - 1,
                        LWS_WRITE_HTTP);
}

/* libwebsockets keeps what it has read beyond a request. When that is a POST, it
 * takes the headers for the body, and for ever (4.1.6): only one that was sent after
 * the answer to the request before it is let in. */
int sn_http_filter(sn_conn *conn)
{
    bool is_get = lws_hdr_total_length(conn->wsi, WSI_TOKEN_GET_URI) > 0;

    return conn->served && !conn->listener->nothing_kept && !is_get ? -1 : 0;
}

int sn_http_request(sn_conn *conn)
{
    sennit_listener *l = conn->listener;

    if (conn->http != NULL)
        return -1;
    conn->http = sn_mem_resize(&l->mem, NULL, 0, sizeof *conn->http);
    if (conn->http == NULL)
        return -1;
    memset(conn->http, 0, sizeof *conn->http);
    lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0);
    sn_conn_set_deadline(conn, l->options.request_ms);
    int status = http_judge(conn);
    if (status != 0)
        return http_answer_status(conn, status);
    if (!conn->http->expects)
        return http_ask(conn);
    http_encourage(conn);
    return 0;
}

/* A body that was refused already is read all the same, so that the other end gets
 * to read the answer. */
int sn_http_body(sn_conn *conn, const void *piece, size_t len)
{
    sn_exchange *x = conn->http;
    sn_mem *mem = &conn->listener->mem;

    if (x == NULL || x->answered || len == 0)
        return 0;
    if (len > conn->listener->options.max_body - x->body.len)
        return -1; /* more than was announced */
    if (sn_mem_grow(mem, (void **)&x->body.data, &x->body.cap, x->body.len + len, 1) != SENNIT_OK)
        return -1;
    memcpy(x->body.data + x->body.len, piece, len);
    x->body.len += len;
    return 0;
}

static void http_free(sn_conn *conn)
{
    sn_mem *mem = &conn->listener->mem;
    sn_exchange *x = conn->http;

    conn->http = NULL;
    sn_inbox_clear(&x->body, mem);
    sn_answer_clear(&x->answer);
    sn_mem_free(mem, x, sizeof *x);
}

/* Go on to the next request once this one is over. */
static int http_finish(sn_conn *conn)
{
    sn_exchange *x = conn->http;
    bool last = x->last;

    if (!x->answered || !sn_answer_is_sent(&x->answer) || x->expects)
        return 0;
    http_free(conn);
    conn->served = true;
    sn_conn_renew_id(conn);
    sn_conn_set_deadline(conn, 0);
    sn_conn_make_ready(conn);
    return last || lws_http_transaction_completed(conn->wsi) ? -1 : 0;
}

/* Told again if more than the body was read. */
int sn_http_body_whole(sn_conn *conn)
{
    sn_exchange *x = conn->http;

    if (x == NULL || !x->expects)
        return 0;
    x->expects = false;
    return x->answered ? http_finish(conn) : http_ask(conn);
}

int sn_http_writable(sn_conn *conn)
{
    sn_exchange *x = conn->http;

    if (x == NULL || !x->answered)
        return 0;
    size_t before = x->answer.sent;
    if (!sn_answer_flush(&x->answer, conn->wsi))
        return -1;
    if (x->answer.sent != before)
        sn_conn_set_deadline(conn, conn->listener->options.request_ms);
    return http_finish(conn);
}

void sn_http_gone(sn_conn *conn)
{
    sennit_listener *l = conn->listener;

    if (conn->http == NULL)
        return;
    bool waiting = conn->http->waiting;
    http_free(conn);
    if (waiting && l->owner.gone != NULL)
        l->owner.gone(l->owner.self, conn->id);
}
