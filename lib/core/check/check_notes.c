/* Marks and metadata, against the logs. */
#include "core/check/check.h"
#include "core/merge/cover.h"
#include "core/rich/mark_index.h"

/* The same of one whose payload was dropped. */
static const char *check_dropped(const sennit_doc *doc, const sn_notes *notes, uint32_t entry,
                                 const sn_op *op, uint64_t *bytes)
{
    const sn_note *note = notes->list[entry].note;
    bool nuls = op->seq < doc->who.replicas[note->author].cut.seq && note->gone;

    for (uint32_t i = 0; i < op->len; i++)
        nuls = nuls && notes->bytes[notes->list[entry].at + i] == 0;
    if (!nuls)
        return "N1: a payload that was dropped is there, or should be";
    *bytes += op->len;
    return note->stands ? "N2: a note without a payload stands" : NULL;
}

/* N1, N2 of one note; sums go to bytes and marks. */
static const char *check_note(sennit_doc *doc, uint32_t author, const sn_op *op, uint32_t entry,
                              uint64_t *bytes, uint64_t *edges)
{
    const sn_notes *notes = doc->who.replicas[author].notes;
    const sn_switch *s = sn_switch_of(doc, author, op->seq);
    sn_payload payload;

    if (notes == NULL || entry >= notes->list_len || notes->list[entry].seq != op->seq ||
        notes->list[entry].at + op->len > notes->len)
        return "N1: a note of the log has no payload";
    sn_note *note = notes->list[entry].note;
    if (note->name == NULL)
        return check_dropped(doc, notes, entry, op, bytes);
    if (sn_payload_read(notes->bytes + notes->list[entry].at, op->len, 0, &payload, NULL) != SENNIT_OK ||
        payload.value != notes->bytes + note->value || payload.value_len != note->len ||
        note->is_mark != (op->kind == SN_MARK) || note->hlc != doc->who.times[op->change])
        return "N1: a note is not as its operation says";
    bool on = s == NULL || s->on;
    if (note->stands != (on && (!note->is_mark || sn_mark_has_extent(doc, (sn_mark *)note))))
        return "N2: a note stands or not against its toggles";
    if (!sn_change_le(&doc->who, op->change, doc->book.newest))
        return "N3: a note is newer than the newest";
    *bytes += op->len;
    *edges += note->is_mark && note->stands ? 2 : 0;
    return NULL;
}

static const char *check_notes_of(sennit_doc *doc, uint32_t author, uint64_t *bytes, uint64_t *edges)
{
    const sn_replica *r = &doc->who.replicas[author];
    const char *broken = NULL;
    uint32_t entry = 0;
    sn_log_iter it;
    sn_op op;

    sn_roster_seek(&doc->who, &it, author, 0);
    while (broken == NULL && sn_log_next(&it, &op))
        if (sn_op_is_note(&op))
            broken = check_note(doc, author, &op, entry++, bytes, edges);
    if (broken == NULL && r->notes != NULL && r->notes->list_len != entry)
        broken = "N1: a payload is of no operation";
    return broken;
}

/* K3 of one edge, from those below. */
static bool check_furthest(sennit_doc *doc, const sn_edge *e)
{
    const sn_edge *from[3] = {e->is_end ? NULL : &sn_edge_mark(e)->end,
                              e->left != NULL ? e->left->furthest : NULL,
                              e->right != NULL ? e->right->furthest : NULL};
    bool any = false;

    for (int i = 0; i < 3; i++) {
        if (from[i] == NULL)
            continue;
        any = true;
        const sn_slot slot = sn_slot_of(doc, from[i]);
        if (e->furthest == NULL || sn_slot_compare(doc, &slot, e->furthest) > 0)
            return false;
    }
    return any == (e->furthest != NULL);
}

static const char *check_index(sennit_doc *doc, uint64_t want)
{
    const sn_slot start = {{NULL, 0, 0}, false};
    const sn_edge *last = NULL;
    uint64_t n = 0;

    for (const sn_edge *e = sn_edge_from(doc, &start); e != NULL; last = e, e = sn_edge_next(e), n++) {
        if (last != NULL) {
            const sn_slot slot = sn_slot_of(doc, last);

            if (sn_slot_compare(doc, &slot, e) > 0)
                return "K1: ends of marks do not ascend";
        }
        if (e->parent != NULL && e->parent->rank < e->rank)
            return "K2: ranks do not ascend towards the root";
        if (!check_furthest(doc, e))
            return "K3: the last end below an edge is another";
    }
    return n == want ? NULL : "N2: the index has other marks than those that stand";
}

const char *sn_check_notes(sennit_doc *doc)
{
    const char *broken = NULL;
    uint64_t bytes = 0, edges = 0;

    for (uint32_t i = 0; i < doc->who.replicas_len && broken == NULL; i++)
        broken = check_notes_of(doc, i, &bytes, &edges);
    if (broken == NULL && bytes != doc->book.bytes)
        broken = "N3: the sum of all payloads is wrong";
    return broken != NULL ? broken : check_index(doc, edges);
}
