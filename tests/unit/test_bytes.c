#include "base/bytes.h"

#include "support/cm.h"
#include "support/failmem.h"
#include "support/rng.h"

/* ---- varints ---- */

static const uint64_t edges[] = {
    0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x1fffff, 0x200000, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
    (uint64_t)1 << 62, (uint64_t)1 << 63, UINT64_MAX - 1, UINT64_MAX,
};

static void varints_are_read_as_they_were_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        uint8_t bytes[SN_VARINT_MAX];
        size_t len = (size_t)(sn_put_varint(bytes, edges[i]) - bytes);
        sn_reader r = sn_reader_of(bytes, len);
        uint64_t v = 1;

        assert_int_equal(len, sn_varint_len(edges[i]));
        assert_ok(sn_read_varint(&r, &v, NULL));
        assert_true(v == edges[i]);
        assert_int_equal(sn_left(&r), 0);
    }
}

static void a_varint_that_ends_too_early_is_refused_where_it_starts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        uint8_t bytes[1 + SN_VARINT_MAX] = {0};
        size_t len = (size_t)(sn_put_varint(bytes + 1, edges[i]) - bytes);

        for (size_t cut = 1; cut < len; cut++) {
            sn_reader r = sn_reader_of(bytes, cut);
            sennit_error err = {SENNIT_OK, 99, NULL};
            uint64_t v;

            r.pos = 1;
            r.origin = 1000;
            assert_int_equal(sn_read_varint(&r, &v, &err), SENNIT_ECORRUPT);
            assert_int_equal(err.code, SENNIT_ECORRUPT);
            assert_int_equal(err.pos, 1001);
            assert_non_null(err.what);
            assert_int_equal(r.pos, 1);
        }
    }
}

static void only_the_shortest_form_of_a_varint_is_read(void **state)
{
    (void)state;
    static const uint8_t padded[] = {0x80, 0x00}, longer[] = {0xff, 0x80, 0x00};
    static const uint8_t wide[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02};
    static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                      0x80, 0x80, 0x80, 0x80, 0x01};
    sn_reader readers[] = {
        sn_reader_of(padded, sizeof padded), sn_reader_of(longer, sizeof longer),
        sn_reader_of(wide, sizeof wide), sn_reader_of(endless, sizeof endless),
    };
    uint64_t v;

    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        assert_int_equal(sn_read_varint(&readers[i], &v, NULL), SENNIT_ECORRUPT);
        assert_int_equal(readers[i].pos, 0);
    }
}

static void a_count_over_its_limit_is_refused_where_it_starts(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xac, 0x02}; /* 300 */
    sn_reader r = sn_reader_of(bytes, sizeof bytes);
    sennit_error err;
    uint64_t v;

    assert_int_equal(sn_read_count(&r, 299, &v, &err), SENNIT_ECORRUPT);
    assert_int_equal(err.pos, 0);
    assert_ok(sn_read_count(&r, 300, &v, &err));
    assert_int_equal(v, 300);
}

static void zigzag_keeps_small_magnitudes_small(void **state)
{
    (void)state;
    static const int64_t values[] = {0, -1, 1, -2, 2, INT64_MAX, INT64_MIN, -123456789};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_true(sn_unzigzag(sn_zigzag(values[i])) == values[i]);
    assert_int_equal(sn_zigzag(0), 0);
    assert_int_equal(sn_zigzag(-1), 1);
    assert_int_equal(sn_zigzag(1), 2);
    assert_int_equal(sn_zigzag(-2), 3);
    assert_true(sn_zigzag(INT64_MIN) == UINT64_MAX);
}

/* ---- reader ---- */

static void a_reader_stops_at_its_end(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    sn_reader r = sn_reader_of(bytes, sizeof bytes);
    const uint8_t *p = NULL;
    uint64_t wide;
    uint8_t one;

    assert_ok(sn_read_u64(&r, &wide, NULL));
    assert_true(wide == UINT64_C(0x0807060504030201));
    assert_int_equal(sn_read_u64(&r, &wide, NULL), SENNIT_ECORRUPT);
    assert_int_equal(sn_read_bytes(&r, 2, &p, NULL), SENNIT_ECORRUPT);
    assert_int_equal(sn_read_bytes(&r, SIZE_MAX, &p, NULL), SENNIT_ECORRUPT);
    assert_int_equal(r.pos, 8);
    assert_ok(sn_read_u8(&r, &one, NULL));
    assert_int_equal(one, 9);
    assert_int_equal(sn_read_u8(&r, &one, NULL), SENNIT_ECORRUPT);
    assert_ok(sn_read_bytes(&r, 0, &p, NULL));
}

