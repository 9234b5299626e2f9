/* One document of a link, as a machine of states.
 *
 *     OFFLINE --opened--> GREETING --welcome--> LIVE
 *        ^                    |                  |
 *        +------ lost --------+-- error ---------+--> REFUSED
 *
 * The server's welcome says what it knows, so what it lacks is sent then, and what
 * is made later as it is made. Nothing is queued here: the document holds it all.
 */
#include "sync/link.h"
#include "wire/wire.h"

#define CLOCK_TOLERANCE_MS 2000

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
    *s = (sennit_session){.link = link, .doc = doc, .channel = ++link->channels};
    memcpy(s->name, name, strlen(name) + 1);
    memcpy(s->token, token, strlen(token) + 1);
    sennit_buf_init(&s->theirs, &link->mem.alloc);
    sennit_buf_init(&s->presence, &link->mem.alloc);
    s->next = link->sessions;
    link->sessions = s;
    if (link->open)
        sn_session_opened(s);
    *out = s;
    return SENNIT_OK;
}

static void session_drop_wait(sennit_session *s, unsigned i)
{
    sennit_buf_clear(&s->waits[i].version);
    s->waits[i] = s->waits[--s->waits_len];
}

void sn_session_free(sennit_session *s)
{
    sn_event_forget(s->link, s);
    while (s->waits_len > 0)
        session_drop_wait(s, 0);
    sennit_buf_clear(&s->theirs);
    sennit_buf_clear(&s->presence);
    sn_mem_free(&s->link->mem, s, sizeof *s);
}

void sennit_session_close(sennit_session *s)
{
    if (s == NULL)
        return;
    s->closing = true;
    s->doc = NULL;
    sn_event_forget(s->link, s);
}

sennit_status sennit_session_set_token(sennit_session *s, const char *token)
{
    if (strlen(token) > SENNIT_TOKEN_MAX)
        return SENNIT_EINVAL;
    memcpy(s->token, token, strlen(token) + 1);
    if (s->link->open)
        sn_session_opened(s);
    return SENNIT_OK;
}

void sn_session_opened(sennit_session *s)
{
    s->state = SENNIT_GREETING;
    s->hello_due = true;
    s->retry_ms = 0;
    s->presence_due = s->presence.len > 0;
    s->searching = s->probe_due = s->catchup_due = s->want_due = false;
    s->out_serial = s->in_serial = 0;
    s->acks_len = 0;
    s->theirs.len = 0;
}

void sn_session_lost(sennit_session *s)
{
    if (s->state != SENNIT_REFUSED)
        s->state = SENNIT_OFFLINE;
}

sennit_session_state sennit_session_get_state(const sennit_session *s)
{
    return s->state;
}

sennit_permission sennit_session_permission(const sennit_session *s)
{
    return s->permission;
}

void sn_session_refuse(sennit_session *s, sennit_fault fault, const sn_bytes *text)
{
    sennit_event *e;

    s->state = SENNIT_REFUSED;
    s->hello_due = false;
    if ((e = sn_event_add(s->link, SENNIT_EVENT_REFUSED, s, text, NULL, NULL)) != NULL)
        e->fault = fault;
}

/* ---- What is safe ---- */

uint64_t sennit_session_unsafe(const sennit_session *s, sennit_level level)
{
    uint64_t own = sennit_doc_own_count(s->doc);

    return own > s->safe[level] ? own - s->safe[level] : 0;
}

/* Whether all that a version knows is so safe. */
static bool session_reached(const sennit_session *s, const sn_wait *w)
{
    uint64_t me = sennit_doc_replica(s->doc), replica, count;
    bool foreign = s->in_safe[w->level] >= w->received;
    size_t at = 0;

    while (sennit_version_next(w->version.data, w->version.len, &at, &replica, &count) == 1)
        if (replica == me ? s->safe[w->level] < count
                          : !foreign || sennit_doc_known(s->doc, replica) < count)
            return false;
    return true;
}

static void session_tell_reached(sennit_session *s)
{
    for (unsigned i = 0; i < s->waits_len;) {
        sennit_event *e;

        if (s->state != SENNIT_LIVE || !session_reached(s, &s->waits[i])) {
            i++;
            continue;
        }
        e = sn_event_add(s->link, SENNIT_EVENT_REACHED, s, NULL, NULL, NULL);
        if (e == NULL)
            return; /* again next time */
        e->ticket = s->waits[i].ticket;
        e->level = s->waits[i].level;
        session_drop_wait(s, i);
    }
}

