/* Each allocation of the hub, and of a link, fails once: nobody crashes, nothing is
 * lost, and once there is memory again everybody ends with the same text. */
#include "support/failmem.h"
#include "sync/support/meeting.h"

#include <stdlib.h>
#include <string.h>

/* Seeded alike, so that they are of one document even if they never met. */
static void invite(meeting *m, unsigned i)
{
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_doc *doc;

    assert_ok(sennit_doc_seed(&options, "doc", 3, ".", 1, &doc));
    meeting_client(m, i, doc, "doc", "");
}

/* A letter for a letter, so that the text stays as long as it was. */
static void edit_from_outside(meeting *m)
{
    const sennit_edit one = {0, 1, "?", 1};
    sennit_buf version, out;
    sennit_doc *doc;

    sennit_buf_init(&version, NULL);
    sennit_buf_init(&out, NULL);
    sennit_status st = sennit_hub_document(m->hub, "doc", m->now_ms, &doc);
    if (st == SENNIT_OK)
        st = sennit_doc_version(doc, &version);
    if (st == SENNIT_OK)
        st = sennit_hub_edit(m->hub, "doc", m->now_ms, version.data, version.len, SENNIT_BYTES, &one,
                             1, &out, NULL);
    assert_true(st == SENNIT_OK || st == SENNIT_ENOMEM);
    sennit_buf_clear(&version);
    sennit_buf_clear(&out);
}

/* Two at one document; one leaves and comes back, a third has no replica yet. */
static void play(meeting *m)
{
    client *a = &m->clients[0], *b = &m->clients[1];

    client_connect(m, a);
    meeting_settle(m);
    client_type(m, a, 0, "hello ");
    meeting_settle(m);
    m->now_ms += 2000; /* what went round is let go of */
    meeting_settle(m);
    if (b->connection == NULL)
        client_connect(m, b);
    meeting_settle(m);
    (void)!sennit_session_set_presence(b->session, "here", 4);
    client_type(m, b, 0, "oh, ");
    meeting_settle(m);
    client_cut(m, a);
    client_type(m, a, 0, "> ");
    edit_from_outside(m);
    client_connect(m, a);
    meeting_settle(m);
}

/* Whoever was cut off comes again, until all is well. */
static void recover(meeting *m, unsigned n)
{
    for (int i = 0; i < 5; i++) {
        for (unsigned k = 0; k < n; k++)
            if (m->clients[k].connection == NULL)
                client_connect(m, &m->clients[k]);
        m->now_ms += 1000;
        meeting_settle(m);
    }
}

static void check(meeting *m)
{
    client *late = meeting_client(m, 2, NULL, "doc", "");
    sennit_buf text;

    recover(m, 3);
    sennit_buf_init(&text, NULL);
    assert_ok(sennit_doc_read(late->doc, 0, sennit_doc_len(late->doc), &text));
    assert_int_equal(text.len, 13);
    assert_ok(sennit_doc_read(m->clients[0].doc, 0, sennit_doc_len(m->clients[0].doc), &text));
    assert_ok(sennit_doc_read(m->clients[1].doc, 0, sennit_doc_len(m->clients[1].doc), &text));
    assert_int_equal(text.len, 39);
    assert_memory_equal(text.data, text.data + 13, 13);
    assert_memory_equal(text.data, text.data + 26, 13);
    assert_int_equal(sennit_session_unsafe(m->clients[0].session, SENNIT_DURABLE), 0);
    assert_int_equal(sennit_session_unsafe(m->clients[1].session, SENNIT_DURABLE), 0);
    sennit_buf_clear(&text);
}

static void the_hub_survives_each_of_its_allocations_failing(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        failmem mem;
        const sennit_alloc alloc = failmem_at(&mem, 0);
        sennit_hub_options options = {.alloc = &alloc};
        meeting m;

        meeting_open(&m, &options);
        m.may_fail = true;
        invite(&m, 0);
        invite(&m, 1);
        mem.fail_at = mem.calls + nth;
        play(&m);
        bool fired = mem.fired;
        mem.fail_at = 0;
        recover(&m, 2);
        check(&m);
        meeting_close(&m);
        assert_int_equal(mem.blocks, 0);
        if (!fired)
            break;
        assert_true(nth < 2000);
    }
}

static void a_link_survives_each_of_its_allocations_failing(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        failmem mem;
        const sennit_alloc alloc = failmem_at(&mem, 0);
        meeting m;

        meeting_open(&m, NULL);
        m.may_fail = true;
        m.link_alloc = &alloc;
        invite(&m, 0);
        invite(&m, 1);
        mem.fail_at = mem.calls + nth;
        play(&m);
        bool fired = mem.fired;
        mem.fail_at = 0;
        recover(&m, 2);
        check(&m);
        meeting_close(&m);
        assert_int_equal(mem.blocks, 0);
        if (!fired)
            break;
        assert_true(nth < 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hub_survives_each_of_its_allocations_failing),
        cmocka_unit_test(a_link_survives_each_of_its_allocations_failing),
    };

    return RUN_TESTS(tests);
}
