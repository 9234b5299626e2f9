#include "support/failmem.h"

#include "support/require.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Each block is preceded by its size, so that a wrong old_size is noticed. */
typedef union failmem_head {
    size_t size;
    max_align_t align;
} failmem_head;

static void *failmem_resize(void *self, void *ptr, size_t old_size, size_t new_size)
{
    failmem *mem = self;
    failmem_head *head = ptr != NULL ? (failmem_head *)ptr - 1 : NULL, *moved = NULL;

    require(head != NULL ? head->size == old_size : old_size == 0);
    if (new_size > old_size && ++mem->calls == mem->fail_at) {
        mem->fired = true;
        return NULL;
    }
    /* Always a new block, filled with rubbish: what relies on its address or on
     * zeros is found out. */
    if (new_size > 0) {
        moved = malloc(sizeof *moved + new_size);
        require(moved != NULL);
        moved->size = new_size;
        memset(moved + 1, 0xa5, new_size);
        if (ptr != NULL)
            memcpy(moved + 1, ptr, old_size < new_size ? old_size : new_size);
    }
    mem->live += new_size - old_size;
    mem->blocks += (size_t)(new_size > 0) - (size_t)(ptr != NULL);
    mem->most = mem->live > mem->most ? mem->live : mem->most;
    free(head);
    return moved != NULL ? moved + 1 : NULL;
}

sennit_alloc failmem_at(failmem *mem, size_t nth)
{
    *mem = (failmem){.fail_at = nth};
    return (sennit_alloc){failmem_resize, mem};
}
