/* What a program gives the library: time, randomness, memory that is counted. */
#ifndef HOST_H
#define HOST_H

#include <stddef.h>
#include <stdint.h>

#include <sennit/sennit.h>

/* Options of a document that people edit: randomness of the system. */
sennit_options host_options(sennit_unit unit);

/* Fill with unpredictable bytes: what sennit_options.random wants. */
int host_random(void *self, void *out, size_t len);

/* The time, in Unix milliseconds. */
uint64_t host_now(void);

/* A clock that never goes back, in nanoseconds, for durations. */
uint64_t host_ns(void);

/* Numbers that are the same on every run with the same seed: for replays and
 * benchmarks, never for documents that people keep. Splitmix64, public domain:
 * Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
 */
struct rng {
    uint64_t state;
};

uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t limit);

/* Options of a document whose ids and keys come from a seed. */
sennit_options host_seeded(struct rng *rng, sennit_unit unit);

#endif
