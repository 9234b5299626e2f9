/* Undo and redo: a user's steps, and the public calls. */
#include "core/history/undo.h"

#include "core/doc/version.h"
#include "core/history/revert.h"
#include "core/renew/reissue.h"

#define UNDO_PAUSE_MS 1000u
#define UNDO_DEPTH 1000u

/* ---- selections ---- */

static size_t undo_selection_size(size_t n)
{
    return sizeof(sn_selection) + n * sizeof(sennit_anchor);
}

sennit_status sn_selection_new(sn_mem *mem, const sennit_anchor *at, size_t n, sn_selection **out)
{
    *out = NULL;
    if (n == 0)
        return SENNIT_OK;
    if (n > (SIZE_MAX - sizeof(sn_selection)) / sizeof *at)
        return SENNIT_ENOMEM;
    *out = sn_mem_resize(mem, NULL, 0, undo_selection_size(n));
    if (*out == NULL)
        return SENNIT_ENOMEM;
    (*out)->n = n;
    if (at != NULL)
        memcpy((*out)->at, at, n * sizeof *at);
    return SENNIT_OK;
}

void sn_selection_free(sn_mem *mem, sn_selection *selection)
{
    if (selection != NULL)
        sn_mem_free(mem, selection, undo_selection_size(selection->n));
}

/* ---- coming and going ---- */

/* A keystroke after the shortest pause has to be looked at. */
static void undo_set_pause(sennit_doc *doc)
{
    doc->quick_ms = doc->coalesce_ms;
    for (const sennit_undo *u = doc->undos; u != NULL; u = u->next)
        doc->quick_ms = sn_min_u64(doc->quick_ms, u->pause_ms);
}

static sennit_status undo_options(const sennit_undo_options *given, sennit_undo_options *out)
{
    memset(out, 0, sizeof *out);
    if (given != NULL) {
        if (given->size < sizeof given->size || given->size > 4096)
            return SENNIT_EINVAL;
        memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    }
    if (out->pause_ms == 0)
        out->pause_ms = UNDO_PAUSE_MS;
    if (out->depth == 0)
        out->depth = UNDO_DEPTH;
    return SENNIT_OK;
}

/* Bytes of this replica, but for those of an open transaction. */
static uint32_t undo_own_bytes(const sennit_doc *doc)
{
    if (doc->me == SN_NO_REPLICA)
        return 0;
    return doc->txn.open ? doc->txn.number : doc->who.replicas[doc->me].number;
}

/* What was made up to now is looked at. */
static void undo_saw(sennit_undo *undo)
{
    undo->seen = (uint32_t)sennit_doc_own_count(undo->doc);
    undo->seen_bytes = undo_own_bytes(undo->doc);
}

sennit_status sn_undo_create(sennit_doc *doc, const sennit_undo_options *given, sennit_undo **out)
{
    sennit_undo_options options;
    sn_mem mem;

    SN_TRY(undo_options(given, &options));
    sn_mem_init(&mem, &doc->mem.alloc);
    sennit_undo *undo = sn_mem_resize(&mem, NULL, 0, sizeof *undo);
    if (undo == NULL)
        return SENNIT_ENOMEM;
    *undo = (sennit_undo){.mem = mem, .doc = doc, .next = doc->undos,
                          .pause_ms = options.pause_ms, .depth = options.depth};
    undo_saw(undo);
    if (doc->me != SN_NO_REPLICA)
        undo->replica = doc->who.replicas[doc->me].id;
    doc->undos = undo;
    undo_set_pause(doc);
    sn_tree_unquick(&doc->tree); /* a keystroke may be due to end a pause */
    *out = undo;
    return SENNIT_OK;
}

sennit_status sennit_undo_new(sennit_doc *doc, const sennit_undo_options *options, sennit_undo **out)
{
    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    return doc == NULL ? SENNIT_EINVAL : sn_undo_create(doc, options, out);
}

