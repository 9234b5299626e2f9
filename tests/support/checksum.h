/* Makes damaged bytes look undamaged, so that what lies behind the checksums is
 * tested as well. */
#ifndef TESTS_CHECKSUM_H
#define TESTS_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Put right the checksums of a delta (made without a table if it is short) or of
 * a snapshot, as far as its parts can be found. */
void checksum_fix(uint8_t *data, size_t len);

#endif
