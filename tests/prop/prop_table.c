/* Deltas over one connection whose ends share a table of ids. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include <string.h>

#define SENT 40

/* One end talks to the other; others' edits pass through the talker. */
typedef struct line {
    sennit_options options;
    sennit_doc *talker, *listener;
    sennit_doc *others[3];
    sennit_table *out, *in;
    sennit_buf sent[SENT];
    sennit_buf state[SENT]; /* the talker's text after each */
    size_t n;
} line;

static void line_open(line *l, rng *r)
{
    memset(l, 0, sizeof *l);
    l->options = doc_options(r);
    require(sennit_doc_seed(&l->options, "line", 4, "start", 5, &l->talker) == SENNIT_OK);
    require(sennit_doc_seed(&l->options, "line", 4, "start", 5, &l->listener) == SENNIT_OK);
    for (size_t i = 0; i < 3; i++)
        require(sennit_doc_seed(&l->options, "line", 4, "start", 5, &l->others[i]) == SENNIT_OK);
    require(sennit_table_new(NULL, &l->out) == SENNIT_OK);
    require(sennit_table_new(NULL, &l->in) == SENNIT_OK);
}

static void line_close(line *l)
{
    sennit_table_free(l->out);
    sennit_table_free(l->in);
    sennit_doc_free(l->talker);
    sennit_doc_free(l->listener);
    for (size_t i = 0; i < 3; i++)
        sennit_doc_free(l->others[i]);
    for (size_t i = 0; i < l->n; i++) {
        sennit_buf_clear(&l->sent[i]);
        sennit_buf_clear(&l->state[i]);
    }
}

static void edit(sennit_doc *doc, rng *r)
{
    char insert[4 * 4];
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    doc_text(doc, &text);
    const char *t = text.data != NULL ? (const char *)text.data : "";
    size_t pos = rng_percent(r, 60) ? text.len : text_place(r, t, text.len);
    size_t end = rng_percent(r, 20) ? text_place(r, t, text.len) : pos;
    size_t gone = end > pos ? end - pos : 0;

    require(sennit_doc_splice(doc, pos, gone, insert, rng_text(r, 4, insert)) == SENNIT_OK);
    sennit_buf_clear(&text);
}

/* Something happens at the talker, which sends it on. Returns false if nothing
 * was to be sent. */
static bool line_say(line *l, rng *r)
{
    sennit_buf *out = &l->sent[l->n], before;
    uint64_t own = sennit_doc_own_count(l->talker);
    bool mine = rng_percent(r, 50);

    sennit_buf_init(out, NULL);
    sennit_buf_init(&before, NULL);
    sennit_buf_init(&l->state[l->n], NULL);
    doc_version(l->talker, &before);
    if (mine) {
        edit(l->talker, r);
    } else {
        sennit_doc *other = l->others[rng_below(r, 3)];

        doc_catch_up(other, l->talker);
        edit(other, r);
        doc_catch_up(l->talker, other);
    }
    if (mine && rng_percent(r, 70))
        require(sennit_doc_own_delta(l->talker, own, l->out, out) == SENNIT_OK);
    else
        require(sennit_doc_delta(l->talker, before.data, before.len, l->out, out, NULL) ==
                SENNIT_OK);
    doc_text(l->talker, &l->state[l->n]);
    sennit_buf_clear(&before);
    l->n++;
    return out->len > 0;
}

static void heard_in_order(rng *r)
{
    line l;

    line_open(&l, r);
    for (size_t n = rng_in(r, 1, SENT); n > 0 && line_say(&l, r); n--) {
        const sennit_buf *d = &l.sent[l.n - 1];
        sennit_delta_info info;

        require(sennit_delta_inspect(d->data, d->len, l.in, &info, NULL) == SENNIT_OK);
        require(info.operations > 0);
        require(sennit_doc_apply(l.listener, d->data, d->len, l.in, NULL, NULL) == SENNIT_OK);
        require(doc_agree(l.talker, l.listener));
    }
    line_close(&l);
}

/* Bytes made with a table are not taken without one, nor the reverse. */
static void tables_are_not_forgotten(rng *r)
{
    line l;
    sennit_buf plain;
    doc_state before;

    line_open(&l, r);
    line_say(&l, r);
    sennit_buf_init(&plain, NULL);
    doc_state_take(&before, l.listener);
    require(sennit_doc_delta(l.talker, NULL, 0, NULL, &plain, NULL) == SENNIT_OK);
    require(sennit_doc_apply(l.listener, l.sent[0].data, l.sent[0].len, NULL, NULL, NULL) ==
            SENNIT_ECORRUPT);
    require(sennit_doc_apply(l.listener, plain.data, plain.len, l.in, NULL, NULL) ==
            SENNIT_ECORRUPT);
    require(doc_state_same(&before, l.listener));
    require(sennit_doc_apply(l.listener, l.sent[0].data, l.sent[0].len, l.in, NULL, NULL) ==
            SENNIT_OK);
    doc_state_free(&before);
    sennit_buf_clear(&plain);
    line_close(&l);
}

/* A delta that is skipped is noticed, or does no harm: whatever is taken is what
 * the talker has said. */
