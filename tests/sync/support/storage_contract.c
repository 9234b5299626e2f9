#include "sync/support/storage_contract.h"

#include "support/cm.h"
#include "support/doc.h"
#include "support/failmem.h"
#include "support/require.h"
#include "support/seeds.h"

#include <string.h>

/* ---- short forms ---- */

typedef struct dumping {
    sennit_buf *out;
    uint64_t last; /* position of a delta */
} dumping;

static sennit_status dump_record(void *arg, const sennit_record *record)
{
    dumping *d = arg;
    char head[2] = {"SDF!"[record->kind], "SDF"[record->damaged]};
    bool damage = record->kind == SENNIT_STORED_DAMAGE;

    if (record->kind == SENNIT_STORED_DELTA) {
        require(record->position > d->last);
        d->last = record->position;
    }
    buf_add(d->out, head, damage ? 2 : 1);
    if (record->kind == SENNIT_STORED_FACT)
        buf_add(d->out, record->key, strlen(record->key));
    if (!damage) {
        buf_add(d->out, "=", 1);
        buf_add(d->out, record->data, record->len);
    }
    buf_add(d->out, "\n", 1);
    return SENNIT_OK;
}

sennit_status storage_dump(sennit_storage *storage, const char *name, sennit_buf *out)
{
    dumping d = {.out = out};

    out->len = 0;
    return storage->load(storage->self, name, dump_record, &d);
}

bool storage_holds(sennit_storage *storage, const char *name, const char *dump)
{
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    sennit_status st = storage_dump(storage, name, &buf);
    bool same = st == SENNIT_OK && buf_is(&buf, dump, strlen(dump));
    if (!same)
        fprintf(stderr, "load: %s\nholds:\n%.*swanted:\n%s", sennit_status_text(st), (int)buf.len,
                (char *)buf.data, dump);
    sennit_buf_clear(&buf);
    return same;
}

uint64_t storage_append(sennit_storage *s, const char *name, const char *text)
{
    uint64_t ticket = 0;

    require(s->append(s->self, name, text, strlen(text), &ticket) == SENNIT_OK);
    return ticket;
}

uint64_t storage_put(sennit_storage *s, const char *name, const char *key, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    uint64_t ticket = 0;

    require(s->put(s->self, name, key, text, len, &ticket) == SENNIT_OK);
    return ticket;
}

uint64_t storage_compact(sennit_storage *s, const char *name, uint64_t through, const char *text)
{
    uint64_t ticket = 0;

    require(s->compact(s->self, name, through, text, strlen(text), &ticket) == SENNIT_OK);
    return ticket;
}

void storage_sync(sennit_storage *s)
{
    require(s->sync(s->self) == SENNIT_OK);
}

/* ---- a test's storage ---- */

typedef struct world {
    const storage_kind *kind;
    failmem mem;
    sennit_alloc alloc;
    sennit_storage *s;
} world;

static const storage_kind *running; /* cmocka's own state is taken by the world */

static int world_open(void **state)
{
    world *w = calloc(1, sizeof *w);

    require(w != NULL);
    w->kind = running;
    w->alloc = failmem_at(&w->mem, 0);
    w->kind->clear();
    assert_ok(w->kind->open(&w->alloc, &w->s));
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    world *w = *state;

    sennit_storage_close(w->s);
    assert_int_equal(w->mem.live, 0);
    assert_int_equal(w->mem.blocks, 0);
    w->kind->clear();
    free(w);
    return 0;
}

/* Close and open again, if it keeps things; at any rate make them durable. */
static void world_turn(world *w, bool sync_first)
{
    if (sync_first || !w->kind->keeps)
        storage_sync(w->s);
    if (w->kind->keeps) {
        sennit_storage_close(w->s);
        assert_ok(w->kind->open(&w->alloc, &w->s));
    }
}

