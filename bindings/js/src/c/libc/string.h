/* Of the C library, what sennit asks for; see libc.c. */
#ifndef LIBC_STRING_H
#define LIBC_STRING_H
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *in, int byte, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
size_t strspn(const char *s, const char *accept);

#endif
