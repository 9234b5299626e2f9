/* What is left of redacted text where the server keeps its documents: in SQLite's file,
 * and in the journal beside it. */
#include "sync/support/faultvfs.h"
#include "sync/support/meeting.h"

#include "support/require.h"

#include <sqlite3.h>
#include <string.h>

static const char secret[] = "hunter2-hunter2";

/* Every user may do everything. */
static sennit_status anything(void *self, const char *token, size_t len, const char *document,
                              uint64_t now_ms, sennit_grant *out)
{
    (void)self, (void)token, (void)len, (void)document, (void)now_ms;
    *out = (sennit_grant){.permission = SENNIT_ADMIN, .user = "ada"};
    return SENNIT_OK;
}

/* Have the hub keep its documents in a file of this disk. */
static void keep_in_file(meeting *m)
{
    const sennit_sqlite_options o = {.size = sizeof o, .vfs = "fault", .group_ms = 1};

    sennit_hub_free(m->hub);
    sennit_storage_close(m->storage);
    assert_ok(sennit_storage_sqlite("test.db", &o, &m->storage, NULL));
    m->options.storage = m->storage;
    m->options.authorise = anything;
    assert_ok(sennit_hub_new(&m->options, &m->hub));
}

/* The hub's next ticks, and all of it on the disk. */
static void go_on(meeting *m)
{
    for (int i = 0; i < 3; i++) {
        m->now_ms += 2000;
        meeting_settle(m);
        assert_ok(m->storage->sync(m->storage->self));
    }
}

/* Have what is in the journal moved into the file, and the journal cut off. A connection
 * knows of the journal once it has read. */
static void checkpoint(void)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open_v2("test.db", &db, SQLITE_OPEN_READWRITE, "fault"), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT * FROM documents", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static bool file_has(faultvfs *disk, const char *name)
{
    size_t len;
    const uint8_t *bytes = faultvfs_bytes(disk, name, &len);

    for (size_t i = 0; bytes != NULL && i + strlen(secret) <= len; i++)
        if (memcmp(bytes + i, secret, strlen(secret)) == 0)
            return true;
    return false;
}

static bool disk_has(faultvfs *disk)
{
    return file_has(disk, "test.db") || file_has(disk, "test.db-wal");
}

/* rounds: how often it was stored anew before, so that snapshots hold it as well. */
static void redact_after(unsigned rounds)
{
    faultvfs *disk = faultvfs_new("fault");
    sennit_buf then;
    meeting m;

    meeting_open(&m, &(sennit_hub_options){.compact_bytes = 1});
    keep_in_file(&m);
    sennit_buf_init(&then, NULL);
    client *ed = meeting_join(&m, 0, "doc");
    client_type(&m, ed, 0, "open ");
    client_type(&m, ed, 5, secret);
    for (unsigned i = 0; i < rounds; i++) {
        client_type(&m, ed, 0, "more and more ");
        go_on(&m);
    }
    assert_ok(sennit_doc_version(ed->doc, &then));
    assert_ok(sennit_doc_delete(ed->doc, sennit_doc_len(ed->doc) - strlen(secret), strlen(secret)));
    meeting_settle(&m);
    go_on(&m);
    checkpoint();
    assert_true(disk_has(disk));
    assert_ok(sennit_doc_redact(ed->doc, then.data, then.len, sennit_doc_len(ed->doc), strlen(secret), NULL));
    meeting_settle(&m);
    assert_int_equal(ed->refused, 0);
    go_on(&m);
    checkpoint();
    assert_false(disk_has(disk));
    meeting_restart(&m);
    client *late = meeting_join(&m, 1, "doc");
    assert_int_equal(sennit_doc_len(late->doc), sennit_doc_len(ed->doc));
    sennit_buf_clear(&then);
    meeting_close(&m);
    faultvfs_free(disk);
}

static void redacted_text_is_gone_from_file_and_journal(void **state)
{
    (void)state;
    redact_after(0);
}

static void it_is_gone_from_the_snapshot_kept_for_damage_too(void **state)
{
    (void)state;
    redact_after(1);
    redact_after(4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redacted_text_is_gone_from_file_and_journal),
        cmocka_unit_test(it_is_gone_from_the_snapshot_kept_for_damage_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
