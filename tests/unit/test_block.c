#include "wire/wire.h"

#include "support/cm.h"
#include "support/doc.h"

typedef struct coding {
    failmem fm;
    sn_mem mem;
    sennit_buf bytes;
    sn_decoded decoded;
    sennit_error err;
} coding;

static int coding_open(void **state)
{
    static coding c;

    memset(&c, 0, sizeof c);
    sennit_alloc alloc = failmem_at(&c.fm, 0);
    sn_mem_init(&c.mem, &alloc);
    sennit_buf_init(&c.bytes, NULL);
    *state = &c;
    return 0;
}

static int coding_close(void **state)
{
    coding *c = *state;

    sennit_buf_clear(&c->bytes);
    assert_int_equal(c->fm.live, 0);
    return 0;
}

static sennit_status decode(coding *c, size_t len)
{
    sn_reader r = sn_reader_of(c->bytes.data, len);

    c->err = (sennit_error){SENNIT_OK, 0, ""};
    return sn_block_decode(&r, NULL, &c->mem, &c->decoded, &c->err);
}

/* ---- a block as it should be ---- */

static uint64_t ids[] = {9, 5, 7};
static sn_segment segments[] = {
    {.replica = 0, .seq = 10, .number = 4, .first = 0, .n = 2, .hlc = UINT64_C(5) << 16,
     .text = (const uint8_t *)"abc"},
    {.replica = 1, .first = 2, .n = 3, .hlc = UINT64_C(5) << 16 | 1,
     .text = (const uint8_t *)"\xe2\x82\xac"},
    {.replica = 0, .seq = 14, .number = 7, .first = 5, .n = 1, .hlc = UINT64_C(6) << 16},
};
static sn_op ops[] = {
    {.kind = SN_INSERT, .seq = 10, .number = 4, .n = 3, .ref_replica = 0, .ref = 3},
    {.kind = SN_DELETE, .seq = 13, .number = 7, .n = 1, .len = 2, .ref_replica = 2, .ref = 50},
    {.kind = SN_INSERT, .n = 3, .flag = 1, .ref_replica = 0, .ref = 5},
    {.kind = SN_DELETE, .part = SN_MORE, .seq = 3, .number = 3, .n = 1, .len = 1, .ref_replica = 1},
    {.kind = SN_DELETE, .part = SN_LAST, .seq = 3, .number = 3, .n = 1, .len = 1, .ref_replica = 0,
     .ref = 4},
    {.kind = SN_TOGGLE, .seq = 14, .number = 7, .n = 1, .ref_replica = 1, .ref = 3},
};
static const sn_batch whole = {.ids = ids, .segments = segments, .ops = ops, .ids_len = 3,
                               .segments_len = 3, .ops_len = 6};

static void a_batch_comes_back(void **state)
{
    coding *c = *state;
    const sn_batch *got = &c->decoded.batch;

    assert_ok(sn_block_encode(&whole, NULL, &c->bytes));
    assert_ok(decode(c, c->bytes.len));
    assert_int_equal(got->ids_len, 3);
    assert_memory_equal(got->ids, ids, sizeof ids);
    assert_int_equal(got->segments_len, 3);
    assert_int_equal(got->ops_len, 6);
    assert_int_equal(c->decoded.text_len, 6);
    assert_int_equal(c->decoded.operations, 4 + 4 + 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(got->segments[i].replica, segments[i].replica);
        assert_int_equal(got->segments[i].seq, segments[i].seq);
        assert_int_equal(got->segments[i].number, segments[i].number);
        assert_int_equal(got->segments[i].first, segments[i].first);
        assert_int_equal(got->segments[i].n, segments[i].n);
        assert_true(got->segments[i].hlc == segments[i].hlc);
    }
    for (unsigned i = 0; i < 6; i++) {
        const sn_op *a = &got->ops[i], *b = &ops[i];

        assert_true(a->kind == b->kind && a->flag == b->flag && a->part == b->part);
        assert_true(a->seq == b->seq && a->number == b->number && a->n == b->n && a->len == b->len);
        assert_true(a->ref_replica == b->ref_replica && a->ref == b->ref);
    }
    assert_ok(sn_block_give_text(&c->decoded, (const uint8_t *)"abc\xe2\x82\xac", 0, &c->err));
    assert_memory_equal(got->segments[1].text, "\xe2\x82\xac", 3);
    sennit_buf text;
    sennit_buf_init(&text, NULL);
    assert_ok(sn_block_text(got, &text));
    assert_true(buf_is(&text, "abc\xe2\x82\xac", 6));
    sennit_buf_clear(&text);
    sn_decoded_free(&c->decoded);
}

