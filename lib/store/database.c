#include "store/database.h"

#include "base/hash.h"
#include "store/checksum.h"

static const sn_row database_nothing = {.name = "", .key = ""};

static void database_sum(const sn_row *row, uint8_t kind, uint8_t sum[SN_CHECKSUM])
{
    sn_checksum(&(sn_summed){kind, row->position, row->through, row->name, row->key, row->data,
                             row->len}, sum);
}

/* The row at which a statement stands. */
static sn_row database_row(sn_database *db, sn_statement which, uint8_t kind, const char *name)
{
    uint8_t sum[SN_CHECKSUM];
    sn_row row = {.kind = (sennit_stored)kind, .name = name};

    row.position = sn_sql_number(db->sql, which, 0);
    row.through = sn_sql_number(db->sql, which, 1);
    row.key = sn_sql_word(db->sql, which, 2);
    row.data = sn_sql_bytes(db->sql, which, 3, &row.len);
    row.sum = sn_sql_bytes(db->sql, which, 4, &row.sum_len);
    database_sum(&row, kind, sum);
    row.whole = row.sum_len == SN_CHECKSUM && memcmp(row.sum, sum, SN_CHECKSUM) == 0;
    return row;
}

/* ---- opening ---- */

/* The tables of a new file, and that no ticket was given. */
static sennit_status database_make(sn_database *db)
{
    uint8_t sum[SN_CHECKSUM];
    sn_row row = database_nothing;

    database_sum(&row, SN_SUM_STATE, sum);
    row.sum = sum;
    row.sum_len = sizeof sum;
    SN_TRY(sn_sql_run(db->sql, SN_SQL_BEGIN_WRITE, &database_nothing));
    SN_TRY(sn_sql_script(db->sql, sn_schema_tables));
    SN_TRY(sn_sql_run(db->sql, SN_SQL_FIRST_TICKET, &row));
    return sn_sql_run(db->sql, SN_SQL_COMMIT, &database_nothing);
}

sennit_status sn_database_open(sn_database *db, const sn_sql_options *options, sennit_error *err)
{
    bool fresh = false;

    *db = (sn_database){.sql = NULL};
    sennit_status st = sn_sql_open(options, &db->sql, &fresh);
    if (st == SENNIT_OK && fresh)
        st = database_make(db);
    if (st == SENNIT_OK)
        return SENNIT_OK;
    if (st == SENNIT_ECORRUPT)
        st = SENNIT_EIO;
    return sn_fail(err, st, 0, db->sql != NULL ? sn_sql_text(db->sql) : sennit_status_text(st));
}

void sn_database_close(sn_database *db)
{
    sn_sql_close(db->sql);
    db->sql = NULL;
}

/* ---- tickets ---- */

/* Only from the number that was there: another process may have written. */
static sennit_status database_set_ticket(sn_database *db, uint64_t from, uint64_t to)
{
    uint8_t sum[SN_CHECKSUM];
    sn_row row = {.name = "", .key = "", .position = to};

    database_sum(&row, SN_SUM_STATE, sum);
    row.through = from;
    row.sum = sum;
    row.sum_len = sizeof sum;
    SN_TRY(sn_sql_run(db->sql, SN_SQL_SET_TICKET, &row));
    return sn_sql_changed(db->sql)
               ? SENNIT_OK
               : sn_sql_fail(db->sql, SENNIT_EIO, "another process has written to the file");
}

/* The greatest of all positions, if the row that has it is damaged. */
static sennit_status database_search_ticket(sn_database *db, uint64_t found, uint64_t *ticket)
{
    bool row;

    SN_TRY(sn_sql_start(db->sql, SN_SQL_SEARCH_TICKET, &database_nothing));
    SN_TRY(sn_sql_step(db->sql, SN_SQL_SEARCH_TICKET, &row));
    *ticket = row ? sn_sql_number(db->sql, SN_SQL_SEARCH_TICKET, 0) : 0;
    sn_sql_stop(db->sql, SN_SQL_SEARCH_TICKET);
    return database_set_ticket(db, found, *ticket);
}

