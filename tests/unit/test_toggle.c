/* Deletes that are switched off and on again, as undoing and redoing does, when
 * what they delete lies in many pieces and under other deletes. */
#include "core/doc/doc.h"

#include "support/forge.h"
#include "support/stage.h"
#include "wire/wire.h"

#include <string.h>

#define MS UINT64_C(65536)
#define COMBS 6u
#define TEETH 20u
#define LEN (COMBS * TEETH)
#define MANY (FORGE_MAX - 1u) /* toggles: the last one switches off */

static forge f;

static sennit_status forge_apply(stage *s, sennit_doc *doc)
{
    s->buf.len = 0;
    assert_ok(sn_delta_encode(&f.batch, NULL, &s->buf));
    return sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err);
}

/* A seeded text, all of which replica 5 deleted: the k-th delete takes every
 * COMBS-th letter, from the k-th on. */
static sennit_doc *combed(stage *s, char *text)
{
    for (uint32_t i = 0; i < LEN; i++)
        text[i] = (char)('a' + i % 26);
    text[LEN] = '\0';
    sennit_doc *doc = stage_doc(s, 1, text);
    forge_start(&f);
    forge_segment(&f, 5, 10 * MS, 0, 0);
    for (uint32_t k = 0; k < COMBS; k++)
        for (uint32_t i = 0; i < TEETH; i++)
            forge_range(&f, 0, i * COMBS + k, 1, i + 1 < TEETH ? SN_MORE : SN_LAST);
    assert_ok(forge_apply(s, doc));
    assert_text(doc, "");
    return doc;
}

/* One delta of a toggle for each delete that bits name. */
static void toggle(stage *s, sennit_doc *doc, uint64_t by, unsigned deletes, bool on)
{
    forge_start(&f);
    forge_segment(&f, by, (100 + by) * MS, 0, 0);
    for (uint32_t k = 0; k < COMBS; k++)
        if (deletes >> k & 1)
            forge_toggle(&f, 5, k, on);
    assert_ok(forge_apply(s, doc));
    doc_check(doc);
}

/* The letters of the deletes that are off. */
static void assert_off(const sennit_doc *doc, const char *text, unsigned deletes)
{
    char want[LEN];
    size_t len = 0;

    for (uint32_t i = 0; i < LEN; i++)
        if (deletes >> i % COMBS & 1)
            want[len++] = text[i];
    assert_true(doc_text_is(doc, want, len));
}

static void pieces_come_back_where_they_were(void **state)
{
    stage *s = *state;
    char text[LEN + 1];

    for (unsigned deletes = 1; deletes < 1u << COMBS; deletes += 3) {
        sennit_doc *doc = combed(s, text);

        toggle(s, doc, 8, deletes, false);
        assert_off(doc, text, deletes);
        sennit_doc_free(s->docs[--s->docs_len]);
    }
}

static void what_is_on_again_is_gone_again(void **state)
{
    stage *s = *state;
    char text[LEN + 1];
    sennit_doc *doc = combed(s, text);

    toggle(s, doc, 8, 0x3f, false);
    assert_off(doc, text, 0x3f);
    toggle(s, doc, 9, 0x15, true);
    assert_off(doc, text, 0x2a);
    toggle(s, doc, 10, 0x2a, true);
    assert_text(doc, "");
}

static void a_toggle_that_changes_nothing_is_kept_nevertheless(void **state)
{
    stage *s = *state;
    char text[LEN + 1];
    sennit_doc *doc = combed(s, text);

    toggle(s, doc, 8, 1, true);
    assert_text(doc, "");
    assert_int_equal(doc->switches_len, 1);
    toggle(s, doc, 7, 1, false); /* older: decides nothing */
    assert_text(doc, "");
    toggle(s, doc, 9, 1, false);
    assert_off(doc, text, 1);
    assert_int_equal(doc->switches_len, 1);
}

/* The same toggles in any order. */
static void it_does_not_matter_what_comes_first(void **state)
{
    stage *s = *state;
    char text[LEN + 1];
    sennit_doc *one = combed(s, text), *other = combed(s, text);

    for (uint64_t by = 20; by < 40; by++)
        toggle(s, one, by, (unsigned)(by * 37) & 0x3f, by % 2);
    for (uint64_t by = 40; by-- > 20;)
        toggle(s, other, by, (unsigned)(by * 37) & 0x3f, by % 2);
    assert_true(doc_agree(one, other));
}

