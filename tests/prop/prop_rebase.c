/* Taking back and issuing anew, held against the same done byte by byte; nobody's
 * text is lost or doubled by it. */
#include "core/doc/doc.h"
#include "support/cluster.h"
#include "support/cm.h"
#include "support/require.h"
#include "support/seeds.h"

#include <string.h>

/* ---- the naive way ---- */

/* From one naive document to another that lacks operations. */
typedef struct moving {
    naive *was, *now;
    uint64_t own, renewed;   /* operations of own from `from` on are issued as renewed's */
    uint32_t from, from_byte;
    uint64_t gone, anew;     /* what is lacking of gone has been issued anew by this one; 0: none */
    naive_log *log;
    uint32_t *seq;           /* per own operation from `from` on: its new number, or UINT32_MAX */
} moving;

/* What a byte is called in the new document; false if it is not there. */
static bool moved(const moving *m, naive_id *byte)
{
    uint32_t kept = naive_bytes(m->now, byte->replica);

    if (byte->replica == m->own && m->renewed != m->own && byte->n >= m->from_byte) {
        *byte = (naive_id){m->renewed, byte->n - m->from_byte};
        return byte->n < naive_bytes(m->now, m->renewed);
    }
    if (byte->n < kept)
        return true;
    if (byte->replica != m->gone || m->anew == 0)
        return false;
    *byte = (naive_id){m->anew, byte->n - kept};
    return byte->n < naive_bytes(m->now, m->anew);
}

/* The nearest byte to the left of a place that is there, as the parent. */
static void hang_behind(const moving *m, naive_op *op)
{
    size_t n, i = 0;
    naive_node *const *order = naive_order(m->was, &n);

    while (order[i]->op->id.replica != op->ref.replica || order[i]->op->number != op->ref.n)
        i++;
    while (i-- > 0) {
        naive_id byte = {order[i]->op->id.replica, order[i]->op->number};

        if (moved(m, &byte)) {
            op->ref = byte;
            op->left = false;
            return;
        }
    }
    op->root = true;
    op->left = false;
}

static void issue(moving *m, const naive_op *from, uint64_t hlc)
{
    uint32_t *seq = &m->seq[from->id.n - m->from];
    naive_op op = *from;
    bool any = true;

    op.id = (naive_id){m->renewed, naive_known(m->now, m->renewed)};
    op.hlc = hlc;
    op.number = naive_bytes(m->now, m->renewed);
    if (op.kind == NAIVE_INSERT && !op.root && !moved(m, &op.ref)) {
        op.ref = from->ref;
        hang_behind(m, &op);
    } else if (op.kind == NAIVE_DELETE) {
        op.targets = malloc(op.targets_len * sizeof *op.targets);
        require(op.targets != NULL);
        op.targets_len = 0;
        for (size_t i = 0; i < from->targets_len; i++) {
            naive_id byte = from->targets[i];

            if (moved(m, &byte))
                op.targets[op.targets_len++] = byte;
        }
        any = op.targets_len > 0;
    } else if (op.kind == NAIVE_TOGGLE) {
        any = op.ref.n < naive_known(m->now, op.ref.replica);
        if (op.ref.replica == m->own && op.ref.n >= m->from) {
            any = m->seq[op.ref.n - m->from] != UINT32_MAX;
            op.ref = (naive_id){m->renewed, m->seq[op.ref.n - m->from]};
        }
    }
    *seq = any ? op.id.n : UINT32_MAX;
    if (any) {
        const naive_op *copy = naive_log_add(m->log, &op);

        require(naive_apply(m->now, &copy, 1).applied == 1);
    }
    if (op.kind == NAIVE_DELETE)
        free(op.targets);
}

static const naive_author *author_of(const naive *doc, uint64_t id)
{
    for (size_t i = 0; i < doc->authors_len; i++)
        if (doc->authors[i].id == id)
            return &doc->authors[i];
    return NULL;
}

/* What a rebase or void leaves out, and by whom it was issued anew (0: nobody). */
typedef struct missing {
    uint64_t gone, from, anew;
    uint64_t accepted; /* own operations that stay, if any has to be issued anew */
} missing;

/* All that m->was knows but for what is left out, own from `own` on included. What
 * waited goes on waiting, but for own operations. */
