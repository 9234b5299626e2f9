/* Measuring one trace: time, size, memory. */
#include "bench.h"
#include "cli.h"
#include "common/host.h"
#include "gap.h"
#include "measure.h"
#include "session.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#define PAIRS 20000        /* edits that each of two typists makes in a round */
#define TEXT_REPEATS 1000  /* finding the text takes less than the clock can tell */
#define SENDER 1000000u    /* agent numbers of documents that are no agent's */
#define RECEIVER 1000001u

struct bench_run {
    struct trace trace;
    struct trace line;      /* the edits of a concurrent trace in one order */
    struct trace *edits;    /* those that one writer makes: trace or line */
    struct session session;
    sennit_doc *full;       /* knows everything */
    sennit_buf snapshot;
    sennit_buf delta;       /* everything */
    sennit_buf scratch;
    sennit_error err;       /* of the call that failed last */
    struct figures *out;
};

/* ----------------------------------------------------------- Verifying -- */

static int bench_refuse(const struct bench_run *b, sennit_status st)
{
    return st == SENNIT_OK ? CLI_OK : cli_refuse(b->trace.name, st, &b->err);
}

/* A fast wrong answer is worth nothing: every measured document is compared. */
static int bench_verify(struct bench_run *b, const sennit_doc *doc)
{
    const struct text *end = &b->trace.end;

    b->scratch.len = 0;
    sennit_status st = sennit_doc_read(doc, 0, sennit_doc_len(doc), &b->scratch);
    if (st != SENNIT_OK)
        return bench_refuse(b, st);
    if (b->scratch.len == end->len
        && (end->len == 0 || memcmp(b->scratch.data, end->data, end->len) == 0))
        return CLI_OK;
    cli_error(b->trace.name, "the text differs from endContent");
    return CLI_NO;
}

static int bench_done(struct bench_run *b, sennit_doc *doc, sennit_status st)
{
    int code = st == SENNIT_OK ? bench_verify(b, doc) : bench_refuse(b, st);

    sennit_doc_free(doc);
    return code;
}

/* ------------------------------------------------------------- Samples -- */

/* Each takes one sample: the time for everything, in nanoseconds. Documents are
 * made inside the measured time and freed outside. */
typedef int bench_sample(struct bench_run *b, double *ns);

static int sample_floor(struct bench_run *b, double *ns)
{
    const struct edit *edits = b->edits->bytes;
    const char *text = b->edits->text.data;
    size_t n = b->edits->n_edits;
    uint64_t start = measure_ns();
    struct gap gap;

    gap_init(&gap, b->edits->start.data, b->edits->start.len);
    for (size_t i = 0; i < n; i++)
        gap_splice(&gap, edits[i].pos, edits[i].deleted, text + edits[i].text, edits[i].len);
    *ns = (double)(measure_ns() - start);
    bool same = gap_is(&gap, b->trace.end.data, b->trace.end.len) != 0;
    gap_free(&gap);
    if (!same)
        cli_error(b->trace.name, "the gap buffer differs from endContent");
    return same ? CLI_OK : CLI_NO;
}

static sennit_status bench_type(sennit_doc *doc, const struct trace *trace, sennit_unit unit)
{
    const struct edit *edits = trace_edits(trace, unit);
    const char *text = trace->text.data;
    const uint64_t *ms = trace->ms;
    size_t n = trace->n_edits;
    sennit_status st = SENNIT_OK;

    for (size_t i = 0; i < n && st == SENNIT_OK; i++) {
        sennit_doc_set_time(doc, ms[i]);
        st = session_edit(doc, &edits[i], text);
    }
    return st;
}

static int bench_local(struct bench_run *b, sennit_unit unit, double *ns)
{
    sennit_options options = session_options(SENDER, unit);
    sennit_doc *doc = NULL;
    uint64_t start = measure_ns();
    sennit_status st = session_new_doc(b->edits, &options, &doc);

    if (st == SENNIT_OK)
        st = bench_type(doc, b->edits, unit);
    *ns = (double)(measure_ns() - start);
    return bench_done(b, doc, st);
}

static int sample_local(struct bench_run *b, double *ns)
{
    return bench_local(b, SENNIT_BYTES, ns);
}

static int sample_local_cp(struct bench_run *b, double *ns)
{
    return bench_local(b, SENNIT_CODEPOINTS, ns);
}

