#include "core/merge/park.h"

#include "support/cm.h"
#include "support/failmem.h"
#include "support/rng.h"

#include <string.h>

#define KEY UINT64_C(0x9E3779B97F4A7C15)
#define REPLICAS 40
#define PIECES 400

typedef struct lot {
    failmem fm;
    sn_mem mem;
    sn_park park;
} lot;

static void lot_init(lot *l)
{
    memset(l, 0, sizeof *l);
    sennit_alloc alloc = failmem_at(&l->fm, 0);
    sn_mem_init(&l->mem, &alloc);
}

static void lot_free(lot *l)
{
    sn_park_free(&l->park, &l->mem);
    assert_int_equal(l->fm.live, 0);
}

/* Operations of an author that insert n bytes of text behind a byte of the cause. */
static sn_piece *piece_of(lot *l, uint64_t author, uint32_t seq, sn_cause cause, uint32_t n,
                          const char *text)
{
    uint64_t ids[2] = {author, cause.replica};
    sn_op op = {.kind = SN_INSERT, .seq = seq, .n = n, .number = seq, .ref_replica = 1, .ref = 7};
    sn_segment segment = {.seq = seq, .number = seq, .n = 1, .hlc = 5};
    sn_batch batch = {.ids = ids, .segments = &segment, .ops = &op, .ids_len = 2,
                      .segments_len = 1, .ops_len = 1};
    sn_piece *piece;

    assert_ok(sn_park_copy(&l->mem, &batch, &segment, &op, 1, (sn_supply){(const uint8_t *)text, NULL},
                           &cause, &piece));
    return piece;
}

static bool lot_put(lot *l, sn_piece *piece)
{
    assert_ok(sn_park_reserve(&l->park, &l->mem, KEY, 1));
    if (sn_park_add(&l->park, KEY, piece))
        return true;
    sn_park_drop(&l->mem, piece);
    return false;
}

static bool lot_add(lot *l, uint64_t author, uint32_t seq, sn_cause cause, uint32_t n)
{
    return lot_put(l, piece_of(l, author, seq, cause, n, "abcdefgh"));
}

static void a_copy_stands_on_its_own(void **state)
{
    (void)state;
    lot l;

    lot_init(&l);
    sn_piece *piece = piece_of(&l, 11, 3, (sn_cause){22, 8, true}, 2, "ab");
    assert_int_equal(piece->operations, 2);
    assert_int_equal(piece->batch.ids[0], 11);
    assert_int_equal(piece->batch.ids[piece->batch.ops[0].ref_replica], 22);
    assert_int_equal(piece->batch.segments_len, 1);
    assert_int_equal(piece->segment.seq, 3);
    assert_memory_equal(piece->segment.text, "ab", 2);
    sn_park_drop(&l.mem, piece);
    sn_park_drop(&l.mem, NULL);
    lot_free(&l);
}

/* Replicas that a piece names, beyond those that are looked up one by one. */
static void a_copy_keeps_what_many_records_name(void **state)
{
    (void)state;
    uint64_t ids[60];
    sn_op ops[59];
    lot l;
    sn_piece *piece;

    lot_init(&l);
    for (uint32_t i = 0; i < 60; i++)
        ids[i] = 1000 + i;
    for (uint32_t i = 0; i < 59; i++)
        ops[i] = (sn_op){.kind = SN_DELETE, .seq = i, .n = 1, .len = 1, .ref = i,
                         .ref_replica = i % 3 == 0 ? 0 : i % 3 == 1 ? SN_NO_REPLICA : i + 1};
    sn_segment segment = {.n = 59, .hlc = 5};
    sn_batch batch = {.ids = ids, .segments = &segment, .ops = ops, .ids_len = 60,
                      .segments_len = 1, .ops_len = 59};
    assert_ok(sn_park_copy(&l.mem, &batch, &segment, ops, 59, (sn_supply){NULL, NULL},
                           &(sn_cause){7, 1, false}, &piece));
    for (uint32_t i = 0; i < 59; i++) {
        uint32_t named = piece->batch.ops[i].ref_replica;

        if (i % 3 == 1)
            assert_int_equal(named, SN_NO_REPLICA);
        else
            assert_int_equal(piece->batch.ids[named], i % 3 == 0 ? 1000 : 1001 + i);
    }
    assert_int_equal(piece->operations, 59);
    sn_park_drop(&l.mem, piece);
    lot_free(&l);
}

