/* Editing the text of a version by somebody who knows nothing later.
 *
 * Positions are counted in the text of then. What is found there are bytes, and
 * what is done is done to them, wherever they are now.
 */
#include "core/edit/edit.h"
#include "core/edit/txn.h"
#include "core/history/past.h"

typedef struct splicing {
    sennit_doc *doc;
    sn_past past;
    sennit_unit unit;    /* of what follows */
    size_t pos, end;     /* in the text of then */
    size_t seen;         /* units of it gone by */
    sn_ranges gone;      /* what is taken away, in order */
    bool any;            /* something is to the left */
    uint32_t replica, number; /* the last byte to the left */
    uint32_t landed;     /* in bytes of the text of now */
} splicing;

/* ---- then ---- */

/* The byte of a visible piece at which so many units of the text have gone by. */
static sennit_status splice_byte(const splicing *s, const sn_text *text, const sn_range *piece,
                                 size_t units, size_t upto, uint32_t *out)
{
    *out = 0;
    if (upto <= s->seen)
        return SENNIT_OK;
    *out = piece->len;
    if (upto >= s->seen + units)
        return SENNIT_OK;
    const uint32_t want = (uint32_t)(upto - s->seen);
    *out = sn_text_skip(text, piece->at, piece->len, s->unit, want);
    const sn_count c = sn_text_count(text, piece->at, *out);
    return sn_text_boundary(text, (uint64_t)piece->at + *out) && sn_count_in(&c, s->unit) == want
               ? SENNIT_OK : SENNIT_EUTF8;
}

/* What a visible piece has before pos, and between pos and end. */
static sennit_status splice_piece_then(splicing *s, const sn_range *piece)
{
    const sn_text *text = &s->doc->who.replicas[piece->replica].text;
    const sn_count c = sn_text_count(text, piece->at, piece->len);
    const size_t units = sn_count_in(&c, s->unit);
    uint32_t low, high;

    SN_TRY(splice_byte(s, text, piece, units, s->pos, &low));
    SN_TRY(splice_byte(s, text, piece, units, s->end, &high));
    if (low > 0) {
        s->any = true;
        s->replica = piece->replica;
        s->number = piece->at + low - 1;
    }
    s->seen += units;
    if (low == high)
        return SENNIT_OK;
    return sn_ranges_add(&s->gone, &s->doc->mem, piece->replica, piece->at + low, high - low);
}

static sennit_status splice_span_then(splicing *s, const sn_span *span)
{
    const uint32_t replica = s->doc->who.changes[span->change].replica;
    bool there;

    for (uint32_t at = span->at, end = at + sn_span_len(span), n; at < end; at += n) {
        n = sn_past_run(&s->past, replica, at, end - at, &there);
        if (there)
            SN_TRY(splice_piece_then(s, &(sn_range){replica, at, n}));
    }
    return SENNIT_OK;
}

static sennit_status splice_find(splicing *s)
{
    sn_place p = sn_tree_from(s->doc->tree.first, 0);

    for (; p.leaf != NULL && s->seen < s->end; p = sn_tree_next(p))
        SN_TRY(splice_span_then(s, sn_place_span(&p)));
    return s->seen < s->end ? SENNIT_ERANGE : SENNIT_OK;
}

/* ---- now ---- */

/* Where a byte is, or, if it is deleted, where it stood. */
static uint32_t splice_place(const splicing *s, uint32_t replica, uint32_t number, bool *visible)
{
    sn_tree *tree = &s->doc->tree;
    sn_place p = sn_tree_find(tree, replica, number);

    *visible = !sn_span_dead(sn_place_span(&p));
    if (!*visible)
        p.off = 0;
    const sn_count before = sn_tree_before(tree, p);
    return before.bytes;
}

/* Bytes from one on that are in one span. */
static uint32_t splice_whole(const splicing *s, const sn_range *piece, uint32_t k)
{
    sn_place p = sn_tree_find(&s->doc->tree, piece->replica, piece->at + k);

    return (uint32_t)sn_min_u64(piece->len - k, sn_span_len(sn_place_span(&p)) - p.off);
}

