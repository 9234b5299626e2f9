/* Iterators over what a document hands out one by one. */
#include "binding.h"

struct steps {
    PyObject_HEAD
    document *doc;
    steps_next next;
    size_t at;
};

PyObject *steps_new(document *doc, steps_next next, size_t at)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(doc->st->steps, Py_tp_alloc);
    steps *self = (steps *)alloc(doc->st->steps, 0);

    if (self == NULL)
        return NULL;
    Py_INCREF((PyObject *)doc);
    self->doc = doc;
    self->next = next;
    self->at = at;
    return (PyObject *)self;
}

static PyObject *steps_iternext(PyObject *self)
{
    steps *s = (steps *)self;

    return document_enter(s->doc) ? s->next(s->doc, &s->at) : NULL;
}

static void steps_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    Py_DECREF((PyObject *)((steps *)self)->doc);
    release(self);
    Py_DECREF(type);
}

PyObject *next_chunk(document *doc, size_t *at)
{
    sennit_chunk chunk;
    sennit_status status;
    PyObject *text;

    if (*at == sennit_doc_len(doc->doc))
        return NULL;
    if ((status = sennit_doc_chunk(doc->doc, *at, &chunk)) != SENNIT_OK)
        return raise_status(doc->st, status, NULL);
    if ((text = PyUnicode_DecodeUTF8(chunk.text, (Py_ssize_t)chunk.len, NULL)) == NULL)
        return NULL;
    *at += (size_t)PyUnicode_GetLength(text);
    return PyObject_CallFunction(doc->st->chunk, "NKK", text, (unsigned long long)chunk.replica,
                                 (unsigned long long)chunk.unix_ms);
}

PyObject *next_change(document *doc, size_t *at)
{
    sennit_change c;

    return sennit_doc_next_change(doc->doc, at, &c) ? make_change(doc->st, &c) : NULL;
}

PyObject *next_missing(document *doc, size_t *at)
{
    uint64_t replica, after;

    if (!sennit_doc_next_missing(doc->doc, at, &replica, &after))
        return NULL;
    return Py_BuildValue("KK", (unsigned long long)replica, (unsigned long long)after);
}

PyObject *next_patch(document *doc, size_t *at)
{
    sennit_patch p;

    (void)at;
    return sennit_doc_next_patch(doc->doc, &p) ? make_patch(doc->st, &p) : NULL;
}

static PyType_Slot steps_slots[] = {
    {Py_tp_iter, (void *)PyObject_SelfIter},
    {Py_tp_iternext, (void *)steps_iternext},
    {Py_tp_dealloc, (void *)steps_dealloc},
    {0, NULL},
};

PyType_Spec steps_spec = {
    .name = "sennit._core.Steps",
    .basicsize = sizeof(steps),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = steps_slots,
};
