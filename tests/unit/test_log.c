#include "core/oplog/log.h"

#include "support/cm.h"
#include "support/failmem.h"
#include "support/ops.h"
#include "support/require.h"
#include "support/rng.h"

#define AUTHOR 1u
#define CHANGES 400

static const uint64_t ids[] = {100, 200, 300};

/* A log beside its operations one by one. */
typedef struct history {
    failmem fm;
    sn_mem mem;
    sn_log log;
    naive_log ops;
    uint32_t changes[CHANGES]; /* ordinal -> change */
    uint32_t ordinal;
    uint32_t seq, number;
} history;

static void history_init(history *h)
{
    *h = (history){.seq = 0};
    sennit_alloc alloc = failmem_at(&h->fm, 0);
    sn_mem_init(&h->mem, &alloc);
    for (uint32_t i = 0; i < CHANGES; i++)
        h->changes[i] = 1000 + 3 * i;
}

static void history_free(history *h)
{
    sn_log_free(&h->log, &h->mem);
    assert_int_equal(h->fm.live, 0);
    naive_log_free(&h->ops);
}

/* ---- making operations ---- */

/* One insert, mostly where the last one ended. */
static void history_insert(history *h, rng *r)
{
    naive_op op = {.kind = NAIVE_INSERT, .id = {ids[AUTHOR], h->seq++}, .number = h->number,
                   .hlc = h->changes[h->ordinal], .byte = 'x'};

    if (op.number > 0 && rng_percent(r, 75)) {
        op.ref = (naive_id){ids[AUTHOR], op.number - 1};
        op.left = rng_percent(r, 10);
    } else if (rng_percent(r, 20)) {
        op.root = true;
    } else {
        op.ref = (naive_id){ids[rng_below(r, 3)], (uint32_t)rng_below(r, 50)};
        op.left = rng_percent(r, 50);
    }
    h->number++;
    naive_log_add(&h->ops, &op);
}

/* Characters deleted one by one, in either direction, or ranges at once. */
static void history_delete(history *h, rng *r)
{
    naive_id targets[40];
    uint32_t width = (uint32_t)rng_in(r, 1, 4), at = (uint32_t)rng_in(r, 400, 900);
    uint64_t of = ids[rng_below(r, 3)];
    bool down = rng_percent(r, 50);
    size_t many = rng_percent(r, 80) ? 1 : rng_in(r, 2, 4);

    for (size_t k = many > 1 ? 1 : rng_in(r, 1, 90); k > 0; k--) {
        naive_op op = {.kind = NAIVE_DELETE, .id = {ids[AUTHOR], h->seq++}, .number = h->number,
                       .hlc = h->changes[h->ordinal], .targets = targets};

        for (size_t range = 0; range < many; range++)
            for (uint32_t i = 0; i < width; i++)
                targets[op.targets_len++] = (naive_id){of, at + (uint32_t)range * 20 + i};
        naive_log_add(&h->ops, &op);
        at = down ? at - width : at + width;
    }
}

static void history_toggle(history *h, rng *r)
{
    naive_op op = {.kind = NAIVE_TOGGLE, .id = {ids[AUTHOR], h->seq++}, .number = h->number,
                   .hlc = h->changes[h->ordinal], .on = rng_percent(r, 50),
                   .ref = {ids[rng_below(r, 3)], (uint32_t)rng_below(r, 1000)}};

    naive_log_add(&h->ops, &op);
}

/* Append the records of operations [from, to) of one change, or all of them at once. */
static void history_append_as(history *h, size_t from, size_t to, bool at_once)
{
    ops_batch b;

    ops_gather(&b, (const naive_op *const *)h->ops.ops + from, to - from);
    assert_int_equal(b.batch.segments_len, 1);
    assert_ok(sn_log_reserve(&h->log, &h->mem, b.batch.ops_len));
    for (uint32_t i = 0; i < b.batch.ops_len; i++) {
        sn_op *op = &b.batch.ops[i];

        op->change = h->changes[h->ordinal];
        if (op->ref_replica != SN_NO_REPLICA) { /* as the log numbers them */
            uint64_t id = b.batch.ids[op->ref_replica];
            op->ref_replica = id == ids[0] ? 0 : id == ids[1] ? 1 : 2;
        }
        if (!at_once)
            sn_log_append(&h->log, op, AUTHOR, h->ordinal);
    }
    if (at_once)
        sn_log_append_all(&h->log, b.batch.ops, b.batch.ops_len, AUTHOR, h->ordinal);
    ops_free(&b);
}

