#include "store/sql.h"

#include <sqlite3.h>

/* Pages in the WAL from which on a commit moves them into the file; tests make it
 * small, so that it happens all the time. */
#ifndef SN_WAL_PAGES
#define SN_WAL_PAGES 1000
#endif

/* What a statement may do at most, in instructions of SQLite's machine. Honest work
 * is far below; a file whose pages lead in circles keeps it busy for ever. */
#define SQL_SLICE 1000000
#define SQL_SLICES_MOST 1000u

struct sn_sql {
    sn_mem *mem;
    sqlite3 *db;
    sqlite3_stmt *statements[SN_SQL_STATEMENTS];
    unsigned slices; /* that this statement took */
    const char *text;
    sn_words why;
};

/* ---- failures ---- */

static const char *sql_code_text(int code)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM: return "out of memory";
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_READONLY: return "the file is read-only";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another process holds the file";
    case SQLITE_INTERRUPT: /* see sql_tick */
    case SQLITE_CORRUPT: return "the file is damaged";
    case SQLITE_NOTADB: return "the file is no SQLite database";
    case SQLITE_CANTOPEN: return "the file cannot be opened for writing";
    case SQLITE_IOERR: return "reading or writing the file failed";
    default: return "SQLite failed";
    }
}

static sennit_status sql_code_status(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return SENNIT_OK;
    case SQLITE_NOMEM: return SENNIT_ENOMEM;
    case SQLITE_INTERRUPT:
    case SQLITE_CORRUPT: return SENNIT_ECORRUPT;
    default: return SENNIT_EIO;
    }
}

sennit_status sn_sql_fail(sn_sql *sql, sennit_status status, const char *text)
{
    sql->text = text;
    sn_words_clear(&sql->why);
    sn_words_add(&sql->why, text);
    return status;
}

/* The status of a code of SQLite, noted if it is a failure. */
static sennit_status sql_done(sn_sql *sql, int code)
{
    sennit_status st = sql_code_status(code);

    if (st == SENNIT_OK)
        return st;
    sn_sql_fail(sql, st, sql_code_text(code));
    sn_words_add(&sql->why, " (SQLite: ");
    sn_words_add(&sql->why, sqlite3_errmsg(sql->db));
    sn_words_add(&sql->why, ")");
    return st;
}

const char *sn_sql_text(const sn_sql *sql)
{
    return sql->text;
}

const char *sn_sql_why(const sn_sql *sql)
{
    return sql->why.text;
}

/* ---- statements ---- */

/* Called every SQL_SLICE instructions; anything but 0 ends the statement. */
static int sql_tick(void *self)
{
    return ++((sn_sql *)self)->slices > SQL_SLICES_MOST;
}

/* Bind what a statement wants of a row. */
static int sql_bind(sqlite3_stmt *s, const sn_row *row)
{
    int n = sqlite3_bind_parameter_count(s), rc = SQLITE_OK;

    if (n >= 1)
        rc |= sqlite3_bind_text(s, 1, row->name, -1, SQLITE_STATIC);
    if (n >= 2)
        rc |= sqlite3_bind_int64(s, 2, (sqlite3_int64)row->position);
    if (n >= 3)
        rc |= sqlite3_bind_int64(s, 3, (sqlite3_int64)row->through);
    if (n >= 4)
        rc |= sqlite3_bind_text(s, 4, row->key, -1, SQLITE_STATIC);
    if (n >= 5)
        rc |= sqlite3_bind_blob64(s, 5, row->data, row->len, SQLITE_STATIC);
    if (n >= 6)
        rc |= sqlite3_bind_blob64(s, 6, row->sum, row->sum_len, SQLITE_STATIC);
    return rc;
}

sennit_status sn_sql_start(sn_sql *sql, sn_statement which, const sn_row *args)
{
    sqlite3_stmt **s = &sql->statements[which];
    int rc = SQLITE_OK;

    sql->slices = 0;
    if (*s == NULL)
        rc = sqlite3_prepare_v3(sql->db, sn_schema_sql[which], -1, SQLITE_PREPARE_PERSISTENT, s,
                                NULL);
    else
        sqlite3_reset(*s);
    return sql_done(sql, rc == SQLITE_OK ? sql_bind(*s, args) : rc);
}

sennit_status sn_sql_step(sn_sql *sql, sn_statement which, bool *row)
{
    int rc = sqlite3_step(sql->statements[which]);
    sennit_status st = sql_done(sql, rc);

    *row = rc == SQLITE_ROW;
    if (!*row)
        sn_sql_stop(sql, which);
    return st;
}

void sn_sql_stop(sn_sql *sql, sn_statement which)
{
    sqlite3_reset(sql->statements[which]);
}

sennit_status sn_sql_run(sn_sql *sql, sn_statement which, const sn_row *args)
{
    bool more;

    SN_TRY(sn_sql_start(sql, which, args));
    do
        SN_TRY(sn_sql_step(sql, which, &more));
    while (more);
    return SENNIT_OK;
}

