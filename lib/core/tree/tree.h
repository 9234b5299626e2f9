/* The document in its order: a B+tree of spans, tombstones included.
 *
 *              +------------------ inner -------------------+
 *              | child   0      1      2                    |
 *              | sum     41     0      17    visible bytes, |
 *              |                             and three more |
 *              | low R   c3     c1     c9    least inherited|
 *              | low L   c1     c1     c4    keys below     |
 *              +----|------|------|-------------------------+
 *                 leaf <-> leaf <-> leaf        of spans
 *
 * The sums find a position, the least keys find where an insert belongs
 * (order.h), the map of ids finds a byte. A leaf's own changes are gathered in
 * `hot` and settled into the levels above when another leaf is changed.
 *
 * Invariants; sn_tree_check reports them by these names:
 *   T1  leaves are chained in the order in which a walk of the tree meets them
 *   T2  parent, slot and count of every node agree with the node above it
 *   T3  sums are those of the visible text below, once `hot` is settled
 *   T4  least keys are the least below
 *   T5  every byte of every replica is in exactly one span; once there is a map of
 *       ids (tree_ids.c) it gives the byte's leaf, or last_leaf is the leaf of all the
 *       replica's bytes
 *   S1  a span has a byte at least and begins and ends between characters
 *   S2  byte i > 0 of a span is the right child of byte i - 1
 *   S3  a span lies within one change
 *   S4  has_right tells whether some insert names the span's last byte as its
 *       right parent
 *   S5  a span does not continue its left neighbour in the same leaf
 *   S6  inherited is the change of the key that the head inherits: of a right
 *       child its lkey, of a left child its rkey (order.h)
 */
#ifndef SN_TREE_H
#define SN_TREE_H

#include "base/map.h"
#include "core/oplog/roster.h"

#ifndef SN_LEAF
#define SN_LEAF 64 /* spans in a leaf */
#endif
#ifndef SN_FANOUT
#define SN_FANOUT 16 /* children of an inner node */
#endif
#define SN_NO_LEAF UINT32_MAX

/* A stretch of bytes that one replica typed one after the other. */
typedef struct sn_span {
    uint32_t at;     /* number of the first byte: its place in the author's text */
    uint32_t len;    /* bytes; SN_DEAD set: deleted */
    uint32_t change; /* tells hlc and author */
    uint32_t head;   /* inherited << 2 | left << 1 | has_right */
} sn_span;

#define SN_DEAD 0x80000000u
#define SN_HAS_RIGHT 1u
#define SN_LEFT 2u

static inline uint32_t sn_span_len(const sn_span *s) { return s->len & ~SN_DEAD; }
static inline uint32_t sn_span_dead(const sn_span *s) { return s->len & SN_DEAD; }
/* Without a branch: in a text much edited nobody foresees which spans are dead. */
static inline uint32_t sn_span_visible(const sn_span *s)
{
    return s->len & ((s->len & SN_DEAD ? 1u : 0u) - 1u);
}
static inline bool sn_span_left(const sn_span *s) { return s->head & SN_LEFT; }

/* Changes of the inherited keys; see order.h. lkey is the same for all bytes of
 * a span; rkey is that of the head, the others' is their own. */
static inline uint32_t sn_span_key(const sn_span *s, uint32_t own)
{
    return s->head >> 2 ^ ((s->head >> 2 ^ s->change) & (0 - own)); /* sides are as good as random */
}
static inline uint32_t sn_span_lkey(const sn_span *s) { return sn_span_key(s, s->head >> 1 & 1); }
static inline uint32_t sn_span_rkey(const sn_span *s) { return sn_span_key(s, ~s->head >> 1 & 1); }

struct sn_inner;

typedef struct sn_node {
    struct sn_inner *parent;
    uint32_t slot; /* in the parent */
    uint32_t n;    /* spans or children */
} sn_node;

typedef struct sn_leaf {
    sn_node node;
    uint32_t id; /* its place in sn_tree.leaves */
    struct sn_leaf *prev, *next;
    sn_span span[SN_LEAF];
} sn_leaf;

enum { SN_LOW_R = 0, SN_LOW_L = 1 };

typedef struct sn_inner {
    sn_node node;
    uint32_t sum[4][SN_FANOUT];        /* bytes, cont, wide, lines as in sn_count */
    sn_node *child[SN_FANOUT];
    uint64_t low_hlc[2][SN_FANOUT];    /* of the least rkey and lkey */
    uint32_t low_change[2][SN_FANOUT];
} sn_inner;

/* Spans of a leaf, from i on or before i, that were searched for a smaller key in vain
 * (order.c). Forgotten when spans are put into that leaf or taken out of it. */
typedef struct sn_vain {
    const sn_leaf *leaf; /* NULL: none */
    uint32_t i;
    sn_key least;        /* a bound of the keys there */
} sn_vain;

/* Where local edits are. In bytes. */
typedef struct sn_cursor {
    sn_leaf *leaf;   /* NULL: nowhere */
    uint32_t i;
    uint32_t before; /* visible bytes of the leaf before span i */
    uint32_t base;   /* visible bytes before the leaf, if base_known */
    bool base_known;
} sn_cursor;

