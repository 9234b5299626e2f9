/* sennit for Python: what the files of the extension share.
 *
 *     module.c    the module, its functions and its state
 *     document.c  the type Document: how one is made and goes
 *     edit.c      its text changed
 *     read.c      its text read; places, patches
 *     merge.c     saved, sent, applied; issued anew
 *     marks.c     marks on its text, and metadata
 *     history.c   its text as it was
 *     measure.c   what it says of itself
 *     undo.c      the type Undo
 *     steps.c     iterators over what a document hands out one by one
 *     convert.c   statuses to exceptions, values both ways
 *
 * Threads. A document is used by one thread at a time: while a call is at work in
 * it, `busy` makes those of other threads raise BusyError, and likewise those of
 * this thread that a callback makes. Whatever touches sennit_doc begins with
 * document_enter; what may run Python code or give up the GIL meanwhile is an
 * AT_WORK.
 */
#ifndef BINDING_H
#define BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include "sennit.h"

/* Of the module: classes written in Python, and the types. */
typedef struct state {
    PyObject *errors; /* dict: status -> class */
    PyObject *chunk, *applied, *info, *change, *patch, *anchor, *stat, *rebased;
    PyObject *stretch, *blame, *diff, *run, *meta;
    PyObject *transaction, *step, *away;
    PyTypeObject *document, *table, *undo, *steps;
} state;

/* An undo whose object is gone, but whose document another thread was at work in. */
typedef struct orphan {
    sennit_undo *undo;
    struct orphan *next;
} orphan;

typedef struct document {
    PyObject_HEAD
    sennit_doc *doc;
    state *st;
    PyObject *module; /* keeps st */
    PyObject *clock;  /* gives Unix milliseconds; NULL: the system's */
    orphan *orphans;  /* freed once nobody is at work */
    bool busy;
} document;

typedef struct table {
    PyObject_HEAD
    sennit_table *table;
    bool busy; /* as of a document */
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
PyObject *make_patch(const state *st, const sennit_patch *p);
PyObject *make_rebased(const state *st, const sennit_rebased *r);
int read_rebased(PyObject *value, sennit_rebased *out);
PyObject *make_anchor(const state *st, const sennit_anchor *anchor);
int read_anchor(PyObject *value, sennit_anchor *out);

/* Whether nobody can change the bytes of a buffer: those of other types are only
 * read while the GIL keeps their owners from it. */
bool is_lasting(const Py_buffer *view);

/* sennit_options.random, by the system. */
int draw_random(void *none, void *out, size_t len);

/* ---- document.c ---- */

/* Shorter texts and deltas are done with faster than the GIL changes hands. */
#define LONG_CALL 4096

/* Run a statement with the document marked as in use, and without the GIL if that is
 * worth while. */
#define AT_WORK(self, is_long, statement)                                  \
    do {                                                                   \
        PyThreadState *work_gil;                                           \
                                                                           \
        (self)->busy = true;                                               \
        work_gil = (is_long) ? PyEval_SaveThread() : NULL;                 \
        statement;                                                         \
        if (work_gil != NULL)                                              \
            PyEval_RestoreThread(work_gil);                                \
        document_leave(self);                                              \
    } while (0)

extern PyType_Spec document_spec;

/* Begin a call: raises and returns false if another is at work. */
bool document_enter(document *self);
/* The same for one that edits: the document is told the time. */
bool document_enter_edit(document *self);
void document_leave(document *self);

/* None, or what stands for a status. */
PyObject *document_done(document *self, sennit_status status);
/* A buffer's bytes, or what stands for a status; it is cleared. */
PyObject *document_bytes(document *self, sennit_status status, const sennit_error *err,
                         sennit_buf *buf);

typedef PyObject *plain_call(PyObject *self, PyObject *args);
typedef PyObject *fast_call(PyObject *self, PyObject *const *args, Py_ssize_t n);
typedef PyObject *keyword_call(PyObject *self, PyObject *args, PyObject *kwargs);
typedef PyObject *getter_call(PyObject *self, void *none);

/* ---- edit.c ---- */

fast_call document_insert, document_delete, document_splice;
keyword_call document_replace;
plain_call document_start, document_commit, document_abort, document_transaction;

/* ---- read.c ---- */

PyObject *document_str(PyObject *object);
PyObject *document_repr(PyObject *object);
Py_ssize_t document_len(PyObject *object);
PyObject *document_subscript(PyObject *object, PyObject *key);
int document_ass_subscript(PyObject *object, PyObject *key, PyObject *value);
plain_call document_count, document_convert, document_line_column, document_at_line;
plain_call document_chunks, document_anchor, document_resolve;
plain_call document_patches, document_changes, document_missing;
keyword_call document_watch;

/* ---- merge.c ---- */

keyword_call document_save, document_delta, document_delta_part, document_own_delta;
keyword_call document_apply, document_void;
plain_call document_reduce, document_adopt, document_restamp, document_rebase, document_retype;
getter_call document_get_version;

/* ---- marks.c ---- */

plain_call document_set_meta, document_delete_meta, document_get_meta, document_metadata;
keyword_call document_mark, document_unmark;
plain_call document_block, document_split, document_embed, document_runs;
getter_call document_get_meta_view;

/* ---- history.c ---- */

plain_call document_text_at, document_version_at, document_change_versions, document_diff;
plain_call document_blame, document_splice_at, document_edit_at, document_compact;
plain_call document_redact, document_redact_all;
getter_call document_get_cut;

/* ---- measure.c ---- */

plain_call document_check, document_dump, document_stat, document_known, document_digest, document_digest_shape;
plain_call document_set_clock_offset;
getter_call document_get_replica, document_get_own_count, document_get_lineage;

/* ---- undo.c ---- */

extern PyType_Spec undo_spec;

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
