/* Reading text: chunks without copying, and copies. */
#include "base/bytes.h"
#include "core/doc/doc.h"

/* Visible bytes from a place to the end of its span. */
static const uint8_t *read_span(const sennit_doc *doc, sn_place p, uint32_t *len)
{
    const sn_span *s = sn_place_span(&p);

    *len = s->len - p.off;
    return sn_author(&doc->who, s->change)->text.bytes + s->at + p.off;
}

static sn_place read_next_visible(sn_place p)
{
    do
        p = sn_tree_next(p);
    while (p.leaf != NULL && sn_span_dead(sn_place_span(&p)));
    return p;
}

/* Whether bytes [at, at + len) begin and end between characters. */
static bool read_whole(const sennit_doc *doc, uint32_t at)
{
    if (at >= doc->tree.total.bytes)
        return true;
    uint32_t len;
    return !sn_utf8_is_cont(*read_span(doc, sn_tree_seek(sn_doc_tree(doc), at), &len));
}

sennit_status sennit_doc_read(const sennit_doc *doc, size_t pos, size_t n, sennit_buf *out)
{
    uint32_t at, end, len;

    if (n > SIZE_MAX - pos)
        return SENNIT_ERANGE;
    SN_TRY(sn_doc_to_bytes(doc, pos, &at));
    SN_TRY(sn_doc_to_bytes(doc, pos + n, &end));
    if (!read_whole(doc, at) || !read_whole(doc, end))
        return SENNIT_EUTF8;
    SN_TRY(sn_buf_reserve(out, end - at));
    if (at == end)
        return SENNIT_OK;
    sn_place p = sn_tree_seek(sn_doc_tree(doc), at);
    for (;; p = read_next_visible(p)) {
        const uint8_t *text = read_span(doc, p, &len);

        len = (uint32_t)sn_min_u64(len, end - at);
        memcpy(out->data + out->len, text, len);
        out->len += len;
        at += len;
        if (at == end)
            return SENNIT_OK;
    }
}

sennit_status sennit_doc_chunk(const sennit_doc *doc, size_t pos, sennit_chunk *out)
{
    uint32_t at, len;

    memset(out, 0, sizeof *out);
    SN_TRY(sn_doc_to_bytes(doc, pos, &at));
    if (at >= doc->tree.total.bytes)
        return SENNIT_ERANGE;
    if (!read_whole(doc, at))
        return SENNIT_EUTF8;
    sn_place p = sn_tree_seek(sn_doc_tree(doc), at);
    const uint32_t change = sn_place_span(&p)->change;
    out->text = (const char *)read_span(doc, p, &len);
    out->len = len;
    out->replica = doc->who.owners[change];
    out->unix_ms = doc->who.times[change] >> 16;
    return SENNIT_OK;
}
