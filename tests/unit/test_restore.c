/* Documents opened from all their operations at once: the same as when they
 * receive them, and refused when operations and text do not fit each other. */
#include "core/merge/apply.h"
#include "core/merge/restore.h"

#include "support/forge.h"
#include "support/stage.h"

#include <string.h>

#define MS UINT64_C(65536) /* a millisecond of the clock */

static forge f;

/* Two writers: "hello" of 1, " world" of 2, then
 *
 *     1   deletes  l, e  backwards (seq 5, 6), and  w, o, r  one by one (7 to 9)
 *     2   deletes  h  and  d  in one go (seq 6), and  l, o, space  in one go (7)
 *     1   types  XY  in front (10, 11) */
static void write_history(void)
{
    forge_start(&f);
    forge_segment(&f, 1, 10 * MS, 0, 0);
    forge_insert(&f, FORGE_ROOT, 0, false, "hello");
    forge_segment(&f, 2, 20 * MS, 0, 0);
    forge_insert(&f, 1, 4, false, " world");
    forge_segment(&f, 1, 30 * MS, 5, 5);
    forge_delete(&f, 1, 2, 2, 1, true);
    forge_delete(&f, 2, 1, 3, 1, false);
    forge_segment(&f, 2, 30 * MS, 6, 6);
    forge_range(&f, 1, 0, 1, SN_MORE);
    forge_range(&f, 2, 5, 1, SN_LAST);
    forge_range(&f, 1, 3, 2, SN_MORE);
    forge_range(&f, 2, 0, 1, SN_LAST);
    forge_segment(&f, 1, 40 * MS, 10, 5);
    forge_insert(&f, 1, 0, true, "XY");
}

#define VISIBLE "XYl"
#define DELETED "hello word"

/* A blank document; what fails in opening it leaves it fit to be freed only. */
static sennit_doc *blank(stage *s)
{
    s->options.replica = 0;
    return stage_keep(s, doc_new(&s->options));
}

static sennit_status open_with(stage *s, const char *visible, const char *deleted, sennit_doc **out)
{
    const sn_restore text = {.visible = (const uint8_t *)visible, .visible_len = strlen(visible),
                             .deleted = (const uint8_t *)deleted, .deleted_len = strlen(deleted)};

    *out = blank(s);
    s->err = (sennit_error){SENNIT_OK, 0, ""};
    return sn_doc_restore(*out, &f.batch, &text, &s->err);
}

static sennit_doc *opened(stage *s, const char *visible, const char *deleted)
{
    sennit_doc *doc;

    assert_ok(open_with(s, visible, deleted, &doc));
    doc_check(doc);
    return doc;
}

/* The batch is refused for that reason, at the segment (from 1), if it is one's. */
static void assert_not_opened(stage *s, const char *visible, const char *deleted, size_t segment,
                              const char *what)
{
    sennit_doc *doc;

    assert_int_equal(open_with(s, visible, deleted, &doc), SENNIT_ECORRUPT);
    assert_int_equal(s->err.code, SENNIT_ECORRUPT);
    assert_string_equal(s->err.what, what);
    assert_int_equal(s->err.pos, segment > 0 ? 1000 + segment : 0);
}

static sennit_doc *received(stage *s)
{
    sennit_doc *doc = blank(s);
    sennit_applied applied;

    assert_ok(sn_doc_apply_batch(doc, &f.batch, &applied, NULL));
    return doc;
}

/* ---- what fits ---- */

static void what_is_opened_is_what_would_have_been_received(void **state)
{
    stage *s = *state;

    write_history();
    sennit_doc *doc = received(s);
    write_history();
    sennit_doc *again = opened(s, VISIBLE, DELETED);
    assert_text(again, VISIBLE);
    assert_true(doc_agree(doc, again));
}

static void nothing_is_opened_as_nothing(void **state)
{
    forge_start(&f);
    sennit_doc *doc = opened(*state, "", "");
    assert_text(doc, "");
    assert_ok(sennit_doc_insert(doc, 0, "new", 3));
    assert_text(doc, "new");
}

static void the_clock_goes_on_from_the_last_change(void **state)
{
    write_history();
    sennit_doc *doc = opened(*state, VISIBLE, DELETED);
    assert_int_equal(doc->clock.last, 40 * MS);
    assert_ok(sennit_doc_insert(doc, 0, "new", 3));
    assert_int_equal(doc->clock.last, 40 * MS + 1);
}

/* ---- toggles ---- */

/* Visible and deleted text as a document has it. */
static void texts_of(sennit_doc *doc, sennit_buf *visible, sennit_buf *deleted)
{
    static const uint64_t ids[] = {1, 2};

    doc_text(doc, visible);
    deleted->len = 0;
    assert_ok(sn_doc_deleted_text(doc, ids, 2, NULL, deleted));
    buf_add(visible, "", 1);
    buf_add(deleted, "", 1);
}

/* Switches deletes of 1 (seq 5 to 9) and 2 (6, 7) off, as bits say, and some of
 * them on again. */
