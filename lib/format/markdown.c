/* CommonMark by cmark, whose trees are built and walked here; this is the one file
 * that includes <cmark.h>. */
#include "sennit/format.h"

#include <cmark.h>
#include <setjmp.h>

#include "base/bytes.h"
#include "format/draft.h"
#include "format/rich.h"

/* ---- memory ---- */

/* cmark ends the program if it is told that memory ran out, and has no place for a
 * pointer of ours. So what it asks for comes from a pool that this thread is at, and
 * if there is none we leave by longjmp: cmark has nothing open but memory. */
typedef struct markdown_block {
    struct markdown_block *next;
    size_t size; /* of all, this included */
} markdown_block;

typedef struct markdown_pool {
    sn_mem mem;
    markdown_block *blocks;
    jmp_buf out;
} markdown_pool;

static _Thread_local markdown_pool *markdown_now;

static void *markdown_calloc(size_t n, size_t item)
{
    markdown_pool *pool = markdown_now;
    size_t size;
    markdown_block *block = NULL;

    if (sn_mul_size(n, item, &size) && size < SIZE_MAX - sizeof *block)
        block = sn_mem_resize(&pool->mem, NULL, 0, sizeof *block + size);
    if (block == NULL)
        longjmp(pool->out, 1);
    block->next = pool->blocks;
    block->size = sizeof *block + size;
    pool->blocks = block;
    memset(block + 1, 0, size);
    return block + 1;
}

/* What it was stays in the pool until the end. */
static void *markdown_realloc(void *old, size_t size)
{
    void *now = markdown_calloc(1, size);

    if (old != NULL) {
        size_t was = ((markdown_block *)old - 1)->size - sizeof(markdown_block);

        memcpy(now, old, (size_t)sn_min_u64(was, size));
    }
    return now;
}

static void markdown_free(void *old)
{
    (void)old;
}

static cmark_mem markdown_mem = {markdown_calloc, markdown_realloc, markdown_free};

/* Call work(arg) with a pool. */
static sennit_status markdown_guarded(sennit_status (*work)(void *), void *arg)
{
    markdown_pool pool = {.blocks = NULL}, *const outer = markdown_now;
    sennit_status st;

    sn_mem_init(&pool.mem, NULL);
    markdown_now = &pool;
    st = setjmp(pool.out) == 0 ? work(arg) : SENNIT_ENOMEM;
    markdown_now = outer;
    while (pool.blocks != NULL) {
        markdown_block *next = pool.blocks->next;

        sn_mem_free(&pool.mem, pool.blocks, pool.blocks->size);
        pool.blocks = next;
    }
    return st;
}

/* A copy with an end; U+0000 is none of CommonMark's characters. */
static const char *markdown_string(const char *text, size_t len)
{
    size_t nuls = 0, at = 0;

    for (size_t i = 0; i < len; i++)
        nuls += text[i] == '\0';
    char *copy = markdown_calloc(1, len + 2 * nuls + 1);
    for (size_t i = 0; i < len; i++)
        if (text[i] != '\0') {
            copy[at++] = text[i];
        } else {
            memcpy(copy + at, "\xef\xbf\xbd", 3);
            at += 3;
        }
    return copy;
}

/* ---- writing: pieces ---- */

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
    cmark_node *node = cmark_node_new_with_mem(type, &markdown_mem);

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
    char *text = markdown_calloc(1, len + 1);
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

/* Emphasis that goes further is outside of that which ends earlier: two of one kind side
 * by side would have their asterisks run together. At most two levels deep. */
