#include "core/rich/active.h"

#define ACTIVE_BLOCK 31

typedef struct active_held {
    sn_twig by_key;
    const sn_mark *mark;
} active_held;

typedef struct sn_active_block {
    struct sn_active_block *next;
    active_held held[ACTIVE_BLOCK];
} sn_active_block;

static const sn_mark *active_mark(const sn_twig *twig)
{
    return ((const active_held *)((uintptr_t)twig - offsetof(active_held, by_key)))->mark;
}

static int active_by_key(const sn_twig *a, const sn_twig *b)
{
    return sn_note_less(&active_mark(a)->note, &active_mark(b)->note) ? -1 : 1;
}

/* Where a name is, or belongs. */
static size_t active_find(const sn_active *a, const sn_name *name)
{
    size_t low = 0, high = a->len;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (a->names[mid].name != name && sn_name_compare(a->names[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Make room for one more. */
static sennit_status active_reserve(sn_active *a)
{
    sn_mem *mem = &a->doc->mem;

    if (a->len == a->cap)
        SN_TRY(sn_mem_grow(mem, (void **)&a->names, &a->cap, a->len + 1, sizeof *a->names));
    if (a->spare != NULL)
        return SENNIT_OK;
    sn_active_block *block = sn_mem_resize(mem, NULL, 0, sizeof *block);
    if (block == NULL)
        return SENNIT_ENOMEM;
    block->next = a->blocks;
    a->blocks = block;
    for (size_t i = 0; i < ACTIVE_BLOCK; i++) {
        block->held[i].by_key.right = a->spare;
        a->spare = &block->held[i].by_key;
    }
    return SENNIT_OK;
}

sennit_status sn_active_add(sn_active *a, const sn_mark *mark)
{
    const size_t i = active_find(a, mark->note.name);

    SN_TRY(active_reserve(a));
    sn_active_name *at = a->names + i;
    if (i == a->len || at->name != mark->note.name) {
        memmove(at + 1, at, (a->len++ - i) * sizeof *at);
        *at = (sn_active_name){.name = mark->note.name};
    }
    active_held *held = (active_held *)((uintptr_t)a->spare - offsetof(active_held, by_key));
    a->spare = a->spare->right;
    held->mark = mark;
    sn_treap_add(&at->held, &held->by_key, mark->start.rank, active_by_key);
    if (at->top == NULL || SENNIT_MUTANT == 81 || sn_note_less(&at->top->note, &mark->note)) {
        at->top = mark;
        a->news = true;
    }
    return SENNIT_OK;
}

/* One of a name ends: what counts then is the last that is left. */
static void active_drop(sn_active *a, size_t i, const sn_mark *mark)
{
    sn_active_name *at = a->names + i;
    sn_twig *twig = at->held;

    while (twig != NULL && active_mark(twig) != mark)
        twig = sn_note_less(&active_mark(twig)->note, &mark->note) ? twig->right : twig->left;
    if (twig == NULL)
        return;
    sn_treap_remove(&at->held, twig, active_by_key);
    twig->right = a->spare;
    a->spare = twig;
    a->news = a->news || at->top == mark;
    if (at->held == NULL) {
        memmove(at, at + 1, (--a->len - i) * sizeof *at);
    } else if (at->top == mark) {
        for (twig = at->held; twig->right != NULL;)
            twig = twig->right;
        at->top = active_mark(twig);
    }
}

sennit_status sn_active_cross(sn_active *a, const sn_edge *edge)
{
    const sn_mark *mark = sn_edge_mark(edge);

    if (!edge->is_end)
        return sn_active_add(a, mark);
    const size_t i = active_find(a, mark->note.name);
    if (i < a->len && a->names[i].name == mark->note.name)
        active_drop(a, i, mark);
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
    if (a->doc == NULL)
        return;
    for (sn_active_block *block = a->blocks; block != NULL; block = a->blocks) {
        a->blocks = block->next;
        sn_mem_free(&a->doc->mem, block, sizeof *block);
    }
    sn_mem_free(&a->doc->mem, a->names, a->cap * sizeof *a->names);
    *a = (sn_active){.doc = NULL};
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
