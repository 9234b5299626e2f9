#include "sim/actor.h"

#include "support/doc.h"
#include "support/require.h"
#include "sync/link.h"

#include <string.h>

/* ---- Documents ---- */

static sennit_options actor_options(actor *a)
{
    sennit_options options = doc_options(a->chance);

    options.coalesce_ms = 500;
    return options;
}

static sennit_doc *actor_new_doc(actor *a)
{
    sennit_options options = actor_options(a);
    sennit_doc *doc;

    if (!a->seeded)
        return doc_new(&options);
    require(sennit_doc_seed(&options, SERVER_DOCUMENT, 3, "", 0, &doc) == SENNIT_OK);
    return doc;
}

/* ---- Disks ---- */

static void kept_init(kept *k)
{
    sennit_buf_init(&k->doc, NULL);
    sennit_buf_init(&k->steps, NULL);
}

static void kept_forget(kept *k)
{
    k->doc.len = k->steps.len = 0;
}

static void kept_clear(kept *k)
{
    sennit_buf_clear(&k->doc);
    sennit_buf_clear(&k->steps);
}

static void actor_save(const actor *a, kept *out)
{
    kept_forget(out);
    require(sennit_doc_save(a->doc, SENNIT_SAVE_IDENTITY, &out->doc) == SENNIT_OK);
    require(sennit_undo_save(a->undo, &out->steps) == SENNIT_OK);
}

static void actor_load(actor *a, const kept *saved)
{
    sennit_options options = actor_options(a);

    if (saved == NULL || saved->doc.len == 0) {
        a->doc = actor_new_doc(a);
        require(sennit_undo_new(a->doc, NULL, &a->undo) == SENNIT_OK);
        return;
    }
    require(sennit_doc_load(&options, saved->doc.data, saved->doc.len, &a->doc, NULL) == SENNIT_OK);
    require(sennit_undo_load(a->doc, NULL, saved->steps.data, saved->steps.len, &a->undo, NULL) ==
            SENNIT_OK);
}

/* ---- Opening and closing ---- */

static void actor_open(actor *a, const kept *saved)
{
    sennit_link_options link = {.size = sizeof link, .random = rng_random, .random_self = a->chance,
                                .max_frame = SERVER_FRAME};
    char token[4];

    actor_load(a, saved);
    link.flush_ms = rng_percent(a->chance, 30) ? 40 : 0;
    server_token(a->user, token);
    require(sennit_link_new(&link, &a->link) == SENNIT_OK);
    require(sennit_session_open(a->link, a->doc, SERVER_DOCUMENT, token, &a->session) == SENNIT_OK);
    a->connect_ms = *a->clock.true_ms + 1 + rng_below(a->chance, 300);
    a->token_ms = 0;
    a->waits = false;
    a->refused = 0;
}

static void actor_close(actor *a)
{
    actor_go_offline(a);
    sennit_link_free(a->link);
    sennit_undo_free(a->undo);
    sennit_doc_free(a->doc);
    a->link = NULL;
    a->session = NULL;
    a->undo = NULL;
    a->doc = NULL;
}

void actor_begin(actor *a)
{
    kept_init(&a->backup);
    actor_open(a, NULL);
}

void actor_end(actor *a)
{
    actor_close(a);
    kept_clear(&a->backup);
    free(a->waited);
}

static void actor_reopen(actor *a, const kept *saved)
{
    actor_close(a);
    actor_open(a, saved);
}

void actor_restart(actor *a)
{
    kept saved;

    journal_note(a->journal, "restart", a->number, 0);
    kept_init(&saved);
    actor_save(a, &saved);
    actor_reopen(a, &saved);
    kept_clear(&saved);
}

void actor_back_up(actor *a)
{
    if (a->copied)
        return;
    actor_save(a, &a->backup);
    a->backup_pieces = a->oracle->len;
    a->backup_erasures = a->oracle->erasures_len;
}

void actor_set_back(actor *a)
{
    if (a->backup.doc.len == 0)
        return;
    journal_note(a->journal, "set back", a->number, 0);
    oracle_lose(a->oracle, a->number, a->backup_pieces, a->backup_erasures);
    actor_reopen(a, &a->backup);
    kept_forget(&a->backup);
    a->copied = true;
}

