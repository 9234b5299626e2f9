/* Saved steps of undo, and undoing what they say.
 *
 *     input := flags bytes               flags & 1: the checksum is put right
 */
#include "base/bytes.h"
#include "base/hash.h"
#include "support/base.h"
#include "support/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The base document with edits of its own, some of them undone. */
static sennit_doc *edited(rng *r)
{
    sennit_doc *doc = base_doc(r);
    sennit_undo *undo;

    require(sennit_undo_new(doc, NULL, &undo) == SENNIT_OK);
    for (unsigned i = 0; i < 6; i++) {
        require(sennit_undo_break(undo) == SENNIT_OK);
        require((i % 2 ? sennit_doc_delete(doc, 0, 1)
                       : sennit_doc_insert(doc, 0, "b\xc3\xa4", 3)) == SENNIT_OK);
    }
    for (unsigned i = 0; i < 3; i++)
        require(sennit_undo_undo(undo) == SENNIT_OK);
    require(sennit_undo_redo(undo) == SENNIT_OK);
    sennit_undo_free(undo);
    return doc;
}

static bool turned(sennit_status st)
{
    return st == SENNIT_OK || st == SENNIT_EGONE;
}

static void back_and_forth(sennit_doc *doc, sennit_undo *undo)
{
    unsigned budget = 64;

    while (sennit_undo_can_undo(undo) > 0 && budget-- > 0)
        require(turned(sennit_undo_undo(undo)));
    while (sennit_undo_can_redo(undo) > 0 && budget-- > 0)
        require(turned(sennit_undo_redo(undo)));
    doc_check(doc);
}

/* What was opened is saved as one thing only. */
static void save_again(sennit_doc *doc, sennit_undo *undo)
{
    sennit_undo *again;
    sennit_buf one, other;

    sennit_buf_init(&one, NULL);
    sennit_buf_init(&other, NULL);
    require(sennit_undo_save(undo, &one) == SENNIT_OK);
    require(sennit_undo_load(doc, NULL, one.data, one.len, &again, NULL) == SENNIT_OK);
    require(sennit_undo_save(again, &other) == SENNIT_OK);
    require(buf_equal(&one, &other));
    sennit_undo_free(again);
    sennit_buf_clear(&one);
    sennit_buf_clear(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_undo *undo = NULL;
    rng r;

    if (size == 0)
        return 0;
    uint8_t *copy = malloc(size);
    require(copy != NULL);
    memcpy(copy, data + 1, size - 1);
    if ((data[0] & 1) && size > 8)
        sn_put_u64(copy + size - 9, sn_hash64(copy, size - 9, 0));
    sennit_doc *doc = edited(&r);
    sennit_status st = sennit_undo_load(doc, NULL, copy, size - 1, &undo, &err);
    if (st == SENNIT_OK) {
        save_again(doc, undo);
        back_and_forth(doc, undo);
        sennit_undo_free(undo);
    } else {
        require(undo == NULL && err.code == st && err.what != NULL && err.pos <= size - 1);
    }
    sennit_doc_free(doc);
    free(copy);
    return 0;
}
