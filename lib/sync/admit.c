/* Deltas that a peer sends, at the server. Every operation that is new here is asked
 * about before it counts: may this user write, under this replica, and is its time not
 * from the future. */
#include "sync/hub.h"
#include "wire/wire.h"

/* One delta on its way in. */
typedef struct entering {
    const sn_channel *channel;
    uint64_t replica;  /* of the peer; 0: none is known */
    bool begun;        /* its first change was looked at */
    bool own, foreign; /* it holds operations of this replica, or of others */
    uint64_t own_end;  /* where those of this replica end */
    bool bind;         /* the replica is to be bound to this user */
    bool redacts;      /* what is stored holds text that is redacted by it */
} entering;

static sennit_status enter_replica(entering *e, uint64_t replica, uint64_t end)
{
    const sn_channel *c = e->channel;
    const sn_owner *owner = sn_registry_find(&c->room->owners, replica);

    if (owner != NULL && end > owner->from)
        return SENNIT_EAUTH;
    if (owner != NULL && owner->user != NULL)
        return strcmp(owner->user, c->user) == 0 || c->permission == SENNIT_ADMIN ? SENNIT_OK
                                                                               : SENNIT_EAUTH;
    e->bind = e->bind || (replica == e->replica && c->room->hub->options.authorise != NULL);
    return SENNIT_OK;
}

/* A peer that had no replica when it greeted may have begun to write. Then it comes with
 * one that it did not know before; else it brings what others wrote. */
static uint64_t enter_peer(const sn_channel *c, const sennit_change *first)
{
    const sn_point *had = c->greeted;
    uint64_t replica, count;

    for (size_t at = 0; sennit_version_next(had->version, had->len, &at, &replica, &count) == 1;)
        if (replica == first->replica)
            return 0;
    return first->first == 0 ? first->replica : 0;
}

/* May be asked about the same change twice. A toggle is none of a comment's: it
 * could bring deleted text back. */
static sennit_status enter_change(void *arg, const sennit_change *change, unsigned kinds)
{
    const unsigned comments = SENNIT_KIND_MARK;
    entering *e = arg;
    const sennit_hub *hub = e->channel->room->hub;
    sennit_permission permission = e->channel->permission;

    if (e->replica == 0 && !e->begun)
        e->replica = enter_peer(e->channel, change);
    e->begun = true;
    e->redacts = e->redacts || (kinds & SENNIT_KIND_REDACTION) != 0;
    e->own = e->own || (change->replica != 0 && change->replica == e->replica);
    e->foreign = e->foreign || change->replica != e->replica || change->replica == 0;
    if (change->replica == e->replica)
        e->own_end = sn_max_u64(e->own_end, change->first + change->operations);
    if (permission < SENNIT_COMMENT || (permission < SENNIT_EDIT && (kinds & ~comments) != 0) ||
        (permission < SENNIT_ADMIN && (kinds & SENNIT_KIND_REDACTION) != 0))
        return SENNIT_EAUTH;
    if (change->unix_ms == UINT64_MAX)
        return SENNIT_EBUSY; /* a keystroke whose time is that of one that waits */
    if (change->unix_ms > hub->now_ms + hub->options.max_drift_ms)
        return SENNIT_ECLOCK;
    return enter_replica(e, change->replica, change->first + change->operations);
}

static sennit_fault entry_fault(sennit_status st)
{
    switch (st) {
    case SENNIT_EAUTH: return SENNIT_FAULT_FORBIDDEN;
    case SENNIT_ECLOCK: return SENNIT_FAULT_CLOCK;
    case SENNIT_EFORK: return SENNIT_FAULT_FORKED;
    case SENNIT_ELINEAGE: return SENNIT_FAULT_LINEAGE;
    case SENNIT_ELIMIT: return SENNIT_FAULT_TOO_LARGE;
    case SENNIT_EVERSION: return SENNIT_FAULT_VERSION;
    case SENNIT_EGONE: return SENNIT_FAULT_GONE;
    case SENNIT_EBUSY: /* said again, it tells its own time */
    case SENNIT_ENOMEM: return SENNIT_FAULT_STORAGE;
    default: return SENNIT_FAULT_PROTOCOL;
    }
}

