/* Rich text out of documents and into them. */
#include <sennit/format.h>

#include <stdio.h>
#include <string.h>

#include "support/stage.h"

static sennit_doc *from_delta(stage *s, const char *json)
{
    s->options.replica = 7;
    sennit_doc *doc = stage_keep(s, doc_new(&s->options));

    sennit_doc_set_time(doc, UINT64_C(1800000000000));
    s->err = (sennit_error){SENNIT_OK, 0, ""};
    assert_int_equal(sennit_format_read_delta(doc, json, strlen(json), &s->err), SENNIT_OK);
    doc_check(doc);
    return doc;
}

static sennit_doc *from_markdown(stage *s, const char *text)
{
    s->options.replica = 7;
    sennit_doc *doc = stage_keep(s, doc_new(&s->options));

    sennit_doc_set_time(doc, UINT64_C(1800000000000));
    assert_int_equal(sennit_format_read_markdown(doc, text, strlen(text), &s->err), SENNIT_OK);
    doc_check(doc);
    return doc;
}

typedef sennit_status writer(const sennit_doc *doc, sennit_buf *out);

static void writes(stage *s, sennit_doc *doc, writer *write, const char *wanted)
{
    s->buf.len = 0;
    assert_ok(write(doc, &s->buf));
    buf_add(&s->buf, "", 1);
    assert_string_equal((const char *)s->buf.data, wanted);
}

/* ---- HTML ---- */

static void each_mark_has_its_tag_in_html(void **state)
{
    stage *s = *state;

    writes(s, from_delta(s, "[{\"insert\":\"a\",\"attributes\":{\"bold\":true}},"
                            "{\"insert\":\"b\",\"attributes\":{\"bold\":true,\"italic\":true}},"
                            "{\"insert\":\"c\",\"attributes\":{\"italic\":true}},"
                            "{\"insert\":\"d\",\"attributes\":{\"strike\":true,\"underline\":true}},"
                            "{\"insert\":\"e\",\"attributes\":{\"code\":true}},{\"insert\":\"f\\n\"}]"),
           sennit_format_html,
           "<p><strong>a<em>b</em></strong><em>c</em><s><u>d</u></s><code>e</code>f</p>\n");
    writes(s, from_delta(s, "[{\"insert\":\"x\",\"attributes\":{\"link\":\"https://a.example/?q=\\\"&\"}},"
                            "{\"insert\":\"y\",\"attributes\":{\"bold\":true,\"link\":\"https://b.example\"}},"
                            "{\"insert\":\"\\n\"}]"),
           sennit_format_html,
           "<p><a rel=\"nofollow noopener\" href=\"https://a.example/?q=&quot;&amp;\">x</a>"
           "<a rel=\"nofollow noopener\" href=\"https://b.example\"><strong>y</strong></a></p>\n");
}

static void each_block_has_its_tag_in_html(void **state)
{
    stage *s = *state;

    writes(s, from_markdown(s, "# One\n\ntext  \nmore\n\n* a\n* b\n  1. c\n* d\n\n> q\n>\n> r\n\n---\n\n"
                               "``` c\nint x < 1;\n\ny\n```\n\n![](https://i.example/p.png)\n"),
           sennit_format_html,
           "<h1>One</h1>\n<p>text<br>more</p>\n<ul>\n<li>a</li>\n<li>b<ol>\n<li>c</li>\n</ol>\n"
           "</li>\n<li>d</li>\n</ul>\n<blockquote>\n<p>q</p>\n<p>r</p>\n</blockquote>\n<hr>\n"
           "<pre><code class=\"language-c\">int x &lt; 1;\n\ny\n</code></pre>\n"
           "<p><img alt=\"\" src=\"https://i.example/p.png\"></p>\n");
}

/* What stands in text, an address, an embed, a language or a name never becomes markup:
 * after the tags that are ours are taken out there is no angle left, and no address but
 * those of three schemes. */
