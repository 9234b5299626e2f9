/* A replica id under which two copies went different ways: a copied disk, a
 * restored backup. The server's copy stands; this one keeps what both have, and
 * issues the rest again under an id of its own.
 *
 * What both have is found by digests at up to 64 counts at a time, so three rounds
 * are enough for a quarter of a million operations.
 *
 *     0 ........ low ======?======= high ........ own
 *       the same                      not the same
 */
#include "core/check/digest.h"
#include "sync/link.h"

#define FORK_COUNTS 64u
#define FORK_MOST 4u /* without a welcome between them: then it is the server */

void sn_fork_begin(sennit_session *s)
{
    if (s->searching)
        return;
    if (++s->forks > FORK_MOST) {
        sn_session_give_up(s, SENNIT_FAULT_FORKED, "the server takes no replica of this document");
        return;
    }
    if (sennit_doc_replica(s->doc) == 0) {
        sn_session_greet(s); /* what is forked is not this replica, but all that was there */
        return;
    }
    s->state = SENNIT_GREETING;
    s->searching = s->probe_due = true;
    s->certain = false;
    s->low = 0;
    s->high = sennit_doc_own_count(s->doc) + 1;
    sn_safe_unpin(s);
}

/* The i-th of n counts between low and high. */
static uint64_t fork_count(const sennit_session *s, unsigned n, unsigned i)
{
    uint64_t between = s->high - s->low - 1;

    return between <= n ? s->low + 1 + i : s->low + between * (i + 1) / n;
}

static unsigned fork_counts(const sennit_session *s)
{
    return (unsigned)sn_min_u64(s->high - s->low - 1, FORK_COUNTS);
}

sennit_status sn_fork_write(sennit_session *s, sennit_buf *frame)
{
    sn_item items[FORK_COUNTS];
    sn_message m = {.type = SN_PROBE, .channel = s->channel,
                    .n = {sennit_doc_replica(s->doc)}, .items = items};

    m.items_len = fork_counts(s);
    for (unsigned i = 0; i < m.items_len; i++)
        items[i].number = fork_count(s, (unsigned)m.items_len, i);
    SN_TRY(sn_message_write(&m, frame));
    s->probe_due = false;
    return SENNIT_OK;
}

/* All that both have is known: the rest goes under a new id. */
static sennit_status fork_end(sennit_session *s)
{
    sennit_rebased done;

    SN_TRY(sn_safe_reserve(s));
    sennit_status st = sennit_doc_rebase(s->doc, s->low, &done);

    if (st == SENNIT_ENOMEM)
        return st;
    if (st == SENNIT_OK)
        sn_session_renewed(s, &done);
    else
        sn_session_give_up(s, SENNIT_FAULT_FORKED, sennit_status_text(st));
    return SENNIT_OK;
}

/* At how many of the counts both are the same. Where either has dropped text for good, their
 * shapes are compared: two copies do not type at the same moments. */
static unsigned fork_same(const sennit_session *s, const sn_message *m, const uint64_t *counts)
{
    const uint64_t me = sennit_doc_replica(s->doc);
    uint64_t told[FORK_COUNTS], shapes[FORK_COUNTS];
    unsigned same = 0;

    if (sn_digest_told(s->doc, me, counts, m->items_len, told) != SENNIT_OK)
        return 0;
    sn_digest_shapes(s->doc, me, counts, m->items_len, shapes);
    while (same < m->items_len &&
           (m->items[same].number == told[same] || m->items[same].number == shapes[same]))
        same++;
    return same;
}

/* The server's digests, as many as it has operations for. Own operations made since
 * the search began are beyond `high`, and go along. */
sennit_status sn_fork_take(sennit_session *s, const sn_message *m, uint64_t now_ms)
{
    uint64_t counts[FORK_COUNTS], me = sennit_doc_replica(s->doc);
    unsigned n = fork_counts(s), same;

    (void)now_ms;
    if (m->n[SN_PROBE_REPLICA] != me || m->items_len > n || s->probe_due)
        return SENNIT_ECORRUPT;
    for (unsigned i = 0; i < n; i++)
        counts[i] = fork_count(s, n, i);
    same = fork_same(s, m, counts);
    if (same < n)
        s->high = counts[same];
    if (same > 0)
        s->low = counts[same - 1];
    if (s->high - s->low <= 1)
        return fork_end(s);
    s->probe_due = true;
    return SENNIT_OK;
}
