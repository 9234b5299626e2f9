/* What the server measures about itself, as Prometheus reads it. */
#include "metrics.h"
#include "common/out.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define HISTOGRAM_FIRST_NS 16000u

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    unsigned i = 0;

    while (i < HISTOGRAM_BOUNDS && ns > (uint64_t)HISTOGRAM_FIRST_NS << i)
        i++;
    histogram->counts[i]++;
    histogram->sum_ns += ns;
}

static bool metrics_head(sennit_buf *out, const char *name, const char *type, const char *help)
{
    return out_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static bool metrics_histogram(sennit_buf *out, const char *name, const char *help,
                              const struct histogram *histogram)
{
    uint64_t total = 0;
    bool good = metrics_head(out, name, "histogram", help);

    for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
        double bound = (double)((uint64_t)HISTOGRAM_FIRST_NS << i) * 1e-9;

        total += histogram->counts[i];
        good = good && out_format(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bound, total);
    }
    total += histogram->counts[HISTOGRAM_BOUNDS];
    return good &&
           out_format(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9f\n%s_count %" PRIu64 "\n",
                      name, total, name, (double)histogram->sum_ns * 1e-9, name, total);
}

static bool metrics_hub(const sennit_hub_stat *stat, sennit_buf *out)
{
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } all[] = {
        { "sennit_connections", "gauge", "Connections open.", stat->connections },
        { "sennit_channels", "gauge", "Documents joined, over all connections.", stat->channels },
        { "sennit_documents", "gauge", "Documents open.", stat->documents },
        { "sennit_document_bytes", "gauge", "Memory of open documents.", stat->document_bytes },
        { "sennit_queued_bytes", "gauge", "Bytes waiting for connections.", stat->queued_bytes },
        { "sennit_undurable_records", "gauge", "Records not yet durable.", stat->undurable },
        { "sennit_operations_total", "counter", "Operations taken.", stat->operations },
        { "sennit_merged_total", "counter",
          "Operations made without having seen all others, and merged.", stat->merged },
        { "sennit_deltas_received_total", "counter", "Deltas taken.", stat->deltas_in },
        { "sennit_deltas_sent_total", "counter", "Deltas sent.", stat->deltas_out },
        { "sennit_frames_received_total", "counter", "Frames taken.", stat->frames_in },
        { "sennit_frames_sent_total", "counter", "Frames sent.", stat->frames_out },
        { "sennit_received_bytes_total", "counter", "Bytes taken.", stat->bytes_in },
        { "sennit_sent_bytes_total", "counter", "Bytes sent.", stat->bytes_out },
        { "sennit_refused_total", "counter", "Messages refused.", stat->refused },
        { "sennit_catchups_total", "counter",
          "Queues of slow peers that gave way to one delta.", stat->catchups },
        { "sennit_loads_total", "counter", "Documents loaded.", stat->loads },
        { "sennit_unloads_total", "counter", "Documents unloaded.", stat->unloads },
        { "sennit_compactions_total", "counter", "Documents compacted.", stat->compactions },
    };
    bool good = true;

    for (size_t i = 0; i < sizeof all / sizeof *all && good; i++)
        good = metrics_head(out, all[i].name, all[i].type, all[i].help) &&
               out_format(out, "%s %" PRIu64 "\n", all[i].name, all[i].value);
    return good;
}

static bool metrics_requests(const struct metrics *metrics, sennit_buf *out)
{
    bool good = metrics_head(out, "sennit_http_requests_total", "counter", "HTTP requests answered.");

    for (int i = 2; i <= 5 && good; i++)
        good = out_format(out, "sennit_http_requests_total{status=\"%dxx\"} %" PRIu64 "\n", i,
                          metrics->requests[i]);
    return good && metrics_head(out, "sennit_origins_refused_total", "counter",
                                "Connections refused for the page they came from.") &&
           out_format(out, "sennit_origins_refused_total %" PRIu64 "\n", metrics->refused_origins);
}

/* Resident pages, from the second number of /proc/self/statm; 0 if unknown. */
static uint64_t metrics_memory(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t pages = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %" SCNu64, &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static double metrics_seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec * 1e-6;
}

/* These have the names that Prometheus gives to them everywhere. */
static bool metrics_process(const struct metrics *metrics, sennit_buf *out)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return metrics_head(out, "process_resident_memory_bytes", "gauge", "Memory in use.") &&
           out_format(out, "process_resident_memory_bytes %" PRIu64 "\n", metrics_memory()) &&
           metrics_head(out, "process_cpu_seconds_total", "counter", "Processor time used.") &&
           out_format(out, "process_cpu_seconds_total %.3f\n",
                      metrics_seconds(&usage.ru_utime) + metrics_seconds(&usage.ru_stime)) &&
           metrics_head(out, "process_start_time_seconds", "gauge", "Start, in Unix time.") &&
           out_format(out, "process_start_time_seconds %.3f\n",
                      (double)metrics->started_ms * 1e-3);
}

bool metrics_write(const struct metrics *metrics, const sennit_hub_stat *stat, bool healthy,
                   sennit_buf *out)
{
    return metrics_head(out, "sennit_build_info", "gauge", "Always 1.") &&
           out_format(out, "sennit_build_info{version=\"%d.%d.%d\"} 1\n", SENNIT_VERSION_MAJOR,
                      SENNIT_VERSION_MINOR, SENNIT_VERSION_PATCH) &&
           metrics_head(out, "sennit_storage_healthy", "gauge", "0 while commits fail.") &&
           out_format(out, "sennit_storage_healthy %d\n", healthy) && metrics_hub(stat, out) &&
           metrics_histogram(out, "sennit_apply_seconds", "To merge a frame.", &metrics->apply) &&
           metrics_histogram(out, "sennit_sync_seconds",
                             "From a frame's arrival until others have it.", &metrics->sync) &&
           metrics_histogram(out, "sennit_commit_seconds", "To make a record durable.",
                             &metrics->commit) &&
           metrics_requests(metrics, out) && metrics_process(metrics, out);
}
