/* Operations told relative to the one before: the same as if told in full. */
#include "core/doc/doc.h"
#include "core/merge/apply.h"

#include "support/stage.h"

#define SEED "seed \xe2\x82\xac text"

typedef struct both {
    sennit_doc *full, *relative; /* who are told in one way or the other */
} both;

static both both_of(stage *s)
{
    both b = {stage_doc(s, 8, SEED), stage_doc(s, 9, SEED)};

    for (unsigned i = 0; i < 2; i++) /* the first operation of 5; there is none before it */
        assert_ok(stage_apply(s, i ? b.full : b.relative, &(stage_ops){
            .ids = {5, 0}, .ids_len = 2, .hlc = 100 << 16, .n = 1, .text = "ab\xc3\xa9" "cd",
            .ops = {{.kind = SN_INSERT, .n = 6, .ref_replica = 1, .ref = 3}}}));
    return b;
}

/* A relative operation of replica 5; ref_replica of op: 0 itself, 1 nobody. */
static sennit_status tell(stage *s, sennit_doc *doc, sn_relative how, uint32_t seq, sn_op op,
                          const char *text)
{
    uint64_t ids[2] = {5, op.ref_replica == 1 ? 0 : 5};
    sn_segment segment = {.seq = seq, .n = 1, .text = (const uint8_t *)text, .relative = how,
                          .same_change = true};
    sn_batch batch = {.ids = ids, .segments = &segment, .ops = &op, .ids_len = 2,
                      .segments_len = 1, .ops_len = 1};
    sennit_applied applied;

    op.seq = seq;
    op.n = op.n > 0 ? op.n : 1;
    return sn_doc_apply_batch(doc, &batch, &applied, &s->err);
}

/* The same in full. */
static void full(stage *s, both *b, uint32_t seq, uint32_t number, sn_op op, const char *text)
{
    op.seq = seq;
    op.number = number;
    assert_ok(stage_apply(s, b->full, &(stage_ops){.ids = {5, 0}, .ids_len = 2, .hlc = 100 << 16,
                                                   .seq = seq, .number = number, .n = 1,
                                                   .ops = {op}, .text = text}));
    assert_true(doc_agree(b->full, b->relative));
}

static void each_way_of_telling_means_what_it_says(void **state)
{
    stage *s = *state;
    both b = both_of(s);
    sn_op insert = {.kind = SN_INSERT, .n = 1}, one = {.kind = SN_DELETE, .n = 1, .len = 1};
    sn_op two = {.kind = SN_DELETE, .n = 1, .len = 2}, op;

    assert_ok(tell(s, b.relative, SN_BACK, 6, one, NULL)); /* d */
    op = one;
    op.ref = 5;
    full(s, &b, 6, 6, op, NULL);
    assert_ok(tell(s, b.relative, SN_BACK, 7, one, NULL)); /* c */
    op.ref = 4;
    full(s, &b, 7, 6, op, NULL);
    assert_ok(tell(s, b.relative, SN_BACK, 8, two, NULL)); /* two bytes */
    op = two;
    op.ref = 2;
    full(s, &b, 8, 6, op, NULL);
    assert_ok(tell(s, b.relative, SN_TYPED, 9, insert, "x")); /* behind its last byte */
    op = insert;
    op.ref = 5;
    full(s, &b, 9, 6, op, "x");
    op = (sn_op){.kind = SN_DELETE, .n = 1, .len = 1, .ref_replica = 1, .ref = 0};
    assert_ok(tell(s, b.relative, SN_AT, 10, op, NULL)); /* another's */
    full(s, &b, 10, 7, op, NULL);
    assert_ok(tell(s, b.relative, SN_FORTH, 11, two, NULL)); /* what follows that */
    op.ref = 1;
    op.len = 2;
    full(s, &b, 11, 7, op, NULL);
    op = (sn_op){.kind = SN_INSERT, .flag = 1, .n = 1, .ref_replica = 1, .ref = 4};
    assert_ok(tell(s, b.relative, SN_AT, 12, op, "<"));
    full(s, &b, 12, 7, op, "<");
}

