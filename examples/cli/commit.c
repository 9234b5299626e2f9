/* sennit init, commit, fork: how documents begin and take up local edits. */
#include "cli.h"
#include "common/host.h"
#include "document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- init -- */

struct init {
    const char *name;
    bool force;
    struct cli_words words;
};

static error_t init_parse(int key, char *arg, struct argp_state *state)
{
    struct init *in = state->input;

    switch (key) {
    case 'n':
        in->name = arg;
        return 0;
    case 'f':
        in->force = true;
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option init_options[] = {
    { "name", 'n', "NAME", 0, "What tells this document from others with the same text", 0 },
    { "force", 'f', NULL, 0, "Replace FILE.sennit, and forget the history in it", 0 },
    { 0 },
};

static const struct argp init_argp = {
    .options = init_options,
    .parser = init_parse,
    .args_doc = "FILE",
    .doc = "Start a document from the text of FILE, in FILE.sennit.\v"
           "Everybody who runs this on the same text, with the same NAME, gets the same "
           "document, and their edits merge. NAME is empty unless given.\n\n"
           "Never copy a FILE.sennit with cp: two places would then write under one "
           "name. 'sennit fork' makes copies; so does 'sennit init' on the text everybody "
           "began with, followed by 'sennit apply'.",
};

static int init_seed(struct document *d, const char *name)
{
    sennit_options options = host_options(SENNIT_BYTES);
    sennit_status st = sennit_doc_seed(&options, name, strlen(name), d->text.data, d->text.len,
                                       &d->doc);

    if (st == SENNIT_EUTF8) {
        cli_error(d->name, "not UTF-8 text (offset %zu)", bytes_utf8(d->text.data, d->text.len));
        return CLI_REFUSED;
    }
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

int cmd_init(int argc, char **argv)
{
    struct init in = { .name = "", .words = { .min = 1, .max = 1 } };
    struct document d;
    int code;

    argp_parse(&init_argp, argc, argv, 0, NULL, &in);
    document_name(&d, in.words.at[0]);
    if (!in.force && file_exists(d.store)) {
        cli_error(d.store, "exists already; --force replaces it and forgets its history");
        code = CLI_REFUSED;
    } else {
        code = file_read(d.path, &d.text);
    }
    if (code == CLI_OK)
        code = init_seed(&d, in.name);
    if (code == CLI_OK)
        code = document_create(&d, in.force);
    if (code == CLI_OK)
        printf("%s: %zu bytes\n", d.name, d.text.len);
    document_close(&d);
    return code;
}

/* -------------------------------------------------------------- commit -- */

static error_t commit_parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    return cli_take_words(key, state, state->input);
}

static const struct argp commit_argp = {
    .parser = commit_parse,
    .args_doc = "FILE...",
    .doc = "Record what any editor changed in FILE since the last commit.\v"
           "The change is found by comparing texts, line by line and then within lines, so "
           "that what did not change keeps its author. Prints how many bytes were inserted "
           "and deleted.",
};

static int commit_one(const char *name)
{
    struct document_edits edits = { 0, 0 };
    struct document d;
    int code = document_open(&d, name, DOCUMENT_WRITE);

    if (code == CLI_OK)
        code = document_record(&d, &edits);
    if (code == CLI_OK && (edits.inserted > 0 || edits.deleted > 0))
        code = document_save(&d);
    if (code == CLI_OK)
        printf("%s: +%" PRIu64 " -%" PRIu64 " bytes\n", name, edits.inserted, edits.deleted);
    document_close(&d);
    return code;
}

int cmd_commit(int argc, char **argv)
{
    struct cli_words words = { .min = 1, .max = 100000 };
    int code = CLI_OK;

    argp_parse(&commit_argp, argc, argv, 0, NULL, &words);
    for (int i = 0; i < words.n; i++)
        code = cli_worse(code, commit_one(words.at[i]));
    return code;
}

/* ---------------------------------------------------------------- fork -- */

static const struct argp fork_argp = {
    .parser = commit_parse,
    .args_doc = "FILE COPY",
    .doc = "Make a copy of FILE and its document that is edited on its own.\v"
           "The copy has the whole history and writes under a name of its own, so it may go "
           "to another person or device; 'sennit merge' or 'sennit delta' and 'sennit apply' "
           "bring both together again. What was changed in FILE and not recorded is recorded "
           "first. COPY must not exist.",
};

/* The plain text comes last: with it alone, 'sennit commit' would not work; with
 * the snapshot alone, 'sennit cat' does. */
static int fork_write(struct document *copy)
{
    sennit_buf text;
    int code = document_create(copy, false);

    sennit_buf_init(&text, NULL);
    if (code == CLI_OK)
        code = document_text(copy, &text);
    if (code == CLI_OK)
        code = file_create(copy->path, text.data, text.len);
    sennit_buf_clear(&text);
    return code;
}

static int fork_from(struct document *d, const char *name)
{
    struct document copy;
    int code = CLI_OK;

    document_name(&copy, name);
    if (file_exists(copy.path) || file_exists(copy.store)) {
        cli_error(name, "exists already");
        code = CLI_REFUSED;
    }
    if (code == CLI_OK)
        code = document_record_first(d);
    if (code == CLI_OK)
        code = document_save(d);
    if (code == CLI_OK) {
        sennit_status st = sennit_doc_fork(d->doc, NULL, &copy.doc);
        code = st == SENNIT_OK ? fork_write(&copy) : document_refuse(d, st);
    }
    document_close(&copy);
    return code;
}

int cmd_fork(int argc, char **argv)
{
    struct cli_words words = { .min = 2, .max = 2 };
    struct document d;
    int code;

    argp_parse(&fork_argp, argc, argv, 0, NULL, &words);
    code = document_open(&d, words.at[0], DOCUMENT_WRITE);
    if (code == CLI_OK)
        code = fork_from(&d, words.at[1]);
    document_close(&d);
    return code;
}
