/* An open document: loading it, what goes round in it, and letting it go. */
#include "base/hash.h"
#include "core/doc/doc.h"
#include "sync/hub.h"

#define RING_ITEMS 16u
#define POINT_BYTES (32u << 10) /* so much goes round between two points */

/* ---- Finding rooms ---- */

static size_t room_slot(const sennit_hub *hub, const char *name)
{
    size_t i = (size_t)sn_hash64(name, strlen(name), hub->key) & (hub->table_cap - 1);

    while (hub->table[i] != NULL && strcmp(hub->table[i]->name, name) != 0)
        i = (i + 1) & (hub->table_cap - 1);
    return i;
}

sn_room *sn_room_find(sennit_hub *hub, const char *name)
{
    return hub->table_cap > 0 ? hub->table[room_slot(hub, name)] : NULL;
}

/* Put all rooms into a table that is at most half full. */
static sennit_status room_table(sennit_hub *hub, size_t cap)
{
    sn_room **table = sn_mem_resize(&hub->mem, NULL, 0, cap * sizeof *table);

    if (table == NULL)
        return SENNIT_ENOMEM;
    memset(table, 0, cap * sizeof *table);
    sn_mem_free(&hub->mem, hub->table, hub->table_cap * sizeof *hub->table);
    hub->table = table;
    hub->table_cap = cap;
    for (sn_room *room = hub->rooms; room != NULL; room = room->next)
        table[room_slot(hub, room->name)] = room;
    return SENNIT_OK;
}

/* ---- Points ---- */

void sn_point_drop(sn_room *room, sn_point **point)
{
    sn_point *p = *point;

    *point = NULL;
    if (p != NULL && --p->refs == 0)
        sn_mem_free(&room->hub->mem, p, sizeof *p + p->len);
}

void sn_point_take(sn_point **to, sn_point *from)
{
    *to = from;
    if (from != NULL)
        from->refs++;
}

sennit_status sn_point_new(sn_room *room, const void *version, size_t len, sn_point **out)
{
    sn_point *p = *out = sn_mem_resize(&room->hub->mem, NULL, 0, sizeof *p + len);

    if (p == NULL)
        return SENNIT_ENOMEM;
    p->refs = 1;
    p->len = len;
    if (len > 0)
        memcpy(p->version, version, len);
    return SENNIT_OK;
}

bool sn_point_lower(sn_room *room, const sn_point *point, sennit_buf *version)
{
    sennit_buf met;

    sennit_buf_init(&met, &room->hub->mem.alloc);
    const bool done = sennit_version_meet(version->data, version->len, point->version, point->len,
                                          &met) == SENNIT_OK;
    if (done) { /* it is no longer than the version was */
        if (met.len > 0)
            memcpy(version->data, met.data, met.len);
        version->len = met.len;
    }
    sennit_buf_clear(&met);
    return done;
}

sennit_status sn_room_mark(sn_room *room)
{
    sennit_buf *version = &room->hub->scratch;
    sn_point *p;

    version->len = 0;
    SN_TRY(sennit_doc_version(room->doc, version));
    SN_TRY(sn_point_new(room, version->data, version->len, &p));
    sn_point_drop(room, &room->point);
    room->point = p;
    room->since_point = 0;
    return SENNIT_OK;
}

/* ---- Loading ---- */

static sennit_status room_fact(void *arg, const sennit_record *record)
{
    sn_room *room = arg;

    if (record->kind == SENNIT_STORED_DAMAGE) {
        sn_hub_note(room->hub, SENNIT_HUB_DAMAGED, NULL, room->name, NULL, 0, record->key, 0);
        return SENNIT_OK;
    }
    SN_TRY(sn_lease_fact(room, record));
    return sn_registry_fact(&room->owners, &room->hub->mem, record);
}

