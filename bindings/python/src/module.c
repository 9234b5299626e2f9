/* The module: its types, constants and functions, and what they share. */
#include "binding.h"
#include "docstrings.h"

static state *state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

/* ---- Tables ---- */

static PyObject *table_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    table *self;

    if (!PyArg_ParseTuple(args, ":Table") || (kwargs != NULL && PyDict_Size(kwargs) > 0) ||
        (self = (table *)alloc(type, 0)) == NULL)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "Table() takes no arguments");
    if (sennit_table_new(NULL, &self->table) == SENNIT_OK)
        return (PyObject *)self;
    Py_DECREF(self);
    return PyErr_NoMemory();
}

static void table_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    sennit_table_free(((table *)object)->table);
    release(object);
    Py_DECREF(type);
}

static PyType_Slot table_slots[] = {
    {Py_tp_doc, (void *)DOC_Table},
    {Py_tp_new, (void *)table_new},
    {Py_tp_dealloc, (void *)table_dealloc},
    {0, NULL},
};

static PyType_Spec table_spec = {
    .name = "sennit.Table",
    .basicsize = sizeof(table),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = table_slots,
};

/* ---- Functions ---- */

static PyObject *module_version_number(PyObject *module, PyObject *none)
{
    (void)module, (void)none;
    return PyLong_FromLong(sennit_version_number());
}

static PyObject *module_compare(PyObject *module, PyObject *args)
{
    sennit_status status;
    sennit_order order;
    Py_buffer a, b;

    if (!PyArg_ParseTuple(args, "y*y*:compare", &a, &b))
        return NULL;
    status = sennit_version_compare(a.buf, (size_t)a.len, b.buf, (size_t)b.len, &order);
    PyBuffer_Release(&a);
    PyBuffer_Release(&b);
    if (status != SENNIT_OK)
        return raise_status(state_of(module), status, NULL);
    return PyUnicode_FromString(order == SENNIT_EQUAL    ? "equal"
                                : order == SENNIT_BEFORE ? "before"
                                : order == SENNIT_AFTER  ? "after"
                                                         : "concurrent");
}

static PyObject *module_meet(PyObject *module, PyObject *args)
{
    sennit_status status;
    sennit_buf met;
    Py_buffer a, b;

    if (!PyArg_ParseTuple(args, "y*y*:meet", &a, &b))
        return NULL;
    sennit_buf_init(&met, NULL);
    status = sennit_version_meet(a.buf, (size_t)a.len, b.buf, (size_t)b.len, &met);
    PyBuffer_Release(&a);
    PyBuffer_Release(&b);
    if (status == SENNIT_OK)
        return take_bytes(&met);
    sennit_buf_clear(&met);
    return raise_status(state_of(module), status, NULL);
}

/* Put replica: count into a dict. */
static int put_count(PyObject *dict, uint64_t replica, uint64_t count)
{
    PyObject *key = PyLong_FromUnsignedLongLong(replica);
    PyObject *value = PyLong_FromUnsignedLongLong(count);
    int status = key != NULL && value != NULL ? PyDict_SetItem(dict, key, value) : -1;

    Py_XDECREF(key);
    Py_XDECREF(value);
    return status;
}

static PyObject *module_version_dict(PyObject *module, PyObject *arg)
{
    PyObject *dict = PyDict_New();
    uint64_t replica, count;
    Py_buffer version;
    size_t at = 0;
    int more = 0;

    if (dict == NULL || PyObject_GetBuffer(arg, &version, PyBUF_SIMPLE) != 0) {
        Py_XDECREF(dict);
        return NULL;
    }
    while ((more = sennit_version_next(version.buf, (size_t)version.len, &at, &replica, &count)) == 1)
        if (put_count(dict, replica, count) != 0)
            break;
    PyBuffer_Release(&version);
    if (more == 0)
        return dict;
    Py_DECREF(dict);
    return more < 0 ? raise_status(state_of(module), (sennit_status)more, NULL) : NULL;
}

static PyObject *module_inspect(PyObject *module, PyObject *args)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    sennit_delta_info info;
    sennit_status status;
    PyObject *shared = NULL;
    Py_buffer delta;

    if (!PyArg_ParseTuple(args, "y*|O!:inspect", &delta, state_of(module)->table, &shared))
        return NULL;
    if (shared != NULL && ((table *)shared)->busy) {
        err = (sennit_error){SENNIT_EBUSY, 0, "another call is at work with this table"};
        status = SENNIT_EBUSY;
    } else {
        status = sennit_delta_inspect(delta.buf, (size_t)delta.len,
                                      shared != NULL ? ((table *)shared)->table : NULL, &info, &err);
    }
    PyBuffer_Release(&delta);
    if (status != SENNIT_OK)
        return raise_status(state_of(module), status, &err);
    return PyObject_CallFunction(state_of(module)->info, "y#KKK", info.lineage,
                                 (Py_ssize_t)sizeof info.lineage,
                                 (unsigned long long)info.operations,
                                 (unsigned long long)info.changes,
                                 (unsigned long long)info.inserted_bytes);
}

