/* Undo beside a naive one: the same operations, the same steps, the same text,
 * whatever others do meanwhile and however it arrives. */
#include "support/cluster.h"
#include "support/cm.h"
#include "support/naive_undo.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include "core/history/undo.h"

#include <string.h>

typedef struct person {
    site *s;
    sennit_undo *undo;
    naive_undo model;
    uint64_t pause_ms;
    size_t depth;
    bool ended;             /* the next edit begins a step */
    uint32_t known[2][CLUSTER_SITES]; /* of each site's operations, some time ago */
    sennit_buf version[2];  /* the same; the second is the later one */
} person;

typedef struct company {
    cluster c;
    person people[CLUSTER_SITES];
    bool *edited; /* by place in the log: made by an edit */
    bool *off;    /* taken back */
    size_t marks;
    bool selective, limited;
} company;

/* ---- coming and going ---- */

static void person_init(company *w, person *p, site *s)
{
    static const uint64_t pauses[] = {1, 50, 1000, 100000};
    sennit_undo_options options = {.size = sizeof options};

    memset(p, 0, sizeof *p);
    p->s = s;
    p->model.doc = s->model;
    p->pause_ms = options.pause_ms = pauses[rng_below(w->c.r, 4)];
    p->depth = options.depth = w->limited ? rng_in(w->c.r, 1, 6) : 10000;
    sennit_buf_init(&p->version[0], NULL);
    sennit_buf_init(&p->version[1], NULL);
    require(sennit_undo_new(s->doc, &options, &p->undo) == SENNIT_OK);
}

static void person_remember(const company *w, person *p)
{
    sennit_buf first = p->version[0];

    p->version[0] = p->version[1];
    p->version[1] = first;
    memcpy(p->known[0], p->known[1], sizeof p->known[0]);
    doc_version(p->s->doc, &p->version[1]);
    for (size_t i = 0; i < w->c.n; i++)
        p->known[1][i] = naive_known(p->s->model, w->c.sites[i].id);
}

static void company_init(company *w, rng *r, unsigned toggles)
{
    cluster_init(&w->c, r, toggles);
    for (size_t i = 0; i < w->c.n; i++) {
        if (toggles == 0)
            w->c.sites[i].follows = false;
        person_init(w, &w->people[i], &w->c.sites[i]);
        person_remember(w, &w->people[i]);
        person_remember(w, &w->people[i]);
    }
}

static void company_free(company *w)
{
    for (size_t i = 0; i < w->c.n; i++) {
        sennit_undo_free(w->people[i].undo);
        naive_undo_free(&w->people[i].model);
        sennit_buf_clear(&w->people[i].version[0]);
        sennit_buf_clear(&w->people[i].version[1]);
    }
    free(w->edited);
    free(w->off);
    cluster_free(&w->c);
}

/* ---- what never happened ---- */

static void marks_grow(company *w, bool edited)
{
    w->edited = realloc(w->edited, (w->c.log.len + 1) * sizeof *w->edited);
    w->off = realloc(w->off, (w->c.log.len + 1) * sizeof *w->off);
    require(w->edited != NULL && w->off != NULL);
    for (; w->marks < w->c.log.len; w->marks++) {
        w->edited[w->marks] = edited;
        w->off[w->marks] = false;
    }
}

static size_t mark_of(const company *w, const naive_op *op)
{
    for (size_t i = 0; i < w->c.log.len; i++)
        if (w->c.log.ops[i] == op)
            return i;
    require(false);
    return 0;
}

static void marks_set(company *w, const person *p, const naive_group *g, bool off)
{
    for (size_t i = 0; i < g->ops_len; i++)
        w->off[mark_of(w, naive_find(p->model.doc, g->ops[i]))] = off;
}

