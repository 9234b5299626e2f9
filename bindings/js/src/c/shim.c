/* What JavaScript calls where the library's own functions do not fit: numbers
 * are doubles or 32 bits, structs come back word by word in `out`, bytes as
 * pointer and length in its first two words.
 *
 * u64 values take two words, the lower first. A module instance belongs to one
 * thread, so static memory is as good as a context.
 */
#include "sennit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#ifdef JS_LEAN /* without what a provider and an editor can do without */
#define EXTRA(name) __attribute__((unused))
#define TABLE(table) ((void)(table), (sennit_table *)NULL)
#define SAVE_FLAGS(flags) ((flags) & SENNIT_SAVE_IDENTITY)
#else
#define EXTRA(name) EXPORT(name)
#define TABLE(table) (table)
#define SAVE_FLAGS(flags) (flags)
#endif
#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))

/* Fill len bytes with randomness; 0 if that was done. */
IMPORT("random") int host_random(void *out, size_t len);

/* Ask about a change that is in out[0 .. 9], of these kinds; a status. */
IMPORT("admit") int host_admit(unsigned kinds);

static uint32_t out[32];
static sennit_buf bytes;
static sennit_error failure;

EXPORT(js_out) uint32_t *js_out(void)
{
    return out;
}

static void put_u64(unsigned at, uint64_t value)
{
    out[at] = (uint32_t)value;
    out[at + 1] = (uint32_t)(value >> 32);
}

