/* What a replica's first operations come to, as one number. */
#ifndef SN_DIGEST_H
#define SN_DIGEST_H

#include "core/doc/doc.h"

/* sennit_doc_digest of a count that is known and not below the replica's cut. */
uint64_t sn_digest_known(const sennit_doc *doc, uint32_t index, uint32_t seq);

#endif
