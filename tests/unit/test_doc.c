#include "core/doc/doc.h"

#include "support/require.h"
#include "support/stage.h"

#include <string.h>

/* ---- options ---- */

static void options_of_another_release_are_understood(void **state)
{
    stage *s = *state;
    struct {
        sennit_options known;
        uint64_t later[4];
    } large = {.known = s->options, .later = {1, 2, 3, 4}};
    sennit_options small = s->options;

    large.known.size = sizeof large;
    large.known.replica = 7;
    sennit_doc *doc = stage_keep(s, doc_new(&large.known));
    assert_ok(sennit_doc_insert(doc, 0, "a", 1));
    assert_int_equal(sennit_doc_replica(doc), 7);
    small.size = offsetof(sennit_options, replica); /* a release that knew no more */
    small.replica = 8;
    small.unit = (sennit_unit)99;
    doc = stage_keep(s, doc_new(&small));
    assert_ok(sennit_doc_insert(doc, 0, "a", 1));
    assert_int_not_equal(sennit_doc_replica(doc), 8);
}

static void options_that_cannot_be_are_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = (sennit_doc *)s;
    sennit_options options = s->options;

    assert_int_equal(sennit_doc_new(NULL, &doc), SENNIT_EINVAL);
    assert_null(doc);
    assert_int_equal(sennit_doc_new(&options, NULL), SENNIT_EINVAL);
    options.size = 0;
    assert_int_equal(sennit_doc_new(&options, &doc), SENNIT_EINVAL);
    options.size = 1 << 20;
    assert_int_equal(sennit_doc_new(&options, &doc), SENNIT_EINVAL);
    options.size = sizeof options;
    options.unit = SENNIT_LINES;
    assert_int_equal(sennit_doc_new(&options, &doc), SENNIT_EINVAL);
    options.unit = (sennit_unit)-1;
    assert_int_equal(sennit_doc_new(&options, &doc), SENNIT_EINVAL);
}

/* ---- randomness ---- */

static int broken_random(void *self, void *out, size_t len)
{
    unsigned *left = self;

    memset(out, 0x5a, len);
    return *left > 0 ? (int)((*left)--, 0) : -1;
}

static void without_randomness_a_document_reads_and_merges_only(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_doc(s, 1, "text");

    s->options.random = NULL;
    sennit_doc *doc = stage_doc(s, 0, "text");
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_insert(doc, 0, "a", 1));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_delete(doc, 0, 1));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_splice(doc, 0, 1, "a", 1));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_replace(doc, 0, 1, "a", 1));
    assert_ok(sennit_doc_insert(doc, 0, "", 0)); /* no edit, no id */
    assert_ok(sennit_doc_insert(writer, 4, "!", 1));
    doc_catch_up(doc, writer);
    assert_text(doc, "text!");
    assert_int_equal(sennit_doc_replica(doc), 0);
}

static void a_source_of_randomness_that_fails_changes_nothing(void **state)
{
    stage *s = *state;
    unsigned left = 0;
    sennit_doc *doc;

    s->options.random = broken_random;
    s->options.random_self = &left;
    assert_int_equal(sennit_doc_new(&s->options, &doc), SENNIT_EINVAL);
    assert_null(doc);
    for (unsigned n = 1; n <= 2; n++) { /* the id; then the lineage */
        left = n;
        doc = stage_keep(s, doc_new(&s->options));
        assert_refused(doc, SENNIT_EINVAL, sennit_doc_insert(doc, 0, "a", 1));
        assert_int_equal(sennit_doc_replica(doc), 0);
        left = 2;
        assert_ok(sennit_doc_insert(doc, 0, "a", 1));
        assert_int_equal(sennit_doc_replica(doc), UINT64_C(0x5a5a5a5a5a5a5a5a));
    }
}

/* ---- identity ---- */

