#include "times.h"
#include "chance.h"
#include "fail.h"

#include <stdlib.h>

void times_since(struct times *times, uint64_t since_us)
{
    times->us = grow(times->us, times->len, &times->room, sizeof *times->us);
    times->us[times->len++] = (uint32_t)(now_us() - since_us);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

double times_ms(struct times *times, unsigned percent)
{
    if (times->len == 0)
        return 0;
    qsort(times->us, times->len, sizeof *times->us, by_size);
    return times->us[(times->len - 1) * percent / 100] / 1000.0;
}

void times_clear(struct times *times)
{
    free(times->us);
    *times = (struct times){NULL, 0, 0};
}
