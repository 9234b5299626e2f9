/* What the adapters of sennit_storage share: what callers may pass, and words.
 *
 *     store.c      names, opening a document from what is stored
 *     memory.c     the adapter that forgets
 *     sqlite.c     the adapter that keeps: what waits and what is in the file, as one
 *     queue.h      what waits, and the thread that has it written in groups
 *     database.h   the file; the only place that knows SQL
 *     checksum.h   BLAKE2b of records
 */
#ifndef SN_STORE_H
#define SN_STORE_H

#include "base/mem.h"

#include <sennit/storage.h>

/* ---- what callers pass: SENNIT_OK, SENNIT_EINVAL, SENNIT_ELIMIT ---- */

/* A document, or the storage's own empty name if `own`. */
sennit_status sn_store_check_name(const char *name, bool own);
sennit_status sn_store_check_record(const char *name, const void *data, size_t len);
sennit_status sn_store_check_fact(const char *name, const char *key, const void *data, size_t len);

/* ---- words ---- */

/* A terminated text, cut off where it gets too long. */
#define SN_WORDS_MAX 240
typedef struct sn_words {
    char text[SN_WORDS_MAX];
    size_t len;
} sn_words;

static inline void sn_words_clear(sn_words *words)
{
    words->text[words->len = 0] = '\0';
}

void sn_words_add(sn_words *words, const char *text);
void sn_words_number(sn_words *words, uint64_t n);

/* "delta at 12: why", to `each` as damage. */
sennit_status sn_store_damage(sennit_each_record *each, void *arg, sennit_stored kind,
                              uint64_t position, const char *why);

#endif
