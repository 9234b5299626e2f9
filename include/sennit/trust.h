/* sennit: who may do what.
 *
 * A capability token says: until then, this user may do so much in this
 * document. Whoever has the secret key of a server makes tokens, by
 * sennit_token_make or in any language that has Ed25519 and msgpack; the server
 * needs the public key only. No other state is kept.
 *
 *     token := base64url without padding of  signature (64 bytes) payload
 *     payload := msgpack [1, document, user, permission, expires_ms, id]
 *
 * The signature is Ed25519 (RFC 8032) over "sennit token 1\0" and the payload.
 */
#ifndef SENNIT_TRUST_H
#define SENNIT_TRUST_H

#include "sennit/sennit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a user may do; each includes those before it. */
typedef enum sennit_permission {
    SENNIT_NOTHING = 0,
    SENNIT_VIEW = 1,    /* read, and be seen */
    SENNIT_COMMENT = 2, /* add and remove comments */
    SENNIT_EDIT = 3,    /* change text, formatting and metadata */
    SENNIT_ADMIN = 4    /* also redact, compact and hand in others' operations */
} sennit_permission;

#define SENNIT_USER_MAX 128  /* bytes of a user's name: UTF-8 without control characters */
#define SENNIT_TOKEN_MAX 640 /* characters of a token at most */
#define SENNIT_KEY_TEXT 44   /* characters of a key as text, terminator included */

/* What a token grants. */
typedef struct sennit_grant {
    char document[129];              /* terminated; "*" grants it for every document */
    char user[SENNIT_USER_MAX + 1];  /* terminated */
    sennit_permission permission;
    uint64_t expires_ms;             /* Unix milliseconds; 0 never */
    uint64_t id;                     /* of the token, for revocation; random */
} sennit_grant;

/* Draw a pair of keys: 32 bytes each, the secret one as RFC 8032's seed.
 * Randomness comes from the operating system, by libsodium. Threads: any. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_key_make(uint8_t secret[32], uint8_t public_key[32]);

/* Find the public key of a secret one. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_key_public(const uint8_t secret[32], uint8_t public_key[32]);

/* Keys as text: base64url without padding, SENNIT_KEY_TEXT - 1 characters.
 * sennit_key_read returns SENNIT_OK, SENNIT_ECORRUPT. */
SENNIT_API void sennit_key_write(const uint8_t key[32], char out[SENNIT_KEY_TEXT]);
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_key_read(const char *text, size_t len, uint8_t key[32]);

/* Append a token, terminated (the terminator is not counted in out->len).
 *
 * grant    id 0 draws one
 *
 * Returns  SENNIT_OK, SENNIT_EINVAL (a name is too long, empty or malformed)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_token_make(const uint8_t secret[32], const sennit_grant *grant, sennit_buf *out);

/* Check a token's signature, form and time, and read what it grants. Whether it
 * is for the document in question is for the caller to compare, by
 * sennit_grant_covers.
 *
 * Returns  SENNIT_OK
 *          SENNIT_EAUTH      signature wrong or token malformed (which is not told)
 *          SENNIT_EGONE      it has expired
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_token_check(const uint8_t public_key[32], const char *token, size_t len, uint64_t now_ms,
                   sennit_grant *out);

/* Return whether a grant is for a document. */
SENNIT_API int sennit_grant_covers(const sennit_grant *grant, const char *document);

#ifdef __cplusplus
}
#endif
#endif
