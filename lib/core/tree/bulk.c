#include "core/tree/bulk.h"

/* ---- memory ---- */

static void *bulk_take(sn_bulk *b, size_t n, size_t item)
{
    size_t bytes;

    return sn_mul_size(n + 1, item, &bytes) ? sn_mem_resize(b->mem, NULL, 0, bytes) : NULL;
}

static void bulk_give(sn_bulk *b, void *array, size_t n, size_t item)
{
    sn_mem_free(b->mem, array, (n + 1) * item);
}

/* All text side by side, each author's from a multiple of 64 places on. */
static uint64_t bulk_lay_out(const sn_roster *who, uint32_t *base)
{
    uint64_t at = 0;

    for (uint32_t i = 0; i < who->replicas_len; i++) {
        if (base != NULL)
            base[i] = (uint32_t)at;
        at += ((uint64_t)who->replicas[i].text.len + 63) & ~UINT64_C(63);
    }
    return at;
}

sennit_status sn_bulk_start(sn_bulk *b, sn_mem *mem, const sn_roster *who, uint32_t inserts,
                            uint32_t deletes)
{
    uint64_t places = bulk_lay_out(who, NULL);

    *b = (sn_bulk){.mem = mem, .who = who};
    if (!sn_bulk_fits(who, inserts, deletes))
        return SENNIT_ELIMIT;
    b->places = (uint32_t)places;
    b->runs_cap = inserts;
    b->runs = bulk_take(b, inserts, sizeof *b->runs);
    b->base = bulk_take(b, who->replicas_len, sizeof *b->base);
    b->end = bulk_take(b, who->replicas_len, sizeof *b->end);
    b->first = bulk_take(b, who->replicas_len, sizeof *b->first);
    b->cut = bulk_take(b, places / 64, sizeof *b->cut);
    b->dead = bulk_take(b, places / 64, sizeof *b->dead);
    b->before = bulk_take(b, places / 64, sizeof *b->before);
    if (b->runs == NULL || b->base == NULL || b->end == NULL || b->first == NULL ||
        b->cut == NULL || b->dead == NULL || b->before == NULL)
        return SENNIT_ENOMEM;
    bulk_lay_out(who, b->base);
    memcpy(b->end, b->base, who->replicas_len * sizeof *b->end);
    memset(b->cut, 0, (places / 64 + 1) * sizeof *b->cut);
    memset(b->dead, 0, (places / 64 + 1) * sizeof *b->dead);
    return SENNIT_OK;
}

void sn_bulk_end(sn_bulk *b)
{
    if (b->mem == NULL)
        return;
    bulk_give(b, b->runs, b->runs_cap, sizeof *b->runs);
    bulk_give(b, b->base, b->who->replicas_len, sizeof *b->base);
    bulk_give(b, b->end, b->who->replicas_len, sizeof *b->end);
    bulk_give(b, b->first, b->who->replicas_len, sizeof *b->first);
    bulk_give(b, b->cut, b->places / 64, sizeof *b->cut);
    bulk_give(b, b->dead, b->places / 64, sizeof *b->dead);
    bulk_give(b, b->before, b->places / 64, sizeof *b->before);
    bulk_give(b, b->shards, b->shards_cap, sizeof *b->shards);
    bulk_give(b, b->spans, b->shards_cap, sizeof *b->spans);
    b->mem = NULL;
}

/* Places, with which side, and spans have 32 bits. */
bool sn_bulk_fits(const sn_roster *who, uint64_t inserts, uint64_t deletes)
{
    return bulk_lay_out(who, NULL) < UINT32_MAX / 2 - 64 && inserts + deletes < UINT32_MAX / 8;
}

/* ---- inserts ---- */

static inline void bulk_cut(sn_bulk *b, uint32_t place)
{
    b->cut[place / 64] |= UINT64_C(1) << place % 64;
}

void sn_bulk_insert(sn_bulk *b, const sn_op *op)
{
    uint32_t author = b->who->changes[op->change].replica, place = b->base[author] + op->number;
    sn_run *run = &b->runs[b->runs_len++];

    *run = (sn_run){place, op->number, op->n, op->change, SN_NO_PARENT};
    b->end[author] = place + op->n;
    bulk_cut(b, place);
    if (op->ref_replica == SN_NO_REPLICA)
        return;
    uint32_t parent = b->base[op->ref_replica] + op->ref, left = op->flag != 0;
    run->parent = parent << 1 | left;
    bulk_cut(b, parent + 1 - left);
}

