/* Typing in a text with marks. */
#ifndef SN_CARET_H
#define SN_CARET_H

#include "core/doc/doc.h"

/* sn_doc_insert_bytes in a document that has marks: where the text gets those that it
 * should, if need be by marks of its own. All or nothing. */
sennit_status sn_caret_insert(sennit_doc *doc, uint32_t at, const uint8_t *text, uint32_t len);

#endif
