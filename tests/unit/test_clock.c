#include "core/oplog/clock.h"

#include "core/doc/doc.h"
#include "support/stage.h"

#include <string.h>

#define NOON UINT64_C(1700000000000)

/* ---- the clock ---- */

static void time_is_the_hosts_when_that_is_ahead(void **state)
{
    (void)state;
    const sn_clock clock = {.last = 5, .now_ms = NOON};

    assert_int_equal(sn_clock_next(&clock, 7), NOON << 16);
}

static void time_goes_on_when_the_hosts_stands_still(void **state)
{
    (void)state;
    const sn_clock clock = {.last = NOON << 16, .now_ms = NOON};

    assert_int_equal(sn_clock_next(&clock, 0), (NOON << 16) + 1);
}

static void time_never_runs_backwards(void **state)
{
    (void)state;
    const sn_clock clock = {.last = (NOON << 16) + 9, .now_ms = NOON - 5000};

    assert_int_equal(sn_clock_next(&clock, 3), (NOON << 16) + 10);
}

static void time_is_above_what_is_named(void **state)
{
    (void)state;
    const sn_clock clock = {.last = 5, .now_ms = NOON};

    assert_int_equal(sn_clock_next(&clock, (NOON + 3) << 16), ((NOON + 3) << 16) + 1);
}

static void a_full_counter_carries_into_the_milliseconds(void **state)
{
    (void)state;
    const sn_clock clock = {.last = NOON << 16 | 0xffff, .now_ms = NOON};

    assert_int_equal(sn_clock_next(&clock, 0), (NOON + 1) << 16);
}

static void what_was_seen_moves_the_clock_forward_only(void **state)
{
    (void)state;
    sn_clock clock = {.last = 10, .now_ms = 0};

    sn_clock_see(&clock, 9);
    assert_int_equal(clock.last, 10);
    sn_clock_see(&clock, 12);
    assert_int_equal(clock.last, 12);
}

/* ---- of documents ---- */

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

/* The last change, and how many there are. */
static sennit_change last_change(const sennit_doc *doc, size_t *n)
{
    sennit_change change = {.operations = 0};
    size_t at = 0;

    for (*n = 0; sennit_doc_next_change(doc, &at, &change);)
        ++*n;
    return change;
}

static void assert_changes(const sennit_doc *doc, size_t n, uint64_t unix_ms)
{
    size_t have;

    assert_int_equal(last_change(doc, &have).unix_ms, unix_ms);
    assert_int_equal(have, n);
}

static void typing_on_shares_a_change_until_it_pauses(void **state)
{
    stage *s = *state;

    s->options.coalesce_ms = 50;
    sennit_doc *doc = stage_doc(s, 1, "");
    for (size_t i = 0; i < 20; i++) {
        sennit_doc_set_time(doc, NOON + 50 * i);
        type(doc, i, "x");
    }
    assert_changes(doc, 1, NOON);
    sennit_doc_set_time(doc, NOON + 50 * 19 + 51);
    type(doc, 20, "x");
    assert_changes(doc, 2, NOON + 50 * 19 + 51);
}

static void deleting_on_shares_a_change_until_it_pauses(void **state)
{
    stage *s = *state;

    s->options.coalesce_ms = 50;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_doc_set_time(doc, NOON);
    type(doc, 0, "0123456789");
    for (size_t i = 1; i < 5; i++) {
        sennit_doc_set_time(doc, NOON + 50 * i);
        assert_ok(sennit_doc_delete(doc, 9 - i, 1));
    }
    assert_changes(doc, 1, NOON);
    sennit_doc_set_time(doc, NOON + 251);
    assert_ok(sennit_doc_delete(doc, 4, 1));
    assert_changes(doc, 2, NOON + 251);
}

static void ten_seconds_end_a_change_unless_told_otherwise(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");

    sennit_doc_set_time(doc, NOON);
    type(doc, 0, "a");
    sennit_doc_set_time(doc, NOON + 10000);
    type(doc, 1, "b");
    assert_changes(doc, 1, NOON);
    sennit_doc_set_time(doc, NOON + 20001);
    type(doc, 2, "c");
    assert_changes(doc, 2, NOON + 20001);
}

/* Two documents, one of which is nearly a second ahead, after each typed a letter
 * and the slow one has heard of the other: "ba". */
static sennit_doc *behind(void **state)
{
    sennit_doc *a = stage_doc(*state, 1, ""), *b = stage_doc(*state, 2, "");

    sennit_doc_set_time(a, NOON);
    sennit_doc_set_time(b, NOON + 900);
    type(a, 0, "a");
    type(b, 0, "b");
    doc_catch_up(a, b);
    assert_text(a, "ba");
    return a;
}

