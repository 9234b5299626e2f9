/* A connection that is a WebSocket. */
#include "net/listener.h"

/* ------------------------------------------------------------- Opening -- */

/* The status to refuse an upgrade with, or 0. */
static int peer_judge(sn_conn *conn)
{
    sennit_listener *l = conn->listener;
    size_t at = 0;
    const char *path = sn_conn_header(conn, WSI_TOKEN_GET_URI, &at);
    const char *origin = sn_conn_header(conn, WSI_TOKEN_ORIGIN, &at);
    const char *version = sn_conn_header(conn, WSI_TOKEN_VERSION, &at);
    const char *address = sn_conn_address(conn, &at);

    if (path == NULL || origin == NULL || version == NULL || address == NULL)
        return 400;
    if (*path == 0)
        return 405;
    if (strcmp(path, l->path) != 0)
        return 404;
    if (strcmp(version, "13") != 0)
        return 426;
    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_KEY) == 0)
        return 400;
    return l->owner.admit != NULL ? l->owner.admit(l->owner.self, path, origin, address) : 0;
}

static bool peer_is_websocket(const char *upgrade)
{
    static const char name[] = "websocket";

    for (size_t i = 0; name[i] != 0; i++)
        if ((upgrade[i] | 0x20) != name[i])
            return false;
    return upgrade[sizeof name - 1] == 0;
}

/* A request with an Upgrade header. One to anything else than a WebSocket may be
 * ignored (RFC 9110, 7.8), and is once the header says nothing. Without headers it
 * is one that libwebsockets itself has refused already. */
int sn_peer_admit(sn_conn *conn, char *upgrade)
{
    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_UPGRADE) == 0)
        return -1;
    if (!peer_is_websocket(upgrade)) {
        upgrade[0] = 0;
        return 0;
    }
    int status = peer_judge(conn);
    return status != 0 ? sn_http_refuse(conn, status) : 0;
}

int sn_peer_opened(sn_conn *conn)
{
    sennit_listener *l = conn->listener;

    conn->is_peer = true;
    sn_conn_set_deadline(conn, 0);
    conn->peer = l->owner.opened(l->owner.self, conn->id);
    if (conn->peer == NULL)
        sennit_listener_close(l, conn->id, SN_CLOSE_FAILED, "cannot be taken now");
    return 0;
}

/* ----------------------------------------------------------- Receiving -- */

static bool peer_is_closing(const sn_conn *conn)
{
    return conn->bye_code != 0;
}

int sn_peer_received(sn_conn *conn, const void *piece, size_t len)
{
    sennit_listener *l = conn->listener;
    const void *frame;
    size_t n;

    if (peer_is_closing(conn))
        return 0;
    int code = sn_inbox_take(&conn->in, &l->mem, conn->wsi, piece, len, l->options.max_frame,
                             &frame, &n);
    l->received = l->received || code == 1;
    if (code == 1)
        l->owner.received(l->owner.self, conn->peer, frame, n);
    else if (code != 0)
        sennit_listener_close(l, conn->id, code,
                              code == SN_CLOSE_KIND ? "frames are binary" : "frame too long");
    if (code != 0)
        sn_inbox_clear(&conn->in, &l->mem);
    return 0;
}

/* ------------------------------------------------------------- Sending -- */

/* A short frame that nothing waits before needs no copy that is kept, and no turn of
 * libwebsockets; but not below it, where it would not expect that. */
static bool peer_is_free(const sn_conn *conn, size_t len)
{
    return conn->listener->calls == 0 && len <= SN_LISTENER_SHORT && !conn->broken &&
           sn_outbox_empty(&conn->out) && !lws_partial_buffered(conn->wsi);
}

/* What does not go out is kept by libwebsockets, and waits for its turn. */
static void peer_send_now(sn_conn *conn, const void *data, size_t len)
{
    uint8_t *frame = conn->listener->frame + LWS_PRE;

    if (len > 0)
        memcpy(frame, data, len);
    conn->broken = lws_write(conn->wsi, frame, len, LWS_WRITE_BINARY) < (int)len;
    if (conn->broken || lws_partial_buffered(conn->wsi))
        sn_conn_make_ready(conn);
}

