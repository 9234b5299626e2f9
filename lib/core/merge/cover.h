/* Which deletes cover what, and what toggles say of each. */
#ifndef SN_COVER_H
#define SN_COVER_H

#include "core/doc/doc.h"

/* One more, or one less, delete that is on covers bytes [at, at + len) of a
 * replica. Cannot fail: apply.c says what room that takes. who: whose operation
 * it is. */
void sn_cover_add(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t len, uint32_t who);
void sn_cover_drop(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t len, uint32_t who);

/* One more delete covers bytes that are dead already; room for one such call. */
sennit_status sn_cover_reserve(sennit_doc *doc);
void sn_cover_more(sennit_doc *doc, uint32_t replica, uint32_t at, uint32_t end);

/* Both, as sn_bulk_delete calls it; arg is a sn_bulk_again. */
typedef struct sn_bulk_again {
    sennit_doc *doc;
    sennit_status status; /* the first failure */
} sn_bulk_again;
void sn_cover_again(void *arg, uint32_t replica, uint32_t at, uint32_t end);

/* What decides about a delete, mark or set; NULL: no toggle, it is on. */
sn_switch *sn_switch_of(sennit_doc *doc, uint32_t replica, uint32_t seq);

/* Find a delete by its id, as its first range, or a mark or set; further records
 * follow from the iterator while op->part is SN_MORE. False if it is none of these. */
bool sn_switch_find(const sennit_doc *doc, uint32_t replica, uint32_t seq, sn_log_iter *it,
                    sn_op *op);

/* Let a toggle decide about a delete, mark or set, if none with a greater key has; room
 * for a switch was reserved. What is shown follows by sn_switch_settle. */
sn_switch *sn_switch_decide(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                            uint32_t toggle_seq, bool on);
void sn_switch_settle(sennit_doc *doc, uint32_t replica, uint32_t seq);

/* The same in one go. The first leaves what is shown to whoever calls, and tells
 * whether there is anything to do. */
bool sn_switch_note(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                    uint32_t toggle_seq, bool on);
void sn_switch_set(sennit_doc *doc, uint32_t replica, uint32_t seq, uint32_t change,
                   uint32_t toggle_seq, bool on);

#endif
