/* Undo: which operations a user's steps are made of.
 *
 *     groups   | forgotten |  done, oldest first  |  undone, next to redo first |
 *              0         head                   done                           len
 *
 * A group is a stretch of this replica's operations, for local edits follow each
 * other without a gap. Nobody notes them down while they are made: what the
 * document has beyond `seen` has been edited since, and it is looked for when a
 * step could end there. Once a group was taken back it is the stretch of the
 * operations that did that (revert.h).
 *
 * Invariants
 *   U1  head <= done <= len, and len - head <= depth
 *   U2  seen is at most what this replica has committed
 *   U3  an open group ends at seen
 */
#ifndef SN_UNDO_H
#define SN_UNDO_H

#include "core/doc/doc.h"

/* What was selected; NULL: nothing was told. */
typedef struct sn_selection {
    size_t n;
    sennit_anchor at[];
} sn_selection;

typedef struct sn_group {
    uint64_t replica; /* whose operations: this one, or what it was before a rebase */
    uint32_t from, to;
    uint32_t low, high; /* the bytes they inserted, if looked: see sn_stretch */
    bool looked;
    bool again;       /* they took something back or did it again */
    sn_selection *selection; /* to be given back when the group is undone, or redone */
} sn_group;

struct sennit_undo {
    sn_mem mem;
    sennit_doc *doc;  /* NULL once it was freed */
    sennit_undo *next;
    uint64_t pause_ms;
    size_t depth;
    sn_group *groups;
    size_t head, done, len, cap;
    bool open;        /* the last group done takes up the next edit */
    bool away;        /* edits are none of its business */
    uint64_t replica; /* this replica when it was looked for edits last; 0: none yet */
    uint32_t seen, seen_bytes; /* its operations that were looked at, and bytes */
    sn_selection *selection; /* now */
};

sennit_status sn_undo_create(sennit_doc *doc, const sennit_undo_options *options, sennit_undo **out);

/* Take note of the edits since the last call. */
sennit_status sn_undo_note(sennit_undo *undo);

/* Make room for n more groups. */
sennit_status sn_undo_reserve(sennit_undo *undo, size_t n);

/* Forget groups until there are at most so many: the oldest, then those to be
 * redone last. */
void sn_undo_shorten(sennit_undo *undo, size_t most);

/* ---- operations issued anew; see rebase.c ---- */

struct sn_reissue;

/* Make room for what follows, which cannot fail then. */
sennit_status sn_undo_prepare(sennit_doc *doc);

/* This replica's operations are about to be those that were issued anew: groups
 * become stretches of those. did says how bytes moved. */
void sn_undo_reissued(sennit_doc *doc, const struct sn_reissue *own, const sennit_rebased *did);

/* This replica goes by another name from now on. */
void sn_undo_renamed(sennit_doc *doc);

/* Copy a selection, or make one to be filled (at NULL); NULL if n is 0. Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_selection_new(sn_mem *mem, const sennit_anchor *at, size_t n, sn_selection **out);
void sn_selection_free(sn_mem *mem, sn_selection *selection);

/* ---- what the document tells ---- */

/* A local edit is about to be made: does it begin a step? */
sennit_status sn_undo_editing(sennit_doc *doc);

/* The document goes; who undoes in it stays behind. */
void sn_undo_orphan(sennit_doc *doc);

#endif
