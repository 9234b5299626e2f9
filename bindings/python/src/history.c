/* Document: the text as it was; who wrote what; deleted text forgotten or erased. */
#include "binding.h"

/* What a call at a version leaves in a buffer, as text. */
static PyObject *take_text(document *self, sennit_status status, sennit_buf *buf)
{
    PyObject *text = status == SENNIT_OK
                         ? PyUnicode_DecodeUTF8((const char *)buf->data, (Py_ssize_t)buf->len, NULL)
                         : raise_status(self->st, status, NULL);

    sennit_buf_clear(buf);
    return text;
}

static PyObject *text_at(document *self, const Py_buffer *version)
{
    sennit_status status;
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    AT_WORK(self, is_lasting(version),
            status = sennit_history_text(self->doc, version->buf, (size_t)version->len, &buf));
    return take_text(self, status, &buf);
}

PyObject *document_text_at(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    Py_buffer version;
    PyObject *text;

    if (PyObject_GetBuffer(arg, &version, PyBUF_SIMPLE) != 0)
        return NULL;
    text = document_enter(self) ? text_at(self, &version) : NULL;
    PyBuffer_Release(&version);
    return text;
}

PyObject *document_version_at(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    uint64_t unix_ms;
    sennit_buf buf;

    if (read_u64(arg, &unix_ms) != 0 || !document_enter(self))
        return NULL;
    sennit_buf_init(&buf, NULL);
    return document_bytes(self, sennit_history_at(self->doc, unix_ms, &buf), NULL, &buf);
}

PyObject *document_change_versions(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    sennit_buf before, after;
    sennit_status status;
    PyObject *first;
    size_t number;

    if (read_size(arg, &number) != 0 || !document_enter(self))
        return NULL;
    sennit_buf_init(&before, NULL);
    sennit_buf_init(&after, NULL);
    status = sennit_history_change(self->doc, number + 1, &before, &after); /* behind that change */
    if ((first = document_bytes(self, status, NULL, &before)) == NULL) {
        sennit_buf_clear(&after);
        return NULL;
    }
    return Py_BuildValue("NN", first, take_bytes(&after));
}

/* ---- Differences ---- */

/* The patches of a diff as a list; it is freed. */
static PyObject *take_patches(document *self, sennit_diff *diff)
{
    PyObject *list = PyList_New(0), *one = NULL;
    sennit_patch p;

    while (list != NULL && sennit_diff_next(diff, &p) == 1)
        if ((one = make_patch(self->st, &p)) == NULL || PyList_Append(list, one) != 0)
            Py_CLEAR(list);
        else
            Py_CLEAR(one);
    Py_XDECREF(one);
    sennit_diff_free(diff);
    return list;
}

/* A Diff of the patches and the text that they begin with. */
static PyObject *make_diff(document *self, const Py_buffer *old, const Py_buffer *new)
{
    sennit_diff *diff = NULL;
    PyObject *patches, *text;
    sennit_status status;

    AT_WORK(self, is_lasting(old) && is_lasting(new),
            status = sennit_history_diff(self->doc, old->buf, (size_t)old->len, new->buf,
                                         (size_t)new->len, &diff));
    if (status != SENNIT_OK)
        return raise_status(self->st, status, NULL);
    if ((patches = take_patches(self, diff)) == NULL)
        return NULL;
    if (!document_enter(self) || (text = text_at(self, old)) == NULL) {
        Py_DECREF(patches);
        return NULL;
    }
    return PyObject_CallFunction(self->st->diff, "NN", patches, text);
}

PyObject *document_diff(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *from, *to = NULL, *out = NULL;
    Py_buffer old, new;

    if (!PyArg_ParseTuple(args, "O|O:diff", &from, &to))
        return NULL;
    to = to != NULL ? Py_NewRef(to) : document_get_version(object, NULL);
    if (to == NULL)
        return NULL;
    if (PyObject_GetBuffer(from, &old, PyBUF_SIMPLE) == 0) {
        if (PyObject_GetBuffer(to, &new, PyBUF_SIMPLE) == 0) {
            out = document_enter(self) ? make_diff(self, &old, &new) : NULL;
            PyBuffer_Release(&new);
        }
        PyBuffer_Release(&old);
    }
    Py_DECREF(to);
    return out;
}

/* ---- Blame ---- */

/* The next stretch of a blame, with its text; NULL without an exception at the end. */
static PyObject *next_stretch(document *self, size_t *pos, size_t end)
{
    sennit_status status;
    sennit_blame b;
    sennit_buf buf;
    PyObject *text;
    int more;

    if (!document_enter(self) || (more = sennit_history_blame(self->doc, pos, end, &b)) == 0)
        return NULL;
    if (more < 0)
        return raise_status(self->st, (sennit_status)more, NULL);
    sennit_buf_init(&buf, NULL);
    status = sennit_doc_read(self->doc, b.pos, b.len, &buf);
    if ((text = take_text(self, status, &buf)) == NULL)
        return NULL;
    return PyObject_CallFunction(self->st->stretch, "nNKK", (Py_ssize_t)b.pos, text,
                                 (unsigned long long)b.replica, (unsigned long long)b.unix_ms);
}

