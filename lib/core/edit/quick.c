/* Making ready for the next keystroke, and keystrokes of others; see quick.h. */
#include "core/edit/quick.h"

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

void sn_quick_typed(sennit_doc *doc, uint32_t at, sn_place p, uint32_t len)
{
    sn_tree *tree = &doc->tree;
    sn_replica *me = &doc->who.replicas[doc->me];
    sn_span *s = sn_place_span(&p);
    uint32_t caret = at + len;
    const sn_op *open = &me->log.open;

    sn_tree_point(tree, p, at);
    if (!SN_QUICK || s->change != doc->change || s->at + s->len != me->text.len || open->kind != SN_INSERT ||
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

    if (!SN_QUICK || open->kind != SN_DELETE || open->len != 1 || open->part != SN_WHOLE ||
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
    tree->quick.bytes = sn_author(&doc->who, dead->change)->text.bytes;
    tree->quick.caret = caret;
    tree->quick.room = quick_least(SN_MAX_SEQ - me->seq, UINT32_MAX);
}

/* ---- others' keystrokes ---- */

/* The byte that goes, from one neighbour to the other. */
static uint8_t quick_back(const sn_replica *author, sn_span *s)
{
    sn_span *dead = s + 1;

    s->len--;
    dead->at--;
    dead->len++;
    return author->text.bytes[dead->at];
}

static uint8_t quick_forth(const sn_replica *author, sn_span *s)
{
    sn_span *dead = s - 1;

    s->len--;
    s->at++;
    dead->len++;
    return author->text.bytes[s->at - 1];
}

/* If somebody has to agree and does not, the careful way asks again and tells. */
static bool quick_admits(const sennit_doc *doc, const sn_replica *r, sn_kind kind)
{
    const sennit_admission *admission = doc->admission;

    if (SN_LIKELY(admission == NULL))
        return true;
    const sennit_change change = {r->id, doc->who.times[r->log.open.change] >> 16, r->seq, 1,
                                  kind == SN_INSERT};
    return admission->new_change(admission->self, &change, 1u << kind) == SENNIT_OK;
}

/* Somebody else's keystroke elsewhere leaves what is ready for the next one here
 * as it is, but for the place, and for how much text there may still be. */
static SN_APART void quick_count_beside(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *by)
{
    sn_quick *q = &tree->quick;
    bool typing = q->type != NULL && by->bytes == 1;

    if (q->room == 0 || (tree->hot == leaf && (!typing || q->type == &leaf->span[i]))) {
        sn_tree_bump(tree, leaf, i, by);
        return;
    }
    sn_tree_bump_beside(tree, leaf, i, by);
    q->room--;
}

static inline void quick_count(sn_tree *tree, sn_leaf *leaf, uint32_t i, const sn_count *by)
{
    if (SN_UNLIKELY(sn_tree_is_quick(tree)))
        quick_count_beside(tree, leaf, i, by);
    else
        sn_tree_bump(tree, leaf, i, by);
}

static bool quick_apply_type(sennit_doc *doc, sn_replica *r, uint8_t c)
{
    sn_tree *tree = &doc->tree;
    sn_op *open = &r->log.open;
    sn_span *s = &tree->hit->span[tree->hit_i];

    if (open->kind != SN_INSERT || s->change != open->change || s->at + s->len != r->text.len ||
        (s->head & SN_HAS_RIGHT) || r->text.len == r->text.cap ||
        doc->who.inserted >= doc->limits.text_bytes || !quick_admits(doc, r, SN_INSERT))
        return false;
    const sn_count by = {1, 0, 0, c == '\n'};
    sn_text_append(&r->text, &c, 1);
    open->n++;
    r->number++;
    doc->who.inserted++;
    s->len++;
    quick_count(tree, tree->hit, tree->hit_i, &by);
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
        author->text.bytes[back ? s->at + s->len - 1 : s->at] >= 0x80 ||
        !quick_admits(doc, r, SN_DELETE))
        return false;
    uint8_t c = back ? quick_back(author, s) : quick_forth(author, s);
    const sn_count by = {UINT32_MAX, 0, 0, c == '\n' ? UINT32_MAX : 0};
    open->flag = back;
    open->n++;
    quick_count(tree, leaf, tree->hit_i + (back ? 0u - 1u : 1u), &by);
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
