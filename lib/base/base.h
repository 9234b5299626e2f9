/* What every file of the library shares: failing, asserting, sizes, limits.
 *
 * Knows nothing of text or of CRDTs.
 */
#ifndef SN_BASE_H
#define SN_BASE_H

#include <sennit/sennit.h>

#include <stdbool.h>
#include <string.h>

#ifdef SENNIT_SELFCHECK
#include <assert.h>
#define SN_ASSERT(x) assert(x)
#else
#define SN_ASSERT(x) ((void)0)
#endif

/* Planted mistakes: a build with -DSENNIT_MUTANT=n is wrong in one known way,
 * and some test has to notice. */
#ifndef SENNIT_MUTANT
#define SENNIT_MUTANT 0
#endif

/* A build with -DSENNIT_SMALL leaves out what is there only to be quick: the general way
 * comes to the same. One with -DSENNIT_LIGHT leaves out what saves some per cent of opening
 * and merging (SN_QUICKER), and keeps what makes a keystroke many times quicker. */
#ifdef SENNIT_SMALL
#define SN_QUICK false
#else
#define SN_QUICK true
#endif
#ifdef SENNIT_LIGHT
#define SN_QUICKER false
#else
#define SN_QUICKER SN_QUICK
#endif

#if defined(__GNUC__)
#define SN_LIKELY(x) __builtin_expect(!!(x), 1)
#define SN_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define SN_RARE __attribute__((cold)) /* a function that had better be small than fast */
#define SN_APART __attribute__((noinline)) /* the long way: its registers cost the short one nothing */
#define SN_FETCH(p) __builtin_prefetch(p)  /* the line of memory at p will be read */
#else
#define SN_RARE
#define SN_APART
#define SN_FETCH(p) ((void)(p))
#define SN_LIKELY(x) (x)
#define SN_UNLIKELY(x) (x)
#endif

/* Forward a failure; for functions that own nothing. */
#define SN_TRY(x)                     \
    do {                              \
        sennit_status sn_st_ = (x);   \
        if (SN_UNLIKELY(sn_st_ != SENNIT_OK)) \
            return sn_st_;            \
    } while (0)

/* Fill err (may be NULL) and return its code. */
SN_APART sennit_status sn_fail(sennit_error *err, sennit_status code, size_t pos, const char *what);

/* Sums and products of sizes; false instead of wrapping. */
static inline bool sn_add_size(size_t a, size_t b, size_t *out)
{
    *out = a + b;
    return *out >= a;
}

static inline bool sn_mul_size(size_t a, size_t b, size_t *out)
{
    *out = a * b;
    return b == 0 || *out / b == a;
}

static inline uint64_t sn_min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t sn_max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* How many zeros a word ends in; v is not 0. */
static inline uint32_t sn_ctz64(uint64_t v)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(v);
#else
    uint32_t n = 0;

    while ((v >> n & 1) == 0)
        n++;
    return n;
#endif
}

/* All limits in one place; sennit_limits may lower or raise the first four. */
#define SN_MAX_TEXT (((uint64_t)1 << 30) - 1)   /* bytes inserted by all replicas together */
#define SN_MAX_REPLICAS ((uint64_t)1 << 24)
#define SN_MAX_PARKED ((uint64_t)16 << 20)      /* bytes */
#define SN_MAX_PATCHES ((uint64_t)65536)
#define SN_MAX_SEQ ((uint64_t)0xfffffff0)       /* operations of one replica */
#define SN_MAX_CHANGES ((uint64_t)1 << 30)      /* a span's head has 30 bits for one */
#define SN_MAX_HLC (((uint64_t)1 << 63) - 1)
#define SN_MAX_WALL_MS (((uint64_t)1 << 47) - 1)
#define SN_COALESCE_MS 10000u
#define SN_MAX_FRAME ((uint64_t)1 << 30)       /* bytes sent as one */

#endif