sennit_status sennit_session_wait(sennit_session *s, const void *version, size_t len,
                                  sennit_level level, uint64_t ticket)
{
    uint64_t replica, count;
    size_t at = 0;
    sn_wait *w;
    int more;

    while ((more = sennit_version_next(version, len, &at, &replica, &count)) == 1)
        ;
    if (more < 0)
        return SENNIT_ECORRUPT;
    if (s->waits_len == SN_WAITS)
        return SENNIT_ELIMIT;
    w = &s->waits[s->waits_len];
    *w = (sn_wait){.ticket = ticket, .level = level, .received = s->in_serial};
    sennit_buf_init(&w->version, &s->link->mem.alloc);
    SN_TRY(sn_buf_put(&w->version, version, len));
    s->waits_len++;
    session_tell_reached(s);
    return SENNIT_OK;
}

/* Own operations up to `own` are so safe. */
static void session_raise(sennit_session *s, sennit_level level, uint64_t own)
{
    sennit_event *e;

    for (int at = (int)level; at >= 0; at--) {
        if (own <= s->safe[at])
            continue;
        s->safe[at] = own;
        if ((e = sn_event_add(s->link, SENNIT_EVENT_SAFE, s, NULL, NULL, NULL)) != NULL)
            e->level = (sennit_level)at;
    }
}

static void session_note_sent(sennit_session *s, uint64_t serial)
{
    if (s->acks_len == SN_ACKS)
        s->acks_len--; /* told together with the one before */
    s->acks[s->acks_len++] = (sn_sent){serial, s->sent};
}

static sennit_status take_ack(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    uint64_t level = m->n[SN_ACK_LEVEL], yours = m->n[SN_ACK_YOURS], mine = m->n[SN_ACK_MINE];
    uint64_t own = 0;

    (void)now_ms;
    if (level >= SN_LEVELS || yours > s->out_serial || mine > s->in_serial)
        return SENNIT_ECORRUPT;
    for (unsigned i = 0; i < s->acks_len && s->acks[i].serial <= yours; i++)
        own = s->acks[i].own;
    session_raise(s, (sennit_level)level, own);
    for (int at = (int)level; at >= 0; at--)
        s->in_safe[at] = sn_max_u64(s->in_safe[at], mine);
    if (level >= SENNIT_DURABLE) { /* those before the last one acknowledged say no more */
        unsigned done = 0;

        while (done + 1 < s->acks_len && s->acks[done + 1].serial <= yours)
            done++;
        s->acks_len -= done;
        memmove(s->acks, s->acks + done, s->acks_len * sizeof *s->acks);
    }
    session_tell_reached(s);
    return SENNIT_OK;
}

/* ---- Messages in ---- */

/* Correct the document's clock by the server's, before anything is exported. */
static sennit_status session_set_clock(sennit_session *s, uint64_t server_ms, uint64_t now_ms)
{
    int64_t offset = (int64_t)server_ms - (int64_t)now_ms;
    sennit_event *e;

    bool right = offset > -CLOCK_TOLERANCE_MS && offset < CLOCK_TOLERANCE_MS;

    sennit_doc_set_clock_offset(s->doc, right ? 0 : offset);
    if (right)
        return SENNIT_OK;
    sennit_status st = offset < 0 ? sennit_doc_restamp(s->doc, server_ms) : SENNIT_OK;
    if ((e = sn_event_add(s->link, SENNIT_EVENT_CLOCK, s, NULL, NULL, NULL)) != NULL)
        e->offset_ms = offset;
    return st == SENNIT_ECLOCK || st == SENNIT_EBUSY ? SENNIT_OK : st; /* the server decides */
}

/* A document with nothing in it takes any lineage. */
static bool session_is_blank(const sennit_session *s)
{
    sennit_stat stat;

    sennit_doc_stat(s->doc, &stat);
    return stat.operations == 0;
}

