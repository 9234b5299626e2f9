/* Between operations one by one, as naive.h has them, and the library's runs. */
#ifndef TESTS_OPS_H
#define TESTS_OPS_H

#include "core/oplog/batch.h"
#include "support/naive.h"

/* A batch and the memory it points to. */
typedef struct ops_batch {
    sn_batch batch;
    uint64_t *ids;
    sn_segment *segments;
    sn_op *ops;
    uint8_t *text;
    size_t text_len;
} ops_batch;

/* Gather operations, in any order and each at most once, as a decoder would:
 * sorted, in segments, joined into runs. Characters must be whole. */
void ops_gather(ops_batch *out, const naive_op *const *ops, size_t n);
void ops_free(ops_batch *b);

/* Add the operations of a record to a log. ids: what replicas in it mean. A
 * delete of several ranges is whole once its last one was added. */
void ops_expand(naive_log *log, const uint64_t *ids, uint64_t author, uint64_t hlc,
                const sn_op *op, const uint8_t *text);

/* The same for all of a batch. */
void ops_expand_batch(naive_log *log, const sn_batch *batch);

#endif
