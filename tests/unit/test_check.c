/* Damage that is planted in a document is found, and called by its name. */
#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

#define MANY 300 /* spans, so that there are inner nodes whatever a leaf holds */

/* What was there before the damage, so that the document can be freed after it. */
typedef struct damage {
    sennit_doc *doc;
    sn_leaf *leaf;   /* the first */
    sn_inner *inner; /* above it, in a large document */
    sn_replica *me;
    struct {
        void *at;
        size_t len;
        uint8_t was[sizeof(sn_op)];
    } old[4];
    unsigned n;
} damage;

static void plant(damage *d, void *at, const void *bytes, size_t len)
{
    d->old[d->n].at = at;
    d->old[d->n].len = len;
    memcpy(d->old[d->n++].was, at, len);
    memcpy(at, bytes, len);
}

static void plant32(damage *d, uint32_t *at, uint32_t value)
{
    plant(d, at, &value, sizeof value);
}

static void repair(damage *d)
{
    while (d->n-- > 0)
        memcpy(d->old[d->n].at, d->old[d->n].was, d->old[d->n].len);
    d->n = 0;
}

/* ---- in a small document: seeded, ab, X, cd ---- */

static void r1(damage *d)
{
    plant(d, &d->doc->who.times[3], &d->doc->who.times[2], 8);
}
static void r1_order(damage *d) { plant32(d, &d->doc->who.changes[3].ordinal, 0); }
static void r2(damage *d) { plant(d, &d->me->id, &d->doc->who.replicas[0].id, 8); }
static void r3_count(damage *d) { plant32(d, &d->me->number, 6); }
static void r3_sum(damage *d)
{
    uint64_t more = d->doc->who.inserted + 1;

    plant(d, &d->doc->who.inserted, &more, sizeof more);
}
static void l1_gap(damage *d) { plant32(d, &d->me->log.open.seq, 5); }
static void l1_short(damage *d) { plant32(d, &d->me->seq, 6); }
static void l2(damage *d) { plant32(d, &d->me->log.open.number, 3); }
static void l3(damage *d)
{
    sn_op same = {.kind = SN_INSERT, .change = 2, .seq = 4, .n = 1, .number = 4, .ref_replica = 1,
                  .ref = 3};

    plant(d, &d->me->log.open, &same, sizeof same);
}
static void l5_insert(damage *d) { plant32(d, &d->me->log.open.ref, 5); }
static void l5_replica(damage *d) { plant32(d, &d->me->log.open.ref_replica, 2); }
static void l5_delete(damage *d)
{
    sn_op gone = {.kind = SN_DELETE, .change = 3, .seq = 4, .n = 1, .number = 4, .ref_replica = 1,
                  .ref = 3, .len = 2};

    plant32(d, &d->me->number, 4);
    plant32(d, &d->me->text.len, 4);
    plant32(d, &d->me->seq, 5);
    plant(d, &d->me->log.open, &gone, sizeof gone);
}
static void l5_toggle(damage *d)
{
    sn_op flip = {.kind = SN_TOGGLE, .change = 3, .seq = 4, .n = 1, .number = 4, .ref_replica = 1,
                  .ref = 5};

    plant32(d, &d->me->number, 4);
    plant32(d, &d->me->text.len, 4);
    plant32(d, &d->me->seq, 5);
    plant(d, &d->me->log.open, &flip, sizeof flip);
}
static void l4(damage *d) { plant32(d, &d->me->log.open.change, 1); }
static void s1_empty(damage *d) { plant32(d, &d->leaf->span[1].len, 0); }
static void s1_cut(damage *d) { plant32(d, &d->leaf->span[0].len, 1); }
static void s3_none(damage *d) { plant32(d, &d->leaf->span[1].change, SN_ROOT_CHANGE); }
static void s3_far(damage *d) { plant32(d, &d->leaf->span[1].change, 1000); }
static void s3_beyond(damage *d) { plant32(d, &d->leaf->span[3].len, 3); }
static void s4(damage *d) { plant32(d, &d->leaf->span[1].head, d->leaf->span[1].head ^ SN_HAS_RIGHT); }
static void s5(damage *d)
{
    plant(d, &d->leaf->span[2], &(sn_span){2, 1, 2, 0}, sizeof(sn_span));
}
static void s6(damage *d) { plant32(d, &d->leaf->span[2].head, d->leaf->span[2].head & 3); }
static void s6_side(damage *d) { plant32(d, &d->leaf->span[2].head, d->leaf->span[2].head ^ SN_LEFT); }
static void order(damage *d)
{
    sn_span first = d->leaf->span[1], last = d->leaf->span[3];

    plant(d, &d->leaf->span[1], &last, sizeof last);
    plant(d, &d->leaf->span[3], &first, sizeof first);
}
static void d2(damage *d)
{
    plant32(d, &d->leaf->span[3].len, d->leaf->span[3].len | SN_DEAD);
    plant32(d, &d->doc->tree.total.bytes, d->doc->tree.total.bytes - 2);
}
static void d3(damage *d)
{
    uint64_t never = 0;

    plant(d, &d->doc->clock.last, &never, sizeof never);
}
static void p1(damage *d)
{
    sn_replica *other = &d->doc->who.replicas[0]; /* own ones may wait */
    sn_op op = {.kind = SN_INSERT, .seq = 9, .number = 9, .n = 1, .ref = 1};
    sn_segment segment = {.seq = 9, .number = 9, .n = 1, .hlc = 5};
    sn_batch batch = {.ids = &other->id, .segments = &segment, .ops = &op, .ids_len = 1,
                      .segments_len = 1, .ops_len = 1};
    sn_piece *piece;

    assert_ok(sn_park_reserve(&d->doc->park, &d->doc->mem, d->doc->who.hash_key, 1));
    assert_ok(sn_park_copy(&d->doc->mem, &batch, &segment, &op, 1,
                           (sn_supply){(const uint8_t *)"x", NULL}, &(sn_cause){other->id, 9, false}, &piece));
    assert_true(sn_park_add(&d->doc->park, d->doc->who.hash_key, piece));
    plant32(d, &piece->seq, other->seq - 1);
}
static void t3_total(damage *d) { plant32(d, &d->doc->tree.total.lines, 1); }
static void t5_leaf(damage *d) { plant32(d, &d->me->last_leaf, 1); }
static void t5_map(damage *d)
{
    sn_map_at at = sn_map_floor(&d->doc->tree.ids, (uint64_t)1 << 32);

    plant32(d, &at.leaf->value[at.i], at.leaf->value[at.i] == 0);
}
static void t5_missing(damage *d)
{
    assert_ok(sennit_doc_delete(d->doc, 5, 2)); /* dead, so that no sum misses it */
    sn_leaf *leaf = d->doc->tree.first;
    plant32(d, &leaf->node.n, leaf->node.n - 1);
}
static void m1(damage *d)
{
    sn_map_leaf *leaf;

    while ((leaf = sn_map_floor(&d->doc->tree.ids, UINT64_MAX).leaf)->n == SN_MAP_FANOUT)
        assert_ok(sennit_doc_insert(d->doc, 0, "xy", 2));
    plant(d, &leaf->key[leaf->n], &leaf->key[leaf->n - 1], sizeof leaf->key[0]);
    plant32(d, &leaf->value[leaf->n], leaf->value[leaf->n - 1]);
    plant32(d, &leaf->n, leaf->n + 1);
}
static void log_byte(damage *d)
{
    uint8_t other = d->me->log.bytes[0] ^ 0x01;

    plant(d, &d->me->log.bytes[0], &other, 1);
}

