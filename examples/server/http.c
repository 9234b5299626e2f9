/* What the server answers over HTTP. */
#include "http.h"
#include "common/host.h"
#include "common/out.h"
#include "origin.h"
#include "static.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define HTTP_WAITING_MAX 1000
#define HTTP_MIN_MAX 65536        /* bytes of a version in ?min= */
#define HTTP_ETAG_VERSION_MAX 512 /* longer ones are told by a digest */

#define HTTP_HIDDEN "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

/* What is asked of a document. */
struct http_wanted {
    const char *document;
    const char *if_none_match;
    const uint8_t *min; /* NULL, 0: whatever there is */
    size_t min_len;
};

/* A request that waits; `wanted` points into memory of its own. */
struct http_waiting {
    uint64_t id, until_ms;
    struct http_wanted wanted;
    char *memory;
};

/* ------------------------------------------------------------- Answers -- */

static int http_answer(struct http *http, sennit_http_response *out, int status, const char *text)
{
    http->metrics->requests[status / 100]++;
    out->status = status;
    out->type = "text/plain; charset=utf-8";
    if (out->headers == NULL)
        out->headers = HTTP_HIDDEN;
    if (text != NULL && !out_format(&out->body, "%s\n", text))
        out->status = 503;
    return 0;
}

static int http_root(struct http *http, sennit_http_response *out)
{
    return http_answer(http, out, 200,
                       "sennitd: documents that many people edit at once, at /sync by WebSocket "
                       "and at /docs/ID as text");
}

static int http_ready(struct http *http, sennit_http_response *out)
{
    if (http->draining)
        return http_answer(http, out, 503, "stopping");
    if (http->storage->health(http->storage->self) != SENNIT_OK)
        return http_answer(http, out, 503, http->storage->reason(http->storage->self));
    return http_answer(http, out, 200, "ready");
}

/* -------------------------------------------------------------- Access -- */

/* 0, or the status with which to refuse whoever asks. */
static int http_permit(struct http *http, const char *authorization, const char *document)
{
    static const char scheme[] = "Bearer ";
    const size_t n = sizeof scheme - 1;
    const char *token = strncmp(authorization, scheme, n) == 0 ? authorization + n : "";
    sennit_grant grant;
    sennit_status st =
        auth_authorise(http->auth, token, strlen(token), document, host_now(), &grant);

    if (st != SENNIT_OK)
        return 401;
    return grant.permission >= SENNIT_VIEW ? 0 : 403;
}

static int http_forbid(struct http *http, sennit_http_response *out, int status)
{
    if (status == 401)
        out->headers = HTTP_HIDDEN "WWW-Authenticate: Bearer\r\n";
    return http_answer(http, out, status,
                       status == 401 ? "this takes a token that is valid"
                                     : "the token does not grant that");
}

static int http_metrics(struct http *http, const sennit_http_request *request,
                        sennit_http_response *out)
{
    bool healthy = http->storage->health(http->storage->self) == SENNIT_OK;
    int refused = http_permit(http, request->authorization, "*");
    sennit_hub_stat stat;

    if (refused != 0)
        return http_forbid(http, out, refused);
    sennit_hub_get_stat(http->hub, &stat);
    http_answer(http, out, 200, NULL);
    out->type = "text/plain; version=0.0.4; charset=utf-8";
    if (!metrics_write(http->metrics, &stat, healthy, &out->body))
        out->status = 503;
    return 0;
}

/* ----------------------------------------------------------- Documents -- */

/* A version is its own tag; a very long one is told by a digest of it. */
static bool http_etag(const sennit_buf *version, sennit_buf *out)
{
    uint8_t digest[16];
    bool brief = version->len <= HTTP_ETAG_VERSION_MAX;

    crypto_generichash(digest, sizeof digest, version->data, version->len, NULL, 0);
    return out_add(out, brief ? "\"" : "\"~", brief ? 1 : 2) &&
           (brief ? out_hex(out, version->data, version->len)
                  : out_hex(out, digest, sizeof digest)) &&
           out_add(out, "\"", 2); /* with its terminator */
}

/* Quotes are part of a tag, so no tag is found inside another. */
static bool http_matches(const char *if_none_match, const char *etag)
{
    return strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag) != NULL;
}

static bool http_has(const sennit_buf *version, const struct http_wanted *wanted)
{
    sennit_order order;

    return wanted->min_len == 0 ||
           (sennit_version_compare(wanted->min, wanted->min_len, version->data, version->len,
                                   &order) == SENNIT_OK &&
            (order == SENNIT_EQUAL || order == SENNIT_BEFORE));
}

