/* A host that lets only few patches wait is told to read the text anew, in the
 * right place between patches that came before and after. */
#include "support/cluster.h"
#include "support/cm.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

/* What the host shows, and how it takes patches. */
typedef struct host {
    sennit_doc *doc;
    sennit_unit unit;
    sennit_buf shown;
    size_t resets, taken;
} host;

static void host_take(host *h)
{
    sennit_patch p;
    sennit_buf next;

    while (sennit_doc_next_patch(h->doc, &p)) {
        const char *text = h->shown.data != NULL ? (const char *)h->shown.data : "";
        size_t at = text_at(text, h->shown.len, h->unit, p.pos);
        size_t end = text_at(text, h->shown.len, h->unit, p.pos + p.removed);

        sennit_buf_init(&next, NULL);
        require(p.len == 0 || text_units(p.text, p.len, h->unit) == p.inserted);
        if (p.reset) {
            require(p.pos == 0 && p.text == NULL && p.len == 0);
            require(p.removed == text_units(text, h->shown.len, h->unit));
            require(p.inserted == sennit_doc_len(h->doc));
            doc_text(h->doc, &next);
            h->resets++;
        } else {
            buf_add(&next, text, at);
            buf_add(&next, p.text, p.len);
            buf_add(&next, text + end, h->shown.len - end);
        }
        h->taken++;
        sennit_buf_clear(&h->shown);
        h->shown = next;
    }
}

static void host_compare(const host *h)
{
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    doc_text(h->doc, &text);
    require(buf_equal(&text, &h->shown));
    sennit_buf_clear(&text);
}

static void edit(sennit_doc *doc, sennit_unit unit, rng *r)
{
    char insert[4 * 5];
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    doc_text(doc, &text);
    const char *t = text.data != NULL ? (const char *)text.data : "";
    size_t pos = text_place(r, t, text.len), end = text_place(r, t, text.len);
    size_t gone = end > pos && rng_percent(r, 40) ? text_units(t + pos, end - pos, unit) : 0;
    size_t n = gone == 0 || rng_percent(r, 40) ? rng_text(r, 5, insert) : 0;

    require(sennit_doc_splice(doc, text_units(t, pos, unit), gone, insert, n) == SENNIT_OK);
    sennit_buf_clear(&text);
}

static void few_patches(rng *r)
{
    host h = {.unit = (sennit_unit)rng_below(r, 3)};
    sennit_options options = doc_options(r);
    sennit_doc *other;

    require(sennit_doc_seed(&options, "", 0, "abc", 3, &other) == SENNIT_OK);
    options.unit = h.unit;
    options.limits.patches = rng_in(r, 1, 6);
    require(sennit_doc_seed(&options, "", 0, "abc", 3, &h.doc) == SENNIT_OK);
    sennit_buf_init(&h.shown, NULL);
    doc_text(h.doc, &h.shown);
    sennit_doc_watch(h.doc, SENNIT_WATCH_LOCAL | SENNIT_WATCH_REMOTE);
    for (size_t steps = rng_in(r, 1, 60); steps > 0; steps--) {
        edit(other, SENNIT_BYTES, r);
        if (rng_percent(r, 40))
            doc_catch_up(other, h.doc);
        if (rng_percent(r, 60))
            doc_catch_up(h.doc, other);
        if (rng_percent(r, 40))
            edit(h.doc, h.unit, r);
        if (rng_percent(r, 40)) {
            host_take(&h);
            host_compare(&h);
        }
    }
    sennit_doc_free(h.doc);
    sennit_doc_free(other);
    sennit_buf_clear(&h.shown);
}

/* Watching one kind of edits alone. */
static void one_kind(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc = doc_new(&options), *other = doc_new(&options);
    sennit_patch p;

    require(sennit_doc_insert(doc, 0, "here", 4) == SENNIT_OK);
    require(!sennit_doc_next_patch(doc, &p));
    doc_catch_up(other, doc);
    require(sennit_doc_insert(other, 4, " there", 6) == SENNIT_OK);
    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    require(sennit_doc_insert(doc, 0, "x", 1) == SENNIT_OK);
    require(!sennit_doc_next_patch(doc, &p));
    doc_catch_up(doc, other);
    require(sennit_doc_next_patch(doc, &p));
    require(p.pos == 5 && p.removed == 0 && p.inserted == 6 && !p.local && !p.reset);
    require(p.replica == sennit_doc_replica(other) && p.len == 6);
    require(!sennit_doc_next_patch(doc, &p));
    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    require(sennit_doc_delete(doc, 0, 1) == SENNIT_OK);
    require(sennit_doc_insert(other, 0, "y", 1) == SENNIT_OK);
    doc_catch_up(doc, other);
    require(sennit_doc_next_patch(doc, &p));
    require(p.pos == 0 && p.removed == 1 && p.inserted == 0 && p.local && p.text == NULL);
    require(!sennit_doc_next_patch(doc, &p));
    require(sennit_doc_delete(doc, 0, 1) == SENNIT_OK);
    sennit_doc_watch(doc, SENNIT_WATCH_NOTHING); /* drops what was not taken */
    require(!sennit_doc_next_patch(doc, &p));
    sennit_doc_free(doc);
    sennit_doc_free(other);
}

/* Typing and backspacing make one patch each, not one for every letter. */
static void patches_are_joined(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc = doc_new(&options);
    sennit_patch p;

    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    for (size_t i = 0; i < 5; i++)
        require(sennit_doc_insert(doc, i, &"hello"[i], 1) == SENNIT_OK);
    for (size_t i = 5; i > 2; i--)
        require(sennit_doc_delete(doc, i - 1, 1) == SENNIT_OK);
    require(sennit_doc_next_patch(doc, &p) && p.inserted == 5 && p.pos == 0);
    require(sennit_doc_next_patch(doc, &p) && p.removed == 3 && p.pos == 2);
    require(!sennit_doc_next_patch(doc, &p));
    sennit_doc_free(doc);
}

static void too_many_patches_become_one_that_resets(void **state)
{
    (void)state;
    seeds_run(1000, few_patches);
}

static void only_what_is_watched_becomes_patches(void **state)
{
    (void)state;
    seeds_run(5, one_kind);
}

static void what_is_typed_in_one_go_is_one_patch(void **state)
{
    (void)state;
    seeds_run(5, patches_are_joined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_patches_become_one_that_resets),
        cmocka_unit_test(only_what_is_watched_becomes_patches),
        cmocka_unit_test(what_is_typed_in_one_go_is_one_patch),
    };

    return RUN_TESTS(tests);
}
