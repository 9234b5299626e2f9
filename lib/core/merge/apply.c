/* Operations from elsewhere: look at all, then do all that is ready.
 *
 *   open      find the replicas that the batch names
 *   stage     segment by segment: skip what is known, check what is new against
 *             the document; texts, changes and log are stored behind what counts
 *   park      copy what has to wait
 *   reserve   everything the rest can need
 *   commit    cannot fail
 *   wake      parked pieces whose causes are known now go through the same
 *
 * Failing before commit takes what was staged back.
 */
#include "core/merge/apply.h"

#include "core/merge/cover.h"
#include "core/merge/lone.h"
#include "core/renew/redact.h"
#include "core/tree/tree_node.h"

/* ---- open ---- */

/* All but `few`, which is large and filled as needed. */
static void apply_init(sn_apply *a, sennit_doc *doc, sn_batch *batch, sennit_error *err)
{
    memset(a, 0, offsetof(sn_apply, few));
    a->doc = doc;
    a->batch = batch;
    a->err = err;
}

static sennit_status apply_open(sn_apply *a)
{
    uint32_t n = a->batch->ids_len;

    a->at = a->few;
    if (n > SN_APPLY_FEW) {
        a->at = sn_mem_resize(&a->doc->mem, NULL, 0, n * sizeof *a->at);
        if (a->at == NULL)
            return SENNIT_ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t r = sn_roster_find(&a->doc->who, a->batch->ids[i]);

        const sn_replica *known = r != SN_NO_REPLICA ? &a->doc->who.replicas[r] : NULL;

        a->at[i].replica = r;
        a->at[i].seq = known != NULL ? known->seq : 0;
        a->at[i].text_len = known != NULL ? known->text.len : 0;
        a->at[i].records = 0;
        a->at[i].staged = a->at[i].blocked = false;
        a->at[i].cut = NULL;
    }
    a->replicas_len = a->doc->who.replicas_len;
    a->changes_len = a->doc->who.changes_len;
    a->newest_name = a->doc->book.newest_name;
    return SENNIT_OK;
}

static void apply_close(sn_apply *a)
{
    while (a->parked != NULL) {
        sn_piece *next = a->parked->next;

        sn_park_drop(&a->doc->mem, a->parked);
        a->parked = next;
    }
    if (a->at != NULL && a->at != a->few)
        sn_mem_free(&a->doc->mem, a->at, a->batch->ids_len * sizeof *a->at);
}

static void apply_rollback(sn_apply *a)
{
    sn_roster *who = &a->doc->who;

    if (a->at == NULL)
        return;
    for (uint32_t i = 0; i < a->batch->ids_len; i++) {
        const sn_apply_at *at = &a->at[i];

        if (at->cut != NULL)
            at->cut->n = at->cut_from;
        if (at->staged)
            sn_book_unstage(a->doc, at->replica, who->replicas[at->replica].seq);
        if (at->staged && at->replica < a->replicas_len) {
            sn_replica *r = &who->replicas[at->replica];

            sn_text_truncate(&r->text, at->text_len);
            sn_log_restore(&r->log, &at->log);
        }
    }
    sn_book_forget(a->doc, a->newest_name);
    sn_roster_truncate(who, &a->doc->mem, a->replicas_len, a->changes_len);
}

/* ---- stage ---- */

sennit_status sn_apply_fail(const sn_apply *a, const sn_segment *seg, sennit_status code,
                            const char *what)
{
    return sn_fail(a->err, code, seg->pos, what);
}

/* The newest change among those a record names. */
static uint32_t apply_named(const sn_apply *a, const sn_op *op)
{
    const sn_roster *who = &a->doc->who;
    uint32_t r = a->at[op->ref_replica].replica;

    if (op->kind == SN_TOGGLE)
        return sn_roster_change_at_seq(who, r, op->ref);
    return sn_roster_change_of(who, r, (uint32_t)(sn_op_named_end(op) - 1));
}

/* Whether a record's ends, and in a run each operation's, are between
 * characters. For runs of single bytes that is: no continuation bytes. */
