/* A hub that drops deleted text after a day: those who were away come back. */
#include "support/rich.h"
#include "sync/support/meeting.h"

#include <string.h>

#define DAY UINT64_C(86400000)

static int set_up(void **state)
{
    const sennit_hub_options options = {.keep_deleted_ms = DAY, .compact_bytes = 1};

    return meeting_begin(state, &options);
}

#define EACH_DAY(name) cmocka_unit_test_setup_teardown(name, set_up, meeting_tear_down)

static int set_up_leases(void **state)
{
    const sennit_hub_options options = {.keep_deleted_ms = DAY, .compact_bytes = 1, .lease_ms = 10 * DAY};

    return meeting_begin(state, &options);
}

#define LEASED(name) cmocka_unit_test_setup_teardown(name, set_up_leases, meeting_tear_down)

/* Type, delete some of it, and let days pass in which the hub compacts. */
static void write_and_wait(meeting *m, client *c)
{
    client_type(m, c, 0, "one secret two");
    assert_ok(sennit_doc_delete(c->doc, 4, 7));
    meeting_settle(m);
    m->now_ms += 3 * DAY;
    sennit_doc_set_time(c->doc, m->now_ms);
    client_type(m, c, 0, "<");
    meeting_settle(m);
    sennit_hub_tick(m->hub, m->now_ms);
    meeting_settle(m);
}

static bool holds(const sennit_buf *buf, const char *text)
{
    for (size_t i = 0; i + strlen(text) <= buf->len; i++)
        if (memcmp(buf->data + i, text, strlen(text)) == 0)
            return true;
    return false;
}

static void assert_knows_no_secret(sennit_doc *doc)
{
    sennit_buf bytes;

    sennit_buf_init(&bytes, NULL);
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_SHARED, &bytes));
    assert_false(holds(&bytes, "secret"));
    assert_true(holds(&bytes, "two"));
    sennit_buf_clear(&bytes);
}

static bool newcomer_knows_the_secret(meeting *m, unsigned i)
{
    client *c = meeting_join(m, i, "doc");
    sennit_buf bytes;

    sennit_buf_init(&bytes, NULL);
    assert_ok(sennit_doc_save(c->doc, SENNIT_SAVE_SHARED, &bytes));
    const bool knows = holds(&bytes, "secret");
    sennit_buf_clear(&bytes);
    client_cut(m, c);
    return knows;
}

/* A writer who has seen the beginning, and has gone. */
static client *writer_who_left(meeting *m, unsigned i)
{
    client *b = meeting_join(m, i, "doc");

    client_type(m, b, 0, "b");
    meeting_settle(m);
    client_cut(m, b);
    meeting_settle(m);
    return b;
}

static void what_a_writer_who_may_come_back_has_not_seen_is_kept(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = writer_who_left(m, 1);

    write_and_wait(m, a);
    assert_true(newcomer_knows_the_secret(m, 2));
    meeting_restart(m); /* the lease is in the storage */
    client_connect(m, a);
    meeting_settle(m);
    write_and_wait(m, a);
    assert_true(newcomer_knows_the_secret(m, 3));
    sennit_doc_set_time(b->doc, m->now_ms);
    client_connect(m, b);
    meeting_settle(m);
    client_cut(m, b); /* it has seen all of it now */
    write_and_wait(m, a);
    assert_int_equal(b->rebased, 0);
}

static sennit_status put_nothing(void *self, const char *name, const char *key, const void *data,
                                 size_t len, uint64_t *ticket)
{
    (void)self, (void)name, (void)key, (void)data, (void)len, (void)ticket;
    return SENNIT_EIO;
}

/* Nothing is stored of those who are here when the hub ends. */
static void kill_hub(meeting *m)
{
    sennit_storage *storage = m->storage;
    const sennit_storage as_it_is = *storage;

    storage->put = put_nothing;
    meeting_restart(m);
    storage->put = as_it_is.put;
}

static void days_pass(meeting *m, uint64_t days, client *a, client *b)
{
    for (; days > 0; days--) {
        m->now_ms += DAY;
        sennit_doc_set_time(a->doc, m->now_ms);
        sennit_doc_set_time(b->doc, m->now_ms);
        sennit_hub_tick(m->hub, m->now_ms);
        meeting_settle(m);
    }
}

