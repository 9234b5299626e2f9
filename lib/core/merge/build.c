/* Filling an empty document: its tree is built from all there is at once. */
#include "core/merge/apply.h"
#include "core/merge/cover.h"
#include "core/tree/bulk.h"
#include "core/tree/tree_node.h"

#define BUILD_LEAST 16u /* records for which it is worth the trouble */

bool sn_bulk_suits(const sn_apply *a)
{
    const sn_tree *tree = &a->doc->tree;

    return a->records >= BUILD_LEAST && tree->leaves_used == 1 && tree->first->node.n == 0 &&
           a->doc->patches.watch == 0 && sn_bulk_fits(&a->doc->who, a->records, a->records);
}

static sennit_status build_gather(sn_apply *a, sn_bulk *b)
{
    sn_bulk_again again = {a->doc, SENNIT_OK};

    for (uint32_t i = 0; i < a->batch->segments_len; i++) {
        const sn_segment *seg = &a->batch->segments[i];

        for (uint32_t k = 0; k < seg->ready; k++) {
            const sn_op op = sn_apply_mapped(a, seg, &a->batch->ops[seg->first + k]);

            if (op.kind == SN_INSERT)
                sn_bulk_insert(b, &op);
            else if (op.kind == SN_DELETE)
                sn_bulk_delete(b, op.ref_replica, sn_op_low(&op), op.n * op.len,
                               sn_cover_again, &again);
        }
    }
    return again.status;
}

/* ---- all of it ---- */

sennit_status sn_bulk_build(sn_apply *a)
{
    sn_bulk b;
    sennit_status st = sn_bulk_start(&b, &a->doc->mem, &a->doc->who, (uint32_t)a->inserts,
                                     (uint32_t)(a->records - a->inserts));

    if (st == SENNIT_OK)
        st = build_gather(a, &b);
    if (st == SENNIT_OK)
        st = sn_bulk_read(&b);
    if (st == SENNIT_OK)
        st = sn_bulk_tree(&b, &a->doc->tree, NULL);
    sn_bulk_end(&b);
    return st;
}

void sn_bulk_clear(sn_apply *a)
{
    sn_tree_clear(&a->doc->tree);
    sn_map_free(&a->doc->cover, &a->doc->mem);
}
