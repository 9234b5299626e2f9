/* Document: marks on its text, and values beside it. */
#include "binding.h"

/* ---- Values ---- */

/* A value out of a Python object, which must outlive it. */
static bool read_value(PyObject *object, sennit_value *out)
{
    Py_ssize_t len = 0;

    *out = (sennit_value){.type = SENNIT_NULL};
    if (object == Py_None)
        return true;
    if (PyBool_Check(object)) {
        *out = (sennit_value){.type = SENNIT_BOOL, .integer = object == Py_True};
    } else if (PyLong_Check(object)) {
        *out = (sennit_value){.type = SENNIT_INT, .integer = PyLong_AsLongLong(object)};
        return out->integer != -1 || !PyErr_Occurred();
    } else if (PyFloat_Check(object)) {
        *out = (sennit_value){.type = SENNIT_DOUBLE, .number = PyFloat_AsDouble(object)};
    } else if (PyUnicode_Check(object)) {
        *out = (sennit_value){.type = SENNIT_STRING, .data = PyUnicode_AsUTF8AndSize(object, &len)};
        out->len = (size_t)len;
        return out->data != NULL;
    } else if (PyBytes_Check(object)) {
        *out = (sennit_value){.type = SENNIT_DATA, .data = PyBytes_AsString(object),
                              .len = (size_t)PyBytes_Size(object)};
    } else {
        PyErr_SetString(PyExc_TypeError, "a value is None, a bool, int, float, str or bytes");
        return false;
    }
    return true;
}

static PyObject *make_value(const sennit_value *v)
{
    switch (v->type) {
    case SENNIT_BOOL: return PyBool_FromLong(v->integer != 0);
    case SENNIT_INT: return PyLong_FromLongLong(v->integer);
    case SENNIT_DOUBLE: return PyFloat_FromDouble(v->number);
    case SENNIT_STRING: return PyUnicode_DecodeUTF8(v->data, (Py_ssize_t)v->len, NULL);
    case SENNIT_DATA: return PyBytes_FromStringAndSize(v->data, (Py_ssize_t)v->len);
    case SENNIT_NULL: break;
    }
    return Py_NewRef(Py_None);
}

/* Put a name and its value into a dict; false with an exception. */
static bool put_attr(PyObject *dict, const sennit_attr *attr)
{
    PyObject *name = PyUnicode_DecodeUTF8(attr->name, (Py_ssize_t)attr->name_len, NULL);
    PyObject *value = name != NULL ? make_value(&attr->value) : NULL;
    bool put = value != NULL && PyDict_SetItem(dict, name, value) == 0;

    Py_XDECREF(name);
    Py_XDECREF(value);
    return put;
}

/* ---- Metadata ---- */

PyObject *document_set_meta(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    sennit_value value;
    PyObject *given;
    const char *key;
    Py_ssize_t len;

    if (!PyArg_ParseTuple(args, "s#O:set_meta", &key, &len, &given) || !read_value(given, &value) ||
        !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_meta_set(self->doc, key, (size_t)len, &value));
}

PyObject *document_delete_meta(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    const char *key;
    Py_ssize_t len;

    if ((key = PyUnicode_AsUTF8AndSize(arg, &len)) == NULL || !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_meta_delete(self->doc, key, (size_t)len));
}

PyObject *document_get_meta(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *otherwise = Py_None;
    sennit_value value;
    const char *key;
    Py_ssize_t len;

    if (!PyArg_ParseTuple(args, "s#|O:get_meta", &key, &len, &otherwise) || !document_enter(self))
        return NULL;
    return sennit_meta_get(self->doc, key, (size_t)len, &value) ? make_value(&value)
                                                                : Py_NewRef(otherwise);
}

/* All of it. The document stays as it is meanwhile, for making objects can run code. */
static bool put_metadata(document *self, PyObject *dict)
{
    sennit_attr attr = {0};
    bool put = true;

    AT_WORK(self, false, while (put && sennit_meta_next(self->doc, &attr)) put = put_attr(dict, &attr));
    return put;
}

PyObject *document_metadata(PyObject *object, PyObject *none)
{
    document *self = (document *)object;
    PyObject *dict;

    (void)none;
    if (!document_enter(self) || (dict = PyDict_New()) == NULL)
        return NULL;
    if (put_metadata(self, dict))
        return dict;
    Py_DECREF(dict);
    return NULL;
}

PyObject *document_get_meta_view(PyObject *object, void *none)
{
    (void)none;
    return PyObject_CallFunctionObjArgs(((document *)object)->st->meta, object, NULL);
}

/* ---- Marks ---- */

