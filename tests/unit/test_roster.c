#include "core/oplog/roster.h"

#include "support/cm.h"
#include "support/failmem.h"

#define MANY 200

typedef struct people {
    failmem fm;
    sn_mem mem;
    sn_roster who;
} people;

static int people_open(void **state)
{
    static people p;

    p = (people){0};
    sennit_alloc alloc = failmem_at(&p.fm, 0);
    sn_mem_init(&p.mem, &alloc);
    assert_ok(sn_roster_init(&p.who, &p.mem, 12345));
    *state = &p;
    return 0;
}

static int people_close(void **state)
{
    people *p = *state;

    sn_roster_free(&p->who, &p->mem);
    assert_int_equal(p->fm.live, 0);
    return 0;
}

static uint32_t add(people *p, uint64_t id)
{
    uint32_t index;

    assert_ok(sn_roster_add(&p->who, &p->mem, id, &index));
    return index;
}

static uint32_t change(people *p, uint32_t replica, uint64_t hlc, uint32_t seq, uint32_t number)
{
    assert_ok(sn_roster_reserve(&p->who, &p->mem, replica, 1));
    return sn_roster_change(&p->who, replica, hlc, seq, number);
}

static void every_replica_is_found_by_its_id(void **state)
{
    people *p = *state;

    assert_int_equal(sn_roster_find(&p->who, 7), SN_NO_REPLICA);
    for (uint64_t i = 0; i < MANY; i++)
        assert_int_equal(add(p, i * 0x100000001), i);
    for (uint64_t i = 0; i < MANY; i++)
        assert_int_equal(sn_roster_find(&p->who, i * 0x100000001), i);
    assert_int_equal(sn_roster_find(&p->who, 1), SN_NO_REPLICA);
    assert_int_equal(sn_roster_find(&p->who, UINT64_MAX), SN_NO_REPLICA);
}

static void truncating_forgets_the_newest(void **state)
{
    people *p = *state;
    uint32_t a = add(p, 10), b = add(p, 20);

    change(p, a, 1, 0, 0);
    change(p, b, 2, 0, 0);
    change(p, a, 3, 5, 5);
    uint32_t c = add(p, 30);
    change(p, c, 4, 0, 0);
    sn_roster_truncate(&p->who, &p->mem, 2, 3);
    assert_int_equal(sn_roster_find(&p->who, 30), SN_NO_REPLICA);
    assert_int_equal(sn_roster_find(&p->who, 10), a);
    assert_int_equal(sn_roster_find(&p->who, 20), b);
    assert_int_equal(p->who.replicas[a].changes_len, 1);
    assert_int_equal(p->who.replicas[b].changes_len, 1);
    assert_int_equal(add(p, 40), 2);
    assert_int_equal(sn_roster_find(&p->who, 40), 2);
    sn_roster_truncate(&p->who, &p->mem, 3, 1);
    assert_int_equal(p->who.replicas[a].changes_len, 0);
}

/* Changes that begin at the same byte: the later one holds it. */
static void a_byte_or_operation_is_in_the_last_change_that_begins_before_it(void **state)
{
    people *p = *state;
    uint32_t a = add(p, 10), first = change(p, a, 1, 0, 0);

    assert_int_equal(sn_roster_change_of(&p->who, a, 0), first);
    uint32_t second = change(p, a, 2, 4, 3), third = change(p, a, 3, 6, 3);
    uint32_t fourth = change(p, a, 4, 9, 8);
    const uint32_t by_number[] = {first, first, first, third, third, third, third, third, fourth};
    const uint32_t by_seq[] = {first, first, first, first, second, second, third, third, third, fourth};
    for (uint32_t i = 0; i < 9; i++)
        assert_int_equal(sn_roster_change_of(&p->who, a, i), by_number[i]);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(sn_roster_change_at_seq(&p->who, a, i), by_seq[i]);
}

static void a_change_ends_where_the_next_begins(void **state)
{
    people *p = *state;
    uint32_t a = add(p, 10), b = add(p, 20), number;
    uint32_t first = change(p, a, 1, 0, 0);

    change(p, b, 2, 0, 0);
    uint32_t last = change(p, a, 3, 7, 5);
    p->who.replicas[a].seq = 12;
    p->who.replicas[a].text.len = 9;
    assert_int_equal(sn_roster_change_end(&p->who, first, &number), 7);
    assert_int_equal(number, 5);
    assert_int_equal(sn_roster_change_end(&p->who, last, &number), 12);
    assert_int_equal(number, 9);
    p->who.replicas[a].text.len = 0;
}

static void keys_are_ordered_by_time_then_id_then_arrival(void **state)
{
    people *p = *state;
    uint32_t big = add(p, 20), small = add(p, 10);
    uint32_t x = change(p, big, 5, 0, 0), y = change(p, small, 5, 0, 0), z = change(p, small, 6, 1, 0);

    assert_true(sn_change_le(&p->who, y, x));
    assert_false(sn_change_le(&p->who, x, y));
    assert_true(sn_change_le(&p->who, x, z));
    assert_false(sn_change_le(&p->who, z, y));
    assert_true(sn_change_le(&p->who, x, x));
    assert_true(sn_change_le(&p->who, SN_ROOT_CHANGE, y));
    assert_false(sn_change_le(&p->who, y, SN_ROOT_CHANGE));
    assert_true(sn_change_le(&p->who, SN_ROOT_CHANGE, SN_ROOT_CHANGE));
    assert_ptr_equal(sn_author(&p->who, z), &p->who.replicas[small]);
}

static void more_changes_than_a_span_can_name_are_refused(void **state)
{
    people *p = *state;
    uint32_t a = add(p, 10);

    assert_int_equal(sn_roster_reserve(&p->who, &p->mem, a, SN_MAX_CHANGES), SENNIT_ELIMIT);
}

static void a_roster_without_memory_stays_as_it_is(void **state)
{
    people *p = *state;
    uint32_t index, n = 0;

    for (size_t nth = 1; n < MANY; nth++) {
        p->fm.calls = 0;
        p->fm.fail_at = nth;
        while (sn_roster_add(&p->who, &p->mem, n + 1, &index) == SENNIT_OK)
            assert_int_equal(index, n++);
        assert_int_equal(p->who.replicas_len, n);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(sn_roster_find(&p->who, i + 1), i);
        assert_int_equal(sn_roster_find(&p->who, n + 1), SN_NO_REPLICA);
    }
    p->fm.calls = 0;
    p->fm.fail_at = 1;
    assert_int_equal(sn_roster_reserve(&p->who, &p->mem, 0, 1000), SENNIT_ENOMEM);
    assert_ok(sn_roster_reserve(&p->who, &p->mem, 0, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_replica_is_found_by_its_id, people_open, people_close),
        cmocka_unit_test_setup_teardown(truncating_forgets_the_newest, people_open, people_close),
        cmocka_unit_test_setup_teardown(
            a_byte_or_operation_is_in_the_last_change_that_begins_before_it, people_open,
            people_close),
        cmocka_unit_test_setup_teardown(a_change_ends_where_the_next_begins, people_open,
                                        people_close),
        cmocka_unit_test_setup_teardown(keys_are_ordered_by_time_then_id_then_arrival, people_open,
                                        people_close),
        cmocka_unit_test_setup_teardown(more_changes_than_a_span_can_name_are_refused, people_open,
                                        people_close),
        cmocka_unit_test_setup_teardown(a_roster_without_memory_stays_as_it_is, people_open,
                                        people_close),
    };

    return RUN_TESTS(tests);
}
