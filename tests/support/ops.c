#include "support/ops.h"

#include "support/require.h"

/* ---- gathering ---- */

static int ops_compare(const void *a, const void *b)
{
    const naive_op *x = *(const naive_op *const *)a, *y = *(const naive_op *const *)b;

    if (x->hlc != y->hlc)
        return x->hlc < y->hlc ? -1 : 1;
    if (x->id.replica != y->id.replica)
        return x->id.replica < y->id.replica ? -1 : 1;
    return x->id.n < y->id.n ? -1 : x->id.n > y->id.n;
}

static uint32_t ops_replica(ops_batch *b, uint64_t id)
{
    for (uint32_t i = 0; i < b->batch.ids_len; i++)
        if (b->ids[i] == id)
            return i;
    b->ids = require_room(b->ids, b->batch.ids_len, sizeof *b->ids);
    b->ids[b->batch.ids_len] = id;
    return b->batch.ids_len++;
}

/* Put a record behind the others of the last segment. */
static void ops_put(ops_batch *b, sn_op op, uint32_t author)
{
    sn_segment *seg = &b->segments[b->batch.segments_len - 1];

    if (seg->n > 0 && sn_op_join(&b->ops[b->batch.ops_len - 1], &op, author))
        return;
    b->ops = require_room(b->ops, b->batch.ops_len, sizeof *b->ops);
    b->ops[b->batch.ops_len++] = op;
    seg->n++;
}

/* Targets as ranges of numbers that follow each other. */
static void ops_put_delete(ops_batch *b, sn_op op, uint32_t author, const naive_op *from)
{
    for (size_t i = 0, end; i < from->targets_len; i = end) {
        naive_id first = from->targets[i];

        for (end = i + 1; end < from->targets_len; end++)
            if (from->targets[end].replica != first.replica ||
                from->targets[end].n != first.n + (end - i))
                break;
        op.ref_replica = ops_replica(b, first.replica);
        op.ref = first.n;
        op.len = (uint32_t)(end - i);
        if (end < from->targets_len)
            op.part = SN_MORE;
        else
            op.part = i > 0 ? SN_LAST : SN_WHOLE;
        ops_put(b, op, author);
    }
}

static void ops_put_one(ops_batch *b, const naive_op *from)
{
    uint32_t author = ops_replica(b, from->id.replica);
    sn_op op = {.kind = (uint8_t)from->kind, .seq = from->id.n, .n = 1, .number = from->number,
                .ref_replica = SN_NO_REPLICA};

    if (from->kind == NAIVE_DELETE) {
        ops_put_delete(b, op, author, from);
        return;
    }
    op.flag = from->kind == NAIVE_INSERT ? from->left : from->on;
    if (from->kind == NAIVE_TOGGLE || !from->root) {
        op.ref_replica = ops_replica(b, from->ref.replica);
        op.ref = from->ref.n;
    }
    if (from->kind == NAIVE_INSERT) {
        b->text = require_room(b->text, b->text_len, 1);
        b->text[b->text_len++] = from->byte;
    }
    ops_put(b, op, author);
}

/* Let the batch point to what does not move any more. */
static void ops_finish(ops_batch *b)
{
    const uint8_t *text = b->text;

    b->batch.ids = b->ids;
    b->batch.segments = b->segments;
    b->batch.ops = b->ops;
    for (uint32_t i = 0; i < b->batch.segments_len; i++) {
        sn_segment *seg = &b->segments[i];

        seg->text = text;
        for (uint32_t k = 0; k < seg->n; k++)
            text += b->ops[seg->first + k].kind == SN_INSERT ? b->ops[seg->first + k].n : 0;
    }
}

