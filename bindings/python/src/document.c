/* The type Document. Positions are codepoints. */
#include "binding.h"

#include <string.h>
#include <time.h>

/* Shorter deltas are applied faster than the GIL changes hands. */
#define LONG_CALL 4096

/* Run a statement without the GIL, the document marked as in use. */
#define WITHOUT_GIL(self, statement) \
    do {                             \
        (self)->busy = true;         \
        Py_BEGIN_ALLOW_THREADS       \
        statement;                   \
        Py_END_ALLOW_THREADS         \
        (self)->busy = false;        \
    } while (0)

bool document_enter(document *self)
{
    const sennit_error err = {SENNIT_EBUSY, 0, "another thread is at work in this document"};

    if (self->busy)
        raise_status(self->st, SENNIT_EBUSY, &err);
    return !self->busy;
}

/* ---- Making ---- */

static uint64_t document_now(document *self)
{
    struct timespec now;
    uint64_t ms = 0;
    PyObject *value;

    if (self->clock == NULL) {
        timespec_get(&now, TIME_UTC);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    }
    value = PyObject_CallNoArgs(self->clock);
    if (value == NULL || read_u64(value, &ms) != 0)
        ms = UINT64_MAX;
    Py_XDECREF(value);
    return ms;
}

/* Begin a call that edits: tell the document the time. */
static bool document_enter_edit(document *self)
{
    uint64_t now;

    if (!document_enter(self))
        return false;
    now = document_now(self);
    if (now == UINT64_MAX && PyErr_Occurred())
        return false;
    sennit_doc_set_time(self->doc, now);
    return true;
}

static document *document_alloc(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    document *self = (document *)alloc(type, 0);

    if (self == NULL)
        return NULL;
    self->module = PyType_GetModule(type);
    Py_INCREF(self->module);
    self->st = PyModule_GetState(self->module);
    return self;
}

static char *option_names[] = {"replica",      "clock",    "coalesce_ms",  "text_bytes",
                               "replicas",     "parked_bytes", "patches", NULL};

/* Read the keyword arguments that all ways to make a document share. */
static int document_options(document *self, PyObject *kwargs, sennit_options *options)
{
    unsigned long long replica = 0, coalesce_ms = 0, text_bytes = 0, replicas = 0, parked = 0,
                       patches = 0;
    PyObject *clock = Py_None, *none = PyTuple_New(0);
    int ok = none != NULL &&
             PyArg_ParseTupleAndKeywords(none, kwargs, "|$KOKKKKK", option_names, &replica, &clock,
                                         &coalesce_ms, &text_bytes, &replicas, &parked, &patches);

    Py_XDECREF(none);
    if (!ok)
        return -1;
    if (clock != Py_None) {
        Py_INCREF(clock);
        self->clock = clock;
    }
    *options = (sennit_options){
        .size = sizeof *options,
        .random = draw_random,
        .random_self = self->st,
        .replica = replica,
        .unit = SENNIT_CODEPOINTS,
        .coalesce_ms = coalesce_ms,
        .limits = {text_bytes, replicas, parked, patches},
    };
    return 0;
}

/* What the ways to make a document have in common: an object, its options, and
 * the keyword arguments that are left. */
static document *document_begin(PyTypeObject *type, PyObject *kwargs, sennit_options *options)
{
    document *self = document_alloc(type);

    if (self != NULL && document_options(self, kwargs, options) != 0) {
        Py_DECREF(self);
        return NULL;
    }
    return self;
}

static PyObject *document_made(document *self, sennit_status status, const sennit_error *err)
{
    if (status == SENNIT_OK)
        return (PyObject *)self;
    raise_status(self->st, status, err);
    Py_DECREF(self);
    return NULL;
}

static PyObject *document_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    const char *text = "";
    Py_ssize_t len = 0;
    sennit_options options;
    sennit_status status;
    document *self;

    if (!PyArg_ParseTuple(args, "|s#:Document", &text, &len) ||
        (self = document_begin(type, kwargs, &options)) == NULL)
        return NULL;
    status = sennit_doc_new(&options, &self->doc);
    if (status != SENNIT_OK || len == 0)
        return document_made(self, status, NULL);
    if (!document_enter_edit(self)) {
        Py_DECREF(self);
        return NULL;
    }
    return document_made(self, sennit_doc_insert(self->doc, 0, text, (size_t)len), NULL);
}