static sennit_status room_load(sn_room *room)
{
    sennit_hub *hub = room->hub;
    sennit_options options = {.size = sizeof options, .alloc = hub->options.alloc,
                              .random = hub->options.random,
                              .random_self = hub->options.random_self,
                              .limits = hub->options.document};
    sennit_error err = {SENNIT_OK, 0, NULL};
    sennit_opened opened = {0};
    sennit_status st = sennit_storage_open(hub->options.storage, room->name, &options, room_fact, room,
                                           &room->doc, &opened, &err);

    if (st != SENNIT_OK) {
        sn_hub_note(hub, SENNIT_HUB_DAMAGED, NULL, room->name, NULL, SENNIT_FAULT_STORAGE,
                    err.what != NULL ? err.what : sennit_status_text(st), 0);
        return st;
    }
    room->ticket = opened.position;
    room->log_bytes = opened.deltas > 0 ? opened.bytes : 0;
    hub->stat.loads++;
    sn_hub_note(hub, SENNIT_HUB_OPENED, NULL, room->name, NULL, 0, NULL, opened.bytes);
    return SENNIT_OK;
}

static bool room_is_blank(const sn_room *room)
{
    sennit_stat stat;

    sennit_doc_stat(room->doc, &stat);
    return stat.operations == 0 && stat.parked == 0 && room->owners.len == 0;
}

static void room_free(sn_room *room)
{
    sennit_hub *hub = room->hub;

    for (; room->ring_len > 0; room->ring_len--, room->ring_at++) {
        sn_round *r = &room->ring[room->ring_at & (room->ring_cap - 1)];

        sn_mem_free(&hub->mem, r->data, r->len);
    }
    sn_mem_free(&hub->mem, room->ring, room->ring_cap * sizeof *room->ring);
    sn_pace_leave(room);
    sn_point_drop(room, &room->point);
    sn_point_drop(room, &room->handed);
    sn_registry_free(&room->owners, &hub->mem);
    sn_leases_free(room);
    sennit_doc_free(room->doc);
    sn_mem_free(&hub->mem, room, sizeof *room);
}

sennit_status sn_room_open(sennit_hub *hub, const char *name, bool create, sn_room **out)
{
    sn_room *room = *out = sn_room_find(hub, name);

    if (room != NULL)
        return SENNIT_OK;
    if (hub->rooms_len >= hub->options.max_documents)
        return SENNIT_ELIMIT;
    if (2 * (hub->rooms_len + 1) > hub->table_cap)
        SN_TRY(room_table(hub, hub->table_cap > 0 ? 2 * hub->table_cap : 64));
    if ((room = sn_mem_resize(&hub->mem, NULL, 0, sizeof *room)) == NULL)
        return SENNIT_ENOMEM;
    *room = (sn_room){.hub = hub, .idle_since_ms = hub->now_ms};
    memcpy(room->name, name, strlen(name) + 1);
    sennit_status st = room_load(room);
    if (st == SENNIT_OK && !create && room_is_blank(room))
        st = SENNIT_EGONE;
    if (st == SENNIT_OK)
        st = sn_room_mark(room);
    if (st != SENNIT_OK) {
        room_free(room);
        return st;
    }
    room->next = hub->rooms;
    hub->rooms = room;
    hub->table[room_slot(hub, name)] = room;
    hub->rooms_len++;
    *out = room;
    return SENNIT_OK;
}

void sn_room_close(sn_room *room)
{
    sennit_hub *hub = room->hub;
    sn_room **at = &hub->rooms;

    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    hub->rooms_len--;
    memset(hub->table, 0, hub->table_cap * sizeof *hub->table);
    for (sn_room *r = hub->rooms; r != NULL; r = r->next)
        hub->table[room_slot(hub, r->name)] = r;
    room_free(room);
}

/* ---- What goes round ---- */

const sn_round *sn_room_round(const sn_room *room, uint64_t place)
{
    return &room->ring[(room->ring_at + (size_t)(place - room->ring_first)) & (room->ring_cap - 1)];
}

