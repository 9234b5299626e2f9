/* Messages between the ends: msgpack arrays, one behind the other in a frame.
 *
 *     [type, channel, ...]      docs/PROTOCOL.md
 *
 * What a type carries is said by a table of field letters, so reading and writing
 * are one loop each. Numbers and bytes of a message are numbered on their own, in
 * their order; the enums below name them.
 */
#ifndef SN_MESSAGE_H
#define SN_MESSAGE_H

#include "base/bytes.h"
#include "base/mem.h"

typedef enum sn_message_type {
    SN_HELLO = 0,
    SN_WELCOME = 1,
    SN_DELTA = 2,
    SN_ACK = 3,
    SN_PRESENCE = 4,
    SN_PING = 5,
    SN_PONG = 6,
    SN_ERROR = 7,
    SN_LEAVE = 8,
    SN_WANT = 9,
    SN_VOID = 10,
    SN_PROBE = 11,
    SN_DIGESTS = 12,
    SN_MESSAGE_TYPES
} sn_message_type;

#define SN_MESSAGE_NUMBERS 9
#define SN_MESSAGE_STRINGS 4
#define SN_MESSAGE_ITEMS 4096u /* deltas, counts or digests of one message */

enum { SN_HELLO_NEWEST, SN_HELLO_OLDEST, SN_HELLO_REPLICA, SN_HELLO_COUNT, SN_HELLO_DIGEST,
       SN_HELLO_INCARNATION };
enum { SN_HELLO_DOCUMENT, SN_HELLO_LINEAGE, SN_HELLO_VERSION, SN_HELLO_TOKEN };
enum { SN_WELCOME_PROTOCOL, SN_WELCOME_PERMISSION, SN_WELCOME_TIME, SN_WELCOME_HEARTBEAT,
       SN_WELCOME_FRAME, SN_WELCOME_INCARNATION, SN_WELCOME_SESSION, SN_WELCOME_COUNT,
       SN_WELCOME_DIGEST };
enum { SN_WELCOME_VERSION, SN_WELCOME_LINEAGE };
enum { SN_DELTA_SERIAL };
enum { SN_ACK_LEVEL, SN_ACK_YOURS, SN_ACK_MINE };
enum { SN_PRESENCE_SESSION };
enum { SN_PRESENCE_STATE, SN_PRESENCE_USER };
enum { SN_PING_NUMBER };
enum { SN_ERROR_FAULT };
enum { SN_ERROR_TEXT };
enum { SN_WANT_REPLICA, SN_WANT_AFTER };
enum { SN_VOID_REPLICA, SN_VOID_FROM, SN_VOID_RENEWED };
enum { SN_PROBE_REPLICA };

typedef struct sn_bytes {
    const uint8_t *data; /* NULL: nil */
    size_t len;
} sn_bytes;

/* One of the things that end a message, any number of them. */
typedef struct sn_item {
    uint64_t number;
    sn_bytes bytes;
} sn_item;

typedef struct sn_message {
    sn_message_type type;
    uint64_t channel;
    uint64_t n[SN_MESSAGE_NUMBERS];
    sn_bytes s[SN_MESSAGE_STRINGS];
    sn_item *items;
    size_t items_len;
} sn_message;

/* What a frame is read with; holds what messages point to. */
typedef struct sn_unpacker sn_unpacker;

sennit_status sn_unpacker_new(sn_mem *mem, sn_unpacker **out);
void sn_unpacker_free(sn_unpacker *unpacker);

/* Read the message at *at, which is moved on.
 *
 * Returns  SENNIT_OK
 *          SENNIT_ECORRUPT  none; also if it would take more memory than its
 *                           length justifies
 *          SENNIT_EVERSION  of a type that is not known; *at is moved on
 * Owns     *out points into data and into the unpacker, until its next call
 */
sennit_status sn_message_read(sn_unpacker *unpacker, const void *data, size_t len, size_t *at,
                              sn_message *out);

/* Append a message. */
sennit_status sn_message_write(const sn_message *message, sennit_buf *out);

static inline sn_bytes sn_bytes_of(const void *data, size_t len)
{
    return (sn_bytes){data != NULL ? data : (const void *)"", len};
}

#endif