/* Whether a byte shows if what was taken back had never been done. */
static bool shows_without(const company *w, const naive_op *byte)
{
    if (w->off[mark_of(w, byte)])
        return false;
    for (size_t i = 0; i < w->c.log.len; i++) {
        const naive_op *op = w->c.log.ops[i];

        if (op->kind != NAIVE_DELETE || !w->edited[i] || w->off[i])
            continue;
        for (size_t k = 0; k < op->targets_len; k++)
            if (op->targets[k].replica == byte->id.replica && op->targets[k].n == byte->number)
                return false;
    }
    return true;
}

static void compare_without(const company *w, site *s)
{
    size_t n;
    naive_node *const *order = naive_order(s->model, &n);

    for (size_t i = 0; i < n; i++)
        require(order[i]->dead == !shows_without(w, order[i]->op));
}

/* ---- steps ---- */

static void person_compare(const person *p)
{
    size_t n;
    const sennit_anchor *at = sennit_undo_selection(p->undo, &n);

    require(sennit_undo_can_undo(p->undo) == p->model.done_len);
    require(sennit_undo_can_redo(p->undo) == p->model.undone_len);
    require(n == (p->model.selected > 0 ? p->model.selected % 3 + 1 : 0));
    for (size_t i = 0; i < n; i++)
        require(at[i].number == p->model.selected && at[i].side == i % 2);
    cluster_compare(p->s);
}

static void person_limit(person *p)
{
    while (p->model.done_len + p->model.undone_len > p->depth)
        naive_undo_forget(&p->model);
}

static bool person_paused(const person *p)
{
    const naive *doc = p->s->model;

    return doc->now_ms > doc->edited_ms && doc->now_ms - doc->edited_ms > p->pause_ms;
}

static void person_edit(company *w, person *p)
{
    size_t from = w->c.log.len;

    cluster_tick(&w->c, p->s);
    bool boundary = p->ended || person_paused(p);
    cluster_edit_real(&w->c, p->s);
    marks_grow(w, true);
    naive_undo_edit(&p->model, &w->c.log, from, boundary);
    person_limit(p);
    p->ended = false;
}

static void person_select(company *w, person *p)
{
    sennit_anchor at[3];

    p->model.selected = (unsigned)rng_in(w->c.r, 1, 1000);
    for (unsigned i = 0; i < 3; i++)
        at[i] = (sennit_anchor){p->s->id, p->model.selected, i % 2};
    require(sennit_undo_select(p->undo, at, p->model.selected % 3 + 1) == SENNIT_OK);
}

static bool has_delete_of(const person *p, const naive_op *byte)
{
    const naive *doc = p->s->model;

    for (uint32_t i = 0; i < naive_known(doc, p->s->id); i++) {
        const naive_op *op = naive_find(doc, (naive_id){p->s->id, i});

        for (size_t k = 0; op->kind == NAIVE_DELETE && k < op->targets_len; k++)
            if (op->targets[k].replica == byte->id.replica && op->targets[k].n == byte->number)
                return true;
    }
    return false;
}

/* Only what this person deleted comes or goes. */
static void compare_touched(const person *p, const bool *dead, size_t n)
{
    size_t now;
    naive_node *const *order = naive_order(p->s->model, &now);

    require(now == n);
    for (size_t i = 0; i < n; i++)
        require(order[i]->dead == dead[i] || has_delete_of(p, order[i]->op));
}

static bool *all_dead(site *s, size_t *n)
{
    naive_node *const *order = naive_order(s->model, n);
    bool *dead = malloc(*n + 1);

    require(dead != NULL);
    for (size_t i = 0; i < *n; i++)
        dead[i] = order[i]->dead;
    return dead;
}

