/* One document on one connection, at the server.
 *
 *     (none) --hello--> LIVE --leave, error--> (none)
 *        |                ^
 *        +--forked--> FORKED --hello under another replica
 *
 * Every operation that is new here is asked about before it counts: may this user
 * write, under this replica, and is its time not from the future.
 */
#include "base/hash.h"
#include "sync/hub.h"
#include "wire/wire.h"

#define CHANNEL_PENDING 64u
#define CATCHUP_BYTES (128u << 10) /* of one delta of a catch-up, about */

/* ---- Opening and closing ---- */

static char *copy_text(sn_mem *mem, const char *text)
{
    char *copy = sn_mem_resize(mem, NULL, 0, strlen(text) + 1);

    return copy != NULL ? memcpy(copy, text, strlen(text) + 1) : NULL;
}

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
    sn_hub_note(hub, SENNIT_HUB_LEFT, connection, c->room->name, c->user, 0, NULL, 0);
    if (c->room->channels == NULL)
        c->room->idle_since_ms = hub->now_ms;
    hub->stat.channels--;
    sn_point_drop(c->room, &c->point);
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
static void refuse(sennit_connection *connection, uint64_t channel, const char *document,
                   const char *user, sennit_fault fault, const char *text)
{
    connection->hub->stat.refused++;
    sn_hub_note(connection->hub, SENNIT_HUB_REFUSED, connection, document, user, fault, text, 0);
    if (put_error(connection, channel, fault, text) != SENNIT_OK)
        sn_connection_fail(connection, fault, text);
}

void sn_channel_refuse(sn_channel *c, sennit_fault fault, const char *text)
{
    refuse(c->connection, c->number, c->room->name, c->user, fault, text);
    sn_channel_free(c);
}

/* ---- Hello ---- */

static sn_channel *channel_find(const sennit_connection *connection, uint64_t number)
{
    sn_channel *c = connection->channels;

    while (c != NULL && c->number != number)
        c = c->next;
    return c;
}

static sennit_status hello_authorise(sennit_connection *connection, const sn_message *m,
                                     const char *name, sennit_grant *grant)
{
    const sennit_hub *hub = connection->hub;
    const sn_bytes *token = &m->s[SN_HELLO_TOKEN];

    *grant = (sennit_grant){.permission = SENNIT_EDIT};
    if (hub->options.authorise == NULL)
        return SENNIT_OK;
    return hub->options.authorise(hub->options.authorise_self, (const char *)token->data, token->len,
                                  name, hub->now_ms, grant);
}

static sennit_status channel_new(sennit_connection *connection, sn_room *room, uint64_t number,
                                 const sennit_grant *grant, sn_channel **out)
{
    sennit_hub *hub = connection->hub;
    sn_channel *c = *out = sn_mem_resize(&hub->mem, NULL, 0, sizeof *c);

    if (c == NULL)
        return SENNIT_ENOMEM;
    *c = (sn_channel){.connection = connection, .room = room, .number = number,
                      .session = ++hub->sessions, .permission = grant->permission,
                      .expires_ms = grant->expires_ms, .token_id = grant->id,
                      .user = copy_text(&hub->mem, grant->user)};
    if (c->user == NULL) {
        sn_mem_free(&hub->mem, c, sizeof *c);
        return SENNIT_ENOMEM;
    }
    sennit_buf_init(&c->presence, &hub->mem.alloc);
    c->next = connection->channels;
    connection->channels = c;
    connection->channels_len++;
    c->next_in_room = room->channels;
    room->channels = c;
    hub->stat.channels++;
    return SENNIT_OK;
}

/* What the peer says it has; it is caught up from there. */
static sennit_status channel_set_version(sn_channel *c, const sn_bytes *version)
{
    SN_TRY(sn_point_new(c->room, version->data, version->len, &c->point));
    c->behind = true;
    c->place = c->room->ring_first + c->room->ring_len;
    return SENNIT_OK;
}

/* Another channel under the same replica: it is the same one, come again before its
 * old connection was found dead, or a copy, which will take another id. */
static void channel_oust(sn_channel *c)
{
    for (sn_channel *o = c->room->channels, *next; o != NULL; o = next) {
        next = o->next_in_room;
        if (o == c || o->state != SN_CHANNEL_LIVE || o->replica != c->replica || c->replica == 0 ||
            sn_min_u64(o->permission, c->permission) < SENNIT_COMMENT)
            continue; /* who only reads is in nobody's way */
        refuse(o->connection, o->number, c->room->name, o->user, SENNIT_FAULT_FORKED,
               "this replica has come again elsewhere");
        o->state = SN_CHANNEL_FORKED;
        o->replica = 0;
    }
}

