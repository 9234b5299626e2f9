/* Operations told relative to their author's last one: the short form of a
 * keystroke, made absolute. */
#include "core/merge/apply.h"

/* The operation before: the record it ends, which is cut to end with it. There is
 * one, since no first operation is told relative to others. */
static sn_op relative_before(const sn_apply *a, uint32_t replica, uint32_t seq)
{
    const sn_replica *r = &a->doc->who.replicas[replica];
    sn_op prev = r->log.open;
    sn_log_iter it;

    SN_ASSERT(seq > 0 && seq <= r->seq);
    if (SN_LIKELY(seq == r->seq))
        return prev;
    sn_roster_seek(&a->doc->who, &it, replica, seq - 1);
    do
        sn_log_next(&it, &prev);
    while (prev.part == SN_MORE);
    if (prev.part == SN_WHOLE)
        prev.n = seq - prev.seq;
    return prev;
}

/* The batch's name for a replica here: the author, or the second of its ids,
 * which a relative batch keeps free for that. */
static uint32_t relative_name(const sn_apply *a, uint32_t replica)
{
    if (replica == a->at[0].replica)
        return 0;
    const sn_replica *r = &a->doc->who.replicas[replica];
    a->batch->ids[1] = r->id;
    a->at[1] = (sn_apply_at){.replica = replica, .seq = r->seq, .text_len = r->text.len};
    return 1;
}

/* Which bytes a relative delete takes; false if there are none such. */
static bool relative_target(const sn_apply *a, const sn_segment *seg, const sn_op *prev, sn_op *op)
{
    uint32_t of = a->at[seg->replica].replica, end = prev->number;

    if (prev->kind == SN_INSERT) {
        if (seg->relative == SN_FORTH)
            return false;
        end += prev->n;
    } else if (prev->kind == SN_DELETE && prev->part == SN_WHOLE) {
        uint32_t last = prev->flag ? sn_op_low(prev) : prev->ref + (prev->n - 1) * prev->len;

        of = prev->ref_replica;
        end = seg->relative == SN_FORTH ? last + prev->len : last;
    } else {
        return false;
    }
    if (seg->relative == SN_BACK && end < op->len)
        return false;
#if SENNIT_MUTANT == 10
    op->ref = end - 1;
#else
    op->ref = seg->relative == SN_BACK ? end - op->len : end;
#endif
    op->ref_replica = relative_name(a, of);
    return true;
}

static sennit_status relative_time(const sn_apply *a, sn_segment *seg, const sn_op *prev)
{
    uint64_t before = a->doc->who.times[prev->change];

    if (seg->same_change) {
        seg->hlc = before;
        return SENNIT_OK;
    }
    seg->hlc = (((before >> 16) + (seg->hlc >> 16)) << 16) | (seg->hlc & 0xffff);
    if (seg->hlc <= before || seg->hlc > SN_MAX_HLC)
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "a replica's time runs backwards");
    return SENNIT_OK;
}

sennit_status sn_apply_resolve(const sn_apply *a, sn_segment *seg)
{
    const sn_op prev = relative_before(a, a->at[seg->replica].replica, seg->seq);
    sn_op *op = &a->batch->ops[seg->first];

    SN_TRY(relative_time(a, seg, &prev));
    op->number = seg->number = prev.number + (prev.kind == SN_INSERT ? prev.n : 0);
    if (seg->relative == SN_TYPED) {
        if (op->number == 0)
            return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "nothing that it could be relative to");
        op->ref_replica = seg->replica;
        op->ref = op->number - 1;
    } else if (seg->relative != SN_AT && !relative_target(a, seg, &prev, op)) {
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "nothing that it could be relative to");
    }
    seg->relative = SN_ABSOLUTE;
    return SENNIT_OK;
}
