/* Taking operations back, and issuing this replica's own anew.
 *
 *   build     a fresh document of everything but what is taken back; what
 *             depends on that is parked in it
 *   reissue   this replica's operations that are not in it are applied to it
 *             under another id, or with another time
 *   change    what the caller's document is made of for that of the fresh one,
 *             which cannot fail; until then nothing has changed
 */
#include "base/bytes.h"
#include "core/doc/gather.h"
#include "core/doc/swap.h"
#include "core/history/undo.h"
#include "core/merge/apply.h"
#include "core/renew/reissue.h"

typedef struct rebasing {
    sennit_doc *doc, *fresh;
    uint32_t of, from;     /* whose operations are taken back, and from which on */
    uint64_t id;           /* what this replica is called afterwards; 0: another name,
                              but only if it has something to issue */
    uint64_t moved_to;     /* who has issued anew what is taken back; 0: not known */
    uint64_t accepted;     /* own operations before this one are never taken back */
    uint64_t now_ms;
    bool anew;             /* text brought back is typed anew */
    sn_reissue own;        /* until the change */
    sennit_rebased did;
    sn_swap swap;
} rebasing;

static sennit_status rebase_draw(sennit_doc *doc, uint64_t *id)
{
    do
        SN_TRY(sn_doc_random(doc, id, sizeof *id));
    while (*id == 0 || sn_roster_find(&doc->who, *id) != SN_NO_REPLICA);
    return SENNIT_OK;
}

/* What was done if nothing had to be issued anew. */
static sennit_rebased rebase_nothing(const sennit_doc *doc)
{
    const sn_replica *me = doc->me != SN_NO_REPLICA ? &doc->who.replicas[doc->me] : NULL;

    return (sennit_rebased){.old = doc->own_id, .renewed = doc->own_id,
                            .from = me != NULL ? me->seq : 0,
                            .from_byte = me != NULL ? me->number : 0};
}

/* ---- build ---- */

/* All operations but those taken back, and but own ones from `own` on. */
static sennit_status rebase_build(rebasing *r, uint64_t own)
{
    const sn_roster *who = &r->doc->who;
    sennit_options options;
    sennit_applied applied;
    sn_gathered g;

    sn_doc_options(r->doc, &options);
    options.limits.parked_bytes = UINT64_MAX; /* what was applied has to find room */
    SN_TRY(sn_doc_create(&options, &r->fresh));
    sennit_status st = sn_gather_all(r->doc, &g);
    if (st == SENNIT_OK) {
        sn_batch_cut(&g.batch, who->replicas[r->of].id, r->from);
        sn_batch_cut(&g.batch, r->doc->own_id, (uint32_t)sn_min_u64(own, UINT32_MAX));
        st = sn_doc_apply_batch(r->fresh, &g.batch, &applied, NULL);
    }
    sn_gathered_free(&g);
    for (uint32_t i = 0; i < who->replicas_len && st == SENNIT_OK; i++) {
        uint32_t k = sn_roster_find(&r->fresh->who, who->replicas[i].id);

        if (k == SN_NO_REPLICA)
            continue;
        r->fresh->who.replicas[k].cut = who->replicas[i].cut;
    }
    r->fresh->clock.now_ms = r->now_ms;
    r->fresh->clock.offset_ms = r->doc->clock.offset_ms;
    return st;
}

/* Whether all of this replica's own operations are in the fresh document. */
static bool rebase_own_is_whole(const rebasing *r)
{
    return r->doc->me == SN_NO_REPLICA ||
           sennit_doc_known(r->fresh, r->doc->own_id) == sennit_doc_own_count(r->doc);
}

/* If own operations are concerned, all that were not accepted are left out: what
 * stays with the old id must never have to be taken back. */
