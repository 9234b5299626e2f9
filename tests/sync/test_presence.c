/* Presences as bytes, and peers as places in the text. */
#include "base/bytes.h"
#include "sennit/sync.h"
#include "support/cm.h"
#include "support/failmem.h"
#include "support/rng.h"

#include <string.h>

static sennit_doc *new_doc(rng *r, const char *text)
{
    const sennit_options options = {.size = sizeof options, .unit = SENNIT_CODEPOINTS,
                                    .random = rng_random, .random_self = r};
    sennit_doc *doc;

    assert_ok(sennit_doc_seed(&options, "", 0, text, strlen(text), &doc));
    return doc;
}

static sennit_presence presence_of(const char *name)
{
    sennit_presence p = {.colour = 0xaa00ff, .activity = SENNIT_IDLE, .selects = 1};

    strcpy(p.name, name);
    p.anchor = (sennit_anchor){7, 300, SENNIT_ANCHOR_AFTER};
    p.head = (sennit_anchor){0, 0, SENNIT_ANCHOR_END};
    return p;
}

/* ---- bytes ---- */

static void a_presence_is_read_as_it_was_written(void **state)
{
    (void)state;
    sennit_presence p = presence_of("Ann \xe2\x9c\x93"), got;
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    assert_ok(sennit_presence_encode(&p, &out));
    assert_ok(sennit_presence_decode(out.data, out.len, &got));
    assert_string_equal(got.name, p.name);
    assert_int_equal(got.colour, 0xaa00ff);
    assert_int_equal(got.activity, SENNIT_IDLE);
    assert_true(got.selects);
    assert_memory_equal(&got.anchor, &p.anchor, sizeof p.anchor);
    assert_int_equal(got.head.side, SENNIT_ANCHOR_END);
    p.selects = 0;
    out.len = 0;
    assert_ok(sennit_presence_encode(&p, &out));
    assert_ok(sennit_presence_decode(out.data, out.len, &got));
    assert_false(got.selects);
    sennit_buf_clear(&out);
}

static void what_other_packers_write_is_read(void **state)
{
    (void)state;
    static const char plain[] =
        "\x84\xa4name\xa3" "Ann\xa5" "color\xa7#aa00Ff\xa6" "anchor\xc0\xa4head\xc4\x0a"
        "\x00\x07\x00\x00\x00\x00\x00\x00\x00\x03";
    static const char odd[] = /* with much that is not understood */
        "\x85\xa1x\x97\x01\x81\xa1y\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00\xc4\x01z\xc0\xc3"
        "\xd2\xff\xfe\xee\x90\xc7\x07\x04" "1234567\x05\x06\xa4name\xa2\xc3\xa9"
        "\xa6" "anchor\xc4\x01\x09\xa4head\xc4\x01\x02";
    sennit_presence got;

    assert_ok(sennit_presence_decode(plain, sizeof plain - 1, &got));
    assert_string_equal(got.name, "Ann");
    assert_int_equal(got.colour, 0xaa00ff);
    assert_int_equal(got.activity, SENNIT_ACTIVE);
    assert_true(got.selects);
    assert_int_equal(got.head.replica, 7);
    assert_int_equal(got.head.number, 3);
    assert_memory_equal(&got.anchor, &got.head, sizeof got.head);
    assert_ok(sennit_presence_decode(odd, sizeof odd - 1, &got));
    assert_string_equal(got.name, "\xc3\xa9");
    assert_int_equal(got.anchor.side, SENNIT_ANCHOR_START);
    for (size_t len = 0; len < sizeof odd - 1; len++)
        assert_int_equal(sennit_presence_decode(odd, len, &got), SENNIT_ECORRUPT);
}

static void long_names_are_cut_between_characters(void **state)
{
    (void)state;
    sennit_presence p = {.colour = 0}, got;
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    for (size_t i = 0; i < SENNIT_PRESENCE_NAME; i++)
        memcpy(p.name + 4 * i, "\xf0\x9f\x99\x82", 4);
    assert_ok(sennit_presence_encode(&p, &out));
    assert_ok(sennit_presence_decode(out.data, out.len, &got));
    assert_string_equal(got.name, p.name);
    char many[5 + 8 + 200] = "\x81\xa4name\xd9\xc8";
    memset(many + 8, 'x', 200);
    assert_ok(sennit_presence_decode(many, 208, &got));
    assert_int_equal(strlen(got.name), SENNIT_PRESENCE_NAME);
    sennit_buf_clear(&out);
}

