/* Quill's Delta, as JSON by jansson; this is the one file that includes <jansson.h>. */
#include "sennit/format.h"

#include <jansson.h>

#include "base/bytes.h"
#include "core/doc/doc.h"
#include "format/draft.h"

/* ---- writing ---- */

/* NULL: there is no such thing in JSON. */
static json_t *delta_value(const sennit_value *v)
{
    switch (v->type) {
    case SENNIT_BOOL: return json_boolean(v->integer != 0);
    case SENNIT_INT: return json_integer(v->integer);
    case SENNIT_DOUBLE: return json_real(v->number);
    case SENNIT_STRING: return json_stringn_nocheck(v->data, v->len);
    default: return NULL;
    }
}

static bool delta_set(json_t *to, const char *key, json_t *value)
{
    return json_object_set_new_nocheck(to, key, value) == 0;
}

/* Unless an attribute of the name is there, which says it more exactly. */
static bool delta_set_new(json_t *to, const char *key, json_t *value)
{
    if (json_object_get(to, key) == NULL)
        return delta_set(to, key, value);
    json_decref(value);
    return true;
}

/* A line's block as the attributes that Quill has for it. */
static bool delta_put_block(json_t *to, const sn_block *block)
{
    switch (block->kind) {
    case SN_HEADING: return delta_set_new(to, "header", json_integer((json_int_t)block->level));
    case SN_BULLET:
    case SN_ORDERED:
        if (!delta_set_new(to, "list", json_string(block->kind == SN_BULLET ? "bullet" : "ordered")))
            return false;
        return block->level == 0 || delta_set_new(to, "indent", json_integer((json_int_t)block->level));
    case SN_QUOTE: return delta_set_new(to, "blockquote", json_true());
    case SN_CODE:
        return delta_set_new(to, "code-block", block->info_len > 0
                                               ? json_stringn_nocheck(block->info, block->info_len)
                                               : json_true());
    default: return true;
    }
}

static bool delta_is(const sennit_attr *mark, const char *name)
{
    return mark->name_len == strlen(name) && memcmp(mark->name, name, mark->name_len) == 0 &&
           mark->value.type == SENNIT_STRING;
}

/* Give an object a member. Names in JSON that are read again have no U+0000: U+FFFD is
 * told in its place. value is the object's, or freed. */
static bool delta_member(json_t *object, const char *name, size_t len, json_t *value)
{
    sennit_buf told;
    bool done = true;

    if (value == NULL || len == 0 || memchr(name, '\0', len) == NULL)
        return value != NULL && json_object_setn_new_nocheck(object, name, len, value) == 0;
    sennit_buf_init(&told, NULL);
    for (size_t i = 0; i < len && done; i++)
        done = sn_buf_put(&told, name[i] != '\0' ? name + i : "\xef\xbf\xbd", name[i] != '\0' ? 1 : 3) == SENNIT_OK;
    if (done)
        done = json_object_setn_new_nocheck(object, (const char *)told.data, told.len, value) == 0;
    else
        json_decref(value);
    sennit_buf_clear(&told);
    return done;
}

/* Attributes of a run, but for those that are told otherwise; NULL if memory ran out. */
static json_t *delta_attributes(const sennit_run *run, const sennit_value **embed)
{
    json_t *to = json_object();

    *embed = NULL;
    for (size_t i = 0; i < run->marks_len && to != NULL; i++) {
        const sennit_attr *mark = &run->marks[i];
        const sn_block block = sn_block_read(mark->value.data, delta_is(mark, "block") ? mark->value.len : 0);
        bool done = true;

        if (delta_is(mark, "embed")) {
            *embed = &mark->value;
        } else if (block.kind != SN_PARAGRAPH) {
            done = delta_put_block(to, &block);
        } else {
            json_t *value = delta_value(&mark->value);

            done = value == NULL || delta_member(to, mark->name, mark->name_len, value);
        }
        if (!done) {
            json_decref(to);
            to = NULL;
        }
    }
    return to;
}

static json_t *delta_object(const sennit_value *embed)
{
    const char *value = embed->data, *colon = embed->len > 0 ? memchr(value, ':', embed->len) : NULL;
    size_t name = colon != NULL ? (size_t)(colon - value) : embed->len;
    json_t *object = json_object();

    if (object == NULL ||
        delta_member(object, value, name, colon != NULL ? json_stringn_nocheck(colon + 1, embed->len - name - 1)
                                                        : json_true()))
        return object;
    json_decref(object);
    return NULL;
}