/* ---- deletes ---- */

/* One word of the bits at a time; already dead ones are told of in stretches. */
void sn_bulk_delete_far(sn_bulk *b, uint32_t replica, uint32_t at, uint32_t len,
                        sn_bulk_twice *twice, void *arg)
{
    uint32_t base = b->base[replica], place = base + at, end = place + len, twice_from = end;

    while (place < end) {
        uint32_t bit = place % 64, n = (uint32_t)sn_min_u64(64 - bit, end - place);
        uint64_t mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << bit;
        uint64_t *word = &b->dead[place / 64], old = *word & mask;

        *word |= mask;
        for (uint32_t i = 0; twice != NULL && (old != 0 || twice_from < end) && i < n; i++) {
            bool dead = old >> (bit + i) & 1;

            if (dead && twice_from == end) {
                twice_from = place + i;
            } else if (!dead && twice_from < end) {
                twice(arg, replica, twice_from - base, place + i - base);
                twice_from = end;
            }
        }
        place += n;
    }
    if (twice != NULL && twice_from < end)
        twice(arg, replica, twice_from - base, at + len);
}

/* ---- shards ---- */

/* How many bits are set (Wilkes, Wheeler and Gill 1957): a library is called for it
 * where the processor is not known to count. */
static inline uint32_t bulk_bits(uint64_t v)
{
    v -= v >> 1 & UINT64_C(0x5555555555555555);
    v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
    v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(v * UINT64_C(0x0101010101010101) >> 56);
}

/* The bits of a word up to one, and that one. */
static inline uint64_t bulk_upto(uint32_t place)
{
    return UINT64_MAX >> (63 - place % 64);
}

/* The shard that a place is in. */
static inline uint32_t bulk_shard_of(const sn_bulk *b, uint32_t place)
{
    return b->before[place / 64] + bulk_bits(b->cut[place / 64] & bulk_upto(place));
}

/* Cut where deletes begin and end, too, and count. */
static void bulk_count(sn_bulk *b)
{
    uint32_t n = 0;

    for (uint32_t r = 0; r < b->who->replicas_len; r++) {
        uint32_t end = b->end[r];
        uint64_t carry = 0;

        b->first[r] = n + 1;
        for (uint32_t w = b->base[r] / 64; w < (end + 63) / 64; w++) {
            uint64_t dead = b->dead[w], cut = b->cut[w] | (dead ^ (dead << 1 | carry));

            if (w == (end - 1) / 64)
                cut &= bulk_upto(end - 1); /* a child of the last byte, or its delete, ends there */
            b->cut[w] = cut;
            b->before[w] = n;
            n += bulk_bits(cut);
            carry = dead >> 63;
        }
    }
    b->first[b->who->replicas_len] = n + 1;
}

/* Where shards begin, how long they are, and whether they are dead. */
static void bulk_begin_shards(sn_bulk *b)
{
    sn_shard *p = b->shards;

    *p++ = (sn_shard){.span = {.change = SN_ROOT_CHANGE}};
    for (uint32_t r = 0; r < b->who->replicas_len; r++) {
        uint32_t base = b->base[r], end = b->end[r];

        for (uint32_t w = base / 64; w < (end + 63) / 64; w++)
            for (uint64_t cut = b->cut[w]; cut != 0; cut &= cut - 1, p++) {
                uint32_t bit = sn_ctz64(cut), at = w * 64 + bit - base;

                p->span.at = at;
                p->span.len = (uint32_t)(b->dead[w] >> bit & 1) * SN_DEAD;
                p[-1].span.len |= at > 0 ? at - p[-1].span.at : 0;
            }
        p[-1].span.len |= end > base ? end - base - p[-1].span.at : 0;
    }
}

/* ---- order ---- */

/* The shards of a run: all but the head inherit the same, and all but the last have the
 * next as right child. Returns the last. */
