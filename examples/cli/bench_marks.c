/* Marks in a text: making them, receiving them, opening a document that has them, and
 * reading a screenful. They are all over the text, or all of them lie over one place. */
#include "bench_flood.h"
#include "bench.h"
#include "cli.h"
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>

#define MARKS 10000u
#define MARKS_TEXT 100000u  /* bytes */
#define MARKS_CUTS 10000u   /* edits that cut it into pieces */
#define MARKS_SCREEN 4000u  /* bytes that are read at a time: 50 lines of 80 */
#define MARKS_WRITER 2u     /* agent that marks */
#define MARKS_READER 3u     /* agent that receives */

/* how */
#define MARKS_PILED 1u      /* each lies over the middle, and reaches less far than the next */
#define MARKS_NAMES 2u      /* each has a name of its own, as comments do */
#define MARKS_PLAIN 4u      /* the document without them */
#define MARKS_EDITED 8u     /* somebody types elsewhere before each reading */
#define MARKS_OPENED 16u    /* each reading is the first after opening */
#define MARKS_SCROLLED 32u  /* each reading begins five lines below the one before */

static uint64_t marks_random(struct flood *f, uint64_t below)
{
    return rng_below(&f->rng, below);
}

static sennit_status marks_load(const sennit_buf *from, uint32_t agent, sennit_doc **out)
{
    sennit_options options = session_options(agent, SENNIT_BYTES);

    return sennit_doc_load(&options, from->data, from->len, out, NULL);
}

/* ----------------------------------------------------------- Preparing -- */

static sennit_status marks_text(struct flood *f, sennit_doc **out)
{
    sennit_options options = session_options(1, SENNIT_BYTES);
    char *text = cli_alloc(MARKS_TEXT, 1);

    for (size_t i = 0; i < MARKS_TEXT; i++)
        text[i] = (char)(i % 80 == 79 ? '\n' : 'a' + i % 26);
    sennit_status st = sennit_doc_seed(&options, "", 0, text, MARKS_TEXT, out);
    free(text);
    for (size_t i = 0; i < MARKS_CUTS && st == SENNIT_OK; i++) {
        size_t at = marks_random(f, sennit_doc_len(*out));

        st = i % 2 == 0 ? sennit_doc_insert(*out, at, "x", 1) : sennit_doc_delete(*out, at, 1);
    }
    return st;
}

static sennit_status marks_make(struct flood *f, sennit_doc *doc, size_t i)
{
    const sennit_value value = { .type = SENNIT_INT, .integer = (int64_t)i };
    const size_t middle = MARKS_TEXT / 2;
    const bool piled = (f->of->how & MARKS_PILED) != 0;
    size_t at = piled ? middle - 1 - i % (middle - 1) : marks_random(f, MARKS_TEXT - 100);
    size_t len = piled ? 2 * (middle - at) : 1 + marks_random(f, 40);
    char name[24];
    int n = (f->of->how & MARKS_NAMES) != 0 ? snprintf(name, sizeof name, "comment:%zu", i)
                                            : snprintf(name, sizeof name, "name:%zu", i % 8);

    return sennit_mark_add(doc, at, len, name, (size_t)n, &value, i % 2 == 0 ? SENNIT_MARK_GROWS : 0);
}

/* base: the document without marks; whole: with them; deltas: each of them. */
static int marks_prepare(struct flood *f)
{
    sennit_doc *doc = NULL;
    sennit_status st = marks_text(f, &doc);

    if (st == SENNIT_OK)
        st = sennit_doc_save(doc, SENNIT_SAVE_SHARED, &f->base);
    sennit_doc_free(doc);
    doc = NULL;
    if (st == SENNIT_OK)
        st = marks_load(&f->base, MARKS_WRITER, &doc);
    f->deltas.end = cli_alloc(MARKS, sizeof *f->deltas.end);
    for (size_t i = 0; i < MARKS && st == SENNIT_OK; i++) {
        uint64_t before = sennit_doc_own_count(doc);

        st = marks_make(f, doc, i);
        if (st == SENNIT_OK)
            st = sennit_doc_own_delta(doc, before, NULL, &f->deltas.bytes);
        f->deltas.end[i] = f->deltas.bytes.len;
    }
    if (st == SENNIT_OK)
        st = sennit_doc_save(doc, SENNIT_SAVE_SHARED, &f->whole);
    sennit_doc_free(doc);
    return flood_refuse(f, st);
}

/* ------------------------------------------------------------- Writing -- */

static int marks_run_add(struct flood *f, double *ns)
{
    sennit_doc *doc = NULL;
    sennit_status st = marks_load(&f->base, MARKS_WRITER, &doc);
    uint64_t start = measure_ns();

    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++)
        st = marks_make(f, doc, i);
    *ns = (double)(measure_ns() - start);
    sennit_doc_free(doc);
    return flood_refuse(f, st);
}

