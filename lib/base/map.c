#include "base/map.h"

#define MAP_HALF (SN_MAP_FANOUT / 2)
#define MAP_KEEP 16u /* spare nodes worth keeping */

_Static_assert(SN_MAP_FANOUT >= 4, "a split must leave two entries on each side");

/* ---- nodes ---- */

static void map_free_level(void *node, uint32_t level, sn_mem *mem)
{
    if (level == 0) {
        sn_mem_free(mem, node, sizeof(sn_map_leaf));
        return;
    }
    sn_map_inner *inner = node;
    for (uint32_t i = 0; i < inner->n; i++)
        map_free_level(inner->child[i], level - 1, mem);
    sn_mem_free(mem, inner, sizeof *inner);
}

static void map_drop_spares(void **chain, uint32_t *count, uint32_t keep, size_t size, sn_mem *mem)
{
    while (*count > keep) {
        void *node = *chain;

        memcpy(chain, node, sizeof *chain);
        sn_mem_free(mem, node, size);
        (*count)--;
    }
}

void sn_map_trim(sn_map *map, sn_mem *mem)
{
    map_drop_spares(&map->spare_leaf, &map->spare_leaves, MAP_KEEP, sizeof(sn_map_leaf), mem);
    map_drop_spares(&map->spare_inner, &map->spare_inners, MAP_KEEP, sizeof(sn_map_inner), mem);
}

void sn_map_free(sn_map *map, sn_mem *mem)
{
    if (map->root != NULL)
        map_free_level(map->root, map->depth, mem);
    map_drop_spares(&map->spare_leaf, &map->spare_leaves, 0, sizeof(sn_map_leaf), mem);
    map_drop_spares(&map->spare_inner, &map->spare_inners, 0, sizeof(sn_map_inner), mem);
    *map = (sn_map){0};
}

static sennit_status map_add_spares(void **chain, uint32_t *count, size_t want, size_t size,
                                    sn_mem *mem)
{
    while (*count < want) {
        void *node = sn_mem_resize(mem, NULL, 0, size);

        if (node == NULL)
            return SENNIT_ENOMEM;
        memcpy(node, chain, sizeof *chain);
        *chain = node;
        (*count)++;
    }
    return SENNIT_OK;
}

/* n insertions split at most n leaves; beyond the leaves there are, a new one
 * fills only after half a leaf of insertions. The same holds a level up. */
sennit_status sn_map_reserve(sn_map *map, sn_mem *mem, size_t n)
{
    size_t leaves = sn_min_u64(n, map->leaves + n / (MAP_HALF - 1) + 1) + 1;
    size_t inners = sn_min_u64(leaves * (map->depth + 1),
                               leaves / (MAP_HALF - 1) + map->inners + 1) + map->depth + 2;

    if (SN_LIKELY(map->spare_leaves >= leaves && map->spare_inners >= inners))
        return SENNIT_OK;
    SN_TRY(map_add_spares(&map->spare_leaf, &map->spare_leaves, leaves, sizeof(sn_map_leaf), mem));
    return map_add_spares(&map->spare_inner, &map->spare_inners, inners, sizeof(sn_map_inner), mem);
}

static void *map_take(void **chain, uint32_t *count)
{
    void *node = *chain;

    SN_ASSERT(*count > 0);
    memcpy(chain, node, sizeof *chain);
    (*count)--;
    return node;
}

/* ---- search ---- */

/* How many of the keys are not above key. With branches: where keys are asked for in order
 * they are foreseen, and the next search begins before this one is done. */
