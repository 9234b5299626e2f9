/* Stable radix sort of (key, value) pairs: linear, whatever the keys. */
#ifndef SN_SORT_H
#define SN_SORT_H

#include "base/base.h"

typedef struct sn_pair {
    uint32_t key, value;
} sn_pair;

/* Sort n pairs by key, keeping the order of equal keys. spare has room for n
 * as well. Returns whichever of the two arrays holds the result. */
sn_pair *sn_sort_pairs(sn_pair *pairs, sn_pair *spare, size_t n);

#endif
