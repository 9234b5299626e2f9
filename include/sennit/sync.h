/* sennit: documents kept in step over a network.
 *
 * Nothing here does I/O. Bytes that arrived go in, frames to send and events
 * come out; the host moves bytes and tells the time. docs/PROTOCOL.md has the
 * bytes.
 *
 *         the one who joins                     the one who serves
 *
 *   doc -- session --+                     +-- channel -- document -- storage
 *   doc -- session --+-- link ~~~~~~ connection -- hub
 *                        frames  <->  frames
 *
 * One connection carries many documents. Each end sends exactly what the other
 * lacks when they meet, then deltas as they arise; a link that breaks loses
 * nothing, for what the server lacks is in the document itself.
 *
 * Rules of sennit.h hold here too. `now_ms` is Unix time in milliseconds; if it
 * jumps, nothing worse happens than a needless ping.
 */
#ifndef SENNIT_SYNC_H
#define SENNIT_SYNC_H

#include "sennit/sennit.h"
#include "sennit/storage.h"
#include "sennit/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SENNIT_PROTOCOL 1 /* newest version spoken; docs/PROTOCOL.md */

/* How safe an operation is. */
typedef enum sennit_level {
    SENNIT_APPLIED = 0,   /* the server has merged it */
    SENNIT_DURABLE = 1,   /* it is committed to the server's storage */
    SENNIT_REPLICATED = 2 /* and to a second one */
} sennit_level;

/* Codes of errors between the ends: those above 4000 also close a connection
 * under that WebSocket code when they concern all of it (channel 0). */
typedef enum sennit_fault {
    SENNIT_FAULT_PROTOCOL = 4400,   /* malformed or out of turn */
    SENNIT_FAULT_TOKEN = 4401,      /* no token, or a wrong or expired one */
    SENNIT_FAULT_FORBIDDEN = 4403,  /* it does not grant that */
    SENNIT_FAULT_NAME = 4404,       /* no name of a document */
    SENNIT_FAULT_TIMEOUT = 4408,    /* no hello in time, or silent for too long */
    SENNIT_FAULT_FORKED = 4409,     /* this replica id went another way: rebase */
    SENNIT_FAULT_LINEAGE = 4410,    /* unrelated document under this name */
    SENNIT_FAULT_CLOCK = 4411,      /* time too far ahead: correct the clock, retry */
    SENNIT_FAULT_GONE = 4412,       /* brings back text that was dropped for good */
    SENNIT_FAULT_TOO_LARGE = 4413,  /* a frame, presence or document past its limit */
    SENNIT_FAULT_VERSION = 4426,    /* protocol or operation of another release */
    SENNIT_FAULT_RATE = 4429,       /* too much in too short a time */
    SENNIT_FAULT_STORAGE = 4500,    /* the server's storage fails; retry */
    SENNIT_FAULT_AWAY = 4503        /* the server stops; reconnect */
} sennit_fault;

/* ---------------------------------------------------------------- Link -- */

/* The joining end of one connection, kept over reconnects. */
typedef struct sennit_link sennit_link;

/* One document on a link. */
typedef struct sennit_session sennit_session;

/* How a link behaves. Zero everything, set size, then what you need. */
typedef struct sennit_link_options {
    size_t size;
    const sennit_alloc *alloc;
    int (*random)(void *self, void *out, size_t len); /* for jitter; may be NULL */
    void *random_self;
    uint32_t flush_ms;       /* let edits gather so long before they are sent [0] */
    uint32_t max_frame;      /* longest frame taken or sent, in bytes [16 MiB] */
    uint32_t retry_least_ms; /* first wait before a reconnect [250] */
    uint32_t retry_most_ms;  /* longest [30,000] */
} sennit_link_options;

/* Create a link. Owns: *out is for sennit_link_free. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_link_new(const sennit_link_options *options, sennit_link **out);

/* Free a link and its sessions; NULL is fine. */
SENNIT_API void sennit_link_free(sennit_link *link);

