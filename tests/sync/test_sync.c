/* Links and a hub that hand each other frames: what users see of it. */
#include "sync/support/meeting.h"

#include <stdlib.h>
#include <string.h>

#define EACH_MEETING(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int set_up(void **state)
{
    meeting *m = malloc(sizeof *m);

    *state = m;
    meeting_open(m, NULL);
    return 0;
}

static int tear_down(void **state)
{
    meeting_close(*state);
    free(*state);
    return 0;
}

static client *joined(meeting *m, unsigned i, const char *name)
{
    client *c = meeting_client(m, i, NULL, name, "");

    client_connect(m, c);
    meeting_settle(m);
    assert_int_equal(sennit_session_get_state(c->session), SENNIT_LIVE);
    return c;
}

/* A copy of a client's document as its file has it, identity included. */
static sennit_doc *copy_of(meeting *m, const client *c)
{
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_doc *copy;
    sennit_buf bytes;

    sennit_buf_init(&bytes, NULL);
    assert_ok(sennit_doc_save(c->doc, SENNIT_SAVE_IDENTITY, &bytes));
    assert_ok(sennit_doc_load(&options, bytes.data, bytes.len, &copy, NULL));
    sennit_buf_clear(&bytes);
    return copy;
}

static void what_one_types_the_others_read(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc"), *b = joined(m, 1, "doc"), *other = joined(m, 2, "else");

    client_type(m, a, 0, "hello");
    meeting_settle(m);
    client_type(m, b, 5, " world");
    client_type(m, a, 0, "oh, ");
    meeting_settle(m);
    client_has(a, "oh, hello world");
    client_has(b, "oh, hello world");
    client_has(other, "");
    assert_true(a->changed > 0 && b->changed > 0);
    assert_int_equal(other->changed, 0);
}

static void both_ends_send_what_the_other_lacks(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc"), *b = joined(m, 1, "doc");

    client_type(m, a, 0, "one two");
    meeting_settle(m);
    client_cut(m, a);
    client_cut(m, b);
    client_type(m, a, 3, " and");
    client_type(m, b, 7, " three");
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_OFFLINE);
    client_connect(m, a);
    meeting_settle(m);
    client_connect(m, b);
    meeting_settle(m);
    client_has(a, "one and two three");
    client_has(b, "one and two three");
}

static void acknowledged_means_durable(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc");

    client_type(m, a, 0, "abc");
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 3);
    meeting_settle(m);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_APPLIED), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_REPLICATED), 3);
    assert_true(a->safe > 0);
    meeting_restart(m);
    client *b = joined(m, 1, "doc");
    client_has(b, "abc");
}

static void one_can_wait_for_a_version_to_be_durable(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc"), *b = joined(m, 1, "doc");
    sennit_buf version;

    sennit_buf_init(&version, NULL);
    client_type(m, b, 0, "theirs");
    meeting_settle(m);
    client_type(m, a, 0, "mine ");
    assert_ok(sennit_doc_version(a->doc, &version));
    assert_ok(sennit_session_wait(a->session, version.data, version.len, SENNIT_DURABLE, 42));
    assert_int_equal(a->reached, 0);
    meeting_settle(m);
    m->now_ms += 2000; /* that what was received is durable is told when there is time */
    meeting_settle(m);
    assert_int_equal(a->reached, 1);
    assert_int_equal(a->ticket, 42);
    assert_int_equal(sennit_session_wait(a->session, "\xff", 1, SENNIT_DURABLE, 1), SENNIT_ECORRUPT);
    sennit_buf_clear(&version);
}

static void a_peer_that_does_not_read_gets_one_delta_when_it_does(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc"), *slow = joined(m, 1, "doc");
    sennit_connection *held = slow->connection;
    sennit_hub_stat stat;
    char line[1000];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    slow->connection = NULL; /* nobody takes its frames */
    for (int i = 0; i < 2000; i++) {
        client_type(m, a, 0, line);
        meeting_settle(m);
        m->now_ms += 5;
    }
    sennit_hub_get_stat(m->hub, &stat);
    assert_true(stat.queued_bytes <= 300000);
    assert_int_equal(stat.catchups, 1);
    slow->connection = held;
    meeting_settle(m);
    assert_int_equal(sennit_doc_len(slow->doc), 2000 * (sizeof line - 1));
}

static void presence_is_shown_to_the_others_and_goes_with_its_session(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc"), *b = joined(m, 1, "doc");

    assert_ok(sennit_session_set_presence(a->session, "cursor", 6));
    meeting_settle(m);
    assert_string_equal(b->shown, "cursor");
    client *late = joined(m, 2, "doc");
    assert_string_equal(late->shown, "cursor");
    assert_int_equal(a->presences, 0);
    client_cut(m, a);
    meeting_settle(m);
    assert_string_equal(b->shown, "-");
    assert_string_equal(late->shown, "-");
}