/* The digest of the first operations of a replica here; 0 if it cannot be told. */
static uint64_t room_digest(const sn_room *room, uint64_t replica, uint64_t count)
{
    uint64_t digest = 0;

    if (count == 0 || sennit_doc_digest(room->doc, replica, &count, 1, &digest) != SENNIT_OK)
        return 0;
    return digest;
}

/* Whether the replica that greets went another way than the one known here. One
 * that knows less than is known here is an old copy of itself. */
static bool hello_is_forked(const sn_room *room, const sn_message *m, const char *user)
{
    uint64_t replica = m->n[SN_HELLO_REPLICA], count = m->n[SN_HELLO_COUNT];
    uint64_t known = sennit_doc_known(room->doc, replica), digest;
    const sn_owner *owner = sn_registry_find(&room->owners, replica);

    if (replica == 0)
        return false;
    if (owner != NULL && ((owner->user != NULL && strcmp(owner->user, user) != 0) ||
                          count > owner->from))
        return true;
    if (count < known)
        return true;
    digest = room_digest(room, replica, known);
    return count == known && digest != 0 && m->n[SN_HELLO_DIGEST] != 0 &&
           digest != m->n[SN_HELLO_DIGEST];
}

static bool room_is_blank(const sn_room *room)
{
    sennit_stat stat;

    sennit_doc_stat(room->doc, &stat);
    return stat.operations == 0 && stat.parked == 0;
}

/* Let those who are at a document that has nothing in it greet again. */
static void room_begin_anew(sn_room *room, const uint8_t lineage[16])
{
    sn_doc_set_lineage(room->doc, lineage);
    for (sn_channel *o = room->channels; o != NULL; o = o->next_in_room) {
        if (o->state != SN_CHANNEL_LIVE)
            continue;
        refuse(o->connection, o->number, room->name, o->user, SENNIT_FAULT_FORKED,
               "the document began elsewhere");
        o->state = SN_CHANNEL_FORKED;
    }
}

/* The lineage of a document that nobody brought one for: always the same, so that
 * those who begin to type while the server forgets them type in the same document. */
static void room_draw_lineage(const sn_room *room, uint8_t lineage[16])
{
    const uint64_t key = room->hub->lineages;
    const size_t len = strlen(room->name);
    const uint64_t drawn[2] = {sn_hash64(room->name, len, key), sn_hash64(room->name, len, key + 1)};

    memcpy(lineage, drawn, sizeof drawn);
}

/* A new document takes the lineage of who brings one. Whoever has the one given here
 * belongs to it all the same, and goes on with that of the welcome. */
static sennit_status hello_lineage(sn_room *room, const sn_bytes *lineage)
{
    uint8_t given[16];

    room_draw_lineage(room, given);
    if (!room->doc->has_lineage)
        sn_doc_set_lineage(room->doc, given);
    if (lineage->data == NULL)
        return SENNIT_OK;
    if (lineage->len != sizeof given)
        return SENNIT_ELINEAGE;
    if (memcmp(room->doc->lineage, lineage->data, sizeof given) == 0 ||
        memcmp(given, lineage->data, sizeof given) == 0)
        return SENNIT_OK;
    if (!room_is_blank(room))
        return SENNIT_ELINEAGE;
    room_begin_anew(room, lineage->data);
    return SENNIT_OK;
}

/* Look at a hello before anything is made of it. 0, or the fault. */
static sennit_fault hello_check(sennit_connection *connection, const sn_message *m, char *name,
                                sennit_grant *grant, sn_room **room)
{
    const sn_bytes *document = &m->s[SN_HELLO_DOCUMENT];
    sennit_status st;

    if (m->n[SN_HELLO_OLDEST] > SENNIT_PROTOCOL || m->n[SN_HELLO_NEWEST] < SENNIT_PROTOCOL)
        return SENNIT_FAULT_VERSION;
    if (!sennit_name_valid((const char *)document->data, document->len))
        return SENNIT_FAULT_NAME;
    memcpy(name, document->data, document->len);
    name[document->len] = '\0';
    if ((st = hello_authorise(connection, m, name, grant)) != SENNIT_OK)
        return SENNIT_FAULT_TOKEN;
    if (grant->permission == SENNIT_NOTHING)
        return SENNIT_FAULT_FORBIDDEN;
    if (connection->channels_len >= connection->hub->options.max_channels)
        return SENNIT_FAULT_RATE;
    st = sn_room_open(connection->hub, name, true, room);
    if (st != SENNIT_OK)
        return st == SENNIT_ELIMIT ? SENNIT_FAULT_TOO_LARGE : SENNIT_FAULT_STORAGE;
    return hello_lineage(*room, &m->s[SN_HELLO_LINEAGE]) == SENNIT_OK ? 0 : SENNIT_FAULT_LINEAGE;
}

