/* Documents in tests: made, read and compared in one line each. */
#ifndef TESTS_DOC_H
#define TESTS_DOC_H

#include "support/failmem.h"
#include "support/rng.h"

#include <sennit/sennit.h>

/* Options of a document that draws from r, which has to outlive it. */
sennit_options doc_options(rng *r);

/* A new document; requires that it works. */
sennit_doc *doc_new(const sennit_options *options);

/* What a document is, replacing what the buffer held. */
void doc_text(const sennit_doc *doc, sennit_buf *out);
void doc_version(const sennit_doc *doc, sennit_buf *out);
void doc_snapshot(sennit_doc *doc, sennit_buf *out);
void doc_dump(const sennit_doc *doc, sennit_buf *out);
void doc_check(const sennit_doc *doc);

/* All that `to` lacks of what `from` has. */
void doc_catch_up(sennit_doc *to, sennit_doc *from);

/* Have the map of ids built, as the first byte that is asked for by its id does: what
 * comes after asks for no memory for it. */
void doc_index(sennit_doc *doc);

bool buf_equal(const sennit_buf *a, const sennit_buf *b);
bool buf_is(const sennit_buf *buf, const void *data, size_t len);
void buf_add(sennit_buf *buf, const void *data, size_t len);

/* Everything about a document that a failed call must leave alone. */
typedef struct doc_state {
    sennit_buf text, dump, version, snapshot;
    sennit_stat stat;
} doc_state;

void doc_state_take(doc_state *state, sennit_doc *doc);
void doc_state_free(doc_state *state);

/* Whether a document is in that state; says what differs if it is not. */
bool doc_state_same(const doc_state *state, sennit_doc *doc);

/* Whether two documents that know the same operations agree in text, version,
 * dump and snapshot; says what differs if they do not. */
bool doc_agree(sennit_doc *a, sennit_doc *b);

/* Text of a document against a literal; for tests with cmocka or without. */
#define require_text(doc, literal) require(doc_text_is(doc, literal, sizeof(literal) - 1))
bool doc_text_is(const sennit_doc *doc, const char *text, size_t len);

#endif
