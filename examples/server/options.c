/* How the server was asked to behave: flags, and a file of the same settings. */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sennit/sennit.h>

enum kind { LISTEN, TEXT, FLAG, ORIGIN, LEVEL, NUMBER, CONFIG, HELP, VERSION };

/* A setting: --NAME VALUE on the command line, NAME = VALUE in the file. */
struct setting {
    const char *name;
    enum kind kind;
    size_t at; /* in struct options */
    uint64_t min, max;
    const char *value; /* what to call it; NULL: it takes none */
    const char *what;
};

#define AT(member) offsetof(struct options, member)
#define MINUTES(n) ((n) * 60000)

static const struct setting settings[] = {
    { "config", CONFIG, 0, 0, 0, "FILE", "read settings from FILE first" },
    { "listen", LISTEN, 0, 0, 0, "ADDR:PORT", "where to listen [127.0.0.1:8377]; port 0: any" },
    { "address-file", TEXT, AT(address_file), 0, 0, "FILE", "write the address taken to FILE" },
    { "data", TEXT, AT(data), 0, 0, "FILE", "SQLite file, or 'memory' [sennit.sqlite]" },
    { "tls-cert", TEXT, AT(tls_cert), 0, 0, "FILE", "certificate chain, PEM" },
    { "tls-key", TEXT, AT(tls_key), 0, 0, "FILE", "its secret key, PEM" },
    { "token-key", TEXT, AT(token_key), 0, 0, "FILE", "public keys of those who make tokens" },
    { "revoked", TEXT, AT(revoked), 0, 0, "FILE", "tokens and users that count no more" },
    { "open", FLAG, AT(open), 0, 0, NULL, "everybody may edit everything; loopback only" },
    { "origin", ORIGIN, 0, 0, 0, "ORIGIN", "let pages of ORIGIN connect; may be repeated" },
    { "max-connections", NUMBER, AT(max_connections), 1, 1000000, "N", "of all kinds [10000]" },
    { "max-documents", NUMBER, AT(max_documents), 1, 10000000, "N", "open at a time [10000]" },
    { "max-channels", NUMBER, AT(max_channels), 1, 65536, "N", "documents of one connection [64]" },
    { "max-frame", NUMBER, AT(max_frame), 1024, 1u << 30, "BYTES", "taken in one frame [1M]" },
    { "max-queue", NUMBER, AT(max_queue), 4096, 1u << 30, "BYTES", "waiting for one peer [256K]" },
    { "max-presence", NUMBER, AT(max_presence), 1, 65536, "BYTES", "shown to others [1K]" },
    { "max-rate", NUMBER, AT(max_rate), 1024, 1u << 30, "BYTES", "a second, from one peer [1M]" },
    { "max-text", NUMBER, AT(max_text), 1, (1u << 30) - 1, "BYTES",
      "typed into one document, deleted text included [1G]" },
    { "max-parked", NUMBER, AT(max_parked), 1024, 1u << 30, "BYTES",
      "of a document's operations that came too early [16M]" },
    { "handshake-ms", NUMBER, AT(handshake_ms), 100, MINUTES(10), "MS", "to say hello [10000]" },
    { "heartbeat-ms", NUMBER, AT(heartbeat_ms), 100, MINUTES(60), "MS", "between pings [20000]" },
    { "presence-ms", NUMBER, AT(presence_ms), 100, MINUTES(60), "MS", "until it fades [60000]" },
    { "unload-ms", NUMBER, AT(unload_ms), 1, MINUTES(1440), "MS",
      "to keep a document nobody is at [30000]" },
    { "keep-deleted", NUMBER, AT(keep_deleted_days), 0, 36500, "DAYS",
      "to keep deleted text; 0: for good [0]" },
    { "lease", NUMBER, AT(lease_days), 0, 36500, "DAYS",
      "to keep it longer for writers who are away; 0: not [0]" },
    { "drift-ms", NUMBER, AT(drift_ms), 1, MINUTES(1440), "MS",
      "how far ahead an author's clock may be [60000]" },
    { "group-ms", NUMBER, AT(group_ms), 1, 10000, "MS", "between commits [10]" },
    { "pace-ms", NUMBER, AT(pace_ms), 1, 1000, "MS", "between turns: edits meanwhile go together [1]" },
    { "gather-ms", NUMBER, AT(gather_ms), 0, 1000, "MS",
      "after edits went on, others wait for more [10]" },
    { "wait-ms", NUMBER, AT(wait_ms), 1, MINUTES(5), "MS", "to wait for ?min= [5000]" },
    { "restored", FLAG, AT(restored), 0, 0, NULL, "the data came from a backup" },
    { "log-level", LEVEL, 0, 0, 0, "LEVEL", "debug, info, warn or error [info]" },
    { "help", HELP, 0, 0, 0, NULL, "print this and exit" },
    { "version", VERSION, 0, 0, 0, NULL, "print the version and exit" },
};

