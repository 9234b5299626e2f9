/* Two copies of one replica go different ways, as after copying a disk. Where they
 * part is found by digests; one issues its own anew from there on, and everything
 * is exchanged: whatever nobody deleted is there, and once.
 *
 * Each character that is typed is another one. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"

#include <string.h>

#define FIRST 0x4e00u /* three bytes in UTF-8, and so are those behind it */
#define MOST 2000u

enum { SERVER, PEER, COPIED, COPY, DOCS };

typedef struct world {
    rng *r;
    sennit_options options;
    sennit_doc *doc[DOCS];
    sennit_buf buf;
    uint32_t typed;      /* characters so far */
    bool deleted[MOST];
    uint8_t by[MOST];    /* whose document typed it */
    uint64_t now_ms;
} world;

/* ---- characters ---- */

static void put_char(char *out, uint32_t n)
{
    uint32_t c = FIRST + n;

    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
}

static uint32_t char_at(const uint8_t *text)
{
    return ((uint32_t)(text[0] & 0x0f) << 12 | (uint32_t)(text[1] & 0x3f) << 6 | (text[2] & 0x3f)) - FIRST;
}

/* How often each character is in a document's text. */
static void count_chars(world *w, const sennit_doc *doc, uint8_t times[MOST])
{
    memset(times, 0, MOST);
    doc_text(doc, &w->buf);
    require(w->buf.len % 3 == 0);
    for (size_t i = 0; i < w->buf.len; i += 3)
        times[char_at(w->buf.data + i)]++;
}

/* ---- what happens ---- */

static void edit(world *w, int i)
{
    sennit_doc *doc = w->doc[i];
    size_t len = sennit_doc_len(doc), pos = rng_below(w->r, len + 1), n = rng_in(w->r, 1, 4);
    char text[3 * 4];

    w->now_ms += rng_below(w->r, 4000);
    sennit_doc_set_time(doc, w->now_ms + (i == PEER ? 700u : 0));
    if (rng_percent(w->r, 30) && pos < len) {
        n = pos + n > len ? len - pos : n;
        doc_text(doc, &w->buf);
        for (size_t k = pos; k < pos + n; k++)
            w->deleted[char_at(w->buf.data + 3 * k)] = true;
        require(sennit_doc_delete(doc, pos, n) == SENNIT_OK);
        return;
    }
    require(w->typed + n <= MOST);
    for (size_t k = 0; k < n; k++) {
        w->by[w->typed] = (uint8_t)i;
        put_char(text + 3 * k, w->typed++);
    }
    require(sennit_doc_insert(doc, pos, text, 3 * n) == SENNIT_OK);
}

static void exchange(world *w, int a, int b)
{
    doc_catch_up(w->doc[a], w->doc[b]);
    doc_catch_up(w->doc[b], w->doc[a]);
}

/* The copy hears of others before anybody knows that it is one. What it is told
 * may name the other copy's operations, and mean its own to it. */
static void overhear(world *w)
{
    sennit_doc *copy = w->doc[COPY];

    w->buf.len = 0;
    if (rng_percent(w->r, 70))
        require(sennit_doc_own_delta(w->doc[PEER], 0, NULL, &w->buf) == SENNIT_OK);
    else
        require(sennit_doc_delta(w->doc[SERVER], NULL, 0, NULL, &w->buf, NULL) == SENNIT_OK);
    sennit_status st = sennit_doc_apply(copy, w->buf.data, w->buf.len, NULL, NULL, NULL);
    require(st == SENNIT_OK || st == SENNIT_EFORK || st == SENNIT_ECORRUPT);
    doc_check(copy);
}

static void go_on(world *w, int docs, size_t steps)
{
    while (steps-- > 0) {
        int i = (int)rng_in(w->r, PEER, (size_t)docs - 1);

        if (rng_percent(w->r, 65))
            edit(w, i);
        else if (i == COPY)
            overhear(w);
        else
            exchange(w, i, SERVER);
    }
}

static void copy(world *w)
{
    w->buf.len = 0;
    require(sennit_doc_save(w->doc[COPIED], SENNIT_SAVE_IDENTITY, &w->buf) == SENNIT_OK);
    require(sennit_doc_load(&w->options, w->buf.data, w->buf.len, &w->doc[COPY], NULL) == SENNIT_OK);
    sennit_doc_set_time(w->doc[COPY], w->now_ms);
    if (rng_percent(w->r, 50))
        sennit_doc_watch(w->doc[COPY], SENNIT_WATCH_REMOTE | SENNIT_WATCH_LOCAL);
}

/* ---- finding out, and the way out ---- */

static uint64_t least_known(const world *w, int i, uint64_t replica)
{
    uint64_t mine = sennit_doc_known(w->doc[i], replica);
    uint64_t theirs = sennit_doc_known(w->doc[SERVER], replica);

    return mine < theirs ? mine : theirs;
}