static PyObject *module_snapshot_text(PyObject *module, PyObject *arg)
{
    sennit_error err = {SENNIT_OK, 0, NULL};
    sennit_status status;
    const char *text;
    PyObject *out;
    Py_buffer data;
    size_t len;

    if (PyObject_GetBuffer(arg, &data, PyBUF_SIMPLE) != 0)
        return NULL;
    status = sennit_snapshot_text(data.buf, (size_t)data.len, &text, &len, &err);
    out = status == SENNIT_OK ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)len, NULL)
                              : raise_status(state_of(module), status, &err);
    PyBuffer_Release(&data);
    return out;
}

static PyObject *module_anchor_encode(PyObject *module, PyObject *arg)
{
    sennit_anchor anchor;
    sennit_status status;
    sennit_buf buf;

    if (read_anchor(arg, &anchor) != 0)
        return NULL;
    sennit_buf_init(&buf, NULL);
    status = sennit_anchor_encode(&anchor, &buf);
    return status == SENNIT_OK ? take_bytes(&buf) : raise_status(state_of(module), status, NULL);
}

static PyObject *module_anchor_decode(PyObject *module, PyObject *arg)
{
    sennit_anchor anchor;
    sennit_status status;
    Py_buffer data;

    if (PyObject_GetBuffer(arg, &data, PyBUF_SIMPLE) != 0)
        return NULL;
    status = sennit_anchor_decode(data.buf, (size_t)data.len, &anchor, NULL);
    PyBuffer_Release(&data);
    return status == SENNIT_OK ? make_anchor(state_of(module), &anchor)
                               : raise_status(state_of(module), status, NULL);
}

static PyObject *module_anchor_rebase(PyObject *module, PyObject *args)
{
    PyObject *how, *which;
    sennit_rebased rebased;
    sennit_anchor anchor;

    if (!PyArg_ParseTuple(args, "OO:anchor_rebase", &how, &which) ||
        read_rebased(how, &rebased) != 0 || read_anchor(which, &anchor) != 0)
        return NULL;
    sennit_anchor_rebase(&rebased, &anchor);
    return make_anchor(state_of(module), &anchor);
}

static PyMethodDef module_methods[] = {
    {"version_number", module_version_number, METH_NOARGS, DOC_version_number},
    {"compare", module_compare, METH_VARARGS, DOC_compare},
    {"meet", module_meet, METH_VARARGS, DOC_meet},
    {"version_dict", module_version_dict, METH_O, DOC_version_dict},
    {"inspect", module_inspect, METH_VARARGS, DOC_inspect},
    {"snapshot_text", module_snapshot_text, METH_O, DOC_snapshot_text},
    {"anchor_encode", module_anchor_encode, METH_O, DOC_anchor_encode},
    {"anchor_decode", module_anchor_decode, METH_O, DOC_anchor_decode},
    {"anchor_rebase", module_anchor_rebase, METH_VARARGS, DOC_anchor_rebase},
    {NULL, NULL, 0, NULL},
};

/* ---- The module ---- */

static int state_import(state *st)
{
    PyObject *errors = PyImport_ImportModule("sennit._errors");
    PyObject *values = PyImport_ImportModule("sennit._values");
    PyObject *history = PyImport_ImportModule("sennit._history");
    PyObject *marks = PyImport_ImportModule("sennit._marks");
    struct {
        PyObject **to, *from;
        const char *name;
    } wanted[] = {
        {&st->errors, errors, "BY_STATUS"}, {&st->rebased, values, "Rebased"},
        {&st->chunk, values, "Chunk"},      {&st->applied, values, "Applied"},
        {&st->info, values, "Info"},        {&st->change, values, "Change"},
        {&st->patch, values, "Patch"},      {&st->anchor, values, "Anchor"},
        {&st->stat, values, "Stat"},        {&st->transaction, values, "Transaction"},
        {&st->stretch, history, "Stretch"},  {&st->blame, history, "Blame"},
        {&st->diff, history, "Diff"},        {&st->run, marks, "Run"},
        {&st->meta, marks, "Meta"},                {&st->step, values, "Step"},        {&st->away, values, "Away"},
    };
    int status = errors != NULL && values != NULL && history != NULL && marks != NULL ? 0 : -1;

    for (size_t i = 0; status == 0 && i < sizeof wanted / sizeof *wanted; i++)
        if ((*wanted[i].to = PyObject_GetAttrString(wanted[i].from, wanted[i].name)) == NULL)
            status = -1;
    Py_XDECREF(errors);
    Py_XDECREF(values);
    Py_XDECREF(history);
    Py_XDECREF(marks);
    return status;
}

