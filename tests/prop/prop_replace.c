/* Replacing text by edits as small as is affordable. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include <string.h>

#define MOST 400 /* bytes of text in the tests with a slow bound */

/* ---- texts ---- */

/* Words and lines over few letters, so that much repeats. */
static size_t draw(rng *r, char *out, size_t most)
{
    static const char *const parts[] = {"a", "b", "ab", "the ", "\n", "\n", "line\n", "x = 1;\n",
                                        "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x99\x82"};
    size_t len = 0;

    for (size_t n = rng_below(r, 40); n > 0; n--) {
        const char *part = parts[rng_below(r, rng_percent(r, 70) ? 8 : 11)];

        if (len + strlen(part) > most)
            break;
        memcpy(out + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

/* A few edits of a text. */
static size_t change(rng *r, const char *text, size_t len, char *out)
{
    char insert[64];

    memcpy(out, text, len);
    for (size_t k = rng_in(r, 1, 4); k > 0; k--) {
        size_t at = text_place(r, out, len), end = text_start(out, len, at + rng_below(r, 12));
        size_t n = draw(r, insert, rng_percent(r, 50) ? 8 : 0);

        end = end > len ? len : end < at ? at : end;
        if (len - (end - at) + n > MOST)
            break;
        memmove(out + at + n, out + end, len - end);
        memcpy(out + at, insert, n);
        len = len - (end - at) + n;
    }
    return len;
}

/* Bytes of the longest text that both contain, with gaps. */
static size_t common(const char *a, size_t a_len, const char *b, size_t b_len)
{
    static uint16_t row[MOST + 1];

    memset(row, 0, sizeof row);
    for (size_t i = 0; i < a_len; i++) {
        uint16_t corner = 0;

        for (size_t k = 0; k < b_len; k++) {
            uint16_t above = row[k + 1];

            row[k + 1] = a[i] == b[k] ? (uint16_t)(corner + 1)
                                      : row[k] > above ? row[k] : above;
            corner = above;
        }
    }
    return row[b_len];
}

/* ---- what replacing did ---- */

typedef struct cost {
    size_t inserted, deleted; /* bytes */
} cost;

/* Replace [pos, end) and measure; positions in bytes. */
static cost replace(sennit_doc *doc, sennit_unit unit, size_t pos, size_t end, const char *text,
                    size_t len)
{
    sennit_buf before;
    sennit_stat was, is;

    sennit_buf_init(&before, NULL);
    doc_text(doc, &before);
    sennit_doc_stat(doc, &was);
    const char *t = before.data != NULL ? (const char *)before.data : "";
    require(sennit_doc_replace(doc, text_units(t, pos, unit), text_units(t + pos, end - pos, unit),
                               text, len) == SENNIT_OK);
    sennit_doc_stat(doc, &is);
    doc_check(doc);
    sennit_buf_clear(&before);
    size_t inserted = (size_t)(is.inserted_bytes - was.inserted_bytes);
    return (cost){inserted, (size_t)(was.visible_bytes + inserted - is.visible_bytes)};
}

static sennit_doc *holding(rng *r, sennit_unit unit, const char *text, size_t len)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc;

    options.unit = unit;
    require(sennit_doc_seed(&options, "", 0, text, len, &doc) == SENNIT_OK);
    return doc;
}

static void becomes_what_was_asked(rng *r)
{
    static char before[MOST + 1], after[MOST + 1], whole[3 * MOST];
    size_t len = draw(r, before, MOST);
    sennit_unit unit = (sennit_unit)rng_below(r, 3);
    sennit_doc *doc = holding(r, unit, before, len);

    for (size_t k = rng_in(r, 1, 4); k > 0; k--) {
        size_t a = text_place(r, before, len), b = text_place(r, before, len);
        size_t pos = a < b ? a : b, end = a < b ? b : a;
        size_t n = rng_percent(r, 70) ? change(r, before + pos, end - pos, after)
                                      : draw(r, after, MOST);

        replace(doc, unit, pos, end, after, n);
        memcpy(whole, before, pos);
        memcpy(whole + pos, after, n);
        memcpy(whole + pos + n, before + end, len - end);
        len = pos + n + (len - end);
        require(doc_text_is(doc, whole, len));
        if (len > MOST)
            break;
        memcpy(before, whole, len);
    }
    sennit_doc_free(doc);
}

/* For small texts the edits are not much more than the least there can be. Whole
 * characters and whole lines are matched, so a little more may be needed. */
static void little_is_changed(rng *r)
{
    static char before[MOST + 1], after[MOST + 1];
    size_t len = draw(r, before, MOST), n = change(r, before, len, after);
    sennit_doc *doc = holding(r, SENNIT_BYTES, before, len);
    cost c = replace(doc, SENNIT_BYTES, 0, len, after, n);
    size_t same = common(before, len, after, n), least = len + n - 2 * same;

    require(doc_text_is(doc, after, n));
    require(c.inserted + c.deleted <= 4 * least + 80);
    require(c.deleted + n == c.inserted + len);
    sennit_doc_free(doc);
}

/* Whether the last bytes of two texts are not part of what both begin with too:
 * then it is clear which of the one are which of the other. */
static bool tail_stands_alone(const char *a, size_t a_len, const char *b, size_t b_len, size_t tail)
{
    size_t head = 0, least = a_len < b_len ? a_len : b_len;

    while (head < least && a[head] == b[head])
        head++;
    return head + tail <= least;
}

/* Anchors before and behind the one place that changed in a line stay where they
 * are. (Among lines that repeat it would not be clear which is which.) */
static void the_rest_keeps_its_identity(rng *r)
{
    static char before[MOST + 1], after[2 * MOST];
    char insert[4 * 8];
    size_t len = draw(r, before, MOST), at = text_place(r, before, len);
    size_t end = text_start(before, len, at + rng_below(r, 8)), n = rng_text(r, 8, insert);
    sennit_anchor left, right;
    size_t pos;

    end = end < at ? at : end > len ? len : end;
    for (size_t i = 0; i < len; i++)
        before[i] = before[i] == '\n' ? '.' : before[i];
    for (size_t i = 0; i < n; i++)
        insert[i] = insert[i] == '\n' ? '.' : insert[i];
    sennit_doc *doc = holding(r, SENNIT_BYTES, before, len);
    memcpy(after, before, at);
    memcpy(after + at, insert, n);
    memcpy(after + at + n, before + end, len - end);
    require(sennit_doc_anchor(doc, at, SENNIT_ANCHOR_AFTER, &left) == SENNIT_OK);
    require(sennit_doc_anchor(doc, end, SENNIT_ANCHOR_BEFORE, &right) == SENNIT_OK);
    size_t after_len = len - (end - at) + n;
    cost c = replace(doc, SENNIT_BYTES, 0, len, after, after_len);
    require(c.inserted <= n && c.deleted <= end - at);
    require(sennit_doc_resolve(doc, &left, &pos) == SENNIT_OK && pos == at);
    require(sennit_doc_resolve(doc, &right, &pos) == SENNIT_OK && pos >= at);
    if (tail_stands_alone(before, len, after, after_len, len - end))
        require(pos == after_len - (len - end));
    sennit_doc_free(doc);
}

/* Lines that did not change keep their bytes, even between lines that did. */
static void lines_that_stay_stay(rng *r)
{
    char before[2000], after[4000];
    size_t lines = rng_in(r, 3, 40), len = 0, n = 0, kept[64], places[64];
    sennit_anchor anchors[64];

    for (size_t i = 0; i < lines; i++) {
        int took = sprintf(before + len, "line number %zu of them\n", i * 7);
        kept[i] = len;
        len += (size_t)took;
    }
    for (size_t i = 0; i < lines; i++) {
        size_t line_end = i + 1 < lines ? kept[i + 1] : len;

        places[i] = SIZE_MAX;
        if (rng_percent(r, 25)) { /* gone, or another */
            n += rng_percent(r, 50) ? (size_t)sprintf(after + n, "something else!\n") : 0;
            continue;
        }
        places[i] = n;
        memcpy(after + n, before + kept[i], line_end - kept[i]);
        n += line_end - kept[i];
    }
    sennit_doc *doc = holding(r, SENNIT_BYTES, before, len);
    for (size_t i = 0; i < lines; i++)
        require(sennit_doc_anchor(doc, kept[i] + 12, SENNIT_ANCHOR_BEFORE, &anchors[i]) ==
                SENNIT_OK);
    replace(doc, SENNIT_BYTES, 0, len, after, n);
    require(doc_text_is(doc, after, n));
    for (size_t i = 0; i < lines; i++) {
        size_t pos;

        require(sennit_doc_resolve(doc, &anchors[i], &pos) == SENNIT_OK);
        require(places[i] == SIZE_MAX || pos == places[i] + 12);
    }
    sennit_doc_free(doc);
}

/* Nothing to do is done without an operation. */
static void the_same_text_is_no_edit(rng *r)
{
    static char text[MOST + 1];
    size_t len = draw(r, text, MOST);
    sennit_doc *doc = holding(r, SENNIT_UTF16, text, len);

    require(sennit_doc_replace(doc, 0, sennit_doc_len(doc), text, len) == SENNIT_OK);
    require(sennit_doc_own_count(doc) == 0 && sennit_doc_replica(doc) == 0);
    sennit_doc_free(doc);
}

/* Large and hopeless: bounded work, right result. */
static void large_texts_without_anything_in_common(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    size_t len = 60000;
    char *a = malloc(len), *b = malloc(len);

    assert_true(a != NULL && b != NULL);
    for (unsigned shape = 0; shape < 3; shape++) {
        for (size_t i = 0; i < len; i++) {
            a[i] = (char)('a' + rng_below(&r, shape == 0 ? 2 : 20));
            b[i] = (char)((shape == 1 ? 'A' : 'a') + rng_below(&r, shape == 0 ? 2 : 20));
            if (shape == 2 && rng_percent(&r, 10))
                a[i] = b[i] = '\n';
        }
        sennit_doc *doc = holding(&r, SENNIT_BYTES, a, len);
        replace(doc, SENNIT_BYTES, 0, len, b, len);
        assert_true(doc_text_is(doc, b, len));
        sennit_doc_free(doc);
    }
    free(a);
    free(b);
}

static void replacing_gives_the_text_that_was_asked(void **state)
{
    (void)state;
    seeds_run(1500, becomes_what_was_asked);
}

static void replacing_changes_little_more_than_it_must(void **state)
{
    (void)state;
    seeds_run(1500, little_is_changed);
}

static void what_is_around_the_change_keeps_its_identity(void **state)
{
    (void)state;
    seeds_run(1500, the_rest_keeps_its_identity);
}

static void lines_that_did_not_change_keep_their_identity(void **state)
{
    (void)state;
    seeds_run(200, lines_that_stay_stay);
}

static void replacing_text_with_itself_makes_no_operation(void **state)
{
    (void)state;
    seeds_run(20, the_same_text_is_no_edit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replacing_gives_the_text_that_was_asked),
        cmocka_unit_test(replacing_changes_little_more_than_it_must),
        cmocka_unit_test(what_is_around_the_change_keeps_its_identity),
        cmocka_unit_test(lines_that_did_not_change_keep_their_identity),
        cmocka_unit_test(replacing_text_with_itself_makes_no_operation),
        cmocka_unit_test(large_texts_without_anything_in_common),
    };

    return RUN_TESTS(tests);
}
