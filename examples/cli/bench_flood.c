/* Floods: many replicas at one place at once, words typed backwards, deltas the
 * wrong way round, everything deleted by everybody. */
#include "bench_flood.h"
#include "bench.h"
#include "cli.h"
#include "measure.h"

#include <stdlib.h>
#include <string.h>

#define FLOOD_RECEIVER 3000000000u /* an agent number that no replica here has */
#define FLOOD_TIME 1700000000000u  /* when the floods happen, in Unix milliseconds */
#define FLOOD_ONE_TIME 1u          /* how: all replicas have the same time */
#define FLOOD_LEFT 2u              /* how: at the left side of a character */

/* -------------------------------------------------------------- Common -- */

int flood_refuse(const struct flood *f, sennit_status st)
{
    return st == SENNIT_OK ? CLI_OK : cli_refuse(f->of->name, st, NULL);
}

int flood_fail(const struct flood *f, const char *what)
{
    cli_error(f->of->name, "%s", what);
    return CLI_NO;
}

int flood_verify(struct flood *f, const sennit_doc *doc)
{
    bool first = f->text.data == NULL;
    sennit_buf *into = first ? &f->text : &f->scratch;

    into->len = 0;
    sennit_status st = sennit_doc_read(doc, 0, sennit_doc_len(doc), into);
    if (st != SENNIT_OK)
        return flood_refuse(f, st);
    if (!first && (f->text.len != f->scratch.len
                   || memcmp(f->text.data, f->scratch.data, f->text.len) != 0))
        return flood_fail(f, "another order gave another text");
    return CLI_OK;
}

/* A document that holds what everybody has before, and writes as agent. */
static sennit_status flood_new_doc(const struct flood *f, uint32_t agent, sennit_doc **out)
{
    sennit_options options = session_options(agent, SENNIT_BYTES);
    sennit_status st = sennit_doc_seed(&options, "", 0, (const char *)f->base.data, f->base.len,
                                       out);

    if (st == SENNIT_OK && f->common.len > 0)
        st = sennit_doc_apply(*out, f->common.data, f->common.len, NULL, NULL, NULL);
    return st;
}

static void flood_set_base(struct flood *f, const char *text, size_t len)
{
    f->base.data = cli_alloc(len, 1);
    f->base.len = f->base.cap = len;
    memcpy(f->base.data, text, len);
    f->deltas.end = cli_alloc(2 * f->of->n, sizeof *f->deltas.end);
}

/* Keep what a document has done since it had made `before` operations. */
static sennit_status flood_keep(struct flood *f, size_t i, sennit_doc *doc, uint64_t before)
{
    sennit_status st = sennit_doc_own_delta(doc, before, NULL, &f->deltas.bytes);

    f->deltas.end[i] = f->deltas.bytes.len;
    f->operations += sennit_doc_own_count(doc) - before;
    return st;
}

static void flood_shuffle(struct flood *f, uint32_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t j = rng_below(&f->rng, i + 1);

        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
}

/* The deltas in the order in which they come, each of them once. Who receives one has
 * just written it somewhere; to fetch each from another corner of memory is not what
 * is measured. */
static struct deltas flood_line_up(const struct flood *f, const uint32_t *order, size_t n)
{
    struct deltas line = { .end = cli_alloc(n, sizeof *line.end) };

    line.bytes.data = cli_alloc(f->deltas.bytes.len, 1);
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const uint8_t *delta = deltas_at(&f->deltas, order[i], &len);

        memcpy(line.bytes.data + line.bytes.len, delta, len);
        line.bytes.len += len;
        line.end[i] = line.bytes.len;
    }
    return line;
}

static sennit_status flood_apply(const struct deltas *deltas, sennit_doc *doc, size_t i)
{
    size_t len;
    const uint8_t *delta = deltas_at(deltas, i, &len);

    return sennit_doc_apply(doc, delta, len, NULL, NULL, NULL);
}

/* The end of every run: nothing waits, and the text is what it was. */
static int flood_done(struct flood *f, sennit_doc *doc, sennit_status st)
{
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_stat stat = { 0 };
    int code = flood_refuse(f, st);

    if (code == CLI_OK) {
        sennit_doc_stat(doc, &stat);
        if (stat.parked != 0 || stat.operations < f->operations)
            code = flood_fail(f, "operations are missing at the end");
    }
    if (code == CLI_OK && f->text.data == NULL && sennit_doc_check(doc, &err) != SENNIT_OK)
        code = flood_fail(f, err.what);
    if (code == CLI_OK)
        code = flood_verify(f, doc);
    sennit_doc_free(doc);
    return code;
}

