/* Facts of a document: "replica/<id>" is the user it is bound to, "void/<id>" the
 * first operation that is void and the id it was issued anew under, ids in 16
 * hexadecimal digits. */
#include "sync/hub.h"

#define BIND "replica/"
#define VOID "void/"
#define DIGITS 16

char *sn_registry_hex(char *to, uint64_t n)
{
    for (int i = 0; i < DIGITS; i++)
        *to++ = "0123456789abcdef"[n >> (60 - 4 * i) & 15];
    *to = '\0';
    return to;
}

bool sn_registry_unhex(const char *from, uint64_t *n)
{
    *n = 0;
    for (int i = 0; i < DIGITS; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = from[i] != '\0' ? strchr(digits, from[i]) : NULL;

        if (digit == NULL)
            return false;
        *n = *n << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

/* Where a replica is, or would be. */
static size_t registry_place(const sn_registry *reg, uint64_t replica)
{
    size_t low = 0, high = reg->len;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (reg->owners[middle].replica < replica)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const sn_owner *sn_registry_find(const sn_registry *reg, uint64_t replica)
{
    size_t i = registry_place(reg, replica);

    return i < reg->len && reg->owners[i].replica == replica ? &reg->owners[i] : NULL;
}

static sennit_status registry_add(sn_registry *reg, sn_mem *mem, uint64_t replica, sn_owner **out)
{
    size_t i = registry_place(reg, replica);

    if (i < reg->len && reg->owners[i].replica == replica) {
        *out = reg->owners + i;
        return SENNIT_OK;
    }
    SN_TRY(sn_mem_grow(mem, (void **)&reg->owners, &reg->cap, reg->len + 1, sizeof *reg->owners));
    *out = reg->owners + i;
    memmove(*out + 1, *out, (reg->len - i) * sizeof **out);
    **out = (sn_owner){.replica = replica, .from = UINT64_MAX};
    reg->len++;
    return SENNIT_OK;
}

static sennit_status registry_set_user(sn_registry *reg, sn_mem *mem, uint64_t replica,
                                       const void *user, size_t len)
{
    char *copy = sn_mem_resize(mem, NULL, 0, len + 1);
    sn_owner *owner;

    if (copy == NULL)
        return SENNIT_ENOMEM;
    memcpy(copy, user, len);
    copy[len] = '\0';
    sennit_status st = registry_add(reg, mem, replica, &owner);
    if (st == SENNIT_OK && owner->user == NULL)
        owner->user = copy;
    else
        sn_mem_free(mem, copy, len + 1);
    return st;
}

sennit_status sn_registry_fact(sn_registry *reg, sn_mem *mem, const sennit_record *record)
{
    const char *key = record->key, *value = record->data;
    sn_owner *owner;
    uint64_t replica, from, renewed;

    if (strncmp(key, BIND, strlen(BIND)) == 0 && sn_registry_unhex(key + strlen(BIND), &replica))
        return registry_set_user(reg, mem, replica, value, record->len);
    if (strncmp(key, VOID, strlen(VOID)) != 0 || record->len != 2 * DIGITS ||
        !sn_registry_unhex(key + strlen(VOID), &replica) || !sn_registry_unhex(value, &from) ||
        !sn_registry_unhex(value + DIGITS, &renewed))
        return SENNIT_OK;
    SN_TRY(registry_add(reg, mem, replica, &owner));
    owner->from = from;
    owner->renewed = renewed;
    return SENNIT_OK;
}

void sn_registry_free(sn_registry *reg, sn_mem *mem)
{
    for (size_t i = 0; i < reg->len; i++)
        if (reg->owners[i].user != NULL)
            sn_mem_free(mem, reg->owners[i].user, strlen(reg->owners[i].user) + 1);
    sn_mem_free(mem, reg->owners, reg->cap * sizeof *reg->owners);
    *reg = (sn_registry){NULL, 0, 0};
}

static sennit_status registry_put(sn_room *room, const char *prefix, uint64_t replica,
                                  const void *value, size_t len)
{
    const sennit_storage *storage = room->hub->options.storage;
    char key[SENNIT_FACT_KEY_MAX];

    memcpy(key, prefix, strlen(prefix));
    sn_registry_hex(key + strlen(prefix), replica);
    return storage->put(storage->self, room->name, key, value, len, &room->ticket);
}

static sennit_status registry_put_void(sn_room *room, const sn_owner *owner)
{
    char value[2 * DIGITS + 1];

    sn_registry_hex(sn_registry_hex(value, owner->from), owner->renewed);
    return registry_put(room, VOID, owner->replica, value, 2 * DIGITS);
}

static void registry_keep_void(sn_room *room, const sn_owner *owner)
{
    if (registry_put_void(room, owner) != SENNIT_OK)
        room->unstored = true;
}

/* Facts are few, and putting one again is harmless. */
bool sn_registry_store(sn_room *room)
{
    for (size_t i = 0; i < room->owners.len; i++) {
        const sn_owner *o = &room->owners.owners[i];

        if (o->user != NULL && registry_put(room, BIND, o->replica, o->user, strlen(o->user)) != SENNIT_OK)
            return false;
        if (o->from != UINT64_MAX && registry_put_void(room, o) != SENNIT_OK)
            return false;
    }
    return true;
}

sennit_status sn_registry_bind(sn_room *room, uint64_t replica, const char *user)
{
    SN_TRY(registry_set_user(&room->owners, &room->hub->mem, replica, user, strlen(user)));
    return registry_put(room, BIND, replica, user, strlen(user));
}

sennit_status sn_registry_void(sn_room *room, uint64_t replica, uint64_t from, uint64_t renewed)
{
    sn_owner *owner;

    SN_TRY(registry_add(&room->owners, &room->hub->mem, replica, &owner));
    owner->from = from;
    owner->renewed = renewed;
    registry_keep_void(room, owner);
    for (size_t i = 0; i < room->owners.len && from == 0; i++) {
        sn_owner *o = &room->owners.owners[i];

        if (o->from != UINT64_MAX && o->renewed == replica) { /* it was issued anew twice */
            o->renewed = renewed;
            registry_keep_void(room, o);
        }
    }
    return SENNIT_OK;
}
