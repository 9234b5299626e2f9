/* Exactly which edits replacing makes: as few as is affordable, and none of them
 * inside a line that stayed. */
#include "core/doc/doc.h"

#include "core/edit/diff.h"
#include "support/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The edits as text: "position-bytes" deleted, "position+text" inserted, a space
 * behind each. Positions are those at that time. */
static void edits_of(sennit_doc *doc, char *out, size_t size)
{
    sennit_patch p;
    size_t len = 0;

    out[0] = '\0';
    while (sennit_doc_next_patch(doc, &p)) {
        if (p.removed > 0)
            len += (size_t)snprintf(out + len, size - len, "%zu-%zu ", p.pos, p.removed);
        if (p.inserted > 0)
            len += (size_t)snprintf(out + len, size - len, "%zu+%.*s ", p.pos, (int)p.len, p.text);
    }
}

typedef struct change {
    const char *from, *to, *edits;
} change;

static void assert_edits(void **state, const change *c, size_t n)
{
    stage *s = *state;
    char edits[600];

    for (; n > 0; n--, c++) {
        sennit_doc *doc = stage_doc(s, 1, c->from);

        sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
        assert_ok(sennit_doc_replace(doc, 0, strlen(c->from), c->to, strlen(c->to)));
        doc_check(doc);
        edits_of(doc, edits, sizeof edits);
        assert_string_equal(edits, c->edits);
        assert_true(doc_text_is(doc, c->to, strlen(c->to)));
        sennit_doc_free(s->docs[--s->docs_len]);
    }
}

#define ASSERT_EDITS(cases) assert_edits(state, cases, sizeof cases / sizeof cases[0])

static void lines_come_and_go_whole(void **state)
{
    static const change cases[] = {
        {"one\ntwo\nthree\n", "one\nthree\n", "4-4 "},
        {"one\nthree\n", "one\ntwo\nthree\n", "4+two\n "},
        {"line 41\nline 42\nline 49\n", "line 41\nline 49\n", "8-8 "},
        {"line 41\nline 49\n", "line 41\nline 42\nline 49\n", "8+line 42\n "},
        {"a\nb\nc\nd\ne\n", "b\nc\nX\ne\nf\n", "0-2 4-1 4+X 8+f\n "},
        {"a\r\nb\r\n", "a\r\nx\r\nb\r\n", "3+x\r\n "},
        {"a\r\nb\r\n", "a\nb\n", "1-1 3-1 "},
        {"x\n\n\ny\n", "x\n\ny\n", "3-1 "},
        {"last", "last\n", "4+\n "},
        {"last\n", "last", "4-1 "},
        {"one\ntwo", "one\ntwo\nthree", "7+\nthree "},
        {"\n\n\n", "\n", "1-2 "},
    };

    ASSERT_EDITS(cases);
}

static void within_a_line_characters_are_matched(void **state)
{
    static const change cases[] = {
        {"one\nhello world\nthree\n", "one\nhello, world\nthree\n", "9+, "},
        {"the quick fox\n", "the quick brown fox\n", "10+brown  "},
        {"abcdefgh", "abXcdefYgh", "2+X 7+Y "},
        {"abcdefgh", "acdefh", "1-1 5-1 "},
        {"value = 1;\nvalue = 2;\n", "value = 3;\nvalue = 4;\n", "8-1 8+3 19-1 19+4 "},
        {"fn(a, b)", "fn(b, a)", "3-1 3+b 6-1 6+a "},
    };

    ASSERT_EDITS(cases);
}

static void few_letters_in_common_between_edits_are_chance(void **state)
{
    static const change cases[] = {
        {"xxxaxx", "yyyayy", "0-6 0+yyyayy "},
        {"xxaxxx", "yyayyy", "0-2 0+yy 3-3 3+yyy "},     /* too little is edited before it */
        {"xxxxxabxx", "yyyyyabyy", "0-9 0+yyyyyabyy "},
        {"xxxxabxx", "yyyyabyy", "0-4 0+yyyy 6-2 6+yy "},
        {"xxxxxxxxabcx", "yyyyyyyyabcy", "0-8 0+yyyyyyyy 11-1 11+y "},
        {"xxxaxbx", "yyyayby", "0-7 0+yyyayby "},        /* what is rewritten adds up */
        {"xxxx--abxcdex", "--yyyyabycdey", "0-4 2+yyyy 8-1 8+y 12-1 12+y "},
        {"xa", "ya", "0-1 0+y "},             /* at an end it is none */
        {"xaz", "xbz", "1-1 1+b "},
        {"xxxxa", "yyyya", "0-4 0+yyyy "},
    };

    ASSERT_EDITS(cases);
}

