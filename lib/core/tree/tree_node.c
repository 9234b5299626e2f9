#include "core/tree/tree_node.h"

_Static_assert(SN_LEAF >= 4 && SN_FANOUT >= 4, "half a node must take what a cut adds");
_Static_assert(sizeof(sn_span) == 16, "a span is four words");

/* ---- pools ---- */

static sennit_status node_add_leaf(sn_tree *tree)
{
    SN_TRY(sn_mem_grow32(tree->mem, (void **)&tree->leaves, &tree->leaves_cap,
                         (size_t)tree->leaves_len + 1, sizeof *tree->leaves));
    sn_leaf *leaf = sn_mem_resize(tree->mem, NULL, 0, sizeof *leaf);
    if (leaf == NULL)
        return SENNIT_ENOMEM;
    leaf->id = tree->leaves_len;
    tree->leaves[tree->leaves_len++] = leaf;
    leaf->next = NULL;
    leaf->prev = tree->spare_last;
    if (tree->spare_last != NULL)
        tree->spare_last->next = leaf;
    else
        tree->spare_leaf = leaf;
    tree->spare_last = leaf;
    tree->spare_leaves++;
    return SENNIT_OK;
}

static void node_spare_inner(sn_tree *tree, sn_inner *inner)
{
    inner->node.parent = tree->spare_inner;
    tree->spare_inner = inner;
    tree->spare_inners++;
}

static sennit_status node_add_inner(sn_tree *tree)
{
    sn_inner *inner = sn_mem_resize(tree->mem, NULL, 0, sizeof *inner);

    if (inner == NULL)
        return SENNIT_ENOMEM;
    node_spare_inner(tree, inner);
    return SENNIT_OK;
}

sennit_status sn_tree_reserve_nodes(sn_tree *tree, size_t leaves, size_t inners)
{
    while (SN_UNLIKELY(tree->spare_leaves < leaves))
        SN_TRY(node_add_leaf(tree));
    while (SN_UNLIKELY(tree->spare_inners < inners))
        SN_TRY(node_add_inner(tree));
    return SENNIT_OK;
}

/* Every place may split a leaf. A leaf that is full now splits twice at most, once
 * at its end, which leaves it full; beyond that a leaf fills only after half a leaf
 * of spans. Likewise for the nodes above. A split moves half a leaf, and each moved
 * span may cost the map of ids three entries, one of them that of its author's first byte. */
sennit_status sn_tree_reserve(sn_tree *tree, size_t spans, size_t places)
{
    size_t half = SN_LEAF / 2 - 1, fan = SN_FANOUT / 2 - 1;
    size_t splits = sn_min_u64(places, 2 * tree->leaves_used) + spans / half;

    if (tree->leaves_used == 1 && tree->first->node.n + spans <= SN_LEAF)
        splits = 0;
    size_t inners = splits == 0 ? 0 : sn_min_u64(splits * (tree->depth + 1), splits +
                                                 splits / fan + tree->inners_used) + tree->depth + 2;
    size_t moved = splits * (SN_LEAF / 2);

    SN_TRY(sn_tree_reserve_nodes(tree, splits, inners));
    /* Entries stand where spans begin, so there are never more of them. */
    size_t entries = sn_min_u64(3 * (spans + moved), (size_t)tree->leaves_used * SN_LEAF + spans);
    return sn_tree_reserve_ids(tree, entries);
}

static void node_unspare(sn_tree *tree, sn_leaf *leaf)
{
    *(leaf->prev != NULL ? &leaf->prev->next : &tree->spare_leaf) = leaf->next;
    *(leaf->next != NULL ? &leaf->next->prev : &tree->spare_last) = leaf->prev;
    tree->spare_leaves--;
}

sn_leaf *sn_tree_take_leaf(sn_tree *tree)
{
    sn_leaf *leaf = tree->spare_leaf;

    SN_ASSERT(leaf != NULL);
    node_unspare(tree, leaf);
    tree->leaves_used++;
    leaf->node = (sn_node){NULL, 0, 0};
    leaf->prev = leaf->next = NULL;
    return leaf;
}

sn_inner *sn_tree_take_inner(sn_tree *tree)
{
    sn_inner *inner = tree->spare_inner;

    SN_ASSERT(inner != NULL);
    tree->spare_inner = inner->node.parent;
    tree->spare_inners--;
    tree->inners_used++;
    inner->node = (sn_node){NULL, 0, 0};
    return inner;
}

