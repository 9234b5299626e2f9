/* Local edits, and transactions that can be taken back.
 *
 * An edit looks where it goes and what it names, makes sure of its change and
 * of all memory, and then writes: text, log, tree.
 */
#include "core/edit/edit.h"

#include "core/edit/quick.h"
#include "core/edit/txn.h"
#include "core/history/undo.h"
#include "core/rich/caret.h"

/* ---- before an edit ---- */

/* This replica's index, drawing its id if it has none. A replica without
 * operations is in no version, so a failure later on has changed nothing. */
static sennit_status edit_me(sennit_doc *doc)
{
    while (doc->own_id == 0)
        SN_TRY(sn_doc_random(doc, &doc->own_id, sizeof doc->own_id));
    doc->me = sn_roster_find(&doc->who, doc->own_id);
    if (doc->me != SN_NO_REPLICA)
        return SENNIT_OK;
    if (doc->who.replicas_len >= doc->limits.replicas)
        return SENNIT_ELIMIT;
    return sn_roster_add(&doc->who, &doc->mem, doc->own_id, &doc->me);
}

sennit_status sn_edit_start(sennit_doc *doc)
{
    if (SN_UNLIKELY(doc->patches.cut))
        sn_patches_overwrite(&doc->patches);
    if (SN_UNLIKELY(doc->undos != NULL))
        SN_TRY(sn_undo_editing(doc));
    if (SN_UNLIKELY(doc->me == SN_NO_REPLICA))
        SN_TRY(edit_me(doc));
    if (SN_UNLIKELY(!doc->has_lineage)) {
        uint8_t lineage[16];

        SN_TRY(sn_doc_random(doc, lineage, sizeof lineage));
        memcpy(doc->lineage, lineage, sizeof lineage); /* counts once the edit has succeeded */
    }
    return SENNIT_OK;
}

/* Whether the open change may take an edit that names bytes of change `named`:
 * it must not have paused, be newer than what is named, and be this replica's last:
 * a copy of it may have written a later one, which came here since. */
static bool edit_change_serves(const sennit_doc *doc, uint32_t named)
{
    const sn_replica *me = &doc->who.replicas[doc->me];
    uint64_t now = doc->clock.now_ms;

    if (doc->change == SN_ROOT_CHANGE || (now > doc->edited_ms && now - doc->edited_ms > doc->coalesce_ms))
        return false;
    if (me->changes[me->changes_len - 1] != doc->change)
        return false;
#if SENNIT_MUTANT == 13
    return true;
#endif
    return named == doc->change || sn_change_le(&doc->who, named, doc->change);
}

sennit_status sn_edit_reserve_change(sennit_doc *doc, uint32_t named, uint64_t *hlc)
{
    *hlc = 0;
    if (SN_LIKELY(edit_change_serves(doc, named)))
        return SENNIT_OK;
    *hlc = sn_clock_next(&doc->clock, doc->who.times[named]);
    if (*hlc > SN_MAX_HLC)
        return SENNIT_ELIMIT;
    return sn_roster_reserve(&doc->who, &doc->mem, doc->me, 1);
}

void sn_edit_change(sennit_doc *doc, uint64_t hlc)
{
    doc->edited_ms = doc->clock.now_ms;
    doc->has_lineage = true;
    if (SN_LIKELY(hlc == 0))
        return;
    const sn_replica *me = &doc->who.replicas[doc->me];
    doc->change = sn_roster_change(&doc->who, doc->me, hlc, me->seq, me->text.len);
    doc->clock.last = hlc;
}

/* An abort brings back what a transaction deleted, and must find room. */
static sennit_status edit_reserve_abort(sennit_doc *doc, size_t fragments)
{
    size_t all = doc->txn.fragments + fragments;

    if (SN_LIKELY(!doc->txn.open))
        return SENNIT_OK;
    SN_TRY(sn_tree_reserve(&doc->tree, 2 * all + 10, all + 5)); /* this edit's own included */
    doc->txn.fragments = all;
    return SENNIT_OK;
}