static void a_server_that_was_killed_knows_who_was_there(void **state)
{
    meeting *m = *state;
    client *a, *b;

    m->options.heartbeat_ms = UINT32_MAX; /* days pass in a moment */
    meeting_restart(m);
    a = meeting_join(m, 0, "doc");
    b = meeting_join(m, 1, "doc");
    client_type(m, b, 0, "b");
    meeting_settle(m);
    days_pass(m, 8, a, b);
    kill_hub(m);
    client_connect(m, a);
    meeting_settle(m);
    write_and_wait(m, a); /* what b got when it came would have ended by now */
    assert_true(newcomer_knows_the_secret(m, 2));
    sennit_doc_set_time(b->doc, m->now_ms);
    client_connect(m, b);
    meeting_settle(m);
    assert_int_equal(b->rebased, 0);
    client_has(b, "<one twob");
}

static void a_lease_that_ran_out_holds_nothing(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = writer_who_left(m, 1);
    char much[2000] = "";

    sennit_doc_set_time(b->doc, m->now_ms);
    client_type(m, b, 0, "away ");
    write_and_wait(m, a);
    m->now_ms += 10 * DAY;
    sennit_doc_set_time(a->doc, m->now_ms);
    memset(much, '.', sizeof much - 1);
    client_type(m, a, 0, much); /* more log than snapshot, so that it is compacted */
    assert_ok(sennit_doc_delete(a->doc, 0, sizeof much - 1));
    meeting_settle(m);
    sennit_hub_tick(m->hub, m->now_ms);
    meeting_settle(m);
    assert_false(newcomer_knows_the_secret(m, 2));
    sennit_doc_set_time(b->doc, m->now_ms);
    client_connect(m, b);
    meeting_settle(m);
    client_has(a, "away <one twob");
    client_has(b, "away <one twob");
    assert_knows_no_secret(b->doc);
}

static void a_newcomer_gets_all_but_what_was_dropped(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    write_and_wait(m, a);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "<one two");
    assert_knows_no_secret(b->doc);
    client_type(m, b, 8, ">");
    meeting_settle(m);
    client_has(a, "<one two>");
}

static void what_was_written_while_away_comes_along(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b;

    client_type(m, a, 0, "start ");
    meeting_settle(m);
    b = meeting_join(m, 1, "doc");
    client_cut(m, b);
    client_type(m, b, 6, "away");
    write_and_wait(m, a);
    client_has(a, "<one two" "start ");
    sennit_doc_set_time(b->doc, m->now_ms);
    client_connect(m, b);
    meeting_settle(m);
    client_has(b, "<one twostart away");
    client_has(a, "<one twostart away");
    assert_int_equal(b->rebased, 0);
    assert_knows_no_secret(b->doc);
}

static void it_stays_so_after_a_restart(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    write_and_wait(m, a);
    meeting_restart(m);
    client_connect(m, a);
    meeting_settle(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "<one two");
    assert_knows_no_secret(b->doc);
}

/* Somebody deletes, and others' edits let the hub drop that for good. */
static client *delete_and_wait(meeting *m, client *a, sennit_undo **undo)
{
    assert_ok(sennit_undo_new(a->doc, NULL, undo));
    client_type(m, a, 0, "one secret two");
    assert_ok(sennit_undo_break(*undo));
    assert_ok(sennit_doc_delete(a->doc, 4, 7));
    assert_ok(sennit_undo_break(*undo));
    meeting_settle(m);
    m->now_ms += 3 * DAY;
    sennit_doc_set_time(a->doc, m->now_ms);
    client *b = meeting_join(m, 1, "doc");
    client_type(m, b, 0, "<");
    meeting_settle(m);
    sennit_hub_tick(m->hub, m->now_ms);
    return b;
}

static void what_an_undo_brings_back_and_the_hub_dropped_is_typed_anew(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_undo *undo;

    client *b = delete_and_wait(m, a, &undo);
    assert_ok(sennit_undo_undo(undo));
    client_type(m, a, 15, "!");
    meeting_settle(m);
    assert_int_equal(a->refused, 0);
    assert_int_equal(a->rebased, 1);
    client_has(a, "<one secret two!");
    client_has(b, "<one secret two!");
    client_type(m, b, 0, "<");
    client_type(m, a, 16, ">");
    meeting_settle(m);
    client_has(a, "<<one secret two!>");
    client_has(b, "<<one secret two!>");
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    sennit_undo_free(undo);
}

/* It is brought back by more operations than there are bytes. */
static client *delete_wait_and_waver(meeting *m, client *a, sennit_undo **undo)
{
    client *b = delete_and_wait(m, a, undo);

    for (unsigned i = 0; i < 8; i++)
        assert_ok(i % 2 == 0 ? sennit_undo_undo(*undo) : sennit_undo_redo(*undo));
    assert_ok(sennit_undo_undo(*undo));
    return b;
}

