/* A link kept over a transport: connects, connects again, moves frames.
 *
 *     sessions -- link -- client -- transport ~~~ server
 *
 * Its owner sends, waits for what client_polls and client_timeout name, receives,
 * and takes the events of the link before it sends again: what they call for, such
 * as saving a document, has to be done by then. client_wait does it all.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sennit/sync.h>
#include <sennit/transport.h>

#define CLIENT_POLLS_MAX 8

struct client {
    sennit_link *link;
    sennit_transport *transport;
    bool tried;         /* a connection was begun, and the link not told of its end */
    bool up;            /* the link was told that it stands */
    uint64_t retry_ms;  /* when to try again, after one that ended */
    char reason[128];   /* why the last one ended, in words */
};

/* Make a link over a transport; the transport is the client's from now on, also
 * after a failure. */
sennit_status client_init(struct client *client, sennit_transport *transport,
                          const sennit_link_options *options);
void client_free(struct client *client);

/* Hand what there is to send to the transport. Anything but SENNIT_OK, here and
 * below: memory ran out. */
sennit_status client_send(struct client *client);

/* Do what can be done without waiting, and take what arrived. polls: with revents
 * filled in, or NULL, 0. */
sennit_status client_receive(struct client *client, const sennit_poll *polls, size_t n);

/* Fill in what to wait for, CLIENT_POLLS_MAX at most, and for how many milliseconds
 * at most. */
size_t client_polls(struct client *client, sennit_poll *out);
int client_timeout(struct client *client);

/* Send; wait for all that, for one more descriptor (-1: none), or so long (-1: for
 * ever); receive. */
sennit_status client_wait(struct client *client, int more_fd, int timeout_ms);

/* Take leave: what was given to send goes out, for so long at most. */
void client_leave(struct client *client, uint64_t most_ms);

#endif
