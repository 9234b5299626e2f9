/* The toggles of one batch, taken together.
 *
 * A toggle is told in a few bytes, and what it names may lie in any number of pieces. So
 * each delete that a batch toggles is looked at once before the commit, for room, and
 * once after all have decided, however many toggles there are of it.
 */
#include "base/sort.h"
#include "core/merge/apply.h"
#include "core/merge/cover.h"
#include "core/tree/tree_node.h"

/* Call for each toggle that is ready. */
typedef void toggled_each(sn_apply *a, const sn_op *op, void *arg);

static void toggled_walk(sn_apply *a, toggled_each *each, void *arg)
{
    for (uint32_t i = 0; i < a->batch->segments_len; i++) {
        const sn_segment *seg = &a->batch->segments[i];

        for (uint32_t k = 0; k < seg->ready; k++) {
            const sn_op *op = &a->batch->ops[seg->first + k];

            if (op->kind == SN_TOGGLE)
                each(a, op, arg);
        }
    }
}

/* ---- before ---- */

/* What is toggled: ids, and indices to sort them by. */
typedef struct toggled {
    uint64_t *ids;
    uint32_t *order;
    uint32_t len;
} toggled;

static void toggled_note(sn_apply *a, const sn_op *op, void *arg)
{
    toggled *t = arg;

    SN_ASSERT(t->len < a->toggles);
    t->order[t->len] = t->len;
    t->ids[t->len++] = sn_id_key(a->at[op->ref_replica].replica, op->ref);
}

static bool toggled_less(const void *ids, uint32_t x, uint32_t y)
{
    return ((const uint64_t *)ids)[x] < ((const uint64_t *)ids)[y];
}

/* Count the ranges of a delete, and the bytes in them. */
static void toggled_count(sn_apply *a, uint64_t id)
{
    sn_log_iter it;
    sn_op op;

    bool more = sn_switch_find(a->doc, (uint32_t)(id >> 32), (uint32_t)id, &it, &op);
    while (more) {
        const uint32_t bytes = op.kind == SN_DELETE ? op.len : 0;

        a->covers += bytes;
        a->cuts += bytes;
        a->ranges++;
        more = op.part == SN_MORE && sn_log_next(&it, &op);
    }
}

sennit_status sn_apply_survey_toggles(sn_apply *a)
{
    sn_mem *mem = &a->doc->mem;
    const size_t size = a->toggles * (sizeof(uint64_t) + sizeof(uint32_t));

    if (a->toggles == 0)
        return SENNIT_OK;
    toggled t = {.ids = sn_mem_resize(mem, NULL, 0, size)};
    if (t.ids == NULL)
        return SENNIT_ENOMEM;
    t.order = (uint32_t *)(t.ids + a->toggles);
    toggled_walk(a, toggled_note, &t);
    sn_sort_indices(t.order, t.len, toggled_less, t.ids);
    for (uint32_t i = 0; i < t.len; i++)
        if (i == 0 || t.ids[t.order[i]] != t.ids[t.order[i - 1]])
            toggled_count(a, t.ids[t.order[i]]);
    sn_mem_free(mem, t.ids, size);
    return SENNIT_OK;
}

/* ---- after ---- */

static void toggled_settle(sn_apply *a, const sn_op *op, void *arg)
{
    (void)arg;
    sn_switch_settle(a->doc, a->at[op->ref_replica].replica, op->ref);
}

void sn_apply_settle_toggles(sn_apply *a)
{
    if (a->toggles > 0)
        toggled_walk(a, toggled_settle, NULL);
}
