/* A step function over 64-bit keys, as a B+tree: each entry holds from its key
 * up to the next entry's.
 *
 * The document keeps three: id of a byte -> leaf that holds it, byte -> number
 * of deletes beyond the first, delete -> what toggles made of it.
 *
 * Invariants
 *   M1  keys ascend strictly, within a node and along the chain of leaves
 *   M2  an inner node's key i is at most the least key below child i; a search
 *       for a key goes to the last child whose key is not greater
 * Leaves may be empty after sn_map_remove; they are kept and refilled.
 */
#ifndef SN_MAP_H
#define SN_MAP_H

#include "base/mem.h"

#ifndef SN_MAP_FANOUT
#define SN_MAP_FANOUT 64
#endif
#define SN_MAP_DEPTH 24

/* Both begin with how many keys there are, and these. */
typedef struct sn_map_leaf {
    uint32_t n;
    uint64_t key[SN_MAP_FANOUT];
    uint32_t value[SN_MAP_FANOUT];
    struct sn_map_leaf *prev, *next;
} sn_map_leaf;

typedef struct sn_map_inner {
    uint32_t n;
    uint64_t key[SN_MAP_FANOUT];
    void *child[SN_MAP_FANOUT];
} sn_map_inner;

typedef struct sn_map {
    void *root;     /* NULL while empty */
    sn_map_leaf *finger; /* where the last key was: the next is often near */
    bool ragged;    /* entries were removed: a leaf may begin above its key in M2 */
    uint32_t depth; /* inner levels above the leaves */
    uint32_t leaves, inners;           /* in the tree */
    uint32_t spare_leaves, spare_inners;
    void *spare_leaf, *spare_inner;    /* chains of unused nodes */
} sn_map;

/* A place in the map; leaf NULL is past the end. */
typedef struct sn_map_at {
    sn_map_leaf *leaf;
    uint32_t i;
} sn_map_at;

void sn_map_free(sn_map *map, sn_mem *mem);

/* Make room for n new entries. Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_map_reserve(sn_map *map, sn_mem *mem, size_t n);

/* Give back spare nodes beyond a few. */
void sn_map_trim(sn_map *map, sn_mem *mem);

/* Insert an entry, or change the one with this key; room was reserved. */
void sn_map_set(sn_map *map, uint64_t key, uint32_t value);

/* The same, but an entry that is there stays as it is. */
void sn_map_add(sn_map *map, uint64_t key, uint32_t value);

/* The same for a key that is greater than all there are. */
void sn_map_append(sn_map *map, uint64_t key, uint32_t value);

/* Remove the entries with low <= key < high. */
void sn_map_remove(sn_map *map, uint64_t low, uint64_t high);

/* Find the last entry whose key is not above key. */
sn_map_at sn_map_floor(sn_map *map, uint64_t key);

/* Find the first entry whose key is not below key. */
sn_map_at sn_map_ceil(sn_map *map, uint64_t key);

sn_map_at sn_map_next(sn_map_at at);

/* Return which of M1 and M2 is broken, or NULL. */
const char *sn_map_check(const sn_map *map);

size_t sn_map_entries(sn_map *map);

#endif
