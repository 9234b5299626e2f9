#include "core/doc/swap.h"

#include "base/bytes.h"
#include "core/merge/apply.h"
#include "core/oplog/batch.h"

void sn_swap_start(sn_swap *s, sennit_doc *doc, uint64_t id)
{
    *s = (sn_swap){.doc = doc, .id = id};
    sennit_buf_init(&s->before, &doc->mem.alloc);
    sennit_buf_init(&s->after, &doc->mem.alloc);
}

void sn_swap_end(sn_swap *s)
{
    sennit_buf_clear(&s->before);
    sennit_buf_clear(&s->after);
}

/* What is compared afterwards to tell the host, and somebody to say it is from. */
sennit_status sn_swap_look(sn_swap *s)
{
    const sn_patches *patches = &s->doc->patches;
    uint32_t unused;

    if (!(patches->watch & SENNIT_WATCH_REMOTE) || patches->taken < patches->len)
        return SENNIT_OK;
    if (sn_roster_find(&s->fresh->who, s->id) == SN_NO_REPLICA)
        SN_TRY(sn_roster_add(&s->fresh->who, &s->fresh->mem, s->id, &unused));
    SN_TRY(sennit_doc_read(s->doc, 0, sennit_doc_len(s->doc), &s->before));
    return sennit_doc_read(s->fresh, 0, sennit_doc_len(s->fresh), &s->after);
}

/* Carry over what waits, but for a replica's operations from one on. */
void sn_swap_carry(sennit_doc *from, sennit_doc *to, uint64_t id, uint32_t first)
{
    sn_piece *list = from->ready, *piece;

    from->ready = NULL;
    while ((piece = sn_park_any(&from->park, from->who.hash_key)) != NULL) {
        piece->next = list;
        list = piece;
    }
    while ((piece = list) != NULL) {
        list = piece->next;
        sn_batch_cut(&piece->batch, id, first);
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
static void swap_insides(sn_swap *s, uint64_t id)
{
    sennit_doc *doc = s->doc, *fresh = s->fresh;
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
    doc->heard = was.heard + 1; /* whoever compares it looks again */
    doc->undos = was.undos;
    doc->quick_ms = was.quick_ms;
    fresh->undos = NULL;
    doc->own_id = id;
    doc->me = sn_roster_find(&doc->who, id);
    doc->exported = id == was.own_id ? was.exported : 0;
}

/* One step takes away what differs in the middle, others put there what is new. */
static void swap_tell_middle(sn_swap *s, uint32_t head, uint32_t gone, uint32_t came)
{
    sennit_doc *doc = s->doc;

    if (gone > 0) {
        const sn_count before = sn_utf8_count(s->before.data, head);
        const sn_count removed = sn_utf8_count(s->before.data + head, gone);
        const sn_step step = {.pos = sn_count_in(&before, doc->unit),
                              .removed = sn_count_in(&removed, doc->unit),
                              .replica = sn_roster_find(&doc->who, s->id)};

        sn_patches_add(&doc->patches, &doc->mem, &step);
    }
    if (came == 0)
        return;
    doc->applying = true;
    for (sn_place p = sn_tree_seek(&doc->tree, head); came > 0; p = sn_tree_next(p)) {
        const sn_span *span = sn_place_span(&p);
        const uint32_t n = (uint32_t)sn_min_u64(came, sn_span_visible(span) - p.off);

        if (sn_span_dead(span))
            continue;
        const sn_count c = sn_span_count(&doc->tree, span, p.off, n);
        sn_doc_patch(doc, p, &c, true, doc->who.changes[span->change].replica);
        came -= n;
    }
    doc->applying = false;
}

static void swap_tell(sn_swap *s)
{
    const uint8_t *a = s->before.data, *b = s->after.data;
    size_t least = sn_min_u64(s->before.len, s->after.len), head = 0, tail = 0;

    if (s->doc->patches.taken < s->doc->patches.len) { /* they name what is no more */
        s->doc->patches.reset = true;
        return;
    }
    while (head < least && a[head] == b[head])
        head++;
    while (head > 0 && ((head < s->before.len && sn_utf8_is_cont(a[head])) ||
                        (head < s->after.len && sn_utf8_is_cont(b[head]))))
        head--;
    while (tail < least - head && a[s->before.len - 1 - tail] == b[s->after.len - 1 - tail])
        tail++;
    while (tail > 0 && sn_utf8_is_cont(a[s->before.len - tail]))
        tail--;
    if (s->before.len + s->after.len > 2 * (head + tail))
        swap_tell_middle(s, (uint32_t)head, (uint32_t)(s->before.len - head - tail),
                         (uint32_t)(s->after.len - head - tail));
}

void sn_swap_done(sn_swap *s, uint64_t id)
{
    swap_insides(s, id);
    swap_tell(s);
    if ((s->doc->patches.watch & (SENNIT_WATCH_MARKS | SENNIT_WATCH_META)) &&
        (s->doc->book.names != NULL || s->fresh->book.names != NULL))
        s->doc->patches.reset = true; /* what became of marks nobody compared */
    sn_doc_apply_ready(s->doc);
    sn_doc_selfcheck(s->doc);
}
