#include "support/cluster.h"

#include "core/doc/doc.h"
#include "support/require.h"
#include "support/text.h"

#include <string.h>

/* Bytes as they stand in the tree, deleted ones included. */
static void compare_order(const site *s)
{
    sn_tree *tree = sn_doc_tree(s->doc);
    const sn_roster *who = &s->doc->who;
    size_t n, at = 0;
    naive_node *const *order = naive_order(s->model, &n);

    for (sn_place p = sn_tree_from(tree->first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        const sn_span *span = sn_place_span(&p);
        uint64_t id = sn_author(who, span->change)->id;

        for (uint32_t i = 0; i < sn_span_len(span); i++, at++) {
            require(at < n && order[at]->op->id.replica == id);
            require(order[at]->op->number == span->at + i);
            require(order[at]->dead == (sn_span_dead(span) != 0));
        }
    }
    require(at == n);
}

static void compare_text(site *s)
{
    char *text;
    size_t len = naive_text(s->model, &text);

    require(doc_text_is(s->doc, text, len));
    for (unsigned u = SENNIT_BYTES; u <= SENNIT_LINES; u++)
        require(sennit_doc_count(s->doc, (sennit_unit)u) ==
                text_units(text, len, (sennit_unit)u));
    free(text);
}

static void compare_version(const site *s)
{
    sennit_buf version;
    size_t at = 0, replicas = 0, n = 0;
    uint64_t replica, count;
    int more;

    sennit_buf_init(&version, NULL);
    doc_version(s->doc, &version);
    while ((more = sennit_version_next(version.data, version.len, &at, &replica, &count)) == 1) {
        require(count > 0 && naive_known(s->model, replica) == count);
        replicas++;
    }
    require(more == 0);
    for (size_t i = 0; i < s->model->authors_len; i++)
        n += s->model->authors[i].len > 0;
    require(replicas == n);
    sennit_buf_clear(&version);
}

/* Something is missing if and only if something waits, and it is told from
 * where on. */
static void compare_missing(const site *s)
{
    size_t at = 0, n = 0;
    uint64_t replica, after;

    while (sennit_doc_next_missing(s->doc, &at, &replica, &after)) {
        require(naive_known(s->model, replica) == after);
        n++;
    }
    sennit_stat stat;
    sennit_doc_stat(s->doc, &stat);
    require((n > 0) == (stat.parked > 0));
    require((n > 0) == (s->model->pending_len > 0));
}

/* ---- patches ---- */

static void patch_shown(site *s, const sennit_patch *p)
{
    const char *text = s->shown.data != NULL ? (const char *)s->shown.data : "";
    size_t len = s->shown.len, at = text_at(text, len, s->unit, p->pos);
    size_t end = text_at(text, len, s->unit, p->pos + p->removed);
    sennit_buf next;

    require(text_units(text, at, s->unit) == p->pos);
    require(text_units(text + at, end - at, s->unit) == p->removed);
    sennit_buf_init(&next, NULL);
    buf_add(&next, text, at);
    if (p->reset) {
        require(p->pos == 0 && p->text == NULL && end == len);
        doc_text(s->doc, &next);
        require(text_units((const char *)next.data, next.len, s->unit) == p->inserted);
    } else {
        require(text_units(p->text, p->len, s->unit) == p->inserted);
        require(p->removed > 0 || p->inserted > 0);
        require((p->local != 0) == (!s->follows && p->replica == s->id));
        buf_add(&next, p->text, p->len);
        buf_add(&next, text + end, len - end);
    }
    sennit_buf_clear(&s->shown);
    s->shown = next;
}

static void compare_patches(site *s)
{
    sennit_patch p;
    char *text;

    if (!s->watched)
        return;
    while (sennit_doc_next_patch(s->doc, &p))
        patch_shown(s, &p);
    size_t len = naive_text(s->model, &text);
    require(buf_is(&s->shown, text, len));
    free(text);
}

void cluster_watch(cluster *c, site *s)
{
    (void)c;
    if (!s->watched)
        return;
    sennit_doc_watch(s->doc, SENNIT_WATCH_LOCAL | SENNIT_WATCH_REMOTE);
    doc_text(s->doc, &s->shown);
}

void cluster_compare(site *s)
{
    compare_text(s);
    compare_order(s);
    compare_version(s);
    compare_missing(s);
    compare_patches(s);
    doc_check(s->doc);
}
