/* The page, as files out of the program. */
#include "static.h"

#include <string.h>

/* Nothing but its own script, styles and server: what somebody types into a document
 * stays text, whatever it is. */
#define STATIC_POLICY \
    "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; " \
    "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " \
    "form-action 'none'; frame-ancestors 'none'\r\n" \
    "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n" \
    "Cross-Origin-Opener-Policy: same-origin\r\nCache-Control: no-cache\r\n"

static const struct static_file *static_find(const char *path)
{
    for (size_t i = 0; i < static_files_len; i++)
        if (strcmp(static_files[i].path, path) == 0)
            return &static_files[i];
    return NULL;
}

bool static_answer(const sennit_http_request *request, sennit_http_response *out)
{
    const struct static_file *file = static_find(request->path);

    if (file == NULL)
        return false;
    out->headers = STATIC_POLICY;
    out->etag = file->etag;
    out->status = strstr(request->if_none_match, file->etag) != NULL ? 304 : 200;
    if (out->status == 304)
        return true;
    out->type = file->type;
    out->encoding = "gzip";
    out->fixed = file->data;
    out->fixed_len = file->len;
    return true;
}
