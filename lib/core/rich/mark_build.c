/* The index of all marks at once: each end is looked up once and then is a number, by
 * which they are sorted; the treap is made from left to right.
 *
 *     spine    e1 - e2 - e3       what the next edge can still become a parent of
 *               |    |    |
 *             done done done      and what cannot change any more
 */
#include "base/sort.h"
#include "core/rich/mark_index.h"

#define BUILD_NONE UINT32_MAX

/* An end is the 2 k-th if it is where mark k starts, the next if it is where that ends. */
typedef struct marks_build {
    sennit_doc *doc;
    sn_mark **marks;
    uint32_t n;         /* marks, at first those that may have no extent as well */
    uint32_t *base;     /* of a leaf, by its id: bytes before it, deleted ones too */
    uint32_t *slot;     /* of an end, as a number */
    sn_pair *ends;      /* slots and ends, and as many to sort with */
    uint32_t *spine;
    uint32_t *furthest; /* of an edge on the spine: the end that K3 tells of */
} marks_build;

/* ---- ends as numbers ---- */

static void build_bases(marks_build *b)
{
    uint32_t before = 0;

    for (const sn_leaf *leaf = b->doc->tree.first; leaf != NULL; leaf = leaf->next) {
        b->base[leaf->id] = before;
        for (uint32_t i = 0; i < leaf->node.n; i++)
            before += sn_span_len(&leaf->span[i]);
    }
}

/* Two for each byte; the ends of the document lie beside all of them. */
static uint32_t build_slot(const marks_build *b, const sn_edge *e)
{
    if (e->replica == SN_NO_REPLICA)
        return e->after ? UINT32_MAX : 0;
    const sn_place p = sn_tree_find(&b->doc->tree, e->replica, e->number);
    uint32_t at = b->base[p.leaf->id] + p.off;
    for (uint32_t i = 0; i < p.i; i++)
        at += sn_span_len(&p.leaf->span[i]);
    return 2 * at + e->after + 1;
}

/* Of marks without extent none is kept. */
static void build_slots(marks_build *b)
{
    uint32_t n = 0;

    build_bases(b);
    for (uint32_t k = 0; k < b->n; k++) {
        sn_mark *mark = b->marks[k];
        const uint32_t start = build_slot(b, &mark->start), end = build_slot(b, &mark->end);

        if (start >= end)
            continue;
        mark->note.stands = true;
        b->marks[n] = mark;
        b->slot[2 * n] = start;
        b->slot[2 * n + 1] = end;
        b->ends[2 * n] = (sn_pair){start, 2 * n};
        b->ends[2 * n + 1] = (sn_pair){end, 2 * n + 1};
        n++;
    }
    b->n = n;
}

/* ---- the tree ---- */

static sn_edge *build_edge(const marks_build *b, uint32_t end)
{
    return end % 2 == 0 ? &b->marks[end / 2]->start : &b->marks[end / 2]->end;
}

/* Let an edge have one that is done below it. */
static void build_below(marks_build *b, uint32_t above, sn_edge **link, uint32_t below)
{
    uint32_t *have = &b->furthest[above], end = b->furthest[below];

    *link = build_edge(b, below);
    (*link)->parent = build_edge(b, above);
    if (*have == BUILD_NONE || (end != BUILD_NONE && b->slot[end] > b->slot[*have] && SENNIT_MUTANT != 84))
        *have = end;
}

/* Take edges of no more than a rank off the spine; returns the highest, or BUILD_NONE. */
static uint32_t build_finish(marks_build *b, uint32_t *len, uint32_t rank)
{
    uint32_t done = BUILD_NONE;

    while (*len > 0) {
        uint32_t top = b->spine[*len - 1];
        sn_edge *e = build_edge(b, top);

        if (e->rank > rank)
            break;
        if (done != BUILD_NONE)
            build_below(b, top, &e->right, done);
        if (b->furthest[top] != BUILD_NONE)
            e->furthest = build_edge(b, b->furthest[top]);
        done = top;
        --*len;
    }
    return done;
}

static void build_tree(marks_build *b)
{
    const sn_pair *sorted = sn_sort_pairs(b->ends, b->ends + 2 * b->n, 2 * (size_t)b->n);
    sn_book *book = &b->doc->book;
    uint32_t len = 0;

    for (uint32_t i = 0; i < 2 * b->n; i++) {
        const uint32_t end = sorted[i].value;
        sn_edge *e = build_edge(b, end);

        e->rank = (uint32_t)sn_treap_rank(b->doc->who.hash_key, book->made++);
        b->furthest[end] = e->is_end ? BUILD_NONE : end + 1;
        const uint32_t done = build_finish(b, &len, e->rank);
        if (done != BUILD_NONE)
            build_below(b, end, &e->left, done);
        b->spine[len++] = end;
    }
    const uint32_t root = build_finish(b, &len, UINT32_MAX);
    book->edges = root != BUILD_NONE ? build_edge(b, root) : NULL;
}

sennit_status sn_marks_build(sennit_doc *doc, sn_mark **marks, uint32_t n)
{
    const size_t ends = 2 * (size_t)n, words = 7 * ends + doc->tree.leaves_len;
    uint32_t *memory = sn_mem_resize(&doc->mem, NULL, 0, words * sizeof *memory);

    if (memory == NULL)
        return SENNIT_ENOMEM;
    marks_build b = {.doc = doc, .marks = marks, .n = n,
                     .ends = (sn_pair *)memory,
                     .slot = memory + 4 * ends,
                     .spine = memory + 5 * ends,
                     .furthest = memory + 6 * ends,
                     .base = memory + 7 * ends};
    build_slots(&b);
    build_tree(&b);
    sn_mem_free(&doc->mem, memory, words * sizeof *memory);
    return SENNIT_OK;
}
