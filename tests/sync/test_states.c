/* What each message does in each state, at both ends: every cell of their tables. A
 * state or a message that is added has no expectation, and fails. */
#include "core/doc/doc.h"
#include "support/cm.h"
#include "support/doc.h"
#include "sync/hub.h"
#include "sync/link.h"

#include <string.h>

#define NOW 1800000000000u

typedef enum fate {
    FATE_UNKNOWN = 0, /* nobody said what is to happen */
    ENDS,             /* out of turn: the connection is closed */
    LEFT,             /* passes, and changes nothing */
    DOES              /* does something */
} fate;

/* What an end is in: memory that is looked at before and after. */
typedef struct looked {
    uint8_t bytes[16384];
    size_t len;
} looked;

static void look_at(looked *l, const void *data, size_t len)
{
    assert_true(l->len + len <= sizeof l->bytes);
    if (len > 0)
        memcpy(l->bytes + l->len, data, len);
    l->len += len;
}

static void assert_fate(fate expected, sennit_status st, const looked *before, const looked *after,
                        unsigned state, unsigned message)
{
    const bool same = before->len == after->len && memcmp(before->bytes, after->bytes, before->len) == 0;
    const fate got = st == SENNIT_ECORRUPT ? ENDS : st != SENNIT_OK && st != SENNIT_ECLOSED ? FATE_UNKNOWN
                     : same ? LEFT : DOES;

    if (got != expected)
        fail_msg("in state %u message %u: fate %d, not %d (status %d)", state, message, got, expected, st);
}

static sn_bytes bytes_of(const sennit_buf *buf)
{
    return sn_bytes_of(buf->data, buf->len);
}

/* ---- The joining end ---- */

#define SEARCHING (SN_SESSION_STATES - 1)

static const fate session_fates[SN_SESSION_STATES][SN_MESSAGE_TYPES] = {
    [SENNIT_OFFLINE] = {[SN_HELLO] = ENDS, [SN_WELCOME] = ENDS, [SN_DELTA] = ENDS, [SN_ACK] = ENDS,
                        [SN_PRESENCE] = ENDS, [SN_PING] = ENDS, [SN_PONG] = ENDS, [SN_ERROR] = ENDS,
                        [SN_LEAVE] = ENDS, [SN_WANT] = ENDS, [SN_VOID] = ENDS, [SN_PROBE] = ENDS,
                        [SN_DIGESTS] = ENDS},
    [SENNIT_GREETING] = {[SN_HELLO] = ENDS, [SN_WELCOME] = DOES, [SN_DELTA] = ENDS, [SN_ACK] = ENDS,
                         [SN_PRESENCE] = ENDS, [SN_PING] = ENDS, [SN_PONG] = ENDS, [SN_ERROR] = DOES,
                         [SN_LEAVE] = ENDS, [SN_WANT] = ENDS, [SN_VOID] = ENDS, [SN_PROBE] = ENDS,
                         [SN_DIGESTS] = ENDS},
    [SENNIT_LIVE] = {[SN_HELLO] = ENDS, [SN_WELCOME] = ENDS, [SN_DELTA] = DOES, [SN_ACK] = DOES,
                     [SN_PRESENCE] = DOES, [SN_PING] = ENDS, [SN_PONG] = ENDS, [SN_ERROR] = DOES,
                     [SN_LEAVE] = ENDS, [SN_WANT] = DOES, [SN_VOID] = DOES, [SN_PROBE] = ENDS,
                     [SN_DIGESTS] = ENDS},
    [SENNIT_REFUSED] = {[SN_HELLO] = ENDS, [SN_WELCOME] = ENDS, [SN_DELTA] = ENDS, [SN_ACK] = ENDS,
                        [SN_PRESENCE] = ENDS, [SN_PING] = ENDS, [SN_PONG] = ENDS, [SN_ERROR] = ENDS,
                        [SN_LEAVE] = ENDS, [SN_WANT] = ENDS, [SN_VOID] = ENDS, [SN_PROBE] = ENDS,
                        [SN_DIGESTS] = ENDS},
    [SEARCHING] = {[SN_HELLO] = ENDS, [SN_WELCOME] = ENDS, [SN_DELTA] = LEFT, [SN_ACK] = LEFT,
                   [SN_PRESENCE] = LEFT, [SN_PING] = ENDS, [SN_PONG] = ENDS, [SN_ERROR] = DOES,
                   [SN_LEAVE] = ENDS, [SN_WANT] = LEFT, [SN_VOID] = LEFT, [SN_PROBE] = ENDS,
                   [SN_DIGESTS] = DOES},
};

