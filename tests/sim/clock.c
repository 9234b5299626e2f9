#include "sim/clock.h"

uint64_t clock_read(const timepiece *c)
{
    return (uint64_t)((int64_t)*c->true_ms + c->wrong_ms);
}

void clock_upset(timepiece *c, rng *r)
{
    static const size_t most_ms[] = {0, 3000, 100000, 7200000, 86400000};
    const size_t most = most_ms[rng_below(r, sizeof most_ms / sizeof most_ms[0])];

    c->wrong_ms = (int64_t)rng_below(r, 2 * most + 1) - (int64_t)most;
}
