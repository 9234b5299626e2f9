/* One document on one connection, at the server.
 *
 *     (none) --hello--> LIVE --leave, error--> (none)
 *        |                ^
 *        +--forked--> FORKED --hello under another replica
 *
 * Who is let in: greet.c. Operations: admit.c. What goes out: outgoing.c.
 */
#include "core/check/digest.h"
#include "sync/hub.h"
#include "wire/wire.h"

#define CHANNEL_PENDING 64u

/* ---- Opening and closing ---- */

static void channel_leave_room(sn_channel *c)
{
    sn_channel **at = &c->room->channels;

    while (*at != c)
        at = &(*at)->next_in_room;
    *at = c->next_in_room;
    if (c->presence.len > 0)
        sn_room_presence(c->room, c, true);
}

void sn_channel_free(sn_channel *c)
{
    sennit_connection *connection = c->connection;
    sennit_hub *hub = connection->hub;
    sn_channel **at = &connection->channels;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    connection->channels_len--;
    channel_leave_room(c);
    sn_lease_hold(c);
    sn_hub_note(hub, SENNIT_HUB_LEFT, connection, c->room->name, c->user, 0, NULL, 0);
    if (c->room->channels == NULL)
        c->room->idle_since_ms = hub->now_ms;
    hub->stat.channels--;
    sn_point_drop(c->room, &c->point);
    sn_point_drop(c->room, &c->greeted);
    sn_mem_free(&hub->mem, c->pending, c->pending_cap * sizeof *c->pending);
    sn_mem_free(&hub->mem, c->user, strlen(c->user) + 1);
    sennit_buf_clear(&c->presence);
    sn_mem_free(&hub->mem, c, sizeof *c);
}

static sennit_status put_error(sennit_connection *connection, uint64_t channel, sennit_fault fault,
                               const char *text)
{
    const sn_message m = {.type = SN_ERROR, .channel = channel, .n = {fault},
                          .s = {sn_bytes_of(text, strlen(text))}};

    return sn_connection_put(connection, &m);
}

/* Without memory for the error the connection is closed, which says it too. */
void sn_channel_turn_away(sennit_connection *connection, uint64_t channel, const char *document,
                          const char *user, sennit_fault fault, const char *text)
{
    connection->hub->stat.refused++;
    sn_hub_note(connection->hub, SENNIT_HUB_REFUSED, connection, document, user, fault, text, 0);
    if (put_error(connection, channel, fault, text) != SENNIT_OK)
        sn_connection_fail(connection, fault, text);
}

void sn_channel_refuse(sn_channel *c, sennit_fault fault, const char *text)
{
    sn_channel_turn_away(c->connection, c->number, c->room->name, c->user, fault, text);
    sn_channel_free(c);
}

/* ---- Other messages in ---- */

static sennit_status take_presence(sn_channel *c, const sn_message *m)
{
    const sn_bytes *state = &m->s[SN_PRESENCE_STATE];
    const sennit_hub *hub = c->room->hub;

    if (state->len > hub->options.max_presence) {
        sn_channel_refuse(c, SENNIT_FAULT_TOO_LARGE, "presence too large");
        return SENNIT_OK;
    }
    bool was = c->presence.len > 0;
    SN_TRY(sn_buf_reserve(&c->presence, state->len));
    c->presence.len = 0;
    SN_TRY(sn_buf_put(&c->presence, state->data, state->len));
    c->presence_from_ms = hub->now_ms;
    if (was || state->len > 0)
        sn_room_presence(c->room, c, state->len == 0);
    return SENNIT_OK;
}

static sennit_status take_leave(sn_channel *c, const sn_message *m)
{
    (void)m;
    sn_channel_free(c);
    return SENNIT_OK;
}

/* The peer's document misses something: it is caught up from what it has surely. */
static sennit_status take_want(sn_channel *c, const sn_message *m)
{
    (void)m;
    c->behind = true;
    sn_connection_ready(c->connection);
    return SENNIT_OK;
}

/* Only its author voids a replica, and only what nobody here has. */
static sennit_status take_void(sn_channel *c, const sn_message *m)
{
    uint64_t replica = m->n[SN_VOID_REPLICA], from = m->n[SN_VOID_FROM];
    const sn_owner *owner = sn_registry_find(&c->room->owners, replica);
    bool mine = owner == NULL || owner->user == NULL || strcmp(owner->user, c->user) == 0;

    if (!mine || c->permission < SENNIT_EDIT || sennit_doc_known(c->room->doc, replica) > from)
        return SENNIT_OK;
    SN_TRY(sn_registry_void(c->room, replica, from, m->n[SN_VOID_RENEWED]));
    if (c->room->doc->park.pieces_len > 0) /* some of it may wait */
        SN_TRY(sennit_doc_void(c->room->doc, replica, from, 0, 0, NULL));
    sn_hub_note(c->room->hub, SENNIT_HUB_VOIDED, c->connection, c->room->name, c->user, 0, NULL, from);
    for (sn_channel *o = c->room->channels; o != NULL; o = o->next_in_room) {
        sn_message told = {.type = SN_VOID, .channel = o->number, .n = {m->n[0], m->n[1], m->n[2]}};

        if (o != c)
            SN_TRY(sn_connection_put(o->connection, &told));
    }
    return SENNIT_OK;
}

