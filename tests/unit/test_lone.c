/* An insert that comes by itself: what is wrong with it is found as in a batch, and one
 * after the other they make the text that they make together. */
#include "core/doc/doc.h"

#include "support/stage.h"

/* A letter of replica 7 behind byte 0 of what was seeded. */
static stage_ops letter(const sennit_doc *doc)
{
    return (stage_ops){.ids = {7, doc->who.replicas[0].id}, .ids_len = 2, .hlc = UINT64_C(5) << 16, .n = 1,
                       .ops = {{.kind = SN_INSERT, .n = 1, .ref_replica = 1}}, .text = "x"};
}

static void it_stands_behind_its_parent(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "ab");
    stage_ops one = letter(doc);

    assert_ok(stage_apply(s, doc, &one));
    assert_text(doc, "axb");
    one.seq = one.number = one.ops[0].number = one.ops[0].seq = 1;
    one.text = "y";
    one.ops[0].flag = 1; /* on its left */
    assert_ok(stage_apply(s, doc, &one));
    assert_text(doc, "yaxb");
}

static void one_that_cuts_a_character_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "\xc3\xa4");
    stage_ops one = letter(doc);

    assert_refused(doc, SENNIT_ECORRUPT, stage_apply(s, doc, &one));
    assert_string_equal(s->err.what, "an operation cuts a character");
}

static void one_that_is_older_than_its_parent_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "ab");
    stage_ops one = letter(doc), older = one;

    assert_ok(stage_apply(s, doc, &one));
    older.ids[0] = 8;
    older.ids[1] = 7;
    older.hlc = one.hlc - 1;
    assert_refused(doc, SENNIT_ECORRUPT, stage_apply(s, doc, &older));
    assert_string_equal(s->err.what, "an operation is not newer than what it names");
    older.hlc = one.hlc; /* the greater id is the newer one */
    assert_ok(stage_apply(s, doc, &older));
    assert_text(doc, "axxb");
}

static void one_that_does_not_follow_its_author_s_last_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "ab");
    stage_ops one = letter(doc), next = one;

    assert_ok(stage_apply(s, doc, &one));
    next.seq = next.ops[0].seq = 1;
    assert_refused(doc, SENNIT_ECORRUPT, stage_apply(s, doc, &next));
    assert_string_equal(s->err.what, "numbers of bytes do not follow the known ones");
    next.number = next.ops[0].number = 1;
    next.hlc = one.hlc - 1;
    assert_refused(doc, SENNIT_ECORRUPT, stage_apply(s, doc, &next));
    assert_string_equal(s->err.what, "a replica's time runs backwards");
}

static void one_by_one_they_make_the_same_text_as_together(void **state)
{
    stage *s = *state;
    sennit_doc *all = stage_doc(s, 1, "seed"), *alone = stage_doc(s, 2, "seed");

    for (uint64_t i = 8; i > 0; i--) {
        sennit_doc *writer = stage_doc(s, 10 + i, "seed");

        for (uint64_t k = 0; k < 6; k++) {
            sennit_doc_set_time(writer, 100000 * (1 + (k + i) / 3)); /* some are of one time */
            assert_ok(sennit_doc_insert(writer, k * i % (4 + k), k % 2 == 0 ? "x" : "y", 1));
            s->buf.len = 0;
            assert_ok(sennit_doc_own_delta(writer, k, NULL, &s->buf));
            assert_ok(sennit_doc_apply(alone, s->buf.data, s->buf.len, NULL, NULL, NULL));
            doc_check(alone);
        }
        doc_catch_up(all, writer);
    }
    assert_true(doc_agree(all, alone));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(it_stands_behind_its_parent),
        STAGE_TEST(one_that_cuts_a_character_is_refused),
        STAGE_TEST(one_that_is_older_than_its_parent_is_refused),
        STAGE_TEST(one_that_does_not_follow_its_author_s_last_is_refused),
        STAGE_TEST(one_by_one_they_make_the_same_text_as_together),
    };

    return RUN_TESTS(tests);
}