sennit_status sn_tree_init(sn_tree *tree, sn_roster *who, sn_mem *mem)
{
    *tree = (sn_tree){.who = who, .mem = mem};
    SN_TRY(node_add_leaf(tree));
    tree->first = sn_tree_take_leaf(tree);
    tree->root = &tree->first->node;
    return SENNIT_OK;
}

static void node_free_inners(sn_tree *tree, sn_node *node, uint32_t level)
{
    if (level == 0)
        return;
    sn_inner *inner = (sn_inner *)node;
    for (uint32_t i = 0; i < inner->node.n; i++)
        node_free_inners(tree, inner->child[i], level - 1);
    sn_mem_free(tree->mem, inner, sizeof *inner);
}

static void node_free_spare_inners(sn_tree *tree, uint32_t keep)
{
    while (tree->spare_inners > keep) {
        sn_inner *inner = tree->spare_inner;

        tree->spare_inner = inner->node.parent;
        tree->spare_inners--;
        sn_mem_free(tree->mem, inner, sizeof *inner);
    }
}

void sn_tree_free(sn_tree *tree)
{
    if (tree->mem == NULL)
        return;
    if (tree->root != NULL)
        node_free_inners(tree, tree->root, tree->depth);
    node_free_spare_inners(tree, 0);
    for (uint32_t i = 0; i < tree->leaves_len; i++)
        sn_mem_free(tree->mem, tree->leaves[i], sizeof(sn_leaf));
    sn_mem_free(tree->mem, tree->leaves, tree->leaves_cap * sizeof *tree->leaves);
    sn_map_free(&tree->ids, tree->mem);
    *tree = (sn_tree){0};
}

/* Only the newest ids can be given back. Spare leaves are taken in the order of
 * their ids, so after a large reservation those are at the end of the chain. */
void sn_tree_trim(sn_tree *tree)
{
    while (tree->spare_leaves > 2 && tree->spare_last->id == tree->leaves_len - 1) {
        sn_leaf *leaf = tree->spare_last;

        node_unspare(tree, leaf);
        tree->leaves_len--;
        sn_mem_free(tree->mem, leaf, sizeof *leaf);
    }
    node_free_spare_inners(tree, tree->depth + 4);
    tree->owed = 0;
    sn_map_trim(&tree->ids, tree->mem);
}

/* ---- sums ---- */

/* Units that do not change are not touched: a line of memory each, on every level. */
static void node_add_up(sn_node *node, const sn_count *by)
{
    const bool multibyte = (by->cont | by->wide) != 0, lines = by->lines != 0;

    for (sn_inner *up = node->parent; up != NULL; node = &up->node, up = node->parent) {
        up->sum[0][node->slot] += by->bytes;
        if (SN_UNLIKELY(multibyte)) {
            up->sum[1][node->slot] += by->cont;
            up->sum[2][node->slot] += by->wide;
        }
        if (lines)
            up->sum[3][node->slot] += by->lines;
    }
}

void sn_tree_settle(sn_tree *tree)
{
    sn_tree_unquick(tree);
    if (tree->hot == NULL)
        return;
    node_add_up(&tree->hot->node, &tree->hot_by);
    tree->hot = NULL;
    tree->hot_by = (sn_count){0, 0, 0, 0};
}

/* The way up from the leaf meets that of the hot one, at the latest in the root. */
static bool node_add_above(sn_tree *tree, sn_leaf *leaf, const sn_count *by)
{
    sn_node *node = &leaf->node, *hot = &tree->hot->node;
    bool before = false;

    for (sn_inner *up = node->parent; up != NULL; node = &up->node, up = node->parent) {
        if (node != hot && up == hot->parent)
            before = node->slot < hot->slot;
        hot = &hot->parent->node;
        up->sum[0][node->slot] += by->bytes;
        up->sum[1][node->slot] += by->cont;
        up->sum[2][node->slot] += by->wide;
        up->sum[3][node->slot] += by->lines;
    }
    return before;
}

void sn_tree_bump_beside(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *by)
{
    sn_quick *q = &tree->quick;
    sn_cursor *c = &tree->cursor;
    bool before;

    SN_ASSERT(sn_tree_is_quick(tree) && (c->leaf == NULL || c->leaf == tree->hot));
    sn_count_add(&tree->total, by);
    if (leaf == tree->hot) {
        SN_ASSERT(q->type != NULL && q->type != &leaf->span[i]);
        before = &leaf->span[i] < q->type;
        sn_count_add(&tree->hot_by, by);
        c->before += i < c->i ? by->bytes : 0;
    } else {
        before = node_add_above(tree, leaf, by);
        c->base += before ? by->bytes : 0;
    }
    if (before != (SENNIT_MUTANT == 90))
        q->caret += by->bytes;
}

