#include "sync/support/faultvfs.h"

#include "support/require.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

#define FILES 8
#define SECTOR 512
#define SHM_REGIONS 16
#define SHM_SLOTS SQLITE_SHM_NLOCK

typedef struct bytes {
    uint8_t *at;
    size_t len, cap;
} bytes;

/* What a write or truncate did that is not on the disk yet. */
typedef struct change {
    bool truncate;
    size_t at, len; /* a truncate's new length is `at` */
    uint8_t *data;
} change;

typedef struct handle handle;

typedef struct file {
    char name[256];
    bool there, there_disk;
    bytes now, disk;
    change *changes;
    size_t changes_len;

    size_t shared;           /* locks of the database file */
    handle *reserved, *pending;
    void *shm[SHM_REGIONS];
    size_t shm_users, shm_shared[SHM_SLOTS];
    handle *shm_owner[SHM_SLOTS];
} file;

struct faultvfs {
    sqlite3_vfs base;
    sqlite3_vfs *usual;
    pthread_mutex_t lock;
    file files[FILES];
    uint64_t calls, reads, fail_from, fail_to, stop_at;
    int fail_code;
    bool fail_reads, read_only;
};

struct handle {
    sqlite3_file base;
    faultvfs *vfs;
    file *file;
    int level;
    bool syncs_folder, shm;
    unsigned shm_shared, shm_owned; /* masks of slots */
};

static faultvfs *vfs_of(sqlite3_vfs *base) { return (faultvfs *)base; }
static handle *handle_of(sqlite3_file *base) { return (handle *)base; }

/* Do something to a file with the lock held: handle *h, file *f and v are there. */
#define WITH(base)                                                      \
    handle *h = handle_of(base);                                        \
    file *f = h->file;                                                  \
    faultvfs *v = h->vfs;                                               \
    (void)f;                                                            \
    pthread_mutex_lock(&v->lock)

static int leave(faultvfs *v, int rc)
{
    pthread_mutex_unlock(&v->lock);
    return rc;
}

/* ---- bytes ---- */

static void bytes_resize(bytes *b, size_t len)
{
    if (len > b->cap) {
        b->cap = 2 * len;
        b->at = realloc(b->at, b->cap);
        require(b->at != NULL);
    }
    if (len > b->len)
        memset(b->at + b->len, 0, len - b->len);
    b->len = len;
}

static void bytes_write(bytes *b, size_t at, const void *data, size_t len)
{
    if (at + len > b->len)
        bytes_resize(b, at + len);
    if (len > 0)
        memcpy(b->at + at, data, len);
}

static void bytes_copy(bytes *to, const bytes *from)
{
    bytes_resize(to, 0);
    if (from->len > 0)
        bytes_write(to, 0, from->at, from->len);
}

/* ---- what is not on the disk yet ---- */

static void changes_add(file *f, bool truncate, size_t at, const void *data, size_t len)
{
    change c = {.truncate = truncate, .at = at, .len = len, .data = malloc(len + 1)};

    require(c.data != NULL);
    if (len > 0)
        memcpy(c.data, data, len);
    f->changes = require_room(f->changes, f->changes_len, sizeof c);
    f->changes[f->changes_len++] = c;
}

static void changes_drop(file *f)
{
    for (size_t i = 0; i < f->changes_len; i++)
        free(f->changes[i].data);
    free(f->changes);
    f->changes = NULL;
    f->changes_len = 0;
}

static void change_apply(file *f, const change *c)
{
    if (c->truncate)
        bytes_resize(&f->disk, c->at);
    else
        bytes_write(&f->disk, c->at, c->data, c->len);
}

/* Each sector of a write on its own: there or not. */
static void change_tear(file *f, const change *c, rng *r)
{
    for (size_t done = 0, n; done < c->len; done += n) {
        n = SECTOR - (c->at + done) % SECTOR;
        if (n > c->len - done)
            n = c->len - done;
        if (rng_percent(r, 50))
            bytes_write(&f->disk, c->at + done, c->data + done, n);
    }
}

/* ---- calls that are counted ---- */

/* Count a call; a code of SQLite if it has to fail. */
static int counted(faultvfs *v)
{
    uint64_t n = v->calls++;

    if (n >= v->stop_at)
        return SQLITE_IOERR;
    return n >= v->fail_from && n < v->fail_to ? v->fail_code : SQLITE_OK;
}

