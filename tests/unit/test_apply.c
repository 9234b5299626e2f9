#include "core/doc/doc.h"

#include "support/stage.h"

/* What replica 7 does to "seed" behind its byte `ref`, as operation seq. */
static stage_ops typed(uint32_t seq, uint32_t ref)
{
    return (stage_ops){.ids = {7, 0}, .ids_len = 2, .hlc = 100, .seq = seq, .number = seq, .n = 1,
                       .text = "x",
                       .ops = {{.kind = SN_INSERT, .seq = seq, .number = seq, .n = 1,
                                .ref_replica = 1, .ref = ref}}};
}

static sennit_applied last_applied(stage *s, sennit_doc *doc)
{
    sennit_applied applied;

    assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, &applied, NULL));
    return applied;
}

static void what_waits_is_done_when_its_cause_comes(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    sennit_stat stat;

    for (uint32_t seq = 3; seq > 0; seq--) {
        stage_ops o = typed(seq, 3 - seq);

        assert_refused(doc, SENNIT_ECORRUPT,
                       stage_apply(s, doc, &(stage_ops){.ids = {7}, .ids_len = 1, .hlc = 100,
                           .seq = seq, .number = seq, .n = 1, .text = "x",
                           .ops = {{.kind = SN_INSERT, .seq = seq, .number = seq, .n = 1,
                                    .ref = seq}}})); /* its own future */
        assert_ok(stage_apply(s, doc, &o));
        sennit_doc_stat(doc, &stat);
        assert_int_equal(stat.parked, 4 - seq);
        assert_true(stat.parked_bytes > 0);
        assert_text(doc, "seed");
    }
    stage_ops o = typed(0, 3);
    sennit_doc *scratch = stage_doc(s, 2, "seed");
    assert_ok(stage_apply(s, scratch, &o)); /* leaves the bytes in s->buf */
    sennit_applied applied = last_applied(s, doc);
    assert_int_equal(applied.applied, 4);
    assert_int_equal(applied.parked, 0);
    assert_text(doc, "sxexexdx");
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked + stat.parked_bytes, 0);
}

static void what_waited_in_vain_is_dropped(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *scratch = stage_doc(s, 2, "seed");
    stage_ops bad = typed(1, 0), first = typed(0, 3);

    bad.hlc = 99; /* before its first operation */
    assert_ok(stage_apply(s, doc, &bad));
    assert_ok(stage_apply(s, scratch, &first));
    sennit_applied applied = last_applied(s, doc);
    assert_int_equal(applied.applied, 1);
    assert_int_equal(applied.dropped, 1);
    assert_true(doc_agree(doc, scratch));
}

/* Replica 7's first operation: a letter behind byte `ref` of another replica. */
static stage_ops claim(uint64_t other, uint32_t ref, const char *letter)
{
    return (stage_ops){.ids = {7, other}, .ids_len = 2, .hlc = 100, .n = 1, .text = letter,
                       .ops = {{.kind = SN_INSERT, .n = 1, .ref_replica = 1, .ref = ref}}};
}

/* Replica 9 writes "abc" behind "seed", all at once or one by one. */
static stage_ops letters(uint32_t from, uint32_t n)
{
    return (stage_ops){.ids = {9, 0}, .ids_len = 2, .hlc = 50, .seq = from, .number = from, .n = 1,
                       .text = &"abc"[from],
                       .ops = {{.kind = SN_INSERT, .seq = from, .number = from, .n = n,
                                .ref_replica = from > 0 ? 0 : 1, .ref = from > 0 ? from - 1 : 3}}};
}

static sennit_applied applied_to(stage *s, sennit_doc *doc, const stage_ops *o)
{
    sennit_doc *scratch = stage_doc(s, 99, "seed");

    assert_ok(stage_apply(s, scratch, o)); /* leaves the bytes in s->buf */
    sennit_doc_free(scratch);
    s->docs_len--;
    return last_applied(s, doc);
}