static void who_waits_for_what_came_anew_as_less_is_told(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_undo *undo;
    sennit_buf version;

    delete_wait_and_waver(m, a, &undo);
    sennit_buf_init(&version, NULL);
    assert_ok(sennit_doc_version(a->doc, &version));
    assert_ok(sennit_session_wait(a->session, version.data, version.len, SENNIT_DURABLE, 5));
    meeting_settle(m);
    assert_int_equal(a->rebased, 1);
    assert_int_equal(a->reached, 1);
    sennit_buf_clear(&version);
    sennit_undo_free(undo);
}

static void who_had_it_from_elsewhere_does_not_have_it_twice(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *c = meeting_join(m, 2, "doc");
    sennit_undo *undo;
    sennit_buf all;

    client_cut(m, c);
    client *b = delete_wait_and_waver(m, a, &undo);
    sennit_buf_init(&all, NULL);
    assert_ok(sennit_doc_delta(a->doc, NULL, 0, NULL, &all, NULL));
    assert_ok(sennit_doc_apply(c->doc, all.data, all.len, NULL, NULL, NULL));
    meeting_settle(m);
    assert_int_equal(a->rebased, 1);
    client_connect(m, c);
    meeting_settle(m);
    client_has(b, "<one secret two");
    client_has(c, "<one secret two");
    sennit_buf_clear(&all);
    sennit_undo_free(undo);
}

static void a_mark_that_an_undo_takes_back_is_taken_off_anew(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_undo *undo;

    client_type(m, a, 0, "one two");
    assert_ok(sennit_undo_new(a->doc, NULL, &undo));
    rich_mark(a->doc, 0, 3, "strong", 1);
    meeting_settle(m);
    m->now_ms += 3 * DAY;
    client *b = meeting_join(m, 1, "doc");
    client_type(m, b, 7, "!");
    meeting_settle(m);
    sennit_hub_tick(m->hub, m->now_ms);
    sennit_doc_set_time(a->doc, m->now_ms);
    assert_ok(sennit_undo_undo(undo));
    meeting_settle(m);
    assert_int_equal(a->refused, 0);
    assert_int_equal(a->rebased, 1);
    assert_true(rich_is(a->doc, "one two!"));
    assert_true(rich_is(b->doc, "one two!"));
    sennit_undo_free(undo);
}

/* It comes back with an undo that it made while it was away. */
static void so_is_what_was_brought_back_while_away(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
    sennit_undo *undo;

    assert_ok(sennit_undo_new(a->doc, NULL, &undo));
    client_type(m, a, 0, "one secret two");
    assert_ok(sennit_undo_break(undo));
    assert_ok(sennit_doc_delete(a->doc, 4, 7));
    meeting_settle(m);
    client_cut(m, a);
    assert_ok(sennit_undo_undo(undo));
    client_type(m, b, 0, "lost ");
    assert_ok(sennit_doc_delete(b->doc, 0, 5));
    meeting_settle(m);
    client_cut(m, b);
    m->now_ms += 3 * DAY;
    client_connect(m, b);
    client_type(m, b, 0, "<");
    meeting_settle(m);
    sennit_hub_tick(m->hub, m->now_ms);
    sennit_doc_set_time(a->doc, m->now_ms);
    client_connect(m, a);
    meeting_settle(m);
    assert_int_equal(a->refused, 0);
    assert_int_equal(a->rebased, 1);
    client_has(a, "<one secret two");
    client_has(b, "<one secret two");
    sennit_undo_free(undo);
}

/* Where the ways part is below what the hub dropped, so it has no digests of the text
 * there. */
static void a_copy_from_before_issues_anew_only_what_it_wrote_itself(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "base ");
    meeting_settle(m);
    sennit_doc *copy = client_copy(m, a);
    write_and_wait(m, a);
    sennit_doc_set_time(copy, m->now_ms + 1);
    client *b = meeting_client(m, 1, copy, "doc", "");
    client_type(m, b, 5, "mine");
    client_connect(m, b);
    meeting_settle(m);
    assert_int_equal(b->rebased, 1);
    assert_int_equal(b->rebase.from, 5);
    assert_int_equal(b->rebase.operations, 4);
    client_has(a, "<one twobase mine");
    client_has(b, "<one twobase mine");
}

/* One that wrote nothing is the same, only older. */
static void a_backup_from_before_goes_on_with_what_the_hub_has(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "base ");
    meeting_settle(m);
    sennit_doc *backup = client_copy(m, a);
    write_and_wait(m, a);
    client_leave(a);
    client *b = meeting_client(m, 1, backup, "doc", "");
    client_connect(m, b);
    meeting_settle(m);
    assert_int_equal(b->rebase.operations, 0);
    client_has(b, "<one twobase ");
}

