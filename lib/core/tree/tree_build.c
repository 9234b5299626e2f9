/* The tree as a whole: from a list of spans, to nothing, and checked. */
#include "core/tree/tree_node.h"

#define BUILD_FAN (SN_FANOUT - SN_FANOUT / 8) /* as SN_BUILT, of inner nodes */

/* ---- building ---- */

typedef struct build_from {
    const sn_span *spans;
    size_t n;
    const sn_tree_id *ids;
    size_t ids_len;
    const uint8_t *visible; /* text of the spans to come, or NULL */
} build_from;

static sennit_status build_reserve(sn_tree *tree, const build_from *from)
{
    size_t leaves = from->n / SN_BUILT + 1;

    SN_TRY(sn_tree_reserve_nodes(tree, leaves, leaves / (BUILD_FAN - 1) + 16));
    return sn_map_reserve(&tree->ids, tree->mem, from->ids_len);
}

static sn_count build_count(const sn_tree *tree, build_from *from, const sn_leaf *leaf)
{
    uint32_t bytes = 0;

    if (from->visible == NULL)
        return sn_leaf_sum(tree, leaf);
    for (uint32_t i = 0; i < leaf->node.n; i++) /* one stretch is counted faster than many */
        bytes += sn_span_visible(&leaf->span[i]);
    sn_count sum = sn_utf8_count(from->visible, bytes);
    from->visible += bytes;
    return sum;
}

static sn_count build_leaf(sn_tree *tree, build_from *from, sn_leaf *leaf, size_t at, uint32_t n)
{
    memcpy(leaf->span, from->spans + at, n * sizeof *from->spans);
    leaf->node.n = n;
    sn_count sum = build_count(tree, from, leaf);
    sn_count_add(&tree->total, &sum);
    return sum;
}

/* A node of the level being built, and what is below it. */
typedef struct build_node {
    sn_node *node;
    sn_count sum;
} build_node;

static size_t build_leaves(sn_tree *tree, build_from *from, build_node *nodes)
{
    sn_leaf *leaf = tree->first;
    size_t nodes_len = 0;

    for (size_t at = 0; at < from->n; at += SN_BUILT) {
        uint32_t take = (uint32_t)sn_min_u64(SN_BUILT, from->n - at);

        if (at > 0) {
            sn_leaf *right = sn_tree_take_leaf(tree);

            right->prev = leaf;
            leaf->next = right;
            leaf = right;
        }
        nodes[nodes_len++] = (build_node){&leaf->node, build_leaf(tree, from, leaf, at, take)};
    }
    return nodes_len;
}

static void build_ids(sn_tree *tree, const build_from *from, const build_node *leaves)
{
    tree->indexed = true;
    for (const sn_tree_id *at = from->ids, *end = at + from->ids_len; at < end; at++) {
        uint32_t id = ((const sn_leaf *)leaves[at->leaf].node)->id;
        sn_replica *r = &tree->who->replicas[at->replica];

        if (r->last_leaf != SN_NO_LEAF) {
            if (!r->spread)
                sn_map_append(&tree->ids, sn_id_key(at->replica, 0), r->last_leaf);
            r->spread = true;
            sn_map_append(&tree->ids, sn_id_key(at->replica, at->number), id);
        }
        r->last_leaf = id;
    }
}

/* Levels above the leaves, until one node is left. */
static void build_inners(sn_tree *tree, build_node *nodes, size_t n)
{
    for (bool leaves = true; n > 1; leaves = false) {
        size_t up = 0;

        for (size_t i = 0; i < n; up++) {
            sn_inner *inner = sn_tree_take_inner(tree);
            sn_count sum = {0, 0, 0, 0};

            for (uint32_t k = 0; k < BUILD_FAN && i < n; k++, i++) {
                sn_inner_append(tree, inner, nodes[i].node, &nodes[i].sum, leaves);
                sn_count_add(&sum, &nodes[i].sum);
            }
            nodes[up] = (build_node){&inner->node, sum};
        }
        n = up;
        tree->depth++;
    }
    tree->root = nodes[0].node;
}

