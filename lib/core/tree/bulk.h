/* The whole order at once, from all inserts and deletes: for opening documents,
 * and to check that edits one by one led to the same.
 *
 * Inserts come in ascending order of keys, so each is newer than all that stands: as
 * a right child it belongs directly behind its parent, before that one's older right
 * children, and as a left child directly before it, behind the older left ones. No
 * order is searched for; a list is linked.
 *
 * What is linked are shards: the stretches of text that lie between two places where
 * anything begins, ends, or has a child. All those places are gathered first, as
 * bits, in one line of all texts; counting bits then leads from a byte to its shard.
 *
 *     texts    h e l l o   w o r l d | ! . . .      author by author, by number
 *     cuts     1 0 0 0 0 1 1 0 0 0 0 | 1 0 0 0
 *     dead     0 0 0 0 0 1 0 0 0 0 0 | 0 0 0 0
 *     shards   0         1 2           3            linked in document order
 */
#ifndef SN_BULK_H
#define SN_BULK_H

#include "core/tree/tree.h"

/* An insert. */
typedef struct sn_run {
    uint32_t place, number, len; /* place: where its text begins among all */
    uint32_t change;
    uint32_t parent; /* its place << 1, + 1 for a left child; SN_NO_PARENT: the root */
} sn_run;

#define SN_NO_PARENT UINT32_MAX

typedef struct sn_shard {
    sn_span span;
    uint32_t next, prev; /* in document order, 0 at the ends; once that is read: */
} sn_shard;              /* visible bytes before it, and the span it is part of */

typedef struct sn_bulk {
    sn_mem *mem;
    const sn_roster *who;
    sn_run *runs;     /* in ascending order of keys */
    uint32_t *base;   /* per replica: where its text begins among all; by 64s */
    uint32_t *end;    /* and where that which was inserted ends */
    uint32_t *first;  /* and its first shard; behind the last: how many there are */
    uint64_t *cut;    /* a bit for each place: whether a shard begins there */
    uint64_t *dead;   /* and whether it is deleted */
    uint32_t *before; /* per 64 places: shards that begin before them */
    sn_shard *shards; /* from 1 on, by author and number; 0 is the root */
    sn_span *spans;   /* the result, in document order */
    uint32_t runs_len, runs_cap, places;
    uint32_t shards_cap, spans_len, visible; /* visible: bytes */
} sn_bulk;

/* Whether so much fits the 32 bits of places and spans. */
bool sn_bulk_fits(const sn_roster *who, uint64_t inserts, uint64_t deletes);

/* Take memory for so many inserts and deletes of the roster's text. */
sennit_status sn_bulk_start(sn_bulk *b, sn_mem *mem, const sn_roster *who, uint32_t inserts,
                            uint32_t deletes);
void sn_bulk_end(sn_bulk *b);

/* Add an insert. Inserts come in ascending order of keys, parents first; those of
 * one author number their bytes from 0 without gaps. */
void sn_bulk_insert(sn_bulk *b, const sn_op *op);

/* Delete bytes; calls twice() for those deleted before (NULL: none is needed). */
typedef void sn_bulk_twice(void *arg, uint32_t replica, uint32_t at, uint32_t end);
void sn_bulk_delete_far(sn_bulk *b, uint32_t replica, uint32_t at, uint32_t len,
                        sn_bulk_twice *twice, void *arg);
static inline void sn_bulk_delete(sn_bulk *b, uint32_t replica, uint32_t at, uint32_t len,
                                  sn_bulk_twice *twice, void *arg)
{
    uint32_t place = b->base[replica] + at, bit = place % 64;
    uint64_t *word = &b->dead[place / 64], mask = (UINT64_C(1) << len % 64) - 1;
    uint64_t low = mask << bit, high = mask >> 1 >> (63 - bit);

    if (SN_LIKELY(len < 64 && ((word[0] & low) | (word[1] & high)) == 0)) { /* not deleted yet */
        word[0] |= low;
        word[1] |= high;
    } else {
        sn_bulk_delete_far(b, replica, at, len, twice, arg);
    }
}

/* Put the runs in order: fills spans, and what is known of each shard. Returns
 * SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_bulk_read(sn_bulk *b);

/* Build an empty tree of the spans. visible: their visible text, in their order, if
 * it stands somewhere in one piece, or NULL. A failure leaves the tree empty.
 * Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_bulk_tree(sn_bulk *b, sn_tree *tree, const uint8_t *visible);

#endif
