/* A delta that is refused leaves nothing behind, however far it was looked at:
 * not in the document, not in the table, not for the next call. */
#include "core/doc/doc.h"

#include "support/forge.h"
#include "support/stage.h"
#include "wire/wire.h"

#include <string.h>

#define MS UINT64_C(65536)
#define SEED "seed\xe2\x82\xac"

static forge f;
static const uint8_t other_lineage[16] = "another document";

static void encode(stage *s, sennit_table *table)
{
    s->buf.len = 0;
    assert_ok(sn_delta_encode(&f.batch, table, &s->buf));
}

/* A document that knows the seed, two changes of 11 and one of 12, and watches. */
static sennit_doc *victim(stage *s)
{
    sennit_doc *doc = stage_doc(s, 5, SEED);

    forge_start(&f);
    forge_segment(&f, 11, 5 * MS, 0, 0);
    forge_insert(&f, 0, 3, false, "own");
    forge_segment(&f, 11, 15 * MS, 3, 3);
    forge_insert(&f, 11, 2, false, "two");
    forge_segment(&f, 12, 100 * MS, 0, 0);
    forge_insert(&f, 0, 6, false, "far");
    encode(s, NULL);
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_text(doc, "seedowntwo\xe2\x82\xac" "far");
    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL | SENNIT_WATCH_REMOTE);
    return doc;
}

/* What is good in each delta: text of replicas that are new here and of one that
 * is known, deletes, a toggle, and something that has to wait. */
static void begin_well(void)
{
    forge_start(&f);
    forge_segment(&f, 21, 10 * MS, 0, 0);
    forge_insert(&f, 0, 3, false, "new");
    forge_delete(&f, 0, 0, 2, 1, false);
    forge_segment(&f, 22, 10 * MS, 0, 0);
    forge_insert(&f, 88, 5, false, "waiting");
    forge_segment(&f, 11, 20 * MS, 6, 6);
    forge_insert(&f, 11, 5, false, "more");
    forge_toggle(&f, 21, 3, false);
}

/* The next edit is a local one, whatever the call before it was. */
static void assert_edits_as_ever(sennit_doc *doc)
{
    sennit_patch p;

    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
    assert_ok(sennit_doc_delete(doc, 0, 1));
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_int_equal(p.local, 1);
    assert_int_equal(p.replica, 5);
    assert_int_equal(p.removed, 1);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
}

/* Good operations are followed by what spoils them. */
static void assert_spoiled(void **state, void (*spoil)(void), sennit_status status, const char *what)
{
    stage *s = *state;

    for (int with_table = 0; with_table < 2; with_table++) {
        sennit_doc *doc = victim(s);
        sennit_table *here = NULL, *there = NULL;

        if (with_table) {
            assert_ok(sennit_table_new(&s->alloc, &here));
            assert_ok(sennit_table_new(&s->alloc, &there));
        }
        begin_well();
        spoil();
        encode(s, there);
        s->err = (sennit_error){SENNIT_OK, 0, ""};
        assert_refused(doc, status,
                       sennit_doc_apply(doc, s->buf.data, s->buf.len, here, NULL, &s->err));
        assert_int_equal(s->err.code, status);
        assert_string_equal(s->err.what, what);
        assert_true(here == NULL || here->len == 0);
        assert_edits_as_ever(doc);
        sennit_table_free(here);
        sennit_table_free(there);
    }
}

static void without_what_spoils_it_it_is_taken(void **state)
{
    stage *s = *state;
    sennit_doc *doc = victim(s);
    sennit_applied applied;

    begin_well();
    encode(s, NULL);
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, &s->err));
    assert_int_equal(applied.applied, 3 + 2 + 4 + 1);
    assert_int_equal(applied.parked, 7);
    assert_text(doc, "sednewowntwomore\xe2\x82\xac" "far");
}

static void spoil_fork(void)
{
    begin_well();
    f.batch.segments_len = 2;
    f.batch.ops_len = f.segments[2].first;
    f.text_len = 10;
    forge_segment(&f, 11, 15 * MS, 3, 3);
    forge_insert(&f, 11, 2, false, "TWO");
}