static PyObject *document_seed(PyObject *type, PyObject *args, PyObject *kwargs)
{
    const char *name, *text;
    Py_ssize_t name_len, len;
    sennit_options options;
    sennit_status status;
    document *self;

    if (!PyArg_ParseTuple(args, "s#s#:seed", &name, &name_len, &text, &len) ||
        (self = document_begin((PyTypeObject *)type, kwargs, &options)) == NULL)
        return NULL;
    status = sennit_doc_seed(&options, name, (size_t)name_len, text, (size_t)len, &self->doc);
    return document_made(self, status, NULL);
}

static PyObject *document_load(PyObject *type, PyObject *args, PyObject *kwargs)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    sennit_options options;
    sennit_status status;
    document *self;
    Py_buffer data;

    if (!PyArg_ParseTuple(args, "y*:load", &data))
        return NULL;
    if ((self = document_begin((PyTypeObject *)type, kwargs, &options)) == NULL) {
        PyBuffer_Release(&data);
        return NULL;
    }
    WITHOUT_GIL(self, status = sennit_doc_load(&options, data.buf, (size_t)data.len, &self->doc, &err));
    PyBuffer_Release(&data);
    return document_made(self, status, &err);
}

static PyObject *document_fork(PyObject *object, PyObject *none)
{
    document *self = (document *)object, *copy;
    sennit_status status;

    (void)none;
    if (!document_enter(self) || (copy = document_alloc(Py_TYPE(object))) == NULL)
        return NULL;
    Py_XINCREF(self->clock);
    copy->clock = self->clock;
    WITHOUT_GIL(self, status = sennit_doc_fork(self->doc, NULL, &copy->doc));
    return document_made(copy, status, NULL);
}

static void document_dealloc(PyObject *object)
{
    document *self = (document *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    PyObject_GC_UnTrack(object);
    sennit_doc_free(self->doc);
    Py_CLEAR(self->clock);
    Py_CLEAR(self->module);
    release(object);
    Py_DECREF(type);
}

static int document_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((document *)object)->clock);
    Py_VISIT(((document *)object)->module);
    return 0;
}

static int document_clear(PyObject *object)
{
    Py_CLEAR(((document *)object)->clock);
    return 0;
}

/* ---- Saving, merging ---- */

/* A buffer's bytes, or what stands for the status. */
static PyObject *document_bytes(document *self, sennit_status status, const sennit_error *err,
                                sennit_buf *buf)
{
    if (status == SENNIT_OK)
        return take_bytes(buf);
    sennit_buf_clear(buf);
    return raise_status(self->st, status, err);
}

static PyObject *document_save(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"identity", "live_only", NULL};
    document *self = (document *)object;
    int identity = 0, live_only = 0;
    sennit_status status;
    sennit_buf buf;
    unsigned flags;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$pp:save", names, &identity, &live_only) ||
        !document_enter(self))
        return NULL;
    flags = (identity ? SENNIT_SAVE_IDENTITY : 0) | (live_only ? SENNIT_SAVE_LIVE_ONLY : 0);
    sennit_buf_init(&buf, NULL);
    WITHOUT_GIL(self, status = sennit_doc_save(self->doc, flags, &buf));
    return document_bytes(self, status, NULL, &buf);
}

/* Saved without identity: the copy edits under an id of its own. */
static PyObject *document_reduce(PyObject *object, PyObject *none)
{
    PyObject *load, *empty, *bytes;

    (void)none;
    if ((load = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "load")) == NULL)
        return NULL;
    empty = PyTuple_New(0);
    bytes = empty != NULL ? document_save(object, empty, NULL) : NULL;
    Py_XDECREF(empty);
    if (bytes == NULL) {
        Py_DECREF(load);
        return NULL;
    }
    return Py_BuildValue("N(N)", load, bytes);
}

static sennit_table *table_of(PyObject *value)
{
    return value == NULL || value == Py_None ? NULL : ((table *)value)->table;
}

