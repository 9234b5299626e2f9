/* What the SQLite adapter says about files and disks that are not as they should
 * be, and how it gets well again. */
#include "sync/support/faultvfs.h"
#include "sync/support/storage_contract.h"

#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"

#include <poll.h>
#include <sqlite3.h>
#include <string.h>

static faultvfs *disk;

static int disk_open(void **state)
{
    (void)state;
    disk = faultvfs_new("fault");
    return 0;
}

static int disk_close(void **state)
{
    (void)state;
    faultvfs_free(disk);
    return 0;
}

static sennit_sqlite_options usual(void)
{
    return (sennit_sqlite_options){.size = sizeof(sennit_sqlite_options), .vfs = "fault",
                                   .group_ms = 1, .busy_ms = 1};
}

static sennit_storage *opened(void)
{
    sennit_sqlite_options o = usual();
    sennit_storage *s;

    assert_ok(sennit_storage_sqlite("test.db", &o, &s, NULL));
    return s;
}

static sqlite3 *by_hand(void)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open_v2("test.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     "fault"), SQLITE_OK);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* It does not open, for this reason. */
static void assert_refused_file(const char *path, sennit_status status, const char *what)
{
    sennit_sqlite_options o = usual();
    sennit_storage *s = (sennit_storage *)&o;
    sennit_error err;

    assert_int_equal(sennit_storage_sqlite(path, &o, &s, &err), status);
    assert_null(s);
    assert_int_equal(err.code, status);
    assert_string_equal(err.what, what);
}

/* Wait until the descriptor is readable; it is the only way to wait for it. */
static void await(sennit_storage *s)
{
    struct pollfd p = {.fd = s->descriptor(s->self), .events = POLLIN};

    assert_int_equal(poll(&p, 1, 60000), 1);
}

static bool is_quiet(sennit_storage *s)
{
    struct pollfd p = {.fd = s->descriptor(s->self), .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

/* ---- files ---- */

static void a_database_of_another_program_is_left_alone(void **state)
{
    sennit_buf before;
    size_t len;

    (void)state;
    sqlite3 *db = by_hand();
    run(db, "CREATE TABLE theirs (x)");
    sqlite3_close(db);
    sennit_buf_init(&before, NULL);
    const uint8_t *bytes = faultvfs_bytes(disk, "test.db", &len);
    buf_add(&before, bytes, len);
    assert_refused_file("test.db", SENNIT_EIO, "the file is a database of another program");
    bytes = faultvfs_bytes(disk, "test.db", &len);
    assert_true(buf_is(&before, bytes, len));
    sennit_buf_clear(&before);
}

static void what_is_no_database_is_left_alone(void **state)
{
    static const char text[] = "Dear diary, this is a text and no database, as anybody can see.\n"
                               "It goes on and on, for a hundred bytes are a header's length.\n";
    size_t len;

    (void)state;
    faultvfs_put(disk, "test.db", text, sizeof text);
    assert_refused_file("test.db", SENNIT_EIO, "the file is no SQLite database");
    const uint8_t *bytes = faultvfs_bytes(disk, "test.db", &len);
    assert_int_equal(len, sizeof text);
    assert_memory_equal(bytes, text, sizeof text);
}

static void a_file_of_a_later_release_is_refused(void **state)
{
    (void)state;
    sennit_storage_close(opened());
    sqlite3 *db = by_hand();
    run(db, "PRAGMA user_version = 2");
    sqlite3_close(db);
    assert_refused_file("test.db", SENNIT_EVERSION, "the file was written by a later release");
}

static void an_empty_file_is_a_new_one(void **state)
{
    (void)state;
    faultvfs_put(disk, "test.db", "", 0);
    sennit_storage *s = opened();
    storage_append(s, "a", "x");
    storage_sync(s);
    sennit_storage_close(s);
}

static void a_path_that_leads_nowhere_is_said_to(void **state)
{
    sennit_storage *s;
    sennit_error err;

    (void)state;
    assert_int_equal(sennit_storage_sqlite("/nowhere/at/all", NULL, &s, &err), SENNIT_EIO);
    assert_string_equal(err.what, "the file cannot be opened for writing");
    assert_int_equal(sennit_storage_sqlite(NULL, NULL, &s, &err), SENNIT_EINVAL);
    assert_int_equal(sennit_storage_sqlite("x", &(sennit_sqlite_options){.size = 0}, &s, &err),
                     SENNIT_EINVAL);
    assert_int_equal(sennit_storage_sqlite("x", NULL, NULL, &err), SENNIT_EINVAL);
}

static void a_file_that_may_not_be_written_is_refused(void **state)
{
    (void)state;
    sennit_storage_close(opened());
    faultvfs_read_only(disk, true);
    assert_refused_file("test.db", SENNIT_EIO, "the file is read-only");
}

static void a_disk_that_is_full_is_said_to_be(void **state)
{
    (void)state;
    faultvfs_fail(disk, 1, UINT64_MAX, SQLITE_FULL);
    assert_refused_file("test.db", SENNIT_EIO, "the disk is full");
}

static void a_file_that_another_holds_is_said_to_be(void **state)
{
    (void)state;
    sennit_storage_close(opened());
    sqlite3 *db = by_hand();
    run(db, "PRAGMA locking_mode = EXCLUSIVE");
    run(db, "BEGIN EXCLUSIVE");
    assert_refused_file("test.db", SENNIT_EIO, "another process holds the file");
    sqlite3_close(db);
    sennit_storage_close(opened());
}

/* ---- failing and healing ---- */

/* It fails for this reason, acknowledges nothing, and heals by itself. */
static void assert_heals(sennit_storage *s, const char *reason, void (*heal)(void *), void *arg)
{
    uint64_t before = s->durable(s->self), ticket = storage_append(s, "a", "while it fails");

    while (s->health(s->self) == SENNIT_OK)
        await(s);
    assert_memory_equal(s->reason(s->self), reason, strlen(reason));
    assert_int_equal(s->durable(s->self), before);
    assert_int_equal(s->sync(s->self), SENNIT_EIO);
    assert_memory_equal(s->reason(s->self), reason, strlen(reason));
    assert_true(storage_holds(s, "a", "D=before\nD=while it fails\n"));
    assert_int_equal(s->durable(s->self), before);
    heal(arg);
    while (s->durable(s->self) < ticket)
        await(s);
    assert_ok(s->health(s->self));
    sennit_storage_close(s);
    s = opened();
    assert_true(storage_holds(s, "a", "D=before\nD=while it fails\n"));
    sennit_storage_close(s);
}

static sennit_storage *opened_and_used(void)
{
    sennit_storage *s = opened();

    storage_append(s, "a", "before");
    storage_sync(s);
    assert_int_equal(s->durable(s->self), 1);
    return s;
}

static void heal_disk(void *arg)
{
    (void)arg;
    faultvfs_fail(disk, 0, 0, SQLITE_OK);
}

static void a_disk_that_fills_up_heals(void **state)
{
    (void)state;
    sennit_storage *s = opened_and_used();
    faultvfs_fail(disk, 0, UINT64_MAX, SQLITE_FULL);
    assert_heals(s, "the disk is full", heal_disk, NULL);
}

static void a_disk_that_breaks_heals(void **state)
{
    (void)state;
    sennit_storage *s = opened_and_used();
    faultvfs_fail(disk, 0, UINT64_MAX, SQLITE_IOERR);
    assert_heals(s, "reading or writing the file failed", heal_disk, NULL);
}

static void a_file_that_becomes_read_only_heals(void **state)
{
    (void)state;
    sennit_storage *s = opened_and_used();
    faultvfs_fail(disk, 0, UINT64_MAX, SQLITE_READONLY);
    assert_heals(s, "the file is read-only", heal_disk, NULL);
}

static void heal_lock(void *arg)
{
    run(arg, "ROLLBACK");
    sqlite3_close(arg);
}

static void a_file_that_another_locks_heals(void **state)
{
    (void)state;
    sennit_storage *s = opened_and_used();
    sqlite3 *db = by_hand();
    run(db, "BEGIN IMMEDIATE");
    assert_heals(s, "another process holds the file", heal_lock, db);
}

static void reading_that_fails_is_told_and_heals(void **state)
{
    char name[SENNIT_NAME_MAX + 1];
    sennit_buf buf;

    (void)state;
    sennit_buf_init(&buf, NULL);
    sennit_storage_close(opened_and_used());
    sennit_storage *s = opened();
    faultvfs_fail_reads(disk, true);
    assert_int_equal(storage_dump(s, "a", &buf), SENNIT_EIO);
    assert_memory_equal(s->reason(s->self), "reading or writing the file failed", 34);
    assert_int_equal(s->next(s->self, "", name), SENNIT_EIO);
    faultvfs_fail_reads(disk, false);
    assert_true(storage_holds(s, "a", "D=before\n"));
    sennit_storage_close(s);
    sennit_buf_clear(&buf);
}

static void closing_does_not_wait_for_a_disk_that_stays_full(void **state)
{
    (void)state;
    sennit_storage *s = opened_and_used();
    faultvfs_fail(disk, 0, UINT64_MAX, SQLITE_FULL);
    storage_append(s, "a", "in vain");
    assert_int_equal(s->sync(s->self), SENNIT_EIO);
    sennit_storage_close(s);
    faultvfs_fail(disk, 0, 0, SQLITE_OK);
    s = opened();
    assert_true(storage_holds(s, "a", "D=before\n"));
    sennit_storage_close(s);
}

static void another_that_writes_is_noticed_before_it_does_harm(void **state)
{
    (void)state;
    sennit_storage *one = opened_and_used(), *two = opened();
    storage_append(one, "a", "one's");
    storage_sync(one);
    storage_append(two, "a", "two's");
    assert_int_equal(two->sync(two->self), SENNIT_EIO);
    assert_string_equal(two->reason(two->self), "another process has written to the file");
    storage_append(one, "a", "and more");
    storage_sync(one);
    sennit_storage_close(two);
    assert_true(storage_holds(one, "a", "D=before\nD=one's\nD=and more\n"));
    sennit_storage_close(one);
}

/* ---- the queue ---- */

static void past_its_limit_the_queue_takes_no_more_until_it_is_written(void **state)
{
    sennit_sqlite_options o = usual();
    uint64_t ticket = 0, last = 0;
    sennit_storage *s;

    (void)state;
    o.queue_bytes = 10000;
    assert_ok(sennit_storage_sqlite("test.db", &o, &s, NULL));
    faultvfs_fail(disk, 0, UINT64_MAX, SQLITE_FULL);
    while (s->append(s->self, "a", "x", 1, &ticket) == SENNIT_OK)
        last = ticket;
    assert_int_equal(s->append(s->self, "a", "x", 1, &ticket), SENNIT_ELIMIT);
    assert_int_equal(s->put(s->self, "a", "k", "x", 1, &ticket), SENNIT_ELIMIT);
    assert_int_equal(s->compact(s->self, "a", 1, "x", 1, &ticket), SENNIT_ELIMIT);
    assert_int_equal(ticket, last);
    assert_true(last > 40 && last < 200);
    faultvfs_fail(disk, 0, 0, SQLITE_OK);
    storage_sync(s);
    assert_int_equal(storage_append(s, "a", "x"), last + 1);
    sennit_storage_close(s);
}

static void the_descriptor_tells_until_durable_is_asked(void **state)
{
    (void)state;
    sennit_storage *s = opened();
    assert_true(is_quiet(s));
    uint64_t ticket = storage_append(s, "a", "x");
    await(s);
    assert_true(storage_holds(s, "a", "D=x\n")); /* that asks for something else */
    assert_false(is_quiet(s));
    assert_int_equal(s->durable(s->self), ticket);
    assert_true(is_quiet(s));
    sennit_storage_close(s);
}

static void what_is_durable_takes_no_memory(void **state)
{
    sennit_sqlite_options o = usual();
    sennit_storage *s;
    failmem mem;
    sennit_alloc alloc = failmem_at(&mem, 0);

    (void)state;
    o.alloc = &alloc;
    assert_ok(sennit_storage_sqlite("test.db", &o, &s, NULL));
    size_t before = mem.live;
    for (int i = 0; i < 1000; i++) {
        char name[8] = {'d', (char)('0' + i % 10), (char)('0' + i / 10 % 10)};

        storage_append(s, name, "some text");
    }
    assert_true(mem.live > before);
    storage_sync(s);
    s->durable(s->self);
    assert_int_equal(mem.live, before);
    sennit_storage_close(s);
    assert_int_equal(mem.live, 0);
}

/* Commits come at any time, also between the two halves of a load. */
static void what_is_written_during_a_load_is_seen_once(void **state)
{
    sennit_buf want;
    char name[8] = "d000";

    (void)state;
    sennit_buf_init(&want, NULL);
    sennit_storage *s = opened();
    for (int i = 0; i < 4000; i++) {
        if (i % 20 == 0) {
            want.len = 0;
            name[1] = (char)('0' + i / 2000);
            name[2] = (char)('0' + i / 200 % 10);
            name[3] = (char)('0' + i / 20 % 10);
        }
        storage_append(s, name, "x");
        buf_add(&want, "D=x\n", 5);
        want.len--;
        assert_true(storage_holds(s, name, (char *)want.data));
    }
    sennit_storage_close(s);
    sennit_buf_clear(&want);
}

/* Of each document deltas, a fact, a snapshot of the first of them and more deltas, all
 * of them mixed, so that what is counted together comes apart at every place. */
static void all_that_one_commit_writes_is_counted(void **state)
{
    enum { MANY = 150, DELTAS = 6 };
    sennit_sqlite_options o = usual();
    sennit_storage *s;
    uint64_t ticket, through[MANY];
    char name[16];

    (void)state;
    o.group_ms = 60000; /* longer than this takes: so it is one commit */
    assert_ok(sennit_storage_sqlite("test.db", &o, &s, NULL));
    for (int i = 0; i < DELTAS; i++)
        for (int doc = 0; doc < MANY; doc++) {
            snprintf(name, sizeof name, "%d", doc);
            assert_ok(s->append(s->self, name, "d", 1, &ticket));
            if (i == doc % 4)
                through[doc] = ticket;
            if (i == doc % 3)
                assert_ok(s->put(s->self, name, "k", "f", 1, &ticket));
            if (i == 3 + doc % 3 && doc % 2 == 0)
                assert_ok(s->compact(s->self, name, through[doc], "s", 1, &ticket));
        }
    storage_sync(s);
    sennit_storage_close(s);
    s = opened();
    for (int doc = 0; doc < MANY; doc++) {
        char want[64];

        snprintf(name, sizeof name, "%d", doc);
        strcpy(want, doc % 2 == 0 ? "S=s\n" : "");
        for (int i = doc % 2 == 0 ? doc % 4 + 1 : 0; i < DELTAS; i++)
            strcat(want, "D=d\n");
        strcat(want, "Fk=f\n");
        assert_true(storage_holds(s, name, want));
    }
    sennit_storage_close(s);
}

/* ---- size ---- */

static void opening_does_not_read_the_documents(void **state)
{
    enum { MANY = 20000 };
    char name[SENNIT_NAME_MAX + 1];

    (void)state;
    sennit_storage *s = opened();
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "document-%d", i);
        storage_append(s, name, "some text");
    }
    sennit_storage_close(s);
    uint64_t before = faultvfs_reads(disk);
    s = opened();
    assert_true(faultvfs_reads(disk) - before < 40);
    assert_true(storage_holds(s, "document-777", "D=some text\n"));
    assert_true(faultvfs_reads(disk) - before < 80);
    sennit_storage_close(s);
}

#define DISK_TEST(f) cmocka_unit_test_setup_teardown(f, disk_open, disk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK_TEST(a_database_of_another_program_is_left_alone),
        DISK_TEST(what_is_no_database_is_left_alone),
        DISK_TEST(a_file_of_a_later_release_is_refused),
        DISK_TEST(an_empty_file_is_a_new_one),
        DISK_TEST(a_path_that_leads_nowhere_is_said_to),
        DISK_TEST(a_file_that_may_not_be_written_is_refused),
        DISK_TEST(a_disk_that_is_full_is_said_to_be),
        DISK_TEST(a_file_that_another_holds_is_said_to_be),
        DISK_TEST(a_disk_that_fills_up_heals),
        DISK_TEST(a_disk_that_breaks_heals),
        DISK_TEST(a_file_that_becomes_read_only_heals),
        DISK_TEST(a_file_that_another_locks_heals),
        DISK_TEST(reading_that_fails_is_told_and_heals),
        DISK_TEST(closing_does_not_wait_for_a_disk_that_stays_full),
        DISK_TEST(all_that_one_commit_writes_is_counted),
        DISK_TEST(another_that_writes_is_noticed_before_it_does_harm),
        DISK_TEST(past_its_limit_the_queue_takes_no_more_until_it_is_written),
        DISK_TEST(the_descriptor_tells_until_durable_is_asked),
        DISK_TEST(what_is_durable_takes_no_memory),
        DISK_TEST(what_is_written_during_a_load_is_seen_once),
        DISK_TEST(opening_does_not_read_the_documents),
    };

    return RUN_TESTS(tests);
}
