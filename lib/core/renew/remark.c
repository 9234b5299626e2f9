/* Marks and metadata as another document with the same text has them: where an undo that
 * took one away is to count for nothing, a newer one says what it said.
 *
 *     was     b b b c c      bold was taken back from c c
 *     fresh   b b b b b      without that
 *     then    b b b c c      by a mark that takes it off
 */
#include "core/edit/edit.h"
#include "core/renew/reissue.h"
#include "core/rich/active.h"

typedef struct remark {
    const sennit_doc *was;
    sennit_doc *fresh;
    sennit_runs *want, *have; /* of was, of fresh */
} remark;

static bool remark_same(const remark *r, const sn_note *want, const sn_note *have)
{
    const uint8_t *a = r->was->who.replicas[want->author].notes->bytes + want->value;
    const uint8_t *b = r->fresh->who.replicas[have->author].notes->bytes + have->value;

    return want->len == have->len && memcmp(a, b, want->len) == 0;
}

/* ---- marks ---- */

/* The first name of which two runs have something else. False: there is none. */
static bool remark_first(const remark *r, size_t wants, size_t has, const sn_mark **want,
                         const sn_mark **have)
{
    for (size_t i = 0, k = 0; i < wants || k < has;) {
        const sn_mark *a = i < wants ? sn_runs_mark(r->want, i) : NULL;
        const sn_mark *b = k < has ? sn_runs_mark(r->have, k) : NULL;
        const int order = sn_mark_compare(a, b);

        *want = order <= 0 ? a : NULL;
        *have = order >= 0 ? b : NULL;
        if (order != 0 || !remark_same(r, &a->note, &b->note))
            return true;
        i++;
        k++;
    }
    return false;
}

static sennit_status remark_put(const remark *r, const sennit_run *run, const sn_mark *want,
                                const sn_mark *have)
{
    const sn_mark *like = want != NULL ? want : have;
    const bool grows = !like->end.after || like->end.replica == SN_NO_REPLICA;
    sennit_value value;

    if (want != NULL)
        sn_value_get(sn_mark_value(r->was, want), want->note.len, &value);
    return sennit_mark_add(r->fresh, run->pos, run->len, (const char *)like->note.name->bytes,
                           like->note.name->len, want != NULL ? &value : NULL,
                           grows ? SENNIT_MARK_GROWS : 0);
}

/* From *pos on, up to end where all is alike in `was`: one name of one run, or if there is
 * nothing to do, a run further. */
static sennit_status remark_step(remark *r, size_t wants, size_t *pos, size_t end)
{
    const sn_mark *want, *have;
    sennit_run run;

    SN_TRY(sennit_mark_runs(r->fresh, *pos, end - *pos, &r->have));
    sennit_status st = sennit_runs_next(r->have, &run) == 1 ? SENNIT_OK : SENNIT_ENOMEM;
    if (st == SENNIT_OK && remark_first(r, wants, run.marks_len, &want, &have))
        st = remark_put(r, &run, want, have);
    else
        *pos += run.len;
    sennit_runs_free(r->have);
    return st;
}

static sennit_status remark_text(remark *r)
{
    sennit_run run;
    int more;

    SN_TRY(sennit_mark_runs(r->was, 0, sennit_doc_len(r->was), &r->want));
    sennit_status st = SENNIT_OK;
    while (st == SENNIT_OK && (more = sennit_runs_next(r->want, &run)) != 0) {
        st = more == 1 ? SENNIT_OK : SENNIT_ENOMEM;
        for (size_t pos = run.pos; pos < run.pos + run.len && st == SENNIT_OK;)
            st = remark_step(r, run.marks_len, &pos, run.pos + run.len);
    }
    sennit_runs_free(r->want);
    return st;
}

/* ---- metadata ---- */

static const sn_note *remark_set(const sennit_doc *doc, const sennit_attr *attr)
{
    return sn_name_set(sn_book_from(&doc->book, attr->name, attr->name_len, false));
}

static sennit_status remark_meta(const remark *r)
{
    sennit_attr attr = {.name = NULL};
    sennit_value other;

    while (sennit_meta_next(r->was, &attr) == 1)
        if (!sennit_meta_get(r->fresh, attr.name, attr.name_len, &other) ||
            !remark_same(r, remark_set(r->was, &attr), remark_set(r->fresh, &attr)))
            SN_TRY(sennit_meta_set(r->fresh, attr.name, attr.name_len, &attr.value));
    attr.name = NULL;
    while (sennit_meta_next(r->fresh, &attr) == 1)
        if (!sennit_meta_get(r->was, attr.name, attr.name_len, &other))
            SN_TRY(sennit_meta_delete(r->fresh, attr.name, attr.name_len));
    return SENNIT_OK;
}

/* ---- both ---- */

/* Others' text that hangs on what was taken back may be lacking. */
static sennit_status remark_same_text(const remark *r, bool *same)
{
    sennit_buf was, fresh;

    sennit_buf_init(&was, &r->fresh->mem.alloc);
    sennit_buf_init(&fresh, &r->fresh->mem.alloc);
    sennit_status st = sennit_doc_read(r->was, 0, sennit_doc_len(r->was), &was);
    if (st == SENNIT_OK)
        st = sennit_doc_read(r->fresh, 0, sennit_doc_len(r->fresh), &fresh);
    *same = was.len == fresh.len && (was.len == 0 || memcmp(was.data, fresh.data, was.len) == 0);
    sennit_buf_clear(&was);
    sennit_buf_clear(&fresh);
    return st;
}

SN_RARE sennit_status sn_remark(const sennit_doc *was, sennit_doc *fresh)
{
    remark r = {.was = was, .fresh = fresh};
    bool same;

    SN_TRY(remark_meta(&r));
    SN_TRY(remark_same_text(&r, &same));
    return same ? remark_text(&r) : SENNIT_OK;
}
