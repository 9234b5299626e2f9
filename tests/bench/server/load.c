/* What a server bears, from one process that is many clients.
 *
 *   load --url ws://127.0.0.1:8377/sync [--scenario typing] [--pid PID] [--name NAME]
 *        [--seed 1] ...
 *
 * Prints one JSON object. With --pid it also tells what the server's process took.
 * Documents are NAME-0 and so on; without --name they are new ones.
 *
 *   typing    [--documents 20] [--clients 10] [--rate 2000] [--seconds 5] [--durable]
 *             [--until-closed]
 *             See typing.c. A delivery is one character that reached one of the others
 *             at its document. What counts is the time from the edit to there, own
 *             echo excluded, or with --durable to the server's word that the edit is
 *             durable. Afterwards all wait for what is under way; with --until-closed
 *             it is over when the server goes.
 *             edits, deliveries, lost, p50_ms, p99_ms, most_ms, deliveries_per_second,
 *             server_cpu_s, deliveries_per_cpu_s, server_rss_kb
 *   idle      [--documents 20] [--clients 10]
 *             So many connections that came to a document and do nothing.
 *             connections, rss_before_kb, server_rss_kb, kb_per_connection
 *   fill      --file EDITS --name NAME [--documents 20]
 *             Make a document of recorded edits (crowd.c), so many times, durably.
 *   opening   --file EDITS --name NAME [--documents 20]
 *             Open what was filled, one after the other, from connecting until all
 *             has arrived: at first by those for whom the server has to load it
 *             (start it anew before), then by others.
 *             cold_p50_ms, cold_most_ms, warm_p50_ms, warm_most_ms, kb_per_document
 *   stalling  10 MB are written to a document while five read, and 10 MB to another
 *             while five do not, who then read again until they have everything.
 *             grown_reading_kb, grown_stalled_kb, more_kb, converged
 */
#include "fail.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    void (*run)(const struct options *options);
} scenarios[] = {
    {"typing", scenario_typing},   {"idle", scenario_idle},         {"fill", scenario_fill},
    {"opening", scenario_opening}, {"stalling", scenario_stalling},
};

int main(int argc, char **argv)
{
    struct options options;

    options_read(&options, argc, argv);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (strcmp(scenarios[i].name, options.scenario) == 0) {
            printf("{\"server\": \"sennitd\", \"scenario\": \"%s\", ", options.scenario);
            scenarios[i].run(&options);
            printf("}\n");
            return 0;
        }
    die("no such scenario");
    return 1;
}
