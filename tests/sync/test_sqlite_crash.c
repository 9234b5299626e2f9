/* The SQLite adapter on a disk that fails: the machine stops at every single call
 * that writes, or that call fails and the disk is well again. */
#include "sync/support/faultvfs.h"
#include "sync/support/storage_contract.h"

#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"

#include <sqlite3.h>
#include <string.h>

static faultvfs *disk;

/* ---- what is done ---- */

/* Steps of which each is durable as a whole; what they do depends on nothing else. */
#define STEPS 16
#define REOPEN_AT 9

static const char *letters(char c, size_t len)
{
    static char text[30000];

    require(len < sizeof text);
    memset(text, c, len);
    text[len] = '\0';
    return text;
}

static void step(sennit_storage *s, int i)
{
    char text[3] = {(char)('a' + i), '0', '\0'};
    uint64_t ticket = 0;

    for (; text[1] < '0' + i % 4 + 1; text[1]++)
        ticket = storage_append(s, i % 3 == 1 ? "b" : "a", text);
    if (i % 3 == 0)
        storage_put(s, "a", i % 2 ? "even" : "odd", i % 5 ? text : NULL);
    if (i % 4 == 2)
        storage_append(s, "b", letters(text[0], 700 * (size_t)i));
    if (i % 5 == 4)
        storage_compact(s, "a", ticket, letters((char)('A' + i), 9000));
    if (i == 7)
        storage_put(s, "", "own", "fact");
}

/* All that is stored. */
static void dump_all(sennit_storage *s, sennit_buf *out)
{
    static const char *const names[] = {"", "a", "b"};
    sennit_buf one;

    sennit_buf_init(&one, NULL);
    out->len = 0;
    for (size_t i = 0; i < 3; i++) {
        require(storage_dump(s, names[i], &one) == SENNIT_OK);
        buf_add(out, names[i], strlen(names[i]));
        buf_add(out, ":\n", 2);
        buf_add(out, one.data, one.len);
    }
    sennit_buf_clear(&one);
}

/* What there is after so many steps, by the adapter that cannot fail. */
static sennit_buf expected[STEPS + 1];

static int expect_all(void **state)
{
    sennit_storage *s;

    (void)state;
    require(sennit_storage_memory(NULL, &s) == SENNIT_OK);
    for (int i = 0; i <= STEPS; i++) {
        sennit_buf_init(&expected[i], NULL);
        dump_all(s, &expected[i]);
        if (i < STEPS)
            step(s, i);
    }
    sennit_storage_close(s);
    disk = faultvfs_new("fault");
    return 0;
}

static int expect_nothing(void **state)
{
    (void)state;
    for (int i = 0; i <= STEPS; i++)
        sennit_buf_clear(&expected[i]);
    faultvfs_free(disk);
    return 0;
}

/* Nothing is written before sync, so every run makes the same calls. */
static sennit_status open_disk(sennit_storage **out)
{
    sennit_sqlite_options o = {.size = sizeof o, .vfs = "fault", .group_ms = 3600000,
                               .busy_ms = 1};

    return sennit_storage_sqlite("test.db", &o, out, NULL);
}

static bool is_after(sennit_storage *s, int steps)
{
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    dump_all(s, &buf);
    bool same = buf_equal(&buf, &expected[steps]);
    sennit_buf_clear(&buf);
    return same;
}

/* Do everything until something fails; how many steps are known to be durable. */
static int play(void)
{
    sennit_storage *s = NULL;
    int done = 0;

    if (open_disk(&s) != SENNIT_OK)
        return 0;
    while (done < STEPS) {
        if (done == REOPEN_AT) {
            sennit_storage_close(s);
            if (open_disk(&s) != SENNIT_OK)
                return done;
        }
        uint64_t before = s->durable(s->self);
        step(s, done);
        if (s->sync(s->self) != SENNIT_OK) {
            require(s->health(s->self) == SENNIT_EIO);
            require(s->reason(s->self)[0] != '\0');
            require(s->durable(s->self) == before);
            break;
        }
        done++;
    }
    sennit_storage_close(s);
    return done;
}

/* ---- the machine stops ---- */

static void stop_at(uint64_t call, rng *r)
{
    sennit_storage *s;

    faultvfs_clear(disk);
    faultvfs_stop_at(disk, call);
    int done = play();
    faultvfs_restart(disk, r);
    require(open_disk(&s) == SENNIT_OK);
    if (!is_after(s, done)) {
        require(done < STEPS && is_after(s, ++done)); /* committed, and not told so */
    }
    for (; done < STEPS; done++)
        step(s, done);
    storage_sync(s);
    require(is_after(s, STEPS));
    sennit_storage_close(s);
}

static void stop_everywhere(rng *r)
{
    faultvfs_clear(disk);
    require(play() == STEPS);
    uint64_t calls = faultvfs_calls(disk);
    for (uint64_t n = 0; n <= calls; n++)
        stop_at(n, r);
}

static void what_was_durable_survives_a_stop_at_any_call(void **state)
{
    (void)state;
    seeds_run(4, stop_everywhere);
}

/* ---- calls fail ---- */

/* Do everything, trying again what fails. */
static void play_on(void)
{
    sennit_storage *s = NULL;

    while (open_disk(&s) != SENNIT_OK)
        require(faultvfs_calls(disk) < 100000);
    for (int i = 0; i < STEPS; i++) {
        if (i == REOPEN_AT) {
            storage_sync(s);
            sennit_storage_close(s);
            while (open_disk(&s) != SENNIT_OK)
                require(faultvfs_calls(disk) < 100000);
        }
        step(s, i);
        require(is_after(s, i + 1)); /* written or not */
        while (s->sync(s->self) != SENNIT_OK)
            require(faultvfs_calls(disk) < 100000);
        require(s->health(s->self) == SENNIT_OK);
        require(is_after(s, i + 1));
    }
    sennit_storage_close(s);
}

static void fail_everywhere(uint64_t how_many, int code, rng *r)
{
    faultvfs_clear(disk);
    play_on();
    uint64_t calls = faultvfs_calls(disk);
    for (uint64_t n = 0; n < calls; n++) {
        sennit_storage *s;

        faultvfs_clear(disk);
        faultvfs_fail(disk, n, n + how_many, code);
        play_on();
        faultvfs_restart(disk, r); /* all was synced, so nothing is lost */
        require(open_disk(&s) == SENNIT_OK);
        require(is_after(s, STEPS));
        sennit_storage_close(s);
    }
}

static void fail_once(rng *r) { fail_everywhere(1, SQLITE_IOERR, r); }
static void fail_some(rng *r) { fail_everywhere(7, SQLITE_IOERR, r); }
static void fail_full(rng *r) { fail_everywhere(3, SQLITE_FULL, r); }

static void one_call_that_fails_loses_nothing(void **state)
{
    (void)state;
    seeds_run(1, fail_once);
}

static void several_calls_that_fail_lose_nothing(void **state)
{
    (void)state;
    seeds_run(1, fail_some);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    seeds_run(1, fail_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_durable_survives_a_stop_at_any_call),
        cmocka_unit_test(one_call_that_fails_loses_nothing),
        cmocka_unit_test(several_calls_that_fail_lose_nothing),
        cmocka_unit_test(a_full_disk_loses_nothing),
    };

    return cmocka_run_group_tests(tests, expect_all, expect_nothing);
}
