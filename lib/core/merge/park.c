#include "core/merge/park.h"

/* ---- order of pieces ---- */

static sn_piece *park_of_content(const sn_twig *twig)
{
    return (sn_piece *)((uintptr_t)twig - offsetof(sn_piece, by_content));
}

static sn_piece *park_of_need(const sn_twig *twig)
{
    return (sn_piece *)((uintptr_t)twig - offsetof(sn_piece, by_need));
}

static int park_compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int park_compare_op(const sn_op *a, const sn_op *b)
{
    int c = park_compare((uint32_t)a->kind << 16 | (uint32_t)a->flag << 8 | a->part,
                         (uint32_t)b->kind << 16 | (uint32_t)b->flag << 8 | b->part);

    if (c == 0)
        c = park_compare((uint64_t)a->n << 32 | a->len, (uint64_t)b->n << 32 | b->len);
    if (c == 0)
        c = park_compare((uint64_t)a->ref_replica << 32 | a->ref,
                         (uint64_t)b->ref_replica << 32 | b->ref);
    return c;
}

/* What records call a replica depends on the records alone: see sn_park_copy. */
static int park_compare_records(const sn_batch *a, const sn_batch *b)
{
    int c = park_compare((uint64_t)a->ops_len << 32 | a->ids_len,
                         (uint64_t)b->ops_len << 32 | b->ids_len);

    for (uint32_t i = 0; c == 0 && i < a->ops_len; i++)
        c = park_compare_op(&a->ops[i], &b->ops[i]);
    for (uint32_t i = 0; c == 0 && i < a->ids_len; i++)
        c = park_compare(a->ids[i], b->ids[i]);
    return c;
}

static int park_by_content(const sn_twig *x, const sn_twig *y)
{
    const sn_piece *a = park_of_content(x), *b = park_of_content(y);
    const sn_segment *s = &a->segment, *t = &b->segment;
    int c = park_compare(a->author, b->author);

    if (c == 0)
        c = park_compare(a->seq, b->seq);
#if SENNIT_MUTANT == 19
    return c;
#endif
    if (c == 0)
        c = park_compare((uint32_t)s->relative << 1 | s->same_change,
                         (uint32_t)t->relative << 1 | t->same_change);
    if (c == 0)
        c = park_compare(s->hlc, t->hlc);
    if (c == 0)
        c = park_compare(s->number, t->number);
    if (c == 0)
        c = park_compare_records(&a->batch, &b->batch);
    return c != 0 || a->bytes_len == 0 ? c : memcmp(s->text, t->text, a->bytes_len);
}

/* No two are equal. */
static int park_by_need(const sn_twig *x, const sn_twig *y)
{
    const sn_piece *a = park_of_need(x), *b = park_of_need(y);
    int c = park_compare(a->cause.need, b->cause.need);

    return c != 0 ? c : park_compare(a->place, b->place);
}

sn_piece *sn_park_from(const sn_park *park, uint64_t replica, uint32_t seq)
{
    const sn_piece least = {.author = replica, .seq = seq};
    const sn_twig *twig = sn_treap_from(park->pieces, &least.by_content, park_by_content);
    sn_piece *piece = twig != NULL ? park_of_content(twig) : NULL;

    return piece != NULL && piece->author == replica ? piece : NULL;
}

/* ---- table of what is awaited ---- */

/* Multiply-shift hashing (Dietzfelbinger et al. 1997). */
static uint32_t park_slot(const sn_park *park, uint64_t key, uint64_t replica)
{
    return (uint32_t)(replica * key >> (64 - sn_ctz64(park->awaited_cap)));
}

static bool park_slot_is_free(const sn_awaited *a)
{
    return a->need[0] == NULL && a->need[1] == NULL;
}

static sn_awaited *park_awaited(const sn_park *park, uint64_t key, uint64_t replica)
{
    uint32_t s = park_slot(park, key, replica);

    while (!park_slot_is_free(&park->awaited[s]) && park->awaited[s].replica != replica)
        s = (s + 1) & (park->awaited_cap - 1);
    return &park->awaited[s];
}