/* Inserts on their way out. Text is held back while what follows may go on with it. */
typedef struct delta_writing {
    const sennit_doc *doc;
    json_t *ops;
    json_t *attributes; /* of what is held back, or NULL */
    sennit_buf held, text;
} delta_writing;

static bool delta_add(json_t *ops, json_t *insert, json_t *attributes)
{
    json_t *op = json_object();

    if (op == NULL || !delta_set(op, "insert", json_incref(insert)) ||
        (json_object_size(attributes) > 0 && !delta_set(op, "attributes", json_incref(attributes)))) {
        json_decref(op);
        return false;
    }
    return json_array_append_new(ops, op) == 0;
}

static bool delta_insert(json_t *ops, json_t *insert, json_t *attributes)
{
    bool done = insert != NULL && delta_add(ops, insert, attributes);

    json_decref(insert);
    return done;
}

static bool delta_flush(delta_writing *w)
{
    bool done = w->held.len == 0 ||
                delta_insert(w->ops, json_stringn_nocheck((const char *)w->held.data, w->held.len), w->attributes);

    w->held.len = 0;
    return done;
}

/* Text that has the attributes of the text before it goes on with that. */
static bool delta_hold(delta_writing *w, const char *text, size_t len, json_t *attributes)
{
    if (w->attributes == NULL || !json_equal(w->attributes, attributes)) {
        if (!delta_flush(w))
            return false;
        json_decref(w->attributes);
        w->attributes = json_incref(attributes);
    }
    return sn_buf_put(&w->held, text, len) == SENNIT_OK;
}

/* Text of a run; objects in it that are embeds go one by one. */
static bool delta_text(delta_writing *w, json_t *attributes, const sennit_value *embed)
{
    static const char object[] = "\xef\xbf\xbc";
    const char *text = (const char *)w->text.data;
    size_t from = 0;

    for (size_t i = 0; embed != NULL && i + 3 <= w->text.len; i++)
        if (memcmp(text + i, object, 3) == 0) {
            if (i > from && !delta_hold(w, text + from, i - from, attributes))
                return false;
            if (!delta_flush(w) || !delta_insert(w->ops, delta_object(embed), attributes))
                return false;
            from = i + 3;
            i += 2;
        }
    return from == w->text.len || delta_hold(w, text + from, w->text.len - from, attributes);
}

static sennit_status delta_run(delta_writing *w, const sennit_run *run)
{
    const sennit_value *embed;
    json_t *attributes;

    w->text.len = 0;
    SN_TRY(sennit_doc_read(w->doc, run->pos, run->len, &w->text));
    attributes = delta_attributes(run, &embed);
    bool done = attributes != NULL && delta_text(w, attributes, embed);
    json_decref(attributes);
    return done ? SENNIT_OK : SENNIT_ENOMEM;
}

static sennit_status delta_runs(const sennit_doc *doc, json_t *ops)
{
    delta_writing w = {.doc = doc, .ops = ops};
    sennit_status st = SENNIT_OK;
    sennit_runs *runs;
    sennit_run run;
    int more = 1;

    SN_TRY(sennit_mark_runs(doc, 0, sennit_doc_len(doc), &runs));
    sennit_buf_init(&w.text, NULL);
    sennit_buf_init(&w.held, NULL);
    while (st == SENNIT_OK && (more = sennit_runs_next(runs, &run)) == 1)
        st = delta_run(&w, &run);
    if (st == SENNIT_OK && !delta_flush(&w))
        st = SENNIT_ENOMEM;
    json_decref(w.attributes);
    sennit_buf_clear(&w.text);
    sennit_buf_clear(&w.held);
    sennit_runs_free(runs);
    return st != SENNIT_OK ? st : more < 0 ? (sennit_status)more : SENNIT_OK;
}

static int delta_dump(const char *bytes, size_t len, void *out)
{
    return sn_buf_put(out, bytes, len) == SENNIT_OK ? 0 : -1;
}

sennit_status sennit_format_delta(const sennit_doc *doc, sennit_buf *out)
{
    const size_t before = out->len;
    json_t *ops = json_array(), *delta = json_pack("{s:O?}", "ops", ops);
    sennit_status st = ops == NULL || delta == NULL ? SENNIT_ENOMEM : delta_runs(doc, ops);

    if (st == SENNIT_OK && json_dump_callback(delta, delta_dump, out, JSON_COMPACT) != 0)
        st = SENNIT_ENOMEM;
    if (st != SENNIT_OK)
        out->len = before;
    json_decref(delta);
    json_decref(ops);
    return st;
}

