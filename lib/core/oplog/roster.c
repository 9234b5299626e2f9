#include "core/oplog/roster.h"

sennit_status sn_roster_init(sn_roster *who, sn_mem *mem, uint64_t hash_key)
{
    *who = (sn_roster){.hash_key = hash_key | 1};
    SN_TRY(sn_mem_grow32(mem, (void **)&who->changes, &who->changes_cap, 1, sizeof *who->changes));
    SN_TRY(sn_mem_grow32(mem, (void **)&who->times, &who->times_cap, 1, sizeof *who->times));
    SN_TRY(sn_mem_grow32(mem, (void **)&who->owners, &who->owners_cap, 1, sizeof *who->owners));
    who->times[SN_ROOT_CHANGE] = who->owners[SN_ROOT_CHANGE] = 0;
    who->changes[SN_ROOT_CHANGE] = (sn_change){SN_NO_REPLICA, 0, 0, 0};
    who->changes_len = 1;
    return SENNIT_OK;
}

static void roster_free_replica(sn_replica *r, sn_mem *mem)
{
    sn_text_free(&r->text, mem);
    sn_log_free(&r->log, mem);
    sn_notes_free(&r->notes, mem);
    if (r->changes_cap > SN_NEST_CHANGES)
        sn_mem_free(mem, r->changes, r->changes_cap * sizeof *r->changes);
}

void sn_roster_free(sn_roster *who, sn_mem *mem)
{
    for (uint32_t i = 0; i < who->replicas_len; i++)
        roster_free_replica(&who->replicas[i], mem);
    for (uint32_t i = 0; i < who->slabs_len; i++)
        sn_mem_free(mem, who->slabs[i], SN_SLAB * sizeof **who->slabs);
    sn_mem_free(mem, who->slabs, who->slabs_cap * sizeof *who->slabs);
    sn_mem_free(mem, who->replicas, who->replicas_cap * sizeof *who->replicas);
    sn_mem_free(mem, who->changes, who->changes_cap * sizeof *who->changes);
    sn_mem_free(mem, who->times, who->times_cap * sizeof *who->times);
    sn_mem_free(mem, who->owners, who->owners_cap * sizeof *who->owners);
    sn_mem_free(mem, who->slots, who->slots_cap * sizeof *who->slots);
    *who = (sn_roster){0};
}

/* ---- replicas by id ---- */

/* Multiply-shift hashing (Dietzfelbinger et al. 1997): with an unknown odd
 * factor no choice of ids makes many of them collide. */
static uint64_t roster_hash(const sn_roster *who, uint64_t id)
{
    return (id ^ id >> 32) * who->hash_key;
}

static uint32_t roster_slot(const sn_roster *who, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & (who->slots_cap - 1);
}

static uint32_t roster_tag(uint64_t hash)
{
    return (uint32_t)hash & SN_SLOT_TAG;
}

uint32_t sn_roster_find(sn_roster *who, uint64_t id)
{
    if (SN_LIKELY(who->recent < who->replicas_len && who->replicas[who->recent].id == id))
        return who->recent;
    if (who->slots_cap == 0)
        return SN_NO_REPLICA;
    uint64_t hash = roster_hash(who, id);
    uint32_t tag = roster_tag(hash);
    for (uint32_t s = roster_slot(who, hash);; s = (s + 1) & (who->slots_cap - 1)) {
        uint32_t slot = who->slots[s], index = slot & SN_SLOT_INDEX;

        if (slot == SN_SLOT_FREE)
            return SN_NO_REPLICA;
        if ((slot & SN_SLOT_TAG) == tag && who->replicas[index].id == id)
            return who->recent = index;
    }
}

static void roster_put_slot(sn_roster *who, uint32_t replica)
{
    uint64_t hash = roster_hash(who, who->replicas[replica].id);
    uint32_t s = roster_slot(who, hash);

    while (who->slots[s] != SN_SLOT_FREE)
        s = (s + 1) & (who->slots_cap - 1);
    who->slots[s] = roster_tag(hash) | replica;
}

