/* What several people type at one place at the same time stays whole: no word
 * has letters of another in it, whichever way each of them types, and in
 * whatever order the letters arrive. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"

#include <string.h>

#define WRITERS 4
#define LETTERS 5

static const char *const words[WRITERS] = {"hello", "WORLD", "01234", "+-*/="};

typedef struct room {
    sennit_options options;
    sennit_doc *writer[WRITERS], *reader;
    size_t n;
    size_t at;                      /* bytes: where all of them type */
    sennit_buf delta[WRITERS * LETTERS];
    size_t deltas;
    uint64_t now;
} room;

static void room_open(room *o, rng *r)
{
    static const char *const around[] = {"", "<>", "some text before and after"};
    const char *text = around[rng_below(r, 3)];

    memset(o, 0, sizeof *o);
    o->options = doc_options(r);
    o->options.coalesce_ms = rng_percent(r, 50) ? 1 : 60000;
    o->n = rng_in(r, 2, WRITERS);
    o->at = strlen(text) / 2;
    o->now = UINT64_C(1700000000000);
    require(sennit_doc_seed(&o->options, "", 0, text, strlen(text), &o->reader) == SENNIT_OK);
    for (size_t i = 0; i < o->n; i++)
        require(sennit_doc_seed(&o->options, "", 0, text, strlen(text), &o->writer[i]) ==
                SENNIT_OK);
}

static void room_close(room *o)
{
    for (size_t i = 0; i < o->n; i++)
        sennit_doc_free(o->writer[i]);
    for (size_t i = 0; i < o->deltas; i++)
        sennit_buf_clear(&o->delta[i]);
    sennit_doc_free(o->reader);
}

/* One letter; the writer knows nothing of the others. */
static void room_type(room *o, size_t who, size_t letter, bool forward)
{
    sennit_doc *doc = o->writer[who];
    size_t i = forward ? letter : LETTERS - 1 - letter;
    sennit_buf *delta = &o->delta[o->deltas++];
    uint64_t before = sennit_doc_own_count(doc);

    sennit_buf_init(delta, NULL);
    sennit_doc_set_time(doc, o->now++);
    require(sennit_doc_insert(doc, o->at + (forward ? letter : 0), words[who] + i, 1) == SENNIT_OK);
    require(sennit_doc_own_delta(doc, before, NULL, delta) == SENNIT_OK);
}

static void room_deliver(const room *o, sennit_doc *doc, rng *r)
{
    size_t order[WRITERS * LETTERS];

    for (size_t i = 0; i < o->deltas; i++) {
        size_t k = rng_below(r, i + 1);

        order[i] = order[k];
        order[k] = i;
    }
    for (size_t i = 0; i < o->deltas; i++) {
        const sennit_buf *d = &o->delta[order[i]];

        require(sennit_doc_apply(doc, d->data, d->len, NULL, NULL, NULL) == SENNIT_OK);
    }
    doc_check(doc);
}

static bool contains(const sennit_buf *text, const char *word)
{
    for (size_t i = 0; i + LETTERS <= text->len; i++)
        if (memcmp(text->data + i, word, LETTERS) == 0)
            return true;
    return false;
}

static void words_stay_whole(rng *r)
{
    room o;
    bool forward[WRITERS];
    size_t typed[WRITERS] = {0};
    sennit_buf text;

    room_open(&o, r);
    for (size_t i = 0; i < o.n; i++)
        forward[i] = rng_percent(r, 50);
    while (o.deltas < o.n * LETTERS) {
        size_t who = rng_below(r, o.n);

        if (typed[who] < LETTERS) {
            room_type(&o, who, typed[who], forward[who]);
            typed[who]++;
        }
    }
    sennit_buf_init(&text, NULL);
    room_deliver(&o, o.reader, r);
    doc_text(o.reader, &text);
    for (size_t i = 0; i < o.n; i++) {
        require(contains(&text, words[i]));
        room_deliver(&o, o.writer[i], r);
        require(doc_agree(o.reader, o.writer[i]));
    }
    sennit_buf_clear(&text);
    room_close(&o);
}

static void words_typed_at_one_place_stay_whole(void **state)
{
    (void)state;
    seeds_run(2000, words_stay_whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_typed_at_one_place_stay_whole),
    };

    return RUN_TESTS(tests);
}
