/* What a replica's first operations come to, as one number. */
#ifndef SN_DIGEST_H
#define SN_DIGEST_H

#include "core/doc/doc.h"

/* sennit_doc_digest of a count that is known and not below the replica's cut. */
uint64_t sn_digest_known(const sennit_doc *doc, uint32_t index, uint32_t seq);

/* The digests with every byte that was typed, and of payloads, as NUL: they can be told
 * whatever was erased or dropped.
 * counts: ascending, none of more than is known. */
void sn_digest_shapes(const sennit_doc *doc, uint64_t replica, const uint64_t *counts, size_t n,
                      uint64_t *digests);

/* The digests, or the shapes' where those cannot be told. Returns SENNIT_OK; SENNIT_EINVAL,
 * SENNIT_ERANGE as sennit_doc_digest. */
sennit_status sn_digest_told(const sennit_doc *doc, uint64_t replica, const uint64_t *counts, size_t n,
                             uint64_t *digests);

#endif
