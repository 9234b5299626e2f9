/* Greeting, and what follows from the welcome: the time, what the server has, and
 * whether this replica can go on under its id. */
#include "core/doc/doc.h"
#include "sync/link.h"

#define CLOCK_TOLERANCE_MS 2000

/* ---- Hello ---- */


static sennit_status write_hello(sennit_session *s, sennit_buf *frame)
{
    const uint64_t me = sennit_doc_replica(s->doc), own = sennit_doc_own_count(s->doc);
    sennit_buf *version = &s->link->scratch;
    uint64_t digest = 0;

    version->len = 0;
    SN_TRY(sennit_doc_version(s->doc, version));
    if (own > 0 && sennit_doc_digest(s->doc, me, &own, 1, &digest) != SENNIT_OK)
        digest = 0; /* cannot be told */
    sn_message hello = {
        .type = SN_HELLO, .channel = s->channel,
        .n = {SENNIT_PROTOCOL, 1, me, own, digest, s->incarnation},
        .s = {sn_bytes_of(s->name, strlen(s->name)), {NULL, 0},
              sn_bytes_of(version->data, version->len), sn_bytes_of(s->token, strlen(s->token))}};
    if (s->doc->has_lineage && !s->any_lineage)
        hello.s[SN_HELLO_LINEAGE] = sn_bytes_of(s->doc->lineage, sizeof s->doc->lineage);
    return sn_message_write(&hello, frame);
}

sennit_status sn_session_write_hello(sennit_session *s, uint64_t now_ms, sennit_buf *frame)
{
    if (s->channel != 0) {
        const sn_message leave = {.type = SN_LEAVE, .channel = s->channel};

        SN_TRY(sn_message_write(&leave, frame));
    }
    s->channel = ++s->link->channels;
    SN_TRY(write_hello(s, frame));
    s->hello_due = false;
    s->hello_ms = now_ms;
    return SENNIT_OK;
}

/* ---- Clock ---- */

/* Correct the document's clock by the server's, before anything is exported. */
static sennit_status session_set_clock(sennit_session *s, uint64_t server_ms, uint64_t now_ms)
{
    const uint64_t trip = now_ms > s->hello_ms ? (now_ms - s->hello_ms) / 2 : 0;
    const int64_t tolerance = CLOCK_TOLERANCE_MS + (int64_t)sn_min_u64(trip, 60000);
    int64_t offset = (int64_t)(server_ms + trip) - (int64_t)now_ms;
    const int64_t before = s->doc->clock.offset_ms;
    sennit_status st = SENNIT_OK;
    sennit_event *e;

    if (offset - before > -tolerance && offset - before < tolerance)
        return SENNIT_OK;
    if (offset > -tolerance && offset < tolerance)
        offset = 0;
    sennit_doc_set_clock_offset(s->doc, offset);
    if (offset < before)
        st = sennit_doc_restamp(s->doc, server_ms);
    if ((e = sn_event_add(s->link, SENNIT_EVENT_CLOCK, s, 0, NULL, NULL, NULL)) != NULL)
        e->offset_ms = offset;
    return st == SENNIT_ECLOCK ? SENNIT_OK : st; /* the server decides about what was given out */
}

/* ---- Welcome ---- */

static bool welcome_is_sound(const sn_message *m)
{
    sennit_order unused;
    const sn_bytes *version = &m->s[SN_WELCOME_VERSION];

    return m->n[SN_WELCOME_PROTOCOL] == SENNIT_PROTOCOL &&
           m->n[SN_WELCOME_PERMISSION] <= SENNIT_ADMIN && m->s[SN_WELCOME_LINEAGE].len == 16 &&
           m->n[SN_WELCOME_FRAME] >= 1024 && m->n[SN_WELCOME_TIME] < SN_MAX_WALL_MS &&
           sennit_version_compare(version->data, version->len, NULL, 0, &unused) == SENNIT_OK;
}

/* Whether the server's copy of this replica went another way, or went on. */
static bool welcome_is_forked(const sennit_session *s, const sn_message *m)
{
    const uint64_t count = m->n[SN_WELCOME_COUNT], me = sennit_doc_replica(s->doc);
    uint64_t digest;

    if (count > sennit_doc_own_count(s->doc))
        return true;
    return count > 0 && m->n[SN_WELCOME_DIGEST] != 0 &&
           sennit_doc_digest(s->doc, me, &count, 1, &digest) == SENNIT_OK &&
           digest != m->n[SN_WELCOME_DIGEST];
}

static void welcome_take_limits(sennit_session *s, const sn_message *m)
{
    sennit_link *link = s->link;

    link->welcomed = true;
    link->heartbeat_ms = sn_max_u64(m->n[SN_WELCOME_HEARTBEAT], 1000);
    link->max_frame = m->n[SN_WELCOME_FRAME];
    s->permission = (sennit_permission)m->n[SN_WELCOME_PERMISSION];
}

/* Tell the host if the server lost what it had called durable, or is another. */
static void welcome_look_for_loss(sennit_session *s, const sn_message *m)
{
    const uint64_t incarnation = m->n[SN_WELCOME_INCARNATION];
    const bool another = s->incarnation != 0 && s->incarnation != incarnation;

    if (another || m->n[SN_WELCOME_COUNT] < s->safe[SENNIT_DURABLE])
        sn_event_add(s->link, SENNIT_EVENT_RESTORED, s, 0, NULL, NULL, NULL);
    if (another) /* what it had called durable it may have again, and lose once more */
        s->safe[SENNIT_DURABLE] = s->safe[SENNIT_REPLICATED] = 0;
    s->incarnation = incarnation;
}

/* Go on under a new id with what the server does not have. Its old id is taken back
 * if there was anything of it. */
static sennit_status welcome_reissue(sennit_session *s)
{
    sennit_rebased done;

    s->certain = true;
    SN_TRY(sennit_session_rebase(s, &done));
    s->reissue_due = s->any_lineage = false;
    return SENNIT_OK;
}

sennit_status sn_session_take_welcome(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    const uint64_t count = m->n[SN_WELCOME_COUNT];

    if (!welcome_is_sound(m) || s->searching)
        return SENNIT_ECORRUPT;
    welcome_take_limits(s, m);
    if (welcome_is_forked(s, m)) {
        sn_fork_begin(s);
        return SENNIT_OK;
    }
    sn_doc_set_lineage(s->doc, m->s[SN_WELCOME_LINEAGE].data);
    welcome_look_for_loss(s, m);
    SN_TRY(session_set_clock(s, m->n[SN_WELCOME_TIME], now_ms));
    SN_TRY(sn_session_has_version(s, &m->s[SN_WELCOME_VERSION]));
    s->replica = sennit_doc_replica(s->doc);
    s->sent = s->own_seen = count;
    if (s->reissue_due && count < sennit_doc_own_count(s->doc))
        return welcome_reissue(s);
    s->state = SENNIT_LIVE;
    s->certain = true;
    s->reissue_due = false;
    s->forks = 0;
    s->voids_told = 0;
    s->out_serial = s->in_serial = 0;
    sn_safe_begin(s, count);
    sn_event_add(s->link, SENNIT_EVENT_LIVE, s, 0, NULL, NULL, NULL);
    sn_safe_look(s);
    return SENNIT_OK;
}
