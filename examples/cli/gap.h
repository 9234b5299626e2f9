/* A plain gap buffer: bytes, and nothing that could be merged.
 *
 * It is the floor that the benchmark measures against: what an editor pays that
 * shares its text with nobody.
 *
 *     data:  the text before the gap | gap | the text after it
 *            0                   start     end              cap
 */
#ifndef GAP_H
#define GAP_H

#include <stddef.h>

struct gap {
    char *data;
    size_t start;
    size_t end;
    size_t cap;
};

void gap_init(struct gap *gap, const char *text, size_t len);
void gap_free(struct gap *gap);

/* Delete n bytes at pos and insert len bytes there; pos and n lie inside. */
void gap_splice(struct gap *gap, size_t pos, size_t n, const char *text, size_t len);

static inline size_t gap_len(const struct gap *gap)
{
    return gap->cap - (gap->end - gap->start);
}

static inline char gap_at(const struct gap *gap, size_t pos)
{
    return gap->data[pos < gap->start ? pos : pos + (gap->end - gap->start)];
}

/* Tell whether the buffer holds exactly this text. */
int gap_is(const struct gap *gap, const char *text, size_t len);

#endif
