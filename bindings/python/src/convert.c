/* Between the library's values and Python's. */
#define _DEFAULT_SOURCE /* getentropy */
#include "binding.h"

#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

PyObject *raise_status(state *st, sennit_status status, const sennit_error *err)
{
    const char *what = err != NULL && err->what != NULL ? err->what : sennit_status_text(status);
    PyObject *number, *class, *error;

    if (status == SENNIT_ENOMEM)
        return PyErr_NoMemory();
    if ((number = PyLong_FromLong(status)) == NULL)
        return NULL;
    class = PyDict_GetItemWithError(st->errors, number);
    if (class == NULL) {
        Py_DECREF(number);
        return PyErr_Format(PyExc_SystemError, "sennit: unknown status %d", (int)status);
    }
    error = PyObject_CallFunction(class, "Ons", number,
                                  (Py_ssize_t)(err != NULL ? err->pos : 0), what);
    Py_DECREF(number);
    if (error != NULL) {
        PyErr_SetObject(class, error);
        Py_DECREF(error);
    }
    return NULL;
}

PyObject *take_bytes(sennit_buf *buf)
{
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)buf->data, (Py_ssize_t)buf->len);

    sennit_buf_clear(buf);
    return bytes;
}

int read_size(PyObject *value, size_t *out)
{
    Py_ssize_t n = PyNumber_AsSsize_t(value, PyExc_OverflowError);

    if (n < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "must not be negative");
        return -1;
    }
    *out = (size_t)n;
    return 0;
}

int read_u64(PyObject *value, uint64_t *out)
{
    *out = PyLong_AsUnsignedLongLong(value);
    return *out == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
}

PyObject *make_change(const state *st, const sennit_change *c)
{
    return PyObject_CallFunction(st->change, "KKKKK", (unsigned long long)c->replica,
                                 (unsigned long long)c->unix_ms, (unsigned long long)c->first,
                                 (unsigned long long)c->operations,
                                 (unsigned long long)c->inserted_bytes);
}

/* Text and name are taken first: they are the document's, and making an object can run
 * code that changes that. */
PyObject *make_patch(const state *st, const sennit_patch *p)
{
    bool has_text = p->what == SENNIT_PATCH_TEXT && !p->reset;
    PyObject *text = has_text ? PyUnicode_DecodeUTF8(p->text, (Py_ssize_t)p->len, NULL) : Py_NewRef(Py_None);
    PyObject *name = p->what != SENNIT_PATCH_TEXT
                         ? PyUnicode_DecodeUTF8(p->name, (Py_ssize_t)p->name_len, NULL)
                         : Py_NewRef(Py_None);

    if (text == NULL || name == NULL) {
        Py_XDECREF(text);
        Py_XDECREF(name);
        return NULL;
    }
    return PyObject_CallFunction(st->patch, "nnnNKNNiN", (Py_ssize_t)p->pos, (Py_ssize_t)p->removed,
                                 (Py_ssize_t)p->inserted, text, (unsigned long long)p->replica,
                                 PyBool_FromLong(p->local), PyBool_FromLong(p->reset), p->what, name);
}

PyObject *make_rebased(const state *st, const sennit_rebased *r)
{
    return PyObject_CallFunction(st->rebased, "KKKKKK", (unsigned long long)r->old,
                                 (unsigned long long)r->renewed, (unsigned long long)r->from,
                                 (unsigned long long)r->from_byte, (unsigned long long)r->operations,
                                 (unsigned long long)r->bytes);
}

int read_rebased(PyObject *value, sennit_rebased *out)
{
    unsigned long long old, renewed, from, from_byte, operations, bytes;

    if (!PyTuple_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "a Rebased is wanted");
        return -1;
    }
    if (!PyArg_ParseTuple(value, "KKKKKK;a Rebased is wanted", &old, &renewed, &from, &from_byte,
                          &operations, &bytes))
        return -1;
    *out = (sennit_rebased){old, renewed, from, from_byte, operations, bytes};
    return 0;
}

PyObject *make_anchor(const state *st, const sennit_anchor *anchor)
{
    return PyObject_CallFunction(st->anchor, "KKI", (unsigned long long)anchor->replica,
                                 (unsigned long long)anchor->number, (unsigned)anchor->side);
}

int read_anchor(PyObject *value, sennit_anchor *out)
{
    unsigned long long replica, number;
    unsigned char side;

    if (!PyTuple_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "an Anchor is wanted");
        return -1;
    }
    if (!PyArg_ParseTuple(value, "KKb;an Anchor is wanted", &replica, &number, &side))
        return -1;
    *out = (sennit_anchor){replica, number, side};
    return 0;
}

bool is_lasting(const Py_buffer *view)
{
    return view->obj != NULL && PyBytes_CheckExact(view->obj);
}

int draw_random(void *none, void *out, size_t len)
{
    (void)none; /* asks no Python code, so that none runs in mid-edit */
    return getentropy(out, len);
}
