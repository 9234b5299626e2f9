/* The joining end: a link, its sessions and the events they cause.
 *
 *     link.c      the connection: frames, heartbeat, retries
 *     session.c   one document: a machine of states
 *     welcome.c   greeting and being welcomed
 *     upload.c    what the server lacks
 *     safe.c      what the server has for sure, and who waits for it
 *     fork.c      a replica id that went two ways: where, and the way out
 *     event.c     what the host is told
 */
#ifndef SN_LINK_H
#define SN_LINK_H

#include "core/doc/version.h"
#include "sync/message.h"

#include <sennit/sync.h>

#define SN_LEVELS 3
#define SN_SESSION_SEARCHING (SENNIT_REFUSED + 1) /* greeting, and looking for a fork */
#define SN_SESSION_STATES (SN_SESSION_SEARCHING + 1)
#define SN_WAITS 64
#define SN_SENT 64 /* deltas whose fate is told apart; beyond, they are told together */

/* A delta that was sent: behind it so many own operations are at the server. */
typedef struct sn_sent {
    uint64_t serial, own;
} sn_sent;

/* So many operations of a replica are at the server for sure; and so many were given
 * to it, which it may have passed over. */
typedef struct sn_has {
    uint64_t replica;
    uint32_t seq, given;
} sn_has;

/* Operations `from` on of a replica are no more; they are those of another. */
typedef struct sn_voided {
    uint64_t replica, from, renewed;
} sn_voided;

/* So many operations of a replica are waited for. */
typedef struct sn_need {
    uint64_t replica, count;
} sn_need;

/* A version somebody waits for. Once the server has all of it, or it is on its way,
 * it is pinned to the serials that bring it. */
typedef struct sn_wait {
    uint64_t ticket;
    sennit_level level;
    bool pinned;
    uint64_t yours, mine;
    sn_need *needs;
    size_t needs_len, needs_cap;
} sn_wait;

/* Invariants
 *   N1  what is safe at a level is safe at those below it
 *   N2  `sent` counts own operations that were put into a frame since the welcome, or
 *       that the server had at it
 *   N3  `certain`: the server has exactly `sent` of them, and nothing is under way
 *   N4  a session that is not LIVE sends no deltas */
struct sennit_session {
    sennit_session *next;
    sennit_link *link;
    sennit_doc *doc;          /* NULL: closed */
    uint64_t channel;         /* 0: none is open on this connection */
    char name[SENNIT_NAME_MAX + 1];
    char token[SENNIT_TOKEN_MAX + 1];
    sennit_session_state state;
    sennit_permission permission;
    uint64_t incarnation, replica;
    bool hello_due, presence_due, want_due;
    uint64_t hello_ms, retry_ms; /* when it greeted; when it is to greet again, or 0 */
    unsigned retries;

    uint64_t sent;
    bool certain;
    sn_has *has;              /* by index in the document's roster */
    uint32_t has_len, has_cap;
    uint64_t heard;           /* operations from elsewhere that `has` accounts for */
    bool foreign_gone;        /* what others wrote cannot be told: the history is not here */
    uint64_t ask_ms;          /* when to greet to find out what became of what was given */
    bool muted;               /* what was sent is forbidden; until the next token or connection */
    uint64_t own_seen, unsent_since_ms;
    uint64_t out_serial, in_serial; /* of deltas */

    sn_sent acks[SN_SENT];
    unsigned acks_len;
    uint64_t safe[SN_LEVELS]; /* own operations */
    struct {
        bool any;             /* something was acknowledged since the welcome */
        uint64_t yours, mine;
    } acked[SN_LEVELS];
    sn_wait *waits;
    size_t waits_len, waits_cap;

    sennit_buf presence;
    bool any_lineage;         /* there is nothing in the document yet: it takes the server's */
    unsigned forks;           /* since the last welcome; fork.c */
    bool searching, probe_due; /* fork.c */
    uint64_t low, high;       /* the first so many are the same; these are not */
    bool reissue_due;         /* at the welcome, what the server does not have */
    bool anew;                /* then without bringing back what it dropped for good */
    bool typed_anew;          /* since something was acknowledged */
    sn_voided *voids;         /* told at each welcome, since a server may forget; oldest first */
    size_t voids_len, voids_cap, voids_told;
    sn_voided *taken_back;    /* by others; dropped here once they have come anew */
    size_t taken_back_len, taken_back_cap;
    bool clashed;             /* what the server sent was not what is here; it was greeted since */
};

typedef struct sn_event {
    sennit_event event;
    sennit_buf text, data, user;
} sn_event;

