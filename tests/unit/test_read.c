#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

static void any_part_of_the_text_is_read(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789");
    static const char want[] = "01ab23cd456789";

    assert_ok(sennit_doc_insert(doc, 2, "ab", 2));
    assert_ok(sennit_doc_insert(doc, 6, "cXd", 3));
    assert_ok(sennit_doc_delete(doc, 7, 1));
    for (size_t pos = 0; pos <= 14; pos++)
        for (size_t n = 0; n <= 14 - pos; n++) {
            s->buf.len = 0;
            assert_ok(sennit_doc_read(doc, pos, n, &s->buf));
            assert_true(buf_is(&s->buf, want + pos, n));
        }
}

static void reading_appends(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");

    buf_add(&s->buf, "before ", 7);
    assert_ok(sennit_doc_read(doc, 1, 2, &s->buf));
    assert_true(buf_is(&s->buf, "before ex", 9));
    assert_int_equal(sennit_doc_read(doc, 1, 4, &s->buf), SENNIT_ERANGE);
    assert_true(buf_is(&s->buf, "before ex", 9));
}

static void reading_past_the_end_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");
    sennit_chunk chunk;

    assert_int_equal(sennit_doc_read(doc, 5, 0, &s->buf), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_read(doc, 0, 5, &s->buf), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_read(doc, 1, SIZE_MAX, &s->buf), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_read(doc, SIZE_MAX, 1, &s->buf), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_read(doc, SIZE_MAX, SIZE_MAX, &s->buf), SENNIT_ERANGE);
    assert_ok(sennit_doc_read(doc, 4, 0, &s->buf));
    assert_int_equal(sennit_doc_chunk(doc, 4, &chunk), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_chunk(doc, SIZE_MAX, &chunk), SENNIT_ERANGE);
    doc = stage_doc(s, 1, "");
    assert_ok(sennit_doc_read(doc, 0, 0, &s->buf));
    assert_int_equal(sennit_doc_chunk(doc, 0, &chunk), SENNIT_ERANGE);
    assert_int_equal(s->buf.len, 0);
}

static void reading_half_a_character_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "a\xf0\x9f\x98\x80" "b");
    sennit_chunk chunk;

    for (size_t at = 2; at < 5; at++) {
        assert_int_equal(sennit_doc_read(doc, at, 5 - at, &s->buf), SENNIT_EUTF8);
        assert_int_equal(sennit_doc_read(doc, 0, at, &s->buf), SENNIT_EUTF8);
        assert_int_equal(sennit_doc_chunk(doc, at, &chunk), SENNIT_EUTF8);
    }
    s->options.unit = SENNIT_UTF16;
    doc = stage_doc(s, 1, "a\xf0\x9f\x98\x80" "b");
    assert_int_equal(sennit_doc_read(doc, 2, 1, &s->buf), SENNIT_EUTF8);
    assert_int_equal(sennit_doc_read(doc, 0, 2, &s->buf), SENNIT_EUTF8);
    assert_int_equal(sennit_doc_chunk(doc, 2, &chunk), SENNIT_EUTF8);
    assert_int_equal(s->buf.len, 0);
    assert_ok(sennit_doc_read(doc, 1, 2, &s->buf));
    assert_true(buf_is(&s->buf, "\xf0\x9f\x98\x80", 4));
}

static void chunks_tell_who_wrote_what_and_when(void **state)
{
    stage *s = *state;
    static const struct {
        const char *text;
        uint64_t replica, ms;
    } want[] = {{"se", 0, 0}, {"one", 1, 1000}, {"two", 2, 2000}, {"ed", 0, 0}};
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_chunk chunk;
    size_t pos = 0;

    sennit_doc_set_time(doc, 1000);
    assert_ok(sennit_doc_insert(doc, 2, "one", 3));
    doc_catch_up(other, doc);
    sennit_doc_set_time(other, 2000);
    assert_ok(sennit_doc_insert(other, 5, "two", 3));
    doc_catch_up(doc, other);
    for (unsigned i = 0; i < 4; i++) {
        assert_ok(sennit_doc_chunk(doc, pos, &chunk));
        assert_int_equal(chunk.len, strlen(want[i].text));
        assert_memory_equal(chunk.text, want[i].text, chunk.len);
        assert_int_equal(chunk.replica, want[i].replica);
        assert_int_equal(chunk.unix_ms, want[i].ms);
        assert_ok(sennit_doc_chunk(doc, pos + chunk.len - 1, &chunk)); /* from inside: its rest */
        assert_int_equal(chunk.len, 1);
        pos += strlen(want[i].text);
    }
    assert_int_equal(pos, sennit_doc_len(doc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(any_part_of_the_text_is_read),
        STAGE_TEST(reading_appends),
        STAGE_TEST(reading_past_the_end_is_refused),
        STAGE_TEST(reading_half_a_character_is_refused),
        STAGE_TEST(chunks_tell_who_wrote_what_and_when),
    };

    return RUN_TESTS(tests);
}
