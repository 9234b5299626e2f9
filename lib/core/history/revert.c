/* Taking operations back; docs/ALGORITHM.md, section 6.
 *
 * The same walk is done twice. The first time everything it finds is counted, and
 * memory is taken for all; the second time it is done. A few operations, as most
 * steps have, are remembered instead.
 */
#include "core/history/revert.h"

#include "core/edit/edit.h"
#include "core/merge/cover.h"
#include "core/tree/tree_node.h"

typedef struct revert revert;

/* Count, or make, an operation. range: what the delete that it toggles took, or
 * NULL if that is to be looked up. */
typedef sennit_status revert_each(revert *r, sn_op *op, const sn_op *range);

#define REVERT_FEW 4u

struct revert {
    sennit_doc *doc;
    sn_stretch *of;
    uint32_t n;
    bool again;
    bool amid; /* a delete that is being made has more ranges */
    revert_each *each;
    /* of all to be made: */
    uint32_t records, toggles;
    uint64_t pieces; /* stretches of text that come or go as one */
    uint64_t bytes;  /* that are deleted */
    struct {
        sn_op op, range;
        bool has_range;
    } few[REVERT_FEW]; /* the first of them */
};

/* ---- what was done ---- */

/* Steps through a stretch. Records may be added to the log meanwhile, so what lies
 * behind the stretch is not looked at. */
typedef struct revert_walk {
    const sn_stretch *of;
    sn_log_iter it;
    uint32_t at; /* operation that is next */
} revert_walk;

static revert_walk revert_start(const revert *r, const sn_stretch *s)
{
    revert_walk w = {s, s->start, s->from};

    w.it.changes = r->doc->who.replicas[s->replica].changes; /* may have moved */
    return w;
}

/* The next record, cut to the stretch. */
static bool revert_next(revert_walk *w, sn_op *op)
{
    if (w->at >= w->of->to || !sn_log_next(&w->it, op))
        return false;
    if (op->seq < w->at)
        sn_op_skip(op, w->at - op->seq, w->of->replica);
    op->n = (uint32_t)sn_min_u64(op->n, w->of->to - op->seq);
    w->at += sn_op_seqs(op);
    return true;
}

/* The first byte of a character that byte `number` is in. */
static uint32_t revert_whole(const sn_replica *r, uint32_t number)
{
    while (!sn_text_boundary(&r->text, number))
        number--;
    return number;
}

/* Find the records of a stretch, and what they inserted. */
static void revert_look(revert *r, sn_stretch *s)
{
    const sn_replica *author = &r->doc->who.replicas[s->replica];
    uint32_t inserted = 0, first = author->number;
    sn_op op;

    if (s->looked && s->plain)
        return;
    sn_roster_seek(&r->doc->who, &s->start, s->replica, s->from);
    if (s->looked)
        return;
    revert_walk w = revert_start(r, s);
    for (bool any = false; revert_next(&w, &op); any = true) {
        if (!any)
            first = op.number;
        if (op.kind == SN_INSERT)
            inserted += op.n;
    }
    s->plain = inserted == s->to - s->from;
    s->low = revert_whole(author, first);
    s->high = revert_whole(author, first + inserted);
}

/* The stretch of a replica, or NULL. */
static const sn_stretch *revert_of(const revert *r, uint32_t replica)
{
    uint32_t low = 0, n = r->n;

    while (n > 1) {
        uint32_t half = n / 2;

        low += r->of[low + half].replica <= replica ? half : 0;
        n -= half;
    }
    return r->of[low].replica == replica ? &r->of[low] : NULL;
}

/* Whether bytes are among those that are taken back. */
static bool revert_made(const revert *r, uint32_t replica, uint32_t at, uint32_t len)
{
    const sn_stretch *s = revert_of(r, replica);

    return s != NULL && at >= s->low && at + len <= s->high;
}

static bool revert_is_among(const revert *r, uint32_t replica, uint32_t seq)
{
    const sn_stretch *s = revert_of(r, replica);

    return s != NULL && seq >= s->from && seq < s->to;
}