static int state_types(PyObject *module, state *st)
{
    if ((st->document = (PyTypeObject *)PyType_FromModuleAndSpec(module, &document_spec, NULL)) == NULL ||
        (st->table = (PyTypeObject *)PyType_FromModuleAndSpec(module, &table_spec, NULL)) == NULL ||
        (st->undo = (PyTypeObject *)PyType_FromModuleAndSpec(module, &undo_spec, NULL)) == NULL ||
        (st->steps = (PyTypeObject *)PyType_FromModuleAndSpec(module, &steps_spec, NULL)) == NULL)
        return -1;
    return PyModule_AddType(module, st->document) != 0 || PyModule_AddType(module, st->table) != 0 ||
                   PyModule_AddType(module, st->undo) != 0
               ? -1
               : 0;
}

static int module_exec(PyObject *module)
{
    static const struct {
        const char *name;
        long value;
    } constants[] = {
        {"BEFORE", SENNIT_ANCHOR_BEFORE}, {"AFTER", SENNIT_ANCHOR_AFTER},
        {"START", SENNIT_ANCHOR_START},   {"END", SENNIT_ANCHOR_END},
        {"BYTES", SENNIT_BYTES},          {"CODEPOINTS", SENNIT_CODEPOINTS},
        {"UTF16", SENNIT_UTF16},          {"LINES", SENNIT_LINES},
        {"KIND_INSERT", SENNIT_KIND_INSERT}, {"KIND_DELETE", SENNIT_KIND_DELETE},
        {"KIND_TOGGLE", SENNIT_KIND_TOGGLE}, {"KIND_MARK", SENNIT_KIND_MARK},
        {"KIND_SET", SENNIT_KIND_SET}, {"KIND_REDACTION", SENNIT_KIND_REDACTION},
        {"PATCH_TEXT", SENNIT_PATCH_TEXT}, {"PATCH_MARK", SENNIT_PATCH_MARK},
        {"PATCH_META", SENNIT_PATCH_META},
    };

    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (PyModule_AddIntConstant(module, constants[i].name, constants[i].value) != 0)
            return -1;
    return state_import(state_of(module)) != 0 ? -1 : state_types(module, state_of(module));
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    state *st = state_of(module);

    Py_VISIT(st->errors);
    Py_VISIT(st->chunk);
    Py_VISIT(st->applied);
    Py_VISIT(st->info);
    Py_VISIT(st->change);
    Py_VISIT(st->patch);
    Py_VISIT(st->anchor);
    Py_VISIT(st->stat);
    Py_VISIT(st->rebased);
    Py_VISIT(st->stretch);
    Py_VISIT(st->blame);
    Py_VISIT(st->diff);
    Py_VISIT(st->run);
    Py_VISIT(st->meta);
    Py_VISIT(st->transaction);
    Py_VISIT(st->step);
    Py_VISIT(st->away);
    Py_VISIT(st->document);
    Py_VISIT(st->table);
    Py_VISIT(st->undo);
    Py_VISIT(st->steps);
    return 0;
}

static int module_clear(PyObject *module)
{
    state *st = state_of(module);

    Py_CLEAR(st->errors);
    Py_CLEAR(st->chunk);
    Py_CLEAR(st->applied);
    Py_CLEAR(st->info);
    Py_CLEAR(st->change);
    Py_CLEAR(st->patch);
    Py_CLEAR(st->anchor);
    Py_CLEAR(st->stat);
    Py_CLEAR(st->rebased);
    Py_CLEAR(st->stretch);
    Py_CLEAR(st->blame);
    Py_CLEAR(st->diff);
    Py_CLEAR(st->run);
    Py_CLEAR(st->meta);
    Py_CLEAR(st->transaction);
    Py_CLEAR(st->step);
    Py_CLEAR(st->away);
    Py_CLEAR(st->document);
    Py_CLEAR(st->table);
    Py_CLEAR(st->undo);
    Py_CLEAR(st->steps);
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_core",
    .m_size = sizeof(state),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&module_def);
}
