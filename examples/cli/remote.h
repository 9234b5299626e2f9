/* A document on a server, as the command line joins it. */
#ifndef REMOTE_H
#define REMOTE_H

#include <stdbool.h>

#include "cli.h"
#include "common/client.h"

/* Where a document is, and with what right: the options that commands share. */
struct remote_where {
    const char *address;    /* as the user wrote it */
    const char *token_file; /* or NULL: $SENNIT_TOKEN, if that is set */
    const char *ca_file;    /* certificates to trust, or NULL: the system's */
};

#define REMOTE_TOKEN_FILE 300
#define REMOTE_CA 301
#define REMOTE_OPTIONS                                                                         \
    { "token-file", REMOTE_TOKEN_FILE, "FILE", 0,                                              \
      "Read the token from FILE; without it, $SENNIT_TOKEN is the token, if set", 0 },         \
    { "ca", REMOTE_CA, "FILE", 0, "Trust the certificates in FILE, instead of the system's", 0 }

/* Take an option of the above; false if it is none. */
bool remote_option(struct remote_where *where, int key, const char *arg);

struct remote {
    struct client client;
    sennit_session *session;
    char *url;      /* of the server */
    char *document; /* its name there */
    char *token;
    bool shown_offline;
    bool was_live;
};

/* Join a document. It takes no connection yet: errors are those of the address and
 * of files. remote_close also after a failure. */
int remote_open(struct remote *remote, const struct remote_where *where, sennit_doc *doc);
void remote_close(struct remote *remote);

/* Join it with another document, as if anew. */
int remote_reopen(struct remote *remote, sennit_doc *doc);

/* Wait for something to happen, on one more descriptor too, and do it. */
int remote_wait(struct remote *remote, int more_fd, int timeout_ms);

/* Take the next event, having printed what a user wants to know of it (quiet: only
 * what is wrong). 1 and the event, 0 if there is none. *code is CLI_REFUSED if the
 * server refuses, for good. */
int remote_event(struct remote *remote, bool quiet, sennit_event *event, int *code);

/* Wait until the document is in step, or refused. */
int remote_join(struct remote *remote, bool quiet);

#endif
