/* A document as CommonMark: its lines and pieces become a tree, which cmark writes. */
#include "format/markdown.h"
#include "format/rich.h"

/* A copy with an end; U+0000 is none of CommonMark's characters. */
static const char *markdown_string(const char *text, size_t len)
{
    size_t nuls = 0, at = 0;

    for (size_t i = 0; i < len; i++)
        nuls += text[i] == '\0';
    char *copy = sn_markdown_take(1, len + 2 * nuls + 1);
    for (size_t i = 0; i < len; i++)
        if (text[i] != '\0') {
            copy[at++] = text[i];
        } else {
            memcpy(copy + at, "\xef\xbf\xbd", 3);
            at += 3;
        }
    return copy;
}

/* ---- pieces ---- */

/* A piece, or the white space at an end of one, which emphasis must not begin or end
 * with. */
typedef struct markdown_bit {
    const char *text;
    size_t len;
    unsigned marks;
    const sn_rich_piece *piece; /* for its link */
    bool embed;
} markdown_bit;

typedef struct markdown_writing {
    const sn_rich *rich;
    sennit_buf *out;
    cmark_node *root;
    cmark_node *lists[SN_LIST_LEVELS], *items[SN_LIST_LEVELS]; /* open ones */
    unsigned depth;
    cmark_node *around; /* an open block quote or code block, or NULL */
    sennit_buf code;    /* of the code block */
    sn_block code_block;
} markdown_writing;

static cmark_node *markdown_node(cmark_node_type type, cmark_node *parent)
{
    cmark_node *node = cmark_node_new_with_mem(type, sn_markdown_mem());

    cmark_node_append_child(parent, node);
    return node;
}

static void markdown_leaf(cmark_node_type type, cmark_node *parent, const char *text, size_t len)
{
    if (len > 0)
        cmark_node_set_literal(markdown_node(type, parent), markdown_string(text, len));
}

/* Tildes are escaped here: cmark writes them as they are, and three begin code. */
static void markdown_plain(cmark_node *parent, const char *text, size_t len)
{
    for (size_t from = 0, end; from < len; from = end) {
        const char *tilde = memchr(text + from, '~', len - from);

        end = tilde == NULL ? len : (size_t)(tilde - text);
        markdown_leaf(CMARK_NODE_TEXT, parent, text + from, end - from);
        if (tilde != NULL) {
            cmark_node_set_on_enter(markdown_node(CMARK_NODE_CUSTOM_INLINE, parent), "\\~");
            end++;
        }
    }
}

static void markdown_embed(cmark_node *parent, const markdown_bit *bit)
{
    static const char image[] = "image:";
    const size_t n = sizeof image - 1;

    if (bit->len > n && memcmp(bit->text, image, n) == 0 &&
        sn_address_is_safe(bit->text + n, bit->len - n))
        cmark_node_set_url(markdown_node(CMARK_NODE_IMAGE, parent),
                           markdown_string(bit->text + n, bit->len - n));
}

/* Text without marks; U+2028 is a line break. */
static void markdown_text(cmark_node *parent, const markdown_bit *bit)
{
    static const char separator[] = "\xe2\x80\xa8";
    size_t from = 0;

    for (size_t i = 0; i + 3 <= bit->len; i++)
        if (memcmp(bit->text + i, separator, 3) == 0) {
            markdown_plain(parent, bit->text + from, i - from);
            markdown_node(CMARK_NODE_LINEBREAK, parent);
            from = i + 3;
            i += 2;
        }
    markdown_plain(parent, bit->text + from, bit->len - from);
}

static bool markdown_same_link(const sn_rich *rich, const sn_rich_piece *a, const sn_rich_piece *b)
{
    return a->link_len == b->link_len &&
           (a->link_len == 0 || memcmp(sn_rich_string(rich, a->link), sn_rich_string(rich, b->link),
                                       a->link_len) == 0);
}

static bool markdown_is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool markdown_is_code(const markdown_bit *bit)
{
    return !bit->embed && (bit->marks & SN_MONO);
}

/* Bits of code side by side are one: their backticks would run together. Returns how
 * many they are. */
