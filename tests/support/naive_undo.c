#include "support/naive_undo.h"

#include "support/require.h"

#include <string.h>

static bool same(naive_id a, naive_id b)
{
    return a.replica == b.replica && a.n == b.n;
}

/* ---- groups ---- */

static void group_free(naive_group *g)
{
    free(g->ops);
    free(g->pairs);
    *g = (naive_group){.ops = NULL};
}

static void group_add(naive_group *g, naive_id op)
{
    g->ops = require_room(g->ops, g->ops_len, sizeof *g->ops);
    g->ops[g->ops_len++] = op;
}

static void group_pair(naive_group *g, naive_id record, naive_id mine)
{
    g->pairs = require_room(g->pairs, g->pairs_len, sizeof *g->pairs);
    g->pairs[g->pairs_len++] = (naive_pair){record, mine};
}

static bool group_has(const naive_group *g, naive_id op)
{
    for (size_t i = 0; i < g->ops_len; i++)
        if (same(g->ops[i], op))
            return true;
    return false;
}

static void push(naive_group **stack, size_t *len, naive_group g)
{
    *stack = require_room(*stack, *len, sizeof **stack);
    (*stack)[(*len)++] = g;
}

static void forget_undone(naive_undo *u)
{
    while (u->undone_len > 0)
        group_free(&u->undone[--u->undone_len]);
}

void naive_undo_free(naive_undo *u)
{
    forget_undone(u);
    while (u->done_len > 0)
        group_free(&u->done[--u->done_len]);
    free(u->done);
    free(u->undone);
    *u = (naive_undo){.doc = u->doc};
}

void naive_undo_forget(naive_undo *u)
{
    group_free(&u->done[0]);
    u->done_len--;
    memmove(u->done, u->done + 1, u->done_len * sizeof *u->done);
}

void naive_undo_edit(naive_undo *u, const naive_log *log, size_t from, bool boundary)
{
    if (!u->open || boundary)
        push(&u->done, &u->done_len, (naive_group){.selected = u->selected});
    u->open = true;
    for (; from < log->len; from++)
        group_add(&u->done[u->done_len - 1], log->ops[from]->id);
    forget_undone(u);
}

/* ---- switching ---- */

static bool is_on(const naive *doc, naive_id record)
{
    const naive_op *decider = naive_decider(doc, record);

    return decider->kind == NAIVE_DELETE || decider->on;
}

static naive_id toggle(naive_undo *u, naive_id record, bool on, naive_log *log)
{
    naive_toggle(u->doc, record, on, log);
    return log->ops[log->len - 1]->id;
}

/* Whether a byte was inserted by one of the group's operations. */
static bool made_by(const naive *doc, const naive_group *g, naive_id byte)
{
    for (size_t i = 0; i < g->ops_len; i++) {
        const naive_op *op = naive_find(doc, g->ops[i]);

        if (op->kind == NAIVE_INSERT && op->id.replica == byte.replica && op->number == byte.n)
            return true;
    }
    return false;
}

static bool goes_beyond(const naive *doc, const naive_group *g, const naive_op *delete)
{
    for (size_t i = 0; i < delete->targets_len; i++)
        if (!made_by(doc, g, delete->targets[i]))
            return true;
    return false;
}

static void hide(naive_undo *u, naive_group *g, naive_log *log)
{
    naive_id *bytes = malloc((g->ops_len + 1) * sizeof *bytes);
    size_t n = 0;

    require(bytes != NULL);
    for (size_t i = 0; i < g->ops_len; i++) {
        const naive_op *op = naive_find(u->doc, g->ops[i]);

        if (op->kind == NAIVE_INSERT)
            bytes[n++] = (naive_id){op->id.replica, op->number};
    }
    if (n > 0) {
        naive_delete_bytes(u->doc, bytes, n, log);
        naive_id own = log->ops[log->len - 1]->id;
        group_pair(g, own, own);
    }
    free(bytes);
}

static void take_back(naive_undo *u, naive_group *g, naive_log *log)
{
    hide(u, g, log);
    for (size_t i = 0; i < g->ops_len; i++) {
        const naive_op *op = naive_find(u->doc, g->ops[i]);

        if (op->kind == NAIVE_DELETE && goes_beyond(u->doc, g, op) && is_on(u->doc, op->id))
            group_pair(g, op->id, toggle(u, op->id, false, log));
        else if (op->kind == NAIVE_TOGGLE && !group_has(g, op->ref) &&
                 naive_decider(u->doc, op->ref) == op)
            group_pair(g, op->ref, toggle(u, op->ref, !op->on, log));
    }
    g->switched = true;
}

static void flip(naive_undo *u, naive_group *g, naive_log *log)
{
    for (size_t i = 0; i < g->pairs_len; i++) {
        naive_pair *p = &g->pairs[i];

        if (same(naive_decider(u->doc, p->record)->id, p->mine))
            p->mine = toggle(u, p->record, !is_on(u->doc, p->record), log);
    }
}

static void swap_selected(naive_undo *u, naive_group *g)
{
    unsigned now = u->selected;

    if (g->selected == 0)
        return;
    u->selected = g->selected;
    g->selected = now;
}

bool naive_undo_undo(naive_undo *u, naive_log *log)
{
    if (u->done_len == 0)
        return false;
    naive_group g = u->done[--u->done_len];
    u->open = false;
    if (g.switched)
        flip(u, &g, log);
    else
        take_back(u, &g, log);
    swap_selected(u, &g);
    push(&u->undone, &u->undone_len, g);
    return true;
}

bool naive_undo_redo(naive_undo *u, naive_log *log)
{
    if (u->undone_len == 0)
        return false;
    naive_group g = u->undone[--u->undone_len];
    u->open = false;
    flip(u, &g, log);
    swap_selected(u, &g);
    push(&u->done, &u->done_len, g);
    return true;
}

void naive_undo_ops(naive_undo *u, const naive_id *ops, size_t n, naive_log *log)
{
    naive_group g = {.selected = u->selected};
    size_t before = log->len;

    for (size_t i = 0; i < n; i++)
        group_add(&g, ops[i]);
    take_back(u, &g, log);
    if (log->len == before) {
        group_free(&g);
        return;
    }
    g.ops_len = 0;
    for (size_t i = before; i < log->len; i++)
        group_add(&g, log->ops[i]->id);
    push(&u->done, &u->done_len, g);
    u->open = false;
    forget_undone(u);
}
