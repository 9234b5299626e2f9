#include "format/draft.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "core/doc/doc.h"

/* ---- making one ---- */

void sn_draft_start(sn_draft *d)
{
    *d = (sn_draft){.marks = NULL};
    sn_mem_init(&d->mem, NULL);
    sennit_buf_init(&d->text, NULL);
    sennit_buf_init(&d->strings, NULL);
}

void sn_draft_free(sn_draft *d)
{
    sennit_buf_clear(&d->text);
    sennit_buf_clear(&d->strings);
    sn_mem_free(&d->mem, d->marks, d->marks_cap * sizeof *d->marks);
}

sennit_status sn_draft_text(sn_draft *d, const char *text, size_t len)
{
    return sn_buf_put(&d->text, text, len);
}

static sennit_status draft_string(sn_draft *d, const void *data, size_t len, size_t *at)
{
    *at = d->strings.len;
    return sn_buf_put(&d->strings, data, len);
}

sennit_status sn_draft_mark_from(sn_draft *d, size_t from, const char *name, size_t name_len,
                                 const sennit_value *value)
{
    sn_draft_mark mark = {.from = from, .to = d->text.len, .name_len = name_len};

    if (value == NULL || from == d->text.len)
        return SENNIT_OK;
    mark.value = *value;
    SN_TRY(draft_string(d, name, name_len, &mark.name));
    if (value->type == SENNIT_STRING || value->type == SENNIT_DATA)
        SN_TRY(draft_string(d, value->data, value->len, &mark.data));
    SN_TRY(sn_mem_grow(&d->mem, (void **)&d->marks, &d->marks_cap, d->marks_len + 1, sizeof *d->marks));
    d->marks[d->marks_len++] = mark;
    return SENNIT_OK;
}

sennit_status sn_draft_flag_from(sn_draft *d, size_t from, const char *name)
{
    const sennit_value yes = {.type = SENNIT_BOOL, .integer = 1};

    return sn_draft_mark_from(d, from, name, strlen(name), &yes);
}

sennit_status sn_draft_string_from(sn_draft *d, size_t from, const char *name, const char *text,
                                   size_t len)
{
    const sennit_value value = {.type = SENNIT_STRING, .data = text, .len = len};

    return sn_draft_mark_from(d, from, name, strlen(name), &value);
}

sennit_status sn_draft_newline(sn_draft *d, const sn_block *block)
{
    const size_t from = d->text.len;
    char value[SN_BLOCK_MAX];

    SN_TRY(sn_draft_text(d, "\n", 1));
    if (block->kind == SN_PARAGRAPH)
        return SENNIT_OK;
    return sn_draft_string_from(d, from, "block", value, sn_block_write(block, value));
}

sennit_status sn_draft_embed(sn_draft *d, const char *value, size_t len)
{
    const size_t from = d->text.len;

    SN_TRY(sn_draft_text(d, "\xef\xbf\xbc", 3));
    return sn_draft_string_from(d, from, "embed", value, len);
}

/* ---- marks, as they are and as they are to be ---- */

/* A mark with pointers, for the strings do not move any more. */
typedef struct interval {
    const char *name;
    size_t name_len;
    sennit_value value;
    size_t from, to;
    size_t order;
} interval;

typedef struct intervals {
    interval *at;
    size_t len, cap;
} intervals;

