/* Secrets are typed, deleted and redacted by whoever likes, among edits, undo, saving
 * and deltas that come late, twice and in any order: all end the same, and whoever
 * knows of a redaction gives nothing away that holds what it erased. */
#include "support/cm.h"
#include "support/doc.h"
#include "support/require.h"
#include "support/seeds.h"

#include <stdio.h>
#include <string.h>

#define SITES 4
#define SECRETS 6
#define PIECES 3
#define LETTERS 64 /* deltas under way */
#define NOON UINT64_C(1800000000000)

static const size_t piece_at[PIECES + 1] = {0, 4, 6, 8}; /* in characters */

/* Text of which no character is anywhere else, so that no piece comes about by others that
 * meet: characters of one and two bytes, of three, and of four. */
typedef struct secret {
    char pieces[PIECES][9];
    sennit_buf then; /* a version with it */
    size_t pos;      /* in the text of then */
} secret;

/* Those who know so many operations of a replica know that a piece is redacted. */
typedef struct redaction {
    size_t secret, piece;
    uint64_t replica, count;
} redaction;

typedef struct world {
    rng *r;
    sennit_doc *docs[SITES];
    sennit_undo *undo[SITES];
    secret secrets[SECRETS];
    redaction done[8 * SECRETS * PIECES];
    sennit_buf letters[LETTERS];
    size_t secrets_len, done_len, letters_len;
    sennit_buf buf, text;
    uint64_t now;
} world;

/* ---- what is given away ---- */

static bool holds(const sennit_buf *buf, const char *text)
{
    const size_t len = strlen(text);

    for (size_t i = 0; i + len <= buf->len; i++)
        if (buf->data[i] == (uint8_t)text[0] && memcmp(buf->data + i, text, len) == 0)
            return true;
    return false;
}

/* Bytes that a document makes hold nothing that it knows to be redacted. */
static void keeps_silent(const world *w, const sennit_doc *doc, const sennit_buf *bytes)
{
    for (size_t i = 0; i < w->done_len; i++) {
        const redaction *d = &w->done[i];

        if (sennit_doc_known(doc, d->replica) >= d->count)
            require(!holds(bytes, w->secrets[d->secret].pieces[d->piece]));
    }
}

static void has_nothing_to_hide(world *w, sennit_doc *doc)
{
    doc_check(doc);
    doc_snapshot(doc, &w->buf);
    keeps_silent(w, doc, &w->buf);
}

/* ---- secrets ---- */

static void put(char **to, uint32_t c)
{
    const unsigned width = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (unsigned i = width; i-- > 1; c >>= 6)
        (*to)[i] = (char)(0x80 | (c & 0x3f));
    (*to)[0] = (char)((0xf00u >> width & 0xf0u) | c);
    *to += width;
}

static void think_of(secret *s, uint32_t number)
{
    char *to = s->pieces[0];

    *s = (secret){.pos = 0};
    *to++ = (char)('A' + number);
    put(&to, 0x100 + number);
    *to++ = (char)('P' + number);
    put(&to, 0x180 + number);
    to = s->pieces[1];
    put(&to, 0x4e00 + number);
    put(&to, 0x5f00 + number);
    to = s->pieces[2];
    put(&to, 0x1f300 + number);
    put(&to, 0x20000 + number);
    sennit_buf_init(&s->then, NULL);
}

static void type_secret(world *w, sennit_doc *doc)
{
    secret *s = &w->secrets[w->secrets_len];
    char text[32];

    if (w->secrets_len == SECRETS)
        return;
    think_of(s, (uint32_t)w->secrets_len++);
    const int len = snprintf(text, sizeof text, "%s%s%s", s->pieces[0], s->pieces[1], s->pieces[2]);
    s->pos = rng_below(w->r, sennit_doc_len(doc) + 1);
    require(sennit_doc_insert(doc, s->pos, text, (size_t)len) == SENNIT_OK);
    doc_version(doc, &s->then);
}

/* Which pieces a document still has, deleted or not; none if it never had them. */
static unsigned has(world *w, const sennit_doc *doc, const secret *s)
{
    unsigned pieces = 0;

    w->text.len = 0;
    if (sennit_history_text(doc, s->then.data, s->then.len, &w->text) != SENNIT_OK)
        return 0;
    for (unsigned i = 0; i < PIECES; i++)
        pieces |= (unsigned)holds(&w->text, s->pieces[i]) << i;
    return pieces;
}

