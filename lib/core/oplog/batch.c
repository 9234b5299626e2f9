#include "core/oplog/batch.h"

#include "base/utf8.h"

/* Take operations from one on off the end of a segment; of a character, all of it. */
static void batch_cut_segment(const sn_batch *batch, sn_segment *seg, uint32_t from)
{
    while (seg->n > 0 && batch->ops[seg->first + seg->n - 1].seq >= from)
        seg->n--;
    if (seg->n == 0)
        return;
    sn_op *last = &batch->ops[seg->first + seg->n - 1];
    if (sn_op_seqs(last) <= from - last->seq)
        return;
    last->n = from - last->seq;
    if (last->kind == SN_INSERT) {
        const uint8_t *text = seg->text + (last->number - seg->number);

        while (last->n > 0 && sn_utf8_is_cont(text[last->n]))
            last->n--;
        seg->n -= last->n == 0;
    } else if (last->n == 1 && SENNIT_MUTANT != 31) {
        last->flag = 0;
    }
}

void sn_batch_cut(sn_batch *batch, uint64_t id, uint32_t from)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < batch->segments_len; i++) {
        sn_segment *seg = &batch->segments[i];

        if (batch->ids[seg->replica] == id)
            batch_cut_segment(batch, seg, from);
        if (seg->n > 0)
            batch->segments[kept++] = *seg;
    }
    batch->segments_len = kept;
}
