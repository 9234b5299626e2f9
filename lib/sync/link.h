/* The joining end: a link, its sessions and the events they cause.
 *
 *     link.c      the connection: frames, heartbeat, retries
 *     session.c   one document: greeting, deltas, what is safe, presence
 *     fork.c      a replica id that went two ways: where, and the way out
 *     event.c     what the host is told
 */
#ifndef SN_LINK_H
#define SN_LINK_H

#include "sync/message.h"

#include <sennit/sync.h>

#define SN_LEVELS 3
#define SN_WAITS 64
#define SN_ACKS 256 /* deltas whose fate is told apart; beyond, they are told together */

/* A delta that was sent: behind it so many own operations are at the server. */
typedef struct sn_sent {
    uint64_t serial, own;
} sn_sent;

typedef struct sn_wait {
    uint64_t ticket;
    uint64_t received; /* serial of the server's last delta at that time */
    sennit_level level;
    sennit_buf version;
} sn_wait;

/* Invariants
 *   N1  what is safe at a level is safe at those below it
 *   N2  `sent` counts own operations that were put into a frame, or that the
 *       server had at its welcome
 *   N3  a session that is not LIVE sends no deltas */
struct sennit_session {
    sennit_session *next;
    sennit_link *link;
    sennit_doc *doc;
    uint64_t channel;
    char name[SENNIT_NAME_MAX + 1];
    char token[SENNIT_TOKEN_MAX + 1];
    sennit_session_state state;
    sennit_permission permission;
    uint64_t incarnation;
    bool hello_due, presence_due, catchup_due, want_due, closing;

    uint64_t sent, own_seen;       /* own operations; those seen when they were last looked at */
    uint64_t unsent_since_ms;
    uint64_t out_serial, in_serial; /* of deltas */
    sn_sent acks[SN_ACKS];
    unsigned acks_len;
    uint64_t safe[SN_LEVELS];      /* own operations */
    uint64_t in_safe[SN_LEVELS];   /* of the server's deltas, by serial */
    sennit_buf theirs;             /* the server's version at its welcome */
    sennit_buf presence;
    sn_wait waits[SN_WAITS];
    unsigned waits_len;

    uint64_t retry_ms;             /* REFUSED for a while only: greet again then; 0: not */
    unsigned forks;                /* since the last welcome; fork.c */
    bool searching, probe_due;
    uint64_t low, high;            /* the first so many are the same; these are not */
    sennit_rebased voided;
    bool void_due;
};

typedef struct sn_event {
    sennit_event event;
    sennit_buf text, data, user;
} sn_event;

struct sennit_link {
    sn_mem mem;
    sennit_link_options options;
    sennit_session *sessions;
    uint64_t channels;    /* given so far */
    sn_unpacker *unpacker;
    sennit_buf frame, scratch;
    bool open, welcomed;
    uint64_t heard_ms, sent_ms, heartbeat_ms;
    uint64_t ping, pong;  /* numbers; pong is due if it is not 0 */
    unsigned retries;
    uint32_t max_frame;   /* the server's */

    sn_event *events;     /* waiting; the first events_taken are done */
    size_t events_len, events_cap, events_taken;
};

/* ---- event.c ---- */

/* Note an event; without memory it is lost, but what it tells of is not. text and
 * user are terminated or NULL. Returns it, to fill in more; NULL if it is lost. */
sennit_event *sn_event_add(sennit_link *link, sennit_event_kind kind, sennit_session *session,
                           const sn_bytes *text, const sn_bytes *data, const sn_bytes *user);

/* Forget the events of a session. */
void sn_event_forget(sennit_link *link, const sennit_session *session);
void sn_event_free(sennit_link *link);

/* ---- session.c ---- */

void sn_session_free(sennit_session *session);
void sn_session_opened(sennit_session *session);
void sn_session_lost(sennit_session *session);

/* Take a message on the session's channel. SENNIT_ECORRUPT: out of turn. */
sennit_status sn_session_take(sennit_session *session, const sn_message *message, uint64_t now_ms);

/* Append what is to be sent. */
sennit_status sn_session_write(sennit_session *session, uint64_t now_ms, sennit_buf *out);

/* When there is something to send by itself; UINT64_MAX: never. */
uint64_t sn_session_due(const sennit_session *session);

/* Refuse to go on; the host is told. */
void sn_session_refuse(sennit_session *session, sennit_fault fault, const sn_bytes *text);

/* This replica goes on under another id: the host is told, the server greeted. */
void sn_session_renewed(sennit_session *session, const sennit_rebased *done);

/* ---- fork.c ---- */

void sn_fork_begin(sennit_session *session);
sennit_status sn_fork_write(sennit_session *session, sennit_buf *out);
sennit_status sn_fork_take(sennit_session *session, const sn_message *message);

#endif
