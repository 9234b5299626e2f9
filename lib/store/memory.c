/* The adapter that forgets: documents in memory, in order of their names.
 *
 *     document   snapshots   [before] [newest]     in order of what they reach to
 *                deltas      [ ][ ][ ][ ]          after the older snapshot
 *                facts       [a][b][c]             by key
 */
#include "store/store.h"

typedef struct memory_blob {
    uint64_t position;
    uint64_t through; /* of a snapshot */
    void *data;       /* never NULL: an empty fact has a byte that does not count */
    size_t len;
} memory_blob;

typedef struct memory_fact {
    char key[SENNIT_FACT_KEY_MAX + 1];
    memory_blob value;
} memory_fact;

typedef struct memory_document {
    char name[SENNIT_NAME_MAX + 1];
    memory_blob snapshots[3]; /* two, but for a moment */
    size_t snapshots_len;
    memory_blob *deltas;
    size_t deltas_len, deltas_cap;
    memory_fact *facts;
    size_t facts_len, facts_cap;
} memory_document;

typedef struct memory_storage {
    sennit_storage table;
    sn_mem mem;
    uint64_t ticket;
    memory_document **documents;
    size_t len, cap;
} memory_storage;

/* ---- blobs ---- */

static sennit_status memory_copy(memory_storage *s, const void *data, size_t len, memory_blob *out)
{
    void *copy = sn_mem_resize(&s->mem, NULL, 0, len + 1);

    if (copy == NULL)
        return SENNIT_ENOMEM;
    if (len > 0)
        memcpy(copy, data, len);
    *out = (memory_blob){.data = copy, .len = len};
    return SENNIT_OK;
}

static void memory_drop(memory_storage *s, const memory_blob *blob)
{
    sn_mem_free(&s->mem, blob->data, blob->len + 1);
}

/* ---- documents ---- */