/* Nobody is replica 666, so what names it waits for ever, or until the operation
 * that it claims to be turns out to be another one. */
static void a_made_up_operation_does_not_keep_out_the_real_one(void **state)
{
    stage *s = *state;

    for (unsigned made_up_last = 0; made_up_last < 2; made_up_last++) {
        sennit_doc *doc = stage_doc(s, 1, "seed");
        stage_ops real = claim(9, 1, "R"), made_up = claim(666, 1, "M"), cause = letters(0, 3);
        uint64_t replica, after;
        sennit_stat stat;
        size_t at = 0;

        assert_int_equal(applied_to(s, doc, made_up_last ? &real : &made_up).parked, 1);
        assert_int_equal(applied_to(s, doc, made_up_last ? &made_up : &real).parked, 1);
        sennit_applied a = applied_to(s, doc, &cause);
        assert_int_equal(a.applied, 4);
        assert_int_equal(a.dropped, 1);
        assert_int_equal(a.parked, 0);
        assert_text(doc, "seedabRc");
        sennit_doc_stat(doc, &stat);
        assert_int_equal(stat.parked + stat.parked_bytes, 0);
        assert_int_equal(sennit_doc_next_missing(doc, &at, &replica, &after), 0);
        a = applied_to(s, doc, &real);
        assert_int_equal(a.known, 1);
        assert_refused(doc, SENNIT_EFORK, stage_apply(s, doc, &made_up));
    }
}

/* The true piece goes on where the made up one stops being true. */
static void a_true_beginning_does_not_make_the_rest_true(void **state)
{
    stage *s = *state;

    for (unsigned made_up_last = 0; made_up_last < 2; made_up_last++) {
        sennit_doc *doc = stage_doc(s, 1, "seed");
        stage_ops real = claim(9, 1, "RS"), made_up = claim(9, 1, "RM"), cause = letters(0, 3);

        real.ops[0].n = 2;
        made_up.ids[made_up.ids_len++] = 666;
        made_up.n = 2;
        made_up.ops[0].n = 1;
        made_up.ops[1] = (sn_op){.seq = 1, .number = 1, .n = 1, .ref_replica = 2};
        for (unsigned k = 0; k < 4; k++) { /* each twice */
            const stage_ops *o = k % 2 == made_up_last ? &made_up : &real;

            assert_int_equal(applied_to(s, doc, o).parked, 2);
        }
        sennit_applied a = applied_to(s, doc, &cause);
        assert_int_equal(a.applied, 5);
        assert_in_range(a.dropped, 1, 2); /* all of it, or what was left */
        assert_int_equal(a.parked, 0);
        assert_text(doc, "seedabRSc");
    }
}

/* Deletes one after the other of what comes one after the other. */
static void of_a_run_of_deletes_those_that_can_be_are_done(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    stage_ops run = {.ids = {7, 9}, .ids_len = 2, .hlc = 100, .n = 2, .text = "x",
                     .ops = {{.kind = SN_DELETE, .n = 3, .len = 1, .ref_replica = 1},
                             {.kind = SN_INSERT, .seq = 3, .n = 1, .ref_replica = 1, .ref = 0}}};
    sennit_stat stat;

    for (uint32_t have = 0; have < 3; have++) {
        stage_ops one = letters(have, 1);
        sennit_applied a = applied_to(s, doc, &run);

        assert_int_equal(a.known, have);
        assert_int_equal(a.parked, 4 - have);
        a = applied_to(s, doc, &one);
        assert_int_equal(a.applied, have < 2 ? 2 : 3); /* with what it lets go */
        assert_int_equal(a.parked + a.dropped, 0);
    }
    assert_text(doc, "seedx");
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked + stat.parked_bytes, 0);
}

