/* Operations that came before: the same id must have the same content. */
#include "core/merge/apply.h"
#include "core/renew/redact.h"

/* Whether the first operations of two records are the same, but for text. */
static bool known_same(const sn_op *mine, const sn_op *theirs, uint32_t n)
{
    if (mine->kind != theirs->kind || mine->part != theirs->part || mine->seq != theirs->seq ||
        mine->ref_replica != theirs->ref_replica || mine->ref != theirs->ref)
        return false;
#if SENNIT_MUTANT == 8
    return true;
#endif
    if (mine->kind >= SN_MARK && mine->len != theirs->len)
        return false;
    if (mine->kind == SN_DELETE)
        return mine->len == theirs->len && (n == 1 || mine->flag == theirs->flag);
    return mine->flag == theirs->flag;
}

/* Step over n operations of a record; false if that is all of it. */
static bool known_step(sn_op *op, uint32_t n, uint32_t author)
{
    if (op->n == n)
        return false;
    sn_op_skip(op, n, author);
    return true;
}

/* The next record here, from an operation on. */
static void known_next(sn_log_iter *it, sn_op *mine, uint32_t seq, uint32_t author)
{
    bool more = sn_log_next(it, mine);

    SN_ASSERT(more); /* as long as operations are known */
    (void)more;
    if (mine->seq < seq && mine->part == SN_WHOLE)
        sn_op_skip(mine, seq - mine->seq, author);
}

static sennit_status known_fork(const sn_apply *a, const sn_segment *seg)
{
    return sn_apply_fail(a, seg, SENNIT_EFORK, "a known operation with other content");
}

/* Cut off the first operations of a segment, which end within record k. */
static void known_trim(const sn_apply *a, sn_segment *seg, uint32_t k, sn_supply bytes)
{
    seg->first += k;
    seg->n -= k;
    if (seg->n == 0)
        return;
    const sn_op *op = &a->batch->ops[seg->first];
    seg->seq = op->seq;
    seg->number = op->number;
    seg->text = bytes.text;
    seg->notes = bytes.notes;
}

sennit_status sn_apply_known(sn_apply *a, sn_segment *seg, uint32_t known)
{
    const sn_roster *who = &a->doc->who;
    uint32_t author = a->at[seg->replica].replica, end = seg->seq + known, k = 0;
    const sn_replica *r = &who->replicas[author];
    sn_supply bytes = {seg->text, seg->notes};
    sn_log_iter it;
    sn_op mine = {.n = 0};

    seg->change = sn_roster_change_at_seq(who, author, seg->seq);
    if (who->times[seg->change] != seg->hlc ||
        who->times[sn_roster_change_at_seq(who, author, end - 1)] != seg->hlc)
        return known_fork(a, seg);
    sn_roster_seek(who, &it, author, seg->seq);
    while (k < seg->n && a->batch->ops[seg->first + k].seq < end) {
        sn_op *theirs = &a->batch->ops[seg->first + k];

        if (mine.n == 0)
            known_next(&it, &mine, theirs->seq, author);
        if (theirs->ref_replica != SN_NO_REPLICA &&
            a->at[theirs->ref_replica].replica == SN_NO_REPLICA)
            return known_fork(a, seg); /* ours names something that is known */
        const sn_op mapped = sn_apply_mapped(a, seg, theirs);
        uint32_t n = (uint32_t)sn_min_u64(sn_min_u64(mine.n, theirs->n), end - theirs->seq);
        if (!known_same(&mine, &mapped, n))
            return known_fork(a, seg);
        if (mine.kind == SN_INSERT) {
            if (mine.number != theirs->number)
                return known_fork(a, seg);
            /* what may be gone cannot be compared */
            if (mine.number >= r->cut.number &&
                !sn_text_same(r->text.bytes + mine.number, bytes.text, n))
                return known_fork(a, seg);
            bytes.text += n;
        } else if (sn_op_is_note(&mine)) {
            const uint8_t *payload = sn_notes_bytes(r->notes, mine.seq);

            if (*payload != 0 && *bytes.notes != 0 && memcmp(payload, bytes.notes, mine.len) != 0)
                return known_fork(a, seg);
            bytes.notes += mine.len;
        }
        if (!known_step(&mine, n, author))
            mine.n = 0;
        if (!known_step(theirs, n, seg->replica))
            k++;
    }
    known_trim(a, seg, k, bytes);
    return SENNIT_OK;
}
