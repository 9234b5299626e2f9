/* Writes the inputs that fuzzing starts from:
 *
 *     make MODE=check build/check/tests/fuzz/make_corpus
 *     build/check/tests/fuzz/make_corpus tests/fuzz/corpus
 *
 * The folders delta, snapshot, version, anchor, edit, undo and history have to be
 * there. To be run again when the format changes.
 */
#include "base/bytes.h"
#include "support/base.h"
#include "support/require.h"
#include "support/text.h"

#include <string.h>

static const char *root;

static void write_input(const char *target, const char *name, size_t number,
                        const sennit_buf *bytes)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s/%s-%zu", root, target, name, number);
    FILE *file = fopen(path, "wb");
    require(file != NULL);
    require(fwrite(bytes->data, 1, bytes->len, file) == bytes->len);
    require(fclose(file) == 0);
}

static void put_byte(sennit_buf *out, size_t byte)
{
    buf_add(out, &(uint8_t){(uint8_t)byte}, 1);
}

/* flags, then each delta behind its length */
static void put_delta(sennit_buf *out, const sennit_buf *delta)
{
    put_byte(out, delta->len & 0xff);
    put_byte(out, delta->len >> 8);
    buf_add(out, delta->data, delta->len);
}

static void edit(sennit_doc *doc, rng *r)
{
    char insert[4 * 4];
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    doc_text(doc, &text);
    const char *t = (const char *)text.data;
    size_t pos = rng_percent(r, 50) ? text.len : text_place(r, t, text.len);
    size_t end = rng_percent(r, 40) ? text_start(t, text.len, pos + rng_below(r, 6)) : pos;

    end = end > text.len ? text.len : end < pos ? pos : end;
    size_t len = end > pos && rng_percent(r, 70) ? 0 : rng_text(r, 4, insert);
    require(sennit_doc_splice(doc, pos, end - pos, insert, len) == SENNIT_OK);
    sennit_buf_clear(&text);
}

/* What one who has the base document types, in the order in which it is sent and
 * backwards, and all at once. */
static void make_deltas(size_t number)
{
    rng r, random = rng_seed(number);
    sennit_doc *doc = base_doc(&r);
    sennit_buf one[6], out;

    sennit_buf_init(&out, NULL);
    sennit_doc_set_time(doc, 200000);
    for (size_t i = 0; i < 6; i++) {
        uint64_t own = sennit_doc_own_count(doc);

        edit(doc, &random);
        sennit_buf_init(&one[i], NULL);
        require(sennit_doc_own_delta(doc, own, NULL, &one[i]) == SENNIT_OK);
        sennit_doc_set_time(doc, 200000 + 9000 * i);
    }
    put_byte(&out, number % 2);
    for (size_t i = 0; i < 6; i++)
        put_delta(&out, &one[number % 3 == 1 ? 5 - i : i]);
    write_input("delta", "typed", number, &out);
    out.len = 0;
    put_byte(&out, 1);
    one[0].len = 0;
    require(sennit_doc_delta(doc, NULL, 0, NULL, &one[0], NULL) == SENNIT_OK);
    put_delta(&out, &one[0]);
    if (number < 3)
        write_input("delta", "all", number, &out);
    out.len = 0;
    put_byte(&out, 1);
    doc_snapshot(doc, &one[0]);
    put_delta(&out, &one[0]);
    if (number < 3)
        write_input("delta", "snapshot", number, &out);
    sennit_buf_clear(&out);
    for (size_t i = 0; i < 6; i++)
        sennit_buf_clear(&one[i]);
    sennit_doc_free(doc);
}

static void make_snapshots(size_t number)
{
    static const unsigned flags[] = {SENNIT_SAVE_SHARED, SENNIT_SAVE_IDENTITY,
                                     SENNIT_SAVE_LIVE_ONLY};
    rng r, random = rng_seed(100 + number);
    sennit_doc *doc = base_doc(&r);
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    for (size_t i = 0; i < 3 * number; i++)
        edit(doc, &random);
    put_byte(&out, 1);
    require(sennit_doc_save(doc, flags[number % 3], &out) == SENNIT_OK);
    write_input("snapshot", "saved", number, &out);
    if (number == 0) {
        sennit_options options = doc_options(&r);
        sennit_doc *empty = doc_new(&options);

        out.len = 1;
        require(sennit_doc_save(empty, 0, &out) == SENNIT_OK);
        write_input("snapshot", "empty", 0, &out);
        sennit_doc_free(empty);
    }
    sennit_buf_clear(&out);
    sennit_doc_free(doc);
}

