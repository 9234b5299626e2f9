/* Document: who and how large it is, and whether it is sound. */
#include "binding.h"

PyObject *document_check(PyObject *object, PyObject *none)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    sennit_status status;

    (void)none;
    if (!document_enter(self))
        return NULL;
    AT_WORK(self, true, status = sennit_doc_check(self->doc, &err));
    return status == SENNIT_OK ? document_done(self, status) : raise_status(self->st, status, &err);
}

PyObject *document_dump(PyObject *object, PyObject *none)
{
    document *self = (document *)object;
    sennit_status status;
    PyObject *text;
    sennit_buf buf;

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_buf_init(&buf, NULL);
    AT_WORK(self, true, status = sennit_doc_dump(self->doc, &buf));
    text = status == SENNIT_OK
               ? PyUnicode_DecodeUTF8((const char *)buf.data, (Py_ssize_t)buf.len, "replace")
               : raise_status(self->st, status, NULL);
    sennit_buf_clear(&buf);
    return text;
}

PyObject *document_stat(PyObject *object, PyObject *none)
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

PyObject *document_known(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    uint64_t replica;

    if (read_u64(arg, &replica) != 0 || !document_enter(self))
        return NULL;
    return PyLong_FromUnsignedLongLong(sennit_doc_known(self->doc, replica));
}

typedef sennit_status digest_call(const sennit_doc *, uint64_t, const uint64_t *, size_t, uint64_t *);

static PyObject *document_digest_by(PyObject *object, PyObject *args, digest_call *call)
{
    document *self = (document *)object;
    unsigned long long replica, count;
    uint64_t n, digest;
    sennit_status status;

    if (!PyArg_ParseTuple(args, "KK", &replica, &count) || !document_enter(self))
        return NULL;
    n = count;
    AT_WORK(self, true, status = call(self->doc, replica, &n, 1, &digest));
    if (status != SENNIT_OK)
        return raise_status(self->st, status, NULL);
    return PyLong_FromUnsignedLongLong(digest);
}

PyObject *document_digest(PyObject *object, PyObject *args)
{
    return document_digest_by(object, args, sennit_doc_digest);
}

PyObject *document_digest_shape(PyObject *object, PyObject *args)
{
    return document_digest_by(object, args, sennit_doc_digest_shapes);
}

PyObject *document_set_clock_offset(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    long long ms = PyLong_AsLongLong(arg);

    if ((ms == -1 && PyErr_Occurred()) || !document_enter(self))
        return NULL;
    sennit_doc_set_clock_offset(self->doc, ms);
    Py_RETURN_NONE;
}

PyObject *document_get_replica(PyObject *object, void *none)
{
    document *self = (document *)object;

    (void)none;
    return document_enter(self) ? PyLong_FromUnsignedLongLong(sennit_doc_replica(self->doc)) : NULL;
}

PyObject *document_get_own_count(PyObject *object, void *none)
{
    document *self = (document *)object;

    (void)none;
    return document_enter(self) ? PyLong_FromUnsignedLongLong(sennit_doc_own_count(self->doc)) : NULL;
}

PyObject *document_get_lineage(PyObject *object, void *none)
{
    document *self = (document *)object;
    uint8_t lineage[16];

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_doc_lineage(self->doc, lineage);
    return PyBytes_FromStringAndSize((const char *)lineage, sizeof lineage);
}
