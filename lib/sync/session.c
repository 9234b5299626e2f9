/* One document of a link, as a machine of states.
 *
 *     OFFLINE --opened--> GREETING --welcome--> LIVE
 *        ^                  |   ^                 |
 *        |                  |   +--- greet again -+
 *        +------ lost ------+----- error ---------+--> REFUSED
 *
 * Each greeting opens a channel of another number, so that what is still under way
 * on the one before is not taken for what belongs to it.
 */
#include "core/doc/doc.h"
#include "sync/link.h"
#include "wire/wire.h"

#define SESSION_ASK_MS 10000u /* between two welcomes that are asked for */

/* ---- Opening and closing ---- */

sennit_status sennit_session_open(sennit_link *link, sennit_doc *doc, const char *name,
                                  const char *token, sennit_session **out)
{
    sennit_session *s;

    *out = NULL;
    if (!sennit_name_valid(name, strlen(name)) || strlen(token) > SENNIT_TOKEN_MAX)
        return SENNIT_EINVAL;
    if ((s = sn_mem_resize(&link->mem, NULL, 0, sizeof *s)) == NULL)
        return SENNIT_ENOMEM;
    *s = (sennit_session){.link = link, .doc = doc};
    memcpy(s->name, name, strlen(name) + 1);
    memcpy(s->token, token, strlen(token) + 1);
    sennit_buf_init(&s->presence, &link->mem.alloc);
    s->next = link->sessions;
    link->sessions = s;
    if (link->open)
        sn_session_opened(s);
    *out = s;
    return SENNIT_OK;
}

void sn_session_free(sennit_session *s)
{
    sn_event_forget(s->link, s);
    sn_safe_free(s);
    sn_mem_free(&s->link->mem, s->voids, s->voids_cap * sizeof *s->voids);
    sn_mem_free(&s->link->mem, s->taken_back, s->taken_back_cap * sizeof *s->taken_back);
    sn_mem_free(&s->link->mem, s->has, s->has_cap * sizeof *s->has);
    sennit_buf_clear(&s->presence);
    sn_mem_free(&s->link->mem, s, sizeof *s);
}

void sennit_session_close(sennit_session *s)
{
    if (s == NULL)
        return;
    s->doc = NULL;
    s->state = SENNIT_OFFLINE;
    sn_event_forget(s->link, s);
}

/* ---- Greeting ---- */

void sn_session_greet(sennit_session *s)
{
    s->state = SENNIT_GREETING;
    s->hello_due = true;
    s->retry_ms = 0;
    s->searching = s->probe_due = s->want_due = s->certain = false;
    s->presence_due = s->presence.len > 0;
    s->taken_back_len = 0; /* the server tells again */
    sn_safe_unpin(s);
}

void sn_session_opened(sennit_session *s)
{
    s->channel = 0;
    s->has_len = 0;
    s->retries = 0;
    s->muted = s->clashed = false;
    s->ask_ms = 0;
    sn_session_greet(s);
}

void sn_session_lost(sennit_session *s)
{
    s->channel = 0;
    s->hello_due = s->certain = s->searching = s->probe_due = false;
    s->retry_ms = 0;
    s->state = SENNIT_OFFLINE;
    sn_safe_unpin(s);
}

sennit_status sennit_session_set_token(sennit_session *s, const char *token)
{
    if (strlen(token) > SENNIT_TOKEN_MAX)
        return SENNIT_EINVAL;
    memcpy(s->token, token, strlen(token) + 1);
    s->muted = false;
    if (s->link->open)
        sn_session_greet(s);
    return SENNIT_OK;
}

sennit_session_state sennit_session_get_state(const sennit_session *s)
{
    return s->state;
}

sennit_permission sennit_session_permission(const sennit_session *s)
{
    return s->permission;
}

/* ---- Refused ---- */

void sn_session_tell_refused(sennit_session *s, sennit_fault fault, const sn_bytes *text)
{
    sennit_event *e = sn_event_add(s->link, SENNIT_EVENT_REFUSED, s, 0, text, NULL, NULL);

    if (e != NULL)
        e->fault = fault;
}

