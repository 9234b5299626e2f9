#include "core/oplog/text.h"

#include "support/cm.h"
#include "support/failmem.h"
#include "support/text.h"

#include <stdlib.h>

/* A text of a few blocks, and where in it so many units of each kind have gone
 * by at each byte. */
typedef struct sample {
    failmem fm;
    sn_mem mem;
    sn_text text;
    uint32_t len;
    uint32_t *gone[4]; /* by unit and byte */
} sample;

static void sample_init(sample *s, rng *r, uint32_t least)
{
    char part[4 * 90];

    *s = (sample){.len = 0};
    sennit_alloc alloc = failmem_at(&s->fm, 0);
    sn_mem_init(&s->mem, &alloc);
    while (s->text.len < least) {
        size_t n = rng_text(r, 90, part);

        assert_ok(sn_text_reserve(&s->text, &s->mem, n));
        sn_text_append(&s->text, part, (uint32_t)n);
    }
    s->len = s->text.len;
    for (unsigned u = 0; u < 4; u++) {
        s->gone[u] = malloc((s->len + 1) * sizeof(uint32_t));
        s->gone[u][0] = 0;
        for (uint32_t i = 0; i < s->len; i++)
            s->gone[u][i + 1] = s->gone[u][i] + (uint32_t)text_units(
                                    (const char *)s->text.bytes + i, 1, (sennit_unit)u);
    }
}

static void sample_free(sample *s)
{
    for (unsigned u = 0; u < 4; u++)
        free(s->gone[u]);
    sn_text_free(&s->text, &s->mem);
    assert_int_equal(s->mem.live, 0);
    assert_int_equal(s->fm.live, 0);
}

/* A place between characters. */
static uint32_t sample_place(const sample *s, rng *r)
{
    uint32_t at = (uint32_t)rng_below(r, s->len + 1);

    while (!sn_text_boundary(&s->text, at))
        at--;
    return at;
}

static void any_range_is_counted(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    sample s;

    sample_init(&s, &r, 6 * SN_TEXT_BLOCK);
    for (unsigned k = 0; k < 3000; k++) {
        uint32_t a = sample_place(&s, &r), b = sample_place(&s, &r);
        uint32_t at = a < b ? a : b, end = a < b ? b : a;
        sn_count c = sn_text_count(&s.text, at, end - at);

        for (unsigned u = 0; u < 4; u++)
            assert_int_equal(sn_count_in(&c, (sennit_unit)u), s.gone[u][end] - s.gone[u][at]);
    }
    sample_free(&s);
}

/* The last place between characters of [at, end] at which no more than n units
 * are gone by. */
static uint32_t slow_skip(const sample *s, uint32_t at, uint32_t end, unsigned unit, uint32_t n)
{
    uint32_t best = at;

    for (uint32_t i = at; i <= end; i++)
        if (sn_text_boundary(&s->text, i) && s->gone[unit][i] - s->gone[unit][at] <= n)
            best = i;
    return best - at;
}

static void any_number_of_units_is_skipped(void **state)
{
    (void)state;
    rng r = rng_seed(2);
    sample s;

    sample_init(&s, &r, 5 * SN_TEXT_BLOCK);
    for (unsigned k = 0; k < 1500; k++) {
        uint32_t a = sample_place(&s, &r), b = sample_place(&s, &r);
        uint32_t at = a < b ? a : b, end = a < b ? b : a;
        unsigned unit = rng_percent(&r, 50) ? SENNIT_UTF16 : SENNIT_CODEPOINTS;
        uint32_t n = (uint32_t)rng_below(&r, s.gone[unit][end] - s.gone[unit][at] + 1);

        assert_int_equal(sn_text_skip(&s.text, at, end - at, (sennit_unit)unit, n),
                         slow_skip(&s, at, end, unit, n));
        assert_int_equal(sn_text_skip(&s.text, at, end - at, SENNIT_BYTES, end - at), end - at);
    }
    sample_free(&s);
}

