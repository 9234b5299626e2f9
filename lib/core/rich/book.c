#include "core/edit/edit.h"
#include "core/merge/cover.h"
#include "core/rich/mark_index.h"

/* ---- names ---- */

static sn_name *book_name_of(const sn_twig *twig)
{
    return (sn_name *)((uintptr_t)twig - offsetof(sn_name, by_name));
}

static int book_compare(const sn_name *a, const void *bytes, size_t len)
{
    int c = memcmp(a->bytes, bytes, a->len < len ? a->len : len);

    return c != 0 ? c : (a->len > len) - (a->len < len);
}

int sn_name_compare_all(const sn_name *a, const sn_name *b)
{
    return book_compare(a, b->bytes, b->len);
}

static int book_by_name(const sn_twig *a, const sn_twig *b)
{
    return sn_name_compare(book_name_of(a), book_name_of(b));
}

sn_name *sn_book_from(const sn_book *book, const void *name, size_t len, bool behind)
{
    sn_twig *at = book->names;
    sn_name *found = NULL;

    while (at != NULL) {
        int c = book_compare(book_name_of(at), name, len);

        if (c < 0 || (c == 0 && behind)) {
            at = at->right;
        } else {
            found = book_name_of(at);
            at = at->left;
        }
    }
    return found;
}

/* The name with these bytes, which is added if it is not there. */
static sennit_status book_name(sennit_doc *doc, const sn_payload *payload, sn_name **out)
{
    sn_book *book = &doc->book;
    sn_name *name = sn_book_from(book, payload->name, payload->name_len, false);

    *out = name;
    if (name != NULL && book_compare(name, payload->name, payload->name_len) == 0)
        return SENNIT_OK;
    name = *out = sn_mem_resize(&doc->mem, NULL, 0, sizeof *name + payload->name_len);
    if (name == NULL)
        return SENNIT_ENOMEM;
    *name = (sn_name){.older = book->newest_name, .len = payload->name_len};
    memcpy(name->bytes, payload->name, payload->name_len);
    for (uint32_t i = 0; i < 8; i++)
        name->head = name->head << 8 | (i < name->len ? name->bytes[i] : 0);
    book->newest_name = name;
    sn_treap_add(&book->names, &name->by_name, sn_treap_rank(doc->who.hash_key, book->made++),
                 book_by_name);
    return SENNIT_OK;
}

void sn_book_forget(sennit_doc *doc, sn_name *newest)
{
    sn_book *book = &doc->book;

    while (book->newest_name != newest) {
        sn_name *name = book->newest_name;

        book->newest_name = name->older;
        sn_treap_remove(&book->names, &name->by_name, book_by_name);
        sn_mem_free(&doc->mem, name, sizeof *name + name->len);
    }
}

void sn_book_free(sn_book *book, sn_mem *mem)
{
    while (book->newest_name != NULL) {
        sn_name *name = book->newest_name;

        book->newest_name = name->older;
        sn_mem_free(mem, name, sizeof *name + name->len);
    }
}

/* ---- staging ---- */

sennit_status sn_book_stage(sennit_doc *doc, uint32_t author, uint32_t seq, bool is_mark,
                            const uint8_t *bytes, uint32_t len)
{
    sn_replica *r = &doc->who.replicas[author];
    const size_t size = sn_note_size(is_mark);
    const bool gone = len > 0 && bytes[0] == 0;
    sn_payload payload = {.value_len = 0};
    sennit_value unused;
    sn_name *name = NULL;

    if (len > doc->limits.text_bytes - sn_min_u64(doc->book.bytes, doc->limits.text_bytes))
        return SENNIT_ELIMIT;
    if (!gone)
        SN_TRY(sn_payload_read(bytes, len, 0, &payload, NULL));
    SN_TRY(sn_notes_reserve(&r->notes, &doc->mem, len));
    if (!gone)
        SN_TRY(book_name(doc, &payload, &name));
    sn_note *note = sn_mem_resize(&doc->mem, NULL, 0, size);
    if (note == NULL)
        return SENNIT_ENOMEM;
    memset(note, 0, size);
    note->is_mark = is_mark;
    note->name = name;
    note->author = author;
    note->replica = r->id;
    note->seq = seq;
    note->len = payload.value_len;
    note->gone = gone;
    note->gives = !gone && sn_value_get(payload.value, payload.value_len, &unused);
    note->value = sn_notes_append(r->notes, seq, bytes, len, note) + len - note->len;
    doc->book.bytes += len;
    return SENNIT_OK;
}

