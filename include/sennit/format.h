/* sennit: rich text in and out, as HTML, Markdown and Quill Delta.
 *
 * What these formats say in their own ways is in a document a mark of this name and
 * value (sennit.h, "Marks"):
 *
 *     mark          value                     HTML        Markdown   Delta
 *     bold          true                      strong      **         bold
 *     italic        true                      em          *          italic
 *     code          true                      code        `          code
 *     strike        true                      s           -          strike
 *     underline     true                      u           -          underline
 *     link          string, the address       a           [](...)    link
 *     block         string, see below         see below   see below  on the newline
 *     embed         string, "image:" and its  img         ![](...)   an insert of
 *                   address, or "rule"        hr          ---        an object
 *
 *     block         HTML                      Markdown    Delta
 *     heading:1..6  h1 .. h6                  #           header: 1..6
 *     bullet:LEVEL  ul, li                    -           list: bullet, indent: LEVEL
 *     ordered:LEVEL ol, li                    1.          list: ordered, indent: LEVEL
 *     quote         blockquote                >           blockquote: true
 *     code, code:LANGUAGE  pre                ```         code-block: true, or LANGUAGE
 *
 * LEVEL is 0 at the margin, and 7 at most. U+2028 is a line break inside a block. Other
 * marks are in Delta only: attributes of their name. So are attributes of a newline that
 * its block does not tell: a list that is "checked" is one of bullets, with a mark "list".
 * What grows is every mark but "link", "block", "embed", and those that begin with
 * "comment".
 *
 * Addresses of other schemes than http, https and mailto are left out of HTML and of
 * Markdown; what is marked with them stays, as plain text.
 *
 * Calls for one document must not overlap; see sennit.h.
 */
#ifndef SENNIT_FORMAT_H
#define SENNIT_FORMAT_H

#include "sennit/sennit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Append the document in a format. HTML is a fragment for the inside of a body: every
 * character of text is escaped, and there are no tags and attributes but those above.
 *
 * Delta is as Quill would have it: inserts side by side differ in their attributes.
 *
 * Returns  SENNIT_OK
 * Cost     O(text + marks)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_format_html(const sennit_doc *doc, sennit_buf *out);
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_format_markdown(const sennit_doc *doc, sennit_buf *out);
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_format_delta(const sennit_doc *doc, sennit_buf *out);

/* Let the document read as this, by edits as small as sennit_doc_replace makes them, and
 * the marks that differ, all or none.
 *
 * Markdown is CommonMark; raw HTML in it stays as the text it is. Of items and quotes
 * each paragraph becomes a line of its own. Delta is a JSON array of inserts, or an
 * object whose "ops" is one; attributes are plain values, and inserts that are no text
 * objects of one member whose value is a string, or true. Attributes "block" and "embed"
 * that are strings are left out.
 *
 * Returns  SENNIT_OK
 *          SENNIT_ECORRUPT  no such JSON; err->pos says where, if that is known
 *          SENNIT_EUTF8, SENNIT_ELIMIT
 *          SENNIT_EBUSY     a transaction is open
 * Cost     as sennit_doc_replace, and as sennit_mark_add for each mark
 * Source   CommonMark 0.30; Quill's Delta
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_format_read_markdown(sennit_doc *doc, const char *text, size_t len, sennit_error *err);
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_format_read_delta(sennit_doc *doc, const char *json, size_t len, sennit_error *err);

#ifdef __cplusplus
}
#endif
#endif
