#include "core/oplog/log.h"

#include "base/bytes.h"

/* A packed record:
 *
 *     head [rare [ref_replica + 1: varint] [len: varint]] n ref
 *
 * n has as many bytes as the head says, 0, 1, 2 or 4, where 0 stands for 1; so has
 * ref, 1 to 4, the zigzag of its distance from the record before. Four are written or
 * read and so many are stepped over: a branch on how long a number is would be taken
 * wrongly half of the time. The records of a log never leave the process, so this is
 * not the format of docs/FORMAT.md and may change freely. */
#define PACK_KIND 0x03u    /* kind; a set is told from a mark by having one record */
#define PACK_FLAG 2u       /* its bit: flag */
#define PACK_RARE 0x08u    /* a byte of what follows */
#define PACK_REF 4u        /* the lowest of two bits: bytes of ref, less 1 */
#define PACK_COUNT 6u      /* of two bits: bytes of n, where 3 stands for 4 */
#define RARE_MORE 0x01u    /* part is SN_MORE */
#define RARE_CHANGE 0x02u  /* in the author's next change */
#define RARE_FOREIGN 0x04u /* ref_replica follows; root is 0 */
#define RARE_LEN 0x08u     /* len follows; else 1 for deletes and 0 for others */
#define RARE_REDACTION 0x10u /* part is SN_REDACTION */
#define PACK_MAX (2 + 2 * 5 + 2 * 4)
#define PACK_PER_MARK 16u
#define LOG_SPARE 256u /* bytes that a trimmed log has free at least */

void sn_log_free(sn_log *log, sn_mem *mem)
{
    sn_mem_free(mem, log->bytes, log->cap);
    sn_mem_free(mem, log->marks, log->marks_cap * sizeof *log->marks);
    *log = (sn_log){0};
}

sennit_status sn_log_reserve(sn_log *log, sn_mem *mem, size_t n)
{
    /* An empty log keeps its first record open: a replica that only ever
     * wrote one run costs no allocation. */
    size_t records = n + (log->open.n > 0) - 1, bytes;

    if (records == 0)
        return SENNIT_OK;
    if (!sn_mul_size(records, PACK_MAX, &bytes) || !sn_add_size(bytes, log->len, &bytes))
        return SENNIT_ENOMEM;
    if (SN_UNLIKELY(bytes > log->cap))
        SN_TRY(sn_mem_grow32(mem, (void **)&log->bytes, &log->cap, bytes, 1));
    size_t marks = log->marks_len + records / PACK_PER_MARK + 1;
    if (SN_UNLIKELY(marks > log->marks_cap))
        SN_TRY(sn_mem_grow32(mem, (void **)&log->marks, &log->marks_cap, marks,
                             sizeof *log->marks));
    return SENNIT_OK;
}

void sn_log_trim(sn_log *log, sn_mem *mem)
{
    uint32_t want = log->len + log->len / 8 + LOG_SPARE;

    if (want >= log->cap)
        return;
    uint8_t *moved = sn_mem_resize(mem, log->bytes, log->cap, want);
    if (moved == NULL)
        return;
    log->bytes = moved;
    log->cap = want;
}

/* ---- joining ---- */

/* Whether the first operation of b, the record behind a, follows from a's. */
static inline bool op_joins(const sn_op *a, const sn_op *b, uint32_t author)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == SN_INSERT)
        return b->ref + 1 == b->number && b->flag == 0 && b->ref_replica == author &&
               b->number == a->number + a->n && a->change == b->change;
    uint32_t all = a->n * a->len;
    bool up = b->ref == a->ref + all, down = b->ref + all == a->ref;

    if (a->kind != SN_DELETE || (!up && !down) || b->ref_replica != a->ref_replica ||
        b->len != a->len || a->part != SN_WHOLE || b->part != SN_WHOLE ||
        b->seq != a->seq + a->n || a->change != b->change)
        return false;
    /* The first one's place decides the direction, and the others go the same way. */
    return (a->n == 1 || (a->flag ? down : up)) && (a->len == 1 || a->n < SN_WIDE_RUN);
}

/* No where records do not join: a look without a branch, and nearly always enough. */
static inline bool op_may_join(const sn_op *a, const sn_op *b)
{
    uint32_t all = a->n * a->len, behind = a->kind == SN_INSERT ? a->number + a->n - 1 : a->ref + all;

    return (a->kind == b->kind) & ((b->ref == behind) | (b->ref + all == a->ref));
}

bool sn_op_join(sn_op *op, sn_op *next, uint32_t author)
{
    if (!op_joins(op, next, author))
        return false;
    if (op->kind == SN_INSERT) {
        op->n += next->n;
        return true;
    }
    uint32_t take = next->n;
    uint8_t flag = op->n == 1 ? next->ref < op->ref : op->flag;
#if SENNIT_MUTANT != 5
    if (next->n > 1 && next->flag != flag)
        take = 1;
#endif
    if (op->len > 1)
        take = (uint32_t)sn_min_u64(take, SN_WIDE_RUN - op->n);
    op->flag = flag;
    op->n += take;
    if (take == next->n)
        return true;
    sn_op_skip(next, take, author);
    return false;
}

