/* The tree is not looked at. */
#include "core/doc/gather.h"

#include "base/sort.h"

void sn_gathered_free(sn_gathered *g)
{
    if (g->mem == NULL)
        return;
    sn_mem_free(g->mem, g->batch.ids, g->ids_cap * sizeof *g->batch.ids);
    sn_mem_free(g->mem, g->batch.segments, g->segments_cap * sizeof *g->batch.segments);
    sn_mem_free(g->mem, g->batch.ops, g->ops_cap * sizeof *g->batch.ops);
    sn_mem_free(g->mem, g->names, g->names_cap * sizeof *g->names);
    g->mem = NULL;
}

/* The batch's index of a replica; ids stand in the order of their first use. */
static sennit_status gather_name(sn_gathered *g, const sn_roster *who, uint32_t replica,
                                 uint32_t *out)
{
    if (g->names[replica] == 0) {
        SN_TRY(sn_mem_grow32(g->mem, (void **)&g->batch.ids, &g->ids_cap,
                             (size_t)g->batch.ids_len + 1, sizeof *g->batch.ids));
        g->batch.ids[g->batch.ids_len++] = who->replicas[replica].id;
        g->names[replica] = g->batch.ids_len;
    }
    *out = g->names[replica] - 1;
    return SENNIT_OK;
}

/* A segment for each change that has wanted operations; change and seq only. */
static sennit_status gather_segments(sn_gathered *g, const sn_roster *who, const sn_wanted *wanted,
                                     uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const sn_replica *r = &who->replicas[wanted[i].replica];
        uint32_t first = who->changes[sn_roster_change_at_seq(who, wanted[i].replica,
                                                              wanted[i].seq)].ordinal;

        for (uint32_t k = first; k < r->changes_len; k++) {
            const sn_change *c = &who->changes[r->changes[k]];

            SN_TRY(sn_mem_grow32(g->mem, (void **)&g->batch.segments, &g->segments_cap,
                                 (size_t)g->batch.segments_len + 1, sizeof *g->batch.segments));
            g->batch.segments[g->batch.segments_len++] =
                (sn_segment){.change = r->changes[k], .hlc = who->times[r->changes[k]],
                             .seq = k == first ? wanted[i].seq : c->seq};
        }
    }
    return SENNIT_OK;
}

typedef struct gather_order {
    const sn_segment *segments;
    const sn_roster *who;
} gather_order;

static bool gather_less(const void *ctx, uint32_t a, uint32_t b)
{
    const gather_order *o = ctx;
    const sn_segment *x = &o->segments[a], *y = &o->segments[b];

    if (x->hlc != y->hlc)
        return SENNIT_MUTANT == 18 ? x->hlc > y->hlc : x->hlc < y->hlc;
    return sn_author(o->who, x->change)->id < sn_author(o->who, y->change)->id;
}

/* Put the segments in order: indices sorted, then moved through a copy. */
static sennit_status gather_sort(sn_gathered *g, const sn_roster *who)
{
    uint32_t n = g->batch.segments_len;
    size_t size = n * (sizeof(uint32_t) + sizeof(sn_segment));

    if (n < 2)
        return SENNIT_OK;
    sn_segment *copy = sn_mem_resize(g->mem, NULL, 0, size);
    if (copy == NULL)
        return SENNIT_ENOMEM;
    uint32_t *order = (uint32_t *)(copy + n);
    memcpy(copy, g->batch.segments, n * sizeof *copy);
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    sn_sort_indices(order, n, gather_less, &(gather_order){copy, who});
    for (uint32_t i = 0; i < n; i++)
        g->batch.segments[i] = copy[order[i]];
    sn_mem_free(g->mem, copy, size);
    return SENNIT_OK;
}

#define GATHER_RECORD 6u /* bytes of a record without its text, about */

/* Take what a record costs off what is left; an insert that is too long is cut
 * after a character. Returns whether a part ends behind it. */
static bool gather_spend(const sn_text *text, sn_op *op, uint64_t *left)
{
    uint64_t n = op->kind == SN_INSERT ? op->n : sn_op_note(op);

    if (op->kind == SN_INSERT && n > *left) {
        n = *left;
        while (n > 0 && !sn_text_boundary(text, op->number + n))
            n--;
        if (n == 0)
            n = sn_utf8_width(text->bytes[op->number]);
        op->n = (uint32_t)n;
    }
    *left -= sn_min_u64(*left, n + GATHER_RECORD);
    return *left == 0 && op->part != SN_MORE;
}

/* The records of a segment, from its seq to the end of its change, or until
 * nothing is left. */