static uint32_t map_rank(const uint64_t *keys, uint32_t n, uint64_t key)
{
    uint32_t low = 0;

    while (n > 0) {
        uint32_t half = n / 2;

        if (keys[low + half] <= key) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* Have the keys of a node come, all at once: which of them are asked depends on the
 * answers. */
static void map_fetch(const void *node)
{
    const sn_map_leaf *leaf = node;

    for (uint32_t i = 0; i < SN_MAP_FANOUT; i += 8)
        SN_FETCH(&leaf->key[i]);
}

static uint32_t map_child(const sn_map_inner *inner, uint64_t key)
{
    uint32_t rank = map_rank(inner->key, inner->n, key);

    return rank > 0 ? rank - 1 : 0;
}

/* Whether a key is known to belong in the leaf of the finger. */
static bool map_is_near(const sn_map *map, uint64_t key)
{
    const sn_map_leaf *leaf = map->finger;

    if (leaf == NULL || leaf->n == 0 || key < leaf->key[0])
        return false;
    if (leaf->next == NULL || key <= leaf->key[leaf->n - 1])
        return true;
    return !map->ragged && key < leaf->next->key[0];
}

static sn_map_leaf *map_leaf_of(sn_map *map, uint64_t key)
{
    void *node = map->root;

    if (map_is_near(map, key))
        return map->finger;

    for (uint32_t level = map->depth; level > 0; level--) {
        sn_map_inner *inner = node;

        node = inner->child[map_child(inner, key)];
        map_fetch(node);
    }
    map->finger = node;
    return node;
}

sn_map_at sn_map_floor(sn_map *map, uint64_t key)
{
    sn_map_leaf *leaf = map_leaf_of(map, key);

    if (leaf == NULL)
        return (sn_map_at){NULL, 0};
    uint32_t rank = map_rank(leaf->key, leaf->n, key);
    while (rank == 0) {
        leaf = leaf->prev;
        if (leaf == NULL)
            return (sn_map_at){NULL, 0};
        rank = leaf->n;
    }
    return (sn_map_at){leaf, rank - 1};
}

static sn_map_at map_settle(sn_map_at at)
{
    while (at.leaf != NULL && at.i >= at.leaf->n)
        at = (sn_map_at){at.leaf->next, 0};
    return at;
}

sn_map_at sn_map_next(sn_map_at at)
{
    at.i++;
    return map_settle(at);
}

sn_map_at sn_map_ceil(sn_map *map, uint64_t key)
{
    sn_map_leaf *leaf = map_leaf_of(map, key);

    if (leaf == NULL)
        return (sn_map_at){NULL, 0};
    uint32_t rank = map_rank(leaf->key, leaf->n, key);
    if (rank > 0 && leaf->key[rank - 1] == key)
        rank--;
    return map_settle((sn_map_at){leaf, rank});
}

/* ---- change ---- */

static sn_map_leaf *map_split_leaf(sn_map *map, sn_map_leaf *leaf)
{
    sn_map_leaf *right = map_take(&map->spare_leaf, &map->spare_leaves);
    /* Appending at the far end leaves full leaves behind, not halves. */
    uint32_t keep = leaf->next == NULL ? SN_MAP_FANOUT - 2 : MAP_HALF;

    right->n = leaf->n - keep;
    memcpy(right->key, leaf->key + keep, right->n * sizeof *right->key);
    memcpy(right->value, leaf->value + keep, right->n * sizeof *right->value);
    leaf->n = keep;
    right->prev = leaf;
    right->next = leaf->next;
    if (right->next != NULL)
        right->next->prev = right;
    leaf->next = right;
    map->leaves++;
    return right;
}

static sn_map_inner *map_split_inner(sn_map *map, sn_map_inner *inner)
{
    sn_map_inner *right = map_take(&map->spare_inner, &map->spare_inners);

    right->n = inner->n - MAP_HALF;
    memcpy(right->key, inner->key + MAP_HALF, right->n * sizeof *right->key);
    memcpy(right->child, inner->child + MAP_HALF, right->n * sizeof *right->child);
    inner->n = MAP_HALF;
    map->inners++;
    return right;
}

static void map_put_child(sn_map_inner *inner, uint32_t at, uint64_t key, void *child)
{
    memmove(inner->key + at + 1, inner->key + at, (inner->n - at) * sizeof *inner->key);
    memmove(inner->child + at + 1, inner->child + at, (inner->n - at) * sizeof *inner->child);
    inner->key[at] = key;
    inner->child[at] = child;
    inner->n++;
}

/* Hang a new right sibling of path[0..] into the levels above. */
static void map_grow_up(sn_map *map, sn_map_inner **path, const uint32_t *slot, uint64_t left_key,
                        uint64_t key, void *child)
{
    for (uint32_t level = 0; level < map->depth; level++) {
        sn_map_inner *inner = path[level], *right = NULL;
        uint32_t at = slot[level] + 1;

        if (inner->n == SN_MAP_FANOUT) {
            right = map_split_inner(map, inner);
            if (at > MAP_HALF) {
                inner = right;
                at -= MAP_HALF;
            }
        }
        map_put_child(inner, at, key, child);
        if (right == NULL)
            return;
        left_key = path[level]->key[0];
        key = right->key[0];
        child = right;
    }
    sn_map_inner *root = map_take(&map->spare_inner, &map->spare_inners);
    root->key[0] = left_key;
    root->child[0] = map->root;
    root->n = 1;
    map_put_child(root, 1, key, child);
    map->root = root;
    map->depth++;
    map->inners++;
}

static void map_first_leaf(sn_map *map)
{
    sn_map_leaf *leaf = map_take(&map->spare_leaf, &map->spare_leaves);

    leaf->n = 0;
    leaf->prev = leaf->next = NULL;
    map->root = leaf;
    map->leaves = 1;
}

static void map_put(sn_map_leaf *leaf, uint32_t at, uint64_t key, uint32_t value)
{
    memmove(leaf->key + at + 1, leaf->key + at, (leaf->n - at) * sizeof *leaf->key);
    memmove(leaf->value + at + 1, leaf->value + at, (leaf->n - at) * sizeof *leaf->value);
    leaf->key[at] = key;
    leaf->value[at] = value;
    leaf->n++;
}

/* Into the leaf of the finger, if it belongs there and no split is needed. */
static bool map_put_near(sn_map *map, uint64_t key, uint32_t value, bool change)
{
    sn_map_leaf *leaf = map->finger;

    if (!map_is_near(map, key))
        return false;
    uint32_t at = map_rank(leaf->key, leaf->n, key);
    if (at > 0 && leaf->key[at - 1] == key)
        leaf->value[at - 1] = change ? value : leaf->value[at - 1];
    else if (leaf->n < SN_MAP_FANOUT)
        map_put(leaf, at, key, value);
    else
        return false;
    return true;
}

/* change: what to do with an entry that has this key. */
static void map_put_key(sn_map *map, uint64_t key, uint32_t value, bool change)
{
    sn_map_inner *path[SN_MAP_DEPTH];
    uint32_t slot[SN_MAP_DEPTH];

    if (map_put_near(map, key, value, change))
        return;
    if (map->root == NULL)
        map_first_leaf(map);
    void *node = map->root;
    for (uint32_t level = map->depth; level > 0; level--) {
        sn_map_inner *inner = node;
        uint32_t i = map_child(inner, key);

        if (key < inner->key[i])
            inner->key[i] = key; /* M2: only ever the leftmost */
        path[level - 1] = inner;
        slot[level - 1] = i;
        node = inner->child[i];
        map_fetch(node);
    }
    sn_map_leaf *leaf = map->finger = node;
    uint32_t at = map_rank(leaf->key, leaf->n, key);
    if (at > 0 && leaf->key[at - 1] == key) {
        leaf->value[at - 1] = change ? value : leaf->value[at - 1];
        return;
    }
    sn_map_leaf *full = NULL;
    if (leaf->n == SN_MAP_FANOUT) {
        full = leaf;
        sn_map_leaf *right = map_split_leaf(map, leaf);
        if (at > leaf->n) {
            at -= leaf->n;
            leaf = right;
        }
    }
    map_put(leaf, at, key, value);
    if (full != NULL)
        map_grow_up(map, path, slot, full->key[0], full->next->key[0], full->next);
}

void sn_map_set(sn_map *map, uint64_t key, uint32_t value)
{
    map_put_key(map, key, value, true);
}

void sn_map_add(sn_map *map, uint64_t key, uint32_t value)
{
    map_put_key(map, key, value, false);
}

void sn_map_append(sn_map *map, uint64_t key, uint32_t value)
{
    sn_map_leaf *leaf = map->finger;

    if (leaf == NULL || leaf->next != NULL || leaf->n == 0 || leaf->n == SN_MAP_FANOUT) {
        sn_map_set(map, key, value);
        return;
    }
    SN_ASSERT(leaf->key[leaf->n - 1] < key);
    leaf->key[leaf->n] = key;
    leaf->value[leaf->n++] = value;
}

void sn_map_remove(sn_map *map, uint64_t low, uint64_t high)
{
    sn_map_at at = sn_map_ceil(map, low);

    while (at.leaf != NULL && at.leaf->key[at.i] < high) {
        sn_map_leaf *leaf = at.leaf;
        uint32_t end = at.i;

        while (end < leaf->n && leaf->key[end] < high)
            end++;
        memmove(leaf->key + at.i, leaf->key + end, (leaf->n - end) * sizeof *leaf->key);
        memmove(leaf->value + at.i, leaf->value + end, (leaf->n - end) * sizeof *leaf->value);
        leaf->n -= end - at.i;
        map->ragged = true;
        at = map_settle(at);
    }
}

/* ---- check ---- */

size_t sn_map_entries(sn_map *map)
{
    size_t n = 0;

    for (sn_map_at at = sn_map_ceil(map, 0); at.leaf != NULL; at = sn_map_next(at))
        n++;
    return n;
}

static const char *map_check_level(const void *node, uint32_t level, uint64_t low, bool bounded,
                                   uint64_t high)
{
    const sn_map_inner *inner = node;
    const sn_map_leaf *leaf = node;
    const uint64_t *key = level > 0 ? inner->key : leaf->key;
    uint32_t n = level > 0 ? inner->n : leaf->n;

    for (uint32_t i = 0; i < n; i++) {
        if (key[i] < low || (bounded && key[i] >= high) || (i > 0 && key[i] <= key[i - 1]))
            return "M1: keys of a map do not ascend";
        if (level == 0)
            continue;
        const char *broken = map_check_level(inner->child[i], level - 1, key[i],
                                             bounded || i + 1 < n, i + 1 < n ? key[i + 1] : high);
        if (broken != NULL)
            return broken;
    }
    return level > 0 && n == 0 ? "M2: an inner node of a map is empty" : NULL;
}

const char *sn_map_check(const sn_map *map)
{
    return map->root == NULL ? NULL : map_check_level(map->root, map->depth, 0, false, 0);
}
