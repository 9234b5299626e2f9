/* An assertion that stays in release builds and needs no test framework, so
 * that fuzz targets can share what tests use. */
#ifndef TESTS_REQUIRE_H
#define TESTS_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define require(x)                                                                  \
    do {                                                                            \
        if (!(x)) {                                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #x);  \
            abort();                                                                \
        }                                                                           \
    } while (0)

/* Room for one more item in an array that holds n; doubles it when it is full. */
static inline void *require_room(void *array, size_t n, size_t item)
{
    if (n & (n - 1))
        return array;
    array = realloc(array, (n > 0 ? 2 * n : 1) * item);
    require(array != NULL);
    return array;
}

#endif
