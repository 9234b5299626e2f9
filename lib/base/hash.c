#include "base/hash.h"

#define HASH_P1 UINT64_C(0x9E3779B185EBCA87)
#define HASH_P2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define HASH_P3 UINT64_C(0x165667B19E3779F9)
#define HASH_P4 UINT64_C(0x85EBCA77C2B2AE63)
#define HASH_P5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t hash_rotl(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

static uint64_t hash_read(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static uint64_t hash_round(uint64_t acc, uint64_t lane)
{
    return hash_rotl(acc + lane * HASH_P2, 31) * HASH_P1;
}

static uint64_t hash_merge(uint64_t acc, uint64_t lane)
{
    return (acc ^ hash_round(0, lane)) * HASH_P1 + HASH_P4;
}

static uint64_t hash_stripes(const uint8_t *p, size_t stripes, uint64_t seed)
{
    uint64_t a = seed + HASH_P1 + HASH_P2, b = seed + HASH_P2, c = seed, d = seed - HASH_P1;

    for (; stripes > 0; stripes--, p += 32) {
        a = hash_round(a, hash_read(p, 8));
        b = hash_round(b, hash_read(p + 8, 8));
        c = hash_round(c, hash_read(p + 16, 8));
        d = hash_round(d, hash_read(p + 24, 8));
    }
    uint64_t acc = hash_rotl(a, 1) + hash_rotl(b, 7) + hash_rotl(c, 12) + hash_rotl(d, 18);
    return hash_merge(hash_merge(hash_merge(hash_merge(acc, a), b), c), d);
}

static uint64_t hash_tail(uint64_t acc, const uint8_t *p, size_t len)
{
    for (; len >= 8; len -= 8, p += 8)
        acc = hash_rotl(acc ^ hash_round(0, hash_read(p, 8)), 27) * HASH_P1 + HASH_P4;
    if (len >= 4) {
        acc = hash_rotl(acc ^ hash_read(p, 4) * HASH_P1, 23) * HASH_P2 + HASH_P3;
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