static void roster_rehash(sn_roster *who)
{
    memset(who->slots, 0xff, who->slots_cap * sizeof *who->slots); /* SN_SLOT_FREE */
    for (uint32_t i = 0; i < who->replicas_len; i++)
        roster_put_slot(who, i);
}

static sennit_status roster_grow_slots(sn_roster *who, sn_mem *mem)
{
    uint32_t cap = who->slots_cap > 0 ? who->slots_cap * 2 : 8;
    size_t item = sizeof *who->slots;

    if (who->slots_cap > 2 * who->replicas_len)
        return SENNIT_OK;
    uint32_t *slots = sn_mem_resize(mem, who->slots, who->slots_cap * item, cap * item);
    if (slots == NULL)
        return SENNIT_ENOMEM;
    who->slots = slots;
    who->slots_cap = cap;
    roster_rehash(who);
    return SENNIT_OK;
}

static sennit_status roster_grow_slabs(sn_roster *who, sn_mem *mem)
{
    if (who->replicas_len < who->slabs_len * SN_SLAB)
        return SENNIT_OK;
    SN_TRY(sn_mem_grow32(mem, (void **)&who->slabs, &who->slabs_cap, (size_t)who->slabs_len + 1,
                         sizeof *who->slabs));
    sn_nest *slab = sn_mem_resize(mem, NULL, 0, SN_SLAB * sizeof *slab);
    if (slab == NULL)
        return SENNIT_ENOMEM;
    who->slabs[who->slabs_len++] = slab;
    return SENNIT_OK;
}

/* Replicas are large, and a crowd of them comes at once: copying them is dearer than
 * memory that is not touched. */
static sennit_status roster_grow_replicas(sn_roster *who, sn_mem *mem)
{
    size_t n = who->replicas_len;

    if (n < who->replicas_cap)
        return SENNIT_OK;
    return sn_mem_grow32(mem, (void **)&who->replicas, &who->replicas_cap, 2 * n + 1,
                         sizeof *who->replicas);
}

/* In a crowd the next one comes soon; its memory is there by then. */
static void roster_fetch_next(const sn_roster *who)
{
    if (who->replicas_len < who->replicas_cap)
        for (size_t at = 0; at < sizeof *who->replicas; at += 64)
            SN_FETCH((const uint8_t *)&who->replicas[who->replicas_len] + at);
}

sennit_status sn_roster_add(sn_roster *who, sn_mem *mem, uint64_t id, uint32_t *out)
{
    uint32_t index = who->replicas_len;

    if (index > SN_SLOT_INDEX)
        return SENNIT_ELIMIT;
    SN_TRY(roster_grow_replicas(who, mem));
    SN_TRY(roster_grow_slabs(who, mem));
    SN_TRY(roster_grow_slots(who, mem));
    sn_nest *nest = &who->slabs[index / SN_SLAB][index % SN_SLAB];
    who->replicas[index] = (sn_replica){.id = id, .last_leaf = UINT32_MAX,
                                        .changes = nest->changes, .changes_cap = SN_NEST_CHANGES,
                                        .text = {.bytes = nest->text, .cap = SN_TEXT_NEST}};
    who->replicas_len++;
    roster_put_slot(who, index);
    roster_fetch_next(who);
    *out = index;
    return SENNIT_OK;
}

/* ---- changes ---- */

sennit_status sn_roster_reserve(sn_roster *who, sn_mem *mem, uint32_t replica, size_t n)
{
    sn_replica *r = &who->replicas[replica];

    if (who->changes_len + n > SN_MAX_CHANGES)
        return SENNIT_ELIMIT;
    SN_TRY(sn_mem_grow32(mem, (void **)&who->changes, &who->changes_cap, who->changes_len + n,
                         sizeof *who->changes));
    SN_TRY(sn_mem_grow32(mem, (void **)&who->times, &who->times_cap, who->changes_len + n,
                         sizeof *who->times));
    SN_TRY(sn_mem_grow32(mem, (void **)&who->owners, &who->owners_cap, who->changes_len + n,
                         sizeof *who->owners));
    return sn_mem_grow_nested(mem, (void **)&r->changes, &r->changes_cap, SN_NEST_CHANGES,
                              r->changes_len + n, sizeof *r->changes);
}