/* ---- inserting ---- */

static sennit_status edit_reserve_insert(sennit_doc *doc, const sn_parent *parent, uint32_t len,
                                         uint64_t *hlc)
{
    const sn_leaf *leaf = parent->byte.leaf != NULL ? parent->byte.leaf : doc->tree.first;
    sn_replica *me = &doc->who.replicas[doc->me];

    if (SN_UNLIKELY(doc->who.inserted + len > doc->limits.text_bytes ||
                    (uint64_t)me->seq + len > SN_MAX_SEQ))
        return SENNIT_ELIMIT;
    SN_TRY(sn_edit_reserve_change(doc, sn_parent_change(parent), hlc));
    SN_TRY(sn_text_reserve(&me->text, &doc->mem, len));
    SN_TRY(sn_log_reserve(&me->log, &doc->mem, 1));
    SN_TRY(sn_tree_reserve_at(&doc->tree, leaf, 2));
    return edit_reserve_abort(doc, 0);
}

/* The parent of what is inserted at a byte. */
static sn_parent edit_parent(sennit_doc *doc, uint32_t at)
{
    sn_place left = {NULL, 0, 0};

    if (at > 0)
        left = sn_tree_seek(&doc->tree, at - 1);
    return sn_order_parent(&doc->tree, left);
}

/* Write an insert for which there is room. */
static void edit_put(sennit_doc *doc, uint32_t at, const sn_parent *parent, const uint8_t *text,
                     uint32_t len, uint64_t hlc)
{
    sn_edit_change(doc, hlc);
    sn_replica *me = &doc->who.replicas[doc->me];
    sn_op op = {.kind = SN_INSERT, .flag = parent->left, .change = doc->change, .seq = me->seq,
                .n = len, .number = me->text.len, .ref_replica = SN_NO_REPLICA};
    if (parent->byte.leaf != NULL) {
        const sn_span *s = sn_place_span(&parent->byte);

        op.ref_replica = doc->who.changes[s->change].replica;
        op.ref = s->at + parent->byte.off;
    }
    sn_text_append(&me->text, text, len);
    sn_log_append(&me->log, &op, doc->me, doc->who.changes[doc->change].ordinal);
    me->seq += len;
    doc->who.inserted += len;
    sn_count c = sn_text_count(&me->text, op.number, len);
    sn_place p = sn_order_insert(&doc->tree, parent, doc->change, op.number, len, &c);
    if (SN_UNLIKELY(sn_doc_watches(doc)))
        sn_doc_patch(doc, p, &c, true, doc->me);
    sn_quick_typed(doc, at, p, len);
}

sennit_status sn_edit_insert_behind(sennit_doc *doc, uint32_t at, sn_place left,
                                    const uint8_t *text, uint32_t len)
{
    uint64_t hlc;

    sn_parent parent = sn_order_parent(&doc->tree, left);
    SN_TRY(sn_edit_start(doc));
    SN_TRY(edit_reserve_insert(doc, &parent, len, &hlc));
    edit_put(doc, at, &parent, text, len, hlc);
    return SENNIT_OK;
}

sennit_status sn_doc_insert_bytes(sennit_doc *doc, uint32_t at, const uint8_t *text, uint32_t len)
{
    uint64_t hlc;

    if (SN_UNLIKELY(doc->book.edges != NULL))
        return sn_caret_insert(doc, at, text, len);
    sn_parent parent = edit_parent(doc, at);
    SN_TRY(sn_edit_start(doc));
    SN_TRY(edit_reserve_insert(doc, &parent, len, &hlc));
    edit_put(doc, at, &parent, text, len, hlc);
    return SENNIT_OK;
}

/* ---- deleting ---- */

/* What a delete will touch. */
typedef struct edit_range {
    sn_place first;
    const sn_leaf *last;
    uint32_t named;   /* newest change */
    size_t fragments;
} edit_range;

