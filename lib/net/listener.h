/* What the files of a listener share.
 *
 *   listener.c   made from options; what libwebsockets calls
 *   peer.c       a connection that is a WebSocket
 *   http.c       a connection with a request; answer.c: the bytes of its answer
 *   loop.c       waiting, accepting, serving what is ready
 *   conn.c       connections by id; which of them to look at
 *
 * Each calls those below it, and none above.
 *
 * The loop is our own: that of libwebsockets asks about every connection each time
 * it waits. Here epoll tells which socket is ready, and lws_service_fd serves it as
 * in a foreign loop. Only libwebsockets knows when it has something to say by
 * itself, such as an answer to a ping; so whatever happened to a connection, it is
 * then served once as if it were writable. What does not go out then is kept, and
 * that shows (C2). Deadlines are looked at in a whole pass a few times a second.
 */
#ifndef SN_LISTENER_H
#define SN_LISTENER_H

#include <sennit/transport.h>

#include <time.h>

#include "net/answer.h"
#include "net/farewell.h"
#include "net/inbox.h"
#include "net/lws.h"
#include "net/outbox.h"

#define SN_LISTENER_READ 2048u    /* bytes read at a time, and kept for each connection */
#define SN_LISTENER_HEADERS 8192u /* bytes of all headers of a request */
#define SN_LISTENER_MORE 16       /* descriptors of the owner */
#define SN_LISTENER_SCRATCH (4 * SN_LISTENER_HEADERS)
#define SN_LISTENER_SHORT 4096u   /* bytes of a frame that may go out at once */

/* A request and its answer. */
typedef struct sn_exchange {
    sn_inbox body;
    sn_answer answer;
    bool head;      /* an answer without its body */
    bool expects;   /* a body was announced, and is not yet whole */
    bool waiting;   /* for the owner's answer */
    bool answered;
    bool last;      /* then the connection closes */
} sn_exchange;

/* A connection of any kind.
 *   C1  in the table of its listener from the time it was accepted until
 *       libwebsockets frees its wsi
 *   C2  armed for EPOLLOUT if and only if something of it waits to go out; for
 *       EPOLLIN unless its request waits for an answer
 *   C3  id changes with each request, so that an old one finds nothing */
typedef struct sn_conn {
    sennit_listener *listener;
    struct lws *wsi;
    uint64_t id;
    int fd;
    uint32_t armed;
    struct sn_conn *next_ready;
    bool ready;        /* on the list of those to serve as if writable */
    bool is_peer;
    bool has_deadline; /* else its timer means nothing: it cannot be taken back */
    bool full;         /* send refused a frame: tell when there is room */
    bool said_it;      /* the farewell is out */
    bool broken;       /* writing failed where nobody could be told: it is to close */
    bool served;       /* a request was answered on it before */
    sn_farewell *bye;  /* how it closes, or NULL; below if there was no memory for it */
    int bye_code;
    void *peer;        /* the owner's; NULL: not told of, or no more */
    sn_outbox out;
    sn_inbox in;
    sn_exchange *http; /* NULL between requests */
} sn_conn;

typedef struct sn_slot {
    sn_conn *conn;
    uint32_t next_free;
} sn_slot;

struct sennit_listener {
    sn_mem mem;
    sennit_listener_owner owner;
    sennit_listener_options options; /* 0 replaced; strings are not kept here */
    char *path, *cert, *key;
    struct lws_context *context;
    struct lws_vhost *vhost;
    int epoll_fd, wake_fd, listen_fd; /* -1: none */
    uint16_t port;

    sn_slot *slots;
    size_t slots_cap;
    uint32_t slots_len, free_slot; /* free_slot: UINT32_MAX: none */
    uint32_t serial;
    uint32_t connections;

    sn_conn *first_ready, *last_ready;
    uint32_t ready;    /* how many are on that list */
    sn_conn *current;  /* being served, or being adopted; NULL once it is gone */
    unsigned calls;    /* callbacks on the stack */
    bool in_pass;
    bool received;     /* a frame, in this turn */
    bool nothing_kept; /* libwebsockets had no bytes of anybody when it was last called */
    bool resting;      /* no files left: nothing is accepted until the next pass */
    uint64_t pass_at;  /* time of the next pass, in ms */
    struct timespec turn_at; /* not before this is there another turn */
    sennit_poll more[SN_LISTENER_MORE]; /* those that epoll knows */
    size_t more_len;

    char scratch[SN_LISTENER_SCRATCH]; /* strings of the request being handed over */
    uint8_t frame[LWS_PRE + SN_LISTENER_SHORT]; /* one that goes out at once */
};

/* ---- conn.c ---- */

/* Make a connection for an accepted socket, or NULL. */
sn_conn *sn_conn_new(sennit_listener *l, int fd);

/* Free one that the owner knows nothing of, or nothing any more. */
void sn_conn_free(sn_conn *conn);

sn_conn *sn_conn_find(sennit_listener *l, uint64_t id);
sn_conn *sn_conn_in_slot(sennit_listener *l, uint32_t slot);
void sn_conn_renew_id(sn_conn *conn);

/* Put on the list of those to serve as if writable; take the first one off. */
void sn_conn_make_ready(sn_conn *conn);
sn_conn *sn_conn_pop_ready(sennit_listener *l);

/* Make C2 hold. */
void sn_conn_arm(sn_conn *conn);

/* Close it if nothing of this name happens in time; 0: no deadline any more. */
void sn_conn_set_deadline(sn_conn *conn, uint32_t ms);

/* A header of the request, or "": in the scratch of the listener from *at on, which
 * moves. NULL if it does not fit. */
const char *sn_conn_header(sn_conn *conn, enum lws_token_indexes header, size_t *at);

/* The address of the other end, in the scratch likewise. */
const char *sn_conn_address(sn_conn *conn, size_t *at);

/* ---- peer.c: called by libwebsockets; they return what its callback returns ---- */

int sn_peer_admit(sn_conn *conn, char *upgrade);
int sn_peer_opened(sn_conn *conn);
int sn_peer_received(sn_conn *conn, const void *piece, size_t len);
int sn_peer_writable(sn_conn *conn);
int sn_peer_farewell(sn_conn *conn, const uint8_t *data, size_t len);
void sn_peer_gone(sn_conn *conn);

/* ---- http.c: likewise ---- */

int sn_http_filter(sn_conn *conn);
int sn_http_request(sn_conn *conn);
int sn_http_body(sn_conn *conn, const void *piece, size_t len);
int sn_http_body_whole(sn_conn *conn);
int sn_http_writable(sn_conn *conn);
void sn_http_gone(sn_conn *conn);

/* Answer instead of the upgrade to a WebSocket, and close. */
int sn_http_refuse(sn_conn *conn, int status);

/* ---- loop.c ---- */

/* Make what the loop waits with, and listen. Returns SENNIT_OK, SENNIT_EIO. */
sennit_status sn_loop_start(sennit_listener *l, const char *address, uint16_t port,
                            sennit_error *err);
void sn_loop_end(sennit_listener *l);

#endif
