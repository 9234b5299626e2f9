/* Bytes from elsewhere that are wrong: cut short, changed, made up. A status and
 * an unchanged document, whatever they are; and if they are taken after all, then
 * by everybody alike. */
#include "core/doc/doc.h"
#include "support/checksum.h"
#include "support/cluster.h"
#include "support/cm.h"
#include "support/ops.h"
#include "support/require.h"
#include "support/seeds.h"
#include "wire/wire.h"

#include <string.h>

/* A document that bad bytes are tried on. */
typedef struct victim {
    rng *r;
    failmem mem;
    sennit_alloc alloc;
    sennit_options options;
    sennit_doc *doc;
    sennit_buf saved;  /* it can be made anew from this */
    doc_state state;
} victim;

static void victim_renew(victim *v)
{
    sennit_doc_free(v->doc);
    require(sennit_doc_load(&v->options, v->saved.data, v->saved.len, &v->doc, NULL) == SENNIT_OK);
}

static void victim_of(victim *v, rng *r, sennit_doc *like)
{
    memset(v, 0, sizeof *v);
    v->r = r;
    v->alloc = failmem_at(&v->mem, 0);
    v->options = doc_options(r);
    v->options.alloc = &v->alloc;
    sennit_buf_init(&v->saved, NULL);
    doc_snapshot(like, &v->saved);
    victim_renew(v);
    doc_state_take(&v->state, v->doc);
}

static void victim_free(victim *v)
{
    sennit_doc_free(v->doc);
    sennit_buf_clear(&v->saved);
    doc_state_free(&v->state);
    require(v->mem.live == 0);
}

static bool is_compacted(const sennit_doc *doc)
{
    sennit_buf cut;

    sennit_buf_init(&cut, NULL);
    require(sennit_doc_cut(doc, &cut) == SENNIT_OK);
    bool is = cut.len > 0;
    sennit_buf_clear(&cut);
    return is;
}

/* Snapshots differ if one of them dropped deleted text. */
static bool agree(sennit_doc *a, sennit_doc *b)
{
    sennit_buf x, y;

    if (!is_compacted(a) && !is_compacted(b))
        return doc_agree(a, b);
    sennit_buf_init(&x, NULL);
    sennit_buf_init(&y, NULL);
    doc_dump(a, &x);
    doc_dump(b, &y);
    bool is = buf_equal(&x, &y);
    sennit_buf_clear(&x);
    sennit_buf_clear(&y);
    return is;
}

/* Somebody who learns the same in another order has to agree. */
static void taken_by_others_too(victim *v, const uint8_t *data, size_t len)
{
    sennit_doc *other = doc_new(&v->options);
    sennit_stat stat;

    (void)!sennit_doc_apply(other, data, len, NULL, NULL, NULL);
    sennit_status st = sennit_doc_apply(other, v->saved.data, v->saved.len, NULL, NULL, NULL);
    require(st == SENNIT_OK || (st == SENNIT_EGONE && is_compacted(other)));
    sennit_doc_stat(v->doc, &stat);
    if (stat.parked == 0 && st == SENNIT_OK) {
        require(sennit_doc_apply(other, data, len, NULL, NULL, NULL) == SENNIT_OK);
        require(agree(v->doc, other));
    }
    sennit_doc_free(other);
}

static sennit_status victim_try(victim *v, const uint8_t *data, size_t len)
{
    uint8_t *exact = malloc(len > 0 ? len : 1); /* a byte read past the end is noticed */
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_delta_info info;
    const char *text;
    size_t text_len;

    require(exact != NULL);
    memcpy(exact, data, len);
    (void)!sennit_delta_inspect(exact, len, NULL, &info, NULL);
    (void)!sennit_snapshot_text(exact, len, &text, &text_len, NULL);
    sennit_status st = sennit_doc_apply(v->doc, exact, len, NULL, NULL, &err);
    if (st != SENNIT_OK) {
        require(err.code == st && err.pos <= len && err.what != NULL && err.what[0] != '\0');
        require(st != SENNIT_ENOMEM && st != SENNIT_EINVAL && st != SENNIT_ERANGE);
        if (rng_percent(v->r, 10)) /* a full look is slow; a change would be noticed later */
            require(doc_state_same(&v->state, v->doc));
    } else {
        doc_check(v->doc);
        taken_by_others_too(v, exact, len);
        victim_renew(v);
    }
    free(exact);
    return st;
}

