#include "core/history/past.h"

#include "core/merge/cover.h"
#include "core/tree/tree_node.h"

/* ---- bits ---- */

static void past_set(uint64_t *bits, uint32_t from, uint32_t end)
{
    for (uint32_t i = from / 64; i * 64 < end; i++) {
        uint64_t mask = UINT64_MAX;

        if (i == from / 64)
            mask <<= from % 64;
        if (end - i * 64 < 64)
            mask &= ((uint64_t)1 << (end - i * 64)) - 1;
        bits[i] |= mask;
    }
}

/* The first bit from one on that is not as that one is; `end` if there is none. */
static uint32_t past_same(const uint64_t *bits, uint32_t from, uint32_t end)
{
    const uint64_t flip = bits[from / 64] >> from % 64 & 1 ? UINT64_MAX : 0;
    uint64_t word = (bits[from / 64] ^ flip) >> from % 64;

    if (word != 0)
        return (uint32_t)sn_min_u64(end, from + sn_ctz64(word));
    for (uint32_t i = from / 64 + 1; i * 64 < end; i++)
        if (bits[i] != flip)
            return (uint32_t)sn_min_u64(end, i * 64 + sn_ctz64(bits[i] ^ flip));
    return end;
}

uint32_t sn_past_run(const sn_past *past, uint32_t replica, uint32_t number, uint32_t len, bool *there)
{
    if (replica >= past->replicas_len || number >= past->of[replica].number) {
        *there = false;
        return len;
    }
    const sn_past_of *of = &past->of[replica];
    const uint64_t *bits = past->gone + of->at;
    const uint32_t end = (uint32_t)sn_min_u64(of->number, (uint64_t)number + len);
    *there = !(bits[number / 64] >> number % 64 & 1);
    return past_same(bits, number, end) - number;
}

/* ---- ranges ---- */

sennit_status sn_ranges_add(sn_ranges *ranges, sn_mem *mem, uint32_t replica, uint32_t at,
                            uint32_t len)
{
    sn_range *last = ranges->len > 0 ? &ranges->at[ranges->len - 1] : NULL;

    if (last != NULL && last->replica == replica && last->at + last->len == at) {
        last->len += len;
        return SENNIT_OK;
    }
    SN_TRY(sn_mem_grow(mem, (void **)&ranges->at, &ranges->cap, ranges->len + 1, sizeof *ranges->at));
    ranges->at[ranges->len++] = (sn_range){replica, at, len};
    return SENNIT_OK;
}

void sn_ranges_free(sn_ranges *ranges, sn_mem *mem)
{
    sn_mem_free(mem, ranges->at, ranges->cap * sizeof *ranges->at);
    *ranges = (sn_ranges){NULL, 0, 0};
}

/* ---- what a version counts ---- */

/* Bytes that a replica inserted before an operation, of whole characters. */
static uint32_t past_number(const sn_roster *who, uint32_t replica, uint32_t seq)
{
    uint32_t number = sn_roster_number_at(who, replica, seq);

    while (!sn_text_boundary(&who->replicas[replica].text, number))
        number--;
    return number;
}

