#include "support/cluster.h"

#include "support/require.h"

#include <string.h>

/* ---- coming and going ---- */

static void cluster_seed(cluster *c, char *text, size_t *len)
{
    naive *nobody = naive_new(0, 1);

    *len = rng_percent(c->r, 70) ? rng_text(c->r, 12, text) : 0;
    naive_insert(nobody, 0, text, *len, &c->log);
    naive_free(nobody);
    c->seeded = c->log.len;
}

static void site_init(cluster *c, site *s, const char *text, size_t len)
{
    static const uint64_t coalesce_ms[] = {1, 50, 5000};
    sennit_options options = c->options;

    sennit_buf_init(&s->shown, NULL);
    s->id = rng_next(c->r) | 1;
    s->follows = rng_percent(c->r, c->toggles > 0 ? 60 : 25);
    s->coalesce_ms = coalesce_ms[rng_below(c->r, 3)];
    s->skew_ms = (int64_t)rng_in(c->r, 0, 40000) - 20000;
    s->unit = (sennit_unit)rng_below(c->r, 3);
    options.replica = s->id;
    options.unit = s->unit;
    options.coalesce_ms = s->coalesce_ms;
    require(sennit_doc_seed(&options, "cluster", 7, text, len, &s->doc) == SENNIT_OK);
    s->model = naive_new(s->id, s->coalesce_ms);
    naive_apply(s->model, (const naive_op *const *)c->log.ops, c->log.len);
    s->watched = rng_percent(c->r, 50);
    cluster_watch(c, s);
}

void cluster_init(cluster *c, rng *r, unsigned toggles)
{
    char text[64];
    size_t len;

    memset(c, 0, sizeof *c);
    c->r = r;
    c->options = doc_options(r);
    c->wall_ms = UINT64_C(1700000000000);
    c->toggles = toggles;
    c->n = rng_in(r, 2, CLUSTER_SITES);
    cluster_seed(c, text, &len);
    for (size_t i = 0; i < c->n; i++)
        site_init(c, &c->sites[i], text, len);
}

void cluster_free(cluster *c)
{
    for (size_t i = 0; i < c->n; i++) {
        sennit_doc_free(c->sites[i].doc);
        naive_free(c->sites[i].model);
        sennit_buf_clear(&c->sites[i].shown);
    }
    for (size_t i = 0; i < c->messages_len; i++)
        sennit_buf_clear(&c->messages[i].delta);
    free(c->messages);
    naive_log_free(&c->log);
}

/* ---- what happens ---- */

void cluster_tick(cluster *c, site *s)
{
    static const unsigned steps[] = {0, 0, 0, 1, 5, 60, 400, 9000};

    c->wall_ms += steps[rng_below(c->r, 8)];
    uint64_t now = (uint64_t)((int64_t)c->wall_ms + s->skew_ms);
    sennit_doc_set_time(s->doc, now);
    s->model->now_ms = now;
}

void cluster_edit(cluster *c, site *s)
{
    cluster_tick(c, s);
    if (s->follows)
        cluster_edit_model(c, s);
    else
        cluster_edit_real(c, s);
    cluster_compare(s);
}

/* The operations that `from` knows and a version does not; known[]: how many of
 * each site's operations it counts. */
static size_t cluster_lacking(const cluster *c, const site *from, const uint32_t *known,
                              const naive_op **out)
{
    size_t n = 0;

    for (size_t i = c->seeded; i < c->log.len; i++) {
        const naive_op *op = c->log.ops[i];

        for (size_t k = 0; k < c->n; k++)
            if (op->id.replica == c->sites[k].id && op->id.n >= known[k] &&
                op->id.n < naive_known(from->model, op->id.replica))
                out[n++] = op;
    }
    return n;
}

/* What another site has and this one lacks; or all of it, as delta or snapshot. */
static void cluster_pull(cluster *c, site *s, site *from)
{
    const naive_op **ops = malloc((c->log.len + 1) * sizeof *ops);
    bool everything = rng_percent(c->r, 15);
    uint32_t known[CLUSTER_SITES] = {0};
    sennit_buf since, bytes;
    size_t n;

    require(ops != NULL);
    sennit_buf_init(&since, NULL);
    sennit_buf_init(&bytes, NULL);
    if (!everything) {
        doc_version(s->doc, &since);
        for (size_t k = 0; k < c->n; k++)
            known[k] = naive_known(s->model, c->sites[k].id);
    }
    n = cluster_lacking(c, from, known, ops);
    if (everything && rng_percent(c->r, 50))
        doc_snapshot(from->doc, &bytes);
    else
        require(sennit_doc_delta(from->doc, since.data, since.len, NULL, &bytes, NULL) ==
                SENNIT_OK);
    require((bytes.len == 0) == (n == 0 && (!everything || c->seeded == 0)) || everything);
    if (bytes.len > 0) {
        if (everything) /* includes what was seeded */
            for (size_t i = 0; i < c->seeded; i++)
                ops[n++] = c->log.ops[i];
        cluster_send_bytes(c, s, &bytes, ops, n);
    }
    sennit_buf_clear(&since);
    sennit_buf_clear(&bytes);
    free(ops);
}

/* The program ends and starts again: what waits is lost, and a change ended. */
static void cluster_restart(cluster *c, site *s)
{
    sennit_options options = c->options;
    sennit_buf saved;
    sennit_doc *doc;

    sennit_buf_init(&saved, NULL);
    require(sennit_doc_save(s->doc, SENNIT_SAVE_IDENTITY, &saved) == SENNIT_OK);
    options.unit = s->unit;
    options.coalesce_ms = s->coalesce_ms;
    require(sennit_doc_load(&options, saved.data, saved.len, &doc, NULL) == SENNIT_OK);
    require(doc_agree(s->doc, doc));
    sennit_doc_free(s->doc);
    sennit_buf_clear(&saved);
    s->doc = doc;
    s->model->change_hlc = 0;
    s->model->pending_len = 0;
    cluster_watch(c, s);
}

void cluster_deliver(cluster *c, site *s)
{
    unsigned how = (unsigned)rng_below(c->r, 100);

    if (how < 6) {
        cluster_restart(c, s);
    } else if (how < 40) {
        size_t from = rng_in(c->r, c->seeded, c->log.len);
        size_t to = from + rng_below(c->r, 40);

        cluster_send_ops(c, s, from, to < c->log.len ? to : c->log.len,
                         (unsigned)rng_in(c->r, 30, 100));
    } else if (how < 75 && c->messages_len > 0) {
        const message *m = &c->messages[rng_below(c->r, c->messages_len)];

        cluster_send_bytes(c, s, &m->delta, (const naive_op *const *)c->log.ops + m->from,
                           m->to - m->from);
    } else {
        cluster_pull(c, s, &c->sites[rng_below(c->r, c->n)]);
    }
    cluster_compare(s);
}

void cluster_settle(cluster *c)
{
    for (size_t i = 0; i < c->n; i++) {
        site *s = &c->sites[i];

        for (unsigned k = (unsigned)rng_below(c->r, 6); k > 0; k--)
            cluster_deliver(c, s);
        cluster_send_ops(c, s, 0, c->log.len, 100);
        cluster_compare(s);
    }
    for (size_t i = 0; i < c->n; i++) {
        sennit_stat stat;

        sennit_doc_stat(c->sites[i].doc, &stat);
        require(stat.operations == c->log.len && stat.parked == 0 && stat.parked_bytes == 0);
        require(i == 0 || doc_agree(c->sites[0].doc, c->sites[i].doc));
    }
}
