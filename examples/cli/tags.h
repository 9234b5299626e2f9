/* Names for versions of a document: metadata of it, so everybody has them. */
#ifndef TAGS_H
#define TAGS_H

#include "document.h"

/* Append the version that a tag names; *found tells whether there is such a tag. */
int tags_find(const struct document *d, const char *name, bool *found, sennit_buf *out);

#endif
