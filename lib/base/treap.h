/* A set in order whose nodes lie inside what is ordered: it takes no memory.
 *
 * A treap is a search tree in which random ranks ascend towards the root. So its
 * depth is O(log n) whatever is put in, as long as nobody can guess the ranks.
 * Nothing here recurses, in case somebody can.
 *
 * Source: Seidel and Aragon, "Randomized Search Trees", Algorithmica 16, 1996.
 */
#ifndef SN_TREAP_H
#define SN_TREAP_H

#include "base/base.h"

typedef struct sn_twig {
    struct sn_twig *left, *right;
    uint64_t rank;
} sn_twig;

/* Below 0, 0, above 0: a comes before b, is its equal, comes behind it. */
typedef int (*sn_treap_order)(const sn_twig *a, const sn_twig *b);

/* Put a twig, of which no equal is there, into the tree under *root. */
void sn_treap_add(sn_twig **root, sn_twig *twig, uint64_t rank, sn_treap_order order);

/* Take out a twig that is there. */
void sn_treap_remove(sn_twig **root, const sn_twig *twig, sn_treap_order order);

/* Return the first twig, or the first that does not come before a key; or NULL. */
sn_twig *sn_treap_first(sn_twig *root);
sn_twig *sn_treap_from(sn_twig *root, const sn_twig *key, sn_treap_order order);

/* An unpredictable rank for the n-th twig of all, if key is unpredictable. */
uint64_t sn_treap_rank(uint64_t key, uint64_t n);

#endif