static size_t markdown_code_bits(cmark_node *parent, const markdown_bit *bits, size_t n)
{
    size_t len = 0, taken = 0;

    for (; taken < n && markdown_is_code(&bits[taken]); taken++)
        len += bits[taken].len;
    char *text = sn_markdown_take(1, len + 1);
    len = 0;
    for (size_t i = 0; i < taken; len += bits[i++].len)
        memcpy(text + len, bits[i].text, bits[i].len);
    markdown_leaf(CMARK_NODE_CODE, parent, text, len);
    return taken;
}

static void markdown_leaves(cmark_node *parent, const markdown_bit *bits, size_t n)
{
    for (size_t i = 0, taken; i < n; i += taken) {
        taken = 1;
        if (markdown_is_code(&bits[i]))
            taken = markdown_code_bits(parent, bits + i, n - i);
        else if (bits[i].embed)
            markdown_embed(parent, &bits[i]);
        else
            markdown_text(parent, &bits[i]);
    }
}

/* How many bits, from the first on, have a mark. */
static size_t markdown_extent(const markdown_bit *bits, size_t n, unsigned mark)
{
    size_t i = 0;

    while (i < n && (bits[i].marks & mark))
        i++;
    return i;
}

static bool markdown_is_blank(const markdown_bit *bit)
{
    size_t i = 0;

    while (i < bit->len && markdown_is_space(bit->text[i]))
        i++;
    return i == bit->len && !bit->embed && !markdown_is_code(bit);
}

/* A node for a mark. Right behind another of these something parts them, or their
 * asterisks would run together. */
static cmark_node *markdown_emphasised(unsigned mark, cmark_node *parent)
{
    const cmark_node_type type = cmark_node_get_type(cmark_node_last_child(parent)); /* none of NULL */

    if (type == CMARK_NODE_STRONG || type == CMARK_NODE_EMPH)
        cmark_node_set_literal(markdown_node(CMARK_NODE_HTML_INLINE, parent), SN_MARKDOWN_PART);
    return markdown_node(mark == SN_BOLD ? CMARK_NODE_STRONG : CMARK_NODE_EMPH, parent);
}

static void markdown_emphasis(cmark_node *parent, const markdown_bit *bits, size_t n, unsigned wanted);

/* Bits that all have a mark; white space at their ends is left out of it. */
static void markdown_marked(cmark_node *parent, const markdown_bit *bits, size_t n, unsigned mark,
                            unsigned wanted)
{
    size_t head = 0, tail = 0;

    while (head < n && markdown_is_blank(&bits[head]))
        head++;
    while (tail < n - head && markdown_is_blank(&bits[n - 1 - tail]))
        tail++;
    markdown_leaves(parent, bits, head);
    if (head + tail < n)
        markdown_emphasis(markdown_emphasised(mark, parent), bits + head, n - head - tail, wanted & ~mark);
    markdown_leaves(parent, bits + n - tail, tail);
}

/* Emphasis that goes further is outside of that which ends earlier. At most two levels
 * deep. */
static void markdown_emphasis(cmark_node *parent, const markdown_bit *bits, size_t n, unsigned wanted)
{
    for (size_t i = 0, taken; i < n; i += taken) {
        const size_t bold = markdown_extent(bits + i, n - i, SN_BOLD & wanted);
        const size_t italic = markdown_extent(bits + i, n - i, SN_ITALIC & wanted);
        const unsigned mark = bold >= italic ? SN_BOLD : SN_ITALIC;

        taken = mark == SN_BOLD ? bold : italic;
        if (taken > 0) {
            markdown_marked(parent, bits + i, taken, mark, wanted);
            continue;
        }
        while (i + taken < n && !(bits[i + taken].marks & wanted))
            taken++;
        markdown_leaves(parent, bits + i, taken);
    }
}

/* Links are outside of all. */
static void markdown_links(const sn_rich *rich, cmark_node *parent, const markdown_bit *bits, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        const sn_rich_piece *piece = bits[i].piece;
        cmark_node *node = parent;

        for (end = i + 1; end < n && markdown_same_link(rich, piece, bits[end].piece); end++)
            ;
        if (piece->link_len > 0) {
            node = markdown_node(CMARK_NODE_LINK, parent);
            cmark_node_set_url(node, markdown_string(sn_rich_string(rich, piece->link), piece->link_len));
        }
        markdown_emphasis(node, bits + i, end - i, SN_BOLD | SN_ITALIC);
    }
}

