#include "core/renew/compact.h"

#include "base/bytes.h"
#include "core/check/digest.h"
#include "core/merge/cover.h"
#include "core/renew/supersede.h"

/* ---- a bit for each byte ---- */

static void erased_set(sn_erased *e, uint32_t replica, uint32_t at, uint32_t end)
{
    for (uint64_t i = e->base[replica] + (uint64_t)at, stop = e->base[replica] + (uint64_t)end;
         i < stop;) {
        uint32_t bit = (uint32_t)(i % 64), n = (uint32_t)sn_min_u64(64 - bit, stop - i);

        e->bits[i / 64] |= (UINT64_MAX >> (64 - n)) << bit;
        i += n;
    }
}

uint32_t sn_erased_alike(const sn_erased *e, uint32_t replica, uint32_t at, uint32_t n, bool *is)
{
    uint64_t first = e->base[replica] + (uint64_t)at, i = first, stop = first + n;
    uint64_t same = (e->bits[i / 64] >> i % 64 & 1) ? UINT64_MAX : 0;

    *is = same != 0;
    while (i < stop) {
        uint64_t other = (e->bits[i / 64] ^ same) >> i % 64;

        if (other != 0) {
            while (!(other & 1)) {
                other >>= 1;
                i++;
            }
            break;
        }
        i += 64 - i % 64;
    }
    return (uint32_t)(sn_min_u64(i, stop) - first);
}

static sennit_status erased_start(sennit_doc *doc, sn_erased *e)
{
    const sn_roster *who = &doc->who;
    uint32_t at = 0;

    *e = (sn_erased){.mem = &doc->mem, .replicas_len = who->replicas_len};
    for (uint32_t i = 0; i < who->replicas_len; i++)
        at += who->replicas[i].text.len;
    e->words = at / 64 + (size_t)1;
    e->bits = sn_mem_resize(&doc->mem, NULL, 0, e->words * sizeof *e->bits);
    e->base = sn_mem_resize(&doc->mem, NULL, 0, (e->replicas_len + (size_t)1) * sizeof *e->base);
    if (e->bits == NULL || e->base == NULL)
        return SENNIT_ENOMEM;
    memset(e->bits, 0, e->words * sizeof *e->bits);
    for (uint32_t i = at = 0; i < who->replicas_len; i++) {
        e->base[i] = at;
        at += who->replicas[i].text.len;
    }
    return SENNIT_OK;
}

void sn_erased_free(sn_erased *e)
{
    if (e->mem == NULL)
        return;
    sn_mem_free(e->mem, e->bits, e->words * sizeof *e->bits);
    sn_mem_free(e->mem, e->base, (e->replicas_len + (size_t)1) * sizeof *e->base);
    e->mem = NULL;
}

/* ---- what is erased ---- */

/* Deletes of one record, below its author's cut. */
static void erased_record(sennit_doc *doc, sn_erased *e, uint32_t author, const sn_op *op)
{
    uint32_t below = doc->who.replicas[author].cut.seq - op->seq;
    uint32_t n = SENNIT_MUTANT == 61 ? op->n : (uint32_t)sn_min_u64(op->n, below);
    uint32_t limit = doc->who.replicas[op->ref_replica].cut.number;

    for (uint32_t k = 0; k < n; k++) {
        uint32_t at = sn_op_target(op, k);
        uint32_t end = (uint32_t)sn_min_u64(at + op->len, limit);

        if (at < end && (doc->toggled.root == NULL || SENNIT_MUTANT == 60 ||
                         sn_switch_of(doc, author, op->seq + k) == NULL))
            erased_set(e, op->ref_replica, at, end);
    }
}

sennit_status sn_erased_find(sennit_doc *doc, sn_erased *out)
{
    SN_TRY(erased_start(doc, out));
    for (uint32_t i = 0; i < doc->who.replicas_len; i++) {
        const sn_replica *r = &doc->who.replicas[i];
        sn_log_iter it;
        sn_op op;

        sn_roster_seek(&doc->who, &it, i, 0);
        while (sn_log_next(&it, &op) && op.seq < r->cut.seq)
            if (op.kind == SN_DELETE)
                erased_record(doc, out, i, &op);
    }
    return SENNIT_OK;
}