/* Close the gap that an emptied slot leaves (Knuth 6.4, algorithm R). */
static void park_close_slot(sn_park *park, uint64_t key, uint32_t gap)
{
    uint32_t mask = park->awaited_cap - 1;

    for (uint32_t s = (gap + 1) & mask; !park_slot_is_free(&park->awaited[s]); s = (s + 1) & mask) {
        uint32_t home = park_slot(park, key, park->awaited[s].replica);

        if (((s - home) & mask) < ((s - gap) & mask))
            continue;
        park->awaited[gap] = park->awaited[s];
        park->awaited[s] = (sn_awaited){0, {NULL, NULL}};
        gap = s;
    }
    park->awaited_len--;
}

sennit_status sn_park_reserve(sn_park *park, sn_mem *mem, uint64_t key, size_t n)
{
    const sn_park old = *park;
    size_t need = 2 * (old.awaited_len + n), cap = old.awaited_cap > 0 ? old.awaited_cap : 8;
    sn_awaited *fresh = NULL;

    if (need <= old.awaited_cap)
        return SENNIT_OK;
    while (cap < need)
        cap *= 2;
    if (cap <= UINT32_MAX / 2)
        fresh = sn_mem_resize(mem, NULL, 0, cap * sizeof *fresh);
    if (fresh == NULL)
        return SENNIT_ENOMEM;
    memset(fresh, 0, cap * sizeof *fresh);
    park->awaited = fresh;
    park->awaited_cap = (uint32_t)cap;
    for (uint32_t i = 0; i < old.awaited_cap; i++)
        if (!park_slot_is_free(&old.awaited[i]))
            *park_awaited(park, key, old.awaited[i].replica) = old.awaited[i];
    sn_mem_free(mem, old.awaited, old.awaited_cap * sizeof *fresh);
    return SENNIT_OK;
}

/* ---- pieces ---- */

void sn_park_drop(sn_mem *mem, sn_piece *piece)
{
    if (piece != NULL)
        sn_mem_free(mem, piece, piece->size);
}

static uint32_t park_local_id(uint64_t *ids, uint32_t *n, uint64_t id)
{
    for (uint32_t i = *n; i-- > 0;)
        if (ids[i] == id)
            return i;
    ids[*n] = id;
    return (*n)++;
}

sennit_status sn_park_copy(sn_mem *mem, const sn_batch *batch, const sn_segment *segment,
                           const sn_op *ops, uint32_t ops_len, sn_supply from,
                           const sn_cause *cause, sn_piece **out)
{
    size_t text_len = 0, notes_len = 0;

    for (uint32_t i = 0; i < ops_len; i++) {
        text_len += ops[i].kind == SN_INSERT ? ops[i].n : 0;
        notes_len += sn_op_note(&ops[i]);
    }
    /* A record names at most one replica besides its author; ids repeat where
     * there are many, since looking each up would be quadratic. */
    size_t ids_len = (size_t)ops_len + 1, bytes_len = text_len + notes_len;
    size_t size = sizeof(sn_piece) + ids_len * sizeof(uint64_t) + ops_len * sizeof(sn_op) + bytes_len;
    sn_piece *piece = sn_mem_resize(mem, NULL, 0, size);

    *out = piece;
    if (piece == NULL)
        return SENNIT_ENOMEM;
    uint64_t *ids = (uint64_t *)(piece + 1);
    sn_op *copy = (sn_op *)(ids + ids_len);
    uint8_t *bytes = (uint8_t *)(copy + ops_len);
    uint32_t n = 0, operations = 0;

    ids[n++] = batch->ids[segment->replica];
    memcpy(copy, ops, ops_len * sizeof *copy);
    for (uint32_t i = 0; i < ops_len; i++) {
        operations += sn_op_seqs(&copy[i]);
        if (copy[i].ref_replica == SN_NO_REPLICA)
            continue;
        uint64_t id = batch->ids[copy[i].ref_replica];
        if (n <= 8)
            copy[i].ref_replica = park_local_id(ids, &n, id);
        else if (id == ids[0] || id == ids[n - 1])
            copy[i].ref_replica = id == ids[0] ? 0 : n - 1;
        else
            ids[copy[i].ref_replica = n++] = id;
    }
    if (segment->relative != SN_ABSOLUTE && n < 2)
        ids[n++] = ids[0];
    if (text_len > 0)
        memcpy(bytes, from.text, text_len);
    if (notes_len > 0)
        memcpy(bytes + text_len, from.notes, notes_len);
    *piece = (sn_piece){.author = ids[0], .seq = ops[0].seq, .cause = *cause,
                        .operations = operations, .size = size, .bytes_len = bytes_len};
    piece->segment = (sn_segment){.replica = 0, .seq = ops[0].seq, .number = ops[0].number,
                                  .n = ops_len, .hlc = segment->hlc, .text = bytes,
                                  .notes = notes_len > 0 ? bytes + text_len : NULL};
    piece->batch = (sn_batch){.ids = ids, .segments = &piece->segment, .ops = copy,
                              .ids_len = n, .segments_len = 1, .ops_len = ops_len};
    return SENNIT_OK;
}

