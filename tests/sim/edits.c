/* What somebody does at a document, and what the oracle is told of it. */
#include "sim/actor.h"

#include "support/doc.h"
#include "support/require.h"
#include "support/rich.h"

#include <string.h>

bool actor_may_edit(const actor *a)
{
    return a->server->open ||
           (!a->server->revoked[a->user] && a->server->permission[a->user] >= SENNIT_EDIT);
}

static bool actor_would_edit(const actor *a)
{
    return a->bold || actor_may_edit(a);
}

/* ---- Text ---- */

static void actor_insert(actor *a)
{
    const size_t n = rng_percent(a->chance, 3) ? 400 : rng_in(a->chance, 1, 3);
    char text[1600];

    oracle_type(a->oracle, a->number, n, text);
    size_t pos = 4 * rng_below(a->chance, sennit_doc_len(a->doc) / 4 + 1);
    require(sennit_doc_insert(a->doc, pos, text, 4 * n) == SENNIT_OK);
}

/* A few characters somewhere; false: there are none. */
static bool actor_stretch(actor *a, size_t *pos, size_t *len)
{
    const size_t all = sennit_doc_len(a->doc) / 4, at = rng_below(a->chance, all);
    size_t n = rng_in(a->chance, 1, 3);

    n = n < all - at ? n : all - at;
    *pos = 4 * at;
    *len = 4 * n;
    return n > 0;
}

static void actor_erase(actor *a)
{
    size_t pos, len;
    sennit_buf text;

    if (!actor_stretch(a, &pos, &len))
        return;
    sennit_buf_init(&text, NULL);
    require(sennit_doc_read(a->doc, pos, len, &text) == SENNIT_OK);
    oracle_erase(a->oracle, a->number, actor_may_edit(a), text.data, text.len);
    require(sennit_doc_delete(a->doc, pos, len) == SENNIT_OK);
    sennit_buf_clear(&text);
}

static void actor_turn_back(actor *a, bool again)
{
    uint32_t *before = oracle_look(a->oracle, a->doc), *after;
    sennit_status st = again ? sennit_undo_redo(a->undo) : sennit_undo_undo(a->undo);

    require(st == SENNIT_OK || st == SENNIT_ERANGE || st == SENNIT_EGONE);
    after = oracle_look(a->oracle, a->doc);
    if (st == SENNIT_OK) {
        journal_note(a->journal, again ? "redo" : "undo", a->number, 0);
        oracle_turn(a->oracle, a->number, actor_may_edit(a), before, after);
    }
    free(before);
    free(after);
}

/* ---- Marks and metadata ---- */

static void actor_mark(actor *a)
{
    static const char *const names[] = {"strong", "comment:a", "comment:b"};
    const char *name = names[rng_below(a->chance, 3)];
    const int value = (int)rng_below(a->chance, 3);
    size_t pos, len;

    if (actor_stretch(a, &pos, &len))
        rich_mark(a->doc, pos, pos + len, name, value);
}

static void actor_set(actor *a)
{
    const sennit_value value = {.type = SENNIT_INT, .integer = (int64_t)rng_below(a->chance, 1000)};
    const char *key = rng_percent(a->chance, 50) ? "title" : "kind";

    require(sennit_meta_set(a->doc, key, strlen(key), &value) == SENNIT_OK);
}

/* ---- Any of it ---- */

/* One that has no lineage would begin a document of its own. */
static bool actor_has_lineage(const actor *a)
{
    static const uint8_t none[16];
    uint8_t lineage[16];

    sennit_doc_lineage(a->doc, lineage);
    return memcmp(lineage, none, sizeof none) != 0;
}

/* Who may not edit types all the same, as to make a draft. */
void actor_edit(actor *a)
{
    const size_t what = rng_below(a->chance, 100);

    if (!actor_has_lineage(a))
        return;
    sennit_doc_set_time(a->doc, clock_read(&a->clock));
    if (what < 64)
        actor_insert(a);
    else if (what < 70)
        actor_mark(a);
    else if (!actor_would_edit(a))
        return;
    else if (what < 72)
        actor_set(a);
    else if (what < 88)
        actor_erase(a);
    else if (!a->onward)
        actor_turn_back(a, what >= 96);
}
