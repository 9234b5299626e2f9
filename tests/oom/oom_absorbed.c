/* Where running out of memory is no failure: patches become a reset, and
 * operations that waited go on waiting. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"

#include <string.h>

typedef struct world {
    failmem mem;
    sennit_alloc alloc;
    rng random;
    sennit_options options;
    sennit_doc *doc, *peer;
} world;

static void world_open(world *w)
{
    memset(w, 0, sizeof *w);
    w->alloc = failmem_at(&w->mem, 0);
    w->random = rng_seed(1);
    w->options = doc_options(&w->random);
    require(sennit_doc_seed(&w->options, "", 0, "text", 4, &w->peer) == SENNIT_OK);
    w->options.alloc = &w->alloc;
    require(sennit_doc_seed(&w->options, "", 0, "text", 4, &w->doc) == SENNIT_OK);
}

static void world_close(world *w)
{
    sennit_doc_free(w->doc);
    sennit_doc_free(w->peer);
    require(w->mem.live == 0);
}

static void fail_from_here(world *w, size_t nth)
{
    w->mem.calls = 0;
    w->mem.fail_at = nth;
    w->mem.fired = false;
}

/* ---- patches ---- */

/* What the host shows after taking all patches. */
static void take_patches(sennit_doc *doc, sennit_buf *shown)
{
    sennit_patch p;
    sennit_buf next;

    while (sennit_doc_next_patch(doc, &p)) {
        sennit_buf_init(&next, NULL);
        if (p.reset) {
            require(p.removed == shown->len && p.inserted == sennit_doc_len(doc));
            doc_text(doc, &next);
        } else {
            buf_add(&next, shown->data, p.pos);
            buf_add(&next, p.text, p.len);
            buf_add(&next, shown->data + p.pos + p.removed, shown->len - p.pos - p.removed);
        }
        sennit_buf_clear(shown);
        *shown = next;
    }
}

static void patches_without_memory_become_a_reset(void **state)
{
    (void)state;
    size_t absorbed = 0;

    for (size_t nth = 1, fired = 1; fired; nth++) {
        world w;
        sennit_buf shown, delta, text;

        world_open(&w);
        sennit_buf_init(&shown, NULL);
        sennit_buf_init(&text, NULL);
        sennit_buf_init(&delta, NULL);
        for (size_t i = 0; i < 12; i++)
            require(sennit_doc_splice(w.peer, i % 4, i % 2, "new", 3) == SENNIT_OK);
        require(sennit_doc_delta(w.peer, NULL, 0, NULL, &delta, NULL) == SENNIT_OK);
        sennit_doc_watch(w.doc, SENNIT_WATCH_REMOTE | SENNIT_WATCH_LOCAL);
        doc_text(w.doc, &shown);
        fail_from_here(&w, nth);
        sennit_status st = sennit_doc_apply(w.doc, delta.data, delta.len, NULL, NULL, NULL);
        fired = w.mem.fired;
        w.mem.fail_at = 0;
        require(st == SENNIT_OK || (fired && st == SENNIT_ENOMEM));
        absorbed += fired && st == SENNIT_OK;
        take_patches(w.doc, &shown);
        doc_text(w.doc, &text);
        require(buf_equal(&shown, &text));
        require(sennit_doc_insert(w.doc, 2, "more", 4) == SENNIT_OK);
        take_patches(w.doc, &shown);
        doc_text(w.doc, &text);
        require(buf_equal(&shown, &text));
        sennit_buf_clear(&shown);
        sennit_buf_clear(&text);
        sennit_buf_clear(&delta);
        world_close(&w);
    }
    assert_true(absorbed > 0);
}

/* ---- waking ---- */

/* Two chains of operations wait for the first one of each. */
static void park_many(world *w, sennit_buf *first)
{
    sennit_doc *writers[2];
    sennit_buf delta[2][6];

    for (size_t k = 0; k < 2; k++) {
        require(sennit_doc_fork(w->peer, NULL, &writers[k]) == SENNIT_OK);
        for (size_t i = 0; i < 6; i++) {
            uint64_t own = sennit_doc_own_count(writers[k]);

            require(sennit_doc_insert(writers[k], i % 3, "word", 4) == SENNIT_OK);
            sennit_buf_init(&delta[k][i], NULL);
            require(sennit_doc_own_delta(writers[k], own, NULL, &delta[k][i]) == SENNIT_OK);
        }
        for (size_t i = 6; i-- > 1;)
            require(sennit_doc_apply(w->doc, delta[k][i].data, delta[k][i].len, NULL, NULL, NULL) ==
                    SENNIT_OK);
        doc_catch_up(w->peer, writers[k]);
        buf_add(&first[k], delta[k][0].data, delta[k][0].len);
        for (size_t i = 0; i < 6; i++)
            sennit_buf_clear(&delta[k][i]);
        sennit_doc_free(writers[k]);
    }
}

static void operations_that_waited_wait_on_without_memory(void **state)
{
    (void)state;
    for (size_t nth = 1, fired = 1; fired; nth++) {
        world w;
        sennit_buf first[2];
        sennit_stat stat;

        world_open(&w);
        sennit_buf_init(&first[0], NULL);
        sennit_buf_init(&first[1], NULL);
        park_many(&w, first);
        sennit_doc_stat(w.doc, &stat);
        require(stat.parked == 2 * 5 * 4);
        fail_from_here(&w, nth);
        sennit_status st = sennit_doc_apply(w.doc, first[0].data, first[0].len, NULL, NULL, NULL);
        fired = w.mem.fired;
        w.mem.fail_at = 0;
        require(st == SENNIT_OK || (fired && st == SENNIT_ENOMEM));
        doc_check(w.doc);
        /* The next call, whatever it brings, goes on with them. */
        require(sennit_doc_apply(w.doc, first[1].data, first[1].len, NULL, NULL, NULL) ==
                SENNIT_OK);
        require(sennit_doc_apply(w.doc, first[0].data, first[0].len, NULL, NULL, NULL) ==
                SENNIT_OK);
        sennit_doc_stat(w.doc, &stat);
        require(stat.parked == 0 && stat.parked_bytes == 0);
        require(doc_agree(w.doc, w.peer));
        sennit_buf_clear(&first[0]);
        sennit_buf_clear(&first[1]);
        world_close(&w);
    }
}

/* Freed while pieces are ready but could not be applied. */
static void what_could_not_be_applied_is_freed(void **state)
{
    (void)state;
    for (size_t nth = 1, fired = 1; fired; nth++) {
        world w;
        sennit_buf first[2];

        world_open(&w);
        sennit_buf_init(&first[0], NULL);
        sennit_buf_init(&first[1], NULL);
        park_many(&w, first);
        fail_from_here(&w, nth);
        sennit_status st = sennit_doc_apply(w.doc, first[0].data, first[0].len, NULL, NULL, NULL);
        fired = w.mem.fired;
        require(st == SENNIT_OK || (fired && st == SENNIT_ENOMEM));
        sennit_buf_clear(&first[0]);
        sennit_buf_clear(&first[1]);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_without_memory_become_a_reset),
        cmocka_unit_test(operations_that_waited_wait_on_without_memory),
        cmocka_unit_test(what_could_not_be_applied_is_freed),
    };

    return RUN_TESTS(tests);
}
