/* sennit: frames moved between processes.
 *
 * A transport is one end of one connection; it moves frames (byte strings of any
 * length, kept apart) and knows nothing of what is in them. A listener takes in
 * connections and hands out what arrives on them. Both are driven by their owner,
 * from its own loop or by a call that waits: nothing happens behind its back.
 *
 * Rules of sennit.h hold here too, but for the WebSocket adapter: libwebsockets
 * and its TLS library have memory of their own, and state of the process. Making
 * a client or a listener ignores SIGPIPE and turns the log of libwebsockets off.
 */
#ifndef SENNIT_TRANSPORT_H
#define SENNIT_TRANSPORT_H

#include "sennit/sennit.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sennit_transport_state {
    SENNIT_TRANSPORT_CLOSED = 0,
    SENNIT_TRANSPORT_OPENING = 1,
    SENNIT_TRANSPORT_OPEN = 2,
    SENNIT_TRANSPORT_CLOSING = 3 /* `close` was called; what was sent still goes out */
} sennit_transport_state;

/* A descriptor to wait for, as for poll(2): events are POLLIN and POLLOUT. */
typedef struct sennit_poll {
    int fd;
    short events, revents;
} sennit_poll;

/* A table of functions, filled by an adapter. Members are only ever added.
 *
 * A transport is made closed. State changes within calls only, mostly in
 * `service`; so does what `writable`, `receive`, `polls` and `timeout` say. */
typedef struct sennit_transport {
    size_t size;
    void *self;

    /* Begin to connect; a transport that was closed can be opened again, and frames
     * not yet taken are dropped then. Returns SENNIT_OK (OPENING; it may be CLOSED
     * at the next look), SENNIT_EINVAL (not closed), SENNIT_ENOMEM. */
    sennit_status (*open)(void *self);

    sennit_transport_state (*state)(void *self);

    /* Send a frame, copied. Returns SENNIT_OK; SENNIT_EBUSY: not open yet, or full:
     * again when `writable` says so; SENNIT_ECLOSED; SENNIT_ELIMIT (over 2^30
     * bytes); SENNIT_ENOMEM. SENNIT_OK does not mean that it arrives. */
    sennit_status (*send)(void *self, const void *data, size_t len);

    /* Whether send would take a frame now. */
    int (*writable)(void *self);

    /* Take the next frame that arrived. Returns 1 and the frame, valid until the
     * next call of receive, open or free; 0: none now. What had arrived before the
     * end can still be taken when it is closed. */
    int (*receive)(void *self, const void **data, size_t *len);

    /* Close, with a WebSocket code (one that may not be sent becomes 1000) and a
     * reason for the other end (NULL: none; cut after 123 bytes). What was given to
     * send goes first. One that is still OPENING is closed at once. */
    void (*close)(void *self, int code, const char *reason);

    /* Why it is closed: the code that ended it, whichever end gave it; 1005 if the
     * other end gave none; 1006 without a farewell; 0 while it is not closed, and
     * before it was ever opened. *reason (which may be NULL) in words, never NULL,
     * valid until the next call. */
    int (*closed)(void *self, const char **reason);

    /* Fill in what to wait for; returns how many there are, at most max are
     * written. Ask anew after every other call. */
    size_t (*polls)(void *self, sennit_poll *out, size_t max);

    /* Return how long to wait at most before the next `service`, in milliseconds;
     * -1: for ever. */
    int (*timeout)(void *self);

    /* Do what can be done without waiting. revents of `polls` may be filled in;
     * NULL, 0: look at everything. Returns SENNIT_OK; SENNIT_ENOMEM (and it is
     * closed). */
    sennit_status (*service)(void *self, const sennit_poll *polls, size_t n);

    void (*free)(void *self);
} sennit_transport;

/* Free a transport, closed or not; NULL is fine. An open connection breaks: the
 * other end is not told why. */
SENNIT_API void sennit_transport_free(sennit_transport *transport);

/* Wait until something can be done, at most timeout_ms (-1: for ever), and do it:
 * for hosts without a loop. Returns SENNIT_OK, SENNIT_EIO (poll fails), and what
 * `service` returns. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_transport_wait(sennit_transport *transport, int timeout_ms);

/* ------------------------------------------------------------ Loopback -- */

/* What goes wrong between two ends in one process; chances are in 65,536. */
typedef struct sennit_faults {
    uint32_t lose;      /* the connection breaks when a frame should arrive */
    uint32_t duplicate; /* a frame arrives twice */
    uint32_t reorder;   /* a frame overtakes the one before */
    uint32_t half_open; /* from a frame on nothing arrives either way; nobody is told */
    uint32_t delay_ms;  /* each frame takes 0 to so long */
} sennit_faults;

typedef struct sennit_loopback sennit_loopback;

