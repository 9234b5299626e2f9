/* Reading the past: versions of a time, texts, differences, who wrote what. */
#include "base/bytes.h"
#include "core/history/past.h"

/* ---- versions ---- */

/* Whether a change comes before a time, or before another change and that with the
 * time of this one. */
typedef struct history_point {
    uint64_t hlc;    /* later changes do not count */
    uint32_t before; /* nor does this one, nor those with its time and a greater id;
                        SN_ROOT_CHANGE: all with the time count */
} history_point;

static bool history_counts(const sn_roster *who, const history_point *p, uint32_t change)
{
    if (p->before == SN_ROOT_CHANGE || who->times[change] != p->hlc)
        return who->times[change] <= p->hlc;
    return sn_author(who, change)->id < sn_author(who, p->before)->id;
}

/* How many of a replica's operations count. */
static uint32_t history_seq(const sn_roster *who, const sn_replica *r, const history_point *p)
{
    uint32_t low = 0, high = r->changes_len, number;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (history_counts(who, p, r->changes[mid]))
            low = mid + 1;
        else
            high = mid;
    }
    return low > 0 ? sn_roster_change_end(who, r->changes[low - 1], &number) : 0;
}

/* Append the version at a point, but with so many of one replica's operations. */
static sennit_status history_put(sennit_doc *doc, const history_point *p, uint32_t replica,
                                 uint32_t seq, sennit_buf *out)
{
    size_t size;
    sn_wanted *of = sn_version_new(doc, &size);

    if (of == NULL)
        return SENNIT_ENOMEM;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        of[i].seq = i == replica ? seq : history_seq(&doc->who, &doc->who.replicas[i], p);
    sennit_status st = sn_version_put(doc, of, out);
    sn_mem_free(&doc->mem, of, size);
    return st;
}

sennit_status sennit_history_at(const sennit_doc *doc, uint64_t unix_ms, sennit_buf *out)
{
    const history_point p = {sn_min_u64(unix_ms, SN_MAX_WALL_MS) << 16 | 0xffff, SN_ROOT_CHANGE};

    if (doc->txn.open)
        return SENNIT_EBUSY;
    return history_put(sn_doc_mutable(doc), &p, SN_NO_REPLICA, 0, out);
}

sennit_status sennit_history_change(const sennit_doc *doc, size_t at, sennit_buf *before,
                                    sennit_buf *after)
{
    const sn_roster *who = &doc->who;
    uint32_t number;

    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (at == SN_ROOT_CHANGE || at >= who->changes_len)
        return SENNIT_ERANGE;
    const sn_change *c = &who->changes[at];
    const history_point p = {who->times[at], (uint32_t)at};
    const size_t start = before->len;
    SN_TRY(history_put(sn_doc_mutable(doc), &p, c->replica, c->seq, before));
    sennit_status st = history_put(sn_doc_mutable(doc), &p, c->replica,
                                   sn_roster_change_end(who, (uint32_t)at, &number), after);
    if (st != SENNIT_OK)
        before->len = start;
    return st;
}

/* ---- text ---- */

static sennit_status history_put_span(const sn_past *past, const sn_span *s, sennit_buf *out)
{
    const sn_change *c = &past->doc->who.changes[s->change];
    const uint8_t *text = past->doc->who.replicas[c->replica].text.bytes;
    bool there;

    for (uint32_t at = s->at, end = at + sn_span_len(s), n; at < end; at += n) {
        n = sn_past_run(past, c->replica, at, end - at, &there);
        if (there)
            SN_TRY(sn_buf_put(out, text + at, n));
    }
    return SENNIT_OK;
}

static sennit_status history_put_text(const sn_past *past, sennit_buf *out)
{
    sn_tree *tree = &past->doc->tree;

    for (sn_place p = sn_tree_from(tree->first, 0); p.leaf != NULL; p = sn_tree_next(p))
        SN_TRY(history_put_span(past, sn_place_span(&p), out));
    return SENNIT_OK;
}

sennit_status sennit_history_text(const sennit_doc *doc, const void *version, size_t len,
                                  sennit_buf *out)
{
    const size_t start = out->len;
    sn_past past;
    sennit_status st = sn_past_open(sn_doc_mutable(doc), version, len, &past);

    if (st == SENNIT_OK)
        st = history_put_text(&past, out);
    if (st != SENNIT_OK)
        out->len = start;
    sn_past_close(&past);
    return st;
}

/* ---- differences ---- */

struct sennit_diff {
    sn_mem mem;
    sennit_patch *patches; /* without their text, which is in `text` one after another */
    size_t len, cap, taken;
    size_t given; /* bytes of text */
    sennit_buf text;
};

typedef struct history_comparing {
    sn_past from, to;
    sennit_diff *diff;
    size_t pos; /* in the text at `to`, in the document's unit */
} history_comparing;

static sennit_status diff_add(sennit_diff *diff, const sennit_patch *patch, const uint8_t *text)
{
    sennit_patch *last = diff->len > 0 ? &diff->patches[diff->len - 1] : NULL;

    SN_TRY(sn_buf_put(&diff->text, text, patch->len));
    if (last != NULL && last->replica == patch->replica &&
        (patch->removed > 0 ? last->removed > 0 && last->pos == patch->pos
                            : last->inserted > 0 && last->pos + last->inserted == patch->pos)) {
        last->removed += patch->removed;
        last->inserted += patch->inserted;
        last->len += patch->len;
        return SENNIT_OK;
    }
    SN_TRY(sn_mem_grow(&diff->mem, (void **)&diff->patches, &diff->cap, diff->len + 1,
                       sizeof *diff->patches));
    diff->patches[diff->len++] = *patch;
    return SENNIT_OK;
}

