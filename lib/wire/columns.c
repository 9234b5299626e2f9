#include "wire/columns.h"

/* head := kind | where << 2 | extra << 4 | count << 5 */
#define HEAD_LEFT 1u    /* insert: left child. delete: towards smaller numbers */
#define HEAD_DELETE 2u
#define HEAD_EXTRA 0x10u
#define HEAD_MANY 7u    /* n - 8 is in counts; else it is count + 1 */
#define WHERE_FORESEEN 0u

/* extra := more | named << 1 | kind << 2 | (len - 1) << 4 */
#define EXTRA_MORE 1u
#define EXTRA_NAMED 2u  /* a replica follows: index + 1, 0 for the root; ref is absolute */
#define EXTRA_PLAIN 0u
#define EXTRA_TOGGLE 1u /* head's HEAD_LEFT: on. ref is the target's seq, absolute */

#define RING_FAR 200u   /* a step as long as this does not forget where it came from */

void sn_context_start(sn_context *c)
{
    memset(c, 0, sizeof *c);
    for (int i = 0; i < SN_RING; i++)
        c->ring[i] = (sn_spot){SN_NO_REPLICA, 0};
}

/* Where one expects this record's ref to be, given the one before it; false if
 * there is nothing to expect. */
static inline bool context_foresee(const sn_context *c, const sn_op *op, sn_spot *out)
{
    const sn_op *prev = &c->prev;
    uint32_t number;

    if (prev->n == 0 || prev->kind == SN_TOGGLE)
        return false;
    if (prev->kind == SN_INSERT) {
        out->replica = c->prev_author;
        number = prev->number;
        if (op->kind == SN_DELETE) /* takes back the end of what was typed */
            number += prev->n - op->len;
        else if (!op->flag) /* goes on typing */
            number += prev->n - 1;
    } else {
        out->replica = prev->ref_replica;
        number = sn_op_low(prev);
        if (op->kind == SN_DELETE) /* goes on deleting */
            number -= op->len;
        else if (!op->flag) /* types in place of what was deleted */
            number--;
    }
    out->number = number;
    return true;
}

/* Remember where a record was. */
static inline void context_visit(sn_context *c, const sn_op *op, unsigned where)
{
    sn_spot here = {op->ref_replica, op->kind == SN_DELETE ? sn_op_low(op) : op->ref};

    c->prev = *op;
    c->prev_author = c->author;
    if (op->ref_replica == SN_NO_REPLICA || op->kind == SN_TOGGLE)
        return;
    if (where == WHERE_FORESEEN) {
        c->ring[0] = here;
        return;
    }
    unsigned from = where - 1;
    sn_spot left = c->ring[from];
    uint32_t far = here.number > left.number ? here.number - left.number : left.number - here.number;
    for (unsigned i = from; i > 0; i--)
        c->ring[i] = c->ring[i - 1];
    if (from == 0 && (far > RING_FAR || left.replica != here.replica)) {
        c->ring[2] = c->ring[1];
        c->ring[1] = left;
    }
    c->ring[0] = here;
}

/* ---- writing ---- */

/* The place of the ring from which ref is told shortest; 0 if none serves. */
static unsigned columns_where(const sn_context *c, const sn_op *op, uint64_t *distance)
{
    unsigned best = 0;
    size_t best_len = SN_VARINT_MAX + 1;

    for (unsigned i = 0; i < SN_RING; i++) {
        if (c->ring[i].replica != op->ref_replica)
            continue;
        uint64_t d = sn_zigzag((int64_t)op->ref - c->ring[i].number);
        size_t len = sn_varint_len(d);

        if (len < best_len) {
            best = i + 1;
            best_len = len;
            *distance = d;
        }
    }
    return best;
}

static uint8_t *columns_tail(sennit_buf *buf)
{
    return buf->data + buf->len;
}

static void columns_advance(sennit_buf *buf, const uint8_t *end)
{
    buf->len = (size_t)(end - buf->data);
}

