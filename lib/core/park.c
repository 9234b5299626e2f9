#include "core/park.h"

/* ---- heap ---- */

static sn_piece *park_meld(sn_piece *a, sn_piece *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (b->cause.need < a->cause.need) {
        sn_piece *t = a;

        a = b;
        b = t;
    }
    b->sibling = a->child;
    a->child = b;
    return a;
}

/* Meld the children of a removed root: in pairs from the left, then all into
 * one from the right; without recursion, since the host's stack is small. */
static sn_piece *park_pop(sn_piece *root)
{
    sn_piece *pairs = NULL, *at = root->child, *heap = NULL;

    while (at != NULL) {
        sn_piece *a = at, *b = a->sibling;

        at = b != NULL ? b->sibling : NULL;
        a->sibling = NULL;
        if (b != NULL)
            b->sibling = NULL;
        a = park_meld(a, b);
        a->sibling = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        sn_piece *next = pairs->sibling;

        pairs->sibling = NULL;
        heap = park_meld(heap, pairs);
        pairs = next;
    }
    root->child = NULL;
    return heap;
}

/* ---- tables ---- */

static uint32_t park_hash(uint64_t key, uint64_t replica, uint32_t seq, uint32_t cap)
{
    uint64_t mixed = ((replica ^ replica >> 32) + (uint64_t)seq * UINT64_C(0x9E3779B97F4A7C15)) * key;

    return (uint32_t)(mixed >> 32) & (cap - 1);
}

static sn_awaited *park_awaited(const sn_park *park, uint64_t key, uint64_t replica)
{
    uint32_t s = park_hash(key, replica, 0, park->awaited_cap);

    while ((park->awaited[s].heap[0] != NULL || park->awaited[s].heap[1] != NULL) &&
           park->awaited[s].replica != replica)
        s = (s + 1) & (park->awaited_cap - 1);
    return &park->awaited[s];
}

static bool park_free_slot(const sn_awaited *a)
{
    return a->heap[0] == NULL && a->heap[1] == NULL;
}

/* Close the gap that an emptied slot leaves (Knuth 6.4, algorithm R). */
static void park_close_slot(sn_park *park, uint64_t key, uint32_t gap)
{
    uint32_t mask = park->awaited_cap - 1;

    for (uint32_t s = (gap + 1) & mask; !park_free_slot(&park->awaited[s]); s = (s + 1) & mask) {
        uint32_t home = park_hash(key, park->awaited[s].replica, 0, park->awaited_cap);

        if (((s - home) & mask) < ((s - gap) & mask))
            continue;
        park->awaited[gap] = park->awaited[s];
        park->awaited[s] = (sn_awaited){0, {NULL, NULL}};
        gap = s;
    }
    park->awaited_len--;
}

static sennit_status park_grow(sn_mem *mem, void **table, uint32_t *cap, size_t need, size_t item,
                               void **old, uint32_t *old_cap)
{
    size_t want = *cap > 0 ? *cap : 8;

    *old = NULL;
    if (need * 2 <= *cap)
        return SENNIT_OK;
    while (want < need * 2)
        want *= 2;
    void *fresh = want <= UINT32_MAX / 2 ? sn_mem_resize(mem, NULL, 0, want * item) : NULL;
    if (fresh == NULL)
        return SENNIT_ENOMEM;
    memset(fresh, 0, want * item);
    *old = *table;
    *old_cap = *cap;
    *table = fresh;
    *cap = (uint32_t)want;
    return SENNIT_OK;
}

static void park_link(sn_park *park, uint64_t key, sn_piece *piece)
{
    uint32_t s = park_hash(key, piece->batch.ids[piece->segment.replica], piece->segment.seq,
                           park->pieces_cap);

    piece->chain = park->pieces[s];
    park->pieces[s] = piece;
}

static void park_unlink(sn_park *park, uint64_t key, sn_piece *piece)
{
    sn_piece **at = &park->pieces[park_hash(key, piece->batch.ids[piece->segment.replica],
                                            piece->segment.seq, park->pieces_cap)];

    while (*at != piece)
        at = &(*at)->chain;
    *at = piece->chain;
}

