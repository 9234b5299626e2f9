/* sennit pull, tail: what others did to a document on a server. Neither sends
 * anything of ours. */
#include "cli.h"
#include "common/host.h"
#include "document.h"
#include "fetch.h"
#include "remote.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pull {
    struct remote_where where;
    bool json;
    struct cli_words words;
};

static error_t pull_parse(int key, char *arg, struct argp_state *state)
{
    struct pull *in = state->input;

    if (remote_option(&in->where, key, arg))
        return 0;
    if (key != 'j')
        return cli_take_words(key, state, &in->words);
    in->json = true;
    return 0;
}

/* ---------------------------------------------------------------- pull -- */

static const struct argp_option pull_options[] = {
    REMOTE_OPTIONS,
    { 0 },
};

static const struct argp pull_argp = {
    .options = pull_options,
    .parser = pull_parse,
    .args_doc = "FILE ws://HOST:PORT/NAME",
    .doc = "Merge what a server has of a document into FILE, once, and send nothing.\v"
           "What was edited in FILE and not recorded is recorded first. FILE is created "
           "if it is not there.",
};

static int pull_merge(struct document *d, sennit_doc *from)
{
    sennit_applied got = { 0, 0, 0, 0 };
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_buf version, delta;
    sennit_status st;

    sennit_buf_init(&version, NULL);
    sennit_buf_init(&delta, NULL);
    st = sennit_doc_version(d->doc, &version);
    if (st == SENNIT_OK)
        st = sennit_doc_delta(from, version.data, version.len, NULL, &delta, &err);
    if (st == SENNIT_OK && delta.len > 0)
        st = sennit_doc_apply(d->doc, delta.data, delta.len, NULL, &got, &err);
    sennit_buf_clear(&version);
    sennit_buf_clear(&delta);
    if (st != SENNIT_OK)
        return cli_refuse(d->name, st, &err);
    printf("%s: %" PRIu64 " operations from others\n", d->name, got.applied);
    return CLI_OK;
}

static int pull_into(const char *name, const struct remote_where *where)
{
    struct document d;
    sennit_doc *from = NULL;
    int code = document_open(&d, name, DOCUMENT_WRITE);

    if (code == CLI_OK)
        code = document_record_first(&d);
    if (code == CLI_OK)
        code = fetch(where, &from);
    if (code == CLI_OK)
        code = pull_merge(&d, from);
    if (code == CLI_OK)
        code = document_save(&d);
    sennit_doc_free(from);
    document_close(&d);
    return code;
}

int cmd_pull(int argc, char **argv)
{
    struct pull in = { .words = { .min = 2, .max = 2 } };
    char *store;
    int code;

    argp_parse(&pull_argp, argc, argv, 0, NULL, &in);
    in.where.address = in.words.at[1];
    store = cli_join(in.words.at[0], ".sennit");
    code = file_exists(store) ? pull_into(in.words.at[0], &in.where)
                              : fetch_begin(in.words.at[0], &in.where, FETCH_REFUSE);
    free(store);
    return code;
}

/* ---------------------------------------------------------------- tail -- */

static const struct argp_option tail_options[] = {
    { "json", 'j', NULL, 0, "Print each change as one JSON object", 0 },
    REMOTE_OPTIONS,
    { 0 },
};

static const struct argp tail_argp = {
    .options = tail_options,
    .parser = pull_parse,
    .args_doc = "ws://HOST:PORT/NAME",
    .doc = "Print what is changed in a document on a server, as it arrives.\v"
           "A line has the beginning of the author's replica id, the line and column (from "
           "1), how many bytes were taken away, and what was put there, as a JSON string. "
           "In JSON, pos and removed count bytes.",
};

static json_t *tail_text(const sennit_patch *patch)
{
    return json_stringn(patch->text != NULL ? patch->text : "", patch->len);
}

/* NULL if memory ran out. */
static json_t *tail_object(const sennit_patch *patch)
{
    char replica[17];

    snprintf(replica, sizeof replica, "%016" PRIx64, patch->replica);
    return json_pack("{s:s, s:I, s:I, s:o}", "replica", replica, "pos", (json_int_t)patch->pos,
                     "removed", (json_int_t)patch->removed, "text", tail_text(patch));
}

/* Where a patch was, when it is not the last one, is told by later text: close
 * enough for people. */
static void tail_place(const sennit_doc *doc, const sennit_patch *patch)
{
    size_t line = 0, column = 0;

    if (sennit_doc_line_column(doc, patch->pos, &line, &column) != SENNIT_OK)
        line = column = 0;
    printf("%08" PRIx64 "  %zu:%zu", patch->replica >> 32, line + 1, column + 1);
}

static int tail_print(const sennit_doc *doc, const sennit_patch *patch, bool json)
{
    json_t *value = json ? tail_object(patch) : tail_text(patch);

    if (value == NULL) {
        cli_error(NULL, "out of memory");
        return CLI_IO;
    }
    if (!json) {
        tail_place(doc, patch);
        if (patch->removed > 0)
            printf("  -%zu", patch->removed);
        if (patch->len > 0)
            printf("  +");
    }
    if (json || patch->len > 0)
        json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(value);
    return fflush(stdout) == 0 ? CLI_OK : CLI_IO;
}

static int tail_patches(sennit_doc *doc, bool json)
{
    sennit_patch patch;
    int code = CLI_OK;

    while (code == CLI_OK && sennit_doc_next_patch(doc, &patch) == 1)
        code = tail_print(doc, &patch, json);
    return code;
}

static int tail_follow(struct remote *remote, sennit_doc *doc, bool json)
{
    sennit_event event;
    int code = remote_join(remote, true);

    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    while (code == CLI_OK) {
        code = remote_wait(remote, -1, -1);
        while (code == CLI_OK && remote_event(remote, true, &event, &code) == 1)
            ;
        if (code == CLI_OK)
            code = tail_patches(doc, json);
    }
    return code;
}

int cmd_tail(int argc, char **argv)
{
    struct pull in = { .words = { .min = 1, .max = 1 } };
    sennit_options options = host_options(SENNIT_BYTES);
    struct remote remote;
    sennit_doc *doc;
    int code;

    argp_parse(&tail_argp, argc, argv, 0, NULL, &in);
    in.where.address = in.words.at[0];
    sennit_status st = sennit_doc_new(&options, &doc);
    if (st != SENNIT_OK)
        return cli_refuse(NULL, st, NULL);
    code = remote_open(&remote, &in.where, doc);
    if (code == CLI_OK)
        code = tail_follow(&remote, doc, in.json);
    remote_close(&remote);
    sennit_doc_free(doc);
    return code;
}
