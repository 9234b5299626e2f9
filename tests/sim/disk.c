/* Writes are kept in a list. What they come to is a storage in memory, which is made
 * anew from the first of them after a loss; its tickets count writes as well. */
#include "sim/disk.h"

#include "support/require.h"

#include <string.h>

typedef enum disk_kind { DISK_APPEND, DISK_PUT, DISK_COMPACT } disk_kind;

typedef struct disk_write {
    disk_kind kind;
    char name[SENNIT_NAME_MAX + 1], key[SENNIT_FACT_KEY_MAX + 1];
    uint64_t through;
    void *data; /* NULL: a fact is forgotten */
    size_t len;
} disk_write;

struct disk {
    sennit_storage table;
    sennit_storage *memory;
    disk_write *writes;
    size_t len, committed;
    disk_health health;
};

/* ---- Writing ---- */

static sennit_status disk_do(disk *d, const disk_write *w, uint64_t *ticket)
{
    void *self = d->memory->self;

    switch (w->kind) {
    case DISK_APPEND: return d->memory->append(self, w->name, w->data, w->len, ticket);
    case DISK_PUT: return d->memory->put(self, w->name, w->key, w->data, w->len, ticket);
    case DISK_COMPACT: break;
    }
    return d->memory->compact(self, w->name, w->through, w->data, w->len, ticket);
}

static void *disk_copy(const void *data, size_t len)
{
    void *copy = malloc(len + 1);

    require(copy != NULL);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

static sennit_status disk_take(disk *d, disk_write *w, const char *name, const void *data, size_t len,
                               uint64_t *ticket)
{
    if (d->health == DISK_REFUSES)
        return SENNIT_EIO;
    strcpy(w->name, name);
    w->len = len;
    w->data = data != NULL ? disk_copy(data, len) : NULL;
    require(disk_do(d, w, ticket) == SENNIT_OK);
    d->writes = require_room(d->writes, d->len, sizeof *d->writes);
    d->writes[d->len++] = *w;
    require(*ticket == d->len);
    return SENNIT_OK;
}

static sennit_status disk_append(void *self, const char *name, const void *data, size_t len,
                                 uint64_t *ticket)
{
    return disk_take(self, &(disk_write){.kind = DISK_APPEND}, name, data, len, ticket);
}

static sennit_status disk_put(void *self, const char *name, const char *key, const void *data,
                              size_t len, uint64_t *ticket)
{
    disk_write w = {.kind = DISK_PUT};

    strcpy(w.key, key);
    return disk_take(self, &w, name, data, len, ticket);
}

static sennit_status disk_compact(void *self, const char *name, uint64_t through, const void *data,
                                  size_t len, uint64_t *ticket)
{
    return disk_take(self, &(disk_write){.kind = DISK_COMPACT, .through = through}, name, data, len,
                     ticket);
}

/* ---- The rest of the table ---- */

static sennit_status disk_load(void *self, const char *name, sennit_each_record *each, void *arg)
{
    disk *d = self;

    return d->memory->load(d->memory->self, name, each, arg);
}

static sennit_status disk_next(void *self, const char *after, char *name)
{
    disk *d = self;

    return d->memory->next(d->memory->self, after, name);
}

static uint64_t disk_durable(void *self)
{
    return ((disk *)self)->committed;
}

static sennit_status disk_is_well(void *self)
{
    return ((disk *)self)->health == DISK_WELL ? SENNIT_OK : SENNIT_EIO;
}

static sennit_status disk_sync(void *self)
{
    disk_commit(self, SIZE_MAX);
    return disk_is_well(self);
}

static int disk_descriptor(void *self)
{
    (void)self;
    return -1;
}

static const char *disk_reason(void *self)
{
    return ((disk *)self)->health == DISK_WELL ? "" : "it is sick";
}

static void disk_close(void *self)
{
    (void)self; /* it is the simulation's */
}

/* ---- What befalls it ---- */

static void disk_begin(disk *d)
{
    require(sennit_storage_memory(NULL, &d->memory) == SENNIT_OK);
    d->table = (sennit_storage){
        sizeof d->table, d, disk_load, disk_append, disk_put, disk_compact, disk_next, disk_durable,
        disk_is_well, disk_sync, disk_descriptor, disk_reason, disk_close};
}

disk *disk_new(void)
{
    disk *d = calloc(1, sizeof *d);

    require(d != NULL);
    disk_begin(d);
    return d;
}

static void disk_cut(disk *d, size_t writes)
{
    while (d->len > writes)
        free(d->writes[--d->len].data);
}

void disk_free(disk *d)
{
    disk_cut(d, 0);
    free(d->writes);
    sennit_storage_close(d->memory);
    free(d);
}

sennit_storage *disk_storage(disk *d)
{
    return &d->table;
}

void disk_set_health(disk *d, disk_health health)
{
    d->health = health;
}

void disk_commit(disk *d, size_t n)
{
    if (d->health == DISK_WELL)
        d->committed = n < d->len - d->committed ? d->committed + n : d->len;
}

size_t disk_committed(const disk *d)
{
    return d->committed;
}

size_t disk_writes(const disk *d)
{
    return d->len;
}

void disk_lose(disk *d, size_t writes)
{
    uint64_t ticket;

    disk_cut(d, writes);
    sennit_storage_close(d->memory);
    disk_begin(d);
    for (size_t i = 0; i < d->len; i++)
        require(disk_do(d, &d->writes[i], &ticket) == SENNIT_OK);
    d->committed = d->len;
}