static void toggles_are_seen_in_patches(void **state)
{
    stage *s = *state;
    char text[LEN + 1];
    sennit_patch p;
    sennit_doc *doc = combed(s, text);

    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    toggle(s, doc, 8, 1, false);
    for (uint32_t i = 0; i < TEETH; i++) {
        assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
        assert_int_equal(p.pos, i);
        assert_int_equal(p.inserted, 1);
        assert_int_equal(p.text[0], text[i * COMBS]);
        assert_int_equal(p.replica, 8);
        assert_false(p.local);
    }
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
    toggle(s, doc, 9, 1, true);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1); /* they go one by one at one place */
    assert_int_equal(p.pos, 0);
    assert_int_equal(p.removed, TEETH);
    assert_int_equal(p.replica, 9);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 0);
}

static void many_toggles_of_one_delete_cost_as_much_as_one(void **state)
{
    stage *s = *state;
    char text[LEN + 1];
    sennit_patch p;
    sennit_doc *doc = combed(s, text);
    uint32_t patches = 0;

    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    forge_start(&f);
    forge_segment(&f, 8, 108 * MS, 0, 0);
    for (uint32_t i = 0; i < MANY; i++)
        forge_toggle(&f, 5, 0, i % 2);
    s->fm.most = s->fm.live;
    const size_t before = s->fm.live;
    assert_ok(forge_apply(s, doc));
    assert_true(s->fm.most - before < MANY * 2048u);
    assert_off(doc, text, 1);
    while (sennit_doc_next_patch(doc, &p) == 1) {
        assert_false(p.reset);
        patches++;
    }
    assert_int_equal(patches, TEETH);
    doc_check(doc);
}

/* One delete of a text of which another replica deletes every second letter: in
 * the tree that is one dead span, and then very many. */
static void one_span_comes_back_in_very_many_pieces(void **state)
{
    stage *s = *state;
    enum { HOLES = 390 };
    static char text[2 * HOLES + 1];

    memset(text, 'a', 2 * HOLES);
    sennit_doc *doc = stage_doc(s, 1, text);
    forge_start(&f);
    forge_segment(&f, 5, 10 * MS, 0, 0);
    forge_range(&f, 0, 0, 2 * HOLES, SN_WHOLE);
    assert_ok(forge_apply(s, doc));
    forge_start(&f);
    forge_segment(&f, 6, 10 * MS, 0, 0);
    for (uint32_t i = 0; i < HOLES; i++)
        forge_delete(&f, 0, 2 * i, 1, 1, false);
    assert_ok(forge_apply(s, doc));
    assert_text(doc, "");
    forge_start(&f);
    forge_segment(&f, 5, 20 * MS, 1, 0);
    forge_toggle(&f, 5, 0, false);
    assert_ok(forge_apply(s, doc));
    doc_check(doc);
    assert_true(doc_text_is(doc, text, HOLES));
}

static void a_toggle_comes_after_its_delete(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abc");
    sennit_applied applied;

    forge_start(&f);
    forge_segment(&f, 8, 20 * MS, 0, 0);
    forge_toggle(&f, 5, 0, false);
    s->buf.len = 0;
    assert_ok(sn_delta_encode(&f.batch, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_int_equal(applied.parked, 1);
    forge_start(&f);
    forge_segment(&f, 5, 10 * MS, 0, 0);
    forge_delete(&f, 0, 1, 1, 1, false);
    s->buf.len = 0;
    assert_ok(sn_delta_encode(&f.batch, NULL, &s->buf));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_int_equal(applied.applied, 2);
    assert_text(doc, "abc");
}

static void a_toggle_must_be_newer_than_its_delete(void **state)
{
    stage *s = *state;
    char text[LEN + 1];
    sennit_doc *doc = combed(s, text);

    forge_start(&f);
    forge_segment(&f, 3, 10 * MS, 0, 0); /* at the same time, of a smaller id */
    forge_toggle(&f, 5, 0, false);
    assert_refused(doc, SENNIT_ECORRUPT, forge_apply(s, doc));
    assert_string_equal(s->err.what, "an operation is not newer than what it names");
    forge_start(&f);
    forge_segment(&f, 6, 10 * MS, 0, 0);
    forge_toggle(&f, 5, 0, false);
    assert_ok(forge_apply(s, doc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(pieces_come_back_where_they_were),
        STAGE_TEST(what_is_on_again_is_gone_again),
        STAGE_TEST(a_toggle_that_changes_nothing_is_kept_nevertheless),
        STAGE_TEST(it_does_not_matter_what_comes_first),
        STAGE_TEST(toggles_are_seen_in_patches),
        STAGE_TEST(many_toggles_of_one_delete_cost_as_much_as_one),
        STAGE_TEST(one_span_comes_back_in_very_many_pieces),
        STAGE_TEST(a_toggle_comes_after_its_delete),
        STAGE_TEST(a_toggle_must_be_newer_than_its_delete),
    };

    return RUN_TESTS(tests);
}
