/* Points in a document's past, as people say them. */
#include "moment.h"
#include "cli.h"
#include "common/out.h"
#include "tags.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------ Versions -- */

static int moment_digit(int c)
{
    return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* Turn hexadecimal digits, with space around, into bytes, in place; anything else
 * stays as it is. */
static void moment_unhex(struct bytes *text)
{
    size_t at = 0, end = text->len, n = 0;

    while (end > at && isspace((unsigned char)text->data[end - 1]))
        end--;
    while (at < end && isspace((unsigned char)text->data[at]))
        at++;
    for (size_t i = at; i < end; i++)
        if (moment_digit((unsigned char)text->data[i]) < 0)
            return;
    if ((end - at) % 2 != 0)
        return;
    for (; at < end; at += 2)
        text->data[n++] = (char)(moment_digit((unsigned char)text->data[at]) << 4
                                 | moment_digit((unsigned char)text->data[at + 1]));
    text->len = n;
}

static bool moment_is_version(const struct bytes *bytes)
{
    sennit_order order;

    return sennit_version_compare(bytes->data, bytes->len, NULL, 0, &order) == SENNIT_OK;
}

/* Digits first: such letters can be a version too as they are, but hardly one of
 * this world. */
static int moment_check(const char *word, struct bytes *out)
{
    moment_unhex(out);
    if (moment_is_version(out))
        return CLI_OK;
    cli_error(word, "is no version; see 'sennit version --help'");
    return CLI_NO;
}

/* A word that is a file's name is a file; bytes that are no version as they are
 * must be digits. */
int moment_bytes(const char *word, struct bytes *out)
{
    int code;

    *out = (struct bytes){ NULL, 0 };
    if (strcmp(word, "-") != 0 && !file_exists(word)) {
        *out = (struct bytes){ cli_join(word, ""), strlen(word) };
        return moment_check(word, out);
    }
    code = file_read(word, out);
    return code == CLI_OK ? moment_check(word, out) : code;
}

/* --------------------------------------------------------------- Times -- */

/* Read a time to its last millisecond. */
static bool moment_time(const char *word, uint64_t *ms)
{
    static const struct {
        const char *format;
        int seconds; /* that it stands for */
    } forms[] = {
        { "%Y-%m-%d %H:%M:%S", 1 }, { "%Y-%m-%dT%H:%M:%S", 1 }, { "%Y-%m-%d %H:%M", 60 },
        { "%Y-%m-%dT%H:%M", 60 },   { "%Y-%m-%d", 86400 },
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = { .tm_isdst = -1 };
        const char *end = strptime(word, forms[i].format, &tm);

        if (end == NULL || (*end != '\0' && strcmp(end, "Z") != 0))
            continue;
        if (forms[i].seconds == 86400) /* a day with a change of the clocks is no 24 hours */
            tm.tm_hour = 23, tm.tm_min = 59, tm.tm_sec = 59;
        else
            tm.tm_sec += forms[i].seconds - 1;
        time_t last = *end == 'Z' ? timegm(&tm) : mktime(&tm);
        *ms = last < 0 ? 0 : (uint64_t)last * 1000 + 999;
        return true;
    }
    return false;
}

/* ------------------------------------------------------------ Together -- */

/* Ten digits and more are a version: a replica's id alone takes more. */
static bool moment_number(const char *word, size_t *out)
{
    size_t len = strspn(word, "0123456789");

    *out = strtoul(word, NULL, 10);
    return len > 0 && len < 10 && word[len] == '\0';
}

bool moment_is_taken(const char *word)
{
    uint64_t ms;
    size_t number;

    return strcmp(word, "now") == 0 || moment_number(word, &number) || moment_time(word, &ms);
}

static int moment_change(const struct document *d, const char *word, size_t number,
                         sennit_buf *out)
{
    sennit_buf before;

    sennit_buf_init(&before, NULL);
    sennit_status st = sennit_history_change(d->doc, number, &before, out);
    sennit_buf_clear(&before);
    if (st != SENNIT_ERANGE)
        return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
    cli_error(d->name, "has no change %s; see 'sennit log'", word);
    return CLI_NO;
}

/* What is neither a time nor a tag can only be a version. */
static int moment_other(const char *word, sennit_buf *out)
{
    struct bytes bytes = { NULL, 0 };
    int code;

    if (strcmp(word, "-") != 0 && !file_exists(word)
        && strspn(word, "0123456789abcdefABCDEF") != strlen(word)) {
        cli_error(word, "is no tag, time, number of a change or version");
        return CLI_NO;
    }
    code = moment_bytes(word, &bytes);
    if (code == CLI_OK && !out_add(out, bytes.data, bytes.len))
        code = cli_refuse(word, SENNIT_ENOMEM, NULL);
    bytes_free(&bytes);
    return code;
}

int moment_version(const struct document *d, const char *word, sennit_buf *out)
{
    sennit_status st;
    uint64_t ms;
    size_t number;
    bool found;

    if (moment_number(word, &number))
        return moment_change(d, word, number, out);
    if (strcmp(word, "now") == 0) {
        st = sennit_doc_version(d->doc, out);
        return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
    }
    if (moment_time(word, &ms)) {
        st = sennit_history_at(d->doc, ms, out);
        return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
    }
    int code = tags_find(d, word, &found, out);
    return code != CLI_OK || found ? code : moment_other(word, out);
}
