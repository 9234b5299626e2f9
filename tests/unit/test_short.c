#include "wire/wire.h"

#include "support/checksum.h"
#include "support/stage.h"

#include <string.h>

/* The last operations of a document, in the short form; how long that is, 0 if
 * only the long form serves. */
static size_t encoded(stage *s, sennit_doc *doc, uint64_t operations)
{
    s->buf.len = 0;
    assert_ok(sennit_doc_own_delta(doc, sennit_doc_own_count(doc) - operations, NULL, &s->buf));
    assert_true(s->buf.len > 0);
    return s->buf.data[0] < 0x80 ? s->buf.len : 0;
}

static void a_keystroke_takes_a_dozen_bytes(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed\xf0\x9f\x98\x80");

    assert_ok(sennit_doc_insert(doc, 4, "a", 1));
    assert_int_equal(encoded(s, doc, 1), 0); /* a first operation has none before it */
    assert_ok(sennit_doc_insert(doc, 5, "b", 1));
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 1 + 2); /* head id seq text check */
    assert_ok(sennit_doc_insert(doc, 6, "\xe2\x82\xac", 3));
    assert_int_equal(encoded(s, doc, 3), 1 + 8 + 1 + 3 + 2);
    assert_ok(sennit_doc_insert(doc, 9, "several", 7));
    assert_int_equal(encoded(s, doc, 7), 1 + 8 + 1 + 1 + 7 + 2);
    assert_ok(sennit_doc_delete(doc, 15, 1));
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 2);
    assert_ok(sennit_doc_delete(doc, 14, 1)); /* back */
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 2);
    assert_ok(sennit_doc_delete(doc, 4, 1)); /* own, elsewhere */
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 1 + 2);
    assert_ok(sennit_doc_delete(doc, 4, 1)); /* forth */
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 2);
    assert_ok(sennit_doc_delete(doc, 0, 1)); /* another's */
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 8 + 1 + 2);
    assert_ok(sennit_doc_insert(doc, 1, "x", 1));
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 8 + 1 + 1 + 2);
    assert_ok(sennit_doc_insert(doc, 1, "y", 1)); /* left child of its own */
    assert_int_equal(encoded(s, doc, 1), 1 + 8 + 1 + 1 + 1 + 2);
}

static void what_is_too_much_takes_the_long_form(void **state)
{
    stage *s = *state;
    static const char long_text[] =
        "a line of text that is longer than the sixty-four bytes which the short form takes";
    sennit_doc *doc = stage_doc(s, 1, "seed"), *other = stage_doc(s, 2, "seed");

    assert_ok(sennit_doc_insert(doc, 4, "ab", 2));
    assert_ok(sennit_doc_insert(doc, 6, long_text, sizeof long_text - 1));
    assert_int_equal(encoded(s, doc, sizeof long_text - 1), 0);
    assert_int_not_equal(encoded(s, doc, 64), 0);
    assert_ok(sennit_doc_delete(doc, 2, 4)); /* of two writers */
    assert_int_equal(encoded(s, doc, 1), 0);
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
}

/* Whatever was typed, every operation one by one, in order and against it. */
static void every_operation_arrives_one_by_one(void **state)
{
    stage *s = *state;
    static const char seed[] = "seed\n\xe2\x82\xac";
    sennit_doc *doc = stage_doc(s, 1, seed), *before = stage_doc(s, 2, seed);
    sennit_doc *in_order = stage_doc(s, 3, seed), *backwards = stage_doc(s, 4, seed);
    static sennit_buf sent[200];
    size_t n = 0;
    rng r = rng_seed(3);

    assert_ok(sennit_doc_insert(before, 4, "other", 5));
    doc_catch_up(doc, before);
    doc_catch_up(in_order, before);
    for (size_t i = 0; i < 200; i++) {
        uint64_t own = sennit_doc_own_count(doc);
        char text[32];
        sennit_buf now;
        size_t pos, end;

        sennit_doc_set_time(doc, 1000 * i * (i % 3));
        sennit_buf_init(&now, NULL);
        doc_text(doc, &now);
        pos = rng_below(&r, now.len + 1);
        while (pos < now.len && (now.data[pos] & 0xc0) == 0x80)
            pos++;
        for (end = pos + (pos < now.len); end < now.len && (now.data[end] & 0xc0) == 0x80;)
            end++;
        if (rng_percent(&r, 60) || end == pos)
            assert_ok(sennit_doc_insert(doc, pos, text, rng_text(&r, 3, text)));
        else
            assert_ok(sennit_doc_delete(doc, pos, end - pos));
        sennit_buf_clear(&now);
        sennit_buf_init(&sent[n], NULL);
        assert_ok(sennit_doc_own_delta(doc, own, NULL, &sent[n]));
        assert_ok(sennit_doc_apply(in_order, sent[n].data, sent[n].len, NULL, NULL, NULL));
        n++;
    }
    assert_true(doc_agree(doc, in_order));
    for (size_t i = n; i-- > 0;)
        assert_ok(sennit_doc_apply(backwards, sent[i].data, sent[i].len, NULL, NULL, NULL));
    doc_catch_up(backwards, before);
    assert_true(doc_agree(doc, backwards));
    for (size_t i = 0; i < n; i++) { /* again; known */
        sennit_applied applied;

        assert_ok(sennit_doc_apply(doc, sent[i].data, sent[i].len, NULL, &applied, NULL));
        assert_int_equal(applied.applied, 0);
        sennit_buf_clear(&sent[i]);
    }
    assert_true(doc_agree(doc, backwards));
}