static bool stopped(const faultvfs *v)
{
    return v->calls > v->stop_at;
}

static int file_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 at)
{
    WITH(base);
    int rc = counted(v);

    /* The write at which the machine stops may have got somewhere. */
    if (rc == SQLITE_OK || v->calls == v->stop_at + 1)
        changes_add(f, false, (size_t)at, data, (size_t)len);
    if (rc == SQLITE_OK)
        bytes_write(&f->now, (size_t)at, data, (size_t)len);
    return leave(v, rc);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 len)
{
    WITH(base);
    int rc = counted(v);

    if (rc == SQLITE_OK) {
        changes_add(f, true, (size_t)len, "", 0);
        bytes_resize(&f->now, (size_t)len);
    }
    return leave(v, rc);
}

static int file_sync(sqlite3_file *base, int flags)
{
    WITH(base);
    int rc = counted(v);

    (void)flags;
    if (rc == SQLITE_OK) {
        for (size_t i = 0; i < f->changes_len; i++)
            change_apply(f, &f->changes[i]);
        for (size_t i = 0; i < FILES && h->syncs_folder; i++)
            v->files[i].there_disk = v->files[i].there;
        h->syncs_folder = false;
    }
    if (!stopped(v))
        changes_drop(f);
    return leave(v, rc);
}

static file *file_find(faultvfs *v, const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(v->files[i].name, name) == 0)
            return &v->files[i];
    return NULL;
}

static int vfs_delete(sqlite3_vfs *base, const char *name, int sync_folder)
{
    faultvfs *v = vfs_of(base);

    pthread_mutex_lock(&v->lock);
    file *f = file_find(v, name);
    int rc = counted(v);
    if (rc == SQLITE_OK && (f == NULL || !f->there))
        rc = SQLITE_IOERR_DELETE_NOENT;
    if (rc == SQLITE_OK) {
        f->there = false;
        bytes_resize(&f->now, 0);
        if (sync_folder)
            f->there_disk = false;
    }
    return leave(v, rc);
}

/* ---- reading ---- */

static int file_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
    WITH(base);
    size_t from = (size_t)at, want = (size_t)len, got = 0;

    v->reads++;
    if (v->fail_reads || stopped(v))
        return leave(v, SQLITE_IOERR_READ);
    if (from < f->now.len) {
        got = f->now.len - from < want ? f->now.len - from : want;
        memcpy(out, f->now.at + from, got);
    }
    memset((uint8_t *)out + got, 0, want - got);
    return leave(v, got == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    WITH(base);
    *out = (sqlite3_int64)f->now.len;
    return leave(v, SQLITE_OK);
}

/* ---- locks ---- */

static int file_lock(sqlite3_file *base, int level)
{
    WITH(base);
    int rc = SQLITE_OK;

    if (h->level >= level)
        return leave(v, rc);
    if (level == SQLITE_LOCK_SHARED) {
        if (f->pending != NULL)
            return leave(v, SQLITE_BUSY);
        f->shared++;
    } else if (f->reserved != NULL && f->reserved != h) {
        return leave(v, SQLITE_BUSY);
    } else if (level == SQLITE_LOCK_RESERVED) {
        f->reserved = h;
    } else {
        f->reserved = f->pending = h;
        if (level == SQLITE_LOCK_EXCLUSIVE && f->shared > 1) {
            level = SQLITE_LOCK_PENDING;
            rc = SQLITE_BUSY;
        }
    }
    h->level = level;
    return leave(v, rc);
}

static int file_unlock(sqlite3_file *base, int level)
{
    WITH(base);
    if (f->reserved == h)
        f->reserved = NULL;
    if (f->pending == h)
        f->pending = NULL;
    if (level == SQLITE_LOCK_NONE && h->level > SQLITE_LOCK_NONE)
        f->shared--;
    h->level = level < h->level ? level : h->level;
    return leave(v, SQLITE_OK);
}

static int file_check_reserved(sqlite3_file *base, int *out)
{
    WITH(base);
    *out = f->reserved != NULL;
    return leave(v, SQLITE_OK);
}

/* ---- memory shared by connections ---- */

static int shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    WITH(base);
    require(region < SHM_REGIONS);
    if (!h->shm) {
        h->shm = true;
        f->shm_users++;
    }
    if (f->shm[region] == NULL && extend)
        f->shm[region] = calloc(1, (size_t)size);
    *out = f->shm[region];
    return leave(v, SQLITE_OK);
}