/* A session whose document has something of its own and of somebody else's. */
typedef struct joining {
    rng r;
    sennit_doc *doc, *other;
    sennit_link *link;
    sennit_session *session;
    sennit_buf version, more; /* of the other, and what it makes later */
    uint8_t lineage[16];
    sn_item item;
} joining;

static void joining_open(joining *j)
{
    sennit_options options;
    sennit_link_options link = {.size = sizeof link};

    memset(j, 0, sizeof *j);
    j->r = rng_seed(3);
    options = doc_options(&j->r);
    j->other = doc_new(&options);
    j->doc = doc_new(&options);
    sennit_doc_set_time(j->other, NOW);
    sennit_doc_set_time(j->doc, NOW);
    assert_ok(sennit_doc_insert(j->other, 0, "one", 3));
    doc_catch_up(j->doc, j->other);
    assert_ok(sennit_doc_insert(j->doc, 0, "two", 3));
    sennit_buf_init(&j->version, NULL);
    sennit_buf_init(&j->more, NULL);
    doc_version(j->other, &j->version);
    assert_ok(sennit_doc_insert(j->other, 3, "more", 4));
    assert_ok(sennit_doc_delta(j->other, j->version.data, j->version.len, NULL, &j->more, NULL));
    sennit_doc_lineage(j->doc, j->lineage);
    assert_ok(sennit_link_new(&link, &j->link));
    assert_ok(sennit_session_open(j->link, j->doc, "doc", "", &j->session));
}

static void joining_close(joining *j)
{
    sennit_link_free(j->link);
    sennit_doc_free(j->doc);
    sennit_doc_free(j->other);
    sennit_buf_clear(&j->version);
    sennit_buf_clear(&j->more);
}

/* A message as a server would say it then. */
static sn_message server_says(joining *j, sn_message_type type)
{
    sn_message m = {.type = type, .channel = j->session->channel, .items = &j->item};

    m.s[SN_PRESENCE_USER] = sn_bytes_of("", 0); /* also of an error: its text */
    switch (type) {
    case SN_WELCOME:
        m.n[SN_WELCOME_PROTOCOL] = SENNIT_PROTOCOL;
        m.n[SN_WELCOME_PERMISSION] = SENNIT_EDIT;
        m.n[SN_WELCOME_TIME] = NOW;
        m.n[SN_WELCOME_FRAME] = 1 << 20;
        m.s[SN_WELCOME_VERSION] = bytes_of(&j->version);
        m.s[SN_WELCOME_LINEAGE] = sn_bytes_of(j->lineage, sizeof j->lineage);
        break;
    case SN_DELTA:
        m.n[SN_DELTA_SERIAL] = 1;
        j->item.bytes = bytes_of(&j->more);
        m.items_len = 1;
        break;
    case SN_ERROR: m.n[SN_ERROR_FAULT] = SENNIT_FAULT_NAME; break;
    case SN_WANT: m.n[SN_WANT_REPLICA] = sennit_doc_replica(j->other); break;
    case SN_VOID: m.n[SN_VOID_REPLICA] = sennit_doc_replica(j->other); break;
    case SN_DIGESTS: m.n[SN_PROBE_REPLICA] = sennit_doc_replica(j->doc); break;
    default: break;
    }
    return m;
}

static void joining_say(joining *j)
{
    const void *data;
    size_t len;

    while (sennit_link_next_frame(j->link, NOW, &data, &len) == 1)
        ;
}

