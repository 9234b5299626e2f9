#include "base/utf8.h"

/* Whether 64 bytes are ASCII; a loop that compilers make vectors of. */
static bool utf8_ascii64(const uint8_t *p)
{
    uint64_t all = 0, w;

    for (unsigned i = 0; i < 64; i += 8) {
        memcpy(&w, p + i, 8);
        all |= w;
    }
    return (all & SN_UTF8_HIGH) == 0;
}

static bool utf8_ascii8(const uint8_t *p)
{
    uint64_t w;

    memcpy(&w, p, 8);
    return (w & SN_UTF8_HIGH) == 0;
}

/* Length of the character at p, of which left bytes are there; 0 if ill-formed.
 * The bounds of the second byte shut out overlong forms, surrogates and what
 * lies above U+10FFFF (RFC 3629, section 4). */
static size_t utf8_character(const uint8_t *p, size_t left)
{
    uint8_t b = p[0], low = 0x80, high = 0xbf;
    size_t n;

    if (b < 0x80)
        return 1;
    if (b < 0xc2 || b > 0xf4)
        return 0;
    n = sn_utf8_width(b);
    if (n > left)
        return 0;
    if (b == 0xe0)
        low = 0xa0;
    else if (b == 0xed)
        high = 0x9f;
    else if (b == 0xf0)
        low = 0x90;
    else if (b == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if (!sn_utf8_is_cont(p[i]))
            return 0;
    return n;
}

size_t sn_utf8_valid(const uint8_t *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        while (len - at >= 64 && utf8_ascii64(text + at))
            at += 64;
        while (len - at >= 8 && utf8_ascii8(text + at))
            at += 8;
        if (at == len)
            break;
        size_t n = utf8_character(text + at, len - at);
        if (n == 0)
            return at;
        at += n;
    }
    return len;
}

sennit_status sennit_utf8_check(const void *text, size_t len, size_t *bad)
{
    if (text == NULL && len > 0)
        return SENNIT_EINVAL;
    size_t good = sn_utf8_valid(text, len);
    if (bad != NULL)
        *bad = good;
    return good == len ? SENNIT_OK : SENNIT_EUTF8;
}

/* Sums of at most 255 bytes fit eight bits: loops a compiler makes vectors of. */
static void utf8_count_some(const uint8_t *text, size_t len, sn_count *c)
{
    uint8_t cont = 0, wide = 0, lines = 0, all = 0;

    for (size_t i = 0; i < len; i++) {
        all |= text[i];
        lines = (uint8_t)(lines + (text[i] == '\n'));
    }
    c->lines += lines;
    if (SN_LIKELY(all < 0x80))
        return;
    for (size_t i = 0; i < len; i++) {
        cont = (uint8_t)(cont + sn_utf8_is_cont(text[i]));
        wide = (uint8_t)(wide + (text[i] >= 0xf0));
    }
    c->cont += cont;
    c->wide += wide;
}

sn_count sn_utf8_count(const uint8_t *text, size_t len)
{
    sn_count c = {(uint32_t)len, 0, 0, 0};

    while (len > 0) {
        size_t n = len < 224 ? len : 224;

        utf8_count_some(text, n, &c);
        text += n;
        len -= n;
    }
    return c;
}

static size_t utf8_skip_lines(const uint8_t *text, size_t len, size_t n)
{
    size_t at = 0;
    uint64_t w;

    for (; len - at >= 8; at += 8) {
        memcpy(&w, text + at, 8);
        uint32_t here = sn_utf8_lines8(w);
        if (here >= n)
            break;
        n -= here;
    }
    while (n > 0 && at < len)
        n -= text[at++] == '\n';
    return at;
}

size_t sn_utf8_skip(const uint8_t *text, size_t len, sennit_unit unit, size_t n)
{
    size_t at = 0;

    if (unit == SENNIT_BYTES)
        return n;
    if (unit == SENNIT_LINES)
        return utf8_skip_lines(text, len, n);
    while (n > 0 && at < len) {
        while (n >= 8 && len - at >= 8 && utf8_ascii8(text + at)) {
            at += 8;
            n -= 8;
        }
        if (n == 0 || at == len)
            break;
        uint32_t width = sn_utf8_width(text[at]);
        size_t units = unit == SENNIT_UTF16 && width == 4 ? 2 : 1;

        if (units > n)
            break;
        n -= units;
        at += width;
    }
    return at;
}