sennit_status sn_columns_put(sn_columns *cols, sn_context *c, const sn_op *op)
{
    unsigned head = op->flag ? HEAD_LEFT : 0, where = WHERE_FORESEEN;
    uint64_t extra = 0, ref = 0;
    bool named = false;
    sn_spot foreseen;

    SN_TRY(sn_buf_reserve(&cols->heads, 1));
    SN_TRY(sn_buf_reserve(&cols->counts, SN_VARINT_MAX));
    SN_TRY(sn_buf_reserve(&cols->refs, SN_VARINT_MAX));
    SN_TRY(sn_buf_reserve(&cols->extras, 2 * SN_VARINT_MAX));
    if (op->kind == SN_DELETE) {
        head |= HEAD_DELETE;
        extra = (uint64_t)(op->len - 1) << 4 | (op->part == SN_MORE ? EXTRA_MORE : 0);
    }
    if (op->kind == SN_TOGGLE) {
        named = true;
        extra = EXTRA_TOGGLE << 2;
    } else if (op->ref_replica == SN_NO_REPLICA || !context_foresee(c, op, &foreseen) ||
               foreseen.replica != op->ref_replica || foreseen.number != op->ref) {
        where = op->ref_replica == SN_NO_REPLICA ? 0 : columns_where(c, op, &ref);
        named = where == 0;
    }
    if (named) {
        extra |= EXTRA_NAMED;
        ref = op->ref;
    }
    if (extra != 0) {
        head |= HEAD_EXTRA;
        uint8_t *p = sn_put_varint(columns_tail(&cols->extras), extra);
        if (named)
            p = sn_put_varint(p, op->ref_replica == SN_NO_REPLICA ? 0 : (uint64_t)op->ref_replica + 1);
        columns_advance(&cols->extras, p);
    }
    if (where != WHERE_FORESEEN || (named && op->ref_replica != SN_NO_REPLICA))
        columns_advance(&cols->refs, sn_put_varint(columns_tail(&cols->refs), ref));
    if (op->n > HEAD_MANY)
        columns_advance(&cols->counts, sn_put_varint(columns_tail(&cols->counts), op->n - HEAD_MANY - 1));
    head |= where << 2 | (op->n > HEAD_MANY ? HEAD_MANY : op->n - 1) << 5;
    cols->heads.data[cols->heads.len++] = (uint8_t)head;
    context_visit(c, op, named ? SN_RING : where);
    return SENNIT_OK;
}

/* ---- reading ---- */

static sennit_status columns_bad(const sn_column_readers *cols, sennit_error *err, const char *what)
{
    return sn_fail(err, SENNIT_ECORRUPT, cols->heads.origin + cols->heads.pos - 1, what);
}

/* What a record has beside the usual. */
static sennit_status columns_extra(sn_column_readers *cols, uint32_t ids_len, sn_op *op, bool *named,
                                   sennit_error *err)
{
    uint64_t extra, name;

    SN_TRY(sn_read_varint(&cols->extras, &extra, err));
    unsigned kind = extra >> 2 & 3;
    if (kind > EXTRA_TOGGLE)
        return sn_read_fail(&cols->extras, err, SENNIT_EVERSION, "an operation of a later release");
    *named = extra & EXTRA_NAMED;
    if (extra == 0 || (kind == EXTRA_TOGGLE && op->kind != SN_INSERT) ||
        (op->kind != SN_DELETE && extra & ~(uint64_t)(EXTRA_NAMED | 3 << 2)) ||
        extra >> 4 >= SN_MAX_TEXT)
        return columns_bad(cols, err, "a record that is none");
    if (kind == EXTRA_TOGGLE)
        op->kind = SN_TOGGLE;
    if (op->kind == SN_DELETE) {
        op->len = (uint32_t)(extra >> 4) + 1;
        op->part = extra & EXTRA_MORE ? SN_MORE : SN_WHOLE;
    }
    if (!*named)
        return SENNIT_OK;
    SN_TRY(sn_read_count(&cols->extras, ids_len, &name, err));
    op->ref_replica = name == 0 ? SN_NO_REPLICA : (uint32_t)name - 1;
    return SENNIT_OK;
}

