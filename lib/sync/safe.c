/* What the server has for sure.
 *
 * It acknowledges by serials: all deltas up to `yours` of this end, and all up to
 * `mine` of its own, are so safe. What a serial stands for in own operations is noted
 * when it is sent. A version that is waited for is pinned to serials as soon as all
 * of it is at the server or under way there.
 */
#include "core/doc/doc.h"
#include "sync/link.h"

/* ---- Waiting ---- */

static void safe_drop_wait(sennit_session *s, size_t i)
{
    sn_mem_free(&s->link->mem, s->waits[i].needs, s->waits[i].needs_cap * sizeof *s->waits[i].needs);
    s->waits_len--;
    memmove(&s->waits[i], &s->waits[i + 1], (s->waits_len - i) * sizeof *s->waits);
}

void sn_safe_free(sennit_session *s)
{
    while (s->waits_len > 0)
        safe_drop_wait(s, s->waits_len - 1);
    sn_mem_free(&s->link->mem, s->waits, s->waits_cap * sizeof *s->waits);
}

void sn_safe_unpin(sennit_session *s)
{
    for (size_t i = 0; i < s->waits_len; i++)
        s->waits[i].pinned = false;
}

/* Whether the server has all that a version knows, or it is under way. */
static bool safe_is_under_way(const sennit_session *s, const sn_wait *w)
{
    for (size_t i = 0; i < w->needs_len; i++)
        if (sn_session_known(s, w->needs[i].replica) < w->needs[i].count)
            return false;
    return true;
}

static void safe_pin(const sennit_session *s, sn_wait *w)
{
    if (w->pinned || !safe_is_under_way(s, w))
        return;
    w->pinned = true;
    w->yours = s->out_serial;
    w->mine = s->in_serial;
}

static bool safe_is_reached(const sennit_session *s, const sn_wait *w)
{
    return w->pinned && s->acked[w->level].any && s->acked[w->level].yours >= w->yours &&
           s->acked[w->level].mine >= w->mine;
}

void sn_safe_look(sennit_session *s)
{
    for (size_t i = 0; i < s->waits_len && s->state == SENNIT_LIVE;) {
        sn_wait *w = &s->waits[i];
        sennit_event *e;

        safe_pin(s, w);
        if (!safe_is_reached(s, w)) {
            i++;
            continue;
        }
        e = sn_event_add(s->link, SENNIT_EVENT_REACHED, s, w->ticket, NULL, NULL, NULL);
        if (e == NULL)
            return; /* again next time */
        e->level = w->level;
        safe_drop_wait(s, i);
    }
}

/* Room for two needs more in each: a void of another makes two. */
sennit_status sn_safe_reserve(sennit_session *s)
{
    for (size_t i = 0; i < s->waits_len; i++)
        SN_TRY(sn_mem_grow(&s->link->mem, (void **)&s->waits[i].needs, &s->waits[i].needs_cap,
                           s->waits[i].needs_len + 2, sizeof *s->waits[i].needs));
    return SENNIT_OK;
}

/* Whoever waited for operations that were taken back waits for what they are now, of which
 * some may have come to nothing: all of them are known here. */
void sn_safe_renew(sennit_session *s, uint64_t replica, uint64_t from, uint64_t renewed)
{
    const uint64_t known = sennit_doc_known(s->doc, renewed);

    for (size_t i = 0; i < s->waits_len; i++) {
        sn_wait *w = &s->waits[i];

        for (size_t k = 0, len = w->needs_len; k < len; k++) {
            uint64_t count = w->needs[k].count;

            if (w->needs[k].replica != replica || count <= from)
                continue;
            w->needs[k].count = from;
            if (renewed != 0)
                w->needs[w->needs_len++] = (sn_need){renewed, sn_min_u64(count - from, known)};
        }
    }
}

static sennit_status safe_read(sennit_session *s, sn_wait *w, const void *version, size_t len)
{
    sn_need need;

    for (size_t at = 0; sennit_version_next(version, len, &at, &need.replica, &need.count) == 1;) {
        SN_TRY(sn_mem_grow(&s->link->mem, (void **)&w->needs, &w->needs_cap, w->needs_len + 1,
                           sizeof *w->needs));
        w->needs[w->needs_len++] = need;
    }
    return SENNIT_OK;
}

