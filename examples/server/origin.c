/* From which pages browsers may connect. */
#include "origin.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The Host header is not asked: it is what a page sends that was given our
 * address under a name of its own. */
static bool origin_is_own(const struct options *options, uint16_t port, const char *origin)
{
    const char *const names[] = { options->address, "localhost" };
    const char *scheme = options->tls_cert != NULL ? "https" : "http";
    size_t n = options_is_loopback(options->address) ? 2 : 1;
    char own[128];

    for (size_t i = 0; i < n; i++) {
        bool six = strchr(names[i], ':') != NULL;

        snprintf(own, sizeof own, "%s://%s%s%s:%u", scheme, six ? "[" : "", names[i],
                 six ? "]" : "", (unsigned)port);
        if (strcasecmp(own, origin) == 0)
            return true;
    }
    return false;
}

bool origin_is_allowed(const struct options *options, uint16_t port, const char *origin)
{
    if (*origin == '\0' || origin_is_own(options, port, origin))
        return true;
    for (size_t i = 0; i < options->n_origins; i++)
        if (strcmp(options->origins[i], origin) == 0)
            return true;
    return false;
}
