/* Deltas and snapshots, one after the other, on a document with some content.
 *
 *     input := flags (len:2 bytes)*      flags & 1: checksums are put right
 */
#include "support/base.h"
#include "support/checksum.h"
#include "support/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void apply_one(sennit_doc *doc, const uint8_t *data, size_t len)
{
    doc_state before;
    sennit_delta_info info;
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_applied applied;
    sennit_stat is;

    doc_state_take(&before, doc);
    sennit_status readable = sennit_delta_inspect(data, len, NULL, &info, NULL);
    sennit_status st = sennit_doc_apply(doc, data, len, NULL, &applied, &err);
    if (st != SENNIT_OK) {
        require(err.code == st && err.what != NULL && err.pos <= len);
        require(doc_state_same(&before, doc));
    } else {
        require(readable == SENNIT_OK);
        sennit_doc_stat(doc, &is);
        require(is.operations == before.stat.operations + applied.applied);
        doc_check(doc);
    }
    doc_state_free(&before);
}

/* Whoever receives all that is known has the same. */
static void pass_on(sennit_doc *doc)
{
    rng r = rng_seed(2);
    sennit_options options = doc_options(&r);
    sennit_doc *other = doc_new(&options);

    doc_catch_up(other, doc);
    require(doc_agree(doc, other));
    sennit_doc_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r;
    sennit_doc *doc;
    size_t at = 1;

    if (size == 0)
        return 0;
    doc = base_doc(&r);
    while (at + 2 <= size) {
        size_t len = data[at] | (size_t)data[at + 1] << 8;

        at += 2;
        len = len < size - at ? len : size - at;
        uint8_t *copy = malloc(len > 0 ? len : 1);
        require(copy != NULL);
        memcpy(copy, data + at, len);
        if (data[0] & 1)
            checksum_fix(copy, len);
        apply_one(doc, copy, len);
        free(copy);
        at += len;
    }
    require(sennit_doc_insert(doc, 0, "on", 2) == SENNIT_OK);
    pass_on(doc);
    sennit_doc_free(doc);
    return 0;
}
