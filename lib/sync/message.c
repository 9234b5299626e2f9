/* Messages by msgpack-c; the only file that includes it.
 *
 * The unpacker allocates for an array what its head announces, so heads are looked
 * at first: no array has more elements than there are bytes behind it, nor than a
 * message may have, and nothing is nested deeper than one array.
 */
#include "sync/message.h"

#include <msgpack.h>

/* Fields behind type and channel: n number, s string, b bytes, B bytes or nil;
 * then, for items, N numbers or D bytes to the end. Elements that a later release
 * adds are not looked at. */
static const char *const message_fields[SN_MESSAGE_TYPES] = {
    [SN_HELLO] = "nnsBnnnbsn", [SN_WELCOME] = "nbbnnnnnnnn", [SN_DELTA] = "nD",
    [SN_ACK] = "nnn",          [SN_PRESENCE] = "nBs",       [SN_PING] = "n",
    [SN_PONG] = "n",           [SN_ERROR] = "ns",           [SN_LEAVE] = "",
    [SN_WANT] = "nn",          [SN_VOID] = "nnn",           [SN_PROBE] = "nN",
    [SN_DIGESTS] = "nN",
};

struct sn_unpacker {
    sn_mem *mem;
    msgpack_unpacked unpacked;
    sn_item items[SN_MESSAGE_ITEMS];
};

sennit_status sn_unpacker_new(sn_mem *mem, sn_unpacker **out)
{
    sn_unpacker *u = *out = sn_mem_resize(mem, NULL, 0, sizeof *u);

    if (u == NULL)
        return SENNIT_ENOMEM;
    u->mem = mem;
    msgpack_unpacked_init(&u->unpacked);
    return SENNIT_OK;
}

void sn_unpacker_free(sn_unpacker *u)
{
    if (u == NULL)
        return;
    msgpack_unpacked_destroy(&u->unpacked);
    sn_mem_free(u->mem, u, sizeof *u);
}

/* ---- Reading ---- */

/* Elements of the array that begins here, and the length of its head; false if it
 * is none. */
static bool array_head(const uint8_t *p, size_t left, size_t *n, size_t *head)
{
    if (left >= 1 && (p[0] & 0xf0) == 0x90) {
        *n = p[0] & 0x0f;
        *head = 1;
    } else if (left >= 3 && p[0] == 0xdc) {
        *n = (size_t)p[1] << 8 | p[2];
        *head = 3;
    } else {
        return false;
    }
    return true;
}

/* Length of a value that is no container; 0 if it is one, or is cut off. */
static size_t scalar_len(const uint8_t *p, size_t left)
{
    static const uint8_t sizes[] = {1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9};
    size_t n = 0;

    if (left == 0)
        return 0;
    if (p[0] < 0x80 || p[0] >= 0xe0)
        return 1;
    if ((p[0] & 0xe0) == 0xa0)
        n = 1 + (size_t)(p[0] & 0x1f);
    else if (p[0] >= 0xc0 && p[0] <= 0xd3 && sizes[p[0] - 0xc0] != 0)
        n = sizes[p[0] - 0xc0];
    else if ((p[0] == 0xc4 || p[0] == 0xd9) && left >= 2)
        n = 2 + (size_t)p[1];
    else if ((p[0] == 0xc5 || p[0] == 0xda) && left >= 3)
        n = 3 + ((size_t)p[1] << 8 | p[2]);
    else if ((p[0] == 0xc6 || p[0] == 0xdb) && left >= 5)
        n = 5 + ((size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4]);
    return n <= left ? n : 0;
}

/* Whether a message of a plain shape begins here; *len is how long it is. */
static bool message_measure(const uint8_t *p, size_t left, size_t *len)
{
    size_t n, at;

    if (!array_head(p, left, &n, &at) || n < 2 || n > SN_MESSAGE_ITEMS + 2)
        return false;
    for (; n > 0; n--) {
        size_t size = scalar_len(p + at, left - at);

        if (size == 0)
            return false;
        at += size;
    }
    *len = at;
    return true;
}

