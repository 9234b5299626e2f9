/* Group commit: DeWitt et al., "Implementation Techniques for Main Memory Database
 * Systems", SIGMOD 1984. */
#include "store/queue.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_PAUSE_LEAST 10u /* ms until a failed commit is tried again ... */
#define QUEUE_PAUSE_MOST 2000u /* ... which doubles up to here */

struct sn_queue {
    sn_queue_options is;
    int bell[2]; /* a pipe: the owner reads [0], the writer rings at [1] */

    /* The owner's alone. */
    sn_job *oldest;
    uint64_t ticket;
    size_t bytes; /* of jobs not freed */

    /* Shared; under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t call;     /* to the writer: there is something to do */
    pthread_cond_t done;     /* to the owner: an attempt is over */
    sn_job *waiting, *last;  /* not written; NULL: none */
    uint64_t durable;
    uint64_t begun, ended;   /* attempts */
    bool hurry, stop, rung, failing;
    sn_words why;

    /* The writer's alone. */
    uint64_t due_ms;         /* when the next attempt may begin */
    uint32_t pause_ms;
    pthread_t thread;
};

/* ---- the writer ---- */

static uint64_t queue_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void queue_wait_until(sn_queue *q, uint64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    pthread_cond_timedwait(&q->call, &q->lock, &t);
}

/* Wait for something to write and for its time. False: there is nothing any more. */
static bool queue_wait(sn_queue *q)
{
    while (q->waiting == NULL && !q->stop)
        pthread_cond_wait(&q->call, &q->lock);
    while (!q->hurry && !q->stop && queue_now_ms() < q->due_ms)
        queue_wait_until(q, q->due_ms);
    q->hurry = false;
    return q->waiting != NULL;
}

static void queue_ring(sn_queue *q)
{
    if (!q->rung && write(q->bell[1], "", 1) == 1)
        q->rung = true;
}

/* Note how an attempt went that began at start_ms. */
static void queue_settle(sn_queue *q, const sn_job *last, uint64_t start_ms, sennit_status st)
{
    bool failed = st != SENNIT_OK;

    if (failed) {
        q->pause_ms = q->pause_ms == 0 ? QUEUE_PAUSE_LEAST : 2 * q->pause_ms;
        if (q->pause_ms > QUEUE_PAUSE_MOST)
            q->pause_ms = QUEUE_PAUSE_MOST;
        q->due_ms = queue_now_ms() + q->pause_ms;
    } else {
        q->pause_ms = 0;
        q->due_ms = start_ms + q->is.group_ms;
        q->durable = last->ticket;
        q->waiting = last->next;
    }
    if (!failed || !q->failing)
        queue_ring(q);
    q->failing = failed;
    q->ended = q->begun;
    pthread_cond_broadcast(&q->done);
}

