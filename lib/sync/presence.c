/* What editors show of their users, as bytes: a msgpack map, of which others may
 * hold more than is read here.
 */
#include "base/bytes.h"
#include "base/utf8.h"

#include <sennit/sync.h>

#include <string.h>

#define PRESENCE_COLOUR 0x808080u /* of who shows none */

/* ---- Out ---- */

/* A str or a bin: head is its byte with a length of 8 bits. */
static sennit_status presence_put(sennit_buf *out, uint8_t head, const void *data, size_t len)
{
    const uint8_t start[] = {head, (uint8_t)len};

    if (len > UINT8_MAX)
        return SENNIT_EINVAL;
    SN_TRY(sn_buf_put(out, start, sizeof start));
    return sn_buf_put(out, data, len);
}

static sennit_status presence_put_str(sennit_buf *out, const char *text, size_t len)
{
    return presence_put(out, 0xd9, text, len);
}

static sennit_status presence_put_anchor(sennit_buf *out, const char *key, int selects,
                                         const sennit_anchor *anchor)
{
    SN_TRY(presence_put_str(out, key, strlen(key)));
    if (!selects)
        return sn_buf_put(out, "\xc0", 1);
    SN_TRY(presence_put(out, 0xc4, NULL, 0));
    const size_t start = out->len;
    SN_TRY(sennit_anchor_encode(anchor, out));
    out->data[start - 1] = (uint8_t)(out->len - start);
    return SENNIT_OK;
}

/* The bytes of a name's first characters. */
static size_t presence_name(const char *name, size_t len)
{
    return sn_utf8_skip((const uint8_t *)name, len, SENNIT_CODEPOINTS, SENNIT_PRESENCE_NAME);
}

static sennit_status presence_put_name(sennit_buf *out, const sennit_presence *p)
{
    const char *end = memchr(p->name, 0, sizeof p->name);
    const size_t len = end != NULL ? (size_t)(end - p->name) : sizeof p->name;
    const uint8_t head[] = {0xda, (uint8_t)(len >> 8), (uint8_t)len}; /* 16 bits of length */

    if (end == NULL || sn_utf8_valid((const uint8_t *)p->name, len) != len)
        return SENNIT_EUTF8;
    SN_TRY(presence_put_str(out, "name", 4));
    SN_TRY(sn_buf_put(out, head, sizeof head));
    return sn_buf_put(out, p->name, len);
}

static sennit_status presence_put_colour(sennit_buf *out, uint32_t colour)
{
    static const char digits[] = "0123456789abcdef";
    char text[7] = "#";

    for (unsigned i = 0; i < 6; i++)
        text[i + 1] = digits[colour >> (20 - 4 * i) & 15];
    SN_TRY(presence_put_str(out, "color", 5));
    return presence_put_str(out, text, sizeof text);
}

static sennit_status presence_put_all(sennit_buf *out, const sennit_presence *p)
{
    const uint8_t activity = (uint8_t)p->activity;

    if ((unsigned)p->activity > SENNIT_AWAY)
        return SENNIT_EINVAL;
    SN_TRY(sn_buf_put(out, "\x85", 1));
    SN_TRY(presence_put_name(out, p));
    SN_TRY(presence_put_colour(out, p->colour));
    SN_TRY(presence_put_str(out, "activity", 8));
    SN_TRY(sn_buf_put(out, &activity, 1));
    SN_TRY(presence_put_anchor(out, "anchor", p->selects, &p->anchor));
    return presence_put_anchor(out, "head", p->selects, &p->head);
}

sennit_status sennit_presence_encode(const sennit_presence *presence, sennit_buf *out)
{
    const size_t start = out->len;
    sennit_status st = presence_put_all(out, presence);

    if (st != SENNIT_OK)
        out->len = start;
    return st;
}

/* ---- In ---- */

/* The head of a value: what kind it is, and its number, length, or count of values. */
typedef struct presence_value {
    enum { PRESENCE_OTHER, PRESENCE_UINT, PRESENCE_STR, PRESENCE_BIN, PRESENCE_MAP } kind;
    uint64_t n;           /* number; bytes */
    uint64_t inside;      /* values that follow as its own */
    const uint8_t *bytes; /* of what has bytes */
} presence_value;