/* Digests of a replica at some counts, as far as it is known here; their shapes' where text
 * is gone. */
static sennit_status take_probe(sn_channel *c, const sn_message *m)
{
    sn_item items[64];
    uint64_t counts[64], digests[64], replica = m->n[SN_PROBE_REPLICA];
    uint64_t known = sennit_doc_known(c->room->doc, replica);
    sn_message answer = {.type = SN_DIGESTS, .channel = c->number, .n = {replica}, .items = items};
    size_t n = 0;

    if (m->items_len > 64)
        return SENNIT_ECORRUPT;
    for (; n < m->items_len && m->items[n].number <= known; n++)
        counts[n] = m->items[n].number;
    if (n > 0 && !sn_connection_spend(c->connection, counts[n - 1] / SN_DIGESTED))
        return SENNIT_OK;
    if (sn_digest_told(c->room->doc, replica, counts, n, digests) != SENNIT_OK)
        return SENNIT_ECORRUPT;
    answer.items_len = n;
    for (size_t i = 0; i < answer.items_len; i++)
        items[i].number = digests[i];
    return sn_connection_put(c->connection, &answer);
}

typedef sennit_status channel_action(sn_channel *c, const sn_message *m);

static sennit_status let_pass(sn_channel *c, const sn_message *m)
{
    (void)c, (void)m;
    return SENNIT_OK;
}

/* What each message does in each state; NULL: out of turn. Hello is dealt with
 * before, it makes the channel. What was under way at a fork passes. */
static channel_action *const channel_table[SN_CHANNEL_STATES][SN_MESSAGE_TYPES] = {
    [SN_CHANNEL_FORKED] = {[SN_PROBE] = take_probe, [SN_LEAVE] = take_leave, [SN_DELTA] = let_pass,
                           [SN_PRESENCE] = let_pass, [SN_WANT] = let_pass, [SN_VOID] = let_pass},
    [SN_CHANNEL_LIVE] = {[SN_DELTA] = sn_channel_take_delta, [SN_PRESENCE] = take_presence,
                         [SN_LEAVE] = take_leave, [SN_WANT] = take_want, [SN_VOID] = take_void,
                         [SN_PROBE] = take_probe},
};

sennit_status sn_channel_take(sn_channel *c, const sn_message *m)
{
    channel_action *action = channel_table[c->state][m->type];

    return action != NULL ? action(c, m) : SENNIT_ECORRUPT;
}

/* ---- What is durable ---- */

sennit_status sn_channel_await(sn_channel *c, bool urgent)
{
    sennit_hub *hub = c->room->hub;
    const sn_room *room = c->room;
    const sn_pending now = {c->applied, c->out_serial, room->unstored ? SN_UNSTORED : room->ticket};

    c->pending_urgent = c->pending_urgent || urgent;
    if (c->pending_len > 0 && (c->pending[c->pending_len - 1].ticket == now.ticket ||
                               c->pending_len == CHANNEL_PENDING)) {
        c->pending[c->pending_len - 1] = now;
        return SENNIT_OK;
    }
    SN_TRY(sn_mem_grow32(&hub->mem, (void **)&c->pending, &c->pending_cap,
                         (size_t)c->pending_len + 1, sizeof *c->pending));
    c->pending[c->pending_len++] = now;
    return SENNIT_OK;
}

void sn_channel_settle(sn_channel *c, uint64_t durable, bool all)
{
    uint32_t done = 0;

    if (!all && !c->pending_urgent)
        return;
    for (uint32_t i = 0; i < c->pending_len && !c->room->unstored; i++)
        if (c->pending[i].ticket == SN_UNSTORED)
            c->pending[i].ticket = c->room->ticket;
    while (done < c->pending_len && c->pending[done].ticket <= durable)
        done++;
    if (done == 0)
        return;
    c->durable_yours = c->pending[done - 1].yours;
    c->durable_mine = c->pending[done - 1].mine;
    c->durable_due = true;
    c->pending_len -= done;
    memmove(c->pending, c->pending + done, c->pending_len * sizeof *c->pending);
    c->pending_urgent = c->pending_urgent && c->pending_len > 0;
    sn_connection_ready(c->connection);
}
