/* One batch on its way into a document; private to apply.c, known.c, relative.c,
 * early.c, toggled.c and build.c. */
#ifndef SN_APPLY_H
#define SN_APPLY_H

#include "core/doc/doc.h"

#define SN_APPLY_FEW 4

/* A replica that the batch names. */
typedef struct sn_apply_at {
    uint32_t replica;  /* its index here, or SN_NO_REPLICA */
    uint32_t seq;      /* operations known, staged ones included */
    uint32_t text_len; /* before staging */
    uint32_t records;  /* staged */
    bool staged;
    sn_log_state log;  /* before staging */
    bool blocked;      /* something of it waits, so all that follows does */
    sn_op *cut;        /* a run of which only the first operations are ready, */
    uint32_t cut_from; /* which had so many; or NULL */
} sn_apply_at;

typedef struct sn_apply {
    sennit_doc *doc;
    sn_batch *batch;
    sennit_error *err;
    sn_apply_at *at;   /* for each of batch->ids */
    uint32_t replicas_len, changes_len; /* of the roster, before staging */

    sn_name *newest_name;              /* in the book, before staging */
    size_t records, inserts, toggles, ranges; /* staged */
    uint64_t inserted;                 /* bytes */
    uint64_t covers, cuts;             /* bounds: bytes that deletes (toggles) touch */
    bool bulk;                         /* goes into an empty document */

    sn_piece *parked;  /* copies, chained by next */
    size_t parked_len, parked_bytes;
    uint64_t born;     /* the call that brought the operations */
    uint64_t applied, known, waiting;  /* operations */
    sn_apply_at few[SN_APPLY_FEW];     /* memory for `at`; the last member */
} sn_apply;

/* Whether a record's ends, and in a run each operation's, are not between
 * characters. */
bool sn_apply_cuts_character(const sn_text *text, const sn_op *op);

sennit_status sn_apply_fail(const sn_apply *a, const sn_segment *seg, sennit_status code,
                            const char *what);

/* A record with the document's indices. */
sn_op sn_apply_mapped(const sn_apply *a, const sn_segment *seg, const sn_op *op);

/* Compare the first `known` operations of a segment with those known here, and
 * drop them from it. SENNIT_EFORK if they differ. */
sennit_status sn_apply_known(sn_apply *a, sn_segment *seg, uint32_t known);

/* Add what the ready toggles of the batch name to the bounds of what is touched;
 * SENNIT_ENOMEM. Once all of them have decided, let text and marks follow. */
sennit_status sn_apply_survey_toggles(sn_apply *a);
void sn_apply_settle_toggles(sn_apply *a);

/* Make a relative segment absolute. Its author's operation before it must be
 * known. */
sennit_status sn_apply_resolve(const sn_apply *a, sn_segment *seg);

/* ---- early.c ---- */

/* How many operations of the record at *end can be done now: of a delete of
 * several ranges, which are all stepped over, it or nothing. *end is then behind
 * what was asked; cause says what the first that cannot be done waits for. */
uint32_t sn_apply_ready(const sn_apply *a, const sn_op *ops, uint32_t *end, sn_cause *cause);

/* Copy the records of a segment from k on, whose bytes are given, to be parked once
 * all else has succeeded. */
sennit_status sn_apply_park(sn_apply *a, const sn_segment *seg, uint32_t k, sn_supply bytes,
                            const sn_cause *cause);

/* Leave the first k operations of record i; the rest is parked with what follows.
 * A failure of the batch makes it whole again. */
sennit_status sn_apply_cut(sn_apply *a, const sn_segment *seg, uint32_t i, uint32_t k,
                           sn_supply bytes, const sn_cause *cause);

/* ---- build.c ---- */

/* Whether the document is so empty that it can be built instead of edited. */
bool sn_bulk_suits(const sn_apply *a);

/* Build the tree of an empty document from the staged inserts and deletes. A
 * failure leaves it empty. */
sennit_status sn_bulk_build(sn_apply *a);

/* Empty it again. */
void sn_bulk_clear(sn_apply *a);

/* ---- for the document ---- */

/* Apply a decoded batch; the records in it are changed. See sennit_doc_apply. */
sennit_status sn_doc_apply_batch(sennit_doc *doc, sn_batch *batch, sennit_applied *out,
                                 sennit_error *err);

/* Try the pieces in `ready`; they stay there if memory runs out. */
void sn_doc_apply_ready(sennit_doc *doc);

#endif
