/* Sorting without surprises: no quadratic case, no memory but what is passed. */
#ifndef SN_SORT_H
#define SN_SORT_H

#include "base/base.h"

typedef struct sn_pair {
    uint32_t key, value;
} sn_pair;

/* Sort n pairs by key, keeping the order of equal keys. spare has room for n
 * as well. Returns whichever of the two arrays holds the result. */
sn_pair *sn_sort_pairs(sn_pair *pairs, sn_pair *spare, size_t n);

/* Sort indices by a strict order, in place and in O(n log n) at worst; those
 * that are sorted already cost a look each. Not stable. */
typedef bool sn_less(const void *ctx, uint32_t a, uint32_t b);
void sn_sort_indices(uint32_t *indices, size_t n, sn_less *less, const void *ctx);

#endif