/* What is so while it waits is so when it is durable, and when it is opened again. */
#define assert_holds(w, name, dump)                    \
    do {                                               \
        assert_true(storage_holds(w->s, name, dump));  \
        storage_sync(w->s);                            \
        assert_true(storage_holds(w->s, name, dump));  \
        world_turn(w, true);                           \
        assert_true(storage_holds(w->s, name, dump));  \
    } while (0)

/* ---- deltas and tickets ---- */

static void a_name_never_written_has_nothing(void **state)
{
    world *w = *state;

    assert_holds(w, "never", "");
    storage_append(w->s, "other", "x");
    assert_holds(w, "never", "");
}

static void deltas_come_back_in_order(void **state)
{
    world *w = *state;

    storage_append(w->s, "a", "one");
    storage_append(w->s, "b", "other");
    storage_append(w->s, "a", "two");
    assert_holds(w, "a", "D=one\nD=two\n");
    storage_append(w->s, "a", "three");
    assert_holds(w, "a", "D=one\nD=two\nD=three\n");
    assert_holds(w, "b", "D=other\n");
}

static void tickets_ascend_and_go_on_after_closing(void **state)
{
    world *w = *state;
    uint64_t last = 0;

    for (int i = 0; i < 5; i++) {
        uint64_t tickets[] = {storage_append(w->s, "a", "x"), storage_put(w->s, "a", "k", "v"),
                              storage_compact(w->s, "a", last, "s")};

        for (int k = 0; k < 3; k++) {
            assert_true(tickets[k] > last);
            last = tickets[k];
        }
        assert_true(w->s->durable(w->s->self) <= last);
        storage_sync(w->s);
        assert_int_equal(w->s->durable(w->s->self), last);
        world_turn(w, true);
        if (w->kind->keeps)
            assert_int_equal(w->s->durable(w->s->self), last);
    }
}

static sennit_status note_position(void *arg, const sennit_record *record)
{
    *(uint64_t *)arg = record->position;
    return SENNIT_OK;
}

static void a_position_is_the_ticket_of_the_record(void **state)
{
    world *w = *state;
    uint64_t position = 0, ticket = storage_append(w->s, "a", "x");

    assert_ok(w->s->load(w->s->self, "a", note_position, &position));
    assert_int_equal(position, ticket);
    storage_sync(w->s);
    assert_ok(w->s->load(w->s->self, "a", note_position, &position));
    assert_int_equal(position, ticket);
}

static void any_bytes_of_any_length_come_back(void **state)
{
    world *w = *state;
    sennit_buf data, got;
    uint64_t ticket;
    rng r = rng_seed(5);

    sennit_buf_init(&data, NULL);
    sennit_buf_init(&got, NULL);
    for (size_t len = 1; len < 300000; len = len * 7 + 3) {
        data.len = 0;
        for (size_t i = 0; i < len; i++)
            buf_add(&data, &(char){(char)rng_next(&r)}, 1);
        assert_ok(w->s->compact(w->s->self, "a", 0, data.data, data.len, &ticket));
        for (int i = 0; i < 2; i++) {
            assert_ok(storage_dump(w->s, "a", &got));
            assert_int_equal(got.len, len + 3); /* S= and a newline */
            assert_memory_equal(got.data + 2, data.data, len);
            storage_sync(w->s);
        }
    }
    sennit_buf_clear(&data);
    sennit_buf_clear(&got);
}

/* ---- facts ---- */

static void facts_are_replaced_and_forgotten_and_come_by_key(void **state)
{
    world *w = *state;

    storage_put(w->s, "a", "z", "1");
    storage_put(w->s, "a", "b", "2");
    storage_put(w->s, "b", "b", "of b");
    storage_put(w->s, "a", "m", "");
    assert_holds(w, "a", "Fb=2\nFm=\nFz=1\n");
    storage_put(w->s, "a", "b", "two");
    storage_put(w->s, "a", "aa", "3");
    storage_put(w->s, "a", "m", NULL);
    storage_put(w->s, "a", "never", NULL);
    assert_holds(w, "a", "Faa=3\nFb=two\nFz=1\n");
    storage_put(w->s, "a", "aa", NULL);
    storage_put(w->s, "a", "aa", "again");
    storage_put(w->s, "a", "b", NULL);
    storage_put(w->s, "a", "z", "1");
    storage_put(w->s, "a", "z", "2");
    assert_holds(w, "a", "Faa=again\nFz=2\n");
    assert_holds(w, "b", "Fb=of b\n");
}

