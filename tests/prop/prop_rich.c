/* Marks and metadata beside naive ones: whatever people type, delete, mark and take back,
 * and however it arrives, the same characters have the same marks. */
#include "core/doc/doc.h"
#include "support/cm.h"
#include "support/doc.h"
#include "support/naive_rich.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include <stdio.h>
#include <string.h>

#define PEOPLE 4

/* naive_rich.c has them by their bytes. */
static const char *const names[NAIVE_NAMES] = {"strong", "em", "comment:1", "comment:12", "link", "block"};

typedef struct person {
    uint64_t id;
    sennit_doc *doc;
    naive *model;
    sennit_undo *undo;
    bool watches;
    size_t caret;
} person;

typedef struct letter {
    sennit_buf delta;
    size_t from, to; /* of the log */
} letter;

typedef struct party {
    rng *r;
    person people[PEOPLE];
    size_t n;
    naive_log log;
    size_t seeded;
    letter *letters;
    size_t letters_len;
    uint64_t wall_ms;
} party;

/* ---- coming and going ---- */

static void party_init(party *p, rng *r)
{
    static const uint64_t coalesce_ms[] = {1, 50, 5000};
    char text[64];
    size_t len = rng_percent(r, 80) ? rng_text(r, 10, text) : 0;
    naive *nobody = naive_new(0, 1);

    *p = (party){.r = r, .n = rng_in(r, 2, PEOPLE), .wall_ms = UINT64_C(1700000000000)};
    naive_insert(nobody, 0, text, len, &p->log);
    naive_free(nobody);
    p->seeded = p->log.len;
    for (size_t i = 0; i < p->n; i++) {
        person *who = &p->people[i];
        sennit_options options = doc_options(r);

        who->id = options.replica = rng_next(r) | 1;
        options.coalesce_ms = coalesce_ms[rng_below(r, 3)];
        require(sennit_doc_seed(&options, "party", 5, text, len, &who->doc) == SENNIT_OK);
        who->model = naive_new(who->id, options.coalesce_ms);
        naive_apply(who->model, (const naive_op *const *)p->log.ops, p->log.len);
        require(sennit_undo_new(who->doc, NULL, &who->undo) == SENNIT_OK);
        who->watches = rng_percent(r, 30);
        if (who->watches)
            sennit_doc_watch(who->doc, SENNIT_WATCH_LOCAL | SENNIT_WATCH_REMOTE | SENNIT_WATCH_MARKS |
                                           SENNIT_WATCH_META);
    }
}

static void party_free(party *p)
{
    for (size_t i = 0; i < p->n; i++) {
        sennit_undo_free(p->people[i].undo);
        sennit_doc_free(p->people[i].doc);
        naive_free(p->people[i].model);
    }
    for (size_t i = 0; i < p->letters_len; i++)
        sennit_buf_clear(&p->letters[i].delta);
    free(p->letters);
    naive_log_free(&p->log);
}

/* ---- comparing ---- */

static int value_of(const sennit_value *v)
{
    require(v->type == SENNIT_INT && v->integer != 0);
    return (int)v->integer;
}

static naive_values values_of(const sennit_attr *attrs, size_t n)
{
    naive_values v = {{0}};

    for (size_t i = 0; i < n; i++) {
        unsigned name = 0;

        while (strlen(names[name]) != attrs[i].name_len ||
               memcmp(names[name], attrs[i].name, attrs[i].name_len) != 0)
            require(++name < NAIVE_NAMES);
        require(v.of[name] == 0); /* each name once */
        v.of[name] = value_of(&attrs[i].value);
    }
    return v;
}

/* Bytes [pos, end), which begin and end between characters. */
static void compare_runs(const person *who, const naive_values *want, size_t pos, size_t end)
{
    naive_values last = {{-1}};
    sennit_runs *runs;
    sennit_run run;
    int more;

    require(sennit_mark_runs(who->doc, pos, end - pos, &runs) == SENNIT_OK);
    while ((more = sennit_runs_next(runs, &run)) == 1) {
        const naive_values v = values_of(run.marks, run.marks_len);

        require(run.pos == pos && run.len > 0);
        require(memcmp(&v, &last, sizeof v) != 0); /* runs are as long as can be */
        for (; pos < run.pos + run.len; pos++)
            require(memcmp(&v, &want[pos], sizeof v) == 0);
        last = v;
    }
    require(more == 0 && pos == end);
    sennit_runs_free(runs);
}

static void compare_meta(const person *who)
{
    naive_values want = naive_meta(who->model), have = {{0}};
    sennit_attr attr = {.name = NULL};

    while (sennit_meta_next(who->doc, &attr)) {
        const naive_values one = values_of(&attr, 1);

        for (int i = 0; i < NAIVE_NAMES; i++)
            have.of[i] += one.of[i];
    }
    require(memcmp(&want, &have, sizeof want) == 0);
}

