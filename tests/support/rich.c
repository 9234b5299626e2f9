#include "support/rich.h"

#include "support/doc.h"
#include "support/require.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void rich_attr(const sennit_attr *attr, sennit_buf *out)
{
    char number[32];

    buf_add(out, attr->name, attr->name_len);
    buf_add(out, "=", 1);
    if (attr->value.type == SENNIT_STRING) {
        buf_add(out, attr->value.data, attr->value.len);
        return;
    }
    int len = snprintf(number, sizeof number, "%" PRId64, attr->value.integer);
    buf_add(out, number, (size_t)len);
}

void rich_read(const sennit_doc *doc, size_t pos, size_t n, sennit_buf *out)
{
    sennit_runs *runs;
    sennit_run run;
    int more;

    require(sennit_mark_runs(doc, pos, n, &runs) == SENNIT_OK);
    while ((more = sennit_runs_next(runs, &run)) == 1) {
        require(run.pos == pos && run.len > 0);
        pos += run.len;
        for (size_t i = 0; i < run.marks_len; i++) {
            buf_add(out, i == 0 ? "[" : " ", 1);
            rich_attr(&run.marks[i], out);
        }
        if (run.marks_len > 0)
            buf_add(out, "|", 1);
        require(sennit_doc_read(doc, run.pos, run.len, out) == SENNIT_OK);
        if (run.marks_len > 0)
            buf_add(out, "]", 1);
        n -= run.len;
    }
    require(more == 0 && n == 0);
    sennit_runs_free(runs);
}

bool rich_is(const sennit_doc *doc, const char *want)
{
    sennit_buf have;

    sennit_buf_init(&have, NULL);
    rich_read(doc, 0, sennit_doc_len(doc), &have);
    bool same = buf_is(&have, want, strlen(want));
    if (!same)
        fprintf(stderr, "have  %.*s\nwant  %s\n", (int)have.len, (const char *)have.data, want);
    sennit_buf_clear(&have);
    return same;
}

void rich_mark(sennit_doc *doc, size_t pos, size_t end, const char *name, int value)
{
    const sennit_value v = {.type = SENNIT_INT, .integer = value};
    bool grows = strcmp(name, "strong") == 0 || strcmp(name, "em") == 0;

    require(sennit_mark_add(doc, pos, end - pos, name, strlen(name), value != 0 ? &v : NULL,
                            grows ? SENNIT_MARK_GROWS : 0) == SENNIT_OK);
}