bool sn_apply_cuts_character(const sn_text *text, const sn_op *op)
{
    if (op->kind != SN_DELETE) /* an insert on the left, or a mark's end before it */
        return !sn_text_boundary(text, (uint64_t)op->ref + ((op->kind == SN_INSERT) != op->flag));

    uint32_t low = sn_op_low(op), len = op->n * op->len;
    if (!sn_text_boundary(text, low) || !sn_text_boundary(text, (uint64_t)low + len))
        return true;
    if (op->len == 1)
        return op->n > 1 && sn_text_count(text, low, len).cont != 0;
    for (uint32_t k = 1; k < op->n; k++)
        if (!sn_text_boundary(text, (uint64_t)low + (uint64_t)k * op->len))
            return true;
    return false;
}

/* What a known document shows to be wrong with a record that is ready. */
static sennit_status apply_check(const sn_apply *a, const sn_segment *seg, const sn_op *op,
                                 uint32_t change)
{
    const sn_roster *who = &a->doc->who;

    if (op->ref_replica == SN_NO_REPLICA)
        return SENNIT_OK;
    uint32_t r = a->at[op->ref_replica].replica;
    /* A replica's own operations are in order, which was seen before. */
#if SENNIT_MUTANT != 9
    if (op->ref_replica != seg->replica && !sn_change_le(who, apply_named(a, op), change))
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "an operation is not newer than what it names");
#endif
    if (op->kind == SN_TOGGLE) {
        sn_log_iter it;
        sn_op target;

        if (!sn_switch_find(a->doc, r, op->ref, &it, &target))
            return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "a toggle of what cannot be switched");
        if (op->ref < who->replicas[r].cut.seq && !op->flag)
            return sn_apply_fail(a, seg, SENNIT_EGONE, "brings back what is not here");
        return SENNIT_OK;
    }
    if (sn_apply_cuts_character(&who->replicas[r].text, op))
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "an operation cuts a character");
    return SENNIT_OK;
}

/* Store what a record brings where it will count once committed. */
static sennit_status apply_stage_record(sn_apply *a, sn_segment *seg, const sn_op *op,
                                        sn_supply *bytes)
{
    sn_apply_at *author = &a->at[seg->replica];
    sn_replica *r = &a->doc->who.replicas[author->replica];

    SN_TRY(apply_check(a, seg, op, seg->change));
    if (op->kind == SN_INSERT) {
        if (a->doc->who.inserted + a->inserted + op->n > a->doc->limits.text_bytes)
            return sn_apply_fail(a, seg, SENNIT_ELIMIT, "too much text");
        SN_TRY(sn_text_reserve(&r->text, &a->doc->mem, op->n));
        sn_text_append(&r->text, bytes->text, op->n);
        bytes->text += op->n;
        a->inserted += op->n;
        a->inserts++;
    } else if (op->kind == SN_DELETE) {
        a->covers += (uint64_t)op->n * op->len;
    } else if (op->kind == SN_TOGGLE) {
        a->toggles++;
    } else if (sn_op_is_note(op)) {
        sennit_status st = sn_book_stage(a->doc, author->replica, op->seq, op->kind == SN_MARK,
                                         bytes->notes, op->len);

        if (st != SENNIT_OK)
            return sn_apply_fail(a, seg, st, st == SENNIT_ELIMIT ? "too many names and values"
                                                                 : sennit_status_text(st));
        bytes->notes += op->len;
    }
    const sn_op mapped = sn_apply_mapped(a, seg, op);
    sn_log_append(&r->log, &mapped, author->replica, a->doc->who.changes[seg->change].ordinal);
    author->seq += sn_op_seqs(op);
    author->records++;
    a->records++;
    return SENNIT_OK;
}