static void *queue_run(void *arg)
{
    sn_queue *q = arg;

    pthread_mutex_lock(&q->lock);
    q->due_ms = queue_now_ms() + q->is.group_ms;
    while (queue_wait(q)) {
        const sn_job *first = q->waiting, *last = q->last;
        bool stop = q->stop;
        sn_words why;

        q->begun++;
        pthread_mutex_unlock(&q->lock);
        sn_words_clear(&why);
        uint64_t start_ms = queue_now_ms();
        sennit_status st = q->is.write(q->is.self, first, last, &why);
        pthread_mutex_lock(&q->lock);
        if (st != SENNIT_OK)
            q->why = why;
        queue_settle(q, last, start_ms, st);
        if (stop && st != SENNIT_OK)
            break;
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

/* ---- starting and ending ---- */

static bool queue_open_bell(sn_queue *q)
{
    if (pipe(q->bell) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(q->bell[i], F_SETFL, O_NONBLOCK);
        fcntl(q->bell[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

/* The host's signals are for the host's threads. */
static bool queue_start_thread(sn_queue *q)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = pthread_create(&q->thread, NULL, queue_run, q) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void queue_init_lock(sn_queue *q)
{
    pthread_condattr_t clock;

    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->call, &clock);
    pthread_cond_init(&q->done, NULL);
    pthread_condattr_destroy(&clock);
}

static void queue_free_jobs(sn_queue *q, uint64_t upto)
{
    while (q->oldest != NULL && q->oldest->ticket <= upto) {
        sn_job *job = q->oldest;

        q->oldest = job->next;
        q->bytes -= job->size;
        sn_mem_free(q->is.mem, job, job->size);
    }
}

static void queue_release(sn_queue *q)
{
    for (int i = 0; i < 2; i++)
        if (q->bell[i] >= 0)
            close(q->bell[i]);
    queue_free_jobs(q, UINT64_MAX);
    pthread_cond_destroy(&q->call);
    pthread_cond_destroy(&q->done);
    pthread_mutex_destroy(&q->lock);
    sn_mem_free(q->is.mem, q, sizeof *q);
}

sennit_status sn_queue_new(const sn_queue_options *options, sn_queue **out)
{
    sn_queue *q = sn_mem_resize(options->mem, NULL, 0, sizeof *q);

    if (q == NULL)
        return SENNIT_ENOMEM;
    *q = (sn_queue){.is = *options, .bell = {-1, -1}, .ticket = options->ticket,
                    .durable = options->ticket};
    sn_words_clear(&q->why);
    queue_init_lock(q);
    if (!queue_open_bell(q) || !queue_start_thread(q)) {
        queue_release(q);
        return SENNIT_EIO;
    }
    *out = q;
    return SENNIT_OK;
}

void sn_queue_free(sn_queue *q)
{
    if (q == NULL)
        return;
    pthread_mutex_lock(&q->lock);
    q->stop = true;
    pthread_cond_signal(&q->call);
    pthread_mutex_unlock(&q->lock);
    pthread_join(q->thread, NULL);
    queue_release(q);
}

/* ---- the owner ---- */

/* A block that holds a job and all it points to. */
static sn_job *queue_copy(sn_queue *q, const sn_job *like)
{
    size_t name = strlen(like->name) + 1, key = strlen(like->key) + 1;
    size_t size = sizeof *like + name + key + like->len;
    sn_job *job = sn_mem_resize(q->is.mem, NULL, 0, size);

    if (job == NULL)
        return NULL;
    char *at = (char *)(job + 1);
    *job = *like;
    job->next = NULL;
    job->size = size;
    job->name = memcpy(at, like->name, name);
    job->key = memcpy(at + name, like->key, key);
    if (like->data != NULL)
        job->data = memcpy(at + name + key, like->data, like->len);
    return job;
}

sennit_status sn_queue_add(sn_queue *q, const sn_job *like, uint64_t *ticket)
{
    if (q->bytes >= q->is.limit) {
        sn_queue_reap(q);
        if (q->bytes >= q->is.limit)
            return SENNIT_ELIMIT;
    }
    sn_job *job = queue_copy(q, like);
    if (job == NULL)
        return SENNIT_ENOMEM;
    job->ticket = ++q->ticket;
    if (!job->aside)
        job->position = job->ticket;
    q->bytes += job->size;
    pthread_mutex_lock(&q->lock);
    if (q->oldest == NULL)
        q->oldest = job;
    else
        q->last->next = job;
    q->last = job;
    if (q->waiting == NULL) {
        q->waiting = job;
        pthread_cond_signal(&q->call);
    }
    pthread_mutex_unlock(&q->lock);
    *ticket = job->ticket;
    return SENNIT_OK;
}

uint64_t sn_queue_ticket(const sn_queue *q)
{
    return q->ticket;
}

uint64_t sn_queue_reap(sn_queue *q)
{
    pthread_mutex_lock(&q->lock);
    uint64_t durable = q->durable;
    pthread_mutex_unlock(&q->lock);
    queue_free_jobs(q, durable);
    return durable;
}

uint64_t sn_queue_durable(sn_queue *q)
{
    char rung;

    pthread_mutex_lock(&q->lock);
    if (q->rung && read(q->bell[0], &rung, 1) == 1)
        q->rung = false;
    pthread_mutex_unlock(&q->lock);
    return sn_queue_reap(q);
}

const sn_job *sn_queue_oldest(const sn_queue *q)
{
    return q->oldest;
}

sennit_status sn_queue_health(sn_queue *q, sn_words *words)
{
    pthread_mutex_lock(&q->lock);
    bool failing = q->failing;
    if (failing)
        *words = q->why;
    pthread_mutex_unlock(&q->lock);
    return failing ? SENNIT_EIO : SENNIT_OK;
}

sennit_status sn_queue_sync(sn_queue *q, sn_words *words)
{
    sennit_status st = SENNIT_OK;

    pthread_mutex_lock(&q->lock);
    uint64_t before = q->begun;
    while (q->durable < q->ticket && st == SENNIT_OK) {
        q->hurry = true;
        pthread_cond_signal(&q->call);
        pthread_cond_wait(&q->done, &q->lock);
        if (q->failing && q->ended > before)
            st = SENNIT_EIO;
    }
    q->hurry = false;
    if (st != SENNIT_OK)
        *words = q->why;
    pthread_mutex_unlock(&q->lock);
    return st;
}

int sn_queue_descriptor(const sn_queue *q)
{
    return q->bell[0];
}
