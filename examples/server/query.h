/* Parameters of a request, and versions in them. */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include <sennit/sennit.h>

/* Find a parameter: what follows "NAME=", or NULL. */
const char *query_find(const char *query, const char *name);

/* Whether the value of a parameter is this. */
bool query_is(const char *value, const char *word);

/* A version is its own tag, in hexadecimal digits; a very long one is told by a
 * digest of it, behind a "~". Append the tag, with its quotes and a NUL. */
bool query_put_tag(const void *version, size_t len, sennit_buf *out);

/* Read the value of a parameter as a version: its tag, with the quotes or without.
 * The digest of a long version can only be `now`, which may be NULL: else *other is
 * set, and false returned. False too if it is no version, or memory ran out. */
bool query_version(const char *value, const sennit_buf *now, sennit_buf *out, bool *other);

#endif