static void characters_of_many_bytes_are_edited_whole(void **state)
{
    static const change cases[] = {
        {"\xc3\xa9", "\xc3\xa8", "0-2 0+\xc3\xa8 "},
        {"\xc3\xa9", "\xc4\xa9", "0-2 0+\xc4\xa9 "},
        {"x\xe2\x82\xacy", "x\xe2\x82\xady", "1-3 1+\xe2\x82\xad "},
        {"\xe2\x82\xac", "\xe2\x82\xac\xe2\x82\xad", "3+\xe2\x82\xad "},
        {"\xe2\x82\xac\xe2\x82\xad", "\xe2\x82\xad", "0-3 "},
        {"\xe2\x82\xac", "\xe2\x83\xac\xe2\x82\xac", "0+\xe2\x83\xac "},
        {"\xf0\x9f\x98\x80\xf0\x9f\x98\x81", "\xf0\x9f\x98\x81", "0-4 "},
        {"a\xc3\xa9z", "a\xc3\xa9\xc3\xa9z", "3+\xc3\xa9 "},
        {"\xc3\xa9 \xc3\xa9 \xc3\xa9", "\xc3\xa9 \xc3\xa8 \xc3\xa9", "3-2 3+\xc3\xa8 "},
    };

    ASSERT_EDITS(cases);
}

static void repeated_text_grows_and_shrinks_in_one_place(void **state)
{
    static const change cases[] = {
        {"aa", "aaa", "2+a "}, {"aaa", "aa", "2-1 "}, {"ab", "abab", "2+ab "},
        {"abab", "ab", "2-2 "}, {"b", "ab", "0+a "}, {"ab", "b", "0-1 "},
    };

    ASSERT_EDITS(cases);
}

/* The same line many times over, or lines that only moved: it ends at all, and
 * right. */
static void lines_in_another_order_are_moved(void **state)
{
    static const change cases[] = {
        {"a\nb\n", "b\na\n", "0-2 2+a\n "},
        {"a\nb\nc\nd\n", "c\nd\na\nb\n", "0-4 4+a\nb\n "},
        {"x\nx\nx\nend\n", "x\nend\nx\nx\n", "2+end\n 10-4 "},
    };

    ASSERT_EDITS(cases);
}

/* Matching whole lines first would write more than one edit between the ends that
 * both have in common. */
static void what_is_cheaper_in_one_piece_is_one_edit(void **state)
{
    static const change cases[] = {
        {"a\nbba\n", "aba\na\n", "1-3 1+ba\n "},
        {"b\nbbb\n", "ba\n\n\nb\n", "1-3 1+a\n\n\n "},
        {"ba\n\nbba\n", "b\nba\n", "1-4 1+\n "},
        {"\n\nb\nab\n", "\n\nbb\nb\n", "3-2 3+b\n "},
    };

    ASSERT_EDITS(cases);
}

static void a_part_is_replaced_and_nothing_beside_it(void **state)
{
    stage *s = *state;
    char edits[100];
    sennit_doc *doc = stage_doc(s, 1, "aaa bbb aaa");

    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    assert_ok(sennit_doc_replace(doc, 4, 3, "aab", 3));
    edits_of(doc, edits, sizeof edits);
    assert_string_equal(edits, "4-2 4+aa ");
    assert_text(doc, "aaa aab aaa");
}

/* Lines of random letters, none in common: more edits than are looked for. */
static char *unlike(size_t lines, uint64_t seed)
{
    char *text = malloc(lines * 8 + 1), *to = text;
    rng r = rng_seed(seed);

    assert_non_null(text);
    for (size_t i = 0; i < lines; i++) {
        for (int k = 0; k < 7; k++)
            *to++ = (char)rng_in(&r, 'a', 'z');
        *to++ = '\n';
    }
    *to = '\0';
    return text;
}

static void what_is_too_different_is_still_replaced_right(void **state)
{
    stage *s = *state;
    char *from = unlike(2 * SN_DIFF_COST, 1), *to = unlike(2 * SN_DIFF_COST, 2);

    memcpy(to + 8 * SN_DIFF_COST, from + 8 * SN_DIFF_COST, 8 * 20); /* some lines stay */
    for (int i = 0; i < 2; i++) {
        sennit_doc *doc = stage_doc(s, 1, from);
        uint64_t own = sennit_doc_own_count(doc);

        if (i == 1) /* another length as well */
            to[strlen(to) - 8 * 100] = '\0';
        assert_ok(sennit_doc_replace(doc, 0, strlen(from), to, strlen(to)));
        doc_check(doc);
        assert_true(doc_text_is(doc, to, strlen(to)));
        assert_true(sennit_doc_own_count(doc) - own <= strlen(to) + strlen(from));
    }
    free(from);
    free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(lines_come_and_go_whole),
        STAGE_TEST(within_a_line_characters_are_matched),
        STAGE_TEST(few_letters_in_common_between_edits_are_chance),
        STAGE_TEST(characters_of_many_bytes_are_edited_whole),
        STAGE_TEST(repeated_text_grows_and_shrinks_in_one_place),
        STAGE_TEST(lines_in_another_order_are_moved),
        STAGE_TEST(what_is_cheaper_in_one_piece_is_one_edit),
        STAGE_TEST(a_part_is_replaced_and_nothing_beside_it),
        STAGE_TEST(what_is_too_different_is_still_replaced_right),
    };

    return RUN_TESTS(tests);
}
