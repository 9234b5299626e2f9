/* What every sennit_transport promises, as tests. An adapter brings a world: the
 * transport under test, and what its other end can do. */
#ifndef TESTS_TRANSPORT_CONTRACT_H
#define TESTS_TRANSPORT_CONTRACT_H

#include <sennit/transport.h>

#include <stdbool.h>

typedef struct transport_world {
    void *self;
    sennit_transport *near; /* under test; made closed */

    /* Let a little happen: at both ends, or at the near one alone. Fails the test
     * when it has waited for far too long. */
    void (*step)(void *self);
    void (*step_near)(void *self);

    void (*accept)(void *self); /* the other end will take the next connection */
    bool (*far_open)(void *self);
    sennit_status (*far_send)(void *self, const void *data, size_t len);
    bool (*far_receive)(void *self, const void **data, size_t *len);
    void (*far_close)(void *self, int code, const char *reason);
    void (*far_vanish)(void *self);
    int (*far_closed)(void *self, const char **reason); /* as sennit_transport.closed */

    void (*free)(void *self); /* near is freed already */
} transport_world;

/* Run all of it; make fills in a world. Returns how many tests failed. */
int transport_contract(const char *name, void (*make)(transport_world *world));

#endif
