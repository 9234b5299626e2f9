/* Every public call without memory: each allocation that a call makes fails
 * once. A call that failed has changed nothing, and works when tried again. */
#include "core/doc/doc.h"
#include "support/cm.h"
#include "support/doc.h"
#include "support/ops.h"
#include "support/require.h"
#include "support/text.h"
#include "wire/wire.h"

#include <string.h>

/* ---- a world that is the same each time ---- */

typedef struct world {
    failmem mem;
    sennit_alloc alloc;
    rng random, peer_random;
    sennit_options options;
    sennit_doc *doc;   /* its memory fails */
    sennit_doc *peer;  /* this one's does not */
    sennit_doc *made;  /* what a call created */
    sennit_buf in;     /* bytes for the call */
    sennit_buf out;    /* bytes from the call; memory of it fails too */
    sennit_buf since;
    sennit_table *table;
} world;

static void grow(sennit_doc *doc, uint64_t seed, size_t edits)
{
    rng r = rng_seed(seed);
    char insert[4 * 4];
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    for (size_t i = 0; i < edits; i++) {
        sennit_doc_set_time(doc, 1000 + 100 * i);
        doc_text(doc, &text);
        const char *t = (const char *)text.data;
        size_t pos = text_place(&r, t, text.len);
        size_t end = rng_percent(&r, 30) ? text_place(&r, t, text.len) : pos;
        size_t gone = end > pos && end - pos < 9 ? end - pos : 0;

        require(sennit_doc_splice(doc, pos, gone, insert, rng_text(&r, 4, insert)) == SENNIT_OK);
    }
    sennit_buf_clear(&text);
}

static void world_open(world *w)
{
    memset(w, 0, sizeof *w);
    w->alloc = failmem_at(&w->mem, 0);
    w->random = rng_seed(1);
    w->peer_random = rng_seed(2);
    w->options = doc_options(&w->peer_random);
    w->options.coalesce_ms = 300;
    w->options.replica = 1111;
    require(sennit_doc_seed(&w->options, "", 0, "some text\n", 10, &w->peer) == SENNIT_OK);
    w->options.alloc = &w->alloc;
    w->options.random_self = &w->random;
    w->options.replica = 2222;
    require(sennit_doc_seed(&w->options, "", 0, "some text\n", 10, &w->doc) == SENNIT_OK);
    grow(w->peer, 3, 25);
    grow(w->doc, 4, 25);
    doc_index(w->doc); /* or losing the memory for it would fail no call */
    sennit_buf_init(&w->in, NULL);
    sennit_buf_init(&w->since, NULL);
    sennit_buf_init(&w->out, &w->alloc);
}

static void world_close(world *w)
{
    sennit_doc_free(w->doc);
    sennit_doc_free(w->made);
    sennit_doc_free(w->peer);
    sennit_buf_clear(&w->in);
    sennit_buf_clear(&w->since);
    sennit_buf_clear(&w->out);
    sennit_table_free(w->table);
    require(w->mem.live == 0 && w->mem.blocks == 0);
}

/* ---- calls; each with what has to be so before ---- */

static void nothing(world *w)
{
    (void)w;
}

static sennit_status call_new(world *w) { return sennit_doc_new(&w->options, &w->made); }

static sennit_status call_seed(world *w)
{
    return sennit_doc_seed(&w->options, "name", 4, "text of \xe2\x82\xac\n", 12, &w->made);
}

static void before_load(world *w)
{
    require(sennit_doc_save(w->peer, SENNIT_SAVE_IDENTITY, &w->in) == SENNIT_OK);
}

static void before_load_thin(world *w)
{
    require(sennit_doc_save(w->peer, SENNIT_SAVE_LIVE_ONLY, &w->in) == SENNIT_OK);
}

static sennit_status call_load(world *w)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_status st = sennit_doc_load(&w->options, w->in.data, w->in.len, &w->made, &err);

    require(st == SENNIT_OK || (err.code == st && w->made == NULL));
    return st;
}

static sennit_status call_fork(world *w) { return sennit_doc_fork(w->doc, NULL, &w->made); }

static sennit_status call_save(world *w)
{
    return sennit_doc_save(w->doc, SENNIT_SAVE_IDENTITY, &w->out);
}

static sennit_status call_save_thin(world *w)
{
    return sennit_doc_save(w->doc, SENNIT_SAVE_LIVE_ONLY, &w->out);
}

static sennit_status call_version(world *w) { return sennit_doc_version(w->doc, &w->out); }

static sennit_status call_dump(world *w) { return sennit_doc_dump(w->doc, &w->out); }

