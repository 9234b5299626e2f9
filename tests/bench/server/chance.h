/* Time, and numbers that look like chance but come from a seed. */
#ifndef LOAD_CHANCE_H
#define LOAD_CHANCE_H

#include <stddef.h>
#include <stdint.h>

uint64_t now_us(void);  /* of a clock that only goes forward */
uint64_t unix_ms(void);

/* Go on with a number drawn; the state is the seed at first. */
uint64_t chance_draw(uint64_t *state);

/* Random bytes, as sennit_options.random wants them; self is the state. */
int chance_fill(void *self, void *out, size_t len);

#endif