/* Delete what is still there; what stands together goes by one operation. */
static sennit_status splice_take(const splicing *s)
{
    uint32_t at = 0, len = 0;

    for (size_t i = 0; i < s->gone.len; i++)
        for (uint32_t k = 0, n; k < s->gone.at[i].len; k += n) {
            bool visible;
            uint32_t place = splice_place(s, s->gone.at[i].replica, s->gone.at[i].at + k, &visible);

            n = splice_whole(s, &s->gone.at[i], k);
            if (!visible)
                continue;
            if (len > 0 && place != at + len) {
                SN_TRY(sn_doc_delete_bytes(s->doc, at, len));
                place -= SENNIT_MUTANT == 47 ? 0 : len;
                n = splice_whole(s, &s->gone.at[i], k);
                len = 0;
            }
            at = len > 0 ? at : place;
            len += n;
        }
    return len > 0 ? sn_doc_delete_bytes(s->doc, at, len) : SENNIT_OK;
}

static sennit_status splice_now(splicing *s, const uint8_t *text, uint32_t len)
{
    bool visible = false;

    SN_TRY(splice_take(s));
    s->landed = s->any ? splice_place(s, s->replica, s->number, &visible) : 0;
    s->landed += visible;
    return len > 0 ? sn_doc_insert_bytes(s->doc, s->landed, text, len) : SENNIT_OK;
}

/* ---- all of it ---- */

static sennit_status splice_check(const sennit_edit *edits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        SN_TRY(sn_edit_check_text(edits[i].text, edits[i].len));
        if (edits[i].removed > SIZE_MAX - edits[i].pos)
            return SENNIT_ERANGE;
    }
    return SENNIT_OK;
}

static sennit_status splice_one(splicing *s, const sennit_edit *edit)
{
    s->pos = edit->pos;
    s->end = edit->pos + edit->removed;
    s->seen = 0;
    s->gone.len = 0;
    s->any = false;
    SN_TRY(splice_find(s));
    return s->gone.len > 0 || edit->len > 0
               ? splice_now(s, (const uint8_t *)edit->text, (uint32_t)edit->len) : SENNIT_OK;
}

/* The last comes first, so that of two inserts at one place the first stands first.
 * What is inserted here is not of then, so the others do not see it. */
static sennit_status splice_all(splicing *s, const void *version, size_t version_len,
                                const sennit_edit *edits, size_t n)
{
    sennit_status st = SENNIT_OK;
    sn_txn mark;

    SN_TRY(sn_past_open(s->doc, version, version_len, &s->past));
    sn_txn_mark(s->doc, &mark);
    for (size_t i = n; i > 0 && st == SENNIT_OK; i--)
        st = splice_one(s, &edits[SENNIT_MUTANT == 48 ? n - i : i - 1]);
    sn_txn_settle(s->doc, &mark, st);
    return st;
}

static sennit_status splice_edits(splicing *s, const void *version, size_t version_len,
                                  const sennit_edit *edits, size_t n)
{
    if (edits == NULL && n > 0)
        return SENNIT_EINVAL;
    SN_TRY(splice_check(edits, n));
    sennit_status st = splice_all(s, version, version_len, edits, n);
    sn_ranges_free(&s->gone, &s->doc->mem);
    sn_past_close(&s->past);
    if (st == SENNIT_OK)
        sn_doc_selfcheck(s->doc);
    return st;
}

sennit_status sennit_history_edit(sennit_doc *doc, const void *version, size_t version_len,
                                  sennit_unit unit, const sennit_edit *edits, size_t n)
{
    splicing s = {.doc = doc, .past.doc = doc, .unit = unit};

    if (unit >= SENNIT_LINES)
        return SENNIT_EINVAL;
    return splice_edits(&s, version, version_len, edits, n);
}

sennit_status sennit_history_splice(sennit_doc *doc, const void *version, size_t version_len,
                                    size_t pos, size_t n, const char *text, size_t len,
                                    size_t *landed)
{
    const sennit_edit edit = {pos, n, text, len};
    splicing s = {.doc = doc, .past.doc = doc, .unit = doc->unit};

    SN_TRY(splice_edits(&s, version, version_len, &edit, 1));
    return landed != NULL ? sennit_doc_convert(doc, SENNIT_BYTES, s.landed, doc->unit, landed)
                          : SENNIT_OK;
}

sennit_status sn_past_ranges(sennit_doc *doc, const void *version, size_t len, sennit_unit unit,
                             size_t pos, size_t n, sn_ranges *out)
{
    splicing s = {.doc = doc, .unit = unit, .pos = pos, .end = pos + n, .gone = *out};

    if (n > SIZE_MAX - pos)
        return SENNIT_ERANGE;
    sennit_status st = sn_past_open(doc, version, len, &s.past);
    if (st == SENNIT_OK)
        st = splice_find(&s);
    sn_past_close(&s.past);
    *out = s.gone;
    return st;
}
