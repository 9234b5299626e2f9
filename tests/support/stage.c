#include "support/stage.h"

#include "support/require.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

int stage_open(void **state)
{
    stage *s = calloc(1, sizeof *s);

    require(s != NULL);
    s->r = rng_seed(1);
    s->alloc = failmem_at(&s->fm, 0);
    s->options = doc_options(&s->r);
    s->options.alloc = &s->alloc;
    sennit_buf_init(&s->buf, NULL);
    *state = s;
    return 0;
}

int stage_close(void **state)
{
    stage *s = *state;

    for (size_t i = 0; i < s->docs_len; i++)
        sennit_doc_free(s->docs[i]);
    sennit_buf_clear(&s->buf);
    size_t left = s->fm.live; /* of a test that failed, there may be some */
    free(s);
    if (left > 0)
        fprintf(stderr, "%zu bytes were not freed\n", left);
    return left > 0 ? -1 : 0;
}

sennit_doc *stage_keep(stage *s, sennit_doc *doc)
{
    require(s->docs_len < STAGE_DOCS);
    return s->docs[s->docs_len++] = doc;
}

sennit_doc *stage_doc(stage *s, uint64_t replica, const char *text)
{
    sennit_doc *doc;

    s->options.replica = replica;
    require(sennit_doc_seed(&s->options, "", 0, text, strlen(text), &doc) == SENNIT_OK);
    return stage_keep(s, doc);
}

sennit_status stage_apply(stage *s, sennit_doc *doc, const stage_ops *made_up)
{
    stage_ops o = *made_up;
    sn_segment segment = {.seq = o.seq, .number = o.number, .n = o.n, .hlc = o.hlc,
                          .text = (const uint8_t *)o.text};
    sn_batch batch = {.ids = o.ids, .segments = &segment, .ops = o.ops, .ids_len = o.ids_len,
                      .segments_len = 1, .ops_len = o.n};

    s->buf.len = 0;
    require(sn_delta_encode(&batch, NULL, &s->buf) == SENNIT_OK);
    s->err = (sennit_error){SENNIT_OK, 0, ""};
    return sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err);
}
