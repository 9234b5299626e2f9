/* A long delta of one insert, read in one go: the first word of somebody new. Most of
 * those who come to a text bring no more, and a crowd of them comes at once.
 *
 *     0xd0 | format | flags | [lineage:16] | ids:1 | 1:1 | lengths:5 | ids | segment
 *          | head:1 | ref | extra:2 | text | check:4
 *
 * Whatever is not like that, damage included, is left to the careful way in delta.c.
 */
#include "base/hash.h"
#include "wire/columns.h"

#define SINGLE_HEAD 3u    /* tag, format, flags */
#define SINGLE_LENGTHS 7u /* ids, segments and the five lengths, a byte each */
#define SINGLE_LEAST (SINGLE_HEAD + SINGLE_LENGTHS + SN_CHECK_LONG)

/* A varint in its shortest form, max at most; p moves behind it. */
static bool single_number(const uint8_t **p, const uint8_t *end, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 63 && *p < end; shift += 7) {
        uint8_t b = *(*p)++;

        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            *out = v;
            return v <= max && (b > 0 || shift == 0);
        }
    }
    return false;
}

static bool single_segment(const uint8_t *p, const uint8_t *end, uint32_t ids_len, sn_segment *seg)
{
    uint64_t name, ms, counter, n, seq, number;

    if (!single_number(&p, end, ids_len - 1, &name) ||
        !single_number(&p, end, SN_MAX_WALL_MS, &ms) ||
        !single_number(&p, end, 0xffff, &counter) || !single_number(&p, end, 1, &n) ||
        !single_number(&p, end, SN_MAX_SEQ - SN_COLUMNS_FEW, &seq) ||
        !single_number(&p, end, SN_MAX_TEXT - SN_COLUMNS_FEW, &number) || p != end)
        return false;
    *seg = (sn_segment){.replica = (uint32_t)name, .seq = (uint32_t)seq, .number = (uint32_t)number,
                        .n = 1, .hlc = ms << 16 | counter};
    return n == 1 && number <= seq && seg->hlc > 0;
}

static bool single_ids(const uint8_t *p, uint32_t n, sn_short *s)
{
    s->ids[0] = sn_get_u64(p);
    s->ids[1] = n > 1 ? sn_get_u64(p + 8) : s->ids[0];
    return n == 1 || s->ids[0] != s->ids[1];
}

static bool single_checks(const uint8_t *data, const uint8_t *end)
{
    uint32_t check = (uint32_t)sn_hash64(data, (size_t)(end - data), 0);
    uint32_t told = (uint32_t)end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 |
                    (uint32_t)end[3] << 24;

    return check == told;
}

bool sn_single_decode(const void *data, size_t len, sn_short *s)
{
    const uint8_t *start = data, *p = start + SINGLE_HEAD;

    if (len < SINGLE_LEAST + 16 || start[0] != SN_TAG_DELTA || start[1] != SN_FORMAT ||
        (start[2] & ~SN_DELTA_LINEAGE) != 0)
        return false;
    const uint8_t *end = start + len - SN_CHECK_LONG, *lineage = NULL;
    if (start[2] & SN_DELTA_LINEAGE) {
        lineage = p;
        p += 16;
    }
    size_t ids = p[0], segment = p[2], refs = p[4];
    if (ids - 1 > 1 || segment >= 0x80 || refs >= 0x80 || p[1] != 1 || p[3] != 1 || p[5] != 0 ||
        p[6] != 2 || (size_t)(end - p) < SINGLE_LENGTHS + 8 * ids + segment + 1 + refs + 2)
        return false;
    p += SINGLE_LENGTHS;
    const uint8_t *at = p + 8 * ids, *head = at + segment, *text = head + 1 + refs + 2;
    if (!single_ids(p, (uint32_t)ids, s) || !single_segment(at, head, (uint32_t)ids, &s->segment) ||
        !sn_columns_single(head, refs, (uint32_t)ids, &s->op) || (size_t)(end - text) != s->op.n ||
        sn_utf8_valid(text, s->op.n) != s->op.n || !single_checks(start, end))
        return false;
    s->op.seq = s->segment.seq;
    s->op.number = s->segment.number;
    s->segment.text = text;
    s->segment.pos = (size_t)(at - start);
    s->batch = (sn_batch){.ids = s->ids, .segments = &s->segment, .ops = &s->op,
                          .ids_len = (uint32_t)ids, .segments_len = 1, .ops_len = 1,
                          .lineage = lineage};
    s->fresh = 0;
    return true;
}
