/* Readers that stall while somebody writes much, and read again afterwards. */
#include "chance.h"
#include "crowd.h"
#include "fail.h"
#include "process.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>

#define PIECE 4096u            /* bytes of each edit */
#define PIECE_US 2000u         /* from one to the next */
#define WRITTEN (10u << 20)    /* bytes in all */
#define READERS 5u

/* Write everything from client 0 of a crowd. */
static void stalling_write(struct crowd *crowd)
{
    sennit_doc *doc = crowd->clients[0].doc;
    uint64_t next = now_us();
    char piece[PIECE];

    memset(piece, 'x', sizeof piece);
    for (size_t written = 0; written < WRITTEN; written += PIECE, next += PIECE_US) {
        sennit_doc_set_time(doc, unix_ms());
        must(sennit_doc_insert(doc, sennit_doc_len(doc), piece, PIECE), "edit");
        do
            crowd_turn(crowd, 1);
        while (now_us() < next);
    }
    while (sennit_session_unsafe(crowd->clients[0].session, SENNIT_DURABLE) > 0)
        crowd_turn(crowd, 10);
}

static bool stalling_is_over(const struct crowd *crowd)
{
    for (unsigned i = 1; i < crowd->n; i++)
        if (sennit_doc_len(crowd->clients[i].doc) < WRITTEN)
            return false;
    return true;
}

/* How much memory the server takes for it, in KB, with readers that stall or read. */
static long stalling_round(const struct options *options, unsigned document, bool stall)
{
    long before = process_rss_kb(options->pid);
    struct crowd crowd;

    crowd_init(&crowd, options, 1 + READERS);
    for (unsigned i = 0; i < crowd.n; i++)
        crowd_join(&crowd, i, document, NULL);
    crowd_gather(&crowd);
    for (unsigned i = 1; i < crowd.n; i++)
        crowd.clients[i].stalled = stall;
    stalling_write(&crowd);
    long grown = process_rss_kb(options->pid) - before;
    for (unsigned i = 1; i < crowd.n; i++)
        crowd.clients[i].stalled = false;
    while (!stalling_is_over(&crowd))
        crowd_turn(&crowd, 10);
    crowd_clear(&crowd);
    return grown;
}

void scenario_stalling(const struct options *options)
{
    if (options->pid == 0)
        die("--pid is wanted");
    long reading = stalling_round(options, 0, false);
    long stalled = stalling_round(options, 1, true);

    printf("\"written_kb\": %u, \"readers\": %u, \"grown_reading_kb\": %ld, \"grown_stalled_kb\": %ld, "
           "\"more_kb\": %ld, \"converged\": true", WRITTEN >> 10, READERS, reading, stalled,
           stalled - reading);
}
