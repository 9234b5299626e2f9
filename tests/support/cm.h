/* cmocka with what its header wants before it. */
#ifndef TESTS_CM_H
#define TESTS_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_ok(x) assert_int_equal((x), SENNIT_OK)

#define RUN_TESTS(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
