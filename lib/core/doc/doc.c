/* Documents come and go: creation, limits, identity, time, patches out. */
#include "core/doc/doc.h"

#include "base/hash.h"
#include "core/history/undo.h"
#include "core/merge/apply.h"

static sennit_limits doc_limits(const sennit_limits *asked)
{
    sennit_limits l = *asked;

    if (l.text_bytes == 0 || l.text_bytes > SN_MAX_TEXT)
        l.text_bytes = SN_MAX_TEXT;
    if (l.replicas == 0 || l.replicas > SN_MAX_REPLICAS)
        l.replicas = SN_MAX_REPLICAS;
    if (l.parked_bytes == 0)
        l.parked_bytes = SN_MAX_PARKED;
    if (l.patches == 0)
        l.patches = SN_MAX_PATCHES;
    return l;
}

/* Members past what the caller's release knew count as zero. */
static sennit_status doc_options(const sennit_options *given, sennit_options *out)
{
    memset(out, 0, sizeof *out);
    if (given == NULL || given->size < sizeof given->size || given->size > 4096)
        return SENNIT_EINVAL;
    memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    return (unsigned)out->unit > SENNIT_UTF16 ? SENNIT_EINVAL : SENNIT_OK;
}

sennit_status sn_doc_random(sennit_doc *doc, void *out, size_t len)
{
    if (doc->random == NULL || doc->random(doc->random_self, out, len) != 0)
        return SENNIT_EINVAL;
    return SENNIT_OK;
}

void sn_doc_options(const sennit_doc *doc, sennit_options *out)
{
    *out = (sennit_options){.size = sizeof *out,
                            .alloc = &doc->mem.alloc,
                            .random = doc->random,
                            .random_self = doc->random_self,
                            .unit = doc->unit,
                            .coalesce_ms = doc->coalesce_ms,
                            .limits = doc->limits};
}

static sennit_status doc_fill(sennit_doc *doc, const sennit_options *options)
{
    uint64_t hash_key = UINT64_C(0x9E3779B97F4A7C15);

    doc->me = SN_NO_REPLICA;
    doc->own_id = options->replica;
    doc->unit = options->unit;
    doc->coalesce_ms = options->coalesce_ms > 0 ? options->coalesce_ms : SN_COALESCE_MS;
    doc->quick_ms = doc->coalesce_ms;
    doc->limits = doc_limits(&options->limits);
    doc->random = options->random;
    doc->random_self = options->random_self;
    doc->patches.max = (size_t)doc->limits.patches;
    if (doc->random != NULL)
        SN_TRY(sn_doc_random(doc, &hash_key, sizeof hash_key));
    SN_TRY(sn_roster_init(&doc->who, &doc->mem, hash_key));
    return sn_tree_init(&doc->tree, &doc->who, &doc->mem);
}

sennit_status sn_doc_create(const sennit_options *given, sennit_doc **out)
{
    sennit_options options;
    sn_mem mem;

    *out = NULL;
    SN_TRY(doc_options(given, &options));
    sn_mem_init(&mem, options.alloc);
    sennit_doc *doc = sn_mem_resize(&mem, NULL, 0, sizeof *doc);
    if (doc == NULL)
        return SENNIT_ENOMEM;
    memset(doc, 0, sizeof *doc);
    doc->mem = mem;
    sennit_status st = doc_fill(doc, &options);
    if (st != SENNIT_OK) {
        sennit_doc_free(doc);
        return st;
    }
    *out = doc;
    return SENNIT_OK;
}

sennit_status sennit_doc_new(const sennit_options *options, sennit_doc **out)
{
    return out == NULL ? SENNIT_EINVAL : sn_doc_create(options, out);
}

void sennit_doc_free(sennit_doc *doc)
{
    if (doc == NULL)
        return;
    sn_mem *mem = &doc->mem;
    sn_undo_orphan(doc);
    while (doc->ready != NULL) {
        sn_piece *next = doc->ready->next;

        sn_park_drop(mem, doc->ready);
        doc->ready = next;
    }
    sn_park_free(&doc->park, mem);
    sn_patches_free(&doc->patches, mem);
    sn_map_free(&doc->cover, mem);
    sn_map_free(&doc->toggled, mem);
    sn_mem_free(mem, doc->switches, doc->switches_cap * sizeof *doc->switches);
    sn_tree_free(&doc->tree);
    sn_book_free(&doc->book, mem);
    sn_roster_free(&doc->who, mem);
    sn_mem_end(mem, doc, sizeof *doc);
}

void sn_doc_set_lineage(sennit_doc *doc, const uint8_t lineage[16])
{
    memcpy(doc->lineage, lineage, sizeof doc->lineage);
    doc->has_lineage = true;
}

