/* A listener with one raw client: what it sends and gets are bytes, so that a test
 * does as it says. */
#ifndef TESTS_HALL_H
#define TESTS_HALL_H

#include "sync/support/net_host.h"

#include "support/failmem.h"

#define HALL_ROOM 16384

typedef struct hall {
    net_host host;
    failmem fm;
    sennit_alloc alloc;
    int fd; /* a raw client */
    char got[HALL_ROOM];
} hall;

/* Listen, with a client that is connected; with one that is a WebSocket. */
void hall_start(hall *h, sennit_listener_options *options);
void hall_open(hall *h, sennit_listener_options *options);

/* Connect the client anew. */
void hall_again(hall *h);

/* End, with all memory given back. */
void hall_end(hall *h);

/* Serve until the newest peer has sent so many frames, or is gone. */
void hall_until_frames(hall *h, size_t n);
void hall_until_closed(hall *h);

/* Bytes that arrive at the client, in h->got, until there are n, or the end. */
size_t hall_take(hall *h, size_t n);

/* The next bytes at the client are a farewell; the next frame at the newest peer. */
void hall_assert_farewell(hall *h, int code);
void hall_assert_next(hall *h, const void *expected, size_t len);

#endif
