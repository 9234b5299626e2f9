/* Writing text into a sennit_buf, with whatever memory it has. */
#include "common/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool out_reserve(sennit_buf *out, size_t more)
{
    size_t cap = out->cap + out->cap / 2;
    void *moved;

    if (out->cap - out->len >= more)
        return true;
    if (cap < out->len + more)
        cap = out->len + more;
    moved = out->alloc.resize(out->alloc.self, out->data, out->cap, cap);
    if (moved == NULL)
        return false;
    out->data = moved;
    out->cap = cap;
    return true;
}

bool out_add(sennit_buf *out, const void *data, size_t len)
{
    if (!out_reserve(out, len))
        return false;
    if (len > 0)
        memcpy(out->data + out->len, data, len);
    out->len += len;
    return true;
}

bool out_format(sennit_buf *out, const char *format, ...)
{
    va_list args, again;
    int len;
    bool done;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    done = len >= 0 && out_reserve(out, (size_t)len + 1); /* it writes a terminator too */
    if (done) {
        vsnprintf((char *)out->data + out->len, (size_t)len + 1, format, again);
        out->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
    return done;
}

bool out_hex(sennit_buf *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = data;

    if (!out_reserve(out, 2 * len))
        return false;
    for (size_t i = 0; i < len; i++) {
        out->data[out->len++] = (uint8_t)digits[at[i] >> 4];
        out->data[out->len++] = (uint8_t)digits[at[i] & 15];
    }
    return true;
}
