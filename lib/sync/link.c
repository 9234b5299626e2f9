/* The connection of a link: frames in and out, heartbeat, retries. */
#include "core/doc.h"
#include "sync/link.h"

#define LINK_FRAME (16u << 20)
#define LINK_FRAME_LEAST (64u << 10)
#define LINK_RETRY_LEAST 250u
#define LINK_RETRY_MOST 30000u
#define LINK_HEARTBEAT 20000u
#define LINK_TIMEOUT_MOST 60000u

sennit_status sennit_link_new(const sennit_link_options *options, sennit_link **out)
{
    sennit_link *link;
    sn_mem mem;

    *out = NULL;
    if (options == NULL || options->size < sizeof *options)
        return SENNIT_EINVAL;
    sn_mem_init(&mem, options->alloc);
    if ((link = sn_mem_resize(&mem, NULL, 0, sizeof *link)) == NULL)
        return SENNIT_ENOMEM;
    *link = (sennit_link){.mem = mem, .options = *options, .heartbeat_ms = LINK_HEARTBEAT,
                          .max_frame = LINK_FRAME_LEAST};
    if (link->options.max_frame == 0)
        link->options.max_frame = LINK_FRAME;
    if (link->options.retry_least_ms == 0)
        link->options.retry_least_ms = LINK_RETRY_LEAST;
    if (link->options.retry_most_ms == 0)
        link->options.retry_most_ms = LINK_RETRY_MOST;
    sennit_buf_init(&link->frame, &mem.alloc);
    sennit_buf_init(&link->scratch, &mem.alloc);
    if (sn_unpacker_new(&link->mem, &link->unpacker) != SENNIT_OK) {
        sennit_link_free(link);
        return SENNIT_ENOMEM;
    }
    *out = link;
    return SENNIT_OK;
}

void sennit_link_free(sennit_link *link)
{
    if (link == NULL)
        return;
    while (link->sessions != NULL) {
        sennit_session *next = link->sessions->next;

        sn_session_free(link->sessions);
        link->sessions = next;
    }
    sn_event_free(link);
    sn_unpacker_free(link->unpacker);
    sennit_buf_clear(&link->frame);
    sennit_buf_clear(&link->scratch);
    sn_mem mem = link->mem;
    sn_mem_free(&mem, link, sizeof *link);
}

sennit_status sennit_link_opened(sennit_link *link, uint64_t now_ms)
{
    link->open = true;
    link->welcomed = false;
    link->heard_ms = link->sent_ms = now_ms;
    link->heartbeat_ms = LINK_HEARTBEAT;
    link->max_frame = LINK_FRAME_LEAST; /* until a welcome tells */
    link->pong = 0;
    for (sennit_session *s = link->sessions; s != NULL; s = s->next)
        sn_session_opened(s);
    return SENNIT_OK;
}

/* A number below n; in the middle if there is no chance to be had. */
static uint32_t link_chance(const sennit_link *link, uint32_t n)
{
    uint32_t r;

    if (link->options.random == NULL ||
        link->options.random(link->options.random_self, &r, sizeof r) != 0)
        return n / 2;
    return (uint32_t)((uint64_t)r * n >> 32);
}

uint32_t sennit_link_closed(sennit_link *link, uint64_t now_ms)
{
    uint32_t wait = link->options.retry_least_ms;

    (void)now_ms;
    if (link->welcomed)
        link->retries = 0;
    for (unsigned i = 0; i < link->retries && wait < link->options.retry_most_ms; i++)
        wait = (uint32_t)sn_min_u64((uint64_t)wait * 2, link->options.retry_most_ms);
    link->retries++;
    link->open = false;
    for (sennit_session *s = link->sessions; s != NULL; s = s->next)
        sn_session_lost(s);
    return wait / 2 + link_chance(link, wait / 2 + 1); /* half of it by chance */
}

/* ---- Frames in ---- */

static sennit_session *link_session(sennit_link *link, uint64_t channel)
{
    sennit_session *s = link->sessions;

    while (s != NULL && s->channel != channel)
        s = s->next;
    return s;
}