/* Up to three bits of a piece; before and after: marks of its neighbours. */
static size_t markdown_split(const sn_rich *rich, const sn_rich_piece *piece, unsigned before,
                             unsigned after, markdown_bit out[3])
{
    const char *text = sn_rich_text(rich, piece);
    const bool whole = piece->embed || (piece->marks & SN_MONO); /* code has its own ends */
    const unsigned emphasis = SN_BOLD | SN_ITALIC;
    size_t head = 0, tail = 0, n = 0;

    while (!whole && head < piece->len && markdown_is_space(text[head]))
        head++;
    while (!whole && tail < piece->len - head && markdown_is_space(text[piece->len - 1 - tail]))
        tail++;
    if (head > 0)
        out[n++] = (markdown_bit){text, head, piece->marks & (before | ~emphasis), piece, false};
    out[n++] = (markdown_bit){text + head, piece->len - head - tail, piece->marks, piece, piece->embed};
    if (tail > 0)
        out[n++] = (markdown_bit){text + piece->len - tail, tail, piece->marks & (after | ~emphasis),
                                  piece, false};
    return n;
}

/* Marks that go on from a piece to its neighbour: none into a link or out of it. */
static unsigned markdown_shared(const sn_rich *rich, const sn_rich_piece *piece, const sn_rich_piece *other)
{
    return markdown_same_link(rich, piece, other) ? other->marks : 0;
}

static void markdown_pieces(markdown_writing *w, cmark_node *parent, const sn_rich_line *line)
{
    const sn_rich_piece *pieces = line->n > 0 ? w->rich->pieces + line->first : NULL;
    markdown_bit *bits = sn_markdown_take(3 * line->n + 1, sizeof *bits);
    size_t n = 0;

    for (size_t i = 0; i < line->n; i++)
        n += markdown_split(w->rich, &pieces[i], i > 0 ? markdown_shared(w->rich, &pieces[i], &pieces[i - 1]) : 0,
                            i + 1 < line->n ? markdown_shared(w->rich, &pieces[i], &pieces[i + 1]) : 0,
                            bits + n);
    markdown_links(w->rich, parent, bits, n);
}

/* ---- blocks ---- */

static cmark_node *markdown_list(cmark_node *parent, sn_block_kind kind)
{
    cmark_node *list = markdown_node(CMARK_NODE_LIST, parent);

    cmark_node_set_list_type(list, kind == SN_ORDERED ? CMARK_ORDERED_LIST : CMARK_BULLET_LIST);
    cmark_node_set_list_tight(list, 1);
    if (kind == SN_ORDERED)
        cmark_node_set_list_start(list, 1);
    return list;
}

static cmark_node *markdown_item(markdown_writing *w, const sn_block *block)
{
    const cmark_list_type type = block->kind == SN_ORDERED ? CMARK_ORDERED_LIST : CMARK_BULLET_LIST;

    if (w->depth > block->level + 1)
        w->depth = block->level + 1;
    if (w->depth == block->level + 1 && cmark_node_get_list_type(w->lists[block->level]) != type)
        w->depth = block->level;
    for (; w->depth <= block->level; w->depth++) {
        w->lists[w->depth] = markdown_list(w->depth > 0 ? w->items[w->depth - 1] : w->root, block->kind);
        if (w->depth < block->level) /* a level that is left out */
            w->items[w->depth] = markdown_node(CMARK_NODE_ITEM, w->lists[w->depth]);
    }
    return w->items[block->level] = markdown_node(CMARK_NODE_ITEM, w->lists[block->level]);
}

/* cmark writes it as it is, and reads escapes in it. */
static bool markdown_is_language(const sn_block *block)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+#._-";

    for (size_t i = 0; i < block->info_len; i++)
        if (block->info[i] == '\0' || strchr(plain, block->info[i]) == NULL)
            return false;
    return true;
}

static void markdown_end_code(markdown_writing *w)
{
    if (w->around == NULL || cmark_node_get_type(w->around) != CMARK_NODE_CODE_BLOCK)
        return;
    cmark_node_set_literal(w->around, markdown_string((const char *)w->code.data, w->code.len));
    if (markdown_is_language(&w->code_block))
        cmark_node_set_fence_info(w->around,
                                  markdown_string(w->code_block.info, w->code_block.info_len));
    w->code.len = 0;
}

