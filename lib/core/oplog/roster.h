/* Who has written: replicas by id, their text, operations and changes.
 *
 * A change is a group of operations of one replica with one timestamp. Keys
 * (hlc, replica, number) order everything; within one replica its numbers do,
 * so what is compared is mostly the change.
 *
 * Invariants
 *   R1  a replica's changes ascend in hlc, first seq and first number
 *   R2  ids of replicas are distinct
 *   R3  a replica's text has as many bytes as its inserts inserted
 */
#ifndef SN_ROSTER_H
#define SN_ROSTER_H

#include "base/mem.h"
#include "core/oplog/log.h"
#include "core/oplog/note.h"
#include "core/oplog/text.h"

#define SN_ROOT_CHANGE 0u /* index 0: what the root's inherited keys are */

/* What orders changes. Bytes of one replica arrive in order, so their numbers need
 * not be compared. */
typedef struct sn_key {
    uint64_t hlc;
    uint64_t id; /* of the replica */
} sn_key;

typedef struct sn_change {
    uint32_t replica; /* index */
    uint32_t seq;     /* of its first operation */
    uint32_t number;  /* of the first byte it inserts */
    uint32_t ordinal; /* its place among its replica's changes */
} sn_change;

/* So many of a replica's first operations; see compact.h. */
typedef struct sn_cut {
    uint32_t seq, number; /* operations, and bytes that they inserted */
    uint64_t digest;      /* what they come to: it could not be told any more */
} sn_cut;

/* Where a replica's first changes and its first text are: one of a crowd that each
 * write a word takes no memory of its own. */
#define SN_NEST_CHANGES 2u
#define SN_SLAB 16u /* nests taken at once */
typedef struct sn_nest {
    uint32_t changes[SN_NEST_CHANGES];
    uint8_t text[SN_TEXT_NEST];
} sn_nest;

typedef struct sn_replica {
    uint64_t id;
    uint32_t seq;       /* operations known */
    uint32_t number;    /* bytes in the tree; its text may hold staged ones beyond */
    uint32_t last_leaf; /* leaf of the newest byte; SN_NO_LEAF if none */
    uint32_t changes_len, changes_cap;
    bool spread;        /* not all its bytes are in that leaf: the map of ids tells where */
    uint32_t *changes;  /* indices into the roster's; up to SN_NEST_CHANGES in its nest */
    sn_text text;
    sn_cut cut;         /* below it deleted text may be gone */
    sn_log log;
    sn_notes *notes;    /* NULL: none */
} sn_replica;

/* A slot of the hash table by id: index, and seven bits of the hash above it, so
 * that another id is mostly told without looking at the replica. */
#define SN_SLOT_INDEX 0xffffffu
#define SN_SLOT_TAG 0x7f000000u
#define SN_SLOT_FREE UINT32_MAX

typedef struct sn_roster {
    sn_replica *replicas;
    sn_change *changes;
    uint64_t *times;  /* of the changes, their hlc by itself: an order is sought by little else */
    uint64_t *owners; /* of the changes, the replica's id: what decides between equal times */
    uint32_t *slots; /* hash table by id */
    sn_nest **slabs; /* of SN_SLAB nests each, in the order of replicas */
    uint32_t replicas_len, replicas_cap;
    uint32_t slabs_len, slabs_cap;
    uint32_t changes_len, changes_cap, times_cap, owners_cap;
    uint32_t slots_cap; /* a power of two, or 0 */
    uint32_t recent;    /* the replica found last */
    uint64_t inserted;  /* bytes in the tree, of all replicas */
    uint64_t hash_key;  /* odd and unpredictable, so that chosen ids do not collide */
} sn_roster;

/* Make the change of the root. Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_roster_init(sn_roster *who, sn_mem *mem, uint64_t hash_key);
void sn_roster_free(sn_roster *who, sn_mem *mem);

/* Return the index of a replica, or SN_NO_REPLICA. */
uint32_t sn_roster_find(sn_roster *who, uint64_t id);

/* Add a replica that is not there yet. Pointers to replicas move. Returns SENNIT_OK,
 * SENNIT_ENOMEM, SENNIT_ELIMIT if there are 2^24 already. */
sennit_status sn_roster_add(sn_roster *who, sn_mem *mem, uint64_t id, uint32_t *out);

/* Make room for n changes of a replica (and of all together). */
sennit_status sn_roster_reserve(sn_roster *who, sn_mem *mem, uint32_t replica, size_t n);

/* Append a change of a replica (room was reserved) and return its index. */
uint32_t sn_roster_change(sn_roster *who, uint32_t replica, uint64_t hlc, uint32_t seq,
                          uint32_t number);

/* Take back the newest changes and replicas, down to these lengths. */
void sn_roster_truncate(sn_roster *who, sn_mem *mem, uint32_t replicas_len, uint32_t changes_len);

/* Find the change that byte `number` (or operation seq) of a replica is in. */
uint32_t sn_roster_change_of(const sn_roster *who, uint32_t replica, uint32_t number);
uint32_t sn_roster_change_at_seq(const sn_roster *who, uint32_t replica, uint32_t seq);

/* Operations in a change, and the number of the byte after its last. */
uint32_t sn_roster_change_end(const sn_roster *who, uint32_t change, uint32_t *number_end);

/* Start at the record of a replica that holds operation seq; see sn_log_seek. */
void sn_roster_seek(const sn_roster *who, sn_log_iter *it, uint32_t replica, uint32_t seq);

/* The number of the first byte that operation seq of a replica, or a later one, inserts.
 * Nothing is staged. */
uint32_t sn_roster_number_at(const sn_roster *who, uint32_t replica, uint32_t seq);

/* Step through the records of all replicas, one replica's after the other's: it.author is
 * whose a record is. Returns false at the end. */
static inline sn_log_iter sn_roster_start(void)
{
    return (sn_log_iter){.log = NULL, .author = SN_NO_REPLICA};
}
bool sn_roster_next(const sn_roster *who, sn_log_iter *it, sn_op *out);

/* Whether key a is at most b. The root's is the least: nobody else has its hlc. */
static inline bool sn_key_le(const sn_key *a, const sn_key *b)
{
    return a->hlc <= b->hlc && (SN_LIKELY(a->hlc != b->hlc) || a->id <= b->id);
}

static inline sn_key sn_roster_key(const sn_roster *who, uint32_t change)
{
    return (sn_key){who->times[change], who->owners[change]};
}

/* Whether the key of a change is at most another. */
static inline bool sn_roster_key_le(const sn_roster *who, uint32_t change, const sn_key *key)
{
    uint64_t hlc = who->times[change];

    return hlc <= key->hlc && (SN_LIKELY(hlc != key->hlc) || who->owners[change] <= key->id);
}

/* Whether change a is at most b; on a tie, one and the same replica's, a is older. */
static inline bool sn_change_le(const sn_roster *who, uint32_t a, uint32_t b)
{
    return who->times[a] <= who->times[b] &&
           (SN_LIKELY(who->times[a] != who->times[b]) || who->owners[a] <= who->owners[b]);
}

static inline sn_replica *sn_author(const sn_roster *who, uint32_t change)
{
    return &who->replicas[who->changes[change].replica];
}

#endif
