#include "support/crowd.h"

#include "support/require.h"

static void crowd_edit(rng *r, sennit_doc *doc)
{
    char text[4 * 6];
    size_t len = sennit_doc_len(doc), pos = rng_below(r, len + 1), n = rng_in(r, 1, 5);

    if (pos < len && rng_percent(r, 45))
        require(sennit_doc_delete(doc, pos, n < len - pos ? n : len - pos) == SENNIT_OK);
    else
        require(sennit_doc_insert(doc, pos, text, rng_text(r, 6, text)) == SENNIT_OK);
}

sennit_doc *crowd_doc(stage *s, uint64_t seed, unsigned edits)
{
    const sennit_unit unit = s->options.unit;

    s->options.unit = SENNIT_CODEPOINTS;
    sennit_doc *a = stage_doc(s, 1, ""), *b = stage_doc(s, 2, "");
    s->options.unit = unit;
    rng r = rng_seed(seed);
    for (unsigned i = 0; i < edits; i++) {
        sennit_doc_set_time(a, 1000 * i);
        sennit_doc_set_time(b, 1000 * i);
        crowd_edit(&r, rng_percent(&r, 50) ? a : b);
        if (rng_percent(&r, 15)) {
            doc_catch_up(a, b);
            doc_catch_up(b, a);
        }
    }
    doc_catch_up(a, b);
    return a;
}
