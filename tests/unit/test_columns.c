#include "wire/columns.h"

#include "support/cm.h"
#include "support/rng.h"

typedef struct four {
    sn_columns cols;
    sn_column_readers readers;
    sn_context out, in;
    sennit_error err;
    unsigned usual; /* records read that way too */
} four;

static int four_open(void **state)
{
    static four f;

    memset(&f, 0, sizeof f);
    sennit_buf_init(&f.cols.heads, NULL);
    sennit_buf_init(&f.cols.counts, NULL);
    sennit_buf_init(&f.cols.refs, NULL);
    sennit_buf_init(&f.cols.extras, NULL);
    sn_context_start(&f.out);
    sn_context_start(&f.in);
    *state = &f;
    return 0;
}

static int four_close(void **state)
{
    four *f = *state;

    sennit_buf_clear(&f->cols.heads);
    sennit_buf_clear(&f->cols.counts);
    sennit_buf_clear(&f->cols.refs);
    sennit_buf_clear(&f->cols.extras);
    return 0;
}

static size_t bytes_of(const four *f)
{
    return f->cols.heads.len + f->cols.counts.len + f->cols.refs.len + f->cols.extras.len;
}

/* Returns how many bytes the record takes. As in blocks, number is told first. */
static size_t put(four *f, const sn_op *op, uint32_t author)
{
    size_t before = bytes_of(f);

    f->out.author = author;
    assert_ok(sn_columns_put(&f->cols, &f->out, op));
    return bytes_of(f) - before;
}

static void start_reading(four *f)
{
    f->readers = (sn_column_readers){
        sn_reader_of(f->cols.heads.data, f->cols.heads.len),
        sn_reader_of(f->cols.counts.data, f->cols.counts.len),
        sn_reader_of(f->cols.refs.data, f->cols.refs.len),
        sn_reader_of(f->cols.extras.data, f->cols.extras.len),
    };
    sn_context_start(&f->in);
}

static void assert_record(const sn_op *op, const sn_op *want)
{
    assert_int_equal(op->number, want->number);
    assert_int_equal(op->kind, want->kind);
    assert_int_equal(op->flag, want->flag);
    assert_int_equal(op->part == SN_MORE, want->part == SN_MORE);
    assert_int_equal(op->n, want->n);
    assert_int_equal(op->len, want->len);
    assert_int_equal(op->ref_replica, want->ref_replica);
    assert_int_equal(op->ref, want->ref_replica == SN_NO_REPLICA ? 0 : want->ref);
}

/* Both ways to read have come equally far. */
static void assert_as_far(const four *f, const sn_column_readers *readers, const sn_context *c)
{
    assert_memory_equal(&c->ring, &f->in.ring, sizeof c->ring);
    assert_int_equal(c->seq, f->in.seq);
    assert_int_equal(c->number, f->in.number);
    assert_int_equal(c->replica, f->in.replica);
    assert_int_equal(c->first, f->in.first);
    assert_int_equal(c->last, f->in.last);
    assert_int_equal(c->end, f->in.end);
    assert_int_equal(readers->heads.pos, f->readers.heads.pos);
    assert_int_equal(readers->counts.pos, f->readers.counts.pos);
    assert_int_equal(readers->refs.pos, f->readers.refs.pos);
}

/* Reads a record; if it is of the usual kind, that way as well. */
static void get_same(four *f, const sn_op *want, uint32_t author)
{
    sn_op op, usual;

    f->in.author = author;
    f->in.number = want->number;
    f->in.seq = 0;
    sn_column_readers readers = f->readers;
    sn_context c = f->in;
    assert_ok(sn_columns_get(&f->readers, &f->in, 5, &op, &f->err));
    assert_record(&op, want);
    if (sn_columns_usual(&readers, &c, &usual, 1) == 0)
        return;
    assert_record(&usual, want);
    assert_as_far(f, &readers, &c);
    f->usual++;
}

static void what_follows_from_the_record_before_takes_a_byte(void **state)
{
    four *f = *state;
    static const sn_op session[] = {
        {.kind = SN_INSERT, .n = 5, .number = 0, .ref_replica = SN_NO_REPLICA},
        {.kind = SN_DELETE, .n = 1, .len = 1, .number = 5, .ref_replica = 0, .ref = 4},
        {.kind = SN_INSERT, .n = 3, .number = 5, .ref_replica = 0, .ref = 3},
        {.kind = SN_DELETE, .n = 2, .len = 1, .flag = 1, .number = 8, .ref_replica = 0, .ref = 7},
        {.kind = SN_DELETE, .n = 1, .len = 1, .number = 8, .ref_replica = 0, .ref = 5},
        {.kind = SN_INSERT, .n = 7, .number = 8, .flag = 1, .ref_replica = 0, .ref = 5},
    };

    assert_int_equal(put(f, &session[0], 0), 3); /* by name, as nothing was before it */
    for (size_t i = 1; i < 6; i++)
        assert_int_equal(put(f, &session[i], 0), 1);
    start_reading(f);
    for (size_t i = 0; i < 6; i++)
        get_same(f, &session[i], 0);
    assert_int_equal(f->usual, 5); /* though there are no counts, and but one ref */
}

