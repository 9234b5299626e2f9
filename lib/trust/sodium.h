/* Cryptography, as far as the trust layer needs it. sodium.c is the one file that
 * includes <sodium.h>.
 *
 * Threads: any; libsodium guards its own start.
 */
#ifndef SN_SODIUM_H
#define SN_SODIUM_H

#include "base/base.h"

#define SN_KEY 32       /* bytes of a public key, and of the seed of a secret one */
#define SN_SIGNATURE 64 /* bytes */

/* Characters of n bytes as base64url without padding, terminator included. */
#define SN_BASE64_SIZE(n) (((n) * 4 + 2) / 3 + 1)

/* Draw from the operating system. Returns SENNIT_OK, SENNIT_EIO. */
sennit_status sn_sodium_random(void *out, size_t len);

/* Ed25519 (RFC 8032). SENNIT_OK, SENNIT_EIO. */
sennit_status sn_sodium_public(const uint8_t secret[SN_KEY], uint8_t public_key[SN_KEY]);
sennit_status sn_sodium_sign(const uint8_t secret[SN_KEY], const void *data, size_t len,
                             uint8_t signature[SN_SIGNATURE]);

/* One signature has one form: a reduced scalar and no key of small order. Returns
 * SENNIT_OK, SENNIT_EAUTH, SENNIT_EIO. */
sennit_status sn_sodium_verify(const uint8_t public_key[SN_KEY], const void *data, size_t len,
                               const uint8_t signature[SN_SIGNATURE]);

/* Write base64url (RFC 4648) without padding, terminated. */
void sn_sodium_base64(const uint8_t *data, size_t len, char *out);

/* Read it: bytes have one text, so unused bits must be 0. Returns SENNIT_OK,
 * SENNIT_ECORRUPT (also if it has more than cap bytes). */
sennit_status sn_sodium_unbase64(const char *text, size_t len, uint8_t *out, size_t cap,
                                 size_t *out_len);

/* Overwrite a copy of a secret, for certain. */
void sn_sodium_wipe(void *secret, size_t len);

#endif
