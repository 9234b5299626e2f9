/* Positions in bytes, codepoints, UTF-16 units, and lines and columns. */
#include "core/doc/doc.h"

size_t sennit_doc_len(const sennit_doc *doc)
{
    return sn_count_in(&doc->tree.total, doc->unit);
}

size_t sennit_doc_count(const sennit_doc *doc, sennit_unit unit)
{
    return sn_count_in(&doc->tree.total, unit);
}

/* Without multibyte characters bytes are what the other two units are. */
static bool units_plain(const sennit_doc *doc, sennit_unit unit)
{
    return unit == SENNIT_BYTES || (doc->tree.total.cont == 0 && unit != SENNIT_LINES);
}

/* Counts of the text before unit `pos`, which is at most the whole. */
static sn_count units_before(const sennit_doc *doc, sennit_unit unit, uint32_t pos)
{
    sn_tree *tree = sn_doc_tree(doc);

    if (pos == 0)
        return (sn_count){0, 0, 0, 0};
    if (unit == SENNIT_LINES)
        return sn_tree_before(tree, sn_tree_line(tree, pos));
    if (pos == sn_count_in(&tree->total, unit))
        return tree->total;
    sn_place p = sn_tree_at(tree, unit, pos);
    const sn_span *s = sn_place_span(&p);
    while (!sn_text_boundary(&sn_author(&doc->who, s->change)->text, (uint64_t)s->at + p.off))
        p.off--; /* bytes may point inside a character */
    return sn_tree_before(tree, p);
}

sennit_status sn_doc_to_bytes(const sennit_doc *doc, size_t pos, uint32_t *bytes)
{
    if (pos > sn_count_in(&doc->tree.total, doc->unit))
        return SENNIT_ERANGE;
    *bytes = (uint32_t)pos;
    if (SN_LIKELY(units_plain(doc, doc->unit)))
        return SENNIT_OK;
    sn_count before = units_before(doc, doc->unit, (uint32_t)pos);
    *bytes = before.bytes;
    return sn_count_in(&before, doc->unit) == pos ? SENNIT_OK : SENNIT_EUTF8;
}

sennit_status sennit_doc_convert(const sennit_doc *doc, sennit_unit from, size_t pos,
                                 sennit_unit to, size_t *out)
{
    if ((unsigned)from > SENNIT_LINES || (unsigned)to > SENNIT_LINES)
        return SENNIT_EINVAL;
    if (pos > sn_count_in(&doc->tree.total, from))
        return SENNIT_ERANGE;
    sn_count before = units_before(doc, from, (uint32_t)pos);
    *out = sn_count_in(&before, to);
    return SENNIT_OK;
}

sennit_status sennit_doc_line_column(const sennit_doc *doc, size_t pos, size_t *line, size_t *column)
{
    if (pos > sn_count_in(&doc->tree.total, doc->unit))
        return SENNIT_ERANGE;
    sn_count before = units_before(doc, doc->unit, (uint32_t)pos);
    sn_count start = units_before(doc, SENNIT_LINES, before.lines);
    *line = before.lines;
    *column = sn_count_in(&before, doc->unit) - sn_count_in(&start, doc->unit);
    return SENNIT_OK;
}

sennit_status sennit_doc_at_line(const sennit_doc *doc, size_t line, size_t column, size_t *pos)
{
    size_t lines = doc->tree.total.lines, end;

    if (line > lines)
        return SENNIT_ERANGE;
    sn_count start = units_before(doc, SENNIT_LINES, (uint32_t)line);
    if (line == lines) {
        end = sn_count_in(&doc->tree.total, doc->unit);
    } else {
        sn_count next = units_before(doc, SENNIT_LINES, (uint32_t)line + 1);
        end = sn_count_in(&next, doc->unit) - 1;
    }
    size_t begin = sn_count_in(&start, doc->unit);
    *pos = column < end - begin ? begin + column : end;
    return SENNIT_OK;
}
