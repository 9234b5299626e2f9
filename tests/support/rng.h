/* Chance that can be repeated: everything a test draws comes from one seed. */
#ifndef TESTS_RNG_H
#define TESTS_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

static inline rng rng_seed(uint64_t seed)
{
    return (rng){seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
}

/* SplitMix64: Steele, Lea and Flood, OOPSLA 2014. */
static inline uint64_t rng_next(rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* 0 .. n - 1; 0 if n is 0. */
static inline size_t rng_below(rng *r, size_t n)
{
    return n > 0 ? (size_t)(rng_next(r) % n) : 0;
}

/* low .. high, both included. */
static inline size_t rng_in(rng *r, size_t low, size_t high)
{
    return low + rng_below(r, high - low + 1);
}

static inline bool rng_percent(rng *r, unsigned percent)
{
    return rng_below(r, 100) < percent;
}

/* Well-formed text of 1 .. max characters of one to four bytes, newlines among
 * them; out has room for 4 * max. Returns its length in bytes. */
size_t rng_text(rng *r, size_t max, char *out);

/* What sennit_options.random wants; self is an rng. */
int rng_random(void *self, void *out, size_t len);

#endif
