/* The hub: its documents and connections as time passes, and what is told of them. */
#include "sync/hub.h"

#define HUB_SWEEP_MS 1000u /* how often connections are looked at for their age */
#define HUB_OWED_MS 20u    /* longer than a commit takes, whose ack takes the other along */

static void hub_default(uint32_t *option, uint32_t value)
{
    if (*option == 0)
        *option = value;
}

static void hub_defaults(sennit_hub_options *o)
{
    hub_default(&o->max_frame, 1u << 20);
    hub_default(&o->max_queue, 256u << 10);
    hub_default(&o->max_channels, 64);
    hub_default(&o->max_connections, 10000);
    hub_default(&o->max_documents, 10000);
    hub_default(&o->max_presence, 1024);
    hub_default(&o->max_rate, 1u << 20);
    hub_default(&o->handshake_ms, 10000);
    hub_default(&o->heartbeat_ms, 20000);
    hub_default(&o->presence_ms, 60000);
    hub_default(&o->max_drift_ms, 60000);
    hub_default(&o->unload_ms, 30000);
    hub_default(&o->compact_bytes, 256u << 10);
}

/* ---- Making ---- */

#define HUB_INCARNATION "incarnation"
#define HUB_LINEAGES "lineages"

static sennit_status hub_find(void *arg, const sennit_record *record)
{
    sennit_hub *hub = arg;

    if (record->kind != SENNIT_STORED_FACT || record->len != sizeof(uint64_t))
        return SENNIT_OK;
    if (strcmp(record->key, HUB_INCARNATION) == 0)
        memcpy(&hub->incarnation, record->data, record->len);
    else if (strcmp(record->key, HUB_LINEAGES) == 0)
        memcpy(&hub->lineages, record->data, record->len);
    return SENNIT_OK;
}

/* Draw a number other than 0. */
static sennit_status hub_random(const sennit_hub *hub, uint64_t *out)
{
    const sennit_hub_options *o = &hub->options;

    if (o->random == NULL || o->random(o->random_self, out, sizeof *out) != 0)
        return SENNIT_EINVAL;
    *out |= 1;
    return SENNIT_OK;
}

static sennit_status hub_draw_fact(sennit_hub *hub, const char *key, uint64_t *fact)
{
    const sennit_storage *storage = hub->options.storage;
    uint64_t ticket;

    SN_TRY(hub_random(hub, fact));
    return storage->put(storage->self, "", key, fact, sizeof *fact, &ticket);
}

/* A key of this hub's; the storage's incarnation, a new one if it is new or restored;
 * and what stays with it for ever. Clients will hold the server to them, so they are
 * committed before anybody is told. */
static sennit_status hub_draw(sennit_hub *hub)
{
    const sennit_storage *storage = hub->options.storage;

    SN_TRY(hub_random(hub, &hub->key));
    SN_TRY(storage->load(storage->self, "", hub_find, hub));
    const bool another = hub->incarnation == 0 || hub->options.restored, first = hub->lineages == 0;
    if (another)
        SN_TRY(hub_draw_fact(hub, HUB_INCARNATION, &hub->incarnation));
    if (first)
        SN_TRY(hub_draw_fact(hub, HUB_LINEAGES, &hub->lineages));
    return another || first ? storage->sync(storage->self) : SENNIT_OK;
}

sennit_status sennit_hub_new(const sennit_hub_options *options, sennit_hub **out)
{
    sennit_hub *hub;
    sn_mem mem;

    *out = NULL;
    if (options == NULL || options->size < sizeof *options || options->storage == NULL)
        return SENNIT_EINVAL;
    sn_mem_init(&mem, options->alloc);
    if ((hub = sn_mem_resize(&mem, NULL, 0, sizeof *hub)) == NULL)
        return SENNIT_ENOMEM;
    memset(hub, 0, sizeof *hub);
    hub->mem = mem;
    hub->options = *options;
    hub->ready_end = &hub->ready;
    hub_defaults(&hub->options);
    sennit_buf_init(&hub->frame, &mem.alloc);
    sennit_buf_init(&hub->scratch, &mem.alloc);
    sennit_status st = sn_unpacker_new(&hub->mem, &hub->unpacker);
    if (st == SENNIT_OK)
        st = hub_draw(hub);
    if (st != SENNIT_OK) {
        sennit_hub_free(hub);
        return st;
    }
    *out = hub;
    return SENNIT_OK;
}

