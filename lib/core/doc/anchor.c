/* Anchors: places that move with the text. */
#include "base/bytes.h"
#include "core/doc/doc.h"

sennit_status sennit_doc_anchor(const sennit_doc *doc, size_t pos, unsigned side, sennit_anchor *out)
{
    sn_tree *tree = sn_doc_tree(doc);
    uint32_t at;

    if (side != SENNIT_ANCHOR_BEFORE && side != SENNIT_ANCHOR_AFTER)
        return SENNIT_EINVAL;
    SN_TRY(sn_doc_to_bytes(doc, pos, &at));
    *out = (sennit_anchor){0, 0, 0};
    if (side == SENNIT_ANCHOR_BEFORE ? at == tree->total.bytes : at == 0) {
        out->side = side == SENNIT_ANCHOR_BEFORE ? SENNIT_ANCHOR_END : SENNIT_ANCHOR_START;
        return SENNIT_OK;
    }
    sn_place p = sn_tree_seek(tree, side == SENNIT_ANCHOR_BEFORE ? at : at - 1);
    const sn_change *c = &doc->who.changes[sn_place_span(&p)->change];
    uint32_t number = sn_place_span(&p)->at + p.off;
    const sn_replica *author = &doc->who.replicas[c->replica];
    if (!sn_text_boundary(&author->text, number + (side == SENNIT_ANCHOR_AFTER)))
        return SENNIT_EUTF8;
    if (doc->txn.open && c->replica == doc->me && number >= doc->txn.number)
        return SENNIT_EBUSY;
    *out = (sennit_anchor){author->id, number, (uint8_t)side};
    return SENNIT_OK;
}

sennit_status sennit_doc_resolve(const sennit_doc *doc, const sennit_anchor *anchor, size_t *pos)
{
    sn_tree *tree = sn_doc_tree(doc);
    bool after = anchor->side == SENNIT_ANCHOR_AFTER;

    if (anchor->side > SENNIT_ANCHOR_END)
        return SENNIT_EINVAL;
    *pos = 0;
    if (anchor->side == SENNIT_ANCHOR_START)
        return SENNIT_OK;
    if (anchor->side == SENNIT_ANCHOR_END) {
        *pos = sn_count_in(&tree->total, doc->unit);
        return SENNIT_OK;
    }
    uint32_t r = sn_roster_find(&sn_doc_mutable(doc)->who, anchor->replica);
    if (r == SN_NO_REPLICA || anchor->number >= doc->who.replicas[r].number ||
        !sn_text_boundary(&doc->who.replicas[r].text, anchor->number + after))
        return SENNIT_EGONE;
    sn_place p = sn_tree_find(tree, r, (uint32_t)anchor->number);
    p.off = sn_span_dead(sn_place_span(&p)) ? 0 : p.off + after;
    sn_count before = sn_tree_before(tree, p);
    *pos = sn_count_in(&before, doc->unit);
    return SENNIT_OK;
}

/* anchor := side [replica:8 number:varint], the latter two for sides 0 and 1. */
sennit_status sennit_anchor_encode(const sennit_anchor *anchor, sennit_buf *out)
{
    if (anchor->side > SENNIT_ANCHOR_END)
        return SENNIT_EINVAL;
    SN_TRY(sn_buf_reserve(out, SENNIT_ANCHOR_MAX));
    out->data[out->len++] = anchor->side;
    if (anchor->side >= SENNIT_ANCHOR_START)
        return SENNIT_OK;
    uint8_t *p = sn_put_u64(out->data + out->len, anchor->replica);
    out->len = (size_t)(sn_put_varint(p, anchor->number) - out->data);
    return SENNIT_OK;
}

sennit_status sennit_anchor_decode(const void *data, size_t len, sennit_anchor *out, size_t *used)
{
    sn_reader r = sn_reader_of(data, len);

    *out = (sennit_anchor){0, 0, 0};
    SN_TRY(sn_read_u8(&r, &out->side, NULL));
    if (out->side > SENNIT_ANCHOR_END)
        return SENNIT_ECORRUPT;
    if (out->side < SENNIT_ANCHOR_START) {
        SN_TRY(sn_read_u64(&r, &out->replica, NULL));
        SN_TRY(sn_read_varint(&r, &out->number, NULL));
    }
    if (used != NULL)
        *used = r.pos;
    return SENNIT_OK;
}

void sennit_anchor_rebase(const sennit_rebased *rebased, sennit_anchor *anchor)
{
    uint64_t at = anchor->number - rebased->from_byte;

    if (anchor->side > SENNIT_ANCHOR_AFTER || anchor->replica != rebased->old ||
        anchor->number < rebased->from_byte || at >= rebased->bytes)
        return;
    anchor->replica = rebased->renewed;
    anchor->number = at;
}
