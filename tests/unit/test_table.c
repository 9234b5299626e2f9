#include "wire/wire.h"

#include "support/stage.h"

static uint64_t id_of(uint32_t i)
{
    return UINT64_C(0x1000000000000000) + i;
}

/* Write ids over one table and read them over another, as one delta each. */
static size_t pass(sennit_table *out, sennit_table *in, uint32_t i)
{
    uint8_t bytes[SN_VARINT_MAX + 8];
    uint32_t fresh = 0;
    uint64_t id = 0, fresh_ids[1];

    assert_ok(sn_table_reserve(out, 1));
    size_t len = (size_t)(sn_table_put(out, bytes, id_of(i)) - bytes);
    sn_reader r = sn_reader_of(bytes, len);
    assert_ok(sn_table_read(in, &r, fresh_ids, &fresh, &id, NULL));
    assert_int_equal(sn_left(&r), 0);
    assert_true(id == id_of(i));
    if (fresh > 0) { /* as whoever applied the delta does */
        assert_ok(sn_table_reserve(in, 1));
        in->ids[in->len++] = id;
    }
    return len;
}

static sennit_table *table_of(stage *s)
{
    sennit_table *table;

    assert_ok(sennit_table_new(&s->alloc, &table));
    return table;
}

static void an_id_takes_one_byte_from_the_second_time_on(void **state)
{
    stage *s = *state;
    sennit_table *out = table_of(s), *in = table_of(s);

    for (uint32_t i = 0; i < SN_TABLE_MAX; i++)
        assert_int_equal(pass(out, in, i), 9);
    for (uint32_t i = 0; i < SN_TABLE_MAX; i++)
        assert_int_equal(pass(out, in, SN_TABLE_MAX - 1 - i), 1);
    sennit_table_free(out);
    sennit_table_free(in);
}

static void ids_beyond_what_a_table_holds_stay_long(void **state)
{
    stage *s = *state;
    sennit_table *out = table_of(s), *in = table_of(s);

    for (unsigned twice = 0; twice < 2; twice++)
        for (uint32_t i = 0; i < 300; i++)
            assert_int_equal(pass(out, in, i), twice && i < SN_TABLE_MAX ? 1 : 9);
    assert_int_equal(out->len, SN_TABLE_MAX);
    assert_int_equal(in->len, SN_TABLE_MAX);
    sennit_table_free(out);
    sennit_table_free(in);
}

static void without_a_table_an_id_is_its_eight_bytes(void **state)
{
    (void)state;
    uint8_t bytes[8];
    uint64_t id = 0;
    uint32_t fresh = 0;

    assert_int_equal(sn_table_put(NULL, bytes, id_of(5)) - bytes, 8);
    sn_reader r = sn_reader_of(bytes, 8);
    assert_ok(sn_table_read(NULL, &r, NULL, &fresh, &id, NULL));
    assert_true(id == id_of(5) && fresh == 0);
    assert_ok(sn_table_reserve(NULL, 100));
}

static void a_name_that_is_none_is_refused(void **state)
{
    stage *s = *state;
    sennit_table *table = table_of(s);
    uint32_t fresh = 0;
    uint64_t id;

    sn_reader r = sn_reader_of("\1", 1); /* skips one */
    assert_int_equal(sn_table_read(table, &r, NULL, &fresh, &id, &s->err), SENNIT_ECORRUPT);
    r = sn_reader_of("\0\1\2\3", 4); /* cut */
    assert_int_equal(sn_table_read(table, &r, NULL, &fresh, &id, &s->err), SENNIT_ECORRUPT);
    assert_int_equal(fresh, 0);
    assert_int_equal(sennit_table_new(NULL, NULL), SENNIT_EINVAL);
    sennit_table_free(table);
    sennit_table_free(NULL);
}

/* Also one that the same delta has brought, and in a full table. */
static void an_id_in_full_that_the_table_holds_is_refused(void **state)
{
    stage *s = *state;
    sennit_table *out = table_of(s), *in = table_of(s);
    uint8_t bytes[SN_VARINT_MAX + 8];
    uint64_t fresh_ids[1], id;
    uint32_t fresh = 0;

    for (uint32_t i = 0; i < SN_TABLE_MAX; i++) {
        pass(out, in, i);
        for (uint32_t k = 0; k < i; k += 9) {
            sn_put_u64(sn_put_varint(bytes, in->len), id_of(k));
            sn_reader r = sn_reader_of(bytes, 9);
            assert_int_equal(sn_table_read(in, &r, NULL, &fresh, &id, &s->err), SENNIT_ECORRUPT);
            assert_int_equal(s->err.pos, 1);
            assert_int_equal(fresh, 0);
        }
    }
    in->len = 5;
    for (unsigned twice = 0; twice < 2; twice++) {
        sn_put_u64(sn_put_varint(bytes, in->len + twice), id_of(7));
        sn_reader r = sn_reader_of(bytes, 9);
        assert_int_equal(sn_table_read(in, &r, fresh_ids, &fresh, &id, &s->err),
                         twice ? SENNIT_ECORRUPT : SENNIT_OK);
        fresh_ids[0] = id;
        assert_int_equal(fresh, 1);
    }
    sennit_table_free(out);
    sennit_table_free(in);
}

