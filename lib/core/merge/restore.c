/* Opening a document: all its operations at once, and text that stands in
 * document order.
 *
 *   lay out   how much each replica inserted is known before any record is read
 *   records   checked, logged, and given to bulk.c
 *   order     bulk.c puts the runs in order
 *   text      comes from where the order says, and is checked
 *   tree      is built
 */
#include "core/merge/restore.h"

#include "base/bytes.h"
#include "base/sort.h"
#include "core/merge/apply.h"
#include "core/merge/cover.h"
#include "core/renew/redact.h"
#include "core/rich/mark_index.h"
#include "core/tree/bulk.h"
#include "core/tree/tree_node.h"

#define COPY_SHORT 32u /* bytes */
#define RECORDS_NEAR 128

/* A replica that the batch names. */
typedef struct restore_at {
    uint32_t replica;     /* index here, or SN_NO_REPLICA: it wrote nothing */
    uint32_t seq, number; /* so far */
    uint32_t total;       /* bytes it inserted in all */
} restore_at;

typedef struct restoring {
    sennit_doc *doc;
    sn_batch *batch;
    const sn_restore *text;
    sennit_error *err;
    restore_at *at;
    sn_bulk bulk;
    sn_bulk_again again;
    uint32_t inserts, deletes, toggles, notes;
} restoring;

static sennit_status restore_bad(const restoring *r, size_t pos, const char *what)
{
    return sn_fail(r->err, SENNIT_ECORRUPT, pos, what);
}

/* ---- laying out ---- */

static void restore_count(restoring *r)
{
    uint32_t inserts = 0, deletes = 0, notes = 0;

    for (uint32_t i = 0; i < r->batch->ids_len; i++)
        r->at[i] = (restore_at){.replica = SN_NO_REPLICA};
    for (uint32_t i = 0; i < r->batch->segments_len; i++) {
        const sn_segment *seg = &r->batch->segments[i];
        const sn_op *op = &r->batch->ops[seg->first], *end = op + seg->n;
        uint32_t bytes = 0;

        for (; op < end; op++) {
            bool insert = op->kind == SN_INSERT;

            bytes += insert ? op->n : 0;
            inserts += insert;
            deletes += op->kind == SN_DELETE;
            notes += op->kind >= SN_MARK;
        }
        r->at[seg->replica].total += bytes;
    }
    r->inserts = inserts;
    r->deletes = deletes;
    r->notes = notes;
    r->toggles = r->batch->ops_len - inserts - deletes - notes;
}

/* Replicas in the order of the batch's ids, with room for all their text. */
static sennit_status restore_replicas(restoring *r)
{
    sennit_doc *doc = r->doc;

    for (uint32_t i = 0; i < r->batch->segments_len; i++) {
        restore_at *at = &r->at[r->batch->segments[i].replica];

        if (at->replica != SN_NO_REPLICA)
            continue;
        if (doc->who.replicas_len >= doc->limits.replicas)
            return sn_fail(r->err, SENNIT_ELIMIT, 0, "too many replicas");
        SN_TRY(sn_roster_add(&doc->who, &doc->mem, r->batch->ids[r->batch->segments[i].replica],
                             &at->replica));
        sn_text *text = &doc->who.replicas[at->replica].text;
        doc->who.inserted += at->total;
        if (doc->who.inserted > doc->limits.text_bytes)
            return sn_fail(r->err, SENNIT_ELIMIT, 0, "too much text");
        SN_TRY(sn_text_reserve(text, &doc->mem, at->total));
        sn_text_append_unknown(text, at->total);
    }
    SN_TRY(sn_mem_grow32(&doc->mem, (void **)&doc->switches, &doc->switches_cap, r->toggles,
                         sizeof *doc->switches));
    return r->toggles > 0 ? sn_map_reserve(&doc->toggled, &doc->mem, r->toggles) : SENNIT_OK;
}

/* ---- records ---- */

/* Map what a record names to the document's indices; it must be known, and older. */
static sennit_status restore_named(restoring *r, const sn_segment *seg, sn_op *op)
{
    const sn_roster *who = &r->doc->who;
    const restore_at *at = &r->at[op->ref_replica];
    uint64_t end = sn_op_named_end(op);

    if (end > (op->kind == SN_TOGGLE ? at->seq : at->number))
        return restore_bad(r, seg->pos, "an operation names what is not there");
    if (op->ref_replica != seg->replica) {
        uint32_t named = op->kind == SN_TOGGLE
                             ? sn_roster_change_at_seq(who, at->replica, op->ref)
                             : sn_roster_change_of(who, at->replica, (uint32_t)end - 1);

        if (!sn_change_le(who, named, seg->change))
            return restore_bad(r, seg->pos, "an operation is not newer than what it names");
    }
    op->ref_replica = at->replica;
    return SENNIT_OK;
}

