/* The text of a document with who wrote what.
 *
 * With colours, each author has one. Without, a row of letters stands below
 * every line that is not all from the text the document began with:
 *
 *     | The lamp is lit at half past six.
 *                      aaaaaaaaa    bbb
 *     a  9c1f0e22d4b7a301  alice  9 bytes
 *     b  417aa2b09c55e8fd  bob    3 bytes
 */
#include "who.h"
#include "cli.h"

#include <ctype.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

struct author {
    uint64_t replica; /* 0: the text the document began with */
    uint64_t bytes;   /* visible ones */
    char *name;       /* NULL: none was given */
    char letter;
};

struct who {
    struct author *authors; /* in the order in which they appear in the text */
    size_t n;
    const char *names;
    bool colour;
    FILE *marks; /* letters of the line so far */
    char *marks_text;
    size_t marks_len;
};

/* ------------------------------------------------------------- Authors -- */

char *who_name(const char *names, uint64_t replica)
{
    char hex[17];

    snprintf(hex, sizeof hex, "%016" PRIx64, replica);
    for (const char *at = names; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, ",");
        const char *equals = memchr(at, '=', len);

        if (equals != NULL && equals > at && (size_t)(equals - at) < sizeof hex
            && strncasecmp(at, hex, (size_t)(equals - at)) == 0)
            return strndup(equals + 1, (size_t)(at + len - equals - 1));
        at += len + (at[len] == ',');
    }
    return NULL;
}

/* The first letter of the name if nobody has it, else the first free one. */
static char who_letter(const struct who *who, const char *name)
{
    char want = name != NULL && isalnum((unsigned char)*name) ? *name : 'a';

    for (int tries = 0; tries < 27; tries++) {
        bool taken = false;

        for (size_t i = 0; i < who->n; i++)
            taken |= who->authors[i].letter == want;
        if (!taken)
            return want;
        want = (char)('a' + tries);
    }
    return '*'; /* more authors than letters share one mark */
}

static struct author *who_author(struct who *who, uint64_t replica)
{
    struct author *fresh;

    for (size_t i = 0; i < who->n; i++)
        if (who->authors[i].replica == replica)
            return &who->authors[i];
    who->authors = cli_resize(who->authors, who->n + 1, sizeof *who->authors);
    fresh = &who->authors[who->n];
    *fresh = (struct author){ .replica = replica, .letter = ' ' };
    if (replica != 0) {
        fresh->name = who_name(who->names, replica);
        fresh->letter = who_letter(who, fresh->name);
    }
    who->n++;
    return fresh;
}

/* ---------------------------------------------------------------- Text -- */

/* Six colours are told apart well; authors beyond that share them. */
static void who_colour(const struct who *who, const struct author *author)
{
    if (author->replica == 0)
        return;
    printf("\033[%zum", 31 + (size_t)(author - who->authors) % 6);
}

/* Finish a line: its letters, if it has any, without space at the end. */
static void who_end_line(struct who *who)
{
    size_t len;

    fflush(who->marks);
    len = who->marks_len;
    while (len > 0 && (who->marks_text[len - 1] == ' ' || who->marks_text[len - 1] == '\t'))
        len--;
    if (len > 0)
        printf("  %.*s\n", (int)len, who->marks_text);
    rewind(who->marks);
}

/* Columns that a character takes; a tab takes what a tab takes. */
static void who_mark(struct who *who, wchar_t c, char letter)
{
    int columns = c == L'\t' ? 0 : wcwidth(c);

    if (c == L'\t')
        fputc('\t', who->marks);
    while (columns-- > 0)
        fputc(letter, who->marks);
}

static void who_chunk_marked(struct who *who, const sennit_chunk *chunk, char letter,
                             bool *line_open)
{
    mbstate_t state = { 0 };

    for (size_t at = 0; at < chunk->len;) {
        wchar_t c;
        size_t step = mbrtowc(&c, chunk->text + at, chunk->len - at, &state);

        if (step == (size_t)-1 || step == (size_t)-2) { /* not in a UTF-8 locale */
            memset(&state, 0, sizeof state);
            c = L'?';
            step = 1;
        }
        step += step == 0; /* U+0000 */
        if (!*line_open)
            fputs("| ", stdout);
        *line_open = c != L'\n';
        fwrite(chunk->text + at, 1, step, stdout);
        if (c == L'\n')
            who_end_line(who);
        else
            who_mark(who, c, letter);
        at += step;
    }
}

static int who_text(struct who *who, const sennit_doc *doc, const char *name)
{
    size_t end = sennit_doc_len(doc);
    bool line_open = false;
    sennit_chunk chunk;

    for (size_t pos = 0; pos < end; pos += chunk.len) {
        sennit_status st = sennit_doc_chunk(doc, pos, &chunk);
        if (st != SENNIT_OK)
            return cli_refuse(name, st, NULL);

        struct author *author = who_author(who, chunk.replica);
        author->bytes += chunk.len;
        if (!who->colour) {
            who_chunk_marked(who, &chunk, author->letter, &line_open);
            continue;
        }
        who_colour(who, author);
        fwrite(chunk.text, 1, chunk.len, stdout);
        fputs("\033[0m", stdout);
        line_open = chunk.text[chunk.len - 1] != '\n';
    }
    if (line_open)
        putchar('\n');
    who_end_line(who);
    return CLI_OK;
}

static void who_legend(const struct who *who)
{
    for (size_t i = 0; i < who->n; i++) {
        const struct author *author = &who->authors[i];

        if (author->replica == 0)
            continue;
        if (who->colour)
            who_colour(who, author);
        printf("%c  %016" PRIx64 "  %s%s%" PRIu64 " bytes", author->letter, author->replica,
               author->name != NULL ? author->name : "", author->name != NULL ? "  " : "",
               author->bytes);
        puts(who->colour ? "\033[0m" : "");
    }
}

int who_print(const sennit_doc *doc, const char *name, const char *names, bool colour)
{
    struct who who = { .names = names, .colour = colour };
    int code;

    /* Only for the width of characters; everything else stays as it is. */
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        setlocale(LC_CTYPE, "");
    who.marks = open_memstream(&who.marks_text, &who.marks_len);
    if (who.marks == NULL) {
        cli_error(NULL, "out of memory");
        return CLI_IO;
    }
    code = who_text(&who, doc, name);
    if (code == CLI_OK)
        who_legend(&who);
    fclose(who.marks);
    free(who.marks_text);
    for (size_t i = 0; i < who.n; i++)
        free(who.authors[i].name);
    free(who.authors);
    return code;
}
