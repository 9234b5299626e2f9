/* Recorded editing: what people did to a text, keystroke by keystroke. */
#include "trace.h"
#include "cli.h"
#include "gap.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

/* ------------------------------------------------------- Reading bytes -- */

/* gzread passes plain files through, so both kinds come in here. A file that
 * ends too early gives what there is of it and leaves an error code behind. */
static const char *trace_inflate(gzFile in, struct text *out)
{
    size_t cap = 0;
    int got, code;
    const char *why;

    do {
        if (cap - out->len < 65536) {
            cap = cap < 524288 ? 1048576 : cap * 2;
            out->data = cli_resize(out->data, cap, 1);
        }
        got = gzread(in, out->data + out->len, 65536);
        if (got > 0)
            out->len += (size_t)got;
    } while (got > 0);
    why = gzerror(in, &code);
    if (code == Z_ERRNO)
        return strerror(errno);
    return code == Z_OK || code == Z_STREAM_END ? NULL : why;
}

static int trace_read_bytes(const char *name, struct text *out)
{
    gzFile in = gzopen(name, "rbe");
    const char *why;

    if (in == NULL) {
        cli_error(name, "%s", strerror(errno));
        return CLI_IO;
    }
    why = trace_inflate(in, out);
    if (why != NULL)
        cli_error(name, "%s", why);
    gzclose(in);
    return why == NULL ? CLI_OK : CLI_IO;
}

/* ------------------------------------------------------------ Building -- */

/* Make room for one more; arrays hold powers of two. */
static void *trace_room(void *array, size_t n, size_t size)
{
    if (n != 0 && (n & (n - 1)) != 0)
        return array;
    return cli_resize(array, n == 0 ? 1 : n * 2, size);
}

static void trace_add_text(struct trace *trace, const char *text, size_t len)
{
    if (trace->text.data == NULL || len > trace->text_cap - trace->text.len) {
        trace->text_cap = trace->text_cap * 2 + len + 4096;
        trace->text.data = cli_resize(trace->text.data, trace->text_cap, 1);
    }
    if (len > 0) /* else text may be NULL */
        memcpy(trace->text.data + trace->text.len, text, len);
    trace->text.len += len;
}

static void trace_push(struct trace *trace, struct edit **to, size_t pos, size_t deleted,
                       const char *text, size_t len, uint64_t ms)
{
    *to = trace_room(*to, trace->n_edits, sizeof **to);
    trace->ms = trace_room(trace->ms, trace->n_edits, sizeof *trace->ms);
    (*to)[trace->n_edits] = (struct edit){
        .pos = (uint32_t)pos,
        .deleted = (uint32_t)deleted,
        .text = (uint32_t)trace->text.len,
        .len = (uint32_t)len,
    };
    trace->ms[trace->n_edits++] = ms;
    trace_add_text(trace, text, len);
}

void trace_add(struct trace *trace, size_t pos, size_t deleted, const char *text, size_t len,
               uint64_t ms)
{
    trace_push(trace, &trace->bytes, pos, deleted, text, len, ms);
}

void trace_free(struct trace *trace)
{
    free(trace->txns);
    free(trace->parents);
    free(trace->codepoints);
    free(trace->bytes);
    free(trace->ms);
    free(trace->text.data);
    free(trace->start.data);
    free(trace->end.data);
    *trace = (struct trace){ 0 };
}

/* ---------------------------------------------------------------- JSON -- */

/* "2021-04-19T06:06:58.219Z" or with "+02:00": Unix milliseconds. No time, or
 * one before 1970, is 0: time only orders concurrent edits. */
static uint64_t trace_time(const json_t *value)
{
    struct tm tm = { 0 };
    unsigned ms = 0, hours, minutes;
    int used = 0;
    const char *at = json_string_value(value);
    long long seconds;

    if (at == NULL || (at = strptime(at, "%Y-%m-%dT%H:%M:%S", &tm)) == NULL)
        return 0;
    seconds = timegm(&tm);
    if (sscanf(at, ".%3u%n", &ms, &used) == 1) {
        for (int digits = used; digits < 4; digits++)
            ms *= 10;
        at += used;
        at += strspn(at, "0123456789");
    }
    if ((*at == '+' || *at == '-') && sscanf(at + 1, "%2u:%2u", &hours, &minutes) == 2)
        seconds += (*at == '-' ? 1 : -1) * (long long)(hours * 3600 + minutes * 60);
    return seconds < 0 ? 0 : (uint64_t)seconds * 1000 + ms;
}