static void restore_delete(restoring *r, const sn_op *op)
{
    sn_bulk_delete(&r->bulk, op->ref_replica, sn_op_low(op), op->n * op->len, sn_cover_again,
                   &r->again);
}

/* What operations of a change did to text. */
static sennit_status restore_some(restoring *r, const sn_segment *seg, restore_at *at, sn_op *op,
                                  const sn_op *end)
{
    const bool toggles = r->toggles > 0;

    for (; op < end; op++) {
        op->change = seg->change;
        if (op->ref_replica == seg->replica && op->kind != SN_TOGGLE &&
            sn_op_named_end(op) <= at->number)
            op->ref_replica = at->replica; /* by far the most */
        else if (op->ref_replica != SN_NO_REPLICA)
            SN_TRY(restore_named(r, seg, op));
        at->seq += sn_op_seqs(op);
        if (op->kind == SN_INSERT) {
            at->number += op->n;
            sn_bulk_insert(&r->bulk, op);
        } else if (op->kind == SN_DELETE && !toggles) {
            restore_delete(r, op);
        }
    }
    return SENNIT_OK;
}

/* A few at a time, so that they are near when they are logged. */
static sennit_status restore_records_of(restoring *r, const sn_segment *seg, restore_at *at)
{
    const sn_roster *who = &r->doc->who;
    sn_op *op = &r->batch->ops[seg->first], *end = op + seg->n;

    for (sn_op *stop; op < end; op = stop) {
        stop = end - op > RECORDS_NEAR ? op + RECORDS_NEAR : end;
        SN_TRY(restore_some(r, seg, at, op, stop));
        sn_log_append_all(&who->replicas[at->replica].log, op, (size_t)(stop - op), at->replica,
                          who->changes[seg->change].ordinal);
    }
    return SENNIT_OK;
}

static sennit_status restore_toggles(restoring *r, const sn_segment *seg)
{
    const sn_op *op = &r->batch->ops[seg->first], *end = op + seg->n;
    sn_log_iter it;
    sn_op target;

    for (; op < end; op++) {
        if (op->kind != SN_TOGGLE)
            continue;
        if (op->ref_replica == r->at[seg->replica].replica && op->ref >= op->seq)
            return restore_bad(r, seg->pos, "a toggle of itself or of what comes later");
        if (!sn_switch_find(r->doc, op->ref_replica, op->ref, &it, &target))
            return restore_bad(r, seg->pos, "a toggle of what cannot be switched");
        sn_switch_note(r->doc, op->ref_replica, op->ref, seg->change, op->seq, op->flag);
    }
    return SENNIT_OK;
}

/* The payloads of a change. */
static sennit_status restore_notes_of(restoring *r, const sn_segment *seg, uint32_t author)
{
    const sn_op *op = &r->batch->ops[seg->first], *end = op + seg->n;
    const uint8_t *notes = seg->notes;

    for (; op < end; op++) {
        if (!sn_op_is_note(op))
            continue;
        sennit_status st = sn_book_stage(r->doc, author, op->seq, op->kind == SN_MARK, notes, op->len);
        if (st != SENNIT_OK)
            return sn_fail(r->err, st, seg->pos, sennit_status_text(st));
        notes += op->len;
    }
    return SENNIT_OK;
}

static sennit_status restore_segment(restoring *r, sn_segment *seg)
{
    sn_roster *who = &r->doc->who;
    restore_at *at = &r->at[seg->replica];
    sn_replica *author = &who->replicas[at->replica];

    if (seg->seq != at->seq || seg->number != at->number)
        return restore_bad(r, seg->pos, "operations are missing");
    if (author->changes_len > 0 &&
        who->times[author->changes[author->changes_len - 1]] >= seg->hlc)
        return restore_bad(r, seg->pos, "a replica's time runs backwards");
    SN_TRY(sn_roster_reserve(who, &r->doc->mem, at->replica, 1));
    SN_TRY(sn_log_reserve(&author->log, &r->doc->mem, seg->n));
    seg->change = sn_roster_change(who, at->replica, seg->hlc, seg->seq, seg->number);
    SN_TRY(restore_records_of(r, seg, at));
    author->seq = at->seq;
    if (r->notes > 0)
        SN_TRY(restore_notes_of(r, seg, at->replica));
    sn_clock_see(&r->doc->clock, seg->hlc);
    return r->toggles > 0 ? restore_toggles(r, seg) : SENNIT_OK;
}