/* What the next keystroke may do without looking (quick.c). Forgotten at every
 * change of the tree and every move of the cursor. */
typedef struct sn_quick {
    sn_span *type;  /* the span at the caret, which typing extends */
    sn_span *back;  /* the span that backspacing shortens; a dead one follows it */
    sn_span *forth; /* the span that deleting shortens; a dead one precedes it */
    const uint8_t *bytes; /* text of whose span back and forth are */
    uint32_t caret; /* in bytes */
    uint32_t room;  /* for so many keystrokes */
} sn_quick;

typedef struct sn_tree {
    sn_roster *who;
    sn_mem *mem;
    sn_node *root;
    uint32_t depth;  /* inner levels above the leaves */
    sn_leaf *first;
    sn_count total;  /* of the visible text */
    sn_leaf *hot;    /* leaf whose changes are not yet in the sums above it */
    sn_count hot_by;
    sn_cursor cursor;
    sn_quick quick;
    sn_leaf *hit;    /* where a byte was found by id, or put from elsewhere, last */
    sn_leaf *sought; /* where one was found through the map last */
    sn_leaf *left;   /* what `hit` was before another place was: two often take turns */
    uint32_t hit_i, sought_i, left_i; /* all but the first may be out of date */
    sn_vain vain[2]; /* by rkeys on the right, by lkeys on the left */
    sn_map ids;      /* author << 32 | number -> leaf's id, if the author is spread */
    bool indexed;    /* whether it is kept: not before something is asked for */
    size_t owed;     /* new entries for which there must be room once it is */
    sn_leaf **leaves; /* by id, spare ones included */
    uint32_t leaves_len, leaves_cap, leaves_used;
    sn_leaf *spare_leaf, *spare_last; /* chained by next and prev */
    sn_inner *spare_inner; /* chained by node.parent */
    uint32_t spare_leaves, spare_inners, inners_used;
} sn_tree;

/* A byte or, with off equal to the span's length, the end of a span. */
typedef struct sn_place {
    sn_leaf *leaf;
    uint32_t i;
    uint32_t off;
} sn_place;

static inline sn_span *sn_place_span(const sn_place *p) { return &p->leaf->span[p->i]; }

sennit_status sn_tree_init(sn_tree *tree, sn_roster *who, sn_mem *mem);
void sn_tree_free(sn_tree *tree);

/* Make room for so many new entries of the map of ids, or see to it that there will
 * be once it is built. Returns SENNIT_OK, SENNIT_ENOMEM. */
static inline sennit_status sn_tree_reserve_ids(sn_tree *tree, size_t n)
{
    if (tree->indexed)
        return sn_map_reserve(&tree->ids, tree->mem, n);
    if (tree->owed < n)
        tree->owed = n;
    return SENNIT_OK;
}

/* Make room for changes that cut or add so many spans in all, in at most so
 * many leaves: what changes spans below cannot fail then. */
sennit_status sn_tree_reserve(sn_tree *tree, size_t spans, size_t places);

/* The same where the one leaf is known that will be changed. */
static inline sennit_status sn_tree_reserve_at(sn_tree *tree, const sn_leaf *leaf, size_t spans)
{
    if (SN_LIKELY(leaf->node.n + spans <= SN_LEAF))
        return sn_tree_reserve_ids(tree, 2);
    return sn_tree_reserve(tree, spans, 1);
}

/* Give back what a large reservation did not need. */
void sn_tree_trim(sn_tree *tree);

/* ---- finding ---- */

/* The span that holds visible unit n (not SN_LINES), which must exist. */
sn_place sn_tree_at(sn_tree *tree, sennit_unit unit, uint32_t n);

/* As sn_tree_at in bytes, through the cursor, which moves there. */
sn_place sn_tree_seek(sn_tree *tree, uint32_t n);

/* Let the cursor stand at a place of which the position in bytes is known. */
void sn_tree_point(sn_tree *tree, sn_place p, uint32_t at);

/* The place just after the n-th newline, n > 0. */
sn_place sn_tree_line(sn_tree *tree, uint32_t n);

/* Byte `number` of a replica, which must exist. */
sn_place sn_tree_find(sn_tree *tree, uint32_t replica, uint32_t number);

/* The leaf of a byte that exists, and its place there. The first call looks through
 * all the tree to build the map of ids, as does any call without the memory for it. */
sn_leaf *sn_tree_home(sn_tree *tree, uint32_t replica, uint32_t number);
sn_place sn_tree_in(const sn_tree *tree, sn_leaf *leaf, uint32_t replica, uint32_t number);

/* Counts of all visible text before a place. */
sn_count sn_tree_before(sn_tree *tree, sn_place p);

/* First span at or after leaf's span i; leaf NULL at the end. */
sn_place sn_tree_from(sn_leaf *leaf, uint32_t i);
static inline sn_place sn_tree_next(sn_place p) { return sn_tree_from(p.leaf, p.i + 1); }