void sn_session_refuse(sennit_session *s, sennit_fault fault, const sn_bytes *text)
{
    s->state = SENNIT_REFUSED;
    s->hello_due = s->searching = s->probe_due = s->certain = false;
    s->retry_ms = 0;
    sn_session_tell_refused(s, fault, text);
}

void sn_session_give_up(sennit_session *s, sennit_fault fault, const char *what)
{
    const sn_bytes text = sn_bytes_of(what, strlen(what));

    sn_link_leave(s->link, s->channel);
    s->channel = 0;
    sn_session_refuse(s, fault, &text);
}

void sn_session_retry(sennit_session *s, uint64_t now_ms)
{
    const sennit_link_options *o = &s->link->options;
    uint64_t wait = (uint64_t)o->retry_least_ms << sn_min_u64(s->retries++, 16);

    sn_session_greet(s);
    s->hello_due = false;
    s->retry_ms = now_ms + sn_min_u64(wait, o->retry_most_ms);
}

/* What the server says is wrong, and whether that passes by itself. */
static bool fault_passes(sennit_fault fault)
{
    return fault == SENNIT_FAULT_STORAGE || fault == SENNIT_FAULT_AWAY || fault == SENNIT_FAULT_RATE ||
           fault == SENNIT_FAULT_TIMEOUT || fault == SENNIT_FAULT_CLOCK;
}

/* A document with nothing in it takes any lineage. */
static bool session_is_blank(const sennit_session *s)
{
    sennit_stat stat;

    sennit_doc_stat(s->doc, &stat);
    return stat.operations == 0;
}

/* Some of this brings back text that the server has no more: that goes anew, once. */
static bool session_types_anew(sennit_session *s)
{
    if (s->typed_anew || sennit_doc_replica(s->doc) == 0)
        return false;
    s->reissue_due = s->anew = s->typed_anew = true;
    sn_session_greet(s);
    return true;
}

/* The channel is closed. */
static void session_shut(sennit_session *s, sennit_fault fault, const sn_bytes *text, uint64_t now_ms)
{
    s->channel = 0;
    if (fault == SENNIT_FAULT_GONE && session_types_anew(s))
        return;
    if (fault == SENNIT_FAULT_LINEAGE && !s->any_lineage && session_is_blank(s)) {
        s->any_lineage = true;
        sn_session_greet(s);
    } else if (fault == SENNIT_FAULT_CLOCK && s->retries == 0) {
        s->retries++;
        s->reissue_due = true; /* with the time that the welcome brings */
        sn_session_greet(s);
    } else if (fault_passes(fault)) {
        s->reissue_due = s->reissue_due || fault == SENNIT_FAULT_CLOCK;
        sn_session_retry(s, now_ms);
        if (fault != SENNIT_FAULT_CLOCK) {
            s->state = SENNIT_REFUSED;
            sn_session_tell_refused(s, fault, text);
        }
    } else {
        sn_session_refuse(s, fault, text);
    }
}

/* What it sent is forbidden: it reads on, and keeps what it may not send. */
static void session_mute(sennit_session *s, const sn_bytes *text)
{
    s->channel = 0;
    s->muted = true;
    sn_session_tell_refused(s, SENNIT_FAULT_FORBIDDEN, text);
    sn_session_greet(s);
}

/* Another copy of this replica has come, and may have what was not sent from here: it
 * is to be heard first, or both would issue it anew. */
static bool session_is_ousted(const sennit_session *s)
{
    return s->state == SENNIT_LIVE && !(s->certain && s->sent == sennit_doc_own_count(s->doc));
}

/* What this channel is told yet is no answer to the next hello. */
static void session_give_way(sennit_session *s, uint64_t now_ms)
{
    sn_link_leave(s->link, s->channel);
    s->channel = 0;
    sn_session_retry(s, now_ms);
}

