/* Tokens as text, and those whose signature is right: what they say is well-formed.
 *
 *     input := flags text      flags & 1: the text is what a right signature is put to
 */
#include "support/require.h"

#include <sennit/storage.h>
#include <sennit/trust.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_grant(const sennit_grant *g)
{
    require(memchr(g->document, 0, sizeof g->document) != NULL);
    require(memchr(g->user, 0, sizeof g->user) != NULL);
    require(g->permission >= SENNIT_VIEW && g->permission <= SENNIT_ADMIN);
    require(strcmp(g->document, "*") == 0 || sennit_name_valid(g->document, strlen(g->document)));
}

/* A token of that document and user, unless there can be none. */
static void make_and_check(const uint8_t key[32], const uint8_t public_key[32], const uint8_t *data,
                           size_t size)
{
    sennit_grant grant = {.permission = SENNIT_EDIT, .id = 1}, got;
    size_t half = size / 2 < sizeof grant.user ? size / 2 : sizeof grant.user - 1;
    sennit_buf token;

    sennit_buf_init(&token, NULL);
    memcpy(grant.document, data, half);
    memcpy(grant.user, data + half, size - half < sizeof grant.user ? size - half : sizeof grant.user - 1);
    if (sennit_token_make(key, &grant, &token) == SENNIT_OK) {
        require(sennit_token_check(public_key, (const char *)token.data, token.len, 1, &got) == SENNIT_OK);
        require(strcmp(got.document, grant.document) == 0 && strcmp(got.user, grant.user) == 0);
        check_grant(&got);
    }
    sennit_buf_clear(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = {1};
    uint8_t public_key[32], read[32];
    sennit_grant grant;

    require(sennit_key_public(key, public_key) == SENNIT_OK);
    if (size == 0)
        return 0;
    if (data[0] & 1) {
        make_and_check(key, public_key, data + 1, size - 1);
        return 0;
    }
    if (sennit_token_check(public_key, (const char *)data + 1, size - 1, 1, &grant) == SENNIT_OK)
        check_grant(&grant);
    if (sennit_key_read((const char *)data + 1, size - 1, read) == SENNIT_OK)
        require(size - 1 == SENNIT_KEY_TEXT - 1);
    return 0;
}