void sn_erased_redacted(sennit_doc *doc, sn_erased *erased)
{
    sn_log_iter it = sn_roster_start();
    sn_op op;

    while (doc->redacts && sn_roster_next(&doc->who, &it, &op))
        if (op.part == SN_REDACTION)
            erased_set(erased, op.ref_replica, op.ref, op.ref + op.len);
}

/* ---- cuts ---- */

sn_cut *sn_cuts_keep(sennit_doc *doc, size_t *size)
{
    sn_cut *cuts;

    *size = (doc->who.replicas_len + (size_t)1) * sizeof *cuts;
    cuts = sn_mem_resize(&doc->mem, NULL, 0, *size);
    for (uint32_t i = 0; i < doc->who.replicas_len && cuts != NULL; i++)
        cuts[i] = doc->who.replicas[i].cut;
    return cuts;
}

void sn_cuts_put(sennit_doc *doc, const sn_cut *cuts)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        doc->who.replicas[i].cut = cuts[i];
}

static void cut_raise(sennit_doc *doc, uint32_t index, uint32_t seq)
{
    sn_replica *r = &doc->who.replicas[index];
    uint32_t number = sn_roster_number_at(&doc->who, index, seq);

    while (seq > 0 && !sn_text_boundary(&r->text, number)) { /* inside what one insert typed */
        seq--;
        number--;
    }
    if (seq > r->cut.seq)
        r->cut = (sn_cut){seq, number, sn_digest_known(doc, index, seq)};
}

void sn_cuts_raise(sennit_doc *doc, const sn_wanted *to)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        cut_raise(doc, i, (uint32_t)sn_min_u64(to[i].seq, doc->who.replicas[i].seq));
}

void sn_cuts_raise_all(sennit_doc *doc)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        cut_raise(doc, i, doc->who.replicas[i].seq);
}

bool sn_doc_is_compacted(const sennit_doc *doc)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        if (doc->who.replicas[i].cut.seq > 0)
            return true;
    return false;
}

bool sn_doc_knows_cuts(const sennit_doc *doc, const sennit_doc *of)
{
    for (uint32_t i = 0; i < of->who.replicas_len; i++)
        if (of->who.replicas[i].cut.seq > sennit_doc_known(doc, of->who.replicas[i].id))
            return false;
    return true;
}

/* ---- cuts as bytes ---- */

static sennit_status cuts_put(sennit_doc *doc, const sn_wanted *of, sennit_buf *version,
                              sennit_buf *out)
{
    size_t at = 0;
    uint64_t id, count;

    SN_TRY(sn_version_put(doc, of, version));
    SN_TRY(sn_buf_varint(out, version->len));
    SN_TRY(sn_buf_put(out, version->data, version->len));
    while (sennit_version_next(version->data, version->len, &at, &id, &count) == 1)
        SN_TRY(sn_buf_u64(out, doc->who.replicas[sn_roster_find(&doc->who, id)].cut.digest));
    return SENNIT_OK;
}