struct sennit_link {
    sn_mem mem;
    sennit_link_options options;
    sennit_session *sessions;
    uint64_t channels;    /* given so far on this connection */
    sn_unpacker *unpacker;
    sennit_buf frame, scratch;
    sn_has *brought;      /* by the delta being taken; seq is where they end */
    size_t brought_len, brought_cap;
    bool open, welcomed;
    uint64_t heard_ms, sent_ms, heartbeat_ms;
    uint64_t ping, pong;  /* numbers; pong is due if it is not 0 */
    unsigned retries;
    uint64_t max_frame;   /* the server's */
    uint64_t *leaves;     /* channels to be left */
    size_t leaves_len, leaves_cap;

    sn_event *events;     /* waiting; the first events_taken are done */
    size_t events_len, events_cap, events_taken;
};

/* ---- event.c ---- */

/* Note an event, or change one that tells of the same and waits still; without
 * memory it is lost, but what it tells of is not. about: a level, or a peer. Returns
 * it, to fill in more; NULL if it is lost. */
sennit_event *sn_event_add(sennit_link *link, sennit_event_kind kind, sennit_session *session,
                           uint64_t about, const sn_bytes *text, const sn_bytes *data,
                           const sn_bytes *user);

/* Forget the events of a session. */
void sn_event_forget(sennit_link *link, const sennit_session *session);
void sn_event_free(sennit_link *link);

/* ---- link.c ---- */

/* Leave a channel, in the next frame; if there is no memory to note that, the server
 * goes on sending what nobody looks at. */
void sn_link_leave(sennit_link *link, uint64_t channel);

/* Frames are to be no longer than about this. */
size_t sn_link_frame(const sennit_link *link);

/* ---- session.c ---- */

void sn_session_free(sennit_session *session);

/* The connection is there; or gone. */
void sn_session_opened(sennit_session *session);
void sn_session_lost(sennit_session *session);

/* Greet, anew if need be. */
void sn_session_greet(sennit_session *session);

/* Greet again after a while: what is wrong is the server's, or passes. */
void sn_session_retry(sennit_session *session, uint64_t now_ms);

/* Refuse to go on; the host is told. */
void sn_session_refuse(sennit_session *session, sennit_fault fault, const sn_bytes *text);
void sn_session_give_up(sennit_session *session, sennit_fault fault, const char *what);
void sn_session_tell_refused(sennit_session *session, sennit_fault fault, const sn_bytes *text);

/* This replica goes on under another id: the host is told, the server greeted. */
void sn_session_renewed(sennit_session *session, const sennit_rebased *done);

/* Take a message on the session's channel. SENNIT_ECORRUPT: out of turn. */
sennit_status sn_session_take(sennit_session *session, const sn_message *message, uint64_t now_ms);

/* Append what is to be sent, until the frame is full. */
sennit_status sn_session_write(sennit_session *session, uint64_t now_ms, sennit_buf *frame);

/* When there is something to send by itself; UINT64_MAX: never. */
uint64_t sn_session_due(const sennit_session *session);

/* ---- welcome.c ---- */

sennit_status sn_session_write_hello(sennit_session *session, uint64_t now_ms, sennit_buf *frame);
sennit_status sn_session_take_welcome(sennit_session *session, const sn_message *m, uint64_t now_ms);

/* ---- upload.c ---- */

/* Whether there is something to upload that may be. */
bool sn_session_lacks(const sennit_session *session);
sennit_status sn_session_upload(sennit_session *session, sennit_buf *frame);

/* Note what the server has: all that a version says, that it sent in a delta, or so
 * many of a replica. */
sennit_status sn_session_has_version(sennit_session *session, const sn_bytes *version);
sennit_status sn_session_has_delta(sennit_session *session, const sn_bytes *delta);
sennit_status sn_session_has(sennit_session *session, uint64_t replica, uint64_t count);
uint64_t sn_session_known(const sennit_session *session, uint64_t replica);

/* ---- safe.c ---- */

void sn_safe_begin(sennit_session *session, uint64_t count);
sennit_status sn_safe_take_ack(sennit_session *session, const sn_message *m, uint64_t now_ms);
void sn_safe_note_sent(sennit_session *session);

/* Pin what can be, and tell of what is reached. */
void sn_safe_look(sennit_session *session);
void sn_safe_unpin(sennit_session *session);

/* Operations `from` on of a replica are about to be, or are, those of another. */
sennit_status sn_safe_reserve(sennit_session *session);
void sn_safe_renew(sennit_session *session, uint64_t replica, uint64_t from, uint64_t renewed);

/* Whether a version is waited for that the server does not have for sure. */
bool sn_safe_is_waited(const sennit_session *session);
void sn_safe_free(sennit_session *session);

/* ---- fork.c ---- */

void sn_fork_begin(sennit_session *session);
sennit_status sn_fork_write(sennit_session *session, sennit_buf *frame);
sennit_status sn_fork_take(sennit_session *session, const sn_message *message, uint64_t now_ms);

#endif
