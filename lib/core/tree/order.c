#include "core/tree/order.h"

uint32_t sn_parent_change(const sn_parent *parent)
{
    return parent->byte.leaf == NULL ? SN_ROOT_CHANGE : sn_place_span(&parent->byte)->change;
}

sn_parent sn_order_parent(sn_tree *tree, sn_place left)
{
    sn_place next;

    if (left.leaf == NULL) {
        next = sn_tree_from(tree->first, 0);
        return (sn_parent){next, next.leaf != NULL};
    }
    const sn_span *s = sn_place_span(&left);
    if (left.off + 1 < sn_span_len(s))
        return (sn_parent){{left.leaf, left.i, left.off + 1}, true};
    if (!(s->head & SN_HAS_RIGHT))
        return (sn_parent){left, false};
    next = sn_tree_next(left);
    SN_ASSERT(next.leaf != NULL);
    return (sn_parent){next, true};
}

/* ---- searching the nearest smaller key ---- */

static sn_place order_end(sn_tree *tree)
{
    sn_node *node = tree->root;

    for (uint32_t level = tree->depth; level > 0; level--)
        node = ((sn_inner *)node)->child[node->n - 1];
    return (sn_place){(sn_leaf *)node, node->n, 0};
}

/* The leaf searched in vain last is often that of a place where many insert; what is
 * known of its least key saves looking at its spans again. */
static bool order_is_vain(const sn_tree *tree, int side, const sn_leaf *leaf, uint32_t i,
                          const sn_key *key)
{
    const sn_vain *vain = &tree->vain[side];

    return vain->leaf == leaf && vain->i == i && !sn_key_le(&vain->least, key);
}

/* Note the least key of spans [from, end), among which none was found from span i on. */
static void order_note_vain(sn_tree *tree, int side, sn_leaf *leaf, uint32_t i, uint32_t from,
                            uint32_t end)
{
    sn_vain *vain = &tree->vain[side];

    *vain = (sn_vain){leaf, i, {UINT64_MAX, UINT64_MAX}};
    for (; from < end; from++) {
        const sn_span *s = &leaf->span[from];
        uint32_t change = side == SN_LOW_R ? sn_span_rkey(s) : sn_span_lkey(s);

        if (sn_roster_key_le(tree->who, change, &vain->least))
            vain->least = sn_roster_key(tree->who, change);
    }
}

/* First span of a leaf from i on whose rkey is at most a key; n if none. */
static uint32_t order_scan_right(const sn_tree *tree, const sn_leaf *leaf, uint32_t i, sn_key key)
{
    const sn_roster *who = tree->who;
    const sn_span *s = leaf->span + i, *end = leaf->span + leaf->node.n;

    while (s < end && !sn_roster_key_le(who, sn_span_rkey(s), &key))
        s++;
    return (uint32_t)(s - leaf->span);
}

/* A right child of the byte at p, or of the root, behind which others stand. */
static sn_place order_right(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t change)
{
    const sn_key key = sn_roster_key(tree->who, change);
    uint32_t found;

    if (!order_is_vain(tree, SN_LOW_R, leaf, i, &key)) {
        found = order_scan_right(tree, leaf, i, key);
        if (found < leaf->node.n)
            return (sn_place){leaf, found, 0};
        order_note_vain(tree, SN_LOW_R, leaf, i, i, leaf->node.n);
    }
    sn_leaf *next = sn_tree_low_after(tree, leaf, change);
    if (next == NULL)
        return order_end(tree);
    found = order_scan_right(tree, next, 0, key);
    SN_ASSERT(found < next->node.n);
    if (found == 0 && leaf->next == next) /* same place; better in this leaf */
        return (sn_place){leaf, leaf->node.n, 0};
    return (sn_place){next, found, 0};
}

/* How many spans before i have to be kept on the right; the nearest one before
 * with a smaller lkey is then at the result - 1; 0 if none. */
static uint32_t order_scan_left(const sn_tree *tree, const sn_leaf *leaf, uint32_t i, sn_key key)
{
    const sn_roster *who = tree->who;

    while (i > 0 && !sn_roster_key_le(who, sn_span_lkey(&leaf->span[i - 1]), &key))
        i--;
    return i;
}

/* A left child of the head of span i. */
static sn_place order_left(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t change)
{
    const sn_key key = sn_roster_key(tree->who, change);
    uint32_t found;

    if (!order_is_vain(tree, SN_LOW_L, leaf, i, &key)) {
        found = order_scan_left(tree, leaf, i, key);
        if (found > 0)
            return (sn_place){leaf, found, 0};
        order_note_vain(tree, SN_LOW_L, leaf, i, 0, i);
    }
    sn_leaf *prev = sn_tree_low_before(tree, leaf, change);
    if (prev == NULL)
        return (sn_place){tree->first, 0, 0};
    found = order_scan_left(tree, prev, prev->node.n, key);
    SN_ASSERT(found > 0);
    if (found == prev->node.n && leaf->prev == prev)
        return (sn_place){leaf, 0, 0};
    return (sn_place){prev, found, 0};
}

sn_place sn_order_find(sn_tree *tree, const sn_parent *parent, uint32_t change)
{
    sn_place p = parent->byte;

    if (p.leaf == NULL)
        return order_right(tree, tree->first, 0, change);
    const sn_span *s = sn_place_span(&p);
    if (parent->left) {
        if (p.off > 0) /* the byte before has the same lkey, which is p's or older */
            return p;
#if SENNIT_MUTANT == 2
        return p;
#endif
        return order_left(tree, p.leaf, p.i, change);
    }
    p.off++;
    /* Amid a span the next byte is of p's change, which the new one is not older
     * than; and a first right child stands directly behind its parent. */
    if (p.off < sn_span_len(s) || !(s->head & SN_HAS_RIGHT))
        return p;
#if SENNIT_MUTANT == 3
    return p;
#endif
    return order_right(tree, p.leaf, p.i + 1, change);
}

/* ---- putting ---- */

void sn_order_put(sn_tree *tree, const sn_parent *parent, sn_place *p, uint32_t change,
                  uint32_t number, uint32_t len, const sn_count *visible)
{
    uint32_t inherited = SN_ROOT_CHANGE;

    if (parent->byte.leaf != NULL) {
        sn_span *s = sn_place_span(&parent->byte);

        if (parent->left) {
            inherited = parent->byte.off == 0 ? sn_span_rkey(s) : s->change;
        } else {
            inherited = sn_span_lkey(s);
            if (parent->byte.off + 1 == sn_span_len(s)) {
                if (p->leaf == parent->byte.leaf && p->i == parent->byte.i && s->change == change &&
                    s->at + s->len == number) { /* typing on: not dead, so len is plain */
                    sn_tree_extend(tree, p->leaf, p->i, visible);
                    return;
                }
                s->head |= SN_HAS_RIGHT;
            }
        }
    }
    sn_span span = {number, len, change, inherited << 2 | (parent->left ? SN_LEFT : 0)};
    sn_tree_insert(tree, p, &span, visible, parent->byte.leaf);
}

sn_place sn_order_insert(sn_tree *tree, const sn_parent *parent, uint32_t change, uint32_t number,
                         uint32_t len, const sn_count *visible)
{
    sn_place p = sn_order_find(tree, parent, change);

    sn_order_put(tree, parent, &p, change, number, len, visible);
    return p;
}