static bool agree_on(const world *w, int i, uint64_t replica, uint64_t count)
{
    uint64_t mine, theirs;

    require(sennit_doc_digest(w->doc[i], replica, &count, 1, &mine) == SENNIT_OK);
    require(sennit_doc_digest(w->doc[SERVER], replica, &count, 1, &theirs) == SENNIT_OK);
    return mine == theirs;
}

/* How many operations a document and the server have in common. */
static uint64_t common(const world *w, int i, uint64_t replica)
{
    uint64_t low = 0, high = least_known(w, i, replica) + 1;

    while (low + 1 < high) {
        uint64_t mid = low + (high - low) / 2;

        if (agree_on(w, i, replica, mid))
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* An anchor at a visible character goes along with a rebase. */
static void rebase_with_anchor(world *w, int i, uint64_t from)
{
    sennit_doc *doc = w->doc[i];
    uint32_t clings = MOST;
    sennit_anchor anchor;
    sennit_rebased did;
    size_t pos;

    if (sennit_doc_len(doc) > 0) {
        pos = rng_below(w->r, sennit_doc_len(doc));
        doc_text(doc, &w->buf);
        clings = char_at(w->buf.data + 3 * pos);
        require(sennit_doc_anchor(doc, pos, SENNIT_ANCHOR_BEFORE, &anchor) == SENNIT_OK);
    }
    require(sennit_doc_rebase(doc, from, &did) == SENNIT_OK);
    doc_check(doc);
    if (clings == MOST)
        return;
    sennit_anchor_rebase(&did, &anchor);
    sennit_status st = sennit_doc_resolve(doc, &anchor, &pos);
    require(st == SENNIT_OK || w->by[clings] != i);
    if (st == SENNIT_OK && !w->deleted[clings]) {
        doc_text(doc, &w->buf);
        require(char_at(w->buf.data + 3 * pos) == clings);
    }
}

/* What was typed here is all there, whatever became of its neighbours. */
static void own_text_is_there(world *w, int i)
{
    uint8_t times[MOST];

    count_chars(w, w->doc[i], times);
    for (uint32_t k = 0; k < w->typed; k++)
        require(times[k] == 1 || w->deleted[k] || w->by[k] != i);
}

/* A document comes to the server; the one that comes second has to give way. */
static void come(world *w, int i)
{
    uint64_t replica = sennit_doc_replica(w->doc[i]), same = common(w, i, replica);

    if (same < least_known(w, i, replica)) {
        rebase_with_anchor(w, i, same);
        require(sennit_doc_replica(w->doc[i]) != replica);
        own_text_is_there(w, i);
        edit(w, i);
    }
    exchange(w, i, SERVER);
}

static void all_text_is_there_once(world *w)
{
    uint8_t times[MOST];
    sennit_stat stat;

    count_chars(w, w->doc[SERVER], times);
    for (uint32_t i = 0; i < w->typed; i++)
        require(w->deleted[i] ? times[i] <= 1 : times[i] == 1);
    for (int i = 0; i < DOCS; i++) {
        require(doc_agree(w->doc[SERVER], w->doc[i]));
        sennit_doc_stat(w->doc[i], &stat);
        require(stat.parked == 0 && stat.inserted_bytes == 3 * w->typed);
    }
}

static void part_and_meet(rng *r)
{
    world w = {.r = r, .options = doc_options(r), .now_ms = 1000000};

    w.options.unit = SENNIT_CODEPOINTS;
    w.options.coalesce_ms = 3000;
    sennit_buf_init(&w.buf, NULL);
    w.doc[SERVER] = doc_new(&w.options);
    edit(&w, SERVER);
    for (int i = PEER; i <= COPIED; i++) {
        w.doc[i] = doc_new(&w.options);
        exchange(&w, i, SERVER);
    }
    go_on(&w, COPY, rng_in(r, 0, 15));
    edit(&w, COPIED);
    copy(&w);
    go_on(&w, DOCS, rng_in(r, 1, 40));

    come(&w, COPY);
    come(&w, COPIED);
    for (int round = 0; round < 2; round++)
        for (int i = PEER; i < DOCS; i++)
            exchange(&w, i, SERVER);
    all_text_is_there_once(&w);
    for (int i = 0; i < DOCS; i++)
        sennit_doc_free(w.doc[i]);
    sennit_buf_clear(&w.buf);
}

static void copies_of_a_replica_that_went_different_ways_keep_everybodys_text(void **state)
{
    (void)state;
    seeds_run(2000, part_and_meet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_of_a_replica_that_went_different_ways_keep_everybodys_text),
    };

    return RUN_TESTS(tests);
}