static uint64_t u64(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

/* A status; where and why it failed in out. */
static int done(sennit_status status)
{
    out[0] = (uint32_t)failure.pos;
    out[1] = (uint32_t)(uintptr_t)(failure.what != NULL ? failure.what : sennit_status_text(status));
    failure = (sennit_error){SENNIT_OK, 0, NULL};
    return status;
}

/* The same, or the bytes gathered. */
static int done_bytes(sennit_status status)
{
    if (status != SENNIT_OK)
        return done(status);
    out[0] = (uint32_t)(uintptr_t)bytes.data;
    out[1] = (uint32_t)bytes.len;
    return status;
}

static sennit_buf *empty(void)
{
    if (bytes.data == NULL)
        sennit_buf_init(&bytes, NULL);
    bytes.len = 0;
    return &bytes;
}

/* Append to the bytes gathered. */
static sennit_status gather(const void *data, size_t len)
{
    if (len > bytes.cap - bytes.len) {
        void *moved = realloc(bytes.data, bytes.len + len);

        if (moved == NULL)
            return SENNIT_ENOMEM;
        bytes.data = moved;
        bytes.cap = bytes.len + len;
    }
    if (len > 0)
        memcpy(bytes.data + bytes.len, data, len);
    bytes.len += len;
    return SENNIT_OK;
}

/* Memory for what goes in; the bytes gathered are let go of if they are many. */
EXPORT(js_alloc) void *js_alloc(void *block, size_t size)
{
    if (bytes.cap > 65536)
        sennit_buf_clear(&bytes);
    return realloc(block, size);
}

EXPORT(js_free) void js_free(void *block)
{
    free(block);
}

/* ---- Documents ---- */

static int shim_random(void *self, void *to, size_t len)
{
    (void)self;
    return host_random(to, len);
}

static sennit_options options;

EXPORT(js_options) void js_options(uint32_t replica_low, uint32_t replica_high, double coalesce_ms,
                       double text_bytes, double replicas, double parked_bytes, double patches)
{
    options = (sennit_options){
        .size = sizeof options,
        .random = shim_random,
        .replica = u64(replica_low, replica_high),
        .unit = SENNIT_UTF16,
        .coalesce_ms = (uint64_t)coalesce_ms,
        .limits = {(uint64_t)text_bytes, (uint64_t)replicas, (uint64_t)parked_bytes,
                   (uint64_t)patches},
    };
}

/* A status; the document in out[2]. */
static int made(sennit_status status, const sennit_doc *doc)
{
    out[2] = (uint32_t)(uintptr_t)doc;
    return done(status);
}

EXPORT(js_new) int js_new(void)
{
    sennit_doc *doc;

    return made(sennit_doc_new(&options, &doc), doc);
}

EXTRA(js_seed) int js_seed(const char *name, size_t name_len, const char *text, size_t len)
{
    sennit_doc *doc;
    sennit_status status = sennit_doc_seed(&options, name, name_len, text, len, &doc);

    return made(status, doc);
}

EXPORT(js_load) int js_load(const void *data, size_t len)
{
    sennit_doc *doc;
    sennit_status status = sennit_doc_load(&options, data, len, &doc, &failure);

    return made(status, doc);
}

EXTRA(js_fork) int js_fork(sennit_doc *from)
{
    sennit_doc *doc;
    sennit_status status = sennit_doc_fork(from, NULL, &doc);

    return made(status, doc);
}

EXPORT(js_save) int js_save(sennit_doc *doc, unsigned flags)
{
    return done_bytes(sennit_doc_save(doc, SAVE_FLAGS(flags), empty()));
}

EXPORT(js_replica) void js_replica(const sennit_doc *doc)
{
    put_u64(0, sennit_doc_replica(doc));
}

EXPORT(js_lineage) void js_lineage(const sennit_doc *doc)
{
    sennit_doc_lineage(doc, (uint8_t *)out);
}

EXPORT(js_own_count) double js_own_count(const sennit_doc *doc)
{
    return (double)sennit_doc_own_count(doc);
}

EXPORT(js_known) double js_known(const sennit_doc *doc, uint32_t low, uint32_t high)
{
    return (double)sennit_doc_known(doc, u64(low, high));
}

typedef sennit_status digester(const sennit_doc *doc, uint64_t replica, const uint64_t *counts, size_t n,
                               uint64_t *digests);

static int digest_by(digester *digests, const sennit_doc *doc, uint64_t replica, double count)
{
    const uint64_t n = (uint64_t)count;
    uint64_t digest = 0;
    sennit_status status = digests(doc, replica, &n, 1, &digest);

    done(status);
    put_u64(2, digest);
    return status;
}

EXPORT(js_digest) int js_digest(const sennit_doc *doc, uint32_t low, uint32_t high, double count)
{
    return digest_by(sennit_doc_digest, doc, u64(low, high), count);
}

EXPORT(js_digest_shape) int js_digest_shape(const sennit_doc *doc, uint32_t low, uint32_t high, double count)
{
    return digest_by(sennit_doc_digest_shapes, doc, u64(low, high), count);
}

EXPORT(js_set_clock_offset) void js_set_clock_offset(sennit_doc *doc, double ms)
{
    sennit_doc_set_clock_offset(doc, (int64_t)ms);
}

EXPORT(js_adopt) int js_adopt(sennit_doc *doc, const uint8_t *lineage)
{
    return done(sennit_doc_adopt(doc, lineage));
}

/* ---- Editing: the time comes along ---- */

EXPORT(js_splice) int js_splice(sennit_doc *doc, double now, size_t pos, size_t n, const char *text, size_t len)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    if (n == 0)
        return sennit_doc_insert(doc, pos, text, len);
    if (len == 0)
        return sennit_doc_delete(doc, pos, n);
    return sennit_doc_splice(doc, pos, n, text, len);
}

EXTRA(js_replace) int js_replace(sennit_doc *doc, double now, size_t pos, size_t n, const char *text, size_t len)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return sennit_doc_replace(doc, pos, n, text, len);
}

/* ---- Reading ---- */

EXPORT(js_read) int js_read(const sennit_doc *doc, size_t pos, size_t n)
{
    return done_bytes(sennit_doc_read(doc, pos, n, empty()));
}

EXTRA(js_chunk) int js_chunk(const sennit_doc *doc, size_t pos)
{
    sennit_chunk chunk;
    sennit_status status = sennit_doc_chunk(doc, pos, &chunk);

    if (status != SENNIT_OK)
        return done(status);
    out[0] = (uint32_t)(uintptr_t)chunk.text;
    out[1] = (uint32_t)chunk.len;
    put_u64(2, chunk.replica);
    put_u64(4, chunk.unix_ms);
    return status;
}

EXTRA(js_convert) int js_convert(const sennit_doc *doc, sennit_unit from, size_t pos, sennit_unit to)
{
    size_t at = 0;
    sennit_status status = sennit_doc_convert(doc, from, pos, to, &at);

    done(status);
    out[2] = (uint32_t)at;
    return status;
}