static void a_block_cut_anywhere_is_refused(void **state)
{
    coding *c = *state;

    assert_ok(sn_block_encode(&whole, NULL, &c->bytes));
    for (size_t len = 0; len < c->bytes.len; len++) {
        assert_int_equal(decode(c, len), SENNIT_ECORRUPT);
        assert_in_range(c->err.pos, 0, len);
        assert_int_equal(c->fm.live, 0);
    }
}

static void a_block_without_memory_is_refused(void **state)
{
    coding *c = *state;

    assert_ok(sn_block_encode(&whole, NULL, &c->bytes));
    for (size_t nth = 1;; nth++) {
        c->fm.calls = 0;
        c->fm.fail_at = nth;
        sennit_status st = decode(c, c->bytes.len);
        if (st == SENNIT_OK)
            break;
        assert_int_equal(st, SENNIT_ENOMEM);
        assert_int_equal(c->fm.live, 0);
    }
    sn_decoded_free(&c->decoded);
}

static void text_is_looked_at_as_it_is_given(void **state)
{
    coding *c = *state;

    assert_ok(sn_block_encode(&whole, NULL, &c->bytes));
    assert_ok(decode(c, c->bytes.len));
    assert_int_equal(sn_block_give_text(&c->decoded, (const uint8_t *)"ab\xff\xe2\x82\xac", 100,
                                        &c->err),
                     SENNIT_ECORRUPT);
    assert_int_equal(c->err.pos, 102);
    /* well-formed as a whole, but the second insert begins inside a character */
    assert_int_equal(sn_block_give_text(&c->decoded, (const uint8_t *)"ab\xe2\x82\xac" "c", 0,
                                        &c->err),
                     SENNIT_ECORRUPT);
    sn_decoded_free(&c->decoded);
}

/* ---- by hand ---- */

#define R(n) n "\0\0\0\0\0\0\0"

/* A block of these parts; lengths are their own. */
typedef struct parts {
    const char *why;
    uint8_t ids, segments;
    const char *id_bytes, *part[5]; /* segments, heads, refs, counts, extras */
    size_t id_len, len[5];
} parts;

#define L(literal) (sizeof(literal) - 1)
#define PARTS(why, n_ids, n_segs, id_bytes, segs, heads, refs, counts, extras)              \
    {why, n_ids, n_segs, id_bytes, {segs, heads, refs, counts, extras}, L(id_bytes),        \
     {L(segs), L(heads), L(refs), L(counts), L(extras)}}