static void compare(party *p, const person *who)
{
    naive_values *want;
    char *text;
    size_t len = naive_text(who->model, &text);

    require(doc_text_is(who->doc, text, len));
    require(naive_runs(who->model, &want) == len);
    compare_runs(who, want, 0, len);
    size_t from = text_start(text, len, rng_below(p->r, len + 1));
    size_t to = text_start(text, len, from + rng_below(p->r, len - from + 1));
    if (to >= from)
        compare_runs(who, want, from, to);
    compare_meta(who);
    doc_check(who->doc);
    free(want);
    free(text);
}

/* ---- editing ---- */

static void write_letter(party *p, person *who, uint64_t before, size_t from)
{
    letter l = {.from = from, .to = p->log.len};

    require(sennit_doc_own_count(who->doc) - before == p->log.len - from);
    sennit_buf_init(&l.delta, NULL);
    require(sennit_doc_own_delta(who->doc, before, NULL, &l.delta) == SENNIT_OK);
    p->letters = require_room(p->letters, p->letters_len, sizeof l);
    p->letters[p->letters_len++] = l;
}

static void edit_type(party *p, person *who, const char *text, size_t len)
{
    char typed[16];
    size_t n = rng_text(p->r, rng_percent(p->r, 70) ? 1 : 3, typed);
    size_t pos = text_place(p->r, text, len);

    if (who->caret <= len && rng_percent(p->r, 50))
        pos = text_start(text, len, who->caret);
    require(sennit_doc_insert(who->doc, pos, typed, n) == SENNIT_OK);
    naive_rich_insert(who->model, pos, typed, n, &p->log);
    who->caret = pos + n;
}

static void edit_erase(party *p, person *who, const char *text, size_t pos, size_t end)
{
    char typed[16];
    size_t n = rng_percent(p->r, 25) ? rng_text(p->r, 2, typed) : 0;

    (void)text;
    if (n > 0)
        require(sennit_doc_splice(who->doc, pos, end - pos, typed, n) == SENNIT_OK);
    else
        require(sennit_doc_delete(who->doc, pos, end - pos) == SENNIT_OK);
    naive_delete(who->model, pos, end - pos, &p->log);
    if (n > 0)
        naive_rich_insert(who->model, pos, typed, n, &p->log);
    who->caret = pos + n;
}

/* A mark; it may be taken back at once, and be made again. */
static void edit_mark(party *p, person *who, size_t pos, size_t end)
{
    const unsigned name = (unsigned)rng_below(p->r, NAIVE_NAMES);
    const bool grows = name < 2, take_back = rng_percent(p->r, 25);
    const sennit_value value = {.type = SENNIT_INT, .integer = (int64_t)rng_below(p->r, 3)};
    const naive_id made = {who->id, naive_known(who->model, who->id)};

    require(sennit_undo_break(who->undo) == SENNIT_OK);
    require(sennit_mark_add(who->doc, pos, end - pos, names[name], strlen(names[name]),
                            value.integer > 0 ? &value : NULL,
                            grows ? SENNIT_MARK_GROWS : 0) == SENNIT_OK);
    naive_mark(who->model, pos, end, name, (int)value.integer, grows, &p->log);
    if (!take_back)
        return;
    require(sennit_undo_undo(who->undo) == SENNIT_OK);
    naive_toggle(who->model, made, false, &p->log);
    if (rng_percent(p->r, 40)) {
        require(sennit_undo_redo(who->undo) == SENNIT_OK);
        naive_toggle(who->model, made, true, &p->log);
    }
}

static void edit_meta(party *p, person *who)
{
    const unsigned name = (unsigned)rng_below(p->r, NAIVE_NAMES);
    const int value = (int)rng_below(p->r, 3);
    const sennit_value v = {.type = SENNIT_INT, .integer = value};

    if (value > 0) {
        require(sennit_meta_set(who->doc, names[name], strlen(names[name]), &v) == SENNIT_OK);
        naive_note(who->model, NULL, name, value, &p->log);
    } else {
        bool there = naive_meta(who->model).of[name] != 0;

        require(sennit_meta_delete(who->doc, names[name], strlen(names[name])) == SENNIT_OK);
        if (there)
            naive_note(who->model, NULL, name, 0, &p->log);
    }
}

