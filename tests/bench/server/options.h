#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *scenario, *url, *name, *file;
    unsigned documents, clients, rate, seconds, seed;
    long pid; /* of the server; 0: not told */
    bool durable, until_closed;
};

/* Read them, or end the program and say why. */
void options_read(struct options *options, int argc, char **argv);

#endif