/* ---- what is to be done about it ---- */

static sennit_status revert_toggle(revert *r, uint32_t replica, uint32_t seq, bool on,
                                   const sn_op *range)
{
    sn_op op = {.kind = SN_TOGGLE, .flag = on, .n = 1, .ref_replica = replica, .ref = seq};

    return r->each(r, &op, range);
}

/* One delete over everything that was inserted, visible or not. */
static sennit_status revert_hide(revert *r)
{
    uint32_t left = 0;
    bool first = true;

    for (uint32_t i = 0; i < r->n; i++)
        left += r->of[i].high > r->of[i].low;
    for (uint32_t i = 0; i < r->n; i++) {
        const sn_stretch *s = &r->of[i];

        if (s->high == s->low)
            continue;
        left--;
        sn_op op = {.kind = SN_DELETE, .n = 1, .ref_replica = s->replica, .ref = s->low,
                    .len = s->high - s->low,
                    .part = left > 0 ? SN_MORE : first ? SN_WHOLE : SN_LAST};
        SN_TRY(r->each(r, &op, NULL));
        first = false;
    }
    return SENNIT_OK;
}

/* A delete, seen for the first time: switch it off if it is on and took more than
 * what is hidden anyway; seen again: if it is one that hides, and no toggle has
 * decided since. */
static sennit_status revert_delete(revert *r, const sn_stretch *s, uint32_t seq, bool beyond,
                                   const sn_op *range)
{
    const sn_switch *state = sn_switch_of(r->doc, s->replica, seq);

    if (r->again ? state != NULL : !beyond || (state != NULL && !state->on))
        return SENNIT_OK;
    return revert_toggle(r, s->replica, seq, false, range);
}

/* A mark, or metadata: switch it off if it is on. */
static sennit_status revert_note(revert *r, const sn_stretch *s, uint32_t seq)
{
    const sn_switch *state = sn_switch_of(r->doc, s->replica, seq);

    if (r->again || (state != NULL && !state->on))
        return SENNIT_OK;
    return revert_toggle(r, s->replica, seq, false, NULL);
}

/* A toggle: switch the other way what it still decides. What it switched is left
 * to revert_delete if that is taken back as well. */
static sennit_status revert_toggled(revert *r, const sn_stretch *s, const sn_op *op)
{
    const sn_switch *state = sn_switch_of(r->doc, op->ref_replica, op->ref);

#if SENNIT_MUTANT != 41
    if (state->seq != op->seq || r->doc->who.changes[state->change].replica != s->replica)
        return SENNIT_OK;
#endif
    if (!r->again && revert_is_among(r, op->ref_replica, op->ref))
        return SENNIT_OK;
    return revert_toggle(r, op->ref_replica, op->ref, !op->flag, NULL);
}

static sennit_status revert_stretch(revert *r, const sn_stretch *s)
{
    revert_walk w = revert_start(r, s);
    bool beyond = false;
    sn_op op;

    while (revert_next(&w, &op)) {
        if (op.kind == SN_TOGGLE)
            SN_TRY(revert_toggled(r, s, &op));
        if (sn_op_is_note(&op))
            SN_TRY(revert_note(r, s, op.seq));
        if (op.part == SN_REDACTION) /* is for good */
            continue;
        for (uint32_t k = 0; op.kind == SN_DELETE && k < op.n; k++) {
            sn_op range = op;

            range.ref = sn_op_target(&op, k);
            beyond = beyond || !revert_made(r, op.ref_replica, range.ref, op.len);
#if SENNIT_MUTANT == 40
            beyond = true;
#endif
            if (op.part == SN_MORE)
                continue;
            SN_TRY(revert_delete(r, s, op.seq + k, beyond, op.part == SN_WHOLE ? &range : NULL));
            beyond = false;
        }
    }
    return SENNIT_OK;
}