static int shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    WITH(base);
    for (int i = offset; i < offset + n && (flags & SQLITE_SHM_LOCK); i++) {
        bool others = f->shm_owner[i] != NULL && f->shm_owner[i] != h;
        bool readers = f->shm_shared[i] > (h->shm_shared >> i & 1u);

        if (others || ((flags & SQLITE_SHM_EXCLUSIVE) && readers))
            return leave(v, SQLITE_BUSY);
    }
    for (int i = offset; i < offset + n; i++) {
        unsigned bit = 1u << i;
        bool lock = (flags & SQLITE_SHM_LOCK) != 0;

        if (flags & SQLITE_SHM_EXCLUSIVE) {
            f->shm_owner[i] = lock ? h : NULL;
            h->shm_owned = lock ? h->shm_owned | bit : h->shm_owned & ~bit;
        } else if (((h->shm_shared & bit) != 0) != lock) {
            f->shm_shared[i] = lock ? f->shm_shared[i] + 1 : f->shm_shared[i] - 1;
            h->shm_shared ^= bit;
        }
    }
    return leave(v, SQLITE_OK);
}

static void shm_barrier(sqlite3_file *base)
{
    WITH(base);
    leave(v, SQLITE_OK);
}

static int shm_unmap(sqlite3_file *base, int delete)
{
    WITH(base);
    (void)delete;
    if (h->shm && --f->shm_users == 0)
        for (size_t i = 0; i < SHM_REGIONS; i++) {
            free(f->shm[i]);
            f->shm[i] = NULL;
        }
    h->shm = false;
    return leave(v, SQLITE_OK);
}

/* ---- files ---- */

