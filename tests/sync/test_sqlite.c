/* The storage that keeps, against the contract: on a disk in memory, on a real one,
 * and with everything left waiting in the queue. */
#include "sync/support/faultvfs.h"
#include "sync/support/storage_contract.h"

#include "support/require.h"

#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/sennit-test-XXXXXX", path[64];

static faultvfs *disk;

static void clear_disk(void)
{
    faultvfs_clear(disk);
}

static sennit_status open_disk(const sennit_alloc *alloc, sennit_storage **out)
{
    sennit_sqlite_options o = {.size = sizeof o, .alloc = alloc, .vfs = "fault", .group_ms = 1};

    return sennit_storage_sqlite("test.db", &o, out, NULL);
}

static sennit_status open_lazy(const sennit_alloc *alloc, sennit_storage **out)
{
    sennit_sqlite_options o = {.size = sizeof o, .alloc = alloc, .vfs = "fault",
                               .group_ms = 3600000};

    return sennit_storage_sqlite("test.db", &o, out, NULL);
}

static void clear_file(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[sizeof path + 16];

        strcat(strcpy(name, path), ends[i]);
        unlink(name);
    }
}

static sennit_status open_file(const sennit_alloc *alloc, sennit_storage **out)
{
    sennit_sqlite_options o = {.size = sizeof o, .alloc = alloc};

    return sennit_storage_sqlite(path, &o, out, NULL);
}

int main(void)
{
    static const storage_kind kinds[] = {
        {"SQLite", true, false, clear_disk, open_disk},
        {"SQLite, waiting", true, true, clear_disk, open_lazy},
        {"SQLite, in a file", true, false, clear_file, open_file},
    };
    int failed = 0;

    require(mkdtemp(folder) != NULL);
    strcat(strcpy(path, folder), "/test.db");
    disk = faultvfs_new("fault");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        failed += storage_contract(&kinds[i]);
    faultvfs_free(disk);
    clear_file();
    rmdir(folder);
    return failed;
}
