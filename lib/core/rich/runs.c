/* Reading rich text: a walk over spans and over the ends of marks, side by side.
 *
 *     spans   [ h e l l o   ][w o r][ x ][l d ]       x is deleted
 *     ends    |       |          |   |                in the order of slots
 *     runs    --------========------------
 */
#include "core/edit/edit.h"
#include "core/rich/active.h"

struct sennit_runs {
    sennit_doc *doc;
    sn_active active;    /* marks that cover the byte at `p` */
    sn_place p;
    const sn_edge *edge; /* the next that was not gone over */
    uint32_t left;       /* bytes to read */
    size_t pos;          /* what was given, in the document's unit */
    bool fresh;          /* what counts at p is in here */
    const sn_mark **here, **told; /* marks that count at p, and in the run that is read */
    size_t here_len, told_len;
    sennit_attr *attrs;  /* told, for the host */
    size_t cap;          /* of these three */
};

/* ---- begin ---- */

static sennit_status runs_begin(sennit_runs *r, uint32_t at)
{
    sennit_doc *doc = r->doc;

    if (r->left == 0)
        return SENNIT_OK;
    r->p = sn_tree_seek(&doc->tree, at);
    const sn_slot before = {r->p, false}, after = {r->p, true};
    r->edge = sn_edge_from(doc, &after); /* those before it are starts that cover the byte, */
    return sn_active_start(&r->active, doc, &before, &after); /* or have no business here */
}

sennit_status sennit_mark_runs(const sennit_doc *doc, size_t pos, size_t n, sennit_runs **out)
{
    sennit_doc *all = sn_doc_mutable(doc);
    uint32_t at, len;

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    SN_TRY(sn_edit_range(all, pos, n, &at, &len));
    sennit_runs *r = sn_mem_resize(&all->mem, NULL, 0, sizeof *r);
    if (r == NULL)
        return SENNIT_ENOMEM;
    *r = (sennit_runs){.doc = all, .left = len, .pos = pos};
    sennit_status st = runs_begin(r, at);
    if (st != SENNIT_OK) {
        sennit_runs_free(r);
        return st;
    }
    *out = r;
    return SENNIT_OK;
}

static void runs_free_lists(sennit_runs *r)
{
    sn_mem *mem = &r->doc->mem;

    sn_mem_free(mem, r->here, r->cap * sizeof *r->here);
    sn_mem_free(mem, r->told, r->cap * sizeof *r->told);
    sn_mem_free(mem, r->attrs, r->cap * sizeof *r->attrs);
}

void sennit_runs_free(sennit_runs *r)
{
    if (r == NULL)
        return;
    sn_mem *mem = &r->doc->mem;
    sn_active_free(&r->active);
    runs_free_lists(r);
    sn_mem_free(mem, r, sizeof *r);
}

/* ---- going on ---- */

/* Whether the next edge is at the span that is read, and behind which byte of it. */
static bool runs_edge_here(const sennit_runs *r, uint32_t *off)
{
    const sn_span *s = sn_place_span(&r->p);
    const sn_edge *e = r->edge;

    if (e == NULL || e->number - s->at >= sn_span_len(s) ||
        e->replica != r->doc->who.changes[s->change].replica)
        return false;
    *off = e->number - s->at + e->after;
    return true;
}

/* Go over all edges at this place. */
static sennit_status runs_cross(sennit_runs *r)
{
    uint32_t off;

    while (runs_edge_here(r, &off) && off <= r->p.off) {
        SN_TRY(sn_active_cross(&r->active, r->edge));
        r->edge = sn_edge_next(r->edge);
        r->fresh = false;
    }
    return SENNIT_OK;
}

/* Step to the next visible byte, over the edges between. */
static sennit_status runs_settle(sennit_runs *r)
{
    for (;;) {
        const sn_span *s = sn_place_span(&r->p);

        if (sn_span_dead(s))
            r->p.off = sn_span_len(s);
        SN_TRY(runs_cross(r));
        if (r->p.off < sn_span_len(s) || r->left == 0)
            return SENNIT_OK;
        r->p = sn_tree_next(r->p);
    }
}

