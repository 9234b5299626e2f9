/* Operations as bytes; docs/FORMAT.md is the contract, this is its code.
 *
 *     table.c      replica ids that two ends share
 *     columns.c    the records of a batch, one byte each for the usual ones
 *     block.c      a batch: ids, segments, records
 *     short.c      one keystroke
 *     single.c     one insert in the long form
 *     delta.c      deltas in and out
 *     snapshot.c   whole documents
 */
#ifndef SN_WIRE_H
#define SN_WIRE_H

#include "base/bytes.h"
#include "core/doc/gather.h"

#define SN_FORMAT 1u /* of deltas and snapshots; docs/FORMAT.md */

/* First bytes. Short deltas have the top bit clear. */
#define SN_TAG_DELTA 0xd0u
#define SN_TAG_SNAPSHOT 0xd5u

/* Flags of a long delta. */
#define SN_DELTA_TABLE 1u
#define SN_DELTA_LINEAGE 2u

#define SN_CHECK_LONG 4u /* bytes of a delta's checksum */
#define SN_CHECK_SHORT 2u

/* ---- table.c ---- */

/* A table holds so many ids, which take one byte; others stay eight bytes long. */
#define SN_TABLE_MAX 127u

struct sennit_table {
    sn_mem mem;
    uint64_t *ids;
    uint32_t len, cap;
};

/* Name a replica: its place in the table, to which it may be added; without a
 * table its eight bytes. Room at p: SN_VARINT_MAX + 8. */
sennit_status sn_table_reserve(sennit_table *table, size_t n);
uint8_t *sn_table_put(sennit_table *table, uint8_t *p, uint64_t id);

/* Read a name. *fresh counts ids read that a table does not have yet: they are
 * not added, so that a delta that fails leaves the table alone; the caller adds
 * them. fresh_ids: those read so far, in order. */
sennit_status sn_table_read(const sennit_table *table, sn_reader *r, const uint64_t *fresh_ids,
                            uint32_t *fresh, uint64_t *id, sennit_error *err);

/* ---- block.c ---- */

/* Append a batch but for its text; with a table, ids are named through it. */
sennit_status sn_block_encode(const sn_batch *batch, sennit_table *table, sennit_buf *out);

/* Append the text of its segments, or the payloads of their marks and sets. */
sennit_status sn_block_text(const sn_batch *batch, sennit_buf *out);
sennit_status sn_block_notes(const sn_batch *batch, sennit_buf *out);

/* A decoded batch; text and payloads are left to the caller: text_len and notes_len
 * bytes are wanted. */
typedef struct sn_decoded {
    sn_mem *mem;
    void *block;     /* NULL: small is enough */
    size_t size;
    sn_batch batch;
    uint64_t text_len, notes_len, operations;
    const uint64_t *fresh_ids; /* to be added to the table; in batch.ids' memory */
    uint32_t fresh;
    uint8_t *notes;    /* payloads, if they could not be read where they are; or NULL */
    size_t notes_size;
    uint64_t small[64]; /* memory for a few operations */
} sn_decoded;

void sn_decoded_init(sn_decoded *d, sn_mem *mem);
void sn_decoded_free(sn_decoded *d);
sennit_status sn_block_decode(sn_reader *r, const sennit_table *table, sn_mem *mem, sn_decoded *out,
                              sennit_error *err);

/* Give each segment its part of the text, which is checked: UTF-8, and that no
 * insert begins or ends inside a character. */
sennit_status sn_block_give_text(sn_decoded *d, const uint8_t *text, size_t pos, sennit_error *err);

/* Likewise its payloads, notes_len bytes, which are checked. gaps: a payload may be NULs. */
sennit_status sn_block_give_notes(sn_decoded *d, const uint8_t *notes, size_t pos, bool gaps,
                                  sennit_error *err);

/* ---- gaps.c ---- */

/* Append the payloads of a batch of all that a document has, without those that are
 * superseded: sn_superseded_find was called. */
sennit_status sn_gaps_write(sennit_doc *doc, const sn_batch *batch, sennit_buf *out);

/* Read them into d->notes. limit: bytes of all payloads, what is left out included. */
sennit_status sn_gaps_read(sn_reader r, sn_decoded *d, sn_mem *mem, uint64_t limit, sennit_error *err);

/* ---- delta.c ---- */

/* Append a batch as a delta. */
sennit_status sn_delta_encode(const sn_batch *batch, sennit_table *table, sennit_buf *out);

/* Read a long delta; the batch points into data. */
sennit_status sn_delta_decode(const void *data, size_t len, const sennit_table *table, sn_mem *mem,
                              sn_decoded *out, sennit_error *err);

/* Append a part of what is wanted as a delta, as sn_gather_part. Nothing if n is 0. */
sennit_status sn_delta_part(sennit_doc *doc, sn_wanted *wanted, uint32_t n, uint64_t most,
                            sennit_buf *out);

/* ---- snapshot.c ---- */

/* Read the operations of a snapshot; their text is not given. */
sennit_status sn_snapshot_decode(const void *data, size_t len, sn_mem *mem, sn_decoded *out,
                                 sennit_error *err);

/* Apply a snapshot to a document as if it were a delta. */
sennit_status sn_snapshot_apply(sennit_doc *doc, const void *data, size_t len, sennit_applied *out,
                                sennit_error *err);

/* ---- short.c ---- */

/* Append one operation of this replica in the short form, if it has one: 1; else
 * 0, or a status. */
int sn_short_encode(sennit_doc *doc, uint32_t seq, sennit_table *table, sennit_buf *out);

/* A short delta, or another of one operation, read. */
typedef struct sn_short {
    uint64_t ids[2];
    sn_segment segment;
    sn_op op;
    sn_batch batch;
    uint64_t fresh_ids[2];
    uint32_t fresh;
} sn_short;

/* Apply the most usual short deltas; false if this is none, and nothing is done. */
bool sn_short_apply(sennit_doc *doc, const uint8_t *data, size_t len, const sennit_table *table);

sennit_status sn_short_decode(const void *data, size_t len, const sennit_table *table,
                              sn_short *out, sennit_error *err);

/* ---- single.c ---- */

/* Read a long delta that was made without a table and is one insert of few bytes; the
 * batch points into data. False if it is none, or damaged. */
bool sn_single_decode(const void *data, size_t len, sn_short *out);

#endif
