/* Deltas out and in; docs/FORMAT.md, "Deltas".
 *
 *     0xd0 | format | flags | [lineage:16] | operations | text | notes | check:4
 *
 * The first byte tells the three kinds of bytes apart: short deltas have its top
 * bit clear, snapshots begin with 0xd5.
 */
#include "base/hash.h"
#include "core/merge/apply.h"
#include "wire/wire.h"

/* ---- out ---- */

static sennit_status delta_put(const sn_batch *batch, sennit_table *table, sennit_buf *out)
{
    size_t start = out->len;
    uint8_t head[3] = {SN_TAG_DELTA, SN_FORMAT, 0};

    head[2] = (uint8_t)((table != NULL ? SN_DELTA_TABLE : 0) |
                        (batch->lineage != NULL ? SN_DELTA_LINEAGE : 0));
    SN_TRY(sn_buf_put(out, head, sizeof head));
    if (batch->lineage != NULL)
        SN_TRY(sn_buf_put(out, batch->lineage, 16));
    SN_TRY(sn_block_encode(batch, table, out));
    SN_TRY(sn_block_text(batch, out));
    SN_TRY(sn_block_notes(batch, out));
    SN_TRY(sn_buf_reserve(out, SN_CHECK_LONG));
    uint64_t check = sn_hash64(out->data + start, out->len - start, 0);
    for (unsigned i = 0; i < SN_CHECK_LONG; i++)
        out->data[out->len++] = (uint8_t)(check >> (8 * i));
    return SENNIT_OK;
}

sennit_status sn_delta_encode(const sn_batch *batch, sennit_table *table, sennit_buf *out)
{
    size_t start = out->len;
    uint32_t known = table != NULL ? table->len : 0;
    sennit_status st = delta_put(batch, table, out);

    if (st != SENNIT_OK) {
        out->len = start;
        if (table != NULL)
            table->len = known;
    }
    return st;
}

static sennit_status delta_of(sennit_doc *doc, const sn_wanted *wanted, uint32_t n,
                              sennit_table *table, sennit_buf *out)
{
    sn_gathered g;
    sennit_status st = sn_gather(doc, wanted, n, &g);

    if (st == SENNIT_OK)
        st = sn_delta_encode(&g.batch, table, out);
    sn_gathered_free(&g);
    if (st == SENNIT_OK && doc->me != SN_NO_REPLICA)
        doc->exported = doc->who.replicas[doc->me].seq;
    return st;
}

sennit_status sn_delta_part(sennit_doc *doc, sn_wanted *wanted, uint32_t n, uint64_t most,
                            sennit_buf *out)
{
    sn_gathered g;

    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (n == 0)
        return SENNIT_OK;
    SN_TRY(sn_erased_wanted(doc, wanted, n, NULL));
    sennit_status st = sn_gather_part(doc, wanted, n, most, &g);
    if (st == SENNIT_OK)
        st = sn_delta_encode(&g.batch, NULL, out);
    sn_gathered_free(&g);
    for (uint32_t i = 0; i < n && st == SENNIT_OK; i++)
        if (wanted[i].replica == doc->me && wanted[i].seq > doc->exported)
            doc->exported = wanted[i].seq;
    return st;
}

sennit_status sennit_doc_delta(sennit_doc *doc, const void *since, size_t since_len,
                               sennit_table *table, sennit_buf *out, sennit_error *err)
{
    uint32_t n;

    if (doc->txn.open)
        return sn_fail(err, SENNIT_EBUSY, 0, "a transaction is open");
    size_t size = (doc->who.replicas_len + (size_t)1) * sizeof(sn_wanted);
    sn_wanted *wanted = sn_mem_resize(&doc->mem, NULL, 0, size);
    if (wanted == NULL)
        return sn_fail(err, SENNIT_ENOMEM, 0, "out of memory");
    sennit_status st = sn_version_wanted(doc, since, since_len, wanted, &n, err);
    if (st == SENNIT_OK)
        st = sn_erased_wanted(doc, wanted, n, err);
    if (st == SENNIT_OK && n > 0) {
        st = delta_of(doc, wanted, n, table, out);
        if (st != SENNIT_OK)
            sn_fail(err, st, 0, sennit_status_text(st));
    }
    sn_mem_free(&doc->mem, wanted, size);
    return st;
}

/* Of the entries of all replicas, those that lack something of whom is asked for. */
static uint32_t delta_lacking(const sennit_doc *doc, const sn_wanted *has, unsigned whose,
                              sn_wanted *wanted)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        if (has[i].seq < doc->who.replicas[i].seq &&
            (whose & (i == doc->me ? SENNIT_OWN : SENNIT_OTHERS)) != 0)
            wanted[n++] = has[i];
    return n;
}