static void make_versions(size_t number)
{
    rng r, random = rng_seed(200 + number);
    sennit_doc *doc = base_doc(&r);
    sennit_buf one, out;

    sennit_buf_init(&one, NULL);
    sennit_buf_init(&out, NULL);
    if (number > 1)
        edit(doc, &random);
    doc_version(doc, &one);
    put_byte(&out, one.len);
    buf_add(&out, one.data, one.len);
    if (number > 0)
        edit(doc, &random);
    doc_version(doc, &one);
    buf_add(&out, one.data, number == 3 ? 0 : one.len);
    write_input("version", "pair", number, &out);
    sennit_buf_clear(&one);
    sennit_buf_clear(&out);
    sennit_doc_free(doc);
}

/* Two versions between nothing and now, and an edit of the first. */
static void make_histories(size_t number)
{
    rng r;
    sennit_doc *doc = base_doc(&r);
    sennit_buf now, out;
    uint64_t replica, count;

    sennit_buf_init(&now, NULL);
    sennit_buf_init(&out, NULL);
    doc_version(doc, &now);
    put_byte(&out, number);
    put_byte(&out, number / 2);
    put_byte(&out, number % 3);
    put_byte(&out, now.len);
    buf_add(&out, now.data, now.len);
    for (size_t at = 0; sennit_version_next(now.data, now.len, &at, &replica, &count) == 1;) {
        uint8_t bytes[8];

        sn_put_u64(bytes, replica);
        buf_add(&out, bytes, sizeof bytes);
        put_byte(&out, 1 + (count - 1) * number / 8); /* counts of the base are small */
    }
    write_input("history", "pair", number, &out);
    sennit_buf_clear(&now);
    sennit_buf_clear(&out);
    sennit_doc_free(doc);
}

static void make_anchors(size_t number)
{
    rng r;
    sennit_doc *doc = base_doc(&r);
    sennit_anchor anchor;
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    require(sennit_doc_anchor(doc, number < 4 ? sennit_doc_len(doc) * (number / 2) : 2,
                              (unsigned)number % 2, &anchor) == SENNIT_OK);
    require(sennit_anchor_encode(&anchor, &out) == SENNIT_OK);
    write_input("anchor", "at", number, &out);
    sennit_buf_clear(&out);
    sennit_doc_free(doc);
}

static void make_edits(size_t number)
{
    rng r = rng_seed(300 + number);
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    for (size_t i = 60 + 40 * number; i > 0; i--)
        put_byte(&out, rng_below(&r, 256));
    write_input("edit", "random", number, &out);
    sennit_buf_clear(&out);
}

static void make_rich(size_t number)
{
    rng r = rng_seed(500 + number);
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    for (size_t i = 4 * (8 + 6 * number); i > 0; i--)
        put_byte(&out, rng_below(&r, 256));
    write_input("rich", "random", number, &out);
    sennit_buf_clear(&out);
}

/* Steps in the base document, with and without selections, done and undone. */
static void make_undos(size_t number)
{
    const sennit_anchor at[] = {{1000, 2, SENNIT_ANCHOR_AFTER}, {0, 0, SENNIT_ANCHOR_END}};
    rng r, random = rng_seed(400 + number);
    sennit_doc *doc = base_doc(&r);
    sennit_undo *undo;
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    put_byte(&out, 1);
    require(sennit_undo_new(doc, NULL, &undo) == SENNIT_OK);
    for (size_t i = 0; i < number; i++) {
        require(sennit_undo_break(undo) == SENNIT_OK);
        require(sennit_undo_select(undo, at, i % 3) == SENNIT_OK);
        edit(doc, &random);
    }
    for (size_t i = 0; i < number / 2; i++)
        require(sennit_undo_undo(undo) == SENNIT_OK);
    if (number == 4)
        require(sennit_undo_range(undo, NULL, 0, NULL, 0, NULL, 0) == SENNIT_OK);
    require(sennit_undo_save(undo, &out) == SENNIT_OK);
    write_input("undo", "steps", number, &out);
    sennit_undo_free(undo);
    sennit_buf_clear(&out);
    sennit_doc_free(doc);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus folder\n");
        return 1;
    }
    root = argv[1];
    for (size_t i = 0; i < 16; i++) {
        make_deltas(i);
        make_snapshots(i % 8);
        make_versions(i % 4);
        make_anchors(i % 6);
        make_edits(i);
        make_undos(i % 6);
        make_histories(i % 8);
        make_rich(i % 8);
    }
    return 0;
}