static void a_replica_has_its_id_from_its_first_edit_on(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 42, "x");

    assert_int_equal(sennit_doc_replica(doc), 0);
    assert_int_equal(sennit_doc_own_count(doc), 0);
    assert_ok(sennit_doc_insert(doc, 0, "ab", 2));
    assert_int_equal(sennit_doc_replica(doc), 42);
    assert_int_equal(sennit_doc_own_count(doc), 2);
}

static void a_document_has_no_lineage_until_it_is_written_or_told(void **state)
{
    stage *s = *state;
    uint8_t none[16] = {0}, one[16], two[16];
    sennit_doc *a = stage_keep(s, doc_new(&s->options)), *b = stage_keep(s, doc_new(&s->options));

    sennit_doc_lineage(a, one);
    assert_memory_equal(one, none, 16);
    assert_ok(sennit_doc_insert(a, 0, "a", 1));
    sennit_doc_lineage(a, one);
    assert_memory_not_equal(one, none, 16);
    doc_catch_up(b, a);
    sennit_doc_lineage(b, two);
    assert_memory_equal(one, two, 16);
}

/* ---- seeding ---- */

static void a_seed_has_to_be_text(void **state)
{
    stage *s = *state;
    sennit_doc *doc = (sennit_doc *)s;

    assert_int_equal(sennit_doc_seed(&s->options, "", 0, "a\xff", 2, &doc), SENNIT_EUTF8);
    assert_null(doc);
    assert_int_equal(sennit_doc_seed(&s->options, NULL, 1, "a", 1, &doc), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_seed(&s->options, "", 0, NULL, 1, &doc), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_seed(&s->options, "", 0, "a", 1, NULL), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_seed(NULL, "", 0, "a", 1, &doc), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_seed(&s->options, "", 0, "a", SIZE_MAX, &doc), SENNIT_ELIMIT);
    s->options.limits.text_bytes = 3;
    assert_int_equal(sennit_doc_seed(&s->options, "", 0, "abcd", 4, &doc), SENNIT_ELIMIT);
    assert_null(doc);
}

static void seeds_of_another_name_or_text_are_other_documents(void **state)
{
    stage *s = *state;
    static const struct seed {
        const char *name, *text;
    } seeds[] = {{"", ""}, {"a", ""}, {"", "a"}, {"a", "a"}, {"aa", ""}, {"", "aa"}};
    uint8_t lineage[6][16];

    for (unsigned i = 0; i < 6; i++) {
        sennit_doc *doc;

        assert_ok(sennit_doc_seed(&s->options, seeds[i].name, strlen(seeds[i].name), seeds[i].text,
                                  strlen(seeds[i].text), &doc));
        sennit_doc_lineage(stage_keep(s, doc), lineage[i]);
        for (unsigned k = 0; k < i; k++)
            assert_memory_not_equal(lineage[i], lineage[k], 16);
    }
}

/* ---- time, changes, measures ---- */

static void edits_share_a_change_until_a_pause(void **state)
{
    stage *s = *state;
    sennit_change change;
    size_t at = 0;

    s->options.coalesce_ms = 500;
    sennit_doc *doc = stage_doc(s, 9, "");
    sennit_doc_set_time(doc, 1000);
    assert_ok(sennit_doc_insert(doc, 0, "ab", 2));
    sennit_doc_set_time(doc, 1500);
    assert_ok(sennit_doc_insert(doc, 2, "c", 1));
    sennit_doc_set_time(doc, 2001);
    assert_ok(sennit_doc_insert(doc, 3, "d", 1));
    sennit_doc_set_time(doc, 0); /* the clock went back: no pause that one could tell */
    assert_ok(sennit_doc_delete(doc, 0, 3));
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 1);
    assert_int_equal(change.replica, 9);
    assert_int_equal(change.unix_ms, 1000);
    assert_int_equal(change.first, 0);
    assert_int_equal(change.operations, 3);
    assert_int_equal(change.inserted_bytes, 3);
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 1);
    assert_int_equal(change.unix_ms, 2001);
    assert_int_equal(change.first, 3);
    assert_int_equal(change.operations, 2);
    assert_int_equal(change.inserted_bytes, 1);
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 0);
}

