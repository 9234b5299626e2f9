#include "support/naive_rich.h"

#include "support/require.h"

#include <string.h>

/* A mark that is on, with its slots as numbers: 2 i and 2 i + 1 are those of byte i of the
 * order. */
typedef struct rich_mark_at {
    const naive_op *op;
    long start, end;
} rich_mark_at;

typedef struct rich {
    naive *doc;
    naive_node *const *order;
    size_t n;
    rich_mark_at *marks;
    size_t marks_len;
} rich;

static long rich_slot(const rich *r, const naive_end *end)
{
    if (end->none)
        return end->after ? 2 * (long)r->n : -1;
    for (size_t i = 0; i < r->n; i++)
        if (r->order[i]->op->id.replica == end->byte.replica &&
            r->order[i]->op->number == end->byte.n)
            return 2 * (long)i + end->after;
    require(false);
    return 0;
}

static void rich_open(rich *r, naive *doc)
{
    *r = (rich){.doc = doc};
    r->order = naive_order(doc, &r->n);
    for (size_t i = 0; i < doc->authors_len; i++)
        for (uint32_t k = 0; k < doc->authors[i].len; k++) {
            const naive_op *op = doc->authors[i].ops[k];

            if (op->kind != NAIVE_MARK || !naive_is_on(doc, op))
                continue;
            r->marks = require_room(r->marks, r->marks_len, sizeof *r->marks);
            r->marks[r->marks_len++] =
                (rich_mark_at){op, rich_slot(r, &op->ends[0]), rich_slot(r, &op->ends[1])};
        }
}

static void rich_close(rich *r)
{
    free(r->marks);
}

/* What one of two that cover a place makes of a name. */
static void rich_count(naive_values *v, const naive_op **best, const naive_op *op)
{
    if (best[op->name] != NULL && naive_key_less(op, best[op->name]))
        return;
    best[op->name] = op;
    v->of[op->name] = op->value;
}

/* What marks say that start at `from` or before and end at `to` or behind. */
static naive_values rich_values(const rich *r, long from, long to)
{
    const naive_op *best[NAIVE_NAMES] = {NULL};
    naive_values v = {{0}};

    for (size_t i = 0; i < r->marks_len; i++)
        if (r->marks[i].start <= from && r->marks[i].end >= to)
            rich_count(&v, best, r->marks[i].op);
    return v;
}

size_t naive_runs(naive *doc, naive_values **out)
{
    rich r;
    size_t len = 0;

    rich_open(&r, doc);
    *out = malloc((r.n + 1) * sizeof **out);
    require(*out != NULL);
    for (size_t i = 0; i < r.n; i++)
        if (!r.order[i]->dead)
            (*out)[len++] = rich_values(&r, 2 * (long)i, 2 * (long)i + 1);
    rich_close(&r);
    return len;
}

naive_values naive_meta(const naive *doc)
{
    const naive_op *best[NAIVE_NAMES] = {NULL};
    naive_values v = {{0}};

    for (size_t i = 0; i < doc->authors_len; i++)
        for (uint32_t k = 0; k < doc->authors[i].len; k++)
            if (doc->authors[i].ops[k]->kind == NAIVE_SET && naive_is_on(doc, doc->authors[i].ops[k]))
                rich_count(&v, best, doc->authors[i].ops[k]);
    return v;
}

/* ---- marking ---- */

/* Index in the order of a visible byte; n if there is none. */
static size_t rich_visible(const rich *r, size_t pos)
{
    size_t i = 0;

    for (; i < r->n; i++)
        if (!r->order[i]->dead && pos-- == 0)
            break;
    return i;
}

static naive_end rich_end(const rich *r, size_t i, bool after)
{
    if (i == r->n)
        return (naive_end){.none = true, .after = true};
    return (naive_end){.after = after,
                       .byte = {r->order[i]->op->id.replica, r->order[i]->op->number}};
}

void naive_mark(naive *doc, size_t pos, size_t end, unsigned name, int value, bool grows,
                naive_log *log)
{
    rich r;

    rich_open(&r, doc);
    const naive_end ends[2] = {rich_end(&r, rich_visible(&r, pos), false),
                               grows ? rich_end(&r, rich_visible(&r, end), false)
                                     : rich_end(&r, rich_visible(&r, end - 1), true)};
    rich_close(&r);
    naive_note(doc, ends, name, value, log);
}

/* ---- typing ---- */

/* What is typed takes every mark on the byte before, unless that does not grow and ends
 * before the next visible one. lo: that byte, or -1; hi: the next visible one, or n. */
static naive_values rich_intended(const rich *r, long lo, long hi)
{
    const naive_op *best[NAIVE_NAMES] = {NULL};
    naive_values v = {{0}};

    for (size_t i = 0; i < r->marks_len; i++) {
        const rich_mark_at *m = &r->marks[i];
        const naive_end *end = &m->op->ends[1];
        bool stops = !end->none && end->after && m->end >= 2 * lo + 1 && m->end < 2 * hi;

        if (!stops && m->end > 2 * lo + 1 && m->start <= (lo >= 0 ? 2 * lo : -1))
            rich_count(&v, best, m->op);
    }
    return v;
}

static bool rich_same(const naive_values *a, const naive_values *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* The first gap in [lo, hi] between characters with these marks; hi + 1 if none. */
static size_t rich_gap(const rich *r, size_t lo, size_t hi, const naive_values *want)
{
    for (size_t g = lo; g <= hi; g++) {
        naive_values have = rich_values(r, 2 * (long)g - 1, 2 * (long)g);

        if ((g == r->n || (r->order[g]->op->byte & 0xc0) != 0x80) && rich_same(&have, want))
            return g;
    }
    return hi + 1;
}

static const unsigned by_bytes[NAIVE_NAMES] = {5, 2, 3, 1, 4, 0}; /* see prop_rich.c */

void naive_rich_insert(naive *doc, size_t pos, const char *text, size_t len, naive_log *log)
{
    rich r;

    rich_open(&r, doc);
    size_t lo = pos > 0 ? rich_visible(&r, pos - 1) + 1 : 0, hi = rich_visible(&r, pos);
    const naive_values want = rich_intended(&r, (long)lo - 1, (long)hi);
    const naive_values have = rich_values(&r, 2 * (long)lo - 1, 2 * (long)lo);
    size_t g = rich_gap(&r, lo, hi, &want);
    bool fits = g <= hi;
    if (!fits)
        g = lo;
    const naive_end stop = rich_end(&r, g, false);
    rich_close(&r);
    const naive_end first = {.byte = {doc->replica, naive_bytes(doc, doc->replica)}};
    naive_insert_at(doc, g, text, len, log);
    for (unsigned i = 0; i < NAIVE_NAMES && !fits; i++) {
        const unsigned name = by_bytes[i];

        if (want.of[name] != have.of[name])
            naive_note(doc, (const naive_end[]){first, stop}, name, want.of[name], log);
    }
}
