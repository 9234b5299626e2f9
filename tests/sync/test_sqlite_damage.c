/* Damage in an SQLite file: told, kept aside, and never an empty document instead. */
#include "sync/support/faultvfs.h"
#include "sync/support/storage_contract.h"

#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"

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

static sennit_status try_open(sennit_storage **out)
{
    sennit_sqlite_options o = {.size = sizeof o, .vfs = "fault", .group_ms = 3600000,
                               .busy_ms = 1};

    return sennit_storage_sqlite("test.db", &o, out, NULL);
}

static sennit_storage *opened(void)
{
    sennit_storage *s;

    require(try_open(&s) == SENNIT_OK);
    return s;
}

/* Run statements by hand; a number that they select, if they do. */
static int by_hand(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    int number = 0;

    require(sqlite3_open_v2("test.db", &db, SQLITE_OPEN_READWRITE, "fault") == SQLITE_OK);
    for (const char *at = sql; *at != '\0';) {
        require(sqlite3_prepare_v2(db, at, -1, &s, &at) == SQLITE_OK);
        if (sqlite3_step(s) == SQLITE_ROW)
            number = sqlite3_column_int(s, 0);
        require(sqlite3_finalize(s) == SQLITE_OK);
    }
    sqlite3_close(db);
    return number;
}

/* Two documents with all there is: for `a` an old and a new snapshot, deltas before,
 * between and after them, and facts. */
#define A_WHOLE "S=second\nD=five\nD=six\nFk=key\nFl=other\n"
#define B_WHOLE "D=uno\nFk=of b\n"

static void fill(void)
{
    sennit_storage *s = opened();
    uint64_t through[2] = {0, 0};

    storage_append(s, "a", "one");
    through[0] = storage_append(s, "a", "two");
    storage_append(s, "b", "uno");
    storage_compact(s, "a", through[0], "first");
    storage_append(s, "a", "three");
    through[1] = storage_append(s, "a", "four");
    storage_put(s, "a", "k", "key");
    storage_put(s, "a", "l", "other");
    storage_put(s, "b", "k", "of b");
    storage_compact(s, "a", through[1], "second");
    storage_append(s, "a", "five");
    storage_append(s, "a", "six");
    storage_sync(s);
    sennit_storage_close(s);
}

/* After damage by hand a load tells of it, once and again after it was moved aside,
 * where it stays as it was. */
static void assert_damage(const char *damage, const char *first, const char *later, int aside)
{
    fill();
    by_hand(damage);
    sennit_storage *s = opened();
    assert_true(storage_holds(s, "a", first));
    assert_true(storage_holds(s, "b", B_WHOLE));
    storage_sync(s);
    assert_true(storage_holds(s, "a", later));
    sennit_storage_close(s);
    assert_int_equal(by_hand("SELECT count(*) FROM damaged"), aside);
    s = opened();
    assert_true(storage_holds(s, "a", later));
    storage_append(s, "a", "seven");
    storage_sync(s);
    storage_compact(s, "a", s->durable(s->self), "third");
    storage_sync(s);
    assert_true(storage_holds(s, "b", B_WHOLE));
    sennit_storage_close(s);
    assert_int_equal(by_hand("SELECT count(*) FROM damaged"), aside);
}


#define FACTS "Fk=key\nFl=other\n"
#define WHERE(text) " WHERE CAST(data AS TEXT) = '" text "'"

/* ---- records ---- */

static void a_damaged_delta_is_skipped_and_kept_aside(void **state)
{
    (void)state;
    assert_damage("UPDATE deltas SET data = CAST('fIve' AS BLOB)" WHERE("five"),
                  "S=second\n!D\nD=six\n" FACTS, "S=second\nD=six\n" FACTS "!D\n", 1);
    assert_int_equal(by_hand("SELECT count(*) FROM damaged" WHERE("fIve")), 1);
}

static void a_damaged_checksum_is_damage(void **state)
{
    (void)state;
    assert_damage("UPDATE deltas SET sum = zeroblob(16)" WHERE("six"),
                  "S=second\nD=five\n!D\n" FACTS, "S=second\nD=five\n" FACTS "!D\n", 1);
}

