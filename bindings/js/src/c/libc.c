/* The little of a C library that sennit needs in WebAssembly.
 *
 * Memory: a block is preceded by its class. Classes go up by a quarter of a power
 * of two; a freed block waits in the list of its class. What is new is cut off
 * the end of the memory, which grows as needed. The block cut off last grows and
 * shrinks in place, so an array that doubles while nothing else happens does not
 * move.
 *
 *     class  0   1   2   3   4   5   6   7   8 ...
 *     bytes  16  20  24  28  32  40  48  56  64 ...   rounded up to 8
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536u
#define HEADER 8u
#define CLASSES 112u

extern unsigned char __heap_base;

static struct {
    void *freed[CLASSES];
    uintptr_t end;  /* of what was cut off */
    uintptr_t last; /* the block cut off last */
} heap;

static unsigned class_of(size_t size)
{
    unsigned top, quarter;

    if (size <= 16)
        return 0;
    top = 31 - (unsigned)__builtin_clz((unsigned)size - 1);
    quarter = (unsigned)((size - 1) >> (top - 2)) & 3;
    return (top - 4) * 4 + quarter + 1;
}

static size_t class_bytes(unsigned class)
{
    size_t bytes = ((size_t)16 << class / 4) + class % 4 * ((size_t)4 << class / 4);

    return (bytes + 7) & ~(size_t)7;
}

/* Make memory reach as far as end. */
static int reach(uintptr_t end)
{
    uintptr_t have = __builtin_wasm_memory_size(0) * PAGE;

    if (end <= have)
        return 1;
    return __builtin_wasm_memory_grow(0, (end - have + PAGE - 1) / PAGE) != SIZE_MAX;
}

static void *cut(unsigned class)
{
    uintptr_t block;

    if (heap.end == 0)
        heap.end = ((uintptr_t)&__heap_base + 7) & ~(uintptr_t)7;
    block = heap.end + HEADER;
    if (block + class_bytes(class) < block || !reach(block + class_bytes(class)))
        return NULL;
    heap.end = block + class_bytes(class);
    heap.last = block;
    return (void *)block;
}

static uint32_t *class_at(void *block)
{
    return (uint32_t *)((uintptr_t)block - HEADER);
}

static void *take(size_t size)
{
    unsigned class = class_of(size);
    void *block = heap.freed[class];

    if (block != NULL)
        memcpy(&heap.freed[class], block, sizeof block);
    else if ((block = cut(class)) == NULL)
        return NULL;
    *class_at(block) = class;
    return block;
}

void free(void *block)
{
    unsigned class;

    if (block == NULL)
        return;
    class = *class_at(block);
    memcpy(block, &heap.freed[class], sizeof block);
    heap.freed[class] = block;
}

/* Grow or shrink the block cut off last. */
static int resize_last(void *block, unsigned class)
{
    if ((uintptr_t)block != heap.last || !reach(heap.last + class_bytes(class)))
        return 0;
    heap.end = heap.last + class_bytes(class);
    *class_at(block) = class;
    return 1;
}

void *realloc(void *block, size_t size)
{
    unsigned class;
    size_t have;
    void *moved;

    if (size > (size_t)1 << 30)
        return NULL;
    if (block == NULL)
        return take(size);
    class = class_of(size);
    if (class == *class_at(block) || resize_last(block, class))
        return block;
    have = class_bytes(*class_at(block));
    if ((moved = take(size)) == NULL)
        return size <= have ? block : NULL;
    memcpy(moved, block, have < size ? have : size);
    free(block);
    return moved;
}

/* With bulk memory these are an instruction each. */
void *memcpy(void *to, const void *from, size_t n)
{
    return __builtin_memcpy(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
    return __builtin_memmove(to, from, n);
}

void *memset(void *to, int byte, size_t n)
{
    return __builtin_memset(to, byte, n);
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;

    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

void *memchr(const void *in, int byte, size_t n)
{
    const unsigned char *p = in;

    for (; n > 0; n--, p++)
        if (*p == (unsigned char)byte)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0')
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

size_t strspn(const char *s, const char *accept)
{
    size_t n = 0;

    while (s[n] != '\0' && memchr(accept, s[n], strlen(accept)) != NULL)
        n++;
    return n;
}