/* As a snapshot it may be opened, or not. */
static void try_to_open(victim *v, const uint8_t *data, size_t len)
{
    sennit_doc *doc;
    sennit_buf again;

    if (sennit_doc_load(&v->options, data, len, &doc, NULL) != SENNIT_OK) {
        require(doc == NULL);
        return;
    }
    doc_check(doc);
    sennit_buf_init(&again, NULL);
    doc_snapshot(doc, &again);
    require(sennit_doc_insert(doc, 0, "x", 1) != SENNIT_ECORRUPT);
    sennit_doc_free(doc);
    sennit_buf_clear(&again);
}

/* ---- damage ---- */

static void damage_one(victim *v, const sennit_buf *good, uint8_t *bad, size_t at)
{
    memcpy(bad, good->data, good->len);
    if (rng_percent(v->r, 50))
        bad[at] ^= (uint8_t)(1u << rng_below(v->r, 8));
    else
        bad[at] = (uint8_t)rng_next(v->r);
    if (memcmp(bad, good->data, good->len) == 0)
        return;
    sennit_status st = victim_try(v, bad, good->len);
    require(st != SENNIT_OK);
    for (unsigned more = (unsigned)rng_below(v->r, 3); more > 0; more--)
        bad[rng_below(v->r, good->len)] = (uint8_t)rng_next(v->r);
    checksum_fix(bad, good->len);
    victim_try(v, bad, good->len);
    if (bad[0] == SN_TAG_SNAPSHOT)
        try_to_open(v, bad, good->len);
}

static void cut_one(victim *v, const sennit_buf *good, uint8_t *bad, size_t len)
{
    memcpy(bad, good->data, good->len);
    if (len > 0)
        require(victim_try(v, bad, len) != SENNIT_OK);
    checksum_fix(bad, len);
    victim_try(v, bad, len);
    if (len > 0 && bad[0] == SN_TAG_SNAPSHOT)
        try_to_open(v, bad, len);
}

/* A number of 2^30 in place of a byte: it has to be refused before memory for as
 * much is taken. */
static void claim_one(victim *v, const sennit_buf *good, uint8_t *bad, size_t at)
{
    static const uint8_t huge[] = {0x80, 0x80, 0x80, 0x80, 0x04};
    size_t len = good->len + sizeof huge - 1, live = v->mem.live;

    memcpy(bad, good->data, at);
    memcpy(bad + at, huge, sizeof huge);
    memcpy(bad + at + sizeof huge, good->data + at + 1, good->len - at - 1);
    checksum_fix(bad, len);
    v->mem.most = live;
    sennit_status st = sennit_doc_apply(v->doc, bad, len, NULL, NULL, NULL);
    require(v->mem.most - live < 65536);
    if (st == SENNIT_OK)
        victim_renew(v);
}

static void damage(victim *v, const sennit_buf *good)
{
    uint8_t *bad = malloc(good->len + 8);

    require(bad != NULL);
    for (size_t at = 0; at < good->len; at++) {
        damage_one(v, good, bad, at);
        cut_one(v, good, bad, at);
        claim_one(v, good, bad, at);
    }
    require(doc_state_same(&v->state, v->doc));
    free(bad);
}

/* A short history, and everything that documents give out about it. */
static void damage_everything(rng *r)
{
    cluster c;
    sennit_buf bytes;
    victim v;

    cluster_init(&c, r, 30);
    for (size_t steps = rng_in(r, 2, 14); steps > 0; steps--) {
        site *s = &c.sites[rng_below(r, c.n)];

        if (rng_percent(r, 70))
            cluster_edit(&c, s);
        else
            cluster_deliver(&c, s);
    }
    victim_of(&v, r, c.sites[0].doc);
    for (size_t i = 0; i < c.messages_len && i < 4; i++)
        damage(&v, &c.messages[rng_below(r, c.messages_len)].delta);
    sennit_buf_init(&bytes, NULL);
    require(sennit_doc_delta(c.sites[1].doc, NULL, 0, NULL, &bytes, NULL) == SENNIT_OK);
    damage(&v, &bytes);
    doc_snapshot(c.sites[1].doc, &bytes);
    damage(&v, &bytes);
    bytes.len = 0;
    require(sennit_doc_save(c.sites[1].doc, SENNIT_SAVE_IDENTITY | SENNIT_SAVE_LIVE_ONLY, &bytes) ==
            SENNIT_OK);
    damage(&v, &bytes);
    sennit_buf_clear(&bytes);
    victim_free(&v);
    cluster_free(&c);
}

/* ---- made up ---- */

