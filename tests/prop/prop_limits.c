/* What a document refuses: to grow past its limits, other lineages, one id with
 * two contents. Refusing changes nothing. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"

#include <string.h>

static void seed(sennit_doc **doc, const sennit_options *options, const char *text)
{
    require(sennit_doc_seed(options, "", 0, text, strlen(text), doc) == SENNIT_OK);
}

/* Require that a call gives this status and leaves doc as it was. */
#define REFUSED(doc, status, call)                     \
    do {                                               \
        doc_state before_;                             \
                                                       \
        doc_state_take(&before_, doc);                 \
        require((call) == (status));                   \
        require(doc_state_same(&before_, doc));        \
        doc_state_free(&before_);                      \
    } while (0)

static sennit_status apply(sennit_doc *doc, const sennit_buf *delta)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    sennit_status st = sennit_doc_apply(doc, delta->data, delta->len, NULL, NULL, &err);

    require(st == SENNIT_OK || (err.code == st && err.what != NULL));
    return st;
}

static void delta_of(sennit_doc *doc, sennit_buf *out)
{
    sennit_buf_init(out, NULL);
    require(sennit_doc_delta(doc, NULL, 0, NULL, out, NULL) == SENNIT_OK);
}

/* ---- limits ---- */

static void text_bytes(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc, *other, *none;
    sennit_buf delta;

    seed(&other, &options, "0123456789");
    options.limits.text_bytes = 20;
    require(sennit_doc_seed(&options, "", 0, "012345678901234567890", 21, &none) == SENNIT_ELIMIT);
    require(none == NULL);
    seed(&doc, &options, "0123456789");
    require(sennit_doc_insert(doc, 0, "abcde", 5) == SENNIT_OK);
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 3, "abcdef", 6));
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_splice(doc, 0, 9, "abcdef", 6)); /* deleted counts */
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_replace(doc, 0, 15, "uvwxyzuvwxyz", 12));
    require(sennit_doc_delete(doc, 0, 5) == SENNIT_OK);
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "abcdef", 6));
    require(sennit_doc_insert(other, 0, "abcdef", 6) == SENNIT_OK);
    delta_of(other, &delta);
    REFUSED(doc, SENNIT_ELIMIT, apply(doc, &delta));
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "abcdef", 6));
    require(sennit_doc_insert(doc, 0, "abcde", 5) == SENNIT_OK);
    for (unsigned i = 0; i < 3; i++)
        REFUSED(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 3, "x", 1));
    sennit_buf_clear(&delta);
    sennit_buf_init(&delta, NULL);
    doc_snapshot(other, &delta);
    options.limits.text_bytes = 15;
    require(sennit_doc_load(&options, delta.data, delta.len, &none, NULL) == SENNIT_ELIMIT);
    require(none == NULL);
    sennit_buf_clear(&delta);
    sennit_doc_free(doc);
    sennit_doc_free(other);
}

/* Typing one letter after the other takes a short way, which has limits too. */
static void typing_stops_at_the_limit(rng *r)
{
    sennit_options options = doc_options(r);
    size_t most = rng_in(r, 1, 40), n = 0;

    options.limits.text_bytes = most;
    sennit_doc *doc = doc_new(&options);
    while (sennit_doc_insert(doc, n, "x", 1) == SENNIT_OK)
        require(++n <= most);
    require(n == most);
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, n, "x", 1));
    sennit_doc_free(doc);
}