static void write_toggles(unsigned off, unsigned on)
{
    write_history();
    forge_segment(&f, 2, 50 * MS, 8, 6);
    for (uint32_t i = 0; i < 7; i++)
        if (off >> i & 1)
            forge_toggle(&f, i < 5 ? 1 : 2, i < 5 ? 5 + i : 1 + i, false);
    if (f.segments[f.batch.segments_len - 1].n == 0)
        f.batch.segments_len--;
    forge_segment(&f, 1, 60 * MS, 12, 7);
    for (uint32_t i = 0; i < 7; i++)
        if (on >> i & 1)
            forge_toggle(&f, i < 5 ? 1 : 2, i < 5 ? 5 + i : 1 + i, true);
    if (f.segments[f.batch.segments_len - 1].n == 0)
        f.batch.segments_len--;
}

static void deletes_that_are_off_delete_nothing(void **state)
{
    stage *s = *state;
    sennit_buf visible, deleted;

    sennit_buf_init(&visible, NULL);
    sennit_buf_init(&deleted, NULL);
    for (unsigned off = 0; off < 128; off++) {
        unsigned on = off * 37 & 127;

        write_toggles(off, on);
        sennit_doc *doc = received(s);
        texts_of(doc, &visible, &deleted);
        assert_int_equal(visible.len + deleted.len, 13 + 2);
        write_toggles(off, on);
        assert_true(doc_agree(doc, opened(s, (const char *)visible.data, (const char *)deleted.data)));
        while (s->docs_len > 0)
            sennit_doc_free(s->docs[--s->docs_len]);
    }
    write_toggles(127, 0);
    assert_text(opened(s, "XYhello world", ""), "XYhello world");
    sennit_buf_clear(&visible);
    sennit_buf_clear(&deleted);
}

static void the_toggle_with_the_greatest_key_decides(void **state)
{
    stage *s = *state;

    for (int last_on = 0; last_on < 2; last_on++) {
        forge_start(&f);
        forge_segment(&f, 1, 10 * MS, 0, 0);
        forge_insert(&f, FORGE_ROOT, 0, false, "ab");
        forge_delete(&f, 1, 0, 1, 1, false);
        forge_segment(&f, 2, 20 * MS, 0, 0);
        forge_toggle(&f, 1, 2, !last_on);
        forge_segment(&f, 3, 20 * MS, 0, 0);
        forge_toggle(&f, 1, 2, !last_on);
        forge_toggle(&f, 1, 2, last_on);
        sennit_doc *doc = opened(s, last_on ? "b" : "ab", last_on ? "a" : "");
        assert_int_equal(doc->switches_len, 1);
        assert_int_equal(doc->switches[0].on, last_on);
    }
}

/* ---- what does not fit ---- */

