#include "sync/link.h"

static void event_clear(sn_event *e)
{
    sennit_buf_clear(&e->text);
    sennit_buf_clear(&e->data);
    sennit_buf_clear(&e->user);
}

/* A terminated copy; NULL if there is nothing to copy. */
static bool event_copy(sennit_buf *to, const sn_bytes *from, const sennit_alloc *alloc)
{
    sennit_buf_init(to, alloc);
    if (from == NULL || from->data == NULL)
        return true;
    return sn_buf_put(to, from->data, from->len) == SENNIT_OK && sn_buf_put(to, "", 1) == SENNIT_OK;
}

/* A document that changed twice has changed. */
static bool event_is_known(const sennit_link *link, sennit_event_kind kind, const sennit_session *s)
{
    const sn_event *last;

    if (kind != SENNIT_EVENT_CHANGED || link->events_len == link->events_taken)
        return false;
    last = &link->events[link->events_len - 1];
    return last->event.kind == kind && last->event.session == s;
}

sennit_event *sn_event_add(sennit_link *link, sennit_event_kind kind, sennit_session *session,
                           const sn_bytes *text, const sn_bytes *data, const sn_bytes *user)
{
    sn_event *e;
    bool good;

    if (event_is_known(link, kind, session) ||
        sn_mem_grow(&link->mem, (void **)&link->events, &link->events_cap, link->events_len + 1,
                    sizeof *link->events) != SENNIT_OK)
        return NULL;
    e = &link->events[link->events_len];
    good = event_copy(&e->text, text, &link->mem.alloc);
    good = event_copy(&e->data, data, &link->mem.alloc) && good;
    good = event_copy(&e->user, user, &link->mem.alloc) && good;
    if (!good) {
        event_clear(e);
        return NULL;
    }
    link->events_len++;
    e->event = (sennit_event){.kind = kind, .session = session};
    e->event.text = (const char *)e->text.data;
    e->event.user = (const char *)e->user.data;
    e->event.data = e->data.data;
    e->event.len = e->data.len > 0 ? e->data.len - 1 : 0;
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
