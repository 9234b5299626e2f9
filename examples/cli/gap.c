/* A plain gap buffer: bytes, and nothing that could be merged. */
#include "gap.h"
#include "cli.h"

#include <stdlib.h>
#include <string.h>

void gap_init(struct gap *gap, const char *text, size_t len)
{
    gap->cap = len + 1024;
    gap->data = cli_resize(NULL, gap->cap, 1);
    gap->start = len;
    gap->end = gap->cap;
    if (len > 0)
        memcpy(gap->data, text, len);
}

void gap_free(struct gap *gap)
{
    free(gap->data);
    gap->data = NULL;
}

static void gap_grow(struct gap *gap, size_t len)
{
    size_t cap = gap->cap * 2 + len;
    size_t tail = gap->cap - gap->end;

    gap->data = cli_resize(gap->data, cap, 1);
    memmove(gap->data + cap - tail, gap->data + gap->end, tail);
    gap->end = cap - tail;
    gap->cap = cap;
}

static void gap_move(struct gap *gap, size_t pos)
{
    if (pos < gap->start) {
        size_t move = gap->start - pos;

        gap->start -= move;
        gap->end -= move;
        memmove(gap->data + gap->end, gap->data + gap->start, move);
    } else {
        size_t move = pos - gap->start;

        memmove(gap->data + gap->start, gap->data + gap->end, move);
        gap->start += move;
        gap->end += move;
    }
}

/* A floor should be as low as it can be had: typing one byte calls nothing, and
 * deleting what was just typed moves nothing. */
void gap_splice(struct gap *gap, size_t pos, size_t n, const char *text, size_t len)
{
    if (pos + n == gap->start) {
        gap->start = pos;
    } else {
        if (pos != gap->start)
            gap_move(gap, pos);
        gap->end += n;
    }
    if (len > gap->end - gap->start)
        gap_grow(gap, len);
    if (len == 1)
        gap->data[gap->start] = *text;
    else if (len > 1)
        memcpy(gap->data + gap->start, text, len);
    gap->start += len;
}

int gap_is(const struct gap *gap, const char *text, size_t len)
{
    if (gap_len(gap) != len)
        return 0;
    return memcmp(gap->data, text, gap->start) == 0
           && memcmp(gap->data + gap->end, text + gap->start, len - gap->start) == 0;
}