/* Read on as long as no edge comes: in the document's unit. */
static size_t runs_stretch(sennit_runs *r)
{
    const sn_span *s = sn_place_span(&r->p);
    uint32_t n = (uint32_t)sn_min_u64(r->left, s->len - r->p.off), off;

    if (runs_edge_here(r, &off))
        n = (uint32_t)sn_min_u64(n, off - r->p.off);
    const uint32_t from = r->p.off;
    r->p.off += n;
    r->left -= n;
    if (r->doc->unit == SENNIT_BYTES || r->doc->tree.total.cont == 0)
        return n;
    const sn_count c = sn_span_count(&r->doc->tree, s, from, n);
    return sn_count_in(&c, r->doc->unit);
}

/* Room for n marks in each list. */
static sennit_status runs_room(sennit_runs *r, size_t n)
{
    const size_t cap = 2 * n + 4;
    sn_mem *mem = &r->doc->mem;

    if (n <= r->cap)
        return SENNIT_OK;
    sennit_runs more = {.doc = r->doc, .cap = cap};
    more.here = sn_mem_resize(mem, NULL, 0, cap * sizeof *more.here);
    more.told = sn_mem_resize(mem, NULL, 0, cap * sizeof *more.told);
    more.attrs = sn_mem_resize(mem, NULL, 0, cap * sizeof *more.attrs);
    if (more.here == NULL || more.told == NULL || more.attrs == NULL) {
        runs_free_lists(&more);
        return SENNIT_ENOMEM;
    }
    for (size_t i = 0; i < r->told_len; i++) {
        more.told[i] = r->told[i];
        more.attrs[i] = r->attrs[i];
    }
    runs_free_lists(r);
    r->here = more.here;
    r->told = more.told;
    r->attrs = more.attrs;
    r->cap = cap;
    return SENNIT_OK;
}

/* Find out what counts at this place; *same tells whether that is what was told. */
static sennit_status runs_look(sennit_runs *r, bool *same)
{
    const sn_mark *mark;
    size_t i = 0, n = 0;

    *same = true;
    if (r->fresh)
        return SENNIT_OK;
    SN_TRY(runs_room(r, r->active.len));
    while ((mark = sn_active_next(&r->active, &i)) != NULL) {
        *same = *same && n < r->told_len && sn_mark_same(r->doc, mark, r->told[n]);
        r->here[n++] = mark;
    }
    r->here_len = n;
    r->fresh = true;
    *same = *same && n == r->told_len;
    return SENNIT_OK;
}

/* A run begins with what counts here. */
static void runs_tell(sennit_runs *r)
{
    const sn_mark **here = r->here, **told = r->told;

    for (size_t i = 0; i < r->here_len; i++) {
        const sn_note *note = &here[i]->note;
        sennit_attr *attr = &r->attrs[i];

        if (i < r->told_len && told[i] == here[i])
            continue; /* as in the last run */
        attr->name = (const char *)note->name->bytes;
        attr->name_len = note->name->len;
        sn_value_get(sn_mark_value(r->doc, here[i]), note->len, &attr->value);
    }
    r->here = told;
    r->told = here;
    r->told_len = r->here_len;
}

const sn_mark *sn_runs_mark(const sennit_runs *r, size_t i)
{
    return r->told[i];
}

int sennit_runs_next(sennit_runs *r, sennit_run *out)
{
    bool same;

    *out = (sennit_run){.pos = r->pos};
    if (r->left == 0)
        return 0;
    SN_TRY(runs_settle(r));
    SN_TRY(runs_look(r, &same));
    runs_tell(r);
    do {
        out->len += runs_stretch(r);
        SN_TRY(runs_settle(r));
        SN_TRY(runs_look(r, &same));
    } while (r->left > 0 && same);
    r->pos += out->len;
    out->marks = r->attrs;
    out->marks_len = r->told_len;
    return 1;
}
