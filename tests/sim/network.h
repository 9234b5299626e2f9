/* Connections as a WebSocket makes them: frames arrive whole, late and in order,
 * until the connection breaks, stalls, or is dead without anybody being told.
 *
 *      near (a replica) --- up ---> far (the server)
 *                       <-- down --
 *
 * One that meddles also hands out frames twice or in the wrong order, as no
 * WebSocket does: then the ends may part, but may not be deceived.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "sim/journal.h"
#include "support/rng.h"

#define LANE_FRAMES 8u /* in flight in one direction; more make the transport full */

typedef struct parcel {
    struct parcel *next;
    uint64_t due_ms;
    size_t len;
    uint8_t data[];
} parcel;

typedef struct lane {
    parcel *first, **end;
    size_t n;
} lane;

typedef struct wire {
    struct wire *next;
    struct network *network;
    lane up, down;
    bool due;                  /* the far end may have something to send */
    void *near, *far;          /* who is at its ends; NULL: that end has closed */
    bool broken;               /* both ends find out once they read what is left */
    bool dead;                 /* nothing arrives any more, and nobody finds out */
    bool slow;                 /* the near end does not read */
    bool meddled;              /* frames may come twice, or in the wrong order */
    unsigned number;
    unsigned permission;       /* what the server granted the near end */
    unsigned age;              /* of the server when it began */
} wire;

typedef struct network {
    rng *chance;
    journal *journal;
    const uint64_t *now_ms;
    unsigned delay_ms;
    unsigned meddles; /* frames of a hundred */
    wire *wires;
    unsigned wires_len;
} network;

wire *network_connect(network *n, void *near);

/* Free the wires that both ends have closed; of all if they have not. */
void network_sweep(network *n);
void network_clear(network *n);

bool lane_is_full(const lane *l);
void wire_send(wire *w, lane *l, const void *data, size_t len);

/* Take the next frame that has arrived, to be freed; NULL: none now. */
parcel *wire_take(wire *w, lane *l);

/* Whether one end finds the other gone: nothing comes any more. */
bool wire_ended(const wire *w, const lane *inbound, const void *other);

/* Break a connection: the last frames of either direction are lost. */
void wire_cut(wire *w);

#endif