static sennit_status revert_all(revert *r, revert_each *each)
{
    r->each = each;
    if (!r->again)
        SN_TRY(revert_hide(r));
    for (uint32_t i = 0; i < r->n; i++)
        if (!r->of[i].plain)
            SN_TRY(revert_stretch(r, &r->of[i]));
    return SENNIT_OK;
}

/* ---- counting ---- */

/* In how many pieces bytes can come back: as many as there are numbers of covers. */
static uint64_t revert_pieces(revert *r, const sn_op *op)
{
    sn_map *cover = &r->doc->cover;
    uint64_t pieces = 1;
    sn_map_at at = {NULL, 0};

    if (cover->root != NULL)
        at = sn_map_ceil(cover, sn_id_key(op->ref_replica, op->ref));
    for (; at.leaf != NULL && at.leaf->key[at.i] < sn_id_key(op->ref_replica, op->ref) + op->len;
         at = sn_map_next(at))
        pieces += SENNIT_MUTANT != 42;
    return sn_min_u64(pieces, op->len);
}

static void revert_count_range(revert *r, bool on, const sn_op *range)
{
    r->pieces += on ? 1 : revert_pieces(r, range);
    r->bytes += on ? range->len : 0;
}

static void revert_remember(revert *r, const sn_op *op, const sn_op *range)
{
    r->few[r->records].op = *op;
    r->few[r->records].has_range = range != NULL;
    if (range != NULL)
        r->few[r->records].range = *range;
}

static sennit_status revert_count(revert *r, sn_op *op, const sn_op *range)
{
    sn_log_iter it;
    sn_op target = {.kind = SN_DELETE};
    bool more = false;

    if (r->records < REVERT_FEW)
        revert_remember(r, op, range);
    r->records++;
    if (op->kind == SN_DELETE) {
        revert_count_range(r, true, op);
        return SENNIT_OK;
    }
    r->toggles++;
    if (!op->flag && op->ref < r->doc->who.replicas[op->ref_replica].cut.seq)
        return SENNIT_EGONE;
    if (range == NULL) {
        more = sn_switch_find(r->doc, op->ref_replica, op->ref, &it, &target);
        if (target.kind != SN_DELETE)
            return SENNIT_OK; /* no text comes or goes */
    }
    if (range != NULL) {
        revert_count_range(r, op->flag, range);
        return SENNIT_OK;
    }
    while (more) {
        revert_count_range(r, op->flag, &target);
        more = target.part == SN_MORE && sn_log_next(&it, &target);
    }
    return SENNIT_OK;
}

/* Spans are cut at the ends of pieces only. Covers change there, and where dead
 * text that is deleted once more meets other text. */
static sennit_status revert_reserve(revert *r)
{
    sennit_doc *doc = r->doc;
    sn_replica *me = &doc->who.replicas[doc->me];
    uint64_t cuts = 2 * r->pieces;
    uint64_t covers = cuts + 2 * sn_min_u64(r->bytes, (uint64_t)doc->tree.leaves_used * SN_LEAF + cuts);

    if ((uint64_t)me->seq + r->records > SN_MAX_SEQ || doc->clock.last > SN_MAX_HLC - 2)
        return SENNIT_ELIMIT;
    SN_TRY(sn_roster_reserve(&doc->who, &doc->mem, doc->me, 1)); /* newer than all there is */
    SN_TRY(sn_log_reserve(&me->log, &doc->mem, r->records));
    SN_TRY(sn_mem_grow32(&doc->mem, (void **)&doc->switches, &doc->switches_cap,
                         doc->switches_len + (size_t)r->toggles, sizeof *doc->switches));
    SN_TRY(sn_map_reserve(&doc->toggled, &doc->mem, r->toggles));
    SN_TRY(sn_map_reserve(&doc->cover, &doc->mem, covers));
    return sn_tree_reserve(&doc->tree, cuts, cuts);
}

/* ---- doing ---- */

