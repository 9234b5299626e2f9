#include "sim/world.h"

#include "support/doc.h"
#include "support/require.h"
#include "support/rich.h"

#include <string.h>

#define WORLD_STEPS 120
#define WORLD_BEGIN UINT64_C(1800000000000)

/* ---- Time ---- */

static void world_turn(world *w)
{
    for (unsigned i = 0; i < w->actors_len; i++)
        actor_turn(&w->actors[i]);
    for (wire *line = w->network.wires; line != NULL; line = line->next)
        server_receive(&w->server, line);
    server_tick(&w->server);
    for (wire *line = w->network.wires; line != NULL; line = line->next)
        server_send(&w->server, line);
    network_sweep(&w->network);
}

static void world_pass(world *w, uint64_t ms)
{
    const uint64_t until = w->now_ms + ms;

    do {
        world_turn(w);
        if (rng_percent(&w->chance, 40))
            disk_commit(w->server.disk, rng_in(&w->chance, 1, 6));
        w->now_ms += rng_in(&w->chance, 1, 50);
    } while (w->now_ms < until);
}

/* ---- What must always hold ---- */

static void world_check_server(world *w)
{
    uint32_t *places = oracle_look(&w->oracle, server_document(&w->server));

    oracle_check_durable(&w->oracle, places);
    free(places);
    server_check_bounds(&w->server, &w->network);
}

static void world_check_documents(world *w)
{
    sennit_doc *doc = server_document(&w->server);

    if (doc != NULL)
        doc_check(doc);
    for (unsigned i = 0; i < w->actors_len; i++) {
        doc_check(w->actors[i].doc);
        free(oracle_look(&w->oracle, w->actors[i].doc));
    }
}

/* ---- What must hold in the end ---- */

/* Whether what an actor did and has not lost is to be at the server: it may send it. */
static bool world_sends(const world *w, unsigned author)
{
    return actor_may_edit(&w->actors[author]);
}

/* What somebody deleted who may, and did not take back for sure. */
static bool *world_erased(const world *w)
{
    bool *erased = calloc(w->oracle.len + 1, sizeof *erased);

    require(erased != NULL);
    for (size_t i = 0; i < w->oracle.erasures_len; i++) {
        const erasure *e = &w->oracle.erasures[i];

        if (!e->barred && (!e->undone || e->lost || !world_sends(w, e->author)))
            erased[e->piece] = true;
    }
    return erased;
}

static void world_check_pieces(const world *w, const uint32_t *places)
{
    bool *erased = world_erased(w);

    for (size_t i = 0; i < w->oracle.len; i++) {
        const piece *p = &w->oracle.pieces[i];

        require_piece(&w->oracle, i, places[i] != 0 || erased[i] || p->lost || p->taken ||
                                          !world_sends(w, p->author));
    }
    for (size_t i = 0; i < w->oracle.erasures_len; i++) {
        const erasure *e = &w->oracle.erasures[i];

        require_piece(&w->oracle, e->piece,
                      places[e->piece] == 0 || e->barred || e->undone || e->lost || !world_sends(w, e->author));
    }
    free(erased);
}

/* Marks and metadata, as text. */
static void world_read(const sennit_doc *doc, sennit_buf *out)
{
    sennit_attr attr = {.name = NULL};

    rich_read(doc, 0, sennit_doc_len(doc), out);
    while (sennit_meta_next(doc, &attr) == 1) {
        buf_add(out, attr.name, attr.name_len);
        buf_add(out, &attr.value.integer, sizeof attr.value.integer);
    }
}

static void world_check_rich(const sennit_doc *a, const sennit_doc *b)
{
    sennit_buf of_a, of_b;

    sennit_buf_init(&of_a, NULL);
    sennit_buf_init(&of_b, NULL);
    world_read(a, &of_a);
    world_read(b, &of_b);
    require(buf_equal(&of_a, &of_b));
    sennit_buf_clear(&of_a);
    sennit_buf_clear(&of_b);
}

