/* The operations of one replica, in their order, as runs.
 *
 * A record stands for operations that follow from each other: bytes typed one
 * after the other, characters deleted one by one in one direction. The newest
 * record is open and grows in place; closed ones are packed into a byte string,
 * a few bytes each, which is decoded from the nearest mark on:
 *
 *     bytes  |rec|rec|rec| ... |rec|rec| ... |rec|   open
 *     marks  ^                 ^             ^
 *
 * Invariants
 *   L1  the records' sequence numbers follow each other without a gap, from 0
 *   L2  so do the numbers of their inserted bytes
 *   L3  records are as long as they can be: what sn_op_join would join is joined
 *   L4  a record lies within one change
 *   L5  what a record names is known
 */
#ifndef SN_LOG_H
#define SN_LOG_H

#include "base/mem.h"

/* A run of deletes of more than one byte each stands for so many at most, so
 * that checking that each takes whole characters is little work. */
#define SN_WIDE_RUN 64u

#define SN_NO_REPLICA UINT32_MAX /* in ref_replica: the parent is the root */

/* Kinds of operations, as in docs/FORMAT.md. */
typedef enum sn_kind {
    SN_INSERT = 0,
    SN_DELETE = 1,
    SN_TOGGLE = 2,
    SN_MARK = 3, /* two records, of its start and of its end */
    SN_SET = 4   /* metadata */
} sn_kind;

/* Whether a record is all of its operation, or one range of a delete of many or one
 * end of a mark: then all but the last take no sequence number of their own. */
typedef enum sn_part {
    SN_WHOLE = 0,
    SN_MORE = 1, /* the next record belongs to the same operation */
    SN_LAST = 2,
    SN_REDACTION = 3 /* all of it, a delete with n = 1 that also erases; see redact.h */
} sn_part;

/* One record. Numbers and sequence numbers are of the author of the change
 * unless they are in ref, which is of ref_replica. */
typedef struct sn_op {
    uint8_t kind;         /* sn_kind */
    uint8_t flag;         /* insert: left child. delete: towards smaller numbers. toggle: on.
                             mark: behind the byte, or at the end of the document */
    uint8_t part;         /* delete of several ranges, mark: a record each; see sn_part */
    uint32_t change;      /* index of the change */
    uint32_t seq;         /* of the first operation */
    uint32_t n;           /* operations: bytes inserted, or characters deleted one by one */
    uint32_t number;      /* insert: of the first byte; else of the next byte inserted */
    uint32_t ref_replica; /* insert: parent's, or SN_NO_REPLICA; else the target's. mark: that
                             of the byte at this end, or SN_NO_REPLICA, as always of a set */
    uint32_t ref;         /* insert: parent's number. delete: first target. toggle: target's
                             seq. mark: number of the byte. set: 0 */
    uint32_t len;         /* delete: bytes that each operation deletes. set, and mark in its
                             last record: bytes of its payload (note.h). else 0 */
} sn_op;

typedef struct sn_log_mark {
    uint32_t pos, seq, number, ref, ordinal;
} sn_log_mark;

typedef struct sn_log {
    uint8_t *bytes;
    sn_log_mark *marks;
    uint32_t len, cap;
    uint32_t marks_len, marks_cap;
    uint32_t since_mark; /* records packed since the last mark */
    uint32_t ref;        /* what the next packed record's ref is relative to */
    uint32_t ordinal;    /* of the change of the last packed record, among its author's */
    bool amid;           /* the last packed record has part SN_MORE */
    sn_op last;          /* the record packed last */
    sn_op open;          /* n is 0 while there is none */
} sn_log;

/* What an abort goes back to. */
typedef struct sn_log_state {
    uint32_t len, marks_len, since_mark, ref, ordinal;
    bool amid;
    sn_op last, open;
} sn_log_state;

/* Steps through records. author and changes (its list) must not move meanwhile. */
typedef struct sn_log_iter {
    const sn_log *log;
    const uint32_t *changes;
    uint32_t author;
    uint32_t pos, seq, number, ref, ordinal;
    bool amid;       /* the last record had part SN_MORE */
    bool open_given;
} sn_log_iter;

void sn_log_free(sn_log *log, sn_mem *mem);

/* Make room for n records. Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_log_reserve(sn_log *log, sn_mem *mem, size_t n);

/* Give back most of the room that a large reservation did not need: it is for records
 * as long as can be, and most have a quarter of that. */
void sn_log_trim(sn_log *log, sn_mem *mem);

/* Append a record (room was reserved), joined to the open one as if its
 * operations had come one by one. ordinal is the place of op->change among its
 * author's changes. */
void sn_log_append(sn_log *log, const sn_op *op, uint32_t author, uint32_t ordinal);

/* The same for n records of one change. */
void sn_log_append_all(sn_log *log, const sn_op *ops, size_t n, uint32_t author, uint32_t ordinal);

/* Start at the record that holds operation seq, or at the end if seq is that. The
 * iterator stays good while records are appended. */
void sn_log_seek(sn_log_iter *it, const sn_log *log, uint32_t author, const uint32_t *changes,
                 uint32_t seq);

/* Return false at the end. */
bool sn_log_next(sn_log_iter *it, sn_op *out);

sn_log_state sn_log_save(const sn_log *log);
void sn_log_restore(sn_log *log, const sn_log_state *state);

/* How many sequence numbers a record takes. */
static inline uint32_t sn_op_seqs(const sn_op *op)
{
    return op->part == SN_MORE ? 0 : op->n;
}

/* Bytes of the payload that comes with a record. */
static inline uint32_t sn_op_note(const sn_op *op)
{
    return op->kind >= SN_MARK ? op->len : 0;
}

/* Whether a record is the one that a note's payload comes with. */
static inline bool sn_op_is_note(const sn_op *op)
{
    return op->kind >= SN_MARK && op->part != SN_MORE;
}

/* Join next to op as far as its operations follow from op's; what could not be
 * joined stays in next. Returns true if nothing stayed. */
bool sn_op_join(sn_op *op, sn_op *next, uint32_t author);

/* The least number that operation k of a delete record names. */
static inline uint32_t sn_op_target(const sn_op *op, uint32_t k)
{
    return op->flag ? op->ref - k * op->len : op->ref + k * op->len;
}

/* Drop the first k operations of a record, 0 < k < op->n. Inlined, for an open record is
 * copied right after a part of it was written, and is best never whole in memory. */
static inline void sn_op_skip(sn_op *op, uint32_t k, uint32_t author)
{
    SN_ASSERT(k > 0 && k < op->n && op->part == SN_WHOLE);
    op->seq += k;
    op->n -= k;
    if (op->kind == SN_INSERT) {
        op->number += k;
        op->ref_replica = author;
        op->ref = op->number - 1;
        op->flag = 0;
    } else if (op->kind == SN_DELETE) {
        op->ref = sn_op_target(op, k);
        if (op->n == 1)
            op->flag = 0;
    }
}

/* The least number a delete record names; it names op->n * op->len from there. */
static inline uint32_t sn_op_low(const sn_op *op)
{
    return op->flag ? sn_op_target(op, op->n - 1) : op->ref;
}

/* One more than the last number (or seq) that a record names; it names something. */
static inline uint64_t sn_op_named_end(const sn_op *op)
{
    return op->kind == SN_DELETE ? (uint64_t)sn_op_low(op) + (uint64_t)op->n * op->len
                                 : (uint64_t)op->ref + 1;
}

#endif
