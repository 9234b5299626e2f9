/* When what one types goes out to the others. */
#include "sync/support/meeting.h"

#include <string.h>

#define GATHER 70
#define SILENCE (2 * GATHER)
#define REST 6 /* of a room of three */

static int set_up(void **state)
{
    const sennit_hub_options options = {.gather_ms = GATHER};

    return meeting_begin(state, &options);
}


static uint64_t frames_out(const meeting *m)
{
    sennit_hub_stat stat;

    sennit_hub_get_stat(m->hub, &stat);
    return stat.frames_out;
}

/* Hand over what a client wrote, and not what waits for it. */
static void say(meeting *m, client *c)
{
    const void *data;
    size_t len;

    while (sennit_link_next_frame(c->link, m->now_ms, &data, &len) == 1)
        assert_ok(sennit_hub_receive(c->connection, data, len, m->now_ms));
}

static void type_and_say(meeting *m, client *c, const char *text)
{
    client_type(m, c, 0, text);
    say(m, c);
}

/* Take the frames of those that are ready, as a server does; how many there were. */
static unsigned listen(meeting *m)
{
    sennit_connection *ready;
    const void *data;
    unsigned n = 0;
    size_t len;

    while ((ready = sennit_hub_next_ready(m->hub)) != NULL) {
        client *c = sennit_connection_host(ready);

        for (; sennit_hub_next_frame(ready, &data, &len) == 1; n++)
            assert_ok(sennit_link_receive(c->link, data, len, m->now_ms));
    }
    return n;
}

/* Nothing has gone out for long, and nothing is due. */
static void rest(meeting *m)
{
    meeting_settle(m);
    m->now_ms += 1000;
    meeting_settle(m);
    while (sennit_hub_next_ready(m->hub) != NULL)
        ;
}

static void three_at(meeting *m, client **a, client **b, client **c)
{
    *a = meeting_join(m, 0, "doc");
    *b = meeting_join(m, 1, "doc");
    *c = meeting_join(m, 2, "doc");
    rest(m);
}

/* Time goes by, and the hub's host does what it asks for. */
static unsigned wait_ms(meeting *m, uint64_t ms)
{
    unsigned n = 0;

    for (; ms > 0; ms--) {
        m->now_ms++;
        if (sennit_hub_timeout(m->hub, m->now_ms) == 0)
            sennit_hub_tick(m->hub, m->now_ms);
        n += listen(m);
    }
    return n;
}

static void into_silence_an_edit_goes_out_at_once(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    assert_int_equal(listen(m), 2);
    client_has(b, "1");
    m->now_ms += SILENCE;
    type_and_say(m, b, "2");
    listen(m);
    client_has(c, "21");
}

static void what_comes_sooner_waits_for_the_next_one_after_the_rest(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    m->now_ms += 2;
    type_and_say(m, a, "2");
    assert_int_equal(listen(m), 0);
    m->now_ms += 2;
    type_and_say(m, b, "3");
    assert_int_equal(listen(m), 0);
    m->now_ms += REST - 4;
    type_and_say(m, a, "4");
    assert_int_equal(listen(m), 3); /* one frame for each, also for whoever wrote some of it */
    const client *all[] = {a, b, c};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(sennit_doc_known(all[i]->doc, sennit_doc_replica(a->doc)), 3);
        assert_int_equal(sennit_doc_known(all[i]->doc, sennit_doc_replica(b->doc)), 1);
    }
}

static void after_the_rest_it_still_waits_for_another(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    m->now_ms += REST + 1;
    type_and_say(m, a, "2");
    assert_int_equal(listen(m), 0);
    type_and_say(m, b, "3"); /* has company, so neither waits */
    assert_int_equal(listen(m), 3);
    assert_int_equal(sennit_doc_len(c->doc), 3);
}

static void the_more_are_there_the_longer_is_the_rest(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    for (unsigned i = 1; i < MEETING_CLIENTS; i++)
        meeting_join(m, i, "doc");
    rest(m);
    type_and_say(m, a, "1");
    listen(m);
    m->now_ms += 2 * REST; /* of eight it is more */
    type_and_say(m, a, "2");
    type_and_say(m, a, "3");
    assert_int_equal(listen(m), 0);
    m->now_ms += REST;
    type_and_say(m, a, "4");
    assert_int_equal(listen(m), MEETING_CLIENTS - 1);
}

static void nothing_waits_longer_than_silence(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    m->now_ms++;
    type_and_say(m, a, "2");
    assert_true(sennit_hub_timeout(m->hub, m->now_ms) <= SILENCE);
    wait_ms(m, SILENCE - 1);
    client_has(b, "1");
    wait_ms(m, 1);
    client_has(b, "21");
    client_has(c, "21");
}

