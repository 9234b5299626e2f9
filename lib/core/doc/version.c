#include "core/doc/version.h"

#include "base/bytes.h"
#include "base/sort.h"

static bool version_less(const void *ctx, uint32_t a, uint32_t b)
{
    const sn_replica *replicas = ctx;

    return replicas[a].id < replicas[b].id;
}

sennit_status sn_version_put(sennit_doc *doc, const sn_wanted *of, sennit_buf *out)
{
    const sn_roster *who = &doc->who;
    size_t n = 0, bytes, size = (who->replicas_len + (size_t)1) * sizeof(uint32_t);

    if (!sn_mul_size(who->replicas_len + (size_t)1, 8 + 5, &bytes))
        return SENNIT_ENOMEM;
    SN_TRY(sn_buf_reserve(out, bytes));
    uint32_t *order = sn_mem_resize(&doc->mem, NULL, 0, size);
    if (order == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 0; i < who->replicas_len; i++)
        if (of[i].seq > 0)
            order[n++] = i;
    sn_sort_indices(order, n, version_less, who->replicas);
    uint8_t *p = out->data + out->len;
    for (size_t i = 0; i < n; i++)
        p = sn_put_varint(sn_put_u64(p, who->replicas[order[i]].id), of[order[i]].seq);
    out->len = n > 0 ? (size_t)(p - out->data) : out->len;
    sn_mem_free(&doc->mem, order, size);
    return SENNIT_OK;
}

sn_wanted *sn_version_new(sennit_doc *doc, size_t *size)
{
    *size = (doc->who.replicas_len + (size_t)1) * sizeof(sn_wanted);
    sn_wanted *of = sn_mem_resize(&doc->mem, NULL, 0, *size);
    if (of == NULL)
        return NULL;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        of[i] = (sn_wanted){i, doc->who.replicas[i].seq};
    return of;
}

sennit_status sennit_doc_version(const sennit_doc *doc, sennit_buf *out)
{
    sennit_doc *all = sn_doc_mutable(doc);
    size_t size;

    if (doc->txn.open)
        return SENNIT_EBUSY;
    sn_wanted *of = sn_version_new(all, &size);
    if (of == NULL)
        return SENNIT_ENOMEM;
    sennit_status st = sn_version_put(all, of, out);
    sn_mem_free(&all->mem, of, size);
    return st;
}

/* One entry; last is the id before it, if any was read. */
static sennit_status version_entry(sn_reader *r, bool first, uint64_t last, uint64_t *replica,
                                   uint64_t *count, sennit_error *err)
{
    size_t at = r->pos;

    SN_TRY(sn_read_u64(r, replica, err));
    SN_TRY(sn_read_varint(r, count, err));
    if (*count == 0 || (!first && *replica <= last)) {
        r->pos = at;
        return sn_read_corrupt(r, err, "a version's entries are out of order or empty");
    }
    return SENNIT_OK;
}

int sennit_version_next(const void *version, size_t len, size_t *at, uint64_t *replica,
                        uint64_t *count)
{
    sn_reader r = sn_reader_of(version, len);

    if (version == NULL || *at >= len)
        return *at > len ? SENNIT_EINVAL : 0;
    r.pos = *at;
    sennit_status st = version_entry(&r, true, 0, replica, count, NULL);
    if (st != SENNIT_OK)
        return st;
    *at = r.pos;
    return 1;
}

/* Steps through one version beside another. */
typedef struct version_walk {
    sn_reader r;
    uint64_t replica, count;
    bool any, more;
} version_walk;

static sennit_status version_step(version_walk *w)
{
    uint64_t last = w->replica;

    w->more = sn_left(&w->r) > 0;
    if (!w->more)
        return SENNIT_OK;
    SN_TRY(version_entry(&w->r, !w->any, last, &w->replica, &w->count, NULL));
    w->any = true;
    return SENNIT_OK;
}

/* Two of them, replica by replica. */
typedef struct version_pair {
    version_walk a, b;
    bool in_a, in_b; /* which of them name the replica that it is the turn of; none at the end */
} version_pair;