static const char *fault_text(sennit_fault fault)
{
    switch (fault) {
    case SENNIT_FAULT_VERSION: return "no common version of the protocol";
    case SENNIT_FAULT_NAME: return "no name of a document";
    case SENNIT_FAULT_TOKEN: return "no valid token";
    case SENNIT_FAULT_FORBIDDEN: return "not allowed";
    case SENNIT_FAULT_RATE: return "too many documents on one connection";
    case SENNIT_FAULT_TOO_LARGE: return "a limit of the server is reached";
    case SENNIT_FAULT_LINEAGE: return "another document has this name";
    default: return "the document cannot be read from storage now";
    }
}

static sennit_status channel_welcome(sn_channel *c)
{
    const sennit_hub *hub = c->room->hub;
    sennit_buf *version = &c->room->hub->scratch;
    /* Replica 0 is nobody: what it made is the text a document was seeded with. */
    uint64_t known = c->replica != 0 ? sennit_doc_known(c->room->doc, c->replica) : 0;

    version->len = 0;
    SN_TRY(sennit_doc_version(c->room->doc, version));
    const sn_message m = {
        .type = SN_WELCOME, .channel = c->number,
        .n = {SENNIT_PROTOCOL, c->permission, hub->now_ms, hub->options.heartbeat_ms,
              hub->options.max_frame, hub->incarnation, c->session, known,
              room_digest(c->room, c->replica, known)},
        .s = {sn_bytes_of(version->data, version->len), sn_bytes_of(c->room->doc->lineage, 16)}};

    return sn_connection_put(c->connection, &m);
}

/* Tell which of the operations it has their authors took back. */
static sennit_status channel_tell_voids(const sn_channel *c, const sn_bytes *version)
{
    uint64_t replica, count;

    for (size_t at = 0; sennit_version_next(version->data, version->len, &at, &replica, &count) == 1;) {
        const sn_owner *owner = sn_registry_find(&c->room->owners, replica);
        sn_message m = {.type = SN_VOID, .channel = c->number, .n = {replica}};

        if (owner == NULL || owner->from >= count)
            continue;
        m.n[SN_VOID_FROM] = owner->from;
        m.n[SN_VOID_RENEWED] = owner->renewed;
        SN_TRY(sn_connection_put(c->connection, &m));
    }
    return SENNIT_OK;
}

sennit_status sn_channel_hello(sennit_connection *connection, const sn_message *m)
{
    char name[SENNIT_NAME_MAX + 1] = "";
    sn_channel *c = channel_find(connection, m->channel);
    sennit_grant grant;
    sn_room *room;

    if (m->channel == 0)
        return SENNIT_ECORRUPT;
    if (c != NULL)
        sn_channel_free(c);
    sennit_fault fault = hello_check(connection, m, name, &grant, &room);
    connection->joined = connection->joined || fault == 0;
    if (fault != 0) {
        refuse(connection, m->channel, name, NULL, fault, fault_text(fault));
        return SENNIT_OK;
    }
    SN_TRY(channel_new(connection, room, m->channel, &grant, &c));
    if (hello_is_forked(room, m, grant.user)) {
        refuse(connection, m->channel, name, c->user, SENNIT_FAULT_FORKED,
               "this replica went another way");
        return SENNIT_OK;
    }
    c->replica = m->n[SN_HELLO_REPLICA];
    channel_oust(c);
    SN_TRY(channel_set_version(c, &m->s[SN_HELLO_VERSION]));
    SN_TRY(channel_welcome(c));
    SN_TRY(channel_tell_voids(c, &m->s[SN_HELLO_VERSION]));
    SN_TRY(sn_channel_await(c, true));
    c->state = SN_CHANNEL_LIVE; /* before it, nothing is written to it */
    sn_channel_settle(c, connection->hub->durable, true);
    sn_hub_note(connection->hub, SENNIT_HUB_JOINED, connection, name, c->user, 0, NULL, c->session);
    return SENNIT_OK;
}

/* ---- Deltas in ---- */