static void by_known_operations_that_differ(void **state)
{
    assert_spoiled(state, spoil_fork, SENNIT_EFORK, "a known operation with other content");
}

static void spoil_age(void)
{
    forge_segment(&f, 23, 30 * MS, 0, 0);
    forge_insert(&f, 12, 0, false, "x");
}

static void by_naming_what_is_newer(void **state)
{
    assert_spoiled(state, spoil_age, SENNIT_ECORRUPT, "an operation is not newer than what it names");
}

static void spoil_character(void)
{
    forge_segment(&f, 23, 30 * MS, 0, 0);
    forge_insert(&f, 0, 4, false, "x");
}

static void by_cutting_a_character(void **state)
{
    assert_spoiled(state, spoil_character, SENNIT_ECORRUPT, "an operation cuts a character");
}

static void spoil_toggle(void)
{
    forge_segment(&f, 23, 30 * MS, 0, 0);
    forge_toggle(&f, 21, 0, false);
}

static void by_toggling_what_is_no_delete(void **state)
{
    assert_spoiled(state, spoil_toggle, SENNIT_ECORRUPT, "a toggle of what cannot be switched");
}

static void spoil_numbers(void)
{
    f.segments[2].number = 5; /* 11 has six bytes */
    f.ops[f.segments[2].first].ref = 4;
}

static void by_numbers_that_do_not_follow(void **state)
{
    assert_spoiled(state, spoil_numbers, SENNIT_ECORRUPT,
                   "numbers of bytes do not follow the known ones");
}

static void spoil_time(void)
{
    forge_segment(&f, 12, 50 * MS, 3, 3);
    forge_insert(&f, 12, 2, false, "x");
}

static void by_time_that_runs_backwards(void **state)
{
    assert_spoiled(state, spoil_time, SENNIT_ECORRUPT, "a replica's time runs backwards");
}

static void spoil_nothing(void) { }

static void by_more_text_than_is_allowed(void **state)
{
    stage *s = *state;

    s->options.limits.text_bytes = 7 + 9 + 3 + 3; /* not for `more` */
    assert_spoiled(state, spoil_nothing, SENNIT_ELIMIT, "too much text");
}

static void by_more_replicas_than_are_allowed(void **state)
{
    stage *s = *state;

    s->options.limits.replicas = 4; /* the seed, 11, 12, 21, but not 23 */
    assert_spoiled(state, spoil_character, SENNIT_ELIMIT, "too many replicas");
}

static void spoil_waiting(void)
{
    forge_segment(&f, 24, 30 * MS, 0, 0);
    forge_insert(&f, 89, 5, false, "waiting as well");
}

static void by_more_that_waits_than_is_allowed(void **state)
{
    stage *s = *state;

    s->options.limits.parked_bytes = sizeof(sn_piece) + sizeof(sn_op) + 50;
    assert_spoiled(state, spoil_waiting, SENNIT_ELIMIT, "too many operations wait for others");
}

static void spoil_lineage(void)
{
    f.batch.lineage = other_lineage;
}

static void by_another_lineage(void **state)
{
    assert_spoiled(state, spoil_lineage, SENNIT_ELINEAGE, "a delta of another document");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(without_what_spoils_it_it_is_taken),
        STAGE_TEST(by_known_operations_that_differ),
        STAGE_TEST(by_naming_what_is_newer),
        STAGE_TEST(by_cutting_a_character),
        STAGE_TEST(by_toggling_what_is_no_delete),
        STAGE_TEST(by_numbers_that_do_not_follow),
        STAGE_TEST(by_time_that_runs_backwards),
        STAGE_TEST(by_more_text_than_is_allowed),
        STAGE_TEST(by_more_replicas_than_are_allowed),
        STAGE_TEST(by_more_that_waits_than_is_allowed),
        STAGE_TEST(by_another_lineage),
    };

    return RUN_TESTS(tests);
}
