/* Documents that drop deleted text, superseded marks and metadata at different times, one
 * that never does, and those that come back from before a cut: all end with the same text,
 * marks and metadata. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/rich.h"
#include "support/seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITES 3
#define NEVER SITES /* the document that is never compacted, and never edits */
#define NOON UINT64_C(1800000000000)

typedef struct world {
    rng *r;
    sennit_doc *docs[SITES + 1];
    sennit_undo *undo[SITES];
    sennit_buf buf, version;
    uint64_t now;
    bool rich; /* there are marks and metadata: dumps differ in what was superseded */
} world;

/* A name of few, so that much is superseded; letters in capitals grow. */
static void note(world *w, sennit_doc *doc)
{
    const char *name = (const char *const[]){"a", "b", "C", "D"}[rng_below(w->r, 4)];
    const sennit_value value = {.type = SENNIT_INT, .integer = (int64_t)rng_below(w->r, 1000)};
    size_t len = sennit_doc_len(doc), pos = len > 0 ? rng_below(w->r, len) : 0;
    size_t most = len - pos < 6 || rng_percent(w->r, 20) ? len - pos : 6;

    if (len == 0 || rng_percent(w->r, 30))
        require(sennit_meta_set(doc, name, 1, &value) == SENNIT_OK);
    else
        require(sennit_mark_add(doc, pos, rng_in(w->r, 1, most), name, 1,
                                rng_percent(w->r, 80) ? &value : NULL,
                                name[0] < 'a' ? SENNIT_MARK_GROWS : 0) == SENNIT_OK);
}

static void edit(world *w, sennit_doc *doc)
{
    static const char *const words[] = {"a", "bc", "\xc3\xa9", "x\xe2\x82\xac", "\xf0\x9f\x90\x95", "long one "};
    size_t len = sennit_doc_len(doc), pos = rng_below(w->r, len + 1);
    const char *word = words[rng_below(w->r, 6)];

    sennit_doc_set_time(doc, w->now += rng_below(w->r, 40));
    if (w->rich && rng_percent(w->r, 40)) {
        note(w, doc);
    } else if (len > 4 && rng_percent(w->r, 45)) {
        size_t n = rng_in(w->r, 1, 6);

        pos = rng_below(w->r, len);
        require(sennit_doc_delete(doc, pos, n < len - pos ? n : len - pos) == SENNIT_OK);
    } else {
        require(sennit_doc_insert(doc, pos, word, strlen(word)) == SENNIT_OK);
    }
}

/* Deltas where they are served, else the whole. */
static void tell(world *w, sennit_doc *from, sennit_doc *to)
{
    doc_version(to, &w->version);
    w->buf.len = 0;
    sennit_status st = sennit_doc_delta(from, w->version.data, w->version.len, NULL, &w->buf, NULL);

    if (st == SENNIT_EGONE)
        doc_snapshot(from, &w->buf);
    else
        require(st == SENNIT_OK);
    if (w->buf.len > 0)
        require(sennit_doc_apply(to, w->buf.data, w->buf.len, NULL, NULL, NULL) == SENNIT_OK);
    doc_check(to);
}

static void settle(world *w)
{
    for (int i = 0; i <= SITES; i++)
        for (int k = 0; k <= SITES; k++)
            if (i != k)
                tell(w, w->docs[i], w->docs[k]);
    for (int i = 0; i < SITES; i++)
        tell(w, w->docs[NEVER], w->docs[i]);
}

/* What a document says: all of it, or text, marks and metadata. */
static void tell_all(const world *w, sennit_doc *doc, sennit_buf *out)
{
    sennit_attr attr = {.name = NULL};

    if (!w->rich) {
        doc_dump(doc, out);
        return;
    }
    out->len = 0;
    rich_read(doc, 0, sennit_doc_len(doc), out);
    while (sennit_meta_next(doc, &attr) == 1) {
        buf_add(out, attr.name, attr.name_len);
        buf_add(out, &attr.value.integer, sizeof attr.value.integer);
    }
}

static void compare(world *w)
{
    sennit_buf a;

    sennit_buf_init(&a, NULL);
    tell_all(w, w->docs[NEVER], &a);
    for (int i = 0; i < SITES; i++) {
        tell_all(w, w->docs[i], &w->buf);
        require(buf_equal(&a, &w->buf));
    }
    sennit_buf_clear(&a);
}

