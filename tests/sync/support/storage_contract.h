/* What include/sennit/storage.h promises, as tests that every adapter has to pass. */
#ifndef TESTS_STORAGE_CONTRACT_H
#define TESTS_STORAGE_CONTRACT_H

#include <sennit/storage.h>

#include <stdbool.h>

/* An adapter, and where it keeps things. */
typedef struct storage_kind {
    const char *name;
    bool keeps; /* what is durable is there when it is opened again */
    bool lazy;  /* what is handed over waits until sync */

    void (*clear)(void); /* nothing is stored */
    sennit_status (*open)(const sennit_alloc *alloc, sennit_storage **out);
} storage_kind;

/* Run all of them; the number of those that failed. */
int storage_contract(const storage_kind *kind);

/* ---- for tests of what one adapter does besides ---- */

/* Everything a load hands out, one record after the other, replacing what the
 * buffer held: S, D or F with a fact's key, then =, the data and a newline; of
 * damage ! and the kind. Requires that deltas ascend. */
sennit_status storage_dump(sennit_storage *storage, const char *name, sennit_buf *out);

/* The same, compared; says what differs. */
bool storage_holds(sennit_storage *storage, const char *name, const char *dump);

/* Short forms that require success; text is terminated. They return the ticket. */
uint64_t storage_append(sennit_storage *storage, const char *name, const char *text);
uint64_t storage_put(sennit_storage *storage, const char *name, const char *key, const char *text);
uint64_t storage_compact(sennit_storage *storage, const char *name, uint64_t through,
                         const char *text);
void storage_sync(sennit_storage *storage);

#endif