static void a_presence_that_is_not_renewed_expires(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc"), *b = joined(m, 1, "doc");

    assert_ok(sennit_session_set_presence(a->session, "cursor", 6));
    meeting_settle(m);
    for (int i = 0; i < 70; i++) {
        m->now_ms += 1000;
        meeting_settle(m);
    }
    assert_string_equal(b->shown, "-");
    assert_int_equal(sennit_session_get_state(b->session), SENNIT_LIVE); /* pings kept it */
}

static void a_copied_disk_goes_on_under_an_id_of_its_own(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc");

    client_type(m, a, 0, "base ");
    meeting_settle(m);
    client *clone = meeting_client(m, 1, copy_of(m, a), "doc", "");
    client_cut(m, a);
    client_type(m, a, 5, "alpha");
    client_type(m, clone, 5, "beta!");
    client_connect(m, a);
    meeting_settle(m);
    client_connect(m, clone);
    meeting_settle(m);
    assert_int_equal(clone->rebased, 1);
    assert_int_equal(clone->rebase.from, 5);
    assert_int_equal(clone->rebase.operations, 5);
    assert_int_not_equal(sennit_doc_replica(clone->doc), sennit_doc_replica(a->doc));
    assert_int_equal(sennit_doc_len(a->doc), 15);
    assert_int_equal(sennit_doc_len(clone->doc), 15);
    assert_int_equal(a->rebased, 0);
    client_type(m, a, 0, ">");
    meeting_settle(m);
    assert_int_equal(sennit_doc_len(clone->doc), 16);
}

static void a_restored_backup_of_a_client_gets_its_own_text_back_once(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc");

    client_type(m, a, 0, "monday ");
    meeting_settle(m);
    sennit_doc *backup = copy_of(m, a);
    client_type(m, a, 7, "tuesday ");
    meeting_settle(m);
    client_leave(a); /* its machine is gone; the server finds out later */
    client *b = meeting_client(m, 1, backup, "doc", "");
    client_connect(m, b);
    meeting_settle(m);
    client_has(b, "monday tuesday ");
    client_type(m, b, 15, "friday");
    meeting_settle(m);
    client *c = joined(m, 2, "doc");
    client_has(c, "monday tuesday friday");
}

static void one_that_comes_again_before_it_was_missed_goes_on_as_it_was(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc");
    uint64_t replica;

    client_type(m, a, 0, "abc");
    meeting_settle(m);
    replica = sennit_doc_replica(a->doc);
    a->connection = NULL; /* half open: the hub does not know */
    sennit_link_closed(a->link, m->now_ms);
    client_type(m, a, 3, "def");
    client_connect(m, a);
    meeting_settle(m);
    assert_int_equal(a->rebased, 0);
    assert_true(sennit_doc_replica(a->doc) == replica);
    client *b = joined(m, 1, "doc");
    client_has(b, "abcdef");
}

static void a_clock_that_is_ahead_is_corrected_before_anything_is_sent(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", ""), *b = joined(m, 1, "doc");
    sennit_change change;
    size_t at = 0;

    sennit_doc_set_time(a->doc, m->now_ms + 86400000);
    assert_ok(sennit_doc_insert(a->doc, 0, "early", 5));
    assert_ok(sennit_hub_connect(m->hub, a, m->now_ms, &a->connection));
    m->now_ms += 86400000; /* its own clock says so */
    assert_ok(sennit_link_opened(a->link, m->now_ms));
    const void *data;
    size_t len;
    assert_int_equal(sennit_link_next_frame(a->link, m->now_ms, &data, &len), 1);
    assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms - 86400000));
    assert_int_equal(sennit_hub_next_frame(a->connection, &data, &len), 1);
    assert_ok(sennit_link_receive(a->link, data, len, m->now_ms));
    assert_int_equal(sennit_link_next_frame(a->link, m->now_ms, &data, &len), 1);
    m->now_ms -= 86400000;
    assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
    meeting_settle(m);
    assert_int_equal(a->clock, 1);
    client_has(b, "early");
    assert_int_equal(sennit_doc_next_change(b->doc, &at, &change), 1);
    assert_true(change.unix_ms <= m->now_ms);
}

