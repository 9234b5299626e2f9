/* sennit compact: forget what was deleted. */
#include "cli.h"
#include "common/host.h"
#include "document.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_MS UINT64_C(86400000)

struct compact {
    uint64_t keep_days;
    struct cli_words words;
};

static error_t compact_parse(int key, char *arg, struct argp_state *state)
{
    struct compact *in = state->input;

    if (key != 'k')
        return cli_take_words(key, state, &in->words);
    in->keep_days = cli_number(state, "keep", arg, 0, 36500);
    return 0;
}

static const struct argp_option compact_options[] = {
    { "keep", 'k', "DAYS", 0, "Keep what was deleted in the last DAYS days", 0 },
    { 0 },
};

static const struct argp compact_argp = {
    .options = compact_options,
    .parser = compact_parse,
    .args_doc = "FILE",
    .doc = "Forget text that was deleted, for good.\v"
           "The text, who wrote it and what comes from others later stay as they are. What "
           "the document was before can not be read any more, and 'sennit undo' does not "
           "bring back what was deleted by then.",
};

static int compact_bytes(const struct document *d, uint64_t *out)
{
    sennit_buf snapshot;

    sennit_buf_init(&snapshot, NULL);
    sennit_status st = sennit_doc_save(d->doc, SENNIT_SAVE_IDENTITY, &snapshot);
    *out = snapshot.len;
    sennit_buf_clear(&snapshot);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

static int compact_document(const struct document *d, uint64_t keep_days)
{
    const uint64_t now = host_now(), keep = keep_days * DAY_MS;
    sennit_buf cut;

    sennit_buf_init(&cut, NULL);
    sennit_status st = keep_days == 0 ? sennit_doc_version(d->doc, &cut)
                                      : sennit_history_at(d->doc, now > keep ? now - keep : 0, &cut);
    if (st == SENNIT_OK)
        st = sennit_doc_compact(d->doc, cut.data, cut.len, NULL);
    sennit_buf_clear(&cut);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

static int compact_open(struct document *d, uint64_t keep_days)
{
    uint64_t before = 0, after = 0;
    int code = document_record_first(d);

    if (code == CLI_OK)
        code = compact_bytes(d, &before);
    if (code == CLI_OK)
        code = compact_document(d, keep_days);
    if (code == CLI_OK)
        code = compact_bytes(d, &after);
    if (code == CLI_OK)
        code = document_save(d);
    if (code == CLI_OK)
        printf("%s: %" PRIu64 " bytes, %" PRIu64 " before\n", d->name, after, before);
    return code;
}

int cmd_compact(int argc, char **argv)
{
    struct compact in = { .words = { .min = 1, .max = 1 } };
    struct document d;
    int code;

    argp_parse(&compact_argp, argc, argv, 0, NULL, &in);
    code = document_open(&d, in.words.at[0], DOCUMENT_WRITE);
    if (code == CLI_OK)
        code = compact_open(&d, in.keep_days);
    document_close(&d);
    return code;
}
