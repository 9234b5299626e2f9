/* What the server lacks: own operations as they are made, and what others wrote that
 * it does not have, because it lost it or because it came here another way.
 *
 * Own operations and those of others go in deltas apart: the server may pass over
 * what is others' to bring. So what it has of theirs is known for sure only from what
 * it sends itself.
 */
#include "core/doc/doc.h"
#include "core/doc/gather.h"
#include "sync/link.h"
#include "wire/wire.h"

#define UPLOAD_SHORT 64u /* operations; so few are not worth the long form */
#define UPLOAD_HEAD 64u  /* bytes of a message around a delta, at most */

/* ---- What the server has ---- */

/* Make entries for all replicas of the roster; new ones the server does not have. */
static sennit_status upload_entries(sennit_session *s)
{
    const sn_roster *who = &s->doc->who;

    SN_TRY(sn_mem_grow32(&s->link->mem, (void **)&s->has, &s->has_cap, who->replicas_len,
                         sizeof *s->has));
    for (; s->has_len < who->replicas_len; s->has_len++)
        s->has[s->has_len] = (sn_has){who->replicas[s->has_len].id, 0, 0};
    return SENNIT_OK;
}

sennit_status sn_session_has(sennit_session *s, uint64_t replica, uint64_t count)
{
    uint32_t i = sn_roster_find(&s->doc->who, replica);

    SN_TRY(upload_entries(s));
    if (i != SN_NO_REPLICA && s->has[i].replica == replica && s->has[i].seq < count)
        s->has[i].seq = (uint32_t)sn_min_u64(count, UINT32_MAX);
    return SENNIT_OK;
}

/* Entries as of a welcome; what was given before it was given, if it is still known
 * under the same index. */
static void upload_forget(sennit_session *s)
{
    const sn_roster *who = &s->doc->who;

    if (s->has_len > who->replicas_len)
        s->has_len = who->replicas_len;
    for (uint32_t i = 0; i < s->has_len; i++) {
        if (s->has[i].replica != who->replicas[i].id)
            s->has[i] = (sn_has){who->replicas[i].id, 0, 0};
        s->has[i].seq = 0;
    }
}

sennit_status sn_session_has_version(sennit_session *s, const sn_bytes *version)
{
    uint64_t replica, count;

    upload_forget(s);
    s->heard = s->doc->heard - 1; /* so that it is looked for what it lacks */
    SN_TRY(upload_entries(s));
    for (size_t at = 0; sennit_version_next(version->data, version->len, &at, &replica, &count) == 1;)
        SN_TRY(sn_session_has(s, replica, count));
    return SENNIT_OK;
}

static sennit_status has_batch(sennit_session *s, const sn_batch *batch)
{
    for (uint32_t i = 0; i < batch->segments_len; i++) {
        const sn_segment *seg = &batch->segments[i];
        uint64_t end = seg->seq;

        for (uint32_t k = 0; k < seg->n; k++)
            end += sn_op_seqs(&batch->ops[seg->first + k]);
        SN_TRY(sn_session_has(s, batch->ids[seg->replica], end));
    }
    return SENNIT_OK;
}

sennit_status sn_session_has_delta(sennit_session *s, const sn_bytes *delta)
{
    sn_decoded d;
    sn_short one;

    if (delta->len > 0 && delta->data[0] < SN_TAG_DELTA)
        return sn_short_decode(delta->data, delta->len, NULL, &one, NULL) == SENNIT_OK
                   ? has_batch(s, &one.batch) : SENNIT_OK;
    sennit_status st = sn_delta_decode(delta->data, delta->len, NULL, &s->link->mem, &d, NULL);
    if (st != SENNIT_OK)
        return st == SENNIT_ENOMEM ? st : SENNIT_OK;
    st = has_batch(s, &d.batch);
    sn_decoded_free(&d);
    return st;
}

uint64_t sn_session_known(const sennit_session *s, uint64_t replica)
{
    uint32_t i = sn_roster_find(&s->doc->who, replica);

    if (i != SN_NO_REPLICA && i == s->doc->me)
        return s->sent;
    return i != SN_NO_REPLICA && i < s->has_len && s->has[i].replica == replica ? s->has[i].seq : 0;
}

/* ---- What it lacks ---- */

static bool upload_lacks_own(const sennit_session *s)
{
    return sennit_doc_own_count(s->doc) > s->sent && s->permission >= SENNIT_COMMENT && !s->muted;
}

/* Something came from elsewhere than this server, or it lost something. */
static bool upload_may_lack_foreign(const sennit_session *s)
{
    return s->heard != s->doc->heard && !s->foreign_gone && s->permission >= SENNIT_EDIT && !s->muted;
}