static void take_over(moving *m, const missing *cut, uint64_t own)
{
    const naive *was = m->was;

    for (size_t i = 0; i < was->authors_len; i++) {
        const naive_author *a = &was->authors[i];
        uint64_t n = a->len;

        n = a->id == cut->gone && cut->from < n ? cut->from : n;
        n = a->id == m->own && own < n ? own : n;
        naive_apply(m->now, a->ops, n);
    }
    size_t kept = 0;
    for (size_t i = 0; i < m->now->pending_len; i++)
        if (m->now->pending[i]->id.replica != m->own)
            m->now->pending[kept++] = m->now->pending[i];
    m->now->pending_len = kept;
    for (size_t i = 0; i < was->pending_len; i++) {
        const naive_op *op = was->pending[i];

        if (op->id.replica != cut->gone || cut->gone == m->own || op->id.n < cut->from)
            naive_apply(m->now, &op, 1);
    }
}

static naive *model_new(const site *s, const sennit_rebased *did)
{
    naive *model = naive_new(did->renewed, s->coalesce_ms);

    model->now_ms = s->model->now_ms;
    model->edited_ms = s->model->edited_ms;
    return model;
}

/* The site's naive document as the library's has become: *did. */
static void model_rebase(cluster *c, site *s, const missing *cut, const sennit_rebased *did)
{
    moving m = {.was = s->model, .now = model_new(s, did), .own = did->old,
                .renewed = did->renewed, .gone = cut->gone, .anew = cut->anew, .log = &c->log};
    const naive_author *own = author_of(m.was, m.own);

    take_over(&m, cut, UINT64_MAX);
    if (own != NULL && naive_known(m.now, m.own) < own->len &&
        naive_known(m.now, m.own) > cut->accepted) {
        naive_free(m.now);
        m.now = model_new(s, did);
        take_over(&m, cut, cut->accepted);
    }
    m.from = naive_known(m.now, m.own);
    m.from_byte = naive_bytes(m.now, m.own);
    require(did->from == m.from && did->from_byte == m.from_byte);
    if (own != NULL && m.from < own->len) {
        uint64_t hlc = m.now->now_ms << 16;

        hlc = hlc > m.now->last_hlc ? hlc : m.now->last_hlc + 1;
        m.seq = malloc((own->len - m.from) * sizeof *m.seq);
        require(m.seq != NULL && (did->renewed != did->old || cut->gone == did->old));
        for (uint32_t i = m.from; i < own->len; i++)
            issue(&m, own->ops[i], hlc);
        free(m.seq);
    }
    if (did->renewed != did->old) {
        require(naive_known(m.now, m.renewed) == did->operations);
        require(naive_bytes(m.now, m.renewed) == did->bytes);
    }
    naive_free(s->model);
    s->model = m.now;
    s->id = did->renewed;
}

static void compare_times(const site *s)
{
    sn_roster *who = &s->doc->who;

    for (size_t i = 0; i < s->model->authors_len; i++) {
        const naive_author *a = &s->model->authors[i];

        for (uint32_t k = 0; k < a->len; k++)
            require(who->times[sn_roster_change_at_seq(who, sn_roster_find(who, a->id), k)] ==
                    a->ops[k]->hlc);
    }
}

/* Both documents of a site agree, and so does one that is told all. */
static void compare(site *s)
{
    bool follows = s->follows;
    sennit_doc *told;

    compare_times(s);
    s->follows = true; /* patches are not local */
    cluster_compare(s);
    s->follows = follows;
    require(sennit_doc_fork(s->doc, NULL, &told) == SENNIT_OK);
    require(doc_agree(s->doc, told));
    sennit_doc_free(told);
}

/* ---- worlds ---- */

/* Sites that know of each other more or less. */
static void live(cluster *c, rng *r, size_t steps)
{
    while (steps-- > 0) {
        site *s = &c->sites[rng_below(r, c->n)];

        if (rng_percent(r, 60))
            cluster_edit(c, s);
        else
            cluster_deliver(c, s);
    }
}

/* A site that follows has an identity only once it is opened anew. */
static bool knows_itself(const site *s)
{
    return sennit_doc_own_count(s->doc) == naive_known(s->model, s->id);
}

/* Closed and opened again, so that a site that follows has an identity; what
 * waited is lost. */
static void reopen(cluster *c, site *s)
{
    sennit_options options = c->options;
    sennit_buf saved;

    sennit_buf_init(&saved, NULL);
    require(sennit_doc_save(s->doc, SENNIT_SAVE_IDENTITY, &saved) == SENNIT_OK);
    sennit_doc_free(s->doc);
    options.replica = s->id;
    options.unit = s->unit;
    options.coalesce_ms = s->coalesce_ms;
    require(sennit_doc_load(&options, saved.data, saved.len, &s->doc, NULL) == SENNIT_OK);
    sennit_buf_clear(&saved);
    sennit_doc_set_time(s->doc, s->model->now_ms);
    s->model->change_hlc = 0;
    s->model->pending_len = 0;
    cluster_watch(c, s);
}

