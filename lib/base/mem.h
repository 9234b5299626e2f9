/* Memory of one object: the host's allocator, counted. */
#ifndef SN_MEM_H
#define SN_MEM_H

#include "base/base.h"

typedef struct sn_mem {
    sennit_alloc alloc;
    size_t live; /* bytes allocated and not yet freed */
} sn_mem;

/* NULL means the C library's allocator. */
void sn_mem_init(sn_mem *mem, const sennit_alloc *alloc);

/* The C library's allocator behind the sennit_alloc interface. */
sennit_alloc sn_mem_libc(void);

/* As sennit_alloc.resize; count * size must not wrap, or NULL. */
void *sn_mem_resize(sn_mem *mem, void *ptr, size_t old_size, size_t new_size);
void sn_mem_free(sn_mem *mem, void *ptr, size_t size);

/* Free the object itself, which mem is in. */
void sn_mem_end(const sn_mem *mem, void *object, size_t size);

/* Grow an array so that need items fit. Grows by half or more while small and
 * by a quarter once it fills pages, so that little is touched in vain.
 *
 * Returns  SENNIT_OK, SENNIT_ENOMEM (array and *cap as before)
 */
sennit_status sn_mem_grow(sn_mem *mem, void **array, size_t *cap, size_t need, size_t item);

/* The same for capacities that are kept in 32 bits. */
sennit_status sn_mem_grow32(sn_mem *mem, void **array, uint32_t *cap, size_t need, size_t item);

/* The same for an array that begins with memory which is not its own, for `nest`
 * items or fewer: it moves out once it needs more. */
sennit_status sn_mem_grow_nested(sn_mem *mem, void **array, uint32_t *cap, uint32_t nest,
                                 size_t need, size_t item);

#endif
