/* What happens in a run, in order: folded into one number, by which two runs of a
 * seed are compared, and printed for whoever asks. */
#ifndef SIM_JOURNAL_H
#define SIM_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct journal {
    const uint64_t *now_ms;
    uint64_t sum;
    bool loud;
} journal;

/* Note that something happened to somebody. */
void journal_note(journal *j, const char *what, uint64_t whom, uint64_t detail);

/* Note bytes that arrived. */
void journal_bytes(journal *j, const char *what, uint64_t whom, const void *data, size_t len);

#endif