/* Make a pair of ends with a virtual clock, at 0.
 *
 * Both ends must be opened for a connection to stand; when it is over, both must
 * be opened again. Time passes in sennit_loopback_set_time only. What goes wrong
 * follows from the seed and the calls: the same calls have the same history.
 *
 * faults     may be NULL: none, and frames arrive at once
 * max_queue  frames sent one way and not yet taken, before it is full [1,024]
 *
 * Owns     *out is for sennit_loopback_free
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_loopback_new(const sennit_alloc *alloc, uint64_t seed, const sennit_faults *faults,
                    uint32_t max_queue, sennit_loopback **out);

/* Return end 0 or 1. It lives as long as the pair: sennit_transport_free only
 * breaks its connection, and it can be opened again. */
SENNIT_API sennit_transport *sennit_loopback_end(sennit_loopback *pair, int which);

/* Change what goes wrong from now on; NULL: nothing. A connection that is half
 * open stays so until both ends are closed. */
SENNIT_API void sennit_loopback_set_faults(sennit_loopback *pair, const sennit_faults *faults);

/* Let time pass; it never runs backwards. */
SENNIT_API void sennit_loopback_set_time(sennit_loopback *pair, uint64_t now_ms);

/* Free a pair and its ends; NULL is fine. */
SENNIT_API void sennit_loopback_free(sennit_loopback *pair);

/* ----------------------------------------------------------- WebSocket -- */

/* How a WebSocket client connects. Zero everything, set size, then what you need. */
typedef struct sennit_websocket_options {
    size_t size;
    const sennit_alloc *alloc;
    const char *ca_file;     /* certificates to trust, in PEM [the system's] */
    const char *origin;      /* Origin header [none] */
    uint32_t max_frame;      /* longest frame taken, assembled [16 MiB] */
    uint32_t max_queue;      /* send is full while so many bytes wait; as many may have
                                arrived and not be taken before reading stops [1 MiB] */
    uint32_t connect_ms;     /* to connect and shake hands [10,000] */
} sennit_websocket_options;

/* Make a client for a ws:// or wss:// address.
 *
 * Frames are binary; a text frame from the server closes with 1003, one that is
 * too long with 1009. permessage-deflate is never offered. A server of wss:// must
 * show a certificate for the host that the address names, from an authority that is
 * trusted. No proxy is used, whatever the environment says.
 *
 * `open` looks the host up, which takes as long as the system's resolver does;
 * nothing else waits. `closed` says 1006 and why when there was no connection.
 *
 * options  may be NULL
 *
 * Returns  SENNIT_OK; SENNIT_EINVAL (no such address)
 * Owns     *out is for sennit_transport_free
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_websocket_client(const char *url, const sennit_websocket_options *options,
                        sennit_transport **out);

/* ------------------------------------------------------------ Listener -- */

/* An HTTP request that a listener hands to its owner: GET, HEAD or POST. Strings
 * are terminated and valid for the call; headers that did not come are "". */
typedef struct sennit_http_request {
    const char *method;
    const char *path;  /* percent-decoded, "." and ".." resolved, no NUL inside */
    const char *query; /* what follows "?", percent-encoded, or "" */
    const char *host, *origin, *authorization, *if_none_match;
    const char *accept, *accept_encoding, *content_type;
    const char *address; /* of the other end, in numbers */
    const void *body;
    size_t body_len;
} sennit_http_request;

/* The answer, filled in by the owner. All strings are copied. Content-Length comes
 * by itself, and without a body for HEAD. */
typedef struct sennit_http_response {
    int status;             /* 200, ... */
    const char *type;       /* Content-Type, or NULL */
    const char *etag;       /* as it is sent, with its quotes, or NULL */
    const char *headers;    /* more of them, "Name: value\r\n" each, or NULL */
    sennit_buf body;        /* taken over, and left empty, by the listener */
    const void *fixed;      /* instead of body: bytes that outlive the listener */
    size_t fixed_len;
    const char *encoding;   /* Content-Encoding, or NULL */
} sennit_http_response;

typedef struct sennit_listener sennit_listener;

/* What a listener's owner is asked and told, from within sennit_listener_service
 * (gone and closed also from sennit_listener_free). A peer is one WebSocket
 * connection. All calls of the listener but service and free may be made from
 * within; what is borrowed is valid for the call. */