sennit_status sn_cuts_write(sennit_doc *doc, sennit_buf *out)
{
    size_t size;
    sn_wanted *of = sn_version_new(doc, &size);
    sennit_buf version;

    if (of == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        of[i].seq = doc->who.replicas[i].cut.seq;
    sennit_buf_init(&version, &doc->mem.alloc);
    sennit_status st = cuts_put(doc, of, &version, out);
    sennit_buf_clear(&version);
    sn_mem_free(&doc->mem, of, size);
    return st;
}

sennit_status sn_cuts_read(sn_reader *r, sn_cuts *out, sennit_error *err)
{
    uint64_t len = 0, id, count;
    size_t at = 0, entries = 0;
    int more;

    SN_TRY(sn_read_count(r, sn_left(r), &len, err));
    SN_TRY(sn_read_bytes(r, (size_t)len, &out->version, err));
    out->len = (size_t)len;
    while ((more = sennit_version_next(out->version, out->len, &at, &id, &count)) == 1)
        entries++;
    if (more < 0 || entries == 0)
        return sn_read_corrupt(r, err, "a cut that is none");
    return sn_read_bytes(r, entries * 8, &out->digests, err);
}

static sennit_status cuts_fill(sennit_doc *doc, const sn_cuts *cuts, sn_wanted *of, sennit_error *err)
{
    const uint8_t *digest = cuts->digests;
    size_t at = 0;
    uint64_t id, count;
    bool unknown;

    SN_TRY(sn_version_read(doc, cuts->version, cuts->len, of, &unknown, err));
    if (unknown)
        return sn_fail(err, SENNIT_ECORRUPT, 0, "a cut above what is there");
    for (; sennit_version_next(cuts->version, cuts->len, &at, &id, &count) == 1; digest += 8) {
        uint32_t i = sn_roster_find(&doc->who, id);

        doc->who.replicas[i].cut = (sn_cut){
            (uint32_t)count, sn_roster_number_at(&doc->who, i, (uint32_t)count), sn_get_u64(digest)};
    }
    return SENNIT_OK;
}

sennit_status sn_cuts_set(sennit_doc *doc, const sn_cuts *cuts, sennit_error *err)
{
    size_t size;
    sn_wanted *of = cuts->version != NULL ? sn_version_new(doc, &size) : NULL;

    if (cuts->version == NULL)
        return SENNIT_OK;
    if (of == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = cuts_fill(doc, cuts, of, err);
    sn_mem_free(&doc->mem, of, size);
    return st;
}

/* ---- compaction ---- */

/* NULs in place of what is erased. What is visible counts as before, but marks count all
 * that is before them, so those behind what was erased are counted anew. */
static void compact_text(sennit_doc *doc, const sn_erased *erased)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++) {
        sn_text *text = &doc->who.replicas[i].text;
        const uint32_t end = doc->who.replicas[i].cut.number;
        bool is = false;

        for (uint32_t at = 0, n; at < end; at += n) {
            n = sn_erased_alike(erased, i, at, end - at, &is);
            if (!is)
                continue;
            memset(text->bytes + at, 0, n);
            text->marks_len = (uint32_t)sn_min_u64(text->marks_len, at / SN_TEXT_BLOCK);
        }
        sn_text_mark_blocks(text);
    }
}

static sennit_status compact_to(sennit_doc *doc, const sn_wanted *to)
{
    sn_erased erased = {.mem = NULL};
    bool superseded;
    size_t size;
    sn_cut *before = sn_cuts_keep(doc, &size);

    if (before == NULL)
        return SENNIT_ENOMEM;
    sn_cuts_raise(doc, to);
    sennit_status st = sn_erased_find(doc, &erased);
    if (st == SENNIT_OK)
        st = sn_superseded_find(doc, &superseded);
    if (st == SENNIT_OK) {
        compact_text(doc, &erased);
        sn_superseded_drop(doc);
    } else {
        sn_cuts_put(doc, before);
    }
    sn_erased_free(&erased);
    sn_mem_free(&doc->mem, before, size);
    return st;
}

SN_RARE sennit_status sennit_doc_compact(sennit_doc *doc, const void *cut, size_t cut_len,
                                         sennit_error *err)
{
    size_t size;
    bool unknown;

    if (doc->txn.open)
        return sn_fail(err, SENNIT_EBUSY, 0, sennit_status_text(SENNIT_EBUSY));
    sn_wanted *to = sn_version_new(doc, &size);
    if (to == NULL)
        return sn_fail(err, SENNIT_ENOMEM, 0, sennit_status_text(SENNIT_ENOMEM));
    sennit_status st = sn_version_read(doc, cut, cut_len, to, &unknown, err);
    if (st == SENNIT_OK)
        st = compact_to(doc, to);
    if (st == SENNIT_ENOMEM)
        sn_fail(err, st, 0, sennit_status_text(st));
    sn_mem_free(&doc->mem, to, size);
    sn_doc_selfcheck(doc);
    return st;
}

SN_RARE sennit_status sennit_doc_cut(const sennit_doc *doc, sennit_buf *out)
{
    sennit_doc *all = sn_doc_mutable(doc);
    size_t size;
    sn_wanted *of = sn_version_new(all, &size);

    if (of == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        of[i].seq = doc->who.replicas[i].cut.seq;
    sennit_status st = sn_version_put(all, of, out);
    sn_mem_free(&all->mem, of, size);
    return st;
}