static sennit_status rebase_build_all(rebasing *r)
{
    SN_TRY(rebase_build(r, UINT64_MAX));
    if (rebase_own_is_whole(r) || sennit_doc_known(r->fresh, r->doc->own_id) <= r->accepted)
        return SENNIT_OK;
    sennit_doc_free(r->fresh);
    return rebase_build(r, SENNIT_MUTANT == 33 ? UINT64_MAX : r->accepted);
}

/* ---- reissue ---- */

static sennit_status rebase_issue(rebasing *r)
{
    sn_reissue *own = &r->own;
    uint32_t to = r->moved_to != 0 ? sn_roster_find(&r->doc->who, r->moved_to) : SN_NO_REPLICA;
    sennit_applied applied = {0, 0, 0, 0};

    SN_TRY(sn_reissue_start(own));
    if (own->from < r->doc->who.replicas[r->doc->me].cut.seq)
        return SENNIT_EGONE;
    if (to != SN_NO_REPLICA && to != r->doc->me && to != r->of)
        sn_reissue_moved(own, r->of, to);
    SN_TRY(sn_reissue_all(own));
    r->did = (sennit_rebased){r->doc->own_id, r->id, own->from, own->from_byte,
                              own->seq - own->segment.seq,
                              r->doc->who.replicas[r->doc->me].number - own->from_byte};
    if (own->batch.segments_len > 0)
        SN_TRY(sn_doc_apply_batch(r->fresh, &own->batch, &applied, NULL));
    SN_ASSERT(applied.parked == 0 && applied.applied == r->did.operations);
    return SENNIT_OK;
}

static sennit_status rebase_reissue(rebasing *r)
{
    const sennit_doc *doc = r->doc;

    if (doc->me == SN_NO_REPLICA) {
        r->id = doc->own_id;
        return SENNIT_OK;
    }
    if (r->id == 0 && rebase_own_is_whole(r))
        r->id = doc->own_id;
    else if (r->id == 0)
        SN_TRY(rebase_draw(r->doc, &r->id));
    r->own = (sn_reissue){.was = r->doc, .now = r->fresh, .id = r->id,
                           .anew = r->anew};
    return rebase_issue(r);
}

/* ---- change ---- */

static void rebase_change(rebasing *r, uint32_t waits)
{
    const sn_roster *who = &r->doc->who;

    if (r->doc->me != SN_NO_REPLICA) /* issued anew instead */
        sn_swap_carry(r->fresh, r->fresh, r->doc->own_id, 0);
    sn_swap_carry(r->doc, r->fresh, who->replicas[r->of].id, waits);
    sn_swap_done(&r->swap, r->id);
}

/* ---- all of it ---- */

static sennit_status rebase_run(rebasing *r)
{
    if (r->from < r->doc->who.replicas[r->of].cut.seq)
        return SENNIT_EGONE;
    SN_TRY(sn_undo_prepare(r->doc));
    SN_TRY(rebase_build_all(r));
    SN_TRY(rebase_reissue(r));
    if (r->anew) {
        r->fresh->own_id = r->id;
        SN_TRY(sn_retype(r->doc, r->fresh));
        SN_TRY(sn_remark(r->doc, r->fresh));
        sn_tree_unquick(&r->fresh->tree);
    }
    r->swap.fresh = r->fresh;
    return sn_swap_look(&r->swap);
}

/* Operations of `of` that wait are dropped from waits on. */
SN_RARE static sennit_status rebase_all(rebasing *r, uint32_t waits)
{
    r->did = rebase_nothing(r->doc);
    sn_swap_start(&r->swap, r->doc, r->doc->who.replicas[r->of].id);
    sennit_status st = rebase_run(r);
    if (r->own.was != NULL) {
        if (st == SENNIT_OK)
            sn_undo_reissued(r->doc, &r->own, &r->did);
        sn_reissue_free(&r->own);
    }
    if (st == SENNIT_OK)
        rebase_change(r, waits);
    sennit_doc_free(r->fresh);
    sn_swap_end(&r->swap);
    return st;
}