/* A number of so many bytes, high first. */
static sennit_status presence_number(sn_reader *r, unsigned size, uint64_t *out)
{
    const uint8_t *p;

    SN_TRY(sn_read_bytes(r, size, &p, NULL));
    for (*out = 0; size > 0; size--)
        *out = *out << 8 | *p++;
    return SENNIT_OK;
}

/* Heads from 0xc0 to 0xdf: bytes of the number that follows, of the payload besides
 * it, and what it counts. https://github.com/msgpack/msgpack/blob/master/spec.md */
static const struct {
    uint8_t size, more;
    char counts; /* 0 nothing, b bytes, v values, p pairs, u is a number */
    uint8_t kind;
} presence_heads[32] = {
    [0x04] = {1, 0, 'b', PRESENCE_BIN}, [0x05] = {2, 0, 'b', PRESENCE_BIN},
    [0x06] = {4, 0, 'b', PRESENCE_BIN}, [0x07] = {1, 1, 'b', PRESENCE_OTHER},
    [0x08] = {2, 1, 'b', PRESENCE_OTHER}, [0x09] = {4, 1, 'b', PRESENCE_OTHER},
    [0x0a] = {0, 4, 0, PRESENCE_OTHER}, [0x0b] = {0, 8, 0, PRESENCE_OTHER},
    [0x0c] = {1, 0, 'u', PRESENCE_UINT}, [0x0d] = {2, 0, 'u', PRESENCE_UINT},
    [0x0e] = {4, 0, 'u', PRESENCE_UINT}, [0x0f] = {8, 0, 'u', PRESENCE_UINT},
    [0x10] = {0, 1, 0, PRESENCE_OTHER}, [0x11] = {0, 2, 0, PRESENCE_OTHER},
    [0x12] = {0, 4, 0, PRESENCE_OTHER}, [0x13] = {0, 8, 0, PRESENCE_OTHER},
    [0x14] = {0, 2, 0, PRESENCE_OTHER}, [0x15] = {0, 3, 0, PRESENCE_OTHER},
    [0x16] = {0, 5, 0, PRESENCE_OTHER}, [0x17] = {0, 9, 0, PRESENCE_OTHER},
    [0x18] = {0, 17, 0, PRESENCE_OTHER}, [0x19] = {1, 0, 'b', PRESENCE_STR},
    [0x1a] = {2, 0, 'b', PRESENCE_STR}, [0x1b] = {4, 0, 'b', PRESENCE_STR},
    [0x1c] = {2, 0, 'v', PRESENCE_OTHER}, [0x1d] = {4, 0, 'v', PRESENCE_OTHER},
    [0x1e] = {2, 0, 'p', PRESENCE_MAP}, [0x1f] = {4, 0, 'p', PRESENCE_MAP},
};

static sennit_status presence_bytes(sn_reader *r, presence_value *v, uint64_t n)
{
    v->n = n;
    if (n > sn_left(r))
        return SENNIT_ECORRUPT;
    return sn_read_bytes(r, (size_t)n, &v->bytes, NULL);
}

static sennit_status presence_long_head(sn_reader *r, uint8_t head, presence_value *v)
{
    const unsigned size = presence_heads[head - 0xc0].size, more = presence_heads[head - 0xc0].more;
    const char counts = presence_heads[head - 0xc0].counts;
    uint64_t n;

    v->kind = presence_heads[head - 0xc0].kind;
    SN_TRY(presence_number(r, size, &n));
    if (counts == 'u')
        v->n = n;
    else if (counts == 'v' || counts == 'p')
        v->inside = counts == 'p' ? 2 * n : n;
    else
        SN_TRY(presence_bytes(r, v, (counts == 'b' ? n : 0) + more));
    return SENNIT_OK;
}

static sennit_status presence_head(sn_reader *r, presence_value *v)
{
    uint8_t head;

    *v = (presence_value){.kind = PRESENCE_OTHER};
    SN_TRY(sn_read_u8(r, &head, NULL));
    if (head >= 0xc0 && head < 0xe0)
        return presence_long_head(r, head, v);
    if (head < 0x80)
        *v = (presence_value){.kind = PRESENCE_UINT, .n = head};
    else if (head < 0x90)
        *v = (presence_value){.kind = PRESENCE_MAP, .inside = 2u * (head & 15)};
    else if (head < 0xa0)
        v->inside = head & 15;
    else if (head < 0xc0) {
        v->kind = PRESENCE_STR;
        return presence_bytes(r, v, head & 31);
    }
    return SENNIT_OK; /* what is left are small negative numbers */
}

