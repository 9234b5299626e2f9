/* Payloads of which some are left out; docs/FORMAT.md, "Snapshots".
 *
 *     payloads := ( payload | 0 n:varint )*        n payloads in a row are not there
 *
 * No payload begins with 0. What is left out is read as so many NULs.
 */
#include "wire/wire.h"

#include "core/renew/supersede.h"

static sennit_status gaps_end(uint64_t *gap, sennit_buf *out)
{
    const uint8_t nul = 0;

    if (*gap == 0)
        return SENNIT_OK;
    SN_TRY(sn_buf_put(out, &nul, 1));
    SN_TRY(sn_buf_varint(out, *gap));
    *gap = 0;
    return SENNIT_OK;
}

sennit_status sn_gaps_write(sennit_doc *doc, const sn_batch *batch, sennit_buf *out)
{
    uint64_t gap = 0;

    for (uint32_t i = 0; i < batch->segments_len; i++) {
        const sn_segment *seg = &batch->segments[i];
        const uint32_t author = sn_roster_find(&doc->who, batch->ids[seg->replica]);
        const uint8_t *payload = seg->notes;

        for (uint32_t k = 0; k < seg->n; k++) {
            const sn_op *op = &batch->ops[seg->first + k];
            const uint32_t len = sn_op_note(op);

            if (len == 0)
                continue;
            if (sn_notes_find(doc->who.replicas[author].notes, op->seq)->gone) {
                gap++;
            } else {
                SN_TRY(gaps_end(&gap, out));
                SN_TRY(sn_buf_put(out, payload, len));
            }
            payload += len;
        }
    }
    return gaps_end(&gap, out);
}

/* ---- reading ---- */

typedef struct gaps_reading {
    sn_reader *r;
    uint8_t *to;
    uint64_t gap; /* payloads that are still to be left out */
    sennit_error *err;
} gaps_reading;

static sennit_status gaps_payload(gaps_reading *g, uint32_t len)
{
    const uint8_t *from = NULL;
    uint8_t nul = 0;

    if (g->gap == 0 && sn_left(g->r) > 0 && g->r->data[g->r->pos] == 0) {
        SN_TRY(sn_read_u8(g->r, &nul, g->err));
        SN_TRY(sn_read_varint(g->r, &g->gap, g->err));
        if (g->gap == 0)
            return sn_read_corrupt(g->r, g->err, "no payloads are left out");
    }
    if (g->gap > 0) {
        g->gap--;
        memset(g->to, 0, len);
    } else {
        SN_TRY(sn_read_bytes(g->r, len, &from, g->err));
        memcpy(g->to, from, len);
    }
    g->to += len;
    return SENNIT_OK;
}

sennit_status sn_gaps_read(sn_reader r, sn_decoded *d, sn_mem *mem, uint64_t limit, sennit_error *err)
{
    gaps_reading g = {.r = &r, .err = err};

    if (d->notes_len > limit)
        return sn_fail(err, SENNIT_ELIMIT, r.origin, "too many names and values");
    d->notes_size = (size_t)d->notes_len;
    d->notes = g.to = sn_mem_resize(mem, NULL, 0, d->notes_size);
    if (d->notes == NULL)
        return sn_fail(err, SENNIT_ENOMEM, 0, sennit_status_text(SENNIT_ENOMEM));
    for (uint32_t i = 0; i < d->batch.ops_len; i++) {
        const uint32_t len = sn_op_note(&d->batch.ops[i]);

        if (len > 0)
            SN_TRY(gaps_payload(&g, len));
    }
    if (g.gap > 0 || sn_left(&r) > 0)
        return sn_read_corrupt(&r, err, "payloads left over");
    return SENNIT_OK;
}
