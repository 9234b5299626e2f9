/* A batch as bytes, but for its text; docs/FORMAT.md, "Operations".
 *
 *     lengths | ids | segments | heads | refs | counts | extras
 */
#include "base/sort.h"
#include "wire/columns.h"

/* ---- writing ---- */

static sennit_status block_put_ids(const sn_batch *batch, sennit_table *table, sennit_buf *out)
{
    size_t bytes;

    SN_TRY(sn_table_reserve(table, batch->ids_len));
    if (!sn_mul_size(batch->ids_len, 8 + 2, &bytes))
        return SENNIT_ENOMEM;
    SN_TRY(sn_buf_reserve(out, bytes));
    uint8_t *p = out->data + out->len;
    for (uint32_t i = 0; i < batch->ids_len; i++)
        p = sn_table_put(table, p, batch->ids[i]);
    out->len = (size_t)(p - out->data);
    return SENNIT_OK;
}

/* told: whether the replica's place was told by an earlier segment. */
static sennit_status block_put_segment(const sn_segment *seg, uint64_t *ms, bool told,
                                       sennit_buf *out)
{
    SN_TRY(sn_buf_reserve(out, 6 * SN_VARINT_MAX));
    uint8_t *p = out->data + out->len;
    p = sn_put_varint(p, seg->replica);
    p = sn_put_varint(p, (seg->hlc >> 16) - *ms);
    p = sn_put_varint(p, seg->hlc & 0xffff);
    p = sn_put_varint(p, seg->n);
    if (!told) {
        p = sn_put_varint(p, seg->seq);
        p = sn_put_varint(p, seg->number);
    }
    *ms = seg->hlc >> 16;
    out->len = (size_t)(p - out->data);
    return SENNIT_OK;
}

static sennit_status block_put_records(const sn_batch *batch, sennit_buf *segments,
                                       sn_columns *cols, uint8_t *told)
{
    sn_context c;
    uint64_t ms = 0;

    sn_context_start(&c);
    for (uint32_t i = 0; i < batch->segments_len; i++) {
        const sn_segment *seg = &batch->segments[i];

        SN_TRY(block_put_segment(seg, &ms, told[seg->replica], segments));
        told[seg->replica] = 1;
        c.author = seg->replica;
        for (uint32_t k = 0; k < seg->n; k++)
            SN_TRY(sn_columns_put(cols, &c, &batch->ops[seg->first + k]));
    }
    return SENNIT_OK;
}

sennit_status sn_block_encode(const sn_batch *batch, sennit_table *table, sennit_buf *out)
{
    sennit_buf told, segments;
    sn_columns cols;
    sennit_buf *bufs[] = {&segments, &cols.heads, &cols.refs, &cols.counts, &cols.extras, &told};

    for (size_t i = 0; i < 6; i++)
        sennit_buf_init(bufs[i], &out->alloc);
    sennit_status st = sn_buf_reserve(&told, batch->ids_len + (size_t)1);
    if (st == SENNIT_OK) {
        memset(told.data, 0, batch->ids_len + (size_t)1);
        st = block_put_records(batch, &segments, &cols, told.data);
    }
    if (st == SENNIT_OK)
        st = sn_buf_varint(out, batch->ids_len);
    if (st == SENNIT_OK)
        st = sn_buf_varint(out, batch->segments_len);
    for (size_t i = 0; i < 5 && st == SENNIT_OK; i++)
        st = sn_buf_varint(out, bufs[i]->len);
    if (st == SENNIT_OK)
        st = block_put_ids(batch, table, out);
    for (size_t i = 0; i < 5 && st == SENNIT_OK; i++)
        st = sn_buf_put(out, bufs[i]->data, bufs[i]->len);
    for (size_t i = 0; i < 6; i++)
        sennit_buf_clear(bufs[i]);
    return st;
}