static void edit_survey(sennit_doc *doc, sn_place p, uint32_t len, edit_range *r)
{
    *r = (edit_range){p, p.leaf, sn_place_span(&p)->change, 0};
    /* Its newlines will be counted. In a large text it has long been out of reach. */
    SN_FETCH(sn_author(&doc->who, r->named)->text.bytes + sn_place_span(&p)->at + p.off);
    while (len > 0) {
        const sn_span *s = sn_place_span(&p);

        if (!sn_span_dead(s)) {
            if (s->change != r->named && sn_change_le(&doc->who, r->named, s->change))
                r->named = s->change;
            len -= (uint32_t)sn_min_u64(len, s->len - p.off);
            r->last = p.leaf;
            r->fragments++;
        }
        if (len > 0)
            p = sn_tree_next(p);
    }
}

static sennit_status edit_reserve_delete(sennit_doc *doc, const edit_range *r, uint64_t *hlc)
{
    const sn_replica *me = &doc->who.replicas[doc->me];

    if (me->seq >= SN_MAX_SEQ)
        return SENNIT_ELIMIT;
    SN_TRY(sn_edit_reserve_change(doc, r->named, hlc));
    SN_TRY(sn_log_reserve(&doc->who.replicas[doc->me].log, &doc->mem, r->fragments));
    /* Only the two ends can cut a span. */
    if (SN_UNLIKELY(r->first.leaf->node.n + 2 > SN_LEAF || r->last->node.n + 2 > SN_LEAF))
        SN_TRY(sn_tree_reserve(&doc->tree, 4, 2));
    return edit_reserve_abort(doc, r->fragments);
}

/* The ranges of a delete, as they are found; one that continues another is one. */
typedef struct edit_deleting {
    sn_op op;
    bool any;
} edit_deleting;

static void edit_put_range(sennit_doc *doc, edit_deleting *d, uint32_t replica, uint32_t at,
                           uint32_t n)
{
    sn_log *log = &doc->who.replicas[doc->me].log;

    if (d->any && d->op.ref_replica == replica && d->op.ref + d->op.len == at) {
        d->op.len += n;
        return;
    }
    if (d->any) {
        d->op.part = SN_MORE;
        sn_log_append(log, &d->op, doc->me, doc->who.changes[doc->change].ordinal);
        d->op.part = SN_LAST;
    }
    d->any = true;
    d->op.ref_replica = replica;
    d->op.ref = at;
    d->op.len = n;
}

/* Log what is deleted. */
static void edit_log_ranges(sennit_doc *doc, sn_place p, uint32_t len, edit_deleting *d)
{
    for (;; p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);

        if (sn_span_dead(s))
            continue;
        uint32_t n = (uint32_t)sn_min_u64(len, s->len - p.off);
        edit_put_range(doc, d, doc->who.changes[s->change].replica, s->at + p.off, n);
        len -= n;
        if (len == 0)
            break;
    }
    sn_log_append(&doc->who.replicas[doc->me].log, &d->op, doc->me,
                  doc->who.changes[doc->change].ordinal);
}

/* Delete piece by piece, and tell whoever watches of each. Returns where the last is. */
static sn_place edit_kill_watched(sennit_doc *doc, sn_place p, uint32_t len)
{
    for (;; p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);

        if (sn_span_dead(s))
            continue;
        uint32_t n = (uint32_t)sn_min_u64(len, s->len - p.off);
        sn_count c = sn_span_count(&doc->tree, s, p.off, n);
        sn_doc_patch(doc, p, &c, false, doc->me);
        sn_tree_kill(&doc->tree, &p, n);
        len -= n;
        if (len == 0)
            return p;
    }
}

