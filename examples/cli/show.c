/* sennit cat, stat, dump: what is in a document. */
#include "cli.h"
#include "document.h"
#include "paint.h"
#include "who.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ----------------------------------------------------------------- cat -- */

struct cat {
    bool who;
    const char *names;
    const char *colour;
    struct cli_words words;
};

enum { CAT_NAMES = 256 };

static error_t cat_parse(int key, char *arg, struct argp_state *state)
{
    struct cat *in = state->input;

    switch (key) {
    case 'w':
        in->who = true;
        return 0;
    case CAT_NAMES:
        in->who = true;
        in->names = arg;
        return 0;
    case PAINT_OPTION:
        paint_parse(state, arg, &in->colour);
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option cat_options[] = {
    { "who", 'w', NULL, 0, "Also show who wrote what", 0 },
    { "names", CAT_NAMES, "ID=NAME,...", 0,
      "Names to show; an ID is the beginning of a replica id", 0 },
    PAINT_ARGP,
    { 0 },
};

static const struct argp cat_argp = {
    .options = cat_options,
    .parser = cat_parse,
    .args_doc = "FILE",
    .doc = "Print the text of the document.\v"
           "That is the text as last committed or merged, whether or not the plain file "
           "still is there. With --who each author has a colour, or a letter below what "
           "they wrote; text that the document began with has none.",
};

static int cat_plain(const struct document *d)
{
    sennit_buf text;
    int code;

    sennit_buf_init(&text, NULL);
    code = document_text(d, &text);
    cli_print(&text);
    sennit_buf_clear(&text);
    return code;
}

int cmd_cat(int argc, char **argv)
{
    struct cat in = { .words = { .min = 1, .max = 1 } };
    struct document d;
    bool colour;
    int code;

    argp_parse(&cat_argp, argc, argv, 0, NULL, &in);
    colour = paint_wanted(in.colour);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK)
        code = in.who ? who_print(d.doc, d.name, in.names, colour) : cat_plain(&d);
    document_close(&d);
    return code;
}

/* ---------------------------------------------------------------- stat -- */

struct stat_args {
    bool json;
    struct cli_words words;
};

static error_t stat_parse(int key, char *arg, struct argp_state *state)
{
    struct stat_args *in = state->input;

    (void)arg;
    if (key != 'j')
        return cli_take_words(key, state, &in->words);
    in->json = true;
    return 0;
}

static const struct argp_option stat_options[] = {
    { "json", 'j', NULL, 0, "Print one JSON object", 0 },
    { 0 },
};

static const struct argp stat_argp = {
    .options = stat_options,
    .parser = stat_parse,
    .args_doc = "FILE",
    .doc = "Measure a document.\v"
           "'replica' is the name under which edits of this copy are known to others; it is "
           "zero before the first. 'heap' is the memory of the open document.",
};

static json_t *stat_hex(const uint8_t *bytes, size_t len)
{
    char hex[33];

    for (size_t i = 0; i < len && i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return json_string(hex);
}

static int stat_add(json_t *out, const char *name, uint64_t value)
{
    return json_object_set_new(out, name, json_integer((json_int_t)value));
}

/* Collect everything in one object; the readable form is the same in lines. */
static json_t *stat_collect(const struct document *d)
{
    json_t *out = json_object();
    uint8_t lineage[16];
    char replica[17];
    struct stat file;
    sennit_stat stat_;
    int bad;

    sennit_doc_stat(d->doc, &stat_);
    sennit_doc_lineage(d->doc, lineage);
    snprintf(replica, sizeof replica, "%016" PRIx64, sennit_doc_replica(d->doc));
    bad = json_object_set_new(out, "replica", json_string(replica));
    bad |= json_object_set_new(out, "lineage", stat_hex(lineage, sizeof lineage));
    bad |= stat_add(out, "bytes", stat_.visible_bytes);
    bad |= stat_add(out, "codepoints", sennit_doc_count(d->doc, SENNIT_CODEPOINTS));
    bad |= stat_add(out, "newlines", sennit_doc_count(d->doc, SENNIT_LINES));
    bad |= stat_add(out, "inserted_bytes", stat_.inserted_bytes);
    bad |= stat_add(out, "operations", stat_.operations);
    bad |= stat_add(out, "changes", stat_.changes);
    bad |= stat_add(out, "replicas", stat_.replicas);
    bad |= stat_add(out, "spans", stat_.spans);
    bad |= stat_add(out, "heap_bytes", stat_.heap_bytes);
    bad |= stat_add(out, "file_bytes",
                    stat(d->store, &file) == 0 ? (uint64_t)file.st_size : 0);
    if (bad == 0)
        return out;
    json_decref(out);
    return NULL;
}

static void stat_lines(json_t *all)
{
    const char *name;
    json_t *value;

    json_object_foreach(all, name, value) {
        printf("%-14s ", name);
        if (json_is_string(value))
            puts(json_string_value(value));
        else
            printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    }
}

int cmd_stat(int argc, char **argv)
{
    struct stat_args in = { .words = { .min = 1, .max = 1 } };
    struct document d;
    int code;

    argp_parse(&stat_argp, argc, argv, 0, NULL, &in);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK) {
        json_t *all = stat_collect(&d);

        if (all == NULL) {
            cli_error(NULL, "out of memory");
            code = CLI_IO;
        } else if (in.json) {
            json_dumpf(all, stdout, JSON_PRESERVE_ORDER);
            putchar('\n');
        } else {
            stat_lines(all);
        }
        json_decref(all);
    }
    document_close(&d);
    return code;
}

/* ---------------------------------------------------------------- dump -- */

static error_t show_parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    return cli_take_words(key, state, state->input);
}

static const struct argp dump_argp = {
    .parser = show_parse,
    .args_doc = "FILE",
    .doc = "Print the inside of a document, for people.\v"
           "Documents that know the same operations print the same, so 'diff' finds where "
           "two of them part. The form may change between releases.",
};

int cmd_dump(int argc, char **argv)
{
    struct cli_words words = { .min = 1, .max = 1 };
    struct document d;
    sennit_buf out;
    int code;

    argp_parse(&dump_argp, argc, argv, 0, NULL, &words);
    sennit_buf_init(&out, NULL);
    code = document_open(&d, words.at[0], DOCUMENT_READ);
    if (code == CLI_OK) {
        sennit_status st = sennit_doc_dump(d.doc, &out);
        if (st != SENNIT_OK)
            code = document_refuse(&d, st);
        else
            cli_print(&out);
    }
    sennit_buf_clear(&out);
    document_close(&d);
    return code;
}
