/* The storage that forgets. */
#include "sync/support/storage_contract.h"

static void clear(void) {}

int main(void)
{
    static const storage_kind memory = {
        .name = "memory", .clear = clear, .open = sennit_storage_memory};

    return storage_contract(&memory);
}