/* Apply all deltas to a fresh document, in the order given. */
static int flood_run_order(struct flood *f, const uint32_t *order, size_t n, double *ns)
{
    sennit_doc *doc = NULL;
    struct deltas line = flood_line_up(f, order, n);
    uint64_t start = measure_ns();
    sennit_status st = flood_new_doc(f, FLOOD_RECEIVER, &doc);

    for (size_t i = 0; i < n && st == SENNIT_OK; i++)
        st = flood_apply(&line, doc, i);
    *ns = (double)(measure_ns() - start);
    free(line.bytes.data);
    free(line.end);
    return flood_done(f, doc, st);
}

static int flood_run_shuffled(struct flood *f, double *ns)
{
    uint32_t *order = cli_alloc(f->of->n, sizeof *order);
    int code;

    flood_shuffle(f, order, f->of->n);
    code = flood_run_order(f, order, f->of->n, ns);
    free(order);
    return code;
}

static int flood_run_reversed(struct flood *f, double *ns)
{
    uint32_t *order = cli_alloc(f->of->n, sizeof *order);
    int code;

    for (size_t i = 0; i < f->of->n; i++)
        order[i] = (uint32_t)(f->of->n - 1 - i);
    code = flood_run_order(f, order, f->of->n, ns);
    free(order);
    return code;
}

/* ----------------------------------------------------------- One place -- */

/* Every replica inserts one letter: behind the last character, which has none on
 * its right side yet, or between two, which goes to the left of the second. */
static int place_prepare(struct flood *f)
{
    sennit_status st = SENNIT_OK;

    flood_set_base(f, "ab", 2);
    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++) {
        char letter = (char)('A' + i % 26);
        sennit_doc *doc = NULL;

        st = flood_new_doc(f, (uint32_t)i, &doc);
        if (st == SENNIT_OK) {
            sennit_doc_set_time(doc, FLOOD_TIME + ((f->of->how & FLOOD_ONE_TIME) != 0 ? 0 : i));
            st = sennit_doc_insert(doc, (f->of->how & FLOOD_LEFT) != 0 ? 1 : 2, &letter, 1);
        }
        if (st == SENNIT_OK)
            st = flood_keep(f, i, doc, 0);
        sennit_doc_free(doc);
    }
    return flood_refuse(f, st);
}

/* ----------------------------------------------------------- Backwards -- */

/* Two people type a word each at one place, last letter first, and alternate:
 * delta 2 i is the first one's, delta 2 i + 1 the second one's. */
static int backward_prepare(struct flood *f)
{
    sennit_doc *docs[2] = { NULL, NULL };
    sennit_status st;

    flood_set_base(f, "[]", 2);
    st = flood_new_doc(f, 1, &docs[0]);
    if (st == SENNIT_OK)
        st = flood_new_doc(f, 2, &docs[1]);
    for (size_t i = 0; i < 2 * f->of->n && st == SENNIT_OK; i++) {
        sennit_doc *doc = docs[i % 2];
        uint64_t before = sennit_doc_own_count(doc);

        sennit_doc_set_time(doc, FLOOD_TIME + i * 100);
        st = sennit_doc_insert(doc, 1, i % 2 == 0 ? "x" : "y", 1);
        if (st == SENNIT_OK)
            st = flood_keep(f, i, doc, before);
    }
    for (size_t i = 1; i < 2 * f->of->n && st == SENNIT_OK; i += 2)
        st = flood_apply(&f->deltas, docs[0], i);
    if (st == SENNIT_OK)
        st = sennit_doc_delta(docs[0], NULL, 0, NULL, &f->whole, NULL);
    sennit_doc_free(docs[0]);
    sennit_doc_free(docs[1]);
    return flood_refuse(f, st);
}

/* Both words whole: besides the brackets, neighbours differ exactly once. */
static int backward_verify(const struct flood *f)
{
    size_t switches = 0;

    for (size_t i = 2; i + 1 < f->text.len; i++)
        switches += f->text.data[i] != f->text.data[i - 1];
    if (switches != 1 || f->text.len != 2 * f->of->n + 2)
        return flood_fail(f, "the two words mixed");
    return CLI_OK;
}