/* Undo or redo. Returns whether there was a step. */
static bool person_turn(company *w, person *p, bool back)
{
    size_t from = w->c.log.len, n;
    uint32_t before = (uint32_t)sennit_doc_own_count(p->s->doc);
    bool *dead = all_dead(p->s, &n);

    cluster_tick(&w->c, p->s);
    sennit_status st = back ? sennit_undo_undo(p->undo) : sennit_undo_redo(p->undo);
    bool any = back ? naive_undo_undo(&p->model, &w->c.log) : naive_undo_redo(&p->model, &w->c.log);
    require(st == (any ? SENNIT_OK : SENNIT_ERANGE));
    cluster_made(&w->c, p->s, before, from);
    marks_grow(w, false);
    if (any && back)
        marks_set(w, p, &p->model.undone[p->model.undone_len - 1], true);
    else if (any)
        marks_set(w, p, &p->model.done[p->model.done_len - 1], false);
    if (!w->selective)
        compare_touched(p, dead, n);
    free(dead);
    return any;
}

/* ---- selective undo ---- */

/* The sites' places in the order in which the document got to know them. */
static void range_order(const company *w, const person *p, size_t *order)
{
    const sn_roster *who = &p->s->doc->who;
    size_t n = 0;

    for (uint32_t r = 0; r < who->replicas_len; r++)
        for (size_t i = 0; i < w->c.n; i++)
            if (who->replicas[r].id == w->c.sites[i].id)
                order[n++] = i;
    while (n < CLUSTER_SITES)
        order[n++] = SIZE_MAX;
}

/* Everything between two times, of some sites or all. */
static void person_range(company *w, person *p)
{
    naive_id *ops = malloc((w->c.log.len + 1) * sizeof *ops);
    size_t n = 0, chosen_len = 0, order[CLUSTER_SITES], from = w->c.log.len;
    uint64_t chosen[CLUSTER_SITES];
    uint32_t before = (uint32_t)sennit_doc_own_count(p->s->doc);
    bool all = rng_percent(w->c.r, 30), now = rng_percent(w->c.r, 60);

    require(ops != NULL);
    range_order(w, p, order);
    for (size_t k = 0; k < CLUSTER_SITES && order[k] != SIZE_MAX; k++) {
        size_t i = order[k];

        if (!all && rng_percent(w->c.r, 50))
            continue;
        chosen[chosen_len++] = w->c.sites[i].id;
        uint32_t end = now ? naive_known(p->s->model, w->c.sites[i].id) : p->known[1][i];
        for (uint32_t seq = p->known[0][i]; seq < end; seq++)
            ops[n++] = (naive_id){w->c.sites[i].id, seq};
    }
    cluster_tick(&w->c, p->s);
    require(sennit_undo_range(p->undo, all ? NULL : chosen, chosen_len, p->version[0].data,
                              p->version[0].len, now ? NULL : (p->version[1].len > 0
                              ? p->version[1].data : (const uint8_t *)""),
                              p->version[1].len) == SENNIT_OK);
    naive_undo_ops(&p->model, ops, n, &w->c.log);
    person_limit(p);
    cluster_made(&w->c, p->s, before, from);
    marks_grow(w, false);
    free(ops);
}

/* ---- life ---- */

static sennit_buf person_save(const person *p)
{
    sennit_buf saved;

    sennit_buf_init(&saved, NULL);
    require(sennit_undo_save(p->undo, &saved) == SENNIT_OK);
    return saved;
}

/* If the document is another one now, the program has started again. */
static void person_go_on(person *p, sennit_buf *saved)
{
    sennit_undo_options options = {.size = sizeof options, .pause_ms = p->pause_ms,
                                   .depth = p->depth};

    if (p->undo->doc == NULL) {
        require(sennit_undo_break(p->undo) == SENNIT_EINVAL);
        sennit_undo_free(p->undo);
        require(sennit_undo_load(p->s->doc, &options, saved->data, saved->len, &p->undo, NULL) ==
                SENNIT_OK);
        p->ended = true;
    }
    sennit_buf_clear(saved);
}

static void person_receive(company *w, person *p)
{
    sennit_buf saved = person_save(p);

    cluster_deliver(&w->c, p->s);
    person_go_on(p, &saved);
}

static void company_settle(company *w)
{
    sennit_buf saved[CLUSTER_SITES];

    for (size_t i = 0; i < w->c.n; i++)
        saved[i] = person_save(&w->people[i]);
    cluster_settle(&w->c);
    for (size_t i = 0; i < w->c.n; i++)
        person_go_on(&w->people[i], &saved[i]);
}

