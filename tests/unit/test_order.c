#include "core/doc/doc.h"

#include "support/stage.h"

/* Two who type at one place without knowing of each other. */
static void type_both(sennit_doc *a, size_t pos_a, const char *text_a, sennit_doc *b, size_t pos_b,
                      const char *text_b)
{
    for (size_t i = 0; text_a[i] != '\0'; i++)
        assert_ok(sennit_doc_insert(a, pos_a + i, &text_a[i], 1));
    for (size_t i = 0; text_b[i] != '\0'; i++)
        assert_ok(sennit_doc_insert(b, pos_b + i, &text_b[i], 1));
    doc_catch_up(a, b);
    doc_catch_up(b, a);
    assert_true(doc_agree(a, b));
}

static void behind_a_byte_the_newest_comes_first(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, "x"), *b = stage_doc(s, 2, "x");

    sennit_doc_set_time(a, 2000);
    sennit_doc_set_time(b, 1000);
    type_both(a, 1, "new", b, 1, "old");
    assert_text(a, "xnewold");
}

static void before_a_byte_the_oldest_comes_first(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, "xy"), *b = stage_doc(s, 2, "xy");

    sennit_doc_set_time(a, 2000);
    sennit_doc_set_time(b, 1000);
    type_both(a, 1, "new", b, 1, "old");
    assert_text(a, "xoldnewy");
}

static void at_one_time_the_greater_id_is_newer(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 9, "x"), *b = stage_doc(s, 2, "x");

    type_both(a, 1, "nine", b, 1, "two");
    assert_text(a, "xninetwo");
}

static void the_start_of_an_empty_document_is_a_place_behind(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 9, ""), *b = stage_doc(s, 2, "");

    type_both(a, 0, "nine", b, 0, "two");
    assert_text(a, "ninetwo");
}

/* Each letter before the one typed last: words stay whole all the same. */
static void words_typed_backwards_do_not_mix(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, "<>"), *b = stage_doc(s, 2, "<>");

    for (unsigned i = 0; i < 5; i++) {
        assert_ok(sennit_doc_insert(a, 1, &"olleh"[i], 1));
        assert_ok(sennit_doc_insert(b, 1, &"dlrow"[i], 1));
    }
    doc_catch_up(a, b);
    doc_catch_up(b, a);
    assert_true(doc_agree(a, b));
    assert_text(a, "<helloworld>");
}

static void what_goes_where_text_was_deleted_stays_between_its_neighbours(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, "abcdef"), *b = stage_doc(s, 2, "abcdef");

    assert_ok(sennit_doc_delete(a, 1, 4));
    assert_ok(sennit_doc_insert(a, 1, "-", 1));
    assert_ok(sennit_doc_insert(b, 3, "+", 1));
    doc_catch_up(a, b);
    doc_catch_up(b, a);
    assert_true(doc_agree(a, b));
    assert_text(a, "a-+f");
}

/* Many at one place, so that the search goes over many leaves. */
static void hundreds_at_one_place_are_in_the_order_of_their_keys(void **state)
{
    stage *s = *state;
    sennit_doc *all = stage_doc(s, 1000, "[]"), *behind = stage_doc(s, 1000, "[");

    for (uint64_t id = 1; id <= 200; id++) {
        uint64_t hlc = 77 * id % 211; /* in no order, and no two are the same */
        char letters[2] = {(char)('a' + hlc % 26), '\0'};

        assert_ok(stage_apply(s, all, &(stage_ops){
            .ids = {id, 0}, .ids_len = 2, .hlc = hlc + 2, .n = 1, .text = letters,
            .ops = {{.kind = SN_INSERT, .flag = 1, .n = 1, .ref_replica = 1, .ref = 1}}}));
        assert_ok(stage_apply(s, behind, &(stage_ops){
            .ids = {id, 0}, .ids_len = 2, .hlc = hlc + 2, .n = 1, .text = letters,
            .ops = {{.kind = SN_INSERT, .n = 1, .ref_replica = 1, .ref = 0}}}));
    }
    for (unsigned way = 0; way < 2; way++) {
        sennit_doc *doc = way ? behind : all;
        uint64_t last = way ? UINT64_MAX : 1;

        doc_check(doc);
        assert_int_equal(sennit_doc_len(doc), way ? 201 : 202);
        sn_place p = sn_tree_next(sn_tree_from(doc->tree.first, 0));
        for (unsigned i = 0; i < 200; i++, p = sn_tree_next(p)) {
            uint64_t hlc = doc->who.times[sn_place_span(&p)->change];

            assert_true(way ? hlc < last : hlc > last);
            last = hlc;
        }
    }
}

static void the_parent_of_a_place_is_the_byte_before_or_what_follows(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "abc");
    sn_parent p = sn_order_parent(&doc->tree, (sn_place){NULL, 0, 0});

    assert_true(p.left && p.byte.leaf == doc->tree.first && p.byte.off == 0); /* before a */
    assert_int_equal(sn_parent_change(&p), sn_place_span(&p.byte)->change);
    p = sn_order_parent(&doc->tree, (sn_place){doc->tree.first, 0, 0});
    assert_true(p.left && p.byte.off == 1); /* behind a, that is before b */
    p = sn_order_parent(&doc->tree, (sn_place){doc->tree.first, 0, 2});
    assert_true(!p.left && p.byte.off == 2); /* behind c */
    assert_ok(sennit_doc_insert(doc, 3, "d", 1));
    p = sn_order_parent(&doc->tree, (sn_place){doc->tree.first, 0, 2});
    assert_true(p.left && p.byte.i == 1); /* c has a right child by now */
    doc = stage_doc(s, 1, "");
    p = sn_order_parent(&doc->tree, (sn_place){NULL, 0, 0});
    assert_true(!p.left && p.byte.leaf == NULL); /* the root */
    assert_int_equal(sn_parent_change(&p), SN_ROOT_CHANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(behind_a_byte_the_newest_comes_first),
        STAGE_TEST(before_a_byte_the_oldest_comes_first),
        STAGE_TEST(at_one_time_the_greater_id_is_newer),
        STAGE_TEST(the_start_of_an_empty_document_is_a_place_behind),
        STAGE_TEST(words_typed_backwards_do_not_mix),
        STAGE_TEST(what_goes_where_text_was_deleted_stays_between_its_neighbours),
        STAGE_TEST(hundreds_at_one_place_are_in_the_order_of_their_keys),
        STAGE_TEST(the_parent_of_a_place_is_the_byte_before_or_what_follows),
    };

    return RUN_TESTS(tests);
}
