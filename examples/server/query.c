#include "query.h"
#include "common/out.h"

#include <string.h>

#include <sodium.h>

#define QUERY_VERSION_MAX 65536 /* bytes */
#define QUERY_TAG_MAX 512       /* longer ones are told by a digest */
#define QUERY_DIGEST 16

const char *query_find(const char *query, const char *name)
{
    const size_t len = strlen(name);

    while (query != NULL && (strncmp(query, name, len) != 0 || query[len] != '=')) {
        query = strchr(query, '&');
        query += query != NULL;
    }
    return query != NULL ? query + len + 1 : NULL;
}

bool query_is(const char *value, const char *word)
{
    const size_t len = strlen(word);

    return strncmp(value, word, len) == 0 && (value[len] == '\0' || value[len] == '&');
}

bool query_put_tag(const void *version, size_t len, sennit_buf *out)
{
    uint8_t digest[QUERY_DIGEST];

    if (len <= QUERY_TAG_MAX)
        return out_add(out, "\"", 1) && out_hex(out, version, len) && out_add(out, "\"", 2);
    crypto_generichash(digest, sizeof digest, version, len, NULL, 0);
    return out_add(out, "\"~", 2) && out_hex(out, digest, sizeof digest) && out_add(out, "\"", 2);
}

static int query_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Read digits up to the end of a parameter, or to a quote there. */
static bool query_hex(const char *text, sennit_buf *out)
{
    size_t len, end;

    for (len = 0; query_digit(text[len]) >= 0; len++)
        ;
    end = len + (text[len] == '"');
    if (len % 2 != 0 || len / 2 > QUERY_VERSION_MAX || (text[end] != '\0' && text[end] != '&'))
        return false;
    for (size_t at = 0; at < len; at += 2) {
        uint8_t byte = (uint8_t)(query_digit(text[at]) << 4 | query_digit(text[at + 1]));

        if (!out_add(out, &byte, 1))
            return false;
    }
    return true;
}

static bool query_digest(const char *text, const sennit_buf *now, sennit_buf *out, bool *other)
{
    uint8_t digest[QUERY_DIGEST];

    if (!query_hex(text, out) || out->len != sizeof digest)
        return false;
    if (now != NULL)
        crypto_generichash(digest, sizeof digest, now->data, now->len, NULL, 0);
    *other = now == NULL || memcmp(digest, out->data, sizeof digest) != 0;
    out->len = 0;
    return !*other && out_add(out, now->data, now->len);
}

bool query_version(const char *value, const sennit_buf *now, sennit_buf *out, bool *other)
{
    sennit_order order;

    *other = false;
    value += *value == '"';
    if (*value == '~')
        return query_digest(value + 1, now, out, other);
    return query_hex(value, out) &&
           sennit_version_compare(out->data, out->len, NULL, 0, &order) == SENNIT_OK;
}
