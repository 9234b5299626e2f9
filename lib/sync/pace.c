/* When what goes round in a room goes out.
 *
 *     edit   1        2  3       4              5
 *            |--gather--|--------|   ... silence ...
 *     out    1                   2,3,4          5
 *
 * A message costs the same whether it carries one edit or ten, so where many type, some
 * wait for others. Whatever comes when the room has rested goes out at once. What comes
 * sooner after that waits until the rest is over, and then for the next one, which takes
 * it along and waits for nobody itself; but not longer than twice the rest, nor once
 * there are some. So in a busy room half of the edits are as quick as ever.
 */
#include "sync/hub.h"

#define PACE_DELTAS 4u         /* so many are worth a message, ... */
#define PACE_BYTES (16u << 10) /* ... and so much is */

static void pace_unlink(sn_room *room)
{
    sn_pace *pace = &room->pace;

    if (!pace->waits)
        return;
    *(pace->previous != NULL ? &pace->previous->pace.next : &room->hub->waiting) = pace->next;
    *(pace->next != NULL ? &pace->next->pace.previous : &room->hub->waiting_last) = pace->previous;
    pace->waits = false;
}

static void pace_link(sn_room *room)
{
    sennit_hub *hub = room->hub;

    room->pace.next = NULL;
    room->pace.previous = hub->waiting_last;
    *(hub->waiting_last != NULL ? &hub->waiting_last->pace.next : &hub->waiting) = room;
    hub->waiting_last = room;
    room->pace.waits = true;
    room->pace.since_ms = hub->now_ms;
    room->pace.deltas = 0;
    room->pace.bytes = 0;
}

void sn_pace_out(sn_room *room, uint64_t author)
{
    if (room->pace.waits && room->pace.author != author)
        author = 0;
    pace_unlink(room);
    room->pace.out_ms = room->hub->now_ms;
    for (sn_channel *c = room->channels; c != NULL; c = c->next_in_room)
        if (author == 0 || c->session != author)
            sn_connection_ready(c->connection);
}

void sn_pace_leave(sn_room *room)
{
    pace_unlink(room);
}

/* The clock may have been set back: then it is over too. */
static bool pace_is_over(uint64_t now_ms, uint64_t since_ms, uint64_t ms)
{
    return now_ms < since_ms || now_ms >= since_ms + ms;
}

void sn_pace_pass(sn_room *room, uint64_t author, size_t len)
{
    sennit_hub *hub = room->hub;
    sn_pace *pace = &room->pace;

    if (pace_is_over(hub->now_ms, pace->out_ms, hub->options.gather_ms)) {
        sn_pace_out(room, author);
        return;
    }
    if (!pace->waits) {
        pace_link(room);
        pace->author = author;
    } else if (pace->author != author) {
        pace->author = 0;
    }
    pace->deltas += len > 0;
    pace->bytes += len;
    if (pace->deltas >= PACE_DELTAS || pace->bytes >= PACE_BYTES)
        sn_pace_out(room, author);
}

void sn_pace_tick(sennit_hub *hub)
{
    const uint64_t most = 2 * (uint64_t)hub->options.gather_ms;

    while (hub->waiting != NULL && pace_is_over(hub->now_ms, hub->waiting->pace.since_ms, most))
        sn_pace_out(hub->waiting, hub->waiting->pace.author);
}

uint64_t sn_pace_due(const sennit_hub *hub)
{
    return hub->waiting != NULL
               ? hub->waiting->pace.since_ms + 2 * (uint64_t)hub->options.gather_ms : UINT64_MAX;
}
