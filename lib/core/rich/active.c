#include "core/rich/active.h"

/* Where a mark is, or belongs. */
static size_t active_find(const sn_active *a, const sn_mark *mark)
{
    size_t low = 0, high = a->len;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = sn_name_compare(a->at[mid]->note.name, mark->note.name);

        if (c < 0 || (c == 0 && sn_note_less(&a->at[mid]->note, &mark->note)))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

sennit_status sn_active_add(sn_active *a, const sn_mark *mark)
{
    size_t i = active_find(a, mark);

    if (a->len == a->cap)
        SN_TRY(sn_mem_grow(&a->doc->mem, (void **)&a->at, &a->cap, a->len + 1, sizeof *a->at));
    memmove(a->at + i + 1, a->at + i, (a->len - i) * sizeof *a->at);
    a->at[i] = mark;
    a->len++;
    return SENNIT_OK;
}

sennit_status sn_active_cross(sn_active *a, const sn_edge *edge)
{
    const sn_mark *mark = sn_edge_mark(edge);

    if (!edge->is_end)
        return sn_active_add(a, mark);
    size_t i = active_find(a, mark);
    if (i < a->len && a->at[i] == mark) {
        a->len--;
        memmove(a->at + i, a->at + i + 1, (a->len - i) * sizeof *a->at);
    }
    return SENNIT_OK;
}

sennit_status sn_active_start(sn_active *a, sennit_doc *doc, const sn_slot *begin, const sn_slot *end)
{
    *a = (sn_active){.doc = doc};
    for (const sn_edge *e = sn_edge_over(doc, NULL, begin, end); e != NULL;
         e = sn_edge_over(doc, e, begin, end))
        SN_TRY(sn_active_add(a, sn_edge_mark(e)));
    return SENNIT_OK;
}

void sn_active_free(sn_active *a)
{
    if (a->doc != NULL)
        sn_mem_free(&a->doc->mem, a->at, a->cap * sizeof *a->at);
    a->at = NULL;
}

bool sn_mark_alike(const sennit_doc *doc, const sn_mark *a, const sn_mark *b)
{
    return a->note.name == b->note.name && a->note.len == b->note.len &&
           memcmp(sn_mark_value(doc, a), sn_mark_value(doc, b), a->note.len) == 0;
}

bool sn_active_same(const sn_active *a, const sn_active *b)
{
    size_t i = 0, k = 0;

    for (;;) {
        const sn_mark *x = sn_active_next(a, &i), *y = sn_active_next(b, &k);

        if (x == NULL || y == NULL)
            return x == y;
        if (!sn_mark_same(a->doc, x, y))
            return false;
    }
}
