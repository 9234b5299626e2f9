/* sennit version, delta, apply, merge: how documents learn from each other. */
#include "cli.h"
#include "common/host.h"
#include "document.h"
#include "moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------- version -- */

struct version {
    int form; /* 'r' raw, 'x' hex, 0 readable */
    struct cli_words words;
};

static error_t version_parse(int key, char *arg, struct argp_state *state)
{
    struct version *in = state->input;

    (void)arg;
    if (key != 'r' && key != 'x')
        return cli_take_words(key, state, &in->words);
    in->form = key;
    return 0;
}

static const struct argp_option version_options[] = {
    { "raw", 'r', NULL, 0, "The bytes, for a file that 'delta --since' reads", 0 },
    { "hex", 'x', NULL, 0, "The bytes as one word, for 'delta --since'", 0 },
    { 0 },
};

static const struct argp version_argp = {
    .options = version_options,
    .parser = version_parse,
    .args_doc = "FILE",
    .doc = "Tell what the document knows: how many operations of each replica.\v"
           "Give --raw or --hex to somebody else, so that 'sennit delta --since' there writes "
           "only what is lacking here. Replica 0 is the text the document began with.",
};

static int version_print(const struct document *d, const sennit_buf *version)
{
    uint64_t replica, count;
    size_t at = 0;
    int more;

    while ((more = sennit_version_next(version->data, version->len, &at, &replica, &count)) == 1)
        printf("%016" PRIx64 " %" PRIu64 "\n", replica, count);
    return more == 0 ? CLI_OK : document_refuse(d, (sennit_status)more);
}

static int version_write(const struct document *d, int form)
{
    sennit_buf version;
    int code = CLI_OK;

    sennit_buf_init(&version, NULL);
    sennit_status st = sennit_doc_version(d->doc, &version);
    if (st != SENNIT_OK) {
        code = document_refuse(d, st);
    } else if (form == 'r') {
        cli_print(&version);
    } else if (form == 'x') {
        for (size_t i = 0; i < version.len; i++)
            printf("%02x", version.data[i]);
        putchar('\n');
    } else {
        code = version_print(d, &version);
    }
    sennit_buf_clear(&version);
    return code;
}

int cmd_version(int argc, char **argv)
{
    struct version in = { .words = { .min = 1, .max = 1 } };
    struct document d;
    int code;

    argp_parse(&version_argp, argc, argv, 0, NULL, &in);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK)
        code = version_write(&d, in.form);
    document_close(&d);
    return code;
}

/* --------------------------------------------------------------- delta -- */

struct delta {
    const char *since;
    const char *out;
    struct cli_words words;
};