/* segment := replica ms counter n seq number; the first insert, at the root */
static const parts wrong[] = {
    PARTS("an id twice", 2, 1, R("\1") R("\1"), "\0\0\1\1\0\0", "\x10", "", "", "\2\0"),
    PARTS("a replica that is none", 1, 1, R("\1"), "\1\0\1\1\0\0", "\x10", "", "", "\2\0"),
    PARTS("a segment of nothing", 1, 1, R("\1"), "\0\0\1\0\0\0", "\x10", "", "", "\2\0"),
    PARTS("more bytes than operations", 1, 1, R("\1"), "\0\0\1\1\1\2", "\x10", "", "", "\2\0"),
    PARTS("at no time", 1, 1, R("\1"), "\0\0\0\1\0\0", "\x10", "", "", "\2\0"),
    PARTS("past the end of time", 1, 1, R("\1"), "\0\x80\x80\x80\x80\x80\x80\x20\1\1\0\0", "\x10", "",
          "", "\2\0"),
    PARTS("a counter past its end", 1, 1, R("\1"), "\0\0\x80\x80\4\1\0\0", "\x10", "", "", "\2\0"),
    PARTS("back in time", 2, 2, R("\1") R("\2"), "\0\1\2\1\0\0\1\0\1\1\0\0", "\x10\x10", "", "",
          "\2\0\2\0"),
    PARTS("a greater id first", 2, 2, R("\2") R("\1"), "\0\1\1\1\0\0\1\0\1\1\0\0", "\x10\x10", "",
          "", "\2\0\2\0"),
    PARTS("one replica twice at one time", 1, 2, R("\1"), "\0\1\1\1\0\0\0\0\1\1", "\x10\x10", "", "",
          "\2\0\2\0"),
    PARTS("more records than there are", 1, 2, R("\1"), "\0\0\1\1\0\0\0\0\2\1", "\x10", "", "",
          "\2\0"),
    PARTS("a segment left over", 1, 1, R("\1"), "\0\0\1\1\0\0\0", "\x10", "", "", "\2\0"),
    PARTS("a record left over", 1, 1, R("\1"), "\0\0\1\1\0\0", "\x10\x10", "", "", "\2\0"),
    PARTS("a ref left over", 1, 1, R("\1"), "\0\0\1\1\0\0", "\x10", "\1", "", "\2\0"),
    PARTS("a count left over", 1, 1, R("\1"), "\0\0\1\1\0\0", "\x10", "", "\1", "\2\0"),
    PARTS("an extra left over", 1, 1, R("\1"), "\0\0\1\1\0\0", "\x10", "", "", "\2\0\2"),
    PARTS("a seq past all", 1, 1, R("\1"), "\0\0\1\1\xff\xff\xff\xff\x0f\0", "\x10", "", "", "\2\0"),
    PARTS("operations past all", 1, 1, R("\1"), "\0\0\1\1\xf0\xff\xff\xff\x0f\0", "\x10", "", "",
          "\2\0"),
    PARTS("bytes past all", 1, 1, R("\1"), "\0\0\1\1\xff\xff\xff\xff\3\xff\xff\xff\xff\3", "\x10", "",
          "", "\2\0"),
    PARTS("a delete that does not end", 1, 1, R("\1"), "\0\0\1\1\3\3", "\x12", "\0", "", "\3\1"),
    PARTS("a delete that goes on as an insert", 1, 1, R("\1"), "\0\0\1\2\3\3", "\x12\x10", "\0", "",
          "\3\1\2\0"),
    PARTS("a delete that goes on as a run", 1, 1, R("\1"), "\0\0\1\2\3\3", "\x12\x32", "\0\1", "",
          "\3\1\2\1"),
    PARTS("a byte deleted twice at once", 1, 1, R("\1"), "\0\0\1\2\3\3", "\x12\x12", "\0\0", "",
          "\3\1\2\1"),
    PARTS("a delete in more pieces than it needs", 1, 1, R("\1"), "\0\0\1\2\3\3", "\x12\x12", "\0\1",
          "", "\3\1\2\1"),
};

static void block_of(coding *c, const parts *p)
{
    c->bytes.len = 0;
    buf_add(&c->bytes, &p->ids, 1);
    buf_add(&c->bytes, &p->segments, 1);
    for (unsigned i = 0; i < 5; i++)
        buf_add(&c->bytes, &(uint8_t){(uint8_t)p->len[i]}, 1);
    buf_add(&c->bytes, p->id_bytes, p->id_len);
    for (unsigned i = 0; i < 5; i++)
        buf_add(&c->bytes, p->part[i], p->len[i]);
}

