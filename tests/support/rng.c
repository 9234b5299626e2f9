#include "support/rng.h"

#include <string.h>

static const char *const characters[] = {
    "a", "b", "c", "d", "e", "x", "y", "z", " ", "\n", "\n",
    "\xc3\xa4",         /* two bytes */
    "\xe2\x82\xac",     /* three */
    "\xe4\xb8\xad",
    "\xf0\x9f\x99\x82", /* four: two UTF-16 units */
    "\xf0\x9f\x8f\xb4",
};

size_t rng_text(rng *r, size_t max, char *out)
{
    size_t n = rng_in(r, 1, max), len = 0;
    bool plain = rng_percent(r, 60);

    for (size_t i = 0; i < n; i++) {
        size_t kinds = sizeof characters / sizeof characters[0];
        const char *c = characters[rng_below(r, plain ? 11 : kinds)];

        memcpy(out + len, c, strlen(c));
        len += strlen(c);
    }
    return len;
}

int rng_random(void *self, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)rng_next(self);
    return 0;
}