static bool is_table(document *self, PyObject *value)
{
    if (value == Py_None || PyObject_TypeCheck(value, self->st->table))
        return true;
    PyErr_SetString(PyExc_TypeError, "table must be a Table or None");
    return false;
}

static PyObject *document_delta(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"since", "table", NULL};
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    PyObject *shared = Py_None;
    Py_buffer since = {0};
    sennit_status status = SENNIT_OK;
    sennit_buf buf;
    PyObject *out = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|y*O:delta", names, &since, &shared))
        return NULL;
    sennit_buf_init(&buf, NULL);
    if (is_table(self, shared) && document_enter(self)) {
        WITHOUT_GIL(self, status = sennit_doc_delta(self->doc, since.buf, (size_t)since.len,
                                                    table_of(shared), &buf, &err));
        out = document_bytes(self, status, &err, &buf);
    }
    if (since.obj != NULL)
        PyBuffer_Release(&since);
    return out;
}

static PyObject *document_own_delta(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"start", "table", NULL};
    document *self = (document *)object;
    PyObject *shared = Py_None;
    unsigned long long start;
    sennit_buf buf;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "K|O:own_delta", names, &start, &shared) ||
        !is_table(self, shared) || !document_enter(self))
        return NULL;
    sennit_buf_init(&buf, NULL);
    return document_bytes(self, sennit_doc_own_delta(self->doc, start, table_of(shared), &buf), NULL,
                          &buf);
}

/* Somebody asked about each new change: what `admit` raises refuses the delta. */
typedef struct asker {
    document *self;
    PyObject *admit;
} asker;

static sennit_status ask_about(void *arg, const sennit_change *c, unsigned kinds)
{
    asker *who = arg;
    PyObject *answer = PyObject_CallFunction(
        who->admit, "NI", make_change(who->self->st, c), kinds);

    Py_XDECREF(answer);
    return answer != NULL ? SENNIT_OK : SENNIT_EAUTH;
}

static sennit_status apply_buffer(document *self, const Py_buffer *delta, PyObject *shared,
                                  PyObject *admit, sennit_applied *a, sennit_error *err)
{
    asker who = {self, admit};
    const sennit_admission admission = {ask_about, &who};
    sennit_table *table = table_of(shared);
    sennit_status status;

    if (admit != Py_None) {
        self->busy = true; /* the one asked must not change the document */
        status = sennit_doc_admit(self->doc, delta->buf, (size_t)delta->len, table, &admission, a, err);
        self->busy = false;
    } else if (delta->len < LONG_CALL) {
        status = sennit_doc_apply(self->doc, delta->buf, (size_t)delta->len, table, a, err);
    } else {
        WITHOUT_GIL(self, status = sennit_doc_apply(self->doc, delta->buf, (size_t)delta->len, table,
                                                    a, err));
    }
    return status;
}

static PyObject *document_apply(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"delta", "table", "admit", NULL};
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    PyObject *shared = Py_None, *admit = Py_None;
    sennit_status status = SENNIT_EBUSY;
    sennit_applied a;
    Py_buffer delta;
    bool entered;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*|OO:apply", names, &delta, &shared, &admit))
        return NULL;
    if ((entered = is_table(self, shared) && document_enter(self)))
        status = apply_buffer(self, &delta, shared, admit, &a, &err);
    PyBuffer_Release(&delta);
    if (!entered || PyErr_Occurred())
        return NULL;
    if (status != SENNIT_OK)
        return raise_status(self->st, status, &err);
    return PyObject_CallFunction(self->st->applied, "KKKK", (unsigned long long)a.applied,
                                 (unsigned long long)a.known, (unsigned long long)a.parked,
                                 (unsigned long long)a.dropped);
}

/* ---- Editing ---- */

static PyObject *document_done(document *self, sennit_status status)
{
    if (status != SENNIT_OK)
        return raise_status(self->st, status, NULL);
    Py_RETURN_NONE;
}

static bool document_args(const char *name, Py_ssize_t have, Py_ssize_t want)
{
    if (have != want)
        PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, want, have);
    return have == want;
}