/* A segment of a replica that is not known: add it. */
static sennit_status apply_stage_author(sn_apply *a, const sn_segment *seg)
{
    sn_apply_at *at = &a->at[seg->replica];

    if (at->replica == SN_NO_REPLICA) {
        if (a->doc->who.replicas_len >= a->doc->limits.replicas)
            return sn_apply_fail(a, seg, SENNIT_ELIMIT, "too many replicas");
        SN_TRY(sn_roster_add(&a->doc->who, &a->doc->mem, a->batch->ids[seg->replica],
                             &at->replica));
    }
    sn_replica *r = &a->doc->who.replicas[at->replica];
    if (!at->staged)
        at->log = sn_log_save(&r->log);
    at->staged = true;
    return sn_log_reserve(&r->log, &a->doc->mem, seg->n);
}

/* The change that a segment's records are in: the author's last, or a new one. */
static sennit_status apply_stage_change(sn_apply *a, sn_segment *seg)
{
    sn_roster *who = &a->doc->who;
    const sn_apply_at *at = &a->at[seg->replica];
    const sn_replica *r = &who->replicas[at->replica];

    if (seg->number != r->text.len)
        return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "numbers of bytes do not follow the known ones");
    if (r->changes_len > 0) {
        seg->change = r->changes[r->changes_len - 1];
        if (seg->hlc == who->times[seg->change])
            return SENNIT_OK;
        if (seg->hlc < who->times[seg->change])
            return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "a replica's time runs backwards");
    }
    SN_TRY(sn_roster_reserve(who, &a->doc->mem, at->replica, 1));
    seg->change = sn_roster_change(who, at->replica, seg->hlc, seg->seq, seg->number);
    return SENNIT_OK;
}

static uint32_t apply_seqs(const sn_apply *a, const sn_segment *seg)
{
    const sn_op *last = &a->batch->ops[seg->first + seg->n - 1];

    return last->seq + last->n - seg->seq;
}

/* Ready operations up to the first that is not. */
static sennit_status apply_stage_records(sn_apply *a, sn_segment *seg)
{
    sn_op *ops = &a->batch->ops[seg->first];
    sn_cause cause = {0, 0, false};
    sn_supply bytes = {seg->text, seg->notes};
    uint32_t i = 0, end = 0;

    while (i < seg->n && !a->at[seg->replica].blocked) {
        uint32_t k = sn_apply_ready(a, ops, &end, &cause);

        if (k == 0)
            return sn_apply_park(a, seg, i, bytes, &cause);
        if (i == 0) {
            SN_TRY(apply_stage_author(a, seg));
            SN_TRY(apply_stage_change(a, seg));
        }
        if (k < ops[i].n)
            SN_TRY(sn_apply_cut(a, seg, i, k, bytes, &cause));
        for (; i < end; i++)
            SN_TRY(apply_stage_record(a, seg, &ops[i], &bytes));
        seg->ready = end;
    }
    return SENNIT_OK;
}

/* An operation that names its own author's future never becomes ready. */
static sennit_status apply_check_own(const sn_apply *a, const sn_segment *seg)
{
    for (uint32_t i = 0; i < seg->n; i++) {
        const sn_op *op = &a->batch->ops[seg->first + i];

        if (op->ref_replica == seg->replica && sn_op_named_end(op) > (op->kind == SN_TOGGLE ? op->seq : op->number))
            return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "an operation names a later one");
    }
    return SENNIT_OK;
}

/* Ask whoever must agree about what is left of a segment: all of it is new. */
static sennit_status apply_ask(const sn_apply *a, const sn_segment *seg)
{
    const sennit_admission *admission = a->doc->admission;

    if (SN_LIKELY(admission == NULL))
        return SENNIT_OK;
    sennit_change change = {.replica = a->batch->ids[seg->replica], .unix_ms = seg->hlc >> 16,
                            .first = seg->seq};
    unsigned kinds = 0;

    if (seg->relative != SN_ABSOLUTE)
        change.unix_ms = seg->same_change ? 0 : UINT64_MAX;
    for (uint32_t i = 0; i < seg->n; i++) {
        const sn_op *op = &a->batch->ops[seg->first + i];

        kinds |= op->part == SN_REDACTION ? SENNIT_KIND_REDACTION : 1u << op->kind;
        change.operations += sn_op_seqs(op);
        change.inserted_bytes += op->kind == SN_INSERT ? op->n : 0;
    }
    sennit_status st = admission->new_change(admission->self, &change, kinds);
    return st == SENNIT_OK ? st : sn_apply_fail(a, seg, st, "not admitted");
}

