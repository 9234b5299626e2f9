/* The serving end.
 *
 *     hub.c         documents, connections, time, what is told of them
 *     connection.c  frames in and out of one connection
 *     channel.c     one document on a connection: a machine of states
 *     outside.c     edits that come another way
 *     room.c        one open document: who is in it, what goes round in it
 *     pace.c        when that goes out
 *     registry.c    which replica is whose, and which are no more
 *
 * What goes round in a room is kept once, in a ring; each channel has a place in
 * it. So a peer that does not read costs nothing: when the ring has moved on past
 * its place, it is behind, and gets all it lacks as one delta when it reads again.
 *
 *     ring    [d7][d8][d9][d10]          d7 ... are deltas as they arrived
 *               ^       ^      ^
 *           channel a   b      c: in step
 */
#ifndef SN_HUB_H
#define SN_HUB_H

#include "sync/message.h"

#include <sennit/sync.h>

#define SN_DEPARTED 32
#define SN_UNSTORED UINT64_MAX /* a ticket that is not durable before all is stored */

typedef struct sn_room sn_room;
typedef struct sn_channel sn_channel;

/* A delta that goes round. */
typedef struct sn_round {
    uint8_t *data;
    size_t len;
    uint64_t author; /* session it came from */
} sn_round;

/* A version that all of some place in the ring have at least. */
typedef struct sn_point {
    unsigned refs;
    size_t len;
    uint8_t version[];
} sn_point;

/* Whose operations a replica's are; `from` is where it is no more, after a rebase. */
typedef struct sn_owner {
    uint64_t replica;
    uint64_t from, renewed; /* voided; UINT64_MAX: it is not */
    char *user;             /* NULL: not bound */
} sn_owner;

typedef struct sn_registry {
    sn_owner *owners; /* ascending by replica */
    size_t len, cap;
} sn_registry;

/* Who writes, and may come back until a time with no less than a version. */
typedef struct sn_lease {
    uint64_t replica, until_ms;
    sn_point *point;
} sn_lease;

typedef struct sn_leases {
    sn_lease *held; /* in no order */
    size_t len, cap;
} sn_leases;

/* What goes round and waits to go out. */
typedef struct sn_pace {
    sn_room *next, *previous; /* among those where something waits, the oldest first */
    bool waits;
    uint64_t since_ms; /* waits; below likewise */
    uint64_t author;   /* session that all of it came from; 0: several, or none */
    unsigned deltas;
    size_t bytes;
    uint64_t out_ms;   /* when something last went out */
} sn_pace;

/* Invariants
 *   R1  ring_first <= place of every channel that is not behind <= ring_first + ring_len
 *   R2  `point` is a version of the document not later than ring_first + ring_len */
struct sn_room {
    sn_room *next;
    sennit_hub *hub;
    char name[SENNIT_NAME_MAX + 1];
    sennit_doc *doc;
    sn_channel *channels;
    sn_registry owners;
    sn_leases leases;

    sn_round *ring;   /* ring_cap of them; the first is at ring_at */
    size_t ring_at, ring_len, ring_cap, ring_bytes;
    uint64_t ring_first; /* how many were dropped */
    sn_point *point;
    size_t since_point;  /* bytes that went round since */
    sn_pace pace;

    bool waits_unlogged; /* what waits may not be in the log behind the snapshot */
    bool held;           /* of some channel operations may wait for others */
    uint64_t ticket;     /* of the last record */
    bool unstored;       /* something that was taken is not in the storage: nothing
                            is called durable until a snapshot is */
    bool redacted;       /* what is stored may hold text that was redacted since */
    sn_point *handed;    /* of when the log had become long; NULL: it has not */
    uint64_t handed_ticket; /* all of that version is durable once this is */
    size_t log_bytes;    /* behind the snapshot */
    size_t snapshot_bytes; /* of the last one made here; 0: none was */
    uint64_t idle_since_ms;
    uint64_t stamp;      /* of the last presence */
    struct {
        uint64_t session, stamp;
    } departed[SN_DEPARTED];
    unsigned departed_at;
};

/* So much of a channel's is durable once a ticket is. */
typedef struct sn_pending {
    uint64_t yours, mine, ticket;
} sn_pending;

typedef enum sn_channel_state {
    SN_CHANNEL_FORKED = 0, /* refused for its replica; asks where */
    SN_CHANNEL_LIVE = 1,
    SN_CHANNEL_STATES
} sn_channel_state;