static sennit_status take_error(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    const sennit_fault fault = (sennit_fault)m->n[SN_ERROR_FAULT];
    const sn_bytes *text = &m->s[SN_ERROR_TEXT];

    if (fault == SENNIT_FAULT_FORKED && session_is_ousted(s))
        session_give_way(s, now_ms);
    else if (fault == SENNIT_FAULT_FORKED)
        sn_fork_begin(s);
    else if (fault == SENNIT_FAULT_FORBIDDEN && s->state == SENNIT_LIVE)
        session_mute(s, text);
    else
        session_shut(s, fault, text, now_ms);
    return SENNIT_OK;
}

/* ---- Another replica id ---- */

void sn_session_renewed(sennit_session *s, const sennit_rebased *done)
{
    sennit_event *e = sn_event_add(s->link, SENNIT_EVENT_REBASED, s, 0, NULL, NULL, NULL);

    if (e != NULL)
        e->rebased = *done;
    sn_safe_renew(s, done->old, done->from, done->renewed);
    memset(s->safe, 0, sizeof s->safe);
    s->sent = 0;
    s->certain = s->clashed = false;
    if (s->link->open)
        sn_session_greet(s);
}

/* Room to note a rebase. */
static sennit_status session_reserve(sennit_session *s)
{
    SN_TRY(sn_safe_reserve(s));
    return sn_mem_grow(&s->link->mem, (void **)&s->voids, &s->voids_cap, s->voids_len + 1,
                       sizeof *s->voids);
}

/* What became of what was voided before, and of this. Who hears of it waits until as many
 * operations have come anew as were taken back; if some came to nothing, he is not told
 * where to look for them. */
static void session_note_void(sennit_session *s, sennit_rebased done, uint64_t before)
{
    if (sennit_doc_own_count(s->doc) < before - done.from)
        done.renewed = 0;
    for (size_t i = 0; i < s->voids_len && done.from == 0; i++)
        if (s->voids[i].renewed == done.old)
            s->voids[i].renewed = done.renewed;
    s->voids[s->voids_len++] = (sn_voided){done.old, done.from, done.renewed};
}

sennit_status sennit_session_rebase(sennit_session *s, sennit_rebased *out)
{
    const uint64_t before = sennit_doc_own_count(s->doc);
    sennit_rebased done;

    if (!s->certain)
        return SENNIT_EBUSY;
    SN_TRY(session_reserve(s));
    SN_TRY(s->anew ? sennit_doc_retype(s->doc, s->sent, &done)
                   : sennit_doc_rebase(s->doc, s->sent, &done));
    if (s->anew)
        sn_event_add(s->link, SENNIT_EVENT_CHANGED, s, 0, NULL, NULL, NULL);
    s->anew = false;
    if (done.from < before) /* maybe nothing of it came anew */
        session_note_void(s, done, before);
    sn_session_renewed(s, &done);
    if (out != NULL)
        *out = done;
    return SENNIT_OK;
}

/* Drop what another took back. What this one made of it, and the server does not
 * have, goes with it; so what that is has to be certain. */
static sennit_status session_drop(sennit_session *s, const sn_voided *v)
{
    const uint64_t before = sennit_doc_own_count(s->doc);
    sennit_rebased done;

    if (!s->certain) {
        sn_session_greet(s); /* it will be told again */
        return SENNIT_OK;
    }
    SN_TRY(session_reserve(s));
    sennit_status st = sennit_doc_void(s->doc, v->replica, v->from, v->renewed, s->sent, &done);
    if (st != SENNIT_OK)
        return st == SENNIT_ENOMEM ? st : SENNIT_OK;
    sn_safe_renew(s, v->replica, v->from, v->renewed);
    sn_event_add(s->link, SENNIT_EVENT_CHANGED, s, 0, NULL, NULL, NULL);
    if (done.renewed != done.old) {
        session_note_void(s, done, before); /* a server that forgot it may have passed it on */
        sn_session_renewed(s, &done);
    } else {
        sn_session_greet(s); /* indices of replicas may have changed */
    }
    return SENNIT_OK;
}

/* Whether all that was taken back has come anew: then what was done to it here can be
 * done to that. */
static bool session_has_anew(const sennit_session *s, const sn_voided *v)
{
    return v->renewed == 0 || sennit_doc_known(s->doc, v->renewed) >=
                                  sennit_doc_known(s->doc, v->replica) - v->from;
}

