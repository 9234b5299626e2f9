/* Deletes and toggles, counted anew from the logs. */
#include "base/sort.h"
#include "core/check/check.h"
#include "core/merge/cover.h"
#include "core/tree/tree_node.h"

void sn_check_deletes(sennit_doc *doc, uint32_t author, const sn_op *op, sn_check_covered *covered,
                      void *arg)
{
    if (doc->switches_len == 0) {
        covered(arg, op->ref_replica, sn_op_low(op), op->n * op->len);
        return;
    }
    for (uint32_t k = 0; k < op->n; k++) {
        const sn_switch *s = sn_switch_of(doc, author, op->seq + k);
        uint32_t at = sn_op_target(op, k);

        if (s == NULL || s->on)
            covered(arg, op->ref_replica, at, op->len);
    }
}

/* ---- toggles ---- */

/* Every entry is of a switch that is there. */
static const char *check_switches(sennit_doc *doc)
{
    uint32_t entries = 0;

    for (sn_map_at at = sn_map_ceil(&doc->toggled, 0); at.leaf != NULL; at = sn_map_next(at)) {
        uint32_t i = at.leaf->value[at.i];

        if (i >= doc->switches_len || doc->switches[i].change >= doc->who.changes_len)
            return "D4: a delete's switch is not there";
        if (doc->switches[i].shown != doc->switches[i].on)
            return "D4: what a switch decided is not shown";
        entries++;
    }
    return entries == doc->switches_len ? NULL : "D4: a delete has no switch of its own";
}

/* Whether a switch heeds a toggle of its delete; counts those that decide. */
static const char *check_toggle(const sennit_doc *doc, const sn_switch *s, const sn_op *op,
                                uint32_t *deciding)
{
    if (s == NULL)
        return "D4: a delete that was toggled has no switch";
    if (s->change == op->change && s->seq == op->seq) {
        ++*deciding;
        return s->on == (op->flag != 0) ? NULL : "D5: a switch is not as its toggle says";
    }
    if (s->change == op->change ? s->seq < op->seq : sn_change_le(&doc->who, s->change, op->change))
        return "D5: a switch heeds an older toggle than the newest";
    return NULL;
}

const char *sn_check_toggles(sennit_doc *doc)
{
    const char *broken = sn_map_check(&doc->toggled);
    uint32_t deciding = 0;
    sn_log_iter it = sn_roster_start();
    sn_op op;

    if (broken == NULL)
        broken = check_switches(doc);
    while (broken == NULL && sn_roster_next(&doc->who, &it, &op))
        if (op.kind == SN_TOGGLE)
            broken = check_toggle(doc, sn_switch_of(doc, op.ref_replica, op.ref), &op, &deciding);
    if (broken == NULL && deciding != doc->switches_len)
        broken = "D5: a switch heeds no toggle of its delete";
    return broken;
}

/* ---- covers ---- */

/* Where deletes begin and end: the id of the byte there, doubled; 1 is added for
 * an end. */
typedef struct check_edges {
    uint64_t *edge; /* NULL: only count them */
    size_t n;
} check_edges;

static void check_add_edges(void *arg, uint32_t replica, uint32_t at, uint32_t len)
{
    check_edges *e = arg;

    if (e->edge != NULL) {
        e->edge[e->n] = sn_id_key(replica, at) << 1;
        e->edge[e->n + 1] = sn_id_key(replica, at + len) << 1 | 1;
    }
    e->n += 2;
}

static void check_all_edges(sennit_doc *doc, check_edges *e)
{
    sn_log_iter it = sn_roster_start();
    sn_op op;

    e->n = 0;
    while (sn_roster_next(&doc->who, &it, &op))
        if (op.kind == SN_DELETE)
            sn_check_deletes(doc, it.author, &op, check_add_edges, e);
}

static bool check_edge_less(const void *ctx, uint32_t a, uint32_t b)
{
    const uint64_t *edge = ctx;

    return edge[a] < edge[b];
}

/* Step over the entries of a map before a key: all must have this value, which
 * holds up to the key. */
static bool check_steps(sn_map_at *at, uint64_t key, uint32_t value)
{
    for (; at->leaf != NULL && at->leaf->key[at->i] < key; *at = sn_map_next(*at))
        if (at->leaf->value[at->i] != value)
            return false;
    return true;
}

/* Walk edges and entries side by side. Where the number changes an entry must be;
 * others may say the same again. */
static const char *check_edges_against(sn_map *map, const uint64_t *edge, const uint32_t *order,
                                       size_t n)
{
    sn_map_at at = sn_map_ceil(map, 0);
    uint32_t covers = 0, extra = 0;

    for (size_t i = 0; i < n;) {
        uint64_t key = edge[order[i]] >> 1;
        uint32_t before = extra;

        if (!check_steps(&at, key, extra))
            return "D2: the number of covers of a byte is wrong";
        for (; i < n && edge[order[i]] >> 1 == key; i++)
            covers += edge[order[i]] & 1 ? UINT32_MAX : 1;
        extra = covers > 1 ? covers - 1 : 0;
        if (extra != before && (at.leaf == NULL || at.leaf->key[at.i] != key))
            return "D2: the number of covers does not change where it should";
    }
    return check_steps(&at, UINT64_MAX, 0) ? NULL : "D2: a byte has covers that no delete explains";
}

const char *sn_check_covers(sennit_doc *doc)
{
    check_edges e = {NULL, 0};
    const char *broken = sn_map_check(&doc->cover);

    check_all_edges(doc, &e);
    size_t n = e.n, size = n * (sizeof(uint64_t) + sizeof(uint32_t));
    if (broken != NULL || n > UINT32_MAX)
        return broken;
    if (n == 0)
        return check_edges_against(&doc->cover, NULL, NULL, 0);
    e.edge = sn_mem_resize(&doc->mem, NULL, 0, size);
    if (e.edge == NULL)
        return SN_CHECK_NO_MEMORY;
    check_all_edges(doc, &e);
    uint32_t *order = (uint32_t *)(e.edge + n);
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    sn_sort_indices(order, n, check_edge_less, e.edge);
    broken = check_edges_against(&doc->cover, e.edge, order, n);
    sn_mem_free(&doc->mem, e.edge, size);
    return broken;
}
