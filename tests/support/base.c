#include "support/base.h"

#include "support/ops.h"
#include "support/require.h"
#include "wire/wire.h"

#include <string.h>

static const char first[] = "first line\nsecond \xe2\x82\xac line\n";

/* All of one writer's operations as a delta. */
static void base_delta(const naive_log *log, const naive *writer, sennit_buf *out)
{
    const naive_op **ops = malloc((log->len + 1) * sizeof *ops);
    size_t n = 0;
    ops_batch b;

    require(ops != NULL);
    for (size_t i = 0; i < log->len; i++)
        if (log->ops[i]->id.replica == writer->replica)
            ops[n++] = log->ops[i];
    ops_gather(&b, ops, n);
    out->len = 0;
    require(sn_delta_encode(&b.batch, NULL, out) == SENNIT_OK);
    ops_free(&b);
    free(ops);
}

static void base_exchange(naive *writers[], const naive_log *log)
{
    for (size_t i = 0; i < BASE_WRITERS; i++)
        naive_apply(writers[i], (const naive_op *const *)log->ops, log->len);
}

void base_deltas(sennit_buf out[BASE_WRITERS])
{
    naive *writers[BASE_WRITERS], *nobody = naive_new(0, 1);
    naive_log log = {NULL, 0};

    naive_insert(nobody, 0, first, sizeof first - 1, &log);
    for (size_t i = 0; i < BASE_WRITERS; i++) {
        writers[i] = naive_new(1000 * (i + 1), 50);
        writers[i]->now_ms = 100000 + 7 * i;
    }
    base_exchange(writers, &log);
    naive_insert(writers[0], 11, "of one, ", 8, &log);
    naive_insert(writers[1], 11, "\xf0\x9f\x99\x82 of two\n", 12, &log);
    naive_delete(writers[2], 3, 5, &log);
    naive_delete(writers[1], 2, 4, &log);
    base_exchange(writers, &log);
    writers[0]->now_ms += 500;
    naive_toggle(writers[0], (naive_id){3000, 0}, false, &log);
    naive_insert(writers[2], 4, "three", 5, &log);
    for (size_t i = 0; i < 3; i++)
        naive_delete(writers[2], 8 - i, 1, &log);
    base_exchange(writers, &log);
    naive_insert(writers[1], 0, "\xc3\xa4", 2, &log);
    for (size_t i = 0; i < BASE_WRITERS; i++)
        base_delta(&log, writers[i], &out[i]);
    for (size_t i = 0; i < BASE_WRITERS; i++)
        naive_free(writers[i]);
    naive_free(nobody);
    naive_log_free(&log);
}

/* What every base document is opened from. */
static void base_save(sennit_buf *out)
{
    rng r = rng_seed(1);
    sennit_options options = doc_options(&r);
    sennit_buf deltas[BASE_WRITERS];
    sennit_doc *doc;

    require(sennit_doc_seed(&options, "base", 4, first, sizeof first - 1, &doc) == SENNIT_OK);
    for (size_t i = 0; i < BASE_WRITERS; i++)
        sennit_buf_init(&deltas[i], NULL);
    base_deltas(deltas);
    for (size_t i = 0; i < BASE_WRITERS; i++) {
        require(sennit_doc_apply(doc, deltas[i].data, deltas[i].len, NULL, NULL, NULL) ==
                SENNIT_OK);
        sennit_buf_clear(&deltas[i]);
    }
    sennit_buf_init(out, NULL);
    doc_snapshot(doc, out);
    sennit_doc_free(doc);
}

sennit_doc *base_doc(rng *r)
{
    static sennit_buf saved; /* a fuzzer asks for the document very often */
    sennit_options options = doc_options(r);
    sennit_doc *doc;

    *r = rng_seed(1);
    if (saved.len == 0)
        base_save(&saved);
    options.replica = 4000;
    require(sennit_doc_load(&options, saved.data, saved.len, &doc, NULL) == SENNIT_OK);
    return doc;
}
