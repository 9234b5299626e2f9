/* The adapter that keeps: an SQLite file, and what waits to be written to it.
 *
 *      load, next  <----- reader ---- file ---- writer <--- thread
 *          ^                                                  ^
 *          '------------------- queue ------------------------'
 *                                 ^--- append, put, compact
 *
 * A load takes what is in the file up to a ticket that is durable, and what comes
 * after it from the queue, whether it was written meanwhile or not. So it waits for
 * no commit, and sees every record once.
 */
#include "base/sort.h"
#include "store/checksum.h"
#include "store/database.h"

#define SQLITE_GROUP_MS 10u
#define SQLITE_BUSY_MS 2000u
#define SQLITE_QUEUE_BYTES ((size_t)64 << 20)

typedef struct sqlite_storage {
    sennit_storage table;
    sn_mem mem;
    sn_database writer; /* the thread's, once the queue is there */
    sn_database reader;
    sn_queue *queue;
    sn_words reason;
    const sn_job **jobs; /* of a load: those of its document that wait, oldest first */
    size_t jobs_cap;
    uint32_t *order;     /* facts among them, by key, the newest of a key first */
    size_t order_cap;
} sqlite_storage;

/* ---- failures ---- */

static void sqlite_say(sqlite_storage *s, const char *why)
{
    sn_words_clear(&s->reason);
    sn_words_add(&s->reason, why);
}

/* What the reader reports: a file that is malformed is an I/O error to the world. */
static sennit_status sqlite_failed(sqlite_storage *s, sennit_status st)
{
    if (st == SENNIT_EIO || st == SENNIT_ECORRUPT) {
        sqlite_say(s, sn_sql_why(s->reader.sql));
        return SENNIT_EIO;
    }
    return st;
}

/* ---- writing ---- */

static sennit_status sqlite_write(void *self, const sn_job *first, const sn_job *last,
                                  sn_words *why)
{
    sqlite_storage *s = self;
    sennit_status st = sn_database_write(&s->writer, first, last);

    if (st != SENNIT_OK)
        sn_words_add(why, sn_sql_why(s->writer.sql));
    return st;
}

static sennit_status sqlite_append(void *self, const char *name, const void *data, size_t len,
                                   uint64_t *ticket)
{
    sqlite_storage *s = self;

    SN_TRY(sn_store_check_record(name, data, len));
    return sn_queue_add(s->queue, &(sn_job){.record = SENNIT_STORED_DELTA, .name = name, .key = "",
                                            .data = data, .len = len}, ticket);
}

static sennit_status sqlite_put(void *self, const char *name, const char *key, const void *data,
                                size_t len, uint64_t *ticket)
{
    sqlite_storage *s = self;

    SN_TRY(sn_store_check_fact(name, key, data, len));
    return sn_queue_add(s->queue, &(sn_job){.record = SENNIT_STORED_FACT, .name = name, .key = key,
                                            .data = data, .len = len}, ticket);
}

static sennit_status sqlite_compact(void *self, const char *name, uint64_t through,
                                    const void *data, size_t len, uint64_t *ticket)
{
    sqlite_storage *s = self;

    SN_TRY(sn_store_check_record(name, data, len));
    if (through > sn_queue_ticket(s->queue))
        return SENNIT_EINVAL;
    return sn_queue_add(s->queue, &(sn_job){.record = SENNIT_STORED_SNAPSHOT, .name = name,
                                            .key = "", .through = through, .data = data,
                                            .len = len}, ticket);
}

/* ---- loading ---- */

typedef struct loading {
    sqlite_storage *s;
    const char *name;
    sennit_each_record *each;
    void *arg;
    uint64_t upto;     /* later ones come from the queue */
    size_t jobs_len;
    uint32_t facts_len;
    uint32_t facts_at; /* facts in s->order handed out */
    sn_counted counted;
    sn_place base;     /* of the snapshot handed out; 0, 0: none */
    bool based;
    uint64_t deltas;   /* rows seen of those counted */
    uint64_t facts;
    uint64_t last;     /* position of the last delta handed out */
    sennit_status st;  /* of `each`, which may be any */
} loading;

/* Stop, for whoever loads said so. */
static sennit_status load_said(loading *l, sennit_status st)
{
    l->st = st;
    return st == SENNIT_OK ? SENNIT_OK : SENNIT_ECLOSED;
}

static sennit_status load_damage(loading *l, sennit_stored kind, uint64_t position, const char *why)
{
    return load_said(l, sn_store_damage(l->each, l->arg, kind, position, why));
}

/* Have a damaged row moved aside. If there is no room for that now, it is found
 * again by the next load. */
