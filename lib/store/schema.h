/* All the SQL there is, and the tables.
 *
 * Every statement takes its arguments from one sn_row (sql.h), by the same
 * numbers, and those that read records give the same columns, so one function
 * binds and one reads:
 *
 *     ?1 name  ?2 position  ?3 through  ?4 key  ?5 data  ?6 sum
 *     position, through, key, data, sum
 */
#ifndef SN_SCHEMA_H
#define SN_SCHEMA_H

#define SN_SCHEMA_ID 0x53454e4e /* application_id of the file: "SENN" */
#define SN_SCHEMA_VERSION 1     /* user_version of the file */

/* Those in threes are for a snapshot, a delta and a fact: add the sennit_stored. */
typedef enum sn_statement {
    SN_SQL_BEGIN_WRITE,
    SN_SQL_BEGIN_READ,
    SN_SQL_COMMIT,
    SN_SQL_FIRST_TICKET,
    SN_SQL_TICKET,
    SN_SQL_SET_TICKET,
    SN_SQL_SEARCH_TICKET,
    SN_SQL_ADD,
    SN_SQL_ADD_DELTA,
    SN_SQL_ADD_FACT,
    SN_SQL_COUNT,
    SN_SQL_COUNT_DELTA,
    SN_SQL_COUNT_FACT,
    SN_SQL_UNCOUNT,
    SN_SQL_UNCOUNT_DELTA,
    SN_SQL_UNCOUNT_FACT,
    SN_SQL_MOVE,
    SN_SQL_MOVE_DELTA,
    SN_SQL_MOVE_FACT,
    SN_SQL_CUT,
    SN_SQL_CUT_DELTA,
    SN_SQL_CUT_FACT,
    SN_SQL_CHANGE_FACT,
    SN_SQL_FORGET_FACT,
    SN_SQL_PRUNE_SNAPSHOTS,
    SN_SQL_PRUNE_DELTAS,
    SN_SQL_COUNTED,
    SN_SQL_OLDER,
    SN_SQL_SNAPSHOT,
    SN_SQL_DELTAS,
    SN_SQL_DELTA_AFTER,
    SN_SQL_FACTS,
    SN_SQL_ASIDE,
    SN_SQL_NEXT,
    SN_SQL_STATEMENTS
} sn_statement;

extern const char *const sn_schema_sql[SN_SQL_STATEMENTS];

/* What makes the tables of a new file. */
extern const char sn_schema_tables[];

/* What is set at each connection: WAL, and commits that have reached the disk; no
 * trust in what the file holds; sorting and taking back in memory. */
extern const char sn_schema_settings[];

#endif
