/* Document: saving, versions, deltas; going on under another id. */
#include "binding.h"

/* ---- Out ---- */

PyObject *document_save(PyObject *object, PyObject *args, PyObject *kwargs)
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
    AT_WORK(self, true, status = sennit_doc_save(self->doc, flags, &buf));
    return document_bytes(self, status, NULL, &buf);
}

/* Saved without identity: the copy edits under an id of its own. */
PyObject *document_reduce(PyObject *object, PyObject *none)
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

/* The table of an argument, marked as in use; false and an exception if it is none, or
 * in use. */
static bool take_table(document *self, PyObject *value, table **out)
{
    const sennit_error err = {SENNIT_EBUSY, 0, "another call is at work with this table"};

    *out = value != Py_None ? (table *)value : NULL;
    if (value == Py_None)
        return true;
    if (!PyObject_TypeCheck(value, self->st->table)) {
        PyErr_SetString(PyExc_TypeError, "table must be a Table or None");
        return false;
    }
    if ((*out)->busy) {
        raise_status(self->st, SENNIT_EBUSY, &err);
        return false;
    }
    (*out)->busy = true;
    return true;
}

static void leave_table(table *shared)
{
    if (shared != NULL)
        shared->busy = false;
}

static sennit_table *table_of(const table *shared)
{
    return shared != NULL ? shared->table : NULL;
}

PyObject *document_delta(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"since", "table", NULL};
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    PyObject *value = Py_None, *out = NULL;
    Py_buffer since = {0};
    sennit_status status;
    table *shared;
    sennit_buf buf;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|y*O:delta", names, &since, &value))
        return NULL;
    sennit_buf_init(&buf, NULL);
    if (document_enter(self) && take_table(self, value, &shared)) {
        AT_WORK(self, since.obj == NULL || is_lasting(&since),
                status = sennit_doc_delta(self->doc, since.buf, (size_t)since.len, table_of(shared),
                                          &buf, &err));
        leave_table(shared);
        out = document_bytes(self, status, &err, &buf);
    }
    if (since.obj != NULL)
        PyBuffer_Release(&since);
    return out;
}

/* A part, and the version that whoever takes it has then. */
static PyObject *make_part(document *self, sennit_status status, sennit_buf *delta, sennit_buf *then)
{
    PyObject *first = document_bytes(self, status, NULL, delta);

    if (first == NULL) {
        sennit_buf_clear(then);
        return NULL;
    }
    return Py_BuildValue("NN", first, take_bytes(then));
}

PyObject *document_delta_part(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"since", "most", "own", "others", NULL};
    document *self = (document *)object;
    int own = 1, others = 1;
    PyObject *out = NULL, *limit;
    sennit_buf delta, then;
    sennit_status status;
    Py_buffer since;
    size_t most;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*O|$pp:delta_part", names, &since, &limit, &own,
                                     &others))
        return NULL;
    sennit_buf_init(&delta, NULL);
    sennit_buf_init(&then, NULL);
    if (read_size(limit, &most) == 0 && document_enter(self)) {
        unsigned whose = (own ? SENNIT_OWN : 0) | (others ? SENNIT_OTHERS : 0);

        AT_WORK(self, is_lasting(&since),
                status = sennit_doc_delta_part(self->doc, since.buf, (size_t)since.len, whose, most,
                                               &delta, &then));
        out = make_part(self, status, &delta, &then);
    }
    PyBuffer_Release(&since);
    return out;
}

PyObject *document_own_delta(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"start", "table", NULL};
    document *self = (document *)object;
    PyObject *value = Py_None, *from;
    sennit_status status;
    uint64_t start;
    table *shared;
    sennit_buf buf;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:own_delta", names, &from, &value) ||
        read_u64(from, &start) != 0 || !document_enter(self) || !take_table(self, value, &shared))
        return NULL;
    sennit_buf_init(&buf, NULL);
    status = sennit_doc_own_delta(self->doc, start, table_of(shared), &buf);
    leave_table(shared);
    return document_bytes(self, status, NULL, &buf);
}

PyObject *document_get_version(PyObject *object, void *none)
{
    document *self = (document *)object;
    sennit_buf buf;

    (void)none;
    if (!document_enter(self))
        return NULL;
    sennit_buf_init(&buf, NULL);
    return document_bytes(self, sennit_doc_version(self->doc, &buf), NULL, &buf);
}

/* ---- In ---- */

/* Somebody asked about each new change: what `admit` raises refuses the delta. */
typedef struct asker {
    document *self;
    PyObject *admit;
} asker;

static sennit_status ask_about(void *arg, const sennit_change *c, unsigned kinds)
{
    asker *who = arg;
    PyObject *answer = PyObject_CallFunction(who->admit, "NI", make_change(who->self->st, c), kinds);

    Py_XDECREF(answer);
    return answer != NULL ? SENNIT_OK : SENNIT_EAUTH;
}

