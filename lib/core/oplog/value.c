#include "core/oplog/value.h"

#include "base/bytes.h"
#include "base/utf8.h"

enum {
    TAG_NONE = 0, /* removed */
    TAG_NULL = 1,
    TAG_FALSE = 2,
    TAG_TRUE = 3,
    TAG_INT = 4,    /* zigzag varint */
    TAG_DOUBLE = 5, /* its eight bytes, low first */
    TAG_STRING = 6, /* UTF-8 to the end */
    TAG_DATA = 7,   /* bytes to the end */
    TAGS
};

/* ---- reading ---- */

static sennit_status value_read(sn_reader *r, sennit_error *err)
{
    uint8_t tag = 0;
    uint64_t unused;

    SN_TRY(sn_read_u8(r, &tag, err));
    if (tag >= TAGS)
        return sn_fail(err, SENNIT_EVERSION, r->origin + r->pos - 1, "a value of a later release");
    if (sn_left(r) > SENNIT_ATTR_VALUE_MAX)
        return sn_read_corrupt(r, err, "a value that is too long");
    if (tag == TAG_DATA)
        return SENNIT_OK;
    if (tag == TAG_STRING)
        return sn_utf8_valid(r->data + r->pos, sn_left(r)) == sn_left(r)
                   ? SENNIT_OK
                   : sn_read_corrupt(r, err, "ill-formed UTF-8");
    if (tag == TAG_INT)
        SN_TRY(sn_read_varint(r, &unused, err));
    if (tag == TAG_DOUBLE)
        SN_TRY(sn_read_u64(r, &unused, err));
    return sn_left(r) == 0 ? SENNIT_OK : sn_read_corrupt(r, err, "bytes left over");
}

sennit_status sn_payload_read(const uint8_t *data, size_t len, size_t pos, sn_payload *out,
                              sennit_error *err)
{
    sn_reader r = {data, 0, len, pos};
    uint64_t n;

    SN_TRY(sn_read_count(&r, SENNIT_ATTR_NAME_MAX, &n, err));
    SN_TRY(sn_read_bytes(&r, (size_t)n, &out->name, err));
    if (n == 0 || sn_utf8_valid(out->name, (size_t)n) != n)
        return sn_read_corrupt(&r, err, "a name that is none");
    out->name_len = (uint32_t)n;
    out->value = data + r.pos;
    out->value_len = (uint32_t)sn_left(&r);
    return value_read(&r, err);
}

bool sn_value_get(const uint8_t *value, uint32_t len, sennit_value *out)
{
    sn_reader r = sn_reader_of(value + 1, len - 1);
    uint64_t bits = 0;

    *out = (sennit_value){.type = SENNIT_NULL};
    switch (value[0]) {
    case TAG_FALSE:
    case TAG_TRUE:
        out->type = SENNIT_BOOL;
        out->integer = value[0] == TAG_TRUE;
        break;
    case TAG_INT:
        out->type = SENNIT_INT;
        if (sn_read_varint(&r, &bits, NULL) == SENNIT_OK)
            out->integer = sn_unzigzag(bits);
        break;
    case TAG_DOUBLE:
        out->type = SENNIT_DOUBLE;
        bits = sn_get_u64(value + 1);
        memcpy(&out->number, &bits, sizeof bits);
        break;
    case TAG_STRING:
    case TAG_DATA:
        out->type = value[0] == TAG_STRING ? SENNIT_STRING : SENNIT_DATA;
        out->data = value + 1;
        out->len = len - 1;
        break;
    default:
        break;
    }
    return value[0] != TAG_NONE;
}

/* ---- writing ---- */

sennit_status sn_payload_check(const char *name, size_t name_len, const sennit_value *value)
{
    if (name == NULL || name_len == 0)
        return SENNIT_EINVAL;
    if (name_len > SENNIT_ATTR_NAME_MAX)
        return SENNIT_ELIMIT;
    if (sn_utf8_valid((const uint8_t *)name, name_len) != name_len)
        return SENNIT_EUTF8;
    if (value == NULL)
        return SENNIT_OK;
    if ((unsigned)value->type > SENNIT_DATA)
        return SENNIT_EINVAL;
    if (value->type < SENNIT_STRING)
        return SENNIT_OK;
    if (value->data == NULL && value->len > 0)
        return SENNIT_EINVAL;
    if (value->len > SENNIT_ATTR_VALUE_MAX)
        return SENNIT_ELIMIT;
    return value->type == SENNIT_DATA || sn_utf8_valid(value->data, value->len) == value->len
               ? SENNIT_OK
               : SENNIT_EUTF8;
}

static uint8_t *value_put(uint8_t *p, const sennit_value *value)
{
    uint64_t bits;

    switch (value->type) {
    case SENNIT_NULL:
        *p++ = TAG_NULL;
        return p;
    case SENNIT_BOOL:
        *p++ = value->integer != 0 ? TAG_TRUE : TAG_FALSE;
        return p;
    case SENNIT_INT:
        *p++ = TAG_INT;
        return sn_put_varint(p, sn_zigzag(value->integer));
    case SENNIT_DOUBLE:
        *p++ = TAG_DOUBLE;
        memcpy(&bits, &value->number, sizeof bits);
        return sn_put_u64(p, bits);
    default:
        *p++ = value->type == SENNIT_STRING ? TAG_STRING : TAG_DATA;
        if (value->len > 0)
            memcpy(p, value->data, value->len);
        return p + value->len;
    }
}

uint8_t *sn_payload_put(uint8_t *p, const char *name, size_t name_len, const sennit_value *value)
{
    p = sn_put_varint(p, name_len);
    memcpy(p, name, name_len);
    p += name_len;
    if (value != NULL)
        return value_put(p, value);
    *p++ = TAG_NONE;
    return p;
}
