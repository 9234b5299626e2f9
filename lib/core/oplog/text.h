/* The text of one replica: every byte it ever inserted, in that order.
 *
 * Append-only, so a span of a document is a number and a length, and finding
 * its bytes is arithmetic. Deleted text stays.
 *
 * Each full block has a mark, the counts of everything up to its end, so a
 * range of any length is counted by looking at two blocks at most:
 *
 *     bytes  |----------|----------|----------|---
 *     marks            [0]        [1]        [2]
 */
#ifndef SN_TEXT_H
#define SN_TEXT_H

#include "base/mem.h"
#include "base/utf8.h"

#ifndef SN_TEXT_BLOCK
#define SN_TEXT_BLOCK 1024u
#endif

/* A text with room for no more has its bytes in memory that somebody else owns. */
#define SN_TEXT_NEST 24u

typedef struct sn_text_mark {
    uint32_t cont, wide, lines;
} sn_text_mark;

typedef struct sn_text {
    uint8_t *bytes;
    sn_text_mark *marks;
    uint32_t len, cap;
    uint32_t marks_len, marks_cap;
} sn_text;

void sn_text_free(sn_text *text, sn_mem *mem);

/* Make room for n more bytes: sn_text_append of as many cannot fail then.
 * Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT. */
sennit_status sn_text_reserve(sn_text *text, sn_mem *mem, uint64_t n);

/* Count the blocks that were filled since the last call. */
void sn_text_mark_blocks(sn_text *text);

/* Append whole characters; room was reserved. */
static inline void sn_text_append(sn_text *text, const void *bytes, uint32_t n)
{
    SN_ASSERT(text->cap - text->len >= n);
    if (n == 1)
        text->bytes[text->len] = *(const uint8_t *)bytes;
    else
        memcpy(text->bytes + text->len, bytes, n);
    text->len += n;
    if (SN_UNLIKELY(text->len / SN_TEXT_BLOCK > text->marks_len))
        sn_text_mark_blocks(text);
}

/* Append n bytes that are written later; their blocks are then to be marked. */
static inline void sn_text_append_unknown(sn_text *text, uint32_t n)
{
    SN_ASSERT(text->cap - text->len >= n);
    text->len += n;
}

/* Forget everything from a length on. */
void sn_text_truncate(sn_text *text, uint32_t len);

/* Count bytes [at, at + len), which begin and end between characters. */
sn_count sn_text_count_more(const sn_text *text, uint32_t at, uint32_t len);
static inline sn_count sn_text_count(const sn_text *text, uint32_t at, uint32_t len)
{
    if (len == 1)
        return (sn_count){1, 0, 0, text->bytes[at] == '\n'};
    return sn_text_count_more(text, at, len);
}

/* As sn_utf8_skip, over bytes [at, at + len): how far in n units are gone by. */
uint32_t sn_text_skip(const sn_text *text, uint32_t at, uint32_t len, sennit_unit unit,
                      uint32_t n);

/* Whether a place lies between two characters (or at either end). */
static inline bool sn_text_boundary(const sn_text *text, uint64_t at)
{
    return at >= text->len || !sn_utf8_is_cont(text->bytes[at]);
}

#endif
