/* Bytes in and out: growable buffer, bounded reader, varints.
 *
 * Every bounds check on foreign bytes is in bytes.c or in the inline functions
 * here. A reader never moves past its end; after a failure its place is that
 * of the guilty byte.
 *
 * Varints are LEB128: seven bits a byte, lowest first, the top bit says that
 * more follow. The shortest form is the only one accepted, so that equal
 * values are equal bytes.
 */
#ifndef SN_BYTES_H
#define SN_BYTES_H

#include "base/base.h"

#define SN_VARINT_MAX 10 /* bytes of a 64-bit varint */

typedef struct sn_reader {
    const uint8_t *data;
    size_t pos;
    size_t end;
    size_t origin; /* what pos 0 is in the caller's bytes, for error offsets */
} sn_reader;

static inline sn_reader sn_reader_of(const void *data, size_t len)
{
    return (sn_reader){data, 0, len, 0};
}

static inline size_t sn_left(const sn_reader *r)
{
    return r->end - r->pos;
}

/* Fail at the reader's place. */
sennit_status sn_read_fail(const sn_reader *r, sennit_error *err, sennit_status code,
                           const char *what);
sennit_status sn_read_corrupt(const sn_reader *r, sennit_error *err, const char *what);

sennit_status sn_read_u8(sn_reader *r, uint8_t *out, sennit_error *err);
sennit_status sn_read_u64(sn_reader *r, uint64_t *out, sennit_error *err); /* 8 bytes, low first */
sennit_status sn_read_bytes(sn_reader *r, size_t n, const uint8_t **out, sennit_error *err);
sennit_status sn_read_varint_slow(sn_reader *r, uint64_t *out, sennit_error *err);

/* A sub-reader over the next n bytes, which are stepped over. */
sennit_status sn_read_part(sn_reader *r, size_t n, sn_reader *out, sennit_error *err);

static inline sennit_status sn_read_varint(sn_reader *r, uint64_t *out, sennit_error *err)
{
    if (SN_LIKELY(r->pos < r->end && r->data[r->pos] < 0x80)) {
        *out = r->data[r->pos++];
        return SENNIT_OK;
    }
    return sn_read_varint_slow(r, out, err);
}

/* A varint that must not exceed max. */
static inline sennit_status sn_read_count(sn_reader *r, uint64_t max, uint64_t *out,
                                          sennit_error *err)
{
    size_t at = r->pos;

    SN_TRY(sn_read_varint(r, out, err));
    if (SN_UNLIKELY(*out > max)) {
        r->pos = at;
        return sn_read_corrupt(r, err, "number out of range");
    }
    return SENNIT_OK;
}

/* Signed numbers as unsigned ones, small magnitudes first: 0, -1, 1, -2, ... */
static inline uint64_t sn_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t sn_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* Write at p, which has room for SN_VARINT_MAX, and return the end. */
static inline uint8_t *sn_put_varint(uint8_t *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static inline uint8_t *sn_put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        *p++ = (uint8_t)(v >> (8 * i));
    return p;
}

/* Eight bytes, low first. Written out: compilers make one load of it. */
static inline uint64_t sn_get_u64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* Bytes that sn_put_varint writes. */
static inline size_t sn_varint_len(uint64_t v)
{
    size_t n = 1;

    while (v >= 0x80) {
        v >>= 7;
        n++;
    }
    return n;
}

/* Make room for more bytes behind buf->len. */
sennit_status sn_buf_grow(sennit_buf *buf, size_t more);

static inline sennit_status sn_buf_reserve(sennit_buf *buf, size_t more)
{
    return SN_LIKELY(buf->cap - buf->len >= more) ? SENNIT_OK : sn_buf_grow(buf, more);
}

sennit_status sn_buf_put(sennit_buf *buf, const void *data, size_t len);
sennit_status sn_buf_varint(sennit_buf *buf, uint64_t v);
sennit_status sn_buf_u64(sennit_buf *buf, uint64_t v);

#endif
