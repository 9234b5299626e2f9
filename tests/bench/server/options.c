#include "options.h"
#include "fail.h"

#include <getopt.h>
#include <stdlib.h>

static unsigned number(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*end != '\0' || n == 0 || n > 10000000)
        die("a number is wrong");
    return (unsigned)n;
}

static const struct option options_known[] = {
    {"scenario", required_argument, NULL, 'S'}, {"url", required_argument, NULL, 'u'},
    {"documents", required_argument, NULL, 'd'}, {"clients", required_argument, NULL, 'c'},
    {"rate", required_argument, NULL, 'r'},     {"seconds", required_argument, NULL, 's'},
    {"pid", required_argument, NULL, 'p'},      {"seed", required_argument, NULL, 'x'},
    {"file", required_argument, NULL, 'f'},     {"name", required_argument, NULL, 'n'},
    {"durable", no_argument, NULL, 'D'},        {"until-closed", no_argument, NULL, 'U'},
    {NULL, 0, NULL, 0},
};

void options_read(struct options *o, int argc, char **argv)
{
    *o = (struct options){.scenario = "typing", .documents = 20, .clients = 10, .rate = 2000,
                          .seconds = 5, .seed = 1};
    for (int c; (c = getopt_long(argc, argv, "", options_known, NULL)) != -1;)
        switch (c) {
        case 'S': o->scenario = optarg; break;
        case 'u': o->url = optarg; break;
        case 'd': o->documents = number(optarg); break;
        case 'c': o->clients = number(optarg); break;
        case 'r': o->rate = number(optarg); break;
        case 's': o->seconds = number(optarg); break;
        case 'p': o->pid = (long)number(optarg); break;
        case 'x': o->seed = number(optarg); break;
        case 'f': o->file = optarg; break;
        case 'n': o->name = optarg; break;
        case 'D': o->durable = true; break;
        case 'U': o->until_closed = true; break;
        default: exit(2);
        }
    if (o->url == NULL)
        die("--url is wanted");
}