static void random_bytes(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *like;
    uint8_t bytes[200];
    victim v;

    require(sennit_doc_seed(&options, "", 0, "text", 4, &like) == SENNIT_OK);
    victim_of(&v, r, like);
    for (unsigned k = 0; k < 200; k++) {
        size_t len = rng_below(r, sizeof bytes);

        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(rng_percent(r, 50) ? rng_below(r, 4) : rng_next(r));
        if (len > 2 && rng_percent(r, 60)) {
            bytes[0] = rng_percent(r, 80) ? SN_TAG_DELTA : (uint8_t)rng_below(r, 64);
            bytes[1] = SN_FORMAT;
            bytes[2] = 0;
        }
        checksum_fix(bytes, len);
        victim_try(&v, bytes, len);
    }
    require(doc_state_same(&v.state, v.doc));
    victim_free(&v);
    sennit_doc_free(like);
}

/* A batch that no document would make, as a delta. */
static void encode(sennit_buf *out, sn_op *ops, uint32_t n, uint32_t ids_len, uint64_t hlc)
{
    static uint64_t ids[] = {77, 0, 99};
    static const uint8_t text[16] = "abcdefghijklmno";
    sn_segment segment = {.n = n, .hlc = hlc, .text = text};
    sn_batch batch = {.ids = ids, .segments = &segment, .ops = ops, .ids_len = ids_len,
                      .segments_len = 1, .ops_len = n};

    sennit_buf_init(out, NULL);
    require(sn_delta_encode(&batch, NULL, out) == SENNIT_OK);
}

static const struct bad_batch {
    const char *why;
    sennit_status status;
    sn_op ops[3];
    uint32_t n;
    uint64_t hlc;
} bad_batches[] = {
    {"a parent that is not older", SENNIT_ECORRUPT,
     {{.kind = SN_INSERT, .n = 1, .ref_replica = 2, .ref = 1}}, 1, 99},
    {"a target that is not older", SENNIT_ECORRUPT,
     {{.kind = SN_DELETE, .n = 1, .len = 1, .ref_replica = 2, .ref = 1}}, 1, 99},
    {"a time of 0", SENNIT_ECORRUPT, {{.kind = SN_INSERT, .n = 1, .ref_replica = SN_NO_REPLICA}},
     1, 0},
    {"a time past the end of time", SENNIT_ECORRUPT,
     {{.kind = SN_INSERT, .n = 1, .ref_replica = SN_NO_REPLICA}}, 1, (uint64_t)1 << 63},
    {"a left child of the root", SENNIT_ECORRUPT,
     {{.kind = SN_INSERT, .n = 1, .flag = 1, .ref_replica = SN_NO_REPLICA}}, 1, 100},
    {"a parent of its own future", SENNIT_ECORRUPT,
     {{.kind = SN_INSERT, .n = 1, .ref_replica = 0, .ref = 5}}, 1, 100},
    {"itself for a parent", SENNIT_ECORRUPT,
     {{.kind = SN_INSERT, .n = 1, .ref_replica = 0, .ref = 0}}, 1, 100},
    {"a toggle of what is no delete", SENNIT_ECORRUPT,
     {{.kind = SN_TOGGLE, .n = 1, .ref_replica = 1, .ref = 1}}, 1, 100},
    {"a toggle of itself", SENNIT_ECORRUPT,
     {{.kind = SN_TOGGLE, .n = 1, .ref_replica = 0}}, 1, 100},
    {"a target inside a character", SENNIT_ECORRUPT,
     {{.kind = SN_DELETE, .n = 1, .len = 1, .ref_replica = 1, .ref = 4}}, 1, 100},
    {"a parent inside a character", SENNIT_ECORRUPT,
     {{.kind = SN_INSERT, .n = 1, .ref_replica = 1, .ref = 4}}, 1, 100},
    {"a left child inside a character", SENNIT_ECORRUPT,
     {{.kind = SN_INSERT, .n = 1, .flag = 1, .ref_replica = 1, .ref = 5}}, 1, 100},
    {"one by one through a character", SENNIT_ECORRUPT,
     {{.kind = SN_DELETE, .n = 3, .len = 1, .ref_replica = 1, .ref = 3}}, 1, 100},
    {"a byte twice in one delete", SENNIT_ECORRUPT,
     {{.kind = SN_DELETE, .part = SN_MORE, .n = 1, .len = 2, .ref_replica = 1, .ref = 0},
      {.kind = SN_DELETE, .part = SN_LAST, .n = 1, .len = 2, .ref_replica = 1, .ref = 1}}, 2, 100},
    {"a delete in more pieces than needed", SENNIT_ECORRUPT,
     {{.kind = SN_DELETE, .part = SN_MORE, .n = 1, .len = 1, .ref_replica = 1, .ref = 0},
      {.kind = SN_DELETE, .part = SN_LAST, .n = 1, .len = 1, .ref_replica = 1, .ref = 1}}, 2, 100},
    {"a delete that is fine", SENNIT_OK,
     {{.kind = SN_DELETE, .n = 1, .len = 3, .ref_replica = 1, .ref = 3}}, 1, 100},
    {"an insert that is fine", SENNIT_OK,
     {{.kind = SN_INSERT, .n = 3, .ref_replica = 1, .ref = 5}}, 1, 100},
};

