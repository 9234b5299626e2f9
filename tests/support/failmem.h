/* An allocator that counts, checks its caller, and can fail once. */
#ifndef TESTS_FAILMEM_H
#define TESTS_FAILMEM_H

#include <sennit/sennit.h>

#include <stdbool.h>

typedef struct failmem {
    size_t calls;    /* that ask for more memory */
    size_t fail_at;  /* number of the call to fail, from 1; 0: none */
    bool fired;
    size_t live;     /* bytes */
    size_t blocks;
    size_t most;     /* greatest live */
} failmem;

/* Start over, failing the nth call that asks for memory; 0 fails none. */
sennit_alloc failmem_at(failmem *mem, size_t nth);

#endif
