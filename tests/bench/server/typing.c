/* DOCUMENTS times CLIENTS people; all together they type RATE single characters a
 * second, at any time, whether the ones before have arrived or not (open loop): each
 * at a beat of its own, at places drawn by chance. */
#include "chance.h"
#include "crowd.h"
#include "fail.h"
#include "process.h"
#include "scenario.h"
#include "times.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DRAIN_US 20000000u

struct typist {
    uint64_t next_us;   /* of the next edit */
    uint64_t *typed_us; /* when each own operation was made */
    size_t typed, room;
    uint64_t durable;   /* own operations known to be durable */
    uint64_t *seen;     /* operations seen of each client of the document */
};

struct typing {
    const struct options *options;
    struct crowd crowd;
    struct typist *typists; /* as the clients */
    struct times times;
    uint64_t edits;
};

/* ---- Typing ---- */

/* A character somewhere. */
static void typist_type(struct typing *t, unsigned i)
{
    struct typist *typist = &t->typists[i];
    sennit_doc *doc = t->crowd.clients[i].doc;

    sennit_doc_set_time(doc, unix_ms());
    must(sennit_doc_insert(doc, chance_draw(&t->crowd.chance) % (sennit_doc_len(doc) + 1), "x", 1),
         "edit");
    typist->typed_us = grow(typist->typed_us, typist->typed, &typist->room, sizeof *typist->typed_us);
    typist->typed_us[typist->typed++] = now_us();
    t->edits++;
}

/* ---- Looking ---- */

/* What of the others has arrived. */
static void typist_look(struct typing *t, const struct client *c)
{
    unsigned per = t->options->clients, first = c->document * per;
    struct typist *typist = &t->typists[c - t->crowd.clients];

    for (unsigned i = 0; i < per; i++) {
        uint64_t replica = sennit_doc_replica(t->crowd.clients[first + i].doc), known = 0;

        if (&t->crowd.clients[first + i] != c && replica != 0)
            known = sennit_doc_known(c->doc, replica);
        for (; typist->seen[i] < known; typist->seen[i]++)
            if (!t->options->durable)
                times_since(&t->times, t->typists[first + i].typed_us[typist->seen[i]]);
    }
}

static void typist_look_durable(struct typing *t, const struct client *c)
{
    struct typist *typist = &t->typists[c - t->crowd.clients];
    uint64_t durable = typist->typed - sennit_session_unsafe(c->session, SENNIT_DURABLE);

    for (; typist->durable < durable; typist->durable++)
        if (t->options->durable)
            times_since(&t->times, typist->typed_us[typist->durable]);
}

static void typing_told(void *arg, struct client *c, const sennit_event *event)
{
    if (event->kind == SENNIT_EVENT_CHANGED)
        typist_look(arg, c);
    else if (event->kind == SENNIT_EVENT_SAFE)
        typist_look_durable(arg, c);
}

/* ---- The run ---- */

static size_t typing_expected(const struct typing *t)
{
    return t->edits * (t->options->durable ? 1 : t->options->clients - 1);
}

/* Do what is due by now; returns when something is next. */
static uint64_t typing_type(struct typing *t, uint64_t now, uint64_t beat_us, uint64_t end)
{
    uint64_t next = end;

    for (unsigned i = 0; i < t->crowd.n; i++) {
        struct typist *typist = &t->typists[i];

        for (; typist->next_us <= now; typist->next_us += beat_us)
            typist_type(t, i);
        next = typist->next_us < next ? typist->next_us : next;
    }
    return next;
}

/* Type until the time is over, then wait for what is under way. */
static void typing_run(struct typing *t)
{
    uint64_t beat_us = (uint64_t)t->crowd.n * 1000000 / t->options->rate;
    uint64_t start = now_us(), end = start + t->options->seconds * UINT64_C(1000000);

    for (unsigned i = 0; i < t->crowd.n; i++)
        t->typists[i].next_us = start + chance_draw(&t->crowd.chance) % beat_us;
    while (now_us() < end && !t->crowd.over) {
        uint64_t next = typing_type(t, now_us(), beat_us, end), now = now_us();

        crowd_turn(&t->crowd, next > now ? (int)((next - now) / 1000) : 0);
    }
    for (uint64_t stop = now_us() + DRAIN_US;
         !t->crowd.over && t->times.len < typing_expected(t) && now_us() < stop;)
        crowd_turn(&t->crowd, 10);
}

static void typing_print(struct typing *t, double cpu, double seconds)
{
    const struct options *o = t->options;

    printf("\"documents\": %u, \"clients\": %u, \"rate\": %u, \"durable\": %s, \"edits\": %" PRIu64
           ", \"deliveries\": %zu, \"lost\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"most_ms\": %.3f, "
           "\"deliveries_per_second\": %.0f", o->documents, o->clients, o->rate,
           o->durable ? "true" : "false", t->edits, t->times.len, typing_expected(t) - t->times.len,
           times_ms(&t->times, 50), times_ms(&t->times, 99), times_ms(&t->times, 100),
           (double)t->times.len / seconds);
    if (o->pid > 0)
        printf(", \"server_cpu_s\": %.2f, \"deliveries_per_cpu_s\": %.0f, \"server_rss_kb\": %ld", cpu,
               cpu > 0 ? (double)t->times.len / cpu : 0, process_rss_kb(o->pid));
}

static void typing_start(struct typing *t)
{
    crowd_init(&t->crowd, t->options, t->options->documents * t->options->clients);
    t->crowd.told = typing_told;
    t->crowd.arg = t;
    t->typists = take(t->crowd.n, sizeof *t->typists);
    for (unsigned i = 0; i < t->crowd.n; i++) {
        crowd_join(&t->crowd, i, i / t->options->clients, NULL);
        t->typists[i].seen = take(t->options->clients, sizeof *t->typists[i].seen);
    }
    crowd_gather(&t->crowd);
}

static void typing_end(struct typing *t)
{
    for (unsigned i = 0; i < t->crowd.n; i++) {
        free(t->typists[i].typed_us);
        free(t->typists[i].seen);
    }
    free(t->typists);
    times_clear(&t->times);
    crowd_clear(&t->crowd);
}

void scenario_typing(const struct options *options)
{
    struct typing t = {.options = options};

    typing_start(&t);
    double cpu = options->pid > 0 ? process_cpu(options->pid) : 0;
    uint64_t start = now_us();
    typing_run(&t);
    typing_print(&t, options->pid > 0 ? process_cpu(options->pid) - cpu : 0,
                 (double)(now_us() - start) / 1e6);
    typing_end(&t);
}