static void history_append(history *h, size_t from, size_t to)
{
    history_append_as(h, from, to, false);
}

/* Append another log's operations, change by change. */
static void history_append_changes(history *h, const history *from)
{
    for (size_t at = 0, end = 0; at < from->ops.len; at = end) {
        while (end < from->ops.len && from->ops.ops[end]->hlc == from->ops.ops[at]->hlc)
            naive_log_add(&h->ops, from->ops.ops[end++]);
        while (h->changes[h->ordinal] < from->ops.ops[at]->hlc)
            h->ordinal++;
        history_append_as(h, at, end, true);
    }
}

static void history_grow(history *h, rng *r)
{
    size_t from = h->ops.len;
    unsigned how = (unsigned)rng_below(r, 100);

    if (how < 60)
        for (size_t k = rng_in(r, 1, 12); k > 0; k--)
            history_insert(h, r);
    else if (how < 90)
        history_delete(h, r);
    else
        history_toggle(h, r);
    /* In one piece or in two: the records must be the same. */
    size_t cut = from + rng_below(r, h->ops.len - from + 1);
    if (cut > from)
        history_append(h, from, cut);
    if (cut < h->ops.len)
        history_append(h, cut, h->ops.len);
    if (rng_percent(r, 15) && h->ordinal + 1 < CHANGES)
        h->ordinal++;
}

/* ---- comparing ---- */

/* What the log says from operation seq on. */
static void history_compare(const history *h, uint32_t seq)
{
    naive_log said = {NULL, 0};
    sn_log_iter it;
    sn_op op;

    uint8_t text[100];

    memset(text, 'x', sizeof text);
    sn_log_seek(&it, &h->log, AUTHOR, h->changes, seq);
    while (sn_log_next(&it, &op)) {
        if (op.seq < seq && op.part == SN_WHOLE)
            sn_op_skip(&op, seq - op.seq, AUTHOR);
        ops_expand(&said, ids, ids[AUTHOR], op.change, &op, text);
    }
    require(said.len == h->ops.len - seq);
    for (size_t i = 0; i < said.len; i++)
        require(naive_same(said.ops[i], h->ops.ops[seq + i]));
    naive_log_free(&said);
}

/* No record could have been joined to the one before (L3). */
static size_t history_records(const history *h)
{
    sn_op last = {.n = 0}, op;
    sn_log_iter it;
    size_t n = 0;

    sn_log_seek(&it, &h->log, AUTHOR, h->changes, 0);
    for (; sn_log_next(&it, &op); n++) {
        sn_op copy = op, joined = last;

        assert_false(last.n > 0 && sn_op_join(&joined, &copy, AUTHOR));
        assert_int_equal(copy.n, op.n);
        last = op;
    }
    return n;
}

static void operations_are_read_as_they_were_appended(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        rng r = rng_seed(seed);
        history h;

        history_init(&h);
        history_compare(&h, 0);
        for (size_t k = rng_in(&r, 1, 60); k > 0; k--)
            history_grow(&h, &r);
        history_compare(&h, 0);
        for (unsigned k = 0; k < 40; k++)
            history_compare(&h, (uint32_t)rng_below(&r, h.ops.len + 1));
        history_compare(&h, (uint32_t)h.ops.len);
        history_free(&h);
    }
}

static void records_are_the_same_however_they_came(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        rng r = rng_seed(seed);
        history h, single, whole;

        history_init(&h);
        for (size_t k = 30; k > 0; k--)
            history_grow(&h, &r);
        history_init(&single);
        for (size_t i = 0; i < h.ops.len; i++) {
            naive_log_add(&single.ops, h.ops.ops[i]);
            while (h.changes[single.ordinal] < h.ops.ops[i]->hlc)
                single.ordinal++;
            history_append(&single, i, i + 1);
        }
        assert_int_equal(history_records(&h), history_records(&single));
        assert_int_equal(h.log.len, single.log.len);
        assert_true(h.log.len == 0 || memcmp(h.log.bytes, single.log.bytes, h.log.len) == 0);
        history_init(&whole);
        history_append_changes(&whole, &h);
        assert_int_equal(whole.log.len, h.log.len);
        assert_int_equal(whole.log.marks_len, h.log.marks_len);
        assert_true(h.log.len == 0 || memcmp(h.log.bytes, whole.log.bytes, h.log.len) == 0);
        assert_int_equal(whole.log.last.seq, h.log.last.seq);
        history_compare(&whole, 0);
        history_free(&h);
        history_free(&single);
        history_free(&whole);
    }
}