static sennit_status apply_stage_segment(sn_apply *a, sn_segment *seg)
{
    sn_apply_at *at = &a->at[seg->replica];
    uint32_t seqs;

    seg->ready = 0;
    if (seg->relative != SN_ABSOLUTE && seg->seq <= at->seq)
        SN_TRY(sn_apply_resolve(a, seg));
    if (seg->relative == SN_ABSOLUTE)
        SN_TRY(apply_check_own(a, seg));
    seqs = apply_seqs(a, seg);
    if (seg->seq < at->seq) {
        uint32_t known = (uint32_t)sn_min_u64(at->seq - seg->seq, seqs);

        SN_TRY(sn_apply_known(a, seg, known));
        a->known += known;
        if (known == seqs)
            return SENNIT_OK;
    }
    SN_TRY(apply_ask(a, seg));
    if (at->blocked || seg->seq > at->seq) {
        sn_cause cause = {a->batch->ids[seg->replica], seg->seq, false};

        return sn_apply_park(a, seg, 0, (sn_supply){seg->text, seg->notes}, &cause);
    }
    return apply_stage_records(a, seg);
}

/* ---- reserve ---- */

/* Deletes and toggles can only cut where a span ends now, where the number of
 * covers changes, or where a range in this batch ends, however many there are. The
 * number of covers begins to change only where a span or a range ends. */
static sennit_status apply_reserve(sn_apply *a)
{
    sennit_doc *doc = a->doc;
    sn_tree *tree = &doc->tree;
    uint64_t ends = (uint64_t)tree->leaves_used * SN_LEAF + 4 * (uint64_t)a->records + 2 * a->ranges;
    uint64_t edges = ends + (uint64_t)doc->cover.leaves * SN_MAP_FANOUT;
    uint64_t cuts = sn_min_u64(a->cuts, edges);
    uint64_t covers = sn_min_u64(2 * (a->bulk ? a->cuts : a->covers), ends); /* else covered already */
    uint64_t spans = 2 * (uint64_t)a->records + 2 * cuts;
    uint64_t places = 2 * (uint64_t)a->records + cuts; /* the ends of a delete may be far apart */

    if (a->records == 0)
        return sn_park_reserve(&doc->park, &doc->mem, doc->who.hash_key, a->parked_len);
    if (!a->bulk || cuts > 0)
        SN_TRY(sn_tree_reserve(tree, a->bulk ? 2 * cuts : spans, a->bulk ? cuts : places));
    if (covers > 0)
        SN_TRY(sn_map_reserve(&doc->cover, &doc->mem, covers));
    if (a->toggles > 0) {
        SN_TRY(sn_mem_grow32(&doc->mem, (void **)&doc->switches, &doc->switches_cap,
                             doc->switches_len + a->toggles, sizeof *doc->switches));
        SN_TRY(sn_map_reserve(&doc->toggled, &doc->mem, a->toggles));
    }
    if (a->parked_len > 0)
        SN_TRY(sn_park_reserve(&doc->park, &doc->mem, doc->who.hash_key, a->parked_len));
    return SENNIT_OK;
}

/* ---- commit ---- */

sn_op sn_apply_mapped(const sn_apply *a, const sn_segment *seg, const sn_op *op)
{
    sn_op mapped = *op;

    mapped.change = seg->change;
    if (op->ref_replica != SN_NO_REPLICA)
        mapped.ref_replica = a->at[op->ref_replica].replica;
    return mapped;
}

static void apply_insert(sennit_doc *doc, const sn_op *op, uint32_t author)
{
    sn_count c = sn_text_count(&doc->who.replicas[author].text, op->number, op->n);
    sn_parent parent = {{NULL, 0, 0}, false};

    if (op->ref_replica != SN_NO_REPLICA)
        parent = (sn_parent){sn_tree_find(&doc->tree, op->ref_replica, op->ref), op->flag};
    sn_place p = sn_order_insert(&doc->tree, &parent, op->change, op->number, op->n, &c);
    doc->tree.hit = p.leaf;
    doc->tree.hit_i = p.i;
    if (sn_doc_watches(doc))
        sn_doc_patch(doc, p, &c, true, author);
}

