#include "sennit/format.h"

#include "base/bytes.h"
#include "format/rich.h"

typedef struct html {
    const sn_rich *rich;
    sennit_buf *out;
    sn_block_kind lists[SN_LIST_LEVELS]; /* that are open, from the outside in */
    unsigned depth;                      /* so many of them */
    sn_block_kind around;                /* SN_QUOTE or SN_CODE while one is open */
} html;

/* ---- text ---- */

static sennit_status html_put(html *h, const char *markup)
{
    return sn_buf_put(h->out, markup, strlen(markup));
}

/* Good for text and for values in double quotes. */
static sennit_status html_escape(html *h, const char *text, size_t len)
{
    static const struct {
        char c;
        const char *entity;
    } escapes[] = {{'&', "&amp;"},  {'<', "&lt;"},  {'>', "&gt;"},
                   {'"', "&quot;"}, {'\'', "&#39;"}, {'\0', "\xef\xbf\xbd"}}; /* HTML has no NUL */
    size_t from = 0;

    for (size_t i = 0; i < len; i++)
        for (size_t k = 0; k < sizeof escapes / sizeof *escapes; k++)
            if (text[i] == escapes[k].c) {
                SN_TRY(sn_buf_put(h->out, text + from, i - from));
                SN_TRY(html_put(h, escapes[k].entity));
                from = i + 1;
            }
    return sn_buf_put(h->out, text + from, len - from);
}

/* Line breaks inside a block are U+2028. */
static sennit_status html_text(html *h, const char *text, size_t len)
{
    static const char separator[] = "\xe2\x80\xa8";
    size_t from = 0;

    for (size_t i = 0; i + 3 <= len; i++)
        if (memcmp(text + i, separator, 3) == 0) {
            SN_TRY(html_escape(h, text + from, i - from));
            SN_TRY(html_put(h, "<br>"));
            from = i + 3;
            i += 2;
        }
    return html_escape(h, text + from, len - from);
}

static sennit_status html_embed(html *h, const char *value, size_t len)
{
    static const char image[] = "image:";
    const size_t n = sizeof image - 1;

    if (len <= n || memcmp(value, image, n) != 0 || !sn_address_is_safe(value + n, len - n))
        return SENNIT_OK;
    SN_TRY(html_put(h, "<img alt=\"\" src=\""));
    SN_TRY(html_escape(h, value + n, len - n));
    return html_put(h, "\">");
}

/* ---- pieces ---- */

static const struct {
    unsigned mark;
    const char *open, *close;
} html_tags[] = {
    {SN_BOLD, "<strong>", "</strong>"}, {SN_ITALIC, "<em>", "</em>"}, {SN_STRIKE, "<s>", "</s>"},
    {SN_UNDERLINE, "<u>", "</u>"},      {SN_MONO, "<code>", "</code>"},
};

#define HTML_TAGS (sizeof html_tags / sizeof *html_tags)

static bool html_same_link(const html *h, const sn_rich_piece *a, const sn_rich_piece *b)
{
    return a->link_len == b->link_len &&
           (a->link_len == 0 || memcmp(sn_rich_string(h->rich, a->link), sn_rich_string(h->rich, b->link),
                                       a->link_len) == 0);
}

/* How many tags, the link being one, two pieces share from the outside in. */
static size_t html_shared(const html *h, const sn_rich_piece *a, const sn_rich_piece *b)
{
    size_t i = 0;

    if (!html_same_link(h, a, b))
        return 0;
    while (i < HTML_TAGS && (a->marks & html_tags[i].mark) == (b->marks & html_tags[i].mark))
        i++;
    return i + 1;
}

static sennit_status html_close(html *h, const sn_rich_piece *piece, size_t from)
{
    for (size_t i = HTML_TAGS; i > 0 && i >= from; i--)
        if (piece->marks & html_tags[i - 1].mark)
            SN_TRY(html_put(h, html_tags[i - 1].close));
    return from == 0 && piece->link_len > 0 ? html_put(h, "</a>") : SENNIT_OK;
}

static sennit_status html_open(html *h, const sn_rich_piece *piece, size_t from)
{
    if (from == 0 && piece->link_len > 0) {
        SN_TRY(html_put(h, "<a rel=\"nofollow noopener\" href=\""));
        SN_TRY(html_escape(h, sn_rich_string(h->rich, piece->link), piece->link_len));
        SN_TRY(html_put(h, "\">"));
    }
    for (size_t i = from > 0 ? from : 1; i <= HTML_TAGS; i++)
        if (piece->marks & html_tags[i - 1].mark)
            SN_TRY(html_put(h, html_tags[i - 1].open));
    return SENNIT_OK;
}

static sennit_status html_pieces(html *h, const sn_rich_line *line)
{
    const sn_rich_piece nothing = {.len = 0}, *last = &nothing;

    for (size_t i = 0; i < line->n; i++) {
        const sn_rich_piece *piece = &h->rich->pieces[line->first + i];
        size_t shared = html_shared(h, last, piece);

        SN_TRY(html_close(h, last, shared));
        SN_TRY(html_open(h, piece, shared));
        SN_TRY(piece->embed ? html_embed(h, sn_rich_text(h->rich, piece), piece->len)
                            : html_text(h, sn_rich_text(h->rich, piece), piece->len));
        last = piece;
    }
    return html_close(h, last, 0);
}