static void person_act(company *w, person *p)
{
    unsigned how = (unsigned)rng_below(w->c.r, 100);

    if (p->s->follows) {
        if (how < 60)
            cluster_edit(&w->c, p->s);
        else
            person_receive(w, p);
        marks_grow(w, true);
        return;
    }
    if (how < 40) {
        person_edit(w, p);
    } else if (how < 58) {
        person_turn(w, p, true);
    } else if (how < 68) {
        person_turn(w, p, false);
    } else if (how < 72) {
        require(sennit_undo_break(p->undo) == SENNIT_OK);
        p->ended = true;
    } else if (how < 76) {
        person_select(w, p);
    } else if (how < 80 && w->selective) {
        person_range(w, p);
    } else if (how < 83) {
        person_remember(w, p);
    } else {
        person_receive(w, p);
    }
    person_compare(p);
}

/* Undo all, redo all: it is as before; and all that this person wrote went. */
static void person_back_and_forth(company *w, person *p)
{
    sennit_buf before;

    sennit_buf_init(&before, NULL);
    while (person_turn(w, p, false))
        continue;
    doc_text(p->s->doc, &before);
    for (unsigned round = 0; round < 2; round++) {
        while (person_turn(w, p, true))
            person_compare(p);
        if (!w->selective && !w->limited && w->c.toggles == 0) {
            size_t n;
            naive_node *const *order = naive_order(p->s->model, &n);

            for (size_t i = 0; i < n; i++)
                require(order[i]->op->id.replica != p->s->id || order[i]->dead);
            if (round == 1)
                company_settle(w);
        }
        while (person_turn(w, p, false))
            person_compare(p);
        if (!w->selective && w->c.toggles == 0)
            require(doc_text_is(p->s->doc, (const char *)before.data, before.len));
    }
    sennit_buf_clear(&before);
}

static void live(rng *r, bool selective, bool limited, unsigned toggles)
{
    company w = {.selective = selective, .limited = limited};

    company_init(&w, r, toggles);
    marks_grow(&w, true);
    for (size_t i = rng_in(r, 10, 60); i > 0; i--)
        person_act(&w, &w.people[rng_below(r, w.c.n)]);
    company_settle(&w);
    person *p = &w.people[rng_below(r, w.c.n)];
    if (!selective && !limited && toggles == 0)
        compare_without(&w, p->s);
    if (!p->s->follows)
        person_back_and_forth(&w, p);
    company_settle(&w);
    if (!selective && !limited && toggles == 0)
        compare_without(&w, p->s);
    company_free(&w);
}

static void live_and_undo(rng *r)
{
    live(r, false, false, 0);
}

static void live_with_few_steps(rng *r)
{
    live(r, false, true, 0);
}

static void live_and_take_back_anything(rng *r)
{
    live(r, true, rng_percent(r, 30), 0);
}

static void live_among_togglers(rng *r)
{
    live(r, rng_percent(r, 50), rng_percent(r, 30), 30);
}

static void undo_is_as_if_it_had_never_been_done(void **state)
{
    (void)state;
    seeds_run(1500, live_and_undo);
}

static void old_steps_are_forgotten(void **state)
{
    (void)state;
    seeds_run(500, live_with_few_steps);
}

static void anybodys_operations_can_be_taken_back(void **state)
{
    (void)state;
    seeds_run(1000, live_and_take_back_anything);
}

static void who_decides_otherwise_prevails(void **state)
{
    (void)state;
    seeds_run(1000, live_among_togglers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_is_as_if_it_had_never_been_done),
        cmocka_unit_test(old_steps_are_forgotten),
        cmocka_unit_test(anybodys_operations_can_be_taken_back),
        cmocka_unit_test(who_decides_otherwise_prevails),
    };

    return RUN_TESTS(tests);
}
