/* The parts of sennit bench. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

/* What is measured of one trace. Times are medians of CPU time. */
struct figures {
    double edits;
    double floor_ms;       /* a gap buffer makes the same edits */
    double local_ms;       /* a call per edit, positions in bytes */
    double local_cp_ms;    /* the same in codepoints */
    double encode_ns;      /* per edit: the edit and its delta */
    double merge_ms;       /* the history as one delta into a new document */
    double stream_ms;      /* a delta per edit into a new document */
    double stream_ns;      /* the same, per delta */
    double session_ms;     /* concurrent: all documents of the session */
    double save_ms;        /* a snapshot of all */
    double load_ms;        /* open it, ready to edit */
    double text_us;        /* find the text in it */
    double exchange_ns;    /* two typists: an edit made, encoded and applied */
    double pair_ns;        /* one of each of them */
    double bytes_end;      /* of the text at the end */
    double bytes_full;     /* of the snapshot */
    double bytes_full_zstd;
    double bytes_live;     /* of the snapshot without deleted text */
    double bytes_live_zstd;
    double bytes_delta;    /* of the history as one delta */
    double heap_bytes;     /* of the document after the edits */
    double heap_peak;
    double spans;
    double key_insert;     /* bytes of a keystroke's delta: elsewhere */
    double key_next;       /* right after the last */
    double key_delete;
    double table_insert;   /* the same on a connection with a table */
    double table_next;
    double table_delete;

    /* Of --history; text, difference and blame are compared with what was there. */
    double past_text_ms;   /* the text at a random version */
    double past_diff_ms;   /* what is different between two */
    double past_splice_ms; /* an edit of the text of one */
    double blame_ms;       /* who wrote what, of the whole text */
    double undo_all_ms;    /* all edits, each a step of its own */
    double redo_all_ms;
    double undo_key_ns;    /* a keystroke somewhere, and taking it back */
};

/* Measure one trace. */
int bench_trace(const char *name, unsigned rounds, struct figures *out);

/* Measure the deltas of keystrokes that one writer makes; part of bench_trace. */
struct trace;
int bench_keys(const struct trace *trace, struct figures *out);

/* Measure reading the past and undo on one trace; floor_ms is known by then. */
int bench_history(const char *name, unsigned rounds, struct figures *out);

/* What bench_flood and bench_marks tell of one case. */
struct flood_result {
    const char *name;
    size_t n;    /* replicas, characters, edits, marks or lookups */
    double ms;   /* for all of them */
    double ns;   /* for each */
    unsigned rounds;
};

typedef void flood_report(const struct flood_result *result, void *arg);

/* Run all adversarial cases, or those with marks, and pass each result on as soon as
 * there is one. */
int bench_flood(unsigned rounds, flood_report *report, void *arg);
int bench_marks(unsigned rounds, flood_report *report, void *arg);

#endif