static sennit_status call_check(world *w) { return sennit_doc_check(w->doc, NULL); }

static sennit_status call_read(world *w)
{
    return sennit_doc_read(w->doc, 0, sennit_doc_len(w->doc), &w->out);
}

static void before_delta(world *w)
{
    doc_catch_up(w->doc, w->peer);
    require(sennit_doc_version(w->doc, &w->since) == SENNIT_OK);
    grow(w->doc, 5, 15);
}

static sennit_status call_delta(world *w)
{
    return sennit_doc_delta(w->doc, w->since.data, w->since.len, NULL, &w->out, NULL);
}

static sennit_status call_delta_all(world *w)
{
    return sennit_doc_delta(w->doc, NULL, 0, NULL, &w->out, NULL);
}

static void before_table(world *w)
{
    doc_catch_up(w->doc, w->peer);
    require(sennit_table_new(&w->alloc, &w->table) == SENNIT_OK);
}

static sennit_status call_delta_table(world *w)
{
    uint32_t known = w->table->len;
    sennit_status st = sennit_doc_delta(w->doc, NULL, 0, w->table, &w->out, NULL);

    require(st == SENNIT_OK || w->table->len == known);
    return st;
}

static sennit_status call_own_delta(world *w)
{
    return sennit_doc_own_delta(w->doc, 3, w->table, &w->out);
}

static sennit_status call_own_short(world *w)
{
    return sennit_doc_own_delta(w->doc, sennit_doc_own_count(w->doc) - 1, w->table, &w->out);
}

static void before_short(world *w)
{
    require(sennit_doc_insert(w->doc, 1, "k", 1) == SENNIT_OK);
    require(sennit_doc_insert(w->doc, 2, "k", 1) == SENNIT_OK);
    require(sennit_table_new(&w->alloc, &w->table) == SENNIT_OK);
}

static sennit_status call_table(world *w) { return sennit_table_new(&w->alloc, &w->table); }

static sennit_status call_anchor(world *w)
{
    return sennit_anchor_encode(&(sennit_anchor){1111, 3, SENNIT_ANCHOR_AFTER}, &w->out);
}

/* ---- applying ---- */

static sennit_status apply(world *w)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_status st = sennit_doc_apply(w->doc, w->in.data, w->in.len, w->table, NULL, &err);

    require(st == SENNIT_OK || (err.code == st && err.what != NULL));
    return st;
}

static sennit_status agree(void *self, const sennit_change *change, unsigned kinds)
{
    (void)self;
    (void)kinds;
    return change->operations > 0 ? SENNIT_OK : SENNIT_EINVAL;
}

static sennit_status call_admit(world *w)
{
    static const sennit_admission admission = {agree, NULL};

    return sennit_doc_admit(w->doc, w->in.data, w->in.len, NULL, &admission, NULL, NULL);
}

static void before_apply(world *w)
{
    require(sennit_doc_delta(w->peer, NULL, 0, NULL, &w->in, NULL) == SENNIT_OK);
}

static void before_apply_snapshot(world *w)
{
    require(sennit_doc_save(w->peer, SENNIT_SAVE_SHARED, &w->in) == SENNIT_OK);
}

static void before_apply_empty(world *w)
{
    before_apply(w);
    sennit_doc_free(w->doc);
    w->doc = doc_new(&w->options);
}

static void before_apply_short(world *w)
{
    uint64_t own;

    doc_catch_up(w->doc, w->peer);
    require(sennit_doc_insert(w->peer, 4, "k", 1) == SENNIT_OK);
    doc_catch_up(w->doc, w->peer);
    own = sennit_doc_own_count(w->peer);
    require(sennit_doc_insert(w->peer, 5, "k", 1) == SENNIT_OK);
    require(sennit_doc_own_delta(w->peer, own, NULL, &w->in) == SENNIT_OK);
}

static void before_apply_table(world *w)
{
    sennit_table *out;

    require(sennit_table_new(NULL, &out) == SENNIT_OK);
    require(sennit_table_new(&w->alloc, &w->table) == SENNIT_OK);
    require(sennit_doc_delta(w->peer, NULL, 0, out, &w->in, NULL) == SENNIT_OK);
    sennit_table_free(out);
}

/* The later half without the earlier: it has to wait. */
static void before_apply_early(world *w)
{
    require(sennit_doc_own_delta(w->peer, sennit_doc_own_count(w->peer) / 2, NULL, &w->in) ==
            SENNIT_OK);
}

