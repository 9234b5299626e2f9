/* Positions in every unit, lines and columns, chunks and copies, against a count
 * of one character at a time. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include <string.h>

/* Text in many spans: two writers, deletions between. */
static sennit_doc *scattered(rng *r, sennit_unit unit, sennit_buf *text)
{
    sennit_options options = doc_options(r);
    char insert[4 * 20];
    sennit_doc *doc, *other;

    require(sennit_doc_seed(&options, "", 0, "\xe2\x82\xac\n", 4, &other) == SENNIT_OK);
    options.unit = unit;
    require(sennit_doc_seed(&options, "", 0, "\xe2\x82\xac\n", 4, &doc) == SENNIT_OK);
    for (size_t i = rng_in(r, 0, 25); i > 0; i--) {
        doc_text(other, text);
        const char *t = text->data != NULL ? (const char *)text->data : "";
        size_t pos = text_place(r, t, text->len);
        size_t end = text_start(t, text->len, pos + rng_below(r, 8));

        if (rng_percent(r, 30) && end > pos && end <= text->len)
            require(sennit_doc_delete(other, pos, end - pos) == SENNIT_OK);
        else
            require(sennit_doc_insert(other, pos, insert, rng_text(r, 20, insert)) == SENNIT_OK);
        if (rng_percent(r, 30)) {
            doc_catch_up(doc, other);
            require(sennit_doc_insert(doc, 0, "x\n", 2) == SENNIT_OK);
            doc_catch_up(other, doc);
        }
    }
    doc_catch_up(doc, other);
    sennit_doc_free(other);
    doc_text(doc, text);
    return doc;
}

/* ---- conversions ---- */

/* The first byte of a line. */
static size_t line_start(const char *text, size_t len, size_t line)
{
    size_t at = 0;

    for (; line > 0; at++) {
        require(at < len);
        line -= text[at] == '\n';
    }
    return at;
}

/* The place in bytes that a position names: inside a character, its start. */
static size_t place_of(const char *text, size_t len, sennit_unit unit, size_t pos)
{
    if (unit == SENNIT_LINES)
        return line_start(text, len, pos);
    return unit == SENNIT_BYTES ? text_start(text, len, pos) : text_at(text, len, unit, pos);
}

static void convert_everything(const sennit_doc *doc, const char *text, size_t len)
{
    for (unsigned from = SENNIT_BYTES; from <= SENNIT_LINES; from++) {
        size_t all = text_units(text, len, (sennit_unit)from), out;

        require(sennit_doc_count(doc, (sennit_unit)from) == all);
        require(sennit_doc_convert(doc, (sennit_unit)from, all + 1, SENNIT_BYTES, &out) ==
                SENNIT_ERANGE);
        require(sennit_doc_convert(doc, (sennit_unit)from, SIZE_MAX, SENNIT_BYTES, &out) ==
                SENNIT_ERANGE);
        for (size_t pos = 0; pos <= all; pos++) {
            size_t place = place_of(text, len, (sennit_unit)from, pos);

            for (unsigned to = SENNIT_BYTES; to <= SENNIT_LINES; to++) {
                require(sennit_doc_convert(doc, (sennit_unit)from, pos, (sennit_unit)to, &out) ==
                        SENNIT_OK);
                require(out == text_units(text, place, (sennit_unit)to));
            }
        }
    }
}

static void lines_and_columns(const sennit_doc *doc, sennit_unit unit, const char *text, size_t len)
{
    size_t all = text_units(text, len, unit), lines = text_units(text, len, SENNIT_LINES);
    size_t line, column, pos;

    for (size_t p = 0; p <= all; p++) {
        size_t place = place_of(text, len, unit, p);
        size_t start = line_start(text, len, text_units(text, place, SENNIT_LINES));

        require(sennit_doc_line_column(doc, p, &line, &column) == SENNIT_OK);
        require(line == text_units(text, place, SENNIT_LINES));
        require(column == text_units(text + start, place - start, unit));
        require(sennit_doc_at_line(doc, line, column, &pos) == SENNIT_OK);
        require(pos == text_units(text, place, unit));
    }
    require(sennit_doc_line_column(doc, all + 1, &line, &column) == SENNIT_ERANGE);
    require(sennit_doc_at_line(doc, lines + 1, 0, &pos) == SENNIT_ERANGE);
    for (size_t l = 0; l <= lines; l++) {
        size_t start = line_start(text, len, l), end = start;

        while (end < len && text[end] != '\n')
            end++;
        require(sennit_doc_at_line(doc, l, SIZE_MAX, &pos) == SENNIT_OK);
        require(pos == text_units(text, end, unit));
    }
}

static void positions(rng *r)
{
    sennit_unit unit = (sennit_unit)rng_below(r, 3);
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    sennit_doc *doc = scattered(r, unit, &text);
    convert_everything(doc, (const char *)text.data, text.len);
    lines_and_columns(doc, unit, (const char *)text.data, text.len);
    sennit_doc_free(doc);
    sennit_buf_clear(&text);
}

/* ---- reading ---- */