EXTRA(js_line_column) int js_line_column(const sennit_doc *doc, size_t pos)
{
    size_t line = 0, column = 0;
    sennit_status status = sennit_doc_line_column(doc, pos, &line, &column);

    done(status);
    out[2] = (uint32_t)line;
    out[3] = (uint32_t)column;
    return status;
}

EXTRA(js_at_line) int js_at_line(const sennit_doc *doc, size_t line, size_t column)
{
    size_t pos = 0;
    sennit_status status = sennit_doc_at_line(doc, line, column, &pos);

    done(status);
    out[2] = (uint32_t)pos;
    return status;
}

/* ---- Versions and deltas ---- */

EXPORT(js_version) int js_version(const sennit_doc *doc)
{
    return done_bytes(sennit_doc_version(doc, empty()));
}

EXPORT(js_compare) int js_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
    sennit_order order = SENNIT_EQUAL;
    sennit_status status = sennit_version_compare(a, a_len, b, b_len, &order);

    done(status);
    out[2] = order;
    return status;
}

EXTRA(js_meet) int js_meet(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return done_bytes(sennit_version_meet(a, a_len, b, b_len, empty()));
}

/* Continues at `at`; what follows it in out[4]. */
EXPORT(js_version_next) int js_version_next(const void *version, size_t len, size_t at)
{
    uint64_t replica = 0, count = 0;
    int more = sennit_version_next(version, len, &at, &replica, &count);

    if (more < 0)
        return done((sennit_status)more);
    put_u64(0, replica);
    put_u64(2, count);
    out[4] = (uint32_t)at;
    return more;
}

EXTRA(js_table_new) int js_table_new(void)
{
    sennit_table *table;
    sennit_status status = sennit_table_new(NULL, &table);

    done(status);
    out[2] = (uint32_t)(uintptr_t)table;
    return status;
}

EXTRA(js_delta) int js_delta(sennit_doc *doc, const void *since, size_t len, sennit_table *table)
{
    return done_bytes(sennit_doc_delta(doc, since, len, table, empty(), &failure));
}

EXPORT(js_own_delta) int js_own_delta(sennit_doc *doc, double from, sennit_table *table)
{
    return done_bytes(sennit_doc_own_delta(doc, (uint64_t)from, TABLE(table), empty()));
}

/* The version of whoever takes the part follows it; how long the part is, in out[2]. */
EXPORT(js_delta_part) int js_delta_part(sennit_doc *doc, const void *since, size_t len, unsigned whose,
                                        size_t most)
{
    sennit_buf then;
    sennit_status status;

    sennit_buf_init(&then, NULL);
    status = sennit_doc_delta_part(doc, since, len, whose, most, empty(), &then);
    out[2] = (uint32_t)bytes.len;
    if (status == SENNIT_OK)
        status = gather(then.data, then.len);
    sennit_buf_clear(&then);
    return done_bytes(status);
}

static void put_change(const sennit_change *change)
{
    put_u64(0, change->replica);
    put_u64(2, change->unix_ms);
    put_u64(4, change->first);
    put_u64(6, change->operations);
    put_u64(8, change->inserted_bytes);
}

static sennit_status shim_admit(void *self, const sennit_change *change, unsigned kinds)
{
    (void)self;
    put_change(change);
    return (sennit_status)host_admit(kinds);
}

EXPORT(js_apply) int js_apply(sennit_doc *doc, const void *delta, size_t len, sennit_table *table, int ask)
{
    const sennit_admission admission = {shim_admit, NULL};
    sennit_applied applied;
    sennit_status status =
        sennit_doc_admit(doc, delta, len, TABLE(table), ask ? &admission : NULL, &applied, &failure);

    if (status != SENNIT_OK)
        return done(status);
    put_u64(0, applied.applied);
    put_u64(2, applied.known);
    put_u64(4, applied.parked);
    put_u64(6, applied.dropped);
    return status;
}

EXPORT(js_next_missing) int js_next_missing(const sennit_doc *doc, size_t at)
{
    uint64_t replica = 0, after = 0;
    int more = sennit_doc_next_missing(doc, &at, &replica, &after);

    put_u64(0, replica);
    put_u64(2, after);
    out[4] = (uint32_t)at;
    return more;
}

