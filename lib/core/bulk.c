#include "core/bulk.h"

#define BULK_FAMILY 32u /* children that are sorted by insertion */

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
    uint64_t places = bulk_lay_out(who, NULL), spans = 2 * ((uint64_t)inserts + deletes);

    *b = (sn_bulk){.mem = mem, .who = who};
    if (!sn_bulk_fits(who, inserts, deletes))
        return SENNIT_ELIMIT;
    b->places = (uint32_t)places;
    b->runs_cap = inserts;
    b->spans_cap = (uint32_t)sn_min_u64(spans, places);
    b->stack_cap = 3 * inserts + 2;
    b->runs = bulk_take(b, inserts, sizeof *b->runs);
    b->children = bulk_take(b, inserts, sizeof *b->children);
    b->spare = bulk_take(b, inserts, sizeof *b->spare);
    b->base = bulk_take(b, who->replicas_len, sizeof *b->base);
    b->last = bulk_take(b, who->replicas_len, sizeof *b->last);
    b->coarse = bulk_take(b, places / 64, sizeof *b->coarse);
    b->dead = bulk_take(b, places / 64, sizeof *b->dead);
    b->spans = bulk_take(b, b->spans_cap, sizeof *b->spans);
    b->further = bulk_take(b, b->spans_cap, sizeof *b->further);
    b->stack = bulk_take(b, b->stack_cap, sizeof *b->stack);
    if (b->runs == NULL || b->children == NULL || b->spare == NULL || b->base == NULL ||
        b->last == NULL || b->coarse == NULL || b->dead == NULL || b->spans == NULL ||
        b->further == NULL || b->stack == NULL)
        return SENNIT_ENOMEM;
    bulk_lay_out(who, b->base);
    memset(b->last, 0xff, (size_t)who->replicas_len * sizeof *b->last); /* SN_NO_RUN */
    memset(b->dead, 0, places / 64 * sizeof *b->dead);
    return SENNIT_OK;
}

void sn_bulk_end(sn_bulk *b)
{
    if (b->mem == NULL)
        return;
    bulk_give(b, b->runs, b->runs_cap, sizeof *b->runs);
    bulk_give(b, b->children, b->runs_cap, sizeof *b->children);
    bulk_give(b, b->spare, b->runs_cap, sizeof *b->spare);
    bulk_give(b, b->base, b->who->replicas_len, sizeof *b->base);
    bulk_give(b, b->last, b->who->replicas_len, sizeof *b->last);
    bulk_give(b, b->coarse, b->places / 64, sizeof *b->coarse);
    bulk_give(b, b->dead, b->places / 64, sizeof *b->dead);
    bulk_give(b, b->spans, b->spans_cap, sizeof *b->spans);
    bulk_give(b, b->further, b->spans_cap, sizeof *b->further);
    bulk_give(b, b->stack, b->stack_cap, sizeof *b->stack);
    b->mem = NULL;
}

/* Gaps and spans have 32 bits. */
bool sn_bulk_fits(const sn_roster *who, uint64_t inserts, uint64_t deletes)
{
    return bulk_lay_out(who, NULL) < UINT32_MAX / 2 - 64 && inserts + deletes < UINT32_MAX / 8;
}

/* ---- runs ---- */

/* The run that holds a byte. */
static uint32_t bulk_run_of(const sn_bulk *b, uint32_t replica, uint32_t number)
{
    uint32_t i = b->coarse[(b->base[replica] + number) / 64];

    while (number - b->runs[i].number >= b->runs[i].len)
        i = b->runs[i].next;
    return i;
}

/* Let a run be found: by the first place of 64, which is in it or before it. */
static void bulk_index(sn_bulk *b, uint32_t author, uint32_t index, const sn_run *run)
{
    for (uint32_t k = (run->place + 63) / 64; k <= (run->place + run->len - 1) / 64; k++)
        b->coarse[k] = index;
    if (b->last[author] != SN_NO_RUN)
        b->runs[b->last[author]].next = index;
    b->last[author] = index;
}

