/* True time, and the clock of a machine, which may be wrong. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include "support/rng.h"

typedef struct timepiece {
    const uint64_t *true_ms;
    int64_t wrong_ms;
} timepiece;

uint64_t clock_read(const timepiece *c);

/* Make it wrong: by seconds, minutes or hours, or by nothing. */
void clock_upset(timepiece *c, rng *r);

#endif
