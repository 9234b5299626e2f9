/* Every invariant, by name. The order of the text is checked against the one
 * that bulk.c derives from the logs alone. */
#include "core/check/check.h"

#include "base/sort.h"
#include "core/renew/compact.h"
#include "core/renew/redact.h"
#include "core/tree/bulk.h"
#include "core/tree/tree_node.h"

/* ---- roster and logs ---- */

static const char *check_changes(const sn_roster *who, const sn_replica *r)
{
    for (uint32_t k = 1; k < r->changes_len; k++) {
        uint32_t at = r->changes[k], before = r->changes[k - 1];
        const sn_change *a = &who->changes[before], *b = &who->changes[at];

        if (who->times[at] <= who->times[before] || b->seq <= a->seq || b->number < a->number || b->ordinal != k)
            return "R1: a replica's changes do not ascend";
    }
    return NULL;
}

/* Whether all that a record names is there. */
static bool check_names(const sn_roster *who, const sn_op *op)
{
    if ((op->kind == SN_INSERT || op->kind >= SN_MARK) && op->ref_replica == SN_NO_REPLICA)
        return true;
    if (op->ref_replica >= who->replicas_len)
        return false;
    const sn_replica *r = &who->replicas[op->ref_replica];
    return sn_op_named_end(op) <= (op->kind == SN_TOGGLE ? r->seq : r->number);
}

static const char *check_log(const sn_roster *who, uint32_t replica)
{
    const sn_replica *r = &who->replicas[replica];
    uint32_t seq = 0, number = 0, number_end;
    sn_log_iter it;
    sn_op op, last = {.n = 0};

    sn_roster_seek(who, &it, replica, 0);
    while (sn_log_next(&it, &op)) {
        sn_op copy = last, next = op;

        if (op.seq != seq)
            return "L1: sequence numbers of a log have a gap";
        if (op.number != number)
            return "L2: numbers of bytes in a log have a gap";
        if (last.n > 0 && sn_op_join(&copy, &next, replica))
            return "L3: two records could be one";
        const sn_change *c = &who->changes[op.change];
        if (c->replica != replica || op.seq < c->seq ||
            op.seq + sn_op_seqs(&op) > sn_roster_change_end(who, op.change, &number_end))
            return "L4: a record is not in its change";
        if (!check_names(who, &op))
            return "L5: a record names what is not known";
        seq += sn_op_seqs(&op);
        number += op.kind == SN_INSERT ? op.n : 0;
        last = op;
    }
    if (seq != r->seq)
        return "L1: a log is not as long as its replica's count";
    return number == r->number && r->text.len == number ? NULL
                                                        : "R3: text is not what inserts inserted";
}

static const char *check_cut(const sn_roster *who, uint32_t replica)
{
    const sn_replica *r = &who->replicas[replica];
    const sn_cut *cut = &r->cut;

    if (cut->seq > r->seq || cut->number != sn_roster_number_at(who, replica, cut->seq) ||
        !sn_text_boundary(&r->text, cut->number))
        return "C1: a cut is not between two operations that are known";
    return NULL;
}

static const char *check_roster(const sn_roster *who)
{
    uint64_t inserted = 0;

    for (uint32_t i = 0; i < who->replicas_len; i++) {
        const char *broken = check_changes(who, &who->replicas[i]);

        if (broken == NULL)
            broken = check_log(who, i);
        if (broken == NULL)
            broken = check_cut(who, i);
        if (broken != NULL)
            return broken;
        for (uint32_t k = 0; k < i && i < 64; k++)
            if (who->replicas[k].id == who->replicas[i].id)
                return "R2: two replicas have one id";
        inserted += who->replicas[i].number;
    }
    return inserted == who->inserted ? NULL : "R3: the sum of all text is wrong";
}

/* ---- order and deletes, derived anew ---- */

typedef struct check_order {
    const sn_roster *who;
    uint32_t *changes; /* indices in ascending order of keys */
    uint32_t changes_len;
} check_order;

static bool check_change_less(const void *ctx, uint32_t a, uint32_t b)
{
    const sn_roster *who = ctx;

    return a != b && sn_change_le(who, a, b);
}

static void check_delete(void *arg, uint32_t replica, uint32_t at, uint32_t len)
{
    sn_bulk_delete(arg, replica, at, len, NULL, NULL);
}

static void check_gather(sennit_doc *doc, const check_order *o, sn_bulk *b)
{
    const sn_roster *who = &doc->who;

    for (uint32_t i = 0; i < o->changes_len; i++) {
        const sn_change *c = &who->changes[o->changes[i]];
        uint32_t number_end, end = sn_roster_change_end(who, o->changes[i], &number_end);
        sn_log_iter it;
        sn_op op;

        sn_roster_seek(who, &it, c->replica, c->seq);
        while (sn_log_next(&it, &op) && op.seq < end) {
            if (op.kind == SN_INSERT)
                sn_bulk_insert(b, &op);
            else if (op.kind == SN_DELETE)
                sn_check_deletes(doc, c->replica, &op, check_delete, b);
        }
    }
}

