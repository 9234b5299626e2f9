/* Writing test vectors: one file at a time, and a document that does what it says. */
#ifndef TESTS_MAKE_H
#define TESTS_MAKE_H

#include "vectors/show.h"

#define A UINT64_C(0x8f1d3c5a7b9e2046) /* replicas */
#define B UINT64_C(0xb07a91e4d25c6813)
#define C UINT64_C(0x1c4fe2a86d9b3057)

typedef struct vector {
    FILE *file;
    sennit_options options;
    rng chance;
    sennit_doc *doc;      /* what the lines so far have made */
    sennit_table *table;
    sennit_buf buf;
} vector;

static inline void vector_line(vector *v, const char *word, const char *args)
{
    fprintf(v->file, "%s %s\n", word, args);
}

/* folder/name.vec; about: lines, each beginning with "# " from the second on. */
static inline void vector_open(vector *v, const char *name, const char *about)
{
    char path[200];

    *v = (vector){.chance = rng_seed(1)};
    snprintf(path, sizeof path, "tests/vectors/%s.vec", name);
    v->file = fopen(path, "w");
    require(v->file != NULL);
    fprintf(v->file, "# %s\n", about);
    sennit_buf_init(&v->buf, NULL);
    v->options = (sennit_options){.size = sizeof v->options, .random = rng_random,
                                  .random_self = &v->chance};
    v->doc = doc_new(&v->options);
    require(sennit_table_new(NULL, &v->table) == SENNIT_OK);
}

static inline void vector_close(vector *v)
{
    require(fclose(v->file) == 0);
    sennit_doc_free(v->doc);
    sennit_table_free(v->table);
    sennit_buf_clear(&v->buf);
}

static inline void vector_bytes(vector *v, const char *word, const sennit_buf *bytes)
{
    v->buf.len = 0;
    show_hex(&v->buf, bytes->data, bytes->len);
    fprintf(v->file, "%s %.*s\n", word, (int)v->buf.len, (const char *)v->buf.data);
}

/* A delta that is taken: "delta", "other" or "tabled". */
static inline void vector_delta(vector *v, const char *word, const sennit_buf *delta)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_table *table = strcmp(word, "tabled") == 0 ? v->table : NULL;

    vector_bytes(v, word, delta);
    if (sennit_doc_apply(v->doc, delta->data, delta->len, table, NULL, &err) != SENNIT_OK) {
        fprintf(stderr, "a delta was refused at %zu: %s\n", err.pos, err.what);
        abort();
    }
}

static inline void vector_use(vector *v, sennit_doc *doc)
{
    sennit_doc_free(v->doc);
    v->doc = doc;
}

static inline void vector_seed(vector *v, const char *name, const char *text)
{
    sennit_doc *doc;

    v->buf.len = 0;
    show_string(&v->buf, name, strlen(name));
    show_text(&v->buf, " ");
    show_string(&v->buf, text, strlen(text));
    fprintf(v->file, "seed %.*s\n", (int)v->buf.len, (const char *)v->buf.data);
    require(sennit_doc_seed(&v->options, name, strlen(name), text, strlen(text), &doc) == SENNIT_OK);
    vector_use(v, doc);
}

static inline void vector_open_snapshot(vector *v, const sennit_buf *bytes)
{
    sennit_doc *doc;

    vector_bytes(v, "open", bytes);
    require(sennit_doc_load(&v->options, bytes->data, bytes->len, &doc, NULL) == SENNIT_OK);
    vector_use(v, doc);
}

static inline void vector_text(vector *v)
{
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    doc_text(v->doc, &text);
    v->buf.len = 0;
    show_string(&v->buf, text.data, text.len);
    fprintf(v->file, "text %.*s\n", (int)v->buf.len, (const char *)v->buf.data);
    sennit_buf_clear(&text);
}

static inline void vector_version(vector *v)
{
    sennit_buf version;
    size_t at = 0;
    uint64_t replica, count;

    sennit_buf_init(&version, NULL);
    doc_version(v->doc, &version);
    vector_bytes(v, "version", &version);
    while (sennit_version_next(version.data, version.len, &at, &replica, &count) == 1)
        fprintf(v->file, "entry %016" PRIx64 " %" PRIu64 "\n", replica, count);
    sennit_buf_clear(&version);
}

static inline void vector_digests(vector *v)
{
    sennit_buf version;
    size_t at = 0;
    uint64_t replica, count, digest;

    sennit_buf_init(&version, NULL);
    doc_version(v->doc, &version);
    while (sennit_version_next(version.data, version.len, &at, &replica, &count) == 1) {
        require(sennit_doc_digest(v->doc, replica, &count, 1, &digest) == SENNIT_OK);
        fprintf(v->file, "digest %016" PRIx64 " %" PRIu64 " %016" PRIx64 "\n", replica, count, digest);
    }
    sennit_buf_clear(&version);
}

static inline void vector_waiting(vector *v)
{
    sennit_stat stat;

    sennit_doc_stat(v->doc, &stat);
    fprintf(v->file, "waiting %" PRIu64 "\n", stat.parked);
}

/* Word, an argument of bytes or of text, bytes. */
static inline void vector_since(vector *v, const sennit_buf *since)
{
    sennit_buf delta;
    char word[16 + 2 * 400];

    sennit_buf_init(&delta, NULL);
    require(sennit_doc_delta(v->doc, since->data, since->len, NULL, &delta, NULL) == SENNIT_OK);
    v->buf.len = 0;
    show_hex(&v->buf, since->data, since->len);
    snprintf(word, sizeof word, "since %.*s", (int)v->buf.len, (const char *)v->buf.data);
    vector_bytes(v, word, &delta);
    sennit_buf_clear(&delta);
}

static inline void vector_save(vector *v, unsigned flags, const char *name)
{
    sennit_buf bytes;
    char word[20];

    sennit_buf_init(&bytes, NULL);
    require(sennit_doc_save(v->doc, flags, &bytes) == SENNIT_OK);
    snprintf(word, sizeof word, "save %s", name);
    vector_bytes(v, word, &bytes);
    sennit_buf_clear(&bytes);
}

/* All there is to say of the document now, if it was not opened without deleted
 * text. */
static inline void vector_tell(vector *v)
{
    sennit_buf nothing;

    sennit_buf_init(&nothing, NULL);
    vector_text(v);
    vector_version(v);
    vector_digests(v);
    vector_since(v, &nothing);
    vector_save(v, SENNIT_SAVE_SHARED, "shared");
    vector_save(v, SENNIT_SAVE_LIVE_ONLY, "live");
    v->buf.len = 0;
    show_ops(v->doc, &v->buf);
    fprintf(v->file, "%.*s", (int)v->buf.len,
            v->buf.data != NULL ? (const char *)v->buf.data : "");
}

/* An operation made up by hand, as a delta of its own with the lineage of the
 * document, if that is wanted. */
static inline void vector_made_up(vector *v, bool lineage, sn_batch *batch, sennit_buf *out)
{
    batch->lineage = lineage && v->doc->has_lineage ? v->doc->lineage : NULL;
    out->len = 0;
    require(sn_delta_encode(batch, NULL, out) == SENNIT_OK);
}

#endif