/* The place of a name, or where it belongs. */
static size_t memory_search(const memory_storage *s, const char *name)
{
    size_t low = 0, high = s->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(s->documents[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static memory_document *memory_find(const memory_storage *s, const char *name)
{
    size_t at = memory_search(s, name);

    return at < s->len && strcmp(s->documents[at]->name, name) == 0 ? s->documents[at] : NULL;
}

/* Find a document, made if there is none. */
static sennit_status memory_make(memory_storage *s, const char *name, memory_document **out)
{
    size_t at = memory_search(s, name);

    *out = memory_find(s, name);
    if (*out != NULL)
        return SENNIT_OK;
    SN_TRY(sn_mem_grow(&s->mem, (void **)&s->documents, &s->cap, s->len + 1, sizeof *s->documents));
    memory_document *document = sn_mem_resize(&s->mem, NULL, 0, sizeof *document);
    if (document == NULL)
        return SENNIT_ENOMEM;
    *document = (memory_document){.deltas = NULL};
    memcpy(document->name, name, strlen(name) + 1);
    memmove(s->documents + at + 1, s->documents + at, (s->len - at) * sizeof *s->documents);
    s->documents[at] = *out = document;
    s->len++;
    return SENNIT_OK;
}

static void memory_free(memory_storage *s, memory_document *document)
{
    for (size_t i = 0; i < document->snapshots_len; i++)
        memory_drop(s, &document->snapshots[i]);
    for (size_t i = 0; i < document->deltas_len; i++)
        memory_drop(s, &document->deltas[i]);
    for (size_t i = 0; i < document->facts_len; i++)
        memory_drop(s, &document->facts[i].value);
    sn_mem_free(&s->mem, document->deltas, document->deltas_cap * sizeof *document->deltas);
    sn_mem_free(&s->mem, document->facts, document->facts_cap * sizeof *document->facts);
    sn_mem_free(&s->mem, document, sizeof *document);
}

/* ---- writing ---- */

static sennit_status memory_append(void *self, const char *name, const void *data, size_t len,
                                   uint64_t *ticket)
{
    memory_storage *s = self;
    memory_document *document;
    memory_blob blob;

    SN_TRY(sn_store_check_record(name, data, len));
    SN_TRY(memory_make(s, name, &document));
    SN_TRY(sn_mem_grow(&s->mem, (void **)&document->deltas, &document->deltas_cap,
                       document->deltas_len + 1, sizeof *document->deltas));
    SN_TRY(memory_copy(s, data, len, &blob));
    blob.position = *ticket = ++s->ticket;
    document->deltas[document->deltas_len++] = blob;
    return SENNIT_OK;
}

/* The place of a key, or where it belongs. */
static size_t memory_search_fact(const memory_document *document, const char *key, bool *found)
{
    size_t at = 0;

    while (at < document->facts_len && strcmp(document->facts[at].key, key) < 0)
        at++;
    *found = at < document->facts_len && strcmp(document->facts[at].key, key) == 0;
    return at;
}

static void memory_forget(memory_storage *s, memory_document *document, const char *key)
{
    bool found;
    size_t at = memory_search_fact(document, key, &found);

    if (!found)
        return;
    memory_drop(s, &document->facts[at].value);
    document->facts_len--;
    memmove(document->facts + at, document->facts + at + 1,
            (document->facts_len - at) * sizeof *document->facts);
}

static sennit_status memory_remember(memory_storage *s, const char *name, const char *key,
                                     const void *data, size_t len)
{
    memory_document *document;
    memory_blob value;
    bool found;

    SN_TRY(memory_make(s, name, &document));
    SN_TRY(sn_mem_grow(&s->mem, (void **)&document->facts, &document->facts_cap,
                       document->facts_len + 1, sizeof *document->facts));
    SN_TRY(memory_copy(s, data, len, &value));
    memory_forget(s, document, key);
    size_t at = memory_search_fact(document, key, &found);
    memory_fact *fact = document->facts + at;
    memmove(fact + 1, fact, (document->facts_len++ - at) * sizeof *fact);
    memcpy(fact->key, key, strlen(key) + 1);
    fact->value = value;
    fact->value.position = s->ticket + 1;
    return SENNIT_OK;
}

static sennit_status memory_put(void *self, const char *name, const char *key, const void *data,
                                size_t len, uint64_t *ticket)
{
    memory_storage *s = self;
    memory_document *document;

    SN_TRY(sn_store_check_fact(name, key, data, len));
    if (data != NULL)
        SN_TRY(memory_remember(s, name, key, data, len));
    else if ((document = memory_find(s, name)) != NULL)
        memory_forget(s, document, key);
    *ticket = ++s->ticket;
    return SENNIT_OK;
}

/* Add a snapshot; of three, the one that reaches least goes, and with it the
 * deltas that only it needed. */
static void memory_add_snapshot(memory_storage *s, memory_document *document,
                                const memory_blob *blob)
{
    memory_blob *snapshots = document->snapshots;
    size_t at = document->snapshots_len++;

    for (; at > 0 && blob->through < snapshots[at - 1].through; at--)
        snapshots[at] = snapshots[at - 1];
    snapshots[at] = *blob;
    if (document->snapshots_len == 3) {
        memory_drop(s, &snapshots[0]);
        memmove(snapshots, snapshots + 1, 2 * sizeof *snapshots);
        document->snapshots_len = 2;
    }
}

static void memory_prune(memory_storage *s, memory_document *document)
{
    size_t gone = 0;

    if (document->snapshots_len < 2)
        return;
    while (gone < document->deltas_len &&
           document->deltas[gone].position <= document->snapshots[0].through)
        memory_drop(s, &document->deltas[gone++]);
    document->deltas_len -= gone;
    if (gone > 0)
        memmove(document->deltas, document->deltas + gone,
                document->deltas_len * sizeof *document->deltas);
}

static sennit_status memory_compact(void *self, const char *name, uint64_t through,
                                    const void *data, size_t len, uint64_t *ticket)
{
    memory_storage *s = self;
    memory_document *document;
    memory_blob blob;

    SN_TRY(sn_store_check_record(name, data, len));
    if (through > s->ticket)
        return SENNIT_EINVAL;
    SN_TRY(memory_make(s, name, &document));
    SN_TRY(memory_copy(s, data, len, &blob));
    blob.through = through;
    blob.position = *ticket = ++s->ticket;
    memory_add_snapshot(s, document, &blob);
    memory_prune(s, document);
    return SENNIT_OK;
}

/* ---- loading ---- */

/* Hand out a record; *taken: `each` found it good. */
static sennit_status memory_hand(sennit_stored kind, const memory_blob *blob, const char *key,
                                 sennit_each_record *each, void *arg, bool *taken)
{
    sennit_status st = each(arg, &(sennit_record){.kind = kind, .position = blob->position,
                                                  .key = key, .data = blob->data,
                                                  .len = blob->len});

    *taken = st == SENNIT_OK;
    if (st == SENNIT_ECORRUPT)
        return sn_store_damage(each, arg, kind, blob->position, "its content is damaged");
    return st;
}

static sennit_status memory_load(void *self, const char *name, sennit_each_record *each, void *arg)
{
    memory_storage *s = self;
    uint64_t through = 0;
    bool taken = false;

    SN_TRY(sn_store_check_name(name, true));
    if (each == NULL)
        return SENNIT_EINVAL;
    const memory_document *document = memory_find(s, name);
    if (document == NULL)
        return SENNIT_OK;
    for (size_t i = document->snapshots_len; i > 0 && !taken; i--) {
        const memory_blob *snapshot = &document->snapshots[i - 1];

        SN_TRY(memory_hand(SENNIT_STORED_SNAPSHOT, snapshot, NULL, each, arg, &taken));
        through = taken ? snapshot->through : 0;
    }
    for (size_t i = 0; i < document->deltas_len; i++)
        if (document->deltas[i].position > through)
            SN_TRY(memory_hand(SENNIT_STORED_DELTA, &document->deltas[i], NULL, each, arg, &taken));
    for (size_t i = 0; i < document->facts_len; i++)
        SN_TRY(memory_hand(SENNIT_STORED_FACT, &document->facts[i].value, document->facts[i].key,
                           each, arg, &taken));
    return SENNIT_OK;
}

static sennit_status memory_next(void *self, const char *after, char *name)
{
    memory_storage *s = self;

    SN_TRY(sn_store_check_name(after, true));
    size_t at = memory_search(s, after);
    if (at < s->len && strcmp(s->documents[at]->name, after) == 0)
        at++;
    if (at < s->len && s->documents[at]->name[0] == '\0') /* the storage's own */
        at++;
    if (at == s->len)
        return SENNIT_EGONE;
    memcpy(name, s->documents[at]->name, sizeof s->documents[at]->name);
    return SENNIT_OK;
}

/* ---- the rest ---- */

static uint64_t memory_durable(void *self)
{
    return ((memory_storage *)self)->ticket;
}

static sennit_status memory_well(void *self)
{
    (void)self;
    return SENNIT_OK;
}

static int memory_descriptor(void *self)
{
    (void)self;
    return -1;
}

static const char *memory_reason(void *self)
{
    (void)self;
    return "";
}

static void memory_close(void *self)
{
    memory_storage *s = self;
    sn_mem mem = s->mem;

    for (size_t i = 0; i < s->len; i++)
        memory_free(s, s->documents[i]);
    sn_mem_free(&mem, s->documents, s->cap * sizeof *s->documents);
    sn_mem_free(&mem, s, sizeof *s);
}

sennit_status sennit_storage_memory(const sennit_alloc *alloc, sennit_storage **out)
{
    memory_storage *s;
    sn_mem mem;

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    sn_mem_init(&mem, alloc);
    s = sn_mem_resize(&mem, NULL, 0, sizeof *s);
    if (s == NULL)
        return SENNIT_ENOMEM;
    *s = (memory_storage){.mem = mem};
    s->table = (sennit_storage){
        sizeof s->table, s, memory_load, memory_append, memory_put, memory_compact, memory_next,
        memory_durable, memory_well, memory_well, memory_descriptor, memory_reason, memory_close};
    *out = &s->table;
    return SENNIT_OK;
}
