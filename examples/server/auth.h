/* Who may do what: the public keys that tokens are checked with, and what was
 * revoked. Both are files of one entry a line, read at the start and at SIGHUP;
 * empty lines, and those that begin with #, are skipped.
 *
 *     keys       a public key, as 'sennit token keygen' writes it
 *     revoked    "token ID" or "user NAME"
 */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sennit/sync.h>

#include "log.h"

#define AUTH_KEYS_MAX 16

struct revoked {
    uint64_t token; /* 0: it is the user */
    char user[SENNIT_USER_MAX + 1];
};

struct auth {
    const char *keys_path;    /* NULL: everybody may edit, and has no name */
    const char *revoked_path; /* NULL: nothing is */
    uint8_t keys[AUTH_KEYS_MAX][32];
    size_t n_keys;
    struct revoked *revoked;
    size_t n_revoked;
};

/* Read the files. False, and a line in the log, if that fails: then everything is
 * as it was before. Free with auth_clear, also after a failure. */
bool auth_init(struct auth *auth, const char *keys, const char *revoked, struct log *log);
bool auth_reload(struct auth *auth, struct log *log);
void auth_clear(struct auth *auth);

/* Close the channels of everything that is revoked. */
void auth_revoke(const struct auth *auth, sennit_hub *hub);

/* Find out what a token grants for a document: sennit_hub_options.authorise, with
 * a struct auth as self. SENNIT_OK, SENNIT_EAUTH (no token, a wrong or revoked
 * one), SENNIT_EGONE (it has expired); what it grants may be nothing. */
sennit_status auth_authorise(void *self, const char *token, size_t len, const char *document,
                             uint64_t now_ms, sennit_grant *out);

#endif
