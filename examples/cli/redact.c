/* sennit redact: erase what was deleted, in every copy. */
#include "cli.h"
#include "document.h"
#include "moment.h"

#include <stdio.h>
#include <string.h>

static error_t redact_parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    return cli_take_words(key, state, state->input);
}

static const struct argp redact_argp = {
    .parser = redact_parse,
    .args_doc = "FILE MOMENT TEXT",
    .doc = "Erase TEXT, as it stood in FILE at MOMENT and was deleted since, in every copy.\v"
           "Copies that merge with this one, and servers, erase it as well. It is in no file "
           "of theirs any more once that is saved; backups and deltas made before keep it. "
           "For moments see 'sennit at --help'.",
};

/* Where a word is in a text from a byte on; its length if it is not. */
static size_t redact_find(const sennit_buf *text, size_t from, const char *word, size_t len)
{
    for (; from + len <= text->len; from++)
        if (memcmp(text->data + from, word, len) == 0)
            return from;
    return text->len;
}

static int redact_each(const struct document *d, const sennit_buf *version, const char *word)
{
    const size_t len = strlen(word);
    sennit_buf text;
    size_t found = 0;

    sennit_buf_init(&text, NULL);
    sennit_status st = sennit_history_text(d->doc, version->data, version->len, &text);
    for (size_t at = 0; st == SENNIT_OK && (at = redact_find(&text, at, word, len)) < text.len;
         at += len, found++)
        st = sennit_doc_redact(d->doc, version->data, version->len, at, len, NULL);
    sennit_buf_clear(&text);
    if (st == SENNIT_EINVAL) {
        cli_error(d->name, "it is still in the text: delete it first");
        return CLI_REFUSED;
    }
    if (st != SENNIT_OK)
        return document_refuse(d, st);
    printf("%s: erased %zu times\n", d->name, found);
    return CLI_OK;
}

static int redact_open(struct document *d, char *const *words)
{
    sennit_buf version;
    int code = document_record_first(d);

    sennit_buf_init(&version, NULL);
    if (code == CLI_OK)
        code = moment_version(d, words[1], &version);
    if (code == CLI_OK)
        code = redact_each(d, &version, words[2]);
    if (code == CLI_OK)
        code = document_save(d);
    sennit_buf_clear(&version);
    return code;
}

int cmd_redact(int argc, char **argv)
{
    struct cli_words words = { .min = 3, .max = 3 };
    struct document d;
    int code;

    argp_parse(&redact_argp, argc, argv, 0, NULL, &words);
    if (words.at[2][0] == '\0') {
        cli_error(NULL, "nothing to erase");
        return CLI_USAGE;
    }
    code = document_open(&d, words.at[0], DOCUMENT_WRITE);
    if (code == CLI_OK)
        code = redact_open(&d, words.at);
    document_close(&d);
    return code;
}
