#include "base/sort.h"

#define SORT_BITS 11u
#define SORT_SIZE (1u << SORT_BITS)

/* One pass over a digit (Knuth 5.2.5, algorithm R). */
static void sort_pass(const sn_pair *from, sn_pair *to, size_t n, unsigned shift)
{
    uint32_t start[SORT_SIZE] = {0}, at = 0;

    for (size_t i = 0; i < n; i++)
        start[from[i].key >> shift & (SORT_SIZE - 1)]++;
    for (size_t d = 0; d < SORT_SIZE; d++) {
        uint32_t count = start[d];

        start[d] = at;
        at += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[from[i].key >> shift & (SORT_SIZE - 1)]++] = from[i];
}

sn_pair *sn_sort_pairs(sn_pair *pairs, sn_pair *spare, size_t n)
{
    uint32_t all = 0;

    for (size_t i = 0; i < n; i++)
        all |= pairs[i].key;
    for (unsigned shift = 0; shift < 32 && all >> shift != 0; shift += SORT_BITS) {
        sn_pair *t = spare;

        sort_pass(pairs, spare, n, shift);
        spare = pairs;
        pairs = t;
    }
    return pairs;
}
