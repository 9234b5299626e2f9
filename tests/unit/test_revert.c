/* Taking operations back where it takes much room: many pieces, many ranges. */
#include "core/history/revert.h"

#include "support/forge.h"
#include "support/stage.h"
#include "wire/wire.h"

#include <string.h>

#define MS UINT64_C(65536)

static forge f;

static void forge_to(stage *s, sennit_doc *doc)
{
    s->buf.len = 0;
    assert_ok(sn_delta_encode(&f.batch, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err));
}

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

static sn_stretch own(const sennit_doc *doc, uint32_t from, uint32_t to)
{
    return (sn_stretch){.replica = doc->me, .from = from, .to = to};
}

/* One dead span of which somebody else deletes every second letter comes back in
 * very many pieces. */
static void a_delete_comes_back_in_very_many_pieces(void **state)
{
    stage *s = *state;
    enum { HOLES = 390 };
    static char text[2 * HOLES + 1];

    memset(text, 'a', 2 * HOLES);
    sennit_doc *doc = stage_doc(s, 1, text);
    assert_ok(sennit_doc_delete(doc, 0, 2 * HOLES));
    forge_start(&f);
    forge_segment(&f, 6, 10 * MS, 0, 0);
    for (uint32_t i = 0; i < HOLES; i++)
        forge_delete(&f, 0, 2 * i, 1, 1, false);
    forge_to(s, doc);
    sn_stretch of = own(doc, 0, 1);
    assert_ok(sn_revert(doc, &of, 1));
    doc_check(doc);
    assert_true(doc_text_is(doc, text, HOLES));
    of = own(doc, 1, 2);
    assert_ok(sn_revert_again(doc, &of));
    assert_text(doc, "");
    of = own(doc, 2, 3);
    assert_ok(sn_revert_again(doc, &of));
    doc_check(doc);
    assert_true(doc_text_is(doc, text, HOLES));
}

/* Text between every two letters of which others typed and deleted. */
static void typed_text_goes_wherever_it_is(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, ""), *other = stage_doc(s, 2, "");
    char mine[121], theirs[121];

    memset(mine, 'm', 120);
    mine[120] = '\0';
    memset(theirs, 't', 120);
    type(doc, 0, mine);
    doc_catch_up(other, doc);
    for (unsigned i = 0; i < 120; i++)
        type(other, 2 * i + 1, "t");
    for (unsigned i = 0; i < 40; i++)
        assert_ok(sennit_doc_delete(other, 4 * i, 1));
    doc_catch_up(doc, other);
    sn_stretch of = own(doc, 0, 120);
    assert_ok(sn_revert(doc, &of, 1));
    doc_check(doc);
    size_t left = sennit_doc_len(doc);
    assert_true(left > 80 && left < 120 && doc_text_is(doc, theirs, left));
    of = own(doc, 120, 121);
    assert_ok(sn_revert_again(doc, &of));
    doc_check(doc);
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
    assert_int_equal(sennit_doc_len(doc), 240 - 40);
}

/* More operations than are remembered, runs of them, and deletes of many ranges,
 * with what was hidden among it. */
