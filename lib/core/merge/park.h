/* Operations that came before what they need.
 *
 * A parked piece is a stretch of one replica's operations whose first one waits
 * for one cause: so many operations, or bytes, of one replica. Pieces that wait
 * for the same replica are in order of how much they wait for, so waking is
 * O(log n) a piece and nothing is looked at in vain.
 *
 * All pieces are also in order of what they are. So the same piece is parked once
 * however often it comes, and others that claim the same ids with other content
 * are parked beside it: which of them is true is seen when one can be done. The
 * rest is then woken too, since it was overtaken, and found to differ.
 *
 * Invariant
 *   P1  no piece begins before what is known of its author, unless that is this
 *       replica: local edits wake nothing, the next delta does
 */
#ifndef SN_PARK_H
#define SN_PARK_H

#include "base/mem.h"
#include "base/treap.h"
#include "core/oplog/batch.h"

/* What a piece waits for. */
typedef struct sn_cause {
    uint64_t replica;
    uint32_t need;  /* so many of them must be known */
    bool bytes;     /* bytes inserted; else operations */
} sn_cause;

typedef struct sn_piece {
    sn_twig by_content;
    uint64_t author;
    uint32_t seq;   /* it begins with */
    sn_twig by_need; /* among those that wait for the same */
    sn_cause cause;
    uint64_t place; /* among all that were ever parked */
    struct sn_piece *next; /* of a list, while it is not parked */
    uint64_t operations;
    uint64_t call;  /* that brought it */
    size_t size;    /* of this block of memory */
    size_t bytes_len; /* of text and payloads, which follow it */
    sn_batch batch; /* of one segment; all of it lies behind in this block */
    sn_segment segment;
} sn_piece;

/* All that wait for one replica. */
typedef struct sn_awaited {
    uint64_t replica;
    sn_twig *need[2]; /* so many operations, so many bytes */
} sn_awaited;

typedef struct sn_park {
    sn_awaited *awaited; /* open addressing; in a free slot nothing waits */
    uint32_t awaited_cap, awaited_len;
    sn_twig *pieces;     /* by content */
    size_t pieces_len;
    uint64_t added;      /* pieces so far */
    size_t bytes;
    uint64_t operations;
} sn_park;

void sn_park_free(sn_park *park, sn_mem *mem);

/* Copy records of a segment with their bytes, whose first begins where they wait. *out
 * is the caller's, for sn_park_add or sn_park_drop. */
sennit_status sn_park_copy(sn_mem *mem, const sn_batch *batch, const sn_segment *segment,
                           const sn_op *ops, uint32_t ops_len, sn_supply bytes,
                           const sn_cause *cause, sn_piece **out);
void sn_park_drop(sn_mem *mem, sn_piece *piece);

/* `key` below is the document's secret factor for hashing.
 *
 * Make room for n pieces. Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_park_reserve(sn_park *park, sn_mem *mem, uint64_t key, size_t n);

/* Park a piece; room was reserved. Returns false, and the piece stays the
 * caller's, if one with the same content is there. */
bool sn_park_add(sn_park *park, uint64_t key, sn_piece *piece);

/* Take a piece that what is known of a replica concerns: one that waits for no
 * more of it, or one of its own that begins with something known. Or NULL. */
sn_piece *sn_park_wake(sn_park *park, uint64_t key, uint64_t replica, uint32_t seq,
                       uint32_t number);

/* Take any piece, or NULL if there is none. */
sn_piece *sn_park_any(sn_park *park, uint64_t key);

/* The first piece of a replica that begins with operation seq or a later one. */
sn_piece *sn_park_from(const sn_park *park, uint64_t replica, uint32_t seq);

/* Step through the pieces that need least of each replica: what is waited for
 * first. */
bool sn_park_next(const sn_park *park, size_t *at, const sn_piece **out);

#endif
