/* Keystrokes that continue the one before.
 *
 * Nine edits in ten are a character behind the last one typed, or one more
 * deleted beside the last. All that such an edit changes is the length of one
 * span or of two neighbours, and the open record:
 *
 *     type   [h e l l]           ->  [h e l l o]
 *     back   [h e l l][o x]      ->  [h e l][l o x]      the right one is dead
 *     forth  [h e l l][o x]      ->  [h e l l o][x]      the left one is dead
 *
 * What is done here is what edit.c and apply.c would do, only without looking
 * for the place and without reserving; quick.c of a document that is checked
 * after every edit has to agree with them.
 */
#include "core/doc.h"

static bool quick_paused(const sennit_doc *doc)
{
    return doc->clock.now_ms - doc->edited_ms > doc->coalesce_ms; /* or back in time */
}

static inline void quick_sum(sn_count *to, uint32_t by, uint32_t newline)
{
    to->bytes += by;
    to->lines += newline ? by : 0;
}

bool sn_quick_type(sennit_doc *doc, size_t pos, char c)
{
    sn_tree *tree = &doc->tree;
    sn_quick *q = &tree->quick;

    if (q->type == NULL || pos != q->caret || (uint8_t)c >= 0x80 || q->room == 0 ||
        quick_paused(doc))
        return false;
    sn_replica *me = &doc->who.replicas[doc->me];
    me->text.bytes[me->text.len++] = (uint8_t)c;
    me->log.open.n++;
    me->seq++;
    me->number++;
    doc->who.inserted++;
    q->type->len++;
    q->caret++;
    q->room--;
    quick_sum(&tree->hot_by, 1, c == '\n');
    quick_sum(&tree->total, 1, c == '\n');
    doc->edited_ms = doc->clock.now_ms;
    return true;
}

/* The byte that goes, from one neighbour to the other. */
static inline uint8_t quick_back(const sn_replica *author, sn_span *s)
{
    sn_span *dead = s + 1;

    s->len--;
    dead->at--;
    dead->len++;
    return author->text.bytes[dead->at];
}

static inline uint8_t quick_forth(const sn_replica *author, sn_span *s)
{
    sn_span *dead = s - 1;

    s->len--;
    s->at++;
    dead->len++;
    return author->text.bytes[s->at - 1];
}

bool sn_quick_delete(sennit_doc *doc, size_t pos)
{
    sn_tree *tree = &doc->tree;
    sn_quick *q = &tree->quick;
    bool back = pos + 1 == q->caret;
    sn_span *s = back ? q->back : pos == q->caret ? q->forth : NULL;

    if (s == NULL || s->len == 1 || q->room == 0 || quick_paused(doc))
        return false;
    const sn_replica *author = sn_author(&doc->who, s->change);
    sn_replica *me = &doc->who.replicas[doc->me];
    if (author->text.bytes[back ? s->at + s->len - 1 : s->at] >= 0x80)
        return false;
    uint8_t c = back ? quick_back(author, s) : quick_forth(author, s);
    if (back)
        q->forth = NULL;
    else
        q->back = NULL;
    q->caret -= back;
    q->room--;
    me->log.open.flag = back;
    me->log.open.n++;
    me->seq++;
    quick_sum(&tree->hot_by, UINT32_MAX, c == '\n');
    quick_sum(&tree->total, UINT32_MAX, c == '\n');
    doc->edited_ms = doc->clock.now_ms;
    return true;
}

/* ---- making ready ---- */

/* Whether quick edits are possible at all, and the leaf's sums are at hand. */
static bool quick_possible(sennit_doc *doc, sn_leaf *leaf, uint32_t i)
{
    static const sn_count nothing = {0, 0, 0, 0};
    sn_tree *tree = &doc->tree;

    if (doc->txn.open || sn_doc_watches(doc) ||
        (doc->unit != SENNIT_BYTES && tree->total.cont != 0))
        return false;
    if (tree->cursor.leaf != leaf || tree->cursor.i > i)
        tree->cursor.leaf = NULL; /* what comes before it will change */
    sn_tree_bump(tree, leaf, i, &nothing);
    return true;
}

static uint32_t quick_least(uint64_t a, uint64_t b)
{
    return (uint32_t)sn_min_u64(UINT32_MAX, sn_min_u64(a, b));
}

void sn_quick_typed(sennit_doc *doc, uint32_t caret)
{
    sn_tree *tree = &doc->tree;
    sn_replica *me = &doc->who.replicas[doc->me];
    sn_place p = sn_tree_seek(tree, caret - 1); /* the cursor goes along */
    sn_span *s = sn_place_span(&p);
    const sn_op *open = &me->log.open;

    if (s->change != doc->change || s->at + s->len != me->text.len || open->kind != SN_INSERT ||
        (s->head & SN_HAS_RIGHT) || !quick_possible(doc, p.leaf, p.i))
        return;
    uint64_t block = SN_TEXT_BLOCK - 1 - me->text.len % SN_TEXT_BLOCK;
    tree->quick.type = s;
    tree->quick.caret = caret;
    tree->quick.room = quick_least(quick_least(me->text.cap - me->text.len, block),
                                   quick_least(doc->limits.text_bytes - doc->who.inserted,
                                               SN_MAX_SEQ - me->seq));
}