static void a_place_visited_before_is_told_by_its_distance(void **state)
{
    four *f = *state;
    sn_op op = {.kind = SN_INSERT, .n = 1, .ref_replica = 1};
    static const uint32_t refs[] = {1000, 100000, 200000, 1003, 100004, 200002, 1000};
    size_t sizes[7];

    for (size_t i = 0; i < 7; i++) {
        op.ref = refs[i];
        op.number = 100 + (uint32_t)i;
        sizes[i] = put(f, &op, 0);
    }
    assert_true(sizes[1] > 2 && sizes[2] > 2);
    for (size_t i = 3; i < 7; i++)
        assert_int_equal(sizes[i], 2);
    start_reading(f);
    for (size_t i = 0; i < 7; i++) {
        op.ref = refs[i];
        op.number = 100 + (uint32_t)i;
        get_same(f, &op, 0);
    }
}

/* A record of any kind, valid by itself. */
static sn_op any_record(rng *r, uint32_t number)
{
    sn_op op = {.kind = (uint8_t)rng_below(r, 3), .n = 1, .number = number};
    uint32_t most = rng_percent(r, 50) ? 40 : 100000;

    op.ref_replica = (uint32_t)rng_below(r, 5);
    op.ref = (uint32_t)rng_below(r, most);
    if (op.kind == SN_INSERT) {
        op.n = (uint32_t)rng_in(r, 1, rng_percent(r, 50) ? 9 : 1000);
        op.flag = (uint8_t)rng_below(r, 2);
        if (rng_percent(r, 10)) {
            op.ref_replica = SN_NO_REPLICA;
            op.flag = 0;
            op.ref = 0;
        }
    } else if (op.kind == SN_TOGGLE) {
        op.flag = (uint8_t)rng_below(r, 2);
    } else {
        op.len = (uint32_t)(rng_percent(r, 60) ? 1 : rng_in(r, 1, 500));
        op.part = rng_percent(r, 20) ? SN_MORE : SN_WHOLE;
        if (op.part == SN_WHOLE && rng_percent(r, 50))
            op.n = (uint32_t)rng_in(r, 1, 64);
        if (op.n > 1 && rng_percent(r, 50)) {
            op.flag = 1;
            op.ref += op.n * op.len;
        }
    }
    return op;
}

static void any_records_come_back(void **state)
{
    four *f = *state;

    for (uint64_t seed = 1; seed <= 100; seed++) {
        sn_op ops[60];
        uint32_t authors[60];
        rng r = rng_seed(seed);

        f->cols.heads.len = f->cols.counts.len = f->cols.refs.len = f->cols.extras.len = 0;
        sn_context_start(&f->out);
        for (uint32_t i = 0; i < 60; i++) {
            authors[i] = (uint32_t)rng_below(&r, 3);
            ops[i] = any_record(&r, i * 3);
            put(f, &ops[i], authors[i]);
        }
        start_reading(f);
        for (uint32_t i = 0; i < 60; i++)
            get_same(f, &ops[i], authors[i]);
        assert_int_equal(sn_left(&f->readers.heads) + sn_left(&f->readers.counts) +
                             sn_left(&f->readers.refs) + sn_left(&f->readers.extras), 0);
    }
}

/* Heads by hand: kind | where << 2 | extra << 4 | count << 5. */
/* A place, or none; near a limit now and then. */
static sn_spot any_spot(rng *r)
{
    uint32_t number = (uint32_t)rng_below(r, rng_below(r, 8) > 0 ? 5000 : SN_MAX_TEXT + 1);

    return rng_below(r, 9) == 0 ? (sn_spot){SN_NO_REPLICA, 0} : (sn_spot){(uint32_t)rng_below(r, 3), number};
}

static void any_column(rng *r, sennit_buf *buf, size_t n)
{
    assert_ok(sn_buf_reserve(buf, n));
    for (buf->len = 0; buf->len < n; buf->len++)
        buf->data[buf->len] = (uint8_t)rng_below(r, rng_below(r, 4) > 0 ? 0x90 : 0x100);
}

/* What is read without looking closely is what a close look gives; from bytes that
 * may mean anything. */
