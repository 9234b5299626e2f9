#include "core/rich/mark_index.h"

/* ---- slots ---- */

sn_slot sn_slot_of(sennit_doc *doc, const sn_edge *edge)
{
    sn_place none = {NULL, 0, 0};

    return (sn_slot){edge->replica == SN_NO_REPLICA
                         ? none
                         : sn_tree_find(&doc->tree, edge->replica, edge->number),
                     edge->after};
}

/* Which of two leaves comes first. */
static int slot_leaves(const sn_leaf *a, const sn_leaf *b)
{
    const sn_node *x = &a->node, *y = &b->node;

    while (x->parent != y->parent) {
        x = &x->parent->node;
        y = &y->parent->node;
    }
    return (x->slot > y->slot) - (x->slot < y->slot);
}

static int slot_sign(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int sn_slot_compare(sennit_doc *doc, const sn_slot *slot, const sn_edge *edge)
{
    const sn_place *p = &slot->p;

    if (p->leaf == NULL || edge->replica == SN_NO_REPLICA) {
        int mine = p->leaf != NULL ? 0 : slot->after ? 1 : -1;
        int other = edge->replica != SN_NO_REPLICA ? 0 : edge->after ? 1 : -1;

        return mine - other;
    }
    sn_leaf *leaf = sn_tree_home(&doc->tree, edge->replica, edge->number);
    if (leaf != p->leaf)
        return slot_leaves(p->leaf, leaf);
    sn_place q = sn_tree_in(&doc->tree, leaf, edge->replica, edge->number);
    if (p->i != q.i)
        return slot_sign(p->i, q.i);
    return slot_sign(2 * (uint64_t)p->off + slot->after, 2 * (uint64_t)q.off + edge->after);
}

size_t sn_slot_position(sennit_doc *doc, const sn_slot *slot)
{
    sn_place p = slot->p;

    if (p.leaf == NULL)
        return slot->after ? sn_count_in(&doc->tree.total, doc->unit) : 0;
    p.off = sn_span_dead(sn_place_span(&p)) ? 0 : p.off + slot->after;
    const sn_count before = sn_tree_before(&doc->tree, p);
    return sn_count_in(&before, doc->unit);
}

bool sn_mark_has_extent(sennit_doc *doc, const sn_mark *mark)
{
    const sn_slot start = sn_slot_of(doc, &mark->start);

    return sn_slot_compare(doc, &start, &mark->end) < 0;
}

/* ---- the tree of edges ---- */

/* The later of two ends, either of which may be NULL. */
static sn_edge *edge_later(sennit_doc *doc, sn_edge *a, sn_edge *b)
{
    if (a == NULL || b == NULL || a == b)
        return a == NULL ? b : a;
    const sn_slot slot = sn_slot_of(doc, a);
    return sn_slot_compare(doc, &slot, b) < 0 ? b : a;
}

/* K3 from what is below. */
static void edge_pull(sennit_doc *doc, sn_edge *e)
{
    sn_edge *last = e->is_end ? NULL : &sn_edge_mark(e)->end;

    if (e->left != NULL)
        last = edge_later(doc, last, e->left->furthest);
    if (e->right != NULL)
        last = edge_later(doc, last, e->right->furthest);
    e->furthest = last;
}

static sn_edge **edge_link(sennit_doc *doc, const sn_edge *e)
{
    if (e->parent == NULL)
        return &doc->book.edges;
    return e->parent->left == e ? &e->parent->left : &e->parent->right;
}

/* Let an edge and its parent change places. */
static void edge_rise(sennit_doc *doc, sn_edge *e)
{
    sn_edge *p = e->parent, **link = edge_link(doc, p), *between;

    if (p->left == e) {
        between = p->left = e->right;
        e->right = p;
    } else {
        between = p->right = e->left;
        e->left = p;
    }
    if (between != NULL)
        between->parent = p;
    e->parent = p->parent;
    p->parent = e;
    *link = e;
    e->furthest = p->furthest;
    edge_pull(doc, p);
}

/* The edge from which to go down to a slot that is behind another edge: as far up as
 * the slot is out of reach. Source: Aragon and Seidel, finger search. */
static sn_edge *edge_finger(sennit_doc *doc, sn_edge *e, const sn_slot *slot)
{
    for (sn_edge *at = e; at->parent != NULL; at = at->parent) {
        if (at->parent->right == at)
            continue;
        if (sn_slot_compare(doc, slot, at->parent) < 0)
            return e;
        e = at->parent;
    }
    while (e->parent != NULL)
        e = e->parent;
    return e;
}

/* behind: an edge that is there and does not come after it, or NULL. */
static void edge_add(sennit_doc *doc, sn_edge *e, sn_edge *behind)
{
    const sn_slot slot = sn_slot_of(doc, e);
    sn_edge **link = &doc->book.edges;

    e->parent = e->left = e->right = NULL;
    e->rank = (uint32_t)sn_treap_rank(doc->who.hash_key, doc->book.made++);
    if (behind != NULL)
        link = edge_link(doc, edge_finger(doc, behind, &slot));
    while (*link != NULL) {
        e->parent = *link;
        link = sn_slot_compare(doc, &slot, *link) < 0 ? &(*link)->left : &(*link)->right;
    }
    *link = e;
    e->furthest = e->is_end ? NULL : &sn_edge_mark(e)->end;
    if (!e->is_end) {
        const sn_slot end = sn_slot_of(doc, e->furthest);

        for (sn_edge *up = e->parent; up != NULL; up = up->parent) {
            if (up->furthest != NULL && sn_slot_compare(doc, &end, up->furthest) <= 0 &&
                SENNIT_MUTANT != 80)
                break; /* nor do those above reach less far */
            up->furthest = e->furthest;
        }
    }
    while (e->parent != NULL && e->parent->rank < e->rank)
        edge_rise(doc, e);
}

static void edge_remove(sennit_doc *doc, sn_edge *e)
{
    sn_edge *own = e->is_end ? NULL : &sn_edge_mark(e)->end;

    while (e->left != NULL || e->right != NULL)
        edge_rise(doc, e->left == NULL || (e->right != NULL && e->right->rank > e->left->rank)
                           ? e->right : e->left);
    *edge_link(doc, e) = NULL;
    for (sn_edge *up = e->parent; up != NULL && own != NULL; up = up->parent)
        if (up->furthest == own)
            edge_pull(doc, up);
}

/* ---- marks ---- */

static void mark_tell(sennit_doc *doc, const sn_mark *mark, uint32_t who)
{
    const sn_slot start = sn_slot_of(doc, &mark->start), end = sn_slot_of(doc, &mark->end);
    const uint32_t pos = (uint32_t)sn_slot_position(doc, &start);
    const uint32_t len = (uint32_t)sn_slot_position(doc, &end) - pos;
    const sn_step step = {.pos = pos, .removed = len, .inserted = len, .replica = who,
                          .name = mark->note.name, .what = SENNIT_PATCH_MARK,
                          .local = !doc->applying};

    if (len > 0)
        sn_patches_add(&doc->patches, &doc->mem, &step);
}

void sn_mark_leave(sennit_doc *doc, sn_mark *mark)
{
    edge_remove(doc, &mark->start);
    edge_remove(doc, &mark->end);
}

void sn_mark_stand(sennit_doc *doc, sn_mark *mark, bool stands, uint32_t who)
{
    if (stands) {
        edge_add(doc, &mark->start, NULL);
        edge_add(doc, &mark->end, &mark->start);
    } else {
        sn_mark_leave(doc, mark);
    }
    if ((doc->patches.watch & SENNIT_WATCH_MARKS) && sn_doc_watches(doc))
        mark_tell(doc, mark, who);
}

/* ---- looking ---- */

sn_edge *sn_edge_from(sennit_doc *doc, const sn_slot *slot)
{
    sn_edge *e = doc->book.edges, *found = NULL;

    while (e != NULL)
        if (sn_slot_compare(doc, slot, e) > 0) {
            e = e->right;
        } else {
            found = e;
            e = e->left;
        }
    return found;
}

sn_edge *sn_edge_next(const sn_edge *e)
{
    sn_edge *next = e->right;

    if (next != NULL) {
        while (next->left != NULL)
            next = next->left;
        return next;
    }
    for (next = e->parent; next != NULL && next->right == e; next = next->parent)
        e = next;
    return next;
}

/* Whether a mark that starts at an edge or below it ends at a slot or behind it. */
static bool edge_reaches(sennit_doc *doc, const sn_edge *e, const sn_slot *end)
{
    return e != NULL && e->furthest != NULL && sn_slot_compare(doc, end, e->furthest) <= 0;
}

/* The leftmost edge from which it is worth going on. */
static sn_edge *edge_leftmost(sennit_doc *doc, sn_edge *e, const sn_slot *end)
{
    while (edge_reaches(doc, e->left, end))
        e = e->left;
    return e;
}

/* The next edge in order, without those below which no mark reaches so far. */
static sn_edge *edge_onward(sennit_doc *doc, const sn_edge *e, const sn_slot *end)
{
    if (edge_reaches(doc, e->right, end))
        return edge_leftmost(doc, e->right, end);
    sn_edge *up = e->parent;
    for (; up != NULL && up->right == e; up = up->parent)
        e = up;
    return up;
}

sn_edge *sn_edge_over(sennit_doc *doc, const sn_edge *edge, const sn_slot *begin, const sn_slot *end)
{
    sn_edge *root = doc->book.edges;
    sn_edge *e = edge != NULL ? edge_onward(doc, edge, end)
                 : edge_reaches(doc, root, end) ? edge_leftmost(doc, root, end) : NULL;

    for (; e != NULL; e = edge_onward(doc, e, end)) {
        if (sn_slot_compare(doc, begin, e) < 0)
            return NULL;
        if (!e->is_end && sn_slot_compare(doc, end, &sn_edge_mark(e)->end) <= 0)
            return e;
    }
    return NULL;
}
