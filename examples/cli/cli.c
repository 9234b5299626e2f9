/* Errors, memory and words on the command line. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_error(const char *name, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("sennit: ", stderr);
    if (name != NULL)
        fprintf(stderr, "%s: ", name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int cli_code_of(sennit_status status)
{
    switch (status) {
    case SENNIT_OK:
        return CLI_OK;
    case SENNIT_ENOMEM:
        return CLI_IO;
    case SENNIT_ECORRUPT:
        return CLI_NO;
    default:
        return CLI_REFUSED;
    }
}

int cli_refuse(const char *name, sennit_status status, const sennit_error *err)
{
    const char *text = sennit_status_text(status);

    if (err == NULL || err->code != status)
        cli_error(name, "%s", text);
    else if (status == SENNIT_ECORRUPT || status == SENNIT_EVERSION)
        cli_error(name, "%s: %s (offset %zu)", text, err->what, err->pos);
    else
        cli_error(name, "%s: %s", text, err->what);
    if (status == SENNIT_EFORK)
        cli_error(name, "was a .sennit file copied? Copies need 'sennit fork'");
    return cli_code_of(status);
}

void cli_print(const sennit_buf *bytes)
{
    if (bytes->len > 0)
        fwrite(bytes->data, 1, bytes->len, stdout);
}

void *cli_resize(void *old, size_t count, size_t size)
{
    void *fresh = reallocarray(old, count > 0 ? count : 1, size);

    if (fresh == NULL) {
        cli_error(NULL, "out of memory");
        exit(CLI_IO);
    }
    return fresh;
}

void *cli_alloc(size_t count, size_t size)
{
    void *fresh = cli_resize(NULL, count, size);

    memset(fresh, 0, count * size);
    return fresh;
}

char *cli_join(const char *a, const char *b)
{
    char *out = cli_alloc(strlen(a) + strlen(b) + 1, 1);

    return strcat(strcpy(out, a), b);
}

/* What keeps a user from working weighs more than an answer. */
int cli_worse(int a, int b)
{
    static const int weight[] = { [CLI_OK] = 0,      [CLI_WAITS] = 1, [CLI_NO] = 2,
                                  [CLI_REFUSED] = 3, [CLI_USAGE] = 4, [CLI_IO] = 5 };

    return weight[a] >= weight[b] ? a : b;
}

static error_t cli_count_words(struct argp_state *state, struct cli_words *words)
{
    if (words->n < words->min)
        argp_error(state, words->n == 0 ? "which file?" : "too few files");
    if (words->n > words->max)
        argp_error(state, "too many files");
    return 0;
}

error_t cli_take_words(int key, struct argp_state *state, struct cli_words *words)
{
    switch (key) {
    case ARGP_KEY_ARGS: /* all of them, and argp is done */
        words->at = state->argv + state->next;
        words->n = state->argc - state->next;
        return cli_count_words(state, words);
    case ARGP_KEY_NO_ARGS:
        words->n = 0;
        return cli_count_words(state, words);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

uint64_t cli_number(const struct argp_state *state, const char *option, const char *text,
                    uint64_t min, uint64_t max)
{
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value < min || value > max)
        argp_error(state, "%s: '%s' is no number from %llu to %llu", option, text,
                   (unsigned long long)min, (unsigned long long)max);
    return value;
}
