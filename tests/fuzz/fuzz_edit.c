/* The bytes say what two people do: they edit, save, open and exchange deltas.
 * Beside each document is a plain text that gets the same edits, and the patches
 * of what came from the other. */
#include "support/base.h"
#include "support/require.h"
#include "support/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 3000 /* bytes of a text */

typedef struct side {
    rng random;
    sennit_options options;
    sennit_doc *doc;
    char text[3 * MOST];   /* each may bring up to MOST */
    size_t len;
    char before[3 * MOST]; /* the transaction */
    size_t before_len;
    bool open;
    sennit_anchor anchor;
    sennit_buf sent[8];     /* deltas of its own, the newest of them */
    size_t sends;
    size_t typed;           /* bytes, at most MOST */
} side;

typedef struct script {
    const uint8_t *data;
    size_t at, size;
} script;

static size_t next(script *s, size_t below)
{
    return s->at < s->size && below > 0 ? s->data[s->at++] % below : 0;
}

/* A place in the text, at a character's start. */
static size_t next_place(script *s, const side *p)
{
    size_t at = next(s, 256) << 8;

    return text_start(p->text, p->len, (at | next(s, 256)) % (p->len + 1));
}

static void put(side *p, size_t pos, size_t gone, const char *text, size_t len)
{
    memmove(p->text + pos + len, p->text + pos + gone, p->len - pos - gone);
    if (len > 0)
        memcpy(p->text + pos, text, len);
    p->len = p->len - gone + len;
}

static void compare(side *p)
{
    require(doc_text_is(p->doc, p->text, p->len));
}

/* ---- what may be done ---- */

static void do_edit(side *p, script *s, unsigned how)
{
    static const char *const texts[] = {"a", "word ", "\n", "\xc3\xa4", "\xe2\x82\xac",
                                        "\xf0\x9f\x99\x82", "two\nlines\n", "aaaa"};
    const char *text = texts[next(s, 8)];
    size_t pos = next_place(s, p), end = text_start(p->text, p->len, pos + next(s, 40));
    size_t len = how == 1 ? 0 : strlen(text), gone;
    uint64_t own = sennit_doc_own_count(p->doc);
    sennit_status st;

    end = end > p->len ? p->len : end < pos ? pos : end;
    gone = how == 0 ? 0 : end - pos;
    if ((p->typed += len) > MOST)
        return;
    size_t unit_pos = text_units(p->text, pos, p->options.unit);
    size_t unit_gone = text_units(p->text + pos, gone, p->options.unit);
    if (how == 0)
        st = sennit_doc_insert(p->doc, unit_pos, text, len);
    else if (how == 1)
        st = sennit_doc_delete(p->doc, unit_pos, unit_gone);
    else if (how == 2)
        st = sennit_doc_splice(p->doc, unit_pos, unit_gone, text, len);
    else
        st = sennit_doc_replace(p->doc, unit_pos, unit_gone, text, len);
    require(st == SENNIT_OK);
    put(p, pos, gone, text, len);
    if (p->open)
        return;
    sennit_buf *out = &p->sent[p->sends++ % 8];
    out->len = 0;
    require(sennit_doc_own_delta(p->doc, own, NULL, out) == SENNIT_OK);
}

static void do_transaction(side *p, script *s)
{
    if (!p->open) {
        require(sennit_doc_begin(p->doc) == SENNIT_OK);
        memcpy(p->before, p->text, p->len);
        p->before_len = p->len;
    } else if (next(s, 2)) {
        require(sennit_doc_commit(p->doc) == SENNIT_OK);
    } else {
        require(sennit_doc_abort(p->doc) == SENNIT_OK);
        memcpy(p->text, p->before, p->before_len);
        p->len = p->before_len;
    }
    p->open = !p->open;
}

static void take_patches(side *p)
{
    sennit_patch patch;

    while (sennit_doc_next_patch(p->doc, &patch)) {
        size_t at = text_at(p->text, p->len, p->options.unit, patch.pos);
        size_t end = text_at(p->text, p->len, p->options.unit, patch.pos + patch.removed);

        require(!patch.reset && !patch.local && p->len - (end - at) + patch.len <= sizeof p->text);
        put(p, at, end - at, patch.text, patch.len);
    }
}

