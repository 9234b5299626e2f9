#include "core/renew/reissue.h"

#include "core/merge/cover.h"

/* ---- names ---- */

SN_RARE sennit_status sn_reissue_start(sn_reissue *r)
{
    const sn_roster *who = &r->was->who;
    const uint32_t n = who->replicas_len, me = r->was->me;
    sn_mem *mem = &r->now->mem;

    r->at = sn_mem_resize(mem, NULL, 0, n * sizeof *r->at);
    r->batch.ids = sn_mem_resize(mem, NULL, 0, (n + (size_t)1) * sizeof *r->batch.ids);
    if (r->at == NULL || r->batch.ids == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = sn_roster_find(&r->now->who, who->replicas[i].id);

        r->batch.ids[i] = who->replicas[i].id;
        r->at[i] = (sn_reissue_at){0, 0, UINT32_MAX, 0};
        if (k != SN_NO_REPLICA) {
            r->at[i].seqs = r->now->who.replicas[k].seq;
            r->at[i].bytes = r->now->who.replicas[k].number;
        }
    }
    r->from = r->at[me].seqs;
    r->from_byte = r->at[me].bytes;
    r->author = me;
    r->batch.ids_len = n;
    if (r->id == who->replicas[me].id) {
        r->seq = r->from;
        return SENNIT_OK;
    }
    r->author = r->batch.ids_len++;
    r->batch.ids[r->author] = r->id;
    r->at[me].split = r->from_byte;
    r->at[me].then = r->author;
    return SENNIT_OK;
}

void sn_reissue_free(sn_reissue *r)
{
    sn_mem *mem = &r->now->mem;
    const uint32_t n = r->was->who.replicas_len;

    sn_mem_free(mem, r->at, n * sizeof *r->at);
    sn_mem_free(mem, r->batch.ids, (n + (size_t)1) * sizeof *r->batch.ids);
    sn_mem_free(mem, r->batch.ops, r->ops_cap * sizeof *r->batch.ops);
    sn_mem_free(mem, r->dropped, r->dropped_cap * sizeof *r->dropped);
}

void sn_reissue_moved(sn_reissue *r, uint32_t replica, uint32_t then)
{
    sn_reissue_at *at = &r->at[replica];

    at->split = at->bytes;
    at->then = then;
    at->bytes += r->at[then].bytes;
}

/* A byte that can be named, by its new name. */
static void reissue_name(const sn_reissue *r, sn_op *op)
{
    const sn_reissue_at *at = &r->at[op->ref_replica];

    if (op->ref < at->split)
        return;
    op->ref -= at->split;
    op->ref_replica = at->then;
}

/* ---- records ---- */

static sennit_status reissue_put(sn_reissue *r, sn_op op)
{
    uint32_t seqs = sn_op_seqs(&op);

    op.change = 0;
    op.seq = r->seq;
    op.number -= r->at[r->was->me].split == UINT32_MAX ? 0 : r->from_byte;
    r->seq += seqs;
    if (r->batch.ops_len > 0 && sn_op_join(&r->batch.ops[r->batch.ops_len - 1], &op, r->author))
        return SENNIT_OK;
    SN_TRY(sn_mem_grow32(&r->now->mem, (void **)&r->batch.ops, &r->ops_cap,
                         (size_t)r->batch.ops_len + 1, sizeof op));
    r->batch.ops[r->batch.ops_len++] = op;
    return SENNIT_OK;
}

static sennit_status reissue_drop(sn_reissue *r, uint32_t seq)
{
    SN_TRY(sn_mem_grow32(&r->now->mem, (void **)&r->dropped, &r->dropped_cap,
                         (size_t)r->dropped_len + 1, sizeof *r->dropped));
    r->dropped[r->dropped_len++] = seq;
    return SENNIT_OK;
}

/* ---- inserts ---- */

/* The nearest byte to the left that can be named becomes the parent: as its newest
 * child, the insert stands right behind it. */
