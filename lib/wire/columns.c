#include "wire/columns.h"

/* head := kind | where << 2 | extra << 4 | count << 5 */
#define HEAD_LEFT 1u    /* insert: left child. delete: towards smaller numbers */
#define HEAD_DELETE 2u  /* so that kind is SN_INSERT or SN_DELETE */
#define HEAD_EXTRA 0x10u
#define HEAD_MANY 7u    /* n - 8 is in counts; else it is count + 1 */
#define WHERE_FORESEEN 0u

/* extra := more | named << 1 | kind << 2 | (len - 1, or bytes of the payload) << 4 */
#define EXTRA_MORE 1u
#define EXTRA_NAMED 2u  /* a replica follows: index + 1, 0 for the root; ref is absolute */
#define EXTRA_PLAIN 0u
#define EXTRA_TOGGLE 1u /* head's HEAD_LEFT: on. ref is the target's seq, absolute */
#define EXTRA_MARK 2u   /* head's HEAD_LEFT: behind the byte. EXTRA_MORE: its start */
#define EXTRA_SET 3u    /* with EXTRA_MORE: a redaction */

#define RING_FAR 200u   /* a step as long as this does not forget where it came from */

void sn_context_start(sn_context *c)
{
    memset(c, 0, sizeof *c);
    for (int i = 0; i < SN_RING; i++)
        c->ring[i] = (sn_spot){SN_NO_REPLICA, 0};
    c->replica = SN_NO_REPLICA;
}

/* Where one expects this record's ref to be, given the one before it; replica is
 * SN_NO_REPLICA if there is nothing to expect. A number below 0 wraps. */
static inline sn_spot context_foresee(const sn_context *c, const sn_op *op)
{
    uint32_t parent = op->flag ? c->first : c->last;

    return (sn_spot){c->replica, op->kind == SN_DELETE ? c->end - op->len : parent};
}

/* What the record leads to: one takes back the end of what was typed or goes on
 * deleting, goes on typing or types in place of what was deleted. */
static inline void context_expect(sn_context *c, const sn_op *op)
{
    uint32_t low = sn_op_low(op), first = op->number, end = first + op->n;

    c->replica = op->kind == SN_INSERT ? c->author
                 : op->kind == SN_DELETE ? op->ref_replica : SN_NO_REPLICA;
    c->first = op->kind == SN_INSERT ? first : low;
    c->end = op->kind == SN_INSERT ? end : low;
    c->last = c->end - 1;
}

