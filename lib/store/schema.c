#include "store/schema.h"

const char sn_schema_tables[] =
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), ticket INTEGER NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"

    "CREATE TABLE documents (name TEXT PRIMARY KEY, snapshot INTEGER NOT NULL,"
    " through INTEGER NOT NULL, deltas INTEGER NOT NULL, facts INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"

    "CREATE TABLE deltas (name TEXT, position INTEGER, data BLOB NOT NULL, sum BLOB NOT NULL,"
    " PRIMARY KEY (name, position)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE snapshots (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " through INTEGER NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL,"
    " sum BLOB NOT NULL, UNIQUE (name, through, position)) STRICT;"

    "CREATE TABLE facts (name TEXT, key TEXT, position INTEGER NOT NULL, data BLOB NOT NULL,"
    " sum BLOB NOT NULL, PRIMARY KEY (name, key)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE damaged (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name ANY,"
    " position ANY, through ANY, key ANY, data ANY, sum ANY) STRICT;"
    "CREATE INDEX damaged_name ON damaged (name);"

    "PRAGMA application_id = 0x53454e4e;" /* SN_SCHEMA_ID */
    "PRAGMA user_version = 1;";           /* SN_SCHEMA_VERSION */

const char sn_schema_settings[] =
    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = ON";

/* Keys of records that are moved or cut are not enough to tell them: a damaged key
 * may look like that of another. So the checksum they had is asked for as well. */
const char *const sn_schema_sql[SN_SQL_STATEMENTS] = {
    [SN_SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SN_SQL_BEGIN_READ] = "BEGIN",
    [SN_SQL_COMMIT] = "COMMIT",

    [SN_SQL_FIRST_TICKET] = "INSERT INTO state VALUES (1, ?2, ?6)",
    [SN_SQL_TICKET] = "SELECT ticket, 0, '', x'', sum FROM state",
    [SN_SQL_SET_TICKET] = "UPDATE state SET ticket = ?2, sum = ?6 WHERE ticket = ?3",
    [SN_SQL_SEARCH_TICKET] = "SELECT max(position) FROM (SELECT position FROM deltas"
                             " UNION ALL SELECT position FROM snapshots"
                             " UNION ALL SELECT position FROM facts)",

    [SN_SQL_ADD] = "INSERT INTO snapshots (name, through, position, data, sum)"
                   " VALUES (?1, ?3, ?2, ?5, ?6)",
    [SN_SQL_ADD_DELTA] = "INSERT INTO deltas (name, position, data, sum) VALUES (?1, ?2, ?5, ?6)",
    [SN_SQL_ADD_FACT] = "INSERT INTO facts (name, key, position, data, sum)"
                        " VALUES (?1, ?4, ?2, ?5, ?6) ON CONFLICT DO NOTHING",
    [SN_SQL_CHANGE_FACT] = "UPDATE facts SET position = ?2, data = ?5, sum = ?6"
                           " WHERE name = ?1 AND key = ?4",
    [SN_SQL_FORGET_FACT] = "DELETE FROM facts WHERE name = ?1 AND key = ?4",

    [SN_SQL_COUNT] = "INSERT INTO documents VALUES (?1, ?2, ?3, 0, 0)"
                     " ON CONFLICT DO UPDATE SET snapshot = ?2, through = ?3, deltas ="
                     " (SELECT count(*) FROM deltas AS d WHERE d.name = ?1 AND position > ?3),"
                     " facts = (SELECT count(*) FROM facts AS f WHERE f.name = ?1)"
                     " WHERE through <= ?3",
    [SN_SQL_COUNT_DELTA] = "INSERT INTO documents VALUES (?1, 0, 0, ?3, 0)"
                           " ON CONFLICT DO UPDATE SET deltas = deltas + ?3",
    [SN_SQL_COUNT_FACT] = "INSERT INTO documents VALUES (?1, 0, 0, 0, 1)"
                          " ON CONFLICT DO UPDATE SET facts = facts + 1",
    [SN_SQL_UNCOUNT] = "UPDATE documents SET snapshot = 0 WHERE name = ?1 AND snapshot = ?2",
    [SN_SQL_UNCOUNT_DELTA] = "UPDATE documents SET deltas = deltas - 1"
                             " WHERE name = ?1 AND through < ?2",
    [SN_SQL_UNCOUNT_FACT] = "UPDATE documents SET facts = facts - 1 WHERE name = ?1",

    [SN_SQL_MOVE] = "INSERT INTO damaged SELECT NULL, 0, name, position, through, '', data, sum"
                    " FROM snapshots WHERE name = ?1 AND through = ?3 AND position = ?2"
                    " AND sum = ?6",
    [SN_SQL_MOVE_DELTA] = "INSERT INTO damaged SELECT NULL, 1, name, position, 0, '', data, sum"
                          " FROM deltas WHERE name = ?1 AND position = ?2 AND sum = ?6",
    [SN_SQL_MOVE_FACT] = "INSERT INTO damaged SELECT NULL, 2, name, position, 0, key, data, sum"
                         " FROM facts WHERE name = ?1 AND key = ?4 AND sum = ?6",
    [SN_SQL_CUT] = "DELETE FROM snapshots WHERE name = ?1 AND through = ?3 AND position = ?2"
                   " AND sum = ?6",
    [SN_SQL_CUT_DELTA] = "DELETE FROM deltas WHERE name = ?1 AND position = ?2 AND sum = ?6",
    [SN_SQL_CUT_FACT] = "DELETE FROM facts WHERE name = ?1 AND key = ?4 AND sum = ?6",

    [SN_SQL_PRUNE_SNAPSHOTS] = "DELETE FROM snapshots"
                               " WHERE name = ?1 AND (through, position) < (?3, ?2)",
    [SN_SQL_PRUNE_DELTAS] = "DELETE FROM deltas WHERE name = ?1 AND position <= ?3",

    [SN_SQL_COUNTED] = "SELECT snapshot, through, deltas, facts FROM documents WHERE name = ?1",
    [SN_SQL_OLDER] = "SELECT position, through FROM snapshots"
                     " WHERE name = ?1 AND (through, position) < (?3, ?2)"
                     " ORDER BY through DESC, position DESC LIMIT 1",
    [SN_SQL_SNAPSHOT] = "SELECT position, through, '', data, sum FROM snapshots"
                        " WHERE name = ?1 AND through = ?3 AND position = ?2",
    [SN_SQL_DELTAS] = "SELECT position, 0, '', data, sum FROM deltas"
                      " WHERE name = ?1 AND position > ?2 ORDER BY position",
    [SN_SQL_DELTA_AFTER] = "SELECT position FROM deltas"
                           " WHERE name = ?1 AND position > ?2 ORDER BY position LIMIT 1",
    [SN_SQL_FACTS] = "SELECT position, 0, key, data, sum FROM facts WHERE name = ?1 ORDER BY key",
    [SN_SQL_ASIDE] = "SELECT position, through, key, x'', sum, kind FROM damaged AS d"
                     " WHERE name = ?1 AND CASE kind"
                     " WHEN 0 THEN (through, position) > (?3, ?2) WHEN 1 THEN position > ?3"
                     " ELSE NOT EXISTS (SELECT 1 FROM facts WHERE name = ?1 AND key = d.key) END"
                     " ORDER BY id",
    [SN_SQL_NEXT] = "SELECT name FROM documents WHERE name > ?1 ORDER BY name",
};
