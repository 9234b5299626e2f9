#include "core/oplog/note.h"

static void note_free(sn_mem *mem, sn_note *note)
{
    sn_mem_free(mem, note, sn_note_size(note->is_mark));
}

void sn_notes_free(sn_notes **notes, sn_mem *mem)
{
    sn_notes *n = *notes;

    if (n == NULL)
        return;
    sn_notes_truncate(n, mem, 0);
    sn_mem_free(mem, n->bytes, n->cap);
    sn_mem_free(mem, n->list, n->list_cap * sizeof *n->list);
    sn_mem_free(mem, n, sizeof *n);
    *notes = NULL;
}

sennit_status sn_notes_reserve(sn_notes **notes, sn_mem *mem, uint32_t len)
{
    if (*notes == NULL) {
        *notes = sn_mem_resize(mem, NULL, 0, sizeof **notes);
        if (*notes == NULL)
            return SENNIT_ENOMEM;
        memset(*notes, 0, sizeof **notes);
    }
    sn_notes *n = *notes;
    if (len > SN_MAX_TEXT - n->len)
        return SENNIT_ELIMIT;
    SN_TRY(sn_mem_grow32(mem, (void **)&n->bytes, &n->cap, (size_t)n->len + len, 1));
    return sn_mem_grow32(mem, (void **)&n->list, &n->list_cap, (size_t)n->list_len + 1,
                         sizeof *n->list);
}

uint32_t sn_notes_append(sn_notes *notes, uint32_t seq, const uint8_t *payload, uint32_t len,
                         sn_note *note)
{
    uint32_t at = notes->len;

    SN_ASSERT(notes->cap - at >= len && notes->list_len < notes->list_cap);
    if (payload != notes->bytes + at) /* written there already */
        memcpy(notes->bytes + at, payload, len);
    notes->list[notes->list_len++] = (sn_note_at){seq, at, note};
    notes->len += len;
    return at;
}

uint32_t sn_notes_from(const sn_notes *notes, uint32_t seq)
{
    uint32_t low = 0, high = notes != NULL ? notes->list_len : 0;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (notes->list[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const uint8_t *sn_notes_bytes(const sn_notes *notes, uint32_t seq)
{
    uint32_t i = sn_notes_from(notes, seq);

    return notes != NULL && i < notes->list_len ? notes->bytes + notes->list[i].at : NULL;
}

sn_note *sn_notes_find(const sn_notes *notes, uint32_t seq)
{
    uint32_t i = sn_notes_from(notes, seq);

    SN_ASSERT(notes != NULL && i < notes->list_len && notes->list[i].seq == seq);
    return notes->list[i].note;
}

void sn_notes_truncate(sn_notes *notes, sn_mem *mem, uint32_t seq)
{
    while (notes != NULL && notes->list_len > 0 && notes->list[notes->list_len - 1].seq >= seq) {
        const sn_note_at *last = &notes->list[--notes->list_len];

        SN_ASSERT(seq == 0 || !last->note->stands);
        notes->len = last->at;
        note_free(mem, last->note);
    }
}
