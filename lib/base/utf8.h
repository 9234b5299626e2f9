/* UTF-8 (RFC 3629): validate, count in four units, find the n-th of a unit. */
#ifndef SN_UTF8_H
#define SN_UTF8_H

#include "base/base.h"

/* What a stretch of text amounts to. Kept as corrections to the bytes, since
 * for ASCII, the common case, two of them stay 0.
 *   codepoints = bytes - cont        UTF-16 units = bytes - cont + wide
 * Differences are kept in the same type: arithmetic is modulo 2^32. */
typedef struct sn_count {
    uint32_t bytes;
    uint32_t cont;  /* continuation bytes */
    uint32_t wide;  /* characters of four bytes: two UTF-16 units each */
    uint32_t lines; /* newlines */
} sn_count;

static inline void sn_count_add(sn_count *to, const sn_count *c)
{
    to->bytes += c->bytes;
    to->cont += c->cont;
    to->wide += c->wide;
    to->lines += c->lines;
}

static inline void sn_count_sub(sn_count *to, const sn_count *c)
{
    to->bytes -= c->bytes;
    to->cont -= c->cont;
    to->wide -= c->wide;
    to->lines -= c->lines;
}

static inline uint32_t sn_count_in(const sn_count *c, sennit_unit unit)
{
    switch (unit) {
    case SENNIT_CODEPOINTS: return c->bytes - c->cont;
    case SENNIT_UTF16: return c->bytes - c->cont + c->wide;
    case SENNIT_LINES: return c->lines;
    default: return c->bytes;
    }
}

static inline bool sn_utf8_is_cont(uint8_t b)
{
    return (b & 0xc0) == 0x80;
}

/* Bytes of the character that starts with b, in well-formed text. */
static inline uint32_t sn_utf8_width(uint8_t b)
{
    return b < 0x80 ? 1u : b < 0xe0 ? 2u : b < 0xf0 ? 3u : 4u;
}

#define SN_UTF8_HIGH UINT64_C(0x8080808080808080) /* set in some byte: eight bytes not all ASCII */

/* How many of eight bytes are newlines. */
static inline uint32_t sn_utf8_lines8(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);

    w ^= ones * '\n'; /* 0 where there is one */
    return (uint32_t)((~(((w & ~SN_UTF8_HIGH) + ~SN_UTF8_HIGH) | w | ~SN_UTF8_HIGH) >> 7) * ones >> 56);
}

/* Return the length of the well-formed prefix: len if all of it is. */
size_t sn_utf8_valid(const uint8_t *text, size_t len);

/* Count well-formed text. */
sn_count sn_utf8_count(const uint8_t *text, size_t len);

/* Return the byte at which n units of text have gone by, in well-formed text
 * that has at least n of them. A place inside a character (UTF-16) becomes the
 * start of it; for SENNIT_LINES, the byte after the n-th newline. */
size_t sn_utf8_skip(const uint8_t *text, size_t len, sennit_unit unit, size_t n);

#endif