static PyObject *document_insert(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    document *self = (document *)object;
    const char *text;
    Py_ssize_t len;
    size_t pos;

    if (!document_args("insert", n, 2) || read_size(args[0], &pos) != 0 ||
        (text = PyUnicode_AsUTF8AndSize(args[1], &len)) == NULL || !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_doc_insert(self->doc, pos, text, (size_t)len));
}

static PyObject *document_delete(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    document *self = (document *)object;
    size_t pos, count;

    if (!document_args("delete", n, 2) || read_size(args[0], &pos) != 0 ||
        read_size(args[1], &count) != 0 || !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_doc_delete(self->doc, pos, count));
}

static PyObject *document_splice(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    document *self = (document *)object;
    const char *text;
    size_t pos, count;
    Py_ssize_t len;

    if (!document_args("splice", n, 3) || read_size(args[0], &pos) != 0 ||
        read_size(args[1], &count) != 0 ||
        (text = PyUnicode_AsUTF8AndSize(args[2], &len)) == NULL || !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_doc_splice(self->doc, pos, count, text, (size_t)len));
}

static PyObject *document_replace(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"text", "pos", "n", NULL};
    document *self = (document *)object;
    PyObject *at = NULL, *count = NULL;
    const char *text;
    Py_ssize_t len;
    size_t pos = 0, n = 0, all;
    sennit_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s#|OO:replace", names, &text, &len, &at, &count) ||
        (at != NULL && read_size(at, &pos) != 0) ||
        (count != NULL && count != Py_None && read_size(count, &n) != 0) || !document_enter_edit(self))
        return NULL;
    all = sennit_doc_len(self->doc);
    if (count == NULL || count == Py_None)
        n = pos < all ? all - pos : 0;
    WITHOUT_GIL(self, status = sennit_doc_replace(self->doc, pos, n, text, (size_t)len));
    return document_done(self, status);
}

static PyObject *document_begin_txn(PyObject *object, PyObject *none)
{
    document *self = (document *)object;

    (void)none;
    if (!document_enter(self))
        return NULL;
    return document_done(self, sennit_doc_begin(self->doc));
}

static PyObject *document_commit(PyObject *object, PyObject *none)
{
    document *self = (document *)object;

    (void)none;
    if (!document_enter(self))
        return NULL;
    return document_done(self, sennit_doc_commit(self->doc));
}

static PyObject *document_abort(PyObject *object, PyObject *none)
{
    document *self = (document *)object;

    (void)none;
    if (!document_enter(self))
        return NULL;
    return document_done(self, sennit_doc_abort(self->doc));
}

static PyObject *document_transaction(PyObject *object, PyObject *none)
{
    (void)none;
    return PyObject_CallFunctionObjArgs(((document *)object)->st->transaction, object, NULL);
}

/* ---- Reading ---- */

static PyObject *document_text(document *self, size_t pos, size_t n)
{
    sennit_status status;
    sennit_buf buf;
    PyObject *text;

    sennit_buf_init(&buf, NULL);
    status = sennit_doc_read(self->doc, pos, n, &buf);
    text = status == SENNIT_OK ? PyUnicode_DecodeUTF8((const char *)buf.data, (Py_ssize_t)buf.len, NULL)
                               : raise_status(self->st, status, NULL);
    sennit_buf_clear(&buf);
    return text;
}

static PyObject *document_str(PyObject *object)
{
    document *self = (document *)object;

    return document_enter(self) ? document_text(self, 0, sennit_doc_len(self->doc)) : NULL;
}

static PyObject *document_repr(PyObject *object)
{
    document *self = (document *)object;
    size_t len;
    PyObject *text, *repr;

    if (!document_enter(self))
        return NULL;
    len = sennit_doc_len(self->doc);
    if ((text = document_text(self, 0, len < 40 ? len : 40)) == NULL)
        return NULL;
    repr = PyUnicode_FromFormat("<sennit.Document %R%s of %zu>", text, len > 40 ? "..." : "", len);
    Py_DECREF(text);
    return repr;
}

static Py_ssize_t document_len(PyObject *object)
{
    document *self = (document *)object;

    return document_enter(self) ? (Py_ssize_t)sennit_doc_len(self->doc) : -1;
}

