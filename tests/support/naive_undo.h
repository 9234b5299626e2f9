/* Undo the slow way, beside the naive document: groups are lists of operations,
 * and everything is looked up anew.
 *
 *   switches   after a group was taken back it is pairs of a record (a delete) and
 *              the operation of this user's that decided it last
 *   taking back  one delete over all bytes the group inserted, visible or not; each
 *              of its deletes that took other bytes and is on goes off; each of
 *              its toggles that still decides, of a record that is not taken back
 *              itself, is turned round
 *   from then on  each pair whose operation still decides is toggled
 */
#ifndef TESTS_NAIVE_UNDO_H
#define TESTS_NAIVE_UNDO_H

#include "support/naive.h"

typedef struct naive_pair {
    naive_id record, mine;
} naive_pair;

typedef struct naive_group {
    naive_id *ops; /* by seq */
    naive_pair *pairs;
    size_t ops_len, pairs_len;
    bool switched;
    unsigned selected; /* to be given back; 0: nothing */
} naive_group;

typedef struct naive_undo {
    naive *doc;
    naive_group *done, *undone;
    size_t done_len, undone_len;
    bool open; /* the next edit goes on with the last group */
    unsigned selected; /* what was told last, or given back */
} naive_undo;

void naive_undo_free(naive_undo *u);

/* Operations of the log from a place on were an edit of this user's. */
void naive_undo_edit(naive_undo *u, const naive_log *log, size_t from, bool boundary);

/* Add operations to the log; false if there is no step. */
bool naive_undo_undo(naive_undo *u, naive_log *log);
bool naive_undo_redo(naive_undo *u, naive_log *log);

/* Take back operations of anybody; what is deleted for it is named in the order
 * of ops. */
void naive_undo_ops(naive_undo *u, const naive_id *ops, size_t n, naive_log *log);

/* Forget the oldest step. */
void naive_undo_forget(naive_undo *u);

#endif
