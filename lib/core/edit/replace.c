/* From one text to another by small edits.
 *
 * What both have in common at either end is left alone, then lines are matched,
 * then the characters of lines that were replaced by others. A few characters
 * kept in the middle of a rewritten passage are chance; they are rewritten too,
 * or concurrent edits would end up between the pieces of words.
 */
#include "base/hash.h"
#include "core/doc/doc.h"
#include "core/edit/diff.h"
#include "core/edit/edit.h"
#include "core/edit/txn.h"

#define REPLACE_CHANCE 3u    /* equal characters between two edits that may be chance */
#define REPLACE_CHARS 65536u /* a passage longer than this is matched by lines only */

/* A piece of the old text and what takes its place. */
typedef struct replace_edit {
    uint32_t old_at, old_len, new_at, new_len;
} replace_edit;

typedef struct replacing {
    sn_mem *mem;
    const uint8_t *old, *fresh; /* what differs, ends in common cut off */
    sn_diff *diff;
    replace_edit *edits;
    size_t len, cap;
} replacing;

static sennit_status replace_add(replacing *r, uint32_t old_at, uint32_t old_len, uint32_t new_at,
                                 uint32_t new_len)
{
    SN_TRY(sn_mem_grow(r->mem, (void **)&r->edits, &r->cap, r->len + 1, sizeof *r->edits));
    r->edits[r->len++] = (replace_edit){old_at, old_len, new_at, new_len};
    return SENNIT_OK;
}

/* ---- units of comparison ---- */

/* Length of the line, or character, that begins at text. */
static uint32_t replace_unit(const uint8_t *text, uint32_t len, bool lines)
{
    if (!lines)
        return sn_utf8_width(text[0]);
    const uint8_t *end = memchr(text, '\n', len);
    return end != NULL ? (uint32_t)(end - text) + 1 : len;
}

static uint32_t replace_count(const uint8_t *text, uint32_t len, bool lines)
{
    uint32_t n = 0;

    for (uint32_t at = 0; at < len; n++)
        at += replace_unit(text + at, len - at, lines);
    return n;
}

static void replace_units(const uint8_t *text, uint32_t len, bool lines, uint64_t *out)
{
    for (uint32_t at = 0; at < len;) {
        uint32_t n = replace_unit(text + at, len - at, lines);

        *out++ = sn_hash64(text + at, n, n);
        at += n;
    }
}

/* Two sides of a comparison, with memory in one block. */
typedef struct replace_sides {
    uint64_t *units;
    uint8_t *marks;
    uint32_t n, m;
    size_t size;
} replace_sides;

static sennit_status replace_compare(replacing *r, const replace_edit *e, bool lines,
                                     replace_sides *out)
{
    const uint8_t *old = r->old + e->old_at, *fresh = r->fresh + e->new_at;
    uint32_t n = replace_count(old, e->old_len, lines), m = replace_count(fresh, e->new_len, lines);
    size_t all = (size_t)n + m + 1;

    *out = (replace_sides){.n = n, .m = m, .size = all * (sizeof(uint64_t) + 1)};
    out->units = sn_mem_resize(r->mem, NULL, 0, out->size);
    if (out->units == NULL)
        return SENNIT_ENOMEM;
    out->marks = (uint8_t *)(out->units + all);
    memset(out->marks, 0, all);
    replace_units(old, e->old_len, lines, out->units);
    replace_units(fresh, e->new_len, lines, out->units + n);
    r->diff->a = out->units;
    r->diff->b = out->units + n;
    r->diff->gone = out->marks;
    r->diff->come = out->marks + n;
    sn_diff_run(r->diff, n, m);
    return SENNIT_OK;
}

/* Marks the short matches between edits as edited: the marks of the old side and
 * of the new are walked together. */
