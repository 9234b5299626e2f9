/* A hello at the server: whom to let in, where the ways of a replica part, and what is
 * known here. */
#include "base/hash.h"
#include "sync/hub.h"
#include "wire/wire.h"

#define HELLO_BYTES 1024u /* what one costs, beside its own, as of a rate */

static char *copy_text(sn_mem *mem, const char *text)
{
    char *copy = sn_mem_resize(mem, NULL, 0, strlen(text) + 1);

    return copy != NULL ? memcpy(copy, text, strlen(text) + 1) : NULL;
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
    if (c->replica == 0)
        sn_point_take(&c->greeted, c->point);
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
        sn_channel_turn_away(o->connection, o->number, c->room->name, o->user, SENNIT_FAULT_FORKED,
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

/* What only waits tells of no lineage: storage may have lost all before it. */
static bool room_is_blank(const sn_room *room)
{
    sennit_stat stat;

    sennit_doc_stat(room->doc, &stat);
    return stat.operations == 0;
}

/* Let those who are at a document that has nothing in it greet again. */
static void room_begin_anew(sn_room *room, const uint8_t lineage[16])
{
    sn_doc_set_lineage(room->doc, lineage);
    for (sn_channel *o = room->channels; o != NULL; o = o->next_in_room) {
        if (o->state != SN_CHANNEL_LIVE)
            continue;
        sn_channel_turn_away(o->connection, o->number, room->name, o->user, SENNIT_FAULT_FORKED,
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

/* A greeting is a token looked at, a version written, and a replica's operations digested. */
static bool hello_is_paid(sennit_connection *connection, const sn_room *room, uint64_t replica)
{
    const uint64_t known = replica != 0 ? sennit_doc_known(room->doc, replica) : 0;

    return sn_connection_spend(connection, HELLO_BYTES + known / SN_DIGESTED);
}

sennit_status sn_channel_hello(sennit_connection *connection, const sn_message *m)
{
    char name[SENNIT_NAME_MAX + 1] = "";
    sennit_grant grant;
    sn_channel *c;
    sn_room *room;

    if (m->channel <= connection->last_channel)
        return SENNIT_ECORRUPT;
    connection->last_channel = m->channel;
    sennit_fault fault = hello_check(connection, m, name, &grant, &room);
    connection->joined = connection->joined || fault == 0;
    if (fault != 0) {
        sn_channel_turn_away(connection, m->channel, name, NULL, fault, fault_text(fault));
        return SENNIT_OK;
    }
    if (!hello_is_paid(connection, room, m->n[SN_HELLO_REPLICA]))
        return SENNIT_OK;
    SN_TRY(channel_new(connection, room, m->channel, &grant, &c));
    if (hello_is_forked(room, m, grant.user)) {
        sn_channel_turn_away(connection, m->channel, name, c->user, SENNIT_FAULT_FORKED,
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
