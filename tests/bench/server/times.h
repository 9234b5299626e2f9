/* How long things took. */
#ifndef LOAD_TIMES_H
#define LOAD_TIMES_H

#include <stddef.h>
#include <stdint.h>

/* All zero is an empty one. */
struct times {
    uint32_t *us;
    size_t len, room;
};

/* Note one that began then and is over now. */
void times_since(struct times *times, uint64_t since_us);

/* The smallest that so many percent are not above, in ms; 0 of none. Sorts. */
double times_ms(struct times *times, unsigned percent);

void times_clear(struct times *times);

#endif