static void apply_commit_record(sennit_doc *doc, const sn_op *op, uint32_t author)
{
    if (op->kind == SN_INSERT)
        apply_insert(doc, op, author);
    else if (op->kind == SN_DELETE)
        sn_cover_add(doc, op->ref_replica, sn_op_low(op), op->n * op->len, author);
    else if (op->kind == SN_TOGGLE)
        sn_switch_decide(doc, op->ref_replica, op->ref, op->change, op->seq, op->flag);
}

static void apply_commit(sn_apply *a)
{
    sennit_doc *doc = a->doc;

    for (uint32_t i = 0; i < a->batch->segments_len; i++) {
        const sn_segment *seg = &a->batch->segments[i];
        uint32_t author = a->at[seg->replica].replica;

        for (uint32_t k = 0; k < seg->ready; k++) {
            const sn_op op = sn_apply_mapped(a, seg, &a->batch->ops[seg->first + k]);

            if (SN_UNLIKELY(sn_op_is_note(&op))) {
                const sn_op start = sn_apply_mapped(
                    a, seg, &a->batch->ops[seg->first + k - (op.part == SN_LAST)]);

                sn_book_commit(doc, author, &start, &op);
            } else if (!a->bulk || op.kind == SN_TOGGLE) { /* the rest is built already */
                apply_commit_record(doc, &op, author);
            }
            if (SN_UNLIKELY(op.part == SN_REDACTION) && SENNIT_MUTANT != 64)
                sn_doc_redacted(doc, &op);
        }
        if (seg->ready > 0)
            sn_clock_see(&doc->clock, seg->hlc);
    }
    sn_apply_settle_toggles(a);
    for (uint32_t i = 0; i < a->batch->ids_len; i++) {
        if (a->at[i].records == 0)
            continue;
        sn_replica *r = &doc->who.replicas[a->at[i].replica];

        a->applied += a->at[i].seq - r->seq;
        r->seq = a->at[i].seq;
    }
    doc->who.inserted += a->inserted;
}

static void apply_commit_parked(sn_apply *a)
{
    sennit_doc *doc = a->doc;

    while (a->parked != NULL) {
        sn_piece *piece = a->parked, *next = piece->next;
        uint64_t operations = piece->operations;

        piece->call = a->born;
        if (!sn_park_add(&doc->park, doc->who.hash_key, piece))
            sn_park_drop(&doc->mem, piece);
        a->parked = next;
        a->waiting += operations;
    }
}

/* ---- one batch ---- */

static sennit_status apply_prepare(sn_apply *a)
{
    SN_TRY(apply_open(a));
    for (uint32_t i = 0; i < a->batch->segments_len; i++)
        SN_TRY(apply_stage_segment(a, &a->batch->segments[i]));
    a->bulk = sn_bulk_suits(a);
    if (a->bulk)
        SN_TRY(sn_bulk_build(a));
    SN_TRY(sn_apply_survey_toggles(a));
    return apply_reserve(a);
}

/* Give back what a large reservation did not need. */
static void apply_trim(const sn_apply *a)
{
    sennit_doc *doc = a->doc;

    if (a->bulk || a->records > 64)
        sn_tree_trim(&doc->tree);
    if (a->covers > 64)
        sn_map_trim(&doc->cover, &doc->mem);
    for (uint32_t i = 0; i < doc->who.replicas_len && a->bulk; i++)
        sn_log_trim(&doc->who.replicas[i].log, &doc->mem);
}

static sennit_status apply_once(sn_apply *a)
{
    sennit_status st = apply_prepare(a);

    if (st == SENNIT_OK) {
        apply_commit(a);
        apply_commit_parked(a);
    } else {
        if (a->bulk)
            sn_bulk_clear(a);
        apply_rollback(a);
    }
    apply_trim(a);
    apply_close(a);
    return st;
}

