/* Keystrokes that continue the one before.
 *
 * Nine edits in ten are a character behind the last one typed, or one more
 * deleted beside the last. All that such an edit changes is the length of one
 * span or of two neighbours, and the open record:
 *
 *     type   [h e l l]           ->  [h e l l o]
 *     back   [h e l l][o x]      ->  [h e l][l o x]      the right one is dead
 *     forth  [h e l l][o x]      ->  [h e l l o][x]      the left one is dead
 *
 * What is done here is what edit.c and apply.c would do, only without looking
 * for the place and without reserving; quick.c of a document that is checked
 * after every edit has to agree with them.
 */
#ifndef SN_QUICK_H
#define SN_QUICK_H

#include "core/doc/doc.h"

/* Too long since the last edit, or the clock went back: a new change. */
static inline bool sn_quick_paused(const sennit_doc *doc)
{
    return doc->clock.now_ms - doc->edited_ms > doc->quick_ms;
}

/* Type an ASCII character at pos if that continues the edit before; false if it
 * is not that simple. */
static inline bool sn_quick_type(sennit_doc *doc, size_t pos, char c)
{
    sn_tree *tree = &doc->tree;
    sn_quick *q = &tree->quick;

    if (!SN_QUICK || q->type == NULL || pos != q->caret || (uint8_t)c >= 0x80 || q->room == 0 ||
        sn_quick_paused(doc))
        return false;
    sn_replica *me = &doc->who.replicas[doc->me];
    me->text.bytes[me->text.len++] = (uint8_t)c;
    me->log.open.n++;
    me->seq++;
    me->number++;
    doc->who.inserted++;
    q->type->len++;
    q->caret++;
    q->room--;
    tree->hot_by.bytes++;
    tree->total.bytes++;
    if (SN_UNLIKELY(c == '\n')) {
        tree->hot_by.lines++;
        tree->total.lines++;
    }
    doc->edited_ms = doc->clock.now_ms;
    return true;
}

/* Delete the character at pos likewise. */
static inline bool sn_quick_delete(sennit_doc *doc, size_t pos)
{
    sn_tree *tree = &doc->tree;
    sn_quick *q = &tree->quick;
    bool back = pos + 1 == q->caret;
    sn_span *s = back ? q->back : pos == q->caret ? q->forth : NULL;

    if (!SN_QUICK || s == NULL || s->len == 1 || q->room == 0 || sn_quick_paused(doc))
        return false;
    uint8_t c = q->bytes[back ? s->at + s->len - 1 : s->at];
    if (c >= 0x80)
        return false;
    sn_replica *me = &doc->who.replicas[doc->me];
    s->len--;
    if (back) {
        s[1].at--;
        s[1].len++;
        q->caret--;
        q->forth = NULL;
    } else {
        s[-1].len++;
        s->at++;
        q->back = NULL;
    }
    q->room--;
    me->log.open.flag = back;
    me->log.open.n++;
    me->seq++;
    tree->hot_by.bytes--;
    tree->total.bytes--;
    if (SN_UNLIKELY(c == '\n')) {
        tree->hot_by.lines--;
        tree->total.lines--;
    }
    doc->edited_ms = doc->clock.now_ms;
    return true;
}

/* len bytes were inserted at byte `at`, the first of them at p; a delete at byte
 * `caret` left its last stretch at p: make ready for what may continue it. */
void sn_quick_typed(sennit_doc *doc, uint32_t at, sn_place p, uint32_t len);
void sn_quick_deleted(sennit_doc *doc, uint32_t caret, sn_place p);

/* An operation of another replica that continues its last one in the same way:
 * an ASCII character behind it, or the one before or behind it deleted. False if
 * it is not that simple; then nothing has been done. */
bool sn_quick_apply(sennit_doc *doc, uint32_t replica, uint32_t seq, sn_relative what, uint8_t c);

#endif
