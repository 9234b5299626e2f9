/* A document as lines of pieces that are marked alike: what the formats write. */
#ifndef SN_RICH_H
#define SN_RICH_H

#include "base/mem.h"
#include "format/block.h"

/* Marks that have a tag, from the outside in; links are outside of all. */
enum {
    SN_BOLD = 1,
    SN_ITALIC = 2,
    SN_STRIKE = 4,
    SN_UNDERLINE = 8,
    SN_MONO = 16 /* code */
};

typedef struct sn_rich_piece {
    size_t at, len;        /* in the text; of an embed its value, in the strings */
    size_t link, link_len; /* in the strings: a safe address; link_len 0: none */
    unsigned marks;
    bool embed;
} sn_rich_piece;

typedef struct sn_rich_line {
    size_t first, n;         /* pieces */
    size_t block, block_len; /* in the strings: the value of its block */
} sn_rich_line;

typedef struct sn_rich {
    sn_mem mem;
    sennit_buf text;     /* of the document */
    sennit_buf strings;  /* values of marks, one after the other */
    sn_rich_piece *pieces;
    sn_rich_line *lines;
    size_t pieces_len, pieces_cap, lines_len, lines_cap;
} sn_rich;

static inline const char *sn_rich_text(const sn_rich *rich, const sn_rich_piece *piece)
{
    return (const char *)(piece->embed ? rich->strings.data : rich->text.data) + piece->at;
}

static inline const char *sn_rich_string(const sn_rich *rich, size_t at)
{
    return (const char *)rich->strings.data + at;
}

static inline sn_block sn_rich_block(const sn_rich *rich, const sn_rich_line *line)
{
    return line->block_len > 0 ? sn_block_read(sn_rich_string(rich, line->block), line->block_len)
                               : sn_block_read("", 0);
}

/* Read a document. Free *out also after a failure. */
sennit_status sn_rich_read(const sennit_doc *doc, sn_rich *out);
void sn_rich_free(sn_rich *rich);

#endif
