/* sennit for Python: what the files of the extension share.
 *
 *     module.c    the module, its functions and its state
 *     document.c  the type Document: making, reading, editing, merging
 *     steps.c     iterators over what a document hands out one by one
 *     convert.c   statuses to exceptions, values both ways
 *
 * Each document is used by one thread at a time: while one is at work in it
 * without the GIL, `busy` makes the others' calls raise BusyError.
 */
#ifndef BINDING_H
#define BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include "sennit.h"

/* Of the module: classes written in Python, and the types. */
typedef struct state {
    PyObject *errors;   /* dict: status -> class */
    PyObject *urandom;  /* os.urandom */
    PyObject *chunk, *applied, *info, *change, *patch, *anchor, *stat, *transaction;
    PyTypeObject *document, *table, *steps;
} state;

typedef struct document {
    PyObject_HEAD
    sennit_doc *doc;
    state *st;
    PyObject *module;   /* keeps st */
    PyObject *clock;    /* gives Unix milliseconds; NULL: the system's */
    bool busy;
} document;

typedef struct table {
    PyObject_HEAD
    sennit_table *table;
} table;

/* ---- convert.c ---- */

/* Raise what stands for a status, and return NULL. err may be NULL. */
PyObject *raise_status(state *st, sennit_status status, const sennit_error *err);

/* A buffer as bytes; it is cleared. */
PyObject *take_bytes(sennit_buf *buf);

/* A whole number from 0 on as a size; -1 and an exception if it is none. */
int read_size(PyObject *value, size_t *out);
int read_u64(PyObject *value, uint64_t *out);

PyObject *make_change(const state *st, const sennit_change *c);
PyObject *make_anchor(const state *st, const sennit_anchor *anchor);
int read_anchor(PyObject *value, sennit_anchor *out);

/* sennit_options.random, by os.urandom; self is a state. */
int draw_random(void *self, void *out, size_t len);

/* ---- document.c ---- */

extern PyType_Spec document_spec;

/* Begin a call: raises and returns false if another thread is at work. */
bool document_enter(document *self);

/* ---- steps.c ---- */

extern PyType_Spec steps_spec;

typedef struct steps steps;
typedef PyObject *(*steps_next)(document *doc, size_t *at);

/* An iterator that calls `next`, which returns NULL without an exception at the
 * end. */
PyObject *steps_new(document *doc, steps_next next, size_t at);

PyObject *next_chunk(document *doc, size_t *at);
PyObject *next_change(document *doc, size_t *at);
PyObject *next_missing(document *doc, size_t *at);
PyObject *next_patch(document *doc, size_t *at);

#endif
