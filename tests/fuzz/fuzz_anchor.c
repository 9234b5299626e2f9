/* An anchor as bytes. */
#include "support/base.h"
#include "support/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r;
    sennit_anchor anchor;
    size_t used = 0, pos = 0;
    sennit_buf again;

    if (sennit_anchor_decode(data, size, &anchor, &used) != SENNIT_OK)
        return 0;
    require(used > 0 && used <= size && used <= SENNIT_ANCHOR_MAX);
    sennit_buf_init(&again, NULL);
    require(sennit_anchor_encode(&anchor, &again) == SENNIT_OK);
    require(buf_is(&again, data, used));
    sennit_doc *doc = base_doc(&r);
    sennit_status st = sennit_doc_resolve(doc, &anchor, &pos);
    require(st == SENNIT_OK || st == SENNIT_EGONE);
    require(st != SENNIT_OK || pos <= sennit_doc_len(doc));
    sennit_doc_free(doc);
    sennit_buf_clear(&again);
    return 0;
}