/* ---- reading ---- */

static sennit_status delta_bad(sennit_error *err, const char *what)
{
    return sn_fail(err, SENNIT_ECORRUPT, 0, what);
}

/* SENNIT_NULL: none. */
static sennit_status delta_read_value(json_t *json, sennit_value *out, sennit_error *err)
{
    *out = (sennit_value){.type = SENNIT_NULL};
    switch (json_typeof(json)) {
    case JSON_NULL: return SENNIT_OK;
    case JSON_TRUE:
    case JSON_FALSE: *out = (sennit_value){.type = SENNIT_BOOL, .integer = json_is_true(json)}; return SENNIT_OK;
    case JSON_INTEGER:
        *out = (sennit_value){.type = SENNIT_INT, .integer = json_integer_value(json)};
        return SENNIT_OK;
    case JSON_REAL:
        *out = (sennit_value){.type = SENNIT_DOUBLE, .number = json_real_value(json)};
        return SENNIT_OK;
    case JSON_STRING:
        *out = (sennit_value){.type = SENNIT_STRING, .data = json_string_value(json),
                              .len = json_string_length(json)};
        return SENNIT_OK;
    default: return delta_bad(err, "an attribute that is no plain value");
    }
}

/* Whether there is a level, in range; without one it is the least. */
static bool delta_level(json_t *json, json_int_t least, json_int_t most, unsigned *out)
{
    json_int_t level = json == NULL ? least : json_integer_value(json);

    *out = (unsigned)level;
    return (json == NULL || json_is_integer(json)) && level >= least && level <= most;
}

/* The block that attributes of a newline make. Those that make none stay marks. */
static sn_block delta_block(json_t *attributes)
{
    json_t *header = json_object_get(attributes, "header"), *list = json_object_get(attributes, "list");
    json_t *code = json_object_get(attributes, "code-block");
    json_t *indent = json_object_get(attributes, "indent");
    sn_block block = {SN_PARAGRAPH, 0, "", 0};

    if (header != NULL && delta_level(header, 1, 6, &block.level)) {
        block.kind = SN_HEADING;
    } else if (json_is_string(list) && delta_level(indent, 0, SN_LIST_LEVELS - 1, &block.level)) {
        block.kind = strcmp(json_string_value(list), "ordered") == 0 ? SN_ORDERED : SN_BULLET;
    } else if (json_is_true(json_object_get(attributes, "blockquote"))) {
        block.kind = SN_QUOTE;
    } else if (json_is_true(code) || json_is_string(code)) {
        block.kind = SN_CODE;
        block.info = json_is_string(code) ? json_string_value(code) : "";
        block.info_len = json_string_length(code) <= SN_BLOCK_INFO ? json_string_length(code) : 0;
    }
    return block;
}

/* Whether a newline's attribute is told by its block, as it is. A list that is ticked
 * is one of bullets, and a mark says the rest. */
static bool delta_is_told(const char *name, json_t *value, const sn_block *block)
{
    const char *said = json_is_string(value) ? json_string_value(value) : "";

    switch (block->kind) {
    case SN_HEADING: return strcmp(name, "header") == 0;
    case SN_BULLET:
    case SN_ORDERED:
        if (strcmp(name, "list") == 0)
            return strcmp(said, block->kind == SN_ORDERED ? "ordered" : "bullet") == 0;
        return strcmp(name, "indent") == 0 && (block->level > 0 || json_is_null(value));
    case SN_QUOTE: return strcmp(name, "blockquote") == 0;
    case SN_CODE:
        return strcmp(name, "code-block") == 0 && (json_is_true(value) || block->info_len > 0);
    default: return false;
    }
}

/* Those names are the document's own: what they say, a Delta says in another way. */
static bool delta_is_own(const char *name, const sennit_value *value)
{
    return value->type == SENNIT_STRING && (strcmp(name, "block") == 0 || strcmp(name, "embed") == 0);
}