/* The same run wakes, and memory fails at each place: it is whole next time. */
static void a_run_that_was_cut_without_memory_is_whole_again(void **state)
{
    stage *s = *state;
    stage_ops run = {.ids = {7, 9}, .ids_len = 2, .hlc = 100, .n = 1, .text = "",
                     .ops = {{.kind = SN_DELETE, .n = 3, .len = 1, .ref_replica = 1}}};
    stage_ops two = letters(0, 2), last = letters(2, 1);

    for (size_t nth = 1;; nth++) {
        sennit_doc *doc = stage_doc(s, 1, "seed");

        applied_to(s, doc, &run);
        s->fm.fired = false;
        s->fm.calls = 0;
        s->fm.fail_at = nth;
        sennit_status st = stage_apply(s, doc, &two);
        s->fm.fail_at = 0;
        assert_true(st == SENNIT_OK || (s->fm.fired && st == SENNIT_ENOMEM));
        assert_ok(stage_apply(s, doc, &two));
        applied_to(s, doc, &last);
        assert_text(doc, "seed");
        sennit_doc_free(doc);
        s->docs_len--;
        if (!s->fm.fired)
            break;
    }
}

static void what_wakes_without_memory_still_counts_as_waiting(void **state)
{
    stage *s = *state;
    bool seen = false;

    for (size_t nth = 1; !seen && nth < 100; nth++) {
        sennit_doc *doc = stage_doc(s, 1, "seed"), *scratch = stage_doc(s, 2, "seed");
        stage_ops first = typed(0, 3), second = typed(1, 0);
        sennit_stat stat;

        assert_ok(stage_apply(s, doc, &second));
        assert_ok(stage_apply(s, scratch, &first));
        s->fm.calls = 0;
        s->fm.fail_at = nth;
        sennit_status st = sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, NULL);
        s->fm.fail_at = 0;
        sennit_doc_stat(doc, &stat);
        if (st == SENNIT_OK && stat.parked > 0) {
            seen = true;
            assert_non_null(doc->ready);
            assert_int_equal(stat.parked, 1);
            assert_true(stat.parked_bytes > 0);
            assert_int_equal(last_applied(s, doc).applied, 1); /* the next call goes on */
            assert_null(doc->ready);
            assert_text(doc, "sxeedx");
        }
        sennit_doc_free(doc);
        sennit_doc_free(scratch);
        s->docs_len -= 2;
    }
}

/* More replicas in one delta than are looked up without memory. */
static void a_delta_of_many_without_memory_changes_nothing(void **state)
{
    stage *s = *state;
    sennit_doc *all = stage_doc(s, 1, "seed");

    for (uint64_t id = 10; id < 20; id++) {
        stage_ops o = typed(0, 3);

        o.ids[0] = id;
        assert_ok(stage_apply(s, all, &o));
    }
    s->buf.len = 0;
    assert_ok(sennit_doc_delta(all, NULL, 0, NULL, &s->buf, NULL));
    for (size_t nth = 1;; nth++) {
        sennit_doc *doc = stage_doc(s, 2, "seed");

        doc_state before;
        doc_state_take(&before, doc);
        s->fm.calls = 0;
        s->fm.fail_at = nth;
        sennit_status st = sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err);
        s->fm.fail_at = 0;
        if (st != SENNIT_OK) {
            assert_int_equal(st, SENNIT_ENOMEM);
            assert_int_equal(s->err.code, SENNIT_ENOMEM);
            assert_true(doc_state_same(&before, doc));
        }
        doc_state_free(&before);
        sennit_doc_free(doc);
        s->docs_len--;
        if (st == SENNIT_OK)
            break;
    }
}

static void limits_hold_for_what_comes_from_elsewhere(void **state)
{
    stage *s = *state;
    stage_ops o = typed(0, 3), late = typed(5, 3), other = typed(0, 3);

    s->options.limits.text_bytes = 5;
    s->options.limits.replicas = 2;
    s->options.limits.parked_bytes = 1;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    assert_refused(doc, SENNIT_ELIMIT, stage_apply(s, doc, &late));
    assert_int_equal(s->err.code, SENNIT_ELIMIT);
    assert_ok(stage_apply(s, doc, &o));
    other.ids[0] = 8;
    assert_refused(doc, SENNIT_ELIMIT, stage_apply(s, doc, &other)); /* a third writer */
    o = typed(1, 3);
    assert_refused(doc, SENNIT_ELIMIT, stage_apply(s, doc, &o)); /* a sixth byte */
    assert_text(doc, "seedx");
}

