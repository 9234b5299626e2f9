/* Documents of some size: put at a server, and opened there. */
#include "chance.h"
#include "crowd.h"
#include "fail.h"
#include "process.h"
#include "scenario.h"
#include "times.h"

#include <stdio.h>

/* ---- Filling ---- */

static bool filling_is_safe(const struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->n; i++)
        if (sennit_session_unsafe(crowd->clients[i].session, SENNIT_DURABLE) > 0)
            return false;
    return true;
}

/* An edit of one's own in each, so that there is something to be told durable after
 * all that came before it. */
void scenario_fill(const struct options *options)
{
    struct crowd crowd;

    if (options->file == NULL)
        die("--file is wanted");
    crowd_init(&crowd, options, options->documents);
    for (unsigned i = 0; i < crowd.n; i++)
        crowd_join(&crowd, i, i, options->file);
    crowd_gather(&crowd);
    for (unsigned i = 0; i < crowd.n; i++) {
        sennit_doc_set_time(crowd.clients[i].doc, unix_ms());
        must(sennit_doc_insert(crowd.clients[i].doc, 0, "x", 1), "edit");
    }
    while (!filling_is_safe(&crowd))
        crowd_turn(&crowd, 10);
    printf("\"documents\": %u", crowd.n);
    crowd_clear(&crowd);
}

/* ---- Opening ---- */

static uint64_t client_operations(const struct client *c)
{
    sennit_stat stat;

    sennit_doc_stat(c->doc, &stat);
    return stat.operations;
}

static uint64_t opening_expected(const struct options *options)
{
    struct crowd crowd;

    crowd_init(&crowd, options, 1);
    crowd_join(&crowd, 0, 0, options->file);
    uint64_t operations = client_operations(&crowd.clients[0]);
    crowd_clear(&crowd);
    return operations + 1; /* the one that filling adds */
}

/* One after the other, each from its connecting until it has all. */
static void opening_round(struct crowd *crowd, unsigned first, uint64_t expected, struct times *times)
{
    for (unsigned i = 0; i < crowd->options->documents; i++) {
        uint64_t since = now_us();

        crowd_join(crowd, first + i, i, NULL);
        while (client_operations(&crowd->clients[first + i]) < expected)
            crowd_turn(crowd, 10);
        times_since(times, since);
    }
}

void scenario_opening(const struct options *options)
{
    long before = options->pid > 0 ? process_rss_kb(options->pid) : 0, after = before;
    struct times cold = {.len = 0}, warm = {.len = 0};
    struct crowd crowd;

    if (options->file == NULL)
        die("--file is wanted");
    uint64_t expected = opening_expected(options);
    crowd_init(&crowd, options, 2 * options->documents);
    opening_round(&crowd, 0, expected, &cold);
    if (options->pid > 0)
        after = process_rss_kb(options->pid);
    opening_round(&crowd, options->documents, expected, &warm);
    printf("\"documents\": %u, \"cold_p50_ms\": %.3f, \"cold_most_ms\": %.3f, \"warm_p50_ms\": %.3f, "
           "\"warm_most_ms\": %.3f", options->documents, times_ms(&cold, 50), times_ms(&cold, 100),
           times_ms(&warm, 50), times_ms(&warm, 100));
    if (options->pid > 0)
        printf(", \"kb_per_document\": %.0f, \"server_rss_kb\": %ld",
               (double)(after - before) / options->documents, process_rss_kb(options->pid));
    times_clear(&cold);
    times_clear(&warm);
    crowd_clear(&crowd);
}
