#include "support/naive.h"

#include "support/require.h"

#include <string.h>

/* ---- operations ---- */

naive_op *naive_log_add(naive_log *log, const naive_op *op)
{
    naive_op *copy = malloc(sizeof *copy);

    require(copy != NULL);
    *copy = *op;
    if (op->targets_len > 0) {
        copy->targets = malloc(op->targets_len * sizeof *copy->targets);
        require(copy->targets != NULL);
        memcpy(copy->targets, op->targets, op->targets_len * sizeof *copy->targets);
    }
    log->ops = require_room(log->ops, log->len, sizeof *log->ops);
    return log->ops[log->len++] = copy;
}

void naive_log_free(naive_log *log)
{
    for (size_t i = 0; i < log->len; i++) {
        free(log->ops[i]->targets);
        free(log->ops[i]);
    }
    free(log->ops);
    *log = (naive_log){NULL, 0};
}

static bool same_id(naive_id a, naive_id b)
{
    return a.replica == b.replica && a.n == b.n;
}

static bool same_end(const naive_end *a, const naive_end *b)
{
    return a->none == b->none && a->after == b->after && (a->none || same_id(a->byte, b->byte));
}

bool naive_same(const naive_op *a, const naive_op *b)
{
    if (a->kind != b->kind || !same_id(a->id, b->id) || a->hlc != b->hlc ||
        a->number != b->number || a->targets_len != b->targets_len)
        return false;
    for (size_t i = 0; i < a->targets_len; i++)
        if (!same_id(a->targets[i], b->targets[i]))
            return false;
    if (a->kind == NAIVE_SET || a->kind == NAIVE_MARK)
        return a->name == b->name && a->value == b->value &&
               (a->kind == NAIVE_SET ||
                (same_end(&a->ends[0], &b->ends[0]) && same_end(&a->ends[1], &b->ends[1])));
    if (a->kind == NAIVE_TOGGLE)
        return a->on == b->on && same_id(a->ref, b->ref);
    return a->kind == NAIVE_DELETE || (a->byte == b->byte && a->left == b->left &&
                                       a->root == b->root && (a->root || same_id(a->ref, b->ref)));
}

bool naive_key_less(const naive_op *a, const naive_op *b)
{
    if (a->hlc != b->hlc)
        return a->hlc < b->hlc;
    if (a->id.replica != b->id.replica)
        return a->id.replica < b->id.replica;
    return a->id.n < b->id.n;
}

/* ---- documents ---- */

naive *naive_new(uint64_t replica, uint64_t coalesce_ms)
{
    naive *doc = calloc(1, sizeof *doc);

    require(doc != NULL);
    doc->replica = replica;
    doc->coalesce_ms = coalesce_ms;
    return doc;
}

void naive_free(naive *doc)
{
    for (size_t i = 0; i < doc->authors_len; i++) {
        for (uint32_t k = 0; k < doc->authors[i].bytes_len; k++)
            free(doc->authors[i].bytes[k]);
        free(doc->authors[i].bytes);
        free(doc->authors[i].ops);
    }
    free(doc->pending);
    free(doc->order);
    free(doc);
}

static naive_author *author_find(const naive *doc, uint64_t id)
{
    for (size_t i = 0; i < doc->authors_len; i++)
        if (doc->authors[i].id == id)
            return (naive_author *)&doc->authors[i];
    return NULL;
}

static naive_author *author_of(naive *doc, uint64_t id)
{
    naive_author *a = author_find(doc, id);

    if (a != NULL)
        return a;
    require(doc->authors_len < NAIVE_REPLICAS);
    a = &doc->authors[doc->authors_len++];
    a->id = id;
    return a;
}

uint32_t naive_known(const naive *doc, uint64_t replica)
{
    const naive_author *a = author_find(doc, replica);

    return a != NULL ? a->len : 0;
}

uint32_t naive_bytes(const naive *doc, uint64_t replica)
{
    const naive_author *a = author_find(doc, replica);

    return a != NULL ? a->bytes_len : 0;
}

const naive_op *naive_find(const naive *doc, naive_id seq)
{
    const naive_author *a = author_find(doc, seq.replica);

    return a != NULL && seq.n < a->len ? a->ops[seq.n] : NULL;
}

static naive_node *byte_find(const naive *doc, naive_id number)
{
    const naive_author *a = author_find(doc, number.replica);

    return a != NULL && number.n < a->bytes_len ? a->bytes[number.n] : NULL;
}