struct sn_channel {
    sn_channel *next, *next_in_room;
    sennit_connection *connection;
    sn_room *room;
    uint64_t number, session, replica;
    sn_channel_state state;
    sennit_permission permission;
    uint64_t expires_ms, token_id;
    uint64_t leased_until_ms; /* that much storage knows */
    char *user;            /* never NULL */

    uint64_t place;        /* in the ring */
    bool behind, welcome_due;
    sn_point *point;       /* what the peer has at least */
    sn_point *greeted;     /* what it had when it greeted, if it had no replica then */
    uint64_t in_serial, out_serial;
    uint64_t waiting_for;  /* so many of its operations have to be known before more is
                              acknowledged; 0: none waits for others */
    uint64_t applied;      /* serial to be acknowledged */
    bool applied_due;
    sn_pending *pending;
    uint32_t pending_len, pending_cap;
    bool pending_urgent;
    uint64_t durable_yours, durable_mine;
    bool durable_due;

    sennit_buf presence;
    uint64_t presence_stamp, presence_seen, presence_ms, presence_from_ms;
};

struct sennit_connection {
    sennit_connection *next, *previous;
    sennit_connection *next_ready;
    sennit_hub *hub;
    void *host;
    sn_channel *channels;
    unsigned channels_len;
    uint64_t last_channel; /* the greatest number that a hello opened */
    bool ready, joined;
    int fault;
    const char *fault_text;
    sennit_buf out;        /* messages that wait on their own */
    uint64_t since_ms, heard_ms, sent_ms, counted_ms;
    uint64_t budget;       /* bytes it may send now */
    uint64_t pong;
};

typedef struct sn_hub_event {
    sennit_hub_event event;
    char document[SENNIT_NAME_MAX + 1];
    char user[SENNIT_USER_MAX + 1];
    char text[160];
} sn_hub_event;

#define SN_HUB_EVENTS 256

struct sennit_hub {
    sn_mem mem;
    sennit_hub_options options;
    sennit_connection *connections, *ready, **ready_end;
    sn_room *rooms;
    sn_room **table;       /* of rooms by name: open addressing */
    size_t table_cap, rooms_len;
    sn_room *waiting, *waiting_last; /* see sn_pace */
    sn_unpacker *unpacker;
    sennit_buf frame, scratch;
    uint64_t incarnation, sessions;
    uint64_t lineages;     /* what those of new documents are made from */
    uint64_t key;          /* secret, for the table */
    uint64_t durable;      /* ticket */
    uint64_t swept_ms, now_ms;
    uint64_t owed_ms;      /* when channels that are owed an ack get it; 0: none is */
    bool failing, draining;
    sennit_hub_stat stat;
    sn_hub_event events[SN_HUB_EVENTS];
    unsigned events_at, events_len;
};

/* ---- hub.c ---- */

/* Note an event. text, document and user may be NULL. */
void sn_hub_note(sennit_hub *hub, sennit_hub_event_kind kind, const sennit_connection *connection,
                 const char *document, const char *user, sennit_fault fault, const char *text,
                 uint64_t count);

/* Let a channel know what was applied: with whatever is sent to it next, and soon. */
void sn_hub_owe(sn_channel *channel);

/* ---- registry.c ---- */

/* Take in a fact that was stored; others are left alone. */
sennit_status sn_registry_fact(sn_registry *registry, sn_mem *mem, const sennit_record *record);
void sn_registry_free(sn_registry *registry, sn_mem *mem);
const sn_owner *sn_registry_find(const sn_registry *registry, uint64_t replica);

/* A number in 16 hexadecimal digits and a NUL; returns where that is. And back. */
char *sn_registry_hex(char *to, uint64_t n);
bool sn_registry_unhex(const char *from, uint64_t *n);

/* Bind a replica to a user, or void it from an operation on, here and in storage. */
bool sn_registry_store(sn_room *room); /* all of it once more; false: it failed */
sennit_status sn_registry_bind(sn_room *room, uint64_t replica, const char *user);
sennit_status sn_registry_void(sn_room *room, uint64_t replica, uint64_t from, uint64_t renewed);

/* ---- lease.c ---- */

/* Take in a fact that was stored; others are left alone. */
sennit_status sn_lease_fact(sn_room *room, const sennit_record *record);
void sn_leases_free(sn_room *room);

