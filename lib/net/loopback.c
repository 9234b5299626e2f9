/* Two ends in one process, a virtual clock, and all that goes wrong between them.
 *
 *      end 0 --- out ---> (in flight, by due time) ---> in --- end 1
 *            <---- in <--- (in flight, by due time) <--- out ---
 *
 * What is in flight moves when something is asked, but not in `send` and `writable`:
 * frames sent in one go can overtake each other although no time passes. Events happen in the
 * order of their time, those of end 0 first, so that histories repeat.
 *
 *   P1  an end is `joined` while it is part of a connection that has not ended for
 *       it; both join at once, each leaves by itself
 *   P2  what arrives at an end that is not joined is dropped
 *   P3  once `dead`, nothing in flight moves until neither end is joined
 *
 * SplitMix64: Steele, Lea and Flood, OOPSLA 2014.
 */
#include <sennit/transport.h>

#include "base/mem.h"
#include "net/farewell.h"

#include <limits.h>

#define LOOPBACK_QUEUE 1024u
#define LOOPBACK_NEVER UINT64_MAX

typedef struct loopback_frame {
    struct loopback_frame *next;
    uint64_t due;
    size_t len;
    bool breaks; /* instead of arriving, it ends the connection */
    uint8_t data[];
} loopback_frame;

typedef struct loopback_line {
    loopback_frame *head, *tail;
    uint32_t n;
} loopback_line;

typedef struct loopback_end {
    sennit_transport table;
    struct sennit_loopback *pair;
    sennit_transport_state state;
    bool joined;
    bool leaving;           /* a farewell follows what is in flight */
    uint64_t leaves_at;
    uint64_t chance;        /* state of the generator; of what this end sends */
    loopback_line out, in;
    loopback_frame *held;   /* lent by `receive` */
    sn_farewell bye;        /* why it is closed */
    sn_farewell said;       /* what `leaving` will tell the other end */
} loopback_end;

struct sennit_loopback {
    sn_mem mem;
    sennit_faults faults;
    uint32_t max_queue;
    uint64_t now;
    uint64_t opens_at; /* both ends at once */
    bool dead;
    loopback_end end[2];
};

static loopback_end *loopback_other(const loopback_end *e)
{
    return &e->pair->end[e == &e->pair->end[0]];
}

/* ------------------------------------------------------------- Chance -- */

