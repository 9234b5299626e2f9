/* The log: one JSON object a line. */
#include "log.h"
#include "common/host.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOG_LINES_MAX 500 /* in a second: nobody fills a disk by being refused */

static const char *const log_levels[] = { "debug", "info", "warn", "error" };

void log_init(struct log *log, FILE *file, enum log_level least)
{
    *log = (struct log){ .file = file, .least = least };
    setvbuf(file, NULL, _IOFBF, BUFSIZ); /* a line is one write */
}

int log_level_of(const char *name)
{
    for (int i = 0; i < (int)(sizeof log_levels / sizeof *log_levels); i++)
        if (strcmp(name, log_levels[i]) == 0)
            return i;
    return -1;
}

static void log_time(json_t *line, uint64_t now_ms)
{
    time_t seconds = (time_t)(now_ms / 1000);
    char text[40];
    struct tm utc;

    if (gmtime_r(&seconds, &utc) == NULL)
        return;
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof text - n, ".%03uZ", (unsigned)(now_ms % 1000));
    json_object_set_new(line, "time", json_string(text));
}

/* Errors are always written: it is the world outside that can make many lines. */
static int log_is_too_much(struct log *log, enum log_level level, uint64_t now_ms)
{
    if (log->second != now_ms / 1000) {
        log->second = now_ms / 1000;
        log->lines = 0;
    }
    if (level == LOG_ERROR || ++log->lines <= LOG_LINES_MAX)
        return 0;
    log->suppressed++;
    return 1;
}

json_t *log_begin(struct log *log, enum log_level level, const char *event)
{
    uint64_t now = host_now();

    if (level < log->least || log_is_too_much(log, level, now))
        return NULL;
    json_t *line = json_object();
    log_time(line, now);
    log_text(line, "level", log_levels[level]);
    log_text(line, "event", event);
    if (log->suppressed > 0)
        log_number(line, "suppressed", log->suppressed);
    log->suppressed = 0;
    return line;
}

/* Bytes that are not UTF-8 are shown as \xNN. */
static json_t *log_bytes(const char *text)
{
    size_t len = strlen(text);
    char *shown = malloc(4 * len + 1), *to = shown;
    json_t *string;

    if (shown == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte < 0x80)
            *to++ = (char)byte;
        else
            to += sprintf(to, "\\x%02x", byte);
    }
    *to = '\0';
    string = json_string(shown);
    free(shown);
    return string;
}

void log_text(json_t *line, const char *key, const char *text)
{
    if (line == NULL || text == NULL || *text == '\0')
        return;
    json_t *string = json_string(text);
    json_object_set_new(line, key, string != NULL ? string : log_bytes(text));
}

void log_number(json_t *line, const char *key, uint64_t number)
{
    if (line != NULL)
        json_object_set_new(line, key, json_integer((json_int_t)number));
}

void log_end(struct log *log, json_t *line)
{
    if (line == NULL)
        return;
    json_dumpf(line, log->file, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
    putc('\n', log->file);
    fflush(log->file);
    json_decref(line);
}

void log_say(struct log *log, enum log_level level, const char *event, const char *text)
{
    json_t *line = log_begin(log, level, event);

    log_text(line, "text", text);
    log_end(log, line);
}