static error_t delta_parse(int key, char *arg, struct argp_state *state)
{
    struct delta *in = state->input;

    switch (key) {
    case 's':
        in->since = arg;
        return 0;
    case 'o':
        in->out = arg;
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option delta_options[] = {
    { "since", 's', "VERSION", 0,
      "Only what this version lacks: the word of 'version --hex', or a file (- is standard "
      "input) with what 'version --hex' or --raw printed", 0 },
    { "output", 'o', "OUT", 0, "Write to this file instead of standard output", 0 },
    { 0 },
};

static const struct argp delta_argp = {
    .options = delta_options,
    .parser = delta_parse,
    .args_doc = "FILE",
    .doc = "Write what somebody else lacks, for 'sennit apply' there.\v"
           "Without --since that is everything. Nothing lacking gives no bytes. What was not "
           "committed is not in it.",
};

static int delta_write(const char *path, const sennit_buf *bytes)
{
    if (path != NULL && strcmp(path, "-") != 0)
        return file_write(path, bytes->data, bytes->len);
    if (isatty(STDOUT_FILENO)) {
        cli_error(NULL, "a delta is no text for a terminal; use -o FILE or a pipe");
        return CLI_USAGE;
    }
    cli_print(bytes);
    return CLI_OK;
}

/* What a version lacks: a delta, or a snapshot if that would have to tell of text
 * that was forgotten. 'apply' takes both. */
static int exchange_lacking(const struct document *d, const struct bytes *since, sennit_buf *out)
{
    sennit_status st = sennit_doc_delta(d->doc, since->data, since->len, NULL, out, NULL);

    if (st == SENNIT_EGONE)
        st = sennit_doc_save(d->doc, SENNIT_SAVE_SHARED, out);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

int cmd_delta(int argc, char **argv)
{
    struct delta in = { .words = { .min = 1, .max = 1 } };
    struct bytes since = { NULL, 0 };
    struct document d;
    sennit_buf bytes;
    int code;

    argp_parse(&delta_argp, argc, argv, 0, NULL, &in);
    sennit_buf_init(&bytes, NULL);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK && in.since != NULL)
        code = moment_bytes(in.since, &since);
    if (code == CLI_OK)
        code = exchange_lacking(&d, &since, &bytes);
    if (code == CLI_OK)
        code = delta_write(in.out, &bytes);
    if (code == CLI_OK && document_differs(&d))
        cli_error(d.name, "note: changes that are not committed are not in the delta");
    sennit_buf_clear(&bytes);
    bytes_free(&since);
    document_close(&d);
    return code;
}

/* --------------------------------------------------------------- apply -- */

static error_t apply_parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    return cli_take_words(key, state, state->input);
}

static const struct argp apply_argp = {
    .parser = apply_parse,
    .args_doc = "FILE DELTA...",
    .doc = "Merge deltas, or whole snapshots, into FILE and its document.\v"
           "DELTA is a file, or - for standard input. They may come in any order and more "
           "than once. What was changed in FILE and not recorded is recorded first, so "
           "nothing is lost.\n\n"
           "A delta that builds on others which have not arrived is reported together with "
           "what is missing (exit code 4). What it could not do is not kept: apply it again "
           "when the others are here. A damaged or unrelated delta is reported and left out; "
           "the others are applied.",
};

static void apply_report(const char *name, const sennit_applied *got)
{
    printf("%s: applied %" PRIu64 ", known %" PRIu64 ", parked %" PRIu64, name, got->applied,
           got->known, got->parked);
    if (got->dropped > 0)
        printf(", dropped %" PRIu64, got->dropped);
    putchar('\n');
}

static int apply_bytes(struct document *d, const char *name, const void *bytes, size_t len)
{
    sennit_applied got = { 0, 0, 0, 0 };
    sennit_error err = { SENNIT_OK, 0, "" };

    if (len > 0) { /* no bytes: a delta with nothing in it */
        sennit_status st = sennit_doc_apply(d->doc, bytes, len, NULL, &got, &err);
        if (st != SENNIT_OK)
            return cli_refuse(name, st, &err);
    }
    apply_report(name, &got);
    return got.dropped > 0 ? CLI_NO : CLI_OK;
}

static int apply_file(struct document *d, const char *path)
{
    struct bytes delta;
    int code = file_read(path, &delta);

    if (code == CLI_OK)
        code = apply_bytes(d, path, delta.data, delta.len);
    bytes_free(&delta);
    return code;
}

/* Name what is missing; CLI_WAITS if anything is. */
static int apply_missing(const struct document *d)
{
    uint64_t replica, after;
    size_t at = 0;
    int code = CLI_OK;

    while (sennit_doc_next_missing(d->doc, &at, &replica, &after) == 1) {
        cli_error(d->name,
                  "lacks operations of replica %016" PRIx64 " after number %" PRIu64, replica,
                  after);
        code = CLI_WAITS;
    }
    if (code == CLI_WAITS)
        cli_error(d->name, "apply the parked deltas again when those have arrived");
    return code;
}

int cmd_apply(int argc, char **argv)
{
    struct cli_words words = { .min = 2, .max = 100000 };
    struct document d;
    int code;

    argp_parse(&apply_argp, argc, argv, 0, NULL, &words);
    code = document_open(&d, words.at[0], DOCUMENT_WRITE);
    if (code == CLI_OK)
        code = document_record_first(&d);
    if (code == CLI_OK) {
        for (int i = 1; i < words.n; i++)
            code = cli_worse(code, apply_file(&d, words.at[i]));
        code = cli_worse(code, apply_missing(&d));
        code = cli_worse(code, document_save(&d));
    }
    document_close(&d);
    return code;
}

/* --------------------------------------------------------------- merge -- */

static const struct argp merge_argp = {
    .parser = apply_parse,
    .args_doc = "A B",
    .doc = "Exchange everything between two files here, both ways.\v"
           "Afterwards both documents and both plain files are equal. What was changed in "
           "them and not recorded is recorded first.",
};

/* Bring everything in the first document to the second. A delta since the
 * second's version would do, and be smaller; but only what is received again is
 * compared, and so finds out that both write under one name. */
static int merge_into(struct document *from, struct document *to)
{
    const struct bytes nothing = { NULL, 0 };
    sennit_buf delta;
    int code;

    sennit_buf_init(&delta, NULL);
    code = exchange_lacking(from, &nothing, &delta);
    if (code == CLI_OK)
        code = apply_bytes(to, to->name, delta.data, delta.len);
    sennit_buf_clear(&delta);
    return code;
}

static bool merge_same_file(const char *a, const char *b)
{
    struct stat sa, sb;

    return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev
           && sa.st_ino == sb.st_ino;
}

static int merge_both(struct document *a, struct document *b)
{
    int code = document_record_first(a);

    if (code == CLI_OK)
        code = document_record_first(b);
    if (code == CLI_OK)
        code = merge_into(a, b);
    if (code == CLI_OK)
        code = merge_into(b, a);
    if (code == CLI_OK)
        code = document_save(a);
    return code == CLI_OK ? document_save(b) : code;
}

int cmd_merge(int argc, char **argv)
{
    struct cli_words words = { .min = 2, .max = 2 };
    struct document a, b;
    int code;

    argp_parse(&merge_argp, argc, argv, 0, NULL, &words);
    if (merge_same_file(words.at[0], words.at[1])) {
        cli_error(words.at[1], "is the same file as %s", words.at[0]);
        return CLI_USAGE;
    }
    document_name(&b, words.at[1]); /* something to close if a does not open */
    code = document_open(&a, words.at[0], DOCUMENT_WRITE);
    if (code == CLI_OK) {
        document_close(&b);
        code = document_open(&b, words.at[1], DOCUMENT_WRITE);
    }
    if (code == CLI_OK)
        code = merge_both(&a, &b);
    document_close(&a);
    document_close(&b);
    return code;
}