static void replicas(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc, *others[3];
    sennit_buf delta;

    for (size_t i = 0; i < 3; i++)
        seed(&others[i], &options, "text");
    options.limits.replicas = 3; /* nobody, who seeded, is one */
    seed(&doc, &options, "text");
    for (size_t i = 0; i < 3; i++) {
        require(sennit_doc_insert(others[i], 4, "x", 1) == SENNIT_OK);
        delta_of(others[i], &delta);
        if (i < 2)
            require(apply(doc, &delta) == SENNIT_OK);
        else
            REFUSED(doc, SENNIT_ELIMIT, apply(doc, &delta));
        sennit_buf_clear(&delta);
    }
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "x", 1));
    REFUSED(doc, SENNIT_ELIMIT, sennit_doc_delete(doc, 0, 1));
    require(sennit_doc_insert(others[0], 0, "more", 4) == SENNIT_OK);
    doc_catch_up(doc, others[0]);
    sennit_doc_free(doc);
    for (size_t i = 0; i < 3; i++)
        sennit_doc_free(others[i]);
}

static void parked_bytes(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc, *other;
    sennit_buf delta;
    sennit_stat stat;
    sennit_status st = SENNIT_OK;

    seed(&other, &options, "text");
    require(sennit_doc_insert(other, 0, "first ", 6) == SENNIT_OK);
    options.limits.parked_bytes = 4000;
    seed(&doc, &options, "text");
    for (unsigned i = 0; i < 200 && st == SENNIT_OK; i++) {
        uint64_t own = sennit_doc_own_count(other);

        require(sennit_doc_insert(other, rng_below(r, 5), "later", 5) == SENNIT_OK);
        sennit_buf_init(&delta, NULL);
        require(sennit_doc_own_delta(other, own, NULL, &delta) == SENNIT_OK);
        doc_state before;
        doc_state_take(&before, doc);
        st = apply(doc, &delta);
        require(st == SENNIT_OK || (st == SENNIT_ELIMIT && doc_state_same(&before, doc)));
        doc_state_free(&before);
        sennit_buf_clear(&delta);
        sennit_doc_stat(doc, &stat);
        require(stat.parked_bytes <= 4000);
    }
    require(st == SENNIT_ELIMIT && stat.parked > 0);
    doc_catch_up(doc, other); /* what was missing, and what was refused */
    require(doc_agree(doc, other));
    sennit_doc_stat(doc, &stat);
    require(stat.parked == 0 && stat.parked_bytes == 0);
    sennit_doc_free(doc);
    sennit_doc_free(other);
}

/* ---- lineage ---- */

static void unrelated(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *docs[5], *fresh = doc_new(&options);
    sennit_buf delta;
    uint8_t one[16], other[16];

    docs[0] = doc_new(&options);
    docs[1] = doc_new(&options);
    require(sennit_doc_insert(docs[0], 0, "one", 3) == SENNIT_OK);
    require(sennit_doc_insert(docs[1], 0, "other", 5) == SENNIT_OK);
    require(sennit_doc_seed(&options, "a", 1, "one", 3, &docs[2]) == SENNIT_OK);
    require(sennit_doc_seed(&options, "b", 1, "one", 3, &docs[3]) == SENNIT_OK);
    require(sennit_doc_seed(&options, "a", 1, "two", 3, &docs[4]) == SENNIT_OK);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 5; k++) {
            if (i == k)
                continue;
            delta_of(docs[k], &delta);
            REFUSED(docs[i], SENNIT_ELINEAGE, apply(docs[i], &delta));
            sennit_buf_clear(&delta);
            sennit_buf_init(&delta, NULL);
            doc_snapshot(docs[k], &delta);
            REFUSED(docs[i], SENNIT_ELINEAGE, apply(docs[i], &delta));
            sennit_buf_clear(&delta);
            sennit_doc_lineage(docs[i], one);
            sennit_doc_lineage(docs[k], other);
            require(memcmp(one, other, 16) != 0);
        }
    delta_of(docs[1], &delta);
    require(apply(fresh, &delta) == SENNIT_OK); /* which it takes for its own */
    require(doc_agree(fresh, docs[1]));
    sennit_buf_clear(&delta);
    delta_of(docs[0], &delta);
    REFUSED(fresh, SENNIT_ELINEAGE, apply(fresh, &delta));
    sennit_buf_clear(&delta);
    for (size_t i = 0; i < 5; i++)
        sennit_doc_free(docs[i]);
    sennit_doc_free(fresh);
}

