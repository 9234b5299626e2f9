#include "support/forge.h"

#include "support/require.h"

#include <string.h>

void forge_start(forge *f)
{
    memset(f, 0, sizeof *f);
    f->batch = (sn_batch){.ids = f->ids, .segments = f->segments, .ops = f->ops};
}

uint32_t forge_id(forge *f, uint64_t id)
{
    if (id == FORGE_ROOT)
        return SN_NO_REPLICA;
    for (uint32_t i = 0; i < f->batch.ids_len; i++)
        if (f->ids[i] == id)
            return i;
    require(f->batch.ids_len < FORGE_MAX);
    f->ids[f->batch.ids_len] = id;
    return f->batch.ids_len++;
}

void forge_segment(forge *f, uint64_t author, uint64_t hlc, uint32_t seq, uint32_t number)
{
    require(f->batch.segments_len < FORGE_MAX);
    f->segments[f->batch.segments_len++] =
        (sn_segment){.replica = forge_id(f, author), .seq = seq, .number = number,
                     .first = f->batch.ops_len, .hlc = hlc, .text = f->text + f->text_len,
                     .pos = 1000 + f->batch.segments_len};
}

/* The next record of the last segment. */
static sn_op *forge_op(forge *f, sn_kind kind, uint64_t of, uint32_t ref)
{
    sn_segment *seg = &f->segments[f->batch.segments_len - 1];
    sn_op *op = &f->ops[f->batch.ops_len], *prev = op - 1;

    require(f->batch.ops_len < FORGE_MAX);
    *op = (sn_op){.kind = (uint8_t)kind, .seq = seg->seq, .n = 1, .number = seg->number,
                  .ref_replica = forge_id(f, of), .ref = ref};
    if (seg->n > 0) {
        op->seq = prev->seq + sn_op_seqs(prev);
        op->number = prev->number + (prev->kind == SN_INSERT ? prev->n : 0);
    }
    seg->n++;
    f->batch.ops_len++;
    return op;
}

void forge_insert(forge *f, uint64_t of, uint32_t parent, bool left, const char *text)
{
    sn_op *op = forge_op(f, SN_INSERT, of, parent);

    op->flag = left;
    op->n = (uint32_t)strlen(text);
    require(f->text_len + op->n <= sizeof f->text);
    memcpy(f->text + f->text_len, text, op->n);
    f->text_len += op->n;
}

void forge_delete(forge *f, uint64_t of, uint32_t ref, uint32_t n, uint32_t len, bool down)
{
    sn_op *op = forge_op(f, SN_DELETE, of, ref);

    op->n = n;
    op->len = len;
    op->flag = down;
}

void forge_range(forge *f, uint64_t of, uint32_t ref, uint32_t len, sn_part part)
{
    sn_op *op = forge_op(f, SN_DELETE, of, ref);

    op->len = len;
    op->part = (uint8_t)part;
}

void forge_toggle(forge *f, uint64_t of, uint32_t seq, bool on)
{
    forge_op(f, SN_TOGGLE, of, seq)->flag = on;
}