sennit_status sn_database_ticket(sn_database *db, uint64_t *ticket)
{
    sn_row row = database_nothing;
    bool found;

    SN_TRY(sn_sql_start(db->sql, SN_SQL_TICKET, &row));
    SN_TRY(sn_sql_step(db->sql, SN_SQL_TICKET, &found));
    if (!found)
        return sn_sql_fail(db->sql, SENNIT_EIO, "the file is damaged");
    row = database_row(db, SN_SQL_TICKET, SN_SUM_STATE, "");
    sn_sql_stop(db->sql, SN_SQL_TICKET);
    *ticket = row.position;
    if (!row.whole)
        SN_TRY(database_search_ticket(db, row.position, ticket));
    db->ticket = *ticket;
    return SENNIT_OK;
}

/* ---- counting deltas ----
 *
 * Once a document and transaction, not once a delta, for it is as much work as to add
 * one. Whatever else is done to a document comes after the count of what was before. */

static sennit_status database_tell(sn_database *db, sn_tally *tally)
{
    sn_row row = {.name = tally->name, .key = "", .through = tally->deltas};

    *tally = (sn_tally){NULL, 0};
    return row.name != NULL ? sn_sql_run(db->sql, SN_SQL_COUNT_DELTA, &row) : SENNIT_OK;
}

static sennit_status database_tell_all(sn_database *db)
{
    for (unsigned i = 0; i < SN_TALLIES; i++)
        SN_TRY(database_tell(db, &db->tallies[i]));
    return SENNIT_OK;
}

static sennit_status database_tally(sn_database *db, const char *name)
{
    sn_tally *tally = &db->tallies[sn_hash64(name, strlen(name), 0) % SN_TALLIES];

    if (tally->name != NULL && strcmp(tally->name, name) != 0)
        SN_TRY(database_tell(db, tally));
    tally->name = name;
    tally->deltas++;
    return SENNIT_OK;
}

/* ---- writing ---- */

/* Move a damaged record to where it is kept and not read. */
static sennit_status database_move(sn_database *db, const sn_row *row)
{
    SN_TRY(sn_sql_run(db->sql, SN_SQL_MOVE + row->kind, row));
    SN_TRY(sn_sql_run(db->sql, SN_SQL_CUT + row->kind, row));
    return sn_sql_changed(db->sql) ? sn_sql_run(db->sql, SN_SQL_UNCOUNT + row->kind, row)
                                   : SENNIT_OK;
}

/* Look whether a snapshot is whole; one that is not is moved aside. */
static sennit_status database_verify(sn_database *db, const char *name, const sn_place *place,
                                     bool *whole)
{
    sn_row row;

    SN_TRY(sn_database_snapshot(db, name, place, &row));
    *whole = row.whole;
    sennit_status st = row.whole ? SENNIT_OK : database_move(db, &row);
    sn_sql_stop(db->sql, SN_SQL_SNAPSHOT);
    return st;
}

/* Keep two whole snapshots, one of them just added, and the deltas after the older.
 * One that turns out damaged is no help. */
static sennit_status database_prune(sn_database *db, const char *name, uint64_t added)
{
    sn_place place = SN_PLACE_END;

    for (int kept = 0; kept < 2;) {
        sennit_status st = sn_database_older(db, name, &place);
        bool whole = true;

        if (st == SENNIT_EGONE)
            return SENNIT_OK;
        SN_TRY(st);
        if (place.position != added)
            SN_TRY(database_verify(db, name, &place, &whole));
        kept += whole;
    }
    sn_row floor = {.name = name, .key = "", .through = place.through, .position = place.position};
    SN_TRY(sn_sql_run(db->sql, SN_SQL_PRUNE_SNAPSHOTS, &floor));
    return sn_sql_run(db->sql, SN_SQL_PRUNE_DELTAS, &floor);
}