/* Tell the link that the transport is connected: greetings go out. Returns
 * SENNIT_OK. */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_link_opened(sennit_link *link, uint64_t now_ms);

/* Tell the link that the transport is gone. Returns how long to wait before the
 * next attempt: exponential back-off with jitter, from the start again after a
 * connection that got as far as a welcome. */
SENNIT_API uint32_t sennit_link_closed(sennit_link *link, uint64_t now_ms);

/* Take a frame that arrived.
 *
 * Returns  SENNIT_OK
 *          SENNIT_EBUSY     a document of the link has a transaction open: nothing
 *                           was done; give the frame again when it is over
 *          SENNIT_ECORRUPT  the other end does not speak the protocol, or the frame
 *                           is longer than options.max_frame: close the connection
 *          SENNIT_ENOMEM    close the connection likewise. What was taken of the
 *                           frame stays, whole deltas; the rest comes again after
 *                           the next greeting.
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_link_receive(sennit_link *link, const void *data, size_t len, uint64_t now_ms);

/* Take the next frame to send: call until it returns 0, after every other call,
 * after edits, and when sennit_link_timeout has passed; not while the transport
 * is full, so that what waits is sent as one later.
 *
 * Returns  1 and the frame, valid until the next call of this link; 0: nothing
 *          now; SENNIT_ENOMEM
 */
SENNIT_API int
sennit_link_next_frame(sennit_link *link, uint64_t now_ms, const void **data, size_t *len);

/* Return whether the other end has been silent for so long that the transport is
 * to be closed: two of the server's heartbeats. */
SENNIT_API int sennit_link_gone(const sennit_link *link, uint64_t now_ms);

/* Return in how many milliseconds sennit_link_next_frame has something to do by
 * itself: to ping, flush, or find the other end gone; at most 60,000. While the
 * transport is full what waits is due and cannot leave: then wait for room, and look
 * at sennit_link_gone now and then. */
SENNIT_API uint32_t sennit_link_timeout(const sennit_link *link, uint64_t now_ms);

/* ------------------------------------------------------------- Session -- */

/* Bring a document into step with the server's under a name.
 *
 * The session edits the document when frames arrive, and looks for the host's
 * edits in sennit_link_next_frame. It must be closed before the document is
 * freed.
 *
 * token    copied; may be empty where the server is open
 *
 * Returns  SENNIT_OK, SENNIT_EINVAL (name is none, or token too long)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_session_open(sennit_link *link, sennit_doc *doc, const char *name, const char *token,
                    sennit_session **out);

/* Leave; the document stays as it is. NULL is fine. */
SENNIT_API void sennit_session_close(sennit_session *session);

/* Use another token from now on; it is sent at once. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_session_set_token(sennit_session *session, const char *token);

/* Where a session stands. */
typedef enum sennit_session_state {
    SENNIT_OFFLINE = 0,  /* no connection: edits wait in the document */
    SENNIT_GREETING = 1, /* hello sent */
    SENNIT_LIVE = 2,     /* welcome received: in step */
    SENNIT_REFUSED = 3   /* the server refuses it; an event said why. After
                            SENNIT_FAULT_STORAGE and _RATE it greets again by itself */
} sennit_session_state;

SENNIT_API sennit_session_state sennit_session_get_state(const sennit_session *session);

/* What this user may do, by the server's welcome; SENNIT_NOTHING before it. */
SENNIT_API sennit_permission sennit_session_permission(const sennit_session *session);

/* Return how many operations this replica has made that are not known to be so
 * safe yet: 0 at SENNIT_DURABLE is what an interface may call "saved". */
SENNIT_API uint64_t sennit_session_unsafe(const sennit_session *session, sennit_level level);