static void nothing_from_a_document_becomes_markup(void **state)
{
    static const char *const attacks[] = {
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "\"><script>alert(1)</script>",
        "'><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "\x01javascript:alert(1)",
        "&#106;avascript:alert(1)",
        "vbscript:msgbox(1)",
        "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        "//evil.example/x",
        "https://a.example/\" onmouseover=\"alert(1)",
        "https://a.example/'onclick='alert(1)",
        "https:javascript:alert(1)",
        "</title><script>alert(1)</script>",
        "<!--<script>-->alert(1)",
        "<![CDATA[<script>]]>",
        "\xef\xbc\x9cscript\xef\xbc\x9e",
        "<a href=\"\\x0Bjavascript:alert(1)\">x</a>",
    };
    stage *s = *state;

    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        const char *a = attacks[i];
        const sennit_value string = {.type = SENNIT_STRING, .data = a, .len = strlen(a)};
        char block[256], embed[256];
        sennit_value v;

        s->options.replica = 7;
        sennit_doc *doc = doc_new(&s->options);
        assert_ok(sennit_doc_insert(doc, 0, a, strlen(a)));
        assert_ok(sennit_doc_insert(doc, strlen(a), "\nxyz\nend\n", 9));
        assert_ok(sennit_mark_add(doc, strlen(a) + 1, 3, "link", 4, &string, 0));
        assert_ok(sennit_mark_add(doc, strlen(a) + 1, 3, a, strlen(a), &string, 0));
        snprintf(block, sizeof block, "code:%s", a);
        v = (sennit_value){.type = SENNIT_STRING, .data = block, .len = strlen(block)};
        assert_ok(sennit_mark_block(doc, strlen(a) + 6, &v));
        snprintf(embed, sizeof embed, "image:%s", a);
        v.data = embed;
        v.len = strlen(embed);
        assert_ok(sennit_mark_embed(doc, strlen(a) + 1, &v));
        s->buf.len = 0;
        assert_ok(sennit_format_html(doc, &s->buf));
        buf_add(&s->buf, "", 1);
        const char *html = (const char *)s->buf.data;
        for (const char *tag = html; (tag = strchr(tag, '<')) != NULL; tag++) {
            static const char *const ours[] = {"<p>", "</p>", "<a rel=\"nofollow noopener\" href=\"https://",
                                               "</a>", "<pre><code", "<code", "</code></pre>", "</pre>",
                                               "<img alt=\"\" src=\"https://"};
            bool known = false;

            for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
                known = known || strncmp(tag, ours[k], strlen(ours[k])) == 0;
            if (!known)
                fail_msg("%s gives %s", a, html);
        }
        for (const char *quote = html; (quote = strstr(quote, "=\"")) != NULL;) {
            quote = strchr(quote + 2, '"');
            assert_non_null(quote);
            assert_true(quote[1] == '>' || quote[1] == ' ');
        }
        sennit_doc_free(doc);
    }
}

static void nul_is_told_as_a_replacement_character(void **state)
{
    stage *s = *state;
    sennit_doc *doc = from_markdown(s, "x\n");

    assert_ok(sennit_doc_insert(doc, 1, "\0y", 2));
    writes(s, doc, sennit_format_html, "<p>x\xef\xbf\xbdy</p>\n");
    writes(s, doc, sennit_format_markdown, "x\xef\xbf\xbdy\n");
}

/* ---- Markdown ---- */

static void markdown_that_was_read_is_written_again(void **state)
{
    static const char *const texts[] = {
        "Hello *world*\n",
        "**bold *both* rest**\n",
        "*italic **both** rest*\n",
        "***both** italic* plain\n",
        "plain *italic **both***\n",
        "**bold *both***`code`\n",
        "# Title\n\n## Sub *title*\n\ntext\n",
        "  - a\n  - b\n      - c\n  - d\n",
        "1.  a\n2.  b\n",
        "> quoted **text**\n> \n> second\n",
        "``` c\nint main(void) { return 0; }\n```\n",
        "a `code` [link](https://x.example/a_b) ![](https://x.example/i.png)\n",
        "one  \ntwo\n",
        "-----\n",
        "1\\. not a list, \\*not emphasis\\*, \\[no link\\], \\<no tag\\>, \\# none\n",
    };
    stage *s = *state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        writes(s, from_markdown(s, texts[i]), sennit_format_markdown, texts[i]);
}

static void emphasis_that_overlaps_comes_back(void **state)
{
    stage *s = *state;
    static const char html[] = "<p>a<strong>b<em>c</em></strong><em>d</em></p>\n";
    sennit_doc *doc = from_delta(s, "[{\"insert\":\"a\"},{\"insert\":\"b\",\"attributes\":{\"bold\":true}},"
                                    "{\"insert\":\"c\",\"attributes\":{\"bold\":true,\"italic\":true}},"
                                    "{\"insert\":\"d\",\"attributes\":{\"italic\":true}},{\"insert\":\"\\n\"}]");

    writes(s, doc, sennit_format_html, html);
    writes(s, doc, sennit_format_markdown, "a**b*c***<!-- -->*d*\n");
    writes(s, from_markdown(s, "a**b*c***<!-- -->*d*\n"), sennit_format_html, html);
    writes(s, from_markdown(s, "*one **two*** **three**\n"), sennit_format_markdown, "*one **two*** **three**\n");
}