static void a_server_that_forgot_gets_everything_again(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc"), *b = joined(m, 1, "doc");

    client_type(m, a, 0, "kept ");
    client_type(m, b, 0, "too ");
    meeting_settle(m);
    client_cut(m, a);
    client_cut(m, b);
    sennit_hub_free(m->hub);
    sennit_storage_close(m->storage);
    assert_ok(sennit_storage_memory(NULL, &m->storage));
    m->options.storage = m->storage;
    m->options.restored = 1;
    assert_ok(sennit_hub_new(&m->options, &m->hub));
    client_connect(m, a); /* b stays away: a has its text */
    meeting_settle(m);
    assert_int_equal(a->restored, 1);
    client *c = joined(m, 2, "doc");
    assert_int_equal(sennit_doc_len(c->doc), 9);
    client_connect(m, b);
    client_type(m, b, 0, "!");
    meeting_settle(m);
    assert_int_equal(b->rebased, 0);
    assert_int_equal(sennit_doc_len(c->doc), 10);
    assert_int_equal(sennit_doc_len(a->doc), 10);
}

static void unrelated_documents_under_one_name_do_not_mix(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", ""), *b = meeting_client(m, 1, NULL, "doc", "");

    client_type(m, a, 0, "one");
    client_type(m, b, 0, "two");
    client_connect(m, a);
    meeting_settle(m);
    client_connect(m, b);
    meeting_settle(m);
    assert_int_equal(b->refused, SENNIT_FAULT_LINEAGE);
    client_has(a, "one");
    client_has(b, "two");
}

static void garbage_closes_the_connection_and_nothing_else(void **state)
{
    static const char *const frames[] = {"\xc1", "\x90", "\x92\x02\x00", "\x93\x02\x07\x01\xff", "\xdd\xff\xff\xff\xff",
                                         "\x91\x00", "\x92\x63\x00", "\x93\x00\x01\x01", "x"};
    meeting *m = *state;
    client *a = joined(m, 0, "doc");

    client_type(m, a, 0, "safe");
    meeting_settle(m);
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        sennit_connection *bad;
        const char *text;

        assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &bad));
        assert_int_not_equal(sennit_hub_receive(bad, frames[i], strlen(frames[i]) + (frames[i][1] == 2), m->now_ms),
                             SENNIT_OK);
        assert_int_not_equal(sennit_connection_fault(bad, &text), 0);
        sennit_hub_disconnect(bad, m->now_ms);
    }
    client_type(m, a, 4, "!");
    meeting_settle(m);
    client *b = joined(m, 1, "doc");
    client_has(b, "safe!");
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
    meeting *m = *state;
    sennit_connection *mute;

    assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &mute));
    sennit_hub_tick(m->hub, m->now_ms + 9000);
    assert_int_equal(sennit_connection_fault(mute, NULL), 0);
    sennit_hub_tick(m->hub, m->now_ms + 10001);
    assert_int_equal(sennit_connection_fault(mute, NULL), SENNIT_FAULT_TIMEOUT);
    assert_ptr_equal(sennit_hub_next_ready(m->hub), mute);
    sennit_hub_disconnect(mute, m->now_ms);
}

static void documents_nobody_is_at_are_unloaded_and_come_back(void **state)
{
    meeting *m = *state;
    client *a = joined(m, 0, "doc");
    sennit_hub_stat stat;

    client_type(m, a, 0, "text");
    meeting_settle(m);
    client_cut(m, a);
    m->now_ms += 20000;
    sennit_hub_tick(m->hub, m->now_ms);
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.documents, 1);
    m->now_ms += 40000;
    sennit_hub_tick(m->hub, m->now_ms);
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.documents, 0);
    client *b = joined(m, 1, "doc");
    client_has(b, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(what_one_types_the_others_read),
        EACH_MEETING(both_ends_send_what_the_other_lacks),
        EACH_MEETING(acknowledged_means_durable),
        EACH_MEETING(one_can_wait_for_a_version_to_be_durable),
        EACH_MEETING(a_peer_that_does_not_read_gets_one_delta_when_it_does),
        EACH_MEETING(presence_is_shown_to_the_others_and_goes_with_its_session),
        EACH_MEETING(a_presence_that_is_not_renewed_expires),
        EACH_MEETING(a_copied_disk_goes_on_under_an_id_of_its_own),
        EACH_MEETING(a_restored_backup_of_a_client_gets_its_own_text_back_once),
        EACH_MEETING(one_that_comes_again_before_it_was_missed_goes_on_as_it_was),
        EACH_MEETING(a_clock_that_is_ahead_is_corrected_before_anything_is_sent),
        EACH_MEETING(a_server_that_forgot_gets_everything_again),
        EACH_MEETING(unrelated_documents_under_one_name_do_not_mix),
        EACH_MEETING(garbage_closes_the_connection_and_nothing_else),
        EACH_MEETING(a_connection_that_says_nothing_is_closed),
        EACH_MEETING(documents_nobody_is_at_are_unloaded_and_come_back),
    };

    return RUN_TESTS(tests);
}
