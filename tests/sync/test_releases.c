/* The joining end and a server of a later release. */
#include <string.h>

#include "sync/message.h"
#include "sync/support/meeting.h"

static sennit_status say(meeting *m, client *c, const char *bytes, size_t len)
{
    return sennit_link_receive(c->link, bytes, len, m->now_ms);
}

static void what_a_later_server_says_is_passed_over(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } later[] = {
        {"\x92\x5a\x00", 3},                         /* about the connection */
        {"\x94\x5a\x01\xa1x\xc0", 6},                /* about the channel */
        {"\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x4d", 11},
        {"\x94\x06\x00\x05\xc3", 5},                 /* a pong with one element more */
        {"\x92\x5a\x01\x92\x0d\x00\x92\x5a\x4d", 9}, /* several */
    };
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "one");
    meeting_settle(m);
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        assert_int_equal(say(m, a, later[i].bytes, later[i].len), SENNIT_OK);
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_LIVE);
    client_type(m, a, 3, " two");
    meeting_settle(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "one two");
}

static void what_is_behind_it_in_a_frame_counts(void **state)
{
    static const char frame[] = "\x92\x5a\x01\x93\x05\x00\x07"; /* something, and a ping */
    static const char pong[] = "\x93\x06\x00\x07";
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    const void *data;
    size_t len;

    assert_int_equal(say(m, a, frame, sizeof frame - 1), SENNIT_OK);
    assert_int_equal(sennit_link_next_frame(a->link, m->now_ms, &data, &len), 1);
    assert_int_equal(len, sizeof pong - 1);
    assert_memory_equal(data, pong, len);
}

static void a_server_that_chooses_what_was_not_offered_is_left(void **state)
{
    static const uint64_t versions[] = {0, 2, 90, UINT64_MAX};
    static const uint8_t lineage[16] = {1};
    meeting *m = *state;

    for (unsigned i = 0; i < 4; i++) {
        client *c = meeting_client(m, i, NULL, "doc", "");
        const sn_message welcome = {
            .type = SN_WELCOME, .channel = 1,
            .n = {versions[i], SENNIT_EDIT, m->now_ms, 30000, 1u << 20, 1, 1, 0, 0},
            .s = {sn_bytes_of("", 0), sn_bytes_of(lineage, 16)}};
        const void *data;
        sennit_buf bytes;
        size_t len;

        client_connect(m, c);
        assert_int_equal(sennit_link_next_frame(c->link, m->now_ms, &data, &len), 1);
        sennit_buf_init(&bytes, NULL);
        assert_int_equal(sn_message_write(&welcome, &bytes), SENNIT_OK);
        assert_int_equal(say(m, c, (const char *)bytes.data, bytes.len), SENNIT_ECORRUPT);
        assert_int_not_equal(sennit_session_get_state(c->session), SENNIT_LIVE);
        sennit_buf_clear(&bytes);
        client_cut(m, c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(what_a_later_server_says_is_passed_over),
        EACH_MEETING(what_is_behind_it_in_a_frame_counts),
        EACH_MEETING(a_server_that_chooses_what_was_not_offered_is_left),
    };

    return RUN_TESTS(tests);
}
