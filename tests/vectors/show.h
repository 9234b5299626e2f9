/* How test vectors show operations; docs/FORMAT.md, "Test vectors". */
#ifndef TESTS_SHOW_H
#define TESTS_SHOW_H

#include "support/doc.h"
#include "support/require.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <string.h>

static inline void show_text(sennit_buf *out, const char *text)
{
    buf_add(out, text, strlen(text));
}

static inline void show_hex(sennit_buf *out, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    char two[3];

    if (len == 0)
        show_text(out, "-");
    for (size_t i = 0; i < len; i++) {
        snprintf(two, sizeof two, "%02x", bytes[i]);
        show_text(out, two);
    }
}

/* In quotes; what would break a line is told in hexadecimal. */
static inline void show_string(sennit_buf *out, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    char escaped[5];

    show_text(out, "\"");
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n')
            snprintf(escaped, sizeof escaped, "\\n");
        else if (bytes[i] == '"' || bytes[i] == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", bytes[i]);
        else if (bytes[i] < 0x20 || bytes[i] == 0x7f)
            snprintf(escaped, sizeof escaped, "\\x%02x", bytes[i]);
        else
            snprintf(escaped, sizeof escaped, "%c", bytes[i]);
        show_text(out, escaped);
    }
    show_text(out, "\"");
}

static inline void show_id(sennit_buf *out, uint64_t replica, uint32_t n)
{
    char id[40];

    snprintf(id, sizeof id, "%016" PRIx64 ".%" PRIu32, replica, n);
    show_text(out, id);
}

/* A mark's start or end, or a set; behind what every line begins with. */
static inline void show_note(sennit_buf *out, const sn_batch *batch, const sn_op *op,
                             const uint8_t *notes)
{
    show_text(out, op->kind == SN_SET ? "set" : op->part == SN_MORE ? "mark " : "to ");
    if (op->kind == SN_MARK && op->ref_replica == SN_NO_REPLICA) {
        show_text(out, op->flag ? "end" : "start");
    } else if (op->kind == SN_MARK) {
        show_text(out, op->flag ? "after " : "before ");
        show_id(out, batch->ids[op->ref_replica], op->ref);
    }
    if (op->part != SN_MORE) {
        show_text(out, " ");
        show_hex(out, notes, op->len);
    }
    show_text(out, "\n");
}

static inline void show_op(sennit_buf *out, const sn_batch *batch, const sn_segment *seg,
                           const sn_op *op, const uint8_t *text, const uint8_t *notes)
{
    uint64_t ref = op->ref_replica != SN_NO_REPLICA ? batch->ids[op->ref_replica] : 0;
    char line[120];

    snprintf(line, sizeof line, "op %016" PRIx64 " %" PRIu32 " %" PRIu64 "+%u ",
             batch->ids[seg->replica], op->seq, seg->hlc >> 16, (unsigned)(seg->hlc & 0xffff));
    show_text(out, line);
    if (op->kind >= SN_MARK) {
        show_note(out, batch, op, notes);
        return;
    }
    if (op->kind == SN_INSERT)
        snprintf(line, sizeof line, "insert %s ", op->flag ? "left" : "right");
    else if (op->kind == SN_TOGGLE)
        snprintf(line, sizeof line, "toggle %s ", op->flag ? "on" : "off");
    else if (op->part == SN_REDACTION)
        snprintf(line, sizeof line, "redact %" PRIu32 " ", op->len);
    else if (op->part != SN_WHOLE)
        snprintf(line, sizeof line, "range %" PRIu32 " ", op->len);
    else
        snprintf(line, sizeof line, "delete %" PRIu32 " %" PRIu32 " %s ", op->n, op->len,
                 op->flag ? "down" : "up");
    show_text(out, line);
    if (op->ref_replica == SN_NO_REPLICA)
        show_text(out, "root");
    else
        show_id(out, ref, op->ref);
    if (op->kind == SN_INSERT) {
        show_text(out, " ");
        show_string(out, text, op->n);
    }
    show_text(out, "\n");
}

/* The bytes of a value, as a payload has them. */
static inline void show_value(sennit_buf *out, const sennit_value *value)
{
    uint8_t payload[400], *end = sn_payload_put(payload, "x", 1, value);

    show_hex(out, payload + 2, (size_t)(end - payload) - 2);
}

/* The metadata, a line for each key, and the text in runs. */
static inline void show_rich(sennit_doc *doc, sennit_buf *out)
{
    sennit_attr attr = {.name = NULL};
    sennit_runs *runs;
    sennit_run run;

    while (sennit_meta_next(doc, &attr)) {
        show_text(out, "meta ");
        show_hex(out, attr.name, attr.name_len);
        show_text(out, " ");
        show_value(out, &attr.value);
        show_text(out, "\n");
    }
    require(sennit_mark_runs(doc, 0, sennit_doc_len(doc), &runs) == SENNIT_OK);
    while (sennit_runs_next(runs, &run) == 1) {
        sennit_buf text;

        sennit_buf_init(&text, NULL);
        require(sennit_doc_read(doc, run.pos, run.len, &text) == SENNIT_OK);
        show_text(out, "run ");
        show_string(out, text.data, text.len);
        for (size_t i = 0; i < run.marks_len; i++) {
            show_text(out, " ");
            show_hex(out, run.marks[i].name, run.marks[i].name_len);
            show_text(out, "=");
            show_value(out, &run.marks[i].value);
        }
        show_text(out, "\n");
        sennit_buf_clear(&text);
    }
    sennit_runs_free(runs);
}

/* All operations of a document, one record a line, in canonical order. */
static inline void show_ops(sennit_doc *doc, sennit_buf *out)
{
    sennit_buf all;
    sn_decoded d;

    sennit_buf_init(&all, NULL);
    require(sennit_doc_delta(doc, NULL, 0, NULL, &all, NULL) == SENNIT_OK);
    if (all.len > 0) {
        require(sn_delta_decode(all.data, all.len, NULL, &doc->mem, &d, NULL) == SENNIT_OK);
        for (uint32_t i = 0; i < d.batch.segments_len; i++) {
            const sn_segment *seg = &d.batch.segments[i];
            const uint8_t *text = seg->text, *notes = seg->notes;

            for (uint32_t k = 0; k < seg->n; k++) {
                const sn_op *op = &d.batch.ops[seg->first + k];

                show_op(out, &d.batch, seg, op, text, notes);
                text += op->kind == SN_INSERT ? op->n : 0;
                notes += sn_op_note(op);
            }
        }
        sn_decoded_free(&d);
    }
    sennit_buf_clear(&all);
}

#endif
