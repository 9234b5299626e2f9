/* sennit at, diff, log: what a document was. */
#include "changes.h"
#include "cli.h"
#include "document.h"
#include "moment.h"
#include "paint.h"

#include <inttypes.h>
#include <stdio.h>

#define PAST_AROUND_MAX 1000000

/* ------------------------------------------------------------------ at -- */

static error_t at_parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    return cli_take_words(key, state, state->input);
}

#define PAST_MOMENTS \
    "A moment is one of\n" \
    "  now               the present\n" \
    "  NAME              a tag; see 'sennit tag'\n" \
    "  17                the state after change 17 of 'sennit log'\n" \
    "  2026-11-24        the end of a day, minute or second by the clocks of those\n" \
    "  2026-11-24 12:30  who wrote, in local time, or in UTC with a Z at the end;\n" \
    "                    seconds may be given\n" \
    "  VERSION           the word of 'sennit version --hex', or a file with it"

static const struct argp at_argp = {
    .parser = at_parse,
    .args_doc = "FILE MOMENT",
    .doc = "Print the text as it was.\v" PAST_MOMENTS,
};

int cmd_at(int argc, char **argv)
{
    struct cli_words words = { .min = 2, .max = 2 };
    sennit_buf version, text;
    struct document d;
    int code;

    argp_parse(&at_argp, argc, argv, 0, NULL, &words);
    sennit_buf_init(&version, NULL);
    sennit_buf_init(&text, NULL);
    code = document_open(&d, words.at[0], DOCUMENT_READ);
    if (code == CLI_OK)
        code = moment_version(&d, words.at[1], &version);
    if (code == CLI_OK) {
        sennit_status st = sennit_history_text(d.doc, version.data, version.len, &text);
        code = st == SENNIT_OK ? CLI_OK : document_refuse(&d, st);
    }
    if (code == CLI_OK)
        cli_print(&text);
    sennit_buf_clear(&version);
    sennit_buf_clear(&text);
    document_close(&d);
    return code;
}

/* ---------------------------------------------------------------- diff -- */

struct diff {
    const char *colour;
    struct changes_look look;
    struct cli_words words;
};

static error_t diff_parse(int key, char *arg, struct argp_state *state)
{
    struct diff *in = state->input;

    switch (key) {
    case PAINT_OPTION:
        paint_parse(state, arg, &in->colour);
        return 0;
    case 'U':
        in->look.around = (uint32_t)cli_number(state, "--around", arg, 0, PAST_AROUND_MAX);
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option diff_options[] = {
    { "around", 'U', "N", 0, "Show N lines around what changed [1]", 0 },
    PAINT_ARGP,
    { 0 },
};

static const struct argp diff_argp = {
    .options = diff_options,
    .parser = diff_parse,
    .args_doc = "FILE MOMENT [MOMENT]",
    .doc = "Show what changed between two moments, or from one until now.\v"
           "What went is in [-red-], what came in {+green+}; exit code 0 in any case. It goes by "
           "what became of each character: text deleted and typed again shows as both.\n\n"
           PAST_MOMENTS,
};

int cmd_diff(int argc, char **argv)
{
    struct diff in = { .look.around = 1, .words = { .min = 2, .max = 3 } };
    sennit_buf from, to;
    struct document d;
    bool any;
    int code;

    argp_parse(&diff_argp, argc, argv, 0, NULL, &in);
    in.look.colour = paint_wanted(in.colour);
    sennit_buf_init(&from, NULL);
    sennit_buf_init(&to, NULL);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK)
        code = moment_version(&d, in.words.at[1], &from);
    if (code == CLI_OK)
        code = moment_version(&d, in.words.n > 2 ? in.words.at[2] : "now", &to);
    if (code == CLI_OK)
        code = changes_print(&d, &from, &to, &in.look, &any);
    sennit_buf_clear(&from);
    sennit_buf_clear(&to);
    document_close(&d);
    return code;
}

/* ----------------------------------------------------------------- log -- */

struct log {
    bool patches;
    uint64_t last;  /* changes to show */
    const char *colour;
    struct cli_words words;
};

static error_t log_parse(int key, char *arg, struct argp_state *state)
{
    struct log *in = state->input;

    switch (key) {
    case 'p':
        in->patches = true;
        return 0;
    case 'n':
        in->last = cli_number(state, "--last", arg, 1, UINT32_MAX);
        return 0;
    case PAINT_OPTION:
        paint_parse(state, arg, &in->colour);
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option log_options[] = {
    { "patch", 'p', NULL, 0, "Also show what each change did to the text", 0 },
    { "last", 'n', "N", 0, "Only the last N", 0 },
    PAINT_ARGP,
    { 0 },
};

static const struct argp log_argp = {
    .options = log_options,
    .parser = log_parse,
    .args_doc = "FILE",
    .doc = "List the changes, oldest first as they arrived here.\v"
           "A line has the beginning of the author's replica id, the author's time, the "
           "number of operations, the bytes they inserted, and the number of the change for "
           "'sennit at' and 'sennit diff'. A change is compared with what was there before "
           "it by the order of all changes' times.",
};

static void log_line(const sennit_change *change, size_t number, bool colour)
{
    char when[32];

    fputs(colour ? PAINT_YELLOW : "", stdout);
    if (change->replica == 0) { /* seeded text has no author and no time */
        printf("%-8s  %-19s", "-", "-");
    } else {
        paint_time(change->unix_ms, when, sizeof when);
        printf("%08" PRIx64 "  %s", change->replica >> 32, when);
    }
    printf("  %6" PRIu64 " ops  %6" PRIu64 " bytes  #%zu%s\n", change->operations,
           change->inserted_bytes, number, colour ? PAINT_NONE : "");
}

static int log_patch(const struct document *d, size_t number, bool colour)
{
    const struct changes_look look = { .colour = colour };
    sennit_buf before, after;
    bool any;

    sennit_buf_init(&before, NULL);
    sennit_buf_init(&after, NULL);
    sennit_status st = sennit_history_change(d->doc, number, &before, &after);
    int code = st == SENNIT_OK ? changes_print(d, &before, &after, &look, &any)
                               : document_refuse(d, st);
    putchar('\n');
    sennit_buf_clear(&before);
    sennit_buf_clear(&after);
    return code;
}

static int log_print(const struct document *d, const struct log *in)
{
    const bool colour = paint_wanted(in->colour);
    sennit_change change;
    sennit_stat stat;
    int code = CLI_OK;

    sennit_doc_stat(d->doc, &stat);
    size_t at = stat.changes > in->last ? (size_t)(stat.changes - in->last) : 0;
    while (code == CLI_OK && sennit_doc_next_change(d->doc, &at, &change) == 1) {
        log_line(&change, at, colour);
        if (in->patches)
            code = log_patch(d, at, colour);
    }
    return code;
}

int cmd_log(int argc, char **argv)
{
    struct log in = { .last = UINT64_MAX, .words = { .min = 1, .max = 1 } };
    struct document d;
    int code;

    argp_parse(&log_argp, argc, argv, 0, NULL, &in);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK)
        code = log_print(&d, &in);
    document_close(&d);
    return code;
}