static void what_leads_nowhere_is_refused(void **state)
{
    stage *s = *state;
    both b = both_of(s);
    sn_op one = {.kind = SN_DELETE, .n = 1, .len = 1}, seven = {.kind = SN_DELETE, .n = 1, .len = 7};

    assert_refused(b.full, SENNIT_ECORRUPT, tell(s, b.full, SN_FORTH, 6, one, NULL));
    assert_refused(b.full, SENNIT_ECORRUPT, tell(s, b.full, SN_BACK, 6, seven, NULL));
    assert_refused(b.full, SENNIT_ECORRUPT, /* half a character */
                   tell(s, b.full, SN_AT, 6, (sn_op){.kind = SN_DELETE, .len = 1, .ref = 3}, NULL));
    for (uint32_t i = 0; i < 2; i++) /* replica 6 has only deleted: nothing typed, then several */
        assert_ok(stage_apply(s, b.full, &(stage_ops){
            .ids = {6, 0}, .ids_len = 2, .hlc = 100 << 16, .seq = i, .n = 1 + i,
            .ops = {{.kind = SN_DELETE, .part = i ? SN_MORE : SN_WHOLE, .seq = i, .n = 1, .len = 1,
                     .ref_replica = 1, .ref = i},
                    {.kind = SN_DELETE, .part = SN_LAST, .seq = i, .n = 1, .len = 1,
                     .ref_replica = 1, .ref = 3}}}));
    uint64_t ids[2] = {6, 6};
    for (unsigned i = 0; i < 3; i++) {
        static const sn_relative how[] = {SN_TYPED, SN_BACK, SN_FORTH};
        sn_op op = {.kind = i == 0 ? SN_INSERT : SN_DELETE, .seq = 2, .n = 1, .len = i > 0};
        sn_segment segment = {.seq = 2, .n = 1, .relative = how[i], .same_change = true,
                              .text = (const uint8_t *)"x"};
        sn_batch batch = {.ids = ids, .segments = &segment, .ops = &op, .ids_len = 2,
                          .segments_len = 1, .ops_len = 1};
        sennit_applied applied;

        assert_refused(b.full, SENNIT_ECORRUPT, sn_doc_apply_batch(b.full, &batch, &applied, NULL));
    }
}

/* Told before the operation it is relative to, it waits for that. */
static void what_comes_early_waits(void **state)
{
    stage *s = *state;
    both b = both_of(s);
    sn_op one = {.kind = SN_DELETE, .n = 1, .len = 1}, op;
    sennit_stat stat;

    assert_ok(tell(s, b.relative, SN_BACK, 7, one, NULL));
    assert_ok(tell(s, b.relative, SN_TYPED, 8, (sn_op){.kind = SN_INSERT, .n = 1}, "x"));
    sennit_doc_stat(b.relative, &stat);
    assert_int_equal(stat.parked, 2);
    assert_ok(tell(s, b.relative, SN_BACK, 6, one, NULL));
    sennit_doc_stat(b.relative, &stat);
    assert_int_equal(stat.parked, 0);
    for (uint32_t i = 0; i < 2; i++) {
        op = one;
        op.ref = 5 - i;
        op.seq = 6 + i;
        op.number = 6;
        assert_ok(stage_apply(s, b.full, &(stage_ops){.ids = {5}, .ids_len = 1, .hlc = 100 << 16,
                                                      .seq = 6 + i, .number = 6, .n = 1,
                                                      .ops = {op}}));
    }
    full(s, &b, 8, 6, (sn_op){.kind = SN_INSERT, .n = 1, .ref = 5}, "x");
}

/* Told again after others, it is the operation that is known. */
static void what_is_known_is_recognized(void **state)
{
    stage *s = *state;
    both b = both_of(s);
    sn_op one = {.kind = SN_DELETE, .n = 1, .len = 1};

    assert_ok(tell(s, b.relative, SN_BACK, 6, one, NULL));
    assert_ok(tell(s, b.relative, SN_BACK, 7, one, NULL));
    assert_ok(tell(s, b.relative, SN_TYPED, 8, (sn_op){.kind = SN_INSERT, .n = 1}, "x"));
    assert_refused(b.relative, SENNIT_OK, tell(s, b.relative, SN_BACK, 7, one, NULL));
    assert_refused(b.relative, SENNIT_OK, tell(s, b.relative, SN_BACK, 6, one, NULL));
    assert_refused(b.relative, SENNIT_OK,
                   tell(s, b.relative, SN_TYPED, 1, (sn_op){.kind = SN_INSERT, .n = 1}, "b"));
    assert_refused(b.relative, SENNIT_EFORK,
                   tell(s, b.relative, SN_TYPED, 1, (sn_op){.kind = SN_INSERT, .n = 1}, "B"));
    assert_refused(b.relative, SENNIT_EFORK,
                   tell(s, b.relative, SN_AT, 7,
                        (sn_op){.kind = SN_DELETE, .len = 1, .ref_replica = 1}, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(each_way_of_telling_means_what_it_says),
        STAGE_TEST(what_leads_nowhere_is_refused),
        STAGE_TEST(what_comes_early_waits),
        STAGE_TEST(what_is_known_is_recognized),
    };

    return RUN_TESTS(tests);
}