bool sn_park_add(sn_park *park, uint64_t key, sn_piece *piece)
{
    const sn_twig *same = sn_treap_from(park->pieces, &piece->by_content, park_by_content);

    if (same != NULL && park_by_content(same, &piece->by_content) == 0) {
        sn_piece *there = park_of_content(same);

        there->call = sn_max_u64(there->call, piece->call);
        return false;
    }
    sn_awaited *a = park_awaited(park, key, piece->cause.replica);
    if (park_slot_is_free(a)) {
        a->replica = piece->cause.replica;
        park->awaited_len++;
    }
    piece->place = park->added++;
    uint64_t rank = sn_treap_rank(key, piece->place);
    sn_treap_add(&a->need[piece->cause.bytes], &piece->by_need, rank, park_by_need);
    sn_treap_add(&park->pieces, &piece->by_content, rank, park_by_content);
    park->pieces_len++;
    park->bytes += piece->size;
    park->operations += piece->operations;
    return true;
}

static sn_piece *park_take(sn_park *park, uint64_t key, sn_piece *piece)
{
    sn_awaited *a = park_awaited(park, key, piece->cause.replica);

    sn_treap_remove(&a->need[piece->cause.bytes], &piece->by_need, park_by_need);
    if (park_slot_is_free(a))
        park_close_slot(park, key, (uint32_t)(a - park->awaited));
    sn_treap_remove(&park->pieces, &piece->by_content, park_by_content);
    park->pieces_len--;
    park->bytes -= piece->size;
    park->operations -= piece->operations;
    return piece;
}

sn_piece *sn_park_wake(sn_park *park, uint64_t key, uint64_t replica, uint32_t seq,
                       uint32_t number)
{
    if (park->pieces_len == 0)
        return NULL;
    sn_piece *own = sn_park_from(park, replica, 0);
    if (own != NULL && own->seq < seq && SENNIT_MUTANT != 20)
        return park_take(park, key, own);
    const sn_awaited *a = park_awaited(park, key, replica);
    for (int bytes = 0; bytes < 2; bytes++) {
        const sn_twig *least = sn_treap_first(a->need[bytes]);

        if (least != NULL && park_of_need(least)->cause.need <= (bytes ? number : seq))
            return park_take(park, key, park_of_need(least));
    }
    return NULL;
}

sn_piece *sn_park_any(sn_park *park, uint64_t key)
{
    return park->pieces != NULL ? park_take(park, key, park_of_content(park->pieces)) : NULL;
}

bool sn_park_next(const sn_park *park, size_t *at, const sn_piece **out)
{
    for (; *at < 2 * (size_t)park->awaited_cap; (*at)++) {
        const sn_twig *least = sn_treap_first(park->awaited[*at / 2].need[*at % 2]);

        if (least != NULL) {
            *out = park_of_need(least);
            (*at)++;
            return true;
        }
    }
    return false;
}

void sn_park_free(sn_park *park, sn_mem *mem)
{
    while (park->pieces != NULL) {
        sn_piece *piece = park_of_content(park->pieces);

        sn_treap_remove(&park->pieces, &piece->by_content, park_by_content);
        sn_park_drop(mem, piece);
    }
    sn_mem_free(mem, park->awaited, park->awaited_cap * sizeof *park->awaited);
    *park = (sn_park){0};
}
