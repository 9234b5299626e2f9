/* The bytes say how two people mark a text, and what they know of each other; then a
 * delta of marks is damaged by them.
 *
 *     input := (what pos len name)*      four bytes each
 */
#include "support/base.h"
#include "support/checksum.h"
#include "support/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"strong", "em", "link", "comment:1", "block"};

typedef struct pair {
    rng r[2];
    sennit_doc *doc[2];
} pair;

static void pair_open(pair *p)
{
    for (int i = 0; i < 2; i++) {
        p->r[i] = rng_seed(5 + (uint64_t)i);
        sennit_options options = doc_options(&p->r[i]);

        options.unit = SENNIT_CODEPOINTS;
        require(sennit_doc_seed(&options, "", 0, "some t\xc3\xa4xt\nof two lines", 22, &p->doc[i]) ==
                SENNIT_OK);
    }
}

/* All of it, in runs that follow each other. */
static void read_all(const sennit_doc *doc)
{
    sennit_runs *runs;
    sennit_run run;
    size_t pos = 0;
    int more;

    require(sennit_mark_runs(doc, 0, sennit_doc_len(doc), &runs) == SENNIT_OK);
    while ((more = sennit_runs_next(runs, &run)) == 1) {
        require(run.pos == pos && run.len > 0);
        pos += run.len;
    }
    require(more == 0 && pos == sennit_doc_len(doc));
    sennit_runs_free(runs);
}

static void step(pair *p, const uint8_t *s)
{
    sennit_doc *doc = p->doc[s[0] & 1];
    const sennit_value value = {.type = (sennit_type)(s[3] >> 3 & 7), .integer = s[2], .number = s[2],
                                .data = s + 3, .len = s[3] < 0x80};
    const char *name = names[s[3] % 5];
    size_t len = sennit_doc_len(doc), pos = s[1] % (len + 1);
    sennit_status st = SENNIT_OK;

    switch (s[0] >> 1 & 7) {
    case 0: st = sennit_doc_insert(doc, pos, "\xc3\xb6" "f", 1 + s[2] % 3); break;
    case 1: st = sennit_doc_delete(doc, pos, s[2] % 4); break;
    case 2: st = sennit_mark_block(doc, pos, s[2] & 1 ? &value : NULL); break;
    case 3: st = sennit_mark_split(doc, pos); break;
    case 4: st = sennit_meta_set(doc, name, strlen(name), &value); break;
    case 5: doc_catch_up(doc, p->doc[~s[0] & 1]); break;
    case 6: st = sennit_mark_embed(doc, pos, &value); break;
    default: st = sennit_mark_add(doc, pos, s[2] % 9, name, strlen(name),
                                  s[2] & 0x80 ? NULL : &value, s[2] >> 6 & 1);
    }
    require(st == SENNIT_OK || st == SENNIT_ERANGE || st == SENNIT_EUTF8 || st == SENNIT_EINVAL);
    read_all(doc);
    doc_check(doc);
}

/* A delta of everything, with one byte of it another. */
static void damage(sennit_doc *doc, size_t at, uint8_t by)
{
    rng r = rng_seed(9);
    sennit_options options = doc_options(&r);
    sennit_doc *other = doc_new(&options);
    sennit_buf delta;

    sennit_buf_init(&delta, NULL);
    require(sennit_doc_delta(doc, NULL, 0, NULL, &delta, NULL) == SENNIT_OK);
    delta.data[3 + at % (delta.len - 3)] ^= by;
    checksum_fix(delta.data, delta.len);
    if (sennit_doc_apply(other, delta.data, delta.len, NULL, NULL, NULL) == SENNIT_OK)
        read_all(other);
    doc_check(other);
    sennit_buf_clear(&delta);
    sennit_doc_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pair p;

    pair_open(&p);
    for (size_t at = 0; at + 4 <= size && at < 4 * 64; at += 4)
        step(&p, data + at);
    for (size_t at = 0; at + 3 <= size && at < 3 * 16; at += 3)
        damage(p.doc[0], data[at] | (size_t)data[at + 1] << 8, data[at + 2]);
    doc_catch_up(p.doc[0], p.doc[1]);
    doc_catch_up(p.doc[1], p.doc[0]);
    require(doc_agree(p.doc[0], p.doc[1]));
    for (int i = 0; i < 2; i++)
        sennit_doc_free(p.doc[i]);
    return 0;
}
