/* The page, as files out of the program. */
#include "static.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nothing but its own script, styles and server: what somebody types into a document
 * stays text, whatever it is. */
#define STATIC_POLICY \
    "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; " \
    "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " \
    "form-action 'none'; frame-ancestors 'none'\r\n" \
    "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n" \
    "Cross-Origin-Opener-Policy: same-origin\r\nCache-Control: no-cache\r\n" \
    "Vary: Accept-Encoding\r\n"

/* Whether an encoding is among those of Accept-Encoding, with another weight than 0
 * (RFC 9110, 12.5.3). */
static bool static_accepts(const char *accept, const char *encoding)
{
    size_t len = strlen(encoding);

    while (*(accept += strspn(accept, " \t,")) != 0) {
        size_t name = strcspn(accept, " \t,;"), item = strcspn(accept, ",");

        if (name == len && strncasecmp(accept, encoding, len) == 0) {
            const char *weight = memchr(accept, '=', item);

            return weight == NULL || strtod(weight + 1, NULL) > 0;
        }
        accept += item;
    }
    return false;
}

static const struct static_file *static_find(const sennit_http_request *request)
{
    const struct static_file *found = NULL;

    for (size_t i = 0; i < static_files_len; i++) {
        if (strcmp(static_files[i].path, request->path) != 0)
            continue;
        found = &static_files[i];
        if (static_accepts(request->accept_encoding, found->encoding))
            break;
    }
    return found;
}

bool static_answer(const sennit_http_request *request, sennit_http_response *out)
{
    const struct static_file *file = static_find(request);

    if (file == NULL)
        return false;
    out->headers = STATIC_POLICY;
    out->etag = file->etag;
    out->status = strstr(request->if_none_match, file->etag) != NULL ? 304 : 200;
    if (out->status == 304)
        return true;
    out->type = file->type;
    out->encoding = file->encoding;
    out->fixed = file->data;
    out->fixed_len = file->len;
    return true;
}
