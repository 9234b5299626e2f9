/* An insert that comes by itself, as most that come do: a character somebody else typed
 * elsewhere in the text, the first word of somebody new.
 *
 * What is done here is what apply.c would do with a batch of this one record, without
 * what a batch needs to be taken back half way. Whatever is not as simple as that, what
 * is wrong with it included, is left to apply.c. */
#ifndef SN_LONE_H
#define SN_LONE_H

#include "core/doc/doc.h"

/* Apply a batch if it is one insert, the next operation of its author, of which all it
 * names is here. *done is how many operations that were; 0 if it is not that simple, or
 * after a failure, and then nothing has been done. Returns SENNIT_OK, SENNIT_ENOMEM,
 * SENNIT_ELIMIT, or why whoever must agree did not. */
sennit_status sn_lone_apply(sennit_doc *doc, const sn_batch *batch, uint32_t *done,
                            sennit_error *err);

#endif
