/* Taking operations back, by operations: a delete over what they inserted, and
 * toggles that switch the other way what they switched.
 *
 * What was taken back once goes on as the operations that did it. Of those,
 * sn_revert_again switches what they still decide: so it is done again, and taken
 * back again, for good.
 *
 *     typed  a b c     deleted  x             operations 7 8 9 and 10
 *     taken back       a b c deleted, 10 off  11 12      sn_revert of 7 .. 10
 *     done again       11 off, 10 on          13 14      sn_revert_again of 11 12
 *     taken back       11 on, 10 off          15 16      sn_revert_again of 13 14
 */
#ifndef SN_REVERT_H
#define SN_REVERT_H

#include "core/doc/doc.h"

/* Operations [from, to) of a replica. */
typedef struct sn_stretch {
    uint32_t replica, from, to;
    bool looked;        /* low and high are known; else they are looked for */
    uint32_t low, high; /* numbers of the bytes they inserted, whole characters */
    bool plain;         /* they only inserted */
    bool wanted;        /* for the caller */
    sn_log_iter start;  /* at their first record, unless they are plain */
} sn_stretch;

/* Take back stretches of different replicas, in ascending order of indices.
 *
 * Returns  SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT
 *          SENNIT_EGONE    what one of them deleted is not here any more
 */
sennit_status sn_revert(sennit_doc *doc, sn_stretch *of, uint32_t n);

/* Switch what these operations, deletes and toggles, still decide. */
sennit_status sn_revert_again(sennit_doc *doc, sn_stretch *of);

#endif