void sn_undo_orphan(sennit_doc *doc)
{
    while (doc->undos != NULL) {
        doc->undos->doc = NULL;
        doc->undos = doc->undos->next;
    }
}

static void undo_leave(sennit_undo *undo)
{
    sennit_undo **at = &undo->doc->undos;

    while (*at != undo)
        at = &(*at)->next;
    *at = undo->next;
    undo_set_pause(undo->doc);
}

/* Drop the groups from one on: an edit ends redo. */
static void undo_cut(sennit_undo *undo, size_t len)
{
    while (undo->len > len)
        sn_selection_free(&undo->mem, undo->groups[--undo->len].selection);
}

void sennit_undo_free(sennit_undo *undo)
{
    if (undo == NULL)
        return;
    if (undo->doc != NULL)
        undo_leave(undo);
    undo_cut(undo, undo->head);
    sn_mem_free(&undo->mem, undo->groups, undo->cap * sizeof *undo->groups);
    sn_selection_free(&undo->mem, undo->selection);
    sn_mem_end(&undo->mem, undo, sizeof *undo);
}

/* ---- groups ---- */

sennit_status sn_undo_reserve(sennit_undo *undo, size_t n)
{
    return sn_mem_grow(&undo->mem, (void **)&undo->groups, &undo->cap, undo->len + n,
                       sizeof *undo->groups);
}

void sn_undo_shorten(sennit_undo *undo, size_t most)
{
    while (undo->len - undo->head > most && undo->head < undo->done)
        sn_selection_free(&undo->mem, undo->groups[undo->head++].selection);
    if (undo->len - undo->head > most)
        undo_cut(undo, undo->head + most);
    if (undo->head <= undo->len / 2)
        return;
    memmove(undo->groups, undo->groups + undo->head,
            (undo->len - undo->head) * sizeof *undo->groups);
    undo->len -= undo->head;
    undo->done -= undo->head;
    undo->head = 0;
}

/* A new last group; there is room. */
static void undo_push(sennit_undo *undo, const sn_group *group)
{
#if SENNIT_MUTANT != 43
    undo_cut(undo, undo->done);
#endif
    sn_undo_shorten(undo, undo->depth - 1);
    undo->groups[undo->len++] = *group;
    undo->done = undo->len;
}

static sennit_status undo_select_now(sennit_undo *undo, sn_selection **out)
{
    const sn_selection *now = undo->selection;

    return sn_selection_new(&undo->mem, now != NULL ? now->at : NULL, now != NULL ? now->n : 0,
                            out);
}

/* Operations from `seen` up to this one are edits: more of the open group, or a
 * new one. */
static sennit_status undo_take_up(sennit_undo *undo, uint32_t to, uint32_t high)
{
    sn_group group = {.replica = undo->replica, .from = undo->seen, .to = to,
                      .low = undo->seen_bytes, .high = high, .looked = true};

    if (undo->open) {
        undo->groups[undo->done - 1].to = to;
        undo->groups[undo->done - 1].high = high;
        return SENNIT_OK;
    }
    SN_TRY(sn_undo_reserve(undo, 1));
    SN_TRY(undo_select_now(undo, &group.selection));
    undo_push(undo, &group);
    undo->open = true;
    return SENNIT_OK;
}

sennit_status sn_undo_note(sennit_undo *undo)
{
    const sennit_doc *doc = undo->doc;
    uint64_t replica = doc->me != SN_NO_REPLICA ? doc->who.replicas[doc->me].id : 0;
    uint32_t count = (uint32_t)sennit_doc_own_count(doc);

    SN_ASSERT(undo->head <= undo->done && undo->done <= undo->len);
    SN_ASSERT(undo->len - undo->head <= undo->depth);
    if (undo->replica == 0)
        undo->replica = replica;
    if (count == undo->seen || replica != undo->replica) /* a rebase that it is not told of yet */
        return SENNIT_OK;
    if (!undo->away)
        SN_TRY(undo_take_up(undo, count, undo_own_bytes(doc)));
    undo_saw(undo);
    return SENNIT_OK;
}