static void the_storage_itself_has_facts_and_nothing_else(void **state)
{
    world *w = *state;
    char name[SENNIT_NAME_MAX + 1];
    uint64_t ticket;

    storage_put(w->s, "", "incarnation", "1");
    assert_holds(w, "", "Fincarnation=1\n");
    assert_int_equal(w->s->append(w->s->self, "", "x", 1, &ticket), SENNIT_EINVAL);
    assert_int_equal(w->s->compact(w->s->self, "", 0, "x", 1, &ticket), SENNIT_EINVAL);
    assert_int_equal(w->s->next(w->s->self, "", name), SENNIT_EGONE);
}

/* ---- snapshots ---- */

static void a_snapshot_takes_the_place_of_deltas(void **state)
{
    world *w = *state;

    storage_append(w->s, "a", "1");
    uint64_t through = storage_append(w->s, "a", "2");
    storage_append(w->s, "a", "3");
    storage_put(w->s, "a", "k", "v");
    storage_compact(w->s, "a", through, "12");
    assert_holds(w, "a", "S=12\nD=3\nFk=v\n");
    through = storage_append(w->s, "a", "4");
    storage_compact(w->s, "a", through, "1234");
    assert_holds(w, "a", "S=1234\nFk=v\n");
    storage_append(w->s, "a", "5");
    assert_holds(w, "a", "S=1234\nD=5\nFk=v\n");
}

static void a_document_may_begin_with_a_snapshot(void **state)
{
    world *w = *state;

    storage_compact(w->s, "a", 0, "seed");
    storage_append(w->s, "a", "1");
    assert_holds(w, "a", "S=seed\nD=1\n");
}

static void a_snapshot_that_reaches_less_far_does_not_count(void **state)
{
    world *w = *state;
    uint64_t one = storage_append(w->s, "a", "1"), two = storage_append(w->s, "a", "2");

    storage_append(w->s, "a", "3");
    storage_compact(w->s, "a", two, "12");
    storage_compact(w->s, "a", one, "1");
    assert_holds(w, "a", "S=12\nD=3\n");
    storage_compact(w->s, "a", one, "one");
    storage_compact(w->s, "a", 0, "zero");
    assert_holds(w, "a", "S=12\nD=3\n");
}

/* ---- what may not be ---- */

static void names_are_checked(void **state)
{
    static const char *const good[] = {"a", "A-Z_.9", "..."};
    static const char *const bad[] = {"", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n"};
    world *w = *state;
    char longest[SENNIT_NAME_MAX + 2];
    uint64_t ticket;

    memset(longest, 'n', sizeof longest);
    longest[SENNIT_NAME_MAX] = '\0';
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        storage_append(w->s, good[i], "x");
    storage_append(w->s, longest, "x");
    assert_holds(w, longest, "D=x\n");
    longest[SENNIT_NAME_MAX] = 'n';
    assert_false(sennit_name_valid(longest, sizeof longest));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(sennit_name_valid(bad[i], strlen(bad[i])));
        assert_int_equal(w->s->append(w->s->self, bad[i], "x", 1, &ticket), SENNIT_EINVAL);
        assert_int_equal(w->s->compact(w->s->self, bad[i], 0, "x", 1, &ticket), SENNIT_EINVAL);
        if (bad[i][0] != '\0')
            assert_int_equal(w->s->put(w->s->self, bad[i], "k", "x", 1, &ticket), SENNIT_EINVAL);
    }
}

