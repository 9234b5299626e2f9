#include "base/base.h"

#include "support/cm.h"

#include <string.h>

static void every_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int a = SENNIT_OK; a >= SENNIT_ECLOSED; a--) {
        const char *text = sennit_status_text((sennit_status)a);

        assert_in_range(strlen(text), 2, 60);
        assert_string_not_equal(text, "unknown status");
        for (int b = SENNIT_OK; b > a; b--)
            assert_string_not_equal(text, sennit_status_text((sennit_status)b));
    }
    assert_string_equal(sennit_status_text((sennit_status)-99), "unknown status");
    assert_string_equal(sennit_status_text((sennit_status)1), "unknown status");
}

static void the_library_that_is_linked_is_that_of_the_header(void **state)
{
    (void)state;
    assert_int_equal(sennit_version_number(), SENNIT_VERSION_NUMBER);
}

static void failing_tells_where_and_why_to_whom_wants_to_know(void **state)
{
    (void)state;
    sennit_error err = {SENNIT_OK, 0, NULL};

    assert_int_equal(sn_fail(&err, SENNIT_ELIMIT, 7, "why"), SENNIT_ELIMIT);
    assert_int_equal(err.code, SENNIT_ELIMIT);
    assert_int_equal(err.pos, 7);
    assert_string_equal(err.what, "why");
    assert_int_equal(sn_fail(NULL, SENNIT_EFORK, 7, "why"), SENNIT_EFORK);
}

static void sums_and_products_that_wrap_are_noticed(void **state)
{
    (void)state;
    size_t out;

    assert_true(sn_add_size(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_false(sn_add_size(SIZE_MAX, 1, &out));
    assert_true(sn_mul_size(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_true(sn_mul_size(SIZE_MAX, 0, &out) && out == 0);
    assert_true(sn_mul_size(0, SIZE_MAX, &out) && out == 0);
    assert_false(sn_mul_size(SIZE_MAX / 2 + 1, 2, &out));
}

static void trailing_zeros_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(sn_ctz64((uint64_t)1 << i), i);
        assert_int_equal(sn_ctz64(UINT64_MAX << i), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text_of_its_own),
        cmocka_unit_test(the_library_that_is_linked_is_that_of_the_header),
        cmocka_unit_test(failing_tells_where_and_why_to_whom_wants_to_know),
        cmocka_unit_test(sums_and_products_that_wrap_are_noticed),
        cmocka_unit_test(trailing_zeros_are_counted),
    };

    return RUN_TESTS(tests);
}