/* ---- in a large one ---- */

static void t1_back(damage *d)
{
    void *none = NULL;

    plant(d, &d->leaf->next->prev, &none, sizeof none);
}
static void t1_skip(damage *d) { plant(d, &d->leaf->next, &d->leaf->next->next, sizeof(void *)); }
static void t1_longer(damage *d)
{
    static sn_leaf more;
    sn_leaf *last = d->leaf, *behind = &more;

    while (last->next != NULL)
        last = last->next;
    more.prev = last;
    plant(d, &last->next, &behind, sizeof behind);
}
static void t2_slot(damage *d) { plant32(d, &d->leaf->node.slot, 1); }
static void t2_parent(damage *d)
{
    void *none = NULL;

    plant(d, &d->leaf->node.parent, &none, sizeof none);
}
static void t2_empty(damage *d) { plant32(d, &d->doc->tree.root->n, 0); }
static void t3_sum(damage *d) { plant32(d, &d->inner->sum[0][0], d->inner->sum[0][0] + 1); }
static void t3_lines(damage *d) { plant32(d, &d->inner->sum[3][1], 9); }
static void t4_right(damage *d)
{
    uint64_t low = d->inner->low_hlc[SN_LOW_R][0] + 1;

    plant(d, &d->inner->low_hlc[SN_LOW_R][0], &low, sizeof low);
}
static void t4_left(damage *d)
{
    uint64_t none = UINT64_MAX;

    plant(d, &d->inner->low_hlc[SN_LOW_L][1], &none, sizeof none);
}
static void deep(damage *d) { plant32(d, &d->leaf->next->span[0].len, 0); }