/* The span before; leaf NULL at the start. */
sn_place sn_tree_prev(sn_place p);

/* Counts of a stretch of a span. */
static inline sn_count sn_span_count(const sn_tree *tree, const sn_span *s, uint32_t off,
                                     uint32_t len)
{
    return sn_text_count(&sn_author(tree->who, s->change)->text, s->at + off, len);
}

/* ---- changing; room was reserved ---- */

/* Put a span at a place, cutting the one there if the place lies inside it.
 * p moves to the new span. Does not look whether it continues a neighbour.
 * beside: the leaf of the span's parent, or NULL. There it lowers no least key: its own
 * is greater than its parent's, and it inherits the other one. */
void sn_tree_insert(sn_tree *tree, sn_place *p, const sn_span *span, const sn_count *visible,
                    const sn_leaf *beside);

/* The last byte's span grows by n bytes, already in the author's text. */
void sn_tree_extend(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *by);

/* Delete, or bring back, n bytes of a span from p on. p moves to a place from
 * which sn_tree_from and sn_tree_next lead to what follows. */
void sn_tree_kill(sn_tree *tree, sn_place *p, uint32_t n);
void sn_tree_revive(sn_tree *tree, sn_place *p, uint32_t n);

/* Delete n visible bytes from p on, in as many spans as they are. p moves to the last
 * of them as above. */
void sn_tree_kill_all(sn_tree *tree, sn_place *p, uint32_t n);

/* Take span i out of the tree for good, or all of it from a byte on; for
 * aborts. A leaf left empty goes too. */
void sn_tree_remove(sn_tree *tree, sn_leaf *leaf, uint32_t i, uint32_t keep);

/* A replica's bytes from a number on are no longer in the tree. */
void sn_tree_forget_ids(sn_tree *tree, uint32_t replica, uint32_t number);

/* Join a span with its right neighbour in the leaf if it continues it. */
void sn_tree_heal(sn_tree *tree, sn_leaf *leaf, uint32_t i);

/* ---- least keys ---- */

/* The first leaf after (or last before) leaf that has a span whose rkey (lkey)
 * is at most the key of a change; NULL if none. */
sn_leaf *sn_tree_low_after(sn_tree *tree, sn_leaf *leaf, uint32_t change);
sn_leaf *sn_tree_low_before(sn_tree *tree, sn_leaf *leaf, uint32_t change);

/* ---- building and checking ---- */

/* So many spans are in each leaf of a built tree: there is room for the first edits. */
#define SN_BUILT (SN_LEAF - SN_LEAF / 8)

/* From a number on, as far as the next of these, a replica's bytes are in one leaf of
 * a built tree, counted from 0. */
typedef struct sn_tree_id {
    uint32_t replica, number, leaf;
} sn_tree_id;

/* Build an empty tree from n spans in document order. ids ascend; what replicas have
 * in it, sn_replica.number, the caller tells. visible: the spans' visible text if it
 * stands somewhere in one piece, else NULL. All memory is taken first: a failure
 * leaves the tree empty. */
sennit_status sn_tree_build(sn_tree *tree, const sn_span *spans, size_t n, const sn_tree_id *ids,
                            size_t ids_len, const uint8_t *visible);

/* Empty it again. */
void sn_tree_clear(sn_tree *tree);

/* Return which invariant is broken, or NULL; *pos is the span's place. */
const char *sn_tree_check(sn_tree *tree, size_t *pos);

/* Whether b, standing right after a, continues it (S5). */
static inline bool sn_span_joins(const sn_span *a, const sn_span *b)
{
    return a->change == b->change && a->at + sn_span_len(a) == b->at && !sn_span_left(b) &&
           sn_span_dead(a) == sn_span_dead(b);
}

/* Bring the sums up to date. */
void sn_tree_settle(sn_tree *tree);

static inline void sn_tree_unquick(sn_tree *tree)
{
    if (SN_QUICK)
        tree->quick.type = tree->quick.back = tree->quick.forth = NULL;
}

static inline bool sn_tree_is_quick(const sn_tree *tree)
{
    return SN_QUICK && (tree->quick.type != NULL || tree->quick.back != NULL || tree->quick.forth != NULL);
}

/* Add to the sums of a leaf. i is the span whose visible text changed. */
static inline void sn_tree_bump(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *by)
{
    sn_tree_unquick(tree);
    if (SN_UNLIKELY(tree->hot != leaf)) {
        sn_tree_settle(tree);
        tree->hot = leaf;
    }
    sn_count_add(&tree->hot_by, by);
    sn_count_add(&tree->total, by);
    if (SN_UNLIKELY(leaf != tree->cursor.leaf))
        tree->cursor.base_known = false;
    else if (i < tree->cursor.i)
        tree->cursor.before += by->bytes;
}

/* The same where quick keystrokes can go on, and the span is none of theirs: they
 * lie before it or behind it. In the hot leaf they must be typing. */
void sn_tree_bump_beside(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *by);

#endif
