#include "sync/support/meeting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void meeting_open(meeting *m, const sennit_hub_options *options)
{
    memset(m, 0, sizeof *m);
    m->now_ms = 1800000000000;
    m->chance = rng_seed(7);
    if (options != NULL)
        m->options = *options;
    m->options.size = sizeof m->options;
    m->options.random = rng_random;
    m->options.random_self = &m->chance;
    assert_int_equal(sennit_storage_memory(NULL, &m->storage), SENNIT_OK);
    m->options.storage = m->storage;
    assert_int_equal(sennit_hub_new(&m->options, &m->hub), SENNIT_OK);
}

void meeting_restart(meeting *m)
{
    for (unsigned i = 0; i < MEETING_CLIENTS; i++)
        client_cut(m, &m->clients[i]);
    sennit_hub_free(m->hub);
    assert_int_equal(sennit_hub_new(&m->options, &m->hub), SENNIT_OK);
}

void meeting_forget(meeting *m)
{
    for (unsigned i = 0; i < MEETING_CLIENTS; i++)
        client_cut(m, &m->clients[i]);
    sennit_hub_free(m->hub);
    sennit_storage_close(m->storage);
    assert_ok(sennit_storage_memory(NULL, &m->storage));
    m->options.storage = m->storage;
    m->options.restored = 1;
    assert_ok(sennit_hub_new(&m->options, &m->hub));
}

void client_leave(client *c)
{
    sennit_link_free(c->link);
    sennit_doc_free(c->doc);
    memset(c, 0, sizeof *c);
}

sennit_doc *client_copy(meeting *m, const client *c)
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

void meeting_close(meeting *m)
{
    sennit_hub_free(m->hub);
    for (unsigned i = 0; i < MEETING_CLIENTS; i++)
        client_leave(&m->clients[i]);
    sennit_storage_close(m->storage);
    memset(m, 0, sizeof *m);
}

int meeting_begin(void **state, const sennit_hub_options *options)
{
    meeting *m = malloc(sizeof *m);

    assert_non_null(m);
    *state = m;
    meeting_open(m, options);
    return 0;
}

int meeting_set_up(void **state)
{
    return meeting_begin(state, NULL);
}

int meeting_tear_down(void **state)
{
    meeting_close(*state);
    free(*state);
    return 0;
}

client *meeting_client(meeting *m, unsigned i, sennit_doc *doc, const char *name, const char *token)
{
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_link_options link = {.size = sizeof link, .alloc = m->link_alloc};
    client *c = &m->clients[i];

    if (doc == NULL)
        assert_int_equal(sennit_doc_new(&options, &doc), SENNIT_OK);
    c->doc = doc;
    assert_int_equal(sennit_link_new(&link, &c->link), SENNIT_OK);
    assert_int_equal(sennit_session_open(c->link, doc, name, token, &c->session), SENNIT_OK);
    return c;
}

client *meeting_join(meeting *m, unsigned i, const char *name)
{
    client *c = meeting_client(m, i, NULL, name, "");

    sennit_doc_set_time(c->doc, m->now_ms);
    client_connect(m, c);
    meeting_settle(m);
    assert_int_equal(sennit_session_get_state(c->session), SENNIT_LIVE);
    return c;
}

void client_connect(meeting *m, client *c)
{
    sennit_status st = sennit_hub_connect(m->hub, c, m->now_ms, &c->connection);

    if (m->may_fail && st != SENNIT_OK)
        return;
    assert_int_equal(st, SENNIT_OK);
    assert_int_equal(sennit_link_opened(c->link, m->now_ms), SENNIT_OK);
}

void client_cut(meeting *m, client *c)
{
    if (c->connection == NULL)
        return;
    sennit_hub_disconnect(c->connection, m->now_ms);
    c->connection = NULL;
    sennit_link_closed(c->link, m->now_ms);
}

static void client_events(client *c)
{
    sennit_event e;

    while (sennit_link_next_event(c->link, &e) == 1)
        switch (e.kind) {
        case SENNIT_EVENT_LIVE: c->live++; break;
        case SENNIT_EVENT_CHANGED: c->changed++; break;
        case SENNIT_EVENT_SAFE: c->safe++; break;
        case SENNIT_EVENT_REACHED: c->reached++; c->ticket = e.ticket; break;
        case SENNIT_EVENT_PRESENCE:
            c->presences++;
            snprintf(c->shown, sizeof c->shown, "%s", e.data != NULL ? (const char *)e.data : "-");
            snprintf(c->shown_user, sizeof c->shown_user, "%s", e.user != NULL ? e.user : "");
            break;
        case SENNIT_EVENT_REFUSED: c->refused = e.fault; break;
        case SENNIT_EVENT_CLOCK: c->clock++; break;
        case SENNIT_EVENT_REBASED: c->rebased++; c->rebase = e.rebased; break;
        case SENNIT_EVENT_RESTORED: c->restored++; break;
        }
}

static bool client_turn(meeting *m, client *c)
{
    const void *data;
    bool moved = false;
    size_t len;
    int more;

    while (c->connection != NULL && (more = sennit_link_next_frame(c->link, m->now_ms, &data, &len)) != 0) {
        if (more < 0) {
            assert_true(m->may_fail);
            break;
        }
        moved = true;
        assert_true(m->longest == 0 || len <= m->longest);
        if (sennit_hub_receive(c->connection, data, len, m->now_ms) != SENNIT_OK)
            break;
    }
    sennit_hub_tick(m->hub, m->now_ms);
    while (c->connection != NULL && sennit_hub_next_frame(c->connection, &data, &len) == 1) {
        moved = true;
        assert_true(m->longest == 0 || len <= m->longest);
        if (m->may_fail && sennit_link_receive(c->link, data, len, m->now_ms) != SENNIT_OK) {
            client_cut(m, c);
            break;
        }
        if (!m->may_fail)
            assert_int_equal(sennit_link_receive(c->link, data, len, m->now_ms), SENNIT_OK);
        client_events(c);
    }
    if (c->connection != NULL && sennit_connection_fault(c->connection, NULL) != 0)
        client_cut(m, c);
    client_events(c);
    return moved;
}

void meeting_settle(meeting *m)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned i = 0; i < MEETING_CLIENTS; i++)
            if (m->clients[i].link != NULL)
                moved = client_turn(m, &m->clients[i]) || moved;
    }
}

void meeting_pass_time(meeting *m, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        m->now_ms += 1000;
        meeting_settle(m);
    }
}

void client_type(meeting *m, client *c, size_t pos, const char *text)
{
    sennit_doc_set_time(c->doc, m->now_ms);
    assert_int_equal(sennit_doc_insert(c->doc, pos, text, strlen(text)), SENNIT_OK);
}

void client_has(const client *c, const char *text)
{
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    assert_int_equal(sennit_doc_read(c->doc, 0, sennit_doc_len(c->doc), &buf), SENNIT_OK);
    if (buf.len != strlen(text) || memcmp(buf.data != NULL ? buf.data : (const uint8_t *)"", text, buf.len) != 0)
        fail_msg("has \"%.*s\", not \"%s\"", (int)buf.len, (const char *)buf.data, text);
    sennit_buf_clear(&buf);
}
