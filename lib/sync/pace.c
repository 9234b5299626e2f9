/* When what goes round in a room goes out.
 *
 *     edit   1      2    3     4            5           6
 *            |-rest-|----|     |----...-----|    ... silence ...
 *     out    1          2,3                4,5          6
 *
 * A message costs the same whether it carries one edit or ten, so where many type, some
 * wait for others. Whatever comes into silence goes out at once. What comes sooner waits
 * for the next one, which takes it along and waits for nobody itself, but for the room's
 * rest: that is the longer the more there are to be told. Nothing waits longer than silence
 * takes, nor once there are some. So in a busy room half of the edits are as quick as ever.
 */
#include "sync/hub.h"

#define PACE_DELTAS 4u         /* so many are worth a message, ... */
#define PACE_BYTES (16u << 10) /* ... and so much is */
#define PACE_MANY 32u          /* to so many a message costs enough for a whole rest */

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

/* Also how long is waited at most. */
static uint64_t pace_silence(const sennit_hub *hub)
{
    return 2 * (uint64_t)hub->options.gather_ms;
}

static uint64_t pace_rest(const sn_room *room)
{
    unsigned n = 0;

    for (const sn_channel *c = room->channels; c != NULL && n < PACE_MANY; c = c->next_in_room)
        n++;
    return (uint64_t)room->hub->options.gather_ms * n / PACE_MANY;
}

/* The clock may have been set back: then it is over too. */
static bool pace_is_over(uint64_t now_ms, uint64_t since_ms, uint64_t ms)
{
    return now_ms < since_ms || now_ms >= since_ms + ms;
}

static bool pace_is_due(const sn_room *room)
{
    const sn_pace *pace = &room->pace;
    const uint64_t now = room->hub->now_ms;

    return pace_is_over(now, pace->out_ms, pace_silence(room->hub)) ||
           pace->deltas >= PACE_DELTAS || pace->bytes >= PACE_BYTES ||
           (pace->waits && pace_is_over(now, pace->out_ms, pace_rest(room)));
}

void sn_pace_pass(sn_room *room, uint64_t author, size_t len)
{
    sn_pace *pace = &room->pace;

    if (!pace->waits) {
        pace->deltas = 0;
        pace->bytes = 0;
    }
    pace->deltas += len > 0;
    pace->bytes += len;
    if (pace_is_due(room)) {
        sn_pace_out(room, author);
    } else if (!pace->waits) {
        pace_link(room);
        pace->author = author;
    } else if (pace->author != author) {
        pace->author = 0;
    }
}

void sn_pace_tick(sennit_hub *hub)
{
    const uint64_t most = pace_silence(hub);

    while (hub->waiting != NULL && pace_is_over(hub->now_ms, hub->waiting->pace.since_ms, most))
        sn_pace_out(hub->waiting, hub->waiting->pace.author);
}

uint64_t sn_pace_due(const sennit_hub *hub)
{
    return hub->waiting != NULL ? hub->waiting->pace.since_ms + pace_silence(hub) : UINT64_MAX;
}