static sennit_status past_read(sn_past *past, const void *version, size_t len)
{
    sennit_doc *doc = past->doc;
    bool unknown;
    size_t size;
    sn_wanted *counts = sn_version_new(doc, &size);

    if (counts == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = sn_version_read(doc, version, len, counts, &unknown, NULL);
    if (st == SENNIT_OK && unknown)
        st = SENNIT_EGONE;
    for (uint32_t i = 0; i < past->replicas_len && st == SENNIT_OK; i++) {
        const uint32_t seq = counts[i].seq;

        if (seq < doc->who.replicas[i].cut.seq)
            st = SENNIT_EGONE;
        past->of[i] = (sn_past_of){seq, past_number(&doc->who, i, seq), past->words};
        past->words += past->of[i].number / 64 + 1;
    }
    sn_mem_free(&doc->mem, counts, size);
    return st;
}

/* ---- toggles and deletes of then ---- */

/* Let a toggle decide, if none with a greater key has. */
static void past_toggle(sn_past *past, const sn_op *op)
{
    const sn_roster *who = &past->doc->who;
    const sn_switch *now = sn_switch_of(past->doc, op->ref_replica, op->ref);
    sn_switch *then = &past->switches[now - past->doc->switches];

#if SENNIT_MUTANT != 46
    if (then->change == op->change ? then->seq < op->seq
                                   : sn_change_le(who, then->change, op->change))
#endif
        *then = (sn_switch){op->change, op->seq, op->flag, op->flag};
}

/* The bytes of operations [k, end) of a record of deletes. */
static void past_delete(sn_past *past, const sn_op *op, uint32_t k, uint32_t end)
{
    const sn_past_of *of = &past->of[op->ref_replica];
    uint32_t low = sn_op_target(op, op->flag ? end - 1 : k);
    uint64_t high = (uint64_t)low + (uint64_t)(end - k) * op->len;

    if (low < of->number)
        past_set(past->gone + of->at, low, (uint32_t)sn_min_u64(high, of->number));
}

/* Those of a record that were on. */
static void past_deletes(sn_past *past, const sn_op *op, uint32_t author)
{
    sn_map *toggled = &past->doc->toggled;
    const uint64_t first = sn_id_key(author, op->seq), end = first + op->n;
    uint32_t k = 0;

    if (past->switches_len > 0)
        for (sn_map_at at = sn_map_ceil(toggled, first); at.leaf != NULL && at.leaf->key[at.i] < end;
             at = sn_map_next(at)) {
            uint32_t next = (uint32_t)(at.leaf->key[at.i] - first);

            if (next > k)
                past_delete(past, op, k, next);
            if (past->switches[at.leaf->value[at.i]].on || SENNIT_MUTANT == 45)
                past_delete(past, op, next, next + 1);
            k = next + 1;
        }
    if (k < op->n)
        past_delete(past, op, k, op->n);
}

/* Look at all toggles, or at all deletes, of a version. */
static void past_pass(sn_past *past, sn_kind kind)
{
    for (uint32_t i = 0; i < past->replicas_len; i++) {
        const uint32_t end = past->of[i].seq;
        sn_log_iter it;
        sn_op op;

        sn_roster_seek(&past->doc->who, &it, i, 0);
        while (sn_log_next(&it, &op) && op.seq < end) {
            if (op.kind != kind)
                continue;
            op.n = (uint32_t)sn_min_u64(op.n, end - op.seq);
            if (kind == SN_TOGGLE)
                past_toggle(past, &op);
            else
                past_deletes(past, &op, i);
        }
    }
}

/* ---- open and close ---- */

static sennit_status past_fill(sn_past *past)
{
    sn_mem *mem = &past->doc->mem;

    past->gone = sn_mem_resize(mem, NULL, 0, (past->words + 1) * sizeof *past->gone);
    if (past->gone == NULL)
        return SENNIT_ENOMEM;
    memset(past->gone, 0, past->words * sizeof *past->gone);
    if (past->doc->switches_len > 0) {
        const uint32_t n = past->doc->switches_len;

        past->switches = sn_mem_resize(mem, NULL, 0, n * sizeof *past->switches);
        if (past->switches == NULL)
            return SENNIT_ENOMEM;
        past->switches_len = n;
        for (uint32_t i = 0; i < n; i++)
            past->switches[i] = (sn_switch){SN_ROOT_CHANGE, 0, true, true};
        past_pass(past, SN_TOGGLE);
    }
    past_pass(past, SN_DELETE);
    return SENNIT_OK;
}

sennit_status sn_past_open(sennit_doc *doc, const void *version, size_t len, sn_past *past)
{
    *past = (sn_past){.doc = doc, .replicas_len = doc->who.replicas_len};
    if (doc->txn.open)
        return SENNIT_EBUSY;
    past->of = sn_mem_resize(&doc->mem, NULL, 0,
                             (past->replicas_len + (size_t)1) * sizeof *past->of);
    if (past->of == NULL)
        return SENNIT_ENOMEM;
    SN_TRY(past_read(past, version, len));
    return past_fill(past);
}

void sn_past_close(sn_past *past)
{
    sn_mem *mem = &past->doc->mem;

    sn_mem_free(mem, past->of, (past->replicas_len + (size_t)1) * sizeof *past->of);
    sn_mem_free(mem, past->gone, (past->words + 1) * sizeof *past->gone);
    sn_mem_free(mem, past->switches, past->switches_len * sizeof *past->switches);
}
