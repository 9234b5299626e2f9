/* Whole documents; docs/FORMAT.md, "Snapshots".
 *
 *     magic:7 format | n | n * (id len:8 check:8) | check:8 | sections
 *
 * The list of sections comes first and has a checksum of its own, so the text is
 * found and checked without looking at anything else.
 */
#include "base/hash.h"
#include "core/merge/apply.h"
#include "core/merge/restore.h"
#include "core/renew/supersede.h"
#include "wire/wire.h"

static const uint8_t snapshot_magic[8] = {SN_TAG_SNAPSHOT, 'S', 'E', 'N', 'N', 'I', 'T', SN_FORMAT};

/* Sections stand in this order. Those from 128 on may be skipped by whoever does
 * not know them. */
enum {
    SECTION_DELETED = 1,    /* deleted text */
    SECTION_TEXT = 2,       /* visible text */
    SECTION_OPERATIONS = 3, /* flags [lineage:16] [cuts] operations */
    SECTION_NOTES = 4,      /* payloads of marks and metadata, if there are any */
    SECTION_IDENTITY = 128, /* replica:8 time:8 */
    SECTIONS = 5,           /* kinds there are */
    SECTION_ENTRY = 1 + 8 + 8,
    SECTIONS_MAX = 32
};

#define OPERATIONS_LINEAGE 1u
#define OPERATIONS_CUTS 2u /* deleted text below them was left out */
#define OPERATIONS_GAPS 4u /* and so were names and values */

/* ---- out ---- */

static sennit_status snapshot_put_text(const sennit_doc *doc, sennit_buf *out)
{
    SN_TRY(sn_buf_reserve(out, doc->tree.total.bytes));
    uint8_t *to = out->data + out->len;
    for (const sn_leaf *leaf = doc->tree.first; leaf != NULL; leaf = leaf->next)
        for (uint32_t i = 0; i < leaf->node.n; i++) {
            const sn_span *s = &leaf->span[i];

            if (sn_span_dead(s))
                continue;
            memcpy(to, sn_author(&doc->who, s->change)->text.bytes + s->at, s->len);
            to += s->len;
        }
    out->len += doc->tree.total.bytes;
    return SENNIT_OK;
}

static sennit_status snapshot_put_operations(sennit_doc *doc, const sn_batch *batch, bool gaps,
                                             sennit_buf *out)
{
    const bool cuts = sn_doc_is_compacted(doc);
    uint8_t flags = (uint8_t)((batch->lineage != NULL ? OPERATIONS_LINEAGE : 0) |
                              (cuts ? OPERATIONS_CUTS : 0) | (gaps ? OPERATIONS_GAPS : 0));

    SN_TRY(sn_buf_put(out, &flags, 1));
    if (batch->lineage != NULL)
        SN_TRY(sn_buf_put(out, batch->lineage, 16));
    if (cuts)
        SN_TRY(sn_cuts_write(doc, out));
    return sn_block_encode(batch, NULL, out);
}

static sennit_status snapshot_put_identity(const sennit_doc *doc, sennit_buf *out)
{
    SN_TRY(sn_buf_u64(out, doc->own_id));
    return sn_buf_u64(out, doc->clock.last);
}

typedef struct snapshot_writing {
    sennit_doc *doc;
    const sn_batch *batch;
    sn_erased erased; /* mem NULL: nothing is */
    bool gaps;        /* payloads are left out */
    sennit_buf *out;
    size_t start, entry; /* of the snapshot; of the next entry in its list */
} snapshot_writing;

static sennit_status snapshot_section(snapshot_writing *w, uint8_t id)
{
    size_t at = w->out->len;

    switch (id) {
    case SECTION_DELETED:
        SN_TRY(sn_doc_deleted_text(w->doc, w->batch->ids, w->batch->ids_len,
                                   w->erased.mem != NULL ? &w->erased : NULL, w->out));
        break;
    case SECTION_TEXT:
        SN_TRY(snapshot_put_text(w->doc, w->out));
        break;
    case SECTION_OPERATIONS:
        SN_TRY(snapshot_put_operations(w->doc, w->batch, w->gaps, w->out));
        break;
    case SECTION_NOTES:
        SN_TRY(w->gaps ? sn_gaps_write(w->doc, w->batch, w->out) : sn_block_notes(w->batch, w->out));
        break;
    default:
        SN_TRY(snapshot_put_identity(w->doc, w->out));
    }
    uint8_t *p = w->out->data + w->entry;
    *p++ = id;
    p = sn_put_u64(p, w->out->len - at);
    sn_put_u64(p, sn_sum64(w->out->data + at, w->out->len - at, id));
    w->entry += SECTION_ENTRY;
    return SENNIT_OK;
}

