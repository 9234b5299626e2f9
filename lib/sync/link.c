/* The connection of a link: frames in and out, heartbeat, retries. */
#include "core/doc/doc.h"
#include "sync/link.h"

#define LINK_FRAME (16u << 20)
#define LINK_FRAME_LEAST (64u << 10) /* until the welcome says what the server takes */
#define LINK_PART (256u << 10)       /* no frame is made longer than about this */
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
    sn_mem_free(&link->mem, link->brought, link->brought_cap * sizeof *link->brought);
    sn_mem_free(&link->mem, link->leaves, link->leaves_cap * sizeof *link->leaves);
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
    link->max_frame = LINK_FRAME_LEAST;
    link->pong = link->channels = 0;
    link->leaves_len = 0;
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
    link->welcomed = false;
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

/* The server is about to close the connection. What passes by itself is only a
 * reason to come again. */
static void link_take_error(sennit_link *link, const sn_message *m)
{
    const sennit_fault fault = (sennit_fault)m->n[SN_ERROR_FAULT];

    if (fault == SENNIT_FAULT_AWAY || fault == SENNIT_FAULT_TIMEOUT || fault == SENNIT_FAULT_RATE ||
        fault == SENNIT_FAULT_STORAGE)
        return;
    for (sennit_session *s = link->sessions; s != NULL; s = s->next)
        if (s->doc != NULL) {
            s->channel = 0;
            sn_session_refuse(s, fault, &m->s[SN_ERROR_TEXT]);
        }
}

/* Messages about the whole connection. */
static sennit_status link_take(sennit_link *link, const sn_message *m)
{
    switch (m->type) {
    case SN_PING: link->pong = m->n[SN_PING_NUMBER] + 1; return SENNIT_OK;
    case SN_PONG: return SENNIT_OK;
    case SN_ERROR: link_take_error(link, m); return SENNIT_OK;
    default: return SENNIT_ECORRUPT;
    }
}

/* Whether the host is in the midst of editing a document. */
static bool link_is_busy(const sennit_link *link)
{
    for (const sennit_session *s = link->sessions; s != NULL; s = s->next)
        if (s->doc != NULL && s->doc->txn.open)
            return true;
    return false;
}

sennit_status sennit_link_receive(sennit_link *link, const void *data, size_t len, uint64_t now_ms)
{
    sn_message m;

    if (link_is_busy(link))
        return SENNIT_EBUSY;
    if (len > link->options.max_frame)
        return SENNIT_ECORRUPT;
    link->heard_ms = now_ms;
    for (size_t at = 0; at < len;) {
        sennit_status st = sn_message_read(link->unpacker, data, len, &at, &m);

        if (st == SENNIT_EVERSION)
            continue; /* of a later release: it has to do without */
        SN_TRY(st);
        sennit_session *s = m.channel != 0 ? link_session(link, m.channel) : NULL;
        if (m.channel == 0)
            SN_TRY(link_take(link, &m));
        else if (s != NULL) /* else it was left meanwhile */
            SN_TRY(sn_session_take(s, &m, now_ms));
    }
    return SENNIT_OK;
}

/* ---- Frames out ---- */

size_t sn_link_frame(const sennit_link *link)
{
    return (size_t)sn_min_u64(link->max_frame / 2, LINK_PART);
}

void sn_link_leave(sennit_link *link, uint64_t channel)
{
    if (channel != 0 && sn_mem_grow(&link->mem, (void **)&link->leaves, &link->leaves_cap,
                                    link->leaves_len + 1, sizeof *link->leaves) == SENNIT_OK)
        link->leaves[link->leaves_len++] = channel;
}

static sennit_status link_write_leaves(sennit_link *link)
{
    for (; link->leaves_len > 0; link->leaves_len--) {
        const sn_message leave = {.type = SN_LEAVE, .channel = link->leaves[link->leaves_len - 1]};

        SN_TRY(sn_message_write(&leave, &link->frame));
    }
    return SENNIT_OK;
}

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

/* Sessions that were closed go, and say so. */
static void link_drop_closed(sennit_link *link)
{
    for (sennit_session **at = &link->sessions; *at != NULL;) {
        sennit_session *s = *at;

        if (s->doc == NULL) {
            sn_link_leave(link, s->channel);
            *at = s->next;
            sn_session_free(s);
        } else {
            at = &s->next;
        }
    }
}

/* Put the first session behind all others, so that none waits for one that has much
 * to send. */
static void link_rotate(sennit_link *link)
{
    sennit_session *first = link->sessions, **end = &link->sessions;

    link->sessions = first->next;
    first->next = NULL;
    while (*end != NULL)
        end = &(*end)->next;
    *end = first;
}

static sennit_status link_write_sessions(sennit_link *link, uint64_t now_ms)
{
    size_t n = 0;

    for (const sennit_session *s = link->sessions; s != NULL; s = s->next)
        n++;
    for (; n > 0 && link->frame.len < sn_link_frame(link); n--) {
        sennit_session *first = link->sessions;

        link_rotate(link);
        SN_TRY(sn_session_write(first, now_ms, &link->frame));
    }
    return SENNIT_OK;
}

static sennit_status link_write(sennit_link *link, uint64_t now_ms)
{
    SN_TRY(link_write_leaves(link));
    SN_TRY(link_write_sessions(link, now_ms));
    return link_write_beat(link, now_ms);
}

int sennit_link_next_frame(sennit_link *link, uint64_t now_ms, const void **data, size_t *len)
{
    sennit_status st;

    link->frame.len = 0;
    link_drop_closed(link);
    if (!link->open) {
        link->leaves_len = 0;
        return 0;
    }
    st = link_write(link, now_ms);
    if (link->frame.len == 0)
        return st; /* what could not be written is written the next time */
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