static sennit_status channel_want(sn_channel *c)
{
    uint64_t replica, after;

    for (size_t at = 0; sennit_doc_next_missing(c->room->doc, &at, &replica, &after) == 1;) {
        const sn_message m = {.type = SN_WANT, .channel = c->number, .n = {replica, after}};

        SN_TRY(sn_connection_put(c->connection, &m));
    }
    return SENNIT_OK;
}

/* All that a channel brought so far is merged: it is to be acknowledged. */
static sennit_status channel_took(sn_channel *c)
{
    c->waiting_for = 0;
    c->applied = c->in_serial;
    sn_hub_owe(c);
    return sn_channel_await(c, true);
}

/* Something was merged: so may have been what waited for it. */
static sennit_status room_release(sn_room *room)
{
    room->held = false;
    for (sn_channel *c = room->channels; c != NULL; c = c->next_in_room) {
        if (c->waiting_for == 0)
            continue;
        if (sennit_doc_known(room->doc, c->replica) >= c->waiting_for)
            SN_TRY(channel_took(c));
        else
            room->held = true;
    }
    return SENNIT_OK;
}

/* What waited was merged: who was caught up meanwhile did not get it, and storage may
 * have it no more. */
static void room_woke(sn_room *room)
{
    room->unstored = room->unstored || room->waits_unlogged;
    for (sn_channel *c = room->channels; c != NULL; c = c->next_in_room) {
        if (c->state != SN_CHANNEL_LIVE)
            continue;
        c->behind = true;
        sn_connection_ready(c->connection);
    }
}

/* Let a delta in: 0, or the fault. */
static sennit_fault channel_enter(sn_channel *c, const sn_bytes *delta, const char **text)
{
    entering e = {.channel = c, .replica = c->replica};
    const sennit_admission admission = {enter_change, &e};
    sennit_error err = {SENNIT_OK, 0, "refused"};
    sennit_hub *hub = c->room->hub;
    const uint64_t waited = c->room->doc->park.operations;
    sennit_applied applied;

    sennit_status st = sennit_doc_admit(c->room->doc, delta->data, delta->len, NULL, &admission,
                                        &applied, &err);
    *text = err.what;
    if (st == SENNIT_EAUTH && e.foreign && !e.own)
        return 0; /* somebody else has it and will bring it */
    if (st != SENNIT_OK)
        return entry_fault(st);
    c->replica = e.replica;
    c->room->redacted = c->room->redacted || e.redacts;
    c->room->unstored = c->room->unstored || e.redacts; /* so it is stored anew */
    if (e.bind && sn_registry_bind(c->room, c->replica, c->user) != SENNIT_OK)
        c->room->unstored = true;
    hub->stat.deltas_in++;
    hub->stat.operations += applied.applied + applied.parked;
    hub->stat.merged += c->behind || c->place < c->room->ring_first + c->room->ring_len;
    if (applied.parked > 0 && channel_want(c) != SENNIT_OK)
        return SENNIT_FAULT_STORAGE;
    if (applied.applied + applied.parked > 0)
        sn_room_relay(c->room, c->session, delta->data, delta->len);
    if (waited + applied.parked > c->room->doc->park.operations)
        room_woke(c->room);
    if (e.own_end > sennit_doc_known(c->room->doc, c->replica)) { /* some of it waits */
        c->waiting_for = sn_max_u64(c->waiting_for, e.own_end);
        c->room->held = true;
    }
    return c->room->held && room_release(c->room) != SENNIT_OK ? SENNIT_FAULT_STORAGE : 0;
}

sennit_status sn_channel_take_delta(sn_channel *c, const sn_message *m)
{
    sennit_connection *connection = c->connection;
    const char *text;

    if (m->n[SN_DELTA_SERIAL] != c->in_serial + 1)
        return SENNIT_ECORRUPT;
    for (size_t i = 0; i < m->items_len; i++) {
        sennit_fault fault = channel_enter(c, &m->items[i].bytes, &text);

        if (fault == SENNIT_FAULT_FORKED) {
            sn_channel_turn_away(connection, c->number, c->room->name, c->user, fault, text);
            c->state = SN_CHANNEL_FORKED;
            return SENNIT_OK;
        }
        if (fault != 0) {
            sn_channel_refuse(c, fault, text);
            return fault == SENNIT_FAULT_PROTOCOL ? SENNIT_ECORRUPT : SENNIT_OK;
        }
    }
    c->in_serial++;
    return c->waiting_for == 0 ? channel_took(c) : SENNIT_OK;
}