static sennit_status take_welcome(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    uint64_t count = m->n[SN_WELCOME_COUNT], own = sennit_doc_own_count(s->doc), digest;
    uint64_t me = sennit_doc_replica(s->doc);

    if (m->n[SN_WELCOME_PROTOCOL] != SENNIT_PROTOCOL ||
        m->n[SN_WELCOME_PERMISSION] > SENNIT_ADMIN || m->s[SN_WELCOME_LINEAGE].len != 16)
        return SENNIT_ECORRUPT;
    if (session_is_blank(s))
        SN_TRY(sennit_doc_adopt(s->doc, m->s[SN_WELCOME_LINEAGE].data));
    s->link->welcomed = true;
    s->link->heartbeat_ms = sn_max_u64(m->n[SN_WELCOME_HEARTBEAT], 1000);
    s->link->max_frame = (uint32_t)sn_min_u64(m->n[SN_WELCOME_FRAME], UINT32_MAX);
    if (count > own || (count > 0 && m->n[SN_WELCOME_DIGEST] != 0 &&
                        sennit_doc_digest(s->doc, me, &count, 1, &digest) == SENNIT_OK &&
                        digest != m->n[SN_WELCOME_DIGEST])) {
        sn_fork_begin(s);
        return SENNIT_OK;
    }
    if (count < s->safe[SENNIT_DURABLE])
        sn_event_add(s->link, SENNIT_EVENT_RESTORED, s, NULL, NULL, NULL);
    SN_TRY(session_set_clock(s, m->n[SN_WELCOME_TIME], now_ms));
    SN_TRY(sn_buf_put(&s->theirs, m->s[SN_WELCOME_VERSION].data, m->s[SN_WELCOME_VERSION].len));
    s->permission = (sennit_permission)m->n[SN_WELCOME_PERMISSION];
    s->incarnation = m->n[SN_WELCOME_INCARNATION];
    s->state = SENNIT_LIVE;
    s->forks = 0;
    s->searching = s->probe_due = false;
    s->sent = count;
    s->safe[SENNIT_APPLIED] = count;
    s->safe[SENNIT_DURABLE] = sn_min_u64(s->safe[SENNIT_DURABLE], count);
    s->safe[SENNIT_REPLICATED] = sn_min_u64(s->safe[SENNIT_REPLICATED], count);
    memset(s->in_safe, 0, sizeof s->in_safe);
    session_note_sent(s, 0);
    s->catchup_due = true;
    sn_event_add(s->link, SENNIT_EVENT_LIVE, s, NULL, NULL, NULL);
    session_tell_reached(s);
    return SENNIT_OK;
}

static void session_refuse_status(sennit_session *s, sennit_status status, const char *what)
{
    const sn_bytes text = sn_bytes_of(what, strlen(what));

    sn_session_refuse(s, status == SENNIT_EFORK      ? SENNIT_FAULT_FORKED
                         : status == SENNIT_ELINEAGE ? SENNIT_FAULT_LINEAGE
                         : status == SENNIT_EVERSION ? SENNIT_FAULT_VERSION
                         : status == SENNIT_ELIMIT   ? SENNIT_FAULT_TOO_LARGE
                                                     : SENNIT_FAULT_PROTOCOL,
                      &text);
}

static sennit_status take_delta(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    uint64_t changed = 0;

    (void)now_ms;
    if (m->n[SN_DELTA_SERIAL] != s->in_serial + 1)
        return SENNIT_ECORRUPT;
    for (size_t i = 0; i < m->items_len; i++) {
        const sn_bytes *delta = &m->items[i].bytes;
        sennit_applied applied;
        sennit_status st = sennit_doc_apply(s->doc, delta->data, delta->len, NULL, &applied, &err);

        if (st == SENNIT_ENOMEM || st == SENNIT_EBUSY)
            return st;
        if (st != SENNIT_OK) {
            session_refuse_status(s, st, err.what);
            break;
        }
        changed += applied.applied;
        s->want_due = s->want_due || applied.parked > 0;
    }
    s->in_serial++;
    if (changed > 0)
        sn_event_add(s->link, SENNIT_EVENT_CHANGED, s, NULL, NULL, NULL);
    session_tell_reached(s);
    return SENNIT_OK;
}

static sennit_status take_presence(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    sennit_event *e = sn_event_add(s->link, SENNIT_EVENT_PRESENCE, s, NULL,
                                   &m->s[SN_PRESENCE_STATE], &m->s[SN_PRESENCE_USER]);

    (void)now_ms;
    if (e != NULL)
        e->peer = m->n[SN_PRESENCE_SESSION];
    return SENNIT_OK;
}