static void note(world *w, const sennit_doc *doc, size_t at, unsigned pieces)
{
    for (unsigned i = 0; i < PIECES; i++)
        if (pieces >> i & 1 && w->done_len < sizeof w->done / sizeof *w->done)
            w->done[w->done_len++] = (redaction){at, i, sennit_doc_replica(doc), sennit_doc_own_count(doc)};
}

/* Some of a secret deleted, as far as nobody has done that, and redacted. */
static void redact(world *w, sennit_doc *doc)
{
    const size_t at = rng_below(w->r, w->secrets_len), first = rng_below(w->r, PIECES),
                 end = rng_in(w->r, first + 1, PIECES);
    const secret *s = &w->secrets[at];
    const size_t pos = s->pos + piece_at[first], n = piece_at[end] - piece_at[first];
    const void *then = s->then.data;

    if (w->secrets_len == 0)
        return;
    const unsigned before = has(w, doc, s);
    const sennit_status st = sennit_history_splice(doc, then, s->then.len, pos, n, "", 0, NULL);
    if (st == SENNIT_EGONE) /* this one has not heard of it yet */
        return;
    require(st == SENNIT_OK);
    require(sennit_doc_redact(doc, then, s->then.len, pos, n, NULL) == SENNIT_OK);
    const unsigned after = has(w, doc, s);
    require((after & ((1u << end) - (1u << first))) == 0);
    note(w, doc, at, before & ~after);
}

static void redact_all(world *w, sennit_doc *doc)
{
    const uint64_t replica = sennit_doc_replica(w->docs[rng_below(w->r, SITES)]);
    unsigned before[SECRETS];

    for (size_t i = 0; i < w->secrets_len; i++)
        before[i] = has(w, doc, &w->secrets[i]);
    require(sennit_doc_redact_all(doc, replica, NULL) == SENNIT_OK);
    for (size_t i = 0; i < w->secrets_len; i++)
        note(w, doc, i, before[i] & ~has(w, doc, &w->secrets[i]));
}

/* ---- the rest of a day ---- */

static void edit(world *w, sennit_doc *doc)
{
    static const char *const words[] = {"a", "bc", "\xc3\xa9", "x\xe2\x82\xac", "\xf0\x9f\x90\x95", "long one "};
    const size_t len = sennit_doc_len(doc);
    const char *word = words[rng_below(w->r, 6)];

    if (len > 4 && rng_percent(w->r, 45)) {
        const size_t pos = rng_below(w->r, len), n = rng_in(w->r, 1, 9);

        require(sennit_doc_delete(doc, pos, n < len - pos ? n : len - pos) == SENNIT_OK);
    } else {
        require(sennit_doc_insert(doc, rng_below(w->r, len + 1), word, strlen(word)) == SENNIT_OK);
    }
}

/* What somebody lacks, or all, in a delta; or only the first of it. */
static void send(world *w, sennit_doc *from)
{
    const size_t most = rng_percent(w->r, 40) ? rng_in(w->r, 16, 300) : SIZE_MAX;
    const size_t at = w->letters_len < LETTERS ? w->letters_len++ : rng_below(w->r, LETTERS);
    sennit_buf *out = &w->letters[at], *version = &w->text;

    doc_version(w->docs[rng_below(w->r, SITES)], version);
    if (rng_percent(w->r, 25))
        version->len = 0;
    w->buf.len = out->len = 0;
    require(sennit_doc_delta_part(from, version->data, version->len, SENNIT_OWN | SENNIT_OTHERS, most, out,
                                  &w->buf) == SENNIT_OK);
    keeps_silent(w, from, out);
}

static void take(sennit_doc *to, const sennit_buf *letter)
{
    if (letter->len > 0)
        require(sennit_doc_apply(to, letter->data, letter->len, NULL, NULL, NULL) == SENNIT_OK);
}

/* Any delta to anybody; most stay under way and come again. */
static void deliver(world *w, sennit_doc *to)
{
    const size_t i = rng_below(w->r, w->letters_len);
    const sennit_buf letter = w->letters[i];

    if (w->letters_len == 0)
        return;
    take(to, &letter);
    if (rng_percent(w->r, 20)) {
        w->letters[i] = w->letters[--w->letters_len];
        w->letters[w->letters_len] = letter;
    }
}