static sennit_status diff_span(history_comparing *h, const sn_span *s)
{
    const sennit_doc *doc = h->from.doc;
    const sn_change *c = &doc->who.changes[s->change];
    const sn_replica *author = &doc->who.replicas[c->replica];
    bool then, now;

    for (uint32_t at = s->at, end = at + sn_span_len(s), n; at < end; at += n) {
        n = sn_past_run(&h->from, c->replica, at, end - at, &then);
        n = sn_past_run(&h->to, c->replica, at, n, &now);
        if (!then && !now)
            continue;
        const sn_count count = sn_text_count(&author->text, at, n);
        const size_t units = sn_count_in(&count, doc->unit);
        if (then != now) {
            const sennit_patch patch = {.pos = h->pos, .replica = author->id,
                                        .removed = then ? units : 0,
                                        .inserted = now ? units : 0, .len = now ? n : 0};

            SN_TRY(diff_add(h->diff, &patch, author->text.bytes + at));
        }
        h->pos += now ? units : 0;
    }
    return SENNIT_OK;
}

static sennit_status diff_fill(history_comparing *h)
{
    sn_tree *tree = &h->from.doc->tree;

    for (sn_place p = sn_tree_from(tree->first, 0); p.leaf != NULL; p = sn_tree_next(p))
        SN_TRY(diff_span(h, sn_place_span(&p)));
    return SENNIT_OK;
}

static sennit_status diff_new(const sennit_doc *doc, sennit_diff **out)
{
    sn_mem mem;

    sn_mem_init(&mem, &doc->mem.alloc);
    sennit_diff *diff = sn_mem_resize(&mem, NULL, 0, sizeof *diff);
    if (diff == NULL)
        return SENNIT_ENOMEM;
    *diff = (sennit_diff){.mem = mem};
    sennit_buf_init(&diff->text, &doc->mem.alloc);
    *out = diff;
    return SENNIT_OK;
}

sennit_status sennit_history_diff(const sennit_doc *doc, const void *from, size_t from_len,
                                  const void *to, size_t to_len, sennit_diff **out)
{
    history_comparing h = {.pos = 0};

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    SN_TRY(diff_new(doc, &h.diff));
    sennit_status st = sn_past_open(sn_doc_mutable(doc), from, from_len, &h.from);
    if (st == SENNIT_OK) {
        st = sn_past_open(sn_doc_mutable(doc), to, to_len, &h.to);
        if (st == SENNIT_OK)
            st = diff_fill(&h);
        sn_past_close(&h.to);
    }
    sn_past_close(&h.from);
    if (st == SENNIT_OK)
        *out = h.diff;
    else
        sennit_diff_free(h.diff);
    return st;
}

int sennit_diff_next(sennit_diff *diff, sennit_patch *out)
{
    memset(out, 0, sizeof *out);
    if (diff->taken == diff->len)
        return 0;
    *out = diff->patches[diff->taken++];
    if (out->len > 0)
        out->text = (const char *)diff->text.data + diff->given;
    diff->given += out->len;
    return 1;
}

void sennit_diff_free(sennit_diff *diff)
{
    if (diff == NULL)
        return;
    sn_mem_free(&diff->mem, diff->patches, diff->cap * sizeof *diff->patches);
    sennit_buf_clear(&diff->text);
    sn_mem_end(&diff->mem, diff, sizeof *diff);
}

/* ---- blame ---- */

/* A place between characters, as bytes. */
static sennit_status blame_place(const sennit_doc *doc, size_t pos, uint32_t *at)
{
    SN_TRY(sn_doc_to_bytes(doc, pos, at));
    if (*at == doc->tree.total.bytes || doc->tree.total.cont == 0)
        return SENNIT_OK;
    sn_place p = sn_tree_seek(sn_doc_tree(doc), *at);
    const sn_span *s = sn_place_span(&p);
    return sn_text_boundary(&sn_author(&doc->who, s->change)->text, (uint64_t)s->at + p.off)
               ? SENNIT_OK : SENNIT_EUTF8;
}

/* Whether two changes look the same to a host. */
static bool blame_same(const sn_roster *who, uint32_t a, uint32_t b)
{
    return a == b || (who->changes[a].replica == who->changes[b].replica &&
                      who->times[a] >> 16 == who->times[b] >> 16);
}

/* Collect visible spans of one author and time from byte `at` up to `end`. */
static void blame_stretch(const sennit_doc *doc, uint32_t at, uint32_t end, sennit_blame *out)
{
    sn_tree *tree = sn_doc_tree(doc);
    sn_place p = sn_tree_seek(tree, at);
    const uint32_t change = sn_place_span(&p)->change;
    const sn_change *c = &doc->who.changes[change];

    out->replica = doc->who.replicas[c->replica].id;
    out->unix_ms = doc->who.times[change] >> 16;
    for (; p.leaf != NULL && at < end; p = sn_tree_next(p)) {
        const sn_span *s = sn_place_span(&p);

        if (sn_span_dead(s))
            continue;
        if (!blame_same(&doc->who, s->change, change))
            break;
        uint32_t n = (uint32_t)sn_min_u64(end - at, s->len - p.off);
        const sn_count count = sn_span_count(tree, s, p.off, n);
        out->len += sn_count_in(&count, doc->unit);
        at += n;
    }
}

int sennit_history_blame(const sennit_doc *doc, size_t *pos, size_t end, sennit_blame *out)
{
    uint32_t at, stop;

    memset(out, 0, sizeof *out);
    SN_TRY(blame_place(doc, end, &stop));
    if (*pos >= end)
        return 0;
    SN_TRY(blame_place(doc, *pos, &at));
    out->pos = *pos;
    blame_stretch(doc, at, stop, out);
    *pos += out->len;
    return 1;
}