/* Bounds of an index or a slice of step 1, as those of a str. */
static int document_range(document *self, PyObject *key, size_t *pos, size_t *n)
{
    Py_ssize_t len = (Py_ssize_t)sennit_doc_len(self->doc), start, stop, step;

    if (PySlice_Check(key)) {
        if (PySlice_Unpack(key, &start, &stop, &step) != 0)
            return -1;
        if (step != 1) {
            PyErr_SetString(PyExc_ValueError, "slices of a document have step 1");
            return -1;
        }
        *n = (size_t)PySlice_AdjustIndices(len, &start, &stop, step);
        *pos = (size_t)start;
        return 0;
    }
    start = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (start == -1 && PyErr_Occurred())
        return -1;
    start += start < 0 ? len : 0;
    if (start < 0 || start >= len) {
        raise_status(self->st, SENNIT_ERANGE, NULL);
        return -1;
    }
    *pos = (size_t)start;
    *n = 1;
    return 0;
}

static PyObject *document_subscript(PyObject *object, PyObject *key)
{
    document *self = (document *)object;
    size_t pos, n;

    if (!document_enter(self) || document_range(self, key, &pos, &n) != 0)
        return NULL;
    return document_text(self, pos, n);
}

static int document_ass_subscript(PyObject *object, PyObject *key, PyObject *value)
{
    document *self = (document *)object;
    const char *text = "";
    Py_ssize_t len = 0;
    sennit_status status;
    size_t pos, n;

    if (value != NULL && (text = PyUnicode_AsUTF8AndSize(value, &len)) == NULL)
        return -1;
    if (!document_enter_edit(self) || document_range(self, key, &pos, &n) != 0)
        return -1;
    status = sennit_doc_splice(self->doc, pos, n, text, (size_t)len);
    if (status == SENNIT_OK)
        return 0;
    raise_status(self->st, status, NULL);
    return -1;
}

static PyObject *document_count(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    long unit = PyLong_AsLong(arg);

    if ((unit == -1 && PyErr_Occurred()) || !document_enter(self))
        return NULL;
    if (unit < SENNIT_BYTES || unit > SENNIT_LINES)
        return raise_status(self->st, SENNIT_EINVAL, NULL);
    return PyLong_FromSize_t(sennit_doc_count(self->doc, (sennit_unit)unit));
}

static PyObject *document_convert(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    sennit_status status;
    PyObject *at;
    int from, to;
    size_t pos, out;

    if (!PyArg_ParseTuple(args, "iOi:convert", &from, &at, &to) || read_size(at, &pos) != 0 ||
        !document_enter(self))
        return NULL;
    status = sennit_doc_convert(self->doc, (sennit_unit)from, pos, (sennit_unit)to, &out);
    return status == SENNIT_OK ? PyLong_FromSize_t(out) : raise_status(self->st, status, NULL);
}

static PyObject *document_line_column(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    size_t pos, line, column;
    sennit_status status;

    if (read_size(arg, &pos) != 0 || !document_enter(self))
        return NULL;
    status = sennit_doc_line_column(self->doc, pos, &line, &column);
    if (status != SENNIT_OK)
        return raise_status(self->st, status, NULL);
    return Py_BuildValue("nn", (Py_ssize_t)line, (Py_ssize_t)column);
}

static PyObject *document_at_line(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *line_object, *column_object;
    size_t line, column, pos;
    sennit_status status;

    if (!PyArg_ParseTuple(args, "OO:at_line", &line_object, &column_object) ||
        read_size(line_object, &line) != 0 || read_size(column_object, &column) != 0 ||
        !document_enter(self))
        return NULL;
    status = sennit_doc_at_line(self->doc, line, column, &pos);
    return status == SENNIT_OK ? PyLong_FromSize_t(pos) : raise_status(self->st, status, NULL);
}

static PyObject *document_chunks(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *at = NULL;
    size_t pos = 0;

    if (!PyArg_ParseTuple(args, "|O:chunks", &at) || (at != NULL && read_size(at, &pos) != 0) ||
        !document_enter(self))
        return NULL;
    return steps_new(self, next_chunk, pos);
}

/* ---- Anchors, patches, changes ---- */

