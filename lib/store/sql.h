/* One connection to an SQLite file and its statements; sql.c is the one file that
 * includes <sqlite3.h>. Used by one thread at a time.
 *
 * After a failure sn_sql_text has a short static text for it and sn_sql_why all
 * that is known. SENNIT_ECORRUPT means that the file is malformed where it was
 * looked at; SENNIT_EIO and SENNIT_ENOMEM are as everywhere.
 */
#ifndef SN_SQL_H
#define SN_SQL_H

#include "store/schema.h"
#include "store/store.h"

/* A record as a row of the file has it; also the arguments of every statement. */
typedef struct sn_row {
    sennit_stored kind;
    uint64_t position;
    uint64_t through; /* of a snapshot; else 0 */
    const char *name;
    const char *key;  /* of a fact; else "" */
    const void *data;
    size_t len;
    const void *sum;  /* NULL: the file is malformed here, and there is no data */
    size_t sum_len;
    bool whole;       /* the checksum is right */
} sn_row;

typedef struct sn_sql sn_sql;

typedef struct sn_sql_options {
    sn_mem *mem;
    const char *path;
    const char *vfs; /* NULL: the usual one */
    uint32_t busy_ms;
} sn_sql_options;

/* Connect to a file, made if it is not there, unless it is somebody else's;
 * *fresh: it has no tables yet. A connection that failed is for sn_sql_close too;
 * *out is NULL only after SENNIT_ENOMEM. */
sennit_status sn_sql_open(const sn_sql_options *options, sn_sql **out, bool *fresh);
void sn_sql_close(sn_sql *sql);

const char *sn_sql_text(const sn_sql *sql);
const char *sn_sql_why(const sn_sql *sql);

/* Fail for a reason that SQLite does not know of. */
sennit_status sn_sql_fail(sn_sql *sql, sennit_status status, const char *text);

/* Run a statement for its effect; whether the last one changed any row. */
sennit_status sn_sql_run(sn_sql *sql, sn_statement which, const sn_row *args);
bool sn_sql_changed(const sn_sql *sql);

/* Run statements without arguments, separated by semicolons. */
sennit_status sn_sql_script(sn_sql *sql, const char *text);

/* Begin to read; args are bound, not copied. Then step from row to row: *row tells
 * whether there is one. What columns give is borrowed until the next step. End it,
 * or it holds back others. */
sennit_status sn_sql_start(sn_sql *sql, sn_statement which, const sn_row *args);
sennit_status sn_sql_step(sn_sql *sql, sn_statement which, bool *row);
void sn_sql_stop(sn_sql *sql, sn_statement which);

uint64_t sn_sql_number(sn_sql *sql, sn_statement which, int column);
const char *sn_sql_word(sn_sql *sql, sn_statement which, int column);                /* never NULL */
const void *sn_sql_bytes(sn_sql *sql, sn_statement which, int column, size_t *len); /* never NULL */

/* Stop all statements and take back what the open transaction did, if one is. */
void sn_sql_reset(sn_sql *sql);

#endif
