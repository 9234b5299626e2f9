/* Marks and metadata: the operations that carry a name and a value.
 *
 * A replica's log has their order and what they name. Their payloads (value.h) are
 * here, one behind the other as they were made, and found by seq:
 *
 *     list    | seq at note | seq at note | ...
 *     bytes   | payload     | payload     | ...
 *
 * What is behind the operations that are known is staged: it has a note already,
 * but that stands nowhere else.
 *
 * Invariant
 *   N1  there is an entry for each mark and each set of the log, with as many bytes
 */
#ifndef SN_NOTE_H
#define SN_NOTE_H

#include "base/mem.h"
#include "base/treap.h"
#include "core/oplog/value.h"

/* A name that notes have. Never freed while the document is there, unless the call that
 * brought it fails. */
typedef struct sn_name {
    sn_twig by_name;
    struct sn_name *older; /* the one met before */
    sn_twig *sets;         /* metadata: those that are on, by key; the last counts */
    uint64_t head;         /* the first eight bytes as a number, to compare by */
    uint32_t len;
    uint8_t bytes[];
} sn_name;

/* One end of a mark, among all ends in the order of their slots (mark_index.h). */
typedef struct sn_edge {
    struct sn_edge *parent, *left, *right;
    struct sn_edge *furthest; /* the last end of the marks that start here or below */
    uint32_t rank;
    uint32_t replica, number; /* the byte; SN_NO_REPLICA: start or end of the document */
    bool after;               /* the slot behind the byte, or the document's end */
    bool is_end;
} sn_edge;

typedef struct sn_note {
    sn_name *name;         /* NULL: its payload was dropped (core/renew/supersede.h) */
    uint64_t hlc, replica; /* with seq: its key */
    uint32_t seq;
    uint32_t author;       /* index */
    uint32_t value, len;   /* where its value is among its author's bytes */
    bool is_mark;
    bool gives;            /* a value: it does not take one away */
    bool stands;           /* in its name's sets, or in the index of marks */
    bool gone;             /* the payload is dropped, or is to be */
} sn_note;

typedef struct sn_set {
    sn_note note;
    sn_twig by_key;
} sn_set;

typedef struct sn_mark {
    sn_note note;
    sn_edge start, end;
} sn_mark;

static inline size_t sn_note_size(bool is_mark)
{
    return is_mark ? sizeof(sn_mark) : sizeof(sn_set);
}

typedef struct sn_note_at {
    uint32_t seq, at;
    sn_note *note;
} sn_note_at;

typedef struct sn_notes {
    uint8_t *bytes;
    sn_note_at *list;
    uint32_t len, cap, list_len, list_cap;
} sn_notes;

/* Free all, notes included. *notes may be NULL. */
void sn_notes_free(sn_notes **notes, sn_mem *mem);

/* Make room for a note; *notes is made if it is NULL. Returns SENNIT_OK, SENNIT_ENOMEM,
 * SENNIT_ELIMIT. */
sennit_status sn_notes_reserve(sn_notes **notes, sn_mem *mem, uint32_t len);

/* Append a payload and its note, which is the list's from then on; room was reserved.
 * Returns where the payload is. */
uint32_t sn_notes_append(sn_notes *notes, uint32_t seq, const uint8_t *payload, uint32_t len,
                         sn_note *note);

/* The entry of the first note from operation seq on: list_len if there is none. notes
 * may be NULL. */
uint32_t sn_notes_from(const sn_notes *notes, uint32_t seq);

/* Payloads from that of operation seq, or a later one, on; NULL if there are none. */
const uint8_t *sn_notes_bytes(const sn_notes *notes, uint32_t seq);

/* The note of an operation that is one. */
sn_note *sn_notes_find(const sn_notes *notes, uint32_t seq);

/* Forget the notes from operation seq on, which stand nowhere else. */
void sn_notes_truncate(sn_notes *notes, sn_mem *mem, uint32_t seq);

/* Whether a's key is less than b's. */
static inline bool sn_note_less(const sn_note *a, const sn_note *b)
{
    if (a->hlc != b->hlc)
        return a->hlc < b->hlc;
    return a->replica != b->replica ? a->replica < b->replica : a->seq < b->seq;
}

#endif
