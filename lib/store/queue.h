/* What was handed over and is not durable yet, and the thread that has it written.
 *
 *        freed by the owner        the writer's           grows here
 *      <--------------------- [ ] [ ] [ ] [ ] [ ] [ ] <----------------
 *                              oldest    next      last
 *                 durable ----'         '---- waiting
 *
 * The thread that owns the storage makes jobs and frees them; the writer's thread
 * only passes stretches of them to a function, which writes all or nothing. So
 * the host's allocator is called by one thread, and the owner may look at jobs
 * without asking anybody: they stay as they are until it frees them itself.
 *
 * Commits begin at least group_ms apart. While one runs, what comes next gathers;
 * so nobody waits who comes alone, and the disk is not asked more often than that.
 */
#ifndef SN_QUEUE_H
#define SN_QUEUE_H

#include "store/store.h"

typedef struct sn_job {
    struct sn_job *next;
    sennit_stored record; /* a snapshot, delta or fact */
    bool aside;           /* it is damaged: move it to where nobody reads it */
    uint64_t ticket;
    uint64_t position;    /* of the record: the ticket, unless it is moved */
    uint64_t through;     /* of a snapshot */
    const char *name;     /* this and what follows lies behind, in this block */
    const char *key;      /* of a fact; else "" */
    const void *data;     /* NULL: the fact is forgotten; of what is moved, its checksum */
    size_t len;
    size_t size;          /* of the block */
} sn_job;

/* Write the jobs from first to last, all or none; on the writer's thread. A
 * failure says in words why. */
typedef sennit_status sn_queue_write(void *self, const sn_job *first, const sn_job *last,
                                     sn_words *why);

typedef struct sn_queue sn_queue;

typedef struct sn_queue_options {
    sn_mem *mem;          /* used by the owner's thread only */
    uint32_t group_ms;
    size_t limit;         /* bytes of jobs past which no more are taken */
    uint64_t ticket;      /* the last that was ever given */
    sn_queue_write *write;
    void *self;
} sn_queue_options;

/* Start a queue and its thread. Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_EIO (the
 * system has no thread or descriptor left). */
sennit_status sn_queue_new(const sn_queue_options *options, sn_queue **out);

/* Have what waits tried once more, end the thread, free everything. */
void sn_queue_free(sn_queue *queue);

/* Add a job like this one, copied with all that it points to; ticket and size are
 * filled in, and the position unless it is moved. SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT. */
sennit_status sn_queue_add(sn_queue *queue, const sn_job *like, uint64_t *ticket);

/* The last ticket given. */
uint64_t sn_queue_ticket(const sn_queue *queue);

/* Free the jobs that are durable and return the ticket up to which they are. */
uint64_t sn_queue_reap(sn_queue *queue);

/* The same, for whoever was called by the descriptor: makes it quiet. */
uint64_t sn_queue_durable(sn_queue *queue);

/* The oldest job not reaped; walk by `next`. Those after the ticket that the reap
 * returned may have been written since. */
const sn_job *sn_queue_oldest(const sn_queue *queue);

/* SENNIT_EIO if the last attempt failed; words says why it did. */
sennit_status sn_queue_health(sn_queue *queue, sn_words *words);

/* Have all jobs written now and wait. SENNIT_EIO if an attempt fails meanwhile. */
sennit_status sn_queue_sync(sn_queue *queue, sn_words *words);

/* Readable when durable or health changed. */
int sn_queue_descriptor(const sn_queue *queue);

#endif
