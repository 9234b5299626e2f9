/* A recorded session, played again with one document for each agent.
 *
 * Before an agent's transaction its document receives exactly what the
 * transaction's ancestors were, so that its positions mean what they meant. A
 * sequential trace is a session of one agent.
 */
#ifndef SESSION_H
#define SESSION_H

#include "progress.h"
#include "trace.h"

#include <sennit/sennit.h>

/* Deltas end to end in one buffer, one for each edit of a trace. */
struct deltas {
    sennit_buf bytes;
    size_t *end; /* offset behind each */
};

static inline const uint8_t *deltas_at(const struct deltas *deltas, size_t i, size_t *len)
{
    size_t start = i == 0 ? 0 : deltas->end[i - 1];

    *len = deltas->end[i] - start;
    return deltas->bytes.data + start;
}

struct session {
    struct trace *trace;
    sennit_doc **docs;   /* one for each agent */
    uint32_t *own;       /* every agent's transactions, agent by agent */
    uint32_t *own_at;    /* where those of an agent begin in own */
    uint32_t *clock;     /* per transaction and agent: transactions of that agent
                            among its ancestors; NULL in a sequential trace */
    uint32_t *seen;      /* per agent and agent: transactions delivered to it */
    uint64_t *ops;       /* per transaction: operations its agent has made by then */
    uint64_t seeded;     /* operations in a document that nobody edited */
    struct deltas deltas;
};

/* Work out who has to know what; no documents yet. Free with session_free,
 * also after a failure. */
int session_init(struct session *session, struct trace *trace);
void session_free(struct session *session);

/* Play the whole session with fresh documents.
 *
 * The first time, every edit is encoded into session->deltas, and each document
 * is checked to know exactly the ancestors before it is edited. Afterwards those
 * deltas are used and only the work of the documents is done, for measuring. In
 * codepoints this also fills trace->bytes if that is missing.
 *
 * progress may be NULL; it gets one step for each edit.
 */
int session_play(struct session *session, sennit_unit unit, struct progress *progress);

/* Put the edits of a recorded session in one order, as one writer would make
 * them: those that a document shows while it receives the deltas. line is a
 * sequential trace then, to be freed also after a failure. */
int session_line(const struct session *session, struct trace *line);

/* Make a fresh document that holds the text a trace starts with. */
sennit_status session_new_doc(const struct trace *trace, const sennit_options *options,
                              sennit_doc **out);

/* Make one edit, with one call. */
static inline sennit_status session_edit(sennit_doc *doc, const struct edit *edit,
                                         const char *text)
{
    if (edit->len == 0)
        return sennit_doc_delete(doc, edit->pos, edit->deleted);
    if (edit->deleted == 0)
        return sennit_doc_insert(doc, edit->pos, text + edit->text, edit->len);
    return sennit_doc_splice(doc, edit->pos, edit->deleted, text + edit->text, edit->len);
}

/* Options for documents that come from a trace: one writer, seeded randomness,
 * and room to park whole histories that arrive the wrong way round. */
sennit_options session_options(uint32_t agent, sennit_unit unit);

#endif
