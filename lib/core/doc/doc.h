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
    bool shown;           /* what text and marks show: on, but within a batch */
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

/* ---- patches ---- */

static inline bool sn_doc_watches(const sennit_doc *doc)
{
    return doc->patches.watch & (doc->applying ? SENNIT_WATCH_REMOTE : SENNIT_WATCH_LOCAL);
}

/* Tell the host that n bytes of a span at p, counted in c, came or went. */
void sn_doc_patch(sennit_doc *doc, sn_place p, const sn_count *c, bool came, uint32_t replica);

#endif
