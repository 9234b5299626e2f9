/* A recorded session, played again with one document for each agent. */
#include "session.h"
#include "cli.h"
#include "common/host.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_MAX_CLOCKS (1u << 28)

/* --------------------------------------------------------- Who and when -- */

/* List every agent's transactions, in order. */
static void session_list(struct session *s)
{
    const struct trace *trace = s->trace;
    uint32_t *fill = cli_alloc(trace->agents, sizeof *fill);

    s->own = cli_alloc(trace->n_txns, sizeof *s->own);
    s->own_at = cli_alloc(trace->agents + 1u, sizeof *s->own_at);
    for (size_t t = 0; t < trace->n_txns; t++)
        s->own_at[trace->txns[t].agent + 1]++;
    for (uint32_t a = 0; a < trace->agents; a++) {
        s->own_at[a + 1] += s->own_at[a];
        fill[a] = s->own_at[a];
    }
    for (size_t t = 0; t < trace->n_txns; t++)
        s->own[fill[trace->txns[t].agent]++] = (uint32_t)t;
    free(fill);
}

/* The ancestors of a transaction are its parents and theirs. As an agent's
 * transactions follow each other, a number for each agent says which. */
static void session_set_clock(const struct session *s, size_t t, const uint32_t *number)
{
    const struct trace *trace = s->trace;
    const struct txn *txn = &trace->txns[t];
    uint32_t *clock = s->clock + t * trace->agents;

    for (uint32_t p = 0; p < txn->n_parents; p++) {
        uint32_t parent = trace->parents[txn->parents + p];
        uint32_t by = trace->txns[parent].agent;
        const uint32_t *known = s->clock + (size_t)parent * trace->agents;

        for (uint32_t a = 0; a < trace->agents; a++)
            if (clock[a] < known[a])
                clock[a] = known[a];
        if (clock[by] < number[parent] + 1)
            clock[by] = number[parent] + 1;
    }
}

static int session_set_clocks(struct session *s)
{
    const struct trace *trace = s->trace;
    uint32_t *number, *made;
    int code = CLI_OK;

    if (!trace->concurrent)
        return CLI_OK;
    if (trace->n_txns > SESSION_MAX_CLOCKS / trace->agents) {
        cli_error(trace->name, "has too many agents to be played");
        return CLI_REFUSED;
    }
    s->clock = cli_alloc(trace->n_txns * trace->agents, sizeof *s->clock);
    number = cli_alloc(trace->n_txns, sizeof *number);
    made = cli_alloc(trace->agents, sizeof *made);
    for (size_t t = 0; t < trace->n_txns && code == CLI_OK; t++) {
        uint32_t agent = trace->txns[t].agent;

        number[t] = made[agent]++;
        session_set_clock(s, t, number);
        if (s->clock[t * trace->agents + agent] != number[t]) {
            cli_error(trace->name, "transaction %zu does not follow its agent's last one", t);
            code = CLI_NO;
        }
    }
    free(number);
    free(made);
    return code;
}

int session_init(struct session *s, struct trace *trace)
{
    *s = (struct session){ .trace = trace };
    sennit_buf_init(&s->deltas.bytes, NULL);
    s->docs = cli_alloc(trace->agents, sizeof *s->docs);
    s->seen = cli_alloc((size_t)trace->agents * trace->agents, sizeof *s->seen);
    s->ops = cli_alloc(trace->n_txns, sizeof *s->ops);
    session_list(s);
    return session_set_clocks(s);
}

static void session_drop_docs(struct session *s)
{
    for (uint32_t a = 0; a < s->trace->agents; a++) {
        sennit_doc_free(s->docs[a]);
        s->docs[a] = NULL;
    }
}

void session_free(struct session *s)
{
    session_drop_docs(s);
    free(s->docs);
    free(s->own);
    free(s->own_at);
    free(s->clock);
    free(s->seen);
    free(s->ops);
    free(s->deltas.end);
    sennit_buf_clear(&s->deltas.bytes);
    *s = (struct session){ 0 };
}

/* ----------------------------------------------------------- Documents -- */

sennit_options session_options(uint32_t agent, sennit_unit unit)
{
    static struct rng rng = { 1 }; /* of keys inside; no text depends on it */
    struct rng id = { agent };
    sennit_options options = host_seeded(&rng, unit);

    options.replica = rng_next(&id) | 1;
    options.limits.parked_bytes = (uint64_t)1 << 34;
    return options;
}

