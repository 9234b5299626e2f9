/* sennit blame: who wrote what, and when. */
#include "cli.h"
#include "document.h"
#include "paint.h"
#include "who.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct blame {
    bool json;
    const char *lines;
    const char *names;
    const char *colour;
    struct cli_words words;
};

/* Text of one writer and time within a line. */
struct stretch {
    const char *text;
    size_t len;
    uint64_t replica, unix_ms;
};

struct blame_line {
    struct stretch *at;
    size_t n, cap;
};

struct blaming {
    const char *names;
    bool colour;
    uint64_t *writers; /* in the order in which they appear, for their colours */
    size_t n_writers;
    struct blame_line line;
    uint64_t number;
};

/* ------------------------------------------------------------- Writers -- */

/* Six colours are told apart well; writers beyond that share them. */
static void blame_colour(struct blaming *b, uint64_t replica)
{
    size_t i = 0;

    if (!b->colour || replica == 0)
        return;
    while (i < b->n_writers && b->writers[i] != replica)
        i++;
    if (i == b->n_writers) {
        b->writers = cli_resize(b->writers, i + 1, sizeof *b->writers);
        b->writers[b->n_writers++] = replica;
    }
    printf("\033[%zum", 31 + i % 6);
}

static void blame_writer(const struct blaming *b, uint64_t replica)
{
    char *name = who_name(b->names, replica);

    if (replica == 0)
        printf("%-12s", "-");
    else if (name != NULL)
        printf("%-12.12s", name);
    else
        printf("%08" PRIx64 "    ", replica >> 32);
    free(name);
}

/* --------------------------------------------------------------- Lines -- */

/* The writer of what is newest in the line stands before it. */
static void blame_put_line(struct blaming *b)
{
    const struct blame_line *line = &b->line;
    const struct stretch *newest = &line->at[0];
    char when[32] = "-";

    for (size_t i = 1; i < line->n; i++)
        if (newest->replica == 0
            || (line->at[i].replica != 0 && line->at[i].unix_ms > newest->unix_ms))
            newest = &line->at[i];
    if (newest->replica != 0)
        paint_time(newest->unix_ms, when, sizeof when);
    blame_colour(b, newest->replica);
    blame_writer(b, newest->replica);
    printf("  %-19s%s %5" PRIu64 "  ", when, b->colour ? PAINT_NONE : "", b->number);
    for (size_t i = 0; i < line->n; i++) {
        const struct stretch *s = &line->at[i];
        size_t len = s->len - (s->text[s->len - 1] == '\n');

        blame_colour(b, s->replica);
        paint_text(s->text, len);
        fputs(b->colour ? PAINT_NONE : "", stdout);
    }
    putchar('\n');
    b->number++;
    b->line.n = 0;
}

/* Cut text of one writer at newlines. */
static void blame_add(struct blaming *b, const sennit_blame *of, const char *text)
{
    for (size_t left = of->len, n; left > 0; left -= n, text += n) {
        const char *newline = memchr(text, '\n', left);
        struct blame_line *line = &b->line;

        n = newline != NULL ? (size_t)(newline - text) + 1 : left;
        if (line->n == line->cap) {
            line->cap = line->cap * 2 + 8;
            line->at = cli_resize(line->at, line->cap, sizeof *line->at);
        }
        line->at[line->n++] = (struct stretch){ text, n, of->replica, of->unix_ms };
        if (newline != NULL)
            blame_put_line(b);
    }
}

static void blame_json(const sennit_blame *of)
{
    printf("{\"pos\": %zu, \"bytes\": %zu, \"replica\": \"%016" PRIx64 "\", \"unix_ms\": %" PRIu64
           "}\n", of->pos, of->len, of->replica, of->unix_ms);
}

static int blame_range(const struct document *d, const struct blame *in, size_t from, size_t end,
                       uint64_t number)
{
    struct blaming b = { .names = in->names, .colour = paint_wanted(in->colour), .number = number };
    size_t pos = from;
    sennit_blame of;
    sennit_buf text;
    int got = 0;

    sennit_buf_init(&text, NULL);
    sennit_status st = sennit_doc_read(d->doc, from, end - from, &text);
    while (st == SENNIT_OK && (got = sennit_history_blame(d->doc, &pos, end, &of)) == 1) {
        if (in->json)
            blame_json(&of);
        else
            blame_add(&b, &of, (const char *)text.data + (of.pos - from));
    }
    if (b.line.n > 0)
        blame_put_line(&b);
    st = st == SENNIT_OK && got < 0 ? (sennit_status)got : st;
    sennit_buf_clear(&text);
    free(b.line.at);
    free(b.writers);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

/* ------------------------------------------------------------- Command -- */

enum { BLAME_NAMES = 256 };

static error_t blame_parse(int key, char *arg, struct argp_state *state)
{
    struct blame *in = state->input;

    switch (key) {
    case 'j':
        in->json = true;
        return 0;
    case 'L':
        in->lines = arg;
        return 0;
    case BLAME_NAMES:
        in->names = arg;
        return 0;
    case PAINT_OPTION:
        paint_parse(state, arg, &in->colour);
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option blame_options[] = {
    { "lines", 'L', "FROM[,TO]", 0, "Only these lines, counted from 1", 0 },
    { "names", BLAME_NAMES, "ID=NAME,...", 0,
      "Names to show; an ID is the beginning of a replica id", 0 },
    { "json", 'j', NULL, 0, "Print a JSON object a line for each stretch of text", 0 },
    PAINT_ARGP,
    { 0 },
};

static const struct argp blame_argp = {
    .options = blame_options,
    .parser = blame_parse,
    .args_doc = "FILE",
    .doc = "Print each line with who wrote what is newest in it, and when.\v"
           "With colours each stretch has its writer's. Text that the document began with "
           "has no writer and no time.",
};

/* Turn "FROM[,TO]" into bytes; the last line ends the text. */
static int blame_lines(const struct document *d, const char *words, size_t *from, size_t *end,
                       uint64_t *number)
{
    const size_t last = sennit_doc_count(d->doc, SENNIT_LINES) + 1;
    char *rest;
    unsigned long long first = strtoull(words, &rest, 10), to = first;

    if (*rest == ',')
        to = strtoull(rest + 1, &rest, 10);
    if (*rest != '\0' || *words < '0' || *words > '9' || first < 1 || to < first || first > last) {
        cli_error(words, "are no lines of the text, which has %zu", last);
        return CLI_USAGE;
    }
    *number = first;
    sennit_status st = sennit_doc_at_line(d->doc, (size_t)first - 1, 0, from);
    if (st == SENNIT_OK && to < last)
        st = sennit_doc_at_line(d->doc, (size_t)to, 0, end);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

int cmd_blame(int argc, char **argv)
{
    struct blame in = { .words = { .min = 1, .max = 1 } };
    struct document d;
    uint64_t number = 1;
    size_t from = 0, end;
    int code;

    argp_parse(&blame_argp, argc, argv, 0, NULL, &in);
    code = document_open(&d, in.words.at[0], DOCUMENT_READ);
    if (code == CLI_OK) {
        end = sennit_doc_len(d.doc);
        if (in.lines != NULL)
            code = blame_lines(&d, in.lines, &from, &end, &number);
        if (code == CLI_OK)
            code = blame_range(&d, &in, from, end, number);
    }
    document_close(&d);
    return code;
}