/* ---- blocks ---- */

static const char *html_list(sn_block_kind kind, bool open)
{
    if (kind == SN_BULLET)
        return open ? "<ul>\n<li>" : "</li>\n</ul>\n";
    return open ? "<ol>\n<li>" : "</li>\n</ol>\n";
}

static sennit_status html_lists_to(html *h, unsigned depth)
{
    while (h->depth > depth)
        SN_TRY(html_put(h, html_list(h->lists[--h->depth], false)));
    return SENNIT_OK;
}

/* Begin an item; the one before stays open for lists inside it. */
static sennit_status html_item(html *h, const sn_block *block)
{
    SN_TRY(html_lists_to(h, block->level + 1));
    if (h->depth == block->level + 1 && h->lists[block->level] != block->kind)
        SN_TRY(html_lists_to(h, block->level));
    if (h->depth == block->level + 1)
        return html_put(h, "</li>\n<li>");
    while (h->depth <= block->level) {
        h->lists[h->depth++] = block->kind;
        SN_TRY(html_put(h, html_list(block->kind, true)));
    }
    return SENNIT_OK;
}

/* Leave what the next line is not in. */
static sennit_status html_leave(html *h, const sn_block *next)
{
    if (!sn_block_is_list(next))
        SN_TRY(html_lists_to(h, 0));
    if (h->around == next->kind)
        return SENNIT_OK;
    if (h->around == SN_QUOTE)
        SN_TRY(html_put(h, "</blockquote>\n"));
    if (h->around == SN_CODE)
        SN_TRY(html_put(h, "</code></pre>\n"));
    h->around = SN_PARAGRAPH;
    return SENNIT_OK;
}

static sennit_status html_enclose(html *h, const sn_rich_line *line, const char *open, const char *close)
{
    SN_TRY(html_put(h, open));
    SN_TRY(html_pieces(h, line));
    return html_put(h, close);
}

static sennit_status html_heading(html *h, const sn_rich_line *line, unsigned level)
{
    char open[] = "<h1>", close[] = "</h1>\n";

    open[2] = close[3] = (char)('0' + level);
    return html_enclose(h, line, open, close);
}

static sennit_status html_code(html *h, const sn_rich_line *line, const sn_block *block)
{
    if (h->around != SN_CODE) {
        h->around = SN_CODE;
        SN_TRY(html_put(h, block->info_len > 0 ? "<pre><code class=\"language-" : "<pre><code"));
        SN_TRY(html_escape(h, block->info, block->info_len));
        SN_TRY(html_put(h, block->info_len > 0 ? "\">" : ">"));
    }
    for (size_t i = 0; i < line->n; i++) {
        const sn_rich_piece *piece = &h->rich->pieces[line->first + i];

        if (!piece->embed)
            SN_TRY(html_escape(h, sn_rich_text(h->rich, piece), piece->len));
    }
    return html_put(h, "\n");
}

/* A rule stands by itself or not at all: HTML has none inside a paragraph. */
static bool html_is_rule(const html *h, const sn_rich_line *line)
{
    const sn_rich_piece *piece = line->n == 1 ? &h->rich->pieces[line->first] : NULL;

    return piece != NULL && piece->embed && piece->len == 4 &&
           memcmp(sn_rich_text(h->rich, piece), "rule", 4) == 0;
}

static sennit_status html_line(html *h, const sn_rich_line *line)
{
    const sn_block block = sn_rich_block(h->rich, line);

    SN_TRY(html_leave(h, &block));
    if (block.kind == SN_PARAGRAPH && html_is_rule(h, line))
        return html_put(h, "<hr>\n");
    switch (block.kind) {
    case SN_HEADING: return html_heading(h, line, block.level);
    case SN_CODE: return html_code(h, line, &block);
    case SN_BULLET:
    case SN_ORDERED:
        SN_TRY(html_item(h, &block));
        return html_pieces(h, line);
    case SN_QUOTE:
        if (h->around != SN_QUOTE)
            SN_TRY(html_put(h, "<blockquote>\n"));
        h->around = SN_QUOTE;
        return html_enclose(h, line, "<p>", "</p>\n");
    default: return html_enclose(h, line, "<p>", "</p>\n");
    }
}

static sennit_status html_all(const sn_rich *rich, sennit_buf *out)
{
    const sn_block end = {SN_PARAGRAPH, 0, "", 0};
    html h = {.rich = rich, .out = out, .around = SN_PARAGRAPH};

    for (size_t i = 0; i < rich->lines_len; i++)
        SN_TRY(html_line(&h, &rich->lines[i]));
    return html_leave(&h, &end);
}

sennit_status sennit_format_html(const sennit_doc *doc, sennit_buf *out)
{
    const size_t before = out->len;
    sn_rich rich;

    sennit_status st = sn_rich_read(doc, &rich);
    if (st == SENNIT_OK)
        st = html_all(&rich, out);
    if (st != SENNIT_OK)
        out->len = before;
    sn_rich_free(&rich);
    return st;
}