sennit_status sennit_doc_adopt(sennit_doc *doc, const uint8_t lineage[16])
{
    if (doc->txn.open)
        return SENNIT_EBUSY;
    if (doc->has_lineage && memcmp(doc->lineage, lineage, sizeof doc->lineage) == 0)
        return SENNIT_OK;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        if (doc->who.replicas[i].seq > 0)
            return SENNIT_ELINEAGE;
    sn_doc_set_lineage(doc, lineage);
    return SENNIT_OK;
}

/* ---- seeding ---- */

/* Two hashes over (name, length of the name, text): equal templates under other
 * names are other documents. */
static void doc_seed_lineage(const void *name, size_t name_len, const char *text, size_t len,
                             uint8_t out[16])
{
    for (uint64_t half = 0; half < 2; half++) {
        uint64_t h = sn_hash64(name, name_len, half * 2 + 1);

        h = sn_hash64(text, len, h + name_len);
        for (unsigned i = 0; i < 8; i++)
            out[half * 8 + i] = (uint8_t)(h >> (8 * i));
    }
}

/* Seeded text is one insert of replica 0 at the least time. */
static sennit_status doc_seed_text(sennit_doc *doc, const char *text, size_t len)
{
    uint64_t nobody = 0;
    sn_op op = {.kind = SN_INSERT, .n = (uint32_t)len, .ref_replica = SN_NO_REPLICA};
    sn_segment segment = {.n = 1, .hlc = 1, .text = (const uint8_t *)text};
    sn_batch batch = {.ids = &nobody, .segments = &segment, .ops = &op,
                      .ids_len = 1, .segments_len = 1, .ops_len = 1};
    sennit_applied applied;

    return len == 0 ? SENNIT_OK : sn_doc_apply_batch(doc, &batch, &applied, NULL);
}

sennit_status sennit_doc_seed(const sennit_options *options, const void *name, size_t name_len,
                              const char *text, size_t len, sennit_doc **out)
{
    uint8_t lineage[16];
    sennit_doc *doc;

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    if ((name == NULL && name_len > 0) || (text == NULL && len > 0))
        return SENNIT_EINVAL;
    if (len > SN_MAX_TEXT)
        return SENNIT_ELIMIT;
    if (sn_utf8_valid((const uint8_t *)text, len) != len)
        return SENNIT_EUTF8;
    SN_TRY(sn_doc_create(options, &doc));
    sennit_status st = doc_seed_text(doc, text, len);
    if (st != SENNIT_OK) {
        sennit_doc_free(doc);
        return st;
    }
    doc_seed_lineage(name, name_len, text, len, lineage);
    sn_doc_set_lineage(doc, lineage);
    *out = doc;
    return SENNIT_OK;
}

/* ---- about a document ---- */

void sennit_doc_set_time(sennit_doc *doc, uint64_t unix_ms)
{
    uint64_t now = sn_min_u64(unix_ms, SN_MAX_WALL_MS);

    if (SN_UNLIKELY(doc->clock.offset_ms != 0)) {
        int64_t moved = (int64_t)now + doc->clock.offset_ms;

        now = moved > 0 ? sn_min_u64((uint64_t)moved, SN_MAX_WALL_MS) : 0;
    }
    doc->clock.now_ms = now;
}

void sennit_doc_set_clock_offset(sennit_doc *doc, int64_t offset_ms)
{
    const int64_t most = (int64_t)SN_MAX_WALL_MS;

    doc->clock.offset_ms = offset_ms > most ? most : offset_ms < -most ? -most : offset_ms;
}

uint64_t sennit_doc_replica(const sennit_doc *doc)
{
    if (doc->me == SN_NO_REPLICA || doc->who.replicas[doc->me].seq == 0)
        return 0;
    return doc->who.replicas[doc->me].id;
}

void sennit_doc_lineage(const sennit_doc *doc, uint8_t out[16])
{
    memset(out, 0, 16);
    if (doc->has_lineage)
        memcpy(out, doc->lineage, 16);
}

uint64_t sennit_doc_own_count(const sennit_doc *doc)
{
    if (doc->me == SN_NO_REPLICA)
        return 0;
    return doc->txn.open ? doc->txn.seq : doc->who.replicas[doc->me].seq;
}

uint64_t sennit_doc_known(const sennit_doc *doc, uint64_t replica)
{
    uint32_t r = sn_roster_find(&sn_doc_mutable(doc)->who, replica);

    if (r == SN_NO_REPLICA)
        return 0;
    return r == doc->me ? sennit_doc_own_count(doc) : doc->who.replicas[r].seq;
}

