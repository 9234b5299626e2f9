/* The default allocator and growth of arrays; the only file that names malloc. */
#include "base/mem.h"

#include <stdlib.h>

static void *mem_libc_resize(void *self, void *ptr, size_t old_size, size_t new_size)
{
    (void)self;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

sennit_alloc sn_mem_libc(void)
{
    return (sennit_alloc){mem_libc_resize, NULL};
}

void sn_mem_init(sn_mem *mem, const sennit_alloc *alloc)
{
    mem->alloc = alloc != NULL ? *alloc : sn_mem_libc();
    mem->live = 0;
}

void *sn_mem_resize(sn_mem *mem, void *ptr, size_t old_size, size_t new_size)
{
    void *moved = mem->alloc.resize(mem->alloc.self, ptr, old_size, new_size);

    if (moved != NULL || new_size == 0)
        mem->live += new_size - old_size;
    return moved;
}

void sn_mem_free(sn_mem *mem, void *ptr, size_t size)
{
    if (ptr != NULL)
        sn_mem_resize(mem, ptr, size, 0);
}

void sn_mem_end(const sn_mem *mem, void *object, size_t size)
{
    const sennit_alloc alloc = mem->alloc;

    alloc.resize(alloc.self, object, size, 0);
}

#define MEM_PAGE 16384u

sennit_status sn_mem_grow(sn_mem *mem, void **array, size_t *cap, size_t need, size_t item)
{
    if (need <= *cap)
        return SENNIT_OK;

    size_t step = *cap * item < MEM_PAGE ? *cap : *cap / 4;
    size_t want, bytes;

    if (!sn_add_size(*cap, step, &want) || want < need)
        want = need;
    if (want < 4)
        want = 4;
    if (!sn_mul_size(want, item, &bytes))
        return SENNIT_ENOMEM;
    void *moved = sn_mem_resize(mem, *array, *cap * item, bytes);
    if (moved == NULL)
        return SENNIT_ENOMEM;
    *array = moved;
    *cap = want;
    return SENNIT_OK;
}

sennit_status sn_mem_grow32(sn_mem *mem, void **array, uint32_t *cap, size_t need, size_t item)
{
    size_t wide = *cap;

    if (SN_LIKELY(need <= wide))
        return SENNIT_OK;
    if (need > UINT32_MAX)
        return SENNIT_ENOMEM;
    SN_TRY(sn_mem_grow(mem, array, &wide, need, item));
    *cap = (uint32_t)sn_min_u64(wide, UINT32_MAX);
    return SENNIT_OK;
}

sennit_status sn_mem_grow_nested(sn_mem *mem, void **array, uint32_t *cap, uint32_t nest,
                                 size_t need, size_t item)
{
    uint32_t wide = 0;
    void *own = NULL;

    if (need <= *cap)
        return SENNIT_OK;
    if (*cap > nest)
        return sn_mem_grow32(mem, array, cap, need, item);
    SN_TRY(sn_mem_grow32(mem, &own, &wide, (size_t)sn_max_u64(need, 2 * nest), item));
    if (*cap > 0)
        memcpy(own, *array, *cap * item);
    *array = own;
    *cap = wide;
    return SENNIT_OK;
}