static sennit_status gather_records(sn_gathered *g, const sn_roster *who, sn_segment *seg,
                                    uint64_t *left)
{
    uint32_t author = who->changes[seg->change].replica, number_end;
    const sn_replica *r = &who->replicas[author];
    uint32_t end = sn_roster_change_end(who, seg->change, &number_end);
    sn_log_iter it;
    sn_op op;
    bool full = false;

    SN_TRY(gather_name(g, who, author, &seg->replica));
    seg->first = g->batch.ops_len;
    sn_roster_seek(who, &it, author, seg->seq);
    while (!full && (it.seq < end || it.amid)) {
        if (!sn_log_next(&it, &op) || op.seq >= end)
            break;
        if (op.seq < seg->seq) { /* a version may count into a character: back to its start */
            uint32_t skip = seg->seq - op.seq;

            while (op.kind == SN_INSERT && skip > 0 &&
                   !sn_text_boundary(&r->text, (uint64_t)op.number + skip))
                skip--;
            if (skip > 0)
                sn_op_skip(&op, skip, author);
            seg->seq = op.seq;
        }
        if (seg->n == 0) {
            seg->number = op.number;
            seg->text = r->text.len > 0 ? r->text.bytes + op.number : NULL;
            seg->notes = sn_notes_bytes(r->notes, op.seq);
        }
        full = gather_spend(&r->text, &op, left);
        if (op.ref_replica != SN_NO_REPLICA)
            SN_TRY(gather_name(g, who, op.ref_replica, &op.ref_replica));
        SN_TRY(sn_mem_grow32(g->mem, (void **)&g->batch.ops, &g->ops_cap,
                             (size_t)g->batch.ops_len + 1, sizeof *g->batch.ops));
        g->batch.ops[g->batch.ops_len++] = op;
        seg->n++;
    }
    return SENNIT_OK;
}

static sennit_status gather(sennit_doc *doc, const sn_wanted *wanted, uint32_t n, uint64_t left,
                            sn_gathered *g)
{
    const sn_roster *who = &doc->who;
    uint32_t i = 0;

    *g = (sn_gathered){.mem = &doc->mem};
    g->batch.lineage = doc->has_lineage ? doc->lineage : NULL;
    g->names = sn_mem_resize(g->mem, NULL, 0, ((size_t)who->replicas_len + 1) * sizeof *g->names);
    if (g->names == NULL)
        return SENNIT_ENOMEM;
    g->names_cap = who->replicas_len + 1;
    memset(g->names, 0, g->names_cap * sizeof *g->names);
    SN_TRY(gather_segments(g, who, wanted, n));
    SN_TRY(gather_sort(g, who));
    while (i < g->batch.segments_len && left > 0)
        SN_TRY(gather_records(g, who, &g->batch.segments[i++], &left));
    g->batch.segments_len = i;
    return SENNIT_OK;
}

sennit_status sn_gather(sennit_doc *doc, const sn_wanted *wanted, uint32_t n, sn_gathered *g)
{
    return gather(doc, wanted, n, UINT64_MAX, g);
}

/* The entry of a replica, which is there. */
static sn_wanted *gather_wanted(sn_wanted *wanted, uint32_t n, uint32_t replica)
{
    while (n > 1) {
        uint32_t half = n / 2;

        if (wanted[half].replica <= replica)
            wanted += half;
        n = wanted->replica == replica ? 1 : n - half;
    }
    return wanted;
}

sennit_status sn_gather_part(sennit_doc *doc, sn_wanted *wanted, uint32_t n, uint64_t most,
                             sn_gathered *g)
{
    SN_TRY(gather(doc, wanted, n, most, g));
    for (uint32_t i = 0; i < g->batch.segments_len; i++) {
        const sn_segment *seg = &g->batch.segments[i];
        uint32_t end = seg->seq;

        for (uint32_t k = 0; k < seg->n; k++)
            end += sn_op_seqs(&g->batch.ops[seg->first + k]);
        gather_wanted(wanted, n, doc->who.changes[seg->change].replica)->seq = end;
    }
    return SENNIT_OK;
}

sennit_status sn_gather_all(sennit_doc *doc, sn_gathered *g)
{
    size_t size;
    uint32_t n = 0;

    *g = (sn_gathered){.mem = NULL};
    sn_wanted *wanted = sn_version_new(doc, &size);
    if (wanted == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        if (wanted[i].seq > 0)
            wanted[n++] = (sn_wanted){i, 0};
    sennit_status st = sn_gather(doc, wanted, n, g);
    sn_mem_free(&doc->mem, wanted, size);
    return st;
}
