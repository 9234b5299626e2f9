/* Connections: what the listener calls a peer and the hub a connection. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>

#include <sennit/sync.h>
#include <sennit/transport.h>

#include "log.h"

struct peer {
    uint64_t id; /* the listener's */
    sennit_connection *connection;
    sennit_buf held;  /* a frame that the listener had no room for */
    bool holds;       /* there is one */
    bool closing;     /* the listener was told */
};

/* Take in a connection. NULL if there is no room for it. */
struct peer *peer_new(sennit_hub *hub, uint64_t id, uint64_t now_ms);

/* Free one that the hub was told is gone. */
void peer_free(struct peer *peer);

/* Hand what waits for a peer to the listener, as far as it has room, and close
 * the connection if that is to be done after it. */
void peer_send(struct peer *peer, sennit_listener *listener);

/* The same for everybody the hub has something for. */
void peer_send_all(sennit_hub *hub, sennit_listener *listener);

#endif
