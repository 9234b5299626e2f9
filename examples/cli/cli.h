/* What the files of the command line share: exit codes, errors, commands.
 *
 * Functions that return an int return one of these exit codes; whoever finds a
 * failure prints it, once, and everybody above only passes the code on.
 */
#ifndef CLI_H
#define CLI_H

#include <argp.h>
#include <stddef.h>
#include <stdint.h>

#include <sennit/sennit.h>

enum cli_code {
    CLI_OK = 0,
    CLI_NO = 1,      /* the answer is no: damaged, different, not replayed */
    CLI_USAGE = 2,   /* words on the command line that make no sense */
    CLI_IO = 3,      /* a file cannot be read or written, memory ran out */
    CLI_WAITS = 4,   /* operations wait for others that have not arrived */
    CLI_REFUSED = 5  /* understood, but not done */
};

/* Print "sennit: NAME: ..." on stderr; a name of NULL is left out. */
void cli_error(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Print why the library refused something and return the exit code for it.
 * err may be NULL; with it the reason and the offset are printed too. */
int cli_refuse(const char *name, sennit_status status, const sennit_error *err);

/* Write bytes to standard output; main finds out if that failed. */
void cli_print(const sennit_buf *bytes);

/* Allocate, or leave the program with CLI_IO: no file is half written at any
 * moment, so leaving is safe. cli_resize works as realloc. */
void *cli_alloc(size_t count, size_t size);
void *cli_resize(void *old, size_t count, size_t size);
char *cli_join(const char *a, const char *b);

/* Return the worse of two exit codes, for commands that go on after a failure. */
int cli_worse(int a, int b);

/* The words of a command that are no options. */
struct cli_words {
    char **at;
    int n;
    int min;
    int max;
};

/* Take the words out of argp's hands and check how many there are. */
error_t cli_take_words(int key, struct argp_state *state, struct cli_words *words);

/* Read a decimal number that belongs to an option, or end with a usage error. */
uint64_t cli_number(const struct argp_state *state, const char *option, const char *text,
                    uint64_t min, uint64_t max);

/* The commands; argv[0] is "sennit COMMAND", for messages. */
int cmd_init(int argc, char **argv);
int cmd_commit(int argc, char **argv);
int cmd_fork(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_blame(int argc, char **argv);
int cmd_at(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_tag(int argc, char **argv);
int cmd_undo(int argc, char **argv);
int cmd_redo(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_delta(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_push(int argc, char **argv);
int cmd_pull(int argc, char **argv);
int cmd_tail(int argc, char **argv);
int cmd_compact(int argc, char **argv);
int cmd_redact(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
