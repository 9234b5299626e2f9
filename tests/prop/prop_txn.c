/* Transactions: an aborted one leaves no trace, a committed one is the same
 * edits without. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include <string.h>

/* Two documents that get the same edits; only one has transactions. */
typedef struct twins {
    rng *r, random[2];
    sennit_doc *doc, *plain;
    sennit_doc *other;  /* somebody else, whose edits both receive */
    sennit_buf text, shown;
    uint64_t now;
} twins;

static sennit_doc *twin_new(rng *random, uint64_t coalesce_ms, uint64_t replica)
{
    sennit_options options = doc_options(random);
    sennit_doc *doc;

    options.replica = replica;
    options.coalesce_ms = coalesce_ms;
    require(sennit_doc_seed(&options, "twins", 5, "the text\nto start with\n", 23, &doc) ==
            SENNIT_OK);
    return doc;
}

static void twins_init(twins *t, rng *r)
{
    uint64_t coalesce_ms = rng_percent(r, 50) ? 5 : 5000, id = rng_next(r) | 1;

    memset(t, 0, sizeof *t);
    t->r = r;
    t->random[0] = t->random[1] = rng_seed(rng_next(r));
    t->doc = twin_new(&t->random[0], coalesce_ms, id);
    t->plain = twin_new(&t->random[1], coalesce_ms, id);
    t->other = twin_new(r, coalesce_ms, 0);
    t->now = UINT64_C(1700000000000);
    sennit_buf_init(&t->text, NULL);
    sennit_buf_init(&t->shown, NULL);
    sennit_doc_watch(t->doc, SENNIT_WATCH_LOCAL | SENNIT_WATCH_REMOTE);
    doc_text(t->doc, &t->shown);
}

static void twins_free(twins *t)
{
    sennit_doc_free(t->doc);
    sennit_doc_free(t->plain);
    sennit_doc_free(t->other);
    sennit_buf_clear(&t->text);
    sennit_buf_clear(&t->shown);
}

static void twins_time(twins *t)
{
    t->now += rng_below(t->r, 12);
    sennit_doc_set_time(t->doc, t->now);
    sennit_doc_set_time(t->plain, t->now);
}

/* A random edit of doc, and of the other if there is one. */
static void twins_edit(twins *t, sennit_doc *doc, sennit_doc *same)
{
    char insert[4 * 8];

    doc_text(doc, &t->text);
    const char *text = t->text.data != NULL ? (const char *)t->text.data : "";
    size_t len = t->text.len, pos = text_place(t->r, text, len);
    size_t end = text_start(text, len, pos + rng_below(t->r, rng_percent(t->r, 20) ? len + 1 : 6));
    size_t gone = rng_percent(t->r, 45) && end > pos ? (end < len ? end : len) - pos : 0;
    size_t n = gone == 0 || rng_percent(t->r, 30) ? rng_text(t->r, 8, insert) : 0;

    require(sennit_doc_splice(doc, pos, gone, insert, n) == SENNIT_OK);
    if (same != NULL)
        require(sennit_doc_splice(same, pos, gone, insert, n) == SENNIT_OK);
}

static void twins_receive(twins *t)
{
    twins_edit(t, t->other, NULL);
    if (rng_percent(t->r, 50))
        doc_catch_up(t->other, t->plain);
    doc_catch_up(t->doc, t->other);
    doc_catch_up(t->plain, t->other);
}

/* The patches, applied in turn, make the text. */
static void twins_compare_patches(twins *t)
{
    sennit_patch p;
    sennit_buf next;

    while (sennit_doc_next_patch(t->doc, &p)) {
        require(!p.reset && p.pos + p.removed <= t->shown.len);
        sennit_buf_init(&next, NULL);
        buf_add(&next, t->shown.data, p.pos);
        buf_add(&next, p.text, p.len);
        buf_add(&next, t->shown.data + p.pos + p.removed, t->shown.len - p.pos - p.removed);
        sennit_buf_clear(&t->shown);
        t->shown = next;
    }
    doc_text(t->doc, &t->text);
    require(buf_equal(&t->text, &t->shown));
}