sennit_status session_new_doc(const struct trace *trace, const sennit_options *options,
                              sennit_doc **out)
{
    return sennit_doc_seed(options, "", 0, trace->start.data, trace->start.len, out);
}

static int session_new_docs(struct session *s, sennit_unit unit)
{
    sennit_stat stat = { 0 };

    session_drop_docs(s);
    memset(s->seen, 0, (size_t)s->trace->agents * s->trace->agents * sizeof *s->seen);
    for (uint32_t a = 0; a < s->trace->agents; a++) {
        sennit_options options = session_options(a, unit);
        sennit_status st = session_new_doc(s->trace, &options, &s->docs[a]);

        if (st != SENNIT_OK)
            return cli_refuse(s->trace->name, st, NULL);
        sennit_doc_stat(s->docs[a], &stat);
        s->seeded = stat.operations;
    }
    return CLI_OK;
}

/* ------------------------------------------------------------ Delivery -- */

static int session_deliver_txn(struct session *s, uint32_t agent, uint32_t t)
{
    const struct txn *txn = &s->trace->txns[t];
    sennit_applied got;
    sennit_error err = { SENNIT_OK, 0, "" };

    for (uint32_t e = txn->first; e < txn->end; e++) {
        size_t len;
        const uint8_t *delta = deltas_at(&s->deltas, e, &len);
        sennit_status st;

        if (len == 0)
            continue;
        st = sennit_doc_apply(s->docs[agent], delta, len, NULL, &got, &err);
        if (st != SENNIT_OK)
            return cli_refuse(s->trace->name, st, &err);
        if (got.known + got.parked + got.dropped != 0) {
            cli_error(s->trace->name, "edit %u was not new where it was delivered", e);
            return CLI_NO;
        }
    }
    return CLI_OK;
}

/* Find the oldest transaction that an agent lacks of those before t. */
static uint32_t session_next_lacking(const struct session *s, uint32_t agent, size_t t)
{
    uint32_t agents = s->trace->agents;
    const uint32_t *clock = s->clock + t * agents;
    const uint32_t *seen = s->seen + (size_t)agent * agents;
    uint32_t oldest = UINT32_MAX;

    for (uint32_t a = 0; a < agents; a++) {
        if (a == agent || seen[a] >= clock[a])
            continue;
        if (oldest > s->own[s->own_at[a] + seen[a]])
            oldest = s->own[s->own_at[a] + seen[a]];
    }
    return oldest;
}

static int session_deliver(struct session *s, size_t t)
{
    uint32_t agent = s->trace->txns[t].agent;
    uint32_t next;
    int code = CLI_OK;

    if (s->clock == NULL)
        return CLI_OK;
    while (code == CLI_OK && (next = session_next_lacking(s, agent, t)) != UINT32_MAX) {
        code = session_deliver_txn(s, agent, next);
        s->seen[(size_t)agent * s->trace->agents + s->trace->txns[next].agent]++;
    }
    return code;
}

/* The document must know its ancestors and nothing else: their number tells,
 * because a document's operations of each agent are a prefix of that agent's. */
static int session_check(const struct session *s, size_t t)
{
    uint32_t agents = s->trace->agents;
    uint32_t agent = s->trace->txns[t].agent;
    uint64_t expected = s->seeded;
    sennit_stat stat;

    if (s->clock == NULL)
        return CLI_OK;
    for (uint32_t a = 0; a < agents; a++) {
        uint32_t known = s->clock[t * agents + a];

        if (a != agent && s->seen[(size_t)agent * agents + a] != known) {
            cli_error(s->trace->name, "transaction %zu: agent %u already knew more", t, agent);
            return CLI_NO;
        }
        if (known > 0)
            expected += s->ops[s->own[s->own_at[a] + known - 1]];
    }
    sennit_doc_stat(s->docs[agent], &stat);
    if (stat.operations != expected) {
        cli_error(s->trace->name, "transaction %zu: the document knows %llu operations, not %llu",
                  t, (unsigned long long)stat.operations, (unsigned long long)expected);
        return CLI_NO;
    }
    return CLI_OK;
}

/* ------------------------------------------------------------- Playing -- */

static sennit_status session_to_bytes(const sennit_doc *doc, const struct edit *from,
                                      struct edit *to)
{
    size_t start, end;
    sennit_status st = sennit_doc_convert(doc, SENNIT_CODEPOINTS, from->pos, SENNIT_BYTES, &start);

