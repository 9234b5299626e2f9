/* Changing: put, grow, delete, bring back, take out. */
#include "core/tree/tree_node.h"

static const sn_count nothing = {0, 0, 0, 0};

static void edit_bump_minus(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *c)
{
    sn_count by = nothing;

    sn_count_sub(&by, c);
    sn_tree_bump(tree, leaf, i, &by);
}

/* Cut span i at off: what stays has a right child, the first byte of the rest.
 *
 *     [h e l l o]  at 2  ->  [h e]+ [l l o]      + has_right
 */
static void edit_cut(sn_leaf *leaf, uint32_t i, uint32_t off, uint32_t rest)
{
    sn_span *s = &leaf->span[i], *tail = &leaf->span[rest];

    *tail = (sn_span){s->at + off, (sn_span_len(s) - off) | sn_span_dead(s), s->change,
                      sn_span_lkey(s) << 2 | (s->head & SN_HAS_RIGHT)};
#if SENNIT_MUTANT != 1
    s->head |= SN_HAS_RIGHT;
#endif
    s->len = off | sn_span_dead(s);
}

void sn_tree_insert(sn_tree *tree, sn_place *p, const sn_span *span, const sn_count *visible,
                    const sn_leaf *beside)
{
    bool inside = p->off > 0 && p->off < sn_span_len(sn_place_span(p));
    bool splits = p->leaf->node.n + (inside ? 2 : 1) > SN_LEAF;

    if (SN_UNLIKELY(splits))
        sn_tree_room(tree, p, inside ? 2 : 1);
    sn_leaf *leaf = p->leaf;
    if (p->off > 0)
        p->i++;
    sn_leaf_open(tree, leaf, p->i, inside ? 2 : 1);
    if (inside)
        edit_cut(leaf, p->i - 1, p->off, p->i + 1);
    leaf->span[p->i] = *span;
    p->off = 0;
    sn_tree_bump(tree, leaf, p->i, visible);
    if (leaf != beside || splits)
        sn_tree_lower(tree, leaf, span);

    sn_replica *author = sn_author(tree->who, span->change);
    author->number += sn_span_len(span);
    if (tree->indexed && author->last_leaf != leaf->id)
        sn_tree_note_leaf(tree, tree->who->changes[span->change].replica, span->at, leaf->id);
}

void sn_tree_extend(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *by)
{
    sn_span *s = &leaf->span[i];

    s->len += by->bytes;
    sn_author(tree->who, s->change)->number += by->bytes;
    sn_tree_bump(tree, leaf, i, by);
}

/* ---- deleting and bringing back ---- */

/* Whether b continues a but for being dead or not. */
static bool edit_continues(const sn_span *a, const sn_span *b)
{
    return a->change == b->change && a->at + sn_span_len(a) == b->at && !sn_span_left(b);
}

/* All bytes of s move to the end of the span before it; s is closed then. */
static void edit_absorb(sn_span *prev, const sn_span *s)
{
    prev->len += sn_span_len(s);
    prev->head = (prev->head & ~SN_HAS_RIGHT) | (s->head & SN_HAS_RIGHT);
}

/* Bytes move from the head of span i to the end of the span before it. */
static void edit_flow_back(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t n)
{
    sn_span *s = &leaf->span[i], *prev = s - 1;

    if (n == sn_span_len(s)) {
        edit_absorb(prev, s);
        if (tree->cursor.leaf == leaf && tree->cursor.i == i && sn_span_dead(prev))
            tree->cursor.i--; /* nothing visible lies between */
        sn_leaf_close(tree, leaf, i, 1);
        return;
    }
    prev->len += n;
    s->head = sn_span_lkey(s) << 2 | (s->head & SN_HAS_RIGHT);
    s->at += n;
    s->len -= n;
}

/* Bytes move from the end of span i to the head of the span after it. */
static void edit_flow_on(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t n)
{
    sn_span *s = &leaf->span[i], *next = s + 1;

    next->at -= n;
    next->len += n;
    if (n == sn_span_len(s)) {
        const sn_cursor cursor = tree->cursor;

        next->head = (s->head & ~SN_HAS_RIGHT) | (next->head & SN_HAS_RIGHT);
        sn_leaf_close(tree, leaf, i, 1);
        if (cursor.leaf == leaf && cursor.i == i && sn_span_dead(s))
            tree->cursor = cursor; /* s is now what was next, and as far in */
        return;
    }
    s->len -= n;
}

/* Cut so that bytes [off, off + n) are a span of their own; p moves to it. */
static void edit_isolate(sn_tree *tree, sn_place *p, uint32_t n)
{
    uint32_t tail = sn_span_len(sn_place_span(p)) - p->off - n;
    uint32_t more = (p->off > 0 ? 1u : 0u) + (tail > 0 ? 1u : 0u);

    if (more == 0)
        return;
    sn_tree_room(tree, p, more);
    sn_leaf_open(tree, p->leaf, p->i + 1, more);
    if (p->off > 0) {
        edit_cut(p->leaf, p->i, p->off, p->i + 1);
        p->i++;
        p->off = 0;
    }
    if (tail > 0)
        edit_cut(p->leaf, p->i, n, p->i + 1);
}