/* The same with the short way for one insert. born: the call that brought the batch. */
static sennit_status apply_batch(sennit_doc *doc, sn_batch *batch, uint64_t born,
                                 sennit_applied *out, sennit_error *err)
{
    uint32_t lone;
    sn_apply a;

    SN_TRY(sn_lone_apply(doc, batch, &lone, err));
    *out = (sennit_applied){lone, 0, 0, 0};
    if (SN_LIKELY(lone > 0))
        return SENNIT_OK;
    apply_init(&a, doc, batch, err);
    a.born = born;
    sennit_status st = apply_once(&a);
    if (st == SENNIT_OK)
        *out = (sennit_applied){a.applied, a.known, a.waiting, 0};
    return st;
}

/* ---- wake ---- */

/* Move the pieces that a replica's progress concerns to the list. */
static void apply_wake_for(sennit_doc *doc, uint64_t id)
{
    uint32_t r = sn_roster_find(&doc->who, id);
    sn_piece *piece;

    if (r == SN_NO_REPLICA)
        return;
    const sn_replica *replica = &doc->who.replicas[r];
    while ((piece = sn_park_wake(&doc->park, doc->who.hash_key, id, replica->seq,
                                 replica->number)) != NULL) {
        piece->next = doc->ready;
        doc->ready = piece;
    }
}

/* After a batch: what its authors' progress concerns, and what this replica's own, which
 * has woken nothing so far. */
static void apply_wake(sennit_doc *doc, const sn_batch *batch)
{
    if (SN_LIKELY(doc->park.pieces_len == 0))
        return;
    for (uint32_t i = 0; i < batch->segments_len; i++)
        apply_wake_for(doc, batch->ids[batch->segments[i].replica]);
    if (doc->me != SN_NO_REPLICA)
        apply_wake_for(doc, doc->who.replicas[doc->me].id);
}

/* Apply pieces from the list until it is empty or memory runs out; then they
 * stay in it for the next call. */
static void apply_ready_pieces(sennit_doc *doc, sennit_applied *out)
{
    while (doc->ready != NULL) {
        sn_piece *piece = doc->ready;
        uint64_t id = piece->author;
        sennit_applied now;
        sennit_status st = apply_batch(doc, &piece->batch, piece->call, &now, NULL);

        if (st == SENNIT_ENOMEM)
            return;
        doc->ready = piece->next;
        if (piece->call == doc->calls) { /* it did not wait long; its rest may still */
            out->parked -= piece->operations;
            out->parked += now.parked;
        }
        if (st != SENNIT_OK)
            out->dropped += piece->operations;
        out->applied += now.applied;
        sn_park_drop(&doc->mem, piece);
        apply_wake_for(doc, id);
    }
}

sennit_status sn_doc_apply_batch(sennit_doc *doc, sn_batch *batch, sennit_applied *out,
                                 sennit_error *err)
{
    if (batch->lineage != NULL && doc->has_lineage && memcmp(batch->lineage, doc->lineage, 16) != 0)
        return sn_fail(err, SENNIT_ELINEAGE, 0, "a delta of another document");
    sn_tree_unquick(&doc->tree);
    if (SN_UNLIKELY(doc->patches.cut)) /* it may bring operations of this replica's */
        sn_patches_overwrite(&doc->patches);
    doc->applying = true;
    sennit_status st = apply_batch(doc, batch, ++doc->calls, out, err);
    if (st != SENNIT_OK) {
        doc->applying = false;
        return st;
    }
    doc->admission = NULL; /* what waited was asked about when it came */
    if (batch->lineage != NULL && !doc->has_lineage)
        sn_doc_set_lineage(doc, batch->lineage);
    apply_wake(doc, batch);
    if (SN_UNLIKELY(doc->ready != NULL))
        apply_ready_pieces(doc, out);
    doc->applying = false;
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

void sn_doc_apply_ready(sennit_doc *doc)
{
    sennit_applied applied = {0, 0, 0, 0};

    doc->applying = true;
    apply_ready_pieces(doc, &applied);
    doc->applying = false;
}
