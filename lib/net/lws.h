/* libwebsockets, which enters here and nowhere else, and what a client and a
 * listener ask of it alike.
 *
 * What it keeps for the whole process: its log, which is turned off; that SIGPIPE
 * is ignored; OpenSSL.
 */
#ifndef SN_LWS_H
#define SN_LWS_H

#include "base/mem.h"

#include <libwebsockets.h>

#define SN_PROTOCOL_NAME "sennit" /* Sec-WebSocket-Protocol */

/* Bytes of a frame in one piece: a longer one goes out in several, for what the
 * socket does not take of a piece is copied by libwebsockets. */
#define SN_LWS_PIECE 32768u

/* Wait so long for the other end to take or give a farewell. */
#define SN_CLOSE_SECONDS 5

/* What a context is made with in any case: quietly, for HTTP/1.1 alone, without a
 * look at the environment, without keep-alive pings of its own. */
struct lws_context_creation_info sn_lws_defaults(const struct lws_protocols *protocols);

/* Make a context with one virtual host, whose options have TLS or not. Returns the
 * context, which owns the host; NULL: no memory. *vhost is NULL if the host could not
 * be made: its certificate or key is no good. */
struct lws_context *sn_lws_make(struct lws_context_creation_info *info, bool tls,
                                struct lws_vhost **vhost);

/* What a client trusts: the authorities in a file, or NULL: the system's. NULL if they
 * cannot be read. Left to itself, libwebsockets also trusts what lies in the folder
 * "../share", and reads all of it anew for each connection.
 * Owns: it is for SSL_CTX_free. */
SSL_CTX *sn_lws_trust(const char *ca_file);

static inline uint64_t sn_lws_now_ms(void)
{
    return (uint64_t)lws_now_usecs() / 1000;
}

#endif
