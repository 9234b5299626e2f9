/* Parts of sennit_doc_check. Each returns which invariant is broken, or NULL; or
 * SN_CHECK_NO_MEMORY. */
#ifndef SN_CHECK_H
#define SN_CHECK_H

#include "core/doc/doc.h"

#define SN_CHECK_NO_MEMORY "out of memory"

/* Tell of the bytes that those deletes of a record cover which are on. */
typedef void sn_check_covered(void *arg, uint32_t replica, uint32_t at, uint32_t len);
void sn_check_deletes(sennit_doc *doc, uint32_t author, const sn_op *op, sn_check_covered *covered,
                      void *arg);

/* D4, D5: what toggles decided, against the toggles of all logs. */
const char *sn_check_toggles(sennit_doc *doc);

/* N1 .. N3 and K1 .. K3: notes against the logs, and the index of marks. */
const char *sn_check_notes(sennit_doc *doc);

/* D2: the number of covers beyond the first, against the deletes of all logs. */
const char *sn_check_covers(sennit_doc *doc);

#endif
