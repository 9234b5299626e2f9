#include "core/doc/doc.h"

#include "support/stage.h"

static size_t place(const sennit_doc *doc, const sennit_anchor *anchor)
{
    size_t pos = SIZE_MAX;

    assert_ok(sennit_doc_resolve(doc, anchor, &pos));
    return pos;
}

static sennit_anchor anchor_at(const sennit_doc *doc, size_t pos, unsigned side)
{
    sennit_anchor anchor;

    assert_ok(sennit_doc_anchor(doc, pos, side, &anchor));
    assert_int_equal(place(doc, &anchor), pos);
    return anchor;
}

static void text_typed_at_an_anchor_goes_to_its_side(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "abcd");
    sennit_anchor before = anchor_at(doc, 2, SENNIT_ANCHOR_BEFORE);
    sennit_anchor after = anchor_at(doc, 2, SENNIT_ANCHOR_AFTER);

    assert_ok(sennit_doc_insert(doc, 2, "xyz", 3));
    assert_int_equal(place(doc, &before), 5);
    assert_int_equal(place(doc, &after), 2);
    assert_ok(sennit_doc_insert(doc, 0, "00", 2));
    assert_int_equal(place(doc, &before), 7);
    assert_int_equal(place(doc, &after), 4);
}

static void an_anchor_at_an_end_stays_there(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "ab");
    sennit_anchor start = anchor_at(doc, 0, SENNIT_ANCHOR_AFTER);
    sennit_anchor end = anchor_at(doc, 2, SENNIT_ANCHOR_BEFORE);

    assert_int_equal(start.side, SENNIT_ANCHOR_START);
    assert_int_equal(end.side, SENNIT_ANCHOR_END);
    assert_ok(sennit_doc_insert(doc, 0, "x", 1));
    assert_ok(sennit_doc_insert(doc, 3, "y", 1));
    assert_int_equal(place(doc, &start), 0);
    assert_int_equal(place(doc, &end), 4);
    sennit_doc *empty = stage_doc(*state, 1, "");
    assert_int_equal(anchor_at(empty, 0, SENNIT_ANCHOR_AFTER).side, SENNIT_ANCHOR_START);
    assert_int_equal(anchor_at(empty, 0, SENNIT_ANCHOR_BEFORE).side, SENNIT_ANCHOR_END);
}

static void an_anchor_of_deleted_text_is_where_that_stood(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "abcdef");
    sennit_anchor at[2][7];

    for (size_t i = 0; i <= 6; i++)
        for (unsigned side = 0; side < 2; side++)
            at[side][i] = anchor_at(doc, i, side);
    assert_ok(sennit_doc_delete(doc, 2, 3)); /* ab|f */
    static const size_t want[7] = {0, 1, 2, 2, 2, 2, 3};
    for (size_t i = 0; i <= 6; i++)
        for (unsigned side = 0; side < 2; side++)
            assert_int_equal(place(doc, &at[side][i]), want[i]);
    assert_ok(sennit_doc_delete(doc, 0, 3));
    for (size_t i = 0; i <= 6; i++)
        for (unsigned side = 0; side < 2; side++)
            assert_int_equal(place(doc, &at[side][i]), 0);
}

static void an_anchor_means_the_same_at_every_replica(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text"), *other = stage_doc(s, 2, "text");
    size_t pos = 77;

    assert_ok(sennit_doc_insert(doc, 0, "new ", 4));
    sennit_anchor anchor = anchor_at(doc, 2, SENNIT_ANCHOR_BEFORE);
    assert_int_equal(sennit_doc_resolve(other, &anchor, &pos), SENNIT_EGONE); /* not yet */
    assert_ok(sennit_doc_insert(other, 0, "<", 1));
    doc_catch_up(other, doc);
    doc_catch_up(doc, other);
    assert_int_equal(place(doc, &anchor), place(other, &anchor));
}