static uint64_t loopback_draw(loopback_end *e)
{
    uint64_t z = e->chance += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static bool loopback_happens(loopback_end *e, uint32_t of_65536)
{
    return (loopback_draw(e) & 0xffff) < of_65536;
}

static uint64_t loopback_delay(loopback_end *e)
{
    return loopback_draw(e) % ((uint64_t)e->pair->faults.delay_ms + 1);
}

/* -------------------------------------------------------------- Lines -- */

static void loopback_push(loopback_line *line, loopback_frame *frame)
{
    frame->next = NULL;
    if (line->tail != NULL)
        line->tail->next = frame;
    else
        line->head = frame;
    line->tail = frame;
    line->n++;
}

static loopback_frame *loopback_pop(loopback_line *line)
{
    loopback_frame *frame = line->head;

    if (frame == NULL)
        return NULL;
    line->head = frame->next;
    if (line->head == NULL)
        line->tail = NULL;
    line->n--;
    return frame;
}

/* Put the last frame in front of the one before it, due at the same time. */
static void loopback_overtake(loopback_line *line)
{
    loopback_frame **at = &line->head;

    if (line->n < 2)
        return;
    while ((*at)->next != line->tail)
        at = &(*at)->next;
    loopback_frame *before = *at, *last = line->tail;
    last->due = before->due;
    last->next = before;
    before->next = NULL;
    line->tail = before;
    *at = last;
}

static void loopback_drop(sn_mem *mem, loopback_frame *frame)
{
    if (frame != NULL)
        sn_mem_free(mem, frame, sizeof *frame + frame->len);
}

static void loopback_clear(sn_mem *mem, loopback_line *line)
{
    loopback_frame *frame;

    while ((frame = loopback_pop(line)) != NULL)
        loopback_drop(mem, frame);
}

/* ------------------------------------------------------------- Events -- */

/* The connection is over for this end. */
static void loopback_shut(loopback_end *e, int code, const char *reason)
{
    loopback_end *other = loopback_other(e);

    e->state = SENNIT_TRANSPORT_CLOSED;
    e->joined = false;
    sn_farewell_note(&e->bye, code, reason, strlen(reason));
    loopback_clear(&e->pair->mem, &other->out);
    other->leaving = false;
    if (!other->joined)
        e->pair->dead = false;
}

static void loopback_break(sennit_loopback *pair)
{
    for (int i = 0; i < 2; i++)
        if (pair->end[i].joined)
            loopback_shut(&pair->end[i], SN_CLOSE_BROKEN, "connection lost");
}

static void loopback_arrive(loopback_end *from)
{
    loopback_frame *frame = loopback_pop(&from->out);
    loopback_end *to = loopback_other(from);

    if (!frame->breaks && to->joined) {
        loopback_push(&to->in, frame);
        return;
    }
    if (frame->breaks)
        loopback_break(from->pair);
    loopback_drop(&from->pair->mem, frame);
}

/* When something happens next to what this end sent. */
static uint64_t loopback_next(const loopback_end *e)
{
    if (e->out.head != NULL)
        return e->out.head->due;
    return e->leaving ? e->leaves_at : LOOPBACK_NEVER;
}

/* A new connection: nothing of the old one is in flight. */
static void loopback_join(sennit_loopback *pair, uint64_t opens_at)
{
    pair->opens_at = opens_at;
    for (int i = 0; i < 2; i++) {
        loopback_clear(&pair->mem, &pair->end[i].out);
        pair->end[i].joined = true;
    }
}

static void loopback_open_both(sennit_loopback *pair)
{
    pair->opens_at = LOOPBACK_NEVER;
    for (int i = 0; i < 2; i++)
        if (pair->end[i].joined)
            pair->end[i].state = SENNIT_TRANSPORT_OPEN;
}

static uint64_t loopback_next_of_all(const sennit_loopback *pair)
{
    if (pair->dead)
        return LOOPBACK_NEVER;
    return sn_min_u64(pair->opens_at,
                      sn_min_u64(loopback_next(&pair->end[0]), loopback_next(&pair->end[1])));
}

/* Do the one thing that is due first. */
static void loopback_step(sennit_loopback *pair, uint64_t due)
{
    if (pair->opens_at == due) {
        loopback_open_both(pair);
        return;
    }
    loopback_end *e = &pair->end[loopback_next(&pair->end[0]) != due];
    if (e->out.head != NULL)
        loopback_arrive(e);
    else
        loopback_shut(loopback_other(e), e->said.code, e->said.reason);
}

static void loopback_advance(sennit_loopback *pair)
{
    uint64_t due;

    while ((due = loopback_next_of_all(pair)) <= pair->now && due != LOOPBACK_NEVER)
        loopback_step(pair, due);
}

/* ---------------------------------------------------------- Transport -- */

static sennit_status loopback_open(void *self)
{
    loopback_end *e = self, *other = loopback_other(e);

    loopback_advance(e->pair);
    if (e->state != SENNIT_TRANSPORT_CLOSED)
        return SENNIT_EINVAL;
    loopback_clear(&e->pair->mem, &e->in);
    e->bye.code = 0;
    e->state = SENNIT_TRANSPORT_OPENING;
    if (other->state == SENNIT_TRANSPORT_OPENING && !other->joined) {
        loopback_join(e->pair, e->pair->now + loopback_delay(e));
        loopback_advance(e->pair);
    }
    return SENNIT_OK;
}

static sennit_transport_state loopback_state(void *self)
{
    loopback_end *e = self;

    loopback_advance(e->pair);
    return e->state;
}

static bool loopback_full(const loopback_end *e)
{
    return e->out.n + loopback_other(e)->in.n >= e->pair->max_queue;
}

static int loopback_writable(void *self)
{
    const loopback_end *e = self;

    return e->state == SENNIT_TRANSPORT_OPEN && !loopback_full(e);
}

static loopback_frame *loopback_frame_of(sn_mem *mem, const void *data, size_t len)
{
    loopback_frame *frame = sn_mem_resize(mem, NULL, 0, sizeof *frame + len);

    if (frame == NULL)
        return NULL;
    frame->len = len;
    frame->breaks = false;
    if (len > 0)
        memcpy(frame->data, data, len);
    return frame;
}

/* Put a frame in flight, to arrive after some delay, and not before those ahead. */
static void loopback_launch(loopback_end *e, loopback_frame *frame)
{
    frame->due = e->pair->now + loopback_delay(e);
    loopback_push(&e->out, frame);
}

/* The same number of draws for each frame, so that one fault more or less leaves
 * the rest of a history as it was. */
static void loopback_let_fly(loopback_end *e, loopback_frame *frame, loopback_frame *twin)
{
    const sennit_faults *f = &e->pair->faults;

    frame->breaks = loopback_happens(e, f->lose);
    if (loopback_happens(e, f->half_open))
        e->pair->dead = true;
    loopback_launch(e, frame);
    if (loopback_happens(e, f->reorder))
        loopback_overtake(&e->out);
    if (twin != NULL)
        loopback_launch(e, twin);
    else
        loopback_draw(e);
}

static sennit_status loopback_send(void *self, const void *data, size_t len)
{
    loopback_end *e = self;
    sn_mem *mem = &e->pair->mem;
    loopback_frame *twin = NULL;

    if (e->state == SENNIT_TRANSPORT_CLOSED)
        return SENNIT_ECLOSED;
    if (len > SN_MAX_FRAME)
        return SENNIT_ELIMIT;
    if (!loopback_writable(e))
        return SENNIT_EBUSY;
    loopback_frame *frame = loopback_frame_of(mem, data, len);
    if (frame == NULL)
        return SENNIT_ENOMEM;
    if (loopback_happens(e, e->pair->faults.duplicate)) {
        twin = loopback_frame_of(mem, data, len);
        if (twin == NULL) {
            loopback_drop(mem, frame);
            return SENNIT_ENOMEM;
        }
    }
    loopback_let_fly(e, frame, twin);
    return SENNIT_OK;
}

static int loopback_receive(void *self, const void **data, size_t *len)
{
    loopback_end *e = self;

    loopback_advance(e->pair);
    loopback_drop(&e->pair->mem, e->held);
    e->held = loopback_pop(&e->in);
    if (e->held == NULL)
        return 0;
    *data = e->held->data;
    *len = e->held->len;
    return 1;
}

static void loopback_close(void *self, int code, const char *reason)
{
    loopback_end *e = self, *other = loopback_other(e);

    if (loopback_state(e) == SENNIT_TRANSPORT_CLOSED)
        return;
    bool told = e->joined && other->joined && !e->pair->dead;
    sn_farewell_say(&e->said, code, reason);
    loopback_shut(e, e->said.code, e->said.reason);
    e->leaving = told;
    e->leaves_at = e->pair->now + loopback_delay(e);
}

static int loopback_closed(void *self, const char **reason)
{
    loopback_end *e = self;

    loopback_advance(e->pair);
    if (reason != NULL)
        *reason = e->bye.code != 0 ? e->bye.reason : "";
    return e->bye.code;
}

static size_t loopback_polls(void *self, sennit_poll *out, size_t max)
{
    (void)self;
    (void)out;
    (void)max;
    return 0;
}

static int loopback_timeout(void *self)
{
    loopback_end *e = self;
    uint64_t due = loopback_next_of_all(e->pair);

    if (due == LOOPBACK_NEVER)
        return -1;
    return due <= e->pair->now ? 0 : (int)sn_min_u64(due - e->pair->now, INT_MAX);
}

static sennit_status loopback_service(void *self, const sennit_poll *polls, size_t n)
{
    (void)polls;
    (void)n;
    loopback_advance(((loopback_end *)self)->pair);
    return SENNIT_OK;
}

/* As if the process at this end died: in a connection that is not dead, the other
 * end notices. */
static void loopback_end_free(void *self)
{
    loopback_end *e = self;

    loopback_advance(e->pair);
    if (e->joined && !e->pair->dead)
        loopback_break(e->pair);
    else if (e->state != SENNIT_TRANSPORT_CLOSED)
        loopback_shut(e, SN_CLOSE_BROKEN, "connection lost");
}

/* --------------------------------------------------------------- Pair -- */

static void loopback_end_init(loopback_end *e, sennit_loopback *pair, uint64_t seed)
{
    e->table = (sennit_transport){
        sizeof e->table, e, loopback_open, loopback_state, loopback_send, loopback_writable,
        loopback_receive, loopback_close, loopback_closed, loopback_polls, loopback_timeout,
        loopback_service, loopback_end_free};
    e->pair = pair;
    e->chance = seed;
    e->chance = loopback_draw(e);
}

sennit_status sennit_loopback_new(const sennit_alloc *alloc, uint64_t seed,
                                  const sennit_faults *faults, uint32_t max_queue,
                                  sennit_loopback **out)
{
    sn_mem mem;

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    sn_mem_init(&mem, alloc);
    sennit_loopback *pair = sn_mem_resize(&mem, NULL, 0, sizeof *pair);
    if (pair == NULL)
        return SENNIT_ENOMEM;
    memset(pair, 0, sizeof *pair);
    pair->mem = mem;
    pair->max_queue = max_queue != 0 ? max_queue : LOOPBACK_QUEUE;
    pair->opens_at = LOOPBACK_NEVER;
    sennit_loopback_set_faults(pair, faults);
    for (int i = 0; i < 2; i++)
        loopback_end_init(&pair->end[i], pair, 2 * seed + (uint64_t)i);
    *out = pair;
    return SENNIT_OK;
}

sennit_transport *sennit_loopback_end(sennit_loopback *pair, int which)
{
    return &pair->end[which != 0].table;
}

void sennit_loopback_set_faults(sennit_loopback *pair, const sennit_faults *faults)
{
    pair->faults = faults != NULL ? *faults : (sennit_faults){0, 0, 0, 0, 0};
}

void sennit_loopback_set_time(sennit_loopback *pair, uint64_t now_ms)
{
    pair->now = sn_max_u64(pair->now, now_ms);
    loopback_advance(pair);
}

void sennit_loopback_free(sennit_loopback *pair)
{
    if (pair == NULL)
        return;
    sn_mem mem = pair->mem;
    for (int i = 0; i < 2; i++) {
        loopback_clear(&mem, &pair->end[i].out);
        loopback_clear(&mem, &pair->end[i].in);
        loopback_drop(&mem, pair->end[i].held);
    }
    sn_mem_free(&mem, pair, sizeof *pair);
}