/* Saved and opened it is the same, and saved again the same bytes. */
static void reopen(world *w, int i)
{
    sennit_options options = doc_options(w->r);
    sennit_doc *again;

    w->buf.len = 0;
    require(sennit_doc_save(w->docs[i], SENNIT_SAVE_IDENTITY, &w->buf) == SENNIT_OK);
    options.unit = SENNIT_CODEPOINTS;
    require(sennit_doc_load(&options, w->buf.data, w->buf.len, &again, NULL) == SENNIT_OK);
    doc_check(again);
    w->version.len = 0;
    require(sennit_doc_save(again, SENNIT_SAVE_IDENTITY, &w->version) == SENNIT_OK);
    require(buf_equal(&w->buf, &w->version));
    sennit_undo_free(w->undo[i]);
    sennit_doc_free(w->docs[i]);
    w->docs[i] = again;
    require(sennit_undo_new(again, NULL, &w->undo[i]) == SENNIT_OK);
}

/* All know the same; nobody takes back any more what was done by now. */
static void meet(world *w)
{
    settle(w);
    compare(w);
    doc_version(w->docs[NEVER], &w->version);
    for (int i = 0; i < SITES; i++) {
        sennit_undo_free(w->undo[i]);
        require(sennit_undo_new(w->docs[i], NULL, &w->undo[i]) == SENNIT_OK);
        if (rng_percent(w->r, 60))
            require(sennit_doc_compact(w->docs[i], w->version.data, w->version.len, NULL) == SENNIT_OK);
        doc_check(w->docs[i]);
    }
    compare(w);
}

static void start(world *w, rng *r)
{
    sennit_options options = doc_options(r);

    *w = (world){.r = r, .now = NOON, .rich = rng_percent(r, 60)};
    sennit_buf_init(&w->buf, NULL);
    sennit_buf_init(&w->version, NULL);
    options.unit = SENNIT_CODEPOINTS;
    for (int i = 0; i <= SITES; i++) {
        require(sennit_doc_seed(&options, "", 0, "seed", 4, &w->docs[i]) == SENNIT_OK);
        if (i < SITES)
            require(sennit_undo_new(w->docs[i], NULL, &w->undo[i]) == SENNIT_OK);
    }
}

static void end(world *w)
{
    for (int i = 0; i < SITES; i++)
        sennit_undo_free(w->undo[i]);
    for (int i = 0; i <= SITES; i++)
        sennit_doc_free(w->docs[i]);
    sennit_buf_clear(&w->buf);
    sennit_buf_clear(&w->version);
}

static void step(world *w)
{
    int i = (int)rng_below(w->r, SITES);
    unsigned what = (unsigned)rng_below(w->r, 100);

    if (what < 55)
        edit(w, w->docs[i]);
    else if (what < 70)
        require(sennit_undo_undo(w->undo[i]) != SENNIT_ENOMEM);
    else if (what < 75)
        require(sennit_undo_redo(w->undo[i]) != SENNIT_ENOMEM);
    else if (what < 90)
        tell(w, w->docs[i], w->docs[rng_below(w->r, SITES + 1)]);
    else if (what < 94)
        reopen(w, i);
    else
        meet(w);
}

static void drop_and_converge(rng *r)
{
    world w;

    start(&w, r);
    for (size_t n = rng_in(r, 5, 60); n > 0; n--)
        step(&w);
    settle(&w);
    compare(&w);
    end(&w);
}

static void documents_that_drop_deleted_text_converge_with_one_that_does_not(void **state)
{
    (void)state;
    seeds_run(600, drop_and_converge);
}

/* Somebody is away while the others go on and compact: what he wrote comes along. */
static void be_away(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *away;
    world w;

    start(&w, r);
    for (size_t n = rng_in(r, 5, 20); n > 0; n--)
        edit(&w, w.docs[rng_below(r, SITES)]);
    settle(&w);
    options.unit = SENNIT_CODEPOINTS;
    require(sennit_doc_fork(w.docs[NEVER], &options, &away) == SENNIT_OK);
    for (size_t n = rng_in(r, 1, 40); n > 0; n--)
        step(&w);
    for (size_t n = rng_below(r, 10); n > 0; n--)
        edit(&w, away);
    meet(&w);
    for (size_t n = rng_below(r, 10); n > 0; n--)
        edit(&w, w.docs[rng_below(r, SITES)]);
    const int other = (int)rng_below(r, SITES);
    tell(&w, w.docs[other], away);
    tell(&w, away, w.docs[other]);
    settle(&w);
    compare(&w);
    tell(&w, w.docs[other], away);
    tell_all(&w, w.docs[NEVER], &w.buf);
    tell_all(&w, away, &w.version);
    require(buf_equal(&w.buf, &w.version));
    sennit_doc_free(away);
    end(&w);
}

static void whoever_comes_back_from_before_the_cut_loses_nothing(void **state)
{
    (void)state;
    seeds_run(600, be_away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_that_drop_deleted_text_converge_with_one_that_does_not),
        cmocka_unit_test(whoever_comes_back_from_before_the_cut_loses_nothing),
    };

    return RUN_TESTS(tests);
}
