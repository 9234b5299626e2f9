/* The short way for keystrokes has to do what the long way does. What is watched
 * does not take it. */
#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

typedef struct twins {
    sennit_doc *quick, *careful, *follower, *watcher;
    uint64_t sent;
} twins;

static twins twins_of(stage *s, const char *text)
{
    twins t = {stage_doc(s, 5, text), stage_doc(s, 5, text), stage_doc(s, 6, text),
               stage_doc(s, 7, text), 0};

    sennit_doc_watch(t.careful, SENNIT_WATCH_LOCAL);
    sennit_doc_watch(t.watcher, SENNIT_WATCH_REMOTE);
    return t;
}

static void twins_time(twins *t, uint64_t ms)
{
    sennit_doc_set_time(t->quick, ms);
    sennit_doc_set_time(t->careful, ms);
}

/* One keystroke in both, and on to those who listen. */
static void press(stage *s, twins *t, size_t pos, size_t n, const char *text)
{
    size_t len = strlen(text);
    sennit_status st = len > 0 ? sennit_doc_insert(t->quick, pos, text, len)
                               : sennit_doc_delete(t->quick, pos, n);

    assert_int_equal(len > 0 ? sennit_doc_insert(t->careful, pos, text, len)
                             : sennit_doc_delete(t->careful, pos, n), st);
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(t->quick, t->sent, NULL, &s->buf));
    t->sent = sennit_doc_own_count(t->quick);
    if (s->buf.len == 0)
        return;
    assert_ok(sennit_doc_apply(t->follower, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_ok(sennit_doc_apply(t->watcher, s->buf.data, s->buf.len, NULL, NULL, NULL));
}

static void assert_alike(twins *t)
{
    assert_true(doc_agree(t->quick, t->careful));
    assert_true(doc_agree(t->quick, t->follower));
    assert_true(doc_agree(t->quick, t->watcher));
}

static void typing_on_goes_the_short_way(void **state)
{
    stage *s = *state;
    twins t = twins_of(s, "<>");

    for (unsigned i = 0; i < 30; i++) {
        press(s, &t, 1 + i, 0, i % 7 == 6 ? "\n" : "x");
        assert_int_equal(t.quick->tree.quick.type != NULL, SN_QUICK);
        assert_null(t.careful->tree.quick.type);
    }
    assert_alike(&t);
    assert_int_equal(sennit_doc_count(t.quick, SENNIT_LINES), 4);
}

static void deleting_on_goes_the_short_way(void **state)
{
    stage *s = *state;

    for (unsigned forth = 0; forth < 2; forth++) {
        twins t = twins_of(s, "0123\n5678\nabcdef");
        for (unsigned i = 0; i < 8; i++) {
            press(s, &t, forth ? 3 : 10 - i, 1, "");
            assert_int_equal(sn_tree_is_quick(&t.quick->tree), SN_QUICK);
            assert_true(t.careful->tree.quick.back == NULL && t.careful->tree.quick.forth == NULL);
        }
        assert_alike(&t);
        for (unsigned i = 0; i < 3; i++) /* up to the end of the span */
            press(s, &t, forth ? 3 : 2 - i, 1, "");
        assert_alike(&t);
    }
}

static void turning_round_is_no_longer_a_run(void **state)
{
    stage *s = *state;
    twins t = twins_of(s, "0123456789");

    press(s, &t, 5, 1, "");
    press(s, &t, 4, 1, "");
    press(s, &t, 4, 1, "");
    press(s, &t, 3, 1, "");
    press(s, &t, 3, 0, "a");
    press(s, &t, 4, 0, "b");
    press(s, &t, 4, 1, "");
    press(s, &t, 3, 1, "");
    press(s, &t, 3, 1, "");
    assert_alike(&t);
}

static void half_a_character_is_not_deleted_the_short_way(void **state)
{
    stage *s = *state;
    twins t = twins_of(s, "\xc3\xa9xx\xc3\xa9");

    press(s, &t, 3, 1, "");
    press(s, &t, 2, 1, "");
    assert_int_equal(sennit_doc_delete(t.quick, 1, 1), SENNIT_EUTF8);
    assert_int_equal(sennit_doc_delete(t.quick, 2, 1), SENNIT_EUTF8);
    press(s, &t, 0, 2, "");
    assert_alike(&t);
}

static void a_pause_ends_the_short_way(void **state)
{
    stage *s = *state;
    twins t = twins_of(s, "0123456789");

    twins_time(&t, 1000);
    press(s, &t, 5, 0, "a");
    twins_time(&t, 11000);
    press(s, &t, 6, 0, "b"); /* 10 seconds are no pause */
    twins_time(&t, 21001);
    press(s, &t, 7, 0, "c");
    press(s, &t, 7, 1, "");
    twins_time(&t, 40000);
    press(s, &t, 6, 1, "");
    twins_time(&t, 0); /* a clock that goes back */
    press(s, &t, 5, 1, "");
    assert_alike(&t);
    sennit_stat stat;
    sennit_doc_stat(t.quick, &stat);
    assert_true(stat.changes >= 4);
}

static void limits_hold_on_the_short_way(void **state)
{
    stage *s = *state;

    s->options.limits.text_bytes = 20;
    twins t = twins_of(s, "0123456789");
    for (unsigned i = 0; i < 15; i++)
        press(s, &t, 5 + i % 11, 0, "x");
    for (unsigned i = 0; i < 15; i++)
        press(s, &t, 10 + i, 0, "x");
    assert_alike(&t);
    assert_int_equal(sennit_doc_len(t.quick), 20);
    s->options.limits.text_bytes = 13; /* of one who listens */
    sennit_doc *small = stage_doc(s, 8, "0123456789");
    s->options.limits.text_bytes = 0;
    sennit_doc *typist = stage_doc(s, 9, "0123456789");
    for (uint64_t i = 0; i < 5; i++) {
        assert_ok(sennit_doc_insert(typist, 5 + i, "x", 1));
        s->buf.len = 0;
        assert_ok(sennit_doc_own_delta(typist, i, NULL, &s->buf));
        sennit_status st = sennit_doc_apply(small, s->buf.data, s->buf.len, NULL, NULL, NULL);
        if (i < 3)
            assert_ok(st);
        else if (i == 3)
            assert_int_equal(st, SENNIT_ELIMIT);
    }
    assert_int_equal(sennit_doc_len(small), 13);
}

/* A keystroke of somebody else, here. */
static void hear(stage *s, twins *t, sennit_doc *other, size_t pos, const char *text)
{
    uint64_t before = sennit_doc_own_count(other);

    s->buf.len = 0;
    assert_ok(*text != 0 ? sennit_doc_insert(other, pos, text, 1) : sennit_doc_delete(other, pos, 1));
    assert_ok(sennit_doc_own_delta(other, before, NULL, &s->buf));
    assert_ok(sennit_doc_apply(t->quick, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_ok(sennit_doc_apply(t->careful, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_ok(sennit_doc_apply(t->watcher, s->buf.data, s->buf.len, NULL, NULL, NULL));
}

/* The other one is `follower`, who types and takes back in a text that fills
 * several leaves if cuts is not 0. Both go their own way at places a and b. */
static void two_type(stage *s, unsigned cuts, size_t a, size_t b)
{
    static const char text[] = "one line\nand another\nand a third one that is longer\nand the end";
    twins t = twins_of(s, text);
    unsigned quick = 0;

    for (unsigned i = 0; i < cuts; i++)
        press(s, &t, 2 * i, 0, "-");
    for (unsigned i = 0; i < 40; i++) {
        bool back = i % 10 > 6;

        press(s, &t, back ? --a : a++, back, back ? "" : i % 5 == 4 ? "\n" : "x");
        b += a < b ? (back ? (size_t)-1 : 1) : 0;
        hear(s, &t, t.follower, back ? --b : b++, back ? "" : "y");
        a += b < a ? (back ? (size_t)-1 : 1) : 0;
        if (sn_tree_is_quick(&t.quick->tree)) {
            assert_int_equal(t.quick->tree.quick.caret, a);
            quick++;
        }
        assert_alike(&t);
    }
    assert_true(quick >= 10 || !SN_QUICK);
}

static void others_who_type_elsewhere_leave_the_short_way_open(void **state)
{
    stage *s = *state;

    for (unsigned cuts = 0; cuts <= 30; cuts += 30) {
        two_type(s, cuts, 3, 40);
        two_type(s, cuts, 40, 3);
    }
}

/* Sessions as people type them, with whatever may come in between. */
static void any_session_ends_the_same_either_way(void **state)
{
    stage *s = *state;
    static const char *const keys[] = {"a", "b", "\n", " ", "\xc3\xa9", "\xf0\x9f\x98\x80", "ab"};

    for (uint64_t seed = 1; seed <= 20; seed++) {
        rng r = rng_seed(seed);
        uint64_t now = 1000;

        s->docs_len = 0;
        s->options.unit = (sennit_unit)rng_below(&r, 3);
        twins t = twins_of(s, "some text to edit\nand more of it\n");
        size_t caret = rng_below(&r, 10);
        for (unsigned i = 0; i < 200; i++) {
            size_t len = sennit_doc_len(t.quick);

            if (rng_percent(&r, 5))
                caret = rng_below(&r, len + 1);
            twins_time(&t, now += rng_percent(&r, 3) ? 20000 : 100);
            if (rng_percent(&r, 55)) {
                const char *key = keys[rng_percent(&r, 85) ? rng_below(&r, 4) : rng_below(&r, 7)];
                press(s, &t, caret, 0, key);
                caret += sennit_doc_len(t.quick) - len;
            } else if (rng_percent(&r, 70)) {
                press(s, &t, caret > 0 ? caret - 1 : 0, 1, "");
                caret -= len - sennit_doc_len(t.quick);
            } else {
                press(s, &t, caret, 1, "");
            }
            if (rng_percent(&r, 2)) {
                assert_ok(sennit_doc_insert(t.follower, 0, "!", 1));
                doc_catch_up(t.quick, t.follower);
                doc_catch_up(t.careful, t.follower);
                doc_catch_up(t.watcher, t.follower);
                caret += 1;
            }
            caret = caret <= sennit_doc_len(t.quick) ? caret : sennit_doc_len(t.quick);
        }
        assert_alike(&t);
        for (size_t i = 0; i < s->docs_len; i++)
            sennit_doc_free(s->docs[i]);
        s->docs_len = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(typing_on_goes_the_short_way),
        STAGE_TEST(deleting_on_goes_the_short_way),
        STAGE_TEST(turning_round_is_no_longer_a_run),
        STAGE_TEST(half_a_character_is_not_deleted_the_short_way),
        STAGE_TEST(a_pause_ends_the_short_way),
        STAGE_TEST(limits_hold_on_the_short_way),
        STAGE_TEST(others_who_type_elsewhere_leave_the_short_way_open),
        STAGE_TEST(any_session_ends_the_same_either_way),
    };

    return RUN_TESTS(tests);
}
