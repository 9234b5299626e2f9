/* One document in the place of another, under the host's pointer. */
#ifndef SN_SWAP_H
#define SN_SWAP_H

#include "core/doc/doc.h"

typedef struct sn_swap {
    sennit_doc *doc, *fresh;
    uint64_t id;              /* who is told to have made the difference; known to doc */
    sennit_buf before, after; /* texts, if somebody watches */
} sn_swap;

void sn_swap_start(sn_swap *s, sennit_doc *doc, uint64_t id);
void sn_swap_end(sn_swap *s);

/* Note what the host has to be told; fresh is set. All that can fail. */
sennit_status sn_swap_look(sn_swap *s);

/* Carry over what waits, but for a replica's operations from one on. */
void sn_swap_carry(sennit_doc *from, sennit_doc *to, uint64_t id, uint32_t first);

/* The caller's document becomes the fresh one, and fresh what was; the host is told,
 * and what waited is tried. id: what this replica is called now. */
void sn_swap_done(sn_swap *s, uint64_t id);

#endif