void sn_session_renewed(sennit_session *s, const sennit_rebased *done)
{
    sennit_event *e = sn_event_add(s->link, SENNIT_EVENT_REBASED, s, NULL, NULL, NULL);

    if (e != NULL)
        e->rebased = *done;
    memset(s->safe, 0, sizeof s->safe);
    s->sent = 0;
    if (s->link->open)
        sn_session_opened(s);
}

/* The time of what was sent is too far ahead: the clock was corrected at the
 * welcome, so issued again it is right. */
static sennit_status session_reissue(sennit_session *s)
{
    sennit_rebased done;

    SN_TRY(sennit_doc_rebase(s->doc, s->safe[SENNIT_APPLIED], &done));
    sn_session_renewed(s, &done);
    return SENNIT_OK;
}

static sennit_status take_error(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    sennit_fault fault = (sennit_fault)m->n[SN_ERROR_FAULT];

    if (fault == SENNIT_FAULT_CLOCK)
        return session_reissue(s);
    if (fault == SENNIT_FAULT_FORKED)
        sn_fork_begin(s);
    else
        sn_session_refuse(s, fault, &m->s[SN_ERROR_TEXT]);
    if (fault == SENNIT_FAULT_STORAGE || fault == SENNIT_FAULT_RATE)
        s->retry_ms = now_ms + s->link->options.retry_most_ms / 10;
    return SENNIT_OK;
}

/* The server lacks some of what a delta of ours builds on. */
static sennit_status take_want(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    (void)m, (void)now_ms;
    s->catchup_due = true;
    return SENNIT_OK;
}

static sennit_status take_void(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    uint64_t replica = m->n[SN_VOID_REPLICA], from = m->n[SN_VOID_FROM];
    sennit_rebased done;

    (void)now_ms;
    if (replica == sennit_doc_replica(s->doc) || sennit_doc_known(s->doc, replica) <= from)
        return SENNIT_OK;
    sennit_status st = sennit_doc_void(s->doc, replica, from, m->n[SN_VOID_RENEWED],
                                       s->safe[SENNIT_APPLIED], &done);
    if (st != SENNIT_OK)
        return st == SENNIT_ENOMEM || st == SENNIT_EBUSY ? st : SENNIT_OK;
    sn_event_add(s->link, SENNIT_EVENT_CHANGED, s, NULL, NULL, NULL);
    if (done.renewed != done.old) /* what this one made of it goes with it */
        sn_session_renewed(s, &done);
    return SENNIT_OK;
}

static sennit_status take_digests(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    (void)now_ms;
    return s->searching ? sn_fork_take(s, m) : SENNIT_ECORRUPT;
}

static sennit_status let_pass(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    (void)s, (void)m, (void)now_ms;
    return SENNIT_OK;
}

typedef sennit_status session_action(sennit_session *s, const sn_message *m, uint64_t now_ms);

/* What each message does in each state; NULL: it is out of turn, and the connection
 * is closed. What was under way when a session was refused passes. */
static session_action *const session_table[][SN_MESSAGE_TYPES] = {
    [SENNIT_OFFLINE] = {NULL},
    [SENNIT_GREETING] = {[SN_WELCOME] = take_welcome, [SN_ERROR] = take_error,
                         [SN_DIGESTS] = take_digests, [SN_DELTA] = let_pass, [SN_ACK] = let_pass,
                         [SN_PRESENCE] = let_pass, [SN_WANT] = let_pass, [SN_VOID] = let_pass},
    [SENNIT_LIVE] = {[SN_DELTA] = take_delta, [SN_ACK] = take_ack, [SN_PRESENCE] = take_presence,
                     [SN_ERROR] = take_error, [SN_WANT] = take_want, [SN_VOID] = take_void},
    [SENNIT_REFUSED] = {[SN_DELTA] = let_pass, [SN_ACK] = let_pass, [SN_PRESENCE] = let_pass,
                        [SN_ERROR] = let_pass, [SN_WANT] = let_pass, [SN_VOID] = let_pass,
                        [SN_DIGESTS] = let_pass, [SN_WELCOME] = let_pass},
};

