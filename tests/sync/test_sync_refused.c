/* What ends a channel or a connection. */
#include "sync/support/meeting.h"

#include <string.h>

static void garbage_closes_the_connection_and_nothing_else(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        sennit_fault fault;
    } frames[] = {
        {"\xc1", 1, SENNIT_FAULT_PROTOCOL},                     /* no msgpack */
        {"x", 1, SENNIT_FAULT_PROTOCOL},                        /* no array */
        {"\x90", 1, SENNIT_FAULT_PROTOCOL},                     /* no type */
        {"\x91\x05", 2, SENNIT_FAULT_PROTOCOL},                 /* no channel */
        {"\x93\x05\x00", 3, SENNIT_FAULT_PROTOCOL},             /* cut off */
        {"\x92\x05\x00", 3, SENNIT_FAULT_PROTOCOL},             /* a ping without a number */
        {"\x93\x05\x00\xa1x", 5, SENNIT_FAULT_PROTOCOL},       /* whose number is a string */
        {"\x93\x05\x00\x90", 4, SENNIT_FAULT_PROTOCOL},        /* or an array */
        {"\xdd\xff\xff\xff\xff", 5, SENNIT_FAULT_PROTOCOL},    /* four billion elements */
        {"\xdc\xff\xff\x05\x00", 5, SENNIT_FAULT_PROTOCOL},    /* 65,535 of them */
        {"\x92\x63\x00", 3, SENNIT_FAULT_VERSION},              /* a type that is not known */
        {"\x92\x00\x01", 3, SENNIT_FAULT_PROTOCOL},             /* a hello that says nothing */
        {"\x92\x08\x00", 3, SENNIT_FAULT_PROTOCOL},             /* leaving the connection */
    };
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "safe");
    meeting_settle(m);
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        sennit_connection *bad;

        assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &bad));
        assert_int_not_equal(sennit_hub_receive(bad, frames[i].bytes, frames[i].len, m->now_ms), SENNIT_OK);
        assert_int_equal(sennit_connection_fault(bad, NULL), frames[i].fault);
        sennit_hub_disconnect(bad, m->now_ms);
    }
    client_type(m, a, 4, "!");
    meeting_settle(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "safe!");
}

/* A client without a library: frames by hand. The hello of somebody with nothing but
 * a lineage. */
static size_t write_hello(uint8_t hello[64], uint8_t channel, const char *name, const sennit_doc *doc)
{
    const uint8_t head[] = {0x9c, 0, channel, 1, 1, (uint8_t)(0xa0 | strlen(name))};
    uint8_t *p = hello + sizeof head;

    memcpy(hello, head, sizeof head);
    memcpy(p, name, strlen(name));
    p += strlen(name);
    memcpy(p, "\xc4\x10", 2);
    sennit_doc_lineage(doc, p + 2);
    memcpy(p + 18, "\x00\x00\x00\xc4\x00\xa0\x00", 7); /* replica .. incarnation */
    return (size_t)(p + 25 - hello);
}

static sennit_connection *stranger(meeting *m, const char *name, const sennit_doc *doc)
{
    uint8_t hello[64];
    sennit_connection *c;
    const void *data;
    size_t len = write_hello(hello, 1, name, doc);

    assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &c));
    assert_ok(sennit_hub_receive(c, hello, len, m->now_ms));
    assert_int_equal(sennit_hub_next_frame(c, &data, &len), 1);
    return c;
}

/* What is under way on the one would be taken for what comes on the other. */
static void the_number_of_a_channel_is_used_once_on_a_connection(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    uint8_t hello[64];
    size_t len;

    for (uint8_t again = 0; again <= 1; again++) {
        sennit_connection *c = stranger(m, "doc", a->doc);

        len = write_hello(hello, 3, "doc", a->doc);
        assert_ok(sennit_hub_receive(c, "\x92\x08\x01", 3, m->now_ms)); /* it leaves the first */
        assert_ok(sennit_hub_receive(c, hello, len, m->now_ms));
        len = write_hello(hello, again ? 3 : 1, "doc", a->doc);
        assert_int_equal(sennit_hub_receive(c, hello, len, m->now_ms), SENNIT_ECLOSED);
        assert_int_equal(sennit_connection_fault(c, NULL), SENNIT_FAULT_PROTOCOL);
        sennit_hub_disconnect(c, m->now_ms);
    }
}

/* A delta message of one delta of less than 256 bytes. */
static sennit_status hand_over(meeting *m, sennit_connection *c, uint8_t serial, const sennit_buf *delta)
{
    uint8_t frame[300] = {0x94, 2, 1, serial, 0xc4, (uint8_t)delta->len};

    memcpy(frame + 6, delta->data, delta->len);
    return sennit_hub_receive(c, frame, 6 + delta->len, m->now_ms);
}

