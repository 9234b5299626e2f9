/* Somebody at a replica: types, deletes, waits until it is safe, goes offline, makes
 * backups, and has a host that does what the events ask for. */
#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include "sim/clock.h"
#include "sim/oracle.h"
#include "sim/server.h"

/* What a disk has of a document. */
typedef struct kept {
    sennit_buf doc, steps; /* empty: nothing */
} kept;

typedef struct actor {
    rng *chance;
    journal *journal;
    oracle *oracle;
    server *server;
    network *network;
    unsigned number, user;
    timepiece clock;
    bool seeded;             /* its document begins with a lineage; else it has the server's */
    bool bold;               /* it sends what it may not, now and then */
    bool onward;             /* takes nothing back */
    sennit_doc *doc;
    sennit_undo *undo;
    sennit_link *link;
    sennit_session *session;
    wire *wire;              /* NULL: offline */
    uint64_t connect_ms, token_ms; /* when it connects, or gets another token; 0: not */
    sennit_fault refused;    /* why it is */

    kept backup;
    size_t backup_pieces, backup_erasures;
    bool copied;             /* another disk has this replica id */

    uint64_t ticket;
    bool waits;
    uint32_t *waited;        /* places of what is waited for */
    size_t waited_len;
} actor;

void actor_begin(actor *a);
void actor_end(actor *a);

/* Connect if it is time, and move frames. */
void actor_turn(actor *a);

/* What it does by itself. Edits: edits.c. */
void actor_edit(actor *a);
void actor_wait(actor *a);
void actor_show(actor *a);      /* says where it is, to be seen by the others */
void actor_restart(actor *a);
void actor_back_up(actor *a);

/* What befalls it. */
void actor_go_offline(actor *a);
void actor_set_back(actor *a);  /* its disk is that of the backup */
void actor_copy(actor *a, actor *other); /* the other's disk becomes a copy of its own */
void actor_become(actor *a, unsigned user); /* somebody else goes on with its document */

bool actor_may_edit(const actor *a);

/* Whether it is in step, and all it may send is durable. */
bool actor_is_done(const actor *a);

#endif