/* ---- the tree ---- */

/* Hang a child among its siblings. */
static void tree_hang(naive *doc, naive_node *node)
{
    const naive_op *op = node->op;
    naive_node *parent = op->root ? NULL : byte_find(doc, op->ref);
    naive_node **at = parent == NULL ? &doc->root : op->left ? &parent->left : &parent->right;

    while (*at != NULL && (op->left ? naive_key_less((*at)->op, op) : naive_key_less(op, (*at)->op)))
        at = &(*at)->next;
    node->next = *at;
    *at = node;
}

/* Siblings from one on, each as left children, self, right children. */
static void tree_read(naive *doc, naive_node *node)
{
    for (; node != NULL; node = node->next) {
        tree_read(doc, node->left);
        doc->order = require_room(doc->order, doc->order_len, sizeof(naive_node *));
        doc->order[doc->order_len++] = node;
        tree_read(doc, node->right);
    }
}

const naive_op *naive_decider(const naive *doc, naive_id target)
{
    const naive_op *decides = naive_find(doc, target);

    for (size_t i = 0; i < doc->authors_len; i++)
        for (uint32_t k = 0; k < doc->authors[i].len; k++) {
            const naive_op *op = doc->authors[i].ops[k];

            if (op->kind == NAIVE_TOGGLE && same_id(op->ref, target) && naive_key_less(decides, op))
                decides = op;
        }
    return decides;
}

bool naive_is_on(const naive *doc, const naive_op *target)
{
    const naive_op *decides = naive_decider(doc, target->id);

    return decides == target || decides->on;
}

static void tree_bury(naive *doc)
{
    for (size_t i = 0; i < doc->authors_len; i++)
        for (uint32_t k = 0; k < doc->authors[i].len; k++) {
            const naive_op *op = doc->authors[i].ops[k];

            if (op->kind == NAIVE_DELETE && naive_is_on(doc, op))
                for (size_t t = 0; t < op->targets_len; t++)
                    byte_find(doc, op->targets[t])->dead = true;
        }
}

naive_node *const *naive_order(naive *doc, size_t *n)
{
    if (doc->stale) {
        doc->order_len = 0;
        tree_read(doc, doc->root);
        for (size_t i = 0; i < doc->order_len; i++)
            doc->order[i]->dead = false;
        tree_bury(doc);
        doc->stale = false;
    }
    *n = doc->order_len;
    return doc->order;
}

size_t naive_text(naive *doc, char **out)
{
    size_t n, len = 0;
    naive_node *const *order = naive_order(doc, &n);

    *out = malloc(n + 1);
    require(*out != NULL);
    for (size_t i = 0; i < n; i++)
        if (!order[i]->dead)
            (*out)[len++] = (char)order[i]->op->byte;
    (*out)[len] = '\0';
    return len;
}

bool naive_resolve(naive *doc, naive_id byte, bool after, size_t *pos)
{
    size_t n;
    naive_node *const *order = naive_order(doc, &n);
    const naive_node *node = byte_find(doc, byte);

    *pos = 0;
    if (node == NULL)
        return false;
    for (size_t i = 0; order[i] != node; i++)
        *pos += !order[i]->dead;
    *pos += after && !node->dead;
    return true;
}

/* Make an operation that was checked part of the document. */
static void doc_take(naive *doc, const naive_op *op)
{
    naive_author *a = author_of(doc, op->id.replica);

    a->ops = require_room(a->ops, a->len, sizeof *a->ops);
    a->ops[a->len++] = op;
    if (op->kind == NAIVE_INSERT) {
        naive_node *node = calloc(1, sizeof *node);

        require(node != NULL);
        node->op = op;
        a->bytes = require_room(a->bytes, a->bytes_len, sizeof *a->bytes);
        a->bytes[a->bytes_len++] = node;
        tree_hang(doc, node);
    }
    if (op->hlc > doc->last_hlc)
        doc->last_hlc = op->hlc;
    doc->stale = true;
}

/* ---- edits ---- */

/* One timestamp serves all edits until they pause, or until one names something
 * that is not older. named: the operation with the greatest key, or NULL. */