sennit_status sn_block_text(const sn_batch *batch, sennit_buf *out)
{
    for (uint32_t i = 0; i < batch->segments_len; i++) {
        const sn_segment *seg = &batch->segments[i];
        size_t n = 0;

        for (uint32_t k = 0; k < seg->n; k++)
            n += batch->ops[seg->first + k].kind == SN_INSERT ? batch->ops[seg->first + k].n : 0;
        SN_TRY(sn_buf_put(out, seg->text, n));
    }
    return SENNIT_OK;
}

sennit_status sn_block_notes(const sn_batch *batch, sennit_buf *out)
{
    for (uint32_t i = 0; i < batch->segments_len; i++) {
        const sn_segment *seg = &batch->segments[i];
        size_t n = 0;

        for (uint32_t k = 0; k < seg->n; k++)
            n += sn_op_note(&batch->ops[seg->first + k]);
        SN_TRY(sn_buf_put(out, seg->notes, n));
    }
    return SENNIT_OK;
}

/* ---- reading ---- */

/* What a replica's next segment has to begin with. */
typedef struct block_next {
    uint32_t seq, number;
    bool told;
} block_next;

typedef struct block_reading {
    sn_reader segments;
    sn_column_readers cols;
    sn_context context;
    sn_decoded *out;
    block_next *next;
    uint64_t ms, last_hlc, last_id;
    uint32_t ops_cap;
    sennit_error *err;
} block_reading;

void sn_decoded_init(sn_decoded *d, sn_mem *mem)
{
    memset(d, 0, offsetof(sn_decoded, small));
    d->mem = mem;
}

void sn_decoded_free(sn_decoded *d)
{
    if (d->block != NULL)
        sn_mem_free(d->mem, d->block, d->size);
    if (d->notes != NULL)
        sn_mem_free(d->mem, d->notes, d->notes_size);
    d->block = NULL;
    d->notes = NULL;
}

/* One block for everything; the counts were compared with the bytes left, so
 * this is at most a fixed multiple of them. */
static sennit_status block_allocate(block_reading *b, sn_mem *mem, uint32_t ids, uint32_t segments,
                                    uint32_t ops)
{
    sn_decoded *out = b->out;
    size_t id_bytes = 2 * (ids + (size_t)1) * sizeof(uint64_t);
    size_t segment_bytes = segments * sizeof(sn_segment);
    size_t next_bytes = (ids + (size_t)1) * (sizeof(block_next) + sizeof(uint32_t));

    out->mem = mem;
    out->size = id_bytes + segment_bytes + ops * sizeof(sn_op) + next_bytes;
    uint8_t *p = (uint8_t *)out->small;
    if (out->size > sizeof out->small) {
        p = out->block = sn_mem_resize(mem, NULL, 0, out->size);
        if (p == NULL)
            return SENNIT_ENOMEM;
    }
    out->batch = (sn_batch){.ids = (uint64_t *)p, .segments = (sn_segment *)(p + id_bytes)};
    out->fresh_ids = out->batch.ids + ids + 1;
    out->batch.ops = (sn_op *)(p + id_bytes + segment_bytes);
    b->next = (block_next *)(out->batch.ops + ops);
    memset(b->next, 0, next_bytes);
    b->ops_cap = ops;
    return SENNIT_OK;
}

static bool block_id_less(const void *ctx, uint32_t a, uint32_t b)
{
    const uint64_t *ids = ctx;

    return ids[a] < ids[b];
}

static sennit_status block_get_ids(block_reading *b, sn_reader *r, const sennit_table *table,
                                   uint32_t n)
{
    sn_decoded *out = b->out;
    uint64_t *ids = out->batch.ids, *fresh = ids + n + 1;
    uint32_t *order = (uint32_t *)(b->next + n + 1);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t before = out->fresh;

        SN_TRY(sn_table_read(table, r, fresh, &out->fresh, &ids[i], b->err));
        if (out->fresh > before)
            fresh[before] = ids[i];
        order[i] = i;
    }
    out->batch.ids_len = n;
    if (n > 2) /* two, as most often, need no sorting */
        sn_sort_indices(order, n, block_id_less, ids);
    for (uint32_t i = 1; i < n; i++)
        if (ids[order[i]] == ids[order[i - 1]])
            return sn_read_corrupt(r, b->err, "an id stands twice");
    return SENNIT_OK;
}

