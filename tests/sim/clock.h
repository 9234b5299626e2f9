/* True time, and the clock of a machine, which may be wrong. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include "support/rng.h"

typedef struct clock {
    const uint64_t *true_ms;
    int64_t wrong_ms;
} clock;

uint64_t clock_read(const clock *c);

/* Make it wrong: by seconds, minutes or hours, or by nothing. */
void clock_upset(clock *c, rng *r);

#endif