static PyObject *document_anchor(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    unsigned side = SENNIT_ANCHOR_BEFORE;
    sennit_anchor anchor;
    sennit_status status;
    PyObject *at;
    size_t pos;

    if (!PyArg_ParseTuple(args, "O|I:anchor", &at, &side) || read_size(at, &pos) != 0 ||
        !document_enter(self))
        return NULL;
    status = sennit_doc_anchor(self->doc, pos, side, &anchor);
    return status == SENNIT_OK ? make_anchor(self->st, &anchor) : raise_status(self->st, status, NULL);
}

static PyObject *document_resolve(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    sennit_anchor anchor;
    sennit_status status;
    size_t pos;

    if (read_anchor(arg, &anchor) != 0 || !document_enter(self))
        return NULL;
    status = sennit_doc_resolve(self->doc, &anchor, &pos);
    return status == SENNIT_OK ? PyLong_FromSize_t(pos) : raise_status(self->st, status, NULL);
}

static PyObject *document_watch(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"remote", "local", NULL};
    document *self = (document *)object;
    int remote = 1, local = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|pp:watch", names, &remote, &local) ||
        !document_enter(self))
        return NULL;
    sennit_doc_watch(self->doc, (remote ? SENNIT_WATCH_REMOTE : 0) | (local ? SENNIT_WATCH_LOCAL : 0));
    Py_RETURN_NONE;
}

static PyObject *document_patches(PyObject *object, PyObject *none)
{
    (void)none;
    return steps_new((document *)object, next_patch, 0);
}

static PyObject *document_changes(PyObject *object, PyObject *none)
{
    (void)none;
    return steps_new((document *)object, next_change, 0);
}

static PyObject *document_missing(PyObject *object, PyObject *none)
{
    (void)none;
    return steps_new((document *)object, next_missing, 0);
}

/* ---- Check, measure, identity ---- */

static PyObject *document_check(PyObject *object, PyObject *none)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    sennit_status status;

    (void)none;
    if (!document_enter(self))
        return NULL;
    WITHOUT_GIL(self, status = sennit_doc_check(self->doc, &err));
    return status == SENNIT_OK ? document_done(self, status) : raise_status(self->st, status, &err);
}

static PyObject *document_dump(PyObject *object, PyObject *none)
{
    document *self = (document *)object;
    sennit_status status;
    PyObject *text;
    sennit_buf buf;

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_buf_init(&buf, NULL);
    WITHOUT_GIL(self, status = sennit_doc_dump(self->doc, &buf));
    text = status == SENNIT_OK
               ? PyUnicode_DecodeUTF8((const char *)buf.data, (Py_ssize_t)buf.len, "replace")
               : raise_status(self->st, status, NULL);
    sennit_buf_clear(&buf);
    return text;
}

static PyObject *document_stat(PyObject *object, PyObject *none)
{
    document *self = (document *)object;
    sennit_stat s;

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_doc_stat(self->doc, &s);
    return PyObject_CallFunction(
        self->st->stat, "KKKKKKKKK", (unsigned long long)s.heap_bytes,
        (unsigned long long)s.visible_bytes, (unsigned long long)s.inserted_bytes,
        (unsigned long long)s.spans, (unsigned long long)s.operations, (unsigned long long)s.changes,
        (unsigned long long)s.replicas, (unsigned long long)s.parked,
        (unsigned long long)s.parked_bytes);
}

static PyObject *document_known(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    uint64_t replica;

    if (read_u64(arg, &replica) != 0 || !document_enter(self))
        return NULL;
    return PyLong_FromUnsignedLongLong(sennit_doc_known(self->doc, replica));
}

static PyObject *document_digest(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    unsigned long long replica, count;
    uint64_t n, digest;
    sennit_status status;

    if (!PyArg_ParseTuple(args, "KK:digest", &replica, &count) || !document_enter(self))
        return NULL;
    n = count;
    WITHOUT_GIL(self, status = sennit_doc_digest(self->doc, replica, &n, 1, &digest));
    if (status != SENNIT_OK)
        return raise_status(self->st, status, NULL);
    return PyLong_FromUnsignedLongLong(digest);
}

static PyObject *document_set_clock_offset(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    long long ms = PyLong_AsLongLong(arg);

    if ((ms == -1 && PyErr_Occurred()) || !document_enter(self))
        return NULL;
    sennit_doc_set_clock_offset(self->doc, ms);
    Py_RETURN_NONE;
}