static void load_move(loading *l, const sn_row *row)
{
    uint64_t ticket;

    if (row->sum != NULL)
        (void)!sn_queue_add(l->s->queue, &(sn_job){.record = row->kind, .aside = true,
                                                   .position = row->position,
                                                   .through = row->through, .name = l->name,
                                                   .key = row->key, .data = row->sum,
                                                   .len = row->sum_len}, &ticket);
}

static sennit_status load_bad(loading *l, const sn_row *row, const char *why)
{
    load_move(l, row);
    return load_damage(l, row->kind, row->position, why);
}

/* Hand out a record; *taken: it was good. */
static sennit_status load_hand(loading *l, const sn_row *row, bool *taken)
{
    sennit_record record = {.kind = row->kind, .position = row->position, .data = row->data,
                            .len = row->len};

    *taken = false;
    if (!row->whole)
        return load_bad(l, row, row->sum != NULL ? "its checksum is wrong" : "the file is damaged");
    if (row->kind == SENNIT_STORED_FACT)
        record.key = row->key;
    sennit_status st = l->each(l->arg, &record);
    if (st == SENNIT_ECORRUPT)
        return load_bad(l, row, "its content is damaged");
    *taken = st == SENNIT_OK;
    return load_said(l, st);
}

/* A job as the row that it is going to be; without a checksum, for there is nothing
 * to move yet. */
static sn_row load_job(const sn_job *job)
{
    return (sn_row){.kind = job->record, .position = job->position, .through = job->through,
                    .name = job->name, .key = job->key, .data = job->data, .len = job->len,
                    .whole = true};
}

/* ---- what waits ---- */

static bool load_fact_less(const void *ctx, uint32_t a, uint32_t b)
{
    const sn_job *const *jobs = ctx;
    int order = strcmp(jobs[a]->key, jobs[b]->key);

    return order < 0 || (order == 0 && jobs[a]->ticket > jobs[b]->ticket);
}

/* Collect the jobs of the document that wait. */
static sennit_status load_gather(loading *l)
{
    sqlite_storage *s = l->s;

    for (const sn_job *job = sn_queue_oldest(s->queue); job != NULL; job = job->next) {
        if (job->aside || strcmp(job->name, l->name) != 0)
            continue;
        SN_TRY(sn_mem_grow(&s->mem, (void **)&s->jobs, &s->jobs_cap, l->jobs_len + 1,
                           sizeof *s->jobs));
        SN_TRY(sn_mem_grow(&s->mem, (void **)&s->order, &s->order_cap, l->jobs_len + 1,
                           sizeof *s->order));
        if (job->record == SENNIT_STORED_FACT)
            s->order[l->facts_len++] = (uint32_t)l->jobs_len;
        s->jobs[l->jobs_len++] = job;
    }
    sn_sort_indices(s->order, l->facts_len, load_fact_less, s->jobs);
    return SENNIT_OK;
}

static bool load_before(sn_place a, sn_place b)
{
    return a.through < b.through || (a.through == b.through && a.position < b.position);
}

/* The newest waiting snapshot before a place, or NULL. */
static const sn_job *load_waiting(const loading *l, sn_place before)
{
    const sn_job *best = NULL;

    for (size_t i = 0; i < l->jobs_len; i++) {
        const sn_job *job = l->s->jobs[i];
        sn_place place = {job->through, job->position};

        if (job->record == SENNIT_STORED_SNAPSHOT && load_before(place, before) &&
            (best == NULL || !load_before(place, (sn_place){best->through, best->position})))
            best = job;
    }
    return best;
}

/* ---- snapshots ---- */

/* The next older one in the file. Those that were waiting are taken from there. */
static sennit_status load_older(loading *l, sn_place *place, bool *found)
{
    sennit_status st;

    do
        st = sn_database_older(&l->s->reader, l->name, place);
    while (st == SENNIT_OK && place->position > l->upto);
    *found = st == SENNIT_OK;
    return st == SENNIT_EGONE ? SENNIT_OK : st;
}

/* Hand out the newest snapshot that is good. */
static sennit_status load_snapshot(loading *l)
{
    sn_place place = SN_PLACE_END, before = SN_PLACE_END;
    bool found;

    SN_TRY(load_older(l, &place, &found));
    if (l->counted.snapshot != 0 && l->counted.snapshot <= l->upto &&
        !(found && place.position == l->counted.snapshot))
        SN_TRY(load_damage(l, SENNIT_STORED_SNAPSHOT, l->counted.snapshot, "it is missing"));
    for (;;) {
        const sn_job *job = load_waiting(l, before);
        bool waits = job != NULL &&
                     (!found || load_before(place, (sn_place){job->through, job->position}));
        sn_row row;

        if (!waits && !found)
            return SENNIT_OK;
        if (waits)
            row = load_job(job);
        else
            SN_TRY(sn_database_snapshot(&l->s->reader, l->name, &place, &row));
        before = (sn_place){row.through, row.position};
        SN_TRY(load_hand(l, &row, &l->based));
        if (l->based) {
            l->base = before;
            return SENNIT_OK;
        }
        if (!waits)
            SN_TRY(load_older(l, &place, &found));
    }
}

