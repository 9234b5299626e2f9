/* Transactions: local edits that can be taken back as if they had not been.
 *
 * Nobody else has seen them, nothing else happened meanwhile, so going back is:
 * bring back what they deleted, take out what they inserted, and cut text, log
 * and changes where they were. Room for the cuts was reserved by each edit.
 */
#include "core/edit/txn.h"

#include "core/merge/cover.h"
#include "core/tree/tree_node.h"

static void txn_note(const sennit_doc *doc, sn_txn *mark)
{
    *mark = (sn_txn){.open = doc->txn.open, .has_lineage = doc->has_lineage, .me = doc->me,
                     .changes_len = doc->who.changes_len, .change = doc->change,
                     .last_hlc = doc->clock.last, .edited_ms = doc->edited_ms,
                     .newest_note = doc->book.newest};
    if (doc->me == SN_NO_REPLICA)
        return;
    const sn_replica *me = &doc->who.replicas[doc->me];
    mark->seq = me->seq;
    mark->number = me->number;
    mark->log = sn_log_save(&me->log);
}

void sn_txn_mark(sennit_doc *doc, sn_txn *mark)
{
    sn_tree_unquick(&doc->tree);
    txn_note(doc, mark);
    if (mark->open)
        return;
    doc->txn = *mark;
    doc->txn.open = true;
}

/* Bring back what a delete took, but for what the transaction inserted. */
static void txn_revive(sennit_doc *doc, const sn_txn *mark, const sn_op *op)
{
    uint32_t low = sn_op_low(op), len = op->n * op->len;

    if (op->ref_replica == doc->me) {
        if (low >= mark->number)
            return;
        len = (uint32_t)sn_min_u64(len, mark->number - low);
    }
    sn_cover_drop(doc, op->ref_replica, low, len, doc->me);
}

/* Take out this replica's bytes from a number on. */
static void txn_remove(sennit_doc *doc, uint32_t from, uint32_t end)
{
    sn_tree *tree = &doc->tree;

    while (from < end) {
        sn_place p = sn_tree_find(tree, doc->me, from);
        const sn_span *s = sn_place_span(&p);
        uint32_t n = sn_span_len(s) - p.off;
        sn_leaf *leaf = p.leaf;

        if (!sn_span_dead(s) && sn_doc_watches(doc)) {
            sn_count c = sn_span_count(tree, s, p.off, n);
            sn_doc_patch(doc, p, &c, false, doc->me);
        }
        sn_tree_remove(tree, leaf, p.i, p.off);
        if (p.off == 0 && p.i > 0 && p.i <= leaf->node.n)
            sn_tree_heal(tree, leaf, p.i - 1);
        from += n;
    }
}

/* A byte that got its first right child in the transaction has none again. */
static void txn_childless(sennit_doc *doc, const sn_txn *mark, const sn_op *op)
{
    if (op->flag || op->ref_replica == SN_NO_REPLICA ||
        (op->ref_replica == doc->me && op->ref >= mark->number))
        return;
    sn_place p = sn_tree_find(&doc->tree, op->ref_replica, op->ref);
    sn_place_span(&p)->head &= ~SN_HAS_RIGHT;
}

static void txn_each(sennit_doc *doc, const sn_txn *mark, sn_kind kind,
                     void (*each)(sennit_doc *doc, const sn_txn *mark, const sn_op *op))
{
    sn_log_iter it;
    sn_op op;

    sn_roster_seek(&doc->who, &it, doc->me, mark->seq);
    while (sn_log_next(&it, &op)) {
        if (op.seq < mark->seq)
            sn_op_skip(&op, mark->seq - op.seq, doc->me);
        if (op.kind == kind)
            each(doc, mark, &op);
    }
}

static void txn_take_back(sennit_doc *doc, const sn_txn *mark)
{
    sn_replica *me = &doc->who.replicas[doc->me];
    uint32_t end = me->number;

    if (me->seq == mark->seq)
        return;
    sn_book_withdraw(doc, mark->seq);
    doc->book.newest = mark->newest_note;
    txn_each(doc, mark, SN_DELETE, txn_revive);
    txn_remove(doc, mark->number, end);
#if SENNIT_MUTANT != 14
    txn_each(doc, mark, SN_INSERT, txn_childless);
#endif
    if (end > mark->number)
        sn_tree_forget_ids(&doc->tree, doc->me, mark->number);
    doc->who.inserted -= end - mark->number;
    sn_text_truncate(&me->text, mark->number);
    sn_patches_cut(&doc->patches, doc->me, mark->number);
    sn_log_restore(&me->log, &mark->log);
    me->seq = mark->seq;
    sn_roster_truncate(&doc->who, &doc->mem, doc->who.replicas_len, mark->changes_len);
    doc->change = mark->change;
    doc->clock.last = mark->last_hlc;
    doc->edited_ms = mark->edited_ms;
    doc->has_lineage = mark->has_lineage;
    doc->tree.cursor.leaf = NULL;
}

void sn_txn_settle(sennit_doc *doc, const sn_txn *mark, sennit_status status)
{
    if (status != SENNIT_OK && doc->me != SN_NO_REPLICA)
        txn_take_back(doc, mark);
    if (mark->open)
        return;
    doc->txn.open = false;
    sn_tree_trim(&doc->tree); /* what was kept for going back */
}

sennit_status sennit_doc_begin(sennit_doc *doc)
{
    sn_txn mark;

    if (doc->txn.open)
        return SENNIT_EBUSY;
    sn_txn_mark(doc, &mark);
    return SENNIT_OK;
}

sennit_status sennit_doc_commit(sennit_doc *doc)
{
    if (!doc->txn.open)
        return SENNIT_EINVAL;
    doc->txn.open = false;
    sn_tree_trim(&doc->tree);
    return SENNIT_OK;
}

sennit_status sennit_doc_abort(sennit_doc *doc)
{
    if (!doc->txn.open)
        return SENNIT_EINVAL;
    sn_txn mark = doc->txn;
    mark.open = false;
    sn_txn_settle(doc, &mark, SENNIT_EINVAL);
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}
