/* What the server answers over HTTP.
 *
 *     /              the page, if it was built in (static.h), else what this is, in a line
 *     /healthz       200 while the process runs
 *     /readyz        200 while documents can be served and kept, else 503
 *     /metrics       for Prometheus; metrics.h
 *     /docs/ID       the text of a document, with its version as ETag;
 *                    ?min=VERSION waits until it is in it, or answers 425;
 *                    ?at=VERSION is the text as it was then
 *     /docs/ID/edits POST: edits of the text at a version, ?at=VERSION, as JSON
 *                    (edits.h) whose places count codepoints, or what &unit= says;
 *                    answers the version with them as ETag and as JSON, 200 once
 *                    they are durable, 202 if that takes too long
 *
 * What is wrong with edits: 400 no JSON, no version; 409 the version is not known
 * here; 413 too many, too long; 415 another type; 422 places that the text at that
 * version does not have.
 *
 * With token keys, documents take "Authorization: Bearer TOKEN", and metrics a
 * token for "*". Who may not read a document does not learn whether it exists.
 */
#ifndef HTTP_H
#define HTTP_H

#include <sennit/sync.h>
#include <sennit/transport.h>

#include "auth.h"
#include "metrics.h"
#include "options.h"

struct http_waiting;

struct http {
    const struct options *options;
    struct auth *auth;
    struct metrics *metrics;
    sennit_storage *storage;
    sennit_hub *hub;
    sennit_listener *listener;
    bool draining; /* not ready any more */

    struct http_waiting *waiting; /* requests with ?min= */
    size_t n_waiting, cap_waiting;
    uint64_t seen; /* operations the hub had when they were last looked at */
    sennit_buf etag; /* of the answer being made: it has to outlive the call */
};

void http_init(struct http *http);

/* Answer a request, now (0) or later (1): as sennit_listener_owner.request. */
int http_request(struct http *http, uint64_t id, const sennit_http_request *request,
                 sennit_http_response *response);

/* Forget a request that was to be answered later. */
void http_gone(struct http *http, uint64_t id);

/* Answer those whose version has come, or whose time is over. */
void http_step(struct http *http, uint64_t now_ms);

/* In how many milliseconds http_step has something to do by itself. */
uint64_t http_timeout(const struct http *http, uint64_t now_ms);

void http_clear(struct http *http);

#endif
