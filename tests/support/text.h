/* UTF-8 by the plainest means: one character at a time from the start. */
#ifndef TESTS_TEXT_H
#define TESTS_TEXT_H

#include <sennit/sennit.h>

#include "support/rng.h"

static inline bool text_is_inside(char byte)
{
    return ((uint8_t)byte & 0xc0) == 0x80;
}

/* How many units of a kind a well-formed text has. */
static inline size_t text_units(const char *text, size_t len, sennit_unit unit)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (unit == SENNIT_BYTES)
            n++;
        else if (unit == SENNIT_LINES)
            n += text[i] == '\n';
        else if (!text_is_inside(text[i]))
            n += unit == SENNIT_UTF16 && (uint8_t)text[i] >= 0xf0 ? 2 : 1;
    }
    return n;
}

/* The start of the character at, or around, a place. */
static inline size_t text_start(const char *text, size_t len, size_t at)
{
    while (at > 0 && at < len && text_is_inside(text[at]))
        at--;
    return at;
}

/* The place at which so many units have gone by; inside a character, its start. */
static inline size_t text_at(const char *text, size_t len, sennit_unit unit, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < len; i++) /* i + 1 is tried as the place */
        if ((i + 1 == len || !text_is_inside(text[i + 1])) && text_units(text, i + 1, unit) <= n)
            at = i + 1;
    return at;
}

/* A random place between characters. */
static inline size_t text_place(rng *r, const char *text, size_t len)
{
    return text_start(text, len, rng_below(r, len + 1));
}

#endif