sn_count sn_leaf_sum(const sn_tree *tree, const sn_leaf *leaf)
{
    sn_count sum = {0, 0, 0, 0};

    for (uint32_t i = 0; i < leaf->node.n; i++) {
        const sn_span *s = &leaf->span[i];

        if (sn_span_dead(s))
            continue;
        sn_count c = sn_span_count(tree, s, 0, s->len);
        sn_count_add(&sum, &c);
    }
    return sum;
}

static sn_count node_inner_sum(const sn_inner *inner)
{
    sn_count sum = {0, 0, 0, 0};

    for (uint32_t i = 0; i < inner->node.n; i++) {
        sum.bytes += inner->sum[0][i];
        sum.cont += inner->sum[1][i];
        sum.wide += inner->sum[2][i];
        sum.lines += inner->sum[3][i];
    }
    return sum;
}

static void node_put_sum(sn_inner *inner, uint32_t slot, const sn_count *sum)
{
    inner->sum[0][slot] = sum->bytes;
    inner->sum[1][slot] = sum->cont;
    inner->sum[2][slot] = sum->wide;
    inner->sum[3][slot] = sum->lines;
}

/* ---- least keys ---- */

bool sn_leaf_low(const sn_tree *tree, const sn_leaf *leaf, int side, uint32_t *change)
{
    if (leaf->node.n == 0)
        return false;
    for (uint32_t i = 0; i < leaf->node.n; i++) {
        const sn_span *s = &leaf->span[i];
        uint32_t c = side == SN_LOW_R ? sn_span_rkey(s) : sn_span_lkey(s);

        if (i == 0 || (c != *change && sn_change_le(tree->who, c, *change)))
            *change = c;
    }
    return true;
}

bool sn_inner_low(const sn_tree *tree, const sn_inner *inner, int side, uint32_t *change)
{
    bool any = false;

    for (uint32_t i = 0; i < inner->node.n; i++) {
        if (inner->low_hlc[side][i] == UINT64_MAX)
            continue;
        if (!any || sn_change_le(tree->who, inner->low_change[side][i], *change))
            *change = inner->low_change[side][i];
        any = true;
    }
    return any;
}

void sn_inner_put_low(const sn_tree *tree, sn_inner *inner, uint32_t slot, int side, bool any,
                      uint32_t change)
{
    inner->low_hlc[side][slot] = any ? tree->who->times[change] : UINT64_MAX;
    inner->low_change[side][slot] = any ? change : SN_ROOT_CHANGE;
}

static void node_lower(sn_tree *tree, sn_node *node, int side, uint32_t change)
{
    uint64_t hlc = tree->who->times[change];

    for (sn_inner *up = node->parent; up != NULL; node = &up->node, up = node->parent) {
        uint32_t low = up->low_change[side][node->slot];

        if (hlc > up->low_hlc[side][node->slot] ||
            (up->low_hlc[side][node->slot] != UINT64_MAX && sn_change_le(tree->who, low, change)))
            return;
        sn_inner_put_low(tree, up, node->slot, side, true, change);
    }
}

void sn_tree_lower(sn_tree *tree, sn_leaf *leaf, const sn_span *span)
{
    if (leaf->node.parent == NULL)
        return;
    node_lower(tree, &leaf->node, SN_LOW_R, sn_span_rkey(span));
#if SENNIT_MUTANT != 6
    node_lower(tree, &leaf->node, SN_LOW_L, sn_span_lkey(span));
#endif
}

/* Both least keys of a leaf that has spans. Neighbours are often of one change,
 * so what is looked at twice is not compared. */
static void node_leaf_lows(const sn_tree *tree, const sn_leaf *leaf, uint32_t low[2])
{
    low[SN_LOW_R] = sn_span_rkey(&leaf->span[0]);
    low[SN_LOW_L] = sn_span_lkey(&leaf->span[0]);
    for (uint32_t i = 1; i < leaf->node.n; i++) {
        uint32_t r = sn_span_rkey(&leaf->span[i]), l = sn_span_lkey(&leaf->span[i]);

        if (r != low[SN_LOW_R] && sn_change_le(tree->who, r, low[SN_LOW_R]))
            low[SN_LOW_R] = r;
        if (l != low[SN_LOW_L] && sn_change_le(tree->who, l, low[SN_LOW_L]))
            low[SN_LOW_L] = l;
    }
}

