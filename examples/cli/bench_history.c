/* Measuring the past and undo on one trace.
 *
 * Some moments of the session are chosen by chance. What the text and the version
 * were then is noted while the session is played into one document; afterwards
 * that document has to tell the same.
 */
#include "bench.h"
#include "cli.h"
#include "gap.h"
#include "measure.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

#define MOMENTS 64
#define KEYS 10000         /* keystrokes taken back in a round */
#define RECEIVER 1000002u  /* agent numbers of documents that are no agent's */
#define SENDER 1000003u

struct moment {
    sennit_buf version;
    sennit_buf text;
};

struct past {
    struct trace trace;
    struct trace line;   /* the edits of a concurrent trace in one order */
    struct trace *edits; /* those that one writer makes: trace or line */
    struct session session;
    struct moment moments[MOMENTS];
    sennit_doc *full;    /* knows everything */
    sennit_buf scratch;
    uint64_t random;
};

static int past_refuse(const struct past *p, sennit_status st)
{
    return st == SENNIT_OK ? CLI_OK : cli_refuse(p->trace.name, st, NULL);
}

static int past_differs(const struct past *p, const char *what)
{
    cli_error(p->trace.name, "%s is not what it was", what);
    return CLI_NO;
}

/* Marsaglia's xorshift: good enough to choose, and the same in each run. */
static size_t past_random(struct past *p, size_t below)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return (size_t)(p->random % below);
}