/* Saved and opened it is the same, and saved again the same bytes. */
static void reopen(world *w, size_t i)
{
    sennit_options options = doc_options(w->r);
    sennit_doc *again;

    options.unit = SENNIT_CODEPOINTS;
    w->buf.len = w->text.len = 0;
    require(sennit_doc_save(w->docs[i], SENNIT_SAVE_IDENTITY, &w->buf) == SENNIT_OK);
    keeps_silent(w, w->docs[i], &w->buf);
    require(sennit_doc_load(&options, w->buf.data, w->buf.len, &again, NULL) == SENNIT_OK);
    require(sennit_doc_save(again, SENNIT_SAVE_IDENTITY, &w->text) == SENNIT_OK);
    require(buf_equal(&w->buf, &w->text));
    sennit_undo_free(w->undo[i]);
    sennit_doc_free(w->docs[i]);
    w->docs[i] = again;
    require(sennit_undo_new(again, NULL, &w->undo[i]) == SENNIT_OK);
}

static void step(world *w)
{
    const size_t i = rng_below(w->r, SITES), what = rng_below(w->r, 100);
    sennit_doc *doc = w->docs[i];

    sennit_doc_set_time(doc, w->now += rng_below(w->r, 900));
    if (what < 18)
        edit(w, doc);
    else if (what < 24)
        type_secret(w, doc);
    else if (what < 38)
        redact(w, doc);
    else if (what < 41)
        redact_all(w, doc);
    else if (what < 49)
        require(sennit_undo_undo(w->undo[i]) != SENNIT_ENOMEM);
    else if (what < 53)
        require(sennit_undo_redo(w->undo[i]) != SENNIT_ENOMEM);
    else if (what < 68)
        send(w, doc);
    else if (what < 97)
        deliver(w, doc);
    else
        reopen(w, i);
    has_nothing_to_hide(w, w->docs[i]);
}

/* ---- the property ---- */

static void start(world *w, rng *r)
{
    sennit_options options = doc_options(r);

    *w = (world){.r = r, .now = NOON};
    sennit_buf_init(&w->buf, NULL);
    sennit_buf_init(&w->text, NULL);
    for (size_t i = 0; i < LETTERS; i++)
        sennit_buf_init(&w->letters[i], NULL);
    options.unit = SENNIT_CODEPOINTS;
    for (size_t i = 0; i < SITES; i++) {
        require(sennit_doc_seed(&options, "", 0, "seed", 4, &w->docs[i]) == SENNIT_OK);
        require(sennit_undo_new(w->docs[i], NULL, &w->undo[i]) == SENNIT_OK);
    }
}

static void end(world *w)
{
    for (size_t i = 0; i < SITES; i++) {
        sennit_undo_free(w->undo[i]);
        sennit_doc_free(w->docs[i]);
    }
    for (size_t i = 0; i < w->secrets_len; i++)
        sennit_buf_clear(&w->secrets[i].then);
    for (size_t i = 0; i < LETTERS; i++)
        sennit_buf_clear(&w->letters[i]);
    sennit_buf_clear(&w->buf);
    sennit_buf_clear(&w->text);
}

static void settle(world *w)
{
    for (size_t i = 1; i < SITES; i++)
        doc_catch_up(w->docs[0], w->docs[i]);
    for (size_t i = 1; i < SITES; i++)
        doc_catch_up(w->docs[i], w->docs[0]);
    for (size_t i = 0; i < SITES; i++)
        has_nothing_to_hide(w, w->docs[i]);
    for (size_t i = 1; i < SITES; i++)
        require(doc_agree(w->docs[0], w->docs[i]));
}

static void erase_and_converge(rng *r)
{
    world w;

    start(&w, r);
    for (size_t n = rng_in(r, 20, 250); n > 0; n--)
        step(&w);
    settle(&w);
    for (size_t i = 0; i < w.letters_len; i++) /* all that is late, to who knows better */
        take(w.docs[0], &w.letters[i]);
    settle(&w);
    end(&w);
}

static void whoever_knows_of_a_redaction_gives_nothing_of_it_away(void **state)
{
    (void)state;
    seeds_run(500, erase_and_converge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_knows_of_a_redaction_gives_nothing_of_it_away),
    };

    return RUN_TESTS(tests);
}