static int backward_run_delta(struct flood *f, double *ns)
{
    sennit_options options = session_options(FLOOD_RECEIVER, SENNIT_BYTES);
    sennit_doc *doc = NULL;
    uint64_t start = measure_ns();
    sennit_status st = sennit_doc_new(&options, &doc);
    int code;

    if (st == SENNIT_OK)
        st = sennit_doc_apply(doc, f->whole.data, f->whole.len, NULL, NULL, NULL);
    *ns = (double)(measure_ns() - start);
    code = flood_done(f, doc, st);
    return code == CLI_OK ? backward_verify(f) : code;
}

static int backward_run_stream(struct flood *f, double *ns)
{
    uint32_t *order = cli_alloc(2 * f->of->n, sizeof *order);
    int code;

    for (size_t i = 0; i < 2 * f->of->n; i++)
        order[i] = (uint32_t)i;
    code = flood_run_order(f, order, 2 * f->of->n, ns);
    free(order);
    return code == CLI_OK ? backward_verify(f) : code;
}

/* --------------------------------------------------------- Wrong order -- */

/* One writer, a delta for each keystroke, at changing places. */
static int order_prepare(struct flood *f)
{
    sennit_doc *doc = NULL;
    sennit_status st;

    flood_set_base(f, "ab", 2);
    st = flood_new_doc(f, 1, &doc);
    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++) {
        uint64_t before = sennit_doc_own_count(doc);

        sennit_doc_set_time(doc, FLOOD_TIME + i * 100);
        st = sennit_doc_insert(doc, rng_below(&f->rng, sennit_doc_len(doc) + 1), "x", 1);
        if (st == SENNIT_OK)
            st = flood_keep(f, i, doc, before);
    }
    sennit_doc_free(doc);
    return flood_refuse(f, st);
}

/* ------------------------------------------------------------- Deletes -- */

#define DELETE_TEXT 10000u
#define DELETE_PIECES 1000u
#define DELETE_PARTS 1u /* how: each deletes a part that it chooses, not all */
#define DELETE_CUT 2u   /* how: the text was typed in pieces, not at once */

/* Type letters all over the text, so that it is no longer one stretch. */
static sennit_status delete_cut(struct flood *f)
{
    sennit_doc *doc = NULL;
    sennit_status st = flood_new_doc(f, FLOOD_RECEIVER - 1, &doc);

    for (size_t i = 0; i < DELETE_PIECES && st == SENNIT_OK; i++)
        st = sennit_doc_insert(doc, rng_below(&f->rng, DELETE_TEXT), "x", 1);
    if (st == SENNIT_OK)
        st = sennit_doc_own_delta(doc, 0, NULL, &f->common);
    sennit_doc_free(doc);
    return st;
}

/* Every replica deletes the whole text, or a part of it. */
static int delete_prepare(struct flood *f)
{
    bool parts = (f->of->how & DELETE_PARTS) != 0;
    char *text = cli_alloc(DELETE_TEXT, 1);
    sennit_status st = SENNIT_OK;

    for (size_t i = 0; i < DELETE_TEXT; i++)
        text[i] = (char)('a' + i % 26);
    flood_set_base(f, text, DELETE_TEXT);
    free(text);
    if ((f->of->how & DELETE_CUT) != 0)
        st = delete_cut(f);
    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++) {
        sennit_doc *doc = NULL;

        st = flood_new_doc(f, (uint32_t)i, &doc);
        if (st == SENNIT_OK) {
            size_t from = parts ? rng_below(&f->rng, DELETE_TEXT - 100) : 0;
            size_t len = parts ? 1 + rng_below(&f->rng, 100) : sennit_doc_len(doc);

            sennit_doc_set_time(doc, FLOOD_TIME + i);
            st = sennit_doc_delete(doc, from, len);
        }
        if (st == SENNIT_OK)
            st = flood_keep(f, i, doc, 0);
        sennit_doc_free(doc);
    }
    return flood_refuse(f, st);
}

/* --------------------------------------------------------------- Cases -- */

#define SAME_PLACE(name, how)                                             \
    { name, 2000, place_prepare, flood_run_shuffled, how, 0 },            \
        { name, 8000, place_prepare, flood_run_shuffled, how, 0 },        \
    {                                                                     \
        name, 32000, place_prepare, flood_run_shuffled, how, 0            \
    }

