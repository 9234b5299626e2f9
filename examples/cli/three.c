/* Two texts that came from one, brought together: as two copies of a document made
 * of that one, each of which is made to read as one of the two. */
#include "three.h"
#include "common/host.h"

static sennit_status three_copy(const struct bytes *base, const void *text, size_t len,
                                sennit_doc **out)
{
    sennit_options options = host_options(SENNIT_BYTES);
    sennit_status st = sennit_doc_seed(&options, NULL, 0, base->data, base->len, out);

    return st == SENNIT_OK ? sennit_doc_replace(*out, 0, base->len, text, len) : st;
}

static sennit_status three_exchange(sennit_doc *from, sennit_doc *to)
{
    sennit_buf delta;
    sennit_status st;

    sennit_buf_init(&delta, NULL);
    st = sennit_doc_delta(from, NULL, 0, NULL, &delta, NULL);
    if (st == SENNIT_OK)
        st = sennit_doc_apply(to, delta.data, delta.len, NULL, NULL, NULL);
    sennit_buf_clear(&delta);
    return st;
}

sennit_status three_merge(const struct bytes *base, const struct bytes *ours,
                          const sennit_buf *theirs, sennit_buf *out)
{
    sennit_doc *a = NULL, *b = NULL;
    sennit_status st = three_copy(base, ours->data, ours->len, &a);

    if (st == SENNIT_OK)
        st = three_copy(base, theirs->data, theirs->len, &b);
    if (st == SENNIT_OK)
        st = three_exchange(a, b);
    if (st == SENNIT_OK)
        st = sennit_doc_read(b, 0, sennit_doc_len(b), out);
    sennit_doc_free(a);
    sennit_doc_free(b);
    return st;
}