static void joining_hear(joining *j, sn_message_type type, sennit_fault fault)
{
    sn_message m = server_says(j, type);

    if (type == SN_ERROR)
        m.n[SN_ERROR_FAULT] = fault;
    assert_ok(sn_session_take(j->session, &m, NOW));
    joining_say(j);
}

static void joining_enter(joining *j, unsigned state)
{
    if (state == SENNIT_OFFLINE)
        return;
    assert_ok(sennit_link_opened(j->link, NOW));
    joining_say(j);
    if (state == SENNIT_LIVE)
        joining_hear(j, SN_WELCOME, 0);
    else if (state == SENNIT_REFUSED)
        joining_hear(j, SN_ERROR, SENNIT_FAULT_NAME);
    else if (state == SEARCHING)
        joining_hear(j, SN_ERROR, SENNIT_FAULT_FORKED);
}

static void joining_look(const joining *j, looked *l)
{
    l->len = 0;
    look_at(l, j->session, sizeof *j->session);
    look_at(l, &j->link->events_len, sizeof j->link->events_len);
    look_at(l, &j->doc->calls, sizeof j->doc->calls);
}

static void each_message_in_each_state_of_a_session(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SN_SESSION_STATES; s++)
        for (unsigned type = 0; type < SN_MESSAGE_TYPES; type++) {
            static looked before, after;
            joining j;

            joining_open(&j);
            joining_enter(&j, s);
            assert_int_equal(s == SEARCHING ? SENNIT_GREETING : s, j.session->state);
            sn_message m = server_says(&j, (sn_message_type)type);
            joining_look(&j, &before);
            sennit_status st = sn_session_take(j.session, &m, NOW);
            joining_look(&j, &after);
            assert_fate(session_fates[s][type], st, &before, &after, s, type);
            joining_close(&j);
        }
}

/* A frame of so many times the same error. */
static void joining_is_told(joining *j, sennit_fault fault, unsigned times)
{
    sn_message m = server_says(j, SN_ERROR);
    sennit_buf frame;

    m.n[SN_ERROR_FAULT] = fault;
    sennit_buf_init(&frame, NULL);
    while (times-- > 0)
        assert_ok(sn_message_write(&m, &frame));
    assert_ok(sennit_link_receive(j->link, frame.data, frame.len, NOW));
    sennit_buf_clear(&frame);
}

/* Told twice, the second would stand for an answer to a hello that was not said: the
 * replica would look where its ways part, and issue anew what its copy sends as well. */
static void who_gives_way_to_a_copy_hears_no_more_on_that_channel(void **state)
{
    joining j;

    (void)state;
    joining_open(&j);
    joining_enter(&j, SENNIT_LIVE);
    const uint64_t channel = j.session->channel, replica = sennit_doc_replica(j.doc);
    joining_is_told(&j, SENNIT_FAULT_FORKED, 2);
    assert_int_equal(j.session->state, SENNIT_GREETING);
    assert_false(j.session->searching);
    assert_true(j.session->retry_ms > NOW);
    joining_say(&j);
    assert_int_equal(j.session->channel, 0);
    assert_true(sennit_doc_replica(j.doc) == replica);

    j.session->retry_ms = NOW;
    joining_say(&j);
    assert_true(j.session->channel > channel);
    joining_hear(&j, SN_WELCOME, 0);
    assert_int_equal(j.session->state, SENNIT_LIVE);
    joining_close(&j);
}

/* ---- The serving end ---- */

static const fate channel_fates[SN_CHANNEL_STATES][SN_MESSAGE_TYPES] = {
    [SN_CHANNEL_FORKED] = {[SN_HELLO] = ENDS, [SN_WELCOME] = ENDS, [SN_DELTA] = LEFT, [SN_ACK] = ENDS,
                           [SN_PRESENCE] = LEFT, [SN_PING] = ENDS, [SN_PONG] = ENDS, [SN_ERROR] = ENDS,
                           [SN_LEAVE] = DOES, [SN_WANT] = LEFT, [SN_VOID] = LEFT, [SN_PROBE] = DOES,
                           [SN_DIGESTS] = ENDS},
    [SN_CHANNEL_LIVE] = {[SN_HELLO] = ENDS, [SN_WELCOME] = ENDS, [SN_DELTA] = DOES, [SN_ACK] = ENDS,
                         [SN_PRESENCE] = DOES, [SN_PING] = ENDS, [SN_PONG] = ENDS, [SN_ERROR] = ENDS,
                         [SN_LEAVE] = DOES, [SN_WANT] = DOES, [SN_VOID] = DOES, [SN_PROBE] = DOES,
                         [SN_DIGESTS] = ENDS},
};

