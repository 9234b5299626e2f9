/* A document for people to read: ids and never addresses, so that two replicas'
 * dumps can be compared.
 *
 *        0  17@a81f  R  root        "hel"
 *        -  20@03c7  L  19@a81f     [2 gone]
 */
#include "base/bytes.h"
#include "base/sort.h"
#include "core/doc/doc.h"

/* ---- writing ---- */

static sennit_status dump_text(sennit_buf *out, const char *text)
{
    return sn_buf_put(out, text, strlen(text));
}

static sennit_status dump_number(sennit_buf *out, uint64_t v, unsigned width)
{
    char digits[20];
    unsigned n = 0;

    do
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    for (unsigned pad = n; pad < width; pad++)
        SN_TRY(sn_buf_put(out, " ", 1));
    return sn_buf_put(out, digits + sizeof digits - n, n);
}

static sennit_status dump_hex(sennit_buf *out, uint64_t v)
{
    for (unsigned i = 0; i < 16; i++)
        SN_TRY(sn_buf_put(out, &"0123456789abcdef"[v >> (60 - 4 * i) & 15], 1));
    return SENNIT_OK;
}

/* number@replica */
static sennit_status dump_id(const sn_roster *who, sennit_buf *out, uint32_t replica, uint32_t number)
{
    if (replica == SN_NO_REPLICA)
        return dump_text(out, "root");
    SN_TRY(dump_number(out, number, 0));
    SN_TRY(sn_buf_put(out, "@", 1));
    return dump_hex(out, who->replicas[replica].id);
}

/* Text in quotes; what would break the line is told in hexadecimal. */
static sennit_status dump_quoted(sennit_buf *out, const uint8_t *text, uint32_t len)
{
    SN_TRY(sn_buf_put(out, "\"", 1));
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] >= 0x20 && text[i] != '"' && text[i] != '\\' && text[i] != 0x7f) {
            SN_TRY(sn_buf_put(out, &text[i], 1));
            continue;
        }
        SN_TRY(sn_buf_put(out, "\\x", 2));
        SN_TRY(sn_buf_put(out, &"0123456789abcdef"[text[i] >> 4], 1));
        SN_TRY(sn_buf_put(out, &"0123456789abcdef"[text[i] & 15], 1));
    }
    return sn_buf_put(out, "\"", 1);
}

/* ---- spans ---- */

/* As the spans would be if leaves had no ends. */
static sn_span dump_joined(sn_place *p)
{
    sn_span s = *sn_place_span(p);

    for (sn_place next = sn_tree_next(*p); next.leaf != NULL; next = sn_tree_next(next)) {
        const sn_span *n = sn_place_span(&next);

        if (!sn_span_joins(&s, n))
            break;
        s.len += sn_span_len(n);
        *p = next;
    }
    return s;
}

