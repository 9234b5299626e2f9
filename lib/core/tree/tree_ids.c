/* The map of ids: which leaf a byte is in.
 *
 * Local edits go by position, so a document in which somebody only types asks for no
 * byte by its id, and has no map. It is built when the first is asked for, and kept from
 * then on. What was reserved before is owed: room for it comes with the map. Without the
 * memory for a map the leaves are gone through one by one; so finding never fails, and
 * neither does what is written after something was found.
 */
#include "core/tree/tree_node.h"

/* Numbers of bytes that are together in a leaf: keys of the map of ids. */
typedef struct ids_range {
    uint64_t at, end;
} ids_range;

/* Add to n ranges, of which none meet; returns how many there are now. */
static uint32_t ids_add_range(ids_range *ranges, uint32_t n, ids_range range)
{
    for (uint32_t k = n; k-- > 0;) {
        if (ranges[k].end == range.at)
            range.at = ranges[k].at;
        else if (ranges[k].at == range.end)
            range.end = ranges[k].end;
        else
            continue;
        ranges[k] = ranges[--n];
    }
    ranges[n] = range;
    return n + 1;
}

/* The ranges of a leaf's spans; those that meet are one. They are few: most of what lies
 * together was typed together, and cut by what was typed into it. */
static uint32_t ids_ranges(const sn_tree *tree, const sn_leaf *leaf, ids_range *out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < leaf->node.n; i++) {
        const sn_span *s = &leaf->span[i];
        uint64_t at = sn_id_key(tree->who->changes[s->change].replica, s->at);

        n = ids_add_range(out, n, (ids_range){at, at + sn_span_len(s)});
    }
    return n;
}

/* A replica's bytes have been in one leaf, and are to be sought in the map. */
static void ids_spread(sn_tree *tree, uint32_t replica)
{
    sn_replica *r = &tree->who->replicas[replica];

    if (r->spread)
        return;
    sn_map_set(&tree->ids, sn_id_key(replica, 0), r->last_leaf);
    r->spread = true;
}

void sn_tree_note_leaf(sn_tree *tree, uint32_t replica, uint32_t number, uint32_t leaf)
{
    sn_replica *r = &tree->who->replicas[replica];

    if (r->last_leaf != SN_NO_LEAF) {
        ids_spread(tree, replica);
        sn_map_set(&tree->ids, sn_id_key(replica, number), leaf);
    }
    r->last_leaf = leaf;
}

/* What follows the moved bytes in their author's numbers stays where it was. */
void sn_tree_moved(sn_tree *tree, const sn_leaf *from, const sn_leaf *to)
{
    ids_range ranges[SN_LEAF];

    if (!tree->indexed)
        return;
    uint32_t n = ids_ranges(tree, to, ranges);
    for (uint32_t i = 0; i < n; i++) {
        const ids_range *r = &ranges[i];
        sn_replica *author = &tree->who->replicas[r->at >> 32];

        if (!author->spread && r->end - r->at == author->number) { /* all there are */
            author->last_leaf = to->id;
            continue;
        }
        ids_spread(tree, (uint32_t)(r->at >> 32));
        sn_map_set(&tree->ids, r->at, to->id);
        if ((uint32_t)r->end == author->number)
            author->last_leaf = to->id;
#if SENNIT_MUTANT != 7
        else
            sn_map_add(&tree->ids, r->end, from->id);
#endif
    }
}

/* ---- building ---- */

/* Note the leaf of a range; each has an entry of its own, or is all its author's bytes. */
static void ids_set(sn_tree *tree, const ids_range *range, uint32_t leaf)
{
    sn_replica *author = &tree->who->replicas[range->at >> 32];

    bool all = range->end - range->at == author->number;

    if (all || (uint32_t)range->end == author->number)
        author->last_leaf = leaf;
    if (all)
        return;
    author->spread = true;
    sn_map_set(&tree->ids, range->at, leaf);
}

/* Put the map's n entries, which came in the order of text, closely together: in that
 * of their keys they leave full nodes behind. */
static sennit_status ids_pack(sn_tree *tree, size_t n)
{
    sn_map loose = tree->ids;
    sn_map_at at = sn_map_ceil(&loose, 0);

    tree->ids = (sn_map){0};
    sennit_status st = sn_map_reserve(&tree->ids, tree->mem, n);
    for (; at.leaf != NULL && st == SENNIT_OK; at = sn_map_next(at))
        sn_map_append(&tree->ids, at.leaf->key[at.i], at.leaf->value[at.i]);
    sn_map_free(&loose, tree->mem);
    sn_map_trim(&tree->ids, tree->mem);
    return st;
}

static sennit_status ids_fill(sn_tree *tree)
{
    ids_range ranges[SN_LEAF];
    size_t entries = 0;

    for (const sn_leaf *leaf = tree->first; leaf != NULL; leaf = leaf->next)
        entries += ids_ranges(tree, leaf, ranges);
    SN_TRY(sn_map_reserve(&tree->ids, tree->mem, entries));
    for (const sn_leaf *leaf = tree->first; leaf != NULL; leaf = leaf->next)
        for (uint32_t n = ids_ranges(tree, leaf, ranges); n-- > 0;)
            ids_set(tree, &ranges[n], leaf->id);
    SN_TRY(ids_pack(tree, entries));
    return sn_map_reserve(&tree->ids, tree->mem, tree->owed);
}

void sn_tree_drop_ids(sn_tree *tree)
{
    sn_map_free(&tree->ids, tree->mem);
    tree->indexed = false;
    for (uint32_t i = 0; i < tree->who->replicas_len; i++) {
        tree->who->replicas[i].last_leaf = SN_NO_LEAF;
        tree->who->replicas[i].spread = false;
    }
}

static bool ids_build(sn_tree *tree)
{
    if (ids_fill(tree) != SENNIT_OK) {
        sn_tree_drop_ids(tree);
        return false;
    }
    tree->indexed = true;
    return true;
}

/* ---- finding ---- */

/* The leaf of a byte, looked for in all of them. */
static sn_leaf *ids_search(const sn_tree *tree, uint32_t replica, uint32_t number)
{
    for (sn_leaf *leaf = tree->first;; leaf = leaf->next) {
        SN_ASSERT(leaf != NULL);
        for (uint32_t i = 0; i < leaf->node.n; i++)
            if (sn_tree_holds(tree, &leaf->span[i], replica, number))
                return leaf;
    }
}

sn_leaf *sn_tree_home(sn_tree *tree, uint32_t replica, uint32_t number)
{
    const sn_replica *r = &tree->who->replicas[replica];

    if (SN_UNLIKELY(!tree->indexed) && !ids_build(tree))
        return ids_search(tree, replica, number);
    if (!r->spread)
        return tree->leaves[r->last_leaf];
    sn_map_at at = sn_map_floor(&tree->ids, sn_id_key(replica, number));
    return tree->leaves[at.leaf->value[at.i]];
}

void sn_tree_forget_ids(sn_tree *tree, uint32_t replica, uint32_t number)
{
    sn_replica *r = &tree->who->replicas[replica];

    if (!tree->indexed)
        return;
    sn_map_remove(&tree->ids, sn_id_key(replica, number), (uint64_t)(replica + 1) << 32);
    if (number == 0) {
        r->last_leaf = SN_NO_LEAF;
        r->spread = false;
    }
    if (!r->spread)
        return;
    sn_map_at at = sn_map_floor(&tree->ids, sn_id_key(replica, number - 1));
    r->last_leaf = at.leaf->value[at.i];
}