static void many_deletes_of_many_ranges_are_taken_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789012345678901234567890123456789");
    sennit_doc *before = stage_doc(s, 1, "0123456789012345678901234567890123456789");

    for (unsigned i = 0; i < 8; i++)
        type(doc, 4 * i, "mine");
    for (unsigned i = 0; i < 6; i++)
        assert_ok(sennit_doc_delete(doc, 3 * i, 6));
    for (unsigned i = 0; i < 5; i++)
        assert_ok(sennit_doc_delete(doc, 9 - i, 1));
    uint32_t end = (uint32_t)sennit_doc_own_count(doc);
    sn_stretch of = own(doc, 0, end);
    size_t len = sennit_doc_len(doc);
    sennit_buf text;
    sennit_buf_init(&text, NULL);
    doc_text(doc, &text);
    assert_ok(sn_revert(doc, &of, 1));
    doc_check(doc);
    sennit_buf seed;
    sennit_buf_init(&seed, NULL);
    doc_text(before, &seed);
    assert_true(doc_text_is(doc, (const char *)seed.data, seed.len));
    for (unsigned i = 0; i < 4; i++) {
        uint32_t from = end;

        end = (uint32_t)sennit_doc_own_count(doc);
        of = own(doc, from, end);
        assert_ok(sn_revert_again(doc, &of));
        doc_check(doc);
        assert_int_equal(sennit_doc_len(doc), i % 2 ? 40 : len);
        assert_true(i % 2 ? doc_text_is(doc, (const char *)seed.data, seed.len)
                          : doc_text_is(doc, (const char *)text.data, text.len));
    }
    sennit_buf_clear(&text);
    sennit_buf_clear(&seed);
}

/* The record that is taken back is the newest, to which the new operation joins. */
static void what_is_still_open_is_taken_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abcdef");

    type(doc, 6, "x");
    assert_ok(sennit_doc_delete(doc, 5, 1)); /* f, and then e, d: one record */
    assert_ok(sennit_doc_delete(doc, 4, 1));
    assert_ok(sennit_doc_delete(doc, 3, 1));
    sn_stretch of = own(doc, 0, 4);
    assert_ok(sn_revert(doc, &of, 1));
    assert_text(doc, "abcdef");
    of = own(doc, 4, 8);
    assert_ok(sn_revert_again(doc, &of));
    assert_text(doc, "abcx");
    of = own(doc, 2, 3); /* from amidst the record: e alone */
    assert_ok(sn_revert(doc, &of, 1));
    assert_text(doc, "abcex");
}

/* What hides another's text is written first, so the newest record is no longer
 * open when it is read again. */
static void what_was_open_is_found_once_it_is_closed(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abcdefghij"), *other = stage_doc(s, 2, "abcdefghij");

    type(other, 0, "other");
    doc_catch_up(doc, other);
    type(doc, 7, "x");
    for (unsigned i = 0; i < 8; i++)
        assert_ok(sennit_doc_delete(doc, 15 - i, 1));
    assert_text(doc, "otherabx");
    sn_stretch of[2] = {{.replica = sn_roster_find(&doc->who, 2), .from = 0, .to = 5},
                        own(doc, 1, 9)};
    assert_true(of[0].replica < of[1].replica);
    assert_ok(sn_revert(doc, of, 2));
    assert_text(doc, "abxcdefghij");
}

static void nothing_is_made_where_there_is_nothing(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "ab");

    type(doc, 2, "c");
    sn_stretch of = own(doc, 1, 1);
    assert_refused(doc, SENNIT_OK, sn_revert(doc, &of, 1));
    of = own(doc, 0, 1);
    assert_refused(doc, SENNIT_OK, sn_revert_again(doc, &of)); /* inserts switch nothing */
    assert_refused(doc, SENNIT_OK, sn_revert(doc, NULL, 0));
}

static void limits_hold(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "ab");

    type(doc, 2, "c");
    sn_stretch of = own(doc, 0, 1);
    uint64_t last = doc->clock.last;
    doc->clock.last = SN_MAX_HLC - 1;
    assert_int_equal(sn_revert(doc, &of, 1), SENNIT_ELIMIT);
    doc->clock.last = last;
    assert_ok(sn_revert(doc, &of, 1));
    assert_text(doc, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_delete_comes_back_in_very_many_pieces),
        STAGE_TEST(typed_text_goes_wherever_it_is),
        STAGE_TEST(many_deletes_of_many_ranges_are_taken_back),
        STAGE_TEST(what_is_still_open_is_taken_back),
        STAGE_TEST(what_was_open_is_found_once_it_is_closed),
        STAGE_TEST(nothing_is_made_where_there_is_nothing),
        STAGE_TEST(limits_hold),
    };

    return RUN_TESTS(tests);
}
