/* All notes of a document: their names, what metadata stands, and the index of marks.
 *
 * A note that is on *stands*: a set among those of its name, of which the one with the
 * greatest key is the value; a mark, if it has any extent, in the index.
 *
 * Invariants
 *   N2  a note stands if and only if no toggle has switched it off, its payload was not
 *       dropped, and it is not a mark without extent
 *   N3  `bytes` is the sum of all payloads, `newest` the newest change of a note
 */
#ifndef SN_BOOK_H
#define SN_BOOK_H

#include "core/oplog/log.h"
#include "core/oplog/note.h"

typedef struct sn_book {
    sn_twig *names;       /* by their bytes */
    sn_name *newest_name;
    uint64_t made;        /* twigs and edges so far, for their ranks */
    uint64_t bytes;       /* of payloads, staged ones included */
    uint32_t newest;      /* change of the newest note; SN_ROOT_CHANGE: none */
    sn_edge *edges;       /* of the marks that stand */
} sn_book;

/* The first name that does not come before these bytes, or with `behind` the first
 * that comes after them; or NULL. */
sn_name *sn_book_from(const sn_book *book, const void *name, size_t len, bool behind);

/* Names by their bytes: below 0, 0, above 0. */
int sn_name_compare_all(const sn_name *a, const sn_name *b);
static inline int sn_name_compare(const sn_name *a, const sn_name *b)
{
    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    return a == b ? 0 : sn_name_compare_all(a, b);
}

/* Free all names. */
void sn_book_free(sn_book *book, sn_mem *mem);

/* The value of a name in the metadata: the set that counts, or NULL. */
static inline const sn_note *sn_name_set(const sn_name *name)
{
    const sn_twig *last = name->sets;

    while (last != NULL && last->right != NULL)
        last = last->right;
    return last != NULL ? &((const sn_set *)((uintptr_t)last - offsetof(sn_set, by_key)))->note : NULL;
}

/* ---- in a document ---- */

/* Store the payload of operation seq of a replica, which was checked or is NULs, behind
 * those that are known. Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT. */
sennit_status sn_book_stage(sennit_doc *doc, uint32_t author, uint32_t seq, bool is_mark,
                            const uint8_t *payload, uint32_t len);

/* Forget what was staged from an operation on; and the names met since one was the
 * newest. */
void sn_book_unstage(sennit_doc *doc, uint32_t author, uint32_t seq);
void sn_book_forget(sennit_doc *doc, sn_name *newest);

/* A staged note counts now. op: its record, start: the one before if it is a mark, whose
 * bytes are in the tree. Cannot fail. */
void sn_book_commit(sennit_doc *doc, uint32_t author, const sn_op *start, const sn_op *op);

/* The same, but a mark that is on does not stand yet: it is returned, for
 * sn_marks_build. NULL: nothing is left to do. */
sn_mark *sn_book_place(sennit_doc *doc, uint32_t author, const sn_op *start, const sn_op *op);

/* A toggle switches a note on or off. */
void sn_book_switch(sennit_doc *doc, uint32_t author, uint32_t seq, bool on, uint32_t who);

/* Put NULs in place of a payload that never counts again; the host is told nothing. */
void sn_book_drop(sennit_doc *doc, sn_note *note);

/* Take own notes from an operation on back, while the bytes they name are there. */
void sn_book_withdraw(sennit_doc *doc, uint32_t seq);

/* Make an own note: a mark from start to end, which tell bytes and sides, or with start
 * NULL a set. The name was checked, sn_edit_start called. value NULL: none any more.
 * Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT. */
sennit_status sn_book_make(sennit_doc *doc, const sn_op *start, const sn_op *end, const char *name,
                           size_t name_len, const sennit_value *value);

#endif