void ops_gather(ops_batch *out, const naive_op *const *ops, size_t n)
{
    const naive_op **sorted = malloc((n + 1) * sizeof *sorted);

    require(sorted != NULL);
    *out = (ops_batch){.text_len = 0};
    for (size_t i = 0; i < n; i++)
        sorted[i] = ops[i];
    qsort(sorted, n, sizeof *sorted, ops_compare);
    for (size_t i = 0; i < n; i++) {
        const naive_op *op = sorted[i], *last = i > 0 ? sorted[i - 1] : NULL;

        if (last == NULL || last->hlc != op->hlc || last->id.replica != op->id.replica ||
            last->id.n + 1 != op->id.n) {
            out->segments = require_room(out->segments, out->batch.segments_len,
                                         sizeof *out->segments);
            out->segments[out->batch.segments_len++] =
                (sn_segment){.replica = ops_replica(out, op->id.replica), .seq = op->id.n,
                             .number = op->number, .first = out->batch.ops_len, .hlc = op->hlc};
        }
        ops_put_one(out, op);
    }
    free(sorted);
    ops_finish(out);
}

void ops_free(ops_batch *b)
{
    free(b->ids);
    free(b->segments);
    free(b->ops);
    free(b->text);
    *b = (ops_batch){.text_len = 0};
}

/* ---- expanding ---- */

static void ops_expand_inserts(naive_log *log, const uint64_t *ids, naive_op one, const sn_op *op,
                               const uint8_t *text)
{
    for (uint32_t i = 0; i < op->n; i++) {
        one.id.n = op->seq + i;
        one.number = op->number + i;
        one.byte = text[i];
        one.left = i == 0 && op->flag;
        one.root = i == 0 && op->ref_replica == SN_NO_REPLICA;
        one.ref = (naive_id){one.id.replica, one.number - 1};
        if (i == 0 && !one.root)
            one.ref = (naive_id){ids[op->ref_replica], op->ref};
        naive_log_add(log, &one);
    }
}

static void ops_add_target(naive_op *op, uint64_t replica, uint32_t number)
{
    op->targets = require_room(op->targets, op->targets_len, sizeof *op->targets);
    op->targets[op->targets_len++] = (naive_id){replica, number};
}

static void ops_expand_deletes(naive_log *log, const uint64_t *ids, naive_op one, const sn_op *op)
{
    for (uint32_t i = 0; i < op->n; i++) {
        naive_op *last = log->len > 0 ? log->ops[log->len - 1] : NULL;
        uint32_t first = op->flag ? op->ref - i * op->len : op->ref + i * op->len;

        one.id.n = op->seq + i;
        /* A later range of the delete that was added last? */
        if (last == NULL || last->kind != NAIVE_DELETE || last->id.replica != one.id.replica ||
            last->id.n != one.id.n)
            last = naive_log_add(log, &one);
        for (uint32_t k = 0; k < op->len; k++)
            ops_add_target(last, ids[op->ref_replica], first + k);
    }
}

void ops_expand(naive_log *log, const uint64_t *ids, uint64_t author, uint64_t hlc,
                const sn_op *op, const uint8_t *text)
{
    naive_op one = {.kind = (naive_kind)op->kind, .id = {author, op->seq}, .hlc = hlc,
                    .number = op->number};

    if (op->kind == SN_INSERT) {
        ops_expand_inserts(log, ids, one, op, text);
    } else if (op->kind == SN_DELETE) {
        ops_expand_deletes(log, ids, one, op);
    } else {
        one.on = op->flag;
        one.ref = (naive_id){ids[op->ref_replica], op->ref};
        naive_log_add(log, &one);
    }
}

void ops_expand_batch(naive_log *log, const sn_batch *batch)
{
    for (uint32_t i = 0; i < batch->segments_len; i++) {
        const sn_segment *seg = &batch->segments[i];
        const uint8_t *text = seg->text;

        for (uint32_t k = 0; k < seg->n; k++) {
            const sn_op *op = &batch->ops[seg->first + k];

            ops_expand(log, batch->ids, batch->ids[seg->replica], seg->hlc, op, text);
            text += op->kind == SN_INSERT ? op->n : 0;
        }
    }
}