static void emphasis_leaves_white_space_outside(void **state)
{
    stage *s = *state;

    writes(s, from_delta(s, "[{\"insert\":\"a\"},{\"insert\":\" b \",\"attributes\":{\"bold\":true}},"
                            "{\"insert\":\"c\\n\"}]"), sennit_format_markdown, "a **b** c\n");
}

static void raw_html_in_markdown_stays_text(void **state)
{
    stage *s = *state;

    writes(s, from_markdown(s, "a <b onclick=x>b</b>\n\n<div>\nx\n</div>\n"), sennit_format_html,
           "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n<p>&lt;div&gt;</p>\n<p>x</p>\n<p>&lt;/div&gt;</p>\n");
}

/* ---- Delta ---- */

static void names_with_a_nul_are_read_again(void **state)
{
    stage *s = *state;
    static const char delta[] = "{\"ops\":[{\"insert\":{\"i\xef\xbf\xbdm\":\"x\"}},{\"insert\":\"y\","
                                "\"attributes\":{\"a\xef\xbf\xbd\":1}},{\"insert\":\"\\n\"}]}";
    sennit_doc *doc = from_markdown(s, "y\n");
    const sennit_value embed = {.type = SENNIT_STRING, .data = "i\0m:x", .len = 5},
                       one = {.type = SENNIT_INT, .integer = 1};

    assert_ok(sennit_mark_embed(doc, 0, &embed));
    assert_ok(sennit_mark_add(doc, sennit_doc_len(doc) - 2, 1, "a\0", 2, &one, 0));
    writes(s, doc, sennit_format_delta, delta);
    assert_ok(sennit_format_read_delta(doc, delta, sizeof delta - 1, &s->err));
    writes(s, doc, sennit_format_delta, delta);
}

static void a_delta_that_was_read_is_written_again(void **state)
{
    static const char *const deltas[] = {
        "{\"ops\":[]}",
        "{\"ops\":[{\"insert\":\"plain\\n\"}]}",
        "{\"ops\":[{\"insert\":\"a\",\"attributes\":{\"bold\":true,\"color\":\"#f00\",\"size\":12}},"
        "{\"insert\":\"b\\n\"}]}",
        "{\"ops\":[{\"insert\":\"Title\"},{\"insert\":\"\\n\",\"attributes\":{\"header\":2}},"
        "{\"insert\":\"x\"},{\"insert\":\"\\n\",\"attributes\":{\"list\":\"bullet\",\"indent\":2}},"
        "{\"insert\":\"y\"},{\"insert\":\"\\n\",\"attributes\":{\"blockquote\":true}},"
        "{\"insert\":\"z\"},{\"insert\":\"\\n\",\"attributes\":{\"code-block\":\"c\"}}]}",
        "{\"ops\":[{\"insert\":\"a\"},{\"insert\":{\"image\":\"https://x.example/a:b.png\"},"
        "\"attributes\":{\"width\":1.5}},{\"insert\":{\"rule\":true}},{\"insert\":\"\\n\"}]}",
        "{\"ops\":[{\"insert\":\"\xf0\x9f\x90\x95 \xc3\xa9\",\"attributes\":{\"link\":\"x\"}},{\"insert\":\"\\n\"}]}",
        "{\"ops\":[{\"insert\":\"no heading\"},{\"insert\":\"\\n\",\"attributes\":{\"header\":9}}]}",
        "{\"ops\":[{\"insert\":\"flagged off\",\"attributes\":{\"bold\":false}}]}",
        "{\"ops\":[{\"insert\":\"done\"},{\"insert\":\"\\n\",\"attributes\":{\"list\":\"checked\"}}]}",
        "{\"ops\":[{\"insert\":\"x\"},{\"insert\":\"\\n\",\"attributes\":{\"code-block\":\"\"}}]}",
        "{\"ops\":[{\"insert\":\"all of it\\nis alike\\n\",\"attributes\":{\"list\":\"bullet\"}}]}",
    };
    stage *s = *state;

    for (size_t i = 0; i < sizeof deltas / sizeof *deltas; i++) {
        sennit_doc *doc = from_delta(s, deltas[i]);

        writes(s, doc, sennit_format_delta, deltas[i]);
    }
}