/* A delta of bytes that nobody can change while somebody is asked about it. */
static sennit_status admit_buffer(document *self, const Py_buffer *delta, table *shared,
                                  PyObject *admit, sennit_applied *a, sennit_error *err)
{
    PyObject *bytes = PyBytes_FromStringAndSize(delta->buf, delta->len);
    asker who = {self, admit};
    const sennit_admission admission = {ask_about, &who};
    sennit_status status;

    if (bytes == NULL)
        return SENNIT_ENOMEM;
    AT_WORK(self, false, status = sennit_doc_admit(self->doc, PyBytes_AsString(bytes),
                                                   (size_t)delta->len, table_of(shared), &admission, a, err));
    Py_DECREF(bytes);
    return status;
}

static sennit_status apply_buffer(document *self, const Py_buffer *delta, table *shared,
                                  sennit_applied *a, sennit_error *err)
{
    sennit_status status;

    AT_WORK(self, delta->len >= LONG_CALL && is_lasting(delta),
            status = sennit_doc_apply(self->doc, delta->buf, (size_t)delta->len, table_of(shared), a,
                                      err));
    return status;
}

PyObject *document_apply(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"delta", "table", "admit", NULL};
    sennit_error err = {SENNIT_OK, 0, NULL};
    document *self = (document *)object;
    PyObject *value = Py_None, *admit = Py_None;
    sennit_status status = SENNIT_EBUSY;
    sennit_applied a;
    Py_buffer delta;
    table *shared;
    bool entered;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*|OO:apply", names, &delta, &value, &admit))
        return NULL;
    if ((entered = document_enter(self) && take_table(self, value, &shared))) {
        status = admit != Py_None ? admit_buffer(self, &delta, shared, admit, &a, &err)
                                  : apply_buffer(self, &delta, shared, &a, &err);
        leave_table(shared);
    }
    PyBuffer_Release(&delta);
    if (!entered || PyErr_Occurred())
        return NULL;
    if (status != SENNIT_OK)
        return raise_status(self->st, status, &err);
    return PyObject_CallFunction(self->st->applied, "KKKK", (unsigned long long)a.applied,
                                 (unsigned long long)a.known, (unsigned long long)a.parked,
                                 (unsigned long long)a.dropped);
}

/* ---- Going on under another id, at another time ---- */

PyObject *document_adopt(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    sennit_status status = SENNIT_EINVAL;
    Py_buffer lineage;
    bool entered;

    if (PyObject_GetBuffer(arg, &lineage, PyBUF_SIMPLE) != 0)
        return NULL;
    if ((entered = document_enter(self)) && lineage.len == 16)
        status = sennit_doc_adopt(self->doc, lineage.buf);
    PyBuffer_Release(&lineage);
    return entered ? document_done(self, status) : NULL;
}

PyObject *document_restamp(PyObject *object, PyObject *arg)
{
    document *self = (document *)object;
    sennit_status status;
    uint64_t unix_ms;

    if (read_u64(arg, &unix_ms) != 0 || !document_enter(self))
        return NULL;
    AT_WORK(self, true, status = sennit_doc_restamp(self->doc, unix_ms));
    return document_done(self, status);
}

typedef sennit_status rebase_call(sennit_doc *doc, uint64_t from, sennit_rebased *out);

static PyObject *document_reissue(PyObject *object, PyObject *arg, rebase_call *how)
{
    document *self = (document *)object;
    sennit_rebased done;
    sennit_status status;
    uint64_t start;

    if (read_u64(arg, &start) != 0 || !document_enter_edit(self))
        return NULL;
    AT_WORK(self, true, status = how(self->doc, start, &done));
    return status == SENNIT_OK ? make_rebased(self->st, &done) : raise_status(self->st, status, NULL);
}

PyObject *document_rebase(PyObject *object, PyObject *arg)
{
    return document_reissue(object, arg, sennit_doc_rebase);
}

PyObject *document_retype(PyObject *object, PyObject *arg)
{
    return document_reissue(object, arg, sennit_doc_retype);
}

PyObject *document_void(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"replica", "start", "renewed", "accepted", NULL};
    unsigned long long replica, start, renewed = 0, accepted = 0;
    document *self = (document *)object;
    sennit_rebased done;
    sennit_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "KK|KK:void", names, &replica, &start, &renewed,
                                     &accepted) ||
        !document_enter_edit(self))
        return NULL;
    AT_WORK(self, true,
            status = sennit_doc_void(self->doc, replica, start, renewed, accepted, &done));
    return status == SENNIT_OK ? make_rebased(self->st, &done) : raise_status(self->st, status, NULL);
}