/* ---- packing ---- */

/* Four bytes, low first, of which so many count. */
static inline uint8_t *log_put_number(uint8_t *p, uint32_t v, uint32_t bytes)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
    return p + bytes;
}

static uint8_t *log_put_rare(uint8_t *p, const sn_op *op, unsigned rare)
{
    *p++ = (uint8_t)rare;
    if (rare & RARE_FOREIGN)
        p = sn_put_varint(p, op->ref_replica == SN_NO_REPLICA ? 0 : (uint64_t)op->ref_replica + 1);
    return rare & RARE_LEN ? sn_put_varint(p, op->len) : p;
}

/* Write a record at p, with its ref relative to another; returns its end. */
static inline uint8_t *log_put(uint8_t *p, const sn_op *op, uint32_t author, unsigned rare, uint32_t ref)
{
    uint32_t n = op->n, far = (uint32_t)sn_zigzag((int32_t)(op->ref - ref));
    uint32_t size = (uint32_t)(far > 0xff) + (far > 0xffff) + (far > 0xffffff);
    uint32_t many = SN_LIKELY(n <= 0xff) ? n > 1 : 2u + (n > 0xffff);
    unsigned head = (op->kind < SN_SET ? op->kind : SN_MARK) | (unsigned)(op->flag != 0) << PACK_FLAG |
                    size << PACK_REF | many << PACK_COUNT;

    rare |= (unsigned)(op->part == SN_MORE) * RARE_MORE |
            (unsigned)(op->part == SN_REDACTION) * RARE_REDACTION |
            (unsigned)(op->ref_replica != author) * RARE_FOREIGN |
            (unsigned)(op->len != (op->kind == SN_DELETE)) * RARE_LEN;
    *p++ = (uint8_t)(head | (rare != 0) * PACK_RARE);
    if (SN_UNLIKELY(rare != 0))
        p = log_put_rare(p, op, rare);
    p = log_put_number(p, n, many + (many == 3));
    return log_put_number(p, far, size + 1);
}

/* Pack n records of one change; the last of them becomes `last`. */
static void log_pack(sn_log *log, const sn_op *ops, size_t n, uint32_t author, uint32_t ordinal)
{
    uint8_t *p = log->bytes + log->len;
    uint32_t ref = log->ref, since = log->since_mark;
    unsigned rare = ordinal != log->ordinal ? RARE_CHANGE : 0;
    bool amid = log->amid;

    SN_ASSERT(ordinal == log->ordinal || ordinal == log->ordinal + 1);
    for (size_t i = 0; i < n; i++, since++, rare = 0) {
        SN_ASSERT((size_t)(log->bytes + log->cap - p) >= PACK_MAX);
        if ((since >= PACK_PER_MARK || p == log->bytes) && !amid) {
            SN_ASSERT(log->marks_len < log->marks_cap);
            log->marks[log->marks_len++] =
                (sn_log_mark){(uint32_t)(p - log->bytes), ops[i].seq, ops[i].number, ref,
                              rare != 0 ? log->ordinal : ordinal};
            since = 0;
        }
        p = log_put(p, &ops[i], author, rare, ref);
        ref = ops[i].ref;
        amid = ops[i].part == SN_MORE;
    }
    if (n == 0)
        return;
    log->len = (uint32_t)(p - log->bytes);
    log->ref = ref;
    log->ordinal = ordinal;
    log->amid = amid;
    log->since_mark = since;
    log->last = ops[n - 1];
}

void sn_log_append(sn_log *log, const sn_op *op, uint32_t author, uint32_t ordinal)
{
    sn_op next;

    if (log->open.n > 0) {
        if (op_joins(&log->open, op, author)) {
            next = *op; /* not before: it was written just now, in parts */
            if (sn_op_join(&log->open, &next, author))
                return;
            op = &next;
        }
        log_pack(log, &log->open, 1, author, ordinal - (log->open.change != op->change));
    }
    log->open = *op;
}

void sn_log_append_all(sn_log *log, const sn_op *ops, size_t n, uint32_t author, uint32_t ordinal)
{
    if (n == 0)
        return;
    bool join = !SN_QUICKER || (log->open.n > 0 && op_joins(&log->open, &ops[0], author));
    for (size_t i = 1; i < n; i++)
        join |= op_may_join(&ops[i - 1], &ops[i]) && op_joins(&ops[i - 1], &ops[i], author);
    if (join) {
        for (size_t i = 0; i < n; i++)
            sn_log_append(log, &ops[i], author, ordinal);
        return;
    }
    sn_log_append(log, &ops[0], author, ordinal);
    if (n == 1)
        return;
    log_pack(log, &log->open, 1, author, ordinal);
    log_pack(log, ops + 1, n - 2, author, ordinal);
    log->open = ops[n - 1];
}

