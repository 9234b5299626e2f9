#include "wire/wire.h"

#include "support/checksum.h"
#include "support/stage.h"

#include <string.h>

static void a_delta_is_what_a_version_lacks(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_applied applied;

    assert_ok(sennit_doc_insert(other, 0, "other ", 6));
    doc_catch_up(doc, other);
    doc_version(other, &s->buf);
    assert_ok(sennit_doc_insert(doc, 10, " new", 4));
    assert_ok(sennit_doc_delete(doc, 0, 2));
    sennit_buf delta;
    sennit_buf_init(&delta, NULL);
    assert_ok(sennit_doc_delta(doc, s->buf.data, s->buf.len, NULL, &delta, NULL));
    assert_ok(sennit_doc_apply(other, delta.data, delta.len, NULL, &applied, NULL));
    assert_int_equal(applied.applied, 5);
    assert_int_equal(applied.known + applied.parked + applied.dropped, 0);
    assert_ok(sennit_doc_apply(other, delta.data, delta.len, NULL, &applied, NULL));
    assert_int_equal(applied.applied, 0);
    assert_int_equal(applied.known, 5);
    assert_true(doc_agree(doc, other));
    delta.len = 0;
    doc_version(other, &s->buf);
    assert_ok(sennit_doc_delta(doc, s->buf.data, s->buf.len, NULL, &delta, NULL));
    assert_int_equal(delta.len, 0);
    sennit_buf_clear(&delta);
}

static void the_same_operations_give_the_same_bytes(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_buf again;

    assert_ok(sennit_doc_insert(other, 0, "other ", 6));
    assert_ok(sennit_doc_insert(doc, 2, "doc", 3));
    doc_catch_up(other, doc);
    doc_catch_up(doc, other);
    sennit_buf_init(&again, NULL);
    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, NULL));
    assert_ok(sennit_doc_delta(other, NULL, 0, NULL, &again, NULL));
    assert_true(buf_equal(&s->buf, &again));
    sennit_buf_clear(&again);
}

static void own_operations_are_sent_from_any_number_on(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");

    assert_ok(sennit_doc_own_delta(doc, 0, NULL, &s->buf)); /* none yet */
    assert_int_equal(s->buf.len, 0);
    assert_ok(sennit_doc_insert(doc, 0, "abc", 3));
    assert_ok(sennit_doc_delete(doc, 1, 3));
    assert_ok(sennit_doc_insert(doc, 1, "xyz", 3));
    for (uint64_t from = 0; from < 7; from++) {
        sennit_delta_info info;

        s->buf.len = 0;
        assert_ok(sennit_doc_own_delta(doc, from, NULL, &s->buf));
        assert_ok(sennit_delta_inspect(s->buf.data, s->buf.len, NULL, &info, NULL));
        assert_int_equal(info.operations, s->buf.data[0] < 0x80 && info.inserted_bytes > 0
                                              ? info.inserted_bytes : 7 - from);
        assert_int_equal(info.changes, 1);
    }
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(doc, 7, NULL, &s->buf));
    assert_ok(sennit_doc_own_delta(doc, UINT64_MAX, NULL, &s->buf));
    assert_int_equal(s->buf.len, 0);
}

static void a_version_may_count_into_a_character(void **state)
{
    stage *s = *state;
    uint8_t version[] = {1, 0, 0, 0, 0, 0, 0, 0, 0};
    sennit_doc *doc = stage_doc(s, 1, ""), *other = stage_doc(s, 2, "");
    sennit_delta_info info;

    assert_ok(sennit_doc_insert(doc, 0, "a\xe2\x82\xac" "b", 5));
    doc_catch_up(other, doc);
    for (uint8_t count = 1; count < 5; count++) {
        version[8] = count;
        s->buf.len = 0;
        assert_ok(sennit_doc_delta(doc, version, sizeof version, NULL, &s->buf, NULL));
        assert_ok(sennit_delta_inspect(s->buf.data, s->buf.len, NULL, &info, NULL));
        assert_int_equal(info.operations, count < 4 ? 4 : 1); /* from its start */
        assert_refused(other, SENNIT_OK,
                       sennit_doc_apply(other, s->buf.data, s->buf.len, NULL, NULL, NULL));
    }
}

static void a_delta_is_described_without_being_applied(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    sennit_delta_info info;
    uint8_t lineage[16], none[16] = {0};

    sennit_doc_lineage(doc, lineage);
    assert_ok(sennit_doc_insert(doc, 4, "abc", 3));
    assert_ok(sennit_doc_delete(doc, 0, 5));
    for (unsigned snapshot = 0; snapshot < 2; snapshot++) {
        s->buf.len = 0;
        if (snapshot)
            doc_snapshot(doc, &s->buf);
        else
            assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, NULL));
        assert_ok(sennit_delta_inspect(s->buf.data, s->buf.len, NULL, &info, &s->err));
        assert_memory_equal(info.lineage, lineage, 16);
        assert_int_equal(info.operations, 8);
        assert_int_equal(info.changes, 2);
        assert_int_equal(info.inserted_bytes, 7);
        for (size_t len = 1; len < s->buf.len; len++)
            assert_int_equal(sennit_delta_inspect(s->buf.data, len, NULL, &info, NULL),
                             SENNIT_ECORRUPT);
    }
    assert_ok(sennit_delta_inspect(s->buf.data, 0, NULL, &info, NULL));
    assert_int_equal(info.operations, 0);
    assert_memory_equal(info.lineage, none, 16);
    assert_ok(sennit_doc_apply(doc, s->buf.data, 0, NULL, NULL, NULL)); /* no bytes, no news */
}

