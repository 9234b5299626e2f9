/* Documents opened and saved: all operations at once, and text in document order. */
#ifndef SN_RESTORE_H
#define SN_RESTORE_H

#include "core/renew/compact.h"

/* Text of a snapshot: visible text in document order; deleted text, but for what is
 * erased, by replica in the order of the batch's ids, then by number. */
typedef struct sn_restore {
    const uint8_t *visible, *deleted;
    size_t visible_len, deleted_len;
    sn_cuts cuts;
} sn_restore;

/* Fill an empty document with all its operations; the records are changed. A
 * document for which that fails is fit to be freed only. */
sennit_status sn_doc_restore(sennit_doc *doc, sn_batch *batch, const sn_restore *text,
                             sennit_error *err);

/* Append deleted text as sn_restore has it; ids: as in a batch of everything.
 * erased: NULL if nothing is. */
sennit_status sn_doc_deleted_text(sennit_doc *doc, const uint64_t *ids, uint32_t n,
                                  const sn_erased *erased, sennit_buf *out);

#endif