/* ---- deltas ---- */

static sennit_status load_delta(void *arg, const sn_row *row)
{
    loading *l = arg;
    bool taken;

    l->deltas += row->position > l->counted.through || !row->whole;
    if (row->whole && row->position > l->upto)
        return SENNIT_OK; /* written just now: it comes from the queue */
    SN_TRY(load_hand(l, row, &taken));
    if (taken)
        l->last = row->position;
    return SENNIT_OK;
}

static sennit_status load_deltas(loading *l)
{
    sennit_status st = sn_database_deltas(&l->s->reader, l->name, l->base.through, load_delta, l);
    bool taken;

    if (st == SENNIT_ECORRUPT) /* what is behind cannot even be counted */
        st = load_damage(l, SENNIT_STORED_DELTA, l->last, "behind it the file is damaged");
    else if (st == SENNIT_EGONE)
        st = SENNIT_OK;
    SN_TRY(st);
    if (l->base.position <= l->upto && l->deltas != l->counted.deltas)
        SN_TRY(load_damage(l, SENNIT_STORED_DELTA, l->last, "others around it are missing"));
    for (size_t i = 0; i < l->jobs_len; i++) {
        const sn_job *job = l->s->jobs[i];

        if (job->record == SENNIT_STORED_DELTA && job->position > l->base.through) {
            sn_row row = load_job(job);

            SN_TRY(load_hand(l, &row, &taken));
        }
    }
    return SENNIT_OK;
}

/* ---- facts ---- */

/* Hand out waiting facts with keys up to one (NULL: all); *same: that one is among
 * them, so what the file has under it is out of date. */
static sennit_status load_waiting_facts(loading *l, const char *key, bool *same)
{
    const sqlite_storage *s = l->s;

    *same = false;
    while (l->facts_at < l->facts_len) {
        const sn_job *job = s->jobs[s->order[l->facts_at]];
        int order = key != NULL ? strcmp(job->key, key) : -1;
        bool taken;

        if (order > 0)
            break;
        *same = *same || order == 0;
        do /* older ones of this key do not count */
            l->facts_at++;
        while (l->facts_at < l->facts_len &&
               strcmp(s->jobs[s->order[l->facts_at]]->key, job->key) == 0);
        if (job->data != NULL) {
            sn_row row = load_job(job);

            SN_TRY(load_hand(l, &row, &taken));
        }
    }
    return SENNIT_OK;
}

static sennit_status load_fact(void *arg, const sn_row *row)
{
    loading *l = arg;
    bool same, taken;

    l->facts++;
    SN_TRY(load_waiting_facts(l, row->key, &same));
    return same ? SENNIT_OK : load_hand(l, row, &taken);
}

static sennit_status load_facts(loading *l)
{
    bool same;

    SN_TRY(sn_database_facts(&l->s->reader, l->name, load_fact, l));
    if (l->facts != l->counted.facts)
        SN_TRY(load_damage(l, SENNIT_STORED_FACT, 0, "one is missing"));
    return load_waiting_facts(l, NULL, &same);
}

/* ---- all of it ---- */

static sennit_status load_aside(void *arg, const sn_row *row)
{
    return load_damage(arg, row->kind, row->position, "it was damaged, and is kept aside");
}

static sennit_status load_all(loading *l)
{
    sn_database *db = &l->s->reader;

    SN_TRY(sn_database_begin(db));
    SN_TRY(sn_database_count(db, l->name, &l->counted));
    SN_TRY(load_snapshot(l));
    SN_TRY(load_deltas(l));
    SN_TRY(load_facts(l));
    return sn_database_aside(db, l->name, l->based ? &l->base : NULL, load_aside, l);
}

static sennit_status sqlite_load(void *self, const char *name, sennit_each_record *each, void *arg)
{
    sqlite_storage *s = self;
    loading l = {.s = s, .name = name, .each = each, .arg = arg};

    SN_TRY(sn_store_check_name(name, true));
    if (each == NULL)
        return SENNIT_EINVAL;
    l.upto = sn_queue_reap(s->queue);
    SN_TRY(load_gather(&l));
    sennit_status st = load_all(&l);
    sn_database_end(&s->reader);
    return l.st != SENNIT_OK ? l.st : sqlite_failed(s, st);
}

/* ---- names ---- */

/* The least name after one among what waits, if it is less than *least (NULL: any
 * is). */
