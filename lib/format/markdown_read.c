/* CommonMark as a document: cmark's tree becomes a draft. */
#include "format/draft.h"
#include "format/markdown.h"

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
    char *value = sn_markdown_take(1, len + 7);

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
    case CMARK_NODE_HTML_INLINE:
        if (strcmp(cmark_node_get_literal(node), SN_MARKDOWN_PART) == 0)
            return SENNIT_OK;
        /* fallthrough */
    case CMARK_NODE_TEXT:
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
    cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, sn_markdown_mem());

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
    sennit_status st = sn_markdown_guarded(markdown_read, &r);
    if (st == SENNIT_OK)
        st = sn_draft_become(&draft, doc);
    sn_draft_free(&draft);
    return st == SENNIT_OK ? st : sn_fail(err, st, 0, sennit_status_text(st));
}