static sennit_status session_look_at_taken_back(sennit_session *s)
{
    for (size_t i = 0; i < s->taken_back_len && !s->hello_due;) {
        const sn_voided v = s->taken_back[i];
        const bool gone = sennit_doc_known(s->doc, v.replica) <= v.from;

        if (!gone && !session_has_anew(s, &v)) {
            i++;
            continue;
        }
        s->taken_back[i] = s->taken_back[--s->taken_back_len];
        if (!gone)
            SN_TRY(session_drop(s, &v));
    }
    return SENNIT_OK;
}

static sennit_status take_void(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    const sn_voided v = {m->n[SN_VOID_REPLICA], m->n[SN_VOID_FROM], m->n[SN_VOID_RENEWED]};

    (void)now_ms;
    if (v.replica == sennit_doc_replica(s->doc) || sennit_doc_known(s->doc, v.replica) <= v.from)
        return SENNIT_OK;
    size_t i = 0;
    while (i < s->taken_back_len && s->taken_back[i].replica != v.replica)
        i++;
    SN_TRY(sn_mem_grow(&s->link->mem, (void **)&s->taken_back, &s->taken_back_cap, i + 1,
                       sizeof *s->taken_back));
    s->taken_back_len = i == s->taken_back_len ? i + 1 : s->taken_back_len;
    s->taken_back[i] = v;
    return session_look_at_taken_back(s);
}

/* ---- Deltas in ---- */

static sennit_fault status_fault(sennit_status status)
{
    switch (status) {
    case SENNIT_EFORK: return SENNIT_FAULT_FORKED;
    case SENNIT_ELINEAGE: return SENNIT_FAULT_LINEAGE;
    case SENNIT_EVERSION: return SENNIT_FAULT_VERSION;
    case SENNIT_ELIMIT: return SENNIT_FAULT_TOO_LARGE;
    default: return SENNIT_FAULT_PROTOCOL;
    }
}

static sennit_status note_brought(void *arg, const sennit_change *change, unsigned kinds)
{
    sennit_link *link = arg;

    (void)kinds;
    SN_TRY(sn_mem_grow(&link->mem, (void **)&link->brought, &link->brought_cap,
                       link->brought_len + 1, sizeof *link->brought));
    link->brought[link->brought_len++] =
        (sn_has){change->replica, (uint32_t)(change->first + change->operations), 0};
    return SENNIT_OK;
}

/* Apply what the server sent, and note that it has it. */
static sennit_status session_apply(sennit_session *s, const sn_bytes *delta, sennit_applied *applied,
                                   sennit_error *err)
{
    sennit_link *link = s->link;
    const sennit_admission admission = {note_brought, link};
    bool accounted = s->doc->heard == s->heard;

    if (delta->len > 0 && delta->data[0] == SN_TAG_SNAPSHOT) { /* its next welcome says what it has */
        SN_TRY(sennit_doc_apply(s->doc, delta->data, delta->len, NULL, applied, err));
        sn_session_greet(s);
        return SENNIT_OK;
    }
    link->brought_len = 0;
    SN_TRY(sennit_doc_admit(s->doc, delta->data, delta->len, NULL, &admission, applied, err));
    for (size_t i = 0; i < link->brought_len; i++)
        SN_TRY(sn_session_has(s, link->brought[i].replica, link->brought[i].seq));
    if (applied->known > 0) /* of that nobody was asked */
        SN_TRY(sn_session_has_delta(s, delta));
    if (accounted)
        s->heard = s->doc->heard;
    return SENNIT_OK;
}

