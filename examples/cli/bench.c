/* sennit bench: measure speed and size, as JSON lines or as a table. */
#include "bench.h"
#include "cli.h"
#include "measure.h"
#include "trace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    bool json;
    bool adversarial;
    bool history;
    bool marks;
    unsigned rounds;
    struct cli_words words;
    struct figures *figures; /* of every trace, for the table */
    char **names;
    size_t n;
};

/* ----------------------------------------------------------- Arguments -- */

enum { BENCH_TABLE = 256, BENCH_HISTORY, BENCH_MARKS };

static error_t bench_parse(int key, char *arg, struct argp_state *state)
{
    struct bench *in = state->input;

    switch (key) {
    case 'j':
        in->json = true;
        return 0;
    case BENCH_TABLE:
        in->json = false;
        return 0;
    case 'a':
        in->adversarial = true;
        return 0;
    case BENCH_HISTORY:
        in->history = true;
        return 0;
    case BENCH_MARKS:
        in->marks = true;
        return 0;
    case 'r':
        in->rounds = (unsigned)cli_number(state, "--rounds", arg, 1, MEASURE_MAX_ROUNDS);
        return 0;
    case ARGP_KEY_END:
        if (in->words.n == 0 && !in->adversarial && !in->marks)
            argp_error(state, "which traces? They are at github.com/josephg/editing-traces");
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option bench_options[] = {
    { "json", 'j', NULL, 0, "Print a JSON object a line for each trace and case", 0 },
    { "table", BENCH_TABLE, NULL, 0, "Print tables (this is the default)", 0 },
    { "adversarial", 'a', NULL, 0, "Also floods, floods of deletes, huge documents", 0 },
    { "history", BENCH_HISTORY, NULL, 0, "Also reading the past, and undo", 0 },
    { "marks", BENCH_MARKS, NULL, 0, "Also 10,000 marks in a text of 100 KB", 0 },
    { "rounds", 'r', "N", 0, "Measure N times and take medians [9]", 0 },
    { 0 },
};

static const struct argp bench_argp = {
    .options = bench_options,
    .parser = bench_parse,
    .args_doc = "[TRACE...]",
    .doc = "Measure speed and size on recorded editing.\v"
           "TRACE is a file of the collection github.com/josephg/editing-traces, or a folder "
           "of them. Times are medians of CPU time.\n\n"
           "The floor is a plain gap buffer that makes the same edits in the same process; "
           "'x floor' divides by it. A concurrent trace has no single order of edits, so its "
           "floor and local edits are those that one document shows while it receives the "
           "deltas; its session is all agents' documents, each making its own edits and "
           "receiving the others'.\n\n"
           "  local    a call per edit; time set, text stored, log written\n"
           "  encode   an edit and its delta into a reused buffer\n"
           "  merge    the history as one delta into a new document\n"
           "  stream   a delta per edit into a new document, decoded and checked\n"
           "  save     a snapshot into a reused buffer\n"
           "  load     a snapshot into a document ready to edit\n"
           "  text     find the text in a snapshot without opening it\n"
           "  exchange two typists in one text: edit, encode, apply at the other\n"
           "  key      bytes of a keystroke's delta: an insert elsewhere, the next one, a\n"
           "           delete; table: the same when both ends share a table of ids\n"
           "  past     with --history: the text at a random version, a difference of two, an\n"
           "           edit made to the text of one\n"
           "  blame    who wrote what, of the whole text\n"
           "  undo     all edits taken back one by one; undo_key: a keystroke, and back\n"
           "  marks    with --marks: added here, received, opened, read by the screenful:\n"
           "           anywhere, five lines on, after an edit, after opening;\n"
           "           piled: all of them over one place",
};

/* -------------------------------------------------------------- Output -- */

/* One row of the table, and one member of the JSON object. */
struct row {
    const char *name;
    size_t at;     /* in struct figures */
    int digits;    /* behind the point */
    bool by_floor; /* also as a multiple of the floor */
    bool history;  /* only with --history */
};

#define ROW(name, digits, by_floor) \
    { #name, offsetof(struct figures, name), digits, by_floor, false }
#define ROW_PAST(name, digits, by_floor) \
    { #name, offsetof(struct figures, name), digits, by_floor, true }

static const struct row rows[] = {
    ROW(edits, 0, false),           ROW(floor_ms, 3, false),      ROW(local_ms, 3, true),
    ROW(local_cp_ms, 3, true),      ROW(encode_ns, 1, false),     ROW(merge_ms, 3, true),
    ROW(stream_ms, 3, true),        ROW(stream_ns, 1, false),     ROW(session_ms, 3, false),
    ROW(save_ms, 3, true),          ROW(load_ms, 3, true),        ROW(text_us, 2, false),
    ROW(exchange_ns, 1, false),     ROW(pair_ns, 1, false),       ROW(bytes_end, 0, false),
    ROW(bytes_full, 0, false),      ROW(bytes_full_zstd, 0, false),
    ROW(bytes_live, 0, false),      ROW(bytes_live_zstd, 0, false),
    ROW(bytes_delta, 0, false),     ROW(heap_bytes, 0, false),    ROW(heap_peak, 0, false),
    ROW(spans, 0, false),           ROW(key_insert, 0, false),    ROW(key_next, 0, false),
    ROW(key_delete, 0, false),      ROW(table_insert, 0, false),  ROW(table_next, 0, false),
    ROW(table_delete, 0, false),
    ROW_PAST(past_text_ms, 3, false), ROW_PAST(past_diff_ms, 3, false),
    ROW_PAST(past_splice_ms, 3, false), ROW_PAST(blame_ms, 3, false),
    ROW_PAST(undo_all_ms, 3, true), ROW_PAST(redo_all_ms, 3, true),
    ROW_PAST(undo_key_ns, 1, false),
};

static double bench_value(const struct figures *figures, const struct row *row)
{
    double value;

    memcpy(&value, (const char *)figures + row->at, sizeof value);
    return value;
}

static void bench_json(const struct bench *bench, const char *name, const struct figures *figures)
{
    json_t *quoted = json_string(name);

    fputs("{\"trace\": ", stdout);
    json_dumpf(quoted, stdout, JSON_ENCODE_ANY);
    json_decref(quoted);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bench->history || !rows[i].history)
            printf(", \"%s\": %.*f", rows[i].name, rows[i].digits,
                   bench_value(figures, &rows[i]));
    puts("}");
    fflush(stdout);
}

static void bench_table_row(const struct bench *bench, const struct row *row)
{
    printf("%-16s", row->name);
    for (size_t i = 0; i < bench->n; i++)
        printf(" %16.*f", row->digits, bench_value(&bench->figures[i], row));
    if (row->by_floor) {
        printf("\n%-16s", "  x floor");
        for (size_t i = 0; i < bench->n; i++)
            printf(" %16.2f", bench_value(&bench->figures[i], row) / bench->figures[i].floor_ms);
    }
    putchar('\n');
}

static void bench_table(const struct bench *bench)
{
    printf("%-16s", "");
    for (size_t i = 0; i < bench->n; i++)
        printf(" %16.16s", bench->names[i]);
    putchar('\n');
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bench->history || !rows[i].history)
            bench_table_row(bench, &rows[i]);
}

static void bench_flood_line(const struct flood_result *result, void *arg)
{
    const struct bench *bench = arg;

    if (bench->json)
        printf("{\"case\": \"%s\", \"n\": %zu, \"ms\": %.3f, \"ns\": %.1f, \"rounds\": %u}\n",
               result->name, result->n, result->ms, result->ns, result->rounds);
    else
        printf("%-24s %9zu %12.3f ms %10.1f ns each\n", result->name, result->n, result->ms,
               result->ns);
    fflush(stdout);
}

/* ------------------------------------------------------------- Command -- */

/* "folder/automerge-paper.json.gz" is the trace automerge-paper. */
static char *bench_short_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = cli_join(slash != NULL ? slash + 1 : path, "");
    char *dot = strstr(name, ".json");

    if (dot != NULL)
        *dot = '\0';
    return name;
}

static int bench_one(const char *path, void *arg)
{
    struct bench *bench = arg;
    struct figures figures = { 0 };
    int code = bench_trace(path, bench->rounds, &figures);
    char *name = bench_short_name(path);

    if (code == CLI_OK && bench->history)
        code = bench_history(path, bench->rounds, &figures);
    if (code == CLI_OK && bench->json)
        bench_json(bench, name, &figures);
    if (code != CLI_OK || bench->json) {
        free(name);
        return code;
    }
    bench->figures = cli_resize(bench->figures, bench->n + 1, sizeof *bench->figures);
    bench->names = cli_resize(bench->names, bench->n + 1, sizeof *bench->names);
    bench->figures[bench->n] = figures;
    bench->names[bench->n++] = name;
    return CLI_OK;
}

int cmd_bench(int argc, char **argv)
{
    struct bench bench = { .rounds = MEASURE_ROUNDS, .words.max = 100000 };
    int code;

    argp_parse(&bench_argp, argc, argv, 0, NULL, &bench);
    code = trace_each(bench.words.at, bench.words.n, bench_one, &bench);
    if (bench.n > 0)
        bench_table(&bench);
    if (bench.adversarial)
        code = cli_worse(code, bench_flood(bench.rounds, bench_flood_line, &bench));
    if (bench.marks)
        code = cli_worse(code, bench_marks(bench.rounds, bench_flood_line, &bench));
    for (size_t i = 0; i < bench.n; i++)
        free(bench.names[i]);
    free(bench.names);
    free(bench.figures);
    return code;
}