static sennit_status database_put(sn_database *db, const sn_row *row)
{
    if (row->data != NULL) {
        SN_TRY(sn_sql_run(db->sql, SN_SQL_ADD_FACT, row));
        return sn_sql_run(db->sql, sn_sql_changed(db->sql) ? SN_SQL_COUNT_FACT : SN_SQL_CHANGE_FACT,
                          row);
    }
    SN_TRY(sn_sql_run(db->sql, SN_SQL_FORGET_FACT, row));
    return sn_sql_changed(db->sql) ? sn_sql_run(db->sql, SN_SQL_UNCOUNT_FACT, row) : SENNIT_OK;
}

static sennit_status database_job(sn_database *db, const sn_job *job)
{
    uint8_t sum[SN_CHECKSUM];
    sn_row row = {.kind = job->record, .position = job->position, .through = job->through,
                  .name = job->name, .key = job->key, .data = job->data, .len = job->len};
    const bool adds_delta = row.kind == SENNIT_STORED_DELTA && !job->aside;

    if (!adds_delta)
        SN_TRY(database_tell_all(db));
    if (job->aside) {
        row.sum = job->data;
        row.sum_len = job->len;
        return db->malformed ? SENNIT_OK : database_move(db, &row);
    }
    database_sum(&row, (uint8_t)row.kind, sum);
    row.sum = sum;
    row.sum_len = sizeof sum;
    if (row.kind == SENNIT_STORED_FACT)
        return database_put(db, &row);
    SN_TRY(sn_sql_run(db->sql, SN_SQL_ADD + row.kind, &row));
    if (adds_delta)
        return database_tally(db, row.name);
    SN_TRY(sn_sql_run(db->sql, SN_SQL_COUNT, &row));
    return db->malformed ? SENNIT_OK : database_prune(db, row.name, row.position);
}

/* The ticket comes first: if it is not where it was, nothing is as it seems. */
static sennit_status database_jobs(sn_database *db, const sn_job *first, const sn_job *last)
{
    const sn_job *job = first;

    SN_TRY(sn_sql_run(db->sql, SN_SQL_BEGIN_WRITE, &database_nothing));
    SN_TRY(database_set_ticket(db, db->ticket, last->ticket));
    SN_TRY(database_job(db, job));
    while (job != last) {
        job = job->next;
        SN_TRY(database_job(db, job));
    }
    SN_TRY(database_tell_all(db));
    return sn_sql_run(db->sql, SN_SQL_COMMIT, &database_nothing);
}

/* Where the file is malformed, nothing can be moved or deleted: next time all that
 * is new is written, and no more than that is tried. */
sennit_status sn_database_write(sn_database *db, const sn_job *first, const sn_job *last)
{
    memset(db->tallies, 0, sizeof db->tallies); /* one that failed left some */
    sennit_status st = database_jobs(db, first, last);

    if (st == SENNIT_OK)
        db->ticket = last->ticket;
    else
        sn_sql_reset(db->sql);
    if (st == SENNIT_ECORRUPT)
        db->malformed = true;
    return st;
}

/* ---- reading ---- */

sennit_status sn_database_begin(sn_database *db)
{
    return sn_sql_run(db->sql, SN_SQL_BEGIN_READ, &database_nothing);
}

void sn_database_end(sn_database *db)
{
    sn_sql_reset(db->sql);
}

