/* What the server measures about itself, as Prometheus reads it (text format,
 * version 0.0.4). No name of a document or user is in it. */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include <sennit/sync.h>

#define HISTOGRAM_BOUNDS 16

/* Durations, counted by upper bounds that double from 16 microseconds on. */
struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last has no bound */
    uint64_t sum_ns;
};

struct metrics {
    struct histogram apply;  /* a frame: decoded, checked, merged, handed to the storage */
    struct histogram sync;   /* a frame: from its arrival until others' frames were sent */
    struct histogram commit; /* a record: from being handed over until it is durable */
    uint64_t requests[6];    /* over HTTP, by the first digit of the status */
    uint64_t refused_origins;
    uint64_t started_ms;
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* Append everything; false if memory ran out. */
bool metrics_write(const struct metrics *metrics, const sennit_hub_stat *stat, bool healthy,
                   sennit_buf *out);

#endif