static bool read_number(const msgpack_object *o, uint64_t *out)
{
    *out = o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? o->via.u64 : 0;
    return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static bool read_string(const msgpack_object *o, char field, sn_bytes *out)
{
    *out = (sn_bytes){NULL, 0};
    if (field == 'B' && o->type == MSGPACK_OBJECT_NIL)
        return true;
    if (field == 's' && o->type == MSGPACK_OBJECT_STR)
        *out = sn_bytes_of(o->via.str.ptr, o->via.str.size);
    else if (field != 's' && o->type == MSGPACK_OBJECT_BIN)
        *out = sn_bytes_of(o->via.bin.ptr, o->via.bin.size);
    return out->data != NULL;
}

static bool read_items(sn_unpacker *u, const msgpack_object *o, size_t n, char field, sn_message *out)
{
    out->items = u->items;
    out->items_len = n;
    if (n > SN_MESSAGE_ITEMS)
        return false;
    for (size_t i = 0; i < n; i++)
        if (field == 'N' ? !read_number(&o[i], &u->items[i].number)
                         : !read_string(&o[i], field, &u->items[i].bytes))
            return false;
    return true;
}

static bool read_fields(sn_unpacker *u, const msgpack_object *o, size_t n, sn_message *out)
{
    unsigned numbers = 0, strings = 0;

    for (const char *field = message_fields[out->type]; *field != '\0'; field++) {
        if (*field == 'N' || *field == 'D')
            return read_items(u, o, n, *field, out);
        if (n-- == 0)
            return false;
        if (*field == 'n' ? !read_number(o, &out->n[numbers++])
                          : !read_string(o, *field, &out->s[strings++]))
            return false;
        o++;
    }
    return true;
}

sennit_status sn_message_read(sn_unpacker *u, const void *data, size_t len, size_t *at,
                              sn_message *out)
{
    size_t size, start = 0;
    uint64_t type;

    *out = (sn_message){.type = SN_MESSAGE_TYPES};
    if (!message_measure((const uint8_t *)data + *at, len - *at, &size))
        return SENNIT_ECORRUPT;
    msgpack_unpack_return got =
        msgpack_unpack_next(&u->unpacked, (const char *)data + *at, size, &start);
    if (got == MSGPACK_UNPACK_NOMEM_ERROR)
        return SENNIT_ENOMEM;
    if (got != MSGPACK_UNPACK_SUCCESS)
        return SENNIT_ECORRUPT;
    *at += size;
    const msgpack_object_array *a = &u->unpacked.data.via.array;
    if (!read_number(&a->ptr[0], &type) || !read_number(&a->ptr[1], &out->channel))
        return SENNIT_ECORRUPT;
    if (type >= SN_MESSAGE_TYPES)
        return SENNIT_EVERSION;
    out->type = (sn_message_type)type;
    return read_fields(u, a->ptr + 2, a->size - 2, out) ? SENNIT_OK : SENNIT_ECORRUPT;
}

/* ---- Writing ---- */

static int write_buf(void *buf, const char *data, size_t len)
{
    return sn_buf_put(buf, data, len) == SENNIT_OK ? 0 : -1;
}

static int write_string(msgpack_packer *p, char field, const sn_bytes *s)
{
    int bad;

    if (field == 'B' && s->data == NULL)
        return msgpack_pack_nil(p);
    if (field == 's') {
        bad = msgpack_pack_str(p, s->len);
        return bad != 0 || s->len == 0 ? bad : msgpack_pack_str_body(p, s->data, s->len);
    }
    bad = msgpack_pack_bin(p, s->len);
    return bad != 0 || s->len == 0 ? bad : msgpack_pack_bin_body(p, s->data, s->len);
}

static int write_fields(msgpack_packer *p, const sn_message *m)
{
    unsigned numbers = 0, strings = 0;
    int bad = 0;

    for (const char *field = message_fields[m->type]; *field != '\0' && bad == 0; field++) {
        if (*field == 'n')
            bad = msgpack_pack_uint64(p, m->n[numbers++]);
        else if (*field == 's' || *field == 'b' || *field == 'B')
            bad = write_string(p, *field, &m->s[strings++]);
        for (size_t i = 0; i < m->items_len && *field == 'N' && bad == 0; i++)
            bad = msgpack_pack_uint64(p, m->items[i].number);
        for (size_t i = 0; i < m->items_len && *field == 'D' && bad == 0; i++)
            bad = write_string(p, *field, &m->items[i].bytes);
    }
    return bad;
}

sennit_status sn_message_write(const sn_message *m, sennit_buf *out)
{
    const char *fields = message_fields[m->type], *items = strpbrk(fields, "ND");
    size_t n = 2 + (items != NULL ? (size_t)(items - fields) + m->items_len : strlen(fields));
    size_t before = out->len;
    msgpack_packer p;

    msgpack_packer_init(&p, out, write_buf);
    if (msgpack_pack_array(&p, n) == 0 && msgpack_pack_uint64(&p, m->type) == 0 &&
        msgpack_pack_uint64(&p, m->channel) == 0 && write_fields(&p, m) == 0)
        return SENNIT_OK;
    out->len = before;
    return SENNIT_ENOMEM;
}