static sennit_status dump_spans(const sennit_doc *doc, sennit_buf *out)
{
    const sn_roster *who = &doc->who;
    uint64_t pos = 0;

    SN_TRY(dump_text(out, "spans\n"));
    for (sn_place p = sn_tree_from(doc->tree.first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        sn_span s = dump_joined(&p);
        uint32_t author = who->changes[s.change].replica;

        if (sn_span_dead(&s)) {
            SN_TRY(dump_text(out, "         -  "));
        } else {
            SN_TRY(dump_number(out, pos, 10));
            SN_TRY(dump_text(out, "  "));
        }
        SN_TRY(dump_id(who, out, author, s.at));
        SN_TRY(dump_text(out, sn_span_left(&s) ? "  L  " : "  R  "));
        if (sn_span_dead(&s)) {
            SN_TRY(sn_buf_put(out, "[", 1));
            SN_TRY(dump_number(out, sn_span_len(&s), 0));
            SN_TRY(dump_text(out, " gone]\n"));
            continue;
        }
        SN_TRY(dump_quoted(out, who->replicas[author].text.bytes + s.at, s.len));
        SN_TRY(sn_buf_put(out, "\n", 1));
        pos += s.len;
    }
    return SENNIT_OK;
}

/* ---- operations ---- */

/* Its payload in quotes, as the bytes it is. */
static sennit_status dump_note(const sn_roster *who, sennit_buf *out, const sn_op *op, uint32_t author)
{
    const char *side = op->kind == SN_SET ? "  set " : op->part == SN_MORE ? "  mark from " : "  to ";

    SN_TRY(dump_text(out, side));
    if (op->kind == SN_MARK && op->ref_replica == SN_NO_REPLICA) {
        SN_TRY(dump_text(out, op->flag ? "end" : "start"));
    } else if (op->kind == SN_MARK) {
        SN_TRY(dump_text(out, op->flag ? "after " : "before "));
        SN_TRY(dump_id(who, out, op->ref_replica, op->ref));
    }
    if (op->part != SN_MORE) {
        SN_TRY(dump_text(out, op->kind == SN_MARK ? " " : ""));
        SN_TRY(dump_quoted(out, sn_notes_bytes(who->replicas[author].notes, op->seq), op->len));
    }
    return sn_buf_put(out, "\n", 1);
}

static sennit_status dump_op(const sn_roster *who, sennit_buf *out, const sn_op *op, uint32_t author)
{
    SN_TRY(dump_number(out, op->seq, 10));
    if (op->kind == SN_INSERT) {
        SN_TRY(dump_text(out, "  insert "));
        SN_TRY(dump_number(out, op->n, 0));
        SN_TRY(dump_text(out, op->flag ? " before " : " after "));
    } else if (op->kind == SN_TOGGLE) {
        SN_TRY(dump_text(out, op->flag ? "  on " : "  off "));
    } else if (op->kind >= SN_MARK) {
        return dump_note(who, out, op, author);
    } else {
        SN_TRY(dump_text(out, op->part == SN_MORE        ? "  delete and "
                              : op->part == SN_REDACTION ? "  redact "
                                                         : "  delete "));
        SN_TRY(dump_number(out, op->n, 0));
        SN_TRY(dump_text(out, op->flag ? " down of " : " of "));
        SN_TRY(dump_number(out, op->len, 0));
        SN_TRY(dump_text(out, " at "));
    }
    SN_TRY(dump_id(who, out, op->ref_replica, op->ref));
    return sn_buf_put(out, "\n", 1);
}

static sennit_status dump_log(const sn_roster *who, uint32_t replica, sennit_buf *out)
{
    const sn_replica *r = &who->replicas[replica];
    uint32_t change = SN_ROOT_CHANGE;
    sn_log_iter it;
    sn_op op;

    SN_TRY(dump_text(out, "replica "));
    SN_TRY(dump_hex(out, r->id));
    SN_TRY(sn_buf_put(out, "\n", 1));
    sn_log_seek(&it, &r->log, replica, r->changes, 0);
    while (sn_log_next(&it, &op)) {
        if (op.change != change) {
            change = op.change;
            SN_TRY(dump_text(out, "    at "));
            SN_TRY(dump_number(out, who->times[change] >> 16, 0));
            SN_TRY(sn_buf_put(out, "+", 1));
            SN_TRY(dump_number(out, who->times[change] & 0xffff, 0));
            SN_TRY(sn_buf_put(out, "\n", 1));
        }
        SN_TRY(dump_op(who, out, &op, replica));
    }
    return SENNIT_OK;
}

static bool dump_less(const void *ctx, uint32_t a, uint32_t b)
{
    const sn_replica *replicas = ctx;

    return replicas[a].id < replicas[b].id;
}

static sennit_status dump_logs(const sennit_doc *doc, uint32_t *order, sennit_buf *out)
{
    const sn_roster *who = &doc->who;
    uint32_t n = 0;

    for (uint32_t i = 0; i < who->replicas_len; i++)
        if (who->replicas[i].seq > 0)
            order[n++] = i;
    sn_sort_indices(order, n, dump_less, who->replicas);
    for (uint32_t i = 0; i < n; i++)
        SN_TRY(dump_log(who, order[i], out));
    return SENNIT_OK;
}

SN_RARE sennit_status sennit_doc_dump(const sennit_doc *doc, sennit_buf *out)
{
    sn_mem *mem = &sn_doc_mutable(doc)->mem;
    size_t start = out->len, size = (doc->who.replicas_len + (size_t)1) * sizeof(uint32_t);
    uint32_t *order = sn_mem_resize(mem, NULL, 0, size);
    sennit_status st = order == NULL ? SENNIT_ENOMEM : dump_spans(doc, out);

    if (st == SENNIT_OK)
        st = dump_logs(doc, order, out);
    sn_mem_free(mem, order, size);
    if (st != SENNIT_OK)
        out->len = start;
    return st;
}