static void text_of_another_length_is_refused(void **state)
{
    static const struct {
        const char *visible, *deleted, *what;
    } cases[] = {
        {"XY", DELETED "l", "less text than is visible"},
        {"XYlo", "hello wrd", "more text than is visible"},
        {VISIBLE, "hello wor", "less text than is deleted"},
        {VISIBLE, "hello wordd", "more text than is deleted"},
        {"", "", "less text than is visible"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_history();
        assert_not_opened(*state, cases[i].visible, cases[i].deleted, 0, cases[i].what);
    }
}

static void operations_must_not_be_missing(void **state)
{
    forge_start(&f);
    forge_segment(&f, 1, 10 * MS, 1, 0);
    forge_insert(&f, FORGE_ROOT, 0, false, "a");
    assert_not_opened(*state, "a", "", 1, "operations are missing");
    forge_start(&f);
    forge_segment(&f, 1, 10 * MS, 0, 0);
    forge_insert(&f, FORGE_ROOT, 0, false, "ab");
    forge_segment(&f, 1, 20 * MS, 3, 2);
    forge_insert(&f, 1, 1, false, "c");
    assert_not_opened(*state, "abc", "", 2, "operations are missing");
    forge_start(&f);
    forge_segment(&f, 1, 10 * MS, 0, 1);
    forge_insert(&f, FORGE_ROOT, 0, false, "a");
    assert_not_opened(*state, "a", "", 1, "operations are missing");
}

static void what_is_named_has_to_be_there(void **state)
{
    for (int i = 0; i < 6; i++) {
        forge_start(&f);
        forge_segment(&f, 1, 10 * MS, 0, 0);
        forge_insert(&f, FORGE_ROOT, 0, false, "ab");
        forge_delete(&f, 1, 0, 1, 1, false);
        forge_segment(&f, 2, 20 * MS, 0, 0);
        switch (i) {
        case 0: forge_insert(&f, 1, 2, false, "c"); break;
        case 1: forge_insert(&f, 3, 0, true, "c"); break; /* who wrote nothing */
        case 2: forge_delete(&f, 1, 1, 1, 2, false); break;
        case 3: forge_delete(&f, 1, 1, 2, 1, false); break;
        case 4: forge_toggle(&f, 1, 3, false); break;
        default: forge_toggle(&f, 3, 0, false);
        }
        assert_not_opened(*state, i < 2 ? "bc" : "b", "a", 2, "an operation names what is not there");
    }
}

static void only_deletes_are_toggled(void **state)
{
    for (uint32_t seq = 0; seq < 4; seq++) {
        forge_start(&f);
        forge_segment(&f, 1, 10 * MS, 0, 0);
        forge_insert(&f, FORGE_ROOT, 0, false, "ab");
        forge_delete(&f, 1, 0, 1, 1, false);
        forge_toggle(&f, 1, 2, false);
        forge_segment(&f, 2, 20 * MS, 0, 0);
        forge_toggle(&f, 1, seq, true);
        if (seq != 2)
            assert_not_opened(*state, "b", "a", 2, "a toggle of what cannot be switched");
        else
            assert_text(opened(*state, "b", "a"), "b");
    }
}

#define EURO "\xe2\x82\xac"

static void text_has_to_be_text(void **state)
{
    forge_start(&f);
    forge_segment(&f, 1, 10 * MS, 0, 0);
    forge_insert(&f, FORGE_ROOT, 0, false, EURO EURO);
    forge_delete(&f, 1, 0, 1, 3, false);
    assert_not_opened(*state, "\xe2\x82x", EURO, 0, "ill-formed UTF-8");
    assert_not_opened(*state, EURO, "\x82\xac\xe2", 0, "ill-formed UTF-8");
    assert_text(opened(*state, EURO, EURO), EURO);
}

static void characters_are_not_cut(void **state)
{
    for (int i = 0; i < 6; i++) {
        forge_start(&f);
        forge_segment(&f, 1, 10 * MS, 0, 0);
        forge_insert(&f, FORGE_ROOT, 0, false, "a" EURO "z");
        forge_segment(&f, 2, 20 * MS, 0, 0);
        switch (i) {
        case 0: forge_insert(&f, 1, 1, false, "-"); break;
        case 1: forge_insert(&f, 1, 2, true, "-"); break;
        case 2: forge_delete(&f, 1, 0, 1, 2, false); break;
        case 3: forge_delete(&f, 1, 2, 1, 3, false); break;
        case 4: forge_delete(&f, 1, 1, 3, 1, false); break; /* byte by byte */
        default: forge_insert(&f, FORGE_ROOT, 0, false, "\xc3"); /* half of one in each insert */
            forge_insert(&f, 2, 0, false, "\xa9");
        }
        static const struct {
            const char *visible, *deleted;
        } texts[] = {{"a\xe2-\x82\xacz", ""}, {"a\xe2-\x82\xacz", ""}, {"\x82\xacz", "a\xe2"},
                     {"a\xe2", "\x82\xacz"},  {"az", EURO},            {"\xc3\xa9" "a" EURO "z", ""}};
        assert_not_opened(*state, texts[i].visible, texts[i].deleted, 2, "an operation cuts a character");
    }
}

static void limits_hold(void **state)
{
    stage *s = *state;
    sennit_doc *doc;

    write_history();
    s->options.limits.replicas = 1;
    assert_int_equal(open_with(s, VISIBLE, DELETED, &doc), SENNIT_ELIMIT);
    assert_int_equal(s->err.code, SENNIT_ELIMIT);
    s->options.limits.replicas = 2;
    s->options.limits.text_bytes = 12;
    assert_int_equal(open_with(s, VISIBLE, DELETED, &doc), SENNIT_ELIMIT);
    s->options.limits.text_bytes = 13;
    assert_ok(open_with(s, VISIBLE, DELETED, &doc));
}

static void without_memory_nothing_is_kept(void **state)
{
    stage *s = *state;
    sennit_status st = SENNIT_ENOMEM;

    for (size_t nth = 1; st != SENNIT_OK; nth++) {
        write_toggles(0, 0x7f); /* on they are already */
        sennit_doc *doc = blank(s);
        const sn_restore text = {
            .visible = (const uint8_t *)VISIBLE, .visible_len = strlen(VISIBLE),
            .deleted = (const uint8_t *)DELETED, .deleted_len = strlen(DELETED)};

        s->fm.fail_at = s->fm.calls + nth;
        st = sn_doc_restore(doc, &f.batch, &text, NULL);
        s->fm.fail_at = 0;
        assert_true(st == SENNIT_OK || st == SENNIT_ENOMEM);
        assert_true(nth > 20 || st == SENNIT_ENOMEM);
        sennit_doc_free(s->docs[--s->docs_len]);
        assert_int_equal(s->fm.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(what_is_opened_is_what_would_have_been_received),
        STAGE_TEST(nothing_is_opened_as_nothing),
        STAGE_TEST(the_clock_goes_on_from_the_last_change),
        STAGE_TEST(deletes_that_are_off_delete_nothing),
        STAGE_TEST(the_toggle_with_the_greatest_key_decides),
        STAGE_TEST(text_of_another_length_is_refused),
        STAGE_TEST(operations_must_not_be_missing),
        STAGE_TEST(what_is_named_has_to_be_there),
        STAGE_TEST(only_deletes_are_toggled),
        STAGE_TEST(text_has_to_be_text),
        STAGE_TEST(characters_are_not_cut),
        STAGE_TEST(limits_hold),
        STAGE_TEST(without_memory_nothing_is_kept),
    };

    return RUN_TESTS(tests);
}