static sennit_status take_delta(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    uint64_t changed = 0;

    (void)now_ms;
    if (m->n[SN_DELTA_SERIAL] != s->in_serial + 1)
        return SENNIT_ECORRUPT;
    s->in_serial++;
    for (size_t i = 0; i < m->items_len && !s->hello_due; i++) {
        sennit_error err = {SENNIT_OK, 0, ""};
        sennit_applied applied;
        sennit_status st = session_apply(s, &m->items[i].bytes, &applied, &err);

        if (st == SENNIT_ENOMEM)
            return st;
        if (st == SENNIT_EFORK && !s->clashed) { /* a copy of this replica made that */
            s->clashed = true;
            sn_session_greet(s);
            return SENNIT_OK;
        }
        if (st == SENNIT_EGONE && session_types_anew(s)) /* a snapshot without that text */
            return SENNIT_OK;
        if (st != SENNIT_OK) {
            sn_session_give_up(s, status_fault(st), err.what);
            return SENNIT_OK;
        }
        changed += applied.applied;
        s->want_due = s->want_due || applied.parked > 0;
    }
    if (changed > 0)
        sn_event_add(s->link, SENNIT_EVENT_CHANGED, s, 0, NULL, NULL, NULL);
    SN_TRY(session_look_at_taken_back(s));
    sn_safe_look(s);
    return SENNIT_OK;
}

/* ---- Other messages in ---- */

static sennit_status take_presence(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    (void)now_ms;
    sn_event_add(s->link, SENNIT_EVENT_PRESENCE, s, m->n[SN_PRESENCE_SESSION], NULL,
                 &m->s[SN_PRESENCE_STATE], &m->s[SN_PRESENCE_USER]);
    return SENNIT_OK;
}

/* The server lacks some of what a delta of ours builds on: it is told once more what
 * this document has that the server said it did not. */
static sennit_status take_want(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    const uint64_t replica = m->n[SN_WANT_REPLICA], after = m->n[SN_WANT_AFTER];

    (void)now_ms;
    if (replica == sennit_doc_replica(s->doc) || sennit_doc_known(s->doc, replica) <= after)
        return SENNIT_OK;
    s->heard = s->doc->heard - 1; /* so that it is looked for */
    for (uint32_t i = 0; i < s->has_len; i++)
        if (s->has[i].replica == replica)
            s->has[i].seq = (uint32_t)sn_min_u64(s->has[i].seq, after);
    return SENNIT_OK;
}

static sennit_status let_pass(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    (void)s, (void)m, (void)now_ms;
    return SENNIT_OK;
}

typedef sennit_status session_action(sennit_session *s, const sn_message *m, uint64_t now_ms);

/* What each message does in each state; NULL: it is out of turn, and the connection
 * is closed. Offline and refused there is no channel whose messages these could be.
 * While it searches the server may not know yet that it does. */
static session_action *const session_table[SN_SESSION_STATES][SN_MESSAGE_TYPES] = {
    [SENNIT_OFFLINE] = {NULL},
    [SENNIT_GREETING] = {[SN_WELCOME] = sn_session_take_welcome, [SN_ERROR] = take_error},
    [SENNIT_LIVE] = {[SN_DELTA] = take_delta, [SN_ACK] = sn_safe_take_ack,
                     [SN_PRESENCE] = take_presence, [SN_ERROR] = take_error, [SN_WANT] = take_want,
                     [SN_VOID] = take_void},
    [SENNIT_REFUSED] = {NULL},
    [SN_SESSION_SEARCHING] = {[SN_DIGESTS] = sn_fork_take, [SN_ERROR] = take_error,
                           [SN_DELTA] = let_pass, [SN_ACK] = let_pass, [SN_PRESENCE] = let_pass,
                           [SN_WANT] = let_pass, [SN_VOID] = let_pass},
};

sennit_status sn_session_take(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    session_action *action;

    if (s->doc == NULL || s->hello_due)
        return SENNIT_OK; /* it is about to leave this channel */
    action = session_table[s->searching ? SN_SESSION_SEARCHING : (unsigned)s->state][m->type];
    return action != NULL ? action(s, m, now_ms) : SENNIT_ECORRUPT;
}

/* ---- Messages out ---- */

static sennit_status write_wants(sennit_session *s, sennit_buf *frame)
{
    uint64_t replica, after;

    for (size_t at = 0; sennit_doc_next_missing(s->doc, &at, &replica, &after) == 1;) {
        const sn_message m = {.type = SN_WANT, .channel = s->channel, .n = {replica, after}};

        SN_TRY(sn_message_write(&m, frame));
    }
    s->want_due = false;
    return SENNIT_OK;
}

