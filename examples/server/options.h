/* How the server was asked to behave: flags, and a file of the same settings. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"

#define OPTIONS_ORIGINS_MAX 32

struct options {
    /* Where. Texts are never NULL but where it says so. */
    char address[64];         /* numeric, without brackets */
    uint16_t port;            /* 0: any free one */
    const char *address_file; /* to write the address that was taken to; or NULL */
    const char *data;         /* an SQLite file, or "memory" */
    const char *tls_cert;     /* or NULL, like the key */
    const char *tls_key;

    /* Who. */
    const char *token_key; /* file with public keys, or NULL */
    const char *revoked;   /* file with revocations, or NULL */
    bool open;
    const char *origins[OPTIONS_ORIGINS_MAX];
    size_t n_origins;

    /* How much; 0 is the library's default. */
    uint64_t max_connections, max_documents, max_channels;
    uint64_t max_frame, max_queue, max_presence, max_rate, max_text, max_parked;

    /* How long. */
    uint64_t handshake_ms, heartbeat_ms, presence_ms, unload_ms, drift_ms, group_ms, pace_ms, gather_ms, wait_ms;
    uint64_t keep_deleted_days; /* 0: for good */
    uint64_t lease_days;        /* 0: none */

    bool restored;
    enum log_level log_level;

    char **lines; /* of the config file: settings point into them */
    size_t n_lines;
};

/* What came of reading them. */
enum options_end {
    OPTIONS_RUN,  /* go on */
    OPTIONS_DONE, /* help or version was printed */
    OPTIONS_WRONG /* what is wrong was printed on standard error */
};

/* Read flags, and the file that --config names, which flags overrule; argv is kept. Free with
 * options_clear, whatever came of it. */
enum options_end options_read(struct options *out, int argc, char **argv);
void options_clear(struct options *options);

/* Whether an address is of this machine only. */
bool options_is_loopback(const char *address);

#endif
