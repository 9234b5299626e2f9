/* Where unit tests of documents play: chance that repeats, memory that is looked
 * at, and documents that are freed when the test is over. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "core/oplog/batch.h"
#include "support/cm.h"
#include "support/doc.h"

#define STAGE_DOCS 16

typedef struct stage {
    rng r;
    failmem fm;
    sennit_alloc alloc;
    sennit_options options; /* of the next document */
    sennit_doc *docs[STAGE_DOCS];
    size_t docs_len;
    sennit_buf buf; /* for whatever comes in between */
    sennit_error err;
} stage;

/* Before and after a test; afterwards no memory may be left. */
int stage_open(void **state);
int stage_close(void **state);

#define STAGE_TEST(f) cmocka_unit_test_setup_teardown(f, stage_open, stage_close)

/* A document of a replica, seeded with a text: those with the same text merge. */
sennit_doc *stage_doc(stage *s, uint64_t replica, const char *text);

/* Have a document freed when the test is over. */
sennit_doc *stage_keep(stage *s, sennit_doc *doc);

/* Apply operations of ids[0], made up by hand, as a delta: the first is seq, with
 * numbers from `number` on and the bytes of text. Sets s->err. */
typedef struct stage_ops {
    uint64_t ids[3];
    uint64_t hlc;
    uint32_t ids_len, seq, number, n;
    sn_op ops[4];
    const char *text;
} stage_ops;

sennit_status stage_apply(stage *s, sennit_doc *doc, const stage_ops *made_up);

#define assert_text(doc, literal)                                       \
    do {                                                                \
        doc_check(doc);                                                 \
        assert_true(doc_text_is(doc, literal, sizeof(literal) - 1));    \
    } while (0)

/* A call gives this status and leaves doc as it was. */
#define assert_refused(doc, status, call)                               \
    do {                                                                \
        doc_state before_;                                              \
                                                                        \
        doc_state_take(&before_, doc);                                  \
        assert_int_equal((call), (status));                             \
        assert_true(doc_state_same(&before_, doc));                     \
        doc_state_free(&before_);                                       \
    } while (0)

#endif