static int http_text(struct http *http, const struct http_wanted *wanted, sennit_doc *doc,
                     const char *etag, sennit_http_response *out)
{
    out->etag = etag;
    if (http_matches(wanted->if_none_match, etag))
        return http_answer(http, out, 304, NULL);
    if (sennit_doc_read(doc, 0, sennit_doc_len(doc), &out->body) != SENNIT_OK)
        return http_answer(http, out, 503, NULL);
    return http_answer(http, out, 200, NULL);
}

static int http_absent(struct http *http, sennit_status st, sennit_http_response *out)
{
    switch (st) {
    case SENNIT_EGONE: return http_answer(http, out, 404, "there is no such document");
    case SENNIT_ECORRUPT: return http_answer(http, out, 500, "the stored document is damaged");
    default: return http_answer(http, out, 503, sennit_status_text(st));
    }
}

/* Answer if it is time; false if the version asked for is not in the document. */
static bool http_try_document(struct http *http, const struct http_wanted *wanted,
                              sennit_doc *doc, sennit_buf *version, sennit_http_response *out)
{
    sennit_status st = sennit_doc_version(doc, version);

    if (st == SENNIT_OK && !http_has(version, wanted))
        return false;
    http->etag.len = 0;
    if (st != SENNIT_OK || !http_etag(version, &http->etag))
        http_absent(http, st != SENNIT_OK ? st : SENNIT_ENOMEM, out);
    else
        http_text(http, wanted, doc, (const char *)http->etag.data, out);
    return true;
}

static bool http_try(struct http *http, const struct http_wanted *wanted,
                     sennit_http_response *out)
{
    sennit_doc *doc;
    sennit_buf version;
    sennit_status st = sennit_hub_document(http->hub, wanted->document, host_now(), &doc);
    bool done;

    if (st != SENNIT_OK) {
        if (st == SENNIT_EGONE && wanted->min_len > 0)
            return false;
        http_absent(http, st, out);
        return true;
    }
    sennit_buf_init(&version, NULL);
    done = http_try_document(http, wanted, doc, &version, out);
    sennit_buf_clear(&version);
    return done;
}

/* ------------------------------------------------------------- Waiting -- */

static bool http_wait(struct http *http, uint64_t id, const struct http_wanted *wanted)
{
    size_t name = strlen(wanted->document) + 1, match = strlen(wanted->if_none_match) + 1;
    struct http_waiting *one;

    if (http->n_waiting == HTTP_WAITING_MAX)
        return false;
    if (http->n_waiting == http->cap_waiting) {
        size_t cap = http->cap_waiting * 2 + 8;
        void *moved = reallocarray(http->waiting, cap, sizeof *http->waiting);

        if (moved == NULL)
            return false;
        http->waiting = moved;
        http->cap_waiting = cap;
    }
    one = &http->waiting[http->n_waiting];
    *one = (struct http_waiting){ .id = id, .until_ms = host_now() + http->options->wait_ms };
    one->memory = malloc(name + match + wanted->min_len);
    if (one->memory == NULL)
        return false;
    one->wanted = *wanted;
    one->wanted.document = memcpy(one->memory, wanted->document, name);
    one->wanted.if_none_match = memcpy(one->memory + name, wanted->if_none_match, match);
    one->wanted.min = memcpy(one->memory + name + match, wanted->min, wanted->min_len);
    http->n_waiting++;
    return true;
}

static void http_forget(struct http *http, size_t i)
{
    free(http->waiting[i].memory);
    http->waiting[i] = http->waiting[--http->n_waiting];
}

void http_gone(struct http *http, uint64_t id)
{
    for (size_t i = 0; i < http->n_waiting; i++)
        if (http->waiting[i].id == id) {
            http_forget(http, i);
            return;
        }
}

static int http_too_early(struct http *http, sennit_http_response *out)
{
    out->headers = HTTP_HIDDEN "Retry-After: 1\r\n";
    return http_answer(http, out, 425, "that version has not arrived");
}

/* Answer one of those that wait, if it is time; true if it was. */
static bool http_step_one(struct http *http, const struct http_waiting *one, uint64_t now_ms)
{
    sennit_http_response out = { .status = 0 };
    bool done;

    sennit_buf_init(&out.body, NULL);
    done = http_try(http, &one->wanted, &out);
    if (!done && (now_ms >= one->until_ms || http->draining)) {
        http_too_early(http, &out);
        done = true;
    }
    if (done && sennit_listener_answer(http->listener, one->id, &out) != SENNIT_OK)
        done = now_ms >= one->until_ms;
    sennit_buf_clear(&out.body);
    return done;
}