sennit_status sn_database_count(sn_database *db, const char *name, sn_counted *out)
{
    bool found;

    *out = (sn_counted){0};
    SN_TRY(sn_sql_start(db->sql, SN_SQL_COUNTED, &(sn_row){.name = name, .key = ""}));
    SN_TRY(sn_sql_step(db->sql, SN_SQL_COUNTED, &found));
    if (!found)
        return SENNIT_OK;
    out->snapshot = sn_sql_number(db->sql, SN_SQL_COUNTED, 0);
    out->through = sn_sql_number(db->sql, SN_SQL_COUNTED, 1);
    out->deltas = sn_sql_number(db->sql, SN_SQL_COUNTED, 2);
    out->facts = sn_sql_number(db->sql, SN_SQL_COUNTED, 3);
    sn_sql_stop(db->sql, SN_SQL_COUNTED);
    return SENNIT_OK;
}

sennit_status sn_database_older(sn_database *db, const char *name, sn_place *place)
{
    sn_row before = {.name = name, .key = "", .through = place->through,
                     .position = place->position};
    bool found;

    SN_TRY(sn_sql_start(db->sql, SN_SQL_OLDER, &before));
    SN_TRY(sn_sql_step(db->sql, SN_SQL_OLDER, &found));
    if (!found)
        return SENNIT_EGONE;
    place->position = sn_sql_number(db->sql, SN_SQL_OLDER, 0);
    place->through = sn_sql_number(db->sql, SN_SQL_OLDER, 1);
    sn_sql_stop(db->sql, SN_SQL_OLDER);
    return SENNIT_OK;
}

sennit_status sn_database_snapshot(sn_database *db, const char *name, const sn_place *place,
                                   sn_row *out)
{
    bool found = false;

    *out = (sn_row){.kind = SENNIT_STORED_SNAPSHOT, .name = name, .key = "",
                    .through = place->through, .position = place->position};
    sennit_status st = sn_sql_start(db->sql, SN_SQL_SNAPSHOT, out);
    if (st == SENNIT_OK)
        st = sn_sql_step(db->sql, SN_SQL_SNAPSHOT, &found);
    if (found)
        *out = database_row(db, SN_SQL_SNAPSHOT, SENNIT_STORED_SNAPSHOT, name);
    return st == SENNIT_ECORRUPT ? SENNIT_OK : st;
}

/* ---- scans ----
 *
 * Where a page of the file names another page wrongly, SQLite may go round and
 * round. Keys of records that are whole ascend, though, and each is there once: so
 * what does not ascend counts as unreadable, and of that there is an end. */

#define DATABASE_BAD_MOST 1000u

typedef struct database_scanned {
    sn_row at;      /* arguments; the position moves on */
    uint64_t last;  /* position, or key, of the last row that was whole */
    char last_key[SENNIT_FACT_KEY_MAX + 1];
    unsigned bad;   /* rows that were not */
    bool malformed; /* it was the file that stopped it, not `each` */
} database_scanned;

static bool database_ascends(database_scanned *scan, const sn_row *row)
{
    bool fact = row->kind == SENNIT_STORED_FACT;

    if (fact ? strcmp(row->key, scan->last_key) <= 0 || strlen(row->key) > SENNIT_FACT_KEY_MAX
             : row->position <= scan->last)
        return false;
    if (fact)
        memcpy(scan->last_key, row->key, strlen(row->key) + 1);
    scan->last = row->position;
    return true;
}

/* Hand out a row; one that cannot be in its place has no checksum to know it by. */
static sennit_status database_scan_row(sn_database *db, database_scanned *scan, sn_row *row,
                                       sn_database_each *each, void *arg)
{
    scan->at.position = sn_max_u64(scan->at.position, row->position);
    if (row->whole && !database_ascends(scan, row)) {
        row->whole = false;
        row->sum = NULL;
    }
    if (!row->whole && ++scan->bad > DATABASE_BAD_MOST) {
        scan->malformed = true;
        return sn_sql_fail(db->sql, SENNIT_ECORRUPT, "too much of the file is damaged");
    }
    return each(arg, row);
}

