/* A world for the contract of transports: a WebSocket client, and a listener. */
#ifndef TESTS_WS_WORLD_H
#define TESTS_WS_WORLD_H

#include "sync/support/certs.h"
#include "sync/support/transport_contract.h"

/* tls: NULL for none. */
void ws_world_make(transport_world *world, const certs *tls);

#endif