/* ---- bytes that are wrong ---- */

static void rewritten(stage *s, sennit_doc *doc, size_t at, uint8_t byte, sennit_status status)
{
    sennit_delta_info info;
    uint8_t was = s->buf.data[at];

    s->buf.data[at] = byte;
    checksum_fix(s->buf.data, s->buf.len);
    assert_refused(doc, status,
                   sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    assert_int_equal(s->err.code, status);
    assert_int_equal(sennit_delta_inspect(s->buf.data, s->buf.len, NULL, &info, NULL), status);
    s->buf.data[at] = was;
    checksum_fix(s->buf.data, s->buf.len);
}

static void wrong_heads_are_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    static const uint8_t shortest[] = {SN_TAG_DELTA, SN_FORMAT, 0, 1, 2, 3};

    assert_ok(sennit_doc_insert(doc, 4, "abc", 3));
    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, NULL));
    rewritten(s, other, 0, 0x90, SENNIT_ECORRUPT);        /* no tag that there is */
    rewritten(s, other, 1, SN_FORMAT + 1, SENNIT_EVERSION);
    rewritten(s, other, 2, 0x82, SENNIT_EVERSION);        /* flags of a later release */
    rewritten(s, other, 2, 0x03, SENNIT_ECORRUPT);        /* with a table */
    for (size_t len = 1; len <= sizeof shortest; len++)
        assert_refused(other, SENNIT_ECORRUPT,
                       sennit_doc_apply(other, shortest, len, NULL, NULL, NULL));
    s->buf.data[s->buf.len - 1] ^= 1; /* the checksum itself */
    assert_refused(other, SENNIT_ECORRUPT,
                   sennit_doc_apply(other, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    assert_int_equal(s->err.pos, s->buf.len - 4);
}

static void text_that_does_not_fit_its_inserts_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, ""), *other = stage_doc(s, 2, "");
    sennit_buf bad;

    assert_ok(sennit_doc_insert(doc, 0, "a\xc3\xa9" "bc", 5));
    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, NULL));
    size_t text = s->buf.len - 4 - 5;
    rewritten(s, other, text + 1, 0xff, SENNIT_ECORRUPT);
    rewritten(s, other, text + 2, 'x', SENNIT_ECORRUPT);
    sennit_buf_init(&bad, NULL); /* one byte less, one more */
    buf_add(&bad, s->buf.data, s->buf.len - 1);
    checksum_fix(bad.data, bad.len);
    assert_refused(other, SENNIT_ECORRUPT,
                   sennit_doc_apply(other, bad.data, bad.len, NULL, NULL, NULL));
    buf_add(&bad, "12", 2);
    checksum_fix(bad.data, bad.len);
    assert_refused(other, SENNIT_ECORRUPT,
                   sennit_doc_apply(other, bad.data, bad.len, NULL, NULL, NULL));
    sennit_buf_clear(&bad);
}

static void a_delta_of_another_document_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "another seed");

    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, NULL));
    assert_refused(other, SENNIT_ELINEAGE,
                   sennit_doc_apply(other, s->buf.data, s->buf.len, NULL, NULL, &s->err));
    assert_int_equal(s->err.code, SENNIT_ELINEAGE);
    doc_snapshot(doc, &s->buf);
    assert_refused(other, SENNIT_ELINEAGE,
                   sennit_doc_apply(other, s->buf.data, s->buf.len, NULL, NULL, &s->err));
}

static void numbers_that_do_not_follow_are_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    stage_ops o = {.ids = {7, 0}, .ids_len = 2, .hlc = 100, .n = 1, .text = "abc",
                   .ops = {{.kind = SN_INSERT, .n = 3, .ref_replica = 1}}};

    assert_ok(stage_apply(s, doc, &o));
    o.seq = o.ops[0].seq = 3;
    o.number = o.ops[0].number = 2; /* but three bytes are there */
    assert_refused(doc, SENNIT_ECORRUPT, stage_apply(s, doc, &o));
    o.number = o.ops[0].number = 3;
    o.hlc = 99; /* back in time */
    assert_refused(doc, SENNIT_ECORRUPT, stage_apply(s, doc, &o));
    o.hlc = 100;
    o.ops[0].ref = 4; /* inside what is not there: waits */
    o.ids[1] = 8;
    assert_ok(stage_apply(s, doc, &o));
    sennit_stat stat;
    sennit_doc_stat(doc, &stat);
    assert_int_equal(stat.parked, 3);
    assert_text(doc, "sabceed");
}

/* ---- lack of memory ---- */

