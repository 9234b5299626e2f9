#include "base/bytes.h"

#include "base/mem.h"

/* ---- reader ---- */

sennit_status sn_read_fail(const sn_reader *r, sennit_error *err, sennit_status code,
                           const char *what)
{
    return sn_fail(err, code, r->origin + r->pos, what);
}

sennit_status sn_read_corrupt(const sn_reader *r, sennit_error *err, const char *what)
{
    return sn_read_fail(r, err, SENNIT_ECORRUPT, what);
}

sennit_status sn_read_u8(sn_reader *r, uint8_t *out, sennit_error *err)
{
    if (r->pos >= r->end)
        return sn_read_corrupt(r, err, "bytes end too early");
    *out = r->data[r->pos++];
    return SENNIT_OK;
}

sennit_status sn_read_bytes(sn_reader *r, size_t n, const uint8_t **out, sennit_error *err)
{
    if (n > sn_left(r))
        return sn_read_corrupt(r, err, "bytes end too early");
    *out = r->data + r->pos;
    r->pos += n;
    return SENNIT_OK;
}

sennit_status sn_read_part(sn_reader *r, size_t n, sn_reader *out, sennit_error *err)
{
    const uint8_t *part = NULL;

    *out = (sn_reader){0};
    size_t at = r->origin + r->pos;
    SN_TRY(sn_read_bytes(r, n, &part, err));
    *out = (sn_reader){part, 0, n, at};
    return SENNIT_OK;
}

sennit_status sn_read_u64(sn_reader *r, uint64_t *out, sennit_error *err)
{
    const uint8_t *p = NULL;

    *out = 0;
    SN_TRY(sn_read_bytes(r, 8, &p, err));
    *out = sn_get_u64(p);
    return SENNIT_OK;
}

sennit_status sn_read_varint_slow(sn_reader *r, uint64_t *out, sennit_error *err)
{
    uint64_t v = 0;
    size_t at = r->pos;

    for (unsigned shift = 0; at < r->end && shift < 64; shift += 7) {
        uint8_t b = r->data[at++];

        v |= (uint64_t)(b & 0x7f) << shift;
        if (b >= 0x80)
            continue;
        if (b == 0 && shift > 0)
            return sn_read_corrupt(r, err, "number not in its shortest form");
        if (shift == 63 && b > 1)
            return sn_read_corrupt(r, err, "number over 64 bits");
        r->pos = at;
        *out = v;
        return SENNIT_OK;
    }
    if (at < r->end)
        return sn_read_corrupt(r, err, "number over 64 bits");
    return sn_read_corrupt(r, err, "bytes end too early");
}

/* ---- buffer ---- */

void sennit_buf_init(sennit_buf *buf, const sennit_alloc *alloc)
{
    *buf = (sennit_buf){NULL, 0, 0, alloc != NULL ? *alloc : sn_mem_libc()};
}

void sennit_buf_clear(sennit_buf *buf)
{
    if (buf->data != NULL)
        buf->alloc.resize(buf->alloc.self, buf->data, buf->cap, 0);
    buf->data = NULL;
    buf->len = buf->cap = 0;
}

sennit_status sn_buf_grow(sennit_buf *buf, size_t more)
{
    size_t need, cap = buf->cap;

    if (!sn_add_size(buf->len, more, &need))
        return SENNIT_ENOMEM;
    if (need <= cap)
        return SENNIT_OK;
    if (!sn_add_size(cap, cap / 2, &cap) || cap < need)
        cap = need;
    if (cap < 64)
        cap = 64;
    uint8_t *moved = buf->alloc.resize(buf->alloc.self, buf->data, buf->cap, cap);
    if (moved == NULL)
        return SENNIT_ENOMEM;
    buf->data = moved;
    buf->cap = cap;
    return SENNIT_OK;
}

sennit_status sn_buf_put(sennit_buf *buf, const void *data, size_t len)
{
    SN_TRY(sn_buf_reserve(buf, len));
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    return SENNIT_OK;
}

sennit_status sn_buf_varint(sennit_buf *buf, uint64_t v)
{
    SN_TRY(sn_buf_reserve(buf, SN_VARINT_MAX));
    buf->len = (size_t)(sn_put_varint(buf->data + buf->len, v) - buf->data);
    return SENNIT_OK;
}

sennit_status sn_buf_u64(sennit_buf *buf, uint64_t v)
{
    SN_TRY(sn_buf_reserve(buf, 8));
    buf->len = (size_t)(sn_put_u64(buf->data + buf->len, v) - buf->data);
    return SENNIT_OK;
}