void sennit_hub_free(sennit_hub *hub)
{
    if (hub == NULL)
        return;
    while (hub->connections != NULL)
        sennit_hub_disconnect(hub->connections, hub->now_ms);
    while (hub->rooms != NULL)
        sn_room_close(hub->rooms);
    sn_mem_free(&hub->mem, hub->table, hub->table_cap * sizeof *hub->table);
    sn_unpacker_free(hub->unpacker);
    sennit_buf_clear(&hub->frame);
    sennit_buf_clear(&hub->scratch);
    sn_mem mem = hub->mem;
    sn_mem_free(&mem, hub, sizeof *hub);
}

/* ---- Time ---- */

static void hub_look_at_storage(sennit_hub *hub)
{
    const sennit_storage *storage = hub->options.storage;
    bool failing = storage->health(storage->self) != SENNIT_OK;

    hub->durable = storage->durable(storage->self);
    if (failing != hub->failing)
        sn_hub_note(hub, failing ? SENNIT_HUB_FAILING : SENNIT_HUB_HEALED, NULL, NULL, NULL,
                    SENNIT_FAULT_STORAGE, failing ? storage->reason(storage->self) : NULL, 0);
    hub->failing = failing;
}

static void hub_look_at_rooms(sennit_hub *hub, bool all)
{
    for (sn_room *room = hub->rooms, *next; room != NULL; room = next) {
        next = room->next;
        for (sn_channel *c = room->channels; c != NULL; c = c->next_in_room)
            if (c->pending_len > 0)
                sn_channel_settle(c, hub->durable, all);
        if (all)
            sn_room_tick(room, hub->now_ms);
    }
}

void sn_hub_owe(sn_channel *channel)
{
    sennit_hub *hub = channel->room->hub;

    channel->applied_due = true;
    if (hub->owed_ms == 0)
        hub->owed_ms = hub->now_ms + HUB_OWED_MS;
}

static void hub_pay(sennit_hub *hub)
{
    hub->owed_ms = 0;
    for (sn_room *room = hub->rooms; room != NULL; room = room->next)
        for (sn_channel *c = room->channels; c != NULL; c = c->next_in_room)
            if (c->applied_due)
                sn_connection_ready(c->connection);
}

static void hub_look_at_channels(sennit_hub *hub, sennit_connection *connection)
{
    for (sn_channel *c = connection->channels, *next; c != NULL; c = next) {
        next = c->next;
        if (c->expires_ms != 0 && hub->now_ms >= c->expires_ms) {
            sn_channel_refuse(c, SENNIT_FAULT_TOKEN, "the token has expired");
        } else if (c->presence.len > 0 &&
                   hub->now_ms >= c->presence_from_ms + hub->options.presence_ms) {
            sennit_buf_clear(&c->presence);
            sn_room_presence(c->room, c, true);
        }
    }
}

static void hub_look_at(sennit_hub *hub, sennit_connection *c)
{
    uint64_t now = hub->now_ms;

    if (!c->joined && now >= c->since_ms + hub->options.handshake_ms)
        sn_connection_fail(c, SENNIT_FAULT_TIMEOUT, "no hello in time");
    else if (now >= c->heard_ms + 2 * (uint64_t)hub->options.heartbeat_ms)
        sn_connection_fail(c, SENNIT_FAULT_TIMEOUT, "silent for too long");
    else if (now >= sn_max_u64(c->sent_ms, c->pong) + hub->options.heartbeat_ms) {
        const sn_message ping = {.type = SN_PING, .n = {now}};

        c->pong = now;
        if (sn_connection_put(c, &ping) != SENNIT_OK)
            return; /* next time */
    }
    hub_look_at_channels(hub, c);
}

void sennit_hub_tick(sennit_hub *hub, uint64_t now_ms)
{
    bool sweep = now_ms >= hub->swept_ms + HUB_SWEEP_MS || now_ms < hub->swept_ms;
    uint64_t before = hub->durable;

    hub->now_ms = now_ms;
    hub_look_at_storage(hub);
    if (sweep || hub->durable != before)
        hub_look_at_rooms(hub, sweep);
    if (sweep || (hub->owed_ms != 0 && now_ms >= hub->owed_ms))
        hub_pay(hub);
    sn_pace_tick(hub);
    if (!sweep)
        return;
    hub->swept_ms = now_ms;
    for (sennit_connection *c = hub->connections; c != NULL; c = c->next)
        hub_look_at(hub, c);
}

