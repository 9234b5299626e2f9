/* Checksums of what is stored: BLAKE2b (RFC 7693) of 16 bytes. They cover what a
 * record is and where it belongs, so one that strayed is damaged as well. */
#ifndef SN_CHECKSUM_H
#define SN_CHECKSUM_H

#include "store/store.h"

#define SN_CHECKSUM 16 /* bytes */

/* What is summed. */
typedef struct sn_summed {
    uint8_t kind;     /* a sennit_stored, or SN_SUM_STATE */
    uint64_t position;
    uint64_t through; /* of a snapshot; else 0 */
    const char *name;
    const char *key;  /* of a fact; else "" */
    const void *data;
    size_t len;
} sn_summed;

#define SN_SUM_STATE 255u

/* Call before the first sum. SENNIT_OK, SENNIT_EIO. */
sennit_status sn_checksum_start(void);

void sn_checksum(const sn_summed *summed, uint8_t out[SN_CHECKSUM]);

#endif
