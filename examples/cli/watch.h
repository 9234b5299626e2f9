/* Told when others have written a file, by inotify. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

struct watch {
    int fd; /* readable when something may have happened; -1: not watching */
    const char *name; /* of the file, without its folder */
    char *folder;
};

/* Watch a file, there or not: its folder is watched, because editors put new files
 * in the place of old ones. The path must last as long as the watch. */
int watch_open(struct watch *watch, const char *path);
void watch_close(struct watch *watch);

/* Take what has been told. True if somebody finished writing the file, or put
 * another in its place; it may have been this program. */
bool watch_take(struct watch *watch);

#endif
