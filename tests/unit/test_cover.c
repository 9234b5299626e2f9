#include "core/doc/doc.h"

#include "support/stage.h"

/* Deletes in "0123456789" by replicas 11, 12, ...: from, to. */
static void gone(stage *s, sennit_doc *doc, uint64_t id, uint32_t from, uint32_t to)
{
    assert_ok(stage_apply(s, doc, &(stage_ops){
        .ids = {id, 0}, .ids_len = 2, .hlc = 100 + id, .n = 1,
        .ops = {{.kind = SN_DELETE, .n = 1, .len = to - from, .ref_replica = 1, .ref = from}}}));
    doc_check(doc);
}

/* Replica 99 switches the first delete of another on or off; each has the next seq. */
static void flip(stage *s, sennit_doc *doc, uint64_t id, uint32_t seq, bool on)
{
    assert_ok(stage_apply(s, doc, &(stage_ops){
        .ids = {99, id}, .ids_len = 2, .hlc = 1000, .seq = seq, .n = 1,
        .ops = {{.kind = SN_TOGGLE, .flag = on, .seq = seq, .n = 1, .ref_replica = 1}}}));
    doc_check(doc);
}

/* How many deletes cover a seeded byte beyond the first. */
static uint32_t extra(sennit_doc *doc, uint32_t number)
{
    if (doc->cover.root == NULL)
        return 0;
    sn_map_at at = sn_map_floor(&doc->cover, number); /* nobody's index is 0 */

    return at.leaf == NULL ? 0 : at.leaf->value[at.i];
}

static void assert_extra(sennit_doc *doc, const char *want)
{
    for (uint32_t i = 0; want[i] != '\0'; i++)
        assert_int_equal(extra(doc, i), want[i] - '0');
}

static void deletes_that_overlap_are_counted(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789");

    gone(s, doc, 11, 2, 6);
    assert_extra(doc, "0000000000");
    gone(s, doc, 12, 4, 8);
    assert_extra(doc, "0000110000");
    gone(s, doc, 13, 5, 6);
    assert_extra(doc, "0000120000");
    gone(s, doc, 14, 0, 10);
    assert_extra(doc, "0011231100");
    assert_text(doc, "");
}

static void a_delete_switched_off_brings_back_what_no_other_covers(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789");

    gone(s, doc, 11, 2, 6);
    gone(s, doc, 12, 4, 8);
    flip(s, doc, 11, 0, false);
    assert_text(doc, "012389");
    assert_extra(doc, "0000000000");
    flip(s, doc, 12, 1, false);
    assert_text(doc, "0123456789");
    flip(s, doc, 12, 2, true);
    assert_text(doc, "012389");
    flip(s, doc, 12, 3, true); /* it is on */
    assert_text(doc, "012389");
    flip(s, doc, 11, 4, true);
    assert_text(doc, "0189");
    assert_extra(doc, "0000110000");
}

static void brought_back_text_has_patches(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789");
    sennit_patch p;

    gone(s, doc, 11, 2, 6);
    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    flip(s, doc, 11, 0, false);
    assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
    assert_int_equal(p.pos, 2);
    assert_int_equal(p.inserted, 4);
    assert_memory_equal(p.text, "2345", 4);
    assert_int_equal(p.replica, 99);
    assert_int_equal(p.local, 0);
}

/* Toggles of one delete by many: the greatest key decides, whenever it comes. */
static void the_newest_toggle_decides_in_any_order(void **state)
{
    stage *s = *state;
    static const struct {
        uint64_t id, hlc;
        bool on;
    } toggles[] = {{20, 500, true}, {21, 501, false}, {22, 501, true}, {23, 499, false}};

    for (unsigned order = 0; order < 24; order++) {
        unsigned left[4] = {0, 1, 2, 3}, rest = order;
        sennit_doc *doc = stage_doc(s, 1, "0123456789");

        gone(s, doc, 11, 2, 6);
        for (unsigned n = 4; n > 0; n--) {
            unsigned pick = rest % n, i = left[pick];

            rest /= n;
            left[pick] = left[n - 1];
            assert_ok(stage_apply(s, doc, &(stage_ops){
                .ids = {toggles[i].id, 11}, .ids_len = 2, .hlc = toggles[i].hlc, .n = 1,
                .ops = {{.kind = SN_TOGGLE, .flag = toggles[i].on, .n = 1, .ref_replica = 1}}}));
            doc_check(doc);
        }
        assert_text(doc, "016789");
        sennit_doc_free(doc);
        s->docs_len--;
    }
}

static void a_delete_of_many_ranges_is_switched_as_one(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789");

    assert_ok(stage_apply(s, doc, &(stage_ops){
        .ids = {11, 0}, .ids_len = 2, .hlc = 100, .n = 3,
        .ops = {{.kind = SN_DELETE, .part = SN_MORE, .n = 1, .len = 2, .ref_replica = 1, .ref = 7},
                {.kind = SN_DELETE, .part = SN_MORE, .n = 1, .len = 1, .ref_replica = 1, .ref = 0},
                {.kind = SN_DELETE, .part = SN_LAST, .n = 1, .len = 2, .ref_replica = 1, .ref = 3}}}));
    assert_text(doc, "12569");
    flip(s, doc, 11, 0, false);
    assert_text(doc, "0123456789");
    flip(s, doc, 11, 1, true);
    assert_text(doc, "12569");
}

static void one_of_a_run_of_deletes_is_switched_alone(void **state)
{
    stage *s = *state;

    for (unsigned down = 0; down < 2; down++) {
        sennit_doc *doc = stage_doc(s, 1, "0123456789");

        assert_ok(stage_apply(s, doc, &(stage_ops){
            .ids = {11, 0}, .ids_len = 2, .hlc = 100, .n = 1,
            .ops = {{.kind = SN_DELETE, .flag = (uint8_t)down, .n = 3, .len = 2, .ref_replica = 1,
                     .ref = down ? 6 : 2}}}));
        assert_text(doc, "0189");
        for (uint32_t i = 0; i < 3; i++)
            assert_ok(stage_apply(s, doc, &(stage_ops){
                .ids = {99, 11}, .ids_len = 2, .hlc = 1000, .seq = i, .n = 1,
                .ops = {{.kind = SN_TOGGLE, .flag = i == 1, .seq = i, .n = 1, .ref_replica = 1,
                         .ref = i}}}));
        assert_text(doc, "01236789"); /* the first and the last of them came back */
    }
}

/* What is read from a snapshot has counted the same. */
static void covers_survive_saving(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "0123456789"), *copy;

    gone(s, doc, 11, 2, 6);
    gone(s, doc, 12, 4, 8);
    gone(s, doc, 13, 1, 5);
    flip(s, doc, 12, 0, false);
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &copy, NULL));
    stage_keep(s, copy);
    assert_true(doc_agree(doc, copy));
    assert_extra(doc, "0011100000");
    assert_extra(copy, "0011100000");
    flip(s, copy, 12, 1, true);
    flip(s, copy, 11, 2, false);
    assert_text(copy, "089");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(deletes_that_overlap_are_counted),
        STAGE_TEST(a_delete_switched_off_brings_back_what_no_other_covers),
        STAGE_TEST(brought_back_text_has_patches),
        STAGE_TEST(the_newest_toggle_decides_in_any_order),
        STAGE_TEST(a_delete_of_many_ranges_is_switched_as_one),
        STAGE_TEST(one_of_a_run_of_deletes_is_switched_alone),
        STAGE_TEST(covers_survive_saving),
    };

    return RUN_TESTS(tests);
}
