/* This replica's last operations told anew, for a document that lacks them. */
#ifndef SN_REISSUE_H
#define SN_REISSUE_H

#include "core/doc/doc.h"

/* What can be named of a replica in the new document. */
typedef struct sn_reissue_at {
    uint32_t seqs, bytes; /* so many operations, so many bytes */
    uint32_t split;       /* bytes from here on are bytes 0 on of ... */
    uint32_t then;        /* ... this name */
} sn_reissue_at;

/* Names are indices of replicas in the old document, and behind them the renewed
 * id. */
typedef struct sn_reissue {
    sennit_doc *was;      /* has all operations */
    sennit_doc *now;      /* lacks those of was->me from `from` on, maybe others' too */
    uint64_t id;          /* under which they are issued; may be the same */
    uint32_t from, from_byte;
    bool anew;            /* no delete, mark or value that `now` knows is switched off:
                             sn_retype, sn_remark */

    sn_batch batch;       /* one segment; free with sn_reissue_free */
    sn_segment segment;
    sn_reissue_at *at;
    uint32_t ops_cap;
    uint32_t author;      /* name of id */
    uint32_t seq;         /* of the next operation */
    uint32_t *dropped;    /* operations that came to nothing, ascending */
    uint32_t dropped_len, dropped_cap;
    sn_op range;          /* of the delete that is being told */
    uint32_t ranges;      /* so far */
} sn_reissue;

/* Begin: was, now and id are given. */
sennit_status sn_reissue_start(sn_reissue *r);
void sn_reissue_free(sn_reissue *r);

/* What `now` lacks of a replica has been issued anew by another. */
void sn_reissue_moved(sn_reissue *r, uint32_t replica, uint32_t then);

/* Fill the batch: one change, newer than all that `now` knows. What they name is
 * where it was, or where it has moved. An insert whose parent `now` lacks goes
 * behind what is left of its left neighbours; of deletes and toggles, what they
 * named is left out if it is lacking, and they with it if that was all. */
sennit_status sn_reissue_all(sn_reissue *r);

/* Let a document type what it lacks of the visible text of another, which it was made
 * from, though it knows the bytes. Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT. */
sennit_status sn_retype(sennit_doc *was, sennit_doc *fresh);

/* Let a document have the metadata of another, which it was made from, and where the text is
 * the same, the marks. Returns as sn_retype. */
sennit_status sn_remark(const sennit_doc *was, sennit_doc *fresh);

/* What number an operation of this replica, from `from` on, has now; of one that
 * came to nothing, what that of the next one is. */
uint32_t sn_reissue_seq(const sn_reissue *r, uint32_t seq);

#endif