static int interval_name_order(const interval *a, const interval *b)
{
    int order = memcmp(a->name, b->name, (size_t)sn_min_u64(a->name_len, b->name_len));

    return order != 0 ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static int interval_order(const void *x, const void *y)
{
    const interval *a = x, *b = y;
    int order = interval_name_order(a, b);

    if (order == 0)
        order = (a->from > b->from) - (a->from < b->from);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static bool value_same(const sennit_value *a, const sennit_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case SENNIT_NULL: return true;
    case SENNIT_BOOL:
    case SENNIT_INT: return a->integer == b->integer;
    case SENNIT_DOUBLE: return memcmp(&a->number, &b->number, sizeof a->number) == 0;
    default: return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
    }
}

static sennit_status intervals_add(sn_mem *mem, intervals *list, const interval *one)
{
    SN_TRY(sn_mem_grow(mem, (void **)&list->at, &list->cap, list->len + 1, sizeof *list->at));
    list->at[list->len] = *one;
    list->at[list->len].order = list->len;
    list->len++;
    return SENNIT_OK;
}

/* Sort; what is side by side, or one in the other, and has one value becomes one. No
 * format gives one place two values of a name. */
static void intervals_settle(intervals *list)
{
    size_t n = 0;

    if (list->len > 0)
        qsort(list->at, list->len, sizeof *list->at, interval_order);
    for (size_t i = 0; i < list->len; i++) {
        interval *one = &list->at[i], *last = n > 0 ? &list->at[n - 1] : NULL;

        if (last != NULL && interval_name_order(last, one) == 0 && one->from <= last->to &&
            value_same(&last->value, &one->value))
            last->to = one->to > last->to ? one->to : last->to;
        else
            list->at[n++] = *one;
    }
    list->len = n;
}

/* The marks of a draft. */
static sennit_status draft_intervals(sn_draft *d, intervals *out)
{
    for (size_t i = 0; i < d->marks_len; i++) {
        const sn_draft_mark *m = &d->marks[i];
        interval one = {.name = (const char *)d->strings.data + m->name, .name_len = m->name_len,
                        .value = m->value, .from = m->from, .to = m->to};

        if (m->value.type == SENNIT_STRING || m->value.type == SENNIT_DATA)
            one.value.data = d->strings.data != NULL ? d->strings.data + m->data : NULL;
        SN_TRY(intervals_add(&d->mem, out, &one));
    }
    intervals_settle(out);
    return SENNIT_OK;
}

/* Read the marks of a document. */
static sennit_status draft_read(sn_draft *d, sennit_doc *doc)
{
    sennit_runs *runs;
    sennit_run run;
    sennit_status st = sennit_mark_runs(doc, 0, sennit_doc_len(doc), &runs);
    int more = 1;

    if (st != SENNIT_OK)
        return st;
    while (st == SENNIT_OK && (more = sennit_runs_next(runs, &run)) == 1) {
        size_t from = d->text.len, end = 0;

        st = sennit_doc_convert(doc, doc->unit, run.pos + run.len, SENNIT_BYTES, &end);
        d->text.len = end; /* places count, text does not */
        for (size_t i = 0; i < run.marks_len && st == SENNIT_OK; i++)
            st = sn_draft_mark_from(d, from, run.marks[i].name, run.marks[i].name_len,
                                    &run.marks[i].value);
    }
    d->text.len = 0;
    sennit_runs_free(runs);
    return st != SENNIT_OK ? st : more < 0 ? (sennit_status)more : SENNIT_OK;
}

static unsigned draft_grows(const interval *one)
{
    static const char *const fixed[] = {"link", "block", "embed"};
    static const char comment[] = "comment";

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (one->name_len == strlen(fixed[i]) && memcmp(one->name, fixed[i], one->name_len) == 0)
            return 0;
    return one->name_len >= 7 && memcmp(one->name, comment, 7) == 0 ? 0 : SENNIT_MARK_GROWS;
}

static sennit_status draft_set(sennit_doc *doc, const interval *one, bool on)
{
    size_t from, to;

    SN_TRY(sennit_doc_convert(doc, SENNIT_BYTES, one->from, doc->unit, &from));
    SN_TRY(sennit_doc_convert(doc, SENNIT_BYTES, one->to, doc->unit, &to));
    return sennit_mark_add(doc, from, to - from, one->name, one->name_len, on ? &one->value : NULL,
                           draft_grows(one));
}

/* ---- becoming one ---- */

static int interval_compare(const interval *a, const interval *b)
{
    int order = interval_name_order(a, b);

    return order != 0 ? order : (a->from > b->from) - (a->from < b->from);
}

/* Those that are in `a` and not in `b` exactly. */
static sennit_status draft_differences(sennit_doc *doc, const intervals *a, const intervals *b, bool on)
{
    size_t k = 0;

    for (size_t i = 0; i < a->len; i++) {
        const interval *one = &a->at[i];

        while (k < b->len && interval_compare(&b->at[k], one) < 0)
            k++;
        if (k < b->len && interval_compare(&b->at[k], one) == 0 && b->at[k].to == one->to &&
            value_same(&b->at[k].value, &one->value))
            continue;
        SN_TRY(draft_set(doc, one, on));
    }
    return SENNIT_OK;
}

static sennit_status draft_marks(sn_draft *d, sennit_doc *doc)
{
    intervals have = {NULL, 0, 0}, want = {NULL, 0, 0};
    sn_draft now;

    sn_draft_start(&now);
    sennit_status st = draft_read(&now, doc);
    if (st == SENNIT_OK)
        st = draft_intervals(&now, &have);
    if (st == SENNIT_OK)
        st = draft_intervals(d, &want);
    if (st == SENNIT_OK)
        st = draft_differences(doc, &have, &want, false);
    if (st == SENNIT_OK)
        st = draft_differences(doc, &want, &have, true);
    sn_mem_free(&now.mem, have.at, have.cap * sizeof *have.at);
    sn_mem_free(&d->mem, want.at, want.cap * sizeof *want.at);
    sn_draft_free(&now);
    return st;
}

sennit_status sn_draft_become(sn_draft *d, sennit_doc *doc)
{
    SN_TRY(sennit_doc_begin(doc));
    sennit_status st = sennit_doc_replace(doc, 0, sennit_doc_len(doc), (const char *)d->text.data,
                                          d->text.len);
    if (st == SENNIT_OK)
        st = draft_marks(d, doc);
    sennit_status closed = st == SENNIT_OK ? sennit_doc_commit(doc) : sennit_doc_abort(doc);
    return st == SENNIT_OK ? closed : st;
}
