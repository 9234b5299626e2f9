/* The short way of reading a long delta takes nothing that the careful way does not
 * take, and reads the same from it: each delta with every byte of it set to every value,
 * the checksum made to fit. And it takes the deltas that it is there for. */
#include "base/hash.h"
#include "wire/wire.h"

#include "support/stage.h"

static void fit_check(sennit_buf *delta)
{
    size_t end = delta->len - SN_CHECK_LONG;
    uint64_t check = sn_hash64(delta->data, end, 0);

    for (unsigned i = 0; i < SN_CHECK_LONG; i++)
        delta->data[end + i] = (uint8_t)(check >> (8 * i));
}

static void assert_same_batch(const sn_batch *a, const sn_batch *b)
{
    const sn_segment *x = a->segments, *y = b->segments;
    const sn_op *o = a->ops, *p = b->ops;

    assert_true(b->segments_len == 1 && b->ops_len == 1 && a->ids_len == b->ids_len);
    assert_memory_equal(a->ids, b->ids, a->ids_len * sizeof *a->ids);
    assert_true((a->lineage == NULL) == (b->lineage == NULL));
    assert_true(x->replica == y->replica && x->seq == y->seq && x->number == y->number &&
                x->first == y->first && x->n == y->n && x->hlc == y->hlc && x->text == y->text &&
                x->notes == y->notes && x->pos == y->pos && x->relative == y->relative);
    assert_true(o->kind == p->kind && o->flag == p->flag && o->part == p->part &&
                o->seq == p->seq && o->n == p->n && o->number == p->number &&
                o->ref_replica == p->ref_replica && o->ref == p->ref && o->len == p->len);
}

/* Whether the short way takes a delta; then both must read the same. */
static bool takes(const sennit_buf *delta)
{
    sn_short single;
    sn_decoded d;
    sn_mem mem;

    if (!sn_single_decode(delta->data, delta->len, &single))
        return false;
    sn_mem_init(&mem, NULL);
    assert_ok(sn_delta_decode(delta->data, delta->len, NULL, &mem, &d, NULL));
    assert_same_batch(&single.batch, &d.batch);
    sn_decoded_free(&d);
    return true;
}

static unsigned try_all_bytes(sennit_buf *delta)
{
    unsigned taken = 0;

    for (size_t at = 0; at < delta->len - SN_CHECK_LONG; at++) {
        uint8_t was = delta->data[at];

        for (unsigned v = 0; v < 256; v++) {
            delta->data[at] = (uint8_t)v;
            fit_check(delta);
            taken += takes(delta);
        }
        delta->data[at] = was;
    }
    fit_check(delta);
    return taken;
}

/* The first delta of a replica that types there, in a text of its own if seed is "". */
static void first_delta(stage *s, const char *seed, size_t at, const char *text, sennit_buf *out)
{
    sennit_doc *doc = stage_doc(s, 7, seed);

    sennit_doc_set_time(doc, 1700000000000);
    assert_ok(sennit_doc_insert(doc, at, text, strlen(text)));
    out->len = 0;
    assert_ok(sennit_doc_own_delta(doc, 0, NULL, out));
}

static void a_first_word_is_read_at_once(void **state)
{
    stage *s = *state;

    first_delta(s, "seed", 4, "x", &s->buf);
    assert_true(takes(&s->buf));
    first_delta(s, "seed", 2, "x", &s->buf);
    assert_true(takes(&s->buf));
    first_delta(s, "seed", 0, "\xc3\xa4", &s->buf);
    assert_true(takes(&s->buf));
    first_delta(s, "", 0, "of all", &s->buf);
    assert_true(takes(&s->buf));
    first_delta(s, "seed", 4, "longer words", &s->buf);
    assert_false(takes(&s->buf)); /* by the careful way */
}

static void what_is_wrong_is_left_to_the_careful_way(void **state)
{
    stage *s = *state;
    char seed[200] = "";

    first_delta(s, "seed", 2, "\xc3\xa4", &s->buf);
    assert_true(try_all_bytes(&s->buf) > 1000); /* any id will do, nearly any time */
    first_delta(s, "", 0, "of all", &s->buf);
    assert_true(try_all_bytes(&s->buf) > 1000);
    memset(seed, 's', sizeof seed - 1); /* a parent's number of two bytes */
    first_delta(s, seed, sizeof seed - 1, "x", &s->buf);
    assert_true(try_all_bytes(&s->buf) > 1000);
}

static void half_a_delta_is_none(void **state)
{
    stage *s = *state;
    sn_short single;

    first_delta(s, "seed", 2, "x", &s->buf);
    for (size_t len = 0; len < s->buf.len; len++)
        assert_false(sn_single_decode(s->buf.data, len, &single));
    s->buf.data[s->buf.len - 1] ^= 1;
    assert_false(takes(&s->buf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_first_word_is_read_at_once),
        STAGE_TEST(what_is_wrong_is_left_to_the_careful_way),
        STAGE_TEST(half_a_delta_is_none),
    };

    return RUN_TESTS(tests);
}
