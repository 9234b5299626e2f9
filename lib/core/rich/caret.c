/* Typing in a text with marks: in which gap among deleted characters?
 *
 *     visible   a                                   b
 *     deleted         x    y    z
 *     gaps        0     1    2    3                      which have other marks each
 *
 * What is typed between a and b has the marks of a, but for those that end before b and
 * do not grow. It goes into the first gap, from a on, whose marks are these. If there is
 * none it stays beside a, and marks of its own say what the gap does not.
 */
#include "core/rich/caret.h"

#include "base/utf8.h"
#include "core/edit/edit.h"
#include "core/edit/txn.h"
#include "core/rich/active.h"

typedef struct caret_gap {
    sennit_doc *doc;
    uint32_t at;            /* visible bytes before it */
    sn_slot left, right;    /* behind the byte before it, before the byte behind it */
    sn_place gap;           /* the byte that it goes behind; leaf NULL: the first gap of all */
    sn_active want, have;   /* what is typed should have, and gets in the gap */
    sn_active beside;       /* gets in the first gap */
    bool fits;
} caret_gap;

static void caret_free(caret_gap *c)
{
    sn_active_free(&c->want);
    sn_active_free(&c->have);
    sn_active_free(&c->beside);
}

/* The places around it. Returns the first end of a mark between them, if any. */
static const sn_edge *caret_look(caret_gap *c)
{
    sennit_doc *doc = c->doc;

    c->left = (sn_slot){{NULL, 0, 0}, false};
    c->right = (sn_slot){{NULL, 0, 0}, true};
    if (c->at < doc->tree.total.bytes)
        c->right = (sn_slot){sn_tree_seek(&doc->tree, c->at), false};
    if (c->at > 0)
        c->left = (sn_slot){sn_tree_seek(&doc->tree, c->at - 1), true};
    c->gap = c->left.p;
    return sn_edge_from(doc, &c->left);
}

static bool caret_before_right(const caret_gap *c, const sn_edge *e)
{
    return e != NULL && sn_slot_compare(c->doc, &c->right, e) > 0;
}

/* Whether a mark that covers the byte before does not go on. */
static bool caret_stops(const caret_gap *c, const sn_mark *mark)
{
    const sn_edge *end = &mark->end;

    return end->replica != SN_NO_REPLICA && end->after && caret_before_right(c, end);
}

static sennit_status caret_marks(caret_gap *c)
{
    const sn_slot begin = {c->left.p, false};

    SN_TRY(sn_active_start(&c->have, c->doc, &begin, &c->left));
    c->want.doc = c->beside.doc = c->doc;
    for (const sn_edge *e = sn_edge_over(c->doc, NULL, &begin, &c->left); e != NULL;
         e = sn_edge_over(c->doc, e, &begin, &c->left))
        if (SENNIT_MUTANT == 82 || !caret_stops(c, sn_edge_mark(e)))
            SN_TRY(sn_active_add(&c->want, sn_edge_mark(e)));
    return SENNIT_OK;
}

/* The last byte of the character at whose byte an edge is. */
static sn_place caret_character(const caret_gap *c, const sn_edge *e)
{
    sn_place p = sn_tree_find(&c->doc->tree, e->replica, e->number);
    const sn_text *text = &c->doc->who.replicas[e->replica].text;

    while (!sn_text_boundary(text, sn_place_span(&p)->at + (uint64_t)p.off + 1))
        p.off++;
    return p;
}

/* Go over the ends at one character, to the gap behind it. */
static sennit_status caret_advance(caret_gap *c, const sn_edge **e)
{
    const sn_slot behind = {caret_character(c, *e), true};

    while (*e != NULL && sn_slot_compare(c->doc, &behind, *e) >= 0) {
        SN_TRY(sn_active_cross(&c->have, *e));
        *e = sn_edge_next(*e);
    }
    c->gap = behind.p;
    return SENNIT_OK;
}