static void what_was_appended_since_is_taken_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        rng r = rng_seed(seed);
        history h;

        history_init(&h);
        for (size_t k = rng_below(&r, 40); k > 0; k--)
            history_grow(&h, &r);
        sn_log_state saved = sn_log_save(&h.log);
        history before = h;
        for (size_t k = rng_in(&r, 1, 40); k > 0; k--)
            history_grow(&h, &r);
        sn_log_restore(&h.log, &saved);
        while (h.ops.len > before.ops.len) {
            naive_op *op = h.ops.ops[--h.ops.len];
            free(op->targets);
            free(op);
        }
        h.seq = before.seq;
        h.number = before.number;
        h.ordinal = before.ordinal;
        history_compare(&h, 0);
        history_free(&h);
    }
}

static void a_run_that_turns_back_joins_with_its_first_operation_only(void **state)
{
    (void)state;
    sn_op down = {.kind = SN_DELETE, .n = 1, .ref = 10, .len = 1};
    sn_op turning = {.kind = SN_DELETE, .seq = 1, .n = 2, .ref = 9, .len = 1}; /* 9, then 10 */

    assert_false(sn_op_join(&down, &turning, AUTHOR));
    assert_int_equal(down.n, 2);
    assert_int_equal(down.flag, 1);
    assert_int_equal(sn_op_low(&down), 9);
    assert_int_equal(turning.n, 1);
    assert_int_equal(turning.ref, 10);
    assert_int_equal(turning.seq, 2);
}

static void records_that_come_at_once_are_joined_as_well(void **state)
{
    (void)state;
    const sn_op ops[] = {
        {.kind = SN_INSERT, .change = 1, .n = 2, .ref_replica = SN_NO_REPLICA},
        {.kind = SN_INSERT, .change = 1, .n = 1, .seq = 2, .number = 2, .ref_replica = AUTHOR, .ref = 1},
        {.kind = SN_DELETE, .change = 1, .n = 1, .seq = 3, .number = 3, .ref_replica = AUTHOR, .ref = 2,
         .len = 1},
    };
    history h;

    history_init(&h);
    assert_ok(sn_log_reserve(&h.log, &h.mem, 3));
    sn_log_append_all(&h.log, ops, 3, AUTHOR, 0);
    assert_int_equal(h.log.last.n, 3);
    assert_int_equal(h.log.open.kind, SN_DELETE);
    history_free(&h);
}

/* The turn leaves a rest, which the next record goes on from. */
static void records_that_come_in_two_parts_are_joined_as_well(void **state)
{
    (void)state;
    const sn_op ops[] = {
        {.kind = SN_DELETE, .change = 1, .n = 1, .ref = 10, .len = 1},
        {.kind = SN_DELETE, .change = 1, .n = 2, .seq = 1, .ref = 9, .len = 1},
        {.kind = SN_DELETE, .change = 1, .n = 1, .seq = 3, .ref = 11, .len = 1},
    };
    history h, single;

    history_init(&h);
    history_init(&single);
    assert_ok(sn_log_reserve(&h.log, &h.mem, 3));
    assert_ok(sn_log_reserve(&single.log, &single.mem, 3));
    sn_log_append_all(&h.log, ops, 1, AUTHOR, 0);
    sn_log_append_all(&h.log, ops + 1, 2, AUTHOR, 0);
    for (size_t i = 0; i < 3; i++)
        sn_log_append(&single.log, &ops[i], AUTHOR, 0);
    assert_int_equal(h.log.len, single.log.len);
    assert_memory_equal(h.log.bytes, single.log.bytes, h.log.len);
    assert_int_equal(h.log.open.ref, single.log.open.ref);
    assert_int_equal(h.log.open.n, 2);
    history_free(&h);
    history_free(&single);
}

