/* Names for versions of a document.
 *
 * They are in FILE.sennit-tags, a JSON object of names and hexadecimal versions,
 * and stay on this device: a fork or a peer does not get them, but the version
 * that a tag prints means the same everywhere.
 */
#ifndef TAGS_H
#define TAGS_H

#include "document.h"

/* Append the version that a tag names; *found tells whether there is such a tag. */
int tags_find(const struct document *d, const char *name, bool *found, sennit_buf *out);

#endif