static naive_op edit_start(naive *doc, naive_kind kind, const naive_op *named)
{
    naive_op op = {.kind = kind, .id = {doc->replica, naive_known(doc, doc->replica)},
                   .hlc = doc->change_hlc, .number = naive_bytes(doc, doc->replica)};
    bool paused = doc->change_hlc == 0 ||
                  (doc->now_ms > doc->edited_ms && doc->now_ms - doc->edited_ms > doc->coalesce_ms);

    if (paused || (named != NULL && !naive_key_less(named, &op))) {
        op.hlc = doc->now_ms << 16;
        if (op.hlc < doc->last_hlc + 1)
            op.hlc = doc->last_hlc + 1;
        if (named != NULL && op.hlc < named->hlc + 1)
            op.hlc = named->hlc + 1;
        doc->change_hlc = op.hlc;
    }
    doc->edited_ms = doc->now_ms;
    return op;
}

/* Where visible byte `pos` stands in the order; the end if there is none. */
static size_t edit_find(naive *doc, size_t pos)
{
    size_t n, i = 0;
    naive_node *const *order = naive_order(doc, &n);

    for (; i < n; i++)
        if (!order[i]->dead && pos-- == 0)
            break;
    return i;
}

void naive_insert(naive *doc, size_t pos, const char *text, size_t len, naive_log *log)
{
    size_t at = pos > 0 ? edit_find(doc, pos - 1) + 1 : 0; /* behind the byte on the left */

    naive_insert_at(doc, at, text, len, log);
}

void naive_insert_at(naive *doc, size_t at, const char *text, size_t len, naive_log *log)
{
    for (size_t i = 0; i < len; i++, at++) {
        size_t n;
        naive_node *const *order = naive_order(doc, &n);
        const naive_node *parent = at > 0 ? order[at - 1] : NULL;
        bool left = at > 0 ? parent->right != NULL : n > 0;

        if (left)
            parent = order[at];
        naive_op op = edit_start(doc, NAIVE_INSERT, parent != NULL ? parent->op : NULL);
        op.byte = (uint8_t)text[i];
        op.left = left;
        op.root = parent == NULL;
        if (parent != NULL)
            op.ref = (naive_id){parent->op->id.replica, parent->op->number};
        doc_take(doc, naive_log_add(log, &op));
    }
}

void naive_delete_bytes(naive *doc, const naive_id *targets, size_t n, naive_log *log)
{
    const naive_op *named = byte_find(doc, targets[0])->op;

    for (size_t i = 1; i < n; i++)
        if (naive_key_less(named, byte_find(doc, targets[i])->op))
            named = byte_find(doc, targets[i])->op;
    naive_op op = edit_start(doc, NAIVE_DELETE, named);
    op.targets = (naive_id *)targets; /* copied by the log */
    op.targets_len = n;
    doc_take(doc, naive_log_add(log, &op));
}

void naive_delete(naive *doc, size_t pos, size_t len, naive_log *log)
{
    size_t n, found = 0;
    naive_node *const *order = naive_order(doc, &n);
    naive_id *targets = malloc(len * sizeof *targets);

    require(targets != NULL && len > 0);
    for (size_t i = edit_find(doc, pos); found < len; i++)
        if (!order[i]->dead)
            targets[found++] = (naive_id){order[i]->op->id.replica, order[i]->op->number};
    naive_delete_bytes(doc, targets, len, log);
    free(targets);
}

void naive_toggle(naive *doc, naive_id target, bool on, naive_log *log)
{
    naive_op op = edit_start(doc, NAIVE_TOGGLE, naive_decider(doc, target));

    op.ref = target;
    op.on = on;
    doc_take(doc, naive_log_add(log, &op));
}

/* The greater of two, either of which may be NULL. */
static const naive_op *edit_newer(const naive_op *a, const naive_op *b)
{
    return a == NULL || (b != NULL && naive_key_less(a, b)) ? b : a;
}

void naive_note(naive *doc, const naive_end *ends, unsigned name, int value, naive_log *log)
{
    const naive_op *named = NULL;

    for (size_t i = 0; i < doc->authors_len; i++)
        for (uint32_t k = 0; k < doc->authors[i].len; k++)
            if (doc->authors[i].ops[k]->kind >= NAIVE_MARK)
                named = edit_newer(named, doc->authors[i].ops[k]);
    for (int i = 0; i < 2 && ends != NULL; i++)
        if (!ends[i].none)
            named = edit_newer(named, byte_find(doc, ends[i].byte)->op);
    naive_op op = edit_start(doc, ends != NULL ? NAIVE_MARK : NAIVE_SET, named);
    if (ends != NULL)
        memcpy(op.ends, ends, sizeof op.ends);
    op.name = name;
    op.value = value;
    doc_take(doc, naive_log_add(log, &op));
}

