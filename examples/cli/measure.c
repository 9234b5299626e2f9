/* Measuring: CPU time, medians, memory that is counted. */
#include "measure.h"
#include "cli.h"

#include <stdlib.h>
#include <time.h>
#include <zstd.h>

uint64_t measure_ns(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int measure_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double measure_median(double *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, measure_compare);
    return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static int measure_compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

double measure_median_bytes(size_t *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, measure_compare_sizes);
    return (double)values[n / 2];
}

static void *measure_resize(void *self, void *ptr, size_t old_size, size_t new_size)
{
    struct measure_memory *memory = self;
    void *fresh = NULL;

    if (new_size == 0)
        free(ptr);
    else if ((fresh = realloc(ptr, new_size)) == NULL)
        return NULL;
    memory->live += new_size - old_size;
    if (memory->peak < memory->live)
        memory->peak = memory->live;
    return fresh;
}

sennit_alloc measure_alloc(struct measure_memory *memory)
{
    return (sennit_alloc){ .resize = measure_resize, .self = memory };
}

size_t measure_zstd(const void *data, size_t len)
{
    size_t cap = ZSTD_compressBound(len);
    void *out = cli_alloc(cap, 1);
    size_t n = ZSTD_compress(out, cap, data, len, 3);

    free(out);
    return ZSTD_isError(n) ? 0 : n;
}
