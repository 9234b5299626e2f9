/* Marking text; mark_index.h says where marks are, caret.c what is typed beside them. */
#include "core/edit/edit.h"
#include "core/edit/txn.h"
#include "core/rich/mark_index.h"

#define MARK_BLOCK "block"
#define MARK_EMBED "embed"

/* One end of a mark at a byte of the text. */
static sn_op mark_at(sennit_doc *doc, uint32_t at, bool after)
{
    const sn_place p = sn_tree_seek(&doc->tree, at);
    const sn_span *s = sn_place_span(&p);

    return (sn_op){.kind = SN_MARK, .flag = after, .ref = s->at + p.off,
                   .ref_replica = doc->who.changes[s->change].replica};
}

/* Mark bytes of the text: all checks but that of what is marked. */
static sennit_status mark_bytes(sennit_doc *doc, uint32_t at, uint32_t len, const char *name,
                                size_t name_len, const sennit_value *value, unsigned flags)
{
    bool grows = flags & SENNIT_MARK_GROWS;
    sn_op end = {.kind = SN_MARK, .flag = 1, .ref_replica = SN_NO_REPLICA};

    SN_TRY(sn_edit_start(doc));
    const sn_op start = mark_at(doc, at, false);
    if (!grows)
        end = mark_at(doc, at + len - 1, true);
    else if (at + len < doc->tree.total.bytes)
        end = mark_at(doc, at + len, false);
    return sn_book_make(doc, &start, &end, name, name_len, value);
}

sennit_status sennit_mark_add(sennit_doc *doc, size_t pos, size_t n, const char *name,
                              size_t name_len, const sennit_value *value, unsigned flags)
{
    uint32_t at, len;

    if (n == 0 || (flags & ~SENNIT_MARK_GROWS) != 0)
        return SENNIT_EINVAL;
    SN_TRY(sn_payload_check(name, name_len, value));
    SN_TRY(sn_edit_range(doc, pos, n, &at, &len));
    SN_TRY(mark_bytes(doc, at, len, name, name_len, value, flags));
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

/* ---- blocks ---- */

/* The byte of the newline that ends the line of a position; false if there is none. */
static sennit_status mark_newline(sennit_doc *doc, size_t pos, uint32_t *at, bool *found)
{
    uint32_t none, lines;
    sn_count before;

    SN_TRY(sn_edit_range(doc, pos, 0, at, &none));
    before = doc->tree.total;
    if (*at < before.bytes)
        before = sn_tree_before(&doc->tree, sn_tree_seek(&doc->tree, *at));
    lines = before.lines + 1;
    *found = lines <= doc->tree.total.lines;
    if (!*found)
        return SENNIT_OK;
    before = sn_tree_before(&doc->tree, sn_tree_line(&doc->tree, lines));
    *at = before.bytes - 1;
    return SENNIT_OK;
}

sennit_status sennit_mark_block(sennit_doc *doc, size_t pos, const sennit_value *value)
{
    uint32_t at;
    bool found;

    SN_TRY(sn_payload_check(MARK_BLOCK, sizeof MARK_BLOCK - 1, value));
    SN_TRY(mark_newline(doc, pos, &at, &found));
    if (!found && value == NULL)
        return sennit_meta_delete(doc, SENNIT_META_LAST_BLOCK, sizeof SENNIT_META_LAST_BLOCK - 1);
    if (!found)
        return sennit_meta_set(doc, SENNIT_META_LAST_BLOCK, sizeof SENNIT_META_LAST_BLOCK - 1, value);
    SN_TRY(mark_bytes(doc, at, 1, MARK_BLOCK, sizeof MARK_BLOCK - 1, value, 0));
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

/* ---- what is inserted with a mark of its own ---- */

/* Insert text with a mark, both or neither. */
static sennit_status mark_insert(sennit_doc *doc, uint32_t at, const char *text, uint32_t len,
                                 const char *name, const sennit_value *value)
{
    sn_txn before;

    sn_txn_mark(doc, &before);
    sennit_status st = sn_doc_insert_bytes(doc, at, (const uint8_t *)text, len);
    if (st == SENNIT_OK)
        st = mark_bytes(doc, at, len, name, strlen(name), value, 0);
    sn_txn_settle(doc, &before, st);
    sn_doc_selfcheck(doc);
    return st;
}

/* The value of the block that a line is, kept until the document changes. */
static sennit_status mark_block_at(sennit_doc *doc, size_t pos, sennit_value *value, bool *any)
{
    sennit_runs *runs;
    sennit_run run;
    uint32_t at;
    bool found;

    SN_TRY(mark_newline(doc, pos, &at, &found));
    if (!found) {
        *any = sennit_meta_get(doc, SENNIT_META_LAST_BLOCK, sizeof SENNIT_META_LAST_BLOCK - 1, value);
        return SENNIT_OK;
    }
    const sn_place newline = sn_tree_seek(&doc->tree, at);
    const sn_count before = sn_tree_before(&doc->tree, newline);
    *any = false;
    SN_TRY(sennit_mark_runs(doc, sn_count_in(&before, doc->unit), 1, &runs));
    int more = sennit_runs_next(runs, &run);
    for (size_t i = 0; more == 1 && i < run.marks_len; i++)
        if (run.marks[i].name_len == sizeof MARK_BLOCK - 1 &&
            memcmp(run.marks[i].name, MARK_BLOCK, sizeof MARK_BLOCK - 1) == 0) {
            *value = run.marks[i].value;
            *any = true;
        }
    sennit_runs_free(runs);
    return more < 0 ? (sennit_status)more : SENNIT_OK;
}

sennit_status sennit_mark_split(sennit_doc *doc, size_t pos)
{
    sennit_value value;
    uint32_t at, none;
    bool any;

    SN_TRY(sn_edit_range(doc, pos, 0, &at, &none));
    if (doc->book.names == NULL)
        return sennit_doc_insert(doc, pos, "\n", 1);
    SN_TRY(mark_block_at(doc, pos, &value, &any));
    if (!any)
        return sennit_doc_insert(doc, pos, "\n", 1);
    return mark_insert(doc, at, "\n", 1, MARK_BLOCK, &value);
}

sennit_status sennit_mark_embed(sennit_doc *doc, size_t pos, const sennit_value *value)
{
    uint32_t at, none;

    if (value == NULL)
        return SENNIT_EINVAL;
    SN_TRY(sn_payload_check(MARK_EMBED, sizeof MARK_EMBED - 1, value));
    SN_TRY(sn_edit_range(doc, pos, 0, &at, &none));
    return mark_insert(doc, at, "\xef\xbf\xbc", 3, MARK_EMBED, value);
}