static void what_is_no_record_is_refused(void **state)
{
    world *w = *state;
    char key[SENNIT_FACT_KEY_MAX + 2], value[SENNIT_FACT_MAX + 1];
    uint64_t ticket = 0;
    sennit_storage *s = w->s;

    memset(key, 'k', sizeof key);
    memset(value, 'v', sizeof value);
    key[SENNIT_FACT_KEY_MAX] = '\0';
    assert_ok(s->put(s->self, "a", key, value, SENNIT_FACT_MAX, &ticket));
    assert_int_equal(s->put(s->self, "a", "k", value, SENNIT_FACT_MAX + 1, &ticket), SENNIT_ELIMIT);
    key[SENNIT_FACT_KEY_MAX] = 'k';
    key[SENNIT_FACT_KEY_MAX + 1] = '\0';
    assert_int_equal(s->put(s->self, "a", key, value, 1, &ticket), SENNIT_ELIMIT);
    assert_int_equal(s->put(s->self, "a", "", value, 1, &ticket), SENNIT_EINVAL);
    assert_int_equal(s->put(s->self, "a", "k", NULL, 1, &ticket), SENNIT_EINVAL);
    assert_int_equal(s->append(s->self, "a", "", 0, &ticket), SENNIT_EINVAL);
    assert_int_equal(s->append(s->self, "a", NULL, 1, &ticket), SENNIT_EINVAL);
    assert_int_equal(s->append(s->self, "a", "x", SENNIT_RECORD_MAX + 1, &ticket), SENNIT_ELIMIT);
    assert_int_equal(s->compact(s->self, "a", ticket + 1, "x", 1, &ticket), SENNIT_EINVAL);
    assert_int_equal(s->load(s->self, "a", NULL, NULL), SENNIT_EINVAL);
    assert_int_equal(storage_append(s, "a", "x"), ticket + 1);
}

static sennit_status stop_at_two(void *arg, const sennit_record *record)
{
    (void)record;
    return ++*(int *)arg == 2 ? SENNIT_EGONE : SENNIT_OK;
}

static void a_load_stops_where_it_is_told(void **state)
{
    world *w = *state;

    for (int durable = 0; durable < 2; durable++) {
        int seen = 0;

        for (int i = 0; i < 3; i++)
            storage_append(w->s, "a", "x");
        assert_int_equal(w->s->load(w->s->self, "a", stop_at_two, &seen), SENNIT_EGONE);
        assert_int_equal(seen, 2);
        storage_sync(w->s);
    }
}

/* ---- damage ---- */

typedef struct refusing {
    dumping d;
    const char *bad;
} refusing;

static sennit_status refuse_record(void *arg, const sennit_record *record)
{
    refusing *r = arg;

    if (record->kind != SENNIT_STORED_DAMAGE)
        for (const char *at = r->bad; *at != '\0'; at++)
            if (strncmp(at, record->data, record->len) == 0)
                return SENNIT_ECORRUPT;
    return dump_record(&r->d, record);
}

/* Load, finding every record damaged that reads like part of `bad`. */
static bool holds_without(sennit_storage *s, const char *bad, const char *dump)
{
    refusing r = {.bad = bad};
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    r.d.out = &buf;
    sennit_status st = s->load(s->self, "a", refuse_record, &r);
    bool same = st == SENNIT_OK && buf_is(&buf, dump, strlen(dump));
    if (!same)
        fprintf(stderr, "load: %s\nholds:\n%.*swanted:\n%s", sennit_status_text(st), (int)buf.len,
                (char *)buf.data, dump);
    sennit_buf_clear(&buf);
    return same;
}

static void refused_records_are_damage_and_the_rest_goes_on(void **state)
{
    world *w = *state;

    storage_append(w->s, "a", "one");
    storage_append(w->s, "a", "two");
    storage_append(w->s, "a", "three");
    storage_put(w->s, "a", "k", "value");
    storage_put(w->s, "a", "l", "another");
    for (int durable = 0; durable < 2; durable++) {
        assert_true(holds_without(w->s, "two, value", "D=one\n!D\nD=three\n!F\nFl=another\n"));
        storage_sync(w->s);
    }
}

