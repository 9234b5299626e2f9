/* Edits as JSON, as POST /docs/ID/edits takes them:
 *
 *     [{"at": 4, "delete": 3, "insert": "text"}, ...]
 *
 * Of "delete" and "insert" one may be left out. The only file that knows jansson
 * is edits.c.
 */
#ifndef EDITS_H
#define EDITS_H

#include <sennit/sennit.h>

#define EDITS_MAX 100

struct edits {
    sennit_edit *list;
    size_t n;
    void *json; /* holds the texts */
};

/* Read them. Returns the HTTP status of what is wrong, and says it in reason, or 0.
 * Free with edits_clear, also after a failure. */
int edits_read(const void *body, size_t len, struct edits *out, char *reason, size_t size);
void edits_clear(struct edits *edits);

#endif
