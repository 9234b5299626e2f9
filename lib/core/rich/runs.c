/* Reading rich text: a walk over spans and over the ends of marks, side by side.
 *
 *     spans   [ h e l l o   ][w o r][ x ][l d ]       x is deleted
 *     ends    |       |          |   |                in the order of slots
 *     runs    --------========------------
 */
#include "core/edit/edit.h"
#include "core/rich/active.h"

/* What counts in a run: marks, and the same for the host. */
typedef struct runs_list {
    const sn_mark **marks;
    sennit_attr *attrs;
    size_t len, cap;
} runs_list;

struct sennit_runs {
    sennit_doc *doc;
    sn_active active;     /* marks that cover the byte at `p` */
    sn_place p;
    uint32_t stop;        /* in its span: where the next edge is, or the span ends */
    const sn_edge *edge;  /* the next that was not gone over */
    uint32_t left;        /* bytes to read */
    size_t pos;           /* what was given, in the document's unit */
    runs_list told, next; /* of the run that is read, and to make the one after it in */
};

/* ---- where to stop ---- */

/* Whether the next edge is at the span that is read, and behind which byte of it. */
static bool runs_edge_here(const sennit_runs *r, const sn_span *s, uint32_t *off)
{
    const sn_edge *e = r->edge;

    if (e == NULL || e->number - s->at >= sn_span_len(s) ||
        e->replica != r->doc->who.changes[s->change].replica)
        return false;
    *off = e->number - s->at + e->after;
    return true;
}

/* Deleted text is read without stopping, and what is at its edges lies at its end. */
static void runs_aim(sennit_runs *r)
{
    const sn_span *s = sn_place_span(&r->p);
    uint32_t off;

    r->stop = sn_span_len(s);
    if (sn_span_dead(s))
        r->p.off = r->stop;
    else if (runs_edge_here(r, s, &off))
        r->stop = off > r->p.off ? off : r->p.off;
}

/* ---- begin ---- */

static sennit_status runs_begin(sennit_runs *r, uint32_t at)
{
    sennit_doc *doc = r->doc;

    if (r->left == 0)
        return SENNIT_OK;
    r->p = sn_tree_seek(&doc->tree, at);
    const sn_slot before = {r->p, false}, after = {r->p, true};
    r->edge = sn_edge_from(doc, &after); /* those before it are starts that cover the byte, */
    runs_aim(r);
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

static void runs_free_list(sn_mem *mem, runs_list *list)
{
    sn_mem_free(mem, list->marks, list->cap * sizeof *list->marks);
    sn_mem_free(mem, list->attrs, list->cap * sizeof *list->attrs);
}

void sennit_runs_free(sennit_runs *r)
{
    if (r == NULL)
        return;
    sn_mem *mem = &r->doc->mem;
    sn_active_free(&r->active);
    runs_free_list(mem, &r->told);
    runs_free_list(mem, &r->next);
    sn_mem_free(mem, r, sizeof *r);
}

/* ---- going on ---- */

/* Step to the next visible byte, over the edges between. */
static sennit_status runs_settle(sennit_runs *r)
{
    while (r->p.off == r->stop && r->left > 0) {
        uint32_t off;

        if (runs_edge_here(r, sn_place_span(&r->p), &off) && off <= r->p.off) {
            SN_TRY(sn_active_cross(&r->active, r->edge));
            r->edge = sn_edge_next(r->edge);
        } else {
            r->p = sn_tree_next(r->p);
        }
        runs_aim(r);
    }
    return SENNIT_OK;
}

/* Read on as long as no edge comes: in the document's unit. */
static size_t runs_stretch(sennit_runs *r)
{
    const uint32_t from = r->p.off, n = (uint32_t)sn_min_u64(r->left, r->stop - from);

    r->p.off += n;
    r->left -= n;
    if (r->doc->unit == SENNIT_BYTES || r->doc->tree.total.cont == 0)
        return n;
    const sn_count c = sn_span_count(&r->doc->tree, sn_place_span(&r->p), from, n);
    return sn_count_in(&c, r->doc->unit);
}

/* Whether what counts at this place is what was told. */
static bool runs_same(sennit_runs *r)
{
    const sn_mark *mark;
    size_t i = 0, n = 0;

    if (!r->active.news)
        return true;
    while ((mark = sn_active_next(&r->active, &i)) != NULL) {
        if (n == r->told.len || !sn_mark_same(r->doc, mark, r->told.marks[n]))
            return false;
        n++;
    }
    r->active.news = n != r->told.len;
    return n == r->told.len;
}

/* Room for n marks in what is told next. */
static sennit_status runs_room(sennit_runs *r, size_t n)
{
    runs_list more = {.cap = 2 * n + 4};
    sn_mem *mem = &r->doc->mem;

    if (n <= r->next.cap)
        return SENNIT_OK;
    more.marks = sn_mem_resize(mem, NULL, 0, more.cap * sizeof *more.marks);
    more.attrs = sn_mem_resize(mem, NULL, 0, more.cap * sizeof *more.attrs);
    if (more.marks == NULL || more.attrs == NULL) {
        runs_free_list(mem, &more);
        return SENNIT_ENOMEM;
    }
    runs_free_list(mem, &r->next);
    r->next = more;
    return SENNIT_OK;
}

static void runs_attr(const sennit_doc *doc, const sn_mark *mark, sennit_attr *out)
{
    out->name = (const char *)mark->note.name->bytes;
    out->name_len = mark->note.name->len;
    sn_value_get(sn_mark_value(doc, mark), mark->note.len, &out->value);
}

/* A run begins with what counts here; what the last one had is taken from there. */
static sennit_status runs_tell(sennit_runs *r)
{
    const runs_list last = r->told;
    const sn_mark *mark;
    size_t i = 0, k = 0, n = 0;

    SN_TRY(runs_room(r, r->active.len));
    runs_list *now = &r->next;
    for (; (mark = sn_active_next(&r->active, &i)) != NULL; n++) {
        while (k < last.len && last.marks[k] != mark &&
               sn_name_compare(last.marks[k]->note.name, mark->note.name) < 0)
            k++;
        now->marks[n] = mark;
        if (k < last.len && last.marks[k] == mark)
            now->attrs[n] = last.attrs[k];
        else
            runs_attr(r->doc, mark, &now->attrs[n]);
    }
    now->len = n;
    r->told = *now;
    r->next = last;
    r->active.news = false;
    return SENNIT_OK;
}

const sn_mark *sn_runs_mark(const sennit_runs *r, size_t i)
{
    return r->told.marks[i];
}

int sennit_runs_next(sennit_runs *r, sennit_run *out)
{
    *out = (sennit_run){.pos = r->pos};
    if (r->left == 0)
        return 0;
    SN_TRY(runs_settle(r));
    SN_TRY(runs_tell(r));
    do {
        out->len += runs_stretch(r);
        SN_TRY(runs_settle(r));
    } while (r->left > 0 && runs_same(r));
    r->pos += out->len;
    out->marks = r->told.attrs;
    out->marks_len = r->told.len;
    return 1;
}