/* Whether the document has edits that its transaction may take back. */
static bool undo_is_amid(const sennit_doc *doc)
{
    return doc->txn.open && doc->me != SN_NO_REPLICA &&
           doc->who.replicas[doc->me].seq != sennit_doc_own_count(doc);
}

sennit_status sn_undo_editing(sennit_doc *doc)
{
    uint64_t now = doc->clock.now_ms;

    if (undo_is_amid(doc))
        return SENNIT_OK;
    for (sennit_undo *u = doc->undos; u != NULL; u = u->next) {
        if (now <= doc->edited_ms || now - doc->edited_ms <= u->pause_ms)
            continue;
        SN_TRY(sn_undo_note(u));
        u->open = false;
    }
    return SENNIT_OK;
}

/* ---- what a host tells ---- */

static sennit_status undo_end(sennit_undo *undo)
{
    if (undo->doc == NULL)
        return SENNIT_EINVAL;
    SN_TRY(sn_undo_note(undo));
    undo->open = false;
    return SENNIT_OK;
}

sennit_status sennit_undo_break(sennit_undo *undo)
{
    return undo_end(undo);
}

sennit_status sennit_undo_track(sennit_undo *undo, int on)
{
    SN_TRY(undo_end(undo));
    undo->away = on == 0;
    return SENNIT_OK;
}

sennit_status sennit_undo_select(sennit_undo *undo, const sennit_anchor *anchors, size_t n)
{
    sn_selection *selection;

    if (undo->doc == NULL || (anchors == NULL && n > 0))
        return SENNIT_EINVAL;
    SN_TRY(sn_undo_note(undo));
    SN_TRY(sn_selection_new(&undo->mem, anchors, n, &selection));
    sn_selection_free(&undo->mem, undo->selection);
    undo->selection = selection;
    return SENNIT_OK;
}

const sennit_anchor *sennit_undo_selection(const sennit_undo *undo, size_t *n)
{
    *n = undo->selection != NULL ? undo->selection->n : 0;
    return undo->selection != NULL ? undo->selection->at : NULL;
}

/* ---- taking back ---- */

/* Before operations of undo are made: those until then are edits, to all. */
static sennit_status undo_begin(sennit_undo *undo)
{
    if (undo->doc == NULL)
        return SENNIT_EINVAL;
    if (undo->doc->txn.open)
        return SENNIT_EBUSY;
    for (sennit_undo *u = undo->doc->undos; u != NULL; u = u->next)
        SN_TRY(sn_undo_note(u));
    return SENNIT_OK;
}

/* Afterwards: what was made is no edit. group becomes what was made. */
static void undo_made(sennit_doc *doc, sn_group *group, uint32_t from)
{
    uint64_t replica = doc->who.replicas[doc->me].id;
    uint32_t count = (uint32_t)sennit_doc_own_count(doc);

    for (sennit_undo *u = doc->undos; u != NULL; u = u->next) {
        u->replica = u->replica == 0 ? replica : u->replica;
        if (u->replica == replica)
            undo_saw(u);
        u->open = false;
    }
    *group = (sn_group){.replica = replica, .from = from, .to = count, .again = true,
                        .selection = group->selection};
}

static sennit_status undo_turn_group(sennit_doc *doc, sn_group *group)
{
    sn_stretch s = {.replica = sn_roster_find(&doc->who, group->replica), .from = group->from,
                    .to = group->to, .looked = group->looked, .low = group->low,
                    .high = group->high,
                    .plain = group->high - group->low == group->to - group->from};
    uint32_t from = (uint32_t)sennit_doc_own_count(doc);

    if (s.replica == SN_NO_REPLICA || s.to > doc->who.replicas[s.replica].seq)
        return SENNIT_EGONE;
    SN_TRY(group->again ? sn_revert_again(doc, &s) : sn_revert(doc, &s, 1));
    undo_made(doc, group, from);
    return SENNIT_OK;
}