static bool past_same(const sennit_buf *a, const sennit_buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* ----------------------------------------------------------- Preparing -- */

static sennit_status past_note(sennit_doc *doc, struct moment *m)
{
    sennit_status st = sennit_doc_version(doc, &m->version);

    return st == SENNIT_OK ? sennit_doc_read(doc, 0, sennit_doc_len(doc), &m->text) : st;
}

/* Receive a session as it was, and stop at each moment: one somewhere in each of
 * as many equal parts. */
static sennit_status past_play(struct past *p)
{
    const size_t n = p->trace.n_edits, part = n / MOMENTS + 1;
    size_t next = past_random(p, part), len;
    sennit_status st = SENNIT_OK;

    for (size_t i = 0; i < n && st == SENNIT_OK; i++) {
        const uint8_t *delta = deltas_at(&p->session.deltas, i, &len);

        if (len > 0)
            st = sennit_doc_apply(p->full, delta, len, NULL, NULL, NULL);
        if (st == SENNIT_OK && i == next) {
            st = past_note(p->full, &p->moments[i / part]);
            next = (i / part + 1) * part + past_random(p, part);
        }
    }
    /* The last parts may be empty, or the moment beyond the end. */
    for (size_t m = 0; m < MOMENTS && st == SENNIT_OK; m++)
        if (p->moments[m].version.len == 0)
            st = past_note(p->full, &p->moments[m]);
    return st;
}

static int past_prepare(struct past *p)
{
    sennit_options options = session_options(RECEIVER, SENNIT_BYTES);
    int code = session_init(&p->session, &p->trace);

    if (code == CLI_OK)
        code = session_play(&p->session, SENNIT_CODEPOINTS, NULL);
    p->edits = &p->trace;
    if (code == CLI_OK && p->trace.concurrent) {
        p->edits = &p->line;
        code = session_line(&p->session, &p->line);
    }
    if (code != CLI_OK)
        return code;
    sennit_status st = session_new_doc(&p->trace, &options, &p->full);
    return past_refuse(p, st == SENNIT_OK ? past_play(p) : st);
}

/* ------------------------------------------------------------- Reading -- */

/* Each takes one sample, in nanoseconds. */
typedef int past_sample(struct past *p, double *ns);

static int past_text(struct past *p, double *ns)
{
    sennit_status st = SENNIT_OK;
    uint64_t took = 0;

    for (size_t m = 0; m < MOMENTS && st == SENNIT_OK; m++) {
        const struct moment *then = &p->moments[m];
        uint64_t start = measure_ns();

        p->scratch.len = 0;
        st = sennit_history_text(p->full, then->version.data, then->version.len, &p->scratch);
        took += measure_ns() - start;
        if (st == SENNIT_OK && !past_same(&p->scratch, &then->text))
            return past_differs(p, "a text of the past");
    }
    *ns = (double)took / MOMENTS;
    return past_refuse(p, st);
}

/* Whether patches make one text out of another. */
static bool past_leads(sennit_diff *diff, const sennit_buf *from, const sennit_buf *to)
{
    sennit_patch patch;
    struct gap gap;

    gap_init(&gap, (const char *)from->data, from->len);
    while (sennit_diff_next(diff, &patch) == 1)
        gap_splice(&gap, patch.pos, patch.removed, patch.text, patch.len);
    bool same = gap_is(&gap, (const char *)to->data, to->len) != 0;
    gap_free(&gap);
    return same;
}

static int past_diff(struct past *p, double *ns)
{
    sennit_status st = SENNIT_OK;
    uint64_t took = 0;

    for (size_t m = 0; m < MOMENTS && st == SENNIT_OK; m++) {
        const struct moment *a = &p->moments[m], *b = &p->moments[past_random(p, MOMENTS)];
        uint64_t start = measure_ns();
        sennit_diff *diff = NULL;

        st = sennit_history_diff(p->full, a->version.data, a->version.len, b->version.data,
                                 b->version.len, &diff);
        took += measure_ns() - start;
        bool leads = st != SENNIT_OK || past_leads(diff, &a->text, &b->text);
        sennit_diff_free(diff);
        if (!leads)
            return past_differs(p, "a difference");
    }
    *ns = (double)took / MOMENTS;
    return past_refuse(p, st);
}

static int past_blame(struct past *p, double *ns)
{
    uint64_t start = measure_ns();
    size_t pos = 0, told = 0, end = sennit_doc_len(p->full);
    sennit_blame blame;
    int got;

    while ((got = sennit_history_blame(p->full, &pos, end, &blame)) == 1)
        told += blame.len;
    *ns = (double)(measure_ns() - start);
    if (got == 0 && told != end)
        return past_differs(p, "what was told of authors");
    return past_refuse(p, (sennit_status)got);
}

/* A letter behind a place of the text of then, by somebody who saw no more. */
static int past_splice(struct past *p, double *ns)
{
    sennit_options options = session_options(SENDER, SENNIT_BYTES);
    sennit_doc *doc = NULL;
    sennit_status st = sennit_doc_fork(p->full, &options, &doc);
    uint64_t start = measure_ns();

    for (size_t m = 0; m < MOMENTS && st == SENNIT_OK; m++) {
        const struct moment *then = &p->moments[m];

        st = sennit_history_splice(doc, then->version.data, then->version.len, then->text.len, 0,
                                   "x", 1, NULL);
    }
    *ns = (double)(measure_ns() - start) / MOMENTS;
    if (st == SENNIT_OK && sennit_doc_len(doc) != sennit_doc_len(p->full) + MOMENTS)
        st = SENNIT_EINVAL;
    sennit_doc_free(doc);
    return past_refuse(p, st);
}

/* ---------------------------------------------------------------- Undo -- */

/* A document of one writer with each edit a step. */
struct writer {
    sennit_doc *doc;
    sennit_undo *undo;
    size_t start; /* bytes before the first edit */
};

static sennit_status past_write(const struct past *p, struct writer *w)
{
    const struct trace *edits = p->edits;
    const sennit_undo_options steps = { .size = sizeof steps, .depth = edits->n_edits + KEYS };
    sennit_options options = session_options(SENDER, SENNIT_BYTES);
    sennit_status st = session_new_doc(edits, &options, &w->doc);

    if (st == SENNIT_OK)
        st = sennit_undo_new(w->doc, &steps, &w->undo);
    if (st == SENNIT_OK)
        w->start = sennit_doc_len(w->doc);
    for (size_t i = 0; i < edits->n_edits && st == SENNIT_OK; i++) {
        sennit_doc_set_time(w->doc, edits->ms[i]);
        st = session_edit(w->doc, &edits->bytes[i], edits->text.data);
        if (st == SENNIT_OK)
            st = sennit_undo_break(w->undo);
    }
    return st;
}

static void past_leave(struct writer *w)
{
    sennit_undo_free(w->undo);
    sennit_doc_free(w->doc);
}

static sennit_status past_back(struct writer *w)
{
    sennit_status st = SENNIT_OK;

    while (st == SENNIT_OK && sennit_undo_can_undo(w->undo) > 0)
        st = sennit_undo_undo(w->undo);
    return st;
}

static int past_undo(struct past *p, double *ns)
{
    struct writer w = { .doc = NULL };
    sennit_status st = past_write(p, &w);
    uint64_t start = measure_ns();

    if (st == SENNIT_OK)
        st = past_back(&w);
    *ns = (double)(measure_ns() - start);
    bool same = st != SENNIT_OK || sennit_doc_len(w.doc) == w.start;
    past_leave(&w);
    return same ? past_refuse(p, st) : past_differs(p, "the text with all undone");
}

static int past_redo(struct past *p, double *ns)
{
    struct writer w = { .doc = NULL };
    sennit_status st = past_write(p, &w);

    if (st == SENNIT_OK)
        st = past_back(&w);
    uint64_t start = measure_ns();
    while (st == SENNIT_OK && sennit_undo_can_redo(w.undo) > 0)
        st = sennit_undo_redo(w.undo);
    *ns = (double)(measure_ns() - start);
    bool same = st != SENNIT_OK || sennit_doc_len(w.doc) == p->trace.end.len;
    past_leave(&w);
    return same ? past_refuse(p, st) : past_differs(p, "the text with all redone");
}

/* Each keystroke at another place, so that nothing is at hand. Places are between
 * two ASCII characters. */
static size_t past_place(struct past *p)
{
    const char *text = p->trace.end.data;

    for (int tries = 0; p->trace.end.len > 0 && tries < 100; tries++) {
        size_t at = past_random(p, p->trace.end.len);

        if ((text[at] & 0x80) == 0)
            return at;
    }
    return 0;
}

static int past_key(struct past *p, double *ns)
{
    struct writer w = { .doc = NULL };
    sennit_status st = past_write(p, &w);
    size_t *places = cli_alloc(KEYS, sizeof *places);

    for (size_t i = 0; i < KEYS; i++)
        places[i] = past_place(p);
    uint64_t start = measure_ns();
    for (size_t i = 0; i < KEYS && st == SENNIT_OK; i++) {
        st = sennit_doc_insert(w.doc, places[i], "x", 1);
        if (st == SENNIT_OK)
            st = sennit_undo_undo(w.undo);
    }
    *ns = (double)(measure_ns() - start) / KEYS;
    free(places);
    past_leave(&w);
    return past_refuse(p, st);
}

/* -------------------------------------------------------------- Rounds -- */

static const struct {
    past_sample *sample;
    size_t at;    /* in struct figures */
    double scale; /* of a nanosecond there */
} past_samples[] = {
    { past_text, offsetof(struct figures, past_text_ms), 1e6 },
    { past_diff, offsetof(struct figures, past_diff_ms), 1e6 },
    { past_splice, offsetof(struct figures, past_splice_ms), 1e6 },
    { past_blame, offsetof(struct figures, blame_ms), 1e6 },
    { past_undo, offsetof(struct figures, undo_all_ms), 1e6 },
    { past_redo, offsetof(struct figures, redo_all_ms), 1e6 },
    { past_key, offsetof(struct figures, undo_key_ns), 1 },
};

enum { PAST_SAMPLES = sizeof past_samples / sizeof *past_samples };

static int past_rounds(struct past *p, unsigned rounds, struct figures *out)
{
    double *ns = cli_alloc(rounds, sizeof *ns);
    struct progress progress;
    int code = CLI_OK;

    progress_start(&progress, p->trace.name, rounds * PAST_SAMPLES);
    for (size_t s = 0; s < PAST_SAMPLES && code == CLI_OK; s++) {
        for (unsigned round = 0; round < rounds && code == CLI_OK; round++) {
            code = past_samples[s].sample(p, &ns[round]);
            progress_step(&progress, 1);
        }
        double value = measure_median(ns, rounds) / past_samples[s].scale;
        memcpy((char *)out + past_samples[s].at, &value, sizeof value);
    }
    progress_end(&progress);
    free(ns);
    return code;
}

int bench_history(const char *name, unsigned rounds, struct figures *out)
{
    struct past p = { .random = 88172645463325252 };
    int code;

    for (size_t m = 0; m < MOMENTS; m++) {
        sennit_buf_init(&p.moments[m].version, NULL);
        sennit_buf_init(&p.moments[m].text, NULL);
    }
    sennit_buf_init(&p.scratch, NULL);
    code = trace_read(&p.trace, name);
    if (code == CLI_OK) {
        code = past_prepare(&p);
        if (code == CLI_OK)
            code = past_rounds(&p, rounds, out);
        session_free(&p.session);
    }
    sennit_doc_free(p.full);
    for (size_t m = 0; m < MOMENTS; m++) {
        sennit_buf_clear(&p.moments[m].version);
        sennit_buf_clear(&p.moments[m].text);
    }
    sennit_buf_clear(&p.scratch);
    trace_free(&p.line);
    trace_free(&p.trace);
    return code;
}
