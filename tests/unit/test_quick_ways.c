/* Short sessions of keystrokes, of which each is made four times: by a writer and
 * by a reader of what it sends, and by both once more with their patches watched,
 * so that they never take the quick way. What is sent and what comes out is the
 * same. */
#include "core/doc/doc.h"

#include "support/stage.h"
#include "support/text.h"

#include <string.h>

#define SESSIONS 250
#define KEYS 16

typedef struct ways {
    sennit_doc *writer[2], *reader[2]; /* quick, careful */
    sennit_buf text, sent[2];
    uint64_t now;
    size_t caret; /* bytes */
} ways;

/* Characters of one to four bytes, in runs of several writers, some deleted. */
static sennit_doc *starting(stage *s, uint64_t replica, sennit_unit unit)
{
    s->options.unit = unit;
    s->options.coalesce_ms = 100;
    sennit_doc *doc = stage_doc(s, replica, "seed\xe2\x82\xac\n");

    s->options.unit = SENNIT_BYTES;
    sennit_doc *other = stage_doc(s, 77, "seed\xe2\x82\xac\n");
    assert_ok(sennit_doc_insert(other, 4, "b\xc3\xa4" "cdef\xf0\x9f\x99\x82g", 12));
    assert_ok(sennit_doc_delete(other, 8, 1));
    assert_ok(sennit_doc_insert(other, 2, "xyz", 3));
    doc_catch_up(doc, other);
    sennit_doc_free(s->docs[--s->docs_len]);
    return doc;
}

static void ways_open(stage *s, ways *w, sennit_unit unit)
{
    for (int i = 0; i < 2; i++) {
        w->writer[i] = starting(s, 5, unit);
        w->reader[i] = starting(s, 6 + (uint64_t)i, unit);
    }
    sennit_doc_watch(w->writer[1], SENNIT_WATCH_LOCAL);
    sennit_doc_watch(w->reader[1], SENNIT_WATCH_REMOTE);
    w->caret = 0;
}

/* A byte's place as a position of the documents. */
static size_t position(const ways *w, size_t byte, sennit_unit unit)
{
    return text_units((const char *)w->text.data, byte, unit);
}

static void edit(ways *w, sennit_unit unit, size_t at, size_t gone, const char *text)
{
    uint64_t own = sennit_doc_own_count(w->writer[0]);
    size_t pos = position(w, at, unit), n = position(w, at + gone, unit) - pos;

    for (int i = 0; i < 2; i++) {
        if (gone > 0)
            assert_ok(sennit_doc_delete(w->writer[i], pos, n));
        else
            assert_ok(sennit_doc_insert(w->writer[i], pos, text, strlen(text)));
        w->sent[i].len = 0;
        assert_ok(sennit_doc_own_delta(w->writer[i], own, NULL, &w->sent[i]));
    }
    assert_true(buf_equal(&w->sent[0], &w->sent[1]));
    for (int i = 0; i < 2; i++)
        assert_ok(sennit_doc_apply(w->reader[i], w->sent[0].data, w->sent[0].len, NULL, NULL, NULL));
}

/* The end of the character at a byte, or the start of the one before it. */
static size_t step(const ways *w, size_t at, bool back)
{
    const char *text = (const char *)w->text.data;

    if (back)
        return at > 0 ? text_start(text, w->text.len, at - 1) : 0;
    for (at++; at < w->text.len && text_is_inside(text[at]);)
        at++;
    return at < w->text.len ? at : w->text.len;
}

static void press_any(ways *w, rng *r, sennit_unit unit, unsigned habit)
{
    static const char *const keys[] = {"a", "b", "\n", "\xe2\x82\xac", "two"};
    bool back = habit == 1;

    doc_text(w->writer[1], &w->text);
    if (rng_percent(r, 15)) { /* somewhere else, or later */
        w->caret = text_place(r, (const char *)w->text.data, w->text.len);
        w->now += rng_percent(r, 30) ? 101 : rng_below(r, 60);
        for (int i = 0; i < 2; i++)
            sennit_doc_set_time(w->writer[i], w->now);
    }
    size_t other = step(w, w->caret, back), at = back ? other : w->caret;
    size_t gone = back ? w->caret - other : other - w->caret;
    if (habit > 0 && gone > 0) {
        edit(w, unit, at, gone, NULL);
        w->caret = at;
        return;
    }
    const char *key = keys[rng_percent(r, 70) ? 0 : rng_below(r, 5)];
    edit(w, unit, w->caret, 0, key);
    w->caret += strlen(key);
}

static void session(stage *s, ways *w, rng *r)
{
    sennit_unit unit = (sennit_unit)rng_below(r, 3);
    unsigned habit = 0;

    ways_open(s, w, unit);
    for (unsigned i = 0; i < KEYS; i++) {
        if (rng_percent(r, 25)) /* type, backspace, delete */
            habit = (unsigned)rng_below(r, 3);
        press_any(w, r, unit, habit);
    }
    assert_true(doc_agree(w->writer[0], w->writer[1]));
    assert_true(doc_agree(w->reader[0], w->reader[1]));
    assert_true(doc_agree(w->writer[0], w->reader[0]));
    while (s->docs_len > 0)
        sennit_doc_free(s->docs[--s->docs_len]);
}

static void both_ways_lead_to_the_same_place(void **state)
{
    ways w = {.now = 1000};

    sennit_buf_init(&w.text, NULL);
    sennit_buf_init(&w.sent[0], NULL);
    sennit_buf_init(&w.sent[1], NULL);
    for (uint64_t seed = 1; seed <= SESSIONS; seed++) {
        rng r = rng_seed(seed);

        session(*state, &w, &r);
    }
    sennit_buf_clear(&w.text);
    sennit_buf_clear(&w.sent[0]);
    sennit_buf_clear(&w.sent[1]);
}

/* Through several blocks of a text. */
static void a_long_session_of_typing_and_taking_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc[2] = {starting(s, 5, SENNIT_BYTES), starting(s, 5, SENNIT_BYTES)};
    size_t from = sennit_doc_len(doc[0]), at = from;

    sennit_doc_watch(doc[1], SENNIT_WATCH_LOCAL);
    for (unsigned i = 0; i < 5000; i++) {
        bool back = i % 7 >= 5 && at > from;

        at -= back;
        for (int k = 0; k < 2; k++)
            if (back)
                assert_ok(sennit_doc_delete(doc[k], at, 1));
            else
                assert_ok(sennit_doc_insert(doc[k], at, i % 11 == 0 ? "\n" : "x", 1));
        at += !back;
    }
    assert_int_equal(sennit_doc_count(doc[0], SENNIT_LINES), sennit_doc_count(doc[1], SENNIT_LINES));
    assert_true(doc_agree(doc[0], doc[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(both_ways_lead_to_the_same_place),
        STAGE_TEST(a_long_session_of_typing_and_taking_back),
    };

    return RUN_TESTS(tests);
}