static void edit_any(party *p, person *who)
{
    char *text;
    size_t len = naive_text(who->model, &text);
    size_t pos = text_place(p->r, text, len);
    size_t end = pos + rng_below(p->r, 9);

    end = end < len ? text_start(text, len, end) : len;
    unsigned how = (unsigned)rng_below(p->r, 100);
    if (how < 10)
        edit_meta(p, who);
    else if (how < 45 || end <= pos)
        edit_type(p, who, text, len);
    else if (how < 75)
        edit_mark(p, who, pos, end);
    else
        edit_erase(p, who, text, pos, end);
    free(text);
}

/* A transaction that is taken back leaves nothing. */
static void edit_in_vain(party *p, person *who)
{
    const naive_log before = p->log;
    naive *model = who->model;
    char *text;
    size_t len = naive_text(model, &text);

    require(sennit_doc_begin(who->doc) == SENNIT_OK);
    for (size_t i = rng_in(p->r, 1, 4); i > 0; i--) {
        const sennit_value v = {.type = SENNIT_INT, .integer = 1};

        require(sennit_doc_insert(who->doc, 0, "abc", 3) == SENNIT_OK);
        require(sennit_mark_add(who->doc, 0, 2, names[i], strlen(names[i]), &v, i % 2) == SENNIT_OK);
        require(sennit_doc_delete(who->doc, 1, 1) == SENNIT_OK);
        require(sennit_meta_set(who->doc, names[i], strlen(names[i]), &v) == SENNIT_OK);
    }
    require(sennit_doc_abort(who->doc) == SENNIT_OK);
    require(p->log.len == before.len && doc_text_is(who->doc, text, len));
    free(text);
}

static void party_edit(party *p, person *who)
{
    static const unsigned steps[] = {0, 0, 1, 60, 9000};
    uint64_t before = sennit_doc_own_count(who->doc);
    size_t from = p->log.len;

    p->wall_ms += steps[rng_below(p->r, 5)];
    sennit_doc_set_time(who->doc, p->wall_ms);
    who->model->now_ms = p->wall_ms;
    if (rng_percent(p->r, 5))
        edit_in_vain(p, who);
    edit_any(p, who);
    if (p->log.len > from)
        write_letter(p, who, before, from);
    compare(p, who);
}

/* ---- arriving ---- */

static void arrive(party *p, person *who, const letter *l)
{
    sennit_error err = {SENNIT_OK, 0, ""};

    require(sennit_doc_apply(who->doc, l->delta.data, l->delta.len, NULL, NULL, &err) == SENNIT_OK);
    naive_apply(who->model, (const naive_op *const *)p->log.ops + l->from, l->to - l->from);
}

/* The document is saved and opened; what waits is lost. */
static void restart(party *p, person *who)
{
    sennit_options options = doc_options(p->r);
    sennit_buf saved;
    sennit_doc *doc;

    sennit_buf_init(&saved, NULL);
    require(sennit_doc_save(who->doc, SENNIT_SAVE_IDENTITY, &saved) == SENNIT_OK);
    options.coalesce_ms = who->model->coalesce_ms;
    require(sennit_doc_load(&options, saved.data, saved.len, &doc, NULL) == SENNIT_OK);
    require(doc_agree(who->doc, doc));
    sennit_buf_clear(&saved);
    sennit_undo_free(who->undo);
    sennit_doc_free(who->doc);
    who->doc = doc;
    require(sennit_undo_new(doc, NULL, &who->undo) == SENNIT_OK);
    who->model->change_hlc = 0;
    who->model->pending_len = 0;
}

static void party_deliver(party *p, person *who)
{
    if (rng_percent(p->r, 10))
        restart(p, who);
    else if (p->letters_len > 0)
        arrive(p, who, &p->letters[rng_below(p->r, p->letters_len)]);
    compare(p, who);
}

static void party_settle(party *p)
{
    for (size_t i = 0; i < p->n; i++) {
        size_t first = rng_below(p->r, p->letters_len + 1);

        for (size_t k = 0; k < p->letters_len; k++)
            arrive(p, &p->people[i], &p->letters[(k + first) % p->letters_len]);
        compare(p, &p->people[i]);
        require(naive_known(p->people[i].model, p->people[0].id) ==
                sennit_doc_known(p->people[0].doc, p->people[0].id));
        require(i == 0 || doc_agree(p->people[0].doc, p->people[i].doc));
    }
}

static void live(rng *r)
{
    party p;

    party_init(&p, r);
    for (size_t i = rng_in(r, 5, 60); i > 0; i--) {
        person *who = &p.people[rng_below(r, p.n)];

        if (rng_percent(r, 60))
            party_edit(&p, who);
        else
            party_deliver(&p, who);
    }
    party_settle(&p);
    party_free(&p);
}

static void who_know_the_same_see_the_same_marks(void **state)
{
    (void)state;
    seeds_run(1500, live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_know_the_same_see_the_same_marks),
    };

    return RUN_TESTS(tests);
}
