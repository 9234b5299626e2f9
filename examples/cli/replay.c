/* sennit replay: play recorded sessions again and compare how they end. */
#include "cli.h"
#include "common/host.h"
#include "session.h"
#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct replay_args {
    uint64_t orders;
    uint64_t seed;
    struct cli_words words;
};

/* One trace being replayed, and how it must end. */
struct replay {
    struct trace trace;
    struct session session;
    struct progress progress;
    struct rng rng;
    sennit_buf version;
    sennit_buf snapshot;
};

static error_t replay_parse(int key, char *arg, struct argp_state *state)
{
    struct replay_args *in = state->input;

    switch (key) {
    case 'n':
        in->orders = cli_number(state, "--orders", arg, 0, 1000000);
        return 0;
    case 's':
        in->seed = cli_number(state, "--seed", arg, 0, UINT64_MAX);
        return 0;
    default:
        return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option replay_options[] = {
    { "orders", 'n', "N", 0, "Deliver everything in N random orders [2]", 0 },
    { "seed", 's', "S", 0, "Where the random orders begin [1]", 0 },
    { 0 },
};

static const struct argp replay_argp = {
    .options = replay_options,
    .parser = replay_parse,
    .args_doc = "TRACE...",
    .doc = "Replay recorded editing sessions and compare how they end.\v"
           "TRACE is a file of the collection github.com/josephg/editing-traces, or a folder "
           "of them. Every agent of a session is a document of its own, which gets exactly "
           "what its person had seen before each edit. This is done with positions in "
           "codepoints and again in bytes. Then every document, and fresh ones, get all "
           "deltas in random orders, a tenth of them twice; others get the history as one "
           "delta, half of it as one, or a snapshot. All must end with the text that the "
           "trace says, with equal versions and equal snapshots.",
};

/* ----------------------------------------------------------- Comparing -- */

static int replay_fail(const struct replay *r, const char *who, const char *what)
{
    cli_error(r->trace.name, "%s: %s", who, what);
    return CLI_NO;
}

static int replay_compare_text(const struct replay *r, const sennit_doc *doc, const char *who)
{
    const struct text *end = &r->trace.end;
    char where[80];
    sennit_buf text;
    size_t at = 0;

    sennit_buf_init(&text, NULL);
    sennit_status st = sennit_doc_read(doc, 0, sennit_doc_len(doc), &text);
    while (st == SENNIT_OK && at < text.len && at < end->len
           && text.data[at] == (uint8_t)end->data[at])
        at++;
    bool same = at == text.len && at == end->len;
    sennit_buf_clear(&text);
    if (st != SENNIT_OK)
        return cli_refuse(r->trace.name, st, NULL);
    snprintf(where, sizeof where, "the text differs from endContent at byte %zu", at);
    return same ? CLI_OK : replay_fail(r, who, where);
}

/* The first document fixes version and snapshot; all others must equal it. */
static int replay_compare_bytes(const struct replay *r, sennit_buf *expected, sennit_buf *got,
                                const char *who, const char *what)
{
    bool same = true;

    if (expected->data == NULL) {
        sennit_buf swap = *expected;
        *expected = *got;
        *got = swap;
    } else {
        same = expected->len == got->len
               && (got->len == 0 || memcmp(expected->data, got->data, got->len) == 0);
    }
    sennit_buf_clear(got);
    return same ? CLI_OK : replay_fail(r, who, what);
}

static int replay_compare(struct replay *r, sennit_doc *doc, const char *who)
{
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_buf version, snapshot;
    sennit_status st;
    int code;

    sennit_buf_init(&version, NULL);
    sennit_buf_init(&snapshot, NULL);
    code = replay_compare_text(r, doc, who);
    st = sennit_doc_version(doc, &version);
    if (st == SENNIT_OK)
        st = sennit_doc_save(doc, SENNIT_SAVE_SHARED, &snapshot);
    if (st == SENNIT_OK)
        st = sennit_doc_check(doc, &err);
    if (st != SENNIT_OK)
        code = cli_worse(code, cli_refuse(r->trace.name, st, &err));
    code = cli_worse(code, replay_compare_bytes(r, &r->version, &version, who, "another version"));
    return cli_worse(code,
                     replay_compare_bytes(r, &r->snapshot, &snapshot, who, "another snapshot"));
}

/* ---------------------------------------------------------- Delivering -- */

/* All edits in a random order, a tenth of them twice. */
static uint32_t *replay_shuffle(struct replay *r, size_t *n)
{
    size_t edits = r->trace.n_edits;
    uint32_t *order;

    *n = edits + edits / 10;
    order = cli_alloc(*n, sizeof *order);
    for (size_t i = 0; i < *n; i++)
        order[i] = (uint32_t)(i < edits ? i : rng_below(&r->rng, edits));
    for (size_t i = *n; i > 1; i--) {
        size_t j = rng_below(&r->rng, i);
        uint32_t swap = order[i - 1];

        order[i - 1] = order[j];
        order[j] = swap;
    }
    return order;
}

/* Apply all deltas; order NULL means as recorded. */
static int replay_deliver(struct replay *r, sennit_doc *doc, const uint32_t *order, size_t n)
{
    sennit_error err = { SENNIT_OK, 0, "" };

    for (size_t i = 0; i < n; i++) {
        size_t len;
        const uint8_t *delta = deltas_at(&r->session.deltas, order != NULL ? order[i] : i, &len);
        sennit_status st = SENNIT_OK;

        if (len > 0)
            st = sennit_doc_apply(doc, delta, len, NULL, NULL, &err);
        if (st != SENNIT_OK)
            return cli_refuse(r->trace.name, st, &err);
        progress_step(&r->progress, 1);
    }
    return CLI_OK;
}

static int replay_finish(struct replay *r, sennit_doc *doc, const char *who)
{
    uint64_t replica, after;
    sennit_stat stat;
    size_t at = 0;

    sennit_doc_stat(doc, &stat);
    if (stat.parked != 0 || sennit_doc_next_missing(doc, &at, &replica, &after) != 0)
        return replay_fail(r, who, "operations still wait though all were delivered");
    return replay_compare(r, doc, who);
}

/* A document for order and agent; behind the last agent comes one that knows
 * nothing, not even the lineage, unless the trace begins with a text. */
static sennit_status replay_receiver(const struct replay *r, uint32_t agent, sennit_doc **out)
{
    uint32_t agents = r->trace.agents;
    sennit_options options = session_options(agents + 1 + agent, SENNIT_BYTES);

    if (agent < agents)
        return sennit_doc_fork(r->session.docs[agent], &options, out);
    if (r->trace.start.len > 0)
        return session_new_doc(&r->trace, &options, out);
    return sennit_doc_new(&options, out);
}

static int replay_order(struct replay *r, uint64_t number)
{
    char who[64];
    int code = CLI_OK;

    for (uint32_t agent = 0; agent <= r->trace.agents && code == CLI_OK; agent++) {
        size_t n;
        uint32_t *order = replay_shuffle(r, &n);
        sennit_doc *doc = NULL;
        sennit_status st = replay_receiver(r, agent, &doc);

        snprintf(who, sizeof who, "order %" PRIu64 ", document %u", number, agent);
        code = st == SENNIT_OK ? replay_deliver(r, doc, order, n)
                               : cli_refuse(r->trace.name, st, NULL);
        if (code == CLI_OK)
            code = replay_finish(r, doc, who);
        sennit_doc_free(doc);
        free(order);
    }
    return code;
}

/* What a document becomes in other hands. */
static int replay_received(struct replay *r, sennit_doc *doc, sennit_status st,
                           const sennit_error *err, const char *how)
{
    int code = st == SENNIT_OK ? replay_finish(r, doc, how)
                               : cli_refuse(r->trace.name, st, err);

    if (st != SENNIT_OK)
        code = cli_worse(code, replay_fail(r, how, "refused"));
    sennit_doc_free(doc);
    return code;
}

/* Everything as one delta, for somebody who has nothing. */
static int replay_whole(struct replay *r, sennit_doc *full)
{
    sennit_options options = session_options(r->trace.agents, SENNIT_UTF16);
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_doc *doc = NULL;
    sennit_buf delta;
    sennit_status st;

    sennit_buf_init(&delta, NULL);
    st = sennit_doc_delta(full, NULL, 0, NULL, &delta, &err);
    if (st == SENNIT_OK)
        st = sennit_doc_new(&options, &doc);
    if (st == SENNIT_OK)
        st = sennit_doc_apply(doc, delta.data, delta.len, NULL, NULL, &err);
    sennit_buf_clear(&delta);
    return replay_received(r, doc, st, &err, "the history as one delta");
}

/* The first half of the session, and then what is lacking as one delta. */
static int replay_half(struct replay *r, sennit_doc *full)
{
    sennit_options options = session_options(r->trace.agents, SENNIT_CODEPOINTS);
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_doc *doc = NULL;
    sennit_buf delta, version;
    sennit_status st = session_new_doc(&r->trace, &options, &doc);

    sennit_buf_init(&delta, NULL);
    sennit_buf_init(&version, NULL);
    if (st == SENNIT_OK && replay_deliver(r, doc, NULL, r->trace.n_edits / 2) != CLI_OK)
        st = SENNIT_EINVAL;
    if (st == SENNIT_OK)
        st = sennit_doc_version(doc, &version);
    if (st == SENNIT_OK)
        st = sennit_doc_delta(full, version.data, version.len, NULL, &delta, &err);
    if (st == SENNIT_OK && delta.len > 0)
        st = sennit_doc_apply(doc, delta.data, delta.len, NULL, NULL, &err);
    sennit_buf_clear(&delta);
    sennit_buf_clear(&version);
    return replay_received(r, doc, st, &err, "the second half as one delta");
}

static int replay_snapshot(struct replay *r, sennit_doc *full, unsigned flags, const char *how)
{
    sennit_options options = session_options(r->trace.agents, SENNIT_BYTES);
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_doc *doc = NULL;
    sennit_buf bytes;
    sennit_status st;
    int code;

    sennit_buf_init(&bytes, NULL);
    st = sennit_doc_save(full, flags, &bytes);
    if (st == SENNIT_OK)
        st = sennit_doc_load(&options, bytes.data, bytes.len, &doc, &err);
    sennit_buf_clear(&bytes);
    if (flags != SENNIT_SAVE_LIVE_ONLY || st != SENNIT_OK)
        return replay_received(r, doc, st, &err, how);
    code = replay_compare_text(r, doc, how); /* it has no history to compare */
    sennit_doc_free(doc);
    return code;
}

/* The agents have everything now; what they hand out must be the same again. */
static int replay_hand_out(struct replay *r)
{
    sennit_doc *full = r->session.docs[0];
    int code = replay_whole(r, full);

    code = cli_worse(code, replay_half(r, full));
    code = cli_worse(code, replay_snapshot(r, full, SENNIT_SAVE_SHARED, "a snapshot"));
    return cli_worse(code, replay_snapshot(r, full, SENNIT_SAVE_LIVE_ONLY,
                                           "a snapshot without deleted text"));
}

/* Give every agent what it has not seen yet: now they must agree. */
static int replay_agents(struct replay *r, const char *unit)
{
    char who[64];
    int code = CLI_OK;

    for (uint32_t agent = 0; agent < r->trace.agents && code == CLI_OK; agent++) {
        snprintf(who, sizeof who, "agent %u in %s", agent, unit);
        code = replay_deliver(r, r->session.docs[agent], NULL, r->trace.n_edits);
        if (code == CLI_OK)
            code = replay_finish(r, r->session.docs[agent], who);
    }
    return code;
}

static int replay_all(struct replay *r, uint64_t orders)
{
    size_t edits = r->trace.n_edits;
    size_t agents = r->trace.agents;
    int code;

    progress_start(&r->progress, r->trace.name,
                   edits * (2 + 2 * agents) + orders * (agents + 1) * (edits + edits / 10)
                       + edits / 2);
    code = session_init(&r->session, &r->trace);
    if (code == CLI_OK)
        code = session_play(&r->session, SENNIT_CODEPOINTS, &r->progress);
    for (uint64_t i = 0; i < orders && code == CLI_OK; i++)
        code = replay_order(r, i + 1);
    if (code == CLI_OK)
        code = replay_agents(r, "codepoints");
    if (code == CLI_OK)
        code = session_play(&r->session, SENNIT_BYTES, &r->progress);
    if (code == CLI_OK)
        code = replay_agents(r, "bytes");
    if (code == CLI_OK)
        code = replay_hand_out(r);
    progress_end(&r->progress);
    return code;
}

static int replay_one(const char *name, void *arg)
{
    const struct replay_args *in = arg;
    struct replay r = { .rng = { in->seed } };
    int code;

    sennit_buf_init(&r.version, NULL);
    sennit_buf_init(&r.snapshot, NULL);
    code = trace_read(&r.trace, name);
    if (code == CLI_OK) {
        code = replay_all(&r, in->orders);
        if (code == CLI_OK)
            printf("%s: ok, %zu edits of %u, %zu bytes at the end, %" PRIu64
                   " random orders from seed %" PRIu64 "\n",
                   name, r.trace.n_edits, r.trace.agents, r.trace.end.len, in->orders, in->seed);
        else
            cli_error(name, "not replayed; --seed %" PRIu64 " does the same again", in->seed);
        session_free(&r.session);
    }
    sennit_buf_clear(&r.version);
    sennit_buf_clear(&r.snapshot);
    trace_free(&r.trace);
    return code;
}

int cmd_replay(int argc, char **argv)
{
    struct replay_args in = { .orders = 2, .seed = 1, .words = { .min = 1, .max = 100000 } };

    argp_parse(&replay_argp, argc, argv, 0, NULL, &in);
    return trace_each(in.words.at, in.words.n, replay_one, &in);
}
