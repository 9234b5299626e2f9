#include "support/cluster.h"

#include "core/doc.h"
#include "support/ops.h"
#include "support/require.h"

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
    require(applied->parked >= send_waiting(s, ops, n));
}

static sennit_applied send_batch(site *s, const naive_op *const *ops, size_t n)
{
    sennit_applied applied;
    ops_batch b;

    ops_gather(&b, ops, n);
    require(sn_doc_apply_batch(s->doc, &b.batch, &applied, NULL) == SENNIT_OK);
    ops_free(&b);
    return applied;
}

/* Whether an operation only goes on with the character of the one before. */
static bool send_is_inside(const naive_op *op)
{
    return op->kind == NAIVE_INSERT && (op->byte & 0xc0) == 0x80;
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
            take = rng_percent(c->r, percent);
        }
        if (take)
            ops[n++] = op;
    }
    if (n > 0) {
        sennit_applied applied = send_batch(s, ops, n);

        send_to_model(s, ops, n, &applied);
    }
    free(ops);
}

void cluster_send_bytes(cluster *c, site *s, const sennit_buf *delta,
                        const naive_op *const *ops, size_t n)
{
    sennit_applied applied;
    sennit_error err = {SENNIT_OK, 0, ""};

    (void)c;
    if (sennit_doc_apply(s->doc, delta->data, delta->len, NULL, &applied, &err) != SENNIT_OK) {
        fprintf(stderr, "a delta was refused at %zu: %s\n", err.pos, err.what);
        abort();
    }
    send_to_model(s, ops, n, &applied);
}
