/* Operations that come before what they need: any order ends the same, and on
 * the way it is told what is missing and what became of each. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include <string.h>

#define MOST 60
#define WRITERS 3

/* Every edit of three writers as a delta of its own. */
typedef struct past {
    sennit_options options;
    sennit_doc *writers[WRITERS];
    sennit_buf delta[MOST];
    uint64_t operations[MOST];
    size_t n;
} past;

static void edit(sennit_doc *doc, rng *r, sennit_buf *out, uint64_t *operations)
{
    char insert[4 * 3];
    sennit_buf text;
    uint64_t own = sennit_doc_own_count(doc);

    sennit_buf_init(&text, NULL);
    doc_text(doc, &text);
    const char *t = text.data != NULL ? (const char *)text.data : "";
    size_t pos = text_place(r, t, text.len), end = text_start(t, text.len, pos + 1);

    end = end > text.len ? text.len : end;
    if (rng_percent(r, 40) && end > pos)
        require(sennit_doc_delete(doc, pos, end - pos) == SENNIT_OK);
    else
        require(sennit_doc_insert(doc, pos, insert, rng_text(r, 3, insert)) == SENNIT_OK);
    sennit_buf_init(out, NULL);
    require(sennit_doc_own_delta(doc, own, NULL, out) == SENNIT_OK);
    *operations = sennit_doc_own_count(doc) - own;
    sennit_buf_clear(&text);
}

static void past_make(past *p, rng *r)
{
    size_t most = rng_in(r, 2, MOST);

    memset(p, 0, sizeof *p);
    p->options = doc_options(r);
    for (size_t i = 0; i < WRITERS; i++)
        require(sennit_doc_seed(&p->options, "", 0, "ab\xc3\xa4", 4, &p->writers[i]) == SENNIT_OK);
    for (; p->n < most; p->n++) {
        size_t who = rng_below(r, WRITERS);

        if (rng_percent(r, 30))
            doc_catch_up(p->writers[who], p->writers[rng_below(r, WRITERS)]);
        if (rng_percent(r, 10))
            sennit_doc_set_time(p->writers[who], 1000 * rng_below(r, 100));
        edit(p->writers[who], r, &p->delta[p->n], &p->operations[p->n]);
    }
}

static void past_free(past *p)
{
    for (size_t i = 0; i < p->n; i++)
        sennit_buf_clear(&p->delta[i]);
    for (size_t i = 0; i < WRITERS; i++)
        sennit_doc_free(p->writers[i]);
}

static void shuffle(rng *r, size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = rng_below(r, i + 1);

        order[i] = order[k];
        order[k] = i;
    }
}

/* Each operation that was sent is known or waits; all that wait for something
 * wait for something that exists and is not here. */
static void counts_add_up(const sennit_doc *doc, uint64_t sent)
{
    sennit_stat stat;
    size_t at = 0, n = 0;
    uint64_t replica, after;

    sennit_doc_stat(doc, &stat);
    require(stat.operations - 4 + stat.parked == sent); /* 4 were seeded */
    while (sennit_doc_next_missing(doc, &at, &replica, &after))
        n++;
    require((n > 0) == (stat.parked > 0));
    require((stat.parked_bytes > 0) == (stat.parked > 0));
}

static void any_order(rng *r)
{
    past p;
    size_t order[MOST];
    sennit_doc *doc;
    uint64_t sent = 0, applied = 0;

    past_make(&p, r);
    shuffle(r, order, p.n);
    require(sennit_doc_seed(&p.options, "", 0, "ab\xc3\xa4", 4, &doc) == SENNIT_OK);
    for (size_t i = 0; i < p.n; i++) {
        const sennit_buf *d = &p.delta[order[i]];
        sennit_applied what, again;

        require(sennit_doc_apply(doc, d->data, d->len, NULL, &what, NULL) == SENNIT_OK);
        sent += p.operations[order[i]];
        applied += what.applied;
        require(what.dropped == 0 && what.known == 0);
        require(what.applied + what.parked >= p.operations[order[i]]);
        counts_add_up(doc, sent);
        require(sennit_doc_apply(doc, d->data, d->len, NULL, &again, NULL) == SENNIT_OK);
        require(again.applied == 0 && again.known + again.parked == p.operations[order[i]]);
        require(again.parked == what.parked);
        counts_add_up(doc, sent);
    }
    require(applied == sent);
    for (size_t i = 0; i < WRITERS; i++)
        doc_catch_up(p.writers[0], p.writers[i]);
    require(doc_agree(doc, p.writers[0]));
    sennit_doc_free(doc);
    past_free(&p);
}

/* Asking for what is missing, and nothing else, brings everything. */
static void asking(rng *r)
{
    past p;
    sennit_doc *doc;
    sennit_stat stat;

    past_make(&p, r);
    for (size_t i = 0; i < WRITERS; i++)
        doc_catch_up(p.writers[0], p.writers[i]);
    require(sennit_doc_seed(&p.options, "", 0, "ab\xc3\xa4", 4, &doc) == SENNIT_OK);
    for (size_t k = 0; k < 5; k++) {
        const sennit_buf *d = &p.delta[rng_below(r, p.n)];

        require(sennit_doc_apply(doc, d->data, d->len, NULL, NULL, NULL) == SENNIT_OK);
    }
    for (size_t rounds = 0; sennit_doc_stat(doc, &stat), stat.parked > 0; rounds++) {
        size_t at = 0;
        uint64_t replica, after, known, count;
        uint64_t before = stat.operations;
        sennit_buf version, since, delta;

        require(rounds < 200 && sennit_doc_next_missing(doc, &at, &replica, &after) == 1);
        /* All that the other has of that replica after so many, and nothing of others. */
        sennit_buf_init(&version, NULL);
        sennit_buf_init(&since, NULL);
        sennit_buf_init(&delta, NULL);
        doc_version(p.writers[0], &version);
        at = 0;
        while (sennit_version_next(version.data, version.len, &at, &known, &count) == 1) {
            uint64_t n = known == replica ? after : count;
            uint8_t bytes[18];
            size_t len = 0;

            for (unsigned i = 0; i < 8; i++)
                bytes[len++] = (uint8_t)(known >> (8 * i));
            for (uint64_t v = n; len == 8 || bytes[len - 1] >= 0x80; v >>= 7)
                bytes[len++] = (uint8_t)(v >= 0x80 ? v | 0x80 : v);
            if (n > 0)
                buf_add(&since, bytes, len);
        }
        require(sennit_doc_delta(p.writers[0], since.data, since.len, NULL, &delta, NULL) ==
                SENNIT_OK);
        require(sennit_doc_apply(doc, delta.data, delta.len, NULL, NULL, NULL) == SENNIT_OK);
        sennit_doc_stat(doc, &stat);
        require(stat.operations > before || stat.parked > 0);
        sennit_buf_clear(&version);
        sennit_buf_clear(&since);
        sennit_buf_clear(&delta);
    }
    doc_catch_up(doc, p.writers[0]);
    require(doc_agree(doc, p.writers[0]));
    sennit_doc_free(doc);
    past_free(&p);
}

static void single_operations_in_any_order_end_the_same(void **state)
{
    (void)state;
    seeds_run(1000, any_order);
}

static void what_is_missing_can_be_asked_for(void **state)
{
    (void)state;
    seeds_run(600, asking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_operations_in_any_order_end_the_same),
        cmocka_unit_test(what_is_missing_can_be_asked_for),
    };

    return RUN_TESTS(tests);
}
