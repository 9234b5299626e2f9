/* One keystroke; docs/FORMAT.md, "Short deltas".
 *
 *     head | replica | seq | [ms counter] | [[named] ref] | [len] text | check:2
 */
#include "base/hash.h"
#include "core/edit/quick.h"
#include "wire/wire.h"

#define SHORT_INSERT 0u /* one character */
#define SHORT_DELETE 1u /* one byte, or with SHORT_FLAG len */
#define SHORT_TEXT 2u   /* len, so many bytes */
#define SHORT_KIND 0x03u
#define SHORT_FLAG 0x04u   /* insert: left child. delete: len follows */
#define SHORT_WHERE 0x18u
#define SHORT_CHANGE 0x20u /* a new change: ms, counter */
#define SHORT_TABLE 0x40u

/* where, shifted: of an insert */
#define INSERT_TYPED 0x00u
#define INSERT_OWN 0x08u
#define INSERT_FOREIGN 0x10u
/* of a delete */
#define DELETE_BACK 0x00u
#define DELETE_FORTH 0x08u
#define DELETE_OWN 0x10u
#define DELETE_FOREIGN 0x18u

#define SHORT_TEXT_MAX 64u /* longer inserts take the long form */

static uint16_t short_check(const uint8_t *data, size_t len, uint64_t replica)
{
    return (uint16_t)sn_hash64(data, len, replica);
}

/* ---- writing ---- */

/* The operation seq of this replica alone, and the record before it. */
static bool short_find(const sennit_doc *doc, uint32_t seq, sn_op *op, sn_op *prev)
{
    const sn_log *log = &doc->who.replicas[doc->me].log;

    *op = log->open;
    if (op->part != SN_WHOLE || op->n == 0 || seq < op->seq)
        return false;
    *prev = seq > op->seq ? *op : log->last;
    if (seq > op->seq) {
        prev->n = seq - op->seq;
        sn_op_skip(op, prev->n, doc->me);
    }
    return true;
}

/* How to say where an operation is, relative to the one before. */
static unsigned short_where(const sennit_doc *doc, const sn_op *op, const sn_op *prev)
{
    bool own = op->ref_replica == doc->me;

    if (op->kind == SN_INSERT)
        return own && !op->flag && op->ref + 1 == op->number ? INSERT_TYPED
                                                            : own ? INSERT_OWN : INSERT_FOREIGN;
    if (prev->kind == SN_INSERT && own && op->ref + op->len == op->number)
        return DELETE_BACK;
    if (prev->kind == SN_DELETE && prev->part == SN_WHOLE && prev->ref_replica == op->ref_replica) {
        uint32_t last = prev->flag ? sn_op_low(prev) : prev->ref + (prev->n - 1) * prev->len;

        if (op->ref + op->len == last)
            return DELETE_BACK;
        if (op->ref == last + prev->len)
            return DELETE_FORTH;
    }
    return own ? DELETE_OWN : DELETE_FOREIGN;
}

static uint8_t *short_put_change(const sennit_doc *doc, const sn_op *op, const sn_op *prev, uint8_t *p)
{
    uint64_t hlc = doc->who.times[op->change];

    p = sn_put_varint(p, (hlc >> 16) - (doc->who.times[prev->change] >> 16));
    return sn_put_varint(p, hlc & 0xffff);
}

static uint8_t *short_put(sennit_doc *doc, const sn_op *op, const sn_op *prev, sennit_table *table,
                          uint8_t *start)
{
    const sn_replica *me = &doc->who.replicas[doc->me];
    const uint8_t *text = op->kind == SN_INSERT ? me->text.bytes + op->number : NULL;
    unsigned where = short_where(doc, op, prev), head = where | (table != NULL ? SHORT_TABLE : 0);
    bool foreign = where == (op->kind == SN_INSERT ? INSERT_FOREIGN : DELETE_FOREIGN);
    uint8_t *p = start + 1;

    if (op->kind == SN_DELETE)
        head |= SHORT_DELETE;
    else if (op->n != sn_utf8_width(text[0]))
        head |= SHORT_TEXT;
    if (op->kind == SN_INSERT ? op->flag : op->len > 1)
        head |= SHORT_FLAG;
    if (op->change != prev->change)
        head |= SHORT_CHANGE;
    *start = (uint8_t)head;
    p = sn_put_varint(sn_table_put(table, p, me->id), op->seq);
    if (head & SHORT_CHANGE)
        p = short_put_change(doc, op, prev, p);
    if (foreign)
        p = sn_table_put(table, p, doc->who.replicas[op->ref_replica].id);
    if (foreign || where == (op->kind == SN_INSERT ? INSERT_OWN : DELETE_OWN))
        p = sn_put_varint(p, op->ref);
    if (op->kind == SN_INSERT) {
        if ((head & SHORT_KIND) == SHORT_TEXT)
            p = sn_put_varint(p, op->n);
        memcpy(p, text, op->n);
        p += op->n;
    } else if (op->len > 1) {
        p = sn_put_varint(p, op->len);
    }
    uint16_t check = short_check(start, (size_t)(p - start), me->id);
    *p++ = (uint8_t)check;
    *p++ = (uint8_t)(check >> 8);
    return p;
}

