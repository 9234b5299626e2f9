/* Local edits by bytes, and what every own operation begins with. */
#ifndef SN_EDIT_H
#define SN_EDIT_H

#include "core/doc/doc.h"

/* Insert and delete in bytes; all checks but those of whole characters. */
sennit_status sn_doc_insert_bytes(sennit_doc *doc, uint32_t at, const uint8_t *text, uint32_t len);
sennit_status sn_doc_delete_bytes(sennit_doc *doc, uint32_t at, uint32_t len);

/* Whether text may be inserted: SENNIT_EINVAL, SENNIT_ELIMIT, SENNIT_EUTF8. */
sennit_status sn_edit_check_text(const char *text, size_t len);

/* A range in the document's unit as bytes: SENNIT_ERANGE, SENNIT_EUTF8. */
sennit_status sn_edit_range(sennit_doc *doc, size_t pos, size_t n, uint32_t *at, uint32_t *len);

/* Insert at byte `at` of the text, right behind a byte, deleted or not (leaf NULL: before
 * all there is). */
sennit_status sn_edit_insert_behind(sennit_doc *doc, uint32_t at, sn_place left,
                                    const uint8_t *text, uint32_t len);

/* What every own operation begins with: this replica and a lineage. */
sennit_status sn_edit_start(sennit_doc *doc);

/* Make sure of a change for an operation that names one of change `named`: *hlc
 * is 0 if the open one serves, else the time of one to be made by
 * sn_edit_change, for which there is room then. */
sennit_status sn_edit_reserve_change(sennit_doc *doc, uint32_t named, uint64_t *hlc);
void sn_edit_change(sennit_doc *doc, uint64_t hlc);

#endif
