/* Nodes of the tree: pools, sums, least keys, splits. Private to tree*.c. */
#ifndef SN_TREE_NODE_H
#define SN_TREE_NODE_H

#include "core/tree/tree.h"

/* Make sure that leaf has room for more spans at p, splitting it if not; p
 * moves along with its span. */
void sn_tree_room(sn_tree *tree, sn_place *p, uint32_t more);

/* Open k slots before span i, or close k from i on. */
void sn_leaf_open(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t k);
void sn_leaf_close(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t k);

/* Take note of a span's keys in the nodes above its leaf. */
void sn_tree_lower(sn_tree *tree, sn_leaf *leaf, const sn_span *span);

/* Recompute the least keys of a leaf, and of all above it. */
void sn_tree_relow(sn_tree *tree, sn_leaf *leaf);

/* The least key of a leaf (an inner node); false if there are no spans. */
bool sn_leaf_low(const sn_tree *tree, const sn_leaf *leaf, int side, uint32_t *change);
bool sn_inner_low(const sn_tree *tree, const sn_inner *inner, int side, uint32_t *change);

void sn_inner_put_low(const sn_tree *tree, sn_inner *inner, uint32_t slot, int side, bool any,
                      uint32_t change);

/* A replica's bytes from `number` on, its newest, are in another leaf than those before. */
void sn_tree_note_leaf(sn_tree *tree, uint32_t replica, uint32_t number, uint32_t leaf);

/* Have no map of ids. */
void sn_tree_drop_ids(sn_tree *tree);

/* Tell the map of ids which bytes moved from one leaf to another. */
void sn_tree_moved(sn_tree *tree, const sn_leaf *from, const sn_leaf *to);

/* Take an empty leaf out of the tree. */
void sn_tree_drop_leaf(sn_tree *tree, sn_leaf *leaf);

/* Make room for so many new nodes. */
sennit_status sn_tree_reserve_nodes(sn_tree *tree, size_t leaves, size_t inners);

/* Hang a child behind the others of a node that has room. */
void sn_inner_append(sn_tree *tree, sn_inner *inner, sn_node *child, const sn_count *sum,
                     bool is_leaf);

sn_leaf *sn_tree_take_leaf(sn_tree *tree);
sn_inner *sn_tree_take_inner(sn_tree *tree);

/* What is visible in a leaf, counted span by span. */
sn_count sn_leaf_sum(const sn_tree *tree, const sn_leaf *leaf);

static inline uint32_t sn_inner_sum(const sn_inner *inner, uint32_t i, sennit_unit unit)
{
    switch (unit) {
    case SENNIT_CODEPOINTS: return inner->sum[0][i] - inner->sum[1][i];
    case SENNIT_UTF16: return inner->sum[0][i] - inner->sum[1][i] + inner->sum[2][i];
    case SENNIT_LINES: return inner->sum[3][i];
    default: return inner->sum[0][i];
    }
}

/* Whether a span holds a byte. */
static inline bool sn_tree_holds(const sn_tree *tree, const sn_span *s, uint32_t replica,
                                 uint32_t number)
{
    return number - s->at < sn_span_len(s) && tree->who->changes[s->change].replica == replica;
}

static inline uint64_t sn_id_key(uint32_t replica, uint32_t number)
{
    return (uint64_t)replica << 32 | number;
}

#endif
