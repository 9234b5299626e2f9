/* Which bytes are deleted, how often, and what toggles say of each delete.
 *
 * A byte is visible unless a delete that is on covers it. The tree knows whether
 * any does; the map `cover` knows, for the rare bytes that more than one covers,
 * how many there are beyond the first:
 *
 *     numbers    3 4 5 6 7 8 9          delete a: 3..7   delete b: 6..9
 *     tree       x x x x x x x
 *     cover      0     1   0            entries at 3 (or none), 6 and 8
 */
#include "core/merge/cover.h"

#include "core/tree/tree_node.h"

/* ---- the map of extra covers ---- */

/* Extra covers of a byte; they are the same up to *end. */
static uint32_t cover_value(sn_map *map, uint32_t replica, uint32_t number, uint32_t *end)
{
    *end = UINT32_MAX;
    if (map->root == NULL)
        return 0;
    sn_map_at at = sn_map_floor(map, sn_id_key(replica, number));
    sn_map_at next = at.leaf != NULL ? sn_map_next(at) : sn_map_ceil(map, 0);
    if (next.leaf != NULL && next.leaf->key[next.i] >> 32 == replica)
        *end = (uint32_t)next.leaf->key[next.i];
    if (at.leaf == NULL || at.leaf->key[at.i] >> 32 != replica)
        return 0;
    return at.leaf->value[at.i];
}

static uint64_t cover_key(sn_map_at at)
{
    return at.leaf->key[at.i];
}

/* Add to the extra covers of [at, end); where there are none and by is -1, the
 * byte has just come back and stays at none. Entries begin at both ends then. */
static void cover_shift(sn_map *map, uint32_t replica, uint32_t at, uint32_t end, int by)
{
    const uint64_t low = sn_id_key(replica, at), high = sn_id_key(replica, end);
    sn_map_at e = sn_map_floor(map, low);
    uint32_t was = 0; /* what the map says up to the next entry */

    if (e.leaf == NULL || cover_key(e) != low) {
        if (e.leaf != NULL && cover_key(e) >> 32 == replica)
            was = e.leaf->value[e.i];
        sn_map_set(map, low, was);
        e = sn_map_floor(map, low);
    }
    for (; e.leaf != NULL && cover_key(e) < high; e = sn_map_next(e)) {
        was = e.leaf->value[e.i];
        if (by > 0)
            e.leaf->value[e.i]++;
        else if (was > 0)
            e.leaf->value[e.i]--;
    }
    if (e.leaf == NULL || cover_key(e) != high)
        sn_map_set(map, high, was);
}

sennit_status sn_cover_reserve(sennit_doc *doc)
{
    return sn_map_reserve(&doc->cover, &doc->mem, 2);
}

void sn_cover_more(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t end)
{
    cover_shift(&doc->cover, replica, at, end, 1);
}

void sn_cover_again(void *arg, uint32_t replica, uint32_t at, uint32_t end)
{
    sn_bulk_again *again = arg;

    if (again->status == SENNIT_OK)
        again->status = sn_cover_reserve(again->doc);
    if (again->status == SENNIT_OK)
        sn_cover_more(again->doc, replica, at, end);
}

/* ---- bytes ---- */

/* Delete, or bring back, n bytes at p and tell the host. */
static void cover_flip(sennit_doc *doc, sn_place p, uint32_t n, bool dead, uint32_t who)
{
    bool watched = sn_doc_watches(doc);
    sn_count c = {0, 0, 0, 0};

    if (watched) {
        c = sn_span_count(&doc->tree, sn_place_span(&p), p.off, n);
        sn_doc_patch(doc, p, &c, !dead, who);
    }
    if (dead)
        sn_tree_kill(&doc->tree, &p, n);
    else
        sn_tree_revive(&doc->tree, &p, n);
    doc->tree.hit = p.leaf; /* what continues this is beside it */
    doc->tree.hit_i = p.i;
}

void sn_cover_add(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t len, uint32_t who)
{
    uint32_t end = at + len, dead_from = end;

    while (at < end) {
        sn_place p = sn_tree_find(&doc->tree, replica, at);
        const sn_span *s = sn_place_span(&p);
        uint32_t n = (uint32_t)sn_min_u64(end - at, sn_span_len(s) - p.off);

        if (sn_span_dead(s)) {
            uint32_t skip;

            if (dead_from == end)
                dead_from = at;
            if (cover_value(&doc->cover, replica, at, &skip) > 0)
                n = (uint32_t)sn_min_u64(end, skip) - at; /* known to be dead up to there */
        } else {
            if (dead_from < end)
                cover_shift(&doc->cover, replica, dead_from, at, 1);
            dead_from = end;
            cover_flip(doc, p, n, true, who);
        }
        at += n;
    }
#if SENNIT_MUTANT != 4
    if (dead_from < end)
        cover_shift(&doc->cover, replica, dead_from, end, 1);
#endif
}