static void pieces_wake_when_their_cause_is_known_and_not_before(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        rng r = rng_seed(seed);
        size_t n = rng_in(&r, 1, PIECES);
        uint32_t known[REPLICAS][2] = {{0}}, waiting[REPLICAS][2] = {{0}};
        uint32_t need[REPLICAS][2][PIECES];
        uint64_t left = 0;
        lot l;

        lot_init(&l);
        for (size_t i = 0; i < n; i++) {
            uint32_t on = (uint32_t)rng_below(&r, REPLICAS), bytes = rng_percent(&r, 50);
            uint32_t much = (uint32_t)rng_in(&r, 1, 1000);

            assert_true(lot_add(&l, 500 + i, 0, (sn_cause){on, much, bytes}, 1));
            need[on][bytes][waiting[on][bytes]++] = much;
            left++;
        }
        assert_int_equal(l.park.operations, n);
        while (left > 0) {
            uint32_t on = (uint32_t)rng_below(&r, REPLICAS);
            sn_piece *piece;

            for (unsigned k = 0; k < 2; k++)
                known[on][k] += (uint32_t)rng_below(&r, 400);
            while ((piece = sn_park_wake(&l.park, KEY, on, known[on][0], known[on][1])) != NULL) {
                assert_int_equal(piece->cause.replica, on);
                assert_true(piece->cause.need <= known[on][piece->cause.bytes]);
                sn_park_drop(&l.mem, piece);
                left--;
            }
            for (unsigned k = 0; k < 2; k++)
                for (uint32_t i = 0; i < waiting[on][k];) {
                    if (need[on][k][i] <= known[on][k])
                        need[on][k][i] = need[on][k][--waiting[on][k]];
                    else
                        i++;
                }
            uint64_t still = 0;
            for (uint32_t i = 0; i < REPLICAS; i++)
                still += waiting[i][0] + waiting[i][1];
            assert_int_equal(still, left);
            assert_int_equal(l.park.pieces_len, left);
        }
        assert_int_equal(l.park.bytes, 0);
        assert_int_equal(l.park.operations, 0);
        lot_free(&l);
    }
}

static void what_is_waited_for_first_is_told_once_for_each_replica(void **state)
{
    (void)state;
    lot l;
    size_t at = 0, n = 0;
    const sn_piece *piece;

    lot_init(&l);
    assert_false(sn_park_next(&l.park, &at, &piece));
    for (uint32_t i = 0; i < 30; i++)
        assert_true(lot_add(&l, 100 + i, 0, (sn_cause){i % 3, 100 - i, i % 2}, 1));
    at = 0;
    while (sn_park_next(&l.park, &at, &piece)) {
        assert_in_range(piece->cause.need, 71, 76); /* the least of its kind */
        n++;
    }
    assert_int_equal(n, 6);
    lot_free(&l);
}

static void a_piece_that_is_there_already_is_not_parked_again(void **state)
{
    (void)state;
    lot l;
    sn_cause cause = {22, 8, true};

    lot_init(&l);
    assert_true(lot_add(&l, 11, 3, cause, 2));
    assert_false(lot_add(&l, 11, 3, cause, 2));
    assert_true(lot_add(&l, 11, 3, cause, 4)); /* says more */
    assert_true(lot_add(&l, 11, 4, cause, 2));
    assert_true(lot_add(&l, 12, 3, cause, 2));
    assert_int_equal(l.park.pieces_len, 4);
    assert_int_equal(l.park.operations, 10);
    lot_free(&l);
}

