/* Large documents: random edits all over them, and lines looked up in them. */
#include "bench_flood.h"
#include "cli.h"
#include "measure.h"

#include <stdlib.h>
#include <string.h>

#define LARGE_WRITER 1u
#define LARGE_LINE 80u         /* bytes a line, newline included */
#define LARGE_CUTS 10000u      /* edits that cut a document before lookups */

/* A text of letters; lines end every LARGE_LINE bytes, or never. */
static char *large_text(size_t len, bool lines)
{
    char *text = cli_alloc(len, 1);

    for (size_t i = 0; i < len; i++)
        text[i] = (char)(lines && i % LARGE_LINE == LARGE_LINE - 1 ? '\n' : 'a' + i % 26);
    return text;
}

static sennit_status large_new(size_t len, bool lines, sennit_doc **out)
{
    sennit_options options = session_options(LARGE_WRITER, SENNIT_BYTES);
    char *text = large_text(len, lines);
    sennit_status st = sennit_doc_seed(&options, "", 0, text, len, out);

    free(text);
    return st;
}

/* -------------------------------------------------------- Random edits -- */

/* Random numbers are drawn beforehand: the lowest bit says insert or delete, the
 * rest where, as a fraction of the length at that time. */
int large_prepare_edits(struct flood *f)
{
    f->places = cli_alloc(f->of->n, sizeof *f->places);
    for (size_t i = 0; i < f->of->n; i++)
        f->places[i] = (uint32_t)rng_next(&f->rng);
    return CLI_OK;
}

static sennit_status large_edit(sennit_doc *doc, uint32_t random)
{
    size_t len = sennit_doc_len(doc);
    size_t pos = (size_t)((uint64_t)random * len >> 32);

    if ((random & 1) != 0 || len == 0)
        return sennit_doc_insert(doc, pos, "x", 1);
    return sennit_doc_delete(doc, pos, 1);
}

static sennit_status large_edits(const struct flood *f, sennit_doc *doc)
{
    sennit_status st = SENNIT_OK;

    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++)
        st = large_edit(doc, f->places[i]);
    return st;
}

int large_run_edits(struct flood *f, double *ns)
{
    sennit_doc *doc = NULL;
    sennit_status st = large_new(f->of->how, true, &doc);
    uint64_t start = measure_ns();
    int code;

    if (st == SENNIT_OK)
        st = large_edits(f, doc);
    *ns = (double)(measure_ns() - start);
    code = flood_refuse(f, st);
    if (code == CLI_OK)
        code = flood_verify(f, doc);
    sennit_doc_free(doc);
    return code;
}

/* -------------------------------------------------------------- Lookups -- */

/* A snapshot of a document that many edits have cut into pieces. */
static int large_prepare_cut(struct flood *f, bool lines)
{
    sennit_doc *doc = NULL;
    sennit_status st = large_new(f->of->how, lines, &doc);

    f->places = cli_alloc(f->of->n, sizeof *f->places);
    for (size_t i = 0; i < f->of->n; i++)
        f->places[i] = (uint32_t)rng_next(&f->rng);
    for (size_t i = 0; i < LARGE_CUTS && st == SENNIT_OK; i++)
        st = large_edit(doc, f->places[i]);
    if (st == SENNIT_OK)
        st = sennit_doc_save(doc, SENNIT_SAVE_SHARED, &f->base);
    sennit_doc_free(doc);
    return flood_refuse(f, st);
}

int large_prepare_lines(struct flood *f)
{
    return large_prepare_cut(f, true);
}

int large_prepare_line(struct flood *f)
{
    return large_prepare_cut(f, false);
}

static sennit_status large_load(const struct flood *f, sennit_doc **out)
{
    sennit_options options = session_options(LARGE_WRITER, SENNIT_BYTES);

    return sennit_doc_load(&options, f->base.data, f->base.len, out, NULL);
}

/* Look up lines and columns; what was found must lead back to where it was. */
int large_run_line_column(struct flood *f, double *ns)
{
    size_t line = 0, column = 0, pos = 0, back = 0;
    sennit_doc *doc = NULL;
    sennit_status st = large_load(f, &doc);
    size_t len = st == SENNIT_OK ? sennit_doc_len(doc) : 0;
    uint64_t start = measure_ns();

    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++) {
        pos = (size_t)((uint64_t)f->places[i] * len >> 32);
        st = sennit_doc_line_column(doc, pos, &line, &column);
    }
    *ns = (double)(measure_ns() - start);
    if (st == SENNIT_OK)
        st = sennit_doc_at_line(doc, line, column, &back);
    sennit_doc_free(doc);
    if (st == SENNIT_OK && back != pos)
        return flood_fail(f, "line and column do not lead back");
    return flood_refuse(f, st);
}

int large_run_at_line(struct flood *f, double *ns)
{
    size_t pos = 0, line = 0, column = 0, want = 0;
    sennit_doc *doc = NULL;
    sennit_status st = large_load(f, &doc);
    size_t lines = st == SENNIT_OK ? sennit_doc_count(doc, SENNIT_LINES) : 0;
    uint64_t start = measure_ns();

    for (size_t i = 0; i < f->of->n && st == SENNIT_OK; i++) {
        want = (size_t)((uint64_t)f->places[i] * lines >> 32);
        st = sennit_doc_at_line(doc, want, i % LARGE_LINE, &pos);
    }
    *ns = (double)(measure_ns() - start);
    if (st == SENNIT_OK)
        st = sennit_doc_line_column(doc, pos, &line, &column);
    sennit_doc_free(doc);
    if (st == SENNIT_OK && line != want)
        return flood_fail(f, "a line does not lead back");
    return flood_refuse(f, st);
}
