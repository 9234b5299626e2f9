/* Whoever must agree is asked about exactly what is new, and has the last word. */
#include "core/doc/doc.h"
#include "wire/wire.h"

#include "support/stage.h"

#define ASKED_MAX 16

/* Somebody who notes what was asked, and answers what is wanted. */
typedef struct asked {
    sennit_change change[ASKED_MAX];
    unsigned kinds[ASKED_MAX];
    size_t n;
    sennit_status answer;
    uint64_t only; /* this replica gets the answer, others SENNIT_OK; 0: all get it */
} asked;

static sennit_status note(void *self, const sennit_change *change, unsigned kinds)
{
    asked *a = self;

    assert_true(a->n < ASKED_MAX);
    a->change[a->n] = *change;
    a->kinds[a->n++] = kinds;
    return a->only == 0 || a->only == change->replica ? a->answer : SENNIT_OK;
}

static sennit_status admit(sennit_doc *doc, const sennit_buf *delta, asked *a, sennit_error *err)
{
    const sennit_admission admission = {note, a};

    a->n = 0;
    return sennit_doc_admit(doc, delta->data, delta->len, NULL, &admission, NULL, err);
}

static void own_delta(sennit_doc *doc, uint64_t from, sennit_buf *out)
{
    out->len = 0;
    assert_ok(sennit_doc_own_delta(doc, from, NULL, out));
}

static void assert_asked(const asked *a, size_t i, sennit_change change, unsigned kinds)
{
    assert_true(i < a->n);
    assert_int_equal(a->change[i].replica, change.replica);
    assert_int_equal(a->change[i].unix_ms, change.unix_ms);
    assert_int_equal(a->change[i].first, change.first);
    assert_int_equal(a->change[i].operations, change.operations);
    assert_int_equal(a->change[i].inserted_bytes, change.inserted_bytes);
    assert_int_equal(a->kinds[i], kinds);
}

static void each_change_is_asked_about_as_far_as_it_is_new(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_doc(s, 7, "seed"), *doc = stage_doc(s, 1, "seed");
    asked a = {.answer = SENNIT_OK};

    sennit_doc_set_time(writer, 1000);
    assert_ok(sennit_doc_insert(writer, 4, "abc", 3));
    own_delta(writer, 0, &s->buf);
    assert_ok(admit(doc, &s->buf, &a, NULL));
    assert_int_equal(a.n, 1);
    assert_asked(&a, 0, (sennit_change){7, 1000, 0, 3, 3}, SENNIT_KIND_INSERT);
    assert_ok(admit(doc, &s->buf, &a, NULL));
    assert_int_equal(a.n, 0); /* known by now */

    assert_ok(sennit_doc_insert(writer, 7, "de", 2)); /* the same change */
    assert_ok(sennit_doc_delete(writer, 0, 2));
    sennit_doc_set_time(writer, 99000);
    assert_ok(sennit_doc_insert(writer, 0, "f", 1));
    own_delta(writer, 0, &s->buf);
    assert_ok(admit(doc, &s->buf, &a, NULL));
    assert_int_equal(a.n, 2);
    assert_asked(&a, 0, (sennit_change){7, 1000, 3, 3, 2}, SENNIT_KIND_INSERT | SENNIT_KIND_DELETE);
    assert_asked(&a, 1, (sennit_change){7, 99000, 6, 1, 1}, SENNIT_KIND_INSERT);
    assert_true(doc_agree(doc, writer));
}

static void a_toggle_is_asked_about_by_its_kind(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_doc(s, 7, "seed"), *doc = stage_doc(s, 1, "seed");
    asked a = {.answer = SENNIT_EAUTH};
    stage_ops off = {.ids = {8, 7}, .ids_len = 2, .hlc = UINT64_C(5000) << 16, .n = 1, .text = "",
                     .ops = {{.kind = SN_TOGGLE, .n = 1, .ref_replica = 1}}};

    sennit_doc_set_time(writer, 1000);
    assert_ok(sennit_doc_delete(writer, 1, 2));
    own_delta(writer, 0, &s->buf);
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_ok(stage_apply(s, writer, &off)); /* leaves the bytes in s->buf */
    assert_refused(doc, SENNIT_EAUTH, admit(doc, &s->buf, &a, NULL));
    assert_int_equal(a.n, 1);
    assert_asked(&a, 0, (sennit_change){8, 5000, 0, 1, 0}, SENNIT_KIND_TOGGLE);
}

