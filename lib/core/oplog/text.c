#include "core/oplog/text.h"

#include "base/bytes.h"

void sn_text_free(sn_text *text, sn_mem *mem)
{
    if (text->cap > SN_TEXT_NEST)
        sn_mem_free(mem, text->bytes, text->cap);
    sn_mem_free(mem, text->marks, text->marks_cap * sizeof *text->marks);
    *text = (sn_text){0};
}

sennit_status sn_text_reserve(sn_text *text, sn_mem *mem, uint64_t n)
{
    uint64_t need = text->len + n;

    if (SN_LIKELY(need <= text->cap))
        return SENNIT_OK;
    if (need > SN_MAX_TEXT)
        return SENNIT_ELIMIT;
    /* Marks first: more marks than bytes do no harm, the reverse would. */
    SN_TRY(sn_mem_grow32(mem, (void **)&text->marks, &text->marks_cap,
                         2 * (size_t)need / SN_TEXT_BLOCK, sizeof *text->marks));
    return sn_mem_grow_nested(mem, (void **)&text->bytes, &text->cap, SN_TEXT_NEST, (size_t)need, 1);
}

void sn_text_mark_blocks(sn_text *text)
{
    while (text->marks_len < text->len / SN_TEXT_BLOCK) {
        uint32_t k = text->marks_len;
        sn_count c = sn_utf8_count(text->bytes + (size_t)k * SN_TEXT_BLOCK, SN_TEXT_BLOCK);
        sn_text_mark last = k > 0 ? text->marks[k - 1] : (sn_text_mark){0, 0, 0};

        SN_ASSERT(k < text->marks_cap);
        text->marks[k] = (sn_text_mark){last.cont + c.cont, last.wide + c.wide,
                                        last.lines + c.lines};
        text->marks_len++;
    }
}

void sn_text_truncate(sn_text *text, uint32_t len)
{
    text->len = len;
    if (text->marks_len > len / SN_TEXT_BLOCK)
        text->marks_len = len / SN_TEXT_BLOCK;
}

/* Counts of [0, k blocks). */
static sn_count text_mark(const sn_text *text, uint32_t k)
{
    if (k == 0)
        return (sn_count){0, 0, 0, 0};
    const sn_text_mark *m = &text->marks[k - 1];
    return (sn_count){k * SN_TEXT_BLOCK, m->cont, m->wide, m->lines};
}

/* Counts of [0, at), from the nearer end of a block. */
static sn_count text_before(const sn_text *text, uint32_t at)
{
    uint32_t k = at / SN_TEXT_BLOCK, in = at % SN_TEXT_BLOCK;
    sn_count sum, some;

    if (in > SN_TEXT_BLOCK / 2 && k < text->marks_len) {
        sum = text_mark(text, k + 1);
        some = sn_utf8_count(text->bytes + at, SN_TEXT_BLOCK - in);
        sn_count_sub(&sum, &some);
    } else {
        sum = text_mark(text, k);
        some = sn_utf8_count(text->bytes + at - in, in);
        sn_count_add(&sum, &some);
    }
    return sum;
}

/* A short stretch, in words, of which the last may reach beyond it; false if it is not
 * ASCII. */
static inline bool text_count_ascii(const uint8_t *bytes, uint32_t len, sn_count *c)
{
    for (uint32_t at = 0; at < len; at += 8) {
        uint64_t w = sn_get_u64(bytes + at);

        if (len - at < 8)
            w &= (UINT64_C(1) << 8 * (len - at)) - 1;
        if (w & SN_UTF8_HIGH)
            return false;
        c->lines += sn_utf8_lines8(w);
    }
    return true;
}

sn_count sn_text_count_more(const sn_text *text, uint32_t at, uint32_t len)
{
    sn_count few = {len, 0, 0, 0};

    if (len < 64 && text->cap - at >= 64 && text_count_ascii(text->bytes + at, len, &few))
        return few;
    if (len < SN_TEXT_BLOCK)
        return sn_utf8_count(text->bytes + at, len);

    sn_count c = text_before(text, at + len), before = text_before(text, at);

    sn_count_sub(&c, &before);
    return c;
}

uint32_t sn_text_skip(const sn_text *text, uint32_t at, uint32_t len, sennit_unit unit,
                      uint32_t n)
{
    uint32_t start = at;

    if (unit == SENNIT_BYTES)
        return n;
    if (len >= 2 * SN_TEXT_BLOCK) { /* the last block that starts with less than n gone by */
        uint32_t low = (at + SN_TEXT_BLOCK - 1) / SN_TEXT_BLOCK, high = (at + len) / SN_TEXT_BLOCK;
        uint32_t lead = low * SN_TEXT_BLOCK - at;
        sn_count c = sn_utf8_count(text->bytes + at, lead), base = text_mark(text, low);
        uint32_t head = sn_count_in(&c, unit);

        if (head < n) {
            while (low < high) {
                uint32_t mid = low + (high - low + 1) / 2;
                sn_count m = text_mark(text, mid);

                if (head + sn_count_in(&m, unit) - sn_count_in(&base, unit) < n)
                    low = mid;
                else
                    high = mid - 1;
            }
            sn_count m = text_mark(text, low);
            n -= head + sn_count_in(&m, unit) - sn_count_in(&base, unit);
            at = low * SN_TEXT_BLOCK;
            /* A block may begin inside a character: step to the next whole one. */
#if SENNIT_MUTANT != 17
            while (at < start + len && sn_utf8_is_cont(text->bytes[at]))
                at++;
#endif
        }
    }
    return at - start +
           (uint32_t)sn_utf8_skip(text->bytes + at, start + len - at, unit, n);
}