static void markdown_emphasis(cmark_node *parent, const markdown_bit *bits, size_t n, unsigned wanted)
{
    for (size_t i = 0, taken; i < n; i += taken) {
        const size_t bold = markdown_extent(bits + i, n - i, SN_BOLD & wanted);
        const size_t italic = markdown_extent(bits + i, n - i, SN_ITALIC & wanted);
        const unsigned mark = bold >= italic ? SN_BOLD : SN_ITALIC;

        taken = mark == SN_BOLD ? bold : italic;
        if (taken > 0) {
            cmark_node *node = markdown_node(mark == SN_BOLD ? CMARK_NODE_STRONG : CMARK_NODE_EMPH, parent);

            markdown_emphasis(node, bits + i, taken, wanted & ~mark);
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

static bool markdown_is_space(char c)
{
    return c == ' ' || c == '\t';
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
    markdown_bit *bits = markdown_calloc(3 * line->n + 1, sizeof *bits);
    size_t n = 0;

    for (size_t i = 0; i < line->n; i++)
        n += markdown_split(w->rich, &pieces[i], i > 0 ? markdown_shared(w->rich, &pieces[i], &pieces[i - 1]) : 0,
                            i + 1 < line->n ? markdown_shared(w->rich, &pieces[i], &pieces[i + 1]) : 0,
                            bits + n);
    markdown_links(w->rich, parent, bits, n);
}

/* ---- writing: blocks ---- */

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

    w->root = cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, &markdown_mem);
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
        st = markdown_guarded(markdown_write, &w);
    if (st != SENNIT_OK)
        out->len = before;
    sennit_buf_clear(&w.code);
    sn_rich_free(&rich);
    return st;
}

/* ---- reading ---- */

typedef struct markdown_reading {
    const char *text;
    size_t len;
    sn_draft *draft;
} markdown_reading;

/* The block of a paragraph: the innermost item or quote around it. */
static sn_block markdown_block_of(cmark_node *node)
{
    sn_block block = {SN_PARAGRAPH, 0, "", 0};
    unsigned lists = 0;

    for (node = cmark_node_parent(node); node != NULL; node = cmark_node_parent(node)) {
        cmark_node_type type = cmark_node_get_type(node);

        if (type == CMARK_NODE_BLOCK_QUOTE && block.kind == SN_PARAGRAPH)
            block.kind = SN_QUOTE;
        if (type == CMARK_NODE_LIST && block.kind == SN_PARAGRAPH)
            block.kind = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST ? SN_ORDERED : SN_BULLET;
        lists += type == CMARK_NODE_LIST;
    }
    if (sn_block_is_list(&block))
        block.level = lists - 1 < SN_LIST_LEVELS ? lists - 1 : SN_LIST_LEVELS - 1;
    return block;
}

/* Lines of a literal, each a block. */
static sennit_status markdown_lines(sn_draft *d, const char *text, const sn_block *block)
{
    for (const char *end; *text != '\0'; text = *end != '\0' ? end + 1 : end) {
        end = text + strcspn(text, "\n");
        SN_TRY(sn_draft_text(d, text, (size_t)(end - text)));
        SN_TRY(sn_draft_newline(d, block));
    }
    return SENNIT_OK;
}

static sennit_status markdown_take_code(sn_draft *d, cmark_node *node)
{
    const char *info = cmark_node_get_fence_info(node);
    sn_block block = {SN_CODE, 0, info, strcspn(info, " \t")};

    if (block.info_len > SN_BLOCK_INFO)
        block.info_len = 0;
    return markdown_lines(d, cmark_node_get_literal(node), &block);
}

static sennit_status markdown_take_image(sn_draft *d, cmark_node *node)
{
    const char *url = cmark_node_get_url(node);
    const size_t len = strlen(url);
    char *value = markdown_calloc(1, len + 7);

    memcpy(value, "image:", 6);
    memcpy(value + 6, url, len);
    return len + 6 <= SENNIT_ATTR_VALUE_MAX ? sn_draft_embed(d, value, len + 6) : SENNIT_OK;
}

static sennit_status markdown_enter(markdown_reading *r, cmark_node *node, cmark_iter *iter)
{
    static const sn_block paragraph = {SN_PARAGRAPH, 0, "", 0};
    sn_draft *d = r->draft;
    const size_t from = d->text.len;

    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_HTML_INLINE:
        return sn_draft_text(d, cmark_node_get_literal(node), strlen(cmark_node_get_literal(node)));
    case CMARK_NODE_CODE:
        SN_TRY(sn_draft_text(d, cmark_node_get_literal(node), strlen(cmark_node_get_literal(node))));
        return sn_draft_flag_from(d, from, "code");
    case CMARK_NODE_SOFTBREAK: return sn_draft_text(d, " ", 1);
    case CMARK_NODE_LINEBREAK: return sn_draft_text(d, "\xe2\x80\xa8", 3);
    case CMARK_NODE_IMAGE: /* what is inside tells what is on it */
        cmark_iter_reset(iter, node, CMARK_EVENT_EXIT);
        return markdown_take_image(d, node);
    case CMARK_NODE_CODE_BLOCK: return markdown_take_code(d, node);
    case CMARK_NODE_HTML_BLOCK: /* one stands between two lists, to part them */
        if (strcmp(cmark_node_get_literal(node), "<!-- end list -->\n") == 0)
            return SENNIT_OK;
        return markdown_lines(d, cmark_node_get_literal(node), &paragraph);
    case CMARK_NODE_THEMATIC_BREAK:
        SN_TRY(sn_draft_embed(d, "rule", 4));
        return sn_draft_newline(d, &paragraph);
    default: /* a number is kept in the place of a pointer: where it begins */
        cmark_node_set_user_data(node, (void *)(uintptr_t)from);
        return SENNIT_OK;
    }
}

