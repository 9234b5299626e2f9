/* Frames in and out of one connection. */
#include "sync/hub.h"

#define RATE_SECONDS 10u

sennit_status sennit_hub_connect(sennit_hub *hub, void *host, uint64_t now_ms, sennit_connection **out)
{
    sennit_connection *c;

    *out = NULL;
    if (hub->draining || hub->stat.connections >= hub->options.max_connections)
        return SENNIT_ELIMIT;
    if ((c = sn_mem_resize(&hub->mem, NULL, 0, sizeof *c)) == NULL)
        return SENNIT_ENOMEM;
    *c = (sennit_connection){.hub = hub, .host = host, .next = hub->connections, .since_ms = now_ms,
                             .heard_ms = now_ms, .sent_ms = now_ms, .counted_ms = now_ms,
                             .budget = (uint64_t)hub->options.max_rate * RATE_SECONDS};
    sennit_buf_init(&c->out, &hub->mem.alloc);
    if (c->next != NULL)
        c->next->previous = c;
    hub->connections = c;
    hub->stat.connections++;
    hub->now_ms = now_ms;
    *out = c;
    return SENNIT_OK;
}

static void connection_unready(sennit_connection *c)
{
    sennit_connection **at = &c->hub->ready;

    if (!c->ready)
        return;
    while (*at != c)
        at = &(*at)->next_ready;
    *at = c->next_ready;
    if (c->next_ready == NULL)
        c->hub->ready_end = at;
    c->ready = false;
}

void sennit_hub_disconnect(sennit_connection *c, uint64_t now_ms)
{
    sennit_hub *hub;

    if (c == NULL)
        return;
    hub = c->hub;
    hub->now_ms = now_ms;
    while (c->channels != NULL)
        sn_channel_free(c->channels);
    connection_unready(c);
    *(c->previous != NULL ? &c->previous->next : &hub->connections) = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    sennit_buf_clear(&c->out);
    hub->stat.connections--;
    sn_mem_free(&hub->mem, c, sizeof *c);
}

void *sennit_connection_host(const sennit_connection *c)
{
    return c->host;
}

int sennit_connection_fault(const sennit_connection *c, const char **text)
{
    if (text != NULL)
        *text = c->fault_text != NULL ? c->fault_text : "";
    return c->fault;
}

void sn_connection_ready(sennit_connection *c)
{
    if (c->ready)
        return;
    c->ready = true;
    c->next_ready = NULL;
    *c->hub->ready_end = c;
    c->hub->ready_end = &c->next_ready;
}

sennit_connection *sennit_hub_next_ready(sennit_hub *hub)
{
    sennit_connection *c = hub->ready;

    if (c != NULL)
        connection_unready(c);
    return c;
}

void sn_connection_fail(sennit_connection *c, sennit_fault fault, const char *text)
{
    if (c->fault != 0)
        return;
    c->fault = (int)fault;
    c->fault_text = text;
    c->hub->stat.refused++;
    sn_hub_note(c->hub, SENNIT_HUB_REFUSED, c, NULL, NULL, fault, text, 0);
    sn_connection_ready(c);
}

sennit_status sn_connection_put(sennit_connection *c, const sn_message *message)
{
    if (c->out.len > c->hub->options.max_queue) { /* it asks and does not read */
        sn_connection_fail(c, SENNIT_FAULT_RATE, "too many answers wait");
        return SENNIT_OK;
    }
    SN_TRY(sn_message_write(message, &c->out));
    sn_connection_ready(c);
    return SENNIT_OK;
}

/* ---- Frames in ---- */

/* So many a second, averaged over some seconds. */
bool sn_connection_spend(sennit_connection *c, uint64_t len)
{
    uint64_t rate = c->hub->options.max_rate, now = c->hub->now_ms;
    uint64_t more = now > c->counted_ms ? (now - c->counted_ms) * rate / 1000 : 0;

    c->budget = sn_min_u64(c->budget + more, rate * RATE_SECONDS);
    c->counted_ms = now;
    if (c->budget < len) {
        sn_connection_fail(c, SENNIT_FAULT_RATE, "too much in too short a time");
        return false;
    }
    c->budget -= len;
    return true;
}