#define N_SETTINGS (sizeof settings / sizeof *settings)

static enum options_end options_wrong(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static enum options_end options_wrong(const char *format, ...)
{
    va_list args;

    fputs("sennitd: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return OPTIONS_WRONG;
}

/* -------------------------------------------------------------- Values -- */

/* ADDR:PORT, with an IPv6 address in brackets. */
static bool options_listen(struct options *out, const char *text)
{
    const char *colon = strrchr(text, ':');
    bool brackets = *text == '[';
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    unsigned char binary[sizeof(struct in6_addr)];
    char *end;

    if (brackets && (len < 2 || colon[-1] != ']'))
        return false;
    text += brackets;
    len -= brackets ? 2 : 0;
    if (len == 0 || len >= sizeof out->address)
        return false;
    memcpy(out->address, text, len);
    out->address[len] = '\0';
    unsigned long port = strtoul(colon + 1, &end, 10);
    out->port = (uint16_t)port;
    return colon[1] >= '0' && colon[1] <= '9' && *end == '\0' && port <= UINT16_MAX &&
           inet_pton(brackets ? AF_INET6 : AF_INET, out->address, binary) == 1;
}

bool options_is_loopback(const char *address)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* A number with K, M or G (of 1,024) behind it. */
static bool options_number(const struct setting *setting, const char *text, uint64_t *out)
{
    static const char units[] = "KMG";
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    if (unit != NULL) {
        unsigned shift = 10 * (unsigned)(unit - units + 1);

        if (value > UINT64_MAX >> shift)
            return false;
        value <<= shift;
        end++;
    }
    *out = value;
    return errno == 0 && *end == '\0' && value >= setting->min && value <= setting->max;
}

static bool options_origin(struct options *out, const char *text)
{
    const char *host = strstr(text, "://");

    if (out->n_origins == OPTIONS_ORIGINS_MAX || host == NULL || host[3] == '\0' ||
        strchr(host + 3, '/') != NULL)
        return false;
    out->origins[out->n_origins++] = text;
    return true;
}

static bool options_flag(const char *text, bool *out)
{
    *out = text == NULL || strcmp(text, "yes") == 0;
    return *out || strcmp(text, "no") == 0;
}

static enum options_end options_help(void)
{
    puts("Usage: sennitd [OPTION...]\n"
         "Serve documents that many people edit at once.\n");
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char left[40];

        snprintf(left, sizeof left, "--%s %s", settings[i].name,
                 settings[i].value != NULL ? settings[i].value : "");
        printf("  %-26s %s\n", left, settings[i].what);
    }
    puts("\nSizes may end in K, M or G. A line of the config file is 'name = value', with\n"
         "'yes' for options that take no value. See sennitd(8).");
    return OPTIONS_DONE;
}

/* What a value is that is not taken. */
static const char *options_instead(enum kind kind)
{
    switch (kind) {
    case LISTEN: return "no address in numbers with a port, such as 127.0.0.1:8377 or [::1]:8377";
    case ORIGIN: return "no origin, such as https://notes.example.org, or one too many";
    case LEVEL: return "none of debug, info, warn and error";
    case FLAG: return "neither yes nor no";
    default: return "no name of a file";
    }
}

/* where: "--name" or "FILE:LINE: name", for messages; text NULL: none given. */
static enum options_end options_set(struct options *out, const struct setting *setting,
                                    const char *where, const char *text)
{
    char *base = (char *)out + setting->at;
    bool good = true;

    switch (setting->kind) {
    case LISTEN: good = options_listen(out, text); break;
    case TEXT:
        good = *text != '\0';
        memcpy(base, &text, sizeof text);
        break;
    case FLAG: good = options_flag(text, (bool *)base); break;
    case ORIGIN: good = options_origin(out, text); break;
    case NUMBER: good = options_number(setting, text, (uint64_t *)(void *)base); break;
    case LEVEL:
        good = log_level_of(text) >= 0;
        out->log_level = good ? (enum log_level)log_level_of(text) : LOG_INFO;
        break;
    case CONFIG: break;
    case HELP: return options_help();
    case VERSION:
        printf("sennitd %d.%d.%d\n", SENNIT_VERSION_MAJOR, SENNIT_VERSION_MINOR,
               SENNIT_VERSION_PATCH);
        return OPTIONS_DONE;
    }
    if (good)
        return OPTIONS_RUN;
    if (setting->kind == NUMBER)
        return options_wrong("%s: '%s' is no number from %llu to %llu", where, text,
                             (unsigned long long)setting->min, (unsigned long long)setting->max);
    return options_wrong("%s: '%s' is %s", where, text, options_instead(setting->kind));
}

/* ---------------------------------------------------------------- File -- */

static char *options_trim(char *text)
{
    size_t len;

    text += strspn(text, " \t");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

static const struct setting *options_find(const char *name)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0 && settings[i].kind < CONFIG)
            return &settings[i];
    return NULL;
}