EXTRA(js_inspect) int js_inspect(const void *delta, size_t len, const sennit_table *table)
{
    sennit_delta_info info;
    sennit_status status = sennit_delta_inspect(delta, len, table, &info, &failure);

    if (status != SENNIT_OK)
        return done(status);
    put_u64(0, info.operations);
    put_u64(2, info.changes);
    put_u64(4, info.inserted_bytes);
    for (unsigned i = 0; i < sizeof info.lineage; i++)
        ((uint8_t *)(out + 6))[i] = info.lineage[i];
    return status;
}

EXPORT(js_next_change) int js_next_change(const sennit_doc *doc, size_t at)
{
    sennit_change change = {0};
    int more = sennit_doc_next_change(doc, &at, &change);

    put_change(&change);
    out[10] = (uint32_t)at;
    return more;
}

/* ---- Patches and anchors ---- */

static void put_patch(const sennit_patch *patch)
{
    out[0] = (uint32_t)(uintptr_t)patch->text;
    out[1] = (uint32_t)patch->len;
    out[2] = (uint32_t)patch->pos;
    out[3] = (uint32_t)patch->removed;
    out[4] = (uint32_t)patch->inserted;
    out[5] = patch->local != 0;
    out[6] = patch->reset != 0;
    put_u64(7, patch->replica);
}

EXPORT(js_next_patch) int js_next_patch(sennit_doc *doc)
{
    sennit_patch patch;

    return sennit_doc_next_patch(doc, &patch) ? (put_patch(&patch), 1) : 0;
}

EXPORT(js_anchor) int js_anchor(const sennit_doc *doc, size_t pos, unsigned side)
{
    sennit_anchor anchor;
    sennit_status status = sennit_doc_anchor(doc, pos, side, &anchor);

    if (status == SENNIT_OK)
        status = sennit_anchor_encode(&anchor, empty());
    return done_bytes(status);
}

EXPORT(js_resolve) int js_resolve(const sennit_doc *doc, const void *data, size_t len)
{
    sennit_anchor anchor;
    size_t used, pos = 0;
    sennit_status status = sennit_anchor_decode(data, len, &anchor, &used);

    if (status == SENNIT_OK)
        status = used == len ? sennit_doc_resolve(doc, &anchor, &pos) : SENNIT_ECORRUPT;
    done(status);
    out[2] = (uint32_t)pos;
    return status;
}

/* ---- Own operations issued anew ---- */

EXPORT(js_restamp) int js_restamp(sennit_doc *doc, double unix_ms)
{
    return done(sennit_doc_restamp(doc, (uint64_t)unix_ms));
}

static int put_rebased(sennit_status status, const sennit_rebased *rebased)
{
    if (status != SENNIT_OK)
        return done(status);
    put_u64(0, rebased->old);
    put_u64(2, rebased->renewed);
    put_u64(4, rebased->from);
    put_u64(6, rebased->from_byte);
    put_u64(8, rebased->operations);
    put_u64(10, rebased->bytes);
    return status;
}

EXPORT(js_rebase) int js_rebase(sennit_doc *doc, double now, double from)
{
    sennit_rebased rebased;

    sennit_doc_set_time(doc, (uint64_t)now);
    return put_rebased(sennit_doc_rebase(doc, (uint64_t)from, &rebased), &rebased);
}

EXPORT(js_retype) int js_retype(sennit_doc *doc, double now, double from)
{
    sennit_rebased rebased;

    sennit_doc_set_time(doc, (uint64_t)now);
    return put_rebased(sennit_doc_retype(doc, (uint64_t)from, &rebased), &rebased);
}

EXPORT(js_void) int js_void(sennit_doc *doc, double now, uint32_t low, uint32_t high, double from,
                            uint32_t renewed_low, uint32_t renewed_high, double accepted)
{
    sennit_rebased rebased;

    sennit_doc_set_time(doc, (uint64_t)now);
    return put_rebased(sennit_doc_void(doc, u64(low, high), (uint64_t)from,
                                       u64(renewed_low, renewed_high), (uint64_t)accepted, &rebased),
                       &rebased);
}

