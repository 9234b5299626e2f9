/* Frames that wait to be sent over one WebSocket connection. */
#ifndef SN_OUTBOX_H
#define SN_OUTBOX_H

#include "net/lws.h"

typedef struct sn_outframe sn_outframe;

/* All zero is an empty one.
 *   O1  bytes is what all frames take in memory; sent of the first one are gone */
typedef struct sn_outbox {
    sn_outframe *first, *last;
    size_t bytes;
    size_t sent;
} sn_outbox;

/* Put a frame, copied, at the end. Returns SENNIT_OK; SENNIT_ELIMIT (no frame may be
 * so long); SENNIT_EBUSY (max bytes wait already); SENNIT_ENOMEM. */
sennit_status sn_outbox_put(sn_outbox *box, sn_mem *mem, const void *data, size_t len,
                            size_t max);

/* Hand to the connection, which is writable, as much as it takes. Returns false if
 * it failed: the callback has to return -1. */
bool sn_outbox_flush(sn_outbox *box, sn_mem *mem, struct lws *wsi);

void sn_outbox_clear(sn_outbox *box, sn_mem *mem);

static inline bool sn_outbox_empty(const sn_outbox *box)
{
    return box->first == NULL;
}

#endif
