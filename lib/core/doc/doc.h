/* The document: binds roster, tree, clock, parking and patches.
 *
 *                       edit.c   apply.c    reading, units, anchors
 *                          \        |        /
 *     roster (who wrote)   order -> tree    park    patches
 *     text, log, changes            map
 *
 * Every change of a document runs in two halves. The first looks, checks and
 * takes memory, and may fail; the second writes and cannot. Where the first
 * half already stores something (text, changes, replicas), it is behind what
 * counts as known and is cut off again on failure.
 *
 * Invariants
 *   D1  the visible text is below SN_MAX_TEXT bytes
 *   D2  a byte is dead if and only if a delete that is on covers it; where n > 1
 *       do, `cover` says n - 1
 *   D3  the clock is not behind any change
 *   D4  `toggled` gives each delete that a toggle names a switch of its own, and
 *       no other
 *   D5  a switch tells of the toggle with the greatest key
 */
#ifndef SN_DOC_H
#define SN_DOC_H

#include "core/doc/patch.h"
#include "core/merge/park.h"
#include "core/oplog/clock.h"
#include "core/rich/book.h"
#include "core/tree/order.h"

/* What toggles made of a delete: decided by the toggle with the greatest key. */
typedef struct sn_switch {
    uint32_t change, seq; /* of the deciding toggle */
    bool on;
} sn_switch;

/* What an abort goes back to. */
typedef struct sn_txn {
    bool open;
    bool has_lineage;
    uint32_t me;
    uint32_t seq, number;
    uint32_t changes_len; /* of the roster */
    uint32_t change;
    uint64_t last_hlc, edited_ms;
    size_t fragments;     /* stretches deleted so far */
    uint32_t newest_note; /* as in the book */
    sn_log_state log;
} sn_txn;

struct sennit_doc {
    sn_mem mem;
    sn_roster who;
    sn_tree tree;
    sn_clock clock;
    sn_map cover;         /* id of a byte -> deletes that cover it beyond the first */
    sn_map toggled;       /* author << 32 | seq of a delete -> index in switches */
    sn_switch *switches;
    uint32_t switches_len, switches_cap;
    sn_park park;
    sn_piece *ready;      /* woken, but memory ran out; chained by next */
    sn_patches patches;
    sn_book book;
    sn_txn txn;
    bool applying;        /* what happens to the text now came from elsewhere */
    uint64_t heard;       /* operations that came from elsewhere, for whoever passes them on */
    uint64_t calls;       /* of sennit_doc_apply */
    const sennit_admission *admission; /* of the call that goes on, or NULL */

    uint32_t me;          /* index of this replica; SN_NO_REPLICA before it writes */
    uint32_t change;      /* its open change; SN_ROOT_CHANGE: none */
    uint64_t edited_ms;   /* when it was last extended */
    uint32_t exported;    /* own operations that were given out */
    struct sennit_undo *undos; /* chained by next */
    uint64_t quick_ms;    /* a pause of no account: coalesce_ms, or less if an undo says so */
    uint64_t own_id;      /* what `me` will be called; 0: not drawn yet */

    sennit_unit unit;
    uint64_t coalesce_ms;
    sennit_limits limits; /* defaults filled in */
    int (*random)(void *self, void *out, size_t len);
    void *random_self;
    bool has_lineage;
    bool redacts;         /* there is a redaction; see redact.h */
    uint8_t lineage[16];
#ifdef SENNIT_SELFCHECK
    uint32_t unchecked; /* calls since the last check of a large document */
#endif
};

/* ---- doc.c ---- */

/* Draw from the host's source of randomness. */
sennit_status sn_doc_random(sennit_doc *doc, void *out, size_t len);

/* A document for these options; *out is NULL after a failure. */
sennit_status sn_doc_create(const sennit_options *options, sennit_doc **out);

/* The options of a document, but for its replica id. */
void sn_doc_options(const sennit_doc *doc, sennit_options *out);

void sn_doc_set_lineage(sennit_doc *doc, const uint8_t lineage[16]);

/* In self-check builds: die if an invariant is broken. */
#ifdef SENNIT_SELFCHECK
void sn_doc_selfcheck(const sennit_doc *doc);
#else
#define sn_doc_selfcheck(doc) ((void)0)
#endif

/* ---- units.c ---- */

/* Position in the document's unit to bytes: SENNIT_ERANGE, SENNIT_EUTF8. */
sennit_status sn_doc_to_bytes(const sennit_doc *doc, size_t pos, uint32_t *bytes);

/* The document without the const: reading moves caches only. */
static inline sennit_doc *sn_doc_mutable(const sennit_doc *doc)
{
    return (sennit_doc *)(uintptr_t)doc;
}

static inline sn_tree *sn_doc_tree(const sennit_doc *doc)
{
    return &sn_doc_mutable(doc)->tree;
}

/* ---- edit.c ---- */

/* Insert and delete in bytes; all checks but those of whole characters. */
sennit_status sn_doc_insert_bytes(sennit_doc *doc, uint32_t at, const uint8_t *text, uint32_t len);
sennit_status sn_doc_delete_bytes(sennit_doc *doc, uint32_t at, uint32_t len);

/* Whether text may be inserted: SENNIT_EINVAL, SENNIT_ELIMIT, SENNIT_EUTF8. */
sennit_status sn_edit_check_text(const char *text, size_t len);

/* A range in the document's unit as bytes: SENNIT_ERANGE, SENNIT_EUTF8. */
sennit_status sn_edit_range(sennit_doc *doc, size_t pos, size_t n, uint32_t *at, uint32_t *len);

/* Insert at byte `at` of the text, right behind a byte, deleted or not (leaf NULL: before
 * all there is). */
