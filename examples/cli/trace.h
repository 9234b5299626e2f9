/* Recorded editing: what people did to a text, keystroke by keystroke.
 *
 * The files are JSON, mostly gzipped, as in the public collection
 * github.com/josephg/editing-traces. Positions are Unicode codepoints.
 *
 *   sequential  {startContent, endContent, txns: [{time, patches: [[pos,
 *               deleted, "inserted"], ...]}]}: one patch after the other
 *   concurrent  {kind: "concurrent", endContent, numAgents, txns: [{parents,
 *               agent, time, patches}]}: the positions of a transaction are
 *               those in the document that merges its parents (numbers of
 *               earlier transactions) and all their ancestors
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sennit/sennit.h>

/* One patch. Small, so that reading the trace costs a measured loop little. */
struct edit {
    uint32_t pos;
    uint32_t deleted;
    uint32_t text; /* offset in trace.text */
    uint32_t len;  /* bytes */
};

struct txn {
    uint32_t agent;
    uint32_t first; /* edit */
    uint32_t end;   /* the edit after its last */
    uint32_t parents; /* offset in trace.parents */
    uint32_t n_parents;
};

struct text {
    char *data;
    size_t len;
};

struct trace {
    const char *name; /* of the file */
    bool concurrent;
    uint32_t agents;
    struct txn *txns;
    size_t n_txns;
    uint32_t *parents;
    size_t n_parents;

    /* The edits with positions in codepoints, and the same in bytes. Those in
     * bytes are NULL in a concurrent trace until trace_set_bytes. */
    struct edit *codepoints;
    struct edit *bytes;
    uint64_t *ms; /* time of each edit, Unix milliseconds; 0 if unknown */
    size_t n_edits;

    struct text text; /* everything inserted, end to end */
    size_t text_cap;
    struct text start;
    struct text end;
};

/* Read a trace; name must outlive it. Free with trace_free, also on failure. */
int trace_read(struct trace *trace, const char *name);
void trace_free(struct trace *trace);

/* Return the edits with positions in the given unit. */
static inline const struct edit *trace_edits(const struct trace *trace, sennit_unit unit)
{
    return unit == SENNIT_BYTES ? trace->bytes : trace->codepoints;
}

/* Add an edit at the end of a trace made by a program: text is copied, pos and
 * deleted are in bytes. Afterwards call trace_set_codepoints. */
void trace_add(struct trace *trace, size_t pos, size_t deleted, const char *text, size_t len,
               uint64_t ms);

/* Work out one kind of position from the other, by replaying the edits into a
 * gap buffer: CLI_NO if the text does not end as trace->end says. */
int trace_set_bytes(struct trace *trace);
int trace_set_codepoints(struct trace *trace);

/* Call each with every trace that the words name: a folder stands for the
 * *.json and *.json.gz in it, in alphabetical order. Goes on after a failure and
 * returns the worst code. */
int trace_each(char **words, int n, int (*each)(const char *name, void *arg), void *arg);

#endif