int sn_short_encode(sennit_doc *doc, uint32_t seq, sennit_table *table, sennit_buf *out)
{
    sn_op op, prev;

    if (seq == 0 || !short_find(doc, seq, &op, &prev) || prev.n == 0)
        return 0;
    if (op.kind == SN_INSERT ? op.ref_replica == SN_NO_REPLICA || op.n > SHORT_TEXT_MAX
                             : op.kind != SN_DELETE || op.n != 1)
        return 0;
    sennit_status st = sn_table_reserve(table, 2);
    if (st == SENNIT_OK)
        st = sn_buf_reserve(out, 1 + 2 * (8 + SN_VARINT_MAX) + 5 * SN_VARINT_MAX + SHORT_TEXT_MAX);
    if (st != SENNIT_OK)
        return st;
    uint8_t *end = short_put(doc, &op, &prev, table, out->data + out->len);
    out->len = (size_t)(end - out->data);
    return 1;
}

/* ---- reading ---- */

static sennit_status short_name(sn_short *s, sn_reader *r, const sennit_table *table, int i,
                                sennit_error *err)
{
    uint32_t before = s->fresh;

    SN_TRY(sn_table_read(table, r, s->fresh_ids, &s->fresh, &s->ids[i], err));
    if (s->fresh > before)
        s->fresh_ids[before] = s->ids[i];
    return SENNIT_OK;
}

static sennit_status short_where_is(sn_short *s, sn_reader *r, const sennit_table *table,
                                    unsigned head, sennit_error *err)
{
    static const sn_relative of_insert[] = {SN_TYPED, SN_AT, SN_AT};
    static const sn_relative of_delete[] = {SN_BACK, SN_FORTH, SN_AT, SN_AT};
    unsigned where = head & SHORT_WHERE, i = where >> 3;
    bool insert = s->op.kind == SN_INSERT;
    uint64_t ref;

    if (insert && (i > 2 || (where == INSERT_TYPED && s->op.flag)))
        return sn_read_corrupt(r, err, "a place that is none");
    s->segment.relative = insert ? of_insert[i] : of_delete[i];
    s->op.ref_replica = SN_NO_REPLICA;
    if (s->segment.relative != SN_AT)
        return SENNIT_OK;
    s->op.ref_replica = 0;
    if (where == (insert ? INSERT_FOREIGN : DELETE_FOREIGN)) {
        s->op.ref_replica = 1;
        SN_TRY(short_name(s, r, table, 1, err));
        if (s->ids[1] == s->ids[0])
            return sn_read_corrupt(r, err, "an id stands twice");
    }
    SN_TRY(sn_read_count(r, SN_MAX_TEXT, &ref, err));
    s->op.ref = (uint32_t)ref;
    return SENNIT_OK;
}

static sennit_status short_text(sn_short *s, sn_reader *r, unsigned head, sennit_error *err)
{
    uint64_t n = 0;
    const uint8_t *text = NULL;

    if ((head & SHORT_KIND) == SHORT_TEXT)
        SN_TRY(sn_read_count(r, SHORT_TEXT_MAX, &n, err));
    else if (sn_left(r) > 0)
        n = sn_utf8_width(r->data[r->pos]);
    size_t at = r->pos;
    SN_TRY(sn_read_bytes(r, (size_t)n, &text, err));
    if (n == 0 || sn_utf8_valid(text, (size_t)n) != n) {
        r->pos = at;
        return sn_read_corrupt(r, err, "ill-formed UTF-8");
    }
    s->op.n = (uint32_t)n;
    s->segment.text = text;
    return SENNIT_OK;
}

static sennit_status short_len(sn_short *s, sn_reader *r, unsigned head, sennit_error *err)
{
    uint64_t len = 1;
    size_t at = r->pos;

    if (head & SHORT_FLAG)
        SN_TRY(sn_read_count(r, SN_MAX_TEXT, &len, err));
    if (head & SHORT_FLAG && len < 2) {
        r->pos = at;
        return sn_read_corrupt(r, err, "a length not in its shortest form");
    }
    s->op.len = (uint32_t)len;
    return SENNIT_OK;
}