static void reissue_behind(const sn_reissue *r, sn_op *op)
{
    sn_place p = sn_tree_find(&r->was->tree, op->ref_replica, op->ref);
    uint32_t n = p.off; /* bytes of the span that are to the left */

    op->flag = 0;
    while (p.leaf != NULL) {
        const sn_span *s = sn_place_span(&p);

        op->ref_replica = r->was->who.changes[s->change].replica;
        uint64_t end = sn_min_u64((uint64_t)s->at + n, r->at[op->ref_replica].bytes);
        if (end > s->at) {
            op->ref = (uint32_t)end - 1;
            return;
        }
        p = sn_tree_prev(p);
        n = p.leaf != NULL ? sn_span_len(sn_place_span(&p)) : 0;
    }
    op->ref_replica = SN_NO_REPLICA;
    op->ref = 0;
}

static sennit_status reissue_insert(sn_reissue *r, sn_op op)
{
    if (op.ref_replica != SN_NO_REPLICA && op.ref >= r->at[op.ref_replica].bytes)
        reissue_behind(r, &op);
    if (op.ref_replica != SN_NO_REPLICA)
        reissue_name(r, &op);
    return reissue_put(r, op);
}

/* ---- deletes ---- */

/* A range by its new name. One that goes on from the one before is one with it, for
 * what stood between may be lacking. The last is held back: which part of its
 * delete it is depends on what follows. */
static sennit_status reissue_put_range(sn_reissue *r, sn_op range)
{
    sn_op *last = &r->range;

    reissue_name(r, &range);
    if (r->ranges > 0 && last->ref_replica == range.ref_replica &&
        last->ref + last->len == range.ref) {
        last->len += range.len;
        return SENNIT_OK;
    }
    if (r->ranges++ > 0) {
        last->part = SN_MORE;
        SN_TRY(reissue_put(r, *last));
    }
    *last = range;
    return SENNIT_OK;
}

/* What is left of a range; where its bytes have moved, that is two. */
static sennit_status reissue_range(sn_reissue *r, const sn_op *op, uint32_t low)
{
    const sn_reissue_at *at = &r->at[op->ref_replica];
    const uint32_t end = (uint32_t)sn_min_u64((uint64_t)low + op->len, at->bytes);
    sn_op range = *op;

    range.flag = 0;
    range.n = 1;
    for (uint32_t stop; low < end; low = stop) {
        stop = low < at->split && at->split < end ? at->split : end;
        range.ref = low;
        range.len = stop - low;
        range.ref_replica = op->ref_replica;
        SN_TRY(reissue_put_range(r, range));
    }
    return SENNIT_OK;
}

static sennit_status reissue_end_delete(sn_reissue *r, uint32_t seq)
{
    uint32_t ranges = r->ranges;

    r->ranges = 0;
    if (ranges == 0)
        return reissue_drop(r, seq);
    r->range.part = ranges > 1 ? SN_LAST : SN_WHOLE;
    return reissue_put(r, r->range);
}

static sennit_status reissue_delete(sn_reissue *r, sn_op op)
{
    for (uint32_t k = 0; k < op.n; k++) {
        SN_TRY(reissue_range(r, &op, sn_op_target(&op, k)));
        if (op.part != SN_MORE)
            SN_TRY(reissue_end_delete(r, op.seq + k));
    }
    return SENNIT_OK;
}

/* ---- redactions ---- */

/* A redaction by its new name, of bytes that did not move, or that all did. */
static sennit_status reissue_redact(sn_reissue *r, sn_op op, uint32_t low, uint32_t high)
{
    op.ref = low;
    op.len = high - low;
    reissue_name(r, &op);
    return reissue_put(r, op);
}

/* One that names both becomes two. So that all others keep their numbers, the second
 * of them waits for the end. */
static sennit_status reissue_redaction(sn_reissue *r, const sn_op *op, bool at_end)
{
    const sn_reissue_at *at = &r->at[op->ref_replica];
    const uint32_t end = (uint32_t)sn_min_u64((uint64_t)op->ref + op->len, at->bytes);
    const bool both = op->ref < at->split && at->split < end;

    if (at_end)
        return both ? reissue_redact(r, *op, at->split, end) : SENNIT_OK;
    return op->ref < end ? reissue_redact(r, *op, op->ref, both ? at->split : end)
                         : reissue_drop(r, op->seq);
}

/* ---- toggles ---- */

/* How many operations before seq were dropped; *it tells whether seq was. */
static uint32_t reissue_dropped(const sn_reissue *r, uint32_t seq, bool *it)
{
    uint32_t low = 0, high = r->dropped_len;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (r->dropped[mid] < seq)
            low = mid + 1;
        else
            high = mid;
    }
    *it = low < r->dropped_len && r->dropped[low] == seq;
    return SENNIT_MUTANT == 32 ? 0 : low;
}

