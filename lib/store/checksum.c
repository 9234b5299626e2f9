/* BLAKE2b by libsodium. */
#include "store/checksum.h"

#include "base/bytes.h"

#include <sodium.h>

_Static_assert(SN_CHECKSUM == crypto_generichash_BYTES_MIN, "a length that libsodium makes");

sennit_status sn_checksum_start(void)
{
    return sodium_init() < 0 ? SENNIT_EIO : SENNIT_OK;
}

static void checksum_text(crypto_generichash_state *state, const char *text)
{
    uint8_t len[8];

    sn_put_u64(len, strlen(text));
    crypto_generichash_update(state, len, sizeof len);
    crypto_generichash_update(state, (const uint8_t *)text, strlen(text));
}

void sn_checksum(const sn_summed *summed, uint8_t out[SN_CHECKSUM])
{
    crypto_generichash_state state;
    uint8_t head[1 + 8 + 8] = {summed->kind};

    sn_put_u64(sn_put_u64(head + 1, summed->position), summed->through);
    crypto_generichash_init(&state, NULL, 0, SN_CHECKSUM);
    crypto_generichash_update(&state, head, sizeof head);
    checksum_text(&state, summed->name);
    checksum_text(&state, summed->key);
    if (summed->len > 0)
        crypto_generichash_update(&state, summed->data, summed->len);
    crypto_generichash_final(&state, out, SN_CHECKSUM);
}
