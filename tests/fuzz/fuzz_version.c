/* Versions: two are compared and stepped through, and deltas asked for since them.
 *
 *     input := len bytes:len bytes */
#include "support/base.h"
#include "support/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns 1 if it is a version. */
static int step_through(const uint8_t *version, size_t len)
{
    size_t at = 0, last = 0;
    uint64_t replica, count;
    int more;

    while ((more = sennit_version_next(version, len, &at, &replica, &count)) == 1) {
        require(at > last && at <= len && count > 0);
        last = at;
    }
    require(more == 0 || more == SENNIT_ECORRUPT);
    return more == 0;
}

static void ask(sennit_doc *doc, const uint8_t *since, size_t len)
{
    sennit_buf delta;
    sennit_delta_info info;

    sennit_buf_init(&delta, NULL);
    sennit_status st = sennit_doc_delta(doc, since, len, NULL, &delta, NULL);
    require(st == SENNIT_OK || (st == SENNIT_ECORRUPT && delta.len == 0));
    if (delta.len > 0)
        require(sennit_delta_inspect(delta.data, delta.len, NULL, &info, NULL) == SENNIT_OK &&
                info.operations > 0);
    sennit_buf_clear(&delta);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r;
    sennit_order one, other;

    if (size == 0)
        return 0;
    size_t a_len = data[0] < size - 1 ? data[0] : size - 1, b_len = size - 1 - a_len;
    const uint8_t *a = data + 1, *b = a + a_len;
    sennit_status st = sennit_version_compare(a, a_len, b, b_len, &one);
    require(sennit_version_compare(b, b_len, a, a_len, &other) == st);
    if (st == SENNIT_OK) {
        require(step_through(a, a_len) && step_through(b, b_len));
        require((one == SENNIT_BEFORE) == (other == SENNIT_AFTER));
        require((one == SENNIT_AFTER) == (other == SENNIT_BEFORE));
        require((one == SENNIT_EQUAL) == (a_len == b_len && memcmp(a, b, a_len) == 0));
    } else {
        require(st == SENNIT_ECORRUPT);
    }
    sennit_doc *doc = base_doc(&r);
    ask(doc, a, a_len);
    ask(doc, b, b_len);
    sennit_doc_free(doc);
    return 0;
}
