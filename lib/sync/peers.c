/* Everybody else at a document: what they showed last, when, and where that is. */
#include "base/bytes.h"
#include "base/mem.h"

#include <sennit/sync.h>

#include <string.h>

#define PEERS_MAX 1000u
#define PEERS_IDLE_MS 60000u
#define PEERS_AWAY_MS 600000u
#define PEERS_EXPIRE_MS 120000u

typedef struct peers_one {
    uint64_t peer;
    char *user;
    sennit_buf state;                /* as it came */
    sennit_presence shown;
    uint64_t heard_ms, changed_ms;
} peers_one;

struct sennit_peers {
    sn_mem mem;
    sennit_peers_options options;
    peers_one **list; /* in the order in which they came */
    size_t len, cap;
    sennit_peer *placed;
    size_t placed_cap;
};

sennit_status sennit_peers_new(const sennit_peers_options *options, sennit_peers **out)
{
    const sennit_peers_options defaults = {.size = sizeof defaults};
    const sennit_peers_options *o = options != NULL ? options : &defaults;
    sn_mem mem;

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    if (o->size < sizeof *o)
        return SENNIT_EINVAL;
    sn_mem_init(&mem, o->alloc);
    sennit_peers *peers = sn_mem_resize(&mem, NULL, 0, sizeof *peers);
    if (peers == NULL)
        return SENNIT_ENOMEM;
    *peers = (sennit_peers){.mem = mem, .options = *o};
    o = &peers->options;
    peers->options.idle_ms = o->idle_ms != 0 ? o->idle_ms : PEERS_IDLE_MS;
    peers->options.away_ms = o->away_ms != 0 ? o->away_ms : PEERS_AWAY_MS;
    peers->options.expire_ms = o->expire_ms != 0 ? o->expire_ms : PEERS_EXPIRE_MS;
    *out = peers;
    return SENNIT_OK;
}

static void peers_one_free(sennit_peers *peers, peers_one *one)
{
    if (one->user != NULL)
        sn_mem_free(&peers->mem, one->user, strlen(one->user) + 1);
    sennit_buf_clear(&one->state);
    sn_mem_free(&peers->mem, one, sizeof *one);
}

static void peers_forget(sennit_peers *peers, size_t i)
{
    peers_one_free(peers, peers->list[i]);
    peers->len--;
    memmove(peers->list + i, peers->list + i + 1, (peers->len - i) * sizeof *peers->list);
}

static void peers_forget_all(sennit_peers *peers)
{
    while (peers->len > 0)
        peers_forget(peers, peers->len - 1);
}

void sennit_peers_free(sennit_peers *peers)
{
    if (peers == NULL)
        return;
    peers_forget_all(peers);
    sn_mem_free(&peers->mem, peers->list, peers->cap * sizeof *peers->list);
    sn_mem_free(&peers->mem, peers->placed, peers->placed_cap * sizeof *peers->placed);
    sn_mem mem = peers->mem;
    sn_mem_free(&mem, peers, sizeof *peers);
}

static sennit_status peers_one_new(sennit_peers *peers, const sennit_event *event, peers_one **out)
{
    const char *user = event->user != NULL ? event->user : "";
    const size_t size = strlen(user) + 1;
    peers_one *one = *out = sn_mem_resize(&peers->mem, NULL, 0, sizeof *one);

    if (one == NULL)
        return SENNIT_ENOMEM;
    *one = (peers_one){.peer = event->peer};
    sennit_buf_init(&one->state, &peers->mem.alloc);
    if ((one->user = sn_mem_resize(&peers->mem, NULL, 0, size)) != NULL) {
        memcpy(one->user, user, size);
        if (sn_buf_reserve(&one->state, event->len) == SENNIT_OK)
            return SENNIT_OK;
    }
    peers_one_free(peers, one);
    return SENNIT_ENOMEM;
}

