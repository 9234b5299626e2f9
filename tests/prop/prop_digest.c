/* A digest is what docs/FORMAT.md says, whatever way the operations came; one
 * operation changed changes it from there on. */
#include "core/doc/doc.h"
#include "support/cluster.h"
#include "support/cm.h"
#include "support/ops.h"
#include "support/require.h"
#include "support/seeds.h"
#include "wire/wire.h"

/* ---- the naive way: operation by operation ---- */

static uint64_t word(uint64_t hash, uint64_t w)
{
    return (hash ^ w) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t named(uint64_t hash, unsigned what, naive_id id)
{
    return word(word(word(hash, what), id.replica), id.n);
}

static uint64_t insert(uint64_t hash, const naive_op *op)
{
    if (op->root)
        hash = word(hash, 259);
    else if (op->left || op->ref.replica != op->id.replica || op->ref.n + 1 != op->number)
        hash = named(hash, op->left ? 258 : 257, op->ref);
    return word(hash, op->byte);
}

/* How many targets from one on follow each other. */
static size_t range(const naive_op *op, size_t from)
{
    size_t n = 1;

    while (from + n < op->targets_len && op->targets[from + n].replica == op->targets[from].replica &&
           op->targets[from + n].n == op->targets[from].n + n)
        n++;
    return n;
}

static bool is_one_range(const naive_op *op)
{
    return op != NULL && op->kind == NAIVE_DELETE && range(op, 0) == op->targets_len;
}

static uint64_t delete(uint64_t hash, const naive_op *op, const naive_op *before)
{
    if (is_one_range(op) && is_one_range(before) && op->targets_len == before->targets_len &&
        op->targets[0].replica == before->targets[0].replica) {
        if (op->targets[0].n == before->targets[0].n + before->targets_len)
            return word(hash, 262);
        if (op->targets[0].n + op->targets_len == before->targets[0].n)
            return word(hash, 263);
    }
    for (size_t i = 0, n; i < op->targets_len; i += n) {
        n = range(op, i);
        hash = word(named(hash, i + n < op->targets_len ? 261 : 260, op->targets[i]), n);
    }
    return hash;
}

static uint64_t one_more(uint64_t hash, const naive_op *op, const naive_op *before)
{
    if (before == NULL || before->hlc != op->hlc)
        hash = word(word(hash, 256), op->hlc);
    if (op->kind == NAIVE_INSERT)
        return insert(hash, op);
    if (op->kind == NAIVE_DELETE)
        return delete(hash, op, before);
    return named(hash, op->on ? 265 : 264, op->ref);
}

/* ---- comparing ---- */

/* Digests of a replica for every count from 0 to n. */
static uint64_t *digests(const sennit_doc *doc, uint64_t id, size_t n)
{
    uint64_t *all = malloc(2 * (n + 1) * sizeof *all), *counts = all + n + 1;

    require(all != NULL);
    for (size_t i = 0; i <= n; i++)
        counts[i] = i;
    require(sennit_doc_digest(doc, id, counts, n + 1, all) == SENNIT_OK);
    return all;
}

static void compare_author(rng *r, const site *s, const naive_author *a)
{
    uint64_t *all = digests(s->doc, a->id, a->len), hash = word(0, a->id);

    require(all[0] == hash);
    for (uint32_t i = 0; i < a->len; i++) {
        hash = one_more(hash, a->ops[i], i > 0 ? a->ops[i - 1] : NULL);
        require(all[i + 1] == hash);
    }
    /* In long strides as well, so that runs are whole. */
    const uint64_t counts[2] = {rng_below(r, (size_t)a->len + 1), a->len};
    uint64_t two[2];
    require(sennit_doc_digest(s->doc, a->id, counts, 2, two) == SENNIT_OK);
    require(two[0] == all[counts[0]] && two[1] == all[a->len]);
    free(all);
}

static void compare(const cluster *c)
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < c->sites[i].model->authors_len; k++)
            compare_author(c->r, &c->sites[i], &c->sites[i].model->authors[k]);
}

static void live(cluster *c, rng *r)
{
    cluster_init(c, r, rng_percent(r, 50) ? 30 : 0);
    for (size_t i = rng_in(r, 5, 50); i > 0; i--) {
        site *s = &c->sites[rng_below(r, c->n)];

        if (rng_percent(r, 60))
            cluster_edit(c, s);
        else
            cluster_deliver(c, s);
    }
}

static void agree(rng *r)
{
    cluster c;

    live(&c, r);
    compare(&c);
    cluster_settle(&c);
    compare(&c);
    cluster_free(&c);
}

/* ---- one operation changed ---- */

static void change(rng *r, naive_op *op)
{
    naive_id *id = op->kind == NAIVE_DELETE ? &op->targets[rng_below(r, op->targets_len)] : &op->ref;

    switch (rng_below(r, 4)) {
    case 0:
        op->hlc += rng_in(r, 1, 3);
        break;
    case 1:
        id->n += rng_percent(r, 50) ? 1u : 0u - 1u;
        break;
    case 2:
        op->left = !op->left;
        op->on = !op->on;
        break;
    default:
        op->byte ^= 1;
    }
}

/* Another document that was told the altered log, as far as it takes it. */
static sennit_doc *told(cluster *c)
{
    sennit_options options = c->options;
    sennit_buf delta;
    ops_batch b;

    options.replica = 0;
    sennit_doc *doc = doc_new(&options);
    sennit_buf_init(&delta, NULL);
    ops_gather(&b, (const naive_op *const *)c->log.ops, c->log.len);
    require(sn_delta_encode(&b.batch, NULL, &delta) == SENNIT_OK);
    ops_free(&b);
    sennit_status st = sennit_doc_apply(doc, delta.data, delta.len, NULL, NULL, NULL);
    sennit_buf_clear(&delta);
    if (st == SENNIT_OK)
        return doc;
    sennit_doc_free(doc);
    return NULL;
}

static void notice(rng *r)
{
    cluster c;

    live(&c, r);
    cluster_settle(&c);
    for (int i = 0; i < 10 && c.log.len > 0; i++) {
        naive_op *op = c.log.ops[rng_below(r, c.log.len)], was = *op, *copy;
        naive_log scratch = {NULL, 0};

        copy = naive_log_add(&scratch, op); /* its targets as well */
        change(r, op);
        bool same = naive_same(op, copy);
        sennit_doc *other = told(&c);
        if (other != NULL) {
            uint64_t n = sennit_doc_known(other, op->id.replica);
            uint64_t *mine = digests(c.sites[0].doc, op->id.replica, n);
            uint64_t *theirs = digests(other, op->id.replica, n);

            for (uint64_t k = 0; k <= n; k++)
                require((mine[k] == theirs[k]) == (same || k <= op->id.n));
            free(mine);
            free(theirs);
            sennit_doc_free(other);
        }
        free(op->targets);
        *op = was;
        op->targets = copy->targets;
        copy->targets = NULL;
        naive_log_free(&scratch);
    }
    cluster_free(&c);
}

static void every_way_to_the_same_operations_gives_their_digest(void **state)
{
    (void)state;
    seeds_run(600, agree);
}

static void an_operation_changed_changes_the_digest_from_there_on(void **state)
{
    (void)state;
    seeds_run(300, notice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_the_same_operations_gives_their_digest),
        cmocka_unit_test(an_operation_changed_changes_the_digest_from_there_on),
    };

    return RUN_TESTS(tests);
}
