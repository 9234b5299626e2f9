/* Where two sequences differ: a short edit script, shortest where that is cheap.
 *
 * Source: Myers, "An O(ND) Difference Algorithm and Its Variations",
 * Algorithmica 1, 1986; linear space by middle snakes (section 4b). Where more
 * than SN_DIFF_COST edits would have to be looked for, the path that came
 * farthest is taken, so the work is O((n + m) * SN_DIFF_COST) at most.
 */
#ifndef SN_DIFF_H
#define SN_DIFF_H

#include "base/base.h"

#ifndef SN_DIFF_COST
#define SN_DIFF_COST 256
#endif

typedef struct sn_diff {
    const uint64_t *a, *b;     /* what is compared: equal numbers are equal */
    uint8_t *gone, *come;      /* result: 1 for each of a (b) that is not kept */
    int32_t forth[2 * SN_DIFF_COST + 5], back[2 * SN_DIFF_COST + 5];
} sn_diff;

/* Compare a[0 .. n) with b[0 .. m); gone and come are zeroed by the caller. */
void sn_diff_run(sn_diff *d, size_t n, size_t m);

#endif
