/* Connections: what the listener calls a peer and the hub a connection. */
#include "peer.h"
#include "common/out.h"

#include <stdlib.h>

#define PEER_GOING_AWAY 1001 /* RFC 6455, section 7.4.1 */
#define PEER_INTERNAL_ERROR 1011

struct peer *peer_new(sennit_hub *hub, uint64_t id, uint64_t now_ms)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (peer == NULL)
        return NULL;
    peer->id = id;
    sennit_buf_init(&peer->held, NULL);
    if (sennit_hub_connect(hub, peer, now_ms, &peer->connection) != SENNIT_OK) {
        free(peer);
        return NULL;
    }
    return peer;
}

void peer_free(struct peer *peer)
{
    sennit_buf_clear(&peer->held);
    free(peer);
}

static void peer_close(struct peer *peer, sennit_listener *listener, int code, const char *reason)
{
    peer->closing = true;
    sennit_listener_close(listener, peer->id, code, reason);
}

/* Hand over one frame. False if there is no more to do now. */
static bool peer_give(struct peer *peer, sennit_listener *listener, const void *data, size_t len)
{
    sennit_status st = sennit_listener_send(listener, peer->id, data, len);

    if (st == SENNIT_OK)
        return true;
    if (st != SENNIT_EBUSY)
        peer_close(peer, listener, PEER_INTERNAL_ERROR, sennit_status_text(st));
    return false;
}

/* The frame that was held. False if it still is. */
static bool peer_give_held(struct peer *peer, sennit_listener *listener)
{
    if (!peer->holds)
        return true;
    if (!peer_give(peer, listener, peer->held.data, peer->held.len))
        return false;
    peer->holds = false;
    sennit_buf_clear(&peer->held);
    return true;
}

static void peer_hold(struct peer *peer, sennit_listener *listener, const void *data, size_t len)
{
    peer->holds = out_add(&peer->held, data, len);
    if (!peer->holds) /* a frame less is one too few */
        peer_close(peer, listener, PEER_INTERNAL_ERROR, sennit_status_text(SENNIT_ENOMEM));
}

void peer_send(struct peer *peer, sennit_listener *listener)
{
    const void *data;
    const char *text;
    size_t len;
    int more, fault;

    if (peer->closing || !peer_give_held(peer, listener))
        return;
    while ((more = sennit_hub_next_frame(peer->connection, &data, &len)) == 1)
        if (!peer_give(peer, listener, data, len)) {
            if (!peer->closing)
                peer_hold(peer, listener, data, len);
            return;
        }
    fault = sennit_connection_fault(peer->connection, &text);
    if (more != 0)
        peer_close(peer, listener, PEER_INTERNAL_ERROR, sennit_status_text((sennit_status)more));
    else if (fault != 0)
        peer_close(peer, listener, fault == SENNIT_FAULT_AWAY ? PEER_GOING_AWAY : fault, text);
}

void peer_send_all(sennit_hub *hub, sennit_listener *listener)
{
    sennit_connection *ready;

    while ((ready = sennit_hub_next_ready(hub)) != NULL)
        peer_send(sennit_connection_host(ready), listener);
}
