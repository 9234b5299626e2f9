/* Operations that came early: how far they can be done, and parking the rest. */
#include "core/merge/apply.h"

/* How many operations of a record can be done now; cause says what is missing
 * for the next one. Of a run it is the first that waits, but for deletes that go
 * up, which name ever more. */
static uint32_t early_ready(const sn_apply *a, const sn_op *op, sn_cause *cause)
{
    if (op->ref_replica == SN_NO_REPLICA)
        return op->n;
    const sn_apply_at *at = &a->at[op->ref_replica];
    uint32_t len = op->kind == SN_DELETE ? op->len : 1;
    uint64_t known = 0, need = (uint64_t)op->ref + len;

    if (at->replica != SN_NO_REPLICA)
        known = op->kind == SN_TOGGLE ? at->seq : a->doc->who.replicas[at->replica].text.len;
    uint32_t ready = need <= known ? op->n : 0;
    if (ready > 0 && op->kind == SN_DELETE && !op->flag)
        ready = (uint32_t)sn_min_u64(op->n, (known - op->ref) / op->len);
    need += (uint64_t)ready * len;
    *cause = (sn_cause){a->batch->ids[op->ref_replica], (uint32_t)sn_min_u64(need, UINT32_MAX),
                        op->kind != SN_TOGGLE};
    return ready;
}

uint32_t sn_apply_ready(const sn_apply *a, const sn_op *ops, uint32_t *end, sn_cause *cause)
{
    uint32_t ready;

    do
        ready = early_ready(a, &ops[*end], cause);
    while (ops[(*end)++].part == SN_MORE && ready > 0);
    return ready;
}

sennit_status sn_apply_park(sn_apply *a, const sn_segment *seg, uint32_t k, sn_supply bytes,
                            const sn_cause *cause)
{
    const sn_op *ops = &a->batch->ops[seg->first];
    sn_piece *piece;

    SN_TRY(sn_park_copy(&a->doc->mem, a->batch, seg, ops + k, seg->n - k, bytes, cause, &piece));
    piece->segment.pos = seg->pos;
    piece->segment.relative = seg->relative;
    piece->segment.same_change = seg->same_change;
    piece->next = a->parked;
    a->parked = piece;
    a->parked_len++;
    a->parked_bytes += piece->size;
    a->at[seg->replica].blocked = true;
    if (a->doc->park.bytes + a->parked_bytes > a->doc->limits.parked_bytes)
        return sn_apply_fail(a, seg, SENNIT_ELIMIT, "too many operations wait for others");
    return SENNIT_OK;
}

sennit_status sn_apply_cut(sn_apply *a, const sn_segment *seg, uint32_t i, uint32_t k,
                           sn_supply bytes, const sn_cause *cause)
{
    sn_op *op = &a->batch->ops[seg->first + i], first = *op;

    sn_op_skip(op, k, seg->replica);
    sennit_status st = sn_apply_park(a, seg, i, bytes, cause);
    a->at[seg->replica].cut = op;
    a->at[seg->replica].cut_from = first.n;
    first.n = k;
    *op = first;
    return st;
}
