/* A storage around a storage, which takes the time. */
#include "timed.h"
#include "common/host.h"

#include <stdlib.h>

#define TIMED_MAX 4096 /* records timed at once; while more wait, some are not */

struct timed {
    sennit_storage table;
    sennit_storage *inner;
    struct histogram *commit;
    struct {
        uint64_t ticket, since_ns;
    } waiting[TIMED_MAX]; /* a ring, by ascending ticket */
    size_t first, n;
};

static sennit_status timed_note(struct timed *timed, sennit_status st, const uint64_t *ticket)
{
    size_t at = (timed->first + timed->n) % TIMED_MAX;

    if (st == SENNIT_OK && timed->n < TIMED_MAX) {
        timed->waiting[at].ticket = *ticket;
        timed->waiting[at].since_ns = host_ns();
        timed->n++;
    }
    return st;
}

static sennit_status timed_load(void *self, const char *name, sennit_each_record *each, void *arg)
{
    struct timed *timed = self;

    return timed->inner->load(timed->inner->self, name, each, arg);
}

static sennit_status timed_append(void *self, const char *name, const void *data, size_t len,
                                  uint64_t *ticket)
{
    struct timed *timed = self;

    return timed_note(timed, timed->inner->append(timed->inner->self, name, data, len, ticket),
                      ticket);
}

static sennit_status timed_put(void *self, const char *name, const char *key, const void *data,
                               size_t len, uint64_t *ticket)
{
    struct timed *timed = self;

    return timed_note(timed, timed->inner->put(timed->inner->self, name, key, data, len, ticket),
                      ticket);
}

static sennit_status timed_compact(void *self, const char *name, uint64_t through,
                                   const void *data, size_t len, uint64_t *ticket)
{
    struct timed *timed = self;

    return timed_note(
        timed, timed->inner->compact(timed->inner->self, name, through, data, len, ticket), ticket);
}

static sennit_status timed_next(void *self, const char *after, char *name)
{
    struct timed *timed = self;

    return timed->inner->next(timed->inner->self, after, name);
}

static uint64_t timed_durable(void *self)
{
    struct timed *timed = self;
    uint64_t durable = timed->inner->durable(timed->inner->self), now = host_ns();

    while (timed->n > 0 && timed->waiting[timed->first].ticket <= durable) {
        histogram_add(timed->commit, now - timed->waiting[timed->first].since_ns);
        timed->first = (timed->first + 1) % TIMED_MAX;
        timed->n--;
    }
    return durable;
}

static sennit_status timed_health(void *self)
{
    struct timed *timed = self;

    return timed->inner->health(timed->inner->self);
}

static sennit_status timed_sync(void *self)
{
    struct timed *timed = self;

    return timed->inner->sync(timed->inner->self);
}

static int timed_descriptor(void *self)
{
    struct timed *timed = self;

    return timed->inner->descriptor(timed->inner->self);
}

static const char *timed_reason(void *self)
{
    struct timed *timed = self;

    return timed->inner->reason(timed->inner->self);
}

static void timed_close(void *self)
{
    struct timed *timed = self;

    sennit_storage_close(timed->inner);
    free(timed);
}

sennit_storage *timed_storage(sennit_storage *inner, struct histogram *commit)
{
    struct timed *timed = calloc(1, sizeof *timed);

    if (timed == NULL)
        return NULL;
    timed->inner = inner;
    timed->commit = commit;
    timed->table = (sennit_storage){
        .size = sizeof(sennit_storage),
        .self = timed,
        .load = timed_load,
        .append = timed_append,
        .put = timed_put,
        .compact = timed_compact,
        .next = timed_next,
        .durable = timed_durable,
        .health = timed_health,
        .sync = timed_sync,
        .descriptor = timed_descriptor,
        .reason = timed_reason,
        .close = timed_close,
    };
    return &timed->table;
}
