/* Finding: positions, bytes by id, neighbours, least keys. */
#include "core/tree/tree.h"

#include "core/tree/tree_node.h"

#define TREE_STEPS 8u /* spans to try on either side of the cursor before a descent */
#define TREE_LINE 4u  /* spans in a line of memory */
#define TREE_SHORT 64u /* bytes that are counted as fast as anything known of them */

/* ---- neighbours ---- */

sn_place sn_tree_from(sn_leaf *leaf, uint32_t i)
{
    while (leaf != NULL && i >= leaf->node.n) {
        leaf = leaf->next;
        i = 0;
    }
    return (sn_place){leaf, i, 0};
}

sn_place sn_tree_prev(sn_place p)
{
    while (p.i == 0) {
        p.leaf = p.leaf->prev;
        if (p.leaf == NULL)
            return (sn_place){NULL, 0, 0};
        p.i = p.leaf->node.n;
    }
    p.i--;
    p.off = 0;
    return p;
}

/* ---- by position ---- */

/* Down to the leaf that holds unit *n, which becomes relative to the leaf. */
static sn_leaf *tree_descend(sn_tree *tree, sennit_unit unit, uint32_t *n)
{
    sn_node *node = tree->root;

    for (uint32_t level = tree->depth; level > 0; level--) {
        const sn_inner *inner = (const sn_inner *)node;
        uint32_t i = 0, last = inner->node.n - 1;

        for (; i < last; i++) {
            uint32_t sum = sn_inner_sum(inner, i, unit);

            if (*n < sum)
                break;
            *n -= sum;
        }
        node = inner->child[i];
    }
    return (sn_leaf *)node;
}

/* The same for bytes, which is what edits look for. */
static sn_leaf *tree_descend_bytes(sn_tree *tree, uint32_t *n)
{
    sn_node *node = tree->root;
    uint32_t rest = *n;

    for (uint32_t level = tree->depth; level > 0; level--) {
        const sn_inner *inner = (const sn_inner *)node;
        const uint32_t *sum = inner->sum[0], *last = sum + inner->node.n - 1;

        SN_FETCH(inner->child + SN_FANOUT / 4);
        SN_FETCH(inner->child + SN_FANOUT * 3 / 4);
        while (sum < last && rest >= *sum)
            rest -= *sum++;
        node = inner->child[sum - inner->sum[0]];
    }
    *n = rest;
    return (sn_leaf *)node;
}

/* Have as much of a leaf come as will be looked at, all at once. */
static void tree_fetch(const sn_leaf *leaf)
{
    const sn_span *s = leaf->span;

    for (uint32_t i = 0; i < SN_LEAF * 3 / 4; i += TREE_LINE)
        SN_FETCH(s + i);
}

/* Counts of the visible text in spans [from, to) of a leaf. Long spans that are pieces of
 * one text count as one stretch, less what went from between them: only where a stretch
 * ends has text to be looked at. */
static sn_count tree_count(const sn_tree *tree, const sn_leaf *leaf, uint32_t from, uint32_t to)
{
    sn_count sum = {0, 0, 0, 0}, c;
    const sn_text *text = NULL;
    uint32_t at = 0, end = 0;

    for (const sn_span *s = leaf->span + from; s < leaf->span + to; s++) {
        if (sn_span_dead(s))
            continue;
        const sn_text *of = &sn_author(tree->who, s->change)->text;
        if (s->len < TREE_SHORT) {
            c = sn_text_count(of, s->at, s->len);
            sn_count_add(&sum, &c);
            continue;
        }
        bool goes_on = of == text && s->at >= end && s->at - end < TREE_SHORT;
        if (goes_on) {
            c = sn_text_count(text, end, s->at - end);
            sn_count_sub(&sum, &c);
        } else {
            if (text != NULL) {
                c = sn_text_count(text, at, end - at);
                sn_count_add(&sum, &c);
            }
            text = of;
            at = s->at;
        }
        end = s->at + s->len;
    }
    if (text != NULL) {
        c = sn_text_count(text, at, end - at);
        sn_count_add(&sum, &c);
    }
    return sum;
}