/* ---- bytes that are wrong; replica 1 has typed "ab" to "seed" ---- */

#define R1 "\1\0\0\0\0\0\0\0"
#define R0 "\0\0\0\0\0\0\0\0"
#define CHECK "\0\0" /* put right below */

static const struct {
    const char *why, *bytes;
    size_t len;
    sennit_status status;
} wrong[] = {
#define WRONG(why, bytes, status) {why, bytes, sizeof(bytes) - 1, status}
    WRONG("an operation of a later release", "\3" R1 "\2x" CHECK, SENNIT_EVERSION),
    WRONG("made with a table", "\x40" R1 "\2x" CHECK, SENNIT_ECORRUPT),
    WRONG("no room for a checksum", "\0\0", SENNIT_ECORRUPT),
    WRONG("an id cut short", "\0\1\0\0" CHECK, SENNIT_ECORRUPT),
    WRONG("a first operation", "\0" R1 "\0x" CHECK, SENNIT_ECORRUPT),
    WRONG("a seq past all", "\0" R1 "\xff\xff\xff\xff\x0fx" CHECK, SENNIT_ECORRUPT),
    WRONG("a seq not in its shortest form", "\0" R1 "\x82\0x" CHECK, SENNIT_ECORRUPT),
    WRONG("typed to the left", "\4" R1 "\2x" CHECK, SENNIT_ECORRUPT),
    WRONG("an insert nowhere", "\x18" R1 "\2x" CHECK, SENNIT_ECORRUPT),
    WRONG("no text", "\0" R1 "\2" CHECK, SENNIT_ECORRUPT),
    WRONG("text left over", "\0" R1 "\2xy" CHECK, SENNIT_ECORRUPT),
    WRONG("ill-formed text", "\0" R1 "\2\xff" CHECK, SENNIT_ECORRUPT),
    WRONG("half a character", "\0" R1 "\2\xe2\x82" CHECK, SENNIT_ECORRUPT),
    WRONG("text of no length", "\2" R1 "\2\0" CHECK, SENNIT_ECORRUPT),
    WRONG("text too long for this form", "\2" R1 "\2\x41" CHECK, SENNIT_ECORRUPT),
    WRONG("another that is itself", "\x10" R1 "\2" R1 "\0x" CHECK, SENNIT_ECORRUPT),
    WRONG("a parent past all text", "\x08" R1 "\2\xff\xff\xff\xff\x0fx" CHECK, SENNIT_ECORRUPT),
    WRONG("a parent of its own future", "\x08" R1 "\2\2x" CHECK, SENNIT_ECORRUPT),
    WRONG("a length of one told", "\5" R1 "\2\1" CHECK, SENNIT_ECORRUPT),
    WRONG("a delete back past the start", "\5" R1 "\2\3" CHECK, SENNIT_ECORRUPT),
    WRONG("a delete forth of nothing deleted", "\x09" R1 "\2" CHECK, SENNIT_ECORRUPT),
    WRONG("a target of its own future", "\x11" R1 "\2\2" CHECK, SENNIT_ECORRUPT),
    WRONG("time that stands still", "\x20" R1 "\2\0\0x" CHECK, SENNIT_ECORRUPT),
    WRONG("time past the end", "\x20" R1 "\2\x80\x80\x80\x80\x80\x80\x20\0x" CHECK, SENNIT_ECORRUPT),
    WRONG("a counter past the end", "\x20" R1 "\2\1\x80\x80\4x" CHECK, SENNIT_ECORRUPT),
    WRONG("known, with another letter", "\0" R1 "\1x" CHECK, SENNIT_EFORK),
    WRONG("known, and to the left", "\x0c" R1 "\1\0b" CHECK, SENNIT_EFORK),
};