/* Keep a line, for settings point into it. Takes it, also after a failure. */
static bool options_keep(struct options *out, char *line)
{
    char **moved = reallocarray(out->lines, out->n_lines + 1, sizeof *moved);

    if (moved == NULL) {
        free(line);
        return false;
    }
    out->lines = moved;
    out->lines[out->n_lines++] = line;
    return true;
}

void options_clear(struct options *options)
{
    while (options->n_lines > 0)
        free(options->lines[--options->n_lines]);
    free(options->lines);
    options->lines = NULL;
}

static enum options_end options_line(struct options *out, const char *where, char *line)
{
    char *equals, *name, *value;
    const struct setting *setting;
    char what[512];

    line = options_trim(line);
    if (*line == '\0' || *line == '#')
        return OPTIONS_RUN;
    equals = strchr(line, '=');
    if (equals == NULL)
        return options_wrong("%s: no '='", where);
    *equals = '\0';
    name = options_trim(line);
    value = options_trim(equals + 1);
    setting = options_find(name);
    if (setting == NULL)
        return options_wrong("%s: there is no setting '%s'", where, name);
    snprintf(what, sizeof what, "%s: %s", where, name);
    return options_set(out, setting, what, value);
}

static enum options_end options_file(struct options *out, const char *path)
{
    FILE *file = fopen(path, "re");
    enum options_end end = OPTIONS_RUN;
    char *line = NULL;
    char where[400];
    size_t cap = 0;

    if (file == NULL)
        return options_wrong("%s: %s", path, strerror(errno));
    for (unsigned n = 1; end == OPTIONS_RUN && getline(&line, &cap, file) > 0; n++) {
        snprintf(where, sizeof where, "%s:%u", path, n);
        end = options_keep(out, line) ? options_line(out, where, line)
                                      : options_wrong("%s: out of memory", where);
        line = NULL;
        cap = 0;
    }
    if (ferror(file))
        end = options_wrong("%s: %s", path, strerror(errno));
    free(line);
    fclose(file);
    return end;
}

/* --------------------------------------------------------------- Flags -- */

static void options_getopt(struct option *out)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        out[i] = (struct option){ .name = settings[i].name,
                                  .has_arg = settings[i].value != NULL ? required_argument
                                                                       : no_argument };
    out[N_SETTINGS] = (struct option){ .name = NULL };
}

/* Go through the flags; those for which `first` is true, or the others. */
static enum options_end options_flags(struct options *out, int argc, char **argv, bool first)
{
    struct option flags[N_SETTINGS + 1];
    static char name[] = "sennitd"; /* in messages of getopt */
    enum options_end end = OPTIONS_RUN;
    int i, c;

    argv[0] = name;
    options_getopt(flags);
    optind = 1;
    opterr = first;
    while (end == OPTIONS_RUN && (c = getopt_long(argc, argv, "", flags, &i)) != -1) {
        char where[64];

        if (c != 0)
            return OPTIONS_WRONG; /* getopt said why */
        snprintf(where, sizeof where, "--%s", settings[i].name);
        if (first && settings[i].kind == CONFIG)
            end = options_file(out, optarg);
        else if (!first)
            end = options_set(out, &settings[i], where, optarg);
    }
    if (end == OPTIONS_RUN && optind < argc)
        return options_wrong("what is '%s' to mean?", argv[optind]);
    return end;
}

/* What only makes sense, or only is safe, together. */
static enum options_end options_check(const struct options *options)
{
    bool loopback = options_is_loopback(options->address);

    if ((options->tls_cert == NULL) != (options->tls_key == NULL))
        return options_wrong("--tls-cert and --tls-key belong together");
    if (options->open && options->token_key != NULL)
        return options_wrong("--open and --token-key contradict each other");
    if (options->token_key == NULL && !loopback)
        return options_wrong("beyond this machine (%s) it takes --token-key: see 'sennit token'",
                             options->address);
    if (options->token_key == NULL && !options->open)
        return options_wrong("who may edit? --token-key FILE, or --open for everybody here");
    return OPTIONS_RUN;
}

enum options_end options_read(struct options *out, int argc, char **argv)
{
    enum options_end end;

    *out = (struct options){
        .address = "127.0.0.1",
        .port = 8377,
        .data = "sennit.sqlite",
        .max_connections = 10000,
        .wait_ms = 5000,
        .gather_ms = 10,
        .log_level = LOG_INFO,
    };
    end = options_flags(out, argc, argv, true);
    if (end == OPTIONS_RUN)
        end = options_flags(out, argc, argv, false);
    return end == OPTIONS_RUN ? options_check(out) : end;
}