/* The span of a leaf that holds unit *n, which becomes relative to it. */
static uint32_t tree_search(const sn_tree *tree, const sn_leaf *leaf, sennit_unit unit, uint32_t *n)
{
    uint32_t low = 0, high = leaf->node.n;

    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        sn_count c = tree_count(tree, leaf, low, mid);
        uint32_t here = sn_count_in(&c, unit);

        if (*n < here) {
            high = mid;
        } else {
            *n -= here;
            low = mid;
        }
    }
    return low;
}

/* Without multibyte characters the three units of length are one. */
static sennit_unit tree_plain(const sn_tree *tree, sennit_unit unit)
{
    return tree->total.cont == 0 && unit != SENNIT_LINES ? SENNIT_BYTES : unit;
}

sn_place sn_tree_at(sn_tree *tree, sennit_unit unit, uint32_t n)
{
    unit = tree_plain(tree, unit);
    sn_tree_settle(tree);
    sn_leaf *leaf = tree_descend(tree, unit, &n);
    uint32_t i = tree_search(tree, leaf, unit, &n);
    const sn_span *s = &leaf->span[i];
    return (sn_place){leaf, i, sn_text_skip(&sn_author(tree->who, s->change)->text, s->at, s->len,
                                            unit, n)};
}

sn_place sn_tree_line(sn_tree *tree, uint32_t n)
{
    uint32_t rest = n - 1;

    sn_tree_settle(tree);
    sn_leaf *leaf = tree_descend(tree, SENNIT_LINES, &rest);
    uint32_t i = tree_search(tree, leaf, SENNIT_LINES, &rest);
    const sn_span *s = &leaf->span[i];
    return (sn_place){leaf, i, sn_text_skip(&sn_author(tree->who, s->change)->text, s->at, s->len,
                                            SENNIT_LINES, rest + 1)};
}

static uint32_t tree_bytes_above(const sn_leaf *leaf)
{
    uint32_t bytes = 0;
    const sn_node *node = &leaf->node;

    for (const sn_inner *up = node->parent; up != NULL; node = &up->node, up = node->parent)
        for (uint32_t i = 0; i < node->slot; i++)
            bytes += up->sum[0][i];
    return bytes;
}

/* Try the spans around the cursor; rel is relative to its leaf. */
static bool tree_walk_cursor(sn_cursor *c, uint32_t rel)
{
    for (uint32_t step = 0; step < TREE_STEPS; step++) {
        if (rel < c->before) {
            SN_ASSERT(c->i > 0);
            c->i--;
            c->before -= sn_span_visible(&c->leaf->span[c->i]);
            continue;
        }
        uint32_t here = sn_span_visible(&c->leaf->span[c->i]);
        if (rel - c->before < here)
            return true;
        if (c->i + 1 >= c->leaf->node.n)
            return false;
        c->before += here;
        c->i++;
    }
    return false;
}

void sn_tree_point(sn_tree *tree, sn_place p, uint32_t at)
{
    sn_cursor *c = &tree->cursor;

    if (c->leaf != p.leaf || !c->base_known) {
        if (tree->hot != p.leaf)
            sn_tree_settle(tree);
        c->leaf = p.leaf;
        c->base = tree_bytes_above(p.leaf);
        c->base_known = true;
    }
    c->i = p.i;
    c->before = at - p.off - c->base;
}