static sennit_status snapshot_put(snapshot_writing *w, bool identity)
{
    static const uint8_t all[] = {SECTION_DELETED, SECTION_TEXT, SECTION_OPERATIONS, SECTION_NOTES,
                                  SECTION_IDENTITY};
    const bool notes = w->doc->book.bytes > 0;
    sennit_buf *out = w->out;
    uint8_t n = (uint8_t)(SECTIONS - !identity - !notes);
    size_t list = (size_t)n * SECTION_ENTRY;

    SN_TRY(sn_buf_reserve(out, sizeof snapshot_magic + 1 + list + 8 + w->doc->who.inserted));
    memcpy(out->data + out->len, snapshot_magic, sizeof snapshot_magic);
    out->len += sizeof snapshot_magic;
    out->data[out->len++] = n;
    w->entry = out->len;
    out->len += list + 8;
    for (size_t i = 0; i < SECTIONS; i++)
        if ((all[i] != SECTION_IDENTITY || identity) && (all[i] != SECTION_NOTES || notes))
            SN_TRY(snapshot_section(w, all[i]));
    sn_put_u64(out->data + w->entry,
               sn_hash64(out->data + w->start, w->entry - w->start, 0));
    return SENNIT_OK;
}

static sennit_status snapshot_all(snapshot_writing *w, bool identity)
{
    sn_gathered g = {.mem = NULL};
    sennit_status st = SENNIT_OK;

    if (sn_doc_is_compacted(w->doc)) {
        st = sn_erased_find(w->doc, &w->erased);
        if (st == SENNIT_OK)
            st = sn_superseded_find(w->doc, &w->gaps);
    }
    if (st == SENNIT_OK)
        st = sn_gather_all(w->doc, &g);
    w->batch = &g.batch;
    if (st == SENNIT_OK)
        st = snapshot_put(w, identity);
    if (w->gaps)
        sn_superseded_forget(w->doc);
    sn_gathered_free(&g);
    sn_erased_free(&w->erased);
    return st;
}

/* As if the document were compacted as far as it goes. */
static sennit_status snapshot_live(snapshot_writing *w, bool identity)
{
    size_t size;
    sn_cut *cuts = sn_cuts_keep(w->doc, &size);

    if (cuts == NULL)
        return SENNIT_ENOMEM;
    sn_cuts_raise_all(w->doc);
    sennit_status st = snapshot_all(w, identity);
    sn_cuts_put(w->doc, cuts);
    sn_mem_free(&w->doc->mem, cuts, size);
    return st;
}

sennit_status sennit_doc_save(sennit_doc *doc, unsigned flags, sennit_buf *out)
{
    snapshot_writing w = {.doc = doc, .out = out, .start = out->len};
    const bool identity = flags & SENNIT_SAVE_IDENTITY;

    if (doc->txn.open)
        return SENNIT_EBUSY;
    sennit_status st = (flags & SENNIT_SAVE_LIVE_ONLY) ? snapshot_live(&w, identity)
                                                       : snapshot_all(&w, identity);
    if (st != SENNIT_OK)
        out->len = w.start;
    else if (doc->me != SN_NO_REPLICA)
        doc->exported = doc->who.replicas[doc->me].seq;
    return st;
}

/* ---- in ---- */

/* Where the sections are; data NULL: not there. */
typedef struct snapshot_parts {
    sn_reader deleted, text, operations, notes, identity;
} snapshot_parts;

static sn_reader *snapshot_part(snapshot_parts *parts, uint8_t id)
{
    switch (id) {
    case SECTION_DELETED: return &parts->deleted;
    case SECTION_TEXT: return &parts->text;
    case SECTION_OPERATIONS: return &parts->operations;
    case SECTION_NOTES: return &parts->notes;
    case SECTION_IDENTITY: return &parts->identity;
    default: return NULL;
    }
}

