/* sennit: documents kept.
 *
 * A storage keeps, for each document, snapshots, the deltas that came after
 * them, and a few named facts. It knows nothing of what is in them. Writing is
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
 * for itself; memory is asked of the host's allocator by that thread only.
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

/* Bytes of a delta or snapshot at most. */
#define SENNIT_RECORD_MAX ((size_t)512 << 20)

/* Kinds of what is stored, and of what a load hands out. */
typedef enum sennit_stored {
    SENNIT_STORED_SNAPSHOT = 0,
    SENNIT_STORED_DELTA = 1,
    SENNIT_STORED_FACT = 2,
    SENNIT_STORED_DAMAGE = 3 /* a record that cannot be read: skipped, kept aside */
} sennit_stored;

typedef struct sennit_record {
    sennit_stored kind;
    sennit_stored damaged; /* of damage: the kind of record it was */
    uint64_t position;     /* ticket under which it was written; deltas ascend in it */
    const char *key;       /* of a fact, terminated; of damage: what it is, in words */
    const void *data;      /* borrowed for the call; NULL, 0 of damage */
    size_t len;
} sennit_record;

/* Take a record of a load; must not call the storage. Anything but SENNIT_OK
 * stops the load, which returns it; but for SENNIT_ECORRUPT about a snapshot,
 * delta or fact: then the record is damaged, whatever its checksum says. */
typedef sennit_status sennit_each_record(void *arg, const sennit_record *record);

/* A table of functions. Callers set nothing in it; adapters fill it once.
 * Members are only ever added, at the end. `name` is the name of a document,
 * terminated; data is copied before a call returns.
 *
 * Every call that returns a status may return SENNIT_EIO (the file, disk or
 * server failed; `reason` tells how in words), SENNIT_ENOMEM, and SENNIT_EINVAL
 * (no name, no key, empty record). A call that writes and fails has handed
 * nothing over and given no ticket.
 *
 * Tickets ascend from 1, over restarts too; some numbers may be left out. */
typedef struct sennit_storage {
    size_t size; /* sizeof(sennit_storage) of whoever made it */
    void *self;

    /* Hand all that counts of a document to `each`, what is not yet durable
     * included: the newest snapshot that is whole, the deltas after it, oldest
     * first, the facts by key in ascending order of bytes, and damage wherever
     * it was met. Nothing is handed out of a name never written.
     *
     * If a snapshot is damaged, the one before it comes instead, with the deltas
     * after that one. Damage is told again at every load until it does not count
     * any more: because a newer snapshot stands in for the record, or a newer
     * fact has its key. */
    sennit_status (*load)(void *self, const char *name, sennit_each_record *each, void *arg);

    /* Keep a delta behind all that is there.
     *
     * SENNIT_ELIMIT: it is longer than SENNIT_RECORD_MAX, or too much waits to
     * become durable: commits fail, or are slower than what comes. */
    sennit_status (*append)(void *self, const char *name, const void *data, size_t len,
                            uint64_t *ticket);

    /* Keep a fact, in place of the one with this key; data NULL forgets it.
     * Returns as append. */
    sennit_status (*put)(void *self, const char *name, const char *key, const void *data,
                         size_t len, uint64_t *ticket);

    /* Put a snapshot in place of the deltas up to position `through`, all of
     * which it holds; 0 is before the first. Both or neither, whenever the
     * machine stops. The newest whole snapshot before it stays, with the deltas
     * after that one, in case this one is damaged; what is older goes.
     *
     * A snapshot that reaches less far than one already there is kept, but does
     * not take its place. Returns as append; SENNIT_EINVAL: `through` is no
     * ticket yet. */
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
     * locked or read-only. It is tried again, after growing pauses, and heals by
     * itself. Cheap. */
    sennit_status (*health)(void *self);

    /* Make everything handed over durable, now, and wait for that. SENNIT_EIO if
     * the attempt fails: what was handed over still waits. */
    sennit_status (*sync)(void *self);

    /* A descriptor that becomes readable when `durable` or `health` changed; -1
     * if they only change within calls. Calling `durable` makes it quiet. */
    int (*descriptor)(void *self);

    /* In words, what the last SENNIT_EIO was about; "" before the first. Valid
     * until the next call. */
    const char *(*reason)(void *self);

    /* Try once more to make durable what is not, and free everything, the table
     * included. Whoever has to know whether it worked calls sync before. */
    void (*close)(void *self);
} sennit_storage;

/* Close a storage and free it; NULL is fine. */
SENNIT_API void sennit_storage_close(sennit_storage *storage);

/* Keep documents in memory, for tests and for servers that need not remember:
 * a ticket is durable at once. Owns: *out is for sennit_storage_close. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_storage_memory(const sennit_alloc *alloc, sennit_storage **out);

/* How an SQLite file is kept. Zero everything, set size, then what you need; 0
 * is the default in brackets. */
typedef struct sennit_sqlite_options {
    size_t size;
    const sennit_alloc *alloc; /* of the adapter's own memory; SQLite has its own */
    uint32_t group_ms;         /* commits begin at least so far apart [10] */
    const char *vfs;           /* name of an SQLite VFS; NULL: the usual one */
    uint32_t busy_ms;          /* how long another process may hold the file [2,000] */
    size_t queue_bytes;        /* SENNIT_ELIMIT while more waits to be durable [64 MiB] */
} sennit_sqlite_options;

/* Keep documents in one SQLite file, created if it is not there.
 *
 * The file is in WAL mode with synchronous=FULL. A thread of the adapter writes
 * and commits, so no call but sync and close waits for a commit; load and next
 * read the file, and see beside it what waits. Each record carries a BLAKE2b
 * checksum.
 *
 * One process at a time may write: if another one does, commits fail from then
 * on and say so. Opening reads a few pages, however many documents there are.
 *
 * options  may be NULL
 *
 * Returns  SENNIT_OK
 *          SENNIT_EIO       it cannot be opened, made or written, or is no
 *                           database, or one of another program
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
    uint64_t position; /* of the newest snapshot or delta read; 0: none */
    size_t bytes;      /* read, facts aside */
    size_t log_bytes;  /* of them, deltas: what a compaction would save reading */
} sennit_opened;

/* Open a document from a storage: the newest snapshot that is whole, then every
 * delta that is. Damage is counted, never hidden: a document of which something
 * is stored but no operation can be read is refused, not opened empty.
 *
 * options  as for sennit_doc_new
 * each     called for each fact, and for each damaged record; may be NULL
 * opened   may be NULL; filled as far as it got after a failure too
 *
 * Returns  SENNIT_OK         also if nothing is stored: an empty document
 *          SENNIT_ECORRUPT   something is stored, and no operation can be read
 *          SENNIT_EVERSION   something in it is of a later release
 *          SENNIT_EIO        `reason` of the storage tells why
 *          SENNIT_ELIMIT     the document passes options->limits
 *          or what `each` returned
 * Owns     *out is for sennit_doc_free; NULL after a failure
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_storage_open(sennit_storage *storage, const char *name, const sennit_options *options,
                    sennit_each_record *each, void *arg, sennit_doc **out, sennit_opened *opened,
                    sennit_error *err);

#ifdef __cplusplus
}
#endif
#endif