void actor_copy(actor *a, actor *other)
{
    kept saved;

    if (a == other || a->copied)
        return;
    journal_note(a->journal, "copy", a->number, other->number);
    kept_init(&saved);
    actor_save(a, &saved);
    oracle_copy(a->oracle, a->number, other->number);
    other->user = a->user;
    actor_reopen(other, &saved);
    kept_clear(&saved);
    kept_forget(&a->backup);
    kept_forget(&other->backup);
    a->copied = other->copied = true;
}

void actor_show(actor *a)
{
    static const char state[] = "here";
    const size_t len = rng_percent(a->chance, 80) ? sizeof state : 0;

    require(sennit_session_set_presence(a->session, len > 0 ? state : NULL, len) == SENNIT_OK);
}

/* ---- What is safe ---- */

/* What a server said that has been restored since counts no more. */
static bool actor_is_told(const actor *a)
{
    return a->wire != NULL && a->wire->age == a->server->age;
}

void actor_wait(actor *a)
{
    sennit_buf version;

    if (a->waits)
        return;
    sennit_buf_init(&version, NULL);
    doc_version(a->doc, &version);
    require(sennit_session_wait(a->session, version.data, version.len, SENNIT_DURABLE, ++a->ticket) ==
            SENNIT_OK);
    sennit_buf_clear(&version);
    a->waits = true;
    free(a->waited);
    a->waited = oracle_look(a->oracle, a->doc);
    a->waited_len = a->oracle->len;
}

static void actor_reached(actor *a, const sennit_event *e)
{
    require(a->waits && e->ticket == a->ticket && e->level == SENNIT_DURABLE);
    journal_note(a->journal, "reached", a->number, e->ticket);
    a->waits = false;
    for (size_t i = 0; i < a->waited_len && actor_is_told(a); i++)
        if (a->waited[i] != 0)
            a->oracle->pieces[i].durable = true;
}

/* Nothing of its own is unsafe: all it has made and not lost is durable. */
static void actor_look_at_safe(actor *a)
{
    if (!actor_is_told(a) || sennit_session_get_state(a->session) != SENNIT_LIVE ||
        sennit_session_unsafe(a->session, SENNIT_DURABLE) > 0)
        return;
    for (size_t i = 0; i < a->oracle->len; i++) {
        piece *p = &a->oracle->pieces[i];

        if (p->author == a->number && !p->lost && !p->durable) {
            p->durable = true;
            journal_note(a->journal, "safe", a->number, i);
        }
    }
}

/* ---- What its host does about events ---- */

static void actor_refused(actor *a, sennit_fault fault)
{
    journal_note(a->journal, "refused", a->number, (uint64_t)fault);
    a->refused = fault;
    if (fault == SENNIT_FAULT_TOKEN || fault == SENNIT_FAULT_FORBIDDEN)
        a->token_ms = *a->clock.true_ms + 1 + rng_below(a->chance, 2000);
    else
        require((a->wire != NULL && a->wire->meddled) || fault == SENNIT_FAULT_STORAGE || fault == SENNIT_FAULT_TIMEOUT);
}

static void actor_rebased(actor *a, const sennit_rebased *done)
{
    journal_note(a->journal, "rebased", a->number, done->operations);
    if (a->server->keep_ms > 0)
        oracle_retype(a->oracle, a->number);
    a->copied = false;
    kept_forget(&a->backup); /* what it has of this would come anew a second time */
}

static void actor_events(actor *a)
{
    sennit_event e;

    while (sennit_link_next_event(a->link, &e) == 1) {
        require(e.session == a->session);
        if (e.kind == SENNIT_EVENT_REACHED)
            actor_reached(a, &e);
        else if (e.kind == SENNIT_EVENT_REFUSED)
            actor_refused(a, e.fault);
        else if (e.kind == SENNIT_EVENT_REBASED)
            actor_rebased(a, &e.rebased);
        else if (e.kind == SENNIT_EVENT_LIVE && actor_may_edit(a))
            a->refused = 0;
    }
    actor_look_at_safe(a);
}