static void what_the_rules_forbid_is_refused(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    sennit_options options = doc_options(&r);
    sennit_doc *like;
    victim v;

    options.replica = 99;
    require(sennit_doc_seed(&options, "", 0, "abc\xe2\x82\xac" "def", 9, &like) == SENNIT_OK);
    sennit_doc_set_time(like, 1000);
    require(sennit_doc_insert(like, 9, "later", 5) == SENNIT_OK);
    victim_of(&v, &r, like);
    for (size_t i = 0; i < sizeof bad_batches / sizeof bad_batches[0]; i++) {
        const struct bad_batch *bad = &bad_batches[i];
        sn_op ops[3];
        sennit_buf delta;

        memcpy(ops, bad->ops, sizeof ops);
        encode(&delta, ops, bad->n, ops[0].ref_replica == 2 ? 3 : 2, bad->hlc);
        sennit_status st = victim_try(&v, delta.data, delta.len);
        if (st != bad->status) {
            fprintf(stderr, "%s: status %d\n", bad->why, st);
            abort();
        }
        require(doc_state_same(&v.state, v.doc));
        sennit_buf_clear(&delta);
    }
    victim_free(&v);
    sennit_doc_free(like);
}

/* Deletes of 2^30 and more bytes that are not there: they could be right, and have
 * to wait. (Inserts that claim as much are made by claim_one.) */
static void huge_claims_take_no_memory(void **state)
{
    (void)state;
    rng r = rng_seed(1);
    sennit_options options = doc_options(&r);
    sennit_doc *like;
    victim v;
    sennit_buf delta;

    require(sennit_doc_seed(&options, "", 0, "abcdefghi", 9, &like) == SENNIT_OK);
    victim_of(&v, &r, like);
    for (int wide = 0; wide < 2; wide++) {
        sn_op op = {.kind = SN_DELETE, .n = wide ? 64 : 1u << 30, .len = wide ? 1u << 23 : 1,
                    .ref_replica = 1};
        size_t live = v.mem.live;

        encode(&delta, &op, 1, 2, 100);
        v.mem.most = live;
        (void)!sennit_doc_apply(v.doc, delta.data, delta.len, NULL, NULL, NULL);
        require(v.mem.most - live < 65536);
        doc_check(v.doc);
        sennit_buf_clear(&delta);
        victim_renew(&v);
    }
    victim_free(&v);
    sennit_doc_free(like);
}

/* "One more" after a delete of two ranges: nobody says that in short. */
static void a_keystroke_goes_on_from_no_delete_of_many_ranges(void **state)
{
    (void)state;
    for (unsigned forth = 0; forth < 2; forth++) {
        rng r = rng_seed(1);
        sennit_options options = doc_options(&r);
        sennit_doc *writer, *reader;
        uint8_t bytes[] = {forth ? 0x09 : 0x01, 42, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0};
        doc_state before;

        options.replica = 42;
        require(sennit_doc_seed(&options, "", 0, "abcdef", 6, &writer) == SENNIT_OK);
        options.replica = 43;
        require(sennit_doc_seed(&options, "", 0, "abcdef", 6, &reader) == SENNIT_OK);
        require(sennit_doc_insert(writer, forth ? 3 : 4, "X", 1) == SENNIT_OK);
        doc_catch_up(reader, writer);
        require(sennit_doc_delete(writer, 3, 2) == SENNIT_OK);
        doc_catch_up(reader, writer);
        require_text(reader, "abcef");
        doc_state_take(&before, reader);
        checksum_fix(bytes, sizeof bytes);
        require(sennit_doc_apply(reader, bytes, sizeof bytes, NULL, NULL, NULL) ==
                SENNIT_ECORRUPT);
        require(doc_state_same(&before, reader));
        doc_state_free(&before);
        sennit_doc_free(writer);
        sennit_doc_free(reader);
    }
}

static void damaged_bytes_are_refused_or_taken_by_all_alike(void **state)
{
    (void)state;
    seeds_run(60, damage_everything);
}

static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    seeds_run(100, random_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rules_forbid_is_refused),
        cmocka_unit_test(huge_claims_take_no_memory),
        cmocka_unit_test(a_keystroke_goes_on_from_no_delete_of_many_ranges),
        cmocka_unit_test(damaged_bytes_are_refused_or_taken_by_all_alike),
        cmocka_unit_test(random_bytes_do_no_harm),
    };

    return RUN_TESTS(tests);
}