sennit_status sennit_listener_send(sennit_listener *listener, uint64_t id, const void *data,
                                   size_t len)
{
    sn_conn *conn = sn_conn_find(listener, id);

    if (conn == NULL || !conn->is_peer || peer_is_closing(conn))
        return SENNIT_ECLOSED;
    if (peer_is_free(conn, len)) {
        peer_send_now(conn, data, len);
        return SENNIT_OK;
    }
    sennit_status st = sn_outbox_put(&conn->out, &listener->mem, data, len,
                                     listener->options.max_queue);
    if (st == SENNIT_EBUSY)
        conn->full = true;
    if (st == SENNIT_OK)
        sn_conn_make_ready(conn);
    return st;
}

static void peer_tell_room(sn_conn *conn)
{
    sennit_listener *l = conn->listener;

    if (!conn->full || conn->peer == NULL || conn->out.bytes > l->options.max_queue / 2)
        return;
    conn->full = false;
    if (l->owner.writable != NULL)
        l->owner.writable(l->owner.self, conn->peer);
}

static int peer_say_farewell(sn_conn *conn)
{
    const char *reason = conn->bye != NULL ? conn->bye->reason : "";

    if (conn->said_it)
        return 0;
    conn->said_it = true;
    lws_close_reason(conn->wsi, (enum lws_close_status)conn->bye_code,
                     (uint8_t *)(uintptr_t)reason, strlen(reason));
    sn_conn_make_ready(conn);
    return -1;
}

int sn_peer_writable(sn_conn *conn)
{
    if (conn->broken || !sn_outbox_flush(&conn->out, &conn->listener->mem, conn->wsi))
        return -1;
    if (!peer_is_closing(conn))
        peer_tell_room(conn);
    else if (sn_outbox_empty(&conn->out) && !lws_partial_buffered(conn->wsi))
        return peer_say_farewell(conn);
    return 0;
}

/* ------------------------------------------------------------- Closing -- */

/* Note how it ends, if nothing was noted yet; false then. */
static bool peer_note(sn_conn *conn, int code, const char *reason, size_t len)
{
    if (peer_is_closing(conn))
        return false;
    conn->bye = sn_mem_resize(&conn->listener->mem, NULL, 0, sizeof *conn->bye);
    if (conn->bye != NULL)
        sn_farewell_note(conn->bye, code, reason, len);
    conn->bye_code = code;
    return true;
}

void sennit_listener_close(sennit_listener *listener, uint64_t id, int code, const char *reason)
{
    sn_conn *conn = sn_conn_find(listener, id);
    sn_farewell bye;

    sn_farewell_say(&bye, code, reason);
    if (conn == NULL || !conn->is_peer || !peer_note(conn, bye.code, bye.reason, strlen(bye.reason)))
        return;
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_CLOSE_SEND, SN_CLOSE_SECONDS);
    sn_conn_make_ready(conn);
}

/* The other end says farewell: a code in two bytes, and a reason. */
int sn_peer_farewell(sn_conn *conn, const uint8_t *data, size_t len)
{
    if (len < 2)
        peer_note(conn, SN_CLOSE_NO_CODE, "", 0);
    else
        peer_note(conn, data[0] << 8 | data[1], (const char *)data + 2, len - 2);
    sn_outbox_clear(&conn->out, &conn->listener->mem);
    return 0;
}

void sn_peer_gone(sn_conn *conn)
{
    sennit_listener *l = conn->listener;
    void *peer = conn->peer;

    if (peer == NULL)
        return;
    conn->peer = NULL;
    peer_note(conn, SN_CLOSE_BROKEN, "connection lost", 15);
    if (l->owner.closed != NULL)
        l->owner.closed(l->owner.self, peer, conn->bye_code,
                        conn->bye != NULL ? conn->bye->reason : "");
}
