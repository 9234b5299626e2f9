/* A name and a value, as marks and metadata have them, in bytes; docs/FORMAT.md,
 * "Notes".
 *
 *     payload := len:varint name value       value := tag [content]
 */
#ifndef SN_VALUE_H
#define SN_VALUE_H

#include "base/base.h"

#define SN_NOTE_MAX (2u + SENNIT_ATTR_NAME_MAX + 1u + SENNIT_ATTR_VALUE_MAX) /* bytes of a payload */

typedef struct sn_payload {
    const uint8_t *name, *value;
    uint32_t name_len, value_len;
} sn_payload;

/* Read a payload that takes all of len bytes, which stand at `pos` of what the caller
 * reads. Returns SENNIT_OK, SENNIT_ECORRUPT, SENNIT_EVERSION (a tag of a later
 * release). */
sennit_status sn_payload_read(const uint8_t *data, size_t len, size_t pos, sn_payload *out,
                              sennit_error *err);

/* Whether a host may give this: SENNIT_EINVAL, SENNIT_EUTF8, SENNIT_ELIMIT. value NULL:
 * the name loses its value. */
sennit_status sn_payload_check(const char *name, size_t name_len, const sennit_value *value);

/* Write a payload that was checked at p, which has room for SN_NOTE_MAX bytes or for
 * name and content and 16 more; returns its end. */
uint8_t *sn_payload_put(uint8_t *p, const char *name, size_t name_len, const sennit_value *value);

/* The value that was read before; false if it says that there is none. */
bool sn_value_get(const uint8_t *value, uint32_t len, sennit_value *out);

#endif
