/* What is called applied, and what durable; a storage that fails; documents that come and go. */
#include "sync/support/meeting.h"

static void acknowledged_means_durable(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "abc");
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 3);
    meeting_settle(m);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_APPLIED), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_REPLICATED), 3);
    assert_true(a->safe > 0);
    meeting_restart(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "abc");
}

static void one_can_wait_for_a_version_to_be_durable(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
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

static struct {
    sennit_storage below;
    bool full;
} faulty;

static sennit_status faulty_append(void *self, const char *name, const void *data, size_t len,
                                   uint64_t *ticket)
{
    return faulty.full ? SENNIT_EIO : faulty.below.append(self, name, data, len, ticket);
}

static sennit_status faulty_compact(void *self, const char *name, uint64_t through, const void *data,
                                    size_t len, uint64_t *ticket)
{
    return faulty.full ? SENNIT_EIO : faulty.below.compact(self, name, through, data, len, ticket);
}

static void storage_is_full(meeting *m)
{
    faulty.below = *m->storage;
    m->storage->append = faulty_append;
    m->storage->compact = faulty_compact;
    faulty.full = true;
}

static void what_could_not_be_stored_is_not_called_durable_until_it_is(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    storage_is_full(m);
    client_type(m, a, 0, "text");
    meeting_settle(m);
    client_cut(m, a);
    client_connect(m, a);
    meeting_pass_time(m, 3);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 4);
    client_has(b, "text"); /* editing goes on */
    faulty.full = false;
    meeting_pass_time(m, 3);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    meeting_restart(m);
    client *c = meeting_join(m, 2, "doc");
    client_has(c, "text");
}

static void a_document_that_could_not_be_stored_stays_open(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_hub_stat stat;

    storage_is_full(m);
    client_type(m, a, 0, "text");
    meeting_settle(m);
    client_cut(m, a);
    client_leave(a);
    m->now_ms += 60000;
    for (int i = 0; i < 50; i++, m->now_ms += 1000)
        sennit_hub_tick(m->hub, m->now_ms);
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.documents, 1);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "text");
    faulty.full = false;
}

static void what_was_applied_is_told_soon_though_it_is_not_durable(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    const void *data;
    size_t len;

    while (sennit_hub_next_ready(m->hub) != NULL)
        continue;
    storage_is_full(m);
    client_type(m, a, 0, "x");
    while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
        assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
    assert_null(sennit_hub_next_ready(m->hub)); /* it may have company in a moment */
    assert_in_range(sennit_hub_timeout(m->hub, m->now_ms), 1, 50);
    m->now_ms += sennit_hub_timeout(m->hub, m->now_ms);
    sennit_hub_tick(m->hub, m->now_ms);
    assert_ptr_equal(sennit_hub_next_ready(m->hub), a->connection);
    meeting_settle(m);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_APPLIED), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 1);
    faulty.full = false;
}

static void documents_nobody_is_at_are_unloaded_and_come_back(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
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
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(acknowledged_means_durable),
        EACH_MEETING(one_can_wait_for_a_version_to_be_durable),
        EACH_MEETING(what_could_not_be_stored_is_not_called_durable_until_it_is),
        EACH_MEETING(a_document_that_could_not_be_stored_stays_open),
        EACH_MEETING(what_was_applied_is_told_soon_though_it_is_not_durable),
        EACH_MEETING(documents_nobody_is_at_are_unloaded_and_come_back),
    };

    return RUN_TESTS(tests);
}