/* Somebody who was not there: room for them here and where they are placed. */
static sennit_status peers_add(sennit_peers *peers, const sennit_event *event, peers_one **out)
{
    SN_TRY(sn_mem_grow(&peers->mem, (void **)&peers->list, &peers->cap, peers->len + 1,
                       sizeof *peers->list));
    SN_TRY(sn_mem_grow(&peers->mem, (void **)&peers->placed, &peers->placed_cap, peers->len + 1,
                       sizeof *peers->placed));
    SN_TRY(peers_one_new(peers, event, out));
    peers->list[peers->len++] = *out;
    return SENNIT_OK;
}

/* What is sent again only says that they are still there. */
static sennit_status peers_show(peers_one *one, const sennit_event *event, uint64_t now_ms)
{
    const bool same = one->changed_ms != 0 && one->state.len == event->len &&
                      memcmp(one->state.data, event->data, event->len) == 0;

    if (!same) {
        SN_TRY(sn_buf_reserve(&one->state, event->len));
        one->state.len = 0;
        SN_TRY(sn_buf_put(&one->state, event->data, event->len));
        if (sennit_presence_decode(event->data, event->len, &one->shown) != SENNIT_OK)
            memset(&one->shown, 0, sizeof one->shown);
        one->changed_ms = now_ms;
    }
    one->heard_ms = now_ms;
    return SENNIT_OK;
}

sennit_status sennit_peers_take(sennit_peers *peers, const sennit_event *event, uint64_t now_ms)
{
    peers_one *one;
    size_t i = 0;

    if (event->kind == SENNIT_EVENT_LIVE)
        peers_forget_all(peers);
    if (event->kind != SENNIT_EVENT_PRESENCE)
        return SENNIT_OK;
    while (i < peers->len && peers->list[i]->peer != event->peer)
        i++;
    if (event->data == NULL) {
        if (i < peers->len)
            peers_forget(peers, i);
        return SENNIT_OK;
    }
    if (i < peers->len)
        return peers_show(peers->list[i], event, now_ms);
    if (peers->len == PEERS_MAX)
        return SENNIT_OK;
    SN_TRY(peers_add(peers, event, &one));
    return peers_show(one, event, now_ms);
}

/* How long ago, by a clock that may go back. */
static uint64_t peers_since(uint64_t then, uint64_t now_ms)
{
    return now_ms > then ? now_ms - then : 0;
}

static sennit_activity peers_activity(const sennit_peers *peers, const peers_one *one, uint64_t now_ms)
{
    const uint64_t quiet = peers_since(one->changed_ms, now_ms);
    const sennit_activity told = one->shown.activity;
    const sennit_activity seen = quiet >= peers->options.away_ms   ? SENNIT_AWAY
                                 : quiet >= peers->options.idle_ms ? SENNIT_IDLE : SENNIT_ACTIVE;

    return told > seen ? told : seen;
}

void sennit_peers_place(sennit_peers *peers, const sennit_doc *doc, uint64_t now_ms,
                        const sennit_peer **out, size_t *n)
{
    for (size_t i = peers->len; i-- > 0;)
        if (peers_since(peers->list[i]->heard_ms, now_ms) >= peers->options.expire_ms)
            peers_forget(peers, i);
    for (size_t i = 0; i < peers->len; i++) {
        const peers_one *one = peers->list[i];
        sennit_peer *p = &peers->placed[i];

        *p = (sennit_peer){.peer = one->peer, .user = one->user, .name = one->shown.name,
                           .colour = one->shown.colour,
                           .activity = peers_activity(peers, one, now_ms)};
        p->selects = one->shown.selects &&
                     sennit_doc_resolve(doc, &one->shown.anchor, &p->anchor) == SENNIT_OK &&
                     sennit_doc_resolve(doc, &one->shown.head, &p->head) == SENNIT_OK;
    }
    *out = peers->placed;
    *n = peers->len;
}
