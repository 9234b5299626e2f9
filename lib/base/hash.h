/* Hashes that are not secret-keyed: checksums, and lineage of seeded text.
 *
 * XXH64 by its public specification ("xxHash fast digest algorithm", version
 * 0.1.1), because it is fast in plain C and every language has it.
 */
#ifndef SN_HASH_H
#define SN_HASH_H

#include "base/base.h"

uint64_t sn_hash64(const void *data, size_t len, uint64_t seed);

#endif