bool sn_sql_changed(const sn_sql *sql)
{
    return sqlite3_changes(sql->db) > 0;
}

sennit_status sn_sql_script(sn_sql *sql, const char *text)
{
    return sql_done(sql, sqlite3_exec(sql->db, text, NULL, NULL, NULL));
}

void sn_sql_reset(sn_sql *sql)
{
    for (int i = 0; i < SN_SQL_STATEMENTS; i++)
        sqlite3_reset(sql->statements[i]);
    if (!sqlite3_get_autocommit(sql->db))
        sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- columns ---- */

uint64_t sn_sql_number(sn_sql *sql, sn_statement which, int column)
{
    return (uint64_t)sqlite3_column_int64(sql->statements[which], column);
}

const char *sn_sql_word(sn_sql *sql, sn_statement which, int column)
{
    const unsigned char *text = sqlite3_column_text(sql->statements[which], column);

    return text != NULL ? (const char *)text : "";
}

const void *sn_sql_bytes(sn_sql *sql, sn_statement which, int column, size_t *len)
{
    const void *bytes = sqlite3_column_blob(sql->statements[which], column);

    *len = (size_t)sqlite3_column_bytes(sql->statements[which], column);
    return bytes != NULL ? bytes : "";
}

/* ---- opening ---- */

/* The first value of the first row of a statement that is needed once: as a number,
 * or whether it is a certain word. */
static sennit_status sql_ask(sn_sql *sql, const char *text, int *number, const char *word, bool *is)
{
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(sql->db, text, -1, &s, NULL);

    if (rc != SQLITE_OK)
        return sql_done(sql, rc);
    if (sqlite3_step(s) == SQLITE_ROW) {
        const unsigned char *found = sqlite3_column_text(s, 0);

        *number = sqlite3_column_int(s, 0);
        *is = found != NULL && strcmp((const char *)found, word) == 0;
    }
    return sql_done(sql, sqlite3_finalize(s));
}

/* Tell whose file it is, before anything is written. */
static sennit_status sql_identify(sn_sql *sql, bool *fresh)
{
    int id = 0, version = 0, tables = 0;
    bool is;

    SN_TRY(sql_ask(sql, "PRAGMA application_id", &id, "", &is));
    SN_TRY(sql_ask(sql, "PRAGMA user_version", &version, "", &is));
    SN_TRY(sql_ask(sql, "SELECT count(*) FROM sqlite_schema", &tables, "", &is));
    *fresh = id == 0 && version == 0 && tables == 0;
    if (*fresh)
        return SENNIT_OK;
    if (id != SN_SCHEMA_ID)
        return sn_sql_fail(sql, SENNIT_EIO, "the file is a database of another program");
    if (version > SN_SCHEMA_VERSION)
        return sn_sql_fail(sql, SENNIT_EVERSION, "the file was written by a later release");
    return version == SN_SCHEMA_VERSION
               ? SENNIT_OK
               : sn_sql_fail(sql, SENNIT_EIO, sql_code_text(SQLITE_CORRUPT));
}

static sennit_status sql_configure(sn_sql *sql)
{
    int number;
    bool wal = false;

    if (sqlite3_db_readonly(sql->db, "main") == 1)
        return sn_sql_fail(sql, SENNIT_EIO, sql_code_text(SQLITE_READONLY));
    SN_TRY(sql_ask(sql, "PRAGMA journal_mode = WAL", &number, "wal", &wal));
    if (!wal)
        return sn_sql_fail(sql, SENNIT_EIO, "the file system is not fit for a database in WAL mode");
    SN_TRY(sn_sql_script(sql, sn_schema_settings));
    return sql_done(sql, sqlite3_wal_autocheckpoint(sql->db, SN_WAL_PAGES));
}

sennit_status sn_sql_open(const sn_sql_options *options, sn_sql **out, bool *fresh)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    sn_sql *sql = sn_mem_resize(options->mem, NULL, 0, sizeof *sql);

    *out = sql;
    if (sql == NULL)
        return SENNIT_ENOMEM;
    *sql = (sn_sql){.mem = options->mem};
    if (sqlite3_threadsafe() == 0)
        return sn_sql_fail(sql, SENNIT_EIO, "this SQLite cannot be used by threads");
    SN_TRY(sql_done(sql, sqlite3_open_v2(options->path, &sql->db, flags, options->vfs)));
    sqlite3_progress_handler(sql->db, SQL_SLICE, sql_tick, sql);
    SN_TRY(sql_done(sql, sqlite3_busy_timeout(sql->db, (int)options->busy_ms)));
    SN_TRY(sql_identify(sql, fresh));
    return sql_configure(sql);
}

void sn_sql_close(sn_sql *sql)
{
    if (sql == NULL)
        return;
    for (int i = 0; i < SN_SQL_STATEMENTS; i++)
        sqlite3_finalize(sql->statements[i]);
    sqlite3_close(sql->db);
    sn_mem_free(sql->mem, sql, sizeof *sql);
}
