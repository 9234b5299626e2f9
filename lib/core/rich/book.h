/* All notes of a document: their names, what metadata stands, and the index of marks.
 *
 * A note that is on *stands*: a set among those of its name, of which the one with the
 * greatest key is the value; a mark, if it has any extent, in the index.
 *
 * Invariants
 *   N2  a note stands if and only if no toggle has switched it off, and it is not a
 *       mark without extent
 *   N3  `bytes` is the sum of all payloads, `newest` the newest change of a note
 */
#ifndef SN_BOOK_H
#define SN_BOOK_H

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
    return last != NULL ? (const sn_note *)((uintptr_t)last - offsetof(sn_note, by_key)) : NULL;
}

#endif
