/* Rich texts made by chance go out and come back. */
#include <string.h>

#include "format/again.h"
#include "support/cm.h"
#include "support/seeds.h"

static const char *const words[] = {"a", "word", "two words", " ", "*", "_x_", "1. ", "# ", "> ", "\\",
                                    "<b>", "&amp;", "[x](y)", "![", "\xc3\xa9", "\xf0\x9f\x90\x95",
                                    "\xe2\x80\xa8", "---", "~~~", "http://x.example"};

static sennit_value string(const char *text)
{
    return (sennit_value){.type = SENNIT_STRING, .data = text, .len = strlen(text)};
}

static void type(rng *r, sennit_doc *doc)
{
    for (size_t n = rng_in(r, 1, 12); n > 0; n--) {
        const char *word = rng_percent(r, 25) ? "\n" : words[rng_below(r, sizeof words / sizeof *words)];

        require(sennit_doc_insert(doc, sennit_doc_len(doc), word, strlen(word)) == SENNIT_OK);
    }
    require(sennit_doc_insert(doc, sennit_doc_len(doc), "\n", 1) == SENNIT_OK);
}

static void mark(rng *r, sennit_doc *doc)
{
    static const char *const names[] = {"bold", "italic", "code", "strike", "link", "color"};
    const size_t len = sennit_doc_len(doc), pos = rng_below(r, len), name = rng_below(r, 6);
    const sennit_value yes = {.type = SENNIT_BOOL, .integer = 1}, link = string("https://x.example/a(b)\"c"),
                       red = string("red");

    require(sennit_mark_add(doc, pos, rng_in(r, 1, len - pos), names[name], strlen(names[name]),
                            name < 4 ? &yes : name == 4 ? &link : &red,
                            name == 4 ? 0 : SENNIT_MARK_GROWS) == SENNIT_OK);
}

/* Lists inside others are in Delta only: cmark writes some of them as something else. */
static void block(rng *r, sennit_doc *doc, bool nested)
{
    static const char *const blocks[] = {"heading:1", "heading:6", "bullet:0", "ordered:0", "quote", "code",
                                         "code:c", "bullet:3", "ordered:1"};
    const sennit_value value = string(blocks[rng_below(r, nested ? 9 : 7)]);

    require(sennit_mark_block(doc, rng_below(r, sennit_doc_len(doc)), &value) == SENNIT_OK);
}

static sennit_doc *rich_text(rng *r, bool nested)
{
    sennit_options options = doc_options(r);

    options.unit = SENNIT_CODEPOINTS;
    sennit_doc *doc = doc_new(&options);
    sennit_doc_set_time(doc, UINT64_C(1800000000000));
    type(r, doc);
    for (size_t n = rng_below(r, 8); n > 0; n--)
        mark(r, doc);
    for (size_t n = rng_below(r, 5); n > 0; n--)
        block(r, doc, nested);
    for (size_t n = rng_below(r, 2); n > 0; n--) {
        const sennit_value image = string("image:https://x.example/i.png");

        require(sennit_mark_embed(doc, rng_below(r, sennit_doc_len(doc)), &image) == SENNIT_OK);
    }
    return doc;
}

static void as_delta(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc = rich_text(r, true);
    sennit_buf a, b;

    sennit_buf_init(&a, NULL);
    sennit_buf_init(&b, NULL);
    sennit_doc *again = delta_again(doc, &options, &a);
    require(sennit_format_read_delta(doc, (const char *)a.data, a.len, NULL) == SENNIT_OK);
    require(sennit_format_delta(doc, &b) == SENNIT_OK); /* it was so already */
    require(buf_equal(&a, &b));
    sennit_buf_clear(&a);
    sennit_buf_clear(&b);
    sennit_doc_free(doc);
    sennit_doc_free(again);
}

/* Markdown cannot say everything; what it says is understood as it was meant. */
static void as_markdown(rng *r)
{
    sennit_options options = doc_options(r);
    sennit_doc *doc = rich_text(r, false), *once = doc_new(&options), *twice = doc_new(&options);
    sennit_buf a, b;

    sennit_buf_init(&a, NULL);
    sennit_buf_init(&b, NULL);
    require(sennit_format_markdown(doc, &a) == SENNIT_OK);
    require(sennit_format_read_markdown(once, (const char *)a.data, a.len, NULL) == SENNIT_OK);
    doc_check(once);
    a.len = 0;
    require(sennit_format_markdown(once, &a) == SENNIT_OK);
    require(sennit_format_read_markdown(twice, (const char *)a.data, a.len, NULL) == SENNIT_OK);
    a.len = 0;
    require(sennit_format_html(once, &a) == SENNIT_OK && sennit_format_html(twice, &b) == SENNIT_OK);
    require(buf_equal(&a, &b));
    sennit_buf_clear(&a);
    sennit_buf_clear(&b);
    sennit_doc_free(doc);
    sennit_doc_free(once);
    sennit_doc_free(twice);
}

/* Half of it letters that mean something, half of it anything. */
static void garbage(rng *r)
{
    static const char letters[] = "{}[]\":,\\untrels*_`#>-1.\n <!&()";
    sennit_doc *doc = rich_text(r, true);
    char text[120];
    size_t len = rng_below(r, sizeof text);

    for (size_t i = 0; i < len; i++)
        text[i] = rng_percent(r, 90) ? letters[rng_below(r, sizeof letters - 1)] : (char)rng_next(r);
    (void)!sennit_format_read_delta(doc, text, len, NULL);
    doc_check(doc);
    (void)!sennit_format_read_markdown(doc, text, len, NULL);
    doc_check(doc);
    sennit_doc_free(doc);
}

static void delta_brings_back_everything(void **state)
{
    (void)state;
    seeds_run(400, as_delta);
}

static void markdown_is_understood_as_it_was_meant(void **state)
{
    (void)state;
    seeds_run(400, as_markdown);
}

static void garbage_does_no_harm(void **state)
{
    (void)state;
    seeds_run(600, garbage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delta_brings_back_everything),
        cmocka_unit_test(markdown_is_understood_as_it_was_meant),
        cmocka_unit_test(garbage_does_no_harm),
    };

    return RUN_TESTS(tests);
}
