/* sennit: keep text files as documents that many people edit at once.
 *
 * This program is an example of the library too: it includes nothing but the
 * public header, and everything that asks the world for something (files, time,
 * randomness) is in here.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *words;
    const char *what;
};

static const struct command commands[] = {
    { "init", cmd_init, "FILE", "start a document from the text of FILE" },
    { "commit", cmd_commit, "FILE...", "record what an editor changed" },
    { "cat", cmd_cat, "FILE", "print the text, with --who also who wrote what" },
    { "log", cmd_log, "FILE", "list the changes, with -p also what they did" },
    { "blame", cmd_blame, "FILE", "print each line with who wrote it, and when" },
    { "at", cmd_at, "FILE MOMENT", "print the text as it was" },
    { "diff", cmd_diff, "FILE A [B]", "show what changed between two moments" },
    { "tag", cmd_tag, "FILE [NAME]", "name a version, or list the names" },
    { "undo", cmd_undo, "FILE", "take back what was done here, or by somebody" },
    { "redo", cmd_redo, "FILE", "do again what undo took back" },
    { "version", cmd_version, "FILE", "tell what is known, for 'delta --since'" },
    { "delta", cmd_delta, "FILE", "write what somebody else lacks" },
    { "apply", cmd_apply, "FILE DELTA...", "merge what somebody else wrote" },
    { "merge", cmd_merge, "A B", "exchange everything between two files here" },
    { "fork", cmd_fork, "FILE COPY", "make a copy that is edited on its own" },
    { "sync", cmd_sync, "FILE ADDRESS", "keep FILE in step with a document on a server" },
    { "push", cmd_push, "FILE ADDRESS", "bring what was edited in FILE to a server" },
    { "pull", cmd_pull, "FILE ADDRESS", "merge what a server has into FILE" },
    { "tail", cmd_tail, "ADDRESS", "print what others change, as it arrives" },
    { "token", cmd_token, "WHAT...", "make keys, and tokens for a server" },
    { "stat", cmd_stat, "FILE", "measure a document" },
    { "dump", cmd_dump, "FILE", "print the inside of a document" },
    { "export", cmd_export, "FILE", "print it as HTML, Markdown or Delta" },
    { "import", cmd_import, "FILE IN", "let it read as Markdown or Delta say" },
    { "compact", cmd_compact, "FILE", "forget what was deleted" },
    { "redact", cmd_redact, "FILE MOMENT TEXT", "erase deleted text in every copy" },
    { "check", cmd_check, "FILE...", "find damage, and save what can be saved" },
    { "replay", cmd_replay, "TRACE...", "replay recorded editing, and compare" },
    { "bench", cmd_bench, "[TRACE...]", "measure speed and size" },
};

static const char help_before[] =
    "Usage: sennit COMMAND [OPTION...] FILE...\n"
    "Keep text files as documents that several people edit at once.\n"
    "\n"
    "FILE is a plain text that any editor edits; FILE.sennit beside it remembers\n"
    "who wrote what, so that edits made in different places merge.\n"
    "\n";

static const char help_after[] =
    "\n"
    "Two people start from the same text:\n"
    "\n"
    "    sennit init notes.txt                      each, on the same text\n"
    "    ... edit notes.txt ...\n"
    "    sennit commit notes.txt\n"
    "    sennit delta notes.txt -o to-bob           send it, in any way you like\n"
    "    sennit apply notes.txt from-bob            in any order, as often as you like\n"
    "\n"
    "Or they meet on a server, each editing a file of their own with any editor:\n"
    "\n"
    "    sennit sync notes.txt ws://HOST:PORT/notes\n"
    "\n"
    "A FILE.sennit belongs to one place: never copy it with cp, because two places\n"
    "would then write under one name. Use 'sennit fork'.\n"
    "\n"
    "Exit codes:\n"
    "  0  done\n"
    "  1  the answer is no: damaged, different, not replayed\n"
    "  2  wrong usage\n"
    "  3  a file cannot be read or written, or memory ran out\n"
    "  4  done, but some operations wait for others that have not arrived\n"
    "  5  refused: another document's delta, a later release's bytes, text that is\n"
    "     not UTF-8, a file that would be overwritten, a limit, by the server\n"
    "\n"
    "'sennit COMMAND --help' tells more about a command.\n";

static void main_help(FILE *out)
{
    fputs(help_before, out);
    fputs("Commands:\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-8s %-14s %s\n", commands[i].name, commands[i].words, commands[i].what);
    fputs(help_after, out);
}

static void main_version(FILE *out, struct argp_state *state)
{
    int number = sennit_version_number();

    (void)state;
    fprintf(out, "sennit %d.%d.%d\n", number / 10000, number / 100 % 100, number % 100);
}

static const struct command *main_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    cli_error(NULL, "there is no command '%s'; see 'sennit --help'", name);
    return NULL;
}

static int main_run(const struct command *command, int argc, char **argv)
{
    char *name = cli_join("sennit ", command->name);

    argv[0] = name;
    int code = command->run(argc, argv);
    free(name);

    /* What did not reach the disk or the pipe was not done. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_error("standard output", "%s", strerror(errno));
        code = CLI_IO;
    }
    return code;
}

int main(int argc, char **argv)
{
    char help_flag[] = "--help";
    char *help_argv[] = { NULL, help_flag, NULL };
    const char *word = argc > 1 ? argv[1] : "";
    int asks = strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0 || strcmp(word, "help") == 0;
    const struct command *command;

    argp_err_exit_status = CLI_USAGE;
    argp_program_version_hook = main_version;
    if (argc < 2) {
        main_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        main_version(stdout, NULL);
        return CLI_OK;
    }
    if (asks && argc < 3) {
        main_help(stdout);
        return CLI_OK;
    }
    command = main_find(asks ? argv[2] : word);
    if (command == NULL)
        return CLI_USAGE;
    return asks ? main_run(command, 2, help_argv) : main_run(command, argc - 1, argv + 1);
}
