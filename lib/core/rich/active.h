/* The marks that cover one place, by name and then by key: the last of each name is
 * what counts there. */
#ifndef SN_ACTIVE_H
#define SN_ACTIVE_H

#include "core/rich/mark_index.h"

typedef struct sn_active {
    sennit_doc *doc;
    const sn_mark **at;
    size_t len, cap;
} sn_active;

/* Begin with those that reach over a slot: they begin at `begin` or before it and end at
 * `end` or behind it. Free it also after a failure. */
sennit_status sn_active_start(sn_active *a, sennit_doc *doc, const sn_slot *begin, const sn_slot *end);
void sn_active_free(sn_active *a);

/* Go over an edge: its mark begins, or it ends and is one of them. */
sennit_status sn_active_cross(sn_active *a, const sn_edge *edge);

sennit_status sn_active_add(sn_active *a, const sn_mark *mark);

/* The next mark that counts and gives its name a value, from the i-th of all on, which
 * is moved on; NULL at the end. */
static inline const sn_mark *sn_active_next(const sn_active *a, size_t *i)
{
    while (*i < a->len) {
        const sn_note *note = &a->at[(*i)++]->note;

        if (*i < a->len && a->at[*i]->note.name == note->name && SENNIT_MUTANT != 81)
            continue; /* one with a greater key follows */
        if (note->gives)
            return a->at[*i - 1];
    }
    return NULL;
}

/* Whether two marks have the same name and value. */
bool sn_mark_alike(const sennit_doc *doc, const sn_mark *a, const sn_mark *b);
static inline bool sn_mark_same(const sennit_doc *doc, const sn_mark *a, const sn_mark *b)
{
    return a == b || sn_mark_alike(doc, a, b);
}

/* Its value, as a payload has it. */
static inline const uint8_t *sn_mark_value(const sennit_doc *doc, const sn_mark *mark)
{
    return doc->who.replicas[mark->note.author].notes->bytes + mark->note.value;
}

/* Whether the same marks, by name and value, count in both. */
bool sn_active_same(const sn_active *a, const sn_active *b);

#endif