/* Remember where a record was; where says from which place it was told. */
static inline void context_visit(sn_context *c, const sn_op *op, unsigned where)
{
    sn_spot here = {op->ref_replica, op->kind == SN_DELETE ? sn_op_low(op) : op->ref};
    sn_spot left = c->ring[0];

    context_expect(c, op);
    if (SN_UNLIKELY(op->ref_replica == SN_NO_REPLICA || op->kind >= SN_TOGGLE))
        return;
    c->ring[0] = here;
    if (where == WHERE_FORESEEN)
        return;
    uint32_t step = here.number > left.number ? here.number - left.number : left.number - here.number;
    bool far = where == 1 && (step > RING_FAR || left.replica != here.replica);
    if (where == SN_RING || far)
        c->ring[2] = c->ring[1];
    if (where > 1 || far)
        c->ring[1] = left;
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
    sn_spot foreseen = context_foresee(c, op);

    SN_TRY(sn_buf_reserve(&cols->heads, 1));
    SN_TRY(sn_buf_reserve(&cols->counts, SN_VARINT_MAX));
    SN_TRY(sn_buf_reserve(&cols->refs, SN_VARINT_MAX));
    SN_TRY(sn_buf_reserve(&cols->extras, 2 * SN_VARINT_MAX));
    if (op->kind == SN_DELETE) {
        head |= HEAD_DELETE;
        extra = (uint64_t)(op->len - 1) << 4 | (op->part == SN_MORE ? EXTRA_MORE : 0);
    }
    if (SN_UNLIKELY(op->part == SN_REDACTION)) {
        head &= ~HEAD_DELETE;
        named = true;
        extra |= EXTRA_SET << 2 | EXTRA_MORE;
    } else if (op->kind >= SN_TOGGLE) {
        named = op->kind != SN_SET;
        extra = (uint64_t)sn_op_note(op) << 4 | (op->kind - SN_TOGGLE + EXTRA_TOGGLE) << 2 |
                (op->part == SN_MORE ? EXTRA_MORE : 0);
    } else if (op->ref_replica == SN_NO_REPLICA || foreseen.replica != op->ref_replica ||
               foreseen.number != op->ref) {
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

static sennit_status columns_name(sn_column_readers *cols, uint32_t ids_len, sn_op *op,
                                  sennit_error *err)
{
    uint64_t name;

    SN_TRY(sn_read_count(&cols->extras, ids_len, &name, err));
    op->ref_replica = name == 0 ? SN_NO_REPLICA : (uint32_t)name - 1;
    return SENNIT_OK;
}

/* A mark's start or end, or a set. The start has no payload, a set no place. */
static sennit_status columns_note(sn_column_readers *cols, uint32_t ids_len, uint64_t extra,
                                  sn_op *op, sennit_error *err)
{
    bool set = (extra >> 2 & 3) == EXTRA_SET, named = extra & EXTRA_NAMED;
    uint64_t len = extra >> 4;

    op->kind = set ? SN_SET : SN_MARK;
    op->part = extra & EXTRA_MORE ? SN_MORE : SN_WHOLE;
    if (len > SN_NOTE_MAX || named == set || (op->part == SN_MORE ? len != 0 : len < 3) ||
        (set && op->flag))
        return columns_bad(cols, err, "a record that is none");
    op->len = (uint32_t)len;
    op->ref_replica = SN_NO_REPLICA;
    return named ? columns_name(cols, ids_len, op, err) : SENNIT_OK;
}

/* A delete of one range that erases it. */
static sennit_status columns_redaction(sn_column_readers *cols, uint32_t ids_len, uint64_t extra,
                                       sn_op *op, sennit_error *err)
{
    op->kind = SN_DELETE;
    op->part = SN_REDACTION;
    op->len = (uint32_t)(extra >> 4) + 1;
    return extra & EXTRA_NAMED ? columns_name(cols, ids_len, op, err)
                               : columns_bad(cols, err, "a record that is none");
}

/* What a record has beside the usual. */
static sennit_status columns_extra(sn_column_readers *cols, uint32_t ids_len, sn_op *op, bool *named,
                                   sennit_error *err)
{
    uint64_t extra;

    SN_TRY(sn_read_varint(&cols->extras, &extra, err));
    unsigned kind = extra >> 2 & 3;
    *named = extra & EXTRA_NAMED;
    if (extra == 0 || (kind != EXTRA_PLAIN && op->kind != SN_INSERT) || extra >> 4 >= SN_MAX_TEXT)
        return columns_bad(cols, err, "a record that is none");
    if (kind == EXTRA_SET && extra & EXTRA_MORE)
        return columns_redaction(cols, ids_len, extra, op, err);
    if (kind >= EXTRA_MARK)
        return columns_note(cols, ids_len, extra, op, err);
    if (op->kind != SN_DELETE && extra & ~(uint64_t)(EXTRA_NAMED | 3 << 2))
        return columns_bad(cols, err, "a record that is none");
    if (kind == EXTRA_TOGGLE)
        op->kind = SN_TOGGLE;
    if (op->kind == SN_DELETE) {
        op->len = (uint32_t)(extra >> 4) + 1;
        op->part = extra & EXTRA_MORE ? SN_MORE : SN_WHOLE;
    }
    return *named ? columns_name(cols, ids_len, op, err) : SENNIT_OK;
}

/* A record that is not named: relative to what is foreseen, or to the ring. */
static sennit_status columns_near(sn_column_readers *cols, const sn_context *c, unsigned where,
                                  sn_op *op, sennit_error *err)
{
    sn_spot spot = context_foresee(c, op);
    uint64_t ref = spot.number, distance = 0;

    if (where != WHERE_FORESEEN) {
        spot = c->ring[where - 1];
        SN_TRY(sn_read_varint(&cols->refs, &distance, err));
        ref = spot.number + (uint64_t)sn_unzigzag(distance);
    }
    if (spot.replica == SN_NO_REPLICA || ref > SN_MAX_TEXT)
        return columns_bad(cols, err, "nothing to be near to");
    op->ref_replica = spot.replica;
    op->ref = (uint32_t)ref;
    return SENNIT_OK;
}

static sennit_status columns_named(sn_column_readers *cols, sn_op *op, sennit_error *err)
{
    uint64_t ref = 0;

    if (op->ref_replica != SN_NO_REPLICA)
        SN_TRY(sn_read_varint(&cols->refs, &ref, err));
    if (ref > (op->kind == SN_TOGGLE ? SN_MAX_SEQ : SN_MAX_TEXT))
        return columns_bad(cols, err, "a number out of range");
    op->ref = (uint32_t)ref;
    return SENNIT_OK;
}

/* Whether a delete record is a run, and within bounds. */
static inline bool columns_is_run(const sn_op *op)
{
    uint64_t all = (uint64_t)op->n * op->len, last = all - op->len;

    if ((op->len > 1 && op->n > SN_WIDE_RUN) || (op->n == 1 && op->flag))
        return false;
    return op->flag ? last <= op->ref : op->ref + all <= SN_MAX_TEXT;
}

/* Go on behind a record, if there may be so much. */
static inline bool context_step(sn_context *c, const sn_op *op, unsigned where)
{
    uint64_t seq = c->seq + sn_op_seqs(op), number = c->number + (op->kind == SN_INSERT ? op->n : 0);

    if (seq > SN_MAX_SEQ || number > SN_MAX_TEXT)
        return false;
    c->seq = seq;
    c->number = number;
    context_visit(c, op, where);
    return true;
}

/* What no record may be, whatever it names. */
static sennit_status columns_judge(const sn_column_readers *cols, const sn_op *op, unsigned where,
                                   bool named, sennit_error *err)
{
    bool one = op->kind >= SN_TOGGLE || op->part != SN_WHOLE;

    if ((named || op->kind == SN_SET) && where != 0)
        return columns_bad(cols, err, "a place told twice");
    if ((op->ref_replica == SN_NO_REPLICA && op->kind < SN_MARK &&
         (op->kind != SN_INSERT || op->flag)) ||
        (op->kind == SN_TOGGLE && !named) || (one && op->n != 1))
        return columns_bad(cols, err, "a record that is none");
    return SENNIT_OK;
}

/* What the head tells. */
static inline sn_op columns_head(const sn_context *c, uint8_t head)
{
    uint8_t is_delete = head >> 1 & 1;

    return (sn_op){.kind = is_delete, .flag = head & HEAD_LEFT, .len = is_delete,
                   .n = (head >> 5) + 1u, .seq = (uint32_t)c->seq, .number = (uint32_t)c->number};
}

sennit_status sn_columns_get(sn_column_readers *cols, sn_context *c, uint32_t ids_len, sn_op *op,
                             sennit_error *err)
{
    uint8_t head = 0;
    uint64_t more;
    bool named = false;

    SN_TRY(sn_read_u8(&cols->heads, &head, err));
    unsigned where = head >> 2 & 3;
    *op = columns_head(c, head);
    if (head & HEAD_EXTRA)
        SN_TRY(columns_extra(cols, ids_len, op, &named, err));
    if (op->kind != SN_SET)
        SN_TRY(named ? columns_named(cols, op, err) : columns_near(cols, c, where, op, err));
    if (op->n > HEAD_MANY) {
        SN_TRY(sn_read_count(&cols->counts, SN_MAX_TEXT, &more, err));
        op->n += (uint32_t)more;
    }
    SN_TRY(columns_judge(cols, op, where, named, err));
    if (op->kind == SN_DELETE && !columns_is_run(op))
        return columns_bad(cols, err, "a run that is none");
    if (!context_step(c, op, named ? SN_RING : where))
        return columns_bad(cols, err, "too many operations of one replica");
    return SENNIT_OK;
}

bool sn_columns_single(const uint8_t *head, size_t refs_len, uint32_t ids_len, sn_op *op)
{
    const uint8_t *refs = head + 1, *extras = refs + refs_len;
    uint32_t name = extras[1], many = *head >> 5, ref = 0;

    /* Nothing is foreseen and nothing near yet, so the parent is named. */
    if ((*head & ~(HEAD_LEFT | HEAD_MANY << 5)) != HEAD_EXTRA || many == HEAD_MANY ||
        extras[0] != EXTRA_NAMED || name > ids_len || refs_len > 4 || (refs_len == 0) != (name == 0) ||
        (name == 0 && *head & HEAD_LEFT) || (refs_len > 1 && refs[refs_len - 1] == 0 && SENNIT_MUTANT != 91))
        return false;
    for (size_t i = 0; i < refs_len; i++) {
        if ((refs[i] < 0x80) != (i + 1 == refs_len))
            return false;
        ref |= (uint32_t)(refs[i] & 0x7f) << 7 * i;
    }
    *op = (sn_op){.kind = SN_INSERT, .flag = *head & HEAD_LEFT, .n = many + 1,
                  .ref_replica = name == 0 ? SN_NO_REPLICA : name - 1, .ref = ref};
    return true;
}

/* A place in one word: replica above number. The top bit says that there is none. */
static inline uint64_t columns_word(sn_spot spot)
{
    return (uint64_t)spot.replica << 32 | spot.number;
}

static inline sn_spot columns_spot(uint64_t word)
{
    return (sn_spot){(uint32_t)(word >> 32), (uint32_t)word};
}

/* Is is 0 or 1; a where it is 0, b where it is 1. */
static inline uint32_t columns_pick(uint32_t is, uint32_t a, uint32_t b)
{
    return a ^ ((a ^ b) & (0 - is));
}

static inline uint64_t columns_pick64(uint32_t is, uint64_t a, uint64_t b)
{
    return a ^ ((a ^ b) & (0 - (uint64_t)is));
}

/* A varint of one or two bytes, if it is there, and how many bytes it then has. Two bytes
 * can be read. Sets wrong if it is longer, or longer than it need be. */
static inline uint32_t columns_short(const uint8_t *p, uint32_t is, uint32_t *bytes, uint32_t *wrong)
{
    uint32_t two = is & p[0] >> 7;

    *bytes = is + two;
    *wrong |= two & (uint32_t)((uint8_t)(p[1] - 1) >= 0x7f);
    return (0 - is) & ((p[0] & 0x7fu) | ((0 - two) & (uint32_t)p[1] << 7));
}

/* A column being read: at any place two bytes can be read, as far as sure from it
 * itself. Behind its end stands, in a pad, a number longer than need be, which is wrong. */
typedef struct columns_ahead {
    const uint8_t *at, *sure;
} columns_ahead;

#define COLUMNS_PAD 3

static columns_ahead columns_start(const sn_reader *r)
{
    return (columns_ahead){r->data + r->pos, r->data + r->end - (sn_left(r) > 0)};
}

/* Fewer than two bytes are left: go on in the pad. */
static SN_APART columns_ahead columns_end(const sn_reader *r, const uint8_t *at, uint8_t *pad)
{
    size_t left = (size_t)(r->data + r->end - at);

    memcpy(pad, left > 0 ? (const uint8_t[]){*at, 0x80, 0} : (const uint8_t[]){0x80, 0, 0}, COLUMNS_PAD);
    return (columns_ahead){pad, pad + COLUMNS_PAD};
}

static size_t columns_pos(const sn_reader *r, columns_ahead c, const uint8_t *pad)
{
    if (c.sure != pad + COLUMNS_PAD)
        return (size_t)(c.at - r->data);
    return r->end - pad[1] / 0x80 + (size_t)(c.at - pad);
}

#define USUAL_MOST (HEAD_MANY + 1 + 0x3fffu) /* operations that a usual record has */
#define USUAL_TEXT (SN_MAX_TEXT - 2 * USUAL_MOST)

/* How many records can be read before seq or number might pass a limit. */
static uint32_t columns_room(const sn_context *c)
{
    uint64_t seqs = (SN_MAX_SEQ - c->seq) / USUAL_MOST, bytes = (SN_MAX_TEXT - c->number) / USUAL_MOST;

    return (uint32_t)sn_min_u64(seqs, bytes);
}

/* What comes next is as good as random, and each branch on it would be taken wrongly
 * half of the time. So all is computed, whatever the record is, with 0 and 1 for no
 * and yes, and only that nothing is wrong is left to be foreseen. */
uint32_t sn_columns_usual(sn_column_readers *cols, sn_context *context, sn_op *ops, uint32_t n)
{
    sn_context c = *context;
    const uint8_t *head = cols->heads.data + cols->heads.pos, *start = head;
    columns_ahead refs = columns_start(&cols->refs), counts = columns_start(&cols->counts);
    uint8_t refs_pad[COLUMNS_PAD], counts_pad[COLUMNS_PAD];
    uint32_t max = (uint32_t)sn_min_u64(sn_min_u64(n, columns_room(&c)), sn_left(&cols->heads));
    uint32_t number = (uint32_t)c.number, seq = (uint32_t)c.seq;
    uint64_t author = (uint64_t)c.author << 32, near = (uint64_t)c.replica << 32;
    /* By head's where: what is foreseen, and the ring. */
    uint64_t place[4] = {0, columns_word(c.ring[0]), columns_word(c.ring[1]), columns_word(c.ring[2])};

    for (const uint8_t *stop = head + max; head < stop; head++, ops++) {
        if (SN_UNLIKELY(refs.at >= refs.sure))
            refs = columns_end(&cols->refs, refs.at, refs_pad);
        if (SN_UNLIKELY(counts.at >= counts.sure))
            counts = columns_end(&cols->counts, counts.at, counts_pad);
        uint32_t flag = *head & 1u, del = *head >> 1 & 1u, where = *head >> 2 & 3u, size = *head >> 5;
        uint32_t wrong = *head & HEAD_EXTRA, ref_bytes, count_bytes;
        uint32_t distance = columns_short(refs.at, where != WHERE_FORESEEN, &ref_bytes, &wrong);
        uint32_t count = size + 1 + columns_short(counts.at, size == HEAD_MANY, &count_bytes, &wrong);

        place[0] = near | columns_pick(flag & ~del, c.end - 1, c.first);
        uint64_t spot = place[where];
        uint32_t ref = (uint32_t)spot + (uint32_t)sn_unzigzag(distance), down = flag & del;
        uint32_t low = ref - (count - 1) * down;

        wrong |= (uint32_t)(spot >> 63) | (low > USUAL_TEXT) | (down & (count == 1));
        if (SN_UNLIKELY(wrong))
            break;
        *ops = (sn_op){.kind = (uint8_t)del, .flag = (uint8_t)flag, .len = del, .n = count,
                       .seq = seq, .number = number, .ref_replica = (uint32_t)(spot >> 32), .ref = ref};
        refs.at += ref_bytes;
        counts.at += count_bytes;
        near = columns_pick64(del, author, spot) >> 32 << 32;
        c.first = columns_pick(del, number, low);
        c.end = columns_pick(del, number + count, low);
        seq += count;
        number += columns_pick(del, count, 0);
        uint32_t step = low - (uint32_t)place[1] + RING_FAR;
        uint32_t far = (uint32_t)(where == 1) & (uint32_t)(step > 2 * RING_FAR);
        place[3] = columns_pick64(far | (where == SN_RING), place[3], place[2]);
        place[2] = columns_pick64(far | where >> 1, place[2], place[1]);
        place[1] = (spot >> 32 << 32) | low;
    }
    cols->heads.pos += (size_t)(head - start);
    cols->refs.pos = columns_pos(&cols->refs, refs, refs_pad);
    cols->counts.pos = columns_pos(&cols->counts, counts, counts_pad);
    c.seq = seq;
    c.number = number;
    c.replica = (uint32_t)(near >> 32);
    c.last = c.end - 1;
    for (int i = 0; i < SN_RING; i++)
        c.ring[i] = columns_spot(place[i + 1]);
    *context = c;
    return (uint32_t)(head - start);
}
