/* The type Document: how one is made and goes. Positions are codepoints. */
#include "binding.h"
#include "docstrings.h"

#include <time.h>

/* ---- Taking turns ---- */

bool document_enter(document *self)
{
    const sennit_error err = {SENNIT_EBUSY, 0, "another call is at work in this document"};

    if (!self->busy)
        return true;
    raise_status(self->st, SENNIT_EBUSY, &err); /* runs Python code: busy may be over by now */
    return false;
}

void document_leave(document *self)
{
    self->busy = false;
    while (self->orphans != NULL) {
        orphan *first = self->orphans;

        self->orphans = first->next;
        sennit_undo_free(first->undo);
        PyMem_Free(first);
    }
}

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

bool document_enter_edit(document *self)
{
    uint64_t now = document_now(self); /* may run Python code, so it comes first */

    if ((now == UINT64_MAX && PyErr_Occurred()) || !document_enter(self))
        return false;
    sennit_doc_set_time(self->doc, now);
    return true;
}

PyObject *document_done(document *self, sennit_status status)
{
    if (status != SENNIT_OK)
        return raise_status(self->st, status, NULL);
    Py_RETURN_NONE;
}

PyObject *document_bytes(document *self, sennit_status status, const sennit_error *err,
                         sennit_buf *buf)
{
    if (status == SENNIT_OK)
        return take_bytes(buf);
    sennit_buf_clear(buf);
    return raise_status(self->st, status, err);
}

/* ---- Making ---- */

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
    AT_WORK(self, len >= LONG_CALL, status = sennit_doc_insert(self->doc, 0, text, (size_t)len));
    return document_made(self, status, NULL);
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
    AT_WORK(self, len >= LONG_CALL, status = sennit_doc_seed(&options, name, (size_t)name_len, text,
                                                             (size_t)len, &self->doc));
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
    AT_WORK(self, is_lasting(&data),
            status = sennit_doc_load(&options, data.buf, (size_t)data.len, &self->doc, &err));
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
    copy->busy = true; /* until it has a document */
    AT_WORK(self, true, status = sennit_doc_fork(self->doc, NULL, &copy->doc));
    copy->busy = false;
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

/* ---- The type ---- */

#define METHOD(name, kind) \
    {#name, (PyCFunction)(void (*)(void))document_##name, kind, DOC_Document_##name}
#define KEYWORDS (METH_VARARGS | METH_KEYWORDS)

static PyMethodDef document_methods[] = {
    METHOD(seed, KEYWORDS | METH_CLASS),
    METHOD(load, KEYWORDS | METH_CLASS),
    METHOD(fork, METH_NOARGS),
    METHOD(save, KEYWORDS),
    {"__reduce__", document_reduce, METH_NOARGS, NULL},
    METHOD(delta, KEYWORDS),
    METHOD(delta_part, KEYWORDS),
    METHOD(own_delta, KEYWORDS),
    METHOD(apply, KEYWORDS),
    METHOD(adopt, METH_O),
    METHOD(restamp, METH_O),
    METHOD(rebase, METH_O),
    METHOD(retype, METH_O),
    METHOD(void, KEYWORDS),
    METHOD(insert, METH_FASTCALL),
    METHOD(delete, METH_FASTCALL),
    METHOD(splice, METH_FASTCALL),
    METHOD(replace, KEYWORDS),
    {"begin", document_start, METH_NOARGS, DOC_Document_begin},
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
    METHOD(set_meta, METH_VARARGS),
    METHOD(delete_meta, METH_O),
    METHOD(get_meta, METH_VARARGS),
    METHOD(metadata, METH_NOARGS),
    METHOD(mark, KEYWORDS),
    METHOD(unmark, KEYWORDS),
    METHOD(block, METH_VARARGS),
    METHOD(split, METH_O),
    METHOD(embed, METH_VARARGS),
    METHOD(runs, METH_VARARGS),
    METHOD(text_at, METH_O),
    METHOD(version_at, METH_O),
    METHOD(change_versions, METH_O),
    METHOD(diff, METH_VARARGS),
    METHOD(blame, METH_VARARGS),
    METHOD(splice_at, METH_VARARGS),
    METHOD(edit_at, METH_VARARGS),
    METHOD(compact, METH_O),
    METHOD(redact, METH_VARARGS),
    METHOD(redact_all, METH_O),
    METHOD(check, METH_NOARGS),
    METHOD(dump, METH_NOARGS),
    METHOD(stat, METH_NOARGS),
    METHOD(known, METH_O),
    METHOD(digest, METH_VARARGS),
    METHOD(digest_shape, METH_VARARGS),
    METHOD(set_clock_offset, METH_O),
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef document_getset[] = {
    {"replica", document_get_replica, NULL, DOC_Document_replica, NULL},
    {"own_count", document_get_own_count, NULL, DOC_Document_own_count, NULL},
    {"lineage", document_get_lineage, NULL, DOC_Document_lineage, NULL},
    {"version", document_get_version, NULL, DOC_Document_version, NULL},
    {"meta", document_get_meta_view, NULL, DOC_Document_meta, NULL},
    {"cut", document_get_cut, NULL, DOC_Document_cut, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot document_slots[] = {
    {Py_tp_doc, (void *)DOC_Document},
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
