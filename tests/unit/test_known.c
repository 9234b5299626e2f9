#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

/* What replica 11 did to "0123456789": types five, deletes two by two, deletes
 * several at once, and switches that off. */
static const stage_ops honest = {
    .ids = {11, 0, 12}, .ids_len = 3, .hlc = 100, .n = 4, .text = "hello",
    .ops = {{.kind = SN_INSERT, .n = 5, .ref_replica = 1, .ref = 9},
            {.kind = SN_DELETE, .seq = 5, .number = 5, .n = 3, .len = 2, .ref_replica = 1, .ref = 2},
            {.kind = SN_DELETE, .part = SN_WHOLE, .seq = 8, .number = 5, .n = 1, .len = 3,
             .ref_replica = 0, .ref = 1},
            {.kind = SN_TOGGLE, .seq = 9, .number = 5, .n = 1, .ref_replica = 0, .ref = 8}}};

static sennit_doc *honest_doc(stage *s)
{
    sennit_doc *doc = stage_doc(s, 1, "0123456789");

    assert_ok(stage_apply(s, doc, &(stage_ops){
        .ids = {12}, .ids_len = 1, .hlc = 50, .n = 1, .text = "twelve",
        .ops = {{.kind = SN_INSERT, .n = 6, .ref_replica = SN_NO_REPLICA}}}));
    assert_ok(stage_apply(s, doc, &honest));
    assert_text(doc, "twelve0189hello");
    return doc;
}

static void what_is_known_is_counted_and_changes_nothing(void **state)
{
    stage *s = *state;
    sennit_doc *doc = honest_doc(s);
    sennit_applied applied;

    assert_refused(doc, SENNIT_OK, stage_apply(s, doc, &honest));
    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
    assert_int_equal(applied.known, 10);
    assert_int_equal(applied.applied + applied.parked + applied.dropped, 0);
}

/* Any stretch of what is known, with what is new behind it. */
static void a_delta_may_overlap_what_is_known(void **state)
{
    stage *s = *state;
    sennit_doc *whole = stage_doc(s, 1, "0123456789");

    assert_ok(sennit_doc_insert(whole, 4, "abcdef", 6));
    assert_ok(sennit_doc_delete(whole, 9, 1));
    assert_ok(sennit_doc_delete(whole, 8, 1));
    assert_ok(sennit_doc_delete(whole, 7, 1));
    assert_ok(sennit_doc_insert(whole, 7, "+", 1));
    assert_ok(sennit_doc_delete(whole, 2, 4));
    assert_ok(sennit_doc_insert(whole, 0, "xyz", 3));
    uint64_t n = sennit_doc_own_count(whole);
    for (uint64_t from = 0; from < n; from++) {
        sennit_doc *doc = stage_doc(s, 2, "0123456789");

        for (uint64_t known = 1; known <= from; known++) { /* waits, in pieces that overlap */
            s->buf.len = 0;
            assert_ok(sennit_doc_own_delta(whole, known, NULL, &s->buf));
            assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
        }
        doc_catch_up(doc, whole);
        for (uint64_t known = n; known-- > 0;) {
            s->buf.len = 0;
            assert_ok(sennit_doc_own_delta(whole, known, NULL, &s->buf));
            assert_refused(doc, SENNIT_OK,
                           sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL));
        }
        assert_true(doc_agree(doc, whole));
        sennit_doc_free(doc);
        s->docs_len--;
    }
}

/* ---- forks: one thing is changed in what everybody has ---- */

