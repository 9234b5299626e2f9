/* Text of other people on a terminal: with colours, and without tricks. */
#include "paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void paint_parse(const struct argp_state *state, const char *arg, const char **when)
{
    if (strcmp(arg, "auto") != 0 && strcmp(arg, "always") != 0 && strcmp(arg, "never") != 0)
        argp_error(state, "--color is auto, always or never");
    *when = arg;
}

bool paint_wanted(const char *when)
{
    const char *none = getenv("NO_COLOR");

    if (when != NULL && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return (none == NULL || *none == '\0') && isatty(STDOUT_FILENO);
}

/* C0 and DEL are a byte, C1 is C2 and a byte. */
static bool paint_is_control(const char *text, size_t left)
{
    unsigned char c = (unsigned char)text[0], next = left > 1 ? (unsigned char)text[1] : 0;

    return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

void paint_text(const char *text, size_t len)
{
    size_t plain = 0;

    for (size_t at = 0; at < len; at++) {
        if (!paint_is_control(text + at, len - at))
            continue;
        fwrite(text + plain, 1, at - plain, stdout);
        at += (unsigned char)text[at] == 0xc2;
        printf("\\x%02x", (unsigned char)text[at]);
        plain = at + 1;
    }
    fwrite(text + plain, 1, len - plain, stdout);
}

void paint_time(uint64_t unix_ms, char *out, size_t size)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm local;

    if (localtime_r(&seconds, &local) == NULL
        || strftime(out, size, "%Y-%m-%d %H:%M:%S", &local) == 0)
        snprintf(out, size, "?");
}
