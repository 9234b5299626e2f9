/* A hub on a storage in memory, and clients whose frames are handed over by hand. */
#ifndef MEETING_H
#define MEETING_H

#include <stdbool.h>

#include "sennit/sync.h"
#include "support/cm.h"
#include "support/rng.h"

#define MEETING_CLIENTS 8

typedef struct client {
    sennit_doc *doc;
    sennit_link *link;
    sennit_session *session;
    sennit_connection *connection; /* NULL: offline */
    unsigned reached, restored, rebased, live, changed, safe, clock, presences;
    uint64_t ticket;
    sennit_fault refused;
    sennit_rebased rebase;
    char shown[64]; /* the presence seen last; "-" if it went */
    char shown_user[64];
} client;

typedef struct meeting {
    sennit_storage *storage;
    sennit_hub *hub;
    sennit_hub_options options;
    rng chance;
    uint64_t now_ms;
    size_t longest;         /* frame that may be sent either way; 0: any */
    bool may_fail;          /* for want of memory: what fails is cut off then */
    const sennit_alloc *link_alloc;
    client clients[MEETING_CLIENTS];
} meeting;

void meeting_open(meeting *m, const sennit_hub_options *options);
void meeting_close(meeting *m);

/* Stop the hub as a crash does, and start it again on the same storage. */
void meeting_restart(meeting *m);

/* Have it come back from a backup in which there was nothing. */
void meeting_forget(meeting *m);

/* A test that has a meeting as its state: with these options of the hub, or the usual. */
int meeting_begin(void **state, const sennit_hub_options *options);
int meeting_set_up(void **state);
int meeting_tear_down(void **state);

#define EACH_MEETING(name) cmocka_unit_test_setup_teardown(name, meeting_set_up, meeting_tear_down)

/* A client of its own document, not connected. doc NULL: an empty one. */
client *meeting_client(meeting *m, unsigned i, sennit_doc *doc, const char *name, const char *token);
void client_leave(client *c);

/* A copy of a client's document as its file has it, identity included. */
sennit_doc *client_copy(meeting *m, const client *c);

/* One with an empty document that is connected, and live. */
client *meeting_join(meeting *m, unsigned i, const char *name);

void client_connect(meeting *m, client *c);
void client_cut(meeting *m, client *c);

/* Move frames to and fro until there are none. */
void meeting_settle(meeting *m);
void meeting_pass_time(meeting *m, unsigned seconds); /* and do so each second */

void client_type(meeting *m, client *c, size_t pos, const char *text);
void client_has(const client *c, const char *text);

#endif