/* Whether two spans of a leaf are one typed after the other. */
static bool quick_continues(const sn_span *a, const sn_span *b)
{
    return a->change == b->change && a->at + sn_span_len(a) == b->at && !sn_span_left(b);
}

void sn_quick_deleted(sennit_doc *doc, uint32_t caret, sn_place p)
{
    sn_tree *tree = &doc->tree;
    const sn_replica *me = &doc->who.replicas[doc->me];
    const sn_op *open = &me->log.open;
    sn_span *dead = sn_place_span(&p), *back = NULL, *forth = NULL;
    uint32_t low = sn_op_low(open), high = low + open->n;

    if (open->kind != SN_DELETE || open->len != 1 || open->part != SN_WHOLE ||
        !sn_span_dead(dead) || open->ref_replica != doc->who.changes[dead->change].replica)
        return;
    if (p.i > 0 && (open->n == 1 || open->flag) && dead->at == low && !sn_span_dead(dead - 1) &&
        quick_continues(dead - 1, dead))
        back = dead - 1;
    if (p.i + 1 < p.leaf->node.n && (open->n == 1 || !open->flag) &&
        dead->at + sn_span_len(dead) == high && !sn_span_dead(dead + 1) &&
        quick_continues(dead, dead + 1))
        forth = dead + 1;
    if ((back == NULL && forth == NULL) ||
        !quick_possible(doc, p.leaf, p.i - (back != NULL)))
        return;
    tree->quick.back = back;
    tree->quick.forth = forth;
    tree->quick.caret = caret;
    tree->quick.room = quick_least(SN_MAX_SEQ - me->seq, UINT32_MAX);
}

/* ---- others' keystrokes ---- */

static bool quick_apply_type(sennit_doc *doc, sn_replica *r, uint8_t c)
{
    sn_tree *tree = &doc->tree;
    sn_op *open = &r->log.open;
    sn_span *s = &tree->hit->span[tree->hit_i];

    if (open->kind != SN_INSERT || s->change != open->change || s->at + s->len != r->text.len ||
        (s->head & SN_HAS_RIGHT) || r->text.len == r->text.cap ||
        doc->who.inserted >= doc->limits.text_bytes)
        return false;
    const sn_count by = {1, 0, 0, c == '\n'};
    sn_text_append(&r->text, &c, 1);
    open->n++;
    r->number++;
    doc->who.inserted++;
    s->len++;
    sn_tree_bump(tree, tree->hit, tree->hit_i, &by);
    return true;
}

static bool quick_apply_delete(sennit_doc *doc, sn_replica *r, bool back)
{
    sn_tree *tree = &doc->tree;
    sn_op *open = &r->log.open;
    sn_leaf *leaf = tree->hit;
    sn_span *dead = &leaf->span[tree->hit_i];
    uint32_t low = sn_op_low(open), high = low + open->n;

    if (open->kind != SN_DELETE || open->len != 1 || open->part != SN_WHOLE ||
        (open->n > 1 && (bool)open->flag != back) || !sn_span_dead(dead) ||
        open->ref_replica != doc->who.changes[dead->change].replica)
        return false;
    sn_span *s = back ? dead - 1 : dead + 1;
    if (back ? tree->hit_i == 0 || dead->at != low : tree->hit_i + 1 >= leaf->node.n ||
                                                     dead->at + sn_span_len(dead) != high)
        return false;
    const sn_replica *author = sn_author(&doc->who, s->change);
    if (sn_span_dead(s) || s->len == 1 || !quick_continues(back ? s : dead, back ? dead : s) ||
        author->text.bytes[back ? s->at + s->len - 1 : s->at] >= 0x80)
        return false;
    uint8_t c = back ? quick_back(author, s) : quick_forth(author, s);
    const sn_count by = {UINT32_MAX, 0, 0, c == '\n' ? UINT32_MAX : 0};
    open->flag = back;
    open->n++;
    sn_tree_bump(tree, leaf, tree->hit_i + (back ? 0u - 1u : 1u), &by);
    return true;
}

bool sn_quick_apply(sennit_doc *doc, uint32_t replica, uint32_t seq, sn_relative what, uint8_t c)
{
    sn_replica *r = &doc->who.replicas[replica];
    sn_tree *tree = &doc->tree;

    if (r->seq != seq || seq == 0 || seq >= SN_MAX_SEQ || tree->hit == NULL ||
        doc->patches.watch != 0 || doc->park.pieces_len > 0 || doc->ready != NULL)
        return false;
    if (what == SN_TYPED ? c >= 0x80 || !quick_apply_type(doc, r, c)
                         : !quick_apply_delete(doc, r, what == SN_BACK))
        return false;
    r->seq++;
    sn_doc_selfcheck(doc);
    return true;
}
