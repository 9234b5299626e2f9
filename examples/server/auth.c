/* Who may do what. */
#include "auth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- Files -- */

static bool auth_key_line(struct auth *auth, const char *line)
{
    if (auth->n_keys == AUTH_KEYS_MAX ||
        sennit_key_read(line, strlen(line), auth->keys[auth->n_keys]) != SENNIT_OK)
        return false;
    auth->n_keys++;
    return true;
}

static bool auth_revoked_line(struct auth *auth, const char *line)
{
    struct revoked *list = reallocarray(auth->revoked, auth->n_revoked + 1, sizeof *list);
    struct revoked *one;
    int end = 0;

    if (list == NULL)
        return false;
    auth->revoked = list;
    one = &list[auth->n_revoked];
    *one = (struct revoked){ .token = 0 };
    if (strncmp(line, "user ", 5) == 0 && line[5] != '\0' &&
        strlen(line + 5) <= SENNIT_USER_MAX)
        strcpy(one->user, line + 5);
    else if (sscanf(line, "token %" SCNu64 "%n", &one->token, &end) != 1 || line[end] != '\0' ||
             one->token == 0)
        return false;
    auth->n_revoked++;
    return true;
}

static bool auth_wrong(struct log *log, const char *path, unsigned line, const char *text)
{
    json_t *out = log_begin(log, LOG_ERROR, "config");

    log_text(out, "file", path);
    if (line > 0)
        log_number(out, "line", line);
    log_text(out, "text", text);
    log_end(log, out);
    return false;
}

/* Hand each line that says something to `take`. */
static bool auth_file(struct auth *auth, const char *path, struct log *log,
                      bool (*take)(struct auth *auth, const char *line))
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    bool good = true;

    if (file == NULL)
        return auth_wrong(log, path, 0, strerror(errno));
    for (unsigned n = 1; good && getline(&line, &cap, file) > 0; n++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line != '\0' && *line != '#' && !take(auth, line))
            good = auth_wrong(log, path, n, "this line is not understood");
    }
    if (good && ferror(file))
        good = auth_wrong(log, path, 0, strerror(errno));
    free(line);
    fclose(file);
    return good;
}

static bool auth_read(struct auth *out, struct log *log)
{
    if (out->keys_path != NULL) {
        if (!auth_file(out, out->keys_path, log, auth_key_line))
            return false;
        if (out->n_keys == 0)
            return auth_wrong(log, out->keys_path, 0, "there is no key in it");
    }
    return out->revoked_path == NULL || auth_file(out, out->revoked_path, log, auth_revoked_line);
}

bool auth_init(struct auth *auth, const char *keys, const char *revoked, struct log *log)
{
    *auth = (struct auth){ .keys_path = keys, .revoked_path = revoked };
    return auth_read(auth, log);
}

bool auth_reload(struct auth *auth, struct log *log)
{
    struct auth fresh = { .keys_path = auth->keys_path, .revoked_path = auth->revoked_path };

    if (!auth_read(&fresh, log)) {
        auth_clear(&fresh);
        return false;
    }
    auth_clear(auth);
    *auth = fresh;
    return true;
}

void auth_clear(struct auth *auth)
{
    free(auth->revoked);
    auth->revoked = NULL;
    auth->n_revoked = 0;
}

/* -------------------------------------------------------------- Tokens -- */

void auth_revoke(const struct auth *auth, sennit_hub *hub)
{
    for (size_t i = 0; i < auth->n_revoked; i++) {
        const struct revoked *one = &auth->revoked[i];

        sennit_hub_revoke(hub, one->token, one->token == 0 ? one->user : NULL);
    }
}

static bool auth_is_revoked(const struct auth *auth, const sennit_grant *grant)
{
    for (size_t i = 0; i < auth->n_revoked; i++) {
        const struct revoked *one = &auth->revoked[i];

        if (one->token != 0 ? one->token == grant->id : strcmp(one->user, grant->user) == 0)
            return true;
    }
    return false;
}

/* Any of the keys will do, so that keys can be replaced while tokens of the old
 * one are still about. */
static sennit_status auth_check(const struct auth *auth, const char *token, size_t len,
                                uint64_t now_ms, sennit_grant *out)
{
    sennit_status st = SENNIT_EAUTH;

    for (size_t i = 0; i < auth->n_keys && st == SENNIT_EAUTH; i++)
        st = sennit_token_check(auth->keys[i], token, len, now_ms, out);
    return st == SENNIT_OK && auth_is_revoked(auth, out) ? SENNIT_EAUTH : st;
}

sennit_status auth_authorise(void *self, const char *token, size_t len, const char *document,
                             uint64_t now_ms, sennit_grant *out)
{
    const struct auth *auth = self;
    sennit_status st;

    *out = (sennit_grant){ .permission = SENNIT_NOTHING };
    if (auth->keys_path == NULL) {
        out->permission = SENNIT_EDIT;
        return SENNIT_OK;
    }
    st = auth_check(auth, token, len, now_ms, out);
    if (st == SENNIT_OK && !sennit_grant_covers(out, document))
        out->permission = SENNIT_NOTHING;
    return st;
}
