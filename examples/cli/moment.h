/* Points in a document's past, as people say them.
 *
 *     now                     the present
 *     draft-2                 a tag; see tags.h
 *     17                      the state after change 17 of 'sennit log'
 *     2026-11-24 12:30        the end of a day, a minute or a second, local time
 *     2026-11-24T12:30:05Z    the same in UTC
 *     03a1...                 the word of 'sennit version --hex', or a file with it
 */
#ifndef MOMENT_H
#define MOMENT_H

#include "document.h"

/* Append the version that a word stands for. What is wrong with it is printed. */
int moment_version(const struct document *d, const char *word, sennit_buf *out);

/* Read a version as it is: the digits of 'version --hex', or a file (- is standard
 * input) with what --hex or --raw printed. Free with bytes_free. */
int moment_bytes(const char *word, struct bytes *out);

/* Whether a word means something without being a tag, and can be none. */
bool moment_is_taken(const char *word);

#endif
