#define _POSIX_C_SOURCE 200809L
#include "support/seeds.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Here if a sanitizer is linked in. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static uint64_t seed_now; /* 0: no property is running */

static void seeds_tell(void)
{
    if (seed_now != 0)
        fprintf(stderr, "rerun with SENNIT_SEED=%" PRIu64 "\n", seed_now);
    seed_now = 0;
}

static void seeds_on_signal(int number)
{
    seeds_tell(); /* not safe in a signal handler, but the process is lost anyway */
    signal(number, SIG_DFL);
    raise(number);
}

/* What cmocka does to leave a failed test cannot be seen from here, but a test
 * that failed is followed by another, or by the end of the program. */
static void seeds_prepare(void)
{
    static bool prepared;

    seeds_tell();
    if (prepared)
        return;
    prepared = true;
    atexit(seeds_tell);
    signal(SIGABRT, seeds_on_signal);
    signal(SIGTERM, seeds_on_signal);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(seeds_tell);
    else
        signal(SIGSEGV, seeds_on_signal);
}

static uint64_t seeds_env(const char *name)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

void seeds_run(uint64_t usual, void (*property)(rng *r))
{
    uint64_t only = seeds_env("SENNIT_SEED"), asked = seeds_env("SENNIT_SEEDS");
    uint64_t first = only > 0 ? only : 1, last = only > 0 ? only : asked > 0 ? asked : usual;

    seeds_prepare();
    for (uint64_t seed = first; seed <= last; seed++) {
        rng r = rng_seed(seed);

        seed_now = seed;
        property(&r);
    }
    seed_now = 0;
}