/* Read the list, which is checked; r is then at the first section. */
static sennit_status snapshot_list(sn_reader *r, sn_reader *list, sennit_error *err)
{
    const uint8_t *magic = NULL;
    uint64_t check = 0;
    uint8_t n = 0;

    SN_TRY(sn_read_bytes(r, sizeof snapshot_magic, &magic, err));
    if (memcmp(magic, snapshot_magic, sizeof snapshot_magic - 1) != 0)
        return sn_fail(err, SENNIT_ECORRUPT, 0, "no snapshot");
    if (magic[7] != SN_FORMAT)
        return sn_fail(err, SENNIT_EVERSION, 7, "a format of a later release");
    SN_TRY(sn_read_u8(r, &n, err));
    if (n > SECTIONS_MAX)
        return sn_read_corrupt(r, err, "too many sections");
    SN_TRY(sn_read_part(r, (size_t)n * SECTION_ENTRY, list, err));
    size_t end = r->pos;
    SN_TRY(sn_read_u64(r, &check, err));
    if (check != sn_hash64(r->data, end, 0))
        return sn_fail(err, SENNIT_ECORRUPT, end, "checksum of the list of sections does not fit");
    return SENNIT_OK;
}

typedef struct snapshot_entry {
    uint8_t id;
    uint64_t check;
    sn_reader part;
} snapshot_entry;

/* Step to the next section of the list; entry says which was the last, and must
 * be zero at first. */
static sennit_status snapshot_next(sn_reader *r, sn_reader *list, snapshot_entry *entry,
                                   sennit_error *err)
{
    uint64_t size = 0;
    uint8_t last = entry->id;

    SN_TRY(sn_read_u8(list, &entry->id, err));
    SN_TRY(sn_read_u64(list, &size, err));
    SN_TRY(sn_read_u64(list, &entry->check, err));
    if (entry->id <= last)
        return sn_read_corrupt(list, err, "sections out of order");
    if (size > sn_left(r))
        return sn_fail(err, SENNIT_ECORRUPT, r->end, "bytes end too early");
    return sn_read_part(r, (size_t)size, &entry->part, err);
}

static sennit_status snapshot_check(const snapshot_entry *entry, sennit_error *err)
{
    if (entry->check == sn_sum64(entry->part.data, entry->part.end, entry->id))
        return SENNIT_OK;
    return sn_fail(err, SENNIT_ECORRUPT, entry->part.origin, "checksum of a section does not fit");
}

/* Check all there is. */
static sennit_status snapshot_open(const void *data, size_t len, snapshot_parts *parts,
                                   sennit_error *err)
{
    sn_reader r = sn_reader_of(data, len), list;
    snapshot_entry entry = {0};

    memset(parts, 0, sizeof *parts);
    SN_TRY(snapshot_list(&r, &list, err));
    while (sn_left(&list) > 0) {
        SN_TRY(snapshot_next(&r, &list, &entry, err));
        sn_reader *to = snapshot_part(parts, entry.id);
        if (to == NULL && entry.id < 128)
            return sn_fail(err, SENNIT_EVERSION, entry.part.origin, "a section of a later release");
        if (to == NULL)
            continue;
        SN_TRY(snapshot_check(&entry, err));
        *to = entry.part;
    }
    if (sn_left(&r) > 0)
        return sn_read_corrupt(&r, err, "bytes left over");
    return SENNIT_OK;
}

/* Nothing is asked of what stands behind the text, not even to be there. */
sennit_status sennit_snapshot_text(const void *data, size_t len, const char **text, size_t *text_len,
                                   sennit_error *err)
{
    sn_reader r = sn_reader_of(data, len), list;
    snapshot_entry entry = {0};

    *text = NULL;
    *text_len = 0;
    SN_TRY(snapshot_list(&r, &list, err));
    while (entry.id < SECTION_TEXT && sn_left(&list) > 0)
        SN_TRY(snapshot_next(&r, &list, &entry, err));
    if (entry.id != SECTION_TEXT)
        return sn_fail(err, SENNIT_ECORRUPT, len, "a section is missing");
    SN_TRY(snapshot_check(&entry, err));
    size_t good = sn_utf8_valid(entry.part.data, entry.part.end);
    if (good < entry.part.end)
        return sn_fail(err, SENNIT_ECORRUPT, entry.part.origin + good, "ill-formed UTF-8");
    *text = (const char *)entry.part.data;
    *text_len = entry.part.end;
    return SENNIT_OK;
}

