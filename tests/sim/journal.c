#include "sim/journal.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define JOURNAL_BEGIN UINT64_C(1800000000000)

void journal_note(journal *j, const char *what, uint64_t whom, uint64_t detail)
{
    const uint64_t numbers[] = {*j->now_ms, whom, detail};

    j->sum = sn_hash64(numbers, sizeof numbers, sn_hash64(what, strlen(what), j->sum));
    if (j->loud)
        fprintf(stderr, "%8" PRIu64 " %-16s %2" PRIu64 " %" PRIx64 "\n", *j->now_ms - JOURNAL_BEGIN,
                what, whom, detail);
}

void journal_bytes(journal *j, const char *what, uint64_t whom, const void *data, size_t len)
{
    journal_note(j, what, whom, len);
    j->sum = sn_hash64(data, len, j->sum);
}
