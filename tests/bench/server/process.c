#include "process.h"
#include "fail.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Field 14 and 15 of proc(5)'s stat. */
double process_cpu(long pid)
{
    unsigned long user = 0, system = 0;
    char path[64], line[1024], *after;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if ((file = fopen(path, "r")) == NULL || fgets(line, sizeof line, file) == NULL)
        die("no such process");
    fclose(file);
    after = strrchr(line, ')');
    if (after == NULL ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("cannot read /proc");
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

long process_rss_kb(long pid)
{
    long pages = 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/statm", pid);
    if ((file = fopen(path, "r")) == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        die("cannot read /proc");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}
