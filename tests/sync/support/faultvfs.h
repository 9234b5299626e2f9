/* A disk in memory for SQLite that fails, and a machine that stops.
 *
 * Every call that changes something (write, truncate, sync, delete, making a file)
 * has a number. Calls of certain numbers can fail; or the machine stops at one, and
 * when it runs again there is on the disk what was synced, and of the rest what
 * chance left of it, in pieces of a sector.
 *
 * A sync that fails makes what it should have saved never reach the disk, though
 * it can still be read: so do some systems. A file's name is on the disk once the
 * folder is synced, which SQLite asks for with the first sync of a new journal.
 */
#ifndef TESTS_FAULTVFS_H
#define TESTS_FAULTVFS_H

#include "support/rng.h"

typedef struct faultvfs faultvfs;

/* Register a VFS of this name; SQLite knows it until it is freed. */
faultvfs *faultvfs_new(const char *name);
void faultvfs_free(faultvfs *vfs);

/* Forget all files. None may be open. */
void faultvfs_clear(faultvfs *vfs);

/* How many numbered calls there were since the last clear or restart; how many that
 * read. */
uint64_t faultvfs_calls(faultvfs *vfs);
uint64_t faultvfs_reads(faultvfs *vfs);

/* Have calls from .. to - 1 fail with a code of SQLite; 0, 0 ends that. */
void faultvfs_fail(faultvfs *vfs, uint64_t from, uint64_t to, int code);

/* Have every read fail, or every new file be read-only. */
void faultvfs_fail_reads(faultvfs *vfs, bool fail);
void faultvfs_read_only(faultvfs *vfs, bool read_only);

/* Stop the machine at a call: from it on all fail. UINT64_MAX: never. */
void faultvfs_stop_at(faultvfs *vfs, uint64_t call);

/* Run it again; everything has to be closed. */
void faultvfs_restart(faultvfs *vfs, rng *r);

/* The bytes of a file, to damage them while nobody has it open; NULL if it is not
 * there. */
uint8_t *faultvfs_bytes(faultvfs *vfs, const char *name, size_t *len);

/* Replace a file. */
void faultvfs_put(faultvfs *vfs, const char *name, const void *data, size_t len);

#endif