/* Numbers of every length, there and back. */
static void numbers_of_any_size_are_kept(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 255, 256, 65535, 65536, 1 << 24, (1 << 29) + 3};
    enum { SIZES = sizeof sizes / sizeof *sizes, WIDE = 2 * SIZES * SIZES };
    sn_op ops[WIDE], op;
    sn_log_iter it;
    history h;

    history_init(&h);
    assert_ok(sn_log_reserve(&h.log, &h.mem, WIDE));
    for (uint32_t i = 0, seq = 0; i < WIDE; seq += ops[i++].n) {
        uint32_t a = sizes[i / 2 % SIZES], b = sizes[i / 2 / SIZES];

        ops[i] = (sn_op){.kind = SN_DELETE, .flag = i % 2, .change = h.changes[0], .seq = seq,
                         .n = i % 2 ? 2 : a % 4096 + 1, .number = 0, .ref_replica = i % 3 ? AUTHOR : b % 1000,
                         .ref = i % 4 > 1 ? a : (uint32_t)SN_MAX_TEXT - b, .len = i % 2 ? b : 1};
    }
    sn_log_append_all(&h.log, ops, WIDE, AUTHOR, 0);
    sn_log_seek(&it, &h.log, AUTHOR, h.changes, 0);
    for (uint32_t i = 0; i < WIDE; i++) {
        assert_true(sn_log_next(&it, &op));
        assert_true(op.kind == SN_DELETE && op.flag == ops[i].flag && op.change == ops[i].change &&
                    op.seq == ops[i].seq && op.n == ops[i].n && op.number == ops[i].number &&
                    op.ref_replica == ops[i].ref_replica && op.ref == ops[i].ref && op.len == ops[i].len);
    }
    assert_false(sn_log_next(&it, &op));
    history_free(&h);
}

static void a_single_run_needs_no_memory(void **state)
{
    (void)state;
    history h;
    naive_op op = {.kind = NAIVE_INSERT, .id = {ids[AUTHOR], 0}, .hlc = 1000, .root = true};

    history_init(&h);
    for (uint32_t i = 0; i < 100; i++) {
        op.id.n = op.number = i;
        op.root = i == 0;
        op.ref = (naive_id){ids[AUTHOR], i - 1};
        op.byte = 'x';
        naive_log_add(&h.ops, &op);
    }
    history_append(&h, 0, 100);
    assert_int_equal(h.fm.calls, 0);
    history_compare(&h, 0);
    history_compare(&h, 57);
    history_free(&h);
}

static void a_log_without_memory_stays_as_it_was(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        rng r = rng_seed(nth);
        history h;

        history_init(&h);
        for (size_t k = 5; k > 0; k--)
            history_grow(&h, &r);
        h.fm.calls = 0;
        h.fm.fail_at = nth;
        assert_int_equal(sn_log_reserve(&h.log, &h.mem, 100000), SENNIT_ENOMEM);
        assert_true(h.fm.fired);
        history_compare(&h, 0);
        assert_int_equal(sn_log_reserve(&h.log, &h.mem, SIZE_MAX / 2), SENNIT_ENOMEM);
        history_free(&h);
    }
}

static void room_that_was_not_needed_is_given_back(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    history h;

    history_init(&h);
    for (size_t k = 20; k > 0; k--)
        history_grow(&h, &r);
    assert_ok(sn_log_reserve(&h.log, &h.mem, 10000));
    assert_true(h.log.cap > 100000);
    sn_log_trim(&h.log, &h.mem);
    assert_in_range(h.log.cap, h.log.len, h.log.len + h.log.len / 8 + 256);
    history_compare(&h, 0);
    const uint8_t *bytes = h.log.bytes;
    sn_log_trim(&h.log, &h.mem);
    assert_ptr_equal(h.log.bytes, bytes); /* failmem moves whatever is resized */
    for (size_t k = 200; k > 0; k--)
        history_grow(&h, &r);
    history_compare(&h, 0);
    history_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_read_as_they_were_appended),
        cmocka_unit_test(records_are_the_same_however_they_came),
        cmocka_unit_test(what_was_appended_since_is_taken_back),
        cmocka_unit_test(a_run_that_turns_back_joins_with_its_first_operation_only),
        cmocka_unit_test(records_that_come_at_once_are_joined_as_well),
        cmocka_unit_test(records_that_come_in_two_parts_are_joined_as_well),
        cmocka_unit_test(numbers_of_any_size_are_kept),
        cmocka_unit_test(a_single_run_needs_no_memory),
        cmocka_unit_test(a_log_without_memory_stays_as_it_was),
        cmocka_unit_test(room_that_was_not_needed_is_given_back),
    };

    return RUN_TESTS(tests);
}
