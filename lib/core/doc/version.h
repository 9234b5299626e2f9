/* Version vectors as bytes, against what a document knows.
 *
 *     version := (replica:8 count:varint)*     in ascending order of ids, counts > 0
 */
#ifndef SN_VERSION_H
#define SN_VERSION_H

#include "core/doc/doc.h"

/* An entry of a version: so many operations of a replica. What is wanted of it
 * begins there. */
typedef struct sn_wanted {
    uint32_t replica, seq;
} sn_wanted;

/* Entries for all replicas of the roster, with what is known; NULL if there is no
 * memory. *size is that of the block, to free it with. */
sn_wanted *sn_version_new(sennit_doc *doc, size_t *size);

/* Read a version into entries for all replicas of the roster. What it counts that
 * is not known here is left out; *unknown tells whether there is any. */
sennit_status sn_version_read(sennit_doc *doc, const void *version, size_t len, sn_wanted *out,
                              bool *unknown, sennit_error *err);

/* Append entries of all replicas of the roster as a version. */
sennit_status sn_version_put(sennit_doc *doc, const sn_wanted *of, sennit_buf *out);

/* Read what a version lacks: entries for the replicas that have more here.
 * *out has room for all replicas of the roster. */
sennit_status sn_version_wanted(sennit_doc *doc, const void *since, size_t len, sn_wanted *out,
                                uint32_t *n, sennit_error *err);

/* SENNIT_EGONE if text of what is wanted may be gone. */
sennit_status sn_erased_wanted(const sennit_doc *doc, const sn_wanted *wanted, uint32_t n,
                               sennit_error *err);

#endif
