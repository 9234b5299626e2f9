/* Rich text in tests: written as "plain [strong=1|bold] text". */
#ifndef TESTS_RICH_H
#define TESTS_RICH_H

#include <sennit/sennit.h>

#include <stdbool.h>

/* n units of a document from pos on, as runs: those without marks as they are, others as
 * `[name=value name=value|text]`. Numbers are decimal, strings plain. */
void rich_read(const sennit_doc *doc, size_t pos, size_t n, sennit_buf *out);

/* Whether all of a document is this; says what it is if not. */
bool rich_is(const sennit_doc *doc, const char *want);

/* Mark with an integer, or with 0 take it off; bold and em grow, others do not. */
void rich_mark(sennit_doc *doc, size_t pos, size_t end, const char *name, int value);

#endif