static sennit_rebased rebase(cluster *c, site *s, uint64_t from)
{
    sennit_rebased did;

    sennit_doc_set_time(s->doc, s->model->now_ms); /* if it was opened anew */
    require(sennit_doc_rebase(s->doc, from, &did) == SENNIT_OK);
    require(did.old == s->id && did.from <= from && from - did.from < 4);
    model_rebase(c, s, &(missing){did.old, did.from, 0, UINT64_MAX}, &did);
    compare(s);
    return did;
}

static void take_back(rng *r)
{
    cluster c;

    cluster_init(&c, r, rng_percent(r, 60) ? 40 : 0);
    live(&c, r, rng_in(r, 5, 60));
    for (int i = 0; i < 3; i++) {
        site *s = &c.sites[rng_below(r, c.n)];

        if (!knows_itself(s))
            continue;
        rebase(&c, s, rng_below(r, (size_t)sennit_doc_own_count(s->doc) + 1));
        for (size_t n = rng_below(r, 3); n > 0; n--)
            cluster_edit(&c, s);
    }
    cluster_free(&c);
}

/* ---- another time ---- */

static void restamp(cluster *c, site *s)
{
    static const int64_t steps[] = {-86400000, -5000, 0, 1000};
    const naive_author *own = author_of(s->model, s->id);
    uint32_t n = own != NULL ? own->len : 0, exported = 0;
    uint64_t now = s->model->now_ms + (uint64_t)steps[rng_below(c->r, 4)];

    for (size_t i = 0; i < c->n; i++)
        if (&c->sites[i] != s && naive_known(c->sites[i].model, s->id) > exported)
            exported = naive_known(c->sites[i].model, s->id);
    exported = (uint32_t)rng_in(c->r, exported, n);
    while (exported < n && own->ops[exported]->kind == NAIVE_INSERT &&
           (own->ops[exported]->byte & 0xc0) == 0x80)
        exported++;
    s->doc->exported = exported;
    bool late = exported > 0 && exported < n && own->ops[exported - 1]->hlc >> 16 > now;
    sennit_status st = sennit_doc_restamp(s->doc, now);
    require(st == (late ? SENNIT_ECLOCK : SENNIT_OK));
    if (!late)
        s->model->now_ms = now;
    if (!late && exported < n) {
        uint64_t bytes = 0;

        for (uint32_t i = 0; i < exported; i++)
            bytes += own->ops[i]->kind == NAIVE_INSERT;
        model_rebase(c, s, &(missing){s->id, exported, 0, UINT64_MAX},
                     &(sennit_rebased){s->id, s->id, exported, bytes, 0, 0});
    }
    compare(s);
}

static void stamp_anew(rng *r)
{
    cluster c;

    cluster_init(&c, r, rng_percent(r, 50) ? 30 : 0);
    live(&c, r, rng_in(r, 5, 60));
    for (int i = 0; i < 3; i++) {
        site *s = &c.sites[rng_below(r, c.n)];

        reopen(&c, s);
        restamp(&c, s);
        for (size_t n = rng_below(r, 3); n > 0; n--)
            cluster_edit(&c, s);
    }
    cluster_free(&c);
}

/* ---- voiding at the others ---- */

#define VOIDS_MAX 40

typedef struct voids {
    uint64_t accepted[CLUSTER_SITES]; /* operations of each, under its first id */
    uint64_t first_id[CLUSTER_SITES];
    sennit_rebased of[VOIDS_MAX];
    const site *by[VOIDS_MAX];
    size_t n;
} voids;

static void voids_add(voids *v, const site *by, sennit_rebased of)
{
    require(v->n < VOIDS_MAX);
    v->by[v->n] = by;
    v->of[v->n++] = of;
}

/* What was issued anew reaches a site. */
static void send_anew(cluster *c, site *to, const sennit_rebased *of)
{
    for (size_t i = 0; i < c->n; i++) {
        site *from = &c->sites[i];
        const naive_author *a = from->id == of->renewed ? author_of(from->model, of->renewed) : NULL;
        sennit_buf delta;

        if (a == NULL || from == to)
            continue;
        sennit_buf_init(&delta, NULL);
        require(sennit_doc_own_delta(from->doc, 0, NULL, &delta) == SENNIT_OK);
        if (delta.len > 0)
            cluster_send_bytes(c, to, &delta, a->ops, a->len);
        sennit_buf_clear(&delta);
    }
}