bool sn_session_lacks(const sennit_session *s)
{
    return upload_lacks_own(s) || upload_may_lack_foreign(s);
}

/* A delta that is longer than a frame may be stays here, and the host is told. */
static bool upload_is_too_long(sennit_session *s)
{
    if (s->link->scratch.len + UPLOAD_HEAD <= s->link->max_frame)
        return false;
    sn_session_give_up(s, SENNIT_FAULT_TOO_LARGE, "one operation is longer than the server takes");
    return true;
}

static sennit_status write_delta(sennit_session *s, sennit_buf *frame)
{
    sennit_buf *delta = &s->link->scratch;
    sn_item item = {.bytes = sn_bytes_of(delta->data, delta->len)};
    const sn_message m = {.type = SN_DELTA, .channel = s->channel, .n = {s->out_serial + 1},
                          .items = &item, .items_len = 1};

    SN_TRY(sn_message_write(&m, frame));
    s->out_serial++;
    s->certain = false;
    return SENNIT_OK;
}

/* The next own operations, about `most` bytes of them. */
static sennit_status upload_own(sennit_session *s, size_t most, sennit_buf *frame)
{
    sennit_buf *delta = &s->link->scratch;
    const uint64_t own = sennit_doc_own_count(s->doc);
    sn_wanted wanted = {s->doc->me, (uint32_t)s->sent};

    delta->len = 0;
    if (own - s->sent <= UPLOAD_SHORT) {
        SN_TRY(sennit_doc_own_delta(s->doc, s->sent, NULL, delta));
        wanted.seq = (uint32_t)own;
    }
    if (wanted.seq != own || delta->len > most) { /* they were long ones */
        wanted.seq = (uint32_t)s->sent;
        delta->len = 0;
        SN_TRY(sn_delta_part(s->doc, &wanted, 1, most, delta));
    }
    if (upload_is_too_long(s))
        return SENNIT_OK;
    SN_TRY(write_delta(s, frame));
    s->sent = wanted.seq;
    sn_safe_note_sent(s);
    return SENNIT_OK;
}

/* Entries of what others wrote and the server was neither seen to have nor given. */
static uint32_t upload_wanted(const sennit_session *s, sn_wanted *wanted)
{
    const sn_roster *who = &s->doc->who;
    uint32_t n = 0;

    for (uint32_t i = 0; i < who->replicas_len; i++) {
        uint32_t has = s->has[i].seq > s->has[i].given ? s->has[i].seq : s->has[i].given;

        if (i != s->doc->me && has < who->replicas[i].seq)
            wanted[n++] = (sn_wanted){i, has};
    }
    return n;
}

static sennit_status upload_part(sennit_session *s, sn_wanted *wanted, size_t most, sennit_buf *frame)
{
    sennit_buf *delta = &s->link->scratch;
    uint32_t n = upload_wanted(s, wanted);

    if (n == 0) {
        s->heard = s->doc->heard;
        return SENNIT_OK;
    }
    delta->len = 0;
    SN_TRY(sn_delta_part(s->doc, wanted, n, most, delta));
    if (upload_is_too_long(s))
        return SENNIT_OK;
    SN_TRY(write_delta(s, frame));
    for (uint32_t i = 0; i < n; i++)
        s->has[wanted[i].replica].given = wanted[i].seq;
    s->ask_ms = 0;
    sn_safe_note_sent(s);
    return SENNIT_OK;
}

static sennit_status upload_foreign(sennit_session *s, size_t most, sennit_buf *frame)
{
    size_t size;

    SN_TRY(upload_entries(s));
    sn_wanted *wanted = sn_version_new(s->doc, &size);
    if (wanted == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = upload_part(s, wanted, most, frame);
    sn_mem_free(&s->doc->mem, wanted, size);
    if (st != SENNIT_EGONE)
        return st;
    s->foreign_gone = true; /* it was left out of what this document was loaded from */
    return SENNIT_OK;
}

sennit_status sn_session_upload(sennit_session *s, sennit_buf *frame)
{
    const size_t limit = sn_link_frame(s->link);
    sennit_status st = SENNIT_OK;

    while (st == SENNIT_OK && s->state == SENNIT_LIVE && frame->len < limit && sn_session_lacks(s)) {
        const size_t most = limit - frame->len;

        st = upload_lacks_own(s) ? upload_own(s, most, frame) : upload_foreign(s, most, frame);
    }
    if (st != SENNIT_EGONE)
        return st;
    sn_session_give_up(s, SENNIT_FAULT_PROTOCOL, "what the server lacks was left out when this was saved");
    return SENNIT_OK;
}
