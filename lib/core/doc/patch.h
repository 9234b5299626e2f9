/* Patches that wait for the host: what happened to the text, in order.
 *
 * Inserted text is named, not copied: it stays in its author's text whatever
 * happens to it later, but for an abort: then it stays until something else is
 * written there. If memory runs out, too many wait, or what they name is about to
 * be overwritten, they become one patch that says: read the document anew.
 */
#ifndef SN_PATCH_H
#define SN_PATCH_H

#include "base/mem.h"

typedef struct sn_step {
    uint32_t pos, removed, inserted; /* in the document's unit */
    uint32_t replica;                /* whose operation it was: index */
    uint32_t text_of, at, len;       /* inserted bytes in that replica's text */
    bool local;
    uint8_t what;                    /* SENNIT_PATCH_... */
    const struct sn_name *name;      /* of a mark, or of metadata */
} sn_step;

typedef struct sn_patches {
    sn_step *steps;
    size_t len, cap, taken;
    size_t max;
    unsigned watch;   /* SENNIT_WATCH_... */
    bool reset;
    bool cut;         /* text that steps name may be overwritten next: */
    uint32_t cut_of, cut_from; /* that of a replica, from a number on */
    uint32_t shown;   /* length of the text after all that was taken */
} sn_patches;

void sn_patches_free(sn_patches *patches, sn_mem *mem);

/* Add a step, joined to the last one if it continues it. Cannot fail. */
void sn_patches_add(sn_patches *patches, sn_mem *mem, const sn_step *step);

/* A replica's text from a number on was cut off. */
void sn_patches_cut(sn_patches *patches, uint32_t text_of, uint32_t number);

/* Something may be written there now. */
void sn_patches_overwrite(sn_patches *patches);

/* Start over with a text of that length. */
void sn_patches_start(sn_patches *patches, unsigned watch, uint32_t shown);

#endif