static void what_no_document_made_is_gone_or_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "a\xe2\x82\xac"); /* bytes 0 and 1..3 of nobody */
    static const struct {
        sennit_anchor anchor;
        sennit_status status;
    } bad[] = {
        {{0, 2, SENNIT_ANCHOR_BEFORE}, SENNIT_EGONE}, /* inside a character */
        {{0, 3, SENNIT_ANCHOR_BEFORE}, SENNIT_EGONE},
        {{0, 1, SENNIT_ANCHOR_AFTER}, SENNIT_EGONE},
        {{0, 4, SENNIT_ANCHOR_BEFORE}, SENNIT_EGONE}, /* past what it typed */
        {{0, UINT32_MAX, SENNIT_ANCHOR_AFTER}, SENNIT_EGONE},
        {{0, (uint64_t)1 << 32, SENNIT_ANCHOR_BEFORE}, SENNIT_EGONE},
        {{0, UINT64_MAX, SENNIT_ANCHOR_AFTER}, SENNIT_EGONE},
        {{7, 0, SENNIT_ANCHOR_BEFORE}, SENNIT_EGONE}, /* nobody of that name */
        {{0, 0, 4}, SENNIT_EINVAL},
        {{0, 0, 255}, SENNIT_EINVAL},
        {{0, 0, SENNIT_ANCHOR_BEFORE}, SENNIT_OK},
        {{0, 3, SENNIT_ANCHOR_AFTER}, SENNIT_OK},
        {{9, 9, SENNIT_ANCHOR_END}, SENNIT_OK}, /* where the other members mean nothing */
    };
    size_t pos;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sennit_doc_resolve(doc, &bad[i].anchor, &pos), bad[i].status);
}

static void places_that_are_none_have_no_anchor(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "a\xe2\x82\xac" "b");
    sennit_anchor anchor;

    for (unsigned side = 0; side < 2; side++) {
        assert_int_equal(sennit_doc_anchor(doc, 6, side, &anchor), SENNIT_ERANGE);
        assert_int_equal(sennit_doc_anchor(doc, SIZE_MAX, side, &anchor), SENNIT_ERANGE);
        assert_int_equal(sennit_doc_anchor(doc, 2, side, &anchor), SENNIT_EUTF8);
        assert_int_equal(sennit_doc_anchor(doc, 3, side, &anchor), SENNIT_EUTF8);
    }
    assert_int_equal(sennit_doc_anchor(doc, 1, SENNIT_ANCHOR_START, &anchor), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_anchor(doc, 1, 99, &anchor), SENNIT_EINVAL);
}

static void text_of_an_open_transaction_has_no_anchor(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "text");
    sennit_anchor anchor;

    assert_ok(sennit_doc_insert(doc, 4, "own", 3));
    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_insert(doc, 2, "new", 3));
    assert_int_equal(sennit_doc_anchor(doc, 3, SENNIT_ANCHOR_BEFORE, &anchor), SENNIT_EBUSY);
    assert_int_equal(sennit_doc_anchor(doc, 3, SENNIT_ANCHOR_AFTER, &anchor), SENNIT_EBUSY);
    assert_int_equal(sennit_doc_anchor(doc, 2, SENNIT_ANCHOR_BEFORE, &anchor), SENNIT_EBUSY);
    anchor = anchor_at(doc, 2, SENNIT_ANCHOR_AFTER); /* at the text around it there may be one */
    anchor_at(doc, 5, SENNIT_ANCHOR_BEFORE);
    anchor_at(doc, 8, SENNIT_ANCHOR_AFTER);
    assert_ok(sennit_doc_abort(doc));
    assert_int_equal(place(doc, &anchor), 2);
}

static void anchors_are_told_in_the_documents_unit(void **state)
{
    stage *s = *state;
    static const size_t at[] = {7, 2, 3}, end[] = {11, 5, 6};

    for (unsigned unit = 0; unit < 3; unit++) {
        s->options.unit = (sennit_unit)unit;
        sennit_doc *doc = stage_doc(s, 1, "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9" "z");
        sennit_anchor anchor = anchor_at(doc, at[unit], SENNIT_ANCHOR_BEFORE);
        assert_ok(sennit_doc_insert(doc, 0, "x", 1));
        assert_int_equal(place(doc, &anchor), at[unit] + 1);
        anchor = anchor_at(doc, end[unit], SENNIT_ANCHOR_BEFORE);
        assert_int_equal(anchor.side, SENNIT_ANCHOR_END);
    }
}

