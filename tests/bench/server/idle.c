/* Connections that are at a document and do nothing. */
#include "crowd.h"
#include "fail.h"
#include "process.h"
#include "scenario.h"
#include "socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define WELCOME 32u /* bytes that come at least once one is in */
#define SPARE_FILES 64u

static void idle_allow_files(unsigned n)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        die("no limit of open files");
    files.rlim_cur = n + SPARE_FILES;
    if (files.rlim_max < files.rlim_cur)
        files.rlim_max = files.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        die("the limit of open files is too low");
}

/* One that comes to a document for the first time, and says hello. */
static int idle_join(const char *url, const char *name)
{
    sennit_options of_doc = {.size = sizeof of_doc};
    sennit_link_options of_link = {.size = sizeof of_link};
    sennit_session *session;
    sennit_link *link;
    sennit_doc *doc;
    const void *hello;
    size_t len;

    must(sennit_doc_new(&of_doc, &doc), "document");
    must(sennit_link_new(&of_link, &link), "link");
    must(sennit_session_open(link, doc, name, "", &session), "session");
    must(sennit_link_opened(link, 1), "greeting");
    if (sennit_link_next_frame(link, 1, &hello, &len) != 1)
        die("no hello");
    int fd = socket_open(url, hello, len);
    socket_read(fd, WELCOME);
    sennit_link_free(link);
    sennit_doc_free(doc);
    return fd;
}

void scenario_idle(const struct options *options)
{
    unsigned n = options->documents * options->clients;
    int *fds = take(n, sizeof *fds);

    if (options->pid == 0)
        die("--pid is wanted");
    idle_allow_files(n);
    long before = process_rss_kb(options->pid);
    for (unsigned i = 0; i < n; i++) {
        char name[SENNIT_NAME_MAX + 1];

        crowd_name(options, i / options->clients, name);
        fds[i] = idle_join(options->url, name);
    }
    sleep(2); /* what was for the greeting only is given back */
    long after = process_rss_kb(options->pid);
    printf("\"connections\": %u, \"documents\": %u, \"rss_before_kb\": %ld, \"server_rss_kb\": %ld, "
           "\"kb_per_connection\": %.2f", n, options->documents, before, after,
           (double)(after - before) / n);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
    free(fds);
}