/* Its family, and what it inherits. */
static void bulk_hang(sn_bulk *b, sn_run *run, const sn_op *op)
{
    if (op->ref_replica == SN_NO_REPLICA) {
        b->roots++;
        return;
    }
    run->parent = bulk_run_of(b, op->ref_replica, op->ref);
    sn_run *p = &b->runs[run->parent];
    uint32_t off = op->ref - p->number, inherited = p->head >> 2;
    bool parent_left = p->head & SN_LEFT;

    p->children++;
    if (op->flag) { /* an rkey: behind its head, each byte's is its own */
        run->gap = 2 * off + 1;
        run->head = (off > 0 || !parent_left ? p->change : inherited) << 2 | SN_LEFT;
    } else {
        run->gap = 2 * off + 2;
        run->head = (parent_left ? p->change : inherited) << 2;
        p->head |= off == p->len - 1 ? SN_HAS_RIGHT : 0;
    }
}

void sn_bulk_insert(sn_bulk *b, const sn_op *op)
{
    uint32_t index = b->runs_len++, author = b->who->changes[op->change].replica;
    sn_run *run = &b->runs[index];

    *run = (sn_run){.place = b->base[author] + op->number, .number = op->number, .len = op->n,
                    .change = op->change, .head = SN_ROOT_CHANGE << 2, .parent = SN_NO_RUN,
                    .span = SN_NO_SPAN};
    bulk_index(b, author, index, run);
    bulk_hang(b, run, op);
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

/* ---- reading ---- */

static void bulk_push(sn_bulk *b, uint32_t run, uint32_t from, uint32_t to)
{
    SN_ASSERT(b->stack_len < b->stack_cap);
    b->stack[b->stack_len++] = (sn_bulk_todo){run, from, to};
}

static uint32_t bulk_alike_far(const sn_bulk *b, uint32_t at, uint32_t end, uint64_t flip)
{
    for (; at < end; at += 64) {
        uint64_t differ = b->dead[at / 64] ^ flip;

        if (differ != 0)
            return (uint32_t)sn_min_u64(at + sn_ctz64(differ), end);
    }
    return end;
}

/* As sn_bulk_alike; most stretches end in the word they begin in. */
static inline uint32_t bulk_alike(const sn_bulk *b, uint32_t place, uint32_t n, bool *dead)
{
    uint64_t word = b->dead[place / 64] >> place % 64, flip = 0 - (word & 1), differ = word ^ flip;
    uint32_t left = 64 - place % 64;

    *dead = word & 1;
    if (differ << (place % 64) != 0)
        return (uint32_t)sn_min_u64(sn_ctz64(differ), n);
    return n <= left ? n : bulk_alike_far(b, place + left, place + n, flip) - place;
}

uint32_t sn_bulk_alike(const sn_bulk *b, uint32_t place, uint32_t n)
{
    bool dead;

    return bulk_alike(b, place, n, &dead);
}

/* Join a span to the one before, if it continues it. */
static bool bulk_join(sn_bulk *b, const sn_span *span)
{
    sn_span *prev = b->spans + b->spans_len - 1;

    if (b->spans_len == 0 || !sn_span_joins(prev, span))
        return false;
    prev->len += sn_span_len(span);
    prev->head = (prev->head & ~SN_HAS_RIGHT) | (span->head & SN_HAS_RIGHT);
    return true;
}

static inline void bulk_emit_span(sn_bulk *b, sn_run *run, const sn_span *span)
{
    uint32_t index = b->spans_len++;

    SN_ASSERT(index < b->spans_cap);
    b->spans[index] = *span;
    b->further[index] = SN_NO_SPAN;
    *(run->span == SN_NO_SPAN ? &run->span : &b->further[run->newest]) = index;
    run->newest = index;
}

/* Spans of bytes [from, to) of a run: they end where it is deleted or not. */
static inline void bulk_emit(sn_bulk *b, sn_run *run, uint32_t from, uint32_t to)
{
    uint32_t inner = (run->head & SN_LEFT ? run->change : run->head >> 2) << 2;
    uint32_t head = from == 0 ? run->head & ~SN_HAS_RIGHT : inner;
    bool dead, first = true;

    do {
        uint32_t n = bulk_alike(b, run->place + from, to - from, &dead);
        uint32_t right = from + n < run->len ? SN_HAS_RIGHT : run->head & SN_HAS_RIGHT;
        const sn_span span = {run->number + from, n | (dead ? SN_DEAD : 0), run->change, head | right};

        if (!first || !bulk_join(b, &span))
            bulk_emit_span(b, run, &span);
        from += n;
        head = inner;
        first = false;
    } while (from < to);
}

/* Push what a run with children is read as, last things first. */
static void bulk_expand(sn_bulk *b, uint32_t index)
{
    const sn_run *run = &b->runs[index];
    const sn_pair *child = b->children + run->child, *end = child + run->children, *c;
    uint32_t to = run->len;

    for (const sn_pair *group; end > child; end = group) {
        uint32_t gap = end[-1].key, at = gap / 2; /* bytes of the run before it */

        for (group = end - 1; group > child && group[-1].key == gap;)
            group--;
        if (at < to)
            bulk_push(b, index, at, to);
        to = at;
        if (gap % 2 != 0) { /* left children: the oldest is read first */
            for (c = end; c-- > group;)
                bulk_push(b, c->value, 0, 0);
            continue;
        }
#if SENNIT_MUTANT == 16
        for (c = end; c-- > group;)
            bulk_push(b, c->value, 0, 0);
        continue;
#endif
        for (c = group; c < end; c++) /* right ones: the newest is */
            bulk_push(b, c->value, 0, 0);
    }
    if (to > 0)
        bulk_push(b, index, 0, to);
}

/* ---- families ---- */

/* By gap; those of one gap stay in the order of age. */
static void bulk_sort_family(sn_pair *child, uint32_t n, sn_pair *spare)
{
    if (n > BULK_FAMILY) {
        sn_pair *sorted = sn_sort_pairs(child, spare, n);

        if (sorted != child)
            memcpy(child, sorted, n * sizeof *child);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        sn_pair c = child[i];
        uint32_t k = i;

        for (; k > 0 && child[k - 1].key > c.key; k--)
            child[k] = child[k - 1];
        child[k] = c;
    }
}

static void bulk_families(sn_bulk *b)
{
    sn_run *runs = b->runs, *end = runs + b->runs_len;
    uint32_t at = b->roots, root = 0;

    for (sn_run *run = runs; run < end; run++) {
        run->child = at;
        at += run->children;
    }
    for (uint32_t i = 0; i < b->runs_len; i++) {
        uint32_t parent = runs[i].parent;
        uint32_t slot = parent == SN_NO_RUN ? root++ : runs[parent].child++;

        b->children[slot] = (sn_pair){runs[i].gap, i};
    }
    for (sn_run *run = runs; run < end; run++) {
        run->child -= run->children;
        if (run->children > 1)
            bulk_sort_family(b->children + run->child, run->children, b->spare);
    }
}

void sn_bulk_read(sn_bulk *b)
{
    bulk_families(b);
    for (uint32_t i = 0; i < b->roots; i++)
        bulk_push(b, b->children[i].value, 0, 0);
    while (b->stack_len > 0) {
        sn_bulk_todo todo = b->stack[--b->stack_len];
        sn_run *run = &b->runs[todo.run];

        if (todo.to == 0 && run->children > 0)
            bulk_expand(b, todo.run);
        else
            bulk_emit(b, run, todo.from, todo.to > 0 ? todo.to : run->len);
    }
}

/* ---- the tree ---- */

/* Spans in the order of authors and of numbers: a run's, then the next run's. */
static uint32_t bulk_by_number(const sn_bulk *b, uint32_t *out)
{
    uint32_t n = 0;

    for (uint32_t author = 0; author < b->who->replicas_len; author++) {
        if (b->last[author] == SN_NO_RUN)
            continue;
        for (uint32_t i = b->coarse[b->base[author] / 64];; i = b->runs[i].next) {
            for (uint32_t s = b->runs[i].span; s != SN_NO_SPAN; s = b->further[s])
                out[n++] = s;
            if (i == b->last[author])
                break;
        }
    }
    return n;
}

sennit_status sn_bulk_tree(sn_bulk *b, sn_tree *tree, const uint8_t *visible)
{
    uint32_t *order = bulk_take(b, b->spans_len, sizeof *order);

    if (order == NULL)
        return SENNIT_ENOMEM;
    uint32_t n = bulk_by_number(b, order);
    SN_ASSERT(n == b->spans_len);
    sennit_status st = sn_tree_build(tree, b->spans, n, order, visible);
    bulk_give(b, order, b->spans_len, sizeof *order);
    return st;
}