static const struct planted {
    const char *name;
    void (*plant)(damage *d);
    bool large;
} planted[] = {
    {"R1", r1, false}, {"R1", r1_order, false}, {"R2", r2, false}, {"R3", r3_count, false},
    {"R3", r3_sum, false}, {"L1", l1_gap, false}, {"L1", l1_short, false}, {"L2", l2, false},
    {"L3", l3, false}, {"L4", l4, false}, {"L5", l5_insert, false}, {"L5", l5_replica, false},
    {"L5", l5_delete, false}, {"L5", l5_toggle, false}, {"S1", s1_empty, false}, {"S1", s1_cut, false},
    {"S3", s3_none, false}, {"S3", s3_far, false}, {"S3", s3_beyond, false}, {"S4", s4, false},
    {"S5", s5, false}, {"S6", s6, false}, {"S6", s6_side, false}, {"order", order, false},
    {"D2", d2, false}, {"D3", d3, false}, {"P1", p1, false}, {"T3", t3_total, false}, {"T5", t5_leaf, false},
    {"T5", t5_missing, false}, {"", log_byte, false}, {"T5", t5_map, true}, {"M1", m1, true}, {"T1", t1_back, true},
    {"T1", t1_skip, true}, {"T1", t1_longer, true}, {"T2", t2_slot, true}, {"T2", t2_parent, true}, {"T2", t2_empty, true},
    {"T3", t3_sum, true}, {"T3", t3_lines, true}, {"T4", t4_right, true}, {"T4", t4_left, true},
    {"S1", deep, true},
};

static sennit_doc *small_doc(stage *s)
{
    sennit_doc *doc = stage_doc(s, 1, "\xc3\xa9");

    sennit_doc_set_time(doc, 1000);
    assert_ok(sennit_doc_insert(doc, 2, "abcd", 4));
    sennit_doc_set_time(doc, 100000);
    assert_ok(sennit_doc_insert(doc, 4, "X", 1));
    assert_int_equal(doc->tree.first->node.n, 4);
    return doc;
}

static sennit_doc *large_doc(stage *s)
{
    sennit_doc *doc = stage_doc(s, 1, "end");

    for (unsigned i = 0; i < MANY; i++)
        assert_ok(sennit_doc_insert(doc, 0, "xy", 2));
    assert_true(doc->tree.depth > 0);
    return doc;
}

static void damage_is_found_and_named(void **state)
{
    stage *s = *state;
    sennit_doc *docs[2] = {small_doc(s), large_doc(s)};

    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
        const struct planted *p = &planted[i];
        sennit_doc *doc = docs[p->large];
        damage d = {.doc = doc, .leaf = doc->tree.first, .inner = doc->tree.first->node.parent,
                    .me = &doc->who.replicas[1]};
        sennit_error err = {SENNIT_OK, 0, ""};

        sn_tree_home(&doc->tree, 0, 0); /* so that there is a map of ids */
        doc_check(doc);
        p->plant(&d);
        assert_int_equal(sennit_doc_check(doc, &err), SENNIT_ECORRUPT);
        assert_int_equal(err.code, SENNIT_ECORRUPT);
        if (strncmp(err.what, p->name, strlen(p->name)) != 0)
            fail_msg("planted %zu, %s; found %s", i, p->name, err.what);
        assert_int_equal(sennit_doc_check(doc, NULL), SENNIT_ECORRUPT);
        repair(&d);
        if (p->plant == t5_missing) /* edited the document */
            docs[0] = small_doc(s);
    }
}

static void a_check_without_memory_says_so(void **state)
{
    stage *s = *state;
    sennit_doc *doc = small_doc(s);
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
        assert_string_equal(err.what, "out of memory");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(damage_is_found_and_named),
        STAGE_TEST(a_check_without_memory_says_so),
    };

    return RUN_TESTS(tests);
}
