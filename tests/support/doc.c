#include "support/doc.h"

#include "core/doc/doc.h"
#include "core/tree/tree_node.h"
#include "support/require.h"

#include <string.h>

sennit_options doc_options(rng *r)
{
    return (sennit_options){.size = sizeof(sennit_options), .random = rng_random, .random_self = r};
}

sennit_doc *doc_new(const sennit_options *options)
{
    sennit_doc *doc;

    require(sennit_doc_new(options, &doc) == SENNIT_OK && doc != NULL);
    return doc;
}

void doc_text(const sennit_doc *doc, sennit_buf *out)
{
    out->len = 0;
    require(sennit_doc_read(doc, 0, sennit_doc_len(doc), out) == SENNIT_OK);
}

void doc_version(const sennit_doc *doc, sennit_buf *out)
{
    out->len = 0;
    require(sennit_doc_version(doc, out) == SENNIT_OK);
}

void doc_snapshot(sennit_doc *doc, sennit_buf *out)
{
    out->len = 0;
    require(sennit_doc_save(doc, SENNIT_SAVE_SHARED, out) == SENNIT_OK);
}

void doc_dump(const sennit_doc *doc, sennit_buf *out)
{
    out->len = 0;
    require(sennit_doc_dump(doc, out) == SENNIT_OK);
}

void doc_check(const sennit_doc *doc)
{
    sennit_error err = {SENNIT_OK, 0, ""};

    if (sennit_doc_check(doc, &err) == SENNIT_OK)
        return;
    fprintf(stderr, "sennit_doc_check: %s, at %zu\n", err.what, err.pos);
    abort();
}

void doc_catch_up(sennit_doc *to, sennit_doc *from)
{
    sennit_buf since, delta;

    sennit_buf_init(&since, NULL);
    sennit_buf_init(&delta, NULL);
    doc_version(to, &since);
    require(sennit_doc_delta(from, since.data, since.len, NULL, &delta, NULL) == SENNIT_OK);
    if (delta.len > 0)
        require(sennit_doc_apply(to, delta.data, delta.len, NULL, NULL, NULL) == SENNIT_OK);
    sennit_buf_clear(&since);
    sennit_buf_clear(&delta);
}

void doc_index(sennit_doc *doc)
{
    (void)sn_tree_home(&doc->tree, 0, 0); /* what searches begin with has many short ways */
    require(doc->tree.indexed);
}

bool buf_is(const sennit_buf *buf, const void *data, size_t len)
{
    return buf->len == len && (len == 0 || memcmp(buf->data, data, len) == 0);
}

bool buf_equal(const sennit_buf *a, const sennit_buf *b)
{
    return buf_is(a, b->data, b->len);
}

void buf_add(sennit_buf *buf, const void *data, size_t len)
{
    if (buf->cap - buf->len < len) {
        size_t cap = 2 * buf->cap + len + 64;
        uint8_t *moved = buf->alloc.resize(buf->alloc.self, buf->data, buf->cap, cap);

        require(moved != NULL);
        buf->data = moved;
        buf->cap = cap;
    }
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

/* ---- states ---- */

void doc_state_take(doc_state *state, sennit_doc *doc)
{
    sennit_buf_init(&state->text, NULL);
    sennit_buf_init(&state->dump, NULL);
    sennit_buf_init(&state->version, NULL);
    sennit_buf_init(&state->snapshot, NULL);
    doc_text(doc, &state->text);
    doc_dump(doc, &state->dump);
    doc_version(doc, &state->version);
    doc_snapshot(doc, &state->snapshot);
    sennit_doc_stat(doc, &state->stat);
}

void doc_state_free(doc_state *state)
{
    sennit_buf_clear(&state->text);
    sennit_buf_clear(&state->dump);
    sennit_buf_clear(&state->version);
    sennit_buf_clear(&state->snapshot);
}

static bool state_compare(const char *what, const sennit_buf *a, const sennit_buf *b, bool readable)
{
    if (buf_equal(a, b))
        return true;
    fprintf(stderr, "%s differs: %zu bytes, %zu bytes\n", what, a->len, b->len);
    if (readable)
        fprintf(stderr, "--- one\n%.*s\n--- other\n%.*s\n", (int)a->len,
                a->data != NULL ? (const char *)a->data : "", (int)b->len,
                b->data != NULL ? (const char *)b->data : "");
    return false;
}

static bool state_equal(const doc_state *a, const doc_state *b)
{
    bool same = state_compare("text", &a->text, &b->text, true);

    same = state_compare("dump", &a->dump, &b->dump, true) && same;
    same = state_compare("version", &a->version, &b->version, false) && same;
    return state_compare("snapshot", &a->snapshot, &b->snapshot, false) && same;
}

bool doc_state_same(const doc_state *state, sennit_doc *doc)
{
    doc_state now;

    doc_check(doc);
    doc_state_take(&now, doc);
    bool same = state_equal(state, &now) && now.stat.parked == state->stat.parked &&
                now.stat.operations == state->stat.operations &&
                now.stat.changes == state->stat.changes;
    doc_state_free(&now);
    return same;
}

bool doc_agree(sennit_doc *a, sennit_doc *b)
{
    doc_state one, other;

    doc_check(a);
    doc_check(b);
    doc_state_take(&one, a);
    doc_state_take(&other, b);
    bool same = state_equal(&one, &other);
    doc_state_free(&one);
    doc_state_free(&other);
    return same;
}

bool doc_text_is(const sennit_doc *doc, const char *text, size_t len)
{
    sennit_buf now, want;

    sennit_buf_init(&now, NULL);
    sennit_buf_init(&want, NULL);
    doc_text(doc, &now);
    buf_add(&want, text, len);
    bool same = state_compare("text", &want, &now, true);
    sennit_buf_clear(&now);
    sennit_buf_clear(&want);
    return same;
}
