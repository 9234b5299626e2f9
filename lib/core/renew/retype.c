/* Text that an undo brought back, where the delete it switched off is to stand: it is
 * typed anew, at the places where it is.
 *
 *     was     a b [c d] e      c d deleted by all, brought back by this replica
 *     fresh   a b  - -  e      without that
 *     then    a b c d - - e    c d are this replica's now
 *
 * What is visible in `was` and dead in `fresh` can only be that, for it was gathered from
 * the same operations.
 */
#include "core/edit/quick.h"
#include "core/renew/reissue.h"

/* How many of n bytes of a span of `was` are alike in `fresh`; *p is where they are there,
 * leaf NULL if they are not. */
static uint32_t retype_alike(sennit_doc *fresh, uint32_t index, uint32_t at, uint32_t n, sn_place *p)
{
    const sn_replica *r = &fresh->who.replicas[index];

    if (at >= r->number) {
        p->leaf = NULL;
        return n;
    }
    n = (uint32_t)sn_min_u64(n, r->number - at);
    *p = sn_tree_find(&fresh->tree, index, at);
    return (uint32_t)sn_min_u64(n, sn_span_len(sn_place_span(p)) - p->off);
}

/* One span of `was`, from *at on: as far as it is alike. */
static sennit_status retype_piece(const sennit_doc *was, sennit_doc *fresh, const sn_span *span,
                                  uint32_t *at)
{
    const uint32_t author = was->who.changes[span->change].replica;
    const uint32_t index = sn_roster_find(&fresh->who, was->who.replicas[author].id);
    const uint32_t first = *at, end = span->at + sn_span_len(span);
    sn_place p;

    *at = end;
    if (index == SN_NO_REPLICA)
        return SENNIT_OK;
    *at = first + retype_alike(fresh, index, first, end - first, &p);
    if (p.leaf == NULL || !sn_span_dead(sn_place_span(&p)))
        return SENNIT_OK;
    const sn_count before = sn_tree_before(&fresh->tree, p);
    return sennit_doc_insert(fresh, sn_count_in(&before, fresh->unit),
                             (const char *)was->who.replicas[author].text.bytes + first, *at - first);
}

SN_RARE sennit_status sn_retype(sennit_doc *was, sennit_doc *fresh)
{
    for (sn_place p = sn_tree_from(was->tree.first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        const sn_span *span = sn_place_span(&p);

        for (uint32_t at = span->at; at < span->at + sn_span_len(span) && !sn_span_dead(span);)
            SN_TRY(retype_piece(was, fresh, span, &at));
    }
    return SENNIT_OK;
}
