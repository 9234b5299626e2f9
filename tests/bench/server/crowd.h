/* Clients, each with a document, a link and a connection of its own, in one loop. */
#ifndef LOAD_CROWD_H
#define LOAD_CROWD_H

#include "sennit/sync.h"
#include "sennit/transport.h"

#include "options.h"

struct client {
    unsigned document; /* the one it is at, by number */
    sennit_doc *doc;
    sennit_link *link;
    sennit_session *session;
    sennit_transport *transport;
    bool stalled;      /* it neither reads nor writes */
    bool due;          /* to be served in this turn; what it waits for else: */
    struct pollfd *fds;
    size_t fds_len;
};

/* Set told and arg to hear of the events of all. */
struct crowd {
    const struct options *options;
    struct client *clients;
    unsigned n;
    uint64_t chance;
    void (*told)(void *arg, struct client *client, const sennit_event *event);
    void *arg;
    struct pollfd *fds;
    bool over; /* a connection was closed, which --until-closed expects */
};

/* Room for n, none of which is there yet. */
void crowd_init(struct crowd *crowd, const struct options *options, unsigned n);
void crowd_clear(struct crowd *crowd);

/* What a document is called. */
void crowd_name(const struct options *options, unsigned document, char name[SENNIT_NAME_MAX + 1]);

/* Connect the one of that number at a document, which it edits first as `file` says,
 * unless that is NULL. */
void crowd_join(struct crowd *crowd, unsigned i, unsigned document, const char *file);

/* Part with one. */
void crowd_leave(struct crowd *crowd, unsigned i);

/* Wait for any of them, at most so long, and serve those that are ready. */
void crowd_turn(struct crowd *crowd, int wait_ms);

/* Serve them until all that are not stalled have what the server had. */
void crowd_gather(struct crowd *crowd);

#endif
