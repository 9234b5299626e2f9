#include "sim/oracle.h"

#include "support/doc.h"

#include <string.h>

#define ORACLE_FIRST 0x10000u /* pieces are characters of four bytes */

void oracle_free(oracle *o)
{
    free(o->pieces);
    free(o->erasures);
}

/* ---- Typing ---- */

static void piece_put(size_t i, uint8_t out[4])
{
    uint32_t c = ORACLE_FIRST + (uint32_t)i;

    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
}

static size_t piece_get(const uint8_t *p)
{
    return ((size_t)(p[0] & 7) << 18 | (size_t)(p[1] & 0x3f) << 12 | (size_t)(p[2] & 0x3f) << 6 |
            (size_t)(p[3] & 0x3f)) - ORACLE_FIRST;
}

void oracle_type(oracle *o, unsigned author, size_t n, char *text)
{
    for (size_t i = 0; i < n; i++) {
        o->pieces = require_room(o->pieces, o->len, sizeof *o->pieces);
        o->pieces[o->len] = (piece){.author = author, .follows = i > 0};
        piece_put(o->len++, (uint8_t *)text + 4 * i);
    }
}

/* ---- Deleting ---- */

static void erasure_counts(oracle *o, erasure *e)
{
    e->barred = false;
    o->pieces[e->piece].deleted = true;
}

static void oracle_erase_piece(oracle *o, unsigned author, bool may, size_t p)
{
    require(p < o->len);
    o->pieces[p].touched = true;
    o->erasures = require_room(o->erasures, o->erasures_len, sizeof *o->erasures);
    o->erasures[o->erasures_len] = (erasure){.piece = p, .author = author, .barred = true};
    if (may)
        erasure_counts(o, &o->erasures[o->erasures_len]);
    o->erasures_len++;
}

void oracle_erase(oracle *o, unsigned author, bool may, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i += 4)
        oracle_erase_piece(o, author, may, piece_get(text + i));
}

void oracle_allow(oracle *o, unsigned author)
{
    for (size_t i = 0; i < o->erasures_len; i++)
        if (o->erasures[i].barred && o->erasures[i].author == author)
            erasure_counts(o, &o->erasures[i]);
}

static bool oracle_has_steps(const oracle *o, unsigned who, unsigned of)
{
    return who == of || (o->steps[who] >> of & 1) != 0;
}

/* What is there again was taken back by who deleted it, or by somebody with a copy of
 * his steps. What stays away may have been deleted twice, and taken back once. */
void oracle_turn(oracle *o, unsigned author, bool may, const uint32_t *before, const uint32_t *after)
{
    for (size_t i = 0; i < o->erasures_len; i++) {
        erasure *e = &o->erasures[i];

        if (after[e->piece] != 0 && before[e->piece] == 0 && may && e->author == author)
            e->undone = true;
        else if (before[e->piece] == 0 &&
                 (after[e->piece] != 0 || oracle_has_steps(o, author, e->author)))
            e->lost = true;
    }
    for (size_t i = 0; i < o->len; i++) {
        if (before[i] != 0 && after[i] == 0)
            oracle_erase_piece(o, author, may, i);
        o->pieces[i].taken |=
            before[i] == 0 && after[i] == 0 && oracle_has_steps(o, author, o->pieces[i].author);
    }
}

void oracle_retype(oracle *o, unsigned author)
{
    for (size_t i = 0; i < o->erasures_len; i++) {
        const erasure *back = &o->erasures[i];

        for (size_t k = 0; k < o->erasures_len && back->undone && back->author == author; k++)
            o->erasures[k].lost = o->erasures[k].lost || o->erasures[k].piece == back->piece;
    }
}

void oracle_lose(oracle *o, unsigned author, size_t pieces, size_t erasures)
{
    for (size_t i = pieces; i < o->len; i++)
        o->pieces[i].lost = o->pieces[i].lost || o->pieces[i].author == author;
    for (size_t i = 0; i < o->erasures_len; i++) {
        erasure *e = &o->erasures[i];

        e->lost = e->lost || (e->author == author && (i >= erasures || e->undone));
    }
}

void oracle_copy(oracle *o, unsigned from, unsigned to)
{
    oracle_lose(o, to, 0, 0);
    o->steps[to] = o->steps[from] | UINT32_C(1) << from;
}

void oracle_undurable(oracle *o)
{
    for (size_t i = 0; i < o->len; i++)
        o->pieces[i].durable = false;
}

/* ---- Looking ---- */

uint32_t *oracle_look(const oracle *o, const sennit_doc *doc)
{
    uint32_t *places = calloc(o->len + 1, sizeof *places);
    sennit_buf text;

    require(places != NULL);
    sennit_buf_init(&text, NULL);
    if (doc != NULL)
        doc_text(doc, &text);
    for (size_t i = 0; i < text.len; i += 4) {
        size_t p = piece_get(text.data + i);

        require(p < o->len);
        require_piece(o, p, places[p] == 0);
        places[p] = (uint32_t)(i / 4) + 1;
    }
    sennit_buf_clear(&text);
    for (size_t i = 1; i < o->len; i++)
        require_piece(o, i, !o->pieces[i].follows || places[i] == 0 || places[i - 1] < places[i]);
    return places;
}

void oracle_blame(const oracle *o, size_t i)
{
    const piece *p = &o->pieces[i];

    fprintf(stderr, "character %zx, typed by %u%s%s%s:\n", i + ORACLE_FIRST, p->author,
            p->deleted ? ", deleted" : "", p->lost ? ", lost" : "", p->durable ? ", durable" : "");
    for (size_t k = 0; k < o->erasures_len; k++) {
        const erasure *e = &o->erasures[k];

        if (e->piece == i)
            fprintf(stderr, "  deleted by %u%s%s%s\n", e->author, e->barred ? ", who might not" : "",
                    e->undone ? ", undone" : "", e->lost ? ", lost" : "");
    }
}

void oracle_check_durable(const oracle *o, const uint32_t *places)
{
    for (size_t i = 0; i < o->len; i++)
        require_piece(o, i, !o->pieces[i].durable || o->pieces[i].deleted || places[i] != 0);
}

void oracle_check_order(const oracle *o, const uint32_t *a, const uint32_t *b)
{
    size_t *at = calloc(o->len + 1, sizeof *at); /* pieces, 1 more, by place in a */
    uint32_t last = 0;

    require(at != NULL);
    for (size_t i = 0; i < o->len; i++)
        if (a[i] != 0 && b[i] != 0)
            at[a[i] - 1] = i + 1;
    for (size_t place = 0; place < o->len; place++) {
        if (at[place] == 0)
            continue;
        require(b[at[place] - 1] > last);
        last = b[at[place] - 1];
    }
    free(at);
}
