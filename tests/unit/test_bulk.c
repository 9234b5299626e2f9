#include "core/tree/bulk.h"

#include "support/cm.h"
#include "support/failmem.h"

#include <stdio.h>
#include <string.h>

#define PLENTY 400 /* bytes of each of two replicas */

typedef struct works {
    failmem fm;
    sn_mem mem;
    sn_roster who;
    sn_bulk bulk;
} works;

/* Two replicas; changes 1, 2, 3, ... have the times 1, 2, 3, ... */
static int works_open(void **state)
{
    static works w;
    uint32_t index;

    memset(&w, 0, sizeof w);
    sennit_alloc alloc = failmem_at(&w.fm, 0);
    sn_mem_init(&w.mem, &alloc);
    assert_ok(sn_roster_init(&w.who, &w.mem, 7));
    for (uint32_t r = 0; r < 2; r++) {
        assert_ok(sn_roster_add(&w.who, &w.mem, 10 + r, &index));
        w.who.replicas[r].text.len = PLENTY; /* how much there is; what it says, nobody asks */
        assert_ok(sn_roster_reserve(&w.who, &w.mem, r, 10));
    }
    *state = &w;
    return 0;
}

static int works_close(void **state)
{
    works *w = *state;

    sn_bulk_end(&w->bulk);
    sn_roster_free(&w->who, &w->mem);
    assert_int_equal(w->fm.live, 0);
    return 0;
}

static uint32_t change(works *w, uint32_t replica, uint32_t number)
{
    uint32_t n = w->who.changes_len;

    return sn_roster_change(&w->who, replica, n, number, number);
}

static void insert(works *w, uint32_t in, uint32_t number, uint32_t n, uint32_t ref_replica,
                   uint32_t ref, bool left)
{
    sn_op op = {.kind = SN_INSERT, .flag = left, .change = in, .n = n, .number = number,
                .ref_replica = ref_replica, .ref = ref};

    sn_bulk_insert(&w->bulk, &op);
}

/* Spans as text: "0:3-5 " is bytes 3 to 5 of replica 0; [dead], <left child, has right>. */
static void assert_reads(works *w, const char *want)
{
    char got[400] = "";
    size_t len = 0;

    assert_ok(sn_bulk_read(&w->bulk));
    for (uint32_t i = 0; i < w->bulk.spans_len; i++) {
        const sn_span *s = &w->bulk.spans[i];

        len += (size_t)snprintf(got + len, sizeof got - len, "%s%s%u:%u-%u%s%s ",
                                sn_span_dead(s) ? "[" : "", sn_span_left(s) ? "<" : "",
                                w->who.changes[s->change].replica, s->at,
                                s->at + sn_span_len(s) - 1, s->head & SN_HAS_RIGHT ? ">" : "",
                                sn_span_dead(s) ? "]" : "");
        assert_true(len < sizeof got);
    }
    assert_string_equal(got, want);
}

static void runs_hang_where_their_parents_are(void **state)
{
    works *w = *state;
    uint32_t a = change(w, 0, 0), b = change(w, 1, 0), c = change(w, 0, 10), d = change(w, 1, 4);

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 5, 0));
    insert(w, a, 0, 10, SN_NO_REPLICA, 0, false);
    insert(w, b, 0, 4, 0, 5, true);   /* before byte 5 */
    insert(w, c, 10, 2, 0, 9, false); /* behind the last */
    insert(w, d, 4, 3, 0, 9, false);  /* the same, newer: comes first */
    insert(w, d, 7, 1, 1, 6, false);  /* which goes on */
    assert_reads(w, "0:0-4> <1:0-3 0:5-9> 1:4-7 0:10-11 ");
}

static void children_are_read_by_age(void **state)
{
    works *w = *state;
    uint32_t a = change(w, 0, 0), b = change(w, 1, 0), c = change(w, 0, 3), d = change(w, 1, 1);

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 7, 0));
    insert(w, a, 0, 3, SN_NO_REPLICA, 0, false);
    insert(w, b, 0, 1, 0, 0, false);  /* behind byte 0, newer than byte 1 */
    insert(w, c, 3, 1, 0, 1, true);   /* before byte 1: the older one first */
    insert(w, d, 1, 1, 0, 1, true);
    insert(w, d, 2, 1, SN_NO_REPLICA, 0, false); /* at the root: the newest first */
    insert(w, d, 3, 1, 0, 0, true);
    insert(w, d, 4, 1, 0, 2, false);
    assert_reads(w, "1:2-2 <1:3-3 0:0-0> 1:0-0 <0:3-3 <1:1-1 0:1-2> 1:4-4 ");
}

typedef struct stretches {
    char text[200];
    size_t len;
} stretches;

static void note_stretch(void *arg, uint32_t replica, uint32_t at, uint32_t end)
{
    stretches *s = arg;

    s->len += (size_t)snprintf(s->text + s->len, sizeof s->text - s->len, "%u:%u-%u ", replica, at,
                               end - 1);
    assert_true(s->len < sizeof s->text);
}

/* Over the borders of words of 64 bits, too. */
static void deletes_are_counted_by_stretches(void **state)
{
    works *w = *state;
    stretches again = {.len = 0};

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 1, 5));
    insert(w, change(w, 1, 0), 0, 200, SN_NO_REPLICA, 0, false);
    sn_bulk_delete(&w->bulk, 1, 10, 20, note_stretch, &again);
    sn_bulk_delete(&w->bulk, 1, 50, 100, note_stretch, &again);
    sn_bulk_delete(&w->bulk, 1, 5, 140, note_stretch, &again);
    sn_bulk_delete(&w->bulk, 1, 63, 2, note_stretch, &again);
    sn_bulk_delete(&w->bulk, 1, 140, 64, note_stretch, &again);
    sn_bulk_delete(&w->bulk, 1, 0, 200, NULL, NULL); /* who does not want to know is not told */
    assert_string_equal(again.text, "1:10-29 1:50-144 1:63-64 1:140-149 ");
}

