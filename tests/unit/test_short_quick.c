/* The quick way in for short deltas takes exactly what the careful way takes: two
 * documents that are the same, of which one watches patches and so has to be
 * careful, get each delta with every byte of it set to every value. */
#include "base/hash.h"
#include "wire/wire.h"

#include "support/stage.h"

#include <string.h>

#define EARLIER 3

typedef struct pair {
    stage *s;
    sennit_doc *doc[2];      /* quick, careful */
    sennit_table *table[2];  /* or NULL */
    sennit_buf delta;        /* what comes next, and what came before it */
    sennit_buf earlier[EARLIER];
    uint64_t author;
    size_t len; /* of the documents before it */
} pair;

static void pair_drop(pair *p)
{
    for (int i = 0; i < 2; i++) {
        sennit_doc_free(p->s->docs[--p->s->docs_len]);
        sennit_table_free(p->table[i]);
        p->table[i] = NULL;
    }
}

static sennit_status pair_apply(pair *p, int i, const sennit_buf *delta, sennit_applied *applied)
{
    return sennit_doc_apply(p->doc[i], delta->data, delta->len, p->table[i], applied, NULL);
}

/* Two documents that heard of all but the last delta. */
static void pair_open(pair *p, bool tables)
{
    sennit_applied applied;

    for (int i = 0; i < 2; i++) {
        p->doc[i] = stage_doc(p->s, 9, "seeded text");
        if (tables)
            assert_ok(sennit_table_new(&p->s->alloc, &p->table[i]));
        for (int k = 0; k < EARLIER; k++)
            assert_ok(pair_apply(p, i, &p->earlier[k], &applied));
    }
    p->len = sennit_doc_len(p->doc[1]);
    sennit_doc_watch(p->doc[1], SENNIT_WATCH_REMOTE);
}

/* Give both the delta as it is now; they must do the same. */
static void pair_try(pair *p, bool tables, unsigned *taken)
{
    sennit_applied applied[2];
    sennit_status quick = pair_apply(p, 0, &p->delta, &applied[0]);
    sennit_status careful = pair_apply(p, 1, &p->delta, &applied[1]);

    assert_int_equal(quick, careful);
    assert_memory_equal(&applied[0], &applied[1], sizeof applied[0]);
    if (quick != SENNIT_OK)
        return;
    ++*taken;
    assert_true(doc_agree(p->doc[0], p->doc[1]));
    if (sennit_doc_len(p->doc[1]) != p->len) /* what is watched is told */
        assert_true(p->doc[1]->patches.len > 0);
    pair_drop(p);
    pair_open(p, tables);
}

static void seal(pair *p)
{
    sennit_buf *d = &p->delta;
    uint64_t check;

    if (d->len < SN_CHECK_SHORT)
        return;
    check = sn_hash64(d->data, d->len - SN_CHECK_SHORT, p->author);
    d->data[d->len - 2] = (uint8_t)check;
    d->data[d->len - 1] = (uint8_t)(check >> 8);
}

/* Every byte, every value; cut short; and with a byte more. */
static unsigned pair_try_all(pair *p, bool tables)
{
    const size_t len = p->delta.len, body = len - SN_CHECK_SHORT;
    unsigned taken = 0;

    for (size_t at = 0; at < body; at++) {
        uint8_t was = p->delta.data[at];

        for (unsigned value = 1; value < 256; value++) {
            p->delta.data[at] = (uint8_t)(was ^ value);
            seal(p);
            pair_try(p, tables, &taken);
        }
        p->delta.data[at] = was;
    }
    seal(p);
    p->delta.data[len - 1] ^= 1; /* the checksum itself */
    pair_try(p, tables, &taken);
    p->delta.data[len - 2] ^= 1;
    pair_try(p, tables, &taken);
    for (p->delta.len = 0; p->delta.len < len; p->delta.len++) {
        seal(p);
        pair_try(p, tables, &taken);
    }
    buf_add(&p->delta, "xyz", 3);
    seal(p);
    pair_try(p, tables, &taken);
    return taken;
}

/* What a writer sends of one edit; a delete if text is NULL. */
static void write(sennit_doc *doc, sennit_table *table, size_t pos, const char *text, sennit_buf *out)
{
    uint64_t own = sennit_doc_own_count(doc);

    sennit_buf_init(out, NULL);
    if (text != NULL)
        assert_ok(sennit_doc_insert(doc, pos, text, strlen(text)));
    else
        assert_ok(sennit_doc_delete(doc, pos, 1));
    assert_ok(sennit_doc_own_delta(doc, own, table, out));
}

typedef struct edit {
    size_t pos;
    const char *text;
} edit;

