#include "net/listener.h"

#include <netdb.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define CONN_NO_SLOT UINT32_MAX
#define CONN_ADDRESS 64 /* bytes of the longest address in numbers, with a zone */

/* --------------------------------------------------------------- Table -- */

static uint32_t conn_slot_of(uint64_t id)
{
    return (uint32_t)id;
}

static sennit_status conn_reserve_slot(sennit_listener *l)
{
    if (l->free_slot != CONN_NO_SLOT)
        return SENNIT_OK;
    SN_TRY(sn_mem_grow(&l->mem, (void **)&l->slots, &l->slots_cap, l->slots_len + 1,
                       sizeof *l->slots));
    l->slots[l->slots_len] = (sn_slot){NULL, CONN_NO_SLOT};
    l->free_slot = l->slots_len++;
    return SENNIT_OK;
}

sn_conn *sn_conn_in_slot(sennit_listener *l, uint32_t slot)
{
    return slot < l->slots_len ? l->slots[slot].conn : NULL;
}

sn_conn *sn_conn_find(sennit_listener *l, uint64_t id)
{
    sn_conn *conn = sn_conn_in_slot(l, conn_slot_of(id));

    return conn != NULL && conn->id == id ? conn : NULL;
}

void sn_conn_renew_id(sn_conn *conn)
{
    uint32_t serial = ++conn->listener->serial;

    conn->id = (uint64_t)serial << 32 | conn_slot_of(conn->id);
}

sn_conn *sn_conn_new(sennit_listener *l, int fd)
{
    if (conn_reserve_slot(l) != SENNIT_OK)
        return NULL;
    sn_conn *conn = sn_mem_resize(&l->mem, NULL, 0, sizeof *conn);
    if (conn == NULL)
        return NULL;
    memset(conn, 0, sizeof *conn);
    conn->listener = l;
    conn->fd = fd;
    conn->id = l->free_slot;
    sn_conn_renew_id(conn);
    sn_slot *slot = &l->slots[l->free_slot];
    l->free_slot = slot->next_free;
    slot->conn = conn;
    l->connections++;
    return conn;
}

static void conn_leave_ready(sn_conn *conn)
{
    sennit_listener *l = conn->listener;
    sn_conn *before = NULL;

    if (!conn->ready)
        return;
    for (sn_conn *at = l->first_ready; at != conn; at = at->next_ready)
        before = at;
    if (before != NULL)
        before->next_ready = conn->next_ready;
    else
        l->first_ready = conn->next_ready;
    if (l->last_ready == conn)
        l->last_ready = before;
    l->ready--;
}

void sn_conn_free(sn_conn *conn)
{
    sennit_listener *l = conn->listener;
    sn_slot *slot = &l->slots[conn_slot_of(conn->id)];

    SN_ASSERT(conn->peer == NULL && conn->http == NULL);
    conn_leave_ready(conn);
    sn_outbox_clear(&conn->out, &l->mem);
    sn_inbox_clear(&conn->in, &l->mem);
    sn_mem_free(&l->mem, conn->bye, sizeof *conn->bye);
    slot->conn = NULL;
    slot->next_free = l->free_slot;
    l->free_slot = conn_slot_of(conn->id);
    l->connections--;
    if (l->current == conn)
        l->current = NULL;
    sn_mem_free(&l->mem, conn, sizeof *conn);
}

/* --------------------------------------------------------------- Ready -- */

void sn_conn_make_ready(sn_conn *conn)
{
    sennit_listener *l = conn->listener;

    if (conn->ready)
        return;
    conn->ready = true;
    conn->next_ready = NULL;
    if (l->last_ready != NULL)
        l->last_ready->next_ready = conn;
    else
        l->first_ready = conn;
    l->last_ready = conn;
    l->ready++;
}

sn_conn *sn_conn_pop_ready(sennit_listener *l)
{
    sn_conn *conn = l->first_ready;

    if (conn == NULL)
        return NULL;
    l->first_ready = conn->next_ready;
    if (l->first_ready == NULL)
        l->last_ready = NULL;
    l->ready--;
    conn->ready = false;
    return conn;
}

static uint32_t conn_wants(const sn_conn *conn)
{
    uint32_t wants = EPOLLIN;

    if (conn->http != NULL && conn->http->waiting)
        return EPOLLRDHUP;
    if (lws_partial_buffered(conn->wsi) || !sn_outbox_empty(&conn->out) ||
        (conn->http != NULL && conn->http->answered && !sn_answer_is_sent(&conn->http->answer)))
        wants |= EPOLLOUT;
    return wants;
}

void sn_conn_arm(sn_conn *conn)
{
    struct epoll_event event = {.events = conn_wants(conn), .data.u64 = conn_slot_of(conn->id)};
    int how = conn->armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    if (event.events == conn->armed)
        return;
    if (epoll_ctl(conn->listener->epoll_fd, how, conn->fd, &event) == 0)
        conn->armed = event.events;
}

void sn_conn_set_deadline(sn_conn *conn, uint32_t ms)
{
    conn->has_deadline = ms != 0;
    if (ms != 0)
        lws_set_timer_usecs(conn->wsi, (lws_usec_t)ms * 1000);
}

/* ------------------------------------------------------------- Asking -- */

const char *sn_conn_header(sn_conn *conn, enum lws_token_indexes header, size_t *at)
{
    char *to = conn->listener->scratch + *at;
    size_t room = SN_LISTENER_SCRATCH - *at;
    int len = room > 1 ? lws_hdr_copy(conn->wsi, to, (int)room, header) : -1;

    if (len < 0)
        return NULL;
    *at += strlen(to) + 1;
    return to;
}

const char *sn_conn_address(sn_conn *conn, size_t *at)
{
    char *to = conn->listener->scratch + *at;
    size_t room = SN_LISTENER_SCRATCH - *at;
    struct sockaddr_storage name;
    socklen_t len = sizeof name;

    if (room < CONN_ADDRESS)
        return NULL;
    *to = 0;
    if (getpeername(conn->fd, (struct sockaddr *)&name, &len) == 0)
        getnameinfo((struct sockaddr *)&name, len, to, CONN_ADDRESS, NULL, 0, NI_NUMERICHOST);
    *at += strlen(to) + 1;
    return strncmp(to, "::ffff:", 7) == 0 ? to + 7 : to;
}