uint32_t sn_reissue_seq(const sn_reissue *r, uint32_t seq)
{
    bool unused;

    return seq - (r->author == r->was->me ? 0 : r->from) - reissue_dropped(r, seq, &unused);
}

/* Whether a toggle is of what `now` knows, and switches it off, or on where that was all
 * that ever switched it off. */
static bool reissue_is_of_old(const sn_reissue *r, const sn_op *op)
{
    uint32_t index = sn_roster_find(&r->now->who, r->batch.ids[op->ref_replica]);
    sn_log_iter it;
    sn_op target;

    if (op->ref >= r->at[op->ref_replica].seqs ||
        !sn_switch_find(r->was, op->ref_replica, op->ref, &it, &target))
        return false;
    return !op->flag || sn_switch_of(r->now, index, op->ref) == NULL;
}

static sennit_status reissue_toggle(sn_reissue *r, sn_op op)
{
    bool gone = op.ref >= r->at[op.ref_replica].seqs || (r->anew && reissue_is_of_old(r, &op));

    if (op.ref_replica == r->was->me && op.ref >= r->from) {
        const uint32_t first = r->author == r->was->me ? 0 : r->from;

        op.ref -= first + reissue_dropped(r, op.ref, &gone);
        op.ref_replica = r->author;
    }
    return gone ? reissue_drop(r, op.seq) : reissue_put(r, op);
}

/* ---- all of it ---- */

/* An end of a mark whose byte is lacking goes behind what is left of it. */
static sennit_status reissue_note(sn_reissue *r, sn_op op)
{
    if (op.ref_replica != SN_NO_REPLICA && op.ref >= r->at[op.ref_replica].bytes) {
        reissue_behind(r, &op);
        op.flag = op.ref_replica != SN_NO_REPLICA;
    }
    if (op.ref_replica != SN_NO_REPLICA)
        reissue_name(r, &op);
    return reissue_put(r, op);
}

static sennit_status reissue_second_halves(sn_reissue *r)
{
    const sn_replica *old = &r->was->who.replicas[r->was->me];
    sn_log_iter it;
    sn_op op;

    sn_roster_seek(&r->was->who, &it, r->was->me, r->from);
    while (sn_log_next(&it, &op))
        if (op.part == SN_REDACTION) {
            op.number = old->number;
            SN_TRY(reissue_redaction(r, &op, true));
        }
    return SENNIT_OK;
}

static sennit_status reissue_records(sn_reissue *r)
{
    const uint32_t me = r->was->me;
    sn_log_iter it;
    sn_op op;

    sn_roster_seek(&r->was->who, &it, me, r->from);
    while (sn_log_next(&it, &op)) {
        if (op.seq < r->from)
            sn_op_skip(&op, r->from - op.seq, me);
        r->at[me].bytes = op.number;
        SN_TRY(op.kind == SN_INSERT         ? reissue_insert(r, op)
               : op.part == SN_REDACTION ? reissue_redaction(r, &op, false)
               : op.kind == SN_DELETE ? reissue_delete(r, op)
               : op.kind >= SN_MARK   ? reissue_note(r, op)
                                      : reissue_toggle(r, op));
    }
    return r->was->redacts ? reissue_second_halves(r) : SENNIT_OK;
}

SN_RARE sennit_status sn_reissue_all(sn_reissue *r)
{
    const sn_replica *old = &r->was->who.replicas[r->was->me];
    const sn_text *text = &old->text;
    const uint32_t seq = r->seq;

    SN_TRY(reissue_records(r));
    r->segment = (sn_segment){.replica = r->author, .seq = seq, .n = r->batch.ops_len,
                              .number = r->batch.ops_len > 0 ? r->batch.ops[0].number : 0,
                              .hlc = sn_clock_next(&r->now->clock, 0),
                              .text = text->len > 0 ? text->bytes + r->from_byte : NULL,
                              .notes = sn_notes_bytes(old->notes, r->from)};
    r->batch.segments = &r->segment;
    r->batch.segments_len = r->batch.ops_len > 0;
    return r->segment.hlc <= SN_MAX_HLC ? SENNIT_OK : SENNIT_ELIMIT;
}