/* Toggles, which come only from elsewhere: deletes that overlap are switched. */
static void before_apply_toggles(world *w)
{
    naive *third = naive_new(3333, 100);
    naive_log log = {NULL, 0};
    ops_batch b;

    naive *nobody = naive_new(0, 1);
    naive_insert(nobody, 0, "some text\n", 10, &log);
    naive_free(nobody);
    naive_apply(third, (const naive_op *const *)log.ops, log.len);
    third->now_ms = 9000;
    for (uint32_t i = 0; i < 4; i++)
        naive_delete(third, i % 2, 2, &log);
    for (uint32_t i = 0; i < 4; i++)
        naive_toggle(third, (naive_id){3333, i}, i % 2, &log);
    naive_insert(third, 1, "new", 3, &log);
    ops_gather(&b, (const naive_op *const *)log.ops, log.len);
    require(sn_delta_encode(&b.batch, NULL, &w->in) == SENNIT_OK);
    ops_free(&b);
    naive_free(third);
    naive_log_free(&log);
}

/* ---- taking back ---- */

/* The peer goes on where it was, and is heard of. */
static void before_rebase(world *w)
{
    doc_catch_up(w->peer, w->doc);
    grow(w->peer, 6, 10);
    doc_catch_up(w->doc, w->peer);
    grow(w->doc, 7, 10);
    sennit_doc_watch(w->doc, SENNIT_WATCH_REMOTE);
}

static sennit_status call_rebase(world *w)
{
    return sennit_doc_rebase(w->doc, 5, NULL);
}

/* It has brought back what it had deleted, and taken back a mark and a value. */
static void before_retype(world *w)
{
    const sennit_value value = {.type = SENNIT_INT, .integer = 1};
    sennit_undo *undo;

    before_rebase(w);
    require(sennit_undo_new(w->doc, NULL, &undo) == SENNIT_OK);
    require(sennit_doc_delete(w->doc, 0, sennit_doc_len(w->doc) / 2) == SENNIT_OK);
    require(sennit_mark_add(w->doc, 0, 1, "strong", 6, &value, 0) == SENNIT_OK);
    require(sennit_meta_set(w->doc, "title", 5, &value) == SENNIT_OK);
    require(sennit_undo_undo(undo) == SENNIT_OK);
    sennit_undo_free(undo);
}

static sennit_status call_retype(world *w)
{
    return sennit_doc_retype(w->doc, sennit_doc_own_count(w->doc) - 1, NULL);
}

static sennit_status call_void(world *w)
{
    return sennit_doc_void(w->doc, 1111, 5, 0, 0, NULL);
}

static sennit_status call_restamp(world *w)
{
    w->doc->exported = (uint32_t)sennit_doc_own_count(w->doc) - 2;
    return sennit_doc_restamp(w->doc, 9999999);
}

/* ---- editing ---- */

static sennit_status call_insert(world *w)
{
    return sennit_doc_insert(w->doc, sennit_doc_len(w->doc), "a long text, longer than before", 31);
}

static sennit_status call_insert_first(world *w)
{
    return sennit_doc_insert(w->doc, 0, "x", 1);
}

static void before_first(world *w)
{
    sennit_doc_free(w->doc);
    w->doc = doc_new(&w->options);
}

static void before_edit(world *w)
{
    doc_catch_up(w->doc, w->peer);
    sennit_doc_set_time(w->doc, 99999); /* a new change */
}

static void before_edit_transaction(world *w)
{
    before_edit(w);
    require(sennit_doc_begin(w->doc) == SENNIT_OK);
}

static sennit_status call_delete(world *w)
{
    return sennit_doc_delete(w->doc, 0, sennit_doc_len(w->doc));
}

static sennit_status call_splice(world *w)
{
    return sennit_doc_splice(w->doc, 0, sennit_doc_len(w->doc), "all new text", 12);
}

static sennit_status call_replace(world *w)
{
    static const char text[] = "some other text\nof some lines\nand no more\n";

    return sennit_doc_replace(w->doc, 0, sennit_doc_len(w->doc), text, sizeof text - 1);
}

/* ---- the past ---- */

/* A version of some time ago, and what was undone and redone since. */
static void before_history(world *w)
{
    sennit_undo *undo;

    require(sennit_doc_version(w->doc, &w->since) == SENNIT_OK);
    doc_text(w->doc, &w->in);
    require(sennit_undo_new(w->doc, NULL, &undo) == SENNIT_OK);
    require(sennit_doc_delete(w->doc, 0, w->in.len) == SENNIT_OK);
    require(sennit_undo_undo(undo) == SENNIT_OK);
    sennit_undo_free(undo);
    grow(w->doc, 8, 10);
}

static sennit_status call_history_at(world *w)
{
    return sennit_history_at(w->doc, 1500, &w->out);
}

