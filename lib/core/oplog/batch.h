/* Operations from elsewhere, decoded but not yet held against a document. */
#ifndef SN_BATCH_H
#define SN_BATCH_H

#include "core/oplog/log.h"

/* A lone operation may be told relative to the author's operation before it:
 * then its number is not told, and ref neither unless relative is SN_AT. Resolved
 * by relative.c once the operation before is known. */
typedef enum sn_relative {
    SN_ABSOLUTE = 0,
    SN_TYPED, /* insert: behind the byte this replica inserted last */
    SN_BACK,  /* delete: the bytes before what was inserted or deleted last */
    SN_FORTH, /* delete: the bytes behind what was deleted last */
    SN_AT     /* ref is told */
} sn_relative;

/* Successive operations of one replica with one timestamp. */
typedef struct sn_segment {
    uint32_t replica; /* index in sn_batch.ids */
    uint32_t seq;     /* of the first operation */
    uint32_t number;  /* of the next byte inserted */
    uint32_t first;   /* its records: ops[first .. first + n) */
    uint32_t n;
    uint64_t hlc;
    const uint8_t *text; /* its inserted bytes; NULL: not known yet (bulk.c) */
    const uint8_t *notes; /* payloads of its marks and sets; NULL if it has none */
    size_t pos;       /* where it stands in the bytes it came in, for errors */
    sn_relative relative;
    bool same_change; /* relative: hlc is that of the operation before; else its
                         upper 48 bits are to be added to that one's */
    uint32_t ready;   /* apply.c: records that can be done now */
    uint32_t change;  /* apply.c: the change they will be in */
} sn_segment;

/* Where text and payloads of the next record are. */
typedef struct sn_supply {
    const uint8_t *text, *notes;
} sn_supply;

/* What a decoder promises:
 *   B1  the operations of one replica follow each other without a gap, in seq and
 *       in number, within its segments and from one to the next; every record has
 *       n > 0. (Since a segment tells where it begins only if it is its replica's
 *       first, no bytes say otherwise.)
 *   B2  replica, ref_replica (unless SN_NO_REPLICA) index ids, which are distinct
 *   B3  the text of a segment is well-formed UTF-8, and so is what each of its
 *       inserts takes of it
 *   B4  1 <= hlc <= SN_MAX_HLC; no number or seq passes its limit
 *   B5  segments ascend in (hlc, replica id), so what is named comes before what
 *       names it wherever that is possible
 *   B6  a mark has two records; payloads are as value.h reads them, and as many bytes
 *       of them are there as the records say
 * change in the records means nothing. */
typedef struct sn_batch {
    uint64_t *ids;    /* of a relative batch two, the second free unless ref_replica is 1 */
    sn_segment *segments;
    sn_op *ops;
    uint32_t ids_len, segments_len, ops_len;
    const uint8_t *lineage; /* 16 bytes, or NULL: not told */
} sn_batch;

/* Leave out a replica's operations from one on; of a character, all of it. */
void sn_batch_cut(sn_batch *batch, uint64_t id, uint32_t from);

#endif