/* One delta on its way in. */
typedef struct entering {
    const sn_channel *channel;
    uint64_t replica;  /* of the peer; if it had none when it greeted, the first that comes */
    bool own, foreign; /* it holds operations of this replica, or of others */
    uint64_t own_end;  /* where those of this replica end */
    bool bind;         /* the replica is to be bound to this user */
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

/* May be asked about the same change twice. A toggle is none of a comment's: it
 * could bring deleted text back. */
static sennit_status enter_change(void *arg, const sennit_change *change, unsigned kinds)
{
    const unsigned comments = SENNIT_KIND_MARK;
    entering *e = arg;
    const sennit_hub *hub = e->channel->room->hub;
    sennit_permission permission = e->channel->permission;

    if (e->replica == 0)
        e->replica = change->replica;
    e->own = e->own || (change->replica != 0 && change->replica == e->replica);
    e->foreign = e->foreign || change->replica != e->replica || change->replica == 0;
    if (change->replica == e->replica)
        e->own_end = sn_max_u64(e->own_end, change->first + change->operations);
    if (permission < SENNIT_COMMENT || (permission < SENNIT_EDIT && (kinds & ~comments) != 0))
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

static sennit_status take_delta(sn_channel *c, const sn_message *m)
{
    sennit_connection *connection = c->connection;
    const char *text;

    if (m->n[SN_DELTA_SERIAL] != c->in_serial + 1)
        return SENNIT_ECORRUPT;
    for (size_t i = 0; i < m->items_len; i++) {
        sennit_fault fault = channel_enter(c, &m->items[i].bytes, &text);

        if (fault == SENNIT_FAULT_FORKED) {
            refuse(connection, c->number, c->room->name, c->user, fault, text);
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

/* Digests of a replica at some counts, as far as it is known here. */
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
    sennit_status st = sennit_doc_digest(c->room->doc, replica, counts, n, digests);
    if (st == SENNIT_EINVAL)
        return SENNIT_ECORRUPT;
    answer.items_len = st == SENNIT_OK ? n : 0;
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
    [SN_CHANNEL_LIVE] = {[SN_DELTA] = take_delta, [SN_PRESENCE] = take_presence,
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

/* ---- Messages out ---- */

/* The deltas that go out as one message; what they point to is the ring's. */
static sennit_status write_rounds(sn_channel *c, sennit_buf *out)
{
    sn_room *room = c->room;
    uint64_t end = room->ring_first + room->ring_len;
    sn_item items[256];
    sn_message m = {.type = SN_DELTA, .channel = c->number, .items = items};

    while (c->place < end) {
        uint64_t place = c->place;

        m.items_len = 0;
        for (; place < end && m.items_len < 256; place++) {
            const sn_round *r = sn_room_round(room, place);

            if (r->author != c->session)
                items[m.items_len++].bytes = sn_bytes_of(r->data, r->len);
        }
        m.n[SN_DELTA_SERIAL] = c->out_serial + 1;
        if (m.items_len > 0)
            SN_TRY(sn_message_write(&m, out));
        c->place = place;
        if (m.items_len == 0)
            continue;
        c->out_serial++;
        room->hub->stat.deltas_out += m.items_len;
        SN_TRY(sn_channel_await(c, false));
    }
    if (c->point != room->point) {
        sn_point_drop(room, &c->point);
        sn_point_take(&c->point, room->point);
    }
    return SENNIT_OK;
}

static sennit_status write_catchup_delta(sn_channel *c, const sennit_buf *delta, sennit_buf *out)
{
    sn_item item = {.bytes = sn_bytes_of(delta->data, delta->len)};
    const sn_message m = {.type = SN_DELTA, .channel = c->number, .n = {c->out_serial + 1},
                          .items = &item, .items_len = 1};

    SN_TRY(sn_message_write(&m, out));
    c->out_serial++;
    c->room->hub->stat.deltas_out++;
    return sn_channel_await(c, false);
}

static uint64_t catchup_bytes(const sennit_hub *hub)
{
    return sn_min_u64(CATCHUP_BYTES, hub->options.max_frame / 4);
}

/* What a peer lacks that has a version, up to about a frame of it; the version that
 * it has then is appended to `then`. */
static sennit_status catchup_part(sn_channel *c, sennit_buf *delta, sennit_buf *then, bool *all)
{
    sennit_doc *doc = c->room->doc;
    sennit_status st;
    uint32_t n = 0;
    size_t size;
    sn_wanted *has = sn_version_new(doc, &size), *wanted = sn_version_new(doc, &size);
    bool unknown;

    st = has == NULL || wanted == NULL ? SENNIT_ENOMEM
         : sn_version_read(doc, c->point->version, c->point->len, has, &unknown, NULL);
    if (st == SENNIT_OK)
        st = sn_version_wanted(doc, c->point->version, c->point->len, wanted, &n, NULL);
    if (st == SENNIT_OK)
        st = sn_delta_part(doc, wanted, n, catchup_bytes(c->room->hub), delta);
    *all = true;
    if (st == SENNIT_EGONE) { /* below the cut there are snapshots only */
        st = sennit_doc_save(doc, SENNIT_SAVE_SHARED, delta);
        for (uint32_t i = 0; i < n; i++)
            wanted[i].seq = doc->who.replicas[wanted[i].replica].seq;
    }
    for (uint32_t i = 0; i < n && st == SENNIT_OK; i++) {
        has[wanted[i].replica].seq = wanted[i].seq;
        *all = *all && wanted[i].seq == doc->who.replicas[wanted[i].replica].seq;
    }
    if (st == SENNIT_OK)
        st = sn_version_put(doc, has, then);
    sn_mem_free(&doc->mem, wanted, wanted != NULL ? size : 0);
    sn_mem_free(&doc->mem, has, has != NULL ? size : 0);
    return st;
}

/* All that a peer that is behind lacks, as one delta, or as one after the other if
 * it is much. */
static sennit_status write_catchup(sn_channel *c, sennit_buf *out)
{
    sn_room *room = c->room;
    sennit_buf *delta = &room->hub->scratch;
    sennit_buf then;
    sn_point *point = NULL;
    bool all;

    sennit_buf_init(&then, &room->hub->mem.alloc);
    delta->len = 0;
    sennit_status st = catchup_part(c, delta, &then, &all);
    if (st == SENNIT_OK)
        st = sn_point_new(room, then.data, then.len, &point);
    sennit_buf_clear(&then);
    if (st == SENNIT_ECORRUPT) {
        sn_channel_refuse(c, SENNIT_FAULT_PROTOCOL, "that is no version");
        return SENNIT_ECLOSED;
    }
    if (st == SENNIT_OK && delta->len > 0)
        st = write_catchup_delta(c, delta, out);
    if (st != SENNIT_OK) {
        sn_point_drop(room, &point);
        return st;
    }
    sn_point_drop(room, &c->point);
    c->point = point;
    c->behind = !all;
    c->place = room->ring_first + room->ring_len;
    if (c->behind)
        sn_connection_ready(c->connection);
    return SENNIT_OK;
}

static sennit_status write_ack(sn_channel *c, sennit_level level, uint64_t yours, uint64_t mine,
                               sennit_buf *out)
{
    const sn_message m = {.type = SN_ACK, .channel = c->number, .n = {level, yours, mine}};

    return sn_message_write(&m, out);
}

static sennit_status write_presence_of(sn_channel *c, uint64_t session, const sennit_buf *state,
                                       const char *user, sennit_buf *out)
{
    const sn_message m = {
        .type = SN_PRESENCE, .channel = c->number, .n = {session},
        .s = {state != NULL && state->len > 0 ? sn_bytes_of(state->data, state->len) : (sn_bytes){NULL, 0},
              sn_bytes_of(user, strlen(user))}};

    return sn_message_write(&m, out);
}

static sennit_status write_presences(sn_channel *c, sennit_buf *out)
{
    sn_room *room = c->room;

    for (unsigned i = 0; i < SN_DEPARTED; i++)
        if (room->departed[i].stamp > c->presence_seen)
            SN_TRY(write_presence_of(c, room->departed[i].session, NULL, "", out));
    for (const sn_channel *o = room->channels; o != NULL; o = o->next_in_room)
        if (o != c && o->presence.len > 0 && o->presence_stamp > c->presence_seen)
            SN_TRY(write_presence_of(c, o->session, &o->presence, o->user, out));
    c->presence_seen = room->stamp;
    return SENNIT_OK;
}

sennit_status sn_channel_write(sn_channel *c, sennit_buf *out)
{
    if (c->state != SN_CHANNEL_LIVE)
        return SENNIT_OK;
    if (c->behind)
        SN_TRY(write_catchup(c, out));
    else
        SN_TRY(write_rounds(c, out));
    if (c->applied_due)
        SN_TRY(write_ack(c, SENNIT_APPLIED, c->applied, c->out_serial, out));
    c->applied_due = false;
    if (c->durable_due)
        SN_TRY(write_ack(c, SENNIT_DURABLE, c->durable_yours, c->durable_mine, out));
    c->durable_due = false;
    return c->presence_seen < c->room->stamp ? write_presences(c, out) : SENNIT_OK;
}
