#include "core/doc/doc.h"

#include "support/stage.h"
#include "support/text.h"

/* "a", newline, two bytes, three, newline, four, "b": bytes 0 1 2 4 7 8 12 13 */
#define MIXED "a\n\xc3\xa9\xe2\x82\xac\n\xf0\x9f\x98\x80" "b"
#define MIXED_LEN 13

static void lengths_are_told_in_every_unit(void **state)
{
    stage *s = *state;
    static const size_t want[] = {13, 7, 8, 2};

    for (unsigned unit = 0; unit < 3; unit++) {
        s->options.unit = (sennit_unit)unit;
        sennit_doc *doc = stage_doc(s, 1, MIXED);
        assert_int_equal(sennit_doc_len(doc), want[unit]);
        for (unsigned of = 0; of < 4; of++)
            assert_int_equal(sennit_doc_count(doc, (sennit_unit)of), want[of]);
        doc = stage_doc(s, 1, "");
        assert_int_equal(sennit_doc_len(doc), 0);
        for (unsigned of = 0; of < 4; of++)
            assert_int_equal(sennit_doc_count(doc, (sennit_unit)of), 0);
    }
}

static void every_position_converts_to_every_unit(void **state)
{
    stage *s = *state;
    static const char text[] = MIXED;

    s->options.unit = SENNIT_CODEPOINTS; /* which has no say in converting */
    sennit_doc *doc = stage_doc(s, 1, MIXED);
    for (unsigned from = 0; from < 3; from++)
        for (size_t pos = 0; pos <= text_units(text, MIXED_LEN, (sennit_unit)from); pos++)
            for (unsigned to = 0; to < 4; to++) {
                size_t at = text_at(text, MIXED_LEN, (sennit_unit)from, pos), got;

                assert_ok(sennit_doc_convert(doc, (sennit_unit)from, pos, (sennit_unit)to, &got));
                assert_int_equal(got, text_units(text, at, (sennit_unit)to));
            }
}

static void lines_convert_to_where_they_begin(void **state)
{
    stage *s = *state;
    static const size_t begin[3][3] = {{0, 2, 8}, {0, 2, 5}, {0, 2, 5}};
    sennit_doc *doc = stage_doc(s, 1, MIXED);
    size_t got;

    for (size_t line = 0; line < 3; line++) {
        for (unsigned to = 0; to < 3; to++) {
            assert_ok(sennit_doc_convert(doc, SENNIT_LINES, line, (sennit_unit)to, &got));
            assert_int_equal(got, begin[to][line]);
        }
        assert_ok(sennit_doc_convert(doc, SENNIT_LINES, line, SENNIT_LINES, &got));
        assert_int_equal(got, line);
    }
    assert_int_equal(sennit_doc_convert(doc, SENNIT_LINES, 3, SENNIT_BYTES, &got), SENNIT_ERANGE);
}

static void positions_past_the_end_and_units_that_are_none_are_refused(void **state)
{
    stage *s = *state;
    static const size_t end[] = {13, 7, 8, 2};
    sennit_doc *doc = stage_doc(s, 1, MIXED);
    size_t got, line, column;

    for (unsigned from = 0; from < 4; from++) {
        assert_int_equal(sennit_doc_convert(doc, (sennit_unit)from, end[from] + 1, SENNIT_BYTES, &got),
                         SENNIT_ERANGE);
        assert_int_equal(sennit_doc_convert(doc, (sennit_unit)from, SIZE_MAX, SENNIT_BYTES, &got),
                         SENNIT_ERANGE);
    }
    assert_int_equal(sennit_doc_convert(doc, (sennit_unit)4, 0, SENNIT_BYTES, &got), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_convert(doc, SENNIT_BYTES, 0, (sennit_unit)4, &got), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_line_column(doc, 14, &line, &column), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_line_column(doc, SIZE_MAX, &line, &column), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_at_line(doc, 3, 0, &got), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_at_line(doc, SIZE_MAX, 0, &got), SENNIT_ERANGE);
}

static void a_line_and_column_lead_back_to_the_position(void **state)
{
    stage *s = *state;
    static const char text[] = MIXED;

    for (unsigned unit = 0; unit < 3; unit++) {
        s->options.unit = (sennit_unit)unit;
        sennit_doc *doc = stage_doc(s, 1, MIXED);
        for (size_t at = 0; at <= MIXED_LEN; at++) {
            size_t pos = text_units(text, at, s->options.unit), line, column, back;

            if (at != text_start(text, MIXED_LEN, at))
                continue;
            assert_ok(sennit_doc_line_column(doc, pos, &line, &column));
            assert_int_equal(line, text_units(text, at, SENNIT_LINES));
            assert_ok(sennit_doc_at_line(doc, line, column, &back));
            assert_int_equal(back, pos);
        }
    }
}

