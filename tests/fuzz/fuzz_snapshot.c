/* A snapshot: the text in it, and opening it.
 *
 *     input := flags bytes               flags & 1: checksums are put right
 */
#include "support/checksum.h"
#include "support/doc.h"
#include "support/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(sennit_options *options, const uint8_t *data, size_t len, sennit_doc **doc)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_status st = sennit_doc_load(options, data, len, doc, &err);

    if (st == SENNIT_OK)
        return;
    require(*doc == NULL && err.code == st && err.what != NULL && err.pos <= len);
}

/* What was opened is saved as one thing only. */
static void save_and_edit(sennit_options *options, sennit_doc *doc)
{
    sennit_buf one, other;
    sennit_doc *again = NULL;

    sennit_buf_init(&one, NULL);
    sennit_buf_init(&other, NULL);
    doc_check(doc);
    doc_snapshot(doc, &one);
    load(options, one.data, one.len, &again);
    require(again != NULL);
    doc_snapshot(again, &other);
    require(buf_equal(&one, &other));
    sennit_status st = sennit_doc_insert(again, 0, "x", 1);
    require(st == SENNIT_OK || st == SENNIT_ELIMIT);
    doc_check(again);
    sennit_doc_free(again);
    sennit_buf_clear(&one);
    sennit_buf_clear(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r = rng_seed(1);
    sennit_options options = doc_options(&r);
    sennit_doc *doc = NULL;
    const char *text;
    size_t len;

    if (size == 0)
        return 0;
    uint8_t *copy = malloc(size);
    require(copy != NULL);
    memcpy(copy, data + 1, size - 1);
    if (data[0] & 1)
        checksum_fix(copy, size - 1);
    sennit_status st = sennit_snapshot_text(copy, size - 1, &text, &len, NULL);
    load(&options, copy, size - 1, &doc);
    if (doc != NULL) {
        require(st == SENNIT_OK && doc_text_is(doc, text, len));
        save_and_edit(&options, doc);
        sennit_doc_free(doc);
    }
    free(copy);
    return 0;
}
