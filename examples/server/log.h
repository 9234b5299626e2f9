/* The log: one JSON object a line, on standard error. Whatever comes from outside
 * is escaped, so that a line is a line, and ASCII. */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
    FILE *file;
    enum log_level least;
    uint64_t second;      /* the one that lines are being counted in */
    unsigned lines;       /* in it; past LOG_LINES_MAX nothing is written */
    uint64_t suppressed;  /* since the last line that was */
};

void log_init(struct log *log, FILE *file, enum log_level least);

/* A line is begun, given its fields, and ended. Fields of a line that is not to
 * be written (NULL) are ignored, and so are strings that are NULL or empty. */
json_t *log_begin(struct log *log, enum log_level level, const char *event);
void log_text(json_t *line, const char *key, const char *text);
void log_number(json_t *line, const char *key, uint64_t number);
void log_end(struct log *log, json_t *line);

/* A line that only says something. */
void log_say(struct log *log, enum log_level level, const char *event, const char *text);

/* Find a level by its name; -1 if there is none. */
int log_level_of(const char *name);

#endif