static void undo_drop(sennit_undo *undo, size_t i)
{
    sn_selection_free(&undo->mem, undo->groups[i].selection);
    memmove(undo->groups + i, undo->groups + i + 1, (undo->len - i - 1) * sizeof *undo->groups);
    undo->len--;
    undo->done -= i < undo->done;
    undo->open = false;
}

/* Undo, or redo, group i; `done` is how many are done afterwards. */
static sennit_status undo_turn(sennit_undo *undo, size_t i, size_t done)
{
    sn_group *group = &undo->groups[i];
    sennit_status st = undo_turn_group(undo->doc, group);

    if (st == SENNIT_EGONE)
        undo_drop(undo, i);
    if (st != SENNIT_OK)
        return st;
    undo->done = done;
    if (group->selection != NULL) {
        sn_selection *now = undo->selection;

        undo->selection = group->selection;
        group->selection = now;
    }
    return SENNIT_OK;
}

sennit_status sennit_undo_undo(sennit_undo *undo)
{
    SN_TRY(undo_begin(undo));
    if (undo->done == undo->head)
        return SENNIT_ERANGE;
    return undo_turn(undo, undo->done - 1, undo->done - 1);
}

sennit_status sennit_undo_redo(sennit_undo *undo)
{
    SN_TRY(undo_begin(undo));
    if (undo->done == undo->len)
        return SENNIT_ERANGE;
    return undo_turn(undo, undo->done, undo->done + 1);
}

/* Whether there are edits that were not looked at yet. */
static bool undo_has_more(const sennit_undo *undo)
{
    const sennit_doc *doc = undo->doc;

    return doc != NULL && !undo->away && sennit_doc_own_count(doc) != undo->seen &&
           (undo->replica == 0 || undo->replica == doc->who.replicas[doc->me].id);
}

size_t sennit_undo_can_undo(const sennit_undo *undo)
{
    size_t steps = undo->done - undo->head;

    return (size_t)sn_min_u64(undo->depth, steps + (undo_has_more(undo) && !undo->open));
}

size_t sennit_undo_can_redo(const sennit_undo *undo)
{
    return undo_has_more(undo) ? 0 : undo->len - undo->done;
}

/* ---- selective undo ---- */

/* The stretches between two versions, of some replicas or all; *n of them. */
static void undo_stretches(sennit_doc *doc, const uint64_t *replicas, size_t replicas_len,
                           const sn_wanted *since, const sn_wanted *until, sn_stretch *of,
                           uint32_t *n)
{
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        of[i] = (sn_stretch){.replica = i, .from = since[i].seq, .to = until[i].seq,
                             .wanted = replicas == NULL};
    for (size_t k = 0; replicas != NULL && k < replicas_len; k++) {
        uint32_t i = sn_roster_find(&doc->who, replicas[k]);

        if (i != SN_NO_REPLICA)
            of[i].wanted = true;
    }
    *n = 0;
    for (uint32_t i = 0; i < doc->who.replicas_len; i++)
        if (of[i].wanted && of[i].from < of[i].to)
            of[(*n)++] = of[i];
}

/* Take stretches back, as a group of its own if that takes any operation. */
static sennit_status undo_take_back(sennit_undo *undo, sn_stretch *of, uint32_t n)
{
    uint32_t from = (uint32_t)sennit_doc_own_count(undo->doc);
    sn_group group = {.replica = 0};

    SN_TRY(sn_undo_reserve(undo, 1));
    SN_TRY(undo_select_now(undo, &group.selection));
    sennit_status st = sn_revert(undo->doc, of, n);
    if (st != SENNIT_OK || sennit_doc_own_count(undo->doc) == from) {
        sn_selection_free(&undo->mem, group.selection);
        return st;
    }
    undo_made(undo->doc, &group, from);
    undo_push(undo, &group);
    return SENNIT_OK;
}

