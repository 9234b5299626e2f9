/* A document as a server has it, and documents here that begin with it. */
#include "fetch.h"
#include "common/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fetch(const struct remote_where *where, sennit_doc **out)
{
    sennit_options options = host_options(SENNIT_BYTES);
    struct remote remote;
    sennit_status st = sennit_doc_new(&options, out);
    int code;

    if (st != SENNIT_OK)
        return cli_refuse(NULL, st, NULL);
    code = remote_open(&remote, where, *out);
    if (code == CLI_OK)
        code = remote_join(&remote, true);
    remote_close(&remote);
    if (code != CLI_OK) {
        sennit_doc_free(*out);
        *out = NULL;
    }
    return code;
}

/* ------------------------------------------------------------ Beginning -- */

static bool fetch_is_new(const struct document *d)
{
    sennit_stat stat;

    sennit_doc_stat(d->doc, &stat);
    return stat.operations == 0;
}

/* The text here is what a new document begins with. Others who begin with the same
 * text, at the same time, begin the same document. */
static int fetch_seed(struct document *d, const char *id)
{
    sennit_options options = host_options(SENNIT_BYTES);
    sennit_status st;

    sennit_doc_free(d->doc);
    d->doc = NULL;
    st = sennit_doc_seed(&options, id, strlen(id), d->text.data, d->text.len, &d->doc);
    if (st == SENNIT_EUTF8) {
        cli_error(d->name, "not UTF-8 text (offset %zu)", bytes_utf8(d->text.data, d->text.len));
        return CLI_REFUSED;
    }
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

static int fetch_keep(const struct document *d)
{
    char *path = cli_join(d->path, "~");
    int code = file_write(path, d->text.data, d->text.len);

    if (code == CLI_OK)
        printf("%s: the text that was here is in %s~ now\n", d->name, d->name);
    free(path);
    return code;
}

/* Two texts that were never one. */
static int fetch_choose(struct document *d, enum fetch_choice choice)
{
    struct document_edits edits;

    switch (choice) {
    case FETCH_OURS: return document_record(d, &edits);
    case FETCH_THEIRS: return fetch_keep(d);
    default:
        cli_error(d->name, "has another text than the document on the server. Move it away, or "
                           "choose: --theirs\n(it is kept as %s~) or --ours (it becomes the "
                           "document's text)", d->name);
        return CLI_REFUSED;
    }
}

static int fetch_settle(struct document *d, const char *id, enum fetch_choice choice)
{
    sennit_buf text;
    int code;

    if (!file_exists(d->path))
        return file_create(d->path, NULL, 0);
    code = file_read(d->path, &d->text);
    if (code != CLI_OK || d->text.len == 0)
        return code;
    if (fetch_is_new(d))
        return fetch_seed(d, id);
    sennit_buf_init(&text, NULL);
    code = document_text(d, &text);
    if (code == CLI_OK && !bytes_are(&d->text, text.data, text.len))
        code = fetch_choose(d, choice);
    sennit_buf_clear(&text);
    return code;
}

int fetch_begin(const char *name, const struct remote_where *where, enum fetch_choice choice)
{
    const char *slash = strrchr(where->address, '/');
    struct document d;
    int code;

    document_name(&d, name);
    code = fetch(where, &d.doc);
    if (code == CLI_OK)
        code = fetch_settle(&d, slash != NULL ? slash + 1 : "", choice);
    if (code == CLI_OK)
        code = document_create(&d, false);
    if (code == CLI_OK)
        code = document_save(&d);
    document_close(&d);
    return code;
}
