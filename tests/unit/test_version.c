#include "wire/wire.h"

#include "support/stage.h"

/* Entries of versions, least id first. */
#define V(literal) (literal), sizeof(literal) - 1
#define A1 "\1\0\0\0\0\0\0\0\1"
#define A2 "\1\0\0\0\0\0\0\0\2"
#define B1 "\2\0\0\0\0\0\0\0\1"
#define B300 "\2\0\0\0\0\0\0\0\xac\2"
#define C7 "\0\0\0\0\0\0\0\1\7" /* the greatest: 2^56 */

static void versions_stand_in_four_ways(void **state)
{
    static const struct {
        const char *a;
        size_t a_len;
        const char *b;
        size_t b_len;
        sennit_order want;
    } cases[] = {
        {V(""), V(""), SENNIT_EQUAL},
        {V(A1), V(A1), SENNIT_EQUAL},
        {V(A1 B300 C7), V(A1 B300 C7), SENNIT_EQUAL},
        {V(""), V(A1), SENNIT_BEFORE},
        {V(A1), V(A2), SENNIT_BEFORE},
        {V(A1), V(A1 B1), SENNIT_BEFORE},
        {V(B1), V(A1 B1), SENNIT_BEFORE},
        {V(A1 C7), V(A1 B1 C7), SENNIT_BEFORE},
        {V(A1 B1), V(A2 B300), SENNIT_BEFORE},
        {V(A1), V(B1), SENNIT_CONCURRENT},
        {V(A1 B300), V(A2 B1), SENNIT_CONCURRENT},
        {V(A2), V(A1 B1), SENNIT_CONCURRENT},
        {V(A1 C7), V(A1 B1), SENNIT_CONCURRENT},
    };
    (void)state;
    sennit_order order;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(sennit_version_compare(cases[i].a, cases[i].a_len, cases[i].b, cases[i].b_len,
                                         &order));
        assert_int_equal(order, cases[i].want);
        sennit_order back = cases[i].want == SENNIT_BEFORE ? SENNIT_AFTER : cases[i].want;
        assert_ok(sennit_version_compare(cases[i].b, cases[i].b_len, cases[i].a, cases[i].a_len,
                                         &order));
        assert_int_equal(order, back);
    }
    assert_ok(sennit_version_compare(NULL, 0, NULL, 0, &order));
    assert_int_equal(order, SENNIT_EQUAL);
}

static const struct {
    const char *bytes;
    size_t len;
} malformed[] = {
    {V("\1")}, {V("\1\0\0\0\0\0\0\0")},    /* cut */
    {V("\1\0\0\0\0\0\0\0\x80")},
    {V("\1\0\0\0\0\0\0\0\0")},             /* a count of nothing */
    {V("\1\0\0\0\0\0\0\0\x81\0")},         /* a number not in its shortest form */
    {V(A1 A1)}, {V(A1 A2)}, {V(B1 A1)}, {V(C7 B1)}, /* out of order */
    {V(A1 "\2\0")},
    {V("\1\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")}, /* over 64 bits */
};

static void what_is_no_version_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");
    sennit_order order;

    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        const char *bad = malformed[i].bytes;
        size_t len = malformed[i].len, at = 0;
        uint64_t replica, count;
        int got = 1;

        assert_int_equal(sennit_version_compare(bad, len, NULL, 0, &order), SENNIT_ECORRUPT);
        assert_int_equal(sennit_version_compare(V(A1 B300 C7), bad, len, &order), SENNIT_ECORRUPT);
        s->err.code = SENNIT_OK;
        assert_refused(doc, SENNIT_ECORRUPT,
                       sennit_doc_delta(doc, bad, len, NULL, &s->buf, &s->err));
        assert_int_equal(s->err.code, SENNIT_ECORRUPT);
        assert_in_range(s->err.pos, 0, len);
        assert_int_equal(s->buf.len, 0);
        for (unsigned n = 0; n < 3 && got == 1; n++)
            got = sennit_version_next(bad, len, &at, &replica, &count);
        assert_true(got <= 0);
    }
}

