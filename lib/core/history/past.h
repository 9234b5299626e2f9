/* What was visible at a version: a bit for each byte that was there by then, set if
 * it was deleted by then.
 *
 *     replica 0    counts 9 bytes of 12    0 0 0 1 1 0 0 0 0
 *     replica 1    counts none of 5
 *     replica 2    counts 4 bytes of 4     1 1 0 0
 *
 * The order of the text never changes, so the tree of now, read with these bits in
 * place of its own, is the text of then. Filling them takes one pass over the
 * logs.
 */
#ifndef SN_PAST_H
#define SN_PAST_H

#include "core/doc/version.h"

/* Bytes of a replica that stand side by side. */
typedef struct sn_range {
    uint32_t replica, at, len;
} sn_range;

typedef struct sn_ranges {
    sn_range *at;
    size_t len, cap;
} sn_ranges;

/* Append a range; one that continues the last is one with it. */
sennit_status sn_ranges_add(sn_ranges *ranges, sn_mem *mem, uint32_t replica, uint32_t at,
                            uint32_t len);
void sn_ranges_free(sn_ranges *ranges, sn_mem *mem);

/* What a version counts of a replica. */
typedef struct sn_past_of {
    uint32_t seq, number; /* operations; bytes, of whole characters */
    size_t at;            /* word of its first bit */
} sn_past_of;

typedef struct sn_past {
    sennit_doc *doc;
    sn_past_of *of;      /* of each replica of the roster */
    uint64_t *gone;      /* the bits */
    sn_switch *switches; /* what decided then of each delete that doc->switches tells of */
    uint32_t replicas_len, switches_len;
    size_t words;
} sn_past;

/* Look at a version from anywhere.
 *
 * Returns  SENNIT_OK; SENNIT_ECORRUPT, SENNIT_EGONE, SENNIT_EBUSY as in sennit.h,
 *          "History"
 * Owns     free with sn_past_close, also after a failure
 */
sennit_status sn_past_open(sennit_doc *doc, const void *version, size_t len, sn_past *out);
void sn_past_close(sn_past *past);

/* How many bytes from one on, at most len, all were visible or all were not; *there
 * tells which. What came since sn_past_open was not there. */
uint32_t sn_past_run(const sn_past *past, uint32_t replica, uint32_t number, uint32_t len,
                     bool *there);

/* ---- history_splice.c ---- */

/* What stood at [pos, pos + n) in the text of a version, in that order.
 *
 * Returns  SENNIT_OK; SENNIT_ERANGE, SENNIT_EUTF8, SENNIT_ENOMEM, and those of
 *          sn_past_open
 * Owns     free *out also after a failure
 */
sennit_status sn_past_ranges(sennit_doc *doc, const void *version, size_t len, sennit_unit unit,
                             size_t pos, size_t n, sn_ranges *out);

#endif
