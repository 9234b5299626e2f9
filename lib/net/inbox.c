#include "net/inbox.h"

#include "net/farewell.h"

static bool inbox_fits(const sn_inbox *in, struct lws *wsi, size_t len, size_t max)
{
    return len <= max - in->len && lws_remaining_packet_payload(wsi) <= max - in->len - len;
}

int sn_inbox_take(sn_inbox *in, sn_mem *mem, struct lws *wsi, const void *piece, size_t len,
                  size_t max, const void **frame, size_t *n)
{
    bool whole = lws_is_final_fragment(wsi) != 0;

    if (!lws_frame_is_binary(wsi))
        return SN_CLOSE_KIND;
    if (!inbox_fits(in, wsi, len, max))
        return SN_CLOSE_TOO_LONG;
    if (whole && in->len == 0) {
        *frame = piece != NULL ? piece : "";
        *n = len;
        return 1;
    }
    if (sn_mem_grow(mem, (void **)&in->data, &in->cap, in->len + len, 1) != SENNIT_OK)
        return SN_CLOSE_FAILED;
    if (len > 0)
        memcpy(in->data + in->len, piece, len);
    in->len += len;
    *frame = in->data;
    *n = in->len;
    return whole;
}

void sn_inbox_clear(sn_inbox *in, sn_mem *mem)
{
    sn_mem_free(mem, in->data, in->cap);
    *in = (sn_inbox){NULL, 0, 0};
}