static sn_channel *connection_channel(const sennit_connection *c, uint64_t number)
{
    sn_channel *channel = c->channels;

    while (channel != NULL && channel->number != number)
        channel = channel->next;
    return channel;
}

static sennit_status connection_take(sennit_connection *c, const sn_message *m)
{
    sn_channel *channel;

    if (m->type == SN_HELLO)
        return sn_channel_hello(c, m);
    if (m->channel == 0) {
        if (m->type != SN_PING && m->type != SN_PONG)
            return SENNIT_ECORRUPT;
        if (m->type == SN_PING) {
            const sn_message pong = {.type = SN_PONG, .n = {m->n[SN_PING_NUMBER]}};

            return sn_connection_put(c, &pong);
        }
        return SENNIT_OK;
    }
    channel = connection_channel(c, m->channel);
    return channel != NULL ? sn_channel_take(channel, m) : SENNIT_OK; /* else closed meanwhile */
}

static void connection_fail_by(sennit_connection *c, sennit_status st)
{
    if (st == SENNIT_EVERSION)
        sn_connection_fail(c, SENNIT_FAULT_VERSION, "a message of another release");
    else if (st == SENNIT_ENOMEM)
        sn_connection_fail(c, SENNIT_FAULT_AWAY, "the server is out of memory");
    else
        sn_connection_fail(c, SENNIT_FAULT_PROTOCOL, "a message malformed or out of turn");
}

sennit_status sennit_hub_receive(sennit_connection *c, const void *data, size_t len, uint64_t now_ms)
{
    sennit_hub *hub = c->hub;
    sn_message m;

    hub->now_ms = now_ms;
    c->heard_ms = now_ms;
    hub->stat.frames_in++;
    hub->stat.bytes_in += len;
    if (len > hub->options.max_frame)
        sn_connection_fail(c, SENNIT_FAULT_TOO_LARGE, "a frame too long");
    else if (!sn_connection_spend(c, len))
        return SENNIT_ECLOSED;
    for (size_t at = 0; at < len && c->fault == 0;) {
        sennit_status st = sn_message_read(hub->unpacker, data, len, &at, &m);

        if (st == SENNIT_OK)
            st = connection_take(c, &m);
        if (st != SENNIT_OK)
            connection_fail_by(c, st);
    }
    return c->fault == 0 ? SENNIT_OK : SENNIT_ECLOSED;
}

/* ---- Frames out ---- */

static sennit_status connection_write(sennit_connection *c, sennit_buf *frame)
{
    if (c->out.len > 0)
        SN_TRY(sn_buf_put(frame, c->out.data, c->out.len));
    c->out.len = 0;
    if (c->out.cap > 1024)
        sennit_buf_clear(&c->out); /* idle connections are to be small */
    for (sn_channel *channel = c->channels, *next; channel != NULL; channel = next) {
        next = channel->next;
        sennit_status st = sn_channel_write(channel, frame);
        if (st != SENNIT_OK && st != SENNIT_ECLOSED)
            return st;
    }
    return SENNIT_OK;
}

int sennit_hub_next_frame(sennit_connection *c, const void **data, size_t *len)
{
    sennit_hub *hub = c->hub;
    sennit_buf *frame = &hub->frame;

    frame->len = 0;
    if (frame->cap > 4u << 20)
        sennit_buf_clear(frame);
    sennit_status st = connection_write(c, frame);
    if (st != SENNIT_OK) {
        connection_fail_by(c, st);
        return 0;
    }
    if (c->fault != 0 && frame->len == 0)
        return 0;
    if (frame->len == 0)
        return 0;
    c->sent_ms = hub->now_ms;
    hub->stat.frames_out++;
    hub->stat.bytes_out += frame->len;
    *data = frame->data;
    *len = frame->len;
    return 1;
}