static void a_checksum_of_another_length_is_damage(void **state)
{
    (void)state;
    assert_damage("UPDATE deltas SET sum = substr(sum, 1, 15)" WHERE("six"),
                  "S=second\nD=five\n!D\n" FACTS, "S=second\nD=five\n" FACTS "!D\n", 1);
}

static void a_delta_at_another_place_is_damage(void **state)
{
    (void)state;
    assert_damage("UPDATE deltas SET position = 100" WHERE("five"),
                  "S=second\nD=six\n!D\n" FACTS, "S=second\nD=six\n" FACTS "!D\n", 1);
}

static void a_delta_that_vanished_is_damage(void **state)
{
    (void)state;
    assert_damage("DELETE FROM deltas" WHERE("six"), "S=second\nD=five\n!D\n" FACTS,
                  "S=second\nD=five\n!D\n" FACTS, 0);
}

static void a_damaged_snapshot_gives_way_to_the_one_before(void **state)
{
    (void)state;
    assert_damage("UPDATE snapshots SET data = CAST('sEcond' AS BLOB)" WHERE("second"),
                  "!S\nS=first\nD=three\nD=four\nD=five\nD=six\n" FACTS,
                  "S=first\nD=three\nD=four\nD=five\nD=six\n" FACTS "!S\n", 1);
}

static void a_snapshot_that_reaches_elsewhere_is_damage(void **state)
{
    (void)state;
    assert_damage("UPDATE snapshots SET through = 1000" WHERE("second"),
                  "!S\nS=first\nD=three\nD=four\nD=five\nD=six\n" FACTS,
                  "S=first\nD=three\nD=four\nD=five\nD=six\n" FACTS "!S\n", 1);
    disk_close(state);
    disk_open(state);
    assert_damage("UPDATE snapshots SET through = 0" WHERE("second"),
                  "!S\nS=first\nD=three\nD=four\nD=five\nD=six\n" FACTS,
                  "!S\nS=first\nD=three\nD=four\nD=five\nD=six\n" FACTS, 0);
}

static void a_snapshot_that_vanished_is_damage(void **state)
{
    (void)state;
    assert_damage("DELETE FROM snapshots" WHERE("second"),
                  "!S\nS=first\nD=three\nD=four\nD=five\nD=six\n" FACTS,
                  "!S\nS=first\nD=three\nD=four\nD=five\nD=six\n" FACTS, 0);
}

static void without_a_whole_snapshot_the_deltas_are_left(void **state)
{
    (void)state;
    assert_damage("UPDATE snapshots SET data = zeroblob(3)",
                  "!S\n!S\nD=three\nD=four\nD=five\nD=six\n" FACTS,
                  "D=three\nD=four\nD=five\nD=six\n" FACTS "!S\n!S\n", 2);
}

static void a_damaged_fact_is_not_believed(void **state)
{
    (void)state;
    assert_damage("UPDATE facts SET data = CAST('kEy' AS BLOB)" WHERE("key"),
                  "S=second\nD=five\nD=six\n!F\nFl=other\n",
                  "S=second\nD=five\nD=six\nFl=other\n!F\n", 1);
}

static void a_fact_of_another_document_is_not_believed(void **state)
{
    (void)state;
    assert_damage("UPDATE facts SET data = CAST('of b' AS BLOB), sum ="
                  " (SELECT sum FROM facts" WHERE("of b") ")" WHERE("key"),
                  "S=second\nD=five\nD=six\n!F\nFl=other\n",
                  "S=second\nD=five\nD=six\nFl=other\n!F\n", 1);
}

static void a_fact_that_vanished_is_damage(void **state)
{
    (void)state;
    assert_damage("DELETE FROM facts" WHERE("key"), "S=second\nD=five\nD=six\nFl=other\n!F\n",
                  "S=second\nD=five\nD=six\nFl=other\n!F\n", 0);
}