/* Whether a delete is on, now that all toggles are known. */
static bool restore_is_on(restoring *r, uint32_t author, uint32_t seq)
{
    const sn_switch *s = sn_switch_of(r->doc, author, seq);

    return s == NULL || s->on;
}

/* Deletes, where toggles have a say in each. */
static void restore_deletes(restoring *r)
{
    for (uint32_t i = 0; i < r->batch->segments_len; i++) {
        const sn_segment *seg = &r->batch->segments[i];
        const sn_op *op = &r->batch->ops[seg->first], *end = op + seg->n;
        uint32_t author = r->at[seg->replica].replica;

        for (; op < end; op++)
            for (uint32_t k = 0; op->kind == SN_DELETE && k < op->n; k++) {
                sn_op one = *op;

                one.ref = sn_op_target(op, k);
                one.n = 1;
                one.flag = 0;
                if (restore_is_on(r, author, op->seq + k))
                    restore_delete(r, &one);
            }
    }
}

static sennit_status restore_records(restoring *r)
{
    for (uint32_t i = 0; i < r->batch->segments_len; i++)
        SN_TRY(restore_segment(r, &r->batch->segments[i]));
    if (r->toggles > 0)
        restore_deletes(r);
    return r->again.status;
}

/* ---- text ---- */

/* A copy that may write beyond n bytes where there is room: most stretches are short,
 * and no two as long as each other. */
static inline void restore_copy(uint8_t *to, const uint8_t *from, uint32_t n, size_t room, size_t left)
{
    if (SN_LIKELY(n <= COPY_SHORT && room >= COPY_SHORT && left >= COPY_SHORT))
        memcpy(to, from, COPY_SHORT);
    else
        memcpy(to, from, n);
}

/* Where text comes from: whether a stretch is deleted is as good as random, so it is
 * an index and no branch. */
typedef struct restore_from {
    const uint8_t *visible;
    const uint8_t *next[2], *end[2]; /* [1]: of deleted text */
} restore_from;

/* As it was typed, so that what is written too much is written over. */
static void restore_text_of(const restoring *r, uint32_t replica, restore_from *from)
{
    const sn_shard *p = r->bulk.shards + r->bulk.first[replica];
    const sn_shard *end = r->bulk.shards + r->bulk.first[replica + 1];
    sn_text *text = &r->doc->who.replicas[replica].text;
    uint8_t *to = text->bytes, *cap = to + text->cap;

    for (; p < end; p++) {
        uint32_t n = sn_span_len(&p->span), dead = p->span.len / SN_DEAD;

        from->next[0] = from->visible + p->next;
        restore_copy(to, from->next[dead], n, (size_t)(cap - to),
                     (size_t)(from->end[dead] - from->next[dead]));
        from->next[dead] += n;
        to += n;
    }
}

/* The same where some of what is deleted is erased, and so is not there. */
static sennit_status restore_erased_of(restoring *r, const sn_erased *erased, uint32_t replica,
                                       restore_from *from)
{
    uint8_t *to = r->doc->who.replicas[replica].text.bytes;

    for (uint32_t k = r->bulk.first[replica]; k < r->bulk.first[replica + 1]; k++) {
        const sn_shard *p = &r->bulk.shards[k];
        uint32_t at = p->span.at, stop = at + sn_span_len(&p->span), dead = p->span.len / SN_DEAD;
        bool is = false;

        from->next[0] = from->visible + p->next;
        for (uint32_t n = stop - at; at < stop; at += n) {
            if (dead)
                n = sn_erased_alike(erased, replica, at, stop - at, &is);
            if (is) {
                memset(to + at, 0, n);
                continue;
            }
            if (n > (size_t)(from->end[dead] - from->next[dead]))
                return restore_bad(r, 0, "less text than is deleted");
            memcpy(to + at, from->next[dead], n);
            from->next[dead] += n;
        }
    }
    return SENNIT_OK;
}

/* What could not be looked at without text. */
static sennit_status restore_check_text(restoring *r)
{
    const sn_roster *who = &r->doc->who;
    bool plain = true;

    for (uint32_t i = 0; i < who->replicas_len; i++) {
        sn_text *text = &who->replicas[i].text;

        if (sn_utf8_valid(text->bytes, text->len) != text->len)
            return restore_bad(r, 0, "ill-formed UTF-8");
        sn_text_mark_blocks(text);
        plain = plain && (text->len == 0 || sn_text_count(text, 0, text->len).cont == 0);
    }
    for (uint32_t i = 0; i < r->batch->segments_len && !plain; i++) {
        const sn_segment *seg = &r->batch->segments[i];
        const sn_op *op = &r->batch->ops[seg->first], *end = op + seg->n;
        const sn_text *own = &who->replicas[r->at[seg->replica].replica].text;

        for (; op < end; op++)
            if ((op->kind == SN_INSERT && !sn_text_boundary(own, op->number)) ||
                (op->kind != SN_TOGGLE && op->ref_replica != SN_NO_REPLICA &&
                 sn_apply_cuts_character(&who->replicas[op->ref_replica].text, op)))
                return restore_bad(r, seg->pos, "an operation cuts a character");
    }
    return SENNIT_OK;
}