static void rooms_wait_each_for_its_own(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "one"), *b = meeting_join(m, 1, "one");
    client *c = meeting_join(m, 2, "two"), *d = meeting_join(m, 3, "two");
    client *e = meeting_join(m, 4, "three"), *f = meeting_join(m, 5, "three");
    client *typists[] = {a, c, e};

    rest(m);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 3; i++, m->now_ms++) {
            type_and_say(m, typists[i], "x");
            assert_int_equal(listen(m), round == 0 ? 1 : 0);
        }
    client_has(b, "x");
    m->now_ms += REST - 5; /* since the first of "two" went out */
    type_and_say(m, c, "x"); /* takes along what waits in the middle */
    listen(m);
    client_has(b, "x");
    client_has(d, "xxx");
    client_has(f, "x");
    wait_ms(m, SILENCE);
    client_has(b, "xx");
    client_has(f, "xx");
}

static void several_wait_for_nobody(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    for (int i = 0; i < 3; i++) {
        type_and_say(m, i == 1 ? b : a, "x");
        assert_int_equal(listen(m), 0);
    }
    assert_ok(sennit_session_set_presence(c->session, "is no edit", 10));
    say(m, c);
    assert_int_equal(listen(m), 0);
    type_and_say(m, b, "x");
    assert_int_equal(listen(m), 3);
    assert_int_equal(sennit_doc_len(c->doc), 5);
}

static void much_waits_for_nobody(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;
    static char page[20000];

    memset(page, 'x', sizeof page - 1);
    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    type_and_say(m, a, page);
    assert_int_equal(listen(m), 2);
    assert_int_equal(sennit_doc_len(c->doc), sizeof page);
}

static void an_acknowledgement_takes_along_what_waits(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    type_and_say(m, b, "2");
    sennit_hub_tick(m->hub, m->now_ms); /* the storage has it: both authors are told */
    const uint64_t before = frames_out(m);
    listen(m);
    assert_int_equal(frames_out(m) - before, 2);
    client_has(a, "21");
    client_has(c, "1");
    assert_int_equal(wait_ms(m, SILENCE), 1); /* and what it had does not come again */
    client_has(c, "21");
    client_has(a, "21");
}

static void a_presence_waits_with_the_edit_before_it(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    client_type(m, a, 1, "2");
    assert_ok(sennit_session_set_presence(a->session, "behind 2", 8));
    say(m, a);
    assert_int_equal(listen(m), 0);
    wait_ms(m, SILENCE);
    client_has(b, "12");
    meeting_settle(m);
    assert_string_equal(b->shown, "behind 2");
    assert_string_equal(c->shown, "behind 2");
}

static void who_joins_meanwhile_lacks_nothing(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    type_and_say(m, a, "2");
    client *late = meeting_join(m, 3, "doc");
    client_has(late, "21");
    wait_ms(m, SILENCE);
    client_has(late, "21");
    client_has(b, "21");
}

static void a_clock_that_is_set_back_keeps_nothing(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    listen(m);
    type_and_say(m, a, "2");
    m->now_ms -= 30000;
    sennit_hub_tick(m->hub, m->now_ms);
    listen(m);
    client_has(b, "21");
    type_and_say(m, a, "3");
    assert_int_equal(listen(m), 0);
    wait_ms(m, SILENCE);
    client_has(c, "321");
}

/* The document is closed while something waits that there is nobody to send to. */
static void a_document_closes_over_what_waits(void **state)
{
    meeting *m = *state;
    client *a, *b, *c;

    m->options.unload_ms = 1;
    meeting_restart(m);
    three_at(m, &a, &b, &c);
    type_and_say(m, a, "1");
    type_and_say(m, a, "2");
    client_cut(m, b);
    client_cut(m, c);
    client_cut(m, a);
    m->now_ms++;
    for (int i = 0; i < 3; i++, m->now_ms += 2)
        sennit_hub_tick(m->hub, m->now_ms);
    m->now_ms += 1000;
    sennit_hub_tick(m->hub, m->now_ms);
    client_connect(m, b);
    meeting_settle(m);
    client_has(b, "21");
}

#define TEST_WITH(name) cmocka_unit_test_setup_teardown(name, set_up, meeting_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITH(into_silence_an_edit_goes_out_at_once),
        TEST_WITH(what_comes_sooner_waits_for_the_next_one_after_the_rest),
        TEST_WITH(after_the_rest_it_still_waits_for_another),
        TEST_WITH(the_more_are_there_the_longer_is_the_rest),
        TEST_WITH(nothing_waits_longer_than_silence),
        TEST_WITH(rooms_wait_each_for_its_own),
        TEST_WITH(several_wait_for_nobody),
        TEST_WITH(much_waits_for_nobody),
        TEST_WITH(an_acknowledgement_takes_along_what_waits),
        TEST_WITH(a_presence_waits_with_the_edit_before_it),
        TEST_WITH(who_joins_meanwhile_lacks_nothing),
        TEST_WITH(a_clock_that_is_set_back_keeps_nothing),
        TEST_WITH(a_document_closes_over_what_waits),
    };

    return RUN_TESTS(tests);
}