/* The span of a leaf that holds byte rel, or the last; *before is what precedes it. */
static uint32_t tree_scan(const sn_leaf *leaf, uint32_t rel, uint32_t *before)
{
    const sn_span *s = leaf->span, *last = s + leaf->node.n - 1;
    uint32_t sum = 0;

    for (uint32_t four; last - s >= 4; s += 4, sum += four) {
        four = sn_span_visible(s) + sn_span_visible(s + 1) + sn_span_visible(s + 2) +
               sn_span_visible(s + 3);
        if (rel - sum < four)
            break;
    }
    for (uint32_t here; s < last; s++, sum += here) {
        here = sn_span_visible(s);
        if (rel - sum < here)
            break;
    }
    *before = sum;
    return (uint32_t)(s - leaf->span);
}

/* Visible bytes of a leaf, as the node above and what is not settled yet tell. */
static uint32_t tree_leaf_bytes(const sn_tree *tree, const sn_leaf *leaf)
{
    const sn_inner *up = leaf->node.parent;

    if (up == NULL)
        return tree->total.bytes;
    return up->sum[0][leaf->node.slot] + (tree->hot == leaf ? tree->hot_by.bytes : 0);
}

/* In the cursor's leaf, if the byte is there; then nothing above needs to be settled. */
static bool tree_seek_near(sn_tree *tree, uint32_t n)
{
    sn_cursor *c = &tree->cursor;

    if (!c->base_known) {
        if (tree->hot != c->leaf)
            sn_tree_settle(tree);
        c->base = tree_bytes_above(c->leaf);
        c->base_known = true;
    }
    uint32_t rel = n - c->base;
    if (n < c->base || rel >= tree_leaf_bytes(tree, c->leaf))
        return false;
    if (!tree_walk_cursor(c, rel))
        c->i = tree_scan(c->leaf, rel, &c->before);
    return true;
}

static SN_APART void tree_seek_far(sn_tree *tree, uint32_t n)
{
    uint32_t rel = n, before;

    sn_tree_settle(tree);
    sn_leaf *leaf = tree_descend_bytes(tree, &rel);
    tree_fetch(leaf);
    uint32_t i = tree_scan(leaf, rel, &before);
    tree->cursor = (sn_cursor){leaf, i, before, n - rel, true};
}

sn_place sn_tree_seek(sn_tree *tree, uint32_t n)
{
    sn_cursor *c = &tree->cursor;

    sn_tree_unquick(tree);
    if (!SN_QUICK || SN_UNLIKELY(c->leaf == NULL) || !tree_seek_near(tree, n))
        tree_seek_far(tree, n);
    return (sn_place){c->leaf, c->i, n - c->base - c->before};
}

sn_count sn_tree_before(sn_tree *tree, sn_place p)
{
    sn_count sum = {0, 0, 0, 0};

    sn_tree_settle(tree);
    sn_node *node = &p.leaf->node;
    for (sn_inner *up = node->parent; up != NULL; node = &up->node, up = node->parent)
        for (uint32_t i = 0; i < node->slot; i++) {
            sum.bytes += up->sum[0][i];
            sum.cont += up->sum[1][i];
            sum.wide += up->sum[2][i];
            sum.lines += up->sum[3][i];
        }
    sn_count c = tree_count(tree, p.leaf, 0, p.i);
    sn_count_add(&sum, &c);
    if (p.i < p.leaf->node.n && !sn_span_dead(sn_place_span(&p))) {
        c = sn_span_count(tree, sn_place_span(&p), 0, p.off);
        sn_count_add(&sum, &c);
    }
    return sum;
}

/* ---- by id ---- */

/* Whether a byte is in span i of a leaf or beside it; i moves there. */
static inline bool tree_near(const sn_tree *tree, const sn_leaf *leaf, uint32_t *i, uint32_t replica,
                             uint32_t number)
{
    uint32_t low = *i > 0 ? *i - 1 : 0, end = (uint32_t)sn_min_u64(low + 3, leaf->node.n);

    for (uint32_t k = low; k < end; k++)
        if (sn_tree_holds(tree, &leaf->span[k], replica, number)) {
            *i = k;
            return true;
        }
    return false;
}