static void deltas_without_memory_change_nothing(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_buf delta;

    assert_ok(sennit_doc_insert(doc, 4, "abc", 3));
    assert_ok(sennit_doc_delete(doc, 1, 2));
    sennit_buf_init(&delta, NULL);
    for (size_t nth = 1;; nth++) {
        s->fm.calls = 0;
        s->fm.fail_at = nth;
        sennit_status st = sennit_doc_delta(doc, NULL, 0, NULL, &delta, &s->err);
        s->fm.fail_at = 0;
        if (st == SENNIT_OK)
            break;
        assert_int_equal(st, SENNIT_ENOMEM);
        assert_int_equal(s->err.code, SENNIT_ENOMEM);
        assert_int_equal(delta.len, 0);
    }
    for (size_t nth = 1;; nth++) {
        doc_state before;

        doc_state_take(&before, other);
        s->fm.calls = 0;
        s->fm.fail_at = nth;
        sennit_status st = sennit_doc_apply(other, delta.data, delta.len, NULL, NULL, &s->err);
        s->fm.fail_at = 0;
        bool same = st == SENNIT_OK || doc_state_same(&before, other);
        doc_state_free(&before);
        if (st == SENNIT_OK)
            break;
        assert_int_equal(st, SENNIT_ENOMEM);
        assert_int_equal(s->err.code, SENNIT_ENOMEM);
        assert_true(same);
    }
    assert_true(doc_agree(doc, other));
    sennit_buf_clear(&delta);
}

static void parts_put_together_are_the_delta(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");
    sennit_doc *third = stage_doc(s, 3, "seed");
    sennit_buf delta, then;
    int parts[2] = {0};

    assert_ok(sennit_doc_insert(other, 0, "written by somebody else, ", 26));
    doc_catch_up(doc, other);
    for (int i = 0; i < 500; i++)
        assert_ok(sennit_doc_insert(doc, 0, "two by two", 2));
    sennit_buf_init(&delta, NULL);
    sennit_buf_init(&then, NULL);
    doc_version(third, &s->buf);
    for (unsigned whose = SENNIT_OTHERS; whose >= SENNIT_OWN; whose--) {
        for (;; parts[whose - 1]++) {
            delta.len = then.len = 0;
            assert_ok(sennit_doc_delta_part(doc, s->buf.data, s->buf.len, whose, 64, &delta, &then));
            if (delta.len == 0)
                break;
            assert_true(delta.len < 256);
            assert_ok(sennit_doc_apply(third, delta.data, delta.len, NULL, NULL, NULL));
            doc_version(third, &s->buf);
            assert_true(buf_equal(&s->buf, &then));
        }
        assert_int_equal(sennit_doc_own_count(doc) == sennit_doc_known(third, 1), whose == SENNIT_OWN);
    }
    assert_true(parts[0] > 1 && parts[1] == 1);
    assert_true(doc_agree(doc, third));
    assert_int_equal(sennit_doc_delta_part(doc, NULL, 0, 0, 64, &delta, &then), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_delta_part(doc, NULL, 0, 4, 64, &delta, &then), SENNIT_EINVAL);
    assert_int_equal(sennit_doc_delta_part(doc, NULL, 0, 1, 0, &delta, &then), SENNIT_EINVAL);
    sennit_buf_clear(&delta);
    sennit_buf_clear(&then);
}

static void only_a_blank_document_adopts_a_lineage(void **state)
{
    stage *s = *state;
    const uint8_t lineage[16] = "any sixteen byte", another[16] = "sixteen byte any";
    uint8_t has[16];
    sennit_doc *doc;

    assert_ok(sennit_doc_new(&s->options, &doc));
    stage_keep(s, doc);
    assert_ok(sennit_doc_adopt(doc, another));
    assert_ok(sennit_doc_begin(doc));
    assert_int_equal(sennit_doc_adopt(doc, lineage), SENNIT_EBUSY);
    assert_ok(sennit_doc_abort(doc));
    assert_ok(sennit_doc_adopt(doc, lineage));
    assert_ok(sennit_doc_insert(doc, 0, "x", 1));
    sennit_doc_lineage(doc, has);
    assert_memory_equal(has, lineage, 16);
    assert_ok(sennit_doc_adopt(doc, lineage));
    assert_int_equal(sennit_doc_adopt(doc, another), SENNIT_ELINEAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_delta_is_what_a_version_lacks),
        STAGE_TEST(the_same_operations_give_the_same_bytes),
        STAGE_TEST(own_operations_are_sent_from_any_number_on),
        STAGE_TEST(parts_put_together_are_the_delta),
        STAGE_TEST(only_a_blank_document_adopts_a_lineage),
        STAGE_TEST(a_version_may_count_into_a_character),
        STAGE_TEST(a_delta_is_described_without_being_applied),
        STAGE_TEST(wrong_heads_are_refused),
        STAGE_TEST(text_that_does_not_fit_its_inserts_is_refused),
        STAGE_TEST(a_delta_of_another_document_is_refused),
        STAGE_TEST(numbers_that_do_not_follow_are_refused),
        STAGE_TEST(deltas_without_memory_change_nothing),
    };

    return RUN_TESTS(tests);
}