/* Recompute what the node above knows of a node's least keys. */
static void node_relow(sn_tree *tree, sn_node *node, bool is_leaf)
{
    uint32_t low[2] = {SN_ROOT_CHANGE, SN_ROOT_CHANGE};

    if (is_leaf && node->n > 0)
        node_leaf_lows(tree, (sn_leaf *)node, low);
    for (int side = SN_LOW_R; side <= SN_LOW_L; side++) {
        bool any = is_leaf ? node->n > 0 : sn_inner_low(tree, (sn_inner *)node, side, &low[side]);

        sn_inner_put_low(tree, node->parent, node->slot, side, any, low[side]);
    }
}

void sn_tree_relow(sn_tree *tree, sn_leaf *leaf)
{
    for (sn_node *node = &leaf->node; node->parent != NULL; node = &node->parent->node)
        node_relow(tree, node, node == &leaf->node);
}

/* ---- slots of a leaf ---- */

static void node_forget_vain(sn_tree *tree, const sn_leaf *leaf)
{
    for (int side = SN_LOW_R; side <= SN_LOW_L; side++)
        if (SN_UNLIKELY(tree->vain[side].leaf == leaf) && SENNIT_MUTANT != 34)
            tree->vain[side].leaf = NULL;
}

void sn_leaf_open(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t k)
{
    SN_ASSERT(leaf->node.n + k <= SN_LEAF && i <= leaf->node.n);
    memmove(leaf->span + i + k, leaf->span + i, (leaf->node.n - i) * sizeof *leaf->span);
    leaf->node.n += k;
    node_forget_vain(tree, leaf);
    if (leaf == tree->cursor.leaf && i <= tree->cursor.i)
        tree->cursor.i += k;
    if (leaf == tree->hit && i <= tree->hit_i)
        tree->hit_i += k;
}

void sn_leaf_close(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t k)
{
    memmove(leaf->span + i, leaf->span + i + k, (leaf->node.n - i - k) * sizeof *leaf->span);
    leaf->node.n -= k;
    node_forget_vain(tree, leaf);
    if (leaf == tree->cursor.leaf) {
        if (tree->cursor.i >= i + k)
            tree->cursor.i -= k;
        else if (tree->cursor.i >= i)
            tree->cursor.leaf = NULL;
    }
    if (leaf == tree->hit && tree->hit_i >= i)
        tree->hit = NULL;
}

/* ---- splits ---- */

static void node_split_inner(sn_tree *tree, sn_inner *inner);

/* Move the children of a node from slot i on, with all that is known of them, to slot
 * `at` of a node that has room: this or another. That is then where they end. */
static void node_move(sn_inner *to, uint32_t at, sn_inner *from, uint32_t i)
{
    uint32_t n = from->node.n - i;

    for (int k = 0; k < 4; k++)
        memmove(to->sum[k] + at, from->sum[k] + i, n * sizeof **to->sum);
    for (int k = 0; k < 2; k++) {
        memmove(to->low_hlc[k] + at, from->low_hlc[k] + i, n * sizeof **to->low_hlc);
        memmove(to->low_change[k] + at, from->low_change[k] + i, n * sizeof **to->low_change);
    }
    memmove(to->child + at, from->child + i, n * sizeof *to->child);
    from->node.n = i;
    to->node.n = at + n;
    for (; at < to->node.n; at++) {
        to->child[at]->slot = at;
        to->child[at]->parent = to;
    }
}

/* Put child `at` into a node that has room. */
static void node_put_child(sn_inner *inner, uint32_t at, sn_node *child, const sn_count *sum)
{
    node_move(inner, at + 1, inner, at);
    inner->child[at] = child;
    child->slot = at;
    child->parent = inner;
    node_put_sum(inner, at, sum);
}

/* Hang right beside left, from which it was split off with the sums `sum`. */
static void node_add_sibling(sn_tree *tree, sn_node *left, sn_node *right, const sn_count *sum,
                             bool is_leaf)
{
    if (left->parent == NULL) {
        sn_inner *root = sn_tree_take_inner(tree);

        node_put_child(root, 0, left, &tree->total);
        tree->root = &root->node;
        tree->depth++;
    } else if (left->parent->node.n == SN_FANOUT) {
        node_split_inner(tree, left->parent);
    }
    sn_inner *parent = left->parent;
    uint32_t slot = left->slot;
    parent->sum[0][slot] -= sum->bytes;
    parent->sum[1][slot] -= sum->cont;
    parent->sum[2][slot] -= sum->wide;
    parent->sum[3][slot] -= sum->lines;
    node_put_child(parent, slot + 1, right, sum);
    node_relow(tree, left, is_leaf);
    node_relow(tree, right, is_leaf);
}