static sennit_status block_bad(const block_reading *b, size_t at, const char *what)
{
    return sn_fail(b->err, SENNIT_ECORRUPT, b->segments.origin + at, what);
}

static sennit_status block_get_segment(block_reading *b, sn_segment *seg, uint32_t *records)
{
    sn_reader *r = &b->segments;
    size_t at = r->pos;
    uint64_t name, ms, counter, n, seq, number;

    SN_TRY(sn_read_varint(r, &name, b->err));
    SN_TRY(sn_read_varint(r, &ms, b->err));
    SN_TRY(sn_read_count(r, 0xffff, &counter, b->err));
    SN_TRY(sn_read_count(r, b->ops_cap, &n, b->err));
    if (name >= b->out->batch.ids_len || n == 0 || ms > SN_MAX_WALL_MS || b->ms + ms > SN_MAX_WALL_MS)
        return block_bad(b, at, "a segment that is none");
    block_next *next = &b->next[name];
    if (!next->told) {
        SN_TRY(sn_read_count(r, SN_MAX_SEQ, &seq, b->err));
        SN_TRY(sn_read_count(r, SN_MAX_TEXT, &number, b->err));
        if (number > seq)
            return block_bad(b, at, "more bytes than operations");
        *next = (block_next){(uint32_t)seq, (uint32_t)number, true};
    }
    b->ms += ms;
    uint64_t hlc = b->ms << 16 | counter, id = b->out->batch.ids[name];
    if (hlc < b->last_hlc || hlc == 0 ||
        (hlc == b->last_hlc && b->out->batch.segments_len > 0 && id <= b->last_id))
        return block_bad(b, at, "segments out of order");
    b->last_hlc = hlc;
    b->last_id = id;
    *seg = (sn_segment){.replica = (uint32_t)name, .seq = next->seq, .number = next->number,
                        .first = b->out->batch.ops_len, .n = (uint32_t)n, .hlc = hlc,
                        .pos = r->origin + at};
    *records = (uint32_t)n;
    return SENNIT_OK;
}

/* No byte may stand twice in one delete. */
static bool block_range_less(const void *ctx, uint32_t a, uint32_t b)
{
    const sn_op *x = (const sn_op *)ctx + a, *y = (const sn_op *)ctx + b;

    return x->ref_replica != y->ref_replica ? x->ref_replica < y->ref_replica : x->ref < y->ref;
}

/* Of a few ranges: sorted by replica and number, neighbours do not meet. */
static bool block_apart_few(uint32_t *order, const sn_op *ops, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    sn_sort_indices(order, n, block_range_less, ops);
    for (uint32_t i = 1; i < n; i++) {
        const sn_op *x = &ops[order[i - 1]], *y = &ops[order[i]];

        if (x->ref_replica == y->ref_replica && x->ref + x->len > y->ref)
            return false;
    }
    return true;
}

/* Of many: sorted by number alone, each begins behind the last of its replica. ends: 0
 * for each id. */
static bool block_apart_many(sn_pair *pairs, uint32_t *ends, const sn_op *ops, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        pairs[i] = (sn_pair){ops[i].ref, i};
    const sn_pair *sorted = sn_sort_pairs(pairs, pairs + n, n);
    for (uint32_t i = 0; i < n; i++) {
        const sn_op *op = &ops[sorted[i].value];

        if (op->ref < ends[op->ref_replica])
            return false;
        ends[op->ref_replica] = op->ref + op->len;
    }
    return true;
}

#define BLOCK_MANY 256u /* ranges, from which on counting digits is faster than comparing */