EXPORT(js_anchor_rebase) int js_anchor_rebase(const void *data, size_t len, uint32_t old_low,
                                              uint32_t old_high, uint32_t low, uint32_t high,
                                              double from_byte, double n)
{
    const sennit_rebased rebased = {.old = u64(old_low, old_high), .renewed = u64(low, high),
                                    .from_byte = (uint64_t)from_byte, .bytes = (uint64_t)n};
    sennit_anchor anchor;
    size_t used;
    sennit_status status = sennit_anchor_decode(data, len, &anchor, &used);

    if (status == SENNIT_OK && used != len)
        status = SENNIT_ECORRUPT;
    if (status == SENNIT_OK) {
        sennit_anchor_rebase(&rebased, &anchor);
        status = sennit_anchor_encode(&anchor, empty());
    }
    return done_bytes(status);
}

/* ---- Compaction ---- */

EXTRA(js_compact) int js_compact(sennit_doc *doc, const void *cut, size_t len)
{
    return done(sennit_doc_compact(doc, cut, len, &failure));
}

EXTRA(js_cut) int js_cut(const sennit_doc *doc)
{
    return done_bytes(sennit_doc_cut(doc, empty()));
}

/* ---- Redaction ---- */

EXTRA(js_redact) int js_redact(sennit_doc *doc, double now, const void *version, size_t len, size_t pos,
                               size_t n)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_doc_redact(doc, version, len, pos, n, &failure));
}

EXTRA(js_redact_all) int js_redact_all(sennit_doc *doc, double now, uint32_t low, uint32_t high)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_doc_redact_all(doc, u64(low, high), &failure));
}

/* ---- Undo ---- */

/* A status; what keeps the steps in out[2]. */
static int kept(sennit_status status, const sennit_undo *undo)
{
    out[2] = (uint32_t)(uintptr_t)undo;
    return done(status);
}

static sennit_undo_options undo_options(double pause_ms, size_t depth)
{
    return (sennit_undo_options){sizeof(sennit_undo_options), (uint64_t)pause_ms, depth};
}

EXPORT(js_undo_new) int js_undo_new(sennit_doc *doc, double pause_ms, size_t depth)
{
    const sennit_undo_options options = undo_options(pause_ms, depth);
    sennit_undo *undo;
    sennit_status status = sennit_undo_new(doc, &options, &undo);

    return kept(status, undo);
}

EXPORT(js_undo_load) int js_undo_load(sennit_doc *doc, double pause_ms, size_t depth, const void *data,
                                      size_t len)
{
    const sennit_undo_options options = undo_options(pause_ms, depth);
    sennit_undo *undo;
    sennit_status status = sennit_undo_load(doc, &options, data, len, &undo, &failure);

    return kept(status, undo);
}

EXPORT(js_undo_save) int js_undo_save(sennit_undo *undo)
{
    return done_bytes(sennit_undo_save(undo, empty()));
}

EXTRA(js_undo_break) int js_undo_break(sennit_undo *undo)
{
    return done(sennit_undo_break(undo));
}

EXTRA(js_undo_track) int js_undo_track(sennit_undo *undo, int on)
{
    return done(sennit_undo_track(undo, on));
}

EXPORT(js_undo_undo) int js_undo_undo(sennit_doc *doc, sennit_undo *undo, double now)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_undo_undo(undo));
}

EXPORT(js_undo_redo) int js_undo_redo(sennit_doc *doc, sennit_undo *undo, double now)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_undo_redo(undo));
}

/* n anchors, one behind the other. */
EXPORT(js_undo_select) int js_undo_select(sennit_undo *undo, const uint8_t *data, size_t len, size_t n)
{
    sennit_anchor *anchors = n > 0 ? realloc(NULL, n * sizeof *anchors) : NULL;
    sennit_status status = anchors == NULL && n > 0 ? SENNIT_ENOMEM : SENNIT_OK;
    size_t used = 0;

    for (size_t i = 0; i < n && status == SENNIT_OK; i++, data += used, len -= used)
        status = sennit_anchor_decode(data, len, &anchors[i], &used);
    if (status == SENNIT_OK)
        status = sennit_undo_select(undo, anchors, n);
    free(anchors);
    return done(status);
}