static void any_bytes_are_read_both_ways_alike(void **state)
{
    four *f = *state;
    rng r = rng_seed(15);
    size_t read = 0;

    for (unsigned round = 0; round < 20000; round++) {
        sn_op usual[16], op;

        any_column(&r, &f->cols.heads, 16);
        any_column(&r, &f->cols.counts, rng_below(&r, 24));
        any_column(&r, &f->cols.refs, rng_below(&r, 40));
        for (size_t i = 0; i < 16; i++)
            f->cols.heads.data[i] &= rng_below(&r, 20) > 0 ? 0xef : 0xff; /* few with an extra */
        start_reading(f);
        sn_spot prev = any_spot(&r);
        f->in = (sn_context){.ring = {any_spot(&r), any_spot(&r), any_spot(&r)},
                             .author = (uint32_t)rng_below(&r, 3), .seq = any_spot(&r).number,
                             .number = any_spot(&r).number, .replica = prev.replica,
                             .first = any_spot(&r).number, .end = prev.number, .last = prev.number - 1};
        sn_column_readers readers = f->readers;
        sn_context c = f->in;
        uint32_t k = sn_columns_usual(&readers, &c, usual, 16);
        for (uint32_t i = 0; i < k; i++) {
            assert_ok(sn_columns_get(&f->readers, &f->in, 3, &op, &f->err));
            assert_record(&usual[i], &op);
            assert_int_equal(usual[i].seq, op.seq);
            assert_int_equal(usual[i].part, op.part);
        }
        assert_as_far(f, &readers, &c);
        read += k;
    }
    assert_true(read > 20000);
}

static const struct {
    const char *why;
    uint8_t heads[2];
    size_t n;
    const char *counts, *refs, *extras;
    size_t counts_len, refs_len, extras_len;
    sennit_status status;
} wrong[] = {
#define WRONG(why, heads, n, counts, refs, extras, status)                            \
    {why, heads, n, counts, refs, extras, sizeof(counts) - 1, sizeof(refs) - 1,       \
     sizeof(extras) - 1, status}
#define ONE(a) {a}
#define TWO(a, b) {a, b}
    WRONG("nothing there", ONE(0), 0, "", "", "", SENNIT_ECORRUPT),
    WRONG("nothing to foresee", ONE(0x00), 1, "", "", "", SENNIT_ECORRUPT),
    WRONG("nothing visited", ONE(0x04), 1, "", "\0", "", SENNIT_ECORRUPT),
    WRONG("an extra that is missing", ONE(0x10), 1, "", "", "", SENNIT_ECORRUPT),
    WRONG("an extra of nothing", ONE(0x10), 1, "", "", "\0", SENNIT_ECORRUPT),
    WRONG("a redaction that is not named", ONE(0x10), 1, "", "", "\x0d", SENNIT_ECORRUPT),
    WRONG("a redaction of the root", ONE(0x10), 1, "", "\0", "\x0f\0", SENNIT_ECORRUPT),
    WRONG("redactions in a run", ONE(0x30), 1, "", "\0", "\x0f\1", SENNIT_ECORRUPT),
    WRONG("a redaction with a flag", ONE(0x11), 1, "", "\0", "\x0f\1", SENNIT_ECORRUPT),
    WRONG("a redaction that is a delete", ONE(0x12), 1, "", "\0", "\x0f\1", SENNIT_ECORRUPT),
    WRONG("a redaction out of range", ONE(0x10), 1, "", "\xff\xff\xff\xff\3", "\x1f\1", SENNIT_ECORRUPT),
    WRONG("a mark that is not named", ONE(0x10), 1, "", "", "\x08", SENNIT_ECORRUPT),
    WRONG("a mark that is a delete", ONE(0x12), 1, "", "\1", "\x0a\1", SENNIT_ECORRUPT),
    WRONG("a mark's start with a payload", ONE(0x10), 1, "", "\1", "\x3b\1", SENNIT_ECORRUPT),
    WRONG("a mark's end without a payload", ONE(0x10), 1, "", "\1", "\x0a\1", SENNIT_ECORRUPT),
    WRONG("a payload that is too long", ONE(0x10), 1, "", "", "\xbc\xa0\x40", SENNIT_ECORRUPT),
    WRONG("marks in a run", ONE(0x30), 1, "", "\1", "\x0b\1", SENNIT_ECORRUPT),
    WRONG("a set that names a replica", ONE(0x10), 1, "", "\1", "\x3e\1", SENNIT_ECORRUPT),
    WRONG("a set with a flag", ONE(0x11), 1, "", "", "\x3c", SENNIT_ECORRUPT),
    WRONG("a set at a place", ONE(0x14), 1, "", "", "\x3c", SENNIT_ECORRUPT),
    WRONG("sets in a run", ONE(0x30), 1, "", "", "\x3c", SENNIT_ECORRUPT),
    WRONG("foreseen after a set", TWO(0x10, 0x00), 2, "", "", "\x3c", SENNIT_ECORRUPT),
    WRONG("a toggle that is a delete", ONE(0x12), 1, "", "\1", "\6\1", SENNIT_ECORRUPT),
    WRONG("a toggle without a name", ONE(0x10), 1, "", "\1", "\4", SENNIT_ECORRUPT),
    WRONG("toggles in a run", ONE(0x30), 1, "", "\1", "\6\1", SENNIT_ECORRUPT),
    WRONG("a toggle of the root", ONE(0x10), 1, "", "", "\6\0", SENNIT_ECORRUPT),
    WRONG("an insert with a length", ONE(0x10), 1, "", "", "\x12\0", SENNIT_ECORRUPT),
    WRONG("an insert with more to come", ONE(0x10), 1, "", "", "\3\0", SENNIT_ECORRUPT),
    WRONG("a replica that is none", ONE(0x10), 1, "", "\1", "\2\6", SENNIT_ECORRUPT),
    WRONG("a left child of the root", ONE(0x11), 1, "", "", "\2\0", SENNIT_ECORRUPT),
    WRONG("a delete of the root", ONE(0x12), 1, "", "", "\2\0", SENNIT_ECORRUPT),
    WRONG("a place told twice", ONE(0x14), 1, "", "\1", "\2\1", SENNIT_ECORRUPT),
    WRONG("a place that is missing", ONE(0x10), 1, "", "", "\2\1", SENNIT_ECORRUPT),
    WRONG("a number too large", ONE(0x10), 1, "", "\xff\xff\xff\xff\x1f", "\2\1", SENNIT_ECORRUPT),
    WRONG("a length too large", ONE(0x12), 1, "", "\1", "\xf2\xff\xff\xff\xff\1\1", SENNIT_ECORRUPT),
    WRONG("a count that is missing", ONE(0xf0), 1, "", "\1", "\2\1", SENNIT_ECORRUPT),
    WRONG("a count too large", ONE(0xf0), 1, "\xff\xff\xff\xff\x0f", "\1", "\2\1", SENNIT_ECORRUPT),
    WRONG("one delete downwards", ONE(0x13), 1, "", "\1", "\2\1", SENNIT_ECORRUPT),
    WRONG("ranges in a run", ONE(0x32), 1, "", "\1", "\3\1", SENNIT_ECORRUPT),
    WRONG("a run of too many long ones", ONE(0xf2), 1, "\x39", "\1", "\x12\1", SENNIT_ECORRUPT),
    WRONG("a run past 0", ONE(0x53), 1, "", "\1", "\2\1", SENNIT_ECORRUPT),
    WRONG("a run past all numbers", ONE(0x32), 1, "", "\xff\xff\xff\xff\3", "\2\1", SENNIT_ECORRUPT),
    WRONG("a step below 0", TWO(0x10, 0x04), 2, "", "\1\7", "\2\1", SENNIT_ECORRUPT),
    WRONG("a delete foreseen below 0", TWO(0x12, 0x02), 2, "", "\0", "\2\1", SENNIT_ECORRUPT),
    WRONG("foreseen after a toggle", TWO(0x10, 0x00), 2, "", "\1", "\6\1", SENNIT_ECORRUPT),
};

