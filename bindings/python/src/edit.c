/* Document: editing. */
#include "binding.h"

static bool document_args(const char *name, Py_ssize_t have, Py_ssize_t want)
{
    if (have != want)
        PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, want, have);
    return have == want;
}

PyObject *document_insert(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    document *self = (document *)object;
    sennit_status status;
    const char *text;
    Py_ssize_t len;
    size_t pos;

    if (!document_args("insert", n, 2) || read_size(args[0], &pos) != 0 ||
        (text = PyUnicode_AsUTF8AndSize(args[1], &len)) == NULL || !document_enter_edit(self))
        return NULL;
    AT_WORK(self, len >= LONG_CALL, status = sennit_doc_insert(self->doc, pos, text, (size_t)len));
    return document_done(self, status);
}

PyObject *document_delete(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    document *self = (document *)object;
    sennit_status status;
    size_t pos, count;

    if (!document_args("delete", n, 2) || read_size(args[0], &pos) != 0 ||
        read_size(args[1], &count) != 0 || !document_enter_edit(self))
        return NULL;
    AT_WORK(self, count >= LONG_CALL, status = sennit_doc_delete(self->doc, pos, count));
    return document_done(self, status);
}

PyObject *document_splice(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    document *self = (document *)object;
    const char *text;
    sennit_status status;
    size_t pos, count;
    Py_ssize_t len;

    if (!document_args("splice", n, 3) || read_size(args[0], &pos) != 0 ||
        read_size(args[1], &count) != 0 ||
        (text = PyUnicode_AsUTF8AndSize(args[2], &len)) == NULL || !document_enter_edit(self))
        return NULL;
    AT_WORK(self, count >= LONG_CALL || len >= LONG_CALL,
            status = sennit_doc_splice(self->doc, pos, count, text, (size_t)len));
    return document_done(self, status);
}

PyObject *document_replace(PyObject *object, PyObject *args, PyObject *kwargs)
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
    AT_WORK(self, true, status = sennit_doc_replace(self->doc, pos, n, text, (size_t)len));
    return document_done(self, status);
}

PyObject *document_start(PyObject *object, PyObject *none)
{
    document *self = (document *)object;

    (void)none;
    if (!document_enter(self))
        return NULL;
    return document_done(self, sennit_doc_begin(self->doc));
}

PyObject *document_commit(PyObject *object, PyObject *none)
{
    document *self = (document *)object;

    (void)none;
    if (!document_enter(self))
        return NULL;
    return document_done(self, sennit_doc_commit(self->doc));
}

PyObject *document_abort(PyObject *object, PyObject *none)
{
    document *self = (document *)object;

    (void)none;
    if (!document_enter(self))
        return NULL;
    return document_done(self, sennit_doc_abort(self->doc));
}

PyObject *document_transaction(PyObject *object, PyObject *none)
{
    (void)none;
    return PyObject_CallFunctionObjArgs(((document *)object)->st->transaction, object, NULL);
}
