/* Marks and metadata the slow way: from all that a naive document knows, each time
 * anew. A port of the model that the design was tried with.
 *
 *     ...left children | B | byte | A | right children...       the slots of a byte
 *
 * A mark covers a byte, or a gap, if it starts at that place or before and ends there
 * or behind; of each name the one with the greatest key counts.
 */
#ifndef TESTS_NAIVE_RICH_H
#define TESTS_NAIVE_RICH_H

#include "support/naive.h"

#define NAIVE_NAMES 6

/* By name; 0: none. */
typedef struct naive_values {
    int of[NAIVE_NAMES];
} naive_values;

/* The marks of each byte of the text, one after the other; *out is the caller's. */
size_t naive_runs(naive *doc, naive_values **out);

/* The metadata. */
naive_values naive_meta(const naive *doc);

/* Mark visible bytes [pos, end). */
void naive_mark(naive *doc, size_t pos, size_t end, unsigned name, int value, bool grows,
                naive_log *log);

/* Insert where the text gets the marks it should have, or say so by marks. */
void naive_rich_insert(naive *doc, size_t pos, const char *text, size_t len, naive_log *log);

#endif
