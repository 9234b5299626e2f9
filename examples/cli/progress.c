/* A progress bar on standard error, only if that is a terminal. */
#include "progress.h"
#include "common/host.h"

#include <stdio.h>
#include <unistd.h>

#define PROGRESS_WIDTH 40
#define PROGRESS_MS 100

void progress_start(struct progress *progress, const char *what, size_t total)
{
    *progress = (struct progress){
        .what = what,
        .total = total > 0 ? total : 1,
        .shown = isatty(STDERR_FILENO) != 0,
    };
}

void progress_step(struct progress *progress, size_t steps)
{
    char bar[PROGRESS_WIDTH + 1];
    uint64_t now;
    size_t full;

    progress->done += steps;
    if (!progress->shown || (now = host_now()) < progress->next_ms)
        return;
    progress->next_ms = now + PROGRESS_MS;
    full = progress->done * PROGRESS_WIDTH / progress->total;
    for (size_t i = 0; i < PROGRESS_WIDTH; i++)
        bar[i] = i < full ? '#' : '.';
    bar[PROGRESS_WIDTH] = '\0';
    fprintf(stderr, "\r%s  %3zu %%  %s\033[K", bar, progress->done * 100 / progress->total,
            progress->what);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}