static sennit_status call_history_change(world *w)
{
    return sennit_history_change(w->doc, 2, &w->out, &w->out);
}

static sennit_status call_history_text(world *w)
{
    return sennit_history_text(w->doc, w->since.data, w->since.len, &w->out);
}

static sennit_status call_history_diff(world *w)
{
    sennit_diff *diff;
    sennit_status st = sennit_history_diff(w->doc, NULL, 0, w->since.data, w->since.len, &diff);

    sennit_diff_free(diff);
    return st;
}

static sennit_status call_history_splice(world *w)
{
    return sennit_history_splice(w->doc, w->since.data, w->since.len, 0, w->in.len, "old", 3, NULL);
}

static sennit_status call_history_edit(world *w)
{
    const sennit_edit edits[] = {{0, 2, "ol", 2}, {5, 0, "d", 1}, {3, 0, "er", 2}};

    return sennit_history_edit(w->doc, w->since.data, w->since.len, SENNIT_CODEPOINTS, edits, 3);
}

static const sennit_value word = {.type = SENNIT_STRING, .data = "a value of some length", .len = 22};

static sennit_status call_set(world *w) { return sennit_meta_set(w->doc, "title", 5, &word); }

static sennit_status call_mark(world *w)
{
    return sennit_mark_add(w->doc, 0, 1, "strong", 6, &word, SENNIT_MARK_GROWS);
}

static sennit_status call_embed(world *w) { return sennit_mark_embed(w->doc, 0, &word); }

/* Marks on text of which most is deleted: no gap suits what is typed there. */
static void before_marks(world *w)
{
    require(sennit_doc_insert(w->doc, 0, "L12N\n", 5) == SENNIT_OK);
    require(sennit_mark_add(w->doc, 0, 3, "link", 4, &word, 0) == SENNIT_OK);
    require(sennit_mark_add(w->doc, 1, 3, "strong", 6, &word, SENNIT_MARK_GROWS) == SENNIT_OK);
    require(sennit_mark_block(w->doc, 0, &word) == SENNIT_OK);
    require(sennit_doc_delete(w->doc, 1, 2) == SENNIT_OK);
}

static sennit_status call_type_marked(world *w) { return sennit_doc_insert(w->doc, 1, "q", 1); }

static sennit_status call_split(world *w) { return sennit_mark_split(w->doc, 1); }

static sennit_status call_runs(world *w)
{
    sennit_runs *runs;
    sennit_run run;
    int more;
    sennit_status st = sennit_mark_runs(w->doc, 0, sennit_doc_len(w->doc), &runs);

    if (st != SENNIT_OK)
        return st;
    while ((more = sennit_runs_next(runs, &run)) == 1)
        continue;
    sennit_runs_free(runs);
    return (sennit_status)more;
}

static void before_apply_marks(world *w)
{
    doc_catch_up(w->peer, w->doc);
    require(sennit_mark_add(w->peer, 0, 1, "link", 4, &word, 0) == SENNIT_OK);
    require(sennit_meta_set(w->peer, "title", 5, &word) == SENNIT_OK);
    require(sennit_mark_add(w->peer, 0, 1, "em", 2, &word, SENNIT_MARK_GROWS) == SENNIT_OK);
    require(sennit_doc_own_delta(w->peer, 0, NULL, &w->in) == SENNIT_OK);
}

static void before_load_marks(world *w)
{
    before_marks(w);
    require(sennit_doc_save(w->doc, SENNIT_SAVE_IDENTITY, &w->in) == SENNIT_OK);
}

/* ---- trying ---- */

/* A document that checks itself after a call does without if memory runs out. */
#ifdef SENNIT_SELFCHECK
#define CHECKS_ITSELF true
#else
#define CHECKS_ITSELF false
#endif

typedef struct call {
    const char *name;
    void (*before)(world *w);
    sennit_status (*run)(world *w);
    bool absorbs; /* some of what it wants memory for can wait */
} call;