static void an_edit_of_newer_text_begins_a_change_above_it(void **state)
{
    sennit_doc *a = behind(state);

    type(a, 2, "x"); /* behind its own letter */
    assert_changes(a, 2, NOON + 900);
    type(a, 0, "x"); /* before the newer one */
    assert_changes(a, 3, NOON + 900);
    assert_text(a, "xbax");
}

static void deleting_newer_text_begins_a_change_above_it(void **state)
{
    sennit_doc *a = behind(state);

    assert_ok(sennit_doc_delete(a, 1, 1)); /* its own */
    assert_changes(a, 2, NOON + 900);
    assert_ok(sennit_doc_delete(a, 0, 1));
    assert_changes(a, 3, NOON + 900);
    assert_text(a, "");
}

static void deleting_old_and_newer_text_begins_a_change_above_both(void **state)
{
    sennit_doc *a = behind(state);

    type(a, 2, "x");
    assert_ok(sennit_doc_delete(a, 0, 3));
    assert_changes(a, 3, NOON + 900);
    assert_text(a, "");
}

static void a_transaction_taken_back_sets_the_clock_back(void **state)
{
    sennit_doc *a = behind(state);
    uint64_t last = a->clock.last;

    assert_ok(sennit_doc_begin(a));
    type(a, 0, "x");
    assert_true(a->clock.last > last);
    assert_ok(sennit_doc_abort(a));
    assert_int_equal(a->clock.last, last);
    assert_changes(a, 2, NOON + 900);
}

static void an_offset_corrects_what_the_host_says(void **state)
{
    stage *s = *state;
    sennit_doc *copy;

    s->options.coalesce_ms = 100;
    sennit_doc *doc = stage_doc(s, 1, "");

    sennit_doc_set_time(doc, NOON);
    type(doc, 0, "a");
    sennit_doc_set_clock_offset(doc, 5000);
    type(doc, 1, "b"); /* not before the time is told again */
    assert_changes(doc, 1, NOON);
    sennit_doc_set_time(doc, NOON);
    type(doc, 2, "c");
    assert_changes(doc, 2, NOON + 5000);
    assert_ok(sennit_doc_fork(doc, NULL, &copy)); /* the same clock, the same error */
    stage_keep(s, copy);
    type(copy, 0, "d");
    assert_changes(copy, 3, NOON + 5000);
    sennit_doc_set_time(copy, NOON + 1000);
    type(copy, 1, "e");
    assert_changes(copy, 4, NOON + 6000);
}

static void an_offset_never_leaves_the_range_of_time(void **state)
{
    stage *s = *state;
    static const int64_t offsets[] = {INT64_MIN, -(int64_t)NOON - 1, -(int64_t)NOON, 0, INT64_MAX};
    static const uint64_t now[] = {0, 0, 0, NOON, ((uint64_t)1 << 47) - 1};

    for (size_t i = 0; i < sizeof now / sizeof now[0]; i++) {
        sennit_doc *doc = stage_doc(s, 1, "");

        sennit_doc_set_clock_offset(doc, offsets[i]);
        sennit_doc_set_time(doc, NOON);
        assert_int_equal(doc->clock.now_ms, now[i]);
        sennit_doc_set_time(doc, UINT64_MAX);
        assert_true(doc->clock.now_ms <= ((uint64_t)1 << 47) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_the_hosts_when_that_is_ahead),
        cmocka_unit_test(time_goes_on_when_the_hosts_stands_still),
        cmocka_unit_test(time_never_runs_backwards),
        cmocka_unit_test(time_is_above_what_is_named),
        cmocka_unit_test(a_full_counter_carries_into_the_milliseconds),
        cmocka_unit_test(what_was_seen_moves_the_clock_forward_only),
        STAGE_TEST(typing_on_shares_a_change_until_it_pauses),
        STAGE_TEST(deleting_on_shares_a_change_until_it_pauses),
        STAGE_TEST(ten_seconds_end_a_change_unless_told_otherwise),
        STAGE_TEST(an_edit_of_newer_text_begins_a_change_above_it),
        STAGE_TEST(deleting_newer_text_begins_a_change_above_it),
        STAGE_TEST(deleting_old_and_newer_text_begins_a_change_above_both),
        STAGE_TEST(a_transaction_taken_back_sets_the_clock_back),
        STAGE_TEST(an_offset_corrects_what_the_host_says),
        STAGE_TEST(an_offset_never_leaves_the_range_of_time),
    };

    return RUN_TESTS(tests);
}
