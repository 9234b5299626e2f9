/* Deleted text that is erased in every replica: redactions.
 *
 * A redaction is a delete of one range which no toggle names (SN_REDACTION), and
 * whoever applies it puts a stand-in for each character of the range, in place:
 *
 *     bytes of a character    1        2        3        4
 *     stand-in                U+001A   U+0080   U+FFFE   U+1FFFE
 *
 * It has as many bytes, so numbers, ends of characters and counts in all units but
 * lines stay as they are, and stand-ins travel and are stored as text. They cannot
 * be compared with what they stand for: where either side of a comparison has one,
 * any character of as many bytes is the same.
 *
 * Invariants
 *   E1  what a redaction names is nothing but stand-ins, or NULs (compact.h)
 */
#ifndef SN_REDACT_H
#define SN_REDACT_H

#include "core/oplog/log.h"
#include "core/oplog/text.h"

/* How many bytes the stand-in has that text begins with, of n bytes; 0 if it begins
 * with none. */
uint32_t sn_stand_in(const uint8_t *text, size_t n);

/* Whether byte `at` of a text is of a stand-in. */
bool sn_text_stands_in(const sn_text *text, uint32_t at);

/* Put stand-ins for bytes [at, at + len), which are whole characters. */
void sn_text_redact(sn_text *text, uint32_t at, uint32_t len);

/* Whether two texts of n bytes are the same but for stand-ins; both are well-formed. */
bool sn_text_same(const uint8_t *mine, const uint8_t *theirs, size_t n);

/* Erase what a redaction names, which is deleted by it already. Cannot fail. */
void sn_doc_redacted(sennit_doc *doc, const sn_op *op);

#endif