static void lines_are_skipped_up_to_behind_their_newline(void **state)
{
    (void)state;
    rng r = rng_seed(3);
    sample s;

    sample_init(&s, &r, 5 * SN_TEXT_BLOCK);
    for (unsigned k = 0; k < 1500; k++) {
        uint32_t at = sample_place(&s, &r), lines = s.gone[SENNIT_LINES][s.len] -
                                                    s.gone[SENNIT_LINES][at];
        if (lines == 0)
            continue;
        uint32_t n = (uint32_t)rng_in(&r, 1, lines);
        uint32_t to = at + sn_text_skip(&s.text, at, s.len - at, SENNIT_LINES, n);

        assert_int_equal(s.text.bytes[to - 1], '\n');
        assert_int_equal(s.gone[SENNIT_LINES][to] - s.gone[SENNIT_LINES][at], n);
    }
    sample_free(&s);
}

static void a_text_cut_short_and_continued_is_counted_anew(void **state)
{
    (void)state;
    rng r = rng_seed(4);
    sample s;

    sample_init(&s, &r, 4 * SN_TEXT_BLOCK);
    for (unsigned k = 0; k < 40; k++) {
        uint32_t at = sample_place(&s, &r), len = s.len;

        sn_text_truncate(&s.text, at);
        for (uint32_t i = at; i < len; i++) { /* the same length, but all newlines */
            assert_ok(sn_text_reserve(&s.text, &s.mem, 1));
            sn_text_append(&s.text, "\n", 1);
        }
        sn_count c = sn_text_count(&s.text, 0, len);
        assert_int_equal(c.lines, s.gone[SENNIT_LINES][at] + (len - at));
        assert_int_equal(c.cont, at - s.gone[SENNIT_CODEPOINTS][at]);
        s.len = at; /* what is behind is not as recorded any more */
        if (at == 0)
            break;
    }
    sample_free(&s);
}

static void places_inside_a_character_are_told_from_those_between(void **state)
{
    (void)state;
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 0);
    sn_text text = {0};
    sn_mem mem;

    sn_mem_init(&mem, &alloc);
    assert_ok(sn_text_reserve(&text, &mem, 7));
    sn_text_append(&text, "a\xc3\xa4\xf0\x9f\x99\x82", 7);
    static const bool between[] = {true, true, false, true, false, false, false, true, true};
    for (uint64_t at = 0; at < 9; at++)
        assert_int_equal(sn_text_boundary(&text, at), between[at]);
    assert_true(sn_text_boundary(&text, UINT64_MAX));
    sn_text_free(&text, &mem);
}

static void a_text_without_memory_or_over_its_limit_stays_as_it_was(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        failmem fm;
        sennit_alloc alloc = failmem_at(&fm, nth);
        sn_text text = {0};
        sn_mem mem;

        sn_mem_init(&mem, &alloc);
        assert_int_equal(sn_text_reserve(&text, &mem, 4000), SENNIT_ENOMEM);
        assert_true(fm.fired);
        assert_int_equal(text.len, 0);
        assert_int_equal(sn_text_reserve(&text, &mem, SN_MAX_TEXT + 1), SENNIT_ELIMIT);
        assert_ok(sn_text_reserve(&text, &mem, 4000));
        sn_text_free(&text, &mem);
        assert_int_equal(fm.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_range_is_counted),
        cmocka_unit_test(any_number_of_units_is_skipped),
        cmocka_unit_test(lines_are_skipped_up_to_behind_their_newline),
        cmocka_unit_test(a_text_cut_short_and_continued_is_counted_anew),
        cmocka_unit_test(places_inside_a_character_are_told_from_those_between),
        cmocka_unit_test(a_text_without_memory_or_over_its_limit_stays_as_it_was),
    };

    return RUN_TESTS(tests);
}
