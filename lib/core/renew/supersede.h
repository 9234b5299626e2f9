/* Names and values that can never count again.
 *
 * A mark or a set is *settled* if it is below its author's cut and no toggle names it:
 * as a toggle that switches it off is refused from then on, it stays on. It is
 * *superseded* by a settled one of the same name with a greater key
 *
 *   a set    always
 *   a mark   that lies over all of it, and grows if it does; also one without extent
 *
 * The payload of what is superseded may be dropped. Its operation stays; the payload
 * then counts as NULs, as erased text does (compact.h), and the note has no name.
 */
#ifndef SN_SUPERSEDE_H
#define SN_SUPERSEDE_H

#include "core/doc/doc.h"

/* Find what is superseded by the cuts as they stand: sn_note.gone of all notes, those
 * included that were dropped before; *any: whether there are some. Returns SENNIT_OK,
 * SENNIT_ENOMEM (only the latter have it then). Cost O(n log n) in notes. */
sennit_status sn_superseded_find(sennit_doc *doc, bool *any);

/* Take sn_note.gone back from what is not dropped. */
void sn_superseded_forget(sennit_doc *doc);

/* Drop the payloads of what was found. */
void sn_superseded_drop(sennit_doc *doc);

#endif