/* Who may write has what the server has; who may not has at least what he typed. */
static void world_check_actor(world *w, const actor *a, const uint32_t *there)
{
    uint32_t *places = oracle_look(&w->oracle, a->doc);

    for (size_t i = 0; i < w->oracle.len; i++) {
        const piece *p = &w->oracle.pieces[i];

        require_piece(&w->oracle, i, !actor_may_edit(a) || (places[i] == 0) == (there[i] == 0));
        require_piece(&w->oracle, i, p->author != a->number || p->touched || p->lost || places[i] != 0);
    }
    oracle_check_order(&w->oracle, places, there);
    if (actor_may_edit(a) && server_document(&w->server) != NULL)
        world_check_rich(a->doc, server_document(&w->server));
    free(places);
}

static void world_check_end(world *w)
{
    uint32_t *places = oracle_look(&w->oracle, server_document(&w->server));

    world_check_pieces(w, places);
    for (unsigned i = 0; i < w->actors_len; i++)
        world_check_actor(w, &w->actors[i], places);
    free(places);
    world_check_documents(w);
}

/* ---- What happens ---- */

static void world_crash(world *w)
{
    disk *d = w->server.disk;
    size_t writes = disk_committed(d);

    if (rng_percent(&w->chance, 50)) /* more had reached the disk than it said */
        writes += rng_below(&w->chance, disk_writes(d) - writes + 1);
    server_crash(&w->server, &w->network, writes, false);
    world_check_server(w);
}

/* What is older than the deleted text that is kept, clients cannot tell a server any more:
 * so is no backup. */
static void world_restore(world *w)
{
    if (w->may.forget > 0 && w->now_ms >= w->server.backup_ms + w->may.forget)
        return;
    oracle_undurable(&w->oracle);
    server_crash(&w->server, &w->network, w->server.backup, true);
}

static void world_permit(world *w)
{
    static const sennit_permission some[] = {SENNIT_NOTHING, SENNIT_VIEW, SENNIT_COMMENT,
                                             SENNIT_EDIT, SENNIT_EDIT};

    if (!w->server.open)
        server_permit(&w->server, (unsigned)rng_below(&w->chance, w->actors_len),
                      some[rng_below(&w->chance, 5)]);
}

/* What happens to a connection. */
static void world_upset_wire(world *w, actor *a)
{
    rng *r = &w->chance;

    if (rng_percent(r, w->may.cut) && a->wire != NULL)
        wire_cut(a->wire);
    if (rng_percent(r, w->may.half_open) && a->wire != NULL)
        a->wire->dead = true;
    if (rng_percent(r, w->may.slow) && a->wire != NULL)
        a->wire->slow = !a->wire->slow;
    if (rng_percent(r, w->may.cut))
        actor_go_offline(a);
}

static void world_upset_actor(world *w, actor *a)
{
    rng *r = &w->chance;

    if (rng_percent(r, w->may.set_back))
        actor_set_back(a);
    if (rng_percent(r, w->may.copy))
        actor_copy(a, &w->actors[rng_below(r, w->actors_len)]);
    if (rng_percent(r, w->may.become))
        actor_become(a, (unsigned)rng_below(r, w->actors_len));
    if (rng_percent(r, w->may.jump))
        clock_upset(&a->clock, r);
}

static void world_upset_server(world *w)
{
    rng *r = &w->chance;

    if (rng_percent(r, w->may.sick))
        disk_set_health(w->server.disk, (disk_health)rng_below(r, 3));
    if (rng_percent(r, w->may.crash))
        world_crash(w);
    if (rng_percent(r, w->may.restore))
        world_restore(w);
    if (rng_percent(r, w->may.permit))
        world_permit(w);
    if (rng_percent(r, 3))
        server_back_up(&w->server);
}

