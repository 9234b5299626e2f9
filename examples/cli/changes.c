/* What is different between two versions, in lines for people.
 *
 * Both texts are laid over each other: what stayed, what went and what came, in
 * order, cut into pieces at newlines. A line is what lies between newlines of any
 * kind.
 */
#include "changes.h"
#include "cli.h"
#include "paint.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text within a line. */
struct piece {
    const char *text;
    size_t len;
    char kind; /* ' ' stayed, '-' went, '+' came */
};

struct line {
    size_t first; /* piece */
    bool changed;
};

struct changes {
    struct piece *pieces;
    size_t n, cap;
    struct line *lines;
    size_t n_lines, cap_lines;
    bool line_open; /* its newline has not come */
};

/* ------------------------------------------------------------- Reading -- */

static void changes_line(struct changes *c)
{
    if (c->n_lines == c->cap_lines) {
        c->cap_lines = c->cap_lines * 2 + 64;
        c->lines = cli_resize(c->lines, c->cap_lines, sizeof *c->lines);
    }
    c->lines[c->n_lines++] = (struct line){ .first = c->n };
}

/* Add text of one kind, cut behind its newlines. */
static void changes_add(struct changes *c, char kind, const char *text, size_t len)
{
    while (len > 0) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline != NULL ? (size_t)(newline - text) + 1 : len;

        if (!c->line_open)
            changes_line(c);
        if (c->n == c->cap) {
            c->cap = c->cap * 2 + 64;
            c->pieces = cli_resize(c->pieces, c->cap, sizeof *c->pieces);
        }
        c->pieces[c->n] = (struct piece){ text, n, kind };
        if (kind == '-' && newline == NULL && c->line_open && c->pieces[c->n - 1].kind == '+') {
            c->pieces[c->n] = c->pieces[c->n - 1]; /* what went is read first */
            c->pieces[c->n - 1] = (struct piece){ text, n, kind };
        }
        c->n++;
        c->lines[c->n_lines - 1].changed |= kind != ' ';
        c->line_open = newline == NULL;
        text += n;
        len -= n;
    }
}

static void changes_lay(struct changes *c, const sennit_buf *from, sennit_diff *diff)
{
    const char *old = (const char *)from->data;
    size_t at = 0, pos = 0; /* in the older and the newer text */
    sennit_patch patch;

    while (sennit_diff_next(diff, &patch) == 1) {
        changes_add(c, ' ', old + at, patch.pos - pos);
        at += patch.pos - pos;
        changes_add(c, '-', old + at, patch.removed);
        changes_add(c, '+', patch.text, patch.len);
        at += patch.removed;
        pos = patch.pos + patch.inserted;
    }
    if (from->len > at)
        changes_add(c, ' ', old + at, from->len - at);
}

/* ------------------------------------------------------------ Printing -- */

static const char *changes_open(char kind, bool colour)
{
    if (kind == '-')
        return colour ? PAINT_RED : "[-";
    return colour ? PAINT_GREEN : "{+";
}

static const char *changes_close(char kind, bool colour)
{
    if (colour)
        return PAINT_NONE;
    return kind == '-' ? "-]" : "+}";
}

static void changes_put_piece(const struct piece *piece, bool colour)
{
    size_t len = piece->len - (piece->text[piece->len - 1] == '\n');

    if (piece->kind == ' ') {
        paint_text(piece->text, piece->len);
        return;
    }
    fputs(changes_open(piece->kind, colour), stdout);
    paint_text(piece->text, len);
    if (len < piece->len)
        fputs("\\n", stdout);
    fputs(changes_close(piece->kind, colour), stdout);
    if (len < piece->len)
        putchar('\n');
}

static void changes_put_line(const struct changes *c, size_t line, bool colour)
{
    size_t end = line + 1 < c->n_lines ? c->lines[line + 1].first : c->n;
    const struct piece *last = &c->pieces[end - 1];

    for (size_t i = c->lines[line].first; i < end; i++)
        changes_put_piece(&c->pieces[i], colour);
    if (last->text[last->len - 1] != '\n')
        putchar('\n');
}

/* Newlines of the newer text in a line. */
static size_t changes_new_lines(const struct changes *c, size_t line)
{
    size_t end = line + 1 < c->n_lines ? c->lines[line + 1].first : c->n;
    const struct piece *last = &c->pieces[end - 1];

    return last->kind != '-' && last->text[last->len - 1] == '\n';
}

static void changes_put(const struct changes *c, const struct changes_look *look)
{
    size_t shown = 0; /* lines before this one are printed, or never will be */
    size_t number = 1, counted = 0;

    for (size_t i = 0; i < c->n_lines; i++) {
        if (!c->lines[i].changed)
            continue;
        size_t from = i > look->around ? i - look->around : 0;
        size_t to = c->n_lines - i > look->around ? i + look->around + 1 : c->n_lines;

        if (from > shown || shown == 0) {
            for (; counted < from; counted++)
                number += changes_new_lines(c, counted);
            printf("%s@@ %zu @@%s\n", look->colour ? PAINT_YELLOW : "", number,
                   look->colour ? PAINT_NONE : "");
            shown = from;
        }
        for (; shown < to; shown++)
            changes_put_line(c, shown, look->colour);
    }
}

/* ------------------------------------------------------------ Together -- */

int changes_print(const struct document *d, const sennit_buf *from, const sennit_buf *to,
                  const struct changes_look *look, bool *any)
{
    struct changes c = { .pieces = NULL };
    sennit_diff *diff = NULL;
    sennit_buf old;

    sennit_buf_init(&old, NULL);
    sennit_status st = sennit_history_text(d->doc, from->data, from->len, &old);
    if (st == SENNIT_OK)
        st = sennit_history_diff(d->doc, from->data, from->len, to->data, to->len, &diff);
    if (st == SENNIT_OK) {
        changes_lay(&c, &old, diff);
        changes_put(&c, look);
    }
    *any = false;
    for (size_t i = 0; i < c.n_lines; i++)
        *any |= c.lines[i].changed;
    sennit_diff_free(diff);
    sennit_buf_clear(&old);
    free(c.pieces);
    free(c.lines);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}
