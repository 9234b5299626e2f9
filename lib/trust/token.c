/* Capability tokens: include/sennit/trust.h has their form.
 *
 *     token    base64url( signature | payload )
 *     payload  96 01 document user permission expires id       msgpack
 *     signed   "sennit token 1\0" payload
 *
 * A grant has one payload. Reading follows types only and writes again what it
 * read: if that gives other bytes, they were no payload.
 */
#include "base/bytes.h"
#include "base/utf8.h"
#include "trust/sodium.h"

#include <sennit/trust.h>

#define TOKEN_CONTEXT "sennit token 1" /* its terminator is signed too */
#define TOKEN_FORM 1
#define TOKEN_FIELDS 6

#define TOKEN_DOCUMENT_MAX (sizeof((sennit_grant *)0)->document - 1)
#define TOKEN_PAYLOAD_MAX (1 + 1 + 2 + TOKEN_DOCUMENT_MAX + 2 + SENNIT_USER_MAX + 1 + 9 + 9)
#define TOKEN_BYTES_MAX (SN_SIGNATURE + TOKEN_PAYLOAD_MAX)

_Static_assert(SN_BASE64_SIZE(TOKEN_BYTES_MAX) - 1 <= SENNIT_TOKEN_MAX, "SENNIT_TOKEN_MAX");
_Static_assert(SN_BASE64_SIZE(SN_KEY) == SENNIT_KEY_TEXT, "SENNIT_KEY_TEXT");

/* What a signature is over; the payload is the part that travels. */
typedef struct token_signed {
    char context[sizeof TOKEN_CONTEXT];
    uint8_t payload[TOKEN_PAYLOAD_MAX];
    size_t len; /* of the payload */
} token_signed;

/* ---- names ---- */

