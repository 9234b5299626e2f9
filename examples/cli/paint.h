/* Text of other people on a terminal: with colours, and without tricks. */
#ifndef PAINT_H
#define PAINT_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The option --color=WHEN, for argp; 'when' is NULL before it was given. */
#define PAINT_OPTION 0x1000
#define PAINT_ARGP \
    { "color", PAINT_OPTION, "WHEN", 0, \
      "Use colours: auto (on a terminal, unless NO_COLOR is set), always, never", 0 }
void paint_parse(const struct argp_state *state, const char *arg, const char **when);

/* Whether standard output gets colours. NO_COLOR: https://no-color.org */
bool paint_wanted(const char *when);

/* Write text that may come from anybody: control characters other than newline
 * and tab are shown, as \x1b, and so do nothing. */
void paint_text(const char *text, size_t len);

/* Append "2026-11-24 12:30:05" in local time; size is at least 20. */
void paint_time(uint64_t unix_ms, char *out, size_t size);

#define PAINT_NONE "\033[0m"
#define PAINT_RED "\033[31m"
#define PAINT_GREEN "\033[32m"
#define PAINT_YELLOW "\033[33m"

#endif