sennit_status sennit_session_wait(sennit_session *s, const void *version, size_t len,
                                  sennit_level level, uint64_t ticket)
{
    sennit_order unused;
    sn_wait *w;

    if ((unsigned)level >= SN_LEVELS)
        return SENNIT_EINVAL;
    SN_TRY(sennit_version_compare(version, len, NULL, 0, &unused));
    if (s->waits_len == SN_WAITS)
        return SENNIT_ELIMIT;
    SN_TRY(sn_mem_grow(&s->link->mem, (void **)&s->waits, &s->waits_cap, s->waits_len + 1,
                       sizeof *s->waits));
    w = &s->waits[s->waits_len];
    *w = (sn_wait){.ticket = ticket, .level = level};
    s->waits_len++;
    sennit_status st = safe_read(s, w, version, len);
    if (st != SENNIT_OK)
        safe_drop_wait(s, s->waits_len - 1);
    else
        sn_safe_look(s);
    return st;
}

bool sn_safe_is_waited(const sennit_session *s)
{
    for (size_t i = 0; i < s->waits_len; i++)
        if (!s->waits[i].pinned)
            return true;
    return false;
}

/* ---- Acknowledgements ---- */

uint64_t sennit_session_unsafe(const sennit_session *s, sennit_level level)
{
    uint64_t own = sennit_doc_own_count(s->doc);

    return own > s->safe[level] ? own - s->safe[level] : 0;
}

/* Own operations up to `own` are so safe. */
static void safe_raise(sennit_session *s, uint64_t level, uint64_t own)
{
    for (uint64_t at = 0; at <= level; at++) {
        if (own <= s->safe[at])
            continue;
        s->safe[at] = own;
        sn_event_add(s->link, SENNIT_EVENT_SAFE, s, at, NULL, NULL, NULL);
    }
}

void sn_safe_begin(sennit_session *s, uint64_t count)
{
    memset(s->acked, 0, sizeof s->acked);
    s->acks[0] = (sn_sent){0, count};
    s->acks_len = 1;
    for (unsigned at = 0; at < SN_LEVELS; at++)
        s->safe[at] = sn_min_u64(s->safe[at], count);
    safe_raise(s, SENNIT_APPLIED, count);
}

void sn_safe_note_sent(sennit_session *s)
{
    if (s->acks_len == SN_SENT)
        s->acks_len--; /* told together with the next */
    s->acks[s->acks_len++] = (sn_sent){s->out_serial, s->sent};
}

/* Own operations behind all deltas up to a serial. */
static uint64_t safe_own(const sennit_session *s, uint64_t serial)
{
    uint64_t own = 0;

    for (unsigned i = 0; i < s->acks_len && s->acks[i].serial <= serial; i++)
        own = s->acks[i].own;
    return own;
}

/* What is before the last serial that is durable tells nothing more, nor is it kept
 * for a level that nobody speaks of. */
static void safe_forget(sennit_session *s)
{
    uint64_t least = s->acked[SENNIT_DURABLE].yours;
    unsigned done = 0;

    if (s->acked[SENNIT_REPLICATED].any)
        least = sn_min_u64(least, s->acked[SENNIT_REPLICATED].yours);
    while (done + 1 < s->acks_len && s->acks[done + 1].serial <= least)
        done++;
    s->acks_len -= done;
    memmove(s->acks, s->acks + done, s->acks_len * sizeof *s->acks);
}

sennit_status sn_safe_take_ack(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    const uint64_t level = m->n[SN_ACK_LEVEL], yours = m->n[SN_ACK_YOURS], mine = m->n[SN_ACK_MINE];

    (void)now_ms;
    if (level >= SN_LEVELS || yours > s->out_serial || mine > s->in_serial)
        return SENNIT_ECORRUPT;
    for (uint64_t at = 0; at <= level; at++) {
        s->acked[at].any = true;
        s->acked[at].yours = sn_max_u64(s->acked[at].yours, yours);
        s->acked[at].mine = sn_max_u64(s->acked[at].mine, mine);
    }
    safe_raise(s, level, safe_own(s, yours));
    s->certain = s->certain || yours == s->out_serial;
    s->retries = yours > 0 ? 0 : s->retries;
    s->typed_anew = s->typed_anew && yours == 0;
    safe_forget(s);
    sn_safe_look(s);
    return SENNIT_OK;
}