typedef struct sennit_listener_owner {
    void *self;
    /* May a WebSocket connection be opened at this path? Returns 0 or an HTTP
     * status to refuse it with. NULL: always. */
    int (*admit)(void *self, const char *path, const char *origin, const char *address);
    /* One was opened; what it returns is its `peer` from then on; NULL closes it
     * with 1011. */
    void *(*opened)(void *self, uint64_t id);
    void (*received)(void *self, void *peer, const void *data, size_t len);
    /* It was full, and takes frames again. */
    void (*writable)(void *self, void *peer);
    /* It is gone, with all that was not yet sent: code and reason as
     * sennit_transport.closed gives them. */
    void (*closed)(void *self, void *peer, int code, const char *reason);
    /* Answer a request. Returns 0: answered; 1: later, by sennit_listener_answer
     * with this id. NULL: all are answered 404. */
    int (*request)(void *self, uint64_t id, const sennit_http_request *request,
                   sennit_http_response *response);
    /* A request that waits for its answer is gone. */
    void (*gone)(void *self, uint64_t id);
} sennit_listener_owner;

/* Zero everything, set size, then what you need; copied, strings too. */
typedef struct sennit_listener_options {
    size_t size;
    const sennit_alloc *alloc;
    const char *address;     /* numeric, such as "127.0.0.1" or "::" ["127.0.0.1"] */
    uint16_t port;           /* 0: any free one; see sennit_listener_port */
    const char *tls_cert, *tls_key; /* files in PEM, or both NULL */
    const char *path;        /* of WebSocket connections ["/sync"] */
    uint32_t max_frame;      /* longest frame taken, assembled [1 MiB] */
    uint32_t max_body;       /* of a request [1 MiB] */
    uint32_t max_connections;/* of all kinds; fewer if the limit of open files of the
                                process, less 64, is lower [10,000] */
    uint32_t max_queue;      /* a peer is full while so many bytes wait [256 KiB] */
    uint32_t handshake_ms;   /* from connect to the end of the headers [5,000] */
    uint32_t request_ms;     /* from there to the end of the body; and for the other end
                                to take a piece of an answer [30,000] */
    uint32_t pace_ms;        /* what arrives sooner after the last turn than this waits,
                                and is then served all at once [0] */
} sennit_listener_options;

/* Listen for HTTP/1.1 and WebSocket.
 *
 * A peer that sends text is closed with 1003, one that sends a frame too long with
 * 1009, before it is assembled. Sec-WebSocket-Protocol "sennit" is understood, and
 * none. A request that is no GET, HEAD or POST is answered 405, a POST without
 * Content-Length 411, a body too long 413.
 *
 * libwebsockets keeps tables of 16 bytes for each file that the process may open
 * (RLIMIT_NOFILE): set its soft limit to what is needed first.
 *
 * Returns  SENNIT_OK; SENNIT_EIO: no such address, it is taken or not allowed, or
 *          the certificate or key cannot be used, as err->what says
 * Owns     *out is for sennit_listener_free
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_listener_new(const sennit_listener_options *options, const sennit_listener_owner *owner,
                    sennit_listener **out, sennit_error *err);

/* Break all connections and free everything; NULL is fine. */
SENNIT_API void sennit_listener_free(sennit_listener *listener);

SENNIT_API uint16_t sennit_listener_port(const sennit_listener *listener);

/* How many connections there are, of all kinds. */
SENNIT_API uint32_t sennit_listener_connections(const sennit_listener *listener);

/* Send a frame to a peer (by the id given to `opened`), copied; it leaves at once or
 * with the next sennit_listener_service. Returns as sennit_transport.send; SENNIT_ECLOSED
 * also if there is no such peer. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_listener_send(sennit_listener *listener, uint64_t id, const void *data, size_t len);

/* Close a peer, as sennit_transport.close: `closed` follows, soon if the other end
 * answers, in 5 s if it does not. Nothing is received from it any more. */
SENNIT_API void sennit_listener_close(sennit_listener *listener, uint64_t id, int code,
                                      const char *reason);

/* Answer a request that waits. Returns SENNIT_OK; SENNIT_ECLOSED: it is gone;
 * SENNIT_EINVAL: a status or a string that cannot be sent; SENNIT_ENOMEM. After
 * anything but SENNIT_OK, response->body is as it was. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_listener_answer(sennit_listener *listener, uint64_t id, sennit_http_response *response);

/* Wait until something happens, at most timeout_ms (-1: for ever; 0: not at all),
 * and do it.
 *
 * more, n  further descriptors that end the wait, at most 16; revents are filled in
 *
 * With pace_ms it may take so much longer.
 *
 * Returns  SENNIT_OK; SENNIT_EIO (the wait fails); SENNIT_EINVAL (too many, or one
 *          that cannot be waited for)
 * Cost     of what happens, however many connections there are; besides, four times a
 *          second O(connections) for deadlines
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_listener_service(sennit_listener *listener, int timeout_ms, sennit_poll *more, size_t n);

/* End a wait, or the next one. Threads: any; signal handlers too. */
SENNIT_API void sennit_listener_wake(sennit_listener *listener);

/* Take in no more connections; those that are there go on. */
SENNIT_API void sennit_listener_stop(sennit_listener *listener);

#ifdef __cplusplus
}
#endif
#endif