static void replace_no_chance(replace_sides *s)
{
    uint8_t *gone = s->marks, *come = s->marks + s->n;
    uint32_t i = 0, k = 0, before = 0;

    while (i < s->n || k < s->m) {
        uint32_t edited = 0, i0, k0, kept = 0;

        for (; (i < s->n && gone[i]) || (k < s->m && come[k]); edited++) {
            i += i < s->n && gone[i];
            k += k < s->m && come[k];
        }
        for (i0 = i, k0 = k; i < s->n && k < s->m && !gone[i] && !come[k]; i++, k++)
            kept++;
        bool last = i == s->n && k == s->m;
        if (edited > 0 && kept > 0 && kept < REPLACE_CHANCE && !last && edited + before > 2 * kept) {
            memset(gone + i0, 1, kept);
            memset(come + k0, 1, kept);
            before += edited + kept;
            continue;
        }
        before = 0;
        SN_ASSERT(edited + kept > 0); /* as much is kept on both sides */
    }
}

/* ---- edits ---- */

static sennit_status replace_passage(replacing *r, const replace_edit *e, bool lines);

/* A stretch of units that changed: an edit, or with lines first a closer look. */
static sennit_status replace_changed(replacing *r, const replace_edit *e, bool lines)
{
    if (lines && e->old_len > 0 && e->new_len > 0 && e->old_len <= REPLACE_CHARS &&
        e->new_len <= REPLACE_CHARS)
        return replace_passage(r, e, false);
    return replace_add(r, e->old_at, e->old_len, e->new_at, e->new_len);
}

static sennit_status replace_collect(replacing *r, const replace_edit *e, bool lines,
                                     const replace_sides *s)
{
    const uint8_t *gone = s->marks, *come = s->marks + s->n;
    replace_edit now = {e->old_at, 0, e->new_at, 0};
    uint32_t i = 0, k = 0;

    while (i < s->n || k < s->m) {
        uint32_t at = now.old_at + now.old_len, to = now.new_at + now.new_len;
        uint32_t old_n = i < s->n ? replace_unit(r->old + at, e->old_at + e->old_len - at, lines) : 0;
        uint32_t new_n = k < s->m ? replace_unit(r->fresh + to, e->new_at + e->new_len - to, lines) : 0;

        if (i < s->n && gone[i]) {
            now.old_len += old_n;
            i++;
        } else if (k < s->m && come[k]) {
            now.new_len += new_n;
            k++;
        } else {
            if (now.old_len + now.new_len > 0)
                SN_TRY(replace_changed(r, &now, lines));
            now = (replace_edit){at + old_n, 0, to + new_n, 0};
            i++;
            k++;
        }
    }
    return now.old_len + now.new_len > 0 ? replace_changed(r, &now, lines) : SENNIT_OK;
}

static sennit_status replace_passage(replacing *r, const replace_edit *e, bool lines)
{
    replace_sides sides;

    SN_TRY(replace_compare(r, e, lines, &sides));
    if (!lines)
        replace_no_chance(&sides);
    sennit_status st = replace_collect(r, e, lines, &sides);
    sn_mem_free(r->mem, sides.units, sides.size);
    return st;
}

/* ---- doing ---- */

static sennit_status replace_do(sennit_doc *doc, const replacing *r, uint32_t at)
{
    sennit_status st = SENNIT_OK;
    uint32_t shift = 0; /* how much longer the text is by now; wraps */

    for (size_t i = 0; i < r->len && st == SENNIT_OK; i++) {
        const replace_edit *e = &r->edits[i];
        uint32_t here = at + e->old_at + shift;

        if (e->old_len > 0)
            st = sn_doc_delete_bytes(doc, here, e->old_len);
        if (st == SENNIT_OK && e->new_len > 0)
            st = sn_doc_insert_bytes(doc, here, r->fresh + e->new_at, e->new_len);
        shift += e->new_len - e->old_len;
    }
    return st;
}

/* Bytes that two texts have in common at the start, whole characters. */
static uint32_t replace_prefix(const uint8_t *a, const uint8_t *b, uint32_t max, uint32_t a_len)
{
    uint32_t n = 0;

    while (n < max && a[n] == b[n])
        n++;
    while (n > 0 && n < a_len && sn_utf8_is_cont(a[n]))
        n--;
    return n;
}

