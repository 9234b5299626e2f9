/* Damage to what is kept of deletes that overlap and of toggles is found, and called
 * by its name. */
#include "core/doc/doc.h"
#include "core/merge/cover.h"
#include "core/tree/tree_node.h"

#include "support/stage.h"

#include <string.h>

/* Operation seq of replica 7: delete bytes of "0123456789". */
static stage_ops gone(uint32_t seq, uint32_t from, uint32_t to)
{
    return (stage_ops){.ids = {7, 0}, .ids_len = 2, .hlc = 100, .seq = seq, .n = 1,
                       .ops = {{.kind = SN_DELETE, .seq = seq, .n = 1, .len = to - from,
                                .ref_replica = 1, .ref = from}}};
}

/* The same replica later switches one of its deletes on or off. */
static stage_ops flip(uint32_t seq, uint32_t which, bool on)
{
    return (stage_ops){.ids = {7}, .ids_len = 1, .hlc = 200, .seq = seq, .n = 1,
                       .ops = {{.kind = SN_TOGGLE, .flag = on, .seq = seq, .n = 1,
                                .ref = which}}};
}

/* Three deletes, of which two overlap in 4 and 5 and the third is off. */
static sennit_doc *covered(stage *s)
{
    sennit_doc *doc = stage_doc(s, 1, "0123456789");
    const stage_ops ops[] = {gone(0, 2, 6), gone(1, 4, 8), gone(2, 9, 10), flip(3, 0, false),
                             flip(4, 2, false), flip(5, 0, true)};

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        assert_ok(stage_apply(s, doc, &ops[i]));
    assert_text(doc, "0189");
    assert_int_equal(doc->switches_len, 2);
    assert_ok(sn_map_reserve(&doc->cover, &doc->mem, 4));
    assert_ok(sn_map_reserve(&doc->toggled, &doc->mem, 4));
    return doc;
}

static sn_switch *switch_of(sennit_doc *doc, uint32_t seq)
{
    return sn_switch_of(doc, 1, seq);
}

/* ---- what can be wrong; replica 0 was seeded, replica 1 is 7 ---- */

static void one_cover_too_many(sennit_doc *doc) { sn_map_set(&doc->cover, sn_id_key(0, 4), 2); }
static void one_byte_too_many(sennit_doc *doc) { sn_map_set(&doc->cover, sn_id_key(0, 3), 1); }
static void one_byte_too_few(sennit_doc *doc) { sn_map_set(&doc->cover, sn_id_key(0, 5), 0); }
static void no_end(sennit_doc *doc)
{
    sn_map_remove(&doc->cover, sn_id_key(0, 6), sn_id_key(1, 0));
}
static void another_replica(sennit_doc *doc) { sn_map_set(&doc->cover, sn_id_key(1, 0), 1); }
static void nothing_at_all(sennit_doc *doc) { sn_map_free(&doc->cover, &doc->mem); }
static void cover_out_of_order(sennit_doc *doc)
{
    sn_map_at at = sn_map_floor(&doc->cover, sn_id_key(0, 4));

    at.leaf->key[at.i] = sn_id_key(0, 7);
}

static void no_such_switch(sennit_doc *doc) { sn_map_set(&doc->toggled, sn_id_key(1, 0), 2); }
static void a_switch_of_no_change(sennit_doc *doc) { switch_of(doc, 0)->change = 100; }
static void a_delete_too_many(sennit_doc *doc) { sn_map_set(&doc->toggled, sn_id_key(1, 1), 0); }
static void another_delete(sennit_doc *doc)
{
    sn_map_remove(&doc->toggled, sn_id_key(1, 0), sn_id_key(1, 1));
    sn_map_set(&doc->toggled, sn_id_key(1, 1), 0);
}
static void a_switch_too_many(sennit_doc *doc) { doc->switches_len--; }
static void toggled_out_of_order(sennit_doc *doc)
{
    sn_map_at at = sn_map_floor(&doc->toggled, sn_id_key(1, 0));

    at.leaf->key[at.i] = sn_id_key(1, 9);
}

static void decided_and_not_shown(sennit_doc *doc) { switch_of(doc, 0)->shown = false; }
static void off_for_on(sennit_doc *doc)
{
    switch_of(doc, 0)->on = false;
    switch_of(doc, 0)->shown = false;
}
static void the_older_toggle(sennit_doc *doc) { switch_of(doc, 0)->seq = 3; }
static void an_older_change(sennit_doc *doc) { switch_of(doc, 0)->change = 1; }
static void no_toggle(sennit_doc *doc) { switch_of(doc, 0)->seq = 6; }
static void one_for_two(sennit_doc *doc)
{
    *switch_of(doc, 2) = *switch_of(doc, 0);
}

static const struct planted {
    const char *name;
    void (*plant)(sennit_doc *doc);
} planted[] = {
    {"D2", one_cover_too_many}, {"D2", one_byte_too_many}, {"D2", one_byte_too_few},
    {"D2", no_end}, {"D2", another_replica}, {"D2", nothing_at_all}, {"M1", cover_out_of_order},
    {"D4", no_such_switch}, {"D4", a_switch_of_no_change}, {"D4", a_delete_too_many},
    {"D4", another_delete}, {"D4", a_switch_too_many}, {"M1", toggled_out_of_order},
    {"D4", decided_and_not_shown},
    {"D5", off_for_on}, {"D5", the_older_toggle}, {"D5", an_older_change}, {"D5", no_toggle},
    {"D5", one_for_two},
};

static void damage_is_found_and_named(void **state)
{
    stage *s = *state;

    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
        sennit_doc *doc = covered(s);
        sennit_error err = {SENNIT_OK, 0, ""};

        doc_check(doc);
        planted[i].plant(doc);
        assert_int_equal(sennit_doc_check(doc, &err), SENNIT_ECORRUPT);
        if (strncmp(err.what, planted[i].name, 2) != 0)
            fail_msg("planted %zu, %s; found %s", i, planted[i].name, err.what);
        sennit_doc_free(doc);
        s->docs_len--;
    }
}

/* Where the number does not change, entries may say so again or not. */
static void entries_that_say_nothing_new_are_no_damage(void **state)
{
    stage *s = *state;
    sennit_doc *doc = covered(s);

    sn_map_set(&doc->cover, sn_id_key(0, 0), 0);
    sn_map_set(&doc->cover, sn_id_key(0, 5), 1);
    sn_map_set(&doc->cover, sn_id_key(0, 7), 0);
    sn_map_set(&doc->cover, sn_id_key(1, 0), 0);
    doc_check(doc);
}

static void a_check_without_memory_says_so(void **state)
{
    stage *s = *state;
    sennit_doc *doc = covered(s);
    sennit_error err;

    for (size_t nth = 1;; nth++) {
        s->fm.calls = 0;
        s->fm.fired = false;
        s->fm.fail_at = nth;
        sennit_status st = sennit_doc_check(doc, &err);
        if (!s->fm.fired) {
            assert_ok(st);
            break;
        }
        assert_int_equal(st, SENNIT_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(damage_is_found_and_named),
        STAGE_TEST(entries_that_say_nothing_new_are_no_damage),
        STAGE_TEST(a_check_without_memory_says_so),
    };

    return RUN_TESTS(tests);
}
