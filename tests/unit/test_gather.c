/* What a version lacks, as the batch it is sent as. */
#include "wire/wire.h"

#include "support/crowd.h"
#include "support/stage.h"

#include <stdio.h>
#include <string.h>

/* A batch as text: "id@ms: records; ...". An insert is +"text" after or before its
 * parent, a delete -n of bytes at a number, several ranges of one with &. */
static void print_batch(const sn_batch *batch, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t i = 0; i < batch->segments_len; i++) {
        const sn_segment *seg = &batch->segments[i];
        const uint8_t *text = seg->text;

        len += (size_t)snprintf(out + len, size - len, "%llu@%llu#%u:",
                                (unsigned long long)batch->ids[seg->replica],
                                (unsigned long long)(seg->hlc >> 16), seg->seq);
        for (uint32_t k = seg->first; k < seg->first + seg->n; k++) {
            const sn_op *op = &batch->ops[k];
            unsigned long long of = op->ref_replica == SN_NO_REPLICA ? 0 : batch->ids[op->ref_replica];

            if (op->kind == SN_INSERT) {
                len += (size_t)snprintf(out + len, size - len, " +%.*s%c%llu.%u", (int)op->n,
                                        (const char *)text, op->flag ? '<' : '>', of, op->ref);
                text += op->n;
            } else {
                len += (size_t)snprintf(out + len, size - len, " %c%ux%u:%llu.%u",
                                        op->part == SN_LAST ? '&' : '-', op->n, op->len, of, op->ref);
            }
        }
        len += (size_t)snprintf(out + len, size - len, "; ");
    }
}

/* What a document gives to who has so many operations of its replicas, in the
 * order in which it heard of them. */
static void assert_gathers(sennit_doc *doc, const uint32_t *known, uint32_t n, const char *want)
{
    sn_wanted wanted[8] = {{0, 0}};
    char have[800];
    sn_gathered g;

    for (uint32_t i = 0; i < n; i++)
        wanted[i] = (sn_wanted){i, known[i]};
    assert_ok(sn_gather(doc, wanted, n, &g));
    print_batch(&g.batch, have, sizeof have);
    sn_gathered_free(&g);
    sn_gathered_free(&g); /* twice is once */
    assert_string_equal(have, want);
}

static void type(sennit_doc *doc, size_t pos, const char *text)
{
    assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
}

static void nothing_is_gathered_where_nothing_is_wanted(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "text");

    assert_gathers(doc, NULL, 0, "");
}

static void operations_of_one_time_are_one_segment(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");

    sennit_doc_set_time(doc, 100);
    type(doc, 0, "abc");
    type(doc, 1, "X");
    assert_ok(sennit_doc_delete(doc, 0, 1));
    assert_gathers(doc, (uint32_t[]){0}, 1, "1@100#0: +abc>0.0 +X<1.1 -1x1:1.0; ");
}

static void segments_stand_in_the_order_of_time_whatever_came_first(void **state)
{
    sennit_doc *doc = stage_doc(*state, 5, ""), *old = stage_doc(*state, 9, ""),
               *same = stage_doc(*state, 3, "");

    sennit_doc_set_time(doc, 200);
    type(doc, 0, "b");
    sennit_doc_set_time(doc, 90000);
    type(doc, 1, "e");
    sennit_doc_set_time(old, 100);
    type(old, 0, "a");
    sennit_doc_set_time(same, 200);
    type(same, 0, "d");
    doc_catch_up(doc, same);
    doc_catch_up(doc, old);
    assert_gathers(doc, (uint32_t[]){0, 0, 0}, 3,
                   "9@100#0: +a>0.0; 3@200#0: +d>0.0; 5@200#0: +b>0.0; 5@90000#1: +e>5.0; ");
}

static void ids_stand_in_the_order_of_their_first_use(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 5, "x"), *other = stage_doc(s, 9, "x");
    sn_gathered g;

    type(other, 1, "o");
    doc_catch_up(doc, other);
    sennit_doc_set_time(doc, 100);
    type(doc, 2, "!"); /* of 5, behind a byte of 9 */
    const uint32_t other_at = sn_roster_find(&doc->who, 9), own_at = sn_roster_find(&doc->who, 5);
    const sn_wanted wanted[2] = {{own_at, 0}, {other_at, 0}};
    assert_ok(sn_gather(doc, wanted, 1, &g));
    assert_int_equal(g.batch.ids_len, 2);
    assert_int_equal(g.batch.ids[0], 5);
    assert_int_equal(g.batch.ids[1], 9);
    assert_memory_equal(g.batch.lineage, doc->lineage, 16);
    sn_gathered_free(&g);
    assert_ok(sn_gather(doc, wanted, 2, &g));
    assert_int_equal(g.batch.ids_len, 3);
    assert_int_equal(g.batch.ids[0], 9);
    assert_int_equal(g.batch.ids[1], 0); /* the seed */
    assert_int_equal(g.batch.ids[2], 5);
    sn_gathered_free(&g);
}

static void runs_are_cut_where_the_version_ends(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");

    sennit_doc_set_time(doc, 100);
    type(doc, 0, "abcdef");
    for (int i = 0; i < 4; i++)
        assert_ok(sennit_doc_delete(doc, 5 - (size_t)i, 1));
    assert_gathers(doc, (uint32_t[]){4}, 1, "1@100#4: +ef>1.3 -4x1:1.5; ");
    assert_gathers(doc, (uint32_t[]){6}, 1, "1@100#6: -4x1:1.5; ");
    assert_gathers(doc, (uint32_t[]){7}, 1, "1@100#7: -3x1:1.4; ");
    assert_gathers(doc, (uint32_t[]){9}, 1, "1@100#9: -1x1:1.2; ");
}