/* Whether there is as much text as operations say; of deleted text only where none
 * of it is erased. */
static sennit_status restore_measure_text(const restoring *r)
{
    const size_t visible = r->bulk.visible, deleted = (size_t)r->doc->who.inserted - visible;

    if (r->text->visible_len != visible)
        return restore_bad(r, 0, r->text->visible_len < visible ? "less text than is visible"
                                                                : "more text than is visible");
    if (r->text->cuts.version == NULL && r->text->deleted_len != deleted)
        return restore_bad(r, 0, r->text->deleted_len < deleted ? "less text than is deleted"
                                                                : "more text than is deleted");
    return SENNIT_OK;
}

static sennit_status restore_give_text(restoring *r)
{
    const sn_restore *text = r->text;
    restore_from from = {text->visible, {text->visible, text->deleted},
                         {text->visible + text->visible_len, text->deleted + text->deleted_len}};
    const bool cut = text->cuts.version != NULL;
    sn_erased erased = {.mem = NULL};
    sennit_status st = cut ? sn_erased_find(r->doc, &erased) : SENNIT_OK;

    for (uint32_t i = 0; i < r->batch->ids_len && st == SENNIT_OK; i++) {
        if (r->at[i].replica == SN_NO_REPLICA)
            continue;
        if (cut)
            st = restore_erased_of(r, &erased, r->at[i].replica, &from);
        else
            restore_text_of(r, r->at[i].replica, &from);
    }
    sn_erased_free(&erased);
    if (st == SENNIT_OK && from.next[1] != from.end[1])
        return restore_bad(r, 0, "more text than is deleted");
    return st;
}

/* A cut lies between characters. */
static sennit_status restore_check_cuts(restoring *r)
{
    const sn_roster *who = &r->doc->who;

    for (uint32_t i = 0; i < who->replicas_len; i++)
        if (!sn_text_boundary(&who->replicas[i].text, who->replicas[i].cut.number))
            return restore_bad(r, 0, "a cut inside a character");
    return SENNIT_OK;
}

/* Whoever wrote it has erased what is redacted; that is not relied upon. */
static void restore_redactions(restoring *r)
{
    for (uint32_t i = 0; i < r->batch->ops_len; i++)
        if (SN_UNLIKELY(r->batch->ops[i].part == SN_REDACTION))
            sn_doc_redacted(r->doc, &r->batch->ops[i]);
}

static sennit_status restore_text(restoring *r)
{
    SN_TRY(restore_measure_text(r));
    SN_TRY(restore_give_text(r));
    SN_TRY(restore_check_text(r));
    restore_redactions(r);
    return restore_check_cuts(r);
}

/* A payload may be left out below its author's cut only. */
static sennit_status restore_check_notes(const restoring *r)
{
    const sn_roster *who = &r->doc->who;

    for (uint32_t i = 0; i < who->replicas_len; i++) {
        const sn_notes *notes = who->replicas[i].notes;

        for (uint32_t k = notes != NULL ? sn_notes_from(notes, who->replicas[i].cut.seq) : 0;
             notes != NULL && k < notes->list_len; k++)
            if (notes->list[k].note->gone)
                return restore_bad(r, 0, "a name and a value are missing");
    }
    return SENNIT_OK;
}

/* Let metadata stand, and list the marks that do. */
static uint32_t restore_place_notes(restoring *r, sn_mark **marks)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->batch->segments_len; i++) {
        const sn_segment *seg = &r->batch->segments[i];
        const sn_op *op = &r->batch->ops[seg->first], *end = op + seg->n;

        for (; op < end; op++) {
            sn_mark *mark = !sn_op_is_note(op) ? NULL
                            : sn_book_place(r->doc, r->at[seg->replica].replica,
                                            op - (op->part == SN_LAST), op);

            if (mark != NULL)
                marks[n++] = mark;
        }
    }
    return n;
}

