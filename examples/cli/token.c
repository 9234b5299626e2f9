/* sennit token: keys, and tokens that say who may do what on a server. */
#include "cli.h"
#include "file.h"
#include "common/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sennit/trust.h>

static const char *const token_permissions[] = {
    [SENNIT_VIEW] = "view",
    [SENNIT_COMMENT] = "comment",
    [SENNIT_EDIT] = "edit",
    [SENNIT_ADMIN] = "admin",
};

/* Read a key out of a file: its first line. */
static int token_key(const char *path, uint8_t key[32])
{
    struct bytes text;
    int code = file_read(path, &text);

    if (code != CLI_OK)
        return code;
    size_t len = text.len > 0 ? strcspn(text.data, "\r\n") : 0;
    if (sennit_key_read(text.data, len < text.len ? len : text.len, key) != SENNIT_OK) {
        cli_error(path, "there is no key in it");
        code = CLI_REFUSED;
    }
    explicit_bzero(text.data, text.len);
    bytes_free(&text);
    return code;
}

/* -------------------------------------------------------------- keygen -- */

static error_t keygen_parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    return cli_take_words(key, state, state->input);
}

static const struct argp keygen_argp = {
    .parser = keygen_parse,
    .args_doc = "PREFIX",
    .doc = "Draw a pair of keys: PREFIX.secret makes tokens, PREFIX.public checks them.\v"
           "Give PREFIX.public to 'sennitd --token-key', and PREFIX.secret to nobody: whoever "
           "has it may do everything on that server.",
};

static int keygen_write(const char *prefix, const char *ending, const uint8_t key[32])
{
    char text[SENNIT_KEY_TEXT + 1];
    char *path = cli_join(prefix, ending);

    sennit_key_write(key, text);
    text[SENNIT_KEY_TEXT - 1] = '\n';
    int code = file_create(path, text, SENNIT_KEY_TEXT);
    explicit_bzero(text, sizeof text);
    free(path);
    return code;
}

static int token_keygen(int argc, char **argv)
{
    struct cli_words words = { .min = 1, .max = 1 };
    uint8_t secret[32], public_key[32];
    mode_t mask;

    argp_parse(&keygen_argp, argc, argv, 0, NULL, &words);
    sennit_status st = sennit_key_make(secret, public_key);
    if (st != SENNIT_OK)
        return cli_refuse(NULL, st, NULL);
    mask = umask(077);
    int code = keygen_write(words.at[0], ".secret", secret);
    umask(mask);
    explicit_bzero(secret, sizeof secret);
    return code == CLI_OK ? keygen_write(words.at[0], ".public", public_key) : code;
}

/* ---------------------------------------------------------------- make -- */

struct make {
    const char *key;
    sennit_grant grant;
    uint64_t lasts_ms; /* 0: for ever */
    struct cli_words words;
};

static error_t make_name(const struct argp_state *state, const char *option, const char *text,
                         char *out, size_t size)
{
    if (strlen(text) >= size)
        argp_error(state, "%s: '%s' is too long", option, text);
    strcpy(out, text);
    return 0;
}

static sennit_permission make_permission(const struct argp_state *state, const char *text)
{
    for (int i = SENNIT_VIEW; i <= SENNIT_ADMIN; i++)
        if (strcmp(token_permissions[i], text) == 0)
            return (sennit_permission)i;
    argp_error(state, "--permission is view, comment, edit or admin");
    return SENNIT_NOTHING;
}

/* A number and a unit, or "never". */
static uint64_t make_lasts(const struct argp_state *state, const char *text)
{
    static const struct {
        char unit;
        uint64_t ms;
    } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (strcmp(text, "never") == 0)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (*text >= '1' && *text <= '9' && end[0] == units[i].unit && end[1] == '\0' &&
            n <= UINT64_MAX / 4 / units[i].ms)
            return n * units[i].ms;
    argp_error(state, "--expires is a number with s, m, h or d behind it, such as 8h, or never");
    return 0;
}

enum { MAKE_EXPIRES = 256 };