/* Step over all that is inside a value, however deep. */
static sennit_status presence_skip(sn_reader *r, uint64_t inside)
{
    presence_value v;

    while (inside > 0) {
        if (inside > sn_left(r))
            return SENNIT_ECORRUPT;
        SN_TRY(presence_head(r, &v));
        inside += v.inside - 1;
    }
    return SENNIT_OK;
}

static bool presence_is(const presence_value *key, const char *name)
{
    return key->kind == PRESENCE_STR && key->n == strlen(name) && memcmp(key->bytes, name, key->n) == 0;
}

static bool presence_colour(const presence_value *v, uint32_t *out)
{
    *out = 0;
    if (v->kind != PRESENCE_STR || v->n != 7 || v->bytes[0] != '#')
        return false;
    for (int i = 1; i < 7; i++) {
        const uint8_t c = v->bytes[i], low = c | 0x20;
        const bool letter = low >= 'a' && low <= 'f';

        if (!letter && (c < '0' || c > '9'))
            return false;
        *out = *out << 4 | (uint32_t)(letter ? low - 'a' + 10 : c - '0');
    }
    return true;
}

/* An anchor, and nothing behind it. */
static bool presence_anchor(const presence_value *v, sennit_anchor *out)
{
    size_t used;

    return v->kind == PRESENCE_BIN && v->n <= SENNIT_ANCHOR_MAX &&
           sennit_anchor_decode(v->bytes, (size_t)v->n, out, &used) == SENNIT_OK && used == v->n;
}

static sennit_status presence_take_name(const presence_value *v, sennit_presence *out)
{
    if (v->kind != PRESENCE_STR || sn_utf8_valid(v->bytes, (size_t)v->n) != v->n ||
        memchr(v->bytes, 0, (size_t)v->n) != NULL)
        return SENNIT_ECORRUPT;
    const size_t len = presence_name((const char *)v->bytes, (size_t)v->n);
    memcpy(out->name, v->bytes, len);
    out->name[len] = '\0';
    return SENNIT_OK;
}

/* What is no anchor, colour or activity is as if it were not there. */
static sennit_status presence_member(sn_reader *r, sennit_presence *out, bool has[2])
{
    presence_value key, v;

    SN_TRY(presence_head(r, &key));
    SN_TRY(presence_skip(r, key.inside));
    SN_TRY(presence_head(r, &v));
    if (presence_is(&key, "name"))
        SN_TRY(presence_take_name(&v, out));
    else if (presence_is(&key, "color") && !presence_colour(&v, &out->colour))
        out->colour = PRESENCE_COLOUR;
    else if (presence_is(&key, "activity") && v.kind == PRESENCE_UINT && v.n <= SENNIT_AWAY)
        out->activity = (sennit_activity)v.n;
    else if (presence_is(&key, "anchor"))
        has[0] = presence_anchor(&v, &out->anchor);
    else if (presence_is(&key, "head"))
        has[1] = presence_anchor(&v, &out->head);
    return presence_skip(r, v.inside);
}

sennit_status sennit_presence_decode(const void *data, size_t len, sennit_presence *out)
{
    sn_reader r = sn_reader_of(data, len);
    bool has[2] = {false, false}; /* an anchor, a head */
    presence_value map;

    *out = (sennit_presence){.colour = PRESENCE_COLOUR};
    SN_TRY(presence_head(&r, &map));
    if (map.kind != PRESENCE_MAP)
        return SENNIT_ECORRUPT;
    for (uint64_t i = 0; i < map.inside; i += 2)
        SN_TRY(presence_member(&r, out, has));
    if (sn_left(&r) > 0)
        return SENNIT_ECORRUPT;
    out->selects = has[1];
    if (has[1] && !has[0])
        out->anchor = out->head;
    return SENNIT_OK;
}