static void what_is_no_presence_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {{"", 0}, {"\x00", 1}, {"\x93\x01\x02\x03", 4}, {"\x81\xa4name\x01", 7},
               {"\x81\xa4name\xa1\xff", 8}, {"\x81\xa4name\xa1\x00", 8}, {"\x80\x80", 2},
               {"\xdf\xff\xff\xff\xff", 5}, {"\x81\x01\xdd\xff\xff\xff\xff\x01", 8},
               {"\x81\x01\xc6\xff\xff\xff\xff", 7}, {"\xc1", 1}};
    sennit_presence p = presence_of("\xff"), got;
    sennit_buf out;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sennit_presence_decode(bad[i].bytes, bad[i].len, &got), SENNIT_ECORRUPT);
    sennit_buf_init(&out, NULL);
    assert_int_equal(sennit_presence_encode(&p, &out), SENNIT_EUTF8);
    p = presence_of("x");
    memset(p.name, 'x', sizeof p.name);
    assert_int_equal(sennit_presence_encode(&p, &out), SENNIT_EUTF8);
    p = presence_of("x");
    p.head.side = 9;
    assert_int_equal(sennit_presence_encode(&p, &out), SENNIT_EINVAL);
    p = presence_of("x");
    p.activity = 3;
    assert_int_equal(sennit_presence_encode(&p, &out), SENNIT_EINVAL);
    assert_int_equal(out.len, 0);
    sennit_buf_clear(&out);
}

static void any_bytes_are_read_within_bounds(void **state)
{
    (void)state;
    rng r = rng_seed(7);
    sennit_presence p = presence_of("somebody"), got;
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    assert_ok(sennit_presence_encode(&p, &out));
    for (int round = 0; round < 200000; round++) {
        uint8_t copy[128];
        size_t len = rng_below(&r, out.len + 1);

        memcpy(copy, out.data, len);
        for (uint64_t k = rng_below(&r, 4); k > 0 && len > 0; k--)
            copy[rng_below(&r, len)] = (uint8_t)rng_below(&r, 256);
        sennit_status st = sennit_presence_decode(copy, len, &got);
        assert_true(st == SENNIT_OK || st == SENNIT_ECORRUPT);
        assert_non_null(memchr(got.name, 0, sizeof got.name));
    }
    sennit_buf_clear(&out);
}

/* ---- peers ---- */

static sennit_event shows(uint64_t peer, const void *data, size_t len)
{
    return (sennit_event){.kind = SENNIT_EVENT_PRESENCE, .peer = peer, .user = "u", .data = data,
                          .len = len};
}

static void show(sennit_peers *peers, uint64_t peer, const sennit_doc *doc, size_t anchor,
                 size_t head, uint64_t now_ms)
{
    sennit_presence p = {.name = "Ann", .colour = 0x112233, .selects = 1};
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    assert_ok(sennit_doc_anchor(doc, anchor, SENNIT_ANCHOR_BEFORE, &p.anchor));
    assert_ok(sennit_doc_anchor(doc, head, SENNIT_ANCHOR_AFTER, &p.head));
    assert_ok(sennit_presence_encode(&p, &out));
    const sennit_event event = shows(peer, out.data, out.len);
    assert_ok(sennit_peers_take(peers, &event, now_ms));
    sennit_buf_clear(&out);
}

static void all_selections_are_places_in_the_text_of_now(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    sennit_doc *doc = new_doc(&r, "one \xf0\x9f\x99\x82 three");
    const sennit_peer *at;
    sennit_peers *peers;
    size_t n;

    assert_ok(sennit_peers_new(NULL, &peers));
    show(peers, 5, doc, 0, 3, 1000);
    show(peers, 2, doc, 11, 6, 1000);
    const sennit_event odd = shows(9, "?", 1);
    assert_ok(sennit_peers_take(peers, &odd, 1000));
    assert_ok(sennit_doc_insert(doc, 0, "> ", 2));
    assert_ok(sennit_doc_delete(doc, 6, 2));
    sennit_peers_place(peers, doc, 2000, &at, &n);
    assert_int_equal(n, 3);
    assert_int_equal(at[0].peer, 5);
    assert_string_equal(at[0].name, "Ann");
    assert_string_equal(at[0].user, "u");
    assert_int_equal(at[0].colour, 0x112233);
    assert_int_equal(at[0].anchor, 2);
    assert_int_equal(at[0].head, 5);
    assert_true(at[1].selects);
    assert_int_equal(at[1].head, 6);
    assert_int_equal(at[1].anchor, 11);
    assert_string_equal(at[2].name, "");
    assert_false(at[2].selects);
    const sennit_event gone = shows(5, NULL, 0);
    assert_ok(sennit_peers_take(peers, &gone, 2000));
    sennit_peers_place(peers, doc, 2000, &at, &n);
    assert_int_equal(n, 2);
    assert_int_equal(at[0].peer, 2);
    sennit_peers_free(peers);
    sennit_doc_free(doc);
}