static void a_refused_snapshot_gives_way_to_the_one_before(void **state)
{
    world *w = *state;

    uint64_t one = storage_append(w->s, "a", "one"), two = storage_append(w->s, "a", "two");
    storage_compact(w->s, "a", one, "first");
    storage_compact(w->s, "a", two, "second");
    storage_append(w->s, "a", "three");
    assert_true(storage_holds(w->s, "a", "S=second\nD=three\n"));
    assert_true(holds_without(w->s, "second", "!S\nS=first\nD=two\nD=three\n"));
    storage_sync(w->s);
    assert_true(holds_without(w->s, "second", "!S\nS=first\nD=two\nD=three\n"));
}

static void the_one_before_stays_and_what_is_older_goes(void **state)
{
    world *w = *state;

    for (int i = 0; i < 4; i++) {
        char text[2] = {(char)('a' + i), '\0'};
        uint64_t through = storage_append(w->s, "a", text);

        text[0] = (char)('A' + i);
        storage_compact(w->s, "a", through, text);
        if (i % 2)
            storage_sync(w->s);
    }
    assert_true(holds_without(w->s, "D", "!S\nS=C\nD=d\n"));
}

/* ---- names ---- */

static void names_come_in_order(void **state)
{
    static const char *const names[] = {"B", "a", "a.b", "ab", "b", "c"};
    world *w = *state;
    char name[SENNIT_NAME_MAX + 1] = "";

    storage_append(w->s, "ab", "x");
    storage_put(w->s, "a", "k", "v");
    storage_put(w->s, "", "k", "v");
    storage_sync(w->s);
    storage_compact(w->s, "B", 0, "x");
    storage_append(w->s, "c", "x");
    storage_append(w->s, "ab", "x");
    storage_append(w->s, "b", "x");
    storage_append(w->s, "a.b", "x");
    for (int durable = 0; durable < 2; durable++) {
        name[0] = '\0';
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            assert_ok(w->s->next(w->s->self, name, name));
            assert_string_equal(name, names[i]);
        }
        assert_int_equal(w->s->next(w->s->self, name, name), SENNIT_EGONE);
        world_turn(w, true);
    }
    assert_ok(w->s->next(w->s->self, "aa", name));
    assert_string_equal(name, "ab");
}

/* ---- durability ---- */

static void closing_makes_durable_what_waits(void **state)
{
    world *w = *state;

    if (!w->kind->keeps)
        return;
    for (int i = 0; i < 100; i++)
        storage_append(w->s, "a", "x");
    storage_put(w->s, "a", "k", "v");
    world_turn(w, false);
    storage_compact(w->s, "a", w->s->durable(w->s->self), "s");
    world_turn(w, false);
    assert_true(storage_holds(w->s, "a", "S=s\nFk=v\n"));
}

static void it_is_well_and_has_nothing_to_say(void **state)
{
    world *w = *state;

    storage_append(w->s, "a", "x");
    assert_ok(w->s->health(w->s->self));
    assert_ok(w->s->sync(w->s->self));
    assert_ok(w->s->sync(w->s->self));
    assert_string_equal(w->s->reason(w->s->self), "");
}

/* ---- memory ---- */

typedef sennit_status oom_call(world *w, uint64_t *ticket);

static sennit_status oom_append(world *w, uint64_t *ticket)
{
    return w->s->append(w->s->self, "new", "x", 1, ticket);
}

static sennit_status oom_put(world *w, uint64_t *ticket)
{
    return w->s->put(w->s->self, "new", "key", "x", 1, ticket);
}

static sennit_status oom_change(world *w, uint64_t *ticket)
{
    return w->s->put(w->s->self, "a", "k", "changed", 7, ticket);
}

static sennit_status oom_compact(world *w, uint64_t *ticket)
{
    return w->s->compact(w->s->self, "a", 1, "x", 1, ticket);
}

