/* sennit: documents kept.
 *
 * A storage keeps, for each document, one snapshot, the deltas that came after
 * it, and a few named facts. It knows nothing of what is in them. Writing is
 * handed over at once and becomes durable later, in groups: every call that
 * writes gives a ticket, and a ticket at or below sennit_storage.durable has
 * survived whatever happens to the machine now.
 *
 *     append ticket 7 --\
 *     append ticket 8 ---+-- one commit --> durable() == 9
 *     put    ticket 9 --/
 *
 * A storage is a table of functions with its own memory behind it, so a host
 * can bring its own; one contract test runs against every adapter. Like all
 * objects it belongs to one thread at a time, whatever threads an adapter keeps
 * for itself.
 */
#ifndef SENNIT_STORAGE_H
#define SENNIT_STORAGE_H

#include "sennit/sennit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Names of documents: 1 to 128 of A-Z a-z 0-9 . _ -, not "." or "..". The
 * empty name is the storage's own and holds facts only. */
#define SENNIT_NAME_MAX 128

/* Return whether a string is the name of a document. */
SENNIT_API int sennit_name_valid(const char *name, size_t len);

/* Facts have keys of 1 to 64 bytes and values of at most so many. */
#define SENNIT_FACT_KEY_MAX 64
#define SENNIT_FACT_MAX 1024

/* What a load hands out, in this order: the newest good snapshot, if there is
 * one; the deltas after it, oldest first; the facts by key; damage wherever it
 * was met. */
typedef enum sennit_stored {
    SENNIT_STORED_SNAPSHOT = 0,
    SENNIT_STORED_DELTA = 1,
    SENNIT_STORED_FACT = 2,
    SENNIT_STORED_DAMAGE = 3 /* a record whose checksum is wrong: skipped, kept aside */
} sennit_stored;

typedef struct sennit_record {
    sennit_stored kind;
    uint64_t position;  /* ticket under which it was written; ascends in a document */
    const char *key;    /* of a fact, terminated; of damage: what was damaged, in words */
    const void *data;   /* borrowed for the call */
    size_t len;
} sennit_record;

/* A table of functions. Callers set nothing in it; adapters fill it once.
 * Members are only ever added, at the end. `name` is the name of a document,
 * terminated; data is copied before a call returns.
 *
 * Every call but close may return SENNIT_EIO (the file, disk or server failed;
 * sennit_storage_reason tells how in words) and SENNIT_ENOMEM; nothing was
 * handed over then. */
typedef struct sennit_storage {
    size_t size; /* sizeof(sennit_storage) of whoever made it */
    void *self;

    /* Hand everything stored of a document to `each`, what is not yet durable
     * included. A document never written has nothing. Stops at the first
     * status of `each` that is not SENNIT_OK and returns it. */
    sennit_status (*load)(void *self, const char *name,
                          sennit_status (*each)(void *arg, const sennit_record *record), void *arg);

    /* Keep a delta behind all that is there. */
    sennit_status (*append)(void *self, const char *name, const void *data, size_t len,
                            uint64_t *ticket);

    /* Keep a fact, in place of the one with this key; data NULL forgets it. */
    sennit_status (*put)(void *self, const char *name, const char *key, const void *data,
                         size_t len, uint64_t *ticket);

    /* Replace the deltas up to position `through` by a snapshot that holds them:
     * both or neither, whenever the machine stops. The snapshot before this one is
     * kept, with the deltas between the two, in case this one is damaged. */
    sennit_status (*compact)(void *self, const char *name, uint64_t through, const void *data,
                             size_t len, uint64_t *ticket);

    /* Step through the names of all documents in ascending order: the first
     * after `after` ("" for the first) goes to name, of SENNIT_NAME_MAX + 1
     * bytes. SENNIT_EGONE at the end. */
    sennit_status (*next)(void *self, const char *after, char *name);

    /* The highest ticket that is durable with all below it. After a failed
     * commit it stands still until one succeeds; nothing handed over is given up
     * meanwhile. Cheap. */
    uint64_t (*durable)(void *self);

    /* SENNIT_OK, or SENNIT_EIO while commits fail: the disk is full, the file is
     * locked or read-only. Heals by itself. */
    sennit_status (*health)(void *self);

    /* Make everything handed over durable, and wait for that. */
    sennit_status (*sync)(void *self);

    /* A descriptor that becomes readable when `durable` or `health` changed; -1
     * if they only change within calls. Reading `durable` makes it quiet. */
    int (*descriptor)(void *self);

    /* In words, what the last SENNIT_EIO was about. Valid until the next call. */
    const char *(*reason)(void *self);

    /* Make durable what can be, and free everything. */
    void (*close)(void *self);
} sennit_storage;

/* Close a storage and free it; NULL is fine. */
SENNIT_API void sennit_storage_close(sennit_storage *storage);

/* Keep documents in memory, for tests and for servers that need not remember:
 * a ticket is durable at once. Owns: *out is for sennit_storage_close. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_storage_memory(const sennit_alloc *alloc, sennit_storage **out);

/* How an SQLite file is kept. Zero everything, set size, then what you need. */
typedef struct sennit_sqlite_options {
    size_t size;
    const sennit_alloc *alloc; /* of the adapter's own memory; SQLite has its own */
    uint32_t group_ms;         /* wait so long for more before a commit [4] */
    const char *vfs;           /* name of an SQLite VFS; NULL: the usual one */
    uint32_t busy_ms;          /* how long another process may hold the file [2,000] */
} sennit_sqlite_options;

/* Keep documents in one SQLite file, created if it is not there.
 *
 * The file is in WAL mode with synchronous=FULL. A thread of the adapter writes
 * and commits, so no call but load, next, sync and close waits for the disk. Each
 * record carries a BLAKE2b checksum.
 *
 * options  may be NULL
 *
 * Returns  SENNIT_OK
 *          SENNIT_EIO       it cannot be opened or made, or is no database
 *          SENNIT_EVERSION  written by a later release
 *          err->what says what is wrong
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_storage_sqlite(const char *path, const sennit_sqlite_options *options, sennit_storage **out,
                      sennit_error *err);

/* What opening a stored document met. */
typedef struct sennit_opened {
    uint64_t deltas;   /* applied after the snapshot */
    uint64_t damaged;  /* records that were skipped: ask the peers again */
    uint64_t position; /* of the last record read */
    size_t bytes;      /* read */
} sennit_opened;

/* Open a document from a storage: the newest snapshot that is whole, then every
 * delta that is. Damage is counted, never hidden: a document of which something
 * is stored but nothing can be read is refused, not opened empty.
 *
 * fact     called for each fact; may be NULL
 * options  as for sennit_doc_new
 *
 * Returns  SENNIT_OK         also if nothing is stored: an empty document
 *          SENNIT_ECORRUPT   something is stored, and none of it can be read
 *          SENNIT_EIO, and what sennit_doc_load returns
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_storage_open(sennit_storage *storage, const char *name, const sennit_options *options,
                    sennit_status (*fact)(void *arg, const sennit_record *record), void *arg,
                    sennit_doc **out, sennit_opened *opened, sennit_error *err);

#ifdef __cplusplus
}
#endif
#endif
