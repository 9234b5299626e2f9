/* What is just allowed, and what is one too many. */
#include "core/doc/doc.h"

#include "support/forge.h"
#include "support/stage.h"
#include "wire/wire.h"

#include <string.h>

static forge f;

static sennit_status forge_apply(stage *s, sennit_doc *doc)
{
    s->buf.len = 0;
    assert_ok(sn_delta_encode(&f.batch, NULL, &s->buf));
    return sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err);
}

/* ---- limits of the options ---- */

static void the_last_replica_may_be_this_one(void **state)
{
    stage *s = *state;

    s->options.limits.replicas = 1;
    sennit_doc *doc = stage_doc(s, 5, "seed");
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "x", 1));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_delete(doc, 0, 1));
    s->options.limits.replicas = 2;
    doc = stage_doc(s, 5, "seed");
    assert_ok(sennit_doc_insert(doc, 0, "x", 1));
    assert_ok(sennit_doc_insert(doc, 3, "y", 1));
}

static void text_may_be_as_long_as_its_limit(void **state)
{
    stage *s = *state;

    s->options.limits.text_bytes = 10;
    sennit_doc *doc = stage_doc(s, 5, "seed");
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 4, "1234567", 7));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_splice(doc, 0, 4, "1234567", 7));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_replace(doc, 0, 4, "1234567", 7));
    for (size_t i = 0; i < 6; i++)
        assert_ok(sennit_doc_insert(doc, 4 + i, "x", 1));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 10, "x", 1));
    assert_ok(sennit_doc_delete(doc, 0, 9)); /* deleted text counts as well */
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "x", 1));
    s->options.limits.text_bytes = 4;
    stage_doc(s, 5, "seed");
    sennit_doc *none;
    assert_int_equal(sennit_doc_seed(&s->options, "", 0, "seeds", 5, &none), SENNIT_ELIMIT);
    assert_null(none);
}

static void patches_become_one_when_one_too_many_waits(void **state)
{
    stage *s = *state;
    sennit_patch p;

    s->options.limits.patches = 3;
    for (size_t n = 3; n <= 4; n++) {
        sennit_doc *doc = stage_doc(s, 5, "seed");

        sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
        for (size_t i = 0; i < n; i++)
            assert_ok(sennit_doc_insert(doc, 0, "x", 1)); /* none continues another */
        assert_int_equal(sennit_doc_next_patch(doc, &p), 1);
        assert_int_equal(p.reset, n > 3);
        assert_int_equal(p.inserted, n > 3 ? 8 : 1);
        assert_int_equal(p.removed, n > 3 ? 4 : 0);
    }
}

static void what_waits_may_take_as_much_as_its_limit(void **state)
{
    stage *s = *state;
    sennit_stat stat;

    for (uint64_t less = 0; less < 2; less++) {
        sennit_doc *doc = stage_doc(s, 5, "seed");

        forge_start(&f);
        forge_segment(&f, 21, 100, 0, 0);
        forge_insert(&f, 88, 5, false, "waiting");
        assert_ok(forge_apply(s, doc));
        sennit_doc_stat(doc, &stat);
        assert_int_equal(stat.parked, 7);
        s->options.limits.parked_bytes = stat.parked_bytes - less;
        doc = stage_doc(s, 5, "seed");
        if (less == 0)
            assert_ok(forge_apply(s, doc));
        else
            assert_refused(doc, SENNIT_ELIMIT, forge_apply(s, doc));
        s->options.limits.parked_bytes = 0;
    }
}

/* ---- limits of the clock ---- */

static void the_last_time_there_is_serves_one_more_change(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 5, "seed");

    forge_start(&f);
    forge_segment(&f, 21, SN_MAX_HLC - 1, 0, 0);
    forge_insert(&f, 0, 3, false, "end");
    assert_ok(forge_apply(s, doc));
    assert_ok(sennit_doc_insert(doc, 7, "x", 1));
    assert_int_equal(doc->clock.last, SN_MAX_HLC);
    assert_ok(sennit_doc_insert(doc, 0, "y", 1)); /* in the same change */
    sennit_doc_set_time(doc, UINT64_C(1) << 40);
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_insert(doc, 0, "z", 1));
    assert_refused(doc, SENNIT_ELIMIT, sennit_doc_splice(doc, 0, 1, "z", 1));
}

/* ---- runs of any length ---- */

/* What a writer did reaches another document by deltas, by keystrokes and as a
 * snapshot. */