static void one_refused_change_refuses_the_delta_whole(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *all = stage_doc(s, 2, "seed");
    asked a = {.answer = SENNIT_ECLOCK, .only = 8};

    for (uint64_t id = 7; id <= 9; id++) {
        sennit_doc *writer = stage_doc(s, id, "seed");

        sennit_doc_set_time(writer, 1000 * id);
        assert_ok(sennit_doc_insert(writer, 4, "x", 1));
        doc_catch_up(all, writer);
    }
    s->buf.len = 0;
    assert_ok(sennit_doc_delta(all, NULL, 0, NULL, &s->buf, NULL));
    assert_refused(doc, SENNIT_ECLOCK, admit(doc, &s->buf, &a, &s->err));
    assert_int_equal(s->err.code, SENNIT_ECLOCK);
    assert_true(s->err.pos > 0); /* where that change begins */
    assert_int_equal(a.n, 2); /* nobody is asked about what follows */
    s->buf.len = 0;
    assert_ok(sennit_doc_save(all, SENNIT_SAVE_SHARED, &s->buf)); /* nor in a snapshot */
    assert_refused(doc, SENNIT_ECLOCK, admit(doc, &s->buf, &a, &s->err));
    a.answer = SENNIT_OK;
    assert_ok(admit(doc, &s->buf, &a, NULL));
    assert_int_equal(a.n, 3);
    assert_true(doc_agree(doc, all));
}

/* Keystrokes take a quick way, which asks as well. */
static void a_keystroke_is_asked_about_once(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_doc(s, 7, "seed"), *doc = stage_doc(s, 1, "seed");
    static const char keys[] = "abc<<"; /* < deletes the character before */
    asked a = {.answer = SENNIT_OK};
    size_t at = 4;

    sennit_doc_set_time(writer, 1000);
    for (uint64_t i = 0; keys[i] != '\0'; i++) {
        bool gone = keys[i] == '<';

        assert_ok(gone ? sennit_doc_delete(writer, at - 1, 1)
                       : sennit_doc_insert(writer, at, &keys[i], 1));
        at = gone ? at - 1 : at + 1;
        own_delta(writer, i, &s->buf);
        a.answer = SENNIT_EAUTH;
        assert_refused(doc, SENNIT_EAUTH, admit(doc, &s->buf, &a, &s->err));
        assert_int_equal(s->err.code, SENNIT_EAUTH);
        a.answer = SENNIT_OK;
        assert_ok(admit(doc, &s->buf, &a, NULL));
        assert_int_equal(a.n, 1);
        assert_asked(&a, 0, (sennit_change){7, 1000, i, 1, !gone},
                     gone ? SENNIT_KIND_DELETE : SENNIT_KIND_INSERT);
        assert_ok(admit(doc, &s->buf, &a, NULL));
        assert_int_equal(a.n, 0);
    }
    assert_true(doc_agree(doc, writer));
}

static void what_has_to_wait_is_asked_about_when_it_comes(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_doc(s, 7, "seed"), *doc = stage_doc(s, 1, "seed");
    asked a = {.answer = SENNIT_EAUTH};
    sennit_buf late;

    sennit_buf_init(&late, NULL);
    sennit_doc_set_time(writer, 1000);
    assert_ok(sennit_doc_insert(writer, 4, "a", 1));
    own_delta(writer, 0, &s->buf);
    assert_ok(sennit_doc_insert(writer, 5, "b", 1));
    own_delta(writer, 1, &late); /* with the time of the one before */
    assert_refused(doc, SENNIT_EAUTH, admit(doc, &late, &a, NULL));
    assert_asked(&a, 0, (sennit_change){7, 0, 1, 1, 1}, SENNIT_KIND_INSERT);
    a.answer = SENNIT_OK;
    assert_ok(admit(doc, &late, &a, NULL));
    sennit_doc_set_time(writer, 99000);
    assert_ok(sennit_doc_insert(writer, 6, "c", 1));
    own_delta(writer, 2, &late); /* so much later than the one before */
    assert_ok(admit(doc, &late, &a, NULL));
    assert_asked(&a, 0, (sennit_change){7, UINT64_MAX, 2, 1, 1}, SENNIT_KIND_INSERT);

    assert_ok(admit(doc, &s->buf, &a, NULL));
    assert_int_equal(a.n, 1); /* those that waited are not asked about again */
    assert_asked(&a, 0, (sennit_change){7, 1000, 0, 1, 1}, SENNIT_KIND_INSERT);
    assert_true(doc_agree(doc, writer));
    sennit_buf_clear(&late);
}

static void nobody_is_asked_by_the_call_after(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_doc(s, 7, "seed"), *doc = stage_doc(s, 1, "seed");
    asked a = {.answer = SENNIT_EAUTH};

    assert_ok(sennit_doc_insert(writer, 4, "a", 1));
    own_delta(writer, 0, &s->buf);
    assert_refused(doc, SENNIT_EAUTH, admit(doc, &s->buf, &a, NULL));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
    assert_int_equal(a.n, 1);
    assert_true(doc_agree(doc, writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(each_change_is_asked_about_as_far_as_it_is_new),
        STAGE_TEST(a_toggle_is_asked_about_by_its_kind),
        STAGE_TEST(one_refused_change_refuses_the_delta_whole),
        STAGE_TEST(a_keystroke_is_asked_about_once),
        STAGE_TEST(what_has_to_wait_is_asked_about_when_it_comes),
        STAGE_TEST(nobody_is_asked_by_the_call_after),
    };

    return RUN_TESTS(tests);
}