/* ---- reading ---- */

static uint32_t log_varint(const uint8_t *bytes, uint32_t *pos)
{
    uint32_t v = 0;

    for (unsigned shift = 0;; shift += 7) {
        uint8_t b = bytes[(*pos)++];

        v |= (uint32_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return v;
    }
}

static inline uint32_t log_number(const uint8_t *p, uint32_t bytes)
{
    uint32_t four = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

    return four & (uint32_t)((UINT64_C(1) << 8 * bytes) - 1);
}

static void log_unpack(sn_log_iter *it, sn_op *out)
{
    const uint8_t *bytes = it->log->bytes;
    unsigned head = bytes[it->pos++], rare = head & PACK_RARE ? bytes[it->pos++] : 0;
    uint32_t many = head >> PACK_COUNT, size = (head >> PACK_REF & 3) + 1;

    it->ordinal += (rare & RARE_CHANGE) != 0;
    out->kind = head & PACK_KIND;
    out->flag = head >> PACK_FLAG & 1;
    out->part = rare & RARE_MORE ? SN_MORE : it->amid ? SN_LAST : SN_WHOLE;
    if (SN_UNLIKELY(out->kind == SN_MARK && out->part == SN_WHOLE))
        out->kind = SN_SET;
    if (SN_UNLIKELY(rare & RARE_REDACTION))
        out->part = SN_REDACTION;
    it->amid = out->part == SN_MORE;
    out->change = it->changes[it->ordinal];
    out->seq = it->seq;
    out->number = it->number;
    out->ref_replica = rare & RARE_FOREIGN ? log_varint(bytes, &it->pos) - 1 : it->author;
    out->len = rare & RARE_LEN ? log_varint(bytes, &it->pos) : out->kind == SN_DELETE;
    many += many == 3;
    out->n = log_number(bytes + it->pos, many) + (many == 0);
    it->pos += many;
    out->ref = it->ref + (uint32_t)(int32_t)sn_unzigzag(log_number(bytes + it->pos, size));
    it->pos += size;
    it->ref = out->ref;
    it->seq += sn_op_seqs(out);
    it->number += out->kind == SN_INSERT ? out->n : 0;
}

bool sn_log_next(sn_log_iter *it, sn_op *out)
{
    if (it->pos < it->log->len) {
        log_unpack(it, out);
        return true;
    }
    if (it->open_given || it->log->open.n == 0)
        return false;
    it->open_given = true;
    *out = it->log->open;
    return true;
}

/* Last mark at or before seq. */
static const sn_log_mark *log_find_mark(const sn_log *log, uint32_t seq)
{
    uint32_t low = 0, n = log->marks_len;

    while (n > 1) {
        uint32_t half = n / 2;

        if (log->marks[low + half].seq <= seq) {
            low += half;
            n -= half;
        } else {
            n = half;
        }
    }
    return &log->marks[low];
}

void sn_log_seek(sn_log_iter *it, const sn_log *log, uint32_t author, const uint32_t *changes,
                 uint32_t seq)
{
    *it = (sn_log_iter){.log = log, .changes = changes, .author = author};
    const sn_op *open = &log->open;
    if (open->n > 0 && (open->part == SN_LAST ? seq > open->seq : seq >= open->seq)) {
        it->pos = log->len; /* where it will be once it is packed */
        it->seq = open->seq;
        it->number = open->number;
        it->ref = SENNIT_MUTANT == 44 ? 0 : log->ref;
        it->ordinal = log->ordinal;
        it->amid = log->amid;
        it->open_given = seq - open->seq >= open->n;
        return;
    }
    if (log->len == 0)
        return;
    const sn_log_mark *mark = log_find_mark(log, seq);
    it->pos = mark->pos;
    it->seq = mark->seq;
    it->number = mark->number;
    it->ref = mark->ref;
    it->ordinal = mark->ordinal;
    for (;;) {
        sn_log_iter before = *it;
        sn_op op;

        if (it->pos < log->len)
            log_unpack(it, &op);
        if (before.pos == log->len || it->seq > seq || (it->seq == seq && it->amid)) {
            *it = before;
            return;
        }
    }
}

sn_log_state sn_log_save(const sn_log *log)
{
    return (sn_log_state){log->len, log->marks_len, log->since_mark,
                          log->ref, log->ordinal, log->amid, log->last, log->open};
}

void sn_log_restore(sn_log *log, const sn_log_state *state)
{
    log->len = state->len;
    log->marks_len = state->marks_len;
    log->since_mark = state->since_mark;
    log->ref = state->ref;
    log->ordinal = state->ordinal;
    log->amid = state->amid;
    log->last = state->last;
    log->open = state->open;
}
