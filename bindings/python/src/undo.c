/* The type Undo: steps of one user in one document. */
#include "binding.h"
#include "docstrings.h"

typedef struct undo {
    PyObject_HEAD
    document *doc;
    orphan *held; /* its undo, in what the document takes if it cannot be freed at once */
} undo;

static sennit_undo *undo_of(PyObject *object)
{
    return ((undo *)object)->held->undo;
}

/* ---- Making ---- */

/* An object without an undo yet. */
static undo *undo_alloc(PyTypeObject *type, document *doc)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    orphan *held = PyMem_Calloc(1, sizeof *held);
    undo *self = held != NULL ? (undo *)alloc(type, 0) : NULL;

    if (self == NULL) {
        PyMem_Free(held);
        return (undo *)PyErr_NoMemory();
    }
    Py_INCREF((PyObject *)doc);
    self->doc = doc;
    self->held = held;
    return self;
}

/* The one making an undo, once it has one. */
static PyObject *undo_made(undo *self, sennit_status status, const sennit_error *err)
{
    if (status == SENNIT_OK)
        return (PyObject *)self;
    raise_status(self->doc->st, status, err);
    Py_DECREF((PyObject *)self);
    return NULL;
}

static char *undo_names[] = {"document", "pause_ms", "depth", NULL};

static bool undo_options(PyObject *args, PyObject *kwargs, state *st, document **doc,
                         sennit_undo_options *options)
{
    unsigned long long pause_ms = 0, depth = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|$KK:Undo", undo_names, st->document, doc,
                                     &pause_ms, &depth))
        return false;
    *options = (sennit_undo_options){sizeof *options, pause_ms, (size_t)depth};
    return document_enter(*doc);
}

static PyObject *undo_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    state *st = PyModule_GetState(PyType_GetModule(type));
    sennit_undo_options options;
    document *doc;
    undo *self;

    if (!undo_options(args, kwargs, st, &doc, &options) || (self = undo_alloc(type, doc)) == NULL)
        return NULL;
    return undo_made(self, sennit_undo_new(doc->doc, &options, &self->held->undo), NULL);
}

static PyObject *undo_load(PyObject *type, PyObject *args, PyObject *kwargs)
{
    state *st = PyModule_GetState(PyType_GetModule((PyTypeObject *)type));
    PyObject *first = PyTuple_GetSlice(args, 0, 1), *made = NULL;
    sennit_error err = {SENNIT_OK, 0, NULL};
    sennit_undo_options options;
    Py_buffer data = {0};
    document *doc;
    undo *self;

    if (first != NULL && PyArg_ParseTuple(args, "Oy*:load", &made, &data)) {
        made = NULL;
        if (undo_options(first, kwargs, st, &doc, &options) &&
            (self = undo_alloc((PyTypeObject *)type, doc)) != NULL)
            made = undo_made(self,
                             sennit_undo_load(doc->doc, &options, data.buf, (size_t)data.len,
                                              &self->held->undo, &err),
                             &err);
        PyBuffer_Release(&data);
    }
    Py_XDECREF(first);
    return made;
}

static void undo_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    undo *self = (undo *)object;

    PyObject_GC_UnTrack(object);
    self->held->next = self->doc->orphans;
    self->doc->orphans = self->held;
    if (!self->doc->busy)
        document_leave(self->doc);
    Py_DECREF((PyObject *)self->doc);
    release(object);
    Py_DECREF(type);
}

/* There is nothing to clear: a cycle goes through the document's clock. */
static int undo_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT((PyObject *)((undo *)object)->doc);
    return 0;
}

/* ---- Steps ---- */

static PyObject *undo_end_step(PyObject *object, PyObject *none)
{
    document *doc = ((undo *)object)->doc;

    (void)none;
    return document_enter(doc) ? document_done(doc, sennit_undo_break(undo_of(object))) : NULL;
}

static PyObject *undo_track(PyObject *object, PyObject *arg)
{
    document *doc = ((undo *)object)->doc;
    int on = PyObject_IsTrue(arg);

    if (on < 0 || !document_enter(doc))
        return NULL;
    return document_done(doc, sennit_undo_track(undo_of(object), on));
}