static int sample_encode(struct bench_run *b, double *ns)
{
    sennit_options options = session_options(SENDER, SENNIT_BYTES);
    const struct trace *trace = b->edits;
    sennit_doc *doc = NULL;
    uint64_t start = measure_ns();
    sennit_status st = session_new_doc(trace, &options, &doc);

    for (size_t i = 0; i < trace->n_edits && st == SENNIT_OK; i++) {
        uint64_t before = sennit_doc_own_count(doc);

        sennit_doc_set_time(doc, trace->ms[i]);
        st = session_edit(doc, &trace->bytes[i], trace->text.data);
        b->scratch.len = 0;
        if (st == SENNIT_OK)
            st = sennit_doc_own_delta(doc, before, NULL, &b->scratch);
    }
    *ns = (double)(measure_ns() - start);
    return bench_done(b, doc, st);
}

static int sample_merge(struct bench_run *b, double *ns)
{
    sennit_options options = session_options(RECEIVER, SENNIT_BYTES);
    sennit_doc *doc = NULL;
    uint64_t start = measure_ns();
    sennit_status st = sennit_doc_new(&options, &doc);

    if (st == SENNIT_OK)
        st = sennit_doc_apply(doc, b->delta.data, b->delta.len, NULL, NULL, &b->err);
    *ns = (double)(measure_ns() - start);
    return bench_done(b, doc, st);
}

static sennit_status bench_stream(struct bench_run *b, sennit_doc *doc)
{
    sennit_status st = SENNIT_OK;

    for (size_t i = 0; i < b->trace.n_edits && st == SENNIT_OK; i++) {
        size_t len;
        const uint8_t *delta = deltas_at(&b->session.deltas, i, &len);

        if (len > 0)
            st = sennit_doc_apply(doc, delta, len, NULL, NULL, &b->err);
    }
    return st;
}

static int sample_stream(struct bench_run *b, double *ns)
{
    sennit_options options = session_options(RECEIVER, SENNIT_BYTES);
    sennit_doc *doc = NULL;
    uint64_t start = measure_ns();
    sennit_status st = session_new_doc(&b->trace, &options, &doc);

    if (st == SENNIT_OK)
        st = bench_stream(b, doc);
    *ns = (double)(measure_ns() - start);
    return bench_done(b, doc, st);
}

/* Alone: the documents of the session do not all hold the final text, so only
 * replay compares them. */
static int sample_session(struct bench_run *b, double *ns)
{
    uint64_t start = measure_ns();
    int code = CLI_OK;

    if (b->trace.concurrent)
        code = session_play(&b->session, SENNIT_BYTES, NULL);
    *ns = b->trace.concurrent ? (double)(measure_ns() - start) : 0;
    return code;
}

static int sample_save(struct bench_run *b, double *ns)
{
    uint64_t start = measure_ns();

    b->snapshot.len = 0;
    sennit_status st = sennit_doc_save(b->full, SENNIT_SAVE_SHARED, &b->snapshot);
    *ns = (double)(measure_ns() - start);
    return bench_refuse(b, st);
}

static int sample_load(struct bench_run *b, double *ns)
{
    sennit_options options = session_options(RECEIVER, SENNIT_BYTES);
    sennit_doc *doc = NULL;
    uint64_t start = measure_ns();
    sennit_status st = sennit_doc_load(&options, b->snapshot.data, b->snapshot.len, &doc, &b->err);

    *ns = (double)(measure_ns() - start);
    return bench_done(b, doc, st);
}

static int sample_text(struct bench_run *b, double *ns)
{
    uint64_t start = measure_ns();
    sennit_status st = SENNIT_OK;
    const char *text = NULL;
    size_t len = 0;

    for (int i = 0; i < TEXT_REPEATS && st == SENNIT_OK; i++)
        st = sennit_snapshot_text(b->snapshot.data, b->snapshot.len, &text, &len, &b->err);
    *ns = (double)(measure_ns() - start) / TEXT_REPEATS;
    if (st == SENNIT_OK
        && (len != b->trace.end.len || (len > 0 && memcmp(text, b->trace.end.data, len) != 0))) {
        cli_error(b->trace.name, "the text in the snapshot differs from endContent");
        return CLI_NO;
    }
    return bench_refuse(b, st);
}

/* ------------------------------------------------------------ Typists -- */

/* Make one edit here and have it there. */
static sennit_status bench_exchange(struct bench_run *b, sennit_doc *from, sennit_doc *to,
                                    size_t pos, size_t i)
{
    char letter = (char)('a' + i % 26);
    uint64_t before = sennit_doc_own_count(from);
    sennit_status st = sennit_doc_insert(from, pos, &letter, 1);

    b->scratch.len = 0;
    if (st == SENNIT_OK)
        st = sennit_doc_own_delta(from, before, NULL, &b->scratch);
    if (st == SENNIT_OK)
        st = sennit_doc_apply(to, b->scratch.data, b->scratch.len, NULL, NULL, &b->err);
    return st;
}