static version_pair version_pair_of(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return (version_pair){{.r = sn_reader_of(a, a_len)}, {.r = sn_reader_of(b, b_len)}, true, true};
}

static sennit_status version_pair_step(version_pair *p)
{
    if (p->in_a)
        SN_TRY(version_step(&p->a));
    if (p->in_b)
        SN_TRY(version_step(&p->b));
    p->in_a = p->a.more && (!p->b.more || p->a.replica <= p->b.replica);
    p->in_b = p->b.more && (!p->a.more || p->b.replica <= p->a.replica);
    return SENNIT_OK;
}

sennit_status sennit_version_compare(const void *a, size_t a_len, const void *b, size_t b_len,
                                     sennit_order *out)
{
    version_pair p = version_pair_of(a, a_len, b, b_len);
    bool a_more = false, b_more = false;

    for (;;) {
        SN_TRY(version_pair_step(&p));
        if (!p.in_a && !p.in_b)
            break;
        a_more = a_more || (p.in_a && (!p.in_b || p.a.count > p.b.count));
        b_more = b_more || (p.in_b && (!p.in_a || p.b.count > p.a.count));
    }
    *out = a_more ? (b_more ? SENNIT_CONCURRENT : SENNIT_AFTER)
                  : (b_more ? SENNIT_BEFORE : SENNIT_EQUAL);
    return SENNIT_OK;
}

static sennit_status version_put_meet(version_pair *p, sennit_buf *out)
{
    for (;;) {
        SN_TRY(version_pair_step(p));
        if (!p->in_a && !p->in_b)
            return SENNIT_OK;
        if (!p->in_a || !p->in_b)
            continue;
        SN_TRY(sn_buf_u64(out, p->a.replica));
        SN_TRY(sn_buf_varint(out, sn_min_u64(p->a.count, p->b.count)));
    }
}

SN_RARE sennit_status sennit_version_meet(const void *a, size_t a_len, const void *b, size_t b_len,
                                          sennit_buf *out)
{
    version_pair p = version_pair_of(a, a_len, b, b_len);
    const size_t start = out->len;
    sennit_status st = version_put_meet(&p, out);

    if (st != SENNIT_OK)
        out->len = start;
    return st;
}

sennit_status sn_version_read(sennit_doc *doc, const void *version, size_t len, sn_wanted *out,
                              bool *unknown, sennit_error *err)
{
    sn_reader r = sn_reader_of(version, version == NULL ? 0 : len);
    uint64_t replica = 0, count, last = 0;

    *unknown = false;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        out[i] = (sn_wanted){i, 0};
    for (bool first = true; sn_left(&r) > 0; first = false, last = replica) {
        SN_TRY(version_entry(&r, first, last, &replica, &count, err));
        uint32_t i = sn_roster_find(&doc->who, replica);
        uint64_t known = i != SN_NO_REPLICA ? doc->who.replicas[i].seq : 0;

        if (i != SN_NO_REPLICA)
            out[i].seq = (uint32_t)sn_min_u64(count, known);
        *unknown = *unknown || count > known;
    }
    return SENNIT_OK;
}

sennit_status sn_version_wanted(sennit_doc *doc, const void *since, size_t len, sn_wanted *out,
                                uint32_t *n, sennit_error *err)
{
    bool unknown;

    SN_TRY(sn_version_read(doc, since, len, out, &unknown, err));
    *n = 0;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        if (out[i].seq < doc->who.replicas[i].seq)
            out[(*n)++] = out[i];
    return SENNIT_OK;
}

sennit_status sn_erased_wanted(const sennit_doc *doc, const sn_wanted *wanted, uint32_t n,
                               sennit_error *err)
{
    for (uint32_t i = 0; i < n; i++)
        if (wanted[i].seq < doc->who.replicas[wanted[i].replica].cut.seq)
            return sn_fail(err, SENNIT_EGONE, 0, "deleted text of that time is not here");
    return SENNIT_OK;
}
