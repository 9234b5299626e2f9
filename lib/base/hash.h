/* Hashes that are not secret-keyed: checksums, and lineage of seeded text. */
#ifndef SN_HASH_H
#define SN_HASH_H

#include "base/base.h"

/* XXH64 by its public specification ("xxHash fast digest algorithm", version
 * 0.1.1), because it is fast in plain C and every language has it. */
uint64_t sn_hash64(const void *data, size_t len, uint64_t seed);

/* The checksum of a section of a snapshot; docs/FORMAT.md, "Conventions". A text
 * is checked before it is shown, and most of the time is this: it takes half as
 * many multiplications as XXH64. Damage within eight bytes is always noticed. */
uint64_t sn_sum64(const void *data, size_t len, uint64_t seed);

#endif
