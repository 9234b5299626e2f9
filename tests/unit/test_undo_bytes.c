#include "core/history/undo.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "support/stage.h"

#include <string.h>

/* Five steps of which two are undone, and something selected. */
static sennit_undo *some_steps(stage *s, sennit_doc **doc)
{
    const sennit_anchor at[] = {{1, 2, SENNIT_ANCHOR_AFTER}, {0, 0, SENNIT_ANCHOR_END}};
    sennit_undo *undo;

    *doc = stage_doc(s, 1, "seed");
    assert_ok(sennit_undo_new(*doc, NULL, &undo));
    for (unsigned i = 0; i < 5; i++) {
        assert_ok(sennit_undo_break(undo));
        assert_ok(sennit_undo_select(undo, at, i % 3));
        if (i % 2)
            assert_ok(sennit_doc_delete(*doc, 1, 2));
        else
            assert_ok(sennit_doc_insert(*doc, i, "typed", 5));
    }
    for (unsigned i = 0; i < 2; i++)
        assert_ok(sennit_undo_undo(undo));
    return undo;
}

/* The text after each of many undos and redos. */
static void assert_same_life(sennit_undo *a, sennit_undo *b)
{
    for (unsigned i = 0; i < 12; i++) {
        sennit_buf text;

        assert_int_equal(sennit_undo_can_undo(a), sennit_undo_can_undo(b));
        assert_int_equal(sennit_undo_can_redo(a), sennit_undo_can_redo(b));
        if (i < 4)
            assert_int_equal(sennit_undo_undo(a), sennit_undo_undo(b));
        else
            assert_int_equal(sennit_undo_redo(a), sennit_undo_redo(b));
        sennit_buf_init(&text, NULL);
        doc_text(a->doc, &text);
        assert_true(doc_text_is(b->doc, (const char *)text.data, text.len));
        size_t n, m;
        const sennit_anchor *x = sennit_undo_selection(a, &n), *y = sennit_undo_selection(b, &m);
        assert_int_equal(n, m);
        for (size_t k = 0; k < n; k++)
            assert_true(x[k].replica == y[k].replica && x[k].number == y[k].number &&
                        x[k].side == y[k].side);
        sennit_buf_clear(&text);
    }
}

static sennit_doc *restarted(stage *s, sennit_doc *doc)
{
    sennit_buf saved;
    sennit_doc *again;

    sennit_buf_init(&saved, NULL);
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &saved));
    assert_ok(sennit_doc_load(&s->options, saved.data, saved.len, &again, NULL));
    sennit_buf_clear(&saved);
    return stage_keep(s, again);
}

static void steps_go_on_after_a_restart(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc), *again;

    assert_ok(sennit_undo_save(undo, &s->buf));
    sennit_doc *other = restarted(s, doc);
    assert_ok(sennit_undo_load(other, NULL, s->buf.data, s->buf.len, &again, NULL));
    assert_same_life(undo, again);
    sennit_undo_free(undo);
    sennit_undo_free(again);
}

static void saving_twice_gives_the_same_bytes(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc), *again;
    sennit_buf other;

    sennit_buf_init(&other, NULL);
    assert_ok(sennit_undo_save(undo, &s->buf));
    assert_ok(sennit_undo_load(doc, NULL, s->buf.data, s->buf.len, &again, NULL));
    assert_ok(sennit_undo_save(again, &other));
    assert_true(buf_equal(&s->buf, &other));
    sennit_buf_clear(&other);
    sennit_undo_free(undo);
    sennit_undo_free(again);
}

static void what_was_edited_since_is_the_last_step(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc), *again;

    assert_ok(sennit_undo_save(undo, &s->buf));
    assert_ok(sennit_doc_insert(doc, 0, "since", 5));
    sennit_doc *other = restarted(s, doc);
    assert_ok(sennit_undo_load(other, NULL, s->buf.data, s->buf.len, &again, NULL));
    assert_int_equal(sennit_undo_can_undo(again), 4);
    assert_int_equal(sennit_undo_can_redo(again), 0);
    assert_same_life(undo, again);
    sennit_undo_free(undo);
    sennit_undo_free(again);
}

static void steps_of_what_is_not_known_are_left_out(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo, *again;

    doc = stage_doc(s, 1, "seed");
    assert_ok(sennit_undo_new(doc, NULL, &undo));
    assert_ok(sennit_doc_insert(doc, 0, "a", 1));
    sennit_doc *early = restarted(s, doc);
    assert_ok(sennit_undo_break(undo));
    assert_ok(sennit_undo_select(undo, &(sennit_anchor){0, 0, SENNIT_ANCHOR_START}, 1));
    assert_ok(sennit_doc_insert(doc, 0, "b", 1));
    assert_ok(sennit_undo_save(undo, &s->buf));
    assert_ok(sennit_undo_load(early, NULL, s->buf.data, s->buf.len, &again, NULL));
    assert_int_equal(sennit_undo_can_undo(again), 1);
    assert_ok(sennit_undo_undo(again));
    assert_text(early, "seed");
    sennit_undo_free(undo);
    sennit_undo_free(again);
}

static void fewer_steps_may_be_kept_than_were_saved(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc), *again;

    assert_ok(sennit_undo_save(undo, &s->buf));
    for (size_t depth = 1; depth < 6; depth++) {
        const sennit_undo_options options = {.size = sizeof options, .depth = depth};

        assert_ok(sennit_undo_load(doc, &options, s->buf.data, s->buf.len, &again, NULL));
        size_t redo = depth < 2 ? depth : 2;
        assert_int_equal(sennit_undo_can_redo(again), redo);
        assert_int_equal(sennit_undo_can_undo(again), depth - redo);
        sennit_undo_free(again);
    }
    sennit_undo_free(undo);
}