void http_step(struct http *http, uint64_t now_ms)
{
    bool changed, late = http->draining;
    sennit_hub_stat stat;

    if (http->n_waiting == 0)
        return;
    sennit_hub_get_stat(http->hub, &stat);
    changed = stat.operations != http->seen;
    http->seen = stat.operations;
    for (size_t i = http->n_waiting; i-- > 0;)
        if ((changed || late || now_ms >= http->waiting[i].until_ms) &&
            http_step_one(http, &http->waiting[i], now_ms))
            http_forget(http, i);
}

uint64_t http_timeout(const struct http *http, uint64_t now_ms)
{
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < http->n_waiting; i++) {
        uint64_t until = http->waiting[i].until_ms, left = until > now_ms ? until - now_ms : 0;

        least = left < least ? left : least;
    }
    return least;
}

void http_clear(struct http *http)
{
    while (http->n_waiting > 0)
        http_forget(http, http->n_waiting - 1);
    free(http->waiting);
    sennit_buf_clear(&http->etag);
}

/* ------------------------------------------------------------ Requests -- */

static int http_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Read ?min=, a version in hexadecimal digits, with the quotes of an ETag or
 * without. False if it is none. */
static bool http_min(const char *query, sennit_buf *out)
{
    size_t len, at = 0;
    sennit_order order;

    while (strncmp(query, "min=", 4) != 0) {
        query = strchr(query, '&');
        if (query == NULL)
            return true; /* there is none */
        query++;
    }
    query += 4;
    query += *query == '"';
    for (len = 0; http_digit(query[len]) >= 0; len++)
        ;
    if (len % 2 != 0 || len / 2 > HTTP_MIN_MAX ||
        (query[len] != '\0' && query[len] != '&' && query[len] != '"'))
        return false;
    for (; at < len; at += 2) {
        uint8_t byte = (uint8_t)(http_digit(query[at]) << 4 | http_digit(query[at + 1]));

        if (!out_add(out, &byte, 1))
            return false;
    }
    return sennit_version_compare(out->data, out->len, NULL, 0, &order) == SENNIT_OK;
}

static int http_document(struct http *http, uint64_t id, const sennit_http_request *request,
                         struct http_wanted *wanted, sennit_http_response *out)
{
    int refused = http_permit(http, request->authorization, wanted->document);
    sennit_buf min;
    int later = 0;

    if (refused != 0)
        return http_forbid(http, out, refused);
    sennit_buf_init(&min, NULL);
    if (!http_min(request->query, &min)) {
        http_answer(http, out, 400, "min= is a version in hexadecimal digits, such as an ETag");
    } else {
        wanted->min = min.data;
        wanted->min_len = min.len;
        if (!http_try(http, wanted, out)) {
            later = http_wait(http, id, wanted);
            if (!later)
                http_too_early(http, out);
        }
    }
    sennit_buf_clear(&min);
    return later;
}

/* A page anywhere can have its own name lead to this machine, and then read what
 * needs no token; but it cannot have its browser say our name. */
static bool http_host_is_ours(const struct http *http, const char *host)
{
    char origin[300];
    int len = snprintf(origin, sizeof origin, "%s://%s",
                       http->options->tls_cert != NULL ? "https" : "http", host);

    return *host == '\0' ||
           ((size_t)len < sizeof origin &&
            origin_is_allowed(http->options, sennit_listener_port(http->listener), origin));
}

int http_request(struct http *http, uint64_t id, const sennit_http_request *request,
                 sennit_http_response *out)
{
    static const char docs[] = "/docs/";
    const char *path = request->path, *name = path + sizeof docs - 1;

    if (strcmp(request->method, "HEAD") != 0 && strcmp(request->method, "GET") != 0) {
        out->headers = HTTP_HIDDEN "Allow: GET, HEAD\r\n";
        return http_answer(http, out, 405, "there is only GET");
    }
    if (static_answer(request, out)) {
        http->metrics->requests[out->status / 100]++;
        return 0;
    }
    if (strcmp(path, "/") == 0)
        return http_root(http, out);
    if (strcmp(path, "/healthz") == 0)
        return http_answer(http, out, 200, "ok");
    if (strcmp(path, "/readyz") == 0)
        return http_ready(http, out);
    if (http->auth->keys_path == NULL && !http_host_is_ours(http, request->host))
        return http_answer(http, out, 421, "this server has another name");
    if (strcmp(path, "/metrics") == 0)
        return http_metrics(http, request, out);
    if (strncmp(path, docs, sizeof docs - 1) == 0 && sennit_name_valid(name, strlen(name))) {
        struct http_wanted wanted = { .document = name,
                                      .if_none_match = request->if_none_match };

        return http_document(http, id, request, &wanted, out);
    }
    return http_answer(http, out, 404, "there is nothing here");
}

void http_init(struct http *http)
{
    sennit_buf_init(&http->etag, NULL);
}
