#include "support/cluster.h"

#include "core/doc/doc.h"
#include "core/merge/apply.h"
#include "support/ops.h"
#include "support/require.h"
#include "wire/wire.h"

/* Of the operations that were delivered, those that still wait. */
static size_t send_waiting(const site *s, const naive_op *const *ops, size_t n)
{
    size_t waiting = 0;

    for (size_t i = 0; i < n; i++)
        waiting += ops[i]->id.n >= naive_known(s->model, ops[i]->id.replica);
    return waiting;
}

/* The same to the naive document; what became of it must be the same. At a site
 * that follows, the naive document may have made the operations itself. */
static void send_to_model(site *s, const naive_op *const *ops, size_t n,
                          const sennit_applied *applied)
{
    naive_result r = naive_apply(s->model, ops, n);

    require(r.refused == 0 && r.forked == 0 && applied->dropped == 0);
    require(applied->applied + applied->known >= r.applied + r.known);
    if (!s->follows)
        require(applied->applied == r.applied && applied->known == r.known);
    require(applied->parked == send_waiting(s, ops, n));
}

static sennit_applied send_delta(site *s, const sennit_buf *delta)
{
    sennit_applied applied;
    sennit_error err = {SENNIT_OK, 0, ""};

    if (sennit_doc_apply(s->doc, delta->data, delta->len, NULL, &applied, &err) != SENNIT_OK) {
        fprintf(stderr, "a delta was refused at %zu: %s\n", err.pos, err.what);
        abort();
    }
    return applied;
}

/* What a delta is said to hold without being applied. */
static void send_inspect(const sennit_buf *delta, const naive_op *const *ops, size_t n)
{
    sennit_delta_info info;
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += ops[i]->kind == NAIVE_INSERT;
    require(sennit_delta_inspect(delta->data, delta->len, NULL, &info, NULL) == SENNIT_OK);
    require(info.operations == n && info.inserted_bytes == bytes && (info.changes > 0) == (n > 0));
}

/* As bytes, as a peer would send them, or as what comes of decoding bytes. */
static sennit_applied send_batch(cluster *c, site *s, const naive_op *const *ops, size_t n)
{
    sennit_applied applied;
    ops_batch b;

    ops_gather(&b, ops, n);
    if (rng_percent(c->r, 70)) {
        sennit_buf delta;

        sennit_buf_init(&delta, NULL);
        b.batch.lineage = rng_percent(c->r, 50) ? s->doc->lineage : NULL;
        require(sn_delta_encode(&b.batch, NULL, &delta) == SENNIT_OK);
        send_inspect(&delta, ops, n);
        applied = send_delta(s, &delta);
        sennit_buf_clear(&delta);
    } else {
        require(sn_doc_apply_batch(s->doc, &b.batch, &applied, NULL) == SENNIT_OK);
    }
    ops_free(&b);
    return applied;
}

/* Whether an operation only goes on with the character of the one before. */
static bool send_is_inside(const naive_op *op)
{
    return op->kind == NAIVE_INSERT && (op->byte & 0xc0) == 0x80;
}

/* A delta holds one stretch of each replica's operations. */
static bool send_leaves_gap(const naive_op *const *ops, size_t n, const naive_op *op)
{
    while (n-- > 0)
        if (ops[n]->id.replica == op->id.replica)
            return ops[n]->id.n + 1 != op->id.n;
    return false;
}

void cluster_send_ops(cluster *c, site *s, size_t from, size_t to, unsigned percent)
{
    const naive_op **ops = malloc((c->log.len + 1) * sizeof *ops);
    size_t n = 0;
    bool take = false;

    require(ops != NULL);
    for (size_t i = from; i < c->log.len; i++) {
        const naive_op *op = c->log.ops[i];

        if (!send_is_inside(op)) {
            if (i >= to)
                break;
            take = rng_percent(c->r, percent) && !send_leaves_gap(ops, n, op);
        }
        if (take)
            ops[n++] = op;
    }
    if (n > 0) {
        sennit_applied applied = send_batch(c, s, ops, n);

        send_to_model(s, ops, n, &applied);
    }
    free(ops);
}

void cluster_send_bytes(cluster *c, site *s, const sennit_buf *delta,
                        const naive_op *const *ops, size_t n)
{
    sennit_applied applied = send_delta(s, delta);

    (void)c;
    send_inspect(delta, ops, n);
    send_to_model(s, ops, n, &applied);
}