sennit_status sn_edit_insert_behind(sennit_doc *doc, uint32_t at, sn_place left,
                                    const uint8_t *text, uint32_t len);

/* What every own operation begins with: this replica and a lineage. */
sennit_status sn_edit_start(sennit_doc *doc);

/* Make sure of a change for an operation that names one of change `named`: *hlc
 * is 0 if the open one serves, else the time of one to be made by
 * sn_edit_change, for which there is room then. */
sennit_status sn_edit_reserve_change(sennit_doc *doc, uint32_t named, uint64_t *hlc);
void sn_edit_change(sennit_doc *doc, uint64_t hlc);

/* ---- caret.c ---- */

/* sn_doc_insert_bytes in a document that has marks: where the text gets those that it
 * should, if need be by marks of its own. All or nothing. */
sennit_status sn_caret_insert(sennit_doc *doc, uint32_t at, const uint8_t *text, uint32_t len);

/* ---- undo.c ---- */

/* A local edit is about to be made: does it begin a step? */
sennit_status sn_undo_editing(sennit_doc *doc);

/* The document goes; who undoes in it stays behind. */
void sn_undo_orphan(sennit_doc *doc);

/* ---- txn.c: several edits or none ---- */

/* Note where the document is, and open a transaction if none is open. */
void sn_txn_mark(sennit_doc *doc, sn_txn *mark);

/* Keep what came since the mark, or with a status other than SENNIT_OK take it
 * back; close the transaction if the mark opened it. */
void sn_txn_settle(sennit_doc *doc, const sn_txn *mark, sennit_status status);

/* ---- cover.c: which deletes cover what ---- */

/* One more, or one less, delete that is on covers bytes [at, at + len) of a
 * replica. Cannot fail: apply.c says what room that takes. who: whose operation
 * it is. */
void sn_cover_add(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t len, uint32_t who);
void sn_cover_drop(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t len, uint32_t who);

/* One more delete covers bytes that are dead already; room for one such call. */
sennit_status sn_cover_reserve(sennit_doc *doc);
void sn_cover_more(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t end);

/* Both, as sn_bulk_delete calls it; arg is a sn_bulk_again. */
typedef struct sn_bulk_again {
    sennit_doc *doc;
    sennit_status status; /* the first failure */
} sn_bulk_again;
void sn_cover_again(void *arg, uint32_t replica, uint32_t at, uint32_t end);

/* What decides about a delete, mark or set; NULL: no toggle, it is on. */
sn_switch *sn_switch_of(sennit_doc *doc, uint32_t replica, uint32_t seq);

/* Find a delete by its id, as its first range, or a mark or set; further records
 * follow from the iterator while op->part is SN_MORE. False if it is none of these. */
bool sn_switch_find(const sennit_doc *doc, uint32_t replica, uint32_t seq, sn_log_iter *it,
                    sn_op *op);

/* Let a toggle decide about a delete; room for a switch was reserved. The first
 * only notes it and tells whether that changed anything, the second also deletes
 * or brings back. */
bool sn_switch_note(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                    uint32_t toggle_seq, bool on);
void sn_switch_set(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                   uint32_t toggle_seq, bool on);

/* ---- redact.c ---- */

/* Erase what a redaction names, which is deleted by it already. Cannot fail. */
void sn_doc_redacted(sennit_doc *doc, const sn_op *op);

/* ---- book.c: marks and metadata ---- */

/* Store the payload of operation seq of a replica, which was checked, behind those
 * that are known. Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT. */
sennit_status sn_book_stage(sennit_doc *doc, uint32_t author, uint32_t seq, bool is_mark,
                            const uint8_t *payload, uint32_t len);

/* Forget what was staged from an operation on; and the names met since one was the
 * newest. */
void sn_book_unstage(sennit_doc *doc, uint32_t author, uint32_t seq);
void sn_book_forget(sennit_doc *doc, sn_name *newest);

/* A staged note counts now. op: its record, start: the one before if it is a mark, whose
 * bytes are in the tree. Cannot fail. */
void sn_book_commit(sennit_doc *doc, uint32_t author, const sn_op *start, const sn_op *op);

/* A toggle switches a note on or off. */
void sn_book_switch(sennit_doc *doc, uint32_t author, uint32_t seq, bool on, uint32_t who);

/* Take own notes from an operation on back, while the bytes they name are there. */
void sn_book_withdraw(sennit_doc *doc, uint32_t seq);

/* Make an own note: a mark from start to end, which tell bytes and sides, or with start
 * NULL a set. The name was checked, sn_edit_start called. value NULL: none any more.
 * Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT. */
sennit_status sn_book_make(sennit_doc *doc, const sn_op *start, const sn_op *end, const char *name,
                           size_t name_len, const sennit_value *value);

/* ---- digest.c ---- */

/* sennit_doc_digest of a count that is known and not below the replica's cut. */
uint64_t sn_digest_known(const sennit_doc *doc, uint32_t index, uint32_t seq);

/* ---- apply.c ---- */

/* Apply a decoded batch; the records in it are changed. See sennit_doc_apply. */
sennit_status sn_doc_apply_batch(sennit_doc *doc, sn_batch *batch, sennit_applied *out,
                                 sennit_error *err);

/* Try the pieces in `ready`; they stay there if memory runs out. */
void sn_doc_apply_ready(sennit_doc *doc);

/* ---- restore.c ---- */

/* ---- patches ---- */

static inline bool sn_doc_watches(const sennit_doc *doc)
{
    return doc->patches.watch & (doc->applying ? SENNIT_WATCH_REMOTE : SENNIT_WATCH_LOCAL);
}

/* Tell the host that n bytes of a span at p, counted in c, came or went. */
void sn_doc_patch(sennit_doc *doc, sn_place p, const sn_count *c, bool came, uint32_t replica);

#endif