static PyObject *undo_step(PyObject *object, PyObject *none)
{
    (void)none;
    return PyObject_CallFunctionObjArgs(((undo *)object)->doc->st->step, object, NULL);
}

static PyObject *undo_away(PyObject *object, PyObject *none)
{
    (void)none;
    return PyObject_CallFunctionObjArgs(((undo *)object)->doc->st->away, object, NULL);
}

/* True if there was a step, False if there was none. */
static PyObject *undo_move(PyObject *object, sennit_status (*move)(sennit_undo *))
{
    document *doc = ((undo *)object)->doc;
    sennit_status status;

    if (!document_enter_edit(doc))
        return NULL;
    AT_WORK(doc, true, status = move(undo_of(object)));
    if (status != SENNIT_OK && status != SENNIT_ERANGE)
        return raise_status(doc->st, status, NULL);
    return PyBool_FromLong(status == SENNIT_OK);
}

static PyObject *undo_undo(PyObject *object, PyObject *none)
{
    (void)none;
    return undo_move(object, sennit_undo_undo);
}

static PyObject *undo_redo(PyObject *object, PyObject *none)
{
    (void)none;
    return undo_move(object, sennit_undo_redo);
}

/* A sequence of replica ids, for PyMem_Free; NULL and *n 0 for None, which is all. */
static bool read_replicas(PyObject *value, uint64_t **out, size_t *n)
{
    Py_ssize_t count = value != Py_None ? PySequence_Size(value) : 0;

    *out = NULL;
    *n = 0;
    if (count < 0)
        return false;
    if (value == Py_None)
        return true;
    if ((*out = PyMem_Malloc(((size_t)count + 1) * sizeof **out)) == NULL) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(value, i);
        int status = item != NULL ? read_u64(item, &(*out)[i]) : -1;

        Py_XDECREF(item);
        if (status != 0) {
            PyMem_Free(*out);
            return false;
        }
    }
    *n = (size_t)count;
    return true;
}

static sennit_status range_buffers(undo *self, const uint64_t *replicas, size_t n,
                                   const Py_buffer *since, const Py_buffer *until)
{
    sennit_status status;

    AT_WORK(self->doc, false,
            status = sennit_undo_range(self->held->undo, replicas, n, since->buf, (size_t)since->len,
                                       until->buf, (size_t)until->len));
    return status;
}

static PyObject *undo_range(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"replicas", "since", "until", NULL};
    document *doc = ((undo *)object)->doc;
    Py_buffer since = {0}, until = {0};
    sennit_status status = SENNIT_OK;
    PyObject *who = Py_None;
    uint64_t *replicas;
    size_t n;
    bool entered = false;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|Oy*z*:range", names, &who, &since, &until))
        return NULL;
    if (read_replicas(who, &replicas, &n)) {
        if ((entered = document_enter_edit(doc)))
            status = range_buffers((undo *)object, replicas, n, &since, &until);
        PyMem_Free(replicas);
    }
    if (since.obj != NULL)
        PyBuffer_Release(&since);
    if (until.obj != NULL)
        PyBuffer_Release(&until);
    return entered ? document_done(doc, status) : NULL;
}

static PyObject *undo_save(PyObject *object, PyObject *none)
{
    document *doc = ((undo *)object)->doc;
    sennit_buf buf;

    (void)none;
    if (!document_enter(doc))
        return NULL;
    sennit_buf_init(&buf, NULL);
    return document_bytes(doc, sennit_undo_save(undo_of(object), &buf), NULL, &buf);
}

/* ---- Looking ---- */

static PyObject *undo_get_can_undo(PyObject *object, void *none)
{
    (void)none;
    return document_enter(((undo *)object)->doc)
               ? PyLong_FromSize_t(sennit_undo_can_undo(undo_of(object)))
               : NULL;
}