static void records_that_are_none_are_refused(void **state)
{
    four *f = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        sennit_status st = SENNIT_OK;
        sn_op op;

        f->readers = (sn_column_readers){
            sn_reader_of(wrong[i].heads, wrong[i].n),
            sn_reader_of(wrong[i].counts, wrong[i].counts_len),
            sn_reader_of(wrong[i].refs, wrong[i].refs_len),
            sn_reader_of(wrong[i].extras, wrong[i].extras_len),
        };
        sn_context_start(&f->in);
        f->err = (sennit_error){SENNIT_OK, 0, ""};
        for (size_t k = 0; k < (wrong[i].n > 0 ? wrong[i].n : 1) && st == SENNIT_OK; k++) {
            sn_column_readers readers = f->readers;
            sn_context c = f->in;

            st = sn_columns_get(&f->readers, &f->in, 5, &op, &f->err);
            assert_true(st == SENNIT_OK || sn_columns_usual(&readers, &c, &op, 1) == 0);
        }
        if (st != wrong[i].status)
            fail_msg("%s: status %d", wrong[i].why, st);
        assert_int_equal(f->err.code, st);
    }
}

#define FOUR_TEST(f) cmocka_unit_test_setup_teardown(f, four_open, four_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUR_TEST(what_follows_from_the_record_before_takes_a_byte),
        FOUR_TEST(a_place_visited_before_is_told_by_its_distance),
        FOUR_TEST(any_records_come_back),
        FOUR_TEST(any_bytes_are_read_both_ways_alike),
        FOUR_TEST(records_that_are_none_are_refused),
    };

    return RUN_TESTS(tests);
}
