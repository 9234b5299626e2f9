/* Steps as bytes, for the same device only.
 *
 *     undo  := 0xdb | form | lineage:16 | replica:8 | seen | done | groups | group*
 *              | selection | check:8
 *     group := flags | [replica:8] | from | operations | [selection]
 *     selection := n | anchor*
 *
 * Numbers are varints.
 */
#include "base/bytes.h"
#include "base/hash.h"
#include "core/history/undo.h"

#define BYTES_TAG 0xdbu
#define BYTES_FORM 1u
#define BYTES_CHECK 8u

#define BYTES_AGAIN 1u
#define BYTES_FOREIGN 2u /* not of the replica named at the top */
#define BYTES_SELECTION 4u
#define BYTES_FLAGS 7u

/* ---- out ---- */

static sennit_status bytes_put_selection(const sn_selection *selection, sennit_buf *out)
{
    size_t n = selection != NULL ? selection->n : 0;

    SN_TRY(sn_buf_varint(out, n));
    for (size_t i = 0; i < n; i++)
        SN_TRY(sennit_anchor_encode(&selection->at[i], out));
    return SENNIT_OK;
}

static sennit_status bytes_put_group(const sennit_undo *undo, const sn_group *g, sennit_buf *out)
{
    uint8_t flags = (uint8_t)((g->again ? BYTES_AGAIN : 0) |
                              (g->replica != undo->replica ? BYTES_FOREIGN : 0) |
                              (g->selection != NULL ? BYTES_SELECTION : 0));

    SN_TRY(sn_buf_put(out, &flags, 1));
    if (flags & BYTES_FOREIGN)
        SN_TRY(sn_buf_u64(out, g->replica));
    SN_TRY(sn_buf_varint(out, g->from));
    SN_TRY(sn_buf_varint(out, g->to - g->from));
    return flags & BYTES_SELECTION ? bytes_put_selection(g->selection, out) : SENNIT_OK;
}

static sennit_status bytes_put(const sennit_undo *undo, sennit_buf *out)
{
    size_t start = out->len;
    uint8_t head[2 + 16] = {BYTES_TAG, BYTES_FORM};

    sennit_doc_lineage(undo->doc, head + 2);
    SN_TRY(sn_buf_put(out, head, sizeof head));
    SN_TRY(sn_buf_u64(out, undo->replica));
    SN_TRY(sn_buf_varint(out, undo->seen));
    SN_TRY(sn_buf_varint(out, undo->done - undo->head));
    SN_TRY(sn_buf_varint(out, undo->len - undo->head));
    for (size_t i = undo->head; i < undo->len; i++)
        SN_TRY(bytes_put_group(undo, &undo->groups[i], out));
    SN_TRY(bytes_put_selection(undo->selection, out));
    return sn_buf_u64(out, sn_hash64(out->data + start, out->len - start, 0));
}

sennit_status sennit_undo_save(sennit_undo *undo, sennit_buf *out)
{
    size_t start = out->len;

    if (undo->doc == NULL)
        return SENNIT_EINVAL;
    if (undo->doc->txn.open)
        return SENNIT_EBUSY;
    SN_TRY(sn_undo_note(undo));
    sennit_status st = bytes_put(undo, out);
    if (st != SENNIT_OK)
        out->len = start;
    return st;
}

/* ---- in ---- */

static sennit_status bytes_read_selection(sn_reader *r, sn_mem *mem, sn_selection **out,
                                          sennit_error *err)
{
    uint64_t n;
    size_t used;
    sennit_anchor anchor;

    *out = NULL;
    SN_TRY(sn_read_count(r, sn_left(r), &n, err)); /* an anchor has a byte at least */
    for (uint64_t i = 0; i < n; i++) {
        if (sennit_anchor_decode(r->data + r->pos, sn_left(r), &anchor, &used) != SENNIT_OK)
            return sn_read_corrupt(r, err, "no anchor");
        if (i == 0)
            SN_TRY(sn_selection_new(mem, NULL, (size_t)n, out));
        (*out)->at[i] = anchor;
        r->pos += used;
    }
    return SENNIT_OK;
}

static sennit_status bytes_read_group(sn_reader *r, uint64_t own, sn_mem *mem, sn_group *g,
                                      sennit_error *err)
{
    uint64_t from, n;
    uint8_t flags = 0;

    *g = (sn_group){.replica = own};
    SN_TRY(sn_read_u8(r, &flags, err));
    if (flags & ~BYTES_FLAGS)
        return sn_read_fail(r, err, SENNIT_EVERSION, "steps of another release");
    g->again = flags & BYTES_AGAIN;
    if (flags & BYTES_FOREIGN)
        SN_TRY(sn_read_u64(r, &g->replica, err));
    SN_TRY(sn_read_count(r, SN_MAX_SEQ, &from, err));
    SN_TRY(sn_read_count(r, SN_MAX_SEQ - from, &n, err));
    g->from = (uint32_t)from;
    g->to = (uint32_t)(from + n);
    return flags & BYTES_SELECTION ? bytes_read_selection(r, mem, &g->selection, err) : SENNIT_OK;
}

