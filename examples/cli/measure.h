/* Measuring: CPU time, medians, memory that is counted. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include <sennit/sennit.h>

#define MEASURE_ROUNDS 9
#define MEASURE_MAX_ROUNDS 1001

/* CPU time of this process in nanoseconds: what others on the machine do does
 * not count, though they still take cache and memory bandwidth. */
uint64_t measure_ns(void);

/* Return the median, sorting the values. */
double measure_median(double *values, size_t n);
double measure_median_bytes(size_t *values, size_t n);

/* An allocator that counts what it holds. */
struct measure_memory {
    size_t live;
    size_t peak;
};

sennit_alloc measure_alloc(struct measure_memory *memory);

/* Bytes after compression with zstd at level 3; 0 if it fails. */
size_t measure_zstd(const void *data, size_t len);

#endif