/* Two people type at one and two thirds of the final text, taking turns. */
static sennit_status bench_typists(struct bench_run *b, sennit_doc *const typists[2])
{
    size_t left = sennit_doc_len(typists[0]) / 3;
    size_t right = left * 2;
    sennit_status st = SENNIT_OK;

    for (size_t i = 0; i < PAIRS && st == SENNIT_OK; i++) {
        sennit_doc_set_time(typists[0], i * 200);
        sennit_doc_set_time(typists[1], i * 200 + 100);
        st = bench_exchange(b, typists[0], typists[1], left++, i);
        right++;
        if (st == SENNIT_OK)
            st = bench_exchange(b, typists[1], typists[0], right++, i);
    }
    return st;
}

/* Thirds of a text in bytes may lie inside characters, so codepoints it is. */
static int sample_pairs(struct bench_run *b, double *ns)
{
    sennit_doc *typists[2] = { NULL, NULL };
    sennit_status st = SENNIT_OK;

    for (uint32_t i = 0; i < 2 && st == SENNIT_OK; i++) {
        sennit_options options = session_options(SENDER + i, SENNIT_CODEPOINTS);
        st = sennit_doc_seed(&options, "", 0, b->trace.end.data, b->trace.end.len, &typists[i]);
    }
    uint64_t start = measure_ns();
    if (st == SENNIT_OK)
        st = bench_typists(b, typists);
    *ns = (double)(measure_ns() - start);
    if (st == SENNIT_OK && sennit_doc_len(typists[0]) != sennit_doc_len(typists[1]))
        st = SENNIT_EINVAL;
    sennit_doc_free(typists[0]);
    sennit_doc_free(typists[1]);
    return bench_refuse(b, st);
}
/* -------------------------------------------------------------- Rounds -- */

/* Everything that is timed, and the figures it gives. */
static const struct {
    bench_sample *sample;
    size_t ms;       /* member of struct figures, or NONE */
    size_t per_edit; /* member for nanoseconds per edit, or NONE */
} samples[] = {
#define NONE SIZE_MAX
#define FIGURE(name) offsetof(struct figures, name)
    { sample_floor, FIGURE(floor_ms), NONE },
    { sample_local, FIGURE(local_ms), NONE },
    { sample_local_cp, FIGURE(local_cp_ms), NONE },
    { sample_encode, NONE, FIGURE(encode_ns) },
    { sample_merge, FIGURE(merge_ms), NONE },
    { sample_stream, FIGURE(stream_ms), NONE },
    { sample_session, FIGURE(session_ms), NONE },
    { sample_save, FIGURE(save_ms), NONE },
    { sample_load, FIGURE(load_ms), NONE },
    { sample_text, FIGURE(text_us), NONE },
    { sample_pairs, FIGURE(pair_ns), NONE },
};

enum { SAMPLES = sizeof samples / sizeof *samples };

static void bench_set(struct figures *out, size_t at, double value)
{
    if (at != NONE)
        memcpy((char *)out + at, &value, sizeof value);
}

static void bench_conclude(struct bench_run *b, double (*ns)[MEASURE_MAX_ROUNDS], unsigned rounds)
{
    struct figures *out = b->out;
    double edits = (double)b->edits->n_edits;

    for (size_t s = 0; s < SAMPLES; s++) {
        double median = measure_median(ns[s], rounds);

        bench_set(out, samples[s].ms, median / 1e6);
        bench_set(out, samples[s].per_edit, edits > 0 ? median / edits : 0);
    }
    out->stream_ns = out->stream_ms * 1e6 / (double)b->trace.n_edits;
    out->text_us = out->text_us * 1e3;
    out->pair_ns = out->pair_ns * 1e6 / PAIRS;
    out->exchange_ns = out->pair_ns / 2;
}

/* Take every sample once a round, so that a slow moment of the machine hits all
 * alike. */
static int bench_rounds(struct bench_run *b, unsigned rounds)
{
    double(*ns)[MEASURE_MAX_ROUNDS] = cli_alloc(SAMPLES, sizeof *ns);
    struct progress progress;
    int code = CLI_OK;

    progress_start(&progress, b->trace.name, rounds * SAMPLES);
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t s = 0; s < SAMPLES && code == CLI_OK; s++) {
            code = samples[s].sample(b, &ns[s][round]);
            progress_step(&progress, 1);
        }
    }
    progress_end(&progress);
    if (code == CLI_OK)
        bench_conclude(b, ns, rounds);
    free(ns);
    return code;
}

