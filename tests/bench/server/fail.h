/* What cannot go on is said, and ends the program. */
#ifndef LOAD_FAIL_H
#define LOAD_FAIL_H

#include "sennit/sennit.h"

void die(const char *what);
void must(sennit_status status, const char *what);

/* An array with room for one more than len items. */
void *grow(void *array, size_t len, size_t *room, size_t item);

/* Zeroed memory. */
void *take(size_t n, size_t item);

#endif