PyObject *document_blame(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *from = NULL, *to = NULL, *list, *one;
    size_t pos = 0, end;

    if (!PyArg_ParseTuple(args, "|OO:blame", &from, &to) || !document_enter(self))
        return NULL;
    end = sennit_doc_len(self->doc);
    if ((from != NULL && read_size(from, &pos) != 0) || (to != NULL && read_size(to, &end) != 0) ||
        (list = PyList_New(0)) == NULL)
        return NULL;
    while ((one = next_stretch(self, &pos, end)) != NULL) {
        int status = PyList_Append(list, one);

        Py_DECREF(one);
        if (status != 0)
            break;
    }
    if (!PyErr_Occurred())
        return PyObject_CallFunction(self->st->blame, "N", list);
    Py_DECREF(list);
    return NULL;
}

/* ---- Edits of the past ---- */

PyObject *document_splice_at(PyObject *object, PyObject *args)
{
    PyObject *at, *count, *text, *out = NULL;
    document *self = (document *)object;
    size_t pos, n, landed;
    sennit_status status;
    Py_buffer version;
    const char *data;
    Py_ssize_t len;

    if (!PyArg_ParseTuple(args, "y*OOU:splice_at", &version, &at, &count, &text))
        return NULL;
    if (read_size(at, &pos) == 0 && read_size(count, &n) == 0 &&
        (data = PyUnicode_AsUTF8AndSize(text, &len)) != NULL && document_enter_edit(self)) {
        AT_WORK(self, is_lasting(&version),
                status = sennit_history_splice(self->doc, version.buf, (size_t)version.len, pos, n,
                                               data, (size_t)len, &landed));
        out = status == SENNIT_OK ? PyLong_FromSize_t(landed) : raise_status(self->st, status, NULL);
    }
    PyBuffer_Release(&version);
    return out;
}

/* One edit out of (pos, removed, text); its text is that of a str in the tuple. */
static bool read_edit(PyObject *tuple, sennit_edit *out)
{
    PyObject *at, *count, *text;
    Py_ssize_t len;

    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "an edit is (pos, removed, text)");
        return false;
    }
    if (!PyArg_ParseTuple(tuple, "OOU;an edit is (pos, removed, text)", &at, &count, &text) ||
        read_size(at, &out->pos) != 0 || read_size(count, &out->removed) != 0 ||
        (out->text = PyUnicode_AsUTF8AndSize(text, &len)) == NULL)
        return false;
    out->len = (size_t)len;
    return true;
}

static PyObject *edit_at(document *self, const Py_buffer *version, PyObject *tuples)
{
    Py_ssize_t n = PyTuple_Size(tuples);
    sennit_edit *edits = PyMem_Malloc(((size_t)n + 1) * sizeof *edits);
    sennit_status status;
    Py_ssize_t i = 0;

    if (edits == NULL)
        return PyErr_NoMemory();
    while (i < n && read_edit(PyTuple_GetItem(tuples, i), &edits[i]))
        i++;
    if (i < n || !document_enter_edit(self)) {
        PyMem_Free(edits);
        return NULL;
    }
    AT_WORK(self, is_lasting(version),
            status = sennit_history_edit(self->doc, version->buf, (size_t)version->len,
                                         SENNIT_CODEPOINTS, edits, (size_t)n));
    PyMem_Free(edits);
    return document_done(self, status);
}

PyObject *document_edit_at(PyObject *object, PyObject *args)
{
    PyObject *edits, *tuples, *out = NULL;
    Py_buffer version;

    if (!PyArg_ParseTuple(args, "y*O:edit_at", &version, &edits))
        return NULL;
    if ((tuples = PySequence_Tuple(edits)) != NULL) {
        out = edit_at((document *)object, &version, tuples);
        Py_DECREF(tuples);
    }
    PyBuffer_Release(&version);
    return out;
}

/* ---- Compaction ---- */

PyObject *document_compact(PyObject *object, PyObject *arg)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    sennit_status status = SENNIT_OK;
    Py_buffer cut;
    bool entered;

    if (PyObject_GetBuffer(arg, &cut, PyBUF_SIMPLE) != 0)
        return NULL;
    if ((entered = document_enter(self)))
        AT_WORK(self, is_lasting(&cut),
                status = sennit_doc_compact(self->doc, cut.buf, (size_t)cut.len, &err));
    PyBuffer_Release(&cut);
    if (status != SENNIT_OK)
        return raise_status(self->st, status, &err);
    return entered ? document_done(self, status) : NULL;
}

PyObject *document_get_cut(PyObject *object, void *none)
{
    document *self = (document *)object;
    sennit_buf buf;

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_buf_init(&buf, NULL);
    return document_bytes(self, sennit_doc_cut(self->doc, &buf), NULL, &buf);
}

/* ---- Redaction ---- */

PyObject *document_redact(PyObject *object, PyObject *args)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    PyObject *at, *count, *out = NULL;
    sennit_status status;
    Py_buffer version;
    size_t pos, n;

    if (!PyArg_ParseTuple(args, "y*OO:redact", &version, &at, &count))
        return NULL;
    if (read_size(at, &pos) == 0 && read_size(count, &n) == 0 && document_enter_edit(self)) {
        AT_WORK(self, is_lasting(&version),
                status = sennit_doc_redact(self->doc, version.buf, (size_t)version.len, pos, n, &err));
        out = status == SENNIT_OK ? Py_NewRef(Py_None) : raise_status(self->st, status, &err);
    }
    PyBuffer_Release(&version);
    return out;
}

PyObject *document_redact_all(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    sennit_status status;
    uint64_t replica;

    if (read_u64(arg, &replica) != 0 || !document_enter_edit(self))
        return NULL;
    AT_WORK(self, true, status = sennit_doc_redact_all(self->doc, replica, NULL));
    return document_done(self, status);
}