static void a_run_is_cut_where_deletes_end(void **state)
{
    works *w = *state;

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 1, 3));
    insert(w, change(w, 0, 0), 0, 300, SN_NO_REPLICA, 0, false);
    sn_bulk_delete(&w->bulk, 0, 3, 2, NULL, NULL);
    sn_bulk_delete(&w->bulk, 0, 60, 10, NULL, NULL);
    sn_bulk_delete(&w->bulk, 0, 128, 64, NULL, NULL);
    assert_reads(w, "0:0-2> [0:3-4>] 0:5-59> [0:60-69>] 0:70-127> [0:128-191>] 0:192-299 ");
}

/* In the order of ids, whatever the order of the document is. */
static void a_shard_knows_what_is_visible_before_it(void **state)
{
    works *w = *state;
    static const uint32_t want[][3] = {{0, 2, 7}, {2, 1, 9}, {3, 5, 9}, {0, 7, 0}};

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 2, 1));
    insert(w, change(w, 0, 0), 0, 8, SN_NO_REPLICA, 0, false);
    insert(w, change(w, 1, 0), 0, 7, 0, 0, true);
    sn_bulk_delete(&w->bulk, 0, 2, 1, NULL, NULL);
    assert_reads(w, "<1:0-6 0:0-1> [0:2-2>] 0:3-7 ");
    assert_int_equal(w->bulk.visible, 14);
    assert_int_equal(w->bulk.first[1], 4);
    assert_int_equal(w->bulk.first[2], 5);
    for (uint32_t i = 0; i < 4; i++) {
        const sn_shard *s = &w->bulk.shards[1 + i];

        assert_int_equal(s->span.at, want[i][0]);
        assert_int_equal(sn_span_len(&s->span), want[i][1]);
        assert_int_equal(s->next, want[i][2]);
    }
}

/* Text may stand in the arena that no insert is about, and a child cut where it ends. */
static void what_was_not_inserted_is_nowhere(void **state)
{
    works *w = *state;

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 3, 1));
    insert(w, change(w, 0, 0), 0, 64, SN_NO_REPLICA, 0, false);
    insert(w, change(w, 1, 0), 0, 3, 0, 63, false);
    insert(w, change(w, 1, 3), 3, 1, 1, 2, false);
    sn_bulk_delete(&w->bulk, 0, 60, 4, NULL, NULL);
    assert_reads(w, "0:0-59> [0:60-63>] 1:0-2> 1:3-3 ");
}

/* Runs that continue each other are one, even if they were told in pieces. */
static void pieces_of_a_run_are_joined(void **state)
{
    works *w = *state;
    uint32_t a = change(w, 0, 0);

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 100, 0));
    insert(w, a, 0, 4, SN_NO_REPLICA, 0, false);
    for (uint32_t i = 1; i < 100; i++)
        insert(w, a, 4 * i, 4, 0, 4 * i - 1, false);
    assert_reads(w, "0:0-399 ");
}

static void nothing_is_read_from_nothing(void **state)
{
    works *w = *state;

    assert_ok(sn_bulk_start(&w->bulk, &w->mem, &w->who, 0, 0));
    assert_reads(w, "");
}

static void more_than_32_bits_hold_is_refused(void **state)
{
    works *w = *state;

    assert_true(sn_bulk_fits(&w->who, 1000, 1000));
    assert_false(sn_bulk_fits(&w->who, UINT32_MAX / 8, 0));
    assert_false(sn_bulk_fits(&w->who, 0, UINT32_MAX));
    w->who.replicas[0].text.len = UINT32_MAX / 2;
    assert_false(sn_bulk_fits(&w->who, 1, 1));
    assert_int_equal(sn_bulk_start(&w->bulk, &w->mem, &w->who, 1, 1), SENNIT_ELIMIT);
    w->who.replicas[0].text.len = 0;
}

static void without_memory_nothing_is_kept(void **state)
{
    works *w = *state;

    for (size_t nth = 1;; nth++) {
        size_t live = w->fm.live;

        w->fm.calls = 0;
        w->fm.fail_at = nth;
        sennit_status st = sn_bulk_start(&w->bulk, &w->mem, &w->who, 5, 5);
        if (st == SENNIT_OK)
            st = sn_bulk_read(&w->bulk);
        sn_bulk_end(&w->bulk);
        assert_int_equal(w->fm.live, live);
        sn_bulk_end(&w->bulk); /* once more does no harm */
        if (st == SENNIT_OK)
            break;
        assert_int_equal(st, SENNIT_ENOMEM);
    }
}

#define WORKS_TEST(f) cmocka_unit_test_setup_teardown(f, works_open, works_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORKS_TEST(runs_hang_where_their_parents_are),
        WORKS_TEST(children_are_read_by_age),
        WORKS_TEST(deletes_are_counted_by_stretches),
        WORKS_TEST(a_run_is_cut_where_deletes_end),
        WORKS_TEST(a_shard_knows_what_is_visible_before_it),
        WORKS_TEST(what_was_not_inserted_is_nowhere),
        WORKS_TEST(pieces_of_a_run_are_joined),
        WORKS_TEST(nothing_is_read_from_nothing),
        WORKS_TEST(more_than_32_bits_hold_is_refused),
        WORKS_TEST(without_memory_nothing_is_kept),
    };

    return RUN_TESTS(tests);
}
