/* Documents that are saved, opened and copied at any moment go on as if nothing
 * had been; anchors stay where their bytes are. */
#include "core/doc/doc.h"
#include "support/cluster.h"
#include "support/cm.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include <string.h>

static sennit_doc *load(const sennit_options *options, const sennit_buf *bytes)
{
    sennit_doc *doc;
    sennit_error err = {SENNIT_OK, 0, ""};

    if (sennit_doc_load(options, bytes->data, bytes->len, &doc, &err) == SENNIT_OK)
        return doc;
    fprintf(stderr, "a snapshot was refused at %zu: %s\n", err.pos, err.what);
    abort();
}

/* Sites with some history, everything delivered. */
static void grow(cluster *c, rng *r)
{
    cluster_init(c, r, 0);
    for (size_t steps = rng_in(r, 1, 40); steps > 0; steps--) {
        site *s = &c->sites[rng_below(r, c->n)];

        if (rng_percent(r, 70))
            cluster_edit(c, s);
        else
            cluster_deliver(c, s);
    }
}

/* ---- snapshots ---- */

static void edit_somewhere(sennit_doc *doc, rng *r)
{
    char insert[4 * 6];
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    doc_text(doc, &text);
    const char *t = text.data != NULL ? (const char *)text.data : "";
    size_t pos = text_place(r, t, text.len);
    size_t n = rng_text(r, 6, insert);
    size_t end = rng_percent(r, 40) ? text_start(t, text.len, pos + rng_below(r, 9)) : pos;

    end = end < pos ? pos : end > text.len ? text.len : end;
    require(sennit_doc_splice(doc, text_units(t, pos, doc->unit),
                              text_units(t + pos, end - pos, doc->unit), insert, n) == SENNIT_OK);
    sennit_buf_clear(&text);
}

/* A copy opened from what was saved: same state, same bytes, same future. */
static void opened_again_is_the_same(rng *r)
{
    cluster c;
    sennit_buf bytes, again;
    const char *text;
    size_t len;

    grow(&c, r);
    sennit_doc *doc = c.sites[0].doc, *copy;
    sennit_buf_init(&bytes, NULL);
    sennit_buf_init(&again, NULL);
    doc_snapshot(doc, &bytes);
    copy = load(&c.options, &bytes);
    require(doc_agree(doc, copy));
    require(sennit_doc_replica(copy) == 0 && sennit_doc_own_count(copy) == 0);
    require(sennit_snapshot_text(bytes.data, bytes.len, &text, &len, NULL) == SENNIT_OK);
    require(doc_text_is(doc, text, len));
    for (size_t i = rng_below(r, 10); i > 0; i--) {
        edit_somewhere(copy, r);
        if (rng_percent(r, 30))
            doc_snapshot(copy, &again);
    }
    doc_catch_up(copy, c.sites[1].doc);
    doc_catch_up(c.sites[1].doc, copy);
    doc_catch_up(copy, c.sites[1].doc);
    require(doc_agree(copy, c.sites[1].doc));
    sennit_doc_free(copy);
    sennit_buf_clear(&bytes);
    sennit_buf_clear(&again);
    cluster_free(&c);
}

/* Without deleted text: reads, edits and merges, but cannot serve the past. */
static void opened_without_deleted_text(rng *r)
{
    cluster c;
    sennit_buf bytes, text, one, other;

    grow(&c, r);
    sennit_doc *doc = c.sites[0].doc;
    sennit_buf_init(&bytes, NULL);
    sennit_buf_init(&text, NULL);
    sennit_buf_init(&one, NULL);
    sennit_buf_init(&other, NULL);
    require(sennit_doc_save(doc, SENNIT_SAVE_LIVE_ONLY, &bytes) == SENNIT_OK);
    sennit_doc *thin = load(&c.options, &bytes);
    doc_check(thin);
    doc_text(doc, &text);
    require(doc_text_is(thin, text.data != NULL ? (const char *)text.data : "", text.len));
    doc_version(doc, &one);
    doc_version(thin, &other);
    require(buf_equal(&one, &other));
    other.len = 0;
    require(sennit_doc_delta(thin, NULL, 0, NULL, &other, NULL) ==
            (one.len > 0 ? SENNIT_EGONE : SENNIT_OK));
    require(other.len == 0);
    for (size_t i = rng_below(r, 10); i > 0; i--)
        edit_somewhere(thin, r);
    doc_catch_up(doc, thin); /* new operations can be served */
    edit_somewhere(c.sites[1].doc, r);
    doc_catch_up(thin, c.sites[1].doc);
    doc_catch_up(doc, c.sites[1].doc);
    doc_catch_up(thin, doc); /* what had come too early there */
    doc_text(doc, &text);
    require(doc_text_is(thin, (const char *)text.data, text.len));
    doc_check(thin);
    sennit_doc_free(thin);
    sennit_buf_clear(&bytes);
    sennit_buf_clear(&text);
    sennit_buf_clear(&one);
    sennit_buf_clear(&other);
    cluster_free(&c);
}