uint32_t sn_roster_change(sn_roster *who, uint32_t replica, uint64_t hlc, uint32_t seq,
                          uint32_t number)
{
    sn_replica *r = &who->replicas[replica];
    uint32_t index = who->changes_len++;

    SN_ASSERT(index < who->changes_cap && r->changes_len < r->changes_cap);
    who->times[index] = hlc;
    who->owners[index] = r->id;
    who->changes[index] = (sn_change){replica, seq, number, r->changes_len};
    r->changes[r->changes_len++] = index;
    return index;
}

void sn_roster_truncate(sn_roster *who, sn_mem *mem, uint32_t replicas_len, uint32_t changes_len)
{
    while (who->changes_len > changes_len) {
        who->changes_len--;
        who->replicas[who->changes[who->changes_len].replica].changes_len--;
    }
    if (who->replicas_len == replicas_len)
        return;
    while (who->replicas_len > replicas_len)
        roster_free_replica(&who->replicas[--who->replicas_len], mem);
    roster_rehash(who);
}

/* The last of a replica's changes that begins at or before a number or seq. An
 * empty stretch belongs to the later change, which holds for numbers too: a
 * change that inserts nothing begins at the same number as the one after it. */
static uint32_t roster_search(const sn_roster *who, const sn_replica *r, uint32_t at, bool by_seq)
{
    uint32_t low = 0, n = r->changes_len;

    while (n > 1) {
        uint32_t half = n / 2;
        const sn_change *c = &who->changes[r->changes[low + half]];

        if ((by_seq ? c->seq : c->number) <= at) {
            low += half;
            n -= half;
        } else {
            n = half;
        }
    }
    return r->changes[low];
}

uint32_t sn_roster_change_of(const sn_roster *who, uint32_t replica, uint32_t number)
{
    const sn_replica *r = &who->replicas[replica];

    if (r->changes_len == 1)
        return r->changes[0];
    return roster_search(who, r, number, false);
}

uint32_t sn_roster_change_at_seq(const sn_roster *who, uint32_t replica, uint32_t seq)
{
    return roster_search(who, &who->replicas[replica], seq, true);
}

uint32_t sn_roster_change_end(const sn_roster *who, uint32_t change, uint32_t *number_end)
{
    const sn_change *c = &who->changes[change];
    const sn_replica *r = &who->replicas[c->replica];

    if (c->ordinal + 1 < r->changes_len) {
        const sn_change *next = &who->changes[r->changes[c->ordinal + 1]];

        *number_end = next->number;
        return next->seq;
    }
    *number_end = r->text.len;
    return r->seq;
}

void sn_roster_seek(const sn_roster *who, sn_log_iter *it, uint32_t replica, uint32_t seq)
{
    const sn_replica *r = &who->replicas[replica];

    sn_log_seek(it, &r->log, replica, r->changes, seq);
}

uint32_t sn_roster_number_at(const sn_roster *who, uint32_t replica, uint32_t seq)
{
    sn_log_iter it;
    sn_op op;

    sn_roster_seek(who, &it, replica, seq);
    if (!sn_log_next(&it, &op))
        return who->replicas[replica].text.len;
    return op.kind == SN_INSERT ? op.number + (seq - op.seq) : op.number;
}

bool sn_roster_next(const sn_roster *who, sn_log_iter *it, sn_op *out)
{
    while (it->log == NULL || !sn_log_next(it, out)) {
        const uint32_t next = it->author + 1; /* 0 in the beginning */

        if (next >= who->replicas_len)
            return false;
        sn_roster_seek(who, it, next, 0);
    }
    return true;
}
