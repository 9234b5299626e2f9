#include "base/hash.h"

#include "base/bytes.h"

#define HASH_P1 UINT64_C(0x9E3779B185EBCA87)
#define HASH_P2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define HASH_P3 UINT64_C(0x165667B19E3779F9)
#define HASH_P4 UINT64_C(0x85EBCA77C2B2AE63)
#define HASH_P5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t hash_rotl(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

/* Written out, since compilers make one load of this but not of a loop. */
static uint64_t hash_word32(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}

/* ---- XXH64 ---- */

static uint64_t hash_round(uint64_t acc, uint64_t lane)
{
    return hash_rotl(acc + lane * HASH_P2, 31) * HASH_P1;
}

static uint64_t hash_merge(uint64_t acc, uint64_t lane)
{
    return (acc ^ hash_round(0, lane)) * HASH_P1 + HASH_P4;
}

static SN_APART uint64_t hash_stripes(const uint8_t *p, size_t stripes, uint64_t seed)
{
    uint64_t a = seed + HASH_P1 + HASH_P2, b = seed + HASH_P2, c = seed, d = seed - HASH_P1;

    for (; stripes > 0; stripes--, p += 32) {
        a = hash_round(a, sn_get_u64(p));
        b = hash_round(b, sn_get_u64(p + 8));
        c = hash_round(c, sn_get_u64(p + 16));
        d = hash_round(d, sn_get_u64(p + 24));
    }
    uint64_t acc = hash_rotl(a, 1) + hash_rotl(b, 7) + hash_rotl(c, 12) + hash_rotl(d, 18);
    return hash_merge(hash_merge(hash_merge(hash_merge(acc, a), b), c), d);
}

static uint64_t hash_tail(uint64_t acc, const uint8_t *p, size_t len)
{
    for (; len >= 8; len -= 8, p += 8)
        acc = hash_rotl(acc ^ hash_round(0, sn_get_u64(p)), 27) * HASH_P1 + HASH_P4;
    if (len >= 4) {
        acc = hash_rotl(acc ^ hash_word32(p) * HASH_P1, 23) * HASH_P2 + HASH_P3;
        p += 4;
        len -= 4;
    }
    for (; len > 0; len--, p++)
        acc = hash_rotl(acc ^ *p * HASH_P5, 11) * HASH_P1;
    return acc;
}

uint64_t sn_hash64(const void *data, size_t len, uint64_t seed)
{
    const uint8_t *p = data;
    uint64_t acc = len >= 32 ? hash_stripes(p, len / 32, seed) : seed + HASH_P5;

    acc = hash_tail(acc + len, p + (len & ~(size_t)31), len & 31);
    acc = (acc ^ acc >> 33) * HASH_P2;
    acc = (acc ^ acc >> 29) * HASH_P3;
    return acc ^ acc >> 32;
}

/* ---- sections ---- */

typedef struct hash_lanes {
    uint64_t a, b, c, d;
} hash_lanes;

/* One multiplication for two words; whichever of the three is changed, and
 * however, the result is another. */
static uint64_t hash_step(uint64_t lane, const uint8_t *p)
{
    return hash_rotl((lane ^ sn_get_u64(p)) * HASH_P1, 29) + sn_get_u64(p + 8);
}

static hash_lanes hash_blocks(hash_lanes l, const uint8_t *p, size_t blocks)
{
    for (; blocks > 0; blocks--, p += 64) {
        l.a = hash_step(l.a, p);
        l.b = hash_step(l.b, p + 16);
        l.c = hash_step(l.c, p + 32);
        l.d = hash_step(l.d, p + 48);
    }
    return l;
}

static uint64_t hash_fold(uint64_t h, uint64_t lane)
{
    return hash_rotl(h ^ lane, 29) * HASH_P1;
}

uint64_t sn_sum64(const void *data, size_t len, uint64_t seed)
{
    const uint8_t *p = data;
    uint8_t last[64] = {0};
    size_t rest = len % 64;
    hash_lanes l = hash_blocks((hash_lanes){seed, seed + 1, seed + 2, seed + 3}, p, len / 64);

    if (rest > 0) {
        memcpy(last, p + (len - rest), rest);
        l = hash_blocks(l, last, 1);
    }
    uint64_t h = hash_fold(hash_fold(hash_fold(hash_fold(len, l.a), l.b), l.c), l.d);
    return h ^ h >> 32;
}
