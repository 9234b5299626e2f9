/* Records as four columns; docs/FORMAT.md, "Records".
 *
 *     heads    a byte each: kind, side, where ref is relative to, small n
 *     counts   n where it is not small
 *     refs     distances of parents and targets, where not foreseen
 *     extras   what is rare
 *
 * Where people edit they go on: a delete takes what was just typed, and what is
 * typed next stands where the delete ended. So most records need no ref at all
 * (foreseen), and most others are near one of the three places visited last.
 */
#ifndef SN_COLUMNS_H
#define SN_COLUMNS_H

#include "wire/wire.h"

#define SN_RING 3

typedef struct sn_spot {
    uint32_t replica, number; /* replica: index in ids; SN_NO_REPLICA: none yet */
} sn_spot;

/* What both sides know when a record comes. */
typedef struct sn_context {
    sn_spot ring[SN_RING]; /* most recent first */
    uint32_t author;       /* of the segment; the caller's */
    uint64_t seq, number;  /* of the next operation, of the next byte inserted; at first the
                              caller's, and for reading only */
    uint32_t replica;      /* whose bytes the record before was about; SN_NO_REPLICA: none */
    uint32_t first, last;  /* foreseen as the parent of a left, a right child */
    uint32_t end;          /* a delete is foreseen to end there */
} sn_context;

void sn_context_start(sn_context *c);

typedef struct sn_columns {
    sennit_buf heads, counts, refs, extras;
} sn_columns;

/* Append a record of the context's author; room is made as needed. */
sennit_status sn_columns_put(sn_columns *cols, sn_context *c, const sn_op *op);

typedef struct sn_column_readers {
    sn_reader heads, counts, refs, extras;
} sn_column_readers;

/* Read a record. */
sennit_status sn_columns_get(sn_column_readers *cols, sn_context *c, uint32_t ids_len, sn_op *op,
                             sennit_error *err);

#define SN_COLUMNS_FEW 7u /* operations whose number the head tells */

/* Read the only record of a batch if it is an insert of few bytes: head, refs_len bytes
 * of refs, two of extras. Without seq and number. False if it is not that simple. */
bool sn_columns_single(const uint8_t *head, size_t refs_len, uint32_t ids_len, sn_op *op);

/* Read records, n at most, as long as they are of the usual kind: no extra, told in
 * few bytes, nothing wrong. Return how many; the next is for sn_columns_get. */
uint32_t sn_columns_usual(sn_column_readers *cols, sn_context *c, sn_op *ops, uint32_t n);

#endif
