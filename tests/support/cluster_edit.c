#include "support/cluster.h"

#include "core/doc/doc.h"
#include "support/ops.h"
#include "support/require.h"
#include "support/text.h"

#include <string.h>

/* One edit: take bytes away at a place and put text there. */
typedef struct edit {
    size_t pos, gone, len;
    char text[64];
} edit;

/* Mostly where the last edit was: people type on, and press backspace. */
static edit edit_draw(cluster *c, const site *s, const char *text, size_t len)
{
    unsigned how = (unsigned)rng_below(c->r, 100);
    edit e = {.pos = text_place(c->r, text, len)};

    if (s->caret <= len && rng_percent(c->r, 60))
        e.pos = text_start(text, len, s->caret);
    if (how < 60 || len == 0) {
        e.len = rng_text(c->r, how < 40 ? 1 : 6, e.text);
        return e;
    }
    size_t end = text_start(text, len, e.pos + rng_below(c->r, rng_percent(c->r, 70) ? 5 : 30));
    if (end > len)
        end = len;
    if (how < 75 && e.pos > 0) { /* backspace */
        end = e.pos;
        e.pos = text_start(text, len, e.pos - 1);
    }
    e.gone = end - e.pos;
    if (e.gone == 0 || how > 93)
        e.len = rng_text(c->r, 4, e.text);
    return e;
}

/* The edit in the unit of the document, by the call that suits. */
static void edit_real(site *s, const edit *e, const char *text, size_t len)
{
    size_t pos = text_units(text, e->pos, s->unit);
    size_t gone = text_units(text + e->pos, e->gone, s->unit);
    sennit_status st;

    (void)len;
    if (e->gone == 0)
        st = sennit_doc_insert(s->doc, pos, e->text, e->len);
    else if (e->len == 0)
        st = sennit_doc_delete(s->doc, pos, gone);
    else
        st = sennit_doc_splice(s->doc, pos, gone, e->text, e->len);
    require(st == SENNIT_OK);
}

static void edit_model(site *s, const edit *e, naive_log *log)
{
    if (e->gone > 0)
        naive_delete(s->model, e->pos, e->gone, log);
    if (e->len > 0)
        naive_insert(s->model, e->pos, e->text, e->len, log);
}

/* The operations of a document's own replica from one on. */
static void edit_own_ops(const sennit_doc *doc, uint32_t from, naive_log *out)
{
    const sn_roster *who = &doc->who;
    const sn_replica *me = &who->replicas[doc->me];
    uint64_t *ids = malloc(who->replicas_len * sizeof *ids);
    sn_log_iter it;
    sn_op op;

    require(ids != NULL);
    for (uint32_t i = 0; i < who->replicas_len; i++)
        ids[i] = who->replicas[i].id;
    sn_log_seek(&it, &me->log, doc->me, me->changes, from);
    while (sn_log_next(&it, &op)) {
        if (op.seq < from)
            sn_op_skip(&op, from - op.seq, doc->me);
        ops_expand(out, ids, me->id, who->times[op.change], &op, me->text.bytes + op.number);
    }
    free(ids);
}

/* What the library logged is what the naive document predicted. */
static void edit_compare_ops(const cluster *c, const site *s, uint32_t before, size_t from)
{
    naive_log made = {NULL, 0};

    edit_own_ops(s->doc, before, &made);
    require(made.len == c->log.len - from);
    for (size_t i = 0; i < made.len; i++)
        require(naive_same(made.ops[i], c->log.ops[from + i]));
    naive_log_free(&made);
}

static void edit_send(cluster *c, site *s, uint32_t before, size_t from)
{
    message m = {.from = from, .to = c->log.len};

    sennit_buf_init(&m.delta, NULL);
    require(sennit_doc_own_delta(s->doc, before, NULL, &m.delta) == SENNIT_OK && m.delta.len > 0);
    c->messages = require_room(c->messages, c->messages_len, sizeof m);
    c->messages[c->messages_len++] = m;
}

void cluster_made(cluster *c, site *s, uint32_t before, size_t from)
{
    require((sennit_doc_own_count(s->doc) > before) == (c->log.len > from));
    if (c->log.len == from)
        return;
    edit_compare_ops(c, s, before, from);
    edit_send(c, s, before, from);
}

void cluster_edit_real(cluster *c, site *s)
{
    char *text;
    size_t len = naive_text(s->model, &text), from = c->log.len;
    edit e = edit_draw(c, s, text, len);
    uint32_t before = (uint32_t)sennit_doc_own_count(s->doc);

    edit_real(s, &e, text, len);
    edit_model(s, &e, &c->log);
    s->caret = e.pos + e.len;
    cluster_made(c, s, before, from);
    free(text);
}

/* A random delete among those a site knows. */
static bool edit_find_delete(const cluster *c, const site *s, naive_id *out)
{
    size_t found = 0;

    for (size_t i = 0; i < c->log.len; i++) {
        const naive_op *op = c->log.ops[i];

        if (op->kind == NAIVE_DELETE && op->id.n < naive_known(s->model, op->id.replica) &&
            rng_below(c->r, ++found) == 0)
            *out = op->id;
    }
    return found > 0;
}

void cluster_edit_model(cluster *c, site *s)
{
    char *text;
    size_t len = naive_text(s->model, &text), from = c->log.len;
    naive_id target;

    if (rng_percent(c->r, c->toggles) && edit_find_delete(c, s, &target)) {
        naive_toggle(s->model, target, rng_percent(c->r, 40), &c->log);
    } else {
        edit e = edit_draw(c, s, text, len);

        edit_model(s, &e, &c->log);
        s->caret = e.pos + e.len;
    }
    cluster_send_ops(c, s, from, c->log.len, 100);
    free(text);
}
