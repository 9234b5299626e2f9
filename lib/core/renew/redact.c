#include "core/renew/redact.h"

#include "core/edit/edit.h"
#include "core/history/past.h"
#include "core/merge/cover.h"

/* ---- stand-ins ---- */

static const uint8_t redact_stand_ins[5][4] = {
    {0}, {0x1a}, {0xc2, 0x80}, {0xef, 0xbf, 0xbe}, {0xf0, 0x9f, 0xbf, 0xbe}};

uint32_t sn_stand_in(const uint8_t *text, size_t n)
{
    uint32_t width = sn_utf8_width(text[0]);

    return width <= n && memcmp(text, redact_stand_ins[width], width) == 0 ? width : 0;
}

bool sn_text_stands_in(const sn_text *text, uint32_t at)
{
    while (sn_utf8_is_cont(text->bytes[at]))
        at--;
    return sn_stand_in(text->bytes + at, text->len - at) > 0;
}

void sn_text_redact(sn_text *text, uint32_t at, uint32_t len)
{
    for (uint32_t end = at + len, n; at < end; at += n) {
        n = sn_utf8_width(text->bytes[at]);
        memcpy(text->bytes + at, redact_stand_ins[n], n);
    }
}

bool sn_text_same(const uint8_t *mine, const uint8_t *theirs, size_t n)
{
    if (SN_LIKELY(memcmp(mine, theirs, n) == 0))
        return true;
    for (size_t i = 0, width; i < n; i += width) {
        width = sn_utf8_width(mine[i]);
        if (width != sn_utf8_width(theirs[i]) || width > n - i)
            return false;
        if (memcmp(mine + i, theirs + i, width) != 0 && sn_stand_in(mine + i, n - i) == 0 &&
            (sn_stand_in(theirs + i, n - i) == 0 || SENNIT_MUTANT == 65))
            return false;
    }
    return true;
}

/* ---- what is redacted ---- */

typedef struct redacting {
    sennit_doc *doc;
    sn_ranges ranges; /* deleted all of them */
    uint32_t named;   /* the newest change of theirs */
    bool visible;     /* some of what was asked for is not deleted */
} redacting;

/* A range that is deleted and not redacted yet. */
static sennit_status redact_add(redacting *r, uint32_t replica, uint32_t at, uint32_t len)
{
    const uint32_t change = sn_roster_change_of(&r->doc->who, replica, at + len - 1);

    if (sn_change_le(&r->doc->who, r->named, change))
        r->named = change;
    return sn_ranges_add(&r->ranges, &r->doc->mem, replica, at, len);
}

/* What of a range is in one span and alike, redacted or not; len bytes at most. */
static uint32_t redact_alike(const redacting *r, uint32_t replica, uint32_t at, uint32_t len,
                             bool *dead, bool *done)
{
    const sn_text *text = &r->doc->who.replicas[replica].text;
    sn_place p = sn_tree_find(&r->doc->tree, replica, at);
    const uint32_t most = (uint32_t)sn_min_u64(len, sn_span_len(sn_place_span(&p)) - p.off);
    uint32_t n = 0;

    *dead = sn_span_dead(sn_place_span(&p));
    *done = sn_text_stands_in(text, at);
    while (n < most && sn_text_stands_in(text, at + n) == *done)
        n++;
    return n;
}

/* Of a range all that is deleted. */
static sennit_status redact_range(redacting *r, uint32_t replica, uint32_t at, uint32_t len)
{
    bool dead, done;

    for (uint32_t end = at + len, n; at < end; at += n) {
        n = redact_alike(r, replica, at, end - at, &dead, &done);
        r->visible = r->visible || !dead;
        if (dead && !done)
            SN_TRY(redact_add(r, replica, at, n));
    }
    return SENNIT_OK;
}

/* ---- doing it ---- */

static sennit_status redact_reserve(redacting *r, uint64_t *hlc)
{
    sennit_doc *doc = r->doc;

    SN_TRY(sn_edit_start(doc));
    sn_replica *me = &doc->who.replicas[doc->me];
    if (r->ranges.len > SN_MAX_SEQ - me->seq)
        return SENNIT_ELIMIT;
    SN_TRY(sn_edit_reserve_change(doc, r->named, hlc));
    SN_TRY(sn_log_reserve(&me->log, &doc->mem, r->ranges.len));
    return sn_map_reserve(&doc->cover, &doc->mem, 2 * (uint64_t)r->ranges.len);
}

static sennit_status redact_all(redacting *r)
{
    sennit_doc *doc = r->doc;
    uint64_t hlc;

    if (r->ranges.len == 0)
        return SENNIT_OK;
    SN_TRY(redact_reserve(r, &hlc));
    sn_tree_unquick(&doc->tree);
    sn_edit_change(doc, hlc);
    sn_replica *me = &doc->who.replicas[doc->me];
    for (size_t i = 0; i < r->ranges.len; i++) {
        const sn_range *range = &r->ranges.at[i];
        const sn_op op = {.kind = SN_DELETE, .part = SN_REDACTION, .change = doc->change,
                          .seq = me->seq, .n = 1, .number = me->number, .ref = range->at,
                          .ref_replica = range->replica, .len = range->len};

        sn_log_append(&me->log, &op, doc->me, doc->who.changes[doc->change].ordinal);
        me->seq++;
        sn_cover_add(doc, range->replica, range->at, range->len, doc->me);
        sn_doc_redacted(doc, &op);
    }
    return SENNIT_OK;
}

void sn_doc_redacted(sennit_doc *doc, const sn_op *op)
{
    doc->redacts = true;
    sn_text_redact(&doc->who.replicas[op->ref_replica].text, op->ref, op->len);
}

static sennit_status redact_end(redacting *r, sennit_status st, const char *what, sennit_error *err)
{
    sn_ranges_free(&r->ranges, &r->doc->mem);
    if (st != SENNIT_OK)
        return sn_fail(err, st, 0, what);
    sn_doc_selfcheck(r->doc);
    return SENNIT_OK;
}

static sennit_status redact_then(redacting *r, const sn_ranges *then)
{
    for (size_t i = 0; i < then->len; i++)
        SN_TRY(redact_range(r, then->at[i].replica, then->at[i].at, then->at[i].len));
    return r->visible ? SENNIT_EINVAL : redact_all(r);
}

SN_RARE sennit_status sennit_doc_redact(sennit_doc *doc, const void *version, size_t version_len,
                                        size_t pos, size_t n, sennit_error *err)
{
    redacting r = {.doc = doc, .named = SN_ROOT_CHANGE};
    sn_ranges then = {NULL, 0, 0};

    sennit_status st = sn_past_ranges(doc, version, version_len, doc->unit, pos, n, &then);
    if (st == SENNIT_OK)
        st = redact_then(&r, &then);
    sn_ranges_free(&then, &doc->mem);
    return redact_end(&r, st, r.visible && st == SENNIT_EINVAL ? "some of it is still in the text"
                                                                : sennit_status_text(st), err);
}

SN_RARE sennit_status sennit_doc_redact_all(sennit_doc *doc, uint64_t replica, sennit_error *err)
{
    redacting r = {.doc = doc, .named = SN_ROOT_CHANGE};
    const uint32_t i = sn_roster_find(&doc->who, replica);
    sennit_status st = doc->txn.open ? SENNIT_EBUSY : SENNIT_OK;

    if (st == SENNIT_OK && i != SN_NO_REPLICA)
        st = redact_range(&r, i, 0, doc->who.replicas[i].number);
    if (st == SENNIT_OK)
        st = redact_all(&r);
    return redact_end(&r, st, sennit_status_text(st), err);
}
