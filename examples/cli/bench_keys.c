/* The bytes of one keystroke on the wire. */
#include "bench.h"
#include "cli.h"
#include "measure.h"
#include "session.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

enum key_kind {
    KEY_INSERT, /* one character, elsewhere than the last edit ended */
    KEY_NEXT,   /* one character, right behind the last one */
    KEY_DELETE, /* one character */
    KEY_KINDS   /* no keystroke: a paste, a replacement */
};

/* Two documents and the connection between them. */
struct keys {
    const struct trace *trace;
    sennit_doc *sender;
    sennit_doc *receiver;
    sennit_table *sending;
    sennit_table *receiving;
    sennit_buf plain; /* one delta, as anybody can read it */
    sennit_buf short_; /* the same delta on the connection */
    size_t *plain_sizes[KEY_KINDS];
    size_t *short_sizes[KEY_KINDS];
    size_t n[KEY_KINDS];
};

static size_t keys_codepoints(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static enum key_kind keys_kind(const struct trace *trace, size_t i)
{
    const struct edit *edit = &trace->codepoints[i];
    const struct edit *bytes = &trace->bytes[i];
    size_t typed = keys_codepoints(trace->text.data + edit->text, edit->len);

    if (edit->deleted == 1 && typed == 0)
        return KEY_DELETE;
    if (edit->deleted != 0 || typed != 1)
        return KEY_KINDS;
    if (i > 0 && bytes[-1].len > 0 && bytes->pos == bytes[-1].pos + bytes[-1].len)
        return KEY_NEXT;
    return KEY_INSERT;
}

static sennit_status keys_edit(struct keys *k, size_t i)
{
    uint64_t before = sennit_doc_own_count(k->sender);
    enum key_kind kind = keys_kind(k->trace, i);
    sennit_status st;

    k->plain.len = k->short_.len = 0;
    sennit_doc_set_time(k->sender, k->trace->ms[i]);
    st = session_edit(k->sender, &k->trace->bytes[i], k->trace->text.data);
    if (st == SENNIT_OK)
        st = sennit_doc_own_delta(k->sender, before, NULL, &k->plain);
    if (st == SENNIT_OK)
        st = sennit_doc_own_delta(k->sender, before, k->sending, &k->short_);
    if (st == SENNIT_OK && k->short_.len > 0)
        st = sennit_doc_apply(k->receiver, k->short_.data, k->short_.len, k->receiving, NULL,
                              NULL);
    if (st == SENNIT_OK && kind != KEY_KINDS) {
        k->plain_sizes[kind][k->n[kind]] = k->plain.len;
        k->short_sizes[kind][k->n[kind]++] = k->short_.len;
    }
    return st;
}

static sennit_status keys_open(struct keys *k)
{
    sennit_options sender = session_options(1, SENNIT_BYTES);
    sennit_options receiver = session_options(2, SENNIT_BYTES);
    sennit_status st = session_new_doc(k->trace, &sender, &k->sender);

    sennit_buf_init(&k->plain, NULL);
    sennit_buf_init(&k->short_, NULL);
    for (int kind = 0; kind < KEY_KINDS; kind++) {
        k->plain_sizes[kind] = cli_alloc(k->trace->n_edits, sizeof(size_t));
        k->short_sizes[kind] = cli_alloc(k->trace->n_edits, sizeof(size_t));
    }
    if (st == SENNIT_OK)
        st = session_new_doc(k->trace, &receiver, &k->receiver);
    if (st == SENNIT_OK)
        st = sennit_table_new(NULL, &k->sending);
    return st == SENNIT_OK ? sennit_table_new(NULL, &k->receiving) : st;
}

static void keys_close(struct keys *k)
{
    sennit_doc_free(k->sender);
    sennit_doc_free(k->receiver);
    sennit_table_free(k->sending);
    sennit_table_free(k->receiving);
    sennit_buf_clear(&k->plain);
    sennit_buf_clear(&k->short_);
    for (int kind = 0; kind < KEY_KINDS; kind++) {
        free(k->plain_sizes[kind]);
        free(k->short_sizes[kind]);
    }
}

/* The receiver got everything through the table, so its text must be right. */
static int keys_verify(struct keys *k)
{
    const struct text *end = &k->trace->end;

    k->plain.len = 0;
    if (sennit_doc_read(k->receiver, 0, sennit_doc_len(k->receiver), &k->plain) == SENNIT_OK
        && k->plain.len == end->len
        && (end->len == 0 || memcmp(k->plain.data, end->data, end->len) == 0))
        return CLI_OK;
    cli_error(k->trace->name, "the text received through a table differs");
    return CLI_NO;
}

int bench_keys(const struct trace *trace, struct figures *out)
{
    struct keys k = { .trace = trace };
    sennit_status st = keys_open(&k);
    int code;

    for (size_t i = 0; i < trace->n_edits && st == SENNIT_OK; i++)
        st = keys_edit(&k, i);
    code = st == SENNIT_OK ? keys_verify(&k) : cli_refuse(trace->name, st, NULL);
    out->key_insert = measure_median_bytes(k.plain_sizes[KEY_INSERT], k.n[KEY_INSERT]);
    out->key_next = measure_median_bytes(k.plain_sizes[KEY_NEXT], k.n[KEY_NEXT]);
    out->key_delete = measure_median_bytes(k.plain_sizes[KEY_DELETE], k.n[KEY_DELETE]);
    out->table_insert = measure_median_bytes(k.short_sizes[KEY_INSERT], k.n[KEY_INSERT]);
    out->table_next = measure_median_bytes(k.short_sizes[KEY_NEXT], k.n[KEY_NEXT]);
    out->table_delete = measure_median_bytes(k.short_sizes[KEY_DELETE], k.n[KEY_DELETE]);
    keys_close(&k);
    return code;
}