sennit_status sn_session_take(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    session_action *action = session_table[s->state][m->type];

    return action != NULL ? action(s, m, now_ms) : SENNIT_ECORRUPT;
}

/* ---- Messages out ---- */

static sennit_status write_hello(sennit_session *s, sennit_buf *out)
{
    uint64_t me = sennit_doc_replica(s->doc), own = sennit_doc_own_count(s->doc), digest = 0;
    sennit_buf *version = &s->link->scratch;
    uint8_t lineage[16];

    version->len = 0;
    SN_TRY(sennit_doc_version(s->doc, version));
    sennit_doc_lineage(s->doc, lineage);
    if (own > 0 && sennit_doc_digest(s->doc, me, &own, 1, &digest) != SENNIT_OK)
        digest = 0; /* cannot be told */
    const bool born = !session_is_blank(s);
    const sn_message hello = {
        .type = SN_HELLO, .channel = s->channel,
        .n = {SENNIT_PROTOCOL, 1, me, own, digest, s->incarnation},
        .s = {sn_bytes_of(s->name, strlen(s->name)),
              {born ? lineage : NULL, born ? sizeof lineage : 0},
              sn_bytes_of(version->data, version->len), sn_bytes_of(s->token, strlen(s->token))},
    };
    return sn_message_write(&hello, out);
}

static sennit_status write_delta(sennit_session *s, const sennit_buf *delta, sennit_buf *out)
{
    sn_item item = {.bytes = sn_bytes_of(delta->data, delta->len)};
    const sn_message m = {.type = SN_DELTA, .channel = s->channel, .n = {s->out_serial + 1},
                          .items = &item, .items_len = 1};

    SN_TRY(sn_message_write(&m, out));
    s->out_serial++;
    session_note_sent(s, s->out_serial);
    return SENNIT_OK;
}

/* How much one delta may hold, so that its frame is not too long. */
static uint64_t session_part(const sennit_session *s)
{
    return sn_max_u64(s->link->max_frame / 4, 256);
}

/* Own operations that were not sent yet: about as many as a frame takes. */
static sennit_status write_own(sennit_session *s, sennit_buf *out)
{
    sn_wanted wanted = {s->doc->me, (uint32_t)s->sent};
    uint64_t before = s->sent;
    sennit_buf *delta = &s->link->scratch;

    if (sennit_doc_own_count(s->doc) <= s->sent || s->permission < SENNIT_COMMENT)
        return SENNIT_OK;
    delta->len = 0;
    if (sennit_doc_own_count(s->doc) - s->sent <= session_part(s) / 4) { /* a keystroke has a short form */
        SN_TRY(sennit_doc_own_delta(s->doc, s->sent, NULL, delta));
        wanted.seq = (uint32_t)sennit_doc_own_count(s->doc);
    } else {
        SN_TRY(sn_delta_part(s->doc, &wanted, 1, session_part(s), delta));
    }
    s->sent = wanted.seq;
    sennit_status st = write_delta(s, delta, out);
    if (st != SENNIT_OK)
        s->sent = before;
    return st;
}

/* What others wrote and the server lacks: apart from the own, since it may be
 * refused without anybody being to blame. */
static sennit_status write_foreign(sennit_session *s, sennit_buf *out)
{
    sennit_buf *delta = &s->link->scratch, then;

    sennit_buf_init(&then, &s->link->mem.alloc);
    delta->len = 0;
    sennit_status st = sennit_doc_delta_part(s->doc, s->theirs.data, s->theirs.len, SENNIT_OTHERS,
                                             session_part(s), delta, &then);
    if (st == SENNIT_OK && delta->len > 0)
        st = write_delta(s, delta, out);
    if (st != SENNIT_OK) {
        sennit_buf_clear(&then);
        return st;
    }
    sennit_buf_clear(&s->theirs);
    s->theirs = then;
    return SENNIT_OK;
}

/* Frame by frame until nothing is lacking. */
static sennit_status write_catchup(sennit_session *s, sennit_buf *out)
{
    size_t before = out->len;
    sennit_status st = write_own(s, out);

    if (st == SENNIT_OK && out->len == before && s->permission >= SENNIT_EDIT)
        st = write_foreign(s, out);
    if (st == SENNIT_EGONE) /* it was left out of the snapshot this came from */
        st = SENNIT_OK;
    SN_TRY(st);
    s->catchup_due = out->len > before;
    return SENNIT_OK;
}