static void world_allow(world *w)
{
    for (unsigned i = 0; i < w->actors_len; i++)
        if (actor_may_edit(&w->actors[i]))
            oracle_allow(&w->oracle, i);
}

static actor *world_somebody(world *w)
{
    return &w->actors[rng_below(&w->chance, w->actors_len)];
}

static void world_step(world *w, unsigned number)
{
    rng *r = &w->chance;
    actor *a = world_somebody(w);

    for (size_t n = rng_below(r, 5); n > 0; n--)
        actor_edit(a);
    if (rng_percent(r, 10))
        actor_wait(a);
    if (rng_percent(r, 5))
        actor_show(a);
    if (rng_percent(r, 2))
        actor_restart(a);
    if (rng_percent(r, 4))
        actor_back_up(a);
    world_upset_wire(w, world_somebody(w));
    world_upset_actor(w, world_somebody(w));
    world_upset_server(w);
    world_allow(w);
    world_pass(w, rng_percent(r, 1) ? 45000 : rng_percent(r, 5) ? 1500 : rng_below(r, 60));
    world_check_server(w);
    if (number % 40 == 0)
        world_check_documents(w);
}

/* ---- How it ends ---- */

/* Everything is mended; who was forbidden to write may, or has to keep what he has. But
 * what a server lost that it had passed on, its author is to be allowed to bring. */
static void world_mend(world *w)
{
    const bool forgive = w->may.crash > 0 || rng_percent(&w->chance, 70);

    w->may = (misfortune){.cut = 0};
    w->network.meddles = 0;
    w->server.token_ms = 0;
    disk_set_health(w->server.disk, DISK_WELL);
    for (unsigned i = 0; i < w->actors_len; i++)
        if (!w->server.open && (forgive || w->server.revoked[i]))
            server_permit(&w->server, i, forgive ? SENNIT_EDIT : SENNIT_VIEW);
    for (wire *line = w->network.wires; line != NULL; line = line->next) {
        line->dead = line->slow = false;
        wire_cut(line);
    }
}

static bool world_is_quiet(const world *w)
{
    if (disk_committed(w->server.disk) < disk_writes(w->server.disk))
        return false;
    for (unsigned i = 0; i < w->actors_len; i++)
        if (!actor_is_done(&w->actors[i]))
            return false;
    return true;
}

/* Tell who is not done, and why: its state; what it waits for, what is not durable. */
static void world_tell(world *w)
{
    journal_note(&w->journal, "not committed", 0, disk_writes(w->server.disk) -
                                                      disk_committed(w->server.disk));
    for (unsigned i = 0; i < w->actors_len; i++) {
        const actor *a = &w->actors[i];

        if (actor_is_done(a))
            continue;
        journal_note(&w->journal, "not done", i, (uint64_t)sennit_session_get_state(a->session));
        journal_note(&w->journal, "waits", i, a->waits);
        journal_note(&w->journal, "not durable", i,
                     sennit_session_unsafe(a->session, SENNIT_DURABLE));
    }
}

static void world_heal(world *w)
{
    world_mend(w);
    world_allow(w);
    for (int i = 0; i < 400 && !world_is_quiet(w); i++) {
        world_pass(w, 200);
        world_check_server(w);
    }
    if (!world_is_quiet(w))
        world_tell(w);
    require(world_is_quiet(w));
    world_pass(w, 2000);
    world_check_server(w);
    world_check_end(w);
}

/* ---- From a seed ---- */

/* Some misfortunes in some worlds. What cannot be told apart does not go together: a
 * server that loses what it had passed on, with a replica that forgets having made it,
 * or whose user is another one now; and operations that have to be issued anew for
 * their time, with either, since both copies of a replica do so, and since what is
 * void is known to its author until he restarts. */
