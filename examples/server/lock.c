/* One server for one database. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* flock, for SQLite's own locks are of another kind: neither sees the other. Theirs are lost
 * when any descriptor of the file is closed, so this one is closed after the database. */
bool lock_take(const char *path, int *fd)
{
    bool alone = true;

    *fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
    if (*fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        alone = errno != EWOULDBLOCK;
        close(*fd);
        *fd = -1;
    }
    return alone;
}
