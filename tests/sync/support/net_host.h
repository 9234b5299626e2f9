/* A listener with an owner that notes everything, for tests of the network. */
#ifndef TESTS_NET_HOST_H
#define TESTS_NET_HOST_H

#include <sennit/transport.h>

#include <stdbool.h>

#define NET_PATIENCE_MS 30000 /* a test that waits so long has failed */

typedef struct net_frame {
    struct net_frame *next;
    size_t len;
    uint8_t data[];
} net_frame;

/* One WebSocket connection, kept after its end. */
typedef struct net_peer {
    struct net_peer *next;
    struct net_host *host;
    uint64_t id;
    net_frame *first, *last, *held;
    size_t frames, bytes; /* received so far */
    unsigned told_writable;
    int closed;           /* the code; 0: it is open */
    char reason[128];
} net_peer;

typedef struct net_host {
    sennit_listener *listener;
    net_peer *newest;
    unsigned opened, closed;
    int refuse_with;      /* what `admit` returns */
    bool refuse_peers;    /* `opened` returns NULL */
    bool echo;
    char admitted[3][128];/* path, origin and address last asked about */

    /* What requests get: a copy of what came, as text, or this. */
    int (*request)(struct net_host *host, uint64_t id, const sennit_http_request *request,
                   sennit_http_response *response);
    uint64_t waiting, gone; /* ids: last told to wait; last gone */
    unsigned requests, gones;
} net_host;

/* Milliseconds of a clock that only goes forward. */
uint64_t net_now_ms(void);

/* Fail the test if it began to wait too long ago. */
void net_be_patient(uint64_t since_ms);

/* Listen at 127.0.0.1; options may be NULL. */
void net_host_start(net_host *host, const sennit_listener_options *options);
void net_host_step(net_host *host, int timeout_ms);
void net_host_stop(net_host *host);

/* "ws://127.0.0.1:port/sync"; scheme ws or wss, static memory of the caller. */
void net_host_url(const net_host *host, const char *scheme, const char *name, char out[128]);

/* Take the next frame that a peer sent. */
bool net_peer_take(net_peer *peer, const void **data, size_t *len);

/* ---- A wire between a client and a host, that can be tampered with ---- */

typedef struct net_way {
    size_t len; /* read and not yet written */
    char data[65536];
} net_way;

typedef struct net_wire {
    net_host *host;
    int listening, client, server; /* -1: none */
    bool held;                     /* nothing gets through */
    net_way up, down;
} net_wire;

void net_wire_start(net_wire *wire, net_host *host);
void net_wire_url(const net_wire *wire, char out[128]);

/* Carry on what came, both ways. */
void net_wire_step(net_wire *wire);

/* Send something to the client as if it came from the host. */
void net_wire_inject(net_wire *wire, const void *data, size_t len);

/* Break it, in the manner of a machine that restarts. */
void net_wire_cut(net_wire *wire);
void net_wire_stop(net_wire *wire);

/* ---- A client that knows nothing, and does as the test says ---- */

int raw_connect(const net_host *host);
void raw_send(int fd, const void *data, size_t len);
void raw_say(int fd, const char *text);

/* Read until what came contains a text, or the other end closes, serving the host
 * meanwhile. Returns how many bytes there are, terminated. */
size_t raw_read(net_host *host, int fd, char *out, size_t max, const char *until);

/* Ask for a WebSocket and read the answer; true if it was taken. */
bool raw_upgrade(net_host *host, int fd);

/* Send a frame with a head of its own: fin and opcode in one byte, then length and a
 * mask. announced: the length that the head says. */
void raw_frame(int fd, uint8_t head, const void *data, size_t len, uint64_t announced);

#endif