static void a_column_past_the_end_is_the_end_of_the_line(void **state)
{
    stage *s = *state;
    static const size_t ends[3][3] = {{1, 7, 13}, {1, 4, 7}, {1, 4, 8}};

    for (unsigned unit = 0; unit < 3; unit++) {
        size_t pos;

        s->options.unit = (sennit_unit)unit;
        sennit_doc *doc = stage_doc(s, 1, MIXED);
        for (size_t line = 0; line < 3; line++) {
            assert_ok(sennit_doc_at_line(doc, line, SIZE_MAX, &pos));
            assert_int_equal(pos, ends[unit][line]);
            assert_ok(sennit_doc_at_line(doc, line, 99, &pos));
            assert_int_equal(pos, ends[unit][line]);
        }
    }
}

static void a_newline_at_the_end_begins_an_empty_line(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "ab\n\n");
    size_t line, column, pos;

    assert_ok(sennit_doc_line_column(doc, 4, &line, &column));
    assert_int_equal(line, 2);
    assert_int_equal(column, 0);
    assert_ok(sennit_doc_at_line(doc, 1, 5, &pos));
    assert_int_equal(pos, 3);
    assert_ok(sennit_doc_at_line(doc, 2, 5, &pos));
    assert_int_equal(pos, 4);
    assert_int_equal(sennit_doc_at_line(doc, 3, 0, &pos), SENNIT_ERANGE);
    doc = stage_doc(s, 1, "");
    assert_ok(sennit_doc_line_column(doc, 0, &line, &column));
    assert_int_equal(line + column, 0);
    assert_ok(sennit_doc_at_line(doc, 0, 7, &pos));
    assert_int_equal(pos, 0);
}

static void a_column_inside_a_character_is_that_of_its_start(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, MIXED);
    size_t line, column;

    assert_ok(sennit_doc_line_column(doc, 10, &line, &column));
    assert_int_equal(line, 2);
    assert_int_equal(column, 0);
    assert_ok(sennit_doc_line_column(doc, 6, &line, &column));
    assert_int_equal(line, 1);
    assert_int_equal(column, 2);
}

/* The first place by which n units have gone; inside a character, its start. */
static size_t place_of(const char *text, size_t len, sennit_unit unit, size_t n)
{
    size_t at = 0, end = 0;

    for (size_t gone = 0; gone < n; at = end) {
        for (end = at + 1; end < len && text_is_inside(text[end]);)
            end++;
        gone += text_units(text + at, end - at, unit);
        if (gone > n)
            break;
    }
    return at;
}

/* Many pieces of one long text, with letters between them. */
static sennit_doc *cut_doc(stage *s, rng *r)
{
    enum { TIMES = 1000 };
    char text[TIMES * MIXED_LEN + 1];

    for (size_t i = 0; i < TIMES; i++)
        memcpy(text + i * MIXED_LEN, MIXED, MIXED_LEN + 1);
    s->options.unit = SENNIT_CODEPOINTS;
    sennit_doc *doc = stage_doc(s, 1, text);
    for (size_t i = 0; i < 120; i++) {
        assert_ok(sennit_doc_insert(doc, rng_below(r, sennit_doc_len(doc)), "x\n", 1 + i % 2));
        assert_ok(sennit_doc_delete(doc, rng_below(r, sennit_doc_len(doc) - 40), 1 + i % 40));
    }
    return doc;
}

static void pieces_of_a_long_text_are_counted_as_what_they_hold(void **state)
{
    stage *s = *state;
    rng r = rng_seed(24);
    sennit_doc *doc = cut_doc(s, &r);
    sennit_buf all;
    size_t got;

    sennit_buf_init(&all, NULL);
    assert_ok(sennit_doc_read(doc, 0, sennit_doc_len(doc), &all));
    const char *text = (const char *)all.data;
    for (unsigned i = 0; i < 600; i++) {
        sennit_unit from = (sennit_unit)(i % 4), to = (sennit_unit)(i / 4 % 4);
        size_t pos = rng_below(&r, sennit_doc_count(doc, from));
        size_t at = place_of(text, all.len, from, pos);

        assert_ok(sennit_doc_convert(doc, from, pos, to, &got));
        assert_int_equal(got, text_units(text, at, to));
    }
    sennit_buf_clear(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(lengths_are_told_in_every_unit),
        STAGE_TEST(every_position_converts_to_every_unit),
        STAGE_TEST(lines_convert_to_where_they_begin),
        STAGE_TEST(positions_past_the_end_and_units_that_are_none_are_refused),
        STAGE_TEST(a_line_and_column_lead_back_to_the_position),
        STAGE_TEST(a_column_past_the_end_is_the_end_of_the_line),
        STAGE_TEST(a_newline_at_the_end_begins_an_empty_line),
        STAGE_TEST(a_column_inside_a_character_is_that_of_its_start),
        STAGE_TEST(pieces_of_a_long_text_are_counted_as_what_they_hold),
    };

    return RUN_TESTS(tests);
}