/* Ask for SENNIT_EVENT_REACHED once all that a version knows is so safe.
 *
 * ticket   to tell the events apart
 *
 * Returns  SENNIT_OK, also if it is so already: the event comes all the same;
 *          SENNIT_ECORRUPT (no version), SENNIT_ELIMIT (more than 64 wait)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_session_wait(sennit_session *session, const void *version, size_t len, sennit_level level,
                    uint64_t ticket);

/* Say what the others shall see of this session: any bytes up to the server's
 * limit, such as sennit_presence_encode makes; NULL, 0 withdraws it. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_session_set_presence(sennit_session *session, const void *state, size_t len);

/* Rewind this replica's operations that the server has not taken, and issue them
 * under a new id: after SENNIT_EVENT_REFUSED, when the host decides that somebody
 * else may now send them. A fork is rebased by the session itself.
 *
 * Returns  as sennit_doc_rebase
 *          SENNIT_EBUSY  also if it is not certain what the server has: again after
 *                        SENNIT_EVENT_LIVE
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_session_rebase(sennit_session *session, sennit_rebased *out);

/* -------------------------------------------------------------- Events -- */

typedef enum sennit_event_kind {
    SENNIT_EVENT_LIVE = 1,     /* in step: welcome received */
    SENNIT_EVENT_CHANGED = 2,  /* the document changed: take its patches */
    SENNIT_EVENT_SAFE = 3,     /* sennit_session_unsafe fell at `level` */
    SENNIT_EVENT_REACHED = 4,  /* a version waited for is as safe as asked: `ticket` */
    SENNIT_EVENT_PRESENCE = 5, /* `peer` shows `data`, or is gone: data NULL */
    SENNIT_EVENT_REFUSED = 6,  /* `fault`, `text`; the document keeps everything. After
                                  SENNIT_FAULT_FORBIDDEN the session greets again, and is
                                  in step but for what it may not send, until it has
                                  another token or connection */
    SENNIT_EVENT_CLOCK = 7,    /* this clock is off by `offset_ms`, and is corrected */
    SENNIT_EVENT_REBASED = 8,  /* `rebased`: save the document, move anchors */
    SENNIT_EVENT_RESTORED = 9  /* the server lost what it had called durable; it gets
                                  everything again */
} sennit_event_kind;

typedef struct sennit_event {
    sennit_event_kind kind;
    sennit_session *session;
    sennit_level level;
    uint64_t ticket;
    sennit_fault fault;
    const char *text;        /* terminated; like data valid until the link's next call */
    const void *data;
    size_t len;
    uint64_t peer;           /* a session of somebody, as the server numbers them */
    const char *user;        /* whose session it is, by the server's word */
    int64_t offset_ms;
    sennit_rebased rebased;
} sennit_event;

/* Take the next event. Returns 1 and fills out; 0 when there is none. */
SENNIT_API int sennit_link_next_event(sennit_link *link, sennit_event *out);

/* ------------------------------------------------------------ Presence -- */

/* What an editor shows of its user: docs/PROTOCOL.md, "Presence". */

#define SENNIT_PRESENCE_NAME 64 /* characters of a name */

typedef enum sennit_activity {
    SENNIT_ACTIVE = 0,
    SENNIT_IDLE = 1, /* there, but nothing was done for a while */
    SENNIT_AWAY = 2  /* for a long while */
} sennit_activity;

typedef struct sennit_presence {
    char name[4 * SENNIT_PRESENCE_NAME + 1]; /* UTF-8; longer ones are cut */
    uint32_t colour;                         /* 0xRRGGBB */
    sennit_activity activity;
    int selects;                /* nonzero: there is a cursor in the text, at head; what */
    sennit_anchor anchor, head; /* is between it and anchor is selected */
} sennit_presence;

