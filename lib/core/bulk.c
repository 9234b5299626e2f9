#include "core/bulk.h"

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
    b->stack = bulk_take(b, b->stack_cap, sizeof *b->stack);
    if (b->runs == NULL || b->children == NULL || b->spare == NULL || b->base == NULL ||
        b->last == NULL || b->coarse == NULL || b->dead == NULL || b->spans == NULL ||
        b->stack == NULL)
        return SENNIT_ENOMEM;
    bulk_lay_out(who, b->base);
    memset(b->last, 0xff, (size_t)who->replicas_len * sizeof *b->last); /* SN_NO_RUN */
    memset(b->coarse, 0xff, places / 64 * sizeof *b->coarse);
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

/* The run that is at a place. */
static uint32_t bulk_run_at(const sn_bulk *b, uint32_t place)
{
    const sn_run *first = &b->runs[b->coarse[place / 64]];
    uint32_t author = b->who->changes[first->change].replica;

    return bulk_run_of(b, author, place - b->base[author]);
}

void sn_bulk_insert(sn_bulk *b, const sn_op *op)
{
    uint32_t index = b->runs_len++, author = b->who->changes[op->change].replica, gap = 0;
    uint32_t place = b->base[author] + op->number;
    sn_run *run = &b->runs[index];

    *run = (sn_run){.number = op->number, .len = op->n, .change = op->change, .left = op->flag,
                    .lkey = op->flag ? op->change : SN_ROOT_CHANGE,
                    .rkey = op->flag ? SN_ROOT_CHANGE : op->change};
    if (b->last[author] != SN_NO_RUN)
        b->runs[b->last[author]].next = index;
    b->last[author] = index;
    for (uint32_t k = place / 64; k <= (place + op->n - 1) / 64; k++)
        if (b->coarse[k] == SN_NO_RUN)
            b->coarse[k] = index;
    if (op->ref_replica == SN_NO_REPLICA) {
        b->roots++;
    } else {
        sn_run *p = &b->runs[bulk_run_of(b, op->ref_replica, op->ref)];

        p->children++;
        if (op->flag)
            run->rkey = op->ref > p->number ? p->change : p->rkey;
        else
            run->lkey = p->lkey;
        p->has_right = p->has_right || (!op->flag && op->ref == p->number + p->len - 1);
        gap = 2 * (b->base[op->ref_replica] + op->ref) + (op->flag ? 1 : 2);
    }
    b->children[index] = (sn_pair){gap, index};
}

/* ---- deletes ---- */

/* One word of the bits at a time; already dead ones are told of in stretches. */
void sn_bulk_delete(sn_bulk *b, uint32_t replica, uint32_t at, uint32_t len, sn_bulk_twice *twice,
                    void *arg)
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

static void bulk_emit_span(sn_bulk *b, const sn_span *span)
{
    sn_span *prev = b->spans + b->spans_len - 1;

    if (b->spans_len > 0 && sn_span_joins(prev, span)) {
        prev->len += sn_span_len(span);
        prev->head = (prev->head & ~SN_HAS_RIGHT) | (span->head & SN_HAS_RIGHT);
        return;
    }
    SN_ASSERT(b->spans_len < b->spans_cap);
    b->spans[b->spans_len++] = *span;
}

uint32_t sn_bulk_alike(const sn_bulk *b, uint32_t place, uint32_t n)
{
    uint64_t flip = b->dead[place / 64] >> place % 64 & 1 ? UINT64_MAX : 0;
    uint32_t at = place, end = place + n;

    while (at < end) {
        uint64_t differ = (b->dead[at / 64] ^ flip) >> at % 64;

        if (differ != 0)
            return (uint32_t)sn_min_u64(at + sn_ctz64(differ), end) - place;
        at = (at / 64 + 1) * 64;
    }
    return n;
}

static void bulk_emit(sn_bulk *b, const sn_run *run, uint32_t from, uint32_t to)
{
    uint32_t place = b->base[b->who->changes[run->change].replica] + run->number;

    while (from < to) {
        uint32_t n = sn_bulk_alike(b, place + from, to - from);
        bool dead = b->dead[(place + from) / 64] >> (place + from) % 64 & 1;
        uint32_t head = from > 0 ? run->lkey << 2
                        : run->left ? run->rkey << 2 | SN_LEFT : run->lkey << 2;

        from += n;
        if (from < run->len || run->has_right)
            head |= SN_HAS_RIGHT;
        bulk_emit_span(b, &(sn_span){run->number + from - n, n | (dead ? SN_DEAD : 0), run->change,
                                     head});
    }
}

/* Push what a run with children is read as, last things first. */
static void bulk_expand(sn_bulk *b, uint32_t index)
{
    const sn_run *run = &b->runs[index];
    const sn_pair *child = b->children + run->child, *end = child + run->children, *c;
    uint32_t first = 2 * (b->base[b->who->changes[run->change].replica] + run->number);
    uint32_t to = run->len;

    for (const sn_pair *group; end > child; end = group) {
        uint32_t gap = end[-1].key, at = (gap - first) / 2; /* bytes of the run before it */

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

void sn_bulk_read(sn_bulk *b)
{
    uint32_t at = b->roots;

    if (sn_sort_pairs(b->children, b->spare, b->runs_len) == b->spare) {
        sn_pair *sorted = b->spare;

        b->spare = b->children;
        b->children = sorted;
    }
    for (uint32_t i = 0; i < b->roots; i++)
        bulk_push(b, b->children[i].value, 0, 0);
    /* Sorted by gap, the children of a run are next to each other, and runs of
     * one author come in the order of their numbers. */
    while (at < b->runs_len) {
        uint32_t place = (b->children[at].key - 1) / 2, run = bulk_run_at(b, place);

        b->runs[run].child = at;
        at += b->runs[run].children;
    }
    while (b->stack_len > 0) {
        sn_bulk_todo todo = b->stack[--b->stack_len];

        if (todo.to > 0)
            bulk_emit(b, &b->runs[todo.run], todo.from, todo.to);
        else if (b->runs[todo.run].children > 0)
            bulk_expand(b, todo.run);
        else
            bulk_emit(b, &b->runs[todo.run], 0, b->runs[todo.run].len);
    }
}