static void try_last_of(void **state, const edit edits[EARLIER + 1])
{
    for (int tables = 0; tables < 2; tables++) {
        pair p = {.s = *state, .author = 0x0807060504030201};
        sennit_doc *writer = stage_doc(p.s, p.author, "seeded text");
        sennit_table *table = NULL;
        unsigned taken = 0;

        if (tables)
            assert_ok(sennit_table_new(&p.s->alloc, &table));
        for (int i = 0; i <= EARLIER; i++)
            write(writer, table, edits[i].pos, edits[i].text, i < EARLIER ? &p.earlier[i] : &p.delta);
        pair_open(&p, tables);
        pair_try(&p, tables, &taken); /* as it is */
        assert_int_equal(taken, 1);
        taken = pair_try_all(&p, tables);
        assert_in_range(taken, 5, 10000);
        pair_drop(&p);
        sennit_table_free(table);
        for (int i = 0; i < EARLIER; i++)
            sennit_buf_clear(&p.earlier[i]);
        sennit_buf_clear(&p.delta);
    }
}

static void a_letter_typed_behind_the_last(void **state)
{
    try_last_of(state, (const edit[]){{2, "X"}, {6, "a"}, {7, "b"}, {8, "c"}});
}

static void a_newline_typed_behind_the_last(void **state)
{
    try_last_of(state, (const edit[]){{2, "X"}, {6, "a"}, {7, "b"}, {8, "\n"}});
}

static void a_letter_taken_back(void **state)
{
    try_last_of(state, (const edit[]){{2, "X"}, {6, "abc"}, {8, NULL}, {7, NULL}});
}

static void another_letter_deleted_backwards(void **state)
{
    try_last_of(state, (const edit[]){{2, "X"}, {6, "a"}, {5, NULL}, {4, NULL}});
    try_last_of(state, (const edit[]){{6, "a"}, {5, NULL}, {4, NULL}, {3, NULL}});
}

static void another_letter_deleted_forwards(void **state)
{
    try_last_of(state, (const edit[]){{2, "X"}, {6, "a"}, {2, NULL}, {2, NULL}});
    try_last_of(state, (const edit[]){{6, "a"}, {2, NULL}, {2, NULL}, {2, NULL}});
}

static void a_letter_between_the_last_and_its_child(void **state)
{
    try_last_of(state, (const edit[]){{2, "ab"}, {3, "X"}, {0, "c"}, {1, "d"}});
}

/* ---- when there is more to do than the quick way does ---- */

static void type_and_send(sennit_doc *from, sennit_doc *to, size_t pos, const char *text)
{
    sennit_buf delta;

    write(from, NULL, pos, text, &delta);
    assert_ok(sennit_doc_apply(to, delta.data, delta.len, NULL, NULL, NULL));
    sennit_buf_clear(&delta);
}

static void a_document_just_opened_takes_keystrokes(void **state)
{
    stage *s = *state;
    sennit_doc *from = stage_doc(s, 1, "seed"), *to;

    assert_ok(sennit_doc_insert(from, 4, "ab", 2));
    doc_snapshot(from, &s->buf);
    s->options.replica = 2;
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &to, NULL));
    stage_keep(s, to);
    type_and_send(from, to, 6, "c");
    type_and_send(from, to, 7, "d");
    type_and_send(from, to, 7, NULL);
    type_and_send(from, to, 6, NULL);
    assert_text(to, "seedab");
    assert_true(doc_agree(from, to));
}

static void a_keystroke_wakes_what_waits_for_it(void **state)
{
    stage *s = *state;
    sennit_doc *from = stage_doc(s, 1, "seed"), *other = stage_doc(s, 3, "seed"),
               *to = stage_doc(s, 2, "seed");
    sennit_buf first, late;

    type_and_send(from, to, 4, "a");
    type_and_send(from, to, 5, "b");
    write(from, NULL, 6, "c", &first);
    doc_catch_up(other, from);
    write(other, NULL, 7, "!", &late); /* behind c */
    assert_ok(sennit_doc_apply(to, late.data, late.len, NULL, NULL, NULL));
    assert_text(to, "seedab");
    assert_ok(sennit_doc_apply(to, first.data, first.len, NULL, NULL, NULL));
    assert_text(to, "seedabc!");
    sennit_buf_clear(&first);
    sennit_buf_clear(&late);
}

static void limits_hold(void **state)
{
    stage *s = *state;
    sennit_doc *from = stage_doc(s, 1, "seed");

    s->options.limits.text_bytes = 7;
    sennit_doc *to = stage_doc(s, 2, "seed");
    for (size_t i = 0; i < 3; i++)
        type_and_send(from, to, 4 + i, "x");
    write(from, NULL, 7, "y", &s->buf);
    assert_refused(to, SENNIT_ELIMIT,
                   sennit_doc_apply(to, s->buf.data, s->buf.len, NULL, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_letter_typed_behind_the_last),
        STAGE_TEST(a_newline_typed_behind_the_last),
        STAGE_TEST(a_letter_taken_back),
        STAGE_TEST(another_letter_deleted_backwards),
        STAGE_TEST(another_letter_deleted_forwards),
        STAGE_TEST(a_letter_between_the_last_and_its_child),
        STAGE_TEST(a_document_just_opened_takes_keystrokes),
        STAGE_TEST(a_keystroke_wakes_what_waits_for_it),
        STAGE_TEST(limits_hold),
    };

    return RUN_TESTS(tests);
}