static void assert_travels(stage *s, sennit_doc *doc)
{
    sennit_doc *by_delta = stage_doc(s, 6, ""), *by_snapshot;

    doc_check(doc);
    doc_catch_up(by_delta, doc);
    assert_true(doc_agree(doc, by_delta));
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &by_snapshot, NULL));
    stage_keep(s, by_snapshot);
    assert_true(doc_agree(doc, by_snapshot));
}

static void long_runs_travel(void **state)
{
    static const char *const letters[] = {"x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x99\x82"};
    stage *s = *state;

    for (size_t kind = 0; kind < 4; kind++)
        for (int back = 0; back < 2; back++) {
            const size_t width = strlen(letters[kind]);
            sennit_doc *doc = stage_doc(s, 5, ""), *follower = stage_doc(s, 7, "");

            for (size_t i = 0; i < 300; i++) {
                uint64_t own = sennit_doc_own_count(doc);

                if (i < 160)
                    assert_ok(sennit_doc_insert(doc, i * width, letters[kind], width));
                else
                    assert_ok(sennit_doc_delete(doc, back ? (319 - i) * width : 10 * width, width));
                s->buf.len = 0;
                assert_ok(sennit_doc_own_delta(doc, own, NULL, &s->buf));
                assert_ok(sennit_doc_apply(follower, s->buf.data, s->buf.len, NULL, NULL, NULL));
            }
            assert_int_equal(sennit_doc_len(doc), 20 * width);
            assert_true(doc_agree(doc, follower));
            assert_travels(s, doc);
            while (s->docs_len > 0)
                sennit_doc_free(s->docs[--s->docs_len]);
        }
}

static void runs_of_wide_deletes_end_after_a_while(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 5, "");
    sn_log_iter it;
    sn_op op;

    for (int i = 0; i < 100; i++)
        assert_ok(sennit_doc_insert(doc, 0, "\xc3\xa4\xc3\xa4", 4));
    assert_ok(sennit_doc_insert(doc, 0, "0123456789", 10));
    for (size_t i = 0; i < 70; i++)
        assert_ok(sennit_doc_insert(doc, 10 + 2 * i, "\xc3\xa9", 2));
    for (int i = 0; i < 70; i++)
        assert_ok(sennit_doc_delete(doc, 10, 2));
    const sn_replica *me = &doc->who.replicas[doc->me];
    sn_log_seek(&it, &me->log, doc->me, me->changes, me->seq - 70);
    assert_true(sn_log_next(&it, &op));
    assert_int_equal(op.n, SN_WIDE_RUN);
    assert_int_equal(op.len, 2);
    assert_true(sn_log_next(&it, &op));
    assert_int_equal(op.n, 70 - SN_WIDE_RUN);
    assert_false(sn_log_next(&it, &op));
    assert_travels(s, doc);
}

/* ---- room ---- */

/* A document just opened has full leaves and nothing to spare. */
static void any_place_of_a_full_document_can_be_cut(void **state)
{
    stage *s = *state;
    sennit_buf full;

    sennit_buf_init(&full, NULL);
    sennit_doc *doc = stage_doc(s, 5, "");
    for (size_t i = 0; i < 40; i++)
        assert_ok(sennit_doc_insert(doc, i / 2 * 3, "abc", 3));
    doc_snapshot(doc, &full);
    for (size_t pos = 0; pos + 7 <= sennit_doc_len(doc); pos++)
        for (int what = 0; what < 4; what++) {
            sennit_doc *copy;

            assert_ok(sennit_doc_load(&s->options, full.data, full.len, &copy, NULL));
            if (what == 0)
                assert_ok(sennit_doc_insert(copy, pos, "x", 1));
            else if (what == 1)
                assert_ok(sennit_doc_splice(copy, pos, 1, "x", 1));
            else
                assert_ok(sennit_doc_delete(copy, pos, what == 2 ? 1 : 7));
            doc_check(copy);
            sennit_doc_free(copy);
        }
    sennit_buf_clear(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(the_last_replica_may_be_this_one),
        STAGE_TEST(text_may_be_as_long_as_its_limit),
        STAGE_TEST(patches_become_one_when_one_too_many_waits),
        STAGE_TEST(what_waits_may_take_as_much_as_its_limit),
        STAGE_TEST(the_last_time_there_is_serves_one_more_change),
        STAGE_TEST(long_runs_travel),
        STAGE_TEST(runs_of_wide_deletes_end_after_a_while),
        STAGE_TEST(any_place_of_a_full_document_can_be_cut),
    };

    return RUN_TESTS(tests);
}