/* Nothing to issue anew: it is enough to go by another name. */
static sennit_status rebase_rename(rebasing *r)
{
    sennit_doc *doc = r->doc;

    SN_TRY(sn_undo_prepare(doc));
    r->did = rebase_nothing(doc);
    r->did.renewed = r->id;
    sn_tree_unquick(&doc->tree);
    sn_undo_renamed(doc);
    doc->own_id = r->id;
    doc->me = SN_NO_REPLICA;
    doc->change = SN_ROOT_CHANGE;
    doc->exported = 0;
    return SENNIT_OK;
}

static sennit_status rebase_own(sennit_doc *doc, uint64_t from, bool anew, sennit_rebased *out)
{
    rebasing r = {.doc = doc, .of = doc->me, .from = (uint32_t)from, .accepted = UINT64_MAX,
                  .now_ms = doc->clock.now_ms, .anew = anew};

    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (from > sennit_doc_own_count(doc))
        return SENNIT_ERANGE;
    SN_TRY(rebase_draw(doc, &r.id));
    if (from == sennit_doc_own_count(doc))
        SN_TRY(rebase_rename(&r));
    else
        SN_TRY(rebase_all(&r, UINT32_MAX));
    if (out != NULL)
        *out = r.did;
    return SENNIT_OK;
}

SN_RARE sennit_status sennit_doc_rebase(sennit_doc *doc, uint64_t from, sennit_rebased *out)
{
    return rebase_own(doc, from, false, out);
}

SN_RARE sennit_status sennit_doc_retype(sennit_doc *doc, uint64_t from, sennit_rebased *out)
{
    return rebase_own(doc, from, true, out);
}

SN_RARE sennit_status sennit_doc_void(sennit_doc *doc, uint64_t replica, uint64_t from,
                                      uint64_t renewed, uint64_t accepted, sennit_rebased *out)
{
    uint32_t at = (uint32_t)sn_min_u64(from, UINT32_MAX);
    rebasing r = {.doc = doc, .of = sn_roster_find(&doc->who, replica), .from = at,
                  .moved_to = renewed, .accepted = accepted, .now_ms = doc->clock.now_ms};

    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (replica == 0 || replica == doc->own_id)
        return SENNIT_EINVAL;
    if (from < sennit_doc_known(doc, replica)) {
        SN_TRY(rebase_all(&r, at));
    } else {
        r.did = rebase_nothing(doc);
        sn_swap_carry(doc, doc, replica, at);
        sn_doc_apply_ready(doc);
    }
    if (out != NULL)
        *out = r.did;
    return SENNIT_OK;
}

/* What was given out is not saved with the document, and all of a saved one counts
 * as given out. Bytes on a disk tell what had been given out when they were written,
 * and whoever opens them cannot tell what was after that: by a host that died before
 * it saved again, or in the years since a backup. To stamp such operations anew would
 * make other operations of the same ids, which is a fork; to do so under a new id
 * would double the text wherever they are. Waiting is always safe, and so is
 * sennit_doc_rebase, which is told by a server what arrived. */
SN_RARE sennit_status sennit_doc_restamp(sennit_doc *doc, uint64_t unix_ms)
{
    rebasing r = {.doc = doc, .of = doc->me, .from = doc->exported, .id = doc->own_id,
                  .accepted = UINT64_MAX, .now_ms = sn_min_u64(unix_ms, SN_MAX_WALL_MS)};

    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (doc->exported < sennit_doc_own_count(doc)) {
        const sn_roster *who = &doc->who;

        if (doc->exported > 0 &&
            who->times[sn_roster_change_at_seq(who, doc->me, doc->exported - 1)] >> 16 > r.now_ms)
            return SENNIT_ECLOCK;
        SN_TRY(rebase_all(&r, UINT32_MAX));
    }
    doc->clock.now_ms = r.now_ms;
    return SENNIT_OK;
}
