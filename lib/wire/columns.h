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
    sn_op prev;            /* the record before; n is 0 if none */
    uint32_t author;       /* of the segment */
    uint32_t prev_author;
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

/* Read a record; seq and number are the caller's. */
sennit_status sn_columns_get(sn_column_readers *cols, sn_context *c, uint32_t ids_len, sn_op *op,
                             sennit_error *err);

#endif