/* Messages about the whole connection. */
static sennit_status link_take(sennit_link *link, const sn_message *m)
{
    switch (m->type) {
    case SN_PING: link->pong = m->n[SN_PING_NUMBER] + 1; return SENNIT_OK;
    case SN_PONG: return SENNIT_OK;
    case SN_ERROR:
        for (sennit_session *s = link->sessions; s != NULL; s = s->next)
            if (m->n[SN_ERROR_FAULT] != SENNIT_FAULT_AWAY && !s->closing)
                sn_session_refuse(s, (sennit_fault)m->n[SN_ERROR_FAULT], &m->s[SN_ERROR_TEXT]);
        return SENNIT_OK;
    default: return SENNIT_ECORRUPT;
    }
}

sennit_status sennit_link_receive(sennit_link *link, const void *data, size_t len, uint64_t now_ms)
{
    sn_message m;

    if (len > link->options.max_frame)
        return SENNIT_ECORRUPT;
    for (const sennit_session *s = link->sessions; s != NULL; s = s->next)
        if (!s->closing && s->doc->txn.open)
            return SENNIT_EBUSY;
    link->heard_ms = now_ms;
    for (size_t at = 0; at < len;) {
        sennit_status st = sn_message_read(link->unpacker, data, len, &at, &m);

        if (st == SENNIT_EVERSION)
            continue; /* of a later release: it has to do without */
        SN_TRY(st);
        sennit_session *s = m.channel != 0 ? link_session(link, m.channel) : NULL;
        if (m.channel == 0)
            SN_TRY(link_take(link, &m));
        else if (s != NULL && !s->closing) /* else closed meanwhile */
            SN_TRY(sn_session_take(s, &m, now_ms));
    }
    return SENNIT_OK;
}

/* ---- Frames out ---- */

static sennit_status link_write_beat(sennit_link *link, uint64_t now_ms)
{
    if (link->pong != 0) {
        const sn_message pong = {.type = SN_PONG, .n = {link->pong - 1}};

        SN_TRY(sn_message_write(&pong, &link->frame));
        link->pong = 0;
    }
    if (link->frame.len == 0 && now_ms >= link->sent_ms + link->heartbeat_ms) {
        const sn_message ping = {.type = SN_PING, .n = {++link->ping}};

        SN_TRY(sn_message_write(&ping, &link->frame));
    }
    return SENNIT_OK;
}

/* Sessions that were closed go once they have said so. */
static void link_drop_closed(sennit_link *link)
{
    for (sennit_session **at = &link->sessions; *at != NULL;) {
        sennit_session *s = *at;

        if (s->closing) {
            *at = s->next;
            sn_session_free(s);
        } else {
            at = &s->next;
        }
    }
}

int sennit_link_next_frame(sennit_link *link, uint64_t now_ms, const void **data, size_t *len)
{
    sennit_status st = SENNIT_OK;

    link->frame.len = 0;
    if (!link->open) {
        link_drop_closed(link);
        return 0;
    }
    for (sennit_session *s = link->sessions; s != NULL && st == SENNIT_OK; s = s->next)
        if (link->frame.len <= link->max_frame / 2) /* the others come in the next */
            st = sn_session_write(s, now_ms, &link->frame);
    if (st == SENNIT_OK)
        st = link_write_beat(link, now_ms);
    if (st != SENNIT_OK && link->frame.len == 0)
        return st;
    link_drop_closed(link);
    if (link->frame.len == 0)
        return 0;
    link->sent_ms = now_ms;
    *data = link->frame.data;
    *len = link->frame.len;
    return 1;
}

int sennit_link_gone(const sennit_link *link, uint64_t now_ms)
{
    return link->open && now_ms >= link->heard_ms + 2 * link->heartbeat_ms;
}

uint32_t sennit_link_timeout(const sennit_link *link, uint64_t now_ms)
{
    uint64_t due = UINT64_MAX;

    if (link->open) {
        due = sn_min_u64(link->sent_ms + link->heartbeat_ms, link->heard_ms + 2 * link->heartbeat_ms);
        for (const sennit_session *s = link->sessions; s != NULL; s = s->next)
            due = sn_min_u64(due, sn_session_due(s));
    }
    return due <= now_ms ? 0 : (uint32_t)sn_min_u64(due - now_ms, LINK_TIMEOUT_MOST);
}