/* Hand out the rows of a statement that come after scan->at. */
static sennit_status database_scan(sn_database *db, sn_statement which, database_scanned *scan,
                                   sn_database_each *each, void *arg)
{
    bool more;

    scan->malformed = false;
    SN_TRY(sn_sql_start(db->sql, which, &scan->at));
    for (;;) {
        sennit_status st = sn_sql_step(db->sql, which, &more);

        scan->malformed = st == SENNIT_ECORRUPT;
        if (st != SENNIT_OK || !more)
            return st;
        sn_row row = database_row(db, which, (uint8_t)scan->at.kind, scan->at.name);
        SN_TRY(database_scan_row(db, scan, &row, each, arg));
    }
}

/* Step over a delta that cannot be read; its key often still can. */
static sennit_status database_skip(sn_database *db, database_scanned *scan, sn_database_each *each,
                                   void *arg)
{
    sn_row row = scan->at;
    bool found;

    SN_TRY(sn_sql_start(db->sql, SN_SQL_DELTA_AFTER, &scan->at));
    SN_TRY(sn_sql_step(db->sql, SN_SQL_DELTA_AFTER, &found));
    if (!found)
        return SENNIT_EGONE;
    row.position = sn_sql_number(db->sql, SN_SQL_DELTA_AFTER, 0);
    sn_sql_stop(db->sql, SN_SQL_DELTA_AFTER);
    return database_scan_row(db, scan, &row, each, arg);
}

sennit_status sn_database_deltas(sn_database *db, const char *name, uint64_t after,
                                 sn_database_each *each, void *arg)
{
    database_scanned scan = {.at = {.kind = SENNIT_STORED_DELTA, .name = name, .key = "",
                                    .position = after}};

    for (;;) {
        sennit_status st = database_scan(db, SN_SQL_DELTAS, &scan, each, arg);

        if (!scan.malformed || scan.bad > DATABASE_BAD_MOST)
            return st;
        SN_TRY(database_skip(db, &scan, each, arg));
    }
}

sennit_status sn_database_facts(sn_database *db, const char *name, sn_database_each *each,
                                void *arg)
{
    database_scanned scan = {.at = {.kind = SENNIT_STORED_FACT, .name = name, .key = ""}};

    return database_scan(db, SN_SQL_FACTS, &scan, each, arg);
}

sennit_status sn_database_aside(sn_database *db, const char *name, const sn_place *base,
                                sn_database_each *each, void *arg)
{
    sn_row args = {.name = name, .key = "", .through = UINT64_MAX, .position = UINT64_MAX};
    bool more;

    if (base != NULL) { /* what is UINT64_MAX here is -1 to SQL, before all there is */
        args.through = base->through;
        args.position = base->position;
    }
    SN_TRY(sn_sql_start(db->sql, SN_SQL_ASIDE, &args));
    for (;;) {
        SN_TRY(sn_sql_step(db->sql, SN_SQL_ASIDE, &more));
        if (!more)
            return SENNIT_OK;
        sn_row row = database_row(db, SN_SQL_ASIDE, SENNIT_STORED_DELTA, name);
        uint64_t kind = sn_sql_number(db->sql, SN_SQL_ASIDE, 5);
        if (kind <= SENNIT_STORED_FACT)
            row.kind = (sennit_stored)kind;
        SN_TRY(each(arg, &row));
    }
}

sennit_status sn_database_next(sn_database *db, const char *after, char *name)
{
    sn_row args = {.name = after, .key = ""};
    const char *found;
    bool more;

    SN_TRY(sn_sql_start(db->sql, SN_SQL_NEXT, &args));
    do { /* a damaged name is none */
        SN_TRY(sn_sql_step(db->sql, SN_SQL_NEXT, &more));
        if (!more)
            return SENNIT_EGONE;
        found = sn_sql_word(db->sql, SN_SQL_NEXT, 0);
    } while (!sennit_name_valid(found, strlen(found)));
    memcpy(name, found, strlen(found) + 1);
    sn_sql_stop(db->sql, SN_SQL_NEXT);
    return SENNIT_OK;
}