static sennit_status oom_load(world *w, uint64_t *ticket)
{
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    sennit_status st = storage_dump(w->s, "a", &buf);
    if (st == SENNIT_OK)
        require(buf_is(&buf, "D=1\nD=2\nFk=v\n", 13));
    sennit_buf_clear(&buf);
    *ticket = 0;
    return st;
}

static sennit_status oom_open(world *w, uint64_t *ticket)
{
    sennit_storage_close(w->s);
    w->s = NULL;
    *ticket = 0;
    return w->kind->open(&w->alloc, &w->s);
}

static void without_memory_nothing_happens_and_later_it_works(void **state)
{
    static oom_call *const calls[] = {oom_append, oom_put, oom_change, oom_compact, oom_load,
                                      oom_open};
    world *w = *state;

    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        bool failed = true;

        for (size_t n = 1; failed; n++) {
            uint64_t ticket = 0, before;
            sennit_buf dump;

            sennit_storage_close(w->s);
            w->kind->clear();
            assert_ok(w->kind->open(&w->alloc, &w->s));
            storage_append(w->s, "a", "1");
            storage_append(w->s, "a", "2");
            before = storage_put(w->s, "a", "k", "v");
            if (calls[c] == oom_open)
                storage_sync(w->s);
            w->mem.calls = 0;
            w->mem.fired = false;
            w->mem.fail_at = n;
            sennit_status st = calls[c](w, &ticket);
            failed = w->mem.fired;
            w->mem.fail_at = 0;
            assert_int_equal(st, failed ? SENNIT_ENOMEM : SENNIT_OK);
            if (!failed)
                break;
            if (w->s == NULL) {
                assert_ok(w->kind->open(&w->alloc, &w->s));
                continue;
            }
            assert_int_equal(ticket, 0);
            assert_true(storage_holds(w->s, "a", "D=1\nD=2\nFk=v\n"));
            sennit_buf_init(&dump, NULL);
            assert_ok(storage_dump(w->s, "new", &dump));
            assert_int_equal(dump.len, 0);
            sennit_buf_clear(&dump);
            assert_ok(calls[c](w, &ticket));
            assert_true(ticket == 0 || ticket > before);
        }
    }
}

/* ---- any history ---- */

typedef struct deed {
    char kind; /* D, S, F */
    char name[2], key[2], text[12]; /* text "": forget */
    uint64_t ticket, through;
} deed;

#define DEEDS_MAX 120

/* What there should be of a document after so many deeds. */
static void expect(const deed *deeds, size_t n, const char *name, sennit_buf *out)
{
    const deed *snapshot = NULL;

    out->len = 0;
    for (size_t i = 0; i < n; i++)
        if (deeds[i].kind == 'S' && strcmp(deeds[i].name, name) == 0 &&
            (snapshot == NULL || deeds[i].through >= snapshot->through))
            snapshot = &deeds[i];
    if (snapshot != NULL) {
        buf_add(out, "S=", 2);
        buf_add(out, snapshot->text, strlen(snapshot->text));
        buf_add(out, "\n", 1);
    }
    for (size_t i = 0; i < n; i++)
        if (deeds[i].kind == 'D' && strcmp(deeds[i].name, name) == 0 &&
            (snapshot == NULL || deeds[i].ticket > snapshot->through)) {
            buf_add(out, "D=", 2);
            buf_add(out, deeds[i].text, strlen(deeds[i].text));
            buf_add(out, "\n", 1);
        }
    for (char key = 'a'; key <= 'e'; key++) {
        const deed *fact = NULL;

        for (size_t i = 0; i < n; i++)
            if (deeds[i].kind == 'F' && strcmp(deeds[i].name, name) == 0 && deeds[i].key[0] == key)
                fact = &deeds[i];
        if (fact != NULL && fact->text[0] != '\0') {
            buf_add(out, "F", 1);
            buf_add(out, &key, 1);
            buf_add(out, "=", 1);
            buf_add(out, fact->text, strlen(fact->text));
            buf_add(out, "\n", 1);
        }
    }
}