sennit_status sn_park_reserve(sn_park *park, sn_mem *mem, uint64_t key, size_t n)
{
    void *old;
    uint32_t old_cap = 0;

    SN_TRY(park_grow(mem, (void **)&park->awaited, &park->awaited_cap, park->awaited_len + n,
                     sizeof *park->awaited, &old, &old_cap));
    if (old != NULL) {
        sn_awaited *from = old;

        for (uint32_t i = 0; i < old_cap; i++)
            if (!park_free_slot(&from[i]))
                *park_awaited(park, key, from[i].replica) = from[i];
        sn_mem_free(mem, old, old_cap * sizeof *from);
    }
    SN_TRY(park_grow(mem, (void **)&park->pieces, &park->pieces_cap, park->pieces_len + n,
                     sizeof *park->pieces, &old, &old_cap));
    if (old != NULL) {
        sn_piece **from = old;

        for (uint32_t i = 0; i < old_cap; i++)
            for (sn_piece *p = from[i], *next; p != NULL; p = next) {
                next = p->chain;
                park_link(park, key, p);
            }
        sn_mem_free(mem, old, old_cap * sizeof *from);
    }
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
                           const sn_op *ops, uint32_t ops_len, const uint8_t *text,
                           size_t text_len, const sn_cause *cause, sn_piece **out)
{
    /* A record names at most one replica besides its author; ids repeat where
     * there are many, since looking each up would be quadratic. */
    size_t ids_len = (size_t)ops_len + 1, size = sizeof(sn_piece) + ids_len * sizeof(uint64_t) +
                                                 ops_len * sizeof(sn_op) + text_len;
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
        memcpy(bytes, text, text_len);
    *piece = (sn_piece){.cause = *cause, .operations = operations, .size = size};
    piece->segment = (sn_segment){.replica = 0, .seq = ops[0].seq, .number = ops[0].number,
                                  .n = ops_len, .hlc = segment->hlc, .text = bytes};
    piece->batch = (sn_batch){.ids = ids, .segments = &piece->segment, .ops = copy,
                              .ids_len = n, .segments_len = 1, .ops_len = ops_len};
    return SENNIT_OK;
}

bool sn_park_add(sn_park *park, uint64_t key, sn_piece *piece)
{
    uint64_t author = piece->batch.ids[0];
    sn_piece *same = park->pieces[park_hash(key, author, piece->segment.seq,
                                                  park->pieces_cap)];

    for (; same != NULL; same = same->chain)
        if (same->batch.ids[0] == author && same->segment.seq == piece->segment.seq &&
            same->operations >= piece->operations) {
            same->call = piece->call;
            return false;
        }
    sn_awaited *a = park_awaited(park, key, piece->cause.replica);
    if (park_free_slot(a)) {
        a->replica = piece->cause.replica;
        park->awaited_len++;
    }
    piece->child = piece->sibling = NULL;
    a->heap[piece->cause.bytes] = park_meld(a->heap[piece->cause.bytes], piece);
    park_link(park, key, piece);
    park->pieces_len++;
    park->bytes += piece->size;
    park->operations += piece->operations;
    return true;
}

sn_piece *sn_park_wake(sn_park *park, uint64_t key, uint64_t replica, uint32_t seq,
                       uint32_t number)
{
    if (park->pieces_len == 0)
        return NULL;
    sn_awaited *a = park_awaited(park, key, replica);
    for (int bytes = 0; bytes < 2; bytes++) {
        sn_piece *piece = a->heap[bytes];

        if (piece == NULL || piece->cause.need > (bytes ? number : seq))
            continue;
        a->heap[bytes] = park_pop(piece);
        if (park_free_slot(a))
            park_close_slot(park, key, (uint32_t)(a - park->awaited));
        park_unlink(park, key, piece);
        park->pieces_len--;
        park->bytes -= piece->size;
        park->operations -= piece->operations;
        return piece;
    }
    return NULL;
}

bool sn_park_holds(const sn_park *park, uint64_t key, uint64_t replica, uint32_t seq)
{
    const sn_piece *p = park->pieces[park_hash(key, replica, seq, park->pieces_cap)];

    while (p != NULL && (p->batch.ids[0] != replica || p->segment.seq != seq))
        p = p->chain;
    return p != NULL;
}

bool sn_park_next(const sn_park *park, size_t *at, const sn_piece **out)
{
    for (; *at < 2 * (size_t)park->awaited_cap; (*at)++) {
        *out = park->awaited[*at / 2].heap[*at % 2];
        if (*out != NULL) {
            (*at)++;
            return true;
        }
    }
    return false;
}

void sn_park_free(sn_park *park, sn_mem *mem)
{
    for (uint32_t i = 0; i < park->pieces_cap; i++)
        for (sn_piece *p = park->pieces[i], *next; p != NULL; p = next) {
            next = p->chain;
            sn_park_drop(mem, p);
        }
    sn_mem_free(mem, park->pieces, park->pieces_cap * sizeof *park->pieces);
    sn_mem_free(mem, park->awaited, park->awaited_cap * sizeof *park->awaited);
    *park = (sn_park){0};
}