static void blocks_that_are_none_are_refused(void **state)
{
    static const parts right = PARTS("right", 1, 1, R("\1"), "\0\0\1\1\0\0", "\x10", "", "", "\2\0");
    coding *c = *state;

    block_of(c, &right);
    assert_ok(decode(c, c->bytes.len));
    sn_decoded_free(&c->decoded);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        block_of(c, &wrong[i]);
        sennit_status st = decode(c, c->bytes.len);
        if (st != SENNIT_ECORRUPT)
            fail_msg("%s: status %d", wrong[i].why, st);
        assert_int_equal(c->err.code, st);
        assert_in_range(c->err.pos, 0, c->bytes.len);
        assert_int_equal(c->fm.live, 0);
    }
}

static void huge_counts_take_no_memory(void **state)
{
    coding *c = *state;
    static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0x0f};

    buf_add(&c->bytes, huge, sizeof huge);
    for (unsigned i = 0; i < 60; i++)
        buf_add(&c->bytes, "\1", 1);
    assert_int_equal(decode(c, c->bytes.len), SENNIT_ECORRUPT);
    assert_int_equal(c->fm.most, 0);
}

/* A delete of n ranges of two bytes of two replicas, from the middle outwards. */
static sennit_status decode_ranges(coding *c, uint32_t n, uint32_t which, uint32_t moved_by)
{
    static sn_op ranges[700];
    sn_segment one = {.replica = 0, .first = 0, .n = n, .hlc = UINT64_C(5) << 16};
    sn_batch batch = {.ids = ids, .segments = &one, .ops = ranges, .ids_len = 3, .segments_len = 1,
                      .ops_len = n};

    for (uint32_t i = 0; i < n; i++)
        ranges[i] = (sn_op){.kind = SN_DELETE, .part = i + 1 < n ? SN_MORE : SN_LAST, .n = 1, .len = 2,
                            .ref_replica = 1 + i % 3 / 2,
                            .ref = 10000 + (i % 2 != 0 ? 3 * i : 0 - 3 * i)};
    ranges[which].ref += moved_by;
    c->bytes.len = 0;
    assert_ok(sn_block_encode(&batch, NULL, &c->bytes));
    sennit_status st = decode(c, c->bytes.len);
    if (st == SENNIT_OK)
        sn_decoded_free(&c->decoded);
    return st;
}

static void a_delete_of_many_ranges_names_each_byte_once(void **state)
{
    coding *c = *state;

    for (uint32_t n = 240; n <= 700; n += 115) {
        assert_ok(decode_ranges(c, n, 0, 0));
        for (uint32_t which = 0; which + 6 < n; which += 7) {
            uint32_t other = which % 2 != 0 ? 18 : 0u - 18; /* six further is of the same replica */

            assert_int_equal(decode_ranges(c, n, which, other), SENNIT_ECORRUPT);
            assert_int_equal(decode_ranges(c, n, which, other + 1), SENNIT_ECORRUPT);
            assert_int_equal(decode_ranges(c, n, which, other - 1), SENNIT_ECORRUPT);
            assert_ok(decode_ranges(c, n, which, 10000));
        }
    }
}

#define CODING_TEST(f) cmocka_unit_test_setup_teardown(f, coding_open, coding_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODING_TEST(a_batch_comes_back),
        CODING_TEST(a_block_cut_anywhere_is_refused),
        CODING_TEST(a_block_without_memory_is_refused),
        CODING_TEST(text_is_looked_at_as_it_is_given),
        CODING_TEST(blocks_that_are_none_are_refused),
        CODING_TEST(a_delete_of_many_ranges_names_each_byte_once),
        CODING_TEST(huge_counts_take_no_memory),
    };

    return RUN_TESTS(tests);
}
