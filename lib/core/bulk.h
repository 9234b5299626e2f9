/* The whole order at once, from all inserts and deletes: for opening documents,
 * and to check that edits one by one led to the same.
 *
 * A run is a stretch of bytes of one change, each but the first the right child of
 * the one before. Its children hang between its bytes:
 *
 *     L children of 0, byte 0, R children of 0, L children of 1, byte 1, ...
 *
 * for a right child of byte i is newer than byte i, so than its change, so than
 * byte i + 1, and stands before that. Runs come in the order of age, so dealing them
 * out to their parents keeps that order; each family is then sorted by gap, and all
 * is read with one stack. That is linear: small families are sorted by insertion,
 * large ones digit by digit.
 */
#ifndef SN_BULK_H
#define SN_BULK_H

#include "base/sort.h"
#include "core/tree.h"

#define SN_NO_RUN UINT32_MAX
#define SN_NO_SPAN UINT32_MAX

typedef struct sn_run {
    uint32_t place, number, len; /* place: where its text begins among all */
    uint32_t change;
    uint32_t head;         /* as in a span: of its first byte, has_right of its last */
    uint32_t parent, gap;  /* run, or SN_NO_RUN: the root; bytes of it before * 2, + 1 on the left */
    uint32_t child, children; /* its children are that many of the sorted ones */
    uint32_t next;         /* run of the same author */
    uint32_t span, newest; /* the first and the last it became; SN_NO_SPAN: it was joined to others */
} sn_run;

typedef struct sn_bulk {
    sn_mem *mem;
    const sn_roster *who;
    sn_run *runs;          /* in ascending order of keys */
    sn_pair *children;     /* (gap, run), by parent; those of the root come first */
    sn_pair *spare;        /* for sorting */
    uint32_t *base;        /* per replica: where its text begins among all; by 64s */
    uint32_t *last;        /* per replica: its newest run */
    uint32_t *coarse;      /* per 64 places: the run there */
    uint64_t *dead;        /* a bit for each place */
    sn_span *spans;        /* the result, in document order */
    uint32_t *further;     /* per span: the next one of the same run */
    uint32_t runs_len, runs_cap, roots, places;
    uint32_t spans_len, spans_cap;
    struct sn_bulk_todo *stack;
    uint32_t stack_len, stack_cap;
} sn_bulk;

/* What is still to be read: bytes [from, to) of a run, or with to 0 all of it
 * with all its children. */
typedef struct sn_bulk_todo {
    uint32_t run, from, to;
} sn_bulk_todo;

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
    uint64_t *word = &b->dead[place / 64], mask = ((UINT64_C(1) << len % 64) - 1) << bit;

    if (bit + len < 64 && (*word & mask) == 0) /* the usual: few bytes, not deleted yet */
        *word |= mask;
    else
        sn_bulk_delete_far(b, replica, at, len, twice, arg);
}

/* How many places from one on, at most n, are as dead as it is. */
uint32_t sn_bulk_alike(const sn_bulk *b, uint32_t place, uint32_t n);
static inline bool sn_bulk_is_dead(const sn_bulk *b, uint32_t place)
{
    return b->dead[place / 64] >> place % 64 & 1;
}

/* Put the runs in order: fills spans. */
void sn_bulk_read(sn_bulk *b);

/* Build an empty tree of the spans. visible: their visible text, in their order, if
 * it stands somewhere in one piece, or NULL. A failure leaves the tree empty.
 * Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_bulk_tree(sn_bulk *b, sn_tree *tree, const uint8_t *visible);

#endif