static void do_receive(side *p, side *from, script *s, bool all)
{
    if (p->open || from->open)
        return;
    if (all)
        doc_catch_up(p->doc, from->doc);
    else if (from->sends > 0) {
        const sennit_buf *d = &from->sent[next(s, from->sends < 8 ? from->sends : 8)];

        require(sennit_doc_apply(p->doc, d->data, d->len, NULL, NULL, NULL) == SENNIT_OK);
    }
    take_patches(p);
}

static void do_restart(side *p)
{
    sennit_buf saved;

    if (p->open)
        return;
    sennit_buf_init(&saved, NULL);
    require(sennit_doc_save(p->doc, SENNIT_SAVE_IDENTITY, &saved) == SENNIT_OK);
    sennit_doc_free(p->doc);
    require(sennit_doc_load(&p->options, saved.data, saved.len, &p->doc, NULL) == SENNIT_OK);
    sennit_doc_watch(p->doc, SENNIT_WATCH_REMOTE);
    sennit_buf_clear(&saved);
}

static void do_anchor(side *p, script *s)
{
    size_t place = next_place(s, p), pos = 0;

    require(sennit_doc_resolve(p->doc, &p->anchor, &pos) == SENNIT_OK);
    require(pos <= sennit_doc_len(p->doc));
    if (!p->open)
        require(sennit_doc_anchor(p->doc, text_units(p->text, place, p->options.unit),
                                  (unsigned)next(s, 2), &p->anchor) == SENNIT_OK);
}

static void do_one(side *p, side *other, script *s)
{
    unsigned what = (unsigned)next(s, 16);

    switch (what) {
    case 0: case 1: case 2: case 3: do_edit(p, s, what); break;
    case 4: case 5: do_edit(p, s, 0); break;
    case 6: do_transaction(p, s); break;
    case 7: do_receive(p, other, s, true); break;
    case 8: case 9: do_receive(p, other, s, false); break;
    case 10: do_restart(p); break;
    case 11: do_anchor(p, s); break;
    case 12: sennit_doc_set_time(p->doc, 1000 * next(s, 256)); break;
    default: do_edit(p, s, 1); break;
    }
}

/* ---- two people ---- */

static void side_open(side *p, uint64_t id, sennit_unit unit)
{
    memset(p, 0, sizeof *p);
    p->random = rng_seed(id);
    p->options = doc_options(&p->random);
    p->options.replica = id;
    p->options.unit = unit;
    p->options.coalesce_ms = 2000;
    p->anchor.side = SENNIT_ANCHOR_END;
    require(sennit_doc_seed(&p->options, "", 0, "some text\n", 10, &p->doc) == SENNIT_OK);
    memcpy(p->text, "some text\n", 10);
    p->len = 10;
    for (size_t i = 0; i < 8; i++)
        sennit_buf_init(&p->sent[i], NULL);
    sennit_doc_watch(p->doc, SENNIT_WATCH_REMOTE);
}

static void side_close(side *p)
{
    sennit_doc_free(p->doc);
    for (size_t i = 0; i < 8; i++)
        sennit_buf_clear(&p->sent[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static side sides[2];
    script s = {data, 0, size < 600 ? size : 600};

    side_open(&sides[0], 1001, SENNIT_BYTES);
    side_open(&sides[1], 1002, (sennit_unit)next(&s, 3));
    while (s.at < s.size) {
        size_t who = next(&s, 2);

        do_one(&sides[who], &sides[1 - who], &s);
        compare(&sides[who]);
    }
    for (size_t i = 0; i < 2; i++)
        if (sides[i].open)
            require(sennit_doc_commit(sides[i].doc) == SENNIT_OK);
    for (size_t i = 0; i < 3; i++)
        doc_catch_up(sides[i % 2].doc, sides[1 - i % 2].doc);
    require(doc_agree(sides[0].doc, sides[1].doc));
    side_close(&sides[0]);
    side_close(&sides[1]);
    return 0;
}