static sennit_status markdown_leave_node(markdown_reading *r, cmark_node *node)
{
    const size_t from = (size_t)(uintptr_t)cmark_node_get_user_data(node);
    const char *url;
    sn_block block;

    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_STRONG: return sn_draft_flag_from(r->draft, from, "bold");
    case CMARK_NODE_EMPH: return sn_draft_flag_from(r->draft, from, "italic");
    case CMARK_NODE_LINK:
        url = cmark_node_get_url(node);
        return strlen(url) <= SENNIT_ATTR_VALUE_MAX
                   ? sn_draft_string_from(r->draft, from, "link", url, strlen(url)) : SENNIT_OK;
    case CMARK_NODE_HEADING:
        block = (sn_block){SN_HEADING, (unsigned)cmark_node_get_heading_level(node), "", 0};
        return sn_draft_newline(r->draft, &block);
    case CMARK_NODE_PARAGRAPH:
        block = markdown_block_of(node);
        return sn_draft_newline(r->draft, &block);
    default: return SENNIT_OK;
    }
}

static sennit_status markdown_read(void *arg)
{
    markdown_reading *r = arg;
    cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &markdown_mem);

    cmark_parser_feed(parser, r->text, r->len);
    cmark_iter *iter = cmark_iter_new(cmark_parser_finish(parser));
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);

        SN_TRY(event == CMARK_EVENT_ENTER ? markdown_enter(r, node, iter) : markdown_leave_node(r, node));
    }
    return SENNIT_OK;
}

sennit_status sennit_format_read_markdown(sennit_doc *doc, const char *text, size_t len,
                                          sennit_error *err)
{
    sn_draft draft;
    markdown_reading r = {.text = text, .len = len, .draft = &draft};
    size_t bad;

    if (sennit_utf8_check(text, len, &bad) != SENNIT_OK)
        return sn_fail(err, SENNIT_EUTF8, bad, "ill-formed UTF-8");
    sn_draft_start(&draft);
    sennit_status st = markdown_guarded(markdown_read, &r);
    if (st == SENNIT_OK)
        st = sn_draft_become(&draft, doc);
    sn_draft_free(&draft);
    return st == SENNIT_OK ? st : sn_fail(err, st, 0, sennit_status_text(st));
}
