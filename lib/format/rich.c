#include "format/rich.h"

#include "base/bytes.h"
#include "core/doc/doc.h"

typedef struct rich_reading {
    sn_rich *rich;
    const sennit_doc *doc;
    size_t first;  /* piece of the line that is read */
    size_t at;     /* byte of the text */
} rich_reading;

static sennit_status rich_string(sn_rich *rich, const sennit_value *v, size_t *at, size_t *len)
{
    *at = rich->strings.len;
    *len = v->len;
    return sn_buf_put(&rich->strings, v->data, v->len);
}

static bool rich_is(const sennit_attr *mark, const char *name)
{
    return mark->name_len == strlen(name) && memcmp(mark->name, name, mark->name_len) == 0;
}

static unsigned rich_flag(const sennit_attr *mark)
{
    static const char *const names[] = {"bold", "italic", "strike", "underline", "code"};

    for (unsigned i = 0; i < 5; i++)
        if (rich_is(mark, names[i]))
            return mark->value.type == SENNIT_BOOL && mark->value.integer ? 1u << i : 0;
    return 0;
}

static const sennit_value *rich_find(const sennit_run *run, const char *name)
{
    for (size_t i = 0; i < run->marks_len; i++)
        if (rich_is(&run->marks[i], name) && run->marks[i].value.type == SENNIT_STRING)
            return &run->marks[i].value;
    return NULL;
}

/* What a run's pieces have in common. */
static sennit_status rich_marks(sn_rich *rich, const sennit_run *run, sn_rich_piece *out)
{
    const sennit_value *link = rich_find(run, "link");

    *out = (sn_rich_piece){.link_len = 0};
    for (size_t i = 0; i < run->marks_len; i++)
        out->marks |= rich_flag(&run->marks[i]);
    if (link == NULL || !sn_address_is_safe(link->data, link->len))
        return SENNIT_OK;
    return rich_string(rich, link, &out->link, &out->link_len);
}

static sennit_status rich_add_piece(sn_rich *rich, const sn_rich_piece *piece)
{
    SN_TRY(sn_mem_grow(&rich->mem, (void **)&rich->pieces, &rich->pieces_cap, rich->pieces_len + 1,
                       sizeof *rich->pieces));
    rich->pieces[rich->pieces_len++] = *piece;
    return SENNIT_OK;
}

static sennit_status rich_add_line(rich_reading *r, const sennit_value *block)
{
    sn_rich *rich = r->rich;
    sn_rich_line line = {.first = r->first, .n = rich->pieces_len - r->first};

    SN_TRY(sn_mem_grow(&rich->mem, (void **)&rich->lines, &rich->lines_cap, rich->lines_len + 1,
                       sizeof *rich->lines));
    if (block != NULL && block->type == SENNIT_STRING)
        SN_TRY(rich_string(rich, block, &line.block, &line.block_len));
    rich->lines[rich->lines_len++] = line;
    r->first = rich->pieces_len;
    return SENNIT_OK;
}

/* Text without newlines. */
static sennit_status rich_stretch(rich_reading *r, const sn_rich_piece *marks, size_t n,
                                  const sennit_value *embed)
{
    static const char object[] = "\xef\xbf\xbc";
    sn_rich_piece piece = *marks;

    if (n == 0)
        return SENNIT_OK;
    piece.at = r->at;
    piece.len = n;
    if (embed != NULL && n == 3 && memcmp(r->rich->text.data + r->at, object, 3) == 0) {
        piece.embed = true;
        SN_TRY(rich_string(r->rich, embed, &piece.at, &piece.len));
    }
    r->at += n;
    return rich_add_piece(r->rich, &piece);
}

static sennit_status rich_run(rich_reading *r, const sennit_run *run, size_t bytes)
{
    const sennit_value *block = rich_find(run, "block"), *embed = rich_find(run, "embed");
    const size_t end = r->at + bytes;
    sn_rich_piece marks;

    SN_TRY(rich_marks(r->rich, run, &marks));
    while (r->at < end) {
        const uint8_t *from = r->rich->text.data + r->at, *newline = memchr(from, '\n', end - r->at);

        SN_TRY(rich_stretch(r, &marks, newline != NULL ? (size_t)(newline - from) : end - r->at, embed));
        if (newline == NULL)
            break;
        SN_TRY(rich_add_line(r, block));
        r->at++;
    }
    return SENNIT_OK;
}

static sennit_status rich_runs(rich_reading *r, sennit_runs *runs)
{
    sennit_run run;
    int more;

    while ((more = sennit_runs_next(runs, &run)) == 1) {
        size_t end;

        SN_TRY(sennit_doc_convert(r->doc, r->doc->unit, run.pos + run.len, SENNIT_BYTES, &end));
        SN_TRY(rich_run(r, &run, end - r->at));
    }
    return (sennit_status)more;
}

static sennit_status rich_all(rich_reading *r)
{
    const size_t len = sennit_doc_len(r->doc);
    sennit_value last = {.type = SENNIT_NULL};
    sennit_runs *runs = NULL;

    SN_TRY(sennit_doc_read(r->doc, 0, len, &r->rich->text));
    SN_TRY(sennit_mark_runs(r->doc, 0, len, &runs));
    sennit_status st = rich_runs(r, runs);
    sennit_runs_free(runs);
    if (st != SENNIT_OK)
        return st;
    if (r->first == r->rich->pieces_len) /* the text is empty, or ends with a newline */
        return SENNIT_OK;
    sennit_meta_get(r->doc, SENNIT_META_LAST_BLOCK, strlen(SENNIT_META_LAST_BLOCK), &last);
    return rich_add_line(r, &last);
}

sennit_status sn_rich_read(const sennit_doc *doc, sn_rich *out)
{
    rich_reading r = {.rich = out, .doc = doc};

    *out = (sn_rich){.pieces = NULL};
    sn_mem_init(&out->mem, NULL);
    sennit_buf_init(&out->text, NULL);
    sennit_buf_init(&out->strings, NULL);
    return rich_all(&r);
}

void sn_rich_free(sn_rich *rich)
{
    sennit_buf_clear(&rich->text);
    sennit_buf_clear(&rich->strings);
    sn_mem_free(&rich->mem, rich->pieces, rich->pieces_cap * sizeof *rich->pieces);
    sn_mem_free(&rich->mem, rich->lines, rich->lines_cap * sizeof *rich->lines);
}
