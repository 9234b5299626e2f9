/* Undo without memory: each allocation that a call makes fails once. A call that
 * failed has changed neither the document nor the steps, and works when tried
 * again. */
#include "core/history/undo.h"
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"

#include <string.h>

/* A document that checks itself after a call does without if memory runs out. */
#ifdef SENNIT_SELFCHECK
#define CHECKS_ITSELF true
#else
#define CHECKS_ITSELF false
#endif

typedef struct world {
    failmem mem;
    sennit_alloc alloc;
    rng random;
    sennit_options options;
    sennit_doc *doc;
    sennit_undo *undo;
    sennit_undo *made; /* what a call created */
    sennit_buf in, out;
} world;

static const sennit_anchor selected[] = {{7, 0, SENNIT_ANCHOR_AFTER}, {0, 0, SENNIT_ANCHOR_END}};

/* Text of two writers, interleaved; steps that typed and deleted over all of it. */
static void world_open(world *w)
{
    memset(w, 0, sizeof *w);
    w->random = rng_seed(1);
    w->alloc = failmem_at(&w->mem, 0);
    w->options = doc_options(&w->random);
    w->options.replica = 7;
    w->options.alloc = &w->alloc;
    sennit_buf_init(&w->in, NULL);
    sennit_buf_init(&w->out, &w->alloc);
    require(sennit_doc_seed(&w->options, "", 0, "0123456789012345678901234567890123456789", 40,
                            &w->doc) == SENNIT_OK);
    require(sennit_undo_new(w->doc, NULL, &w->undo) == SENNIT_OK);
    require(sennit_undo_select(w->undo, selected, 2) == SENNIT_OK);
    for (unsigned i = 0; i < 12; i++) {
        require(sennit_undo_break(w->undo) == SENNIT_OK);
        require(sennit_doc_insert(w->doc, 5 * i % 15, "typed", 5) == SENNIT_OK);
        require(sennit_doc_delete(w->doc, 3 * i % 10, 6) == SENNIT_OK);
    }
    doc_index(w->doc); /* or losing the memory for it would fail no call */
}

static void world_close(world *w)
{
    sennit_undo_free(w->undo);
    sennit_undo_free(w->made);
    sennit_doc_free(w->doc);
    sennit_buf_clear(&w->in);
    sennit_buf_clear(&w->out);
    require(w->mem.live == 0 && w->mem.blocks == 0);
}

/* ---- calls ---- */

static void nothing(world *w)
{
    (void)w;
}

static void before_redo(world *w)
{
    for (unsigned i = 0; i < 5; i++)
        require(sennit_undo_undo(w->undo) == SENNIT_OK);
}

static void before_load(world *w)
{
    require(sennit_undo_save(w->undo, &w->in) == SENNIT_OK);
    require(sennit_doc_insert(w->doc, 0, "since", 5) == SENNIT_OK);
}

static void before_pause(world *w)
{
    sennit_doc_set_time(w->doc, 100000);
}

static sennit_status call_new(world *w) { return sennit_undo_new(w->doc, NULL, &w->made); }

static sennit_status call_break(world *w) { return sennit_undo_break(w->undo); }

static sennit_status call_select(world *w) { return sennit_undo_select(w->undo, selected, 1); }

static sennit_status call_undo(world *w) { return sennit_undo_undo(w->undo); }

static sennit_status call_redo(world *w) { return sennit_undo_redo(w->undo); }

static sennit_status call_range(world *w)
{
    return sennit_undo_range(w->undo, NULL, 0, NULL, 0, NULL, 0);
}

static sennit_status call_save(world *w) { return sennit_undo_save(w->undo, &w->out); }

static sennit_status call_load(world *w)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_status st = sennit_undo_load(w->doc, NULL, w->in.data, w->in.len, &w->made, &err);

    require(st == SENNIT_OK || (err.code == st && w->made == NULL));
    return st;
}

static sennit_status call_insert(world *w) { return sennit_doc_insert(w->doc, 3, "new", 3); }

static sennit_status call_rebase(world *w) { return sennit_doc_rebase(w->doc, 8, NULL); }

static void before_rename(world *w)
{
    require(sennit_doc_rebase(w->doc, 8, NULL) == SENNIT_OK);
    require(sennit_undo_break(w->undo) == SENNIT_OK);
    require(sennit_doc_insert(w->doc, 0, "new", 3) == SENNIT_OK);
}

static sennit_status call_rename(world *w)
{
    return sennit_doc_rebase(w->doc, sennit_doc_own_count(w->doc), NULL);
}

typedef struct call {
    const char *name;
    void (*before)(world *w);
    sennit_status (*run)(world *w);
    bool absorbs; /* some of what it wants memory for can wait */
} call;

static const call calls[] = {
    {"new", nothing, call_new, false},
    {"break", nothing, call_break, false},
    {"select", nothing, call_select, false},
    {"undo", nothing, call_undo, false},
    {"undo again", before_redo, call_undo, false},
    {"redo", before_redo, call_redo, false},
    {"range", nothing, call_range, false},
    {"save", nothing, call_save, false},
    {"load", before_load, call_load, false},
    {"insert after a pause", before_pause, call_insert, false},
    {"rebase", nothing, call_rebase, true},
    {"rebase of nothing", before_rename, call_rename, false},
};

/* The call with its nth allocation failing. Returns false if it makes no more. */
static bool try_nth(const call *c, size_t nth)
{
    world w;
    doc_state before;

    world_open(&w);
    c->before(&w);
    doc_state_take(&before, w.doc);
    size_t can_undo = sennit_undo_can_undo(w.undo), can_redo = sennit_undo_can_redo(w.undo);
    w.mem.calls = 0;
    w.mem.fail_at = nth;
    sennit_status st = c->run(&w);
    bool fired = w.mem.fired;
    w.mem.fail_at = 0;
    if (st != (fired ? SENNIT_ENOMEM : SENNIT_OK) && !(st == SENNIT_OK && (CHECKS_ITSELF || c->absorbs))) {
        fprintf(stderr, "%s: allocation %zu: status %d\n", c->name, nth, st);
        abort();
    }
    if (st != SENNIT_OK) {
        require(w.made == NULL && w.out.len == 0 && doc_state_same(&before, w.doc));
        require(sennit_undo_can_undo(w.undo) == can_undo);
        require(sennit_undo_can_redo(w.undo) == can_redo);
        require(c->run(&w) == SENNIT_OK);
    }
    doc_check(w.doc);
    doc_state_free(&before);
    world_close(&w);
    return fired;
}

static void every_call_survives_each_lost_allocation(void **state)
{
    size_t failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        size_t nth = 1;

        while (try_nth(&calls[i], nth)) {
            nth += CHECKS_ITSELF && nth > 50 ? nth / 10 : 1; /* many small nodes, all alike */
            failed++;
        }
    }
    assert_in_range(failed, 20, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_survives_each_lost_allocation),
    };

    return RUN_TESTS(tests);
}