/* Find the gap; e: the first end of a mark behind the byte before. */
static sennit_status caret_search(caret_gap *c, const sn_edge *e)
{
    SN_TRY(caret_marks(c));
    for (; e != NULL && sn_slot_compare(c->doc, &c->left, e) == 0; e = sn_edge_next(e))
        if (c->left.p.leaf != NULL) /* at the start of all they were counted */
            SN_TRY(sn_active_cross(&c->have, e));
    for (size_t i = 0; i < c->have.len; i++)
        SN_TRY(sn_active_add(&c->beside, c->have.names[i].top));
    while (!(c->fits = sn_active_same(&c->want, &c->have)) && caret_before_right(c, e) &&
           SENNIT_MUTANT != 83)
        SN_TRY(caret_advance(c, &e));
    if (!c->fits)
        c->gap = c->left.p;
    return SENNIT_OK;
}

/* ---- typing ---- */

/* Mark the inserted text, from a byte of this replica on up to what follows it. */
static sennit_status caret_say(caret_gap *c, uint32_t number, uint32_t len, const sn_mark *wanted,
                               const sn_name *name)
{
    sennit_doc *doc = c->doc;
    const sn_place last = sn_tree_find(&doc->tree, doc->me, number + len - 1);
    const sn_place next = last.off + 1 < sn_span_len(sn_place_span(&last))
                              ? (sn_place){last.leaf, last.i, last.off + 1}
                              : sn_tree_next(last);
    const sn_op start = {.kind = SN_MARK, .ref_replica = doc->me, .ref = number};
    sn_op end = {.kind = SN_MARK, .flag = 1, .ref_replica = SN_NO_REPLICA};
    sennit_value value;

    if (next.leaf != NULL) {
        const sn_span *s = sn_place_span(&next);

        end = (sn_op){.kind = SN_MARK, .ref = s->at + next.off,
                      .ref_replica = doc->who.changes[s->change].replica};
    }
    if (wanted != NULL)
        sn_value_get(sn_mark_value(doc, wanted), wanted->note.len, &value);
    return sn_book_make(doc, &start, &end, (const char *)name->bytes, name->len,
                        wanted != NULL ? &value : NULL);
}

/* Say by marks what differs between what is wanted and what the gap gives. */
static sennit_status caret_correct(caret_gap *c, uint32_t number, uint32_t len)
{
    size_t i = 0, k = 0;
    const sn_mark *want = sn_active_next(&c->want, &i), *have = sn_active_next(&c->beside, &k);

    while (want != NULL || have != NULL) {
        int order = sn_mark_compare(want, have);
        const sn_mark *wanted = order <= 0 ? want : NULL, *given = order >= 0 ? have : NULL;

        if (wanted == NULL || given == NULL || !sn_mark_same(c->doc, wanted, given))
            SN_TRY(caret_say(c, number, len, wanted, (wanted != NULL ? wanted : given)->note.name));
        if (wanted != NULL)
            want = sn_active_next(&c->want, &i);
        if (given != NULL)
            have = sn_active_next(&c->beside, &k);
    }
    return SENNIT_OK;
}

static sennit_status caret_insert(caret_gap *c, const uint8_t *text, uint32_t len)
{
    sennit_doc *doc = c->doc;
    sn_txn before;

    if (c->fits)
        return sn_edit_insert_behind(doc, c->at, c->gap, text, len);
    sn_txn_mark(doc, &before);
    sennit_status st = sn_edit_insert_behind(doc, c->at, c->gap, text, len);
    if (st == SENNIT_OK)
        st = caret_correct(c, doc->who.replicas[doc->me].number - len, len);
    sn_txn_settle(doc, &before, st);
    return st;
}

sennit_status sn_caret_insert(sennit_doc *doc, uint32_t at, const uint8_t *text, uint32_t len)
{
    caret_gap c = {.doc = doc, .at = at, .fits = true};
    const sn_edge *e = caret_look(&c);
    sennit_status st = SENNIT_OK;

    if (caret_before_right(&c, e))
        st = caret_search(&c, e);
    if (st == SENNIT_OK)
        st = caret_insert(&c, text, len);
    caret_free(&c);
    return st;
}
