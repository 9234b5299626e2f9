/* What the server answers over HTTP. */
#include "http.h"
#include "common/host.h"
#include "common/out.h"
#include "edits.h"
#include "origin.h"
#include "query.h"
#include "static.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_WAITING_MAX 1000

#define HTTP_HIDDEN "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

/* What is asked of a document. */
struct http_wanted {
    const char *document;
    const char *if_none_match;
    const uint8_t *min; /* NULL, 0: whatever there is */
    size_t min_len;
};

/* A request that waits; `wanted` points into memory of its own. Edits that were made
 * wait until they are durable: then `min` is the version with them. */
struct http_waiting {
    uint64_t id, until_ms;
    struct http_wanted wanted;
    uint64_t ticket; /* of the storage; 0: no edits */
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
static int http_permit(struct http *http, const char *authorization, const char *document,
                       sennit_permission least)
{
    static const char scheme[] = "Bearer ";
    const size_t n = sizeof scheme - 1;
    const char *token = strncmp(authorization, scheme, n) == 0 ? authorization + n : "";
    sennit_grant grant;
    sennit_status st =
        auth_authorise(http->auth, token, strlen(token), document, host_now(), &grant);

    if (st != SENNIT_OK)
        return 401;
    return grant.permission >= least ? 0 : 403;
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
    int refused = http_permit(http, request->authorization, "*", SENNIT_VIEW);
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

/* The tag of a version; it outlives the call. NULL without memory. */
static const char *http_etag(struct http *http, const void *version, size_t len)
{
    http->etag.len = 0;
    return query_put_tag(version, len, &http->etag) ? (const char *)http->etag.data : NULL;
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
    if (st == SENNIT_OK && version->len == 0) /* somebody is at it, and has written nothing */
        st = SENNIT_EGONE;
    const char *etag = st == SENNIT_OK ? http_etag(http, version->data, version->len) : NULL;
    if (etag == NULL)
        http_absent(http, st != SENNIT_OK ? st : SENNIT_ENOMEM, out);
    else
        http_text(http, wanted, doc, etag, out);
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

static bool http_wait(struct http *http, uint64_t id, const struct http_wanted *wanted,
                      uint64_t ticket)
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
    *one = (struct http_waiting){
        .id = id, .until_ms = host_now() + http->options->wait_ms, .ticket = ticket };
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

/* Tell the version with the edits: 200 once they are durable, 202 if it is not known
 * when they will be. */
static int http_edited(struct http *http, const struct http_wanted *wanted, int status,
                       sennit_http_response *out)
{
    out->etag = http_etag(http, wanted->min, wanted->min_len);
    if (out->etag == NULL || !out_add(&out->body, "{\"version\": \"", 13)
        || !out_hex(&out->body, wanted->min, wanted->min_len) || !out_add(&out->body, "\"}\n", 3))
        return http_answer(http, out, 503, NULL);
    http_answer(http, out, status, NULL);
    out->type = "application/json";
    return 0;
}

/* Whether it is time to answer a request that waits, which is done then. */
static bool http_answer_one(struct http *http, const struct http_waiting *one, bool late,
                            sennit_http_response *out)
{
    if (one->ticket != 0) {
        bool durable = http->storage->durable(http->storage->self) >= one->ticket;

        if (durable || late)
            http_edited(http, &one->wanted, durable ? 200 : 202, out);
        return durable || late;
    }
    if (http_try(http, &one->wanted, out))
        return true;
    if (late)
        http_too_early(http, out);
    return late;
}

/* Answer one of those that wait, if it is time; true if it was. */
static bool http_step_one(struct http *http, const struct http_waiting *one, uint64_t now_ms)
{
    sennit_http_response out = { .status = 0 };
    bool done;

    sennit_buf_init(&out.body, NULL);
    done = http_answer_one(http, one, now_ms >= one->until_ms || http->draining, &out);
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
        if ((changed || late || http->waiting[i].ticket != 0 ||
             now_ms >= http->waiting[i].until_ms) &&
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

/* ---------------------------------------------------------- Reading it -- */

/* The text at a version. */
static int http_past(struct http *http, const struct http_wanted *wanted, const char *at,
                     sennit_http_response *out)
{
    sennit_buf version;
    sennit_doc *doc;
    bool other;
    sennit_status st = sennit_hub_document(http->hub, wanted->document, host_now(), &doc);

    if (st != SENNIT_OK)
        return http_absent(http, st, out);
    sennit_buf_init(&version, NULL);
    if (!query_version(at, NULL, &version, &other)) {
        if (other)
            http_answer(http, out, 404, "a digest does not say which version it is of");
        else
            http_answer(http, out, 400, "at= is a version in hexadecimal digits, such as an ETag");
    } else if ((st = sennit_history_text(doc, version.data, version.len, &out->body)) == SENNIT_OK) {
        out->etag = http_etag(http, version.data, version.len);
        http_answer(http, out, out->etag == NULL                               ? 503
                               : http_matches(wanted->if_none_match, out->etag) ? 304 : 200, NULL);
    } else if (st == SENNIT_EGONE) {
        http_answer(http, out, 404, "the document has no such version, or not any more");
    } else {
        http_absent(http, st, out);
    }
    sennit_buf_clear(&version);
    return 0;
}

/* The text of now, or of when a version has come. */
static int http_present(struct http *http, uint64_t id, const char *query,
                        struct http_wanted *wanted, sennit_http_response *out)
{
    const char *value = query_find(query, "min");
    sennit_buf min;
    bool other;
    int later = 0;

    sennit_buf_init(&min, NULL);
    if (value != NULL && !query_version(value, NULL, &min, &other)) {
        http_answer(http, out, 400, "min= is a version in hexadecimal digits, such as an ETag");
    } else {
        wanted->min = min.data;
        wanted->min_len = min.len;
        if (!http_try(http, wanted, out)) {
            later = http_wait(http, id, wanted, 0);
            if (!later)
                http_too_early(http, out);
        }
    }
    sennit_buf_clear(&min);
    return later;
}

static int http_document(struct http *http, uint64_t id, const sennit_http_request *request,
                         struct http_wanted *wanted, sennit_http_response *out)
{
    int refused = http_permit(http, request->authorization, wanted->document, SENNIT_VIEW);
    const char *at = query_find(request->query, "at");

    if (refused != 0)
        return http_forbid(http, out, refused);
    return at != NULL ? http_past(http, wanted, at, out)
                      : http_present(http, id, request->query, wanted, out);
}

static bool http_pages_are_allowed(const struct http *http, const char *scheme, const char *host)
{
    char origin[300];
    int len = snprintf(origin, sizeof origin, "%s://%s", scheme, host);

    return (size_t)len < sizeof origin &&
           origin_is_allowed(http->options, sennit_listener_port(http->listener), origin);
}

/* A page anywhere can have its own name lead to this machine, and then read what
 * needs no token; but it cannot have its browser say our name. TLS may be done by a
 * proxy before us, and the request come without. */
static bool http_host_is_ours(const struct http *http, const char *host)
{
    return *host == '\0' || http_pages_are_allowed(http, "http", host) ||
           http_pages_are_allowed(http, "https", host);
}

/* ------------------------------------------------------------- Editing -- */

/* A version that a client has read, and `now` for a long one. */
static bool http_base(struct http *http, const char *document, const char *at, sennit_buf *out,
                      bool *other)
{
    sennit_buf now;
    sennit_doc *doc;

    sennit_buf_init(&now, NULL);
    bool known = sennit_hub_document(http->hub, document, host_now(), &doc) == SENNIT_OK &&
                 sennit_doc_version(doc, &now) == SENNIT_OK;
    bool good = query_version(at, known ? &now : NULL, out, other);
    sennit_buf_clear(&now);
    return good;
}

static int http_edit_fails(struct http *http, sennit_status st, sennit_http_response *out)
{
    switch (st) {
    case SENNIT_ERANGE: return http_answer(http, out, 422, "a place that the text does not have");
    case SENNIT_EUTF8: return http_answer(http, out, 422, "a place inside a character");
    case SENNIT_EGONE:
        return http_answer(http, out, 409, "that version is not known here; read the text again");
    case SENNIT_ELIMIT: return http_answer(http, out, 413, "the document would pass a limit");
    case SENNIT_ECORRUPT: return http_answer(http, out, 500, "the stored document is damaged");
    default: return http_answer(http, out, 503, sennit_status_text(st));
    }
}

/* Make edits of the text at a version. Returns 1 if they are answered once durable. */
static int http_make(struct http *http, uint64_t id, const char *document, const sennit_buf *base,
                     sennit_unit unit, const struct edits *edits, sennit_http_response *out)
{
    uint64_t ticket = 0;
    sennit_buf version;
    int later = 0;

    sennit_buf_init(&version, NULL);
    sennit_status st = sennit_hub_edit(http->hub, document, host_now(), base->data, base->len, unit,
                                       edits->list, edits->n, &version, &ticket);
    if (st != SENNIT_OK) {
        http_edit_fails(http, st, out);
    } else {
        struct http_wanted wanted = { document, "", version.data, version.len };
        bool durable = http->storage->durable(http->storage->self) >= ticket;

        later = !durable && http_wait(http, id, &wanted, ticket);
        if (!later)
            http_edited(http, &wanted, durable ? 200 : 202, out);
    }
    sennit_buf_clear(&version);
    return later;
}

/* Codepoints unless something else is asked for. */
static bool http_unit(const char *value, sennit_unit *out)
{
    *out = SENNIT_CODEPOINTS;
    if (value == NULL || query_is(value, "codepoints"))
        return true;
    *out = query_is(value, "utf16") ? SENNIT_UTF16 : SENNIT_BYTES;
    return *out == SENNIT_UTF16 || query_is(value, "bytes");
}

static int http_read_edits(struct http *http, uint64_t id, const sennit_http_request *request,
                           const char *document, sennit_http_response *out)
{
    const char *at = query_find(request->query, "at");
    char reason[240] = "at= is the version that was read, in hexadecimal digits: its ETag";
    struct edits edits = { .list = NULL };
    sennit_buf base;
    sennit_unit unit;
    bool other = false;
    int status = 400, later = 0;

    sennit_buf_init(&base, NULL);
    if (!http_unit(query_find(request->query, "unit"), &unit))
        snprintf(reason, sizeof reason, "unit= is codepoints, utf16 or bytes");
    else if (at != NULL && http_base(http, document, at, &base, &other))
        status = edits_read(request->body, request->body_len, &edits, reason, sizeof reason);
    if (other)
        http_edit_fails(http, SENNIT_EGONE, out);
    else if (status != 0)
        http_answer(http, out, status, reason);
    else
        later = http_make(http, id, document, &base, unit, &edits, out);
    edits_clear(&edits);
    sennit_buf_clear(&base);
    return later;
}

/* A page of somebody else can have a browser send a POST, though not of this type
 * without asking first, which is never granted. */
static int http_edit(struct http *http, uint64_t id, const sennit_http_request *request,
                     const char *document, sennit_http_response *out)
{
    int refused = http_permit(http, request->authorization, document, SENNIT_EDIT);

    if (refused != 0)
        return http_forbid(http, out, refused);
    if (!origin_is_allowed(http->options, sennit_listener_port(http->listener), request->origin))
        return http_answer(http, out, 403, "not from this page");
    if (strncmp(request->content_type, "application/json", 16) != 0)
        return http_answer(http, out, 415, "edits are application/json");
    return http_read_edits(http, id, request, document, out);
}

/* Take the name of the document out of /docs/ID/edits. */
static bool http_edit_path(const char *path, char *document)
{
    static const char docs[] = "/docs/", edits[] = "/edits";
    size_t len = strlen(path), name = len - (sizeof docs - 1) - (sizeof edits - 1);

    if (len < sizeof docs + sizeof edits - 2 || name > SENNIT_NAME_MAX
        || strncmp(path, docs, sizeof docs - 1) != 0
        || strcmp(path + len - (sizeof edits - 1), edits) != 0)
        return false;
    memcpy(document, path + sizeof docs - 1, name);
    document[name] = '\0';
    return sennit_name_valid(document, name);
}

static int http_post(struct http *http, uint64_t id, const sennit_http_request *request,
                     sennit_http_response *out)
{
    char document[SENNIT_NAME_MAX + 1];

    if (!http_edit_path(request->path, document)) {
        out->headers = HTTP_HIDDEN "Allow: GET, HEAD\r\n";
        return http_answer(http, out, 405, "there is only GET, and POST of /docs/ID/edits");
    }
    if (http->auth->keys_path == NULL && !http_host_is_ours(http, request->host))
        return http_answer(http, out, 421, "this server has another name");
    return http_edit(http, id, request, document, out);
}

/* ------------------------------------------------------------ Requests -- */

int http_request(struct http *http, uint64_t id, const sennit_http_request *request,
                 sennit_http_response *out)
{
    static const char docs[] = "/docs/";
    const char *path = request->path, *name = path + sizeof docs - 1;

    if (strcmp(request->method, "HEAD") != 0 && strcmp(request->method, "GET") != 0)
        return http_post(http, id, request, out);
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