/* Give the operations their payloads. */
static sennit_status snapshot_notes(const sn_reader *part, bool gaps, sn_mem *mem, uint64_t limit,
                                    sn_decoded *out, sennit_error *err)
{
    if ((out->notes_len == 0) != (part->data == NULL) || (!gaps && out->notes_len != part->end))
        return sn_read_corrupt(part, err, "operations do not fit names and values");
    if (gaps && part->data != NULL)
        SN_TRY(sn_gaps_read(*part, out, mem, limit, err));
    return sn_block_give_notes(out, out->notes != NULL ? out->notes : part->data, part->origin, gaps, err);
}

/* Read the operations, which start with flags. */
static sennit_status snapshot_block(sn_reader *r, uint8_t *flags, sn_mem *mem, sn_decoded *out,
                                    sn_cuts *cuts, sennit_error *err)
{
    const uint8_t *lineage = NULL;

    SN_TRY(sn_read_u8(r, flags, err));
    if (*flags & ~(OPERATIONS_LINEAGE | OPERATIONS_CUTS | OPERATIONS_GAPS))
        return sn_fail(err, SENNIT_EVERSION, r->origin, "a format of a later release");
    if (*flags & OPERATIONS_LINEAGE)
        SN_TRY(sn_read_bytes(r, 16, &lineage, err));
    if (*flags & OPERATIONS_CUTS)
        SN_TRY(sn_cuts_read(r, cuts, err));
    SN_TRY(sn_block_decode(r, NULL, mem, out, err));
    out->batch.lineage = lineage;
    return SENNIT_OK;
}

/* limit: bytes of all payloads. */
static sennit_status snapshot_operations(const snapshot_parts *parts, sn_mem *mem, uint64_t limit,
                                         sn_decoded *out, sn_cuts *cuts, sennit_error *err)
{
    const size_t text = parts->text.end + parts->deleted.end;
    sn_reader r = parts->operations;
    uint8_t flags = 0;

    sn_decoded_init(out, mem);
    *cuts = (sn_cuts){.version = NULL};
    if (parts->operations.data == NULL || parts->text.data == NULL || parts->deleted.data == NULL)
        return sn_fail(err, SENNIT_ECORRUPT, 0, "a section is missing");
    sennit_status st = snapshot_block(&r, &flags, mem, out, cuts, err);
    if (st == SENNIT_OK && (sn_left(&r) > 0 || (cuts->version == NULL ? out->text_len != text
                                                                      : out->text_len < text)))
        st = sn_read_corrupt(&r, err, "operations do not fit the text");
    if (st == SENNIT_OK)
        st = snapshot_notes(&parts->notes, flags & OPERATIONS_GAPS, mem, limit, out, err);
    if (st != SENNIT_OK)
        sn_decoded_free(out);
    return st;
}

sennit_status sn_snapshot_decode(const void *data, size_t len, sn_mem *mem, sn_decoded *out,
                                 sennit_error *err)
{
    snapshot_parts parts;
    sn_cuts cuts;

    sn_decoded_init(out, mem);
    SN_TRY(snapshot_open(data, len, &parts, err));
    return snapshot_operations(&parts, mem, SN_MAX_TEXT, out, &cuts, err);
}

/* Who wrote this snapshot goes on where it stopped. */
static sennit_status snapshot_identity(sennit_doc *doc, const snapshot_parts *parts, sennit_error *err)
{
    sn_reader r = parts->identity;
    uint64_t id = 0, time = 0;

    if (r.data == NULL)
        return SENNIT_OK;
    SN_TRY(sn_read_u64(&r, &id, err));
    SN_TRY(sn_read_u64(&r, &time, err));
    if (sn_left(&r) > 0 || time > SN_MAX_HLC)
        return sn_read_corrupt(&r, err, "an identity that is none");
    sn_clock_see(&doc->clock, time);
    if (doc->own_id == 0)
        doc->own_id = id;
    return SENNIT_OK;
}

static sennit_status snapshot_fill(sennit_doc *doc, const snapshot_parts *parts, sennit_error *err)
{
    sn_restore text = {parts->text.data, parts->deleted.data, parts->text.end, parts->deleted.end,
                       {.version = NULL}};
    sn_decoded d;

    SN_TRY(snapshot_operations(parts, &doc->mem, doc->limits.text_bytes, &d, &text.cuts, err));
    sennit_status st = sn_doc_restore(doc, &d.batch, &text, err);
    if (st == SENNIT_OK)
        st = snapshot_identity(doc, parts, err);
    sn_decoded_free(&d);
    if (st == SENNIT_OK && doc->own_id != 0)
        doc->me = sn_roster_find(&doc->who, doc->own_id);
    if (st == SENNIT_OK && doc->me != SN_NO_REPLICA)
        doc->exported = doc->who.replicas[doc->me].seq; /* as far as one can know */
    return st;
}