typedef struct serving {
    joining j; /* whose document it is */
    sennit_storage *storage;
    sennit_hub *hub;
    sennit_connection *connection;
} serving;

static void serving_open(serving *s)
{
    const void *data;
    size_t len;

    joining_open(&s->j);
    sennit_hub_options options = {.size = sizeof options, .random = rng_random, .random_self = &s->j.r};
    assert_ok(sennit_storage_memory(NULL, &s->storage));
    options.storage = s->storage;
    assert_ok(sennit_hub_new(&options, &s->hub));
    assert_ok(sennit_hub_connect(s->hub, NULL, NOW, &s->connection));
    assert_ok(sennit_link_opened(s->j.link, NOW));
    assert_int_equal(sennit_link_next_frame(s->j.link, NOW, &data, &len), 1);
    assert_ok(sennit_hub_receive(s->connection, data, len, NOW));
    while (sennit_hub_next_frame(s->connection, &data, &len) == 1)
        ;
}

static void serving_close(serving *s)
{
    sennit_hub_free(s->hub);
    sennit_storage_close(s->storage);
    joining_close(&s->j);
}

/* A message as that client would say it then. */
static sn_message client_says(serving *s, sn_message_type type, sennit_buf *delta)
{
    sn_message m = {.type = type, .channel = 1, .items = &s->j.item};
    static const char here[] = "here";

    m.s[SN_PRESENCE_USER] = sn_bytes_of("", 0);
    if (type == SN_DELTA) {
        assert_ok(sennit_doc_delta(s->j.doc, NULL, 0, NULL, delta, NULL));
        m.n[SN_DELTA_SERIAL] = 1;
        s->j.item.bytes = bytes_of(delta);
        m.items_len = 1;
    } else if (type == SN_PRESENCE) {
        m.s[SN_PRESENCE_STATE] = sn_bytes_of(here, sizeof here);
    } else if (type == SN_VOID || type == SN_PROBE || type == SN_WANT) {
        m.n[0] = 77; /* a replica that nobody knows */
    }
    return m;
}

static void serving_look(const serving *s, looked *l)
{
    const sn_channel *c = s->connection->channels;

    l->len = 0;
    if (c == NULL)
        return;
    look_at(l, c, sizeof *c);
    look_at(l, &s->connection->out.len, sizeof s->connection->out.len);
    look_at(l, &s->hub->events_len, sizeof s->hub->events_len);
    look_at(l, &c->room->doc->calls, sizeof c->room->doc->calls);
    look_at(l, &c->room->owners.len, sizeof c->room->owners.len);
}

static void each_message_in_each_state_of_a_channel(void **state)
{
    (void)state;
    for (unsigned at = 0; at < SN_CHANNEL_STATES; at++)
        for (unsigned type = 0; type < SN_MESSAGE_TYPES; type++) {
            static looked before, after;
            sennit_buf delta;
            serving s;

            serving_open(&s);
            sennit_buf_init(&delta, NULL);
            s.connection->channels->state = (sn_channel_state)at;
            sn_message m = client_says(&s, (sn_message_type)type, &delta);
            serving_look(&s, &before);
            sennit_status st = sn_channel_take(s.connection->channels, &m);
            serving_look(&s, &after);
            assert_fate(channel_fates[at][type], st, &before, &after, at, type);
            sennit_buf_clear(&delta);
            serving_close(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_in_each_state_of_a_session),
        cmocka_unit_test(each_message_in_each_state_of_a_channel),
        cmocka_unit_test(who_gives_way_to_a_copy_hears_no_more_on_that_channel),
    };

    return RUN_TESTS(tests);
}
