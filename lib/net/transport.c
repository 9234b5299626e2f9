/* What every transport can do, whatever moves its frames. */
#include <sennit/transport.h>

#include "base/base.h"

#include <errno.h>
#include <poll.h>

#define TRANSPORT_POLLS 8 /* more than any adapter of ours has */

void sennit_transport_free(sennit_transport *transport)
{
    if (transport != NULL)
        transport->free(transport->self);
}

/* -1 is for ever, so it is the greatest. */
static int transport_shorter(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

sennit_status sennit_transport_wait(sennit_transport *transport, int timeout_ms)
{
    sennit_poll polls[TRANSPORT_POLLS];
    struct pollfd fds[TRANSPORT_POLLS];

    if (transport == NULL)
        return SENNIT_EINVAL;
    size_t n = transport->polls(transport->self, polls, TRANSPORT_POLLS);
    if (n > TRANSPORT_POLLS)
        n = TRANSPORT_POLLS;
    int wait = transport_shorter(timeout_ms, transport->timeout(transport->self));

    for (size_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){polls[i].fd, polls[i].events, 0};
    if (n > 0 && poll(fds, (nfds_t)n, wait) < 0 && errno != EINTR)
        return SENNIT_EIO;
    for (size_t i = 0; i < n; i++)
        polls[i].revents = fds[i].revents;
    return transport->service(transport->self, polls, n);
}