static sennit_status write_presence(sennit_session *s, sennit_buf *frame)
{
    sn_message m = {.type = SN_PRESENCE, .channel = s->channel};

    m.s[SN_PRESENCE_USER] = sn_bytes_of("", 0);
    if (s->presence.len > 0)
        m.s[SN_PRESENCE_STATE] = sn_bytes_of(s->presence.data, s->presence.len);
    SN_TRY(sn_message_write(&m, frame));
    s->presence_due = false;
    return SENNIT_OK;
}

static sennit_status write_voids(sennit_session *s, sennit_buf *frame)
{
    for (; s->voids_told < s->voids_len; s->voids_told++) {
        const sn_voided *v = &s->voids[s->voids_told];
        const sn_message m = {.type = SN_VOID, .channel = s->channel,
                              .n = {v->replica, v->from, v->renewed}};

        SN_TRY(sn_message_write(&m, frame));
    }
    return SENNIT_OK;
}

/* Whether the edits gathered for as long as they were to. */
static bool session_is_flush_time(sennit_session *s, uint64_t now_ms)
{
    uint64_t own = sennit_doc_own_count(s->doc);

    if (own != s->own_seen && s->own_seen <= s->sent)
        s->unsent_since_ms = now_ms; /* the first that is not sent */
    s->own_seen = own;
    return now_ms >= s->unsent_since_ms + s->link->options.flush_ms;
}

/* Whether somebody waits for what was given to the server, which may have passed it
 * over: a welcome tells. */
static bool session_is_to_ask(const sennit_session *s, uint64_t now_ms)
{
    bool open = false;

    if (now_ms < s->ask_ms || s->acked[SENNIT_APPLIED].yours < s->out_serial)
        return false;
    for (uint32_t i = 0; i < s->has_len; i++)
        open = open || s->has[i].given > s->has[i].seq;
    return open && sn_safe_is_waited(s);
}

static sennit_status write_live(sennit_session *s, uint64_t now_ms, sennit_buf *frame)
{
    SN_TRY(write_voids(s, frame));
    if (sn_session_lacks(s) && session_is_flush_time(s, now_ms))
        SN_TRY(sn_session_upload(s, frame));
    sn_safe_look(s);
    if (session_is_to_ask(s, now_ms)) {
        s->ask_ms = now_ms + SESSION_ASK_MS;
        sn_session_greet(s);
    }
    if (s->want_due)
        SN_TRY(write_wants(s, frame));
    return s->presence_due ? write_presence(s, frame) : SENNIT_OK;
}

sennit_status sn_session_write(sennit_session *s, uint64_t now_ms, sennit_buf *frame)
{
    if (s->doc->txn.open)
        return SENNIT_OK; /* nothing can be exported now */
    if (s->retry_ms != 0 && now_ms >= s->retry_ms)
        sn_session_greet(s);
    if (s->state == SENNIT_LIVE && s->replica != 0 && s->replica != sennit_doc_replica(s->doc))
        sn_session_greet(s); /* the host rebased it */
    if (s->hello_due)
        return sn_session_write_hello(s, now_ms, frame);
    if (s->probe_due)
        return sn_fork_write(s, frame);
    return s->state == SENNIT_LIVE ? write_live(s, now_ms, frame) : SENNIT_OK;
}

uint64_t sn_session_due(const sennit_session *s)
{
    if (s->doc == NULL || s->hello_due)
        return 0;
    if (s->retry_ms != 0)
        return s->retry_ms;
    if (s->state != SENNIT_LIVE || !sn_session_lacks(s))
        return UINT64_MAX;
    return s->own_seen == sennit_doc_own_count(s->doc)
               ? s->unsent_since_ms + s->link->options.flush_ms : 0;
}

sennit_status sennit_session_set_presence(sennit_session *s, const void *state, size_t len)
{
    SN_TRY(sn_buf_reserve(&s->presence, len));
    s->presence.len = 0;
    if (len > 0)
        SN_TRY(sn_buf_put(&s->presence, state, len));
    s->presence_due = true;
    return SENNIT_OK;
}