/* --------------------------------------------------------------- Sizes -- */

static sennit_status bench_saved(struct bench_run *b, unsigned flags, double *raw, double *zstd)
{
    b->scratch.len = 0;
    sennit_status st = sennit_doc_save(b->full, flags, &b->scratch);

    if (st == SENNIT_OK) {
        *raw = (double)b->scratch.len;
        *zstd = (double)measure_zstd(b->scratch.data, b->scratch.len);
    }
    return st;
}

static int bench_sizes(struct bench_run *b)
{
    struct figures *out = b->out;
    sennit_status st;

    st = bench_saved(b, SENNIT_SAVE_SHARED, &out->bytes_full, &out->bytes_full_zstd);
    if (st == SENNIT_OK)
        st = bench_saved(b, SENNIT_SAVE_LIVE_ONLY, &out->bytes_live, &out->bytes_live_zstd);
    out->bytes_end = (double)b->trace.end.len;
    out->bytes_delta = (double)b->delta.len;
    out->edits = (double)b->edits->n_edits;
    return bench_refuse(b, st);
}

static int bench_memory(struct bench_run *b)
{
    struct measure_memory memory = { 0, 0 };
    sennit_alloc alloc = measure_alloc(&memory);
    sennit_options options = session_options(SENDER, SENNIT_BYTES);
    sennit_doc *doc = NULL;
    sennit_status st;
    sennit_stat stat = { 0 };

    options.alloc = &alloc;
    st = session_new_doc(b->edits, &options, &doc);
    if (st == SENNIT_OK)
        st = bench_type(doc, b->edits, SENNIT_BYTES);
    if (st == SENNIT_OK)
        sennit_doc_stat(doc, &stat);
    b->out->heap_bytes = (double)memory.live;
    b->out->heap_peak = (double)memory.peak;
    b->out->spans = (double)stat.spans;
    sennit_doc_free(doc);
    if (st == SENNIT_OK && memory.live != 0) {
        cli_error(b->trace.name, "a freed document left %zu bytes behind", memory.live);
        return CLI_NO;
    }
    return bench_refuse(b, st);
}

/* ------------------------------------------------------------ Together -- */

/* Find the edits that one writer would make, which a concurrent trace does not
 * tell by itself. */
static int bench_line(struct bench_run *b)
{
    b->edits = &b->trace;
    if (!b->trace.concurrent)
        return CLI_OK;
    b->edits = &b->line;
    return session_line(&b->session, &b->line);
}

static int bench_prepare(struct bench_run *b)
{
    sennit_options options = session_options(RECEIVER, SENNIT_BYTES);
    sennit_status st;
    int code = session_init(&b->session, &b->trace);

    if (code == CLI_OK)
        code = session_play(&b->session, SENNIT_CODEPOINTS, NULL);
    if (code == CLI_OK)
        code = bench_line(b);
    if (code != CLI_OK)
        return code;
    st = session_new_doc(&b->trace, &options, &b->full);
    if (st == SENNIT_OK)
        st = bench_stream(b, b->full);
    if (st == SENNIT_OK)
        st = sennit_doc_delta(b->full, NULL, 0, NULL, &b->delta, NULL);
    return bench_refuse(b, st);
}

static int bench_all(struct bench_run *b, unsigned rounds)
{
    int code = bench_prepare(b);

    if (code == CLI_OK)
        code = bench_rounds(b, rounds);
    if (code == CLI_OK)
        code = bench_sizes(b);
    if (code == CLI_OK)
        code = bench_memory(b);
    return code == CLI_OK ? bench_keys(b->edits, b->out) : code;
}

int bench_trace(const char *name, unsigned rounds, struct figures *out)
{
    struct bench_run b = { .out = out };
    int code;

    sennit_buf_init(&b.snapshot, NULL);
    sennit_buf_init(&b.delta, NULL);
    sennit_buf_init(&b.scratch, NULL);
    code = trace_read(&b.trace, name);
    if (code == CLI_OK && b.trace.n_edits == 0) {
        cli_error(name, "has no edits to measure");
        code = CLI_NO;
    }
    if (code == CLI_OK) {
        code = bench_all(&b, rounds);
        session_free(&b.session);
    }
    sennit_doc_free(b.full);
    sennit_buf_clear(&b.snapshot);
    sennit_buf_clear(&b.delta);
    sennit_buf_clear(&b.scratch);
    trace_free(&b.line);
    trace_free(&b.trace);
    return code;
}
