#include "net/answer.h"

#include "base/bytes.h"

/* A body up to this long goes out with the headers, in one packet. */
#define ANSWER_SHORT 4096u

static const struct {
    int status;
    const char *reason;
} answer_reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
};

const char *sn_answer_reason(int status)
{
    for (size_t i = 0; i < sizeof answer_reasons / sizeof answer_reasons[0]; i++)
        if (answer_reasons[i].status == status)
            return answer_reasons[i].reason;
    return "";
}

/* Nothing but printable characters and tabs: no second header in a first. */
static bool answer_is_value(const char *s)
{
    for (; *s != 0; s++)
        if ((*s < ' ' && *s != '\t') || *s == 0x7f)
            return false;
    return true;
}

/* Lines, each of them ended by CR LF, and none of them empty. */
static bool answer_is_lines(const char *s)
{
    while (*s != 0) {
        const char *end = strchr(s, '\r');

        if (end == NULL || end == s || end[1] != '\n' || memchr(s, ':', (size_t)(end - s)) == NULL)
            return false;
        for (; s < end; s++)
            if (*s < ' ' && *s != '\t')
                return false;
        s = end + 2;
    }
    return true;
}

static bool answer_is_valid(const sennit_http_response *r)
{
    const char *values[] = {r->type, r->etag, r->encoding};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i] != NULL && !answer_is_value(values[i]))
            return false;
    return r->status >= 200 && r->status <= 599 &&
           (r->headers == NULL || answer_is_lines(r->headers));
}

static sennit_status answer_put(sn_answer *answer, const char *s)
{
    return sn_buf_put(&answer->head, s, strlen(s));
}

static sennit_status answer_put_header(sn_answer *answer, const char *name, const char *value)
{
    if (value == NULL)
        return SENNIT_OK;
    SN_TRY(answer_put(answer, name));
    SN_TRY(answer_put(answer, ": "));
    SN_TRY(answer_put(answer, value));
    return answer_put(answer, "\r\n");
}

/* RFC 9110, 6.4.1 and 8.6: neither has a body, and what it would be is not said. */
static bool answer_has_body(int status)
{
    return status != 204 && status != 304;
}

static sennit_status answer_put_head(sn_answer *answer, const sennit_http_response *r, size_t len,
                                     bool last)
{
    char line[64];

    lws_snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", r->status, sn_answer_reason(r->status));
    SN_TRY(answer_put(answer, line));
    SN_TRY(answer_put_header(answer, "Content-Type", r->type));
    SN_TRY(answer_put_header(answer, "Content-Encoding", r->encoding));
    SN_TRY(answer_put_header(answer, "ETag", r->etag));
    if (r->headers != NULL)
        SN_TRY(answer_put(answer, r->headers));
    lws_snprintf(line, sizeof line, "%llu", (unsigned long long)len);
    SN_TRY(answer_put_header(answer, "Content-Length", answer_has_body(r->status) ? line : NULL));
    SN_TRY(answer_put_header(answer, "Connection", last ? "close" : NULL));
    return answer_put(answer, "\r\n");
}

sennit_status sn_answer_set(sn_answer *answer, const sennit_alloc *alloc,
                            sennit_http_response *response, bool head, bool last)
{
    const uint8_t *data = response->fixed != NULL ? response->fixed : response->body.data;
    size_t len = response->fixed != NULL ? response->fixed_len : response->body.len;

    sennit_buf_init(&answer->head, alloc);
    sennit_buf_init(&answer->body, alloc);
    if (!answer_is_valid(response))
        return SENNIT_EINVAL;
    SN_TRY(answer_put_head(answer, response, len, last));
    if (head || !answer_has_body(response->status))
        len = 0;
    if (len <= ANSWER_SHORT && len > 0) {
        SN_TRY(sn_buf_put(&answer->head, data, len));
        len = 0;
    }
    answer->rest = data;
    answer->rest_len = len;
    answer->body = response->body;
    sennit_buf_init(&response->body, &answer->body.alloc);
    return SENNIT_OK;
}

bool sn_answer_is_sent(const sn_answer *answer)
{
    return answer->sent == answer->head.len + answer->rest_len;
}

bool sn_answer_flush(sn_answer *answer, struct lws *wsi)
{
    while (!sn_answer_is_sent(answer) && !lws_partial_buffered(wsi)) {
        bool in_head = answer->sent < answer->head.len;
        size_t at = in_head ? answer->sent : answer->sent - answer->head.len;
        const uint8_t *from = in_head ? answer->head.data : answer->rest;
        size_t n = (size_t)sn_min_u64((in_head ? answer->head.len : answer->rest_len) - at,
                                      SN_LWS_PIECE);

        /* It is only read: HTTP/1.1 has no frames to put a head on. */
        if (lws_write(wsi, (unsigned char *)(uintptr_t)(from + at), n, LWS_WRITE_HTTP) < (int)n)
            return false;
        answer->sent += n;
    }
    return true;
}

void sn_answer_clear(sn_answer *answer)
{
    if (answer->head.alloc.resize != NULL)
        sennit_buf_clear(&answer->head);
    if (answer->body.alloc.resize != NULL)
        sennit_buf_clear(&answer->body);
    memset(answer, 0, sizeof *answer);
}