/* A channel ends: its replica holds what it has from now on. What cannot be kept is not
 * held: whoever comes back then gets a snapshot, as after a lease. */
void sn_lease_hold(sn_channel *c);

/* Have storage know a lease of everybody who is here, for when this process is killed. */
void sn_leases_renew(sn_room *room);

/* Lower a cut to what all have who hold a lease, or are here and were not caught up yet.
 * False: no memory. */
bool sn_leases_lower(sn_room *room, sennit_buf *cut);

/* ---- room.c ---- */

/* Find the room of a document, which is loaded if it is not open. create: also if
 * nothing is stored of it, else SENNIT_EGONE. */
sennit_status sn_room_open(sennit_hub *hub, const char *name, bool create, sn_room **out);
sn_room *sn_room_find(sennit_hub *hub, const char *name);
void sn_room_close(sn_room *room);

/* Keep a delta that was applied, and let it go round. What fails is made good later
 * (unstored, behind). */
void sn_room_relay(sn_room *room, uint64_t author, const void *data, size_t len);

/* Something that was made could not go round: all are behind, and nothing is durable
 * until a snapshot is. */
void sn_room_miss(sn_room *room);

sennit_status sn_point_new(sn_room *room, const void *version, size_t len, sn_point **out);

/* Make the room's point a version of now. */
sennit_status sn_room_mark(sn_room *room);
void sn_point_drop(sn_room *room, sn_point **point);
void sn_point_take(sn_point **to, sn_point *from);

/* Lower a version to what a point counts too. False: no memory. */
bool sn_point_lower(sn_room *room, const sn_point *point, sennit_buf *version);

const sn_round *sn_room_round(const sn_room *room, uint64_t place);

/* Tell the others that somebody's presence changed, or went. */
void sn_room_presence(sn_room *room, sn_channel *from, bool gone);

/* Compact and unload, if it is time. False: the room is gone. */
bool sn_room_tick(sn_room *room, uint64_t now_ms);

/* ---- pace.c ---- */

/* Something of a session's (0: of none) goes round, a delta of so many bytes (0: a
 * presence): let its turn come, now or soon. */
void sn_pace_pass(sn_room *room, uint64_t author, size_t len);

/* Have everybody written to now; but not the author (0: none), unless others' waited too. */
void sn_pace_out(sn_room *room, uint64_t author);

/* Let out what waited long enough; when that is to be looked for again, UINT64_MAX:
 * nothing waits. */
void sn_pace_tick(sennit_hub *hub);
uint64_t sn_pace_due(const sennit_hub *hub);

/* The room closes. */
void sn_pace_leave(sn_room *room);

/* ---- channel.c ---- */

/* Take the hello that opens a channel. */
sennit_status sn_channel_hello(sennit_connection *connection, const sn_message *hello);
sennit_status sn_channel_take(sn_channel *channel, const sn_message *message);
sennit_status sn_channel_take_delta(sn_channel *channel, const sn_message *message);
void sn_channel_free(sn_channel *channel);

/* Say that a channel was refused, also if there is none yet. */
void sn_channel_turn_away(sennit_connection *connection, uint64_t channel, const char *document,
                          const char *user, sennit_fault fault, const char *text);

/* Close a channel with an error. */
void sn_channel_refuse(sn_channel *channel, sennit_fault fault, const char *text);

/* Append what waits for the peer. */
sennit_status sn_channel_write(sn_channel *channel, sennit_buf *out);

/* Note that all so far is durable once the room's last record is. */
sennit_status sn_channel_await(sn_channel *channel, bool urgent);

/* What is durable now is due to be told. */
void sn_channel_settle(sn_channel *channel, uint64_t durable, bool all);

/* ---- connection.c ---- */

void sn_connection_ready(sennit_connection *connection);
void sn_connection_fail(sennit_connection *connection, sennit_fault fault, const char *text);

/* Count bytes against what a connection may send, or work that it asks for as if it were
 * bytes: a digest is as much as a byte for SN_DIGESTED operations. False: it was too much,
 * and the connection fails. */
#define SN_DIGESTED 64u
bool sn_connection_spend(sennit_connection *connection, uint64_t len);

/* Put a message of its own into the queue. */
sennit_status sn_connection_put(sennit_connection *connection, const sn_message *message);

#endif