static const struct flood_case cases[] = {
    SAME_PLACE("same_place_right", 0),
    SAME_PLACE("same_place_left", FLOOD_LEFT),
    SAME_PLACE("same_place_right_one_time", FLOOD_ONE_TIME),
    SAME_PLACE("same_place_left_one_time", FLOOD_LEFT | FLOOD_ONE_TIME),
    { "backward_delta", 5000, backward_prepare, backward_run_delta, 0, 0 },
    { "backward_delta", 32000, backward_prepare, backward_run_delta, 0, 0 },
    { "backward_stream", 5000, backward_prepare, backward_run_stream, 0, 0 },
    { "backward_stream", 32000, backward_prepare, backward_run_stream, 0, 0 },
    { "reversed", 2000, order_prepare, flood_run_reversed, 0, 0 },
    { "reversed", 8000, order_prepare, flood_run_reversed, 0, 0 },
    { "reversed", 32000, order_prepare, flood_run_reversed, 0, 0 },
    { "shuffled", 32000, order_prepare, flood_run_shuffled, 0, 0 },
    { "delete_all", 2000, delete_prepare, flood_run_shuffled, 0, 0 },
    { "delete_all", 8000, delete_prepare, flood_run_shuffled, 0, 0 },
    { "delete_all_cut", 500, delete_prepare, flood_run_shuffled, DELETE_CUT, 0 },
    { "delete_all_cut", 2000, delete_prepare, flood_run_shuffled, DELETE_CUT, 0 },
    { "delete_overlapping", 2000, delete_prepare, flood_run_shuffled, DELETE_PARTS, 0 },
    { "delete_overlapping", 8000, delete_prepare, flood_run_shuffled, DELETE_PARTS, 0 },
    { "delete_overlapping", 32000, delete_prepare, flood_run_shuffled, DELETE_PARTS, 0 },
    { "random_1mb", 1000000, large_prepare_edits, large_run_edits, 1u << 20, 3 },
    { "random_100mb", 1000000, large_prepare_edits, large_run_edits, 100u << 20, 3 },
    { "line_column", 1000000, large_prepare_lines, large_run_line_column, 10u << 20, 3 },
    { "at_line", 1000000, large_prepare_lines, large_run_at_line, 10u << 20, 3 },
    { "long_line_column", 1000000, large_prepare_line, large_run_line_column, 10u << 20, 3 },
};

static int flood_rounds(struct flood *f, unsigned rounds, struct flood_result *out)
{
    double ns[MEASURE_MAX_ROUNDS];
    int code = f->of->prepare(f);

    if (f->of->max_rounds != 0 && rounds > f->of->max_rounds)
        rounds = f->of->max_rounds;
    for (unsigned round = 0; round < rounds && code == CLI_OK; round++)
        code = f->of->run(f, &ns[round]);
    if (code != CLI_OK)
        return code;
    double median = measure_median(ns, rounds);
    *out = (struct flood_result){
        .name = f->of->name,
        .n = f->of->n,
        .ms = median / 1e6,
        .ns = median / (double)f->of->n,
        .rounds = rounds,
    };
    return CLI_OK;
}

static int flood_case(const struct flood_case *of, unsigned rounds, struct flood_result *out)
{
    struct flood f = { .of = of, .rng = { of->n } };
    int code;

    sennit_buf_init(&f.deltas.bytes, NULL);
    sennit_buf_init(&f.whole, NULL);
    sennit_buf_init(&f.base, NULL);
    sennit_buf_init(&f.common, NULL);
    sennit_buf_init(&f.text, NULL);
    sennit_buf_init(&f.scratch, NULL);
    code = flood_rounds(&f, rounds, out);
    sennit_buf_clear(&f.deltas.bytes);
    sennit_buf_clear(&f.whole);
    sennit_buf_clear(&f.base);
    sennit_buf_clear(&f.common);
    sennit_buf_clear(&f.text);
    sennit_buf_clear(&f.scratch);
    free(f.deltas.end);
    free(f.places);
    return code;
}

int flood_cases(const struct flood_case *of, size_t n, unsigned rounds, flood_report *report, void *arg)
{
    struct flood_result result;
    struct progress progress;
    int worst = CLI_OK;

    progress_start(&progress, "cases", n);
    for (size_t i = 0; i < n; i++) {
        int code = flood_case(&of[i], rounds, &result);

        progress_step(&progress, 1);
        if (code == CLI_OK) {
            progress_end(&progress);
            report(&result, arg);
        }
        worst = cli_worse(worst, code);
    }
    progress_end(&progress);
    return worst;
}

int bench_flood(unsigned rounds, flood_report *report, void *arg)
{
    return flood_cases(cases, sizeof cases / sizeof *cases, rounds, report, arg);
}
