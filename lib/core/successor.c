/* A compacted snapshot where it cannot be merged like a delta, since some of what
 * is lacking here is not told by it any more: what it lacks goes into it, and it
 * takes the document's place. */
#include "core/compact.h"
#include "core/gather.h"
#include "core/swap.h"

typedef struct succession {
    sennit_doc *doc, *fresh;
    sn_erased mine, theirs; /* what is erased here, and there */
    sn_wanted *of;          /* what is known here and not there */
    uint32_t n;
} succession;

/* Whether operations of a replica that both know are the same, but for what is
 * erased. */
static bool successor_is_same(const succession *a, uint32_t index)
{
    const sn_replica *mine = &a->doc->who.replicas[index];
    uint32_t k = sn_roster_find(&a->fresh->who, mine->id);

    if (k == SN_NO_REPLICA)
        return true;
    uint32_t both = (uint32_t)sn_min_u64(mine->seq, a->fresh->who.replicas[k].seq);
    return sn_digest_blank(a->doc, index, both, &a->theirs, k) ==
           sn_digest_blank(a->fresh, k, both, &a->mine, index);
}

static sennit_status successor_compare(succession *a, sennit_error *err)
{
    SN_TRY(sn_erased_find(a->doc, &a->mine));
    SN_TRY(sn_erased_find(a->fresh, &a->theirs));
    for (uint32_t i = 0; i < a->doc->who.replicas_len; i++) {
        const sn_replica *mine = &a->doc->who.replicas[i];
        uint32_t known = (uint32_t)sennit_doc_known(a->fresh, mine->id);

        if (SENNIT_MUTANT != 62 && !successor_is_same(a, i))
            return sn_fail(err, SENNIT_EFORK, 0, "a known operation with other content");
        if (known < mine->seq)
            a->of[a->n++] = (sn_wanted){i, known};
    }
    return sn_erased_wanted(a->doc, a->of, a->n, err);
}

/* What fresh lacks goes into it. */
static sennit_status successor_fill(succession *a, sennit_error *err)
{
    sn_gathered g = {.mem = NULL};
    sennit_applied applied;

    SN_TRY(successor_compare(a, err));
    if (a->n == 0)
        return SENNIT_OK;
    sennit_status st = sn_gather(a->doc, a->of, a->n, &g);
    if (st == SENNIT_OK)
        st = sn_doc_apply_batch(a->fresh, &g.batch, &applied, err);
    sn_gathered_free(&g);
    return st;
}

static sennit_status successor_prepare(sennit_doc *doc, sennit_doc *fresh, sennit_error *err)
{
    succession a = {.doc = doc, .fresh = fresh};
    size_t size;

    a.of = sn_version_new(doc, &size);
    if (a.of == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = successor_fill(&a, err);
    sn_erased_free(&a.mine);
    sn_erased_free(&a.theirs);
    sn_mem_free(&doc->mem, a.of, size);
    return st;
}

/* What is new to the document, and what is not, of what fresh knows. */
static sennit_applied successor_count(const sennit_doc *doc, const sennit_doc *fresh)
{
    sennit_applied out = {0, 0, 0, 0};

    for (uint32_t i = 0; i < fresh->who.replicas_len; i++) {
        const sn_replica *r = &fresh->who.replicas[i];
        uint64_t known = sn_min_u64(sennit_doc_known(doc, r->id), r->seq);

        out.applied += r->seq - known;
        out.known += known;
    }
    return out;
}

sennit_status sn_doc_succeed(sennit_doc *doc, sennit_doc *fresh, sennit_applied *out,
                           sennit_error *err)
{
    const sennit_applied did = successor_count(doc, fresh);
    sn_swap swap;

    if (doc->has_lineage && memcmp(doc->lineage, fresh->lineage, sizeof doc->lineage) != 0)
        return sn_fail(err, SENNIT_ELINEAGE, 0, "a snapshot of another document");
    SN_TRY(successor_prepare(doc, fresh, err));
    sn_swap_start(&swap, doc, fresh->who.replicas[0].id);
    swap.fresh = fresh;
    sennit_status st = sn_swap_look(&swap);
    if (st == SENNIT_OK) {
        sn_clock_see(&fresh->clock, doc->clock.last);
        fresh->clock.now_ms = doc->clock.now_ms;
        fresh->clock.offset_ms = doc->clock.offset_ms;
        sn_swap_carry(doc, fresh, 0, UINT32_MAX);
        sn_swap_done(&swap, doc->own_id);
        *out = did;
    }
    sn_swap_end(&swap);
    return st;
}