int sennit_doc_next_missing(const sennit_doc *doc, size_t *at, uint64_t *replica, uint64_t *after)
{
    const sn_piece *piece;
    sn_roster *who = &sn_doc_mutable(doc)->who;

    while (sn_park_next(&doc->park, at, &piece)) {
        uint32_t r = sn_roster_find(who, piece->cause.replica);

        *replica = piece->cause.replica;
        *after = r != SN_NO_REPLICA ? who->replicas[r].seq : 0;
        /* If its next operation is here and waits, something else is missing. */
        const sn_piece *next = sn_park_from(&doc->park, *replica, (uint32_t)*after);
        if (next == NULL || next->seq != *after)
            return 1;
    }
    return 0;
}

int sennit_doc_next_change(const sennit_doc *doc, size_t *at, sennit_change *out)
{
    const sn_roster *who = &doc->who;
    uint32_t shown = doc->txn.open ? doc->txn.changes_len : who->changes_len, number_end;

    if (*at + 1 >= shown)
        return 0;
    uint32_t index = (uint32_t)++*at;
    const sn_change *c = &who->changes[index];
    uint32_t end = sn_roster_change_end(who, index, &number_end);
    if (doc->txn.open && c->replica == doc->me) {
        end = (uint32_t)sn_min_u64(end, doc->txn.seq);
        number_end = (uint32_t)sn_min_u64(number_end, doc->txn.number);
    }
    *out = (sennit_change){who->replicas[c->replica].id, who->times[index] >> 16, c->seq, end - c->seq,
                           number_end - c->number};
    return 1;
}

void sennit_doc_stat(const sennit_doc *doc, sennit_stat *out)
{
    const sn_roster *who = &doc->who;

    *out = (sennit_stat){.heap_bytes = doc->mem.live,
                         .visible_bytes = doc->tree.total.bytes,
                         .changes = who->changes_len - 1,
                         .parked = doc->park.operations,
                         .parked_bytes = doc->park.bytes};
    for (const sn_piece *piece = doc->ready; piece != NULL; piece = piece->next) {
        out->parked += piece->operations;
        out->parked_bytes += piece->size;
    }
    for (const sn_leaf *leaf = doc->tree.first; leaf != NULL; leaf = leaf->next)
        out->spans += leaf->node.n;
    for (uint32_t i = 0; i < who->replicas_len; i++) {
        out->operations += who->replicas[i].seq;
        out->inserted_bytes += who->replicas[i].number;
        out->replicas += who->replicas[i].seq > 0;
    }
}

/* ---- patches ---- */

void sn_doc_patch(sennit_doc *doc, sn_place p, const sn_count *c, bool came, uint32_t replica)
{
    sn_count before = sn_tree_before(&doc->tree, p);
    const sn_span *s = sn_place_span(&p);
    uint32_t units = sn_count_in(c, doc->unit);
    sn_step step = {.pos = sn_count_in(&before, doc->unit), .replica = replica,
                    .local = !doc->applying};

    if (came) {
        step.inserted = units;
        step.text_of = doc->who.changes[s->change].replica;
        step.at = s->at + p.off;
        step.len = c->bytes;
    } else {
        step.removed = units;
    }
    sn_patches_add(&doc->patches, &doc->mem, &step);
}

void sennit_doc_watch(sennit_doc *doc, unsigned what)
{
    sn_tree_unquick(&doc->tree);
    sn_patches_start(&doc->patches,
                     what & (SENNIT_WATCH_REMOTE | SENNIT_WATCH_LOCAL | SENNIT_WATCH_MARKS |
                             SENNIT_WATCH_META),
                     sn_count_in(&doc->tree.total, doc->unit));
}

int sennit_doc_next_patch(sennit_doc *doc, sennit_patch *out)
{
    sn_patches *patches = &doc->patches;
    uint32_t now = sn_count_in(&doc->tree.total, doc->unit);

    memset(out, 0, sizeof *out);
    if (patches->reset) {
        out->removed = patches->shown;
        out->inserted = now;
        out->reset = 1;
        sn_patches_start(patches, patches->watch, now);
        return 1;
    }
    if (patches->taken == patches->len)
        return 0;
    const sn_step *step = &patches->steps[patches->taken++];
    out->pos = step->pos;
    out->removed = step->removed;
    out->inserted = step->inserted;
    out->replica = doc->who.replicas[step->replica].id;
    out->local = step->local;
    out->what = step->what;
    if (step->name != NULL) {
        out->name = (const char *)step->name->bytes;
        out->name_len = step->name->len;
    }
    out->len = step->len;
    if (step->len > 0)
        out->text = (const char *)doc->who.replicas[step->text_of].text.bytes + step->at;
    patches->shown += step->inserted - step->removed;
    return 1;
}
