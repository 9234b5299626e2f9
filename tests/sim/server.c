#include "sim/server.h"

#include "base/hash.h"
#include "support/doc.h"
#include "support/require.h"

#include <string.h>

/* ---- Users ---- */

void server_token(unsigned user, char out[4])
{
    memcpy(out, "u-A", 4);
    out[2] = (char)('A' + user);
}

static sennit_status server_authorise(void *self, const char *token, size_t len, const char *document,
                                      uint64_t now_ms, sennit_grant *out)
{
    server *s = self;
    unsigned user;

    require(strcmp(document, SERVER_DOCUMENT) == 0 && len == 3 && s->speaking != NULL);
    user = (unsigned)(token[2] - 'A');
    if (s->revoked[user])
        return SENNIT_EAUTH;
    *out = (sennit_grant){.permission = s->permission[user], .id = user + 1};
    out->expires_ms = s->token_ms > 0 ? now_ms + s->token_ms : 0;
    strcpy(out->document, document);
    memcpy(out->user, token, len);
    s->speaking->permission = out->permission;
    return SENNIT_OK;
}

void server_permit(server *s, unsigned user, sennit_permission permission)
{
    char name[4];

    server_token(user, name);
    s->revoked[user] = permission == SENNIT_NOTHING;
    if (permission != SENNIT_NOTHING)
        s->permission[user] = permission;
    journal_note(s->journal, "permit", user, (uint64_t)permission);
    sennit_hub_revoke(s->hub, rng_percent(s->chance, 50) ? user + 1 : 0, name);
}

/* ---- Starting and stopping ---- */

void server_start(server *s, bool restored)
{
    sennit_hub_options options = {
        .size = sizeof options, .random = rng_random, .random_self = s->chance,
        .storage = disk_storage(s->disk), .max_queue = SERVER_QUEUE, .max_frame = SERVER_FRAME,
        .compact_bytes = 4000, .unload_ms = 3000, .keep_deleted_ms = s->keep_ms, .restored = restored,
        .gather_ms = s->open ? SERVER_GATHER_MS : 0};

    if (!s->open) {
        options.authorise = server_authorise;
        options.authorise_self = s;
    }
    require(sennit_hub_new(&options, &s->hub) == SENNIT_OK);
}

void server_stop(server *s)
{
    sennit_hub_free(s->hub);
    s->hub = NULL;
}

void server_back_up(server *s)
{
    s->backup = disk_committed(s->disk);
    s->backup_ms = *s->now_ms;
}

void server_crash(server *s, network *n, size_t writes, bool restored)
{
    journal_note(s->journal, restored ? "restore" : "crash", disk_writes(s->disk), writes);
    for (wire *w = n->wires; w != NULL; w = w->next) {
        w->far = NULL;
        wire_cut(w);
    }
    server_stop(s);
    disk_set_health(s->disk, DISK_WELL);
    disk_lose(s->disk, writes);
    s->age += restored;
    s->backup = s->backup < writes ? s->backup : writes;
    server_start(s, restored);
}

/* ---- Connections ---- */

void server_accept(server *s, wire *w)
{
    sennit_connection *c;

    require(sennit_hub_connect(s->hub, w, *s->now_ms, &c) == SENNIT_OK);
    w->far = c;
    w->age = s->age;
    w->permission = s->open ? SENNIT_EDIT : SENNIT_NOTHING;
}

void server_hang_up(server *s, wire *w)
{
    if (w->far != NULL)
        sennit_hub_disconnect(w->far, *s->now_ms);
    w->far = NULL;
}

/* Operations that it has in any way. */
static uint64_t server_operations(server *s)
{
    sennit_doc *doc = server_document(s);
    sennit_stat stat = {.operations = 0};

    if (doc != NULL)
        sennit_doc_stat(doc, &stat);
    return stat.operations + stat.parked;
}

/* What its text comes to. */
static uint64_t server_text(server *s)
{
    const sennit_doc *doc = server_document(s);
    sennit_buf text;
    uint64_t sum;

    sennit_buf_init(&text, NULL);
    if (doc != NULL)
        doc_text(doc, &text);
    sum = sn_hash64(text.data, text.len, 0);
    sennit_buf_clear(&text);
    return sum;
}

/* Nobody who may not write adds anything, and who may comment changes no text. What
 * may be done is that of after the frame: a hello comes before all that stands on it. */
static sennit_status server_read(server *s, wire *w, const parcel *p)
{
    const uint64_t before = server_operations(s), text = s->open ? 0 : server_text(s);
    sennit_status st;

    s->speaking = w;
    st = sennit_hub_receive(w->far, p->data, p->len, *s->now_ms);
    s->speaking = NULL;
    require(st == SENNIT_OK || st == SENNIT_ECLOSED);
    require(w->permission >= SENNIT_COMMENT || server_operations(s) <= before);
    require(s->open || w->permission >= SENNIT_EDIT || server_text(s) == text);
    return st;
}

void server_receive(server *s, wire *w)
{
    parcel *p;

    while (w->far != NULL && (p = wire_take(w, &w->up)) != NULL) {
        if (sennit_connection_fault(w->far, NULL) == 0)
            (void)server_read(s, w, p);
        free(p);
    }
    if (w->far != NULL && wire_ended(w, &w->up, w->near))
        server_hang_up(s, w);
}

void server_send(server *s, wire *w)
{
    const void *data;
    size_t len;
    int fault;

    while (w->far != NULL && w->due && !lane_is_full(&w->down)) {
        w->due = sennit_hub_next_frame(w->far, &data, &len) == 1;
        if (!w->due)
            break;
        require(len <= SERVER_FRAME);
        wire_send(w, &w->down, data, len);
    }
    if (w->far == NULL || lane_is_full(&w->down) || (fault = sennit_connection_fault(w->far, NULL)) == 0)
        return;
    /* an honest client, over an honest network, gives no cause */
    require(w->meddled || fault != SENNIT_FAULT_PROTOCOL);
    require(fault != SENNIT_FAULT_VERSION && fault != SENNIT_FAULT_RATE);
    journal_note(s->journal, "hang up", w->number, (uint64_t)fault);
    server_hang_up(s, w);
}

void server_tick(server *s)
{
    sennit_connection *ready;
    sennit_hub_event e;

    sennit_hub_tick(s->hub, *s->now_ms);
    while ((ready = sennit_hub_next_ready(s->hub)) != NULL)
        ((wire *)sennit_connection_host(ready))->due = true;
    while (sennit_hub_next_event(s->hub, &e) == 1)
        journal_note(s->journal, "hub", (uint64_t)e.kind, (uint64_t)e.fault);
}

/* ---- Looking ---- */

sennit_doc *server_document(server *s)
{
    sennit_doc *doc = NULL;
    sennit_status st = sennit_hub_document(s->hub, SERVER_DOCUMENT, *s->now_ms, &doc);

    require(st == SENNIT_OK || st == SENNIT_EGONE);
    return doc;
}

void server_check_bounds(const server *s, const network *n)
{
    sennit_hub_stat stat;
    size_t wires = 0, most = 0; /* a hello that comes twice may open a channel beside the next one's */

    for (const wire *w = n->wires; w != NULL; w = w->next) {
        wires += w->far != NULL;
        most += w->far != NULL ? 1 + w->meddled : 0;
    }
    sennit_hub_get_stat(s->hub, &stat);
    require(stat.connections == wires && stat.channels <= most && stat.documents <= 1);
    require(stat.queued_bytes <= SERVER_QUEUE + wires * 4000);
}
