#include "format/markdown.h"

#include <setjmp.h>

#include "base/mem.h"

/* cmark ends the program if it is told that memory ran out, and has no place for a
 * pointer of ours. So what it asks for comes from a pool that this thread is at, and
 * if there is none we leave by longjmp: cmark has nothing open but memory. */
typedef struct markdown_block {
    struct markdown_block *next;
    size_t size; /* of all, this included */
} markdown_block;

typedef struct markdown_pool {
    sn_mem mem;
    markdown_block *blocks;
    jmp_buf out;
} markdown_pool;

static _Thread_local markdown_pool *markdown_now;

void *sn_markdown_take(size_t n, size_t item)
{
    markdown_pool *pool = markdown_now;
    size_t size;
    markdown_block *block = NULL;

    if (sn_mul_size(n, item, &size) && size < SIZE_MAX - sizeof *block)
        block = sn_mem_resize(&pool->mem, NULL, 0, sizeof *block + size);
    if (block == NULL)
        longjmp(pool->out, 1);
    block->next = pool->blocks;
    block->size = sizeof *block + size;
    pool->blocks = block;
    memset(block + 1, 0, size);
    return block + 1;
}

/* What it was stays in the pool until the end. */
static void *markdown_realloc(void *old, size_t size)
{
    void *now = sn_markdown_take(1, size);

    if (old != NULL) {
        size_t was = ((markdown_block *)old - 1)->size - sizeof(markdown_block);

        memcpy(now, old, (size_t)sn_min_u64(was, size));
    }
    return now;
}

static void markdown_free(void *old)
{
    (void)old;
}

static cmark_mem markdown_mem = {sn_markdown_take, markdown_realloc, markdown_free};

cmark_mem *sn_markdown_mem(void)
{
    return &markdown_mem;
}

sennit_status sn_markdown_guarded(sennit_status (*work)(void *), void *arg)
{
    markdown_pool pool = {.blocks = NULL}, *const outer = markdown_now;
    sennit_status st;

    sn_mem_init(&pool.mem, NULL);
    markdown_now = &pool;
    st = setjmp(pool.out) == 0 ? work(arg) : SENNIT_ENOMEM;
    markdown_now = outer;
    while (pool.blocks != NULL) {
        markdown_block *next = pool.blocks->next;

        sn_mem_free(&pool.mem, pool.blocks, pool.blocks->size);
        pool.blocks = next;
    }
    return st;
}