/* Everything in which two claims to one operation can differ. */
static void other_content_for_the_same_operations_is_parked_beside_it(void **state)
{
    (void)state;
    sn_cause cause = {22, 8, true};
    lot l;

    lot_init(&l);
    for (unsigned again = 0; again < 2; again++)
        for (unsigned other = 0; other < 13; other++) {
            sn_piece *piece = piece_of(&l, 11, 3, other == 12 ? (sn_cause){23, 8, true} : cause, 2,
                                       other == 1 ? "aB" : "ab");
            sn_op *op = piece->batch.ops;

            op->flag = other == 2;
            op->ref += other == 3;
            op->ref_replica = other == 4 ? 0 : other == 5 ? SN_NO_REPLICA : op->ref_replica;
            op->kind = other == 6 ? SN_DELETE : SN_INSERT;
            op->part = other == 7 ? SN_LAST : SN_WHOLE;
            op->len = other == 8;
            piece->segment.hlc += other == 9;
            piece->segment.number += other == 10;
            piece->segment.relative = other == 11 ? SN_AT : SN_ABSOLUTE;
            assert_int_equal(lot_put(&l, piece), again == 0);
        }
    assert_int_equal(l.park.pieces_len, 13);
    lot_free(&l);
}

static void a_piece_that_is_overtaken_wakes_whatever_it_waits_for(void **state)
{
    (void)state;
    sn_cause never = {22, 8, true};
    lot l;

    lot_init(&l);
    for (uint32_t seq = 3; seq < 6; seq++)
        assert_true(lot_add(&l, 11, seq, never, 2));
    assert_true(lot_add(&l, 12, 0, never, 2));
    assert_null(sn_park_wake(&l.park, KEY, 11, 3, 0));
    for (uint32_t seq = 3; seq < 5; seq++) {
        sn_piece *piece = sn_park_wake(&l.park, KEY, 11, 5, 0);

        assert_int_equal(piece->seq, seq);
        assert_int_equal(piece->author, 11);
        sn_park_drop(&l.mem, piece);
    }
    assert_null(sn_park_wake(&l.park, KEY, 11, 5, 0));
    assert_null(sn_park_wake(&l.park, KEY, 10, 5, 0));
    assert_int_equal(l.park.pieces_len, 2);
    assert_int_equal(sn_park_from(&l.park, 11, 0)->seq, 5);
    assert_null(sn_park_from(&l.park, 11, 6));
    assert_null(sn_park_from(&l.park, 10, 0));
    lot_free(&l);
}

/* However ids are chosen: here so that folding one would leave one bit of each. */
static void chosen_ids_find_different_places(void **state)
{
    (void)state;
    uint32_t near = 0;
    lot l;

    lot_init(&l);
    for (uint64_t i = 1; i <= 1000; i++)
        assert_true(lot_add(&l, 1, (uint32_t)i, (sn_cause){i << 45 | i << 13, 1, false}, 1));
    for (uint32_t i = 0, run = 0; i < l.park.awaited_cap; i++) {
        run = l.park.awaited[i].need[0] != NULL ? run + 1 : 0;
        near = run > near ? run : near;
    }
    assert_in_range(near, 1, 200); /* of slots that are taken side by side */
    lot_free(&l);
}

static void a_lot_without_memory_keeps_what_it_has(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        lot l;

        lot_init(&l);
        for (uint32_t i = 0; i < 4; i++)
            assert_true(lot_add(&l, 100 + i, 0, (sn_cause){i, 1, false}, 1));
        l.fm.calls = 0;
        l.fm.fail_at = nth;
        sennit_status st = sn_park_reserve(&l.park, &l.mem, KEY, 50);
        assert_int_equal(st, l.fm.fired ? SENNIT_ENOMEM : SENNIT_OK);
        for (uint32_t i = 0; i < 4; i++) {
            sn_piece *piece = sn_park_wake(&l.park, KEY, i, 1, 0);

            assert_non_null(piece);
            sn_park_drop(&l.mem, piece);
        }
        bool done = !l.fm.fired;
        lot_free(&l);
        if (done)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_stands_on_its_own),
        cmocka_unit_test(a_copy_keeps_what_many_records_name),
        cmocka_unit_test(pieces_wake_when_their_cause_is_known_and_not_before),
        cmocka_unit_test(what_is_waited_for_first_is_told_once_for_each_replica),
        cmocka_unit_test(a_piece_that_is_there_already_is_not_parked_again),
        cmocka_unit_test(other_content_for_the_same_operations_is_parked_beside_it),
        cmocka_unit_test(a_piece_that_is_overtaken_wakes_whatever_it_waits_for),
        cmocka_unit_test(chosen_ids_find_different_places),
        cmocka_unit_test(a_lot_without_memory_keeps_what_it_has),
    };

    return RUN_TESTS(tests);
}
