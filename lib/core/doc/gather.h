/* Operations read off the logs as a batch: what a version lacks, or all. */
#ifndef SN_GATHER_H
#define SN_GATHER_H

#include "core/doc/version.h"

/* A batch with memory of its own; its text is the document's. */
typedef struct sn_gathered {
    sn_mem *mem;
    sn_batch batch;
    uint32_t ids_cap, segments_cap, ops_cap;
    uint32_t *names;  /* per replica of the roster: its index in ids + 1, or 0 */
    uint32_t names_cap;
} sn_gathered;

void sn_gathered_free(sn_gathered *g);

/* Collect the operations from these on, or all that are known, segments in
 * ascending order of keys. Free *out also after a failure. */
sennit_status sn_gather(sennit_doc *doc, const sn_wanted *wanted, uint32_t n, sn_gathered *out);
sennit_status sn_gather_all(sennit_doc *doc, sn_gathered *out);

/* Collect the first of them, about `most` bytes (more than 0) as a delta. Keys order
 * them, so whoever has all that is not wanted can take each part at once. wanted
 * (ascending by replica) is moved on to what is left; void after a failure. */
sennit_status sn_gather_part(sennit_doc *doc, sn_wanted *wanted, uint32_t n, uint64_t most,
                             sn_gathered *out);

#endif
