/* From which pages browsers may connect. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/* Whether a connection with this Origin header may be opened: none, for whoever
 * sends none is no browser; one of the server's own pages; one that is listed,
 * character by character. */
bool origin_is_allowed(const struct options *options, uint16_t port, const char *origin);

#endif