static void void_at(cluster *c, site *s, const sennit_rebased *of, voids *v)
{
    size_t i = (size_t)(s - c->sites);
    uint64_t accepted = s->id == v->first_id[i] ? v->accepted[i] : 0;
    sennit_rebased did;

    if (rng_percent(c->r, 50))
        send_anew(c, s, of);
    require(sennit_doc_void(s->doc, of->old, of->from, of->renewed, accepted, &did) == SENNIT_OK);
    model_rebase(c, s, &(missing){of->old, of->from, of->renewed, accepted}, &did);
    compare(s);
    if (did.renewed != did.old)
        voids_add(v, s, did);
}

/* Every void at every site but its author's, until there are no more. */
static void void_everywhere(cluster *c, voids *v)
{
    size_t next[CLUSTER_SITES] = {0};

    for (size_t left = 1; left > 0;) {
        size_t i = rng_below(c->r, c->n), k = next[i];

        if (k < v->n) {
            sennit_rebased of = v->of[k];

            if (v->by[k] != &c->sites[i])
                void_at(c, &c->sites[i], &of, v);
            next[i]++;
        }
        left = 0;
        for (i = 0; i < c->n; i++)
            left += v->n - next[i];
    }
}

static size_t count_inserts(const naive_log *log)
{
    size_t n = 0;

    for (size_t i = 0; i < log->len; i++)
        n += log->ops[i]->kind == NAIVE_INSERT;
    return n;
}

/* All sites exchange all they have; as many bytes as were typed. */
static void converge(cluster *c, size_t typed)
{
    naive *all = naive_new(1, 1);
    sennit_stat stat;
    char *text;

    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < c->n; i++)
            for (size_t k = 0; k < c->n; k++)
                if (i != k)
                    doc_catch_up(c->sites[i].doc, c->sites[k].doc);
    for (size_t i = 0; i < c->n; i++) {
        const naive *model = c->sites[i].model;

        require(doc_agree(c->sites[0].doc, c->sites[i].doc));
        sennit_doc_stat(c->sites[i].doc, &stat);
        require(stat.parked == 0 && stat.inserted_bytes == typed);
        for (size_t k = 0; k < model->authors_len; k++)
            naive_apply(all, model->authors[k].ops, model->authors[k].len);
    }
    size_t len = naive_text(all, &text);
    require(doc_text_is(c->sites[0].doc, text, len));
    free(text);
    naive_free(all);
}

static void take_back_and_void(rng *r)
{
    cluster c;
    voids v = {.n = 0};

    cluster_init(&c, r, rng_percent(r, 50) ? 30 : 0);
    live(&c, r, rng_in(r, 5, 60));
    for (size_t i = 0; i < c.n; i++)
        reopen(&c, &c.sites[i]);
    size_t typed = count_inserts(&c.log), judge = rng_below(r, c.n);
    for (size_t i = 0; i < c.n; i++) {
        v.first_id[i] = c.sites[i].id;
        v.accepted[i] = naive_known(c.sites[judge].model, c.sites[i].id);
    }
    for (size_t i = 0; i < c.n; i++) /* what one site knows was accepted and stays */
        if (i != judge && rng_percent(r, 60))
            voids_add(&v, &c.sites[i], rebase(&c, &c.sites[i], v.accepted[i]));
    void_everywhere(&c, &v);
    converge(&c, typed);
    cluster_free(&c);
}

static void issuing_anew_is_what_it_is_byte_by_byte(void **state)
{
    (void)state;
    seeds_run(1500, take_back);
}

static void another_time_for_what_nobody_has_seen_is_what_it_is_byte_by_byte(void **state)
{
    (void)state;
    seeds_run(1000, stamp_anew);
}

static void what_others_made_of_it_is_issued_anew_by_them(void **state)
{
    (void)state;
    seeds_run(1500, take_back_and_void);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issuing_anew_is_what_it_is_byte_by_byte),
        cmocka_unit_test(another_time_for_what_nobody_has_seen_is_what_it_is_byte_by_byte),
        cmocka_unit_test(what_others_made_of_it_is_issued_anew_by_them),
    };

    return RUN_TESTS(tests);
}