static void actor_get_token(actor *a)
{
    char token[4];

    server_token(a->user, token);
    a->token_ms = 0;
    require(sennit_session_set_token(a->session, token) == SENNIT_OK);
}

/* Whether what it sent may be under way yet, on this connection or on one given up. */
static bool actor_has_sent(const actor *a)
{
    for (const wire *w = a->network->wires; w != NULL; w = w->next)
        if (w->up.n > 0 && (w == a->wire || w->near == NULL))
            return true;
    return false;
}

/* What the user before sent on a connection that nobody hears of, and what is issued
 * anew because it has not come, would both arrive: a server closes no connection of one
 * user because another names its replica, or everybody could close everybody's. */
void actor_become(actor *a, unsigned user)
{
    if (a->server->open || user == a->user || a->copied || actor_has_sent(a))
        return;
    journal_note(a->journal, "become", a->number, user);
    a->copied = true; /* until it has an id of its own: a copy would issue the same anew */
    a->user = user;
    actor_get_token(a);
}

/* ---- Connections ---- */

void actor_go_offline(actor *a)
{
    if (a->wire == NULL)
        return;
    a->wire->near = NULL;
    a->wire = NULL;
    a->connect_ms = *a->clock.true_ms + 1 + sennit_link_closed(a->link, clock_read(&a->clock));
}

static void actor_connect(actor *a)
{
    a->connect_ms = 0;
    a->wire = network_connect(a->network, a);
    server_accept(a->server, a->wire);
    journal_note(a->journal, "connect", a->number, a->wire->number);
    require(sennit_link_opened(a->link, clock_read(&a->clock)) == SENNIT_OK);
}

/* One that does not care what it was told. */
static void actor_be_bold(actor *a)
{
    if (!a->bold || sennit_session_get_state(a->session) != SENNIT_LIVE || !rng_percent(a->chance, 20))
        return;
    a->session->permission = SENNIT_EDIT;
    a->session->muted = false;
}

static void actor_send(actor *a)
{
    const void *data;
    size_t len;
    int more;

    while (a->wire != NULL && !lane_is_full(&a->wire->up)) {
        more = sennit_link_next_frame(a->link, clock_read(&a->clock), &data, &len);
        require(more >= 0);
        if (more == 0)
            break;
        require(len <= SERVER_FRAME);
        wire_send(a->wire, &a->wire->up, data, len);
    }
    actor_events(a);
}

static void actor_receive(actor *a)
{
    parcel *p;

    while (a->wire != NULL && (p = wire_take(a->wire, &a->wire->down)) != NULL) {
        sennit_doc_set_time(a->doc, clock_read(&a->clock));
        sennit_status st = sennit_link_receive(a->link, p->data, p->len, clock_read(&a->clock));
        free(p);
        require(st == SENNIT_OK || (st == SENNIT_ECORRUPT && a->wire->meddled));
        actor_events(a);
        if (st != SENNIT_OK)
            actor_go_offline(a);
    }
    if (a->wire != NULL && (wire_ended(a->wire, &a->wire->down, a->wire->far) ||
                            sennit_link_gone(a->link, clock_read(&a->clock))))
        actor_go_offline(a);
}

void actor_turn(actor *a)
{
    const uint64_t now_ms = *a->clock.true_ms;

    if (a->wire == NULL && a->connect_ms <= now_ms)
        actor_connect(a);
    if (a->token_ms != 0 && a->token_ms <= now_ms)
        actor_get_token(a);
    actor_receive(a);
    actor_be_bold(a);
    actor_send(a);
}

bool actor_is_done(const actor *a)
{
    if (!actor_may_edit(a) && (a->bold || a->refused == SENNIT_FAULT_FORBIDDEN))
        return true; /* it keeps what it has */
    return a->wire != NULL && a->wire->up.n == 0 && a->wire->down.n == 0 &&
           sennit_session_get_state(a->session) == SENNIT_LIVE &&
           (!actor_may_edit(a) ||
            (!a->waits && sennit_session_unsafe(a->session, SENNIT_DURABLE) == 0));
}
