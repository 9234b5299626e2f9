/* Links and a hub that hand each other frames: what users see of it. */
#include "sync/support/meeting.h"

#include <stdlib.h>
#include <string.h>

static void what_one_types_the_others_read(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc"), *other = meeting_join(m, 2, "else");

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
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

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

static void a_peer_that_does_not_read_gets_one_delta_when_it_does(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *slow = meeting_join(m, 1, "doc");
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
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    assert_ok(sennit_session_set_presence(a->session, "cursor", 6));
    meeting_settle(m);
    assert_string_equal(b->shown, "cursor");
    client *late = meeting_join(m, 2, "doc");
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
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    assert_ok(sennit_session_set_presence(a->session, "cursor", 6));
    meeting_settle(m);
    for (int i = 0; i < 70; i++) {
        m->now_ms += 1000;
        meeting_settle(m);
    }
    assert_string_equal(b->shown, "-");
    assert_int_equal(sennit_session_get_state(b->session), SENNIT_LIVE); /* pings kept it */
}

static void a_clock_that_is_ahead_is_corrected_before_anything_is_sent(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", ""), *b = meeting_join(m, 1, "doc");
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

static void a_text_longer_than_a_frame_goes_in_parts(void **state)
{
    sennit_hub_options options = {.max_frame = 64000};
    meeting *m = *state;
    size_t len = 300000;
    char *text = malloc(len + 1);

    meeting_close(m);
    meeting_open(m, &options);
    m->longest = options.max_frame; /* either way */
    client *a = meeting_join(m, 0, "doc");
    memset(text, 'y', len);
    text[len] = '\0';
    client_type(m, a, 0, "<>");
    meeting_settle(m);
    client_type(m, a, 1, text);
    meeting_settle(m);
    assert_int_equal(a->refused, 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    client *b = meeting_join(m, 1, "doc");
    assert_int_equal(sennit_doc_len(b->doc), len + 2);
    free(text);
}

static void a_frame_that_comes_amid_a_transaction_can_be_given_again(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
    const void *data;
    size_t len;

    client_type(m, a, 0, "hello");
    assert_int_equal(sennit_link_next_frame(a->link, m->now_ms, &data, &len), 1);
    assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
    assert_int_equal(sennit_hub_next_frame(b->connection, &data, &len), 1);
    assert_ok(sennit_doc_begin(b->doc));
    assert_int_equal(sennit_link_receive(b->link, data, len, m->now_ms), SENNIT_EBUSY);
    assert_ok(sennit_doc_commit(b->doc));
    assert_ok(sennit_link_receive(b->link, data, len, m->now_ms));
    meeting_settle(m);
    client_has(b, "hello");
}

static void a_clock_that_was_set_right_needs_no_correction_any_more(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", "");
    const void *data;
    sennit_change change;
    size_t len, at = 0;

    for (int late = 1; late >= 0; late--) { /* an hour slow, then right */
        uint64_t mine = m->now_ms - (late ? 3600000 : 0);

        assert_ok(sennit_hub_connect(m->hub, a, m->now_ms, &a->connection));
        assert_ok(sennit_link_opened(a->link, mine));
        assert_int_equal(sennit_link_next_frame(a->link, mine, &data, &len), 1);
        assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
        assert_int_equal(sennit_hub_next_frame(a->connection, &data, &len), 1);
        assert_ok(sennit_link_receive(a->link, data, len, mine));
        if (late)
            client_cut(m, a);
    }
    client_type(m, a, 0, "x");
    meeting_settle(m);
    assert_int_equal(a->clock, 1);
    assert_int_equal(sennit_doc_next_change(a->doc, &at, &change), 1);
    assert_true(change.unix_ms == m->now_ms);
}

static void what_one_typed_does_not_come_back_to_it(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
    sennit_hub_stat stat;

    (void)b;
    for (int i = 0; i < 3; i++) {
        client_type(m, a, 0, "x");
        meeting_settle(m);
    }
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.deltas_in, 3);
    assert_int_equal(stat.deltas_out, 3); /* to b; none to a */
}

/* Half of a wait is drawn by chance, lest all who were cut off come back at a time. */
static void who_cannot_connect_waits_longer_each_time(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", "");
    uint32_t longest = 250, drawn = 0;

    for (unsigned i = 0; i < 20; i++) {
        const uint32_t wait = sennit_link_closed(a->link, m->now_ms);

        assert_in_range(wait, longest / 2, longest);
        drawn += wait != longest && wait != longest / 2;
        longest = longest < 15000 ? 2 * longest : 30000;
    }
    assert_true(drawn > 0);
    client_connect(m, a);
    meeting_settle(m);
    assert_in_range(sennit_link_closed(a->link, m->now_ms), 125, 250);
    assert_in_range(sennit_link_closed(a->link, m->now_ms), 250, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(what_one_types_the_others_read),
        EACH_MEETING(both_ends_send_what_the_other_lacks),
        EACH_MEETING(a_peer_that_does_not_read_gets_one_delta_when_it_does),
        EACH_MEETING(presence_is_shown_to_the_others_and_goes_with_its_session),
        EACH_MEETING(a_presence_that_is_not_renewed_expires),
        EACH_MEETING(a_clock_that_is_ahead_is_corrected_before_anything_is_sent),
        EACH_MEETING(a_text_longer_than_a_frame_goes_in_parts),
        EACH_MEETING(a_frame_that_comes_amid_a_transaction_can_be_given_again),
        EACH_MEETING(a_clock_that_was_set_right_needs_no_correction_any_more),
        EACH_MEETING(what_one_typed_does_not_come_back_to_it),
        EACH_MEETING(who_cannot_connect_waits_longer_each_time),
    };

    return RUN_TESTS(tests);
}