/* The tree's spans may end where a leaf does; the rest must be the same. */
static const char *check_spans(const sn_tree *tree, const sn_bulk *b, size_t *pos)
{
    uint32_t i = 0, off = 0;

    *pos = 0;
    for (sn_place p = sn_tree_from(tree->first, 0); p.leaf != NULL; p = sn_tree_next(p), ++*pos) {
        const sn_span *have = sn_place_span(&p), *want = &b->spans[i];
        uint32_t len = sn_span_len(have);

        if (i == b->spans_len || have->change != want->change || have->at != want->at + off ||
            off + len > sn_span_len(want))
            return "order: bytes stand where their keys do not put them";
        if (sn_span_dead(have) != sn_span_dead(want))
            return "D2: a byte is deleted or not against its deletes";
        uint32_t head = off == 0 ? want->head & ~SN_HAS_RIGHT : sn_span_lkey(want) << 2;
        bool right = off + len < sn_span_len(want) || (want->head & SN_HAS_RIGHT);
        if ((have->head & ~SN_HAS_RIGHT) != head)
            return "S6: a span's side or inherited key is wrong";
        if ((bool)(have->head & SN_HAS_RIGHT) != right)
            return "S4: has_right is wrong";
        off += len;
        if (off == sn_span_len(want)) {
            off = 0;
            i++;
        }
    }
    return i == b->spans_len ? NULL : "T5: bytes are missing";
}

static const char *check_against_logs(sennit_doc *doc, const check_order *o, uint32_t inserts,
                                      uint32_t deletes, size_t *pos)
{
    sn_bulk b;
    const char *broken = SN_CHECK_NO_MEMORY;

    if (!sn_bulk_fits(&doc->who, inserts, deletes))
        return NULL;
    if (sn_bulk_start(&b, &doc->mem, &doc->who, inserts, deletes) == SENNIT_OK) {
        check_gather(doc, o, &b);
        if (sn_bulk_read(&b) == SENNIT_OK)
            broken = check_spans(&doc->tree, &b, pos);
    }
    sn_bulk_end(&b);
    return broken;
}

static const char *check_order_of(sennit_doc *doc, size_t *pos)
{
    const sn_roster *who = &doc->who;
    size_t size = (size_t)who->changes_len * sizeof(uint32_t);
    check_order o = {who, sn_mem_resize(&doc->mem, NULL, 0, size), 0};
    uint32_t inserts = 0, deletes = 0;
    sn_log_iter it = sn_roster_start();
    sn_op op;

    if (o.changes == NULL)
        return SN_CHECK_NO_MEMORY;
    for (uint32_t i = 1; i < who->changes_len; i++)
        o.changes[o.changes_len++] = i;
    sn_sort_indices(o.changes, o.changes_len, check_change_less, who);
    while (sn_roster_next(who, &it, &op)) {
        inserts += op.kind == SN_INSERT;
        deletes += op.kind == SN_DELETE ? op.n : 0;
    }
    const char *broken = check_against_logs(doc, &o, inserts, deletes, pos);
    sn_mem_free(&doc->mem, o.changes, size);
    return broken;
}

/* ---- redactions ---- */

static bool check_is_redacted(const sn_text *text, const sn_op *op)
{
    for (uint32_t i = op->ref, end = op->ref + op->len; i < end; i++)
        if (text->bytes[i] != 0 && !sn_text_stands_in(text, i))
            return false;
    return true;
}

static const char *check_redactions(const sn_roster *who, bool any)
{
    sn_log_iter it = sn_roster_start();
    sn_op op;

    while (sn_roster_next(who, &it, &op))
        if (op.part == SN_REDACTION &&
            (!any || !check_is_redacted(&who->replicas[op.ref_replica].text, &op)))
            return "E1: text is redacted and still there";
    return NULL;
}

/* ---- what waits ---- */

static const char *check_park(const sennit_doc *doc)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++) {
        const sn_piece *piece = sn_park_from(&doc->park, doc->who.replicas[i].id, 0);

        if (piece != NULL && piece->seq < doc->who.replicas[i].seq && i != doc->me)
            return "P1: something waits that begins with what is known";
    }
    return NULL;
}

/* ---- all ---- */

SN_RARE sennit_status sennit_doc_check(const sennit_doc *doc, sennit_error *err)
{
    sennit_doc *all = sn_doc_mutable(doc);
    size_t pos = 0;
    const char *broken = check_roster(&doc->who);

    if (broken == NULL)
        broken = sn_tree_check(&all->tree, &pos);
    if (broken == NULL)
        broken = sn_check_toggles(all);
    if (broken == NULL)
        broken = check_order_of(all, &pos);
    if (broken == NULL)
        broken = sn_check_covers(all);
    for (uint32_t i = 1; i < doc->who.changes_len && broken == NULL; i++)
        if (doc->who.times[i] > doc->clock.last)
            broken = "D3: the clock is behind a change";
    if (broken == NULL)
        broken = sn_check_notes(all);
    if (broken == NULL)
        broken = check_park(doc);
    if (broken == NULL)
        broken = check_redactions(&doc->who, doc->redacts);
    if (broken == NULL)
        return SENNIT_OK;
    if (strcmp(broken, SN_CHECK_NO_MEMORY) == 0)
        return sn_fail(err, SENNIT_ENOMEM, 0, broken);
    return sn_fail(err, SENNIT_ECORRUPT, pos, broken);
}

#ifdef SENNIT_SELFCHECK
/* Small documents every time, large ones every 64th; a host's failing allocator
 * is no defect. Checking settles the tree, which forgets what the next keystroke
 * may do; that is put back, or quick.c would never be tested. */
void sn_doc_selfcheck(const sennit_doc *doc)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_doc *all = sn_doc_mutable(doc);

    if (doc->tree.leaves_used * SN_LEAF > 2000 && ++all->unchecked % 64 != 0)
        return;
    const sn_quick quick = doc->tree.quick;
    sn_leaf *hot = doc->tree.hot;
    sennit_status st = sennit_doc_check(doc, &err);
    all->tree.quick = quick;
    all->tree.hot = hot;
    SN_ASSERT(st == SENNIT_OK || st == SENNIT_ENOMEM || !err.what);
}
#endif
