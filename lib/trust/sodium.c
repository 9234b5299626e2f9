/* Cryptography by libsodium. */
#include "trust/sodium.h"

#include <sodium.h>

_Static_assert(SN_KEY == crypto_sign_SEEDBYTES && SN_KEY == crypto_sign_PUBLICKEYBYTES,
               "keys of Ed25519");
_Static_assert(SN_SIGNATURE == crypto_sign_BYTES, "signatures of Ed25519");

/* The only process-wide call of the library; it may be repeated. */
static sennit_status sodium_ready(void)
{
    return sodium_init() < 0 ? SENNIT_EIO : SENNIT_OK;
}

sennit_status sn_sodium_random(void *out, size_t len)
{
    SN_TRY(sodium_ready());
    randombytes_buf(out, len);
    return SENNIT_OK;
}

sennit_status sn_sodium_public(const uint8_t secret[SN_KEY], uint8_t public_key[SN_KEY])
{
    uint8_t both[crypto_sign_SECRETKEYBYTES];

    SN_TRY(sodium_ready());
    crypto_sign_seed_keypair(public_key, both, secret);
    sodium_memzero(both, sizeof both);
    return SENNIT_OK;
}

sennit_status sn_sodium_sign(const uint8_t secret[SN_KEY], const void *data, size_t len,
                             uint8_t signature[SN_SIGNATURE])
{
    uint8_t public_key[SN_KEY], both[crypto_sign_SECRETKEYBYTES];

    SN_TRY(sodium_ready());
    crypto_sign_seed_keypair(public_key, both, secret);
    crypto_sign_detached(signature, NULL, data, len, both);
    sodium_memzero(both, sizeof both);
    return SENNIT_OK;
}

sennit_status sn_sodium_verify(const uint8_t public_key[SN_KEY], const void *data, size_t len,
                               const uint8_t signature[SN_SIGNATURE])
{
    SN_TRY(sodium_ready());
    return crypto_sign_verify_detached(signature, data, len, public_key) == 0 ? SENNIT_OK
                                                                              : SENNIT_EAUTH;
}

void sn_sodium_base64(const uint8_t *data, size_t len, char *out)
{
    sodium_bin2base64(out, SN_BASE64_SIZE(len), data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

sennit_status sn_sodium_unbase64(const char *text, size_t len, uint8_t *out, size_t cap,
                                 size_t *out_len)
{
    return sodium_base642bin(out, cap, text, len, NULL, out_len, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0
               ? SENNIT_OK
               : SENNIT_ECORRUPT;
}

void sn_sodium_wipe(void *secret, size_t len)
{
    sodium_memzero(secret, len);
}
