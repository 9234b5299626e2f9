#include "sim/network.h"

#include "support/require.h"

#include <string.h>

/* ---- Lanes ---- */

static void lane_put(lane *l, parcel **at, parcel *p)
{
    p->next = *at;
    *at = p;
    if (p->next == NULL)
        l->end = &p->next;
    l->n++;
}

static parcel *lane_pop(lane *l, parcel **at)
{
    parcel *p = *at;

    *at = p->next;
    if (*at == NULL)
        l->end = at;
    l->n--;
    return p;
}

static void lane_clear(lane *l)
{
    while (l->first != NULL)
        free(lane_pop(l, &l->first));
}

/* Lose some of what was sent last. */
static void lane_cut(lane *l, rng *r)
{
    size_t left = rng_below(r, l->n + 1);
    parcel **at = &l->first;

    while (left-- > 0)
        at = &(*at)->next;
    while (*at != NULL)
        free(lane_pop(l, at));
}

bool lane_is_full(const lane *l)
{
    return l->n >= LANE_FRAMES;
}

/* ---- Wires ---- */

wire *network_connect(network *n, void *near)
{
    wire *w = calloc(1, sizeof *w), **at = &n->wires;

    require(w != NULL);
    *w = (wire){.network = n, .near = near, .meddled = n->meddles > 0, .number = ++n->wires_len};
    w->up.end = &w->up.first;
    w->down.end = &w->down.first;
    while (*at != NULL)
        at = &(*at)->next;
    *at = w;
    return w;
}

static void wire_free(wire **at)
{
    wire *w = *at;

    *at = w->next;
    lane_clear(&w->up);
    lane_clear(&w->down);
    free(w);
}

void network_sweep(network *n)
{
    for (wire **at = &n->wires; *at != NULL;) {
        if ((*at)->near == NULL && (*at)->far == NULL)
            wire_free(at);
        else
            at = &(*at)->next;
    }
}

void network_clear(network *n)
{
    while (n->wires != NULL)
        wire_free(&n->wires);
}

static parcel *parcel_of(const wire *w, const void *data, size_t len)
{
    parcel *p = malloc(sizeof *p + len);

    require(p != NULL);
    p->due_ms = *w->network->now_ms + rng_below(w->network->chance, w->network->delay_ms + 1);
    p->len = len;
    memcpy(p->data, data, len);
    return p;
}

/* A frame is due no sooner than the one before it. */
static void lane_launch(lane *l, parcel *p)
{
    for (const parcel *q = l->first; q != NULL; q = q->next)
        p->due_ms = q->due_ms > p->due_ms ? q->due_ms : p->due_ms;
    lane_put(l, l->end, p);
}

void wire_send(wire *w, lane *l, const void *data, size_t len)
{
    network *n = w->network;

    if (w->broken || w->dead)
        return;
    lane_launch(l, parcel_of(w, data, len));
    if (!w->meddled)
        return;
    if (rng_percent(n->chance, n->meddles))
        lane_put(l, &l->first, parcel_of(w, data, len));
    if (rng_percent(n->chance, n->meddles))
        lane_launch(l, parcel_of(w, data, len));
}

parcel *wire_take(wire *w, lane *l)
{
    if (w->dead || l->first == NULL || (l == &w->down && w->slow) ||
        (l->first->due_ms > *w->network->now_ms && !w->broken))
        return NULL;
    parcel *p = lane_pop(l, &l->first);
    journal_bytes(w->network->journal, l == &w->up ? "up" : "down", w->number, p->data, p->len);
    return p;
}

bool wire_ended(const wire *w, const lane *inbound, const void *other)
{
    return !w->dead && inbound->first == NULL && (w->broken || other == NULL);
}

void wire_cut(wire *w)
{
    if (w->broken || w->dead)
        return;
    journal_note(w->network->journal, "cut", w->number, 0);
    w->broken = true;
    w->slow = false;
    lane_cut(&w->up, w->network->chance);
    lane_cut(&w->down, w->network->chance);
}
