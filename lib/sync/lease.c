/* Leases: what is dropped from a document is what all writers have who may come back.
 *
 * A writer's lease begins when it goes and lasts for lease_ms; while it is here and gets
 * what goes round it needs none. But this process may end before anybody goes: so storage
 * has one of whoever is here, renewed when half of it is over. Facts of a document:
 * "lease/<replica>" is the time when it ends and the version that it had, both numbers in
 * 16 hexadecimal digits.
 */
#include "base/bytes.h"
#include "sync/hub.h"

#define LEASE "lease/"
#define LEASES_MAX 1024u /* of a document; beyond that the one that ends first is ended */
#define DIGITS 16u

static void lease_end(sn_room *room, size_t i)
{
    sn_leases *l = &room->leases;

    sn_point_drop(room, &l->held[i].point);
    l->held[i] = l->held[--l->len];
}

/* Where a replica's is, or where there is room for it; SIZE_MAX: no memory. */
static size_t lease_place(sn_room *room, uint64_t replica)
{
    sn_leases *l = &room->leases;
    size_t first = 0;

    for (size_t i = 0; i < l->len; i++) {
        if (l->held[i].replica == replica)
            return i;
        if (l->held[i].until_ms < l->held[first].until_ms)
            first = i;
    }
    if (l->len == LEASES_MAX)
        return first;
    if (sn_mem_grow(&room->hub->mem, (void **)&l->held, &l->cap, l->len + 1, sizeof *l->held) != SENNIT_OK)
        return SIZE_MAX;
    l->held[l->len] = (sn_lease){.replica = replica};
    return l->len++;
}

static bool lease_set(sn_room *room, uint64_t replica, uint64_t until_ms, sn_point *point)
{
    const size_t i = lease_place(room, replica);

    if (i == SIZE_MAX)
        return false;
    sn_lease *lease = &room->leases.held[i];
    sn_point_drop(room, &lease->point);
    lease->replica = replica;
    lease->until_ms = until_ms;
    sn_point_take(&lease->point, point);
    return true;
}

void sn_leases_free(sn_room *room)
{
    sn_leases *l = &room->leases;

    while (l->len > 0)
        lease_end(room, l->len - 1);
    sn_mem_free(&room->hub->mem, l->held, l->cap * sizeof *l->held);
    *l = (sn_leases){NULL, 0, 0};
}

/* ---- as facts ---- */

static void lease_key(char key[SENNIT_FACT_KEY_MAX], uint64_t replica)
{
    memcpy(key, LEASE, strlen(LEASE));
    sn_registry_hex(key + strlen(LEASE), replica);
}

static sennit_status lease_store(sn_room *room, const sn_lease *lease)
{
    const sennit_storage *storage = room->hub->options.storage;
    char key[SENNIT_FACT_KEY_MAX], digits[DIGITS + 1];
    sennit_buf value;

    lease_key(key, lease->replica);
    sn_registry_hex(digits, lease->until_ms);
    sennit_buf_init(&value, &room->hub->mem.alloc);
    sennit_status st = sn_buf_put(&value, digits, DIGITS);
    if (st == SENNIT_OK)
        st = sn_buf_put(&value, lease->point->version, lease->point->len);
    if (st == SENNIT_OK)
        st = storage->put(storage->self, room->name, key, value.data, value.len, &room->ticket);
    sennit_buf_clear(&value);
    return st;
}

static void lease_forget(sn_room *room, uint64_t replica)
{
    const sennit_storage *storage = room->hub->options.storage;
    char key[SENNIT_FACT_KEY_MAX];

    lease_key(key, replica);
    sennit_status st = storage->put(storage->self, room->name, key, NULL, 0, &room->ticket);
    (void)st; /* it has ended all the same */
}

sennit_status sn_lease_fact(sn_room *room, const sennit_record *record)
{
    const uint8_t *version = (const uint8_t *)record->data + DIGITS;
    uint64_t replica, until_ms;
    sn_point *point;
    sennit_order order;

    if (strncmp(record->key, LEASE, strlen(LEASE)) != 0 || record->len < DIGITS ||
        !sn_registry_unhex(record->key + strlen(LEASE), &replica) ||
        !sn_registry_unhex(record->data, &until_ms) ||
        sennit_version_compare(version, record->len - DIGITS, NULL, 0, &order) != SENNIT_OK)
        return SENNIT_OK;
    SN_TRY(sn_point_new(room, version, record->len - DIGITS, &point));
    const bool set = lease_set(room, replica, until_ms, point);
    sn_point_drop(room, &point);
    return set ? SENNIT_OK : SENNIT_ENOMEM;
}

/* ---- held ---- */

static bool lease_is_given(const sn_channel *c)
{
    return c->room->hub->options.lease_ms > 0 && c->replica != 0 && c->point != NULL &&
           c->permission >= SENNIT_COMMENT;
}

static sn_lease lease_of(const sn_channel *c)
{
    const sennit_hub *hub = c->room->hub;

    return (sn_lease){c->replica, hub->now_ms + hub->options.lease_ms, c->point};
}

/* What storage does not take now is tried again the next time. */
void sn_leases_renew(sn_room *room)
{
    const sennit_hub *hub = room->hub;

    for (sn_channel *c = room->channels; c != NULL; c = c->next_in_room) {
        if (!lease_is_given(c) || c->leased_until_ms > hub->now_ms + hub->options.lease_ms / 2)
            continue;
        const sn_lease lease = lease_of(c);
        if (lease_store(room, &lease) == SENNIT_OK)
            c->leased_until_ms = lease.until_ms;
    }
}

void sn_lease_hold(sn_channel *c)
{
    sn_room *room = c->room;

    if (!lease_is_given(c))
        return;
    const sn_lease lease = lease_of(c);
    if (lease_set(room, c->replica, lease.until_ms, c->point)) {
        sennit_status st = lease_store(room, &lease);
        (void)st; /* then it ends with this process */
    }
}

bool sn_leases_lower(sn_room *room, sennit_buf *cut)
{
    const uint64_t now = room->hub->now_ms;
    bool done = true;

    for (size_t i = room->leases.len; i-- > 0 && done;) {
        const sn_lease *lease = &room->leases.held[i];

        if (lease->until_ms > now) {
            done = sn_point_lower(room, lease->point, cut);
            continue;
        }
        lease_forget(room, lease->replica);
        lease_end(room, i);
    }
    for (const sn_channel *c = room->channels; c != NULL && done; c = c->next_in_room)
        if (c->behind && c->replica != 0 && c->permission >= SENNIT_COMMENT && c->point != NULL)
            done = sn_point_lower(room, c->point, cut);
    return done;
}
