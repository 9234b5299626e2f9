/* Document: reading text, places in it, and what was done to it. */
#include "binding.h"

/* ---- Reading ---- */

static PyObject *document_text(document *self, size_t pos, size_t n)
{
    sennit_status status;
    sennit_buf buf;
    PyObject *text;

    sennit_buf_init(&buf, NULL);
    AT_WORK(self, n >= LONG_CALL, status = sennit_doc_read(self->doc, pos, n, &buf));
    text = status == SENNIT_OK ? PyUnicode_DecodeUTF8((const char *)buf.data, (Py_ssize_t)buf.len, NULL)
                               : raise_status(self->st, status, NULL);
    sennit_buf_clear(&buf);
    return text;
}

PyObject *document_str(PyObject *object)
{
    document *self = (document *)object;

    return document_enter(self) ? document_text(self, 0, sennit_doc_len(self->doc)) : NULL;
}

PyObject *document_repr(PyObject *object)
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

Py_ssize_t document_len(PyObject *object)
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

PyObject *document_subscript(PyObject *object, PyObject *key)
{
    document *self = (document *)object;
    size_t pos, n;

    if (!document_enter(self) || document_range(self, key, &pos, &n) != 0)
        return NULL;
    return document_text(self, pos, n);
}

int document_ass_subscript(PyObject *object, PyObject *key, PyObject *value)
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
    AT_WORK(self, n >= LONG_CALL || len >= LONG_CALL,
            status = sennit_doc_splice(self->doc, pos, n, text, (size_t)len));
    if (status == SENNIT_OK)
        return 0;
    raise_status(self->st, status, NULL);
    return -1;
}

PyObject *document_count(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    long unit = PyLong_AsLong(arg);

    if ((unit == -1 && PyErr_Occurred()) || !document_enter(self))
        return NULL;
    if (unit < SENNIT_BYTES || unit > SENNIT_LINES)
        return raise_status(self->st, SENNIT_EINVAL, NULL);
    return PyLong_FromSize_t(sennit_doc_count(self->doc, (sennit_unit)unit));
}

PyObject *document_convert(PyObject *object, PyObject *args)
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

PyObject *document_line_column(PyObject *object, PyObject *arg)
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

PyObject *document_at_line(PyObject *object, PyObject *args)
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

PyObject *document_chunks(PyObject *object, PyObject *args)
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

PyObject *document_anchor(PyObject *object, PyObject *args)
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

PyObject *document_resolve(PyObject *object, PyObject *arg)
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

PyObject *document_watch(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"remote", "local", "marks", "meta", NULL};
    document *self = (document *)object;
    int remote = 1, local = 0, marks = 0, meta = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|pp$pp:watch", names, &remote, &local, &marks,
                                     &meta) ||
        !document_enter(self))
        return NULL;
    sennit_doc_watch(self->doc, (remote ? SENNIT_WATCH_REMOTE : 0) | (local ? SENNIT_WATCH_LOCAL : 0) |
                                    (marks ? SENNIT_WATCH_MARKS : 0) | (meta ? SENNIT_WATCH_META : 0));
    Py_RETURN_NONE;
}

PyObject *document_patches(PyObject *object, PyObject *none)
{
    (void)none;
    return steps_new((document *)object, next_patch, 0);
}

PyObject *document_changes(PyObject *object, PyObject *none)
{
    (void)none;
    return steps_new((document *)object, next_change, 0);
}

PyObject *document_missing(PyObject *object, PyObject *none)
{
    (void)none;
    return steps_new((document *)object, next_missing, 0);
}