/* Insert before what was inserted last until a leaf is full. */
static void fill_leaf(sennit_doc *doc, const sn_leaf *leaf, bool at_end)
{
    assert_ok(sennit_doc_insert(doc, at_end ? sennit_doc_len(doc) : 0, "c", 1));
    while (leaf->node.n < SN_LEAF)
        assert_ok(sennit_doc_insert(doc, at_end ? sennit_doc_len(doc) - 1 : 0, "c", 1));
}

/* The writer's text with something of others after every fifth byte; its first leaf
 * and its last are full, and no node is spare. */
static sennit_doc *doc_with_full_leaves(stage *s, sennit_doc *writer, size_t len)
{
    sennit_doc *doc = stage_keep(s, doc_new(&s->options));
    const sn_leaf *last;
    char text[4096];

    memset(text, 'a', len);
    assert_ok(sennit_doc_insert(writer, 0, text, len));
    doc_catch_up(doc, writer);
    for (size_t at = 5; at < sennit_doc_len(doc); at += 6)
        assert_ok(sennit_doc_insert(doc, at, "b", 1));
    fill_leaf(doc, doc->tree.first, false);
    for (last = doc->tree.first; last->next != NULL; last = last->next)
        ;
    fill_leaf(doc, last, true);
    sn_tree_trim(&doc->tree);
    return doc;
}

static void a_deletion_has_room_at_both_of_its_ends(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_keep(s, doc_new(&s->options));
    sennit_doc *doc = doc_with_full_leaves(s, writer, 4000);
    size_t len = sennit_doc_len(doc);

    assert_ok(sennit_doc_delete(writer, 2, 3996));
    doc_catch_up(doc, writer);
    doc_check(doc);
    assert_int_equal(sennit_doc_len(doc), len - 3996);
}

/* What comes at the end of a full leaf leaves it full. */
static void a_leaf_has_room_to_split_at_its_end_and_again(void **state)
{
    stage *s = *state;
    sennit_doc *writer = stage_keep(s, doc_new(&s->options));
    sennit_doc *doc = stage_keep(s, doc_new(&s->options));

    sennit_doc_set_time(writer, 1000);
    assert_ok(sennit_doc_insert(writer, 0, "abcd", 4));
    doc_catch_up(doc, writer);
    fill_leaf(doc, doc->tree.first, false);
    sn_tree_trim(&doc->tree);
    sennit_doc_set_time(writer, 900000);
    assert_ok(sennit_doc_insert(writer, 4, "z", 1)); /* of another change: a span of its own */
    assert_ok(sennit_doc_delete(writer, 1, 2));
    doc_catch_up(doc, writer);
    doc_check(doc);
}

/* Deltas under the id of whoever takes them are nobody's fault: a disk was copied. What
 * is typed at once afterwards is in no change before that of the copy. */
static void what_a_copy_wrote_under_the_same_id_ends_the_open_change(void **state)
{
    stage *s = *state;
    sennit_doc *reader = stage_doc(s, 8, "seed"), *doc = stage_doc(s, 7, "seed"), *copy;

    sennit_doc_set_time(doc, 1000);
    assert_ok(sennit_doc_insert(doc, 0, "a", 1));
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_IDENTITY, &s->buf));
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &copy, NULL));
    stage_keep(s, copy);
    sennit_doc_set_time(copy, 900000);
    assert_ok(sennit_doc_insert(copy, 0, "b", 1));
    doc_catch_up(doc, copy);
    for (size_t i = 0; i < 3; i++) /* they name what is older than both */
        assert_ok(sennit_doc_insert(doc, 6 - i, "c", 1));
    assert_text(doc, "basececdc");
    doc_catch_up(reader, doc);
    assert_true(doc_agree(doc, reader));
}