/* Many writers in one delta over a connection. */
static void a_delta_of_more_writers_than_a_table_holds_is_understood(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text"), *far = stage_doc(s, 2, "text");
    sennit_table *out = table_of(s), *in = table_of(s);
    size_t first = 0;

    for (uint32_t i = 0; i < 200; i++)
        assert_ok(stage_apply(s, doc, &(stage_ops){
            .ids = {id_of(i), 0}, .ids_len = 2, .hlc = 10, .n = 1, .text = "x",
            .ops = {{.kind = SN_INSERT, .n = 1, .ref_replica = 1, .ref = 3}}}));
    for (unsigned round = 0; round < 3; round++) {
        s->buf.len = 0;
        assert_ok(sennit_doc_delta(doc, NULL, 0, out, &s->buf, NULL));
        sennit_delta_info info;
        assert_ok(sennit_delta_inspect(s->buf.data, s->buf.len, in, &info, NULL));
        assert_int_equal(info.changes, 201);
        assert_ok(sennit_doc_apply(far, s->buf.data, s->buf.len, in, NULL, NULL));
        assert_true(doc_agree(doc, far));
        if (round == 0)
            first = s->buf.len;
        else
            assert_true(s->buf.len + 8 * SN_TABLE_MAX == first);
    }
    sennit_table_free(out);
    sennit_table_free(in);
}

static void a_delta_is_refused_without_the_table_it_was_made_with(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text"), *far = stage_doc(s, 2, "text");
    sennit_table *table = table_of(s), *other = table_of(s);
    sennit_delta_info info;

    assert_ok(sennit_doc_insert(doc, 0, "one", 3));
    for (unsigned shorter = 0; shorter < 2; shorter++) {
        s->buf.len = 0;
        assert_ok(sennit_doc_own_delta(doc, shorter ? 2 : 0, table, &s->buf));
        assert_refused(far, SENNIT_ECORRUPT,
                       sennit_doc_apply(far, s->buf.data, s->buf.len, NULL, NULL, NULL));
        assert_int_equal(sennit_delta_inspect(s->buf.data, s->buf.len, NULL, &info, NULL),
                         SENNIT_ECORRUPT);
        s->buf.len = 0;
        assert_ok(sennit_doc_own_delta(doc, shorter ? 2 : 0, NULL, &s->buf));
        assert_refused(far, SENNIT_ECORRUPT,
                       sennit_doc_apply(far, s->buf.data, s->buf.len, other, NULL, NULL));
        assert_int_equal(other->len, 0);
    }
    sennit_table_free(table);
    sennit_table_free(other);
}

static void a_table_without_memory_stays_as_it_is(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");
    sennit_table *table = NULL;

    assert_ok(sennit_doc_insert(doc, 0, "one", 3));
    s->fm.calls = 0;
    s->fm.fail_at = 1;
    assert_int_equal(sennit_table_new(&s->alloc, &table), SENNIT_ENOMEM);
    assert_null(table);
    table = table_of(s);
    for (uint64_t from = 0; from < 3; from += 2) { /* the long form; the short one */
        for (size_t nth = 1;; nth++) {
            s->fm.calls = 0;
            s->fm.fail_at = nth;
            s->buf.len = table->len = 0;
            sennit_status st = sennit_doc_own_delta(doc, from, table, &s->buf);
            if (st == SENNIT_OK)
                break;
            assert_int_equal(st, SENNIT_ENOMEM);
            assert_int_equal(s->buf.len + table->len, 0);
        }
        sn_mem_free(&table->mem, table->ids, table->cap * sizeof *table->ids);
        table->ids = NULL;
        table->cap = table->len = 0;
        s->fm.fail_at = 0;
    }
    sennit_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(an_id_takes_one_byte_from_the_second_time_on),
        STAGE_TEST(ids_beyond_what_a_table_holds_stay_long),
        STAGE_TEST(without_a_table_an_id_is_its_eight_bytes),
        STAGE_TEST(a_name_that_is_none_is_refused),
        STAGE_TEST(an_id_in_full_that_the_table_holds_is_refused),
        STAGE_TEST(a_delta_of_more_writers_than_a_table_holds_is_understood),
        STAGE_TEST(a_delta_is_refused_without_the_table_it_was_made_with),
        STAGE_TEST(a_table_without_memory_stays_as_it_is),
    };

    return RUN_TESTS(tests);
}