sennit_status sennit_undo_range(sennit_undo *undo, const uint64_t *replicas, size_t replicas_len,
                                const void *since, size_t since_len, const void *until,
                                size_t until_len)
{
    bool unknown;
    uint32_t n = 0;
    size_t size;

    SN_TRY(undo_begin(undo));
    sennit_doc *doc = undo->doc;
    size_t of_size = (doc->who.replicas_len + (size_t)1) * sizeof(sn_stretch);
    sn_stretch *of = sn_mem_resize(&doc->mem, NULL, 0, of_size);
    sn_wanted *low = sn_version_new(doc, &size), *high = sn_version_new(doc, &size);
    sennit_status st = of == NULL || low == NULL || high == NULL ? SENNIT_ENOMEM : SENNIT_OK;
    if (st == SENNIT_OK)
        st = sn_version_read(doc, since, since_len, low, &unknown, NULL);
    if (st == SENNIT_OK && until != NULL)
        st = sn_version_read(doc, until, until_len, high, &unknown, NULL);
    if (st == SENNIT_OK) {
        undo_stretches(doc, replicas, replicas_len, low, high, of, &n);
        st = undo_take_back(undo, of, n);
    }
    sn_mem_free(&doc->mem, low, size);
    sn_mem_free(&doc->mem, high, size);
    sn_mem_free(&doc->mem, of, of_size);
    return st;
}

/* ---- operations issued anew ---- */

sennit_status sn_undo_prepare(sennit_doc *doc)
{
    for (sennit_undo *u = doc->undos; u != NULL; u = u->next) {
        SN_TRY(sn_undo_note(u));
        SN_TRY(sn_undo_reserve(u, u->len - u->head));
    }
    return SENNIT_OK;
}

void sn_undo_renamed(sennit_doc *doc)
{
    for (sennit_undo *u = doc->undos; u != NULL; u = u->next) {
        u->replica = 0;
        u->seen = u->seen_bytes = 0;
        u->open = false;
    }
}

/* What comes behind a cut becomes a group of its own; there is room. */
static void undo_split(sennit_undo *undo, size_t i, uint32_t at)
{
    sn_group *g = &undo->groups[i];

    memmove(g + 1, g, (undo->len - i) * sizeof *g);
    undo->len++;
    undo->done += i < undo->done;
    g[0].to = g[1].from = at;
    g[1].selection = NULL;
}

static void undo_move_selection(sn_selection *selection, const sennit_rebased *did)
{
    for (size_t i = 0; selection != NULL && i < selection->n; i++)
        sennit_anchor_rebase(did, &selection->at[i]);
}

static void undo_move(sennit_undo *undo, const sn_reissue *own, const sennit_rebased *did)
{
    for (size_t i = undo->head; i < undo->len; i++) {
        if (undo->groups[i].replica == did->old && undo->groups[i].from < own->from &&
            undo->groups[i].to > own->from)
            undo_split(undo, i, own->from);
        sn_group *g = &undo->groups[i];
        undo_move_selection(g->selection, did);
        g->looked = false;
        if (g->replica != did->old || g->from < own->from)
            continue;
        g->replica = own->id;
        g->from = sn_reissue_seq(own, g->from);
        g->to = sn_reissue_seq(own, g->to);
    }
    undo_move_selection(undo->selection, did);
}

void sn_undo_reissued(sennit_doc *doc, const sn_reissue *own, const sennit_rebased *did)
{
    const uint32_t count = (uint32_t)sennit_doc_own_count(doc);

    for (sennit_undo *u = doc->undos; u != NULL; u = u->next) {
        undo_move(u, own, did);
        sn_undo_shorten(u, u->depth);
        u->open = false;
        if (u->replica != did->old)
            continue;
        u->replica = own->id;
        u->seen = sn_reissue_seq(own, count);
        u->seen_bytes = undo_own_bytes(doc) - (own->id != did->old ? own->from_byte : 0);
    }
}