/* ---- bad bytes ---- */

static void fix(sennit_buf *buf)
{
    if (buf->len >= 8)
        sn_put_u64(buf->data + buf->len - 8, sn_hash64(buf->data, buf->len - 8, 0));
}

static sennit_status load(stage *s, sennit_doc *doc, const sennit_buf *bytes)
{
    sennit_undo *undo = (sennit_undo *)s;
    sennit_status st = sennit_undo_load(doc, NULL, bytes->data, bytes->len, &undo, &s->err);

    if (st == SENNIT_OK) {
        sennit_undo_free(undo);
        return st;
    }
    assert_null(undo);
    assert_int_equal(s->err.code, st);
    assert_non_null(s->err.what);
    assert_true(s->err.pos <= bytes->len);
    return st;
}

static void damage_is_noticed(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc);

    assert_ok(sennit_undo_save(undo, &s->buf));
    for (size_t i = 0; i < s->buf.len; i++) {
        s->buf.data[i] ^= 0x41;
        assert_true(load(s, doc, &s->buf) != SENNIT_OK);
        s->buf.data[i] ^= 0x41;
    }
    for (; s->buf.len > 0; s->buf.len--) {
        sennit_buf cut = s->buf;

        cut.len--;
        assert_true(load(s, doc, &cut) != SENNIT_OK);
        if (cut.len > 0 && cut.len < 26)
            assert_int_equal(load(s, doc, &cut), SENNIT_ECORRUPT);
    }
    sennit_undo_free(undo);
}

/* Whatever the bytes say behind a checksum that fits, it is refused or harmless. */
static void made_up_steps_do_no_harm(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc), *again;

    assert_ok(sennit_undo_save(undo, &s->buf));
    for (size_t i = 0; i < s->buf.len - 8; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            s->buf.data[i] ^= (uint8_t)(1u << bit);
            fix(&s->buf);
            if (load(s, doc, &s->buf) == SENNIT_OK) {
                assert_ok(sennit_undo_load(doc, NULL, s->buf.data, s->buf.len, &again, NULL));
                while (sennit_undo_can_undo(again) > 0) {
                    sennit_status st = sennit_undo_undo(again);
                    assert_true(st == SENNIT_OK || st == SENNIT_EGONE);
                }
                while (sennit_undo_can_redo(again) > 0) {
                    sennit_status st = sennit_undo_redo(again);
                    assert_true(st == SENNIT_OK || st == SENNIT_EGONE);
                }
                doc_check(doc);
                sennit_undo_free(again);
            }
            s->buf.data[i] ^= (uint8_t)(1u << bit);
        }
    sennit_undo_free(undo);
}

static void a_later_form_is_told_apart(void **state)
{
    stage *s = *state;
    sennit_doc *doc, *stranger = stage_doc(s, 2, "of another text");
    sennit_undo *undo = some_steps(s, &doc);

    assert_ok(sennit_undo_save(undo, &s->buf));
    assert_int_equal(load(s, stranger, &s->buf), SENNIT_ELINEAGE);
    s->buf.data[1]++;
    fix(&s->buf);
    assert_int_equal(load(s, doc, &s->buf), SENNIT_EVERSION);
    s->buf.data[1]--;
    s->buf.data[0]++;
    fix(&s->buf);
    assert_int_equal(load(s, doc, &s->buf), SENNIT_ECORRUPT);
    sennit_undo_free(undo);
}

static void no_more_steps_are_done_than_there_are(void **state)
{
    stage *s = *state;
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc);
    enum { DONE = 2 + 16 + 8 + 1 }; /* behind form, lineage, replica and operations */

    assert_ok(sennit_undo_save(undo, &s->buf));
    assert_int_equal(s->buf.data[DONE], 3);
    assert_int_equal(s->buf.data[DONE + 1], 5);
    s->buf.data[DONE] = 6;
    fix(&s->buf);
    assert_int_equal(load(s, doc, &s->buf), SENNIT_ECORRUPT);
    sennit_undo_free(undo);
}

static void every_refusal_says_why(void **state)
{
    stage *s = *state;
    const sennit_undo_options none = {.size = 1};
    sennit_doc *doc;
    sennit_undo *undo = some_steps(s, &doc), *again = undo;

    assert_ok(sennit_undo_save(undo, &s->buf));
    s->err = (sennit_error){0};
    assert_int_equal(sennit_undo_load(doc, NULL, NULL, 0, &again, &s->err), SENNIT_ECORRUPT);
    assert_int_equal(s->err.code, SENNIT_ECORRUPT);
    assert_null(again);
    assert_int_equal(sennit_undo_load(doc, &none, s->buf.data, s->buf.len, &again, &s->err),
                     SENNIT_EINVAL);
    assert_int_equal(s->err.code, SENNIT_EINVAL);
    sennit_undo_free(undo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(steps_go_on_after_a_restart),
        STAGE_TEST(saving_twice_gives_the_same_bytes),
        STAGE_TEST(what_was_edited_since_is_the_last_step),
        STAGE_TEST(steps_of_what_is_not_known_are_left_out),
        STAGE_TEST(fewer_steps_may_be_kept_than_were_saved),
        STAGE_TEST(damage_is_noticed),
        STAGE_TEST(made_up_steps_do_no_harm),
        STAGE_TEST(a_later_form_is_told_apart),
        STAGE_TEST(no_more_steps_are_done_than_there_are),
        STAGE_TEST(every_refusal_says_why),
    };

    return RUN_TESTS(tests);
}