/* ---- operations from elsewhere ---- */

/* Whether an operation names one of its own author's that comes after it. */
static bool apply_names_later(const naive_op *op)
{
    if (op->kind == NAIVE_TOGGLE)
        return op->ref.replica == op->id.replica && op->ref.n >= op->id.n;
    if (op->kind == NAIVE_INSERT)
        return !op->root && op->ref.replica == op->id.replica && op->ref.n >= op->number;
    for (int i = 0; i < 2 && op->kind == NAIVE_MARK; i++)
        if (!op->ends[i].none && op->ends[i].byte.replica == op->id.replica &&
            op->ends[i].byte.n >= op->number)
            return true;
    for (size_t i = 0; i < op->targets_len; i++)
        if (op->targets[i].replica == op->id.replica && op->targets[i].n >= op->number)
            return true;
    return false;
}

static bool apply_ready(const naive *doc, const naive_op *op)
{
    if (naive_known(doc, op->id.replica) != op->id.n)
        return false;
    if (op->kind == NAIVE_TOGGLE)
        return naive_find(doc, op->ref) != NULL;
    if (op->kind == NAIVE_INSERT)
        return op->root || byte_find(doc, op->ref) != NULL;
    for (int i = 0; i < 2 && op->kind == NAIVE_MARK; i++)
        if (!op->ends[i].none && byte_find(doc, op->ends[i].byte) == NULL)
            return false;
    for (size_t i = 0; i < op->targets_len; i++)
        if (byte_find(doc, op->targets[i]) == NULL)
            return false;
    return true;
}

/* What may not be done; the operation is ready. */
static bool apply_allowed(const naive *doc, const naive_op *op)
{
    const naive_op *before = op->id.n > 0 ? naive_find(doc, (naive_id){op->id.replica, op->id.n - 1})
                                          : NULL;

    if (op->hlc < 1 || op->hlc >> 63 != 0 || (before != NULL && !naive_key_less(before, op)))
        return false;
    if (op->number != naive_bytes(doc, op->id.replica))
        return false;
    if (op->kind == NAIVE_TOGGLE)
        return naive_find(doc, op->ref)->kind != NAIVE_INSERT &&
               naive_find(doc, op->ref)->kind != NAIVE_TOGGLE && naive_key_less(naive_find(doc, op->ref), op);
    if (op->kind == NAIVE_INSERT)
        return op->root ? !op->left : naive_key_less(byte_find(doc, op->ref)->op, op);
    for (int i = 0; i < 2 && op->kind == NAIVE_MARK; i++)
        if (!op->ends[i].none && !naive_key_less(byte_find(doc, op->ends[i].byte)->op, op))
            return false;
    if (op->kind >= NAIVE_MARK)
        return true;
    for (size_t i = 0; i < op->targets_len; i++) {
        if (!naive_key_less(byte_find(doc, op->targets[i])->op, op))
            return false;
        for (size_t k = 0; k < i; k++)
            if (same_id(op->targets[i], op->targets[k]))
                return false;
    }
    return op->targets_len > 0;
}

/* Try each pending operation once. */
static bool apply_pending(naive *doc, naive_result *result)
{
    size_t kept = 0;
    bool progress = false;

    for (size_t i = 0; i < doc->pending_len; i++) {
        const naive_op *op = doc->pending[i];

        if (naive_find(doc, op->id) != NULL)
            continue;
        if (!apply_ready(doc, op)) {
            doc->pending[kept++] = op;
        } else if (!apply_allowed(doc, op)) {
            result->refused++;
        } else {
            doc_take(doc, op);
            result->applied++;
            progress = true;
        }
    }
    doc->pending_len = kept;
    return progress;
}

naive_result naive_apply(naive *doc, const naive_op *const *ops, size_t n)
{
    naive_result result = {0};

    doc->pending = realloc(doc->pending, (doc->pending_len + n + 1) * sizeof *doc->pending);
    require(doc->pending != NULL);
    for (size_t i = 0; i < n; i++) {
        const naive_op *known = naive_find(doc, ops[i]->id);

        if (known != NULL && naive_same(known, ops[i]))
            result.known++;
        else if (known != NULL)
            result.forked++;
        else if (apply_names_later(ops[i]))
            result.refused++;
        else
            doc->pending[doc->pending_len++] = ops[i];
    }
    while (apply_pending(doc, &result))
        continue;
    return result;
}
