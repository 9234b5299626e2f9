/* A whole cluster: a server, two to sixteen actors, the network between them, time,
 * and all that goes wrong. Everything follows from one seed. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/actor.h"

#define WORLD_ACTORS ORACLE_AUTHORS

/* What may go wrong, in so many steps of a hundred. */
typedef struct misfortune {
    unsigned cut, half_open, slow, sick;
    unsigned crash, restore;       /* of the server */
    unsigned set_back, copy;       /* of a replica's disk */
    unsigned permit, become;       /* rights change, users */
    unsigned jump;                 /* clocks, which may be wrong from the beginning */
    unsigned forget;               /* deleted text goes for good after so many milliseconds */
    unsigned dare;                 /* replicas that send what they may not */
} misfortune;

typedef struct world {
    rng chance;
    journal journal;
    uint64_t now_ms;
    misfortune may;
    oracle oracle;
    network network;
    server server;
    actor actors[WORLD_ACTORS];
    unsigned actors_len;
} world;

/* Run the history of a seed, with all its checks. Returns the sum of its journal. */
uint64_t world_run(uint64_t seed, bool loud);

#endif