static void a_part_knows_its_place_in_the_whole(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4};
    sn_reader r = sn_reader_of(bytes, sizeof bytes), part;
    sennit_error err;
    uint8_t one;

    assert_ok(sn_read_u8(&r, &one, NULL));
    assert_ok(sn_read_part(&r, 2, &part, NULL));
    assert_int_equal(r.pos, 3);
    assert_ok(sn_read_u8(&part, &one, &err));
    assert_int_equal(one, 2);
    assert_ok(sn_read_u8(&part, &one, &err));
    assert_int_equal(sn_read_u8(&part, &one, &err), SENNIT_ECORRUPT);
    assert_int_equal(err.pos, 3);
    assert_int_equal(sn_read_part(&r, 2, &part, &err), SENNIT_ECORRUPT);
    assert_int_equal(sn_left(&part), 0);
}

/* ---- buffer ---- */

static void a_buffer_grows_and_can_be_used_again(void **state)
{
    (void)state;
    failmem mem;
    sennit_alloc alloc = failmem_at(&mem, 0);
    sennit_buf buf;

    sennit_buf_init(&buf, &alloc);
    assert_null(buf.data);
    for (unsigned i = 0; i < 1000; i++)
        assert_ok(sn_buf_put(&buf, &(uint8_t){(uint8_t)i}, 1));
    assert_ok(sn_buf_put(&buf, NULL, 0));
    assert_int_equal(buf.len, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(buf.data[i], (uint8_t)i);
    assert_in_range(mem.calls, 2, 12); /* not once for each byte */
    sennit_buf_clear(&buf);
    assert_int_equal(mem.live, 0);
    assert_null(buf.data);
    assert_ok(sn_buf_varint(&buf, 300));
    assert_ok(sn_buf_u64(&buf, UINT64_C(0x1122334455667788)));
    assert_int_equal(buf.len, 10);
    assert_int_equal(buf.data[0], 0xac);
    assert_int_equal(buf.data[2], 0x88);
    sennit_buf_clear(&buf);
    sennit_buf_clear(&buf);
    assert_int_equal(mem.live, 0);
}

static void a_buffer_without_memory_keeps_what_it_has(void **state)
{
    (void)state;
    failmem mem;
    sennit_alloc alloc = failmem_at(&mem, 2);
    uint8_t block[64] = {7};
    sennit_buf buf;

    sennit_buf_init(&buf, &alloc);
    assert_ok(sn_buf_put(&buf, block, sizeof block));
    assert_int_equal(sn_buf_put(&buf, block, sizeof block), SENNIT_ENOMEM);
    assert_int_equal(buf.len, 64);
    assert_int_equal(buf.data[0], 7);
    assert_int_equal(sn_buf_grow(&buf, SIZE_MAX), SENNIT_ENOMEM);
    assert_ok(sn_buf_grow(&buf, 0));
    assert_int_equal(buf.cap, 64);
    sennit_buf_clear(&buf);
    assert_int_equal(mem.live, 0);
}

static void a_buffer_uses_the_c_library_if_not_told_otherwise(void **state)
{
    (void)state;
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    assert_ok(sn_buf_put(&buf, "abc", 3));
    assert_memory_equal(buf.data, "abc", 3);
    sennit_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_are_read_as_they_were_written),
        cmocka_unit_test(a_varint_that_ends_too_early_is_refused_where_it_starts),
        cmocka_unit_test(only_the_shortest_form_of_a_varint_is_read),
        cmocka_unit_test(a_count_over_its_limit_is_refused_where_it_starts),
        cmocka_unit_test(zigzag_keeps_small_magnitudes_small),
        cmocka_unit_test(a_reader_stops_at_its_end),
        cmocka_unit_test(a_part_knows_its_place_in_the_whole),
        cmocka_unit_test(a_buffer_grows_and_can_be_used_again),
        cmocka_unit_test(a_buffer_without_memory_keeps_what_it_has),
        cmocka_unit_test(a_buffer_uses_the_c_library_if_not_told_otherwise),
    };

    return RUN_TESTS(tests);
}
