/* Of the C library, what sennit asks for; see libc.c. */
#ifndef LIBC_STDLIB_H
#define LIBC_STDLIB_H
#include <stddef.h>

void *realloc(void *ptr, size_t size);
void free(void *ptr);

#endif
