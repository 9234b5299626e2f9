/* The hybrid logical clock: 48 bits of Unix milliseconds, 16 of counter.
 *
 * Source: Kulkarni et al., "Logical Physical Clocks", OPODIS 2014. A full
 * counter carries into the milliseconds.
 */
#ifndef SN_CLOCK_H
#define SN_CLOCK_H

#include "base/base.h"

typedef struct sn_clock {
    uint64_t last;   /* greatest time given or seen */
    uint64_t now_ms; /* what the host said last, corrected */
    int64_t offset_ms; /* the correction */
} sn_clock;

/* The time the next change would get if it had to be above `above`. The caller
 * stores it in clock->last, or refuses the edit if it is over SN_MAX_HLC. */
static inline uint64_t sn_clock_next(const sn_clock *clock, uint64_t above)
{
    uint64_t wall = clock->now_ms << 16;

    return sn_max_u64(wall, sn_max_u64(clock->last, above) + 1);
}

static inline void sn_clock_see(sn_clock *clock, uint64_t hlc)
{
    if (hlc > clock->last)
        clock->last = hlc;
}

#endif