static void fork_time(stage_ops *o) { o->hlc++; }
static void fork_letter(stage_ops *o) { o->text = "hallo"; }
static void fork_last_letter(stage_ops *o) { o->text = "hellO"; }
static void fork_parent(stage_ops *o) { o->ops[0].ref = 8; }
static void fork_parents_author(stage_ops *o)
{
    o->ops[0].ref_replica = 2;
    o->ops[0].ref = 5;
}
static void fork_root(stage_ops *o)
{
    o->ops[0].ref_replica = SN_NO_REPLICA;
    o->ops[0].ref = 0;
}
static void fork_side(stage_ops *o) { o->ops[0].flag = 1; }
static void fork_target(stage_ops *o) { o->ops[1].ref = 3; }
static void fork_direction(stage_ops *o)
{
    o->ops[1].flag = 1;
    o->ops[1].ref = 6;
}
static void fork_length(stage_ops *o) { o->ops[1].len = 1; }
static void fork_kind(stage_ops *o)
{
    o->n = 1;
    o->ops[0] = (sn_op){.kind = SN_DELETE, .n = 1, .len = 1, .ref_replica = 1};
}
static void fork_switch(stage_ops *o) { o->ops[3].flag = 1; }
static void fork_ranges(stage_ops *o)
{
    o->n = 4;
    o->ops[3] = o->ops[2];
    o->ops[2].part = SN_MORE;
    o->ops[3].part = SN_LAST;
    o->ops[2].len = 1;
    o->ops[3].ref = 4;
    o->ops[3].len = 1;
}

static void other_content_under_a_known_id_is_a_fork(void **state)
{
    static void (*const forks[])(stage_ops *o) = {
        fork_time, fork_letter, fork_last_letter, fork_parent, fork_parents_author, fork_root,
        fork_side, fork_target, fork_direction, fork_length, fork_kind,
        fork_switch, fork_ranges,
    };
    stage *s = *state;
    sennit_doc *doc = honest_doc(s);

    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++) {
        stage_ops o = honest;

        forks[i](&o);
        assert_refused(doc, SENNIT_EFORK, stage_apply(s, doc, &o));
        assert_int_equal(s->err.code, SENNIT_EFORK);
    }
}

static void a_fork_is_noticed_before_anything_else_is_done(void **state)
{
    stage *s = *state;
    sennit_doc *doc = honest_doc(s);
    stage_ops o = {.ids = {11}, .ids_len = 1, .hlc = 100, .n = 1, .text = "help him",
                   .ops = {{.kind = SN_INSERT, .n = 8, .ref_replica = SN_NO_REPLICA}}};

    assert_refused(doc, SENNIT_EFORK, stage_apply(s, doc, &o));
    o.number = o.ops[0].number = 3; /* other bytes than those that these operations inserted */
    o.seq = o.ops[0].seq = 4;
    assert_refused(doc, SENNIT_EFORK, stage_apply(s, doc, &o));
}

static void other_numbers_of_bytes_are_a_fork(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789");
    stage_ops o = {.ids = {11, 0}, .ids_len = 2, .hlc = 100, .n = 2, .text = "a",
                   .ops = {{.kind = SN_DELETE, .n = 1, .len = 1, .ref_replica = 1},
                           {.kind = SN_INSERT, .seq = 1, .n = 1, .ref_replica = 1, .ref = 5}}};

    assert_ok(stage_apply(s, doc, &o));
    o.n = o.seq = o.number = 1; /* only the insert, and as its second byte */
    o.ops[0] = o.ops[1];
    o.ops[0].number = 1;
    assert_refused(doc, SENNIT_EFORK, stage_apply(s, doc, &o));
}

/* A replica that was copied and went on in both copies. */
static void copies_that_both_go_on_are_noticed(void **state)
{
    stage *s = *state;
    sennit_doc *one = stage_doc(s, 1, "text"), *two = stage_doc(s, 1, "text");

    assert_ok(sennit_doc_insert(one, 4, "one", 3));
    assert_ok(sennit_doc_insert(two, 4, "two", 3));
    assert_ok(sennit_doc_delta(two, NULL, 0, NULL, &s->buf, NULL));
    assert_refused(one, SENNIT_EFORK,
                   sennit_doc_apply(one, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    assert_int_equal(s->err.code, SENNIT_EFORK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(what_is_known_is_counted_and_changes_nothing),
        STAGE_TEST(a_delta_may_overlap_what_is_known),
        STAGE_TEST(other_content_under_a_known_id_is_a_fork),
        STAGE_TEST(a_fork_is_noticed_before_anything_else_is_done),
        STAGE_TEST(other_numbers_of_bytes_are_a_fork),
        STAGE_TEST(copies_that_both_go_on_are_noticed),
    };

    return RUN_TESTS(tests);
}