static void changes_of_an_open_transaction_are_not_told(void **state)
{
    stage *s = *state;
    sennit_change change;
    size_t at = 0, n = 0;
    sennit_doc *doc = stage_doc(s, 9, "");

    sennit_doc_set_time(doc, 1000);
    assert_ok(sennit_doc_insert(doc, 0, "ab", 2));
    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_insert(doc, 2, "cd", 2));
    sennit_doc_set_time(doc, 1 << 20);
    assert_ok(sennit_doc_insert(doc, 4, "ef", 2));
    for (; sennit_doc_next_change(doc, &at, &change); n++)
        assert_int_equal(change.operations, 2);
    assert_int_equal(n, 1);
    assert_int_equal(change.inserted_bytes, 2);
    assert_int_equal(sennit_doc_own_count(doc), 2);
    assert_int_equal(sennit_doc_known(doc, 9), 2);
    assert_ok(sennit_doc_commit(doc));
    assert_int_equal(sennit_doc_own_count(doc), 6);
    assert_int_equal(sennit_doc_known(doc, 9), 6);
    assert_int_equal(sennit_doc_next_change(doc, &at, &change), 1);
}

static void what_waits_is_not_known(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 9, "seed"), *writer = stage_doc(s, 7, "seed");

    assert_int_equal(sennit_doc_known(doc, 0), 4); /* the seeded text */
    assert_int_equal(sennit_doc_known(doc, 9), 0);
    assert_int_equal(sennit_doc_known(doc, 7), 0);
    assert_ok(sennit_doc_insert(writer, 0, "abc", 3));
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(writer, 1, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_int_equal(sennit_doc_known(doc, 7), 0);
    doc_catch_up(doc, writer);
    assert_int_equal(sennit_doc_known(doc, 7), 3);
}

static void the_end_of_time_is_a_limit(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 9, "x");
    sennit_chunk chunk;

    sennit_doc_set_time(doc, UINT64_MAX);
    assert_ok(sennit_doc_insert(doc, 0, "a", 1));
    assert_ok(sennit_doc_chunk(doc, 0, &chunk));
    assert_int_equal(chunk.unix_ms, ((uint64_t)1 << 47) - 1);
    doc->clock.last = SN_MAX_HLC; /* after 2^16 more changes */
    doc->change = SN_ROOT_CHANGE;
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "b", 1));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_delete(doc, 0, 1));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_splice(doc, 0, 1, "b", 1));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_replace(doc, 0, 1, "b", 1));
}

static void a_document_is_measured(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 9, "seed");
    sennit_stat stat;

    assert_ok(sennit_doc_insert(doc, 2, "abc", 3));
    assert_ok(sennit_doc_delete(doc, 3, 1));
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.heap_bytes, s->fm.live);
    assert_int_equal(stat.visible_bytes, 6);
    assert_int_equal(stat.inserted_bytes, 7);
    assert_int_equal(stat.spans, 5); /* se a [b] c ed */
    assert_int_equal(stat.operations, 8);
    assert_int_equal(stat.changes, 2);
    assert_int_equal(stat.replicas, 2);
    assert_int_equal(stat.parked, 0);
}

