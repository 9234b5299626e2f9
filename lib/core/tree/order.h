/* The two-sided RGA: where an inserted byte goes. The only file that decides
 * the order of text; docs/ALGORITHM.md has the reasons.
 *
 * Every byte is a child of another, on its right or on its left:
 *
 *     left children   self   right children      read from left to right
 *     oldest first           newest first
 *
 * A byte inherits two keys for good: rkey is the key of the nearest right
 * child on its way to the root, itself included; lkey that of the nearest left
 * child. What stands between a parent p and the place of its new child c are
 * exactly the bytes that descend from children which come before c, and
 * all of them inherit a greater key than c's:
 *
 *     right:  p  [rkey > c] [rkey > c]  c  (first rkey < c) ...
 *     left:   ... (first lkey < c)  c  [lkey > c] [lkey > c]  p
 *
 * so the search is for the nearest smaller key, and a tree that knows the
 * least key below each node finds it in one descent.
 *
 * Sources: RGA, Roh et al., JPDC 71(3), 2011. Sides against interleaving:
 * Fugue, Weidner and Kleppmann, "The Art of the Fugue", 2023.
 */
#ifndef SN_ORDER_H
#define SN_ORDER_H

#include "core/tree/tree.h"

/* A parent: a byte of the document and a side, or the root. */
typedef struct sn_parent {
    sn_place byte; /* leaf NULL: the root, whose children are all right ones */
    bool left;
} sn_parent;

/* The parent that makes a new byte stand right behind the byte `left` of the
 * document (leaf NULL: at the start): left itself if it has no right child,
 * else whatever follows it, deleted bytes included. */
sn_parent sn_order_parent(sn_tree *tree, sn_place left);

/* Put len bytes of the author's text from `number` on, all of one change, each
 * the right child of the one before and the first the child of parent. Room was
 * reserved. Returns where the first byte is. */
sn_place sn_order_insert(sn_tree *tree, const sn_parent *parent, uint32_t change, uint32_t number,
                         uint32_t len, const sn_count *visible);

/* The same in two steps: find the place, for which room can then be reserved; and put
 * them there, if nothing was changed meanwhile. p moves to the first byte. */
sn_place sn_order_find(sn_tree *tree, const sn_parent *parent, uint32_t change);
void sn_order_put(sn_tree *tree, const sn_parent *parent, sn_place *p, uint32_t change,
                  uint32_t number, uint32_t len, const sn_count *visible);

/* The change of a parent byte, SN_ROOT_CHANGE of the root. */
uint32_t sn_parent_change(const sn_parent *parent);

#endif