/* The newest change that an operation names. */
static uint32_t revert_named(const revert *r, const sn_op *op)
{
    const sn_roster *who = &r->doc->who;
    uint32_t named = SN_ROOT_CHANGE;

    if (op->kind == SN_TOGGLE) {
        const sn_switch *state = sn_switch_of(r->doc, op->ref_replica, op->ref);

        return state != NULL ? state->change
                             : sn_roster_change_at_seq(who, op->ref_replica, op->ref);
    }
    for (uint32_t i = 0; i < r->n; i++) {
        const sn_stretch *s = &r->of[i];
        uint32_t last = s->high > s->low ? sn_roster_change_of(who, s->replica, s->high - 1)
                                         : SN_ROOT_CHANGE;

        if (sn_change_le(who, named, last))
            named = last;
    }
    return named;
}

/* A toggle that decides. */
static void revert_switch(sennit_doc *doc, const sn_op *op, const sn_op *range)
{
    if (range == NULL)
        sn_switch_set(doc, op->ref_replica, op->ref, op->change, op->seq, op->flag);
    else if (sn_switch_note(doc, op->ref_replica, op->ref, op->change, op->seq, op->flag))
        sn_cover_drop(doc, range->ref_replica, range->ref, range->len, doc->me);
}

static sennit_status revert_make(revert *r, sn_op *op, const sn_op *range)
{
    sennit_doc *doc = r->doc;
    uint64_t hlc;
    sn_replica *me = &doc->who.replicas[doc->me];

    if (!r->amid) {
        SN_TRY(sn_edit_reserve_change(doc, revert_named(r, op), &hlc)); /* there is room */
        sn_edit_change(doc, hlc);
    }
    r->amid = op->part == SN_MORE;
    op->change = doc->change;
    op->seq = me->seq;
    op->number = me->number;
    sn_log_append(&me->log, op, doc->me, doc->who.changes[doc->change].ordinal);
    me->seq += sn_op_seqs(op);
    if (op->kind == SN_DELETE)
        sn_cover_add(doc, op->ref_replica, op->ref, op->len, doc->me);
    else
        revert_switch(doc, op, range);
    return SENNIT_OK;
}

static sennit_status revert_make_all(revert *r)
{
    if (r->records > REVERT_FEW)
        return revert_all(r, revert_make);
    for (uint32_t i = 0; i < r->records; i++)
        SN_TRY(revert_make(r, &r->few[i].op, r->few[i].has_range ? &r->few[i].range : NULL));
    return SENNIT_OK;
}

static sennit_status revert_do(revert *r)
{
    sennit_doc *doc = r->doc;

    SN_TRY(sn_edit_start(doc));
    for (uint32_t i = 0; i < r->n; i++)
        revert_look(r, &r->of[i]);
    SN_TRY(revert_all(r, revert_count));
    if (r->records == 0)
        return SENNIT_OK;
    SN_TRY(revert_reserve(r));
    bool much = r->pieces > 64 || r->bytes > 64;
    sn_tree_unquick(&doc->tree);
    sennit_status st = revert_make_all(r);
    SN_ASSERT(st == SENNIT_OK);
    if (much) {
        sn_tree_trim(&doc->tree);
        sn_map_trim(&doc->cover, &doc->mem);
    }
    sn_doc_selfcheck(doc);
    return st;
}

/* All but `few`, which is filled as needed. */
static void revert_init(revert *r, sennit_doc *doc, sn_stretch *of, uint32_t n, bool again)
{
    memset(r, 0, offsetof(revert, few));
    r->doc = doc;
    r->of = of;
    r->n = n;
    r->again = again;
}

sennit_status sn_revert(sennit_doc *doc, sn_stretch *of, uint32_t n)
{
    revert r;

    if (n == 0)
        return SENNIT_OK;
    revert_init(&r, doc, of, n, false);
    return revert_do(&r);
}

sennit_status sn_revert_again(sennit_doc *doc, sn_stretch *of)
{
    revert r;

    revert_init(&r, doc, of, 1, true);
    return revert_do(&r);
}