static void read_in_chunks(const sennit_doc *doc, sennit_unit unit, size_t from, const char *text,
                           size_t len)
{
    size_t at = from, pos = text_units(text, from, unit);
    sennit_chunk chunk;

    while (at < len) {
        require(sennit_doc_chunk(doc, pos, &chunk) == SENNIT_OK);
        require(chunk.len > 0 && at + chunk.len <= len);
        require(memcmp(chunk.text, text + at, chunk.len) == 0);
        at += chunk.len;
        pos += text_units(chunk.text, chunk.len, unit);
    }
    require(sennit_doc_chunk(doc, pos, &chunk) == SENNIT_ERANGE);
    require(sennit_doc_chunk(doc, SIZE_MAX, &chunk) == SENNIT_ERANGE);
}

/* Whether a position lies between characters, or at an end. */
static bool is_whole(const char *text, size_t len, sennit_unit unit, size_t pos)
{
    return text_units(text, place_of(text, len, unit, pos), unit) == pos;
}

static void reading(rng *r)
{
    sennit_unit unit = (sennit_unit)rng_below(r, 3);
    sennit_buf text, part;

    sennit_buf_init(&text, NULL);
    sennit_buf_init(&part, NULL);
    sennit_doc *doc = scattered(r, unit, &text);
    const char *t = (const char *)text.data;
    size_t all = text_units(t, text.len, unit);
    for (unsigned k = 0; k < 30; k++) {
        size_t pos = rng_below(r, all + 2), n = rng_below(r, all + 2);
        bool inside = pos <= all && n <= all - pos;
        bool whole = inside && is_whole(t, text.len, unit, pos) &&
                     is_whole(t, text.len, unit, pos + n);
        sennit_status st;

        part.len = 0;
        st = sennit_doc_read(doc, pos, n, &part);
        if (!inside && pos <= all && !is_whole(t, text.len, unit, pos))
            require(st == SENNIT_ERANGE || st == SENNIT_EUTF8); /* both are wrong */
        else
            require(st == (!inside ? SENNIT_ERANGE : !whole ? SENNIT_EUTF8 : SENNIT_OK));
        size_t from = whole ? text_at(t, text.len, unit, pos) : 0;
        size_t to = whole ? text_at(t, text.len, unit, pos + n) : 0;
        require(buf_is(&part, t + from, to - from));
        if (whole)
            read_in_chunks(doc, unit, from, t, text.len);
        else if (inside && !is_whole(t, text.len, unit, pos))
            require(sennit_doc_chunk(doc, pos, &(sennit_chunk){0}) == SENNIT_EUTF8);
    }
    require(sennit_doc_read(doc, 1, SIZE_MAX, &part) == SENNIT_ERANGE);
    sennit_doc_free(doc);
    sennit_buf_clear(&text);
    sennit_buf_clear(&part);
}

/* Edits at positions inside a character, or past the end, change nothing. */
static void bad_edits(rng *r)
{
    sennit_unit unit = (sennit_unit)rng_below(r, 3);
    sennit_buf text;
    doc_state before;

    sennit_buf_init(&text, NULL);
    sennit_doc *doc = scattered(r, unit, &text);
    const char *t = (const char *)text.data;
    size_t all = text_units(t, text.len, unit);
    doc_state_take(&before, doc);
    for (size_t pos = 0; pos <= all + 1; pos++) {
        if (pos <= all && is_whole(t, text.len, unit, pos))
            continue;
        sennit_status want = pos > all ? SENNIT_ERANGE : SENNIT_EUTF8;

        require(sennit_doc_insert(doc, pos, "x", 1) == want);
        require(sennit_doc_delete(doc, pos, 1) != SENNIT_OK);
        require(sennit_doc_delete(doc, 0, pos) == want);
        require(sennit_doc_splice(doc, 0, pos, "x", 1) == want);
        require(sennit_doc_replace(doc, 0, pos, "x", 1) == want);
        require(sennit_doc_anchor(doc, pos, SENNIT_ANCHOR_BEFORE, &(sennit_anchor){0}) == want);
    }
    require(sennit_doc_insert(doc, 0, "\xff", 1) == SENNIT_EUTF8);
    require(sennit_doc_insert(doc, 0, "\xc3", 1) == SENNIT_EUTF8);
    require(sennit_doc_splice(doc, 0, 0, "a\xed\xa0\x80", 4) == SENNIT_EUTF8);
    require(sennit_doc_replace(doc, 0, all, "a\xc0\x80", 3) == SENNIT_EUTF8);
    require(sennit_doc_insert(doc, 0, NULL, 1) == SENNIT_EINVAL);
    require(sennit_doc_delete(doc, 1, SIZE_MAX) == SENNIT_ERANGE);
    require(doc_state_same(&before, doc));
    doc_state_free(&before);
    sennit_doc_free(doc);
    sennit_buf_clear(&text);
}

static void positions_convert_between_all_units(void **state)
{
    (void)state;
    seeds_run(120, positions);
}

static void text_is_read_whole_and_in_parts(void **state)
{
    (void)state;
    seeds_run(200, reading);
}

static void edits_that_cut_a_character_change_nothing(void **state)
{
    (void)state;
    seeds_run(150, bad_edits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_convert_between_all_units),
        cmocka_unit_test(text_is_read_whole_and_in_parts),
        cmocka_unit_test(edits_that_cut_a_character_change_nothing),
    };

    return RUN_TESTS(tests);
}