/* has is moved on by what was appended. */
static sennit_status delta_next(sennit_doc *doc, sn_wanted *has, unsigned whose, size_t most,
                                sennit_buf *out)
{
    size_t size;
    sn_wanted *wanted = sn_version_new(doc, &size);
    sennit_status st = wanted != NULL ? SENNIT_OK : SENNIT_ENOMEM;
    uint32_t n = 0;

    if (st == SENNIT_OK) {
        n = delta_lacking(doc, has, whose, wanted);
        st = sn_delta_part(doc, wanted, n, most, out);
    }
    for (uint32_t i = 0; i < n && st == SENNIT_OK; i++)
        has[wanted[i].replica].seq = wanted[i].seq;
    sn_mem_free(&doc->mem, wanted, wanted != NULL ? size : 0);
    return st;
}

sennit_status sennit_doc_delta_part(sennit_doc *doc, const void *since, size_t since_len,
                                    unsigned whose, size_t most, sennit_buf *delta,
                                    sennit_buf *then)
{
    size_t size;
    bool unknown;

    if (most == 0 || whose == 0 || whose > (SENNIT_OWN | SENNIT_OTHERS))
        return SENNIT_EINVAL;
    sn_wanted *has = sn_version_new(doc, &size);
    if (has == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = sn_version_read(doc, since, since_len, has, &unknown, NULL);
    if (st == SENNIT_OK)
        st = delta_next(doc, has, whose, most, delta);
    if (st == SENNIT_OK)
        st = sn_version_put(doc, has, then);
    sn_mem_free(&doc->mem, has, size);
    return st;
}

sennit_status sennit_doc_own_delta(sennit_doc *doc, uint64_t from, sennit_table *table,
                                   sennit_buf *out)
{
    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (doc->me == SN_NO_REPLICA || from >= doc->who.replicas[doc->me].seq)
        return SENNIT_OK;
    sn_wanted wanted = {doc->me, (uint32_t)from};
    SN_TRY(sn_erased_wanted(doc, &wanted, 1, NULL));
    int done = sn_short_encode(doc, wanted.seq, table, out);
    if (SN_LIKELY(done == 1)) {
        doc->exported = doc->who.replicas[doc->me].seq;
        return SENNIT_OK;
    }
    if (done < 0)
        return (sennit_status)done;
    return delta_of(doc, &wanted, 1, table, out);
}

/* ---- in ---- */

sennit_status sn_delta_decode(const void *data, size_t len, const sennit_table *table, sn_mem *mem,
                              sn_decoded *out, sennit_error *err)
{
    const uint8_t *bytes = data, *lineage = NULL, *text = NULL;
    sn_reader r = sn_reader_of(data, len);
    uint8_t tag = 0, format = 0, flags = 0;

    SN_TRY(sn_read_u8(&r, &tag, err));
    SN_TRY(sn_read_u8(&r, &format, err));
    if (tag != SN_TAG_DELTA)
        return sn_fail(err, SENNIT_ECORRUPT, 0, "no delta");
    if (format != SN_FORMAT)
        return sn_fail(err, SENNIT_EVERSION, 1, "a format of a later release");
    SN_TRY(sn_read_u8(&r, &flags, err));
    if (len < 3 + SN_CHECK_LONG)
        return sn_fail(err, SENNIT_ECORRUPT, len, "bytes end too early");
    r.end = len - SN_CHECK_LONG;
    uint64_t check = sn_hash64(data, r.end, 0);
    for (unsigned i = 0; i < SN_CHECK_LONG; i++)
        if (SENNIT_MUTANT != 15 && bytes[r.end + i] != (uint8_t)(check >> (8 * i)))
            return sn_fail(err, SENNIT_ECORRUPT, r.end, "checksum does not fit");
    if (flags & ~(SN_DELTA_TABLE | SN_DELTA_LINEAGE))
        return sn_fail(err, SENNIT_EVERSION, 2, "a format of a later release");
    if (((flags & SN_DELTA_TABLE) != 0) != (table != NULL))
        return sn_fail(err, SENNIT_ECORRUPT, 2, "made with a table, or without one");
    if (flags & SN_DELTA_LINEAGE)
        SN_TRY(sn_read_bytes(&r, 16, &lineage, err));
    SN_TRY(sn_block_decode(&r, table, mem, out, err));
    out->batch.lineage = lineage;
    size_t pos = r.pos;
    sennit_status st = SENNIT_OK;
    if (out->text_len + out->notes_len != sn_left(&r))
        st = sn_fail(err, SENNIT_ECORRUPT, pos, "text is not as long as its inserts");
    if (st == SENNIT_OK)
        st = sn_read_bytes(&r, sn_left(&r), &text, err);
    if (st == SENNIT_OK)
        st = sn_block_give_text(out, text, pos, err);
    if (st == SENNIT_OK)
        st = sn_block_give_notes(out, text + out->text_len, pos + (size_t)out->text_len, false, err);
    if (st != SENNIT_OK)
        sn_decoded_free(out);
    return st;
}

static void delta_learn(sennit_table *table, const uint64_t *ids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        table->ids[table->len++] = ids[i];
}

static SN_APART sennit_status apply_short(sennit_doc *doc, const void *data, size_t len, sennit_table *table,
                                 sennit_applied *out, sennit_error *err)
{
    sn_short s;

    SN_TRY(sn_short_decode(data, len, table, &s, err));
    SN_TRY(sn_table_reserve(table, s.fresh));
    SN_TRY(sn_doc_apply_batch(doc, &s.batch, out, err));
    if (s.fresh > 0)
        delta_learn(table, s.fresh_ids, s.fresh);
    return SENNIT_OK;
}

static SN_APART sennit_status apply_long(sennit_doc *doc, const void *data, size_t len, sennit_table *table,
                                sennit_applied *out, sennit_error *err)
{
    sn_decoded d;
    sn_short s;

    if (SN_QUICKER && table == NULL && sn_single_decode(data, len, &s))
        return sn_doc_apply_batch(doc, &s.batch, out, err);
    SN_TRY(sn_delta_decode(data, len, table, &doc->mem, &d, err));
    sennit_status st = sn_table_reserve(table, d.fresh);
    if (st == SENNIT_OK)
        st = sn_doc_apply_batch(doc, &d.batch, out, err);
    if (st == SENNIT_OK && d.fresh > 0)
        delta_learn(table, d.fresh_ids, d.fresh);
    sn_decoded_free(&d);
    return st;
}

static sennit_status apply_any(sennit_doc *doc, const void *delta, size_t len, sennit_table *table,
                               sennit_applied *out, sennit_error *err)
{
    const uint8_t *bytes = delta;

    if (SN_LIKELY(SN_QUICK && bytes[0] < 0x80 && sn_short_apply(doc, bytes, len, table))) {
        out->applied = 1;
        return SENNIT_OK;
    }
    sn_fail(err, SENNIT_ENOMEM, 0, "out of memory"); /* what no one else reports */
    if (SN_LIKELY(bytes[0] < 0x80))
        return apply_short(doc, delta, len, table, out, err);
    if (bytes[0] == SN_TAG_SNAPSHOT)
        return sn_snapshot_apply(doc, delta, len, out, err);
    return apply_long(doc, delta, len, table, out, err);
}

sennit_status sennit_doc_admit(sennit_doc *doc, const void *delta, size_t len, sennit_table *table,
                               const sennit_admission *admission, sennit_applied *out,
                               sennit_error *err)
{
    sennit_applied unused;

    if (out == NULL)
        out = &unused;
    *out = (sennit_applied){0, 0, 0, 0};
    if (SN_UNLIKELY(doc->txn.open))
        return sn_fail(err, SENNIT_EBUSY, 0, "a transaction is open");
    if (SN_UNLIKELY(len == 0))
        return SENNIT_OK;
    doc->admission = admission;
    sennit_status st = apply_any(doc, delta, len, table, out, err);
    doc->admission = NULL;
    doc->heard += out->applied;
    return st;
}

sennit_status sennit_doc_apply(sennit_doc *doc, const void *delta, size_t len, sennit_table *table,
                               sennit_applied *out, sennit_error *err)
{
    return sennit_doc_admit(doc, delta, len, table, NULL, out, err);
}

/* ---- describing ---- */

static void inspect_batch(const sn_batch *batch, sennit_delta_info *out)
{
    if (batch->lineage != NULL)
        memcpy(out->lineage, batch->lineage, 16);
    out->changes = batch->segments_len;
    for (uint32_t i = 0; i < batch->ops_len; i++) {
        out->operations += sn_op_seqs(&batch->ops[i]);
        if (batch->ops[i].kind == SN_INSERT)
            out->inserted_bytes += batch->ops[i].n;
    }
}

sennit_status sennit_delta_inspect(const void *delta, size_t len, const sennit_table *table,
                                   sennit_delta_info *out, sennit_error *err)
{
    const uint8_t *bytes = delta;
    sn_mem mem;
    sn_decoded d;

    memset(out, 0, sizeof *out);
    if (len == 0)
        return SENNIT_OK;
    if (bytes[0] < 0x80) {
        sn_short s;

        SN_TRY(sn_short_decode(delta, len, table, &s, err));
        inspect_batch(&s.batch, out);
        return SENNIT_OK;
    }
    sn_mem_init(&mem, NULL);
    sn_fail(err, SENNIT_ENOMEM, 0, "out of memory");
    SN_TRY(bytes[0] == SN_TAG_SNAPSHOT ? sn_snapshot_decode(delta, len, &mem, &d, err)
                                       : sn_delta_decode(delta, len, table, &mem, &d, err));
    inspect_batch(&d.batch, out);
    sn_decoded_free(&d);
    return SENNIT_OK;
}