static sennit_status write_wants(sennit_session *s, sennit_buf *out)
{
    uint64_t replica, after;

    for (size_t at = 0; sennit_doc_next_missing(s->doc, &at, &replica, &after) == 1;) {
        const sn_message m = {.type = SN_WANT, .channel = s->channel, .n = {replica, after}};

        SN_TRY(sn_message_write(&m, out));
    }
    s->want_due = false;
    return SENNIT_OK;
}

static sennit_status write_presence(sennit_session *s, sennit_buf *out)
{
    const sn_message m = {
        .type = SN_PRESENCE, .channel = s->channel,
        .s = {s->presence.len > 0 ? sn_bytes_of(s->presence.data, s->presence.len) : (sn_bytes){NULL, 0},
              sn_bytes_of("", 0)}};

    SN_TRY(sn_message_write(&m, out));
    s->presence_due = false;
    return SENNIT_OK;
}

static sennit_status write_void(sennit_session *s, sennit_buf *out)
{
    const sn_message m = {.type = SN_VOID, .channel = s->channel,
                          .n = {s->voided.old, s->voided.from, s->voided.renewed}};

    SN_TRY(sn_message_write(&m, out));
    s->void_due = false;
    return SENNIT_OK;
}

static sennit_status write_live(sennit_session *s, uint64_t now_ms, sennit_buf *out)
{
    uint64_t own = sennit_doc_own_count(s->doc);

    if (s->void_due)
        SN_TRY(write_void(s, out));
    if (s->catchup_due)
        SN_TRY(write_catchup(s, out));
    if (own != s->own_seen) {
        s->own_seen = own;
        s->unsent_since_ms = s->unsent_since_ms == 0 ? now_ms : s->unsent_since_ms;
    }
    if (!s->catchup_due && own > s->sent && now_ms >= s->unsent_since_ms + s->link->options.flush_ms) {
        SN_TRY(write_own(s, out));
        s->unsent_since_ms = s->sent == own ? 0 : s->unsent_since_ms;
    }
    if (s->want_due)
        SN_TRY(write_wants(s, out));
    return s->presence_due ? write_presence(s, out) : SENNIT_OK;
}

sennit_status sn_session_write(sennit_session *s, uint64_t now_ms, sennit_buf *out)
{
    sennit_status st = SENNIT_OK;

    if (s->closing) {
        const sn_message leave = {.type = SN_LEAVE, .channel = s->channel};

        return s->hello_due ? SENNIT_OK : sn_message_write(&leave, out);
    }
    if (s->doc->txn.open)
        return SENNIT_OK; /* nothing can be exported now */
    if (s->retry_ms != 0 && now_ms >= s->retry_ms)
        sn_session_opened(s);
    if (s->hello_due) {
        SN_TRY(write_hello(s, out));
        s->hello_due = false;
    }
    if (s->probe_due)
        st = sn_fork_write(s, out);
    else if (s->state == SENNIT_LIVE)
        st = write_live(s, now_ms, out);
    return st;
}

uint64_t sn_session_due(const sennit_session *s)
{
    if (!s->closing && s->retry_ms != 0)
        return s->retry_ms;
    if (s->closing || s->state != SENNIT_LIVE || sennit_doc_own_count(s->doc) <= s->sent ||
        s->permission < SENNIT_COMMENT)
        return UINT64_MAX;
    return s->unsent_since_ms + s->link->options.flush_ms;
}

/* ---- The host's wishes ---- */

sennit_status sennit_session_set_presence(sennit_session *s, const void *state, size_t len)
{
    SN_TRY(sn_buf_reserve(&s->presence, len));
    s->presence.len = 0;
    SN_TRY(sn_buf_put(&s->presence, state, len));
    s->presence_due = s->link->open;
    return SENNIT_OK;
}

sennit_status sennit_session_rebase(sennit_session *s, sennit_rebased *out)
{
    sennit_rebased done;

    SN_TRY(sennit_doc_rebase(s->doc, s->safe[SENNIT_APPLIED], &done));
    s->voided = done;
    s->void_due = done.operations > 0;
    sn_session_renewed(s, &done);
    if (out != NULL)
        *out = done;
    return SENNIT_OK;
}
