/* What a program gives the library: time, randomness. */
#include "common/host.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

int host_random(void *self, void *out, size_t len)
{
    unsigned char *at = out;

    (void)self;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);

        if (got < 0 && errno != EINTR)
            return -1;
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
    return 0;
}

sennit_options host_options(sennit_unit unit)
{
    return (sennit_options){
        .size = sizeof(sennit_options),
        .random = host_random,
        .unit = unit,
    };
}

uint64_t host_now(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0)
        return 0; /* time only orders concurrent edits; a wrong one is allowed */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t host_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t x = rng->state += 0x9e3779b97f4a7c15;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* The remainder prefers small numbers by less than limit / 2^64. */
uint64_t rng_below(struct rng *rng, uint64_t limit)
{
    return rng_next(rng) % limit;
}

static int rng_fill(void *self, void *out, size_t len)
{
    unsigned char *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)(rng_next(self) >> 32);
    return 0;
}

sennit_options host_seeded(struct rng *rng, sennit_unit unit)
{
    sennit_options options = host_options(unit);

    options.random = rng_fill;
    options.random_self = rng;
    return options;
}