static sennit_status delta_mark(sn_draft *d, size_t from, json_t *attributes, const sn_block *block,
                                sennit_error *err)
{
    const char *name;
    json_t *json;

    json_object_foreach(attributes, name, json) {
        const size_t len = strlen(name);
        sennit_value value;

        if (delta_is_told(name, json, block))
            continue;
        SN_TRY(delta_read_value(json, &value, err));
        if (len == 0 || len > SENNIT_ATTR_NAME_MAX)
            return delta_bad(err, "an attribute with a name that is too long, or empty");
        if (value.type != SENNIT_NULL && !delta_is_own(name, &value))
            SN_TRY(sn_draft_mark_from(d, from, name, len, &value));
    }
    return SENNIT_OK;
}

static sennit_status delta_take_text(sn_draft *d, const char *text, size_t len, json_t *attributes,
                                     sennit_error *err)
{
    const sn_block line = delta_block(attributes), none = {SN_PARAGRAPH, 0, "", 0};

    for (size_t at = 0, n; at < len; at += n) {
        const char *newline = memchr(text + at, '\n', len - at);
        const size_t from = d->text.len;

        n = newline == text + at ? 1 : newline != NULL ? (size_t)(newline - text) - at : len - at;
        if (newline == text + at)
            SN_TRY(sn_draft_newline(d, &line));
        else
            SN_TRY(sn_draft_text(d, text + at, n));
        SN_TRY(delta_mark(d, from, attributes, newline == text + at ? &line : &none, err));
    }
    return SENNIT_OK;
}

/* {"image": "address"} is an embed "image:address", {"rule": true} is "rule". */
static sennit_status delta_take_object(sn_draft *d, json_t *object, json_t *attributes, sennit_error *err)
{
    const char *name = json_object_iter_key(json_object_iter(object));
    json_t *json = json_object_iter_value(json_object_iter(object));
    const sn_block none = {SN_PARAGRAPH, 0, "", 0};
    const size_t from = d->text.len;
    sennit_buf value;

    if (json_object_size(object) != 1 || (!json_is_string(json) && !json_is_true(json)) ||
        strlen(name) + json_string_length(json) + 1 > SENNIT_ATTR_VALUE_MAX)
        return delta_bad(err, "an embed that is none");
    sennit_buf_init(&value, NULL);
    sennit_status st = sn_buf_put(&value, name, strlen(name));
    if (st == SENNIT_OK && json_is_string(json))
        st = sn_buf_put(&value, ":", 1);
    if (st == SENNIT_OK && json_is_string(json))
        st = sn_buf_put(&value, json_string_value(json), json_string_length(json));
    if (st == SENNIT_OK)
        st = sn_draft_embed(d, (const char *)value.data, value.len);
    sennit_buf_clear(&value);
    return st == SENNIT_OK ? delta_mark(d, from, attributes, &none, err) : st;
}

static sennit_status delta_take(sn_draft *d, json_t *root, sennit_error *err)
{
    json_t *ops = json_is_object(root) ? json_object_get(root, "ops") : root, *op;
    size_t i;

    if (!json_is_array(ops))
        return delta_bad(err, "no list of inserts");
    json_array_foreach(ops, i, op) {
        json_t *insert = json_object_get(op, "insert"), *attributes = json_object_get(op, "attributes");

        if (attributes != NULL && !json_is_object(attributes))
            return delta_bad(err, "attributes that are none");
        if (json_is_string(insert))
            SN_TRY(delta_take_text(d, json_string_value(insert), json_string_length(insert), attributes, err));
        else if (json_is_object(insert))
            SN_TRY(delta_take_object(d, insert, attributes, err));
        else
            return delta_bad(err, "something else than an insert");
    }
    return SENNIT_OK;
}

sennit_status sennit_format_read_delta(sennit_doc *doc, const char *json, size_t len, sennit_error *err)
{
    json_error_t wrong;
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);
    sn_draft draft;

    if (root == NULL && json_error_code(&wrong) == json_error_out_of_memory)
        return sn_fail(err, SENNIT_ENOMEM, 0, "out of memory");
    if (root == NULL)
        return sn_fail(err, SENNIT_ECORRUPT, wrong.position > 0 ? (size_t)wrong.position : 0, "no JSON");
    sn_draft_start(&draft);
    sennit_status st = delta_take(&draft, root, err);
    json_decref(root);
    if (st == SENNIT_OK)
        st = sn_draft_become(&draft, doc);
    sn_draft_free(&draft);
    if (st != SENNIT_OK && st != SENNIT_ECORRUPT)
        sn_fail(err, st, 0, sennit_status_text(st));
    return st;
}