static PyObject *document_get_replica(PyObject *object, void *none)
{
    document *self = (document *)object;

    (void)none;
    return document_enter(self) ? PyLong_FromUnsignedLongLong(sennit_doc_replica(self->doc)) : NULL;
}

static PyObject *document_get_own_count(PyObject *object, void *none)
{
    document *self = (document *)object;

    (void)none;
    return document_enter(self) ? PyLong_FromUnsignedLongLong(sennit_doc_own_count(self->doc)) : NULL;
}

static PyObject *document_get_lineage(PyObject *object, void *none)
{
    document *self = (document *)object;
    uint8_t lineage[16];

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_doc_lineage(self->doc, lineage);
    return PyBytes_FromStringAndSize((const char *)lineage, sizeof lineage);
}

static PyObject *document_get_version(PyObject *object, void *none)
{
    document *self = (document *)object;
    sennit_buf buf;

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_buf_init(&buf, NULL);
    return document_bytes(self, sennit_doc_version(self->doc, &buf), NULL, &buf);
}

/* ---- The type ---- */

#define METHOD(name, kind) {#name, (PyCFunction)(void (*)(void))document_##name, kind, NULL}
#define KEYWORDS (METH_VARARGS | METH_KEYWORDS)

static PyMethodDef document_methods[] = {
    METHOD(seed, KEYWORDS | METH_CLASS),
    METHOD(load, KEYWORDS | METH_CLASS),
    METHOD(fork, METH_NOARGS),
    METHOD(save, KEYWORDS),
    {"__reduce__", document_reduce, METH_NOARGS, NULL},
    METHOD(delta, KEYWORDS),
    METHOD(own_delta, KEYWORDS),
    METHOD(apply, KEYWORDS),
    METHOD(insert, METH_FASTCALL),
    METHOD(delete, METH_FASTCALL),
    METHOD(splice, METH_FASTCALL),
    METHOD(replace, KEYWORDS),
    {"begin", document_begin_txn, METH_NOARGS, NULL},
    METHOD(commit, METH_NOARGS),
    METHOD(transaction, METH_NOARGS),
    METHOD(abort, METH_NOARGS),
    METHOD(count, METH_O),
    METHOD(convert, METH_VARARGS),
    METHOD(line_column, METH_O),
    METHOD(at_line, METH_VARARGS),
    METHOD(chunks, METH_VARARGS),
    METHOD(anchor, METH_VARARGS),
    METHOD(resolve, METH_O),
    METHOD(watch, KEYWORDS),
    METHOD(patches, METH_NOARGS),
    METHOD(changes, METH_NOARGS),
    METHOD(missing, METH_NOARGS),
    METHOD(check, METH_NOARGS),
    METHOD(dump, METH_NOARGS),
    METHOD(stat, METH_NOARGS),
    METHOD(known, METH_O),
    METHOD(digest, METH_VARARGS),
    METHOD(set_clock_offset, METH_O),
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef document_getset[] = {
    {"replica", document_get_replica, NULL, NULL, NULL},
    {"own_count", document_get_own_count, NULL, NULL, NULL},
    {"lineage", document_get_lineage, NULL, NULL, NULL},
    {"version", document_get_version, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot document_slots[] = {
    {Py_tp_doc, (void *)"Text that many people edit at once. Positions are codepoints."},
    {Py_tp_new, (void *)document_new},
    {Py_tp_dealloc, (void *)document_dealloc},
    {Py_tp_traverse, (void *)document_traverse},
    {Py_tp_clear, (void *)document_clear},
    {Py_tp_str, (void *)document_str},
    {Py_tp_repr, (void *)document_repr},
    {Py_tp_methods, document_methods},
    {Py_tp_getset, document_getset},
    {Py_mp_length, (void *)document_len},
    {Py_mp_subscript, (void *)document_subscript},
    {Py_mp_ass_subscript, (void *)document_ass_subscript},
    {0, NULL},
};

PyType_Spec document_spec = {
    .name = "sennit.Document",
    .basicsize = sizeof(document),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = document_slots,
};
