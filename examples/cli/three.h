/* Two texts that came from one, brought together. */
#ifndef THREE_H
#define THREE_H

#include <sennit/sennit.h>

#include "file.h"

/* Append a text that has what was changed from base to ours, and what was changed
 * from base to theirs. Both changes are found by comparing, so this is for when
 * nothing better is known.
 *
 * Returns  SENNIT_OK, SENNIT_EUTF8 (one of them is no text), SENNIT_ELIMIT
 */
sennit_status three_merge(const struct bytes *base, const struct bytes *ours,
                          const sennit_buf *theirs, sennit_buf *out);

#endif