static uint32_t replace_suffix(const uint8_t *a_end, const uint8_t *b_end, uint32_t max)
{
    uint32_t n = 0;

    while (n < max && a_end[-1 - (int64_t)n] == b_end[-1 - (int64_t)n])
        n++;
    while (n > 0 && sn_utf8_is_cont(a_end[-(int64_t)n]))
        n--;
    return n;
}

/* Ends of what differs, moved out to where lines begin: a line is kept whole or
 * looked at whole. */
static void replace_whole_lines(const uint8_t *old, uint32_t old_len, uint32_t *head, uint32_t *tail)
{
    while (*head > 0 && old[*head - 1] != '\n')
        (*head)--;
    while (*tail > 0 && *tail < old_len && old[old_len - *tail - 1] != '\n')
        (*tail)--;
}

/* Whole lines may have been matched at the cost of more text than the one edit
 * between the ends in common takes: then that one it is. */
static void replace_least(replacing *r, const replace_edit *plain)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < r->len; i++)
        sum += (uint64_t)r->edits[i].old_len + r->edits[i].new_len;
    if (r->len == 0 || sum <= (uint64_t)plain->old_len + plain->new_len)
        return;
    r->edits[0] = *plain;
    r->len = 1;
}

static sennit_status replace_bytes(sennit_doc *doc, uint32_t at, const uint8_t *old, uint32_t old_len,
                                   const uint8_t *fresh, uint32_t new_len)
{
    uint32_t least = old_len < new_len ? old_len : new_len;
    uint32_t head = replace_prefix(old, fresh, least, old_len); /* whole characters of both */
    uint32_t tail = replace_suffix(old + old_len, fresh + new_len, least - head);
    if (head + tail == old_len && old_len == new_len)
        return SENNIT_OK;
    replace_edit plain = {head, old_len - head - tail, head, new_len - head - tail};
    replace_whole_lines(old, old_len, &head, &tail);
    plain.old_at = plain.new_at -= head;
    replace_edit all = {0, old_len - head - tail, 0, new_len - head - tail};
    replacing r = {.mem = &doc->mem, .old = old + head, .fresh = fresh + head};
    sn_txn mark;

    r.diff = sn_mem_resize(r.mem, NULL, 0, sizeof *r.diff);
    sennit_status st = r.diff == NULL ? SENNIT_ENOMEM : replace_passage(&r, &all, true);
    if (st == SENNIT_OK) {
        replace_least(&r, &plain);
        sn_txn_mark(doc, &mark);
        st = replace_do(doc, &r, at + head);
        sn_txn_settle(doc, &mark, st);
    }
    sn_mem_free(r.mem, r.diff, sizeof *r.diff);
    sn_mem_free(r.mem, r.edits, r.cap * sizeof *r.edits);
    return st;
}

sennit_status sennit_doc_replace(sennit_doc *doc, size_t pos, size_t n, const char *text, size_t len)
{
    sennit_buf old;
    uint32_t at;

    SN_TRY(sn_edit_check_text(text, len));
    SN_TRY(sn_doc_to_bytes(doc, pos, &at));
    sennit_buf_init(&old, &doc->mem.alloc);
    sennit_status st = sennit_doc_read(doc, pos, n, &old);
    if (st == SENNIT_OK && old.len == 0)
        st = sennit_doc_insert(doc, pos, text, len);
    else if (st == SENNIT_OK && len == 0)
        st = sennit_doc_delete(doc, pos, n);
    else if (st == SENNIT_OK)
        st = replace_bytes(doc, at, old.data, (uint32_t)old.len, (const uint8_t *)text, (uint32_t)len);
    sennit_buf_clear(&old);
    if (st == SENNIT_OK)
        sn_doc_selfcheck(doc);
    return st;
}