static void node_split_inner(sn_tree *tree, sn_inner *inner)
{
    sn_inner *right = sn_tree_take_inner(tree);

    node_move(right, 0, inner, SN_FANOUT / 2);
    sn_count sum = node_inner_sum(right);
    node_add_sibling(tree, &inner->node, &right->node, &sum, false);
}

void sn_inner_append(sn_tree *tree, sn_inner *inner, sn_node *child, const sn_count *sum,
                     bool is_leaf)
{
    node_put_child(inner, inner->node.n, child, sum);
    node_relow(tree, child, is_leaf);
}

/* Have the authors of a leaf's spans come, all at once: in a crowd each is far away. */
static void node_fetch_authors(const sn_tree *tree, const sn_leaf *leaf)
{
    for (uint32_t i = 0; i < leaf->node.n; i++)
        SN_FETCH(&sn_author(tree->who, leaf->span[i].change)->number);
}

static sn_leaf *node_split_leaf(sn_tree *tree, sn_leaf *leaf, uint32_t at)
{
    sn_leaf *right = sn_tree_take_leaf(tree);

    sn_tree_settle(tree);
    right->node.n = leaf->node.n - at;
    memcpy(right->span, leaf->span + at, right->node.n * sizeof *right->span);
    leaf->node.n = at;
    node_fetch_authors(tree, right);
    right->prev = leaf;
    right->next = leaf->next;
    if (right->next != NULL)
        right->next->prev = right;
    leaf->next = right;
    sn_count sum = sn_leaf_sum(tree, right);
    node_add_sibling(tree, &leaf->node, &right->node, &sum, true);
    sn_tree_moved(tree, leaf, right);
    tree->cursor.leaf = NULL;
    tree->hit = NULL;
    return right;
}

void sn_tree_room(sn_tree *tree, sn_place *p, uint32_t more)
{
    sn_leaf *leaf = p->leaf;

    if (SN_LIKELY(leaf->node.n + more <= SN_LEAF))
        return;
    /* At the end of a leaf a new one is begun, unless the next has room, so that
     * steady typing leaves full leaves behind, not halves. */
    bool at_end = p->i >= leaf->node.n ||
                  (p->i + 1 == leaf->node.n && p->off == sn_span_len(sn_place_span(p)));
    if (at_end && leaf->next != NULL && leaf->next->node.n + more <= SN_LEAF) {
        *p = (sn_place){leaf->next, 0, 0};
        return;
    }
    uint32_t at = at_end ? leaf->node.n : SN_LEAF / 2;
    sn_leaf *right = node_split_leaf(tree, leaf, at);

    if (at_end) {
        *p = (sn_place){right, 0, 0};
    } else if (p->i >= at) {
        p->leaf = right;
        p->i -= at;
    }
}

/* ---- taking leaves out ---- */

static void node_drop_child(sn_tree *tree, sn_inner *inner, uint32_t slot)
{
    node_move(inner, slot, inner, slot + 1);
    if (inner->node.n > 0)
        return;
    SN_ASSERT(inner->node.parent != NULL);
    node_drop_child(tree, inner->node.parent, inner->node.slot);
    node_spare_inner(tree, inner);
    tree->inners_used--;
}

void sn_tree_drop_leaf(sn_tree *tree, sn_leaf *leaf)
{
    if (leaf->node.parent == NULL)
        return; /* the only one */
    sn_tree_settle(tree);
    tree->sought = tree->left = NULL;
    if (leaf->prev != NULL)
        leaf->prev->next = leaf->next;
    else
        tree->first = leaf->next;
    if (leaf->next != NULL)
        leaf->next->prev = leaf->prev;
    node_drop_child(tree, leaf->node.parent, leaf->node.slot);
    leaf->prev = NULL;
    leaf->next = tree->spare_leaf;
    *(leaf->next != NULL ? &leaf->next->prev : &tree->spare_last) = leaf;
    tree->spare_leaf = leaf;
    tree->spare_leaves++;
    tree->leaves_used--;
    while (tree->depth > 0 && tree->root->n == 1) {
        sn_inner *root = (sn_inner *)tree->root;

        tree->root = root->child[0];
        tree->root->parent = NULL;
        tree->depth--;
        node_spare_inner(tree, root);
        tree->inners_used--;
    }
}