static bool trace_count(const json_t *value, uint64_t limit, uint32_t *out)
{
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || (uint64_t)number > limit)
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool trace_text(const json_t *value, struct text *out)
{
    if (value != NULL && !json_is_string(value))
        return false;
    out->len = json_string_length(value); /* 0 if there is none */
    out->data = cli_alloc(out->len + 1, 1);
    if (out->len > 0)
        memcpy(out->data, json_string_value(value), out->len);
    return true;
}

static bool trace_patch(struct trace *trace, const json_t *patch, uint64_t ms)
{
    const json_t *text = json_array_get(patch, 2);
    uint32_t pos, deleted;

    if (!trace_count(json_array_get(patch, 0), UINT32_MAX, &pos)
        || !trace_count(json_array_get(patch, 1), UINT32_MAX, &deleted) || !json_is_string(text))
        return false;
    if (trace->text.len + json_string_length(text) > UINT32_MAX)
        return false;
    trace_push(trace, &trace->codepoints, pos, deleted, json_string_value(text),
               json_string_length(text), ms);
    return true;
}

static bool trace_txn_parents(struct trace *trace, const json_t *json, struct txn *txn)
{
    const json_t *parents = json_object_get(json, "parents");
    const json_t *parent;
    size_t i;

    if (!json_is_array(parents)
        || !trace_count(json_object_get(json, "agent"), trace->agents - 1u, &txn->agent))
        return false;
    txn->parents = (uint32_t)trace->n_parents;
    json_array_foreach(parents, i, parent) {
        trace->parents = trace_room(trace->parents, trace->n_parents, sizeof *trace->parents);
        if (trace->n_txns == 0
            || !trace_count(parent, trace->n_txns - 1, &trace->parents[trace->n_parents]))
            return false;
        trace->n_parents++;
        txn->n_parents++;
    }
    return true;
}

static bool trace_txn(struct trace *trace, const json_t *json)
{
    const json_t *patches = json_object_get(json, "patches");
    const json_t *patch;
    struct txn txn = { .first = (uint32_t)trace->n_edits };
    uint64_t ms = trace_time(json_object_get(json, "time"));
    size_t i;

    if (!json_is_array(patches))
        return false;
    json_array_foreach(patches, i, patch)
        if (!trace_patch(trace, patch, ms))
            return false;
    txn.end = (uint32_t)trace->n_edits;
    if (trace->concurrent && !trace_txn_parents(trace, json, &txn))
        return false;
    trace->txns = trace_room(trace->txns, trace->n_txns, sizeof *trace->txns);
    trace->txns[trace->n_txns++] = txn;
    return true;
}

static int trace_bad(const struct trace *trace, const char *what)
{
    cli_error(trace->name, "is no editing trace: %s", what);
    return CLI_NO;
}

static int trace_head(struct trace *trace, const json_t *root)
{
    const char *kind = json_string_value(json_object_get(root, "kind"));

    trace->agents = 1;
    trace->concurrent = kind != NULL && strcmp(kind, "concurrent") == 0;
    if (trace->concurrent
        && (!trace_count(json_object_get(root, "numAgents"), 65535, &trace->agents)
            || trace->agents == 0))
        return trace_bad(trace, "numAgents");
    if (!trace_text(json_object_get(root, "startContent"), &trace->start))
        return trace_bad(trace, "startContent");
    if (!json_is_string(json_object_get(root, "endContent"))
        || !trace_text(json_object_get(root, "endContent"), &trace->end))
        return trace_bad(trace, "endContent");
    return CLI_OK;
}

static int trace_parse(struct trace *trace, const json_t *root)
{
    const json_t *txns = json_object_get(root, "txns");
    const json_t *txn;
    char where[64];
    size_t i;
    int code = trace_head(trace, root);

    if (code != CLI_OK)
        return code;
    if (!json_is_array(txns))
        return trace_bad(trace, "txns");
    json_array_foreach(txns, i, txn) {
        if (!trace_txn(trace, txn)) {
            snprintf(where, sizeof where, "transaction %zu", i);
            return trace_bad(trace, where);
        }
    }
    return CLI_OK;
}

int trace_read(struct trace *trace, const char *name)
{
    struct text bytes = { NULL, 0 };
    json_error_t err;
    int code;

    *trace = (struct trace){ .name = name };
    code = trace_read_bytes(name, &bytes);
    if (code == CLI_OK) {
        json_t *root = json_loadb(bytes.data, bytes.len, JSON_ALLOW_NUL, &err);

        free(bytes.data);
        bytes.data = NULL;
        code = root == NULL ? trace_bad(trace, err.text) : trace_parse(trace, root);
        json_decref(root);
    }
    free(bytes.data);
    if (code == CLI_OK && !trace->concurrent)
        code = trace_set_bytes(trace);
    return code;
}

/* ----------------------------------------------------------- Positions -- */