static sennit_status markdown_code(markdown_writing *w, const sn_rich_line *line)
{
    for (size_t i = 0; i < line->n; i++) {
        const sn_rich_piece *piece = &w->rich->pieces[line->first + i];

        if (!piece->embed)
            SN_TRY(sn_buf_put(&w->code, sn_rich_text(w->rich, piece), piece->len));
    }
    return sn_buf_put(&w->code, "\n", 1);
}

static void markdown_leave(markdown_writing *w, const sn_block *next)
{
    const cmark_node_type type = w->around != NULL ? cmark_node_get_type(w->around) : CMARK_NODE_NONE;

    if (!sn_block_is_list(next))
        w->depth = 0;
    if ((type == CMARK_NODE_BLOCK_QUOTE && next->kind == SN_QUOTE) ||
        (type == CMARK_NODE_CODE_BLOCK && next->kind == SN_CODE))
        return;
    markdown_end_code(w);
    w->around = NULL;
}

/* The block that a line's pieces go into; NULL: they are code. */
static cmark_node *markdown_begin(markdown_writing *w, const sn_block *block)
{
    cmark_node *node;

    markdown_leave(w, block);
    switch (block->kind) {
    case SN_HEADING:
        node = markdown_node(CMARK_NODE_HEADING, w->root);
        cmark_node_set_heading_level(node, (int)block->level);
        return node;
    case SN_BULLET:
    case SN_ORDERED: return markdown_node(CMARK_NODE_PARAGRAPH, markdown_item(w, block));
    case SN_QUOTE:
        if (w->around == NULL)
            w->around = markdown_node(CMARK_NODE_BLOCK_QUOTE, w->root);
        return markdown_node(CMARK_NODE_PARAGRAPH, w->around);
    case SN_CODE:
        if (w->around == NULL) {
            w->around = markdown_node(CMARK_NODE_CODE_BLOCK, w->root);
            w->code_block = *block;
        }
        return NULL;
    default: return markdown_node(CMARK_NODE_PARAGRAPH, w->root);
    }
}

static bool markdown_is_rule(const markdown_writing *w, const sn_rich_line *line)
{
    const sn_rich_piece *piece = line->n == 1 ? &w->rich->pieces[line->first] : NULL;

    return piece != NULL && piece->embed && piece->len == 4 &&
           memcmp(sn_rich_text(w->rich, piece), "rule", 4) == 0;
}

static sennit_status markdown_write(void *arg)
{
    const sn_block end = {SN_PARAGRAPH, 0, "", 0};
    markdown_writing *w = arg;

    w->root = cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, sn_markdown_mem());
    for (size_t i = 0; i < w->rich->lines_len; i++) {
        const sn_rich_line *line = &w->rich->lines[i];
        const sn_block block = sn_rich_block(w->rich, line);

        if (block.kind == SN_PARAGRAPH && markdown_is_rule(w, line)) {
            markdown_leave(w, &end);
            markdown_node(CMARK_NODE_THEMATIC_BREAK, w->root);
            continue;
        }
        cmark_node *node = markdown_begin(w, &block);
        if (node != NULL)
            markdown_pieces(w, node, line);
        else
            SN_TRY(markdown_code(w, line));
    }
    markdown_leave(w, &end);
    const char *text = cmark_render_commonmark(w->root, CMARK_OPT_DEFAULT, 0);
    return sn_buf_put(w->out, text, strlen(text));
}

sennit_status sennit_format_markdown(const sennit_doc *doc, sennit_buf *out)
{
    const size_t before = out->len;
    sn_rich rich;
    markdown_writing w = {.rich = &rich, .out = out};

    sennit_buf_init(&w.code, NULL);
    sennit_status st = sn_rich_read(doc, &rich);
    if (st == SENNIT_OK)
        st = sn_markdown_guarded(markdown_write, &w);
    if (st != SENNIT_OK)
        out->len = before;
    sennit_buf_clear(&w.code);
    sn_rich_free(&rich);
    return st;
}