static int marks_run_apply(struct flood *f, double *ns)
{
    sennit_doc *doc = NULL;
    sennit_status st = marks_load(&f->base, MARKS_READER, &doc);
    uint64_t start = measure_ns();

    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++) {
        size_t len;
        const uint8_t *delta = deltas_at(&f->deltas, i, &len);

        st = sennit_doc_apply(doc, delta, len, NULL, NULL, NULL);
    }
    *ns = (double)(measure_ns() - start);
    sennit_doc_free(doc);
    return flood_refuse(f, st);
}

/* ------------------------------------------------------------- Reading -- */

static int marks_run_open(struct flood *f, double *ns)
{
    sennit_doc *doc = NULL;
    uint64_t start = measure_ns();
    sennit_status st = marks_load((f->of->how & MARKS_PLAIN) != 0 ? &f->base : &f->whole,
                                  MARKS_READER, &doc);

    *ns = (double)(measure_ns() - start);
    sennit_doc_free(doc);
    return flood_refuse(f, st);
}

/* Read n bytes as runs, which end where they should. */
static int marks_read(const sennit_doc *doc, size_t at, size_t n)
{
    sennit_runs *runs = NULL;
    sennit_run run = { .pos = at };
    sennit_status st = sennit_mark_runs(doc, at, n, &runs);
    int more = st == SENNIT_OK ? 1 : (int)st;

    while (more == 1)
        more = sennit_runs_next(runs, &run);
    sennit_runs_free(runs);
    return more == 0 && run.pos != at + n ? (int)SENNIT_ERANGE : more;
}

/* Where the i-th screen begins. */
static size_t marks_screen(struct flood *f, size_t i)
{
    if ((f->of->how & MARKS_PILED) != 0)
        return (MARKS_TEXT - MARKS_SCREEN) / 2;
    if ((f->of->how & MARKS_SCROLLED) != 0)
        return i * 5 * 80 % (MARKS_TEXT - MARKS_SCREEN - 100);
    return marks_random(f, MARKS_TEXT - MARKS_SCREEN - 100);
}

static int marks_run_screens(struct flood *f, double *ns)
{
    sennit_doc *doc = NULL;
    sennit_status st = marks_load(&f->whole, MARKS_READER, &doc);
    uint64_t took = 0;

    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++) {
        const size_t at = marks_screen(f, i);

        if ((f->of->how & MARKS_OPENED) != 0) {
            sennit_doc_free(doc);
            st = marks_load(&f->whole, MARKS_READER, &doc);
        } else if ((f->of->how & MARKS_EDITED) != 0) {
            st = sennit_doc_insert(doc, marks_random(f, sennit_doc_len(doc)), "y", 1);
        }
        uint64_t start = measure_ns();
        if (st == SENNIT_OK)
            st = (sennit_status)marks_read(doc, at, MARKS_SCREEN);
        took += measure_ns() - start;
    }
    *ns = (double)took;
    sennit_doc_free(doc);
    return flood_refuse(f, st);
}

/* --------------------------------------------------------------- Cases -- */

static const struct flood_case cases[] = {
    { "marks_add", MARKS, marks_prepare, marks_run_add, 0, 0 },
    { "marks_apply", MARKS, marks_prepare, marks_run_apply, 0, 0 },
    { "marks_open_without", 1, marks_prepare, marks_run_open, MARKS_PLAIN, 0 },
    { "marks_open", 1, marks_prepare, marks_run_open, 0, 0 },
    { "marks_screen", 1000, marks_prepare, marks_run_screens, 0, 0 },
    { "marks_screen_scrolled", 1000, marks_prepare, marks_run_screens, MARKS_SCROLLED, 0 },
    { "marks_screen_edited", 1000, marks_prepare, marks_run_screens, MARKS_EDITED, 0 },
    { "marks_screen_opened", 20, marks_prepare, marks_run_screens, MARKS_OPENED, 0 },
    { "marks_piled_add", MARKS, marks_prepare, marks_run_add, MARKS_PILED, 0 },
    { "marks_piled_apply", MARKS, marks_prepare, marks_run_apply, MARKS_PILED, 0 },
    { "marks_piled_open", 1, marks_prepare, marks_run_open, MARKS_PILED, 0 },
    { "marks_piled_screen", 20, marks_prepare, marks_run_screens, MARKS_PILED, 0 },
    { "comments_piled_apply", MARKS, marks_prepare, marks_run_apply, MARKS_PILED | MARKS_NAMES, 0 },
    { "comments_piled_screen", 5, marks_prepare, marks_run_screens, MARKS_PILED | MARKS_NAMES, 3 },
};

int bench_marks(unsigned rounds, void (*report)(const struct flood_result *, void *), void *arg)
{
    return flood_cases(cases, sizeof cases / sizeof *cases, rounds, report, arg);
}