static error_t make_parse(int key, char *arg, struct argp_state *state)
{
    struct make *in = state->input;

    switch (key) {
    case 'k':
        in->key = arg;
        return 0;
    case 'd':
        return make_name(state, "--doc", arg, in->grant.document, sizeof in->grant.document);
    case 'u':
        return make_name(state, "--user", arg, in->grant.user, sizeof in->grant.user);
    case 'p':
        in->grant.permission = make_permission(state, arg);
        return 0;
    case 'e':
        in->lasts_ms = make_lasts(state, arg);
        return 0;
    case ARGP_KEY_END:
        if (in->key == NULL || in->grant.document[0] == '\0' || in->grant.user[0] == '\0')
            argp_error(state, "it takes --key, --doc and --user");
        return 0;
    case ARGP_KEY_NO_ARGS:
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option make_options[] = {
    { "key", 'k', "FILE", 0, "The secret key of the server, PREFIX.secret", 0 },
    { "doc", 'd', "ID", 0, "The document; '*' for all", 0 },
    { "user", 'u', "NAME", 0, "Whom the token is for", 0 },
    { "permission", 'p', "WORD", 0, "view, comment, edit (the default) or admin", 0 },
    { "expires", 'e', "TIME", 0, "How long it lasts, such as 30m, 8h, 7d (the default: 1d), or never",
      0 },
    { 0 },
};

static const struct argp make_argp = {
    .options = make_options,
    .parser = make_parse,
    .doc = "Make a token, and print it.\v"
           "Whoever has the token may do what it says, under the name it says, until it "
           "expires or 'sennitd --revoked' names it or its user.",
};

static int token_make(int argc, char **argv)
{
    struct make in = { .grant.permission = SENNIT_EDIT, .lasts_ms = 86400000 };
    uint8_t secret[32];
    sennit_buf token;
    sennit_status st;
    int code;

    argp_parse(&make_argp, argc, argv, 0, NULL, &in);
    code = token_key(in.key, secret);
    if (code != CLI_OK)
        return code;
    in.grant.expires_ms = in.lasts_ms > 0 ? host_now() + in.lasts_ms : 0;
    sennit_buf_init(&token, NULL);
    st = sennit_token_make(secret, &in.grant, &token);
    explicit_bzero(secret, sizeof secret);
    if (st == SENNIT_OK) {
        printf("%s\n", (const char *)token.data);
    } else if (st == SENNIT_EINVAL) {
        cli_error(NULL, "a document is named by 1 to 128 of A-Z a-z 0-9 . _ -, a user by UTF-8 "
                        "without control characters");
        code = CLI_USAGE;
    } else {
        code = cli_refuse(NULL, st, NULL);
    }
    sennit_buf_clear(&token);
    return code;
}

/* ---------------------------------------------------------------- show -- */

struct show {
    const char *key;
    struct cli_words words;
};

static error_t show_token_parse(int key, char *arg, struct argp_state *state)
{
    struct show *in = state->input;

    if (key == 'k') {
        in->key = arg;
        return 0;
    }
    if (key == ARGP_KEY_END && in->key == NULL)
        argp_error(state, "it takes --key");
    return key == ARGP_KEY_END ? 0 : cli_take_words(key, state, &in->words);
}

static const struct argp_option show_token_options[] = {
    { "key", 'k', "FILE", 0, "The public key of the server, PREFIX.public", 0 },
    { 0 },
};

static const struct argp show_token_argp = {
    .options = show_token_options,
    .parser = show_token_parse,
    .args_doc = "TOKEN",
    .doc = "Check a token, and print what it grants.\v"
           "One that begins with - takes -- before it.",
};

static void show_grant(const sennit_grant *grant)
{
    time_t seconds = (time_t)(grant->expires_ms / 1000);
    char when[32] = "never";
    struct tm local;

    if (grant->expires_ms > 0 && localtime_r(&seconds, &local) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    printf("document    %s\nuser        %s\npermission  %s\nexpires     %s\nid          %" PRIu64
           "\n",
           grant->document, grant->user, token_permissions[grant->permission], when, grant->id);
}

static int token_show(int argc, char **argv)
{
    struct show in = { .words = { .min = 1, .max = 1 } };
    uint8_t public_key[32];
    sennit_grant grant;
    sennit_status st;
    int code;

    argp_parse(&show_token_argp, argc, argv, 0, NULL, &in);
    code = token_key(in.key, public_key);
    if (code != CLI_OK)
        return code;
    st = sennit_token_check(public_key, in.words.at[0], strlen(in.words.at[0]), host_now(), &grant);
    if (st == SENNIT_OK) {
        show_grant(&grant);
        return CLI_OK;
    }
    cli_error(NULL, st == SENNIT_EGONE ? "the token has expired"
                                       : "this is no token, or one of another server");
    return CLI_NO;
}

/* --------------------------------------------------------------- token -- */

static const char token_help[] =
    "Usage: sennit token keygen PREFIX\n"
    "       sennit token make --key PREFIX.secret --doc ID --user NAME [OPTION...]\n"
    "       sennit token show --key PREFIX.public TOKEN\n"
    "Make keys, and tokens that say who may do what on a server.\n"
    "\n"
    "'sennit token make --help' and the like tell more.\n";

int cmd_token(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } all[] = { { "keygen", token_keygen }, { "make", token_make }, { "show", token_show } };
    const char *word = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, word) == 0) {
            argv[1] = cli_join("sennit token ", word);
            int code = all[i].run(argc - 1, argv + 1);
            free(argv[1]);
            return code;
        }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0) {
        fputs(token_help, stdout);
        return CLI_OK;
    }
    fputs(token_help, stderr);
    return CLI_USAGE;
}