/* Mark a range, or with given NULL take the mark off. */
static PyObject *mark_range(document *self, PyObject *at, PyObject *count, PyObject *name,
                            PyObject *given, int grows)
{
    unsigned flags = grows ? SENNIT_MARK_GROWS : 0;
    sennit_status status;
    sennit_value value;
    const char *text;
    size_t pos, n;
    Py_ssize_t len;

    if (read_size(at, &pos) != 0 || read_size(count, &n) != 0 ||
        (text = PyUnicode_AsUTF8AndSize(name, &len)) == NULL ||
        (given != NULL && !read_value(given, &value)) || !document_enter_edit(self))
        return NULL;
    status = sennit_mark_add(self->doc, pos, n, text, (size_t)len, given != NULL ? &value : NULL, flags);
    return document_done(self, status);
}

PyObject *document_mark(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"pos", "n", "name", "value", "grows", NULL};
    PyObject *pos, *n, *name, *value = Py_True;
    int grows = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOU|O$p:mark", names, &pos, &n, &name, &value,
                                     &grows))
        return NULL;
    return mark_range((document *)object, pos, n, name, value, grows);
}

PyObject *document_unmark(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"pos", "n", "name", "grows", NULL};
    PyObject *pos, *n, *name;
    int grows = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOU|$p:unmark", names, &pos, &n, &name, &grows))
        return NULL;
    return mark_range((document *)object, pos, n, name, NULL, grows);
}

PyObject *document_block(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *at, *given;
    sennit_value value;
    size_t pos;

    if (!PyArg_ParseTuple(args, "OO:block", &at, &given) || read_size(at, &pos) != 0 ||
        !read_value(given, &value) || !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_mark_block(self->doc, pos, given != Py_None ? &value : NULL));
}

PyObject *document_split(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    size_t pos;

    if (read_size(arg, &pos) != 0 || !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_mark_split(self->doc, pos));
}

PyObject *document_embed(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *at, *given;
    sennit_value value;
    size_t pos;

    if (!PyArg_ParseTuple(args, "OO:embed", &at, &given) || read_size(at, &pos) != 0 ||
        !read_value(given, &value) || !document_enter_edit(self))
        return NULL;
    return document_done(self, sennit_mark_embed(self->doc, pos, &value));
}

/* ---- Runs ---- */

/* A Run, with its text. */
static PyObject *make_run(document *self, const sennit_run *run)
{
    PyObject *marks = PyDict_New(), *text = NULL;
    sennit_status status;
    sennit_buf buf;

    for (size_t i = 0; marks != NULL && i < run->marks_len; i++)
        if (!put_attr(marks, &run->marks[i]))
            Py_CLEAR(marks);
    if (marks == NULL)
        return NULL;
    sennit_buf_init(&buf, NULL);
    status = sennit_doc_read(self->doc, run->pos, run->len, &buf);
    text = status == SENNIT_OK ? PyUnicode_DecodeUTF8((const char *)buf.data, (Py_ssize_t)buf.len, NULL)
                               : raise_status(self->st, status, NULL);
    sennit_buf_clear(&buf);
    if (text == NULL) {
        Py_DECREF(marks);
        return NULL;
    }
    return PyObject_CallFunction(self->st->run, "nNN", (Py_ssize_t)run->pos, text, marks);
}

/* All runs of a range as a list. The document stays as it is meanwhile, for runs do not
 * outlast a change of it. */
static PyObject *list_runs(document *self, sennit_runs *runs)
{
    PyObject *list = PyList_New(0), *one;
    sennit_run run;
    int more = 0;

    while (list != NULL && (more = sennit_runs_next(runs, &run)) == 1) {
        one = make_run(self, &run);
        if (one == NULL || PyList_Append(list, one) != 0)
            Py_CLEAR(list);
        Py_XDECREF(one);
    }
    sennit_runs_free(runs);
    if (more < 0) {
        Py_CLEAR(list);
        PyErr_NoMemory();
    }
    return list;
}

PyObject *document_runs(PyObject *object, PyObject *args)
{
    document *self = (document *)object;
    PyObject *at = NULL, *count = NULL, *list;
    sennit_status status;
    sennit_runs *runs;
    size_t pos = 0, n, len;

    if (!PyArg_ParseTuple(args, "|OO:runs", &at, &count) || (at != NULL && read_size(at, &pos) != 0) ||
        !document_enter(self))
        return NULL;
    len = sennit_doc_len(self->doc);
    n = pos < len ? len - pos : 0;
    if (count != NULL && read_size(count, &n) != 0)
        return NULL;
    if ((status = sennit_mark_runs(self->doc, pos, n, &runs)) != SENNIT_OK)
        return raise_status(self->st, status, NULL);
    AT_WORK(self, false, list = list_runs(self, runs));
    return list;
}
