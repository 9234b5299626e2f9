#include "fail.h"

#include <stdio.h>
#include <stdlib.h>

void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

void must(sennit_status status, const char *what)
{
    if (status == SENNIT_OK)
        return;
    fprintf(stderr, "load: %s: %s\n", what, sennit_status_text(status));
    exit(1);
}

void *grow(void *array, size_t len, size_t *room, size_t item)
{
    if (len < *room)
        return array;
    *room = *room > 0 ? *room * 2 : 1024;
    if ((array = realloc(array, *room * item)) == NULL)
        die("out of memory");
    return array;
}

void *take(size_t n, size_t item)
{
    void *memory = calloc(n, item);

    if (memory == NULL)
        die("out of memory");
    return memory;
}