static void what_is_no_document_is_refused_and_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "", "{", "[1]", "{\"ops\":1}", "[{\"retain\":1}]", "[{\"insert\":1}]", "[{\"insert\":\"a\",\"attributes\":1}]",
        "[{\"insert\":\"a\",\"attributes\":{\"x\":{}}}]", "[{\"insert\":{}}]", "[{\"insert\":{\"a\":1}}]",
        "[{\"insert\":{\"a\":\"b\",\"c\":\"d\"}}]", "[{\"insert\":\"\\ud800\"}]", "[{\"insert\":\"a\",\"insert\":\"b\"}]",
        "[{\"insert\":\"a\",\"attributes\":{\"\":true}}]",
    };
    stage *s = *state;
    sennit_doc *doc = from_delta(s, "[{\"insert\":\"kept\",\"attributes\":{\"bold\":true}}]");

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_refused(doc, SENNIT_ECORRUPT,
                       sennit_format_read_delta(doc, bad[i], strlen(bad[i]), &s->err));
        assert_int_equal(s->err.code, SENNIT_ECORRUPT);
    }
    assert_refused(doc, SENNIT_EUTF8, sennit_format_read_markdown(doc, "a\xff", 2, &s->err));
    assert_int_equal(s->err.pos, 1);
    assert_ok(sennit_doc_begin(doc));
    assert_int_equal(sennit_format_read_markdown(doc, "a", 1, &s->err), SENNIT_EBUSY);
    assert_ok(sennit_doc_abort(doc));
}

/* What stays the same is not touched: others' edits in it survive. */
static void only_what_differs_is_edited(void **state)
{
    stage *s = *state;
    sennit_doc *doc = from_markdown(s, "# Title\n\nsome **bold** text\n");
    const uint64_t before = sennit_doc_own_count(doc);

    assert_ok(sennit_format_read_markdown(doc, "# Title\n\nsome **bold** text\n", 28, NULL));
    assert_int_equal(sennit_doc_own_count(doc), before);
    assert_ok(sennit_format_read_markdown(doc, "# Title\n\nsome *bold* text!\n", 27, NULL));
    assert_true(sennit_doc_own_count(doc) - before <= 4);
    writes(s, doc, sennit_format_markdown, "# Title\n\nsome *bold* text\\!\n");
    doc = from_markdown(s, "[x](https://a.example/)\n");
    assert_ok(sennit_format_read_markdown(doc, "[x](https://b.example/)\n", 24, NULL));
    writes(s, doc, sennit_format_markdown, "[x](https://b.example/)\n"); /* the mark alone differs */
}

/* ---- together ---- */

static void a_document_of_any_unit_is_read_and_written(void **state)
{
    stage *s = *state;

    for (sennit_unit unit = SENNIT_BYTES; unit <= SENNIT_UTF16; unit++) {
        s->options.unit = unit;
        sennit_doc *doc = from_markdown(s, "\xf0\x9f\x90\x95 **\xc3\xa9t\xc3\xa9** x\n");
        writes(s, doc, sennit_format_html, "<p>\xf0\x9f\x90\x95 <strong>\xc3\xa9t\xc3\xa9</strong> x</p>\n");
        writes(s, doc, sennit_format_delta,
               "{\"ops\":[{\"insert\":\"\xf0\x9f\x90\x95 \"},{\"insert\":\"\xc3\xa9t\xc3\xa9\","
               "\"attributes\":{\"bold\":true}},{\"insert\":\" x\\n\"}]}");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(each_mark_has_its_tag_in_html),
        STAGE_TEST(each_block_has_its_tag_in_html),
        STAGE_TEST(nothing_from_a_document_becomes_markup),
        STAGE_TEST(nul_is_told_as_a_replacement_character),
        STAGE_TEST(markdown_that_was_read_is_written_again),
        STAGE_TEST(emphasis_that_overlaps_comes_back),
        STAGE_TEST(names_with_a_nul_are_read_again),
        STAGE_TEST(emphasis_leaves_white_space_outside),
        STAGE_TEST(raw_html_in_markdown_stays_text),
        STAGE_TEST(a_delta_that_was_read_is_written_again),
        STAGE_TEST(what_is_no_document_is_refused_and_changes_nothing),
        STAGE_TEST(only_what_differs_is_edited),
        STAGE_TEST(a_document_of_any_unit_is_read_and_written),
    };

    return RUN_TESTS(tests);
}