/* Append a presence as bytes for sennit_session_set_presence, and read one. What
 * somebody else shows may be anything: a name may look like another's.
 *
 * Returns  SENNIT_OK
 *          SENNIT_EUTF8, SENNIT_EINVAL  the name, an anchor's side (encode)
 *          SENNIT_ECORRUPT              no presence of that form (decode)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_presence_encode(const sennit_presence *presence, sennit_buf *out);
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_presence_decode(const void *data, size_t len, sennit_presence *out);

/* Everybody else at a document, and where they are in its text. */
typedef struct sennit_peers sennit_peers;

/* Zero everything, set size, then what you need; 0 is the default in brackets. */
typedef struct sennit_peers_options {
    size_t size;
    const sennit_alloc *alloc;
    uint32_t idle_ms;   /* nothing new for so long is at least idle [60,000] */
    uint32_t away_ms;   /* and for so long away [600,000] */
    uint32_t expire_ms; /* not renewed for so long is gone [120,000] */
} sennit_peers_options;

typedef struct sennit_peer {
    uint64_t peer;    /* as sennit_event.peer */
    const char *user; /* whose session it is, by the server's word; "" if it has no name */
    const char *name; /* by their own word */
    uint32_t colour;
    sennit_activity activity; /* the later of what they say and what their silence says */
    int selects;              /* nonzero: there is a cursor, in text that is known here */
    size_t anchor, head;      /* in the unit of the document; the cursor is at head */
} sennit_peer;

/* options may be NULL. Owns: *out is the caller's: sennit_peers_free; NULL is fine. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_peers_new(const sennit_peers_options *options, sennit_peers **out);
SENNIT_API void sennit_peers_free(sennit_peers *peers);

/* Take note of an event of the session; all but SENNIT_EVENT_PRESENCE and _LIVE (after
 * which everybody shows themselves anew) are left alone. Who shows something else
 * than a presence has no name. Of more than 1,000 the last are not kept.
 * Returns SENNIT_OK, SENNIT_ENOMEM. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_peers_take(sennit_peers *peers, const sennit_event *event, uint64_t now_ms);

/* Find all who are there, in the order in which they came, with their selections as
 * positions in the text of now.
 *
 * Owns     *out, n of them: the peers', until their next call
 * Cost     O(log n) of the document for each
 */
SENNIT_API void sennit_peers_place(sennit_peers *peers, const sennit_doc *doc, uint64_t now_ms,
                                   const sennit_peer **out, size_t *n);

/* ----------------------------------------------------------------- Hub -- */

/* The serving end: documents, those connected to them, and a storage. */
typedef struct sennit_hub sennit_hub;

/* One connection to a hub. */
typedef struct sennit_connection sennit_connection;

/* How a hub behaves. Zero everything, set size, then what you need; 0 is the
 * default in brackets. */
