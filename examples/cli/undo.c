/* sennit undo, redo: taking back what was done, and doing it again. */
#include "changes.h"
#include "cli.h"
#include "document.h"
#include "moment.h"
#include "paint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define UNDO_AUTHORS_MAX 32

struct undo {
    bool redo;
    uint64_t steps;
    const char *by[UNDO_AUTHORS_MAX];
    size_t n_by;
    const char *since, *until;
    const char *colour;
    struct cli_words words;
};

/* ------------------------------------------------------------- Authors -- */

/* Find the one replica whose id begins so. */
static int undo_author(const struct document *d, const char *begin, uint64_t *out)
{
    sennit_change change;
    size_t at = 0, found = 0;
    char hex[17];

    while (sennit_doc_next_change(d->doc, &at, &change) == 1) {
        snprintf(hex, sizeof hex, "%016" PRIx64, change.replica);
        if (*begin == '\0' || strlen(begin) >= sizeof hex
            || strncasecmp(hex, begin, strlen(begin)) != 0
            || (found > 0 && change.replica == *out))
            continue;
        found++;
        *out = change.replica;
    }
    if (found == 1)
        return CLI_OK;
    cli_error(begin, found == 0 ? "nobody whose id begins so has written here"
                                : "several replicas have ids that begin so");
    return CLI_NO;
}

/* ---------------------------------------------------------------- Undo -- */

static int undo_range(const struct document *d, const struct undo *in)
{
    uint64_t authors[UNDO_AUTHORS_MAX];
    sennit_buf since, until;
    int code = CLI_OK;

    sennit_buf_init(&since, NULL);
    sennit_buf_init(&until, NULL);
    for (size_t i = 0; i < in->n_by && code == CLI_OK; i++)
        code = undo_author(d, in->by[i], &authors[i]);
    if (code == CLI_OK && in->since != NULL)
        code = moment_version(d, in->since, &since);
    if (code == CLI_OK)
        code = moment_version(d, in->until != NULL ? in->until : "now", &until);
    if (code == CLI_OK) {
        sennit_status st = sennit_undo_range(d->undo, in->n_by > 0 ? authors : NULL, in->n_by,
                                             since.data, since.len, until.data, until.len);
        code = st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
    }
    sennit_buf_clear(&since);
    sennit_buf_clear(&until);
    return code;
}

static int undo_steps(const struct document *d, const struct undo *in)
{
    for (uint64_t i = 0; i < in->steps; i++) {
        sennit_status st = in->redo ? sennit_undo_redo(d->undo) : sennit_undo_undo(d->undo);

        if (st == SENNIT_ERANGE && i > 0)
            return CLI_OK;
        if (st == SENNIT_ERANGE) {
            cli_error(d->name, in->redo ? "there is nothing to do again"
                                        : "there is nothing to take back");
            return CLI_NO;
        }
        if (st != SENNIT_OK)
            return document_refuse(d, st);
    }
    return CLI_OK;
}

/* Show what came and what went. */
static int undo_show(const struct document *d, const struct undo *in, const sennit_buf *before)
{
    const struct changes_look look = { .colour = paint_wanted(in->colour) };
    sennit_buf after;
    bool any;
    int code;

    sennit_buf_init(&after, NULL);
    sennit_status st = sennit_doc_version(d->doc, &after);
    code = st == SENNIT_OK ? changes_print(d, before, &after, &look, &any) : document_refuse(d, st);
    sennit_buf_clear(&after);
    return code;
}

/* What was not recorded is a step too, and the last. */
static int undo_all(struct document *d, const struct undo *in)
{
    sennit_buf before;
    int code = document_record_first(d);

    sennit_buf_init(&before, NULL);
    if (code == CLI_OK) {
        sennit_status st = sennit_doc_version(d->doc, &before);
        code = st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
    }
    if (code == CLI_OK)
        code = in->n_by > 0 || in->since != NULL || in->until != NULL ? undo_range(d, in)
                                                                      : undo_steps(d, in);
    if (code == CLI_OK)
        code = document_save(d);
    if (code == CLI_OK)
        code = undo_show(d, in, &before);
    sennit_buf_clear(&before);
    return code;
}

/* ------------------------------------------------------------- Command -- */

enum { UNDO_BY = 256, UNDO_SINCE, UNDO_UNTIL };

static error_t undo_parse(int key, char *arg, struct argp_state *state)
{
    struct undo *in = state->input;

    switch (key) {
    case 'n':
        in->steps = cli_number(state, "--steps", arg, 1, UINT32_MAX);
        return 0;
    case UNDO_BY:
        if (in->n_by == UNDO_AUTHORS_MAX)
            argp_error(state, "too many authors");
        in->by[in->n_by++] = arg;
        return 0;
    case UNDO_SINCE:
        in->since = arg;
        return 0;
    case UNDO_UNTIL:
        in->until = arg;
        return 0;
    case PAINT_OPTION:
        paint_parse(state, arg, &in->colour);
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option undo_options[] = {
    { "steps", 'n', "N", 0, "Take back N steps [1]", 0 },
    { "by", UNDO_BY, "ID", 0,
      "Take back what somebody did, whose replica id begins so; may be repeated", 0 },
    { "since", UNDO_SINCE, "MOMENT", 0, "Take back what was done since then", 0 },
    { "until", UNDO_UNTIL, "MOMENT", 0, "Take back what was done until then", 0 },
    PAINT_ARGP,
    { 0 },
};

static const struct argp undo_argp = {
    .options = undo_options,
    .parser = undo_parse,
    .args_doc = "FILE",
    .doc = "Take back the last step of what was done here, and show what came and went.\v"
           "A step is what one command recorded; what was changed in FILE and not recorded is "
           "recorded first, and is the last. What others did stays, and deleted text "
           "comes back as the same text, with its authors. Steps are kept in FILE.sennit-undo, "
           "the last thousand of them.\n\n"
           "With --by, --since or --until it is what those wrote then, whoever they are, or what "
           "all did: one step, which 'sennit undo' takes back as well. See 'sennit at --help' "
           "for moments.",
};

static const struct argp_option redo_options[] = {
    { "steps", 'n', "N", 0, "Do N steps again [1]", 0 },
    PAINT_ARGP,
    { 0 },
};

static const struct argp redo_argp = {
    .options = redo_options,
    .parser = undo_parse,
    .args_doc = "FILE",
    .doc = "Do again what 'sennit undo' took back last.\v"
           "An edit in between ends that: what was taken back by then stays so.",
};

static int undo_run(struct undo *in)
{
    struct document d;
    int code = document_open(&d, in->words.at[0], DOCUMENT_WRITE);

    if (code == CLI_OK)
        code = undo_all(&d, in);
    document_close(&d);
    return code;
}

int cmd_undo(int argc, char **argv)
{
    struct undo in = { .steps = 1, .words = { .min = 1, .max = 1 } };

    argp_parse(&undo_argp, argc, argv, 0, NULL, &in);
    return undo_run(&in);
}

int cmd_redo(int argc, char **argv)
{
    struct undo in = { .redo = true, .steps = 1, .words = { .min = 1, .max = 1 } };

    argp_parse(&redo_argp, argc, argv, 0, NULL, &in);
    return undo_run(&in);
}