/* ---- What is not durable stays ---- */

static struct {
    bool refuses;
    uint64_t held; /* so many tickets are not durable yet */
    sennit_storage below;
} weak;

static sennit_status weak_append(void *self, const char *name, const void *data, size_t len,
                                 uint64_t *ticket)
{
    return weak.refuses ? SENNIT_EIO : weak.below.append(self, name, data, len, ticket);
}

static sennit_status weak_compact(void *self, const char *name, uint64_t through, const void *data,
                                  size_t len, uint64_t *ticket)
{
    return weak.refuses ? SENNIT_EIO : weak.below.compact(self, name, through, data, len, ticket);
}

static uint64_t weak_durable(void *self)
{
    const uint64_t durable = weak.below.durable(self);

    return durable > weak.held ? durable - weak.held : 0;
}

static int set_up_weak(void **state)
{
    meeting *m;

    assert_int_equal(set_up(state), 0);
    m = *state;
    memset(&weak, 0, sizeof weak);
    weak.below = *m->storage;
    m->storage->append = weak_append;
    m->storage->compact = weak_compact;
    m->storage->durable = weak_durable;
    return 0;
}

#define WEAK(name) cmocka_unit_test_setup_teardown(name, set_up_weak, meeting_tear_down)

static void what_storage_refused_is_not_dropped_before_it_has_it(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    weak.refuses = true;
    write_and_wait(m, a);
    weak.refuses = false;
    m->now_ms += 2000;
    sennit_hub_tick(m->hub, m->now_ms); /* stores it anew */
    assert_true(newcomer_knows_the_secret(m, 1));
    meeting_restart(m);
    assert_true(newcomer_knows_the_secret(m, 2));
    client_connect(m, a);
    write_and_wait(m, a);
    assert_false(newcomer_knows_the_secret(m, 3));
}

static void a_document_where_something_is_never_durable_yet_is_compacted_all_the_same(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    weak.held = 1;
    write_and_wait(m, a);
    m->now_ms += 2000;
    sennit_doc_set_time(a->doc, m->now_ms);
    client_type(m, a, 0, "<");
    meeting_settle(m);
    m->now_ms += 2000;
    sennit_hub_tick(m->hub, m->now_ms);
    assert_false(newcomer_knows_the_secret(m, 1));
}

/* It was deleted long ago, elsewhere, and is here since a moment. */
static void what_came_late_is_kept_until_it_is_durable(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
    char much[2000] = "";

    client_cut(m, b);
    client_type(m, b, 0, "one secret two");
    assert_ok(sennit_doc_delete(b->doc, 4, 7));
    m->now_ms += 3 * DAY;
    weak.held = 1;
    sennit_doc_set_time(a->doc, m->now_ms);
    memset(much, '.', sizeof much - 1);
    client_type(m, a, 0, much);
    meeting_settle(m);
    m->now_ms += 2000;
    sennit_hub_tick(m->hub, m->now_ms); /* what is here now has to be durable */
    client_connect(m, b);
    meeting_settle(m);
    m->now_ms += 2000;
    sennit_hub_tick(m->hub, m->now_ms);
    sennit_hub_stat stat;
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.compactions, 1);
    assert_true(newcomer_knows_the_secret(m, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEASED(what_a_writer_who_may_come_back_has_not_seen_is_kept),
        LEASED(a_server_that_was_killed_knows_who_was_there),
        LEASED(a_lease_that_ran_out_holds_nothing),
        EACH_DAY(a_newcomer_gets_all_but_what_was_dropped),
        EACH_DAY(what_was_written_while_away_comes_along),
        EACH_DAY(it_stays_so_after_a_restart),
        EACH_DAY(what_an_undo_brings_back_and_the_hub_dropped_is_typed_anew),
        EACH_DAY(who_waits_for_what_came_anew_as_less_is_told),
        EACH_DAY(who_had_it_from_elsewhere_does_not_have_it_twice),
        EACH_DAY(a_mark_that_an_undo_takes_back_is_taken_off_anew),
        EACH_DAY(so_is_what_was_brought_back_while_away),
        EACH_DAY(a_copy_from_before_issues_anew_only_what_it_wrote_itself),
        EACH_DAY(a_backup_from_before_goes_on_with_what_the_hub_has),
        WEAK(what_storage_refused_is_not_dropped_before_it_has_it),
        WEAK(a_document_where_something_is_never_durable_yet_is_compacted_all_the_same),
        WEAK(what_came_late_is_kept_until_it_is_durable),
    };

    return RUN_TESTS(tests);
}