/* The ranges of a delete, ops[0 .. n): distinct, and told as briefly as can be. */
static sennit_status block_check_ranges(block_reading *b, const sn_segment *seg, const sn_op *ops,
                                        uint32_t n)
{
    sn_mem *mem = b->out->mem;
    uint32_t ids = b->out->batch.ids_len;
    bool many = SN_QUICKER && n >= BLOCK_MANY && ids <= n;
    size_t size = 2 * n * sizeof(sn_pair) + (many ? ids * sizeof(uint32_t) : 0);
    sn_pair *pairs = sn_mem_resize(mem, NULL, 0, size);
    uint32_t *ends = (uint32_t *)(pairs + 2 * (size_t)n);
    bool apart = true;

    if (pairs == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 1; i < n; i++)
        apart = apart && (ops[i].ref_replica != ops[i - 1].ref_replica ||
                          ops[i].ref != ops[i - 1].ref + ops[i - 1].len);
    if (many)
        memset(ends, 0, ids * sizeof *ends);
    apart = apart && (many ? block_apart_many(pairs, ends, ops, n) : block_apart_few((uint32_t *)pairs, ops, n));
    sn_mem_free(mem, pairs, size);
    return apart ? SENNIT_OK
                 : sn_fail(b->err, SENNIT_ECORRUPT, seg->pos, "a delete names a byte twice, or in pieces");
}

/* A mark's start is followed by its end, which has nothing else before it. parts: as
 * below. */
static sennit_status block_get_mark(block_reading *b, sn_op *op, bool last, uint32_t *parts)
{
    bool starts = op->part == SN_MORE;

    if (starts ? *parts > 0 || last : *parts != 1 || op[-1].kind != SN_MARK)
        return block_bad(b, b->segments.pos, "a mark without a start or an end");
    *parts = starts;
    op->part = starts ? SN_MORE : SN_LAST;
    return SENNIT_OK;
}

/* A record that is not of the usual kind, or one of several ranges. parts: so many
 * records of the same operation stand before it. */
static sennit_status block_get_record(block_reading *b, const sn_segment *seg, sn_op *op, bool last,
                                      uint32_t *parts)
{
    SN_TRY(sn_columns_get(&b->cols, &b->context, b->out->batch.ids_len, op, b->err));
    b->out->notes_len += sn_op_note(op);
    if (op->kind == SN_MARK)
        return block_get_mark(b, op, last, parts);
    if (*parts == 0 && op->part != SN_MORE)
        return SENNIT_OK;
    if (op->kind != SN_DELETE || op->n != 1 || op->part == SN_REDACTION || (*parts > 0 && op[-1].kind != SN_DELETE) || (op->part == SN_MORE && last))
        return block_bad(b, b->segments.pos, "a delete that does not end");
    ++*parts;
    if (op->part == SN_MORE)
        return SENNIT_OK;
    uint32_t ranges = *parts;
    op->part = SN_LAST;
    *parts = 0;
    return block_check_ranges(b, seg, op - ranges + 1, ranges);
}

static sennit_status block_get_records(block_reading *b, sn_segment *seg, uint32_t n)
{
    sn_decoded *out = b->out;
    block_next *next = &b->next[seg->replica];
    sn_op *op = out->batch.ops + out->batch.ops_len, *end = op + n;
    uint32_t parts = 0;

    b->context.author = seg->replica;
    b->context.seq = next->seq;
    b->context.number = next->number;
    while (op < end) {
        if (SN_QUICKER && parts == 0 && n > 1) /* for a single one it is not worth the trouble */
            op += sn_columns_usual(&b->cols, &b->context, op, (uint32_t)(end - op));
        if (op < end)
            SN_TRY(block_get_record(b, seg, op, op + 1 == end, &parts));
        op += op < end;
    }
    out->batch.ops_len += n;
    out->text_len += b->context.number - next->number;
    out->operations += b->context.seq - next->seq;
    next->seq = (uint32_t)b->context.seq;
    next->number = (uint32_t)b->context.number;
    return SENNIT_OK;
}

