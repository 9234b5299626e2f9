/* Filling an empty document: its tree is built from all there is at once. */
#include "base/bytes.h"
#include "core/apply.h"
#include "core/bulk.h"
#include "core/tree_node.h"

#define BUILD_LEAST 16u /* records for which it is worth the trouble */

bool sn_bulk_suits(const sn_apply *a)
{
    const sn_tree *tree = &a->doc->tree;

    return a->records >= BUILD_LEAST && tree->leaves_used == 1 && tree->first->node.n == 0 &&
           a->doc->patches.watch == 0 && sn_bulk_fits(&a->doc->who, a->records, a->records);
}

typedef struct build_again {
    sennit_doc *doc;
    sennit_status status;
} build_again;

/* A byte that was deleted before is deleted again: nobody minds failing yet. */
static void build_cover(void *arg, uint32_t replica, uint32_t at, uint32_t end)
{
    build_again *again = arg;

    if (again->status == SENNIT_OK)
        again->status = sn_cover_reserve(again->doc);
    if (again->status == SENNIT_OK)
        sn_cover_more(again->doc, replica, at, end);
}

static sennit_status build_gather(sn_apply *a, sn_bulk *b)
{
    build_again again = {a->doc, SENNIT_OK};

    for (uint32_t i = 0; i < a->batch->segments_len; i++) {
        const sn_segment *seg = &a->batch->segments[i];

        for (uint32_t k = 0; k < seg->ready; k++) {
            const sn_op op = sn_apply_mapped(a, seg, &a->batch->ops[seg->first + k]);

            if (op.kind == SN_INSERT)
                sn_bulk_insert(b, &op);
            else if (op.kind == SN_DELETE)
                sn_bulk_delete(b, op.ref_replica, sn_op_low(&op), op.n * op.len, build_cover,
                               &again);
        }
    }
    return again.status;
}

/* ---- text whose place is known only now ---- */

static sennit_status build_bad(sn_apply *a, const char *what)
{
    return sn_fail(a->err, SENNIT_ECORRUPT, 0, what);
}

static sennit_status build_visible(sn_apply *a, const sn_bulk *b)
{
    const uint8_t *from = a->restore->visible, *end = from + a->restore->visible_len;

    for (uint32_t i = 0; i < b->spans_len; i++) {
        const sn_span *s = &b->spans[i];

        if (sn_span_dead(s))
            continue;
        if (s->len > (size_t)(end - from))
            return build_bad(a, "less text than is visible");
        memcpy(sn_author(&a->doc->who, s->change)->text.bytes + s->at, from, s->len);
        from += s->len;
    }
    return from == end ? SENNIT_OK : build_bad(a, "more text than is visible");
}

static sennit_status build_deleted_of(sn_apply *a, const sn_bulk *b, uint32_t replica,
                                      const uint8_t **from)
{
    const sn_restore *text = a->restore;
    sn_text *to = &a->doc->who.replicas[replica].text;
    uint32_t base = b->base[replica];

    for (uint32_t at = 0, n; at < to->len; at += n) {
        n = sn_bulk_alike(b, base + at, to->len - at);
        if (!sn_bulk_is_dead(b, base + at))
            continue;
        if (text->deleted == NULL) { /* gone: NULs keep its place */
            memset(to->bytes + at, 0, n);
            continue;
        }
        if (n > (size_t)(text->deleted + text->deleted_len - *from))
            return build_bad(a, "less text than is deleted");
        memcpy(to->bytes + at, *from, n);
        *from += n;
    }
    return SENNIT_OK;
}

/* What staging could not look at without text. */
static sennit_status build_check(sn_apply *a)
{
    const sn_roster *who = &a->doc->who;
    bool plain = true;

    for (uint32_t i = 0; i < who->replicas_len; i++) {
        sn_text *text = &who->replicas[i].text;

        if (sn_utf8_valid(text->bytes, text->len) != text->len)
            return build_bad(a, "ill-formed UTF-8");
        sn_text_mark_blocks(text);
        plain = plain && (text->len == 0 || sn_text_count(text, 0, text->len).cont == 0);
    }
    for (uint32_t i = 0; i < a->batch->segments_len && !plain; i++) {
        const sn_segment *seg = &a->batch->segments[i];

        for (uint32_t k = 0; k < seg->ready; k++) {
            const sn_op op = sn_apply_mapped(a, seg, &a->batch->ops[seg->first + k]);
            const sn_text *own = &who->replicas[a->at[seg->replica].replica].text;

            if ((op.kind == SN_INSERT && !sn_text_boundary(own, op.number)) ||
                (op.kind != SN_TOGGLE && op.ref_replica != SN_NO_REPLICA &&
                 sn_apply_cuts_character(&who->replicas[op.ref_replica].text, &op)))
                return sn_apply_fail(a, seg, SENNIT_ECORRUPT, "an operation cuts a character");
        }
    }
    return SENNIT_OK;
}

static sennit_status build_text(sn_apply *a, const sn_bulk *b)
{
    const uint8_t *from = a->restore->deleted;

    SN_TRY(build_visible(a, b));
    for (uint32_t i = 0; i < a->batch->ids_len; i++)
        if (a->at[i].replica != SN_NO_REPLICA)
            SN_TRY(build_deleted_of(a, b, a->at[i].replica, &from));
    if (a->restore->deleted != NULL && from != a->restore->deleted + a->restore->deleted_len)
        return build_bad(a, "more text than is deleted");
    return build_check(a);
}

/* ---- all of it ---- */

sennit_status sn_bulk_build(sn_apply *a)
{
    sn_bulk b;
    sennit_status st = sn_bulk_start(&b, &a->doc->mem, &a->doc->who, (uint32_t)a->inserts,
                                     (uint32_t)(a->records - a->inserts));

    if (st == SENNIT_OK)
        st = build_gather(a, &b);
    if (st == SENNIT_OK) {
        sn_bulk_read(&b);
        if (a->restore != NULL)
            st = build_text(a, &b);
    }
    if (st == SENNIT_OK)
        st = sn_tree_build(&a->doc->tree, b.spans, b.spans_len, b.base);
    sn_bulk_end(&b);
    return st;
}

sennit_status sn_doc_restore(sennit_doc *doc, sn_batch *batch, const sn_restore *text,
                             sennit_error *err)
{
    sn_apply a = {.doc = doc, .batch = batch, .err = err, .restore = text, .textless = true};

    SN_TRY(sn_apply_once(&a));
    if (batch->lineage != NULL)
        sn_doc_set_lineage(doc, batch->lineage);
    for (uint32_t i = 0; i < doc->who.replicas_len && text->deleted == NULL; i++) {
        doc->who.replicas[i].base_seq = doc->who.replicas[i].seq;
        doc->who.replicas[i].base_number = doc->who.replicas[i].number;
    }
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

/* ---- and out again ---- */

/* Deleted spans by author in the order of ids and by number: sorted by places in
 * a line of all texts in that order. */
sennit_status sn_doc_deleted_text(sennit_doc *doc, const uint64_t *ids, uint32_t n, sennit_buf *out)
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

        st = sn_buf_put(out, sn_author(&doc->who, s->change)->text.bytes + s->at, sn_span_len(s));
    }
    sn_mem_free(mem, pairs, 2 * spans * sizeof *pairs);
    sn_mem_free(mem, base, base_size);
    return st;
}

void sn_bulk_clear(sn_apply *a)
{
    sn_tree_clear(&a->doc->tree);
    sn_map_free(&a->doc->cover, &a->doc->mem);
}