/* A place in the text, in both units. Edits are mostly near each other, so
 * walking there from the last one is short. */
struct place {
    size_t codepoints;
    size_t bytes;
};

static bool place_inside(const struct gap *gap, size_t bytes)
{
    return bytes < gap_len(gap) && ((unsigned char)gap_at(gap, bytes) & 0xc0) == 0x80;
}

static bool place_forward(struct place *place, const struct gap *gap)
{
    if (place->bytes == gap_len(gap))
        return false;
    do
        place->bytes++;
    while (place_inside(gap, place->bytes));
    place->codepoints++;
    return true;
}

static void place_back(struct place *place, const struct gap *gap)
{
    do
        place->bytes--;
    while (place_inside(gap, place->bytes));
    place->codepoints--;
}

/* Go to a position in one of the units; false if there is none. */
static bool place_go(struct place *place, const struct gap *gap, const size_t *counter, size_t to)
{
    while (*counter > to)
        place_back(place, gap);
    while (*counter < to)
        if (!place_forward(place, gap))
            return false;
    return *counter == to; /* else inside a character */
}

/* Turn one edit's position from one unit into the other. */
static bool place_edit(struct place *place, const struct gap *gap, const struct edit *from,
                       struct edit *to, bool to_bytes)
{
    const size_t *counter = to_bytes ? &place->codepoints : &place->bytes;
    const size_t *result = to_bytes ? &place->bytes : &place->codepoints;
    struct place end;

    if (!place_go(place, gap, counter, from->pos))
        return false;
    end = *place;
    if (!place_go(&end, gap, to_bytes ? &end.codepoints : &end.bytes,
                  (size_t)from->pos + from->deleted))
        return false;
    *to = *from;
    to->pos = (uint32_t)*result;
    to->deleted = (uint32_t)((to_bytes ? end.bytes : end.codepoints) - *result);
    return true;
}

static int trace_convert(struct trace *trace, const struct edit *from, struct edit *to,
                         bool to_bytes)
{
    struct place place = { 0, 0 };
    struct gap gap;
    int code = CLI_OK;

    gap_init(&gap, trace->start.data, trace->start.len);
    for (size_t i = 0; i < trace->n_edits && code == CLI_OK; i++) {
        if (!place_edit(&place, &gap, &from[i], &to[i], to_bytes)) {
            cli_error(trace->name, "edit %zu is past the end of the text", i);
            code = CLI_NO;
        } else {
            const struct edit *bytes = to_bytes ? &to[i] : &from[i];
            gap_splice(&gap, bytes->pos, bytes->deleted, trace->text.data + bytes->text,
                       bytes->len);
        }
    }
    if (code == CLI_OK && !gap_is(&gap, trace->end.data, trace->end.len)) {
        cli_error(trace->name, "its edits do not end with its endContent");
        code = CLI_NO;
    }
    gap_free(&gap);
    return code;
}

int trace_set_bytes(struct trace *trace)
{
    trace->bytes = cli_alloc(trace->n_edits, sizeof *trace->bytes);
    return trace_convert(trace, trace->codepoints, trace->bytes, true);
}

int trace_set_codepoints(struct trace *trace)
{
    trace->codepoints = cli_alloc(trace->n_edits, sizeof *trace->codepoints);
    return trace_convert(trace, trace->bytes, trace->codepoints, false);
}

/* ------------------------------------------------------------- Folders -- */

static int trace_is_file(const struct dirent *entry)
{
    const char *dot = strstr(entry->d_name, ".json");

    return dot != NULL && (strcmp(dot, ".json") == 0 || strcmp(dot, ".json.gz") == 0);
}

static int trace_folder(const char *folder, int (*each)(const char *name, void *arg), void *arg)
{
    struct dirent **entries;
    char *prefix = cli_join(folder, "/");
    int n = scandir(folder, &entries, trace_is_file, alphasort);
    int code = CLI_OK;

    if (n < 0)
        cli_error(folder, "%s", strerror(errno));
    if (n == 0)
        cli_error(folder, "has no traces (*.json.gz) in it");
    for (int i = 0; i < n; i++) {
        char *path = cli_join(prefix, entries[i]->d_name);

        code = cli_worse(code, each(path, arg));
        free(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    free(prefix);
    return n > 0 ? code : CLI_IO;
}

int trace_each(char **words, int n, int (*each)(const char *name, void *arg), void *arg)
{
    struct stat st;
    int code = CLI_OK;

    for (int i = 0; i < n; i++) {
        bool folder = stat(words[i], &st) == 0 && S_ISDIR(st.st_mode);

        code = cli_worse(code, folder ? trace_folder(words[i], each, arg) : each(words[i], arg));
    }
    return code;
}
