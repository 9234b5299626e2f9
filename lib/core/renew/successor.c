/* A compacted snapshot where it cannot be merged like a delta, since some of what
 * is lacking here is not told by it any more: what it lacks goes into it, and it
 * takes the document's place. */
#include "core/doc/gather.h"
#include "core/doc/swap.h"
#include "core/merge/apply.h"
#include "core/renew/compact.h"

/* Whether operations of a replica that both know are the same, but for what is
 * erased here (mine) or there (theirs). */
static bool successor_agrees(const sennit_doc *doc, uint32_t index, const sn_erased *mine,
                             const sennit_doc *fresh, uint32_t k, const sn_erased *theirs)
{
    uint32_t both = (uint32_t)sn_min_u64(doc->who.replicas[index].seq, fresh->who.replicas[k].seq);

    return sn_digest_blank(doc, index, both, fresh, theirs, k) ==
           sn_digest_blank(fresh, k, both, doc, mine, index);
}

static sennit_status successor_look(sennit_doc *doc, sn_erased *mine, sennit_doc *fresh,
                                    sn_erased *theirs, sennit_error *err)
{
    SN_TRY(sn_erased_find(doc, mine));
    SN_TRY(sn_erased_find(fresh, theirs));
    sn_erased_redacted(doc, mine);
    sn_erased_redacted(fresh, theirs);
    for (uint32_t i = 0; i < doc->who.replicas_len; i++) {
        uint32_t k = sn_roster_find(&fresh->who, doc->who.replicas[i].id);

        if (SENNIT_MUTANT != 62 && k != SN_NO_REPLICA &&
            !successor_agrees(doc, i, mine, fresh, k, theirs))
            return sn_fail(err, SENNIT_EFORK, 0, "a known operation with other content");
    }
    return SENNIT_OK;
}

sennit_status sn_doc_compare(sennit_doc *doc, sennit_doc *fresh, sennit_error *err)
{
    sn_erased mine = {.mem = NULL}, theirs = {.mem = NULL};

    if (doc->has_lineage && memcmp(doc->lineage, fresh->lineage, sizeof doc->lineage) != 0)
        return sn_fail(err, SENNIT_ELINEAGE, 0, "a snapshot of another document");
    sennit_status st = successor_look(doc, &mine, fresh, &theirs, err);
    sn_erased_free(&mine);
    sn_erased_free(&theirs);
    return st;
}

/* What fresh lacks, of which `of` has room for an entry a replica. */
static sennit_status successor_lacks(sennit_doc *doc, sennit_doc *fresh, sn_wanted *of, uint32_t *n,
                                     sennit_error *err)
{
    *n = 0;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++) {
        uint32_t known = (uint32_t)sennit_doc_known(fresh, doc->who.replicas[i].id);

        if (known < doc->who.replicas[i].seq)
            of[(*n)++] = (sn_wanted){i, known};
    }
    return sn_erased_wanted(doc, of, *n, err);
}

static sennit_status successor_fill(sennit_doc *doc, sennit_doc *fresh, sennit_error *err)
{
    sn_gathered g = {.mem = NULL};
    sennit_applied applied;
    uint32_t n = 0;
    size_t size;
    sn_wanted *of = sn_version_new(doc, &size);

    if (of == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = successor_lacks(doc, fresh, of, &n, err);
    if (st == SENNIT_OK && n > 0)
        st = sn_gather(doc, of, n, &g);
    if (st == SENNIT_OK && n > 0)
        st = sn_doc_apply_batch(fresh, &g.batch, &applied, err);
    sn_gathered_free(&g);
    sn_mem_free(&doc->mem, of, size);
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

    SN_TRY(successor_fill(doc, fresh, err));
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