static void who_is_silent_becomes_idle_and_away_and_goes(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    sennit_doc *doc = new_doc(&r, "text");
    const sennit_peers_options options = {
        .size = sizeof options, .idle_ms = 100, .away_ms = 200, .expire_ms = 80};
    const sennit_peer *at;
    sennit_peers *peers;
    size_t n;

    assert_ok(sennit_peers_new(&options, &peers));
    for (uint64_t now = 1000; now <= 1300; now += 50) {
        show(peers, 1, doc, 0, 1, now); /* the same: it is there, no more */
        sennit_peers_place(peers, doc, now, &at, &n);
        assert_int_equal(n, 1);
        assert_int_equal(at[0].activity, now < 1100 ? SENNIT_ACTIVE : now < 1200 ? SENNIT_IDLE
                                                                                  : SENNIT_AWAY);
    }
    show(peers, 1, doc, 1, 2, 1310);
    sennit_peers_place(peers, doc, 1200, &at, &n); /* the clock went back */
    assert_int_equal(at[0].activity, SENNIT_ACTIVE);
    sennit_peers_place(peers, doc, 1389, &at, &n);
    assert_int_equal(n, 1);
    sennit_peers_place(peers, doc, 1390, &at, &n);
    assert_int_equal(n, 0);
    show(peers, 1, doc, 1, 2, 1400);
    const sennit_event live = {.kind = SENNIT_EVENT_LIVE};
    assert_ok(sennit_peers_take(peers, &live, 1400));
    sennit_peers_place(peers, doc, 1400, &at, &n);
    assert_int_equal(n, 0);
    sennit_peers_free(peers);
    sennit_doc_free(doc);
}

static void a_selection_in_text_that_has_not_come_waits(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    sennit_doc *doc = new_doc(&r, "text"), *theirs;
    const sennit_peer *at;
    sennit_peers *peers;
    sennit_buf delta;
    size_t n;

    assert_ok(sennit_peers_new(NULL, &peers));
    assert_ok(sennit_doc_fork(doc, NULL, &theirs));
    assert_ok(sennit_doc_insert(theirs, 4, "!!", 2));
    show(peers, 1, theirs, 5, 5, 1000);
    sennit_peers_place(peers, doc, 1000, &at, &n);
    assert_false(at[0].selects);
    sennit_buf_init(&delta, NULL);
    assert_ok(sennit_doc_delta(theirs, NULL, 0, NULL, &delta, NULL));
    assert_ok(sennit_doc_apply(doc, delta.data, delta.len, NULL, NULL, NULL));
    sennit_peers_place(peers, doc, 1000, &at, &n);
    assert_true(at[0].selects);
    assert_int_equal(at[0].head, 5);
    sennit_buf_clear(&delta);
    sennit_peers_free(peers);
    sennit_doc_free(theirs);
    sennit_doc_free(doc);
}

static void only_so_many_are_kept(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    sennit_doc *doc = new_doc(&r, "text");
    const sennit_peer *at;
    sennit_peers *peers;
    size_t n;

    assert_ok(sennit_peers_new(NULL, &peers));
    for (uint64_t i = 1; i <= 1010; i++)
        show(peers, i, doc, 0, 1, 1000);
    sennit_peers_place(peers, doc, 1000, &at, &n);
    assert_int_equal(n, 1000);
    assert_int_equal(at[999].peer, 1000);
    sennit_peers_free(peers);
    sennit_doc_free(doc);
}

static void each_lost_allocation_leaves_the_peers_as_they_were(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        failmem mem;
        const sennit_alloc alloc = failmem_at(&mem, nth);
        const sennit_peers_options options = {.size = sizeof options, .alloc = &alloc};
        const sennit_event events[] = {shows(1, "\x80", 1), shows(2, "\x81\xa4name\xa1x", 8),
                                       shows(1, "0123456789012345678901234567890123456789", 40)};
        sennit_peers *peers = NULL;
        sennit_status st = sennit_peers_new(&options, &peers);

        for (size_t i = 0; i < 3 && st == SENNIT_OK; i++)
            st = sennit_peers_take(peers, &events[i], 1000);
        assert_int_equal(st, mem.fired ? SENNIT_ENOMEM : SENNIT_OK);
        sennit_peers_free(peers);
        assert_int_equal(mem.blocks, 0);
        if (!mem.fired)
            break;
        assert_true(nth < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_presence_is_read_as_it_was_written),
        cmocka_unit_test(what_other_packers_write_is_read),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(what_is_no_presence_is_refused),
        cmocka_unit_test(any_bytes_are_read_within_bounds),
        cmocka_unit_test(all_selections_are_places_in_the_text_of_now),
        cmocka_unit_test(who_is_silent_becomes_idle_and_away_and_goes),
        cmocka_unit_test(a_selection_in_text_that_has_not_come_waits),
        cmocka_unit_test(only_so_many_are_kept),
        cmocka_unit_test(each_lost_allocation_leaves_the_peers_as_they_were),
    };

    return RUN_TESTS(tests);
}