static void changes_are_left_out_that_the_version_knows(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");

    for (unsigned i = 0; i < 4; i++) {
        sennit_doc_set_time(doc, 100 + 20000 * i);
        type(doc, 2 * i, "xy");
    }
    assert_gathers(doc, (uint32_t[]){4}, 1, "1@40100#4: +xy>1.3; 1@60100#6: +xy>1.5; ");
    assert_gathers(doc, (uint32_t[]){3}, 1, "1@20100#3: +y>1.2; 1@40100#4: +xy>1.3; 1@60100#6: +xy>1.5; ");
}

static void a_delete_of_many_ranges_is_given_whole(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");

    sennit_doc_set_time(doc, 100);
    type(doc, 0, "abcd");
    type(doc, 2, "XY");
    assert_ok(sennit_doc_delete(doc, 1, 4)); /* b XY c */
    type(doc, 1, "!");
    assert_gathers(doc, (uint32_t[]){6}, 1, "1@100#6: -1x1:1.1 -1x2:1.4 &1x1:1.2 +!<1.1; ");
    assert_gathers(doc, (uint32_t[]){7}, 1, "1@100#7: +!<1.1; ");
}

/* No honest version counts so. */
static void a_version_that_ends_in_a_character_gets_it_whole(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");

    sennit_doc_set_time(doc, 100);
    type(doc, 0, "a\xe2\x82\xac\xc3\xa4");
    assert_gathers(doc, (uint32_t[]){3}, 1, "1@100#1: +\xe2\x82\xac\xc3\xa4>1.0; ");
    assert_gathers(doc, (uint32_t[]){5}, 1, "1@100#4: +\xc3\xa4>1.3; ");
    sennit_doc *first = stage_doc(s, 2, "");
    type(first, 0, "\xe2\x82\xac");
    assert_gathers(first, (uint32_t[]){1}, 1, "2@0#0: +\xe2\x82\xac>0.0; ");
}

/* Take all of a document in parts, each at once applied to the copy: none waits for
 * a later one. Returns how many there were. */
static unsigned take_parts(sennit_doc *doc, sennit_doc *copy, uint64_t most, size_t longest)
{
    sn_wanted wanted[8];
    unsigned parts = 0;

    for (;; parts++) {
        sennit_buf version, part;
        sennit_applied applied;
        uint32_t n;

        sennit_buf_init(&version, NULL);
        sennit_buf_init(&part, NULL);
        assert_ok(sennit_doc_version(copy, &version));
        assert_ok(sn_version_wanted(doc, version.data, version.len, wanted, &n, NULL));
        assert_ok(sn_delta_part(doc, wanted, n, most, &part));
        assert_true(part.len <= longest);
        assert_ok(sennit_doc_apply(copy, part.data, part.len, NULL, &applied, NULL));
        assert_int_equal(applied.parked + applied.known, 0);
        assert_int_equal(n == 0, part.len == 0);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(wanted[i].seq,
                             sennit_doc_known(copy, doc->who.replicas[wanted[i].replica].id));
        sennit_buf_clear(&version);
        sennit_buf_clear(&part);
        if (n == 0)
            return parts;
    }
}

static void parts_follow_each_other_without_waiting(void **state)
{
    stage *s = *state;

    for (uint64_t seed = 1; seed <= 6; seed++) {
        sennit_doc *doc = crowd_doc(s, seed, 120);
        sennit_doc *one = stage_keep(s, doc_new(&s->options));
        sennit_doc *many = stage_keep(s, doc_new(&s->options));

        assert_true(take_parts(doc, many, 1, SIZE_MAX) > 40);
        assert_true(doc_agree(doc, many));
        assert_int_equal(take_parts(doc, one, UINT64_MAX, SIZE_MAX), 1);
        assert_true(doc_agree(doc, one));
        sennit_doc_free(one);
        sennit_doc_free(many);
        s->docs_len -= 2;
    }
}

static void long_text_is_cut_between_characters(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, ""), *copy = stage_doc(s, 2, "");
    char text[3000];

    for (size_t i = 0; i < sizeof text; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    assert_ok(sennit_doc_insert(doc, 0, text, sizeof text));
    assert_ok(sennit_doc_delete(doc, 0, 900));
    assert_int_equal(take_parts(doc, copy, 100, 200), (sizeof text + 98) / 99);
    assert_true(doc_agree(doc, copy));
}

static void what_a_part_leaves_was_not_exported(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "");
    sn_wanted wanted = {0, 0};
    sennit_buf part;

    type(doc, 0, "abcdef");
    wanted.replica = doc->me;
    sennit_buf_init(&part, NULL);
    assert_ok(sn_delta_part(doc, &wanted, 1, 4, &part));
    assert_int_equal(wanted.seq, 4);
    assert_int_equal(doc->exported, 4);
    sennit_buf_clear(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(nothing_is_gathered_where_nothing_is_wanted),
        STAGE_TEST(operations_of_one_time_are_one_segment),
        STAGE_TEST(segments_stand_in_the_order_of_time_whatever_came_first),
        STAGE_TEST(ids_stand_in_the_order_of_their_first_use),
        STAGE_TEST(runs_are_cut_where_the_version_ends),
        STAGE_TEST(changes_are_left_out_that_the_version_knows),
        STAGE_TEST(a_delete_of_many_ranges_is_given_whole),
        STAGE_TEST(a_version_that_ends_in_a_character_gets_it_whole),
        STAGE_TEST(parts_follow_each_other_without_waiting),
        STAGE_TEST(long_text_is_cut_between_characters),
        STAGE_TEST(what_a_part_leaves_was_not_exported),
    };

    return RUN_TESTS(tests);
}