/* Marks and metadata, now that marks have where to be. */
static sennit_status restore_notes(restoring *r)
{
    sn_mem *mem = &r->doc->mem;
    sn_mark **marks = sn_mem_resize(mem, NULL, 0, r->notes * sizeof *marks);

    if (marks == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = restore_check_notes(r);
    if (st == SENNIT_OK)
        st = sn_marks_build(r->doc, marks, restore_place_notes(r, marks));
    sn_mem_free(mem, marks, r->notes * sizeof *marks);
    return st;
}

/* ---- all of it ---- */

static sennit_status restore_all(restoring *r)
{
    restore_count(r);
    SN_TRY(restore_replicas(r));
    SN_TRY(sn_bulk_start(&r->bulk, &r->doc->mem, &r->doc->who, r->inserts,
                         r->toggles == 0 ? r->deletes : r->batch->ops_len + r->deletes));
    SN_TRY(restore_records(r));
    for (uint32_t i = 0; i < r->doc->who.replicas_len; i++)
        sn_log_trim(&r->doc->who.replicas[i].log, &r->doc->mem);
    SN_TRY(sn_cuts_set(r->doc, &r->text->cuts, r->err));
    SN_TRY(sn_bulk_read(&r->bulk));
    SN_TRY(restore_text(r));
    SN_TRY(sn_bulk_tree(&r->bulk, &r->doc->tree, r->text->visible));
    return r->notes > 0 ? restore_notes(r) : SENNIT_OK;
}

sennit_status sn_doc_restore(sennit_doc *doc, sn_batch *batch, const sn_restore *text,
                             sennit_error *err)
{
    restoring r = {.doc = doc, .batch = batch, .text = text, .err = err, .again = {doc, SENNIT_OK}};
    size_t size = (batch->ids_len + (size_t)1) * sizeof *r.at;

    r.at = sn_mem_resize(&doc->mem, NULL, 0, size);
    if (r.at == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = restore_all(&r);
    sn_bulk_end(&r.bulk);
    sn_mem_free(&doc->mem, r.at, size);
    if (st != SENNIT_OK)
        return st;
    if (batch->lineage != NULL)
        sn_doc_set_lineage(doc, batch->lineage);
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

/* ---- and out again ---- */

static sennit_status restore_put(const sennit_doc *doc, const sn_span *s, const sn_erased *erased,
                                 sennit_buf *out)
{
    const uint32_t author = doc->who.changes[s->change].replica, len = sn_span_len(s);
    const uint8_t *text = doc->who.replicas[author].text.bytes + s->at;
    bool is = false;

    for (uint32_t i = 0, n; i < len; i += n) {
        n = erased == NULL ? len : sn_erased_alike(erased, author, s->at + i, len - i, &is);
        if (!is)
            SN_TRY(sn_buf_put(out, text + i, n));
    }
    return SENNIT_OK;
}

/* Deleted spans by author in the order of ids and by number: sorted by places in
 * a line of all texts in that order. */
sennit_status sn_doc_deleted_text(sennit_doc *doc, const uint64_t *ids, uint32_t n,
                                  const sn_erased *erased, sennit_buf *out)
{
    sn_mem *mem = &doc->mem;
    size_t spans = (size_t)doc->tree.leaves_used * SN_LEAF, len = 0;
    size_t base_size = (doc->who.replicas_len + (size_t)1) * sizeof(uint32_t);
    sn_pair *pairs = sn_mem_resize(mem, NULL, 0, 2 * spans * sizeof *pairs);
    uint32_t *base = sn_mem_resize(mem, NULL, 0, base_size), at = 0;
    sennit_status st = pairs == NULL || base == NULL ? SENNIT_ENOMEM : SENNIT_OK;

    for (uint32_t i = 0; i < n && st == SENNIT_OK; i++) {
        uint32_t r = sn_roster_find(&doc->who, ids[i]);

        base[r] = at;
        at += doc->who.replicas[r].number;
    }
    for (sn_place p = sn_tree_from(doc->tree.first, 0); p.leaf != NULL && st == SENNIT_OK;
         p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);

        if (sn_span_dead(s))
            pairs[len++] = (sn_pair){base[doc->who.changes[s->change].replica] + s->at,
                                     p.leaf->id * SN_LEAF + p.i};
    }
    const sn_pair *sorted = st == SENNIT_OK ? sn_sort_pairs(pairs, pairs + spans, len) : NULL;
    for (size_t i = 0; i < len && st == SENNIT_OK; i++) {
        const sn_span *s = &doc->tree.leaves[sorted[i].value / SN_LEAF]->span[sorted[i].value % SN_LEAF];

        st = restore_put(doc, s, erased, out);
    }
    sn_mem_free(mem, pairs, 2 * spans * sizeof *pairs);
    sn_mem_free(mem, base, base_size);
    return st;
}