/* Only who copied a disk, or makes things up, names what this replica has yet to do. It is
 * looked at with the next delta, whatever that brings. */
static void what_waits_for_own_operations_is_done_after_them(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 7, "seed"), *other = stage_doc(s, 9, "seed");
    stage_ops named = {.ids = {8, 7}, .ids_len = 2, .hlc = UINT64_MAX >> 8, .n = 1, .text = "x",
                       .ops = {{.kind = SN_INSERT, .n = 1, .ref_replica = 1, .ref = 0}}};
    stage_ops claimed = {.ids = {7, 0}, .ids_len = 2, .hlc = UINT64_MAX >> 8, .seq = 1, .number = 1,
                         .n = 1, .text = "y",
                         .ops = {{.kind = SN_INSERT, .seq = 1, .number = 1, .n = 1, .ref_replica = 1,
                                  .ref = 3}}};
    sennit_stat stat;

    assert_ok(stage_apply(s, doc, &named));
    assert_ok(stage_apply(s, doc, &claimed));
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked, 2);
    assert_ok(sennit_doc_insert(doc, 4, "a", 1));
    assert_ok(sennit_doc_insert(doc, 0, "b", 1));
    assert_text(doc, "bseeda");
    assert_ok(sennit_doc_insert(other, 2, "-", 1));
    doc_catch_up(doc, other);
    assert_text(doc, "bse-edax");
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked + stat.parked_bytes, 0);
}

/* Bob typed in Ann's text and Cat in Bob's, and Ann's is not here: hers is asked for,
 * and not Bob's, which waits as well. */
static void only_what_nobody_has_sent_is_missing(void **state)
{
    stage *s = *state;
    sennit_doc *ann = stage_doc(s, 5, "seed"), *bob = stage_doc(s, 6, "seed");
    sennit_doc *cat = stage_doc(s, 7, "seed"), *doc = stage_doc(s, 8, "seed");
    uint64_t replica, after;
    size_t at = 0, asked = 0;

    assert_ok(sennit_doc_insert(ann, 4, "ann", 3));
    doc_catch_up(bob, ann);
    assert_ok(sennit_doc_insert(bob, 6, "bob", 3));
    doc_catch_up(cat, bob);
    assert_ok(sennit_doc_insert(cat, 8, "cat", 3));
    for (unsigned i = 0; i < 2; i++) {
        s->buf.len = 0;
        assert_ok(sennit_doc_own_delta(i ? bob : cat, 0, NULL, &s->buf));
        assert_ok(sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    }
    while (sennit_doc_next_missing(doc, &at, &replica, &after) == 1) {
        assert_int_equal(replica, 5);
        assert_int_equal(after, 0);
        asked++;
    }
    assert_int_equal(asked, 1);
    doc_catch_up(doc, ann);
    assert_true(doc_agree(doc, cat));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(what_waits_is_done_when_its_cause_comes),
        STAGE_TEST(what_waited_in_vain_is_dropped),
        STAGE_TEST(a_made_up_operation_does_not_keep_out_the_real_one),
        STAGE_TEST(a_true_beginning_does_not_make_the_rest_true),
        STAGE_TEST(of_a_run_of_deletes_those_that_can_be_are_done),
        STAGE_TEST(a_run_that_was_cut_without_memory_is_whole_again),
        STAGE_TEST(what_wakes_without_memory_still_counts_as_waiting),
        STAGE_TEST(a_delta_of_many_without_memory_changes_nothing),
        STAGE_TEST(a_deletion_has_room_at_both_of_its_ends),
        STAGE_TEST(a_leaf_has_room_to_split_at_its_end_and_again),
        STAGE_TEST(limits_hold_for_what_comes_from_elsewhere),
        STAGE_TEST(what_waits_for_own_operations_is_done_after_them),
        STAGE_TEST(what_a_copy_wrote_under_the_same_id_ends_the_open_change),
        STAGE_TEST(only_what_nobody_has_sent_is_missing),
    };

    return RUN_TESTS(tests);
}