/* Anchor i of what is selected; 0 if there are not so many, else 1. */
EXPORT(js_undo_selection) int js_undo_selection(const sennit_undo *undo, size_t i)
{
    size_t n;
    const sennit_anchor *anchors = sennit_undo_selection(undo, &n);
    sennit_status status;

    if (i >= n)
        return 0;
    status = sennit_anchor_encode(&anchors[i], empty());
    return status == SENNIT_OK ? (done_bytes(status), 1) : done(status);
}

/* ids: n of 64 bits; all replicas if there are none. */
EXTRA(js_undo_range) int js_undo_range(sennit_doc *doc, sennit_undo *undo, double now, const void *ids,
                                        size_t n, const void *since, size_t since_len,
                                        const void *until, size_t until_len)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_undo_range(undo, n > 0 ? ids : NULL, n, since, since_len, until, until_len));
}

/* ---- History ---- */

EXTRA(js_history_at) int js_history_at(const sennit_doc *doc, double unix_ms)
{
    return done_bytes(sennit_history_at(doc, (uint64_t)unix_ms, empty()));
}

/* The version after follows the one before; how long that is, in out[2]. */
EXPORT(js_history_change) int js_history_change(const sennit_doc *doc, size_t at)
{
    sennit_buf after;
    sennit_status status;

    sennit_buf_init(&after, NULL);
    status = sennit_history_change(doc, at, empty(), &after);
    out[2] = (uint32_t)bytes.len;
    if (status == SENNIT_OK)
        status = gather(after.data, after.len);
    sennit_buf_clear(&after);
    return done_bytes(status);
}

EXPORT(js_history_text) int js_history_text(const sennit_doc *doc, const void *version, size_t len)
{
    return done_bytes(sennit_history_text(doc, version, len, empty()));
}

EXPORT(js_history_diff) int js_history_diff(const sennit_doc *doc, const void *from, size_t from_len,
                                            const void *to, size_t to_len)
{
    sennit_diff *diff;
    sennit_status status = sennit_history_diff(doc, from, from_len, to, to_len, &diff);

    done(status);
    out[2] = (uint32_t)(uintptr_t)diff;
    return status;
}

EXPORT(js_diff_next) int js_diff_next(sennit_diff *diff)
{
    sennit_patch patch;

    return sennit_diff_next(diff, &patch) ? (put_patch(&patch), 1) : 0;
}

/* Continues at `at`; what follows is at out[6]. */
EXPORT(js_history_blame) int js_history_blame(const sennit_doc *doc, size_t at, size_t end)
{
    sennit_blame blame;
    int more = sennit_history_blame(doc, &at, end, &blame);

    if (more < 0)
        return done((sennit_status)more);
    if (more == 0)
        return 0;
    out[0] = (uint32_t)blame.pos;
    out[1] = (uint32_t)blame.len;
    put_u64(2, blame.replica);
    put_u64(4, blame.unix_ms);
    out[6] = (uint32_t)at;
    return 1;
}

EXTRA(js_history_splice) int js_history_splice(sennit_doc *doc, double now, const void *version,
                                                size_t version_len, size_t pos, size_t n,
                                                const char *text, size_t len)
{
    size_t landed = 0;
    sennit_status status;

    sennit_doc_set_time(doc, (uint64_t)now);
    status = sennit_history_splice(doc, version, version_len, pos, n, text, len, &landed);
    done(status);
    out[2] = (uint32_t)landed;
    return status;
}

/* edits: n of four words each, as sennit_edit has them here. */
EXTRA(js_history_edit) int js_history_edit(sennit_doc *doc, double now, const void *version,
                                           size_t version_len, const sennit_edit *edits, size_t n)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_history_edit(doc, version, version_len, SENNIT_UTF16, edits, n));
}

/* ---- Marks and metadata: the value comes first, by a call of its own ---- */

static sennit_value given;
static bool is_given;

EXTRA(js_value) void js_value(int type, uint32_t low, uint32_t high, double number, const void *data,
                              size_t len)
{
    is_given = type >= 0;
    given = (sennit_value){.type = is_given ? (sennit_type)type : SENNIT_NULL,
                           .integer = (int64_t)u64(low, high), .number = number,
                           .data = data, .len = len};
}

static const sennit_value *value(void)
{
    return is_given ? &given : NULL;
}