static deed deed_do(sennit_storage *s, rng *r, uint64_t last)
{
    deed d = {.kind = "DDDDDSFFF"[rng_below(r, 9)]};

    d.name[0] = (char)('x' + rng_below(r, 3));
    d.key[0] = (char)('a' + rng_below(r, 5));
    for (size_t i = 0, n = rng_in(r, 1, 10); i < n; i++)
        d.text[i] = (char)('a' + rng_below(r, 26));
    d.through = rng_percent(r, 80) ? last : rng_below(r, (size_t)last + 1);
    if (d.kind == 'D') {
        d.ticket = storage_append(s, d.name, d.text);
    } else if (d.kind == 'S') {
        d.ticket = storage_compact(s, d.name, d.through, d.text);
    } else {
        if (rng_percent(r, 20))
            d.text[0] = '\0';
        d.ticket = storage_put(s, d.name, d.key, d.text[0] != '\0' ? d.text : NULL);
    }
    return d;
}

static void random_history(rng *r)
{
    static deed deeds[DEEDS_MAX];
    world w = {.kind = running};
    uint64_t last = 0;
    sennit_buf buf;

    sennit_buf_init(&buf, NULL);
    w.alloc = failmem_at(&w.mem, 0);
    w.kind->clear();
    require(w.kind->open(&w.alloc, &w.s) == SENNIT_OK);
    for (size_t n = 0; n < DEEDS_MAX; n++) {
        deeds[n] = deed_do(w.s, r, last);
        last = deeds[n].ticket;
        if (rng_percent(r, 10))
            storage_sync(w.s);
        if (rng_percent(r, 3))
            world_turn(&w, rng_percent(r, 50));
        for (char name[] = "x"; name[0] <= 'z' && rng_percent(r, 60); name[0]++) {
            expect(deeds, n + 1, name, &buf);
            buf_add(&buf, "", 1);
            require(storage_holds(w.s, name, (char *)buf.data));
        }
    }
    sennit_storage_close(w.s);
    require(w.mem.live == 0);
    sennit_buf_clear(&buf);
}

static void any_history_reads_as_it_was_written(void **state)
{
    (void)state;
    seeds_run(running->keeps ? 60 : 300, random_history);
}

/* ---- all of them ---- */

#define CONTRACT(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int storage_contract(const storage_kind *kind)
{
    const struct CMUnitTest tests[] = {
        CONTRACT(a_name_never_written_has_nothing),
        CONTRACT(deltas_come_back_in_order),
        CONTRACT(tickets_ascend_and_go_on_after_closing),
        CONTRACT(a_position_is_the_ticket_of_the_record),
        CONTRACT(any_bytes_of_any_length_come_back),
        CONTRACT(facts_are_replaced_and_forgotten_and_come_by_key),
        CONTRACT(the_storage_itself_has_facts_and_nothing_else),
        CONTRACT(a_snapshot_takes_the_place_of_deltas),
        CONTRACT(a_document_may_begin_with_a_snapshot),
        CONTRACT(a_snapshot_that_reaches_less_far_does_not_count),
        CONTRACT(names_are_checked),
        CONTRACT(what_is_no_record_is_refused),
        CONTRACT(a_load_stops_where_it_is_told),
        CONTRACT(refused_records_are_damage_and_the_rest_goes_on),
        CONTRACT(a_refused_snapshot_gives_way_to_the_one_before),
        CONTRACT(the_one_before_stays_and_what_is_older_goes),
        CONTRACT(names_come_in_order),
        CONTRACT(closing_makes_durable_what_waits),
        CONTRACT(it_is_well_and_has_nothing_to_say),
        CONTRACT(without_memory_nothing_happens_and_later_it_works),
        cmocka_unit_test(any_history_reads_as_it_was_written),
    };

    running = kind;
    return cmocka_run_group_tests_name(kind->name, tests, NULL, NULL);
}
