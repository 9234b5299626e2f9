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

static void sort_sift(uint32_t *a, size_t at, size_t n, sn_less *less, const void *ctx)
{
    for (size_t child = 2 * at + 1; child < n; at = child, child = 2 * at + 1) {
        uint32_t t = a[at];

        if (child + 1 < n && less(ctx, a[child], a[child + 1]))
            child++;
        if (!less(ctx, t, a[child]))
            return;
        a[at] = a[child];
        a[child] = t;
    }
}

/* Heapsort (Williams 1964). */
void sn_sort_indices(uint32_t *a, size_t n, sn_less *less, const void *ctx)
{
    size_t sorted = 1;

    while (sorted < n && !less(ctx, a[sorted], a[sorted - 1]))
        sorted++;
    if (sorted >= n)
        return;
    for (size_t i = n / 2; i-- > 0;)
        sort_sift(a, i, n, less, ctx);
    for (size_t end = n - 1; end > 0; end--) {
        uint32_t t = a[0];

        a[0] = a[end];
        a[end] = t;
        sort_sift(a, 0, end, less, ctx);
    }
}
