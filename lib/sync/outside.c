/* Edits that come another way than in a delta, such as over HTTP.
 *
 * They are made here, by the room's own replica, which is drawn at its first edit
 * since the document was loaded. It is bound to a name that is no user's, so nobody
 * else writes under it.
 */
#include "sync/hub.h"

#include "base/bytes.h"

#define OUTSIDE_USER "*server*"

/* Let what was made since go round. Without memory for it all are behind. */
static void outside_relay(sn_room *room, uint64_t before)
{
    sennit_hub *hub = room->hub;
    sennit_buf delta;

    if (sn_registry_bind(room, sennit_doc_replica(room->doc), OUTSIDE_USER) != SENNIT_OK)
        room->unstored = true;
    hub->stat.operations += sennit_doc_own_count(room->doc) - before;
    sennit_buf_init(&delta, &hub->mem.alloc);
    if (sennit_doc_own_delta(room->doc, before, NULL, &delta) == SENNIT_OK)
        sn_room_relay(room, 0, delta.data, delta.len);
    else
        sn_room_miss(room);
    sennit_buf_clear(&delta);
}

/* Like a hello, an edit makes a document that nobody wrote yet. */
static sennit_status outside_open(sennit_hub *hub, const char *name, sn_room **out)
{
    if (!sennit_name_valid(name, strlen(name)))
        return SENNIT_EINVAL;
    if (hub->draining)
        return SENNIT_ECLOSED;
    SN_TRY(sn_room_open(hub, name, true, out));
    (*out)->idle_since_ms = hub->now_ms;
    return SENNIT_OK;
}

sennit_status sennit_hub_edit(sennit_hub *hub, const char *name, uint64_t now_ms,
                              const void *version, size_t version_len, sennit_unit unit,
                              const sennit_edit *edits, size_t n, sennit_buf *out, uint64_t *ticket)
{
    const size_t start = out->len;
    sn_room *room;

    hub->now_ms = now_ms;
    SN_TRY(outside_open(hub, name, &room));
    const uint64_t before = sennit_doc_own_count(room->doc);
    sennit_doc_set_time(room->doc, now_ms);
    SN_TRY(sennit_history_edit(room->doc, version, version_len, unit, edits, n));
    if (sennit_doc_own_count(room->doc) > before)
        outside_relay(room, before);
    if (ticket != NULL)
        *ticket = room->unstored ? SN_UNSTORED : room->ticket;
    sennit_status st = sennit_doc_version(room->doc, out);
    if (st != SENNIT_OK)
        out->len = start;
    return st;
}
