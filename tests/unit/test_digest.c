#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

static uint64_t digest_of(const sennit_doc *doc, uint64_t replica, uint64_t count)
{
    uint64_t digest;

    assert_ok(sennit_doc_digest(doc, replica, &count, 1, &digest));
    return digest;
}

/* "abc" typed behind "seed" and some of it deleted. */
static sennit_doc *writer(stage *s)
{
    sennit_doc *doc = stage_doc(s, 7, "seed");

    assert_ok(sennit_doc_insert(doc, 4, "abc", 3));
    assert_ok(sennit_doc_delete(doc, 6, 1));
    assert_ok(sennit_doc_delete(doc, 3, 2)); /* "d" and "a": two ranges */
    return doc;
}

static void of_no_operations_it_is_that_of_the_id(void **state)
{
    sennit_doc *doc = writer(*state);

    assert_int_equal(digest_of(doc, 7, 0), 7 * UINT64_C(0x9E3779B97F4A7C15));
    assert_int_equal(digest_of(doc, 8, 0), 8 * UINT64_C(0x9E3779B97F4A7C15)); /* unknown */
}

static void all_counts_of_a_call_are_served_in_one_pass(void **state)
{
    sennit_doc *doc = writer(*state);
    static const uint64_t counts[] = {0, 0, 2, 3, 3, 5, 5};
    uint64_t digests[7];

    assert_ok(sennit_doc_digest(doc, 7, counts, 7, digests));
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(digests[i], digest_of(doc, 7, counts[i]));
    assert_ok(sennit_doc_digest(doc, 7, NULL, 0, NULL));
}

static void counts_have_to_ascend_and_to_be_known(void **state)
{
    sennit_doc *doc = writer(*state);
    static const uint64_t down[] = {2, 1}, beyond[] = {1, 6}, one = 1;
    uint64_t digests[2];

    assert_int_equal(sennit_doc_digest(doc, 7, down, 2, digests), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_digest(doc, 7, beyond, 2, digests), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_digest(doc, 8, &one, 1, digests), SENNIT_ERANGE);
}

static void an_open_transaction_is_not_in_it(void **state)
{
    sennit_doc *doc = writer(*state);
    const uint64_t before = digest_of(doc, 7, 5), six = 6;
    uint64_t digest;

    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_insert(doc, 0, "x", 1));
    assert_int_equal(digest_of(doc, 7, 5), before);
    assert_int_equal(sennit_doc_digest(doc, 7, &six, 1, &digest), SENNIT_ERANGE);
    assert_ok(sennit_doc_commit(doc));
    assert_int_not_equal(digest_of(doc, 7, 6), before);
    assert_int_equal(digest_of(doc, 7, 5), before);
}

/* As after copying a disk: two go on from one snapshot, under one id. */
static void a_replica_used_twice_shows_from_where_the_ways_part(void **state)
{
    stage *s = *state;
    sennit_doc *doc[2];

    assert_ok(sennit_doc_save(writer(s), SENNIT_SAVE_IDENTITY, &s->buf));
    s->options.replica = 0;
    for (int i = 0; i < 2; i++) {
        assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &doc[i], NULL));
        stage_keep(s, doc[i]);
        assert_ok(sennit_doc_insert(doc[i], 0, i == 0 ? "kept" : "kind", 4));
    }
    for (uint64_t i = 0; i <= 9; i++)
        assert_int_equal(digest_of(doc[0], 7, i) == digest_of(doc[1], 7, i), i <= 6);
}

static void text_that_was_left_out_has_none(void **state)
{
    stage *s = *state;
    sennit_doc *doc = writer(s), *thin;
    const uint64_t none = 0, one = 1;
    uint64_t digest;

    s->options.replica = 0;
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY | SENNIT_SAVE_LIVE_ONLY, &s->buf));
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &thin, NULL));
    stage_keep(s, thin);
    assert_ok(sennit_doc_digest(thin, 7, &none, 1, &digest));
    assert_int_equal(sennit_doc_digest(thin, 7, &one, 1, &digest), SENNIT_EGONE);
    assert_ok(sennit_doc_digest_shapes(thin, 7, &one, 1, &digest));
    sennit_doc *newcomer = stage_doc(s, 9, "seed"); /* wrote after that */
    assert_ok(sennit_doc_insert(newcomer, 0, "new", 3));
    doc_catch_up(thin, newcomer);
    assert_int_equal(digest_of(thin, 9, 3), digest_of(newcomer, 9, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(of_no_operations_it_is_that_of_the_id),
        STAGE_TEST(all_counts_of_a_call_are_served_in_one_pass),
        STAGE_TEST(counts_have_to_ascend_and_to_be_known),
        STAGE_TEST(an_open_transaction_is_not_in_it),
        STAGE_TEST(a_replica_used_twice_shows_from_where_the_ways_part),
        STAGE_TEST(text_that_was_left_out_has_none),
    };

    return RUN_TESTS(tests);
}