static const call calls[] = {
    {"new", nothing, call_new, false},
    {"seed", nothing, call_seed, false},
    {"load", before_load, call_load, false},
    {"load without deleted text", before_load_thin, call_load, false},
    {"fork", nothing, call_fork, false},
    {"save", nothing, call_save, false},
    {"save without deleted text", nothing, call_save_thin, false},
    {"version", before_edit, call_version, false},
    {"dump", before_edit, call_dump, false},
    {"check", before_edit, call_check, false},
    {"read", nothing, call_read, false},
    {"delta", before_delta, call_delta, false},
    {"delta of everything", before_delta, call_delta_all, false},
    {"delta with a table", before_table, call_delta_table, false},
    {"own delta", nothing, call_own_delta, false},
    {"own delta with a table", before_table, call_own_delta, false},
    {"own keystroke", before_short, call_own_short, false},
    {"table", nothing, call_table, false},
    {"anchor", nothing, call_anchor, false},
    {"apply", before_apply, apply, false},
    {"apply a snapshot", before_apply_snapshot, apply, false},
    {"apply to an empty document", before_apply_empty, apply, false},
    {"apply a keystroke", before_apply_short, apply, false},
    {"apply with a table", before_apply_table, apply, false},
    {"apply too early", before_apply_early, apply, false},
    {"apply toggles", before_apply_toggles, apply, false},
    {"admit", before_apply, call_admit, false},
    {"admit a keystroke", before_apply_short, call_admit, false},
    {"rebase", before_rebase, call_rebase, true},
    {"retype", before_retype, call_retype, true},
    {"void", before_rebase, call_void, true},
    {"restamp", before_rebase, call_restamp, true},
    {"insert", before_edit, call_insert, false},
    {"insert first", before_first, call_insert_first, false},
    {"delete", before_edit, call_delete, false},
    {"splice", before_edit, call_splice, false},
    {"replace", before_edit, call_replace, false},
    {"text of a version", before_history, call_history_text, false},
    {"difference of versions", before_history, call_history_diff, false},
    {"version of a time", before_history, call_history_at, false},
    {"versions of a change", before_history, call_history_change, false},
    {"edit at a version", before_history, call_history_splice, false},
    {"edits at a version", before_history, call_history_edit, false},
    {"set", before_edit, call_set, false},
    {"mark", before_edit, call_mark, false},
    {"embed", before_edit, call_embed, false},
    {"type where no gap has the right marks", before_marks, call_type_marked, false},
    {"split a block", before_marks, call_split, false},
    {"runs", before_marks, call_runs, false},
    {"apply marks", before_apply_marks, apply, false},
    {"load marks", before_load_marks, call_load, false},
    {"rebase marks", before_marks, call_rebase, true},
    {"insert in a transaction", before_edit_transaction, call_insert, false},
    {"delete in a transaction", before_edit_transaction, call_delete, false},
    {"splice in a transaction", before_edit_transaction, call_splice, false},
    {"replace in a transaction", before_edit_transaction, call_replace, false},
};

/* What an open transaction hides cannot be compared; its text can. */
static bool open_text_is(const world *w, const sennit_buf *text)
{
    doc_check(w->doc);
    return doc_text_is(w->doc, (const char *)text->data, text->len);
}

/* The call with its nth allocation failing. Returns false if it makes no more. */
static bool try_nth(const call *c, size_t nth, const sennit_buf *result)
{
    world w;
    doc_state before = {{0}, {0}, {0}, {0}, {0}};
    sennit_buf text;

    world_open(&w);
    c->before(&w);
    bool open = w.doc->txn.open;
    sennit_buf_init(&text, NULL);
    doc_text(w.doc, &text);
    if (!open)
        doc_state_take(&before, w.doc);
    size_t out = w.out.len;
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
        require(w.made == NULL && w.out.len == out);
        require(open ? open_text_is(&w, &text) : doc_state_same(&before, w.doc));
        require(c->run(&w) == SENNIT_OK);
    }
    doc_check(w.doc);
    doc_text(w.doc, &text);
    require(result == NULL || buf_equal(&text, result));
    if (open)
        require(sennit_doc_abort(w.doc) == SENNIT_OK);
    doc_check(w.doc);
    if (!open)
        doc_state_free(&before);
    sennit_buf_clear(&text);
    world_close(&w);
    return fired;
}

/* The text that comes of the call if nothing fails. */
static void undisturbed(const call *c, sennit_buf *text)
{
    world w;

    world_open(&w);
    c->before(&w);
    require(c->run(&w) == SENNIT_OK);
    doc_text(w.doc, text);
    world_close(&w);
}

static void every_call_survives_each_lost_allocation(void **state)
{
    size_t failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        sennit_buf text;
        size_t nth = 1;

        sennit_buf_init(&text, NULL);
        undisturbed(&calls[i], &text);
        for (; try_nth(&calls[i], nth, &text); failed++)
            nth += CHECKS_ITSELF && nth > 50 ? nth / 10 : 1; /* many small nodes, all alike */
        if (CHECKS_ITSELF && nth == 1) {
            fprintf(stderr, "%s: nothing was allocated, so nothing was tested\n", calls[i].name);
            abort();
        }
        sennit_buf_clear(&text);
    }
    assert_in_range(failed, 500, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_survives_each_lost_allocation),
    };

    return RUN_TESTS(tests);
}