static void seeding_is_the_same_everywhere(rng *r)
{
    sennit_options options = doc_options(r);
    char text[4 * 30];
    size_t len = rng_text(r, 30, text);
    sennit_doc *a, *b;
    sennit_chunk chunk;

    require(sennit_doc_seed(&options, "path", 4, text, len, &a) == SENNIT_OK);
    require(sennit_doc_seed(&options, "path", 4, text, len, &b) == SENNIT_OK);
    require(doc_agree(a, b));
    require(sennit_doc_chunk(a, 0, &chunk) == SENNIT_OK && chunk.replica == 0);
    require(sennit_doc_replica(a) == 0);
    require(sennit_doc_insert(a, 0, "x", 1) == SENNIT_OK);
    require(sennit_doc_insert(b, len, "y", 1) == SENNIT_OK);
    require(sennit_doc_replica(a) != 0);
    doc_catch_up(a, b);
    doc_catch_up(b, a);
    require(doc_agree(a, b) && sennit_doc_len(a) == len + 2);
    sennit_doc_free(a);
    sennit_doc_free(b);
}

/* ---- one id, two contents ---- */

/* Two documents write under one id, as after copying a device. */
static void copied_replica(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *a, *b;
    sennit_buf delta;
    static const char *const typed[] = {"x", "y", "xy", "\xc3\xa4", "xyz"};
    size_t one = rng_below(r, 5), other = rng_below(r, 5);
    bool deletes = rng_percent(r, 30);

    options.replica = 42;
    seed(&a, &options, "the text");
    seed(&b, &options, "the text");
    sennit_doc_set_time(a, 1000);
    sennit_doc_set_time(b, rng_percent(r, 50) ? 1000 : 1001);
    require(sennit_doc_insert(a, 3, typed[one], strlen(typed[one])) == SENNIT_OK);
    require(deletes ? sennit_doc_delete(b, 3, 1) == SENNIT_OK
                    : sennit_doc_insert(b, rng_in(r, 3, 4), typed[other], strlen(typed[other])) ==
                          SENNIT_OK);
    sennit_buf_init(&delta, NULL);
    require(sennit_doc_own_delta(b, 0, NULL, &delta) == SENNIT_OK);
    doc_state before;
    doc_state_take(&before, a);
    sennit_status st = apply(a, &delta);
    if (st == SENNIT_OK) /* the same, as far as it goes */
        require(memcmp(typed[one], typed[other], 1) == 0 && !deletes);
    else
        require(st == SENNIT_EFORK && doc_state_same(&before, a));
    doc_state_free(&before);
    sennit_buf_clear(&delta);
    sennit_doc_free(a);
    sennit_doc_free(b);
}

static void too_much_text_is_refused(void **state)
{
    (void)state;
    seeds_run(3, text_bytes);
    seeds_run(20, typing_stops_at_the_limit);
}

static void too_many_replicas_are_refused(void **state)
{
    (void)state;
    seeds_run(3, replicas);
}

static void too_much_that_came_early_is_refused(void **state)
{
    (void)state;
    seeds_run(10, parked_bytes);
}

static void unrelated_documents_do_not_merge(void **state)
{
    (void)state;
    seeds_run(3, unrelated);
}

static void documents_seeded_alike_merge(void **state)
{
    (void)state;
    seeds_run(30, seeding_is_the_same_everywhere);
}

static void one_id_with_two_contents_is_noticed(void **state)
{
    (void)state;
    seeds_run(1000, copied_replica);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_much_text_is_refused),
        cmocka_unit_test(too_many_replicas_are_refused),
        cmocka_unit_test(too_much_that_came_early_is_refused),
        cmocka_unit_test(unrelated_documents_do_not_merge),
        cmocka_unit_test(documents_seeded_alike_merge),
        cmocka_unit_test(one_id_with_two_contents_is_noticed),
    };

    return RUN_TESTS(tests);
}
