/* Operations told relative to their author's last one: the short form of a
 * keystroke, made absolute. */
#include "core/apply.h"

/* The operation before: the record it ends, which is cut to end with it. */
static bool relative_before(const sn_apply *a, uint32_t replica, uint32_t seq, sn_op *prev)
{
    const sn_replica *r = &a->doc->who.replicas[replica];
    sn_log_iter it;

    if (SN_LIKELY(seq == r->seq)) {
        *prev = r->log.open;
        return true;
    }
    sn_log_seek(&it, &r->log, replica, r->changes, seq - 1);
    if (!sn_log_next(&it, prev))
        return false;
    while (prev->part == SN_MORE)
        if (!sn_log_next(&it, prev))
            return false;
    if (prev->part == SN_WHOLE)
        prev->n = seq - prev->seq;
    return true;
}

/* Start of the character that ends before a byte of a text. */
static uint32_t relative_char_before(const sn_text *text, uint32_t end)
{
    uint32_t at = end - 1;

#if SENNIT_MUTANT != 10
    while (at > 0 && sn_utf8_is_cont(text->bytes[at]))
        at--;
#endif
    return at;
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

/* Which character a relative delete takes; false if there is none such. If it has
 * not come yet, cause says so. */
static bool relative_target(const sn_apply *a, const sn_segment *seg, const sn_op *prev, sn_op *op,
                            bool *ready, sn_cause *cause)
{
    const sn_roster *who = &a->doc->who;
    uint32_t author = a->at[seg->replica].replica, of = author, end = prev->number;

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
    const sn_text *text = &who->replicas[of].text;
    if (seg->relative == SN_BACK) {
        if (end == 0)
            return false;
        op->ref = relative_char_before(text, end);
        op->len = end - op->ref;
    } else {
        if (end >= text->len) {
            *ready = false;
            *cause = (sn_cause){who->replicas[of].id, end + 1, true};
            return of != author; /* one's own characters are there */
        }
        op->ref = end;
        op->len = sn_utf8_width(text->bytes[end]);
    }
    op->ref_replica = relative_name(a, of);
    return true;
}

static sennit_status relative_time(const sn_apply *a, sn_segment *seg, const sn_op *prev)
{
    uint64_t before = a->doc->who.changes[prev->change].hlc;

    if (seg->same_change) {
        seg->hlc = before;
        return SENNIT_OK;
    }
    seg->hlc = (((before >> 16) + (seg->hlc >> 16)) << 16) | (seg->hlc & 0xffff);
    if (seg->hlc <= before || seg->hlc > SN_MAX_HLC)
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "a replica's time runs backwards");
    return SENNIT_OK;
}

/* An insert or delete at a place that is told in full, but for its length. */
static bool relative_at(const sn_apply *a, sn_op *op, sn_cause *cause)
{
    const sn_apply_at *at = &a->at[op->ref_replica == SN_NO_REPLICA ? 0 : op->ref_replica];

    if (op->kind == SN_INSERT)
        return true; /* whether the parent is known is seen later */
    const sn_text *text = at->replica == SN_NO_REPLICA ? NULL
                                                       : &a->doc->who.replicas[at->replica].text;
    if (text == NULL || op->ref >= text->len) {
        *cause = (sn_cause){a->batch->ids[op->ref_replica], op->ref + 1, true};
        return false;
    }
    op->len = sn_utf8_width(text->bytes[op->ref]);
    return true;
}

sennit_status sn_apply_resolve(const sn_apply *a, sn_segment *seg, bool *ready, sn_cause *cause)
{
    sn_op *op = &a->batch->ops[seg->first], prev;

    *ready = true;
    if (!relative_before(a, a->at[seg->replica].replica, seg->seq, &prev))
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "nothing that it could be relative to");
    if (seg->relative == SN_AT && !relative_at(a, op, cause)) {
        *ready = false;
        return SENNIT_OK;
    }
    uint64_t told = seg->hlc;
    SN_TRY(relative_time(a, seg, &prev));
    op->number = seg->number = prev.number + (prev.kind == SN_INSERT ? prev.n : 0);
    if (seg->relative == SN_TYPED) {
        if (op->number == 0)
            return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "nothing that it could be relative to");
        op->ref_replica = seg->replica;
        op->ref = op->number - 1;
    } else if (seg->relative != SN_AT && !relative_target(a, seg, &prev, op, ready, cause)) {
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "nothing that it could be relative to");
    }
    if (!*ready) { /* to be resolved anew */
        seg->hlc = told;
        return SENNIT_OK;
    }
    seg->relative = SN_ABSOLUTE;
    return SENNIT_OK;
}
