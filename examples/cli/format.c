/* sennit export, import: rich text as HTML, Markdown and Quill Delta. */
#include "cli.h"
#include "document.h"

#include <sennit/format.h>
#include <stdio.h>
#include <string.h>

typedef sennit_status writer(const sennit_doc *doc, sennit_buf *out);
typedef sennit_status reader(sennit_doc *doc, const char *text, size_t len, sennit_error *err);

struct format {
    const char *name;
    int key;
    writer *write;
    reader *read; /* NULL: out only */
    const char *endings[3];
};

static const struct format formats[] = {
    { "html", 'h', sennit_format_html, NULL, { ".html", ".htm" } },
    { "md", 'm', sennit_format_markdown, sennit_format_read_markdown, { ".md", ".markdown" } },
    { "delta", 'd', sennit_format_delta, sennit_format_read_delta, { ".json", ".delta" } },
};

struct convert {
    const struct format *format;
    const char *out;
    struct cli_words words;
};

static const struct argp_option export_options[] = {
    { "html", 'h', NULL, 0, "HTML, safe to put into a page", 0 },
    { "md", 'm', NULL, 0, "Markdown (CommonMark)", 0 },
    { "delta", 'd', NULL, 0, "Quill's Delta, as JSON", 0 },
    { "output", 'o', "OUT", 0, "Write to a file, whose ending tells the format if nothing else does", 0 },
    { 0 },
};

static const struct argp_option import_options[] = {
    { "md", 'm', NULL, 0, "IN is Markdown (CommonMark)", 0 },
    { "delta", 'd', NULL, 0, "IN is Quill's Delta, as JSON", 0 },
    { 0 },
};

static error_t convert_parse(int key, char *arg, struct argp_state *state)
{
    struct convert *in = state->input;

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].key == key) {
            in->format = &formats[i];
            return 0;
        }
    if (key != 'o')
        return cli_take_words(key, state, &in->words);
    in->out = arg;
    return 0;
}

static const struct argp export_argp = {
    .options = export_options,
    .parser = convert_parse,
    .args_doc = "FILE",
    .doc = "Print the document with its marks: bold, links, headings, lists and so on.\v"
           "HTML is a fragment: every character is escaped, and links go to http, https and "
           "mailto only.",
};

static const struct argp import_argp = {
    .options = import_options,
    .parser = convert_parse,
    .args_doc = "FILE IN",
    .doc = "Let FILE and its document read as IN does, by edits as small as possible.\v"
           "IN may be - for standard input. What was edited in FILE is recorded first.",
};

/* What a file's ending says, or NULL. */
static const struct format *convert_by_ending(const char *path)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (const char *const *e = formats[i].endings; *e != NULL; e++)
            if (strlen(path) > strlen(*e) && strcmp(path + strlen(path) - strlen(*e), *e) == 0)
                return &formats[i];
    return NULL;
}

static int convert_unknown(const char *path)
{
    cli_error(path, "in which format? say --md or --delta");
    return CLI_USAGE;
}

int cmd_export(int argc, char **argv)
{
    struct convert in = { .words = { .min = 1, .max = 1 } };
    struct document d;
    sennit_buf out;
    int code;

    argp_parse(&export_argp, argc, argv, 0, NULL, &in);
    if (in.format == NULL && in.out != NULL)
        in.format = convert_by_ending(in.out);
    if (in.format == NULL) {
        cli_error(NULL, "in which format? say --html, --md or --delta");
        return CLI_USAGE;
    }
    sennit_buf_init(&out, NULL);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK) {
        sennit_status st = in.format->write(d.doc, &out);
        code = st == SENNIT_OK ? CLI_OK : document_refuse(&d, st);
    }
    if (code == CLI_OK && in.out != NULL)
        code = file_write(in.out, out.data, out.len);
    else if (code == CLI_OK)
        cli_print(&out);
    if (code == CLI_OK && document_differs(&d))
        cli_error(d.name, "note: what is not committed was not exported");
    sennit_buf_clear(&out);
    document_close(&d);
    return code;
}

static int import_into(struct document *d, const struct format *format, const char *path)
{
    sennit_error err = { SENNIT_OK, 0, "" };
    struct bytes text;
    int code = file_read(path, &text);

    if (code != CLI_OK)
        return code;
    sennit_status st = format->read(d->doc, text.data != NULL ? text.data : "", text.len, &err);
    bytes_free(&text);
    return st == SENNIT_OK ? document_save(d) : cli_refuse(path, st, &err);
}

int cmd_import(int argc, char **argv)
{
    struct convert in = { .words = { .min = 2, .max = 2 } };
    struct document d;
    int code;

    argp_parse(&import_argp, argc, argv, 0, NULL, &in);
    if (in.format == NULL)
        in.format = convert_by_ending(in.words.at[1]);
    if (in.format == NULL || in.format->read == NULL)
        return convert_unknown(in.words.at[1]);
    code = document_open(&d, in.words.at[0], DOCUMENT_WRITE);
    if (code == CLI_OK)
        code = document_record_first(&d);
    if (code == CLI_OK)
        code = import_into(&d, in.format, in.words.at[1]);
    document_close(&d);
    return code;
}