sn_place sn_tree_in(const sn_tree *tree, sn_leaf *leaf, uint32_t replica, uint32_t number)
{
    uint32_t i = 0;

    while (!sn_tree_holds(tree, &leaf->span[i], replica, number)) {
        i++;
        SN_ASSERT(i < leaf->node.n);
    }
    return (sn_place){leaf, i, number - leaf->span[i].at};
}

sn_place sn_tree_find(sn_tree *tree, uint32_t replica, uint32_t number)
{
    /* What somebody does is near what they did before, or what others do at the
     * same place, to the same byte. */
    if (tree->hit != NULL && tree_near(tree, tree->hit, &tree->hit_i, replica, number))
        return (sn_place){tree->hit, tree->hit_i, number - tree->hit->span[tree->hit_i].at};
    sn_leaf *leaf = tree->hit;
    uint32_t i = tree->hit_i;
    if (tree->sought != NULL && tree_near(tree, tree->sought, &tree->sought_i, replica, number)) {
        tree->hit = tree->sought;
        tree->hit_i = tree->sought_i;
    } else if (tree->left != NULL && tree_near(tree, tree->left, &tree->left_i, replica, number)) {
        tree->hit = tree->left;
        tree->hit_i = tree->left_i;
    } else {
        tree->hit = tree->sought = sn_tree_home(tree, replica, number);
        tree->hit_i = tree->sought_i = sn_tree_in(tree, tree->sought, replica, number).i;
    }
    tree->left = leaf;
    tree->left_i = i;
    return (sn_place){tree->hit, tree->hit_i, number - tree->hit->span[tree->hit_i].at};
}

/* ---- least keys ---- */

/* Whether the least key below child i is at most a key, that of a change. */
static inline bool tree_low_le(const sn_tree *tree, const sn_inner *inner, uint32_t i, int side,
                               sn_key key)
{
    uint64_t low = inner->low_hlc[side][i];

    return low <= key.hlc && (SN_LIKELY(low != key.hlc) ||
                              tree->who->owners[inner->low_change[side][i]] <= key.id);
}

sn_leaf *sn_tree_low_after(sn_tree *tree, sn_leaf *leaf, uint32_t change)
{
    const sn_key key = sn_roster_key(tree->who, change);
    sn_node *node = &leaf->node;
    uint32_t level = 0;

    for (sn_inner *up = node->parent; up != NULL; node = &up->node, up = node->parent, level++) {
        uint32_t i = node->slot + 1;

        while (i < up->node.n && !tree_low_le(tree, up, i, SN_LOW_R, key))
            i++;
        if (i == up->node.n)
            continue;
        node = up->child[i];
        for (; level > 0; level--) {
            sn_inner *inner = (sn_inner *)node;

            for (i = 0; i + 1 < inner->node.n && !tree_low_le(tree, inner, i, SN_LOW_R, key);)
                i++;
            node = inner->child[i];
        }
        return (sn_leaf *)node;
    }
    return NULL;
}

sn_leaf *sn_tree_low_before(sn_tree *tree, sn_leaf *leaf, uint32_t change)
{
    const sn_key key = sn_roster_key(tree->who, change);
    sn_node *node = &leaf->node;
    uint32_t level = 0;

    for (sn_inner *up = node->parent; up != NULL; node = &up->node, up = node->parent, level++) {
        uint32_t i = node->slot;

        while (i > 0 && !tree_low_le(tree, up, i - 1, SN_LOW_L, key))
            i--;
        if (i == 0)
            continue;
        node = up->child[i - 1];
        for (; level > 0; level--) {
            sn_inner *inner = (sn_inner *)node;

            for (i = inner->node.n - 1; i > 0 && !tree_low_le(tree, inner, i, SN_LOW_L, key);)
                i--;
            node = inner->child[i];
        }
        return (sn_leaf *)node;
    }
    return NULL;
}