/* Documents are named by 1 to 128 of A-Z a-z 0-9 . _ -, but not "." or "..". */
static bool token_document_valid(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strspn(name, allowed);

    if (strcmp(name, "*") == 0)
        return true;
    return len > 0 && len <= TOKEN_DOCUMENT_MAX && name[len] == '\0' && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* U+0000 to U+001F, U+007F and, in two bytes, U+0080 to U+009F. */
static bool token_user_valid(const char *user)
{
    const uint8_t *at = (const uint8_t *)user;
    size_t len = strlen(user);

    if (len == 0 || len > SENNIT_USER_MAX || sn_utf8_valid(at, len) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (at[i] < 0x20 || at[i] == 0x7f || (at[i] == 0xc2 && at[i + 1] < 0xa0))
            return false;
    return true;
}

static bool token_grant_valid(const sennit_grant *grant)
{
    return memchr(grant->document, '\0', sizeof grant->document) != NULL &&
           memchr(grant->user, '\0', sizeof grant->user) != NULL &&
           token_document_valid(grant->document) && token_user_valid(grant->user) &&
           grant->permission >= SENNIT_VIEW && grant->permission <= SENNIT_ADMIN;
}

/* ---- the payload ---- */

/* The shortest of 0xxxxxxx, cc, cd, ce and cf. */
static uint8_t *token_put_uint(uint8_t *p, uint64_t v)
{
    unsigned log = v <= 0xff ? 0 : v <= 0xffff ? 1 : v <= 0xffffffff ? 2 : 3;

    if (v >= 0x80)
        *p++ = (uint8_t)(0xcc + log);
    for (unsigned n = 1u << log; n-- > 0;)
        *p++ = (uint8_t)(v >> (8 * n));
    return p;
}

static uint8_t *token_put_str(uint8_t *p, const char *text)
{
    size_t len = strlen(text);

    if (len >= 32)
        *p++ = 0xd9;
    *p++ = (uint8_t)(len < 32 ? 0xa0 + len : len);
    memcpy(p, text, len);
    return p + len;
}

static void token_write(const sennit_grant *grant, token_signed *out)
{
    uint8_t *p = out->payload;

    memcpy(out->context, TOKEN_CONTEXT, sizeof out->context);
    *p++ = 0x90 + TOKEN_FIELDS;
    p = token_put_uint(p, TOKEN_FORM);
    p = token_put_str(p, grant->document);
    p = token_put_str(p, grant->user);
    p = token_put_uint(p, (uint64_t)grant->permission);
    p = token_put_uint(p, grant->expires_ms);
    p = token_put_uint(p, grant->id);
    out->len = (size_t)(p - out->payload);
}

static sennit_status token_read_uint(sn_reader *r, uint64_t *out)
{
    const uint8_t *at;
    uint8_t first;

    SN_TRY(sn_read_u8(r, &first, NULL));
    *out = first;
    if (first < 0x80)
        return SENNIT_OK;
    if (first < 0xcc || first > 0xcf)
        return SENNIT_ECORRUPT;
    size_t n = (size_t)1 << (first - 0xcc);
    SN_TRY(sn_read_bytes(r, n, &at, NULL));
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out << 8 | at[i];
    return SENNIT_OK;
}

/* out has room for max bytes and a terminator. */
static sennit_status token_read_str(sn_reader *r, char *out, size_t max)
{
    const uint8_t *at;
    uint8_t len;

    SN_TRY(sn_read_u8(r, &len, NULL));
    if (len == 0xd9)
        SN_TRY(sn_read_u8(r, &len, NULL));
    else if (len >= 0xa0 && len < 0xc0)
        len -= 0xa0;
    else
        return SENNIT_ECORRUPT;
    if (len > max)
        return SENNIT_ECORRUPT;
    SN_TRY(sn_read_bytes(r, len, &at, NULL));
    memcpy(out, at, len);
    out[len] = '\0';
    return SENNIT_OK;
}

static sennit_status token_read_fields(sn_reader *r, sennit_grant *out)
{
    uint64_t form, permission;
    uint8_t fields;

    SN_TRY(sn_read_u8(r, &fields, NULL));
    SN_TRY(token_read_uint(r, &form));
    SN_TRY(token_read_str(r, out->document, TOKEN_DOCUMENT_MAX));
    SN_TRY(token_read_str(r, out->user, SENNIT_USER_MAX));
    SN_TRY(token_read_uint(r, &permission));
    SN_TRY(token_read_uint(r, &out->expires_ms));
    SN_TRY(token_read_uint(r, &out->id));
    out->permission = permission <= SENNIT_ADMIN ? (sennit_permission)permission : SENNIT_NOTHING;
    return SENNIT_OK;
}

static bool token_read(const token_signed *in, sennit_grant *out)
{
    sn_reader r = sn_reader_of(in->payload, in->len);
    token_signed again;

    if (token_read_fields(&r, out) != SENNIT_OK || !token_grant_valid(out))
        return false;
    token_write(out, &again);
    return again.len == in->len && memcmp(again.payload, in->payload, in->len) == 0;
}

/* ---- tokens ---- */

sennit_status sennit_token_make(const uint8_t secret[32], const sennit_grant *grant, sennit_buf *out)
{
    uint8_t bytes[TOKEN_BYTES_MAX];
    sennit_grant named = *grant;
    token_signed payload;

    if (!token_grant_valid(grant))
        return SENNIT_EINVAL;
    SN_TRY(sn_buf_reserve(out, SN_BASE64_SIZE(TOKEN_BYTES_MAX)));
    while (named.id == 0)
        SN_TRY(sn_sodium_random(&named.id, sizeof named.id));
    token_write(&named, &payload);
    SN_TRY(sn_sodium_sign(secret, &payload, sizeof payload.context + payload.len, bytes));
    memcpy(bytes + SN_SIGNATURE, payload.payload, payload.len);
    sn_sodium_base64(bytes, SN_SIGNATURE + payload.len, (char *)out->data + out->len);
    out->len += SN_BASE64_SIZE(SN_SIGNATURE + payload.len) - 1;
    return SENNIT_OK;
}

/* Nothing is read of a payload before its signature holds. */
static bool token_open(const uint8_t public_key[32], const char *token, size_t len,
                       sennit_grant *out)
{
    uint8_t bytes[TOKEN_BYTES_MAX];
    token_signed payload = {.context = TOKEN_CONTEXT};
    size_t n;

    if (sn_sodium_unbase64(token, len, bytes, sizeof bytes, &n) != SENNIT_OK || n < SN_SIGNATURE)
        return false;
    payload.len = n - SN_SIGNATURE;
    memcpy(payload.payload, bytes + SN_SIGNATURE, payload.len);
    return sn_sodium_verify(public_key, &payload, sizeof payload.context + payload.len, bytes) ==
               SENNIT_OK &&
           token_read(&payload, out);
}

sennit_status sennit_token_check(const uint8_t public_key[32], const char *token, size_t len,
                                 uint64_t now_ms, sennit_grant *out)
{
    sennit_grant grant = {.id = 0};

    *out = grant;
    if (!token_open(public_key, token, len, &grant))
        return SENNIT_EAUTH;
    if (grant.expires_ms != 0 && grant.expires_ms <= now_ms)
        return SENNIT_EGONE;
    *out = grant;
    return SENNIT_OK;
}

int sennit_grant_covers(const sennit_grant *grant, const char *document)
{
    return grant->permission > SENNIT_NOTHING &&
           (strcmp(grant->document, "*") == 0 || strcmp(grant->document, document) == 0);
}

/* ---- keys ---- */

sennit_status sennit_key_make(uint8_t secret[32], uint8_t public_key[32])
{
    SN_TRY(sn_sodium_random(secret, SN_KEY));
    return sn_sodium_public(secret, public_key);
}

sennit_status sennit_key_public(const uint8_t secret[32], uint8_t public_key[32])
{
    return sn_sodium_public(secret, public_key);
}

void sennit_key_write(const uint8_t key[32], char out[SENNIT_KEY_TEXT])
{
    sn_sodium_base64(key, SN_KEY, out);
}

sennit_status sennit_key_read(const char *text, size_t len, uint8_t key[32])
{
    uint8_t bytes[SN_KEY]; /* it may be a secret */
    size_t n = 0;
    sennit_status st = sn_sodium_unbase64(text, len, bytes, sizeof bytes, &n);

    if (st == SENNIT_OK && n == SN_KEY)
        memcpy(key, bytes, SN_KEY);
    sn_sodium_wipe(bytes, sizeof bytes);
    return n == SN_KEY ? st : SENNIT_ECORRUPT;
}