static void wrong_bytes_are_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed");
    uint8_t bytes[64];

    assert_ok(sennit_doc_insert(doc, 4, "ab", 2));
    doc_state before;
    doc_state_take(&before, doc);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(bytes, wrong[i].bytes, wrong[i].len);
        if (wrong[i].len > 9)
            checksum_fix(bytes, wrong[i].len);
        s->err = (sennit_error){SENNIT_OK, 0, ""};
        sennit_status st = sennit_doc_apply(doc, bytes, wrong[i].len, NULL, NULL, &s->err);
        if (st != wrong[i].status)
            fail_msg("%s: status %d", wrong[i].why, st);
        assert_true(doc_state_same(&before, doc));
        assert_int_equal(s->err.code, st);
        assert_in_range(s->err.pos, 0, wrong[i].len);
    }
    doc_state_free(&before);
}

static void right_bytes_made_by_hand_are_taken(void **state)
{
    stage *s = *state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
        size_t text_len;
    } right[] = {
#define RIGHT(bytes, text) {bytes, sizeof(bytes) - 1, text, sizeof(text) - 1}
        RIGHT("\0" R1 "\2c" CHECK, "seedabc"),
        RIGHT("\2" R1 "\3\2de" CHECK, "seedabcde"),
        RIGHT("\1" R1 "\5" CHECK, "seedabcd"),                     /* back */
        RIGHT("\x09" R1 "\6" CHECK, ""),                           /* forth: not typed yet */
        RIGHT("\x0c" R1 "\6\0<" CHECK, "seed<abcd"),               /* left of its own first */
        RIGHT("\x14" R1 "\7" R0 "\0>" CHECK, ">seed<abcd"),        /* left of another's first */
        RIGHT("\x19" R1 "\x08" R0 "\0" CHECK, ">eed<abcd"),        /* another's first is deleted */
        RIGHT("\x0d" R1 "\x09\2" CHECK, ">d<abcd"),                /* and two behind that */
        RIGHT("\x30" R1 "\x0a\1\0" R0 "\3\n" CHECK, ">d\n<abcd"),  /* in a new change */
        RIGHT("\x15" R1 "\x0b\0\2" CHECK, ">d\n<cd"),              /* two of its own */
    };
    sennit_doc *doc = stage_doc(s, 1, "seed");
    uint8_t bytes[64];

    assert_ok(sennit_doc_insert(doc, 4, "ab", 2));
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        memcpy(bytes, right[i].bytes, right[i].len);
        checksum_fix(bytes, right[i].len);
        sennit_status st = sennit_doc_apply(doc, bytes, right[i].len, NULL, NULL, &s->err);
        if (right[i].text_len == 0) {
            assert_int_equal(st, SENNIT_ECORRUPT);
            continue;
        }
        assert_ok(st);
        doc_check(doc);
        assert_true(doc_text_is(doc, right[i].text, right[i].text_len));
    }
}

static void a_damaged_byte_is_noticed(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "seed"), *far = stage_doc(s, 2, "seed");

    assert_ok(sennit_doc_insert(doc, 4, "ab", 2));
    doc_catch_up(far, doc);
    assert_ok(sennit_doc_insert(doc, 6, "c", 1));
    assert_int_not_equal(encoded(s, doc, 1), 0);
    for (size_t at = 0; at < s->buf.len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            s->buf.data[at] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(sennit_doc_apply(far, s->buf.data, s->buf.len, NULL, NULL, NULL),
                                 SENNIT_OK);
            s->buf.data[at] ^= (uint8_t)(1u << bit);
        }
    for (size_t len = 1; len < s->buf.len; len++)
        assert_int_not_equal(sennit_doc_apply(far, s->buf.data, len, NULL, NULL, NULL), SENNIT_OK);
    assert_text(far, "seedab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_keystroke_takes_a_dozen_bytes),
        STAGE_TEST(what_is_too_much_takes_the_long_form),
        STAGE_TEST(every_operation_arrives_one_by_one),
        STAGE_TEST(wrong_bytes_are_refused),
        STAGE_TEST(right_bytes_made_by_hand_are_taken),
        STAGE_TEST(a_damaged_byte_is_noticed),
    };

    return RUN_TESTS(tests);
}
