/* Well-formed operations that no honest replica would make: the library refuses
 * exactly those that the naive document refuses, and takes the others. */
#include "core/doc/doc.h"
#include "core/merge/apply.h"
#include "support/cm.h"
#include "support/doc.h"
#include "support/ops.h"
#include "support/require.h"
#include "support/seeds.h"
#include "wire/wire.h"

#include <string.h>

#define WRITERS 3
#define MOST 400

/* What three naive replicas did, in plain ASCII, so that no character is cut. */
static void make_history(rng *r, naive_log *log)
{
    naive *writers[WRITERS];

    for (size_t i = 0; i < WRITERS; i++)
        writers[i] = naive_new(rng_next(r) | 1, rng_percent(r, 50) ? 1 : 500);
    for (size_t steps = rng_in(r, 3, 40); steps > 0; steps--) {
        naive *w = writers[rng_below(r, WRITERS)];
        char *text;
        size_t len = naive_text(w, &text), pos = rng_below(r, len + 1);
        naive_id target = {writers[rng_below(r, WRITERS)]->replica, 0};
        uint32_t known = naive_known(w, target.replica);

        free(text);
        w->now_ms = 1000 + rng_below(r, 3000);
        target.n = (uint32_t)rng_below(r, known);
        bool is_delete = false;
        for (size_t i = 0; i < log->len; i++)
            is_delete |= known > 0 && log->ops[i]->kind == NAIVE_DELETE &&
                         log->ops[i]->id.replica == target.replica && log->ops[i]->id.n == target.n;
        if (is_delete)
            naive_toggle(w, target, rng_percent(r, 50), log);
        else if (pos < len && rng_percent(r, 40))
            naive_delete(w, pos, rng_in(r, 1, len - pos < 4 ? len - pos : 4), log);
        else
            naive_insert(w, pos, "abcdef", rng_in(r, 1, 6), log);
        if (rng_percent(r, 50))
            naive_apply(w, (const naive_op *const *)log->ops, log->len);
    }
    for (size_t i = 0; i < WRITERS; i++)
        naive_free(writers[i]);
}

/* A stretch of each replica's operations. */
static size_t choose(rng *r, const naive_log *log, naive_op *out)
{
    size_t from = rng_below(r, log->len), to = rng_in(r, from + 1, log->len), n = 0;

    for (size_t i = from; i < to && n < MOST; i++)
        out[n++] = *log->ops[i];
    return n;
}

static naive_id any_id(rng *r, const naive_op *ops, size_t n)
{
    naive_id id = ops[rng_below(r, n)].id;

    id.n = (uint32_t)rng_below(r, rng_percent(r, 80) ? 12 : 40);
    if (rng_percent(r, 5))
        id.replica = rng_next(r) | 1; /* of somebody unknown */
    return id;
}

/* Make one operation, or the time of one replica's, wrong. */
static void spoil(rng *r, naive_op *ops, size_t n, naive_id *targets)
{
    naive_op *op = &ops[rng_below(r, n)];

    if (rng_percent(r, 30)) {
        uint64_t shift = rng_below(r, 1u << (rng_percent(r, 50) ? 5 : 27));
        uint64_t who = op->id.replica;
        bool later = rng_percent(r, 30);

        for (size_t i = 0; i < n; i++)
            if (ops[i].id.replica == who)
                ops[i].hlc = later ? ops[i].hlc + shift
                                   : ops[i].hlc > shift ? ops[i].hlc - shift : 1;
    } else if (op->kind == NAIVE_INSERT) {
        if (rng_percent(r, 20))
            op->byte = 'Z';
        else if (rng_percent(r, 30))
            op->left = !op->left;
        else
            op->ref = any_id(r, ops, n);
        op->root = rng_percent(r, 10) ? !op->root : op->root;
        op->left = op->left && !op->root; /* the other is refused without a look */
    } else if (op->kind == NAIVE_DELETE) {
        memcpy(targets, op->targets, op->targets_len * sizeof *targets);
        op->targets = targets;
        targets[rng_below(r, op->targets_len)] = any_id(r, ops, n);
    } else {
        op->ref = any_id(r, ops, n);
        op->on = rng_percent(r, 50);
    }
}

/* Whether a delete names a byte twice: the decoder refuses that on its own. */
static bool names_twice(const naive_op *op)
{
    for (size_t i = 0; i < op->targets_len; i++)
        for (size_t k = 0; k < i; k++)
            if (op->targets[i].replica == op->targets[k].replica &&
                op->targets[i].n == op->targets[k].n)
                return true;
    return false;
}

static void compare_with(sennit_doc *doc, naive *model)
{
    char *text;
    size_t len = naive_text(model, &text);

    require(doc_text_is(doc, text, len));
    for (size_t i = 0; i < model->authors_len; i++) {
        uint32_t index = sn_roster_find(&doc->who, model->authors[i].id);

        uint32_t known = index == SN_NO_REPLICA ? 0 : doc->who.replicas[index].seq;

        require(model->authors[i].len == known);
    }
    doc_check(doc);
    free(text);
}

static void judge(rng *r, sennit_doc *doc, naive *model, const naive_op *const *ops, size_t n)
{
    ops_batch b;
    sennit_buf delta;
    doc_state before;
    sennit_applied applied = {0, 0, 0, 0};
    bool twice = false;

    (void)r;
    for (size_t i = 0; i < n; i++)
        twice |= names_twice(ops[i]);
    ops_gather(&b, ops, n);
    sennit_buf_init(&delta, NULL);
    require(sn_delta_encode(&b.batch, NULL, &delta) == SENNIT_OK);
    doc_state_take(&before, doc);
    sennit_status st = sennit_doc_apply(doc, delta.data, delta.len, NULL, &applied, NULL);
    naive_result want = naive_apply(model, ops, n);
    bool refused = st != SENNIT_OK || applied.dropped > 0;
    if (st != SENNIT_OK)
        require(doc_state_same(&before, doc));
    require(refused == (want.refused + want.forked > 0 || twice));
    require(want.forked == 0 || st == SENNIT_EFORK || st == SENNIT_ECORRUPT);
    if (!refused)
        compare_with(doc, model);
    doc_state_free(&before);
    sennit_buf_clear(&delta);
    ops_free(&b);
}

static void spoiled(rng *r)
{
    static naive_op chosen[MOST];
    static const naive_op *ops[MOST];
    static naive_id targets[MOST];
    sennit_options options = doc_options(r);
    sennit_doc *doc = doc_new(&options);
    naive *model = naive_new(1, 1);
    naive_log log = {NULL, 0};
    ops_batch b;
    sennit_applied applied;

    make_history(r, &log);
    size_t known = rng_below(r, log.len + 1);
    ops_gather(&b, (const naive_op *const *)log.ops, known);
    require(sn_doc_apply_batch(doc, &b.batch, &applied, NULL) == SENNIT_OK);
    ops_free(&b);
    naive_apply(model, (const naive_op *const *)log.ops, known);
    compare_with(doc, model);
    size_t n = choose(r, &log, chosen);
    spoil(r, chosen, n, targets);
    for (size_t i = 0; i < n; i++)
        ops[i] = &chosen[i];
    judge(r, doc, model, ops, n);
    sennit_doc_free(doc);
    naive_free(model);
    naive_log_free(&log);
}

static void the_library_refuses_what_the_rules_refuse(void **state)
{
    (void)state;
    seeds_run(6000, spoiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_refuses_what_the_rules_refuse),
    };

    return RUN_TESTS(tests);
}
