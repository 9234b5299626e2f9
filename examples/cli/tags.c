/* sennit tag: names for versions of a document. */
#include "tags.h"
#include "cli.h"
#include "common/out.h"
#include "moment.h"
#include "paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_PREFIX "sennit.tag." /* of keys of the metadata; their values are versions */
#define TAGS_NAME_MAX 100

static char *tags_key(const char *name)
{
    return cli_join(TAGS_PREFIX, name);
}

static bool tags_get(const struct document *d, const char *name, sennit_value *out)
{
    char *key = tags_key(name);
    int got = strlen(key) <= SENNIT_ATTR_NAME_MAX
                  ? sennit_meta_get(d->doc, key, strlen(key), out) : 0;

    free(key);
    return got == 1 && out->type == SENNIT_DATA;
}

int tags_find(const struct document *d, const char *name, bool *found, sennit_buf *out)
{
    sennit_value value;

    *found = tags_get(d, name, &value);
    return !*found || out_add(out, value.data, value.len) ? CLI_OK
                                                          : cli_refuse(name, SENNIT_ENOMEM, NULL);
}

/* ---------------------------------------------------------------- Tags -- */

/* A name is one word that means nothing else. */
static bool tags_name_is_good(const char *name)
{
    size_t len = strlen(name);
    bool good = len > 0 && len <= TAGS_NAME_MAX && *name != '-' && !moment_is_taken(name)
                && bytes_utf8(name, len) == len;

    for (const char *c = name; *c != '\0'; c++)
        good &= (unsigned char)*c > ' ' && *c != 0x7f;
    return good;
}

static int tags_list(const struct document *d)
{
    const size_t prefix = strlen(TAGS_PREFIX);
    sennit_attr attr = { .name = NULL };
    sennit_buf hex;
    bool good = true;

    sennit_buf_init(&hex, NULL);
    while (good && sennit_meta_next(d->doc, &attr) == 1) {
        if (attr.name_len <= prefix || memcmp(attr.name, TAGS_PREFIX, prefix) != 0
            || attr.value.type != SENNIT_DATA)
            continue;
        hex.len = 0;
        good = out_hex(&hex, attr.value.data, attr.value.len);
        paint_text(attr.name + prefix, attr.name_len - prefix);
        printf("  %.*s\n", (int)hex.len, (const char *)hex.data);
    }
    sennit_buf_clear(&hex);
    return good ? CLI_OK : cli_refuse(d->name, SENNIT_ENOMEM, NULL);
}

/* Change one tag, or take it away (version NULL). No step of 'sennit undo' is about
 * that. */
static int tags_change(struct document *d, const char *name, const sennit_buf *version)
{
    char *key = tags_key(name);
    sennit_value value = { .type = SENNIT_DATA };
    sennit_status st = sennit_undo_track(d->undo, 0);

    if (version != NULL) {
        value.data = version->data;
        value.len = version->len;
    }
    if (st == SENNIT_OK)
        st = version != NULL ? sennit_meta_set(d->doc, key, strlen(key), &value)
                             : sennit_meta_delete(d->doc, key, strlen(key));
    free(key);
    if (st == SENNIT_OK)
        st = sennit_undo_track(d->undo, 1);
    return st == SENNIT_OK ? document_save(d) : document_refuse(d, st);
}

static int tags_forget(struct document *d, const char *name)
{
    sennit_value value;
    int code = document_record_first(d);

    if (code != CLI_OK)
        return code;
    if (tags_get(d, name, &value))
        return tags_change(d, name, NULL);
    cli_error(d->name, "has no tag %s", name);
    return CLI_NO;
}

/* Only what the document can tell the text of is worth a name. */
static int tags_set(struct document *d, const char *name, const char *word)
{
    sennit_buf version, text;
    int code;

    if (!tags_name_is_good(name)) {
        cli_error(name, "cannot be the name of a tag");
        return CLI_USAGE;
    }
    sennit_buf_init(&version, NULL);
    sennit_buf_init(&text, NULL);
    code = document_record_first(d);
    if (code == CLI_OK)
        code = moment_version(d, word, &version);
    if (code == CLI_OK) {
        sennit_status st = sennit_history_text(d->doc, version.data, version.len, &text);
        code = st == SENNIT_OK ? tags_change(d, name, &version) : document_refuse(d, st);
    }
    sennit_buf_clear(&version);
    sennit_buf_clear(&text);
    return code;
}

/* ------------------------------------------------------------- Command -- */

struct tag {
    const char *gone;
    struct cli_words words;
};

static error_t tag_parse(int key, char *arg, struct argp_state *state)
{
    struct tag *in = state->input;

    if (key != 'd')
        return cli_take_words(key, state, &in->words);
    in->gone = arg;
    return 0;
}

static const struct argp_option tag_options[] = {
    { "delete", 'd', "NAME", 0, "Forget a tag", 0 },
    { 0 },
};

static const struct argp tag_argp = {
    .options = tag_options,
    .parser = tag_parse,
    .args_doc = "FILE [NAME [MOMENT]]",
    .doc = "Name a version of the document, or list the names.\v"
           "Without MOMENT it is the version of now; what was changed in FILE and not recorded "
           "is recorded first. A tag that exists is moved. See 'sennit at --help' for "
           "moments.\n\n"
           "Tags belong to the document, so everybody gets them; of two of one name the one "
           "set last counts.",
};

int cmd_tag(int argc, char **argv)
{
    struct tag in = { .words = { .min = 1, .max = 3 } };
    struct document d;
    int code;

    argp_parse(&tag_argp, argc, argv, 0, NULL, &in);
    const struct cli_words *words = &in.words;
    code = document_open(&d, words->at[0], words->n > 1 || in.gone != NULL ? DOCUMENT_WRITE
                                                                           : DOCUMENT_READ);
    if (code == CLI_OK && in.gone != NULL)
        code = tags_forget(&d, in.gone);
    else if (code == CLI_OK && words->n == 1)
        code = tags_list(&d);
    if (code == CLI_OK && words->n > 1)
        code = tags_set(&d, words->at[1], words->n > 2 ? words->at[2] : "now");
    document_close(&d);
    return code;
}