static sennit_status short_body(sn_short *s, sn_reader *r, const sennit_table *table, unsigned head,
                                sennit_error *err)
{
    uint64_t seq, ms, counter;

    SN_TRY(short_name(s, r, table, 0, err));
    s->ids[1] = s->ids[0];
    SN_TRY(sn_read_count(r, SN_MAX_SEQ, &seq, err));
    if (seq == 0)
        return sn_read_corrupt(r, err, "a first operation in the short form");
    s->segment.seq = s->op.seq = (uint32_t)seq;
    s->segment.same_change = !(head & SHORT_CHANGE);
    if (head & SHORT_CHANGE) {
        SN_TRY(sn_read_count(r, SN_MAX_WALL_MS, &ms, err));
        SN_TRY(sn_read_count(r, 0xffff, &counter, err));
        s->segment.hlc = ms << 16 | counter;
    }
    SN_TRY(short_where_is(s, r, table, head, err));
    return s->op.kind == SN_INSERT ? short_text(s, r, head, err) : short_len(s, r, head, err);
}

sennit_status sn_short_decode(const void *data, size_t len, const sennit_table *table, sn_short *s,
                              sennit_error *err)
{
    const uint8_t *bytes = data;
    sn_reader r = sn_reader_of(data, len);
    uint8_t head = 0;

    memset(s, 0, sizeof *s);
    SN_TRY(sn_read_u8(&r, &head, err));
    if ((head & SHORT_KIND) == SHORT_KIND)
        return sn_fail(err, SENNIT_EVERSION, 0, "an operation of a later release");
    if (((head & SHORT_TABLE) != 0) != (table != NULL))
        return sn_fail(err, SENNIT_ECORRUPT, 0, "made with a table, or without one");
    if (len < 1 + SN_CHECK_SHORT)
        return sn_fail(err, SENNIT_ECORRUPT, len, "bytes end too early");
    r.end = len - SN_CHECK_SHORT;
    s->op.kind = (head & SHORT_KIND) == SHORT_DELETE ? SN_DELETE : SN_INSERT;
    s->op.flag = s->op.kind == SN_INSERT && (head & SHORT_FLAG) != 0;
    s->op.n = 1;
    SN_TRY(short_body(s, &r, table, head, err));
    if (sn_left(&r) > 0)
        return sn_read_corrupt(&r, err, "bytes left over");
    uint16_t check = short_check(bytes, r.end, s->ids[0]);
    if (bytes[len - 2] != (uint8_t)check || bytes[len - 1] != (uint8_t)(check >> 8))
        return sn_fail(err, SENNIT_ECORRUPT, len - SN_CHECK_SHORT, "checksum does not fit");
    s->segment.n = 1;
    s->batch = (sn_batch){.ids = s->ids, .segments = &s->segment, .ops = &s->op, .ids_len = 2,
                          .segments_len = 1, .ops_len = 1};
    return SENNIT_OK;
}

/* ---- the usual keystroke ----
 *
 * Read in one go and done at once if it is a character behind the author's last,
 * or one more deleted. Whatever is not like that, damage included, is left to
 * the careful way above.
 */

/* seq, if it has four bytes at most and its shortest form; at moves behind it. */
static bool quick_seq(const uint8_t *data, size_t end, size_t *at, uint32_t *seq)
{
    *seq = 0;
    for (unsigned shift = 0; shift < 28 && *at < end; shift += 7) {
        uint8_t b = data[(*at)++];

        *seq |= (uint32_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return b > 0;
    }
    return false;
}

bool sn_short_apply(sennit_doc *doc, const uint8_t *data, size_t len, const sennit_table *table)
{
    unsigned head = data[0] & ~SHORT_TABLE;
    bool insert = head == (SHORT_INSERT | INSERT_TYPED);
    size_t at = table != NULL ? 2 : 9, end = len - SN_CHECK_SHORT;
    uint32_t seq;

    if ((!insert && head != (SHORT_DELETE | DELETE_BACK) && head != (SHORT_DELETE | DELETE_FORTH)) ||
        ((data[0] & SHORT_TABLE) != 0) != (table != NULL) || len < at + 1 + SN_CHECK_SHORT ||
        (table != NULL && data[1] >= table->len))
        return false;
    uint64_t id = table != NULL ? table->ids[data[1]] : sn_get_u64(data + 1);
    uint32_t replica = sn_roster_find(&doc->who, id);
    if (replica == SN_NO_REPLICA || !quick_seq(data, end, &at, &seq) || at + insert != end)
        return false;
    uint16_t check = short_check(data, end, id);
    if (data[end] != (uint8_t)check || data[end + 1] != (uint8_t)(check >> 8))
        return false;
    return sn_quick_apply(doc, replica, seq,
                          insert ? SN_TYPED : head & SHORT_WHERE ? SN_FORTH : SN_BACK,
                          insert ? data[at] : 0);
}
