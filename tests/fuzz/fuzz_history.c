/* The past at two versions: texts, their difference, and an edit of the first.
 *
 *     input := place taken unit len bytes:len bytes */
#include "base/bytes.h"
#include "support/base.h"
#include "support/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool told(sennit_status st)
{
    return st == SENNIT_OK || st == SENNIT_ECORRUPT || st == SENNIT_EGONE;
}

/* Put one patch into a text. */
static void patch_text(sennit_buf *text, const sennit_patch *p)
{
    sennit_buf out;

    sennit_buf_init(&out, NULL);
    require(p->pos + p->removed <= text->len);
    buf_add(&out, text->data, p->pos);
    buf_add(&out, p->text, p->len);
    if (text->len > p->pos + p->removed) /* an empty one has no data to point into */
        buf_add(&out, text->data + p->pos + p->removed, text->len - p->pos - p->removed);
    sennit_buf_clear(text);
    *text = out;
}

/* The difference of two versions makes the one text of the other. */
static void compare(sennit_doc *doc, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    sennit_buf one, other;
    sennit_diff *diff;
    sennit_patch patch;

    sennit_buf_init(&one, NULL);
    sennit_buf_init(&other, NULL);
    sennit_status st_one = sennit_history_text(doc, a, a_len, &one);
    sennit_status st_other = sennit_history_text(doc, b, b_len, &other);
    sennit_status st = sennit_history_diff(doc, a, a_len, b, b_len, &diff);
    require(told(st_one) && told(st_other));
    require((st == SENNIT_OK) == (st_one == SENNIT_OK && st_other == SENNIT_OK));
    if (st == SENNIT_OK) {
        while (sennit_diff_next(diff, &patch) == 1)
            patch_text(&one, &patch);
        require(buf_is(&one, (const char *)other.data, other.len));
    }
    sennit_diff_free(diff);
    sennit_buf_clear(&one);
    sennit_buf_clear(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r;

    if (size < 4)
        return 0;
    const sennit_edit edits[] = {{data[0], data[1], "\xc3\xa4", 2}, {data[0], 0, "b", 1}};
    const sennit_unit unit = (sennit_unit)(data[2] % 4);
    const size_t a_len = data[3] < size - 4 ? data[3] : size - 4;
    const uint8_t *a = data + 4, *b = a + a_len;
    sennit_doc *doc = base_doc(&r);

    compare(doc, a, a_len, b, size - 4 - a_len);
    sennit_status st = sennit_history_edit(doc, a, a_len, unit, edits, 2);
    require(told(st) || st == SENNIT_ERANGE || st == SENNIT_EUTF8 ||
            (unit == SENNIT_LINES && st == SENNIT_EINVAL));
    doc_check(doc);
    compare(doc, a, a_len, b, size - 4 - a_len); /* what came since does not matter */
    sennit_doc_free(doc);
    return 0;
}
