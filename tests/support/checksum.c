#include "support/checksum.h"

#include "base/hash.h"
#include "wire/wire.h"

/* What snapshot.c writes first: magic and format, the number of sections. */
#define LIST 9u
#define ENTRY 17u

static void put(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t *p)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static void fix_snapshot(uint8_t *data, size_t len)
{
    if (len < LIST || len - LIST < data[LIST - 1] * (size_t)ENTRY + 8)
        return;
    size_t n = data[LIST - 1], end = LIST + n * ENTRY, at = end + 8;

    for (size_t i = 0; i < n; i++) {
        uint8_t *entry = data + LIST + i * ENTRY;
        uint64_t size = get(entry + 1);

        if (size > len - at)
            break;
        put(entry + 9, sn_sum64(data + at, (size_t)size, entry[0]), 8);
        at += (size_t)size;
    }
    put(data + end, sn_hash64(data, end, 0), 8);
}

void checksum_fix(uint8_t *data, size_t len)
{
    if (len == 0)
        return;
    if (data[0] == SN_TAG_SNAPSHOT)
        fix_snapshot(data, len);
    else if (data[0] >= 0x80 && len >= SN_CHECK_LONG)
        put(data + len - SN_CHECK_LONG, sn_hash64(data, len - SN_CHECK_LONG, 0), SN_CHECK_LONG);
    else if (data[0] < 0x80 && len >= 9 + SN_CHECK_SHORT)
        put(data + len - SN_CHECK_SHORT, sn_hash64(data, len - SN_CHECK_SHORT, get(data + 1)),
            SN_CHECK_SHORT);
}