static void fork_and_merge(rng *r)
{
    cluster c;
    sennit_doc *copy;

    grow(&c, r);
    sennit_doc *doc = c.sites[0].doc;
    require(sennit_doc_fork(doc, NULL, &copy) == SENNIT_OK);
    require(doc_agree(doc, copy));
    for (size_t i = rng_in(r, 1, 10); i > 0; i--)
        edit_somewhere(copy, r);
    require(sennit_doc_replica(copy) != 0 && sennit_doc_replica(copy) != c.sites[0].id);
    edit_somewhere(doc, r);
    doc_catch_up(doc, copy);
    doc_catch_up(copy, doc);
    require(doc_agree(doc, copy));
    sennit_doc_free(copy);
    cluster_free(&c);
}

/* ---- anchors ---- */

#define ANCHORS 12

typedef struct anchored {
    sennit_anchor anchor;
    naive_id byte;
} anchored;

/* The visible byte at a place, as the naive document names it. */
static naive_id byte_at(naive *doc, size_t pos)
{
    size_t n;
    naive_node *const *order = naive_order(doc, &n);

    for (size_t i = 0;; i++) {
        require(i < n);
        if (!order[i]->dead && pos-- == 0)
            return (naive_id){order[i]->op->id.replica, order[i]->op->number};
    }
}

static void anchor_make(cluster *c, site *s, anchored *a)
{
    char *text;
    size_t len = naive_text(s->model, &text), pos = text_place(c->r, text, len);
    unsigned side = rng_percent(c->r, 50) ? SENNIT_ANCHOR_BEFORE : SENNIT_ANCHOR_AFTER;
    bool after = side == SENNIT_ANCHOR_AFTER;

    require(sennit_doc_anchor(s->doc, text_units(text, pos, s->unit), side, &a->anchor) ==
            SENNIT_OK);
    if (after ? pos == 0 : pos == len) {
        require(a->anchor.side == (after ? SENNIT_ANCHOR_START : SENNIT_ANCHOR_END));
    } else {
        a->byte = byte_at(s->model, after ? pos - 1 : pos);
        require(a->anchor.side == side && a->anchor.replica == a->byte.replica);
        require(a->anchor.number == a->byte.n);
    }
    free(text);
}

static void anchor_compare(site *s, const anchored *a)
{
    char *text;
    size_t len = naive_text(s->model, &text), want = 0, pos = 99;
    sennit_status st = sennit_doc_resolve(s->doc, &a->anchor, &pos);
    bool known = true;

    if (a->anchor.side == SENNIT_ANCHOR_END)
        want = len;
    else if (a->anchor.side != SENNIT_ANCHOR_START)
        known = naive_resolve(s->model, a->byte, a->anchor.side == SENNIT_ANCHOR_AFTER, &want);
    require(st == (known ? SENNIT_OK : SENNIT_EGONE));
    if (known)
        require(pos == text_units(text, want, s->unit));
    free(text);
}

static void anchor_through_bytes(anchored *a)
{
    sennit_buf bytes;
    sennit_anchor read;
    size_t used;

    sennit_buf_init(&bytes, NULL);
    require(sennit_anchor_encode(&a->anchor, &bytes) == SENNIT_OK);
    require(bytes.len <= SENNIT_ANCHOR_MAX);
    buf_add(&bytes, "x", 1);
    require(sennit_anchor_decode(bytes.data, bytes.len, &read, &used) == SENNIT_OK);
    require(used == bytes.len - 1 && read.side == a->anchor.side);
    require(read.replica == a->anchor.replica && read.number == a->anchor.number);
    for (size_t cut = 0; cut < used; cut++)
        require(sennit_anchor_decode(bytes.data, cut, &read, NULL) == SENNIT_ECORRUPT);
    sennit_buf_clear(&bytes);
}

static void anchors_live(rng *r)
{
    cluster c;
    anchored anchors[ANCHORS] = {0};

    grow(&c, r);
    for (size_t i = 0; i < ANCHORS; i++) {
        anchor_make(&c, &c.sites[rng_below(r, c.n)], &anchors[i]);
        anchor_through_bytes(&anchors[i]);
    }
    for (size_t steps = rng_in(r, 1, 25); steps > 0; steps--) {
        site *s = &c.sites[rng_below(r, c.n)];

        if (rng_percent(r, 60))
            cluster_edit(&c, s);
        else
            cluster_deliver(&c, s);
        for (size_t i = 0; i < ANCHORS; i++)
            anchor_compare(s, &anchors[i]);
        if (rng_percent(r, 20))
            anchor_make(&c, s, &anchors[rng_below(r, ANCHORS)]);
    }
    cluster_free(&c);
}

static void a_document_opened_again_is_the_same(void **state)
{
    (void)state;
    seeds_run(600, opened_again_is_the_same);
}

static void a_document_without_deleted_text_still_edits_and_merges(void **state)
{
    (void)state;
    seeds_run(600, opened_without_deleted_text);
}

static void a_fork_edits_on_its_own_and_merges_back(void **state)
{
    (void)state;
    seeds_run(400, fork_and_merge);
}

static void anchors_stay_with_their_bytes(void **state)
{
    (void)state;
    seeds_run(600, anchors_live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_opened_again_is_the_same),
        cmocka_unit_test(a_document_without_deleted_text_still_edits_and_merges),
        cmocka_unit_test(a_fork_edits_on_its_own_and_merges_back),
        cmocka_unit_test(anchors_stay_with_their_bytes),
    };

    return RUN_TESTS(tests);
}