static void one_is_skipped(rng *r)
{
    line l;
    sennit_buf text;
    size_t n = rng_in(r, 2, SENT);

    line_open(&l, r);
    while (l.n < n && line_say(&l, r))
        continue;
    size_t skipped = rng_below(r, l.n);
    for (size_t i = 0; i < l.n; i++) {
        if (i == skipped)
            continue;
        sennit_status st = sennit_doc_apply(l.listener, l.sent[i].data, l.sent[i].len, l.in, NULL,
                                            NULL);

        require(st == SENNIT_OK || (st == SENNIT_ECORRUPT && i > skipped));
        doc_check(l.listener);
    }
    /* What the talker has is taken in full, so nothing false was among it. */
    doc_catch_up(l.listener, l.talker);
    sennit_buf_init(&text, NULL);
    doc_text(l.talker, &text);
    require(doc_text_is(l.listener, (const char *)text.data, text.len));
    require(doc_agree(l.talker, l.listener));
    sennit_buf_clear(&text);
    line_close(&l);
}

/* A delta that is refused leaves the table alone, so the next one is understood. */
static void refusing_learns_nothing(rng *r)
{
    line l;
    uint8_t damaged[4096];

    line_open(&l, r);
    for (size_t n = rng_in(r, 1, 12); n > 0 && line_say(&l, r); n--) {
        const sennit_buf *d = &l.sent[l.n - 1];

        if (d->len <= sizeof damaged) {
            memcpy(damaged, d->data, d->len);
            damaged[rng_below(r, d->len)] ^= (uint8_t)(1u << rng_below(r, 8));
            require(sennit_doc_apply(l.listener, damaged, d->len, l.in, NULL, NULL) != SENNIT_OK);
        }
        require(sennit_doc_apply(l.listener, d->data, d->len, l.in, NULL, NULL) == SENNIT_OK);
    }
    require(doc_agree(l.talker, l.listener));
    line_close(&l);
}

/* More writers than a table has room for. */
static void a_crowd(rng *r)
{
    line l;

    line_open(&l, r);
    for (size_t i = 0; i < 200; i++) {
        sennit_doc *guest;
        sennit_buf before, delta;

        require(sennit_doc_fork(l.talker, NULL, &guest) == SENNIT_OK);
        require(sennit_doc_insert(guest, 0, "g", 1) == SENNIT_OK);
        sennit_buf_init(&before, NULL);
        sennit_buf_init(&delta, NULL);
        doc_version(l.talker, &before);
        doc_catch_up(l.talker, guest);
        require(sennit_doc_delta(l.talker, before.data, before.len, l.out, &delta, NULL) ==
                SENNIT_OK);
        require(sennit_doc_apply(l.listener, delta.data, delta.len, l.in, NULL, NULL) ==
                SENNIT_OK);
        sennit_buf_clear(&before);
        sennit_buf_clear(&delta);
        sennit_doc_free(guest);
    }
    require(doc_agree(l.talker, l.listener));
    line_close(&l);
}

/* A keystroke is smaller once both ends know who types. */
static void ids_become_short(rng *r)
{
    line l;
    sennit_buf with, without;

    line_open(&l, r);
    sennit_buf_init(&with, NULL);
    sennit_buf_init(&without, NULL);
    for (size_t i = 0; i < 3; i++) {
        uint64_t own = sennit_doc_own_count(l.talker);

        with.len = without.len = 0;
        require(sennit_doc_insert(l.talker, i, "k", 1) == SENNIT_OK);
        require(sennit_doc_own_delta(l.talker, own, l.out, &with) == SENNIT_OK);
        require(sennit_doc_own_delta(l.talker, own, NULL, &without) == SENNIT_OK);
    }
    require(with.len + 7 <= without.len && with.len <= 8);
    sennit_buf_clear(&with);
    sennit_buf_clear(&without);
    line_close(&l);
}

static void deltas_over_a_table_are_understood(void **state)
{
    (void)state;
    seeds_run(400, heard_in_order);
}

static void deltas_with_and_without_a_table_are_told_apart(void **state)
{
    (void)state;
    seeds_run(50, tables_are_not_forgotten);
}

static void skipping_a_delta_never_makes_another_be_misread(void **state)
{
    (void)state;
    seeds_run(400, one_is_skipped);
}

static void a_refused_delta_leaves_the_table_as_it_was(void **state)
{
    (void)state;
    seeds_run(150, refusing_learns_nothing);
}

static void a_full_table_still_serves(void **state)
{
    (void)state;
    seeds_run(1, a_crowd);
}

static void a_keystroke_over_a_table_takes_few_bytes(void **state)
{
    (void)state;
    seeds_run(5, ids_become_short);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deltas_over_a_table_are_understood),
        cmocka_unit_test(deltas_with_and_without_a_table_are_told_apart),
        cmocka_unit_test(skipping_a_delta_never_makes_another_be_misread),
        cmocka_unit_test(a_refused_delta_leaves_the_table_as_it_was),
        cmocka_unit_test(a_full_table_still_serves),
        cmocka_unit_test(a_keystroke_over_a_table_takes_few_bytes),
    };

    return RUN_TESTS(tests);
}
