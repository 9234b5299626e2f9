/* One server for one database: two would each know half of what is in it. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

/* Lock a file, which is created if it is not there, until the descriptor is closed or the
 * process ends. False if another process has it. *fd is -1 if it cannot be opened or locked
 * for another reason: whoever opens the database says why. */
bool lock_take(const char *path, int *fd);

#endif