    if (st == SENNIT_OK)
        st = sennit_doc_convert(doc, SENNIT_CODEPOINTS, (size_t)from->pos + from->deleted,
                                SENNIT_BYTES, &end);
    if (st != SENNIT_OK)
        return st;
    *to = *from;
    to->pos = (uint32_t)start;
    to->deleted = (uint32_t)(end - start);
    return SENNIT_OK;
}

/* Make one edit and keep its delta. */
static sennit_status session_record(struct session *s, sennit_doc *doc, const struct edit *edit,
                                    struct edit *bytes)
{
    uint64_t before = sennit_doc_own_count(doc);
    sennit_status st = bytes != NULL ? session_to_bytes(doc, edit, bytes) : SENNIT_OK;

    if (st == SENNIT_OK)
        st = session_edit(doc, edit, s->trace->text.data);
    if (st == SENNIT_OK)
        st = sennit_doc_own_delta(doc, before, NULL, &s->deltas.bytes);
    return st;
}

static int session_txn(struct session *s, size_t t, const struct edit *edits, struct edit *bytes,
                       bool record)
{
    const struct txn *txn = &s->trace->txns[t];
    sennit_doc *doc = s->docs[txn->agent];

    for (uint32_t e = txn->first; e < txn->end; e++) {
        sennit_status st;

        sennit_doc_set_time(doc, s->trace->ms[e]);
        if (record)
            st = session_record(s, doc, &edits[e], bytes != NULL ? &bytes[e] : NULL);
        else
            st = session_edit(doc, &edits[e], s->trace->text.data);
        if (st != SENNIT_OK) {
            cli_error(s->trace->name, "edit %u: %s", e, sennit_status_text(st));
            return CLI_NO;
        }
        if (record)
            s->deltas.end[e] = s->deltas.bytes.len;
    }
    s->ops[t] = sennit_doc_own_count(doc);
    return CLI_OK;
}

int session_play(struct session *s, sennit_unit unit, struct progress *progress)
{
    struct trace *trace = s->trace;
    bool record = s->deltas.end == NULL;
    struct edit *bytes = NULL;
    const struct edit *edits;
    int code = session_new_docs(s, unit);

    if (record)
        s->deltas.end = cli_alloc(trace->n_edits, sizeof *s->deltas.end);
    if (record && trace->bytes == NULL && unit == SENNIT_CODEPOINTS)
        bytes = trace->bytes = cli_alloc(trace->n_edits, sizeof *bytes);
    edits = trace_edits(trace, unit);
    for (size_t t = 0; t < trace->n_txns && code == CLI_OK; t++) {
        code = session_deliver(s, t);
        if (code == CLI_OK && record)
            code = session_check(s, t);
        if (code == CLI_OK)
            code = session_txn(s, t, edits, bytes, record);
        if (progress != NULL)
            progress_step(progress, trace->txns[t].end - trace->txns[t].first);
    }
    return code;
}

/* ------------------------------------------------------- One after one -- */

static sennit_status session_line_edit(const struct session *s, sennit_doc *doc, size_t e,
                                       struct trace *line)
{
    sennit_patch patch;
    size_t len;
    const uint8_t *delta = deltas_at(&s->deltas, e, &len);
    sennit_status st = SENNIT_OK;

    if (len > 0)
        st = sennit_doc_apply(doc, delta, len, NULL, NULL, NULL);
    while (st == SENNIT_OK && sennit_doc_next_patch(doc, &patch) == 1)
        trace_add(line, patch.pos, patch.removed, patch.text, patch.len, s->trace->ms[e]);
    return st;
}

int session_line(const struct session *s, struct trace *line)
{
    const struct trace *trace = s->trace;
    sennit_options options = session_options(trace->agents, SENNIT_BYTES);
    sennit_doc *doc = NULL;
    sennit_status st = session_new_doc(trace, &options, &doc);

    *line = (struct trace){
        .name = trace->name,
        .agents = 1,
        .start = { cli_alloc(trace->start.len + 1, 1), trace->start.len },
        .end = { cli_alloc(trace->end.len + 1, 1), trace->end.len },
    };
    memcpy(line->start.data, trace->start.data, trace->start.len);
    memcpy(line->end.data, trace->end.data, trace->end.len);
    if (st == SENNIT_OK)
        sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    for (size_t e = 0; e < trace->n_edits && st == SENNIT_OK; e++)
        st = session_line_edit(s, doc, e, line);
    sennit_doc_free(doc);
    return st == SENNIT_OK ? trace_set_codepoints(line) : cli_refuse(trace->name, st, NULL);
}