/* Give n bytes from p on the state dead (SN_DEAD or 0), which they are not in. */
static void edit_flip(sn_tree *tree, sn_place *p, uint32_t n, uint32_t dead)
{
    sn_leaf *leaf = p->leaf;
    uint32_t i = p->i;
    sn_span *s = &leaf->span[i];
    sn_count c = sn_span_count(tree, s, p->off, n);
    sn_count by = c;

    if (dead) {
        by = nothing;
        sn_count_sub(&by, &c);
    }
    if (p->off == 0 && i > 0 && sn_span_dead(s - 1) == dead && edit_continues(s - 1, s)) {
        sn_tree_bump(tree, leaf, dead ? i : i - 1, &by);
        edit_flow_back(tree, leaf, i, n);
        *p = (sn_place){leaf, i - 1, sn_span_len(&leaf->span[i - 1])};
    } else if (p->off + n == sn_span_len(s) && i + 1 < leaf->node.n &&
               sn_span_dead(s + 1) == dead && edit_continues(s, s + 1)) {
        bool whole = p->off == 0;

        sn_tree_bump(tree, leaf, dead ? i : i + 1, &by);
        edit_flow_on(tree, leaf, i, n);
        *p = (sn_place){leaf, whole ? i : i + 1, n};
        return; /* what is left of s is not dead, so it does not join */
    } else {
        edit_isolate(tree, p, n);
        sn_place_span(p)->len ^= SN_DEAD;
        sn_tree_bump(tree, p->leaf, p->i, &by);
        p->off = n;
    }
    sn_tree_heal(tree, p->leaf, p->i);
}

void sn_tree_kill(sn_tree *tree, sn_place *p, uint32_t n)
{
    edit_flip(tree, p, n, SN_DEAD);
}

/* Whole visible spans from i on that n bytes hold, and the dead between them, become
 * dead and are put together; what follows moves up once. Returns how many bytes.
 *
 *     [a b] (c d) [e] (f) [g h i]   4 bytes  ->  (a b c d e f) [g h i]
 */
static uint32_t edit_kill_spans(sn_tree *tree, sn_place *p, uint32_t n)
{
    sn_leaf *leaf = p->leaf;
    sn_span *to = leaf->span + p->i, *s = to, *end = leaf->span + leaf->node.n;
    sn_count gone = nothing;

    for (; s < end && sn_span_visible(s) <= n - gone.bytes; s++) {
        if (!sn_span_dead(s)) {
            sn_count c = sn_span_count(tree, s, 0, s->len);
            sn_count_add(&gone, &c);
            s->len |= SN_DEAD;
        }
        if (to > leaf->span && sn_span_joins(to - 1, s)) {
            edit_absorb(to - 1, s);
        } else {
            *to++ = *s;
        }
    }
    edit_bump_minus(tree, leaf, p->i, &gone);
    tree->hit = NULL;
    if (tree->cursor.leaf == leaf && tree->cursor.i > p->i)
        tree->cursor.leaf = NULL;
    uint32_t left = (uint32_t)(to - leaf->span), closed = (uint32_t)(s - to);
    if (closed > 0) {
        const sn_cursor cursor = tree->cursor;

        sn_leaf_close(tree, leaf, left, closed);
        tree->cursor = cursor;
    }
    p->i = left - 1;
    p->off = sn_span_len(sn_place_span(p));
    if (tree->cursor.leaf == leaf && tree->cursor.i > p->i)
        tree->cursor.i = p->i; /* nothing visible lies between */
    return gone.bytes;
}

void sn_tree_kill_all(sn_tree *tree, sn_place *p, uint32_t n)
{
    for (;; *p = sn_tree_next(*p)) {
        const sn_span *s = sn_place_span(p);

        if (sn_span_dead(s))
            continue;
        uint32_t here = (uint32_t)sn_min_u64(n, s->len - p->off);
        if (p->off == 0 && here == s->len && here < n)
            here = edit_kill_spans(tree, p, n);
        else
            sn_tree_kill(tree, p, here);
        n -= here;
        if (n == 0)
            return;
    }
}

void sn_tree_revive(sn_tree *tree, sn_place *p, uint32_t n)
{
    edit_flip(tree, p, n, 0);
}

void sn_tree_heal(sn_tree *tree, sn_leaf *leaf, uint32_t i)
{
    if (i + 1 >= leaf->node.n || !sn_span_joins(&leaf->span[i], &leaf->span[i + 1]))
        return;
    sn_span *s = &leaf->span[i], *next = s + 1;
    if (tree->cursor.leaf == leaf && tree->cursor.i == i + 1) {
        tree->cursor.i = i;
        tree->cursor.before -= sn_span_visible(s);
    }
    edit_absorb(s, next);
    sn_leaf_close(tree, leaf, i + 1, 1);
}

void sn_tree_remove(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t keep)
{
    sn_span *s = &leaf->span[i];

    if (!sn_span_dead(s)) {
        sn_count c = sn_span_count(tree, s, keep, s->len - keep);
        edit_bump_minus(tree, leaf, i, &c);
    }
    sn_author(tree->who, s->change)->number -= sn_span_len(s) - keep;
    tree->cursor.leaf = NULL;
    tree->hit = NULL;
    if (keep > 0) {
        s->len = keep | sn_span_dead(s);
        s->head &= ~SN_HAS_RIGHT;
        return;
    }
    sn_leaf_close(tree, leaf, i, 1);
    if (leaf->node.n == 0 && leaf->node.parent != NULL) {
        sn_leaf *beside = leaf->prev != NULL ? leaf->prev : leaf->next;

        sn_tree_drop_leaf(tree, leaf);
        leaf = beside; /* the least keys above the gap changed as well */
    }
    sn_tree_relow(tree, leaf);
}
