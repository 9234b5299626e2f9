#include "net/outbox.h"

struct sn_outframe {
    sn_outframe *next;
    size_t len;
    uint8_t room[LWS_PRE]; /* where libwebsockets writes the head of the frame */
    uint8_t data[];
};

static size_t outbox_size(size_t len)
{
    return sizeof(sn_outframe) + len;
}

sennit_status sn_outbox_put(sn_outbox *box, sn_mem *mem, const void *data, size_t len, size_t max)
{
    if (len > SN_MAX_FRAME)
        return SENNIT_ELIMIT;
    if (box->bytes >= max)
        return SENNIT_EBUSY;
    sn_outframe *frame = sn_mem_resize(mem, NULL, 0, outbox_size(len));
    if (frame == NULL)
        return SENNIT_ENOMEM;
    frame->next = NULL;
    frame->len = len;
    if (len > 0)
        memcpy(frame->data, data, len);
    if (box->last != NULL)
        box->last->next = frame;
    else
        box->first = frame;
    box->last = frame;
    box->bytes += outbox_size(len);
    return SENNIT_OK;
}

static void outbox_drop_first(sn_outbox *box, sn_mem *mem)
{
    sn_outframe *frame = box->first;

    box->first = frame->next;
    if (box->first == NULL)
        box->last = NULL;
    box->bytes -= outbox_size(frame->len);
    box->sent = 0;
    sn_mem_free(mem, frame, outbox_size(frame->len));
}

/* The head of a later piece is written over the end of the one before, which is
 * gone: sent, or copied by libwebsockets. */
static bool outbox_send_piece(sn_outbox *box, struct lws *wsi, size_t n)
{
    sn_outframe *frame = box->first;
    int kind = box->sent == 0 ? LWS_WRITE_BINARY : LWS_WRITE_CONTINUATION;

    if (box->sent + n < frame->len)
        kind |= LWS_WRITE_NO_FIN;
    return lws_write(wsi, frame->data + box->sent, n, (enum lws_write_protocol)kind) >= (int)n;
}

bool sn_outbox_flush(sn_outbox *box, sn_mem *mem, struct lws *wsi)
{
    while (box->first != NULL && !lws_partial_buffered(wsi)) {
        size_t n = (size_t)sn_min_u64(box->first->len - box->sent, SN_LWS_PIECE);

        if (!outbox_send_piece(box, wsi, n))
            return false;
        box->sent += n;
        if (box->sent == box->first->len)
            outbox_drop_first(box, mem);
    }
    return true;
}

void sn_outbox_clear(sn_outbox *box, sn_mem *mem)
{
    while (box->first != NULL)
        outbox_drop_first(box, mem);
}