uint32_t sennit_hub_timeout(const sennit_hub *hub, uint64_t now_ms)
{
    uint64_t due = hub->swept_ms + HUB_SWEEP_MS;

    if (hub->owed_ms != 0)
        due = sn_min_u64(due, hub->owed_ms);
    due = sn_min_u64(due, sn_pace_due(hub));
    return due > now_ms ? (uint32_t)sn_min_u64(due - now_ms, HUB_SWEEP_MS) : 0;
}

void sennit_hub_drain(sennit_hub *hub, uint64_t now_ms)
{
    hub->now_ms = now_ms;
    hub->draining = true;
    for (sennit_connection *c = hub->connections; c != NULL; c = c->next) {
        const char *text = "the server stops";
        const sn_message m = {.type = SN_ERROR, .n = {SENNIT_FAULT_AWAY},
                              .s = {sn_bytes_of(text, strlen(text))}};

        if (sn_connection_put(c, &m) == SENNIT_OK && c->fault == 0) {
            c->fault = SENNIT_FAULT_AWAY;
            c->fault_text = text;
        }
    }
}

void sennit_hub_revoke(sennit_hub *hub, uint64_t token_id, const char *user)
{
    for (sennit_connection *connection = hub->connections; connection != NULL; connection = connection->next)
        for (sn_channel *c = connection->channels, *next; c != NULL; c = next) {
            next = c->next;
            if ((token_id != 0 && c->token_id == token_id) ||
                (user != NULL && strcmp(c->user, user) == 0))
                sn_channel_refuse(c, SENNIT_FAULT_TOKEN, "the token was revoked");
        }
}

sennit_status sennit_hub_document(sennit_hub *hub, const char *name, uint64_t now_ms, sennit_doc **out)
{
    sn_room *room;

    *out = NULL;
    hub->now_ms = now_ms;
    if (!sennit_name_valid(name, strlen(name)))
        return SENNIT_EGONE;
    SN_TRY(sn_room_open(hub, name, false, &room));
    room->idle_since_ms = now_ms;
    *out = room->doc;
    return SENNIT_OK;
}

/* ---- Events ---- */

static void event_copy(char *to, size_t size, const char *from)
{
    size_t len = from != NULL ? strlen(from) : 0;

    len = len < size ? len : size - 1;
    memcpy(to, from != NULL ? from : "", len);
    to[len] = '\0';
}

void sn_hub_note(sennit_hub *hub, sennit_hub_event_kind kind, const sennit_connection *connection,
                 const char *document, const char *user, sennit_fault fault, const char *text,
                 uint64_t count)
{
    sn_hub_event *e = &hub->events[(hub->events_at + hub->events_len) % SN_HUB_EVENTS];

    if (hub->events_len < SN_HUB_EVENTS)
        hub->events_len++;
    else
        hub->events_at = (hub->events_at + 1) % SN_HUB_EVENTS; /* the oldest gives way */
    event_copy(e->document, sizeof e->document, document);
    event_copy(e->user, sizeof e->user, user);
    event_copy(e->text, sizeof e->text, text);
    e->event = (sennit_hub_event){kind, connection != NULL ? connection->host : NULL, e->document,
                                  e->user, fault, e->text, count};
}

int sennit_hub_next_event(sennit_hub *hub, sennit_hub_event *out)
{
    if (hub->events_len == 0)
        return 0;
    *out = hub->events[hub->events_at].event;
    hub->events_at = (hub->events_at + 1) % SN_HUB_EVENTS;
    hub->events_len--;
    return 1;
}

void sennit_hub_get_stat(const sennit_hub *hub, sennit_hub_stat *out)
{
    *out = hub->stat;
    out->documents = hub->rooms_len;
    for (const sn_room *room = hub->rooms; room != NULL; room = room->next) {
        sennit_stat stat;

        sennit_doc_stat(room->doc, &stat);
        out->document_bytes += stat.heap_bytes;
        out->queued_bytes += room->ring_bytes;
        out->undurable += room->ticket > hub->durable ? room->ticket - hub->durable : 0;
    }
    for (const sennit_connection *c = hub->connections; c != NULL; c = c->next)
        out->queued_bytes += c->out.len;
}