static void what_is_missing_is_told(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    uint64_t replica, after;
    size_t at = 0;

    assert_ok(sennit_doc_insert(other, 4, "abc", 3));
    assert_ok(sennit_doc_own_delta(other, 0, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_int_equal(sennit_doc_next_missing(doc, &at, &replica, &after), 0);
    assert_ok(sennit_doc_insert(other, 0, "lost", 4));
    assert_ok(sennit_doc_insert(other, 5, "xyz", 3));
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(other, 7, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    at = 0;
    assert_int_equal(sennit_doc_next_missing(doc, &at, &replica, &after), 1);
    assert_int_equal(replica, 2);
    assert_int_equal(after, 3);
    assert_int_equal(sennit_doc_next_missing(doc, &at, &replica, &after), 0);
    doc_catch_up(doc, other);
    assert_true(doc_agree(doc, other));
}

/* ---- patches ---- */

static void patches_are_in_the_documents_unit(void **state)
{
    stage *s = *state;
    static const size_t want[3][3] = {{3, 7, 4}, {1, 3, 1}, {1, 4, 2}}; /* pos, came, went */

    for (unsigned unit = 0; unit < 3; unit++) {
        sennit_patch p;

        s->options.unit = (sennit_unit)unit;
        sennit_doc *doc = stage_doc(s, 5, "\xe2\x82\xac" "z");
        assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
        sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
        size_t at = want[unit][0];
        assert_ok(sennit_doc_insert(doc, at, "a\xf0\x9f\x98\x80\xc3\xa9", 7));
        assert_ok(sennit_doc_delete(doc, at + 1, want[unit][2]));
        assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
        assert_int_equal(p.pos, at);
        assert_int_equal(p.inserted, want[unit][1]);
        assert_int_equal(p.removed, 0);
        assert_int_equal(p.len, 7);
        assert_memory_equal(p.text, "a\xf0\x9f\x98\x80\xc3\xa9", 7);
        assert_int_equal(p.replica, 5);
        assert_int_equal(p.local, 1);
        assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
        assert_int_equal(p.pos, at + 1);
        assert_int_equal(p.removed, want[unit][2]);
        assert_int_equal(p.inserted, 0);
        assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
    }
}

static void too_many_patches_say_how_long_the_text_was_and_is(void **state)
{
    stage *s = *state;
    sennit_patch p;

    s->options.unit = SENNIT_UTF16;
    s->options.limits.patches = 2;
    sennit_doc *doc = stage_doc(s, 5, "\xf0\x9f\x98\x80" "abcdef");
    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    assert_ok(sennit_doc_delete(doc, 7, 1));
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1); /* the host shows 7 units now */
    for (unsigned i = 0; i < 3; i++)
        assert_ok(sennit_doc_insert(doc, 0, "xy", 2));
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_int_equal(p.reset, 1);
    assert_int_equal(p.removed, 7);
    assert_int_equal(p.inserted, 13);
    assert_null(p.text);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
    assert_ok(sennit_doc_insert(doc, 0, "z", 1)); /* watching goes on */
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_int_equal(p.reset, 0);
    sennit_doc_watch(doc, SENNIT_WATCH_NOTHING);
    assert_ok(sennit_doc_insert(doc, 0, "z", 1));
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
}

int main(void)
{
    sennit_doc_free(NULL);
    const struct CMUnitTest tests[] = {
        STAGE_TEST(options_of_another_release_are_understood),
        STAGE_TEST(options_that_cannot_be_are_refused),
        STAGE_TEST(without_randomness_a_document_reads_and_merges_only),
        STAGE_TEST(a_source_of_randomness_that_fails_changes_nothing),
        STAGE_TEST(a_replica_has_its_id_from_its_first_edit_on),
        STAGE_TEST(a_document_has_no_lineage_until_it_is_written_or_told),
        STAGE_TEST(a_seed_has_to_be_text),
        STAGE_TEST(seeds_of_another_name_or_text_are_other_documents),
        STAGE_TEST(edits_share_a_change_until_a_pause),
        STAGE_TEST(changes_of_an_open_transaction_are_not_told),
        STAGE_TEST(what_waits_is_not_known),
        STAGE_TEST(the_end_of_time_is_a_limit),
        STAGE_TEST(a_document_is_measured),
        STAGE_TEST(what_is_missing_is_told),
        STAGE_TEST(patches_are_in_the_documents_unit),
        STAGE_TEST(too_many_patches_say_how_long_the_text_was_and_is),
    };

    return RUN_TESTS(tests);
}
