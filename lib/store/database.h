/* Documents in an SQLite file: how jobs are written, how records are read.
 *
 * A database is one connection, used by one thread at a time. The adapter has
 * two: its thread writes by one, its owner reads by the other; in WAL mode they
 * do not wait for each other. Failures are those of sql.h.
 */
#ifndef SN_DATABASE_H
#define SN_DATABASE_H

#include "store/queue.h"
#include "store/sql.h"

#define SN_TALLIES 64u

/* Deltas of a document that this transaction added, and did not count yet. */
typedef struct sn_tally {
    const char *name; /* of a job; NULL: none */
    uint64_t deltas;
} sn_tally;

typedef struct sn_database {
    sn_sql *sql;
    uint64_t ticket; /* of the writer, as what follows: the last in the file */
    bool malformed;  /* found out, so it deletes nothing any more */
    sn_tally tallies[SN_TALLIES]; /* by a hash of the name */
} sn_database;

/* Open a file; a new one gets its tables. It is to be closed after a failure as
 * well; err says why. SENNIT_EVERSION: of a later release. */
sennit_status sn_database_open(sn_database *db, const sn_sql_options *options, sennit_error *err);
void sn_database_close(sn_database *db);

/* ---- writing ---- */

/* Find the last ticket ever given. Call before the first write. */
sennit_status sn_database_ticket(sn_database *db, uint64_t *ticket);

/* Write jobs from first to last in one transaction. */
sennit_status sn_database_write(sn_database *db, const sn_job *first, const sn_job *last);

/* ---- reading: between begin and end everything is as at one moment ---- */

sennit_status sn_database_begin(sn_database *db);
void sn_database_end(sn_database *db);

/* What there should be of a document; all 0 if nothing was written. Rows that
 * vanish without a trace are found out by it. */
typedef struct sn_counted {
    uint64_t snapshot; /* position of the newest one; 0: none, or moved aside */
    uint64_t through;  /* what that reaches */
    uint64_t deltas;   /* rows after it */
    uint64_t facts;
} sn_counted;

sennit_status sn_database_count(sn_database *db, const char *name, sn_counted *out);

/* Where a snapshot stands among its like: the greatest is the newest. */
typedef struct sn_place {
    uint64_t through, position;
} sn_place;

#define SN_PLACE_END ((sn_place){INT64_MAX, INT64_MAX})

/* Find the newest snapshot before a place, which is moved there. SENNIT_EGONE:
 * there is none. */
sennit_status sn_database_older(sn_database *db, const char *name, sn_place *place);

/* Read the snapshot at a place that sn_database_older found: borrowed until
 * sn_database_end. If the file is malformed there, it is a row that is not whole. */
sennit_status sn_database_snapshot(sn_database *db, const char *name, const sn_place *place,
                                   sn_row *out);

/* Take a row, borrowed for the call. What is not SENNIT_OK stops and is returned. */
typedef sennit_status sn_database_each(void *arg, const sn_row *row);

/* Hand out deltas after a position, oldest first; facts by key; what was moved
 * aside and is not replaced, neither by the snapshot at `base` (NULL: there is
 * none) nor by a fact with its key. */
sennit_status sn_database_deltas(sn_database *db, const char *name, uint64_t after,
                                 sn_database_each *each, void *arg);
sennit_status sn_database_facts(sn_database *db, const char *name, sn_database_each *each,
                                void *arg);
sennit_status sn_database_aside(sn_database *db, const char *name, const sn_place *base,
                                sn_database_each *each, void *arg);

/* The first name after one; name has SENNIT_NAME_MAX + 1 bytes. SENNIT_EGONE. */
sennit_status sn_database_next(sn_database *db, const char *after, char *name);

#endif
