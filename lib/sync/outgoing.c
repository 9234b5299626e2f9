/* What a peer is sent: what goes round, or one delta of all it lacks; acknowledgements;
 * who else is there. */
#include "sync/hub.h"
#include "wire/wire.h"

/* Of one delta of a catch-up, about. An empty document takes what is in its first delta
 * all at once, and what follows piece by piece. */
#define CATCHUP_BYTES (256u << 10)

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