static sennit_status block_read_all(block_reading *b, uint32_t segments)
{
    sn_decoded *out = b->out;
    uint32_t records = 0;

    sn_context_start(&b->context);
    for (uint32_t i = 0; i < segments; i++) {
        sn_segment *seg = &out->batch.segments[i];

        SN_TRY(block_get_segment(b, seg, &records));
        if (records > b->ops_cap - out->batch.ops_len)
            return block_bad(b, b->segments.pos, "more records than there are");
        out->batch.segments_len++;
        SN_TRY(block_get_records(b, seg, records));
    }
    if (sn_left(&b->segments) + sn_left(&b->cols.heads) + sn_left(&b->cols.counts) +
            sn_left(&b->cols.refs) + sn_left(&b->cols.extras) > 0)
        return block_bad(b, b->segments.pos, "bytes left over");
    return SENNIT_OK;
}

sennit_status sn_block_decode(sn_reader *r, const sennit_table *table, sn_mem *mem, sn_decoded *out,
                              sennit_error *err)
{
    block_reading b = {.out = out, .err = err};
    uint64_t ids, segments, len[5];
    sn_reader *parts[] = {&b.segments, &b.cols.heads, &b.cols.refs, &b.cols.counts, &b.cols.extras};

    sn_decoded_init(out, mem);
    SN_TRY(sn_read_count(r, sn_left(r) / (table != NULL ? 1 : 8), &ids, err));
    SN_TRY(sn_read_count(r, sn_left(r) / 4, &segments, err));
    for (int i = 0; i < 5; i++)
        SN_TRY(sn_read_count(r, sn_left(r), &len[i], err));
    SN_TRY(block_allocate(&b, mem, (uint32_t)ids, (uint32_t)segments, (uint32_t)len[1]));
    sennit_status st = block_get_ids(&b, r, table, (uint32_t)ids);
    for (int i = 0; i < 5 && st == SENNIT_OK; i++)
        st = sn_read_part(r, (size_t)len[i], parts[i], err);
    if (st == SENNIT_OK)
        st = block_read_all(&b, (uint32_t)segments);
    if (st != SENNIT_OK)
        sn_decoded_free(out);
    return st;
}

/* ---- text ---- */

static sennit_status block_cut(const sn_segment *seg, sennit_error *err)
{
    return sn_fail(err, SENNIT_ECORRUPT, seg->pos, "an insert cuts a character");
}

sennit_status sn_block_give_text(sn_decoded *d, const uint8_t *text, size_t pos, sennit_error *err)
{
    size_t len = (size_t)d->text_len, at = 0, good = sn_utf8_valid(text, len);

    if (good < len)
        return sn_fail(err, SENNIT_ECORRUPT, pos + good, "ill-formed UTF-8");
    for (uint32_t i = 0; i < d->batch.segments_len; i++) {
        sn_segment *seg = &d->batch.segments[i];

        seg->text = text + at;
        for (uint32_t k = 0; k < seg->n; k++) {
            const sn_op *op = &d->batch.ops[seg->first + k];

            if (op->kind != SN_INSERT)
                continue;
            if (sn_utf8_is_cont(text[at]))
                return block_cut(seg, err);
            at += op->n;
        }
    }
    return SENNIT_OK;
}

sennit_status sn_block_give_notes(sn_decoded *d, const uint8_t *notes, size_t pos, bool gaps,
                                  sennit_error *err)
{
    sn_payload unused;

    for (uint32_t i = 0; i < d->batch.segments_len && d->notes_len > 0; i++) {
        sn_segment *seg = &d->batch.segments[i];

        seg->notes = notes;
        for (uint32_t k = 0; k < seg->n; k++) {
            uint32_t len = sn_op_note(&d->batch.ops[seg->first + k]);

            if (len == 0)
                continue;
            if (!gaps || *notes != 0)
                SN_TRY(sn_payload_read(notes, len, pos, &unused, err));
            notes += len;
            pos += len;
        }
    }
    return SENNIT_OK;
}