void sn_book_unstage(sennit_doc *doc, uint32_t author, uint32_t seq)
{
    sn_notes *notes = doc->who.replicas[author].notes;
    uint32_t before = notes != NULL ? notes->len : 0;

    sn_notes_truncate(notes, &doc->mem, seq);
    if (notes != NULL)
        doc->book.bytes -= before - notes->len;
}

/* ---- standing ---- */

static int book_by_key(const sn_twig *a, const sn_twig *b)
{
    const sn_set *x = (const sn_set *)((uintptr_t)a - offsetof(sn_set, by_key));
    const sn_set *y = (const sn_set *)((uintptr_t)b - offsetof(sn_set, by_key));

    return sn_note_less(&x->note, &y->note) ? -1 : sn_note_less(&y->note, &x->note);
}

/* Tell the host what came of a set that came or went: nothing if another counts. */
static void book_tell_set(sennit_doc *doc, const sn_note *set, uint32_t who)
{
    const sn_step step = {.name = set->name, .what = SENNIT_PATCH_META, .replica = who,
                          .local = !doc->applying};

    if ((doc->patches.watch & SENNIT_WATCH_META) && sn_doc_watches(doc))
        sn_patches_add(&doc->patches, &doc->mem, &step);
}

static void book_stand_set(sennit_doc *doc, sn_set *set, bool stands, uint32_t who)
{
    sn_name *name = set->note.name;
    const sn_note *before = sn_name_set(name);

    if (stands)
        sn_treap_add(&name->sets, &set->by_key,
                     sn_treap_rank(doc->who.hash_key, doc->book.made++), book_by_key);
    else
        sn_treap_remove(&name->sets, &set->by_key, book_by_key);
    if (sn_name_set(name) != before)
        book_tell_set(doc, &set->note, who);
}

/* Let a note stand, or not any more; who: whose doing it is. */
static void book_stand(sennit_doc *doc, sn_note *note, bool stands, uint32_t who)
{
    if (note->stands == stands || note->name == NULL || (note->is_mark && !sn_mark_has_extent(doc, (sn_mark *)note)))
        return;
    note->stands = stands;
    if (note->is_mark)
        sn_mark_stand(doc, (sn_mark *)note, stands, who);
    else
        book_stand_set(doc, (sn_set *)note, stands, who);
}

static sn_edge book_edge(const sn_op *op, bool is_end)
{
    return (sn_edge){.replica = op->ref_replica, .number = op->ref, .after = op->flag,
                     .is_end = is_end};
}

sn_mark *sn_book_place(sennit_doc *doc, uint32_t author, const sn_op *start, const sn_op *op)
{
    sn_note *note = sn_notes_find(doc->who.replicas[author].notes, op->seq);
    const sn_switch *s = sn_switch_of(doc, author, op->seq);

    note->hlc = doc->who.times[op->change];
    if (note->is_mark) {
        ((sn_mark *)note)->start = book_edge(start, false);
        ((sn_mark *)note)->end = book_edge(op, true);
    }
    if (doc->book.newest == SN_ROOT_CHANGE || sn_change_le(&doc->who, doc->book.newest, op->change))
        doc->book.newest = op->change;
    if ((s != NULL && !s->on) || note->name == NULL)
        return NULL;
    if (note->is_mark)
        return (sn_mark *)note;
    book_stand(doc, note, true, author);
    return NULL;
}

void sn_book_commit(sennit_doc *doc, uint32_t author, const sn_op *start, const sn_op *op)
{
    sn_mark *mark = sn_book_place(doc, author, start, op);

    if (mark != NULL)
        book_stand(doc, &mark->note, true, author);
}

void sn_book_switch(sennit_doc *doc, uint32_t author, uint32_t seq, bool on, uint32_t who)
{
    book_stand(doc, sn_notes_find(doc->who.replicas[author].notes, seq), on, who);
}