typedef struct sennit_hub_options {
    size_t size;
    const sennit_alloc *alloc;
    int (*random)(void *self, void *out, size_t len);
    void *random_self;

    sennit_storage *storage; /* borrowed; must outlive the hub */

    /* Find out what a token grants for a document. NULL: everybody may edit, and
     * nobody has a name. Returns SENNIT_OK, SENNIT_EAUTH, SENNIT_EGONE. */
    sennit_status (*authorise)(void *self, const char *token, size_t len, const char *document,
                               uint64_t now_ms, sennit_grant *out);
    void *authorise_self;

    sennit_limits document;      /* limits of each document */
    uint32_t max_frame;          /* bytes taken in one frame [1 MiB] */
    uint32_t max_queue;          /* bytes waiting for one connection; then they give way to
                                    one catch-up delta [256 KiB] */
    uint32_t max_channels;       /* documents on one connection [64] */
    uint32_t max_connections;    /* [10,000] */
    uint32_t max_documents;      /* open at a time [10,000] */
    uint32_t max_presence;       /* bytes [1,024] */
    uint32_t max_rate;           /* bytes a second from one connection, averaged over ten
                                    seconds; what greetings and probes cost counts too [1 MiB] */
    uint32_t handshake_ms;       /* from connect to the first hello [10,000] */
    uint32_t heartbeat_ms;       /* [20,000]; silent for two of them is gone */
    uint32_t presence_ms;        /* a presence not renewed so long is dropped [60,000] */
    uint32_t max_drift_ms;       /* how far ahead a new operation's time may be [60,000] */
    uint32_t unload_ms;          /* keep a document nobody is at so long [30,000] */
    uint32_t compact_bytes;      /* compact when so much log follows the snapshot [256 KiB] */
    int restored;                /* nonzero: the storage was restored from a backup */
    uint64_t keep_deleted_ms;    /* drop deleted text so long after (sennit_doc_compact), when a
                                    document is compacted in the storage, and it is durable; 0:
                                    never. Whoever was away for longer loses nothing but the undo
                                    of older deletions. A backup that is older than this may be
                                    refused by clients: they cannot tell all that it lacks */
    uint32_t gather_ms;          /* what is done in a document sooner than twice this after something
                                    of it was sent on waits for what is done next and goes out with
                                    it, after as long at the latest; and where 32 or more are there
                                    to be told, not before this is over, where fewer a part of it,
                                    but once there are some edits. 0: at once */
    uint64_t lease_ms;           /* who may write holds a lease on a document while there and so long
                                    after: what is dropped is what all of them have, the stable
                                    version. Whoever comes back later gets a snapshot, to which what
                                    was written meanwhile is moved. 0: nobody does */
} sennit_hub_options;

/* Create a hub. Returns SENNIT_OK, SENNIT_EIO (the storage fails).
 * Owns: *out is for sennit_hub_free, after every connection is gone. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_hub_new(const sennit_hub_options *options, sennit_hub **out);
SENNIT_API void sennit_hub_free(sennit_hub *hub);

/* Take in a connection. host: handed back by sennit_hub_next_ready and events.
 * Returns SENNIT_OK, SENNIT_ELIMIT (too many). */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_hub_connect(sennit_hub *hub, void *host, uint64_t now_ms, sennit_connection **out);

/* Forget a connection whose transport is gone. */
SENNIT_API void sennit_hub_disconnect(sennit_connection *connection, uint64_t now_ms);

/* Take a frame that arrived. Returns SENNIT_OK; anything else: send what waits,
 * then close the transport with sennit_connection_fault. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_hub_receive(sennit_connection *connection, const void *data, size_t len, uint64_t now_ms);

/* Take the next frame to send, as sennit_link_next_frame; not while the transport
 * is full. */
SENNIT_API int
sennit_hub_next_frame(sennit_connection *connection, const void **data, size_t *len);

/* Step through connections that have something to send or are to be closed: each
 * once, until it has something again. Returns NULL at the end. */
SENNIT_API sennit_connection *sennit_hub_next_ready(sennit_hub *hub);

SENNIT_API void *sennit_connection_host(const sennit_connection *connection);

/* Return the fault with which a connection is to be closed once it has no more
 * frames; 0: it is not. */
SENNIT_API int sennit_connection_fault(const sennit_connection *connection, const char **text);

/* Do what time or the storage brings: let out what was gathered, acknowledge what
 * became durable, expire tokens and presences, ping, unload, compact. Call when
 * sennit_hub_timeout has passed and when the storage's descriptor is readable. */
SENNIT_API void sennit_hub_tick(sennit_hub *hub, uint64_t now_ms);
SENNIT_API uint32_t sennit_hub_timeout(const sennit_hub *hub, uint64_t now_ms);

/* Stop: every connection is told SENNIT_FAULT_AWAY and is to be closed; nothing
 * new is taken. Then sennit_storage.sync. */
SENNIT_API void sennit_hub_drain(sennit_hub *hub, uint64_t now_ms);

/* Revoke tokens: those with this id, or all of a user. Their channels close. */
SENNIT_API void sennit_hub_revoke(sennit_hub *hub, uint64_t token_id, const char *user);

