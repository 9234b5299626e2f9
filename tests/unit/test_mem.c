#include "base/mem.h"

#include "support/cm.h"
#include "support/failmem.h"

static void what_is_allocated_is_counted(void **state)
{
    (void)state;
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 0);
    sn_mem mem;

    sn_mem_init(&mem, &alloc);
    char *block = sn_mem_resize(&mem, NULL, 0, 100);
    assert_non_null(block);
    assert_int_equal(mem.live, 100);
    block = sn_mem_resize(&mem, block, 100, 40);
    assert_int_equal(mem.live, 40);
    assert_int_equal(fm.live, 40);
    sn_mem_free(&mem, block, 40);
    sn_mem_free(&mem, NULL, 0);
    assert_int_equal(mem.live, 0);
    assert_int_equal(fm.blocks, 0);
}

static void the_c_library_serves_those_who_bring_no_allocator(void **state)
{
    (void)state;
    sn_mem mem;

    sn_mem_init(&mem, NULL);
    char *block = sn_mem_resize(&mem, NULL, 0, 10);
    block[9] = 1;
    block = sn_mem_resize(&mem, block, 10, 10000);
    assert_int_equal(block[9], 1);
    assert_int_equal(mem.live, 10000);
    sn_mem_free(&mem, block, 10000);
    assert_int_equal(mem.live, 0);
}

static void arrays_grow_in_steps(void **state)
{
    (void)state;
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 0);
    sn_mem mem;
    void *array = NULL;
    size_t cap = 0;

    sn_mem_init(&mem, &alloc);
    for (size_t n = 1; n <= 100000; n++) {
        assert_ok(sn_mem_grow(&mem, &array, &cap, n, sizeof(uint32_t)));
        assert_true(cap >= n);
        ((uint32_t *)array)[n - 1] = (uint32_t)n;
    }
    for (size_t n = 1; n <= 100000; n++)
        assert_int_equal(((uint32_t *)array)[n - 1], n);
    assert_in_range(fm.calls, 10, 60);
    assert_in_range(cap, 100000, 120000);
    assert_int_equal(mem.live, cap * sizeof(uint32_t));
    sn_mem_free(&mem, array, cap * sizeof(uint32_t));
    assert_int_equal(fm.live, 0);
}

static void an_array_that_cannot_grow_stays_as_it_was(void **state)
{
    (void)state;
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 2);
    sn_mem mem;
    void *array = NULL;
    uint32_t cap = 0;

    sn_mem_init(&mem, &alloc);
    assert_ok(sn_mem_grow32(&mem, &array, &cap, 4, 8));
    const void *before = array;
    assert_int_equal(sn_mem_grow32(&mem, &array, &cap, 5, 8), SENNIT_ENOMEM);
    assert_ptr_equal(array, before);
    assert_int_equal(cap, 4);
    assert_int_equal(mem.live, 32);
    sn_mem_free(&mem, array, 32);
    assert_int_equal(fm.live, 0);
}

static void sizes_that_wrap_are_out_of_memory(void **state)
{
    (void)state;
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 0);
    sn_mem mem;
    void *array = NULL;
    uint32_t cap = 0;
    size_t wide = 0;

    sn_mem_init(&mem, &alloc);
    assert_int_equal(sn_mem_grow(&mem, &array, &wide, SIZE_MAX / 2, 8), SENNIT_ENOMEM);
    assert_int_equal(sn_mem_grow32(&mem, &array, &cap, (size_t)UINT32_MAX + 1, 1), SENNIT_ENOMEM);
    assert_int_equal(fm.calls, 0);
    assert_null(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allocated_is_counted),
        cmocka_unit_test(the_c_library_serves_those_who_bring_no_allocator),
        cmocka_unit_test(arrays_grow_in_steps),
        cmocka_unit_test(an_array_that_cannot_grow_stays_as_it_was),
        cmocka_unit_test(sizes_that_wrap_are_out_of_memory),
    };

    return RUN_TESTS(tests);
}