static void ring_drop(sn_room *room)
{
    sn_round *r = &room->ring[room->ring_at & (room->ring_cap - 1)];

    room->ring_bytes -= r->len;
    sn_mem_free(&room->hub->mem, r->data, r->len);
    room->ring_at++;
    room->ring_len--;
    room->ring_first++;
}

static sennit_status ring_reserve(sn_room *room)
{
    size_t cap = room->ring_cap > 0 ? 2 * room->ring_cap : RING_ITEMS;
    sn_round *ring;

    if (room->ring_len < room->ring_cap)
        return SENNIT_OK;
    if ((ring = sn_mem_resize(&room->hub->mem, NULL, 0, cap * sizeof *ring)) == NULL)
        return SENNIT_ENOMEM;
    for (size_t i = 0; i < room->ring_len; i++)
        ring[i] = room->ring[(room->ring_at + i) & (room->ring_cap - 1)];
    sn_mem_free(&room->hub->mem, room->ring, room->ring_cap * sizeof *ring);
    room->ring = ring;
    room->ring_cap = cap;
    room->ring_at = 0;
    return SENNIT_OK;
}

/* Channels whose place was dropped are behind. */
static void room_overtake(sn_room *room)
{
    for (sn_channel *c = room->channels; c != NULL; c = c->next_in_room)
        if (!c->behind && c->place < room->ring_first) {
            c->behind = true;
            room->hub->stat.catchups++;
        }
}

/* Everybody is in step and nobody needs what went round. */
static void room_trim(sn_room *room)
{
    uint64_t least = room->ring_first + room->ring_len;

    for (const sn_channel *c = room->channels; c != NULL; c = c->next_in_room)
        if (!c->behind && c->place < least)
            least = c->place;
    while (room->ring_first < least)
        ring_drop(room);
}

static sennit_status room_push(sn_room *room, uint64_t author, const void *data, size_t len)
{
    uint8_t *copy;

    if (room->ring_len == room->ring_cap)
        room_trim(room);
    SN_TRY(ring_reserve(room));
    if ((copy = sn_mem_resize(&room->hub->mem, NULL, 0, len)) == NULL)
        return SENNIT_ENOMEM;
    memcpy(copy, data, len);
    room->ring[(room->ring_at + room->ring_len++) & (room->ring_cap - 1)] =
        (sn_round){copy, len, author};
    room->ring_bytes += len;
    room->since_point += len;
    return SENNIT_OK;
}

/* All are behind then. */
static void ring_break(sn_room *room)
{
    while (room->ring_len > 0)
        ring_drop(room);
    room->ring_first++;
}

void sn_room_miss(sn_room *room)
{
    room->unstored = true;
    ring_break(room);
    room_overtake(room);
    sn_pace_out(room, 0);
}

void sn_room_relay(sn_room *room, uint64_t author, const void *data, size_t len)
{
    const sennit_storage *storage = room->hub->options.storage;
    const uint64_t first = room->ring_first;

    if (storage->append(storage->self, room->name, data, len, &room->ticket) == SENNIT_OK)
        room->log_bytes += len;
    else
        room->unstored = true;
    if (room_push(room, author, data, len) != SENNIT_OK)
        ring_break(room);
    if (room->ring_bytes > room->hub->options.max_queue)
        room_trim(room);
    while (room->ring_bytes > room->hub->options.max_queue)
        ring_drop(room);
    if (room->ring_first != first)
        room_overtake(room);
    sn_pace_pass(room, author, len);
    if (room->since_point >= POINT_BYTES && sn_room_mark(room) != SENNIT_OK)
        room->since_point = 0; /* the older point serves as well */
}

void sn_room_presence(sn_room *room, sn_channel *from, bool gone)
{
    from->presence_stamp = ++room->stamp;
    if (gone) {
        room->departed[room->departed_at].session = from->session;
        room->departed[room->departed_at].stamp = room->stamp;
        room->departed_at = (room->departed_at + 1) % SN_DEPARTED;
    }
    sn_pace_pass(room, from->session, 0);
}