static void sqlite_waiting_name(const sqlite_storage *s, const char *after, const char **least)
{
    for (const sn_job *job = sn_queue_oldest(s->queue); job != NULL; job = job->next)
        if (job->data != NULL && !job->aside && strcmp(job->name, after) > 0 &&
            (*least == NULL || strcmp(job->name, *least) < 0))
            *least = job->name;
}

static sennit_status sqlite_next(void *self, const char *after, char *name)
{
    sqlite_storage *s = self;
    char found[SENNIT_NAME_MAX + 1];
    const char *least = NULL;

    SN_TRY(sn_store_check_name(after, true));
    sn_queue_reap(s->queue);
    sennit_status st = sn_database_next(&s->reader, after, found);
    if (st == SENNIT_OK)
        least = found;
    else if (st != SENNIT_EGONE)
        return sqlite_failed(s, st);
    sqlite_waiting_name(s, after, &least);
    if (least == NULL)
        return SENNIT_EGONE;
    memcpy(name, least, strlen(least) + 1);
    return SENNIT_OK;
}

/* ---- the rest ---- */

static uint64_t sqlite_durable(void *self)
{
    return sn_queue_durable(((sqlite_storage *)self)->queue);
}

static sennit_status sqlite_health(void *self)
{
    sqlite_storage *s = self;

    return sn_queue_health(s->queue, &s->reason);
}

static sennit_status sqlite_sync(void *self)
{
    sqlite_storage *s = self;

    return sn_queue_sync(s->queue, &s->reason);
}

static int sqlite_descriptor(void *self)
{
    return sn_queue_descriptor(((sqlite_storage *)self)->queue);
}

static const char *sqlite_reason(void *self)
{
    return ((sqlite_storage *)self)->reason.text;
}

static void sqlite_close(void *self)
{
    sqlite_storage *s = self;
    sn_mem mem = s->mem;

    sn_queue_free(s->queue);
    sn_database_close(&s->reader);
    sn_database_close(&s->writer);
    sn_mem_free(&mem, s->jobs, s->jobs_cap * sizeof *s->jobs);
    sn_mem_free(&mem, s->order, s->order_cap * sizeof *s->order);
    sn_mem_free(&mem, s, sizeof *s);
}

/* ---- opening ---- */

static sennit_status sqlite_start(sqlite_storage *s, const char *path,
                                  const sennit_sqlite_options *o, sennit_error *err)
{
    sn_sql_options file = {&s->mem, path, o->vfs, o->busy_ms != 0 ? o->busy_ms : SQLITE_BUSY_MS};
    sn_queue_options queue = {.mem = &s->mem, .write = sqlite_write, .self = s,
                              .group_ms = o->group_ms != 0 ? o->group_ms : SQLITE_GROUP_MS,
                              .limit = o->queue_bytes != 0 ? o->queue_bytes : SQLITE_QUEUE_BYTES};

    if (sn_checksum_start() != SENNIT_OK)
        return sn_fail(err, SENNIT_EIO, 0, "libsodium does not start");
    SN_TRY(sn_database_open(&s->writer, &file, err));
    SN_TRY(sn_database_open(&s->reader, &file, err));
    sennit_status st = sn_database_ticket(&s->writer, &queue.ticket);
    if (st != SENNIT_OK)
        return sn_fail(err, st == SENNIT_ENOMEM ? st : SENNIT_EIO, 0, sn_sql_text(s->writer.sql));
    st = sn_queue_new(&queue, &s->queue);
    return st == SENNIT_OK ? st : sn_fail(err, st, 0, "a thread cannot be started");
}

sennit_status sennit_storage_sqlite(const char *path, const sennit_sqlite_options *options,
                                    sennit_storage **out, sennit_error *err)
{
    sennit_sqlite_options o = {.size = sizeof o};
    sqlite_storage *s;
    sn_mem mem;

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    if (path == NULL || (options != NULL && options->size < sizeof options->size))
        return sn_fail(err, SENNIT_EINVAL, 0, "no path, or options without their size");
    if (options != NULL)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    sn_mem_init(&mem, o.alloc);
    s = sn_mem_resize(&mem, NULL, 0, sizeof *s);
    if (s == NULL)
        return sn_fail(err, SENNIT_ENOMEM, 0, "out of memory");
    *s = (sqlite_storage){.mem = mem};
    s->table = (sennit_storage){
        sizeof s->table, s, sqlite_load, sqlite_append, sqlite_put, sqlite_compact, sqlite_next,
        sqlite_durable, sqlite_health, sqlite_sync, sqlite_descriptor, sqlite_reason, sqlite_close};
    sn_words_clear(&s->reason);
    sennit_status st = sqlite_start(s, path, &o, err);
    if (st != SENNIT_OK) {
        sqlite_close(s);
        return st;
    }
    *out = &s->table;
    return SENNIT_OK;
}