static int file_close(sqlite3_file *base)
{
    file_unlock(base, SQLITE_LOCK_NONE);
    return shm_unmap(base, 0);
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
    (void)base;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int file_device(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static file *file_make(faultvfs *v, const char *name)
{
    file *f = file_find(v, name);

    if (f == NULL)
        f = file_find(v, ""); /* an unused one */
    require(f != NULL && strlen(name) < sizeof f->name);
    strcpy(f->name, name);
    return f;
}

static int vfs_open(sqlite3_vfs *base, const char *name, sqlite3_file *out, int flags, int *out_flags)
{
    faultvfs *v = vfs_of(base);
    handle *h = handle_of(out);
    int rc = SQLITE_OK;

    h->base.pMethods = NULL;
    if (name == NULL)
        return SQLITE_CANTOPEN; /* temporary files are to stay in memory */
    pthread_mutex_lock(&v->lock);
    file *f = file_make(v, name);
    bool made = !f->there;
    if (made)
        rc = flags & SQLITE_OPEN_CREATE ? counted(v) : SQLITE_CANTOPEN;
    if (rc != SQLITE_OK)
        return leave(v, rc == SQLITE_CANTOPEN || !stopped(v) ? rc : SQLITE_CANTOPEN);
    if (made) { /* one of the same name that was deleted is another file */
        bytes_resize(&f->now, 0);
        bytes_resize(&f->disk, 0);
        changes_drop(f);
    }
    f->there = true;
    *h = (handle){.base = {&file_methods}, .vfs = v, .file = f,
                  .syncs_folder = made && !(flags & SQLITE_OPEN_MAIN_DB)};
    if (out_flags != NULL)
        *out_flags = v->read_only ? (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY : flags;
    return leave(v, SQLITE_OK);
}

static int vfs_access(sqlite3_vfs *base, const char *name, int flags, int *out)
{
    faultvfs *v = vfs_of(base);

    (void)flags;
    pthread_mutex_lock(&v->lock);
    const file *f = file_find(v, name);
    *out = f != NULL && f->there;
    return leave(v, SQLITE_OK);
}

static int vfs_full_path(sqlite3_vfs *base, const char *name, int cap, char *out)
{
    (void)base;
    require(strlen(name) < (size_t)cap);
    strcpy(out, name);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *base, int len, char *out)
{
    return vfs_of(base)->usual->xRandomness(vfs_of(base)->usual, len, out);
}

static int vfs_sleep(sqlite3_vfs *base, int us)
{
    return vfs_of(base)->usual->xSleep(vfs_of(base)->usual, us);
}

static int vfs_time(sqlite3_vfs *base, double *out)
{
    return vfs_of(base)->usual->xCurrentTime(vfs_of(base)->usual, out);
}

static int vfs_error(sqlite3_vfs *base, int cap, char *out)
{
    (void)base;
    if (cap > 0)
        out[0] = '\0';
    return 0;
}

/* ---- what tests call ---- */

faultvfs *faultvfs_new(const char *name)
{
    faultvfs *v = calloc(1, sizeof *v);

    require(v != NULL);
    v->usual = sqlite3_vfs_find(NULL);
    v->stop_at = UINT64_MAX;
    v->base = (sqlite3_vfs){
        .iVersion = 1, .szOsFile = sizeof(handle), .mxPathname = 255, .zName = name,
        .xOpen = vfs_open, .xDelete = vfs_delete, .xAccess = vfs_access,
        .xFullPathname = vfs_full_path, .xRandomness = vfs_random, .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time, .xGetLastError = vfs_error};
    pthread_mutex_init(&v->lock, NULL);
    require(sqlite3_vfs_register(&v->base, 0) == SQLITE_OK);
    return v;
}

void faultvfs_clear(faultvfs *v)
{
    for (size_t i = 0; i < FILES; i++) {
        changes_drop(&v->files[i]);
        free(v->files[i].now.at);
        free(v->files[i].disk.at);
    }
    memset(v->files, 0, sizeof v->files);
    v->calls = v->reads = v->fail_from = v->fail_to = 0;
    v->stop_at = UINT64_MAX;
    v->fail_reads = v->read_only = false;
}

void faultvfs_free(faultvfs *v)
{
    faultvfs_clear(v);
    sqlite3_vfs_unregister(&v->base);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

uint64_t faultvfs_calls(faultvfs *v)
{
    pthread_mutex_lock(&v->lock);
    uint64_t n = v->calls;
    pthread_mutex_unlock(&v->lock);
    return n;
}

uint64_t faultvfs_reads(faultvfs *v)
{
    pthread_mutex_lock(&v->lock);
    uint64_t n = v->reads;
    pthread_mutex_unlock(&v->lock);
    return n;
}

void faultvfs_fail(faultvfs *v, uint64_t from, uint64_t to, int code)
{
    pthread_mutex_lock(&v->lock);
    v->fail_from = from;
    v->fail_to = to;
    v->fail_code = code;
    pthread_mutex_unlock(&v->lock);
}

void faultvfs_fail_reads(faultvfs *v, bool fail)
{
    pthread_mutex_lock(&v->lock);
    v->fail_reads = fail;
    pthread_mutex_unlock(&v->lock);
}

void faultvfs_read_only(faultvfs *v, bool read_only)
{
    pthread_mutex_lock(&v->lock);
    v->read_only = read_only;
    pthread_mutex_unlock(&v->lock);
}

void faultvfs_stop_at(faultvfs *v, uint64_t call)
{
    pthread_mutex_lock(&v->lock);
    v->stop_at = call;
    pthread_mutex_unlock(&v->lock);
}

void faultvfs_restart(faultvfs *v, rng *r)
{
    for (size_t i = 0; i < FILES; i++) {
        file *f = &v->files[i];

        /* A name that was not saved may have been all the same, and a removal. */
        if (f->there != f->there_disk && rng_percent(r, 50))
            f->there_disk = f->there;
        for (size_t k = 0; k < f->changes_len; k++)
            if (f->changes[k].truncate || rng_percent(r, 30)) {
                if (rng_percent(r, 50))
                    change_apply(f, &f->changes[k]);
            } else {
                change_tear(f, &f->changes[k], r);
            }
        changes_drop(f);
        f->there = f->there_disk;
        if (!f->there)
            bytes_resize(&f->disk, 0);
        bytes_copy(&f->now, &f->disk);
    }
    v->calls = v->reads = v->fail_from = v->fail_to = 0;
    v->stop_at = UINT64_MAX;
}

uint8_t *faultvfs_bytes(faultvfs *v, const char *name, size_t *len)
{
    file *f = file_find(v, name);

    if (f == NULL || !f->there)
        return NULL;
    *len = f->now.len;
    return f->now.at;
}

void faultvfs_put(faultvfs *v, const char *name, const void *data, size_t len)
{
    file *f = file_make(v, name);

    f->there = f->there_disk = true;
    bytes_resize(&f->now, 0);
    bytes_write(&f->now, 0, data, len);
    bytes_copy(&f->disk, &f->now);
}
