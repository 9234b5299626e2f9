/* Operations that came before what they need.
 *
 * A parked piece is a stretch of one replica's operations whose first one waits
 * for one cause: so many operations, or bytes, of one replica. Pieces that wait
 * for the same replica are in a heap by how much they wait for, so waking is
 * O(log n) a piece and nothing is looked at in vain.
 *
 * Source of the heap: Fredman et al., "The Pairing Heap", Algorithmica 1, 1986.
 */
#ifndef SN_PARK_H
#define SN_PARK_H

#include "base/mem.h"
#include "core/batch.h"

/* What a piece waits for. */
typedef struct sn_cause {
    uint64_t replica;
    uint32_t need;  /* so many of them must be known */
    bool bytes;     /* bytes inserted; else operations */
} sn_cause;

typedef struct sn_piece {
    struct sn_piece *child, *sibling; /* of the heap */
    struct sn_piece *chain;           /* of the table of pieces */
    sn_cause cause;
    uint64_t operations;
    uint32_t call;  /* that brought it */
    size_t size;    /* of this block of memory */
    sn_batch batch; /* of one segment; all of it lies behind in this block */
    sn_segment segment;
} sn_piece;

/* All that wait for one replica. */
typedef struct sn_awaited {
    uint64_t replica;
    sn_piece *heap[2]; /* by operations, by bytes */
} sn_awaited;

typedef struct sn_park {
    sn_awaited *awaited; /* open addressing; free slots have no heap */
    uint32_t awaited_cap, awaited_len;
    sn_piece **pieces;   /* chained hash table by (replica, seq): repetitions */
    uint32_t pieces_cap, pieces_len;
    size_t bytes;
    uint64_t operations;
} sn_park;

void sn_park_free(sn_park *park, sn_mem *mem);

/* Copy records of a segment, whose first begins where they wait. *out is the
 * caller's, for sn_park_add or sn_park_drop. */
sennit_status sn_park_copy(sn_mem *mem, const sn_batch *batch, const sn_segment *segment,
                           const sn_op *ops, uint32_t ops_len, const uint8_t *text,
                           size_t text_len, const sn_cause *cause, sn_piece **out);
void sn_park_drop(sn_mem *mem, sn_piece *piece);

/* `key` below is the document's secret factor for hashing.
 *
 * Make room for n pieces. Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_park_reserve(sn_park *park, sn_mem *mem, uint64_t key, size_t n);

/* Park a piece; room was reserved. Returns false, and the piece stays the
 * caller's, if one with the same start and at least its operations is there. */
bool sn_park_add(sn_park *park, uint64_t key, sn_piece *piece);

/* Take a piece that waits for a replica of which so much is known now, or NULL. */
sn_piece *sn_park_wake(sn_park *park, uint64_t key, uint64_t replica, uint32_t seq,
                       uint32_t number);

/* Whether a piece that begins with operation seq of a replica is parked. */
bool sn_park_holds(const sn_park *park, uint64_t key, uint64_t replica, uint32_t seq);

/* Step through the pieces at the top of each heap: what is waited for first. */
bool sn_park_next(const sn_park *park, size_t *at, const sn_piece **out);

#endif
