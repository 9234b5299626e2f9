/* A storage that loses what was not committed when its machine stops, that can be
 * sick, and of which there are backups. */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "support/rng.h"

#include <sennit/storage.h>

typedef enum disk_health {
    DISK_WELL,
    DISK_STALLS, /* takes what it is given, and commits nothing */
    DISK_REFUSES /* nor takes anything */
} disk_health;

typedef struct disk disk;

disk *disk_new(void);
void disk_free(disk *d);

/* What a hub takes; its table stays valid, but a hub has to be made anew after
 * disk_lose. */
sennit_storage *disk_storage(disk *d);

void disk_set_health(disk *d, disk_health health);

/* Commit the next n writes, unless it is sick; SIZE_MAX: all. */
void disk_commit(disk *d, size_t n);

/* Writes that are committed, and all that it was given. */
size_t disk_committed(const disk *d);
size_t disk_writes(const disk *d);

/* Be as it was after so many writes: the machine stopped, or a backup came back. */
void disk_lose(disk *d, size_t writes);

#endif