static void a_version_is_stepped_through(void **state)
{
    (void)state;
    uint64_t replica, count;
    size_t at = 0;

    assert_int_equal(sennit_version_next(V(A1 B300 C7), &at, &replica, &count), 1);
    assert_true(replica == 1 && count == 1 && at == 9);
    assert_int_equal(sennit_version_next(V(A1 B300 C7), &at, &replica, &count), 1);
    assert_true(replica == 2 && count == 300);
    assert_int_equal(sennit_version_next(V(A1 B300 C7), &at, &replica, &count), 1);
    assert_true(replica == (uint64_t)1 << 56 && count == 7);
    assert_int_equal(sennit_version_next(V(A1 B300 C7), &at, &replica, &count), 0);
    assert_int_equal(sennit_version_next(V(A1 B300 C7), &at, &replica, &count), 0);
    at = 99;
    assert_int_equal(sennit_version_next(V(A1), &at, &replica, &count), SENNIT_EINVAL);
    at = 0;
    assert_int_equal(sennit_version_next(NULL, 0, &at, &replica, &count), 0);
}

static void the_version_of_a_document_counts_operations(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 2, ""), *other = stage_doc(s, 1, "");

    assert_ok(sennit_doc_version(doc, &s->buf));
    assert_int_equal(s->buf.len, 0);
    assert_ok(sennit_doc_insert(other, 0, "a", 1));
    for (unsigned i = 0; i < 300; i++)
        assert_ok(sennit_doc_insert(doc, i, "x", 1));
    doc_catch_up(doc, other);
    buf_add(&s->buf, "before", 6);
    assert_ok(sennit_doc_version(doc, &s->buf)); /* appends */
    assert_true(buf_is(&s->buf, V("before" A1 B300)));
}

/* A version that says what this document does not know. */
static void a_delta_for_one_who_knows_more_is_what_that_one_lacks(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 2, "");

    assert_ok(sennit_doc_insert(doc, 0, "ab", 2));
    assert_ok(sennit_doc_delta(doc, V(A1 B300 C7), NULL, &s->buf, NULL));
    assert_int_equal(s->buf.len, 0);
    assert_ok(sennit_doc_delta(doc, V(A1 B1 C7), NULL, &s->buf, NULL));
    sennit_delta_info info;
    assert_ok(sennit_delta_inspect(s->buf.data, s->buf.len, NULL, &info, NULL));
    assert_int_equal(info.operations, 1);
}

static void a_version_without_memory_is_none(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 2, "text");
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 1);
    sennit_buf out;

    sennit_buf_init(&out, &alloc);
    assert_int_equal(sennit_doc_version(doc, &out), SENNIT_ENOMEM);
    s->fm.calls = 0;
    s->fm.fail_at = 1;
    assert_int_equal(sennit_doc_version(doc, &out), SENNIT_ENOMEM);
    assert_int_equal(out.len, 0);
    assert_ok(sennit_doc_version(doc, &out));
    sennit_buf_clear(&out);
}

static void versions_meet_in_what_both_know(void **state)
{
    static const struct {
        const char *a;
        size_t a_len;
        const char *b;
        size_t b_len;
        const char *want;
        size_t want_len;
    } cases[] = {
        {V(""), V(A1 C7), V("")},
        {V(A1), V(B1), V("")},
        {V(A2 B1), V(A1 B300), V(A1 B1)},
        {V(A1 C7), V(A2 B300 C7), V(A1 C7)},
        {V(B300), V(A1 B1 C7), V(B1)},
    };
    stage *s = *state;

    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const char *a = i % 2 != 0 ? cases[i / 2].a : cases[i / 2].b;
        const char *b = i % 2 != 0 ? cases[i / 2].b : cases[i / 2].a;
        const size_t a_len = i % 2 != 0 ? cases[i / 2].a_len : cases[i / 2].b_len;
        const size_t b_len = i % 2 != 0 ? cases[i / 2].b_len : cases[i / 2].a_len;

        s->buf.len = 0;
        assert_ok(sennit_version_meet(a, a_len, b, b_len, &s->buf));
        assert_int_equal(s->buf.len, cases[i / 2].want_len);
        assert_memory_equal(s->buf.data, cases[i / 2].want, s->buf.len);
    }
    s->buf.len = 0;
    assert_int_equal(sennit_version_meet(V(A1), V(A1 C7 B1), &s->buf), SENNIT_ECORRUPT);
    assert_int_equal(s->buf.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(versions_stand_in_four_ways),
        STAGE_TEST(versions_meet_in_what_both_know),
        STAGE_TEST(what_is_no_version_is_refused),
        STAGE_TEST(a_version_is_stepped_through),
        STAGE_TEST(the_version_of_a_document_counts_operations),
        STAGE_TEST(a_delta_for_one_who_knows_more_is_what_that_one_lacks),
        STAGE_TEST(a_version_without_memory_is_none),
    };

    return RUN_TESTS(tests);
}