static void put_value(const sennit_value *v)
{
    uint64_t bits;

    memcpy(&bits, &v->number, sizeof bits);
    out[2] = v->type;
    put_u64(3, (uint64_t)v->integer);
    put_u64(5, bits);
    out[7] = (uint32_t)(uintptr_t)v->data;
    out[8] = (uint32_t)v->len;
}

static void put_attr(const sennit_attr *attr)
{
    out[0] = (uint32_t)(uintptr_t)attr->name;
    out[1] = (uint32_t)attr->name_len;
    put_value(&attr->value);
}

EXTRA(js_meta_set) int js_meta_set(sennit_doc *doc, double now, const char *key, size_t len)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(is_given ? sennit_meta_set(doc, key, len, &given) : sennit_meta_delete(doc, key, len));
}

EXTRA(js_meta_get) int js_meta_get(const sennit_doc *doc, const char *key, size_t len)
{
    sennit_value found;

    if (!sennit_meta_get(doc, key, len, &found))
        return 0;
    put_value(&found);
    return 1;
}

/* The next of all keys, or the first of them. */
EXTRA(js_meta_next) int js_meta_next(const sennit_doc *doc, int first)
{
    static sennit_attr at;

    if (first)
        at = (sennit_attr){0};
    return sennit_meta_next(doc, &at) ? (put_attr(&at), 1) : 0;
}

EXTRA(js_mark) int js_mark(sennit_doc *doc, double now, size_t pos, size_t n, const char *name,
                           size_t len, unsigned flags)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_mark_add(doc, pos, n, name, len, value(), flags));
}

EXTRA(js_mark_block) int js_mark_block(sennit_doc *doc, double now, size_t pos)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_mark_block(doc, pos, value()));
}

EXTRA(js_mark_split) int js_mark_split(sennit_doc *doc, double now, size_t pos)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_mark_split(doc, pos));
}

EXTRA(js_mark_embed) int js_mark_embed(sennit_doc *doc, double now, size_t pos)
{
    sennit_doc_set_time(doc, (uint64_t)now);
    return done(sennit_mark_embed(doc, pos, value()));
}

EXTRA(js_mark_runs) int js_mark_runs(const sennit_doc *doc, size_t pos, size_t n)
{
    sennit_runs *runs;
    sennit_status status = sennit_mark_runs(doc, pos, n, &runs);

    done(status);
    out[2] = (uint32_t)(uintptr_t)runs;
    return status;
}

static sennit_run run;

EXTRA(js_runs_next) int js_runs_next(sennit_runs *runs)
{
    int more = sennit_runs_next(runs, &run);

    if (more < 0)
        return done((sennit_status)more);
    out[0] = (uint32_t)run.pos;
    out[1] = (uint32_t)run.len;
    out[2] = (uint32_t)run.marks_len;
    return more;
}

/* Mark i of the run given last. */
EXTRA(js_run_mark) void js_run_mark(size_t i)
{
    put_attr(&run.marks[i]);
}

/* ---- Check and dump ---- */

EXTRA(js_check) int js_check(const sennit_doc *doc)
{
    return done(sennit_doc_check(doc, &failure));
}

EXTRA(js_dump) int js_dump(const sennit_doc *doc)
{
    return done_bytes(sennit_doc_dump(doc, empty()));
}

EXTRA(js_stat) void js_stat(const sennit_doc *doc)
{
    sennit_stat stat;

    sennit_doc_stat(doc, &stat);
    put_u64(0, stat.heap_bytes);
    put_u64(2, stat.visible_bytes);
    put_u64(4, stat.inserted_bytes);
    put_u64(6, stat.spans);
    put_u64(8, stat.operations);
    put_u64(10, stat.changes);
    put_u64(12, stat.replicas);
    put_u64(14, stat.parked);
    put_u64(16, stat.parked_bytes);
}

EXTRA(js_snapshot_text) int js_snapshot_text(const void *data, size_t len)
{
    const char *text;
    size_t text_len;
    sennit_status status = sennit_snapshot_text(data, len, &text, &text_len, &failure);

    if (status != SENNIT_OK)
        return done(status);
    out[0] = (uint32_t)(uintptr_t)text;
    out[1] = (uint32_t)text_len;
    return status;
}
