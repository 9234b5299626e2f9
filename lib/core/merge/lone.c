/* One insert from elsewhere, looked at and done; see lone.h. */
#include "core/merge/lone.h"

#include "core/merge/apply.h"

/* What is known of it before anything is written. */
typedef struct lone_insert {
    uint64_t id, hlc;
    uint32_t replica;  /* its author, or SN_NO_REPLICA: not known yet */
    uint32_t change;   /* the author's last, if that is of the same time; else SN_ROOT_CHANGE */
    sn_op op;          /* with the document's indices, but for its change */
    sn_parent parent;
    const uint8_t *text;
} lone_insert;

/* The author's time for it, which does not run backwards. */
static bool lone_time(const sn_roster *who, const sn_segment *seg, lone_insert *in)
{
    const sn_replica *r = &who->replicas[in->replica];

    in->hlc = seg->hlc;
    if (r->changes_len == 0)
        return seg->relative == SN_ABSOLUTE;
    uint32_t last = r->changes[r->changes_len - 1];
    uint64_t before = who->times[last];
    if (seg->relative != SN_ABSOLUTE)
        in->hlc = seg->same_change ? before
                                   : ((before >> 16) + (seg->hlc >> 16)) << 16 | (seg->hlc & 0xffff);
    if (in->hlc == before)
        in->change = last;
    return (in->hlc >= before || SENNIT_MUTANT == 95) && in->hlc <= SN_MAX_HLC &&
           (in->hlc > before || seg->relative == SN_ABSOLUTE || seg->same_change);
}

/* Whether it is what its author did next, and when that was. */
static bool lone_author(sennit_doc *doc, const sn_segment *seg, lone_insert *in)
{
    sn_roster *who = &doc->who;

    in->change = SN_ROOT_CHANGE;
    in->hlc = seg->hlc;
    in->replica = sn_roster_find(who, in->id);
    if (in->replica == SN_NO_REPLICA)
        return seg->relative == SN_ABSOLUTE && seg->seq == 0 && seg->number == 0 &&
               who->replicas_len < doc->limits.replicas;
    const sn_replica *r = &who->replicas[in->replica];
    if (seg->seq != r->seq ||
        (seg->relative == SN_ABSOLUTE && seg->number != r->text.len && SENNIT_MUTANT != 94))
        return false;
    in->op.number = r->text.len;
    return lone_time(who, seg, in);
}

/* Whether its parent is here, between characters where it has to be, and older. */
static bool lone_parent(sennit_doc *doc, const sn_batch *batch, lone_insert *in)
{
    sn_roster *who = &doc->who;
    sn_op *op = &in->op;

    if (batch->segments->relative == SN_TYPED) {
        op->ref_replica = in->replica;
        op->ref = op->number - 1;
    } else if (op->ref_replica != SN_NO_REPLICA) {
        op->ref_replica = op->ref_replica == batch->segments->replica
                              ? in->replica : sn_roster_find(who, batch->ids[op->ref_replica]);
        if (op->ref_replica == SN_NO_REPLICA)
            return false;
    } else {
        in->parent = (sn_parent){{NULL, 0, 0}, false};
        return true;
    }
    const sn_replica *of = &who->replicas[op->ref_replica];
    if (op->ref >= of->number || (sn_apply_cuts_character(&of->text, op) && SENNIT_MUTANT != 93))
        return false;
    in->parent = (sn_parent){sn_tree_find(&doc->tree, op->ref_replica, op->ref), op->flag};
    const sn_key key = {in->hlc, in->id};
    return op->ref_replica == in->replica || SENNIT_MUTANT == 92 ||
           sn_roster_key_le(who, sn_parent_change(&in->parent), &key);
}

static sennit_status lone_ask(const sennit_doc *doc, const sn_segment *seg, const lone_insert *in,
                              sennit_error *err)
{
    const sennit_admission *admission = doc->admission;

    if (SN_LIKELY(admission == NULL))
        return SENNIT_OK;
    const sennit_change change = {in->id, in->hlc >> 16, in->op.seq, in->op.n, in->op.n};
    sennit_status st = admission->new_change(admission->self, &change, SENNIT_KIND_INSERT);
    return st == SENNIT_OK ? st : sn_fail(err, st, seg->pos, "not admitted");
}

/* Memory for everything; a replica and a change that are new are there then, with
 * nothing in them. */
static sennit_status lone_reserve(sennit_doc *doc, lone_insert *in)
{
    sn_roster *who = &doc->who;

    if (in->replica == SN_NO_REPLICA)
        SN_TRY(sn_roster_add(who, &doc->mem, in->id, &in->replica));
    if (in->change == SN_ROOT_CHANGE) {
        SN_TRY(sn_roster_reserve(who, &doc->mem, in->replica, 1));
        in->change = sn_roster_change(who, in->replica, in->hlc, in->op.seq, in->op.number);
    }
    sn_replica *r = &who->replicas[in->replica];
    SN_TRY(sn_log_reserve(&r->log, &doc->mem, 1));
    return sn_text_reserve(&r->text, &doc->mem, in->op.n);
}

static void lone_commit(sennit_doc *doc, lone_insert *in, sn_place p)
{
    sn_replica *r = &doc->who.replicas[in->replica];
    const sn_op *op = &in->op;

    in->op.change = in->change;
    sn_text_append(&r->text, in->text, op->n);
    sn_log_append(&r->log, op, in->replica, doc->who.changes[op->change].ordinal);
    r->seq += op->n;
    doc->who.inserted += op->n;
    sn_clock_see(&doc->clock, in->hlc);
    sn_count c = sn_text_count(&r->text, op->number, op->n);
    sn_order_put(&doc->tree, &in->parent, &p, op->change, op->number, op->n, &c);
    doc->tree.hit = p.leaf;
    doc->tree.hit_i = p.i;
    if (sn_doc_watches(doc))
        sn_doc_patch(doc, p, &c, true, in->replica);
}

/* All that can fail, and where it goes. What came with a failure is taken back. */
static sennit_status lone_prepare(sennit_doc *doc, lone_insert *in, sn_place *p)
{
    uint32_t replicas_len = doc->who.replicas_len, changes_len = doc->who.changes_len;
    sennit_status st = lone_reserve(doc, in);

    if (st == SENNIT_OK) {
        *p = sn_order_find(&doc->tree, &in->parent, in->change);
        st = sn_tree_reserve_at(&doc->tree, p->leaf, 2);
    }
    if (SN_UNLIKELY(st != SENNIT_OK))
        sn_roster_truncate(&doc->who, &doc->mem, replicas_len, changes_len);
    return st;
}

sennit_status sn_lone_apply(sennit_doc *doc, const sn_batch *batch, uint32_t *done,
                            sennit_error *err)
{
    const sn_segment *seg = batch->segments;
    lone_insert in;
    sn_place p;

    *done = 0;
    if (!SN_QUICKER || batch->ops_len != 1 || batch->segments_len != 1 || batch->ops->kind != SN_INSERT)
        return SENNIT_OK; /* sn_batch_cut may have left no segment of it */
    in.id = batch->ids[seg->replica];
    in.op = *batch->ops;
    in.text = seg->text;
    if (!lone_author(doc, seg, &in) || !lone_parent(doc, batch, &in) ||
        doc->who.inserted + in.op.n > doc->limits.text_bytes)
        return SENNIT_OK;
    SN_TRY(lone_ask(doc, seg, &in, err));
    SN_TRY(lone_prepare(doc, &in, &p));
    lone_commit(doc, &in, p);
    *done = in.op.n;
    return SENNIT_OK;
}