static void a_fact_put_again_ends_its_damage(void **state)
{
    (void)state;
    fill();
    by_hand("UPDATE facts SET data = zeroblob(2)" WHERE("key"));
    sennit_storage *s = opened();
    assert_true(storage_holds(s, "a", "S=second\nD=five\nD=six\n!F\nFl=other\n"));
    storage_sync(s);
    storage_put(s, "a", "k", "new");
    storage_sync(s);
    assert_true(storage_holds(s, "a", "S=second\nD=five\nD=six\nFk=new\nFl=other\n"));
    sennit_storage_close(s);
}

static void a_lost_count_is_damage_until_a_snapshot_counts_anew(void **state)
{
    (void)state;
    assert_damage("DELETE FROM documents WHERE name = 'a'",
                  "S=second\nD=five\nD=six\n!D\n" FACTS "!F\n",
                  "S=second\nD=five\nD=six\n!D\n" FACTS "!F\n", 0);
}

static void a_compaction_counts_only_on_what_is_whole(void **state)
{
    (void)state;
    fill();
    by_hand("UPDATE snapshots SET data = zeroblob(3)" WHERE("second"));
    sennit_storage *s = opened();
    storage_compact(s, "a", s->durable(s->self), "third");
    storage_sync(s);
    assert_true(storage_holds(s, "a", "S=third\n" FACTS));
    sennit_storage_close(s);
    by_hand("UPDATE snapshots SET data = zeroblob(3)" WHERE("third"));
    s = opened();
    assert_true(storage_holds(s, "a", "!S\nS=first\nD=three\nD=four\nD=five\nD=six\n" FACTS "!S\n"));
    sennit_storage_close(s);
    assert_int_equal(by_hand("SELECT count(*) FROM damaged"), 2);
}

static void a_damaged_ticket_is_found_again(void **state)
{
    (void)state;
    fill();
    int last = by_hand("SELECT ticket FROM state");
    by_hand("UPDATE state SET ticket = 2");
    sennit_storage *s = opened();
    assert_int_equal(storage_append(s, "a", "seven"), last + 1);
    storage_sync(s);
    assert_true(storage_holds(s, "a", "S=second\nD=five\nD=six\nD=seven\n" FACTS));
    sennit_storage_close(s);
    assert_int_equal(by_hand("SELECT ticket FROM state"), last + 1);
}

static sennit_status words(void *arg, const sennit_record *record)
{
    if (record->kind == SENNIT_STORED_DAMAGE)
        strcpy(arg, record->key);
    return SENNIT_OK;
}

static void damage_is_told_in_words(void **state)
{
    char text[256] = "";

    (void)state;
    fill();
    by_hand("UPDATE deltas SET data = zeroblob(3)" WHERE("five"));
    sennit_storage *s = opened();
    assert_ok(s->load(s->self, "a", words, text));
    assert_string_equal(text, "delta at 11: its checksum is wrong");
    sennit_storage_close(s);
}

/* ---- any damage ---- */

static sennit_buf whole, dumps[3];
static const char *const names[] = {"", "a", "b"};

/* A file with records large enough to need pages of their own. */
static int fill_whole(void **state)
{
    static char text[6000];
    size_t len;
    sennit_storage *s;

    disk_open(state);
    fill();
    s = opened();
    for (int i = 0; i < 40; i++) {
        memset(text, 'a' + i % 26, 100 * (size_t)(i % 20) + 100);
        text[100 * (i % 20) + 100] = '\0';
        storage_append(s, i % 3 ? "a" : "b", text);
    }
    memset(text, 'z', sizeof text - 1);
    storage_compact(s, "b", 20, text);
    storage_put(s, "", "own", "fact");
    storage_sync(s);
    sennit_buf_init(&whole, NULL);
    for (size_t i = 0; i < 3; i++) {
        sennit_buf_init(&dumps[i], NULL);
        require(storage_dump(s, names[i], &dumps[i]) == SENNIT_OK);
    }
    sennit_storage_close(s);
    const uint8_t *bytes = faultvfs_bytes(disk, "test.db", &len);
    buf_add(&whole, bytes, len);
    return 0;
}