static misfortune misfortune_draw(rng *r)
{
    misfortune may = {.cut = 4};

    may.half_open = rng_percent(r, 50) ? 2 : 0;
    may.slow = rng_percent(r, 50) ? 6 : 0;
    may.sick = rng_percent(r, 40) ? 5 : 0;
    may.permit = rng_percent(r, 40) ? 3 : 0;
    may.jump = rng_percent(r, 30) ? 2 : 0;
    may.forget = rng_percent(r, 30) ? (unsigned)rng_in(r, 1, 20) * 500 : 0;
    may.dare = rng_percent(r, 30) ? 40 : 0;
    if (may.jump > 0) {
        may.become = rng_percent(r, 30) ? 2 : 0;
    } else if (rng_percent(r, 50)) {
        may.crash = 4;
        may.restore = rng_percent(r, 50) ? 2 : 0;
    } else {
        may.set_back = rng_percent(r, 50) ? 3 : 0;
        may.copy = rng_percent(r, 50) ? 3 : 0;
        may.become = rng_percent(r, 30) ? 2 : 0;
    }
    return may;
}

/* What an undo brings back, and the server has dropped, has to be issued anew as well. */
static bool world_goes_onward(const world *w)
{
    return w->may.forget > 0 && (w->may.crash > 0 || w->may.set_back > 0 || w->may.copy > 0);
}

static void world_begin_actor(world *w, unsigned i, bool seeded)
{
    actor *a = &w->actors[i];

    *a = (actor){.chance = &w->chance, .journal = &w->journal, .oracle = &w->oracle,
                 .server = &w->server, .network = &w->network, .number = i, .user = i,
                 .clock = {&w->now_ms, 0}, .seeded = seeded,
                 .bold = rng_percent(&w->chance, w->may.dare), .onward = world_goes_onward(w)};
    if (w->may.jump > 0)
        clock_upset(&a->clock, &w->chance);
    actor_begin(a);
}

static void world_begin(world *w, uint64_t seed, bool loud)
{
    rng *r = &w->chance;

    memset(w, 0, sizeof *w);
    *r = rng_seed(seed);
    w->now_ms = WORLD_BEGIN;
    w->journal = (journal){.now_ms = &w->now_ms, .loud = loud};
    w->may = misfortune_draw(r);
    w->actors_len = (unsigned)(rng_percent(r, 80) ? rng_in(r, 2, 5) : rng_in(r, 6, WORLD_ACTORS));
    w->network = (network){.chance = r, .journal = &w->journal, .now_ms = &w->now_ms,
                           .delay_ms = (unsigned)rng_below(r, 80),
                           .meddles = rng_percent(r, 10) ? 1 : 0};
    w->server = (server){.chance = r, .journal = &w->journal, .now_ms = &w->now_ms,
                         .disk = disk_new(), .open = rng_percent(r, 40),
                         .keep_ms = w->may.forget,
                         .token_ms = rng_percent(r, 20) ? 30000 : 0};
    for (unsigned i = 0; i < SERVER_USERS; i++)
        w->server.permission[i] = i <= 1 || rng_percent(r, 80)   ? SENNIT_EDIT
                                  : rng_percent(r, 50) ? SENNIT_VIEW : SENNIT_COMMENT;
}

static void world_end(world *w)
{
    for (unsigned i = 0; i < w->actors_len; i++)
        actor_end(&w->actors[i]);
    server_stop(&w->server);
    network_clear(&w->network);
    disk_free(w->server.disk);
    oracle_free(&w->oracle);
}

uint64_t world_run(uint64_t seed, bool loud)
{
    static world w;

    world_begin(&w, seed, loud);
    const bool seeded = rng_percent(&w.chance, 50);
    server_start(&w.server, false);
    disk_commit(w.server.disk, SIZE_MAX);
    server_back_up(&w.server);
    for (unsigned i = 0; i < w.actors_len; i++)
        world_begin_actor(&w, i, seeded);
    for (unsigned i = 0; i < WORLD_STEPS; i++)
        world_step(&w, i);
    world_heal(&w);
    world_end(&w);
    return w.journal.sum;
}