static sennit_status columns_ref(sn_column_readers *cols, const sn_context *c, unsigned where,
                                 bool named, sn_op *op, sennit_error *err)
{
    uint64_t ref;

    if (!named && where == WHERE_FORESEEN) {
        sn_spot spot;

        if (!context_foresee(c, op, &spot) || spot.replica == SN_NO_REPLICA ||
            spot.number >= SN_MAX_TEXT)
            return columns_bad(cols, err, "nothing to be foreseen");
        op->ref_replica = spot.replica;
        op->ref = spot.number;
        return SENNIT_OK;
    }
    if (named && op->ref_replica == SN_NO_REPLICA)
        return SENNIT_OK;
    SN_TRY(sn_read_varint(&cols->refs, &ref, err));
    if (!named) {
        const sn_spot *spot = &c->ring[where - 1];

        if (spot->replica == SN_NO_REPLICA)
            return columns_bad(cols, err, "nothing visited yet");
        op->ref_replica = spot->replica;
        ref = spot->number + (uint64_t)sn_unzigzag(ref);
    }
    if (ref > (op->kind == SN_TOGGLE ? SN_MAX_SEQ : SN_MAX_TEXT))
        return columns_bad(cols, err, "a number out of range");
    op->ref = (uint32_t)ref;
    return SENNIT_OK;
}

/* What no record may be, whatever it names. */
static sennit_status columns_judge(const sn_column_readers *cols, const sn_op *op, unsigned where,
                                   bool named, sennit_error *err)
{
    bool one = op->kind == SN_TOGGLE || op->part == SN_MORE;

    if (named && where != 0)
        return columns_bad(cols, err, "a place told twice");
    if ((op->ref_replica == SN_NO_REPLICA && (op->kind != SN_INSERT || op->flag)) ||
        (op->kind == SN_TOGGLE && !named) || (one && op->n != 1))
        return columns_bad(cols, err, "a record that is none");
    if (op->kind != SN_DELETE)
        return SENNIT_OK;
    if ((op->len > 1 && op->n > SN_WIDE_RUN) || (op->n == 1 && op->flag))
        return columns_bad(cols, err, "a run that is none");
    uint64_t all = (uint64_t)op->n * op->len, last = all - op->len;
    if (op->flag ? last > op->ref : op->ref + all > SN_MAX_TEXT)
        return columns_bad(cols, err, "a run out of range");
    return SENNIT_OK;
}

sennit_status sn_columns_get(sn_column_readers *cols, sn_context *c, uint32_t ids_len, sn_op *op,
                             sennit_error *err)
{
    uint8_t head = 0;
    uint64_t n;
    bool named = false;

    SN_TRY(sn_read_u8(&cols->heads, &head, err));
    unsigned where = head >> 2 & 3;
    *op = (sn_op){.kind = head & HEAD_DELETE ? SN_DELETE : SN_INSERT, .flag = head & HEAD_LEFT};
    op->len = op->kind == SN_DELETE;
    if (SN_UNLIKELY(head & HEAD_EXTRA))
        SN_TRY(columns_extra(cols, ids_len, op, &named, err));
    SN_TRY(columns_ref(cols, c, where, named, op, err));
    n = (head >> 5) + 1u;
    if (head >> 5 == HEAD_MANY) {
        SN_TRY(sn_read_count(&cols->counts, SN_MAX_TEXT, &n, err));
        n += HEAD_MANY + 1;
    }
    op->n = (uint32_t)n;
    SN_TRY(columns_judge(cols, op, where, named, err));
    context_visit(c, op, named ? SN_RING : where);
    return SENNIT_OK;
}
