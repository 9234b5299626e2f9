/* sennit check: find damage, and save what can be saved. */
#include "cli.h"
#include "common/host.h"
#include "document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK_RESCUES 1000

static error_t check_parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    return cli_take_words(key, state, state->input);
}

static const struct argp check_argp = {
    .parser = check_parse,
    .args_doc = "FILE...",
    .doc = "Find damage in FILE.sennit, and save what can be saved.\v"
           "A sound document prints 'ok' and its sizes. Of a damaged one, the place and the "
           "kind of the damage are told, and the text, if its own checksum holds, goes to "
           "FILE.rescued (or FILE.rescued.1 and so on: nothing is overwritten). Nothing "
           "else is changed. Exit code 1 says that something is damaged.",
};

/* Tell whether a file holds exactly this text. */
static bool check_holds(const char *path, const char *text, size_t len)
{
    struct bytes old;
    bool same = access(path, R_OK) == 0 && file_read(path, &old) == CLI_OK;

    if (same) {
        same = old.len == len && (len == 0 || memcmp(old.data, text, len) == 0);
        bytes_free(&old);
    }
    return same;
}

/* The first name that is free, or that a run before this one used for the same. */
static int check_write_rescued(const struct document *d, const char *text, size_t len)
{
    size_t size = strlen(d->path) + sizeof ".rescued.1000";
    char *path = cli_alloc(size, 1);
    int code = CLI_OK;

    snprintf(path, size, "%s.rescued", d->path);
    for (int n = 1; n < CHECK_RESCUES && file_exists(path) && !check_holds(path, text, len); n++)
        snprintf(path, size, "%s.rescued.%d", d->path, n);
    if (!check_holds(path, text, len))
        code = file_create(path, text, len);
    if (code == CLI_OK)
        printf("%s: the text, %zu bytes, is in %s\n", d->name, len, path);
    free(path);
    return code;
}

static int check_rescue(const struct document *d, const struct bytes *data)
{
    const char *text;
    size_t len;
    sennit_error err = { SENNIT_OK, 0, "" };

    if (sennit_snapshot_text(data->data, data->len, &text, &len, &err) == SENNIT_OK)
        return check_write_rescued(d, text, len);
    cli_error(d->store, "the text in it is damaged too: %s (offset %zu)", err.what, err.pos);
    return CLI_NO;
}

static int check_inside(struct document *d, const struct bytes *data)
{
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_stat stat;
    sennit_status st = sennit_doc_check(d->doc, &err);

    if (st != SENNIT_OK)
        return cli_refuse(d->store, st, &err);
    sennit_doc_stat(d->doc, &stat);
    printf("%s: ok, %" PRIu64 " bytes of text, %" PRIu64 " operations of %" PRIu64
           " replicas, %zu bytes on disk%s\n",
           d->name, stat.visible_bytes, stat.operations, stat.replicas, data->len,
           document_differs(d) ? ", changes not committed" : "");
    return CLI_OK;
}

static int check_one(const char *name)
{
    sennit_options options = host_options(SENNIT_BYTES);
    struct document d;
    struct bytes data;
    sennit_error err = { SENNIT_OK, 0, "" };
    int code;

    document_name(&d, name);
    code = file_read(d.store, &data);
    if (code == CLI_OK) {
        sennit_status st = sennit_doc_load(&options, data.data, data.len, &d.doc, &err);

        if (st == SENNIT_OK)
            code = check_inside(&d, &data);
        else
            code = cli_refuse(d.store, st, &err);
        if (st == SENNIT_ECORRUPT)
            code = cli_worse(code, check_rescue(&d, &data));
    }
    bytes_free(&data);
    document_close(&d);
    return code;
}

int cmd_check(int argc, char **argv)
{
    struct cli_words words = { .min = 1, .max = 100000 };
    int code = CLI_OK;

    argp_parse(&check_argp, argc, argv, 0, NULL, &words);
    for (int i = 0; i < words.n; i++)
        code = cli_worse(code, check_one(words.at[i]));
    return code;
}
