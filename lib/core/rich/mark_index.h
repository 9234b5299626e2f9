/* Marks by where they are: a search tree of their ends, in the order of their slots.
 *
 *     left children | B | byte | A | right children         slots of a byte
 *
 * Slots never move against each other, whatever is inserted or deleted, so nor do
 * ends: a mark covers a byte or never will. No position is kept; two ends are compared
 * by where their bytes are in the tree of text.
 *
 * The tree is a treap (base/treap.h). The start of a mark is an edge and so is its end;
 * each edge knows the last end of the marks that start at it or below it, which is how
 * those that reach over a place are found among all.
 *
 * Invariants
 *   K1  edges ascend by slot; of equal slots in any order
 *   K2  ranks ascend towards the root
 *   K3  `furthest` is the last end of the marks that start at an edge or below it
 */
#ifndef SN_MARK_INDEX_H
#define SN_MARK_INDEX_H

#include "core/doc/doc.h"

/* A slot that was looked up: the side of a byte, or an end of the document. */
typedef struct sn_slot {
    sn_place p;  /* leaf NULL: an end of the document */
    bool after;
} sn_slot;

sn_slot sn_slot_of(sennit_doc *doc, const sn_edge *edge);

/* Below 0: the slot comes before the edge; 0: they are the same. */
int sn_slot_compare(sennit_doc *doc, const sn_slot *slot, const sn_edge *edge);

/* Visible text before a slot, in the document's unit. */
size_t sn_slot_position(sennit_doc *doc, const sn_slot *slot);

/* The mark of an edge. */
static inline sn_mark *sn_edge_mark(const sn_edge *edge)
{
    size_t off = edge->is_end ? offsetof(sn_mark, end) : offsetof(sn_mark, start);

    return (sn_mark *)((uintptr_t)edge - off);
}

/* Whether a mark starts before it ends. */
bool sn_mark_has_extent(sennit_doc *doc, const sn_mark *mark);

/* Put a mark into the index, or take it out, and tell the host. */
void sn_mark_stand(sennit_doc *doc, sn_mark *mark, bool stands, uint32_t who);

/* Take a mark out of the index, and tell nobody. */
void sn_mark_leave(sennit_doc *doc, sn_mark *mark);

/* Put n marks into an empty index; of those without extent none stands. marks is
 * changed. Returns SENNIT_OK, SENNIT_ENOMEM. Cost O(log n) for each, and all spans. */
sennit_status sn_marks_build(sennit_doc *doc, sn_mark **marks, uint32_t n);

/* The first edge at a slot or behind it, and the next in order; or NULL. */
sn_edge *sn_edge_from(sennit_doc *doc, const sn_slot *slot);
sn_edge *sn_edge_next(const sn_edge *edge);

/* Step through the starts of marks that begin at a slot or before it and end at
 * another or behind it; edge NULL at first and at the end. Cost O(log n) for each, at
 * most. */
sn_edge *sn_edge_over(sennit_doc *doc, const sn_edge *edge, const sn_slot *begin, const sn_slot *end);

#endif