/* ---- Time ---- */

/* Whether all of a version that is not much older than now is durable. While something is
 * written at every moment, the last ticket never is. */
static bool room_is_kept(sn_room *room)
{
    if (room->handed == NULL && !room->unstored && sn_room_mark(room) == SENNIT_OK) {
        sn_point_take(&room->handed, room->point);
        room->handed_ticket = room->ticket;
    }
    return room->handed != NULL && room->handed_ticket <= room->hub->durable;
}

/* Deleted text that was kept long enough goes, as far as it is durable: of what a crash
 * loses, nobody who got it without its text could bring the rest. What there was no memory
 * for goes the next time. */
static void room_drop_deleted(sn_room *room)
{
    const uint64_t keep = room->hub->options.keep_deleted_ms, now = room->hub->now_ms;
    sennit_buf *cut = &room->hub->scratch;
    sennit_status st;

    cut->len = 0;
    if (keep == 0 || now < keep || !room_is_kept(room) ||
        sennit_history_at(room->doc, now - keep, cut) != SENNIT_OK ||
        !sn_point_lower(room, room->handed, cut))
        return;
    if (room->hub->options.lease_ms > 0 && !sn_leases_lower(room, cut))
        return;
    st = sennit_doc_compact(room->doc, cut->data, cut->len, NULL);
    (void)st;
}

/* Besides the newest snapshot the storage keeps the one before it, with the deltas since:
 * so what is to be erased there as well takes two. */
static bool room_store(sn_room *room, const sennit_buf *snapshot)
{
    const sennit_storage *storage = room->hub->options.storage;
    const uint64_t through = room->ticket;

    for (int i = 0; i < (room->redacted ? 2 : 1); i++)
        if (storage->compact(storage->self, room->name, through, snapshot->data, snapshot->len,
                             &room->ticket) != SENNIT_OK)
            return false;
    return true;
}

static void room_compact(sn_room *room)
{
    sennit_hub *hub = room->hub;
    sennit_buf snapshot;

    room_drop_deleted(room);
    sennit_buf_init(&snapshot, &hub->mem.alloc);
    if (sennit_doc_save(room->doc, SENNIT_SAVE_SHARED, &snapshot) == SENNIT_OK &&
        room_store(room, &snapshot)) {
        room->log_bytes = 0;
        room->snapshot_bytes = snapshot.len;
        room->waits_unlogged = room->doc->park.operations > 0;
        room->redacted = room->redacted && room->waits_unlogged; /* a redaction may wait */
        room->unstored = room->unstored && !sn_registry_store(room);
        sn_point_drop(room, &room->handed);
        hub->stat.compactions++;
        sn_hub_note(hub, SENNIT_HUB_COMPACTED, NULL, room->name, NULL, 0, NULL, snapshot.len);
    }
    sennit_buf_clear(&snapshot);
}

/* The log has doubled what is stored: so all that is ever written is a constant
 * times what was typed. */
static bool room_has_much_log(const sn_room *room)
{
    return room->log_bytes >= sn_max_u64(room->hub->options.compact_bytes, room->snapshot_bytes);
}

bool sn_room_tick(sn_room *room, uint64_t now_ms)
{
    sennit_hub *hub = room->hub;

    if (room->unstored || (room_has_much_log(room) && room_is_kept(room)))
        room_compact(room);
    if (room->channels != NULL) {
        room->idle_since_ms = now_ms;
        room_trim(room);
        sn_leases_renew(room);
        return true;
    }
    if (now_ms < room->idle_since_ms + hub->options.unload_ms || room->ticket > hub->durable ||
        room->unstored)
        return true;
    hub->stat.unloads++;
    sn_hub_note(hub, SENNIT_HUB_UNLOADED, NULL, room->name, NULL, 0, NULL, 0);
    sn_room_close(room);
    return false;
}