/* Whether all operations of a group are known here. */
static bool bytes_is_known(const sennit_undo *undo, const sn_group *g)
{
    return g->to <= sennit_doc_known(undo->doc, g->replica);
}

static sennit_status bytes_read_groups(sn_reader *r, sennit_undo *undo, sennit_error *err)
{
    uint64_t done, n;

    SN_TRY(sn_read_count(r, sn_left(r), &done, err));
    SN_TRY(sn_read_count(r, sn_left(r) / 3, &n, err)); /* a group has three bytes at least */
    if (done > n)
        return sn_read_corrupt(r, err, "more steps done than there are");
    SN_TRY(sn_undo_reserve(undo, (size_t)n));
    for (uint64_t i = 0; i < n; i++) {
        sn_group *g = &undo->groups[undo->len];
        sennit_status st = bytes_read_group(r, undo->replica, &undo->mem, g, err);

        if (st == SENNIT_OK && bytes_is_known(undo, g)) {
            undo->len++;
            undo->done += i < done;
        } else {
            sn_selection_free(&undo->mem, g->selection);
            SN_TRY(st);
        }
    }
    sn_undo_shorten(undo, undo->depth);
    return SENNIT_OK;
}

/* What was edited since they were saved is the last step. */
static sennit_status bytes_take_up(sennit_undo *undo, uint32_t seen)
{
    undo->seen = seen;
    SN_TRY(sn_undo_note(undo));
    undo->groups[undo->done - 1].looked = false; /* nobody counted bytes at that time */
    undo->open = false;
    return SENNIT_OK;
}

static sennit_status bytes_read(sn_reader *r, sennit_undo *undo, sennit_error *err)
{
    const uint64_t own = undo->replica;
    uint64_t seen;

    SN_TRY(sn_read_u64(r, &undo->replica, err));
    SN_TRY(sn_read_count(r, SN_MAX_SEQ, &seen, err));
    SN_TRY(bytes_read_groups(r, undo, err));
    SN_TRY(bytes_read_selection(r, &undo->mem, &undo->selection, err));
    if (sn_left(r) > 0)
        return sn_read_corrupt(r, err, "bytes behind the end");
    const bool same = undo->replica == own;
    undo->replica = own;
    return same && seen < undo->seen ? bytes_take_up(undo, (uint32_t)seen) : SENNIT_OK;
}

static sennit_status bytes_open(const sennit_doc *doc, sn_reader *r, sennit_error *err)
{
    const uint8_t *lineage = NULL;
    uint8_t tag = 0, form = 0, ours[16];

    SN_TRY(sn_read_u8(r, &tag, err));
    if (tag != BYTES_TAG)
        return sn_fail(err, SENNIT_ECORRUPT, 0, "no steps of undo");
    SN_TRY(sn_read_u8(r, &form, err));
    if (form != BYTES_FORM)
        return sn_fail(err, SENNIT_EVERSION, 1, "steps of another release");
    SN_TRY(sn_read_bytes(r, 16, &lineage, err));
    if (sn_left(r) < BYTES_CHECK)
        return sn_fail(err, SENNIT_ECORRUPT, r->end, "bytes end too early");
    r->end -= BYTES_CHECK;
    if (sn_get_u64(r->data + r->end) != sn_hash64(r->data, r->end, 0))
        return sn_fail(err, SENNIT_ECORRUPT, r->end, "checksum does not fit");
    sennit_doc_lineage(doc, ours);
    if (memcmp(lineage, ours, 16) != 0)
        return sn_fail(err, SENNIT_ELINEAGE, 2, "steps in another document");
    return SENNIT_OK;
}

sennit_status sennit_undo_load(sennit_doc *doc, const sennit_undo_options *options, const void *data,
                               size_t len, sennit_undo **out, sennit_error *err)
{
    sn_reader r = sn_reader_of(data, len);

    if (out != NULL)
        *out = NULL;
    if (out == NULL || doc == NULL || (data == NULL && len > 0))
        return sn_fail(err, SENNIT_EINVAL, 0, "called wrongly");
    SN_TRY(bytes_open(doc, &r, err));
    sennit_undo *undo;
    sennit_status st = sn_undo_create(doc, options, &undo);
    if (st != SENNIT_OK)
        return sn_fail(err, st, 0, sennit_status_text(st));
    sn_fail(err, SENNIT_ENOMEM, 0, "out of memory"); /* what no one else reports */
    st = bytes_read(&r, undo, err);
    if (st == SENNIT_OK)
        *out = undo;
    else
        sennit_undo_free(undo);
    return st;
}