sennit_status sn_tree_build(sn_tree *tree, const sn_span *spans, size_t n, const sn_tree_id *ids,
                            size_t ids_len, const uint8_t *visible)
{
    build_from from = {spans, n, ids, ids_len, visible};
    size_t leaves = n / SN_BUILT + 1;
    build_node *nodes = sn_mem_resize(tree->mem, NULL, 0, leaves * sizeof *nodes);

    if (nodes == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = build_reserve(tree, &from);
    if (st == SENNIT_OK && n > 0) {
        size_t nodes_len = build_leaves(tree, &from, nodes);

        build_ids(tree, &from, nodes);
        build_inners(tree, nodes, nodes_len);
    }
    sn_mem_free(tree->mem, nodes, leaves * sizeof *nodes);
    return st;
}

void sn_tree_clear(sn_tree *tree)
{
    sn_roster *who = tree->who;

    for (uint32_t i = 0; i < who->replicas_len; i++)
        who->replicas[i].number = 0;
    while (tree->first->next != NULL) {
        tree->first->next->node.n = 0;
        sn_tree_drop_leaf(tree, tree->first->next);
    }
    tree->first->node.n = 0;
    tree->total = (sn_count){0, 0, 0, 0};
    tree->hot = tree->cursor.leaf = tree->hit = tree->sought = tree->left = NULL;
    tree->vain[SN_LOW_R].leaf = tree->vain[SN_LOW_L].leaf = NULL;
    sn_tree_drop_ids(tree);
    tree->owed = 0;
}

/* ---- checking ---- */

typedef struct tree_checking {
    sn_tree *tree;
    sn_leaf *leaf; /* the one the chain says is next */
    size_t spans;
} tree_checking;

static const char *check_span(sn_tree *tree, const sn_leaf *leaf, uint32_t i)
{
    const sn_roster *who = tree->who;
    const sn_span *s = &leaf->span[i];
    uint32_t number_end;

    if (s->change == SN_ROOT_CHANGE || s->change >= who->changes_len)
        return "S3: a span of no change";
    const sn_change *c = &who->changes[s->change];
    const sn_replica *r = &who->replicas[c->replica];
    uint64_t end = (uint64_t)s->at + sn_span_len(s);
    sn_roster_change_end(who, s->change, &number_end);
    if (s->at < c->number || end > number_end || end > r->number)
        return "S3: a span reaches beyond its change";
    if (sn_span_len(s) == 0 || !sn_text_boundary(&r->text, s->at) || !sn_text_boundary(&r->text, end))
        return "S1: a span is empty or cuts a character";
    if (i > 0 && sn_span_joins(s - 1, s))
        return "S5: a span continues its neighbour";
    if (!tree->indexed)
        return NULL;
    if (!r->spread)
        return r->last_leaf == leaf->id ? NULL : "T5: not all bytes are in the last leaf";
    sn_map_at at = sn_map_floor(&tree->ids, sn_id_key(c->replica, s->at));
    for (uint64_t n = s->at; n < end; at = sn_map_next(at)) {
        if (at.leaf == NULL || at.leaf->value[at.i] != leaf->id)
            return "T5: the map of ids gives another leaf";
        sn_map_at next = sn_map_next(at);
        n = next.leaf != NULL && next.leaf->key[next.i] >> 32 == c->replica
                ? (uint32_t)next.leaf->key[next.i] : end;
    }
    return NULL;
}

static const char *check_leaf(tree_checking *c, sn_leaf *leaf, sn_count *sum)
{
    if (leaf != c->leaf || (leaf->next != NULL && leaf->next->prev != leaf))
        return "T1: the chain of leaves is not the walk";
    c->leaf = leaf->next;
    *sum = (sn_count){0, 0, 0, 0};
    for (uint32_t i = 0; i < leaf->node.n; i++, c->spans++) {
        const char *broken = check_span(c->tree, leaf, i);

        if (broken != NULL)
            return broken;
        if (!sn_span_dead(&leaf->span[i])) {
            sn_count n = sn_span_count(c->tree, &leaf->span[i], 0, leaf->span[i].len);
            sn_count_add(sum, &n);
        }
    }
    return NULL;
}

static const char *check_low(const sn_tree *tree, const sn_inner *inner, uint32_t i, int side,
                             bool any, uint32_t change)
{
    const sn_key have = sn_roster_key(tree->who, inner->low_change[side][i]);
    const sn_key want = sn_roster_key(tree->who, change);

    if (any ? inner->low_hlc[side][i] != want.hlc || have.hlc != want.hlc || have.id != want.id
            : inner->low_hlc[side][i] != UINT64_MAX)
        return "T4: a least key is not the least below";
    return NULL;
}

static const char *check_node(tree_checking *c, sn_node *node, uint32_t level, sn_count *sum);

static const char *check_child(tree_checking *c, sn_inner *inner, uint32_t i, uint32_t level,
                               sn_count *sum)
{
    sn_node *child = inner->child[i];

    if (child->parent != inner || child->slot != i)
        return "T2: a node is not where its parent says";
    const char *broken = check_node(c, child, level - 1, sum);
    if (broken != NULL)
        return broken;
    if (sum->bytes != inner->sum[0][i] || sum->cont != inner->sum[1][i] ||
        sum->wide != inner->sum[2][i] || sum->lines != inner->sum[3][i])
        return "T3: a sum is not that of the text below";
    for (int side = SN_LOW_R; side <= SN_LOW_L && broken == NULL; side++) {
        uint32_t change = SN_ROOT_CHANGE;
        bool any = level == 1 ? sn_leaf_low(c->tree, (sn_leaf *)child, side, &change)
                              : sn_inner_low(c->tree, (sn_inner *)child, side, &change);

        broken = check_low(c->tree, inner, i, side, any, change);
    }
    return broken;
}

static const char *check_node(tree_checking *c, sn_node *node, uint32_t level, sn_count *sum)
{
    sn_inner *inner = (sn_inner *)node;

    if (level == 0)
        return check_leaf(c, (sn_leaf *)node, sum);
    *sum = (sn_count){0, 0, 0, 0};
    if (node->n == 0)
        return "T2: an inner node without children";
    for (uint32_t i = 0; i < node->n; i++) {
        sn_count below;
        const char *broken = check_child(c, inner, i, level, &below);

        if (broken != NULL)
            return broken;
        sn_count_add(sum, &below);
    }
    return NULL;
}

const char *sn_tree_check(sn_tree *tree, size_t *pos)
{
    tree_checking c = {tree, tree->first, 0};
    sn_count sum;

    sn_tree_settle(tree);
    const char *broken = check_node(&c, tree->root, tree->depth, &sum);
    *pos = c.spans;
    if (broken == NULL && c.leaf != NULL)
        broken = "T1: the chain of leaves is longer than the walk";
    if (broken == NULL && memcmp(&sum, &tree->total, sizeof sum) != 0)
        broken = "T3: the total is not that of the text";
    return broken != NULL ? broken : sn_map_check(&tree->ids);
}
