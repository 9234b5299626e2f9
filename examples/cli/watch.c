/* Told when others have written a file, by inotify. */
#include "watch.h"
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int watch_open(struct watch *watch, const char *path)
{
    const char *slash = strrchr(path, '/');

    watch->name = slash != NULL ? slash + 1 : path;
    watch->folder = slash != NULL ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    /* Not IN_MODIFY: a file that is being written is not to be read yet. */
    if (watch->folder != NULL && watch->fd >= 0 &&
        inotify_add_watch(watch->fd, watch->folder, IN_CLOSE_WRITE | IN_MOVED_TO) >= 0)
        return CLI_OK;
    cli_error(path, "cannot be watched: %s", strerror(errno));
    return CLI_IO;
}

void watch_close(struct watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->folder);
    *watch = (struct watch){ .fd = -1 };
}

/* When too much has happened at once, inotify says that it does not know. */
static bool watch_concerns(const struct watch *watch, const struct inotify_event *event)
{
    return (event->mask & IN_Q_OVERFLOW) != 0 ||
           (event->len > 0 && strcmp(event->name, watch->name) == 0);
}

bool watch_take(struct watch *watch)
{
    _Alignas(struct inotify_event) char buffer[4096 + NAME_MAX];
    bool concerns = false;
    ssize_t got;

    while ((got = read(watch->fd, buffer, sizeof buffer)) > 0)
        for (char *at = buffer; at < buffer + got;) {
            const struct inotify_event *event = (const void *)at;

            concerns |= watch_concerns(watch, event);
            at += sizeof *event + event->len;
        }
    return concerns;
}
