/* Adversarial cases: what many replicas, or one hostile one, can make of it. */
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include "bench.h"
#include "common/host.h"
#include "session.h"

/* One case at work. prepare fills what run needs; run is timed, many times. */
struct flood {
    const struct flood_case *of;
    struct deltas deltas;   /* one for each replica, or for each keystroke */
    sennit_buf whole;       /* everything as one delta */
    sennit_buf base;        /* text, or snapshot, that everybody has before */
    sennit_buf common;      /* edits of the text that everybody has before */
    sennit_buf text;        /* how the document ended last time: see flood_verify */
    sennit_buf scratch;
    uint32_t *places;       /* random numbers for edits and lookups */
    uint64_t operations;    /* what the receiver must have applied at the end */
    struct rng rng;
};

struct flood_case {
    const char *name;
    size_t n;
    int (*prepare)(struct flood *f);
    int (*run)(struct flood *f, double *ns);
    size_t how; /* of the case's own */
    unsigned max_rounds;
};

/* Run cases, and pass each result on as soon as there is one. */
int flood_cases(const struct flood_case *of, size_t n, unsigned rounds, flood_report *report, void *arg);

int flood_refuse(const struct flood *f, sennit_status st);
int flood_fail(const struct flood *f, const char *what);

/* Compare a document's text with that of the run before: the order in which
 * deltas came was another. */
int flood_verify(struct flood *f, const sennit_doc *doc);

/* Documents in large: bench_large.c. */
int large_prepare_edits(struct flood *f);
int large_run_edits(struct flood *f, double *ns);
int large_prepare_lines(struct flood *f);
int large_prepare_line(struct flood *f);
int large_run_line_column(struct flood *f, double *ns);
int large_run_at_line(struct flood *f, double *ns);

#endif
