/* Batches of operations made by hand, such as no document would write. */
#ifndef TESTS_FORGE_H
#define TESTS_FORGE_H

#include "core/oplog/batch.h"

#define FORGE_ROOT UINT64_MAX /* as a replica: no byte, the root */
#define FORGE_MAX 400

typedef struct forge {
    sn_batch batch;
    size_t text_len;
    uint64_t ids[FORGE_MAX];
    sn_segment segments[FORGE_MAX];
    sn_op ops[FORGE_MAX];
    uint8_t text[16 * FORGE_MAX];
} forge;

/* Start with nothing: no lineage, no replicas. */
void forge_start(forge *f);

/* The batch's index of a replica, which is added if need be. */
uint32_t forge_id(forge *f, uint64_t id);

/* Begin a segment; what follows is in it. seq and number are those of its first
 * operation and byte; later operations count on from there. */
void forge_segment(forge *f, uint64_t author, uint64_t hlc, uint32_t seq, uint32_t number);

/* Add operations to it, as the records they are told as. */
void forge_insert(forge *f, uint64_t of, uint32_t parent, bool left, const char *text);
void forge_delete(forge *f, uint64_t of, uint32_t ref, uint32_t n, uint32_t len, bool down);
void forge_range(forge *f, uint64_t of, uint32_t ref, uint32_t len, sn_part part);
void forge_toggle(forge *f, uint64_t of, uint32_t seq, bool on);

#endif