/* Look at a document, loaded if need be; it is the hub's, valid until its next
 * call, for reading only.
 * Returns SENNIT_OK, SENNIT_EGONE (nothing stored under this name), SENNIT_EIO,
 * SENNIT_ECORRUPT, SENNIT_ELIMIT. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_hub_document(sennit_hub *hub, const char *name, uint64_t now_ms, sennit_doc **out);

/* Edit a document for somebody who has read it at a version, came another way than
 * by the protocol, and may edit it: that is not asked here. The hub makes the edits
 * under a replica of its own, and they go round and are kept like any others. A
 * document that nobody wrote yet begins so.
 *
 * version, unit, edits   as sennit_history_edit; all or none
 * out      the version with them, appended
 * ticket   may be NULL. They are durable once sennit_storage.durable tells so much;
 *          UINT64_MAX: the storage has refused them, and they are durable once the
 *          hub has stored the document anew.
 *
 * Returns  SENNIT_OK
 *          SENNIT_EINVAL  no name of a document, no such unit
 *          SENNIT_ERANGE, SENNIT_EUTF8, SENNIT_ECORRUPT, SENNIT_EGONE, SENNIT_ELIMIT
 *                         as sennit_history_edit; ECORRUPT, EIO and ELIMIT also as
 *                         sennit_hub_document
 *          SENNIT_ECLOSED the hub drains
 *          SENNIT_ENOMEM  maybe only for the version, and the edits were made
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_hub_edit(sennit_hub *hub, const char *name, uint64_t now_ms, const void *version,
                size_t version_len, sennit_unit unit, const sennit_edit *edits, size_t n,
                sennit_buf *out, uint64_t *ticket);

/* What happened, for logs. */
typedef enum sennit_hub_event_kind {
    SENNIT_HUB_JOINED = 1,
    SENNIT_HUB_LEFT = 2,
    SENNIT_HUB_REFUSED = 3,   /* fault, text */
    SENNIT_HUB_OPENED = 4,    /* a document was loaded; count: bytes read */
    SENNIT_HUB_UNLOADED = 5,
    SENNIT_HUB_DAMAGED = 6,   /* text says what; it was skipped */
    SENNIT_HUB_COMPACTED = 7, /* count: bytes of the snapshot */
    SENNIT_HUB_FAILING = 8,   /* the storage fails: text */
    SENNIT_HUB_HEALED = 9,
    SENNIT_HUB_VOIDED = 10    /* a replica was rebased by its author */
} sennit_hub_event_kind;

typedef struct sennit_hub_event {
    sennit_hub_event_kind kind;
    void *host;           /* of the connection, if one is concerned */
    const char *document; /* these are valid until the hub's next call */
    const char *user;
    sennit_fault fault;
    const char *text;
    uint64_t count;
} sennit_hub_event;

/* Take the next event. Returns 1 and fills out; 0 when there is none; those not
 * taken give way to new ones. */
SENNIT_API int sennit_hub_next_event(sennit_hub *hub, sennit_hub_event *out);

/* What there is now, and what was done since the start. */
typedef struct sennit_hub_stat {
    uint64_t connections, channels, documents; /* now */
    uint64_t queued_bytes;                     /* waiting for connections now */
    uint64_t undurable;                        /* records handed over and not durable now */
    uint64_t document_bytes;                   /* memory of open documents now */
    uint64_t frames_in, frames_out, bytes_in, bytes_out;
    uint64_t deltas_in, deltas_out;            /* out: deliveries */
    uint64_t operations, merged;               /* merged: those made without having seen all */
    uint64_t refused, catchups, loads, unloads, compactions;
} sennit_hub_stat;

SENNIT_API void sennit_hub_get_stat(const sennit_hub *hub, sennit_hub_stat *out);

#ifdef __cplusplus
}
#endif
#endif