void sn_book_drop(sennit_doc *doc, sn_note *note)
{
    sn_notes *notes = doc->who.replicas[note->author].notes;
    const uint32_t at = notes->list[sn_notes_from(notes, note->seq)].at;

    if (note->stands && note->is_mark)
        sn_mark_leave(doc, (sn_mark *)note);
    else if (note->stands)
        sn_treap_remove(&note->name->sets, &((sn_set *)note)->by_key, book_by_key);
    memset(notes->bytes + at, 0, note->value + note->len - at);
    note->name = NULL;
    note->stands = note->gives = false;
    note->gone = true;
    note->value += note->len;
    note->len = 0;
}

void sn_book_withdraw(sennit_doc *doc, uint32_t seq)
{
    sn_notes *notes = doc->who.replicas[doc->me].notes;
    uint32_t from = sn_notes_from(notes, seq);

    for (uint32_t i = notes != NULL ? notes->list_len : 0; i > from; i--)
        book_stand(doc, notes->list[i - 1].note, false, doc->me);
    sn_book_unstage(doc, doc->me, seq);
}

/* ---- own notes ---- */

/* Write a payload behind those of this replica. The value may be of one of them, which
 * then move. */
static sennit_status book_write(sennit_doc *doc, sn_replica *me, const char *name, size_t name_len,
                                const sennit_value *value, const uint8_t **payload, uint32_t *len)
{
    bool long_one = value != NULL && value->type >= SENNIT_STRING;
    const uint8_t *bytes = me->notes != NULL ? me->notes->bytes : NULL;
    uintptr_t off = long_one ? (uintptr_t)value->data - (uintptr_t)bytes : 0;
    bool own = long_one && bytes != NULL && off < me->notes->len;

    SN_TRY(sn_notes_reserve(&me->notes, &doc->mem,
                            (uint32_t)(name_len + 16 + (long_one ? value->len : 0))));
    uint8_t *p = me->notes->bytes + me->notes->len;
    sennit_value moved = value != NULL ? *value : (sennit_value){.type = SENNIT_NULL};
    if (own)
        moved.data = me->notes->bytes + off;
    *payload = p;
    *len = (uint32_t)(sn_payload_put(p, name, name_len, value != NULL ? &moved : NULL) - p);
    return SENNIT_OK;
}

sennit_status sn_book_make(sennit_doc *doc, const sn_op *start, const sn_op *end, const char *name,
                           size_t name_len, const sennit_value *value)
{
    sn_replica *me = &doc->who.replicas[doc->me];
    uint32_t named = doc->book.newest, len;
    const uint8_t *payload;
    uint64_t hlc;

    if (me->seq >= SN_MAX_SEQ)
        return SENNIT_ELIMIT;
    for (int i = 0; i < 2 && start != NULL; i++) {
        const sn_op *at = i == 0 ? start : end;
        uint32_t c = at->ref_replica == SN_NO_REPLICA
                         ? SN_ROOT_CHANGE
                         : sn_roster_change_of(&doc->who, at->ref_replica, at->ref);

        if (sn_change_le(&doc->who, named, c))
            named = c;
    }
    SN_TRY(sn_edit_reserve_change(doc, named, &hlc));
    SN_TRY(sn_log_reserve(&me->log, &doc->mem, 2));
    SN_TRY(book_write(doc, me, name, name_len, value, &payload, &len));
    SN_TRY(sn_book_stage(doc, doc->me, me->seq, start != NULL, payload, len));
    sn_tree_unquick(&doc->tree);
    sn_edit_change(doc, hlc);
    sn_op ops[2] = {start != NULL ? *start : *end, *end};
    for (int i = start != NULL ? 0 : 1; i < 2; i++) {
        ops[i].kind = start != NULL ? SN_MARK : SN_SET;
        ops[i].part = start == NULL ? SN_WHOLE : i == 0 ? SN_MORE : SN_LAST;
        ops[i].change = doc->change;
        ops[i].seq = me->seq;
        ops[i].n = 1;
        ops[i].number = me->number;
        ops[i].len = i == 0 ? 0 : len;
        sn_log_append(&me->log, &ops[i], doc->me, doc->who.changes[doc->change].ordinal);
    }
    me->seq++;
    sn_book_commit(doc, doc->me, &ops[0], &ops[1]);
    return SENNIT_OK;
}