static inline uint32_t bulk_fill(const sn_bulk *b, const sn_run *run, uint32_t first, uint32_t head)
{
    uint32_t k = first, at = run->number, end = at + run->len;
    uint32_t inner = (head & SN_LEFT ? run->change << 2 : head) | SN_HAS_RIGHT;

    for (; at < end; k++) {
        sn_shard *p = &b->shards[k];

        p->span.change = run->change;
        p->span.head = inner;
        p->next = k + 1;
        p->prev = k - 1;
        at += sn_span_len(&p->span);
    }
    b->shards[first].span.head = head | SN_HAS_RIGHT;
    b->shards[k - 1].span.head &= ~SN_HAS_RIGHT;
    return k - 1;
}

/* Hang a run where it belongs. An inherited key is the parent's own where that does
 * not inherit on this side. */
static inline void bulk_link(const sn_bulk *b, const sn_run *run)
{
    sn_shard *shards = b->shards;
    const bool root = run->parent == SN_NO_PARENT;
    uint32_t left = root ? 0 : run->parent & 1, of = root ? 0 : bulk_shard_of(b, run->parent >> 1);
    sn_span *parent = &shards[of].span;
    uint32_t inherited = sn_span_key(parent, (parent->head >> 1 & 1) ^ left);
    uint32_t first = bulk_shard_of(b, run->place);
    uint32_t last = bulk_fill(b, run, first, inherited << 2 | left << 1);

    parent->head |= left ? 0 : SN_HAS_RIGHT;
    uint32_t prev = left != (SENNIT_MUTANT == 16) ? shards[of].prev : of, next = shards[prev].next;
    shards[prev].next = first;
    shards[first].prev = prev;
    shards[last].next = next;
    shards[next].prev = last;
}

/* Walk the list: shards that continue each other become one span. */
static void bulk_walk(sn_bulk *b)
{
    sn_span last = {.change = SN_ROOT_CHANGE};
    uint32_t visible = 0, n = 0;

    for (uint32_t k = b->shards[0].next, next; k != 0; k = next) {
        sn_shard *p = &b->shards[k];
        sn_span s = p->span;
        bool join = sn_span_joins(&last, &s);

        next = p->next;
        p->next = visible;
        visible += sn_span_visible(&s);
        last.at = join ? last.at : s.at;
        last.len = (join ? sn_span_len(&last) : 0) + s.len;
        last.change = s.change;
        last.head = (join ? last.head & ~SN_HAS_RIGHT : s.head) | (s.head & SN_HAS_RIGHT);
        n += !join;
        b->spans[n - 1] = last;
        p->prev = n - 1;
    }
    b->spans_len = n;
    b->visible = visible;
}

sennit_status sn_bulk_read(sn_bulk *b)
{
    bulk_count(b);
    b->shards_cap = b->first[b->who->replicas_len];
    b->shards = bulk_take(b, b->shards_cap, sizeof *b->shards);
    b->spans = bulk_take(b, b->shards_cap, sizeof *b->spans);
    if (b->shards == NULL || b->spans == NULL)
        return SENNIT_ENOMEM;
    bulk_begin_shards(b);
    for (const sn_run *run = b->runs, *end = run + b->runs_len; run < end; run++)
        bulk_link(b, run);
    bulk_walk(b);
    return SENNIT_OK;
}

/* ---- the tree ---- */

/* Where, in the order of ids, bytes are in another leaf than those before. */
static uint32_t bulk_ids(const sn_bulk *b, sn_tree_id *ids)
{
    uint32_t n = 0;

    for (uint32_t r = 0; r < b->who->replicas_len; r++) {
        uint32_t leaf = SN_NO_LEAF;

        for (uint32_t k = b->first[r]; k < b->first[r + 1]; k++) {
            uint32_t to = b->shards[k].prev / SN_BUILT;

            ids[n] = (sn_tree_id){r, b->shards[k].span.at, to};
            n += to != leaf;
            leaf = to;
        }
    }
    return n;
}

sennit_status sn_bulk_tree(sn_bulk *b, sn_tree *tree, const uint8_t *visible)
{
    sn_tree_id *ids = bulk_take(b, b->shards_cap, sizeof *ids);

    if (ids == NULL)
        return SENNIT_ENOMEM;
    uint32_t n = bulk_ids(b, ids);
    sennit_status st = sn_tree_build(tree, b->spans, b->spans_len, ids, n, visible);
    bulk_give(b, ids, b->shards_cap, sizeof *ids);
    for (uint32_t r = 0; r < tree->who->replicas_len && st == SENNIT_OK; r++)
        tree->who->replicas[r].number = b->end[r] - b->base[r];
    return st;
}
