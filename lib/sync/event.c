/* What the host is told: in order, with copies of what it is about.
 *
 * Events that tell of the same thing become one while they wait, so that there are
 * only so many, whatever the other end sends to a host that does not look.
 */
#include "sync/link.h"

#define EVENTS_MOST 4096u /* waiting; beyond, presences are not told any more */

static void event_clear(sn_event *e)
{
    sennit_buf_clear(&e->text);
    sennit_buf_clear(&e->data);
    sennit_buf_clear(&e->user);
}

/* A terminated copy; nothing of nothing. */
static bool event_copy(sennit_buf *to, const sn_bytes *from, const sennit_alloc *alloc)
{
    sennit_buf_init(to, alloc);
    if (from == NULL || from->data == NULL)
        return true;
    return sn_buf_put(to, from->data, from->len) == SENNIT_OK && sn_buf_put(to, "", 1) == SENNIT_OK;
}

/* The one that waits and tells of the same, which a new one takes the place of. */
static sn_event *event_find(const sennit_link *link, sennit_event_kind kind, const sennit_session *s,
                            uint64_t about)
{
    for (size_t i = link->events_len; i > link->events_taken; i--) {
        sn_event *e = &link->events[i - 1];
        bool same = kind == SENNIT_EVENT_SAFE       ? (uint64_t)e->event.level == about
                    : kind == SENNIT_EVENT_PRESENCE ? e->event.peer == about
                                                    : kind != SENNIT_EVENT_REBASED &&
                                                          kind != SENNIT_EVENT_REACHED;

        if (same && e->event.kind == kind && e->event.session == s)
            return e;
    }
    return NULL;
}

static bool event_fill(sn_event *e, const sennit_alloc *alloc, const sn_bytes *text,
                       const sn_bytes *data, const sn_bytes *user)
{
    bool good = event_copy(&e->text, text, alloc);

    good = event_copy(&e->data, data, alloc) && good;
    good = event_copy(&e->user, user, alloc) && good;
    if (!good)
        event_clear(e);
    return good;
}

sennit_event *sn_event_add(sennit_link *link, sennit_event_kind kind, sennit_session *session,
                           uint64_t about, const sn_bytes *text, const sn_bytes *data,
                           const sn_bytes *user)
{
    sn_event *e = event_find(link, kind, session, about), fresh;

    if (e == NULL && kind == SENNIT_EVENT_PRESENCE &&
        link->events_len - link->events_taken >= EVENTS_MOST)
        return NULL;
    if (!event_fill(&fresh, &link->mem.alloc, text, data, user))
        return NULL;
    if (e == NULL) {
        if (sn_mem_grow(&link->mem, (void **)&link->events, &link->events_cap, link->events_len + 1,
                        sizeof *link->events) != SENNIT_OK) {
            event_clear(&fresh);
            return NULL;
        }
        e = &link->events[link->events_len++];
    } else {
        event_clear(e);
    }
    *e = fresh;
    e->event = (sennit_event){.kind = kind, .session = session, .text = (const char *)e->text.data,
                              .user = (const char *)e->user.data, .data = e->data.data,
                              .len = e->data.len > 0 ? e->data.len - 1 : 0};
    if (kind == SENNIT_EVENT_SAFE)
        e->event.level = (sennit_level)about;
    else if (kind == SENNIT_EVENT_PRESENCE)
        e->event.peer = about;
    else if (kind == SENNIT_EVENT_REACHED)
        e->event.ticket = about;
    return &e->event;
}

int sennit_link_next_event(sennit_link *link, sennit_event *out)
{
    if (link->events_taken == link->events_len) {
        for (size_t i = 0; i < link->events_len; i++)
            event_clear(&link->events[i]);
        link->events_len = link->events_taken = 0;
        return 0;
    }
    *out = link->events[link->events_taken++].event;
    return 1;
}

void sn_event_forget(sennit_link *link, const sennit_session *session)
{
    size_t kept = link->events_taken;

    for (size_t i = link->events_taken; i < link->events_len; i++) {
        if (link->events[i].event.session == session)
            event_clear(&link->events[i]);
        else
            link->events[kept++] = link->events[i];
    }
    link->events_len = kept;
}

void sn_event_free(sennit_link *link)
{
    for (size_t i = 0; i < link->events_len; i++)
        event_clear(&link->events[i]);
    sn_mem_free(&link->mem, link->events, link->events_cap * sizeof *link->events);
}