static int clear_whole(void **state)
{
    for (size_t i = 0; i < 3; i++)
        sennit_buf_clear(&dumps[i]);
    sennit_buf_clear(&whole);
    return disk_close(state);
}

/* Whatever was done to the file: it does not open, or a document does not load, or
 * damage is told, or nothing is different. */
static void require_told(void)
{
    char name[SENNIT_NAME_MAX + 1] = "";
    sennit_buf dump;
    sennit_storage *s;

    sennit_buf_init(&dump, NULL);
    if (try_open(&s) == SENNIT_OK) {
        for (size_t i = 0; i < 3; i++)
            if (storage_dump(s, names[i], &dump) == SENNIT_OK && !buf_equal(&dump, &dumps[i])) {
                buf_add(&dump, "", 1);
                require(strchr((char *)dump.data, '!') != NULL);
            }
        for (int n = 0; s->next(s->self, name, name) == SENNIT_OK; n++)
            require(n < 10);
        storage_append(s, "a", "after");
        storage_compact(s, "b", 3, "after");
        if (s->sync(s->self) != SENNIT_OK) /* a second try moves nothing */
            (void)!s->sync(s->self);
        sennit_storage_close(s);
    }
    sennit_buf_clear(&dump);
}

static void put_whole(void)
{
    faultvfs_clear(disk);
    faultvfs_put(disk, "test.db", whole.data, whole.len);
}

static void flip_a_bit(rng *r)
{
    size_t len;

    put_whole();
    faultvfs_bytes(disk, "test.db", &len)[rng_below(r, len)] ^= (uint8_t)(1u << rng_below(r, 8));
    require_told();
}

static void spoil_a_stretch(rng *r)
{
    size_t len, at, n;

    put_whole();
    uint8_t *bytes = faultvfs_bytes(disk, "test.db", &len);
    at = rng_below(r, len);
    n = rng_in(r, 1, rng_percent(r, 50) ? 16 : 5000);
    for (size_t i = at; i < len && i < at + n; i++)
        bytes[i] = (uint8_t)(rng_percent(r, 50) ? 0 : rng_next(r));
    require_told();
}

static void a_flipped_bit_anywhere_is_told_or_does_not_matter(void **state)
{
    (void)state;
    seeds_run(1500, flip_a_bit);
}

static void a_spoilt_stretch_anywhere_is_told_or_does_not_matter(void **state)
{
    (void)state;
    seeds_run(1500, spoil_a_stretch);
}

#define DISK_TEST(f) cmocka_unit_test_setup_teardown(f, disk_open, disk_close)
#define WHOLE_TEST(f) cmocka_unit_test_setup_teardown(f, fill_whole, clear_whole)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK_TEST(a_damaged_delta_is_skipped_and_kept_aside),
        DISK_TEST(a_damaged_checksum_is_damage),
        DISK_TEST(a_checksum_of_another_length_is_damage),
        DISK_TEST(a_delta_at_another_place_is_damage),
        DISK_TEST(a_delta_that_vanished_is_damage),
        DISK_TEST(a_damaged_snapshot_gives_way_to_the_one_before),
        DISK_TEST(a_snapshot_that_reaches_elsewhere_is_damage),
        DISK_TEST(a_snapshot_that_vanished_is_damage),
        DISK_TEST(without_a_whole_snapshot_the_deltas_are_left),
        DISK_TEST(a_damaged_fact_is_not_believed),
        DISK_TEST(a_fact_of_another_document_is_not_believed),
        DISK_TEST(a_fact_that_vanished_is_damage),
        DISK_TEST(a_fact_put_again_ends_its_damage),
        DISK_TEST(a_lost_count_is_damage_until_a_snapshot_counts_anew),
        DISK_TEST(a_compaction_counts_only_on_what_is_whole),
        DISK_TEST(a_damaged_ticket_is_found_again),
        DISK_TEST(damage_is_told_in_words),
        WHOLE_TEST(a_flipped_bit_anywhere_is_told_or_does_not_matter),
        WHOLE_TEST(a_spoilt_stretch_anywhere_is_told_or_does_not_matter),
    };

    return RUN_TESTS(tests);
}