sennit_status sennit_doc_load(const sennit_options *options, const void *data, size_t len,
                              sennit_doc **out, sennit_error *err)
{
    snapshot_parts parts;
    sennit_doc *doc;

    if (out == NULL)
        return sn_fail(err, SENNIT_EINVAL, 0, "called wrongly");
    *out = NULL;
    SN_TRY(snapshot_open(data, len, &parts, err));
    sennit_status st = sn_doc_create(options, &doc);
    if (st != SENNIT_OK)
        return sn_fail(err, st, 0, sennit_status_text(st));
    sn_fail(err, SENNIT_ENOMEM, 0, "out of memory"); /* what no one else reports */
    st = snapshot_fill(doc, &parts, err);
    if (st != SENNIT_OK) {
        sennit_doc_free(doc);
        return st;
    }
    *out = doc;
    return SENNIT_OK;
}

/* Like a delta, but for what is below its cuts: that is known. */
static sennit_status snapshot_merge(sennit_doc *doc, sennit_doc *other, sennit_applied *out,
                                    sennit_error *err)
{
    size_t size;
    sn_wanted *from = sn_version_new(other, &size);
    uint64_t below = 0;
    uint32_t n = 0;
    sn_gathered g;

    if (from == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 0; i < other->who.replicas_len; i++) {
        const sn_replica *r = &other->who.replicas[i];

        below += r->cut.seq;
        if (r->cut.seq < r->seq)
            from[n++] = (sn_wanted){i, r->cut.seq};
    }
    sennit_status st = sn_gather(other, from, n, &g);
    if (st == SENNIT_OK)
        st = sn_doc_apply_batch(doc, &g.batch, out, err);
    out->known += below;
    sn_gathered_free(&g);
    sn_mem_free(&other->mem, from, size);
    return st;
}

/* A compacted one, which does not tell all below its cuts. */
static sennit_status snapshot_apply_compacted(sennit_doc *doc, sennit_doc *other,
                                              sennit_applied *out, sennit_error *err)
{
    SN_TRY(sn_doc_compare(doc, other, err));
    if (sn_doc_knows_cuts(doc, other))
        return snapshot_merge(doc, other, out, err);
    if (doc->admission != NULL) /* who could say what each of its changes did? */
        return sn_fail(err, SENNIT_EGONE, 0, "a compacted snapshot can only be opened");
    return sn_doc_succeed(doc, other, out, err);
}

sennit_status sn_snapshot_apply(sennit_doc *doc, const void *data, size_t len, sennit_applied *out,
                                sennit_error *err)
{
    sennit_options options;
    sennit_doc *other;

    sn_doc_options(doc, &options);
    SN_TRY(sennit_doc_load(&options, data, len, &other, err));
    sennit_status st = sn_doc_is_compacted(other) ? snapshot_apply_compacted(doc, other, out, err)
                                                  : snapshot_merge(doc, other, out, err);
    sennit_doc_free(other);
    return st;
}

/* ---- copies ---- */

sennit_status sennit_doc_fork(sennit_doc *doc, const sennit_options *options, sennit_doc **out)
{
    sennit_options same;
    sennit_buf bytes;

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    sn_doc_options(doc, &same);
    if (options == NULL)
        options = &same;
    if (options->size > offsetof(sennit_options, replica) && options->replica != 0 &&
        options->replica == doc->own_id)
        return SENNIT_EINVAL;
    sennit_buf_init(&bytes, &doc->mem.alloc);
    sennit_status st = sennit_doc_save(doc, SENNIT_SAVE_SHARED, &bytes);
    if (st == SENNIT_OK)
        st = sennit_doc_load(options, bytes.data, bytes.len, out, NULL);
    sennit_buf_clear(&bytes);
    if (st == SENNIT_OK) {
        (*out)->clock.now_ms = doc->clock.now_ms;
        (*out)->clock.offset_ms = doc->clock.offset_ms;
    }
    return st;
}