/* Write a delete for which there is room. */
static void edit_take(sennit_doc *doc, uint32_t at, uint32_t len, const edit_range *r, uint64_t hlc)
{
    sn_edit_change(doc, hlc);
    sn_replica *me = &doc->who.replicas[doc->me];
    edit_deleting d = {{.kind = SN_DELETE, .change = doc->change, .seq = me->seq, .n = 1,
                        .number = me->text.len}, false};
    sn_place p = r->first;
    edit_log_ranges(doc, p, len, &d);
    if (SN_UNLIKELY(sn_doc_watches(doc)))
        p = edit_kill_watched(doc, p, len);
    else
        sn_tree_kill_all(&doc->tree, &p, len);
    me->seq++;
    sn_quick_deleted(doc, at, p);
}

sennit_status sn_doc_delete_bytes(sennit_doc *doc, uint32_t at, uint32_t len)
{
    edit_range r;
    uint64_t hlc;

    edit_survey(doc, sn_tree_seek(&doc->tree, at), len, &r);
    SN_TRY(sn_edit_start(doc));
    SN_TRY(edit_reserve_delete(doc, &r, &hlc));
    edit_take(doc, at, len, &r, hlc);
    return SENNIT_OK;
}

/* ---- both ---- */

/* In a text with marks the insert may take several operations. */
static sennit_status edit_splice_marked(sennit_doc *doc, uint32_t at, uint32_t gone,
                                        const uint8_t *text, uint32_t len)
{
    sn_txn before;

    sn_txn_mark(doc, &before);
    sennit_status st = sn_doc_delete_bytes(doc, at, gone);
    if (st == SENNIT_OK)
        st = sn_doc_insert_bytes(doc, at, text, len);
    sn_txn_settle(doc, &before, st);
    return st;
}

/* Room in the tree for a delete and for an insert in its place: both change one leaf if
 * what is deleted and the byte before it are in one, as the cursor tells. */
static sennit_status edit_reserve_tree(sennit_doc *doc, const edit_range *r)
{
    const sn_place *first = &r->first;
    const sn_cursor *c = &doc->tree.cursor;

    if (first->leaf == r->last && c->leaf == first->leaf && c->i == first->i &&
        (first->off > 0 || c->before > 0))
        return sn_tree_reserve_at(&doc->tree, first->leaf, 4);
    return sn_tree_reserve(&doc->tree, 6, 3);
}

/* Room for a delete and for an insert in its place, whatever its parent will be;
 * that may be newer than the delete's change, and so need one of its own. */
static sennit_status edit_reserve_splice(sennit_doc *doc, const edit_range *r, uint32_t len,
                                         uint64_t *hlc)
{
    sn_replica *me = &doc->who.replicas[doc->me];

    if (doc->clock.last > SN_MAX_HLC - 2 || (uint64_t)me->seq + len >= SN_MAX_SEQ ||
        doc->who.inserted + len > doc->limits.text_bytes)
        return SENNIT_ELIMIT;
    SN_TRY(sn_edit_reserve_change(doc, r->named, hlc));
    SN_TRY(sn_roster_reserve(&doc->who, &doc->mem, doc->me, 2));
    SN_TRY(sn_text_reserve(&me->text, &doc->mem, len));
    SN_TRY(sn_log_reserve(&me->log, &doc->mem, r->fragments + 1));
    SN_TRY(edit_reserve_tree(doc, r));
    return edit_reserve_abort(doc, r->fragments);
}

static sennit_status edit_splice(sennit_doc *doc, uint32_t at, uint32_t gone, const uint8_t *text,
                                 uint32_t len)
{
    edit_range r;
    uint64_t hlc;

    if (SN_UNLIKELY(doc->book.edges != NULL))
        return edit_splice_marked(doc, at, gone, text, len);
    edit_survey(doc, sn_tree_seek(&doc->tree, at), gone, &r);
    SN_TRY(sn_edit_start(doc));
    SN_TRY(edit_reserve_splice(doc, &r, len, &hlc));
    edit_take(doc, at, gone, &r, hlc);
    sn_parent parent = edit_parent(doc, at);
    sennit_status st = sn_edit_reserve_change(doc, sn_parent_change(&parent), &hlc);
    SN_ASSERT(st == SENNIT_OK);
    (void)st;
    edit_put(doc, at, &parent, text, len, hlc);
    return SENNIT_OK;
}

