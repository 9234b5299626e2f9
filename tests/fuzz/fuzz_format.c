/* Rich text from elsewhere: whatever it is, the document is sound, and what is written
 * of it is read again.
 *
 *     input := flags text      flags & 1: Markdown, else a Delta
 */
#include "format/again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_delta(const sennit_doc *doc, const sennit_options *options)
{
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    sennit_doc_free(delta_again(doc, options, &out));
    sennit_buf_clear(&out);
}

static void check_others(const sennit_doc *doc, const sennit_options *options)
{
    sennit_doc *again = doc_new(options);
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    require(sennit_format_html(doc, &out) == SENNIT_OK);
    out.len = 0;
    require(sennit_format_markdown(doc, &out) == SENNIT_OK);
    require(sennit_format_read_markdown(again, (const char *)out.data, out.len, NULL) == SENNIT_OK);
    doc_check(again);
    sennit_buf_clear(&out);
    sennit_doc_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r = rng_seed(1);
    const sennit_options options = doc_options(&r);

    if (size == 0)
        return 0;
    sennit_doc *doc = doc_new(&options);
    const char *text = (const char *)data + 1;
    sennit_status st = data[0] & 1 ? sennit_format_read_markdown(doc, text, size - 1, NULL)
                                   : sennit_format_read_delta(doc, text, size - 1, NULL);
    doc_check(doc);
    if (st == SENNIT_OK) {
        check_delta(doc, &options);
        check_others(doc, &options);
    }
    sennit_doc_free(doc);
    return 0;
}
