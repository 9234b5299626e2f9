/* sennit tag: names for versions of a document. */
#include "tags.h"
#include "cli.h"
#include "common/out.h"
#include "moment.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_NAME_MAX 100

/* ---------------------------------------------------------------- File -- */

static char *tags_path(const struct document *d)
{
    return cli_join(d->store, "-tags");
}

static int tags_damaged(const char *path)
{
    cli_error(path, "is no list of tags");
    return CLI_NO;
}

/* Read all tags; none if there is no file. */
static int tags_read(const struct document *d, json_t **out)
{
    char *path = tags_path(d);
    struct bytes bytes = { NULL, 0 };
    int code = CLI_OK;

    *out = NULL;
    if (!file_exists(path)) {
        *out = json_object();
    } else {
        code = file_read(path, &bytes);
        if (code == CLI_OK) {
            *out = json_loadb(bytes.data, bytes.len, JSON_REJECT_DUPLICATES, NULL);
            if (!json_is_object(*out))
                code = tags_damaged(path);
        }
        bytes_free(&bytes);
    }
    free(path);
    return code;
}

static int tags_write(const struct document *d, const json_t *tags)
{
    char *path = tags_path(d);
    char *text = json_dumps(tags, JSON_INDENT(1) | JSON_SORT_KEYS);
    int code = CLI_IO;

    if (text == NULL)
        cli_error(NULL, "out of memory");
    else
        code = file_write(path, text, strlen(text));
    free(text);
    free(path);
    return code;
}

int tags_find(const struct document *d, const char *name, bool *found, sennit_buf *out)
{
    struct bytes version;
    json_t *tags;
    int code = tags_read(d, &tags);
    const char *hex = json_string_value(json_object_get(tags, name));

    *found = hex != NULL;
    if (code == CLI_OK && hex != NULL) {
        code = moment_hex(name, hex, &version);
        if (code == CLI_OK && !out_add(out, version.data, version.len))
            code = cli_refuse(name, SENNIT_ENOMEM, NULL);
        bytes_free(&version);
    }
    json_decref(tags);
    return code;
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
    json_t *tags, *value;
    const char *name;
    int code = tags_read(d, &tags);

    if (code == CLI_OK)
        json_object_foreach(tags, name, value)
            printf("%s  %s\n", name, json_is_string(value) ? json_string_value(value) : "?");
    json_decref(tags);
    return code;
}

/* Change one tag: hex is its version, or NULL to take it away. */
static int tags_change(const struct document *d, const char *name, const char *hex)
{
    json_t *tags;
    int code = tags_read(d, &tags);

    if (code == CLI_OK && hex == NULL && json_object_del(tags, name) != 0) {
        cli_error(d->name, "has no tag %s", name);
        code = CLI_NO;
    }
    if (code == CLI_OK && hex != NULL && json_object_set_new(tags, name, json_string(hex)) != 0)
        code = cli_refuse(d->name, SENNIT_ENOMEM, NULL);
    if (code == CLI_OK)
        code = tags_write(d, tags);
    json_decref(tags);
    return code;
}

/* Only what the document can tell the text of is worth a name. */
static int tags_set(const struct document *d, const char *name, const char *word)
{
    sennit_buf version, text, hex;
    int code;

    if (!tags_name_is_good(name)) {
        cli_error(name, "cannot be the name of a tag");
        return CLI_USAGE;
    }
    sennit_buf_init(&version, NULL);
    sennit_buf_init(&text, NULL);
    sennit_buf_init(&hex, NULL);
    code = moment_version(d, word, &version);
    if (code == CLI_OK) {
        sennit_status st = sennit_history_text(d->doc, version.data, version.len, &text);
        if (st == SENNIT_OK && (!out_hex(&hex, version.data, version.len) || !out_add(&hex, "", 1)))
            st = SENNIT_ENOMEM;
        code = st == SENNIT_OK ? tags_change(d, name, (const char *)hex.data)
                               : document_refuse(d, st);
    }
    sennit_buf_clear(&version);
    sennit_buf_clear(&text);
    sennit_buf_clear(&hex);
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
           "Without MOMENT it is the version of now: what was committed or merged last. A tag "
           "that exists is moved. See 'sennit at --help' for moments.\n\n"
           "Tags are in FILE.sennit-tags and stay on this device.",
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
        code = tags_change(&d, in.gone, NULL);
    else if (code == CLI_OK && words->n == 1)
        code = tags_list(&d);
    if (code == CLI_OK && words->n > 1)
        code = tags_set(&d, words->at[1], words->n > 2 ? words->at[2] : "now");
    document_close(&d);
    return code;
}