static void anchors_travel_as_bytes(void **state)
{
    stage *s = *state;
    static const sennit_anchor anchors[] = {
        {0, 0, SENNIT_ANCHOR_BEFORE}, {UINT64_MAX, UINT64_MAX, SENNIT_ANCHOR_AFTER},
        {7, 300, SENNIT_ANCHOR_AFTER}, {0, 0, SENNIT_ANCHOR_START}, {0, 0, SENNIT_ANCHOR_END},
    };
    sennit_anchor back;
    size_t used;

    for (size_t i = 0; i < 5; i++) {
        s->buf.len = 0;
        assert_ok(sennit_anchor_encode(&anchors[i], &s->buf));
        assert_true(s->buf.len <= SENNIT_ANCHOR_MAX);
        size_t len = s->buf.len;
        buf_add(&s->buf, "rest", 4);
        assert_ok(sennit_anchor_decode(s->buf.data, s->buf.len, &back, &used));
        assert_int_equal(used, len);
        assert_int_equal(back.replica, anchors[i].replica);
        assert_int_equal(back.number, anchors[i].number);
        assert_int_equal(back.side, anchors[i].side);
        assert_ok(sennit_anchor_decode(s->buf.data, len, &back, NULL));
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(sennit_anchor_decode(s->buf.data, cut, &back, &used), SENNIT_ECORRUPT);
    }
    assert_int_equal(sennit_anchor_decode("\x04", 1, &back, &used), SENNIT_ECORRUPT);
    assert_int_equal(sennit_anchor_encode(&(sennit_anchor){0, 0, 4}, &s->buf), SENNIT_EINVAL);
}

static void a_rebase_moves_the_anchors_it_renamed_and_no_others(void **state)
{
    const sennit_rebased rebased = {.old = 7, .renewed = 9, .from_byte = 4, .bytes = 3};
    const sennit_anchor cases[][2] = {
        {{7, 3, SENNIT_ANCHOR_BEFORE}, {7, 3, SENNIT_ANCHOR_BEFORE}},
        {{7, 4, SENNIT_ANCHOR_BEFORE}, {9, 0, SENNIT_ANCHOR_BEFORE}},
        {{7, 6, SENNIT_ANCHOR_AFTER}, {9, 2, SENNIT_ANCHOR_AFTER}},
        {{7, 7, SENNIT_ANCHOR_AFTER}, {7, 7, SENNIT_ANCHOR_AFTER}},
        {{8, 5, SENNIT_ANCHOR_AFTER}, {8, 5, SENNIT_ANCHOR_AFTER}},
        {{7, 5, SENNIT_ANCHOR_END}, {7, 5, SENNIT_ANCHOR_END}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sennit_anchor anchor = cases[i][0];

        sennit_anchor_rebase(&rebased, &anchor);
        assert_int_equal(anchor.replica, cases[i][1].replica);
        assert_int_equal(anchor.number, cases[i][1].number);
        assert_int_equal(anchor.side, cases[i][1].side);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(text_typed_at_an_anchor_goes_to_its_side),
        STAGE_TEST(an_anchor_at_an_end_stays_there),
        STAGE_TEST(an_anchor_of_deleted_text_is_where_that_stood),
        STAGE_TEST(an_anchor_means_the_same_at_every_replica),
        STAGE_TEST(what_no_document_made_is_gone_or_refused),
        STAGE_TEST(places_that_are_none_have_no_anchor),
        STAGE_TEST(text_of_an_open_transaction_has_no_anchor),
        STAGE_TEST(anchors_are_told_in_the_documents_unit),
        STAGE_TEST(anchors_travel_as_bytes),
        STAGE_TEST(a_rebase_moves_the_anchors_it_renamed_and_no_others),
    };

    return RUN_TESTS(tests);
}
