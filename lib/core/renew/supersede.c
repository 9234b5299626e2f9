#include "core/renew/supersede.h"

#include "base/sort.h"
#include "core/merge/cover.h"
#include "core/rich/mark_index.h"

/* Marks of one name, none of which lies in another: by their starts, and so by their
 * ends. */
typedef struct superseding_outer {
    sn_mark **marks;
    uint32_t len;
} superseding_outer;

typedef struct superseding {
    sennit_doc *doc;
    sn_note **notes;   /* that are settled */
    uint32_t *order;   /* of these: by name, then by key, the greatest first */
    uint32_t n;
    superseding_outer outer[2]; /* [1]: of those that grow */
} superseding;

static bool superseded_is_settled(sennit_doc *doc, const sn_note *note)
{
    return note->name != NULL && note->seq < doc->who.replicas[note->author].cut.seq &&
           (SENNIT_MUTANT == 86 || sn_switch_of(doc, note->author, note->seq) == NULL);
}

/* List what is settled, or only count it. */
static uint32_t superseded_list(superseding *s)
{
    const sn_roster *who = &s->doc->who;
    uint32_t n = 0;

    for (uint32_t i = 0; i < who->replicas_len; i++) {
        const sn_notes *notes = who->replicas[i].notes;

        for (uint32_t k = 0; notes != NULL && k < notes->list_len; k++) {
            sn_note *note = notes->list[k].note;

            if (note->seq >= who->replicas[i].cut.seq)
                break;
            if (!superseded_is_settled(s->doc, note))
                continue;
            if (s->notes != NULL) {
                s->notes[n] = note;
                s->order[n] = n;
            }
            n++;
        }
    }
    return n;
}

/* Sets and marks of one name have nothing to do with each other. */
static bool superseded_less(const void *ctx, uint32_t a, uint32_t b)
{
    const superseding *s = ctx;
    const sn_note *x = s->notes[a], *y = s->notes[b];

    if (x->is_mark != y->is_mark)
        return x->is_mark < y->is_mark;
    if (x->name != y->name)
        return sn_name_compare(x->name, y->name) < 0;
    return sn_note_less(y, x);
}

static bool superseded_alike(const sn_note *a, const sn_note *b)
{
    return a->name == b->name && a->is_mark == b->is_mark;
}

/* ---- marks ---- */

static bool mark_grows(const sn_mark *mark)
{
    return !mark->end.after || mark->end.replica == SN_NO_REPLICA;
}

/* Whether an edge of one mark comes before that of another, or is there as well. */
static bool edge_le(sennit_doc *doc, const sn_edge *a, const sn_edge *b)
{
    const sn_slot slot = sn_slot_of(doc, a);

    return sn_slot_compare(doc, &slot, b) <= 0;
}

/* How many of the outermost marks start at a mark's start or before. */
static uint32_t outer_rank(sennit_doc *doc, const superseding_outer *o, const sn_mark *mark)
{
    uint32_t low = 0, high = o->len;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (edge_le(doc, &o->marks[mid]->start, &mark->start))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Since none lies in another, the last that starts in time reaches farthest. */
static bool outer_covers(sennit_doc *doc, const superseding_outer *o, const sn_mark *mark)
{
    const uint32_t n = outer_rank(doc, o, mark);

    return n > 0 && (SENNIT_MUTANT == 88 || edge_le(doc, &mark->end, &o->marks[n - 1]->end));
}

/* Put a mark that lies in none in the place of those that lie in it. */
static void outer_add(sennit_doc *doc, superseding_outer *o, sn_mark *mark)
{
    uint32_t at = outer_rank(doc, o, mark), end = at;

    if (at > 0 && edge_le(doc, &mark->start, &o->marks[at - 1]->start))
        at--;
    while (end < o->len && edge_le(doc, &o->marks[end]->end, &mark->end))
        end++;
    memmove(o->marks + at + 1, o->marks + end, (o->len - end) * sizeof *o->marks);
    o->marks[at] = mark;
    o->len = o->len - (end - at) + 1;
}

/* Of a name, the greatest key first. What does not grow speaks for nothing that does:
 * the marks of what is typed at its end would be others (caret.c). */
static bool mark_is_superseded(superseding *s, sn_mark *mark)
{
    const bool grows = mark_grows(mark);

    if (!mark->note.stands || outer_covers(s->doc, &s->outer[true], mark) ||
        (!grows && outer_covers(s->doc, &s->outer[false], mark)))
        return true;
    outer_add(s->doc, &s->outer[grows], mark);
    return false;
}

/* ---- all of them ---- */

static void superseded_look(superseding *s)
{
    const sn_note *last = NULL;

    superseded_list(s);
    sn_sort_indices(s->order, s->n, superseded_less, s);
    for (uint32_t i = 0; i < s->n; i++) {
        sn_note *note = s->notes[s->order[i]];
        const bool first = last == NULL || !superseded_alike(last, note);

        if (first)
            s->outer[0].len = s->outer[1].len = 0;
        note->gone = note->is_mark ? mark_is_superseded(s, (sn_mark *)note) : !first;
        last = note;
    }
}

/* Look at what is settled, with memory for it. */
static sennit_status superseded_mark(superseding *s)
{
    const size_t size = s->n * (3 * sizeof(void *) + sizeof *s->order);

    s->notes = sn_mem_resize(&s->doc->mem, NULL, 0, size);
    if (s->notes == NULL)
        return SENNIT_ENOMEM;
    s->outer[0].marks = (sn_mark **)(s->notes + s->n);
    s->outer[1].marks = s->outer[0].marks + s->n;
    s->order = (uint32_t *)(s->outer[1].marks + s->n);
    superseded_look(s);
    sn_mem_free(&s->doc->mem, s->notes, size);
    return SENNIT_OK;
}

static bool superseded_any(const sennit_doc *doc)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++) {
        const sn_notes *notes = doc->who.replicas[i].notes;

        for (uint32_t k = 0; notes != NULL && k < notes->list_len; k++)
            if (notes->list[k].note->gone)
                return true;
    }
    return false;
}

sennit_status sn_superseded_find(sennit_doc *doc, bool *any)
{
    superseding s = {.doc = doc};

    s.n = superseded_list(&s);
    if (s.n > 0)
        SN_TRY(superseded_mark(&s));
    *any = superseded_any(doc);
    return SENNIT_OK;
}

static void superseded_each(sennit_doc *doc, void (*visit)(sennit_doc *, sn_note *))
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++) {
        const sn_notes *notes = doc->who.replicas[i].notes;

        for (uint32_t k = 0; notes != NULL && k < notes->list_len; k++)
            visit(doc, notes->list[k].note);
    }
}

static void superseded_keep(sennit_doc *doc, sn_note *note)
{
    (void)doc;
    note->gone = note->name == NULL;
}

void sn_superseded_forget(sennit_doc *doc)
{
    superseded_each(doc, superseded_keep);
}

static void superseded_drop(sennit_doc *doc, sn_note *note)
{
    if (note->gone && note->name != NULL)
        sn_book_drop(doc, note);
}

void sn_superseded_drop(sennit_doc *doc)
{
    superseded_each(doc, superseded_drop);
}
