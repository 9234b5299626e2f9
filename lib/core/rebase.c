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
#include "core/gather.h"
#include "core/reissue.h"
#include "core/undo.h"

typedef struct rebasing {
    sennit_doc *doc, *fresh;
    uint32_t of, from;     /* whose operations are taken back, and from which on */
    uint64_t id;           /* what this replica is called afterwards; 0: another name,
                              but only if it has something to issue */
    uint64_t moved_to;     /* who has issued anew what is taken back; 0: not known */
    uint64_t accepted;     /* own operations before this one are never taken back */
    uint64_t now_ms;
    sn_reissue own;        /* until the change */
    sennit_rebased did;
    sennit_buf before, after; /* texts, if somebody watches */
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

/* Take operations from one on off the end of a segment; of a character, all of it. */
static void rebase_cut_segment(const sn_batch *batch, sn_segment *seg, uint32_t from)
{
    while (seg->n > 0 && batch->ops[seg->first + seg->n - 1].seq >= from)
        seg->n--;
    if (seg->n == 0)
        return;
    sn_op *last = &batch->ops[seg->first + seg->n - 1];
    if (sn_op_seqs(last) <= from - last->seq)
        return;
    last->n = from - last->seq;
    if (last->kind == SN_INSERT) {
        const uint8_t *text = seg->text + (last->number - seg->number);

        while (last->n > 0 && sn_utf8_is_cont(text[last->n]))
            last->n--;
        seg->n -= last->n == 0;
    } else if (last->n == 1 && SENNIT_MUTANT != 31) {
        last->flag = 0;
    }
}

/* Leave out a replica's operations from one on. */
static void rebase_cut(sn_batch *batch, uint64_t id, uint32_t from)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < batch->segments_len; i++) {
        sn_segment *seg = &batch->segments[i];

        if (batch->ids[seg->replica] == id)
            rebase_cut_segment(batch, seg, from);
        if (seg->n > 0)
            batch->segments[kept++] = *seg;
    }
    batch->segments_len = kept;
}

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
        rebase_cut(&g.batch, who->replicas[r->of].id, r->from);
        rebase_cut(&g.batch, r->doc->own_id, (uint32_t)sn_min_u64(own, UINT32_MAX));
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
    r->own = (sn_reissue){.was = r->doc, .now = r->fresh, .id = r->id};
    return rebase_issue(r);
}

/* What is compared afterwards to tell the host, and somebody to say it is from. */
static sennit_status rebase_look(rebasing *r)
{
    const sn_patches *patches = &r->doc->patches;
    uint64_t id = r->doc->who.replicas[r->of].id;
    uint32_t unused;

    if (!(patches->watch & SENNIT_WATCH_REMOTE) || patches->taken < patches->len)
        return SENNIT_OK;
    if (sn_roster_find(&r->fresh->who, id) == SN_NO_REPLICA)
        SN_TRY(sn_roster_add(&r->fresh->who, &r->fresh->mem, id, &unused));
    SN_TRY(sennit_doc_read(r->doc, 0, sennit_doc_len(r->doc), &r->before));
    return sennit_doc_read(r->fresh, 0, sennit_doc_len(r->fresh), &r->after);
}

/* ---- change ---- */

/* Carry over what waits, but for a replica's operations from one on. */
static void rebase_carry(sennit_doc *from, sennit_doc *to, uint64_t id, uint32_t first)
{
    sn_piece *list = from->ready, *piece;

    from->ready = NULL;
    while ((piece = sn_park_any(&from->park, from->who.hash_key)) != NULL) {
        piece->next = list;
        list = piece;
    }
    while ((piece = list) != NULL) {
        list = piece->next;
        rebase_cut(&piece->batch, id, first);
        if (piece->batch.segments_len == 0) {
            sn_park_drop(&from->mem, piece);
            continue;
        }
        const sn_op *last = &piece->batch.ops[piece->segment.n - 1];
        piece->operations = last->seq + last->n - piece->segment.seq;
        from->mem.live -= piece->size;
        to->mem.live += piece->size;
        piece->next = to->ready;
        to->ready = piece;
    }
}

/* The caller's document becomes the fresh one, which becomes what was. */
static void rebase_swap(rebasing *r)
{
    sennit_doc *doc = r->doc, *fresh = r->fresh;
    const sennit_doc was = *doc;
    const size_t steps = was.patches.cap * sizeof *was.patches.steps;

    *doc = *fresh;
    *fresh = was;
    doc->tree.who = &doc->who;
    doc->tree.mem = &doc->mem;
    fresh->tree.who = &fresh->who;
    fresh->tree.mem = &fresh->mem;
    doc->patches = was.patches;
    fresh->patches = (sn_patches){.steps = NULL};
    doc->mem.live += steps;
    fresh->mem.live -= steps;
    doc->limits = was.limits;
    doc->calls += was.calls;
    doc->undos = was.undos;
    doc->quick_ms = was.quick_ms;
    fresh->undos = NULL;
    doc->own_id = r->id;
    doc->me = sn_roster_find(&doc->who, r->id);
    doc->exported = r->id == was.own_id ? was.exported : 0;
}

