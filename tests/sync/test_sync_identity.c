/* Whose operations are whose when a replica or a server was copied, or comes back from a backup. */
#include "sync/support/meeting.h"

static void a_copied_disk_goes_on_under_an_id_of_its_own(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "base ");
    meeting_settle(m);
    client *clone = meeting_client(m, 1, client_copy(m, a), "doc", "");
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
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "monday ");
    meeting_settle(m);
    sennit_doc *backup = client_copy(m, a);
    client_type(m, a, 7, "tuesday ");
    meeting_settle(m);
    client_leave(a); /* its machine is gone; the server finds out later */
    client *b = meeting_client(m, 1, backup, "doc", "");
    client_connect(m, b);
    meeting_settle(m);
    client_has(b, "monday tuesday ");
    client_type(m, b, 15, "friday");
    meeting_settle(m);
    client *c = meeting_join(m, 2, "doc");
    client_has(c, "monday tuesday friday");
}

static void one_that_comes_again_before_it_was_missed_goes_on_as_it_was(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
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
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "abcdef");
}

static void a_server_that_forgot_gets_everything_again(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    client_type(m, a, 0, "kept ");
    client_type(m, b, 0, "too ");
    meeting_settle(m);
    meeting_forget(m);
    client_connect(m, a); /* b stays away: a has its text */
    meeting_settle(m);
    assert_int_equal(a->restored, 1);
    client *c = meeting_join(m, 2, "doc");
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

static void a_seeded_text_is_nobodys_fork(void **state)
{
    meeting *m = *state;
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_doc *seeded;

    assert_ok(sennit_doc_seed(&options, "doc", 3, "seed", 4, &seeded));
    client *a = meeting_client(m, 0, seeded, "doc", "");
    client_connect(m, a);
    meeting_settle(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "seed");
    assert_int_equal(a->rebased + b->rebased, 0);
}

static void a_server_that_always_says_fork_is_left(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", "");
    sennit_event e;
    const void *data;
    size_t len;
    unsigned rebased = 0;

    client_type(m, a, 0, "abc");
    assert_ok(sennit_link_opened(a->link, m->now_ms));
    for (int i = 0; i < 50 && sennit_session_get_state(a->session) != SENNIT_REFUSED; i++) {
        const uint8_t channel = (uint8_t)(i + 1); /* each hello opens another */
        const uint8_t forked[] = {0x94, 7, channel, 0xcd, 0x11, 0x39, 0xa0};
        uint8_t none[12] = {0x93, 12, channel, 0xcf};
        uint64_t replica = sennit_doc_replica(a->doc);

        while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
            ;
        assert_ok(sennit_link_receive(a->link, forked, sizeof forked, m->now_ms));
        while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
            ;
        for (int k = 0; k < 8; k++)
            none[4 + k] = (uint8_t)(replica >> (56 - 8 * k));
        while (sennit_session_get_state(a->session) == SENNIT_GREETING &&
               replica == sennit_doc_replica(a->doc) &&
               sennit_link_receive(a->link, none, sizeof none, m->now_ms) == SENNIT_OK)
            while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
                ;
    }
    while (sennit_link_next_event(a->link, &e) == 1)
        rebased += e.kind == SENNIT_EVENT_REBASED;
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_REFUSED);
    assert_true(rebased > 0 && rebased < 10);
    client_has(a, "abc");
}

static void of_two_that_write_under_one_id_the_older_takes_another(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "base");
    meeting_settle(m);
    client *twin = meeting_client(m, 1, client_copy(m, a), "doc", ""); /* both stay connected */
    client_connect(m, twin);
    meeting_settle(m);
    assert_int_equal(a->rebased, 1);
    assert_int_equal(a->rebase.operations, 0);
    client_type(m, a, 4, "A");
    client_type(m, twin, 0, "T");
    meeting_settle(m);
    client_has(a, "TbaseA");
    client_has(twin, "TbaseA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(a_copied_disk_goes_on_under_an_id_of_its_own),
        EACH_MEETING(a_restored_backup_of_a_client_gets_its_own_text_back_once),
        EACH_MEETING(one_that_comes_again_before_it_was_missed_goes_on_as_it_was),
        EACH_MEETING(a_server_that_forgot_gets_everything_again),
        EACH_MEETING(unrelated_documents_under_one_name_do_not_mix),
        EACH_MEETING(a_seeded_text_is_nobodys_fork),
        EACH_MEETING(a_server_that_always_says_fork_is_left),
        EACH_MEETING(of_two_that_write_under_one_id_the_older_takes_another),
    };

    return RUN_TESTS(tests);
}
