/* The marks that cover one place, by name: of each name the one with the greatest key
 * is what counts there.
 *
 *     names   | bold, top | link, top | ...     by their bytes
 *                |
 *                held by key, as many as there are; the last is the top
 */
#ifndef SN_ACTIVE_H
#define SN_ACTIVE_H

#include "core/rich/mark_index.h"

typedef struct sn_active_name {
    const sn_name *name;
    sn_twig *held;
    const sn_mark *top;
} sn_active_name;

typedef struct sn_active {
    sennit_doc *doc;
    sn_active_name *names;
    size_t len, cap;
    bool news;                 /* set whenever what counts changes */
    sn_twig *spare;            /* to hold more with, chained by right */
    struct sn_active_block *blocks;
} sn_active;

/* Begin with those that reach over a slot: they begin at `begin` or before it and end at
 * `end` or behind it. Free it also after a failure. */
sennit_status sn_active_start(sn_active *a, sennit_doc *doc, const sn_slot *begin, const sn_slot *end);
void sn_active_free(sn_active *a);

/* Go over an edge: its mark begins, or it ends and is one of them. Cost O(log n), and
 * as many names as there are. */
sennit_status sn_active_cross(sn_active *a, const sn_edge *edge);

sennit_status sn_active_add(sn_active *a, const sn_mark *mark);

/* The next mark that counts and gives its name a value, from the i-th name on, which
 * is moved on; NULL at the end. */
static inline const sn_mark *sn_active_next(const sn_active *a, size_t *i)
{
    while (*i < a->len) {
        const sn_mark *mark = a->names[(*i)++].top;

        if (mark->note.gives)
            return mark;
    }
    return NULL;
}

/* Whether two marks have the same name and value. */
bool sn_mark_alike(const sennit_doc *doc, const sn_mark *a, const sn_mark *b);
static inline bool sn_mark_same(const sennit_doc *doc, const sn_mark *a, const sn_mark *b)
{
    return a == b || sn_mark_alike(doc, a, b);
}

/* By name: below 0, a comes first; 0, it is the same. Behind all names comes none. */
static inline int sn_mark_compare(const sn_mark *a, const sn_mark *b)
{
    if (a == NULL || b == NULL)
        return (a == NULL) - (b == NULL);
    return sn_name_compare(a->note.name, b->note.name);
}

/* Its value, as a payload has it. */
static inline const uint8_t *sn_mark_value(const sennit_doc *doc, const sn_mark *mark)
{
    return doc->who.replicas[mark->note.author].notes->bytes + mark->note.value;
}

/* Whether the same marks, by name and value, count in both. */
bool sn_active_same(const sn_active *a, const sn_active *b);

/* One of the marks of the run that was read last. */
const sn_mark *sn_runs_mark(const sennit_runs *runs, size_t i);

#endif