/* One step takes away what differs in the middle, others put there what is new. */
static void rebase_tell_middle(rebasing *r, uint32_t head, uint32_t gone, uint32_t came)
{
    sennit_doc *doc = r->doc;

    if (gone > 0) {
        const sn_count before = sn_utf8_count(r->before.data, head);
        const sn_count removed = sn_utf8_count(r->before.data + head, gone);
        const uint64_t id = r->fresh->who.replicas[r->of].id;
        const sn_step step = {.pos = sn_count_in(&before, doc->unit),
                              .removed = sn_count_in(&removed, doc->unit),
                              .replica = sn_roster_find(&doc->who, id)};

        sn_patches_add(&doc->patches, &doc->mem, &step);
    }
    if (came == 0)
        return;
    doc->applying = true;
    for (sn_place p = sn_tree_seek(&doc->tree, head); came > 0; p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);
        const uint32_t n = (uint32_t)sn_min_u64(came, sn_span_visible(s) - p.off);

        if (sn_span_dead(s))
            continue;
        const sn_count c = sn_span_count(&doc->tree, s, p.off, n);
        sn_doc_patch(doc, p, &c, true, doc->who.changes[s->change].replica);
        came -= n;
    }
    doc->applying = false;
}

static void rebase_tell(rebasing *r)
{
    const uint8_t *a = r->before.data, *b = r->after.data;
    size_t least = sn_min_u64(r->before.len, r->after.len), head = 0, tail = 0;

    if (r->doc->patches.taken < r->doc->patches.len) { /* they name what is no more */
        r->doc->patches.reset = true;
        return;
    }
    while (head < least && a[head] == b[head])
        head++;
    while (head > 0 && ((head < r->before.len && sn_utf8_is_cont(a[head])) ||
                        (head < r->after.len && sn_utf8_is_cont(b[head]))))
        head--;
    while (tail < least - head && a[r->before.len - 1 - tail] == b[r->after.len - 1 - tail])
        tail++;
    while (tail > 0 && sn_utf8_is_cont(a[r->before.len - tail]))
        tail--;
    if (r->before.len + r->after.len > 2 * (head + tail))
        rebase_tell_middle(r, (uint32_t)head, (uint32_t)(r->before.len - head - tail),
                           (uint32_t)(r->after.len - head - tail));
}

static void rebase_change(rebasing *r, uint32_t waits)
{
    const sn_roster *who = &r->doc->who;

    if (r->doc->me != SN_NO_REPLICA) /* issued anew instead */
        rebase_carry(r->fresh, r->fresh, r->doc->own_id, 0);
    rebase_carry(r->doc, r->fresh, who->replicas[r->of].id, waits);
    rebase_swap(r);
    rebase_tell(r);
    sn_doc_apply_ready(r->doc);
    sn_doc_selfcheck(r->doc);
}

/* ---- all of it ---- */

static sennit_status rebase_run(rebasing *r)
{
    if (r->from < r->doc->who.replicas[r->of].cut.seq)
        return SENNIT_EGONE;
    SN_TRY(sn_undo_prepare(r->doc));
    SN_TRY(rebase_build_all(r));
    SN_TRY(rebase_reissue(r));
    return rebase_look(r);
}

/* Operations of `of` that wait are dropped from waits on. */
SN_RARE static sennit_status rebase_all(rebasing *r, uint32_t waits)
{
    r->did = rebase_nothing(r->doc);
    sennit_buf_init(&r->before, &r->doc->mem.alloc);
    sennit_buf_init(&r->after, &r->doc->mem.alloc);
    sennit_status st = rebase_run(r);
    if (r->own.was != NULL) {
        if (st == SENNIT_OK)
            sn_undo_reissued(r->doc, &r->own, &r->did);
        sn_reissue_free(&r->own);
    }
    if (st == SENNIT_OK)
        rebase_change(r, waits);
    sennit_doc_free(r->fresh);
    sennit_buf_clear(&r->before);
    sennit_buf_clear(&r->after);
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

SN_RARE sennit_status sennit_doc_rebase(sennit_doc *doc, uint64_t from, sennit_rebased *out)
{
    rebasing r = {.doc = doc, .of = doc->me, .from = (uint32_t)from, .accepted = UINT64_MAX,
                  .now_ms = doc->clock.now_ms};

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
        rebase_carry(doc, doc, replica, at);
        sn_doc_apply_ready(doc);
    }
    if (out != NULL)
        *out = r.did;
    return SENNIT_OK;
}

SN_RARE sennit_status sennit_doc_restamp(sennit_doc *doc, uint64_t unix_ms)
{
    rebasing r = {.doc = doc, .of = doc->me, .from = doc->exported, .id = doc->own_id,
                  .accepted = UINT64_MAX, .now_ms = sn_min_u64(unix_ms, SN_MAX_WALL_MS)};

    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (doc->exported < sennit_doc_own_count(doc)) {
        const sn_roster *who = &doc->who;

        if (doc->exported > 0 &&
            who->hlcs[sn_roster_change_at_seq(who, doc->me, doc->exported - 1)] >> 16 > r.now_ms)
            return SENNIT_ECLOCK;
        SN_TRY(rebase_all(&r, UINT32_MAX));
    }
    doc->clock.now_ms = r.now_ms;
    return SENNIT_OK;
}
