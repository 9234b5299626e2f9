/* A progress bar on standard error, only if that is a terminal. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    const char *what;
    size_t total;
    size_t done;
    bool shown;
    uint64_t next_ms; /* when to draw again */
};

void progress_start(struct progress *progress, const char *what, size_t total);
void progress_step(struct progress *progress, size_t steps);
void progress_end(struct progress *progress);

#endif