static void cover_revive(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t end, uint32_t who)
{
    while (at < end) {
        sn_place p = sn_tree_find(&doc->tree, replica, at);
        uint32_t n = (uint32_t)sn_min_u64(end - at, sn_span_len(sn_place_span(&p)) - p.off);

        cover_flip(doc, p, n, false, who);
        at += n;
    }
}

void sn_cover_drop(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t len, uint32_t who)
{
    uint32_t end = at + len;
    bool extra = false;

    for (uint32_t pos = at, stop; pos < end; pos = stop) {
        uint32_t value = cover_value(&doc->cover, replica, pos, &stop);

        stop = (uint32_t)sn_min_u64(stop, end);
        if (value == 0)
            cover_revive(doc, replica, pos, stop, who);
        extra = extra || value > 0;
    }
#if SENNIT_MUTANT != 12
    if (extra)
        cover_shift(&doc->cover, replica, at, end, -1);
#endif
}

/* ---- toggles ---- */

sn_switch *sn_switch_of(sennit_doc *doc, uint32_t replica, uint32_t seq)
{
    sn_map_at at = sn_map_floor(&doc->toggled, sn_id_key(replica, seq));

    if (at.leaf == NULL || at.leaf->key[at.i] != sn_id_key(replica, seq))
        return NULL;
    return &doc->switches[at.leaf->value[at.i]];
}

bool sn_switch_find(const sennit_doc *doc, uint32_t replica, uint32_t seq, sn_log_iter *it,
                    sn_op *op)
{
    sn_roster_seek(&doc->who, it, replica, seq);
    if (!sn_log_next(it, op) || op->kind == SN_INSERT || op->kind == SN_TOGGLE ||
        op->part == SN_REDACTION)
        return false;
    if (op->part == SN_WHOLE) {
        if (seq > op->seq)
            sn_op_skip(op, seq - op->seq, replica);
        op->n = 1;
        op->flag = 0;
    }
    return true;
}

sn_switch *sn_switch_decide(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                            uint32_t toggle_seq, bool on)
{
    sn_switch *s = sn_switch_of(doc, replica, seq);
    bool shown = s == NULL || s->shown;

    if (s == NULL) {
        s = &doc->switches[doc->switches_len];
        sn_map_set(&doc->toggled, sn_id_key(replica, seq), doc->switches_len++);
    } else if (s->change == change ? s->seq > toggle_seq
                                   : !sn_change_le(&doc->who, s->change, change)) {
        return s; /* a toggle with a greater key has decided */
    }
    *s = (sn_switch){change, toggle_seq, on, shown};
    return s;
}

static bool switch_show(sn_switch *s)
{
    bool shown = s->shown;

    s->shown = s->on;
    return s->on != shown;
}

bool sn_switch_note(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                    uint32_t toggle_seq, bool on)
{
    return switch_show(sn_switch_decide(doc, replica, seq, change, toggle_seq, on));
}

void sn_switch_settle(sennit_doc *doc, uint32_t replica, uint32_t seq)
{
    sn_switch *s = sn_switch_of(doc, replica, seq);
    uint32_t author = doc->who.changes[s->change].replica;
    sn_log_iter it;
    sn_op op = {.kind = SN_DELETE};

    if (!switch_show(s))
        return;
    bool more = sn_switch_find(doc, replica, seq, &it, &op);
    if (op.kind != SN_DELETE) {
        sn_book_switch(doc, replica, seq, s->on, author);
        return;
    }
    while (more) {
        if (s->on)
            sn_cover_add(doc, op.ref_replica, op.ref, op.len, author);
        else
            sn_cover_drop(doc, op.ref_replica, op.ref, op.len, author);
        more = op.part == SN_MORE && sn_log_next(&it, &op);
    }
}

void sn_switch_set(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                   uint32_t toggle_seq, bool on)
{
    sn_switch_decide(doc, replica, seq, change, toggle_seq, on);
    sn_switch_settle(doc, replica, seq);
}