/* ---- the public calls ---- */

/* Whether a place in bytes lies between characters. */
static bool edit_is_boundary(sennit_doc *doc, uint32_t at)
{
    if (at == 0 || at >= doc->tree.total.bytes || doc->tree.total.cont == 0)
        return true;
    sn_place p = sn_tree_seek(&doc->tree, at - 1);
    const sn_span *s = sn_place_span(&p);
    return p.off + 1 == s->len ||
           sn_text_boundary(&sn_author(&doc->who, s->change)->text, (uint64_t)s->at + p.off + 1);
}

sennit_status sn_edit_check_text(const char *text, size_t len)
{
    if (text == NULL && len > 0)
        return SENNIT_EINVAL;
    if (len > SN_MAX_TEXT)
        return SENNIT_ELIMIT;
    if (len == 1 && (uint8_t)text[0] < 0x80)
        return SENNIT_OK;
    return sn_utf8_valid((const uint8_t *)text, len) == len ? SENNIT_OK : SENNIT_EUTF8;
}

sennit_status sn_edit_range(sennit_doc *doc, size_t pos, size_t n, uint32_t *at, uint32_t *len)
{
    uint32_t end;

    if (n > SIZE_MAX - pos)
        return SENNIT_ERANGE;
    if (SN_LIKELY(doc->tree.total.cont == 0)) { /* all three units are bytes */
        if (pos + n > doc->tree.total.bytes)
            return SENNIT_ERANGE;
        *at = (uint32_t)pos;
        *len = (uint32_t)n;
        return SENNIT_OK;
    }
    SN_TRY(sn_doc_to_bytes(doc, pos, at));
    end = *at;
    if (n > 0)
        SN_TRY(sn_doc_to_bytes(doc, pos + n, &end));
    if (!edit_is_boundary(doc, end) || !edit_is_boundary(doc, *at))
        return SENNIT_EUTF8;
    *len = end - *at;
    return SENNIT_OK;
}

static SN_APART sennit_status edit_insert(sennit_doc *doc, size_t pos, const char *text, size_t len)
{
    uint32_t at, none;

    SN_TRY(sn_edit_check_text(text, len));
    SN_TRY(sn_edit_range(doc, pos, 0, &at, &none));
    if (len == 0)
        return SENNIT_OK;
    SN_TRY(sn_doc_insert_bytes(doc, at, (const uint8_t *)text, (uint32_t)len));
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

static SN_APART sennit_status edit_delete(sennit_doc *doc, size_t pos, size_t n)
{
    uint32_t at, len;

    SN_TRY(sn_edit_range(doc, pos, n, &at, &len));
    if (len == 0)
        return SENNIT_OK;
    SN_TRY(sn_doc_delete_bytes(doc, at, len));
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

sennit_status sennit_doc_insert(sennit_doc *doc, size_t pos, const char *text, size_t len)
{
    if (SN_UNLIKELY(len != 1 || text == NULL || !sn_quick_type(doc, pos, text[0])))
        return edit_insert(doc, pos, text, len);
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

sennit_status sennit_doc_delete(sennit_doc *doc, size_t pos, size_t n)
{
    if (SN_UNLIKELY(n != 1 || !sn_quick_delete(doc, pos)))
        return edit_delete(doc, pos, n);
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

sennit_status sennit_doc_splice(sennit_doc *doc, size_t pos, size_t n, const char *text, size_t len)
{
    uint32_t at, gone;

    if (n == 0)
        return sennit_doc_insert(doc, pos, text, len);
    if (len == 0)
        return sennit_doc_delete(doc, pos, n);
    SN_TRY(sn_edit_check_text(text, len));
    SN_TRY(sn_edit_range(doc, pos, n, &at, &gone));
    if (gone == 0)
        return sennit_doc_insert(doc, pos, text, len);
    SN_TRY(edit_splice(doc, at, gone, (const uint8_t *)text, (uint32_t)len));
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}