static void txn_is_closed_to_others(twins *t)
{
    sennit_doc *none = NULL;
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    require(sennit_doc_begin(t->doc) == SENNIT_EBUSY);
    require(sennit_doc_version(t->doc, &out) == SENNIT_EBUSY);
    require(sennit_doc_save(t->doc, SENNIT_SAVE_SHARED, &out) == SENNIT_EBUSY);
    require(sennit_doc_delta(t->doc, NULL, 0, NULL, &out, NULL) == SENNIT_EBUSY);
    require(sennit_doc_own_delta(t->doc, 0, NULL, &out) == SENNIT_EBUSY);
    require(sennit_doc_fork(t->doc, NULL, &none) == SENNIT_EBUSY && none == NULL);
    require(sennit_doc_apply(t->doc, "\xd0", 1, NULL, NULL, NULL) == SENNIT_EBUSY);
    require(out.len == 0);
    sennit_buf_clear(&out);
}

static void txn_abort(twins *t)
{
    doc_state before;
    uint64_t own = sennit_doc_own_count(t->doc);

    doc_state_take(&before, t->doc);
    require(sennit_doc_begin(t->doc) == SENNIT_OK);
    for (size_t k = rng_below(t->r, 8); k > 0; k--) {
        twins_time(t);
        twins_edit(t, t->doc, NULL);
        doc_check(t->doc);
        if (rng_percent(t->r, 30))
            twins_compare_patches(t);
    }
    txn_is_closed_to_others(t);
    require(sennit_doc_own_count(t->doc) == own);
    require(sennit_doc_abort(t->doc) == SENNIT_OK);
    require(sennit_doc_abort(t->doc) == SENNIT_EINVAL);
    require(doc_state_same(&before, t->doc));
    doc_state_free(&before);
}

static void txn_commit(twins *t)
{
    require(sennit_doc_begin(t->doc) == SENNIT_OK);
    for (size_t k = rng_below(t->r, 8); k > 0; k--) {
        twins_time(t);
        twins_edit(t, t->doc, t->plain);
    }
    txn_is_closed_to_others(t);
    require(sennit_doc_commit(t->doc) == SENNIT_OK);
    require(sennit_doc_commit(t->doc) == SENNIT_EINVAL);
    require(sennit_doc_own_count(t->doc) == sennit_doc_own_count(t->plain));
}

static void live(rng *r)
{
    twins t;

    twins_init(&t, r);
    for (size_t steps = rng_in(r, 3, 25); steps > 0; steps--) {
        unsigned how = (unsigned)rng_below(r, 100);

        twins_time(&t);
        if (how < 30)
            txn_abort(&t);
        else if (how < 50)
            txn_commit(&t);
        else if (how < 70)
            twins_receive(&t);
        else
            twins_edit(&t, t.doc, t.plain);
        require(doc_agree(t.doc, t.plain));
        twins_compare_patches(&t);
    }
    twins_free(&t);
}

/* A document that is new has no lineage and no replica; so it has after an abort. */
static void first_edit_is_taken_back(rng *r)
{
    static const uint8_t none[16] = {0};
    sennit_options options = doc_options(r);
    sennit_doc *doc = doc_new(&options);
    uint8_t lineage[16];
    sennit_buf version;

    require(sennit_doc_begin(doc) == SENNIT_OK);
    for (size_t k = rng_in(r, 1, 5); k > 0; k--)
        require(sennit_doc_insert(doc, 0, "text", 4) == SENNIT_OK);
    require(sennit_doc_abort(doc) == SENNIT_OK);
    sennit_doc_lineage(doc, lineage);
    sennit_buf_init(&version, NULL);
    doc_version(doc, &version);
    require(memcmp(lineage, none, 16) == 0 && version.len == 0);
    require(sennit_doc_len(doc) == 0 && sennit_doc_replica(doc) == 0);
    require(sennit_doc_own_count(doc) == 0);
    sennit_buf_clear(&version);
    sennit_doc_free(doc);
}

static void transactions_leave_no_trace_or_are_plain_edits(void **state)
{
    (void)state;
    seeds_run(1000, live);
}

static void aborting_the_first_edit_leaves_a_new_document(void **state)
{
    (void)state;
    seeds_run(10, first_edit_is_taken_back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_leave_no_trace_or_are_plain_edits),
        cmocka_unit_test(aborting_the_first_edit_leaves_a_new_document),
    };

    return RUN_TESTS(tests);
}
