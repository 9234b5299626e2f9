/* One frame put together from the pieces in which it arrives. */
#ifndef SN_INBOX_H
#define SN_INBOX_H

#include "net/lws.h"

/* All zero is an empty one. Memory grows with what has arrived, never with what a
 * frame says it will be. */
typedef struct sn_inbox {
    uint8_t *data;
    size_t len, cap;
} sn_inbox;

/* Take the piece that the callback of a connection was given.
 *
 * Returns  1   *frame of *n bytes is whole: until the callback returns, or until
 *              sn_inbox_clear, which is due then
 *          0   there is more to come
 *          the code to close with: text, longer than max, or no memory
 */
int sn_inbox_take(sn_inbox *in, sn_mem *mem, struct lws *wsi, const void *piece, size_t len,
                  size_t max, const void **frame, size_t *n);

void sn_inbox_clear(sn_inbox *in, sn_mem *mem);

#endif
