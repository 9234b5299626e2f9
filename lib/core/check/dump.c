/* A document for people to read: ids and never addresses, so that two replicas'
 * dumps can be compared.
 *
 *        0  17@a81f  R  root        "hel"
 *        -  20@03c7  L  19@a81f     [2 gone]
 */
#include "base/bytes.h"
#include "base/sort.h"
#include "core/doc/doc.h"

typedef struct dumping {
    const sn_roster *who;
    sennit_buf *out;
    sennit_status st; /* the first that was not SENNIT_OK: nothing is written from then on */
} dumping;

/* ---- writing ---- */

static void dump_bytes(dumping *d, const void *bytes, size_t n)
{
    if (d->st == SENNIT_OK)
        d->st = sn_buf_put(d->out, bytes, n);
}

static void dump_text(dumping *d, const char *text)
{
    dump_bytes(d, text, strlen(text));
}

static void dump_number(dumping *d, uint64_t v, unsigned width)
{
    char digits[20];
    unsigned n = 0;

    do
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    for (unsigned pad = n; pad < width; pad++)
        dump_text(d, " ");
    dump_bytes(d, digits + sizeof digits - n, n);
}

static void dump_hex(dumping *d, uint64_t v, unsigned digits)
{
    while (digits-- > 0)
        dump_bytes(d, &"0123456789abcdef"[v >> 4 * digits & 15], 1);
}

/* number@replica */
static void dump_id(dumping *d, uint32_t replica, uint32_t number)
{
    if (replica == SN_NO_REPLICA) {
        dump_text(d, "root");
        return;
    }
    dump_number(d, number, 0);
    dump_text(d, "@");
    dump_hex(d, d->who->replicas[replica].id, 16);
}

/* Text in quotes; what would break the line is told in hexadecimal. */
static void dump_quoted(dumping *d, const uint8_t *text, uint32_t len)
{
    dump_text(d, "\"");
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] >= 0x20 && text[i] != '"' && text[i] != '\\' && text[i] != 0x7f) {
            dump_bytes(d, &text[i], 1);
        } else {
            dump_text(d, "\\x");
            dump_hex(d, text[i], 2);
        }
    }
    dump_text(d, "\"");
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

static void dump_spans(dumping *d, const sn_tree *tree)
{
    uint64_t pos = 0;

    dump_text(d, "spans\n");
    for (sn_place p = sn_tree_from(tree->first, 0); p.leaf != NULL; p = sn_tree_next(p)) {
        const sn_span s = dump_joined(&p);
        const uint32_t author = d->who->changes[s.change].replica;

        if (sn_span_dead(&s))
            dump_text(d, "         -");
        else
            dump_number(d, pos, 10);
        dump_text(d, "  ");
        dump_id(d, author, s.at);
        dump_text(d, sn_span_left(&s) ? "  L  " : "  R  ");
        if (sn_span_dead(&s)) {
            dump_text(d, "[");
            dump_number(d, sn_span_len(&s), 0);
            dump_text(d, " gone]");
        } else {
            dump_quoted(d, d->who->replicas[author].text.bytes + s.at, s.len);
            pos += s.len;
        }
        dump_text(d, "\n");
    }
}

/* ---- operations ---- */

/* Its payload in quotes, as the bytes it is. */
static void dump_note(dumping *d, const sn_op *op, uint32_t author)
{
    dump_text(d, op->kind == SN_SET ? "  set " : op->part == SN_MORE ? "  mark from " : "  to ");
    if (op->kind == SN_MARK && op->ref_replica == SN_NO_REPLICA) {
        dump_text(d, op->flag ? "end" : "start");
    } else if (op->kind == SN_MARK) {
        dump_text(d, op->flag ? "after " : "before ");
        dump_id(d, op->ref_replica, op->ref);
    }
    if (op->part == SN_MORE)
        return;
    dump_text(d, op->kind == SN_MARK ? " " : "");
    dump_quoted(d, sn_notes_bytes(d->who->replicas[author].notes, op->seq), op->len);
}

static void dump_delete(dumping *d, const sn_op *op)
{
    dump_text(d, op->part == SN_MORE        ? "  delete and "
                 : op->part == SN_REDACTION ? "  redact "
                                            : "  delete ");
    dump_number(d, op->n, 0);
    dump_text(d, op->flag ? " down of " : " of ");
    dump_number(d, op->len, 0);
    dump_text(d, " at ");
}

static void dump_op(dumping *d, const sn_op *op, uint32_t author)
{
    dump_number(d, op->seq, 10);
    if (op->kind >= SN_MARK) {
        dump_note(d, op, author);
    } else {
        if (op->kind == SN_DELETE) {
            dump_delete(d, op);
        } else if (op->kind == SN_INSERT) {
            dump_text(d, "  insert ");
            dump_number(d, op->n, 0);
            dump_text(d, op->flag ? " before " : " after ");
        } else {
            dump_text(d, op->flag ? "  on " : "  off ");
        }
        dump_id(d, op->ref_replica, op->ref);
    }
    dump_text(d, "\n");
}

static void dump_log(dumping *d, uint32_t replica)
{
    uint32_t change = SN_ROOT_CHANGE;
    sn_log_iter it;
    sn_op op;

    dump_text(d, "replica ");
    dump_hex(d, d->who->replicas[replica].id, 16);
    dump_text(d, "\n");
    sn_roster_seek(d->who, &it, replica, 0);
    while (sn_log_next(&it, &op)) {
        if (op.change != change) {
            change = op.change;
            dump_text(d, "    at ");
            dump_number(d, d->who->times[change] >> 16, 0);
            dump_text(d, "+");
            dump_number(d, d->who->times[change] & 0xffff, 0);
            dump_text(d, "\n");
        }
        dump_op(d, &op, replica);
    }
}

static bool dump_less(const void *ctx, uint32_t a, uint32_t b)
{
    const sn_replica *replicas = ctx;

    return replicas[a].id < replicas[b].id;
}

static void dump_logs(dumping *d, uint32_t *order)
{
    const sn_roster *who = d->who;
    uint32_t n = 0;

    for (uint32_t i = 0; i < who->replicas_len; i++)
        if (who->replicas[i].seq > 0)
            order[n++] = i;
    sn_sort_indices(order, n, dump_less, who->replicas);
    for (uint32_t i = 0; i < n; i++)
        dump_log(d, order[i]);
}

SN_RARE sennit_status sennit_doc_dump(const sennit_doc *doc, sennit_buf *out)
{
    sn_mem *mem = &sn_doc_mutable(doc)->mem;
    size_t start = out->len, size = (doc->who.replicas_len + (size_t)1) * sizeof(uint32_t);
    uint32_t *order = sn_mem_resize(mem, NULL, 0, size);
    dumping d = {&doc->who, out, SENNIT_OK};

    if (order == NULL)
        return SENNIT_ENOMEM;
    dump_spans(&d, &doc->tree);
    dump_logs(&d, order);
    sn_mem_free(mem, order, size);
    if (d.st != SENNIT_OK)
        out->len = start;
    return d.st;
}
