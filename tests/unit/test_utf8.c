#include "base/utf8.h"

#include "support/cm.h"
#include "support/text.h"

#include <string.h>

/* The scalar value that well-formed text begins with, and how long it is, by the
 * definition (RFC 3629, section 3); 0 bytes if it is ill-formed. */
static size_t decode(const uint8_t *p, size_t left, uint32_t *value)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (n == 0 || n > left)
        return 0;
    *value = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        *value = *value << 6 | (p[i] & 0x3fu);
    }
    if (*value < least[n] || *value > 0x10ffff || (*value >= 0xd800 && *value <= 0xdfff))
        return 0;
    return n;
}

static size_t valid_prefix(const uint8_t *text, size_t len)
{
    size_t at = 0, n;
    uint32_t value;

    while (at < len && (n = decode(text + at, len - at, &value)) > 0)
        at += n;
    return at;
}

static void every_sequence_of_two_bytes_is_judged_right(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            const uint8_t text[] = {(uint8_t)a, (uint8_t)b};

            assert_int_equal(sn_utf8_valid(text, 2), valid_prefix(text, 2));
        }
}

static void every_lead_is_judged_right_with_every_second_byte(void **state)
{
    (void)state;
    static const uint8_t tails[] = {0x7f, 0x80, 0xbf, 0xc0};

    for (unsigned a = 0xe0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (unsigned c = 0; c < 4; c++)
                for (unsigned d = 0; d < 4; d++) {
                    const uint8_t text[] = {(uint8_t)a, (uint8_t)b, tails[c], tails[d], 'x'};

                    for (size_t len = 3; len <= 5; len++)
                        assert_int_equal(sn_utf8_valid(text, len), valid_prefix(text, len));
                }
}

static void every_character_is_valid(void **state)
{
    (void)state;
    for (uint32_t v = 1; v <= 0x10ffff; v += v < 0x3000 ? 1 : 251) {
        uint8_t t[4];
        size_t n = v < 0x80 ? 1 : v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;

        for (size_t i = n; i-- > 1;)
            t[i] = (uint8_t)(0x80 | (v >> (6 * (n - 1 - i)) & 0x3f));
        t[0] = (uint8_t)(n == 1 ? v : (0xf00u >> n & 0xffu) | v >> (6 * (n - 1)));
        assert_int_equal(sn_utf8_valid(t, n), v >= 0xd800 && v <= 0xdfff ? 0 : n);
        assert_int_equal(sn_utf8_width(t[0]), n);
    }
}

static void a_bad_byte_is_found_wherever_it_stands_in_a_long_text(void **state)
{
    (void)state;
    uint8_t text[150];

    memset(text, 'a', sizeof text);
    assert_int_equal(sn_utf8_valid(text, sizeof text), sizeof text);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = 0xff;
        assert_int_equal(sn_utf8_valid(text, sizeof text), i);
        text[i] = 0xc3; /* a character that is cut off, or followed by no continuation */
        assert_int_equal(sn_utf8_valid(text, sizeof text), i);
        text[i] = 'a';
    }
    assert_int_equal(sn_utf8_valid(NULL, 0), 0);
}

static void a_host_is_told_where_text_is_no_utf8(void **state)
{
    (void)state;
    size_t bad = 99;

    assert_int_equal(sennit_utf8_check("a\xc3\xa9z", 4, &bad), SENNIT_OK);
    assert_int_equal(bad, 4);
    assert_int_equal(sennit_utf8_check("a\xc3\xa9\xed\xa0\x80z", 7, &bad), SENNIT_EUTF8);
    assert_int_equal(bad, 3);
    assert_int_equal(sennit_utf8_check("a\xc3\xa9z", 2, &bad), SENNIT_EUTF8); /* cut off */
    assert_int_equal(bad, 1);
    assert_int_equal(sennit_utf8_check("\xff", 1, NULL), SENNIT_EUTF8);
    assert_int_equal(sennit_utf8_check(NULL, 0, &bad), SENNIT_OK);
    assert_int_equal(bad, 0);
    assert_int_equal(sennit_utf8_check(NULL, 1, &bad), SENNIT_EINVAL);
}

static void counts_are_those_of_one_character_at_a_time(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    char text[4 * 600];

    for (unsigned k = 0; k < 300; k++) {
        size_t len = rng_text(&r, k < 200 ? 20 : 600, text);
        sn_count c = sn_utf8_count((const uint8_t *)text, len);

        for (unsigned u = SENNIT_BYTES; u <= SENNIT_LINES; u++)
            assert_int_equal(sn_count_in(&c, (sennit_unit)u),
                             text_units(text, len, (sennit_unit)u));
    }
}

static void counts_of_parts_add_up(void **state)
{
    (void)state;
    rng r = rng_seed(2);
    char text[4 * 50];
    size_t len = rng_text(&r, 50, text), at = text_place(&r, text, len);
    sn_count all = sn_utf8_count((const uint8_t *)text, len);
    sn_count head = sn_utf8_count((const uint8_t *)text, at);
    sn_count tail = sn_utf8_count((const uint8_t *)text + at, len - at), sum = head;

    sn_count_add(&sum, &tail);
    assert_memory_equal(&sum, &all, sizeof sum);
    sn_count_sub(&sum, &head);
    assert_memory_equal(&sum, &tail, sizeof sum);
}

/* Skipping stops before a character that would go beyond, and behind a newline. */
static void skipping_goes_as_far_as_counting_says(void **state)
{
    (void)state;
    rng r = rng_seed(3);
    char text[4 * 30];

    for (unsigned k = 0; k < 300; k++) {
        size_t len = rng_text(&r, 30, text);

        for (unsigned u = SENNIT_BYTES; u < SENNIT_LINES; u++) {
            sennit_unit unit = (sennit_unit)u;

            if (unit == SENNIT_BYTES)
                continue; /* the caller's own arithmetic */
            for (size_t n = 0; n <= text_units(text, len, unit); n++)
                assert_int_equal(sn_utf8_skip((const uint8_t *)text, len, unit, n),
                                 text_at(text, len, unit, n));
        }
        for (size_t n = 1; n <= text_units(text, len, SENNIT_LINES); n++) {
            size_t at = sn_utf8_skip((const uint8_t *)text, len, SENNIT_LINES, n);

            assert_int_equal(text[at - 1], '\n');
            assert_int_equal(text_units(text, at, SENNIT_LINES), n);
        }
    }
    assert_int_equal(sn_utf8_skip((const uint8_t *)"ab", 2, SENNIT_BYTES, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_two_bytes_is_judged_right),
        cmocka_unit_test(every_lead_is_judged_right_with_every_second_byte),
        cmocka_unit_test(every_character_is_valid),
        cmocka_unit_test(a_bad_byte_is_found_wherever_it_stands_in_a_long_text),
        cmocka_unit_test(a_host_is_told_where_text_is_no_utf8),
        cmocka_unit_test(counts_are_those_of_one_character_at_a_time),
        cmocka_unit_test(counts_of_parts_add_up),
        cmocka_unit_test(skipping_goes_as_far_as_counting_says),
    };

    return RUN_TESTS(tests);
}