static sennit_doc *doc_at(meeting *m, uint64_t ms, const char *text, sennit_buf *delta)
{
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_doc *doc;

    assert_ok(sennit_doc_new(&options, &doc));
    sennit_doc_set_time(doc, ms);
    assert_ok(sennit_doc_insert(doc, 0, text, strlen(text)));
    sennit_buf_init(delta, NULL);
    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, delta, NULL));
    return doc;
}

static void a_serial_that_does_not_follow_ends_the_connection(void **state)
{
    meeting *m = *state;
    sennit_connection *c;
    sennit_buf delta;
    sennit_doc *doc = doc_at(m, m->now_ms, "hi", &delta);

    c = stranger(m, "doc", doc);
    assert_int_not_equal(hand_over(m, c, 2, &delta), SENNIT_OK);
    assert_int_equal(sennit_connection_fault(c, NULL), SENNIT_FAULT_PROTOCOL);
    sennit_hub_disconnect(c, m->now_ms);
    sennit_buf_clear(&delta);
    sennit_doc_free(doc);
}

static void a_time_from_the_future_is_refused_at_the_door(void **state)
{
    meeting *m = *state;

    for (int late = 0; late < 2; late++) {
        sennit_connection *c;
        sennit_buf delta;
        sennit_doc *doc = doc_at(m, m->now_ms + (late ? 61000 : 59000), "hi", &delta), *there;
        const char *name = late ? "late" : "soon";

        c = stranger(m, name, doc);
        assert_ok(hand_over(m, c, 1, &delta));
        sennit_status st = sennit_hub_document(m->hub, name, m->now_ms, &there);
        assert_ok(st);
        assert_int_equal(sennit_doc_len(there), late ? 0 : 2);
        sennit_hub_disconnect(c, m->now_ms);
        sennit_buf_clear(&delta);
        sennit_doc_free(doc);
    }
}

static void who_sends_too_much_too_fast_is_closed(void **state)
{
    sennit_hub_options options = {.max_rate = 1000};
    uint8_t ping[] = {0x93, 5, 0, 1};
    meeting *m = *state;
    sennit_connection *c;
    unsigned taken = 0;

    meeting_close(m);
    meeting_open(m, &options);
    assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &c));
    for (; taken < 5000 && sennit_hub_receive(c, ping, sizeof ping, m->now_ms) == SENNIT_OK; taken++) {
        const void *data;
        size_t len;

        while (sennit_hub_next_frame(c, &data, &len) == 1)
            ;
    }
    assert_int_equal(taken, 2500); /* ten seconds' worth */
    assert_int_equal(sennit_connection_fault(c, NULL), SENNIT_FAULT_RATE);
    sennit_hub_disconnect(c, m->now_ms);
}

/* A few bytes may ask for work on all of a document. */
static void who_asks_for_too_much_too_fast_is_closed(void **state)
{
    sennit_hub_options options = {.max_rate = 1000};
    uint8_t probe[] = {0x94, 11, 1, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0, 0xcd, 10000 >> 8, 10000 & 255};
    char text[10001];
    meeting *m = *state;
    unsigned taken = 0;

    meeting_close(m);
    meeting_open(m, &options);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    client *a = meeting_join(m, 0, "doc");
    for (unsigned i = 0; i < 5; i++, m->now_ms += 10000) {
        client_type(m, a, 0, text + 8000);
        meeting_settle(m);
    }
    for (unsigned i = 0; i < 8; i++)
        probe[4 + i] = (uint8_t)(sennit_doc_replica(a->doc) >> (56 - 8 * i));
    sennit_connection *c = stranger(m, "doc", a->doc);
    while (taken < 1000 && sennit_hub_receive(c, probe, sizeof probe, m->now_ms) == SENNIT_OK) {
        const void *data;
        size_t len;

        while (sennit_hub_next_frame(c, &data, &len) == 1)
            taken++;
    }
    assert_in_range(taken, 40, 60);
    assert_int_equal(sennit_connection_fault(c, NULL), SENNIT_FAULT_RATE);
    sennit_hub_disconnect(c, m->now_ms);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(garbage_closes_the_connection_and_nothing_else),
        EACH_MEETING(the_number_of_a_channel_is_used_once_on_a_connection),
        EACH_MEETING(a_serial_that_does_not_follow_ends_the_connection),
        EACH_MEETING(a_time_from_the_future_is_refused_at_the_door),
        EACH_MEETING(who_sends_too_much_too_fast_is_closed),
        EACH_MEETING(who_asks_for_too_much_too_fast_is_closed),
        EACH_MEETING(a_connection_that_says_nothing_is_closed),
    };

    return RUN_TESTS(tests);
}
