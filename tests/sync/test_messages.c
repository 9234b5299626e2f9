/* Messages, byte by byte: as tests/vectors/run_protocol.py has them, which knows
 * docs/PROTOCOL.md and not this library. */
#include "support/cm.h"
#include "sync/message.h"

#include <stdio.h>
#include <string.h>

#define FRAME_MOST 40000u

/* What follows type and channel, in the words of PROTOCOL.md: n a number, s a str, b a
 * bin or nil, N and D numbers or bins to the end. */
static const struct {
    const char *name, *fields;
} kinds[SN_MESSAGE_TYPES] = {
    [SN_HELLO] = {"hello", "nnsbnnnbsn"}, [SN_WELCOME] = {"welcome", "nbbnnnnnnnn"},
    [SN_DELTA] = {"delta", "nD"},         [SN_ACK] = {"ack", "nnn"},
    [SN_PRESENCE] = {"presence", "nbs"},  [SN_PING] = {"ping", "n"},
    [SN_PONG] = {"pong", "n"},            [SN_ERROR] = {"error", "ns"},
    [SN_LEAVE] = {"leave", ""},           [SN_WANT] = {"want", "nn"},
    [SN_VOID] = {"void", "nnn"},          [SN_PROBE] = {"probe", "nN"},
    [SN_DIGESTS] = {"digests", "nN"},
};

typedef struct vectors {
    FILE *file;
    sn_mem mem;
    sn_unpacker *unpacker;
    char line[2 * FRAME_MOST + 16], told[2 * FRAME_MOST + 16];
    uint8_t frame[FRAME_MOST];
    size_t len;
} vectors;

static int vectors_open(void **state, const char *path)
{
    static vectors v;

    memset(&v, 0, sizeof v);
    sn_mem_init(&v.mem, NULL);
    assert_ok(sn_unpacker_new(&v.mem, &v.unpacker));
    v.file = fopen(path, "r");
    assert_non_null(v.file);
    *state = &v;
    return 0;
}

static int open_good(void **state)
{
    return vectors_open(state, "tests/vectors/protocol/good.vec");
}

static int open_bad(void **state)
{
    return vectors_open(state, "tests/vectors/protocol/bad.vec");
}

static int vectors_close(void **state)
{
    vectors *v = *state;

    fclose(v->file);
    sn_unpacker_free(v->unpacker);
    return 0;
}

/* The next line that is no comment, split at its first space; NULL at the end. */
static char *next_line(vectors *v)
{
    char *space;

    do {
        if (fgets(v->line, sizeof v->line, v->file) == NULL)
            return NULL;
    } while (v->line[0] == '#');
    v->line[strcspn(v->line, "\n")] = '\0';
    space = strchr(v->line, ' ');
    assert_non_null(space);
    *space = '\0';
    return space + 1;
}

static void read_hex(vectors *v, const char *hex)
{
    v->len = strlen(hex) / 2;
    assert_true(v->len <= sizeof v->frame);
    for (size_t i = 0; i < v->len; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        v->frame[i] = (uint8_t)byte;
    }
}

/* ---- A message in words ---- */

static char *tell_number(char *to, uint64_t n)
{
    return to + sprintf(to, " %llu", (unsigned long long)n);
}

static char *tell_bytes(char *to, char kind, const sn_bytes *bytes)
{
    if (bytes->data == NULL)
        return to + sprintf(to, " nil");
    to += sprintf(to, " %c:", kind);
    for (size_t i = 0; i < bytes->len; i++)
        to += sprintf(to, "%02x", bytes->data[i]);
    return to;
}

static void tell(vectors *v, const sn_message *m)
{
    unsigned numbers = 0, strings = 0;
    char *to = v->told;

    to = tell_number(to + sprintf(to, "%s", kinds[m->type].name), m->channel);
    for (const char *f = kinds[m->type].fields; *f != '\0'; f++) {
        if (*f == 'n')
            to = tell_number(to, m->n[numbers++]);
        else if (*f == 's' || *f == 'b')
            to = tell_bytes(to, *f, &m->s[strings++]);
        for (size_t i = 0; i < m->items_len && *f == 'N'; i++)
            to = tell_number(to, m->items[i].number);
        for (size_t i = 0; i < m->items_len && *f == 'D'; i++)
            to = tell_bytes(to, 'b', &m->items[i].bytes);
    }
}

/* ---- Tests ---- */

static void messages_are_read_and_written_as_others_do(void **state)
{
    vectors *v = *state;
    size_t at = 0, said = 0;
    bool canonical = false;
    sennit_buf written;
    sn_message m;

    sennit_buf_init(&written, NULL);
    for (char *rest; (rest = next_line(v)) != NULL;) {
        if (strcmp(v->line, "message") != 0) {
            assert_int_equal(at, v->len); /* all of the one before was told */
            canonical = strcmp(v->line, "frame") == 0;
            read_hex(v, rest);
            at = written.len = 0;
            continue;
        }
        assert_ok(sn_message_read(v->unpacker, v->frame, v->len, &at, &m));
        tell(v, &m);
        assert_string_equal(v->told, rest);
        assert_ok(sn_message_write(&m, &written));
        if (canonical)
            assert_memory_equal(written.data, v->frame, at);
        assert_true(!canonical || written.len == at);
        said++;
    }
    assert_int_equal(at, v->len);
    assert_true(said > 30);
    sennit_buf_clear(&written);
}

static void what_is_no_message_is_told_from_one_of_a_later_version(void **state)
{
    vectors *v = *state;
    size_t cases = 0;

    for (char *rest; (rest = next_line(v)) != NULL; cases++) {
        sennit_status st = SENNIT_OK;
        sn_message m;

        read_hex(v, rest);
        for (size_t at = 0; at < v->len && st == SENNIT_OK;)
            st = sn_message_read(v->unpacker, v->frame, v->len, &at, &m);
        if (st != (strcmp(v->line, "unknown") == 0 ? SENNIT_EVERSION : SENNIT_ECORRUPT))
            fail_msg("%s %.80s: status %d", v->line, rest, st);
    }
    assert_true(cases > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_are_read_and_written_as_others_do, open_good, vectors_close),
        cmocka_unit_test_setup_teardown(what_is_no_message_is_told_from_one_of_a_later_version, open_bad,
                                        vectors_close),
    };

    return RUN_TESTS(tests);
}