static PyObject *undo_get_can_redo(PyObject *object, void *none)
{
    (void)none;
    return document_enter(((undo *)object)->doc)
               ? PyLong_FromSize_t(sennit_undo_can_redo(undo_of(object)))
               : NULL;
}

/* Values are copied one by one: making an object can run code that selects anew. */
static PyObject *undo_get_selection(PyObject *object, void *none)
{
    document *doc = ((undo *)object)->doc;
    PyObject *list = PyList_New(0), *out;
    const sennit_anchor *all;
    size_t n;

    (void)none;
    for (size_t i = 0; list != NULL; i++) {
        PyObject *one = NULL;

        if (!document_enter(doc))
            break;
        all = sennit_undo_selection(undo_of(object), &n);
        if (i >= n) {
            out = PyList_AsTuple(list);
            Py_DECREF(list);
            return out;
        }
        const sennit_anchor anchor = all[i];
        if ((one = make_anchor(doc->st, &anchor)) == NULL || PyList_Append(list, one) != 0) {
            Py_XDECREF(one);
            break;
        }
        Py_DECREF(one);
    }
    Py_XDECREF(list);
    return NULL;
}

static int undo_set_selection(PyObject *object, PyObject *value, void *none)
{
    document *doc = ((undo *)object)->doc;
    Py_ssize_t n = value != NULL ? PySequence_Size(value) : 0;
    sennit_status status = SENNIT_OK;
    sennit_anchor *anchors;
    bool read = true;

    (void)none;
    if (n < 0)
        return -1;
    if ((anchors = PyMem_Malloc(((size_t)n + 1) * sizeof *anchors)) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n && read; i++) {
        PyObject *one = PySequence_GetItem(value, i);

        read = one != NULL && read_anchor(one, &anchors[i]) == 0;
        Py_XDECREF(one);
    }
    if ((read = read && document_enter(doc)))
        status = sennit_undo_select(undo_of(object), anchors, (size_t)n);
    PyMem_Free(anchors);
    if (read && status != SENNIT_OK)
        raise_status(doc->st, status, NULL);
    return read && status == SENNIT_OK ? 0 : -1;
}

static PyObject *undo_get_document(PyObject *object, void *none)
{
    (void)none;
    return Py_NewRef((PyObject *)((undo *)object)->doc);
}

/* ---- The type ---- */

#define KEYWORDS (METH_VARARGS | METH_KEYWORDS)

static PyMethodDef undo_methods[] = {
    {"load", (PyCFunction)(void (*)(void))undo_load, KEYWORDS | METH_CLASS,
     DOC_Undo_load},
    {"save", undo_save, METH_NOARGS, DOC_Undo_save},
    {"end_step", undo_end_step, METH_NOARGS, DOC_Undo_end_step},
    {"track", undo_track, METH_O, DOC_Undo_track},
    {"step", undo_step, METH_NOARGS, DOC_Undo_step},
    {"away", undo_away, METH_NOARGS, DOC_Undo_away},
    {"undo", undo_undo, METH_NOARGS, DOC_Undo_undo},
    {"redo", undo_redo, METH_NOARGS, DOC_Undo_redo},
    {"range", (PyCFunction)(void (*)(void))undo_range, KEYWORDS, DOC_Undo_range},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef undo_getset[] = {
    {"document", undo_get_document, NULL, DOC_Undo_document, NULL},
    {"can_undo", undo_get_can_undo, NULL, DOC_Undo_can_undo, NULL},
    {"can_redo", undo_get_can_redo, NULL, DOC_Undo_can_redo, NULL},
    {"selection", undo_get_selection, undo_set_selection, DOC_Undo_selection, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot undo_slots[] = {
    {Py_tp_doc, (void *)DOC_Undo},
    {Py_tp_new, (void *)undo_new},
    {Py_tp_dealloc, (void *)undo_dealloc},
    {Py_tp_traverse, (void *)undo_traverse},
    {Py_tp_methods, undo_methods},
    {Py_tp_getset, undo_getset},
    {0, NULL},
};

PyType_Spec undo_spec = {
    .name = "sennit.Undo",
    .basicsize = sizeof(undo),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = undo_slots,
};
